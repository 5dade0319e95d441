/* SPDX-License-Identifier: BSD-3-Clause */
/* How what happens to devices reaches fn_ctx_process_events(). */
#ifndef FN_DEV_EVENTS_H
#define FN_DEV_EVENTS_H

#include "dev/driver.h"

int fn_events_create(struct fn_events **events);
void fn_events_destroy(struct fn_events *events);

/* What a descriptor of a device means when it becomes readable. */
enum fn_event_source {
	FN_SOURCE_WAKE,       /* fn_dev_raise() */
	FN_SOURCE_REQUEST,    /* &fn_busdev.req_fd */
	FN_SOURCE_ERROR,      /* &fn_busdev.err_fd */
	FN_SOURCE_CONFIG_IRQ, /* MSI-X entry 0 of a driver that keeps one for itself */
};

/* Let a descriptor of a device wake fn_ctx_process_events(); -1 as @fd is fine and does nothing. */
int fn_events_watch(struct fn_dev *dev, enum fn_event_source source, int fd);
void fn_events_unwatch(struct fn_dev *dev, int fd);

/* The device is mended: that it had failed is no news any more. No burst runs meanwhile. */
void fn_events_mended(struct fn_dev *dev);

/*
 * Whatever another thread's fn_ctx_process_events() had begun with the device is done; being not
 * ready any more, it is not touched after this. Callbacks do not count: a device may be closed from
 * one.
 */
void fn_events_settle(struct fn_dev *dev);

/**
 * fn_events_process_nowait - fn_ctx_process_events() for who must not be stopped by control calls
 * @ctx: the context
 * @again: receives whether something was left: what belongs to a device that a control call of
 *	another thread has, or all of it, because another thread handles events. What was left keeps
 *	fn_ctx_event_fd() readable, but need not make it readable anew: who waits for edges calls
 *	this again before long
 *
 * Any thread. Waits for nobody, apart from the callbacks that it makes.
 *
 * Return: events delivered.
 */
int fn_events_process_nowait(struct fn_ctx *ctx, bool *again);

#endif
