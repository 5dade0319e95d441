// SPDX-License-Identifier: BSD-3-Clause
/* The link: its state; and how it comes about: checked, applied when it is started, kept. */
#include <errno.h>

#include "base/opts.h"
#include "dev/dev.h"

/* By bit of FN_LINK_10_HALF and its sisters. */
static const struct mode {
	uint32_t speed_mbps;
	bool full_duplex;
} modes[] = {
	{ 10, false },  { 10, true },   { 100, false }, { 100, true },   { 1000, false },
	{ 1000, true }, { 2500, true }, { 5000, true }, { 10000, true },
};

_Static_assert(FN_LINK_10000_FULL == 1u << (FN_ARRAY_LEN(modes) - 1), "one for each");

static const char *duplex_word(bool full_duplex)
{
	return full_duplex ? "full" : "half";
}

/* The bit of a speed and duplex; 0 when no link is like that. */
static uint32_t mode_bit(uint32_t speed_mbps, bool full_duplex)
{
	for (unsigned i = 0; i < FN_ARRAY_LEN(modes); i++)
		if (modes[i].speed_mbps == speed_mbps && modes[i].full_duplex == full_duplex)
			return 1u << i;
	return 0;
}

static int check_forced(const struct fn_dev *dev, const struct fn_link_conf *c)
{
	const uint32_t bit = mode_bit(c->speed_mbps, c->full_duplex);

	if (c->advertise)
		return fn_fail(-EINVAL,
			       "%s: a forced link advertises nothing: leave "
			       "fn_link_conf.advertise 0",
			       dev->bus->name);
	if (!bit)
		return fn_fail(-EINVAL, "%s: no link has %u Mb/s with %s duplex", dev->bus->name,
			       c->speed_mbps, duplex_word(c->full_duplex));
	if (!(dev->limits.link_forced_modes & bit))
		return fn_fail(-ENOTSUP,
			       "%s: its link cannot be forced to %u Mb/s with %s duplex: negotiate "
			       "it, with that alone in fn_link_conf.advertise, or use a mode of "
			       "fn_dev_info.link_forced_modes",
			       dev->bus->name, c->speed_mbps, duplex_word(c->full_duplex));
	if (!c->rx_pause && !c->tx_pause)
		return 0;
	if (!c->full_duplex)
		return fn_fail(-EINVAL,
			       "%s: flow control is of full duplex (802.3 annex 31B): leave "
			       "rx_pause and tx_pause off",
			       dev->bus->name);
	if (!c->pause_forced)
		return fn_fail(-EINVAL,
			       "%s: a forced link does not negotiate flow control: set "
			       "fn_link_conf.pause_forced too",
			       dev->bus->name);
	return 0;
}

static int check_negotiated(const struct fn_dev *dev, const struct fn_link_conf *c)
{
	const uint32_t missing = c->advertise & ~dev->limits.link_modes;
	unsigned bit;

	if (c->speed_mbps || c->full_duplex)
		return fn_fail(-EINVAL,
			       "%s: speed_mbps and full_duplex are of a forced link: choose with "
			       "fn_link_conf.advertise what may be negotiated",
			       dev->bus->name);
	if (!missing)
		return 0;
	bit = (unsigned)__builtin_ctz(missing);
	if (bit >= FN_ARRAY_LEN(modes))
		return fn_fail(-EINVAL, "%s: this library knows no link mode of bit %u",
			       dev->bus->name, bit);
	return fn_fail(-ENOTSUP,
		       "%s: its link cannot have %u Mb/s with %s duplex: leave the mode out",
		       dev->bus->name, modes[bit].speed_mbps, duplex_word(modes[bit].full_duplex));
}

static int set_link_conf(struct fn_dev *dev, void *wanted)
{
	struct fn_link_conf *c = wanted;
	int ret = fn_dev_check_can(dev, FN_CAP_LINK_CONF);

	if (!ret && (c->rx_pause || c->tx_pause || c->pause_forced))
		ret = fn_dev_check_cap(dev, FN_CAP_PAUSE);
	if (!ret)
		ret = c->forced ? check_forced(dev, c) : check_negotiated(dev, c);
	if (ret)
		return ret;
	if (!c->forced && !c->advertise)
		c->advertise = dev->limits.link_modes;
	if (dev->state == FN_DEV_STARTED)
		ret = dev->drv->ops->set_link_conf(dev, c);
	if (ret)
		return ret;
	dev->link_conf = *c;
	dev->link_conf.err = NULL;
	return 0;
}

int fn_dev_set_link_conf(struct fn_dev *dev, const struct fn_link_conf *conf)
{
	struct fn_link_conf wanted;

	return fn_dev_take_in(dev, "fn_link_conf", conf, &wanted, sizeof(wanted), set_link_conf);
}

static int get_link_conf(struct fn_dev *dev, void *out)
{
	const int ret = fn_dev_check_can(dev, FN_CAP_LINK_CONF);

	if (!ret)
		fn_info_put_err(out, &dev->link_conf, sizeof(dev->link_conf));
	return ret;
}

int fn_dev_get_link_conf(struct fn_dev *dev, struct fn_link_conf *out)
{
	return fn_dev_hand_out(dev, "fn_link_conf", out, get_link_conf);
}

static int get_link(struct fn_dev *dev, void *out)
{
	struct fn_link link = { 0 };
	int ret = fn_dev_check_present(dev);

	if (!ret)
		ret = dev->drv->ops->get_link(dev, &link);
	if (!ret)
		fn_info_put_err(out, &link, sizeof(link));
	return ret;
}

int fn_dev_get_link(struct fn_dev *dev, struct fn_link *out)
{
	return fn_dev_hand_out(dev, "fn_link", out, get_link);
}
