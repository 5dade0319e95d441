// SPDX-License-Identifier: BSD-3-Clause
/* The Internet checksum against a plain reference: lengths, offsets, segments, carries. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "pkt/csum.h"

#define BYTES 300u

/* RFC 1071 as it reads: words of 16 bits in network order, carries brought round at once. */
static uint16_t plain_sum(const uint8_t *data, size_t len, uint16_t sum)
{
	uint32_t acc = sum;

	for (size_t i = 0; i < len; i++) {
		acc += i % 2 ? data[i] : (uint32_t)data[i] << 8;
		acc = (acc & 0xffff) + (acc >> 16);
	}
	return (uint16_t)acc;
}

/* What the library's sum is once it is stored. */
static uint16_t stored(uint64_t sum)
{
	const uint16_t folded = fn_csum_fold(sum);
	uint8_t bytes[2];

	memcpy(bytes, &folded, sizeof(bytes));
	return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static uint32_t random_next(void)
{
	static uint32_t state = 12345;

	state = state * 1664525u + 1013904223u;
	return state >> 8;
}

static void fill(uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		data[i] = (uint8_t)random_next();
}

static void each_length_at_each_offset(void **state)
{
	uint8_t data[BYTES];

	(void)state;
	fill(data, sizeof(data));
	for (size_t off = 0; off < 17; off++)
		for (size_t len = 0; len + off <= 200; len++)
			assert_int_equal(stored(fn_csum_add(0, data + off, len)),
					 plain_sum(data + off, len, 0));
}

/* The most carries that there can be, and a sum that goes on where another ended. */
static void carries(void **state)
{
	uint8_t ones[BYTES];
	uint64_t sum;

	(void)state;
	memset(ones, 0xff, sizeof(ones));
	for (size_t len = 0; len <= BYTES; len++)
		assert_int_equal(stored(fn_csum_add(0, ones, len)), plain_sum(ones, len, 0));
	sum = fn_csum_add(UINT64_MAX, ones, 8);
	assert_int_equal(stored(sum), 0xffff);
	assert_int_equal(fn_csum_fold(UINT64_MAX), 0xffff);
	assert_int_equal(fn_csum_fold(0x10000), 1);
	assert_int_equal(fn_csum_fold(0x1fffe0001ffff), 1);
	assert_int_equal(fn_csum_fold(0), 0);
	fill(ones, sizeof(ones));
	for (size_t at = 0; at < BYTES; at += 2)
		assert_int_equal(stored(fn_csum_add(fn_csum_add(0, ones, at), ones + at,
						    BYTES - at)),
				 plain_sum(ones, BYTES, 0));
}

/* A packet of segments of any length, also none, sums up as one piece from any byte on. */
static void segments(void **state)
{
	struct fn_pkt segs[8];
	uint8_t data[BYTES];

	(void)state;
	for (unsigned round = 0; round < 2000; round++) {
		const unsigned n = 1 + random_next() % 8;
		uint32_t at = 0;
		uint32_t off;

		fill(data, sizeof(data));
		memset(segs, 0, sizeof(segs));
		for (unsigned i = 0; i < n; i++) {
			segs[i].data = data + at;
			segs[i].len = (uint16_t)(random_next() % 38);
			segs[i].next = i + 1 < n ? &segs[i + 1] : NULL;
			at += segs[i].len;
		}
		off = at ? random_next() % (at + 1) : 0;
		assert_int_equal(stored(fn_csum_add_pkt(0, segs, off)),
				 plain_sum(data + off, at - off, 0));
	}
}

static void pseudo_headers(void **state)
{
	uint8_t ip[40];
	uint8_t pseudo[40];

	(void)state;
	for (unsigned round = 0; round < 1000; round++) {
		const uint8_t proto = round % 2 ? FN_IPPROTO_TCP : FN_IPPROTO_UDP;
		const uint32_t len = round % 3 ? random_next() % 65536 : random_next();

		fill(ip, sizeof(ip));
		memset(pseudo, 0, sizeof(pseudo));
		memcpy(pseudo, ip + 8, 32);
		pseudo[32] = (uint8_t)(len >> 24);
		pseudo[33] = (uint8_t)(len >> 16);
		pseudo[34] = (uint8_t)(len >> 8);
		pseudo[35] = (uint8_t)len;
		pseudo[39] = proto;
		assert_int_equal(stored(fn_csum_pseudo6(ip, proto, len)), plain_sum(pseudo, 40, 0));
		memcpy(pseudo, ip + 12, 8);
		pseudo[8] = 0;
		pseudo[9] = proto;
		pseudo[10] = (uint8_t)(len >> 8);
		pseudo[11] = (uint8_t)len;
		assert_int_equal(stored(fn_csum_pseudo4(ip, proto, len & 0xffff)),
				 plain_sum(pseudo, 12, 0));
	}
}

/* The example of RFC 1071 3. */
static void published_example(void **state)
{
	static const uint8_t data[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7 };

	(void)state;
	assert_int_equal(stored(fn_csum_add(0, data, sizeof(data))), 0xddf2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_length_at_each_offset),
		cmocka_unit_test(carries),
		cmocka_unit_test(segments),
		cmocka_unit_test(pseudo_headers),
		cmocka_unit_test(published_example),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
