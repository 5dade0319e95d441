// SPDX-License-Identifier: BSD-3-Clause
/* One run of one behaviour: fresh state before it, and what must hold after every one. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conform/runner.h"

static const char *const need_names[NEEDS] = {
	"a wire that carries requests for checksums and segmentation",
	"several queues",
	"a wire that takes nothing",
	"a cable to be pulled",
	"a device to be pulled",
	"a request to release the device",
	"a device that lies about what it received",
	"time as on the wall",
	"a device that checks received checksums itself",
	"a report of an error of the device",
	"a network that asks for an announcement",
	"interrupts that mask themselves",
	"a wire that vouches for checksums",
	"a wire that keeps what it cannot deliver, in order",
	"a device whose lies about what it sent can be seen",
	"a wire that carries long packets, or a device that cuts them right",
	"a link partner that negotiates, can be forced, and asks for pauses",
	"a wire that tells what did not get to a buffer",
	"a device that puts a VLAN tag in behind an outer one",
};

static unsigned fds_open(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned n = 0;

	if (!dir)
		return 0;
	while (readdir(dir))
		n++;
	(void)closedir(dir);
	return n;
}

/* What the body asks for and this place has not. */
static void check_needs(struct conform *c)
{
	const struct place_ops *ops = c->place->ops;
	unsigned cannot = c->place->cannot;

	cannot |= (ops->stall ? 0 : NEED_STALL) | (ops->link ? 0 : NEED_LINK) |
		  (ops->unplug ? 0 : NEED_UNPLUG) | (ops->release ? 0 : NEED_RELEASE) |
		  (ops->lie ? 0 : NEED_LIAR | NEED_LIAR_TX) | (ops->error ? 0 : NEED_ERROR) |
		  (ops->announce ? 0 : NEED_ANNOUNCE) | (ops->lost ? 0 : NEED_LOST);
	for (unsigned bit = 0; bit < NEEDS; bit++)
		if ((c->behaviour->needs & cannot) >> bit & 1)
			conform_skip(c, "there is not here: %s", need_names[bit]);
}

static void run_body(struct conform *c)
{
	check_needs(c);
	c->place->ops->begin(c);
	c->behaviour->run(c);
}

/* The jump target is here; what runs after the jump sees @c only. */
static int guarded(struct conform *c, void (*part)(struct conform *c))
{
	const int ret = setjmp(c->ended);

	if (ret)
		return ret;
	part(c);
	return 0;
}

static void end_judged(struct conform *c)
{
	c->place->ops->end(c, true);
}

/* Once, also when it ends by a check. */
static void leave(struct conform *c)
{
	void (*const part)(struct conform * c) = c->leave;

	c->leave = NULL;
	if (part)
		part(c);
}

/* After a failure nothing is judged any more; what can be closed is closed. */
static void end_quietly(struct conform *c)
{
	if (c->dev)
		(void)fn_dev_close(c->dev);
	if (c->pool)
		(void)fn_pool_destroy(c->pool);
	if (c->ctx)
		(void)fn_ctx_destroy(c->ctx);
	if (c->world)
		c->place->ops->end(c, false);
}

static int finish(struct conform *c, unsigned fds)
{
	int ret = guarded(c, leave);

	/* What it cannot is no failure of the body's. */
	if (!ret && c->dev && c->place->ops->settle)
		(void)guarded(c, c->place->ops->settle);
	if (!ret)
		ret = guarded(c, port_close);
	if (!ret && c->world)
		ret = guarded(c, end_judged);
	if (!ret && fds_open() != fds) {
		(void)snprintf(c->reason, sizeof(c->reason), "%u file descriptors are left open",
			       fds_open() - fds);
		ret = CONFORM_FAILED;
	}
	return ret;
}

void run_here(struct result *result)
{
	static struct conform c;
	char reason[sizeof(c.reason)];
	const unsigned fds = fds_open();
	int ret;

	memset(&c, 0, sizeof(c));
	c.behaviour = result->behaviour;
	c.place = result->place;
	c.err = (struct fn_error)FN_ERROR_INIT;
	ret = guarded(&c, run_body);
	(void)snprintf(reason, sizeof(reason), "%s", c.reason);
	if (ret != CONFORM_FAILED && finish(&c, fds)) {
		ret = CONFORM_FAILED;
		(void)snprintf(reason, sizeof(reason), "after the body: %.900s", c.reason);
	}
	if (ret == CONFORM_FAILED) {
		(void)guarded(&c, leave);
		(void)guarded(&c, end_quietly);
	}
	result->kind = ret == CONFORM_FAILED ? RESULT_FAIL : ret ? RESULT_SKIP : RESULT_OK;
	(void)snprintf(result->reason, sizeof(result->reason), "%s", ret ? reason : "");
}
