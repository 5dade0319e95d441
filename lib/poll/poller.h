/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of lib/poll share: a poller's state, by who touches it.
 *
 * run.c is the loop, sleep.c the one place that knows the order of going to sleep, mailbox.c how
 * other threads reach a worker, queues.c and things.c what a worker looks after.
 */
#ifndef FN_POLL_POLLER_H
#define FN_POLL_POLLER_H

#include <pthread.h>

#include <fastnic/poller.h>

#include "base/ctx.h"
#include "base/error.h"
#include "base/list.h"
#include "dev/driver.h"
#include "poll/adapt.h"
#include "poll/cost.h"
#include "poll/dim.h"
#include "poll/wait.h"

struct fn_poller;

/**
 * struct fn_poll_vector - an interrupt vector of a device with queues in a poller
 * @mark: its eventfd in the back end; first
 * @users: queues that are attached by it
 * @fired: noticed and not looked at yet, for the statistics
 * @dim: moderation of it
 * @packets: received by its queues since its last interrupt
 */
struct fn_poll_vector {
	struct fn_wait_mark mark;
	struct fn_list node;
	unsigned users;
	bool fired;
	struct fn_dim dim;
	uint64_t packets;
};

/**
 * struct fn_poll_item - a queue in a poller
 * @poller: the poller
 * @queue: the queue as lib/dev knows it; its @attached points back here
 * @off: control calls for which it was let go of; its ring is not touched while there are any
 * @dead: taken out: freed when the round is over
 * @armed: an interrupt was asked for at the last arming
 * @vector: its vector while it is attached; NULL: none, or none yet
 */
struct fn_poll_item {
	struct fn_poller *poller;
	struct fn_queue *queue;
	unsigned off;
	bool dead;
	bool armed;
	struct fn_poll_vector *vector;
};

struct fn_poller_rx {
	struct fn_poll_item item;
	struct fn_rxq *q;
	fn_poller_rx_fn *fn;
	void *arg;
	struct fn_poller_tx *feeds;
};

/**
 * struct fn_poller_tx - a transmit queue in a poller
 * @item: the queue
 * @q: the queue
 * @batch: packets that are handed over together; 1: each call's at once
 * @room: packets that may wait
 * @first: the first of those that wait
 * @n: how many wait
 * @is_full: they wait for room in the ring, and not for the end of the round
 * @dropped: &fn_poller_tx_dropped(); atomic
 * @pkts: room for twice @room, so that they move seldom
 */
struct fn_poller_tx {
	struct fn_poll_item item;
	struct fn_txq *q;
	uint32_t batch;
	uint32_t room;
	uint32_t first;
	uint32_t n;
	bool is_full;
	uint64_t dropped;
	struct fn_pkt **pkts;
};

struct fn_poller_source {
	struct fn_poller *poller;
	bool dead;
	unsigned (*run)(void *arg);
	bool (*pending)(void *arg);
	void *arg;
};

struct fn_poller_timer {
	struct fn_poller *poller;
	struct fn_list node;
	bool is_set;
	bool dead;
	uint64_t due_ns; /* CLOCK_MONOTONIC */
	uint64_t period_ns;
	void (*fn)(void *arg);
	void *arg;
};

struct fn_poller_watch {
	struct fn_wait_mark mark; /* first */
	struct fn_poller *poller;
	bool dead;
	void (*fn)(void *arg, short events);
	void *arg;
};

/* A list of pointers that grows, and is compacted between two rounds. */
struct fn_poll_list {
	void **at;
	unsigned n;
	unsigned room;
};

/* Counters of one writer, the worker; any thread reads them: fn_poll_count(). */
struct fn_poll_counts {
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
	uint64_t elapsed_ticks;
	uint64_t busy_ticks;
	uint64_t spin_ticks;
	uint64_t asleep_ticks;
	uint64_t window_ticks;
};

/* What a look at the back end, or the end of a wait, found. */
struct fn_poll_found {
	bool vectors;
	bool wake;
	bool other; /* events, watches, completions */
};

/**
 * struct fn_poller - a worker
 *
 * The worker's own, which other threads reach by fn_poller_call() only:
 * @rx, @tx, @sources, @watches: what it looks after: struct fn_poller_rx and so on
 * @vectors: of the attached queues
 * @timers: sorted by time
 * @adapt: when it sleeps
 * @burst, @budget: as in &struct fn_poller_opts
 * @in_round: lists are being walked: what is taken out is freed later
 * @has_dead: there is something to free
 * @tx_wait: transmit queues with packets that wait
 * @unarmable: queues that keep it from sleeping
 * @stale: an event may be left in the back end that nobody waits for any more
 * @is_armed: fn_poller_run_once() returned with everything armed
 * @mark_ticks: up to where time is accounted
 * @full: the last rounds were full and not accounted yet
 * @look_ticks: when it looked at timers and descriptors last
 * @pkts: what a burst fills
 * @counts: what it did
 *
 * Any thread:
 * @mail: there is something in the mailbox, or it is to stop or pause: looked at each round; atomic
 * @sleeping: whoever has work for the worker has to write to @wake; atomic
 * @quit: fn_poller_stop(); atomic
 *
 * Guarded by &fn_ctx.poll_lock, signalled by &fn_ctx.poll_cond:
 * @node: in &fn_ctx.pollers
 * @calls: functions to run, struct fn_poll_call
 * @pauses: of fn_poller_pause()
 * @runs: a thread is the worker, or stands in for it, @thread
 * @stands_in: that thread only runs a function of the mailbox
 * @parked: it is outside of its loop, in fn_poller_pause() of another one, or kept by one
 */
struct fn_poller {
	struct fn_poll_list rx;
	struct fn_poll_list tx;
	struct fn_poll_list sources;
	struct fn_poll_list watches;
	struct fn_list vectors;
	struct fn_list timers;
	struct fn_adapt adapt;
	uint32_t burst;
	uint32_t budget;
	bool in_round;
	bool has_dead;
	unsigned tx_wait;
	unsigned unarmable;
	bool stale;
	bool is_armed;
	uint64_t mark_ticks;
	bool full;
	uint64_t look_ticks;
	struct fn_pkt **pkts;
	struct fn_poll_counts counts;

	uint32_t mail __attribute__((aligned(FN_CACHE_LINE)));
	uint32_t sleeping;
	uint32_t quit;

	struct fn_ctx *ctx __attribute__((aligned(FN_CACHE_LINE)));
	struct fn_poller_opts opts;
	char name[32];
	const struct fn_wait_ops *wait_ops;
	struct fn_wait *wait;
	struct fn_wait_mark wake;
	struct fn_wait_mark timer;
	struct fn_wait_mark events;
	struct fn_cost cost;
	uint64_t birth_ticks;
	uint64_t birth_ns;
	int tid;

	struct fn_list node;
	struct fn_list calls;
	unsigned pauses;
	bool runs;
	bool stands_in;
	bool parked;
	pthread_t thread;
};

static inline void fn_poll_count(uint64_t *counter, uint64_t by)
{
	__atomic_store_n(counter, __atomic_load_n(counter, __ATOMIC_RELAXED) + by,
			 __ATOMIC_RELAXED);
}

#endif
