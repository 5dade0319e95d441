// SPDX-License-Identifier: BSD-3-Clause
/* Commands on the control queue of the virtio model (virtio 1.2 5.1.6.5). */
#include <limits.h>
#include <string.h>

#include "model/virtio_dev_ring.h"

#define DATA_MAX 2048u

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t get32(const uint8_t *p)
{
	return get16(p) | (uint32_t)get16(p + 2) << 16;
}

static uint16_t max_pairs(const struct virtio_dev *vd)
{
	return vd->accepted & (VDEV_F_MQ | VDEV_F_RSS) ?
		       fn_le16_to_cpu(vd->config.max_virtqueue_pairs) :
		       1;
}

unsigned virtio_dev_ctrl_queue(const struct virtio_dev *vd)
{
	return vd->accepted & VDEV_F_CTRL_VQ ? 2u * max_pairs(vd) : UINT_MAX;
}

void virtio_dev_announce(struct virtio_dev *vd)
{
	const unsigned status = fn_le16_to_cpu(vd->config.status);

	vd->config.status = fn_cpu_to_le16((uint16_t)(status | VDEV_S_ANNOUNCE));
	virtio_dev_config_changed(vd);
}

static bool refuse(struct virtio_dev *vd, const char *why)
{
	virtio_dev_violation(vd, why);
	return false;
}

/* 5.1.6.5.1: one byte, 0 or 1. */
static bool rx_mode(struct virtio_dev *vd, unsigned cmd, const uint8_t *data, uint32_t len)
{
	bool *const modes[] = { &vd->filter.promisc, &vd->filter.allmulti, &vd->filter.alluni,
				&vd->filter.nomulti, &vd->filter.nouni,    &vd->filter.nobcast };

	if (len != 1 || data[0] > 1)
		return refuse(vd, "a receive mode that is not one byte, 0 or 1 (5.1.6.5.1)");
	*modes[cmd & 0xff] = data[0];
	return true;
}

static bool mac_list(struct virtio_dev *vd, const uint8_t **data, uint32_t *len, bool multicast,
		     uint8_t (*table)[6], unsigned *n, bool *over)
{
	uint32_t entries;

	if (*len < 4)
		return refuse(vd, "a MAC table that is cut off (5.1.6.5.2)");
	entries = get32(*data);
	*data += 4;
	*len -= 4;
	if (entries > *len / 6)
		return refuse(vd, "a MAC table that is cut off (5.1.6.5.2)");
	*over = entries > VIRTIO_DEV_MACS;
	*n = *over ? 0 : entries;
	for (uint32_t i = 0; i < entries; i++) {
		if (model_mac_is_multicast(*data + 6 * (size_t)i) != multicast)
			return refuse(vd, "an address in the wrong MAC table (5.1.6.5.2.2)");
		if (!*over)
			memcpy(table[i], *data + 6 * (size_t)i, 6);
	}
	*data += 6 * (size_t)entries;
	*len -= 6 * entries;
	return true;
}

static bool mac_table(struct virtio_dev *vd, const uint8_t *data, uint32_t len)
{
	struct virtio_dev_filter *fl = &vd->filter;

	return mac_list(vd, &data, &len, false, fl->uni, &fl->uni_n, &fl->uni_over) &&
	       mac_list(vd, &data, &len, true, fl->multi, &fl->multi_n, &fl->multi_over) &&
	       (!len || refuse(vd, "something behind the MAC tables (5.1.6.5.2)"));
}

/* 5.1.6.5.2.1: it shows in the configuration space too, until a reset. */
static bool mac_addr(struct virtio_dev *vd, const uint8_t *data, uint32_t len)
{
	if (len != 6)
		return refuse(vd, "a station address that is not 6 bytes (5.1.6.5.2)");
	memcpy(vd->mac, data, 6);
	if (!vd->mac_set)
		memcpy(vd->factory_mac, vd->config.mac, 6);
	vd->mac_set = true;
	if (vd->accepted & VDEV_F_MAC)
		memcpy(vd->config.mac, data, 6);
	return true;
}

static bool vlan(struct virtio_dev *vd, bool add, const uint8_t *data, uint32_t len)
{
	uint8_t *byte;
	uint16_t id;

	if (len != 2 || get16(data) > 4095)
		return refuse(vd, "a VLAN id that is none (5.1.6.5.3)");
	id = get16(data);
	byte = &vd->filter.vlans[id / 8];
	*byte = (uint8_t)(add ? *byte | 1u << id % 8 : *byte & ~(1u << id % 8));
	return true;
}

static bool announce_ack(struct virtio_dev *vd, uint32_t len)
{
	const unsigned status = fn_le16_to_cpu(vd->config.status);

	if (len)
		return refuse(vd, "an acknowledgement with data (5.1.6.5.4)");
	vd->config.status = fn_cpu_to_le16((uint16_t)(status & ~VDEV_S_ANNOUNCE));
	return true;
}

static bool queues_ready(const struct virtio_dev *vd, unsigned pairs)
{
	for (unsigned i = 0; i < 2 * pairs; i++)
		if (!vd->queues[i].enabled)
			return false;
	return true;
}

static bool mq_pairs(struct virtio_dev *vd, const uint8_t *data, uint32_t len)
{
	if (len != 2 || !get16(data) || get16(data) > max_pairs(vd))
		return refuse(vd, "a number of pairs that is not allowed (5.1.6.5.6.1)");
	if (!queues_ready(vd, get16(data)))
		return refuse(vd, "pairs that are not configured (5.1.6.5.6.1)");
	vd->pairs = get16(data);
	vd->rss.steer = false;
	return true;
}

/* The length of the key, and the key, at the end of both commands. */
static bool hash_key(struct virtio_dev *vd, uint32_t types, const uint8_t *data, uint32_t len)
{
	if (!len || len != 1u + data[0])
		return refuse(vd, "a hash key whose length is wrong (5.1.6.5.7.1)");
	if (data[0] > vd->config.rss_max_key_size)
		return refuse(vd, "a hash key that is longer than the device has (5.1.4)");
	if (types & ~fn_le32_to_cpu(vd->config.supported_hash_types))
		return refuse(vd, "a hash type that the device has not (5.1.6.5.7.1.1)");
	vd->rss.types = types;
	vd->rss.key_len = data[0];
	memcpy(vd->rss.key, data + 1, data[0]);
	return true;
}

static bool mq_rss(struct virtio_dev *vd, const uint8_t *data, uint32_t len)
{
	struct virtio_dev_rss rss = vd->rss;
	uint32_t entries;

	if (len < 8)
		return refuse(vd, "an RSS configuration that is cut off (5.1.6.5.7.1)");
	rss.mask = get16(data + 4);
	rss.unclassified = get16(data + 6);
	entries = rss.mask + 1u;
	if (!fn_is_pow2(entries) || entries > VIRTIO_DEV_RETA ||
	    entries > fn_le16_to_cpu(vd->config.rss_max_indirection_table_length))
		return refuse(vd, "an indirection table of a size that is not allowed "
				  "(5.1.6.5.7.1.1)");
	if (len < 8 + 2 * entries + 3)
		return refuse(vd, "an RSS configuration that is cut off (5.1.6.5.7.1)");
	for (uint32_t i = 0; i < entries; i++) {
		rss.table[i] = get16(data + 8 + 2 * (size_t)i);
		if (rss.table[i] >= max_pairs(vd) || !vd->queues[2 * rss.table[i]].enabled)
			return refuse(vd, "an indirection table with a queue that is not enabled "
					  "(5.1.6.5.7.1.1)");
	}
	if (rss.unclassified >= max_pairs(vd) || !vd->queues[2 * rss.unclassified].enabled)
		return refuse(vd, "unclassified_queue is not enabled (5.1.6.5.7.1)");
	rss.max_tx_vq = get16(data + 8 + 2 * (size_t)entries);
	if (!rss.max_tx_vq || rss.max_tx_vq > max_pairs(vd))
		return refuse(vd, "max_tx_vq is not allowed (5.1.6.5.7.1)");
	if (!hash_key(vd, get32(data), data + 10 + 2 * (size_t)entries, len - 10 - 2 * entries))
		return false;
	memcpy(vd->rss.table, rss.table, sizeof(rss.table));
	vd->rss.mask = rss.mask;
	vd->rss.unclassified = rss.unclassified;
	vd->rss.max_tx_vq = rss.max_tx_vq;
	vd->rss.steer = true;
	return true;
}

static bool mq_hash(struct virtio_dev *vd, const uint8_t *data, uint32_t len)
{
	static const uint8_t zeros[8];

	if (len < 13)
		return refuse(vd, "a hash configuration that is cut off (5.1.6.5.6.4)");
	if (memcmp(data + 4, zeros, sizeof(zeros)) != 0)
		return refuse(vd, "a reserved field is not 0 (5.1.6.5.6.4)");
	return hash_key(vd, get32(data), data + 12, len - 12);
}

static bool coalesce(struct virtio_dev *vd, struct virtio_dev_coal *coal, const uint8_t *data,
		     uint32_t len)
{
	if (len != 8)
		return refuse(vd, "coalescing parameters that are not 8 bytes (1.3 5.1.6.5.9)");
	coal->max_packets = get32(data);
	coal->max_usecs = get32(data + 4);
	/* What waits may be due by now. */
	for (unsigned i = coal == &vd->coal_tx; i < 2u * max_pairs(vd); i += 2)
		if (vd->queues[i].coal_n && vd->queues[i].coal_due_ns)
			virtio_dev_coalesce(vd, i);
	return true;
}

/* The feature that each command belongs to; 0: there is no such command. */
static uint64_t needs(unsigned cmd)
{
	switch (cmd) {
	case VDEV_CMD_PROMISC:
	case VDEV_CMD_ALLMULTI:
	case VDEV_CMD_MAC_TABLE:
		return VDEV_F_CTRL_RX;
	case VDEV_CMD_ALLUNI:
	case VDEV_CMD_NOMULTI:
	case VDEV_CMD_NOUNI:
	case VDEV_CMD_NOBCAST:
		return VDEV_F_CTRL_RX_EXTRA;
	case VDEV_CMD_MAC_ADDR:
		return VDEV_F_CTRL_MAC_ADDR;
	case VDEV_CMD_VLAN_ADD:
	case VDEV_CMD_VLAN_DEL:
		return VDEV_F_CTRL_VLAN;
	case VDEV_CMD_ANNOUNCE_ACK:
		return VDEV_F_GUEST_ANNOUNCE;
	case VDEV_CMD_MQ_PAIRS:
		return VDEV_F_MQ;
	case VDEV_CMD_MQ_RSS:
		return VDEV_F_RSS;
	case VDEV_CMD_MQ_HASH:
		return VDEV_F_HASH_REPORT;
	case VDEV_CMD_COAL_TX:
	case VDEV_CMD_COAL_RX:
		return VDEV_F_NOTF_COAL;
	default:
		return 0;
	}
}

static bool obey(struct virtio_dev *vd, unsigned cmd, const uint8_t *data, uint32_t len)
{
	switch (cmd) {
	case VDEV_CMD_MAC_TABLE:
		return mac_table(vd, data, len);
	case VDEV_CMD_MAC_ADDR:
		return mac_addr(vd, data, len);
	case VDEV_CMD_VLAN_ADD:
	case VDEV_CMD_VLAN_DEL:
		return vlan(vd, cmd == VDEV_CMD_VLAN_ADD, data, len);
	case VDEV_CMD_ANNOUNCE_ACK:
		return announce_ack(vd, len);
	case VDEV_CMD_MQ_PAIRS:
		return mq_pairs(vd, data, len);
	case VDEV_CMD_MQ_RSS:
		return mq_rss(vd, data, len);
	case VDEV_CMD_MQ_HASH:
		return mq_hash(vd, data, len);
	case VDEV_CMD_COAL_TX:
		return coalesce(vd, &vd->coal_tx, data, len);
	case VDEV_CMD_COAL_RX:
		return coalesce(vd, &vd->coal_rx, data, len);
	default:
		return rx_mode(vd, cmd, data, len);
	}
}

static bool command(struct virtio_dev *vd, const uint8_t *bytes, int64_t len)
{
	unsigned cmd;

	if (len < 2)
		return refuse(vd, "a command that cannot be read (5.1.6.5)");
	cmd = VDEV_CMD((unsigned)bytes[0], bytes[1]);
	virtio_dev_note(vd, VIRTIO_DEV_COMMAND, cmd);
	if (vd->ctrl_ack != VDEV_OK)
		return true;
	if (!(needs(cmd) & vd->accepted))
		return refuse(vd, "a command whose feature was not negotiated (5.1.6.5)");
	return obey(vd, cmd, bytes + 2, (uint32_t)len - 2);
}

void virtio_dev_ctrl(struct virtio_dev *vd, unsigned queue)
{
	static uint8_t bytes[DATA_MAX];
	static struct virtio_dev_buf buf;

	if (queue != virtio_dev_ctrl_queue(vd) || vd->ctrl_dumb)
		return;
	while (!virtio_dev_take(vd, queue, &buf)) {
		uint8_t ack;

		if (virtio_dev_buf_bytes(&buf, true) != 1) {
			virtio_dev_violation(vd, "a command of another shape (5.1.6.5)");
			return;
		}
		ack = command(vd, bytes, virtio_dev_gather(vd, &buf, bytes, sizeof(bytes))) ?
			      vd->ctrl_ack :
			      VDEV_ERR;
		(void)virtio_dev_scatter(vd, &buf, 0, &ack, 1);
		virtio_dev_used(vd, queue, buf.id, 1);
		virtio_dev_publish(vd, queue);
	}
}
