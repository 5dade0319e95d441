// SPDX-License-Identifier: BSD-3-Clause
/* Interrupts of the Intel drivers: what is told once, what must not get lost, and when. */
#define PORT_PKTS 1536
#include "intel_diag_port.h"

static const uint16_t first_vector[] = { 0 };

/* MSI-X entries: link and overruns, and the first vector of a queue. */
#define OTHER 0
#define FIRST 1

static struct fn_rxq *rx(void)
{
	return fn_dev_rxq(p.dev, 0);
}

static struct fn_txq *tx(void)
{
	return fn_dev_txq(p.dev, 0);
}

/* The throttle alone: the 82574 has timers beside it, which are test_intel_tx's. */
static void no_timers(void)
{
	if (family == INTEL_82574)
		REG(IDEV_TIDV) = 0;
}

/* One queue of each kind, on one vector, that may interrupt every @delay_ns. */
static void shared_start(uint32_t delay_ns)
{
	const struct fn_coalesce c = { .sz = sizeof(c),
				       .rx_delay_ns = delay_ns,
				       .tx_delay_ns = delay_ns };

	port_start((struct fn_dev_conf){
		.rxqs = 1, .txqs = 1, .rx_vectors = first_vector, .tx_vectors = first_vector });
	assert_int_equal(fn_dev_set_coalesce(p.dev, &c), 0);
	no_timers();
}

static void shared_up(uint32_t delay_ns)
{
	port_init();
	shared_start(delay_ns);
}

static void assert_signals(unsigned entry, unsigned n)
{
	assert_int_equal(p.id.md.signals[entry], n);
}

/* What came before a queue was armed is not told, but pending says it. */
static void old_news(void **state)
{
	uint8_t frame[60] = { 0 };
	struct fn_pkt *pkt;

	(void)state;
	port_up();
	memcpy(frame, p.dev->mac, 6);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(intel_dev_receive(&p.id, frame, sizeof(frame)), 0);
		assert_int_equal(fn_rxq_arm(rx()), 0);
		assert_true(fn_rxq_pending(rx()));
		pass_ns(FN_MS(1));
		assert_signals(FIRST, i);
		assert_int_equal(fn_rx_burst(rx(), &pkt, 1), 1);
		fn_pkt_free(pkt);
		port_receive(1);
		pass_ns(FN_MS(1));
		assert_signals(FIRST, i + 1);
	}
	port_end();
}

/* The look at the ring that follows is behind the wish for an interrupt. */
static void fenced(void **state)
{
	const unsigned *calls = &model_barrier_state.calls[2];
	unsigned before;

	(void)state;
	port_up();
	before = *calls;
	assert_int_equal(fn_rxq_arm(rx()), 0);
	assert_int_equal(*calls - before, MODEL_BARRIERS ? 1 : 0);
	before = *calls;
	assert_int_equal(fn_txq_arm(tx()), 0);
	assert_int_equal(*calls - before, MODEL_BARRIERS ? 1 : 0);
	port_end();
}

/* A queue that is armed does not eat what waits for the other one on its vector. */
static void neighbour_armed(void **state)
{
	(void)state;
	shared_up(FN_MS(1));
	for (unsigned i = 0; i < 3; i++) {
		pass_ns(FN_MS(10));
		assert_int_equal(fn_txq_arm(tx()), 0);
		port_send(1);
		assert_signals(FIRST, 2 * i + 1);
		/* The next one waits for the throttle. */
		assert_int_equal(fn_txq_arm(tx()), 0);
		port_send(1);
		assert_signals(FIRST, 2 * i + 1);
		assert_int_equal(fn_rxq_arm(rx()), 0);
		pass_ns(FN_MS(2));
		assert_signals(FIRST, 2 * i + 2);
		fn_rxq_disarm(rx());
		fn_txq_disarm(tx());
	}
	port_end();
}

/* A queue that is disarmed leaves the other one on its vector armed; the last one is silent. */
static void neighbour_disarmed(void **state)
{
	(void)state;
	shared_up(0);
	assert_int_equal(fn_txq_arm(tx()), 0);
	assert_int_equal(fn_rxq_arm(rx()), 0);
	fn_rxq_disarm(rx());
	port_send(1);
	assert_signals(FIRST, 1);
	assert_int_equal(fn_txq_arm(tx()), 0);
	assert_int_equal(fn_rxq_arm(rx()), 0);
	fn_txq_disarm(tx());
	port_receive(1);
	assert_signals(FIRST, 2);
	assert_int_equal(fn_txq_arm(tx()), 0);
	assert_int_equal(fn_rxq_arm(rx()), 0);
	fn_txq_disarm(tx());
	fn_rxq_disarm(rx());
	port_send(1);
	port_receive(1);
	pass_ns(FN_MS(10));
	assert_signals(FIRST, 2);
	port_end();
}

/* The next answer of ICR gets lost on the bus. */
static bool icr_lost;
static const struct model_dev_ops *device;

static uint64_t losing_read(struct model_dev *md, unsigned idx, uint64_t off, unsigned width)
{
	const uint64_t value = device->bar_read(md, idx, off, width);

	if (off != INTEL_ICR || !icr_lost)
		return value;
	icr_lost = false;
	return UINT32_MAX;
}

/* The link changes, and is looked at, while a finished packet waits for its throttle. */
static void other_looked_at_and(bool answer_lost)
{
	const struct fn_coalesce c = { .sz = sizeof(c), .tx_delay_ns = FN_MS(2) };
	struct model_dev_ops ops;

	port_init();
	device = p.id.md.ops;
	ops = *device;
	ops.bar_read = losing_read;
	p.id.md.ops = &ops;
	port_start((struct fn_dev_conf){ .rxqs = 1, .txqs = 1 });
	assert_int_equal(fn_dev_set_coalesce(p.dev, &c), 0);
	no_timers();
	pass_ns(FN_MS(10));
	assert_int_equal(fn_txq_arm(tx()), 0);
	port_send(1);
	assert_signals(FIRST + 1, 1);
	assert_int_equal(fn_txq_arm(tx()), 0);
	port_send(1);
	assert_signals(FIRST + 1, 1);
	intel_dev_cable(&p.id, false);
	icr_lost = answer_lost;
	assert_int_equal(fn_ctx_process_events(p.ctx), 1);
	assert_false(icr_lost);
	pass_ns(FN_MS(3));
	assert_signals(FIRST + 1, 2);
	port_end();
}

/* A look at the other causes does not eat what waits for a queue's throttle (82574 10.2.4.1). */
static void other_looked_at(void **state)
{
	(void)state;
	other_looked_at_and(false);
}

/* Nor does one whose answer got lost, which says nothing of what it cleared. */
static void other_answer_lost(void **state)
{
	(void)state;
	other_looked_at_and(true);
}

/* A vector whose queue was told of a moment ago is held back for as long as was asked for. */
static void throttled(void **state)
{
	const struct fn_coalesce c = { .sz = sizeof(c), .tx_delay_ns = FN_MS(2) };

	(void)state;
	port_init();
	port_start((struct fn_dev_conf){ .rxqs = 1, .txqs = 1 });
	assert_int_equal(fn_dev_set_coalesce(p.dev, &c), 0);
	no_timers();
	pass_ns(FN_MS(10));
	for (unsigned i = 1; i < 4; i++) {
		assert_int_equal(fn_txq_arm(tx()), 0);
		port_send(1);
		pass_ns(i == 1 ? 0 : FN_US(1700));
		assert_signals(FIRST + 1, i == 1 ? 1 : i - 1);
		pass_ns(i == 1 ? 0 : FN_US(500));
		assert_signals(FIRST + 1, i);
	}
	port_end();
}

/* Of two queues on a vector the one that is to be told of sooner is. */
static void shorter_delay(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		const struct fn_coalesce c = { .sz = sizeof(c),
					       .rx_delay_ns = i ? FN_MS(4) : FN_MS(1),
					       .tx_delay_ns = i ? FN_MS(1) : FN_MS(4) };

		shared_up(0);
		assert_int_equal(fn_dev_set_coalesce(p.dev, &c), 0);
		no_timers();
		pass_ns(FN_MS(10));
		assert_int_equal(fn_txq_arm(tx()), 0);
		port_send(1);
		assert_signals(FIRST, 1);
		assert_int_equal(fn_txq_arm(tx()), 0);
		port_send(1);
		pass_ns(FN_US(900));
		assert_signals(FIRST, 1);
		pass_ns(FN_US(200));
		assert_signals(FIRST, 2);
		port_end();
	}
}

/* Overruns come as often as frames do: they are told once for each look, and every look counts. */
static void overruns(void **state)
{
	(void)state;
	port_up();
	(void)fn_ctx_process_events(p.ctx);
	for (unsigned i = 0; i < 3; i++) {
		const unsigned before = p.id.md.signals[OTHER];

		for (unsigned k = 0; k < 5; k++)
			intel_dev_starved(&p.id);
		assert_signals(OTHER, before + 1);
		(void)fn_ctx_process_events(p.ctx);
		assert_int_equal(counter("rx_overrun"), i + 1);
	}
	port_end();
}

/* One that comes late, when the device is stopped already, is not looked into. */
static void late(void **state)
{
	unsigned reads;

	(void)state;
	port_up();
	(void)fn_ctx_process_events(p.ctx);
	model_dev_signal(&p.id.md, OTHER);
	assert_int_equal(fn_dev_stop(p.dev), 0);
	reads = p.id.reads;
	p.link_events = 0;
	(void)fn_ctx_process_events(p.ctx);
	assert_int_equal(p.id.reads, reads);
	assert_int_equal(p.link_events, 0);
	port_end();
}

/* All ones of a device that is gone are no causes. */
static void gone(void **state)
{
	struct fn_dev_info info = { .sz = sizeof(info) };

	(void)state;
	port_up();
	(void)fn_ctx_process_events(p.ctx);
	p.link_events = 0;
	model_dev_signal(&p.id.md, OTHER);
	p.id.md.gone = true;
	(void)fn_ctx_process_events(p.ctx);
	fn_dev_get_info(p.dev, &info);
	assert_int_equal(info.status, -ENODEV);
	assert_int_equal(p.link_events, 0);
	assert_int_equal(counter("rx_overrun"), 0);
	port_end();
}

/* Without a buffer nothing would ever come in and interrupt. */
static void empty_ring(void **state)
{
	static struct fn_pkt *held[PORT_PKTS];
	uint8_t frame[60] = { 0 };
	struct fn_pkt *pkt;
	unsigned n = 0;

	(void)state;
	port_init();
	port_start((struct fn_dev_conf){ .rx_ring = 64 });
	memcpy(frame, p.dev->mac, 6);
	while ((pkt = fn_pkt_alloc(p.pool)))
		held[n++] = pkt;
	while (!intel_dev_receive(&p.id, frame, sizeof(frame))) {
		assert_int_equal(fn_rx_burst(rx(), &pkt, 1), 1);
		held[n++] = pkt;
	}
	assert_int_equal(fn_rxq_arm(rx()), -ENOBUFS);
	fn_pkt_free_bulk(held, n);
	assert_int_equal(fn_rxq_arm(rx()), 0);
	port_receive(1);
	assert_signals(FIRST, 1);
	port_end();
}

/* The 82574's timers hold the first frame after a pause back as well; its throttle would not. */
static void first_frame(void **state)
{
	const struct fn_coalesce c = { .sz = sizeof(c), .rx_delay_ns = FN_MS(2) };

	(void)state;
	port_up();
	assert_int_equal(fn_dev_set_coalesce(p.dev, &c), 0);
	pass_ns(FN_MS(100));
	assert_int_equal(fn_rxq_arm(rx()), 0);
	port_receive(1);
	pass_ns(FN_MS(1));
	assert_signals(FIRST, 0);
	/* A stream of frames does not put it off. */
	port_receive(1);
	pass_ns(FN_MS(2));
	assert_signals(FIRST, 1);
	port_end();
}

/* When the MSI-X entries were last given other descriptors, or none. */
static uint64_t rewired_ns;

static void rewired(struct model_dev *md)
{
	rewired_ns = md->clock->now_ns;
}

/* Closed behind an interrupt that began a long delay; the shorter one comes too late. */
static bool closes_throttled(bool is_qemu)
{
	/* Vendor and device of the subsystem (PCI 3.0 6.2.4), little-endian. */
	static const uint8_t subsystem[] = { 0x86, 0x80, 0x00, 0x00 };
	const struct fn_coalesce none = { .sz = sizeof(none) };
	struct model_dev_ops ops;
	uint64_t over_ns;

	port_init();
	if (is_qemu)
		memcpy(p.id.md.cfg + 0x2c, subsystem, sizeof(subsystem));
	ops = *p.id.md.ops;
	ops.irq_set = rewired;
	p.id.md.ops = &ops;
	shared_start(FN_MS(16));
	assert_int_equal(fn_txq_arm(tx()), 0);
	port_send(1);
	assert_signals(FIRST, 1);
	assert_int_equal(fn_dev_set_coalesce(p.dev, &none), 0);
	over_ns = p.id.vector[FIRST].free_ns;
	port_end();
	return rewired_ns < over_ns;
}

/* QEMU (7.2) ends when MSI-X of its e1000e is switched off then; with any other nobody waits. */
static void throttle_over(void **state)
{
	(void)state;
	assert_false(closes_throttled(true));
	assert_true(closes_throttled(false));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(old_news),
		BOTH(fenced),
		BOTH(neighbour_armed),
		BOTH(neighbour_disarmed),
		BOTH(other_looked_at),
		BOTH(other_answer_lost),
		BOTH(throttled),
		BOTH(shorter_delay),
		BOTH(overruns),
		BOTH(late),
		BOTH(gone),
		BOTH(empty_ring),
		{ "first_frame, 82574", first_frame, e1000e, NULL, NULL },
		{ "throttle_over, 82574", throttle_over, e1000e, NULL, NULL },
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
