/* SPDX-License-Identifier: BSD-3-Clause */
/* Which network functions are on the PCI bus, and whether fastnic can drive them. */
#ifndef FASTNIC_PCI_H
#define FASTNIC_PCI_H

#include <fastnic/ctx.h>

FN_BEGIN_DECLS

/**
 * struct fn_pci_info - a network function on the PCI bus
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
 * fn_pci_list - list the network functions of this machine
 * @list: receives an array, to be freed with fn_pci_list_free()
 * @n: receives its length
 *
 * Any thread; needs no rights and no context, and touches no device.
 *
 * Return: 0; -ENOENT when sysfs is not usable; -ENOMEM.
 */
FN_API int fn_pci_list(struct fn_pci_info **list, unsigned *n);

/**
 * fn_pci_list_free - free what fn_pci_list() returned
 * @list: the array, or NULL
 */
FN_API void fn_pci_list_free(struct fn_pci_info *list);

FN_END_DECLS

#endif
