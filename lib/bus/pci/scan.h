/* SPDX-License-Identifier: BSD-3-Clause */
/* What the kernel tells of PCI functions to anybody who asks, without claiming one. */
#ifndef FN_BUS_PCI_SCAN_H
#define FN_BUS_PCI_SCAN_H

#include <fastnic/pci.h>

#include "bus/pci/addr.h"

/* All functions of class 02 (network controller), sorted by address; @list is malloc'ed. */
int fn_pci_scan(struct fn_pci_info **list, unsigned *n);

/**
 * fn_pci_find - one function, of any class
 * @addr: where
 * @info: receives what sysfs says of it
 *
 * &fn_pci_info.name is "vvvv:dddd" here: reading the PCI ids file takes longer than opening a
 * device.
 *
 * Return: 0; -ENOENT, with a sentence, when there is no such function or sysfs is not usable.
 */
int fn_pci_find(const struct fn_pci_addr *addr, struct fn_pci_info *info);

/*
 * The same two over another tree than /sys (@sys) and another PCI ids file (@ids; NULL: libpci's
 * own).
 */
int fn_pci_scan_at(const char *sys, const char *ids, struct fn_pci_info **list, unsigned *n);
int fn_pci_find_at(const char *sys, const struct fn_pci_addr *addr, struct fn_pci_info *info);

#endif
