/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * For tests of the Intel drivers' rings: a port of either family, with vector instructions or
 * without, and a stream of frames both ways. The device sends what it is told to, when it is told.
 */
#ifndef FN_TESTS_UNIT_INTEL_RING_PORT_H
#define FN_TESTS_UNIT_INTEL_RING_PORT_H

#include "base/ctx.h"
#include "drivers/intel/intel_ring.h"
#include "intel_diag_port.h"
#include "stream.h"

/* Without AVX2, though the processor has it. */
static bool scalar;

static struct fn_rxq *rx;
static struct fn_txq *tx;

/* What the device sent, in the order in which it did. */
#define SENT_MAX 512u
static struct {
	uint8_t data[10000];
	uint32_t len;
} sent[SENT_MAX];
static unsigned sent_n;

/* The frame that comes out is number @sent_n of the stream, padded to 60 bytes. */
static inline void ring_stream_sent(void *arg, unsigned queue, const uint8_t *frame, uint32_t len)
{
	const uint32_t own = frame_len(sent_n);

	(void)arg;
	(void)queue;
	assert_int_equal(len, own < 60 ? 60 : own);
	assert_frame(frame, len, sent_n);
	sent_n++;
}

static inline void ring_sent(void *arg, unsigned queue, const uint8_t *frame, uint32_t len)
{
	(void)arg;
	(void)queue;
	assert_in_range(sent_n, 0, SENT_MAX - 1);
	assert_in_range(len, 60, sizeof(sent[0].data));
	memcpy(sent[sent_n].data, frame, len);
	sent[sent_n++].len = len;
}

/* A port that takes frames for any address. What @conf leaves out is the test's default. */
static inline void ring_start(struct fn_dev_conf conf)
{
	conf.promisc = true;
	if (!p.dev) {
		port_init();
		p.id.auto_tx = false;
		p.id.sent = ring_sent;
		port_open();
		if (scalar)
			p.ctx->avx2 = false;
	}
	port_start(conf);
	rx = fn_dev_rxq(p.dev, 0);
	tx = fn_dev_txq(p.dev, 0);
	sent_n = 0;
}

static inline uint64_t rx_counter(enum fn_rx_counter counter)
{
	uint64_t values[FN_RX_COUNTERS];

	(void)fn_rxq_counters(rx, values, FN_RX_COUNTERS);
	return values[counter];
}

static inline uint64_t tx_counter(enum fn_tx_counter counter)
{
	uint64_t values[FN_TX_COUNTERS];

	(void)fn_txq_counters(tx, values, FN_TX_COUNTERS);
	return values[counter];
}

static inline uint32_t ring_outside(const struct fn_pool *pool)
{
	struct fn_pool_info info = { .sz = sizeof(info) };

	fn_pool_get_info(pool, &info);
	return info.outside;
}

/* A packet of @pool with these bytes. */
static inline struct fn_pkt *ring_pkt(struct fn_pool *pool, const void *data, uint32_t len)
{
	struct fn_pkt *pkt = fn_pkt_alloc(pool);

	assert_non_null(pkt);
	assert_non_null(fn_pkt_append(pkt, (uint16_t)len));
	memcpy(pkt->data, data, len);
	return pkt;
}

/* Frame @seq of the stream. */
static inline struct fn_pkt *ring_frame(struct fn_pool *pool, unsigned seq)
{
	return ring_pkt(pool, frame_data(seq), frame_len(seq));
}

/* A packet of @segs segments with these bytes. */
static inline struct fn_pkt *ring_chain(struct fn_pool *pool, const uint8_t *data, uint32_t len,
					unsigned segs)
{
	struct fn_pkt *head = NULL;
	uint32_t at = 0;

	for (unsigned i = 0; i < segs; i++) {
		const uint32_t part = i + 1 == segs ? len - at : len / segs;
		struct fn_pkt *pkt = ring_pkt(pool, data + at, part);

		at += part;
		if (!head)
			head = pkt;
		else
			assert_int_equal(fn_pkt_chain(head, pkt), 0);
	}
	return head;
}

/* Work off up to @most descriptors. */
static inline unsigned ring_transmit(unsigned most)
{
	return intel_dev_transmit(&p.id, 0, most);
}

/* All that is queued goes out and comes back. */
static inline void ring_flush(void)
{
	(void)ring_transmit(UINT32_MAX);
	(void)fn_tx_reclaim(tx);
	assert_false(fn_txq_pending(tx));
	assert_int_equal(fn_tx_reclaim(tx), 0);
}

/* The ring's position: @n packets of one descriptor go through it. */
static inline void ring_turn(unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct fn_pkt *pkt = ring_pkt(p.pool, frame_data(46), 60);

		assert_int_equal(fn_tx_burst(tx, &pkt, 1), 1);
		ring_flush();
	}
	sent_n = 0;
}

/* As port_end(), and a port can be started again. */
static inline void ring_end(void)
{
	port_end();
	memset(&p, 0, sizeof(p));
}

/* Some frame with a number in it, for any address; 60 bytes or more. */
static inline void numbered(uint8_t *data, unsigned n, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		data[i] = (uint8_t)(1 + n * 31 + i * 7);
	memset(data, 2, 12);
	data[12] = 0x88;
	data[13] = 0xb5;
	memcpy(data + 14, &n, sizeof(n));
}

static inline struct fn_pkt *ring_numbered(struct fn_pool *pool, unsigned n, uint32_t len)
{
	uint8_t data[10000];

	numbered(data, n, len);
	return ring_pkt(pool, data, len);
}

static inline void assert_numbered(const uint8_t *data, uint32_t is, unsigned n, uint32_t len)
{
	uint8_t want[10000];

	numbered(want, n, len);
	assert_int_equal(is, len);
	assert_memory_equal(data, want, len);
}

/* A test that failed leaves its port behind. */
static inline int ring_setup(void **state, enum intel_family which, bool without)
{
	(void)state;
	memset(&p, 0, sizeof(p));
	family = which;
	scalar = without;
	return 0;
}

static inline int e1000e_scalar(void **state)
{
	return ring_setup(state, INTEL_82574, true);
}

static inline int igb_scalar(void **state)
{
	return ring_setup(state, INTEL_82576, true);
}

static inline int e1000e_best(void **state)
{
	return ring_setup(state, INTEL_82574, false);
}

static inline int igb_best(void **state)
{
	return ring_setup(state, INTEL_82576, false);
}

/* Both families, with and without vector instructions. */
#define ALL(test)                                                            \
	{ #test ", 82574", test, e1000e_best, NULL, NULL },                  \
		{ #test ", 82576", test, igb_best, NULL, NULL },             \
		{ #test ", 82574 scalar", test, e1000e_scalar, NULL, NULL }, \
	{                                                                    \
#test ", 82576 scalar", test, igb_scalar, NULL, NULL         \
	}

#endif
