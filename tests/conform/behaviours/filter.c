// SPDX-License-Identifier: BSD-3-Clause
/* Which frames come in: the station's own, broadcast, lists, and all of them. */
#include "conform/conform.h"

static const uint8_t broadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
static const uint8_t stranger[6] = { 0x02, 0xaa, 0xbb, 0xcc, 0xdd, 0x01 };
static const uint8_t group[6] = { 0x01, 0x00, 0x5e, 0x01, 0x02, 0x03 };

/* Only a device that can be told which frames it receives has anything to show here. */
static void filter_start(struct conform *c, uint64_t caps)
{
	need_cap(c, FN_CAP_PROMISC | caps);
	port_start(c, (struct fn_dev_conf){ 0 });
	check(!c->info.promisc && !c->info.allmulti);
}

BEHAVIOUR(unicast_own, 0,
	  "Frames for the device's address and for all come in; those for another address do "
	  "not.");
static void unicast_own(struct conform *c)
{
	filter_start(c, 0);
	check(comes_in(c, c->info.mac));
	check(comes_in(c, broadcast));
	check(!comes_in(c, stranger));
	/* Each byte of the address counts. */
	for (unsigned i = 0; i < 6; i++) {
		uint8_t near[6];

		memcpy(near, c->info.mac, 6);
		near[i] ^= 2;
		check(!comes_in(c, near));
	}
}

BEHAVIOUR(promisc_always, 0,
	  "A device that cannot be told which frames it receives lets all in and says so; who "
	  "wants just that is served, and who does not is refused.");
static void promisc_always(struct conform *c)
{
	port_start(c, (struct fn_dev_conf){ .promisc = true });
	if (c->info.caps & FN_CAP_PROMISC)
		conform_skip(c, "the device can be told");
	for (unsigned i = 0; i < 2; i++) {
		port_info(c);
		check(c->info.promisc);
		check_eq(c->info.mac_filter_mode, FN_FILTER_ALL);
		check_ok(fn_dev_set_promisc(c->dev, true));
		check_ret(fn_dev_set_promisc(c->dev, false), -ENOTSUP);
		check(comes_in(c, stranger) && comes_in(c, group) && comes_in(c, broadcast));
		port_restart(c, (struct fn_dev_conf){ 0 });
	}
}

BEHAVIOUR(promisc, 0,
	  "Promiscuous mode lets every frame in, on and off while the device runs, and when it "
	  "is configured so; it holds over a reset.");
static void promisc(struct conform *c)
{
	filter_start(c, 0);
	for (unsigned i = 0; i < 3; i++) {
		check_ok(fn_dev_set_promisc(c->dev, true));
		port_info(c);
		check(c->info.promisc);
		check(comes_in(c, stranger) && comes_in(c, group) && comes_in(c, broadcast));
		check_ok(fn_dev_set_promisc(c->dev, false));
		port_info(c);
		check(!c->info.promisc);
		check(!comes_in(c, stranger));
		check(comes_in(c, broadcast));
	}
	port_restart(c, (struct fn_dev_conf){ .promisc = true });
	check(c->info.promisc);
	check(comes_in(c, stranger));
	check_ok(fn_dev_reset(c->dev));
	wait_until(port_link_up(c));
	check(comes_in(c, stranger));
}

BEHAVIOUR(allmulti, 0,
	  "All-multicast lets every group in and no stranger's address, on and off while the "
	  "device runs; it holds over a reset.");
static void allmulti(struct conform *c)
{
	static const uint8_t v6_group[6] = { 0x33, 0x33, 0, 0, 0, 0x16 };

	filter_start(c, FN_CAP_ALLMULTI);
	for (unsigned i = 0; i < 3; i++) {
		check(!comes_in(c, group) && !comes_in(c, v6_group));
		check_ok(fn_dev_set_allmulti(c->dev, true));
		port_info(c);
		check(c->info.allmulti);
		check(comes_in(c, group) && comes_in(c, v6_group));
		check(!comes_in(c, stranger));
		check(comes_in(c, c->info.mac));
		check_ok(fn_dev_set_allmulti(c->dev, false));
	}
	check_ok(fn_dev_set_allmulti(c->dev, true));
	check_ok(fn_dev_reset(c->dev));
	wait_until(port_link_up(c));
	check(comes_in(c, group));
	check(!comes_in(c, stranger));
}

BEHAVIOUR(mac_list, 0,
	  "Frames for the groups and addresses of a list come in, and a new list takes the "
	  "place of the old one.");
static void mac_list(struct conform *c)
{
	static const uint8_t first[][6] = { { 0x01, 0, 0x5e, 0, 0, 0x01 },
					    { 0x33, 0x33, 0xff, 1, 2, 3 },
					    { 0x02, 0x11, 0x22, 0x33, 0x44, 0x55 } };
	static const uint8_t second[][6] = { { 0x01, 0, 0x5e, 0x7f, 0xff, 0xfa },
					     { 0x02, 0x66, 0x77, 0x88, 0x99, 0xaa } };

	filter_start(c, FN_CAP_MAC_FILTERS);
	check_ok(fn_dev_set_mac_filters(c->dev, first, 3));
	port_info(c);
	check_eq(c->info.mac_filters_n, 3);
	for (unsigned i = 0; i < 3; i++)
		check(comes_in(c, first[i]));
	check(comes_in(c, c->info.mac) && comes_in(c, broadcast));
	check(!comes_in(c, stranger) && !comes_in(c, second[1]));
	if (c->info.mac_filter_mode == FN_FILTER_EXACT)
		check(!comes_in(c, second[0]) && !comes_in(c, group));
	check_ok(fn_dev_set_mac_filters(c->dev, second, 2));
	for (unsigned i = 0; i < 2; i++)
		check(comes_in(c, second[i]));
	check(!comes_in(c, first[2]));
	if (c->info.mac_filter_mode == FN_FILTER_EXACT)
		check(!comes_in(c, first[0]) && !comes_in(c, first[1]));
	check_ok(fn_dev_set_mac_filters(c->dev, NULL, 0));
	port_info(c);
	check_eq(c->info.mac_filters_n, 0);
	check(!comes_in(c, second[1]));
	if (c->info.mac_filter_mode == FN_FILTER_EXACT)
		check(!comes_in(c, second[0]));
}

BEHAVIOUR(mac_list_full, 0,
	  "A list as long as the device takes lets each of its addresses in, a longer one is "
	  "refused and the former stays; it holds over a reset.");
static void mac_list_full(struct conform *c)
{
	static uint8_t macs[256][6];
	enum fn_filter_mode mode;
	uint32_t most;

	filter_start(c, FN_CAP_MAC_FILTERS);
	most = c->info.max_mac_filters;
	check(most >= 1);
	if (most > 250)
		most = 250;
	for (unsigned i = 0; i < 256; i++) {
		/* Half of them groups. */
		const uint8_t mac[6] = { i % 2 ? 0x02 : 0x03, 9, 8, 7, 6, (uint8_t)i };

		memcpy(macs[i], mac, 6);
	}
	check_ok(fn_dev_set_mac_filters(c->dev, (const uint8_t(*)[6])macs, most));
	port_info(c);
	mode = c->info.mac_filter_mode;
	check(most > c->info.max_mac_exact || mode == FN_FILTER_EXACT);
	for (unsigned i = 0; i < most; i += 1 + most / 40)
		check(comes_in(c, macs[i]));
	check(comes_in(c, macs[most - 1]));
	check(mode == FN_FILTER_ALL || !comes_in(c, macs[255]));
	if (c->info.max_mac_filters < 256) {
		check_ret(fn_dev_set_mac_filters(c->dev, (const uint8_t(*)[6])macs,
						 c->info.max_mac_filters + 1),
			  -ENOSPC);
		check(comes_in(c, macs[0]));
	}
	memset(macs[1], 0, 6);
	check_ret(fn_dev_set_mac_filters(c->dev, (const uint8_t(*)[6])macs, 2), -EINVAL);
	check_ok(fn_dev_reset(c->dev));
	wait_until(port_link_up(c));
	check(comes_in(c, macs[0]) && comes_in(c, macs[most - 1]));
	port_info(c);
	check_eq(c->info.mac_filter_mode, mode);
	check(mode == FN_FILTER_ALL || !comes_in(c, stranger));
}

/* Set a list of @groups group addresses and, in front of them, @others that are none. */
static void set_list(struct conform *c, unsigned others, unsigned groups)
{
	static uint8_t macs[4096][6];
	const unsigned n = others + groups;

	check(n <= FN_ARRAY_LEN(macs));
	for (unsigned i = 0; i < n; i++) {
		/* All different in two bytes, and evenly, whichever bits a device hashes. */
		const uint16_t spread = (uint16_t)(i * 40503u);
		const uint8_t mac[6] = { i < others ? 0x02 : 0x03, 5, 4, 3, (uint8_t)spread,
					 (uint8_t)(spread >> 8) };

		memcpy(macs[i], mac, 6);
	}
	check_ok(fn_dev_set_mac_filters(c->dev, (const uint8_t(*)[6])macs, n));
	port_info(c);
	check_eq(c->info.mac_filters_n, n);
	for (unsigned i = 0; i < n; i += 1 + n / 24)
		check(comes_in(c, macs[i]));
	check(comes_in(c, macs[n - 1]));
}

/* How many of 64 groups that no list has come in. */
static unsigned groups_beside(struct conform *c)
{
	unsigned n = 0;

	for (unsigned i = 0; i < 64; i++) {
		const uint8_t mac[6] = { 1, 0, 0x5e, 1, (uint8_t)(i * 37), (uint8_t)(i * 91) };

		n += comes_in(c, mac);
	}
	return n;
}

BEHAVIOUR(mac_list_beyond, 0,
	  "Of a list that is longer than what the device filters one by one every address comes in "
	  "all the same, the device says how exactly it filters, and with a short list it does so "
	  "exactly again.");
static void mac_list_beyond(struct conform *c)
{
	unsigned exact;

	filter_start(c, FN_CAP_MAC_FILTERS);
	exact = c->info.max_mac_exact;
	if (exact >= c->info.max_mac_filters || exact + 3000 > c->info.max_mac_filters)
		conform_skip(c, "it filters all %u addresses that it takes one by one",
			     c->info.max_mac_filters);
	set_list(c, exact / 2, exact - exact / 2);
	check_eq(c->info.mac_filter_mode, FN_FILTER_EXACT);
	check_eq(groups_beside(c), 0);
	/* One more group, and a few: some others may come in, and no stranger. */
	set_list(c, exact / 2, exact - exact / 2 + 1);
	check(c->info.mac_filter_mode == FN_FILTER_HASH);
	check(groups_beside(c) < 32);
	check(!comes_in(c, stranger));
	/* So many that it would hardly keep any out. */
	set_list(c, 0, exact + 3000);
	check(c->info.mac_filter_mode == FN_FILTER_HASH ||
	      c->info.mac_filter_mode == FN_FILTER_ALL_MULTI);
	if (c->info.mac_filter_mode == FN_FILTER_ALL_MULTI)
		check_eq(groups_beside(c), 64);
	check(!comes_in(c, stranger));
	/* There is no hash for what is no group. */
	set_list(c, exact + 1, 2);
	check_eq(c->info.mac_filter_mode, FN_FILTER_ALL);
	check_ok(fn_dev_reset(c->dev));
	wait_until(port_link_up(c));
	port_info(c);
	check_eq(c->info.mac_filter_mode, FN_FILTER_ALL);
	check(comes_in(c, stranger));
	set_list(c, 1, 1);
	check_eq(c->info.mac_filter_mode, FN_FILTER_EXACT);
	check(!comes_in(c, stranger));
	check_eq(groups_beside(c), 0);
}

BEHAVIOUR(mac_changed, 0,
	  "After a change of the station address frames for the new one come in and those for "
	  "the old one do not; it holds over a stop and a reset, and a group or zero is "
	  "refused.");
static void mac_changed(struct conform *c)
{
	static const uint8_t mine[6] = { 0x02, 0x12, 0x34, 0x56, 0x78, 0x9a };
	static const uint8_t zero[6];
	uint8_t old[6];

	filter_start(c, FN_CAP_SET_MAC);
	memcpy(old, c->info.mac, 6);
	check_ok(fn_dev_set_mac(c->dev, mine));
	port_info(c);
	check_mem(c->info.mac, mine, 6);
	check(comes_in(c, mine) && comes_in(c, broadcast));
	check(!comes_in(c, old));
	check_ret(fn_dev_set_mac(c->dev, group), -EINVAL);
	check_ret(fn_dev_set_mac(c->dev, zero), -EINVAL);
	port_info(c);
	check_mem(c->info.mac, mine, 6);
	check_ok(fn_dev_reset(c->dev));
	wait_until(port_link_up(c));
	check(comes_in(c, mine) && !comes_in(c, old));
	check_ok(fn_dev_stop(c->dev));
	check_ok(fn_dev_set_mac(c->dev, old));
	check_ok(fn_dev_start(c->dev));
	wait_until(port_link_up(c));
	port_info(c);
	check(comes_in(c, old) && !comes_in(c, mine));
}

const struct behaviour *const filter_behaviours[] = {
	&behaviour_unicast_own,     &behaviour_promisc_always, &behaviour_promisc,
	&behaviour_allmulti,        &behaviour_mac_list,       &behaviour_mac_list_full,
	&behaviour_mac_list_beyond, &behaviour_mac_changed,    NULL,
};
