// SPDX-License-Identifier: BSD-3-Clause
/* Pools: their options, where their packets are, what empties and fills caches, and their end. */
#include "pkt/pool_priv.h"
#include "pool_fixture.h"

static void defaults(void **state)
{
	struct fn_pool *pool = NULL;
	struct fn_pool_info info;

	(void)state;
	assert_null(fn_pool_first_name(ctx));
	assert_int_equal(fn_pool_create(ctx, NULL, &pool), 0);
	info = pool_info(pool);
	assert_int_equal(info.count, 8192);
	assert_int_equal(info.room_bytes, 2048);
	assert_int_equal(info.headroom, 128);
	assert_int_equal(info.cache, 256);
	assert_int_equal(info.max_threads, 4);
	assert_int_equal(info.outside, 0);
	assert_int_equal(info.in_caches, 0);
	assert_int_equal(info.empty, 0);
	assert_in_range(info.dma_bytes, 8192ul * (2048 + 128), 8192ul * (2048 + 256));
	assert_string_equal(fn_pool_name(pool), "pool");
	assert_string_equal(fn_pool_first_name(ctx), "pool");
	assert_int_equal(fn_pool_room_bytes(pool), 2048);
	assert_int_equal(fn_pool_destroy(pool), 0);
	assert_int_equal(fn_pool_destroy(NULL), 0);
}

/* Rooms lie apart, and none straddles two hugepages, which devices of QEMU cannot send from. */
static void rooms_keep_to_hugepages(void **state)
{
	enum { N = 2000, HUGE = 2 << 20 };
	struct fn_pool *pool = pool_make((struct fn_pool_opts){ .count = N });
	struct fn_pkt *pkts[N];

	(void)state;
	assert_int_equal(fn_pkt_alloc_bulk(pool, pkts, N), N);
	for (unsigned i = 0; i < N; i++) {
		uint8_t *room = pkts[i]->data - pkts[i]->headroom;
		const size_t off = (size_t)(room - pool->room);

		assert_int_equal(pkts[i]->iova.v - pool->room_iova, off + pkts[i]->headroom);
		assert_in_range(off + pkts[i]->buf_len, 1, pool->rooms.len);
		assert_int_equal(off / HUGE, (off + pkts[i]->buf_len - 1) / HUGE);
		memset(room, (int)(i % 251), pkts[i]->buf_len);
	}
	for (unsigned i = 0; i < N; i++) {
		const uint8_t *room = pkts[i]->data - pkts[i]->headroom;

		for (unsigned k = 0; k < pkts[i]->buf_len; k++)
			assert_int_equal(room[k], i % 251);
	}
	fn_pkt_free_bulk(pkts, N);
	assert_int_equal(fn_pool_destroy(pool), 0);
}

static void options_out_of_range(void **state)
{
	static const struct {
		struct fn_pool_opts opts;
		const char *sentence;
	} bad[] = {
		{ { .count = 4194305 }, "pool pool: count 4194305: use 1 to 4194304" },
		{ { .room_bytes = 63 }, "pool pool: room_bytes 63: use 64 to 65024" },
		{ { .room_bytes = 65025 }, "pool pool: room_bytes 65025: use 64 to 65024" },
		{ { .headroom = 513 }, "pool pool: headroom 513: use 0 to 512" },
		{ { .room_bytes = 65024, .headroom = 512 },
		  "pool pool: room_bytes 65024 and headroom 512: use 65535 at most together" },
		{ { .cache = 31, .name = "x" }, "pool x: cache 31: use 32 to 1024" },
		{ { .cache = 1025 }, "pool pool: cache 1025: use 32 to 1024" },
		{ { .max_threads = 65 }, "pool pool: max_threads 65: use 1 to 64" },
		{ { .numa_node_plus_1 = 0x80000000 },
		  "pool pool: numa_node_plus_1 2147483648: use the node plus 1, or 0 for any" },
	};

	(void)state;
	for (size_t i = 0; i < FN_ARRAY_LEN(bad); i++) {
		struct fn_error err = FN_ERROR_INIT;
		struct fn_pool_opts opts = bad[i].opts;
		struct fn_pool *pool = NULL;

		opts.sz = sizeof(opts);
		opts.err = &err;
		assert_int_equal(fn_pool_create(ctx, &opts, &pool), -EINVAL);
		assert_int_equal(err.code, -EINVAL);
		assert_string_equal(err.text, bad[i].sentence);
		assert_null(pool);
	}
	assert_int_equal(fn_dma_mapped_bytes(ctx), 0);
}

static void forgotten_size(void **state)
{
	const struct fn_pool_opts opts = { .count = 100 };
	struct fn_pool *pool = NULL;

	(void)state;
	assert_int_equal(fn_pool_create(ctx, &opts, &pool), -EINVAL);
	assert_non_null(strstr(fn_error_last(), "fn_pool_opts.sz"));
}

/* A failure in the middle leaves nothing: no number taken, no memory. */
static void creation_fails_whole(void **state)
{
	struct fn_error err = FN_ERROR_INIT;
	const struct fn_pool_opts opts = { .sz = sizeof(opts),
					   .err = &err,
					   .numa_node_plus_1 = 900001 };
	struct fn_pool *pool = NULL;

	(void)state;
	for (unsigned i = 0; i < 300; i++)
		assert_int_equal(fn_pool_create(ctx, &opts, &pool), -EINVAL);
	assert_non_null(strstr(err.text, "no NUMA node 900000"));
	assert_int_equal(fn_dma_mapped_bytes(ctx), 0);
	assert_null(fn_pool_first_name(ctx));
	fn_pool_destroy(pool_make((struct fn_pool_opts){ .count = 32 }));
}

static void extremes(void **state)
{
	static const struct fn_pool_opts some[] = {
		{ .count = 1, .room_bytes = 64, .headroom = FN_POOL_NO_HEADROOM, .cache = 32 },
		{ .count = 3,
		  .room_bytes = 65024,
		  .headroom = 511,
		  .cache = 1024,
		  .max_threads = 64 },
		{ .count = 70000, .room_bytes = 65, .headroom = 1, .share = true },
	};

	(void)state;
	for (size_t i = 0; i < FN_ARRAY_LEN(some); i++) {
		struct fn_pool *pool = pool_make(some[i]);
		struct fn_pool_info info = pool_info(pool);
		struct fn_pkt *last = NULL;

		assert_int_equal(info.room_bytes, some[i].room_bytes);
		for (uint32_t k = 0; k < info.count; k++) {
			struct fn_pkt *pkt = fn_pkt_alloc(pool);

			assert_non_null(pkt);
			assert_int_equal(fn_pkt_tailroom(pkt), info.room_bytes);
			memset(pkt->data - info.headroom, 1, info.headroom + info.room_bytes);
			pkt->next = last;
			last = pkt;
		}
		assert_null(fn_pkt_alloc(pool));
		while (last) {
			struct fn_pkt *pkt = last;

			last = pkt->next;
			pkt->next = NULL;
			fn_pkt_free(pkt);
		}
		assert_int_equal(fn_pool_destroy(pool), 0);
	}
}

/*
 * Starts of rooms fall on all 64 sets of a first-level cache alike, for every room size; within
 * each hugepage, of which there are up to three, up to one.
 */
static void rooms_are_coloured(void **state)
{
	static const uint32_t sizes[] = { 64, 1536, 1664, 1920, 2048, 3968, 9000 };

	(void)state;
	for (size_t i = 0; i < FN_ARRAY_LEN(sizes); i++) {
		struct fn_pool *pool =
			pool_make((struct fn_pool_opts){ .count = 640, .room_bytes = sizes[i] });
		unsigned sets[64] = { 0 };
		struct fn_pkt *pkts[640];

		assert_int_equal(fn_pkt_alloc_bulk(pool, pkts, 640), 640);
		for (unsigned k = 0; k < 640; k++) {
			assert_int_equal((uintptr_t)pkts[k]->data % 64, 0);
			sets[(uintptr_t)pkts[k]->data / 64 % 64]++;
		}
		for (unsigned k = 0; k < 64; k++)
			assert_in_range(sets[k], 10 - 3, 10 + 3);
		fn_pkt_free_bulk(pkts, 640);
		assert_int_equal(fn_pool_destroy(pool), 0);
	}
}

static void all_or_none(void **state)
{
	struct fn_pool *pool = pool_make((struct fn_pool_opts){ .count = 100, .cache = 32 });
	struct fn_pkt *pkts[101] = { NULL };

	(void)state;
	assert_int_equal(fn_pkt_alloc_bulk(pool, pkts, 101), 0);
	assert_null(pkts[0]);
	assert_int_equal(pool_info(pool).empty, 1);
	assert_int_equal(pool_info(pool).outside, 0);
	assert_int_equal(fn_pkt_alloc_bulk(pool, pkts, 0), 0);
	assert_int_equal(fn_pkt_alloc_bulk(pool, pkts, 100), 100);
	for (unsigned i = 0; i < 100; i++)
		for (unsigned k = 0; k < i; k++)
			assert_ptr_not_equal(pkts[i], pkts[k]);
	assert_null(fn_pkt_alloc(pool));
	assert_int_equal(pool_info(pool).empty, 2);
	assert_int_equal(pool_info(pool).outside, 100);
	fn_pkt_free(pkts[0]);
	assert_ptr_equal(fn_pkt_alloc(pool), pkts[0]);
	fn_pkt_free_bulk(pkts, 100);
	assert_int_equal(pool_info(pool).outside, 0);
	assert_int_equal(fn_pool_destroy(pool), 0);
}

static bool same_set(struct fn_pkt **a, struct fn_pkt **b, unsigned n)
{
	unsigned found = 0;

	for (unsigned i = 0; i < n; i++)
		for (unsigned k = 0; k < n; k++)
			found += a[i] == b[k];
	return found == n;
}

/* Any sizes of takes and gives: no packet is lost or there twice, no cache beyond its maximum. */
static void cache_conserves(void **state)
{
	struct fn_pool *pool = pool_make((struct fn_pool_opts){ .count = 500, .cache = 64 });
	struct fn_pkt *pkts[500];
	struct fn_pkt *all[500];
	struct fn_pool_cache *cache = NULL;
	unsigned held = 0;
	uint32_t x = 7;

	(void)state;
	assert_int_equal(fn_pool_cache_create(pool, &cache), 0);
	assert_int_equal(cache->max, 64);
	for (unsigned round = 0; round < 100000; round++) {
		unsigned n;

		x = x * 1664525 + 1013904223;
		n = (x >> 16) % (round % 7 ? 33 : 400);
		if (x & 0x80000000) {
			unsigned got =
				held + n <= 500 ? fn_pool_cache_take(cache, pkts + held, n) : 0;

			/*
			 * The whole rest is within reach: only this cache and the stack have
			 * some.
			 */
			assert_int_equal(got, held + n <= 500 ? n : 0);
			held += got;
		} else {
			n = n > held ? held : n;
			held -= n;
			fn_pool_cache_give(cache, pkts + held, n);
		}
		assert_true(cache->n <= cache->max);
		assert_int_equal(pool_info(pool).outside, held);
		assert_int_equal(pool_info(pool).in_caches, cache->n);
	}
	fn_pool_cache_give(cache, pkts, held);
	assert_int_equal(fn_pool_cache_take(cache, pkts, 500), 500);
	fn_pool_cache_give(cache, pkts, 500);
	assert_int_equal(fn_pool_cache_take(cache, all, 500), 500);
	assert_true(same_set(pkts, all, 500));
	assert_int_equal(fn_pool_cache_take(cache, pkts, 1), 0);
	fn_pool_cache_give(cache, all, 500);
	fn_pool_cache_destroy(cache);
	assert_int_equal(pool_info(pool).in_caches, 0);
	assert_int_equal(fn_pool_destroy(pool), 0);
}

/* Around the edge of a cache the stack is not asked each time: half a cache lies between. */
static void refill_and_spill_leave_half(void **state)
{
	struct fn_pool *pool = pool_make((struct fn_pool_opts){ .count = 1000, .cache = 256 });
	struct fn_pool_cache *cache = NULL;
	struct fn_pkt *pkts[512];

	(void)state;
	assert_int_equal(fn_pool_cache_create(pool, &cache), 0);
	assert_int_equal(fn_pool_cache_take(cache, pkts, 32), 32);
	assert_int_equal(cache->n, 128);
	assert_int_equal(fn_pool_cache_take(cache, pkts + 32, 128), 128);
	assert_int_equal(cache->n, 0);
	assert_int_equal(fn_pool_cache_take(cache, pkts + 160, 140), 140);
	assert_int_equal(cache->n, 128);
	fn_pool_cache_give(cache, pkts, 128);
	assert_int_equal(cache->n, 256);
	fn_pool_cache_give(cache, pkts + 128, 32);
	assert_int_equal(cache->n, 128);
	/* The ones used last stay: they are the warm ones. */
	for (unsigned i = 0; i < 32; i++)
		assert_ptr_equal(cache->pkts[96 + i], pkts[128 + i]);
	fn_pool_cache_give(cache, pkts + 160, 140);
	assert_int_equal(cache->n, 128);
	fn_pool_cache_destroy(cache);
	assert_int_equal(fn_pool_destroy(pool), 0);
}

/* A refill takes what there is when the stack is low. */
static void refill_from_a_low_stack(void **state)
{
	struct fn_pool *pool = pool_make((struct fn_pool_opts){ .count = 40, .cache = 64 });
	struct fn_pool_cache *cache = NULL;
	struct fn_pkt *pkts[41];

	(void)state;
	assert_int_equal(fn_pool_cache_create(pool, &cache), 0);
	assert_int_equal(fn_pool_cache_take(cache, pkts, 30), 30);
	assert_int_equal(cache->n, 10);
	assert_int_equal(fn_pool_cache_take(cache, pkts + 30, 11), 0);
	assert_int_equal(cache->n, 10);
	assert_int_equal(fn_pool_cache_take(cache, pkts + 30, 10), 10);
	fn_pool_cache_give(cache, pkts, 40);
	assert_int_equal(cache->n, 40);
	fn_pool_cache_destroy(cache);
	assert_int_equal(fn_pool_destroy(pool), 0);
}

static void destroy_refuses(void **state)
{
	struct fn_pool *pool = pool_make((struct fn_pool_opts){ .count = 100, .name = "frames" });
	struct fn_pool_cache *cache = NULL;
	struct fn_pkt *pkts[7];

	(void)state;
	assert_int_equal(fn_pkt_alloc_bulk(pool, pkts, 7), 7);
	assert_int_equal(fn_pool_destroy(pool), -EBUSY);
	assert_non_null(strstr(fn_error_last(), "pool frames: 7 of 100 packets are outside"));
	fn_pkt_free_bulk(pkts, 6);
	assert_int_equal(fn_pool_destroy(pool), -EBUSY);
	assert_non_null(strstr(fn_error_last(), "1 of 100"));
	fn_pkt_free(pkts[6]);
	assert_int_equal(fn_pool_cache_create(pool, &cache), 0);
	assert_int_equal(fn_pool_destroy(pool), -EBUSY);
	assert_non_null(strstr(fn_error_last(), "1 queue of configured devices"));
	fn_pool_cache_destroy(cache);
	fn_pool_cache_destroy(NULL);
	/* What lies in this thread's cache is not outside. */
	assert_true(pool_info(pool).in_caches > 0);
	assert_int_equal(fn_pool_destroy(pool), 0);
}

static void as_many_pools_as_numbers(void **state)
{
	const struct fn_pool_opts opts = { .sz = sizeof(opts), .count = 1, .room_bytes = 64 };
	struct fn_pool *pools[255];
	struct fn_pool *one_more = NULL;

	(void)state;
	for (unsigned i = 0; i < 255; i++) {
		struct fn_pkt *pkt;

		pools[i] = pool_make(opts);
		pkt = fn_pkt_alloc(pools[i]);
		assert_int_equal(pkt->pool_id, i + 1);
		fn_pkt_free(pkt);
	}
	assert_int_equal(fn_pool_create(ctx, &opts, &one_more), -ENOSPC);
	assert_non_null(strstr(fn_error_last(), "255 pools"));
	assert_int_equal(fn_pool_destroy(pools[100]), 0);
	assert_int_equal(fn_pool_create(ctx, &opts, &one_more), 0);
	pools[100] = one_more;
	for (unsigned i = 0; i < 255; i++)
		assert_int_equal(fn_pool_destroy(pools[i]), 0);
}

/*
 * A pool with the number, and perhaps the address, of one that is gone starts with nobody's
 * cache.
 */
static void number_is_used_again(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 50; i++) {
		struct fn_pool *pool = pool_make((struct fn_pool_opts){ .count = 64 + i });
		struct fn_pkt *pkts[128];

		assert_int_equal(pool_info(pool).in_caches, 0);
		assert_int_equal(fn_pkt_alloc_bulk(pool, pkts, 64 + i), 64 + i);
		for (unsigned k = 0; k < 64 + i; k++) {
			assert_ptr_equal(pkts[k]->pool, pool);
			pkts[k]->data[0] = 1;
		}
		fn_pkt_free_bulk(pkts, 64 + i);
		assert_int_equal(fn_pool_destroy(pool), 0);
	}
}

static void older_caller_of_info(void **state)
{
	struct fn_pool *pool = pool_make((struct fn_pool_opts){ .count = 64 });
	struct fn_pool_info info;

	(void)state;
	memset(&info, 0x5a, sizeof(info));
	info.sz = offsetof(struct fn_pool_info, headroom);
	fn_pool_get_info(pool, &info);
	assert_int_equal(info.count, 64);
	assert_int_equal(info.headroom, 0x5a5a5a5a);
	assert_int_equal(fn_pool_destroy(pool), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		POOL_TEST(defaults),
		POOL_TEST(rooms_keep_to_hugepages),
		POOL_TEST(options_out_of_range),
		POOL_TEST(forgotten_size),
		POOL_TEST(creation_fails_whole),
		POOL_TEST(extremes),
		POOL_TEST(rooms_are_coloured),
		POOL_TEST(all_or_none),
		POOL_TEST(cache_conserves),
		POOL_TEST(refill_and_spill_leave_half),
		POOL_TEST(refill_from_a_low_stack),
		POOL_TEST(destroy_refuses),
		POOL_TEST(as_many_pools_as_numbers),
		POOL_TEST(number_is_used_again),
		POOL_TEST(older_caller_of_info),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
