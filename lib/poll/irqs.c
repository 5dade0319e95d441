// SPDX-License-Identifier: BSD-3-Clause
/*
 * Interrupts of a pinned worker's queues come to its own processor, where the kernel lets us: a
 * wake is sooner without a detour over another one.
 */
#include <errno.h>

#include "dev/vector.h"
#include "poll/poller.h"

/* The processor for a queue's interrupts, or -1; &fn_ctx.poll_lock is held. */
static int cpu_for(const struct fn_queue *queue, struct fn_poller **p)
{
	const struct fn_poll_item *item = queue->attached;

	/* Whoever is about to change the device may give it other vectors: he comes again. */
	if (!item || queue->dev->let_go || queue->event_fd < 0 || !item->poller->opts.core_plus_1)
		return -1;
	*p = item->poller;
	return (int)item->poller->opts.core_plus_1 - 1;
}

/* Best effort: without it everything works all the same, so one sentence a poller is enough. */
static void aim(const struct fn_queue *queue, int cpu, struct fn_poller *p)
{
	const int ret = fn_queue_irq_affinity(queue, (unsigned)cpu);

	/* Of a processor that is not there fn_poller_run() says so. */
	if (!ret || ret == -ENOTSUP || ret == -EINVAL ||
	    __atomic_exchange_n(&p->irqs_warned, true, __ATOMIC_RELAXED))
		return;
	fn_log(p->ctx, FN_LOG_WARN, "%s: interrupts come to other processors than its own: %s",
	       p->name, fn_error_last());
}

void fn_poll_irqs_aim(struct fn_dev *dev)
{
	const unsigned queues = (unsigned)dev->limits.max_rxqs + dev->limits.max_txqs;
	struct fn_first_error kept = { 0 };

	/* The sentence of the control call around this is not to be lost. */
	fn_first_error_note(&kept, fn_error_last()[0] ? -1 : 0);
	for (unsigned i = 0; i < queues; i++) {
		const struct fn_queue *queue = fn_dev_queue(dev, dev->limits.max_rxqs, i);
		struct fn_poller *p = NULL;
		int cpu;

		(void)pthread_mutex_lock(&dev->ctx->poll_lock);
		cpu = cpu_for(queue, &p);
		if (p)
			p->pins++;
		(void)pthread_mutex_unlock(&dev->ctx->poll_lock);
		if (!p)
			continue;
		aim(queue, cpu, p);
		(void)pthread_mutex_lock(&dev->ctx->poll_lock);
		p->pins--;
		(void)pthread_cond_broadcast(&dev->ctx->poll_cond);
		(void)pthread_mutex_unlock(&dev->ctx->poll_lock);
	}
	(void)fn_first_error_fail(&kept);
}
