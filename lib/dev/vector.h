/* SPDX-License-Identifier: BSD-3-Clause */
/* The interrupt vector of a queue: on which processor, and how often, for who polls the queue. */
#ifndef FN_DEV_VECTOR_H
#define FN_DEV_VECTOR_H

#include "dev/driver.h"

/**
 * fn_queue_irq_affinity - let the vector of a queue interrupt on one processor
 * @queue: the queue of a device that is configured, and is not configured anew meanwhile
 * @cpu: the processor, as the kernel counts them
 *
 * Best effort, for a wake without a detour over another processor: what goes wrong has a sentence
 * (fn_error_last()) for a warning, and everything works all the same. Any thread; takes no lock,
 * and reads /proc, which takes its time.
 *
 * Return: 0; -ENOTSUP for a queue without a vector, or where the bus cannot; -ENOENT when the
 * kernel has no such interrupt (now); -EACCES without the right; -EINVAL for a processor that is
 * not online; -EIO when the kernel does not move the interrupt.
 */
int fn_queue_irq_affinity(const struct fn_queue *queue, unsigned cpu);

/**
 * fn_queue_moderate - hold interrupts of a queue's vector back
 * @queue: the queue; only the thread that owns it may call this
 * @delay_ns: least time between two of them from now on, as near as the device can; 0: none
 *
 * In the data path: writes a register, and waits for nobody. Holds until the next call or the next
 * start, whatever the queue's arming. What the application asked for by fn_dev_set_coalesce() wins,
 * also when it does so at the same time.
 *
 * Return: whether it holds; false: not possible here: the device cannot, the queue has no vector or
 * does not run, or the application has asked for coalescing of its own.
 */
bool fn_queue_moderate(struct fn_queue *queue, uint32_t delay_ns);

#endif
