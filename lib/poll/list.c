// SPDX-License-Identifier: BSD-3-Clause
/* Lists of pointers, which a worker walks each round, and the end of what was taken out of them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "poll/poller.h"

int fn_poll_list_add(struct fn_poll_list *list, void *thing)
{
	if (list->n == list->room) {
		const unsigned room = list->room ? 2 * list->room : 8;
		void **at = realloc(list->at, room * sizeof(*at));

		if (!at)
			return fn_fail(-ENOMEM, "out of memory for what a poller looks after");
		list->at = at;
		list->room = room;
	}
	list->at[list->n++] = thing;
	return 0;
}

void fn_poll_list_del(struct fn_poll_list *list, const void *thing)
{
	for (unsigned i = 0; i < list->n; i++) {
		if (list->at[i] != thing)
			continue;
		list->n--;
		memmove(&list->at[i], &list->at[i + 1], (list->n - i) * sizeof(*list->at));
		return;
	}
}

static void bury_queues(struct fn_poll_list *list)
{
	for (unsigned i = list->n; i-- > 0;) {
		/* Both kinds of queues begin with it. */
		struct fn_poll_item *item = list->at[i];

		if (!item->dead)
			continue;
		fn_poll_list_del(list, item);
		free(item);
	}
}

void fn_poll_bury(struct fn_poller *p)
{
	if (p->rounding || !p->has_dead)
		return;
	p->has_dead = false;
	bury_queues(&p->rx);
	bury_queues(&p->tx);
	for (unsigned i = p->sources.n; i-- > 0;) {
		struct fn_poller_source *source = p->sources.at[i];

		if (source->dead) {
			fn_poll_list_del(&p->sources, source);
			free(source);
		}
	}
	for (unsigned i = p->watches.n; i-- > 0;) {
		struct fn_poller_watch *watch = p->watches.at[i];

		if (watch->dead) {
			fn_poll_list_del(&p->watches, watch);
			free(watch);
		}
	}
}
