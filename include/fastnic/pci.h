/* SPDX-License-Identifier: BSD-3-Clause */
/* Which network functions are on the PCI bus, and whether fastnic can drive them. */
#ifndef FASTNIC_PCI_H
#define FASTNIC_PCI_H

#include <fastnic/ctx.h>

FN_BEGIN_DECLS

struct fn_pci_list;

/**
 * struct fn_pci_info - a network function on the PCI bus
 * @sz: set by the caller to sizeof(struct fn_pci_info); the library writes no further
 * @bdf: domain, bus, device and function, as in "0000:00:03.0"
 * @vendor_id: PCI vendor
 * @device_id: PCI device
 * @name: vendor and device in words, from the PCI ids file, or "vvvv:dddd"
 * @kernel_driver: the kernel driver that it is bound to ("vfio-pci" for one that fastnic can
 *	claim), or ""
 * @netdev: the kernel's network interface on it, or ""
 * @iommu_group: group number, or -1 without an IOMMU
 * @numa_node: NUMA node, or -1
 * @fn_driver: fastnic's driver for it, or NULL when it has none
 */
struct fn_pci_info {
	size_t sz;
	char bdf[16];
	uint16_t vendor_id;
	uint16_t device_id;
	char name[128];
	char kernel_driver[32];
	char netdev[32];
	int iommu_group;
	int numa_node;
	const char *fn_driver;
};

/**
 * struct fn_pci_list_opts - options of fn_pci_list_create(); zero means the default
 * @sz: sizeof(struct fn_pci_list_opts)
 * @err: where the sentence of a failure goes, or NULL
 */
struct fn_pci_list_opts {
	size_t sz;
	struct fn_error *err;
};

/**
 * fn_pci_list_create - list the network functions of this machine
 * @opts: options, or NULL for the defaults
 * @list: receives the list, sorted by address
 *
 * Any thread; needs no rights and no context, and touches no device. Functions in a PCI domain
 * above 0xffff, as those behind Intel's VMD have, are left out: fn_dev_open() has no address for
 * them.
 *
 * Return: 0; -EINVAL for the options; -ENOENT when sysfs is not usable; -ENOMEM.
 */
FN_API int fn_pci_list_create(const struct fn_pci_list_opts *opts, struct fn_pci_list **list);

/**
 * fn_pci_list_count - how many functions are in a list
 * @list: the list
 *
 * Any thread.
 *
 * Return: functions, 0 or more.
 */
FN_API unsigned fn_pci_list_count(const struct fn_pci_list *list);

/**
 * fn_pci_list_get - describe one function of a list
 * @list: the list
 * @idx: 0 to fn_pci_list_count() - 1
 * @info: filled; its @sz is set by the caller. What it points to lasts for ever
 *
 * Any thread.
 *
 * Return: 0, or -EINVAL for @idx (nothing is written then).
 */
FN_API int fn_pci_list_get(const struct fn_pci_list *list, unsigned idx, struct fn_pci_info *info);

/**
 * fn_pci_list_destroy - give a list back
 * @list: the list, or NULL
 *
 * Any thread; no other thread may use the list any more.
 */
FN_API void fn_pci_list_destroy(struct fn_pci_list *list);

FN_END_DECLS

#endif
