/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * For poller_race.c and its parts: a worker on a port of the threaded model, and who watches it.
 *
 * The worker has a core of its own and the device another one; the test's thread looks at both once
 * a millisecond. It judges by counts and by who sleeps, never by how long something took: on a busy
 * machine any of them may be without a core for any time.
 */
#ifndef FN_TESTS_THREADED_RACE_H
#define FN_TESTS_THREADED_RACE_H

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

#include "poll/poller.h"
#include "threaded/threaded.h"

/* As docs/adaptive.md has it: a sleep, and two waits on the event alone, of 20 and 60 ms. */
#define RACE_SAFETY_NS 20000000u
#define RACE_LOST_NS 20000000u

/* For what only the device or another thread may end: a sleep that is longer than any test. */
#define RACE_LONG_NS 1000000000000u

#define RACE_STEP_NS 50u

/* Cores, plus 1, of which the second is the device's, and of who plays one. */
#define RACE_WORKER_CORE 1u
#define RACE_DEVICE_CORE 2u

/**
 * struct race_opts - a worker and what it works on; zero means the default
 * @port: the device
 * @rests: it sleeps while it has nothing to do, so that somebody else may use its core
 * @wait: what the worker waits by
 * @mode: when it sleeps
 * @safety_ns: its longest sleep
 * @batch: as &struct fn_poller_tx_opts
 * @feeds: the receive queue is left alone while what came in waits to be sent
 * @no_queues: the worker has none of the device's
 * @linger_ns: behind each burst of packets the worker goes to sleep that much later at most, ever
 *	50 ns more
 * @source: work of another kind, and its argument; or NULL
 */
struct race_opts {
	struct threaded_opts port;
	bool rests;
	enum fn_poller_wait wait;
	enum fn_poller_mode mode;
	uint64_t safety_ns;
	uint32_t batch;
	bool feeds;
	bool no_queues;
	uint64_t linger_ns;
	const struct fn_poller_source_opts *source;
};

/**
 * struct race - a worker, which sends back whatever comes in
 * @name: for messages
 * @port: the device
 * @device: its thread
 * @poller: the poller
 * @rx: its receive queue
 * @tx: its transmit queue
 * @worker: its thread
 * @linger_ns: as given
 * @bursts: of packets
 * @sweep_seq: where the sweep of delays of frames began, in bursts of @sweep_burst frames
 * @sweep_burst: see there
 * @sweep_from_ns: its shortest delay
 * @sweep_ns: from that to its longest; 0: there is no sweep
 * @took_ticks: when the last burst was taken; the worker's
 * @got: frames that came in, which is the number of the next one; atomic
 * @bad: frames that were another one than that, or changed; atomic
 * @refused: frames that could not go back; atomic
 * @lost: of &fn_poller_stats.lost_wakeups what the worker's callback knows of
 * @lost_seq: the frame that was slept over first
 * @doubtful: lost wake-ups during which the device's thread was off its core
 * @judged: lost wake-ups that are no news
 */
struct race {
	const char *name;
	struct threaded_port *port;
	struct threaded_thread *device;
	struct fn_poller *poller;
	struct fn_poller_rx *rx;
	struct fn_poller_tx *tx;
	pthread_t worker;
	uint64_t linger_ns;
	uint64_t bursts;
	uint64_t sweep_seq;
	unsigned sweep_burst;
	uint64_t sweep_from_ns;
	uint64_t sweep_ns;
	uint64_t took_ticks;
	uint64_t got;
	uint64_t bad;
	uint64_t refused;
	uint64_t lost;
	uint64_t lost_seq;
	uint64_t doubtful;
	uint64_t judged;
};

/**
 * struct race_watch - whether something goes on
 * @value: as it was
 * @since_ns: from when on
 * @asleep: looks at which the worker slept
 */
struct race_watch {
	uint64_t value;
	uint64_t since_ns;
	unsigned asleep;
};

/* A wake-up was lost. */
extern bool race_lost;

/* How often: what the command line says, or @usual. */
uint64_t race_count(uint64_t usual);

/* Of @wanted sleeps those in which arrivals are all over the time of a sleep. */
uint64_t race_wide(uint64_t wanted);

/* A case begins, or one of a device: and the time that the command line gives to it. */
void race_case(void);
bool race_is_over(void);

/* A core, plus 1, if the test may use it; else 0. */
unsigned race_core(unsigned core_plus_1);

/* The calling thread goes there, if it may. */
void race_pin(unsigned core_plus_1);

void race_open(struct race *r, const char *name, const struct race_opts *opts);

/* All that came in has left again, nothing was lost, and everything is given back. */
void race_close(struct race *r);

/* Run and end a worker's thread. */
pthread_t race_worker_begin(struct fn_poller *poller);
void race_worker_end(struct fn_poller *poller, pthread_t worker);

struct fn_poller_stats race_stats(const struct race *r);

/* The worker is blocked: it has armed, looked again, and found nothing. */
bool race_sleeps(struct fn_poller *poller);

uint64_t race_now_ns(void);

/* The test's thread does nothing for a moment; or spins for some nanoseconds. */
void race_nap(void);
void race_spin(uint64_t ns);

/* A sweep: number @i of delays from 0 up to @to_ns in steps of 50 ns, and again. */
static inline uint64_t race_delay(uint64_t i, uint64_t to_ns)
{
	return i * RACE_STEP_NS % to_ns;
}

/*
 * A look, about a millisecond behind the one before: fails when a wake-up was lost, a frame was not
 * the next one, or the device's thread has ended.
 */
void race_look(struct race *r);

/*
 * The same, and @value has to change: fails when it is the same at many looks although the worker
 * sleeps and the device ran. @what is said then.
 */
void race_goes_on(struct race *r, struct race_watch *watch, uint64_t value, const char *what);

/* Wait until frames that the device has sent are @n. */
void race_until_sent(struct race *r, uint64_t n);

/* Wait until what came in was received, behind the end of its load. */
void race_until_got_all(struct race *r);

/* What the worker did, for who reads the log. */
void race_report(const struct race *r, const char *more);

/* Frames come @burst by @burst, from @from_ns to @to_ns behind the ones before. */
void race_sweep(struct race *r, unsigned burst, uint64_t from_ns, uint64_t to_ns);

/* The parts of the program. */
extern const struct CMUnitTest *const race_ping_tests;
extern const size_t race_ping_n;

void race_burst(void **state);
void race_wake(void **state);
void race_wake_alone(void **state);
void race_room_stops(void **state);
void race_room_slow(void **state);
void race_room_back(void **state);
void race_room_smallest(void **state);
void race_modes_saturated(void **state);
void race_modes_even(void **state);
void race_release(void **state);
void race_control_held(void **state);
void race_control_answer(void **state);

#endif
