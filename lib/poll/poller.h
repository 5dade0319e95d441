/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of lib/poll share: a poller's state, by who touches it.
 *
 * run.c is the loop, sleep.c the one place that knows the order of going to sleep, adapt.c when to,
 * cost.c what a wake takes, need.c how much of its busy time a worker needs, stats.c how others
 * read its counts, mailbox.c how other threads reach it, attach.c how devices do. queues.c,
 * source.c, timer.c and watch.c are what it looks after, in the lists of list.c; wait.c,
 * wait_epoll.c, wait_uring.c and wait_ring.c what it waits by; place.c and irqs.c on which
 * processor, moderate.c and dim.c how often it is interrupted. poller.c makes it and takes it
 * apart.
 */
#ifndef FN_POLL_POLLER_H
#define FN_POLL_POLLER_H

#include <pthread.h>
#include <sched.h>

#include <fastnic/poller.h>

#include "base/count.h"
#include "base/ctx.h"
#include "base/error.h"
#include "base/list.h"
#include "dev/driver.h"
#include "poll/adapt.h"
#include "poll/cost.h"
#include "poll/dim.h"
#include "poll/need.h"
#include "poll/wait.h"

struct fn_poller;

/**
 * struct fn_poll_vector - an interrupt vector of a device with queues in a poller
 * @mark: its eventfd in the back end; first
 * @node: in &fn_poller.vectors
 * @users: queues that are on by it
 * @moderated: its interrupts are held back for as long as @dim says
 * @packets: received by its queues since its last interrupt, while it is moderated
 * @dim: see moderate.c
 */
struct fn_poll_vector {
	struct fn_wait_mark mark;
	struct fn_list node;
	unsigned users;
	bool moderated;
	uint64_t packets;
	struct fn_dim dim;
};

/**
 * struct fn_poll_item - a queue in a poller
 * @poller: the poller
 * @queue: the queue as lib/dev knows it; its @attached points back here
 * @vector: its vector while it is on; NULL: it has none, or it cannot be waited for
 * @on: its ring may be touched: no control call has asked the worker to let go of its device
 * @dead: taken out: freed when the round is over
 * @armed: an interrupt was asked for when the worker went to sleep last
 */
struct fn_poll_item {
	struct fn_poller *poller;
	struct fn_queue *queue;
	struct fn_poll_vector *vector;
	bool on;
	bool dead;
	bool armed;
};

struct fn_poller_rx {
	struct fn_poll_item item;
	struct fn_rxq *q;
	fn_poller_rx_fn *fn;
	void *arg;
	struct fn_poller_tx *feeds;
	uint64_t budget_hits; /* of this queue; fn_count() */
};

/**
 * struct fn_poller_tx - a transmit queue in a poller
 * @item: the queue
 * @q: the queue
 * @batch: packets that are handed over together; 1: each call's at once
 * @room: packets that may wait
 * @first: the first of those that wait
 * @n: how many wait; other threads read it
 * @is_full: they wait for room in the ring, and not for the end of the round
 * @drops: they are being dropped: nothing comes in meanwhile
 * @n_max: most that have waited; fn_count() and its sisters, as what follows
 * @full_times: how often @is_full became true
 * @dropped: fn_poller_tx_dropped()
 * @pkts: @room of them
 */
struct fn_poller_tx {
	struct fn_poll_item item;
	struct fn_txq *q;
	uint32_t batch;
	uint32_t room;
	uint32_t first;
	uint32_t n;
	bool is_full;
	bool drops;
	uint64_t n_max;
	uint64_t full_times;
	uint64_t dropped;
	struct fn_pkt *pkts[];
};

struct fn_poller_source {
	struct fn_poller *poller;
	unsigned (*run)(void *arg);
	bool (*pending)(void *arg);
	void *arg;
	bool dead;
};

/* Always in &fn_poller.timers. @due_ns is of CLOCK_MONOTONIC; @runs: its callback does. */
struct fn_poller_timer {
	struct fn_poller *poller;
	struct fn_list node;
	uint64_t due_ns;
	uint64_t period_ns;
	void (*fn)(void *arg);
	void *arg;
	bool runs;
	bool dead;
};

struct fn_poller_watch {
	struct fn_wait_mark mark; /* first */
	struct fn_poller *poller;
	void (*fn)(void *arg, short events);
	void *arg;
	bool dead;
};

/* Pointers to what a worker looks after, in the order in which it was added. */
struct fn_poll_list {
	void **at;
	unsigned n;
	unsigned room;
};

/* Counters of one writer, the worker; any thread reads them: fn_count(). */
struct fn_poll_counts {
	uint64_t rounds;
	uint64_t empty_rounds;
	uint64_t packets;
	uint64_t packet_rounds; /* that had some */
	uint64_t full_rounds;   /* in which a queue used up its budget */
	uint64_t source_rounds; /* times that a source did something */
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
	uint64_t busy_ticks;
	uint64_t spin_ticks;
	uint64_t asleep_ticks;
	uint64_t need_ticks;
	uint64_t window_ticks;
	uint64_t asleep_since; /* fn_ticks() when the sleep that lasts began, or FN_POLL_AWAKE */
};

/* Of &fn_poll_counts.asleep_since; the latter while the times change that a sleep is added to. */
#define FN_POLL_AWAKE 0u
#define FN_POLL_WAKING 1u

/**
 * struct fn_poll_off_cpu - time that workers were ready to run, and others had the processor
 * @tid: the thread that is the worker, or was it last; 0: none, or it has been accounted for
 * @from_ns: what that one had waited when it became the worker
 * @to_ns: and when that was looked at last
 * @before_ns: of workers before it
 */
struct fn_poll_off_cpu {
	int tid;
	uint64_t from_ns;
	uint64_t to_ns;
	uint64_t before_ns;
};

/**
 * struct fn_poll_found - what looks at the back end found, until fn_poll_dispatch()
 * @vectors: interrupts of queues
 * @wake: somebody wrote to the poller's eventfd
 * @others: something of the following
 * @events: events of the context
 * @cqes: completions of the application, which has them by now
 * @watches: descriptors of the application that are ready, of the last look
 * @watches_n: how many
 */
struct fn_poll_found {
	unsigned vectors;
	bool wake;
	bool others;
	bool events;
	unsigned cqes;
	unsigned watches_n;
	struct fn_poller_watch *watches[FN_WAIT_READY];
};

/**
 * struct fn_poller - a worker
 *
 * The worker's own, which other threads reach by fn_poller_call() only:
 * @rx: struct fn_poller_rx
 * @tx: struct fn_poller_tx
 * @pkts: what a burst fills
 * @burst: as in &struct fn_poller_opts
 * @budget: as in &struct fn_poller_opts
 * @tx_wait: transmit queues with packets that wait
 * @full: full rounds since time was accounted last: their time is work
 * @adapt: when it sleeps
 * @mark_ticks: up to when time is accounted
 * @look_ticks: when it looked at timers and descriptors last
 * @other_ticks: of its busy time what was not spent in rounds: timers, descriptors, completions
 * @need: how much of the rest was needed
 * @sources: struct fn_poller_source
 * @watches: struct fn_poller_watch
 * @vectors: struct fn_poll_vector, of the queues that are on
 * @timers: struct fn_poller_timer, by their time
 * @has_dead: there is something to free when the round is over
 * @rounding: lists are being walked: nothing is freed
 * @no_sleep: a queue cannot interrupt: it polls, until queues change or a millisecond is over
 * @stale: an event may be left in the back end that nobody waits for any more
 * @is_armed: fn_poller_run_once() returned with everything armed
 * @woke: it has slept, and the round behind that is not over yet
 * @woke_by_vector: by an interrupt, and by nothing else
 * @woke_ticks: when
 * @events_again: events of the context wait for a lock that another thread holds
 * @timer_due_ns: what the timerfd is set to; 0: not
 * @counts: what it did
 *
 * Any thread, atomic:
 * @mail: there is something in the mailbox, or it is to pause or stop: looked at each round
 * @sleeping: who has something for the worker has to write to @wake
 * @quit: fn_poller_stop()
 * @asleep_read: most ticks asleep that were read (stats.c)
 *
 * Fixed at creation: @ctx to @cost, but for the mode and policy of @opts, which the worker sets and
 * any thread reads (atomic). Guarded by &fn_ctx.poll_lock:
 * @node: in &fn_ctx.pollers
 * @calls: functions to run (mailbox.c)
 * @pauses: of fn_poller_pause()
 * @pins: threads that look at it, and do not want it destroyed
 * @runs: a thread, @thread, is the worker, or stands in for one
 * @irqs_warned: see irqs.c; atomic
 * @stands_in: that thread only runs functions of the mailbox
 * @parked: how many times over the worker is where it looks whether it is paused, before it goes on
 *	with its callbacks (mailbox.c)
 * @thread: see @runs
 * @off_cpu: see stats.c
 */
/* By who touches it, not by size. NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding) */
struct fn_poller {
	struct fn_poll_list rx;
	struct fn_poll_list tx;
	struct fn_pkt **pkts;
	uint32_t burst;
	uint32_t budget;
	unsigned tx_wait;
	unsigned full;
	struct fn_adapt adapt;
	uint64_t mark_ticks;
	uint64_t look_ticks;
	uint64_t other_ticks;
	struct fn_need need;
	struct fn_poll_list sources;
	struct fn_poll_list watches;
	struct fn_list vectors;
	struct fn_list timers;
	bool has_dead;
	bool rounding;
	bool no_sleep;
	bool stale;
	bool is_armed;
	bool woke;
	bool woke_by_vector;
	bool events_again;
	uint64_t woke_ticks;
	uint64_t timer_due_ns;
	struct fn_poll_counts counts;

	uint32_t mail __attribute__((aligned(FN_CACHE_LINE)));
	uint32_t sleeping;
	uint32_t quit;
	uint64_t asleep_read;

	struct fn_ctx *ctx __attribute__((aligned(FN_CACHE_LINE)));
	struct fn_poller_opts opts;
	char name[32];
	const struct fn_wait_ops *wait_ops;
	struct fn_wait *wait;
	struct fn_wait_mark wake;
	struct fn_wait_mark timer;
	struct fn_wait_mark events;
	struct fn_cost cost;

	struct fn_list node;
	struct fn_list calls;
	unsigned pauses;
	unsigned pins;
	unsigned parked;
	bool runs;
	bool stands_in;
	bool irqs_warned;
	pthread_t thread;
	struct fn_poll_off_cpu off_cpu;
};

static inline uint64_t fn_poll_now_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* list.c: 0, or -ENOMEM with a sentence. */
int fn_poll_list_add(struct fn_poll_list *list, void *thing);
void fn_poll_list_del(struct fn_poll_list *list, const void *thing);

/* mailbox.c: become the worker, or cease to be: 0, or -EBUSY with a sentence. */
int fn_poll_enter(struct fn_poller *p);
void fn_poll_leave(struct fn_poller *p);

/*
 * mailbox.c: whoever waits on &fn_ctx.poll_cond within a callback runs what others ask of it
 * meanwhile, or two workers might wait for each other for ever. &fn_ctx.poll_lock is held. Returns
 * whether there was something; all that was looked at before may be another by then.
 */
bool fn_poll_serve_own(struct fn_ctx *ctx);

/*
 * stats.c: the calling thread is the worker, and &fn_ctx.poll_lock is held; it will be no more, and
 * may end, and the lock is not held.
 */
void fn_poll_off_cpu_begin(struct fn_poller *p);
void fn_poll_off_cpu_end(struct fn_poller *p);

/* mailbox.c: a safe point: run what others asked for, and stay as long as it is paused. */
void fn_poll_serve(struct fn_poller *p);

/* mailbox.c: have the worker look at its mailbox. Any thread, also a signal handler. */
void fn_poll_mail(struct fn_poller *p);

/* run.c: time up to here was spent with timers, descriptors or completions; or with waiting. */
void fn_poll_account_other(struct fn_poller *p);
void fn_poll_account_wait(struct fn_poller *p);

/* run.c: one turn of a receive queue; how many packets it had. */
unsigned fn_poll_rx_turn(struct fn_poller *p, struct fn_poller_rx *rx);

/* queues.c: send what waits for a transmit queue; how much it was. */
unsigned fn_poll_tx_flush(struct fn_poller *p, struct fn_poller_tx *tx);

/* queues.c: a receive queue is not polled while what it feeds has no room. */
static inline bool fn_poll_rx_is_on(const struct fn_poller_rx *rx)
{
	const struct fn_poller_tx *tx = rx->feeds;

	return rx->item.on && !(tx && tx->n && (tx->is_full || !tx->item.on));
}

/* attach.c: how lib/dev reaches pollers; and a queue's beginning in one, on its worker. */
extern const struct fn_attach_ops fn_poll_attach;
int fn_poll_item_add(struct fn_poll_item *item, void *attached, struct fn_poll_list *list);
void fn_poll_item_del(struct fn_poll_item *item);

/*
 * moderate.c: a vector has a queue more; it has lost one, @queue; the mode is another one; an
 * interrupt came.
 */
void fn_poll_moderate_begin(struct fn_poller *p, struct fn_poll_vector *v);
void fn_poll_moderate_leave(struct fn_poller *p, struct fn_poll_vector *v, struct fn_queue *queue);
void fn_poll_moderate_mode(struct fn_poller *p);
void fn_poll_moderate_event(struct fn_poller *p, struct fn_poll_vector *v);

/* irqs.c: whatever has queues of a device in a pinned poller interrupts that one's processor. */
void fn_poll_irqs_aim(struct fn_dev *dev);

/* timer.c: run what is due; how long until the next one is, UINT64_MAX when there is none. */
unsigned fn_poll_timers_run(struct fn_poller *p, uint64_t now_ns);
uint64_t fn_poll_timers_left_ns(const struct fn_poller *p, uint64_t now_ns);

/* sleep.c: a look at the back end, @timeout_ns at most; what it found is added to @found. */
void fn_poll_wait(struct fn_poller *p, int64_t timeout_ns, struct fn_poll_found *found);

/* sleep.c: events, descriptors: what they are there for. Returns how much it was. */
unsigned fn_poll_dispatch(struct fn_poller *p, struct fn_poll_found *found);

/*
 * sleep.c: the only way to sleep, @limit_ns at most; UINT64_MAX: as long as there is nothing to do.
 * 0: arm everything and do not sleep. Returns whether it slept, or all is armed; false: there is
 * something to do, or was for timers, descriptors and events.
 */
bool fn_poll_sleep(struct fn_poller *p, uint64_t limit_ns);

/* sleep.c: give sent packets back to their pools, and send what a batch holds back. */
void fn_poll_settle(struct fn_poller *p);

/* sleep.c: a sleep begins at @fell. */
void fn_poll_fall(struct fn_poller *p, uint64_t fell);
/* It is over. */
void fn_poll_account_sleep(struct fn_poller *p, uint64_t fell);
/* The same of the one that began last; nothing when a completion has ended it already. */
void fn_poll_rise(struct fn_poller *p);

/*
 * sleep.c: fn_poll_sleep() of no time is over, if there was one. Returns how much there was to do.
 */
unsigned fn_poll_unarm(struct fn_poller *p);

/* place.c: the core or node that a worker runs on; where its thread was allowed to run before. */
struct fn_place {
	cpu_set_t set;
	bool is_set;
};

/* place.c: go there: 0, or -EINVAL with a sentence; and back again. */
int fn_place_go(struct fn_poller *p, struct fn_place *before);
void fn_place_back(const struct fn_place *before);

/* list.c: free what was taken out. Not within a round. */
void fn_poll_bury(struct fn_poller *p);

#endif
