// SPDX-License-Identifier: BSD-3-Clause
/* Interrupts of the 82576 and its successors: 82576 8.8, with MSI-X. A vector is a bit. */
#include <errno.h>

#include "base/barrier.h"
#include "drivers/intel/igb/igb.h"
#include "drivers/intel/igb/igb_regs.h"
#include "drivers/intel/intel_ring.h"

/* The MSI-X entry of what is no queue's. */
#define OTHER_ENTRY 0u
#define OTHERS (INTEL_ICR_LSC | INTEL_ICR_RXO)

#define GPIE (IGB_GPIE_NSICR | IGB_GPIE_MSIX | IGB_GPIE_EIAME | IGB_GPIE_PBA)

void igb_irqs_off(const struct intel_port *port)
{
	intel_write(port, IGB_EIMC, IGB_EICR_ALL);
	intel_write(port, INTEL_IMC, UINT32_MAX);
	intel_write(port, IGB_EICR, IGB_EICR_ALL);
	intel_write(port, INTEL_ICR, UINT32_MAX);
}

/*
 * 8.8.15: a byte each: a register of the 82576 has queues n and n + 8, of its successors 2n and
 * 2n + 1; of each queue the receive side comes first.
 */
static void ivar_set(const struct intel_chip *chip, uint32_t ivar[IGB_IVAR_REGS],
		     const struct fn_queue *queue)
{
	const unsigned reg = chip->is_successor ? queue->idx / 2u : queue->idx % 8u;
	const unsigned half = chip->is_successor ? queue->idx % 2u : queue->idx / 8u;
	const uint16_t entry = intel_entry(queue);

	if (entry != INTEL_NO_ENTRY)
		ivar[reg] |= (IGB_IVAR_VALID | entry) << (16 * half + (queue->is_tx ? 8 : 0));
}

/* Vectors of more than one queue. */
static uint32_t shared(const struct fn_dev *dev)
{
	uint32_t more = 0;
	uint32_t one = 0;

	for (unsigned i = 0; i < (unsigned)dev->conf.rxqs + dev->conf.txqs; i++) {
		const uint16_t entry = intel_entry(fn_dev_queue(dev, dev->conf.rxqs, i));

		if (entry == INTEL_NO_ENTRY)
			continue;
		more |= one & 1u << entry;
		one |= 1u << entry;
	}
	return more;
}

static void ivars_start(const struct fn_dev *dev)
{
	const struct intel_port *port = intel_port_of(dev);
	/* The successors have as many as their queues need. */
	const unsigned regs = port->chip->is_successor ? port->chip->queues / 2u : IGB_IVAR_REGS;
	uint32_t ivar[IGB_IVAR_REGS] = { 0 };

	for (uint16_t i = 0; i < dev->conf.rxqs; i++)
		ivar_set(port->chip, ivar, fn_rxq_queue(dev->rxqs[i]));
	for (uint16_t i = 0; i < dev->conf.txqs; i++)
		ivar_set(port->chip, ivar, fn_txq_queue(dev->txqs[i]));
	for (unsigned i = 0; i < regs; i++)
		intel_write(port, IGB_IVAR(i), ivar[i]);
	intel_write(port, IGB_IVAR_MISC, IGB_IVAR_MISC_OTHER(OTHER_ENTRY));
}

/*
 * A message masks its vector (EIAM with EIAME), so that there is one for each time that a queue was
 * armed, or that the other causes were looked at: frames that find no buffer raise these again and
 * again. QEMU's model does not mask, but sends none while the bit of EICR is set (irq_once): a
 * vector of one queue has it cleared when the queue is armed, others by their message (EIAC), see
 * arm().
 */
int igb_irqs_start(struct fn_dev *dev)
{
	const struct intel_port *port = intel_port_of(dev);

	if (!dev->irq_n)
		return 0;
	for (unsigned i = 0; i < IGB_ENTRIES; i++)
		igb_of(dev)->armed[i] = 0;
	intel_write(port, IGB_GPIE, GPIE);
	ivars_start(dev);
	igb_of(dev)->shared = shared(dev);
	intel_write(port, IGB_EIAC, igb_of(dev)->shared | 1u << OTHER_ENTRY);
	intel_write(port, IGB_EIAM, IGB_EICR_ALL);
	intel_write(port, IGB_EIMS, 1u << OTHER_ENTRY);
	intel_write(port, INTEL_IMS, OTHERS);
	return 0;
}

void igb_irq_raise(const struct intel_port *port, unsigned entry)
{
	intel_write(port, IGB_GPIE, GPIE);
	intel_write(port, IGB_EIAC, 1u << entry);
	intel_write(port, IGB_EIAM, 1u << entry);
	intel_write(port, IGB_EIMS, 1u << entry);
	intel_write(port, IGB_EICS, 1u << entry);
}

static uint32_t eitr_of(uint32_t delay_ns)
{
	return IGB_EITR_US((delay_ns + IGB_EITR_UNIT_NS - 1) / IGB_EITR_UNIT_NS);
}

/* 8.8 (EITR): a vector's throttle. A reset leaves it as it was. */
void igb_set_coalesce(struct fn_dev *dev, const struct fn_coalesce *c)
{
	const struct intel_port *port = intel_port_of(dev);

	for (unsigned entry = 0; entry < dev->irq_n; entry++)
		intel_write(port, IGB_EITR(entry), eitr_of(intel_throttle_choose(dev, c, entry)));
}

void igb_throttle(struct fn_dev *dev, unsigned entry, uint32_t delay_ns)
{
	intel_write(intel_port_of(dev), IGB_EITR(entry), IGB_EITR_CNT_INGR | eitr_of(delay_ns));
}

void igb_config_irq(struct fn_dev *dev)
{
	const struct intel_port *port = intel_port_of(dev);
	uint32_t icr;

	/* A late interrupt of a device that was reset meanwhile. */
	if (dev->state != FN_DEV_STARTED)
		return;
	/* What came behind the message is in ICR, too: it needs no message of its own. */
	intel_write(port, IGB_EICR, 1u << OTHER_ENTRY);
	icr = intel_read(port, INTEL_ICR);
	intel_write(port, IGB_EIMS, 1u << OTHER_ENTRY);
	intel_other_causes(dev, icr);
}

static uint32_t bit_of(const struct fn_queue *queue)
{
	return 1u << (queue->idx + (queue->is_tx ? 16 : 0));
}

/*
 * Threads may share a vector, and a look at @armed and the write that follows it are no one step:
 * another may arm its queue in between. So all note what they want before they write, and whoever
 * has written looks again when that has arrived. A queue that is seen then is given back what was
 * taken from it; one that is noted later is armed by writes that come behind these. In doubt there
 * is an interrupt too many, and never one too few.
 *
 * Returns whether another queue of the vector is armed.
 */
static bool note(const struct fn_queue *queue, bool armed)
{
	uint32_t *word = &igb_of(queue->dev)->armed[intel_entry(queue)];
	const uint32_t before = armed ? __atomic_fetch_or(word, bit_of(queue), __ATOMIC_RELAXED) :
					__atomic_fetch_and(word, ~bit_of(queue), __ATOMIC_RELAXED);

	/* Pairs with that of look_again(): the note is there before the writes are. */
	fn_fence_seq_cst();
	return before & ~bit_of(queue);
}

/* The queues of the vector that are armed, once what was written has arrived: the read's doing. */
static uint32_t look_again(const struct fn_queue *queue)
{
	(void)intel_read(intel_port_of(queue->dev), INTEL_STATUS);
	/*
	 * Pairs with the fence of note(); and with the device, which writes a descriptor back
	 * before it raises the cause: whoever looks at the ring now sees what raised no interrupt.
	 */
	fn_mb_dma();
	return __atomic_load_n(&igb_of(queue->dev)->armed[intel_entry(queue)], __ATOMIC_RELAXED);
}

/*
 * What came before is forgotten, or it would interrupt at once; but not while another queue waits
 * for the same vector, which what came may be for: when one began to meanwhile, it is raised again.
 * Queues without a vector are not armed (fn_rxq_arm()).
 */
static void arm(const struct fn_queue *queue)
{
	const struct intel_port *port = intel_port_of(queue->dev);
	const uint32_t vector = 1u << (intel_entry(queue) & 31u);
	const bool forget = !note(queue, true);

	if (forget)
		intel_write(port, IGB_EICR, vector);
	intel_write(port, IGB_EIMS, vector);
	if ((look_again(queue) & ~bit_of(queue)) && forget)
		intel_write(port, IGB_EICS, vector);
}

/*
 * Whoever is woken by a vector looks at all of its queues: the last one masks it. A vector of one
 * queue is one thread's, which needs no second look.
 */
static void disarm(const struct fn_queue *queue)
{
	const struct intel_port *port = intel_port_of(queue->dev);
	const uint16_t entry = intel_entry(queue);
	bool on = false;
	bool was;

	if (entry == INTEL_NO_ENTRY || note(queue, false))
		return;
	do {
		was = on;
		intel_write(port, was ? IGB_EIMS : IGB_EIMC, 1u << entry);
		on = (igb_of(queue->dev)->shared >> entry & 1) && look_again(queue);
	} while (on != was);
}

int igb_rx_arm(struct fn_rxq *rxq)
{
	/* Without a buffer the device receives nothing, and would never interrupt. */
	if (!intel_rx_post(intel_rxq_of(rxq)))
		return -ENOBUFS;
	arm(fn_rxq_queue(rxq));
	return 0;
}

void igb_rx_disarm(struct fn_rxq *rxq)
{
	disarm(fn_rxq_queue(rxq));
}

void igb_tx_arm(struct fn_txq *txq)
{
	arm(fn_txq_queue(txq));
}

void igb_tx_disarm(struct fn_txq *txq)
{
	disarm(fn_txq_queue(txq));
}
