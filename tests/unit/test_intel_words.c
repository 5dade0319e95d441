// SPDX-License-Identifier: BSD-3-Clause
/*
 * An Intel controller's descriptors whose words are odd one at a time: each bit of status and
 * errors, all ones in each field and in all, one frame told of twice, reports of frames sent that
 * come in the wrong order or again.
 */
#include "intel_ring_port.h"

#define LOOKED_AT (FN_OFFLOAD_RX_CSUM | FN_OFFLOAD_RX_VLAN | FN_OFFLOAD_RX_HASH)
#define ONES UINT32_MAX
/* The errors that drop a frame: CE, SE, SEQ, CXE, RXE (82574 7.1.5.2); RXE (82576 7.1.5.2). */
#define ERRORS (family == INTEL_82574 ? 0x97000000u : 0x80000000u)

static void start(uint64_t offloads)
{
	ring_start((struct fn_dev_conf){ .rx_ring = 64, .tx_ring = 64, .offloads = offloads });
}

/* Frame @seq of the stream comes in, and its descriptor says all this too. */
static void come(unsigned seq, const uint32_t set[4])
{
	const uint32_t idx = *intel_dev_qreg(&p.id, false, 0, IDEV_Q_HEAD);
	uint32_t dw[4] = { 0 };

	assert_int_equal(intel_dev_receive(&p.id, frame_data(seq), frame_len(seq)), 0);
	assert_true(intel_dev_desc_read(&p.id, false, 0, idx, dw));
	for (unsigned i = 0; i < 4; i++)
		dw[i] |= set[i];
	intel_dev_desc_write(&p.id, false, 0, idx, dw);
}

/* It is taken for what it is, whatever else was said. */
static void taken(unsigned seq)
{
	struct fn_pkt *pkt;

	assert_int_equal(fn_rx_burst(rx, &pkt, 1), 1);
	assert_int_equal(fn_rxq_status(rx), 0);
	assert_int_equal(pkt->len, frame_len(seq) < 60 ? 60 : frame_len(seq));
	assert_int_equal(pkt->extra_segs, 0);
	assert_frame(pkt->data, pkt->len, seq);
	/* Good and bad at once is neither, or one of them. */
	assert_true((pkt->flags & (FN_PKT_RX_IP_GOOD | FN_PKT_RX_IP_BAD)) !=
		    (FN_PKT_RX_IP_GOOD | FN_PKT_RX_IP_BAD));
	assert_true((pkt->flags & (FN_PKT_RX_L4_GOOD | FN_PKT_RX_L4_BAD)) !=
		    (FN_PKT_RX_L4_GOOD | FN_PKT_RX_L4_BAD));
	fn_pkt_free(pkt);
}

static void dropped(uint64_t n)
{
	struct fn_pkt *pkt;

	assert_int_equal(fn_rx_burst(rx, &pkt, 1), 0);
	assert_int_equal(fn_rxq_status(rx), 0);
	assert_int_equal(rx_counter(FN_RX_DROP_ERROR), n);
}

/* After a reset all is as new, and nothing is lost. */
static void mended(void)
{
	const uint32_t nothing[4] = { 0 };

	assert_int_equal(fn_dev_reset(p.dev), 0);
	pass_ns(2 * p.id.link_ns);
	come(7, nothing);
	taken(7);
	assert_int_equal(fn_dev_stop(p.dev), 0);
	assert_int_equal(ring_outside(p.pool), 0);
	ring_end();
}

static void rx_each_bit(void **state)
{
	const uint32_t nothing[4] = { 0 };

	(void)state;
	for (unsigned k = 0; k < 2; k++) {
		uint64_t n = 0;

		start(k ? LOOKED_AT : 0);
		for (unsigned bit = 2; bit < 32; bit++) {
			const uint32_t set[4] = { 0, 0, 1u << bit, 0 };

			come(bit, set);
			if (ERRORS >> bit & 1)
				dropped(++n);
			else
				taken(bit);
			come(bit + 1, nothing);
			taken(bit + 1);
		}
		mended();
	}
}

static void rx_ones_in_errors(void **state)
{
	const uint32_t set[4] = { 0, 0, 0xff000000, 0 };
	const uint32_t nothing[4] = { 0 };

	(void)state;
	for (unsigned k = 0; k < 2; k++) {
		start(k ? LOOKED_AT : 0);
		for (unsigned i = 0; i < 70; i++) {
			come(i, set);
			dropped(i + 1);
		}
		come(1, nothing);
		taken(1);
		mended();
	}
}

/* Status, hash, types and tag: everything but errors and the length. */
static void rx_ones_elsewhere(void **state)
{
	const uint32_t set[4] = { ONES, ONES, ~ERRORS, 0xffff0000 };

	(void)state;
	for (unsigned k = 0; k < 2; k++) {
		struct fn_pkt *pkt;

		start(k ? LOOKED_AT : 0);
		for (unsigned i = 0; i < 70; i++) {
			come(i, set);
			taken(i);
		}
		come(1, set);
		assert_int_equal(fn_rx_burst(rx, &pkt, 1), 1);
		assert_int_equal(pkt->flags & FN_PKT_HASH, k ? FN_PKT_HASH : 0);
		assert_int_equal(pkt->flags & FN_PKT_VLAN, k ? FN_PKT_VLAN : 0);
		assert_int_equal(pkt->hash, k ? ONES : 0);
		assert_int_equal(pkt->vlan_tci, k ? 0xffff : 0);
		fn_pkt_free(pkt);
		mended();
	}
}

static void rx_ones(void **state)
{
	const uint32_t set[4] = { ONES, ONES, ONES, ONES };

	(void)state;
	for (unsigned k = 0; k < 2; k++) {
		struct fn_pkt *pkt;

		start(k ? LOOKED_AT : 0);
		come(1, set);
		assert_int_equal(fn_rx_burst(rx, &pkt, 1), 0);
		assert_int_equal(fn_rxq_status(rx), -EIO);
		assert_non_null(strstr(p.log, "wrote 65535 bytes where 1 to 2048 are possible"));
		assert_int_equal(rx_counter(FN_RX_DROP_BROKEN), 1);
		mended();
	}
}

/* What one frame's descriptor says, the next one says too: its buffer is handed out once. */
static void rx_repeated(void **state)
{
	(void)state;
	for (unsigned n = 1; n < 9; n++) {
		const uint32_t nothing[4] = { 0 };
		struct fn_pkt *pkts[10];
		uint32_t dw[4];
		uint32_t idx;

		start(0);
		idx = *intel_dev_qreg(&p.id, false, 0, IDEV_Q_HEAD);
		come(50, nothing);
		assert_true(intel_dev_desc_read(&p.id, false, 0, idx, dw));
		for (unsigned i = 1; i <= n; i++)
			intel_dev_desc_write(&p.id, false, 0, idx + i, dw);
		assert_int_equal(fn_rx_burst(rx, pkts, 10), n + 1);
		for (unsigned i = 0; i <= n; i++) {
			assert_int_equal(pkts[i]->len, pkts[0]->len);
			for (unsigned k = 0; k < i; k++)
				assert_ptr_not_equal(pkts[k], pkts[i]);
		}
		assert_int_equal(fn_rxq_status(rx), 0);
		fn_pkt_free_bulk(pkts, n + 1);
		mended();
	}
}

/* Whether a report was asked for of descriptor @idx; @done: then it comes. */
static bool reported(uint32_t idx, bool done)
{
	uint32_t dw[4];

	assert_true(intel_dev_desc_read(&p.id, true, 0, idx, dw));
	dw[3] |= IDEV_TXD_DD;
	if (done && (dw[2] & IDEV_TXD_RS))
		intel_dev_desc_write(&p.id, true, 0, idx, dw);
	return dw[2] & IDEV_TXD_RS;
}

/* A report counts when it is its turn; and what is reported again is given back once. */
static void tx_reports_out_of_order(void **state)
{
	(void)state;
	for (unsigned turn = 0; turn < 70; turn += 3) {
		struct fn_pkt *pkts[10];
		unsigned oldest = 0;
		uint32_t head;

		start(0);
		ring_turn(turn);
		head = *intel_dev_qreg(&p.id, true, 0, IDEV_Q_HEAD);
		for (unsigned k = 0; k < 2; k++) {
			for (unsigned i = 0; i < 10; i++)
				pkts[i] = ring_numbered(p.pool, i, 100);
			assert_int_equal(fn_tx_burst(tx, pkts, 10), 10);
		}
		while (!reported((head + oldest) % 64, false))
			oldest++;
		assert_in_range(oldest, 0, 9);
		for (unsigned i = 19; i > oldest; i--)
			(void)reported((head + i) % 64, true);
		assert_false(fn_txq_pending(tx));
		assert_int_equal(fn_tx_reclaim(tx), 0);
		(void)reported((head + oldest) % 64, true);
		assert_true(fn_txq_pending(tx));
		assert_int_equal(fn_tx_reclaim(tx), 20);
		/* Now they are sent, and reported where nothing is posted any more. */
		assert_int_equal(ring_transmit(UINT32_MAX), 20);
		assert_false(fn_txq_pending(tx));
		assert_int_equal(fn_tx_reclaim(tx), 0);
		assert_int_equal(fn_txq_status(tx), 0);
		mended();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ALL(rx_each_bit), ALL(rx_ones_in_errors), ALL(rx_ones_elsewhere),
		ALL(rx_ones),     ALL(rx_repeated),       ALL(tx_reports_out_of_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
