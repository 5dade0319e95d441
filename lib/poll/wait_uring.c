// SPDX-License-Identifier: BSD-3-Clause
/*
 * Waiting by an io_uring, which the application's requests may share: a poll request a descriptor,
 * which stays (multishot) where edges are wanted, and is made anew where levels are.
 *
 * The ring belongs to no thread: a poller may be run by one after the other, and the application
 * holds on to the ring. So it is made without IORING_SETUP_SINGLE_ISSUER, and hence without
 * IORING_SETUP_DEFER_TASKRUN, with which epoll is not told of the ring's descriptor either (6.18).
 * IORING_SETUP_COOP_TASKRUN has most of the latter's gain. The kernel completes a request on the
 * thread that submitted it, though, and cancels it when that thread ends: polls follow the worker,
 * what the application asked for does not.
 */
#include <errno.h>
#include <liburing.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "poll/wait.h"
#include "poll/wait_ring.h"

#define NS_PER_S 1000000000

/*
 * user_data of the back end's own requests: bits that no address of a program has together (63 on
 * x86-64, 55 on arm64, whatever tags it carries), the slot, and which of the slot's polls it is.
 */
#define OWN (1ULL << 63 | 1ULL << 55)
#define SLOT_BITS 24
#define SLOTS_MOST ((1u << SLOT_BITS) - 1)
#define TURN_MASK 0x7fffffffu
/* Of requests whose completions say nothing: no slot. */
#define OWN_NONE (OWN | SLOTS_MOST)

/**
 * struct slot - a mark, or room for one
 * @mark: the mark, or NULL
 * @turn: which poll it is: completions of earlier ones count for nothing
 * @armed: the kernel has a poll of it
 * @wanted: it has to get one
 * @half_closed: POLLRDHUP, which io_uring always reports, ends a poll at once: it has to stay
 * @found: completed since the last list was made
 * @owner: the thread that submitted the poll
 */
struct slot {
	struct fn_wait_mark *mark;
	uint32_t turn;
	bool armed;
	bool wanted;
	bool half_closed;
	short found;
	pthread_t owner;
};

/**
 * struct fn_wait - an io_uring back end
 * @ring: the ring
 * @conf: as given
 * @slots: @n of them
 * @wanted: some slot is
 * @strays: some slot's poll belongs to another thread than @worker
 * @worker: who waited last
 */
struct fn_wait {
	struct io_uring ring;
	struct fn_wait_conf conf;
	struct slot *slots;
	uint32_t n;
	bool wanted;
	bool strays;
	pthread_t worker;
};

static int uring_create(const struct fn_wait_conf *conf, struct fn_wait **out)
{
	struct fn_wait *wait = calloc(1, sizeof(*wait));
	int ret;

	if (!wait)
		return fn_fail(-ENOMEM, "out of memory for what a poller waits by");
	ret = fn_wait_ring_make(&wait->ring, conf->ring_entries);
	if (ret) {
		free(wait);
		return ret;
	}
	(void)io_uring_ring_dontfork(&wait->ring);
	wait->conf = *conf;
	wait->worker = pthread_self();
	*out = wait;
	return 0;
}

static void uring_destroy(struct fn_wait *wait)
{
	io_uring_queue_exit(&wait->ring);
	free(wait->slots);
	free(wait);
}

static uint64_t own_data(const struct fn_wait *wait, const struct slot *slot)
{
	return OWN | (uint64_t)slot->turn << SLOT_BITS | (uint64_t)(slot - wait->slots);
}

/* The slot that a completion of the back end's own is for; NULL: an earlier poll, or no poll. */
static struct slot *own_slot(struct fn_wait *wait, uint64_t data)
{
	uint32_t i = (uint32_t)data & SLOTS_MOST;

	if (i >= wait->n || !wait->slots[i].mark || own_data(wait, &wait->slots[i]) != data)
		return NULL;
	return &wait->slots[i];
}

/* A submission entry; NULL: there is none even after those that are filled were submitted. */
static struct io_uring_sqe *sqe_get(struct fn_wait *wait)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&wait->ring);

	if (sqe || io_uring_submit(&wait->ring) < 0)
		return sqe;
	return io_uring_get_sqe(&wait->ring);
}

static void slot_arm(struct fn_wait *wait, struct slot *slot)
{
	struct io_uring_sqe *sqe = sqe_get(wait);
	unsigned events = (uint16_t)slot->mark->events;

	slot->wanted = !sqe;
	if (!sqe) {
		wait->wanted = true;
		return;
	}
	if (slot->mark->kind == FN_WAIT_WATCH && !slot->half_closed)
		io_uring_prep_poll_add(sqe, slot->mark->fd, events);
	else
		io_uring_prep_poll_multishot(sqe, slot->mark->fd, events);
	io_uring_sqe_set_data64(sqe, own_data(wait, slot));
	slot->armed = true;
	slot->owner = pthread_self();
	if (!pthread_equal(slot->owner, wait->worker))
		wait->strays = true;
}

/*
 * Have the kernel let go of the descriptor, and ignore what it says of it from now on. Without an
 * entry it lets go when the ring is given back.
 */
static void slot_disarm(struct fn_wait *wait, struct slot *slot)
{
	struct io_uring_sqe *sqe = slot->armed ? sqe_get(wait) : NULL;

	if (sqe) {
		io_uring_prep_poll_remove(sqe, own_data(wait, slot));
		io_uring_sqe_set_data64(sqe, OWN_NONE);
	}
	slot->armed = false;
	slot->turn = (slot->turn + 1) & TURN_MASK;
}

static void wanted_arm(struct fn_wait *wait)
{
	if (!wait->wanted)
		return;
	wait->wanted = false;
	for (uint32_t i = 0; i < wait->n; i++) {
		if (wait->slots[i].mark && wait->slots[i].wanted)
			slot_arm(wait, &wait->slots[i]);
	}
}

/*
 * Polls of another thread would be completed when that one next enters the kernel. The new ones
 * report what is there by now, so that no edge is lost, and some may come twice.
 */
static void take_over(struct fn_wait *wait)
{
	pthread_t self = pthread_self();

	if (!pthread_equal(wait->worker, self))
		wait->strays = true;
	wait->worker = self;
	if (!wait->strays)
		return;
	wait->strays = false;
	for (uint32_t i = 0; i < wait->n; i++) {
		struct slot *slot = &wait->slots[i];

		if (!slot->mark || !slot->armed || pthread_equal(slot->owner, self))
			continue;
		slot_disarm(wait, slot);
		slot->wanted = true;
		wait->wanted = true;
	}
}

/* A slot that is free; -ENOMEM. */
static int64_t slot_find(struct fn_wait *wait)
{
	uint32_t old = wait->n;
	uint32_t n = old ? old * 2 : 8;
	struct slot *slots;

	for (uint32_t i = 0; i < old; i++) {
		if (!wait->slots[i].mark)
			return i;
	}
	slots = n > SLOTS_MOST ? NULL : realloc(wait->slots, n * sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	memset(slots + old, 0, (n - old) * sizeof(*slots));
	wait->slots = slots;
	wait->n = n;
	return old;
}

/* Whether a descriptor can be waited for: epoll knows at once, a ring says it in a completion. */
static int mark_check(struct fn_wait *wait, const struct fn_wait_mark *mark)
{
	struct epoll_event ev = { .events = EPOLLIN };
	int epoll, err;

	for (uint32_t i = 0; i < wait->n; i++) {
		if (wait->slots[i].mark && wait->slots[i].mark->fd == mark->fd)
			return fn_wait_add_failed(mark, EEXIST);
	}
	epoll = epoll_create1(EPOLL_CLOEXEC);
	if (epoll < 0)
		return fn_wait_add_failed(mark, errno);
	err = epoll_ctl(epoll, EPOLL_CTL_ADD, mark->fd, &ev) ? errno : 0;
	(void)close(epoll);
	return err ? fn_wait_add_failed(mark, err) : 0;
}

static int uring_add(struct fn_wait *wait, struct fn_wait_mark *mark)
{
	int ret = mark_check(wait, mark);
	struct slot *slot;
	int64_t i;

	if (ret)
		return ret;
	i = slot_find(wait);
	if (i < 0)
		return fn_fail(-ENOMEM, "out of memory for one more descriptor to watch");
	slot = &wait->slots[i];
	slot->mark = mark;
	slot->half_closed = false;
	slot->found = 0;
	mark->state = (uint64_t)i;
	slot_arm(wait, slot);
	/* At once: a loop of the application's own waits for the ring without asking us first. */
	(void)io_uring_submit(&wait->ring);
	return 0;
}

static void uring_del(struct fn_wait *wait, struct fn_wait_mark *mark)
{
	struct slot *slot = &wait->slots[mark->state];

	slot_disarm(wait, slot);
	slot->mark = NULL;
	/* At once: what the application closes next is not open in here any more. */
	(void)io_uring_submit(&wait->ring);
}

/*
 * Set an eventfd or timerfd back, so that a new poll does not report what was reported. Behind the
 * look that found it and before it is listed: what comes from here on is found by the new poll.
 */
static void mark_drain(const struct fn_wait_mark *mark)
{
	struct pollfd now = { .fd = mark->fd, .events = POLLIN };
	uint64_t count;

	if (mark->kind == FN_WAIT_EVENTS || mark->kind == FN_WAIT_WATCH)
		return;
	if (poll(&now, 1, 0) == 1)
		(void)!read(mark->fd, &count, sizeof(count));
}

/* A poll reports something, or ends: by itself where levels are wanted, else by force. */
static void slot_completed(struct fn_wait *wait, struct slot *slot, const struct io_uring_cqe *cqe)
{
	const struct fn_wait_mark *mark = slot->mark;
	int found = cqe->res > 0 ? cqe->res & (mark->events | POLLERR | POLLHUP) : 0;
	bool is_over = !(cqe->flags & IORING_CQE_F_MORE);

	slot->found = (short)(slot->found | found);
	if (!is_over && (mark->kind != FN_WAIT_WATCH || !found))
		return;
	if (is_over)
		slot->armed = false;
	else
		slot_disarm(wait, slot);
	if (cqe->res > 0 && !found)
		slot->half_closed = true;
	/* Of a descriptor that was closed, or broke: as with epoll, it says no more. */
	slot->wanted = cqe->res >= 0 || cqe->res == -ECANCELED || cqe->res == -ENOMEM;
	wait->wanted |= slot->wanted;
	if (found)
		mark_drain(mark);
}

/* What is listed at the end: by slot and poll, since a callback may take a mark out. */
struct finds {
	uint64_t data[FN_WAIT_READY];
	unsigned n;
};

static void cqe_take(struct fn_wait *wait, const struct io_uring_cqe *cqe, struct finds *finds)
{
	struct slot *slot = own_slot(wait, cqe->user_data);
	bool was_found = slot && slot->found;

	if (!slot)
		return;
	slot_completed(wait, slot, cqe);
	if (slot->found && !was_found)
		finds->data[finds->n++] = own_data(wait, slot);
}

/* The completions that are there now, and no more than fit into a list. */
static unsigned cqes_take(struct fn_wait *wait, struct finds *finds)
{
	unsigned left = io_uring_cq_ready(&wait->ring);
	unsigned handed_over = 0;
	struct io_uring_cqe *at;

	for (; left && finds->n < FN_WAIT_READY && !io_uring_peek_cqe(&wait->ring, &at); left--) {
		struct io_uring_cqe cqe = *at;

		io_uring_cqe_seen(&wait->ring, at);
		if ((cqe.user_data & OWN) == OWN) {
			cqe_take(wait, &cqe, finds);
		} else if (wait->conf.cqe) {
			wait->conf.cqe(wait->conf.cqe_arg, &cqe);
			handed_over++;
		}
	}
	return handed_over;
}

static unsigned finds_list(struct fn_wait *wait, const struct finds *finds,
			   struct fn_wait_mark **ready)
{
	unsigned n = 0;

	for (unsigned i = 0; i < finds->n; i++) {
		struct slot *slot = own_slot(wait, finds->data[i]);

		if (!slot)
			continue;
		slot->mark->ready = slot->found;
		slot->found = 0;
		ready[n++] = slot->mark;
	}
	return n;
}

/* Take and list what is there. @submits: whether the caller does not go on to submit. */
static unsigned look(struct fn_wait *wait, bool submits, struct fn_wait_mark **ready,
		     unsigned *cqes)
{
	struct finds finds = { .n = 0 };
	unsigned n;

	wanted_arm(wait);
	/* Enters the kernel only if there is something to submit or to be fetched there. */
	if (submits || io_uring_cq_ready(&wait->ring))
		(void)io_uring_submit(&wait->ring);
	*cqes = cqes_take(wait, &finds);
	n = finds_list(wait, &finds, ready);
	/* Polls that ended and said nothing: who sleeps next, outside too, has to hear of them. */
	if (!n && wait->wanted) {
		wanted_arm(wait);
		if (submits)
			(void)io_uring_submit(&wait->ring);
	}
	return n;
}

static int64_t now_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

/* Submit and sleep. Return: whether a completion ended it, and not the time or a signal. */
static bool block(struct fn_wait *wait, int64_t left_ns)
{
	struct __kernel_timespec ts = {
		.tv_sec = left_ns / NS_PER_S,
		.tv_nsec = left_ns % NS_PER_S,
	};
	struct io_uring_cqe *cqe;

	if (left_ns < 0)
		return io_uring_submit_and_wait(&wait->ring, 1) >= 0;
	return io_uring_submit_and_wait_timeout(&wait->ring, &cqe, 1, &ts, NULL) >= 0;
}

/* The time that is left, 0 when there is none; below 0: for ever. */
static int64_t left_until(int64_t timeout_ns, int64_t begin_ns)
{
	int64_t left;

	if (timeout_ns < 0)
		return -1;
	left = timeout_ns - (now_ns() - begin_ns);
	return left > 0 ? left : 0;
}

static unsigned uring_wait(struct fn_wait *wait, int64_t timeout_ns, struct fn_wait_mark **ready,
			   unsigned *cqes)
{
	int64_t begin_ns = timeout_ns > 0 ? now_ns() : 0;
	int64_t left = timeout_ns;
	unsigned n = 0;

	take_over(wait);
	/* Completions that are nobody's, of polls that were taken back, end no sleep. */
	for (;;) {
		n = look(wait, left == 0, ready, cqes);
		if (n || *cqes || left == 0)
			return n;
		left = block(wait, left) ? left_until(timeout_ns, begin_ns) : 0;
	}
}

static int uring_fd(const struct fn_wait *wait)
{
	return wait->ring.ring_fd;
}

/* Completions that have nowhere to go would be lost without a word. */
static struct io_uring *uring_ring(struct fn_wait *wait)
{
	return wait->conf.cqe ? &wait->ring : NULL;
}

const struct fn_wait_ops fn_wait_uring = {
	.kind = FN_POLLER_WAIT_URING,
	.create = uring_create,
	.destroy = uring_destroy,
	.add = uring_add,
	.del = uring_del,
	.wait = uring_wait,
	.fd = uring_fd,
	.ring = uring_ring,
};
