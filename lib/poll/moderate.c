// SPDX-License-Identifier: BSD-3-Clause
/*
 * Interrupts are held back where they would come for every packet: in interrupt mode, and when
 * power is to be saved. Elsewhere arming for one interrupt at a time bounds them already.
 */
#include "dev/vector.h"
#include "poll/poller.h"

static bool is_wanted(const struct fn_poller *p)
{
	return p->opts.mode == FN_POLLER_INTERRUPT ||
	       (p->opts.mode == FN_POLLER_ADAPTIVE && p->opts.policy == FN_POLLER_POWER);
}

/* A receive queue of the vector, or NULL: those that only send are not moderated. */
static struct fn_queue *queue_of(const struct fn_poller *p, const struct fn_poll_vector *v)
{
	for (unsigned i = 0; i < p->rx.n; i++) {
		const struct fn_poller_rx *rx = p->rx.at[i];

		if (rx->item.vector == v)
			return rx->item.queue;
	}
	return NULL;
}

static bool set_delay(const struct fn_poller *p, const struct fn_poll_vector *v, uint32_t delay_ns)
{
	struct fn_queue *queue = queue_of(p, v);

	return queue && fn_queue_moderate(queue, delay_ns);
}

/* Whether the device can do so is learned here: one that cannot would refuse each delay. */
static void begin(const struct fn_poller *p, struct fn_poll_vector *v)
{
	fn_dim_init(&v->dim);
	v->packets = 0;
	v->moderated = set_delay(p, v, fn_dim_delay_ns(&v->dim));
}

static void end(const struct fn_poller *p, struct fn_poll_vector *v)
{
	if (v->moderated)
		(void)set_delay(p, v, 0);
	v->moderated = false;
}

void fn_poll_moderate_begin(struct fn_poller *p, struct fn_poll_vector *v)
{
	if (is_wanted(p) && !v->moderated)
		begin(p, v);
}

void fn_poll_moderate_leave(struct fn_poller *p, struct fn_poll_vector *v, struct fn_queue *queue)
{
	if (!v->moderated || queue->is_tx || queue_of(p, v))
		return;
	(void)fn_queue_moderate(queue, 0);
	v->moderated = false;
}

void fn_poll_moderate_mode(struct fn_poller *p)
{
	const bool wanted = is_wanted(p);
	struct fn_list *pos;

	fn_list_for_each(pos, &p->vectors) {
		struct fn_poll_vector *v = fn_container_of(pos, struct fn_poll_vector, node);

		if (wanted && !v->moderated)
			begin(p, v);
		else if (!wanted)
			end(p, v);
	}
}

void fn_poll_moderate_event(struct fn_poller *p, struct fn_poll_vector *v)
{
	uint32_t delay_ns;

	if (!v->moderated)
		return;
	delay_ns = fn_dim_event(&v->dim, fn_poll_now_ns(), v->packets);
	v->packets = 0;
	/* From here on the application may have asked for delays of its own, which win. */
	if (delay_ns != UINT32_MAX)
		v->moderated = set_delay(p, v, delay_ns);
}
