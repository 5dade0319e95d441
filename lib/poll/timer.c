// SPDX-License-Identifier: BSD-3-Clause
/* Timers of a poller: a list, by their time. A worker has few. */
#include <errno.h>
#include <stdlib.h>

#include "base/opts.h"
#include "poll/poller.h"

/* One that has run, and has no period. */
#define NEVER UINT64_MAX

static struct fn_poller_timer *first(const struct fn_poller *p)
{
	if (fn_list_empty(&p->timers))
		return NULL;
	/* bury() takes out what it frees. NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
	return fn_container_of(p->timers.next, struct fn_poller_timer, node);
}

/* A time after another one; what is further away than the clock's numbers never comes. */
static uint64_t after(uint64_t ns, uint64_t by_ns)
{
	return by_ns < NEVER - ns ? ns + by_ns : NEVER;
}

/* In front of the first that is later. */
static void set(struct fn_poller_timer *timer, uint64_t due_ns)
{
	struct fn_poller *p = timer->poller;
	struct fn_list *pos;

	timer->due_ns = due_ns;
	fn_list_for_each(pos, &p->timers)
		if (fn_container_of(pos, struct fn_poller_timer, node)->due_ns > due_ns)
			break;
	fn_list_add_tail(pos, &timer->node);
}

static void bury(struct fn_poller_timer *timer)
{
	fn_list_del(&timer->node);
	free(timer);
}

/* What is late is not made up for: the next time is a period from now at the earliest. */
static void run_one(struct fn_poller_timer *timer, uint64_t now_ns)
{
	const uint64_t next_ns = after(timer->due_ns, timer->period_ns);

	fn_list_del(&timer->node);
	if (timer->period_ns)
		set(timer, next_ns > now_ns ? next_ns : after(now_ns, timer->period_ns));
	else
		set(timer, NEVER);
	timer->runs = true;
	timer->fn(timer->arg);
	timer->runs = false;
	if (timer->dead)
		bury(timer);
}

unsigned fn_poll_timers_run(struct fn_poller *p, uint64_t now_ns)
{
	struct fn_poller_timer *timer;
	unsigned ran = 0;

	while ((timer = first(p)) && timer->due_ns <= now_ns) {
		run_one(timer, now_ns);
		ran++;
	}
	return ran;
}

uint64_t fn_poll_timers_left_ns(const struct fn_poller *p, uint64_t now_ns)
{
	const struct fn_poller_timer *timer = first(p);

	if (!timer || timer->due_ns == NEVER)
		return NEVER;
	return timer->due_ns > now_ns ? timer->due_ns - now_ns : 0;
}

static void add_on_worker(void *arg)
{
	struct fn_poller_timer *timer = arg;

	set(timer, timer->due_ns);
}

static void del_on_worker(void *arg)
{
	struct fn_poller_timer *timer = arg;

	timer->dead = true;
	/* From its own callback: who runs it does so. */
	if (!timer->runs)
		bury(timer);
}

static int timer_add(struct fn_poller *p, const struct fn_poller_timer_opts *o,
		     struct fn_poller_timer **out)
{
	struct fn_poller_timer *timer;

	if (!o->fn)
		return fn_fail(-EINVAL, "fn_poller_timer_opts.fn is missing");
	timer = calloc(1, sizeof(*timer));
	if (!timer)
		return fn_fail(-ENOMEM, "out of memory for a timer of %s", p->name);
	*timer = (struct fn_poller_timer){
		.poller = p,
		.due_ns = after(fn_poll_now_ns(), o->first_ns),
		.period_ns = o->period_ns,
		.fn = o->fn,
		.arg = o->arg,
	};
	fn_poller_call(p, add_on_worker, timer);
	if (out)
		*out = timer;
	return 0;
}

int fn_poller_add_timer(struct fn_poller *p, const struct fn_poller_timer_opts *opts,
			struct fn_poller_timer **timer)
{
	struct fn_poller_timer_opts o;

	if (!fn_opts_get(&o, sizeof(o), opts))
		return fn_report(p->ctx, fn_opts_err(opts), fn_opts_fail("fn_poller_timer_opts"));
	return fn_report(p->ctx, o.err, timer_add(p, &o, timer));
}

/* For a worker: a timer, and when it is due from now on. */
struct set_call {
	struct fn_poller_timer *timer;
	uint64_t due_ns;
	uint64_t period_ns;
};

/* From its own callback, too: by then it stands in the list for its next time. */
static void set_on_worker(void *arg)
{
	const struct set_call *call = arg;
	struct fn_poller_timer *timer = call->timer;

	fn_list_del(&timer->node);
	timer->period_ns = call->period_ns;
	set(timer, call->due_ns);
}

void fn_poller_set_timer(struct fn_poller_timer *timer, uint64_t first_ns, uint64_t period_ns)
{
	struct set_call call = {
		.timer = timer,
		.due_ns = after(fn_poll_now_ns(), first_ns),
		.period_ns = period_ns,
	};

	fn_poller_call(timer->poller, set_on_worker, &call);
}

void fn_poller_del_timer(struct fn_poller_timer *timer)
{
	if (timer)
		fn_poller_call(timer->poller, del_on_worker, timer);
}
