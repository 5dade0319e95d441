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
 * @let_go: no worker is within a burst of the device's queues from here on, nor enters one; other
 *	queues go on. The device's lock is not held
 * @take_back: the opposite, which looks anew at vectors and rings. Each let_go() has its own
 * @forget: the device's queues are in no poller any more
 *
 * Any thread, a worker's callback included.
 */
struct fn_attach_ops {
	void (*let_go)(struct fn_dev *dev);
	void (*take_back)(struct fn_dev *dev);
	void (*forget)(struct fn_dev *dev);
};

/* Of a context without pollers they do nothing. */
void fn_attach_let_go(struct fn_dev *dev);
void fn_attach_take_back(struct fn_dev *dev);
void fn_attach_forget(struct fn_dev *dev);

#endif
