// SPDX-License-Identifier: BSD-3-Clause
/* The machine's network functions, with fastnic's driver for each. */
#include <stdlib.h>

#include "bus/pci/scan.h"
#include "dev/dev.h"

int fn_pci_list(struct fn_pci_info **list, unsigned *n)
{
	int ret = fn_pci_scan(list, n);

	if (ret)
		return fn_report(NULL, NULL, ret);
	for (unsigned i = 0; i < *n; i++) {
		struct fn_pci_info *info = &(*list)[i];
		const struct fn_driver *drv = fn_registry_find(info->vendor_id, info->device_id);

		info->fn_driver = drv ? drv->name : NULL;
	}
	return 0;
}

void fn_pci_list_free(struct fn_pci_info *list)
{
	free(list);
}
