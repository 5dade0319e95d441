// SPDX-License-Identifier: BSD-3-Clause
/* Receive queues: laps of every ring, rings and pools that run dry, bursts and order. */
#include <stdlib.h>

#include "conform/conform.h"

#define LAPS 3u

BEHAVIOUR(rx_laps, 0,
	  "Three laps of a receive ring of every size come in in order and whole, in bursts of "
	  "any size.");
static void rx_laps(struct conform *c)
{
	static const unsigned bursts[] = { 1, 7, 32, 256 };
	static uint8_t buf[FRAME_MAX];
	struct fn_pkt *pkts[256];

	c->pool_opts.count = CONFORM_POOL_MANY;
	port_open(c);
	for (uint32_t ring = c->info.rx_ring_min; ring <= c->info.rx_ring_max; ring *= 2) {
		const unsigned burst = bursts[(unsigned)__builtin_ctz(ring) % 4];
		unsigned sent = 0;
		unsigned seq = 0;

		port_start(c, (struct fn_dev_conf){ .rx_ring = ring });
		check_eq(c->info.rx_ring, ring);
		while (seq < LAPS * ring) {
			/* Never more than the ring holds: none of them may get lost. */
			const unsigned batch = 1 + seq * 13 % (ring / 2);

			for (unsigned i = 0; i < batch; i++, sent++)
				wire_send_stream(c, sent, 1, 60 + sent % 61);
			while (seq < sent) {
				unsigned n = 0;

				wait_until((n = fn_rx_burst(c->rx, pkts, burst)) != 0);
				check(n <= burst && n <= sent - seq);
				for (unsigned i = 0; i < n; i++, seq++) {
					const uint32_t len = pkt_copy(pkts[i], buf, sizeof(buf));

					check_frame(c, buf, len, seq, 60 + seq % 61);
				}
				fn_pkt_free_bulk(pkts, n);
			}
		}
		check_eq(rx_counter(c->rx, FN_RX_POOL_EMPTY), 0);
		check_ok(fn_dev_stop(c->dev));
		check_eq(pool_info(c).outside, 0);
	}
}

#define FLOOD 200u

/*
 * Send many frames while nobody takes any; then all that come out are of these, whole and once.
 * Returns how many did: a device or a wire may take or keep fewer for want of room.
 */
static unsigned starve(struct conform *c, bool in_order)
{
	static uint8_t buf[FRAME_MAX];
	const unsigned n = wire_flood(c, FLOOD, 200);
	bool seen[FLOOD] = { false };
	struct fn_pkt *pkt;
	unsigned got = 0;
	unsigned next = 0;
	uint64_t still_ns = 0;
	unsigned came;

	conform_wait_ns(c, CONFORM_QUIET_NS);
	do {
		came = fn_rx_burst(c->rx, &pkt, 1);
		if (!came)
			continue;
		(void)pkt_copy(pkt, buf, sizeof(buf));
		if (frame_seq(buf) >= n || seen[frame_seq(buf)] ||
		    (in_order && frame_seq(buf) < next))
			conform_fail(c, __FILE__, __LINE__,
				     "frame %u of %u bytes, type 0x%04x, came after %u",
				     frame_seq(buf), fn_pkt_len(pkt), get16(buf + ETH_ADDRS), next);
		next = frame_seq(buf) + 1;
		seen[next - 1] = true;
		check_frame(c, buf, fn_pkt_len(pkt), next - 1, 200);
		fn_pkt_free(pkt);
		got++;
	} while (!conform_still(c, &still_ns, came));
	return got;
}

static void starve_and_resume(struct conform *c, bool in_order)
{
	unsigned got;

	port_start(c, (struct fn_dev_conf){ .rx_ring = 64 });
	got = starve(c, in_order);
	check(got >= 63);
	check_eq(fn_rxq_status(c->rx), 0);
	check_eq(rx_counter(c->rx, FN_RX_PACKETS), got);
	/* Fewer than the ring has room for: a wire may lose the order of what has to wait. */
	for (unsigned i = 0; i < 10; i++) {
		wire_send_stream(c, 1000 + i * 20, 20, 100);
		rx_expect_stream(c, c->rx, 1000 + i * 20, 20, 100);
	}
}

BEHAVIOUR(rx_starved_resumed, 0,
	  "A starved ring holds what it has room for, delivers it whole and once, and goes on "
	  "afterwards.");
static void rx_starved_resumed(struct conform *c)
{
	starve_and_resume(c, false);
}

BEHAVIOUR(rx_starved_in_order, NEED_HOLD,
	  "What a starved ring delivers comes in the order in which it was sent, and what is "
	  "behind it too.");
static void rx_starved_in_order(struct conform *c)
{
	starve_and_resume(c, true);
}

BEHAVIOUR(rx_pool_empty, 0,
	  "While the application holds all packets the queue counts that its pool is empty and "
	  "stays well; with packets back its dry ring is filled, and no frame has to come first.");
static void rx_pool_empty(struct conform *c)
{
	static struct fn_pkt *held[16384];
	struct fn_pkt *pkt;
	unsigned n;

	port_start(c, (struct fn_dev_conf){ .rx_ring = 64 });
	n = rx_take_all(c, held, FN_ARRAY_LEN(held));
	check(rx_counter(c->rx, FN_RX_POOL_EMPTY) > 0);
	check_eq(fn_rxq_status(c->rx), 0);
	fn_pkt_free_bulk(held, n);
	for (unsigned i = 0; i < 200; i++) {
		while (fn_rx_burst(c->rx, &pkt, 1) == 1)
			fn_pkt_free(pkt);
		conform_wait(c);
	}
	for (unsigned i = 0; i < 5; i++) {
		wire_send_stream(c, 5000 + i * 40, 40, 100);
		rx_expect_stream(c, c->rx, 5000 + i * 40, 40, 100);
	}
}

BEHAVIOUR(rx_ring_dry_counted, 0,
	  "A poll that finds the ring without a posted buffer is counted, also one that takes a "
	  "part of what came: frames may have been lost.");
static void rx_ring_dry_counted(struct conform *c)
{
	struct fn_pkt *pkts[64];
	unsigned n = 0;

	port_start(c, (struct fn_dev_conf){ .rx_ring = 32 });
	check_eq(rx_counter(c->rx, FN_RX_RING_DRY), 0);
	wire_send_stream(c, 0, 32, 100);
	conform_wait_ns(c, CONFORM_QUIET_NS);
	wait_until((n = fn_rx_burst(c->rx, pkts, 8)) > 0);
	check(rx_counter(c->rx, FN_RX_RING_DRY) > 0);
	wait_until((n += fn_rx_burst(c->rx, pkts + n, 8)) >= 31);
	fn_pkt_free_bulk(pkts, n);
}

BEHAVIOUR(rx_held_packets, 0,
	  "Packets that the application keeps for long stay whole while the ring goes round.");
static void rx_held_packets(struct conform *c)
{
	struct fn_pkt *held[40];

	port_start(c, (struct fn_dev_conf){ .rx_ring = rx_ring_of(c, 16) });
	for (unsigned i = 0; i < 40; i++) {
		wire_send_stream(c, 7000 + i, 1, 300);
		held[i] = rx_next(c, c->rx);
	}
	for (unsigned i = 0; i < 20; i++) {
		wire_send_stream(c, i * 8, 8, 150);
		rx_expect_stream(c, c->rx, i * 8, 8, 150);
	}
	for (unsigned i = 0; i < 40; i++)
		check_frame(c, held[i]->data, held[i]->len, 7000 + i, 300);
	fn_pkt_free_bulk(held, 40);
}

static int by_address(const void *a, const void *b)
{
	const struct fn_pkt *const *x = a;
	const struct fn_pkt *const *y = b;

	return (*x)->data < (*y)->data ? -1 : (*x)->data > (*y)->data;
}

static void check_untouched(struct conform *c, const struct fn_pkt *pkt)
{
	const uint8_t *room = pkt->data - pkt->headroom;

	for (unsigned i = 0; i < pkt->buf_len; i++)
		if (room[i] != 0x77)
			conform_fail(c, __FILE__, __LINE__,
				     "byte %u of %u of a packet that nobody posted was written", i,
				     pkt->buf_len);
}

BEHAVIOUR(rx_room_exactly, 0,
	  "A device writes into the rooms that were given to it alone, also when a frame is "
	  "longer than a room.");
static void rx_room_exactly(struct conform *c)
{
	static const uint32_t lengths[] = { 100, 1514, 1518, 2047, 2048, 2049, 2200, 3000, 4200 };
	static struct fn_pkt *all[1024];
	struct fn_pkt *pkt;
	unsigned n = 0;

	c->pool_opts.count = FN_ARRAY_LEN(all);
	port_open(c);
	while (n < FN_ARRAY_LEN(all) && (all[n] = fn_pkt_alloc(c->pool)) != NULL)
		n++;
	/* Every second room is the device's, and those between them watch. */
	qsort(all, n, sizeof(all[0]), by_address);
	for (unsigned i = 0; i < n; i++) {
		memset(all[i]->data - all[i]->headroom, 0x77, all[i]->buf_len);
		if (i % 2)
			fn_pkt_free(all[i]);
	}
	port_start(c, (struct fn_dev_conf){ .rx_ring = 32 });
	for (unsigned i = 0; i < 64; i++) {
		wire_send_stream(c, i, 1, lengths[i % FN_ARRAY_LEN(lengths)]);
		wire_send_stream(c, 1000 + i, 1, 60);
		for (unsigned seq = 0; seq < 1000; fn_pkt_free(pkt)) {
			pkt = rx_next(c, c->rx);
			seq = frame_seq(pkt->data);
		}
	}
	for (unsigned i = 0; i < n; i += 2) {
		check_untouched(c, all[i]);
		fn_pkt_free(all[i]);
	}
}

#define TAG_BYTES 4u

/* Frame @seq with a tag: four bytes more than an MTU allows of one without. */
static void fill_tagged(struct conform *c, uint8_t *frame, unsigned seq, uint32_t len)
{
	frame_fill(frame, seq, len, c->info.mac, false);
	put16(frame + ETH_ADDRS, 0x8100);
}

static void expect_tagged(struct conform *c, const struct fn_pkt *pkt, unsigned seq, uint32_t len)
{
	static uint8_t want[FRAME_MAX];
	static uint8_t buf[FRAME_MAX];

	check_eq(pkt_copy(pkt, buf, sizeof(buf)), len);
	fill_tagged(c, want, seq, len);
	check_mem(buf, want, len);
}

BEHAVIOUR(rx_full_rooms, 0,
	  "Frames that fill their buffers to the last byte come in whole and in order among "
	  "shorter ones, several at a time, in bursts of any size.");
static void rx_full_rooms(struct conform *c)
{
	static uint8_t frame[FRAME_MAX];
	uint64_t bytes = 0;
	uint32_t room;
	unsigned seq = 0;

	port_open(c);
	room = pool_info(c).room_bytes;
	if (room - ETH_HEADER - TAG_BYTES > c->info.mtu_max)
		conform_skip(c, "no frame of the device fills a buffer");
	port_start(c, (struct fn_dev_conf){ .mtu = room - ETH_HEADER - TAG_BYTES, .rx_ring = 64 });
	for (unsigned lap = 0; lap < 64; lap++) {
		const unsigned full = lap % 9;
		struct fn_pkt *pkts[16];
		unsigned got = 0;

		for (unsigned i = 0; i <= full; i++) {
			const uint32_t len = i < full ? room : 60 + lap;

			fill_tagged(c, frame, seq + i, len);
			wire_send(c, frame, len);
			bytes += len;
		}
		wait_until((got += fn_rx_burst(c->rx, pkts + got, 1 + lap % 4)) > full);
		check_eq(got, full + 1);
		for (unsigned i = 0; i <= full; i++)
			expect_tagged(c, pkts[i], seq + i, i < full ? room : 60 + lap);
		fn_pkt_free_bulk(pkts, got);
		seq += got;
	}
	check_eq(rx_counter(c->rx, FN_RX_PACKETS), seq);
	check_eq(rx_counter(c->rx, FN_RX_BYTES), bytes);
}

BEHAVIOUR(rx_few_back, 0,
	  "A queue without buffers takes the few packets that come back to its pool, and does not "
	  "wait for as many as it posts at a time.");
static void rx_few_back(struct conform *c)
{
	static struct fn_pkt *held[16384];
	uint8_t frame[100];
	struct fn_pkt *pkt = NULL;
	unsigned back = 0;
	unsigned n;

	/* What the thread's cache keeps back is not the queue's: as little as there can be. */
	c->pool_opts.cache = 32;
	port_start(c, (struct fn_dev_conf){ .rx_ring = 64 });
	n = rx_take_all(c, held, FN_ARRAY_LEN(held));
	/*
	 * The last ones were posted too, though they were few; a ring may need one to tell full
	 * from empty.
	 */
	frame_fill(frame, 0, sizeof(frame), c->info.mac, false);
	wait_until(((void)c->place->ops->send(c, NULL, frame, sizeof(frame)),
		    n += fn_rx_burst(c->rx, held + n, 1), n + 1 >= pool_info(c).count));
	while (back < c->pool_opts.cache + 8 && fn_rx_burst(c->rx, &pkt, 1) == 0) {
		fn_pkt_free(held[--n]);
		back++;
		(void)c->place->ops->send(c, NULL, frame, sizeof(frame));
		conform_wait(c);
	}
	/* No more of them, however long a frame takes to come in. */
	if (!pkt)
		wait_until(((void)c->place->ops->send(c, NULL, frame, sizeof(frame)),
			    fn_rx_burst(c->rx, &pkt, 1) == 1));
	fn_pkt_free(pkt);
	fn_pkt_free_bulk(held, n);
}

BEHAVIOUR(little_headroom, 0,
	  "With hardly any headroom in the pool frames come in, leave, and are forwarded whole.");
static void little_headroom(struct conform *c)
{
	static uint8_t buf[FRAME_MAX];

	c->pool_opts.headroom = 1;
	port_start(c, (struct fn_dev_conf){ .rx_ring = 32, .tx_ring = 32 });
	check_passes(c);
	for (unsigned seq = 0; seq < 100; seq++) {
		const uint32_t len = 60 + seq * 14;

		wire_send_stream(c, seq, 1, len);
		tx_send(c, c->tx, rx_next(c, c->rx));
		check_eq(wire_recv(c, buf, sizeof(buf)), len);
		check_frame(c, buf, len, seq, len);
	}
}

BEHAVIOUR(burst_of_none, 0,
	  "A burst that asks for no packets takes none, either way and however many wait, and what "
	  "waited comes with the next one.");
static void burst_of_none(struct conform *c)
{
	struct fn_pkt *pkts[1] = { NULL };

	port_start(c, (struct fn_dev_conf){ .rx_ring = 64 });
	for (unsigned n = 0; n < 10; n++) {
		wire_send_stream(c, 0, n, 100);
		conform_wait_ns(c, CONFORM_QUIET_NS);
		for (unsigned i = 0; i < 100; i++) {
			check_eq(fn_rx_burst(c->rx, pkts, 0), 0);
			check_eq(fn_tx_burst(c->tx, pkts, 0), 0);
		}
		check(!pkts[0]);
		rx_expect_stream(c, c->rx, 0, n, 100);
	}
	check_eq(rx_counter(c->rx, FN_RX_PACKETS), 45);
	check_eq(tx_counter(c->tx, FN_TX_BURSTS), 0);
	check_eq(tx_counter(c->tx, FN_TX_RING_FULL), 0);
	check_eq(tx_counter(c->tx, FN_TX_DOORBELLS), 0);
}

const struct behaviour *const rx_behaviours[] = {
	&behaviour_rx_laps,         &behaviour_rx_starved_resumed,  &behaviour_rx_starved_in_order,
	&behaviour_rx_pool_empty,   &behaviour_rx_ring_dry_counted, &behaviour_rx_held_packets,
	&behaviour_rx_room_exactly, &behaviour_rx_full_rooms,       &behaviour_rx_few_back,
	&behaviour_little_headroom, &behaviour_burst_of_none,       NULL,
};
