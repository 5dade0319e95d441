/* SPDX-License-Identifier: BSD-3-Clause */
/* A doubly linked list whose nodes lie in the listed structs. */
#ifndef FN_BASE_LIST_H
#define FN_BASE_LIST_H

#include "base/bits.h"

struct fn_list {
	struct fn_list *next;
	struct fn_list *prev;
};

static inline void fn_list_init(struct fn_list *head)
{
	head->next = head;
	head->prev = head;
}

static inline bool fn_list_empty(const struct fn_list *head)
{
	return head->next == head;
}

static inline void fn_list_add_tail(struct fn_list *head, struct fn_list *node)
{
	node->next = head;
	node->prev = head->prev;
	head->prev->next = node;
	head->prev = node;
}

/* The node points to itself afterwards, so that a second removal does no harm. */
static inline void fn_list_del(struct fn_list *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	fn_list_init(node);
}

#define fn_list_for_each(pos, head) for ((pos) = (head)->next; (pos) != (head); (pos) = (pos)->next)

#endif
