// SPDX-License-Identifier: BSD-3-Clause
/* What an application asks of a device that lies, and tells it, beside starting it: at random. */
#include "dev/dev.h"
#include "fuzz/hostile.h"

static void set_filters(struct hostile *h)
{
	static const uint8_t macs[2][6] = { { 2, 0, 0, 0, 0, 1 }, { 1, 0, 0x5e, 0, 0, 1 } };

	switch (hostile_below(h, 5)) {
	case 0:
		(void)KNOWN(fn_dev_set_mac(h->dev, macs[0]));
		break;
	case 1:
		(void)KNOWN(fn_dev_set_promisc(h->dev, hostile_below(h, 2)));
		break;
	case 2:
		(void)KNOWN(fn_dev_set_allmulti(h->dev, hostile_below(h, 2)));
		break;
	case 3:
		(void)KNOWN(fn_dev_set_mac_filters(h->dev, macs, hostile_below(h, 3)));
		break;
	default:
		if (hostile_below(h, 2))
			(void)KNOWN(fn_dev_add_vlan(h->dev, (uint16_t)hostile_below(h, 4096)));
		else
			(void)KNOWN(fn_dev_del_vlan(h->dev, (uint16_t)hostile_below(h, 4)));
		break;
	}
}

static void set_steering(struct hostile *h)
{
	struct fn_rss rss = { .sz = sizeof(rss) };
	struct fn_coalesce c = { .sz = sizeof(c), .rx_delay_ns = FN_US(50) };

	if (hostile_below(h, 2)) {
		(void)KNOWN(fn_dev_set_coalesce(h->dev, &c));
	} else if (!KNOWN(fn_dev_get_rss(h->dev, &rss))) {
		rss.types &= (uint32_t)hostile_random(h);
		for (unsigned i = 0; h->rxqs && i < rss.reta_entries; i++)
			rss.reta[i] = (uint16_t)hostile_below(h, h->rxqs);
		(void)KNOWN(fn_dev_set_rss(h->dev, &rss));
	}
}

/* How the link comes about; and the port's body, where there is one. */
static void set_link(struct hostile *h)
{
	struct fn_link_conf conf = { .sz = sizeof(conf) };

	if (KNOWN(fn_dev_get_link_conf(h->dev, &conf)))
		return;
	conf.forced = !hostile_below(h, 3);
	conf.full_duplex = conf.forced && hostile_below(h, 2);
	conf.speed_mbps = conf.forced ? (hostile_below(h, 2) ? 100 : 10) : 0;
	conf.advertise = conf.forced || hostile_below(h, 2) ? 0 : 1u << hostile_below(h, 6);
	conf.rx_pause = hostile_below(h, 2);
	conf.tx_pause = hostile_below(h, 2);
	conf.pause_forced = !hostile_below(h, 4);
	(void)KNOWN(fn_dev_set_link_conf(h->dev, &conf));
}

static void body(struct hostile *h)
{
	uint32_t regs[256];
	uint16_t words[16];

	switch (hostile_below(h, 5)) {
	case 0:
		(void)KNOWN(fn_dev_identify(h->dev, hostile_below(h, 2)));
		break;
	case 1:
		(void)KNOWN(fn_dev_phy_read(h->dev, hostile_below(h, 33), words));
		break;
	case 2:
		(void)KNOWN(fn_dev_phy_write(h->dev, hostile_below(h, 2) ? 0 : 4,
					     (uint16_t)hostile_random(h)));
		break;
	case 3:
		(void)KNOWN(fn_dev_nvm_read(h->dev, hostile_below(h, 64), words,
					    1 + hostile_below(h, FN_ARRAY_LEN(words))));
		break;
	default:
		(void)KNOWN(fn_dev_read_regs(h->dev, regs, FN_ARRAY_LEN(regs)));
		break;
	}
}

static void selftest(struct hostile *h)
{
	struct fn_selftest t = { .sz = sizeof(t) };

	if (hostile_below(h, 4))
		t.tests = 1u << hostile_below(h, FN_SELFTESTS);
	(void)KNOWN(fn_dev_selftest(h->dev, &t));
	hostile_note(h, t.failed);
	hostile_app_look(h);
	if (!h->started)
		hostile_pkts_whole(h, "tested");
}

static void ask(struct hostile *h)
{
	struct fn_link link = { .sz = sizeof(link) };
	uint64_t counters[FN_DEV_COUNTERS];

	(void)KNOWN(fn_dev_get_link(h->dev, &link));
	hostile_note(h, fn_dev_counters(h->dev, counters, FN_DEV_COUNTERS));
	hostile_note(h, (uint64_t)fn_ctx_process_events(h->ctx));
}

void hostile_ctrl(struct hostile *h)
{
	static void (*const deeds[])(struct hostile *) = { ask,          ask,      set_filters,
							   set_steering, set_link, body,
							   selftest };

	deeds[hostile_below(h, FN_ARRAY_LEN(deeds))](h);
	hostile_app_look(h);
}
