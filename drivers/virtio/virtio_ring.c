// SPDX-License-Identifier: BSD-3-Clause
/*
 * The memory of a split virtqueue: one piece for its three parts and what its owner wants beside
 * them.
 */
#include <string.h>

#include "drivers/virtio/virtio_ring.h"
#include "mem/domain.h"

/*
 * 2.7: the used ring is aligned to 4 bytes. fastnic puts it at 4 beyond a cache line, so that its
 * elements, which follow a head of 4 bytes, can each be read by one aligned load.
 */
#define USED_SHIFT 4u

int virtq_alloc(struct virtq *vq, struct fn_ctx *ctx, uint32_t size, size_t extra_bytes,
		int numa_node)
{
	const size_t desc_bytes = size * sizeof(struct virtq_desc);
	const size_t avail_bytes = sizeof(struct virtq_avail) + (size + 1) * sizeof(fn_le16);
	const size_t used_bytes =
		sizeof(struct virtq_used) + size * sizeof(fn_le64) + sizeof(fn_le16);
	const size_t avail_at = fn_align_up(desc_bytes, FN_CACHE_LINE);
	const size_t used_at = fn_align_up(avail_at + avail_bytes, FN_CACHE_LINE) + USED_SHIFT;
	const size_t extra_at = fn_align_up(used_at + used_bytes, FN_CACHE_LINE);
	uint8_t *base;
	int ret;

	memset(vq, 0, sizeof(*vq));
	ret = fn_dma_alloc_for(ctx, FN_DMA_PRIVATE,
			       extra_at + fn_align_up(extra_bytes, FN_CACHE_LINE), FN_CACHE_LINE,
			       numa_node, &vq->mem);
	if (ret)
		return ret;
	base = vq->mem.va;
	vq->desc = (void *)base;
	vq->avail = (void *)(base + avail_at);
	vq->used = (void *)(base + used_at);
	vq->extra = base + extra_at;
	vq->desc_iova.v = vq->mem.iova.v;
	vq->avail_iova.v = vq->mem.iova.v + avail_at;
	vq->used_iova.v = vq->mem.iova.v + used_at;
	vq->extra_iova.v = vq->mem.iova.v + extra_at;
	vq->size = size;
	return 0;
}

void virtq_free(struct virtq *vq, struct fn_ctx *ctx)
{
	if (!vq->size)
		return;
	fn_dma_free(ctx, &vq->mem);
	memset(vq, 0, sizeof(*vq));
}
