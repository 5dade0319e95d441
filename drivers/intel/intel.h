/* SPDX-License-Identifier: BSD-3-Clause */
/* What the drivers of Intel's gigabit controllers share: the port, its registers and its queues. */
#ifndef INTEL_H
#define INTEL_H

#include "dev/driver.h"
#include "drivers/intel/intel_regs.h"

/**
 * struct intel_chip - what differs between families where the code is the same
 * @rxq: register block of receive queue 0
 * @txq: register block of transmit queue 0
 * @queue_stride: bytes from one queue's block to the next one's
 * @exact_macs: entries of the table of exact addresses, the port's own included
 * @tx_seg_bytes: most bytes of a transmit descriptor
 */
struct intel_chip {
	uint32_t rxq;
	uint32_t txq;
	uint32_t queue_stride;
	uint16_t exact_macs;
	uint16_t tx_seg_bytes;
};

/**
 * struct intel_port - a port; the whole driver's struct of both families
 * @regs: BAR 0
 * @chip: its family's traits
 * @rxqs: receive queues that are made now
 * @txqs: transmit queues that are made now
 */
struct intel_port {
	struct fn_bar regs;
	const struct intel_chip *chip;
	uint16_t rxqs;
	uint16_t txqs;
};

static inline struct intel_port *intel_port_of(const struct fn_dev *dev)
{
	return dev->priv;
}

static inline uint32_t intel_read(const struct intel_port *port, uint32_t reg)
{
	return fn_bar_read32(&port->regs, reg);
}

static inline void intel_write(const struct intel_port *port, uint32_t reg, uint32_t value)
{
	fn_bar_write32(&port->regs, reg, value);
}

/* Registers of a queue: INTEL_Q_* from these on. */
static inline uint32_t intel_rxq_reg(const struct intel_port *port, uint16_t idx, uint32_t reg)
{
	return port->chip->rxq + port->chip->queue_stride * idx + reg;
}

static inline uint32_t intel_txq_reg(const struct intel_port *port, uint16_t idx, uint32_t reg)
{
	return port->chip->txq + port->chip->queue_stride * idx + reg;
}

#endif
