// SPDX-License-Identifier: BSD-3-Clause
/*
 * Every NIC model that will have a driver, on the bus and without one: identity, BARs, interrupts,
 * resets; and the log of registers that a model does not know.
 */
#include <poll.h>
#include <sys/eventfd.h>

#include "qtest/rig.h"

/* 82574 and 82576: STATUS; e1000e: a register that QEMU's model does not know */
#define INTEL_STATUS 0x0008u
#define INTEL_UNKNOWN 0x9ff0u
#define INTEL_RCTL 0x0100u
#define INTEL_PSRCTL 0x2170u
/* 82576 8.8.10 to 8.8.12: GPIE, EICS, EIMS; 8.10.8: RDLEN of queue 0 */
#define IGB_GPIE 0x1514u
#define IGB_EICS 0x1520u
#define IGB_EIMS 0x1524u
#define IGB_RDLEN 0xc008u

/**
 * struct raw - a device that is claimed without a driver
 * @q: the QEMU
 * @ctx: a context
 * @dev: the device
 * @bar: its BAR 0
 */
struct raw {
	struct qtest *q;
	struct fn_ctx *ctx;
	struct fn_busdev *dev;
	struct fn_bar bar;
};

static void raw_open(struct raw *raw, const struct qtest_opts *opts, unsigned idx, uint64_t len)
{
	struct fn_pci_addr addr;

	raw->q = rig_qemu(opts);
	assert_ok(fn_ctx_create(NULL, &raw->ctx));
	assert_true(fn_pci_addr_parse(qtest_name(raw->q, 0), &addr));
	assert_ok(qtest_bus.open(raw->ctx, &addr, &raw->dev));
	assert_ok(qtest_bus.map(raw->dev, idx, 0, len, &raw->bar));
	assert_null(raw->bar.va);
}

static unsigned raw_close(struct raw *raw, struct qtest_report *report)
{
	qtest_bus.unmap(raw->dev, &raw->bar);
	qtest_bus.close(raw->dev);
	assert_ok(fn_ctx_destroy(raw->ctx));
	return qtest_stop(raw->q, report);
}

static void raw_end(struct raw *raw)
{
	struct qtest_report report;

	if (raw_close(raw, &report))
		fail_msg("%s", report.text);
}

static void identity(const char *model, uint16_t vendor, uint16_t device, unsigned irqs)
{
	for (unsigned port = 0; port < 2; port++) {
		const struct qtest_opts opts = {
			.nics = { { .model = model, .root_port = port } },
		};
		struct raw raw;
		struct fn_bar bar;

		raw_open(&raw, &opts, 0, 4096);
		assert_int_equal(raw.dev->vendor_id, vendor);
		assert_int_equal(raw.dev->device_id, device);
		assert_int_equal(raw.dev->irqs, irqs);
		assert_int_equal(fn_cfg_read16(raw.dev, 4) & 6, 2);
		assert_ok(fn_busdev_set_master(raw.dev, true));
		assert_int_equal(fn_cfg_read16(raw.dev, 4) & 6, 6);
		assert_int_equal(qtest_bus.map(raw.dev, 0, 0, UINT64_C(1) << 30, &bar), -EINVAL);
		assert_int_equal(qtest_bus.map(raw.dev, 6, 0, 4, &bar), -EINVAL);
		raw_end(&raw);
	}
}

static void e1000e_identity(void **state)
{
	(void)state;
	identity("e1000e", 0x8086, 0x10d3, 5);
}

static void vmxnet3_identity(void **state)
{
	(void)state;
	identity("vmxnet3", 0x15ad, 0x07b0, 25);
}

static void igb_identity(void **state)
{
	(void)state;
	identity("igb", 0x8086, 0x10c9, 10);
}

static const struct qtest_opts e1000e = { .nics = { { .model = "e1000e" } } };
static const struct qtest_opts igb = { .nics = { { .model = "igb", .root_port = true } } };

/* Registers hold what is written to them, in each width that the bus has. */
static void registers(void **state)
{
	struct raw raw;
	uint32_t status;

	(void)state;
	raw_open(&raw, &e1000e, 0, 0x20000);
	status = fn_bar_read32(&raw.bar, INTEL_STATUS);
	assert_int_not_equal(status, UINT32_MAX);
	assert_int_equal(fn_bar_read16(&raw.bar, INTEL_STATUS), status & 0xffff);
	assert_int_equal(fn_bar_read8(&raw.bar, INTEL_STATUS), status & 0xff);
	/* RDTR and RADV: 82574 10.2.5.7 and 10.2.5.10. */
	for (uint32_t i = 0; i < 1000; i++)
		fn_bar_write32(&raw.bar, 0x282c, i);
	assert_int_equal(fn_bar_read32(&raw.bar, 0x282c), 999);
	raw_end(&raw);
}

/* No function-level reset on the 82574: the bus says so. The 82576 has one, and keeps its BARs. */
static void reset_of_the_bus(void **state)
{
	struct raw raw;

	(void)state;
	raw_open(&raw, &e1000e, 0, 0x20000);
	assert_int_equal(qtest_bus.reset(raw.dev), -ENOTTY);
	raw_end(&raw);

	raw_open(&raw, &igb, 0, 0x20000);
	fn_bar_write32(&raw.bar, IGB_RDLEN, 0x100);
	assert_int_equal(fn_bar_read32(&raw.bar, IGB_RDLEN), 0x100);
	assert_ok(fn_busdev_set_master(raw.dev, true));
	assert_ok(qtest_bus.reset(raw.dev));
	assert_int_equal(fn_bar_read32(&raw.bar, IGB_RDLEN), 0);
	assert_int_equal(fn_cfg_read16(raw.dev, 4) & 6, 6);
	raw_end(&raw);
}

/* Each of igb's ten vectors into its own eventfd, all set in one call; also after a reset. */
static void all_vectors(void **state)
{
	struct raw raw;
	int fds[10];

	(void)state;
	raw_open(&raw, &igb, 0, 0x20000);
	for (unsigned i = 0; i < 10; i++)
		fds[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	assert_ok(qtest_bus.irq_set(raw.dev, fds, 10));
	assert_ok(fn_busdev_set_master(raw.dev, true));
	for (unsigned lap = 0; lap < 2; lap++) {
		/* One vector a cause, and auto-mask. */
		fn_bar_write32(&raw.bar, IGB_GPIE, UINT32_C(1) << 4);
		fn_bar_write32(&raw.bar, IGB_EIMS, 0x3ff);
		for (unsigned i = 0; i < 10; i++) {
			struct pollfd pfd = { .fd = fds[i], .events = POLLIN };
			uint64_t count;

			fn_bar_write32(&raw.bar, IGB_EICS, UINT32_C(1) << i);
			assert_int_equal(poll(&pfd, 1, (int)RIG_DEADLINE_MS), 1);
			assert_int_equal(read(fds[i], &count, sizeof(count)), sizeof(count));
			for (unsigned k = 0; k < 10; k++)
				assert_int_equal(read(fds[k], &count, sizeof(count)), -1);
		}
		assert_ok(qtest_bus.reset(raw.dev));
	}
	raw_end(&raw);
	for (unsigned i = 0; i < 10; i++)
		(void)close(fds[i]);
}

/* A register that the model does not know fails the test, for reading and for writing. */
static void unknown_register(void **state)
{
	for (unsigned write = 0; write < 2; write++) {
		struct qtest_report report;
		char text[256];
		struct raw raw;

		(void)state;
		raw_open(&raw, &e1000e, 0, 0x20000);
		assert_int_equal(qtest_log_entries(raw.q, text, sizeof(text)), 0);
		assert_string_equal(text, "");
		if (write)
			fn_bar_write32(&raw.bar, INTEL_UNKNOWN, 1);
		else
			(void)fn_bar_read32(&raw.bar, INTEL_UNKNOWN);
		assert_int_equal(qtest_log_entries(raw.q, text, sizeof(text)), 1);
		assert_non_null(strstr(text, "unknown register 0x9ff0"));
		assert_int_equal(raw_close(&raw, &report), 1);
		assert_non_null(strstr(report.text, "unknown register 0x9ff0"));
	}
}

/* What a model says of a driver's mistake fails the test, too. */
static void mistake_of_the_driver(void **state)
{
	char text[256];
	struct raw raw;

	(void)state;
	raw_open(&raw, &e1000e, 0, 0x20000);
	/* 82574 10.2.5.1 and 10.2.5.4: packet split, with buffers of no size. */
	fn_bar_write32(&raw.bar, INTEL_RCTL, UINT32_C(1) << 10);
	fn_bar_write32(&raw.bar, INTEL_PSRCTL, 0);
	assert_true(qtest_log_entries(raw.q, text, sizeof(text)) > 0);
	assert_non_null(strstr(text, "PSRCTL"));
	/* The test knows, and says so. */
	qtest_log_clear(raw.q);
	raw_end(&raw);
}

static const char *allow_file(const char *text, char *path)
{
	const int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	(void)close(fd);
	return path;
}

/* The list in the tree lets one register pass, and only with its section and a reason. */
static void allowed_register(void **state)
{
	static const struct {
		const char *text;
		unsigned problems;
		const char *word;
	} cases[] = {
		{ "# a comment\n\ne1000e_wrn_regs_read_unknown 0x9ff0 82574:10.2 for this test\n",
		  0, "" },
		{ "WARNING 0x9ff0 82574:10.2 for this test\n", 1, "0x9ff0" },
		{ "e1000e_wrn_regs_write_unknown 0x9ff0 82574:10.2 for this test\n", 1, "0x9ff0" },
		{ "e1000e_wrn_regs_read_unknown 0x9ff 82574:10.2 for this test\n", 1, "0x9ff0" },
		{ "e1000e_wrn_regs_read_unknown 0x9ff0 82574:10.2\n", 1, "SECTION REASON" },
		{ "e1000e_wrn_regs_read_unknown 9ff0 82574:10.2 for this test\n", 1,
		  "SECTION REASON" },
		{ "e1000e_wrn_regs_read_unknown 0x4 82574:10.2 for this test\n", 1, "0x9ff0" },
	};

	(void)state;
	for (unsigned i = 0; i < FN_ARRAY_LEN(cases); i++) {
		struct qtest_opts opts = e1000e;
		char path[] = "/tmp/fastnic-allow-XXXXXX";
		struct qtest_report report;
		struct raw raw;

		opts.allow = allow_file(cases[i].text, path);
		raw_open(&raw, &opts, 0, 0x20000);
		(void)fn_bar_read32(&raw.bar, INTEL_UNKNOWN);
		assert_int_equal(raw_close(&raw, &report), cases[i].problems);
		assert_non_null(strstr(report.text, cases[i].word));
		(void)unlink(path);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(e1000e_identity),  cmocka_unit_test(vmxnet3_identity),
		cmocka_unit_test(igb_identity),     cmocka_unit_test(registers),
		cmocka_unit_test(reset_of_the_bus), cmocka_unit_test(all_vectors),
		cmocka_unit_test(unknown_register), cmocka_unit_test(mistake_of_the_driver),
		cmocka_unit_test(allowed_register),
	};

	return rig_exit(cmocka_run_group_tests(tests, NULL, NULL));
}
