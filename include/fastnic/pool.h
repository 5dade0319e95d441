/* SPDX-License-Identifier: BSD-3-Clause */
/* Pools of packets: headers in private memory, data rooms in DMA memory. */
#ifndef FASTNIC_POOL_H
#define FASTNIC_POOL_H

#include <fastnic/ctx.h>
#include <fastnic/pkt.h>

FN_BEGIN_DECLS

struct fn_pool;

/**
 * struct fn_pool_opts - options of fn_pool_create(); zero means the default
 * @sz: sizeof(struct fn_pool_opts)
 * @err: where the sentence of a failure goes, or NULL
 * @count: packets, 1 to 4194304; default 8192
 * @room_bytes: bytes of data after the headroom, 64 to 65024; default 2048. A device may write this
 *	much into one packet
 * @headroom: bytes in front, for headers that the application puts on; default 128, at most 512,
 *	and with @room_bytes at most 65535. FN_POOL_NO_HEADROOM for none
 * @cache: packets that a thread's or a queue's cache holds at most, 32 to 1024; default 256
 * @max_threads: application threads that get a cache of their own, at most 64; default 4. More
 *	threads may use the pool, more slowly
 * @numa_node_plus_1: node of the memory plus 1, so that 0 is any (as is -1 + 1). When the node has
 *	too little memory left, another one serves, with a warning in the log
 * @share: the rooms may be handed to a vhost-user peer (which fastnic does not speak yet)
 * @name: a name for messages, copied; default "pool"
 */
struct fn_pool_opts {
	size_t sz;
	struct fn_error *err;
	uint32_t count;
	uint32_t room_bytes;
	uint32_t headroom;
	uint32_t cache;
	uint32_t max_threads;
	uint32_t numa_node_plus_1;
	bool share;
	const char *name;
};

#define FN_POOL_NO_HEADROOM UINT32_MAX

/* Packets that fn_pool_need() counts for what a thread holds in one burst. */
#define FN_POOL_BURST 32u

/**
 * struct fn_pool_info - what a pool is and where its packets are
 * @sz: set by the caller to sizeof(struct fn_pool_info); the library writes no further
 * @count: packets in all
 * @room_bytes: data bytes of a packet after the headroom
 * @headroom: bytes in front
 * @cache: packets that one cache holds at most
 * @max_threads: application threads with a cache of their own
 * @outside: packets that are neither in the pool nor in one of its caches: in rings, in sends, or
 *	with the application. Exact while no other thread uses the pool
 * @in_caches: packets in caches of threads and queues
 * @dma_bytes: DMA memory that the pool occupies
 * @empty: allocations that failed because the pool was empty, since the pool was created
 */
struct fn_pool_info {
	size_t sz;
	uint32_t count;
	uint32_t room_bytes;
	uint32_t headroom;
	uint32_t cache;
	uint32_t max_threads;
	uint32_t outside;
	uint32_t in_caches;
	uint64_t dma_bytes;
	uint64_t empty;
};

/**
 * fn_pool_create - make a pool
 * @ctx: the context
 * @opts: options, or NULL for the defaults
 * @pool: receives the pool
 *
 * Any thread.
 *
 * Return: 0; -EINVAL for an option out of range; -ENOMEM, -EMFILE and -ENFILE as for
 * fn_dma_alloc(); -ENOSPC when the process has 255 pools already, or as for fn_dma_alloc().
 */
FN_API int fn_pool_create(struct fn_ctx *ctx, const struct fn_pool_opts *opts,
			  struct fn_pool **pool);

/**
 * fn_pool_destroy - give a pool back
 * @pool: the pool, or NULL; no other thread may use it any more
 *
 * Return: 0; -EBUSY while packets are outside or a device is configured with it (nothing is
 * changed, and fn_error_last() says how many).
 */
FN_API int fn_pool_destroy(struct fn_pool *pool);

/**
 * fn_pool_get_info - describe a pool
 * @pool: the pool
 * @info: filled; its @sz is set by the caller
 *
 * Any thread; the counts are a snapshot.
 */
FN_API void fn_pool_get_info(const struct fn_pool *pool, struct fn_pool_info *info);

/**
 * fn_pkt_alloc - take a packet out of a pool
 * @pool: the pool
 *
 * Any thread. The packet is empty (length 0), unchained, and has the pool's headroom.
 *
 * Return: the packet, which is the caller's; NULL when the pool is empty.
 */
FN_API struct fn_pkt *fn_pkt_alloc(struct fn_pool *pool);

/**
 * fn_pkt_alloc_bulk - take many packets out of a pool
 * @pool: the pool
 * @pkts: receives the packets
 * @n: how many
 *
 * Any thread. All or none.
 *
 * Return: @n; 0 when the pool holds fewer. What lies in the caches of others cannot be had.
 */
FN_API unsigned fn_pkt_alloc_bulk(struct fn_pool *pool, struct fn_pkt **pkts, unsigned n);

FN_END_DECLS

#endif
