/* SPDX-License-Identifier: BSD-3-Clause */
/* Where in the devices' address space memory goes, and what several IOMMUs have in common. */
#ifndef FN_MEM_IOVA_H
#define FN_MEM_IOVA_H

#include <fastnic/base.h>

#include "mem/ranges.h"

/**
 * fn_iova_take - choose device addresses for a piece of memory
 * @used: addresses in use; the new ones are added. fn_ranges_give() gives them back
 * @allowed: what every IOMMU translates, ascending, not overlapping
 * @allowed_n: how many ranges
 * @len: bytes
 * @align: the alignment that keeps large pages large in the IOMMU too, a power of two; kept while
 *	there is room, else 4096
 * @iova: receives the address
 *
 * Lowest first, from 4 GiB to 2^39 - 1 while room lasts: above what 32-bit devices compete for and
 * where reserved windows lie, below what an IOMMU with 39 address bits sees. Then below 4 GiB, then
 * above. Never 0, which in a descriptor is what a forgotten address looks like.
 *
 * Return: 0; -ENOSPC; -ENOMEM. No sentence.
 */
int fn_iova_take(struct fn_ranges *used, const struct fn_dma_range *allowed, size_t allowed_n,
		 uint64_t len, uint64_t align, fn_iova_t *iova);

/**
 * fn_iova_intersect - what two lists of ranges have in common
 * @a: ascending, not overlapping
 * @an: how many
 * @b: ascending, not overlapping
 * @bn: how many
 * @both: receives the result, ascending, not overlapping; room for @an + @bn entries
 *
 * Return: entries of the result.
 */
size_t fn_iova_intersect(const struct fn_dma_range *a, size_t an, const struct fn_dma_range *b,
			 size_t bn, struct fn_dma_range *both);

#endif
