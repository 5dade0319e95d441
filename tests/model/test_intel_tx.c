// SPDX-License-Identifier: BSD-3-Clause
/* The Intel model, 82574 and 82576: what goes out, and drivers that ask for it wrongly. */
#include "model/intel_port.h"

static uint8_t want[MODEL_FRAME_MAX];

/* Every length of interest, three laps of each ring, at sizes from the smallest on. */
static void laps(void **state)
{
	static const uint32_t sizes[] = { 8, 64, 1024 };
	struct intel_standin_rx rx;

	(void)state;
	for (unsigned s = 0; s < 3; s++) {
		up_opts((struct intel_standin_opts){ .ring = sizes[s] });
		for (unsigned seq = 0; seq < 3 * sizes[s] + 5; seq++) {
			const struct model_build b = { .seq = seq, .payload = seq * 7 % 1501 };
			const uint32_t len = model_build(frame, &b);
			const uint32_t full = len < 60 ? 60 : len;

			memset(frame + len, 0, 60);
			assert_int_equal(intel_dev_receive(&id, frame, len), 0);
			assert_int_equal(intel_standin_recv(&is, 0, got, &rx), full);
			assert_memory_equal(got, frame, full);
			assert_int_equal(rx.descs, 1);
			assert_int_equal(intel_standin_recv(&is, 0, got, &rx), -EAGAIN);
			wire.n = 0;
			/* Less than 17 bytes it does not pad. */
			assert_true(intel_standin_send(&is, 0, frame, len < 17 ? 17 : len,
						       &(struct intel_standin_tx){
							       .parts = 1 + seq % 3 }) >= 0);
			assert_int_equal(wire.n, 1);
			assert_int_equal(wire.len[0], full);
			assert_memory_equal(wire.frame[0], frame, full);
			assert_int_equal(intel_standin_reclaim(&is, 0), 1);
		}
		down();
	}
}

/* A ring that is full, one that is empty, and both resumed. */
static void full_and_starved(void **state)
{
	struct intel_standin_rx rx;
	uint32_t len;

	(void)state;
	up_opts((struct intel_standin_opts){ .ring = 8 });
	id.auto_tx = false;
	len = model_build(frame, &(struct model_build){ .payload = 100 });
	for (unsigned i = 0; i < 7; i++)
		assert_true(intel_standin_send(&is, 0, frame, len, &plain_tx) >= 0);
	assert_int_equal(intel_standin_send(&is, 0, frame, len, &plain_tx), -ENOSPC);
	assert_int_equal(intel_standin_reclaim(&is, 0), 0);
	assert_int_equal(intel_dev_transmit(&id, 0, 3), 3);
	assert_int_equal(intel_standin_reclaim(&is, 0), 3);
	assert_int_equal(intel_dev_transmit(&id, 0, 99), 4);
	assert_int_equal(intel_standin_reclaim(&is, 0), 4);
	assert_int_equal(wire.n, 7);
	/* 8 descriptors, 7 given. */
	assert_int_equal(intel_dev_rx_free(&id, 0), 7);
	for (unsigned i = 0; i < 7; i++)
		assert_int_equal(intel_dev_receive(&id, frame, len), 0);
	assert_int_equal(intel_dev_receive(&id, frame, len), -ENOBUFS);
	assert_int_equal(id.dropped, 1);
	assert_int_equal(intel_standin_read(&is, IDEV_MPC), 1);
	assert_int_equal(intel_standin_read(&is, IDEV_MPC), 0);
	for (unsigned i = 0; i < 7; i++)
		assert_int_equal(intel_standin_recv(&is, 0, got, &rx), len);
	assert_int_equal(intel_dev_receive(&id, frame, len), 0);
	assert_int_equal(intel_standin_recv(&is, 0, got, &rx), len);
	down();
}

static void tx_offloads(void **state)
{
	static const uint8_t protos[] = { MODEL_PROTO_TCP, MODEL_PROTO_UDP, MODEL_PROTO_SCTP };

	(void)state;
	up_opts((struct intel_standin_opts){ .ctrl = IDEV_CTRL_VME });
	for (unsigned i = 0; i < 3 * 2 * 2 * 2; i++) {
		const struct model_build b = { .ip = i & 1 ? 6 : 4,
					       .proto = protos[i / 8],
					       .vlan = i & 2 ? 0x2007 : 0,
					       .payload = 400 + i };
		const struct intel_standin_tx tx = {
			.ip = true, .l4 = true, .vlan = i & 4 ? 0x4009 : 0, .parts = 1 + i % 3
		};
		const uint32_t len = model_build(frame, &b);
		const uint32_t tag = tx.vlan ? 4 : 0;

		if (family == INTEL_82574 && b.proto == MODEL_PROTO_SCTP)
			continue;
		memcpy(want, frame, len);
		/* A broken one is made whole. */
		frame[b.vlan ? 28 : 24] = 0xaa;
		wire.n = 0;
		if (b.ip == 6)
			memcpy(frame, want, len);
		assert_true(intel_standin_send(&is, 0, frame, len, &tx) >= 0);
		assert_int_equal(intel_standin_reclaim(&is, 0), 1);
		assert_int_equal(wire.n, 1);
		assert_int_equal(wire.len[0], len + tag);
		assert_memory_equal(wire.frame[0], want, 12);
		if (tag) {
			assert_int_equal(model_be16(wire.frame[0] + 12), 0x8100);
			assert_int_equal(model_be16(wire.frame[0] + 14), 0x4009);
		}
		assert_memory_equal(wire.frame[0] + 12 + tag, want + 12, len - 12);
	}
	down();
}

static void tso(void **state)
{
	(void)state;
	up_opts((struct intel_standin_opts){ .ctrl = IDEV_CTRL_VME });
	for (unsigned i = 0; i < 8; i++) {
		const struct model_build b = { .ip = i & 1 ? 6 : 4,
					       .proto = MODEL_PROTO_TCP,
					       .vlan = i & 2 ? 9 : 0,
					       .seq = i,
					       .payload = 9000 };
		const struct intel_standin_tx tx = {
			.ip = true, .l4 = true, .mss = 1400, .vlan = i & 4 ? 77 : 0, .parts = 4
		};
		const uint32_t len = model_build(frame, &b);
		const struct model_frame f = model_frame_parse(frame, len);
		const uint32_t head = f.l4 + f.l4_hdr;
		const uint32_t tag = tx.vlan ? 4 : 0;
		uint32_t bytes = 0;

		memcpy(want, frame, len);
		wire.n = 0;
		assert_true(intel_standin_send(&is, 0, frame, len, &tx) >= 0);
		assert_int_equal(intel_standin_reclaim(&is, 0), 1);
		assert_int_equal(wire.n, 7);
		for (unsigned k = 0; k < 7; k++) {
			const uint8_t *s = wire.frame[k];
			const struct model_frame sf = model_frame_parse(s, wire.len[k]);

			assert_int_equal(wire.len[k], head + tag + (k < 6 ? 1400 : 600));
			assert_int_equal(sf.tags, f.tags + (tag ? 1 : 0));
			assert_int_equal(model_frame_l4_csum(s, &sf), MODEL_CSUM_GOOD);
			assert_int_not_equal(model_frame_ip_csum(s, &sf), MODEL_CSUM_BAD);
			assert_int_equal(model_be32(s + sf.l4 + 4),
					 model_be32(want + f.l4 + 4) + bytes);
			assert_memory_equal(s + head + tag, want + head + bytes,
					    wire.len[k] - head - tag);
			bytes += wire.len[k] - head - tag;
		}
	}
	assert_int_equal(intel_standin_read(&is, IDEV_TSCTC), 8);
	down();
}

/* 82576, I210 7.4.5.1: a tag goes behind the outer one; without that the frame is not sent. */
static void double_vlan(void **state)
{
	const struct intel_standin_tx tx = { .vlan = 9 };
	uint32_t len = model_build(frame, &(struct model_build){ .vlan = 0x55, .payload = 100 });

	(void)state;
	up_opts((struct intel_standin_opts){ .ctrl = IDEV_CTRL_VME });
	intel_standin_write(&is, IDEV_VET, 0x88a88100);
	intel_standin_write(&is, IDEV_CTRL_EXT, IDEV_CTRL_EXT_EXT_VLAN);
	model_put_be16(frame + 12, 0x88a8);
	assert_true(intel_standin_send(&is, 0, frame, len, &tx) >= 0);
	assert_int_equal(wire.len[0], len + 4);
	assert_memory_equal(wire.frame[0], frame, 16);
	assert_int_equal(model_be32(wire.frame[0] + 16), 0x81000009);
	assert_memory_equal(wire.frame[0] + 20, frame + 16, len - 16);
	model_put_be16(frame + 12, 0x8100);
	assert_true(intel_standin_send(&is, 0, frame, len, &tx) >= 0);
	assert_violation(&id.md, "an offload without the outer tag");
	assert_int_equal(wire.n, 1);
	down();
}

/* 82574 only: one legacy descriptor, with a tag. */
static void legacy(void **state)
{
	const struct intel_standin_tx tx = { .legacy = true, .vlan = 0 };
	const uint32_t len = model_build(frame, &(struct model_build){ .payload = 200 });

	(void)state;
	up();
	assert_true(intel_standin_send(&is, 0, frame, len, &tx) >= 0);
	if (family == INTEL_82576) {
		assert_violation(&id.md, "legacy descriptor");
		assert_int_equal(wire.n, 0);
	} else {
		assert_int_equal(wire.n, 1);
		assert_memory_equal(wire.frame[0], frame, len);
		assert_int_equal(intel_standin_reclaim(&is, 0), 1);
	}
	down();
}

/* Descriptors that a driver must not write. */
static void tx_mistakes(void **state)
{
	const bool wide = family == INTEL_82576;
	const struct intel_standin_tx tcp = { .ip = true, .l4 = true, .mss = 1000 };
	uint32_t dw[4];
	uint32_t len;

	(void)state;
	up();
	id.auto_tx = false;
	len = model_build(frame, &(struct model_build){ .ip = 4, .proto = 6, .payload = 3000 });
	/* The checksum seeded with the length: not what segmentation wants. */
	assert_true(intel_standin_send(&is, 0, frame, len, &tcp) >= 0);
	assert_true(intel_dev_desc_read(&id, true, 0, 1, dw));
	((uint8_t *)is.tx[0].bufs.va)[INTEL_STANDIN_TX_BYTES + 50] ^= 1;
	(void)intel_dev_transmit(&id, 0, 99);
	assert_violation(&id.md, "without length");
	/* PAYLEN one too few. */
	assert_true(intel_standin_send(&is, 0, frame, len, &tcp) >= 0);
	assert_true(intel_dev_desc_read(&id, true, 0, wide ? 3 : 2, dw));
	if (wide)
		dw[3] -= 1u << 14;
	else
		dw[2] -= 1;
	intel_dev_desc_write(&id, true, 0, wide ? 3 : 2, dw);
	(void)intel_dev_transmit(&id, 0, 99);
	assert_violation(&id.md, "PAYLEN");
	/* No CRC, no bytes. */
	len = model_build(frame, &(struct model_build){ .payload = 60 });
	assert_true(intel_standin_send(&is, 0, frame, len, &plain_tx) >= 0);
	assert_true(intel_dev_desc_read(&id, true, 0, 4, dw));
	dw[2] &= ~IDEV_TXD_IFCS;
	intel_dev_desc_write(&id, true, 0, 4, dw);
	(void)intel_dev_transmit(&id, 0, 99);
	assert_violation(&id.md, "IFCS");
	assert_true(intel_standin_send(&is, 0, frame, len, &plain_tx) >= 0);
	assert_true(intel_dev_desc_read(&id, true, 0, 5, dw));
	dw[2] &= 0xffff0000;
	intel_dev_desc_write(&id, true, 0, 5, dw);
	(void)intel_dev_transmit(&id, 0, 99);
	assert_violation(&id.md, "no bytes");
	/* The length of the frame, one too few: the 82576 is told it. */
	if (wide) {
		assert_true(intel_standin_send(&is, 0, frame, len, &plain_tx) >= 0);
		assert_true(intel_dev_desc_read(&id, true, 0, 6, dw));
		dw[3] -= 1u << 14;
		intel_dev_desc_write(&id, true, 0, 6, dw);
		(void)intel_dev_transmit(&id, 0, 99);
		assert_violation(&id.md, "PAYLEN is not the frame's length");
	}
	/* Checksums where there is no frame. */
	len = model_build(frame, &(struct model_build){ .ip = 4, .proto = 17, .payload = 60 });
	assert_true(intel_standin_send(&is, 0, frame, len,
				       &(struct intel_standin_tx){ .l4 = true }) >= 0);
	assert_true(intel_dev_desc_read(&id, true, 0, wide ? 7 : 6, dw));
	if (wide)
		dw[0] = 14u << 9 | 100;
	else
		dw[1] = 200 | 210u << 8;
	intel_dev_desc_write(&id, true, 0, wide ? 7 : 6, dw);
	(void)intel_dev_transmit(&id, 0, 99);
	assert_non_null(id.md.violation);
	id.md.violation = NULL;
	down();
}

/* 82576: the head in memory instead of DD. */
static void head_write_back(void **state)
{
	const uint32_t len = model_build(frame, &(struct model_build){ .payload = 60 });

	(void)state;
	if (family == INTEL_82574)
		return;
	up_opts((struct intel_standin_opts){ .ring = 16, .head_wb = true });
	for (unsigned i = 0; i < 60; i++) {
		const struct intel_standin_tx tx = { .parts = 1 + i % 3 };

		wire.n = 0;
		assert_true(intel_standin_send(&is, 0, frame, len, &tx) >= 0);
		assert_int_equal(intel_standin_reclaim(&is, 0), 1);
		assert_int_equal(intel_standin_reclaim(&is, 0), 0);
	}
	down();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(laps),
		BOTH(full_and_starved),
		BOTH(tx_offloads),
		BOTH(tso),
		{ "double_vlan, 82576", double_vlan, igb, NULL, NULL },
		BOTH(legacy),
		BOTH(tx_mistakes),
		BOTH(head_write_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
