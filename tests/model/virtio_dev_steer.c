// SPDX-License-Identifier: BSD-3-Clause
/* Which frames the virtio model lets in (virtio 1.2 5.1.6.5.1 to .3), and to which pair. */
#include <string.h>

#include "model/virtio_dev.h"

static bool in_table(const uint8_t (*table)[6], unsigned n, const uint8_t *mac)
{
	for (unsigned i = 0; i < n; i++)
		if (!memcmp(table[i], mac, 6))
			return true;
	return false;
}

/* What suppresses goes before what lets in, and promiscuous before all (5.1.6.5.1.1). */
static bool wants_mac(const struct virtio_dev *vd, const uint8_t *mac)
{
	const struct virtio_dev_filter *fl = &vd->filter;

	if (fl->promisc)
		return true;
	if (model_mac_is_broadcast(mac))
		return !fl->nobcast;
	if (model_mac_is_multicast(mac))
		return !fl->nomulti &&
		       (fl->allmulti || fl->multi_over || in_table(fl->multi, fl->multi_n, mac));
	return !fl->nouni && (fl->alluni || fl->uni_over || !memcmp(mac, vd->mac, 6) ||
			      in_table(fl->uni, fl->uni_n, mac));
}

bool virtio_dev_wants(const struct virtio_dev *vd, const uint8_t *frame, uint32_t len)
{
	const struct model_frame f = model_frame_parse(frame, len);
	const unsigned vlan = f.tci & 0xfffu;

	if (len < 14)
		return false;
	/* 5.1.6.5.3 says nothing of promiscuous mode; that it wins is what QEMU does too. */
	if ((vd->accepted & VDEV_F_CTRL_VLAN) && f.tags && !vd->filter.promisc &&
	    !(vd->filter.vlans[vlan / 8] >> vlan % 8 & 1))
		return false;
	return wants_mac(vd, frame);
}

uint32_t virtio_dev_hash(const struct virtio_dev *vd, const uint8_t *frame, uint32_t len,
			 uint16_t *report)
{
	const struct model_frame f = model_frame_parse(frame, len);
	const unsigned first = f.ip == 4 ? 0 : 3; /* the bits of IPv6 follow those of IPv4 */
	unsigned type = first;
	uint8_t in[36];
	size_t n;

	*report = 0;
	if (!f.ip)
		return 0;
	if (f.l4_hdr && f.proto == MODEL_PROTO_TCP && (vd->rss.types >> (first + 1) & 1))
		type = first + 1;
	else if (f.l4_hdr && f.proto == MODEL_PROTO_UDP && (vd->rss.types >> (first + 2) & 1))
		type = first + 2;
	else if (!(vd->rss.types >> first & 1))
		return 0;
	n = model_rss_input(frame, &f, type != first, in);
	*report = (uint16_t)(type + 1);
	return model_toeplitz(vd->rss.key, vd->rss.key_len, in, n);
}

/* The same for both directions of a flow. */
static uint32_t flow_hash(const uint8_t *frame, const struct model_frame *f)
{
	uint32_t sum = f->proto;
	uint8_t in[36];
	const size_t n = model_rss_input(frame, f, f->l4_hdr != 0, in);

	for (size_t i = 0; i + 1 < n; i += 2)
		sum += model_be16(in + i) * 0x9e3779b1u;
	return sum;
}

static unsigned slot_of(uint32_t hash)
{
	return (hash ^ hash >> 16) % VIRTIO_DEV_FLOWS;
}

void virtio_dev_learn(struct virtio_dev *vd, unsigned pair, const uint8_t *frame, uint32_t len)
{
	const struct model_frame f = model_frame_parse(frame, len);
	const uint32_t hash = flow_hash(frame, &f);

	if (!f.ip)
		return;
	vd->flows[slot_of(hash)].hash = hash;
	vd->flows[slot_of(hash)].pair = (uint16_t)pair;
	vd->flows[slot_of(hash)].known = true;
}

/* 5.1.6.5.7.2: by the table; 5.1.6.5.6: where the flow was last sent, and else by its hash. */
unsigned virtio_dev_pair_of(const struct virtio_dev *vd, const uint8_t *frame, uint32_t len)
{
	const struct model_frame f = model_frame_parse(frame, len);
	uint16_t report;
	uint32_t hash;

	if (vd->rss.steer) {
		hash = virtio_dev_hash(vd, frame, len, &report);
		return report ? vd->rss.table[hash & vd->rss.mask] : vd->rss.unclassified;
	}
	hash = flow_hash(frame, &f);
	if (f.ip && vd->flows[slot_of(hash)].known && vd->flows[slot_of(hash)].hash == hash &&
	    vd->flows[slot_of(hash)].pair < vd->pairs)
		return vd->flows[slot_of(hash)].pair;
	return f.ip ? slot_of(hash) % vd->pairs : 0;
}
