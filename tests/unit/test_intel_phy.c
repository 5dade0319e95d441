// SPDX-License-Identifier: BSD-3-Clause
/* The PHY of the Intel drivers, and the semaphores in front of it. */
#include "intel_diag_port.h"

#define SWSM IDEV_SWSM
#define SW_PHY0 0x00000002u
#define FW_PHY0 0x00020000u

#define SW_NVM 0x00000001u

static void firmware_comes(void *arg, uint64_t value)
{
	struct intel_dev *id = arg;

	(void)value;
	id->fw_holds = true;
	REG(SWSM) = 0;
}

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
						 "does not let go of the PHY and the NVM "
						 "(EXTCNF_CTRL is"));
	assert_in_range(now_ns() - start_ns, FN_MS(100), FN_MS(110));
	/* One flag of the 82574 is for both. */
	assert_int_equal(fn_dev_nvm_read(p.dev, 0, &value, 1), -EIO);
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

/* The NVM is the other port's too: it is not taken from a program that may be there. */
static void of_another_port(void **state)
{
	uint64_t start_ns;
	uint16_t value;

	(void)state;
	if (family == INTEL_82574)
		return;
	port_up();
	REG(IDEV_SW_FW_SYNC) = SW_NVM;
	start_ns = now_ns();
	assert_int_equal(fn_dev_nvm_read(p.dev, 0, &value, 1), -EIO);
	assert_true(says("another program keeps the device's NVM (SW_FW_SYNC is 0x00000001"));
	assert_in_range(now_ns() - start_ns, FN_MS(1000), FN_MS(1010));
	assert_int_equal(REG(IDEV_SW_FW_SYNC), SW_NVM);
	REG(IDEV_SW_FW_SYNC) = 0;
	assert_int_equal(fn_dev_nvm_read(p.dev, 0, &value, 1), 0);
	port_end();
}

/* 82576 8.7.3: each port has a PHY of its own; the model knows whose bit has to be taken. */
static void of_each_port(void **state)
{
	static const uint32_t bits[] = { 0x02, 0x04, 0x20, 0x40 };
	uint16_t value;

	(void)state;
	if (family == INTEL_82574)
		return;
	for (unsigned port = 0; port < 4; port++) {
		port_init();
		p.id.lan_id = port;
		port_start((struct fn_dev_conf){ 0 });
		/* What all others have, and their firmware, does not matter. */
		REG(IDEV_SW_FW_SYNC) = 0x00660066 & ~(bits[port] | bits[port] << 16);
		assert_int_equal(fn_dev_phy_read(p.dev, 2, &value), 0);
		assert_int_equal(value, 0x02a8);
		REG(IDEV_SW_FW_SYNC) = bits[port] << 16;
		assert_int_equal(fn_dev_phy_read(p.dev, 2, &value), -EIO);
		REG(IDEV_SW_FW_SYNC) = 0;
		port_end();
	}
}

/* What this port could not give back, because firmware was in the way, it has again. */
static void own_left(void **state)
{
	uint16_t words[64];
	uint16_t value;

	(void)state;
	if (family == INTEL_82574)
		return;
	port_up();
	/* The firmware comes in while words are read. */
	p.id.md.late_min_ns = p.id.md.late_max_ns = 20000;
	model_clock_after(p.id.md.clock, 60 * 20000, firmware_comes, &p.id, 0);
	assert_int_equal(fn_dev_nvm_read(p.dev, 0, words, 64), 0);
	assert_int_equal(REG(IDEV_SW_FW_SYNC), SW_NVM);
	p.id.fw_holds = false;
	assert_int_equal(fn_dev_nvm_read(p.dev, 0, &value, 1), 0);
	assert_int_equal(REG(IDEV_SW_FW_SYNC), 0);
	port_end();
}

/* A reset is everywhere, and the 82574's PHY and NVM are not touched for 25 ms behind it. */
static void behind_a_reset(void **state)
{
	uint64_t start_ns;
	uint16_t value;

	(void)state;
	for (unsigned nvm = 0; nvm < 2; nvm++) {
		port_up();
		assert_int_equal(fn_dev_stop(p.dev), 0);
		start_ns = now_ns();
		assert_int_equal(nvm ? fn_dev_nvm_read(p.dev, 0, &value, 1) :
				       fn_dev_phy_read(p.dev, 2, &value),
				 0);
		assert_in_range(now_ns() - start_ns, family == INTEL_82574 ? FN_MS(24) : 0,
				family == INTEL_82574 ? FN_MS(26) : FN_MS(1));
		/* Once. */
		start_ns = now_ns();
		assert_int_equal(fn_dev_phy_read(p.dev, 2, &value), 0);
		assert_in_range(now_ns() - start_ns, 0, FN_MS(1));
		port_end();
	}
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
		BOTH(reads_and_writes), BOTH(no_answer),       BOTH(firmware_holds),
		BOTH(left_behind),      BOTH(of_another_port), BOTH(of_each_port),
		BOTH(own_left),         BOTH(behind_a_reset),  BOTH(gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
