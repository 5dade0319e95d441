// SPDX-License-Identifier: BSD-3-Clause
/* Control calls tell who polls a device's queues. */
#include "dev/attach.h"

/* Add to &fn_dev.let_go, and who to tell. */
static const struct fn_attach_ops *let_go_add(struct fn_dev *dev, int by)
{
	struct fn_ctx *ctx = dev->ctx;
	const struct fn_attach_ops *ops;

	(void)pthread_mutex_lock(&ctx->poll_lock);
	dev->let_go += (unsigned)by;
	ops = ctx->attach;
	(void)pthread_mutex_unlock(&ctx->poll_lock);
	return ops;
}

void fn_attach_let_go(struct fn_dev *dev)
{
	const struct fn_attach_ops *ops = let_go_add(dev, 1);

	if (ops)
		ops->sync(dev);
}

void fn_attach_take_back(struct fn_dev *dev)
{
	const struct fn_attach_ops *ops = let_go_add(dev, -1);

	if (ops)
		ops->sync(dev);
}

void fn_attach_forget(struct fn_dev *dev)
{
	const struct fn_attach_ops *ops = let_go_add(dev, 0);

	if (ops)
		ops->forget(dev);
}
