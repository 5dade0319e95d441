// SPDX-License-Identifier: BSD-3-Clause
/* Queues of several threads on one vector: what one arms or disarms loses no other's interrupt. */
#define PORT_PKTS 1536
#include <pthread.h>
#include <sched.h>

#include "intel_diag_port.h"

/* The first vector of a queue: MSI-X entry 0 is for link and overruns. */
#define FIRST 1u

/* What a thread does at the moment in which another one has decided to write a register. */
static struct hook {
	uint32_t off;
	void (*run)(void);
} hooks[3];

static const struct model_dev_ops *device;
static struct model_dev_ops watched;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static struct fn_rxq *rx(void)
{
	return fn_dev_rxq(p.dev, 0);
}

static struct fn_txq *tx(void)
{
	return fn_dev_txq(p.dev, 0);
}

/* Hooks run one after the other, each once, in front of the write that they wait for. */
static void hooked_write(struct model_dev *md, unsigned idx, uint64_t off, unsigned width,
			 uint64_t value)
{
	if (hooks[0].run && hooks[0].off == off) {
		void (*run)(void) = hooks[0].run;

		hooks[0] = hooks[1];
		hooks[1] = hooks[2];
		hooks[2] = (struct hook){ 0 };
		run();
	}
	device->bar_write(md, idx, off, width, value);
}

/* In front of a write is where another thread does harm: it is let in there, sometimes. */
static void let_in(void)
{
	static __thread uint32_t random = 1;

	random = random * 1664525u + 1013904223u;
	for (unsigned i = random >> 29; i < 4; i++)
		(void)sched_yield();
}

/* The device takes one access at a time, as a bus brings them. */
static void locked_write(struct model_dev *md, unsigned idx, uint64_t off, unsigned width,
			 uint64_t value)
{
	let_in();
	(void)pthread_mutex_lock(&mutex);
	device->bar_write(md, idx, off, width, value);
	(void)pthread_mutex_unlock(&mutex);
}

static uint64_t locked_read(struct model_dev *md, unsigned idx, uint64_t off, unsigned width)
{
	uint64_t value;

	(void)pthread_mutex_lock(&mutex);
	value = device->bar_read(md, idx, off, width);
	(void)pthread_mutex_unlock(&mutex);
	return value;
}

/* One queue of each kind, on one vector, that may interrupt every @delay_ns. */
static void shared_up(uint32_t delay_ns)
{
	static const uint16_t first_vector[] = { 0 };
	const struct fn_coalesce c = { .sz = sizeof(c),
				       .rx_delay_ns = delay_ns,
				       .tx_delay_ns = delay_ns };

	memset(hooks, 0, sizeof(hooks));
	port_init();
	device = p.id.md.ops;
	watched = *device;
	p.id.md.ops = &watched;
	port_start((struct fn_dev_conf){
		.rxqs = 1, .txqs = 1, .rx_vectors = first_vector, .tx_vectors = first_vector });
	assert_int_equal(fn_dev_set_coalesce(p.dev, &c), 0);
	/* The throttle alone: the 82574 has timers beside it, which are test_intel_tx's. */
	if (family == INTEL_82574)
		REG(IDEV_TIDV) = 0;
	watched.bar_write = hooked_write;
}

static void assert_signals(unsigned n)
{
	assert_int_equal(p.id.md.signals[FIRST], n);
}

static void tx_arm(void)
{
	assert_int_equal(fn_txq_arm(tx()), 0);
}

static void tx_disarm(void)
{
	fn_txq_disarm(tx());
}

static void nothing(void)
{
}

static void tx_arm_and_send(void)
{
	tx_arm();
	port_send(1);
}

static uint32_t masks_off(void)
{
	return family == INTEL_82576 ? IDEV_EIMC : IDEV_IMC;
}

/* A queue that masks the vector, as the last one, does not mask one that is armed meanwhile. */
static void armed_while_masking(void **state)
{
	(void)state;
	shared_up(0);
	for (unsigned i = 1; i < 4; i++) {
		assert_int_equal(fn_rxq_arm(rx()), 0);
		hooks[0] = (struct hook){ masks_off(), tx_arm };
		fn_rxq_disarm(rx());
		assert_null(hooks[0].run);
		port_send(1);
		assert_signals(i);
		fn_txq_disarm(tx());
	}
	port_end();
}

/* Nor does it keep back what such a queue is to be told of, and waits for the throttle. */
static void finished_while_masking(void **state)
{
	(void)state;
	shared_up(FN_MS(1));
	for (unsigned i = 0; i < 3; i++) {
		pass_ns(FN_MS(10));
		tx_arm_and_send();
		assert_signals(2 * i + 1);
		fn_txq_disarm(tx());
		assert_int_equal(fn_rxq_arm(rx()), 0);
		hooks[0] = (struct hook){ masks_off(), tx_arm_and_send };
		fn_rxq_disarm(rx());
		assert_null(hooks[0].run);
		pass_ns(FN_MS(2));
		assert_signals(2 * i + 2);
		fn_txq_disarm(tx());
	}
	port_end();
}

/* What is given back to a queue that is not armed any more by then is taken again. */
static void disarmed_while_giving_back(void **state)
{
	(void)state;
	shared_up(0);
	assert_int_equal(fn_rxq_arm(rx()), 0);
	hooks[0] = (struct hook){ IDEV_EIMC, tx_arm };
	/* The first write of EIMS is that of arming. */
	hooks[1] = (struct hook){ IDEV_EIMS, nothing };
	hooks[2] = (struct hook){ IDEV_EIMS, tx_disarm };
	fn_rxq_disarm(rx());
	assert_null(hooks[0].run);
	port_send(1);
	port_receive(1);
	assert_signals(0);
	port_end();
}

/* What came before a queue was armed is forgotten; but not what a queue armed meanwhile is for. */
static void armed_while_forgetting(void **state)
{
	(void)state;
	shared_up(FN_MS(1));
	for (unsigned i = 0; i < 3; i++) {
		pass_ns(FN_MS(10));
		tx_arm_and_send();
		assert_signals(2 * i + 1);
		fn_txq_disarm(tx());
		/* The next one waits for the throttle. */
		hooks[0] = (struct hook){ family == INTEL_82576 ? IDEV_EICR : IDEV_ICR,
					  tx_arm_and_send };
		assert_int_equal(fn_rxq_arm(rx()), 0);
		assert_null(hooks[0].run);
		pass_ns(FN_MS(2));
		assert_signals(2 * i + 2);
		fn_rxq_disarm(rx());
		fn_txq_disarm(tx());
	}
	port_end();
}

#define ROUNDS 4000u

static pthread_barrier_t round_begins;
static pthread_barrier_t round_ends;

/* The neighbour: in every second round it arms meanwhile, and in the others it disarms. */
static void *neighbour(void *arg)
{
	(void)arg;
	for (unsigned i = 0; i < ROUNDS; i++) {
		if (i % 2 == 0)
			(void)fn_rxq_arm(rx());
		(void)pthread_barrier_wait(&round_begins);
		if (i % 2 == 0)
			fn_rxq_disarm(rx());
		else
			(void)fn_rxq_arm(rx());
		(void)pthread_barrier_wait(&round_ends);
		fn_rxq_disarm(rx());
		(void)pthread_barrier_wait(&round_ends);
	}
	return NULL;
}

static unsigned signals(void)
{
	unsigned n;

	(void)pthread_mutex_lock(&mutex);
	n = p.id.md.signals[FIRST];
	(void)pthread_mutex_unlock(&mutex);
	return n;
}

/*
 * Whoever sleeps: an interrupt of the neighbour's wakes it, too, and it arms anew. Returns the
 * number of signals when, with none since, a packet of its own was done.
 */
static unsigned sleep_and_finish(void)
{
	unsigned seen;
	bool sleeps;

	do {
		seen = signals();
		(void)fn_txq_arm(tx());
		(void)pthread_mutex_lock(&mutex);
		sleeps = p.id.md.signals[FIRST] == seen;
		if (sleeps)
			intel_dev_queue_cause(&p.id, true, 0, false);
		(void)pthread_mutex_unlock(&mutex);
	} while (!sleeps);
	return seen;
}

/* Two threads on one vector: each packet that is done while its thread sleeps wakes it. */
static void threads(void **state)
{
	pthread_t thread;
	unsigned woken = 0;

	(void)state;
	shared_up(FN_US(10));
	/* The models keep what was there at a fence for one thread alone. */
	p.id.md.barriers = false;
	watched.bar_write = locked_write;
	watched.bar_read = locked_read;
	assert_int_equal(pthread_barrier_init(&round_begins, NULL, 2), 0);
	assert_int_equal(pthread_barrier_init(&round_ends, NULL, 2), 0);
	assert_int_equal(pthread_create(&thread, NULL, neighbour, NULL), 0);
	for (unsigned i = 0; i < ROUNDS; i++) {
		unsigned seen;

		/* The throttle holds back what follows one that was told of. */
		if (i % 2) {
			(void)sleep_and_finish();
			fn_txq_disarm(tx());
		}
		(void)pthread_barrier_wait(&round_begins);
		seen = sleep_and_finish();
		(void)pthread_barrier_wait(&round_ends);
		(void)pthread_mutex_lock(&mutex);
		pass_ns(FN_US(20));
		(void)pthread_mutex_unlock(&mutex);
		woken += signals() > seen;
		(void)pthread_barrier_wait(&round_ends);
		fn_txq_disarm(tx());
	}
	assert_int_equal(pthread_join(thread, NULL), 0);
	(void)pthread_barrier_destroy(&round_begins);
	(void)pthread_barrier_destroy(&round_ends);
	assert_int_equal(woken, ROUNDS);
	port_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(armed_while_masking),
		BOTH(finished_while_masking),
		{ "disarmed_while_giving_back, 82576", disarmed_while_giving_back, igb, NULL,
		  NULL },
		BOTH(armed_while_forgetting),
		BOTH(threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
