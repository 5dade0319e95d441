// SPDX-License-Identifier: BSD-3-Clause
/* Which cache of which pool a thread has; and the numbers of pools, by which that is looked up. */
#include <errno.h>
#include <stdlib.h>

#include "base/error.h"
#include "pkt/pool_priv.h"

/*
 * State of the process, not of a context: a thread's end knows no context. A pool's number may be
 * given again; its generation never is.
 */
static struct {
	pthread_mutex_t lock;
	uint64_t generations;
	struct fn_pool *pools[FN_POOL_IDS];
} registry = { .lock = PTHREAD_MUTEX_INITIALIZER };

static pthread_once_t key_once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static bool key_ok;

_Thread_local struct fn_pool_slot *fn_pool_slots;

int fn_pool_register(struct fn_pool *pool)
{
	int ret = -ENOSPC;

	(void)pthread_mutex_lock(&registry.lock);
	for (uint64_t id = 1; id < FN_POOL_IDS; id++) {
		if (registry.pools[id])
			continue;
		registry.pools[id] = pool;
		pool->plain = id << FN_POOL_ID_SHIFT;
		pool->generation = ++registry.generations;
		ret = 0;
		break;
	}
	(void)pthread_mutex_unlock(&registry.lock);
	return ret ? fn_fail(ret, "the process has %u pools already: destroy one first",
			     FN_POOL_IDS - 1) :
		     0;
}

int fn_pool_unregister(struct fn_pool *pool, int (*may)(struct fn_pool *pool))
{
	int ret;

	(void)pthread_mutex_lock(&registry.lock);
	ret = may(pool);
	if (!ret)
		registry.pools[pool->plain >> FN_POOL_ID_SHIFT] = NULL;
	(void)pthread_mutex_unlock(&registry.lock);
	return ret;
}

static void cache_release(struct fn_pool *pool, struct fn_pool_cache *cache)
{
	struct fn_pool_shared *shared = pool->shared;

	fn_pool_cache_flush(cache);
	(void)pthread_mutex_lock(&shared->lock);
	for (uint32_t i = 0; i < pool->max_threads; i++)
		if (pool->thread_caches[i] == cache)
			shared->taken[i] = false;
	__atomic_store_n(&shared->idle, shared->idle + 1, __ATOMIC_RELAXED);
	(void)pthread_mutex_unlock(&shared->lock);
}

/* A thread ends: what it has in caches goes back to the pools that still exist. */
static void thread_end(void *arg)
{
	struct fn_pool_slot *slots = arg;

	/* A later destructor of this thread may use pools again: it gets new slots then. */
	fn_pool_slots = NULL;
	(void)pthread_mutex_lock(&registry.lock);
	for (unsigned id = 1; id < FN_POOL_IDS; id++) {
		struct fn_pool *pool = registry.pools[id];

		if (pool && slots[id].cache && slots[id].generation == pool->generation)
			cache_release(pool, slots[id].cache);
	}
	(void)pthread_mutex_unlock(&registry.lock);
	free(slots);
}

static void key_create(void)
{
	key_ok = pthread_key_create(&key, thread_end) == 0;
}

/* Without slots a thread uses the shared stack: slower, and nothing worse. */
static struct fn_pool_slot *slots_create(void)
{
	struct fn_pool_slot *slots;

	(void)pthread_once(&key_once, key_create);
	if (!key_ok)
		return NULL;
	slots = calloc(FN_POOL_IDS, sizeof(*slots));
	if (slots && pthread_setspecific(key, slots)) {
		free(slots);
		slots = NULL;
	}
	fn_pool_slots = slots;
	return slots;
}

struct fn_pool_cache *fn_pool_thread_claim(struct fn_pool *pool)
{
	struct fn_pool_shared *shared = pool->shared;
	struct fn_pool_cache *cache = NULL;
	struct fn_pool_slot *slots = fn_pool_slots;

	/* More threads than caches: this is asked at each call, so without the lock. */
	if (!__atomic_load_n(&shared->idle, __ATOMIC_RELAXED))
		return NULL;
	if (!slots)
		slots = slots_create();
	if (!slots)
		return NULL;
	(void)pthread_mutex_lock(&shared->lock);
	for (uint32_t i = 0; i < pool->max_threads && !cache; i++) {
		if (shared->taken[i])
			continue;
		shared->taken[i] = true;
		cache = pool->thread_caches[i];
		__atomic_store_n(&shared->idle, shared->idle - 1, __ATOMIC_RELAXED);
	}
	(void)pthread_mutex_unlock(&shared->lock);
	slots[pool->plain >> FN_POOL_ID_SHIFT] = (struct fn_pool_slot){ pool->generation, cache };
	return cache;
}
