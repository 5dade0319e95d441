// SPDX-License-Identifier: BSD-3-Clause
/*
 * VFIO's answers taken apart: chains of capabilities, also broken ones, and the IOVA ranges in
 * them.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bus/vfio/vfio.h"

/* An answer of exact size, so that a tool sees every byte that is read beyond it. */
struct answer {
	char *bytes;
	size_t n;
};

static struct answer answer_new(size_t n)
{
	struct answer a = { calloc(1, n), n };

	assert_non_null(a.bytes);
	return a;
}

static void put_cap(struct answer *a, uint32_t at, uint16_t id, uint32_t next)
{
	const struct vfio_info_cap_header head = { .id = id, .version = 1, .next = next };

	assert_true(at + sizeof(head) <= a->n);
	memcpy(a->bytes + at, &head, sizeof(head));
}

static size_t find(const struct answer *a, uint32_t first, uint16_t id, size_t *rest)
{
	*rest = 0;
	return fn_vfio_cap(a->bytes, a->n, first, id, rest);
}

static void a_chain_is_followed(void **state)
{
	struct answer a = answer_new(96);
	size_t rest;

	(void)state;
	put_cap(&a, 24, 3, 40);
	put_cap(&a, 40, 1, 64);
	put_cap(&a, 64, 2, 0);
	assert_int_equal(find(&a, 24, 3, &rest), 24);
	assert_int_equal(rest, 72);
	assert_int_equal(find(&a, 24, 1, &rest), 40);
	assert_int_equal(find(&a, 24, 2, &rest), 64);
	assert_int_equal(rest, 32);
	assert_int_equal(find(&a, 24, 9, &rest), 0);
	assert_int_equal(find(&a, 0, 3, &rest), 0);
	free(a.bytes);
}

static void a_broken_chain_ends(void **state)
{
	static const uint32_t nexts[] = { 24, 8, 1, 89, 95, 96, 97, UINT32_MAX };
	struct answer a = answer_new(96);
	size_t rest;

	(void)state;
	for (unsigned i = 0; i < FN_ARRAY_LEN(nexts); i++) {
		put_cap(&a, 24, 3, 40);
		put_cap(&a, 40, 1, nexts[i]);
		assert_int_equal(find(&a, 24, 7, &rest), 0);
		assert_int_equal(find(&a, nexts[i] > 88 ? nexts[i] : 24, 7, &rest), 0);
	}
	free(a.bytes);
}

/*
 * An answer of VFIO_IOMMU_GET_INFO with ranges; @room is what is left of the answer behind the
 * count.
 */
static struct answer iommu_info(const struct vfio_iova_range *r, unsigned count, size_t room)
{
	const size_t at = sizeof(struct vfio_iommu_type1_info);
	struct vfio_iommu_type1_info head = { .flags = VFIO_IOMMU_INFO_CAPS,
					      .cap_offset = (uint32_t)at };
	struct vfio_iommu_type1_info_cap_iova_range cap = { .nr_iovas = count };
	struct answer a = answer_new(at + sizeof(cap) + room);

	cap.header.id = VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE;
	head.argsz = (uint32_t)a.n;
	memcpy(a.bytes, &head, sizeof(head));
	memcpy(a.bytes + at, &cap, sizeof(cap));
	if (room)
		memcpy(a.bytes + at + sizeof(cap), r, room);
	return a;
}

static void ranges_as_the_kernel_lists_them(void **state)
{
	static const struct vfio_iova_range r[] = { { 0, 0xfedfffff },
						    { 0xfef00000, 0x7fffffffff } };
	struct answer a = iommu_info(r, 2, sizeof(r));
	struct fn_dma_range *ranges = NULL;
	unsigned n = 0;

	(void)state;
	assert_int_equal(fn_vfio_ranges(a.bytes, a.n, &ranges, &n), 0);
	assert_int_equal(n, 2);
	assert_true(ranges[0].first == 0 && ranges[0].last == 0xfedfffff);
	assert_true(ranges[1].first == 0xfef00000 && ranges[1].last == 0x7fffffffff);
	free(ranges);
	free(a.bytes);
}

static void the_whole_address_space(void **state)
{
	static const struct vfio_iova_range r[] = { { 0, UINT64_MAX } };
	struct answer a = iommu_info(r, 1, sizeof(r));
	struct fn_dma_range *ranges = NULL;
	unsigned n = 0;

	(void)state;
	assert_int_equal(fn_vfio_ranges(a.bytes, a.n, &ranges, &n), 0);
	assert_int_equal(n, 1);
	assert_true(ranges[0].last == UINT64_MAX);
	free(ranges);
	free(a.bytes);
}

/*
 * An old kernel: nothing that x86 uses for interrupts, nothing that a 39-bit IOMMU cannot
 * translate.
 */
static void without_ranges_a_cautious_guess(void **state)
{
	struct vfio_iommu_type1_info head = { .argsz = sizeof(head) };
	struct answer a = answer_new(sizeof(head));
	struct fn_dma_range *ranges = NULL;
	unsigned n = 0;

	(void)state;
	memcpy(a.bytes, &head, sizeof(head));
	assert_int_equal(fn_vfio_ranges(a.bytes, a.n, &ranges, &n), 0);
	assert_true(n > 0);
	for (unsigned i = 0; i < n; i++) {
		assert_true(ranges[i].first <= ranges[i].last);
		assert_true(i == 0 || ranges[i].first > ranges[i - 1].last);
		assert_true(ranges[i].last < UINT64_C(1) << 39);
		assert_true(ranges[i].last < 0xfee00000 || ranges[i].first > 0xfeefffff);
	}
	assert_true(ranges[n - 1].first <= UINT64_C(1) << 32);
	free(ranges);
	free(a.bytes);
}

static void ranges_that_make_no_sense(void **state)
{
	static const struct vfio_iova_range backwards[] = { { 9, 8 } };
	static const struct vfio_iova_range overlap[] = { { 0, 8 }, { 8, 9 } };
	static const struct vfio_iova_range falling[] = { { 16, 31 }, { 0, 15 } };
	static const struct {
		const struct vfio_iova_range *r;
		unsigned count;
		size_t room;
	} bad[] = {
		{ backwards, 1, sizeof(backwards) },
		{ overlap, 2, sizeof(overlap) },
		{ falling, 2, sizeof(falling) },
		{ overlap, 3, sizeof(overlap) },
		{ overlap, 1, 15 },
		{ overlap, UINT32_MAX, sizeof(overlap) },
		{ NULL, 0, 0 },
	};

	(void)state;
	for (unsigned i = 0; i < FN_ARRAY_LEN(bad); i++) {
		struct answer a = iommu_info(bad[i].r, bad[i].count, bad[i].room);
		struct fn_dma_range *ranges = NULL;
		unsigned n = 0;

		assert_int_equal(fn_vfio_ranges(a.bytes, a.n, &ranges, &n), -EIO);
		assert_null(ranges);
		free(a.bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_chain_is_followed),
		cmocka_unit_test(a_broken_chain_ends),
		cmocka_unit_test(ranges_as_the_kernel_lists_them),
		cmocka_unit_test(the_whole_address_space),
		cmocka_unit_test(without_ranges_a_cautious_guess),
		cmocka_unit_test(ranges_that_make_no_sense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
