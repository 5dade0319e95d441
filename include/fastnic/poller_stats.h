/* SPDX-License-Identifier: BSD-3-Clause */
/* Statistics of a poller: what its worker did, and how loaded it is. */
#ifndef FASTNIC_POLLER_STATS_H
#define FASTNIC_POLLER_STATS_H

#include <fastnic/poller_wait.h>

FN_BEGIN_DECLS

struct fn_poller;

/**
 * struct fn_poller_stats - what a worker did since its poller was made
 * @sz: set by the caller to sizeof(struct fn_poller_stats); the library writes no further
 * @mode: when it sleeps
 * @policy: how long it polls for nothing before
 * @wait: what it waits by: FN_POLLER_WAIT_EPOLL or FN_POLLER_WAIT_URING
 * @rounds: times that it went round its queues and sources
 * @empty_rounds: of @rounds, those that found nothing
 * @packets: packets received
 * @budget_hits: times that a queue used up its budget, and may have had packets left
 * @caught: times that work came while it polled for nothing
 * @arms: times that it asked for interrupts, to sleep
 * @second_looks: of @arms, those where it looked once more and found something, and did not sleep
 * @sleeps: times that it slept
 * @wakes_interrupt: of @sleeps, those that an interrupt of a queue ended
 * @wakes_control: that fn_poller_wake() or a control call ended
 * @wakes_event: that the context's events, a watched descriptor or a completion ended
 * @wakes_timer: that a timer of the application ended
 * @wakes_timeout: that a signal ended, or their longest time: &fn_poller_opts.safety_ns, the
 *	time-out of fn_poller_run_once(), or less while a pool is empty or events of the context
 *	wait for a control call
 * @spurious: of @wakes_interrupt, those that found nothing to do
 * @interrupts: interrupts of queues that were noticed; several at once count as one
 * @lost_wakeups: sleeps that lasted for &fn_poller_opts.safety_ns although there was a packet, and
 *	whose interrupt did not come even then (&fn_poller_opts.lost_ns)
 * @elapsed_ns: time within fn_poller_run() and fn_poller_run_once(), and @asleep_ns between calls
 *	of the latter
 * @busy_ns: of @elapsed_ns, rounds that did something, callbacks included; and timers, descriptors
 *	and completions that had work. An estimate: the clock is not read after each of them
 * @spin_ns: of @elapsed_ns, rounds that found nothing, what surrounds a sleep, and what others ask
 *	for: functions of fn_poller_call(), and pauses
 * @asleep_ns: of @elapsed_ns, time asleep; also from a fn_poller_run_once() with a time-out of 0
 *	that returned 0 until the next call, whatever the application does meanwhile
 * @need_ns: processor time that the work needs: @busy_ns, less what rounds cost because they were
 *	not full of packets; and @wake_cpu_ns for each of @sleeps, or the time that it lasted if
 *	that is less. An estimate; above the work's need as long as no rounds were full, and all of
 *	@busy_ns while sources work or half of the rounds use up a queue's budget: see "How loaded
 *	is a worker" in docs/adaptive.md
 * @off_cpu_ns: time that its thread, since it became its worker, and those before it were ready to
 *	run while others had the processor (schedstat). The times above include it. Once a thread
 *	has ended behind fn_poller_run_once(), and until there is another worker, the kernel may
 *	give its number to a new thread, whose waiting is counted then
 * @window_ns: how long FN_POLLER_ADAPTIVE polls for nothing at present before it sleeps; 0 in other
 *	modes
 * @wake_latency_ns: time from an interrupt until the worker runs
 * @wake_cpu_ns: processor time of a sleep and its wake
 * @need_ppm: share of a core that the work needs, in parts of a million: @need_ns of @elapsed_ns.
 *	An estimate, as @need_ns is
 *
 * The differences of two readings tell of the time between them.
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
 * Any thread; never waits for the worker. It reads a file of the kernel's (@off_cpu_ns), in four
 * system calls: for once a second, not for once a packet. The values are those of the last round
 * that looked at the clock, at most about a millisecond ago; of a worker that sleeps, the sleep so
 * far is in.
 */
FN_API void fn_poller_get_stats(struct fn_poller *poller, struct fn_poller_stats *stats);

FN_END_DECLS

#endif
