// SPDX-License-Identifier: BSD-3-Clause
/* Waiting by epoll: what costs least, and what every kernel has. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "poll/wait.h"

/* Marks speak poll(2)'s language. */
_Static_assert(POLLIN == EPOLLIN && POLLPRI == EPOLLPRI && POLLOUT == EPOLLOUT, "poll is epoll");
_Static_assert(POLLERR == EPOLLERR && POLLHUP == EPOLLHUP, "poll is epoll");
_Static_assert(POLLRDHUP == EPOLLRDHUP, "poll is epoll");
_Static_assert(POLLRDNORM == EPOLLRDNORM && POLLRDBAND == EPOLLRDBAND, "poll is epoll");
_Static_assert(POLLWRNORM == EPOLLWRNORM && POLLWRBAND == EPOLLWRBAND, "poll is epoll");

#define NS_PER_S 1000000000
#define NS_PER_MS 1000000
#define LONGEST_MS 1000000000

/**
 * struct fn_wait - an epoll back end
 * @fd: the epoll descriptor
 * @only_ms: epoll_pwait2(2) is not to be had: time-outs are milliseconds
 */
struct fn_wait {
	int fd;
	bool only_ms;
};

static int epoll_create_wait(const struct fn_wait_conf *conf, struct fn_wait **out)
{
	struct fn_wait *wait = calloc(1, sizeof(*wait));
	int ret;

	(void)conf;
	if (!wait)
		return fn_fail(-ENOMEM, "out of memory for what a poller waits by");
	wait->fd = epoll_create1(EPOLL_CLOEXEC);
	if (wait->fd < 0) {
		ret = fn_fail(-errno,
			      "no file descriptor for a poller to wait by: %s; raise the limit "
			      "(ulimit -n)",
			      fn_strerror(errno));
		free(wait);
		return ret;
	}
	*out = wait;
	return 0;
}

static void epoll_destroy(struct fn_wait *wait)
{
	(void)close(wait->fd);
	free(wait);
}

static int epoll_add(struct fn_wait *wait, struct fn_wait_mark *mark)
{
	struct epoll_event ev = { .events = (uint16_t)mark->events, .data.ptr = mark };

	if (mark->kind != FN_WAIT_WATCH)
		ev.events |= EPOLLET;
	if (epoll_ctl(wait->fd, EPOLL_CTL_ADD, mark->fd, &ev) == 0)
		return 0;
	return fn_wait_add_failed(mark, errno);
}

static void epoll_del(struct fn_wait *wait, struct fn_wait_mark *mark)
{
	(void)epoll_ctl(wait->fd, EPOLL_CTL_DEL, mark->fd, NULL);
}

/* Milliseconds, rounded up: a sleep that ends early would only be begun again. */
static int to_ms(int64_t timeout_ns)
{
	int64_t ms = timeout_ns / NS_PER_MS + (timeout_ns % NS_PER_MS != 0);

	if (timeout_ns < 0)
		return -1;
	return ms < LONGEST_MS ? (int)ms : LONGEST_MS;
}

static int sleep_ns(struct fn_wait *wait, int64_t timeout_ns, struct epoll_event *ev)
{
	const struct timespec ts = {
		.tv_sec = (time_t)(timeout_ns / NS_PER_S),
		.tv_nsec = (long)(timeout_ns % NS_PER_S),
	};
	long n;

	/* By number: the C library has no function for it before 2.35. */
	n = syscall(SYS_epoll_pwait2, wait->fd, ev, FN_WAIT_READY, timeout_ns < 0 ? NULL : &ts,
		    NULL, 0);
	/* Kernels before 5.11, or a filter of system calls that is older than it. */
	wait->only_ms = n < 0 && (errno == ENOSYS || errno == EPERM);
	return (int)n;
}

static unsigned epoll_wait_marks(struct fn_wait *wait, int64_t timeout_ns,
				 struct fn_wait_mark **ready, unsigned *cqes)
{
	struct epoll_event ev[FN_WAIT_READY];
	int n = -1;

	*cqes = 0;
	if (timeout_ns > 0 && !wait->only_ms)
		n = sleep_ns(wait, timeout_ns, ev);
	if (timeout_ns <= 0 || wait->only_ms)
		n = epoll_wait(wait->fd, ev, FN_WAIT_READY, to_ms(timeout_ns));
	/* The one failure is EINTR, which ends the wait as a time-out does. */
	for (int i = 0; i < n; i++) {
		ready[i] = ev[i].data.ptr;
		ready[i]->ready = (short)ev[i].events;
	}
	return n < 0 ? 0 : (unsigned)n;
}

static int epoll_fd(const struct fn_wait *wait)
{
	return wait->fd;
}

static struct io_uring *epoll_ring(struct fn_wait *wait)
{
	(void)wait;
	return NULL;
}

const struct fn_wait_ops fn_wait_epoll = {
	.kind = FN_POLLER_WAIT_EPOLL,
	.create = epoll_create_wait,
	.destroy = epoll_destroy,
	.add = epoll_add,
	.del = epoll_del,
	.wait = epoll_wait_marks,
	.fd = epoll_fd,
	.ring = epoll_ring,
};
