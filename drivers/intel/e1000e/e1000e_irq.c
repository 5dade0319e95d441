// SPDX-License-Identifier: BSD-3-Clause
/* Interrupts of the 82574: 82574 7.4 and 10.2.4, with MSI-X. Each queue has a cause of its own. */
#include <errno.h>

#include "base/barrier.h"
#include "drivers/intel/e1000e/e1000e.h"
#include "drivers/intel/e1000e/e1000e_regs.h"
#include "drivers/intel/intel_ring.h"

/* Causes that are no queue's: OTHER stands for them, and MSI-X entry 0 is for it. */
#define OTHERS (E1000E_ICR_OTHER | INTEL_ICR_LSC | INTEL_ICR_RXO)

/* What a message clears and masks. */
#define ONE_SHOT (E1000E_ICR_QUEUES | E1000E_ICR_OTHER)

/* No interrupt of QEMU's follows another sooner, whatever EITR says. */
#define QEMU_THROTTLE_NS FN_US(128)

void e1000e_irqs_off(const struct intel_port *port)
{
	intel_write(port, INTEL_IMC, UINT32_MAX);
	intel_write(port, INTEL_ICR, UINT32_MAX);
}

static uint32_t ivar(const struct fn_queue *queue, uint32_t cause)
{
	const uint16_t entry = intel_entry(queue);

	return entry == INTEL_NO_ENTRY ? 0 : E1000E_IVAR_ENTRY(cause, (uint32_t)entry);
}

/*
 * A message clears its cause and masks it (EIAC, and IAM with CTRL_EXT.EIAME), so that there is one
 * for each time that the queue was armed, or that OTHER was looked at: frames that find no buffer
 * raise it again and again. (QEMU's model takes EIAME's bits out of IAM instead, and masks by EIAC:
 * irq_once.)
 */
int e1000e_irqs_start(struct fn_dev *dev)
{
	const struct intel_port *port = intel_port_of(dev);
	uint32_t value = E1000E_IVAR_ENTRY(E1000E_IVAR_OTHER, 0u) | E1000E_IVAR_TX_EACH;

	if (!dev->irq_n)
		return 0;
	for (uint16_t i = 0; i < dev->conf.rxqs; i++)
		value |= ivar(fn_rxq_queue(dev->rxqs[i]), E1000E_IVAR_RXQ(i));
	for (uint16_t i = 0; i < dev->conf.txqs; i++)
		value |= ivar(fn_txq_queue(dev->txqs[i]), E1000E_IVAR_TXQ(i));
	intel_write(port, E1000E_IVAR, value);
	intel_write(port, E1000E_EIAC, ONE_SHOT);
	intel_write(port, INTEL_IAM, ONE_SHOT);
	intel_write(port, INTEL_IMS, OTHERS);
	return 0;
}

void e1000e_irq_raise(const struct intel_port *port, unsigned entry)
{
	const uint32_t cause = E1000E_ICR_CAUSE(entry);

	intel_write(port, INTEL_CTRL_EXT,
		    E1000E_CTRL_EXT_RESERVED_1 | E1000E_CTRL_EXT_EIAME | E1000E_CTRL_EXT_PBA_CLR);
	intel_write(port, E1000E_IVAR, E1000E_IVAR_ENTRY(entry, entry));
	intel_write(port, E1000E_EIAC, cause);
	intel_write(port, INTEL_IMS, cause);
	intel_write(port, INTEL_ICS, cause);
}

/*
 * 10.2.6: only descriptors with IDE wait for the timers. TIDV is never 0, which it may not be:
 * there may still be descriptors with IDE when none are to be held back any more.
 */
static void set_tx_delay(struct fn_dev *dev, uint32_t delay_ns)
{
	const struct intel_port *port = intel_port_of(dev);
	const uint32_t delay = delay_ns / E1000E_TIDV_NS;

	intel_write(port, E1000E_TADV, delay);
	intel_write(port, E1000E_TIDV, delay ? delay : 1);
	for (uint16_t i = 0; i < dev->conf.txqs; i++)
		intel_tx_set_report(dev->txqs[i], INTEL_TXD_RS | (delay ? INTEL_TXD_EXT_IDE : 0));
}

/* The longest throttle is known before it can begin. */
void e1000e_throttle(struct fn_dev *dev, unsigned entry, uint32_t delay_ns)
{
	uint32_t *const longest_ns = &e1000e_of(dev)->throttle_ns;
	uint32_t was_ns = __atomic_load_n(longest_ns, __ATOMIC_RELAXED);

	while (delay_ns > was_ns &&
	       !__atomic_compare_exchange_n(longest_ns, &was_ns, delay_ns, true, __ATOMIC_RELAXED,
					    __ATOMIC_RELAXED))
		;
	intel_write(intel_port_of(dev), E1000E_EITR(entry),
		    (delay_ns + E1000E_EITR_NS - 1) / E1000E_EITR_NS);
}

/*
 * 10.2.4.3, 10.2.5: the vectors' throttle, and the timers too: what comes after a pause is told at
 * once by the throttle, and late by them. Both together hold nothing back for longer than one
 * would: what comes late finds the throttle's time over.
 */
void e1000e_set_coalesce(struct fn_dev *dev, const struct fn_coalesce *c)
{
	const struct intel_port *port = intel_port_of(dev);

	for (unsigned entry = 0; entry < dev->irq_n; entry++)
		e1000e_throttle(dev, entry, intel_throttle_choose(dev, c, entry));
	intel_write(port, E1000E_RADV, c->rx_delay_ns / E1000E_RDTR_NS);
	intel_write(port, E1000E_RDTR, c->rx_delay_ns / E1000E_RDTR_NS);
	set_tx_delay(dev, c->tx_delay_ns);
}

/*
 * QEMU (7.2) ends when MSI-X is switched off while the throttle of one of its e1000e's vectors
 * runs, which neither a reset nor another EITR stops: it is left to end, once no interrupt can
 * begin one any more (test coalesce_left). A QEMU that has to wait for a processor has not begun it
 * before it answers, and driven natively it ends those that are over behind the next answer; in a
 * guest, another of its threads does in the millisecond that the reset behind this takes.
 */
void e1000e_irqs_settle(struct fn_dev *dev)
{
	struct e1000e *e = e1000e_of(dev);
	const uint32_t longest_ns = __atomic_exchange_n(&e->throttle_ns, 0, __ATOMIC_RELAXED);

	if (e->port.is_qemu) {
		(void)intel_look(&e->port, INTEL_STATUS);
		fn_dev_delay_ns(dev, longest_ns > QEMU_THROTTLE_NS ? longest_ns : QEMU_THROTTLE_NS);
		(void)intel_look(&e->port, INTEL_STATUS);
	}
}

/*
 * 10.2.4.1: reading clears all of ICR, and with it what a queue was to be told of and is not yet,
 * for its vector's throttle: that is raised again. It may also clear nothing; what is cleared by
 * hand is what was seen, and the link's state is read behind that.
 */
void e1000e_config_irq(struct fn_dev *dev)
{
	const struct intel_port *port = intel_port_of(dev);
	uint32_t icr;

	/* A late interrupt of a device that was reset meanwhile. */
	if (dev->state != FN_DEV_STARTED)
		return;
	/* Its message has done so; but what was no message's, as QEMU's second one, has not. */
	intel_write(port, INTEL_IMC, E1000E_ICR_OTHER);
	icr = intel_read(port, INTEL_ICR);
	if (icr != UINT32_MAX)
		intel_write(port, INTEL_ICR, icr & OTHERS);
	/* An answer that got lost has them all set: any may have been cleared. */
	if (icr & E1000E_ICR_QUEUES)
		intel_write(port, INTEL_ICS, icr & E1000E_ICR_QUEUES);
	intel_write(port, INTEL_IMS, OTHERS);
	intel_other_causes(dev, icr);
}

/*
 * What came before is forgotten, or it would interrupt at once; the read has both writes arrive.
 */
static void arm(const struct fn_queue *queue, uint32_t cause)
{
	const struct intel_port *port = intel_port_of(queue->dev);

	intel_write(port, INTEL_ICR, cause);
	intel_write(port, INTEL_IMS, cause);
	(void)intel_read(port, INTEL_STATUS);
	/*
	 * Pairs with the device, which writes a descriptor back before it raises the cause: whoever
	 * looks at the ring now sees what raised no interrupt.
	 */
	fn_mb_dma();
}

int e1000e_rx_arm(struct fn_rxq *rxq)
{
	const struct fn_queue *queue = fn_rxq_queue(rxq);

	/* Without a buffer the device receives nothing, and would never interrupt. */
	if (!intel_rx_post(intel_rxq_of(rxq)))
		return -ENOBUFS;
	arm(queue, E1000E_ICR_RXQ(queue->idx));
	return 0;
}

void e1000e_rx_disarm(struct fn_rxq *rxq)
{
	const struct fn_queue *queue = fn_rxq_queue(rxq);

	intel_write(intel_port_of(queue->dev), INTEL_IMC, E1000E_ICR_RXQ(queue->idx));
}

void e1000e_tx_arm(struct fn_txq *txq)
{
	const struct fn_queue *queue = fn_txq_queue(txq);

	arm(queue, E1000E_ICR_TXQ(queue->idx));
}

void e1000e_tx_disarm(struct fn_txq *txq)
{
	const struct fn_queue *queue = fn_txq_queue(txq);

	intel_write(intel_port_of(queue->dev), INTEL_IMC, E1000E_ICR_TXQ(queue->idx));
}
