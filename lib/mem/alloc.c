// SPDX-License-Identifier: BSD-3-Clause
/* Who gets which memory: pieces of arenas, regions of their own, the application's memory. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/bits.h"
#include "base/ctx.h"
#include "base/error.h"
#include "base/opts.h"
#include "mem/region.h"

/* Private memory comes in arenas of this size, or of a page where that is larger. */
#define ARENA_BYTES ((size_t)2 << 20)
#define ALIGN_MAX 4096u

static struct fn_dma_region *region_new(enum fn_dma_use use)
{
	struct fn_dma_region *region = calloc(1, sizeof(*region));

	if (region) {
		region->use = use;
		region->pages.fd = -1;
		fn_list_init(&region->node);
	}
	return region;
}

static void region_destroy(struct fn_dma_domain *domain, struct fn_dma_region *region)
{
	fn_dma_region_remove(domain, region);
	fn_pages_free(&region->pages);
	fn_ranges_clear(&region->pieces);
	free(region);
}

/* @soon: bytes of a region that will be made next, for the sentences. */
static int region_create(struct fn_dma_domain *domain, enum fn_dma_use use, size_t len, size_t soon,
			 int numa_node, struct fn_dma_region **out)
{
	struct fn_dma_region *region = region_new(use);
	int ret = -ENOMEM;

	if (!region) {
		(void)fn_fail(ret, "out of memory for a DMA region");
		return ret;
	}
	ret = fn_pages_alloc(&domain->source, len, soon, numa_node, &region->pages);
	if (ret)
		goto free_region;
	region->numa_node = fn_pages_node(region->pages.va);
	region->asked_node = numa_node;
	ret = fn_dma_region_add(domain, region, fn_align_up(soon, region->pages.page_bytes));
	if (ret)
		goto free_pages;
	*out = region;
	return 0;

free_pages:
	fn_pages_free(&region->pages);
free_region:
	free(region);
	return ret;
}

static size_t arena_bytes(const struct fn_dma_domain *domain, size_t len)
{
	return fn_pages_round(&domain->source, len > ARENA_BYTES ? len : ARENA_BYTES);
}

static bool has_arena(const struct fn_dma_domain *domain)
{
	struct fn_list *pos;

	fn_list_for_each(pos, &domain->regions) {
		const struct fn_dma_region *region =
			fn_container_of(pos, struct fn_dma_region, node);

		if (region->use == FN_DMA_PRIVATE && region->pages.fd >= 0)
			return true;
	}
	return false;
}

/*
 * Rooms of a pool. The first arena of private memory is made with them when there is none yet:
 * rings will need it soon, and so the sentence about too small a limit counts it already. Whoever
 * raises the limit to that number has enough for the rings of his devices too.
 */
static int alloc_rooms(struct fn_dma_domain *domain, enum fn_dma_use use, size_t len, int numa_node,
		       struct fn_dma *dma)
{
	struct fn_dma_region *arena = NULL;
	struct fn_dma_region *rooms;
	int ret;

	if (!has_arena(domain)) {
		ret = region_create(domain, FN_DMA_PRIVATE, arena_bytes(domain, 1), len, numa_node,
				    &arena);
		if (ret)
			return ret;
	}
	ret = region_create(domain, use, len, 0, numa_node, &rooms);
	if (ret) {
		if (arena)
			region_destroy(domain, arena);
		return ret;
	}
	*dma = (struct fn_dma){ .va = rooms->pages.va,
				.iova = rooms->iova,
				.len = rooms->pages.len,
				.fd = rooms->pages.fd };
	return 0;
}

/* -ENOSPC when the arena has no room. */
static int piece_take(struct fn_dma_region *arena, size_t len, size_t align, struct fn_dma *dma)
{
	const struct fn_dma_range all = { 0, arena->pages.len - 1 };
	uint64_t off;
	/* Whole cache lines, so that two owners never write to the same one. */
	int ret = fn_ranges_take(&arena->pieces, all, fn_align_up(len, FN_CACHE_LINE), align, &off);

	if (ret)
		return ret;
	*dma = (struct fn_dma){ .va = (char *)arena->pages.va + off,
				.iova = { arena->iova.v + off },
				.len = len,
				.fd = arena->pages.fd,
				.fd_offset = off };
	/* A former owner, or its device, may have written here. */
	memset(dma->va, 0, len);
	return 0;
}

/*
 * From an arena that exists; on @numa_node, or on any when that is -1. -ENOSPC when none has
 * room.
 */
static int piece_find(struct fn_dma_domain *domain, size_t len, size_t align, int numa_node,
		      struct fn_dma *dma)
{
	struct fn_list *pos;

	fn_list_for_each(pos, &domain->regions) {
		struct fn_dma_region *arena = fn_container_of(pos, struct fn_dma_region, node);
		int ret = -ENOSPC;

		if (arena->use == FN_DMA_PRIVATE && arena->pages.fd >= 0 &&
		    (numa_node < 0 || arena->numa_node < 0 || arena->numa_node == numa_node ||
		     arena->asked_node == numa_node))
			ret = piece_take(arena, len, align, dma);
		if (ret != -ENOSPC)
			return ret ? fn_fail(ret, "out of memory for the list of DMA memory") : 0;
	}
	return -ENOSPC;
}

static int alloc_private(struct fn_dma_domain *domain, size_t len, size_t align, int numa_node,
			 struct fn_dma *dma)
{
	struct fn_dma_region *arena;
	int ret = piece_find(domain, len, align, numa_node, dma);

	if (ret != -ENOSPC)
		return ret;
	ret = region_create(domain, FN_DMA_PRIVATE, arena_bytes(domain, len), 0, numa_node, &arena);
	if (!ret) {
		ret = piece_take(arena, len, align, dma);
		if (ret) {
			region_destroy(domain, arena);
			return fn_fail(-ENOMEM, "out of memory for the list of DMA memory");
		}
		return 0;
	}
	/*
	 * Room on another node is better than none: the limit may have been raised to what we
	 * said.
	 */
	if (numa_node >= 0 && ret == -ENOMEM && !piece_find(domain, len, align, -1, dma)) {
		fn_log(domain->source.ctx, FN_LOG_WARN,
		       "no DMA memory on NUMA node %d: %zu bytes lie on another, which costs speed",
		       numa_node, len);
		return 0;
	}
	return ret;
}

int fn_dma_alloc_for(struct fn_ctx *ctx, enum fn_dma_use use, size_t len, size_t align,
		     int numa_node, struct fn_dma *dma)
{
	struct fn_dma_domain *domain = ctx->dma;
	int ret;

	if (!align)
		align = FN_CACHE_LINE;
	if (!len)
		return fn_fail(-EINVAL, "DMA memory of 0 bytes: ask for at least 1");
	if (!fn_is_pow2(align) || align > ALIGN_MAX)
		return fn_fail(-EINVAL,
			       "DMA memory aligned to %zu: use a power of two to %u, or 0 for %u",
			       align, ALIGN_MAX, FN_CACHE_LINE);
	if (len > PTRDIFF_MAX / 2)
		return fn_fail(-ENOMEM, "%zu bytes of DMA memory are more than a process can have",
			       len);
	(void)pthread_mutex_lock(&domain->lock);
	if (use == FN_DMA_PRIVATE)
		ret = alloc_private(domain, len, align, numa_node, dma);
	else
		ret = alloc_rooms(domain, use, len, numa_node, dma);
	(void)pthread_mutex_unlock(&domain->lock);
	return ret;
}

int fn_dma_alloc(struct fn_ctx *ctx, size_t len, const struct fn_dma_opts *opts, struct fn_dma *dma)
{
	struct fn_dma_opts o;

	if (!fn_opts_get(&o, sizeof(o), opts) || o.reserved)
		return fn_report(ctx, fn_opts_err(opts), fn_opts_fail("fn_dma_opts"));
	if (o.numa_node_plus_1 > INT_MAX)
		return fn_report(ctx, o.err,
				 fn_fail(-EINVAL,
					 "fn_dma_opts.numa_node_plus_1 is %u: use the node plus 1, "
					 "or 0 for any",
					 o.numa_node_plus_1));
	return fn_report(ctx, o.err,
			 fn_dma_alloc_for(ctx, FN_DMA_PRIVATE, len, o.align,
					  (int)o.numa_node_plus_1 - 1, dma));
}

/*
 * Arenas of the common size stay for the next start of a device; larger ones were made for one
 * piece.
 */
static void piece_give(struct fn_dma_domain *domain, struct fn_dma_region *arena, uint64_t off)
{
	if (fn_ranges_give(&arena->pieces, off) && !arena->pieces.n &&
	    arena->pages.len > arena_bytes(domain, 1))
		region_destroy(domain, arena);
}

void fn_dma_free(struct fn_ctx *ctx, struct fn_dma *dma)
{
	struct fn_dma_domain *domain = ctx->dma;
	struct fn_dma_region *region;
	bool ours;

	if (!dma->va)
		return;
	(void)pthread_mutex_lock(&domain->lock);
	region = fn_dma_region_at(domain, dma->va);
	/* Memory of the application is for fn_dma_unmap(), which needs the description. */
	ours = region && region->pages.fd >= 0;
	if (ours && region->use == FN_DMA_PRIVATE)
		piece_give(domain, region, (uint64_t)((char *)dma->va - (char *)region->pages.va));
	else if (ours && region->pages.va == dma->va)
		region_destroy(domain, region);
	(void)pthread_mutex_unlock(&domain->lock);
	if (ours)
		memset(dma, 0, sizeof(*dma));
}

static int map_check(const struct fn_dma_domain *domain, void *va, size_t len)
{
	const struct fn_dma_region *next;
	size_t page = fn_page_bytes();

	if (!len || len % page || (uintptr_t)va % page || UINTPTR_MAX - (uintptr_t)va < len)
		return fn_fail(-EINVAL,
			       "%zu bytes at %p cannot be mapped for devices: address and length "
			       "must be multiples of the page size (%zu)",
			       len, va, page);
	next = fn_dma_region_after(domain, va);
	if (next && (uintptr_t)next->pages.va < (uintptr_t)va + len)
		return fn_fail(-EINVAL,
			       "%zu bytes at %p are mapped for devices already, in part or in "
			       "whole: map them once",
			       len, va);
	if (fn_pages_check(va, len))
		return fn_fail(-EFAULT,
			       "%zu bytes at %p are not all mapped in the process for reading and "
			       "writing",
			       len, va);
	return 0;
}

static int map_locked(struct fn_dma_domain *domain, void *va, size_t len, struct fn_dma *dma)
{
	struct fn_dma_region *region;
	int ret = map_check(domain, va, len);

	if (ret)
		return ret;
	region = region_new(FN_DMA_PRIVATE);
	if (!region)
		return fn_fail(-ENOMEM, "out of memory for a DMA region");
	region->pages = (struct fn_pages){ va, len, fn_page_bytes(), -1 };
	region->numa_node = -1;
	region->asked_node = -1;
	ret = fn_dma_region_add(domain, region, 0);
	if (ret) {
		free(region);
		return ret;
	}
	(void)madvise(va, len, MADV_DONTFORK);
	*dma = (struct fn_dma){ .va = va, .iova = region->iova, .len = len, .fd = -1 };
	return 0;
}

int fn_dma_map(struct fn_ctx *ctx, void *va, size_t len, const struct fn_dma_opts *opts,
	       struct fn_dma *dma)
{
	struct fn_dma_domain *domain = ctx->dma;
	struct fn_dma_opts o;
	int ret;

	if (!fn_opts_get(&o, sizeof(o), opts) || o.reserved)
		return fn_report(ctx, fn_opts_err(opts), fn_opts_fail("fn_dma_opts"));
	if (o.align || o.numa_node_plus_1)
		return fn_report(ctx, o.err,
				 fn_fail(-EINVAL, "memory of the application lies where it lies: "
						  "fn_dma_opts.align and numa_node_plus_1 are for "
						  "fn_dma_alloc()"));
	(void)pthread_mutex_lock(&domain->lock);
	ret = map_locked(domain, va, len, dma);
	(void)pthread_mutex_unlock(&domain->lock);
	return fn_report(ctx, o.err, ret);
}

void fn_dma_unmap(struct fn_ctx *ctx, struct fn_dma *dma)
{
	struct fn_dma_domain *domain = ctx->dma;
	struct fn_dma_region *region;

	if (!dma->va)
		return;
	(void)pthread_mutex_lock(&domain->lock);
	region = fn_dma_region_at(domain, dma->va);
	if (region && region->pages.fd < 0 && region->pages.va == dma->va) {
		fn_dma_region_remove(domain, region);
		(void)madvise(dma->va, dma->len, MADV_DOFORK);
		free(region);
	}
	(void)pthread_mutex_unlock(&domain->lock);
	memset(dma, 0, sizeof(*dma));
}
