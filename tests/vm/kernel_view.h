/* SPDX-License-Identifier: BSD-3-Clause */
/* What the kernel shows, past the library, of this process and of a NIC: for tests in a guest. */
#ifndef KERNEL_VIEW_H
#define KERNEL_VIEW_H

#include <stdbool.h>

/**
 * struct holdings - what this process holds of the things that a leak would eat up
 * @fds: descriptors
 * @hugepages: hugepages of the default size that the machine has free
 * @locked_kb: locked memory of this process, which VFIO's pinned pages count as
 * @maps: its mappings, but for heap and stack, which may grow
 */
struct holdings {
	unsigned fds;
	unsigned hugepages;
	unsigned locked_kb;
	char maps[16384];
};

/* Ends the program with a message when /proc cannot be read. */
struct holdings holdings_now(void);
/* Prints what differs. */
bool holdings_same(const struct holdings *a, const struct holdings *b);

/*
 * The number behind the last line of @path that starts with @key; false when there is no such line.
 */
bool number_behind(const char *path, const char *key, unsigned *number);

/* The command register's bus mastering bit; ends the program when it cannot be read. */
bool is_bus_master(const char *bdf);

#endif
