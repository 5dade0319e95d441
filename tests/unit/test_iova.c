// SPDX-License-Identifier: BSD-3-Clause
/* Device addresses: first fit against a bitmap, the order of windows, common ranges. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bits.h"
#include "mem/iova.h"

#define GIB ((uint64_t)1 << 30)
#define MIB ((uint64_t)1 << 20)
#define SPACE 64u

/* The same sequence each time: no seed, no surprise. */
static uint32_t next_random(void)
{
	static uint32_t x = 2463534242u;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return x;
}

/* First fit over a bitmap, the slow and obvious way. -1 when nothing fits. */
static int model_take(const bool *used, struct fn_dma_range window, unsigned len, unsigned align)
{
	for (unsigned first = 0; first + len <= SPACE; first++) {
		bool fits = first % align == 0 && first >= window.first &&
			    first + len - 1 <= window.last;

		for (unsigned i = first; fits && i < first + len; i++)
			fits = !used[i];
		if (fits)
			return (int)first;
	}
	return -1;
}

static void take_and_give_like_a_bitmap(void **state)
{
	struct fn_ranges ranges = { 0 };
	bool used[SPACE] = { false };
	unsigned lens[SPACE] = { 0 };
	unsigned taken = 0;
	unsigned refused = 0;

	(void)state;
	for (unsigned round = 0; round < 200000; round++) {
		const uint32_t r = next_random();
		const unsigned at = r % SPACE;
		const unsigned len = 1 + (r >> 8) % 9;
		const unsigned align = 1u << ((r >> 12) % 4);
		struct fn_dma_range window = { (r >> 16) % SPACE, (r >> 22) % SPACE };
		uint64_t first = 999;
		int want;

		if (window.first > window.last)
			window = (struct fn_dma_range){ 0, SPACE - 1 };
		if (r & 0x80000000) {
			assert_int_equal(fn_ranges_give(&ranges, at), lens[at] != 0);
			for (unsigned i = at; i < at + lens[at]; i++)
				used[i] = false;
			lens[at] = 0;
			continue;
		}
		want = model_take(used, window, len, align);
		if (want < 0) {
			assert_int_equal(fn_ranges_take(&ranges, window, len, align, &first),
					 -ENOSPC);
			refused++;
			continue;
		}
		assert_int_equal(fn_ranges_take(&ranges, window, len, align, &first), 0);
		assert_int_equal(first, want);
		lens[want] = len;
		for (unsigned i = 0; i < len; i++)
			used[(unsigned)want + i] = true;
		taken++;
	}
	/* Both ways were gone often. */
	assert_true(taken > 10000 && refused > 10000);
	fn_ranges_clear(&ranges);
	assert_int_equal(ranges.n, 0);
}

static void end_of_the_space(void **state)
{
	const struct fn_dma_range top = { UINT64_MAX - 4095, UINT64_MAX };
	const struct fn_dma_range all = { 0, UINT64_MAX };
	struct fn_ranges ranges = { 0 };
	uint64_t first;

	(void)state;
	assert_int_equal(fn_ranges_take(&ranges, top, 4097, 1, &first), -ENOSPC);
	assert_int_equal(fn_ranges_take(&ranges, top, 4096, 8192, &first), -ENOSPC);
	assert_int_equal(fn_ranges_take(&ranges, top, 4096, 4096, &first), 0);
	assert_true(first == UINT64_MAX - 4095);
	assert_int_equal(fn_ranges_take(&ranges, top, 1, 1, &first), -ENOSPC);
	assert_int_equal(fn_ranges_take(&ranges, all, UINT64_MAX - 4095, 1, &first), 0);
	assert_int_equal(first, 0);
	assert_int_equal(fn_ranges_take(&ranges, all, 1, 1, &first), -ENOSPC);
	fn_ranges_clear(&ranges);
}

static const struct fn_dma_range everything[] = { { 0, UINT64_MAX } };

static uint64_t take(struct fn_ranges *used, const struct fn_dma_range *allowed, size_t n,
		     uint64_t len, uint64_t align)
{
	fn_iova_t iova = { 1 };

	assert_int_equal(fn_iova_take(used, allowed, n, len, align, &iova), 0);
	return iova.v;
}

static void from_four_gib_upward(void **state)
{
	struct fn_ranges used = { 0 };

	(void)state;
	assert_true(take(&used, everything, 1, 4096, 4096) == 4 * GIB);
	assert_true(take(&used, everything, 1, 2 * MIB, 2 * MIB) == 4 * GIB + 2 * MIB);
	assert_true(take(&used, everything, 1, 8192, 4096) == 4 * GIB + 4096);
	/* What is given back is the lowest again. */
	assert_true(fn_ranges_give(&used, 4 * GIB));
	assert_true(take(&used, everything, 1, 4096, 4096) == 4 * GIB);
	fn_ranges_clear(&used);
}

/* First below 2^39, then below 4 GiB, then above; 0 is nobody's address. */
static void windows_in_order(void **state)
{
	struct fn_ranges used = { 0 };
	fn_iova_t iova;

	(void)state;
	assert_true(take(&used, everything, 1, 508 * GIB, GIB) == 4 * GIB);
	assert_true(take(&used, everything, 1, 2 * GIB, 4096) == 4096);
	assert_true(take(&used, everything, 1, 3 * GIB, GIB) == 512 * GIB);
	assert_true(take(&used, everything, 1, 2 * GIB - 4096, 4096) == 2 * GIB + 4096);
	assert_int_equal(fn_iova_take(&used, (const struct fn_dma_range[]){ { 0, 4 * GIB - 1 } }, 1,
				      4096, 4096, &iova),
			 -ENOSPC);
	fn_ranges_clear(&used);
}

/* An x86 IOMMU of 39 bits: the interrupt window is left out. */
static void holes_are_honoured(void **state)
{
	static const struct fn_dma_range x86[] = { { 0, 0xfedfffff },
						   { 0xfef00000, 512 * GIB - 1 } };
	struct fn_ranges used = { 0 };
	fn_iova_t iova;

	(void)state;
	assert_true(take(&used, x86, 2, 508 * GIB, GIB) == 4 * GIB);
	assert_true(take(&used, x86, 2, 3 * GIB, GIB) == 4096);
	assert_true(take(&used, x86, 2, 15 * MIB, MIB) == 3 * GIB + MIB);
	assert_int_equal(fn_iova_take(&used, x86, 2, 2 * GIB, 4096, &iova), -ENOSPC);
	fn_ranges_clear(&used);
}

/* A range that starts or ends inside of a window of preference. */
static void narrow_ranges(void **state)
{
	static const struct fn_dma_range narrow[] = { { 0x1234000, 0x1239fff },
						      { 600 * GIB, 600 * GIB + 8191 } };
	struct fn_ranges used = { 0 };
	fn_iova_t iova;

	(void)state;
	assert_true(take(&used, narrow, 2, 0x6000, 4096) == 0x1234000);
	assert_true(take(&used, narrow, 2, 4096, 4096) == 600 * GIB);
	assert_true(take(&used, narrow, 2, 4096, 4096) == 600 * GIB + 4096);
	assert_int_equal(fn_iova_take(&used, narrow, 2, 4096, 4096, &iova), -ENOSPC);
	assert_int_equal(fn_iova_take(&used, narrow, 0, 4096, 4096, &iova), -ENOSPC);
	fn_ranges_clear(&used);
}

/*
 * Large pages stay large while there is room for that, and are mapped all the same when there is
 * none.
 */
static void alignment_is_a_wish(void **state)
{
	static const struct fn_dma_range odd[] = { { 5 * GIB + 4096, 5 * GIB + 4 * MIB + 4095 } };
	struct fn_ranges used = { 0 };

	(void)state;
	assert_true(take(&used, odd, 1, 2 * MIB, 2 * MIB) == 5 * GIB + 2 * MIB);
	assert_true(fn_ranges_give(&used, 5 * GIB + 2 * MIB));
	assert_true(take(&used, odd, 1, 4 * MIB, 2 * MIB) == 5 * GIB + 4096);
	fn_ranges_clear(&used);
}

static bool covered(const struct fn_dma_range *ranges, size_t n, uint64_t v)
{
	for (size_t i = 0; i < n; i++)
		if (v >= ranges[i].first && v <= ranges[i].last)
			return true;
	return false;
}

static size_t random_ranges(struct fn_dma_range *ranges)
{
	size_t n = 0;
	uint64_t at = next_random() % 6;

	while (at < SPACE && n < 8) {
		uint64_t last = at + next_random() % 9;

		ranges[n++] = (struct fn_dma_range){ at, last };
		at = last + 1 + next_random() % 5;
	}
	return n;
}

static void intersect_like_a_bitmap(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		struct fn_dma_range a[8];
		struct fn_dma_range b[8];
		struct fn_dma_range both[16];
		const size_t an = random_ranges(a);
		const size_t bn = random_ranges(b);
		const size_t n = fn_iova_intersect(a, an, b, bn, both);

		assert_true(n <= an + bn);
		for (size_t i = 0; i < n; i++) {
			assert_true(both[i].first <= both[i].last);
			if (i)
				assert_true(both[i - 1].last < both[i].first);
		}
		for (uint64_t v = 0; v < SPACE + 16; v++)
			assert_int_equal(covered(both, n, v),
					 covered(a, an, v) && covered(b, bn, v));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(take_and_give_like_a_bitmap),
		cmocka_unit_test(end_of_the_space),
		cmocka_unit_test(from_four_gib_upward),
		cmocka_unit_test(windows_in_order),
		cmocka_unit_test(holes_are_honoured),
		cmocka_unit_test(narrow_ranges),
		cmocka_unit_test(alignment_is_a_wish),
		cmocka_unit_test(intersect_like_a_bitmap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
