// SPDX-License-Identifier: BSD-3-Clause
/* The LEDs of the Intel drivers: they blink, and show what they showed before. */
#include "intel_diag_port.h"

/* As a board may have them: one inverted, one that blinks by itself, and what is reserved. */
#define BOARD 0xab068342u

static bool blinks(void)
{
	const unsigned leds = family == INTEL_82576 ? 4 : 3;

	for (unsigned i = 0; i < leds; i++)
		if ((REG(IDEV_LEDCTL) >> 8 * i & 0x8f) != 0x8e)
			return false;
	return true;
}

static void on_and_off(void **state)
{
	(void)state;
	port_up();
	REG(IDEV_LEDCTL) = BOARD;
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(fn_dev_identify(p.dev, true), 0);
		assert_true(blinks());
		/* The polarity stays, and what the 82574 has reserved. */
		assert_int_equal(REG(IDEV_LEDCTL) & 0x00404040, BOARD & 0x00404040);
		if (family == INTEL_82574)
			assert_int_equal(REG(IDEV_LEDCTL) & 0xff000000, BOARD & 0xff000000);
		assert_int_equal(fn_dev_identify(p.dev, true), 0);
		assert_int_equal(fn_dev_identify(p.dev, false), 0);
		assert_int_equal(REG(IDEV_LEDCTL), BOARD);
		assert_int_equal(fn_dev_identify(p.dev, false), 0);
		assert_int_equal(REG(IDEV_LEDCTL), BOARD);
	}
	port_receive(1);
	port_end();
}

/* In any state, over stop, start and reset, until the close. */
static void over_resets(void **state)
{
	(void)state;
	port_init();
	port_open();
	REG(IDEV_LEDCTL) = BOARD;
	assert_int_equal(fn_dev_identify(p.dev, true), 0);
	assert_true(blinks());
	port_start((struct fn_dev_conf){ 0 });
	assert_true(blinks());
	assert_int_equal(fn_dev_reset(p.dev), 0);
	assert_true(blinks());
	assert_int_equal(fn_dev_stop(p.dev), 0);
	assert_true(blinks());
	assert_int_equal(fn_dev_identify(p.dev, false), 0);
	assert_int_equal(REG(IDEV_LEDCTL), BOARD);
	assert_int_equal(fn_dev_identify(p.dev, true), 0);
	port_end();
	assert_false(blinks());
}

static void gone(void **state)
{
	(void)state;
	port_up();
	p.id.md.gone = true;
	assert_int_equal(fn_dev_identify(p.dev, true), -ENODEV);
	port_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = { BOTH(on_and_off), BOTH(over_resets), BOTH(gone) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
