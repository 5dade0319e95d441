// SPDX-License-Identifier: BSD-3-Clause
/* The thread that is a device, or several: what it does in turn, and when it was off its core. */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "threaded/threaded_priv.h"

/* Rounds with nothing to do before a thread that may rest does so. */
#define IDLE_ROUNDS 1000u

/**
 * struct threaded_thread - a thread
 * @id: the thread
 * @models: its devices
 * @n: how many
 * @run: how it runs
 * @gap: &threaded_run.gap_ns in ticks
 * @deadline: ticks
 * @wake_fd: ends its rest
 * @stop: it is to end
 * @alive: it has not ended
 * @asleep: it rests, or is about to
 * @woken: ticks when it was told to go on, as long as it has not; else 0
 * @last: its last look at the clock
 * @gaps: how often it was off its core, and for how long
 * @log: the last gaps
 */
struct threaded_thread {
	pthread_t id;
	struct threaded_model *models[THREADED_PORTS];
	unsigned n;
	struct threaded_run run;
	uint64_t gap;
	uint64_t deadline;
	int wake_fd;
	bool stop;
	bool alive;
	_Alignas(64) bool asleep;
	uint64_t woken;
	_Alignas(64) uint64_t last;
	struct threaded_gaps gaps;
	struct {
		uint64_t from;
		uint64_t to;
	} log[THR_GAPS];
};

static uint64_t check_of(unsigned queue, uint64_t seq)
{
	return (seq + 1) * 0x9e3779b97f4a7c15u ^ queue;
}

static void frame_make(struct threaded_frame *frame, unsigned queue, uint64_t seq, uint64_t ticks)
{
	static const struct threaded_frame blank = {
		.dst = { 0x52, 0x54, 0x00, 0x12, 0x34, 0x56 },
		.src = { 0x02, 0x00, 0x00, 0x00, 0x00, 0x99 },
		.type = { 0x88, 0xb5 },
	};

	*frame = blank;
	frame->queue = (uint16_t)queue;
	frame->seq = seq;
	frame->ticks = ticks;
	frame->check = check_of(queue, seq);
}

static bool frame_is_whole(const struct threaded_frame *frame)
{
	return frame->type[0] == 0x88 && frame->type[1] == 0xb5 &&
	       frame->check == check_of(frame->queue, frame->seq);
}

bool threaded_frame_read(const struct fn_pkt *pkt, struct threaded_frame *frame)
{
	if (pkt->len < sizeof(*frame))
		return false;
	memcpy(frame, pkt->data, sizeof(*frame));
	return frame_is_whole(frame);
}

bool threaded_frame_write(struct fn_pkt *pkt, unsigned queue, uint64_t seq)
{
	struct threaded_frame frame;
	uint8_t *data = fn_pkt_append(pkt, sizeof(frame));

	if (!data)
		return false;
	frame_make(&frame, queue, seq, fn_ticks());
	memcpy(data, &frame, sizeof(frame));
	return true;
}

void thr_sent(struct thr_queue *q, const uint8_t *bytes, uint32_t len)
{
	struct threaded_frame frame;

	thr_add(&q->counts.sent, 1);
	if (len < sizeof(frame))
		return;
	for (unsigned i = 0; i < sizeof(frame); i++)
		((volatile uint8_t *)&frame)[i] = bytes[i];
	if (!frame_is_whole(&frame))
		return;
	if (frame.seq < q->seq)
		thr_add(&q->counts.sent_disorder, 1);
	else
		thr_add(&q->counts.sent_missing, frame.seq - q->seq);
	q->seq = frame.seq + 1;
}

/* What comes in on a queue: whether anything did. */
static bool rx_round(const struct threaded_thread *t, struct thr_queue *q, uint64_t now)
{
	const struct thr_ring_ops *ring = thr_ring(q->model);
	unsigned n = thr_gen_due(q, now, t->gap);
	unsigned room;

	if (!n)
		return false;
	room = ring->room(q);
	if (thr_gen_waits_for_room(&q->gen) && n > room)
		n = room;
	thr_add(&q->counts.arrived, n);
	for (unsigned i = 0; i < n; i++) {
		const uint64_t due = thr_gen_next(q, now);
		struct threaded_frame frame;

		if (i >= room) {
			thr_add(&q->counts.no_buffer, 1);
			(void)__atomic_fetch_add(&q->model->missed, 1, __ATOMIC_RELAXED);
			continue;
		}
		frame_make(&frame, q->idx, q->seq++, due);
		frame.late = due + t->gap < now;
		ring->put(q, &frame);
	}
	thr_add(&q->counts.delivered, n < room ? n : room);
	ring->show(q);
	if (!q->gen.left)
		__atomic_store_n(&q->done, true, __ATOMIC_RELEASE);
	return n != 0;
}

/* One frame at a time, each so long behind the one before, or behind the time it was seen. */
static bool tx_slowly(struct thr_queue *q, uint64_t now, uint64_t frame_ticks)
{
	const struct thr_ring_ops *ring = thr_ring(q->model);

	if (q->next_at && now < q->next_at)
		return true;
	if (q->next_at)
		(void)ring->take(q, 1);
	q->next_at = ring->room(q) ? now + frame_ticks : 0;
	return q->next_at != 0;
}

static bool tx_round(struct thr_queue *q, uint64_t now)
{
	const uint64_t frame_ticks = __atomic_load_n(&q->frame_ticks, __ATOMIC_RELAXED);

	if (__atomic_load_n(&q->stopped, __ATOMIC_ACQUIRE))
		return false;
	if (frame_ticks)
		return tx_slowly(q, now, frame_ticks);
	q->next_at = 0;
	return thr_ring(q->model)->take(q, THR_BATCH) != 0;
}

/* Pairs with thr_hold_off(): each writes its word before it reads the other. */
static bool enter(struct threaded_model *m)
{
	__atomic_store_n(&m->within, true, __ATOMIC_SEQ_CST);
	if (!__atomic_load_n(&m->off, __ATOMIC_SEQ_CST))
		return true;
	__atomic_store_n(&m->within, false, __ATOMIC_RELEASE);
	return false;
}

static void leave(struct threaded_model *m)
{
	__atomic_store_n(&m->within, false, __ATOMIC_RELEASE);
}

/* A turn of a device: whether it had anything to do, or will have without being told. */
static bool turn(const struct threaded_thread *t, struct threaded_model *m, uint64_t now)
{
	bool busy = false;

	if (!enter(m)) {
		(void)sched_yield();
		return true;
	}
	if (m->id) {
		thr_land_due(m, now);
		thr_irq_waited(m, now);
		busy = __atomic_load_n(&m->posted.n, __ATOMIC_RELAXED) ||
		       __atomic_load_n(&m->irq.waiting, __ATOMIC_RELAXED);
	}
	for (unsigned i = 0; i < m->opts.rxqs; i++)
		if (m->rx[i].on)
			busy |= rx_round(t, &m->rx[i], now) | !thr_gen_rests(&m->rx[i]);
	for (unsigned i = 0; i < m->opts.txqs; i++)
		if (m->tx[i].on)
			busy |= tx_round(&m->tx[i], now);
	leave(m);
	return busy;
}

static bool turns(const struct threaded_thread *t, uint64_t now)
{
	bool busy = false;

	for (unsigned i = 0; i < t->n; i++)
		busy |= turn(t, t->models[i], now);
	return busy;
}

static void gap(struct threaded_thread *t, uint64_t from, uint64_t to)
{
	const uint64_t n = thr_read(&t->gaps.n);

	__atomic_store_n(&t->log[n % THR_GAPS].from, from, __ATOMIC_RELAXED);
	__atomic_store_n(&t->log[n % THR_GAPS].to, to, __ATOMIC_RELAXED);
	__atomic_store_n(&t->gaps.n, n + 1, __ATOMIC_RELEASE);
	thr_add(&t->gaps.ticks, to - from);
	if (to - from > thr_read(&t->gaps.longest))
		__atomic_store_n(&t->gaps.longest, to - from, __ATOMIC_RELAXED);
}

/* Nothing to do: until somebody says so, or the deadline. */
static void rest(struct threaded_thread *t)
{
	struct pollfd pfd = { .fd = t->wake_fd, .events = POLLIN };
	uint64_t now = fn_ticks();
	uint64_t woken;
	uint64_t count;

	/* Somebody may have told it when it had just gone on by itself. */
	__atomic_store_n(&t->woken, 0, __ATOMIC_RELAXED);
	/* Pairs with thr_thread_wake(): it sees this, or what it tells of is seen in the turn. */
	__atomic_store_n(&t->asleep, true, __ATOMIC_SEQ_CST);
	if (!turns(t, now) && !__atomic_load_n(&t->stop, __ATOMIC_ACQUIRE) && now < t->deadline)
		(void)poll(&pfd, 1, (int)(threaded_ns(t->deadline - now) / 1000000u) + 1);
	__atomic_store_n(&t->asleep, false, __ATOMIC_SEQ_CST);
	(void)!read(t->wake_fd, &count, sizeof(count));
	now = fn_ticks();
	woken = __atomic_load_n(&t->woken, __ATOMIC_ACQUIRE);
	if (woken && now > woken + t->gap)
		gap(t, woken, now);
	/* Behind the log, so that whoever looks finds it in one of both. */
	__atomic_store_n(&t->woken, 0, __ATOMIC_RELEASE);
	__atomic_store_n(&t->last, now, __ATOMIC_RELEASE);
}

void thr_thread_wake(struct threaded_thread *t)
{
	const uint64_t one = 1;
	uint64_t none = 0;

	if (!t->run.rests)
		return;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!__atomic_load_n(&t->asleep, __ATOMIC_SEQ_CST))
		return;
	(void)__atomic_compare_exchange_n(&t->woken, &none, fn_ticks(), false, __ATOMIC_SEQ_CST,
					  __ATOMIC_RELAXED);
	(void)!write(t->wake_fd, &one, sizeof(one));
}

static void *thread_main(void *arg)
{
	struct threaded_thread *t = arg;
	unsigned idle = 0;

	__atomic_store_n(&t->last, fn_ticks(), __ATOMIC_RELEASE);
	while (!__atomic_load_n(&t->stop, __ATOMIC_ACQUIRE)) {
		const uint64_t now = fn_ticks();
		const uint64_t last = thr_read(&t->last);

		if (now > t->deadline)
			break;
		if (now - last > t->gap)
			gap(t, last, now);
		__atomic_store_n(&t->last, now, __ATOMIC_RELEASE);
		if (turns(t, now)) {
			idle = 0;
			continue;
		}
		thr_pause();
		if (t->run.rests && ++idle > IDLE_ROUNDS) {
			idle = 0;
			rest(t);
		}
	}
	__atomic_store_n(&t->alive, false, __ATOMIC_RELEASE);
	return NULL;
}

static int thread_create(struct threaded_thread *t)
{
	pthread_attr_t attr;
	cpu_set_t cpus;
	int ret;

	(void)pthread_attr_init(&attr);
	if (t->run.core_plus_1) {
		CPU_ZERO(&cpus);
		CPU_SET(t->run.core_plus_1 - 1, &cpus);
		(void)pthread_attr_setaffinity_np(&attr, sizeof(cpus), &cpus);
	}
	ret = pthread_create(&t->id, &attr, thread_main, t);
	(void)pthread_attr_destroy(&attr);
	return -ret;
}

static void thread_free(struct threaded_thread *t)
{
	for (unsigned i = 0; i < t->n; i++)
		__atomic_store_n(&t->models[i]->thread, NULL, __ATOMIC_RELEASE);
	if (t->wake_fd >= 0)
		(void)close(t->wake_fd);
	free(t);
}

int threaded_start(struct threaded_port *const *ports, unsigned n, const struct threaded_run *run,
		   struct threaded_thread **thread)
{
	struct threaded_thread *t;
	int ret;

	if (!n || n > THREADED_PORTS)
		return -EINVAL;
	t = aligned_alloc(64, sizeof(*t));
	if (!t)
		return -ENOMEM;
	memset(t, 0, sizeof(*t));
	if (run)
		t->run = *run;
	t->gap = threaded_ticks(t->run.gap_ns ? t->run.gap_ns : 20000);
	t->deadline =
		fn_ticks() + threaded_ticks(t->run.deadline_ns ? t->run.deadline_ns : 60000000000u);
	t->alive = true;
	t->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	for (; t->n < n; t->n++) {
		t->models[t->n] = ports[t->n]->model;
		__atomic_store_n(&t->models[t->n]->thread, t, __ATOMIC_RELEASE);
	}
	ret = t->wake_fd < 0 ? -errno : thread_create(t);
	if (ret)
		thread_free(t);
	else
		*thread = t;
	return ret;
}

void threaded_stop(struct threaded_thread *t)
{
	const uint64_t one = 1;

	if (!t)
		return;
	__atomic_store_n(&t->stop, true, __ATOMIC_SEQ_CST);
	(void)!write(t->wake_fd, &one, sizeof(one));
	(void)pthread_join(t->id, NULL);
	thread_free(t);
}

bool threaded_alive(const struct threaded_thread *t)
{
	return __atomic_load_n(&t->alive, __ATOMIC_ACQUIRE);
}

void threaded_gaps(const struct threaded_thread *t, struct threaded_gaps *gaps)
{
	gaps->n = thr_read(&t->gaps.n);
	gaps->ticks = thr_read(&t->gaps.ticks);
	gaps->longest = thr_read(&t->gaps.longest);
}

bool threaded_gap_between(const struct threaded_thread *t, uint64_t from, uint64_t to)
{
	const uint64_t last = __atomic_load_n(&t->last, __ATOMIC_ACQUIRE);
	const uint64_t woken = __atomic_load_n(&t->woken, __ATOMIC_ACQUIRE);
	const uint64_t n = __atomic_load_n(&t->gaps.n, __ATOMIC_ACQUIRE);

	if (!__atomic_load_n(&t->asleep, __ATOMIC_ACQUIRE)) {
		if (last + t->gap < to)
			return true;
	} else if (woken && woken + t->gap < to) {
		/* It was told to go on, and has no core yet. */
		return true;
	}
	for (uint64_t i = n > THR_GAPS ? n - THR_GAPS : 0; i < n; i++)
		if (thr_read(&t->log[i % THR_GAPS].from) < to &&
		    thr_read(&t->log[i % THR_GAPS].to) > from)
			return true;
	return false;
}
