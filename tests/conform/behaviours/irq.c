// SPDX-License-Identifier: BSD-3-Clause
/* Interrupts: one a queue, shared, and once for each time that it was asked for. */
#include "conform/conform.h"

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
	irq_expect_none(c, fd);
	for (unsigned i = 0; i < 5; i++) {
		check_ok(fn_rxq_arm(c->rx));
		check(!fn_rxq_pending(c->rx));
		irq_expect_none(c, fd);
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
	irq_expect_none(c, fd);
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
	/* One that was raised before may still be on its way. */
	conform_wait_ns(c, CONFORM_QUIET_NS);
	(void)irq_signals(fd);
	tx_send_stream(c, c->tx, 9, 1, 100);
	wire_expect_stream(c, 9, 1, 100);
	irq_expect_none(c, fd);
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
		conform_wait_ns(c, CONFORM_QUIET_NS);
		check(irq_signals(fd) <= (c->place->echoes ? 1 : 0));
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
		irq_expect_none(c, fn_txq_event_fd(tx[1 - i]));
		irq_expect_none(c, fn_rxq_event_fd(c->rx));
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

/* Queue @i of all of them, receive queues first, as the library gives them vectors. */
static int event_fd_of(struct conform *c, unsigned i)
{
	return i < c->info.rxqs ? fn_rxq_event_fd(fn_dev_rxq(c->dev, i)) :
				  fn_txq_event_fd(fn_dev_txq(c->dev, i - c->info.rxqs));
}

/* How many queues have a descriptor, and no queue before them has the same. */
static unsigned event_fds(struct conform *c)
{
	unsigned fds = 0;

	for (unsigned i = 0; i < c->info.rxqs + c->info.txqs; i++) {
		unsigned first = 0;

		check(event_fd_of(c, i) >= 0);
		while (event_fd_of(c, first) != event_fd_of(c, i))
			first++;
		fds += first == i;
	}
	return fds;
}

static bool event_fd_shared(struct conform *c, int fd)
{
	unsigned queues = 0;

	for (unsigned i = 0; i < c->info.rxqs + c->info.txqs; i++)
		queues += event_fd_of(c, i) == fd;
	return queues > 1;
}

static void irq_of_txq(struct conform *c, struct fn_txq *q, unsigned seq)
{
	(void)irq_signals(fn_txq_event_fd(q));
	check_ok(fn_txq_arm(q));
	tx_send_stream(c, q, seq, 1, 100);
	wire_expect_stream(c, seq, 1, 100);
	irq_expect(c, fn_txq_event_fd(q));
	fn_txq_disarm(q);
}

/* The first frame of a flow tells its queue, which is armed for the second. Returns that queue. */
static struct fn_rxq *irq_of_flow(struct conform *c, const struct flow *flow)
{
	struct fn_pkt *pkt;
	struct fn_rxq *q;
	unsigned queue;

	wire_send_flow(c, flow);
	queue = rx_next_any(c, &pkt);
	fn_pkt_free(pkt);
	q = fn_dev_rxq(c->dev, queue);
	conform_wait_ns(c, CONFORM_QUIET_NS / 10);
	(void)irq_signals(fn_rxq_event_fd(q));
	check_ok(fn_rxq_arm(q));
	wire_send_flow(c, flow);
	irq_expect(c, fn_rxq_event_fd(q));
	check_eq(rx_next_any(c, &pkt), queue);
	fn_pkt_free(pkt);
	fn_rxq_disarm(q);
	return q;
}

BEHAVIOUR(irq_vectors_all, NEED_QUEUES,
	  "With more queues than vectors every queue still has a descriptor, shared above, and "
	  "its interrupt arrives.");
static void irq_vectors_all(struct conform *c)
{
	struct fn_dev_conf conf = { 0 };
	unsigned shared = 0;

	c->pool_opts.count = CONFORM_POOL_MANY;
	port_open(c);
	conf.rxqs = c->info.max_rxqs < 8 ? c->info.max_rxqs : 8;
	conf.txqs = c->info.max_txqs < 8 ? c->info.max_txqs : 8;
	if (conf.rxqs + conf.txqs <= c->info.vectors)
		conform_skip(c, "the device has %u vectors for %u queues", c->info.vectors,
			     conf.rxqs + conf.txqs);
	irq_start(c, conf);
	check_eq(event_fds(c), c->info.vectors);
	for (unsigned i = 0; i < conf.txqs; i++)
		irq_of_txq(c, fn_dev_txq(c->dev, i), i);
	for (unsigned i = 0; i < 16; i++) {
		const struct flow flow = flow_make(i & 1, PROTO_TCP, i);
		const struct fn_rxq *q = irq_of_flow(c, &flow);

		shared += event_fd_shared(c, fn_rxq_event_fd(q));
	}
	check(shared > 0);
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

const struct behaviour *const irq_behaviours[] = {
	&behaviour_irq_rx,          &behaviour_irq_rx_before_arm,
	&behaviour_irq_tx,          &behaviour_irq_once,
	&behaviour_irq_own_vector,  &behaviour_irq_shared,
	&behaviour_irq_vectors_all, &behaviour_irq_no_vector,
	&behaviour_irq_stopped,     NULL,
};
