// SPDX-License-Identifier: BSD-3-Clause
/* The Toeplitz hash as its definition says: for each bit of the input, the key shifted so far. */
#include <arpa/inet.h>
#include <string.h>

#include "conform/ref_toeplitz.h"

static bool bit_of(const uint8_t *bytes, size_t bit)
{
	return (bytes[bit / 8] >> (7 - bit % 8) & 1) != 0;
}

/* The 32 bits of the key that begin at a bit. */
static uint32_t window(const uint8_t *key, size_t key_bytes, size_t at)
{
	uint32_t w = 0;

	for (size_t i = 0; i < 32; i++)
		w = w << 1 | (at + i < 8 * key_bytes && bit_of(key, at + i));
	return w;
}

uint32_t ref_toeplitz(const uint8_t *key, size_t key_bytes, const uint8_t *data, size_t len)
{
	uint32_t hash = 0;

	for (size_t i = 0; i < 8 * len; i++)
		if (bit_of(data, i))
			hash ^= window(key, key_bytes, i);
	return hash;
}

uint32_t ref_toeplitz_flow(const uint8_t *key, size_t key_bytes, const struct flow *flow,
			   bool ports)
{
	const size_t addr_bytes = flow->ipv6 ? 16 : 4;
	uint8_t input[36];

	memcpy(input, flow->saddr, addr_bytes);
	memcpy(input + addr_bytes, flow->daddr, addr_bytes);
	put16(input + 2 * addr_bytes, flow->sport);
	put16(input + 2 * addr_bytes + 2, flow->dport);
	return ref_toeplitz(key, key_bytes, input, 2 * addr_bytes + (ports ? 4 : 0));
}

const uint8_t ref_rss_key[40] = { 0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67,
				  0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb,
				  0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30,
				  0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa };

const struct ref_vector ref_rss_vectors[] = {
	{ false, "66.9.149.187", 2794, "161.142.100.80", 1766, 0x323e8fc2, 0x51ccc178 },
	{ false, "199.92.111.2", 14230, "65.69.140.83", 4739, 0xd718262a, 0xc626b0ea },
	{ false, "24.19.198.95", 12898, "12.22.207.184", 38024, 0xd2d0a5de, 0x5c2b394a },
	{ false, "38.27.205.30", 48228, "209.142.163.6", 2217, 0x82989176, 0xafc7327f },
	{ false, "153.39.163.191", 44251, "202.188.127.2", 1303, 0x5d1809c5, 0x10e828a2 },
	{ true, "3ffe:2501:200:1fff::7", 2794, "3ffe:2501:200:3::1", 1766, 0x2cc18cd5, 0x40207d3d },
	{ true, "3ffe:501:8::260:97ff:fe40:efab", 14230, "ff02::1", 4739, 0x0f0c461c, 0xdde51bbf },
	{ true, "3ffe:1900:4545:3:200:f8ff:fe21:67cf", 44251, "fe80::200:f8ff:fe21:67cf", 38024,
	  0x4b61e985, 0x02d1feef },
};

const unsigned ref_rss_vectors_n = sizeof(ref_rss_vectors) / sizeof(ref_rss_vectors[0]);

struct flow ref_vector_flow(const struct ref_vector *v)
{
	struct flow flow = flow_make(v->ipv6, PROTO_TCP, 0);
	const int family = v->ipv6 ? AF_INET6 : AF_INET;

	(void)inet_pton(family, v->saddr, flow.saddr);
	(void)inet_pton(family, v->daddr, flow.daddr);
	flow.sport = v->sport;
	flow.dport = v->dport;
	return flow;
}
