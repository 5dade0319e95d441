// SPDX-License-Identifier: BSD-3-Clause
/* Integer helpers against plain models: ring arithmetic over every position, alignment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bits.h"
#include "base/le.h"

/* One ring state, said with numbers that do not wrap. Millions of them: so no assert a state. */
static bool ring_state_holds(uint64_t tail, uint32_t used, uint32_t size)
{
	const uint64_t head = tail + used;
	const uint16_t head_pos = (uint16_t)(head % 65536);
	const uint16_t tail_pos = (uint16_t)(tail % 65536);
	const uint16_t by = (uint16_t)used;

	return fn_ring_used(head_pos, tail_pos) == used &&
	       fn_ring_free(head_pos, tail_pos, size) == size - used &&
	       fn_ring_advance(tail_pos, by) == head_pos && fn_ring_back(head_pos, by) == tail_pos;
}

/* Every position and every fill of the small rings. */
static void small_rings(void **state)
{
	unsigned long bad = 0;

	(void)state;
	for (uint32_t size = 1; size <= 256; size *= 2)
		for (uint32_t used = 0; used <= size; used++)
			for (uint64_t tail = 0; tail < 65536; tail++)
				bad += !ring_state_holds(tail, used, size);
	assert_int_equal(bad, 0);
}

/* The large ones: every position, and the fills where something could go wrong. */
static void large_rings(void **state)
{
	unsigned long bad = 0;

	(void)state;
	for (uint32_t size = 512; size <= 32768; size *= 2) {
		const uint32_t fills[] = { 0,        1,   size / 2 - 1, size / 2, size / 2 + 1,
					   size - 1, size };

		for (size_t i = 0; i < FN_ARRAY_LEN(fills); i++)
			for (uint64_t tail = 0; tail < 65536; tail++)
				bad += !ring_state_holds(tail, fills[i], size);
	}
	assert_int_equal(bad, 0);
}

/* Used entries are right for any two positions, whatever the ring. */
static void any_distance(void **state)
{
	unsigned long bad = 0;

	(void)state;
	for (uint32_t tail = 0; tail < 65536; tail += 251)
		for (uint32_t used = 0; used < 65536; used++)
			bad += fn_ring_used((uint16_t)(tail + used), (uint16_t)tail) != used;
	assert_int_equal(bad, 0);
}

static void powers_of_two(void **state)
{
	(void)state;
	assert_false(fn_is_pow2(0));
	for (unsigned bit = 0; bit < 64; bit++) {
		assert_true(fn_is_pow2(1ull << bit));
		if (bit)
			assert_false(fn_is_pow2((1ull << bit) | 1));
		if (bit > 1)
			assert_false(fn_is_pow2((1ull << bit) - 1));
	}
}

static void alignment(void **state)
{
	(void)state;
	for (uint64_t align = 1; align <= 64; align *= 2) {
		for (uint64_t v = 0; v < 300; v++) {
			const uint64_t up = fn_align_up(v, align);
			const uint64_t down = fn_align_down(v, align);

			assert_true(up % align == 0 && up >= v && up - v < align);
			assert_true(down % align == 0 && down <= v && v - down < align);
		}
	}
	assert_true(fn_align_up((1ull << 40) + 1, 4096) == (1ull << 40) + 4096);
	assert_true(fn_align_down(UINT64_MAX, 1ull << 40) == UINT64_MAX << 40);
}

static void halves(void **state)
{
	(void)state;
	assert_int_equal(fn_lower_32(0x1122334455667788), 0x55667788);
	assert_int_equal(fn_upper_32(0x1122334455667788), 0x11223344);
}

struct outer {
	int first;
	struct fn_pair {
		int member;
	} pair;
};

static void containers(void **state)
{
	struct outer outer = { 1, { 2 } };

	(void)state;
	assert_ptr_equal(fn_container_of(&outer.pair, struct outer, pair), &outer);
}

/* In memory the lowest byte is first, on every machine. */
static void little_endian(void **state)
{
	fn_le16 v16 = fn_cpu_to_le16(0x1122);
	fn_le32 v32 = fn_cpu_to_le32(0x11223344);
	fn_le64 v64 = fn_cpu_to_le64(0x1122334455667788);

	(void)state;
	assert_memory_equal(&v16, "\x22\x11", 2);
	assert_memory_equal(&v32, "\x44\x33\x22\x11", 4);
	assert_memory_equal(&v64, "\x88\x77\x66\x55\x44\x33\x22\x11", 8);
	assert_int_equal(fn_le16_to_cpu(v16), 0x1122);
	assert_int_equal(fn_le32_to_cpu(v32), 0x11223344);
	assert_true(fn_le64_to_cpu(v64) == 0x1122334455667788);
	fn_write_le16(&v16, 0xa1b2);
	fn_write_le32(&v32, 0xa1b2c3d4);
	fn_write_le64(&v64, 0xa1b2c3d4e5f60718);
	assert_memory_equal(&v16, "\xb2\xa1", 2);
	assert_int_equal(fn_read_le16(&v16), 0xa1b2);
	assert_int_equal(fn_read_le32(&v32), 0xa1b2c3d4);
	assert_true(fn_read_le64(&v64) == 0xa1b2c3d4e5f60718);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(small_rings),   cmocka_unit_test(large_rings),
		cmocka_unit_test(any_distance),  cmocka_unit_test(powers_of_two),
		cmocka_unit_test(alignment),     cmocka_unit_test(halves),
		cmocka_unit_test(little_endian), cmocka_unit_test(containers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
