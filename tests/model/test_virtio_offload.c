// SPDX-License-Identifier: BSD-3-Clause
/* The virtio model, on split and on packed rings: offloads, and what drivers may not ask. */
#include "model/virtio_standin_port.h"

static void send_it(const struct virtio_dev_hdr *hdr, uint32_t len, unsigned parts)
{
	wire.n = 0;
	assert_true(standin_send(&si, 0, hdr, frame, len, parts) >= 0);
	(void)standin_publish(&si.q[1]);
	assert_int_equal(virtio_dev_transmit(&vd, 0, 9), 1);
	assert_int_equal(standin_reclaim(&si, 0), 1);
}

/* What a driver does to have a checksum finished: the pseudo header's sum in its place. */
static struct virtio_dev_hdr seed(uint32_t len)
{
	const struct model_frame f = model_frame_parse(frame, len);
	const uint32_t at = model_l4_csum_offset(f.proto);

	model_put_be16(frame + f.l4 + at, model_pseudo_sum(frame, &f, f.l4_bytes));
	return (struct virtio_dev_hdr){ .flags = VDEV_HDR_F_NEEDS_CSUM,
					.hdr_len = fn_cpu_to_le16((uint16_t)(f.l4 + f.l4_hdr)),
					.csum_start = fn_cpu_to_le16((uint16_t)f.l4),
					.csum_offset = fn_cpu_to_le16((uint16_t)at) };
}

static void tx_checksum(void **state)
{
	static const struct virtio_dev_hdr none;
	static uint8_t want[2048];
	struct virtio_dev_hdr hdr;
	uint32_t len;

	(void)state;
	up(VDEV_F_CSUM);
	for (unsigned i = 0; i < 8; i++) {
		const struct model_build b = { .ip = i & 1 ? 6 : 4,
					       .proto = i & 2 ? MODEL_PROTO_TCP : MODEL_PROTO_UDP,
					       .vlan = i & 4 ? 9 : 0,
					       .payload = 301 + i };

		len = model_build(frame, &b);
		memcpy(want, frame, len);
		hdr = seed(len);
		assert_memory_not_equal(frame, want, len);
		send_it(&hdr, len, 1 + i % 3);
		assert_int_equal(wire.n, 1);
		assert_int_equal(wire.len[0], len);
		assert_memory_equal(wire.frame[0], want, len);
	}
	/* UDP whose sum is 0: sent as all ones (RFC 768). */
	for (unsigned i = 1; i < 65536; i++) {
		const struct model_build b = { .ip = 4,
					       .proto = MODEL_PROTO_UDP,
					       .sport = (uint16_t)i,
					       .src_addr = 1,
					       .payload = 20 };

		len = model_build(frame, &b);
		if (model_be16(frame + 40) == 0xffff)
			break;
	}
	assert_int_equal(model_be16(frame + 40), 0xffff);
	hdr = seed(len);
	send_it(&hdr, len, 1);
	assert_int_equal(model_be16(wire.frame[0] + 40), 0xffff);
	/* A frame without a wish goes as it is, also when its checksum is wrong. */
	len = model_build(frame, &(struct model_build){ .ip = 4, .proto = 17, .bad_l4 = true });
	send_it(&none, len, 1);
	assert_memory_equal(wire.frame[0], frame, len);
	/* A seed that is none. */
	len = model_build(frame, &(struct model_build){ .ip = 4, .proto = 6, .payload = 99 });
	hdr = seed(len);
	frame[50] ^= 1;
	send_it(&hdr, len, 1);
	assert_violation(&vd.md, "pseudo header");
	hdr.csum_start = fn_cpu_to_le16((uint16_t)len);
	send_it(&hdr, len, 1);
	assert_violation(&vd.md, "outside of the frame");
	hdr = seed(len);
	hdr.csum_offset = fn_cpu_to_le16(6);
	send_it(&hdr, len, 1);
	assert_violation(&vd.md, "csum_start or csum_offset");
	hdr = seed(len);
	hdr.gso_type = VDEV_HDR_GSO_TCPV4;
	hdr.gso_size = fn_cpu_to_le16(1000);
	send_it(&hdr, len, 1);
	assert_violation(&vd.md, "not negotiated");
	assert_int_equal(wire.n, 0);
	hdr = none;
	hdr.num_buffers = fn_cpu_to_le16(1);
	send_it(&hdr, len, 1);
	assert_violation(&vd.md, "num_buffers");
	len = model_build(frame, &(struct model_build){ .payload = 1501 });
	send_it(&none, len, 1);
	assert_no_violation(&vd.md); /* VIRTIO_NET_F_MTU was not accepted */
	down();
	up(VDEV_F_MTU);
	send_it(&none, len - 1, 1);
	send_it(&none, len, 1);
	assert_violation(&vd.md, "longer than the MTU");
	hdr = none;
	hdr.flags = VDEV_HDR_F_NEEDS_CSUM;
	send_it(&hdr, 60, 1);
	assert_violation(&vd.md, "zeros");
	down();
}

static void tso(void **state)
{
	(void)state;
	up_opts((struct standin_opts){
		.features = VDEV_F_CSUM | VDEV_F_HOST_TSO4 | VDEV_F_HOST_TSO6, .tx_bytes = 16384 });
	for (unsigned i = 0; i < 4; i++) {
		const struct model_build b = { .ip = i & 1 ? 6 : 4,
					       .proto = MODEL_PROTO_TCP,
					       .vlan = i & 2 ? 9 : 0,
					       .seq = i,
					       .payload = 9000 };
		const uint32_t len = model_build(frame, &b);
		const struct model_frame f = model_frame_parse(frame, len);
		const uint32_t head = f.l4 + f.l4_hdr;
		struct virtio_dev_hdr hdr = seed(len);
		uint32_t bytes = 0;

		hdr.gso_type = i & 1 ? VDEV_HDR_GSO_TCPV6 : VDEV_HDR_GSO_TCPV4;
		hdr.gso_size = fn_cpu_to_le16(1400);
		send_it(&hdr, len, 4);
		assert_int_equal(wire.n, 7);
		for (unsigned k = 0; k < 7; k++) {
			const struct model_frame s = model_frame_parse(wire.frame[k], wire.len[k]);

			assert_int_equal(wire.len[k], head + (k < 6 ? 1400 : 600));
			assert_int_equal(model_frame_l4_csum(wire.frame[k], &s), MODEL_CSUM_GOOD);
			assert_memory_equal(wire.frame[k] + head, frame + head + bytes,
					    wire.len[k] - head);
			bytes += wire.len[k] - head;
		}
		/* The test may have it whole. */
		vd.sent_raw = sent_raw;
		send_it(&hdr, len, 4);
		vd.sent_raw = NULL;
		assert_int_equal(wire.n, 1);
		assert_int_equal(wire.raw_len, len);
		assert_memory_equal(&wire.hdr, &hdr, 12);
		hdr.gso_type = i & 1 ? VDEV_HDR_GSO_TCPV4 : VDEV_HDR_GSO_TCPV6;
		send_it(&hdr, len, 4);
		assert_violation(&vd.md, "none of TCP");
		hdr.gso_type = i & 1 ? VDEV_HDR_GSO_TCPV6 : VDEV_HDR_GSO_TCPV4;
		hdr.gso_size = fn_cpu_to_le16(0);
		send_it(&hdr, len, 4);
		assert_violation(&vd.md, "without a segment size");
		hdr.gso_size = fn_cpu_to_le16(1400);
		hdr.flags = 0;
		send_it(&hdr, len, 4);
		assert_violation(&vd.md, "without NEEDS_CSUM");
	}
	down();
}

static void rx_checksum(void **state)
{
	struct model_build b = { .ip = 4, .proto = MODEL_PROTO_TCP, .payload = 500 };
	struct virtio_dev_hdr hdr;
	struct model_frame f;
	uint32_t len;

	(void)state;
	up(VDEV_F_GUEST_CSUM);
	len = receive(&b, &hdr);
	assert_int_equal(hdr.flags, VDEV_HDR_F_DATA_VALID);
	assert_int_equal(fn_le16_to_cpu(hdr.num_buffers), 1);
	assert_memory_equal(got, frame, len);
	b.bad_l4 = true;
	(void)receive(&b, &hdr);
	assert_int_equal(hdr.flags, 0);
	vd.rx_csum = VIRTIO_DEV_RX_PARTIAL;
	b.bad_l4 = false;
	len = receive(&b, &hdr);
	assert_int_equal(hdr.flags, VDEV_HDR_F_NEEDS_CSUM);
	f = model_frame_parse(frame, len);
	assert_int_equal(fn_le16_to_cpu(hdr.csum_start), f.l4);
	assert_int_equal(fn_le16_to_cpu(hdr.csum_offset), 16);
	assert_int_equal(model_be16(got + f.l4 + 16), model_pseudo_sum(frame, &f, f.l4_bytes));
	model_frame_set_l4_csum(got, &f);
	assert_memory_equal(got, frame, len);
	vd.rx_csum = VIRTIO_DEV_RX_UNKNOWN;
	(void)receive(&b, &hdr);
	assert_int_equal(hdr.flags, 0);
	down();
}

static void mergeable(void **state)
{
	struct virtio_dev_hdr hdr;
	int len;

	(void)state;
	up_opts((struct standin_opts){ .features = VDEV_F_MRG_RXBUF, .ring = 8, .rx_bytes = 256 });
	for (unsigned i = 0; i < 100; i++) {
		const struct model_build b = { .seq = i, .payload = i * 19 % 1700 };
		const uint32_t want = model_build(frame, &b);
		const unsigned buffers = (12 + want + 255) / 256;

		assert_int_equal(virtio_dev_receive(&vd, 0, frame, want),
				 buffers <= 7 ? 0 : -ENOBUFS);
		len = standin_recv(&si, 0, &hdr, got);
		if (buffers > 7) {
			assert_int_equal(len, -EAGAIN);
			assert_int_equal(virtio_dev_posted(&vd, 0), 7);
			continue;
		}
		assert_int_equal(fn_le16_to_cpu(hdr.num_buffers), buffers);
		assert_int_equal(len, want);
		assert_memory_equal(got, frame, want);
	}
	down();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(tx_checksum),
		BOTH(tso),
		BOTH(rx_checksum),
		BOTH(mergeable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
