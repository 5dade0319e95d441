/* SPDX-License-Identifier: BSD-3-Clause */
/* A fence that a test leaves out, in files of the library that are compiled anew for it. */
#ifndef FN_TESTS_THREADED_RACE_WRONG_H
#define FN_TESTS_THREADED_RACE_WRONG_H

#include <stdbool.h>

#include "base/barrier.h"

extern bool race_no_fence;

/* Between the arming of queues and the look behind it. */
static inline void race_fence(void)
{
	if (race_no_fence)
		__asm__ volatile("" ::: "memory");
	else
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

#endif
