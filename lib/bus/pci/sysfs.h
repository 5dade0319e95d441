/* SPDX-License-Identifier: BSD-3-Clause */
/* Small readers of sysfs, which the PCI and the VFIO side share. */
#ifndef FN_BUS_PCI_SYSFS_H
#define FN_BUS_PCI_SYSFS_H

#include <stdbool.h>
#include <stddef.h>

#include <fastnic/pci.h>

#include "bus/pci/addr.h"

/* The longest path that these readers make; a longer one counts as not there. */
#define FN_SYSFS_PATH_CHARS 512

/* 0, or -ENOENT with a sentence when there is no list of PCI devices under @sys. */
int fn_sysfs_check(const char *sys);

/* The number in a file (decimal, or hexadecimal with 0x), or @otherwise. */
long fn_sysfs_number(const char *dir, const char *file, long otherwise);

/* The last part of what a symbolic link points to; "" and false without one. */
bool fn_sysfs_link(const char *dir, const char *link, char *name, size_t chars);

/* fn_pci_find_at() without words: -ENOENT when there is no such function. */
int fn_sysfs_pci(const char *sys, const struct fn_pci_addr *addr, struct fn_pci_info *info);

#endif
