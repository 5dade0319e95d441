// SPDX-License-Identifier: BSD-3-Clause
/* The virtio model, on split and on packed rings: steering, hashes, coalescing. */
#include <unistd.h>

#include "model/virtio_standin_port.h"

struct rss {
	uint8_t bytes[512];
	uint32_t len;
};

static struct rss rss_config(uint32_t types, unsigned entries)
{
	struct rss r = { .bytes = { (uint8_t)types, 0, 0, 0, (uint8_t)(entries - 1), 0, 3, 0 } };

	for (unsigned i = 0; i < entries; i++)
		r.bytes[8 + 2 * i] = (uint8_t)(i * 7 % 4);
	r.bytes[8 + 2 * entries] = 4;
	r.bytes[10 + 2 * entries] = 40;
	memcpy(r.bytes + 11 + 2 * entries, rss_key, 40);
	r.len = 51 + 2 * entries;
	return r;
}

static void rss(void **state)
{
	struct virtio_dev_hdr hdr;
	unsigned seen[4] = { 0 };
	struct rss r;

	(void)state;
	up_opts((struct standin_opts){ .features = VIRTIO_DEV_F_STEERING, .pairs = 4 });
	r = rss_config(VDEV_HASH_ALL, 128);
	assert_int_equal(standin_ctrl(&si, VDEV_CMD_MQ_RSS, r.bytes, r.len), VDEV_OK);
	for (unsigned i = 0; i < 64; i++) {
		const struct model_build b = { .ip = i & 1 ? 6 : 4,
					       .proto = i & 2 ? MODEL_PROTO_TCP : MODEL_PROTO_UDP,
					       .sport = (uint16_t)(1000 + i),
					       .dport = 80 };
		const uint32_t len = model_build(frame, &b);
		const struct model_frame f = model_frame_parse(frame, len);
		const int pair = virtio_dev_wire_in(&vd, frame, len);
		uint8_t in[36];
		const size_t n = model_rss_input(frame, &f, true, in);
		const uint32_t hash = model_toeplitz(rss_key, 40, in, n);

		assert_int_equal(pair, hash % 128 * 7 % 4);
		seen[pair]++;
		assert_int_equal(standin_recv(&si, (unsigned)pair, &hdr, got), len);
		assert_int_equal(fn_le32_to_cpu(hdr.hash_value), hash);
		assert_int_equal(fn_le16_to_cpu(hdr.hash_report),
				 (i & 1 ? 3 : 0) + (i & 2 ? 2 : 3));
		assert_memory_equal(got, frame, len);
	}
	for (unsigned i = 0; i < 4; i++)
		assert_true(seen[i] > 4);
	/* No IP: the queue of what has no hash. */
	assert_int_equal(virtio_dev_wire_in(&vd, frame,
					    model_build(frame,
							&(struct model_build){ .payload = 60 })),
			 3);
	assert_true(standin_recv(&si, 3, &hdr, got) > 0);
	assert_int_equal(fn_le16_to_cpu(hdr.hash_report), 0);
	/* Each entry, changed live, moves its flow. */
	for (unsigned to = 0; to < 4; to++) {
		const uint32_t len =
			model_build(frame,
				    &(struct model_build){ .ip = 4, .proto = 6, .sport = 5 });
		const struct model_frame f = model_frame_parse(frame, len);
		uint8_t in[36];

		(void)model_rss_input(frame, &f, true, in);
		r.bytes[8 + 2 * (model_toeplitz(rss_key, 40, in, 12) % 128)] = (uint8_t)to;
		assert_int_equal(standin_ctrl(&si, VDEV_CMD_MQ_RSS, r.bytes, r.len), VDEV_OK);
		assert_int_equal(virtio_dev_wire_in(&vd, frame, len), to);
		assert_int_equal(standin_recv(&si, to, &hdr, got), len);
	}
	/* Only addresses: the same answer whatever the ports are. */
	r = rss_config(VDEV_HASH_IPV4, 128);
	assert_int_equal(standin_ctrl(&si, VDEV_CMD_MQ_RSS, r.bytes, r.len), VDEV_OK);
	(void)receive(&(struct model_build){ .ip = 4, .proto = 6, .dport = 3 }, &hdr);
	assert_int_equal(fn_le16_to_cpu(hdr.hash_report), 1);
	down();
}

static void rss_mistakes(void **state)
{
	struct rss r;

	(void)state;
	up_opts((struct standin_opts){ .features = VIRTIO_DEV_F_STEERING, .pairs = 3 });
	r = rss_config(VDEV_HASH_ALL, 128);
	assert_int_equal(standin_ctrl(&si, VDEV_CMD_MQ_RSS, r.bytes, r.len), VDEV_ERR);
	assert_violation(&vd.md, "table with a queue that is not enabled");
	for (unsigned i = 0; i < 128; i++)
		r.bytes[8 + 2 * i] = 0;
	assert_int_equal(standin_ctrl(&si, VDEV_CMD_MQ_RSS, r.bytes, r.len), VDEV_ERR);
	assert_violation(&vd.md, "unclassified_queue");
	r.bytes[6] = 0;
	assert_int_equal(standin_ctrl(&si, VDEV_CMD_MQ_RSS, r.bytes, r.len - 1), VDEV_ERR);
	assert_violation(&vd.md, "length is wrong");
	r.bytes[1] = 0x10;
	assert_int_equal(standin_ctrl(&si, VDEV_CMD_MQ_RSS, r.bytes, r.len), VDEV_ERR);
	assert_violation(&vd.md, "hash type");
	r.bytes[1] = 0;
	r.bytes[4] = 126;
	assert_int_equal(standin_ctrl(&si, VDEV_CMD_MQ_RSS, r.bytes, r.len), VDEV_ERR);
	assert_violation(&vd.md, "of a size");
	assert_false(vd.rss.steer);
	assert_int_equal(standin_ctrl(&si, VDEV_CMD_MQ_PAIRS, "\4\0", 2), VDEV_ERR);
	assert_violation(&vd.md, "not configured");
	assert_int_equal(standin_ctrl(&si, VDEV_CMD_MQ_PAIRS, "\5\0", 2), VDEV_ERR);
	assert_violation(&vd.md, "not allowed");
	down();
}

/* Without RSS: a flow's answers come in where it was sent last; hashes are reported too. */
static void automatic(void **state)
{
	static const struct virtio_dev_hdr none;
	uint8_t hash[53] = { VDEV_HASH_ALL, [12] = 40 };
	struct virtio_dev_hdr hdr;

	(void)state;
	up_opts((struct standin_opts){ .features = VDEV_F_CTRL_VQ | VDEV_F_MQ | VDEV_F_HASH_REPORT,
				       .pairs = 4 });
	(void)receive(&(struct model_build){ .ip = 4, .proto = 6, .sport = 8 }, &hdr);
	assert_int_equal(fn_le16_to_cpu(hdr.hash_report), 0);
	memcpy(hash + 13, rss_key, 40);
	assert_int_equal(standin_ctrl(&si, VDEV_CMD_MQ_HASH, hash, 53), VDEV_OK);
	assert_int_equal(standin_ctrl(&si, VDEV_CMD_MQ_PAIRS, "\4\0", 2), VDEV_OK);
	for (unsigned i = 0; i < 40; i++) {
		const unsigned pair = i * 3 % 4;
		struct model_build b = { .ip = 4,
					 .proto = MODEL_PROTO_TCP,
					 .sport = (uint16_t)(i + 1),
					 .dport = 99,
					 .src_addr = 0x0a000001 + i,
					 .dst_addr = 0x0b000001 };
		uint32_t len = model_build(frame, &b);

		assert_true(standin_send(&si, pair, &none, frame, len, 1) >= 0);
		(void)standin_publish(&si.q[2 * pair + 1]);
		assert_int_equal(virtio_dev_transmit(&vd, pair, 9), 1);
		wire.n = 0;
		assert_int_equal(standin_reclaim(&si, pair), 1);
		/* The answer: everything turned round. */
		b = (struct model_build){ .ip = 4,
					  .proto = MODEL_PROTO_TCP,
					  .sport = b.dport,
					  .dport = b.sport,
					  .src_addr = b.dst_addr,
					  .dst_addr = b.src_addr };
		len = model_build(frame, &b);
		assert_int_equal(virtio_dev_wire_in(&vd, frame, len), pair);
		assert_int_equal(standin_recv(&si, pair, &hdr, got), len);
		assert_int_equal(fn_le16_to_cpu(hdr.hash_report), 2);
	}
	/* A queue that is not in use any more. */
	assert_int_equal(standin_ctrl(&si, VDEV_CMD_MQ_PAIRS, "\2\0", 2), VDEV_OK);
	assert_true(standin_send(&si, 3, &none, frame, 60, 1) >= 0);
	(void)standin_publish(&si.q[7]);
	(void)virtio_dev_transmit(&vd, 3, 1);
	assert_violation(&vd.md, "not in use");
	for (unsigned i = 0; i < 40; i++)
		assert_in_range(virtio_dev_wire_in(&vd, frame,
						   model_build(frame,
							       &(struct model_build){
								       .ip = 4,
								       .proto = 6,
								       .sport = (uint16_t)i })),
				0, 1);
	down();
}

static unsigned irqs(unsigned vector)
{
	uint64_t n = 0;

	return read(si.fds[vector], &n, sizeof(n)) == sizeof(n) ? (unsigned)n : 0;
}

static void coalescing(void **state)
{
	static const uint8_t four[8] = { 4, 0, 0, 0, 100, 0, 0, 0 };
	static const uint8_t two[8] = { 2, 0, 0, 0, 100, 0, 0, 0 };
	struct virtio_dev_hdr hdr;
	const struct model_build b = { .payload = 60 };

	(void)state;
	up(VDEV_F_CTRL_VQ | VDEV_F_NOTF_COAL);
	assert_int_equal(standin_ctrl(&si, VDEV_CMD_COAL_RX, four, 8), VDEV_OK);
	(void)irqs(1);
	for (unsigned i = 0; i < 3; i++) {
		(void)receive(&b, &hdr);
		standin_arm(&si.q[0], true);
		assert_int_equal(irqs(1), 0);
	}
	(void)receive(&b, &hdr);
	assert_int_equal(irqs(1), 1);
	/* One, and the time. */
	standin_arm(&si.q[0], true);
	(void)receive(&b, &hdr);
	model_bus.delay_ns(si.busdev, 99000);
	assert_int_equal(irqs(1), 0);
	model_bus.delay_ns(si.busdev, 1000);
	assert_int_equal(irqs(1), 1);
	/* Nothing more for one whose turn has come by number. */
	for (unsigned i = 0; i < 4; i++) {
		(void)receive(&b, &hdr);
		model_bus.delay_ns(si.busdev, 1000);
	}
	standin_arm(&si.q[0], true);
	(void)irqs(1);
	model_bus.delay_ns(si.busdev, 60000);
	(void)receive(&b, &hdr);
	model_bus.delay_ns(si.busdev, 60000);
	assert_int_equal(irqs(1), 0);
	model_bus.delay_ns(si.busdev, 60000);
	assert_int_equal(irqs(1), 1);
	/* Parameters that make what waits due. */
	standin_arm(&si.q[0], true);
	(void)receive(&b, &hdr);
	standin_arm(&si.q[0], true);
	(void)receive(&b, &hdr);
	assert_int_equal(irqs(1), 0);
	standin_arm(&si.q[0], true);
	assert_int_equal(standin_ctrl(&si, VDEV_CMD_COAL_RX, two, 8), VDEV_OK);
	assert_int_equal(standin_ctrl(&si, VDEV_CMD_COAL_RX, two, 7), VDEV_ERR);
	assert_violation(&vd.md, "8 bytes");
	down();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(rss),
		BOTH(rss_mistakes),
		BOTH(automatic),
		BOTH(coalescing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
