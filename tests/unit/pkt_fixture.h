/* SPDX-License-Identifier: BSD-3-Clause */
/* For tests of packets: two pools, and whether a packet is as its pool made it. */
#ifndef FN_TESTS_UNIT_PKT_FIXTURE_H
#define FN_TESTS_UNIT_PKT_FIXTURE_H

#include "pool_fixture.h"

static struct fn_pool *pool;
static struct fn_pool *other;

static inline int pkt_fixture_start(void **state)
{
	(void)pool_fixture_start(state);
	pool = pool_make((struct fn_pool_opts){ .count = 600, .name = "one" });
	other = pool_make((struct fn_pool_opts){ .count = 600, .name = "two" });
	return 0;
}

/* Each test leaves nothing outside: the pools say so. */
static inline int pkt_fixture_end(void **state)
{
	assert_int_equal(fn_pool_destroy(pool), 0);
	assert_int_equal(fn_pool_destroy(other), 0);
	return pool_fixture_end(state);
}

#define PKT_TEST(f) cmocka_unit_test_setup_teardown(f, pkt_fixture_start, pkt_fixture_end)

static inline uint32_t outside(const struct fn_pool *from)
{
	return pool_info(from).outside;
}

static inline struct fn_pkt *packet(uint16_t len)
{
	struct fn_pkt *pkt = fn_pkt_alloc(pool);

	assert_non_null(pkt);
	assert_non_null(fn_pkt_append(pkt, len));
	return pkt;
}

static inline void assert_fresh(struct fn_pkt *pkt, struct fn_pool *from)
{
	fn_iova_t iova;

	assert_true(pkt->word == fn_pool_plain_word(from));
	assert_int_equal(pkt->len, 0);
	assert_int_equal(pkt->extra_segs, 0);
	assert_int_equal(pkt->extra_refs, 0);
	assert_int_equal(pkt->kind, 0);
	assert_int_equal(pkt->flags, 0);
	assert_int_equal(pkt->headroom, 128);
	assert_int_equal(pkt->buf_len, 128 + 2048);
	assert_int_equal(pkt->hash, 0);
	assert_int_equal(pkt->vlan_tci, 0);
	assert_int_equal(pkt->user, 0);
	assert_null(pkt->next);
	assert_ptr_equal(pkt->pool, from);
	assert_int_equal(fn_dma_find(ctx, pkt->data - 128, 128 + 2048, &iova), 0);
	assert_true(iova.v + 128 == pkt->iova.v);
}

static inline void assert_all_fresh(struct fn_pool *from)
{
	struct fn_pkt *pkts[600];

	assert_int_equal(outside(from), 0);
	assert_int_equal(fn_pkt_alloc_bulk(from, pkts, 600), 600);
	for (unsigned i = 0; i < 600; i++)
		assert_fresh(pkts[i], from);
	fn_pkt_free_bulk(pkts, 600);
	assert_int_equal(outside(from), 0);
}

#endif
