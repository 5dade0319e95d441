/* SPDX-License-Identifier: BSD-3-Clause */
/* The driver of the 82576 and its successors: what its files share. */
#ifndef IGB_H
#define IGB_H

#include "drivers/intel/intel.h"

extern const struct fn_driver fn_driver_igb;

/* Vectors that EICR has. */
#define IGB_ENTRIES 25u

_Static_assert(IGB_ENTRIES <= INTEL_ENTRIES_MAX, "room in intel_port");

/**
 * struct igb - a port
 * @port: what both families share
 * @armed: by MSI-X entry: queues that asked for an interrupt, receive queues in bits 15:0, transmit
 *	queues above; atomic
 * @shared: MSI-X entries of more than one queue, a bit each
 */
struct igb {
	struct intel_port port;
	uint32_t armed[IGB_ENTRIES];
	uint32_t shared;
};

_Static_assert(offsetof(struct igb, port) == 0, "intel_port_of()");

static inline struct igb *igb_of(const struct fn_dev *dev)
{
	return dev->priv;
}

/* igb_setup.c: from reset to queues that run. */
int igb_setup(struct fn_dev *dev);
void igb_rx_setup(struct fn_dev *dev);
int igb_rxq_start(struct fn_dev *dev, uint16_t idx);
int igb_txq_start(struct fn_dev *dev, uint16_t idx);

/* igb_irq.c: vectors, causes, and how long they are held back. */
void igb_irqs_off(const struct intel_port *port);
int igb_irqs_start(struct fn_dev *dev);
void igb_irq_raise(const struct intel_port *port, unsigned entry);
void igb_set_coalesce(struct fn_dev *dev, const struct fn_coalesce *c);
void igb_throttle(struct fn_dev *dev, unsigned entry, uint32_t delay_ns);
void igb_config_irq(struct fn_dev *dev);
int igb_rx_arm(struct fn_rxq *rxq);
void igb_rx_disarm(struct fn_rxq *rxq);
void igb_tx_arm(struct fn_txq *txq);
void igb_tx_disarm(struct fn_txq *txq);

#endif
