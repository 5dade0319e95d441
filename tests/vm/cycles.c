// SPDX-License-Identifier: BSD-3-Clause
/*
 * cycles PORT PORT [COUNT]: opens, configures, starts, stops and closes two NICs that face each
 * other, COUNT times, and sees that nothing is left. Without COUNT, 100 times, and then it makes
 * the same calls in every wrong order (cycles_order.c).
 */
#include <stdio.h>
#include <stdlib.h>

#include "cycles.h"

/*
 * Bus mastering must be on exactly while packets may flow: a NIC that is not started reaches no
 * memory.
 */
static void masters_are(const struct rig *rig, bool on, const char *when)
{
	for (unsigned i = 0; i < 2; i++)
		if (is_bus_master(rig->name[i]) != on)
			(void)check(false, "bus mastering of %s is %s %s", rig->name[i],
				    on ? "on" : "off", when);
}

/* Every 10th cycle carries a frame, each time the other way; so does the first. */
static void cycle(struct rig *rig, unsigned n)
{
	rig_open(rig);
	masters_are(rig, false, "after open");
	rig_configure(rig);
	masters_are(rig, false, "after configure");
	rig_start(rig);
	masters_are(rig, true, "after start");
	if (n % 10 == 0)
		fn_pkt_free(send_one(rig, n / 10 % 2, (uint8_t)n));
	rig_stop(rig);
	masters_are(rig, false, "after stop");
	rig_close(rig);
}

/*
 * Half of the cycles begin with fn_ctx_create() and half share a context. Before it is measured
 * what a cycle leaves there is one that does not count: what the C library (stdio, malloc's arena)
 * and the VFIO container set up once for the process or for the context is no leak. Descriptors and
 * hugepages are exact from the very first cycle on.
 */
static void test_cycles(struct rig *rig, unsigned count)
{
	struct holdings first = holdings_now();
	struct holdings before = first;
	struct holdings now;

	for (unsigned n = 0; n <= count / 2 && !any_failure(); n++) {
		rig_create(rig);
		cycle(rig, n);
		rig_destroy(rig);
		now = holdings_now();
		if (n == 0) {
			(void)check(
				now.fds == first.fds && now.hugepages == first.hugepages &&
					now.locked_kb == first.locked_kb,
				"the first cycle leaves no descriptor, hugepage or locked memory");
			before = now;
		}
		if (!holdings_same(&before, &now))
			(void)check(false, "cycle %u leaves nothing", n);
	}
	(void)check(!any_failure(), "%u cycles with a context of their own left nothing",
		    count / 2);

	rig_create(rig);
	for (unsigned n = 0; n <= count / 2 && !any_failure(); n++) {
		cycle(rig, n);
		now = holdings_now();
		if (n == 0)
			before = now;
		if (!holdings_same(&before, &now))
			(void)check(false, "cycle %u leaves nothing", n);
	}
	(void)check(!any_failure(), "%u cycles in one context left nothing", count / 2);
	rig_destroy(rig);
}

int main(int argc, char **argv)
{
	struct rig rig = { 0 };
	struct holdings before = { 0 };
	struct holdings now;

	if (argc < 3 || argc > 4) {
		(void)fprintf(stderr, "Usage: cycles PORT PORT [COUNT]\n");
		return 2;
	}
	rig.name[0] = argv[1];
	rig.name[1] = argv[2];
	test_cycles(&rig, argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 100);
	if (argc == 3 && !any_failure()) {
		before = holdings_now();
		test_order(&rig);
		test_random_order(&rig);
		now = holdings_now();
		(void)check(holdings_same(&before, &now), "calls in any order left nothing either");
	}
	(void)check(true, "the end");
	return any_failure();
}
