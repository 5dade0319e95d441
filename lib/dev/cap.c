// SPDX-License-Identifier: BSD-3-Clause
/* What a device can, by name, and where in its life it is, as checks of control calls. */
#include <errno.h>

#include "dev/dev.h"

/* By bit of FN_CAP_*: what it is called, and what a device without it cannot do. */
static const struct {
	const char *name;
	const char *words;
} caps[FN_CAPS] = {
	{ "set_mac", "change its station address" },
	{ "promisc", "choose whether it receives frames for any address (promiscuous mode)" },
	{ "allmulti", "receive frames for any group address" },
	{ "mac_filters", "receive frames for more addresses than its own" },
	{ "rss", "spread received frames as it is told (RSS)" },
	{ "coalesce", "hold interrupts back (coalescing)" },
	{ "link_conf", "be told how its link comes about" },
	{ "pause", "send or obey PAUSE frames (flow control)" },
	{ "identify", "let its LED blink" },
	{ "regs", "show its registers" },
	{ "selftest", "test itself" },
	{ "phy", "show its PHY" },
	{ "nvm", "show its non-volatile memory" },
};

_Static_assert(FN_CAP_NVM == 1ull << (FN_CAPS - 1), "words for each");

const char *fn_cap_name(unsigned bit)
{
	return bit < FN_CAPS ? caps[bit].name : NULL;
}

int fn_dev_check_cap(const struct fn_dev *dev, uint64_t cap)
{
	if (dev->limits.caps & cap)
		return 0;
	return fn_fail(-ENOTSUP,
		       "%s: this device cannot %s: leave it as it is, or use a device whose "
		       "fn_dev_info.caps has the bit",
		       dev->bus->name, caps[__builtin_ctzll(cap)].words);
}

int fn_dev_check_can(struct fn_dev *dev, uint64_t cap)
{
	const int ret = fn_dev_check_present(dev);

	return ret ? ret : fn_dev_check_cap(dev, cap);
}

int fn_dev_check_configured(const struct fn_dev *dev)
{
	if (dev->state != FN_DEV_OPEN)
		return 0;
	return fn_fail(-EINVAL, "%s is not configured: call fn_dev_configure() first",
		       dev->bus->name);
}
