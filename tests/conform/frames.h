/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames whose every byte is known by a number, and the packets that offloads work on. */
#ifndef FN_TESTS_CONFORM_FRAMES_H
#define FN_TESTS_CONFORM_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_MAX 65700u
#define FRAME_MIN 14u
#define FRAME_PADDED 60u /* without CRC (802.3 4A.2.3.2.4) */
#define ETH_ADDRS 12u
#define ETH_HEADER 14u
#define ETH_TYPE_TEST 0x88b5u /* 802 9.2.4: for experiments on one network */

/* The station at the wire's other end. */
extern const uint8_t peer_mac[6];

/*
 * Frame number @seq of @len bytes, 14 or more, from the peer or, with @to_peer, to it; @mac is the
 * device's. The number stands in the address of neither but in the last bytes of the sender's, so
 * that the shortest frame has it too.
 */
void frame_fill(uint8_t *buf, unsigned seq, uint32_t len, const uint8_t *mac, bool to_peer);

/* The number in a frame. */
unsigned frame_seq(const uint8_t *frame);

/**
 * struct flow - an IP packet to make
 * @ipv6: IPv6, not IPv4
 * @proto: 6 TCP, 17 UDP, or anything else for a packet without ports
 * @saddr: source address: 4 or 16 bytes
 * @daddr: destination address
 * @sport: source port
 * @dport: destination port
 * @vlan: VLAN tag control information, or -1
 * @payload: bytes behind the headers
 * @tcp_options: bytes of options, a multiple of 4
 * @ip_options: bytes of IPv4 options, a multiple of 4
 * @tcp_seq: TCP sequence number
 * @tcp_flags: TCP flags
 * @ip_id: IPv4 identification
 */
struct flow {
	bool ipv6;
	uint8_t proto;
	uint8_t saddr[16];
	uint8_t daddr[16];
	uint16_t sport;
	uint16_t dport;
	int vlan;
	uint16_t payload;
	uint8_t tcp_options;
	uint8_t ip_options;
	uint32_t tcp_seq;
	uint8_t tcp_flags;
	uint16_t ip_id;
};

#define PROTO_TCP 6u
#define PROTO_UDP 17u
#define TCP_FIN 0x01u
#define TCP_PSH 0x08u
#define TCP_ACK 0x10u
#define TCP_CWR 0x80u

/* Where headers of a frame begin and how long they are; found by reading it. */
struct layout {
	uint16_t l2_len;
	uint16_t l3_len;
	uint16_t l4_len;
	uint8_t proto;
	bool ipv6;
	bool vlan;
};

/* Some flow that differs with @n in addresses and ports. */
struct flow flow_make(bool ipv6, uint8_t proto, unsigned n);

/* Its frame, with all checksums right; returns bytes. */
uint32_t flow_frame(const struct flow *flow, uint8_t *buf, const uint8_t *dst, const uint8_t *src);

struct layout layout_of(const uint8_t *frame, size_t len);

static inline uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static inline void put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void put32(uint8_t *p, uint32_t v)
{
	put16(p, (uint16_t)(v >> 16));
	put16(p + 2, (uint16_t)v);
}

#endif
