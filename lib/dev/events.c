// SPDX-License-Identifier: BSD-3-Clause
/*
 * Events: one epoll descriptor that all devices' descriptors wake, and bits in the devices that say
 * what happened. Bits need no memory, so that no event is lost for want of it.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "dev/events.h"

/**
 * struct fn_events - what wakes fn_ctx_process_events()
 * @epoll_fd: fn_ctx_event_fd()
 * @wake_fd: eventfd that fn_dev_raise() signals
 * @handling: held by the one thread that handles events
 * @pinning: guards &fn_dev.pins; nobody waits while holding it, and no other lock is taken under it
 * @unpinned: signalled when that thread has done with a device; goes with @pinning
 */
struct fn_events {
	int epoll_fd;
	int wake_fd;
	pthread_mutex_t handling;
	pthread_mutex_t pinning;
	pthread_cond_t unpinned;
};

/* An epoll entry says which device and why: a device that is gone by then is simply not found. */
#define SOURCE_BITS 2
#define SOURCE_MASK ((1u << SOURCE_BITS) - 1)
#define NO_DEV_ID 0

static int events_add(struct fn_events *events, int fd, uint64_t dev_id,
		      enum fn_event_source source)
{
	struct epoll_event ev = {
		.events = EPOLLIN,
		.data.u64 = dev_id << SOURCE_BITS | source,
	};

	if (epoll_ctl(events->epoll_fd, EPOLL_CTL_ADD, fd, &ev) == 0)
		return 0;
	return fn_fail(-errno, "cannot watch an event descriptor: %s", fn_strerror(errno));
}

int fn_events_create(struct fn_events **out)
{
	struct fn_events *events = calloc(1, sizeof(*events));
	int ret;

	if (!events)
		return fn_fail(-ENOMEM, "out of memory for the event queue");
	events->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	events->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (events->epoll_fd < 0 || events->wake_fd < 0) {
		ret = fn_fail(-errno,
			      "no file descriptor for events: %s; raise the limit (ulimit -n)",
			      fn_strerror(errno));
		goto fail;
	}
	ret = events_add(events, events->wake_fd, NO_DEV_ID, FN_SOURCE_WAKE);
	if (ret)
		goto fail;
	(void)pthread_mutex_init(&events->handling, NULL);
	(void)pthread_mutex_init(&events->pinning, NULL);
	(void)pthread_cond_init(&events->unpinned, NULL);
	*out = events;
	return 0;

fail:
	if (events->wake_fd >= 0)
		(void)close(events->wake_fd);
	if (events->epoll_fd >= 0)
		(void)close(events->epoll_fd);
	free(events);
	return ret;
}

void fn_events_destroy(struct fn_events *events)
{
	(void)pthread_cond_destroy(&events->unpinned);
	(void)pthread_mutex_destroy(&events->pinning);
	(void)pthread_mutex_destroy(&events->handling);
	(void)close(events->wake_fd);
	(void)close(events->epoll_fd);
	free(events);
}

int fn_events_watch(struct fn_dev *dev, enum fn_event_source source, int fd)
{
	if (fd < 0)
		return 0;
	return events_add(dev->ctx->events, fd, dev->id, source);
}

void fn_events_unwatch(struct fn_dev *dev, int fd)
{
	if (fd >= 0)
		(void)epoll_ctl(dev->ctx->events->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
}

void fn_events_settle(struct fn_dev *dev)
{
	struct fn_events *events = dev->ctx->events;

	(void)pthread_mutex_lock(&events->pinning);
	while (dev->pins)
		(void)pthread_cond_wait(&events->unpinned, &events->pinning);
	(void)pthread_mutex_unlock(&events->pinning);
}

static void fd_signal(int fd)
{
	const uint64_t one = 1;
	ssize_t done = write(fd, &one, sizeof(one));

	/* EAGAIN: the counter is at its limit, so the descriptor is readable all the more. */
	(void)done;
}

static void fd_consume(int fd)
{
	uint64_t count;
	ssize_t done = read(fd, &count, sizeof(count));

	/* EAGAIN: somebody else has consumed it. */
	(void)done;
}

int fn_ctx_event_fd(const struct fn_ctx *ctx)
{
	return ctx->events->epoll_fd;
}

void fn_dev_raise(struct fn_dev *dev, enum fn_event_type type)
{
	__atomic_fetch_or(&dev->pending, 1u << type, __ATOMIC_RELEASE);
	fd_signal(dev->ctx->events->wake_fd);
}

void fn_events_mended(struct fn_dev *dev)
{
	__atomic_fetch_and(&dev->pending, ~(1u << FN_EVENT_DEVICE_ERROR), __ATOMIC_RELEASE);
}

/* The first open device after @after_id, or NULL. Devices stand in the list by id. */
static struct fn_dev *next_dev(struct fn_ctx *ctx, uint64_t after_id)
{
	struct fn_list *pos;

	fn_list_for_each(pos, &ctx->devs) {
		struct fn_dev *dev = fn_container_of(pos, struct fn_dev, node);

		if (dev->ready && dev->id > after_id)
			return dev;
	}
	return NULL;
}

static struct fn_dev *find_dev(struct fn_ctx *ctx, uint64_t id)
{
	struct fn_dev *dev = id ? next_dev(ctx, id - 1) : NULL;

	return dev && dev->id == id ? dev : NULL;
}

/* The kernel repeats its request each few seconds: the first one is the news. */
static void release_requested(struct fn_dev *dev)
{
	if (__atomic_exchange_n(&dev->status, -ENODEV, __ATOMIC_ACQ_REL) != -ENODEV)
		fn_dev_raise(dev, FN_EVENT_RELEASE_REQUESTED);
}

/* Take a lock: with @wait in any case, without only when it is free. Returns whether it did. */
static bool take(pthread_mutex_t *lock, bool wait)
{
	return wait ? !pthread_mutex_lock(lock) : !pthread_mutex_trylock(lock);
}

static bool bus_error(struct fn_dev *dev, bool wait)
{
	if (!take(&dev->lock, wait))
		return false;
	fd_consume(dev->bus->err_fd);
	fn_dev_mark_broken(dev, "the PCI bus reported an uncorrectable error");
	(void)pthread_mutex_unlock(&dev->lock);
	return true;
}

static bool config_irq(struct fn_dev *dev, bool wait)
{
	if (!take(&dev->lock, wait))
		return false;
	if (dev->irq_n)
		fd_consume(dev->irq_fds[0]);
	if (dev->drv->ops->config_irq)
		dev->drv->ops->config_irq(dev);
	(void)pthread_mutex_unlock(&dev->lock);
	return true;
}

static void pins_add(struct fn_events *events, struct fn_dev *dev, int by)
{
	(void)pthread_mutex_lock(&events->pinning);
	dev->pins += (unsigned)by;
	(void)pthread_cond_broadcast(&events->unpinned);
	(void)pthread_mutex_unlock(&events->pinning);
}

/*
 * The device, which is not freed before it is unpinned. NULL: it is not open yet, or any more, or
 * that cannot be told without waiting.
 */
static struct fn_dev *dev_pin(struct fn_ctx *ctx, uint64_t id, bool wait)
{
	struct fn_dev *dev;

	if (!take(&ctx->lock, wait))
		return NULL;
	dev = find_dev(ctx, id);
	if (dev)
		pins_add(ctx->events, dev, 1);
	(void)pthread_mutex_unlock(&ctx->lock);
	return dev;
}

/*
 * One readable descriptor becomes bits in its device. A device that does not answer holds its lock
 * for seconds: whoever waits for that here has nothing that another device's close waits for.
 *
 * Returns false when it is left as it is, readable, for a later call.
 */
static bool take_in(struct fn_ctx *ctx, uint64_t data, bool wait)
{
	const enum fn_event_source source = (enum fn_event_source)(data & SOURCE_MASK);
	struct fn_dev *dev;
	bool done = true;

	/* No device's, and consumed when the news are taken out. */
	if (source == FN_SOURCE_WAKE)
		return true;
	dev = dev_pin(ctx, data >> SOURCE_BITS, wait);
	if (!dev)
		return false;
	if (source == FN_SOURCE_REQUEST) {
		fd_consume(dev->bus->req_fd);
		release_requested(dev);
	} else {
		done = source == FN_SOURCE_ERROR ? bus_error(dev, wait) : config_irq(dev, wait);
	}
	pins_add(ctx->events, dev, -1);
	return done;
}

/* A queue that broke, as an event. Returns false when there is none. */
static bool next_broken(struct fn_dev *dev, struct fn_event *event)
{
	/* Whoever hears of it resets the device; one that is gone or asked back is to be closed. */
	if (__atomic_load_n(&dev->status, __ATOMIC_ACQUIRE) == -ENODEV)
		return false;
	for (unsigned i = 0; i < (unsigned)dev->limits.max_rxqs + dev->limits.max_txqs; i++) {
		struct fn_queue *queue = fn_dev_queue(dev, dev->limits.max_rxqs, i);

		if (!__atomic_exchange_n(&queue->broken_pending, false, __ATOMIC_ACQ_REL))
			continue;
		event->type = FN_EVENT_QUEUE_BROKEN;
		event->queue = queue->idx;
		event->queue_is_tx = queue->is_tx;
		return true;
	}
	return false;
}

/* Take one piece of news out of a device, the gravest first. Returns false when there is none. */
static bool next_pending(struct fn_dev *dev, struct fn_event *event)
{
	static const enum fn_event_type order[] = {
		FN_EVENT_GONE,         FN_EVENT_RELEASE_REQUESTED,
		FN_EVENT_DEVICE_ERROR, FN_EVENT_QUEUE_BROKEN,
		FN_EVENT_LINK,         FN_EVENT_ANNOUNCE,
	};

	*event = (struct fn_event){ .sz = sizeof(*event), .dev = dev };
	for (unsigned i = 0; i < FN_ARRAY_LEN(order); i++) {
		const uint32_t bit = 1u << order[i];

		event->type = order[i];
		if (order[i] == FN_EVENT_QUEUE_BROKEN) {
			if (next_broken(dev, event))
				return true;
		} else if (__atomic_fetch_and(&dev->pending, ~bit, __ATOMIC_ACQ_REL) & bit) {
			return true;
		}
	}
	return false;
}

/*
 * Find the next piece of news of any device from @dev_id on; @dev_id moves along. &fn_ctx.lock is
 * held.
 */
static bool next_event(struct fn_ctx *ctx, uint64_t *dev_id, struct fn_event *event)
{
	struct fn_dev *dev;
	bool found = false;

	while (!found && (dev = next_dev(ctx, *dev_id - 1))) {
		found = next_pending(dev, event);
		*dev_id = found ? dev->id : dev->id + 1;
	}
	return found;
}

/*
 * Deliver what the devices have. The wake is consumed before: what is raised from then on wakes
 * again. It is given back when something had to be left; but not when nothing was consumed, so that
 * who waits for edges is not woken by himself again and again.
 */
static int deliver(struct fn_ctx *ctx, bool wait, bool *again)
{
	struct fn_events *events = ctx->events;
	bool held = take(&ctx->lock, wait);
	struct fn_event event;
	uint64_t dev_id = 1;
	int delivered = 0;

	if (held)
		fd_consume(events->wake_fd);
	while (held && next_event(ctx, &dev_id, &event)) {
		/* No lock is held during a callback: it may make every control call. */
		(void)pthread_mutex_unlock(&ctx->lock);
		if (ctx->opts.event)
			ctx->opts.event(ctx->opts.event_arg, &event);
		delivered++;
		held = take(&ctx->lock, wait);
		if (!held)
			fd_signal(events->wake_fd);
	}
	if (held)
		(void)pthread_mutex_unlock(&ctx->lock);
	else
		*again = true;
	return delivered;
}

/*
 * All that makes @again true leaves the descriptor readable, or is another caller's doing. Who
 * looks at it (poll(2)) comes back by that; who waits for edges has had his, and has to be told:
 *
 * - Another one is at it. He may have looked already when there was what woke this caller, and may
 *   never come again: he is not bound to. So this one has to, though mostly there is nothing left.
 * - A lock is held, or the device is not open yet: its descriptor is as it was, and gives no second
 *   edge for what it has told.
 * - More descriptors were ready than one look takes.
 *
 * Each of these is seen by the caller himself in the call that his edge led to, so that none lies
 * between the edge and a call that says false; and what comes later is a new edge.
 */
static int process(struct fn_ctx *ctx, bool wait, bool *again)
{
	struct fn_events *events = ctx->events;
	struct epoll_event ready[16];
	int delivered;
	int n;

	*again = true;
	/* A second thread has nothing to add, and a callback that calls this again neither. */
	if (pthread_mutex_trylock(&events->handling))
		return 0;
	n = epoll_wait(events->epoll_fd, ready, (int)FN_ARRAY_LEN(ready), 0);
	*again = n == (int)FN_ARRAY_LEN(ready);
	for (int i = 0; i < n; i++)
		if (!take_in(ctx, ready[i].data.u64, wait))
			*again = true;
	delivered = deliver(ctx, wait, again);
	(void)pthread_mutex_unlock(&events->handling);
	return delivered;
}

int fn_ctx_process_events(struct fn_ctx *ctx)
{
	bool again;

	return process(ctx, true, &again);
}

int fn_events_process_nowait(struct fn_ctx *ctx, bool *again)
{
	return process(ctx, false, again);
}
