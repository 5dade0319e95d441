// SPDX-License-Identifier: BSD-3-Clause
/* Frames whose every byte is known by a number, and the packets that offloads work on. */
#include <string.h>

#include "conform/frames.h"
#include "conform/ref_csum.h"

#define TYPE_IPV4 0x0800u
#define TYPE_IPV6 0x86ddu
#define TYPE_VLAN 0x8100u
#define TYPE_OUTER 0x88a8u

const uint8_t peer_mac[6] = { 0x02, 0x70, 0xee, 0x00, 0x00, 0x01 };

void frame_fill(uint8_t *buf, unsigned seq, uint32_t len, const uint8_t *mac, bool to_peer)
{
	memcpy(buf, to_peer ? peer_mac : mac, 6);
	buf[6] = 0x02;
	buf[7] = to_peer ? 0xd0 : 0xee;
	put32(buf + 8, seq);
	put16(buf + 12, ETH_TYPE_TEST);
	for (uint32_t i = ETH_HEADER; i < len; i++)
		buf[i] = (uint8_t)(1 + (seq * 131 + i * 7) % 255);
}

unsigned frame_seq(const uint8_t *frame)
{
	return get32(frame + 8);
}

struct flow flow_make(bool ipv6, uint8_t proto, unsigned n)
{
	struct flow flow = { .ipv6 = ipv6,
			     .proto = proto,
			     .sport = (uint16_t)(20000 + n * 7),
			     .dport = (uint16_t)(443 + n * 3 + n / 2),
			     .vlan = -1,
			     .payload = 100,
			     .tcp_seq = 0x12345678 + n,
			     .tcp_flags = TCP_ACK | TCP_PSH,
			     .ip_id = (uint16_t)(0x4321 + n) };
	const size_t bytes = ipv6 ? 16 : 4;

	for (size_t i = 0; i < bytes; i++) {
		flow.saddr[i] = (uint8_t)(1 + i * 17 + (i + 1 == bytes ? n : 0));
		flow.daddr[i] = (uint8_t)(2 + i * 29 + (i + 2 == bytes ? n : 0));
	}
	/* Neither a group nor the host itself. */
	flow.saddr[0] = ipv6 ? 0xfd : 10;
	flow.daddr[0] = ipv6 ? 0xfd : 10;
	return flow;
}

static uint32_t l2_put(const struct flow *flow, uint8_t *buf, const uint8_t *dst,
		       const uint8_t *src)
{
	uint32_t at = ETH_ADDRS;

	memcpy(buf, dst, 6);
	memcpy(buf + 6, src, 6);
	if (flow->vlan >= 0) {
		put16(buf + at, TYPE_VLAN);
		put16(buf + at + 2, (uint16_t)flow->vlan);
		at += 4;
	}
	put16(buf + at, flow->ipv6 ? TYPE_IPV6 : TYPE_IPV4);
	return at + 2;
}

static uint32_t ip_put(const struct flow *flow, uint8_t *ip, uint32_t l4_bytes)
{
	const uint32_t len = 20u + flow->ip_options;

	if (flow->ipv6) {
		put32(ip, 0x60000000);
		put16(ip + 4, (uint16_t)l4_bytes);
		ip[6] = flow->proto;
		ip[7] = 64;
		memcpy(ip + 8, flow->saddr, 16);
		memcpy(ip + 24, flow->daddr, 16);
		return 40;
	}
	memset(ip, 0, len);
	ip[0] = (uint8_t)(0x40 | len / 4);
	put16(ip + 2, (uint16_t)(len + l4_bytes));
	put16(ip + 4, flow->ip_id);
	ip[6] = 0x40;
	ip[8] = 64;
	ip[9] = flow->proto;
	memcpy(ip + 12, flow->saddr, 4);
	memcpy(ip + 16, flow->daddr, 4);
	/* No operation (RFC 791 3.1), as often as there is room. */
	memset(ip + 20, 1, flow->ip_options);
	return len;
}

static uint32_t l4_len(const struct flow *flow)
{
	switch (flow->proto) {
	case PROTO_TCP:
		return 20u + flow->tcp_options;
	case PROTO_UDP:
		return 8;
	default:
		return 0;
	}
}

static void l4_put(const struct flow *flow, uint8_t *l4)
{
	const uint32_t len = l4_len(flow);

	if (!len)
		return;
	memset(l4, 0, len);
	put16(l4, flow->sport);
	put16(l4 + 2, flow->dport);
	if (flow->proto == PROTO_UDP) {
		put16(l4 + 4, (uint16_t)(8 + flow->payload));
		return;
	}
	put32(l4 + 4, flow->tcp_seq);
	put32(l4 + 8, 0x9abcdef0);
	l4[12] = (uint8_t)(len / 4 << 4);
	l4[13] = flow->tcp_flags;
	put16(l4 + 14, 0x2000);
	memset(l4 + 20, 1, flow->tcp_options);
}

uint32_t flow_frame(const struct flow *flow, uint8_t *buf, const uint8_t *dst, const uint8_t *src)
{
	const uint32_t l4_bytes = l4_len(flow) + flow->payload;
	uint32_t at = l2_put(flow, buf, dst, src);

	at += ip_put(flow, buf + at, l4_bytes);
	l4_put(flow, buf + at);
	at += l4_len(flow);
	for (uint32_t i = 0; i < flow->payload; i++)
		buf[at + i] = (uint8_t)(i * 13 + flow->sport + (i >> 8));
	ref_csum_fill(buf, at + flow->payload);
	return at + flow->payload;
}

static void l4_find(struct layout *at, const uint8_t *frame, size_t len, uint8_t proto)
{
	const size_t l4 = (size_t)at->l2_len + at->l3_len;

	if (proto == PROTO_TCP && l4 + 20 <= len) {
		at->proto = proto;
		at->l4_len = (uint16_t)((frame[l4 + 12] >> 4) * 4);
	} else if (proto == PROTO_UDP && l4 + 8 <= len) {
		at->proto = proto;
		at->l4_len = 8;
	}
}

struct layout layout_of(const uint8_t *frame, size_t len)
{
	struct layout at = { .l2_len = ETH_HEADER };
	uint16_t type = get16(frame + ETH_ADDRS);

	while ((type == TYPE_VLAN || type == TYPE_OUTER) && at.l2_len < ETH_HEADER + 8) {
		at.vlan = true;
		at.l2_len += 4;
		type = get16(frame + at.l2_len - 2);
	}
	if (type == TYPE_IPV4 && at.l2_len + 20u <= len) {
		at.l3_len = (uint16_t)((frame[at.l2_len] & 15) * 4);
		l4_find(&at, frame, len, frame[at.l2_len + 9]);
	} else if (type == TYPE_IPV6 && at.l2_len + 40u <= len) {
		at.ipv6 = true;
		at.l3_len = 40;
		l4_find(&at, frame, len, frame[at.l2_len + 6]);
	}
	return at;
}
