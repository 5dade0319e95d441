// SPDX-License-Identifier: BSD-3-Clause
/* What l2fwd says of how its ports run: the bursts that start chose, and what they let in. */
#include <stdio.h>

#include <json-c/json.h>

#include "l2fwd.h"

static const char *filter_name(enum fn_filter_mode mode)
{
	switch (mode) {
	case FN_FILTER_NONE:
		return "none";
	case FN_FILTER_EXACT:
		return "exact";
	case FN_FILTER_HASH:
		return "hash";
	case FN_FILTER_ALL_MULTI:
		return "all-multicast";
	case FN_FILTER_ALL:
		return "all";
	}
	return "unknown";
}

/* Promiscuous mode comes on top of the list, whatever becomes of that one. */
static const char *lets_in(const struct fn_dev_info *info)
{
	return info->promisc ? "all" : filter_name(info->mac_filter_mode);
}

void modes_print(FILE *out, const struct port *ports, unsigned n)
{
	(void)fprintf(out, "  %-14s %-14s %-24s %s\n", "port", "lets in", "receive burst",
		      "send burst");
	for (unsigned i = 0; i < n; i++)
		(void)fprintf(out, "  %-14s %-14s %-24s %s\n", ports[i].name,
			      lets_in(&ports[i].info), ports[i].info.rx_variant,
			      ports[i].info.tx_variant);
}

void modes_to_json(struct json_object *to, const struct fn_dev_info *info)
{
	json_object_object_add(to, "promisc", json_object_new_boolean(info->promisc));
	json_object_object_add(to, "mac_filter_mode",
			       json_object_new_string(filter_name(info->mac_filter_mode)));
	json_object_object_add(to, "rx_variant", json_object_new_string(info->rx_variant));
	json_object_object_add(to, "tx_variant", json_object_new_string(info->tx_variant));
}
