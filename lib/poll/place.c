// SPDX-License-Identifier: BSD-3-Clause
/* Where a worker runs: on the core that was asked for, or near its first device. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "poll/poller.h"

/* Add "0-3,8" of sysfs to a set. False for anything else, or more than a set has room for. */
static bool cpulist_parse(const char *text, cpu_set_t *set)
{
	unsigned long first;
	unsigned long last;
	char *end;

	while (*text && *text != '\n') {
		first = strtoul(text, &end, 10);
		if (end == text)
			return false;
		last = first;
		if (*end == '-') {
			text = end + 1;
			last = strtoul(text, &end, 10);
			if (end == text)
				return false;
		}
		if (last < first || last >= CPU_SETSIZE)
			return false;
		for (; first <= last; first++)
			CPU_SET(first, set);
		text = *end == ',' ? end + 1 : end;
	}
	return true;
}

static bool node_cpus(int node, cpu_set_t *set)
{
	char path[64];
	char text[1024];
	bool got;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/cpulist", node);
	f = fopen(path, "re");
	if (!f)
		return false;
	got = fgets(text, sizeof(text), f) && cpulist_parse(text, set);
	(void)fclose(f);
	return got;
}

/* The node of a list's first device, or -1. Both kinds of queues begin with their item. */
static int node_of_list(const struct fn_poll_list *list)
{
	const struct fn_poll_item *item = list->n ? list->at[0] : NULL;

	return item && !item->dead ? item->queue->dev->bus->numa_node : -1;
}

/* What is received counts for more: it is read. */
static int node_of(const struct fn_poller *p)
{
	return p->rx.n ? node_of_list(&p->rx) : node_of_list(&p->tx);
}

static int go_to_core(const struct fn_poller *p, unsigned core)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	if (core < CPU_SETSIZE)
		CPU_SET(core, &set);
	if (pthread_setaffinity_np(pthread_self(), sizeof(set), &set) == 0)
		return 0;
	return fn_fail(-EINVAL, "%s cannot run on core %u: name one that taskset -p shows", p->name,
		       core);
}

/* What the thread may use of the node; where that is nothing, it stays where it is. */
static void go_to_node(int node, const struct fn_place *before)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	if (!node_cpus(node, &set))
		return;
	CPU_AND(&set, &set, &before->set);
	if (CPU_COUNT(&set) > 0 && !CPU_EQUAL(&set, &before->set))
		(void)pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
}

int fn_place_go(struct fn_poller *p, struct fn_place *before)
{
	const int node = node_of(p);

	before->is_set =
		pthread_getaffinity_np(pthread_self(), sizeof(before->set), &before->set) == 0;
	if (p->opts.core_plus_1)
		return go_to_core(p, p->opts.core_plus_1 - 1);
	if (node >= 0 && before->is_set)
		go_to_node(node, before);
	return 0;
}

void fn_place_back(const struct fn_place *before)
{
	if (before->is_set)
		(void)pthread_setaffinity_np(pthread_self(), sizeof(before->set), &before->set);
}
