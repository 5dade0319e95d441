// SPDX-License-Identifier: BSD-3-Clause
/* The RSS hash of a frame. */
#include <string.h>

#include "model/model_frame.h"

static bool bit_of(const uint8_t *p, size_t len, size_t bit)
{
	return bit / 8 < len && (p[bit / 8] >> (7 - bit % 8) & 1);
}

/* For each bit of the input that is set, the 32 bits of the key that start at its place. */
uint32_t model_toeplitz(const uint8_t *key, size_t key_len, const uint8_t *in, size_t len)
{
	uint32_t window = 0;
	uint32_t hash = 0;

	for (size_t bit = 0; bit < 32; bit++)
		window = window << 1 | bit_of(key, key_len, bit);
	for (size_t bit = 0; bit < len * 8; bit++) {
		if (bit_of(in, len, bit))
			hash ^= window;
		window = window << 1 | bit_of(key, key_len, bit + 32);
	}
	return hash;
}

size_t model_rss_input(const uint8_t *frame, const struct model_frame *f, bool ports,
		       uint8_t in[36])
{
	const size_t addrs = f->ip == 4 ? 8 : 32;

	if (!f->ip)
		return 0;
	memcpy(in, frame + f->l3 + (f->ip == 4 ? 12 : 8), addrs);
	if (!ports)
		return addrs;
	memcpy(in + addrs, frame + f->l4, 4);
	return addrs + 4;
}
