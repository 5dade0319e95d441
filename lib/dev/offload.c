// SPDX-License-Identifier: BSD-3-Clause
/* Offloads: their names, and whether a device has those that are asked for. */
#include <errno.h>
#include <stdio.h>

#include "dev/dev.h"

/* By bit of FN_OFFLOAD_*. */
static const char *const names[FN_OFFLOADS] = {
	[0] = "rx_csum",       [1] = "rx_vlan",    [2] = "rx_hash",    [3] = "rx_scatter",
	[4] = "vlan_filter",   [5] = "vlan_outer", [8] = "tx_ip_csum", [9] = "tx_l4_csum",
	[10] = "tx_sctp_csum", [11] = "tx_tso4",   [12] = "tx_tso6",   [13] = "tx_vlan",
};

const char *fn_offload_name(unsigned bit)
{
	return bit < FN_OFFLOADS ? names[bit] : NULL;
}

/* Room for all of them: none is longer than 14 characters (test_names), ", " and all. */
#define NAMES_BYTES (16u * FN_OFFLOADS)

/* The names of @offloads, with commas between them. */
static void names_of(uint64_t offloads, char *text, size_t bytes)
{
	size_t used = 0;

	text[0] = '\0';
	for (unsigned bit = 0; bit < FN_OFFLOADS && used < bytes; bit++)
		if (names[bit] && (offloads & 1ull << bit))
			used += (size_t)snprintf(text + used, bytes - used, "%s%s",
						 used ? ", " : "", names[bit]);
}

int fn_dev_check_offloads(const struct fn_dev *dev, uint64_t wanted)
{
	const uint64_t missing = wanted & ~dev->limits.offloads_max;
	char missing_names[NAMES_BYTES];
	char there_names[NAMES_BYTES];

	for (unsigned bit = 0; bit < 64; bit++)
		if ((wanted & 1ull << bit) && !fn_offload_name(bit))
			return fn_fail(-EINVAL, "%s: this library knows no offload of bit %u",
				       dev->bus->name, bit);
	if (!missing)
		return 0;
	names_of(missing, missing_names, sizeof(missing_names));
	names_of(dev->limits.offloads_max, there_names, sizeof(there_names));
	return fn_fail(-ENOTSUP, "%s does not offer %s: leave it out; it offers %s", dev->bus->name,
		       missing_names, there_names[0] ? there_names : "no offload");
}
