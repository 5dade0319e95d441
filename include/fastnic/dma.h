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
 * @reserved1: zero
 * @fd_offset: where in @fd it starts, in bytes
 * @reserved2: zero
 *
 * One run of addresses on both sides. @fd belongs to the context. The struct keeps its size, so
 * that it can be a member of others.
 */
struct fn_dma {
	void *va;
	fn_iova_t iova;
	size_t len;
	int fd;
	uint32_t reserved1;
	uint64_t fd_offset;
	uint64_t reserved2[3];
};

#ifdef __cplusplus
static_assert(sizeof(struct fn_dma) == 64, "part of the binary interface");
#else
_Static_assert(sizeof(struct fn_dma) == 64, "part of the binary interface");
#endif

/**
 * struct fn_dma_opts - options of fn_dma_alloc() and fn_dma_map(); zero means the default
 * @sz: sizeof(struct fn_dma_opts)
 * @err: where the sentence of a failure goes, or NULL
 * @align: alignment of address and IOVA in bytes, a power of two up to 4096; default 64. For
 *	fn_dma_map() 0
 * @numa_node_plus_1: node of the memory plus 1, so that 0 is any. When the node has too little
 *	memory left, another one serves, with a warning in the log. For fn_dma_map() 0
 * @reserved: 0
 */
struct fn_dma_opts {
	size_t sz;
	struct fn_error *err;
	size_t align;
	uint32_t numa_node_plus_1;
	uint32_t reserved;
};

/**
 * fn_dma_alloc - memory that all devices of a context can reach
 * @ctx: the context
 * @len: bytes, at least 1
 * @opts: options, or NULL for the defaults
 * @dma: receives the memory, filled with zeros
 *
 * Any thread. Comes from hugepages when there are some, else from ordinary pages with one warning
 * in the log. Devices that are opened later see it too.
 *
 * Return: 0; -EINVAL; -ENOMEM when memory or device address space is used up, or more memory would
 * be locked than RLIMIT_MEMLOCK allows (the sentence gives the number of bytes that is needed);
 * -ENOSPC when the kernel's limit of mappings is reached; -EMFILE or -ENFILE when no file
 * descriptor is to be had.
 */
FN_API int fn_dma_alloc(struct fn_ctx *ctx, size_t len, const struct fn_dma_opts *opts,
			struct fn_dma *dma);

/**
 * fn_dma_free - give memory of fn_dma_alloc() back
 * @ctx: the context
 * @dma: what fn_dma_alloc() filled; cleared. A cleared one is ignored, and so is fn_dma_map()'s
 *
 * Any thread. No device may use the memory any more.
 */
FN_API void fn_dma_free(struct fn_ctx *ctx, struct fn_dma *dma);

/**
 * fn_dma_map - let devices reach memory of the application
 * @ctx: the context
 * @va: page-aligned address
 * @len: bytes, a multiple of the page size
 * @opts: options, or NULL for the defaults
 * @dma: receives the memory's description
 *
 * Any thread. The memory stays the application's, who must not unmap it before fn_dma_unmap(). It
 * is not inherited by children of fork() while it is mapped.
 *
 * Return: 0; -EINVAL (an option, alignment, length 0, already mapped); -EFAULT when not all of it
 * is mapped in the process, for reading and writing; -ENOMEM and -ENOSPC as for fn_dma_alloc().
 */
FN_API int fn_dma_map(struct fn_ctx *ctx, void *va, size_t len, const struct fn_dma_opts *opts,
		      struct fn_dma *dma);

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
