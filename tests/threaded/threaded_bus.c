// SPDX-License-Identifier: BSD-3-Clause
/*
 * The bus of the threaded model, as the driver's threads use it: what is of the data path goes to
 * the device's side at once, and the rest to the stepped model, one thread at a time.
 */
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "threaded/threaded_priv.h"

#define COMMON(member) (VIRTIO_DEV_COMMON + offsetof(struct virtio_dev_common, member))

/* A device by its place on the model bus. */
static struct threaded_model *models[THREADED_PORTS];
static pthread_mutex_t big;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void big_init(void)
{
	pthread_mutexattr_t attr;

	(void)pthread_mutexattr_init(&attr);
	(void)pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
	(void)pthread_mutex_init(&big, &attr);
	(void)pthread_mutexattr_destroy(&attr);
}

void thr_lock(void)
{
	(void)pthread_once(&once, big_init);
	(void)pthread_mutex_lock(&big);
}

void thr_unlock(void)
{
	(void)pthread_mutex_unlock(&big);
}

int thr_plug(struct threaded_model *m)
{
	int ret = -ENOSPC;

	thr_lock();
	for (unsigned i = 0; ret && i < THREADED_PORTS; i++) {
		if (models[i])
			continue;
		__atomic_store_n(&models[i], m, __ATOMIC_RELEASE);
		m->slot = i;
		model_dev_plug(m->md, i);
		ret = 0;
	}
	thr_unlock();
	return ret;
}

void thr_unplug(struct threaded_model *m)
{
	thr_lock();
	__atomic_store_n(&models[m->slot], NULL, __ATOMIC_RELEASE);
	model_dev_unplug(m->md);
	thr_unlock();
}

static struct threaded_model *model_of(struct fn_busdev *busdev)
{
	struct model_dev *md = fn_container_of(busdev, struct model_dev, busdev);

	for (unsigned i = 0; i < THREADED_PORTS; i++) {
		struct threaded_model *m = __atomic_load_n(&models[i], __ATOMIC_ACQUIRE);

		if (m && m->md == md)
			return m;
	}
	return NULL;
}

void thr_hold_off(struct threaded_model *m)
{
	(void)__atomic_fetch_add(&m->off, 1, __ATOMIC_SEQ_CST);
	/* Pairs with enter() of threaded_thread.c: each writes its word, then reads the other. */
	while (__atomic_load_n(&m->within, __ATOMIC_SEQ_CST))
		(void)sched_yield();
}

void thr_let_in(struct threaded_model *m)
{
	(void)__atomic_fetch_sub(&m->off, 1, __ATOMIC_SEQ_CST);
}

void thr_wake(struct threaded_model *m)
{
	struct threaded_thread *thread = __atomic_load_n(&m->thread, __ATOMIC_ACQUIRE);

	if (thread)
		thr_thread_wake(thread);
}

void thr_signal(struct threaded_model *m, unsigned vector)
{
	const int fd =
		vector < THR_VECTORS ? __atomic_load_n(&m->fds[vector], __ATOMIC_ACQUIRE) : -1;
	const uint64_t one = 1;

	(void)__atomic_fetch_add(&m->interrupts, 1, __ATOMIC_RELAXED);
	if (fd >= 0 && write(fd, &one, sizeof(one)) != sizeof(one))
		(void)__atomic_fetch_add(&m->bad_regs, 1, __ATOMIC_RELAXED);
}

uint8_t *thr_at(struct thr_queue *q, uint64_t iova, uint32_t len)
{
	struct threaded_model *m = q->model;

	for (unsigned i = 0; i < m->maps_n; i++) {
		const unsigned at = (m->last + i) % m->maps_n;
		const uint64_t off = iova - m->maps[at].iova;

		if (iova >= m->maps[at].iova && off < m->maps[at].len &&
		    len <= m->maps[at].len - off) {
			m->last = at;
			return m->maps[at].va + off;
		}
	}
	thr_add(&q->counts.bad, 1);
	return NULL;
}

/* What a queue is to be, as the stepped model has it. */
struct wanted {
	bool on;
	uint32_t size;
	uint64_t desc;
	uint64_t avail;
	uint64_t used;
	uint32_t head;
	uint32_t tail;
};

static struct wanted virtio_wanted(const struct threaded_model *m, bool tx, unsigned idx)
{
	const unsigned queue = tx ? VDEV_TXQ(idx) : VDEV_RXQ(idx);
	const struct virtio_dev_queue *vq = &m->vd->queues[queue];
	const bool runs = (m->vd->status & VDEV_STATUS_DRIVER_OK) && !m->vd->resetting &&
			  m->md->master && !m->md->gone && queue < m->vd->num_queues &&
			  queue != virtio_dev_ctrl_queue(m->vd);

	return (struct wanted){ .on = runs && vq->enabled && (tx || idx < m->vd->pairs),
				.size = vq->size,
				.desc = vq->desc,
				.avail = vq->driver,
				.used = vq->device };
}

static struct wanted intel_wanted(const struct threaded_model *m, bool tx, unsigned idx)
{
	struct intel_dev *id = m->id;
	const uint32_t ctl = id->reg[(tx ? IDEV_TCTL : IDEV_RCTL) / 4];
	const bool runs = (ctl & IDEV_RCTL_EN) && m->md->master && !m->md->gone &&
			  intel_dev_may_master(id) && idx < id->queues;
	bool on = runs && intel_dev_ring_size(id, tx, idx);

	_Static_assert(IDEV_TCTL_EN == IDEV_RCTL_EN, "one look for both");
	if (on && id->family == INTEL_82576)
		on = *intel_dev_qreg(id, tx, idx, IDEV_Q_CTL) & IDEV_QCTL_ENABLE;
	else if (on && tx)
		on = id->reg[IDEV_TARC(idx) / 4] & IDEV_TARC_ENABLE;
	if (!on)
		return (struct wanted){ 0 };
	return (struct wanted){ .on = true,
				.size = intel_dev_ring_size(id, tx, idx),
				.desc = (uint64_t)*intel_dev_qreg(id, tx, idx, IDEV_Q_BAH) << 32 |
					*intel_dev_qreg(id, tx, idx, IDEV_Q_BAL),
				.head = *intel_dev_qreg(id, tx, idx, IDEV_Q_HEAD),
				.tail = *intel_dev_qreg(id, tx, idx, IDEV_Q_TAIL) };
}

static void queue_start(struct threaded_model *m, struct thr_queue *q, const struct wanted *w)
{
	q->size = w->size;
	q->desc = thr_at(q, w->desc, 16 * w->size);
	q->pos = w->head;
	q->reported = false;
	q->waiting = false;
	q->next_at = 0;
	__atomic_store_n(&q->tail, w->tail, __ATOMIC_RELEASE);
	q->on = q->desc != NULL;
	if (!m->vd)
		return;
	q->avail = (void *)thr_at(q, w->avail, 6 + 2 * w->size);
	q->used = thr_at(q, w->used, 6 + 8 * w->size);
	q->event_idx = m->vd->accepted & VDEV_F_EVENT_IDX;
	q->looks = m->opts.no_doorbells;
	q->hdr_bytes = virtio_dev_hdr_bytes(m->vd);
	q->vector = m->vd->queues[q->tx ? VDEV_TXQ(q->idx) : VDEV_RXQ(q->idx)].vector;
	q->seen = 0;
	q->used_pos = 0;
	q->shown = 0;
	q->on = q->on && q->avail && q->used;
}

static void queue_follow(struct threaded_model *m, struct thr_queue *q, struct wanted w)
{
	if (w.on == q->on)
		return;
	thr_hold_off(m);
	if (w.on)
		queue_start(m, q, &w);
	else
		q->on = false;
	thr_let_in(m);
}

void thr_follow(struct threaded_model *m)
{
	for (unsigned i = 0; i < THREADED_QUEUES; i++) {
		const bool there = m->vd ? VDEV_TXQ(i) < VIRTIO_DEV_QUEUES : i < m->id->queues;

		for (unsigned tx = 0; there && tx < 2; tx++)
			queue_follow(m, tx ? &m->tx[i] : &m->rx[i],
				     m->vd ? virtio_wanted(m, tx, i) : intel_wanted(m, tx, i));
	}
	if (m->vd)
		return;
	thr_irq_follow(m);
	__atomic_store_n(&m->status, m->id->reg[IDEV_STATUS / 4], __ATOMIC_RELEASE);
}

/* Time passes really while a queue runs, for who waits for it. */
static bool runs(const struct threaded_model *m)
{
	for (unsigned i = 0; i < THREADED_QUEUES; i++)
		if (m->rx[i].on || m->tx[i].on)
			return true;
	return false;
}

/* How often what is held looks whether it is let go. */
#define HELD_LOOK_NS 1000000u

static void sleep_ns(uint64_t ns)
{
	struct timespec ts = { (time_t)(ns / 1000000000u), (long)(ns % 1000000000u) };

	while (nanosleep(&ts, &ts) && errno == EINTR)
		;
}

/* A test wants this operation to take long: on this thread, with no lock. */
static void hold(struct threaded_model *m, enum threaded_op op)
{
	const enum threaded_op wanted = __atomic_load_n(&m->hold_op, __ATOMIC_ACQUIRE);
	uint64_t ns;

	if (wanted != THREADED_ANY && wanted != op)
		return;
	ns = __atomic_exchange_n(&m->hold_ns, 0, __ATOMIC_ACQ_REL);
	if (!ns)
		return;
	(void)__atomic_fetch_add(&m->held_ops, 1, __ATOMIC_SEQ_CST);
	if (ns != THREADED_UNTIL_LET_GO)
		sleep_ns(ns);
	while (ns == THREADED_UNTIL_LET_GO && !__atomic_load_n(&m->let_go, __ATOMIC_ACQUIRE))
		sleep_ns(HELD_LOOK_NS);
	(void)__atomic_fetch_sub(&m->held_ops, 1, __ATOMIC_SEQ_CST);
}

static enum threaded_op op_of(const struct threaded_model *m, uint64_t off, uint64_t value)
{
	if (m->vd && off == COMMON(device_status) && !value)
		return THREADED_RESET;
	if (m->vd && off >= VIRTIO_DEV_NOTIFY)
		return THREADED_COMMAND;
	if (m->id && off == IDEV_CTRL && (value & IDEV_CTRL_RST))
		return THREADED_RESET;
	if (m->id && off >= IDEV_RAL(0) && off < IDEV_RAL(0) + 128)
		return THREADED_COMMAND;
	return THREADED_ANY;
}

/* A write that is the stepped model's. */
static void cold_write(struct threaded_model *m, unsigned idx, uint64_t off, unsigned width,
		       uint64_t value)
{
	const enum threaded_op op = op_of(m, off, value);

	hold(m, op);
	thr_lock();
	/* What runs must be out of the rings before a reset or a stop is done. */
	if (op == THREADED_RESET) {
		thr_hold_off(m);
		for (unsigned i = 0; i < THREADED_QUEUES; i++)
			m->rx[i].on = m->tx[i].on = false;
		if (m->id)
			thr_irq_reset(m);
		thr_let_in(m);
	}
	model_bus.bar_write(&m->md->busdev, idx, off, width, value);
	thr_follow(m);
	thr_unlock();
}

/* Virtio: a doorbell of a queue that runs. */
static bool virtio_hot(struct threaded_model *m, uint64_t off, unsigned width, uint64_t value)
{
	const uint64_t queue = (off - VIRTIO_DEV_NOTIFY) / VIRTIO_DEV_NOTIFY_STEP;
	struct thr_queue *q;

	if (off < VIRTIO_DEV_NOTIFY || queue / 2 >= THREADED_QUEUES)
		return false;
	q = queue & 1 ? &m->tx[queue / 2] : &m->rx[queue / 2];
	if (!q->on)
		return false;
	if (width != 2 || value != queue)
		(void)__atomic_fetch_add(&m->bad_regs, 1, __ATOMIC_RELAXED);
	/* Pairs with the device's look at it, behind which it looks at the ring. */
	(void)__atomic_fetch_add(&q->kicks, 1, __ATOMIC_RELEASE);
	thr_wake(m);
	return true;
}

/* Intel: a write of the data path has arrived. */
static void land_one(struct threaded_model *m, uint32_t off, uint32_t value)
{
	struct thr_queue *q;
	uint32_t rest;

	if (thr_intel_is_hot(m, off, &q)) {
		if (value >= q->size)
			(void)__atomic_fetch_add(&m->bad_regs, 1, __ATOMIC_RELAXED);
		else
			__atomic_store_n(&q->tail, value, __ATOMIC_RELEASE);
		(void)__atomic_fetch_add(&q->kicks, 1, __ATOMIC_RELAXED);
		thr_wake(m);
		return;
	}
	rest = thr_irq_write(m, off, value);
	if (rest)
		cold_write(m, 0, off, 4, rest);
}

/* Those that are due by @until, in their order. */
static void land(struct threaded_model *m, uint64_t until)
{
	struct thr_posted *posted = &m->posted;
	unsigned n = 0;

	if (!__atomic_load_n(&posted->n, __ATOMIC_ACQUIRE))
		return;
	(void)pthread_mutex_lock(&posted->lock);
	while (n < posted->n && posted->at[n].due <= until) {
		land_one(m, posted->at[n].off, posted->at[n].value);
		n++;
	}
	memmove(&posted->at[0], &posted->at[n], (posted->n - n) * sizeof(posted->at[0]));
	__atomic_store_n(&posted->n, posted->n - n, __ATOMIC_RELEASE);
	(void)pthread_mutex_unlock(&posted->lock);
}

void thr_land_due(struct threaded_model *m, uint64_t now)
{
	land(m, now);
}

static void post(struct threaded_model *m, uint32_t off, uint32_t value)
{
	struct thr_posted *posted = &m->posted;
	uint64_t due;

	if (__atomic_load_n(&posted->n, __ATOMIC_ACQUIRE) == THR_POSTED)
		land(m, UINT64_MAX);
	(void)pthread_mutex_lock(&posted->lock);
	posted->random = posted->random * 1664525u + 1013904223u;
	due = fn_ticks() + (threaded_ticks(m->opts.late_ns) * (posted->random >> 16) >> 16);
	if (posted->n && due < posted->at[posted->n - 1].due)
		due = posted->at[posted->n - 1].due;
	posted->at[posted->n].off = off;
	posted->at[posted->n].value = value;
	posted->at[posted->n].due = due;
	__atomic_store_n(&posted->n, posted->n + 1, __ATOMIC_RELEASE);
	(void)pthread_mutex_unlock(&posted->lock);
	thr_wake(m);
}

/* Intel: a tail of a queue that runs, or the interrupts of queues. */
static bool intel_hot(struct threaded_model *m, uint64_t off64, unsigned width, uint64_t value)
{
	const uint32_t off = (uint32_t)off64;
	const bool irq = width == 4 && thr_irq_is_hot(m, off);
	struct thr_queue *q;

	if (!irq && (width != 4 || !thr_intel_is_hot(m, off, &q) || !q->on))
		return false;
	/* What the stepped model has a part in is for later, or never. */
	if (irq && ((uint32_t)value & ~m->irq.queue_causes)) {
		land(m, UINT64_MAX);
		land_one(m, off, (uint32_t)value);
	} else if (m->opts.late_ns) {
		post(m, off, (uint32_t)value);
	} else {
		land_one(m, off, (uint32_t)value);
	}
	return true;
}

static void bar_write(struct fn_busdev *busdev, unsigned idx, uint64_t off, unsigned width,
		      uint64_t value)
{
	struct threaded_model *m = model_of(busdev);

	if (m->vd ? virtio_hot(m, off, width, value) : intel_hot(m, off, width, value))
		return;
	if (m->id)
		land(m, UINT64_MAX);
	cold_write(m, idx, off, width, value);
}

/* Frames that found no buffer are in the statistics (82574 10.2.7, 82576 8.18). */
static void count_missed(struct threaded_model *m)
{
	const uint64_t n = __atomic_exchange_n(&m->missed, 0, __ATOMIC_RELAXED);

	intel_dev_count(m->id, IDEV_MPC, (uint32_t)n);
	intel_dev_count(m->id, IDEV_RNBC, (uint32_t)n);
}

static uint64_t intel_cold_read(struct threaded_model *m, uint32_t off, unsigned width)
{
	uint64_t value;
	uint32_t ims;

	count_missed(m);
	ims = m->id->reg[IDEV_IMS / 4];
	value = model_bus.bar_read(&m->md->busdev, 0, off, width);
	return width == 4 && thr_irq_is_hot(m, off) ? thr_irq_read(m, off, (uint32_t)value, ims) :
						      value;
}

static uint64_t bar_read(struct fn_busdev *busdev, unsigned idx, uint64_t off, unsigned width)
{
	struct threaded_model *m = model_of(busdev);
	uint64_t value;

	if (m->id && !(m->opts.no_flush && off == IDEV_STATUS))
		land(m, UINT64_MAX);
	/* What pushes the writes of arming is no control operation. */
	if (m->id && off == IDEV_STATUS && runs(m))
		return __atomic_load_n(&m->status, __ATOMIC_ACQUIRE);
	hold(m, THREADED_ANY);
	thr_lock();
	value = m->id ? intel_cold_read(m, (uint32_t)off, width) :
			model_bus.bar_read(busdev, idx, off, width);
	thr_follow(m);
	thr_unlock();
	return value;
}

static void maps_follow(struct threaded_model *m)
{
	memcpy(m->maps, m->md->maps, sizeof(m->maps));
	m->maps_n = m->md->maps_n;
	m->last = 0;
}

static struct threaded_model *model_of_target(struct fn_dma_target *target)
{
	return model_of(&fn_container_of(target, struct model_dev, target)->busdev);
}

static int target_map(struct fn_dma_target *target, void *va, fn_iova_t iova, size_t len)
{
	struct threaded_model *m = model_of_target(target);
	int ret;

	thr_lock();
	thr_hold_off(m);
	ret = model_dma_target_ops.map(target, va, iova, len);
	maps_follow(m);
	thr_let_in(m);
	thr_unlock();
	return ret;
}

static void target_unmap(struct fn_dma_target *target, fn_iova_t iova, size_t len)
{
	struct threaded_model *m = model_of_target(target);

	thr_lock();
	thr_hold_off(m);
	model_dma_target_ops.unmap(target, iova, len);
	maps_follow(m);
	thr_let_in(m);
	thr_unlock();
}

static const struct fn_dma_target_ops target_ops = { target_map, target_unmap };

static int bus_open(struct fn_ctx *ctx, const struct fn_pci_addr *addr, struct fn_busdev **out)
{
	struct threaded_model *m;
	int ret;

	thr_lock();
	ret = model_bus.open(ctx, addr, out);
	m = ret ? NULL : model_of(*out);
	if (m) {
		/* What is mapped from now on is the device's thread's to know. */
		m->md->target.ops = &target_ops;
		maps_follow(m);
	}
	thr_unlock();
	return ret;
}

static void bus_close(struct fn_busdev *busdev)
{
	thr_lock();
	model_bus.close(busdev);
	thr_follow(model_of(busdev));
	thr_unlock();
}

static int cfg_read(struct fn_busdev *busdev, uint16_t off, void *buf, size_t len)
{
	int ret;

	thr_lock();
	ret = model_bus.cfg_read(busdev, off, buf, len);
	thr_unlock();
	return ret;
}

static int cfg_write(struct fn_busdev *busdev, uint16_t off, const void *buf, size_t len)
{
	int ret;

	thr_lock();
	ret = model_bus.cfg_write(busdev, off, buf, len);
	thr_follow(model_of(busdev));
	thr_unlock();
	return ret;
}

static int bar_map(struct fn_busdev *busdev, unsigned idx, uint64_t off, uint64_t len,
		   struct fn_bar *bar)
{
	int ret;

	thr_lock();
	ret = model_bus.map(busdev, idx, off, len, bar);
	thr_unlock();
	return ret;
}

static void bar_unmap(struct fn_busdev *busdev, struct fn_bar *bar)
{
	thr_lock();
	model_bus.unmap(busdev, bar);
	thr_unlock();
}

static int irq_set(struct fn_busdev *busdev, const int *fds, unsigned n)
{
	struct threaded_model *m = model_of(busdev);
	int ret;

	thr_lock();
	thr_hold_off(m);
	ret = model_bus.irq_set(busdev, fds, n);
	for (unsigned i = 0; !ret && i < THR_VECTORS; i++)
		__atomic_store_n(&m->fds[i], i < n ? fds[i] : -1, __ATOMIC_RELEASE);
	thr_let_in(m);
	thr_unlock();
	return ret;
}

static int bus_reset(struct fn_busdev *busdev)
{
	struct threaded_model *m = model_of(busdev);
	int ret;

	hold(m, THREADED_RESET);
	thr_lock();
	ret = model_bus.reset(busdev);
	thr_follow(m);
	thr_unlock();
	return ret;
}

static uint64_t now_ns(struct fn_busdev *busdev)
{
	uint64_t now;

	thr_lock();
	now = model_bus.now_ns(busdev);
	thr_unlock();
	return now;
}

static void delay_ns(struct fn_busdev *busdev, uint64_t ns)
{
	struct threaded_model *m = model_of(busdev);

	if (runs(m))
		sleep_ns(ns);
	thr_lock();
	model_bus.delay_ns(busdev, ns);
	thr_follow(m);
	thr_unlock();
}

const struct fn_bus_ops thr_bus = {
	.name = "threaded",
	.open = bus_open,
	.close = bus_close,
	.cfg_read = cfg_read,
	.cfg_write = cfg_write,
	.map = bar_map,
	.unmap = bar_unmap,
	.bar_read = bar_read,
	.bar_write = bar_write,
	.irq_set = irq_set,
	.reset = bus_reset,
	.now_ns = now_ns,
	.delay_ns = delay_ns,
};
