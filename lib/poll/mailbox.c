// SPDX-License-Identifier: BSD-3-Clause
/*
 * How other threads reach a worker: functions that it runs between two rounds, pauses, the end.
 *
 * A poller that does not run has no thread that could answer: the caller takes the worker's place
 * meanwhile. A worker that waits for another one serves its own mailbox, or two that call each
 * other would wait for ever; and so does one that is paused. A thread whose callback runs another
 * poller is the worker of both, and serves both.
 */
#include <errno.h>
#include <unistd.h>

#include "base/barrier.h"
#include "poll/poller.h"

/* A function for a worker; on the stack of who waits for it. */
struct fn_poll_call {
	struct fn_list node;
	void (*fn)(void *arg);
	void *arg;
	bool done;
};

/* &fn_ctx.poll_lock is held. */
static bool is_worker(const struct fn_poller *p)
{
	return p->runs && pthread_equal(p->thread, pthread_self());
}

/* Run the first function that waits for the worker, which is the caller. False: there is none. */
static bool serve_one(struct fn_poller *p)
{
	struct fn_first_error kept = { 0 };
	struct fn_poll_call *call;

	if (fn_list_empty(&p->calls))
		return false;
	call = fn_container_of(p->calls.next, struct fn_poll_call, node);
	fn_list_del(&call->node);
	(void)pthread_mutex_unlock(&p->ctx->poll_lock);
	/* A sentence of the caller's function is not this thread's, whose last one stays. */
	fn_first_error_note(&kept, fn_error_last()[0] ? -1 : 0);
	call->fn(call->arg);
	(void)fn_first_error_fail(&kept);
	(void)pthread_mutex_lock(&p->ctx->poll_lock);
	call->done = true;
	(void)pthread_cond_broadcast(&p->ctx->poll_cond);
	return true;
}

/* The same for whatever poller the caller is the worker of. */
bool fn_poll_serve_own(struct fn_ctx *ctx)
{
	struct fn_list *pos;

	fn_list_for_each(pos, &ctx->pollers) {
		struct fn_poller *p = fn_container_of(pos, struct fn_poller, node);

		/* The list may be another one by then: the caller begins anew. */
		if (is_worker(p) && serve_one(p))
			return true;
	}
	return false;
}

void fn_poll_mail(struct fn_poller *p)
{
	__atomic_store_n(&p->mail, 1, __ATOMIC_SEQ_CST);
	fn_poller_wake(p);
}

/*
 * Pairs with step 1 of fn_poll_sleep(): either the worker's look behind its announcement sees what
 * was stored before this call, or the announcement is seen here. Of several that see it one writes.
 */
void fn_poller_wake(struct fn_poller *p)
{
	const uint64_t one = 1;
	ssize_t done;

	fn_fence_seq_cst();
	if (!__atomic_load_n(&p->sleeping, __ATOMIC_RELAXED) ||
	    !__atomic_exchange_n(&p->sleeping, 0, __ATOMIC_SEQ_CST))
		return;
	done = write(p->wake.fd, &one, sizeof(one));
	/* It cannot fail: nobody writes 2^64 times. */
	(void)done;
}

int fn_poll_enter(struct fn_poller *p)
{
	struct fn_ctx *ctx = p->ctx;
	bool entered;

	(void)pthread_mutex_lock(&ctx->poll_lock);
	while (p->runs && p->stands_in && !is_worker(p))
		if (!fn_poll_serve_own(ctx))
			(void)pthread_cond_wait(&ctx->poll_cond, &ctx->poll_lock);
	entered = !p->runs;
	if (entered) {
		p->runs = true;
		p->thread = pthread_self();
		fn_poll_off_cpu_begin(p);
	}
	(void)pthread_mutex_unlock(&ctx->poll_lock);
	if (entered)
		return 0;
	return fn_fail(-EBUSY, "%s runs already: a poller has one thread at a time", p->name);
}

/* Serve what is left, so that nobody waits for a worker that is gone. The lock is held. */
static void leave(struct fn_poller *p)
{
	p->parked++;
	(void)pthread_cond_broadcast(&p->ctx->poll_cond);
	while (serve_one(p))
		continue;
	p->runs = false;
	p->stands_in = false;
	p->parked--;
	(void)pthread_cond_broadcast(&p->ctx->poll_cond);
}

void fn_poll_leave(struct fn_poller *p)
{
	(void)pthread_mutex_lock(&p->ctx->poll_lock);
	leave(p);
	(void)pthread_mutex_unlock(&p->ctx->poll_lock);
}

/* The poller does not run: the caller is its worker while functions wait. The lock is held. */
static void stand_in(struct fn_poller *p)
{
	p->runs = true;
	p->stands_in = true;
	p->thread = pthread_self();
	leave(p);
}

/*
 * Add to &fn_poller.parked of all that the caller is the worker of: what it does next is held back
 * with each of them. The lock is held.
 */
static void park(struct fn_ctx *ctx, int by)
{
	struct fn_list *pos;

	fn_list_for_each(pos, &ctx->pollers) {
		struct fn_poller *p = fn_container_of(pos, struct fn_poller, node);

		if (is_worker(p))
			p->parked += (unsigned)by;
	}
	(void)pthread_cond_broadcast(&ctx->poll_cond);
}

/*
 * One of those is paused. One that was parked before runs a function just now, which no pause holds
 * back: who parked it first waits. The lock is held.
 */
static bool is_held(const struct fn_ctx *ctx)
{
	struct fn_list *pos;

	fn_list_for_each(pos, &ctx->pollers) {
		const struct fn_poller *p = fn_container_of(pos, struct fn_poller, node);

		if (is_worker(p) && p->pauses && p->parked == 1)
			return true;
	}
	return false;
}

void fn_poll_serve(struct fn_poller *p)
{
	struct fn_ctx *ctx = p->ctx;

	(void)pthread_mutex_lock(&ctx->poll_lock);
	/* Before the look: what is put in behind it sets it again. */
	__atomic_store_n(&p->mail, 0, __ATOMIC_SEQ_CST);
	park(ctx, 1);
	for (;;) {
		if (fn_poll_serve_own(ctx))
			continue;
		if (!is_held(ctx))
			break;
		(void)pthread_cond_wait(&ctx->poll_cond, &ctx->poll_lock);
	}
	park(ctx, -1);
	(void)pthread_mutex_unlock(&ctx->poll_lock);
}

void fn_poller_call(struct fn_poller *p, void (*fn)(void *arg), void *arg)
{
	struct fn_poll_call call = { .fn = fn, .arg = arg };
	struct fn_ctx *ctx = p->ctx;

	(void)pthread_mutex_lock(&ctx->poll_lock);
	if (is_worker(p)) {
		(void)pthread_mutex_unlock(&ctx->poll_lock);
		fn(arg);
		return;
	}
	fn_list_add_tail(&p->calls, &call.node);
	fn_poll_mail(p);
	/* The worker is parked, or waits for another one. */
	(void)pthread_cond_broadcast(&ctx->poll_cond);
	while (!call.done) {
		if (!p->runs)
			stand_in(p);
		else if (!fn_poll_serve_own(ctx))
			(void)pthread_cond_wait(&ctx->poll_cond, &ctx->poll_lock);
	}
	(void)pthread_mutex_unlock(&ctx->poll_lock);
}

static bool is_any_worker(const struct fn_ctx *ctx)
{
	struct fn_list *pos;

	fn_list_for_each(pos, &ctx->pollers)
		if (is_worker(fn_container_of(pos, struct fn_poller, node)))
			return true;
	return false;
}

int fn_poller_pause(struct fn_poller *p)
{
	struct fn_ctx *ctx = p->ctx;
	bool worker;

	(void)pthread_mutex_lock(&ctx->poll_lock);
	worker = is_any_worker(ctx);
	if (!worker) {
		p->pauses++;
		fn_poll_mail(p);
		while (p->runs && !p->parked)
			(void)pthread_cond_wait(&ctx->poll_cond, &ctx->poll_lock);
	}
	(void)pthread_mutex_unlock(&ctx->poll_lock);
	if (!worker)
		return 0;
	return fn_report(ctx, NULL,
			 fn_fail(-EDEADLK,
				 "%s cannot be paused by a worker, which another one may want to "
				 "pause meanwhile: use fn_poller_call()",
				 p->name));
}

void fn_poller_resume(struct fn_poller *p)
{
	(void)pthread_mutex_lock(&p->ctx->poll_lock);
	if (p->pauses)
		p->pauses--;
	(void)pthread_cond_broadcast(&p->ctx->poll_cond);
	(void)pthread_mutex_unlock(&p->ctx->poll_lock);
}

void fn_poller_stop(struct fn_poller *p)
{
	__atomic_store_n(&p->quit, 1, __ATOMIC_SEQ_CST);
	fn_poll_mail(p);
}
