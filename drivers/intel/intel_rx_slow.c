// SPDX-License-Identifier: BSD-3-Clause
/*
 * Receive queues of Intel's controllers, what is rare: an empty pool, frames in several buffers,
 * frames that are dropped, tags that are put back, and what the device may not do.
 */
#include <errno.h>
#include <string.h>

#include "drivers/intel/intel_rx.h"

/* A packet has no more segments (&fn_pkt.extra_segs). */
#define SEGS_MAX 256u

/* 802.3 3.2.8: what the shortest frame has without its CRC. */
#define SHORT_BYTES 60u

/*
 * Take buffers out of the pool for the next free descriptors, at most up to the next multiple of a
 * batch, so that they are in a row. An empty pool gives what it has once the ring has nearly run
 * dry.
 */
uint16_t intel_rx_refill_take(struct intel_rxq *q, uint16_t pos, uint16_t posted)
{
	const uint16_t n = (uint16_t)(q->batch - (pos & (q->batch - 1)));
	struct fn_pkt **bufs = &q->bufs[pos & q->mask];

	if (fn_likely(fn_pool_cache_take(q->cache, bufs, n)))
		return n;
	fn_queue_count(fn_rxq_queue(&q->pub), FN_RX_POOL_EMPTY, 1);
	if (posted >= q->batch)
		return 0;
	return (uint16_t)fn_pool_cache_take_part(q->cache, bufs, n / 2);
}

void intel_rx_starved(struct intel_rxq *q)
{
	if (!intel_rx_have(q))
		fn_queue_count(fn_rxq_queue(&q->pub), FN_RX_RING_DRY, 1);
	intel_rx_refill(q, (uint16_t)(intel_rx_have(q) + 1));
}

/*
 * Nothing of the device is believed any more: what it has handed back by then is counted, a buffer
 * each (FN_RX_DROP_BROKEN).
 */
static int rx_lie(struct intel_rxq *q, uint16_t pos, uint16_t have)
{
	uint16_t n = 0;

	while (n < have && intel_rx_is_done(q, fn_ring_advance(pos, n)))
		n++;
	q->lied = true;
	fn_queue_count(fn_rxq_queue(&q->pub), FN_RX_DROP_BROKEN, n);
	return -EIO;
}

/*
 * The descriptors of the frame at @pos, whose last one says @hi; all are judged before any is
 * taken, and the lengths that were judged are in the buffers' headers: the device can still change
 * its own. 0: the rest is not there yet; -EIO: a lie.
 */
static int rx_extent(struct intel_rxq *q, uint16_t pos, uint16_t have, uint64_t *hi)
{
	for (uint16_t i = 0; i < have; i++) {
		const uint16_t slot = fn_ring_advance(pos, i) & q->mask;

		*hi = fn_read_le64(&q->desc[slot].hi);
		if (!(*hi & INTEL_RXD_DD))
			return 0;
		if (!INTEL_RXD_LEN(*hi) || INTEL_RXD_LEN(*hi) > q->len_max) {
			fn_queue_break(fn_rxq_queue(&q->pub),
				       "the device says that it wrote %u bytes where 1 to %u are "
				       "possible",
				       INTEL_RXD_LEN(*hi), q->len_max);
			return rx_lie(q, pos, have);
		}
		q->bufs[slot]->len = (uint16_t)INTEL_RXD_LEN(*hi);
		if (*hi & INTEL_RXD_EOP)
			return i + 1;
		if (i + 1u == SEGS_MAX)
			break;
	}
	/* With more buffers the frame may still end. */
	if (have < SEGS_MAX && have < q->full_mark)
		return 0;
	fn_queue_break(fn_rxq_queue(&q->pub),
		       "the device says that a frame fills more than %u buffers",
		       have < SEGS_MAX ? have : SEGS_MAX);
	return rx_lie(q, pos, have);
}

/* The buffers from @pos on become one packet; what the last descriptor says holds for all of it. */
static struct fn_pkt *rx_chain(const struct intel_rxq *q, uint16_t pos, uint16_t segs, uint64_t hi)
{
	struct fn_pkt *const head = q->bufs[pos & q->mask];
	const uint16_t end = fn_ring_advance(pos, (uint16_t)(segs - 1));
	struct fn_pkt *last = head;
	struct rx_sum none = { 0 };

	for (uint16_t at = fn_ring_advance(pos, 1); at != fn_ring_advance(end, 1);
	     at = fn_ring_advance(at, 1)) {
		last->next = q->bufs[at & q->mask];
		last = last->next;
		fn_pkt_begin(last, q->plain, last->len);
	}
	intel_rx_begin(q, head, q->plain + head->len, &q->desc[end & q->mask], hi,
		       (const struct rx_mode){ .meta = true, .hash = q->hash }, &none);
	head->extra_segs = (uint8_t)(segs - 1);
	return head;
}

int intel_rx_frame(struct intel_rxq *q, uint16_t pos, uint16_t have, struct fn_pkt **pkt)
{
	struct fn_queue *queue = fn_rxq_queue(&q->pub);
	const bool scatter = queue->dev->conf.offloads & FN_OFFLOAD_RX_SCATTER;
	enum fn_rx_counter reason = FN_RX_COUNTERS;
	uint64_t hi = 0;
	const int segs = rx_extent(q, pos, have, &hi);

	*pkt = NULL;
	if (segs <= 0)
		return segs;
	if (hi & q->judge & ~INTEL_RX_WHOLE & UINT32_MAX)
		reason = FN_RX_DROP_ERROR;
	else if (segs > 1 && !scatter)
		reason = FN_RX_DROP_TOO_LONG;
	if (reason == FN_RX_COUNTERS) {
		*pkt = rx_chain(q, pos, (uint16_t)segs, hi);
		return segs;
	}
	fn_queue_count(queue, reason, 1);
	for (uint16_t i = 0; i < segs; i++)
		fn_pool_cache_give(q->cache, &q->bufs[fn_ring_advance(pos, i) & q->mask], 1);
	return segs;
}

unsigned intel_rx_untag(struct fn_pkt *const *pkts, unsigned n, unsigned at)
{
	unsigned grown = 0;

	for (unsigned i = 0; i < n; i++) {
		struct fn_pkt *const pkt = pkts[i];
		const uint16_t tag[2] = { htobe16(INTEL_VET_8021Q), htobe16(pkt->vlan_tci) };
		uint8_t *data;

		if (!(pkt->flags & FN_PKT_VLAN))
			continue;
		data = fn_pkt_prepend(pkt, INTEL_TAG_BYTES);
		/* intel_rx_check() has seen to the headroom; else the tag stays beside the data. */
		if (!data)
			continue;
		memmove(data, data + INTEL_TAG_BYTES, at);
		memcpy(data + at, tag, sizeof(tag));
		pkt->flags = (uint16_t)(pkt->flags & ~FN_PKT_VLAN);
		pkt->vlan_tci = 0;
		grown += INTEL_TAG_BYTES;
	}
	return grown;
}

/* Ethertypes (802.1Q 9.6, RFC 894, RFC 2464), and SCTP behind IPv4 or IPv6 (RFC 9260). */
#define TYPE_IPV4 0x0800u
#define TYPE_IPV6 0x86ddu
#define PROTO_SCTP 132u

static uint16_t be16_at(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

/* Of a frame of the shortest length, which has all that is looked at here. */
static bool is_sctp(const uint8_t *data)
{
	const uint8_t *ip = data + INTEL_ETH_ADDRS;
	uint16_t type = be16_at(ip);

	if (type == INTEL_VET_8021Q) {
		ip += INTEL_TAG_BYTES;
		type = be16_at(ip);
	}
	ip += 2;
	return (type == TYPE_IPV4 && ip[9] == PROTO_SCTP) ||
	       (type == TYPE_IPV6 && ip[6] == PROTO_SCTP);
}

/*
 * The 82576 and its successors say of an SCTP packet in a frame of 60 bytes that its checksum is
 * wrong when it is right (an erratum that Linux's igb works around): then it says nothing.
 */
static void forgive_short_sctp(struct fn_pkt *pkt)
{
	if ((pkt->flags & FN_PKT_RX_L4_BAD) && fn_pkt_len(pkt) == SHORT_BYTES &&
	    pkt->len == SHORT_BYTES && is_sctp(pkt->data))
		pkt->flags = (uint16_t)(pkt->flags & ~FN_PKT_RX_L4_BAD);
}

void intel_rx_count_bad(struct intel_rxq *q, struct fn_pkt *const *pkts, unsigned n)
{
	const struct fn_dev *dev = fn_rxq_queue(&q->pub)->dev;
	uint64_t bad = 0;

	for (unsigned i = 0; intel_port_of(dev)->chip->rxcsum_sctp && i < n; i++)
		forgive_short_sctp(pkts[i]);
	for (unsigned i = 0; i < n; i++)
		bad += (pkts[i]->flags & (FN_PKT_RX_IP_BAD | FN_PKT_RX_L4_BAD)) != 0;
	fn_queue_count(fn_rxq_queue(&q->pub), FN_RX_CSUM_BAD, bad);
}
