// SPDX-License-Identifier: BSD-3-Clause
/* Frames for tests. */
#include <string.h>

#include "model/model_build.h"

static uint32_t put_ip(uint8_t *ip, const struct model_build *b, uint32_t payload)
{
	memset(ip, 0, 40);
	if (b->ip == 4) {
		ip[0] = 0x45;
		model_put_be16(ip + 2, (uint16_t)(20 + payload));
		model_put_be16(ip + 4, (uint16_t)b->seq);
		ip[6] = 0x40; /* don't fragment */
		ip[8] = 64;
		ip[9] = b->proto ? b->proto : 253;
		model_put_be32(ip + 12, b->src_addr ? b->src_addr : 0x0a010000u + b->sport);
		model_put_be32(ip + 16, b->dst_addr ? b->dst_addr : 0x0a000001u);
		return 20;
	}
	ip[0] = 0x60;
	model_put_be16(ip + 4, (uint16_t)payload);
	ip[6] = b->proto ? b->proto : 253;
	ip[7] = 64;
	model_put_be32(ip + 8, 0xfd000001u);
	model_put_be32(ip + 20, b->sport);
	model_put_be32(ip + 24, 0xfd000002u);
	ip[39] = 1;
	return 40;
}

static uint32_t put_l4(uint8_t *l4, const struct model_build *b)
{
	const uint32_t bytes = b->proto == MODEL_PROTO_TCP  ? 20 :
			       b->proto == MODEL_PROTO_UDP  ? 8 :
			       b->proto == MODEL_PROTO_SCTP ? 12 :
							      0;

	if (!l4 || !bytes)
		return bytes;
	memset(l4, 0, bytes);
	model_put_be16(l4, b->sport);
	model_put_be16(l4 + 2, b->dport);
	if (b->proto == MODEL_PROTO_TCP) {
		model_put_be32(l4 + 4, b->seq * 1000003u);
		l4[12] = 0x50;
		l4[13] = 0x18; /* ACK, PSH */
		model_put_be16(l4 + 14, 512);
	} else if (b->proto == MODEL_PROTO_UDP) {
		model_put_be16(l4 + 4, (uint16_t)(8 + b->payload));
	}
	return bytes;
}

uint32_t model_build(uint8_t *frame, const struct model_build *b)
{
	static const uint8_t own[6] = { 0x52, 0x54, 0x00, 0x12, 0x34, 0x56 };
	static const uint8_t peer[6] = { 0x02, 0x00, 0x00, 0x00, 0x00, 0x99 };
	static const uint8_t none[6];
	uint32_t len = 12;
	struct model_frame f;

	memcpy(frame, memcmp(b->dst, none, 6) ? b->dst : own, 6);
	memcpy(frame + 6, peer, 6);
	if (b->vlan) {
		model_put_be16(frame + len, 0x8100);
		model_put_be16(frame + len + 2, b->vlan);
		len += 4;
	}
	model_put_be16(frame + len, b->ip == 4 ? 0x0800 : b->ip == 6 ? 0x86dd : 0x88b5);
	len += 2;
	if (b->ip) {
		len += put_ip(frame + len, b, put_l4(NULL, b) + b->payload);
		len += put_l4(frame + len, b);
	}
	for (uint32_t i = 0; i < b->payload; i++)
		frame[len + i] = (uint8_t)(1 + (b->seq * 131 + i * 7) % 255);
	len += b->payload;
	f = model_frame_parse(frame, len);
	model_frame_set_ip_csum(frame, &f);
	model_frame_set_l4_csum(frame, &f);
	if (b->bad_ip && f.ip == 4)
		frame[f.l3 + 10] ^= 0x5a;
	if (f.l4_hdr && b->bad_l4)
		frame[f.l4 + model_l4_csum_offset(f.proto)] ^= 0x5a;
	if (f.l4_hdr && b->no_l4)
		model_put_be16(frame + f.l4 + 6, 0);
	return len;
}
