// SPDX-License-Identifier: BSD-3-Clause
/* A poller's beginning and end, and what it is asked for: its descriptor, its ring, its mode. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/opts.h"
#include "dev/attach.h"
#include "poll/poller.h"

#define DEFAULT_BURST 32u
#define MAX_BURST 512u
#define DEFAULT_BUDGET 64u
#define MAX_BUDGET 65536u
#define DEFAULT_SAFETY_NS 1000000000u
#define DEFAULT_LOST_NS 1000000u
#define DEFAULT_RING 64u
#define MAX_RING 4096u
/* What any time in the options may be: an hour. */
#define MAX_NS 3600000000000u

static int check_mode(enum fn_poller_mode mode, enum fn_poller_policy policy)
{
	if (mode != FN_POLLER_ADAPTIVE && mode != FN_POLLER_POLL && mode != FN_POLLER_INTERRUPT)
		return fn_fail(-EINVAL, "poller mode %d: use FN_POLLER_ADAPTIVE or its sisters",
			       (int)mode);
	if (policy != FN_POLLER_BALANCED && policy != FN_POLLER_LATENCY &&
	    policy != FN_POLLER_POWER)
		return fn_fail(-EINVAL, "poller policy %d: use FN_POLLER_BALANCED or its sisters",
			       (int)policy);
	return 0;
}

static int check_sizes(const struct fn_poller_opts *o)
{
	if (o->burst > MAX_BURST)
		return fn_fail(-EINVAL, "burst %u: use 1 to %u", o->burst, MAX_BURST);
	if (o->budget < o->burst || o->budget > MAX_BUDGET)
		return fn_fail(-EINVAL, "budget %u: use %u (a burst) to %u", o->budget, o->burst,
			       MAX_BUDGET);
	if (o->ring_entries > MAX_RING)
		return fn_fail(-EINVAL, "ring_entries %u: use 1 to %u", o->ring_entries, MAX_RING);
	if (o->safety_ns > MAX_NS || o->lost_ns > MAX_NS || o->wake_latency_ns > MAX_NS ||
	    o->wake_cpu_ns > MAX_NS)
		return fn_fail(-EINVAL, "a time of more than an hour: times are in nanoseconds");
	return 0;
}

static int opts_complete(struct fn_poller_opts *o)
{
	int ret = check_mode(o->mode, o->policy);

	if (!o->burst)
		o->burst = DEFAULT_BURST;
	if (!o->budget)
		o->budget = o->burst > DEFAULT_BUDGET ? o->burst : DEFAULT_BUDGET;
	if (!o->safety_ns)
		o->safety_ns = DEFAULT_SAFETY_NS;
	if (!o->lost_ns)
		o->lost_ns = DEFAULT_LOST_NS;
	if (!o->ring_entries)
		o->ring_entries = DEFAULT_RING;
	if (!ret)
		ret = check_sizes(o);
	if (!ret && o->wait != FN_POLLER_WAIT_AUTO && o->wait != FN_POLLER_WAIT_EPOLL &&
	    o->wait != FN_POLLER_WAIT_URING)
		ret = fn_fail(-EINVAL, "poller wait %d: use FN_POLLER_WAIT_AUTO or its sisters",
			      (int)o->wait);
	if (!ret && o->cqe && o->wait != FN_POLLER_WAIT_URING)
		ret = fn_fail(-EINVAL, "fn_poller_opts.cqe is for FN_POLLER_WAIT_URING");
	return ret;
}

static int watch(struct fn_poller *p, struct fn_wait_mark *mark, enum fn_wait_kind kind, int fd)
{
	*mark = (struct fn_wait_mark){ .kind = kind, .fd = fd, .events = POLLIN };
	if (fd < 0)
		return fn_fail(-errno, "no file descriptor for %s: %s; raise the limit (ulimit -n)",
			       p->name, fn_strerror(errno));
	return p->wait_ops->add(p->wait, mark);
}

/* What the worker waits for beside its queues. */
static int own_marks(struct fn_poller *p)
{
	int ret = watch(p, &p->wake, FN_WAIT_WAKE, eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));

	if (!ret)
		ret = watch(p, &p->timer, FN_WAIT_TIMER,
			    timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
	if (!ret && !p->opts.own_events)
		ret = watch(p, &p->events, FN_WAIT_EVENTS, fn_ctx_event_fd(p->ctx));
	return ret;
}

/* Within a wait, which does not block behind it: a sleep is over, and this is work. */
static void take_cqe(void *arg, struct io_uring_cqe *cqe)
{
	struct fn_poller *p = arg;

	fn_poll_rise(p);
	p->opts.cqe(p->opts.cqe_arg, cqe);
}

static int wait_create(struct fn_poller *p)
{
	const struct fn_wait_conf conf = {
		.ring_entries = p->opts.ring_entries,
		.cqe = p->opts.cqe ? take_cqe : NULL,
		.cqe_arg = p,
	};

	p->wait_ops = p->opts.wait == FN_POLLER_WAIT_URING ? &fn_wait_uring : &fn_wait_epoll;
	return p->wait_ops->create(&conf, &p->wait);
}

static int measure(struct fn_poller *p)
{
	int ret = fn_cost_measure(&p->cost);

	if (ret)
		return ret;
	if (p->opts.wake_latency_ns)
		p->cost.latency_ns = p->opts.wake_latency_ns;
	if (p->opts.wake_cpu_ns)
		p->cost.cpu_ns = p->opts.wake_cpu_ns;
	return 0;
}

/* A sleep that lasted until now, for the call that brings the new mode, is not judged by it. */
static void adapt_begin(struct fn_poller *p)
{
	p->woke = false;
	fn_adapt_init(&p->adapt, p->opts.mode, p->opts.policy,
		      p->cost.latency_ns * p->cost.ticks_per_ms / 1000000u);
	__atomic_store_n(&p->counts.window_ticks, p->adapt.window, __ATOMIC_RELAXED);
}

static void fd_close(int fd)
{
	if (fd >= 0)
		(void)close(fd);
}

static void poller_free(struct fn_poller *p)
{
	if (p->wait)
		p->wait_ops->destroy(p->wait);
	fd_close(p->wake.fd);
	fd_close(p->timer.fd);
	free(p->rx.at);
	free(p->tx.at);
	free(p->sources.at);
	free(p->watches.at);
	free(p->pkts);
	free(p);
}

static void list_enter(struct fn_poller *p)
{
	(void)pthread_mutex_lock(&p->ctx->poll_lock);
	fn_list_add_tail(&p->ctx->pollers, &p->node);
	p->ctx->attach = &fn_poll_attach;
	(void)pthread_mutex_unlock(&p->ctx->poll_lock);
}

static int poller_create(struct fn_ctx *ctx, struct fn_poller_opts *o, struct fn_poller **out)
{
	struct fn_poller *p;
	int ret = opts_complete(o);

	if (ret)
		return ret;
	p = aligned_alloc(FN_CACHE_LINE, fn_align_up(sizeof(*p), FN_CACHE_LINE));
	if (!p)
		return fn_fail(-ENOMEM, "out of memory for a poller");
	*p = (struct fn_poller){
		.ctx = ctx,
		.opts = *o,
		.burst = o->burst,
		.budget = o->budget,
		.wake.fd = -1,
		.timer.fd = -1,
	};
	fn_list_init(&p->vectors);
	fn_list_init(&p->timers);
	fn_list_init(&p->calls);
	(void)snprintf(p->name, sizeof(p->name), "%s", o->name ? o->name : "poller");
	/* These belong to this call alone. */
	p->opts.err = NULL;
	p->opts.name = NULL;
	p->pkts = calloc(o->burst, sizeof(struct fn_pkt *));
	ret = p->pkts ? wait_create(p) : fn_fail(-ENOMEM, "out of memory for a poller");
	if (!ret)
		ret = own_marks(p);
	if (!ret)
		ret = measure(p);
	if (ret) {
		poller_free(p);
		return ret;
	}
	adapt_begin(p);
	list_enter(p);
	fn_log(ctx, FN_LOG_INFO,
	       "%s: waits by %s, a wake takes %" PRIu64 " ns and costs %" PRIu64 " ns", p->name,
	       p->wait_ops->kind == FN_POLLER_WAIT_URING ? "io_uring" : "epoll", p->cost.latency_ns,
	       p->cost.cpu_ns);
	*out = p;
	return 0;
}

int fn_poller_create(struct fn_ctx *ctx, const struct fn_poller_opts *opts,
		     struct fn_poller **poller)
{
	struct fn_poller_opts o;

	if (!fn_opts_get(&o, sizeof(o), opts))
		return fn_report(ctx, fn_opts_err(opts), fn_opts_fail("fn_poller_opts"));
	return fn_report(ctx, o.err, poller_create(ctx, &o, poller));
}

/* It runs, and not only for a moment and for somebody else. &fn_ctx.poll_lock is held. */
static bool is_running(const struct fn_poller *p)
{
	return p->runs && (!p->stands_in || pthread_equal(p->thread, pthread_self()));
}

/*
 * Out of the context's list, unless it runs: from here on nobody finds it. Who looks at one that
 * runs waits for its worker, which may be the caller: that is not waited for.
 */
static bool list_leave(struct fn_poller *p)
{
	struct fn_ctx *ctx = p->ctx;
	bool idle;

	(void)pthread_mutex_lock(&ctx->poll_lock);
	while (!is_running(p) && (p->pins || p->runs))
		if (!fn_poll_serve_own(ctx))
			(void)pthread_cond_wait(&ctx->poll_cond, &ctx->poll_lock);
	idle = !p->runs;
	if (idle)
		fn_list_del(&p->node);
	(void)pthread_mutex_unlock(&ctx->poll_lock);
	return idle;
}

/* Nobody but this thread reaches it any more: it takes the worker's place for what is left. */
static void empty(struct fn_poller *p)
{
	while (p->rx.n)
		fn_poller_del_rxq(p->rx.at[0]);
	while (p->tx.n)
		(void)fn_poller_del_txq(p->tx.at[0]);
	while (p->sources.n)
		fn_poller_del_source(p->sources.at[0]);
	while (p->watches.n)
		fn_poller_del_watch(p->watches.at[0]);
	while (!fn_list_empty(&p->timers))
		fn_poller_del_timer(fn_container_of(p->timers.next, struct fn_poller_timer, node));
}

int fn_poller_destroy(struct fn_poller *p)
{
	struct fn_ctx *ctx;

	if (!p)
		return 0;
	ctx = p->ctx;
	if (!list_leave(p))
		return fn_report(ctx, NULL,
				 fn_fail(-EBUSY,
					 "%s still runs: fn_poller_stop() it first, and destroy it "
					 "outside of its callbacks and calls",
					 p->name));
	empty(p);
	poller_free(p);
	return 0;
}

int fn_poller_fd(const struct fn_poller *p)
{
	return p->wait_ops->fd(p->wait);
}

struct io_uring *fn_poller_ring(struct fn_poller *p)
{
	return p->wait_ops->ring(p->wait);
}

/* For a worker: another mode. */
struct mode_call {
	struct fn_poller *poller;
	enum fn_poller_mode mode;
	enum fn_poller_policy policy;
};

static void set_mode_on_worker(void *arg)
{
	const struct mode_call *call = arg;
	struct fn_poller *p = call->poller;

	__atomic_store_n(&p->opts.mode, call->mode, __ATOMIC_RELAXED);
	__atomic_store_n(&p->opts.policy, call->policy, __ATOMIC_RELAXED);
	adapt_begin(p);
	fn_poll_moderate_mode(p);
}

int fn_poller_set_mode(struct fn_poller *p, enum fn_poller_mode mode, enum fn_poller_policy policy)
{
	struct mode_call call = { p, mode, policy };
	int ret = check_mode(mode, policy);

	if (!ret)
		fn_poller_call(p, set_mode_on_worker, &call);
	return fn_report(p->ctx, NULL, ret);
}
