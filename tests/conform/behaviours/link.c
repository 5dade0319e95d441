// SPDX-License-Identifier: BSD-3-Clause
/* The link: down and up again, with an event each time. */
#include <poll.h>

#include "conform/conform.h"

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

BEHAVIOUR(link_told, 0, "The link of a running device with a cable is up, with a speed or none.");
static void link_told(struct conform *c)
{
	struct fn_link link = { .sz = sizeof(link) };

	port_start(c, (struct fn_dev_conf){ 0 });
	check_ok(fn_dev_link(c->dev, &link));
	check(link.up);
	check(link.speed_mbps == 0 || link.speed_mbps >= 10);
}

BEHAVIOUR(announce, NEED_ANNOUNCE | NEED_LINK,
	  "A device that is asked to announce itself tells the application by an event, once.");
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
	/* The device was told that it is done: nothing else makes it ask again. */
	c->place->ops->link(c, false);
	wait_until(link_event(c, false));
	c->place->ops->link(c, true);
	wait_until(link_event(c, true));
	check_eq(c->events[FN_EVENT_ANNOUNCE], 2);
	/* Whoever asked may have sent something in the device's name. */
	wire_discard(c);
	check_passes(c);
}

const struct behaviour *const link_behaviours[] = {
	&behaviour_link_down_up, &behaviour_link_down_at_start, &behaviour_stop_without_link,
	&behaviour_link_told,    &behaviour_announce,           NULL,
};
