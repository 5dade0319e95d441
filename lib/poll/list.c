// SPDX-License-Identifier: BSD-3-Clause
/* Lists of pointers, which a worker walks each round. */
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
