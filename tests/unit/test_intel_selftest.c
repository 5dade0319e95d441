// SPDX-License-Identifier: BSD-3-Clause
/* The self-test of the Intel drivers: what passes, what is found, and what is left behind. */
#include "intel_diag_port.h"

#define ONE(test) (1u << FN_SELFTEST_##test)

static struct fn_selftest t;

static int run(uint32_t tests)
{
	t = (struct fn_selftest){ .sz = sizeof(t), .tests = tests };
	return fn_dev_selftest(p.dev, &t);
}

static void assert_verdict(enum fn_selftest_test test, enum fn_selftest_verdict verdict,
			   const char *words)
{
	if (t.results[test].verdict != verdict || !strstr(t.results[test].text, words))
		fail_msg("%s: verdict %d, \"%s\"", fn_selftest_name(test), t.results[test].verdict,
			 t.results[test].text);
}

/* Configured, with all that the family has, and not started. */
static void ready(void)
{
	port_init();
	port_open();
	port_configure((struct fn_dev_conf){ .rxqs = 2, .txqs = 2 });
}

static void works_as_before(void)
{
	assert_int_equal(fn_dev_start(p.dev), 0);
	pass_ns(2 * p.id.link_ns);
	assert_true(port_link().up && port_link().autoneg);
	assert_int_equal(port_link().speed_mbps, 1000);
	port_receive(3);
	port_send(3);
}

static void all_pass(void **state)
{
	(void)state;
	ready();
	assert_int_equal(run(0), 0);
	assert_int_equal(t.tests, 0);
	assert_int_equal(t.failed, 0);
	/* Without a start there is no link to be looked at. */
	assert_verdict(FN_SELFTEST_LINK, FN_VERDICT_NOT_RUN, "on a started device");
	assert_verdict(FN_SELFTEST_NVM, FN_VERDICT_PASSED, "checksum");
	assert_verdict(FN_SELFTEST_REGISTERS, FN_VERDICT_PASSED, "13 registers keep 4 patterns");
	assert_verdict(FN_SELFTEST_INTERRUPTS, FN_VERDICT_PASSED, "MSI-X entries");
	assert_verdict(FN_SELFTEST_LOOPBACK, FN_VERDICT_PASSED,
		       "64 frames of 60 to 1514 bytes came back");
	/* Nothing left by the wire, and nothing is left on. */
	assert_int_equal(p.sent, 0);
	assert_int_equal(REG(IDEV_RCTL) | REG(IDEV_TCTL), 0);
	assert_int_equal(REG(IDEV_MTA) | REG(IDEV_RETA) | REG(IDEV_VFTA + 4 * 127), 0);
	assert_int_equal(p.id.phy[0] & 0x4000, 0);
	works_as_before();
	assert_int_equal(run(ONE(LINK) | ONE(NVM)), 0);
	assert_verdict(FN_SELFTEST_LINK, FN_VERDICT_PASSED, "up, 1000 Mb/s, full duplex");
	port_receive(1);
	port_end();
}

/* The I350's PHY loops back when another register says so too, and has no link meanwhile. */
static void loopback_of_i350(void **state)
{
	const struct fn_link_conf forced = {
		.sz = sizeof(forced), .forced = true, .speed_mbps = 100, .full_duplex = true
	};

	(void)state;
	if (family == INTEL_82574)
		return;
	port_init();
	p.id.phy_id = 0x015403b1;
	intel_dev_phy_reset(&p.id);
	/* One of its bits is no loopback. */
	p.id.phy[19] = 0x0240;
	port_open();
	port_start((struct fn_dev_conf){ 0 });
	assert_true(port_link().up);
	assert_int_equal(p.id.phy[19], 0x0240);
	assert_int_equal(fn_dev_stop(p.dev), 0);
	assert_int_equal(run(ONE(LOOPBACK)), 0);
	assert_verdict(FN_SELFTEST_LOOPBACK, FN_VERDICT_PASSED, "came back");
	port_start((struct fn_dev_conf){ 0 });
	assert_true(port_link().up);
	/* As a reset of the PHY leaves it. */
	assert_int_equal(p.id.phy[19], 0);
	/* And into a speed that is forced, which that reset does not know of. */
	assert_int_equal(fn_dev_stop(p.dev), 0);
	assert_int_equal(fn_dev_set_link_conf(p.dev, &forced), 0);
	assert_int_equal(run(ONE(LOOPBACK)), 0);
	assert_verdict(FN_SELFTEST_LOOPBACK, FN_VERDICT_PASSED, "came back");
	port_start((struct fn_dev_conf){ 0 });
	assert_true(port_link().up);
	port_end();
}

/* No cable is needed. */
static void without_a_cable(void **state)
{
	(void)state;
	ready();
	intel_dev_cable(&p.id, false);
	assert_int_equal(run(0), 0);
	assert_int_equal(t.failed, 0);
	assert_verdict(FN_SELFTEST_LOOPBACK, FN_VERDICT_PASSED, "came back unchanged");
	assert_int_equal(fn_dev_start(p.dev), 0);
	assert_int_equal(run(ONE(LINK)), 0);
	assert_verdict(FN_SELFTEST_LINK, FN_VERDICT_FAILED, "down: look at the cable");
	intel_dev_cable(&p.id, true);
	pass_ns(2 * p.id.link_ns);
	assert_int_equal(run(ONE(LINK)), 0);
	assert_int_equal(t.failed, 0);
	port_end();
}

/* An I350 loses writes of the VLAN table, and is in order. */
static void lost_writes(void **state)
{
	(void)state;
	if (family == INTEL_82574)
		return;
	port_init();
	p.id.successor = true;
	p.id.queues = 8;
	p.id.md.cfg[2] = 0x21;
	p.id.md.cfg[3] = 0x15;
	p.id.vfta_lost = 8;
	port_open();
	port_configure((struct fn_dev_conf){ .rxqs = 2, .txqs = 2 });
	assert_int_equal(run(ONE(REGISTERS)), 0);
	assert_verdict(FN_SELFTEST_REGISTERS, FN_VERDICT_PASSED, "13 registers keep 4 patterns");
	port_end();
}

static void registers_fail(void **state)
{
	(void)state;
	ready();
	p.id.weak_off = IDEV_RETA;
	p.id.weak_bits = family == INTEL_82576 ? 0x02000000 : 0x80000000;
	assert_int_equal(run(ONE(REGISTERS)), 0);
	assert_int_equal(t.failed, ONE(REGISTERS));
	assert_verdict(FN_SELFTEST_REGISTERS, FN_VERDICT_FAILED, "register RETA0 (0x05c00)");
	p.id.weak_off = IDEV_RAL(1);
	p.id.weak_bits = 1;
	assert_int_equal(run(ONE(REGISTERS)), 0);
	assert_verdict(FN_SELFTEST_REGISTERS, FN_VERDICT_FAILED,
		       "RAL1 (0x05408) was written 0xa5a5a5a5 and reads 0xa5a5a5a4");
	/* Of the ring's address, which only the last patterns show. */
	p.id.weak_off = family == INTEL_82576 ? 0xe3c4 : 0x3904;
	p.id.weak_bits = 1u << 31;
	assert_int_equal(run(ONE(REGISTERS)), 0);
	assert_verdict(FN_SELFTEST_REGISTERS, FN_VERDICT_FAILED, "register TDBAH");
	p.id.weak_bits = 0;
	assert_int_equal(run(ONE(REGISTERS)), 0);
	assert_int_equal(t.failed, 0);
	works_as_before();
	port_end();
}

static void (*real_write)(struct model_dev *md, unsigned idx, uint64_t off, unsigned width,
			  uint64_t value);

/* A device that interrupts for everybody. */
static void loud_write(struct model_dev *md, unsigned idx, uint64_t off, unsigned width,
		       uint64_t value)
{
	real_write(md, idx, off, width, value);
	if (off == (family == INTEL_82576 ? IDEV_EICS : IDEV_ICS))
		model_dev_signal(md, 0);
}

/* Nothing lets an interrupt through, and nothing waits to be told. */
static void assert_quiet(void)
{
	assert_int_equal(REG(IDEV_IMS) | REG(IDEV_ICR), 0);
	if (family == INTEL_82576)
		assert_int_equal(REG(IDEV_EIMS) | REG(IDEV_EICR) | REG(IDEV_EIAC), 0);
	else
		assert_int_equal(REG(IDEV_IVAR_74) | REG(IDEV_EIAC_74), 0);
}

static void interrupts_fail(void **state)
{
	int fds[MODEL_VECTORS];
	struct model_dev_ops ops;

	(void)state;
	ready();
	assert_true(p.dev->irq_n >= 3);
	memcpy(fds, p.id.md.fds, sizeof(fds));
	/* One is lost. */
	p.id.md.fds[2] = -1;
	assert_int_equal(run(ONE(INTERRUPTS)), 0);
	assert_int_equal(t.failed, ONE(INTERRUPTS));
	assert_verdict(FN_SELFTEST_INTERRUPTS, FN_VERDICT_FAILED, "MSI-X entry 2 was asked");
	/* Two are the wrong way round. */
	p.id.md.fds[2] = fds[1];
	p.id.md.fds[1] = fds[2];
	assert_int_equal(run(ONE(INTERRUPTS)), 0);
	assert_verdict(FN_SELFTEST_INTERRUPTS, FN_VERDICT_FAILED, "MSI-X entry 1 was asked");
	memcpy(p.id.md.fds, fds, sizeof(fds));
	/* One too many. */
	ops = *p.id.md.ops;
	real_write = ops.bar_write;
	ops.bar_write = loud_write;
	p.id.md.ops = &ops;
	assert_int_equal(run(ONE(INTERRUPTS)), 0);
	assert_verdict(FN_SELFTEST_INTERRUPTS, FN_VERDICT_FAILED,
		       "MSI-X entry 1 was asked for one interrupt, and another came for entry 0");
	ops.bar_write = real_write;
	assert_quiet();
	assert_int_equal(run(ONE(INTERRUPTS)), 0);
	assert_int_equal(t.failed, 0);
	assert_quiet();
	works_as_before();
	port_end();
}

/* Frames that do not come back; and a PHY that cannot be looped. */
static void loopback_fails(void **state)
{
	(void)state;
	ready();
	p.id.auto_tx = false;
	assert_int_equal(run(ONE(LOOPBACK)), 0);
	assert_verdict(FN_SELFTEST_LOOPBACK, FN_VERDICT_FAILED, "did not come back");
	p.id.auto_tx = true;
	p.id.phy_error = true;
	assert_int_equal(run(ONE(LOOPBACK)), 0);
	assert_verdict(FN_SELFTEST_LOOPBACK, FN_VERDICT_FAILED, "does not answer");
	p.id.phy_error = false;
	assert_int_equal(run(ONE(LOOPBACK)), 0);
	assert_int_equal(t.failed, 0);
	works_as_before();
	port_end();
}

static void nvm_fails(void **state)
{
	(void)state;
	ready();
	p.id.nvm[20] ^= 4;
	assert_int_equal(run(ONE(NVM)), 0);
	assert_int_equal(t.failed, ONE(NVM));
	assert_verdict(FN_SELFTEST_NVM, FN_VERDICT_FAILED, "and not to 0xbaba");
	port_end();

	/* Without one there is no such test. */
	ready();
	p.dev->limits.nvm_words = 0;
	p.dev->limits.selftests &= ~ONE(NVM);
	assert_int_equal(run(0), 0);
	assert_verdict(FN_SELFTEST_NVM, FN_VERDICT_NOT_RUN, "no such test");
	port_end();
}

static void gone(void **state)
{
	(void)state;
	ready();
	p.id.md.gone = true;
	assert_int_equal(run(0), -ENODEV);
	port_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(all_pass),         BOTH(without_a_cable), BOTH(registers_fail),
		BOTH(lost_writes),      BOTH(interrupts_fail), BOTH(loopback_fails),
		BOTH(loopback_of_i350), BOTH(nvm_fails),       BOTH(gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
