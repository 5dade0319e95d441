// SPDX-License-Identifier: BSD-3-Clause
/* Frames that come one by one, or a burst and one more, while a worker goes to sleep. */
#include <errno.h>

#include "threaded/race.h"

/* All over the time of a sleep; and close to the arming, from so long before the last look on. */
#define WIDE_NS 50000u
#define BEFORE_NS 1500u
#define BEHIND_NS 500u

/* What takes longer than this from a frame to the look was held up. */
#define LOOK_NS_MOST 20000u

/* Intel: writes of registers that arm land within this time. */
#define LATE_NS 3000u

/* Two bursts as they are by default, and one more. */
#define BURST_FRAMES 65u

/* The device needs some microseconds for as many: the worker's way to sleep is as long at times. */
#define LINGER_NS 20000u

/**
 * struct variant - a device and what its worker waits by
 * @name: for messages
 * @port: the device
 * @wait: the back end
 * @usual: sleeps in an ordinary run
 */
struct variant {
	const char *name;
	struct threaded_opts port;
	enum fn_poller_wait wait;
	uint64_t usual;
};

/* Where nobody rings doorbells the fence of the arming is the only one that counts. */
static struct variant variants[] = {
	{ "virtio, event index, epoll", { .event_idx = true }, FN_POLLER_WAIT_EPOLL, 20000 },
	{ "virtio, event index, io_uring", { .event_idx = true }, FN_POLLER_WAIT_URING, 2000 },
	{ "virtio, event index, no doorbells, epoll",
	  { .event_idx = true, .no_doorbells = true },
	  FN_POLLER_WAIT_EPOLL,
	  10000 },
	{ "virtio, flags, epoll", { 0 }, FN_POLLER_WAIT_EPOLL, 2000 },
	{ "virtio, flags, io_uring", { 0 }, FN_POLLER_WAIT_URING, 2000 },
	{ "e1000e, epoll", { .kind = THREADED_E1000E }, FN_POLLER_WAIT_EPOLL, 2000 },
	{ "e1000e, io_uring", { .kind = THREADED_E1000E }, FN_POLLER_WAIT_URING, 2000 },
	{ "e1000e, late writes, epoll",
	  { .kind = THREADED_E1000E, .late_ns = LATE_NS },
	  FN_POLLER_WAIT_EPOLL,
	  2000 },
	{ "igb, epoll", { .kind = THREADED_IGB }, FN_POLLER_WAIT_EPOLL, 2000 },
	{ "igb, io_uring", { .kind = THREADED_IGB }, FN_POLLER_WAIT_URING, 2000 },
	{ "igb, late writes, epoll",
	  { .kind = THREADED_IGB, .late_ns = LATE_NS },
	  FN_POLLER_WAIT_EPOLL,
	  2000 },
};

/* The kernel, or who runs this, may forbid io_uring. */
static bool can_wait(const struct variant *v)
{
	const struct fn_ctx_opts ctx_opts = { .sz = sizeof(ctx_opts), .page_bytes = 4096 };
	const struct fn_poller_opts opts = { .sz = sizeof(opts), .wait = v->wait };
	struct fn_poller *poller = NULL;
	struct fn_ctx *ctx;
	int ret;

	assert_int_equal(fn_ctx_create(&ctx_opts, &ctx), 0);
	ret = fn_poller_create(ctx, &opts, &poller);
	if (ret)
		print_message("%s: %s\n", v->name, fn_error_last());
	assert_true(!ret || ret == -ENOSYS || ret == -EPERM);
	assert_int_equal(fn_poller_destroy(poller), 0);
	assert_int_equal(fn_ctx_destroy(ctx), 0);
	return !ret;
}

/* Until it has slept so often. */
static void sleep_until(struct race *r, uint64_t sleeps)
{
	struct race_watch watch = { 0 };

	while (race_stats(r).sleeps < sleeps && !race_is_over())
		race_goes_on(r, &watch, __atomic_load_n(&r->got, __ATOMIC_ACQUIRE),
			     "frames that come one by one");
}

/**
 * struct looks - how long it takes from a frame to the last look before the sleep
 * @race: the worker
 * @ticks: that long, smoothed; atomic
 */
struct looks {
	struct race race;
	uint64_t ticks;
};

static unsigned looks_run(void *arg)
{
	(void)arg;
	return 0;
}

/* The rings have been looked at by then: this holds nothing up that matters. */
static bool looks_pending(void *arg)
{
	struct looks *looks = arg;
	const uint64_t ticks = fn_ticks() - looks->race.took_ticks;

	if (ticks < threaded_ticks(LOOK_NS_MOST))
		__atomic_store_n(&looks->ticks, looks->ticks - looks->ticks / 16 + ticks / 16,
				 __ATOMIC_RELAXED);
	return false;
}

static void sweep_close(struct looks *looks)
{
	const uint64_t ns = threaded_ns(__atomic_load_n(&looks->ticks, __ATOMIC_RELAXED));

	race_sweep(&looks->race, 1, ns > BEFORE_NS ? ns - BEFORE_NS : 0, ns + BEHIND_NS);
}

static void ping(void **state)
{
	const struct variant *v = *state;
	const uint64_t wanted = race_count(v->usual);
	struct looks looks = { .ticks = threaded_ticks(BEFORE_NS) };
	const struct fn_poller_source_opts source = {
		.sz = sizeof(source), .run = looks_run, .pending = looks_pending, .arg = &looks
	};
	struct race *r = &looks.race;
	char more[64];

	race_case();
	if (!can_wait(v))
		skip();
	/* What is sent back is held until the round's end, or until the sleep. */
	race_open(r, v->name,
		  &(struct race_opts){ .port = v->port,
				       .wait = v->wait,
				       .mode = FN_POLLER_INTERRUPT,
				       .batch = 8,
				       .source = &source });
	race_sweep(r, 1, 0, WIDE_NS);
	sleep_until(r, race_wide(wanted));
	sweep_close(&looks);
	sleep_until(r, wanted);
	race_until_got_all(r);
	(void)snprintf(more, sizeof(more), "%llu ns from a frame to the last look",
		       (unsigned long long)threaded_ns(looks.ticks));
	race_report(r, more);
	/* Else the frames did not come where they are meant to, or there was no time for them. */
	if (!race_is_over())
		assert_int_not_equal(race_stats(r).second_looks, 0);
	race_close(r);
}

void race_burst(void **state)
{
	const uint64_t frames = race_count(1000) * BURST_FRAMES;
	struct race r;
	uint64_t got;

	(void)state;
	race_case();
	race_open(&r, "bursts of 65",
		  &(struct race_opts){ .port = { .kind = THREADED_VIRTIO, .event_idx = true },
				       .mode = FN_POLLER_INTERRUPT,
				       .linger_ns = LINGER_NS });
	for (unsigned part = 1; part <= 2; part++) {
		struct race_watch watch = { 0 };

		race_sweep(&r, BURST_FRAMES, 0, part == 1 ? WIDE_NS : LINGER_NS);
		while ((got = __atomic_load_n(&r.got, __ATOMIC_ACQUIRE)) < frames * part / 2 &&
		       !race_is_over())
			race_goes_on(&r, &watch, got, "bursts of 65");
	}
	race_until_got_all(&r);
	assert_int_equal(r.refused, 0);
	assert_int_equal(r.got % BURST_FRAMES, 0);
	assert_int_not_equal(race_stats(&r).budget_hits, 0);
	race_report(&r, NULL);
	print_message("%s: %llu of them\n", r.name, (unsigned long long)(r.got / BURST_FRAMES));
	race_close(&r);
}

#define PING(name, i)                                \
	{                                            \
		name, ping, NULL, NULL, &variants[i] \
	}

static const struct CMUnitTest tests[] = {
	PING("ping_virtio_event_epoll", 0),  PING("ping_virtio_event_uring", 1),
	PING("ping_virtio_no_doorbells", 2), PING("ping_virtio_flags_epoll", 3),
	PING("ping_virtio_flags_uring", 4),  PING("ping_e1000e_epoll", 5),
	PING("ping_e1000e_uring", 6),        PING("ping_e1000e_late", 7),
	PING("ping_igb_epoll", 8),           PING("ping_igb_uring", 9),
	PING("ping_igb_late", 10),
};

const struct CMUnitTest *const race_ping_tests = tests;
const size_t race_ping_n = sizeof(tests) / sizeof(tests[0]);
