// SPDX-License-Identifier: BSD-3-Clause
/* A device that vanishes, is asked back, or fails: said by status, by calls and by an event. */
#include "conform/conform.h"

static bool gone(struct conform *c)
{
	struct fn_link link = { .sz = sizeof(link) };
	const int ret = fn_dev_get_link(c->dev, &link);

	port_events(c);
	return ret == -ENODEV;
}

/* All that is left of it: statuses, refusals, and an event that comes once. */
static void check_gone(struct conform *c)
{
	struct fn_pkt *pkt = NULL;
	uint64_t values[FN_RX_COUNTERS];

	wait_until((port_events(c), c->events[FN_EVENT_GONE] == 1));
	check(c->last_event.dev == c->dev);
	port_info(c);
	check_eq(c->info.status, -ENODEV);
	check_eq(fn_rxq_status(c->rx), -ENODEV);
	check_eq(fn_txq_status(c->tx), -ENODEV);
	check_eq(fn_rx_burst(c->rx, &pkt, 1), 0);
	pkt = pkt_frame(c, 0, 100);
	check_eq(fn_tx_burst(c->tx, &pkt, 1), 0);
	fn_pkt_free(pkt);
	(void)fn_tx_reclaim(c->tx);
	check_ret(fn_rxq_arm(c->rx), -ENODEV);
	check_ret(fn_txq_arm(c->tx), -ENODEV);
	fn_rxq_disarm(c->rx);
	(void)fn_rxq_pending(c->rx);
	check_ret(fn_dev_reset(c->dev), -ENODEV);
	(void)fn_rxq_counters(c->rx, values, FN_RX_COUNTERS);
	conform_wait_ns(c, CONFORM_QUIET_NS);
	port_events(c);
	check_eq(c->events[FN_EVENT_GONE], 1);
}

BEHAVIOUR(unplugged, NEED_UNPLUG,
	  "A device that is pulled in mid-traffic is -ENODEV by status and by calls, raises one "
	  "event, and closes with every packet back.");
static void unplugged(struct conform *c)
{
	struct fn_dev *dev;

	port_start(c, (struct fn_dev_conf){ .tx_ring = 64 });
	check_passes(c);
	wire_send_stream(c, 0, 10, 100);
	tx_send_stream(c, c->tx, 0, 10, 100);
	c->place->ops->unplug(c);
	for (unsigned i = 0; i < 200; i++) {
		struct fn_pkt *pkt = pkt_frame(c, i, 100);

		if (fn_tx_burst(c->tx, &pkt, 1) != 1)
			fn_pkt_free(pkt);
		if (fn_rx_burst(c->rx, &pkt, 1) == 1)
			fn_pkt_free(pkt);
	}
	wait_until(gone(c));
	check_gone(c);
	(void)fn_dev_stop(c->dev);
	check_eq(pool_info(c).outside, 0);
	dev = c->dev;
	c->dev = NULL;
	(void)fn_dev_close(dev);
	check_eq(pool_info(c).outside, 0);
}

BEHAVIOUR(unplugged_close, NEED_UNPLUG,
	  "A device that is pulled and closed at once, without anybody having looked, gives "
	  "everything back.");
static void unplugged_close(struct conform *c)
{
	struct fn_dev *dev;

	port_start(c, (struct fn_dev_conf){ 0 });
	tx_send_stream(c, c->tx, 0, 10, 100);
	c->place->ops->unplug(c);
	dev = c->dev;
	c->dev = NULL;
	(void)fn_dev_close(dev);
	check_eq(pool_info(c).outside, 0);
}

/* What the device could do it cannot do any more. */
static void calls_find_it_gone(struct conform *c)
{
	for (const struct cap_call *call = cap_calls; call->call; call++)
		if (c->info.caps & call->cap)
			cap_call_expect(c, call, -ENODEV);
}

BEHAVIOUR(unplugged_calls, NEED_UNPLUG,
	  "Of a device that is gone every call that needs it is -ENODEV, and none hangs.");
static void unplugged_calls(struct conform *c)
{
	struct fn_dev *dev;

	port_start(c, (struct fn_dev_conf){ 0 });
	c->place->ops->unplug(c);
	wait_until(gone(c));
	calls_find_it_gone(c);
	(void)fn_dev_stop(c->dev);
	calls_find_it_gone(c);
	check_ret(fn_dev_start(c->dev), -ENODEV);
	check_ret(fn_dev_set_mtu(c->dev, 1000), -ENODEV);
	check_ret(port_configure(c, (struct fn_dev_conf){ 0 }), -ENODEV);
	check_ret(fn_dev_reset(c->dev), -ENODEV);
	dev = c->dev;
	c->dev = NULL;
	(void)fn_dev_close(dev);
}

static bool released(struct conform *c)
{
	port_events(c);
	return c->events[FN_EVENT_RELEASE_REQUESTED] != 0;
}

BEHAVIOUR(release_requested, NEED_RELEASE,
	  "A device that the kernel asks back raises an event and says -ENODEV, its memory "
	  "stays until it is closed, and close gives it back.");
static void release_requested(struct conform *c)
{
	port_start(c, (struct fn_dev_conf){ 0 });
	check_passes(c);
	c->place->ops->release(c);
	wait_until(released(c));
	check(c->last_event.dev == c->dev);
	port_info(c);
	check_eq(c->info.status, -ENODEV);
	check_eq(fn_rxq_status(c->rx), -ENODEV);
	check_eq(fn_txq_status(c->tx), -ENODEV);
	/* What was on its way comes in, nothing crashes. */
	wire_send_stream(c, 5, 1, 100);
	rx_expect_stream(c, c->rx, 5, 1, 100);
	check_ret(fn_dev_reset(c->dev), -ENODEV);
}

static bool errored(struct conform *c)
{
	port_events(c);
	return c->events[FN_EVENT_DEVICE_ERROR] != 0 || c->events[FN_EVENT_GONE] != 0;
}

BEHAVIOUR(device_error, NEED_ERROR,
	  "An error of the bus is told by an event, the device says so, and it can be reset or "
	  "closed.");
static void device_error(struct conform *c)
{
	port_start(c, (struct fn_dev_conf){ 0 });
	check_passes(c);
	c->place->ops->error(c);
	wait_until(errored(c));
	port_info(c);
	check(c->info.status != 0);
	check(fn_rxq_status(c->rx) != 0 && fn_txq_status(c->tx) != 0);
	if (c->info.status == -EIO) {
		check_ok(fn_dev_reset(c->dev));
		wait_until(port_link_up(c));
		port_info(c);
		check_eq(c->info.status, 0);
		check_passes(c);
	}
}

const struct behaviour *const gone_behaviours[] = {
	&behaviour_unplugged,         &behaviour_unplugged_close, &behaviour_unplugged_calls,
	&behaviour_release_requested, &behaviour_device_error,    NULL,
};
