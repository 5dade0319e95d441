// SPDX-License-Identifier: BSD-3-Clause
/* The Internet checksum over memory and over the segments of a packet. */
#include "pkt/csum.h"

/* A carry out of the highest bit comes in at the lowest. */
static inline uint64_t add_carry(uint64_t sum, uint64_t v)
{
	sum += v;
	return sum + (sum < v);
}

uint64_t fn_csum_add(uint64_t sum, const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t word;

	for (; len >= sizeof(word); len -= sizeof(word), p += sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		sum = add_carry(sum, word);
	}
	/* Zeros behind the end change nothing. */
	word = 0;
	memcpy(&word, p, len);
	return add_carry(sum, word);
}

uint64_t fn_csum_add_pkt(uint64_t sum, const struct fn_pkt *pkt, uint32_t off)
{
	bool odd = false;

	for (; pkt; pkt = pkt->next) {
		const uint32_t skip = off < pkt->len ? off : pkt->len;
		const uint32_t len = pkt->len - skip;
		uint16_t part = fn_csum_fold(fn_csum_add(0, pkt->data + skip, len));

		off -= skip;
		/* Behind an odd byte the halves of each word have changed places (RFC 1071 2.B). */
		if (odd)
			part = __builtin_bswap16(part);
		sum = add_carry(sum, part);
		odd ^= len & 1;
	}
	return sum;
}
