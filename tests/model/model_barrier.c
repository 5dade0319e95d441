// SPDX-License-Identifier: BSD-3-Clause
/* What models see of a driver's barriers. */
#include <stdlib.h>
#include <string.h>

#include "base/barrier.h"
#include "model/model_barrier.h"

/* What stands where the device has not shown yet what it wrote: no length, id or checksum. */
#define PATTERN 0xa5

struct model_barrier_state model_barrier_state;

struct model_withheld {
	struct model_withheld *next;
	uint8_t *va;
	size_t len;
	uint8_t bytes[];
};

struct model_shadow {
	struct model_shadow *next;
	unsigned tag;
	uint64_t iova;
	size_t len;
	uint8_t bytes[];
};

void model_dma_put(struct model_dev *md, void *va, const void *from, size_t len)
{
	struct model_withheld *w = md->barriers ? malloc(sizeof(*w) + len) : NULL;

	if (!w) {
		memcpy(va, from, len);
		return;
	}
	w->next = NULL;
	w->va = va;
	w->len = len;
	memcpy(w->bytes, from, len);
	memset(va, PATTERN, len);
	if (!md->withheld)
		md->withheld_end = &md->withheld;
	*md->withheld_end = w;
	md->withheld_end = &w->next;
}

void model_withheld_show(struct model_dev *md)
{
	while (md->withheld) {
		struct model_withheld *w = md->withheld;

		md->withheld = w->next;
		memcpy(w->va, w->bytes, w->len);
		free(w);
	}
}

static void shadow_drop(struct model_dev *md, unsigned tag, bool all)
{
	struct model_shadow **at = &md->shadows;

	while (*at) {
		struct model_shadow *s = *at;

		if (all || s->tag == tag) {
			*at = s->next;
			free(s);
		} else {
			at = &s->next;
		}
	}
}

void model_shadow_set(struct model_dev *md, unsigned tag, uint64_t iova, size_t len)
{
	struct model_shadow *s;

	if (!md->barriers)
		return;
	shadow_drop(md, tag, false);
	s = calloc(1, sizeof(*s) + len);
	if (!s)
		return;
	s->next = md->shadows;
	s->tag = tag;
	s->iova = iova;
	s->len = len;
	md->shadows = s;
}

bool model_shadow_same(const struct model_dev *md, uint64_t iova, size_t len)
{
	for (const struct model_shadow *s = md->shadows; s; s = s->next)
		if (iova >= s->iova && iova + len <= s->iova + s->len) {
			const uint8_t *va = model_dma_peek(md, iova, len);

			return va && !memcmp(va, s->bytes + (iova - s->iova), len);
		}
	return true;
}

void model_shadow_clear(struct model_dev *md)
{
	model_withheld_show(md);
	shadow_drop(md, 0, true);
}

#ifdef FN_BARRIER_CALLS
static void shadow_take(struct model_dev *md)
{
	for (struct model_shadow *s = md->shadows; s; s = s->next) {
		const uint8_t *va = model_dma_peek(md, s->iova, s->len);

		if (va)
			memcpy(s->bytes, va, s->len);
	}
}

static void fence(struct model_dev *md, unsigned kind)
{
	if (!md->barriers)
		return;
	if (kind & (MODEL_WMB | MODEL_MB)) {
		if (md->ops->fence && !md->gone)
			md->ops->fence(md, kind == MODEL_MB);
		shadow_take(md);
	}
	if (kind & (MODEL_RMB | MODEL_MB))
		model_withheld_show(md);
}

/* Devices on threads of their own (tests/threaded) need the fence itself, too. */
static void fenced(unsigned kind)
{
	if (kind == MODEL_MB)
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
	else
		__atomic_thread_fence(__ATOMIC_ACQ_REL);
	model_barrier_state.calls[kind >> 1]++;
	if (!(model_barrier_state.ignored & kind))
		model_bus_each(fence, kind);
}

void fn_rmb_dma(void)
{
	fenced(MODEL_RMB);
}

void fn_wmb_dma(void)
{
	fenced(MODEL_WMB);
}

void fn_mb_dma(void)
{
	fenced(MODEL_MB);
}
#endif
