// SPDX-License-Identifier: BSD-3-Clause
/* Packets by themselves: fresh from their pool, grown and shrunk, and chained. */
#include "pkt_fixture.h"

/* Whatever the last owner wrote where he may write. */
static void fresh_after_any_use(void **state)
{
	struct fn_pkt *pkts[600];

	(void)state;
	assert_all_fresh(pool);
	assert_int_equal(fn_pkt_alloc_bulk(pool, pkts, 600), 600);
	for (unsigned i = 0; i < 600; i++) {
		struct fn_pkt *pkt = pkts[i];

		(void)fn_pkt_append(pkt, (uint16_t)(64 + i));
		pkt->flags = (uint16_t)i;
		pkt->hash = ~i;
		pkt->vlan_tci = (uint16_t)~i;
		pkt->user = ~(uint64_t)i;
		if (i % 2)
			(void)fn_pkt_prepend(pkt, (uint16_t)(i % 129));
		if (i % 3)
			(void)fn_pkt_trim_head(pkt, (uint16_t)(i % 50));
	}
	fn_pkt_free_bulk(pkts, 600);
	assert_all_fresh(pool);
}

static void rooms_do_not_overlap(void **state)
{
	struct fn_pkt *pkts[600];

	(void)state;
	assert_int_equal(fn_pkt_alloc_bulk(pool, pkts, 600), 600);
	for (unsigned i = 0; i < 600; i++)
		memset(pkts[i]->data - 128, (int)(i % 251), 128 + 2048);
	for (unsigned i = 0; i < 600; i++)
		for (unsigned k = 0; k < 128 + 2048; k++)
			if (*(pkts[i]->data - 128 + k) != i % 251)
				fail_msg("byte %u of room %u was overwritten", k, i);
	fn_pkt_free_bulk(pkts, 600);
}

static void a_word_says_plain(void **state)
{
	struct fn_pkt *pkt = packet(1500);
	struct fn_pkt *second = packet(10);
	const uint64_t plain = fn_pool_plain_word(pool);

	(void)state;
	assert_true(fn_pkt_is_plain(pkt, plain));
	assert_false(fn_pkt_is_plain(pkt, fn_pool_plain_word(other)));
	pkt->flags = 0xffff;
	assert_true(fn_pkt_is_plain(pkt, plain));
	assert_int_equal(fn_pkt_ref(pkt), 0);
	assert_false(fn_pkt_is_plain(pkt, plain));
	fn_pkt_free(pkt);
	assert_true(fn_pkt_is_plain(pkt, plain));
	assert_int_equal(fn_pkt_chain(pkt, second), 0);
	assert_false(fn_pkt_is_plain(pkt, plain));
	fn_pkt_free(pkt);
	pkt = packet(100);
	(void)fn_pkt_trim_head(pkt, 1);
	assert_false(fn_pkt_is_plain(pkt, plain));
	fn_pkt_free(pkt);
}

/* What a driver writes: nothing of the last owner is left. */
static void begin_clears_the_rest(void **state)
{
	struct fn_pool_cache *cache = NULL;
	struct fn_pkt *pkt;

	(void)state;
	assert_int_equal(fn_pool_cache_create(pool, &cache), 0);
	assert_int_equal(fn_pool_cache_take(cache, &pkt, 1), 1);
	pkt->word |= 0xabcd00000000ffffu;
	pkt->hash = 1;
	pkt->vlan_tci = 2;
	pkt->user = 3;
	fn_pkt_begin(pkt, fn_pool_plain_word(pool), 60);
	assert_int_equal(pkt->len, 60);
	pkt->len = 0;
	assert_fresh(pkt, pool);
	fn_pool_cache_give(cache, &pkt, 1);
	fn_pool_cache_destroy(cache);
}

static void grow_and_shrink(void **state)
{
	struct fn_pkt *pkt = packet(100);
	uint8_t *const data = pkt->data;
	const uint64_t iova = pkt->iova.v;

	(void)state;
	assert_int_equal(fn_pkt_tailroom(pkt), 1948);
	assert_ptr_equal(fn_pkt_prepend(pkt, 128), data - 128);
	assert_int_equal(pkt->len, 228);
	assert_true(pkt->iova.v == iova - 128);
	assert_null(fn_pkt_prepend(pkt, 1));
	assert_ptr_equal(fn_pkt_append(pkt, 1948), data + 100);
	assert_null(fn_pkt_append(pkt, 1));
	assert_int_equal(fn_pkt_tailroom(pkt), 0);
	assert_ptr_equal(fn_pkt_trim_head(pkt, 130), data + 2);
	assert_true(pkt->iova.v == iova + 2);
	assert_int_equal(pkt->headroom, 130);
	assert_int_equal(pkt->len, 2046);
	assert_null(fn_pkt_trim_head(pkt, 2047));
	assert_int_equal(fn_pkt_trim_tail(pkt, 2047), -EINVAL);
	assert_non_null(strstr(fn_error_last(), "2047 bytes"));
	assert_int_equal(pkt->len, 2046);
	assert_int_equal(fn_pkt_trim_tail(pkt, 2046), 0);
	assert_int_equal(pkt->len, 0);
	assert_int_equal(fn_pkt_tailroom(pkt), 2046);
	fn_pkt_free(pkt);
	fn_pkt_free(NULL);
	assert_all_fresh(pool);
}

static void chains_are_one_packet(void **state)
{
	struct fn_pkt *head = packet(10);
	struct fn_pkt *tail = packet(300);

	(void)state;
	assert_int_equal(fn_pkt_chain(tail, packet(4000 % 2048)), 0);
	assert_int_equal(fn_pkt_chain(head, tail), 0);
	assert_int_equal(head->extra_segs, 2);
	assert_int_equal(tail->extra_segs, 0);
	assert_int_equal(fn_pkt_len(head), 10 + 300 + 1952);
	assert_int_equal(fn_pkt_chain(head, packet(1)), 0);
	assert_int_equal(head->extra_segs, 3);
	assert_int_equal(fn_pkt_len(head), 10 + 300 + 1952 + 1);
	assert_int_equal(outside(pool), 4);
	fn_pkt_free(head);
	assert_all_fresh(pool);
}

static void chains_have_limits(void **state)
{
	struct fn_pkt *head = packet(1);
	struct fn_pkt *tail;

	(void)state;
	for (unsigned i = 1; i < 255; i++)
		assert_int_equal(fn_pkt_chain(head, packet(1)), 0);
	tail = packet(1);
	assert_int_equal(fn_pkt_chain(tail, packet(1)), 0);
	assert_int_equal(fn_pkt_chain(head, tail), -EMSGSIZE);
	assert_non_null(strstr(fn_error_last(), "255 and 2 segments"));
	assert_int_equal(head->extra_segs, 254);
	assert_int_equal(tail->extra_segs, 1);
	assert_int_equal(fn_pkt_len(head), 255);
	fn_pkt_free(tail);
	assert_int_equal(fn_pkt_chain(head, packet(1)), 0);
	assert_int_equal(head->extra_segs, 255);
	assert_int_equal(outside(pool), 256);
	fn_pkt_free(head);
	assert_all_fresh(pool);
}

static void chains_that_cannot_be(void **state)
{
	struct fn_pkt *a = packet(1);
	struct fn_pkt *b = packet(1);
	struct fn_pkt *c = packet(1);

	(void)state;
	assert_int_equal(fn_pkt_chain(a, a), -EINVAL);
	assert_int_equal(fn_pkt_chain(a, b), 0);
	assert_int_equal(fn_pkt_chain(a, b), -EINVAL);
	assert_int_equal(fn_pkt_chain(b, a), -EINVAL);
	assert_int_equal(fn_pkt_ref(c), 0);
	assert_int_equal(fn_pkt_chain(a, c), -EINVAL);
	assert_int_equal(fn_pkt_chain(c, a), -EINVAL);
	assert_int_equal(a->extra_segs, 1);
	assert_null(b->next);
	fn_pkt_free(c);
	assert_int_equal(fn_pkt_chain(a, c), 0);
	fn_pkt_free(a);
	assert_all_fresh(pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PKT_TEST(fresh_after_any_use), PKT_TEST(rooms_do_not_overlap),
		PKT_TEST(a_word_says_plain),   PKT_TEST(begin_clears_the_rest),
		PKT_TEST(grow_and_shrink),     PKT_TEST(chains_are_one_packet),
		PKT_TEST(chains_have_limits),  PKT_TEST(chains_that_cannot_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
