// SPDX-License-Identifier: BSD-3-Clause
/* First fit, lowest first, over a sorted array of the parts in use. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mem/ranges.h"

/* The first aligned number in @gap behind which @len fits. The space may end at 2^64 - 1. */
static bool gap_fits(struct fn_dma_range gap, uint64_t len, uint64_t align, uint64_t *first)
{
	uint64_t start = (gap.first + align - 1) & ~(align - 1);

	/* start < gap.first: the alignment went past the end of the space. */
	if (start < gap.first || start > gap.last || gap.last - start < len - 1)
		return false;
	*first = start;
	return true;
}

static int ranges_insert(struct fn_ranges *ranges, size_t at, struct fn_dma_range range)
{
	if (ranges->n == ranges->cap) {
		size_t cap = ranges->cap ? 2 * ranges->cap : 16;
		struct fn_dma_range *used = realloc(ranges->used, cap * sizeof(*used));

		if (!used)
			return -ENOMEM;
		ranges->used = used;
		ranges->cap = cap;
	}
	memmove(&ranges->used[at + 1], &ranges->used[at], (ranges->n - at) * sizeof(range));
	ranges->used[at] = range;
	ranges->n++;
	return 0;
}

int fn_ranges_take(struct fn_ranges *ranges, struct fn_dma_range window, uint64_t len,
		   uint64_t align, uint64_t *first)
{
	struct fn_dma_range gap = window;
	size_t i;
	int ret;

	/* @gap runs from one used part to the next, and behind the last one to the window's end. */
	for (i = 0; i < ranges->n; i++) {
		const struct fn_dma_range *used = &ranges->used[i];

		if (used->last < gap.first)
			continue;
		if (used->first > window.last)
			break;
		if (used->first > gap.first) {
			gap.last = used->first - 1;
			if (gap_fits(gap, len, align, first))
				goto found;
		}
		if (used->last >= window.last)
			return -ENOSPC;
		gap.first = used->last + 1;
	}
	gap.last = window.last;
	if (!gap_fits(gap, len, align, first))
		return -ENOSPC;
found:
	ret = ranges_insert(ranges, i, (struct fn_dma_range){ *first, *first + (len - 1) });
	return ret;
}

bool fn_ranges_give(struct fn_ranges *ranges, uint64_t first)
{
	for (size_t i = 0; i < ranges->n; i++) {
		if (ranges->used[i].first != first)
			continue;
		ranges->n--;
		memmove(&ranges->used[i], &ranges->used[i + 1],
			(ranges->n - i) * sizeof(ranges->used[0]));
		return true;
	}
	return false;
}

void fn_ranges_clear(struct fn_ranges *ranges)
{
	free(ranges->used);
	memset(ranges, 0, sizeof(*ranges));
}
