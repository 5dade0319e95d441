// SPDX-License-Identifier: BSD-3-Clause
/* The subjects, in the order in which they run: simple things first. */
#include "conform/conform.h"

extern const struct behaviour *const life_behaviours[];
extern const struct behaviour *const wire_behaviours[];
extern const struct behaviour *const tx_behaviours[];
extern const struct behaviour *const rx_behaviours[];
extern const struct behaviour *const queues_behaviours[];
extern const struct behaviour *const rss_behaviours[];
extern const struct behaviour *const offload_rx_behaviours[];
extern const struct behaviour *const offload_tx_behaviours[];
extern const struct behaviour *const tso_behaviours[];
extern const struct behaviour *const vlan_behaviours[];
extern const struct behaviour *const vlan_outer_behaviours[];
extern const struct behaviour *const filter_behaviours[];
extern const struct behaviour *const irq_behaviours[];
extern const struct behaviour *const poller_behaviours[];
extern const struct behaviour *const coalesce_behaviours[];
extern const struct behaviour *const link_behaviours[];
extern const struct behaviour *const counters_behaviours[];
extern const struct behaviour *const diag_behaviours[];
extern const struct behaviour *const gone_behaviours[];

const struct subject subjects[] = {
	{ "life", life_behaviours },
	{ "wire", wire_behaviours },
	{ "tx", tx_behaviours },
	{ "rx", rx_behaviours },
	{ "queues", queues_behaviours },
	{ "rss", rss_behaviours },
	{ "offload_rx", offload_rx_behaviours },
	{ "offload_tx", offload_tx_behaviours },
	{ "tso", tso_behaviours },
	{ "vlan", vlan_behaviours },
	{ "vlan_outer", vlan_outer_behaviours },
	{ "filter", filter_behaviours },
	{ "irq", irq_behaviours },
	{ "poller", poller_behaviours },
	{ "coalesce", coalesce_behaviours },
	{ "link", link_behaviours },
	{ "counters", counters_behaviours },
	{ "diag", diag_behaviours },
	{ "gone", gone_behaviours },
	{ NULL, NULL },
};
