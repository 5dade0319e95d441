// SPDX-License-Identifier: BSD-3-Clause
/*
 * TCP segmentation: each piece has the headers of the whole with its own length, sequence number,
 * identification, flags and checksums.
 */
#include <string.h>

#include "conform/ref_csum.h"
#include "conform/ref_tso.h"

/* RFC 9293 3.1: FIN and PSH belong to the last piece; RFC 3168 6.1.2: CWR to the first. */
static uint8_t flags_of(uint8_t flags, bool first, bool last)
{
	if (!last)
		flags &= (uint8_t) ~(TCP_FIN | TCP_PSH);
	if (!first)
		flags &= (uint8_t)~TCP_CWR;
	return flags;
}

static void piece_headers(uint8_t *data, const struct layout *at, uint32_t from, uint32_t bytes,
			  uint32_t all, unsigned i)
{
	uint8_t *ip = data + at->l2_len;
	uint8_t *tcp = ip + at->l3_len;
	const uint32_t l4_bytes = at->l4_len + bytes;

	if (at->ipv6) {
		put16(ip + 4, (uint16_t)(at->l3_len - 40u + l4_bytes));
	} else {
		put16(ip + 2, (uint16_t)(at->l3_len + l4_bytes));
		put16(ip + 4, (uint16_t)(get16(ip + 4) + i));
	}
	put32(tcp + 4, get32(tcp + 4) + from);
	tcp[13] = flags_of(tcp[13], from == 0, from + bytes == all);
}

unsigned ref_tso(const uint8_t *frame, size_t len, unsigned mss, struct ref_segment *out,
		 unsigned most)
{
	const struct layout at = layout_of(frame, len);
	const uint32_t headers = (uint32_t)at.l2_len + at.l3_len + at.l4_len;
	const uint32_t all = (uint32_t)len - headers;
	unsigned n = 0;

	if (at.proto != PROTO_TCP || !mss || headers + mss > REF_TSO_BYTES)
		return 0;
	for (uint32_t from = 0; from < all && n < most; from += mss, n++) {
		const uint32_t bytes = all - from < mss ? all - from : mss;

		memcpy(out[n].data, frame, headers);
		memcpy(out[n].data + headers, frame + headers + from, bytes);
		out[n].len = headers + bytes;
		piece_headers(out[n].data, &at, from, bytes, all, n);
		ref_csum_fill(out[n].data, out[n].len);
	}
	return n;
}
