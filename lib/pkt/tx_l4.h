/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets that ask transmit for a checksum or for segmentation: whether their header lengths fit
 * their data, where the checksum is, and what stands there before the device does it.
 */
#ifndef FN_PKT_TX_L4_H
#define FN_PKT_TX_L4_H

#include "base/bits.h"
#include "pkt/csum.h"

#define FN_IP4_BYTES 20u
#define FN_IP4_CSUM_AT 10u
#define FN_IP6_BYTES 40u
#define FN_TCP_BYTES 20u
#define FN_UDP_BYTES 8u
#define FN_TCP_CSUM_AT 16u
#define FN_UDP_CSUM_AT 6u

/**
 * struct fn_tx_l4 - the TCP or UDP part of a packet
 * @start: where it begins
 * @bytes: what the IP header says that it has
 * @trail: bytes behind the IP packet: padding
 * @field: where its checksum is
 * @seed: the folded sum of its pseudo header, as it is stored
 */
struct fn_tx_l4 {
	uint32_t start;
	uint32_t bytes;
	uint32_t trail;
	uint32_t field;
	uint16_t seed;
};

/* Behind a frame this short, with its VLAN tag, there may be what an Ethernet device has padded. */
#define FN_TX_PADDED_MAX 64u

/* RFC 9293 3.1: where the TCP header has its own length. */
#define FN_TCP_OFFSET_AT 12u

/* Others see its bytes, and the checksum is seeded in place. Only the first segment is written. */
static inline bool fn_tx_is_shared(const struct fn_pkt *pkt)
{
	return (pkt->kind & FN_PKT_ATTACHED) || fn_pkt_is_shared(pkt);
}

static inline uint32_t fn_tx_be16(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return be16toh(v);
}

/*
 * The IP header where a packet has it by its header lengths: it and @l4_least bytes behind it lie
 * in the first segment, and it is one of the asked version and of that length. The reads stay in
 * the segment whatever the lengths say.
 */
static inline __attribute__((always_inline)) bool fn_tx_ip_fits(const struct fn_pkt *pkt,
								uint32_t asked, uint32_t l4_least)
{
	const uint8_t *const ip = pkt->data + pkt->l2_len;

	if ((uint32_t)pkt->l2_len + pkt->l3_len + l4_least > pkt->len)
		return false;
	if (asked & FN_PKT_TX_IPV6)
		return pkt->l3_len >= FN_IP6_BYTES && ip[0] >> 4 == 6;
	/* Version 4 and, in words of 4 bytes, the length: 15 words at most. */
	return pkt->l3_len >= FN_IP4_BYTES && pkt->l3_len <= 60 &&
	       (uint32_t)ip[0] << 2 == 0x100u + pkt->l3_len;
}

/* Bytes that an IP header which fits says that it has, with all behind it. */
static inline __attribute__((always_inline)) uint32_t fn_tx_ip_bytes(const uint8_t *ip,
								     uint32_t asked)
{
	if (asked & FN_PKT_TX_IPV6)
		return fn_tx_be16(ip + 4) + FN_IP6_BYTES;
	return fn_tx_be16(ip + 2);
}

/* The sum of the pseudo header of a packet whose IP header fits. */
static inline __attribute__((always_inline)) uint16_t fn_tx_seed(const uint8_t *ip, uint32_t asked,
								 uint8_t proto, uint32_t l4_bytes)
{
	if (asked & FN_PKT_TX_IPV6)
		return fn_csum_fold(fn_csum_pseudo6(ip, proto, l4_bytes));
	return fn_csum_fold(fn_csum_pseudo4(ip, proto, l4_bytes));
}

/*
 * A packet of @len bytes asks for one checksum, TCP's or UDP's. False when its header lengths do
 * not fit its data, or when there is more behind the IP packet than padding: somebody's data.
 */
static inline bool fn_tx_l4(const struct fn_pkt *pkt, uint32_t len, uint32_t asked,
			    struct fn_tx_l4 *l4)
{
	const bool tcp = (asked & FN_PKT_TX_TCP_CSUM) != 0;
	const uint32_t least = tcp ? FN_TCP_BYTES : FN_UDP_BYTES;
	const uint8_t *const ip = pkt->data + pkt->l2_len;

	if (fn_unlikely(tcp == ((asked & FN_PKT_TX_UDP_CSUM) != 0)) ||
	    fn_unlikely(!fn_tx_ip_fits(pkt, asked, least)))
		return false;
	l4->start = (uint32_t)pkt->l2_len + pkt->l3_len;
	l4->field = l4->start + (tcp ? FN_TCP_CSUM_AT : FN_UDP_CSUM_AT);
	/* Less than the headers that are said to be there wraps round and is too much as well. */
	l4->bytes = fn_tx_ip_bytes(ip, asked) - pkt->l3_len;
	if (fn_unlikely(l4->bytes < least || l4->bytes > len - l4->start))
		return false;
	l4->trail = len - l4->start - l4->bytes;
	if (fn_unlikely(l4->trail && (pkt->next || len > FN_TX_PADDED_MAX)))
		return false;
	l4->seed = fn_tx_seed(ip, asked, tcp ? FN_IPPROTO_TCP : FN_IPPROTO_UDP, l4->bytes);
	return true;
}

/* A packet asks for segmentation, and its headers are where and as long as it says. */
static inline bool fn_tx_tso_fits(const struct fn_pkt *pkt, uint32_t asked)
{
	const uint32_t implied = FN_PKT_TX_TCP_CSUM | FN_PKT_TX_IP_CSUM;
	const uint32_t said = FN_PKT_TX_TSO | FN_PKT_TX_IPV6 | FN_PKT_VLAN;
	const uint32_t start = (uint32_t)pkt->l2_len + pkt->l3_len;

	return pkt->mss && pkt->l4_len >= FN_TCP_BYTES && !(asked & ~(implied | said)) &&
	       fn_tx_ip_fits(pkt, asked, pkt->l4_len) &&
	       (uint32_t)(pkt->data[start + FN_TCP_OFFSET_AT] >> 4) << 2 == pkt->l4_len;
}

#endif
