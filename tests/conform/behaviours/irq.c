// SPDX-License-Identifier: BSD-3-Clause
/* Interrupts: one a queue, shared, once for each time that it was asked for, and held back. */
#include "conform/conform.h"

static void no_signal(struct conform *c, int fd, int line)
{
	uint64_t n;

	conform_wait_ns(c, CONFORM_QUIET_NS);
	n = irq_signals(fd);
	if (n)
		conform_fail(c, __FILE__, line, "an interrupt that nobody asked for");
}

#define expect_no_signal(c, fd) no_signal(c, fd, __LINE__)

/*
 * A device may signal the first frame after a start to be sure, as QEMU's virtio does, which has
 * not seen the driver's wish then: one frame each way goes ahead on every queue.
 */
static void irq_start(struct conform *c, struct fn_dev_conf conf)
{
	port_start(c, conf);
	check(fn_rxq_event_fd(c->rx) >= 0);
	check_passes(c);
	for (unsigned i = 0; i < c->info.txqs; i++) {
		struct fn_txq *q = fn_dev_txq(c->dev, i);

		tx_send_stream(c, q, i, 1, 100);
		wire_expect_stream(c, i, 1, 100);
	}
	/* What is on the wire may come back later. */
	conform_wait_ns(c, CONFORM_QUIET_NS);
	(void)irq_signals(fn_rxq_event_fd(c->rx));
	for (unsigned i = 0; i < c->info.txqs; i++) {
		struct fn_txq *q = fn_dev_txq(c->dev, i);

		(void)fn_tx_reclaim(q);
		if (fn_txq_event_fd(q) >= 0)
			(void)irq_signals(fn_txq_event_fd(q));
	}
}

BEHAVIOUR(irq_rx, 0,
	  "An armed receive queue signals its descriptor at the next frame, and one that was "
	  "not armed or was disarmed does not.");
static void irq_rx(struct conform *c)
{
	int fd;

	irq_start(c, (struct fn_dev_conf){ 0 });
	fd = fn_rxq_event_fd(c->rx);
	wire_send_stream(c, 0, 1, 100);
	rx_expect_stream(c, c->rx, 0, 1, 100);
	expect_no_signal(c, fd);
	for (unsigned i = 0; i < 5; i++) {
		check_ok(fn_rxq_arm(c->rx));
		check(!fn_rxq_pending(c->rx));
		expect_no_signal(c, fd);
		wire_send_stream(c, i, 1, 100);
		irq_expect(c, fd);
		check(fn_rxq_pending(c->rx));
		rx_expect_stream(c, c->rx, i, 1, 100);
		check(!fn_rxq_pending(c->rx));
	}
	check_ok(fn_rxq_arm(c->rx));
	fn_rxq_disarm(c->rx);
	/* That may still be on its way to the device; what reads the device makes it arrive. */
	check(port_link_up(c));
	(void)irq_signals(fd);
	wire_send_stream(c, 9, 1, 100);
	rx_expect_stream(c, c->rx, 9, 1, 100);
	expect_no_signal(c, fd);
}

BEHAVIOUR(irq_rx_before_arm, 0,
	  "A frame that came before the queue was armed is not announced, and pending says that "
	  "it is there: nobody sleeps on it.");
static void irq_rx_before_arm(struct conform *c)
{
	irq_start(c, (struct fn_dev_conf){ 0 });
	for (unsigned i = 0; i < 20; i++) {
		wire_send_stream(c, i, 1, 100);
		wait_until(fn_rxq_pending(c->rx));
		check_ok(fn_rxq_arm(c->rx));
		check(fn_rxq_pending(c->rx));
		rx_expect_stream(c, c->rx, i, 1, 100);
	}
}

BEHAVIOUR(irq_tx, 0,
	  "An armed transmit queue signals its descriptor when a packet is finished, and "
	  "pending says that one waits to be reclaimed.");
static void irq_tx(struct conform *c)
{
	int fd;

	irq_start(c, (struct fn_dev_conf){ 0 });
	fd = fn_txq_event_fd(c->tx);
	check(fd >= 0);
	for (unsigned i = 0; i < 5; i++) {
		(void)fn_tx_reclaim(c->tx);
		(void)irq_signals(fd);
		check(!fn_txq_pending(c->tx));
		check_ok(fn_txq_arm(c->tx));
		tx_send_stream(c, c->tx, i, 1, 100);
		wire_expect_stream(c, i, 1, 100);
		wait_until(fn_txq_pending(c->tx));
		irq_expect(c, fd);
		check(fn_tx_reclaim(c->tx) >= 1);
	}
	fn_txq_disarm(c->tx);
	check(port_link_up(c));
	(void)irq_signals(fd);
	tx_send_stream(c, c->tx, 9, 1, 100);
	wire_expect_stream(c, 9, 1, 100);
	expect_no_signal(c, fd);
}

BEHAVIOUR(irq_once, NEED_AUTOMASK,
	  "An armed queue interrupts once and masks itself: the frames behind the first are not "
	  "announced before it is armed again.");
static void irq_once(struct conform *c)
{
	int fd;

	irq_start(c, (struct fn_dev_conf){ 0 });
	fd = fn_rxq_event_fd(c->rx);
	for (unsigned lap = 0; lap < 3; lap++) {
		check_ok(fn_rxq_arm(c->rx));
		wire_send_stream(c, 0, 1, 100);
		irq_expect(c, fd);
		for (unsigned i = 1; i < 6; i++) {
			wire_send_stream(c, i, 1, 100);
			conform_wait_ns(c, CONFORM_QUIET_NS / 10);
		}
		expect_no_signal(c, fd);
		rx_expect_stream(c, c->rx, 0, 6, 100);
	}
}

BEHAVIOUR(irq_own_vector, NEED_QUEUES,
	  "By default each queue has a vector of its own while there are enough, and its frames "
	  "signal it alone.");
static void irq_own_vector(struct conform *c)
{
	struct fn_txq *tx[2];

	need_queues(c, 2, 2);
	if (c->info.vectors < 4)
		conform_skip(c, "the device has %u vectors", c->info.vectors);
	irq_start(c, (struct fn_dev_conf){ .rxqs = 2, .txqs = 2 });
	for (unsigned i = 0; i < 2; i++) {
		tx[i] = fn_dev_txq(c->dev, i);
		check(fn_rxq_event_fd(fn_dev_rxq(c->dev, i)) !=
		      fn_rxq_event_fd(fn_dev_rxq(c->dev, 1 - i)));
		for (unsigned j = 0; j < 2; j++)
			check(fn_txq_event_fd(tx[i]) != fn_rxq_event_fd(fn_dev_rxq(c->dev, j)));
	}
	check(fn_txq_event_fd(tx[0]) != fn_txq_event_fd(tx[1]));
	for (unsigned i = 0; i < 2; i++) {
		(void)fn_tx_reclaim(tx[i]);
		check_ok(fn_txq_arm(tx[0]));
		check_ok(fn_txq_arm(tx[1]));
		tx_send_stream(c, tx[i], i, 1, 100);
		wire_expect_stream(c, i, 1, 100);
		irq_expect(c, fn_txq_event_fd(tx[i]));
		expect_no_signal(c, fn_txq_event_fd(tx[1 - i]));
		expect_no_signal(c, fn_rxq_event_fd(c->rx));
	}
}

BEHAVIOUR(irq_shared, 0,
	  "Queues on one vector share its descriptor, and either of them signals it.");
static void irq_shared(struct conform *c)
{
	static const uint16_t zero;
	int fd;

	irq_start(c, (struct fn_dev_conf){ .rx_vectors = &zero, .tx_vectors = &zero });
	fd = fn_rxq_event_fd(c->rx);
	check_eq(fn_txq_event_fd(c->tx), fd);
	check_ok(fn_rxq_arm(c->rx));
	wire_send_stream(c, 0, 1, 100);
	irq_expect(c, fd);
	rx_expect_stream(c, c->rx, 0, 1, 100);
	fn_rxq_disarm(c->rx);
	(void)irq_signals(fd);
	check_ok(fn_txq_arm(c->tx));
	tx_send_stream(c, c->tx, 1, 1, 100);
	wire_expect_stream(c, 1, 1, 100);
	irq_expect(c, fd);
}

BEHAVIOUR(irq_vectors_all, NEED_QUEUES,
	  "With more queues than vectors every queue still has a descriptor, shared above, and "
	  "its interrupt arrives.");
static void irq_vectors_all(struct conform *c)
{
	struct fn_dev_conf conf = { 0 };

	port_open(c);
	conf.rxqs = c->info.max_rxqs < 8 ? c->info.max_rxqs : 8;
	conf.txqs = c->info.max_txqs < 8 ? c->info.max_txqs : 8;
	irq_start(c, conf);
	for (unsigned i = 0; i < conf.rxqs; i++)
		check(fn_rxq_event_fd(fn_dev_rxq(c->dev, i)) >= 0);
	for (unsigned i = 0; i < conf.txqs; i++) {
		struct fn_txq *q = fn_dev_txq(c->dev, i);

		check(fn_txq_event_fd(q) >= 0);
		(void)irq_signals(fn_txq_event_fd(q));
		check_ok(fn_txq_arm(q));
		tx_send_stream(c, q, i, 1, 100);
		wire_expect_stream(c, i, 1, 100);
		irq_expect(c, fn_txq_event_fd(q));
		fn_txq_disarm(q);
	}
}

BEHAVIOUR(irq_no_vector, 0,
	  "A queue without a vector has no descriptor and cannot be armed, says so, and moves "
	  "packets all the same.");
static void irq_no_vector(struct conform *c)
{
	static const uint16_t none = FN_NO_VECTOR;
	static const uint16_t zero;

	port_start(c, (struct fn_dev_conf){ .rx_vectors = &zero, .tx_vectors = &none });
	check_eq(fn_txq_event_fd(c->tx), -1);
	check_ret(fn_txq_arm(c->tx), -ENOTSUP);
	check(fn_rxq_event_fd(c->rx) >= 0);
	check_ok(fn_rxq_arm(c->rx));
	check_passes(c);
	port_restart(c, (struct fn_dev_conf){ .rx_vectors = &none, .tx_vectors = &zero });
	check_eq(fn_rxq_event_fd(c->rx), -1);
	check_ret(fn_rxq_arm(c->rx), -ENOTSUP);
	check_passes(c);
}

BEHAVIOUR(irq_stopped, 0, "A queue that is stopped is not armed, and says why.");
static void irq_stopped(struct conform *c)
{
	irq_start(c, (struct fn_dev_conf){ 0 });
	check_ok(fn_dev_stop(c->dev));
	check_ret(fn_rxq_arm(c->rx), -ENETDOWN);
	check_ret(fn_txq_arm(c->tx), -ENETDOWN);
	check(!fn_rxq_pending(c->rx) && !fn_txq_pending(c->tx));
	check_ok(fn_dev_start(c->dev));
	wait_until(port_link_up(c));
	check_ok(fn_rxq_arm(c->rx));
	wire_send_stream(c, 0, 1, 100);
	irq_expect(c, fn_rxq_event_fd(c->rx));
	rx_expect_stream(c, c->rx, 0, 1, 100);
}

BEHAVIOUR(coalesce_read_back, 0,
	  "Coalescing reads back what was set, rounded up and never down, before and after a "
	  "start and a reset, and more than the device can is refused.");
static void coalesce_read_back(struct conform *c)
{
	struct fn_coalesce set = { .sz = sizeof(set), .rx_delay_ns = 50001, .tx_delay_ns = 89999 };
	struct fn_coalesce got = { .sz = sizeof(got) };
	struct fn_coalesce more = set;

	need_cap(c, FN_CAP_COALESCE);
	check(c->info.coalesce_max_ns >= 90000);
	check_ok(fn_dev_set_coalesce(c->dev, &set));
	for (unsigned i = 0; i < 3; i++) {
		check_ok(fn_dev_get_coalesce(c->dev, &got));
		check(got.rx_delay_ns >= set.rx_delay_ns && got.rx_delay_ns < 2 * set.rx_delay_ns);
		check(got.tx_delay_ns >= set.tx_delay_ns && got.tx_delay_ns < 2 * set.tx_delay_ns);
		if (i == 0)
			port_start(c, (struct fn_dev_conf){ 0 });
		else
			check_ok(fn_dev_reset(c->dev));
	}
	more.rx_delay_ns = c->info.coalesce_max_ns + 1;
	check_ret(fn_dev_set_coalesce(c->dev, &more), -ERANGE);
	check_ok(fn_dev_get_coalesce(c->dev, &got));
	check(got.rx_delay_ns < 2 * set.rx_delay_ns);
	set.rx_delay_ns = set.tx_delay_ns = 0;
	check_ok(fn_dev_set_coalesce(c->dev, &set));
	check_ok(fn_dev_get_coalesce(c->dev, &got));
	check_eq(got.rx_delay_ns, 0);
	wait_until(port_link_up(c));
	check_passes(c);
}

#define FRAMES_DELAYED 20u

/* How long the interrupts of some frames take together. */
static uint64_t interrupts_ns(struct conform *c)
{
	uint64_t took_ns = 0;

	for (unsigned i = 0; i < FRAMES_DELAYED; i++) {
		uint64_t start_ns;

		check_ok(fn_rxq_arm(c->rx));
		start_ns = conform_now_ns(c);
		wire_send_stream(c, i, 1, 100);
		irq_expect(c, fn_rxq_event_fd(c->rx));
		took_ns += conform_now_ns(c) - start_ns;
		rx_expect_stream(c, c->rx, i, 1, 100);
	}
	return took_ns;
}

/* The shortest of some: a busy machine makes them longer, and never shorter. */
static uint64_t interrupts_least_ns(struct conform *c)
{
	uint64_t least_ns = UINT64_MAX;

	for (unsigned i = 0; i < 5; i++) {
		const uint64_t took_ns = interrupts_ns(c);

		least_ns = took_ns < least_ns ? took_ns : least_ns;
	}
	return least_ns;
}

/* As long as was asked for, and on a busy machine not much longer. */
static void check_held_back(struct conform *c, uint64_t least_ns, uint64_t most_ns)
{
	const uint64_t took_ns = interrupts_ns(c);

	check(took_ns > least_ns);
	check(took_ns < most_ns);
}

BEHAVIOUR(coalesce_holds_back, NEED_REALTIME,
	  "With a delay the interrupt of a frame comes later than without, as much as was asked "
	  "for, also after a reset and a stop and a start, and it does come.");
static void coalesce_holds_back(struct conform *c)
{
	struct fn_coalesce set = { .sz = sizeof(set) };
	uint64_t without_ns;
	uint64_t least_ns;
	uint64_t most_ns;

	need_cap(c, FN_CAP_COALESCE);
	irq_start(c, (struct fn_dev_conf){ 0 });
	check_ok(fn_dev_set_coalesce(c->dev, &set));
	without_ns = interrupts_least_ns(c);
	set.rx_delay_ns = c->info.coalesce_max_ns < 2000000 ? c->info.coalesce_max_ns : 2000000;
	check_ok(fn_dev_set_coalesce(c->dev, &set));
	/* QEMU's e1000e delays every second one. */
	least_ns = without_ns + FRAMES_DELAYED * (uint64_t)set.rx_delay_ns / 4;
	most_ns = without_ns + FRAMES_DELAYED * 10 * (uint64_t)set.rx_delay_ns;
	check_held_back(c, least_ns, most_ns);
	check_ok(fn_dev_reset(c->dev));
	wait_until(port_link_up(c));
	check_held_back(c, least_ns, most_ns);
	check_ok(fn_dev_stop(c->dev));
	irq_start(c, (struct fn_dev_conf){ 0 });
	check_held_back(c, least_ns, most_ns);
	set.rx_delay_ns = 0;
	check_ok(fn_dev_set_coalesce(c->dev, &set));
	check(interrupts_least_ns(c) < least_ns);
}

const struct behaviour *const irq_behaviours[] = {
	&behaviour_irq_rx,
	&behaviour_irq_rx_before_arm,
	&behaviour_irq_tx,
	&behaviour_irq_once,
	&behaviour_irq_own_vector,
	&behaviour_irq_shared,
	&behaviour_irq_vectors_all,
	&behaviour_irq_no_vector,
	&behaviour_irq_stopped,
	&behaviour_coalesce_read_back,
	&behaviour_coalesce_holds_back,
	NULL,
};
