/* SPDX-License-Identifier: BSD-3-Clause */
/* A run of packets to be sent, of one descriptor each and in a row in the ring. */
#ifndef INTEL_TX_RUN_H
#define INTEL_TX_RUN_H

#include <string.h>

#include "drivers/intel/intel_ring.h"
#include "pkt/tx_l4.h"

/* 802.3 4.2.3.3: the shortest frame, less its CRC. Others are padded with the queue's zeros. */
#define INTEL_TX_FRAME_MIN 60u
#define INTEL_TX_ZERO_BYTES 64u

/**
 * struct tx_mode - what a variant does; its fields are literals there, so that what is off is gone
 * @kind: the descriptors
 * @offload: packets may ask for something
 * @avx2: without offloads: eight or four descriptors at a time
 */
struct tx_mode {
	enum intel_tx_kind kind;
	bool offload;
	bool avx2;
};

/* What the only descriptor of a plain packet says of it beside its length. */
static inline __attribute__((always_inline)) uint64_t intel_tx_base(enum intel_tx_kind kind)
{
	return INTEL_TXD_DEXT | INTEL_TXD_IFCS |
	       (kind == INTEL_TX_ADVANCED ? INTEL_TXD_ADV_DATA : INTEL_TXD_EXT_DATA);
}

/* @len bytes, in a descriptor that has all of a packet. 82576 7.2.2.3: PAYLEN is the packet's. */
static inline __attribute__((always_inline)) uint64_t intel_tx_ctl_len(enum intel_tx_kind kind,
								       uint64_t len)
{
	return kind == INTEL_TX_ADVANCED ? len * (1 + INTEL_TXD_ADV_PAYLEN(1)) : len;
}

/* Header lengths of a packet that is not to be segmented (@l4_len means nothing), in one load. */
static inline uint32_t intel_tx_lens(const struct fn_pkt *pkt)
{
	uint32_t lens;

	_Static_assert(offsetof(struct fn_pkt, l3_len) == offsetof(struct fn_pkt, l2_len) + 2,
		       "l2_len, l4_len and l3_len lie in a row");
	memcpy(&lens, &pkt->l2_len, sizeof(lens));
	return le32toh(lens) & 0xffff00ffu;
}

/* Flags of a packet's word that ask transmit for nothing: what receive said of it. */
#define TX_IGNORED ((uint64_t)(uint16_t)~FN_PKT_TX_MASK << 48)

/**
 * struct tx_judge - what the packets of a run are judged by; copies, which no store can change
 * @plain: the word of an empty packet of the run
 * @least: shortest frame that is posted here
 * @span: longest less shortest
 * @lens: with a checksum: header lengths, as intel_tx_lens() has them
 * @l2: with a checksum: &fn_pkt.l2_len of it
 * @l4: with a checksum: where the header behind IP begins
 * @ip_first: with a checksum: first byte of the IP header; of IPv6 its upper half
 */
struct tx_judge {
	uint64_t plain;
	uint64_t least;
	uint64_t span;
	uint32_t lens;
	uint32_t l2;
	uint32_t l4;
	uint8_t ip_first;
};

/*
 * Ready a packet of @len bytes whose @asked, a literal, is what the context is for: its headers are
 * where the context has them, and what the device wants in the checksums' places is there. False
 * when the long way has to look at it.
 */
static inline __attribute__((always_inline)) bool tx_seed(const struct fn_pkt *pkt, uint64_t len,
							  uint32_t asked,
							  const struct tx_judge *judge)
{
	const bool tcp = (asked & FN_PKT_TX_TCP_CSUM) != 0;
	const bool v6 = (asked & FN_PKT_TX_IPV6) != 0;
	uint8_t *const ip = pkt->data + judge->l2;
	uint8_t *const l4 = pkt->data + judge->l4;
	uint16_t seed;

	if (fn_unlikely(intel_tx_lens(pkt) != judge->lens) ||
	    fn_unlikely((v6 ? ip[0] >> 4 : ip[0]) != judge->ip_first))
		return false;
	if (asked & FN_PKT_TX_IP_CSUM)
		memset(ip + FN_IP4_CSUM_AT, 0, 2);
	if (!(asked & (FN_PKT_TX_TCP_CSUM | FN_PKT_TX_UDP_CSUM)))
		return true;
	if (fn_unlikely(fn_tx_ip_bytes(ip, asked) != len - judge->l2))
		return false;
	seed = fn_tx_seed(ip, asked, tcp ? FN_IPPROTO_TCP : FN_IPPROTO_UDP,
			  (uint32_t)len - judge->l4);
	memcpy(l4 + (tcp ? FN_TCP_CSUM_AT : FN_UDP_CSUM_AT), &seed, sizeof(seed));
	return true;
}

/*
 * Post a packet if it is plain, of the queue's own pool, neither too short nor too long, and asks
 * for what the run is for. One comparison tells: such a packet's word less that of an empty one is
 * its length, and any other is beyond all lengths.
 */
static inline __attribute__((always_inline)) bool tx_one(struct intel_tx_desc *desc,
							 struct fn_pkt **buf, struct fn_pkt *pkt,
							 const struct tx_judge *judge,
							 uint64_t base, const struct tx_mode mode,
							 uint32_t asked, uint64_t *bytes)
{
	const uint64_t diff = fn_pkt_word(pkt) ^ judge->plain;
	const uint64_t len = diff & ~TX_IGNORED;

	if (fn_unlikely(len - judge->least > judge->span))
		return false;
	if (asked && fn_unlikely(!tx_seed(pkt, len, asked, judge)))
		return false;
	*buf = pkt;
	fn_write_le64(&desc->addr, pkt->iova.v);
	fn_write_le64(&desc->ctl, base + intel_tx_ctl_len(mode.kind, len));
	*bytes += len;
	return true;
}

#ifdef INTEL_AVX2
#include "drivers/intel/intel_tx_avx2.h"
#endif

/*
 * Post packets up to the first that tx_one() does not take. There is room for @n, and the ring does
 * not wrap within. In fours, because the loop itself costs a third of what a packet does.
 */
static inline __attribute__((always_inline)) unsigned tx_run(const struct intel_txq *q,
							     struct fn_pkt *const *pkts, unsigned n,
							     const struct tx_judge judge,
							     const struct tx_mode mode,
							     uint32_t asked, uint64_t *bytes)
{
	const uint64_t base =
		(intel_tx_base(mode.kind) | INTEL_TXD_EOP) + (asked ? q->context_ctl : 0);
	const uint16_t slot = q->head & q->mask;
	struct intel_tx_desc *desc = &q->desc[slot];
	struct fn_pkt **bufs = &q->bufs[slot];
	unsigned left = n;

#ifdef INTEL_AVX2
	if (mode.avx2 && n >= 4) {
		const unsigned fours = tx_run_fours(desc, bufs, pkts, n, q, mode, bytes);

		left -= fours;
		desc += fours;
		bufs += fours;
		pkts += fours;
	}
#endif
	for (; !mode.avx2 && left >= 4; left -= 4, desc += 4, bufs += 4, pkts += 4) {
#pragma GCC unroll 4
		for (unsigned k = 0; k < 4; k++)
			if (!tx_one(&desc[k], &bufs[k], pkts[k], &judge, base, mode, asked, bytes))
				return n - left + k;
	}
	for (; left; left--, desc++, bufs++, pkts++)
		if (!tx_one(desc, bufs, *pkts, &judge, base, mode, asked, bytes))
			break;
	return n - left;
}

/* Packets that ask for nothing. */
static inline __attribute__((always_inline)) unsigned tx_run_plain(const struct intel_txq *q,
								   struct fn_pkt *const *pkts,
								   unsigned n,
								   const struct tx_mode mode,
								   uint64_t *bytes)
{
	const struct tx_judge judge = { .plain = q->plain,
					.least = INTEL_TX_FRAME_MIN,
					.span = q->run_max - INTEL_TX_FRAME_MIN };

	return tx_run(q, pkts, n, judge, mode, 0, bytes);
}

/* Packets that ask for @asked, a literal, by the context that the device has. */
static inline __attribute__((always_inline)) unsigned tx_run_csum(const struct intel_txq *q,
								  struct fn_pkt *const *pkts,
								  unsigned n,
								  const struct tx_mode mode,
								  uint32_t asked, uint64_t *bytes)
{
	const bool v6 = (asked & FN_PKT_TX_IPV6) != 0;
	const uint32_t lens = (uint32_t)q->context;
	const uint32_t l4_least = asked & FN_PKT_TX_TCP_CSUM ? FN_TCP_BYTES :
				  asked & FN_PKT_TX_UDP_CSUM ? FN_UDP_BYTES :
							       0;
	/* The headers, which a frame of these bytes has in any case. */
	const uint64_t hdrs = (lens & 0xff) + (lens >> 16) + l4_least;
	const struct tx_judge judge = {
		.plain = q->plain ^ (uint64_t)asked << 48,
		.least = hdrs > INTEL_TX_FRAME_MIN ? hdrs : INTEL_TX_FRAME_MIN,
		.span = q->run_max - (hdrs > INTEL_TX_FRAME_MIN ? hdrs : INTEL_TX_FRAME_MIN),
		.lens = lens,
		.l2 = lens & 0xff,
		.l4 = (lens & 0xff) + (lens >> 16),
		.ip_first = (uint8_t)(v6 ? 6 : 0x40 + (lens >> 18)),
	};

	return tx_run(q, pkts, n, judge, mode, asked, bytes);
}

/* Packets that ask for the same as the first; 0 when that is for the long way. */
static inline __attribute__((always_inline)) unsigned tx_run_alike(const struct intel_txq *q,
								   struct fn_pkt *const *pkts,
								   unsigned n,
								   const struct tx_mode mode,
								   uint64_t *bytes)
{
	const uint32_t asked = pkts[0]->flags & FN_PKT_TX_MASK;

	if (!asked)
		return tx_run_plain(q, pkts, n, mode, bytes);
	/* The long way makes the context, of a packet that has the shape looked for here. */
	if (q->context >> 32 != asked)
		return 0;
	switch (asked) {
	case FN_PKT_TX_IP_CSUM:
		return tx_run_csum(q, pkts, n, mode, FN_PKT_TX_IP_CSUM, bytes);
	case FN_PKT_TX_TCP_CSUM:
		return tx_run_csum(q, pkts, n, mode, FN_PKT_TX_TCP_CSUM, bytes);
	case FN_PKT_TX_UDP_CSUM:
		return tx_run_csum(q, pkts, n, mode, FN_PKT_TX_UDP_CSUM, bytes);
	case FN_PKT_TX_TCP_CSUM | FN_PKT_TX_IP_CSUM:
		return tx_run_csum(q, pkts, n, mode, FN_PKT_TX_TCP_CSUM | FN_PKT_TX_IP_CSUM, bytes);
	case FN_PKT_TX_UDP_CSUM | FN_PKT_TX_IP_CSUM:
		return tx_run_csum(q, pkts, n, mode, FN_PKT_TX_UDP_CSUM | FN_PKT_TX_IP_CSUM, bytes);
	case FN_PKT_TX_TCP_CSUM | FN_PKT_TX_IPV6:
		return tx_run_csum(q, pkts, n, mode, FN_PKT_TX_TCP_CSUM | FN_PKT_TX_IPV6, bytes);
	case FN_PKT_TX_UDP_CSUM | FN_PKT_TX_IPV6:
		return tx_run_csum(q, pkts, n, mode, FN_PKT_TX_UDP_CSUM | FN_PKT_TX_IPV6, bytes);
	default:
		return 0;
	}
}

#endif
