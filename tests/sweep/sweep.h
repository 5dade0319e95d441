/* SPDX-License-Identifier: BSD-3-Clause */
/* What a control call is for the sweep: how it is prepared, made and judged. */
#ifndef FN_TESTS_SWEEP_SWEEP_H
#define FN_TESTS_SWEEP_SWEEP_H

#include <fastnic/fastnic.h>
#include <fastnic/pci.h>

#include "sweep/subject.h"

/**
 * struct sweep - a world for one call
 * @md: the device
 * @ctx: the context, or NULL
 * @pool: the pool, or NULL
 * @dev: the device as the library has it, or NULL
 * @dma: memory of the call
 * @list: the list of the call
 * @extra: a second pool, which the call made
 * @app: memory that the application brings
 * @read: what the call read of the device; 0 when it failed
 * @err: the sentence of the last failure, where the call takes options
 */
struct sweep {
	struct model_dev *md;
	struct fn_ctx *ctx;
	struct fn_pool *pool;
	struct fn_dev *dev;
	struct fn_dma dma;
	struct fn_pci_list *list;
	struct fn_pool *extra;
	void *app;
	uint64_t read;
	struct fn_error err;
};

/* What has to hold when a call fails. */
enum sweep_kind {
	SWEEP_KEEPS,     /* all is as before, and the same call succeeds without the fault */
	SWEEP_COMPLETES, /* all is as if it had succeeded, and it returns the first error */
	SWEEP_RESETS,    /* all is as before when it succeeds, also because what came behind the
			  * fault has mended it; else the device is stopped and broken, it returns
			  * the first error, and the same call without the fault succeeds */
	SWEEP_NO_FAULTS, /* it makes no call that can fail, and succeeds */
};

/**
 * struct sweep_call - a control call
 * @name: as people call it
 * @prepare: bring the world to where the call is made; no fault happens yet
 * @call: make it; what it made is in the world when it succeeds, and not when it fails
 * @kind: what has to hold
 * @cap: FN_CAP_SET_MAC and its sisters: a device without it is not asked; 0: every one is
 * @setting: it is one thing that the device is told, and answers or not (&sweep_subject.answers)
 */
struct sweep_call {
	const char *name;
	void (*prepare)(struct sweep *s);
	int (*call)(struct sweep *s);
	enum sweep_kind kind;
	uint64_t cap;
	bool setting;
};

/* A row, but for what not every one has. */
#define SWEEP_CALL(said, at, made, holds) \
	.name = (said), .prepare = (at), .call = (made), .kind = (holds)

/* calls.c, calls_port.c: all of them, up to one without a name. */
extern const struct sweep_call sweep_calls[];
extern const struct sweep_call sweep_port_calls[];

/* calls_port.c: choose what the device lets choose of its link, and let it blink. */
void sweep_set_port(struct sweep *s);

/* calls.c: before the first call and behind the last one. */
void sweep_calls_begin(void);
void sweep_calls_end(void);

/* world.c: how far the world is built. Each includes those before it. */
void sweep_at_nothing(struct sweep *s);
void sweep_at_ctx(struct sweep *s);
void sweep_at_pool(struct sweep *s);
void sweep_at_open(struct sweep *s);
void sweep_at_configured(struct sweep *s);
void sweep_at_started(struct sweep *s);

/* Time passes: the link comes up. */
void sweep_time(const struct sweep *s);

/* The same, with 8 packets that the device has not sent. */
void sweep_at_busy(struct sweep *s);

/* The calls that they are made of. */
int sweep_ctx_create(struct sweep *s);
int sweep_pool_create(struct sweep *s);
int sweep_dev_open(struct sweep *s);
int sweep_dev_configure(struct sweep *s, unsigned queues);

/* Packets go out and come in, once the device is started, which this does. */
void sweep_works(struct sweep *s);

/* A device that is gone is put in again, and is as after power-on. */
void sweep_replug(struct sweep *s);

/* Give all back. */
void sweep_end(struct sweep *s);

#define SWEEP_TEXT 8192u

/* In a state: what follows is of the pools. */
#define SWEEP_POOLS "|"

/* state.c: all that can be seen of the library and of the device, in words. */
void sweep_state(struct sweep *s, char text[SWEEP_TEXT]);

/* state.c: what the process holds: descriptors, mappings, windows of BARs and memory. */
struct sweep_held {
	long fds;
	long maps;
	long windows;
	long allocs;
};

struct sweep_held sweep_held(void);

/* sweep.c: something does not hold: say where and what, and go on. */
void sweep_wrong(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* A step that must succeed. */
#define SWEEP_OK(step)                                                                     \
	do {                                                                               \
		const int sweep_ok_ret = (step);                                           \
		if (sweep_ok_ret)                                                          \
			sweep_wrong("%s is %d: %s", #step, sweep_ok_ret, fn_error_last()); \
	} while (0)

#endif
