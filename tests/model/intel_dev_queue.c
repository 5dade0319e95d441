// SPDX-License-Identifier: BSD-3-Clause
/* The Intel model's queues: their registers, turning them on and off, and their descriptors. */
#include <string.h>

#include "base/barrier.h"
#include "base/le.h"
#include "model/intel_dev.h"

#define REG(off) id->reg[(off) / 4]

static uint64_t desc_iova(struct intel_dev *id, bool tx, unsigned queue, uint32_t idx)
{
	const uint64_t base = (uint64_t)*intel_dev_qreg(id, tx, queue, IDEV_Q_BAH) << 32 |
			      *intel_dev_qreg(id, tx, queue, IDEV_Q_BAL);

	return base + 16 * (uint64_t)idx;
}

bool intel_dev_desc_read(struct intel_dev *id, bool tx, unsigned queue, uint32_t idx,
			 uint32_t dw[4])
{
	const fn_le32 *desc = (void *)model_dma_at(&id->md, desc_iova(id, tx, queue, idx), 16);

	for (unsigned i = 0; desc && i < 4; i++)
		dw[i] = fn_read_le32(&desc[i]);
	return desc;
}

/*
 * The half that has DD comes last and at once: a driver may read both of its double words in one
 * look. What the other half says, and the data, are there behind the driver's barrier.
 */
void intel_dev_desc_write(struct intel_dev *id, bool tx, unsigned queue, uint32_t idx,
			  const uint32_t dw[4])
{
	fn_le32 *desc = (void *)model_dma_at(&id->md, desc_iova(id, tx, queue, idx), 16);
	const fn_le32 front[2] = { fn_cpu_to_le32(dw[0]), fn_cpu_to_le32(dw[1]) };

	if (!desc)
		return;
	if (tx)
		memcpy(desc, front, sizeof(front)); /* no driver looks at it */
	else
		model_dma_put(&id->md, desc, front, sizeof(front));
	/* Pairs with the driver's barrier behind its look at DD. */
	fn_fence_release();
	fn_write_le64((fn_le64 *)desc + 1, (uint64_t)dw[3] << 32 | dw[2]);
}

void intel_dev_desc_back(struct intel_dev *id, const struct intel_wb *wb)
{
	struct intel_wb own = *wb;

	if (id->writeback)
		id->writeback(id->writeback_arg, &own);
	if (!own.lost)
		intel_dev_desc_write(id, own.tx, own.queue, own.idx, own.dw);
}

/*
 * A queue's register: 0x2800 and 0x3800 have 4 queues 0x100 apart (the 82574 two), which are the
 * first ones at 0xc000 and 0xe000 of the 82576.
 */
uint32_t *intel_dev_queue_reg(struct intel_dev *id, uint32_t off, bool *tx, unsigned *queue,
			      uint32_t *which)
{
	const bool wide = id->family == INTEL_82576;
	const unsigned old = wide ? 4 : 2;

	for (unsigned t = 0; t < 2; t++) {
		const uint32_t base = t ? IDEV_TXQ_74 : IDEV_RXQ_74;
		const uint32_t base_76 = t ? IDEV_TXQ_76 : IDEV_RXQ_76;

		*tx = t;
		if (off >= base && off < base + 0x100 * old) {
			*queue = (off - base) / 0x100;
			*which = (off - base) % 0x100;
		} else if (wide && off >= base_76 && off < base_76 + 0x40 * id->queues) {
			*queue = (off - base_76) / 0x40;
			*which = (off - base_76) % 0x40;
		} else {
			continue;
		}
		if (*which == IDEV_Q_BAL || *which == IDEV_Q_BAH || *which == IDEV_Q_LEN ||
		    *which == IDEV_Q_HEAD || *which == IDEV_Q_TAIL || *which == IDEV_Q_CTL ||
		    (wide && (*which == IDEV_Q_DCA || *which == (t ? IDEV_Q_WBAL : IDEV_Q_SRRCTL) ||
			      *which == (t ? IDEV_Q_WBAH : IDEV_Q_DROPS))))
			return intel_dev_qreg(id, *tx, *queue, *which);
		if (id->successor && !t && *which == IDEV_Q_DVMOLR)
			return intel_dev_qreg(id, *tx, *queue, *which);
	}
	return NULL;
}

static void tx_serve(void *arg, uint64_t queue)
{
	(void)intel_dev_transmit(arg, (unsigned)queue, UINT32_MAX);
}

static bool queue_on(struct intel_dev *id, bool tx, unsigned queue)
{
	if (id->family == INTEL_82576)
		return *intel_dev_qreg(id, tx, queue, IDEV_Q_CTL) & IDEV_QCTL_ENABLE;
	return REG(tx ? IDEV_TCTL : IDEV_RCTL) & 2;
}

/* What the tail makes available was there at the driver's last fence (model_barrier.h). */
static void tail_fenced(struct intel_dev *id, bool tx, unsigned queue, uint32_t from, uint32_t to)
{
	const uint32_t size = intel_dev_ring_size(id, tx, queue);
	bool ok = true;

	for (uint32_t i = from; id->md.barriers && i < size && to < size && i != to;
	     i = (i + 1) % size)
		ok = ok && model_shadow_same(&id->md, desc_iova(id, tx, queue, i), 16);
	if (!ok)
		intel_dev_violation(id, "no barrier between a descriptor and the tail");
}

static void queue_turned(void *arg, uint64_t value)
{
	struct intel_dev *id = arg;
	const bool tx = value & 1;
	const unsigned queue = (unsigned)value >> 1;
	uint32_t *ctl = intel_dev_qreg(id, tx, queue, IDEV_Q_CTL);

	if (id->want_on[tx] >> queue & 1)
		*ctl |= IDEV_QCTL_ENABLE;
	else
		*ctl &= ~IDEV_QCTL_ENABLE;
}

/* 82576 8.10, 8.12: the bit reads back as set only when the queue is on. */
static void queue_turn(struct intel_dev *id, uint32_t *reg, bool tx, unsigned queue, uint32_t value)
{
	const bool on = value & IDEV_QCTL_ENABLE;

	*reg = (value & ~IDEV_QCTL_ENABLE) | (*reg & IDEV_QCTL_ENABLE);
	if (on && !intel_dev_ring_size(id, tx, queue))
		intel_dev_violation(id, "a queue is on before its ring is set up (I210 4.5.9)");
	if (on == (id->want_on[tx] >> queue & 1))
		return;
	id->want_on[tx] ^= 1u << queue;
	model_dev_later(&id->md, queue_turned, id, (uint64_t)queue << 1 | tx);
}

static void check_queue_write(struct intel_dev *id, bool tx, unsigned queue, uint32_t which,
			      uint32_t value)
{
	const bool wide = id->family == INTEL_82576;
	const bool on = queue_on(id, tx, queue);
	const uint32_t size = intel_dev_ring_size(id, tx, queue);

	if (on && (which == IDEV_Q_BAL || which == IDEV_Q_BAH || which == IDEV_Q_LEN))
		intel_dev_violation(id, "a ring is moved while its queue is on (I210 4.5.9)");
	if (which == IDEV_Q_BAL && value % (wide ? 128 : 16))
		intel_dev_violation(id, "a ring is not aligned (RDBAL, TDBAL)");
	if (which == IDEV_Q_LEN && (value % 128 || value > 0x80000))
		intel_dev_violation(id,
				    "the length of a ring is no multiple of 128 (RDLEN, TDLEN)");
	if (which == IDEV_Q_TAIL && size && value >= size)
		intel_dev_violation(id, "a tail behind the ring's end");
	if (which == IDEV_Q_TAIL && wide && !on && value)
		intel_dev_violation(id, "a tail moves before its queue is on (I210 4.5.9)");
	if (which == IDEV_Q_HEAD && value && on)
		intel_dev_violation(id, "a head is moved while its queue is on");
	if (!tx && wide && which == IDEV_Q_SRRCTL && (value & 0x7f) > 16)
		intel_dev_violation(id, "a receive buffer of more than 16 KiB (SRRCTL)");
}

void intel_dev_queue_write(struct intel_dev *id, uint32_t *reg, bool tx, unsigned queue,
			   uint32_t which, uint32_t value)
{
	check_queue_write(id, tx, queue, which, value);
	if (which == IDEV_Q_TAIL)
		tail_fenced(id, tx, queue, *reg, value);
	if (which == IDEV_Q_CTL && id->family == INTEL_82576) {
		queue_turn(id, reg, tx, queue, value);
		return;
	}
	*reg = value;
	if (which == IDEV_Q_BAL || which == IDEV_Q_BAH || which == IDEV_Q_LEN)
		model_shadow_set(&id->md, 2 * queue + tx, desc_iova(id, tx, queue, 0),
				 *intel_dev_qreg(id, tx, queue, IDEV_Q_LEN) & 0xfffffu);
	if (which != IDEV_Q_TAIL)
		return;
	id->tails[tx][queue]++;
	if (tx && id->auto_tx)
		model_dev_later(&id->md, tx_serve, id, queue);
}
