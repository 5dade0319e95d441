// SPDX-License-Identifier: BSD-3-Clause
/* The registers of a device, by name. */
#include "dev/dev.h"

unsigned fn_dev_reg_count(const struct fn_dev *dev)
{
	return dev->limits.caps & FN_CAP_REGS ? dev->limits.regs_n : 0;
}

const struct fn_reg_desc *fn_dev_reg_desc(const struct fn_dev *dev, unsigned idx)
{
	return idx < fn_dev_reg_count(dev) ? &dev->limits.regs[idx] : NULL;
}

/* All ones may be a register's value; whether the device is gone, word 0 decides. */
static int read_regs(struct fn_dev *dev, uint32_t *values, unsigned n)
{
	const unsigned known = fn_dev_reg_count(dev);
	bool suspect = false;

	for (unsigned i = 0; i < n; i++) {
		values[i] =
			i < known ? dev->drv->ops->read_reg(dev, dev->limits.regs[i].offset) : 0;
		suspect = suspect || values[i] == UINT32_MAX;
	}
	return suspect && fn_busdev_is_gone(dev->bus) ? fn_dev_mark_gone(dev) : 0;
}

int fn_dev_read_regs(struct fn_dev *dev, uint32_t *values, unsigned n)
{
	int ret;

	(void)pthread_mutex_lock(&dev->lock);
	ret = fn_dev_check_can(dev, FN_CAP_REGS);
	if (!ret)
		ret = read_regs(dev, values, n);
	(void)pthread_mutex_unlock(&dev->lock);
	return fn_report(dev->ctx, NULL, ret);
}
