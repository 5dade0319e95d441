// SPDX-License-Identifier: BSD-3-Clause
/* How virtio-net spreads received frames, and the hash that it reports (5.1.6.5.5 to 5.1.6.5.7). */
#include <string.h>

#include "base/ctx.h"
#include "drivers/virtio/virtio_net.h"

/* Types have the same numbers on both sides. */
#define RSS_TYPES \
	(FN_RSS_IPV4 | FN_RSS_TCP4 | FN_RSS_UDP4 | FN_RSS_IPV6 | FN_RSS_TCP6 | FN_RSS_UDP6)

_Static_assert(FN_RSS_IPV4 == VIRTIO_NET_HASH_TYPE_IPV4 &&
		       FN_RSS_TCP4 == VIRTIO_NET_HASH_TYPE_TCPV4 &&
		       FN_RSS_UDP4 == VIRTIO_NET_HASH_TYPE_UDPV4 &&
		       FN_RSS_IPV6 == VIRTIO_NET_HASH_TYPE_IPV6 &&
		       FN_RSS_TCP6 == VIRTIO_NET_HASH_TYPE_TCPV6 &&
		       FN_RSS_UDP6 == VIRTIO_NET_HASH_TYPE_UDPV6,
	       "5.1.6.4.3");

/* The longest table that is used: the driver chooses its length, and this one fits a command. */
#define RETA_MAX 512u

/* 5.1.6.5.7: hash_types, mask, unclassified_queue, table, max_tx_vq, key length, key. */
#define RSS_CONFIG_BYTES (4u + 2u + 2u + 2u * RETA_MAX + 2u + 1u + FN_RSS_KEY_MAX)

_Static_assert(RSS_CONFIG_BYTES <= VIRTIO_NET_CTRL_DATA_MAX, "the longest fits a command");
_Static_assert(RETA_MAX <= FN_RSS_RETA_MAX, "and the library");

static int read_limits(struct virtio_net *vn, uint8_t *key_bytes, uint16_t *entries,
		       uint32_t *types)
{
	int ret;

	ret = virtio_pci_config_read8(&vn->pci,
				      offsetof(struct virtio_net_config, rss_max_key_size),
				      key_bytes, 1);
	if (!ret)
		ret = virtio_pci_config_read32(
			&vn->pci, offsetof(struct virtio_net_config, supported_hash_types), types);
	if (!ret && (vn->features & VIRTIO_NET_F_RSS))
		ret = virtio_pci_config_read16(&vn->pci,
					       offsetof(struct virtio_net_config,
							rss_max_indirection_table_length),
					       entries);
	return ret;
}

/* The largest power of two (5.1.6.5.7) up to what both sides can. */
static uint16_t entries_used(uint16_t entries)
{
	uint32_t used = RETA_MAX;

	while (used > entries)
		used /= 2;
	return (uint16_t)used;
}

/*
 * 5.1.4.1: what the device says of its hash. One that says too little is used without: it is worth
 * no failure of what works without, but a line of the log.
 */
int virtio_net_rss_open(struct fn_dev *dev)
{
	struct virtio_net *vn = virtio_net_of(dev);
	struct fn_dev_limits *limits = &dev->limits;
	uint8_t key_bytes = 0;
	uint16_t entries = 0;
	uint32_t types = 0;
	int ret;

	if (!(vn->features & (VIRTIO_NET_F_RSS | VIRTIO_NET_F_HASH_REPORT)))
		return 0;
	ret = read_limits(vn, &key_bytes, &entries, &types);
	if (ret)
		return ret;
	types &= RSS_TYPES;
	if (key_bytes < VIRTIO_NET_RSS_KEY_MIN || !types) {
		vn->features &= ~(VIRTIO_NET_F_RSS | VIRTIO_NET_F_HASH_REPORT);
		fn_log(dev->ctx, FN_LOG_WARN,
		       "%s: the device offers a receive hash with a key of %u bytes (%u are the "
		       "least) and no more than types 0x%x: it is not used",
		       dev->bus->name, key_bytes, VIRTIO_NET_RSS_KEY_MIN, types);
		return 0;
	}
	if (!entries)
		vn->features &= ~VIRTIO_NET_F_RSS;
	limits->rss_types = types;
	limits->rss_key_bytes = key_bytes < FN_RSS_KEY_MAX ? key_bytes : FN_RSS_KEY_MAX;
	if (!(vn->features & VIRTIO_NET_F_RSS))
		return 0;
	limits->caps |= FN_CAP_RSS;
	limits->rss_reta_entries = entries_used(entries);
	/* All that tells flows apart: they stay together and in order by it. */
	limits->rss_default_types = types;
	/* 5.1.6.5.5: automatic steering is a command of that feature. */
	limits->rss_only = !(vn->features & VIRTIO_NET_F_MQ);
	return 0;
}

static uint8_t *put16(uint8_t *at, uint16_t v)
{
	const fn_le16 le = fn_cpu_to_le16(v);

	memcpy(at, &le, sizeof(le));
	return at + sizeof(le);
}

static uint8_t *put32(uint8_t *at, uint32_t v)
{
	const fn_le32 le = fn_cpu_to_le32(v);

	memcpy(at, &le, sizeof(le));
	return at + sizeof(le);
}

static uint8_t *put_key(uint8_t *at, const struct fn_rss *rss)
{
	*at++ = (uint8_t)rss->key_bytes;
	memcpy(at, rss->key, rss->key_bytes);
	return at + rss->key_bytes;
}

/* 5.1.6.5.5: automatic steering: by where a flow is sent from. */
static int set_pairs(struct fn_dev *dev)
{
	const fn_le16 data = fn_cpu_to_le16(virtio_net_of(dev)->pairs);

	return virtio_net_command(dev, "use that many queue pairs", VIRTIO_NET_CTRL_MQ,
				  VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET, &data, sizeof(data));
}

/* 5.1.6.5.5: what is reported beside automatic steering. */
static int set_hash(struct fn_dev *dev, const struct fn_rss *rss)
{
	uint8_t data[4 + 4 * 2 + 1 + FN_RSS_KEY_MAX] = { 0 };
	uint8_t *at = put32(data, dev->limits.rss_types);

	/* Four reserved fields of 16 bits. */
	at = put_key(at + (size_t)4 * 2, rss);
	return virtio_net_command(dev, "report its receive hash", VIRTIO_NET_CTRL_MQ,
				  VIRTIO_NET_CTRL_MQ_HASH_CONFIG, data, (uint32_t)(at - data));
}

/*
 * 5.1.6.5.7: what is not hashed goes to the queue of entry 0, as &fn_rss.types promises. max_tx_vq
 * is the number of pairs: QEMU takes it for both directions.
 */
static int set_table(struct fn_dev *dev, const struct fn_rss *rss, uint32_t types)
{
	uint8_t data[RSS_CONFIG_BYTES];
	uint8_t *at = put32(data, types);

	at = put16(at, (uint16_t)(rss->reta_entries - 1));
	at = put16(at, rss->reta[0]);
	for (unsigned i = 0; i < rss->reta_entries; i++)
		at = put16(at, rss->reta[i]);
	at = put16(at, virtio_net_of(dev)->pairs);
	at = put_key(at, rss);
	return virtio_net_command(dev, "spread received frames like this", VIRTIO_NET_CTRL_MQ,
				  VIRTIO_NET_CTRL_MQ_RSS_CONFIG, data, (uint32_t)(at - data));
}

/*
 * Spread as @rss says; @leave: RSS was in force before. The last of the commands decides
 * (5.1.6.5.5).
 * A device with RSS takes the types of its report from that (5.1.6.4.3), and one with a single
 * queue has no other use for it.
 */
static int steer(struct fn_dev *dev, const struct fn_rss *rss, bool leave)
{
	const struct virtio_net *vn = virtio_net_of(dev);
	const bool report = (vn->pci.features & VIRTIO_NET_F_HASH_REPORT) != 0;
	const bool has_rss = (vn->features & VIRTIO_NET_F_RSS) != 0;
	int ret = 0;

	if (rss->types)
		return set_table(dev, rss, rss->types);
	if (report && has_rss && vn->pairs == 1)
		return set_table(dev, rss, dev->limits.rss_types);
	if (vn->pairs > 1 || leave)
		ret = set_pairs(dev);
	if (!ret && report)
		ret = set_hash(dev, rss);
	return ret;
}

int virtio_net_rss_start(struct fn_dev *dev)
{
	return steer(dev, &dev->rss, false);
}

int virtio_net_set_rss(struct fn_dev *dev, const struct fn_rss *rss)
{
	const int ret = steer(dev, rss, dev->rss.types != 0);

	/* Of two commands, which only types 0 need, the first may have been obeyed. */
	if (!ret || rss->types)
		return ret;
	return virtio_net_undo(dev, ret, "its steering", virtio_net_rss_start);
}
