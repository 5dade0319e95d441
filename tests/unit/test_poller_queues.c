// SPDX-License-Identifier: BSD-3-Clause
/* Queues in a poller: turns, budgets, sends that wait, and which queue may be in which poller. */
#include "poller_rig.h"

static void assert_says(const char *why)
{
	if (!strstr(fn_error_last(), why))
		fail_msg("\"%s\" does not say \"%s\"", fn_error_last(), why);
}

/* Who had packets when: the order of turns. */
static struct {
	unsigned n;
	const struct nic *nic[512];
	unsigned packets[512];
} turns;

static void take_turn(void *arg, struct fn_pkt **pkts, unsigned n)
{
	assert_in_range(turns.n, 0, FN_ARRAY_LEN(turns.packets) - 1);
	turns.nic[turns.n] = arg;
	turns.packets[turns.n++] = n;
	nic_take(arg, pkts, n);
}

/*
 * Virtio-net and Intel mixed in one poller: all come round, none has more in a row than its budget.
 */
static void budget_and_turns(void **state)
{
	struct fn_poller_stats s;

	(void)state;
	rig_begin_pool(0);
	turns.n = 0;
	rig_poller((struct fn_poller_opts){ .burst = 16, .budget = 40 });
	for (unsigned kind = 0; kind < NIC_KINDS; kind++)
		nic_add_rx(nic_up(kind), rig.poller, take_turn);
	for (unsigned kind = 0; kind < NIC_KINDS; kind++)
		nic_receive_n(&rig.nics[kind], 100);
	settle();
	for (unsigned kind = 0; kind < NIC_KINDS; kind++)
		assert_int_equal(rig.nics[kind].got, 100);
	/* Two bursts fit into a budget of 40: 100 are three turns of 32, and 4 in a fourth. */
	assert_int_equal(turns.n, NIC_KINDS * 7);
	for (unsigned i = 0; i < 3 * 2 * NIC_KINDS; i++) {
		assert_ptr_equal(turns.nic[i], &rig.nics[i / 2 % NIC_KINDS]);
		assert_int_equal(turns.packets[i], 16);
	}
	for (unsigned i = 0; i < NIC_KINDS; i++)
		assert_int_equal(turns.packets[3 * 2 * NIC_KINDS + i], 4);
	s = stats();
	assert_int_equal(s.budget_hits, 3 * NIC_KINDS);
	assert_int_equal(s.packets, 100 * NIC_KINDS);
	rig_end();
}

/* What two queues receive in a round goes out by one doorbell, all of it before a sleep. */
static void forward(void *arg, struct fn_pkt **pkts, unsigned n)
{
	struct nic *nic = arg;

	nic->got += n;
	assert_int_equal(fn_poller_send(rig.nics[0].tx, pkts, n), n);
}

static void batch_shares_a_doorbell(void **state)
{
	(void)state;
	for (unsigned batch = 0; batch < 2; batch++) {
		struct nic *out;
		struct nic *in;
		unsigned before;

		rig_begin_pool(0);
		rig_poller((struct fn_poller_opts){ 0 });
		out = nic_up(NIC_VIRTIO_FLAGS);
		in = nic_up(NIC_82576);
		nic_add_tx(out, rig.poller, batch ? 32 : 1, 0);
		nic_add_rx(out, rig.poller, forward);
		nic_add_rx(in, rig.poller, forward);
		settle();
		before = nic_kicks(out);
		nic_receive_n(out, 3);
		nic_receive_n(in, 4);
		assert_int_equal(fn_poller_run_once(rig.poller, 0), 1);
		assert_int_equal(nic_kicks(out) - before, batch ? 1 : 2);
		assert_int_equal(fn_poller_tx_waiting(out->tx), 0);
		assert_int_equal(nic_transmit(out, 100), 7);
		assert_int_equal(out->out, 7);
		/* A batch that is full goes at once, with what came with it. */
		before = nic_kicks(out);
		nic_receive_n(out, 20);
		nic_receive_n(in, 20);
		settle();
		assert_int_equal(nic_kicks(out) - before, batch ? 1 : 2);
		assert_int_equal(nic_transmit(out, 100), 40);
		rig_end();
	}
}

/* Sent by whoever is no callback of a round: nothing stays behind when the worker sleeps. */
static void send_one(void *arg)
{
	struct fn_pkt *pkt = rig_pkt();

	(void)arg;
	assert_int_equal(fn_poller_send(rig.nics[0].tx, &pkt, 1), 1);
}

static void nothing_stays_behind(void **state)
{
	struct nic *nic;

	(void)state;
	rig_begin_pool(0);
	rig_poller((struct fn_poller_opts){ .mode = FN_POLLER_INTERRUPT });
	nic = nic_up(NIC_VIRTIO);
	nic_add_tx(nic, rig.poller, 32, 0);
	settle();
	fn_poller_call(rig.poller, send_one, NULL);
	assert_int_equal(fn_poller_tx_waiting(nic->tx), 1);
	settle();
	assert_int_equal(fn_poller_tx_waiting(nic->tx), 0);
	assert_int_equal(nic_transmit(nic, 10), 1);
	rig_end();
}

/* A timer's callback sends behind the round, right before the sleep: step 0 hands it over. */
static void send_from_timer(void *arg)
{
	(void)arg;
	send_one(NULL);
}

/* What a poller knows of its queues, read by a size that is the caller's. */
static struct fn_poller_rx_stats rx_stats(const struct nic *nic)
{
	struct fn_poller_rx_stats s = { .sz = sizeof(s) };

	fn_poller_rx_get_stats(nic->rx, &s);
	return s;
}

static struct fn_poller_tx_stats tx_stats(const struct nic *nic)
{
	struct fn_poller_tx_stats s = { .sz = sizeof(s) };

	fn_poller_tx_get_stats(nic->tx, &s);
	return s;
}

static void figures_of_rx(void **state)
{
	struct fn_poller_rx_stats s = { .sz = sizeof(s.sz), .budget_hits = 77 };
	struct nic *one;
	struct nic *two;

	(void)state;
	rig_begin_pool(0);
	rig_poller((struct fn_poller_opts){ .burst = 16, .budget = 32 });
	one = nic_up(NIC_VIRTIO);
	two = nic_up(NIC_82576);
	nic_add_rx(one, rig.poller, nic_take);
	nic_add_rx(two, rig.poller, nic_take);
	nic_receive_n(one, 31);
	nic_receive_n(two, 100);
	settle();
	assert_int_equal(rx_stats(one).budget_hits, 0);
	assert_int_equal(rx_stats(two).budget_hits, 3);
	assert_int_equal(stats().budget_hits, 3);
	fn_poller_rx_get_stats(two->rx, &s);
	assert_int_equal(s.budget_hits, 77);
	rig_end();
}

/* A ring that is full once, however often it is asked; then down, with what waits. */
static void figures_of_tx(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < NIC_KINDS; kind++) {
		struct nic *nic;

		rig_begin_pool(0);
		rig_poller((struct fn_poller_opts){ 0 });
		nic = nic_up(kind);
		nic_add_tx(nic, rig.poller, 8, 64);
		for (unsigned n = 1; n <= 3; n++) {
			send_one(NULL);
			assert_int_equal(tx_stats(nic).waiting, n);
			assert_int_equal(tx_stats(nic).waiting_max, n);
		}
		settle();
		assert_int_equal(tx_stats(nic).waiting, 0);
		assert_int_equal(tx_stats(nic).full_times, 0);
		for (unsigned n = 1; n <= 2; n++) {
			while (fn_poller_tx_waiting(nic->tx) < 20)
				send_one(NULL);
			settle();
			assert_int_equal(tx_stats(nic).waiting, 20);
			assert_int_equal(tx_stats(nic).waiting_max, 20);
			assert_int_equal(tx_stats(nic).full_times, n);
			(void)nic_transmit(nic, UINT32_MAX);
			settle();
			assert_int_equal(tx_stats(nic).waiting, 0);
		}
		while (fn_poller_tx_waiting(nic->tx) < 30)
			send_one(NULL);
		assert_int_equal(tx_stats(nic).dropped, 0);
		assert_int_equal(fn_dev_stop(nic->dev), 0);
		settle();
		assert_int_equal(tx_stats(nic).waiting, 0);
		assert_int_equal(tx_stats(nic).waiting_max, 30);
		assert_int_equal(tx_stats(nic).full_times, 3);
		assert_int_equal(tx_stats(nic).dropped, 30);
		rig_end();
	}
}

static unsigned sent_at_block;

static unsigned wait_looks(struct fn_wait *wait, int64_t timeout_ns, struct fn_wait_mark **ready,
			   unsigned *cqes)
{
	if (timeout_ns) {
		sent_at_block = nic_transmit(&rig.nics[0], 100);
		fn_poller_stop(rig.poller);
	}
	return rig_wait(wait, timeout_ns, ready, cqes);
}

static void batch_is_flushed_before_a_sleep(void **state)
{
	struct nic *nic;

	(void)state;
	rig_begin_pool(0);
	rig_poller((struct fn_poller_opts){ .mode = FN_POLLER_INTERRUPT });
	nic = nic_up(NIC_VIRTIO);
	nic_add_tx(nic, rig.poller, 32, 0);
	settle();
	(void)fn_poll_unarm(rig.poller);
	rig.wait_ops.wait = wait_looks;
	send_from_timer(NULL);
	assert_int_equal(fn_poller_tx_waiting(nic->tx), 1);
	(void)fn_poll_sleep(rig.poller, UINT64_MAX);
	assert_int_equal(sent_at_block, 1);
	assert_int_equal(fn_poller_tx_waiting(nic->tx), 0);
	rig_end();
}

/* As many wait as may; the rest is the caller's, in order, and what waits leaves in order. */
static void waiting(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < NIC_KINDS; kind++) {
		struct fn_pkt *pkts[400];
		struct nic *nic;
		unsigned taken;

		rig_begin_pool(0);
		rig_poller((struct fn_poller_opts){ 0 });
		nic = nic_open(kind);
		assert_int_equal(nic_configure(nic, (struct fn_dev_conf){ .tx_ring = 128 }), 0);
		nic_start(nic);
		nic_add_tx(nic, rig.poller, 8, 50);
		for (unsigned i = 0; i < 400; i++)
			pkts[i] = rig_pkt();
		assert_int_equal(fn_poller_send(nic->tx, pkts, 0), 0);
		taken = fn_poller_send(nic->tx, pkts, 400);
		assert_in_range(taken, 51 + 50, 128 + 50);
		assert_int_equal(fn_poller_tx_waiting(nic->tx), 50);
		assert_int_equal(fn_poller_send(nic->tx, pkts + taken, 400 - taken), 0);
		for (unsigned i = 0; i < 100 && taken < 400; i++) {
			(void)nic_transmit(nic, 3);
			settle();
			taken += fn_poller_send(nic->tx, pkts + taken, 400 - taken);
		}
		while (fn_poller_tx_waiting(nic->tx)) {
			(void)nic_transmit(nic, UINT32_MAX);
			settle();
		}
		fn_pkt_free_bulk(pkts + taken, 400 - taken);
		(void)nic_transmit(nic, UINT32_MAX);
		assert_int_equal(nic->out, taken);
		assert_int_equal(fn_poller_tx_dropped(nic->tx), 0);
		rig_end();
	}
}

/* While packets wait for room no more are received of a queue that feeds it; the others go on. */
static void back_pressure(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < NIC_KINDS; kind++) {
		struct fn_poller_rx_opts opts = { .sz = sizeof(opts), .fn = forward };
		struct nic *out;
		struct nic *other;
		unsigned got;

		rig_begin_pool(0);
		rig_poller((struct fn_poller_opts){ 0 });
		out = nic_open(kind);
		assert_int_equal(nic_configure(out, (struct fn_dev_conf){ .tx_ring = 64 }), 0);
		nic_start(out);
		other = nic_up(NIC_82576);
		nic_add_tx(out, rig.poller, 0, 0);
		opts.arg = out;
		opts.feeds = out->tx;
		assert_int_equal(fn_poller_add_rxq(rig.poller, out->rxq, &opts, &out->rx), 0);
		nic_add_rx(other, rig.poller, nic_take);
		nic_receive_n(out, 200);
		settle();
		got = out->got;
		assert_in_range(got, 32, 64 + 32);
		assert_true(fn_poller_tx_waiting(out->tx) > 0);
		nic_receive_n(other, 10);
		settle();
		assert_int_equal(other->got, 10);
		assert_int_equal(out->got, got);
		/* It sleeps over them, and is woken by room. */
		assert_false(readable(fn_poller_fd(rig.poller)));
		assert_true(nic_transmit(out, UINT32_MAX) > 0);
		assert_true(readable(fn_poller_fd(rig.poller)));
		while (out->got < 200) {
			settle();
			(void)nic_transmit(out, UINT32_MAX);
		}
		settle();
		(void)nic_transmit(out, UINT32_MAX);
		assert_int_equal(out->out, 200);
		rig_end();
	}
}

/* Without a transmit interrupt there is nothing to wait for: it goes on polling. */
static void room_without_a_vector(void **state)
{
	static const uint16_t none[] = { FN_NO_VECTOR };
	struct nic *nic;

	(void)state;
	rig_begin_pool(0);
	rig_poller((struct fn_poller_opts){ 0 });
	nic = nic_open(NIC_VIRTIO);
	assert_int_equal(nic_configure(nic, (struct fn_dev_conf){ .tx_vectors = none }), 0);
	nic_start(nic);
	nic_add_tx(nic, rig.poller, 0, 0);
	settle();
	while (!fn_poller_tx_waiting(nic->tx))
		send_one(NULL);
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(fn_poller_run_once(rig.poller, -1), 1);
	(void)nic_transmit(nic, UINT32_MAX);
	(void)fn_poller_run_once(rig.poller, -1);
	assert_int_equal(fn_poller_tx_waiting(nic->tx), 0);
	assert_int_equal(stats().sleeps, 1);
	rig_end();
}

/* A receive queue without a vector keeps the worker from sleeping until it is taken out. */
static void queue_without_a_vector(void **state)
{
	static const uint16_t none[] = { FN_NO_VECTOR };
	struct nic *nic;

	(void)state;
	rig_begin_pool(0);
	rig_poller((struct fn_poller_opts){ .safety_ns = RIG_LONG_NS });
	nic = nic_open(NIC_82574);
	assert_int_equal(nic_configure(nic, (struct fn_dev_conf){ .rx_vectors = none }), 0);
	nic_start(nic);
	nic_add_rx(nic, rig.poller, nic_take);
	for (unsigned i = 0; i < 50; i++)
		assert_int_equal(fn_poller_run_once(rig.poller, i % 2 ? -1 : 0), 1);
	nic_receive_n(nic, 3);
	(void)fn_poller_run_once(rig.poller, -1);
	assert_int_equal(nic->got, 3);
	assert_int_equal(rig.blocks, 0);
	fn_poller_del_rxq(nic->rx);
	settle();
	rig_end();
}

#define FINDS 1000u

/* Every fourth time there is something to do. */
static unsigned find_some(void *arg)
{
	unsigned *calls = arg;

	if (++*calls == 4 * FINDS)
		fn_poller_stop(rig.poller);
	return *calls % 4 == 0;
}

static bool finds_nothing(void *arg)
{
	(void)arg;
	return false;
}

/* Its idle times are such all the same: what ends them was met by polling, each time. */
static void idle_without_a_vector(void **state)
{
	static const uint16_t none[] = { FN_NO_VECTOR };
	unsigned calls = 0;
	const struct fn_poller_source_opts opts = {
		.sz = sizeof(opts), .run = find_some, .pending = finds_nothing, .arg = &calls
	};
	struct nic *nic;

	(void)state;
	rig_begin_pool(0);
	rig_poller((struct fn_poller_opts){ .mode = FN_POLLER_INTERRUPT });
	nic = nic_open(NIC_82574);
	assert_int_equal(nic_configure(nic, (struct fn_dev_conf){ .rx_vectors = none }), 0);
	nic_start(nic);
	nic_add_rx(nic, rig.poller, nic_take);
	assert_int_equal(fn_poller_add_source(rig.poller, &opts, NULL), 0);
	assert_int_equal(fn_poller_run(rig.poller), 0);
	assert_int_equal(rig.blocks, 0);
	/* Those right behind an attempt to sleep are what a wake of no time brought. */
	assert_in_range(stats().caught, FINDS * 9 / 10, FINDS);
	rig_end();
}

/* Taken out of the poller while it waits to be woken: it interrupts nobody any more. */
static void del_while_armed(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < NIC_KINDS; kind++) {
		struct nic *nic = rig_begin(kind, (struct fn_poller_opts){ 0 });
		uint64_t n;

		settle();
		fn_poller_del_rxq(nic->rx);
		(void)read(fn_rxq_event_fd(nic->rxq), &n, sizeof(n));
		nic_receive_n(nic, 5);
		assert_false(readable(fn_rxq_event_fd(nic->rxq)));
		nic_add_rx(nic, rig.poller, nic_take);
		settle();
		assert_int_equal(nic->got, 5);
		rig_end();
	}
}

/* Each call says what is wrong with it, and leaves everything as it was. */
static void refused(void **state)
{
	struct fn_poller_rx_opts rx = { .sz = sizeof(rx), .err = &rig.err };
	struct fn_poller_tx_opts tx = { .sz = sizeof(tx), .err = &rig.err };
	struct nic *nic = rig_begin(NIC_VIRTIO, (struct fn_poller_opts){ .name = "one" });
	struct fn_poller *two = rig_poller_new((struct fn_poller_opts){ .name = "two" });
	static const uint16_t shared[] = { 0 };
	struct fn_poller_tx *handle = NULL;

	(void)state;
	assert_int_equal(fn_poller_add_rxq(two, nic->rxq, &rx, NULL), -EINVAL);
	assert_says("fn is missing");
	rx.fn = nic_take;
	assert_int_equal(fn_poller_add_rxq(two, nic->rxq, &rx, NULL), -EBUSY);
	assert_says("receive queue 0 is in one already: fn_poller_del_rxq() it");
	assert_string_equal(rig.err.text, fn_error_last());
	assert_int_equal(fn_poller_add_txq(rig.poller, nic->txq, &tx, &handle), -EBUSY);
	assert_says("transmit queue 0 is in one already");
	assert_null(handle);
	tx.waiting = 4;
	tx.batch = 5;
	assert_int_equal(fn_poller_add_txq(two, nic->txq, &tx, &handle), -EINVAL);
	assert_says("5 go together");
	tx.batch = 0;
	tx.waiting = 65537;
	assert_int_equal(fn_poller_add_txq(two, nic->txq, &tx, &handle), -EINVAL);
	fn_poller_del_rxq(nic->rx);
	rx.feeds = nic->tx;
	assert_int_equal(fn_poller_add_rxq(two, nic->rxq, &rx, NULL), -EINVAL);
	assert_says("feeds is a queue of one");
	rx.feeds = NULL;
	rx.sz = 3;
	assert_int_equal(fn_poller_add_rxq(two, nic->rxq, &rx, NULL), -EINVAL);
	rx.sz = sizeof(rx);
	/* One vector, two pollers: one of them would take the other's interrupts. */
	assert_int_equal(fn_dev_stop(nic->dev), 0);
	assert_int_equal(nic_configure(nic, (struct fn_dev_conf){ .rx_vectors = shared,
								  .tx_vectors = shared }),
			 0);
	nic_start(nic);
	assert_int_equal(fn_poller_add_rxq(two, nic->rxq, &rx, NULL), -EINVAL);
	assert_says("vector that serves a queue of one");
	assert_int_equal(fn_poller_add_rxq(rig.poller, nic->rxq, &rx, &nic->rx), 0);
	assert_int_equal(fn_poller_destroy(two), 0);
	fn_poller_del_rxq(NULL);
	assert_int_equal(fn_poller_del_txq(NULL), 0);
	rig_end();
}

/* A queue of another context has memory that this one cannot reach. */
static void another_context(void **state)
{
	struct fn_poller_rx_opts rx = { .sz = sizeof(rx), .fn = nic_take };
	struct fn_poller_opts opts = { .sz = sizeof(opts) };
	struct nic *nic = rig_begin(NIC_VIRTIO, (struct fn_poller_opts){ 0 });
	struct fn_poller *poller;
	struct fn_ctx *ctx;

	(void)state;
	fn_poller_del_rxq(nic->rx);
	assert_int_equal(fn_ctx_create(NULL, &ctx), 0);
	assert_int_equal(fn_poller_create(ctx, &opts, &poller), 0);
	assert_int_equal(fn_poller_add_rxq(poller, nic->rxq, &rx, NULL), -EINVAL);
	assert_says("another context");
	assert_int_equal(fn_ctx_destroy(ctx), -EBUSY);
	assert_says("fn_poller_destroy()");
	assert_int_equal(fn_poller_destroy(poller), 0);
	assert_int_equal(fn_ctx_destroy(ctx), 0);
	rig_end();
}

/*
 * A configuration that puts one vector into two pollers is not refused by then: it polls, and says
 * so.
 */
static void vector_shared_later(void **state)
{
	static const uint16_t shared[] = { 0 };
	struct fn_poller *two;
	struct nic *nic;

	(void)state;
	nic = rig_begin(NIC_VIRTIO, (struct fn_poller_opts){ .name = "one" });
	two = rig_poller_new((struct fn_poller_opts){ .name = "two" });
	fn_poller_del_rxq(nic->rx);
	nic_add_rx(nic, two, nic_take);
	assert_int_equal(fn_dev_stop(nic->dev), 0);
	assert_int_equal(nic_configure(nic, (struct fn_dev_conf){ .rx_vectors = shared,
								  .tx_vectors = shared }),
			 0);
	if (!strstr(rig.log, "which polls: its vector serves a queue of"))
		fail_msg("%s", rig.log);
	nic_start(nic);
	nic_receive_n(nic, 3);
	(void)fn_poller_run_once(two, 0);
	assert_int_equal(nic->got, 3);
	assert_int_equal(fn_poller_destroy(two), 0);
	rig_end();
}

/* Callbacks take queues out, their own too, and put others in. */
static unsigned dels;

static void take_and_del(void *arg, struct fn_pkt **pkts, unsigned n)
{
	struct nic *nic = arg;

	nic_take(arg, pkts, n);
	fn_poller_del_rxq(nic->rx);
	dels++;
	if (nic == &rig.nics[0]) {
		(void)fn_poller_del_txq(nic->tx);
		nic_add_tx(nic, rig.poller, 0, 0);
		nic_add_rx(&rig.nics[1], rig.poller, take_and_del);
	} else {
		for (unsigned i = 0; i < 2; i++)
			nic_add_rx(&rig.nics[i], rig.poller, nic_take);
	}
}

static void change_from_callbacks(void **state)
{
	(void)state;
	rig_begin_pool(0);
	rig_poller((struct fn_poller_opts){ .burst = 4, .budget = 64 });
	(void)nic_up(NIC_VIRTIO);
	(void)nic_up(NIC_82576);
	dels = 0;
	nic_add_tx(&rig.nics[0], rig.poller, 0, 0);
	nic_add_rx(&rig.nics[0], rig.poller, take_and_del);
	nic_receive_n(&rig.nics[0], 10);
	nic_receive_n(&rig.nics[1], 10);
	settle();
	assert_int_equal(dels, 2);
	assert_int_equal(rig.nics[0].got, 10);
	assert_int_equal(rig.nics[1].got, 10);
	rig_end();
}

/* Packets wait when the poller goes, or the queue is taken out: they go back, and are counted. */
static void gone_with_packets(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct nic *nic = rig_begin(NIC_VIRTIO, (struct fn_poller_opts){ 0 });

		while (fn_poller_tx_waiting(nic->tx) < 100)
			send_one(NULL);
		if (i)
			assert_int_equal(fn_poller_del_txq(nic->tx), 100);
		rig_end();
	}
}

/*
 * A pool that has nothing left, as all of it is somewhere else: whoever gives packets back tells
 * nobody, so the worker looks again each millisecond, and then sleeps as usual.
 */
#define NAPS 3u
#define NAP_MOST_NS 1000000
static struct fn_pkt *kept[2048];
static unsigned kept_n;
static unsigned naps;

static void keep(void *arg, struct fn_pkt **pkts, unsigned n)
{
	struct nic *nic = arg;

	for (unsigned i = 0; i < n; i++) {
		nic_check(nic, pkts[i]);
		assert_true(kept_n < FN_ARRAY_LEN(kept));
		kept[kept_n++] = pkts[i];
	}
}

static unsigned wait_napping(struct fn_wait *wait, int64_t timeout_ns, struct fn_wait_mark **ready,
			     unsigned *cqes)
{
	if (timeout_ns && naps < NAPS) {
		assert_in_range(timeout_ns, 1, NAP_MOST_NS);
		if (++naps == NAPS)
			fn_pkt_free_bulk(kept, kept_n);
	}
	return rig_wait(wait, timeout_ns, ready, cqes);
}

static void naps_over_an_empty_pool(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < NIC_KINDS; kind++) {
		struct nic *nic;

		rig_begin_pool(1024);
		rig_poller((struct fn_poller_opts){ .mode = FN_POLLER_INTERRUPT,
						    .safety_ns = RIG_LONG_NS });
		nic = nic_open(kind);
		assert_int_equal(nic_configure(nic, (struct fn_dev_conf){ .rx_ring = 64 }), 0);
		nic_start(nic);
		nic_add_rx(nic, rig.poller, keep);
		for (kept_n = 0; (kept[kept_n] = fn_pkt_alloc(rig.pool)) != NULL;)
			kept_n++;
		while (nic_receive(nic) == 0)
			settle();
		naps = 0;
		rig.wait_ops.wait = wait_napping;
		/* As long as it takes on a busy machine, but for one that sleeps for longer. */
		for (unsigned i = 0; i < 1000 && naps < NAPS; i++)
			(void)fn_poller_run_once(rig.poller, 10 * NAP_MOST_NS);
		assert_int_equal(naps, NAPS);
		settle();
		kept_n = 0;
		nic_receive_n(nic, 1);
		settle();
		assert_int_equal(nic->got, nic->in);
		fn_pkt_free_bulk(kept, kept_n);
		rig_end();
	}
}

/* The smallest pool that is accepted, all of it on the way through: nothing is stuck. */
static void smallest_pool(void **state)
{
	static const uint32_t ring = 64;

	(void)state;
	for (unsigned kind = 0; kind < NIC_KINDS; kind++) {
		const struct fn_pool_opts pool = { .sz = sizeof(pool),
						   .cache = 32,
						   .max_threads = 1 };
		const struct fn_dev_conf conf = { .sz = sizeof(conf),
						  .rx_ring = ring,
						  .tx_ring = ring };
		struct nic *nic;
		unsigned stalls = 0;

		rig_begin_pool((uint32_t)fn_pool_need(&pool, &conf, 1));
		rig_poller((struct fn_poller_opts){ .mode = FN_POLLER_INTERRUPT,
						    .safety_ns = RIG_LONG_NS });
		nic = nic_open(kind);
		assert_int_equal(nic_configure(nic, conf), 0);
		nic_start(nic);
		nic_add_tx(nic, rig.poller, 0, 512);
		nic_add_rx(nic, rig.poller, forward);
		/* All that comes in is kept until nothing comes in any more. */
		for (unsigned i = 0; i < 20; i++) {
			while (nic_receive(nic) == 0)
				(void)fn_poller_run_once(rig.poller, 1);
			settle();
			stalls++;
			(void)nic_transmit(nic, UINT32_MAX);
			while (nic->got < nic->in || fn_poller_tx_waiting(nic->tx)) {
				(void)fn_poller_run_once(rig.poller, 3000000);
				(void)nic_transmit(nic, UINT32_MAX);
			}
			/* Buffers are posted again within a nap, though nobody tells of them. */
			while (nic_receive(nic) != 0)
				(void)fn_poller_run_once(rig.poller, 3000000);
		}
		assert_int_equal(stats().lost_wakeups, 0);
		assert_int_equal(stalls, 20);
		rig_end();
	}
}

/* What is on its way at a sleep is given back when that ends, by the safety time at the latest. */
static void buffers_come_back(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < NIC_KINDS; kind++) {
		struct nic *nic =
			rig_begin(kind, (struct fn_poller_opts){ .mode = FN_POLLER_INTERRUPT });
		unsigned outside;

		settle();
		outside = rig_outside();
		for (unsigned i = 0; i < 20; i++)
			send_one(NULL);
		settle();
		assert_int_equal(rig_outside(), outside + 20);
		assert_int_equal(nic_transmit(nic, UINT32_MAX) > 0, 1);
		/* Nobody waits for room: no interrupt. The safety time ends it. */
		assert_false(readable(fn_txq_event_fd(nic->txq)));
		while (rig_outside() != outside)
			(void)fn_poller_run_once(rig.poller, 2 * RIG_SAFETY_NS);
		assert_int_equal(stats().lost_wakeups, 0);
		rig_end();
	}
}

/*
 * A queue that sends no more, of a worker that polls and never sleeps: what the device has sent
 * comes back with the looks at timers and descriptors.
 */
static unsigned looks_before;

static unsigned stop_behind_looks(void *arg)
{
	(void)arg;
	if (rig.waits - looks_before >= 3)
		fn_poller_stop(rig.poller);
	return 0;
}

static bool nothing_pending(void *arg)
{
	(void)arg;
	return false;
}

static void buffers_come_back_while_polling(void **state)
{
	const struct fn_poller_source_opts opts = { .sz = sizeof(opts),
						    .run = stop_behind_looks,
						    .pending = nothing_pending };

	(void)state;
	for (unsigned kind = 0; kind < NIC_KINDS; kind++) {
		struct nic *nic =
			rig_begin(kind, (struct fn_poller_opts){ .mode = FN_POLLER_POLL,
								 .safety_ns = RIG_LONG_NS });
		unsigned outside;
		uint64_t arms;

		settle();
		outside = rig_outside();
		for (unsigned i = 0; i < 20; i++)
			send_one(NULL);
		assert_int_equal(nic_transmit(nic, UINT32_MAX) > 0, 1);
		assert_int_equal(rig_outside(), outside + 20);
		arms = stats().arms;
		assert_int_equal(fn_poller_add_source(rig.poller, &opts, NULL), 0);
		looks_before = rig.waits;
		assert_int_equal(fn_poller_run(rig.poller), 0);
		assert_int_equal(rig_outside(), outside);
		assert_int_equal(stats().arms, arms);
		rig_end();
	}
}

/* An event index comes round each 65,536 buffers: a worker that polls never hears of it. */
static void no_stray_interrupts(void **state)
{
	(void)state;
	for (unsigned kind = NIC_VIRTIO; kind <= NIC_VIRTIO_FLAGS; kind++) {
		struct nic *nic;

		rig_begin_pool(0);
		rig_poller((struct fn_poller_opts){ .mode = FN_POLLER_POLL });
		nic = nic_up(kind);
		nic_add_tx(nic, rig.poller, 0, 0);
		nic_add_rx(nic, rig.poller, forward);
		(void)fn_poll_enter(rig.poller);
		for (unsigned i = 0; i < 210000;) {
			for (unsigned k = 1 + i % 7; k; k--, i++)
				nic_receive_n(nic, 1);
			(void)fn_poll_rx_turn(rig.poller, rig.poller->rx.at[0]);
			(void)nic_transmit(nic, UINT32_MAX);
		}
		fn_poll_leave(rig.poller);
		assert_int_equal(nic->got, nic->in);
		assert_int_equal(nic->out, nic->in);
		assert_int_equal(nic->vd.queues[0].irqs, 0);
		assert_int_equal(nic->vd.queues[1].irqs, 0);
		rig_end();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(budget_and_turns),
		cmocka_unit_test(batch_shares_a_doorbell),
		cmocka_unit_test(nothing_stays_behind),
		cmocka_unit_test(batch_is_flushed_before_a_sleep),
		cmocka_unit_test(figures_of_rx),
		cmocka_unit_test(figures_of_tx),
		cmocka_unit_test(waiting),
		cmocka_unit_test(back_pressure),
		cmocka_unit_test(room_without_a_vector),
		cmocka_unit_test(queue_without_a_vector),
		cmocka_unit_test(idle_without_a_vector),
		cmocka_unit_test(del_while_armed),
		cmocka_unit_test(refused),
		cmocka_unit_test(another_context),
		cmocka_unit_test(vector_shared_later),
		cmocka_unit_test(change_from_callbacks),
		cmocka_unit_test(gone_with_packets),
		cmocka_unit_test(naps_over_an_empty_pool),
		cmocka_unit_test(smallest_pool),
		cmocka_unit_test(buffers_come_back),
		cmocka_unit_test(buffers_come_back_while_polling),
		cmocka_unit_test(no_stray_interrupts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
