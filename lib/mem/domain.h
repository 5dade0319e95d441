/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The DMA domain of a context: one IOVA space, the memory in it, and the IOMMUs that it is mapped
 * in.
 */
#ifndef FN_MEM_DOMAIN_H
#define FN_MEM_DOMAIN_H

#include <fastnic/dma.h>

#include "base/list.h"
#include "mem/ranges.h"

struct fn_dma_domain;
struct fn_dma_target;

/**
 * struct fn_dma_target_ops - what a bus does for the domain
 * @map: let the devices behind the target reach @len bytes at @va under @iova. On failure it has
 *	called fn_fail() and mapped nothing
 * @unmap: undo a whole @map; cannot fail in a way that the caller could mend
 */
struct fn_dma_target_ops {
	int (*map)(struct fn_dma_target *target, void *va, fn_iova_t iova, size_t len);
	void (*unmap)(struct fn_dma_target *target, fn_iova_t iova, size_t len);
};

/**
 * struct fn_dma_target - one IOMMU address space, for example a VFIO container
 * @ops: how to map
 * @name: for messages, for example "IOMMU container of 0000:00:03.0"
 * @ranges: IOVAs that it can translate, ascending, not overlapping; unchanged while it is attached
 * @ranges_n: how many
 * @node: the domain's
 *
 * Embedded in the bus's own struct, and owned by the bus.
 */
struct fn_dma_target {
	const struct fn_dma_target_ops *ops;
	const char *name;
	const struct fn_dma_range *ranges;
	unsigned ranges_n;
	struct fn_list node;
};

/* @page_bytes: as &fn_ctx_opts.page_bytes. The context's log gets the warnings. */
int fn_dma_domain_create(struct fn_ctx *ctx, size_t page_bytes, struct fn_dma_domain **domain);

/*
 * -EBUSY, with a sentence, while memory is allocated or mapped. Targets that are still attached are
 * detached. NULL is ignored.
 */
int fn_dma_domain_destroy(struct fn_dma_domain *domain);

/**
 * fn_dma_domain_attach - map all memory of the domain in one more IOMMU, now and from now on
 * @domain: the domain
 * @target: the IOMMU
 *
 * Return: 0; -ERANGE when memory lies at an IOVA that the target cannot translate (the sentence
 * names the range); else what @target->ops->map returned. On failure nothing stays mapped in
 * @target.
 */
int fn_dma_domain_attach(struct fn_dma_domain *domain, struct fn_dma_target *target);

/* Unmap everything from a target that is attached, and forget it. */
void fn_dma_domain_detach(struct fn_dma_domain *domain, struct fn_dma_target *target);

/* What a region of memory may be used for: see "Memory" in docs/architecture.md. */
enum fn_dma_use {
	FN_DMA_PRIVATE, /* rings and control structures: never handed to a peer */
	FN_DMA_ROOMS,   /* data rooms of a pool */
	FN_DMA_SHARED,  /* data rooms of a pool that may be handed to a vhost-user peer */
};

/**
 * fn_dma_alloc_for - fn_dma_alloc() that says what the memory is for
 *
 * Rooms get a region of their own, in whole pages (@dma->len is what it has); private memory comes
 * from regions that are shared by many. A failure is not reported (fn_report()): the caller's
 * caller does.
 */
int fn_dma_alloc_for(struct fn_ctx *ctx, enum fn_dma_use use, size_t len, size_t align,
		     int numa_node, struct fn_dma *dma);

/**
 * fn_dma_find - where devices see memory of the process
 * @ctx: the context
 * @va: first byte
 * @len: bytes; all of them must lie in one region
 * @iova: receives the address
 *
 * Return: 0, or -EFAULT (with a sentence) when devices cannot reach all of it.
 */
int fn_dma_find(struct fn_ctx *ctx, const void *va, size_t len, fn_iova_t *iova);

/* The size of the pages that memory of the domain lies in; the application's: ordinary ones. */
size_t fn_dma_page_bytes(struct fn_ctx *ctx, const void *va);

/*
 * Bytes of the domain's memory, used or not. All of it is mapped in each attached target and counts
 * against RLIMIT_MEMLOCK once per target.
 */
uint64_t fn_dma_mapped_bytes(struct fn_ctx *ctx);

#endif
