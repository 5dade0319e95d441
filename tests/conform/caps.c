// SPDX-License-Identifier: BSD-3-Clause
/* The calls that need what not every device can do: one for each capability at least. */
#include "conform/conform.h"

static int set_mac(struct conform *c)
{
	static const uint8_t mac[6] = { 0x02, 1, 2, 3, 4, 5 };

	return fn_dev_set_mac(c->dev, mac);
}

static int set_promisc(struct conform *c)
{
	return fn_dev_set_promisc(c->dev, !c->info.promisc);
}

static int set_allmulti(struct conform *c)
{
	return fn_dev_set_allmulti(c->dev, true);
}

static int set_mac_filters(struct conform *c)
{
	static const uint8_t macs[1][6] = { { 0x02, 1, 2, 3, 4, 5 } };

	return fn_dev_set_mac_filters(c->dev, macs, 1);
}

static int set_rss(struct conform *c)
{
	const struct fn_rss rss = { .sz = sizeof(rss), .types = c->info.rss_types };

	return fn_dev_set_rss(c->dev, &rss);
}

static int get_coalesce(struct conform *c)
{
	struct fn_coalesce coalesce = { .sz = sizeof(coalesce) };

	return fn_dev_get_coalesce(c->dev, &coalesce);
}

static int set_coalesce(struct conform *c)
{
	const struct fn_coalesce coalesce = { .sz = sizeof(coalesce) };

	return fn_dev_set_coalesce(c->dev, &coalesce);
}

static int get_link_conf(struct conform *c)
{
	struct fn_link_conf conf = { .sz = sizeof(conf) };

	return fn_dev_get_link_conf(c->dev, &conf);
}

static int set_link_conf(struct conform *c)
{
	const struct fn_link_conf conf = { .sz = sizeof(conf) };

	return fn_dev_set_link_conf(c->dev, &conf);
}

static int set_pause(struct conform *c)
{
	const struct fn_link_conf conf = { .sz = sizeof(conf), .rx_pause = true };

	return fn_dev_set_link_conf(c->dev, &conf);
}

static int identify_on(struct conform *c)
{
	return fn_dev_identify(c->dev, true);
}

static int identify_off(struct conform *c)
{
	return fn_dev_identify(c->dev, false);
}

static int read_regs(struct conform *c)
{
	uint32_t value;

	return fn_dev_read_regs(c->dev, &value, 1);
}

/* Of what does not disturb a started device. */
static int selftest(struct conform *c)
{
	struct fn_selftest t = { .sz = sizeof(t), .tests = 1u << FN_SELFTEST_LINK };

	return fn_dev_selftest(c->dev, &t);
}

static int phy_read(struct conform *c)
{
	uint16_t value;

	return fn_dev_phy_read(c->dev, 2, &value);
}

static int phy_write(struct conform *c)
{
	return fn_dev_phy_write(c->dev, 4, 0x0101);
}

static int nvm_read(struct conform *c)
{
	uint16_t word;

	return fn_dev_nvm_read(c->dev, 0, &word, 1);
}

const struct cap_call cap_calls[] = {
	{ FN_CAP_SET_MAC, set_mac },
	{ FN_CAP_PROMISC, set_promisc },
	{ FN_CAP_ALLMULTI, set_allmulti },
	{ FN_CAP_MAC_FILTERS, set_mac_filters },
	{ FN_CAP_RSS, set_rss },
	{ FN_CAP_COALESCE, get_coalesce },
	{ FN_CAP_COALESCE, set_coalesce },
	{ FN_CAP_LINK_CONF, get_link_conf },
	{ FN_CAP_LINK_CONF, set_link_conf },
	{ FN_CAP_PAUSE, set_pause },
	{ FN_CAP_IDENTIFY, identify_on },
	{ FN_CAP_IDENTIFY, identify_off },
	{ FN_CAP_REGS, read_regs },
	{ FN_CAP_SELFTEST, selftest },
	{ FN_CAP_PHY, phy_read },
	{ FN_CAP_PHY, phy_write },
	{ FN_CAP_NVM, nvm_read },
	{ 0, NULL },
};

void cap_call_expect(struct conform *c, const struct cap_call *call, int want)
{
	const char *name = fn_cap_name((unsigned)__builtin_ctzll(call->cap));

	conform_check_ret(c, __FILE__, __LINE__, name, call->call(c), want);
}
