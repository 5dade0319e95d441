/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The shipped loop of a worker on a device of the stepped model, in one thread and in a virtual
 * time: lib/poll as it is, compiled with FN_TICKS_CALL, so that the time that it reads is the
 * model's. Its rounds let that time pass and packets arrive (a source, by the public interface);
 * where it would block, time passes until a packet interrupts. Counts are exact, and the same each
 * time.
 */
#ifndef FN_TESTS_PERF_ADAPTIVE_STEP_H
#define FN_TESTS_PERF_ADAPTIVE_STEP_H

#include <fastnic/fastnic.h>

#include "perf/instructions.h"

#define STEP_RING 512u
#define STEP_SAMPLES 20000u

/**
 * struct step_load - what arrives, and what time passes
 * @first_ns: the first packet arrives so long behind the start
 * @interval_ns: then one each so often; 0: at each round as many as @a_round
 * @at_once: with @interval_ns: so many instead of one; 0: one
 * @apart: but so many come one by one at first, a microsecond from each other: a worker knows what
 *	its rounds cost from a time with less load
 * @a_round: packets a round
 * @packets: after so many the worker stops
 * @round_ns: what a round takes
 * @packet_ns: and each packet in it
 * @pause_ns: and each of the pauses behind one that found nothing
 * @marked: perf_mark() is called when half of the packets were taken, and at the end
 */
struct step_load {
	uint64_t first_ns;
	uint64_t interval_ns;
	unsigned at_once;
	unsigned apart;
	unsigned a_round;
	uint64_t packets;
	uint64_t round_ns;
	uint64_t packet_ns;
	uint64_t pause_ns;
	bool marked;
};

/**
 * struct step_result - what happened
 * @packets: packets taken
 * @first: messages of the device up to the first packet's
 * @interrupts: messages of the device behind the first packet's
 * @sleeps: sleeps behind the first packet
 * @spurious: interrupts that found nothing
 * @lost: &fn_poller_stats.lost_wakeups
 * @dropped: packets that found no buffer
 * @elapsed_ns: how long it was
 * @busy_ns: of it, rounds that took packets, as the worker counts them
 * @need_ns: of it, what the work needed, as the worker says
 * @asleep_ns: of it, asleep
 * @p50_ns: from a packet's arrival until it was taken: median of the first STEP_SAMPLES
 * @wrong: what the driver did that it may not do, or NULL
 */
struct step_result {
	uint64_t packets;
	uint64_t first;
	uint64_t interrupts;
	uint64_t sleeps;
	uint64_t spurious;
	uint64_t lost;
	uint64_t dropped;
	uint64_t elapsed_ns;
	uint64_t busy_ns;
	uint64_t need_ns;
	uint64_t asleep_ns;
	uint64_t p50_ns;
	const char *wrong;
};

/**
 * struct step_conf - where it runs
 * @device: the device
 * @ring: its ring
 * @mode: of the worker
 * @policy: of the worker
 * @burst: of the worker; 0: 32
 * @latency_ns: what a wake takes, and costs
 * @mapped: the doorbell is plain memory, so that the model costs nothing within a round
 */
struct step_conf {
	const struct perf_device *device;
	const struct perf_ring *ring;
	enum fn_poller_mode mode;
	enum fn_poller_policy policy;
	uint32_t burst;
	uint64_t latency_ns;
	bool mapped;
};

/* 0, or -errno with a sentence in fn_error_last(). */
int step_run(const struct step_conf *conf, const struct step_load *load, struct step_result *res);

/* Ends a figure, for callgrind; perf_step() is what it does not count (callgrind.sh). */
void perf_mark(void);
unsigned perf_step(void *arg);

#endif
