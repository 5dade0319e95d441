// SPDX-License-Identifier: BSD-3-Clause
/*
 * Configuration space through a bus of 256 bytes of memory: capabilities, bus mastering, a gone
 * device.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "bus/bus.h"

struct fake {
	struct fn_busdev busdev;
	uint8_t cfg[256];
	bool gone;
	unsigned writes;
};

static struct fake *fake(struct fn_busdev *busdev)
{
	return fn_container_of(busdev, struct fake, busdev);
}

static int cfg_read(struct fn_busdev *busdev, uint16_t off, void *buf, size_t len)
{
	memset(buf, 0xff, len);
	if (fake(busdev)->gone || off + len > sizeof(fake(busdev)->cfg))
		return -EIO;
	memcpy(buf, fake(busdev)->cfg + off, len);
	return 0;
}

static int cfg_write(struct fn_busdev *busdev, uint16_t off, const void *buf, size_t len)
{
	fake(busdev)->writes++;
	if (fake(busdev)->gone)
		return -EIO;
	memcpy(fake(busdev)->cfg + off, buf, len);
	return 0;
}

static const struct fn_bus_ops ops = { .name = "fake",
				       .cfg_read = cfg_read,
				       .cfg_write = cfg_write };

static struct fake device(void)
{
	struct fake f = { .busdev = { .ops = &ops, .name = "0000:00:03.0" } };

	f.cfg[0x00] = 0xf4;
	f.cfg[0x01] = 0x1a;
	f.cfg[0x06] = 0x10; /* status: has a list of capabilities */
	return f;
}

static void cap(struct fake *f, uint8_t at, uint8_t id, uint8_t next)
{
	f->cfg[at] = id;
	f->cfg[at + 1] = next;
}

/* Like virtio: several capabilities with the vendor's ID (9) between others. */
static struct fake device_with_caps(void)
{
	struct fake f = device();

	f.cfg[0x34] = 0x98;
	cap(&f, 0x98, 0x11, 0x84);
	cap(&f, 0x84, 0x09, 0x70);
	cap(&f, 0x70, 0x09, 0x60);
	cap(&f, 0x60, 0x10, 0x40);
	cap(&f, 0x40, 0x09, 0x00);
	return f;
}

static void each_capability_once_and_in_order(void **state)
{
	struct fake f = device_with_caps();

	(void)state;
	assert_int_equal(fn_busdev_next_cap(&f.busdev, 0x11, 0), 0x98);
	assert_int_equal(fn_busdev_next_cap(&f.busdev, 0x11, 0x98), 0);
	assert_int_equal(fn_busdev_next_cap(&f.busdev, 0x09, 0), 0x84);
	assert_int_equal(fn_busdev_next_cap(&f.busdev, 0x09, 0x84), 0x70);
	assert_int_equal(fn_busdev_next_cap(&f.busdev, 0x09, 0x70), 0x40);
	assert_int_equal(fn_busdev_next_cap(&f.busdev, 0x09, 0x40), 0);
	assert_int_equal(fn_busdev_next_cap(&f.busdev, 0x10, 0), 0x60);
	assert_int_equal(fn_busdev_next_cap(&f.busdev, 0x05, 0), 0);
}

/* After a place that is in no list there is nothing. */
static void after_nowhere(void **state)
{
	struct fake f = device_with_caps();

	(void)state;
	assert_int_equal(fn_busdev_next_cap(&f.busdev, 0x09, 0x44), 0);
}

/* The two low bits of a pointer are reserved (PCI 3.0 6.7). */
static void low_bits_of_pointers_are_ignored(void **state)
{
	struct fake f = device();

	(void)state;
	f.cfg[0x34] = 0x43;
	cap(&f, 0x40, 0x01, 0x52);
	cap(&f, 0x50, 0x09, 0x03);
	assert_int_equal(fn_busdev_next_cap(&f.busdev, 0x01, 0), 0x40);
	assert_int_equal(fn_busdev_next_cap(&f.busdev, 0x09, 0), 0x50);
	assert_int_equal(fn_busdev_next_cap(&f.busdev, 0x09, 0x50), 0);
}

static unsigned count_caps(struct fake *f, uint8_t id)
{
	unsigned n = 0;
	uint16_t at = 0;

	while (n < 100 && (at = fn_busdev_next_cap(&f->busdev, id, at)))
		n++;
	return n;
}

/* A caller who goes from one to the next must come to an end, wherever the circle closes. */
static void a_circle_ends(void **state)
{
	static const uint8_t back_to[] = { 0x40, 0x50, 0x60 };

	(void)state;
	for (unsigned i = 0; i < FN_ARRAY_LEN(back_to); i++) {
		struct fake f = device();

		f.cfg[0x34] = 0x40;
		cap(&f, 0x40, 0x09, 0x50);
		cap(&f, 0x50, 0x09, 0x60);
		cap(&f, 0x60, 0x09, back_to[i]);
		assert_int_equal(count_caps(&f, 0x09), 3);
		assert_int_equal(count_caps(&f, 0x05), 0);
	}
}

static void a_full_list_is_walked_whole(void **state)
{
	struct fake f = device();

	(void)state;
	f.cfg[0x34] = 0x40;
	for (unsigned at = 0x40; at < 0x100; at += 4)
		cap(&f, (uint8_t)at, 0x09, at + 4 < 0x100 ? (uint8_t)(at + 4) : 0);
	assert_int_equal(count_caps(&f, 0x09), 48);
}

static void no_list_no_capability(void **state)
{
	struct fake f = device_with_caps();

	(void)state;
	f.cfg[0x06] = 0;
	assert_int_equal(count_caps(&f, 0x09), 0);
	f = device_with_caps();
	f.cfg[0x34] = 0x3c; /* points into the header, which has other things there */
	f.cfg[0x3c] = 0x09;
	assert_int_equal(count_caps(&f, 0x09), 0);
	f = device_with_caps();
	f.cfg[0x34] = 0;
	assert_int_equal(count_caps(&f, 0x09), 0);
}

static void all_ones_is_no_capability(void **state)
{
	struct fake f = device_with_caps();

	(void)state;
	f.gone = true;
	assert_int_equal(count_caps(&f, 0xff), 0);
	assert_int_equal(count_caps(&f, 0x09), 0);
	/* Gone in the middle of the walk: the list runs into unreadable bytes. */
	f = device_with_caps();
	memset(f.cfg + 0x70, 0xff, 0x90 - 0x70);
	assert_int_equal(count_caps(&f, 0xff), 0);
	assert_int_equal(count_caps(&f, 0x09), 0);
}

static void readers_are_little_endian(void **state)
{
	struct fake f = device();

	(void)state;
	memcpy(f.cfg + 0x10, "\x11\x22\x33\x44", 4);
	assert_int_equal(fn_cfg_read8(&f.busdev, 0x11), 0x22);
	assert_int_equal(fn_cfg_read16(&f.busdev, 0x10), 0x2211);
	assert_true(fn_cfg_read32(&f.busdev, 0x10) == 0x44332211);
	assert_int_equal(fn_cfg_write16(&f.busdev, 0x12, 0xbeef), 0);
	assert_memory_equal(f.cfg + 0x10, "\x11\x22\xef\xbe", 4);
}

static void unreadable_is_all_ones(void **state)
{
	struct fake f = device();

	(void)state;
	f.gone = true;
	assert_int_equal(fn_cfg_read8(&f.busdev, 0x10), 0xff);
	assert_int_equal(fn_cfg_read16(&f.busdev, 0x10), 0xffff);
	assert_true(fn_cfg_read32(&f.busdev, 0x10) == UINT32_MAX);
}

static void bus_mastering_changes_one_bit(void **state)
{
	struct fake f = device();

	(void)state;
	f.cfg[4] = 0x02;
	f.cfg[5] = 0x04;
	assert_int_equal(fn_busdev_set_master(&f.busdev, true), 0);
	assert_int_equal(fn_cfg_read16(&f.busdev, 4), 0x0406);
	assert_int_equal(fn_busdev_set_master(&f.busdev, true), 0);
	assert_int_equal(f.writes, 1);
	assert_int_equal(fn_busdev_set_master(&f.busdev, false), 0);
	assert_int_equal(fn_cfg_read16(&f.busdev, 4), 0x0402);
	assert_int_equal(f.writes, 2);
}

/*
 * What reads as all ones must not be written back: every bit of the command register would be set.
 */
static void bus_mastering_of_a_gone_device(void **state)
{
	struct fake f = device();

	(void)state;
	f.gone = true;
	assert_int_equal(fn_busdev_set_master(&f.busdev, false), -ENODEV);
	assert_int_equal(f.writes, 0);
	assert_non_null(strstr(fn_error_last(), "0000:00:03.0"));
}

static void gone_is_all_ones_in_word_0(void **state)
{
	struct fake f = device();

	(void)state;
	assert_false(fn_busdev_is_gone(&f.busdev));
	memset(f.cfg, 0xff, 2); /* half of it is an odd vendor, no more */
	assert_false(fn_busdev_is_gone(&f.busdev));
	f.gone = true;
	assert_true(fn_busdev_is_gone(&f.busdev));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_capability_once_and_in_order),
		cmocka_unit_test(after_nowhere),
		cmocka_unit_test(low_bits_of_pointers_are_ignored),
		cmocka_unit_test(a_circle_ends),
		cmocka_unit_test(a_full_list_is_walked_whole),
		cmocka_unit_test(no_list_no_capability),
		cmocka_unit_test(all_ones_is_no_capability),
		cmocka_unit_test(readers_are_little_endian),
		cmocka_unit_test(unreadable_is_all_ones),
		cmocka_unit_test(bus_mastering_changes_one_bit),
		cmocka_unit_test(bus_mastering_of_a_gone_device),
		cmocka_unit_test(gone_is_all_ones_in_word_0),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
