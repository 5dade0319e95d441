// SPDX-License-Identifier: BSD-3-Clause
/*
 * An Intel controller whose descriptors lie: the queue breaks with the reason, nothing that it
 * should not is touched, the other queue goes on, a reset mends it, and no buffer is lost. And what
 * is odd but no lie: descriptors out of order, errors, reports that nobody asked for.
 */
#include "intel_ring_port.h"

/* What the next descriptors that are written back say instead of the truth. */
static struct lie {
	unsigned from;
	unsigned n;
	uint32_t set;
	uint32_t clear;
	uint32_t len;
} lie;

/* Of @lie.n receive descriptors, the @lie.from-th first. */
static void tell(void *arg, struct intel_wb *wb)
{
	(void)arg;
	if (wb->tx || !lie.n)
		return;
	if (lie.from) {
		lie.from--;
		return;
	}
	lie.n--;
	wb->dw[2] = (wb->dw[2] | lie.set) & ~lie.clear;
	if (lie.len != UINT32_MAX)
		wb->dw[3] = (wb->dw[3] & 0xffff0000) | lie.len;
}

static void start(struct fn_dev_conf conf)
{
	conf.tx_ring = 64;
	if (!conf.rx_ring)
		conf.rx_ring = 64;
	ring_start(conf);
	p.id.writeback = tell;
	lie = (struct lie){ .len = UINT32_MAX };
}

static void come(unsigned seq)
{
	assert_int_equal(intel_dev_receive(&p.id, frame_data(seq), frame_len(seq)), 0);
}

static void assert_stream(const struct fn_pkt *pkt, unsigned seq)
{
	assert_int_equal(pkt->len, frame_len(seq) < 60 ? 60 : frame_len(seq));
	assert_frame(pkt->data, pkt->len, seq);
}

/* A frame of the stream comes in, and one goes out. */
static void rx_goes_on(void)
{
	struct fn_pkt *pkts[2];

	come(7);
	assert_int_equal(fn_rxq_status(rx), 0);
	assert_int_equal(fn_rx_burst(rx, pkts, 2), 1);
	assert_stream(pkts[0], 7);
	fn_pkt_free(pkts[0]);
}

static void tx_goes_on(void)
{
	struct fn_pkt *pkt = ring_frame(p.pool, 7);

	sent_n = 0;
	assert_int_equal(fn_txq_status(tx), 0);
	assert_int_equal(fn_tx_burst(tx, &pkt, 1), 1);
	ring_flush();
	assert_int_equal(sent_n, 1);
	assert_frame(sent[0].data, sent[0].len, 7);
}

/* After a reset all is as new; and nothing is outside of the pool once it is stopped. */
static void mended(void)
{
	lie = (struct lie){ .len = UINT32_MAX };
	assert_int_equal(fn_dev_reset(p.dev), 0);
	pass_ns(2 * p.id.link_ns);
	rx_goes_on();
	tx_goes_on();
	assert_int_equal(fn_dev_stop(p.dev), 0);
	assert_int_equal(ring_outside(p.pool), 0);
	ring_end();
}

/* The receive queue is broken, and said so with @why. */
static void broken(const char *why)
{
	struct fn_pkt *pkt;

	assert_int_equal(fn_rxq_status(rx), -EIO);
	assert_non_null(strstr(p.log, why));
	(void)fn_ctx_process_events(p.ctx);
	assert_int_equal(p.broken_events, 1);
	assert_int_equal(fn_rx_burst(rx, &pkt, 1), 0);
	(void)fn_ctx_process_events(p.ctx);
	assert_int_equal(p.broken_events, 1);
	tx_goes_on();
	mended();
}

#define LENGTH "bytes where 1 to 2048 are possible"

/* Of @n frames number @at is told of falsely; those before it come in, all others are counted. */
static void lie_amid(unsigned n, unsigned at, uint32_t len)
{
	struct fn_pkt *pkts[32];

	lie = (struct lie){ .from = at, .n = 1, .len = len };
	for (unsigned i = 0; i < n; i++)
		come(i);
	assert_int_equal(fn_rx_burst(rx, pkts, 32), at);
	for (unsigned i = 0; i < at; i++)
		assert_stream(pkts[i], i);
	fn_pkt_free_bulk(pkts, at);
	/* Seen then at the latest. */
	assert_int_equal(fn_rx_burst(rx, pkts, 32), 0);
	assert_int_equal(rx_counter(FN_RX_PACKETS), at);
	assert_int_equal(rx_counter(FN_RX_DROP_BROKEN), n - at);
	broken(LENGTH);
}

static void rx_length(void **state)
{
	static const uint32_t lens[] = { 0, 2049, 4096, 0x8000, 0xffff };

	(void)state;
	for (unsigned i = 0; i < FN_ARRAY_LEN(lens); i++)
		for (unsigned at = 0; at < 9; at += 1 + i) {
			start((struct fn_dev_conf){ 0 });
			lie_amid(at + 1 + i, at, lens[i]);
		}
}

/* The same of a burst that looks at everything, and of one segment of a long frame. */
static void rx_length_looked_at(void **state)
{
	(void)state;
	for (unsigned at = 0; at < 9; at++) {
		start((struct fn_dev_conf){ .offloads = FN_OFFLOAD_RX_CSUM | FN_OFFLOAD_RX_VLAN |
							FN_OFFLOAD_RX_HASH });
		lie_amid(12, at, at % 2 ? 0 : 2049);
	}
}

static void rx_length_of_segment(void **state)
{
	static uint8_t data[9000];

	(void)state;
	for (unsigned at = 0; at < 5; at++) {
		struct fn_pkt *pkts[4];

		start((struct fn_dev_conf){
			.rx_ring = 64, .mtu = 9000, .offloads = FN_OFFLOAD_RX_SCATTER });
		come(0);
		lie = (struct lie){ .from = at, .n = 1, .len = at % 2 ? 0 : 2049 };
		numbered(data, 1, sizeof(data));
		assert_int_equal(intel_dev_receive(&p.id, data, sizeof(data)), 0);
		assert_int_equal(fn_rx_burst(rx, pkts, 4), 1);
		assert_stream(pkts[0], 0);
		fn_pkt_free(pkts[0]);
		assert_int_equal(rx_counter(FN_RX_DROP_BROKEN), 5);
		broken(LENGTH);
	}
}

/* A frame that does not end: as many buffers as the ring has, or a packet segments. */
static void rx_never_ends(void **state)
{
	static const struct {
		uint32_t ring;
		uint64_t offloads;
		unsigned bufs;
	} cases[] = {
		{ 32, 0, 0 },
		{ 32, FN_OFFLOAD_RX_SCATTER, 0 },
		{ 256, FN_OFFLOAD_RX_SCATTER, 0 },
		{ 512, 0, 256 },
		{ 512, FN_OFFLOAD_RX_SCATTER, 256 },
	};

	(void)state;
	for (unsigned i = 0; i < FN_ARRAY_LEN(cases); i++) {
		unsigned n = 0;
		struct fn_pkt *pkt;

		start((struct fn_dev_conf){ .rx_ring = cases[i].ring,
					    .offloads = cases[i].offloads });
		lie = (struct lie){ .n = UINT32_MAX, .clear = IDEV_RXD_EOP, .len = UINT32_MAX };
		/* As long as it may still end, it is waited for. */
		while (fn_rxq_status(rx) == 0) {
			assert_in_range(n, 0, cases[i].ring - 1);
			come(n);
			n++;
			assert_int_equal(fn_rx_burst(rx, &pkt, 1), 0);
		}
		if (cases[i].bufs)
			assert_int_equal(n, cases[i].bufs);
		assert_int_equal(rx_counter(FN_RX_DROP_BROKEN), n);
		broken("that a frame fills more than ");
	}
}

/*
 * Any of eight frames may be there before those in front of it: what is in a row from the first
 * one on is taken, and the rest when it is its turn.
 */
static void rx_out_of_order(void **state)
{
	(void)state;
	start((struct fn_dev_conf){ 0 });
	for (unsigned there = 0; there < 256; there++) {
		const uint32_t first = *intel_dev_qreg(&p.id, false, 0, IDEV_Q_HEAD);
		struct fn_pkt *pkts[32];
		uint32_t dw[8][4];
		unsigned in_row = 0;

		for (unsigned i = 0; i < 8; i++) {
			const uint32_t idx = (first + i) % 64;
			uint32_t not_yet[4] = { 0 };

			come(there + i);
			assert_true(intel_dev_desc_read(&p.id, false, 0, idx, dw[i]));
			if (!(there >> i & 1))
				intel_dev_desc_write(&p.id, false, 0, idx, not_yet);
		}
		while (there >> in_row & 1)
			in_row++;
		assert_int_equal(fn_rxq_pending(rx), in_row > 0);
		assert_int_equal(fn_rx_burst(rx, pkts, 32), in_row);
		assert_false(fn_rxq_pending(rx));
		for (unsigned i = 0; i < 8; i++)
			if (!(there >> i & 1))
				intel_dev_desc_write(&p.id, false, 0, (first + i) % 64, dw[i]);
		assert_int_equal(fn_rx_burst(rx, pkts + in_row, 32 - in_row), 8 - in_row);
		for (unsigned i = 0; i < 8; i++)
			assert_stream(pkts[i], there + i);
		fn_pkt_free_bulk(pkts, 8);
	}
	ring_end();
}

/* What the device has not got it cannot hand back: with an empty ring nothing is taken of it. */
static void rx_not_given(void **state)
{
	static struct fn_pkt *pkts[PORT_PKTS];

	(void)state;
	for (unsigned turn = 0; turn < 70; turn += 3) {
		const uint32_t all[4] = { 0, 0, IDEV_RXD_DD | IDEV_RXD_EOP, 100 };
		const uint32_t none[4] = { 0 };
		unsigned n = 0;
		uint32_t head;

		start((struct fn_dev_conf){ 0 });
		for (unsigned i = 0; i < turn; i++)
			rx_goes_on();
		while ((pkts[n] = fn_pkt_alloc(p.pool)) != NULL)
			n++;
		while (intel_dev_rx_free(&p.id, 0)) {
			come(n);
			assert_int_equal(fn_rx_burst(rx, &pkts[n], 1), 1);
			assert_stream(pkts[n], n);
			n++;
		}
		head = *intel_dev_qreg(&p.id, false, 0, IDEV_Q_HEAD);
		/* One after the other, beginning behind what it had. */
		for (unsigned i = 0; i < 64; i++)
			intel_dev_desc_write(&p.id, false, 0, i, none);
		for (unsigned i = 0; i < 64; i++) {
			intel_dev_desc_write(&p.id, false, 0, (head + i) % 64, all);
			assert_false(fn_rxq_pending(rx));
			assert_int_equal(fn_rx_burst(rx, &pkts[n], 32), 0);
		}
		assert_int_equal(fn_rxq_status(rx), 0);
		fn_pkt_free_bulk(pkts, n);
		mended();
	}
}

/* Errors of the MAC or of its memory: that frame is dropped, and no other. */
static void rx_errors(void **state)
{
	/* CE, SE, SEQ, CXE and RXE (82574 7.1); of the 82576 RXE alone (7.1.5). */
	static const unsigned bits[] = { 24, 25, 26, 27, 28, 31 };
	const uint32_t errors = family == INTEL_82574 ? 0x97000000 : 0x80000000;
	uint64_t dropped = 0;
	uint64_t took = 0;

	(void)state;
	start((struct fn_dev_conf){ 0 });
	for (unsigned i = 0; i < FN_ARRAY_LEN(bits); i++)
		for (unsigned at = 0; at < 9; at++) {
			const bool is = errors >> bits[i] & 1;
			struct fn_pkt *pkts[32];

			lie = (struct lie){
				.from = at, .n = 1, .set = 1u << bits[i], .len = UINT32_MAX
			};
			for (unsigned k = 0; k < 11; k++)
				come(k);
			assert_int_equal(fn_rx_burst(rx, pkts, 32), is ? 10 : 11);
			for (unsigned k = 0; k < 11; k++)
				if (!is || k != at)
					assert_stream(pkts[is && k > at ? k - 1 : k], k);
			fn_pkt_free_bulk(pkts, is ? 10 : 11);
			took += is ? 10 : 11;
			dropped += is;
			assert_int_equal(rx_counter(FN_RX_DROP_ERROR), dropped);
			assert_int_equal(rx_counter(FN_RX_PACKETS), took);
		}
	mended();
}

/* The same of a frame in several buffers, whose last descriptor says it. */
static void rx_errors_of_chains(void **state)
{
	static uint8_t data[9000];

	(void)state;
	start((struct fn_dev_conf){ .mtu = 9000, .offloads = FN_OFFLOAD_RX_SCATTER });
	for (unsigned i = 0; i < 50; i++) {
		struct fn_pkt *pkts[2];

		numbered(data, i, sizeof(data));
		lie = (struct lie){ .from = 4, .n = 1, .set = 1u << 31, .len = UINT32_MAX };
		assert_int_equal(intel_dev_receive(&p.id, data, sizeof(data)), 0);
		come(i);
		assert_int_equal(fn_rx_burst(rx, pkts, 2), 1);
		assert_stream(pkts[0], i);
		fn_pkt_free(pkts[0]);
		assert_int_equal(rx_counter(FN_RX_DROP_ERROR), i + 1);
	}
	mended();
}

static uint32_t random_state;

static uint32_t random32(void)
{
	random_state = random_state * 1664525u + 1013904223u;
	return random_state >> 8 | random_state << 24;
}

/* One descriptor in eight says anything, or something near the truth. */
static void say_anything(void *arg, struct intel_wb *wb)
{
	(void)arg;
	switch (random32() % 64) {
	case 0:
	case 1:
		for (unsigned i = 0; i < 4; i++)
			wb->dw[i] = random32();
		break;
	case 2:
	case 3:
	case 4:
		wb->dw[2] ^= 1u << random32() % 32;
		break;
	case 5:
		wb->dw[3] ^= 1u << random32() % 32;
		break;
	case 6:
		wb->lost = true;
		break;
	default:
		break;
	}
}

/* Whatever comes, packets hold no more than their buffers, and none is lost. */
static void rx_anything(void **state)
{
	static const uint64_t offloads[] = { 0, FN_OFFLOAD_RX_SCATTER,
					     FN_OFFLOAD_RX_CSUM | FN_OFFLOAD_RX_VLAN |
						     FN_OFFLOAD_RX_HASH };
	static uint8_t data[9000];

	(void)state;
	memset(data, 2, sizeof(data));
	for (unsigned k = 0; k < 60; k++) {
		random_state = k;
		start((struct fn_dev_conf){ .offloads = offloads[k % 3],
					    .mtu = k % 3 == 1 ? 9000 : 0 });
		p.id.writeback = say_anything;
		for (unsigned i = 0; i < 300 && !fn_rxq_status(rx); i++) {
			const unsigned n = 1 + random32() % 16;
			struct fn_pkt *pkts[32];
			unsigned got;

			for (unsigned m = 0; m < n; m++)
				(void)intel_dev_receive(
					&p.id, data, 60 + random32() % (k % 3 == 1 ? 8900 : 1400));
			got = fn_rx_burst(rx, pkts, 1 + random32() % 32);
			for (unsigned m = 0; m < got; m++)
				for (const struct fn_pkt *seg = pkts[m]; seg; seg = seg->next)
					assert_in_range(seg->len, 1, 2048);
			fn_pkt_free_bulk(pkts, got);
		}
		p.id.writeback = NULL;
		assert_true(fn_rxq_status(rx) == 0 || fn_rxq_status(rx) == -EIO);
		mended();
	}
}

/* Packets are given back by the reports that were asked for, and by no others. */
static void tx_reports_unasked(void **state)
{
	(void)state;
	for (unsigned turn = 0; turn < 70; turn += 3) {
		struct fn_pkt *pkts[20];
		uint32_t head;
		uint32_t dw[4];

		start((struct fn_dev_conf){ 0 });
		ring_turn(turn);
		head = *intel_dev_qreg(&p.id, true, 0, IDEV_Q_HEAD);
		for (unsigned i = 0; i < 20; i++)
			pkts[i] = ring_numbered(p.pool, i, 100);
		assert_int_equal(fn_tx_burst(tx, pkts, 20), 20);
		for (unsigned i = 0; i < 64; i++) {
			assert_true(intel_dev_desc_read(&p.id, true, 0, i, dw));
			/* Not the last one, which was to be reported. */
			if (i != (head + 19) % 64 && !(dw[2] & IDEV_TXD_RS))
				dw[3] |= IDEV_TXD_DD;
			intel_dev_desc_write(&p.id, true, 0, i, dw);
		}
		assert_false(fn_txq_pending(tx));
		assert_int_equal(fn_tx_reclaim(tx), 0);
		ring_flush();
		assert_int_equal(sent_n, 20);
		ring_end();
	}
}

/* The whole ring is written over: what the device had comes back once, or not before a reset. */
static void tx_overwritten(void **state)
{
	static const uint32_t values[] = { 0, 0xffffffff, 0x55555555, IDEV_TXD_DD };

	(void)state;
	for (unsigned v = 0; v < FN_ARRAY_LEN(values); v++)
		for (unsigned n = 0; n < 64; n += 7) {
			const uint32_t dw[4] = { values[v], values[v], values[v], values[v] };
			struct fn_pkt *pkts[64];

			start((struct fn_dev_conf){ 0 });
			for (unsigned i = 0; i < n; i++)
				pkts[i] = ring_numbered(p.pool, i, 100);
			for (unsigned i = 0; i < n; i += 7)
				assert_int_equal(fn_tx_burst(tx, &pkts[i], 7), 7);
			for (unsigned i = 0; i < 64; i++)
				intel_dev_desc_write(&p.id, true, 0, i, dw);
			assert_int_equal(fn_tx_reclaim(tx), values[v] & IDEV_TXD_DD ? n : 0);
			assert_int_equal(fn_tx_reclaim(tx), 0);
			assert_int_equal(fn_txq_status(tx), 0);
			rx_goes_on();
			mended();
		}
}

/* Nothing is ever reported: the ring fills, and waits; a reset counts what was in it. */
static void tx_never_reported(void **state)
{
	struct fn_pkt *pkts[70];

	(void)state;
	start((struct fn_dev_conf){ 0 });
	for (unsigned i = 0; i < 70; i++)
		pkts[i] = ring_numbered(p.pool, i, 100);
	assert_int_equal(fn_tx_burst(tx, pkts, 70), 63);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(fn_tx_burst(tx, pkts + 63, 7), 0);
		assert_int_equal(fn_tx_reclaim(tx), 0);
	}
	assert_int_equal(tx_counter(FN_TX_RING_FULL), 4);
	fn_pkt_free_bulk(pkts + 63, 7);
	assert_int_equal(fn_dev_reset(p.dev), 0);
	assert_int_equal(tx_counter(FN_TX_DROP_STOPPED) + tx_counter(FN_TX_DROP_BROKEN), 63);
	mended();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ALL(rx_length),          ALL(rx_length_looked_at), ALL(rx_length_of_segment),
		ALL(rx_never_ends),      ALL(rx_out_of_order),     ALL(rx_not_given),
		ALL(rx_errors),          ALL(rx_errors_of_chains), ALL(rx_anything),
		ALL(tx_reports_unasked), ALL(tx_overwritten),      ALL(tx_never_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
