// SPDX-License-Identifier: BSD-3-Clause
/* The whole of a public call that takes a struct of the caller's, or fills one. */
#include "base/opts.h"
#include "dev/dev.h"

int fn_dev_take_in(struct fn_dev *dev, const char *name, const void *theirs, void *ours,
		   size_t ours_bytes, int (*set)(struct fn_dev *dev, void *ours))
{
	struct fn_error *const err = fn_opts_err(theirs);
	int ret;

	if (!theirs || !fn_opts_get(ours, ours_bytes, theirs))
		return fn_report(dev->ctx, err, fn_opts_fail(name));
	(void)pthread_mutex_lock(&dev->lock);
	ret = set(dev, ours);
	(void)pthread_mutex_unlock(&dev->lock);
	return fn_report(dev->ctx, err, ret);
}

int fn_dev_hand_out(struct fn_dev *dev, const char *name, void *theirs,
		    int (*get)(struct fn_dev *dev, void *theirs))
{
	struct fn_error *const err = fn_opts_err(theirs);
	int ret;

	if (!fn_info_ok(theirs))
		return fn_report(dev->ctx, err, fn_opts_fail(name));
	(void)pthread_mutex_lock(&dev->lock);
	ret = get(dev, theirs);
	(void)pthread_mutex_unlock(&dev->lock);
	return fn_report(dev->ctx, err, ret);
}
