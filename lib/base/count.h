/* SPDX-License-Identifier: BSD-3-Clause */
/* Counters of one writer at a time and any number of readers, who see whole values. */
#ifndef FN_BASE_COUNT_H
#define FN_BASE_COUNT_H

#include <stdint.h>

#include "base/barrier.h"

/*
 * Without a locked instruction. x86-64 adds to memory in one instruction, which compilers do not
 * make of an atomic load and store; a burst counts three or four times.
 */
static inline void fn_count(uint64_t *counter, uint64_t by)
{
#if defined(__x86_64__) && !defined(FN_TSAN)
	__asm__("addq %1, %0" : "+m"(*counter) : "er"(by) : "cc");
#else
	__atomic_store_n(counter, __atomic_load_n(counter, __ATOMIC_RELAXED) + by,
			 __ATOMIC_RELAXED);
#endif
}

#endif
