// SPDX-License-Identifier: BSD-3-Clause
/* What a device can and where in its life it is, as a check of control calls. */
#include <errno.h>

#include "dev/dev.h"

/* By bit of FN_CAP_*: what a device without it cannot do. */
static const char *const cap_words[] = {
	"change its station address",
	"choose whether it receives frames for any address (promiscuous mode)",
	"receive frames for any group address",
	"receive frames for more addresses than its own",
	"spread received frames as it is told (RSS)",
	"hold interrupts back (coalescing)",
	"be told how its link comes about",
	"send or obey PAUSE frames (flow control)",
	"let its LED blink",
	"show its registers",
	"test itself",
	"show its PHY",
	"show its non-volatile memory",
};

_Static_assert(FN_CAP_NVM == 1ull << (FN_ARRAY_LEN(cap_words) - 1), "words for each");

int fn_dev_check_cap(const struct fn_dev *dev, uint64_t cap)
{
	if (dev->limits.caps & cap)
		return 0;
	return fn_fail(-ENOTSUP,
		       "%s: this device cannot %s: leave it as it is, or use a device whose "
		       "fn_dev_info.caps has the bit",
		       dev->bus->name, cap_words[__builtin_ctzll(cap)]);
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
