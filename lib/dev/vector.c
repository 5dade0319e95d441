// SPDX-License-Identifier: BSD-3-Clause
/* The interrupt vector of a queue, as who polls the queue sees it. */
#include <errno.h>

#include "dev/vector.h"

int fn_queue_irq_affinity(const struct fn_queue *queue, unsigned cpu)
{
	const struct fn_dev *dev = queue->dev;

	if (queue->vector == FN_NO_VECTOR)
		return fn_fail(-ENOTSUP,
			       "%s: %s queue %u has no interrupt vector to move to processor %u",
			       dev->bus->name, queue->is_tx ? "transmit" : "receive", queue->idx,
			       cpu);
	if (!dev->bus->ops->irq_affinity)
		return fn_fail(-ENOTSUP,
			       "%s: the bus %s does not choose which processor is interrupted",
			       dev->bus->name, dev->bus->ops->name);
	return dev->bus->ops->irq_affinity(dev->bus,
					   (unsigned)dev->limits.first_vector + queue->vector, cpu);
}

bool fn_queue_moderate(struct fn_queue *queue, uint32_t delay_ns)
{
	const struct fn_driver_ops *ops = queue->dev->drv->ops;

	return ops->moderate && queue->event_fd >= 0 &&
	       __atomic_load_n(&queue->status, __ATOMIC_ACQUIRE) == 0 &&
	       ops->moderate(queue, delay_ns);
}
