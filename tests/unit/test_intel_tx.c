// SPDX-License-Identifier: BSD-3-Clause
/*
 * Transmit queues of the Intel drivers: rings of every size and at every position, what is reported
 * and rung, reclaim, and packets that are not plain.
 */
#include "intel_ring_port.h"

#define LAPS 3u
#define RX_RING 32u

static void start(uint32_t ring)
{
	ring_start((struct fn_dev_conf){ .tx_ring = ring, .rx_ring = RX_RING });
}

/* Send frames of the stream from number @seq on; returns how many were taken. */
static unsigned send_stream(unsigned seq, unsigned n)
{
	struct fn_pkt *pkts[256];
	unsigned taken;

	for (unsigned i = 0; i < n; i++)
		pkts[i] = ring_frame(p.pool, seq + i);
	taken = fn_tx_burst(tx, pkts, n);
	assert_true(taken <= n);
	fn_pkt_free_bulk(pkts + taken, n - taken);
	return taken;
}

static void laps(uint32_t ring, unsigned burst)
{
	unsigned seq = 0;

	start(ring);
	p.id.sent = ring_stream_sent;
	while (seq < LAPS * ring) {
		unsigned taken;

		while ((taken = send_stream(seq, burst)) == burst)
			seq += taken;
		seq += taken;
		(void)ring_transmit(1 + seq * 13 % ring);
	}
	ring_flush();
	assert_int_equal(sent_n, seq);
	assert_int_equal(tx_counter(FN_TX_PACKETS), seq);
	assert_int_equal(tx_counter(FN_TX_BYTES), frames_bytes(seq));
	assert_true(tx_counter(FN_TX_RING_FULL) > 0);
	assert_int_equal(ring_outside(p.pool), RX_RING);
	ring_end();
}

static void each_ring(void **state)
{
	static const unsigned bursts[] = { 1, 7, 32, 256 };

	(void)state;
	for (uint32_t ring = 32; ring <= 4096; ring *= 4)
		for (unsigned i = 0; i < FN_ARRAY_LEN(bursts); i++)
			laps(ring, bursts[i]);
	for (unsigned burst = 2; burst < 40; burst += 3)
		laps(32, burst);
}

/* A burst of @n numbered packets of 60 bytes; all are taken. */
static void send_numbered(unsigned n)
{
	struct fn_pkt *pkts[256];

	for (unsigned i = 0; i < n; i++)
		pkts[i] = ring_numbered(p.pool, i, 60);
	assert_int_equal(fn_tx_burst(tx, pkts, n), n);
}

/* What was sent is the packets of send_numbered(). */
static void assert_sent(unsigned n)
{
	assert_int_equal(sent_n, n);
	for (unsigned i = 0; i < n; i++)
		assert_numbered(sent[i].data, sent[i].len, i, 60);
	sent_n = 0;
}

/* A ring of 32 takes 31 descriptors, wherever it stands. */
static void wraps_anywhere(void **state)
{
	struct fn_pkt *pkts[40];

	(void)state;
	start(32);
	for (unsigned at = 0; at < 64; at++) {
		send_numbered(31);
		pkts[0] = ring_numbered(p.pool, 0, 60);
		assert_int_equal(fn_tx_burst(tx, pkts, 1), 0);
		fn_pkt_free(pkts[0]);
		assert_int_equal(ring_transmit(99), 31);
		assert_sent(31);
		assert_int_equal(fn_tx_reclaim(tx), 31);
		/* More than it takes: those in front. */
		for (unsigned i = 0; i < 40; i++)
			pkts[i] = ring_numbered(p.pool, i, 60);
		assert_int_equal(fn_tx_burst(tx, pkts, 40), 31);
		for (unsigned i = 31; i < 40; i++)
			assert_numbered(pkts[i]->data, pkts[i]->len, i, 60);
		fn_pkt_free_bulk(pkts + 31, 9);
		ring_flush();
		assert_sent(31);
		assert_int_equal(ring_outside(p.pool), RX_RING);
		/* 62 and one more: the next lap begins one further. */
		ring_turn(1 + at % 2);
	}
	ring_end();
}

/* Runs of plain packets: 32 at most, and none over the ring's end. */
static unsigned runs_of(uint32_t ring, unsigned pos, unsigned n)
{
	unsigned runs = 0;

	while (n) {
		const unsigned to_end = ring - pos % ring;
		unsigned run = n < 32 ? n : 32;

		run = run < to_end ? run : to_end;
		n -= run;
		pos += run;
		runs++;
	}
	return runs;
}

/* A report for each run, a doorbell for each burst, no register read, and no other descriptor. */
static void reports_and_doorbells(void **state)
{
	unsigned reads;
	unsigned pos = 0;

	(void)state;
	start(128);
	reads = p.id.reads;
	for (unsigned n = 1; n <= 100; n++) {
		const struct intel_dev_txq before = p.id.txq[0];
		const unsigned tails = p.id.tails[1][0];
		const uint64_t doorbells = tx_counter(FN_TX_DOORBELLS);

		send_numbered(n);
		assert_int_equal(p.id.tails[1][0] - tails, 1);
		assert_int_equal(tx_counter(FN_TX_DOORBELLS) - doorbells, 1);
		ring_flush();
		assert_sent(n);
		assert_int_equal(p.id.txq[0].descs - before.descs, n);
		assert_int_equal(p.id.txq[0].contexts, 0);
		assert_int_equal(p.id.txq[0].reports - before.reports, runs_of(128, pos, n));
		pos += n;
	}
	assert_int_equal(p.id.reads, reads);
	ring_end();
}

/* What a queue that received them may have left in packets' flags. */
static uint16_t received_flags(unsigned n)
{
	return (uint16_t)(n & (FN_PKT_HASH | FN_PKT_RX_IP_GOOD | FN_PKT_RX_IP_BAD |
			       FN_PKT_RX_L4_GOOD | FN_PKT_RX_L4_BAD));
}

/*
 * What was received on a queue with checksums and hashes on goes out as plain packets do: as many
 * in a run, in the same descriptors, whatever port it came from.
 */
static void received_are_plain(void **state)
{
	struct fn_pkt *pkts[64];
	unsigned pos = 0;

	(void)state;
	start(256);
	for (unsigned n = 1; n <= 64; n++) {
		const struct intel_dev_txq before = p.id.txq[0];

		for (unsigned i = 0; i < n; i++) {
			pkts[i] = ring_numbered(p.pool, i, 60);
			pkts[i]->flags = received_flags(n + 2 * i);
		}
		assert_int_equal(fn_tx_burst(tx, pkts, n), n);
		ring_flush();
		assert_sent(n);
		assert_int_equal(p.id.txq[0].descs - before.descs, n);
		assert_int_equal(p.id.txq[0].reports - before.reports, runs_of(256, pos, n));
		pos += n;
	}
	assert_int_equal(tx_counter(FN_TX_PACKETS), pos);
	assert_int_equal(tx_counter(FN_TX_BYTES), 60 * pos);
	ring_end();
}

/* A flag that asks for something is seen among those: with no offload on it is dropped. */
static void asking_is_seen(void **state)
{
	struct fn_pkt *pkts[8];
	unsigned dropped = 0;

	(void)state;
	start(64);
	for (unsigned bit = 0; bit < 16; bit++) {
		const uint16_t asks = (uint16_t)(1u << bit & FN_PKT_TX_MASK);

		for (unsigned at = 0; asks && at < 8; at++) {
			for (unsigned i = 0; i < 8; i++) {
				pkts[i] = ring_numbered(p.pool, i, 60);
				pkts[i]->flags = received_flags(i * 4);
			}
			pkts[at]->flags |= asks;
			assert_int_equal(fn_tx_burst(tx, pkts, 8), 8);
			ring_flush();
			assert_int_equal(sent_n, 7);
			sent_n = 0;
			assert_int_equal(tx_counter(FN_TX_DROP_OFFLOAD), ++dropped);
		}
	}
	assert_int_equal(dropped, 8 * __builtin_popcount(FN_PKT_TX_MASK));
	ring_end();
}

/* Send one packet; whether the queue's vector, entry 2 of the port, has told of something. */
static bool told(void)
{
	const unsigned before = p.id.md.signals[2];

	send_numbered(1);
	ring_flush();
	sent_n = 0;
	return p.id.md.signals[2] != before;
}

/*
 * With a delay what follows a pause is told late as well on the 82574: TADV from the first packet
 * on, whatever comes behind it (TIDV). On the 82576, and without a delay, it is told at once.
 */
static void delayed(void **state)
{
	struct fn_coalesce c = { .sz = sizeof(c) };

	(void)state;
	ring_start((struct fn_dev_conf){ .tx_ring = 64, .rxqs = 1, .txqs = 1 });
	for (unsigned lap = 0; lap < 4; lap++) {
		const bool late = family == INTEL_82574 && lap % 2 == 0;
		unsigned before;

		c.tx_delay_ns = lap % 2 ? 0 : FN_MS(2);
		assert_int_equal(fn_dev_set_coalesce(p.dev, &c), 0);
		pass_ns(FN_MS(10));
		before = p.id.md.signals[2];
		assert_int_equal(fn_txq_arm(tx), 0);
		assert_int_equal(told(), !late);
		if (late) {
			pass_ns(FN_US(1000));
			assert_false(told());
			pass_ns(FN_US(950));
			assert_false(told());
			assert_int_equal(p.id.md.signals[2], before);
			pass_ns(FN_US(52));
		}
		assert_int_equal(p.id.md.signals[2], before + 1);
		/* What is armed once is told once. */
		pass_ns(FN_MS(10));
		assert_int_equal(p.id.md.signals[2], before + 1);
	}
	ring_end();
}

/* What comes back is what lies before a report that was written back, and nothing else. */
static void reclaim_by_reports(void **state)
{
	(void)state;
	start(64);
	/* No run crosses the ring's end. */
	for (unsigned lap = 0; lap < 40; lap++) {
		for (unsigned i = 0; i < 3; i++)
			send_numbered(8);
		assert_false(fn_txq_pending(tx));
		assert_int_equal(ring_transmit(7), 7);
		assert_false(fn_txq_pending(tx));
		assert_int_equal(fn_tx_reclaim(tx), 0);
		assert_int_equal(ring_transmit(1), 1);
		assert_true(fn_txq_pending(tx));
		assert_int_equal(fn_tx_reclaim(tx), 8);
		assert_int_equal(fn_tx_reclaim(tx), 0);
		assert_int_equal(ring_transmit(16), 16);
		assert_int_equal(ring_outside(p.pool), RX_RING + 16);
		assert_int_equal(fn_tx_reclaim(tx), 16);
		assert_int_equal(ring_outside(p.pool), RX_RING);
		assert_int_equal(sent_n, 24);
		sent_n = 0;
	}
	ring_end();
}

/* A burst whose packets are all dropped rings nothing, and takes no descriptor. */
static void nothing_to_send(void **state)
{
	struct fn_pkt *pkts[8];
	unsigned tails;

	(void)state;
	start(64);
	tails = p.id.tails[1][0];
	for (unsigned lap = 0; lap < 20; lap++) {
		for (unsigned i = 0; i < 8; i++)
			pkts[i] = i % 2 ? fn_pkt_alloc(p.pool) : ring_numbered(p.pool, 0, 1519);
		assert_int_equal(fn_tx_burst(tx, pkts, 8), 8);
	}
	assert_int_equal(p.id.tails[1][0], tails);
	assert_int_equal(tx_counter(FN_TX_DOORBELLS), 0);
	assert_int_equal(tx_counter(FN_TX_DROP_EMPTY), 80);
	assert_int_equal(tx_counter(FN_TX_DROP_TOO_LONG), 80);
	assert_int_equal(ring_transmit(99), 0);
	assert_int_equal(ring_outside(p.pool), RX_RING);
	ring_end();
}

/* Packets that are not plain, and what becomes of them. */
enum odd {
	ODD_OTHER_POOL,
	ODD_TWO_REFERENCES,
	ODD_ATTACHED,
	ODD_CLONE,
	ODD_CHAIN,
	ODD_MOVED,
	ODD_SHORT,
	ODD_TOO_LONG,
	ODD_EMPTY,
	ODDS
};

static struct fn_pool *other;
static struct fn_dma memory;
static struct fn_pkt *held;
static unsigned attached_freed;

static void attached_free(void *arg, void *va)
{
	(void)arg;
	(void)va;
	attached_freed++;
}

static struct fn_pkt *make_odd(enum odd odd, unsigned n)
{
	uint8_t data[100];
	struct fn_pkt *pkt;

	numbered(data, n, 100);
	switch (odd) {
	case ODD_OTHER_POOL:
		return ring_numbered(other, n, 60);
	case ODD_TWO_REFERENCES:
		held = ring_numbered(p.pool, n, 60);
		assert_int_equal(fn_pkt_ref(held), 0);
		return held;
	case ODD_ATTACHED:
		numbered(memory.va, n, 60);
		pkt = fn_pkt_alloc(p.pool);
		assert_int_equal(fn_pkt_attach(pkt, memory.va, 60, attached_free, NULL), 0);
		return pkt;
	case ODD_CLONE:
		held = ring_numbered(other, n, 60);
		return fn_pkt_clone(p.pool, held);
	case ODD_CHAIN:
		numbered(data, n, 60);
		return ring_chain(p.pool, data, 60, 2);
	case ODD_MOVED:
		pkt = ring_pkt(p.pool, "xxxx", 4);
		assert_non_null(fn_pkt_trim_head(pkt, 4));
		memcpy(fn_pkt_append(pkt, 60), data, 60);
		numbered(pkt->data, n, 60);
		return pkt;
	case ODD_SHORT:
		return ring_numbered(p.pool, n, 20);
	case ODD_TOO_LONG:
		return ring_numbered(p.pool, n, 1519);
	default:
		return fn_pkt_alloc(p.pool);
	}
}

static bool is_sent(enum odd odd)
{
	return odd != ODD_TOO_LONG && odd != ODD_EMPTY;
}

/* Frame @n among the plain ones of 60 bytes. */
static void assert_odd(const uint8_t *data, uint32_t len, enum odd odd, unsigned n)
{
	uint8_t want[60] = { 0 };

	assert_int_equal(len, 60);
	numbered(want, n, odd == ODD_SHORT ? 20 : 60);
	assert_memory_equal(data, want, 60);
}

/* Of 32 packets number @k is odd. It goes the slow way, and the others are two runs about it. */
static void one_odd(enum odd odd, unsigned k, unsigned pos)
{
	struct fn_pkt *pkts[32];
	const unsigned reports = p.id.txq[0].reports;
	unsigned want = runs_of(256, pos, k) + is_sent(odd);
	unsigned slow = odd == ODD_CHAIN || odd == ODD_SHORT ? 2 : is_sent(odd);
	unsigned at = 0;

	held = NULL;
	for (unsigned i = 0; i < 32; i++)
		pkts[i] = i == k ? make_odd(odd, i) : ring_numbered(p.pool, i, 60);
	assert_int_equal(fn_tx_burst(tx, pkts, 32), 32);
	want += runs_of(256, pos + k + slow, 31 - k);
	assert_int_equal(ring_transmit(99), 31 + slow);
	assert_int_equal(p.id.txq[0].reports - reports, want);
	for (unsigned i = 0; i < 32; i++) {
		if (i == k && !is_sent(odd))
			continue;
		assert_true(at < sent_n);
		assert_odd(sent[at].data, sent[at].len, i == k ? odd : ODDS, i);
		at++;
	}
	assert_int_equal(at, sent_n);
	assert_int_equal(fn_tx_reclaim(tx), sent_n);
	sent_n = 0;
	if (held) {
		assert_int_equal(held->extra_refs, 0);
		fn_pkt_free(held);
	}
	assert_int_equal(ring_outside(p.pool), RX_RING);
	assert_int_equal(ring_outside(other), 0);
}

static void odd_ones(void **state)
{
	const struct fn_pool_opts opts = { .sz = sizeof(opts), .count = 256, .max_threads = 1 };
	uint64_t packets = 0;
	unsigned pos = 0;

	(void)state;
	start(256);
	attached_freed = 0;
	assert_int_equal(fn_pool_create(p.ctx, &opts, &other), 0);
	assert_int_equal(fn_dma_alloc(p.ctx, 4096, NULL, &memory), 0);
	for (enum odd odd = 0; odd < ODDS; odd++) {
		for (unsigned k = 0; k < 32; k++) {
			const unsigned descs = p.id.txq[0].descs;

			one_odd(odd, k, pos);
			pos += p.id.txq[0].descs - descs;
			packets += 31u + is_sent(odd);
		}
	}
	assert_int_equal(tx_counter(FN_TX_PACKETS), packets);
	assert_int_equal(tx_counter(FN_TX_DROP_TOO_LONG), 32);
	assert_int_equal(tx_counter(FN_TX_DROP_EMPTY), 32);
	assert_int_equal(attached_freed, 32);
	fn_dma_free(p.ctx, &memory);
	assert_int_equal(fn_pool_destroy(other), 0);
	ring_end();
}

/* Chains of all numbers of segments, at all positions of the ring, up to what it takes. */
static void chains_anywhere(void **state)
{
	uint8_t data[1400];

	(void)state;
	start(32);
	numbered(data, 7, sizeof(data));
	for (unsigned at = 0; at < 33; at++) {
		for (unsigned segs = 1; segs <= 29; segs++) {
			struct fn_pkt *pkt = ring_chain(p.pool, data, sizeof(data), segs);

			assert_int_equal(fn_tx_burst(tx, &pkt, 1), 1);
			assert_int_equal(ring_transmit(99), segs);
			assert_int_equal(sent_n, 1);
			assert_numbered(sent[0].data, sent[0].len, 7, sizeof(data));
			assert_int_equal(fn_tx_reclaim(tx), 1);
			sent_n = 0;
		}
		ring_turn(1);
	}
	assert_int_equal(ring_outside(p.pool), RX_RING);
	/* One segment more than the ring can ever take. */
	{
		struct fn_pkt *pkt = ring_chain(p.pool, data, sizeof(data), 30);

		assert_int_equal(fn_tx_burst(tx, &pkt, 1), 1);
		assert_int_equal(tx_counter(FN_TX_DROP_SEGMENTS), 1);
	}
	ring_end();
}

/* Of several chains those that were sent come back, while the device still has the others. */
static void chains_in_pieces(void **state)
{
	uint8_t data[300];
	struct fn_pkt *pkts[6];

	(void)state;
	start(64);
	numbered(data, 3, sizeof(data));
	for (unsigned lap = 0; lap < 20; lap++) {
		unsigned left = 3 * 3 + 3;

		for (unsigned i = 0; i < 6; i++)
			pkts[i] = i % 2 ? ring_numbered(p.pool, i, 60) :
					  ring_chain(p.pool, data, sizeof(data), 3);
		assert_int_equal(fn_tx_burst(tx, pkts, 6), 6);
		for (unsigned i = 0; i < 6; i++) {
			const unsigned segs = i % 2 ? 1 : 3;

			assert_int_equal(ring_transmit(segs), segs);
			assert_int_equal(fn_tx_reclaim(tx), 1);
			left -= segs;
			assert_int_equal(ring_outside(p.pool), RX_RING + left);
		}
		sent_n = 0;
	}
	ring_end();
}

/* A chain that finds too little room waits, and what is behind it too. */
static void chain_waits(void **state)
{
	uint8_t data[1400];
	struct fn_pkt *pkts[3];

	(void)state;
	start(32);
	numbered(data, 0, sizeof(data));
	send_numbered(25);
	for (unsigned i = 0; i < 3; i++)
		pkts[i] = i == 1 ? ring_chain(p.pool, data, sizeof(data), 8) :
				   ring_numbered(p.pool, 25, 60);
	assert_int_equal(fn_tx_burst(tx, pkts, 3), 1);
	assert_int_equal(tx_counter(FN_TX_RING_FULL), 1);
	assert_int_equal(ring_transmit(99), 26);
	assert_sent(26);
	/* Room is made within the burst. */
	assert_int_equal(fn_tx_burst(tx, pkts + 1, 2), 2);
	assert_int_equal(ring_transmit(99), 9);
	assert_int_equal(sent_n, 2);
	assert_numbered(sent[0].data, sent[0].len, 0, sizeof(data));
	sent_n = 0;
	ring_flush();
	ring_end();
}

/*
 * A chain that is longer than what is left of a short ring goes out behind packets that were sent,
 * though they are too few to be looked for by themselves.
 */
static void chain_beyond_half(void **state)
{
	uint8_t data[1400];
	struct fn_pkt *pkt;

	(void)state;
	start(32);
	numbered(data, 0, sizeof(data));
	send_numbered(12);
	assert_int_equal(ring_transmit(99), 12);
	assert_sent(12);
	pkt = ring_chain(p.pool, data, sizeof(data), 25);
	assert_int_equal(fn_tx_burst(tx, &pkt, 1), 1);
	assert_int_equal(tx_counter(FN_TX_RING_FULL), 0);
	assert_int_equal(ring_transmit(99), 25);
	assert_int_equal(sent_n, 1);
	assert_numbered(sent[0].data, sent[0].len, 0, sizeof(data));
	sent_n = 0;
	ring_flush();
	ring_end();
}

/* A segment longer than a descriptor takes several. */
static void long_segments(void **state)
{
	const uint32_t most = family == INTEL_82574 ? 8192 : 16384;
	const struct fn_pool_opts opts = { .sz = sizeof(opts),
					   .count = 1024,
					   .cache = 32,
					   .max_threads = 1,
					   .room_bytes = 10240 };
	struct fn_pool *small;

	(void)state;
	port_init();
	p.id.auto_tx = false;
	p.id.sent = ring_sent;
	port_open();
	small = p.pool;
	assert_int_equal(fn_pool_create(p.ctx, &opts, &p.pool), 0);
	p.ctx->avx2 = p.ctx->avx2 && !scalar;
	/* The 82574's longest, and not one byte more. */
	if (family == INTEL_82574)
		assert_int_equal(fn_dev_set_mtu(p.dev, 9213), -EINVAL);
	port_start((struct fn_dev_conf){ .tx_ring = 64, .rx_ring = 32, .mtu = 9212 });
	tx = fn_dev_txq(p.dev, 0);
	rx = fn_dev_rxq(p.dev, 0);
	for (uint32_t len = 8000; len <= 9230; len += 61) {
		struct fn_pkt *pkt = ring_numbered(p.pool, len, len);

		sent_n = 0;
		assert_int_equal(fn_tx_burst(tx, &pkt, 1), 1);
		assert_int_equal(ring_transmit(99), (len + most - 1) / most);
		assert_int_equal(sent_n, 1);
		assert_numbered(sent[0].data, sent[0].len, len, len);
		assert_int_equal(fn_tx_reclaim(tx), 1);
	}
	assert_int_equal(fn_pool_destroy(small), 0);
	ring_end();
}

/* Stop waits for what is queued, as long as it was told, and counts the rest. */
static void stopped(void **state)
{
	uint64_t start_ns;

	(void)state;
	start(64);
	send_numbered(40);
	assert_int_equal(ring_transmit(10), 10);
	start_ns = p.id.md.clock->now_ns;
	assert_int_equal(fn_dev_stop(p.dev), 0);
	assert_true(p.id.md.clock->now_ns - start_ns >= FN_MS(100));
	assert_int_equal(tx_counter(FN_TX_DROP_STOPPED), 40);
	assert_int_equal(ring_outside(p.pool), 0);
	ring_start((struct fn_dev_conf){
		.tx_ring = 64, .rx_ring = RX_RING, .stop_drain_ns = FN_NO_DRAIN });
	send_numbered(32);
	send_numbered(5);
	assert_int_equal(ring_transmit(33), 33);
	start_ns = p.id.md.clock->now_ns;
	assert_int_equal(fn_dev_stop(p.dev), 0);
	assert_in_range(p.id.md.clock->now_ns - start_ns, 0, FN_MS(99));
	/* What was reported to have gone is none of it. */
	assert_int_equal(tx_counter(FN_TX_DROP_STOPPED), 45);
	ring_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ALL(each_ring),          ALL(wraps_anywhere),  ALL(reports_and_doorbells),
		ALL(received_are_plain), ALL(asking_is_seen),  ALL(odd_ones),
		ALL(reclaim_by_reports), ALL(nothing_to_send), ALL(delayed),
		ALL(chain_beyond_half),  ALL(chains_anywhere), ALL(chains_in_pieces),
		ALL(chain_waits),        ALL(long_segments),   ALL(stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
