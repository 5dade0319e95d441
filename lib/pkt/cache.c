// SPDX-License-Identifier: BSD-3-Clause
/* The shared stack of a pool, and the caches that fill from it and spill into it in bulk. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "pkt/pool_priv.h"

static void copy(struct fn_pkt **to, struct fn_pkt *const *from, size_t n)
{
	memcpy(to, from, n * sizeof(struct fn_pkt *));
}

/* The stack under its lock. */
static void stack_pop(struct fn_pool_shared *shared, struct fn_pkt **pkts, unsigned n)
{
	shared->n -= n;
	copy(pkts, &shared->stack[shared->n], n);
}

static void stack_push(struct fn_pool_shared *shared, struct fn_pkt *const *pkts, unsigned n)
{
	copy(&shared->stack[shared->n], pkts, n);
	shared->n += n;
}

unsigned fn_pool_stack_take(struct fn_pool *pool, struct fn_pkt **pkts, unsigned n)
{
	struct fn_pool_shared *shared = pool->shared;

	(void)pthread_mutex_lock(&shared->lock);
	if (n <= shared->n) {
		stack_pop(shared, pkts, n);
	} else {
		shared->empty++;
		n = 0;
	}
	(void)pthread_mutex_unlock(&shared->lock);
	return n;
}

void fn_pool_stack_give(struct fn_pool *pool, struct fn_pkt *const *pkts, unsigned n)
{
	struct fn_pool_shared *shared = pool->shared;

	(void)pthread_mutex_lock(&shared->lock);
	stack_push(shared, pkts, n);
	(void)pthread_mutex_unlock(&shared->lock);
}

/*
 * A cache that ran dry or over is left half full: the next refill and the next spill are both
 * half a cache away, whichever way the traffic turns.
 */
unsigned fn_pool_cache_take_slow(struct fn_pool_cache *cache, struct fn_pkt **pkts, unsigned n)
{
	struct fn_pool_shared *shared = cache->pool->shared;
	unsigned had = cache->n;
	unsigned refill = cache->max / 2;

	(void)pthread_mutex_lock(&shared->lock);
	if (n - had > shared->n) {
		shared->empty++;
		(void)pthread_mutex_unlock(&shared->lock);
		return 0;
	}
	copy(pkts, cache->pkts, had);
	stack_pop(shared, pkts + had, n - had);
	if (refill > shared->n)
		refill = shared->n;
	stack_pop(shared, cache->pkts, refill);
	fn_pool_cache_set(cache, refill);
	(void)pthread_mutex_unlock(&shared->lock);
	return n;
}

void fn_pool_cache_give_slow(struct fn_pool_cache *cache, struct fn_pkt **pkts, unsigned n)
{
	struct fn_pool_shared *shared = cache->pool->shared;
	const unsigned half = cache->max / 2;
	const unsigned direct = n > half ? n - half : 0;
	const unsigned room = half - (n - direct);
	const unsigned keep = cache->n < room ? cache->n : room;

	/*
	 * The last ones given are the first to be taken, by whoever refills from the stack next:
	 * they are in the processor's cache still.
	 */
	(void)pthread_mutex_lock(&shared->lock);
	stack_push(shared, &cache->pkts[keep], cache->n - keep);
	stack_push(shared, pkts, direct);
	copy(&cache->pkts[keep], pkts + direct, n - direct);
	fn_pool_cache_set(cache, keep + n - direct);
	(void)pthread_mutex_unlock(&shared->lock);
}

void fn_pool_cache_flush(struct fn_pool_cache *cache)
{
	struct fn_pool_shared *shared = cache->pool->shared;

	(void)pthread_mutex_lock(&shared->lock);
	stack_push(shared, cache->pkts, cache->n);
	fn_pool_cache_set(cache, 0);
	(void)pthread_mutex_unlock(&shared->lock);
}

struct fn_pool_cache *fn_pool_cache_new(struct fn_pool *pool)
{
	struct fn_pool_cache *cache;
	size_t bytes = sizeof(*cache) + pool->cache * sizeof(struct fn_pkt *);

	/* Lines of its own: two caches have two writers. */
	cache = aligned_alloc(FN_CACHE_LINE, fn_align_up(bytes, FN_CACHE_LINE));
	if (!cache)
		return NULL;
	memset(cache, 0, bytes);
	cache->max = pool->cache;
	cache->pool = pool;
	fn_list_init(&cache->node);
	return cache;
}

int fn_pool_cache_create(struct fn_pool *pool, struct fn_pool_cache **out)
{
	struct fn_pool_shared *shared = pool->shared;
	struct fn_pool_cache *cache = fn_pool_cache_new(pool);

	if (!cache)
		return fn_fail(-ENOMEM, "out of memory for a queue's cache of pool %s", pool->name);
	(void)pthread_mutex_lock(&shared->lock);
	fn_list_add_tail(&shared->queue_caches, &cache->node);
	shared->queue_caches_n++;
	(void)pthread_mutex_unlock(&shared->lock);
	*out = cache;
	return 0;
}

void fn_pool_cache_destroy(struct fn_pool_cache *cache)
{
	struct fn_pool_shared *shared;

	if (!cache)
		return;
	shared = cache->pool->shared;
	fn_pool_cache_flush(cache);
	(void)pthread_mutex_lock(&shared->lock);
	fn_list_del(&cache->node);
	shared->queue_caches_n--;
	(void)pthread_mutex_unlock(&shared->lock);
	free(cache);
}
