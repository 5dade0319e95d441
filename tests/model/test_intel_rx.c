// SPDX-License-Identifier: BSD-3-Clause
/* The Intel model, 82574 and 82576: what comes in. */
#include "model/intel_port.h"

/* Jumbo over several buffers; too long a frame comes in with LPE only. */
static void scattered(void **state)
{
	struct intel_standin_rx rx;
	uint32_t len;

	(void)state;
	up_opts((struct intel_standin_opts){ .rctl = IDEV_RCTL_LPE, .rx_bytes = 1024, .ring = 16 });
	for (unsigned i = 0; i < 60; i++) {
		const struct model_build b = { .seq = i, .payload = 900 + i * 137 };

		len = model_build(frame, &b);
		assert_int_equal(intel_dev_receive(&id, frame, len), 0);
		assert_int_equal(intel_standin_recv(&is, 0, got, &rx), len);
		assert_int_equal(rx.descs, (len + 1023) / 1024);
		assert_memory_equal(got, frame, len);
	}
	/* More than the ring has: nothing of it. */
	len = model_build(frame, &(struct model_build){ .payload = 15500 });
	assert_int_equal(intel_dev_receive(&id, frame, len), -ENOBUFS);
	assert_int_equal(intel_dev_rx_free(&id, 0), 15);
	down();
	up();
	len = model_build(frame, &(struct model_build){ .payload = 1501 });
	assert_int_equal(intel_dev_receive(&id, frame, len), -EPERM);
	assert_int_equal(intel_standin_read(&is, IDEV_ROC), 1);
	assert_int_equal(intel_dev_receive(&id, frame, len - 1), 0);
	assert_int_equal(intel_standin_recv(&is, 0, got, &rx), len - 1);
	down();
	/* Without SECRC the CRC is there; the CRC-32 of a frame with its own is a constant. */
	up_opts((struct intel_standin_opts){ 0 });
	intel_standin_write(&is, IDEV_RCTL, IDEV_RCTL_EN);
	len = model_build(frame, &(struct model_build){ .payload = 100 });
	assert_int_equal(intel_dev_receive(&id, frame, len), 0);
	assert_int_equal(intel_standin_recv(&is, 0, got, &rx), len + 4);
	down();
}

static void rx_checksums(void **state)
{
	const uint32_t mask = IDEV_RXD_IPCS | IDEV_RXD_L4CS | IDEV_RXD_UDPCS | IDEV_RXD_IPE |
			      IDEV_RXD_L4E | IDEV_RXD_IXSM;
	struct intel_standin_rx rx;

	(void)state;
	up();
	for (unsigned i = 0; i < 16; i++) {
		const bool v4 = !(i & 1);
		const bool udp = i & 2;
		const struct model_build b = { .ip = v4 ? 4 : 6,
					       .proto = udp ? MODEL_PROTO_UDP : MODEL_PROTO_TCP,
					       .bad_ip = i & 4,
					       .bad_l4 = i & 8,
					       .payload = 100 };

		(void)receive(&b, &rx);
		assert_int_equal(rx.status & mask, IDEV_RXD_L4CS | (v4 ? IDEV_RXD_IPCS : 0) |
							   (udp ? IDEV_RXD_UDPCS : 0) |
							   (v4 && b.bad_ip ? IDEV_RXD_IPE : 0) |
							   (b.bad_l4 ? IDEV_RXD_L4E : 0));
	}
	/* UDP without a checksum, and no IP at all. */
	(void)receive(&(struct model_build){ .ip = 4, .proto = 17, .no_l4 = true, .payload = 50 },
		      &rx);
	assert_int_equal(rx.status & mask, IDEV_RXD_IPCS);
	(void)receive(&(struct model_build){ .payload = 50 }, &rx);
	assert_int_equal(rx.status & mask, family == INTEL_82574 ? IDEV_RXD_IXSM : 0);
	/* SCTP: the 82576 alone knows it. */
	(void)receive(&(struct model_build){ .ip = 6, .proto = MODEL_PROTO_SCTP, .payload = 50 },
		      &rx);
	assert_int_equal(rx.status & mask, family == INTEL_82574 ? IDEV_RXD_IXSM : IDEV_RXD_L4CS);
	/* Switched off. */
	intel_standin_write(&is, IDEV_RXCSUM, IDEV_RXCSUM_PCSD);
	(void)receive(&(struct model_build){ .ip = 4, .proto = 6, .bad_l4 = true, .payload = 50 },
		      &rx);
	assert_int_equal(rx.status & mask, family == INTEL_82574 ? IDEV_RXD_IXSM : 0);
	down();
}

static void vlan(void **state)
{
	const struct model_build tagged = { .vlan = 0x6123, .payload = 100 };
	struct intel_standin_rx rx;
	uint32_t len;

	(void)state;
	up_opts((struct intel_standin_opts){ .ctrl = IDEV_CTRL_VME });
	len = receive(&tagged, &rx);
	assert_int_equal(rx.len, len - 4);
	assert_true(rx.status & IDEV_RXD_VP);
	assert_int_equal(rx.vlan, 0x6123);
	assert_memory_equal(got, frame, 12);
	assert_memory_equal(got + 12, frame + 16, len - 16);
	(void)receive(&(struct model_build){ .payload = 100 }, &rx);
	assert_false(rx.status & IDEV_RXD_VP);
	intel_standin_write(&is, IDEV_CTRL, IDEV_CTRL_SLU);
	len = receive(&tagged, &rx);
	assert_int_equal(rx.len, len);
	assert_false(rx.status & IDEV_RXD_VP);
	/* The filter: only what is in the table, and what has no tag. */
	intel_standin_write(&is, IDEV_RCTL, IDEV_RCTL_EN | IDEV_RCTL_SECRC | IDEV_RCTL_VFE);
	assert_int_equal(intel_dev_receive(&id, frame, len), -EPERM);
	intel_standin_write(&is, IDEV_VFTA + 4 * (0x123 / 32), 1u << 0x123 % 32);
	(void)receive(&tagged, &rx);
	(void)receive(&(struct model_build){ .payload = 100 }, &rx);
	down();
}

/* Put an outer tag in front of what stands behind the addresses. */
static uint32_t outer(uint16_t type, uint32_t len)
{
	memmove(frame + 16, frame + 12, len - 12);
	model_put_be16(frame + 12, type);
	model_put_be16(frame + 14, 0x0055);
	return len + 4;
}

/* 82576, I210 7.4.5: filter and stripping mean the tag behind an outer one. */
static void double_vlan(void **state)
{
	const struct model_build tagged = { .vlan = 0x6123, .payload = 100 };
	const struct model_build tcp = { .ip = 4, .proto = MODEL_PROTO_TCP, .payload = 100 };
	struct intel_standin_rx rx;
	uint32_t len;

	(void)state;
	up_opts((struct intel_standin_opts){ .ctrl = IDEV_CTRL_VME });
	intel_standin_write(&is, IDEV_VET, 0x88a88100);
	len = outer(0x88a8, model_build(frame, &tagged));
	/* Without the mode its first type is that of no tag. */
	assert_int_equal(intel_dev_receive(&id, frame, len), 0);
	assert_int_equal(intel_standin_recv(&is, 0, got, &rx), len);
	assert_false(rx.status & IDEV_RXD_VP);
	intel_standin_write(&is, IDEV_CTRL_EXT, IDEV_CTRL_EXT_EXT_VLAN);
	assert_int_equal(intel_dev_receive(&id, frame, len), 0);
	assert_int_equal(intel_standin_recv(&is, 0, got, &rx), len - 4);
	assert_true(rx.status & IDEV_RXD_VP);
	assert_int_equal(rx.vlan, 0x6123);
	assert_memory_equal(got, frame, 16);
	assert_memory_equal(got + 16, frame + 20, len - 20);
	intel_standin_write(&is, IDEV_RCTL, IDEV_RCTL_EN | IDEV_RCTL_SECRC | IDEV_RCTL_VFE);
	intel_standin_write(&is, IDEV_VFTA + 4 * (0x55 / 32), 1u << 0x55 % 32);
	assert_int_equal(intel_dev_receive(&id, frame, len), -EPERM);
	intel_standin_write(&is, IDEV_VFTA + 4 * (0x123 / 32), 1u << 0x123 % 32);
	assert_int_equal(intel_dev_receive(&id, frame, len), 0);
	assert_int_equal(intel_standin_recv(&is, 0, got, &rx), len - 4);
	/* Without the outer tag nothing is done: not stripped, not filtered, not summed up. */
	intel_standin_write(&is, IDEV_VFTA + 4 * (0x123 / 32), 0);
	assert_int_equal(receive(&tagged, &rx), rx.len);
	assert_false(rx.status & IDEV_RXD_VP);
	(void)receive(&tcp, &rx);
	assert_int_equal(rx.status & (IDEV_RXD_IPCS | IDEV_RXD_L4CS), 0);
	len = outer(0x88a8, model_build(frame, &tcp));
	assert_int_equal(intel_dev_receive(&id, frame, len), 0);
	assert_int_equal(intel_standin_recv(&is, 0, got, &rx), len);
	assert_int_equal(rx.status & (IDEV_RXD_IPCS | IDEV_RXD_L4CS),
			 IDEV_RXD_IPCS | IDEV_RXD_L4CS);
	down();
}

static bool comes_in(const uint8_t *dst)
{
	struct model_build b = { .payload = 60 };
	struct intel_standin_rx rx;
	uint32_t len;

	memcpy(b.dst, dst, 6);
	len = model_build(frame, &b);
	if (intel_dev_receive(&id, frame, len) == -EPERM)
		return false;
	assert_int_equal(intel_standin_recv(&is, 0, got, &rx), len);
	return true;
}

static void filters(void **state)
{
	static const uint8_t own[6] = { 0x52, 0x54, 0x00, 0x12, 0x34, 0x56 };
	static const uint8_t uni[6] = { 0x02, 1, 2, 3, 4, 5 };
	static const uint8_t multi[6] = { 0x01, 0, 0x5e, 0x12, 0x35, 0x46 };
	static const uint8_t other[6] = { 0x01, 0, 0x5e, 0x12, 0x35, 0x47 };
	static const uint8_t bcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	/* Bits 47:36, 46:35, 45:34 and 43:32 of the address (82574 10.2.5.1). */
	static const uint16_t hashes[] = { 0x463, 0x8c6, 0x18d, 0x635 };
	const uint32_t rctl = IDEV_RCTL_EN | IDEV_RCTL_SECRC;
	const unsigned slot = family == INTEL_82576 ? 23 : 15;

	(void)state;
	up_opts((struct intel_standin_opts){ 0 });
	assert_true(comes_in(own));
	assert_false(comes_in(uni) || comes_in(multi) || comes_in(bcast));
	intel_standin_write(&is, IDEV_RCTL, rctl | IDEV_RCTL_BAM);
	assert_true(comes_in(bcast));
	assert_false(comes_in(multi));
	intel_standin_write(&is, IDEV_RCTL, rctl | IDEV_RCTL_UPE);
	assert_true(comes_in(uni));
	assert_false(comes_in(multi) || comes_in(bcast));
	intel_standin_write(&is, IDEV_RCTL, rctl | IDEV_RCTL_MPE);
	assert_true(comes_in(multi) && comes_in(bcast));
	assert_false(comes_in(uni));
	intel_standin_write(&is, IDEV_RCTL, rctl);
	intel_standin_write(&is, IDEV_RAL(slot), 0x03020102);
	intel_standin_write(&is, IDEV_RAH(slot), 0x0504);
	assert_false(comes_in(uni));
	intel_standin_write(&is, IDEV_RAH(slot), 0x0504 | IDEV_RAH_AV);
	assert_true(comes_in(uni));
	for (unsigned mo = 0; mo < 4; mo++) {
		const unsigned hash = hashes[mo];

		intel_standin_write(&is, IDEV_RCTL, rctl | mo << 12);
		assert_false(comes_in(multi));
		intel_standin_write(&is, IDEV_MTA + 4 * (hash / 32), 1u << hash % 32);
		assert_true(comes_in(multi));
		assert_false(comes_in(other));
		intel_standin_write(&is, IDEV_MTA + 4 * (hash / 32), 0);
	}
	down();
}

static void rss(void **state)
{
	const uint32_t types =
		IDEV_MRQC_TCPV4 | IDEV_MRQC_IPV4 | IDEV_MRQC_TCPV6EX | IDEV_MRQC_IPV6;
	const uint32_t types_76 = types | IDEV_MRQC_TCPV6 | IDEV_MRQC_UDPV4 | IDEV_MRQC_UDPV6 | 2;
	const unsigned queues = family == INTEL_82576 ? 16 : 2;
	unsigned seen[16] = { 0 };
	struct intel_standin_rx rx;
	uint32_t len;

	(void)state;
	up_opts((struct intel_standin_opts){ .queues = queues,
					     .ring = 16,
					     .mrqc = family == INTEL_82576 ? types_76 : types | 1,
					     .key = rss_key });
	/* Microsoft's first vector: hash, type and queue. */
	len = model_build(frame, &(struct model_build){ .ip = 4,
							.proto = MODEL_PROTO_TCP,
							.sport = 2794,
							.dport = 1766,
							.src_addr = 0x420995bb,
							.dst_addr = 0xa18e6450,
							.payload = 60 });
	assert_int_equal(intel_dev_receive(&id, frame, len), (0x51ccc178 & 0x7f) % queues);
	assert_int_equal(intel_standin_recv(&is, (0x51ccc178 & 0x7f) % queues, got, &rx), len);
	assert_int_equal(rx.hash, 0x51ccc178);
	assert_int_equal(rx.type & 15, IDEV_RSS_TCPV4);
	for (unsigned i = 0; i < 128; i++) {
		const bool udp = i & 2;
		const bool ports = !udp || family == INTEL_82576;
		const struct model_build b = { .ip = i & 1 ? 6 : 4,
					       .proto = udp ? MODEL_PROTO_UDP : MODEL_PROTO_TCP,
					       .sport = (uint16_t)(100 + i),
					       .dport = 7,
					       .payload = 60 };
		struct model_frame f;
		uint8_t in[36];
		uint32_t hash;
		unsigned queue;
		size_t n;

		len = model_build(frame, &b);
		f = model_frame_parse(frame, len);
		n = model_rss_input(frame, &f, ports, in);
		hash = model_toeplitz(rss_key, 40, in, n);
		queue = hash % 128 % queues;
		assert_int_equal(intel_dev_receive(&id, frame, len), queue);
		assert_int_equal(intel_standin_recv(&is, queue, got, &rx), len);
		assert_int_equal(rx.hash, hash);
		seen[queue]++;
		if (family == INTEL_82576) {
			assert_int_equal(rx.type >> 4, (i & 1 ? 4 : 1) | (udp ? 0x20 : 0x10));
			assert_int_equal(rx.type & 15, (i & 1 ? (udp ? 8 : 3) : (udp ? 7 : 1)));
		} else {
			assert_int_equal(rx.type >> 8, queue);
			assert_int_equal(rx.type & 15, (i & 1 ? (udp ? 5 : 3) : (udp ? 2 : 1)));
		}
	}
	for (unsigned i = 0; i < queues; i++)
		assert_true(seen[i] > 0);
	/* No IP: no hash, queue 0. */
	(void)receive(&(struct model_build){ .payload = 60 }, &rx);
	assert_int_equal(rx.type & 15, 0);
	assert_int_equal(rx.hash, 0);
	down();
}

/* Each entry of the table, changed live: its flows move, and no others. */
static void rss_entries(void **state)
{
	const bool wide = family == INTEL_82576;
	bool seen[128] = { false };
	struct intel_standin_rx rx;
	unsigned n = 0;

	(void)state;
	up_opts((struct intel_standin_opts){
		.queues = 2, .mrqc = IDEV_MRQC_IPV4 | (wide ? 2 : 1), .key = rss_key });
	for (unsigned i = 0; i < 32; i++)
		intel_standin_write(&is, IDEV_RETA + 4 * i, 0);
	for (unsigned i = 0; i < 4000 && n < 128; i++) {
		const struct model_build b = { .ip = 4, .src_addr = 0x0a000000 + i, .payload = 60 };
		const uint32_t len = model_build(frame, &b);
		const struct model_frame f = model_frame_parse(frame, len);
		uint8_t in[36];
		const size_t bytes = model_rss_input(frame, &f, false, in);
		const unsigned entry = model_toeplitz(rss_key, 40, in, bytes) & 0x7f;
		const uint32_t reg = IDEV_RETA + entry / 4 * 4;

		if (seen[entry])
			continue;
		seen[entry] = true;
		n++;
		assert_int_equal(intel_dev_receive(&id, frame, len), 0);
		assert_int_equal(intel_standin_recv(&is, 0, got, &rx), len);
		intel_standin_write(&is, reg, (wide ? 1u : 0x80u) << 8 * (entry % 4));
		assert_int_equal(intel_dev_receive(&id, frame, len), 1);
		assert_int_equal(intel_standin_recv(&is, 1, got, &rx), len);
		intel_standin_write(&is, reg, 0);
	}
	assert_int_equal(n, 128);
	down();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(scattered),   BOTH(rx_checksums),
		BOTH(vlan),        { "double_vlan, 82576", double_vlan, igb, NULL, NULL },
		BOTH(filters),     BOTH(rss),
		BOTH(rss_entries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
