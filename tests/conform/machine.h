/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the machine does beside a worker: whether its threads get their processors, and interrupts
 * come. Read from /proc, so that a wake-up that is late can be told from one that is lost.
 */
#ifndef FN_TESTS_CONFORM_MACHINE_H
#define FN_TESTS_CONFORM_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Processors that are told apart; what others have done is in the last one. */
#define MACHINE_CPUS 4u

/**
 * struct machine_look - the machine at a time
 * @at_ns: the time, of CLOCK_MONOTONIC
 * @cpus: processors that there are, MACHINE_CPUS at most
 * @irqs: by processor: interrupts of the function that is looked for (/proc/interrupts)
 * @timers: by processor: its own timer's
 * @has_irqs: the kernel has such interrupts
 * @ran_ns: the thread had a processor
 * @waited_ns: it waited for one
 * @steal_ns: the machine's processors were somebody else's (/proc/stat, of a virtual machine)
 */
struct machine_look {
	uint64_t at_ns;
	unsigned cpus;
	uint64_t irqs[MACHINE_CPUS];
	uint64_t timers[MACHINE_CPUS];
	bool has_irqs;
	uint64_t ran_ns;
	uint64_t waited_ns;
	uint64_t steal_ns;
};

/*
 * Look: at the interrupts of the PCI function @bdf, and at the thread @tid of this process. Some
 * system calls.
 */
void machine_look(struct machine_look *look, const char *bdf, int tid);

/*
 * A thread that looks each second, and naps meanwhile: how late it comes back says how late others
 * do. One a process.
 */
int machine_watch(const char *bdf, int tid);
void machine_watch_end(void);

/* What the machine did in the last seconds, for a sentence. Any thread, while it is watched. */
void machine_tell(char *text, size_t bytes);

uint64_t machine_now_ns(void);

#endif
