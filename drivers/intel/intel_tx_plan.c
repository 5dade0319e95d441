// SPDX-License-Identifier: BSD-3-Clause
/*
 * What a packet needs that asks for a checksum, for segmentation or for a VLAN tag: judged in full
 * first, so that nothing is changed in a packet that is not sent. Contexts: 82574 7.2.10, 82576
 * 7.2.2.2.
 */
#include "drivers/intel/intel_tx.h"

/* RFC 791 3.1, RFC 8200 3: where the length is. */
#define IP4_LENGTH_AT 2u
#define IP6_LENGTH_AT 4u

/* RFC 9260 3.1: the common header, and the checksum in it. */
#define SCTP_BYTES 12u
#define SCTP_CSUM_AT 8u
#define SCTP_CSUM_BYTES 4u

/* 802.3 3.2. */
#define ETH_BYTES 14u

/* The device cuts into frames by the IP header, whose length has 16 bits. */
#define IP_BYTES_MAX UINT16_MAX

/* Widths of a context's fields. */
#define EXT_OFFSET_MAX 0xffu
#define ADV_L2_MAX 0x7fu
#define ADV_L3_MAX 0x1ffu

/* Flags that need header lengths, and a context of both; a tag needs one of the 82576 alone. */
#define L4_ASKS (FN_PKT_TX_TCP_CSUM | FN_PKT_TX_UDP_CSUM | FN_PKT_TX_SCTP_CSUM)
#define CONTEXT_ASKS (L4_ASKS | FN_PKT_TX_IP_CSUM | FN_PKT_TX_TSO)

/*
 * In the key of a context with an outer tag, whose packets each come here to have it looked for: no
 * run is for such a key (intel_tx_run.h).
 */
#define KEY_OUTER (1ull << 62)

/*
 * What a context depends on, for one that is not for segmentation: header lengths, what is asked
 * for, and the tag where the context has it.
 */
static uint64_t context_key(const struct fn_pkt *pkt, uint32_t asked, enum intel_tx_kind kind)
{
	const uint64_t tci = kind == INTEL_TX_ADVANCED && (asked & FN_PKT_VLAN) ? pkt->vlan_tci : 0;
	const uint32_t lens = asked & CONTEXT_ASKS ? intel_tx_lens(pkt) : 0;

	_Static_assert(FN_PKT_TX_MASK < 1 << 14, "beside the tag");
	return lens | (uint64_t)asked << 32 | tci << 46;
}

static uint64_t pair(uint32_t low, uint32_t high)
{
	return low | (uint64_t)high << 32;
}

/* 82574 7.2.10: offsets and ends of what is summed up; an end of 0 is the packet's. */
static bool context_ext(const struct fn_pkt *pkt, uint32_t asked, struct intel_tx_plan *plan)
{
	const uint32_t l2 = pkt->l2_len;
	const uint32_t start = l2 + pkt->l3_len;
	const bool tcp = asked & (FN_PKT_TX_TCP_CSUM | FN_PKT_TX_TSO);
	const uint32_t hdrs = start + pkt->l4_len;
	uint32_t cmd = 0;

	if (start + FN_TCP_CSUM_AT > EXT_OFFSET_MAX || (plan->payload && hdrs > EXT_OFFSET_MAX))
		return false;
	if (!(asked & FN_PKT_TX_IPV6))
		cmd |= INTEL_TXC_EXT_IP4;
	if (tcp)
		cmd |= INTEL_TXC_EXT_TCP;
	if (plan->payload)
		cmd |= INTEL_TXC_EXT_TSE;
	plan->context = pair(l2 | (l2 + FN_IP4_CSUM_AT) << 8 | (start - 1) << 16,
			     start | (start + (tcp ? FN_TCP_CSUM_AT : FN_UDP_CSUM_AT)) << 8);
	plan->context_ctl = INTEL_TXD_DEXT | cmd | plan->payload;
	if (plan->payload)
		plan->context_ctl |= pair(0, hdrs << 8 | (uint32_t)pkt->mss << 16);
	return true;
}

static uint64_t l4_type(uint32_t asked)
{
	if (asked & (FN_PKT_TX_TCP_CSUM | FN_PKT_TX_TSO))
		return INTEL_TXC_ADV_L4_TCP;
	return asked & FN_PKT_TX_SCTP_CSUM ? INTEL_TXC_ADV_L4_SCTP : INTEL_TXC_ADV_L4_UDP;
}

/*
 * 82576 7.2.2.2: lengths of the headers, of which the device puts none in, and the tag. Index 0 of
 * the two contexts of a queue.
 */
static bool context_adv(const struct fn_pkt *pkt, uint32_t asked, struct intel_tx_plan *plan)
{
	const uint32_t tci = asked & FN_PKT_VLAN ? pkt->vlan_tci : 0;
	const bool has_lens = asked & CONTEXT_ASKS;
	const uint32_t l2 = has_lens    ? pkt->l2_len :
			    plan->outer ? ETH_BYTES + INTEL_TAG_BYTES :
					  ETH_BYTES;
	const uint32_t l3 = has_lens ? pkt->l3_len : 0;

	if (l2 > ADV_L2_MAX || l3 > ADV_L3_MAX)
		return false;
	plan->context = pair(l3 | l2 << 9 | tci << 16, 0);
	plan->context_ctl = INTEL_TXD_DEXT | INTEL_TXD_ADV_CONTEXT | l4_type(asked);
	if (!(asked & FN_PKT_TX_IPV6))
		plan->context_ctl |= INTEL_TXC_ADV_IP4;
	if (plan->payload)
		plan->context_ctl |= pair(0, (uint32_t)pkt->l4_len << 8 | (uint32_t)pkt->mss << 16);
	return true;
}

/* The tag is the context's on the 82576, the descriptors' on the 82574. */
static void plan_tag(const struct intel_txq *q, const struct fn_pkt *pkt, uint32_t asked,
		     struct intel_tx_plan *plan)
{
	if (!(asked & FN_PKT_VLAN))
		return;
	plan->ctl |= INTEL_TXD_VLE;
	if (q->kind == INTEL_TX_EXTENDED)
		plan->ctl |= INTEL_TXD_EXT_VLAN(pkt->vlan_tci);
}

static enum fn_tx_counter plan_context(const struct intel_txq *q, const struct fn_pkt *pkt,
				       uint32_t asked, struct intel_tx_plan *plan)
{
	const bool advanced = q->kind == INTEL_TX_ADVANCED;

	plan_tag(q, pkt, asked, plan);
	if (!advanced && !(asked & CONTEXT_ASKS))
		return FN_TX_COUNTERS;
	plan->key = context_key(pkt, asked, q->kind) | (plan->outer ? KEY_OUTER : 0);
	return (advanced ? context_adv : context_ext)(pkt, asked, plan) ? FN_TX_COUNTERS :
									  FN_TX_DROP_OFFLOAD;
}

/* The device adds the IP header up as it is. */
static void plan_ip_csum(const struct fn_pkt *pkt, struct intel_tx_plan *plan)
{
	plan->ctl |= INTEL_TXD_IXSM;
	plan->ip_csum_at = pkt->l2_len + FN_IP4_CSUM_AT;
}

static bool plan_l4(const struct fn_pkt *pkt, uint32_t len, uint32_t asked,
		    struct intel_tx_plan *plan)
{
	struct fn_tx_l4 l4;

	if (!fn_tx_l4(pkt, len, asked, &l4))
		return false;
	plan->ctl |= INTEL_TXD_TXSM;
	plan->seed = l4.seed;
	plan->field = l4.field;
	plan->field_bytes = sizeof(l4.seed);
	plan->trail = l4.trail;
	return true;
}

/* CRC32c, which has no pseudo header (RFC 9260 6.8). */
static bool plan_sctp(const struct fn_pkt *pkt, uint32_t asked, struct intel_tx_plan *plan)
{
	if ((asked & L4_ASKS) != FN_PKT_TX_SCTP_CSUM || !fn_tx_ip_fits(pkt, asked, SCTP_BYTES))
		return false;
	plan->ctl |= INTEL_TXD_TXSM;
	plan->seed = 0;
	plan->field = (uint32_t)pkt->l2_len + pkt->l3_len + SCTP_CSUM_AT;
	plan->field_bytes = SCTP_CSUM_BYTES;
	return true;
}

static enum fn_tx_counter csum(const struct intel_txq *q, const struct fn_pkt *pkt, uint32_t len,
			       uint32_t asked, struct intel_tx_plan *plan)
{
	if (asked & FN_PKT_TX_IP_CSUM) {
		if ((asked & FN_PKT_TX_IPV6) || !fn_tx_ip_fits(pkt, asked, 0))
			return FN_TX_DROP_OFFLOAD;
		plan_ip_csum(pkt, plan);
	}
	if (asked & FN_PKT_TX_SCTP_CSUM) {
		if (!plan_sctp(pkt, asked, plan))
			return FN_TX_DROP_OFFLOAD;
	} else if ((asked & L4_ASKS) && !plan_l4(pkt, len, asked, plan)) {
		return FN_TX_DROP_OFFLOAD;
	}
	if (len + (asked & FN_PKT_VLAN ? INTEL_TAG_BYTES : 0) > q->len_max)
		return FN_TX_DROP_TOO_LONG;
	if ((asked & (L4_ASKS | FN_PKT_TX_IP_CSUM)) && fn_tx_is_shared(pkt))
		return FN_TX_DROP_SHARED;
	return plan_context(q, pkt, asked, plan);
}

/*
 * The device makes the IP header of each frame: its length and checksum are 0 in front, and the
 * pseudo header's sum has no length (82574 7.3, 82576 7.2.4). What is one frame anyhow is not
 * segmented, and has its own length in both.
 */
static void plan_tso(const struct fn_pkt *pkt, uint32_t len, uint32_t asked,
		     struct intel_tx_plan *plan)
{
	const bool v6 = asked & FN_PKT_TX_IPV6;
	const uint32_t start = (uint32_t)pkt->l2_len + pkt->l3_len;

	plan->ctl |= INTEL_TXD_TXSM;
	if (!v6)
		plan_ip_csum(pkt, plan);
	plan->ip_len_at = pkt->l2_len + (v6 ? IP6_LENGTH_AT : IP4_LENGTH_AT);
	if (!plan->payload)
		plan->ip_len = (uint16_t)(len - pkt->l2_len - (v6 ? FN_IP6_BYTES : 0));
	plan->seed = fn_tx_seed(pkt->data + pkt->l2_len, asked, FN_IPPROTO_TCP,
				plan->payload ? 0 : len - start);
	plan->field = start + FN_TCP_CSUM_AT;
	plan->field_bytes = 2;
}

static enum fn_tx_counter tso(const struct intel_txq *q, const struct fn_pkt *pkt, uint32_t len,
			      uint32_t asked, struct intel_tx_plan *plan)
{
	const uint32_t hdrs = (uint32_t)pkt->l2_len + pkt->l3_len + pkt->l4_len;
	const uint64_t on = fn_txq_queue(&q->pub)->dev->conf.offloads;
	uint32_t most;

	if (!(on & (asked & FN_PKT_TX_IPV6 ? FN_OFFLOAD_TX_TSO6 : FN_OFFLOAD_TX_TSO4)) ||
	    !fn_tx_tso_fits(pkt, asked))
		return FN_TX_DROP_OFFLOAD;
	most = len - hdrs < pkt->mss ? len - hdrs : pkt->mss;
	if (hdrs + most + (asked & FN_PKT_VLAN ? INTEL_TAG_BYTES : 0) > q->len_max ||
	    len - pkt->l2_len > IP_BYTES_MAX)
		return FN_TX_DROP_TOO_LONG;
	if (fn_tx_is_shared(pkt))
		return FN_TX_DROP_SHARED;
	if (len - hdrs > pkt->mss) {
		plan->payload = len - hdrs;
		plan->ctl |= q->kind == INTEL_TX_ADVANCED ? INTEL_TXD_ADV_TSE : INTEL_TXD_EXT_TSE;
	}
	plan_tso(pkt, len, asked, plan);
	return plan_context(q, pkt, asked, plan);
}

static bool has_outer(const struct fn_pkt *pkt)
{
	const uint16_t type = htobe16(INTEL_OUTER_TPID);

	return pkt->len >= ETH_BYTES + INTEL_TAG_BYTES &&
	       !memcmp(pkt->data + INTEL_ETH_ADDRS, &type, sizeof(type));
}

/*
 * I210 7.4.5.1: without the outer tag the device does no offload of what lies behind it, and drops
 * a packet that a tag is to be put into; it may stop the queue.
 */
enum fn_tx_counter intel_tx_plan(const struct intel_txq *q, const struct fn_pkt *pkt, uint32_t len,
				 uint32_t asked, struct intel_tx_plan *plan)
{
	/* The version alone asks for nothing. */
	if (asked == FN_PKT_TX_IPV6)
		return len > q->len_max ? FN_TX_DROP_TOO_LONG : FN_TX_COUNTERS;
	plan->outer = fn_txq_queue(&q->pub)->dev->conf.offloads & FN_OFFLOAD_VLAN_OUTER;
	if (plan->outer && !has_outer(pkt))
		return FN_TX_DROP_OFFLOAD;
	if (asked & FN_PKT_TX_TSO)
		return tso(q, pkt, len, asked, plan);
	return csum(q, pkt, len, asked, plan);
}

void intel_tx_apply(const struct fn_pkt *pkt, const struct intel_tx_plan *plan)
{
	const uint16_t ip_len = htobe16(plan->ip_len);

	if (plan->ip_csum_at)
		memset(pkt->data + plan->ip_csum_at, 0, 2);
	if (plan->ip_len_at)
		memcpy(pkt->data + plan->ip_len_at, &ip_len, sizeof(ip_len));
	memcpy(pkt->data + plan->field, &plan->seed, plan->field_bytes);
}
