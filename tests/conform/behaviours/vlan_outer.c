// SPDX-License-Identifier: BSD-3-Clause
/* Two VLAN tags: the outer one stays in the data, and all that is done is done behind it. */
#include "conform/conform.h"
#include "conform/ref_csum.h"

#define TYPE_OUTER 0x88a8u
#define TYPE_INNER 0x8100u
#define OUTER_TCI 0x2345u
#define TAG 4u
#define MOST 1522u /* MTU 1500, Ethernet, and two tags */

static const uint32_t lengths[] = { 68, 72, 100, 1518, MOST };
static const uint16_t tcis[] = { 1, 0x0fff, 0xe064, 0x1000, 0x6007 };

/* Put a tag in behind the first @at bytes of a frame of @len bytes. Returns its bytes then. */
static uint32_t tag(uint8_t *frame, uint32_t len, uint32_t at, uint16_t type, uint16_t tci)
{
	memmove(frame + at + TAG, frame + at, len - at);
	put16(frame + at, type);
	put16(frame + at + 2, tci);
	return len + TAG;
}

/* A frame with an outer tag and, unless @tci is negative, an inner one; @len counts both. */
static void tagged(struct conform *c, uint8_t *frame, unsigned seq, uint32_t len, int tci,
		   bool to_peer)
{
	uint32_t bytes = len - (tci < 0 ? TAG : 2 * TAG);

	frame_fill(frame, seq, bytes, c->info.mac, to_peer);
	if (tci >= 0)
		bytes = tag(frame, bytes, ETH_ADDRS, TYPE_INNER, (uint16_t)tci);
	(void)tag(frame, bytes, ETH_ADDRS, TYPE_OUTER, OUTER_TCI);
}

static void outer_start(struct conform *c, uint64_t more)
{
	need_offload(c, FN_OFFLOAD_VLAN_OUTER | more);
	port_start(c, (struct fn_dev_conf){ .offloads = FN_OFFLOAD_VLAN_OUTER | more });
}

/* The next packet has these bytes, and beside them this tag; negative: none. */
static void expect_pkt(struct conform *c, const uint8_t *frame, uint32_t len, int tci)
{
	static uint8_t got[FRAME_MAX];
	struct fn_pkt *pkt = rx_next(c, c->rx);

	check_eq(pkt->flags & FN_PKT_VLAN, tci < 0 ? 0 : FN_PKT_VLAN);
	check_eq(pkt->vlan_tci, tci < 0 ? 0 : tci);
	check_eq(pkt_copy(pkt, got, sizeof(got)), len);
	check_mem(got, frame, len);
	fn_pkt_free(pkt);
}

static void comes_as_it_is(struct conform *c, const uint8_t *frame, uint32_t len)
{
	wire_send(c, frame, len);
	expect_pkt(c, frame, len, -1);
}

BEHAVIOUR(vlan_outer_strip, 0,
	  "Of two tags the inner one stands in the packet's header and the outer one in its data; "
	  "a frame with an outer tag alone, with another alone or with none is left alone.");
static void vlan_outer_strip(struct conform *c)
{
	static uint8_t frame[2048];
	static uint8_t want[2048];

	outer_start(c, FN_OFFLOAD_RX_VLAN);
	for (unsigned i = 0; i < FN_ARRAY_LEN(lengths) * FN_ARRAY_LEN(tcis); i++) {
		const uint32_t len = lengths[i / FN_ARRAY_LEN(tcis)];
		const uint16_t tci = tcis[i % FN_ARRAY_LEN(tcis)];

		tagged(c, frame, i, len, tci, false);
		tagged(c, want, i, len - TAG, -1, false);
		wire_send(c, frame, len);
		expect_pkt(c, want, len - TAG, tci);
		comes_as_it_is(c, want, len - TAG);
		frame_fill(frame, i, len - 2 * TAG, c->info.mac, false);
		comes_as_it_is(c, frame, len - 2 * TAG);
		(void)tag(frame, len - 2 * TAG, ETH_ADDRS, TYPE_INNER, tci);
		comes_as_it_is(c, frame, len - TAG);
	}
}

BEHAVIOUR(vlan_outer_off, 0,
	  "Without the offload, also after it was on, both tags stay in the data, and the filter "
	  "looks for neither.");
static void vlan_outer_off(struct conform *c)
{
	static uint8_t frame[2048];

	outer_start(c, FN_OFFLOAD_RX_VLAN | FN_OFFLOAD_VLAN_FILTER);
	port_restart(c, (struct fn_dev_conf){ .offloads = FN_OFFLOAD_RX_VLAN });
	for (unsigned i = 0; i < FN_ARRAY_LEN(tcis); i++) {
		tagged(c, frame, i, 200 + i, tcis[i], false);
		comes_as_it_is(c, frame, 200 + i);
	}
	port_restart(c, (struct fn_dev_conf){ .offloads = FN_OFFLOAD_VLAN_FILTER });
	tagged(c, frame, 7, 300, 7, false);
	comes_as_it_is(c, frame, 300);
}

BEHAVIOUR(vlan_outer_filter, 0,
	  "The filter means the inner tag, whatever the outer one's VLAN; frames without an inner "
	  "tag behind an outer one come in.");
static void vlan_outer_filter(struct conform *c)
{
	static uint8_t frame[2048];

	outer_start(c, FN_OFFLOAD_VLAN_FILTER);
	tagged(c, frame, 1, 200, 100, false);
	check(!lets_in(c, frame, 200));
	/* The outer one's. */
	check_ok(fn_dev_add_vlan(c->dev, OUTER_TCI & 0xfff));
	check(!lets_in(c, frame, 200));
	check_ok(fn_dev_add_vlan(c->dev, 100));
	check(lets_in(c, frame, 200));
	tagged(c, frame, 2, 200, 0xe000 | 100, false);
	check(lets_in(c, frame, 200));
	tagged(c, frame, 3, 200, 101, false);
	check(!lets_in(c, frame, 200));
	tagged(c, frame, 4, 200, -1, false);
	check(lets_in(c, frame, 200));
	frame_fill(frame, 5, 200, c->info.mac, false);
	check(lets_in(c, frame, 200));
	(void)tag(frame, 200, ETH_ADDRS, TYPE_INNER, 101);
	check(lets_in(c, frame, 204));
}

BEHAVIOUR(vlan_outer_longest, 0,
	  "A full frame with two tags, 1522 bytes, passes both ways as it is; a packet of one byte "
	  "more is dropped and counted, and an MTU that leaves no room for the tag is refused.");
static void vlan_outer_longest(struct conform *c)
{
	static uint8_t frame[2048];
	static uint8_t got[FRAME_MAX];

	outer_start(c, 0);
	tagged(c, frame, 1, MOST, 7, false);
	comes_as_it_is(c, frame, MOST);
	tagged(c, frame, 2, MOST, 7, true);
	tx_send(c, c->tx, pkt_bytes(c, frame, MOST));
	check_eq(wire_recv(c, got, sizeof(got)), MOST);
	check_mem(got, frame, MOST);
	tagged(c, frame, 3, MOST + 1, 7, true);
	tx_send(c, c->tx, pkt_bytes(c, frame, MOST + 1));
	check_eq(tx_counter(c->tx, FN_TX_DROP_TOO_LONG), 1);
	check_passes(c);
	check_ok(fn_dev_stop(c->dev));
	check_ret(port_configure(c, (struct fn_dev_conf){ .mtu = c->info.mtu_max - 3,
							  .offloads = FN_OFFLOAD_VLAN_OUTER |
								      FN_OFFLOAD_RX_SCATTER }),
		  -EINVAL);
	check_ok(port_configure(c, (struct fn_dev_conf){ .mtu = c->info.mtu_max - TAG,
							 .offloads = FN_OFFLOAD_VLAN_OUTER |
								     FN_OFFLOAD_RX_SCATTER }));
}

/* Send a packet with a tag beside its data, in two segments of which the first has @first bytes. */
static void send_beside(struct conform *c, const uint8_t *frame, uint32_t len, uint32_t first,
			uint16_t tci)
{
	struct fn_pkt *pkt = pkt_bytes(c, frame, first);

	if (first < len)
		check_ok(fn_pkt_chain(pkt, pkt_bytes(c, frame + first, len - first)));
	pkt->flags |= FN_PKT_VLAN;
	pkt->vlan_tci = tci;
	tx_send(c, c->tx, pkt);
}

BEHAVIOUR(vlan_outer_insert, NEED_BEHIND,
	  "A tag is put in behind the outer one, also of a packet in segments; a packet that wants "
	  "one and has no outer tag, or not all of it in front, is dropped and counted.");
static void vlan_outer_insert(struct conform *c)
{
	static const uint32_t firsts[] = { 18, 22, 60, UINT32_MAX };
	static uint8_t frame[2048];
	static uint8_t want[2048];
	static uint8_t got[FRAME_MAX];

	outer_start(c, FN_OFFLOAD_TX_VLAN);
	for (unsigned i = 0; i < FN_ARRAY_LEN(lengths) * FN_ARRAY_LEN(tcis); i++) {
		const uint32_t len = lengths[i / FN_ARRAY_LEN(tcis)];
		const uint16_t tci = tcis[i % FN_ARRAY_LEN(tcis)];
		const uint32_t first = firsts[i % FN_ARRAY_LEN(firsts)];

		tagged(c, frame, i, len - TAG, -1, true);
		tagged(c, want, i, len, tci, true);
		send_beside(c, frame, len - TAG, first < len - TAG ? first : len - TAG, tci);
		check_eq(wire_recv(c, got, sizeof(got)), len);
		check_mem(got, want, len);
		tx_send_stream(c, c->tx, i, 1, len - TAG);
		wire_expect_stream(c, i, 1, len - TAG);
	}
	send_beside(c, frame, 100, 17, 5);
	check_eq(tx_counter(c->tx, FN_TX_DROP_OFFLOAD), 1);
	frame_fill(frame, 1, 100, c->info.mac, true);
	send_beside(c, frame, 100, 100, 5);
	check_eq(tx_counter(c->tx, FN_TX_DROP_OFFLOAD), 2);
	(void)tag(frame, 100, ETH_ADDRS, TYPE_INNER, 6);
	send_beside(c, frame, 104, 104, 5);
	check_eq(tx_counter(c->tx, FN_TX_DROP_OFFLOAD), 3);
	wire_expect_none(c);
	check_passes(c);
}

BEHAVIOUR(vlan_outer_insert_alone, NEED_BEHIND,
	  "With tags put in by the device and none taken out by request, both tags of a received "
	  "frame stand in the data, where the sender put them.");
static void vlan_outer_insert_alone(struct conform *c)
{
	static uint8_t frame[2048];

	outer_start(c, FN_OFFLOAD_TX_VLAN);
	for (unsigned i = 0; i < FN_ARRAY_LEN(lengths) * FN_ARRAY_LEN(tcis); i++) {
		const uint32_t len = lengths[i / FN_ARRAY_LEN(tcis)];

		tagged(c, frame, i, len, tcis[i % FN_ARRAY_LEN(tcis)], false);
		comes_as_it_is(c, frame, len);
		tagged(c, frame, i, len - TAG, -1, false);
		comes_as_it_is(c, frame, len - TAG);
	}
}

/* A frame of TCP with two tags, all checksums right. */
static uint32_t tcp_frame(struct conform *c, uint8_t *frame, unsigned i, uint16_t payload,
			  bool to_peer)
{
	struct flow flow = flow_make(i & 1, PROTO_TCP, i);
	uint32_t len;

	flow.vlan = tcis[i % FN_ARRAY_LEN(tcis)];
	flow.payload = payload;
	len = flow_frame(&flow, frame, to_peer ? peer_mac : c->info.mac,
			 to_peer ? c->info.mac : peer_mac);
	return tag(frame, len, ETH_ADDRS, TYPE_OUTER, OUTER_TCI);
}

static unsigned flags_of(struct conform *c, const uint8_t *frame, uint32_t len)
{
	struct fn_pkt *pkt;
	unsigned flags;

	wire_send(c, frame, len);
	pkt = rx_next(c, c->rx);
	flags = pkt->flags &
		(FN_PKT_RX_IP_GOOD | FN_PKT_RX_IP_BAD | FN_PKT_RX_L4_GOOD | FN_PKT_RX_L4_BAD);
	fn_pkt_free(pkt);
	return flags;
}

BEHAVIOUR(vlan_outer_rx_csum, NEED_CSUM_LOOK,
	  "A good checksum behind two tags is called good and a bad one bad, with the inner tag "
	  "taken out or left; behind no outer tag a bad one is never called good.");
static void vlan_outer_rx_csum(struct conform *c)
{
	static uint8_t frame[2048];

	for (unsigned i = 0; i < 8; i++) {
		const uint64_t strip = i & 2 ? FN_OFFLOAD_RX_VLAN : 0;
		const unsigned ip = i & 1 ? 0 : FN_PKT_RX_IP_GOOD;
		uint32_t len;

		if (i == 0)
			outer_start(c, FN_OFFLOAD_RX_CSUM | strip);
		else
			port_restart(c, (struct fn_dev_conf){ .offloads = FN_OFFLOAD_VLAN_OUTER |
									  FN_OFFLOAD_RX_CSUM |
									  strip });
		len = tcp_frame(c, frame, i, 300, false);
		check_eq(flags_of(c, frame, len), ip | FN_PKT_RX_L4_GOOD);
		frame[len - 1] ^= 1;
		check_eq(flags_of(c, frame, len), ip | FN_PKT_RX_L4_BAD);
		memmove(frame + ETH_ADDRS, frame + ETH_ADDRS + TAG, len - ETH_ADDRS - TAG);
		check_eq(flags_of(c, frame, len - TAG) & FN_PKT_RX_L4_GOOD, 0);
	}
}

/* Ask for the checksum of a frame of TCP, or with an @mss for segments of it. */
static struct fn_pkt *asking(struct conform *c, const uint8_t *frame, uint32_t len, uint16_t mss)
{
	const struct layout at = layout_of(frame, len);
	const uint32_t first = len < 2000 ? len : 2000;
	struct fn_pkt *pkt = pkt_bytes(c, frame, first);

	for (uint32_t off = first; off < len; off += 2000)
		check_ok(fn_pkt_chain(pkt, pkt_bytes(c, frame + off,
						     len - off < 2000 ? len - off : 2000)));
	put16(pkt->data + at.l2_len + at.l3_len + 16, 0xdead);
	pkt->flags |=
		FN_PKT_TX_TCP_CSUM | (at.ipv6 ? FN_PKT_TX_IPV6 : 0) | (mss ? FN_PKT_TX_TSO : 0);
	pkt->l2_len = (uint8_t)at.l2_len;
	pkt->l3_len = at.l3_len;
	pkt->l4_len = (uint8_t)at.l4_len;
	pkt->mss = mss;
	return pkt;
}

static void send_segments(struct conform *c, unsigned i, uint16_t payload, uint16_t mss,
			  bool beside)
{
	static uint8_t frame[FRAME_MAX + 100];
	static struct ref_segment want[REF_TSO_SEGMENTS];
	uint32_t len = tcp_frame(c, frame, i, payload, true);
	const unsigned n = ref_tso(frame, len, mss ? mss : payload, want, REF_TSO_SEGMENTS);
	struct fn_pkt *pkt;

	if (beside) {
		len -= TAG;
		memmove(frame + ETH_ADDRS + TAG, frame + ETH_ADDRS + 2 * TAG,
			len - ETH_ADDRS - TAG);
	}
	pkt = asking(c, frame, len, mss);
	if (beside) {
		pkt->flags |= FN_PKT_VLAN;
		pkt->vlan_tci = tcis[i % FN_ARRAY_LEN(tcis)];
	}
	tx_send(c, c->tx, pkt);
	wire_expect_segments(c, want, n);
}

#define OUTER_TSO \
	(FN_OFFLOAD_TX_L4_CSUM | FN_OFFLOAD_TX_IP_CSUM | FN_OFFLOAD_TX_TSO4 | FN_OFFLOAD_TX_TSO6)

BEHAVIOUR(vlan_outer_tx_csum, NEED_REQUESTS,
	  "Checksums of packets with two tags are filled in right; a packet that asks for one and "
	  "has no outer tag is dropped and counted, whatever went before it.");
static void vlan_outer_tx_csum(struct conform *c)
{
	static uint8_t frame[2048];
	static uint8_t got[FRAME_MAX];
	struct fn_pkt *pkts[8];
	struct flow flow;
	uint32_t len;

	outer_start(c, FN_OFFLOAD_TX_L4_CSUM);
	for (unsigned i = 0; i < 20; i++)
		send_segments(c, i, (uint16_t)(1 + i * 70), 0, false);
	/* As long in front of the IP header as one with an outer tag alone. */
	flow = flow_make(false, PROTO_TCP, 1);
	for (unsigned i = 0; i < 8; i++) {
		flow.vlan = 5;
		len = flow_frame(&flow, frame, peer_mac, c->info.mac);
		put16(frame + ETH_ADDRS, i & 1 ? TYPE_INNER : TYPE_OUTER);
		pkts[i] = asking(c, frame, len, 0);
	}
	check_eq(fn_tx_burst(c->tx, pkts, 8), 8);
	check_eq(tx_counter(c->tx, FN_TX_DROP_OFFLOAD), 4);
	for (unsigned i = 0; i < 4; i++)
		(void)wire_recv_request(c, &(struct wire_request){ 0 }, got, sizeof(got));
	wire_expect_none(c);
	check_passes(c);
}

BEHAVIOUR(vlan_outer_tso, NEED_REQUESTS | NEED_GSO,
	  "Segments of a long packet with two tags carry both.");
static void vlan_outer_tso(struct conform *c)
{
	outer_start(c, OUTER_TSO);
	for (unsigned i = 0; i < 12; i++)
		send_segments(c, i, (uint16_t)(900 + i * 601), i % 3 ? 1000 : 1440, false);
}

BEHAVIOUR(vlan_outer_tso_insert, NEED_REQUESTS | NEED_GSO | NEED_BEHIND,
	  "Checksums and segments of packets whose inner tag is put in are right, and each has "
	  "both tags.");
static void vlan_outer_tso_insert(struct conform *c)
{
	outer_start(c, OUTER_TSO | FN_OFFLOAD_TX_VLAN);
	for (unsigned i = 0; i < 12; i++) {
		send_segments(c, i, (uint16_t)(900 + i * 601), 1000, true);
		send_segments(c, i, (uint16_t)(1 + i * 90), 0, true);
	}
}

const struct behaviour *const vlan_outer_behaviours[] = {
	&behaviour_vlan_outer_strip,
	&behaviour_vlan_outer_off,
	&behaviour_vlan_outer_filter,
	&behaviour_vlan_outer_longest,
	&behaviour_vlan_outer_insert,
	&behaviour_vlan_outer_insert_alone,
	&behaviour_vlan_outer_rx_csum,
	&behaviour_vlan_outer_tx_csum,
	&behaviour_vlan_outer_tso,
	&behaviour_vlan_outer_tso_insert,
	NULL,
};
