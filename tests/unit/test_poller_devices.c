// SPDX-License-Identifier: BSD-3-Clause
/*
 * Control calls of devices whose queues are in pollers: from callbacks, other threads, by events.
 */
#include "poller_rig.h"

static void send_until_waiting(struct nic *nic, unsigned waiting)
{
	while (fn_poller_tx_waiting(nic->tx) < waiting) {
		struct fn_pkt *pkt = rig_pkt();

		assert_int_equal(fn_poller_send(nic->tx, &pkt, 1), 1);
	}
}

/*
 * Stopped, changed and started with its queues in a poller: they work as before, by other vectors.
 */
static void stop_and_start(void **state)
{
	static const uint16_t vectors[] = { 1 };

	(void)state;
	for (unsigned kind = 0; kind < NIC_KINDS; kind++) {
		struct nic *nic =
			rig_begin(kind, (struct fn_poller_opts){ .safety_ns = RIG_LONG_NS });

		for (unsigned i = 0; i < 5; i++) {
			const struct fn_dev_conf conf = { .rx_vectors = i % 2 ? vectors : NULL };

			settle();
			nic_receive_n(nic, 3);
			assert_true(readable(fn_poller_fd(rig.poller)));
			settle();
			assert_int_equal(fn_dev_stop(nic->dev), 0);
			settle();
			assert_int_equal(nic_configure(nic, conf), 0);
			nic_start(nic);
			settle();
			assert_false(readable(fn_poller_fd(rig.poller)));
			if (i % 2)
				assert_int_equal(fn_dev_reset(nic->dev), 0);
			if (i % 2 && !nic_is_virtio(nic))
				model_bus.delay_ns(&nic->id.md.busdev, 2 * nic->id.link_ns);
			settle();
		}
		assert_int_equal(nic->got, 15);
		assert_int_equal(stats().lost_wakeups, 0);
		rig_end();
	}
}

/* Packets that wait when their queue goes down are dropped, counted, and back in their pool. */
static void down_with_packets(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < NIC_KINDS; kind++) {
		struct nic *nic = rig_begin(kind, (struct fn_poller_opts){ 0 });
		struct fn_pkt *pkt;

		send_until_waiting(nic, 70);
		assert_int_equal(fn_dev_stop(nic->dev), 0);
		settle();
		assert_int_equal(fn_poller_tx_waiting(nic->tx), 0);
		assert_int_equal(fn_poller_tx_dropped(nic->tx), 70);
		assert_int_equal(rig_outside(), 0);
		/* Down: the caller keeps what it has. */
		pkt = rig_pkt();
		assert_int_equal(fn_poller_send(nic->tx, &pkt, 1), 0);
		nic_start(nic);
		settle();
		assert_int_equal(fn_poller_send(nic->tx, &pkt, 1), 1);
		assert_int_equal(nic_transmit(nic, UINT32_MAX) > 0, 1);
		rig_end();
	}
}

/* The queue breaks, or the device goes away: dropped, too, and the worker sleeps. */
static void gone_with_packets(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct nic *nic = rig_begin(NIC_VIRTIO, (struct fn_poller_opts){ 0 });

		send_until_waiting(nic, 30);
		if (i) {
			nic->vd.md.gone = true;
			(void)fn_dev_mark_gone(nic->dev);
		} else {
			fn_queue_break(fn_txq_queue(nic->txq), "a test said so");
		}
		settle();
		assert_int_equal(fn_poller_tx_dropped(nic->tx), 30);
		assert_int_equal(fn_poller_run_once(rig.poller, 1000000), 0);
		rig_end();
	}
}

/* Closed with packets that wait: they are dropped, with a line in the log. */
static void close_with_packets(void **state)
{
	struct nic *nic = rig_begin(NIC_VIRTIO, (struct fn_poller_opts){ 0 });

	(void)state;
	send_until_waiting(nic, 12);
	assert_int_equal(fn_dev_close(nic->dev), 0);
	nic->dev = NULL;
	if (!strstr(rig.log, "12 packets waited for room when it was closed"))
		fail_msg("%s", rig.log);
	assert_int_equal(rig_outside(), 0);
	settle();
	rig_end();
}

static void close_dev(struct nic *nic)
{
	struct fn_dev *dev = nic->dev;

	nic->dev = NULL;
	assert_int_equal(fn_dev_close(dev), 0);
}

/* A callback closes the device that it is called for, or the next one whose turn comes. */
static void take_and_close(void *arg, struct fn_pkt **pkts, unsigned n)
{
	nic_take(arg, pkts, n);
	for (unsigned i = 0; i < 2; i++)
		if (rig.nics[i].dev)
			close_dev(&rig.nics[i]);
}

static void close_from_callback(void **state)
{
	(void)state;
	for (unsigned first = 0; first < 2; first++) {
		rig_begin_pool(0);
		rig_poller((struct fn_poller_opts){ .burst = 4 });
		(void)nic_up(NIC_VIRTIO);
		(void)nic_up(NIC_82574);
		for (unsigned i = 0; i < 2; i++) {
			struct nic *nic = &rig.nics[i ^ first];

			nic_add_tx(nic, rig.poller, 0, 0);
			nic_add_rx(nic, rig.poller, take_and_close);
			nic_receive_n(nic, 20);
		}
		settle();
		assert_int_equal(rig.nics[first].got, 4);
		assert_int_equal(rig.nics[!first].got, 0);
		assert_int_equal(rig.poller->rx.n + rig.poller->tx.n, 0);
		rig_end();
	}
}

static void close_both(void *arg)
{
	(void)arg;
	take_and_close(&rig.nics[0], NULL, 0);
}

static unsigned run_close(void *arg)
{
	const unsigned work = rig.nics[0].dev != NULL;

	if (work)
		close_both(arg);
	return work;
}

static bool never(void *arg)
{
	(void)arg;
	return false;
}

/* A timer or a source closes them, or a function that the worker is asked to run. */
static void close_from_other_callbacks(void **state)
{
	const struct fn_poller_timer_opts timer = { .sz = sizeof(timer), .fn = close_both };
	const struct fn_poller_source_opts source = { .sz = sizeof(source),
						      .run = run_close,
						      .pending = never };

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		rig_begin_pool(0);
		rig_poller((struct fn_poller_opts){ 0 });
		for (unsigned k = 0; k < 2; k++) {
			struct nic *nic = nic_up(k ? NIC_82576 : NIC_VIRTIO_FLAGS);

			nic_add_tx(nic, rig.poller, 0, 0);
			nic_add_rx(nic, rig.poller, nic_take);
		}
		if (i)
			settle();
		if (i == 0)
			assert_int_equal(fn_poller_add_timer(rig.poller, &timer, NULL), 0);
		else if (i == 1)
			assert_int_equal(fn_poller_add_source(rig.poller, &source, NULL), 0);
		else
			fn_poller_call(rig.poller, close_both, NULL);
		while (rig.nics[0].dev)
			(void)fn_poller_run_once(rig.poller, -1);
		settle();
		assert_int_equal(rig.poller->rx.n + rig.poller->tx.n, 0);
		rig_end();
	}
}

/* What another thread asks of the worker in its own time. */
static void receive_five(void *arg)
{
	nic_receive_n(arg, 5);
}

struct look {
	const struct nic *nic;
	unsigned got;
};

static void look_got(void *arg)
{
	struct look *look = arg;

	look->got = look->nic->got;
}

static void receive_by_worker(struct nic *nic)
{
	struct look look = { .nic = nic };

	fn_poller_call(rig.poller, look_got, &look);
	const unsigned before = look.got;

	fn_poller_call(rig.poller, receive_five, nic);
	while (look.got < before + 5)
		fn_poller_call(rig.poller, look_got, &look);
}

/* A device that takes its time over a control call stops no other one's packets. */
static struct {
	unsigned entered;
	unsigned leave;
} slow;

static int slow_stop(struct fn_dev *dev)
{
	__atomic_store_n(&slow.entered, 1, __ATOMIC_SEQ_CST);
	wait_for(&slow.leave, 1);
	return rig_ops(fn_dev_queue(dev, 1, 0))->stop(dev);
}

static void *stop_dev(void *arg)
{
	return (void *)(intptr_t)fn_dev_stop(arg);
}

static void slow_control_call(void **state)
{
	pthread_t worker;
	pthread_t control;
	struct nic *slow_nic;
	struct nic *nic;

	(void)state;
	rig_begin_pool(0);
	rig_poller((struct fn_poller_opts){ 0 });
	slow_nic = nic_up(NIC_VIRTIO);
	nic = nic_up(NIC_82576);
	nic_hook(slow_nic);
	slow_nic->step_ops.stop = slow_stop;
	for (unsigned i = 0; i < 2; i++) {
		nic_add_tx(&rig.nics[i], rig.poller, 0, 0);
		nic_add_rx(&rig.nics[i], rig.poller, nic_take);
	}
	memset(&slow, 0, sizeof(slow));
	worker = worker_start(rig.poller);
	receive_by_worker(slow_nic);
	assert_int_equal(pthread_create(&control, NULL, stop_dev, slow_nic->dev), 0);
	wait_for(&slow.entered, 1);
	for (unsigned i = 0; i < 50; i++) {
		receive_by_worker(nic);
		/* Events wait for nobody's lock, either. */
		if (i % 10 == 0)
			virtio_dev_config_changed(&slow_nic->vd);
	}
	(void)usleep(500000);
	receive_by_worker(nic);
	__atomic_store_n(&slow.leave, 1, __ATOMIC_SEQ_CST);
	worker_join(control);
	receive_by_worker(nic);
	worker_stop(rig.poller, worker);
	assert_int_equal(nic->got, 52 * 5);
	rig_end();
}

/* Stopped and started by another thread while the worker polls, again and again. */
static void control_from_another_thread(void **state)
{
	pthread_t worker;
	struct nic *nic;

	(void)state;
	rig_begin_pool(0);
	rig_poller(
		(struct fn_poller_opts){ .mode = FN_POLLER_INTERRUPT, .safety_ns = RIG_LONG_NS });
	nic = nic_up(NIC_VIRTIO);
	nic_add_tx(nic, rig.poller, 0, 0);
	nic_add_rx(nic, rig.poller, nic_take);
	worker = worker_start(rig.poller);
	for (unsigned i = 0; i < 50; i++) {
		receive_by_worker(nic);
		assert_int_equal(fn_dev_stop(nic->dev), 0);
		if (i % 2)
			assert_int_equal(nic_configure(nic, (struct fn_dev_conf){ 0 }), 0);
		assert_int_equal(fn_dev_start(nic->dev), 0);
	}
	receive_by_worker(nic);
	close_dev(nic);
	worker_stop(rig.poller, worker);
	assert_int_equal(nic->got, 51 * 5);
	rig_end();
}

/*
 * Two workers, two devices, both with queues in both pollers, and the kernel wants both back at
 * once: whoever hears of it closes the device, and none waits for the other.
 */
static unsigned closed;

static void close_requested(const struct fn_event *event)
{
	if (event->type != FN_EVENT_RELEASE_REQUESTED)
		return;
	for (unsigned i = 0; i < rig.nics_n; i++)
		if (rig.nics[i].dev == event->dev)
			rig.nics[i].dev = NULL;
	(void)fn_dev_close(event->dev);
	__atomic_fetch_add(&closed, 1, __ATOMIC_SEQ_CST);
}

static void two_requests_at_once(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 50; i++) {
		struct fn_poller *pollers[2];
		pthread_t threads[2];

		rig_begin_pool(0);
		rig.on_event = close_requested;
		closed = 0;
		rig_poller((struct fn_poller_opts){ .mode = (enum fn_poller_mode)(i % 3) });
		pollers[0] = rig.poller;
		pollers[1] = rig_poller_new(
			(struct fn_poller_opts){ .mode = (enum fn_poller_mode)(i % 3) });
		for (unsigned k = 0; k < 2; k++) {
			struct nic *nic = nic_up(NIC_VIRTIO);

			nic_add_tx(nic, pollers[!k], 0, 0);
			nic_add_rx(nic, pollers[k], nic_take);
		}
		for (unsigned k = 0; k < 2; k++)
			threads[k] = worker_start(pollers[k]);
		for (unsigned k = 0; k < 2; k++)
			model_dev_request(&rig.nics[k].vd.md);
		wait_for(&closed, 2);
		for (unsigned k = 0; k < 2; k++)
			worker_stop(pollers[k], threads[k]);
		assert_int_equal(fn_poller_destroy(pollers[1]), 0);
		rig_end();
	}
}

/* Each worker's callback closes a device that has queues in the other's poller. */
static struct fn_poller *cross[2];

static unsigned cross_run(void *arg)
{
	const unsigned i = (unsigned)(uintptr_t)arg;
	struct fn_dev *dev = rig.nics[i].dev;

	if (!dev)
		return 0;
	rig.nics[i].dev = NULL;
	assert_int_equal(fn_dev_close(dev), 0);
	__atomic_fetch_add(&closed, 1, __ATOMIC_SEQ_CST);
	return 1;
}

static void close_across(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 50; i++) {
		pthread_t threads[2];

		rig_begin_pool(0);
		closed = 0;
		rig_poller((struct fn_poller_opts){ 0 });
		cross[0] = rig.poller;
		cross[1] = rig_poller_new((struct fn_poller_opts){ 0 });
		for (uintptr_t k = 0; k < 2; k++) {
			const struct fn_poller_source_opts opts = { .sz = sizeof(opts),
								    .run = cross_run,
								    .pending = never,
								    .arg = (void *)k };
			struct nic *nic = nic_up(NIC_VIRTIO);

			nic_add_tx(nic, cross[!k], 0, 0);
			nic_add_rx(nic, cross[!k], nic_take);
			assert_int_equal(fn_poller_add_source(cross[k], &opts, NULL), 0);
		}
		for (unsigned k = 0; k < 2; k++)
			assert_int_equal(pthread_create(&threads[k], NULL, rig_run, cross[k]), 0);
		wait_for(&closed, 2);
		for (unsigned k = 0; k < 2; k++)
			worker_stop(cross[k], threads[k]);
		assert_int_equal(fn_poller_destroy(cross[1]), 0);
		rig_end();
	}
}

/* Destroyed from its callback while another thread waits for it: refused, and nobody hangs. */
static unsigned destroy_ret;
static unsigned stopping;

static unsigned run_destroy(void *arg)
{
	(void)arg;
	if (destroy_ret || !__atomic_load_n(&stopping, __ATOMIC_SEQ_CST))
		return 0;
	/* The other thread is in its call by now. */
	while (!__atomic_load_n(&rig.poller->mail, __ATOMIC_SEQ_CST))
		(void)sched_yield();
	__atomic_store_n(&destroy_ret, (unsigned)-fn_poller_destroy(rig.poller), __ATOMIC_SEQ_CST);
	return 1;
}

static bool destroy_pending(void *arg)
{
	(void)arg;
	return true;
}

static void destroy_while_called(void **state)
{
	const struct fn_poller_source_opts opts = { .sz = sizeof(opts),
						    .run = run_destroy,
						    .pending = destroy_pending };
	struct nic *nic = rig_begin(NIC_VIRTIO, (struct fn_poller_opts){ 0 });
	pthread_t worker;
	pthread_t control;

	(void)state;
	destroy_ret = 0;
	stopping = 0;
	assert_int_equal(fn_poller_add_source(rig.poller, &opts, NULL), 0);
	worker = worker_start(rig.poller);
	__atomic_store_n(&stopping, 1, __ATOMIC_SEQ_CST);
	assert_int_equal(pthread_create(&control, NULL, stop_dev, nic->dev), 0);
	wait_for(&destroy_ret, 1);
	worker_join(control);
	assert_int_equal(destroy_ret, EBUSY);
	worker_stop(rig.poller, worker);
	rig_end();
}

/* Of no queues at all a poller sleeps and wakes like any other. */
static void no_queues(void **state)
{
	pthread_t thread;

	(void)state;
	rig_begin_pool(0);
	rig_poller((struct fn_poller_opts){ 0 });
	settle();
	assert_int_equal(fn_poller_run_once(rig.poller, 1000), 0);
	thread = worker_start(rig.poller);
	worker_stop(rig.poller, thread);
	rig_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stop_and_start),
		cmocka_unit_test(down_with_packets),
		cmocka_unit_test(gone_with_packets),
		cmocka_unit_test(close_with_packets),
		cmocka_unit_test(close_from_callback),
		cmocka_unit_test(close_from_other_callbacks),
		cmocka_unit_test(slow_control_call),
		cmocka_unit_test(control_from_another_thread),
		cmocka_unit_test(two_requests_at_once),
		cmocka_unit_test(close_across),
		cmocka_unit_test(destroy_while_called),
		cmocka_unit_test(no_queues),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
