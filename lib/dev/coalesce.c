// SPDX-License-Identifier: BSD-3-Clause
/* Interrupt coalescing: checked, applied when the device is started, kept for the next start. */
#include <errno.h>

#include "base/opts.h"
#include "dev/dev.h"

static int check_delay(const struct fn_dev *dev, const char *what, uint32_t delay_ns)
{
	if (delay_ns <= dev->limits.coalesce_max_ns)
		return 0;
	return fn_fail(-ERANGE, "%s: %s of %u ns: it can hold an interrupt back %u ns at most",
		       dev->bus->name, what, delay_ns, dev->limits.coalesce_max_ns);
}

static int check_packets(const struct fn_dev *dev, const char *what, uint32_t packets,
			 uint32_t delay_ns)
{
	const uint32_t most = dev->limits.coalesce_max_packets;

	if (packets <= 1 || (packets <= most && delay_ns))
		return 0;
	if (!most)
		return fn_fail(-ENOTSUP, "%s: %s of %u: it does not count packets: use 0",
			       dev->bus->name, what, packets);
	if (packets > most)
		return fn_fail(-ERANGE, "%s: %s of %u: it can wait for %u at most", dev->bus->name,
			       what, packets, most);
	return fn_fail(-EINVAL,
		       "%s: %s of %u without a delay: nothing waits for more packets then, and "
		       "with nothing but a number the last ones would wait for ever: set the delay "
		       "too, or leave the number 0",
		       dev->bus->name, what, packets);
}

/* Up to the next multiple of the unit; the longest delay is one. */
static uint32_t rounded(const struct fn_dev *dev, uint32_t delay_ns)
{
	const uint32_t unit = dev->limits.coalesce_unit_ns;
	const uint32_t over = delay_ns % unit;

	return over ? delay_ns - over + unit : delay_ns;
}

static int set_coalesce(struct fn_dev *dev, void *wanted)
{
	struct fn_coalesce *c = wanted;
	int ret = fn_dev_check_can(dev, FN_CAP_COALESCE);

	if (!ret)
		ret = check_delay(dev, "rx_delay_ns", c->rx_delay_ns);
	if (!ret)
		ret = check_delay(dev, "tx_delay_ns", c->tx_delay_ns);
	if (!ret)
		ret = check_packets(dev, "rx_packets", c->rx_packets, c->rx_delay_ns);
	if (!ret)
		ret = check_packets(dev, "tx_packets", c->tx_packets, c->tx_delay_ns);
	if (ret)
		return ret;
	c->rx_delay_ns = rounded(dev, c->rx_delay_ns);
	c->tx_delay_ns = rounded(dev, c->tx_delay_ns);
	if (dev->state == FN_DEV_STARTED)
		ret = dev->drv->ops->set_coalesce(dev, c);
	if (ret)
		return ret;
	dev->coalesce = *c;
	dev->coalesce.err = NULL;
	return 0;
}

int fn_dev_set_coalesce(struct fn_dev *dev, const struct fn_coalesce *c)
{
	struct fn_coalesce wanted;

	return fn_dev_take_in(dev, "fn_coalesce", c, &wanted, sizeof(wanted), set_coalesce);
}

static int get_coalesce(struct fn_dev *dev, void *out)
{
	const int ret = fn_dev_check_can(dev, FN_CAP_COALESCE);

	if (!ret)
		fn_info_put_err(out, &dev->coalesce, sizeof(dev->coalesce));
	return ret;
}

int fn_dev_get_coalesce(struct fn_dev *dev, struct fn_coalesce *out)
{
	return fn_dev_hand_out(dev, "fn_coalesce", out, get_coalesce);
}
