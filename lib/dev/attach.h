/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How lib/dev reaches who polls a device's queues, which is lib/poll, above it: control calls that
 * stop, replace or free a queue have its worker let go of it first.
 */
#ifndef FN_DEV_ATTACH_H
#define FN_DEV_ATTACH_H

#include "dev/driver.h"

/**
 * struct fn_attach_ops - what lib/poll does for lib/dev
 * @sync: &fn_dev.let_go of the device changed: while it is not 0 no worker is within a burst of its
 *	queues, nor enters one, and goes on with others; when it is 0 again workers look anew at the
 *	queues' vectors and rings. The device's lock is not held
 * @forget: the device's queues are in no poller any more
 *
 * Any thread, a worker's callback included.
 */
struct fn_attach_ops {
	void (*sync)(struct fn_dev *dev);
	void (*forget)(struct fn_dev *dev);
};

/*
 * No worker polls the device's queues from here on, until fn_attach_take_back(): around what stops,
 * replaces or starts them. Of a context without pollers they do nothing.
 */
void fn_attach_let_go(struct fn_dev *dev);
void fn_attach_take_back(struct fn_dev *dev);

/* For good: before the queues are freed. */
void fn_attach_forget(struct fn_dev *dev);

#endif
