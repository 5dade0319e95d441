// SPDX-License-Identifier: BSD-3-Clause
/* VLAN tags: taken out, put in, and frames chosen by them. */
#include "conform/conform.h"

static const uint16_t tcis[] = { 1, 0x0fff, 0xe064, 0x1000, 0x6007 };

/* Frame @seq with a tag; @len counts it. */
static void tagged(struct conform *c, uint8_t *frame, unsigned seq, uint32_t len, uint16_t tci,
		   bool to_peer)
{
	frame_fill(frame, seq, len - 4, c->info.mac, to_peer);
	memmove(frame + 16, frame + 12, len - 16);
	put16(frame + 12, 0x8100);
	put16(frame + 14, tci);
}

BEHAVIOUR(vlan_strip, 0,
	  "With the offload a tag stands in the packet's header and not in its data, at every "
	  "length, and a frame without one is left alone.");
static void vlan_strip(struct conform *c)
{
	static const uint32_t lengths[] = { 64, 68, 100, 1518 };
	static uint8_t frame[2048];

	need_offload(c, FN_OFFLOAD_RX_VLAN);
	port_start(c, (struct fn_dev_conf){ .offloads = FN_OFFLOAD_RX_VLAN });
	for (unsigned i = 0; i < FN_ARRAY_LEN(tcis) * FN_ARRAY_LEN(lengths); i++) {
		const uint32_t len = lengths[i / FN_ARRAY_LEN(tcis)];
		const uint16_t tci = tcis[i % FN_ARRAY_LEN(tcis)];
		struct fn_pkt *pkt;

		tagged(c, frame, i, len, tci, false);
		wire_send(c, frame, len);
		pkt = rx_next(c, c->rx);
		check(pkt->flags & FN_PKT_VLAN);
		check_eq(pkt->vlan_tci, tci);
		check_eq(pkt->len, len - 4);
		check_frame(c, pkt->data, pkt->len, i, len - 4);
		fn_pkt_free(pkt);
		wire_send_stream(c, i, 1, len - 4);
		pkt = rx_next(c, c->rx);
		check_eq(pkt->flags & FN_PKT_VLAN, 0);
		check_eq(pkt->vlan_tci, 0);
		check_frame(c, pkt->data, pkt->len, i, len - 4);
		fn_pkt_free(pkt);
	}
}

BEHAVIOUR(vlan_insert, 0,
	  "With the offload a packet's tag is put in behind the addresses, and the packet "
	  "behind it has none.");
static void vlan_insert(struct conform *c)
{
	static const uint32_t lengths[] = { 60, 100, 1514 };
	static uint8_t want[2048];
	static uint8_t got[FRAME_MAX];

	need_offload(c, FN_OFFLOAD_TX_VLAN);
	port_start(c, (struct fn_dev_conf){ .offloads = FN_OFFLOAD_TX_VLAN });
	for (unsigned i = 0; i < FN_ARRAY_LEN(tcis) * FN_ARRAY_LEN(lengths); i++) {
		const uint32_t len = lengths[i / FN_ARRAY_LEN(tcis)];
		const uint16_t tci = tcis[i % FN_ARRAY_LEN(tcis)];
		struct fn_pkt *pkt = pkt_frame(c, i, len);

		pkt->flags |= FN_PKT_VLAN;
		pkt->vlan_tci = tci;
		tx_send(c, c->tx, pkt);
		tagged(c, want, i, len + 4, tci, true);
		check_eq(wire_recv(c, got, sizeof(got)), len + 4);
		check_mem(got, want, len + 4);
		tx_send_stream(c, c->tx, i, 1, len);
		wire_expect_stream(c, i, 1, len);
	}
}

static void vlan_only(struct conform *c, uint16_t in, uint16_t out)
{
	check(comes_in_tagged(c, c->info.mac, in));
	check(comes_in_tagged(c, c->info.mac, (uint16_t)(0xe000 | in)));
	check(!comes_in_tagged(c, c->info.mac, out));
	check(comes_in(c, c->info.mac));
}

BEHAVIOUR(vlan_filter, 0,
	  "With the filter on only tagged frames of the VLANs that were let in come in, "
	  "whatever their priority, and frames without a tag always do.");
static void vlan_filter(struct conform *c)
{
	static const uint16_t vids[] = { 1, 31, 32, 63, 64, 1000, 4095 };

	need_offload(c, FN_OFFLOAD_VLAN_FILTER);
	port_start(c, (struct fn_dev_conf){ .offloads = FN_OFFLOAD_VLAN_FILTER });
	for (unsigned i = 0; i < FN_ARRAY_LEN(vids); i++)
		check(!comes_in_tagged(c, c->info.mac, vids[i]));
	for (unsigned i = 0; i < FN_ARRAY_LEN(vids); i++) {
		const uint16_t other = vids[(i + 1) % FN_ARRAY_LEN(vids)];

		check_ok(fn_dev_add_vlan(c->dev, vids[i]));
		vlan_only(c, vids[i], other);
		vlan_only(c, vids[i], (uint16_t)(vids[i] ^ 2));
		check_ok(fn_dev_del_vlan(c->dev, vids[i]));
		check(!comes_in_tagged(c, c->info.mac, vids[i]));
	}
	check_ret(fn_dev_add_vlan(c->dev, 4096), -EINVAL);
	check_eq(rx_counter(c->rx, FN_RX_DROP_BROKEN), 0);
}

BEHAVIOUR(vlan_filter_holds, 0,
	  "The chosen VLANs hold over a stop, a start and a reset, and are forgotten when the "
	  "filter is configured off.");
static void vlan_filter_holds(struct conform *c)
{
	const struct fn_dev_conf conf = { .offloads = FN_OFFLOAD_VLAN_FILTER };

	need_offload(c, FN_OFFLOAD_VLAN_FILTER);
	port_start(c, conf);
	check_ok(fn_dev_add_vlan(c->dev, 100));
	check_ok(fn_dev_stop(c->dev));
	check_ok(fn_dev_add_vlan(c->dev, 200));
	check_ok(fn_dev_start(c->dev));
	wait_until(port_link_up(c));
	vlan_only(c, 100, 300);
	vlan_only(c, 200, 300);
	check_ok(fn_dev_reset(c->dev));
	wait_until(port_link_up(c));
	vlan_only(c, 100, 300);
	port_restart(c, (struct fn_dev_conf){ 0 });
	check(comes_in_tagged(c, c->info.mac, 100));
	check(comes_in_tagged(c, c->info.mac, 300));
	port_restart(c, conf);
	check(!comes_in_tagged(c, c->info.mac, 100));
}

BEHAVIOUR(vlan_insert_alone, 0,
	  "With tags put in by the device and none taken out by request, a received tag stands in "
	  "the data, where the sender put it.");
static void vlan_insert_alone(struct conform *c)
{
	static const uint32_t lengths[] = { 64, 68, 100, 1518 };
	static uint8_t frame[2048];
	static uint8_t got[FRAME_MAX];

	need_offload(c, FN_OFFLOAD_TX_VLAN);
	port_start(c, (struct fn_dev_conf){ .offloads = FN_OFFLOAD_TX_VLAN });
	for (unsigned i = 0; i < FN_ARRAY_LEN(lengths) * FN_ARRAY_LEN(tcis); i++) {
		const uint32_t len = lengths[i / FN_ARRAY_LEN(tcis)];
		struct fn_pkt *pkt;

		tagged(c, frame, i, len, tcis[i % FN_ARRAY_LEN(tcis)], false);
		wire_send(c, frame, len);
		pkt = rx_next(c, c->rx);
		check_eq(pkt->flags & FN_PKT_VLAN, 0);
		check_eq(pkt_copy(pkt, got, sizeof(got)), len);
		check_mem(got, frame, len);
		/* And out again as it is. */
		tx_send(c, c->tx, pkt);
		check_eq(wire_recv(c, got, sizeof(got)), len);
		check_mem(got, frame, len);
	}
}

BEHAVIOUR(vlan_all, 0,
	  "Tags taken out, put in and filtered at once: a packet of a chosen VLAN comes in with "
	  "its tag beside it, and goes out again with the tag in its place.");
static void vlan_all(struct conform *c)
{
	const uint64_t all = FN_OFFLOAD_RX_VLAN | FN_OFFLOAD_TX_VLAN | FN_OFFLOAD_VLAN_FILTER;
	static uint8_t frame[2048];
	static uint8_t got[FRAME_MAX];

	need_offload(c, all);
	port_start(c, (struct fn_dev_conf){ .offloads = all });
	for (unsigned i = 0; i < FN_ARRAY_LEN(tcis); i++) {
		const uint16_t vid = tcis[i] & 0xfff;
		struct fn_pkt *pkt;

		check_ok(fn_dev_add_vlan(c->dev, vid));
		tagged(c, frame, 50 + i, 200 + i, tcis[i] ^ 0x800, false);
		wire_send(c, frame, 200 + i);
		tagged(c, frame, i, 100 + i, tcis[i], false);
		wire_send(c, frame, 100 + i);
		pkt = rx_next(c, c->rx);
		check_eq(pkt->flags & FN_PKT_VLAN, FN_PKT_VLAN);
		check_eq(pkt->vlan_tci, tcis[i]);
		check_eq(fn_pkt_len(pkt), 96 + i);
		tx_send(c, c->tx, pkt);
		check_eq(wire_recv(c, got, sizeof(got)), 100 + i);
		check_mem(got, frame, 100 + i);
		check_ok(fn_dev_del_vlan(c->dev, vid));
	}
	check_passes(c);
}

BEHAVIOUR(vlan_insert_chained, 0,
	  "A tag is put into a packet of several segments too, the first of which may be as short "
	  "as a header, and into one that others hold, whose data is not touched.");
static void vlan_insert_chained(struct conform *c)
{
	static uint8_t want[2048];
	static uint8_t got[FRAME_MAX];
	uint8_t before[400];

	need_offload(c, FN_OFFLOAD_TX_VLAN);
	port_start(c, (struct fn_dev_conf){ .offloads = FN_OFFLOAD_TX_VLAN });
	for (unsigned i = 0; i < 8; i++) {
		const uint32_t cut[] = { 14, 18, 60, 200 };
		const uint32_t first = cut[i % 4];
		uint8_t frame[400];
		struct fn_pkt *pkt;

		frame_fill(frame, i, sizeof(frame), c->info.mac, true);
		pkt = pkt_bytes(c, frame, first);
		check_ok(fn_pkt_chain(pkt, pkt_bytes(c, frame + first, sizeof(frame) - first)));
		memcpy(before, pkt->data, first);
		pkt->flags |= FN_PKT_VLAN;
		pkt->vlan_tci = tcis[i % FN_ARRAY_LEN(tcis)];
		check_ok(fn_pkt_ref(pkt));
		tx_send(c, c->tx, pkt);
		tagged(c, want, i, sizeof(frame) + 4, tcis[i % FN_ARRAY_LEN(tcis)], true);
		check_eq(wire_recv(c, got, sizeof(got)), sizeof(frame) + 4);
		check_mem(got, want, sizeof(frame) + 4);
		check_mem(pkt->data, before, first);
		wait_until(fn_tx_reclaim(c->tx) <= 1 && !pkt->extra_refs);
		fn_pkt_free(pkt);
	}
}

const struct behaviour *const vlan_behaviours[] = {
	&behaviour_vlan_strip,          &behaviour_vlan_insert,
	&behaviour_vlan_filter,         &behaviour_vlan_filter_holds,
	&behaviour_vlan_insert_alone,   &behaviour_vlan_all,
	&behaviour_vlan_insert_chained, NULL,
};
