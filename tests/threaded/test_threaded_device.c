// SPDX-License-Identifier: BSD-3-Clause
/*
 * What the threaded model can beside receiving: it takes frames, stops taking them, is slow,
 * interrupts for them, holds a control call, rests, throttles, and is several devices.
 */
#include <pthread.h>
#include <string.h>

#include "sleeper.h"

#define FRAMES 20000u
#define SLEEPS 2000u
#define HOLD_NS 500000000u
#define THROTTLE_NS 8000000u /* most of what an igb can */
#define LIMIT_MS 60000u

static const struct threaded_opts devices[] = {
	{ .kind = THREADED_VIRTIO, .event_idx = true },
	{ .kind = THREADED_VIRTIO },
	{ .kind = THREADED_VIRTIO, .event_idx = true, .no_doorbells = true },
	{ .kind = THREADED_E1000E, .late_ns = 2000 },
	{ .kind = THREADED_IGB },
};

#define DEVICES (sizeof(devices) / sizeof(devices[0]))

struct rig {
	struct threaded_port *port;
	struct threaded_thread *thread;
	uint64_t rx_seq;
	uint64_t tx_seq;
};

static void rig_open(struct rig *r, const struct threaded_opts *opts, bool rests)
{
	struct threaded_run run = apart();

	run.rests = rests;
	memset(r, 0, sizeof(*r));
	assert_int_equal(threaded_open(opts, &r->port), 0);
	assert_int_equal(threaded_start(&r->port, 1, &run, &r->thread), 0);
}

static void port_close(struct threaded_port *port)
{
	const char *wrong = threaded_close(port);

	if (wrong)
		fail_msg("%s", wrong);
}

static void rig_close(struct rig *r)
{
	threaded_stop(r->thread);
	port_close(r->port);
}

static struct threaded_counts counts_of(const struct threaded_port *port)
{
	struct threaded_counts counts;

	threaded_counts(port, &counts);
	return counts;
}

/* One frame more; false: there is no room in the ring. */
static bool send_one(struct rig *r)
{
	struct fn_pkt *pkt = fn_pkt_alloc(r->port->pool);

	assert_non_null(pkt);
	assert_true(threaded_frame_write(pkt, 0, r->tx_seq));
	if (fn_tx_burst(r->port->tx, &pkt, 1)) {
		r->tx_seq++;
		return true;
	}
	fn_pkt_free(pkt);
	return false;
}

/* Until the device has taken all, in order, and all have come back. */
static void assert_all_sent(struct rig *r)
{
	const uint64_t limit = now_ms() + LIMIT_MS;

	while (counts_of(r->port).sent < r->tx_seq)
		assert_true(now_ms() < limit);
	while (fn_txq_pending(r->port->tx))
		(void)fn_tx_reclaim(r->port->tx);
	assert_int_equal(counts_of(r->port).sent, r->tx_seq);
	assert_int_equal(counts_of(r->port).sent_missing, 0);
	assert_int_equal(counts_of(r->port).sent_disorder, 0);
}

static void all_are_sent_in_order(void **state)
{
	(void)state;
	for (unsigned d = 0; d < DEVICES; d++) {
		struct rig r;

		rig_open(&r, &devices[d], false);
		while (r.tx_seq < FRAMES)
			(void)send_one(&r);
		assert_all_sent(&r);
		rig_close(&r);
	}
}

static void stops_and_resumes(void **state)
{
	static const struct threaded_sink stopped = { .stopped = true };
	static const struct threaded_sink slow = { .frame_ns = 1000 };
	static const struct threaded_sink quick = { 0 };

	(void)state;
	for (unsigned d = 0; d < DEVICES; d++) {
		struct rig r;

		rig_open(&r, &devices[d], true);
		threaded_sink(r.port, 0, &stopped);
		while (send_one(&r))
			;
		assert_in_range(r.tx_seq, 200, 256);
		assert_int_equal(counts_of(r.port).sent, 0);
		threaded_sink(r.port, 0, &slow);
		assert_all_sent(&r);
		threaded_sink(r.port, 0, &stopped);
		assert_true(send_one(&r));
		threaded_sink(r.port, 0, &quick);
		assert_all_sent(&r);
		rig_close(&r);
	}
}

/* Send a frame that is done after @ns, and sleep until then. Whether the event was lost. */
static bool sleep_sent(struct rig *r, uint64_t ns, uint64_t *sleeps)
{
	const struct threaded_sink sink = { .frame_ns = ns };
	const int fd = fn_txq_event_fd(r->port->tx);
	bool lost = false;

	threaded_sink(r->port, 0, &sink);
	assert_true(send_one(r));
	assert_int_equal(fn_txq_arm(r->port->tx), 0);
	if (!fn_txq_pending(r->port->tx)) {
		++*sleeps;
		while (!event_within(fd, WAIT_MS)) {
			assert_true(threaded_alive(r->thread));
			if (!fn_txq_pending(r->port->tx))
				continue;
			lost = !event_within(fd, WAIT_MS) && !event_within(fd, AGAIN_MS);
			break;
		}
	}
	fn_txq_disarm(r->port->tx);
	(void)fn_tx_reclaim(r->port->tx);
	return lost;
}

static void no_wakeup_of_sending_is_lost(void **state)
{
	(void)state;
	for (unsigned d = 0; d < DEVICES; d++) {
		uint64_t sleeps = 0;
		struct rig r;

		rig_open(&r, &devices[d], false);
		for (uint64_t ns = 50; sleeps<SLEEPS; ns = ns> 20000 ? 50 : ns + 50)
			assert_false(sleep_sent(&r, ns, &sleeps));
		assert_all_sent(&r);
		rig_close(&r);
	}
}

static void *set_mac(void *arg)
{
	static const uint8_t mac[6] = { 0x52, 0x54, 0x00, 0x12, 0x34, 0x56 };
	struct threaded_port *port = arg;

	return (void *)(intptr_t)fn_dev_set_mac(port->dev, mac);
}

static void *reset(void *arg)
{
	struct threaded_port *port = arg;

	return (void *)(intptr_t)fn_dev_reset(port->dev);
}

/* Receive on @r as long as a call for @port is held, and a little before: frames meanwhile. */
static uint64_t receive_while_held(struct rig *r, struct threaded_port *port, enum threaded_op op,
				   void *(*call)(void *arg))
{
	static const struct threaded_load load = { .kind = THREADED_EVEN, .rate = 200000 };
	const uint64_t limit = now_ms() + LIMIT_MS;
	pthread_t thread;
	uint64_t before;
	void *ret;

	threaded_load(r->port, 0, &load);
	threaded_hold(port, op, HOLD_NS);
	assert_int_equal(pthread_create(&thread, NULL, call, port), 0);
	while (!threaded_holding(port)) {
		(void)take_burst(r->port->rx, 0, &r->rx_seq);
		assert_true(now_ms() < limit);
	}
	before = r->rx_seq;
	while (threaded_holding(port))
		(void)take_burst(r->port->rx, 0, &r->rx_seq);
	assert_int_equal(pthread_join(thread, &ret), 0);
	assert_null(ret);
	return r->rx_seq - before;
}

static void control_call_is_held(void **state)
{
	(void)state;
	for (unsigned d = 0; d < DEVICES; d++) {
		struct threaded_port *other;
		struct rig r;

		rig_open(&r, &devices[d], false);
		assert_int_equal(threaded_open(&devices[d], &other), 0);
		/* 100,000 frames come in half a second, less what a busy machine leaves out. */
		assert_in_range(receive_while_held(&r, r.port, THREADED_COMMAND, set_mac), 1000,
				UINT64_MAX);
		assert_in_range(receive_while_held(&r, other, THREADED_RESET, reset), 1000,
				UINT64_MAX);
		port_close(other);
		rig_close(&r);
	}
}

/* Frames go from the one port to the other, of one context and one pool, for a while. */
static void forward(struct threaded_port *from, struct threaded_port *to)
{
	static const struct threaded_load load = { .kind = THREADED_FULL, .most = FRAMES };
	const uint64_t limit = now_ms() + LIMIT_MS;

	threaded_load(from, 0, &load);
	while (counts_of(to).sent < FRAMES) {
		struct fn_pkt *pkts[32];
		const unsigned n = fn_rx_burst(from->rx, pkts, 32);

		for (unsigned done = 0; done < n;)
			done += fn_tx_burst(to->tx, pkts + done, n - done);
		assert_true(now_ms() < limit);
	}
	assert_int_equal(counts_of(to).sent, FRAMES);
	assert_int_equal(counts_of(to).sent_missing, 0);
	assert_int_equal(counts_of(to).sent_disorder, 0);
}

/* Several devices, of several kinds, together on a thread or each on its own. */
static void devices_together_and_apart(void **state)
{
	const struct threaded_run run = apart();

	(void)state;
	for (unsigned together = 0; together < 2; together++) {
		struct threaded_opts opts = devices[0];
		struct threaded_port *ports[3];
		struct threaded_thread *threads[3];

		opts.pkts = 32768;
		assert_int_equal(threaded_open(&opts, &ports[0]), 0);
		for (unsigned i = 1; i < 3; i++) {
			opts = devices[DEVICES - i];
			opts.ctx = ports[0]->ctx;
			opts.pool = ports[0]->pool;
			assert_int_equal(threaded_open(&opts, &ports[i]), 0);
		}
		if (together)
			assert_int_equal(threaded_start(ports, 3, &run, &threads[0]), 0);
		for (unsigned i = 0; !together && i < 3; i++)
			assert_int_equal(threaded_start(&ports[i], 1, &run, &threads[i]), 0);
		for (unsigned i = 0; i < 3; i++)
			forward(ports[i], ports[(i + 1) % 3]);
		for (unsigned i = 0; i < (together ? 1 : 3); i++)
			threaded_stop(threads[i]);
		for (unsigned i = 3; i-- > 0;)
			port_close(ports[i]);
	}
}

/* A device that is stopped and started in the middle of it all: nothing is lost uncounted. */
static void stopped_under_load(void **state)
{
	static const struct threaded_load load = { .kind = THREADED_FULL };

	(void)state;
	for (unsigned d = 0; d < DEVICES; d++) {
		uint64_t counters[FN_RX_COUNTERS];
		uint64_t got = 0;
		struct rig r;

		rig_open(&r, &devices[d], false);
		threaded_load(r.port, 0, &load);
		for (unsigned i = 0; i < 50; i++) {
			struct fn_pkt *pkts[32];

			for (unsigned n = 0; n < 1000;) {
				const unsigned now = fn_rx_burst(r.port->rx, pkts, 32);

				fn_pkt_free_bulk(pkts, now);
				n += now;
				got += now;
			}
			assert_int_equal(fn_dev_stop(r.port->dev), 0);
			assert_int_equal(fn_dev_start(r.port->dev), 0);
		}
		assert_int_equal(fn_dev_stop(r.port->dev), 0);
		(void)fn_rxq_counters(r.port->rx, counters, FN_RX_COUNTERS);
		assert_int_equal(got + counters[FN_RX_DROP_STOPPED], counts_of(r.port).delivered);
		rig_close(&r);
	}
}

/* A device that rests wakes by a load and by a doorbell. */
static void rests(void **state)
{
	static const struct threaded_load load = { .kind = THREADED_EVEN,
						   .rate = 100000,
						   .most = 100 };

	(void)state;
	for (unsigned d = 0; d < DEVICES; d++) {
		const uint64_t limit = now_ms() + LIMIT_MS;
		struct rig r;

		/* Without doorbells nothing would wake it. */
		if (devices[d].no_doorbells)
			continue;
		rig_open(&r, &devices[d], true);
		for (unsigned i = 1; i <= 20; i++) {
			(void)poll(NULL, 0, 5);
			threaded_load(r.port, 0, &load);
			do
				assert_true(now_ms() < limit);
			while (!threaded_load_done(r.port, 0));
			while (take_burst(r.port->rx, 0, &r.rx_seq))
				;
			assert_int_equal(counts_of(r.port).arrived, i * 100);
			assert_int_equal(counts_of(r.port).delivered, r.rx_seq);
			(void)poll(NULL, 0, 5);
			assert_true(send_one(&r));
			assert_all_sent(&r);
		}
		rig_close(&r);
	}
}

/* Intel: no message of a vector sooner than its throttle lets, and none lost for that. */
static void throttled(void **state)
{
	const struct fn_coalesce c = { .sz = sizeof(c),
				       .rx_delay_ns = THROTTLE_NS,
				       .tx_delay_ns = THROTTLE_NS };

	(void)state;
	for (unsigned d = DEVICES - 2; d < DEVICES; d++) {
		struct sleeper s = { 0 };
		uint64_t begin;
		uint64_t messages;

		sleeper_open(&s, &devices[d]);
		assert_int_equal(fn_dev_set_coalesce(s.port->dev, &c), 0);
		begin = fn_ticks();
		messages = counts_of(s.port).interrupts;
		sleeper_sweep(&s, 0, 5000);
		while (s.sleeps < 100 && !s.lost)
			sleeper_turn(&s);
		assert_int_equal(s.lost, 0);
		messages = counts_of(s.port).interrupts - messages;
		assert_in_range(messages, 1,
				threaded_ns(fn_ticks() - begin) / (THROTTLE_NS - 100000) + 1);
		sleeper_close(&s);
	}
}

struct seen {
	unsigned link;
	unsigned release;
};

static void event(void *arg, const struct fn_event *e)
{
	struct seen *seen = arg;

	seen->link += e->type == FN_EVENT_LINK;
	seen->release += e->type == FN_EVENT_RELEASE_REQUESTED;
}

static void receive_until(struct rig *r, const unsigned *events, unsigned n)
{
	const uint64_t limit = now_ms() + LIMIT_MS;

	while (*events < n) {
		(void)take_burst(r->port->rx, 0, &r->rx_seq);
		assert_in_range(fn_ctx_process_events(r->port->ctx), 0, 16);
		assert_true(now_ms() < limit);
	}
}

/* What is no queue's reaches the application while frames come, and disturbs none. */
static void events_reach_the_application(void **state)
{
	(void)state;
	for (unsigned d = 0; d < DEVICES; d++) {
		static const struct threaded_load load = { .kind = THREADED_EVEN, .rate = 100000 };
		struct seen seen = { 0 };
		const struct fn_ctx_opts ctx_opts = { .sz = sizeof(ctx_opts),
						      .event = event,
						      .event_arg = &seen,
						      .page_bytes = 4096 };
		struct threaded_opts opts = devices[d];
		struct rig r;

		assert_int_equal(fn_ctx_create(&ctx_opts, &opts.ctx), 0);
		opts.events = true;
		rig_open(&r, &opts, false);
		threaded_load(r.port, 0, &load);
		while (fn_ctx_process_events(opts.ctx) > 0)
			;
		seen = (struct seen){ 0 };
		threaded_link(r.port, false);
		receive_until(&r, &seen.link, 1);
		threaded_link(r.port, true);
		receive_until(&r, &seen.link, 2);
		threaded_ask_release(r.port);
		receive_until(&r, &seen.release, 1);
		rig_close(&r);
		assert_int_equal(fn_ctx_destroy(opts.ctx), 0);
	}
}

/* A thread that is off its core knows it. */
static void gaps_are_known(void **state)
{
	struct threaded_run run = apart();
	const uint64_t limit = now_ms() + LIMIT_MS;
	const uint64_t begin = fn_ticks();
	struct threaded_gaps gaps;
	struct rig r = { 0 };

	(void)state;
	assert_int_equal(threaded_open(&devices[0], &r.port), 0);
	run.gap_ns = 1;
	assert_int_equal(threaded_start(&r.port, 1, &run, &r.thread), 0);
	do {
		threaded_gaps(r.thread, &gaps);
		assert_true(now_ms() < limit);
	} while (!gaps.n);
	assert_true(threaded_gap_between(r.thread, begin, fn_ticks()));
	assert_false(threaded_gap_between(r.thread, begin - 1000, begin - 1));
	threaded_stop(r.thread);
	run.gap_ns = 3600000000000;
	assert_int_equal(threaded_start(&r.port, 1, &run, &r.thread), 0);
	(void)poll(NULL, 0, 20);
	threaded_gaps(r.thread, &gaps);
	assert_int_equal(gaps.n, 0);
	assert_false(threaded_gap_between(r.thread, begin, fn_ticks()));
	rig_close(&r);
}

/* It ends by itself. */
static void ends_at_its_deadline(void **state)
{
	struct threaded_run run = apart();
	const uint64_t limit = now_ms() + LIMIT_MS;

	(void)state;
	run.deadline_ns = 20000000;
	for (unsigned i = 0; i < 2; i++) {
		struct rig r = { 0 };

		run.rests = i;
		assert_int_equal(threaded_open(&devices[0], &r.port), 0);
		assert_int_equal(threaded_start(&r.port, 1, &run, &r.thread), 0);
		while (threaded_alive(r.thread))
			assert_true(now_ms() < limit);
		rig_close(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_are_sent_in_order),
		cmocka_unit_test(stops_and_resumes),
		cmocka_unit_test(no_wakeup_of_sending_is_lost),
		cmocka_unit_test(control_call_is_held),
		cmocka_unit_test(devices_together_and_apart),
		cmocka_unit_test(stopped_under_load),
		cmocka_unit_test(rests),
		cmocka_unit_test(throttled),
		cmocka_unit_test(events_reach_the_application),
		cmocka_unit_test(gaps_are_known),
		cmocka_unit_test(ends_at_its_deadline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
