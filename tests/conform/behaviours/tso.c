// SPDX-License-Identifier: BSD-3-Clause
/* TCP segmentation: a long packet leaves as the frames that a receiver must see, byte by byte. */
#include "conform/conform.h"

#define ROOM 2000u

/* A packet of any length in a chain, the headers in the first segment. */
static struct fn_pkt *tso_pkt(struct conform *c, const uint8_t *frame, uint32_t len, uint16_t mss)
{
	const struct layout at = layout_of(frame, len);
	const uint32_t first = len < ROOM ? len : ROOM;
	struct fn_pkt *pkt = pkt_bytes(c, frame, first);

	for (uint32_t off = first; off < len; off += ROOM)
		check_ok(fn_pkt_chain(pkt, pkt_bytes(c, frame + off,
						     len - off < ROOM ? len - off : ROOM)));
	/* What differs from frame to frame is the driver's and the device's to fill in. */
	put16(pkt->data + at.l2_len + at.l3_len + 16, 0xdead);
	put16(pkt->data + at.l2_len + (at.ipv6 ? 4 : 2), 0);
	if (!at.ipv6)
		put16(pkt->data + at.l2_len + 10, 0xbeef);
	pkt->flags |= FN_PKT_TX_TSO | FN_PKT_TX_TCP_CSUM | (at.ipv6 ? FN_PKT_TX_IPV6 : 0);
	pkt->l2_len = (uint8_t)at.l2_len;
	pkt->l3_len = at.l3_len;
	pkt->l4_len = (uint8_t)at.l4_len;
	pkt->mss = mss;
	return pkt;
}

/* Returns the bytes of the packet. */
static uint32_t send_segments(struct conform *c, const struct flow *flow, uint16_t mss)
{
	static uint8_t frame[FRAME_MAX + 100];
	static struct ref_segment want[REF_TSO_SEGMENTS];
	const uint32_t len = flow_frame(flow, frame, peer_mac, c->info.mac);
	const unsigned n = ref_tso(frame, len, mss, want, REF_TSO_SEGMENTS);

	check(n > 0 && n < REF_TSO_SEGMENTS);
	tx_send(c, c->tx, tso_pkt(c, frame, len, mss));
	wire_expect_segments(c, want, n);
	return len;
}

/* Lengths around the borders of segments. Linux, on whose wires some are, knows none below 8. */
static void tso_sweep(struct conform *c, bool ipv6, uint8_t tcp_options, int vlan)
{
	static const uint16_t mss[] = { 8, 536, 1000, 1380, 1400 };
	uint64_t bytes = tx_counter(c->tx, FN_TX_BYTES);

	for (unsigned i = 0; i < FN_ARRAY_LEN(mss); i++) {
		const uint32_t sizes[] = { mss[i] - 1u,  mss[i],          mss[i] + 1u,
					   2u * mss[i],  2u * mss[i] + 1, 5u * mss[i] - 1,
					   10u * mss[i], 20u * mss[i] + 7 };

		for (unsigned j = 0; j < FN_ARRAY_LEN(sizes); j++) {
			struct flow flow = flow_make(ipv6, PROTO_TCP, i * 10 + j);

			if (!sizes[j])
				continue;
			flow.payload = (uint16_t)sizes[j];
			flow.tcp_options = tcp_options;
			flow.vlan = vlan;
			flow.tcp_flags =
				TCP_ACK | TCP_PSH | (j % 2 ? TCP_FIN : 0) | (j % 3 ? 0 : TCP_CWR);
			/* The sequence number runs over its end. */
			flow.tcp_seq = 0xfffff000 + j;
			bytes += send_segments(c, &flow, mss[i]);
		}
	}
	check_eq(tx_counter(c->tx, FN_TX_BYTES), bytes);
}

static void tso_start(struct conform *c, uint64_t offload)
{
	need_offload(c, offload | FN_OFFLOAD_TX_L4_CSUM);
	if (c->info.max_tx_segs < 16)
		conform_skip(c, "the device takes %u segments", c->info.max_tx_segs);
	port_start(c, (struct fn_dev_conf){
			      .offloads = offload | FN_OFFLOAD_TX_L4_CSUM |
					  (c->info.offloads_max & FN_OFFLOAD_TX_IP_CSUM) });
}

BEHAVIOUR(tso4, NEED_REQUESTS | NEED_GSO,
	  "A long TCP packet over IPv4 leaves as frames of at most mss bytes, each with its own "
	  "length, identification, sequence number, flags and checksums.");
static void tso4(struct conform *c)
{
	tso_start(c, FN_OFFLOAD_TX_TSO4);
	tso_sweep(c, false, 0, -1);
}

BEHAVIOUR(tso6, NEED_REQUESTS | NEED_GSO,
	  "A long TCP packet over IPv6 leaves as frames of at most mss bytes, each with its own "
	  "length, sequence number, flags and checksum.");
static void tso6(struct conform *c)
{
	tso_start(c, FN_OFFLOAD_TX_TSO6);
	tso_sweep(c, true, 0, -1);
}

BEHAVIOUR(tso_options, NEED_REQUESTS | NEED_GSO,
	  "Segments carry the TCP options and the VLAN tag of the whole.");
static void tso_options(struct conform *c)
{
	tso_start(c, FN_OFFLOAD_TX_TSO4);
	tso_sweep(c, false, 20, -1);
	tso_sweep(c, false, 0, 9);
}

BEHAVIOUR(tso_largest, NEED_REQUESTS | NEED_GSO,
	  "The longest packet that IP can have, 65535 bytes, leaves in segments.");
static void tso_largest(struct conform *c)
{
	struct flow flow = flow_make(false, PROTO_TCP, 1);

	tso_start(c, FN_OFFLOAD_TX_TSO4);
	flow.payload = 65535 - 40;
	if (c->info.max_tx_segs < 1 + (14 + 65535) / ROOM)
		conform_skip(c, "the device takes %u segments", c->info.max_tx_segs);
	for (unsigned i = 0; i < 5; i++) {
		flow.ip_id = (uint16_t)(0xfff0 + i);
		(void)send_segments(c, &flow, 1460);
	}
}

BEHAVIOUR(tso_not_for_the_other, NEED_REQUESTS | NEED_GSO,
	  "Segmentation of one IP version does not stand for the other: a packet of that one is "
	  "dropped and counted when only the first is on.");
static void tso_not_for_the_other(struct conform *c)
{
	static uint8_t frame[FRAME_MAX];
	struct flow flow = flow_make(true, PROTO_TCP, 1);
	uint32_t len;

	tso_start(c, FN_OFFLOAD_TX_TSO4);
	flow.payload = 3000;
	len = flow_frame(&flow, frame, peer_mac, c->info.mac);
	tx_send(c, c->tx, tso_pkt(c, frame, len, 1000));
	check_eq(tx_counter(c->tx, FN_TX_DROP_OFFLOAD), 1);
	wire_expect_none(c);
	check_passes(c);
}

/* A packet that asks for a tag beside its data: all its segments get it. */
static void send_tagged_segments(struct conform *c, bool ipv6, unsigned n)
{
	static uint8_t frame[FRAME_MAX + 100];
	static struct ref_segment want[REF_TSO_SEGMENTS];
	struct flow flow = flow_make(ipv6, PROTO_TCP, n);
	const uint16_t tci = (uint16_t)(0x2000 + 7 * n);
	struct fn_pkt *pkt;
	uint32_t len;
	unsigned segments;

	flow.payload = (uint16_t)(900 + n * 601);
	flow.vlan = tci;
	len = flow_frame(&flow, frame, peer_mac, c->info.mac);
	segments = ref_tso(frame, len, 1000, want, REF_TSO_SEGMENTS);
	check(segments > 0);
	flow.vlan = -1;
	len = flow_frame(&flow, frame, peer_mac, c->info.mac);
	pkt = tso_pkt(c, frame, len, 1000);
	pkt->flags |= FN_PKT_VLAN;
	pkt->vlan_tci = tci;
	tx_send(c, c->tx, pkt);
	wire_expect_segments(c, want, segments);
}

BEHAVIOUR(tso_vlan_insert, NEED_REQUESTS | NEED_GSO,
	  "A tag that the device puts in stands in every segment of a packet, and in that of a "
	  "packet that needs no cutting.");
static void tso_vlan_insert(struct conform *c)
{
	need_offload(c, FN_OFFLOAD_TX_VLAN);
	tso_start(c, FN_OFFLOAD_TX_TSO4 | FN_OFFLOAD_TX_TSO6 | FN_OFFLOAD_TX_VLAN);
	for (unsigned i = 0; i < 12; i++) {
		send_tagged_segments(c, i & 1, i);
		tx_send_stream(c, c->tx, i, 1, 60 + i);
		wire_expect_stream(c, i, 1, 60 + i);
	}
}

BEHAVIOUR(tso_mixed, NEED_REQUESTS | NEED_GSO,
	  "Packets to be cut, to be summed and to be left alone leave in order and each as it "
	  "asked.");
static void tso_mixed(struct conform *c)
{
	struct flow flow;

	tso_start(c, FN_OFFLOAD_TX_TSO4);
	for (unsigned i = 0; i < 40; i++) {
		flow = flow_make(false, PROTO_TCP, i);
		flow.payload = (uint16_t)(3000 + i * 211);
		(void)send_segments(c, &flow, (uint16_t)(500 + i * 20));
		tx_send_stream(c, c->tx, i, 2, 60 + i);
		wire_expect_stream(c, i, 2, 60 + i);
	}
}

const struct behaviour *const tso_behaviours[] = {
	&behaviour_tso4,
	&behaviour_tso6,
	&behaviour_tso_options,
	&behaviour_tso_largest,
	&behaviour_tso_not_for_the_other,
	&behaviour_tso_vlan_insert,
	&behaviour_tso_mixed,
	NULL,
};
