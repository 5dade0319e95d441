// SPDX-License-Identifier: BSD-3-Clause
/*
 * The order of going to sleep: what comes between any two steps of it is neither lost nor waited
 * for, and what a worker has no use for does not wake it.
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/time.h>
#include <ucontext.h>

#include "poller_rig.h"
#include "single_step.h"

#define SECOND 1000000000
#define SHORT 2000000
/* Ends by the clock before a call that waits for a second does. */
#define SAFETY_NS 900000000u

/**
 * struct inject - something happens within a sleep, once
 * @what: it
 * @seen: the worker has seen to it
 * @at: before or behind this step of the worker's, counted from 1
 * @step: where the worker is
 * @done: it happened
 * @blocked: because the worker was about to block, behind all steps
 * @lost: the worker slept over it
 */
static struct inject {
	void (*what)(void);
	bool (*seen)(void);
	unsigned at;
	unsigned step;
	bool done;
	bool blocked;
	bool lost;
} inject;

static bool received(void)
{
	return rig.nics[0].got == rig.nics[0].in;
}

static void inject_now(void)
{
	inject.done = true;
	inject.what();
}

static void inject_step(void)
{
	if (!inject.done && ++inject.step == inject.at)
		inject_now();
}

static unsigned wait_injected(struct fn_wait *wait, int64_t timeout_ns, struct fn_wait_mark **ready,
			      unsigned *cqes)
{
	unsigned n;

	if (timeout_ns && !inject.done) {
		inject.blocked = true;
		inject_now();
	} else if (timeout_ns && inject.seen()) {
		/* A sleep of a worker that has nothing to do: nobody waits for its end. */
		fn_poller_stop(rig.poller);
		timeout_ns = 0;
	}
	n = rig_wait(wait, timeout_ns, ready, cqes);
	inject.lost |= timeout_ns && !n;
	return n;
}

/* Not in interrupt mode: moderation holds interrupts back by a clock that stands still here. */
static struct nic *begin_by(enum nic_kind kind, enum fn_poller_wait wait)
{
	struct nic *nic =
		rig_begin(kind, (struct fn_poller_opts){ .safety_ns = SAFETY_NS, .wait = wait });

	nic_hook(nic);
	rig.wait_ops.wait = wait_injected;
	inject = (struct inject){ .seen = received, .done = true };
	return nic;
}

static struct nic *begin(enum nic_kind kind)
{
	return begin_by(kind, FN_POLLER_WAIT_EPOLL);
}

/* Nothing was slept over, and no sleep ended by what was no news any more. */
static void assert_none_lost(void)
{
	assert_false(inject.lost);
	assert_int_equal(stats().lost_wakeups, 0);
	assert_int_equal(stats().spurious, 0);
}

static void receive(void)
{
	assert_int_equal(nic_receive(&rig.nics[0]), 0);
}

/*
 * An event that is left over ends the next sleep, with nothing behind it. Not where room is waited
 * for: a sleep in between would give back what a full ring holds, which is to happen in the next.
 */
static void sleep_once(void (*what)(void))
{
	if (what != receive)
		return;
	rig.wait_ops.wait = rig_wait;
	while (fn_poller_run_once(rig.poller, SHORT))
		continue;
	rig.wait_ops.wait = wait_injected;
}

/* @what happens at each step of a sleep in its turn, until the worker has seen it. */
static void at_each_step(void (*prepare)(void), void (*what)(void), bool (*seen)(void),
			 unsigned least)
{
	inject.what = what;
	inject.seen = seen;
	for (inject.at = 1; !inject.blocked; inject.at++) {
		prepare();
		inject.done = false;
		inject.step = 0;
		rig.hook = inject_step;
		while (!inject.done)
			(void)fn_poller_run_once(rig.poller, SECOND);
		rig.hook = NULL;
		while (!seen())
			(void)fn_poller_run_once(rig.poller, SECOND);
		sleep_once(what);
		assert_none_lost();
	}
	assert_true(inject.at > least);
}

static void nothing(void)
{
}

static void packet_at_each_step(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < NIC_KINDS; kind++) {
		(void)begin(kind);
		at_each_step(nothing, receive, received, 6);
		assert_true(stats().second_looks > 0);
		assert_true(stats().wakes_interrupt > 0);
		rig_end();
	}
}

/* Sends wait for room: what makes some is news, too. */
static void fill(void)
{
	struct nic *nic = &rig.nics[0];

	(void)nic_transmit(nic, UINT32_MAX);
	while (!fn_poller_tx_waiting(nic->tx)) {
		struct fn_pkt *pkt = rig_pkt();

		assert_int_equal(fn_poller_send(nic->tx, &pkt, 1), 1);
	}
}

static void transmit(void)
{
	assert_true(nic_transmit(&rig.nics[0], UINT32_MAX) > 0);
}

static bool has_room(void)
{
	return !fn_poller_tx_waiting(rig.nics[0].tx);
}

static void room_at_each_step(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < NIC_KINDS; kind++) {
		(void)begin(kind);
		at_each_step(fill, transmit, has_room, 6);
		rig_end();
	}
}

/* Work of a source, stored by somebody who then wakes the worker. */
static unsigned jobs;

static unsigned jobs_run(void *arg)
{
	(void)arg;
	return __atomic_exchange_n(&jobs, 0, __ATOMIC_SEQ_CST);
}

static bool jobs_pending(void *arg)
{
	bool is;

	(void)arg;
	rig_step();
	is = __atomic_load_n(&jobs, __ATOMIC_SEQ_CST);
	rig_step();
	return is;
}

static void jobs_put(void)
{
	__atomic_fetch_add(&jobs, 1, __ATOMIC_SEQ_CST);
	fn_poller_wake(rig.poller);
}

static bool jobs_done(void)
{
	return !jobs;
}

static void jobs_add(void)
{
	const struct fn_poller_source_opts opts = { .sz = sizeof(opts),
						    .run = jobs_run,
						    .pending = jobs_pending };

	jobs = 0;
	assert_int_equal(fn_poller_add_source(rig.poller, &opts, NULL), 0);
}

static void source_at_each_step(void **state)
{
	(void)state;
	(void)begin(NIC_VIRTIO);
	jobs_add();
	at_each_step(nothing, jobs_put, jobs_done, 6);
	assert_true(stats().wakes_control > 0);
	rig_end();
}

static void stop(void)
{
	fn_poller_stop(rig.poller);
}

static bool stopped(void)
{
	return !rig.poller->quit;
}

static void stop_at_each_step(void **state)
{
	(void)state;
	(void)begin(NIC_VIRTIO);
	at_each_step(nothing, stop, stopped, 6);
	rig_end();
}

/* A loop of the application's own: all that comes makes the descriptor readable. */
static void at_each_step_of_once(enum fn_poller_wait wait)
{
	for (unsigned kind = 0; kind < NIC_KINDS; kind++) {
		struct nic *nic = begin_by(kind, wait);

		inject.what = receive;
		for (inject.at = 1; !inject.blocked; inject.at++) {
			inject.done = false;
			inject.step = 0;
			rig.hook = inject_step;
			settle();
			if (!inject.done) {
				inject.blocked = true;
				inject_now();
			}
			rig.hook = NULL;
			assert_true(rig.poller->is_armed);
			assert_int_equal(rig.poller->sleeping, 1);
			if (nic->got < nic->in)
				assert_true(readable(fn_poller_fd(rig.poller)));
			settle();
			assert_int_equal(nic->got, nic->in);
			/* The event is taken: it tells of nothing any more. */
			assert_false(readable(fn_poller_fd(rig.poller)));
		}
		assert_true(inject.at > 6);
		assert_int_equal(stats().lost_wakeups, 0);
		rig_end();
	}
}

static void packet_at_each_step_of_once(void **state)
{
	(void)state;
	at_each_step_of_once(FN_POLLER_WAIT_EPOLL);
}

static void packet_at_each_step_of_once_by_uring(void **state)
{
	(void)state;
	if (rig_uring_is_forbidden())
		skip();
	at_each_step_of_once(FN_POLLER_WAIT_URING);
}

/* A callback adds a queue right before all is armed: the descriptor tells of its packets. */
static void take_and_add(void *arg, struct fn_pkt **pkts, unsigned n)
{
	nic_take(arg, pkts, n);
	nic_add_rx(&rig.nics[1], rig.poller, nic_take);
}

static void added_by_a_callback(enum fn_poller_wait wait)
{
	for (unsigned i = 0; i < 3; i++) {
		struct nic *nic;

		rig_begin_pool(0);
		rig_poller((struct fn_poller_opts){ .safety_ns = RIG_LONG_NS, .wait = wait });
		nic_add_rx(nic_up(NIC_VIRTIO), rig.poller, take_and_add);
		nic = nic_up(NIC_82576);
		settle();
		nic_receive_n(&rig.nics[0], 1);
		settle();
		assert_false(readable(fn_poller_fd(rig.poller)));
		nic_receive_n(nic, 1);
		assert_true(readable(fn_poller_fd(rig.poller)));
		settle();
		assert_int_equal(nic->got, 1);
		rig_end();
	}
}

static void queue_added_by_a_callback(void **state)
{
	(void)state;
	added_by_a_callback(FN_POLLER_WAIT_EPOLL);
}

static void queue_added_by_a_callback_by_uring(void **state)
{
	(void)state;
	if (rig_uring_is_forbidden())
		skip();
	added_by_a_callback(FN_POLLER_WAIT_URING);
}

#if defined(__x86_64__) && !defined(FN_TSAN) && !defined(__SANITIZE_ADDRESS__)
/* A trap costs some 50 us where the kernel is emulated; sanitizers make too many of them. */
#define STRIDE 3u
/* EFLAGS of a thread that is single-stepped. */
#define TRAP_FLAG 0x100

static unsigned wait_trapped(struct fn_wait *wait, int64_t timeout_ns, struct fn_wait_mark **ready,
			     unsigned *cqes)
{
	if (timeout_ns)
		single_step(false);
	return wait_injected(wait, timeout_ns, ready, cqes);
}

static void trapped(int signal, siginfo_t *info, void *context)
{
	ucontext_t *at = context;

	(void)signal;
	(void)info;
	inject_step();
	if (inject.done)
		at->uc_mcontext.gregs[REG_EFL] &= ~(greg_t)TRAP_FLAG;
}

/* A sleep, and within it something behind instruction number &inject.at. */
static void sleep_trapped(void)
{
	inject.done = false;
	inject.step = 0;
	single_step(true);
	(void)fn_poll_sleep(rig.poller, UINT64_MAX);
	single_step(false);
	assert_true(inject.done);
	assert_false(inject.lost);
}

/* The device of virtio-net lives in memory: it may strike between any two instructions. */
static void at_each_instruction(enum nic_kind kind, void (*what)(void), bool (*seen)(void))
{
	const struct sigaction act = { .sa_sigaction = trapped, .sa_flags = SA_SIGINFO };
	struct sigaction former;

	(void)begin(kind);
	jobs_add();
	rig.wait_ops.wait = wait_trapped;
	assert_int_equal(sigaction(SIGTRAP, &act, &former), 0);
	inject.what = what;
	inject.seen = seen;
	for (inject.at = 1; !inject.blocked; inject.at += STRIDE) {
		settle();
		(void)fn_poll_unarm(rig.poller);
		sleep_trapped();
		while (!seen())
			(void)fn_poller_run_once(rig.poller, 0);
	}
	assert_int_equal(sigaction(SIGTRAP, &former, NULL), 0);
	assert_true(inject.at > 200);
	assert_int_equal(stats().lost_wakeups, 0);
	rig_end();
}

static void packet_at_each_instruction(void **state)
{
	(void)state;
	at_each_instruction(NIC_VIRTIO, receive, received);
	at_each_instruction(NIC_VIRTIO_FLAGS, receive, received);
}

static void source_at_each_instruction(void **state)
{
	(void)state;
	at_each_instruction(NIC_VIRTIO, jobs_put, jobs_done);
}
#endif

/* What happens when the worker blocks for the first time, the second, and so on. */
static void (*at_block[4])(void);
static unsigned block_n;

static volatile sig_atomic_t signals;

/*
 * Lasts as long as it is to: what an earlier test had in an io_uring the kernel takes apart when it
 * likes to, on this thread, which then ends its wait as for a signal.
 */
static unsigned wait_scripted(struct fn_wait *wait, int64_t timeout_ns, struct fn_wait_mark **ready,
			      unsigned *cqes)
{
	const int64_t end_ns = (int64_t)fn_poll_now_ns() + timeout_ns;
	const sig_atomic_t signals_before = signals;
	unsigned n;

	if (timeout_ns && block_n < FN_ARRAY_LEN(at_block) && at_block[block_n++])
		at_block[block_n - 1]();
	do {
		n = rig_wait(wait, timeout_ns, ready, cqes);
		timeout_ns = end_ns - (int64_t)fn_poll_now_ns();
	} while (!n && !*cqes && timeout_ns > 0 && signals == signals_before);
	return n;
}

static struct nic *begin_script(void (*first)(void), void (*second)(void), void (*third)(void))
{
	struct nic *nic =
		rig_begin(NIC_VIRTIO, (struct fn_poller_opts){ .mode = FN_POLLER_INTERRUPT,
							       .safety_ns = RIG_SAFETY_NS,
							       .lost_ns = 2 * RIG_SAFETY_NS });

	at_block[0] = first;
	at_block[1] = second;
	at_block[2] = third;
	at_block[3] = NULL;
	block_n = 0;
	rig.wait_ops.wait = wait_scripted;
	return nic;
}

/* The device has forgotten its vector. */
static void receive_silently(void)
{
	const uint16_t vector = rig.nics[0].vd.queues[0].vector;

	rig.nics[0].vd.queues[0].vector = VDEV_NO_VECTOR;
	receive();
	rig.nics[0].vd.queues[0].vector = vector;
}

static void interrupt(void)
{
	const uint64_t one = 1;

	assert_int_equal(write(fn_rxq_event_fd(rig.nics[0].rxq), &one, sizeof(one)), sizeof(one));
}

static int pipe_fds[2];
static unsigned pipe_calls;

static void pipe_ready(void)
{
	assert_int_equal(write(pipe_fds[1], "x", 1), 1);
}

static void pipe_read(void *arg, short events)
{
	char c;

	(void)arg;
	assert_int_equal(events, POLLIN);
	assert_int_equal(read(pipe_fds[0], &c, 1), 1);
	pipe_calls++;
}

static void pipe_add(void)
{
	struct fn_poller_watch_opts opts = { .sz = sizeof(opts),
					     .events = POLLIN,
					     .fn = pipe_read };

	assert_int_equal(pipe(pipe_fds), 0);
	pipe_calls = 0;
	opts.fd = pipe_fds[0];
	assert_int_equal(fn_poller_add_watch(rig.poller, &opts, NULL), 0);
}

static void pipe_close(void)
{
	(void)close(pipe_fds[0]);
	(void)close(pipe_fds[1]);
}

/*
 * A descriptor of the application's, watched by a loop of its own: each time that it is ready the
 * poller's tells of it, also when no look came between two of them.
 */
static void watched_by_once(enum fn_poller_wait wait)
{
	rig_begin_pool(0);
	rig_poller((struct fn_poller_opts){ .safety_ns = RIG_LONG_NS, .wait = wait });
	pipe_add();
	settle();
	for (unsigned i = 0; i < 50; i++) {
		assert_false(readable(fn_poller_fd(rig.poller)));
		pipe_ready();
		assert_true(readable(fn_poller_fd(rig.poller)));
		settle();
		assert_int_equal(pipe_calls, i + 1);
	}
	rig_end();
	pipe_close();
}

static void descriptor_of_once(void **state)
{
	(void)state;
	watched_by_once(FN_POLLER_WAIT_EPOLL);
}

static void descriptor_of_once_by_uring(void **state)
{
	(void)state;
	if (rig_uring_is_forbidden())
		skip();
	watched_by_once(FN_POLLER_WAIT_URING);
}

/* A device that does not interrupt: the counter that stays 0 is able to count. */
static void lost_is_counted(void **state)
{
	struct nic *nic = begin_script(receive_silently, NULL, NULL);

	(void)state;
	while (nic->got < 1)
		(void)fn_poller_run_once(rig.poller, SECOND);
	assert_int_equal(stats().lost_wakeups, 1);
	assert_int_equal(stats().wakes_timeout, 1);
	assert_int_equal(stats().sleeps, 1);
	rig_end();
}

#if !defined(FN_TSAN)
static void take_signal(int signal)
{
	(void)signal;
	signals = 1;
}

/* Long before the sleep has lasted for as long as it may. */
static void receive_silently_and_be_signalled(void)
{
	const struct itimerval soon = { .it_value = { .tv_usec = 20000 } };

	receive_silently();
	assert_int_equal(setitimer(ITIMER_REAL, &soon, NULL), 0);
}

/* A signal ends a sleep like a time-out, and tells nothing of interrupts that are late. */
static void signalled_is_not_lost(void **state)
{
	const struct sigaction act = { .sa_handler = take_signal };
	struct sigaction former;
	struct nic *nic;

	(void)state;
	signals = 0;
	assert_int_equal(sigaction(SIGALRM, &act, &former), 0);
	nic = begin_script(receive_silently_and_be_signalled, NULL, NULL);
	rig.poller->opts.safety_ns = SAFETY_NS;
	while (nic->got < 1)
		(void)fn_poller_run_once(rig.poller, SECOND);
	assert_int_equal(stats().lost_wakeups, 0);
	assert_int_equal(stats().wakes_timeout, 1);
	rig_end();
	assert_int_equal(sigaction(SIGALRM, &former, NULL), 0);
}
#endif

static pthread_t setter;

static void *set_adaptive(void *arg)
{
	(void)arg;
	assert_int_equal(fn_poller_set_mode(rig.poller, FN_POLLER_ADAPTIVE, FN_POLLER_BALANCED), 0);
	return NULL;
}

static void set_mode_and_receive(void)
{
	assert_int_equal(pthread_create(&setter, NULL, set_adaptive, NULL), 0);
	while (!__atomic_load_n(&rig.poller->mail, __ATOMIC_ACQUIRE))
		(void)sched_yield();
	receive();
}

/* The sleep that a change of the mode ends tells nothing of the window that begins with it. */
static void mode_set_asleep(void **state)
{
	struct nic *nic = begin_script(set_mode_and_receive, NULL, NULL);
	uint64_t longest_ns;

	(void)state;
	(void)set_adaptive(NULL);
	longest_ns = stats().window_ns;
	assert_true(longest_ns > 0);
	assert_int_equal(fn_poller_set_mode(rig.poller, FN_POLLER_INTERRUPT, FN_POLLER_BALANCED),
			 0);
	while (nic->got < 1)
		(void)fn_poller_run_once(rig.poller, SECOND);
	assert_int_equal(pthread_join(setter, NULL), 0);
	assert_int_equal(stats().window_ns, longest_ns);
	rig_end();
}

/* An interrupt that comes late, though it comes, was not lost: in the first wait, or the second. */
static void late_is_not_lost(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct nic *nic = begin_script(receive_silently, i ? NULL : interrupt, interrupt);

		while (nic->got < 1)
			(void)fn_poller_run_once(rig.poller, SECOND);
		assert_int_equal(stats().lost_wakeups, 0);
		assert_int_equal(stats().wakes_interrupt, 1);
		rig_end();
	}
}

/*
 * Other news that come first neither end the wait for it, nor are told of twice: behind them it is
 * waited for again and again, and not just the second time that there is at any rate.
 */
static void late_behind_a_descriptor(void **state)
{
	struct nic *nic = begin_script(receive_silently, pipe_ready, NULL);

	(void)state;
	at_block[3] = interrupt;
	pipe_add();
	while (nic->got < 1 || !pipe_calls)
		(void)fn_poller_run_once(rig.poller, SECOND);
	settle();
	assert_int_equal(stats().lost_wakeups, 0);
	assert_int_equal(pipe_calls, 1);
	rig_end();
	pipe_close();
}

/* Who is asked back brings packets that nobody misses: none of them was slept over. */
static void asked_back_is_not_lost(void **state)
{
	struct nic *nic;

	(void)state;
	nic = begin_script(receive, NULL, NULL);
	__atomic_store_n(&nic->dev->status, -ENODEV, __ATOMIC_SEQ_CST);
	while (nic->got < 1)
		(void)fn_poller_run_once(rig.poller, SECOND);
	assert_int_equal(stats().lost_wakeups, 0);
	assert_int_equal(stats().wakes_interrupt, 1);
	rig_end();
}

/* An interrupt without a packet is counted as such, and the worker sleeps again. */
static void spurious_is_counted(void **state)
{
	(void)state;
	(void)begin_script(interrupt, receive, NULL);
	while (rig.nics[0].got < 1)
		(void)fn_poller_run_once(rig.poller, SECOND);
	assert_int_equal(stats().spurious, 1);
	assert_int_equal(stats().wakes_interrupt, 2);
	assert_int_equal(stats().interrupts, 2);
	assert_int_equal(stats().sleeps, 2);
	rig_end();
}

/*
 * Nothing to do: a sleep is the time-out's length, and between two of them the worker asks nobody
 * anything and looks at its queues once.
 */
static unsigned idle_blocks;

static unsigned wait_idle(struct fn_wait *wait, int64_t timeout_ns, struct fn_wait_mark **ready,
			  unsigned *cqes)
{
	if (timeout_ns && ++idle_blocks == 5)
		stop();
	return rig_wait(wait, timeout_ns, ready, cqes);
}

static void idle(void **state)
{
	static const enum fn_poller_mode modes[] = { FN_POLLER_ADAPTIVE, FN_POLLER_INTERRUPT };

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct fn_poller_stats s;
		uint64_t since;

		(void)rig_begin(NIC_82576, (struct fn_poller_opts){ .mode = modes[i],
								    .safety_ns = 500000000,
								    .wake_latency_ns = 1 });
		rig.wait_ops.wait = wait_idle;
		idle_blocks = 0;
		since = fn_poll_now_ns();
		assert_int_equal(fn_poller_run(rig.poller), 0);
		s = stats();
		assert_true(fn_poll_now_ns() - since >= 2000000000u);
		assert_int_equal(s.wakes_timeout, 4);
		assert_int_equal(s.wakes_control, 1);
		assert_int_equal(s.sleeps, 5);
		assert_int_equal(s.lost_wakeups, 0);
		assert_int_equal(s.arms, 5);
		/*
		 * One before the first sleep, and one behind each; the first look at the clock is
		 * due.
		 */
		assert_in_range(s.rounds, 5, 8);
		assert_in_range(rig.waits, 0, 1);
		rig_end();
	}
}

/* Writes of fn_poller_wake() that the worker has not seen: the eventfd counts them. */
static uint64_t wake_writes(void)
{
	uint64_t n = 0;

	return read(rig.poller->wake.fd, &n, sizeof(n)) == sizeof(n) ? n : 0;
}

/* A wake is one system call when the worker sleeps and nobody has woken it, else none. */
static void wake_is_one_call(void **state)
{
	(void)state;
	(void)rig_begin(NIC_VIRTIO, (struct fn_poller_opts){ 0 });
	for (unsigned i = 0; i < 5; i++)
		fn_poller_wake(rig.poller);
	assert_int_equal(wake_writes(), 0);
	for (unsigned k = 0; k < 3; k++) {
		settle();
		assert_int_equal(wake_writes(), 0);
		for (unsigned i = 0; i < 5; i++)
			fn_poller_wake(rig.poller);
		assert_int_equal(wake_writes(), 1);
		for (unsigned i = 0; i < 5; i++)
			fn_poller_wake(rig.poller);
		assert_int_equal(wake_writes(), 0);
	}
	rig_end();
}

/*
 * A loop of the application's own with a timer: the descriptor tells of it, also when an earlier
 * time was told of meanwhile by a look of the worker's.
 */
static unsigned ticks;

static void tick(void *arg)
{
	(void)arg;
	ticks++;
}

static void once_by_timer(void **state)
{
	struct fn_poller_timer_opts opts = { .sz = sizeof(opts), .fn = tick };

	(void)state;
	(void)rig_begin(NIC_VIRTIO, (struct fn_poller_opts){ .safety_ns = RIG_LONG_NS });
	ticks = 0;
	for (unsigned i = 0; i < 300; i++) {
		struct pollfd pfd = { .fd = fn_poller_fd(rig.poller), .events = POLLIN };
		struct fn_poller_timer *timer;

		opts.first_ns = 100000 + i % 7 * 100000;
		assert_int_equal(fn_poller_add_timer(rig.poller, &opts, &timer), 0);
		settle();
		/*
		 * The time comes while the worker does something else, and its looks take the
		 * event.
		 */
		if (i % 3 == 0) {
			(void)usleep(1500);
			rig.poller->stale = true;
		}
		while (ticks <= i) {
			settle();
			if (ticks <= i)
				assert_int_equal(poll(&pfd, 1, 10000), 1);
		}
		fn_poller_del_timer(timer);
	}
	rig_end();
}

/* Of two timers that follow each other closely the second is told of, too. */
static void once_by_two_timers(void **state)
{
	struct fn_poller_timer_opts opts = { .sz = sizeof(opts), .fn = tick };

	(void)state;
	(void)rig_begin(NIC_VIRTIO, (struct fn_poller_opts){ .safety_ns = RIG_LONG_NS });
	for (unsigned i = 0; i < 20; i++) {
		struct pollfd pfd = { .fd = fn_poller_fd(rig.poller), .events = POLLIN };
		struct fn_poller_timer *timers[2];

		ticks = 0;
		for (unsigned k = 0; k < 2; k++) {
			opts.first_ns = 300000 + k * 500000;
			assert_int_equal(fn_poller_add_timer(rig.poller, &opts, &timers[k]), 0);
		}
		for (settle(); ticks < 2; settle())
			assert_int_equal(poll(&pfd, 1, 10000), 1);
		fn_poller_del_timer(timers[0]);
		fn_poller_del_timer(timers[1]);
	}
	rig_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packet_at_each_step),
		cmocka_unit_test(room_at_each_step),
		cmocka_unit_test(source_at_each_step),
		cmocka_unit_test(stop_at_each_step),
		cmocka_unit_test(packet_at_each_step_of_once),
		cmocka_unit_test(packet_at_each_step_of_once_by_uring),
		cmocka_unit_test(queue_added_by_a_callback),
		cmocka_unit_test(queue_added_by_a_callback_by_uring),
#if defined(__x86_64__) && !defined(FN_TSAN) && !defined(__SANITIZE_ADDRESS__)
		cmocka_unit_test(packet_at_each_instruction),
		cmocka_unit_test(source_at_each_instruction),
#endif
		cmocka_unit_test(descriptor_of_once),
		cmocka_unit_test(descriptor_of_once_by_uring),
		cmocka_unit_test(lost_is_counted),
		cmocka_unit_test(mode_set_asleep),
		cmocka_unit_test(late_is_not_lost),
		cmocka_unit_test(late_behind_a_descriptor),
		cmocka_unit_test(asked_back_is_not_lost),
#if !defined(FN_TSAN)
		cmocka_unit_test(signalled_is_not_lost),
#endif
		cmocka_unit_test(spurious_is_counted),
		cmocka_unit_test(idle),
		cmocka_unit_test(wake_is_one_call),
		cmocka_unit_test(once_by_timer),
		cmocka_unit_test(once_by_two_timers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
