// SPDX-License-Identifier: BSD-3-Clause
/* The machine's network functions, with fastnic's driver for each. */
#include <errno.h>
#include <stdlib.h>

#include "base/opts.h"
#include "bus/pci/scan.h"
#include "dev/dev.h"

struct fn_pci_list {
	struct fn_pci_info *infos;
	unsigned n;
};

static int list_fill(struct fn_pci_list *list)
{
	int ret = fn_pci_scan(&list->infos, &list->n);

	for (unsigned i = 0; !ret && i < list->n; i++) {
		struct fn_pci_info *info = &list->infos[i];
		const struct fn_driver *drv = fn_registry_find(info->vendor_id, info->device_id);

		info->fn_driver = drv ? drv->name : NULL;
	}
	return ret;
}

int fn_pci_list_create(const struct fn_pci_list_opts *opts, struct fn_pci_list **out)
{
	struct fn_pci_list_opts o;
	struct fn_pci_list *list;
	int ret;

	if (!fn_opts_get(&o, sizeof(o), opts))
		return fn_report(NULL, fn_opts_err(opts), fn_opts_fail("fn_pci_list_opts"));
	list = calloc(1, sizeof(*list));
	if (!list)
		return fn_report(NULL, o.err,
				 fn_fail(-ENOMEM, "out of memory for the list of PCI functions"));
	ret = list_fill(list);
	if (ret)
		free(list);
	else
		*out = list;
	return fn_report(NULL, o.err, ret);
}

unsigned fn_pci_list_count(const struct fn_pci_list *list)
{
	return list->n;
}

int fn_pci_list_get(const struct fn_pci_list *list, unsigned idx, struct fn_pci_info *info)
{
	if (idx >= list->n)
		return fn_report(NULL, NULL,
				 fn_fail(-EINVAL, "the list has %u PCI functions: there is no %u",
					 list->n, idx));
	fn_info_put(info, &list->infos[idx], sizeof(*info));
	return 0;
}

void fn_pci_list_destroy(struct fn_pci_list *list)
{
	if (!list)
		return;
	free(list->infos);
	free(list);
}
