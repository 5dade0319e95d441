// SPDX-License-Identifier: BSD-3-Clause
/* The IOMMU in front of a model device: what was mapped can be reached, and nothing else. */
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "model/model_barrier.h"

static int target_map(struct fn_dma_target *target, void *va, fn_iova_t iova, size_t len)
{
	struct model_dev *md = fn_container_of(target, struct model_dev, target);

	if (model_dev_fails(md))
		return fn_fail(-ENOMEM, "%s: no memory for the map", target->name);
	if (md->maps_n == MODEL_MAPS)
		return fn_fail(-ENOMEM, "%s: no more maps", target->name);
	for (unsigned i = 0; i < md->maps_n; i++)
		if (iova.v < md->maps[i].iova + md->maps[i].len && md->maps[i].iova < iova.v + len)
			model_dev_violation(md, "memory is mapped where some is mapped already");
	md->maps[md->maps_n++] = (struct model_map){ va, iova.v, len };
	return 0;
}

static void target_unmap(struct fn_dma_target *target, fn_iova_t iova, size_t len)
{
	struct model_dev *md = fn_container_of(target, struct model_dev, target);

	model_withheld_show(md);
	for (unsigned i = 0; i < md->maps_n; i++)
		if (md->maps[i].iova == iova.v) {
			if (md->maps[i].len != len)
				model_dev_violation(md, "a part of a map is unmapped");
			md->maps[i] = md->maps[--md->maps_n];
			return;
		}
	model_dev_violation(md, "memory is unmapped that is not mapped");
}

const struct fn_dma_target_ops model_dma_target_ops = { target_map, target_unmap };

static void fault(struct model_dev *md, uint64_t iova)
{
	md->faults++;
	md->fault_iova = iova;
	model_dev_violation(md, "an address that is not mapped");
}

/* The map that an address is in, and how many bytes are left in it. */
static uint8_t *find(const struct model_dev *md, uint64_t iova, size_t *left)
{
	for (unsigned i = 0; i < md->maps_n; i++) {
		const uint64_t off = iova - md->maps[i].iova;

		if (iova >= md->maps[i].iova && off < md->maps[i].len) {
			*left = md->maps[i].len - off;
			return md->maps[i].va + off;
		}
	}
	*left = 0;
	return NULL;
}

static bool may(struct model_dev *md)
{
	if (md->gone)
		return false;
	if (!md->master)
		model_dev_violation(md, "DMA without bus mastering");
	return md->master;
}

uint8_t *model_dma_at(struct model_dev *md, uint64_t iova, size_t len)
{
	uint8_t *va;
	size_t left;

	if (!may(md))
		return NULL;
	va = find(md, iova, &left);
	if (va && len <= left)
		return va;
	fault(md, iova);
	return NULL;
}

uint8_t *model_dma_peek(const struct model_dev *md, uint64_t iova, size_t len)
{
	size_t left;
	uint8_t *va = find(md, iova, &left);

	return va && len <= left ? va : NULL;
}

static bool copy(struct model_dev *md, uint64_t iova, uint8_t *to, const uint8_t *from, size_t len)
{
	if (!may(md))
		return false;
	while (len) {
		size_t n;
		uint8_t *va = find(md, iova, &n);

		if (!va) {
			fault(md, iova);
			return false;
		}
		n = n < len ? n : len;
		if (to) {
			memcpy(to, va, n);
			to += n;
		} else {
			model_dma_put(md, va, from, n);
			from += n;
		}
		iova += n;
		len -= n;
	}
	return true;
}

bool model_dma_read(struct model_dev *md, uint64_t iova, void *buf, size_t len)
{
	return copy(md, iova, buf, NULL, len);
}

bool model_dma_write(struct model_dev *md, uint64_t iova, const void *buf, size_t len)
{
	return copy(md, iova, NULL, buf, len);
}
