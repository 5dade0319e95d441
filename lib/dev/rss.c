// SPDX-License-Identifier: BSD-3-Clause
/* Receive-side scaling: checked, applied when the device is started, kept for the next start. */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/random.h>

#include "base/opts.h"
#include "dev/dev.h"

/* By bit of FN_RSS_*. */
static const char *const type_names[] = { "IPv4", "TCP over IPv4", "UDP over IPv4",
					  "IPv6", "TCP over IPv6", "UDP over IPv6" };

/* Programs are built with these. */
_Static_assert(offsetof(struct fn_rss, key) == 24 && offsetof(struct fn_rss, reta) == 152,
	       "key and table stay where they are");

int fn_rss_init(struct fn_dev *dev)
{
	struct fn_rss *rss = &dev->rss;

	*rss = (struct fn_rss){ .sz = sizeof(*rss),
				.key_bytes = dev->limits.rss_key_bytes,
				.reta_entries = dev->limits.rss_reta_entries };
	/* Not a published key: who knows the key can send all his flows to one queue. */
	if (rss->key_bytes && getrandom(rss->key, rss->key_bytes, 0) != rss->key_bytes)
		return fn_fail(-EIO, "%s: no random numbers for the key of its receive hash",
			       dev->bus->name);
	return 0;
}

void fn_rss_spread(struct fn_dev *dev, unsigned rxqs)
{
	dev->rss.types = rxqs > 1 ? dev->limits.rss_default_types : 0;
	for (unsigned i = 0; i < dev->rss.reta_entries; i++)
		dev->rss.reta[i] = (uint16_t)(i % rxqs);
}

static int check_types(const struct fn_dev *dev, uint32_t types)
{
	const uint32_t missing = types & ~dev->limits.rss_types;
	unsigned bit;

	/* Also of a single queue, where RSS is in force: there is no way back from it. */
	if (!types && dev->limits.rss_only && (dev->conf.rxqs > 1 || dev->rss.types))
		return fn_fail(-ENOTSUP,
			       "%s: the device spreads by RSS alone: choose types, as "
			       "fn_dev_info.rss_types has them",
			       dev->bus->name);
	if (!missing)
		return 0;
	bit = (unsigned)__builtin_ctz(missing);
	if (bit >= FN_ARRAY_LEN(type_names))
		return fn_fail(-EINVAL, "%s: this library knows no hash type of bit %u",
			       dev->bus->name, bit);
	return fn_fail(-ENOTSUP, "%s cannot hash %s: leave the type out", dev->bus->name,
		       type_names[bit]);
}

static int check_sizes(const struct fn_dev *dev, const struct fn_rss *rss)
{
	const struct fn_dev_limits *limits = &dev->limits;

	if (!rss->types && (rss->key_bytes || rss->reta_entries))
		return fn_fail(-EINVAL,
			       "%s: a key or a table for a hash of no types: choose fn_rss.types, "
			       "or leave key_bytes and reta_entries 0 to turn RSS off",
			       dev->bus->name);
	if (rss->key_bytes && rss->key_bytes != limits->rss_key_bytes)
		return fn_fail(-EINVAL,
			       "%s: a hash key of %u bytes: it takes %u, or 0 to keep its own",
			       dev->bus->name, rss->key_bytes, limits->rss_key_bytes);
	if (rss->reta_entries && rss->reta_entries != limits->rss_reta_entries)
		return fn_fail(-EINVAL,
			       "%s: a redirection table of %u entries: it takes %u, or 0 to keep "
			       "its own",
			       dev->bus->name, rss->reta_entries, limits->rss_reta_entries);
	for (unsigned i = 0; i < rss->reta_entries; i++)
		if (rss->reta[i] >= dev->conf.rxqs)
			return fn_fail(-EINVAL,
				       "%s: entry %u of the redirection table is queue %u, and "
				       "receive queues 0 to %u are in use",
				       dev->bus->name, i, rss->reta[i], dev->conf.rxqs - 1u);
	return 0;
}

static int can_spread(struct fn_dev *dev)
{
	const int ret = fn_dev_check_can(dev, FN_CAP_RSS);

	return ret ? ret : fn_dev_check_configured(dev);
}

static int set_rss(struct fn_dev *dev, void *ours)
{
	const struct fn_rss *wanted = ours;
	struct fn_rss rss = dev->rss;
	int ret = can_spread(dev);

	if (!ret)
		ret = check_types(dev, wanted->types);
	if (!ret)
		ret = check_sizes(dev, wanted);
	if (ret)
		return ret;
	rss.types = wanted->types;
	memcpy(rss.key, wanted->key, wanted->key_bytes);
	memcpy(rss.reta, wanted->reta, wanted->reta_entries * sizeof(rss.reta[0]));
	if (dev->state == FN_DEV_STARTED)
		ret = dev->drv->ops->set_rss(dev, &rss);
	if (!ret)
		dev->rss = rss;
	return ret;
}

/* What lies behind the end of the caller's struct is no zeros, but not there: a part is none. */
static int check_room(const struct fn_dev *dev, size_t sz, unsigned key_bytes, unsigned entries,
		      int code)
{
	size_t need = offsetof(struct fn_rss, key) + key_bytes;

	if (entries)
		need = offsetof(struct fn_rss, reta) + entries * sizeof(uint16_t);
	if (sz >= need || sz >= sizeof(struct fn_rss))
		return 0;
	return fn_fail(code,
		       "%s: fn_rss.sz leaves no room for a key of %u bytes and a table of %u "
		       "entries: set it to sizeof(struct fn_rss)",
		       dev->bus->name, key_bytes, entries);
}

int fn_dev_set_rss(struct fn_dev *dev, const struct fn_rss *rss)
{
	struct fn_rss wanted;
	int ret = 0;

	if (rss && rss->sz >= offsetof(struct fn_rss, key))
		ret = check_room(dev, rss->sz, rss->key_bytes, rss->reta_entries, -EINVAL);
	if (ret)
		return fn_report(dev->ctx, fn_opts_err(rss), ret);
	return fn_dev_take_in(dev, "fn_rss", rss, &wanted, sizeof(wanted), set_rss);
}

/* The key is also that of the hash which a device without RSS reports. */
static int can_hash(struct fn_dev *dev)
{
	int ret = fn_dev_check_present(dev);

	if (!ret && !(dev->limits.offloads_max & FN_OFFLOAD_RX_HASH))
		ret = fn_dev_check_cap(dev, FN_CAP_RSS);
	return ret ? ret : fn_dev_check_configured(dev);
}

static int get_rss(struct fn_dev *dev, void *theirs)
{
	const struct fn_rss *out = theirs;
	int ret = can_hash(dev);

	if (!ret)
		ret = check_room(dev, out->sz, dev->rss.key_bytes, dev->rss.reta_entries, -ENOSPC);
	if (!ret)
		fn_info_put_err(theirs, &dev->rss, sizeof(dev->rss));
	return ret;
}

int fn_dev_get_rss(struct fn_dev *dev, struct fn_rss *out)
{
	return fn_dev_hand_out(dev, "fn_rss", out, get_rss);
}

/*
 * For each bit of the input that is set, the 32 bits of the key from that bit on (Microsoft, "RSS
 * hashing functions").
 */
uint32_t fn_rss_hash(const uint8_t *key, unsigned key_bytes, const void *data, unsigned len)
{
	const uint8_t *bytes = data;
	uint32_t window;
	uint32_t hash = 0;

	if (key_bytes < len + 4)
		return 0;
	window = (uint32_t)key[0] << 24 | (uint32_t)key[1] << 16 | (uint32_t)key[2] << 8 | key[3];
	for (unsigned i = 0; i < len; i++)
		for (unsigned bit = 0; bit < 8; bit++) {
			if (bytes[i] & 0x80u >> bit)
				hash ^= window;
			window = window << 1 | (key[i + 4] >> (7 - bit) & 1u);
		}
	return hash;
}
