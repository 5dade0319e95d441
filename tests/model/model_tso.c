// SPDX-License-Identifier: BSD-3-Clause
/* Segmentation of TCP as devices do it. */
#include <string.h>

#include "model/model_frame.h"

#define TCP_FIN 0x01u
#define TCP_PSH 0x08u
#define TCP_CWR 0x80u

unsigned model_tso(const uint8_t *frame, uint32_t len, uint32_t hdr_len, uint32_t mss,
		   void (*emit)(void *arg, const uint8_t *segment, uint32_t len), void *arg)
{
	static uint8_t seg[MODEL_FRAME_MAX];
	const struct model_frame whole = model_frame_parse(frame, len);
	uint32_t off = hdr_len;
	unsigned n = 0;

	if (!whole.l4_hdr || whole.proto != MODEL_PROTO_TCP || !mss ||
	    hdr_len != whole.l4 + whole.l4_hdr || hdr_len > len || len > sizeof(seg))
		return 0;
	do {
		const uint32_t bytes = len - off < mss ? len - off : mss;
		const bool last = off + bytes == len;
		uint8_t *ip = seg + whole.l3;
		uint8_t *tcp = seg + whole.l4;
		struct model_frame f;

		memcpy(seg, frame, hdr_len);
		memcpy(seg + hdr_len, frame + off, bytes);
		if (whole.ip == 4) {
			model_put_be16(ip + 2, (uint16_t)(hdr_len - whole.l3 + bytes));
			model_put_be16(ip + 4, (uint16_t)(model_be16(ip + 4) + n));
		} else {
			model_put_be16(ip + 4, (uint16_t)(hdr_len - whole.l3 - 40 + bytes));
		}
		model_put_be32(tcp + 4, model_be32(tcp + 4) + (off - hdr_len));
		if (!last)
			tcp[13] &= (uint8_t) ~(TCP_FIN | TCP_PSH);
		if (n)
			tcp[13] &= (uint8_t)~TCP_CWR;
		f = model_frame_parse(seg, hdr_len + bytes);
		model_frame_set_ip_csum(seg, &f);
		model_frame_set_l4_csum(seg, &f);
		emit(arg, seg, hdr_len + bytes);
		off += bytes;
		n++;
	} while (off < len);
	return n;
}
