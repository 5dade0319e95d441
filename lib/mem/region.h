/* SPDX-License-Identifier: BSD-3-Clause */
/* The inside of a DMA domain, shared by domain.c and alloc.c. */
#ifndef FN_MEM_REGION_H
#define FN_MEM_REGION_H

#include <pthread.h>

#include "mem/domain.h"
#include "mem/pages.h"

/**
 * struct fn_dma_region - one run of memory, mapped in every target at the same address
 * @pages: the memory; fd is -1 for memory that the application brought
 * @iova: where devices see it
 * @use: what it may be used for
 * @numa_node: where it lies, or -1
 * @asked_node: where it was meant to lie, or -1: who asks for that node again gets it again
 * @pieces: for private memory: offsets that are allocated
 * @node: in &fn_dma_domain.regions
 */
struct fn_dma_region {
	struct fn_pages pages;
	fn_iova_t iova;
	enum fn_dma_use use;
	int numa_node;
	int asked_node;
	struct fn_ranges pieces;
	struct fn_list node;
};

/**
 * struct fn_dma_domain - memory of a context and the IOMMUs that it is mapped in
 * @source: where pages come from
 * @lock: serialises all that changes the domain; held while IOMMUs map, which may take long
 * @regions: all regions, in no order
 * @regions_n: how many
 * @bytes: their lengths together
 * @targets: IOMMUs
 * @targets_n: how many
 * @allowed: addresses that every target translates
 * @allowed_n: how many ranges
 * @iovas: addresses in use
 * @table_lock: guards @table alone, held shortly; so that a look-up never waits for an IOMMU
 * @table: the regions by address
 * @table_cap: places in @table, at least @regions_n
 */
struct fn_dma_domain {
	struct fn_pages_source source;
	pthread_mutex_t lock;
	struct fn_list regions;
	size_t regions_n;
	uint64_t bytes;
	struct fn_list targets;
	unsigned targets_n;
	struct fn_dma_range *allowed;
	size_t allowed_n;
	struct fn_ranges iovas;
	pthread_rwlock_t table_lock;
	struct fn_dma_region **table;
	size_t table_cap;
};

/**
 * fn_dma_region_add - give memory an address and map it in every target
 * @domain: the domain, locked
 * @region: with @pages and @use filled; becomes the domain's
 * @soon: bytes that will be added next: the sentence about locked memory counts them
 *
 * Return: 0; on failure, with a sentence, @region is the caller's and mapped nowhere.
 */
int fn_dma_region_add(struct fn_dma_domain *domain, struct fn_dma_region *region, uint64_t soon);

/* Undo fn_dma_region_add(); the memory itself stays. */
void fn_dma_region_remove(struct fn_dma_domain *domain, struct fn_dma_region *region);

/* The region that @va lies in, or NULL; the domain is locked. */
struct fn_dma_region *fn_dma_region_at(const struct fn_dma_domain *domain, const void *va);

/*
 * The region whose memory is the lowest of those that end above @va, or NULL; the domain is
 * locked.
 */
struct fn_dma_region *fn_dma_region_after(const struct fn_dma_domain *domain, const void *va);

#endif
