// SPDX-License-Identifier: BSD-3-Clause
/* What the models know of frames, against published vectors and against itself by another way. */
#include "model/model_build.h"
#include "model/model_test.h"

static void toeplitz(void **state)
{
	/* "Verifying the RSS Hash Calculation", Microsoft: without ports and with. */
	static const struct {
		uint32_t src, dst;
		uint16_t sport, dport;
		uint32_t ip, tcp;
	} v4[] = {
		{ 0x420995bb, 0xa18e6450, 2794, 1766, 0x323e8fc2, 0x51ccc178 },
		{ 0xc75c6f02, 0x41458c53, 14230, 4739, 0xd718262a, 0xc626b0ea },
		{ 0x1813c65f, 0x0c16cfb8, 12898, 38024, 0xd2d0a5de, 0x5c2b394a },
		{ 0x261bcd1e, 0xd18ea306, 48228, 2217, 0x82989176, 0xafc7327f },
		{ 0x9927a3bf, 0xcabc7f02, 44251, 1303, 0x5d1809c5, 0x10e828a2 },
	};
	static const uint8_t v6[36] = { 0x3f, 0xfe, 0x25, 0x01, 0x02, 0x00, 0x1f, 0xff, 0,
					0,    0,    0,    0,    0,    0,    7,    0x3f, 0xfe,
					0x25, 0x01, 0x02, 0x00, 0,    3,    0,    0,    0,
					0,    0,    0,    0,    1,    0x0a, 0xea, 0x06, 0xe6 };
	static uint8_t frame[MODEL_FRAME_MAX];
	uint8_t in[36];

	(void)state;
	for (unsigned i = 0; i < sizeof(v4) / sizeof(v4[0]); i++) {
		const struct model_build b = { .ip = 4,
					       .proto = MODEL_PROTO_TCP,
					       .sport = v4[i].sport,
					       .dport = v4[i].dport,
					       .src_addr = v4[i].src,
					       .dst_addr = v4[i].dst };
		const uint32_t len = model_build(frame, &b);
		const struct model_frame f = model_frame_parse(frame, len);

		assert_int_equal(model_rss_input(frame, &f, false, in), 8);
		assert_int_equal(model_toeplitz(rss_key, 40, in, 8), v4[i].ip);
		assert_int_equal(model_rss_input(frame, &f, true, in), 12);
		assert_int_equal(model_toeplitz(rss_key, 40, in, 12), v4[i].tcp);
	}
	assert_int_equal(model_toeplitz(rss_key, 40, v6, 32), 0x2cc18cd5);
	assert_int_equal(model_toeplitz(rss_key, 40, v6, 36), 0x40207d3d);
}

static void checksums(void **state)
{
	static const uint8_t protos[] = { MODEL_PROTO_TCP, MODEL_PROTO_UDP, MODEL_PROTO_SCTP };
	static uint8_t frame[MODEL_FRAME_MAX];

	(void)state;
	/* The check value of CRC32c. */
	assert_int_equal(model_crc32c((const uint8_t *)"123456789", 9), 0xe3069283);
	/* RFC 1071 section 3. */
	assert_int_equal(model_sum((const uint8_t *)"\x00\x01\xf2\x03\xf4\xf5\xf6\xf7", 8, 0),
			 0xddf2);
	for (unsigned i = 0; i < 3 * 2 * 2; i++) {
		struct model_build b = { .ip = i & 1 ? 6 : 4,
					 .proto = protos[i / 4],
					 .sport = 7,
					 .dport = 9,
					 .payload = 333,
					 .vlan = i & 2 ? 0x2005 : 0 };
		uint32_t len = model_build(frame, &b);
		struct model_frame f = model_frame_parse(frame, len);

		assert_int_equal(f.ip, b.ip);
		assert_int_equal(f.proto, b.proto);
		assert_int_equal(f.tags, b.vlan ? 1 : 0);
		assert_int_equal(f.tci, b.vlan);
		assert_int_equal(f.l4 + f.l4_hdr + b.payload, len);
		assert_int_equal(model_frame_ip_csum(frame, &f),
				 b.ip == 4 ? MODEL_CSUM_GOOD : MODEL_CSUM_NONE);
		assert_int_equal(model_frame_l4_csum(frame, &f), MODEL_CSUM_GOOD);
		b.bad_ip = b.bad_l4 = true;
		len = model_build(frame, &b);
		f = model_frame_parse(frame, len);
		assert_int_equal(model_frame_ip_csum(frame, &f),
				 b.ip == 4 ? MODEL_CSUM_BAD : MODEL_CSUM_NONE);
		assert_int_equal(model_frame_l4_csum(frame, &f), MODEL_CSUM_BAD);
	}
}

/* The upper layer's sum taken another way: of a copy behind a pseudo header as RFC 793 draws it. */
static void pseudo_header(void **state)
{
	static uint8_t frame[MODEL_FRAME_MAX];
	static uint8_t copy[40 + 512];

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		const struct model_build b = { .ip = i & 1 ? 6 : 4,
					       .proto = i & 2 ? MODEL_PROTO_TCP : MODEL_PROTO_UDP,
					       .sport = 3,
					       .payload = 201 };
		const uint32_t len = model_build(frame, &b);
		const struct model_frame f = model_frame_parse(frame, len);
		const uint8_t *ip = frame + f.l3;
		uint32_t n = 0;

		if (b.ip == 4) {
			memcpy(copy, ip + 12, 8);
			copy[8] = 0;
			copy[9] = b.proto;
			copy[10] = (uint8_t)(f.l4_bytes >> 8);
			copy[11] = (uint8_t)f.l4_bytes;
			n = 12;
		} else {
			memcpy(copy, ip + 8, 32);
			memset(copy + 32, 0, 8);
			copy[34] = (uint8_t)(f.l4_bytes >> 8);
			copy[35] = (uint8_t)f.l4_bytes;
			copy[39] = b.proto;
			n = 40;
		}
		memcpy(copy + n, frame + f.l4, f.l4_bytes);
		assert_int_equal(model_sum(copy, n + f.l4_bytes, 0), 0xffff);
	}
}

/* No length of a frame that is cut off makes the parser look behind its end (ASan watches). */
static void cut_off(void **state)
{
	static uint8_t frame[MODEL_FRAME_MAX];

	(void)state;
	for (unsigned ip = 4; ip <= 6; ip += 2) {
		const struct model_build b = {
			.ip = (uint8_t)ip, .proto = MODEL_PROTO_TCP, .vlan = 5, .payload = 20
		};
		const uint32_t all = model_build(frame, &b);

		for (uint32_t len = 0; len <= all; len++) {
			uint8_t *copy = test_malloc(len + 1);
			struct model_frame f;

			memcpy(copy, frame, len);
			f = model_frame_parse(copy, len);
			assert_true(f.l4 + f.l4_hdr <= len);
			(void)model_frame_l4_csum(copy, &f);
			test_free(copy);
		}
	}
}

struct collect {
	uint8_t payload[4000];
	uint32_t bytes;
	unsigned segments;
	uint32_t seq;
	uint16_t ip_id;
	uint8_t ip;
	uint32_t mss;
	uint8_t flags[8];
};

static void segment(void *arg, const uint8_t *frame, uint32_t len)
{
	struct collect *c = arg;
	const struct model_frame f = model_frame_parse(frame, len);
	const uint32_t hdr = f.l4 + f.l4_hdr;

	assert_int_equal(f.ip, c->ip);
	assert_int_not_equal(model_frame_ip_csum(frame, &f), MODEL_CSUM_BAD);
	assert_int_equal(model_frame_l4_csum(frame, &f), MODEL_CSUM_GOOD);
	assert_int_equal(f.l4 + f.l4_bytes, len);
	assert_true(len - hdr <= c->mss);
	assert_int_equal(model_be32(frame + f.l4 + 4), c->seq + c->bytes);
	if (f.ip == 4)
		assert_int_equal(model_be16(frame + f.l3 + 4), (uint16_t)(c->ip_id + c->segments));
	memcpy(c->payload + c->bytes, frame + hdr, len - hdr);
	c->bytes += len - hdr;
	c->flags[c->segments++] = frame[f.l4 + 13];
}

static void tso(void **state)
{
	static uint8_t frame[MODEL_FRAME_MAX];
	struct collect c;

	(void)state;
	for (unsigned ip = 4; ip <= 6; ip += 2) {
		const struct model_build b = { .ip = (uint8_t)ip,
					       .proto = MODEL_PROTO_TCP,
					       .vlan = ip == 6 ? 7 : 0,
					       .seq = 77,
					       .payload = 3001 };
		const uint32_t len = model_build(frame, &b);
		const struct model_frame f = model_frame_parse(frame, len);

		memset(&c, 0, sizeof(c));
		c.ip = (uint8_t)ip;
		c.seq = model_be32(frame + f.l4 + 4);
		c.ip_id = 77;
		c.mss = 1000;
		frame[f.l4 + 13] = 0x99; /* CWR, ACK, PSH, FIN */
		assert_int_equal(model_tso(frame, len, f.l4 + f.l4_hdr, 1000, segment, &c), 4);
		assert_int_equal(c.segments, 4);
		assert_int_equal(c.bytes, 3001);
		assert_memory_equal(c.payload, frame + f.l4 + f.l4_hdr, 3001);
		assert_memory_equal(c.flags, "\x90\x10\x10\x19", 4);
		assert_int_equal(model_tso(frame, len, f.l4, 1000, segment, &c), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(toeplitz),      cmocka_unit_test(checksums),
		cmocka_unit_test(pseudo_header), cmocka_unit_test(cut_off),
		cmocka_unit_test(tso),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
