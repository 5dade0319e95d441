/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The drivers without the bus seam, for tests/perf/seam.sh: put in front of each of their sources
 * with -include, it makes a doorbell a plain store. What ships is compiled without it. Registers of
 * the control path stay as they are, since the model's have no mapping and a burst touches none
 * (seam.sh looks for that too).
 */
#ifndef FN_TESTS_PERF_NO_SEAM_H
#define FN_TESTS_PERF_NO_SEAM_H

#include "bus/bus.h"
#include "perf/instructions.h"

/* Not mapped, and rung all the same when a queue is filled at start. */
static inline struct fn_doorbell no_seam_doorbell_at(const struct fn_bar *bar, uint64_t off)
{
	return (struct fn_doorbell){ bar->va ? bar->va + off : perf_doorbell_memory(), bar, off };
}

static inline void no_seam_ring16(const struct fn_doorbell *db, uint16_t value)
{
	*(volatile uint16_t *)db->va = htole16(value);
}

static inline void no_seam_ring32(const struct fn_doorbell *db, uint32_t value)
{
	*(volatile uint32_t *)db->va = htole32(value);
}

static inline unsigned no_seam_ring32_last(const struct fn_doorbell *db, uint32_t value,
					   unsigned result)
{
	no_seam_ring32(db, value);
	return result;
}

#define fn_doorbell_at no_seam_doorbell_at
#define fn_doorbell_ring16 no_seam_ring16
#define fn_doorbell_ring32 no_seam_ring32
#define fn_doorbell_ring32_last no_seam_ring32_last

#endif
