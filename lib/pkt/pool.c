// SPDX-License-Identifier: BSD-3-Clause
/* Pools: made, described, destroyed. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/ctx.h"
#include "base/error.h"
#include "base/opts.h"
#include "mem/domain.h"
#include "mem/pages.h"
#include "pkt/pool_priv.h"

#define COUNT_DEFAULT 8192u
#define COUNT_MAX 4194304u
#define ROOM_DEFAULT 2048u
#define ROOM_MIN 64u
#define ROOM_MAX 65024u
#define HEADROOM_DEFAULT 128u
#define HEADROOM_MAX 512u
#define CACHE_DEFAULT 256u
#define CACHE_MIN 32u
#define CACHE_MAX 1024u
#define THREADS_DEFAULT 4u

uint64_t fn_pool_plain_word(const struct fn_pool *pool)
{
	return pool->plain;
}

uint32_t fn_pool_room_bytes(const struct fn_pool *pool)
{
	return (uint32_t)(pool->buf_len - pool->headroom);
}

bool fn_pool_in_small_pages(const struct fn_pool *pool)
{
	return pool->page_bytes < FN_POOL_BLOCK;
}

const struct fn_ctx *fn_pool_ctx(const struct fn_pool *pool)
{
	return pool->ctx;
}

bool fn_pool_reaches(const struct fn_ctx *ctx, const struct fn_pkt *pkt)
{
	for (const struct fn_pkt *seg = pkt; seg; seg = seg->next)
		if (seg->pool->ctx != ctx)
			return false;
	return true;
}

const char *fn_pool_name(const struct fn_pool *pool)
{
	return pool->name;
}

const char *fn_pool_first_name(const struct fn_ctx *ctx)
{
	if (fn_list_empty(&ctx->pools))
		return NULL;
	return fn_container_of(ctx->pools.next, struct fn_pool, node)->name;
}

static uint32_t or_default(uint32_t value, uint32_t fallback)
{
	return value ? value : fallback;
}

static int check_range(const char *pool, const char *what, uint32_t value, uint32_t min,
		       uint32_t max)
{
	if (value >= min && value <= max)
		return 0;
	return fn_fail(-EINVAL, "pool %s: %s %u: use %u to %u", pool, what, value, min, max);
}

void fn_pool_opts_defaults(struct fn_pool_opts *o)
{
	o->name = o->name ? o->name : "pool";
	o->count = or_default(o->count, COUNT_DEFAULT);
	o->room_bytes = or_default(o->room_bytes, ROOM_DEFAULT);
	o->headroom = or_default(o->headroom, HEADROOM_DEFAULT);
	if (o->headroom == FN_POOL_NO_HEADROOM)
		o->headroom = 0;
	o->cache = or_default(o->cache, CACHE_DEFAULT);
	o->max_threads = or_default(o->max_threads, THREADS_DEFAULT);
}

/* Fill the defaults in and refuse what is out of range. */
static int complete_opts(struct fn_pool_opts *o)
{
	int ret;

	fn_pool_opts_defaults(o);
	ret = check_range(o->name, "count", o->count, 1, COUNT_MAX);
	if (!ret)
		ret = check_range(o->name, "room_bytes", o->room_bytes, ROOM_MIN, ROOM_MAX);
	if (!ret)
		ret = check_range(o->name, "headroom", o->headroom, 0, HEADROOM_MAX);
	if (!ret && o->room_bytes + o->headroom > UINT16_MAX)
		ret = fn_fail(-EINVAL,
			      "pool %s: room_bytes %u and headroom %u: use %u at most together",
			      o->name, o->room_bytes, o->headroom, UINT16_MAX);
	if (!ret)
		ret = check_range(o->name, "cache", o->cache, CACHE_MIN, CACHE_MAX);
	if (!ret)
		ret = check_range(o->name, "max_threads", o->max_threads, 1, FN_POOL_THREADS_MAX);
	if (!ret && o->numa_node_plus_1 > INT32_MAX)
		ret = fn_fail(-EINVAL,
			      "pool %s: numa_node_plus_1 %u: use the node plus 1, or 0 for any",
			      o->name, o->numa_node_plus_1);
	return ret;
}

/*
 * An odd number of cache lines from one room to the next: so the starts of rooms, which every
 * packet touches, spread over all sets of the first-level cache, and not over every second or
 * fourth one.
 */
static uint32_t room_stride(uint32_t buf_len)
{
	return (uint32_t)fn_align_up(buf_len, FN_CACHE_LINE) | FN_CACHE_LINE;
}

/* Headers, cold data and stack in one mapping, on the same node as the rooms. */
static int arrays_create(struct fn_pool *pool, int numa_node)
{
	size_t each = sizeof(struct fn_pkt) + sizeof(struct fn_pkt_cold) + sizeof(struct fn_pkt *);

	pool->arrays_bytes = fn_align_up(pool->count * each, fn_page_bytes());
	pool->arrays = mmap(NULL, pool->arrays_bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pool->arrays == MAP_FAILED)
		return fn_fail(-ENOMEM, "pool %s: out of memory for %u packet headers", pool->name,
			       pool->count);
	(void)madvise(pool->arrays, pool->arrays_bytes, MADV_HUGEPAGE);
	fn_pages_prefer_node(pool->arrays, pool->arrays_bytes, numa_node);
	pool->pkts = pool->arrays;
	pool->cold = (struct fn_pkt_cold *)(pool->pkts + pool->count);
	pool->shared->stack = (struct fn_pkt **)(pool->cold + pool->count);
	return 0;
}

/* The first packets are on top of the stack. */
static void pkts_init(struct fn_pool *pool)
{
	struct fn_pool_shared *shared = pool->shared;

	for (uint32_t i = 0; i < pool->count; i++) {
		struct fn_pkt *pkt = &pool->pkts[i];

		pkt->pool = pool;
		pkt->word = pool->plain;
		fn_pool_reset_room(pool, pkt);
		shared->stack[pool->count - 1 - i] = pkt;
	}
	shared->n = pool->count;
}

static void thread_caches_free(struct fn_pool *pool)
{
	for (uint32_t i = 0; i < pool->max_threads; i++)
		free(pool->thread_caches[i]);
	free(pool->thread_caches);
}

static int thread_caches_create(struct fn_pool *pool)
{
	pool->thread_caches = calloc(pool->max_threads, sizeof(struct fn_pool_cache *));
	if (!pool->thread_caches)
		goto fail;
	for (uint32_t i = 0; i < pool->max_threads; i++) {
		pool->thread_caches[i] = fn_pool_cache_new(pool);
		if (!pool->thread_caches[i]) {
			thread_caches_free(pool);
			goto fail;
		}
	}
	pool->shared->idle = pool->max_threads;
	return 0;

fail:
	return fn_fail(-ENOMEM, "pool %s: out of memory for the caches of %u threads", pool->name,
		       pool->max_threads);
}

static void pool_free(struct fn_pool *pool)
{
	if (pool->shared) {
		(void)pthread_mutex_destroy(&pool->shared->lock);
		free(pool->shared);
	}
	free(pool->name);
	free(pool);
}

static struct fn_pool *pool_new(struct fn_ctx *ctx, const struct fn_pool_opts *o)
{
	struct fn_pool *pool = calloc(1, sizeof(*pool));

	if (!pool)
		return NULL;
	pool->ctx = ctx;
	pool->count = o->count;
	pool->headroom = (uint16_t)o->headroom;
	pool->buf_len = (uint16_t)(o->headroom + o->room_bytes);
	pool->stride = room_stride(pool->buf_len);
	pool->per_block = FN_POOL_BLOCK / pool->stride;
	pool->cache = o->cache;
	pool->max_threads = o->max_threads;
	fn_list_init(&pool->node);
	pool->name = strdup(o->name);
	/* Lines of its own: it changes, the pool does not. */
	pool->shared =
		aligned_alloc(FN_CACHE_LINE, fn_align_up(sizeof(*pool->shared), FN_CACHE_LINE));
	if (pool->shared) {
		memset(pool->shared, 0, sizeof(*pool->shared));
		(void)pthread_mutex_init(&pool->shared->lock, NULL);
		fn_list_init(&pool->shared->queue_caches);
	}
	if (!pool->name || !pool->shared) {
		pool_free(pool);
		return NULL;
	}
	return pool;
}

static int may_always(struct fn_pool *pool)
{
	(void)pool;
	return 0;
}

static int pool_create(struct fn_ctx *ctx, const struct fn_pool_opts *o, struct fn_pool **out)
{
	int numa_node = (int)o->numa_node_plus_1 - 1;
	struct fn_pool *pool = pool_new(ctx, o);
	int ret;

	if (!pool)
		return fn_fail(-ENOMEM, "pool %s: out of memory", o->name);
	ret = fn_pool_register(pool);
	if (ret)
		goto free_pool;
	ret = thread_caches_create(pool);
	if (ret)
		goto unregister;
	ret = arrays_create(pool, numa_node);
	if (ret)
		goto free_caches;
	ret = fn_dma_alloc_for(ctx, o->share ? FN_DMA_SHARED : FN_DMA_ROOMS,
			       fn_pool_room_off(pool, pool->count - 1) + pool->stride, 0, numa_node,
			       &pool->rooms);
	if (ret)
		goto unmap_arrays;
	pool->room = pool->rooms.va;
	pool->room_iova = pool->rooms.iova.v;
	pool->page_bytes = fn_dma_page_bytes(ctx, pool->rooms.va);
	pkts_init(pool);
	(void)pthread_mutex_lock(&ctx->lock);
	fn_list_add_tail(&ctx->pools, &pool->node);
	(void)pthread_mutex_unlock(&ctx->lock);
	*out = pool;
	return 0;

unmap_arrays:
	(void)munmap(pool->arrays, pool->arrays_bytes);
free_caches:
	thread_caches_free(pool);
unregister:
	(void)fn_pool_unregister(pool, may_always);
free_pool:
	pool_free(pool);
	return ret;
}

int fn_pool_create(struct fn_ctx *ctx, const struct fn_pool_opts *opts, struct fn_pool **pool)
{
	struct fn_pool_opts o;
	int ret;

	if (!fn_opts_get(&o, sizeof(o), opts))
		return fn_report(ctx, fn_opts_err(opts), fn_opts_fail("fn_pool_opts"));
	ret = complete_opts(&o);
	if (!ret)
		ret = pool_create(ctx, &o, pool);
	return fn_report(ctx, o.err, ret);
}

/* Where the packets are; @shared is locked. */
static void pool_count(const struct fn_pool *pool, struct fn_pool_info *info)
{
	struct fn_pool_shared *shared = pool->shared;
	struct fn_list *pos;
	uint32_t inside;

	for (uint32_t i = 0; i < pool->max_threads; i++)
		info->in_caches += __atomic_load_n(&pool->thread_caches[i]->n, __ATOMIC_RELAXED);
	fn_list_for_each(pos, &shared->queue_caches)
		info->in_caches +=
			__atomic_load_n(&fn_container_of(pos, struct fn_pool_cache, node)->n,
					__ATOMIC_RELAXED);
	/* Counts of caches that move meanwhile can make the sum too large. */
	inside = shared->n + info->in_caches;
	info->outside = inside < pool->count ? pool->count - inside : 0;
	info->empty = shared->empty;
}

void fn_pool_get_info(const struct fn_pool *pool, struct fn_pool_info *info)
{
	struct fn_pool_info now = {
		.sz = sizeof(now),
		.count = pool->count,
		.room_bytes = fn_pool_room_bytes(pool),
		.headroom = pool->headroom,
		.cache = pool->cache,
		.max_threads = pool->max_threads,
		.dma_bytes = pool->rooms.len,
	};

	(void)pthread_mutex_lock(&pool->shared->lock);
	pool_count(pool, &now);
	(void)pthread_mutex_unlock(&pool->shared->lock);
	fn_info_put(info, &now, sizeof(now));
}

/* Called with the registry locked: no thread's end moves packets meanwhile. */
static int may_destroy(struct fn_pool *pool)
{
	struct fn_pool_info info = { .sz = sizeof(info) };
	uint32_t queues;

	fn_pool_get_info(pool, &info);
	(void)pthread_mutex_lock(&pool->shared->lock);
	queues = pool->shared->queue_caches_n;
	(void)pthread_mutex_unlock(&pool->shared->lock);
	if (queues)
		return fn_fail(-EBUSY,
			       "pool %s: %u queue%s of configured devices use it: fn_dev_close() "
			       "those devices first",
			       pool->name, queues, queues > 1 ? "s" : "");
	if (info.outside)
		return fn_fail(-EBUSY,
			       "pool %s: %u of %u packets are outside: fn_pkt_free() them, or stop "
			       "the devices that send them, first",
			       pool->name, info.outside, pool->count);
	return 0;
}

int fn_pool_destroy(struct fn_pool *pool)
{
	struct fn_ctx *ctx;
	int ret;

	if (!pool)
		return 0;
	ctx = pool->ctx;
	ret = fn_pool_unregister(pool, may_destroy);
	if (ret)
		return fn_report(ctx, NULL, ret);
	(void)pthread_mutex_lock(&ctx->lock);
	fn_list_del(&pool->node);
	(void)pthread_mutex_unlock(&ctx->lock);
	fn_dma_free(ctx, &pool->rooms);
	(void)munmap(pool->arrays, pool->arrays_bytes);
	thread_caches_free(pool);
	pool_free(pool);
	return 0;
}
