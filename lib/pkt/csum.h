/* SPDX-License-Identifier: BSD-3-Clause */
/* The Internet checksum (RFC 1071): sums over memory and packets, and pseudo headers. */
#ifndef FN_PKT_CSUM_H
#define FN_PKT_CSUM_H

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <fastnic/pkt.h>

/* Protocols as pseudo headers name them. */
#define FN_IPPROTO_TCP 6u
#define FN_IPPROTO_UDP 17u

/*
 * A sum is 64 bits wide, not folded, of 16-bit words as they lie in memory: whatever the
 * processor's byte order, a folded sum stored by memcpy() is right on the wire (RFC 1071 2.B).
 */

/**
 * fn_csum_add - add memory to a sum
 * @sum: the sum so far, 0 to begin with
 * @data: the memory, at any alignment
 * @len: bytes. An odd last byte counts as if a zero came behind it: nothing is to follow then
 *
 * Return: the new sum.
 */
uint64_t fn_csum_add(uint64_t sum, const void *data, size_t len);

/**
 * fn_csum_add_pkt - add the end of a packet to a sum
 * @sum: the sum so far
 * @pkt: first segment; the others follow
 * @off: bytes at its front that are left out, at most fn_pkt_len()
 *
 * Segments may have any length, odd ones included: the packet counts as one piece.
 *
 * Return: the new sum.
 */
uint64_t fn_csum_add_pkt(uint64_t sum, const struct fn_pkt *pkt, uint32_t off);

/*
 * To 16 bits, with the carries brought round. The checksum itself is its complement. A number and
 * the same with its halves exchanged, added up, have in the upper half the sum of both halves and
 * the carry of the lower.
 */
static inline uint16_t fn_csum_fold(uint64_t sum)
{
	uint32_t half;

	sum += sum >> 32 | sum << 32;
	half = (uint32_t)(sum >> 32);
	half += half >> 16 | half << 16;
	return (uint16_t)(half >> 16);
}

/**
 * fn_csum_pseudo4 - sum of the pseudo header of TCP or UDP over IPv4 (RFC 9293 3.1, RFC 768)
 * @ip: the IPv4 header, 20 bytes at least
 * @proto: protocol
 * @l4_len: bytes of the TCP or UDP header and what is behind it; 0 where a device adds it itself
 *
 * Return: the sum, far from an overflow.
 */
static inline uint64_t fn_csum_pseudo4(const uint8_t *ip, uint8_t proto, uint32_t l4_len)
{
	uint32_t addrs[2];

	memcpy(addrs, ip + 12, sizeof(addrs));
	return (uint64_t)addrs[0] + addrs[1] + htobe32(l4_len) + htobe32(proto);
}

/**
 * fn_csum_pseudo6 - sum of the pseudo header of TCP or UDP over IPv6 (RFC 8200 8.1)
 * @ip: the IPv6 header, 40 bytes at least
 * @proto: protocol of the upper layer, behind all extension headers
 * @l4_len: bytes of the TCP or UDP header and what is behind it; 0 where a device adds it itself
 *
 * The destination is the header's: a packet with a routing header that is not done names another.
 *
 * Return: the sum, far from an overflow.
 */
static inline uint64_t fn_csum_pseudo6(const uint8_t *ip, uint8_t proto, uint32_t l4_len)
{
	uint32_t addrs[8];
	uint64_t sum = (uint64_t)htobe32(l4_len) + htobe32(proto);

	memcpy(addrs, ip + 8, sizeof(addrs));
	for (unsigned i = 0; i < 8; i++)
		sum += addrs[i];
	return sum;
}

#endif
