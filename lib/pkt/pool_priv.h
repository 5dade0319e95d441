/* SPDX-License-Identifier: BSD-3-Clause */
/* The inside of a pool, shared by the files of this folder. */
#ifndef FN_PKT_POOL_PRIV_H
#define FN_PKT_POOL_PRIV_H

#include <pthread.h>

#include <fastnic/dma.h>

#include "pkt/pool.h"

#define FN_POOL_THREADS_MAX 64u
/* Numbers of pools in the process: they fit a byte, and 0 is none. */
#define FN_POOL_IDS 256u
#define FN_POOL_ID_SHIFT 32u
/*
 * No room straddles a multiple of this, the size of a hugepage. Hardware does not care, but QEMU's
 * Intel models and vmxnet3 silently drop a frame to be sent of whose buffer they cannot map all in
 * one piece, and the hugepages of a guest do not lie side by side. (For ordinary pages, where a
 * room a page would take nearly twice the memory, drivers cut: fn_pool_in_small_pages().)
 */
#define FN_POOL_BLOCK (UINT32_C(2) << 20)

/**
 * struct fn_pkt_cold - what a header has no room for and few packets need
 * @owner: of a clone: the header that owns the room
 * @free_cb: of attached memory: whom to tell
 * @arg: its argument
 * @va: the memory as it was attached
 */
struct fn_pkt_cold {
	struct fn_pkt *owner;
	fn_pkt_free_fn *free_cb;
	void *arg;
	void *va;
};

/**
 * struct fn_pool_shared - what the owners of all caches share
 * @lock: guards all of it, and which thread caches are taken
 * @n: packets on the stack
 * @idle: thread caches that no thread has; read without the lock as a hint
 * @empty: allocations that failed
 * @stack: packets in no cache; room for all
 * @queue_caches: caches of queues
 * @queue_caches_n: how many
 * @taken: which thread caches have a thread
 */
struct fn_pool_shared {
	pthread_mutex_t lock;
	uint32_t n;
	uint32_t idle;
	uint64_t empty;
	struct fn_pkt **stack;
	struct fn_list queue_caches;
	uint32_t queue_caches_n;
	bool taken[FN_POOL_THREADS_MAX];
};

/**
 * struct fn_pool - a pool; does not change from creation to end, but for @shared
 * @plain: fn_pool_plain_word(): the pool's number
 * @generation: this pool among all that ever had its number
 * @shared: what changes
 * @pkts: the headers
 * @cold: as many entries
 * @room: where rooms start
 * @room_iova: where devices see them
 * @stride: bytes from one room to the next
 * @per_block: rooms in &FN_POOL_BLOCK bytes
 * @headroom: bytes in front of the data of a fresh packet
 * @buf_len: bytes of a room, headroom included
 * @count: packets
 * @cache: packets that a cache holds at most
 * @max_threads: thread caches
 * @thread_caches: the thread caches
 * @ctx: the context
 * @name: for messages
 * @rooms: the DMA memory
 * @page_bytes: the size of its pages
 * @arrays: one mapping that holds @pkts, @cold and the stack
 * @arrays_bytes: its length
 * @node: in &fn_ctx.pools
 */
struct fn_pool {
	uint64_t plain;
	uint64_t generation;
	struct fn_pool_shared *shared;
	struct fn_pkt *pkts;
	struct fn_pkt_cold *cold;
	uint8_t *room;
	uint64_t room_iova;
	uint32_t stride;
	uint32_t per_block;
	uint16_t headroom;
	uint16_t buf_len;
	uint32_t count;
	uint32_t cache;
	uint32_t max_threads;
	struct fn_pool_cache **thread_caches;
	struct fn_ctx *ctx;
	char *name;
	struct fn_dma rooms;
	size_t page_bytes;
	void *arrays;
	size_t arrays_bytes;
	struct fn_list node;
};

/* The shared stack: take @n, all or none; and give @n. */
unsigned fn_pool_stack_take(struct fn_pool *pool, struct fn_pkt **pkts, unsigned n);
void fn_pool_stack_give(struct fn_pool *pool, struct fn_pkt *const *pkts, unsigned n);

/* An empty cache that is in no list. NULL without memory. */
struct fn_pool_cache *fn_pool_cache_new(struct fn_pool *pool);

/* Everything in a cache goes to the shared stack. */
void fn_pool_cache_flush(struct fn_pool_cache *cache);

/* Give a new pool its number and generation: 0, -ENOSPC, with a sentence. */
int fn_pool_register(struct fn_pool *pool);

/*
 * Take a pool's number away again, if @may says so (0): between that and the end of this call no
 * thread's end touches the pool. Returns what @may returned.
 */
int fn_pool_unregister(struct fn_pool *pool, int (*may)(struct fn_pool *pool));

/* A thread's caches, by the number of the pool; valid while the generation is the pool's. */
struct fn_pool_slot {
	uint64_t generation;
	struct fn_pool_cache *cache;
};

/* One pointer a thread: little enough for the fastest kind of thread-local storage in a library. */
extern _Thread_local struct fn_pool_slot *fn_pool_slots
	__attribute__((tls_model("initial-exec"), visibility("hidden")));

/* The slow half of fn_pool_thread_cache(): the first use by a thread, or no cache free. */
struct fn_pool_cache *fn_pool_thread_claim(struct fn_pool *pool);

/* The calling thread's cache of a pool, or NULL when it has none: use the shared stack then. */
static inline struct fn_pool_cache *fn_pool_thread_cache(struct fn_pool *pool)
{
	const struct fn_pool_slot *slots = fn_pool_slots;

	if (fn_likely(slots)) {
		const struct fn_pool_slot *slot = &slots[pool->plain >> FN_POOL_ID_SHIFT];

		if (fn_likely(slot->generation == pool->generation && slot->cache))
			return slot->cache;
	}
	return fn_pool_thread_claim(pool);
}

/* Where room @i starts, from the first one on. */
static inline size_t fn_pool_room_off(const struct fn_pool *pool, size_t i)
{
	return i / pool->per_block * FN_POOL_BLOCK + i % pool->per_block * pool->stride;
}

/* Put the data pointer, address, headroom and room of a header back to its own room. */
static inline void fn_pool_reset_room(const struct fn_pool *pool, struct fn_pkt *pkt)
{
	size_t off = fn_pool_room_off(pool, (size_t)(pkt - pool->pkts)) + pool->headroom;

	pkt->data = pool->room + off;
	pkt->iova.v = pool->room_iova + off;
	pkt->headroom = pool->headroom;
	pkt->buf_len = pool->buf_len;
}

#endif
