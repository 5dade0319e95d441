/* SPDX-License-Identifier: BSD-3-Clause */
/* Statistics of a poller: what its worker did, and how loaded it is. */
#ifndef FASTNIC_POLLER_STATS_H
#define FASTNIC_POLLER_STATS_H

#include <fastnic/poller_wait.h>

FN_BEGIN_DECLS

struct fn_poller;

/**
 * struct fn_poller_stats - what a worker did since it was made
 * @sz: set by the caller to sizeof(struct fn_poller_stats); the library writes no further
 * @mode: when it sleeps
 * @policy: how long it polls for nothing before
 * @wait: what it waits by, FN_POLLER_WAIT_EPOLL or FN_POLLER_WAIT_URING
 * @rounds: times round its queues and sources
 * @empty_rounds: those that found nothing
 * @packets: packets received
 * @budget_hits: times that a queue had packets left when its turn was over
 * @caught: times that packets ended a wait by polling
 * @arms: times that interrupts were asked for
 * @second_looks: those that found something at the look behind, and did not sleep
 * @sleeps: times asleep
 * @wakes_interrupt: sleeps that an interrupt of a queue ended
 * @wakes_control: that fn_poller_wake() or a control call ended
 * @wakes_event: that the context's events, a watched descriptor or a completion ended
 * @wakes_timer: that a timer of the application ended
 * @wakes_timeout: that &fn_poller_opts.safety_ns, or waiting for an empty pool, ended
 * @spurious: of @wakes_interrupt those that found nothing to do
 * @interrupts: interrupts of queues that were noticed; several at once count as one
 * @lost_wakeups: sleeps that lasted for &fn_poller_opts.safety_ns although there was a packet, and
 *	whose interrupt did not come even then
 * @elapsed_ns: time within fn_poller_run() and fn_poller_run_once(), and @asleep_ns between calls
 *	of the latter
 * @busy_ns: of it, rounds that did something, callbacks included; and timers, descriptors and
 *	completions that had work. An estimate: the clock is not read behind each of them
 * @spin_ns: of it, rounds that found nothing, and what surrounds a sleep
 * @asleep_ns: of it, asleep; also from a fn_poller_run_once() that returned 0 with everything armed
 *	until the next call, whatever the application does meanwhile
 * @need_ns: processor time that the work needs: @busy_ns, less what rounds cost because they were
 *	not full of packets, and for each of @sleeps @wake_cpu_ns, or the time that it lasted if
 *	that is less. An estimate; above the work's need as long as no rounds were full, and all of
 *	@busy_ns while sources work or a queue has more than its budget: see "What need says" in
 *	docs/adaptive.md
 * @off_cpu_ns: of its threads, since each began with it: ready to run while others had the
 *	processor (schedstat); in the times above, too
 * @window_ns: how long it polls for nothing at present
 * @wake_latency_ns: time from an interrupt until the worker runs
 * @wake_cpu_ns: processor time of a sleep and its wake
 * @need_ppm: share of a core that the work needs, in parts of a million: @need_ns of @elapsed_ns.
 *	An estimate as that
 *
 * Two of them, taken some time apart, tell of that time by their differences.
 */
struct fn_poller_stats {
	size_t sz;
	enum fn_poller_mode mode;
	enum fn_poller_policy policy;
	enum fn_poller_wait wait;
	uint64_t rounds;
	uint64_t empty_rounds;
	uint64_t packets;
	uint64_t budget_hits;
	uint64_t caught;
	uint64_t arms;
	uint64_t second_looks;
	uint64_t sleeps;
	uint64_t wakes_interrupt;
	uint64_t wakes_control;
	uint64_t wakes_event;
	uint64_t wakes_timer;
	uint64_t wakes_timeout;
	uint64_t spurious;
	uint64_t interrupts;
	uint64_t lost_wakeups;
	uint64_t elapsed_ns;
	uint64_t busy_ns;
	uint64_t spin_ns;
	uint64_t asleep_ns;
	uint64_t need_ns;
	uint64_t off_cpu_ns;
	uint64_t window_ns;
	uint64_t wake_latency_ns;
	uint64_t wake_cpu_ns;
	uint64_t need_ppm;
};

/**
 * fn_poller_get_stats - read what a worker did
 * @poller: the poller
 * @stats: filled; its @sz is set by the caller
 *
 * Any thread; never waits for the worker. The values are those of the last round that looked at the
 * clock, at most about a millisecond ago; of a worker that sleeps, the sleep so far is in.
 */
FN_API void fn_poller_get_stats(struct fn_poller *poller, struct fn_poller_stats *stats);

FN_END_DECLS

#endif
