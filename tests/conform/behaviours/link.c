// SPDX-License-Identifier: BSD-3-Clause
/* The link: down and up again, with an event each time. */
#include <poll.h>

#include "conform/conform.h"

struct mode {
	uint32_t bit;
	uint32_t speed_mbps;
	bool full_duplex;
};

/* The least first. */
static const struct mode modes[] = {
	{ FN_LINK_10_HALF, 10, false },      { FN_LINK_10_FULL, 10, true },
	{ FN_LINK_100_HALF, 100, false },    { FN_LINK_100_FULL, 100, true },
	{ FN_LINK_1000_HALF, 1000, false },  { FN_LINK_1000_FULL, 1000, true },
	{ FN_LINK_2500_FULL, 2500, true },   { FN_LINK_5000_FULL, 5000, true },
	{ FN_LINK_10000_FULL, 10000, true },
};

static uint32_t mode_of(uint32_t speed_mbps, bool full_duplex)
{
	for (unsigned i = 0; i < FN_ARRAY_LEN(modes); i++)
		if (modes[i].speed_mbps == speed_mbps && modes[i].full_duplex == full_duplex)
			return modes[i].bit;
	return 0;
}

/* Wait for a link event and for the link to be so. */
static bool link_event(struct conform *c, bool up)
{
	port_events(c);
	return c->events[FN_EVENT_LINK] > 0 && port_link_up(c) == up;
}

static bool event_fd_ready(struct conform *c)
{
	struct pollfd pfd = { .fd = fn_ctx_event_fd(c->ctx), .events = POLLIN };

	return poll(&pfd, 1, 0) == 1;
}

BEHAVIOUR(link_down_up, NEED_LINK,
	  "A cable that is pulled and put in again is told by an event each time, the link "
	  "reads down and up, and frames pass again afterwards.");
static void link_down_up(struct conform *c)
{
	port_start(c, (struct fn_dev_conf){ 0 });
	check_passes(c);
	/* That it came up may be told after it reads up. */
	port_events(c);
	for (unsigned i = 0; i < 3; i++) {
		check(!event_fd_ready(c));
		c->events[FN_EVENT_LINK] = 0;
		c->place->ops->link(c, false);
		wait_until(event_fd_ready(c));
		wait_until(link_event(c, false));
		check(c->last_event.dev == c->dev);
		check_eq(fn_rxq_status(c->rx), 0);
		check_eq(fn_txq_status(c->tx), 0);
		c->events[FN_EVENT_LINK] = 0;
		c->place->ops->link(c, true);
		wait_until(event_fd_ready(c));
		wait_until(link_event(c, true));
		check_passes(c);
		port_events(c);
	}
}

BEHAVIOUR(link_down_at_start, NEED_LINK,
	  "A device without a cable starts, says that its link is down, and passes frames once "
	  "it is there.");
static void link_down_at_start(struct conform *c)
{
	port_open(c);
	c->place->ops->link(c, false);
	check_ok(port_configure(c, (struct fn_dev_conf){ 0 }));
	check_ok(fn_dev_start(c->dev));
	c->rx = fn_dev_rxq(c->dev, 0);
	c->tx = fn_dev_txq(c->dev, 0);
	wait_until(!port_link_up(c));
	conform_wait_ns(c, CONFORM_QUIET_NS);
	check(!port_link_up(c));
	c->place->ops->link(c, true);
	wait_until(link_event(c, true));
	check_passes(c);
}

BEHAVIOUR(stop_without_link, NEED_LINK,
	  "Stop and close complete with packets queued on a link that is down, and all come "
	  "back.");
static void stop_without_link(struct conform *c)
{
	port_start(c, (struct fn_dev_conf){ .tx_ring = 32, .stop_drain_ns = 20000000 });
	c->place->ops->link(c, false);
	wait_until(link_event(c, false));
	for (unsigned i = 0; i < 20; i++) {
		struct fn_pkt *pkt = pkt_frame(c, i, 100);

		if (fn_tx_burst(c->tx, &pkt, 1) != 1)
			fn_pkt_free(pkt);
	}
	check_ok(fn_dev_stop(c->dev));
	check_eq(pool_info(c).outside, 0);
}

BEHAVIOUR(link_told, 0,
	  "The link of a running device with a cable is up, with a speed and a duplex that its "
	  "device has, or no speed.");
static void link_told(struct conform *c)
{
	struct fn_link link = { .sz = sizeof(link) };

	port_start(c, (struct fn_dev_conf){ 0 });
	check_ok(fn_dev_get_link(c->dev, &link));
	check(link.up);
	check(link.speed_mbps == 0 || link.speed_mbps >= 10);
	if (c->info.link_modes)
		check(c->info.link_modes & mode_of(link.speed_mbps, link.full_duplex));
	if (c->info.caps & FN_CAP_LINK_CONF)
		check(link.autoneg);
	/* Nobody asked for it. */
	check(!link.rx_pause && !link.tx_pause);
}

static void set_link(struct conform *c, struct fn_link_conf conf)
{
	conf.sz = sizeof(conf);
	conf.err = &c->err;
	check_ok(fn_dev_set_link_conf(c->dev, &conf));
}

/* The link is up, and so. */
static bool link_is(struct conform *c, uint32_t speed_mbps, bool full_duplex, bool autoneg)
{
	struct fn_link link = { .sz = sizeof(link) };

	port_events(c);
	check_ok(fn_dev_get_link(c->dev, &link));
	return link.up && link.speed_mbps == speed_mbps && link.full_duplex == full_duplex &&
	       link.autoneg == autoneg;
}

/* Each mode that the device can be forced to, one way and over a reset or a start. */
static void force_each(struct conform *c, bool again)
{
	struct fn_link before = { .sz = sizeof(before) };

	need_cap(c, FN_CAP_LINK_CONF);
	port_start(c, (struct fn_dev_conf){ 0 });
	check_ok(fn_dev_get_link(c->dev, &before));
	for (unsigned i = 0; i < FN_ARRAY_LEN(modes); i++) {
		const struct mode *m = &modes[i];

		if (!(c->info.link_forced_modes & m->bit))
			continue;
		set_link(c, (struct fn_link_conf){ .forced = true,
						   .speed_mbps = m->speed_mbps,
						   .full_duplex = m->full_duplex });
		wait_until(link_is(c, m->speed_mbps, m->full_duplex, false));
		check_passes(c);
		if (!again)
			continue;
		if (i % 2)
			check_ok(fn_dev_reset(c->dev));
		else
			port_restart(c, (struct fn_dev_conf){ 0 });
		wait_until(link_is(c, m->speed_mbps, m->full_duplex, false));
		check_passes(c);
	}
	set_link(c, (struct fn_link_conf){ 0 });
	wait_until(link_is(c, before.speed_mbps, before.full_duplex, before.autoneg));
	check_passes(c);
}

BEHAVIOUR(link_forced, 0,
	  "A link that is forced comes up with the speed and the duplex that it was told, each "
	  "that the device has, and negotiates again when told so.");
static void link_forced(struct conform *c)
{
	force_each(c, false);
}

BEHAVIOUR(link_forced_kept, NEED_PARTNER,
	  "A link stays forced over a reset, and a stop and a start.");
static void link_forced_kept(struct conform *c)
{
	force_each(c, true);
}

BEHAVIOUR(link_advertised, NEED_PARTNER,
	  "A link comes up with the best of what it was told to offer, and of all that the device "
	  "has when it was told nothing.");
static void link_advertised(struct conform *c)
{
	uint32_t best = 0;

	need_cap(c, FN_CAP_LINK_CONF);
	port_start(c, (struct fn_dev_conf){ 0 });
	for (unsigned i = 0; i < FN_ARRAY_LEN(modes); i++) {
		const struct mode *m = &modes[i];

		if (!(c->info.link_modes & m->bit))
			continue;
		best |= m->bit;
		/* Alone, and with all that is less. */
		set_link(c, (struct fn_link_conf){ .advertise = m->bit });
		wait_until(link_is(c, m->speed_mbps, m->full_duplex, true));
		check_passes(c);
		set_link(c, (struct fn_link_conf){ .advertise = best });
		wait_until(link_is(c, m->speed_mbps, m->full_duplex, true));
	}
	check_ok(fn_dev_stop(c->dev));
	set_link(c, (struct fn_link_conf){ .advertise = modes[1].bit });
	check_ok(fn_dev_start(c->dev));
	wait_until(link_is(c, modes[1].speed_mbps, modes[1].full_duplex, true));
	check_passes(c);
}

BEHAVIOUR(link_conf_kept, 0,
	  "How the link comes about reads back as it was set, in every state, and what is refused "
	  "changes nothing.");
static void link_conf_kept(struct conform *c)
{
	struct fn_link_conf set = { .sz = sizeof(set), .err = &c->err };
	struct fn_link_conf got = { .sz = sizeof(got) };
	const struct fn_link_conf wrong[] = {
		{ .forced = true, .speed_mbps = 0 },
		{ .forced = true, .speed_mbps = 123 },
		{ .forced = true, .speed_mbps = 100, .advertise = FN_LINK_100_FULL },
		{ .speed_mbps = 100 },
		{ .advertise = 1u << 31 },
	};

	need_cap(c, FN_CAP_LINK_CONF);
	check_ok(fn_dev_get_link_conf(c->dev, &got));
	check_eq(got.advertise, c->info.link_modes);
	check(!got.forced && !got.rx_pause && !got.tx_pause);
	set.advertise = c->info.link_modes & (0u - c->info.link_modes);
	check_ok(fn_dev_set_link_conf(c->dev, &set));
	for (unsigned i = 0; i < 3; i++) {
		for (unsigned k = 0; k < FN_ARRAY_LEN(wrong); k++) {
			struct fn_link_conf bad = wrong[k];

			bad.sz = sizeof(bad);
			check_ret(fn_dev_set_link_conf(c->dev, &bad), -EINVAL);
		}
		check_ok(fn_dev_get_link_conf(c->dev, &got));
		check_eq(got.advertise, set.advertise);
		check(!got.forced);
		if (i == 0)
			port_start(c, (struct fn_dev_conf){ 0 });
		else
			check_ok(fn_dev_stop(c->dev));
	}
	/* What it does not have, by name; half duplex at the highest speed is hardly anybody's. */
	for (unsigned i = 0; i < FN_ARRAY_LEN(modes); i++) {
		struct fn_link_conf missing = { .sz = sizeof(missing), .advertise = modes[i].bit };

		if (!(c->info.link_modes & modes[i].bit))
			check_ret(fn_dev_set_link_conf(c->dev, &missing), -ENOTSUP);
		missing = (struct fn_link_conf){ .sz = sizeof(missing),
						 .forced = true,
						 .speed_mbps = modes[i].speed_mbps,
						 .full_duplex = modes[i].full_duplex };
		if (!(c->info.link_forced_modes & modes[i].bit))
			check_ret(fn_dev_set_link_conf(c->dev, &missing), -ENOTSUP);
	}
	check_ok(fn_dev_get_link_conf(c->dev, &got));
	check_eq(got.advertise, set.advertise);
	if (c->info.caps & FN_CAP_PAUSE)
		return;
	set.rx_pause = true;
	check_ret(fn_dev_set_link_conf(c->dev, &set), -ENOTSUP);
}

static bool pause_is(struct conform *c, const struct fn_link_conf *want)
{
	struct fn_link link = { .sz = sizeof(link) };

	port_events(c);
	check_ok(fn_dev_get_link(c->dev, &link));
	check(want->rx_pause || !link.rx_pause);
	check(want->tx_pause || !link.tx_pause);
	return link.up && (!want->pause_forced ||
			   (link.rx_pause == want->rx_pause && link.tx_pause == want->tx_pause));
}

BEHAVIOUR(pause_told, 0,
	  "Flow control that is forced holds and is told as such; that which is offered is told as "
	  "it was agreed on, and never more than was asked for; frames pass in any case.");
static void pause_told(struct conform *c)
{
	struct fn_link_conf got = { .sz = sizeof(got) };

	need_cap(c, FN_CAP_PAUSE);
	port_start(c, (struct fn_dev_conf){ 0 });
	for (unsigned i = 0; i < 8; i++) {
		const struct fn_link_conf want = { .rx_pause = i & 1,
						   .tx_pause = (i & 2) != 0,
						   .pause_forced = (i & 4) != 0 };

		set_link(c, want);
		wait_until(pause_is(c, &want));
		check_ok(fn_dev_get_link_conf(c->dev, &got));
		check(got.rx_pause == want.rx_pause && got.tx_pause == want.tx_pause &&
		      got.pause_forced == want.pause_forced);
		check_passes(c);
	}
}

/* 802.3 31B: no frame for so many times 512 bits. */
static void send_pause(struct conform *c, uint16_t quanta)
{
	uint8_t frame[60] = { 0x01, 0x80, 0xc2, 0x00, 0x00, 0x01 };

	memcpy(frame + 6, peer_mac, 6);
	put16(frame + 12, 0x8808);
	put16(frame + 14, 1);
	put16(frame + 16, quanta);
	wire_send(c, frame, sizeof(frame));
}

static bool pauses(struct conform *c, bool rx)
{
	struct fn_link link = { .sz = sizeof(link) };

	port_events(c);
	check_ok(fn_dev_get_link(c->dev, &link));
	return link.up && link.rx_pause == rx;
}

BEHAVIOUR(pause_heeded, NEED_PARTNER,
	  "A port that was told to heed pause frames sends nothing while it is asked not to, and "
	  "goes on then; one that was not goes on sending, and no such frame comes in.");
static void pause_heeded(struct conform *c)
{
	need_cap(c, FN_CAP_PAUSE);
	port_start(c, (struct fn_dev_conf){ 0 });
	send_pause(c, 0xffff);
	rx_expect_none(c, c->rx);
	check_passes(c);
	for (unsigned forced = 0; forced < 2; forced++) {
		set_link(c, (struct fn_link_conf){ .rx_pause = true, .pause_forced = forced });
		wait_until(pauses(c, true));
		check_passes(c);
		/* Some 33 ms at 1 Gbit/s; and not longer than asked for, without another word. */
		send_pause(c, 0xffff);
		rx_expect_none(c, c->rx);
		send_pause(c, 0xffff);
		conform_wait(c);
		tx_send_stream(c, c->tx, 5, 3, 100);
		wire_expect_none(c);
		wire_expect_stream(c, 5, 3, 100);
		send_pause(c, 0xffff);
		conform_wait(c);
		tx_send_stream(c, c->tx, 8, 3, 100);
		wire_expect_none(c);
		send_pause(c, 0);
		wire_expect_stream(c, 8, 3, 100);
	}
	set_link(c, (struct fn_link_conf){ 0 });
	wait_until(pauses(c, false));
	send_pause(c, 0xffff);
	conform_wait(c);
	check_passes(c);
}

BEHAVIOUR(announce, NEED_ANNOUNCE | NEED_LINK,
	  "A device that is asked to announce itself tells the application by an event, once, and "
	  "is answered: what the device tells next does not repeat it.");
static void announce(struct conform *c)
{
	port_start(c, (struct fn_dev_conf){ 0 });
	for (unsigned i = 1; i < 3; i++) {
		c->place->ops->announce(c);
		wait_until((port_events(c), c->events[FN_EVENT_ANNOUNCE] >= i));
		conform_wait_ns(c, CONFORM_QUIET_NS);
		port_events(c);
		check_eq(c->events[FN_EVENT_ANNOUNCE], i);
	}
	c->events[FN_EVENT_LINK] = 0;
	c->place->ops->link(c, false);
	wait_until(link_event(c, false));
	c->place->ops->link(c, true);
	wait_until(link_event(c, true));
	conform_wait_ns(c, CONFORM_QUIET_NS);
	port_events(c);
	check_eq(c->events[FN_EVENT_ANNOUNCE], 2);
	/* Whoever asked may have sent something in the device's name. */
	(void)wire_discard(c);
	check_passes(c);
}

const struct behaviour *const link_behaviours[] = {
	&behaviour_link_down_up,    &behaviour_link_down_at_start, &behaviour_stop_without_link,
	&behaviour_link_told,       &behaviour_link_forced,        &behaviour_link_forced_kept,
	&behaviour_link_advertised, &behaviour_link_conf_kept,     &behaviour_pause_told,
	&behaviour_pause_heeded,    &behaviour_announce,           NULL,
};
