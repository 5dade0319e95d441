// SPDX-License-Identifier: BSD-3-Clause
/*
 * Interrupt moderation by a poller: when it is there, that it follows lib/poll/dim.c, and what ends
 * it. The delay is what the register of the device's model says.
 */
#include <time.h>

#include "model/intel_dev_spec.h"
#include "poller_rig.h"

/* MSI-X entries of the first receive and the first transmit queue. */
#define RX_ENTRY 1u
#define TX_ENTRY 2u

/* 82576 8.8.14: the running count is left alone. */
#define CNT_INGR (1u << 31)

#define SHORTEST_NS 2000u
#define LONGEST_NS 64000u

/* CLOCK_MONOTONIC of this process is the test's: an interrupt comes when the test says so. */
static uint64_t clock_ns = 1000000000000;

/* The linker's names: NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
int __real_clock_gettime(clockid_t id, struct timespec *ts);
int __wrap_clock_gettime(clockid_t id, struct timespec *ts);

int __wrap_clock_gettime(clockid_t id, struct timespec *ts)
{
	const uint64_t now_ns = __atomic_load_n(&clock_ns, __ATOMIC_RELAXED);

	if (id != CLOCK_MONOTONIC)
		return __real_clock_gettime(id, ts);
	ts->tv_sec = (time_t)(now_ns / 1000000000);
	ts->tv_nsec = (long)(now_ns % 1000000000);
	return 0;
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

/* As the register has it: 82574 10.2.4.3: 256 ns; 82576 8.8.14: microseconds, in bits 14:2. */
static void assert_eitr(struct nic *nic, unsigned entry, uint32_t delay_ns)
{
	const bool is_74 = nic->kind == NIC_82574;
	const uint64_t at = (is_74 ? IDEV_EITR_74 : IDEV_EITR_76) + 4u * entry;

	assert_int_equal(nic->id.reg[at / 4] & ~CNT_INGR,
			 is_74 ? (delay_ns + 255) / 256 : (delay_ns + 999) / 1000 << 2);
}

static struct fn_poller_opts opts(enum fn_poller_mode mode, enum fn_poller_policy policy)
{
	return (struct fn_poller_opts){
		.mode = mode, .policy = policy, .wake_latency_ns = 10000, .wake_cpu_ns = 10000
	};
}

static void mode(enum fn_poller_mode mode, enum fn_poller_policy policy)
{
	assert_int_equal(fn_poller_set_mode(rig.poller, mode, policy), 0);
}

static void coalesce(struct nic *nic, uint32_t rx_ns)
{
	const struct fn_coalesce c = { .sz = sizeof(c), .rx_delay_ns = rx_ns };

	assert_int_equal(fn_dev_set_coalesce(nic->dev, &c), 0);
}

/* @n frames behind one interrupt, @ns after the last ones, and the worker takes them. */
static void interrupt(struct nic *nic, uint64_t ns, unsigned n)
{
	const uint64_t before = stats().interrupts;

	__atomic_store_n(&clock_ns, clock_ns + ns, __ATOMIC_RELAXED);
	nic_receive_n(nic, n);
	/* What the throttle holds back comes. */
	model_bus.delay_ns(&nic_md(nic)->busdev, FN_MS(1));
	settle();
	assert_int_equal(stats().interrupts, before + 1);
	assert_int_equal(nic->got, nic->in);
}

/* So many interrupts of a load of a packet each @every_ns, moderated as @dim says; NULL: not. */
static void load(struct nic *nic, struct fn_dim *dim, unsigned *last, unsigned times,
		 uint32_t every_ns)
{
	for (unsigned i = 0; i < times; i++) {
		const uint32_t delay_ns = dim ? fn_dim_delay_ns(dim) : 0;
		const uint32_t ns = delay_ns > every_ns ? delay_ns : every_ns;

		interrupt(nic, ns, ns / every_ns);
		/* What came with this one is known by the next. */
		if (dim)
			(void)fn_dim_event(dim, clock_ns, *last);
		*last = ns / every_ns;
		assert_eitr(nic, RX_ENTRY, dim ? fn_dim_delay_ns(dim) : 0);
		assert_eitr(nic, TX_ENTRY, 0);
	}
}

static void begin_dim(struct fn_dim *dim, unsigned *last)
{
	fn_dim_init(dim);
	*last = 0;
}

static struct nic *begin(enum nic_kind kind, struct fn_poller_opts o)
{
	struct nic *nic = rig_begin(kind, o);

	settle();
	return nic;
}

/* A flood raises the delay to the longest, and a load of single packets takes it back. */
static void follows(enum nic_kind kind, struct fn_poller_opts o)
{
	struct nic *nic = begin(kind, o);
	unsigned last;
	struct fn_dim dim;

	begin_dim(&dim, &last);
	assert_eitr(nic, RX_ENTRY, SHORTEST_NS);
	load(nic, &dim, &last, 8 * FN_DIM_EVENTS, SHORTEST_NS);
	assert_eitr(nic, RX_ENTRY, LONGEST_NS);
	load(nic, &dim, &last, 12 * FN_DIM_EVENTS, 1000000);
	assert_eitr(nic, RX_ENTRY, SHORTEST_NS);
	rig_end();
}

static void follows_dim(void **state)
{
	(void)state;
	for (enum nic_kind kind = NIC_82574; kind <= NIC_82576; kind++) {
		follows(kind, opts(FN_POLLER_INTERRUPT, FN_POLLER_BALANCED));
		follows(kind, opts(FN_POLLER_INTERRUPT, FN_POLLER_LATENCY));
		follows(kind, opts(FN_POLLER_ADAPTIVE, FN_POLLER_POWER));
	}
}

/* Where arming bounds the interrupts, or none comes, nothing is held back, whatever the load. */
static void not_elsewhere(void **state)
{
	static const struct {
		enum fn_poller_mode mode;
		enum fn_poller_policy policy;
	} none[] = {
		{ FN_POLLER_ADAPTIVE, FN_POLLER_BALANCED },
		{ FN_POLLER_ADAPTIVE, FN_POLLER_LATENCY },
		{ FN_POLLER_POLL, FN_POLLER_BALANCED },
		{ FN_POLLER_POLL, FN_POLLER_POWER },
	};
	unsigned last = 0;

	(void)state;
	for (unsigned i = 0; i < 2 * FN_ARRAY_LEN(none); i++) {
		struct nic *nic = begin(i % 2 ? NIC_82574 : NIC_82576,
					opts(none[i / 2].mode, none[i / 2].policy));

		assert_eitr(nic, RX_ENTRY, 0);
		load(nic, NULL, &last, 3 * FN_DIM_EVENTS, SHORTEST_NS);
		rig_end();
	}
}

/* To another mode and back: nothing is held back in between, and then it begins anew. */
static void modes_change(void **state)
{
	(void)state;
	for (enum nic_kind kind = NIC_82574; kind <= NIC_82576; kind++) {
		struct nic *nic = begin(kind, opts(FN_POLLER_ADAPTIVE, FN_POLLER_BALANCED));
		struct fn_dim dim;
		unsigned last;

		for (unsigned i = 0; i < 3; i++) {
			mode(FN_POLLER_INTERRUPT, FN_POLLER_BALANCED);
			assert_eitr(nic, RX_ENTRY, SHORTEST_NS);
			begin_dim(&dim, &last);
			load(nic, &dim, &last, 2 * FN_DIM_EVENTS + 1, SHORTEST_NS);
			assert_true(fn_dim_delay_ns(&dim) > SHORTEST_NS);
			/* From one that holds back to another one it goes on. */
			mode(FN_POLLER_ADAPTIVE, FN_POLLER_POWER);
			load(nic, &dim, &last, 2 * FN_DIM_EVENTS, SHORTEST_NS);
			mode(i % 2 ? FN_POLLER_POLL : FN_POLLER_ADAPTIVE, FN_POLLER_LATENCY);
			assert_eitr(nic, RX_ENTRY, 0);
			load(nic, NULL, &last, 2 * FN_DIM_EVENTS, SHORTEST_NS);
		}
		rig_end();
	}
}

/* What the application asks for stays, whatever the load and mode; without it all is as before. */
static void application_wins(void **state)
{
	(void)state;
	for (enum nic_kind kind = NIC_82574; kind <= NIC_82576; kind++) {
		struct nic *nic = begin(kind, opts(FN_POLLER_INTERRUPT, FN_POLLER_BALANCED));

		coalesce(nic, FN_US(512));
		for (unsigned i = 0; i < 4 * FN_DIM_EVENTS; i++) {
			interrupt(nic, LONGEST_NS, 1 + i / 32);
			assert_eitr(nic, RX_ENTRY, FN_US(512));
		}
		mode(FN_POLLER_POLL, FN_POLLER_BALANCED);
		assert_eitr(nic, RX_ENTRY, FN_US(512));
		mode(FN_POLLER_INTERRUPT, FN_POLLER_BALANCED);
		assert_eitr(nic, RX_ENTRY, FN_US(512));
		mode(FN_POLLER_POLL, FN_POLLER_BALANCED);
		coalesce(nic, 0);
		assert_eitr(nic, RX_ENTRY, 0);
		mode(FN_POLLER_INTERRUPT, FN_POLLER_BALANCED);
		assert_eitr(nic, RX_ENTRY, SHORTEST_NS);
		rig_end();
	}
}

/* A device that starts again begins with the shortest delay, and its queue's load is a new one. */
static void starts_anew(void **state)
{
	(void)state;
	for (enum nic_kind kind = NIC_82574; kind <= NIC_82576; kind++) {
		struct nic *nic = begin(kind, opts(FN_POLLER_INTERRUPT, FN_POLLER_BALANCED));
		uint64_t interrupts = stats().interrupts;
		struct fn_dim dim;
		unsigned last;

		for (unsigned i = 0; i < 3; i++) {
			begin_dim(&dim, &last);
			assert_eitr(nic, RX_ENTRY, SHORTEST_NS);
			/* The descriptor tells once more of what it told of before. */
			settle();
			if (stats().interrupts > interrupts)
				(void)fn_dim_event(&dim, clock_ns, 0);
			load(nic, &dim, &last, 3 * FN_DIM_EVENTS, SHORTEST_NS);
			interrupts = stats().interrupts;
			assert_true(fn_dim_delay_ns(&dim) > SHORTEST_NS);
			if (i % 2) {
				assert_int_equal(fn_dev_reset(nic->dev), 0);
				model_bus.delay_ns(&nic->id.md.busdev, 2 * nic->id.link_ns);
			} else {
				assert_int_equal(fn_dev_stop(nic->dev), 0);
				nic_start(nic);
			}
		}
		rig_end();
	}
}

/* Both queues on one vector, in either order; of queues that only send none is held back. */
static void by_vector(void **state)
{
	static const uint16_t first[] = { 0 };

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct nic *nic;

		rig_begin_pool(0);
		nic = nic_open(i / 2 ? NIC_82574 : NIC_82576);
		assert_int_equal(nic_configure(nic, (struct fn_dev_conf){ .rx_vectors = first,
									  .tx_vectors = first }),
				 0);
		nic_start(nic);
		rig_poller(opts(FN_POLLER_INTERRUPT, FN_POLLER_BALANCED));
		if (i % 2)
			nic_add_rx(nic, rig.poller, nic_take);
		nic_add_tx(nic, rig.poller, 0, 0);
		assert_eitr(nic, RX_ENTRY, i % 2 ? SHORTEST_NS : 0);
		if (!(i % 2))
			nic_add_rx(nic, rig.poller, nic_take);
		assert_eitr(nic, RX_ENTRY, SHORTEST_NS);
		settle();
		interrupt(nic, SHORTEST_NS, 1);
		rig_end();
	}
}

/* A device that does not do it for a vector is asked once, and left in peace. */
static unsigned commands;

static int note_command(struct fn_dev *dev, const struct fn_coalesce *c)
{
	(void)dev;
	(void)c;
	commands++;
	return 0;
}

static void virtio_does_not(void **state)
{
	(void)state;
	for (enum nic_kind kind = NIC_VIRTIO; kind <= NIC_VIRTIO_FLAGS; kind++) {
		struct nic *nic = begin(kind, opts(FN_POLLER_INTERRUPT, FN_POLLER_BALANCED));

		nic_hook(nic);
		nic->step_ops.set_coalesce = note_command;
		commands = 0;
		for (unsigned i = 0; i < 3 * FN_DIM_EVENTS; i++)
			interrupt(nic, SHORTEST_NS, 4);
		mode(FN_POLLER_POLL, FN_POLLER_BALANCED);
		mode(FN_POLLER_ADAPTIVE, FN_POLLER_POWER);
		for (unsigned i = 0; i < 3 * FN_DIM_EVENTS; i++)
			interrupt(nic, SHORTEST_NS, 4);
		assert_int_equal(commands, 0);
		assert_false(nic->rx->item.vector->moderated);
		rig_end();
	}
}

/* Whoever has the queue next gets it as it was: nobody else takes the delay back. */
static void ends_with_the_queue(void **state)
{
	(void)state;
	for (enum nic_kind kind = NIC_82574; kind <= NIC_82576; kind++) {
		struct nic *nic = begin(kind, opts(FN_POLLER_INTERRUPT, FN_POLLER_BALANCED));

		assert_eitr(nic, RX_ENTRY, SHORTEST_NS);
		fn_poller_del_rxq(nic->rx);
		assert_eitr(nic, RX_ENTRY, 0);
		rig_end();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(follows_dim),      cmocka_unit_test(ends_with_the_queue),
		cmocka_unit_test(not_elsewhere),    cmocka_unit_test(modes_change),
		cmocka_unit_test(application_wins), cmocka_unit_test(starts_anew),
		cmocka_unit_test(by_vector),        cmocka_unit_test(virtio_does_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
