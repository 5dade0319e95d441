// SPDX-License-Identifier: BSD-3-Clause
/* Sends that wait for room when a device stops, is slow, and goes on, while their worker sleeps. */
#include <errno.h>
#include <stdlib.h>

#include "threaded/race.h"

#define RING 64u
#define SMALL_RING 32u

/* Frames of a turn at most: more than the ring and less than may wait. */
#define FRAMES 256u

#define WIDE_NS 100000u
#define SLOW_NS 4000u

/* Each so many turns one begins when the worker sleeps. */
#define REST_TURNS 4u

/**
 * struct sender - work of a worker: frames to be sent
 * @race: the worker
 * @wanted: frames to be sent, all in all; atomic
 * @handed: frames that the poller took; atomic
 */
struct sender {
	struct race race;
	_Alignas(64) uint64_t wanted;
	_Alignas(64) uint64_t handed;
};

static bool sender_pending(void *arg)
{
	struct sender *s = arg;

	return __atomic_load_n(&s->wanted, __ATOMIC_ACQUIRE) > s->handed;
}

static bool send_one(struct sender *s)
{
	struct fn_pkt *pkt = fn_pkt_alloc(s->race.port->pool);

	if (!pkt)
		return false;
	if (threaded_frame_write(pkt, 0, s->handed) && fn_poller_send(s->race.tx, &pkt, 1) == 1)
		return true;
	fn_pkt_free(pkt);
	return false;
}

static unsigned sender_run(void *arg)
{
	struct sender *s = arg;
	unsigned n = 0;

	while (sender_pending(s) && send_one(s)) {
		__atomic_store_n(&s->handed, s->handed + 1, __ATOMIC_RELEASE);
		n++;
	}
	return n;
}

static void sender_open(struct sender *s, const char *name, enum threaded_kind kind,
			uint64_t safety_ns)
{
	const struct fn_poller_source_opts source = {
		.sz = sizeof(source), .run = sender_run, .pending = sender_pending, .arg = s
	};

	s->wanted = s->handed = 0;
	race_open(&s->race, name,
		  &(struct race_opts){ .port = { .kind = kind, .event_idx = true, .tx_ring = RING },
				       .rests = true,
				       .mode = FN_POLLER_INTERRUPT,
				       .safety_ns = safety_ns,
				       .source = &source });
}

/* That many more, which the worker has handed over by then. */
static void sender_send(struct sender *s, unsigned n)
{
	struct race_watch watch = { 0 };
	uint64_t handed;

	__atomic_store_n(&s->wanted, s->wanted + n, __ATOMIC_RELEASE);
	fn_poller_wake(s->race.poller);
	race_spin(50000);
	while ((handed = __atomic_load_n(&s->handed, __ATOMIC_ACQUIRE)) < s->wanted)
		race_goes_on(&s->race, &watch, handed, "frames that may wait");
}

static void until_asleep(struct race *r)
{
	while (!race_sleeps(r->poller))
		race_nap();
}

static void sink(struct race *r, bool stopped, uint64_t frame_ns)
{
	threaded_sink(r->port, 0,
		      &(struct threaded_sink){ .stopped = stopped, .frame_ns = frame_ns });
}

static struct sender *sender_new(void)
{
	struct sender *s = aligned_alloc(64, sizeof(*s));

	assert_non_null(s);
	return s;
}

static void sender_close(struct sender *s)
{
	race_report(&s->race, NULL);
	assert_int_equal(fn_poller_tx_dropped(s->race.tx), 0);
	race_close(&s->race);
	free(s);
}

static const struct {
	const char *name;
	enum threaded_kind kind;
} kinds[] = {
	{ "virtio: room for sends", THREADED_VIRTIO },
	{ "e1000e: room for sends", THREADED_E1000E },
	{ "igb: room for sends", THREADED_IGB },
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* It stops, frames wait, and it goes on while the worker goes to sleep over them, or sleeps. */
static void stop_and_go(unsigned kind, uint64_t turns)
{
	struct sender *s = sender_new();

	race_case();
	sender_open(s, kinds[kind].name, kinds[kind].kind, RACE_LONG_NS);
	for (uint64_t i = 0; i < turns && !race_is_over(); i++) {
		sink(&s->race, true, 0);
		sender_send(s, RING + 1 + (unsigned)(i * 7 % (FRAMES - RING)));
		if (i % REST_TURNS == 0)
			until_asleep(&s->race);
		else
			race_spin(race_delay(i, WIDE_NS));
		sink(&s->race, false, 0);
		race_until_sent(&s->race, s->wanted);
	}
	/* Nothing but the device's interrupts and the test's own wake-ups ended a sleep. */
	assert_int_equal(race_stats(&s->race).wakes_timeout, 0);
	assert_int_not_equal(race_stats(&s->race).wakes_interrupt, 0);
	sender_close(s);
}

void race_room_stops(void **state)
{
	const uint64_t turns = race_count(300);

	(void)state;
	for (unsigned i = 0; i < KINDS; i++)
		stop_and_go(i, turns);
}

/* It takes one frame after the other, ever more slowly: room comes while the worker arms. */
static void slow(unsigned kind, uint64_t turns)
{
	struct sender *s = sender_new();

	race_case();
	sender_open(s, kinds[kind].name, kinds[kind].kind, RACE_LONG_NS);
	for (uint64_t i = 0; i < turns && !race_is_over(); i++) {
		sink(&s->race, false, RACE_STEP_NS + race_delay(i, SLOW_NS));
		sender_send(s, FRAMES);
		race_until_sent(&s->race, s->wanted);
	}
	assert_int_equal(race_stats(&s->race).wakes_timeout, 0);
	assert_int_not_equal(race_stats(&s->race).wakes_interrupt, 0);
	sender_close(s);
}

void race_room_slow(void **state)
{
	const uint64_t turns = race_count(500);

	(void)state;
	for (unsigned i = 0; i < KINDS; i++)
		slow(i, turns);
}

static uint32_t outside(const struct race *r)
{
	struct fn_pool_info info = { .sz = sizeof(info) };

	fn_pool_get_info(r->port->pool, &info);
	return info.outside;
}

/*
 * What was on its way when the worker went to sleep is back when its longest sleep is over: at the
 * second time-out, when one sleep had begun before the device was done.
 */
static void comes_back(unsigned kind, uint64_t turns)
{
	struct sender *s = sender_new();
	uint32_t before;

	race_case();
	sender_open(s, kinds[kind].name, kinds[kind].kind, RACE_SAFETY_NS);
	until_asleep(&s->race);
	before = outside(&s->race);
	for (uint64_t i = 0; i < turns && !race_is_over(); i++) {
		uint64_t timeouts;

		sink(&s->race, true, 0);
		sender_send(s, 1 + (unsigned)(i % RING));
		until_asleep(&s->race);
		sink(&s->race, false, 0);
		race_until_sent(&s->race, s->wanted);
		timeouts = race_stats(&s->race).wakes_timeout;
		while (race_stats(&s->race).wakes_timeout < timeouts + 2)
			race_look(&s->race);
		until_asleep(&s->race);
		assert_int_equal(outside(&s->race), before);
	}
	sender_close(s);
}

void race_room_back(void **state)
{
	const uint64_t turns = race_count(20);

	(void)state;
	for (unsigned i = 0; i < KINDS; i++)
		comes_back(i, turns);
}

/* The smallest pool that is accepted; one packet less is not. */
static struct fn_ctx *smallest(struct threaded_opts *port)
{
	const struct fn_dev_conf conf = { .sz = sizeof(conf),
					  .rx_ring = port->rx_ring,
					  .tx_ring = port->tx_ring };
	const struct fn_ctx_opts ctx_opts = { .sz = sizeof(ctx_opts), .page_bytes = 4096 };
	struct fn_pool_opts pool_opts = { .sz = sizeof(pool_opts), .cache = 32, .max_threads = 2 };
	struct threaded_port *refused;

	pool_opts.count = (uint32_t)fn_pool_need(&pool_opts, &conf, 1) - 1;
	assert_int_equal(fn_ctx_create(&ctx_opts, &port->ctx), 0);
	assert_int_equal(fn_pool_create(port->ctx, &pool_opts, &port->pool), 0);
	assert_int_equal(threaded_open(port, &refused), -ENOSPC);
	assert_int_equal(fn_pool_destroy(port->pool), 0);
	pool_opts.count++;
	assert_int_equal(fn_pool_create(port->ctx, &pool_opts, &port->pool), 0);
	return port->ctx;
}

/*
 * A device that sends nothing any more ends up with all there is: its worker sleeps over an empty
 * pool. When it goes on, so does everything.
 */
static void runs_empty(unsigned kind, uint64_t turns)
{
	struct race_opts opts = { .port = { .kind = kinds[kind].kind,
					    .event_idx = true,
					    .rx_ring = SMALL_RING,
					    .tx_ring = SMALL_RING },
				  .mode = FN_POLLER_INTERRUPT };
	struct fn_ctx *ctx = smallest(&opts.port);
	struct fn_pool_info info = { .sz = sizeof(info) };
	struct race_watch watch = { 0 };
	struct race r;
	uint64_t timeouts;
	uint64_t got;

	race_case();
	race_open(&r, kinds[kind].name, &opts);
	threaded_load(r.port, 0, &(struct threaded_load){ .kind = THREADED_FULL });
	for (uint64_t i = 0; i < turns && !race_is_over(); i++) {
		got = __atomic_load_n(&r.got, __ATOMIC_ACQUIRE);
		timeouts = race_stats(&r).wakes_timeout;
		sink(&r, true, 0);
		until_asleep(&r);
		race_spin(race_delay(i, WIDE_NS));
		while (i % REST_TURNS == 0 && race_stats(&r).wakes_timeout == timeouts)
			race_look(&r);
		sink(&r, false, 0);
		while (__atomic_load_n(&r.got, __ATOMIC_ACQUIRE) < got + 4 * SMALL_RING)
			race_goes_on(&r, &watch, __atomic_load_n(&r.got, __ATOMIC_ACQUIRE),
				     "frames of the smallest pool");
	}
	race_until_got_all(&r);
	race_report(&r, NULL);
	fn_pool_get_info(r.port->pool, &info);
	assert_int_not_equal(info.empty, 0);
	race_close(&r);
	assert_int_equal(fn_pool_destroy(opts.port.pool), 0);
	assert_int_equal(fn_ctx_destroy(ctx), 0);
}

void race_room_smallest(void **state)
{
	const uint64_t turns = race_count(100);

	(void)state;
	for (unsigned i = 0; i < KINDS; i++)
		runs_empty(i, turns);
}
