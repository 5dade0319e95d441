/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Looking for missing barriers, in a build in which the library's DMA fences are calls
 * (FN_BARRIER_CALLS, lib/base/barrier.h).
 *
 * A reader's fence: whatever a device writes but the word that says "done" is withheld, and a
 * pattern stands in its place, until the driver has fenced behind its look at that word. A writer's
 * fence: what was in a ring at each fence is kept, and what a device finds behind a doorbell, or
 * behind an index, must have been there then. In every other build all this is nothing.
 */
#ifndef FN_TESTS_MODEL_BARRIER_H
#define FN_TESTS_MODEL_BARRIER_H

#include "model/model_bus.h"

#ifdef FN_BARRIER_CALLS
#define MODEL_BARRIERS true
#else
#define MODEL_BARRIERS false
#endif

#define MODEL_RMB 1u
#define MODEL_WMB 2u
#define MODEL_MB 4u

/**
 * struct model_barrier_state - what drivers fence
 * @ignored: MODEL_RMB and so on: fences of these kinds do nothing, as if they were not there
 * @calls: how many there were, of each kind in the order above
 */
struct model_barrier_state {
	unsigned ignored;
	unsigned calls[3];
};

extern struct model_barrier_state model_barrier_state;

/* Write for the driver: at once, or withheld. @va is where the device may write. */
void model_dma_put(struct model_dev *md, void *va, const void *from, size_t len);

/* Show what is withheld. */
void model_withheld_show(struct model_dev *md);

/* Keep what is in this memory at each fence; @tag: in the place of what had the same one. */
void model_shadow_set(struct model_dev *md, unsigned tag, uint64_t iova, size_t len);

/* Whether memory is as it was at the last fence; true for memory that is not kept. */
bool model_shadow_same(const struct model_dev *md, uint64_t iova, size_t len);

/* Keep nothing any more, and show what is withheld: a reset, or the end. */
void model_shadow_clear(struct model_dev *md);

#endif
