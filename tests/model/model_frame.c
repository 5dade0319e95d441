// SPDX-License-Identifier: BSD-3-Clause
/* Where a frame's headers are, and their checksums. */
#include <string.h>

#include "model/model_frame.h"

bool model_mac_is_broadcast(const uint8_t *mac)
{
	static const uint8_t ones[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

	return memcmp(mac, ones, sizeof(ones)) == 0;
}

/* RFC 791. */
static void parse_ipv4(const uint8_t *frame, uint32_t len, struct model_frame *f)
{
	const uint8_t *ip = frame + f->l3;
	const uint32_t room = len - f->l3;
	uint32_t hdr;
	uint32_t total;

	if (room < 20 || ip[0] >> 4 != 4)
		return;
	hdr = (ip[0] & 15u) * 4;
	total = model_be16(ip + 2);
	/* What shall be segmented may be longer than 16 bits or say 0: then the frame's counts. */
	if (total == 0 || total > room)
		total = room;
	if (hdr < 20 || total < hdr)
		return;
	f->ip = 4;
	f->proto = ip[9];
	f->fragment = (model_be16(ip + 6) & 0x3fff) != 0;
	f->l4 = f->fragment ? 0 : f->l3 + hdr;
	f->l4_bytes = total - hdr;
}

/* RFC 8200: hop-by-hop, routing and destination options have one form; a fragment ends the look. */
static void parse_ipv6(const uint8_t *frame, uint32_t len, struct model_frame *f)
{
	const uint8_t *ip = frame + f->l3;
	uint32_t room = len - f->l3;
	uint32_t off = 40;
	uint32_t payload;

	if (room < 40 || ip[0] >> 4 != 6)
		return;
	payload = model_be16(ip + 4);
	if (payload && payload + 40 < room)
		room = payload + 40;
	f->ip = 6;
	f->proto = ip[6];
	while (f->proto == 0 || f->proto == 43 || f->proto == 60 || f->proto == 44) {
		f->extensions = true;
		if (room < off + 8)
			return;
		if (f->proto == 44) {
			f->fragment = true;
			f->proto = ip[off];
			return;
		}
		f->proto = ip[off];
		off += (ip[off + 1] + 1u) * 8;
	}
	if (off > room)
		return;
	f->l4 = f->l3 + off;
	f->l4_bytes = room - off;
}

static uint32_t l4_header(const uint8_t *l4, const struct model_frame *f)
{
	uint32_t hdr;

	switch (f->proto) {
	case MODEL_PROTO_TCP:
		if (f->l4_bytes < 20)
			return 0;
		hdr = (uint32_t)(l4[12] >> 4) * 4;
		return hdr >= 20 && hdr <= f->l4_bytes ? hdr : 0;
	case MODEL_PROTO_UDP:
		return f->l4_bytes >= 8 ? 8 : 0;
	case MODEL_PROTO_SCTP:
		return f->l4_bytes >= 12 ? 12 : 0;
	default:
		return 0;
	}
}

struct model_frame model_frame_parse(const uint8_t *frame, uint32_t len)
{
	struct model_frame f = { 0 };

	if (len < 14)
		return f;
	f.l3 = 14;
	f.type = model_be16(frame + 12);
	while ((f.type == 0x8100 || f.type == 0x88a8) && f.tags < 2 && len >= f.l3 + 4) {
		if (!f.tags)
			f.tci = model_be16(frame + f.l3);
		f.type = model_be16(frame + f.l3 + 2);
		f.tags++;
		f.l3 += 4;
	}
	if (f.type == 0x0800)
		parse_ipv4(frame, len, &f);
	else if (f.type == 0x86dd)
		parse_ipv6(frame, len, &f);
	if (f.l4)
		f.l4_hdr = l4_header(frame + f.l4, &f);
	return f;
}

uint16_t model_sum(const uint8_t *p, size_t len, uint16_t sum)
{
	uint64_t acc = sum;

	for (size_t i = 0; i + 1 < len; i += 2)
		acc += model_be16(p + i);
	if (len & 1)
		acc += (uint64_t)p[len - 1] << 8;
	while (acc >> 16)
		acc = (acc & 0xffff) + (acc >> 16);
	return (uint16_t)acc;
}

uint16_t model_pseudo_sum(const uint8_t *frame, const struct model_frame *f, uint32_t l4_bytes)
{
	uint8_t tail[8] = { 0 };
	uint16_t sum;

	sum = f->ip == 4 ? model_sum(frame + f->l3 + 12, 8, 0) :
			   model_sum(frame + f->l3 + 8, 32, 0);
	model_put_be32(tail, l4_bytes);
	tail[7] = f->proto;
	return model_sum(tail, sizeof(tail), sum);
}

uint32_t model_crc32c(const uint8_t *p, size_t len)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < len; i++) {
		crc ^= p[i];
		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
	}
	return ~crc;
}

uint32_t model_l4_csum_offset(uint8_t proto)
{
	return proto == MODEL_PROTO_TCP ? 16 : proto == MODEL_PROTO_UDP ? 6 : 8;
}

static uint32_t sctp_crc(const uint8_t *l4, const struct model_frame *f)
{
	static uint8_t copy[MODEL_FRAME_MAX];

	memcpy(copy, l4, f->l4_bytes);
	memset(copy + 8, 0, 4);
	return model_crc32c(copy, f->l4_bytes);
}

enum model_csum model_frame_ip_csum(const uint8_t *frame, const struct model_frame *f)
{
	const uint8_t *ip = frame + f->l3;

	if (f->ip != 4)
		return MODEL_CSUM_NONE;
	return model_sum(ip, (ip[0] & 15u) * 4, 0) == 0xffff ? MODEL_CSUM_GOOD : MODEL_CSUM_BAD;
}

enum model_csum model_frame_l4_csum(const uint8_t *frame, const struct model_frame *f)
{
	const uint8_t *l4 = frame + f->l4;
	uint32_t crc;

	if (!f->l4_hdr)
		return MODEL_CSUM_NONE;
	if (f->proto == MODEL_PROTO_SCTP) {
		crc = sctp_crc(l4, f);
		return l4[8] == (uint8_t)crc && l4[9] == (uint8_t)(crc >> 8) &&
				       l4[10] == (uint8_t)(crc >> 16) &&
				       l4[11] == (uint8_t)(crc >> 24) ?
			       MODEL_CSUM_GOOD :
			       MODEL_CSUM_BAD;
	}
	if (f->proto == MODEL_PROTO_UDP && f->ip == 4 && model_be16(l4 + 6) == 0)
		return MODEL_CSUM_NONE;
	return model_sum(l4, f->l4_bytes, model_pseudo_sum(frame, f, f->l4_bytes)) == 0xffff ?
		       MODEL_CSUM_GOOD :
		       MODEL_CSUM_BAD;
}

void model_frame_set_ip_csum(uint8_t *frame, const struct model_frame *f)
{
	uint8_t *ip = frame + f->l3;

	if (f->ip != 4)
		return;
	model_put_be16(ip + 10, 0);
	model_put_be16(ip + 10, (uint16_t)~model_sum(ip, (ip[0] & 15u) * 4, 0));
}

void model_frame_set_l4_csum(uint8_t *frame, const struct model_frame *f)
{
	uint8_t *l4 = frame + f->l4;
	uint16_t sum;
	uint32_t crc;

	if (!f->l4_hdr)
		return;
	if (f->proto == MODEL_PROTO_SCTP) {
		crc = sctp_crc(l4, f);
		for (unsigned i = 0; i < 4; i++)
			l4[8 + i] = (uint8_t)(crc >> (8 * i));
		return;
	}
	model_put_be16(l4 + model_l4_csum_offset(f->proto), 0);
	sum = (uint16_t)~model_sum(l4, f->l4_bytes, model_pseudo_sum(frame, f, f->l4_bytes));
	/* RFC 768: a sum of 0 is sent as all ones. */
	if (!sum && f->proto == MODEL_PROTO_UDP)
		sum = 0xffff;
	model_put_be16(l4 + model_l4_csum_offset(f->proto), sum);
}
