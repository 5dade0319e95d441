// SPDX-License-Identifier: BSD-3-Clause
/*
 * What the Intel model does with a frame that comes in: filters (82574 7.1, I210 7.1.1), queues by
 * RSS (82574 7.1, 82576 7.1.1.7), checksums, VLAN stripping, and the write-back of extended (82574
 * 7.1) and advanced descriptors (82576 7.1.5).
 */
#include <errno.h>
#include <string.h>

#include "model/intel_dev.h"

#define REG(off) id->reg[(off) / 4]
#define CRC_BYTES 4u
#define MIN_BYTES 60u

/* Entries of the table of exact addresses: 82574 10.2.5, 82576 8.10, I350 8.10, I210 8.10. */
static unsigned exact_entries(const struct intel_dev *id)
{
	if (!id->successor)
		return id->family == INTEL_82576 ? 24 : 16;
	/* An I350, or an I210 or I211. */
	return id->queues > 4 ? 32 : 16;
}

static bool match_exact(const struct intel_dev *id, const uint8_t *mac)
{
	const unsigned n = exact_entries(id);
	const uint32_t low =
		mac[0] | (uint32_t)mac[1] << 8 | (uint32_t)mac[2] << 16 | (uint32_t)mac[3] << 24;
	const uint32_t high = mac[4] | (uint32_t)mac[5] << 8;

	for (unsigned i = 0; i < n; i++)
		if ((REG(IDEV_RAH(i)) & IDEV_RAH_AV) && REG(IDEV_RAL(i)) == low &&
		    (REG(IDEV_RAH(i)) & 0xffff) == high)
			return true;
	return false;
}

/* RCTL.MO: 12 bits of the last two bytes (82574 10.2.5.1, 82576 8.10.1). */
static bool match_hash(const struct intel_dev *id, const uint8_t *mac)
{
	static const uint8_t down[] = { 4, 3, 2, 0 };
	const unsigned shift = down[REG(IDEV_RCTL) >> 12 & 3];
	const unsigned hash = ((unsigned)mac[5] << 8 | mac[4]) >> shift & 0xfff;

	return REG(IDEV_MTA + 4 * (hash / 32)) >> hash % 32 & 1;
}

/* Whether it wants an address, and whether only the hash said so (PIF). */
static bool wants_mac(const struct intel_dev *id, const uint8_t *mac, bool *inexact)
{
	const uint32_t rctl = REG(IDEV_RCTL);

	*inexact = false;
	if (model_mac_is_broadcast(mac))
		return rctl & (IDEV_RCTL_BAM | IDEV_RCTL_MPE);
	if (match_exact(id, mac))
		return true;
	if (!model_mac_is_multicast(mac))
		return rctl & IDEV_RCTL_UPE;
	*inexact = match_hash(id, mac);
	return *inexact || (rctl & IDEV_RCTL_MPE);
}

bool intel_dev_double(const struct intel_dev *id)
{
	return id->family == INTEL_82576 && (REG(IDEV_CTRL_EXT) & IDEV_CTRL_EXT_EXT_VLAN);
}

bool intel_dev_has_outer(const struct intel_dev *id, const uint8_t *frame, uint32_t len)
{
	return len >= 18 && model_be16(frame + 12) == REG(IDEV_VET) >> 16;
}

/*
 * Where the tag stands that is filtered by and taken out: behind an outer one when there are two
 * (I210 7.4.5.2). 0: there is none. Frames are 60 bytes long at least.
 */
static uint32_t tag_at(const struct intel_dev *id, const uint8_t *frame)
{
	const uint32_t at = intel_dev_double(id) ? 16 : 12;

	if (at == 16 && !intel_dev_has_outer(id, frame, MIN_BYTES))
		return 0;
	return model_be16(frame + at) == (REG(IDEV_VET) & 0xffff) ? at : 0;
}

static bool wants_vlan(const struct intel_dev *id, const uint8_t *frame)
{
	const uint32_t at = tag_at(id, frame);
	const unsigned vlan = at ? model_be16(frame + at + 2) & 0xfffu : 0;

	return !at || !(REG(IDEV_RCTL) & IDEV_RCTL_VFE) ||
	       (REG(IDEV_VFTA + 4 * (vlan / 32)) >> vlan % 32 & 1);
}

/*
 * @len counts the CRC. Without LPE the longest is 1518 bytes, and 4 more a tag (I210 7.1.1.4);
 * RLPML counts tags as other bytes.
 */
static bool too_long(const struct intel_dev *id, const struct model_frame *f, uint32_t len)
{
	if (!(REG(IDEV_RCTL) & IDEV_RCTL_LPE))
		return len > 1518 + 4 * (f->tags > 1 && !intel_dev_double(id) ? 1 : f->tags);
	if (id->family == INTEL_82576 && REG(IDEV_RLPML))
		return len > REG(IDEV_RLPML);
	return len > 16384;
}

/* Without the outer tag nothing is done but to hand the frame over (I210 7.4.5.2). */
static bool no_offloads(const struct intel_dev *id, const uint8_t *frame)
{
	return intel_dev_double(id) && !intel_dev_has_outer(id, frame, MIN_BYTES);
}

static bool type_on(const struct intel_dev *id, uint32_t bit)
{
	return REG(IDEV_MRQC) & bit;
}

/* Which hash a frame gets: its type, and whether ports are in it. */
static unsigned hash_type(const struct intel_dev *id, const struct model_frame *f, bool *ports)
{
	const bool wide = id->family == INTEL_82576;
	const bool tcp = f->l4_hdr && f->proto == MODEL_PROTO_TCP;
	const bool udp = f->l4_hdr && f->proto == MODEL_PROTO_UDP && wide;

	*ports = true;
	if (f->ip == 4 && tcp && type_on(id, IDEV_MRQC_TCPV4))
		return IDEV_RSS_TCPV4;
	if (f->ip == 4 && udp && type_on(id, IDEV_MRQC_UDPV4))
		return IDEV_RSS_UDPV4;
	if (f->ip == 6 && tcp && type_on(id, wide ? IDEV_MRQC_TCPV6 : IDEV_MRQC_TCPV6EX))
		return IDEV_RSS_TCPV6;
	if (f->ip == 6 && udp && type_on(id, IDEV_MRQC_UDPV6))
		return IDEV_RSS_UDPV6;
	*ports = false;
	if (f->ip == 4 && type_on(id, IDEV_MRQC_IPV4))
		return IDEV_RSS_IPV4;
	if (f->ip == 6 && type_on(id, IDEV_MRQC_IPV6))
		return IDEV_RSS_IPV6;
	return IDEV_RSS_NONE;
}

static bool rss_on(const struct intel_dev *id)
{
	/* 82574 10.2.5: 01b; 82576 8.10: 010b. On the 82574 only with PCSD. */
	return id->family == INTEL_82576 ?
		       (REG(IDEV_MRQC) & 7) == 2 :
		       (REG(IDEV_MRQC) & 3) == 1 && (REG(IDEV_RXCSUM) & IDEV_RXCSUM_PCSD);
}

static unsigned steer(const struct intel_dev *id, const uint8_t *frame, const struct model_frame *f,
		      unsigned *type, uint32_t *hash)
{
	uint8_t in[36];
	uint8_t key[40];
	uint8_t entry;
	bool ports = false;

	*type = rss_on(id) && !no_offloads(id, frame) ? hash_type(id, f, &ports) : IDEV_RSS_NONE;
	*hash = 0;
	if (*type == IDEV_RSS_NONE)
		return 0;
	for (unsigned i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)(REG(IDEV_RSSRK + i / 4 * 4) >> 8 * (i % 4));
	*hash = model_toeplitz(key, sizeof(key), in, model_rss_input(frame, f, ports, in));
	entry = (uint8_t)(REG(IDEV_RETA + (*hash & 0x7f) / 4 * 4) >> 8 * (*hash & 3));
	return id->family == INTEL_82576 ? entry & 0xf : entry >> 7;
}

/* Status and errors of the checksums that were looked at. */
static uint32_t checksums(const struct intel_dev *id, const uint8_t *frame,
			  const struct model_frame *f)
{
	const uint32_t rxcsum = REG(IDEV_RXCSUM);
	const enum model_csum ip = model_frame_ip_csum(frame, f);
	const enum model_csum l4 = model_frame_l4_csum(frame, f);
	uint32_t status = 0;

	if (no_offloads(id, frame))
		return 0;
	if ((rxcsum & IDEV_RXCSUM_IPOFL) && ip != MODEL_CSUM_NONE)
		status |= IDEV_RXD_IPCS | (ip == MODEL_CSUM_BAD ? IDEV_RXD_IPE : 0);
	if (f->proto == MODEL_PROTO_SCTP &&
	    (id->family == INTEL_82574 || !(rxcsum & IDEV_RXCSUM_CRCOFL)))
		return status;
	if ((rxcsum & IDEV_RXCSUM_TUOFL) && l4 != MODEL_CSUM_NONE) {
		status |= IDEV_RXD_L4CS | (l4 == MODEL_CSUM_BAD ? IDEV_RXD_L4E : 0);
		status |= f->proto == MODEL_PROTO_UDP ? IDEV_RXD_UDPCS : 0;
	}
	return status;
}

static uint32_t packet_type(const struct model_frame *f)
{
	uint32_t type = f->ip == 4 ? IDEV_PTYPE_IPV4 : f->ip == 6 ? IDEV_PTYPE_IPV6 : 0;

	if (f->l4_hdr)
		type |= f->proto == MODEL_PROTO_TCP ? IDEV_PTYPE_TCP :
			f->proto == MODEL_PROTO_UDP ? IDEV_PTYPE_UDP :
						      IDEV_PTYPE_SCTP;
	return type;
}

/* RCTL.BSIZE with BSEX (82574 10.2.5.1); SRRCTL.BSIZEPACKET in KiB goes before (82576 8.10.2). */
static uint32_t buffer_bytes(struct intel_dev *id, unsigned queue)
{
	const uint32_t rctl = REG(IDEV_RCTL);
	const uint32_t code = rctl >> 16 & 3;
	const uint32_t flex = rctl >> 27 & 15;
	uint32_t srrctl;

	if (id->family == INTEL_82576) {
		srrctl = *intel_dev_qreg(id, false, queue, IDEV_Q_SRRCTL);
		if ((srrctl & IDEV_SRRCTL_TYPE_MASK) != IDEV_SRRCTL_TYPE_ADV)
			intel_dev_violation(id,
					    "the model has advanced one-buffer descriptors only "
					    "(SRRCTL)");
		if (srrctl & 0x7f)
			return (srrctl & 0x7f) * 1024;
	} else {
		if (!(REG(IDEV_RFCTL) & IDEV_RFCTL_EXSTEN) || (rctl & IDEV_RCTL_DTYP_MASK))
			intel_dev_violation(id, "the model has extended descriptors only (RFCTL)");
		if (flex)
			return flex * 1024;
	}
	if (rctl & IDEV_RCTL_BSEX) {
		if (!code)
			intel_dev_violation(id, "a buffer size that is reserved (RCTL.BSIZE)");
		return code ? 32768u >> code : 2048;
	}
	return 2048u >> code;
}

uint32_t intel_dev_rx_free(const struct intel_dev *id, unsigned queue)
{
	/* The device is only read: the accessor is the same for both. */
	struct intel_dev *own = (struct intel_dev *)(uintptr_t)id;
	const uint32_t size = intel_dev_ring_size(id, false, queue);
	const uint32_t head = *intel_dev_qreg(own, false, queue, IDEV_Q_HEAD);
	const uint32_t tail = *intel_dev_qreg(own, false, queue, IDEV_Q_TAIL);

	return size ? (tail + size - head) % size : 0;
}

/* @len counts the CRC. */
static void count_good(struct intel_dev *id, const uint8_t *mac, uint32_t len)
{
	intel_dev_count(id, intel_dev_size_bin(IDEV_PRC64, len), 1);
	intel_dev_count(id, IDEV_GPRC, 1);
	intel_dev_count64(id, IDEV_GORCL, len);
	if (model_mac_is_broadcast(mac))
		intel_dev_count(id, IDEV_BPRC, 1);
	else if (model_mac_is_multicast(mac))
		intel_dev_count(id, IDEV_MPRC, 1);
}

static void count_delivered(struct intel_dev *id, unsigned queue, const uint8_t *mac, uint32_t len)
{
	count_good(id, mac, len);
	if (id->family == INTEL_82576) {
		intel_dev_count(id, IDEV_PQGPRC(queue), 1);
		intel_dev_count(id, IDEV_PQGORC(queue), len);
	}
}

/* The last descriptor of a frame in several, and the interrupt for it. */
static void part_over(void *arg, uint64_t queue)
{
	struct intel_dev *id = arg;
	struct intel_part *part = &id->part[queue];

	if (!part->is)
		return;
	part->is = false;
	intel_dev_desc_back(id, &part->last);
	intel_dev_queue_cause(id, false, (unsigned)queue, true);
}

/*
 * Descriptors of a frame are written back one after the other: of one in several a driver may see
 * the first ones alone for a while.
 */
static void written(struct intel_dev *id, const struct intel_wb *wb, bool in_several)
{
	if (!in_several || !id->md.late_max_ns) {
		intel_dev_desc_back(id, wb);
		return;
	}
	id->part[wb->queue] = (struct intel_part){ .is = true, .last = *wb };
	model_dev_later(&id->md, part_over, id, wb->queue);
}

/*
 * A frame that finds no descriptors. The model has no FIFO in which it could wait, so it is missed,
 * and a missed frame is in TPR and TOR, but in none of the counters of good ones (so Intel's own
 * drivers add them up). A queue of the 82576 that drops (SRRCTL.Drop_En) takes it out, and then
 * RQDPC says that it was lost; that GPRC has it, because the MAC is in front of that, is inferred.
 */
static void no_room(struct intel_dev *id, unsigned queue, const uint8_t *mac, uint32_t len)
{
	const uint32_t most = id->successor ? UINT32_MAX : IDEV_DROPS_MAX_76;
	uint32_t *drops;

	id->dropped++;
	if (id->family == INTEL_82576 &&
	    (*intel_dev_qreg(id, false, queue, IDEV_Q_SRRCTL) & IDEV_SRRCTL_DROP_EN)) {
		count_good(id, mac, len);
		drops = intel_dev_qreg(id, false, queue, IDEV_Q_DROPS);
		*drops += *drops < most;
		return;
	}
	intel_dev_count(id, IDEV_RNBC, 1);
	intel_dev_count(id, IDEV_MPC, 1);
	intel_dev_cause(id, IDEV_ICR_RXO);
}

/* Spread @len bytes over descriptors; @last is what only the one with EOP says. */
static void write_ring(struct intel_dev *id, unsigned queue, const uint8_t *bytes, uint32_t len,
		       uint32_t size, const uint32_t last[4])
{
	uint32_t *head = intel_dev_qreg(id, false, queue, IDEV_Q_HEAD);
	uint32_t off = 0;

	part_over(id, queue);
	while (off < len) {
		const uint32_t n = len - off < size ? len - off : size;
		struct intel_wb wb = { .queue = queue, .idx = *head };
		uint32_t dw[4] = { 0 };

		if (intel_dev_desc_read(id, false, queue, *head, dw))
			(void)model_dma_write(&id->md, (uint64_t)dw[1] << 32 | dw[0], bytes + off,
					      n);
		if ((dw[2] & IDEV_RXD_DD) && (dw[3] || dw[2] != IDEV_RXD_DD))
			intel_dev_violation(id, "a descriptor is given that was not renewed");
		off += n;
		wb.dw[2] = IDEV_RXD_DD;
		wb.dw[3] = n;
		if (off == len) {
			for (unsigned i = 0; i < 4; i++)
				wb.dw[i] |= last[i];
			wb.dw[2] |= IDEV_RXD_EOP;
		}
		*head = (*head + 1) % intel_dev_ring_size(id, false, queue);
		written(id, &wb, off == len && len > size);
	}
}

/* What the last descriptor of a frame says: RSS or packet checksum, status, tag. */
static void describe(struct intel_dev *id, const uint8_t *frame, uint32_t len,
		     const struct model_frame *f, unsigned queue, uint32_t last[4])
{
	const uint32_t start = REG(IDEV_RXCSUM) & 0xff;
	unsigned type;
	uint32_t hash;

	(void)steer(id, frame, f, &type, &hash);
	last[0] = type;
	if (id->family == INTEL_82576)
		last[0] |= packet_type(f);
	else
		last[0] |= queue << 8;
	if (REG(IDEV_RXCSUM) & IDEV_RXCSUM_PCSD)
		last[1] = hash;
	else
		last[1] = (uint32_t)(uint16_t)~model_sum(frame + start,
							 start < len ? len - start : 0, 0)
			  << 16;
	last[2] = checksums(id, frame, f);
	if (id->family == INTEL_82574 && !(last[2] & (IDEV_RXD_IPCS | IDEV_RXD_L4CS)))
		last[2] |= IDEV_RXD_IXSM;
	if (tag_at(id, frame) && (REG(IDEV_CTRL) & IDEV_CTRL_VME)) {
		last[2] |= IDEV_RXD_VP;
		last[3] = (uint32_t)model_be16(frame + tag_at(id, frame) + 2) << 16;
	}
}

/* IEEE 802.3 3.2.9. */
static uint32_t crc32(const uint8_t *p, uint32_t len)
{
	uint32_t crc = UINT32_MAX;

	for (uint32_t i = 0; i < len; i++) {
		crc ^= p[i];
		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}

/* RCTL.RDMTS: half, a quarter, an eighth of the ring is left. */
static void low_water(struct intel_dev *id, unsigned queue, uint32_t before)
{
	const uint32_t size = intel_dev_ring_size(id, false, queue);
	const uint32_t mark = size >> (1 + (REG(IDEV_RCTL) >> 8 & 3));

	if (before > mark && intel_dev_rx_free(id, queue) <= mark)
		intel_dev_cause(id, IDEV_ICR_RXDMT0);
}

static int deliver(struct intel_dev *id, uint8_t *bytes, uint32_t len, const struct model_frame *f,
		   bool inexact)
{
	const uint32_t wire_len = len + CRC_BYTES;
	uint32_t last[4] = { 0 };
	uint32_t crc;
	unsigned queue;
	uint32_t free;
	uint32_t size;
	unsigned type;

	queue = steer(id, bytes, f, &type, &crc);
	free = intel_dev_rx_free(id, queue);
	if (id->family == INTEL_82576 &&
	    !(*intel_dev_qreg(id, false, queue, IDEV_Q_CTL) & IDEV_QCTL_ENABLE))
		free = 0;
	crc = crc32(bytes, len);
	describe(id, bytes, len, f, queue, last);
	last[2] |= inexact ? IDEV_RXD_PIF : 0;
	if (last[2] & IDEV_RXD_VP) {
		const uint32_t at = tag_at(id, bytes);

		memmove(bytes + at, bytes + at + 4, len - at - 4);
		len -= 4;
	}
	if (!(REG(IDEV_RCTL) & IDEV_RCTL_SECRC)) {
		for (unsigned i = 0; i < CRC_BYTES; i++)
			bytes[len + i] = (uint8_t)(crc >> 8 * i);
		len += CRC_BYTES;
	}
	size = buffer_bytes(id, queue);
	if ((len + size - 1) / size > free) {
		no_room(id, queue, bytes, wire_len);
		return -ENOBUFS;
	}
	count_delivered(id, queue, bytes, wire_len);
	write_ring(id, queue, bytes, len, size, last);
	if (!id->part[queue].is)
		intel_dev_queue_cause(id, false, queue, true);
	low_water(id, queue, free);
	return (int)queue;
}

static bool receives(const struct intel_dev *id)
{
	return !model_dev_idle(&id->md) && (intel_dev_link_up(id) || intel_dev_loops(id)) &&
	       (REG(IDEV_RCTL) & IDEV_RCTL_EN) && intel_dev_may_master(id);
}

/* What is on the wire is never shorter than 60 bytes. */
static uint32_t padded(uint8_t *bytes, const uint8_t *frame, uint32_t len)
{
	memcpy(bytes, frame, len);
	if (len < MIN_BYTES)
		memset(bytes + len, 0, MIN_BYTES - len);
	return len < MIN_BYTES ? MIN_BYTES : len;
}

/* Whether it comes in; @long_ too long for it. */
static bool wanted(const struct intel_dev *id, const uint8_t *bytes, uint32_t len,
		   const struct model_frame *f, bool *inexact, bool *long_)
{
	*long_ = too_long(id, f, len + CRC_BYTES);
	return !*long_ && wants_mac(id, bytes, inexact) && wants_vlan(id, bytes);
}

int intel_dev_receive(struct intel_dev *id, const uint8_t *frame, uint32_t len)
{
	static uint8_t bytes[MODEL_FRAME_MAX + CRC_BYTES];
	struct model_frame f;
	bool inexact;
	bool long_;

	if (!receives(id))
		return -ENETDOWN;
	len = padded(bytes, frame, len);
	f = model_frame_parse(bytes, len);
	intel_dev_count(id, IDEV_TPR, 1);
	intel_dev_count64(id, IDEV_TORL, len + CRC_BYTES);
	if (intel_dev_pause(id, bytes, len))
		return -EPERM;
	if (!wanted(id, bytes, len, &f, &inexact, &long_)) {
		intel_dev_count(id, IDEV_ROC, long_);
		id->filtered++;
		return -EPERM;
	}
	return deliver(id, bytes, len, &f, inexact);
}

int intel_dev_would_receive(struct intel_dev *id, const uint8_t *frame, uint32_t len)
{
	static uint8_t bytes[MODEL_FRAME_MAX + CRC_BYTES];
	struct model_frame f;
	unsigned queue;
	uint32_t hash;
	unsigned type;
	bool flag;

	if (!receives(id))
		return -ENETDOWN;
	len = padded(bytes, frame, len);
	f = model_frame_parse(bytes, len);
	if (!wanted(id, bytes, len, &f, &flag, &flag))
		return -EPERM;
	queue = steer(id, bytes, &f, &type, &hash);
	if (id->family == INTEL_82576) {
		if (*intel_dev_qreg(id, false, queue, IDEV_Q_SRRCTL) & IDEV_SRRCTL_DROP_EN)
			return (int)queue;
		if (!(*intel_dev_qreg(id, false, queue, IDEV_Q_CTL) & IDEV_QCTL_ENABLE))
			return -ENOBUFS;
	}
	len -= tag_at(id, bytes) && (REG(IDEV_CTRL) & IDEV_CTRL_VME) ? 4 : 0;
	len += REG(IDEV_RCTL) & IDEV_RCTL_SECRC ? 0 : CRC_BYTES;
	return (len - 1) / buffer_bytes(id, queue) < intel_dev_rx_free(id, queue) ? (int)queue :
										    -ENOBUFS;
}

void intel_dev_starved(struct intel_dev *id)
{
	intel_dev_count(id, IDEV_RNBC, 1);
	intel_dev_cause(id, IDEV_ICR_RXO);
}
