// SPDX-License-Identifier: BSD-3-Clause
/*
 * The poller on a virtio-net device of the model: what a worker does with queues, and when it
 * sleeps.
 */
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include "virtio_port.h"

#define SAFETY_NS 20000000u

/* A port with a poller that takes what is received and sends what it is given. */
struct rig {
	struct port p;
	struct fn_poller *poller;
	struct fn_poller_rx *rx;
	struct fn_poller_tx *tx;
	unsigned got;
};

static void take(void *arg, struct fn_pkt **pkts, unsigned n)
{
	struct rig *r = arg;

	for (unsigned i = 0; i < n; i++, r->got++)
		assert_frame(pkts[i]->data, pkts[i]->len, r->got);
	fn_pkt_free_bulk(pkts, n);
}

static void rig_start(struct rig *r, struct fn_poller_opts opts)
{
	struct fn_poller_rx_opts rx = { .sz = sizeof(rx), .fn = take, .arg = r };

	memset(r, 0, sizeof(*r));
	port_init(&r->p);
	port_start(&r->p, (struct fn_dev_conf){ 0 });
	opts.sz = sizeof(opts);
	if (!opts.safety_ns)
		opts.safety_ns = SAFETY_NS;
	assert_int_equal(fn_poller_create(r->p.ctx, &opts, &r->poller), 0);
	assert_int_equal(fn_poller_add_txq(r->poller, r->p.tx, NULL, &r->tx), 0);
	assert_int_equal(fn_poller_add_rxq(r->poller, r->p.rx, &rx, &r->rx), 0);
}

static void rig_end(struct rig *r)
{
	assert_int_equal(fn_poller_destroy(r->poller), 0);
	port_end(&r->p);
}

static struct fn_poller_stats stats(const struct rig *r)
{
	struct fn_poller_stats s = { .sz = sizeof(s) };

	fn_poller_get_stats(r->poller, &s);
	return s;
}

static bool readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

/* Nothing to do: armed, and the descriptor tells when there is. */
static void once_armed(void **state)
{
	struct rig r;

	(void)state;
	rig_start(&r, (struct fn_poller_opts){ 0 });
	while (fn_poller_run_once(r.poller, 0))
		;
	assert_false(readable(fn_poller_fd(r.poller)));
	for (unsigned i = 0; i < 100; i++) {
		assert_int_equal(port_receive(&r.p), 0);
		assert_true(readable(fn_poller_fd(r.poller)));
		while (fn_poller_run_once(r.poller, 0))
			;
		assert_int_equal(r.got, i + 1);
		assert_false(readable(fn_poller_fd(r.poller)));
	}
	assert_int_equal(stats(&r).wakes_interrupt, 100);
	assert_int_equal(stats(&r).spurious, 0);
	assert_int_equal(stats(&r).lost_wakeups, 0);
	rig_end(&r);
}

static void *run(void *arg)
{
	assert_int_equal(fn_poller_run(arg), 0);
	return NULL;
}

static void on_worker(void *arg)
{
	*(pthread_t *)arg = pthread_self();
}

/* A worker that sleeps runs what it is asked to, on its own thread, and stops. */
static void calls(void **state)
{
	struct rig r;
	pthread_t thread;
	pthread_t ran;

	(void)state;
	rig_start(&r, (struct fn_poller_opts){ .safety_ns = 10000000000u });
	fn_poller_call(r.poller, on_worker, &ran);
	assert_true(pthread_equal(ran, pthread_self()));
	assert_int_equal(pthread_create(&thread, NULL, run, r.poller), 0);
	do
		fn_poller_call(r.poller, on_worker, &ran);
	while (!pthread_equal(ran, thread));
	for (unsigned i = 0; i < 1000; i++) {
		fn_poller_call(r.poller, on_worker, &ran);
		assert_true(pthread_equal(ran, thread));
		if (i % 100 == 99)
			(void)usleep(2000);
	}
	fn_poller_stop(r.poller);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_true(stats(&r).wakes_control > 0);
	rig_end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(once_armed),
		cmocka_unit_test(calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
