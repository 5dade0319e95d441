// SPDX-License-Identifier: BSD-3-Clause
/*
 * What a packet needs that asks a virtio-net device for a checksum or for segmentation (5.1.6.2):
 * judged in full first, so that nothing is changed in a packet that is not sent.
 */
#include "drivers/virtio/virtio_net_tx.h"

/* The device cuts into frames by the IP header, whose length has 16 bits. */
#define IP_BYTES_MAX UINT16_MAX

/* RFC 9293 3.1. */
#define TCP_FLAGS_AT 13u
#define TCP_CWR 0x80u

static void plan_csum(struct virtio_tx_plan *plan, uint32_t start, uint32_t field)
{
	plan->field = field;
	plan->hdr.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	plan->hdr.csum_start = fn_cpu_to_le16((uint16_t)start);
	plan->hdr.csum_offset = fn_cpu_to_le16((uint16_t)(field - start));
}

static enum fn_tx_counter csum(const struct virtio_txq *q, const struct fn_pkt *pkt, uint32_t len,
			       uint32_t asked, struct virtio_tx_plan *plan)
{
	struct fn_tx_l4 l4;

	if ((asked & (uint32_t)~q->csum_asks) || !fn_tx_l4(pkt, len, asked, &l4))
		return FN_TX_DROP_OFFLOAD;
	if (len > q->len_max)
		return FN_TX_DROP_TOO_LONG;
	plan->trail = l4.trail;
	plan->seed = l4.seed;
	plan_csum(plan, l4.start, l4.field);
	return fn_tx_is_shared(pkt) ? FN_TX_DROP_SHARED : FN_TX_COUNTERS;
}

/*
 * 5.1.6.2: gso_type. A segment with the ECN mark (CWR, RFC 3168 6.1.2) is for a device that knows
 * of it alone.
 */
static bool gso_type(const struct virtio_txq *q, const uint8_t *tcp, uint32_t asked,
		     struct virtio_tx_plan *plan)
{
	plan->hdr.gso_type =
		asked & FN_PKT_TX_IPV6 ? VIRTIO_NET_HDR_GSO_TCPV6 : VIRTIO_NET_HDR_GSO_TCPV4;
	if (!(tcp[TCP_FLAGS_AT] & TCP_CWR))
		return true;
	plan->hdr.gso_type |= VIRTIO_NET_HDR_GSO_ECN;
	return (q->tso & VIRTIO_TX_TSO_ECN) != 0;
}

static bool tso_is_on(const struct virtio_txq *q, uint32_t asked)
{
	return q->tso & (asked & FN_PKT_TX_IPV6 ? VIRTIO_TX_TSO6 : VIRTIO_TX_TSO4);
}

/*
 * The IP header of the whole is to be right too: who receives the packet in one piece, as another
 * virtual machine may, checks it like any other. The device then makes those of the frames.
 */
static void plan_ip(const struct fn_pkt *pkt, uint32_t ip_bytes, uint32_t asked,
		    struct virtio_tx_plan *plan)
{
	const bool v6 = (asked & FN_PKT_TX_IPV6) != 0;

	plan->ip = pkt->l2_len;
	plan->set_ip = true;
	plan->ip_hdr_bytes = v6 ? 0 : pkt->l3_len;
	plan->ip_bytes = (uint16_t)(v6 ? ip_bytes - FN_IP6_BYTES : ip_bytes);
}

static enum fn_tx_counter tso(const struct virtio_txq *q, const struct fn_pkt *pkt, uint32_t len,
			      uint32_t asked, struct virtio_tx_plan *plan)
{
	const uint32_t start = (uint32_t)pkt->l2_len + pkt->l3_len;
	const uint32_t hdrs = start + pkt->l4_len;
	uint32_t payload;

	if (!tso_is_on(q, asked) || !fn_tx_tso_fits(pkt, asked))
		return FN_TX_DROP_OFFLOAD;
	payload = len - hdrs;
	if (hdrs + (payload < pkt->mss ? payload : pkt->mss) > q->len_max ||
	    len - pkt->l2_len > IP_BYTES_MAX)
		return FN_TX_DROP_TOO_LONG;
	plan_csum(plan, start, start + FN_TCP_CSUM_AT);
	plan_ip(pkt, len - pkt->l2_len, asked, plan);
	plan->seed = fn_tx_seed(pkt->data + pkt->l2_len, asked, FN_IPPROTO_TCP, len - start);
	/* What is one frame anyhow is not segmented: not every device takes that well. */
	if (payload > pkt->mss) {
		if (!gso_type(q, pkt->data + start, asked, plan))
			return FN_TX_DROP_OFFLOAD;
		plan->hdr.hdr_len = fn_cpu_to_le16((uint16_t)hdrs);
		plan->hdr.gso_size = fn_cpu_to_le16(pkt->mss);
	}
	return fn_tx_is_shared(pkt) ? FN_TX_DROP_SHARED : FN_TX_COUNTERS;
}

enum fn_tx_counter virtio_tx_plan(const struct virtio_txq *q, const struct fn_pkt *pkt,
				  uint32_t len, uint32_t asked, struct virtio_tx_plan *plan)
{
	if (asked & FN_PKT_TX_TSO)
		return tso(q, pkt, len, asked, plan);
	/* The version alone asks for nothing. */
	if (asked == FN_PKT_TX_IPV6)
		return len > q->len_max ? FN_TX_DROP_TOO_LONG : FN_TX_COUNTERS;
	return csum(q, pkt, len, asked, plan);
}

static void be16_put(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* The length of the IP header, and with IPv4 its checksum (RFC 791 3.1, RFC 8200 3). */
static void apply_ip(uint8_t *ip, const struct virtio_tx_plan *plan)
{
	uint16_t csum;

	if (!plan->ip_hdr_bytes) {
		be16_put(ip + 4, plan->ip_bytes);
		return;
	}
	be16_put(ip + 2, plan->ip_bytes);
	memset(ip + 10, 0, sizeof(csum));
	csum = (uint16_t)~fn_csum_fold(fn_csum_add(0, ip, plan->ip_hdr_bytes));
	memcpy(ip + 10, &csum, sizeof(csum));
}

void virtio_tx_apply(const struct fn_pkt *pkt, const struct virtio_tx_plan *plan)
{
	if (!plan->hdr.flags)
		return;
	memcpy(pkt->data + plan->field, &plan->seed, sizeof(plan->seed));
	memset(pkt->data + pkt->len - plan->trail, 0, plan->trail);
	if (plan->set_ip)
		apply_ip(pkt->data + plan->ip, plan);
}
