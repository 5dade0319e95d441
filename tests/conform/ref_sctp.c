// SPDX-License-Identifier: BSD-3-Clause
/* SCTP packets and their checksum, from RFC 9260. */
#include "conform/ref_sctp.h"

#include <string.h>

uint32_t ref_crc32c(const uint8_t *data, size_t len)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < len; i++) {
		crc ^= data[i];
		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
	}
	return ~crc;
}

uint32_t ref_sctp_frame(bool ipv6, unsigned n, uint16_t chunks, uint8_t *buf, const uint8_t *dst,
			const uint8_t *src, uint32_t *l4)
{
	struct flow flow = flow_make(ipv6, PROTO_SCTP, n);
	uint32_t crc;
	uint32_t len;

	flow.payload = (uint16_t)(REF_SCTP_HEADER + chunks);
	len = flow_frame(&flow, buf, dst, src);
	*l4 = len - flow.payload;
	put16(buf + *l4, (uint16_t)(1000 + n));
	put16(buf + *l4 + 2, 2000);
	put32(buf + *l4 + 4, 0x01020304u * (n + 1));
	memset(buf + *l4 + REF_SCTP_CSUM_AT, 0, 4);
	crc = ref_crc32c(buf + *l4, flow.payload);
	/* Appendix A: it is sent with its bytes in the other order. */
	for (unsigned i = 0; i < 4; i++)
		buf[*l4 + REF_SCTP_CSUM_AT + i] = (uint8_t)(crc >> 8 * i);
	return len;
}
