// SPDX-License-Identifier: BSD-3-Clause
/* What is on the wire and what is in a packet are the same bytes, at every length that matters. */
#include "conform/conform.h"

#define VLAN_TCI 0x6007u /* priority 3, VLAN 7 */

static const uint32_t lengths[] = { 14, 59, 60, 61, 64, 65, 127, 1514 };

/* Frame @seq, with a VLAN tag behind its addresses or without. */
static void frame_make(struct conform *c, uint8_t *buf, unsigned seq, uint32_t len, bool tagged,
		       bool to_peer)
{
	frame_fill(buf, seq, len, c->info.mac, to_peer);
	if (!tagged)
		return;
	put16(buf + 12, 0x8100);
	put16(buf + 14, VLAN_TCI);
	put16(buf + 16, ETH_TYPE_TEST);
}

/* The same to the wire's other end, and there. */
static void tx_send_made(struct conform *c, unsigned seq, uint32_t len, bool tagged)
{
	uint8_t frame[FRAME_MAX];

	frame_make(c, frame, seq, len, tagged, true);
	tx_send(c, c->tx, pkt_bytes(c, frame, len));
}

static void wire_expect_made(struct conform *c, unsigned seq, uint32_t len, bool tagged)
{
	uint8_t want[FRAME_MAX];
	uint8_t got[FRAME_MAX];

	frame_make(c, want, seq, len, tagged, true);
	check_eq(wire_recv(c, got, sizeof(got)), len);
	check_mem(got, want, len);
}

BEHAVIOUR(tx_lengths, 0,
	  "Frames of 14, 59, 60, 61, 64, 65, 127 and 1514 bytes leave with the bytes that they "
	  "had, padded with zeros to 60 and never with old memory.");
static void tx_lengths(struct conform *c)
{
	port_start(c, (struct fn_dev_conf){ 0 });
	for (unsigned lap = 0; lap < 3; lap++) {
		for (unsigned i = 0; i < FN_ARRAY_LEN(lengths); i++)
			tx_send_stream(c, c->tx, i, 1, lengths[i]);
		for (unsigned i = 0; i < FN_ARRAY_LEN(lengths); i++)
			wire_expect_stream(c, i, 1, lengths[i]);
	}
	check_eq(tx_counter(c->tx, FN_TX_PACKETS), 3 * FN_ARRAY_LEN(lengths));
	check_eq(tx_counter(c->tx, FN_TX_BYTES), 3 * (14 + 59 + 60 + 61 + 64 + 65 + 127 + 1514));
}

BEHAVIOUR(rx_lengths, 0,
	  "Frames of 14, 59, 60, 61, 64, 65, 127 and 1514 bytes come in with the bytes that "
	  "were on the wire, with lengths that count no CRC, and nothing stale beside them.");
static void rx_lengths(struct conform *c)
{
	port_start(c, (struct fn_dev_conf){ 0 });
	for (unsigned lap = 0; lap < 3; lap++) {
		for (unsigned i = 0; i < FN_ARRAY_LEN(lengths); i++)
			wire_send_stream(c, i, 1, lengths[i]);
		for (unsigned i = 0; i < FN_ARRAY_LEN(lengths); i++)
			rx_expect_stream(c, c->rx, i, 1, lengths[i]);
	}
	check_eq(rx_counter(c->rx, FN_RX_PACKETS), 3 * FN_ARRAY_LEN(lengths));
}

BEHAVIOUR(every_length, 0,
	  "Frames of all lengths from 14 to 160 and from 1400 to 1514 bytes pass both ways, and of "
	  "many between.");
static void every_length(struct conform *c)
{
	port_start(c, (struct fn_dev_conf){ 0 });
	for (uint32_t len = 14; len <= 1514; len += len > 160 && len < 1400 ? 13 : 1) {
		tx_send_stream(c, c->tx, len, 1, len);
		wire_send_stream(c, len, 1, len);
		wire_expect_stream(c, len, 1, len);
		rx_expect_stream(c, c->rx, len, 1, len);
	}
}

BEHAVIOUR(tagged_1518, 0,
	  "A full frame with a VLAN tag, 1518 bytes, passes both ways as it is without VLAN "
	  "offloads.");
static void tagged_1518(struct conform *c)
{
	uint8_t want[1518];
	uint8_t got[FRAME_MAX];
	struct fn_pkt *pkt;

	port_start(c, (struct fn_dev_conf){ 0 });
	tx_send_made(c, 1, sizeof(want), true);
	wire_expect_made(c, 1, sizeof(want), true);
	frame_make(c, want, 2, sizeof(want), true, false);
	wire_send(c, want, sizeof(want));
	pkt = rx_next(c, c->rx);
	check_eq(pkt_copy(pkt, got, sizeof(got)), sizeof(want));
	check_mem(got, want, sizeof(want));
	check_eq(pkt->flags & FN_PKT_VLAN, 0);
	check_eq(pkt->vlan_tci, 0);
	fn_pkt_free(pkt);
}

BEHAVIOUR(tx_above_mtu, 0,
	  "A packet as long as the MTU, its link header and a VLAN tag is sent, with a tag or "
	  "without; one byte longer it is dropped and counted, and those around it are sent.");
static void tx_above_mtu(struct conform *c)
{
	const uint32_t most = 1500 + 18;

	port_start(c, (struct fn_dev_conf){ .mtu = 1500 });
	for (unsigned tagged = 0; tagged < 2; tagged++) {
		tx_send_made(c, 1, most, tagged);
		tx_send_made(c, 2, most + 1, tagged);
		tx_send_made(c, 3, most, tagged);
		wire_expect_made(c, 1, most, tagged);
		wire_expect_made(c, 3, most, tagged);
		wire_expect_none(c);
	}
	check_eq(tx_counter(c->tx, FN_TX_DROP_TOO_LONG), 2);
	check_eq(tx_counter(c->tx, FN_TX_PACKETS), 4);
}

BEHAVIOUR(rx_above_mtu, 0,
	  "A frame above the MTU, by one byte or more, with a VLAN tag or without, comes in whole "
	  "or not at all, never cut, and those behind it come in.");
static void rx_above_mtu(struct conform *c)
{
	static uint8_t buf[FRAME_MAX];
	static uint8_t want[FRAME_MAX];
	static const uint32_t above[] = { 1515, 1519, 1600, 2047, 2049, 3000 };

	port_start(c, (struct fn_dev_conf){ .mtu = 1500 });
	for (unsigned i = 0; i < 2 * FN_ARRAY_LEN(above); i++) {
		const uint32_t own = above[i / 2];
		struct fn_pkt *pkt;
		uint32_t len;

		frame_make(c, want, 2 * i, own, i % 2, false);
		wire_send(c, want, own);
		wire_send_stream(c, 2 * i + 1, 1, 100);
		pkt = rx_next(c, c->rx);
		len = pkt_copy(pkt, buf, sizeof(buf));
		if (frame_seq(buf) == 2 * i) {
			check_eq(len, own);
			check_mem(buf, want, own);
			fn_pkt_free(pkt);
			pkt = rx_next(c, c->rx);
			len = pkt_copy(pkt, buf, sizeof(buf));
		}
		check_frame(c, buf, len, 2 * i + 1, 100);
		fn_pkt_free(pkt);
	}
	check_eq(fn_rxq_status(c->rx), 0);
}

/* A packet of @segs segments with the bytes of frame @seq; the sizes differ. */
static struct fn_pkt *chain(struct conform *c, unsigned seq, uint32_t len, unsigned segs)
{
	static uint8_t frame[FRAME_MAX];
	struct fn_pkt *head = NULL;
	uint32_t at = 0;

	frame_fill(frame, seq, len, c->info.mac, true);
	for (unsigned i = 0; i < segs; i++) {
		const uint32_t left = len - at;
		const unsigned more = segs - 1 - i;
		uint32_t part = more ? left / (more + 1) + (i % 2 ? 1 : 0) : left;
		struct fn_pkt *pkt;

		if (part < 1 || left - part < more)
			part = left - more;
		pkt = pkt_bytes(c, frame + at, part);
		at += part;
		if (!head)
			head = pkt;
		else
			check_ok(fn_pkt_chain(head, pkt));
	}
	check_eq(fn_pkt_len(head), len);
	return head;
}

BEHAVIOUR(tx_chains, 0,
	  "Packets of several segments, up to as many as the device takes, leave as one frame, "
	  "short ones padded with zeros.");
static void tx_chains(struct conform *c)
{
	uint64_t bytes = 0;

	port_start(c, (struct fn_dev_conf){ 0 });
	for (unsigned segs = 1; segs <= c->info.max_tx_segs; segs++) {
		const uint32_t least = segs < 30 ? 30 : segs;

		tx_send(c, c->tx, chain(c, segs, 1514, segs));
		wire_expect_stream(c, segs, 1, 1514);
		tx_send(c, c->tx, chain(c, segs, least, segs));
		wire_expect_stream(c, segs, 1, least);
		bytes += 1514 + least;
	}
	check_eq(tx_counter(c->tx, FN_TX_PACKETS), 2 * c->info.max_tx_segs);
	check_eq(tx_counter(c->tx, FN_TX_BYTES), bytes);
}

static void jumbo_skip(struct conform *c)
{
	if (!c->dev)
		port_open(c);
	if (c->info.mtu_max < 9000)
		conform_skip(c, "the device's largest MTU is %u", c->info.mtu_max);
}

BEHAVIOUR(jumbo_tx_chained, 0, "A frame of 9014 bytes in a chain of segments leaves whole.");
static void jumbo_tx_chained(struct conform *c)
{
	c->pool_opts.room_bytes = 9216;
	c->pool_opts.count = 2048;
	jumbo_skip(c);
	if (c->info.max_tx_segs < 7)
		conform_skip(c, "the device takes %u segments", c->info.max_tx_segs);
	port_start(c, (struct fn_dev_conf){ .mtu = 9000 });
	for (unsigned seq = 0; seq < 10; seq++) {
		tx_send(c, c->tx, chain(c, seq, 9014, 1 + seq % 7));
		wire_expect_stream(c, seq, 1, 9014);
	}
}

BEHAVIOUR(jumbo_rx, 0, "A frame of 9014 bytes comes in whole into one buffer that holds it.");
static void jumbo_rx(struct conform *c)
{
	c->pool_opts.room_bytes = 9216;
	c->pool_opts.count = 2048;
	jumbo_skip(c);
	port_start(c, (struct fn_dev_conf){ .mtu = 9000 });
	for (unsigned seq = 0; seq < 10; seq++) {
		wire_send_stream(c, seq, 1, 9014 - seq);
		rx_expect_stream(c, c->rx, seq, 1, 9014 - seq);
	}
}

BEHAVIOUR(jumbo_needs_room, 0,
	  "An MTU that no buffer of the pool holds is refused where frames cannot be scattered.");
static void jumbo_needs_room(struct conform *c)
{
	jumbo_skip(c);
	check_ret(port_configure(c, (struct fn_dev_conf){ .mtu = 9000 }), -EINVAL);
	check_ok(port_configure(c, (struct fn_dev_conf){ 0 }));
	check_ret(fn_dev_set_mtu(c->dev, 9000), -EINVAL);
}

BEHAVIOUR(jumbo_rx_scattered, 0,
	  "Frames longer than a buffer come in as chains whose segments together are the frame, "
	  "also at the borders between one buffer and two.");
static void jumbo_rx_scattered(struct conform *c)
{
	const struct fn_dev_conf conf = { .mtu = 9000,
					  .rx_ring = 64,
					  .offloads = FN_OFFLOAD_RX_SCATTER };
	uint64_t bytes = 0;

	need_offload(c, FN_OFFLOAD_RX_SCATTER);
	jumbo_skip(c);
	port_start(c, conf);
	for (uint32_t len = 2000; len < 2080; len++) {
		wire_send_stream(c, len, 1, len);
		rx_expect_stream(c, c->rx, len, 1, len);
		bytes += len;
	}
	for (unsigned seq = 0; seq < 100; seq++) {
		wire_send_stream(c, seq, 1, 60 + seq * 90);
		rx_expect_stream(c, c->rx, seq, 1, 60 + seq * 90);
		bytes += 60 + seq * 90;
	}
	check_eq(rx_counter(c->rx, FN_RX_PACKETS), 180);
	check_eq(rx_counter(c->rx, FN_RX_BYTES), bytes);
	check_eq(fn_rxq_status(c->rx), 0);
}

BEHAVIOUR(tx_shared, 0,
	  "A packet that is held by others too is sent as often as it was handed over, and its "
	  "data is not touched.");
static void tx_shared(struct conform *c)
{
	port_start(c, (struct fn_dev_conf){ 0 });
	/* A short one, which is padded, and one that could go the short way but for the others. */
	for (uint32_t len = 40; len <= 100; len += 60) {
		struct fn_pkt *pkt = pkt_frame(c, 5, len);
		uint8_t before[4096];
		struct fn_pkt *clone;

		check(pkt->buf_len <= sizeof(before));
		/* What was there before is no header of zeros. */
		memset(pkt->data - pkt->headroom, 0xa5, pkt->headroom);
		memcpy(before, pkt->data - pkt->headroom, pkt->buf_len);
		clone = fn_pkt_clone(c->pool, pkt);
		check(clone);
		check_ok(fn_pkt_ref(pkt));
		/* What was handed over is given back each time, and no more than that. */
		tx_send(c, c->tx, pkt);
		wire_expect_stream(c, 5, 1, len);
		wait_until((fn_tx_reclaim(c->tx), pkt->extra_refs == 1));
		tx_send(c, c->tx, clone);
		wire_expect_stream(c, 5, 1, len);
		wait_until((fn_tx_reclaim(c->tx), pkt->extra_refs == 0));
		check_mem(pkt->data - pkt->headroom, before, pkt->buf_len);
		fn_pkt_free(pkt);
	}
}

static void attached_free(void *arg, void *va)
{
	unsigned *calls = arg;

	(void)va;
	(*calls)++;
}

BEHAVIOUR(tx_attached, 0,
	  "The application's own memory leaves as it is, untouched, and is given back once.");
static void tx_attached(struct conform *c)
{
	struct fn_dma dma;
	struct fn_pkt *pkt;
	uint8_t want[100];
	unsigned calls = 0;

	port_start(c, (struct fn_dev_conf){ 0 });
	check_ok(fn_dma_alloc(c->ctx, 4096, NULL, &dma));
	memset(dma.va, 0xa5, 4096);
	frame_fill(want, 3, 40, c->info.mac, true);
	memcpy((uint8_t *)dma.va + 1000, want, 40);
	pkt = fn_pkt_alloc(c->pool);
	check(pkt);
	check_ok(fn_pkt_attach(pkt, (uint8_t *)dma.va + 1000, 40, attached_free, &calls));
	tx_send(c, c->tx, pkt);
	wire_expect_stream(c, 3, 1, 40);
	wait_until(fn_tx_reclaim(c->tx) < 2 && calls == 1);
	for (unsigned i = 0; i < 4096; i++)
		check_eq(((uint8_t *)dma.va)[i], i >= 1000 && i < 1040 ? want[i - 1000] : 0xa5);
	fn_dma_free(c->ctx, &dma);
	check_eq(calls, 1);
}

BEHAVIOUR(forwarded, 0,
	  "A packet that came in goes out again as it is, and its buffer comes back into use.");
static void forwarded(struct conform *c)
{
	static uint8_t buf[FRAME_MAX];

	port_start(c, (struct fn_dev_conf){ .rx_ring = 32, .tx_ring = 32 });
	for (unsigned seq = 0; seq < 200; seq++) {
		const uint32_t len = 60 + seq * 37 % 1455;

		wire_send_stream(c, seq, 1, len);
		tx_send(c, c->tx, rx_next(c, c->rx));
		check_eq(wire_recv(c, buf, sizeof(buf)), len);
		check_frame(c, buf, len, seq, len);
	}
}

/* Frame @seq as a packet of a kind of its own: plain, chained, short, or held by others too. */
static struct fn_pkt *any_kind(struct conform *c, unsigned seq, uint32_t *len)
{
	const unsigned segs = c->info.max_tx_segs < 4 ? c->info.max_tx_segs : 4;
	struct fn_pkt *pkt;

	*len = seq % 5 == 2 ? 20 + seq % 30 : 60 + seq * 37 % 1455;
	if (seq % 5 == 1)
		return chain(c, seq, *len, 1 + seq % segs);
	pkt = pkt_frame(c, seq, *len);
	if (seq % 5 == 3)
		check_ok(fn_pkt_ref(pkt));
	return pkt;
}

BEHAVIOUR(tx_mixed, 0,
	  "Bursts of plain packets, chains, short ones and such that are held by others leave in "
	  "order and whole while the ring goes round.");
static void tx_mixed(struct conform *c)
{
	static const unsigned bursts[] = { 1, 4, 9, 17 };
	struct fn_pkt *held[17];
	struct fn_pkt *pkts[17];
	uint32_t lens[17];
	unsigned seq = 0;

	port_start(c, (struct fn_dev_conf){ .tx_ring = 128 });
	for (unsigned lap = 0; lap < 80; lap++) {
		const unsigned n = bursts[lap % FN_ARRAY_LEN(bursts)];
		unsigned sent = 0;

		for (unsigned i = 0; i < n; i++)
			held[i] = pkts[i] = any_kind(c, seq + i, &lens[i]);
		wait_until((sent += fn_tx_burst(c->tx, pkts + sent, n - sent)) == n);
		for (unsigned i = 0; i < n; i++) {
			wire_expect_stream(c, seq + i, 1, lens[i]);
			if ((seq + i) % 5 == 3)
				fn_pkt_free(held[i]);
		}
		seq += n;
	}
	check_eq(fn_txq_status(c->tx), 0);
	check_eq(tx_counter(c->tx, FN_TX_PACKETS), seq);
}

const struct behaviour *const wire_behaviours[] = {
	&behaviour_tx_lengths,         &behaviour_rx_lengths,
	&behaviour_every_length,       &behaviour_tagged_1518,
	&behaviour_tx_above_mtu,       &behaviour_rx_above_mtu,
	&behaviour_tx_chains,          &behaviour_jumbo_tx_chained,
	&behaviour_jumbo_rx,           &behaviour_jumbo_needs_room,
	&behaviour_jumbo_rx_scattered, &behaviour_tx_shared,
	&behaviour_tx_attached,        &behaviour_forwarded,
	&behaviour_tx_mixed,           NULL,
};
