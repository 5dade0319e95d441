/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory that devices of a context can reach. */
#ifndef FASTNIC_DMA_H
#define FASTNIC_DMA_H

#include <fastnic/ctx.h>

FN_BEGIN_DECLS

/**
 * struct fn_dma - a piece of memory that devices can reach
 * @va: where the process sees it
 * @iova: where every device of the context sees it
 * @len: bytes
 * @fd: the memory file behind it, or -1 for memory that the application brought
 * @fd_offset: where in @fd it starts, in bytes
 *
 * One run of addresses on both sides. @fd belongs to the context.
 */
struct fn_dma {
	void *va;
	fn_iova_t iova;
	size_t len;
	int fd;
	uint64_t fd_offset;
};

/**
 * fn_dma_alloc - memory that all devices of a context can reach
 * @ctx: the context
 * @len: bytes, at least 1
 * @align: alignment of address and IOVA in bytes, a power of two up to 4096; 0 for 64
 * @numa_node: the NUMA node that it shall lie on, or -1. When that has too little memory left,
 *	another one serves, with a warning in the log
 * @dma: receives the memory, filled with zeros
 *
 * Any thread. Comes from hugepages when there are some, else from ordinary pages with one warning
 * in the log. Devices that are opened later see it too.
 *
 * Return: 0; -EINVAL; -ENOMEM when memory or device address space is used up, or more memory would
 * be locked than RLIMIT_MEMLOCK allows (the sentence gives the number of bytes that is needed).
 */
FN_API int fn_dma_alloc(struct fn_ctx *ctx, size_t len, size_t align, int numa_node,
			struct fn_dma *dma);

/**
 * fn_dma_free - give memory of fn_dma_alloc() back
 * @ctx: the context
 * @dma: what fn_dma_alloc() filled; cleared. A cleared one is ignored
 *
 * Any thread. No device may use the memory any more.
 */
FN_API void fn_dma_free(struct fn_ctx *ctx, struct fn_dma *dma);

/**
 * fn_dma_map - let devices reach memory of the application
 * @ctx: the context
 * @va: page-aligned address
 * @len: bytes, a multiple of the page size
 * @dma: receives the memory's description
 *
 * Any thread. The memory stays the application's, who must not unmap it before fn_dma_unmap(). It
 * is not inherited by children of fork() while it is mapped.
 *
 * Return: 0; -EINVAL (alignment, length 0, already mapped); -EFAULT when not all of it is mapped in
 * the process, for reading and writing; -ENOMEM as for fn_dma_alloc().
 */
FN_API int fn_dma_map(struct fn_ctx *ctx, void *va, size_t len, struct fn_dma *dma);

/**
 * fn_dma_unmap - take memory of the application away from the devices
 * @ctx: the context
 * @dma: what fn_dma_map() filled; cleared. A cleared one is ignored
 *
 * Any thread. No packet may point to the memory any more.
 */
FN_API void fn_dma_unmap(struct fn_ctx *ctx, struct fn_dma *dma);

FN_END_DECLS

#endif
