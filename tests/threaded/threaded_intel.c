// SPDX-License-Identifier: BSD-3-Clause
/*
 * The device's side of Intel rings that a driver uses at the same time: extended descriptors of the
 * 82574 (7.1, 7.2), advanced ones of the 82576 (7.1.5, 7.2.2).
 */
#include <string.h>

#include "base/le.h"
#include "threaded/threaded_priv.h"

static fn_le64 *desc_at(const struct thr_queue *q, uint32_t pos)
{
	return (fn_le64 *)(void *)(q->desc + 16 * (size_t)pos);
}

static bool is_76(const struct thr_queue *q)
{
	return q->model->id->family == INTEL_82576;
}

/* Descriptors from head to tail. */
static uint32_t room(struct thr_queue *q)
{
	/* Pairs with the driver's barrier between the descriptors and the tail. */
	const uint32_t tail = __atomic_load_n(&q->tail, __ATOMIC_ACQUIRE);

	return tail >= q->pos ? tail - q->pos : tail + q->size - q->pos;
}

static void forward(struct thr_queue *q)
{
	q->pos = q->pos + 1 == q->size ? 0 : q->pos + 1;
}

/* DD comes last: the driver's barrier behind its look at that pairs with it. */
static void put(struct thr_queue *q, const struct threaded_frame *frame)
{
	fn_le64 *desc = desc_at(q, q->pos);
	uint64_t status = IDEV_RXD_DD | IDEV_RXD_EOP | (uint64_t)THREADED_FRAME_BYTES << 32;
	uint64_t first = 0;
	uint8_t *va;

	/* The driver gives it with zeros there. */
	if (fn_read_le64(&desc[1]) & IDEV_RXD_DD)
		thr_add(&q->counts.bad, 1);
	va = thr_at(q, fn_read_le64(&desc[0]), THREADED_FRAME_BYTES);
	if (va)
		thr_copy(va, frame, THREADED_FRAME_BYTES / 8);
	if (!is_76(q)) {
		first = (uint64_t)q->idx << 8;
		status |= IDEV_RXD_IXSM;
	}
	fn_write_le64(&desc[0], first);
	__atomic_store_n(&desc[1].raw, htole64(status), __ATOMIC_RELEASE);
	forward(q);
	q->reported = true;
}

/* The descriptors were written back before: the cause comes behind them. */
static void show(struct thr_queue *q)
{
	if (!q->reported)
		return;
	q->reported = false;
	thr_irq_raise(q->model, q->irq_causes);
}

/* What of a frame is in a descriptor, behind what was in those before. */
static uint32_t gather(struct thr_queue *q, uint64_t addr, uint32_t len, uint8_t *to, uint32_t at)
{
	const uint8_t *va = thr_at(q, addr, len);

	for (uint32_t i = 0; va && i < len && at + i < THREADED_FRAME_BYTES; i++)
		to[at + i] = *(const volatile uint8_t *)(va + i);
	return at + len;
}

static void report(struct thr_queue *q, fn_le64 *desc, uint64_t ctl)
{
	if (!(ctl & IDEV_TXD_RS) || (is_76(q) && !(ctl & IDEV_TXD_EOP)))
		return;
	ctl = is_76(q) ? 0 : ctl;
	__atomic_store_n(&desc[1].raw, htole64(ctl | (uint64_t)IDEV_TXD_DD << 32),
			 __ATOMIC_RELEASE);
	q->reported = true;
}

static bool is_context(const struct thr_queue *q, uint64_t ctl)
{
	return (ctl & IDEV_TXD_DEXT) &&
	       IDEV_TXD_TYPE(ctl) == (is_76(q) ? IDEV_TXD_CONTEXT_76 : IDEV_TXD_CONTEXT_74);
}

/* A frame is taken when all of its descriptors are there, as the driver tells of whole ones. */
static unsigned take(struct thr_queue *q, unsigned most)
{
	_Alignas(8) uint8_t bytes[THREADED_FRAME_BYTES] = { 0 };
	uint32_t there = room(q);
	uint32_t len = 0;
	unsigned n = 0;

	while (there-- && n < most) {
		fn_le64 *desc = desc_at(q, q->pos);
		const uint64_t ctl = fn_read_le64(&desc[1]);
		const uint32_t bits = is_76(q) ? 0xffffu : 0xfffffu;

		if (!is_context(q, ctl))
			len = gather(q, fn_read_le64(&desc[0]), (uint32_t)ctl & bits, bytes, len);
		report(q, desc, ctl);
		forward(q);
		if (is_context(q, ctl) || !(ctl & IDEV_TXD_EOP))
			continue;
		thr_sent(q, bytes, len);
		len = 0;
		n++;
	}
	if (len)
		thr_add(&q->counts.bad, 1);
	show(q);
	return n;
}

const struct thr_ring_ops thr_intel_ring = {
	.room = room,
	.put = put,
	.show = show,
	.take = take,
};

bool thr_intel_is_hot(const struct threaded_model *m, uint32_t off, struct thr_queue **q)
{
	uint32_t which;
	unsigned queue;
	bool tx;

	if (!intel_dev_queue_reg(m->id, off, &tx, &queue, &which) || which != IDEV_Q_TAIL)
		return false;
	*q = (struct thr_queue *)(uintptr_t)(tx ? &m->tx[queue] : &m->rx[queue]);
	return true;
}
