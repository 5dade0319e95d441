// SPDX-License-Identifier: BSD-3-Clause
/* Packets on memory of the application, and packets of all kinds on their way home in bulk. */
#include <sys/mman.h>

#include "pkt_fixture.h"

struct freed {
	unsigned calls;
	void *va;
	uint32_t outside;
};

#define APP_BYTES ((size_t)131072)

static void note_freed(void *arg, void *va)
{
	struct freed *freed = arg;

	freed->calls++;
	freed->va = va;
	freed->outside = outside(pool);
	/* The library may be used here. */
	fn_pkt_free(fn_pkt_alloc(pool));
}

static struct fn_dma app_memory(void)
{
	void *va =
		mmap(NULL, APP_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct fn_dma dma;

	assert_int_equal(fn_dma_map(ctx, va, APP_BYTES, NULL, &dma), 0);
	return dma;
}

static void app_memory_end(struct fn_dma *dma)
{
	void *va = dma->va;

	fn_dma_unmap(ctx, dma);
	(void)munmap(va, APP_BYTES);
}

static void attached_memory(void **state)
{
	struct fn_dma dma = app_memory();
	char *va = (char *)dma.va + 1000;
	struct fn_pkt *pkt = fn_pkt_alloc(pool);
	struct freed freed = { 0 };

	(void)state;
	assert_int_equal(fn_pkt_attach(pkt, va, 65535, note_freed, &freed), 0);
	assert_ptr_equal(pkt->data, va);
	assert_true(pkt->iova.v == dma.iova.v + 1000);
	assert_int_equal(pkt->len, 65535);
	assert_int_equal(fn_pkt_tailroom(pkt), 0);
	assert_null(fn_pkt_prepend(pkt, 1));
	assert_false(fn_pkt_is_plain(pkt, fn_pool_plain_word(pool)));
	/* Told with the address that was given, and after the header went home. */
	(void)fn_pkt_trim_head(pkt, 14);
	fn_pkt_free(pkt);
	assert_int_equal(freed.calls, 1);
	assert_ptr_equal(freed.va, va);
	assert_int_equal(freed.outside, 0);
	assert_all_fresh(pool);
	assert_int_equal(freed.calls, 1);
	/* Nobody to tell is fine. */
	pkt = fn_pkt_alloc(pool);
	assert_int_equal(fn_pkt_attach(pkt, va, 1, NULL, NULL), 0);
	fn_pkt_free(pkt);
	assert_all_fresh(pool);
	app_memory_end(&dma);
}

/* Once, when the last of packet, references and clones is gone. */
static void attached_and_shared(void **state)
{
	struct fn_dma dma = app_memory();
	struct fn_pkt *pkt = fn_pkt_alloc(pool);
	struct freed freed = { 0 };
	struct fn_pkt *clone;
	struct fn_pkt *second;

	(void)state;
	assert_int_equal(fn_pkt_attach(pkt, dma.va, 100, note_freed, &freed), 0);
	assert_int_equal(fn_pkt_ref(pkt), 0);
	clone = fn_pkt_clone(other, pkt);
	second = fn_pkt_clone(other, clone);
	fn_pkt_free(pkt);
	fn_pkt_free(clone);
	fn_pkt_free(pkt);
	assert_int_equal(freed.calls, 0);
	assert_ptr_equal(second->data, dma.va);
	fn_pkt_free(second);
	assert_int_equal(freed.calls, 1);
	assert_ptr_equal(freed.va, dma.va);
	assert_all_fresh(pool);
	assert_all_fresh(other);
	app_memory_end(&dma);
}

static void attach_refuses(void **state)
{
	struct fn_dma dma = app_memory();
	struct fn_pkt *pkt = fn_pkt_alloc(pool);
	struct fn_pkt *clone;
	struct freed freed = { 0 };
	char local[8];

	(void)state;
	assert_int_equal(fn_pkt_attach(pkt, dma.va, 0, note_freed, &freed), -EINVAL);
	assert_int_equal(fn_pkt_attach(pkt, dma.va, 65536, note_freed, &freed), -EINVAL);
	assert_non_null(strstr(fn_error_last(), "65536 bytes"));
	assert_int_equal(fn_pkt_attach(pkt, local, 8, note_freed, &freed), -EFAULT);
	assert_int_equal(fn_pkt_attach(pkt, (char *)dma.va + dma.len - 7, 8, note_freed, &freed),
			 -EFAULT);
	assert_fresh(pkt, pool);
	clone = fn_pkt_clone(pool, pkt);
	assert_int_equal(fn_pkt_attach(pkt, dma.va, 8, note_freed, &freed), -EINVAL);
	assert_int_equal(fn_pkt_attach(clone, dma.va, 8, note_freed, &freed), -EINVAL);
	fn_pkt_free(clone);
	clone = fn_pkt_alloc(pool);
	assert_int_equal(fn_pkt_chain(pkt, clone), 0);
	assert_int_equal(fn_pkt_attach(pkt, dma.va, 8, note_freed, &freed), -EINVAL);
	fn_pkt_free(pkt);
	pkt = fn_pkt_alloc(pool);
	assert_int_equal(fn_pkt_attach(pkt, dma.va, 8, note_freed, &freed), 0);
	assert_int_equal(fn_pkt_attach(pkt, dma.va, 8, note_freed, &freed), -EINVAL);
	assert_int_equal(freed.calls, 0);
	fn_pkt_free(pkt);
	assert_int_equal(freed.calls, 1);
	app_memory_end(&dma);
	assert_all_fresh(pool);
}

/* One of each kind and of both pools, in every order that a small generator gives. */
static unsigned mixture(struct fn_pkt **pkts, const struct fn_dma *dma, struct freed *freed,
			uint32_t *x)
{
	unsigned attached = 0;

	for (unsigned i = 0; i < 100; i++) {
		struct fn_pkt *pkt;

		*x = *x * 1664525 + 1013904223;
		pkt = fn_pkt_alloc(*x & 0x80000000 ? pool : other);
		assert_non_null(pkt);
		pkts[i] = pkt;
		switch (*x >> 24 & 7) {
		case 0:
			(void)fn_pkt_append(pkt, 60);
			(void)fn_pkt_trim_head(pkt, 14);
			break;
		case 1:
			assert_int_equal(fn_pkt_chain(pkt, fn_pkt_alloc(other)), 0);
			break;
		case 2:
			pkts[i] = fn_pkt_clone(pool, pkt);
			fn_pkt_free(pkt);
			break;
		case 3:
			assert_int_equal(fn_pkt_attach(pkt, dma->va, 100, note_freed, freed), 0);
			attached++;
			break;
		default:
			break;
		}
	}
	return attached;
}

static void bulk_free_of_a_mixture(void **state)
{
	struct fn_dma dma = app_memory();
	struct freed freed = { 0 };
	struct fn_pool_cache *cache = NULL;
	unsigned attached = 0;
	uint32_t x = 1;

	(void)state;
	assert_int_equal(fn_pool_cache_create(other, &cache), 0);
	for (unsigned round = 0; round < 200; round++) {
		struct fn_pkt *pkts[100];

		attached += mixture(pkts, &dma, &freed, &x);
		if (round % 2)
			fn_pkt_free_bulk(pkts, 100);
		else
			fn_pool_cache_free(cache, pkts, 100);
		assert_int_equal(outside(pool), 0);
		assert_int_equal(outside(other), 0);
		assert_int_equal(freed.calls, attached);
	}
	assert_true(attached > 1000);
	fn_pool_cache_destroy(cache);
	assert_all_fresh(pool);
	assert_all_fresh(other);
	fn_pkt_free_bulk(NULL, 0);
	app_memory_end(&dma);
}

/* What drivers may count on in a packet from a cache, whatever it was before. */
static void a_cache_holds_plain_packets(void **state)
{
	struct fn_dma dma = app_memory();
	struct freed freed = { 0 };
	struct fn_pool_cache *cache = NULL;
	struct fn_pkt *pkts[100];
	uint32_t x = 5;

	(void)state;
	assert_int_equal(fn_pool_cache_create(pool, &cache), 0);
	(void)mixture(pkts, &dma, &freed, &x);
	fn_pool_cache_free(cache, pkts, 100);
	assert_in_range(cache->n, 50, 100);
	for (unsigned n = cache->n; n; n--) {
		assert_int_equal(fn_pool_cache_take(cache, pkts, 1), 1);
		assert_true(fn_pkt_is_plain(pkts[0], fn_pool_plain_word(pool)));
		assert_ptr_equal(pkts[0]->pool, pool);
		assert_null(pkts[0]->next);
		assert_int_equal(pkts[0]->headroom, 128);
		fn_pkt_begin(pkts[0], fn_pool_plain_word(pool), 0);
		assert_fresh(pkts[0], pool);
		fn_pkt_free(pkts[0]);
	}
	fn_pool_cache_destroy(cache);
	app_memory_end(&dma);
}

/* What is plain and of the cache's pool goes into that cache and no other. */
static void queue_free_fills_its_own_cache(void **state)
{
	struct fn_pool_cache *cache = NULL;
	struct fn_pkt *pkts[40];

	(void)state;
	assert_int_equal(fn_pool_cache_create(pool, &cache), 0);
	assert_int_equal(fn_pkt_alloc_bulk(pool, pkts, 30), 30);
	assert_int_equal(fn_pkt_alloc_bulk(other, pkts + 30, 10), 10);
	fn_pool_cache_free(cache, pkts, 40);
	assert_int_equal(cache->n, 30);
	for (unsigned i = 0; i < cache->n; i++)
		assert_ptr_equal(cache->pkts[i]->pool, pool);
	fn_pool_cache_destroy(cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PKT_TEST(attached_memory),
		PKT_TEST(attached_and_shared),
		PKT_TEST(attach_refuses),
		PKT_TEST(bulk_free_of_a_mixture),
		PKT_TEST(queue_free_fills_its_own_cache),
		PKT_TEST(a_cache_holds_plain_packets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
