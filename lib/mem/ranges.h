/* SPDX-License-Identifier: BSD-3-Clause */
/* Which parts of a number space are in use: device addresses, or offsets in a region of memory. */
#ifndef FN_MEM_RANGES_H
#define FN_MEM_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Both ends included, so that the whole 64-bit space can be said. */
struct fn_dma_range {
	uint64_t first;
	uint64_t last;
};

/**
 * struct fn_ranges - the parts in use
 * @used: ascending, not overlapping; each as it was taken, so that it is given back whole
 * @n: how many
 * @cap: places of @used
 *
 * Zeroed is empty. What lies between the used parts is free, so free parts join by themselves. Not
 * locked. The few dozen entries of a context make a sorted array the fastest structure, too.
 */
struct fn_ranges {
	struct fn_dma_range *used;
	size_t n;
	size_t cap;
};

/**
 * fn_ranges_take - take the lowest free part that fits
 * @ranges: the space
 * @window: where to look
 * @len: how much, at least 1
 * @align: alignment of the first number, a power of two
 * @first: receives the first number
 *
 * Return: 0; -ENOSPC when no free part of the window fits; -ENOMEM. No sentence: the caller knows
 * what the numbers mean.
 */
int fn_ranges_take(struct fn_ranges *ranges, struct fn_dma_range window, uint64_t len,
		   uint64_t align, uint64_t *first);

/* Give back what fn_ranges_take() gave as @first. False when no part in use starts there. */
bool fn_ranges_give(struct fn_ranges *ranges, uint64_t first);

/* Forget everything and free the array. */
void fn_ranges_clear(struct fn_ranges *ranges);

#endif
