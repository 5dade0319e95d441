// SPDX-License-Identifier: BSD-3-Clause
/*
 * What a worker waits by: whatever becomes ready is reported, once or again, and nothing else is.
 * The same bodies for epoll and io_uring, and what is the io_uring's alone.
 */
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <fastnic/error.h>

#include "poll/wait.h"
#include "unit/filter.h"

#define MS 1000000
/* What never is waited for unless the test fails. */
#define LONG_NS (5000L * MS)
#define MANY (3 * FN_WAIT_READY + 5)

struct fixture {
	const struct fn_wait_ops *ops;
	struct fn_wait *wait;
	struct fn_wait_mark *ready[FN_WAIT_READY];
	unsigned cqes;
	/* The application: what it was handed, and a mark that it takes out then. */
	struct {
		uint64_t data;
		int res;
	} got[128];
	unsigned n_got;
	struct fn_wait_mark *victim;
	unsigned again;
};

static struct fixture t;

static void on_cqe(void *arg, struct io_uring_cqe *cqe)
{
	struct fixture *f = arg;

	assert_true(f->n_got < sizeof(f->got) / sizeof(*f->got));
	f->got[f->n_got].data = cqe->user_data;
	f->got[f->n_got++].res = cqe->res;
	if (f->victim) {
		f->ops->del(f->wait, f->victim);
		free(f->victim);
		f->victim = NULL;
	}
	if (f->again) {
		struct io_uring_sqe *sqe = io_uring_get_sqe(f->ops->ring(f->wait));

		f->again--;
		io_uring_prep_nop(sqe);
		sqe->user_data = 4095;
	}
}

static void begin(uint32_t entries)
{
	const struct fn_wait_conf conf = { .ring_entries = entries, .cqe = on_cqe, .cqe_arg = &t };

	assert_int_equal(t.ops->create(&conf, &t.wait), 0);
}

static int setup(void **state)
{
	t = (struct fixture){ .ops = *state };
	begin(64);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	t.ops->destroy(t.wait);
	return 0;
}

static int setup_small(void **state)
{
	t = (struct fixture){ .ops = *state };
	begin(4);
	return 0;
}

static unsigned wait_for(int64_t timeout_ns)
{
	return t.ops->wait(t.wait, timeout_ns, t.ready, &t.cqes);
}

static unsigned look(void)
{
	return wait_for(0);
}

static void mark_init(struct fn_wait_mark *mark, enum fn_wait_kind kind, int fd)
{
	assert_true(fd >= 0);
	*mark = (struct fn_wait_mark){ .kind = kind, .fd = fd, .events = POLLIN };
}

/* A mark on an eventfd of its own. */
static void mark_add(struct fn_wait_mark *mark)
{
	mark_init(mark, FN_WAIT_VECTOR, eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
	assert_int_equal(t.ops->add(t.wait, mark), 0);
}

static void mark_del(struct fn_wait_mark *mark)
{
	t.ops->del(t.wait, mark);
	assert_int_equal(close(mark->fd), 0);
}

static void fire(int fd)
{
	const uint64_t one = 1;

	assert_int_equal(write(fd, &one, sizeof(one)), sizeof(one));
}

static void consume(int fd)
{
	uint64_t count;

	assert_int_equal(read(fd, &count, sizeof(count)), sizeof(count));
}

static void expect_one(const struct fn_wait_mark *mark)
{
	assert_int_equal(wait_for(LONG_NS), 1);
	assert_ptr_equal(t.ready[0], mark);
	assert_int_equal(mark->ready, POLLIN);
	assert_int_equal(t.cqes, 0);
}

static void expect_nothing(void)
{
	assert_int_equal(look(), 0);
	assert_int_equal(t.cqes, 0);
}

static int64_t now_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 * MS + ts.tv_nsec;
}

/* Nobody reads the eventfd, and each write is reported once. */
static void edges_are_reported_once(void **state)
{
	struct fn_wait_mark mark;

	(void)state;
	mark_add(&mark);
	expect_nothing();
	for (int i = 0; i < 5; i++) {
		fire(mark.fd);
		expect_one(&mark);
		expect_nothing();
		assert_int_equal(wait_for(MS), 0);
	}
	fire(mark.fd);
	fire(mark.fd);
	expect_one(&mark);
	expect_nothing();
	mark_del(&mark);
}

static void edge_before_add(void **state)
{
	struct fn_wait_mark mark;

	(void)state;
	mark_init(&mark, FN_WAIT_WAKE, eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK));
	assert_int_equal(t.ops->add(t.wait, &mark), 0);
	expect_one(&mark);
	expect_nothing();
	t.ops->del(t.wait, &mark);
	assert_int_equal(t.ops->add(t.wait, &mark), 0);
	expect_one(&mark);
	expect_nothing();
	mark_del(&mark);
}

static void levels_are_reported_again(void **state)
{
	struct fn_wait_mark mark, out;
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	mark_init(&mark, FN_WAIT_WATCH, fds[0]);
	mark_init(&out, FN_WAIT_WATCH, fds[1]);
	out.events = POLLOUT;
	assert_int_equal(t.ops->add(t.wait, &mark), 0);
	expect_nothing();
	for (int turn = 0; turn < 3; turn++) {
		fire(fds[1]);
		for (int i = 0; i < 3; i++)
			expect_one(&mark);
		consume(fds[0]);
		expect_nothing();
		assert_int_equal(wait_for(MS), 0);
	}
	assert_int_equal(t.ops->add(t.wait, &out), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(wait_for(LONG_NS), 1);
		assert_ptr_equal(t.ready[0], &out);
		assert_int_equal(out.ready, POLLOUT);
	}
	mark_del(&out);
	/* The other end is gone: readable for ever, and a hang-up, which nobody asked for. */
	assert_int_equal(wait_for(LONG_NS), 1);
	assert_int_equal(mark.ready, POLLIN | POLLHUP);
	mark_del(&mark);
	expect_nothing();
}

static bool is_readable(int fd)
{
	struct pollfd now = { .fd = fd, .events = POLLIN };

	return poll(&now, 1, 0) == 1;
}

static void fill(int fd)
{
	const char block[4096] = { 0 };

	while (write(fd, block, sizeof(block)) > 0)
		;
	assert_int_equal(errno, EAGAIN);
}

/*
 * The peer sends no more, which is not asked for: with io_uring each poll ends by it, and one that
 * is made anew each time would keep the worker awake.
 */
static void half_closed(void **state)
{
	struct fn_wait_mark mark;
	static char bulk[1 << 20];
	unsigned before = 0;
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	mark_init(&mark, FN_WAIT_WATCH, fds[0]);
	mark.events = POLLOUT;
	fill(fds[0]);
	assert_int_equal(t.ops->add(t.wait, &mark), 0);
	for (int turn = 0; turn < 3; turn++) {
		expect_nothing();
		assert_int_equal(shutdown(fds[1], SHUT_WR), 0);
		expect_nothing();
		if (turn > 0 && t.ops->ring(t.wait))
			before = *t.ops->ring(t.wait)->cq.khead;
		if (turn > 0)
			assert_int_equal(wait_for(5 * MS), 0);
		if (turn > 0 && t.ops->ring(t.wait))
			assert_in_range(*t.ops->ring(t.wait)->cq.khead - before, 0, 8);
		while (read(fds[1], bulk, sizeof(bulk)) > 0)
			;
		assert_true(is_readable(t.ops->fd(t.wait)));
		for (int i = 0; i < 3; i++) {
			assert_int_equal(wait_for(LONG_NS), 1);
			assert_int_equal(mark.ready, POLLOUT);
		}
		fill(fds[0]);
	}
	expect_nothing();
	mark_del(&mark);
	expect_nothing();
	assert_int_equal(close(fds[1]), 0);
}

/* More than a list holds: the rest comes next time, and the descriptor says that there is more. */
static void many_at_once(void **state)
{
	static struct fn_wait_mark marks[MANY];
	unsigned seen[MANY] = { 0 };
	unsigned total = 0;

	(void)state;
	for (unsigned i = 0; i < MANY; i++)
		mark_add(&marks[i]);
	expect_nothing();
	for (unsigned i = 0; i < MANY; i++)
		fire(marks[i].fd);
	while (total < MANY) {
		unsigned n;

		assert_true(is_readable(t.ops->fd(t.wait)));
		n = wait_for(LONG_NS);
		assert_in_range(n, 1, FN_WAIT_READY);
		for (unsigned i = 0; i < n; i++)
			seen[t.ready[i] - marks]++;
		total += n;
	}
	for (unsigned i = 0; i < MANY; i++)
		assert_int_equal(seen[i], 1);
	expect_nothing();
	assert_false(is_readable(t.ops->fd(t.wait)));
	for (unsigned i = 0; i < MANY; i++)
		mark_del(&marks[i]);
}

static void many_in_a_small_ring(void **state)
{
	many_at_once(state);
}

static void del_with_an_event_pending(void **state)
{
	struct fn_wait_mark *mark = calloc(1, sizeof(*mark));
	struct fn_wait_mark next;

	(void)state;
	mark_add(mark);
	expect_nothing();
	fire(mark->fd);
	mark_del(mark);
	free(mark);
	expect_nothing();
	/* Also when another one takes its place in between, of the same number even. */
	mark = calloc(1, sizeof(*mark));
	mark_add(mark);
	expect_nothing();
	fire(mark->fd);
	mark_del(mark);
	free(mark);
	mark_add(&next);
	expect_nothing();
	assert_int_equal(wait_for(MS), 0);
	fire(next.fd);
	expect_one(&next);
	mark_del(&next);
}

/* What the application closes behind del() is closed: its peer sees it. */
static void del_lets_go_at_once(void **state)
{
	struct fn_wait_mark mark;
	char byte;
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	mark_init(&mark, FN_WAIT_WATCH, fds[0]);
	assert_int_equal(t.ops->add(t.wait, &mark), 0);
	expect_nothing();
	mark_del(&mark);
	assert_int_equal(read(fds[1], &byte, 1), 0);
	assert_int_equal(close(fds[1]), 0);
}

static void time_outs(void **state)
{
	const int64_t lengths[] = { 1, 1000, 1500000, 20 * MS, 1000 };
	struct fn_wait_mark mark;

	(void)state;
	mark_add(&mark);
	for (unsigned i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		int64_t begun = now_ns();

		assert_int_equal(wait_for(lengths[i]), 0);
		assert_int_equal(t.cqes, 0);
		assert_true(now_ns() - begun >= lengths[i]);
	}
	/* Taking one out is no news that ends a sleep. */
	for (int i = 0; i < 5; i++) {
		int64_t begun;

		mark_del(&mark);
		mark_add(&mark);
		begun = now_ns();
		assert_int_equal(wait_for(3 * MS), 0);
		assert_true(now_ns() - begun >= 3 * MS);
	}
	fire(mark.fd);
	expect_one(&mark);
	mark_del(&mark);
}

struct pingpong {
	int ping;
	int pong;
	unsigned rounds;
};

static void *pong(void *arg)
{
	const struct pingpong *p = arg;

	for (unsigned i = 0; i < p->rounds; i++) {
		struct pollfd fd = { .fd = p->ping, .events = POLLIN };

		if (poll(&fd, 1, 5000) != 1)
			break;
		consume(p->ping);
		/* Before the other one sleeps, while it falls asleep, or when it does. */
		for (volatile unsigned k = 0; k < i % 512 * 16; k++)
			;
		fire(p->pong);
	}
	return NULL;
}

/* Each of many events of another thread wakes the sleeper, or is there before it sleeps. */
static void woken_by_another_thread(void **state)
{
	struct pingpong p = { .ping = eventfd(0, EFD_NONBLOCK), .rounds = 3000 };
	struct fn_wait_mark mark;
	pthread_t thread;

	(void)state;
	mark_add(&mark);
	p.pong = mark.fd;
	assert_int_equal(pthread_create(&thread, NULL, pong, &p), 0);
	for (unsigned i = 0; i < p.rounds; i++) {
		fire(p.ping);
		assert_int_equal(wait_for(i % 2 ? -1 : LONG_NS), 1);
		assert_ptr_equal(t.ready[0], &mark);
	}
	assert_int_equal(pthread_join(thread, NULL), 0);
	expect_nothing();
	mark_del(&mark);
	assert_int_equal(close(p.ping), 0);
}

/* As fn_ctx_event_fd() is: an epoll in what waits, level-triggered inside and edges outside. */
static void nested_epoll(void **state)
{
	struct epoll_event ev = { .events = EPOLLIN };
	int a = eventfd(0, EFD_NONBLOCK), b = eventfd(0, EFD_NONBLOCK);
	struct fn_wait_mark mark;

	(void)state;
	mark_init(&mark, FN_WAIT_EVENTS, epoll_create1(EPOLL_CLOEXEC));
	assert_int_equal(epoll_ctl(mark.fd, EPOLL_CTL_ADD, a, &ev), 0);
	assert_int_equal(epoll_ctl(mark.fd, EPOLL_CTL_ADD, b, &ev), 0);
	assert_int_equal(t.ops->add(t.wait, &mark), 0);
	expect_nothing();
	for (int i = 0; i < 3; i++) {
		fire(a);
		expect_one(&mark);
		expect_nothing();
		/* One more event while the first was not looked at. */
		fire(b);
		expect_one(&mark);
		expect_nothing();
		fire(b);
		expect_one(&mark);
		consume(a);
		consume(b);
		expect_nothing();
	}
	mark_del(&mark);
	assert_int_equal(close(a), 0);
	assert_int_equal(close(b), 0);
}

static unsigned signals;

static void on_signal(int number)
{
	(void)number;
	signals++;
}

static void signal_ends_a_wait(void **state)
{
	const struct sigaction act = { .sa_handler = on_signal };
	const struct itimerval each_ms = { .it_interval.tv_usec = 1000, .it_value.tv_usec = 1000 };
	const struct itimerval off = { .it_value.tv_usec = 0 };
	struct sigaction before;
	struct fn_wait_mark mark;

	(void)state;
	mark_add(&mark);
	assert_int_equal(sigaction(SIGALRM, &act, &before), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &each_ms, NULL), 0);
	signals = 0;
	assert_int_equal(wait_for(-1), 0);
	assert_true(signals > 0);
	assert_int_equal(wait_for(1000 * LONG_NS), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &off, NULL), 0);
	assert_int_equal(sigaction(SIGALRM, &before, NULL), 0);
	fire(mark.fd);
	expect_one(&mark);
	mark_del(&mark);
}

static void *fire_later(void *arg)
{
	const struct timespec moment = { .tv_nsec = 2 * MS };
	const int *fd = arg;

	(void)nanosleep(&moment, NULL);
	fire(*fd);
	return NULL;
}

/* A loop of the application's own waits for the back end's descriptor, by poll and by epoll. */
static void pollable_from_outside(void **state)
{
	int outer = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event ev = { .events = EPOLLIN };
	struct fn_wait_mark mark, late;
	struct pollfd fd;
	pthread_t thread;
	int n;

	(void)state;
	mark_add(&mark);
	fd = (struct pollfd){ .fd = t.ops->fd(t.wait), .events = POLLIN };
	assert_int_equal(epoll_ctl(outer, EPOLL_CTL_ADD, fd.fd, &ev), 0);
	expect_nothing();
	for (int i = 0; i < 4; i++) {
		assert_int_equal(poll(&fd, 1, 0), 0);
		assert_int_equal(pthread_create(&thread, NULL, fire_later, &mark.fd), 0);
		do
			n = i % 2 ? epoll_wait(outer, &ev, 1, 5000) : poll(&fd, 1, 5000);
		while (n < 0 && errno == EINTR);
		assert_int_equal(n, 1);
		assert_int_equal(pthread_join(thread, NULL), 0);
		assert_int_equal(look(), 1);
		expect_nothing();
	}
	/* What is added while nobody waits is looked after at once. */
	mark_add(&late);
	fire(late.fd);
	assert_true(is_readable(fd.fd));
	expect_one(&late);
	mark_del(&late);
	mark_del(&mark);
	assert_int_equal(close(outer), 0);
}

static int add_fd(int fd)
{
	static struct fn_wait_mark mark;

	mark = (struct fn_wait_mark){ .kind = FN_WAIT_WATCH, .fd = fd, .events = POLLIN };
	return t.ops->add(t.wait, &mark);
}

static void what_cannot_be_watched_is_a_sentence(void **state)
{
	struct fn_wait_mark mark;
	int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_int_equal(add_fd(-1), -EBADF);
	assert_non_null(strstr(fn_error_last(), "not open"));
	assert_int_equal(add_fd(file), -EPERM);
	assert_non_null(strstr(fn_error_last(), "always ready"));
	mark_add(&mark);
	assert_int_equal(add_fd(mark.fd), -EEXIST);
	assert_non_null(strstr(fn_error_last(), "watches it already"));
	fire(mark.fd);
	expect_one(&mark);
	mark_del(&mark);
	expect_nothing();
	assert_int_equal(close(file), 0);
}

/* Threads run a poller one after the other. */
struct turn {
	struct fn_wait_mark *mark;
	unsigned adds;
	int stuck; /* read in a child that the thread waits for in vfork(2); -1: it ends */
	sem_t is_ready;
};

static void *take_a_turn(void *arg)
{
	struct turn *turn = arg;
	char byte;

	for (unsigned i = 0; i < turn->adds; i++)
		mark_add(&turn->mark[i]);
	(void)look();
	(void)sem_post(&turn->is_ready);
	if (turn->stuck >= 0 && vfork() == 0) {
		(void)!read(turn->stuck, &byte, 1);
		_exit(0);
	}
	return NULL;
}

static void turn_begin(struct turn *turn, pthread_t *thread)
{
	assert_int_equal(sem_init(&turn->is_ready, 0, 0), 0);
	assert_int_equal(pthread_create(thread, NULL, take_a_turn, turn), 0);
	while (sem_wait(&turn->is_ready))
		assert_int_equal(errno, EINTR);
}

static void marks_of_a_thread_that_ended(void **state)
{
	static struct fn_wait_mark marks[3];
	struct turn turn = { .mark = marks, .adds = 3, .stuck = -1 };
	pthread_t thread;

	(void)state;
	turn_begin(&turn, &thread);
	assert_int_equal(pthread_join(thread, NULL), 0);
	expect_nothing();
	fire(marks[1].fd);
	expect_one(&marks[1]);
	expect_nothing();
	/* And back, with an event in between, which belongs to whoever comes next. */
	fire(marks[2].fd);
	turn.adds = 0;
	turn_begin(&turn, &thread);
	assert_int_equal(pthread_join(thread, NULL), 0);
	fire(marks[0].fd);
	assert_int_not_equal(wait_for(LONG_NS), 0);
	for (int i = 0; i < 3; i++)
		mark_del(&marks[i]);
	expect_nothing();
}

static void *wait_a_turn(void *arg)
{
	unsigned *n = arg;

	*n = wait_for(LONG_NS);
	return NULL;
}

/*
 * The C library gives a thread the identity of one that ended, whose polls the kernel cancelled:
 * glibc does so here.
 */
static void marks_of_a_namesake(void **state)
{
	static struct fn_wait_mark marks[1];
	struct turn turn = { .mark = marks, .adds = 1, .stuck = -1 };
	pthread_t first, second;
	unsigned n = 0;

	(void)state;
	turn_begin(&turn, &first);
	assert_int_equal(pthread_join(first, NULL), 0);
	assert_int_equal(pthread_create(&second, NULL, wait_a_turn, &n), 0);
	(void)usleep(2000);
	fire(marks[0].fd);
	assert_int_equal(pthread_join(second, NULL), 0);
	assert_int_equal(n, 1);
	assert_ptr_equal(t.ready[0], &marks[0]);
	mark_del(&marks[0]);
	expect_nothing();
}

/* The thread before is where nothing interrupts it: what it left must not wait for it. */
static void marks_of_a_thread_that_is_stuck(void **state)
{
	static struct fn_wait_mark marks[2];
	struct turn turn = { .mark = marks, .adds = 2 };
	pthread_t thread;
	int64_t begun;
	int fds[2];

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	turn.stuck = fds[0];
	turn_begin(&turn, &thread);
	begun = now_ns();
	assert_int_equal(wait_for(3 * MS), 0);
	assert_true(now_ns() - begun >= 3 * MS);
	fire(marks[1].fd);
	expect_one(&marks[1]);
	expect_nothing();
	mark_del(&marks[0]);
	mark_del(&marks[1]);
	expect_nothing();
	assert_int_equal(write(fds[1], "", 1), 1);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_true(wait(NULL) > 0);
	expect_nothing();
	assert_int_equal(close(fds[0]), 0);
	assert_int_equal(close(fds[1]), 0);
}

static void no_descriptor_left(void **state)
{
	const struct fn_wait_conf conf = { .ring_entries = 8 };
	struct fn_wait *wait = NULL;
	struct rlimit limit;
	int ret;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 0, limit.rlim_max }), 0);
	ret = t.ops->create(&conf, &wait);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(ret, -EMFILE);
	assert_null(wait);
	assert_non_null(strstr(fn_error_last(), "ulimit -n"));
}

/* Marks that are left in it are not touched. */
static void destroyed_with_marks(void **state)
{
	const struct fn_wait_conf conf = { .ring_entries = 8 };
	struct fn_wait_mark *mark = calloc(1, sizeof(*mark));
	struct fn_wait *wait;

	(void)state;
	mark_init(mark, FN_WAIT_VECTOR, eventfd(1, EFD_NONBLOCK));
	assert_int_equal(t.ops->create(&conf, &wait), 0);
	assert_int_equal(t.ops->add(wait, mark), 0);
	assert_int_equal(close(mark->fd), 0);
	free(mark);
	t.ops->destroy(wait);
}

static int without_pwait2(int err)
{
	const struct fn_wait_conf conf = { 0 };
	struct fn_wait_mark mark = { .kind = FN_WAIT_WAKE, .events = POLLIN };
	int64_t begun;

	mark.fd = eventfd(0, EFD_NONBLOCK);
	filter_answer(SYS_epoll_pwait2, SECCOMP_RET_ERRNO | (uint32_t)err);
	if (t.ops->create(&conf, &t.wait) || t.ops->add(t.wait, &mark))
		return 1;
	/* Rounded down to milliseconds these would not sleep at all. */
	for (int i = 0; i < 20; i++) {
		begun = now_ns();
		if (wait_for(999999) || now_ns() - begun < 999999)
			return 2;
	}
	fire(mark.fd);
	if (wait_for(LONG_NS) != 1 || look() || wait_for(1))
		return 3;
	/* It asked once: who asks again is ended. */
	filter_answer(SYS_epoll_pwait2, SECCOMP_RET_KILL_PROCESS);
	fire(mark.fd);
	if (wait_for(LONG_NS) != 1 || wait_for(1) || t.ready[0] != &mark)
		return 4;
	fire(mark.fd);
	if (wait_for(-1) != 1)
		return 5;
	return 0;
}

static void pwait2_that_is_not_there(void **state)
{
	(void)state;
	assert_int_equal(in_a_child(without_pwait2, ENOSYS), 0);
	assert_int_equal(in_a_child(without_pwait2, EPERM), 0);
}

/* What fn_wait_ops.create() says when the kernel answers so, in a child. */
static int says(int err, const char *words, const char *more)
{
	const struct fn_wait_conf conf = { .ring_entries = 8 };
	struct fn_wait *wait;

	filter_answer(SYS_io_uring_setup, SECCOMP_RET_ERRNO | (uint32_t)err);
	if (fn_wait_uring.create(&conf, &wait) != -err)
		return 1;
	(void)printf("%s\n", fn_error_last());
	(void)fflush(NULL);
	return strstr(fn_error_last(), words) && strstr(fn_error_last(), more) ? 0 : 2;
}

static int is_hidden(int err)
{
	return says(err, "older than 5.14", "seccomp");
}

static int is_forbidden(int err)
{
	return says(err, "seccomp", "io_uring_setup, io_uring_enter and io_uring_register");
}

static int is_too_much(int err)
{
	return says(err, "ulimit -l", "8 entries");
}

static void forbidden_by_a_filter(void **state)
{
	(void)state;
	assert_int_equal(in_a_child(is_hidden, ENOSYS), 0);
	assert_int_equal(in_a_child(is_forbidden, EPERM), 0);
	assert_int_equal(in_a_child(is_too_much, ENOMEM), 0);
}

#define NO_NAMESPACE 77

/* The sysctl is the machine's: here another file is put in its place, for this process alone. */
static int is_switched_off(int value)
{
	char path[] = "/tmp/test_wait.XXXXXX";
	int fd = mkstemp(path);
	int ret;

	if (fd < 0 || dprintf(fd, "%d\n", value) < 0 || unshare(CLONE_NEWNS) ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount(path, "/proc/sys/kernel/io_uring_disabled", NULL, MS_BIND, NULL))
		ret = NO_NAMESPACE;
	else if (value == 1)
		ret = says(EPERM, "kernel.io_uring_disabled=0", "kernel.io_uring_group");
	else
		ret = says(EPERM, "kernel.io_uring_disabled=0", "nobody");
	(void)unlink(path);
	return ret;
}

static void forbidden_by_the_sysctl(void **state)
{
	int one = in_a_child(is_switched_off, 1);
	int two = in_a_child(is_switched_off, 2);

	(void)state;
	if (one == NO_NAMESPACE) {
		(void)printf("no mount namespace to put another sysctl in place (needs root, and "
			     "Linux 6.6)\n");
		skip();
	}
	assert_int_equal(one, 0);
	assert_int_equal(two, 0);
}

/* The kernel's side of making a ring, to be an older one. */
static unsigned flags_tried[4];
static unsigned n_tried;
static unsigned flags_unknown;

int __real_io_uring_queue_init_params(unsigned entries, struct io_uring *ring,
				      struct io_uring_params *params);
int __wrap_io_uring_queue_init_params(unsigned entries, struct io_uring *ring,
				      struct io_uring_params *params);

int __wrap_io_uring_queue_init_params(unsigned entries, struct io_uring *ring,
				      struct io_uring_params *params)
{
	if (n_tried < 4)
		flags_tried[n_tried++] = params->flags;
	if (params->flags & flags_unknown)
		return -EINVAL;
	return __real_io_uring_queue_init_params(entries, ring, params);
}

static void older_kernels(void **state)
{
	struct fn_wait_mark mark;

	(void)state;
	t.ops->destroy(t.wait);
	n_tried = 0;
	flags_unknown = IORING_SETUP_COOP_TASKRUN;
	begin(8);
	flags_unknown = 0;
	assert_int_equal(n_tried, 2);
	assert_int_equal(flags_tried[0], IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG);
	assert_int_equal(flags_tried[1], 0);
	mark_add(&mark);
	fire(mark.fd);
	expect_one(&mark);
	expect_nothing();
	mark_del(&mark);
}

static void entries_that_cannot_be(void **state)
{
	const struct fn_wait_conf conf = { .ring_entries = 1u << 30 };
	struct fn_wait *wait;

	(void)state;
	assert_int_equal(t.ops->create(&conf, &wait), -EINVAL);
	assert_non_null(strstr(fn_error_last(), "ring_entries"));
}

static struct io_uring_sqe *request(uint64_t data)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(t.ops->ring(t.wait));

	assert_non_null(sqe);
	io_uring_prep_nop(sqe);
	sqe->user_data = data;
	return sqe;
}

static void expect_completion(unsigned i, uint64_t data, int res)
{
	assert_true(i < t.n_got);
	assert_int_equal(t.got[i].data, data);
	assert_int_equal(t.got[i].res, res);
}

/* The application's requests are submitted by the wait, and their completions end it. */
static void requests_of_the_application(void **state)
{
	struct __kernel_timespec moment = { .tv_nsec = 3 * MS };
	struct io_uring_sqe *sqe;
	struct fn_wait_mark mark;
	char text[8] = "";
	int fds[2];

	(void)state;
	mark_add(&mark);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	sqe = request(0);
	io_uring_prep_read(sqe, fds[0], text, sizeof(text), 0);
	sqe->user_data = (uintptr_t)text;
	expect_nothing();
	assert_int_equal(io_uring_sq_ready(t.ops->ring(t.wait)), 0);
	assert_int_equal(write(fds[1], "abc", 4), 4);
	assert_int_equal(wait_for(LONG_NS), 0);
	assert_int_equal(t.cqes, 1);
	expect_completion(0, (uintptr_t)text, 4);
	assert_string_equal(text, "abc");

	sqe = request(0);
	io_uring_prep_timeout(sqe, &moment, 0, 0);
	sqe->user_data = 4095;
	assert_int_equal(wait_for(-1), 0);
	assert_int_equal(t.cqes, 1);
	expect_completion(1, 4095, -ETIME);
	/* Its own time-outs leave nothing behind. */
	assert_int_equal(wait_for(MS), 0);
	assert_int_equal(wait_for(MS), 0);
	assert_int_equal(t.n_got, 2);

	/* Both in one wait, whatever number the request has. */
	(void)request(0);
	(void)request(1);
	fire(mark.fd);
	assert_int_equal(wait_for(LONG_NS), 1);
	assert_ptr_equal(t.ready[0], &mark);
	assert_int_equal(t.cqes, 2);
	expect_completion(2, 0, 0);
	expect_completion(3, 1, 0);
	expect_nothing();
	mark_del(&mark);
	assert_int_equal(close(fds[0]), 0);
	assert_int_equal(close(fds[1]), 0);
}

/* A callback asks again: one wait does not go on for ever, and the next one submits it. */
static void requests_of_a_callback(void **state)
{
	(void)state;
	t.again = 3;
	(void)request(7);
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(wait_for(LONG_NS), 0);
		assert_int_equal(t.cqes, 1);
		assert_int_equal(t.n_got, i + 1);
	}
	expect_nothing();
}

/* A callback takes out and frees a mark whose event was there before: it is not listed. */
static void del_from_a_callback(void **state)
{
	struct fn_wait_mark *mark = calloc(1, sizeof(*mark));
	struct fn_wait_mark other;
	int fd;

	(void)state;
	mark_add(mark);
	mark_add(&other);
	expect_nothing();
	fd = mark->fd;
	fire(fd);
	fire(other.fd);
	(void)request(7);
	t.victim = mark;
	assert_int_equal(wait_for(LONG_NS), 1);
	assert_ptr_equal(t.ready[0], &other);
	assert_int_equal(t.cqes, 1);
	expect_nothing();
	assert_int_equal(close(fd), 0);
	mark_del(&other);
}

/* The completion queue is full: nothing is lost, edges come once, and again afterwards. */
static void overflow(void **state)
{
	struct io_uring *ring = t.ops->ring(t.wait);
	struct fn_wait_mark mark, quiet;
	unsigned reports = 0, seen = 0;

	(void)state;
	mark_add(&mark);
	mark_add(&quiet);
	fire(quiet.fd);
	expect_one(&quiet);
	expect_nothing();
	for (unsigned turn = 1; turn <= 3; turn++) {
		for (unsigned i = 0; i < 40; i++) {
			(void)request(i);
			assert_true(io_uring_submit(ring) >= 0);
		}
		fire(mark.fd);
		/* Has the kernel notice it now. */
		assert_true(io_uring_submit(ring) >= 0);
		(void)usleep(1000);
		seen = 0;
		reports = 0;
		for (unsigned i = 0; i < 40 && (seen < 40 || !reports); i++) {
			unsigned n = wait_for(LONG_NS);

			for (unsigned k = 0; k < n; k++)
				assert_ptr_equal(t.ready[k], &mark);
			reports += n;
			seen += t.cqes;
		}
		assert_int_equal(seen, 40);
		assert_int_equal(reports, 1);
		for (unsigned i = 0; i < 40; i++)
			expect_completion(i, i, 0);
		t.n_got = 0;
		expect_nothing();
		fire(mark.fd);
		expect_one(&mark);
		expect_nothing();
	}
	mark_del(&mark);
	mark_del(&quiet);
}

/* The application has filled the submission queue: there is room for the back end all the same. */
static void full_submission_queue(void **state)
{
	struct fn_wait_mark mark, other;
	unsigned seen = 0;

	(void)state;
	mark_add(&mark);
	while (io_uring_sq_space_left(t.ops->ring(t.wait)))
		(void)request(seen++);
	mark_add(&other);
	while (io_uring_sq_space_left(t.ops->ring(t.wait)))
		(void)request(seen++);
	mark_del(&mark);
	fire(other.fd);
	while (t.n_got < seen)
		assert_true(wait_for(LONG_NS) || t.cqes);
	assert_int_equal(t.n_got, seen);
	mark_del(&other);
	expect_nothing();
}

/* Where completions would have nowhere to go there is no ring to make requests with. */
static void no_ring_without_a_callback(void **state)
{
	const struct fn_wait_conf conf = { .ring_entries = 8 };
	struct fn_wait *wait;

	(void)state;
	assert_non_null(t.ops->ring(t.wait));
	assert_int_equal(t.ops->create(&conf, &wait), 0);
	assert_null(t.ops->ring(wait));
	t.ops->destroy(wait);
}

static void has_no_ring(void **state)
{
	(void)state;
	assert_null(t.ops->ring(t.wait));
}

static const char *why_no_uring;

static void no_uring(void **state)
{
	(void)state;
	(void)printf("this kernel, or a filter of system calls, has no io_uring for us: %s\n",
		     why_no_uring);
	skip();
}

#define WITH(backend, name, setup_fn)                                                 \
	{                                                                             \
#backend "_" #name, name, setup_fn, teardown, (void *)&wait_##backend \
	}
/* One row of each in the list of each back end. */
#define BODIES(backend)                                                                            \
	WITH(backend, edges_are_reported_once, setup), WITH(backend, edge_before_add, setup),      \
		WITH(backend, levels_are_reported_again, setup),                                   \
		WITH(backend, half_closed, setup), WITH(backend, many_at_once, setup),             \
		WITH(backend, del_with_an_event_pending, setup),                                   \
		WITH(backend, del_lets_go_at_once, setup), WITH(backend, time_outs, setup),        \
		WITH(backend, woken_by_another_thread, setup), WITH(backend, nested_epoll, setup), \
		WITH(backend, signal_ends_a_wait, setup),                                          \
		WITH(backend, pollable_from_outside, setup),                                       \
		WITH(backend, what_cannot_be_watched_is_a_sentence, setup),                        \
		WITH(backend, marks_of_a_thread_that_ended, setup),                                \
		WITH(backend, marks_of_a_namesake, setup),                                         \
		WITH(backend, marks_of_a_thread_that_is_stuck, setup),                             \
		WITH(backend, no_descriptor_left, setup),                                          \
		WITH(backend, destroyed_with_marks, setup)

/* Whether the kernel lets a child of this process make a ring; errno says why not. */
static int uring_errno(int unused)
{
	struct io_uring_params params = { 0 };

	(void)unused;
	return syscall(SYS_io_uring_setup, 4, &params) < 0 ? errno : 0;
}

int main(void)
{
	static struct fn_wait_ops wait_epoll, wait_uring;
	/* A ring that is given back may end a system call later with EINTR: epoll's come first. */
	struct CMUnitTest tests[] = {
		BODIES(epoll),
		WITH(epoll, pwait2_that_is_not_there, setup),
		WITH(epoll, has_no_ring, setup),
		BODIES(uring),
		WITH(uring, many_in_a_small_ring, setup_small),
		WITH(uring, requests_of_the_application, setup),
		WITH(uring, requests_of_a_callback, setup),
		WITH(uring, del_from_a_callback, setup),
		WITH(uring, overflow, setup_small),
		WITH(uring, full_submission_queue, setup_small),
		WITH(uring, no_ring_without_a_callback, setup),
		WITH(uring, older_kernels, setup),
		WITH(uring, entries_that_cannot_be, setup),
		{ "forbidden_by_a_filter", forbidden_by_a_filter, NULL, NULL, NULL },
		{ "forbidden_by_the_sysctl", forbidden_by_the_sysctl, NULL, NULL, NULL },
	};
	int err = in_a_child(uring_errno, 0);

	wait_epoll = fn_wait_epoll;
	wait_uring = fn_wait_uring;
	for (unsigned i = 0; err && i < sizeof(tests) / sizeof(*tests); i++) {
		if (strncmp(tests[i].name, "uring_", 6) == 0)
			tests[i] = (struct CMUnitTest){ tests[i].name, no_uring, NULL, NULL, NULL };
	}
	why_no_uring = strerror(err);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
