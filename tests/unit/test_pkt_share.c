// SPDX-License-Identifier: BSD-3-Clause
/* Packets that share their data: references and clones, and what is left when one of them goes. */
#include "pkt_fixture.h"

static void references(void **state)
{
	struct fn_pkt *pkt = packet(5);

	(void)state;
	assert_int_equal(fn_pkt_chain(pkt, packet(6)), 0);
	assert_false(fn_pkt_is_shared(pkt));
	assert_int_equal(fn_pkt_ref(pkt), 0);
	assert_true(fn_pkt_is_shared(pkt) && fn_pkt_is_shared(pkt->next));
	fn_pkt_free(pkt);
	assert_int_equal(outside(pool), 2);
	assert_false(fn_pkt_is_shared(pkt) || fn_pkt_is_shared(pkt->next));
	assert_int_equal(fn_pkt_len(pkt), 11);
	fn_pkt_free(pkt);
	assert_all_fresh(pool);
}

static void references_have_a_limit(void **state)
{
	struct fn_pkt *pkt = packet(5);
	struct fn_pkt *tail = packet(6);

	(void)state;
	assert_int_equal(fn_pkt_chain(pkt, tail), 0);
	/* The tail by itself once more, so that the limit is met in the middle of the chain. */
	assert_int_equal(fn_pkt_ref(tail), 0);
	for (unsigned i = 1; i < 255; i++)
		assert_int_equal(fn_pkt_ref(pkt), 0);
	assert_int_equal(fn_pkt_ref(pkt), -EOVERFLOW);
	assert_int_equal(pkt->extra_refs, 254);
	assert_int_equal(tail->extra_refs, 255);
	for (unsigned i = 1; i < 256; i++)
		fn_pkt_free(pkt);
	assert_int_equal(outside(pool), 1);
	fn_pkt_free(tail);
	assert_all_fresh(pool);
}

/* A clone has a header of its own and the data of the original, whichever goes first. */
static void clones(void **state)
{
	(void)state;
	for (unsigned order = 0; order < 2; order++) {
		struct fn_pkt *pkt = packet(100);
		struct fn_pkt *clone;

		(void)fn_pkt_prepend(pkt, 14);
		pkt->hash = 7;
		pkt->vlan_tci = 8;
		pkt->flags = 9;
		pkt->user = 10;
		clone = fn_pkt_clone(other, pkt);
		assert_non_null(clone);
		assert_ptr_equal(clone->pool, other);
		assert_ptr_equal(clone->data, pkt->data);
		assert_true(clone->iova.v == pkt->iova.v);
		assert_int_equal(clone->len, 114);
		assert_int_equal(clone->hash, 7);
		assert_int_equal(clone->vlan_tci, 8);
		assert_int_equal(clone->flags, 9);
		assert_int_equal(clone->user, 0);
		assert_int_equal(clone->pool_id, fn_pool_plain_word(other) >> 32);
		assert_true(fn_pkt_is_shared(clone) && fn_pkt_is_shared(pkt));
		/* Its view of the data is its own. */
		assert_non_null(fn_pkt_trim_head(clone, 14));
		assert_int_equal(pkt->len, 114);
		fn_pkt_free(order ? pkt : clone);
		assert_int_equal(outside(pool), 1);
		fn_pkt_free(order ? clone : pkt);
		assert_all_fresh(pool);
		assert_all_fresh(other);
	}
}

/* The room belongs to the first one; a clone of a clone holds that one, not the clone between. */
static void clone_of_a_clone(void **state)
{
	struct fn_pkt *pkt = packet(100);
	struct fn_pkt *first = fn_pkt_clone(other, pkt);
	struct fn_pkt *second = fn_pkt_clone(other, first);

	(void)state;
	assert_int_equal(pkt->extra_refs, 2);
	assert_int_equal(first->extra_refs, 0);
	fn_pkt_free(first);
	assert_int_equal(outside(other), 1);
	fn_pkt_free(pkt);
	assert_int_equal(outside(pool), 1);
	assert_ptr_equal(second->data, pkt->data);
	fn_pkt_free(second);
	assert_all_fresh(pool);
	assert_all_fresh(other);
}

static void clone_of_a_chain(void **state)
{
	struct fn_pkt *pkt = packet(100);
	struct fn_pkt *clone;

	(void)state;
	assert_int_equal(fn_pkt_chain(pkt, packet(200)), 0);
	assert_int_equal(fn_pkt_chain(pkt, packet(300)), 0);
	clone = fn_pkt_clone(other, pkt);
	assert_non_null(clone);
	assert_int_equal(clone->extra_segs, 2);
	assert_int_equal(fn_pkt_len(clone), 600);
	assert_int_equal(outside(other), 3);
	fn_pkt_free(pkt);
	assert_int_equal(outside(pool), 3);
	assert_int_equal(fn_pkt_len(clone), 600);
	fn_pkt_free(clone);
	assert_all_fresh(pool);
	assert_all_fresh(other);
}

/* A clone can have references of its own. */
static void reference_to_a_clone(void **state)
{
	struct fn_pkt *pkt = packet(100);
	struct fn_pkt *clone = fn_pkt_clone(pool, pkt);

	(void)state;
	assert_int_equal(fn_pkt_ref(clone), 0);
	fn_pkt_free(pkt);
	fn_pkt_free(clone);
	assert_int_equal(outside(pool), 2);
	fn_pkt_free(clone);
	assert_all_fresh(pool);
}

/* A header of one's own in front of shared data: how one packet goes to many. */
static void header_before_a_clone(void **state)
{
	struct fn_pkt *body = packet(1000);
	struct fn_pkt *copies[3];

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		copies[i] = packet(14);
		assert_int_equal(fn_pkt_chain(copies[i], fn_pkt_clone(pool, body)), 0);
		assert_int_equal(fn_pkt_len(copies[i]), 1014);
	}
	fn_pkt_free(body);
	fn_pkt_free_bulk(copies, 3);
	assert_all_fresh(pool);
}

/* No header left, or no reference: no clone, and nothing has changed. */
static void clone_fails_whole(void **state)
{
	struct fn_pkt *pkt = packet(100);
	struct fn_pkt *rest[600];
	struct fn_pkt *tail = packet(1);

	(void)state;
	assert_int_equal(fn_pkt_chain(pkt, tail), 0);
	assert_int_equal(fn_pkt_alloc_bulk(other, rest, 599), 599);
	assert_null(fn_pkt_clone(other, pkt));
	assert_int_equal(outside(other), 599);
	assert_int_equal(pkt->extra_refs, 0);
	assert_int_equal(tail->extra_refs, 0);
	fn_pkt_free_bulk(rest, 599);
	for (unsigned i = 0; i < 255; i++)
		assert_int_equal(fn_pkt_ref(tail), 0);
	assert_null(fn_pkt_clone(other, pkt));
	assert_int_equal(outside(other), 0);
	assert_int_equal(pkt->extra_refs, 0);
	assert_int_equal(tail->extra_refs, 255);
	for (unsigned i = 0; i < 255; i++)
		fn_pkt_free(tail);
	fn_pkt_free(pkt);
	assert_all_fresh(pool);
	assert_all_fresh(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PKT_TEST(references),
		PKT_TEST(references_have_a_limit),
		PKT_TEST(clones),
		PKT_TEST(clone_of_a_clone),
		PKT_TEST(clone_of_a_chain),
		PKT_TEST(reference_to_a_clone),
		PKT_TEST(header_before_a_clone),
		PKT_TEST(clone_fails_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
