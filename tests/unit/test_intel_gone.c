// SPDX-License-Identifier: BSD-3-Clause
/*
 * An Intel controller that vanishes, that cannot be read for once, or that does not end its reset.
 */
/* Of two queues of each kind: a pool is made for each access. */
#define PORT_PKTS 1536
#include "intel_diag_port.h"

#include <fastnic/filter.h>
#include <fastnic/rss.h>

static uint64_t outside(void)
{
	struct fn_pool_info info = { .sz = sizeof(info) };

	fn_pool_get_info(p.pool, &info);
	return info.outside;
}

/* Started, with frames that the device has not sent. */
static void start_busy(void)
{
	port_init();
	/* It is looked at more than once whether the NVM was read. */
	p.id.auto_read_ns = FN_MS(2);
	port_start((struct fn_dev_conf){ .rxqs = 2, .txqs = 2, .rx_ring = 32, .tx_ring = 32 });
	p.id.auto_tx = false;
	for (unsigned i = 0; i < 4; i++) {
		struct fn_pkt *pkt = fn_pkt_alloc(p.pool);

		memset(fn_pkt_append(pkt, 60), 0x55, 60);
		assert_int_equal(fn_tx_burst(fn_dev_txq(p.dev, i % 2), &pkt, 1), 1);
	}
}

/* Control calls that reach the device. */
static int do_start(void)
{
	return fn_dev_start(p.dev);
}

static int do_stop(void)
{
	return fn_dev_stop(p.dev);
}

static int do_reset(void)
{
	return fn_dev_reset(p.dev);
}

static int do_set_mac(void)
{
	return fn_dev_set_mac(p.dev, (const uint8_t[]){ 2, 0, 0, 0, 0, 9 });
}

static int do_promisc(void)
{
	return fn_dev_set_promisc(p.dev, true);
}

static int do_allmulti(void)
{
	return fn_dev_set_allmulti(p.dev, true);
}

static int do_filters(void)
{
	static const uint8_t macs[2][6] = { { 2, 0, 0, 0, 0, 7 }, { 3, 0, 0, 0, 0, 7 } };

	return fn_dev_set_mac_filters(p.dev, macs, 2);
}

static int do_rss(void)
{
	const struct fn_rss rss = { .sz = sizeof(rss), .types = FN_RSS_IPV4 };

	return fn_dev_set_rss(p.dev, &rss);
}

static int do_coalesce(void)
{
	const struct fn_coalesce c = { .sz = sizeof(c), .rx_delay_ns = 100000 };

	return fn_dev_set_coalesce(p.dev, &c);
}

static int do_counters(void)
{
	(void)fn_dev_counters(p.dev, NULL, 0);
	return 0;
}

/**
 * struct call - a control call
 * @make: make it
 * @stopped: the device is configured, not started
 * @step: every which read is taken: a reset is a stop and a start, which are there already
 */
struct call {
	int (*make)(void);
	bool stopped;
	unsigned step;
};

static const struct call calls[] = {
	{ do_start, true, 1 },     { do_stop, false, 1 },    { do_reset, false, 5 },
	{ do_set_mac, false, 1 },  { do_promisc, false, 1 }, { do_allmulti, false, 1 },
	{ do_filters, false, 1 },  { do_rss, false, 1 },     { do_coalesce, false, 1 },
	{ do_counters, false, 1 },
};

/* The n-th read of a register from now on: the device is gone, or the one look says nothing. */
static unsigned accesses_left;
static bool vanish;
static bool done;

static bool is_now(void)
{
	if (done || accesses_left--)
		return false;
	done = true;
	return true;
}

static uint64_t faulty_read(struct fn_busdev *busdev, unsigned idx, uint64_t off, unsigned width)
{
	const bool now = is_now();

	if (now && vanish)
		p.id.md.gone = true;
	return now ? UINT64_MAX : model_bus.bar_read(busdev, idx, off, width);
}

static struct fn_bus_ops faulty;

static void prepare(const struct call *c, unsigned at)
{
	start_busy();
	if (c->stopped)
		assert_int_equal(fn_dev_stop(p.dev), 0);
	faulty = model_bus;
	faulty.bar_read = faulty_read;
	p.id.md.busdev.ops = &faulty;
	accesses_left = at;
	done = false;
}

/*
 * Gone at each read in turn, behind which writes say nothing either: told as that or not noticed
 * yet, and no buffer is lost.
 */
static void gone_at_any_time(void **state)
{
	(void)state;
	vanish = true;
	for (const struct call *c = calls; c < calls + FN_ARRAY_LEN(calls); c++) {
		unsigned at = 0;

		for (bool over = false; !over; at += c->step) {
			uint64_t start_ns;
			int ret;

			prepare(c, at);
			start_ns = p.id.md.clock->now_ns;
			ret = c->make();
			over = !done;
			done = true;
			assert_true(!ret || (!over && ret == -ENODEV));
			(void)fn_dev_stop(p.dev);
			assert_int_equal(outside(), 0);
			/* Nobody waits for it: a start and a drain are all that takes time. */
			assert_in_range(p.id.md.clock->now_ns - start_ns, 0, FN_MS(600));
			port_end();
		}
		assert_in_range(at, 2, 2000);
	}
}

/* A look that said nothing is no count: a test makes far fewer than this of anything. */
static void assert_few_counted(void)
{
	uint64_t values[FN_DEV_COUNTERS];
	const unsigned n = fn_dev_counters(p.dev, values, FN_DEV_COUNTERS);

	for (unsigned i = 0; i < n; i++)
		if (values[i] > 10000)
			fail_msg("%s is %llu", fn_dev_counter_desc(p.dev, i)->name,
				 (unsigned long long)values[i]);
}

/*
 * One look at each register in turn says nothing: what needs it fails, and does so cleanly; all
 * else goes on. A reset mends it.
 */
static void unreadable_once(void **state)
{
	(void)state;
	vanish = false;
	for (const struct call *c = calls; c < calls + FN_ARRAY_LEN(calls); c++) {
		unsigned at = 0;

		for (bool over = false; !over; at += c->step) {
			int ret;

			prepare(c, at);
			ret = c->make();
			over = !done;
			done = true;
			assert_true(!ret || (!over && (ret == -EIO || ret == -ETIMEDOUT)));
			(void)fn_dev_stop(p.dev);
			assert_int_equal(outside(), 0);
			p.id.auto_tx = true;
			assert_int_equal(fn_dev_start(p.dev), 0);
			pass_ns(2 * p.id.link_ns);
			port_send(1);
			port_receive(1);
			assert_few_counted();
			port_end();
		}
		assert_in_range(at, 1, 2000);
	}
}

/* Bus mastering goes off: where are the buffers by then? */
static uint64_t outside_at_cut_off;

static int cut_off_write(struct fn_busdev *busdev, uint16_t off, const void *buf, size_t len)
{
	if (p.id.md.master)
		outside_at_cut_off = outside();
	return model_bus.cfg_write(busdev, off, buf, len);
}

/* One that cannot be reset is cut off from memory, and then all buffers come back. */
static void reset_never_ends(void **state)
{
	struct fn_bus_ops ops = model_bus;
	uint64_t start_ns;

	(void)state;
	start_busy();
	ops.cfg_write = cut_off_write;
	p.id.md.busdev.ops = &ops;
	p.id.reset_ns = FN_MS(60000);
	start_ns = p.id.md.clock->now_ns;
	assert_int_equal(fn_dev_stop(p.dev), -EIO);
	assert_true(says("its reset (CTRL.RST) does not end within 20 ms"));
	assert_in_range(p.id.md.clock->now_ns - start_ns, FN_MS(20), FN_MS(200));
	assert_false(p.id.md.master);
	assert_true(outside_at_cut_off >= 4 + 2 * 16);
	assert_int_equal(outside(), 0);
	/* It comes to its end after all. */
	p.id.reset_ns = 1000;
	pass_ns(FN_MS(60000));
	p.id.auto_tx = true;
	assert_int_equal(fn_dev_start(p.dev), 0);
	assert_true(p.id.md.master);
	pass_ns(2 * p.id.link_ns);
	port_send(1);
	port_receive(1);
	p.id.md.busdev.ops = &model_bus;
	port_end();
}

/* Configuration space that cannot be written. */
static int refused_write(struct fn_busdev *busdev, uint16_t off, const void *buf, size_t len)
{
	(void)off;
	(void)buf;
	(void)len;
	return fn_fail(-EIO, "%s: a test says so", busdev->name);
}

/*
 * One that neither does a reset nor loses bus mastering may still write: what it has stays its own,
 * until a reset that cuts it off or until the bus has it back.
 */
static void kept_while_it_may_write(void **state)
{
	struct fn_bus_ops ops = model_bus;

	(void)state;
	ops.cfg_write = refused_write;
	for (unsigned by_close = 0; by_close < 2; by_close++) {
		uint64_t held;

		start_busy();
		held = outside();
		assert_true(held >= 4 + 2 * 16);
		p.id.md.busdev.ops = &ops;
		p.id.reset_ns = FN_MS(60000);
		assert_int_equal(fn_dev_stop(p.dev), -EIO);
		assert_true(says("its reset (CTRL.RST) does not end within 20 ms"));
		assert_int_equal(outside(), held);
		assert_int_equal(fn_dev_start(p.dev), -EIO);
		assert_int_equal(outside(), held);
		p.id.reset_ns = 1000;
		pass_ns(FN_MS(60000));
		if (!by_close) {
			p.id.md.busdev.ops = &model_bus;
			assert_int_equal(fn_dev_reset(p.dev), 0);
			assert_int_equal(outside(), 0);
			p.id.auto_tx = true;
			assert_int_equal(fn_dev_start(p.dev), 0);
			pass_ns(2 * p.id.link_ns);
			port_send(1);
			port_receive(1);
		}
		(void)fn_dev_close(p.dev);
		assert_int_equal(outside(), 0);
		assert_int_equal(fn_pool_destroy(p.pool), 0);
		assert_int_equal(fn_ctx_destroy(p.ctx), 0);
		intel_dev_check_left(&p.id);
		assert_no_violation(&p.id.md);
		model_dev_unplug(&p.id.md);
	}
}

/* Requests on PCIe that do not come to their end hold the reset up, but not for ever. */
static void master_never_ends(void **state)
{
	uint64_t start_ns;

	(void)state;
	port_up();
	p.id.master_stuck = true;
	start_ns = p.id.md.clock->now_ns;
	assert_int_equal(fn_dev_stop(p.dev), 0);
	assert_in_range(p.id.md.clock->now_ns - start_ns, FN_MS(80), FN_MS(120));
	assert_non_null(strstr(p.log, "requests on PCIe are still on their way after 80 ms"));
	p.id.master_stuck = false;
	port_end();
}

/* A chip that says nothing of its NVM is waited for once. */
static void nvm_never_read(void **state)
{
	uint64_t start_ns;

	(void)state;
	port_init();
	p.id.auto_read_ns = FN_MS(12);
	start_ns = p.id.md.clock->now_ns;
	port_open();
	/* The 82574 then asks it for the address, which waits for its PHY too. */
	assert_in_range(p.id.md.clock->now_ns - start_ns, FN_MS(10), FN_MS(50));
	start_ns = p.id.md.clock->now_ns;
	assert_int_equal(intel_reset(p.dev), 0);
	assert_in_range(p.id.md.clock->now_ns - start_ns, FN_MS(1), FN_MS(5));
	/* What the model minds is what such a chip does not. */
	p.id.md.violation = NULL;
	p.id.auto_read_ns = 1000;
	pass_ns(FN_MS(20));
	port_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(gone_at_any_time),        BOTH(unreadable_once),   BOTH(reset_never_ends),
		BOTH(kept_while_it_may_write), BOTH(master_never_ends), BOTH(nvm_never_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
