// SPDX-License-Identifier: BSD-3-Clause
/* Work that another thread makes for a worker that goes to sleep. */
#include <sched.h>
#include <unistd.h>

#include "threaded/race.h"

#define WIDE_NS 50000u

/* Close to the last look before the sleep, which follows on the work before. */
#define BEFORE_NS 700u
#define BEHIND_NS 200u
#define CLOSE_STEP_NS 10u
#define LOOK_NS_MOST 20000u

/* Of one turn as many wake-ups at most. */
#define WAKES 8u

/* It is awaited so long without giving the core away. */
#define SPIN_NS 200000u

/* Looks at a worker that sleeps over work, until that is a fault; between two of them that long. */
#define LOOKS 3u
#define LOOK_NS 20000000u

/* What there is to do, and what of it is done, and how long the look comes behind that; atomic. */
static struct {
	_Alignas(64) uint64_t posted;
	_Alignas(64) uint64_t done;
	uint64_t done_ticks;
	uint64_t look_ticks;
} work;

static unsigned work_run(void *arg)
{
	const uint64_t posted = __atomic_load_n(&work.posted, __ATOMIC_ACQUIRE);
	const unsigned n = (unsigned)(posted - work.done);

	(void)arg;
	if (n)
		work.done_ticks = fn_ticks();
	__atomic_store_n(&work.done, posted, __ATOMIC_RELEASE);
	return n;
}

static bool work_pending(void *arg)
{
	const bool pending = __atomic_load_n(&work.posted, __ATOMIC_ACQUIRE) != work.done;
	const uint64_t ticks = fn_ticks() - work.done_ticks;

	(void)arg;
	if (ticks < threaded_ticks(LOOK_NS_MOST))
		__atomic_store_n(&work.look_ticks,
				 work.look_ticks - work.look_ticks / 16 + ticks / 16,
				 __ATOMIC_RELAXED);
	return pending;
}

/* When the next work comes behind the one before: anywhere, and then where it is looked for. */
static uint64_t delay_of(uint64_t i, uint64_t wanted)
{
	const uint64_t look_ns = threaded_ns(__atomic_load_n(&work.look_ticks, __ATOMIC_RELAXED));

	if (i < race_wide(wanted))
		return race_delay(i, WIDE_NS);
	return (look_ns > BEFORE_NS ? look_ns - BEFORE_NS : 0) +
	       i * CLOSE_STEP_NS % (BEFORE_NS + BEHIND_NS);
}

static bool is_done(uint64_t posted)
{
	return __atomic_load_n(&work.done, __ATOMIC_ACQUIRE) == posted;
}

/*
 * Whoever told of the work is back, and the worker sleeps over it and says that nobody has told it:
 * that is the fault, however long it takes, and nothing else is.
 */
static void until_done(struct race *r, uint64_t posted)
{
	const uint64_t spin = fn_ticks() + threaded_ticks(SPIN_NS);
	uint64_t next_ns = race_now_ns() + LOOK_NS;
	unsigned looks = 0;

	/* A system call would take as long as the worker's way to sleep. */
	while (!is_done(posted) && fn_ticks() < spin)
		continue;
	while (!is_done(posted)) {
		const uint64_t now = race_now_ns();

		if (now < next_ns) {
			(void)sched_yield();
			continue;
		}
		next_ns = now + LOOK_NS;
		looks += race_sleeps(r->poller) &&
			 __atomic_load_n(&r->poller->sleeping, __ATOMIC_SEQ_CST);
		race_lost = looks > LOOKS;
		if (race_lost)
			fail_msg("%s: slept over work %llu, after %llu sleeps", r->name,
				 (unsigned long long)posted,
				 (unsigned long long)race_stats(r).sleeps);
	}
}

/* Writes to the eventfd, which nobody reads: system calls for wake-ups. */
static uint64_t writes_of(const struct race *r)
{
	uint64_t writes = 0;

	(void)!read(r->poller->wake.fd, &writes, sizeof(writes));
	return writes;
}

static void wake(const char *name, bool no_queues)
{
	static const struct fn_poller_source_opts source = { .sz = sizeof(source),
							     .run = work_run,
							     .pending = work_pending };
	const uint64_t wanted = race_count(10000);
	struct fn_poller_stats s;
	uint64_t wakes = 0;
	uint64_t writes;
	struct race r;
	char more[128];

	race_case();
	work.posted = work.done = work.look_ticks = 0;
	race_open(&r, name,
		  &(struct race_opts){ .port = { .kind = THREADED_VIRTIO, .event_idx = true },
				       .rests = true,
				       .no_queues = no_queues,
				       .mode = FN_POLLER_INTERRUPT,
				       .safety_ns = RACE_LONG_NS,
				       .source = &source });
	/* On the core where a device would be, which rests. */
	race_pin(RACE_DEVICE_CORE);
	for (uint64_t i = 0; i < wanted && !race_is_over(); i++) {
		for (uint64_t n = 0; n <= i % WAKES; n++, wakes++) {
			__atomic_store_n(&work.posted, work.posted + 1, __ATOMIC_RELEASE);
			fn_poller_wake(r.poller);
		}
		until_done(&r, work.posted);
		race_spin(delay_of(i, wanted));
	}
	s = race_stats(&r);
	writes = writes_of(&r);
	(void)snprintf(more, sizeof(more), "%llu calls of fn_poller_wake(), %llu system calls",
		       (unsigned long long)wakes, (unsigned long long)writes);
	race_report(&r, more);
	assert_int_not_equal(s.second_looks, 0);
	assert_int_not_equal(s.wakes_control, 0);
	/* One a time that the worker said that it sleeps, at most. */
	assert_in_range(writes, 1, race_stats(&r).arms);
	race_close(&r);
}

void race_wake(void **state)
{
	(void)state;
	wake("wake-ups beside a queue", false);
}

/* Without a queue it is asleep sooner: what is left of the way there is the wake-up's own. */
void race_wake_alone(void **state)
{
	(void)state;
	wake("wake-ups", true);
}
