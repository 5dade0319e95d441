// SPDX-License-Identifier: BSD-3-Clause
/* Where in the devices' address space memory goes. */
#include <errno.h>

#include "base/bits.h"
#include "mem/iova.h"

#define FOUR_GIB ((uint64_t)1 << 32)
#define END_39_BITS ((uint64_t)1 << 39)
#define IOVA_PAGE 4096u

/* In order of preference. */
static const struct fn_dma_range windows[] = {
	{ FOUR_GIB, END_39_BITS - 1 },
	{ IOVA_PAGE, FOUR_GIB - 1 },
	{ END_39_BITS, UINT64_MAX },
};

static uint64_t max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static int take_aligned(struct fn_ranges *used, const struct fn_dma_range *allowed,
			size_t allowed_n, uint64_t len, uint64_t align, fn_iova_t *iova)
{
	for (size_t w = 0; w < FN_ARRAY_LEN(windows); w++) {
		for (size_t i = 0; i < allowed_n; i++) {
			struct fn_dma_range part = { max_u64(windows[w].first, allowed[i].first),
						     min_u64(windows[w].last, allowed[i].last) };
			int ret = -ENOSPC;

			if (part.first <= part.last)
				ret = fn_ranges_take(used, part, len, align, &iova->v);
			if (ret != -ENOSPC)
				return ret;
		}
	}
	return -ENOSPC;
}

int fn_iova_take(struct fn_ranges *used, const struct fn_dma_range *allowed, size_t allowed_n,
		 uint64_t len, uint64_t align, fn_iova_t *iova)
{
	int ret = take_aligned(used, allowed, allowed_n, len, align, iova);

	if (ret == -ENOSPC && align > IOVA_PAGE)
		ret = take_aligned(used, allowed, allowed_n, len, IOVA_PAGE, iova);
	return ret;
}

size_t fn_iova_intersect(const struct fn_dma_range *a, size_t an, const struct fn_dma_range *b,
			 size_t bn, struct fn_dma_range *both)
{
	size_t i = 0;
	size_t j = 0;
	size_t n = 0;

	while (i < an && j < bn) {
		struct fn_dma_range common = { max_u64(a[i].first, b[j].first),
					       min_u64(a[i].last, b[j].last) };

		if (common.first <= common.last)
			both[n++] = common;
		if (a[i].last < b[j].last)
			i++;
		else
			j++;
	}
	return n;
}
