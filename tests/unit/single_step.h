/* SPDX-License-Identifier: BSD-3-Clause */
/* For tests that do something between two instructions of the code that they test. */
#ifndef FN_TESTS_UNIT_SINGLE_STEP_H
#define FN_TESTS_UNIT_SINGLE_STEP_H

#include <stdbool.h>

/* The trap flag (Intel SDM volume 3, 17.3.1.4): a SIGTRAP behind each instruction, or no more. */
static inline void single_step(bool on)
{
	if (on)
		__asm__ volatile(
			"lea -128(%%rsp), %%rsp\n\tpushfq\n\torq $0x100, (%%rsp)\n\tpopfq\n\t"
			"lea 128(%%rsp), %%rsp" ::
				: "memory", "cc");
	else
		__asm__ volatile(
			"lea -128(%%rsp), %%rsp\n\tpushfq\n\tandq $~0x100, (%%rsp)\n\tpopfq\n\t"
			"lea 128(%%rsp), %%rsp" ::
				: "memory", "cc");
}

#endif
