/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A driver that has everything and a device of nothing but its PCI ids: for tests of what lib/dev
 * does by itself. The program that includes this has this driver and no other: it brings the
 * registry along, and setup() and teardown() of its tests.
 */
#ifndef FN_TESTS_UNIT_FAKE_DRIVER_H
#define FN_TESTS_UNIT_FAKE_DRIVER_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <fastnic/fastnic.h>

#include "dev/dev.h"
#include "model/model_bus.h"

#define FAKE_QUEUES 2u
#define FAKE_RING 64u
#define FAKE_REGS 8u
#define FAKE_NVM_WORDS 64u

/**
 * struct fake - the device, what the driver was told last, and what it shall do
 * @md: on the bus
 * @limits: what open finds; a test changes it before fake_open()
 * @ctx: the context
 * @pool: the pool
 * @dev: the device as the library has it
 * @err: for the calls' @err
 * @refused_mtu: the MTU that its check refuses; 0: none
 * @fail: the next operation that can fail returns this, once
 * @resets: how often the driver reset the device
 * @link: what it says of its link
 * @link_conf: what it was told last of it, also by a start
 * @set_links: how often the operation was called
 * @blinking: the LED
 * @identifies: how often the operation was called
 * @regs: by offset / 4
 * @phy: the PHY's registers
 * @nvm: the memory
 * @verdicts: what tests say
 * @masters: bits of tests in which bus mastering was on
 * @selftests: bits of tests that were run
 * @gone_in: the test in which it goes away; FN_SELFTESTS: none
 * @queued: packets on their way round
 * @queued_n: how many
 * @lose: number of the packet that gets lost; UINT_MAX: none
 * @flip: number of the packet that is changed; UINT_MAX: none
 * @sent: packets sent
 * @misuse: what lib/dev did that it must not, or NULL. It holds the device's lock then, so that the
 *	test fails later
 */
struct fake {
	struct model_dev md;
	struct fn_dev_limits limits;
	struct fn_ctx *ctx;
	struct fn_pool *pool;
	struct fn_dev *dev;
	struct fn_error err;
	uint32_t refused_mtu;
	int fail;
	unsigned resets;
	struct fn_link link;
	struct fn_link_conf link_conf;
	unsigned set_links;
	bool blinking;
	unsigned identifies;
	uint32_t regs[FAKE_REGS];
	uint16_t phy[FN_PHY_REGS];
	uint16_t nvm[FAKE_NVM_WORDS];
	enum fn_selftest_verdict verdicts[FN_SELFTESTS];
	unsigned masters;
	unsigned selftests;
	unsigned gone_in;
	struct fn_pkt *queued[FAKE_RING];
	unsigned queued_n;
	unsigned lose;
	unsigned flip;
	unsigned sent;
	const char *misuse;
};

static struct fake fake;

static inline int fake_result(void)
{
	const int ret = fake.fail;

	fake.fail = 0;
	return ret ? fn_fail(ret, "%s: told to fail", fake.dev->bus->name) : 0;
}

static inline void fake_must(bool holds, const char *what)
{
	if (!holds && !fake.misuse)
		fake.misuse = what;
}

static inline void fake_reset(void)
{
	fake.resets++;
	fake.blinking = false;
}

static int fake_dev_open(struct fn_dev *dev)
{
	fake_reset();
	dev->limits = fake.limits;
	return 0;
}

static int fake_dev_close(struct fn_dev *dev)
{
	(void)dev;
	fake_reset();
	return 0;
}

static int fake_check(struct fn_dev *dev, const struct fn_dev_conf *conf)
{
	return fake.refused_mtu && conf->mtu == fake.refused_mtu ?
		       fn_fail(-ENOTSUP, "%s: no MTU of %u", dev->bus->name, conf->mtu) :
		       0;
}

/* With loopback what is sent comes back on the next queue. */
static unsigned fake_tx_burst(struct fn_txq *q, struct fn_pkt **pkts, unsigned n)
{
	unsigned taken = 0;

	for (; taken < n && fake.queued_n < FAKE_RING; taken++, fake.sent++) {
		struct fn_pkt *pkt = pkts[taken];

		fake_must(fake.md.master, "packets without bus mastering");
		if (fake.sent == fake.flip)
			pkt->data[pkt->len - 1] ^= 1;
		if (!fn_txq_queue(q)->dev->loopback || fake.sent == fake.lose)
			fn_pkt_free(pkt);
		else
			fake.queued[fake.queued_n++] = pkt;
	}
	return taken;
}

static unsigned fake_rx_burst(struct fn_rxq *q, struct fn_pkt **pkts, unsigned n)
{
	if (!n || !fake.queued_n || fake.sent % FAKE_QUEUES != fn_rxq_queue(q)->idx)
		return 0;
	pkts[0] = fake.queued[--fake.queued_n];
	return 1;
}

static int fake_dev_start(struct fn_dev *dev)
{
	const int ret = fake_result();

	fake_reset();
	if (ret)
		return ret;
	fake.link_conf = dev->link_conf;
	dev->mac_filter_mode = FN_FILTER_HASH;
	dev->rx_variant = "fake";
	dev->tx_variant = "fake";
	for (unsigned i = 0; i < dev->conf.rxqs; i++)
		fn_rxq_enable(dev->rxqs[i], fake_rx_burst);
	for (unsigned i = 0; i < dev->conf.txqs; i++)
		fn_txq_enable(dev->txqs[i], fake_tx_burst);
	return 0;
}

static int fake_dev_stop(struct fn_dev *dev)
{
	(void)dev;
	fake_reset();
	fn_pkt_free_bulk(fake.queued, fake.queued_n);
	fake.queued_n = 0;
	return fake_result();
}

static int fake_link(struct fn_dev *dev, struct fn_link *link)
{
	(void)dev;
	*link = fake.link;
	return fake_result();
}

static int fake_set_link_conf(struct fn_dev *dev, const struct fn_link_conf *c)
{
	const int ret = fake_result();

	fake_must(dev->state == FN_DEV_STARTED, "set_link of a device that is not started");
	fake.set_links++;
	if (!ret)
		fake.link_conf = *c;
	return ret;
}

static int fake_identify(struct fn_dev *dev, bool on)
{
	const int ret = fake_result();

	(void)dev;
	fake.identifies++;
	if (!ret)
		fake.blinking = on;
	return ret;
}

static uint32_t fake_read_reg(struct fn_dev *dev, uint32_t offset)
{
	(void)dev;
	fake_must(offset % 4 == 0 && offset / 4 < FAKE_REGS, "an offset of no register");
	return fake.md.gone || fake.misuse ? UINT32_MAX : fake.regs[offset / 4];
}

static enum fn_selftest_verdict fake_selftest(struct fn_dev *dev, enum fn_selftest_test test,
					      char text[FN_SELFTEST_TEXT_BYTES])
{
	if (test == FN_SELFTEST_REGISTERS || test == FN_SELFTEST_INTERRUPTS) {
		fake_must(dev->state == FN_DEV_CONFIGURED, "an offline test in another state");
		fake_reset();
	}
	fake.selftests |= 1u << test;
	fake.masters |= fake.md.master ? 1u << test : 0;
	if (fake.gone_in == test) {
		fake.md.gone = true;
		(void)fn_dev_mark_gone(dev);
	}
	(void)snprintf(text, FN_SELFTEST_TEXT_BYTES, "test %u was run", test);
	return fake.verdicts[test];
}

static int fake_phy_read(struct fn_dev *dev, unsigned reg, uint16_t *value)
{
	const int ret = fake_result();

	(void)dev;
	if (!ret)
		*value = fake.phy[reg];
	return ret;
}

static int fake_phy_write(struct fn_dev *dev, unsigned reg, uint16_t value)
{
	const int ret = fake_result();

	(void)dev;
	if (!ret)
		fake.phy[reg] = value;
	return ret;
}

static int fake_nvm_read(struct fn_dev *dev, uint32_t offset, uint16_t *words, unsigned n)
{
	const int ret = fake_result();

	(void)dev;
	fake_must(offset < FAKE_NVM_WORDS && n <= FAKE_NVM_WORDS - offset, "words beyond the last");
	for (unsigned i = 0; !ret && !fake.misuse && i < n; i++)
		words[i] = fake.nvm[offset + i];
	return ret;
}

static const struct fn_driver_ops fake_ops = {
	.open = fake_dev_open,
	.close = fake_dev_close,
	.check = fake_check,
	.start = fake_dev_start,
	.stop = fake_dev_stop,
	.get_link = fake_link,
	.set_link_conf = fake_set_link_conf,
	.identify = fake_identify,
	.read_reg = fake_read_reg,
	.selftest = fake_selftest,
	.phy_read = fake_phy_read,
	.phy_write = fake_phy_write,
	.nvm_read = fake_nvm_read,
};

static const struct fn_reg_field fake_status_fields[] = { { "FD", 0, 1 },
							  { "LU", 1, 1 },
							  { "SPEED", 6, 2 } };

static const struct fn_reg_desc fake_regs[] = {
	{ "CTRL", "fake 1.1", NULL, 0, 0x00 },
	{ "STATUS", "fake 1.2", fake_status_fields, FN_ARRAY_LEN(fake_status_fields), 0x08 },
	{ "LEDCTL", "fake 1.3", NULL, 0, 0x1c },
};

static const struct fn_driver fake_driver = {
	.name = "fake",
	.dev_bytes = 8,
	.rxq_bytes = sizeof(struct fn_rxq),
	.txq_bytes = sizeof(struct fn_txq),
	.ops = &fake_ops,
};

const struct fn_driver *fn_registry_find(uint16_t vendor_id, uint16_t device_id)
{
	return vendor_id == 0x8086 && device_id == 0xfa4e ? &fake_driver : NULL;
}

void fn_registry_describe(char *text, size_t bytes)
{
	(void)snprintf(text, bytes, "fake");
}

/* All that a device may have; a test takes away what it shall not. */
static inline void fake_init(void)
{
	static const struct model_dev_ops ops;

	memset(&fake, 0, sizeof(fake));
	fake.err = (struct fn_error)FN_ERROR_INIT;
	fake.gone_in = FN_SELFTESTS;
	fake.lose = UINT32_MAX;
	fake.flip = UINT32_MAX;
	model_dev_init(&fake.md, &ops, 0x8086, 0xfa4e);
	model_dev_plug(&fake.md, 3);
	fake.limits = (struct fn_dev_limits){
		.mac = { 2, 0, 0, 0, 0, 7 },
		.max_rxqs = FAKE_QUEUES,
		.max_txqs = FAKE_QUEUES,
		.rx_ring_min = 8,
		.rx_ring_max = FAKE_RING,
		.tx_ring_min = 8,
		.tx_ring_max = FAKE_RING,
		.max_tx_segs = 8,
		.tx_seg_descs = 1,
		.mtu_min = 68,
		.mtu_max = 9000,
		.caps = FN_CAP_LINK_CONF | FN_CAP_PAUSE | FN_CAP_IDENTIFY | FN_CAP_REGS |
			FN_CAP_SELFTEST | FN_CAP_PHY | FN_CAP_NVM,
		.max_mac_filters = 200,
		.max_mac_exact = 16,
		.link_modes = FN_LINK_10_HALF | FN_LINK_10_FULL | FN_LINK_100_HALF |
			      FN_LINK_100_FULL | FN_LINK_1000_FULL,
		.link_forced_modes =
			FN_LINK_10_HALF | FN_LINK_10_FULL | FN_LINK_100_HALF | FN_LINK_100_FULL,
		.selftests = (1u << FN_SELFTESTS) - 1,
		.nvm_words = FAKE_NVM_WORDS,
		.regs = fake_regs,
		.regs_n = FN_ARRAY_LEN(fake_regs),
	};
	for (unsigned i = 0; i < FN_SELFTESTS; i++)
		fake.verdicts[i] = FN_VERDICT_PASSED;
}

static inline void fake_open(void)
{
	const struct fn_ctx_opts ctx_opts = { .sz = sizeof(ctx_opts), .page_bytes = 4096 };
	const struct fn_pool_opts pool_opts = {
		.sz = sizeof(pool_opts), .count = 1024, .cache = 32, .max_threads = 1
	};

	assert_int_equal(fn_ctx_create(&ctx_opts, &fake.ctx), 0);
	assert_int_equal(fn_pool_create(fake.ctx, &pool_opts, &fake.pool), 0);
	assert_int_equal(fn_dev_open_on(fake.ctx, &model_bus, "0000:00:03.0", NULL, &fake.dev), 0);
}

static inline void fake_configure(void)
{
	const struct fn_dev_conf conf = {
		.sz = sizeof(conf), .rxqs = FAKE_QUEUES, .txqs = FAKE_QUEUES, .pool = fake.pool
	};

	assert_int_equal(fn_dev_configure(fake.dev, &conf), 0);
}

static inline void fake_start(void)
{
	fake_open();
	fake_configure();
	assert_int_equal(fn_dev_start(fake.dev), 0);
}

static inline void fake_end(void)
{
	struct fn_pool_info info = { .sz = sizeof(info) };

	(void)fn_dev_close(fake.dev);
	fn_pool_get_info(fake.pool, &info);
	assert_int_equal(info.outside, 0);
	assert_int_equal(fn_pool_destroy(fake.pool), 0);
	assert_int_equal(fn_ctx_destroy(fake.ctx), 0);
	assert_null(fake.md.violation);
	if (fake.misuse)
		fail_msg("misuse of the driver: %s", fake.misuse);
	model_dev_unplug(&fake.md);
}

/* Around each test. */
static int setup(void **state)
{
	(void)state;
	fake_init();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fake_end();
	return 0;
}

static inline struct fn_dev_info fake_info(void)
{
	struct fn_dev_info info = { .sz = sizeof(info) };

	fn_dev_get_info(fake.dev, &info);
	return info;
}

/* The thread's last sentence, which the caller's struct has too when @err is not NULL. */
static inline void fake_says(const struct fn_error *err, int code, const char *why)
{
	if (!strstr(fn_error_last(), why))
		fail_msg("\"%s\" does not say \"%s\"", fn_error_last(), why);
	assert_non_null(strstr(fn_error_last(), "0000:00:03.0"));
	if (!err)
		return;
	assert_int_equal(err->code, code);
	assert_string_equal(err->text, fn_error_last());
}

#endif
