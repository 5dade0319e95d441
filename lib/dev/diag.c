// SPDX-License-Identifier: BSD-3-Clause
/* A port's body: its LED, its PHY and its non-volatile memory. */
#include <errno.h>

#include "dev/dev.h"

int fn_dev_identify(struct fn_dev *dev, bool on)
{
	int ret;

	(void)pthread_mutex_lock(&dev->lock);
	ret = fn_dev_check_can(dev, FN_CAP_IDENTIFY);
	if (!ret)
		ret = dev->drv->ops->identify(dev, on);
	if (!ret)
		dev->identify = on;
	(void)pthread_mutex_unlock(&dev->lock);
	return fn_report(dev->ctx, NULL, ret);
}

/* A LED is worth no failure of what was reset for something else. */
void fn_identify_again(struct fn_dev *dev)
{
	if (dev->identify && !fn_dev_is_lost(dev) && dev->drv->ops->identify(dev, true))
		fn_log(dev->ctx, FN_LOG_WARN, "%s", fn_error_last());
}

static int check_phy(struct fn_dev *dev, unsigned reg)
{
	const int ret = fn_dev_check_can(dev, FN_CAP_PHY);

	if (ret || reg < FN_PHY_REGS)
		return ret;
	return fn_fail(-EINVAL, "%s: register %u of the PHY: use 0 to %u (802.3 22.2.4)",
		       dev->bus->name, reg, FN_PHY_REGS - 1);
}

int fn_dev_phy_read(struct fn_dev *dev, unsigned reg, uint16_t *value)
{
	int ret;

	(void)pthread_mutex_lock(&dev->lock);
	ret = check_phy(dev, reg);
	if (!ret)
		ret = dev->drv->ops->phy_read(dev, reg, value);
	(void)pthread_mutex_unlock(&dev->lock);
	return fn_report(dev->ctx, NULL, ret);
}

int fn_dev_phy_write(struct fn_dev *dev, unsigned reg, uint16_t value)
{
	int ret;

	(void)pthread_mutex_lock(&dev->lock);
	ret = check_phy(dev, reg);
	if (!ret)
		ret = dev->drv->ops->phy_write(dev, reg, value);
	(void)pthread_mutex_unlock(&dev->lock);
	return fn_report(dev->ctx, NULL, ret);
}

static int nvm_read(struct fn_dev *dev, uint32_t offset, uint16_t *words, unsigned n)
{
	const uint32_t most = dev->limits.nvm_words;
	const int ret = fn_dev_check_can(dev, FN_CAP_NVM);

	if (ret)
		return ret;
	if (offset > most || n > most - offset)
		return fn_fail(-EINVAL,
			       "%s: %u words from word %u of its non-volatile memory: it has %u",
			       dev->bus->name, n, offset, most);
	return n ? dev->drv->ops->nvm_read(dev, offset, words, n) : 0;
}

int fn_dev_nvm_read(struct fn_dev *dev, uint32_t offset, uint16_t *words, unsigned n)
{
	int ret;

	(void)pthread_mutex_lock(&dev->lock);
	ret = nvm_read(dev, offset, words, n);
	(void)pthread_mutex_unlock(&dev->lock);
	return fn_report(dev->ctx, NULL, ret);
}
