// SPDX-License-Identifier: BSD-3-Clause
/* The PHY of the Intel drivers, and the semaphores in front of it. */
#include "intel_diag_port.h"

#define SWSM IDEV_SWSM
#define SW_PHY0 0x00000002u
#define FW_PHY0 0x00020000u

static uint64_t now_ns(void)
{
	return p.id.md.clock->now_ns;
}

static void reads_and_writes(void **state)
{
	uint16_t value;

	(void)state;
	port_init();
	port_open();
	assert_int_equal(fn_dev_phy_read(p.dev, 2, &value), 0);
	assert_int_equal(value, family == INTEL_82576 ? 0x02a8 : 0x0141);
	assert_int_equal(fn_dev_phy_read(p.dev, 3, &value), 0);
	assert_int_equal(value, family == INTEL_82576 ? 0x0391 : 0x0cb1);
	for (unsigned i = 0; i < 16; i++) {
		assert_int_equal(fn_dev_phy_write(p.dev, 7, (uint16_t)(1u << i)), 0);
		assert_int_equal(p.id.phy[7], 1u << i);
		assert_int_equal(fn_dev_phy_read(p.dev, 7, &value), 0);
		assert_int_equal(value, 1u << i);
	}
	/* Slow wires. */
	p.id.md.late_min_ns = p.id.md.late_max_ns = 64000;
	assert_int_equal(fn_dev_phy_write(p.dev, 7, 0x1234), 0);
	assert_int_equal(fn_dev_phy_read(p.dev, 7, &value), 0);
	assert_int_equal(value, 0x1234);
	port_end();
}

/* Each failure has a sentence, gives the semaphore back, and leaves the port as it was. */
static void no_answer(void **state)
{
	uint64_t start_ns;
	uint16_t value;

	(void)state;
	port_up();
	p.id.phy_error = true;
	assert_int_equal(fn_dev_phy_read(p.dev, 1, &value), -EIO);
	assert_true(says("does not answer for its register 1 (MDIC.E)"));
	assert_int_equal(fn_dev_phy_write(p.dev, 7, 1), -EIO);
	p.id.phy_error = false;
	assert_int_equal(fn_dev_phy_read(p.dev, 1, &value), 0);
	p.id.phy_dead = true;
	start_ns = now_ns();
	assert_int_equal(fn_dev_phy_read(p.dev, 1, &value), -EIO);
	assert_true(says("within 10 ms (MDIC.R)"));
	assert_in_range(now_ns() - start_ns, FN_MS(10), FN_MS(12));
	p.id.phy_dead = false;
	/* What was asked is done with: the next one is asked anew. */
	assert_int_equal(fn_dev_phy_read(p.dev, 2, &value), 0);
	assert_int_equal(value, family == INTEL_82576 ? 0x02a8 : 0x0141);
	port_receive(3);
	port_end();
}

static void firmware_holds(void **state)
{
	uint64_t start_ns;
	uint16_t value;

	(void)state;
	port_up();
	p.id.fw_holds = true;
	start_ns = now_ns();
	assert_int_equal(fn_dev_phy_read(p.dev, 1, &value), -EIO);
	assert_true(says(family == INTEL_82576 ? "keeps its semaphore (SWSM.SWESMBI)" :
						 "does not let go of the PHY (EXTCNF_CTRL is"));
	assert_in_range(now_ns() - start_ns, FN_MS(100), FN_MS(110));
	p.id.fw_holds = false;
	assert_int_equal(fn_dev_phy_read(p.dev, 1, &value), 0);
	if (family == INTEL_82576) {
		/* SMBI is nobody's after that. */
		REG(IDEV_SW_FW_SYNC) = FW_PHY0;
		start_ns = now_ns();
		assert_int_equal(fn_dev_phy_read(p.dev, 1, &value), -EIO);
		assert_true(says("does not let go of the PHY (SW_FW_SYNC is 0x00020000 after"));
		assert_in_range(now_ns() - start_ns, FN_MS(1000), FN_MS(1010));
		/* The NVM is another matter. */
		assert_int_equal(fn_dev_nvm_read(p.dev, 0, &value, 1), 0);
		REG(IDEV_SW_FW_SYNC) = 0;
		assert_int_equal(fn_dev_phy_read(p.dev, 1, &value), 0);
	}
	port_end();
}

/* A program that is gone gives nothing back: after a while it is taken, and the log says so. */
static void left_behind(void **state)
{
	uint16_t value;

	(void)state;
	if (family == INTEL_82574)
		return;
	port_up();
	REG(SWSM) = IDEV_SWSM_SMBI;
	assert_int_equal(fn_dev_phy_read(p.dev, 2, &value), 0);
	assert_int_equal(value, 0x02a8);
	assert_non_null(strstr(p.log, "program that is gone"));
	assert_int_equal(REG(SWSM) & IDEV_SWSM_SMBI, 0);
	REG(IDEV_SW_FW_SYNC) = SW_PHY0;
	assert_int_equal(fn_dev_phy_read(p.dev, 2, &value), 0);
	assert_int_equal(REG(IDEV_SW_FW_SYNC), 0);
	/* Others' bits are left alone. */
	REG(IDEV_SW_FW_SYNC) = 0x00040004;
	assert_int_equal(fn_dev_phy_read(p.dev, 2, &value), 0);
	assert_int_equal(REG(IDEV_SW_FW_SYNC), 0x00040004);
	REG(IDEV_SW_FW_SYNC) = 0;
	port_end();
}

static void gone(void **state)
{
	uint16_t value;

	(void)state;
	port_up();
	p.id.md.gone = true;
	assert_int_equal(fn_dev_phy_read(p.dev, 1, &value), -ENODEV);
	assert_int_equal(fn_dev_phy_write(p.dev, 1, 0), -ENODEV);
	assert_int_equal(fn_rxq_status(fn_dev_rxq(p.dev, 0)), -ENODEV);
	port_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(reads_and_writes), BOTH(no_answer), BOTH(firmware_holds),
		BOTH(left_behind),      BOTH(gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
