/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Faults on demand: each call that can fail counts, and the one with the number that the test asks
 * for fails. Memory and system calls come here through the linker (--wrap), the bus through
 * fault_bus.h.
 */
#ifndef FN_TESTS_SWEEP_FAULT_H
#define FN_TESTS_SWEEP_FAULT_H

#include <stdbool.h>

/* Which calls fail. */
enum fault_mode {
	FAULT_ONCE, /* the n-th */
	FAULT_FROM, /* the n-th and all behind it */
	FAULT_GONE, /* none; the device is gone from the n-th access on */
	FAULT_LOST, /* none; the n-th read of a register is lost, and what is read is all ones */
};

/* What the bus's calls fail with: the first one has a code that nobody else uses. */
#define FAULT_FIRST_CODE 121 /* EREMOTEIO */
#define FAULT_LATER_CODE 74  /* EBADMSG */

/**
 * struct fault_report - what happened between fault_arm() and fault_disarm()
 * @points: calls that could fail
 * @fired: one did
 * @what: its name
 * @shown: it is one that whoever made it has to report: nothing stands in for it
 */
struct fault_report {
	unsigned points;
	bool fired;
	const char *what;
	bool shown;
};

/* From here on calls count, and the @n-th fails; 0: none. */
void fault_arm(enum fault_mode mode, unsigned n);
struct fault_report fault_disarm(void);

/* Between the two. */
bool fault_is_armed(void);

/* A call of this name is about to be made: whether it fails. */
bool fault_here(const char *what);

/* The same for a call of the bus: 0, or what it fails with. */
int fault_bus_here(const char *what);

/* The device is about to be reached: whether it is gone from now on. */
bool fault_access_here(const char *what);

/* A register is about to be read: whether the answer is lost. */
bool fault_read_here(const char *what);

/* What the wrapped calls have given out and not got back. */
struct fault_live {
	long allocs;
	long maps;
	long windows;
};

struct fault_live fault_live(void);

/* A window of a BAR was mapped (1) or unmapped (-1). */
void fault_window(int by);

#endif
