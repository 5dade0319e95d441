// SPDX-License-Identifier: BSD-3-Clause
/*
 * BAR accessors and doorbells: mapped ones touch memory, others ask the bus, and both mean the
 * same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bus/bus.h"

/* A bus that notes what it is asked and answers from memory. */
struct fake {
	struct fn_busdev busdev;
	uint8_t mem[64];
	unsigned calls;
	unsigned idx;
	uint64_t off;
	unsigned width;
	bool dead;
};

static void note(struct fn_busdev *busdev, unsigned idx, uint64_t off, unsigned width)
{
	struct fake *f = fn_container_of(busdev, struct fake, busdev);

	f->calls++;
	f->idx = idx;
	f->off = off;
	f->width = width;
}

static uint64_t bar_read(struct fn_busdev *busdev, unsigned idx, uint64_t off, unsigned width)
{
	struct fake *f = fn_container_of(busdev, struct fake, busdev);
	uint64_t value = 0;

	note(busdev, idx, off, width);
	if (f->dead)
		return UINT64_MAX;
	memcpy(&value, f->mem + off, width);
	return le64toh(value);
}

static void bar_write(struct fn_busdev *busdev, unsigned idx, uint64_t off, unsigned width,
		      uint64_t value)
{
	struct fake *f = fn_container_of(busdev, struct fake, busdev);
	const uint64_t raw = htole64(value);

	note(busdev, idx, off, width);
	memcpy(f->mem + off, &raw, width);
}

static const struct fn_bus_ops ops = { .name = "fake",
				       .bar_read = bar_read,
				       .bar_write = bar_write };

static void fake_init(struct fake *f)
{
	memset(f, 0, sizeof(*f));
	f->busdev.ops = &ops;
	for (unsigned i = 0; i < sizeof(f->mem); i++)
		f->mem[i] = (uint8_t)(0x10 + i);
}

/* Bytes 16 to 47 of BAR 4. */
static struct fn_bar window(struct fake *f, bool mapped)
{
	return (struct fn_bar){ .va = mapped ? f->mem + 16 : NULL,
				.busdev = &f->busdev,
				.off = 16,
				.len = 32,
				.idx = 4 };
}

static void reads_are_little_endian_both_ways(void **state)
{
	struct fake f;

	(void)state;
	fake_init(&f);
	for (int mapped = 0; mapped < 2; mapped++) {
		const struct fn_bar bar = window(&f, mapped);

		f.calls = 0;
		assert_int_equal(fn_bar_read8(&bar, 5), 0x25);
		assert_int_equal(fn_bar_read16(&bar, 6), 0x2726);
		assert_int_equal(fn_bar_read32(&bar, 8), 0x2b2a2928);
		assert_int_equal(f.calls, mapped ? 0 : 3);
	}
}

static void writes_are_little_endian_both_ways(void **state)
{
	struct fake mapped;
	struct fake called;

	(void)state;
	fake_init(&mapped);
	fake_init(&called);
	for (int i = 0; i < 2; i++) {
		struct fake *f = i ? &mapped : &called;
		const struct fn_bar bar = window(f, i);

		fn_bar_write8(&bar, 1, 0xab);
		fn_bar_write16(&bar, 2, 0xcdef);
		fn_bar_write32(&bar, 4, 0x12345678);
	}
	assert_memory_equal(mapped.mem + 16, "\x20\xab\xef\xcd\x78\x56\x34\x12\x28", 9);
	assert_memory_equal(mapped.mem, called.mem, sizeof(mapped.mem));
	assert_int_equal(mapped.calls, 0);
	assert_int_equal(called.calls, 3);
}

static void the_bus_sees_bar_offset_and_width(void **state)
{
	static const unsigned widths[] = { 1, 2, 4, 8 };
	struct fake f;

	(void)state;
	fake_init(&f);
	for (unsigned i = 0; i < FN_ARRAY_LEN(widths); i++) {
		const struct fn_bar bar = window(&f, false);

		(void)fn_bar_read_slow(&bar, 8, widths[i]);
		assert_int_equal(f.idx, 4);
		assert_int_equal(f.off, 24);
		assert_int_equal(f.width, widths[i]);
		fn_bar_write_slow(&bar, 16, widths[i], 0);
		assert_int_equal(f.off, 32);
		assert_int_equal(f.width, widths[i]);
	}
}

/* What a bus says beyond the width that it was asked for is not passed on. */
static void a_dead_device_reads_as_ones_of_the_width(void **state)
{
	struct fake f;
	struct fn_bar bar;

	(void)state;
	fake_init(&f);
	f.dead = true;
	bar = window(&f, false);
	assert_true(fn_bar_read_slow(&bar, 0, 1) == 0xff);
	assert_true(fn_bar_read_slow(&bar, 0, 2) == 0xffff);
	assert_true(fn_bar_read_slow(&bar, 0, 4) == 0xffffffff);
	assert_true(fn_bar_read_slow(&bar, 0, 8) == UINT64_MAX);
	assert_int_equal(fn_bar_read8(&bar, 0), 0xff);
	assert_int_equal(fn_bar_read16(&bar, 0), 0xffff);
	assert_true(fn_bar_read32(&bar, 0) == UINT32_MAX);
}

static void nothing_beyond_the_window(void **state)
{
	static const uint64_t outside[] = { 29, 32, 33, 1000, UINT64_MAX, UINT64_MAX - 3 };
	struct fake f;
	struct fn_bar bar;

	(void)state;
	fake_init(&f);
	bar = window(&f, false);
	assert_int_equal(fn_bar_read32(&bar, 28), 0x3f3e3d3c);
	f.calls = 0;
	for (unsigned i = 0; i < FN_ARRAY_LEN(outside); i++) {
		assert_true(fn_bar_read32(&bar, outside[i]) == UINT32_MAX);
		fn_bar_write32(&bar, outside[i], 0);
	}
	assert_int_equal(f.calls, 0);
}

static void doorbells_ring_both_ways(void **state)
{
	struct fake f;

	(void)state;
	for (int mapped = 0; mapped < 2; mapped++) {
		struct fn_bar bar;
		struct fn_doorbell db;

		fake_init(&f);
		bar = window(&f, mapped);
		db = fn_doorbell_at(&bar, 4);
		fn_doorbell_ring16(&db, 0xa1b2);
		assert_memory_equal(f.mem + 20, "\xb2\xa1\x26\x27", 4);
		fn_doorbell_ring32(&db, 0x01020304);
		assert_memory_equal(f.mem + 20, "\x04\x03\x02\x01\x28", 5);
		assert_int_equal(f.calls, mapped ? 0 : 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_are_little_endian_both_ways),
		cmocka_unit_test(writes_are_little_endian_both_ways),
		cmocka_unit_test(the_bus_sees_bar_offset_and_width),
		cmocka_unit_test(a_dead_device_reads_as_ones_of_the_width),
		cmocka_unit_test(nothing_beyond_the_window),
		cmocka_unit_test(doorbells_ring_both_ways),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
