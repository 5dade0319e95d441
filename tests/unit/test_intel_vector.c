// SPDX-License-Identifier: BSD-3-Clause
/* A queue's vector as who polls the queue has it: how often it interrupts, and which processor. */
#define PORT_PKTS 1536
#include <pthread.h>

#include "dev/vector.h"
#include "intel_diag_port.h"

/* MSI-X entries of the first receive and the first transmit queue. */
#define RX_ENTRY 1
#define TX_ENTRY 2

/* 82576 8.8.14: the running count is left alone. */
#define CNT_INGR (1u << 31)

static struct fn_queue *rx(void)
{
	return fn_rxq_queue(fn_dev_rxq(p.dev, 0));
}

static struct fn_queue *tx(void)
{
	return fn_txq_queue(fn_dev_txq(p.dev, 0));
}

static uint64_t eitr_at(unsigned entry)
{
	return (family == INTEL_82574 ? IDEV_EITR_74 : IDEV_EITR_76) + 4 * entry;
}

static uint32_t eitr(unsigned entry)
{
	return REG(eitr_at(entry));
}

/* As the register has it: 82574 10.2.4.3: 256 ns; 82576 8.8.14: microseconds, in bits 14:2. */
static uint32_t in_units(uint32_t delay_ns)
{
	return family == INTEL_82574 ? (delay_ns + 255) / 256 : (delay_ns + 999) / 1000 << 2;
}

static void assert_eitr(unsigned entry, uint32_t delay_ns)
{
	assert_int_equal(eitr(entry) & ~CNT_INGR, in_units(delay_ns));
}

static void coalesce(uint32_t rx_ns, uint32_t tx_ns)
{
	const struct fn_coalesce c = { .sz = sizeof(c),
				       .rx_delay_ns = rx_ns,
				       .tx_delay_ns = tx_ns };

	assert_int_equal(fn_dev_set_coalesce(p.dev, &c), 0);
}

static void up(void)
{
	port_init();
	port_start((struct fn_dev_conf){ .rxqs = 1, .txqs = 1 });
}

/* The register of the queue's own vector says it, rounded up; what is too long is the longest. */
static void in_the_register(void **state)
{
	static const uint32_t delays_ns[] = { 0, 1, 256, 1000, 2000, 64000, 1 };

	(void)state;
	up();
	for (unsigned i = 0; i < FN_ARRAY_LEN(delays_ns); i++) {
		const unsigned reads = p.id.reads;

		assert_true(fn_queue_moderate(rx(), delays_ns[i]));
		assert_eitr(RX_ENTRY, delays_ns[i]);
		assert_eitr(TX_ENTRY, 0);
		assert_int_equal(p.id.reads, reads);
		/* What is held back now is not let go by it. */
		if (family == INTEL_82576)
			assert_int_equal(eitr(RX_ENTRY) & CNT_INGR, CNT_INGR);
	}
	assert_true(fn_queue_moderate(tx(), UINT32_MAX));
	assert_eitr(TX_ENTRY, p.dev->limits.coalesce_max_ns);
	assert_eitr(RX_ENTRY, 1);
	port_end();
}

/* Two packets in a row are two interrupts, that far apart. */
static void holds_back(void **state)
{
	(void)state;
	up();
	pass_ns(FN_MS(10));
	assert_true(fn_queue_moderate(tx(), FN_MS(1)));
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(fn_txq_arm(fn_dev_txq(p.dev, 0)), 0);
		port_send(1);
		assert_int_equal(p.id.md.signals[TX_ENTRY], 1);
	}
	pass_ns(FN_US(900));
	assert_int_equal(p.id.md.signals[TX_ENTRY], 1);
	pass_ns(FN_US(200));
	assert_int_equal(p.id.md.signals[TX_ENTRY], 2);
	port_end();
}

/* A start puts back what the application has; what does not run, or has no vector, has none. */
static void until_the_next_start(void **state)
{
	static const uint16_t none[] = { FN_NO_VECTOR };

	(void)state;
	up();
	assert_true(fn_queue_moderate(rx(), FN_US(64)));
	assert_int_equal(fn_dev_stop(p.dev), 0);
	assert_false(fn_queue_moderate(rx(), FN_US(2)));
	/* Nor does the reset's value decide: the 82576 keeps it over one. */
	REG(eitr_at(RX_ENTRY)) = in_units(FN_US(64));
	assert_int_equal(fn_dev_start(p.dev), 0);
	assert_eitr(RX_ENTRY, 0);
	assert_true(fn_queue_moderate(rx(), FN_US(2)));
	assert_int_equal(fn_dev_stop(p.dev), 0);
	port_start((struct fn_dev_conf){ .rxqs = 1, .txqs = 1, .rx_vectors = none });
	assert_false(fn_queue_moderate(rx(), FN_US(2)));
	assert_true(fn_queue_moderate(tx(), FN_US(2)));
	port_end();
}

/* What the application asked for wins, on vectors too for which it asked for no delay. */
static void application_wins(void **state)
{
	(void)state;
	up();
	assert_true(fn_queue_moderate(rx(), FN_US(64)));
	coalesce(FN_US(512), 0);
	for (unsigned i = 0; i < 2; i++) {
		assert_eitr(RX_ENTRY, FN_US(512));
		assert_eitr(TX_ENTRY, 0);
		assert_false(fn_queue_moderate(rx(), FN_US(2)));
		assert_false(fn_queue_moderate(tx(), FN_US(2)));
		assert_eitr(RX_ENTRY, FN_US(512));
		assert_eitr(TX_ENTRY, 0);
		/* It holds over a start. */
		assert_int_equal(fn_dev_stop(p.dev), 0);
		assert_int_equal(fn_dev_start(p.dev), 0);
	}
	coalesce(0, 0);
	assert_eitr(RX_ENTRY, 0);
	assert_true(fn_queue_moderate(rx(), FN_US(2)));
	assert_eitr(RX_ENTRY, FN_US(2));
	port_end();
}

/* Calls of another thread, receive delays, come one each just before or behind a write. */
static const struct model_dev_ops *device;
static struct model_dev_ops busy;
static const uint32_t *calls_ns;
static unsigned calls_n;
static bool come_before;

static void busy_write(struct model_dev *md, unsigned idx, uint64_t off, unsigned width,
		       uint64_t value)
{
	const bool now = calls_n && off == eitr_at(RX_ENTRY);

	/* The call itself writes it, too. */
	md->ops = device;
	if (now && come_before) {
		calls_n--;
		coalesce(*calls_ns++, 0);
	}
	device->bar_write(md, idx, off, width, value);
	if (now && !come_before) {
		calls_n--;
		coalesce(*calls_ns++, 0);
	}
	md->ops = &busy;
}

/* However a write and the application's call meet, the register has the application's choice. */
static void application_meanwhile(void **state)
{
	static const uint32_t chosen_ns[][3] = {
		{ FN_US(512) },
		{ FN_US(512), FN_US(256) },
		{ FN_US(256), FN_US(512), FN_US(1024) },
		{ FN_US(512), 0 },
		{ 0, FN_US(512) },
	};
	static const unsigned n[] = { 1, 2, 3, 2, 2 };

	(void)state;
	for (unsigned i = 0; i < 2 * FN_ARRAY_LEN(n); i++) {
		uint32_t last_ns;
		bool holds;

		up();
		device = p.id.md.ops;
		busy = *device;
		busy.bar_write = busy_write;
		calls_ns = chosen_ns[i / 2];
		calls_n = n[i / 2];
		come_before = i % 2;
		p.id.md.ops = &busy;
		holds = fn_queue_moderate(rx(), FN_US(2));
		p.id.md.ops = device;
		assert_int_equal(holds, !calls_ns[-1]);
		/* Those that no write was left for. */
		while (calls_n) {
			calls_n--;
			coalesce(*calls_ns++, 0);
		}
		last_ns = calls_ns[-1];
		assert_eitr(RX_ENTRY, last_ns ? last_ns : FN_US(2));
		assert_int_equal(fn_queue_moderate(rx(), FN_US(4)), !last_ns);
		assert_eitr(RX_ENTRY, last_ns ? last_ns : FN_US(4));
		port_end();
	}
}

/* Registers that two threads write at once; nothing here orders one thread for the other. */
static uint64_t shared_read(struct fn_busdev *busdev, unsigned idx, uint64_t off, unsigned width)
{
	(void)busdev;
	(void)idx;
	(void)width;
	return __atomic_load_n(&REG(off), __ATOMIC_RELAXED);
}

static void shared_write(struct fn_busdev *busdev, unsigned idx, uint64_t off, unsigned width,
			 uint64_t value)
{
	(void)busdev;
	(void)idx;
	(void)width;
	__atomic_store_n(&REG(off), (uint32_t)value, __ATOMIC_RELAXED);
}

static bool chosen;

static void *chooses(void *arg)
{
	(void)arg;
	for (uint32_t i = 0; i < 2000; i++)
		coalesce(FN_US(i % 2 * 512), 0);
	__atomic_store_n(&chosen, true, __ATOMIC_RELAXED);
	return NULL;
}

/* The application chooses on another thread, and what it chose last is in the register. */
static void application_beside(void **state)
{
	struct fn_bus_ops ops = model_bus;
	pthread_t thread;

	(void)state;
	up();
	ops.bar_read = shared_read;
	ops.bar_write = shared_write;
	p.id.md.busdev.ops = &ops;
	chosen = false;
	assert_int_equal(pthread_create(&thread, NULL, chooses, NULL), 0);
	for (uint32_t i = 0; !__atomic_load_n(&chosen, __ATOMIC_RELAXED); i++)
		(void)fn_queue_moderate(rx(), FN_US(i % 64));
	assert_int_equal(pthread_join(thread, NULL), 0);
	p.id.md.busdev.ops = &model_bus;
	assert_eitr(RX_ENTRY, FN_US(512));
	assert_false(fn_queue_moderate(rx(), FN_US(2)));
	port_end();
}

/* When the MSI-X entries were last given other descriptors, or none. */
static uint64_t rewired_ns;

static void rewired(struct model_dev *md)
{
	rewired_ns = md->clock->now_ns;
}

/* QEMU (7.2) ends when MSI-X of its e1000e is switched off before this delay is over. */
static void over_at_the_end(void **state)
{
	/* Vendor and device of the subsystem (PCI 3.0 6.2.4), little-endian. */
	static const uint8_t subsystem[] = { 0x86, 0x80, 0x00, 0x00 };
	struct model_dev_ops ops;
	uint64_t over_ns;

	(void)state;
	port_init();
	memcpy(p.id.md.cfg + 0x2c, subsystem, sizeof(subsystem));
	ops = *p.id.md.ops;
	ops.irq_set = rewired;
	p.id.md.ops = &ops;
	port_start((struct fn_dev_conf){ .rxqs = 1, .txqs = 1 });
	pass_ns(FN_MS(10));
	assert_true(fn_queue_moderate(tx(), FN_MS(16)));
	assert_int_equal(fn_txq_arm(fn_dev_txq(p.dev, 0)), 0);
	port_send(1);
	assert_int_equal(p.id.md.signals[TX_ENTRY], 1);
	assert_true(fn_queue_moderate(tx(), 0));
	over_ns = p.id.vector[TX_ENTRY].free_ns;
	port_end();
	assert_true(rewired_ns >= over_ns);
}

/* The bus is asked for the entry of the queue's vector, which is behind the driver's own. */
static void on_a_processor(void **state)
{
	static const uint16_t vectors[] = { 2, FN_NO_VECTOR };
	struct fn_bus_ops ops = model_bus;

	(void)state;
	port_init();
	port_start(
		(struct fn_dev_conf){ .rxqs = 2, .txqs = 1, .rx_ring = 64, .rx_vectors = vectors });
	assert_int_equal(fn_queue_irq_affinity(rx(), 5), 0);
	assert_int_equal(p.id.md.cpus[3], 5 + 1);
	assert_int_equal(fn_queue_irq_affinity(tx(), 0), 0);
	assert_int_equal(p.id.md.cpus[tx()->vector + 1], 1);
	assert_int_equal(fn_queue_irq_affinity(fn_rxq_queue(fn_dev_rxq(p.dev, 1)), 1), -ENOTSUP);
	assert_non_null(strstr(fn_error_last(), "receive queue 1 has no interrupt vector"));
	ops.irq_affinity = NULL;
	p.id.md.busdev.ops = &ops;
	assert_int_equal(fn_queue_irq_affinity(rx(), 1), -ENOTSUP);
	assert_non_null(strstr(fn_error_last(), "the bus model"));
	p.id.md.busdev.ops = &model_bus;
	port_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(in_the_register),
		BOTH(holds_back),
		BOTH(until_the_next_start),
		BOTH(application_wins),
		BOTH(application_meanwhile),
		BOTH(application_beside),
		BOTH(on_a_processor),
		{ "over_at_the_end, 82574", over_at_the_end, e1000e, NULL, NULL },
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
