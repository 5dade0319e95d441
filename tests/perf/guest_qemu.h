/* SPDX-License-Identifier: BSD-3-Clause */
/* The QEMU that a --host program of tools/lab belongs to: its processor time and its priority. */
#ifndef GUEST_QEMU_H
#define GUEST_QEMU_H

#include <stdint.h>
#include <sys/types.h>

struct qemu_time {
	uint64_t loop_ms;   /* main loop: what comes in on the wires */
	uint64_t others_ms; /* the guest's processors, and the devices when they are told to send */
};

/* QEMU's process, by its control socket $LAB_QMP; ends the program when there is none. */
pid_t qemu_find(void);

/* So far. Zero when QEMU has ended. */
struct qemu_time qemu_time(pid_t qemu);

/* Priority of a process's threads, and of its session where the kernel shares between those. */
void priority_set(pid_t process, int nice);

#endif
