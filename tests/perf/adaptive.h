/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of tests/perf/adaptive share: a worker on the threaded model, blocks of time in
 * which it is measured, quads of blocks, and rows with their judge.
 *
 * adaptive.c is the program and its order of rows, adaptive_rig.c the worker and the device,
 * adaptive_stats.c medians and their intervals, adaptive_quads.c blocks that are compared,
 * adaptive_row.c verdicts and how a row is printed,
 * adaptive_machine.c whether the machine is fit to judge on and what a wake costs on it,
 * adaptive_rows.c and adaptive_shapes.c the rows, adaptive_need.c what need says, adaptive_sweep.c
 * the figures for the plot.
 */
#ifndef FN_TESTS_PERF_ADAPTIVE_H
#define FN_TESTS_PERF_ADAPTIVE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <fastnic/fastnic.h>

#include "threaded/threaded.h"

#define NS_PER_S 1000000000u
#define NS_PER_MS 1000000u

/* Latencies that are kept: of the last so many packets. */
#define RIG_SAMPLES (1u << 19)

/* adaptive_stats.c */

/**
 * struct interval - a median
 * @median: it
 * @low: the lower end of its 95 % interval
 * @high: the upper end
 * @n: of how many values; below 6 there is no interval, and the ends are infinite
 */
struct interval {
	double median;
	double low;
	double high;
	unsigned n;
};

/* By ranks, whatever the distribution is. Sorts @values. */
struct interval interval_of(double *values, unsigned n);

/* The value below which @part of them lie. Sorts @values; 0 of none. */
double quantile_of(double *values, unsigned n, double part);

/* adaptive_machine.c */

/**
 * struct wake - what a wake costs, by an eventfd
 * @lat_ns: C_lat: from the write to it on another core to the first instruction of who slept on it:
 *	median
 * @cpu_ns: C_cpu: processor time of who sleeps and wakes, a time
 */
struct wake {
	double lat_ns;
	double cpu_ns;
};

/**
 * struct machine - where this runs
 * @loaded: not fit to judge on: why; empty: fit
 * @wake: what a wake costs that comes 100 us after the sleep began
 * @lib_lat_ns: what the library measures for itself (lib/poll/cost.h)
 * @lib_cpu_ns: and that
 */
struct machine {
	char loaded[200];
	struct wake wake;
	double lib_lat_ns;
	double lib_cpu_ns;
};

/* The two sides, each on a core of its own. */
enum core {
	WORKER_CORE,
	DEVICE_CORE,
};

/* The core of a side, plus 1: the first two that this program may use. */
unsigned core_plus_1(enum core core);

/* False: it cannot be measured, and why has been said. */
bool machine_measure(struct machine *machine);

/*
 * What a wake costs of who has slept for so long: a core that was idle for longer sleeps more
 * deeply, its caches and its hypervisor with it. False: it cannot be measured, which has been said.
 */
bool wake_measure(uint64_t asleep_ns, struct wake *wake);

double seconds_now(void);
void sleep_ns(uint64_t ns);

/* adaptive_rig.c */

/**
 * struct rig_opts - a worker and its device; zero means the default
 * @kind: virtio with event index, unless it is another
 * @ring: receive descriptors; 256
 * @burst: the worker's; 32
 * @last_of: only the latency of each so many-th packet is kept; 1
 * @cycles: what the callback spends on each packet
 * @rests: the device's thread sleeps while there is nothing to do
 * @periods: the callback looks for pauses in the load, and counts what is between them; sleeps with
 *	a gap of the device's thread between two packets of a period are counted
 * @stamps: latencies are kept
 * @apart: sleeps with a gap of the device's thread in what led to them are counted; needs @stamps
 */
struct rig_opts {
	enum threaded_kind kind;
	uint32_t ring;
	uint32_t burst;
	unsigned last_of;
	unsigned cycles;
	bool rests;
	bool periods;
	bool stamps;
	bool apart;
};

/**
 * struct rig - a worker, on a core of its own, and a device that is a thread on another
 *
 * @opts: how it was made
 * @port: the device
 * @device: its thread
 * @poller: the worker
 * @thread: its thread
 * @cpu_clock: that one's processor time
 * @runs: it has been started
 *
 * The worker's, read by others:
 *
 * @packets: packets taken
 * @wrong: packets that were not the next one
 * @early: packets that came before they were due
 * @seq: the next one's number
 * @last_ticks: when the last burst was taken
 * @fell_ticks: it is about to sleep, or sleeps: since when; 0: no
 * @gap_sleeps: sleeps with a gap of the device's thread in what led to them
 * @sleeps: all of them, when the callback looked last
 * @late: packets that came late by such a gap, whose latency is not kept
 * @periods: pauses in the load that have ended
 * @period_packets: packets taken before the last of those ends
 * @samples_n: latencies kept so far
 * @samples: the last of them, ticks
 */
struct rig {
	struct rig_opts opts;
	struct threaded_port *port;
	struct threaded_thread *device;
	struct fn_poller *poller;
	pthread_t thread;
	clockid_t cpu_clock;
	bool runs;

	uint64_t packets __attribute__((aligned(64)));
	uint64_t wrong;
	uint64_t early;
	uint64_t seq;
	uint64_t last_ticks;
	uint64_t fell_ticks;
	uint64_t gap_sleeps;
	uint64_t sleeps;
	uint64_t late;
	uint64_t periods;
	uint64_t period_packets;
	uint64_t samples_n;
	uint32_t samples[RIG_SAMPLES];
};

/* NULL: it cannot be made, and why has been said. */
struct rig *rig_open(const struct rig_opts *opts);

/* Whether nothing was lost, by the packets, the device and the worker; else that has been said. */
bool rig_close(struct rig *rig);

/**
 * struct block - a time in which a worker was measured
 * @seconds: how long it was
 * @packets: packets taken
 * @rate: packets a second
 * @p50_ns: latency, median; of packets that no gap of the device made late
 * @p90_ns: and that
 * @p99_ns: and that
 * @samples: latencies
 * @cpu: processor time of the worker, a second
 * @periods: pauses in the load that ended
 * @a_period: packets between two pauses
 * @interrupts: messages of the device
 * @gap_sleeps: sleeps with a gap of the device's thread in what led to them
 * @late: packets that such a gap made late
 * @skipped: packets that did not come for it
 * @away: part of the time that the device's thread was off its core
 * @off_cpu: part of the time that the worker was ready to run, and did not
 * @stats: what the worker counted meanwhile; @sz is 0
 */
struct block {
	double seconds;
	uint64_t packets;
	double rate;
	double p50_ns;
	double p90_ns;
	double p99_ns;
	unsigned samples;
	double cpu;
	uint64_t periods;
	double a_period;
	uint64_t interrupts;
	uint64_t gap_sleeps;
	uint64_t late;
	uint64_t skipped;
	double away;
	double off_cpu;
	struct fn_poller_stats stats;
};

void rig_mode(struct rig *rig, enum fn_poller_mode mode, enum fn_poller_policy policy);
void rig_measure(struct rig *rig, uint64_t ns, struct block *block);

/* adaptive_row.c */

/* What @figure may be. */
enum side {
	AT_MOST,
	AT_LEAST,
};

/**
 * struct row - a line of the table
 * @measure: what is measured
 * @policy: under which; NULL: whichever
 * @place: where
 * @judged: it decides; else it is shown
 * @side: how @goal is meant
 * @goal: the goal, in the figure's unit
 * @unit: of both; empty: none
 * @figure: what was found
 * @control: the same of pure polling beside pure polling, whose interval tells what can be told
 *	apart here; @n 0: there is none
 * @margin: the control's interval has to be narrower than this
 * @loaded: why nothing is judged; empty: the machine was fit
 */
struct row {
	const char *measure;
	const char *policy;
	const char *place;
	bool judged;
	enum side side;
	double goal;
	const char *unit;
	struct interval figure;
	struct interval control;
	double margin;
	const char *loaded;
};

void row_print(const struct row *row);

/* A row of counts: exact, and judged on any machine. Returns whether the goal is met. */
bool row_count(const char *measure, const char *policy, double figure, const char *of, double goal,
	       bool judged);

/* The rows. */

/**
 * struct session - a run of the program
 * @machine: where
 * @quick: few blocks: counts only
 * @packets: of all rigs, since the start
 * @sleeps: and that
 * @wakes: by interrupts
 * @spurious: of them those that found nothing
 * @lost: wake-ups
 * @bad: something was lost, or wrong
 */
struct session {
	struct machine machine;
	bool quick;
	uint64_t packets;
	uint64_t sleeps;
	uint64_t wakes;
	uint64_t spurious;
	uint64_t lost;
	bool bad;
};

struct policy {
	const char *name;
	enum fn_poller_policy policy;
};

#define POLICIES 3u

/* Balanced first. */
extern const struct policy policies[POLICIES];

/* Close a rig, and add what its worker did to the session's sums. */
void session_close(struct session *session, struct rig *rig);

/**
 * struct quads - blocks in quads: A B B A, and A A A A as a control, by turns
 * @n: quads of each kind
 * @ab: A is pure polling
 * @aa: the control's
 */
struct quads {
	unsigned n;
	struct block (*ab)[4];
	struct block (*aa)[4];
};

/**
 * struct quads_plan - how they are measured
 * @policy: of B, which is adaptive
 * @quads: how many
 * @block_ns: a block
 * @settle_ns: behind a change of the mode, before a block
 */
struct quads_plan {
	enum fn_poller_policy policy;
	unsigned quads;
	uint64_t block_ns;
	uint64_t settle_ns;
};

/* False: no memory. To be freed with quads_free(). */
bool quads_measure(struct rig *rig, const struct quads_plan *plan, struct quads *quads);
void quads_free(struct quads *quads);

/* B's blocks beside A's: of a value of each block, their ratio or their difference. */
typedef double block_value(const struct block *block);
void quads_ratio(const struct quads *quads, block_value *value, struct interval *figure,
		 struct interval *control);
void quads_difference(const struct quads *quads, block_value *value, struct interval *figure,
		      struct interval *control);

/* The blocks of A or B alone: a value of each; and the sum of a count over those of B. */
struct interval quads_a(const struct quads *quads, block_value *value);
struct interval quads_b(const struct quads *quads, block_value *value);
double quads_b_sum(const struct quads *quads, block_value *value);

/*
 * Why blocks judge nothing: into @text, or it is made empty. @off_cpu and @away are means of
 * theirs.
 */
void blocks_loaded(const struct session *session, double off_cpu, double away, char *text,
		   size_t len);
void quads_loaded(const struct session *session, const struct quads *quads, char *text, size_t len);

void rows_idle(struct session *session);
void rows_saturation(struct session *session);
void rows_rates(struct session *session);
void rows_burst(struct session *session);
void rows_onoff(struct session *session);
void rows_need(struct session *session);
void rows_sweep(struct session *session);

#endif
