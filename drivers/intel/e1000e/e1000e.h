/* SPDX-License-Identifier: BSD-3-Clause */
/* The driver of the 82574: what its files share. */
#ifndef E1000E_H
#define E1000E_H

#include "drivers/intel/intel.h"

extern const struct fn_driver fn_driver_e1000e;

/**
 * struct e1000e - a port
 * @port: what both families share
 * @throttle_ns: the longest throttle that EITR was told; QEMU's model takes 128 us at least; atomic
 */
struct e1000e {
	struct intel_port port;
	uint32_t throttle_ns;
};

_Static_assert(offsetof(struct e1000e, port) == 0, "intel_port_of()");

static inline struct e1000e *e1000e_of(const struct fn_dev *dev)
{
	return dev->priv;
}

/* e1000e_setup.c: from reset to queues that run. */
int e1000e_before_reset(struct fn_dev *dev);
void e1000e_after_reset(struct fn_dev *dev);
int e1000e_setup(struct fn_dev *dev);
void e1000e_rx_setup(struct fn_dev *dev);
int e1000e_rxq_start(struct fn_dev *dev, uint16_t idx);
int e1000e_txq_start(struct fn_dev *dev, uint16_t idx);

/* e1000e_irq.c: vectors, causes, and how long they are held back. */
void e1000e_irqs_off(const struct intel_port *port);
int e1000e_irqs_start(struct fn_dev *dev);
void e1000e_irq_raise(const struct intel_port *port, unsigned entry);
void e1000e_set_coalesce(struct fn_dev *dev, const struct fn_coalesce *c);
void e1000e_throttle(struct fn_dev *dev, unsigned entry, uint32_t delay_ns);
void e1000e_irqs_settle(struct fn_dev *dev);
void e1000e_config_irq(struct fn_dev *dev);
int e1000e_rx_arm(struct fn_rxq *rxq);
void e1000e_rx_disarm(struct fn_rxq *rxq);
void e1000e_tx_arm(struct fn_txq *txq);
void e1000e_tx_disarm(struct fn_txq *txq);

#endif
