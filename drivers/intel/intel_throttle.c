// SPDX-License-Identifier: BSD-3-Clause
/*
 * How long an MSI-X entry is held back: by the application's choice (fn_dev_set_coalesce()), or as
 * long as there is none, by who polls its queues.
 */
#include "base/barrier.h"
#include "drivers/intel/intel.h"

/*
 * In &intel_port.throttles beside the delay: the application has chosen for the device, be it no
 * delay for this entry.
 */
#define CHOSEN (1u << 31)

uint32_t intel_throttle_choose(struct fn_dev *dev, const struct fn_coalesce *c, unsigned entry)
{
	const uint32_t delay_ns = intel_entry_delay_ns(dev, c, entry);
	const uint32_t chosen = c->rx_delay_ns || c->tx_delay_ns ? CHOSEN : 0;

	__atomic_store_n(&intel_port_of(dev)->throttles[entry], delay_ns | chosen,
			 __ATOMIC_RELAXED);
	/* Pairs with the fence of intel_moderate(): it is noted before the register is written. */
	fn_fence_seq_cst();
	return delay_ns;
}

/*
 * The application may choose on another thread while this writes, and a look and a write are no one
 * step. So the choice is noted before its own write, and this looks again behind each of its own:
 * when there is another choice by then, this write may have come last, and is made good by one of
 * that choice. What is noted later than the last look is written later than what came before it.
 */
bool intel_moderate(struct fn_queue *queue, uint32_t delay_ns)
{
	const struct intel_port *port = intel_port_of(queue->dev);
	const uint16_t entry = intel_entry(queue);
	const uint32_t *const choice = &port->throttles[entry];
	uint32_t now = __atomic_load_n(choice, __ATOMIC_RELAXED);
	uint32_t written;

	if (now & CHOSEN)
		return false;
	if (delay_ns > port->chip->coalesce_max_ns)
		delay_ns = port->chip->coalesce_max_ns;
	do {
		written = now;
		port->chip->steps->throttle(queue->dev, entry,
					    now & CHOSEN ? now & ~CHOSEN : delay_ns);
		/* Pairs with the fence of intel_throttle_choose(). */
		fn_fence_seq_cst();
		now = __atomic_load_n(choice, __ATOMIC_RELAXED);
	} while (now != written);
	return !(now & CHOSEN);
}
