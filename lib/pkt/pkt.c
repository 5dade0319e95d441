// SPDX-License-Identifier: BSD-3-Clause
/* Packets: out of a pool and back, references, clones, chains and attached memory. */
#include <errno.h>

#include "base/error.h"
#include "mem/domain.h"
#include "pkt/pool_priv.h"

/* Packets of several pools are sorted in groups of this many. */
#define SORT_GROUP 64u

struct fn_pkt *fn_pkt_alloc(struct fn_pool *pool)
{
	struct fn_pkt *pkt;

	return fn_pkt_alloc_bulk(pool, &pkt, 1) ? pkt : NULL;
}

unsigned fn_pkt_alloc_bulk(struct fn_pool *pool, struct fn_pkt **pkts, unsigned n)
{
	struct fn_pool_cache *cache = fn_pool_thread_cache(pool);

	n = cache ? fn_pool_cache_take(cache, pkts, n) : fn_pool_stack_take(pool, pkts, n);
	for (unsigned i = 0; i < n; i++)
		fn_pkt_begin(pkts[i], pool->plain, 0);
	return n;
}

/* Plain packets of one pool go home: into @cache when it is of that pool, else the thread's. */
static inline void give_plain(struct fn_pool_cache *cache, struct fn_pool *pool,
			      struct fn_pkt **pkts, unsigned n)
{
	if (!n)
		return;
	if (!cache || cache->pool != pool)
		cache = fn_pool_thread_cache(pool);
	if (cache)
		fn_pool_cache_give(cache, pkts, n);
	else
		fn_pool_stack_give(pool, pkts, n);
}

static int ref_get(struct fn_pkt *seg)
{
	uint8_t refs = __atomic_load_n(&seg->extra_refs, __ATOMIC_RELAXED);

	/*
	 * The caller holds a reference, so nothing of the segment can be reused: relaxed is
	 * enough.
	 */
	do {
		if (refs == UINT8_MAX)
			return -EOVERFLOW;
	} while (!__atomic_compare_exchange_n(&seg->extra_refs, &refs, (uint8_t)(refs + 1), true,
					      __ATOMIC_RELAXED, __ATOMIC_RELAXED));
	return 0;
}

/*
 * Drop one reference; true when it was the last. Release: what this thread did with the packet
 * comes before the drop. Acquire by whoever finds that nobody else is left: it reuses the packet
 * after all that the others did. The last drop takes the byte below 0; its caller writes the
 * whole word.
 */
static bool ref_put(struct fn_pkt *seg)
{
	if (!__atomic_load_n(&seg->extra_refs, __ATOMIC_ACQUIRE))
		return true;
	return __atomic_fetch_sub(&seg->extra_refs, 1, __ATOMIC_ACQ_REL) == 0;
}

/* A header that nobody holds goes home. Returns what was attached to it, or zeros. */
static struct fn_pkt_cold header_release(struct fn_pool_cache *cache, struct fn_pkt *seg)
{
	struct fn_pool *pool = seg->pool;
	struct fn_pkt_cold cold = { 0 };

	if (seg->kind & (FN_PKT_CLONE | FN_PKT_ATTACHED))
		cold = pool->cold[seg - pool->pkts];
	if (seg->kind)
		fn_pool_reset_room(pool, seg);
	seg->word = pool->plain;
	seg->next = NULL;
	give_plain(cache, pool, &seg, 1);
	return cold;
}

/* The last reference of a segment is gone. Headers go home before the application is told. */
static void seg_release(struct fn_pool_cache *cache, struct fn_pkt *seg)
{
	struct fn_pkt_cold cold = header_release(cache, seg);

	/* The owner of a room is never a clone itself. */
	if (cold.owner && ref_put(cold.owner))
		cold = header_release(cache, cold.owner);
	if (cold.free_cb)
		cold.free_cb(cold.arg, cold.va);
}

/* A packet of any kind. A link is read before the reference that keeps it valid is dropped. */
static void chain_free(struct fn_pool_cache *cache, struct fn_pkt *pkt)
{
	while (pkt) {
		struct fn_pkt *next = pkt->next;

		if (ref_put(pkt))
			seg_release(cache, pkt);
		pkt = next;
	}
}

/*
 * At most SORT_GROUP packets of several pools or kinds: in each round those of the first one's
 * pool go home together, those that are not plain one by one, and the others wait for the next
 * round.
 */
static __attribute__((noinline)) void free_group(struct fn_pool_cache *cache,
						 struct fn_pkt *const *pkts, unsigned n)
{
	struct fn_pkt *wait[SORT_GROUP];
	struct fn_pkt *plain[SORT_GROUP];

	while (n) {
		struct fn_pool *pool = pkts[0]->pool;
		unsigned waiting = 0;
		unsigned plain_n = 0;

		for (unsigned i = 0; i < n; i++) {
			if (pkts[i]->pool != pool)
				wait[waiting++] = pkts[i];
			else if (fn_pkt_is_plain(pkts[i], pool->plain))
				plain[plain_n++] = pkts[i];
			else
				chain_free(cache, pkts[i]);
		}
		give_plain(cache, pool, plain, plain_n);
		pkts = wait;
		n = waiting;
	}
}

/* The common burst is plain and of one pool, and goes home as it stands. */
static void free_mixed(struct fn_pool_cache *cache, struct fn_pkt **pkts, unsigned n)
{
	while (n) {
		struct fn_pool *pool = pkts[0]->pool;
		unsigned run = 0;
		unsigned rest;

		while (run < n && fn_pkt_is_plain(pkts[run], pool->plain))
			run++;
		give_plain(cache, pool, pkts, run);
		n -= run;
		if (fn_likely(!n))
			break;
		rest = n < SORT_GROUP ? n : SORT_GROUP;
		free_group(cache, pkts + run, rest);
		pkts += run + rest;
		n -= rest;
	}
}

void fn_pkt_free(struct fn_pkt *pkt)
{
	if (!pkt)
		return;
	if (fn_pkt_is_plain(pkt, pkt->pool->plain))
		give_plain(NULL, pkt->pool, &pkt, 1);
	else
		chain_free(NULL, pkt);
}

void fn_pkt_free_bulk(struct fn_pkt **pkts, unsigned n)
{
	free_mixed(NULL, pkts, n);
}

void fn_pool_cache_free(struct fn_pool_cache *cache, struct fn_pkt **pkts, unsigned n)
{
	free_mixed(cache, pkts, n);
}

int fn_pkt_ref(struct fn_pkt *pkt)
{
	for (struct fn_pkt *seg = pkt; seg; seg = seg->next) {
		if (!ref_get(seg))
			continue;
		for (struct fn_pkt *undo = pkt; undo != seg; undo = undo->next)
			__atomic_fetch_sub(&undo->extra_refs, 1, __ATOMIC_RELEASE);
		return fn_fail(-EOVERFLOW, "a packet has 256 references already");
	}
	return 0;
}

/* One header that shares the room of @seg, or NULL. */
static struct fn_pkt *seg_clone(struct fn_pool *pool, struct fn_pkt *seg)
{
	struct fn_pkt *owner = seg;
	struct fn_pkt *clone;

	/* The clone's devices would take the address for one of theirs. */
	if (pool->ctx != seg->pool->ctx)
		return NULL;
	clone = fn_pkt_alloc(pool);
	if (!clone)
		return NULL;
	if (seg->kind & FN_PKT_CLONE)
		owner = seg->pool->cold[seg - seg->pool->pkts].owner;
	if (ref_get(owner)) {
		fn_pkt_free(clone);
		return NULL;
	}
	pool->cold[clone - pool->pkts] = (struct fn_pkt_cold){ .owner = owner };
	clone->data = seg->data;
	clone->iova = seg->iova;
	clone->len = seg->len;
	clone->kind = FN_PKT_CLONE;
	clone->flags = seg->flags;
	clone->headroom = seg->headroom;
	clone->buf_len = seg->buf_len;
	clone->vlan_tci = seg->vlan_tci;
	clone->hash = seg->hash;
	clone->l2_len = seg->l2_len;
	clone->l3_len = seg->l3_len;
	clone->l4_len = seg->l4_len;
	clone->mss = seg->mss;
	return clone;
}

struct fn_pkt *fn_pkt_clone(struct fn_pool *pool, struct fn_pkt *pkt)
{
	struct fn_pkt *head = NULL;
	struct fn_pkt **link = &head;
	struct fn_pkt *seg = pkt;

	do {
		*link = seg_clone(pool, seg);
		if (!*link)
			goto undo;
		link = &(*link)->next;
		seg = seg->next;
	} while (seg);
	head->extra_segs = pkt->extra_segs;
	return head;

undo:
	/* Not plain, whatever its number of segments: the chain is walked by its links. */
	chain_free(NULL, head);
	return NULL;
}

/* The last segment of a packet; NULL when a segment is shared or is @other. */
static struct fn_pkt *chain_end(struct fn_pkt *pkt, const struct fn_pkt *other)
{
	for (;; pkt = pkt->next) {
		if (pkt == other || __atomic_load_n(&pkt->extra_refs, __ATOMIC_ACQUIRE))
			return NULL;
		if (!pkt->next)
			return pkt;
	}
}

int fn_pkt_chain(struct fn_pkt *head, struct fn_pkt *tail)
{
	struct fn_pkt *end = chain_end(head, tail);
	unsigned segs = head->extra_segs + 1u + tail->extra_segs;

	if (!end || !chain_end(tail, head))
		return fn_fail(-EINVAL,
			       "packets cannot be chained: a segment has more than one reference, "
			       "or belongs to both");
	if (segs > UINT8_MAX)
		return fn_fail(-EMSGSIZE,
			       "packets of %u and %u segments cannot be chained: a packet has at "
			       "most 256",
			       head->extra_segs + 1u, tail->extra_segs + 1u);
	end->next = tail;
	head->extra_segs = (uint8_t)segs;
	tail->extra_segs = 0;
	return 0;
}

int fn_pkt_trim_tail(struct fn_pkt *pkt, uint16_t bytes)
{
	if (bytes > pkt->len)
		return fn_fail(-EINVAL, "%u bytes cannot be trimmed off a segment of %u", bytes,
			       pkt->len);
	pkt->len = (uint16_t)(pkt->len - bytes);
	return 0;
}

int fn_pkt_attach(struct fn_pkt *pkt, void *va, size_t len, fn_pkt_free_fn *free_cb, void *arg)
{
	struct fn_pool *pool = pkt->pool;
	fn_iova_t iova;
	int ret;

	if (!len || len > UINT16_MAX)
		return fn_fail(-EINVAL, "%zu bytes cannot be attached to a packet: use 1 to %u",
			       len, UINT16_MAX);
	if (fn_pkt_is_shared(pkt) || pkt->next || (pkt->kind & FN_PKT_ATTACHED))
		return fn_fail(-EINVAL,
			       "memory cannot be attached to a packet that is shared, chained or "
			       "attached already: use a fresh one");
	ret = fn_dma_find(pool->ctx, va, len, &iova);
	if (ret)
		return ret;
	pool->cold[pkt - pool->pkts] =
		(struct fn_pkt_cold){ .free_cb = free_cb, .arg = arg, .va = va };
	pkt->data = va;
	pkt->iova = iova;
	pkt->len = (uint16_t)len;
	pkt->headroom = 0;
	pkt->buf_len = (uint16_t)len;
	pkt->kind = FN_PKT_ATTACHED;
	return 0;
}
