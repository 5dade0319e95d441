/* SPDX-License-Identifier: BSD-3-Clause */
/* Pools as drivers use them: a cache a queue, bulk allocation, and the free of what was sent. */
#ifndef FN_PKT_POOL_H
#define FN_PKT_POOL_H

#include <fastnic/pool.h>

#include "base/barrier.h"
#include "base/bits.h"
#include "base/list.h"

/**
 * struct fn_pool_cache - packets that one owner takes and gives without a lock
 * @n: packets in @pkts; written by the owner alone, read by any thread
 * @max: most of them
 * @pool: the pool that they belong to
 * @node: the pool's
 * @pkts: the packets, last in first out
 *
 * Belongs to the pool. A queue's cache is used by the thread that owns the queue.
 */
struct fn_pool_cache {
	uint32_t n;
	uint32_t max;
	struct fn_pool *pool;
	struct fn_list node;
	struct fn_pkt *pkts[];
};

/* A cache for a queue; -ENOMEM. It keeps the pool from being destroyed until it is given back. */
int fn_pool_cache_create(struct fn_pool *pool, struct fn_pool_cache **cache);

/* Its packets go back to the pool's shared stack. */
void fn_pool_cache_destroy(struct fn_pool_cache *cache);

/* The slow half of fn_pool_cache_take(): refill from the shared stack. All or none. */
unsigned fn_pool_cache_take_slow(struct fn_pool_cache *cache, struct fn_pkt **pkts, unsigned n);

/* The slow half of fn_pool_cache_give(): spill to the shared stack. */
void fn_pool_cache_give_slow(struct fn_pool_cache *cache, struct fn_pkt **pkts, unsigned n);

/* Two pointers in one register; four only where AVX2 is, or they go over the stack. */
typedef uint64_t fn_pkt_ptr2 __attribute__((vector_size(16), aligned(8), may_alias));
typedef uint64_t fn_pkt_ptr4 __attribute__((vector_size(32), aligned(8), may_alias));

static inline __attribute__((always_inline)) void fn_pkt_copy2(struct fn_pkt **to,
							       struct fn_pkt *const *from)
{
	*(fn_pkt_ptr2 *)to = *(const fn_pkt_ptr2 *)from;
}

static inline __attribute__((always_inline)) void fn_pkt_copy4(struct fn_pkt **to,
							       struct fn_pkt *const *from)
{
#ifdef __AVX2__
	*(fn_pkt_ptr4 *)to = *(const fn_pkt_ptr4 *)from;
#else
	fn_pkt_copy2(to, from);
	fn_pkt_copy2(to + 2, from + 2);
#endif
}

/*
 * memcpy() of packet pointers without a call: bursts are short, and @n is often a constant. The end
 * is no loop, because the compiler would make a call of memcpy() of it again.
 */
static inline __attribute__((always_inline)) void fn_pkt_copy_ptrs(struct fn_pkt **to,
								   struct fn_pkt *const *from,
								   unsigned n)
{
	for (; n >= 8; n -= 8, to += 8, from += 8) {
		fn_pkt_copy4(to, from);
		fn_pkt_copy4(to + 4, from + 4);
	}
	if (n & 4) {
		fn_pkt_copy4(to, from);
		to += 4;
		from += 4;
	}
	if (n & 2) {
		fn_pkt_copy2(to, from);
		to += 2;
		from += 2;
	}
	if (n & 1)
		*to = *from;
}

/* The owner's own access to the count that others may look at. */
static inline void fn_pool_cache_set(struct fn_pool_cache *cache, uint32_t n)
{
	__atomic_store_n(&cache->n, n, __ATOMIC_RELAXED);
}

/*
 * Take @n packets. Returns @n, or 0 when the pool holds fewer.
 *
 * In each of them these are set and stay as they are: data, iova, headroom and buf_len (the
 * pool's), next (NULL), pool, pool_id, and one reference, no further segment, no kind (word, apart
 * from length and flags). The rest (length, flags, vlan_tci, hash, user) is what the last owner
 * left, so that neither free nor refill has to touch the header: whoever hands the packet on writes
 * it with fn_pkt_begin().
 */
static inline unsigned fn_pool_cache_take(struct fn_pool_cache *cache, struct fn_pkt **pkts,
					  unsigned n)
{
	uint32_t left = cache->n - n;

	if (fn_unlikely(n > cache->n))
		return fn_pool_cache_take_slow(cache, pkts, n);
	fn_pkt_copy_ptrs(pkts, &cache->pkts[left], n);
	fn_pool_cache_set(cache, left);
	return n;
}

/* Take @n packets, or half as many, a quarter, .. of them: what the pool has. 0: not even one. */
static inline unsigned fn_pool_cache_take_part(struct fn_pool_cache *cache, struct fn_pkt **pkts,
					       unsigned n)
{
	while (n && !fn_pool_cache_take(cache, pkts, n))
		n /= 2;
	return n;
}

/*
 * Give back @n plain packets of the cache's own pool: one segment, one reference, neither attached
 * nor cloned nor moved (fn_pkt_is_plain()).
 */
static inline void fn_pool_cache_give(struct fn_pool_cache *cache, struct fn_pkt **pkts, unsigned n)
{
	uint32_t had = cache->n;

	if (fn_unlikely(cache->max - had < n)) {
		fn_pool_cache_give_slow(cache, pkts, n);
		return;
	}
	fn_pkt_copy_ptrs(&cache->pkts[had], pkts, n);
	fn_pool_cache_set(cache, had + n);
}

/* Give back packets of any kind and pool; those that are plain and of @cache's pool go into it. */
void fn_pool_cache_free(struct fn_pool_cache *cache, struct fn_pkt **pkts, unsigned n);

/* &fn_pkt.word of a plain packet of a pool, less its length: what fn_pkt_alloc() leaves there. */
uint64_t fn_pool_plain_word(const struct fn_pool *pool);

/**
 * fn_pkt_begin - what a driver writes into each packet that it received
 * @pkt: from fn_pool_cache_take(), not handed on yet
 * @plain: fn_pool_plain_word() of its pool
 * @len: bytes of data
 *
 * Two stores: nothing of the last owner's metadata is left. What the device says (hash, VLAN tag,
 * flags) is written afterwards.
 */
static inline void fn_pkt_begin(struct fn_pkt *pkt, uint64_t plain, uint16_t len)
{
	const size_t meta = offsetof(struct fn_pkt, vlan_tci);

	pkt->word = plain | len;
	__builtin_memset((char *)pkt + meta, 0, sizeof(*pkt) - meta);
}

/*
 * &fn_pkt.word in one load. Acquire: who finds no second reference in it may write to the packet,
 * and so must come after all that another thread did before it dropped that reference (pkt/pkt.c).
 */
static inline uint64_t fn_pkt_word(const struct fn_pkt *pkt)
{
	const uint64_t word = __atomic_load_n(&pkt->word, __ATOMIC_ACQUIRE);

#ifdef FN_TSAN
	/*
	 * ThreadSanitizer pairs an acquire with a release only at the same address. Behind the
	 * word's load: a reference dropped between the two is one that the word still shows.
	 */
	(void)__atomic_load_n(&pkt->extra_refs, __ATOMIC_ACQUIRE);
#endif
	return word;
}

/* A word that says: this packet can go straight into the cache of the pool of @plain. */
static inline bool fn_pkt_word_is_plain(uint64_t word, uint64_t plain)
{
	/* The lowest 16 bits are the length, the highest the flags, which play no part here. */
	const uint64_t mask = 0x0000ffffffff0000;

	return ((word ^ plain) & mask) == 0;
}

/* A packet that can go straight into the cache of the pool whose fn_pool_plain_word() is @plain. */
static inline bool fn_pkt_is_plain(const struct fn_pkt *pkt, uint64_t plain)
{
	return fn_pkt_word_is_plain(fn_pkt_word(pkt), plain);
}

/* Bytes that a device may write into a packet of the pool: its room less the headroom. */
uint32_t fn_pool_room_bytes(const struct fn_pool *pool);

/* Put the defaults where an option is zero. */
void fn_pool_opts_defaults(struct fn_pool_opts *opts);

/* The rooms lie in ordinary pages, and some in two that need not be neighbours. */
bool fn_pool_in_small_pages(const struct fn_pool *pool);

/* The context whose devices can reach the pool's rooms. */
const struct fn_ctx *fn_pool_ctx(const struct fn_pool *pool);

/*
 * Devices of @ctx reach all segments of the packet. Another context has IOVAs of its own: to a
 * device of this one they are other memory, or none.
 */
bool fn_pool_reaches(const struct fn_ctx *ctx, const struct fn_pkt *pkt);

/* What the pool is called in messages. */
const char *fn_pool_name(const struct fn_pool *pool);

struct fn_ctx;

/*
 * What the first pool of a context is called, or NULL when it has none. The caller holds the lock.
 */
const char *fn_pool_first_name(const struct fn_ctx *ctx);

#endif
