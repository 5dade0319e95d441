// SPDX-License-Identifier: BSD-3-Clause
/* Internet checksums as the RFCs say them: slow, plain, and not the library's. */
#include "conform/ref_csum.h"

uint32_t ref_sum(const void *data, size_t len, uint32_t sum)
{
	const uint8_t *p = data;

	for (size_t i = 0; i + 1 < len; i += 2)
		sum = ref_fold(sum) + (uint32_t)get16(p + i);
	/* RFC 1071 4.1: an odd byte is the high half of a word. */
	return len % 2 ? ref_fold(sum) + ((uint32_t)p[len - 1] << 8) : sum;
}

uint16_t ref_fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

uint32_t ref_pseudo_sum(const uint8_t *frame, const struct layout *at, uint32_t l4_bytes)
{
	const uint8_t *ip = frame + at->l2_len;
	const uint32_t sum = at->ipv6 ? ref_sum(ip + 8, 32, 0) : ref_sum(ip + 12, 8, 0);

	return ref_fold(sum) + (l4_bytes >> 16) + (l4_bytes & 0xffff) + at->proto;
}

/* Bytes of the transport's header and payload as the IP header says: what pads the frame is not. */
static uint32_t l4_bytes_of(const uint8_t *frame, const struct layout *at)
{
	const uint8_t *ip = frame + at->l2_len;

	return at->ipv6 ? get16(ip + 4) + 40u - at->l3_len : (uint32_t)get16(ip + 2) - at->l3_len;
}

static uint32_t csum_offset(const struct layout *at)
{
	return at->proto == PROTO_TCP ? 16 : 6;
}

static uint16_t l4_csum(const uint8_t *frame, const struct layout *at)
{
	const uint32_t bytes = l4_bytes_of(frame, at);
	const uint8_t *l4 = frame + at->l2_len + at->l3_len;

	return (uint16_t)~ref_fold(ref_sum(l4, bytes, ref_pseudo_sum(frame, at, bytes)));
}

void ref_csum_fill(uint8_t *frame, size_t len)
{
	const struct layout at = layout_of(frame, len);
	uint8_t *ip = frame + at.l2_len;
	uint8_t *csum = ip + at.l3_len + csum_offset(&at);
	uint16_t value;

	if (at.l3_len && !at.ipv6) {
		put16(ip + 10, 0);
		put16(ip + 10, (uint16_t)~ref_fold(ref_sum(ip, at.l3_len, 0)));
	}
	if (at.proto != PROTO_TCP && at.proto != PROTO_UDP)
		return;
	put16(csum, 0);
	value = l4_csum(frame, &at);
	/* RFC 768: zero means that there is none. */
	put16(csum, at.proto == PROTO_UDP && !value ? 0xffff : value);
}

bool ref_ip_csum_good(const uint8_t *frame, size_t len)
{
	const struct layout at = layout_of(frame, len);

	return at.l3_len && !at.ipv6 &&
	       ref_fold(ref_sum(frame + at.l2_len, at.l3_len, 0)) == 0xffff;
}

bool ref_l4_csum_good(const uint8_t *frame, size_t len)
{
	const struct layout at = layout_of(frame, len);

	return (at.proto == PROTO_TCP || at.proto == PROTO_UDP) && l4_csum(frame, &at) == 0;
}

bool ref_whole_good(const uint8_t *frame, size_t len)
{
	const struct layout at = layout_of(frame, len);
	const uint32_t l4_bytes = (uint32_t)len - at.l2_len - at.l3_len;
	const uint8_t *csum = frame + at.l2_len + at.l3_len + csum_offset(&at);

	return l4_bytes_of(frame, &at) == l4_bytes && (at.ipv6 || ref_ip_csum_good(frame, len)) &&
	       get16(csum) == ref_fold(ref_pseudo_sum(frame, &at, l4_bytes));
}

bool ref_csum_request(uint8_t *frame, size_t len, const struct wire_request *request)
{
	const size_t start = request->csum_start;
	const size_t field = start + request->csum_offset;
	uint16_t value;

	if (!(request->flags & WIRE_NEEDS_CSUM))
		return true;
	if (start >= len || field + 2 > len)
		return false;
	value = (uint16_t)~ref_fold(ref_sum(frame + start, len - start, 0));
	put16(frame + field, value ? value : 0xffff);
	return true;
}
