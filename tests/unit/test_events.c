// SPDX-License-Identifier: BSD-3-Clause
/* Events: each is delivered once, and from a callback every control call is allowed. */
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "dev/events.h"
#include "virtio_port.h"

static struct port port;

static int setup(void **state)
{
	(void)state;
	port_init(&port);
	port.vd.md.busdev.req_fd = eventfd(0, EFD_NONBLOCK);
	port.vd.md.busdev.err_fd = eventfd(0, EFD_NONBLOCK);
	return 0;
}

static int teardown(void **state)
{
	int req = port.vd.md.busdev.req_fd;
	int err = port.vd.md.busdev.err_fd;

	(void)state;
	port_end(&port);
	(void)close(req);
	(void)close(err);
	return 0;
}

static bool waiting(void)
{
	struct pollfd fd = { .fd = fn_ctx_event_fd(port.ctx), .events = POLLIN };

	return poll(&fd, 1, 0) == 1;
}

static void fire(int fd)
{
	const uint64_t one = 1;

	assert_int_equal(write(fd, &one, sizeof(one)), sizeof(one));
}

/*
 * The kernel asks again and again; the application hears it once, and packets flow until it closes.
 */
static void release_request(void **state)
{
	struct fn_pkt *pkt;

	(void)state;
	port_start(&port, (struct fn_dev_conf){ 0 });
	assert_int_equal(fn_ctx_process_events(port.ctx), 0);
	assert_false(waiting());
	fire(port.vd.md.busdev.req_fd);
	assert_true(waiting());
	assert_int_equal(fn_ctx_process_events(port.ctx), 1);
	assert_int_equal(port.events[FN_EVENT_RELEASE_REQUESTED], 1);
	assert_false(waiting());
	fire(port.vd.md.busdev.req_fd);
	assert_int_equal(fn_ctx_process_events(port.ctx), 0);
	assert_false(waiting());
	assert_int_equal(fn_rxq_status(port.rx), -ENODEV);
	assert_int_equal(fn_txq_status(port.tx), -ENODEV);
	assert_int_equal(port_receive(&port), 0);
	assert_int_equal(fn_rx_burst(port.rx, &pkt, 1), 1);
	fn_pkt_free(pkt);
	assert_int_equal(fn_dev_set_promisc(port.dev, true), -ENODEV);
	assert_int_equal(fn_dev_reset(port.dev), -ENODEV);
}

/* It is asked back, and vanishes before it is closed: two news. */
static void gone_after_a_release_request(void **state)
{
	(void)state;
	port_start(&port, (struct fn_dev_conf){ 0 });
	fire(port.vd.md.busdev.req_fd);
	assert_int_equal(fn_ctx_process_events(port.ctx), 1);
	port.vd.md.gone = true;
	for (unsigned i = 0; i < 2; i++) {
		virtio_dev_config_changed(&port.vd);
		assert_int_equal(fn_dev_stop(port.dev), i ? 0 : -ENODEV);
		assert_int_equal(fn_ctx_process_events(port.ctx), !i);
		assert_int_equal(port.events[FN_EVENT_GONE], 1);
	}
	assert_int_equal(port.events[FN_EVENT_RELEASE_REQUESTED], 1);
}

/* An error interrupt breaks all queues, and a reset mends them. */
static void device_error(void **state)
{
	struct fn_pkt *pkt;

	(void)state;
	port_start(&port, (struct fn_dev_conf){ 0 });
	fire(port.vd.md.busdev.err_fd);
	assert_int_equal(fn_ctx_process_events(port.ctx), 1);
	assert_int_equal(port.events[FN_EVENT_DEVICE_ERROR], 1);
	assert_int_equal(fn_rxq_status(port.rx), -EIO);
	assert_non_null(strstr(port.log, "uncorrectable"));
	assert_int_equal(fn_rx_burst(port.rx, &pkt, 1), 0);
	assert_int_equal(fn_dev_reset(port.dev), 0);
	assert_int_equal(fn_rxq_status(port.rx), 0);
	assert_int_equal(port_receive(&port), 0);
	assert_int_equal(fn_rx_burst(port.rx, &pkt, 1), 1);
	fn_pkt_free(pkt);
}

/* Bus mastering off is the last thing that it sees. */
static int gone_after_write(struct fn_busdev *busdev, uint16_t off, const void *buf, size_t len)
{
	const int ret = model_bus.cfg_write(busdev, off, buf, len);

	port.vd.md.gone = true;
	return ret;
}

/* Whoever gets -ENODEV from a reset waits for the event that says why: it comes. */
static void gone_at_the_start_of_a_reset(void **state)
{
	struct fn_bus_ops ops = model_bus;

	(void)state;
	port_start(&port, (struct fn_dev_conf){ 0 });
	ops.cfg_write = gone_after_write;
	port.vd.md.busdev.ops = &ops;
	assert_int_equal(fn_dev_reset(port.dev), -ENODEV);
	assert_int_equal(fn_ctx_process_events(port.ctx), 1);
	assert_int_equal(port.events[FN_EVENT_GONE], 1);
	port.vd.md.busdev.ops = &model_bus;
}

/* Two queues break; a reset mends both, and nobody hears of it any more. */
static void mended_is_no_news(void **state)
{
	(void)state;
	port_start(&port, (struct fn_dev_conf){ 0 });
	fn_queue_break(fn_rxq_queue(port.rx), "a test says so");
	fn_queue_break(fn_txq_queue(port.tx), "a test says so");
	fire(port.vd.md.busdev.err_fd);
	assert_int_equal(fn_ctx_process_events(port.ctx), 3);
	assert_int_equal(fn_dev_reset(port.dev), 0);
	/* The device is as it should be, its queues are not. */
	fn_queue_break(fn_rxq_queue(port.rx), "a test says so");
	fn_queue_break(fn_txq_queue(port.tx), "a test says so");
	assert_int_equal(fn_dev_reset(port.dev), 0);
	assert_int_equal(fn_ctx_process_events(port.ctx), 0);
	assert_int_equal(port.events[FN_EVENT_QUEUE_BROKEN], 2);
	/* A later break is news again. */
	fn_queue_break(fn_rxq_queue(port.rx), "a test says so");
	assert_int_equal(fn_ctx_process_events(port.ctx), 1);
	assert_int_equal(port.events[FN_EVENT_QUEUE_BROKEN], 3);
}

/* Who is told first that a queue broke would reset a device that is to be closed. */
static void asked_back_comes_before_broken(void **state)
{
	(void)state;
	port_start(&port, (struct fn_dev_conf){ 0 });
	fn_queue_break(fn_rxq_queue(port.rx), "a test says so");
	fire(port.vd.md.busdev.req_fd);
	assert_int_equal(fn_ctx_process_events(port.ctx), 1);
	assert_int_equal(port.events[FN_EVENT_RELEASE_REQUESTED], 1);
	assert_int_equal(port.events[FN_EVENT_QUEUE_BROKEN], 0);
}

static void link_change(void **state)
{
	(void)state;
	port_start(&port, (struct fn_dev_conf){ 0 });
	virtio_dev_config_changed(&port.vd);
	assert_true(waiting());
	assert_int_equal(fn_ctx_process_events(port.ctx), 1);
	assert_int_equal(port.events[FN_EVENT_LINK], 1);
	assert_false(waiting());
}

/* A device that vanished says so on each queue, in calls, and in one event; closing it works. */
static void gone(void **state)
{
	struct fn_link link = { .sz = sizeof(link) };
	struct fn_pkt *pkt;

	(void)state;
	port_start(&port, (struct fn_dev_conf){ 0 });
	port.vd.md.gone = true;
	assert_int_equal(fn_dev_get_link(port.dev, &link), -ENODEV);
	assert_int_equal(fn_dev_get_link(port.dev, &link), -ENODEV);
	assert_int_equal(fn_ctx_process_events(port.ctx), 1);
	assert_int_equal(port.events[FN_EVENT_GONE], 1);
	assert_int_equal(fn_rxq_status(port.rx), -ENODEV);
	assert_int_equal(fn_rx_burst(port.rx, &pkt, 1), 0);
	assert_int_equal(fn_dev_start(port.dev), -ENODEV);
}

/* News that no descriptor tells of any more, because another call took the wake, is delivered. */
static void news_without_a_wake(void **state)
{
	(void)state;
	port_start(&port, (struct fn_dev_conf){ 0 });
	__atomic_fetch_or(&port.dev->pending, 1u << FN_EVENT_LINK, __ATOMIC_RELEASE);
	assert_false(waiting());
	assert_int_equal(fn_ctx_process_events(port.ctx), 1);
	assert_int_equal(port.events[FN_EVENT_LINK], 1);
}

/* Several news of one device are several events; what happened twice is one. */
static void several_at_once(void **state)
{
	(void)state;
	port_start(&port, (struct fn_dev_conf){ .rxqs = 2 });
	fn_dev_raise(port.dev, FN_EVENT_LINK);
	fn_dev_raise(port.dev, FN_EVENT_LINK);
	fn_queue_break(fn_rxq_queue(port.rx), "test");
	fn_queue_break(fn_rxq_queue(fn_dev_rxq(port.dev, 1)), "test");
	assert_int_equal(fn_rxq_status(port.rx), -EIO);
	assert_int_equal(fn_txq_status(port.tx), 0);
	assert_int_equal(fn_ctx_process_events(port.ctx), 3);
	assert_int_equal(port.events[FN_EVENT_LINK], 1);
	assert_int_equal(port.events[FN_EVENT_QUEUE_BROKEN], 2);
	assert_int_equal(fn_ctx_process_events(port.ctx), 0);
}

/* Two devices; whoever hears of one closes both: the other's news are never delivered. */
static struct virtio_dev second;
static struct fn_dev *both[2];
static struct fn_ctx *both_ctx;
static unsigned heard;

static void close_both(void *arg, const struct fn_event *event)
{
	(void)arg;
	heard++;
	assert_ptr_equal(event->dev, both[0]);
	/* A call from within is one too many, and says so by doing nothing. */
	assert_int_equal(fn_ctx_process_events(both_ctx), 0);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(fn_dev_close(both[i]), 0);
}

static void closed_from_a_callback(void **state)
{
	const struct fn_ctx_opts opts = { .sz = sizeof(opts),
					  .event = close_both,
					  .page_bytes = 4096 };

	(void)state;
	virtio_dev_init(&second);
	model_dev_plug(&second.md, 1);
	assert_int_equal(fn_ctx_create(&opts, &both_ctx), 0);
	assert_int_equal(fn_dev_open_on(both_ctx, &model_bus, "0000:00:03.0", NULL, &both[0]), 0);
	assert_int_equal(fn_dev_open_on(both_ctx, &model_bus, "0000:00:01.0", NULL, &both[1]), 0);
	fire(port.vd.md.busdev.req_fd);
	fn_dev_raise(both[0], FN_EVENT_RELEASE_REQUESTED);
	fn_dev_raise(both[1], FN_EVENT_LINK);
	assert_int_equal(fn_ctx_process_events(both_ctx), 1);
	assert_int_equal(heard, 1);
	assert_int_equal(fn_ctx_process_events(both_ctx), 0);
	assert_int_equal(fn_ctx_destroy(both_ctx), 0);
	model_dev_unplug(&second.md);
}

static void *process(void *arg)
{
	(void)fn_ctx_process_events(arg);
	return NULL;
}

static bool pinned(struct fn_dev *dev)
{
	unsigned pins;

	(void)pthread_mutex_lock(&dev->ctx->lock);
	pins = dev->pins;
	(void)pthread_mutex_unlock(&dev->ctx->lock);
	return pins;
}

/* A control call of one takes long, and events wait for it; another is closed meanwhile. */
static void close_beside_a_stuck_device(void **state)
{
	struct fn_dev *other;
	pthread_t thread;

	(void)state;
	virtio_dev_init(&second);
	model_dev_plug(&second.md, 1);
	port_start(&port, (struct fn_dev_conf){ 0 });
	assert_int_equal(fn_dev_open_on(port.ctx, &model_bus, "0000:00:01.0", NULL, &other), 0);
	(void)pthread_mutex_lock(&port.dev->lock);
	fire(port.vd.md.busdev.err_fd);
	assert_int_equal(pthread_create(&thread, NULL, process, port.ctx), 0);
	while (!pinned(port.dev))
		(void)sched_yield();
	assert_int_equal(fn_dev_close(other), 0);
	(void)pthread_mutex_unlock(&port.dev->lock);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(port.events[FN_EVENT_DEVICE_ERROR], 1);
	model_dev_unplug(&second.md);
}

/* ---- without waiting ---- */

/* In a callback: the first step of an open by another thread that begins meanwhile. */
static bool cb_locks;

/*
 * What two calls in a row give, the first one's news and whether both leave something, with a lock
 * held as by another thread, or NULL.
 */
static void assert_nowait(pthread_mutex_t *held, int delivered, bool left)
{
	/* A call that leaves it as it is, is seen either way. */
	bool again[2] = { !left, !left };
	bool readable[2];
	int n[2];

	if (held && !cb_locks)
		(void)pthread_mutex_lock(held);
	for (unsigned i = 0; i < 2; i++) {
		n[i] = fn_events_process_nowait(port.ctx, &again[i]);
		readable[i] = waiting();
	}
	/* Before a failure could end the test, and its teardown wait for ever. */
	if (held)
		(void)pthread_mutex_unlock(held);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(n[i], i ? 0 : delivered);
		assert_int_equal(again[i], left);
		assert_int_equal(readable[i], left);
	}
}

/* With no call in its way it does what the other one does. */
static void nowait_and_nobody_there(void **state)
{
	(void)state;
	port_start(&port, (struct fn_dev_conf){ 0 });
	assert_nowait(NULL, 0, false);
	virtio_dev_config_changed(&port.vd);
	fire(port.vd.md.busdev.err_fd);
	assert_nowait(NULL, 2, false);
	assert_int_equal(port.events[FN_EVENT_LINK], 1);
	assert_int_equal(port.events[FN_EVENT_DEVICE_ERROR], 1);
	fire(port.vd.md.busdev.req_fd);
	assert_nowait(NULL, 1, false);
	assert_int_equal(port.events[FN_EVENT_RELEASE_REQUESTED], 1);
}

/* A control call has the device: what needs its lock waits, the rest is delivered. */
static void nowait_beside_a_control_call(void **state)
{
	(void)state;
	port_start(&port, (struct fn_dev_conf){ 0 });
	for (unsigned i = 1; i < 3; i++) {
		bool kept;

		if (i == 1)
			fire(port.vd.md.busdev.err_fd);
		else
			virtio_dev_config_changed(&port.vd);
		fn_dev_raise(port.dev, FN_EVENT_ANNOUNCE);
		assert_nowait(&port.dev->lock, 1, true);
		assert_int_equal(port.events[FN_EVENT_ANNOUNCE], i);
		assert_int_equal(port.events[FN_EVENT_DEVICE_ERROR], i - 1);
		assert_int_equal(port.events[FN_EVENT_LINK], 0);
		/* It is not pinned for as long: a close would wait for that, and the teardown. */
		kept = pinned(port.dev);
		port.dev->pins = 0;
		assert_false(kept);
		assert_nowait(NULL, 1, false);
	}
	assert_int_equal(port.events[FN_EVENT_DEVICE_ERROR], 1);
	assert_int_equal(port.events[FN_EVENT_LINK], 1);
}

/* A device is being opened, which holds the context's lock for as long as memory is mapped. */
static void nowait_beside_an_open(void **state)
{
	(void)state;
	port_start(&port, (struct fn_dev_conf){ 0 });
	fire(port.vd.md.busdev.err_fd);
	fn_dev_raise(port.dev, FN_EVENT_LINK);
	assert_nowait(&port.ctx->lock, 0, true);
	assert_nowait(NULL, 2, false);
	/* One that is not open yet, or any more: nobody is told of it, and nothing is forgotten. */
	port.dev->ready = false;
	fire(port.vd.md.busdev.req_fd);
	assert_nowait(NULL, 0, true);
	port.dev->ready = true;
	assert_nowait(NULL, 1, false);
	assert_int_equal(port.events[FN_EVENT_RELEASE_REQUESTED], 1);
}

/* More than one look takes: what is left has told of itself already. */
static void nowait_and_many_descriptors(void **state)
{
	int fds[16];

	(void)state;
	port_start(&port, (struct fn_dev_conf){ 0 });
	assert_int_equal(fn_ctx_process_events(port.ctx), 0);
	for (unsigned i = 0; i < 16; i++) {
		bool again = i < 15;

		fds[i] = eventfd(1, EFD_NONBLOCK);
		assert_int_equal(fn_events_watch(port.dev, FN_SOURCE_REQUEST, fds[i]), 0);
		(void)fn_events_process_nowait(port.ctx, &again);
		assert_int_equal(again, i == 15);
	}
	for (unsigned i = 0; i < 16; i++) {
		fn_events_unwatch(port.dev, fds[i]);
		(void)close(fds[i]);
	}
}

static void call_from_within(void *arg, const struct fn_event *event)
{
	bool again = false;

	(void)arg;
	(void)event;
	assert_int_equal(fn_events_process_nowait(port.ctx, &again), 0);
	assert_true(again);
	heard++;
	if (cb_locks)
		(void)pthread_mutex_lock(&port.ctx->lock);
}

static void nowait_and_another_one_is_at_it(void **state)
{
	const struct fn_ctx_opts opts = { .sz = sizeof(opts),
					  .event = call_from_within,
					  .page_bytes = 4096 };
	struct fn_dev *dev;

	(void)state;
	heard = 0;
	assert_int_equal(fn_ctx_create(&opts, &port.ctx), 0);
	assert_int_equal(fn_dev_open_on(port.ctx, &model_bus, "0000:00:03.0", NULL, &dev), 0);
	fn_dev_raise(dev, FN_EVENT_LINK);
	assert_nowait(NULL, 1, false);
	assert_int_equal(heard, 1);
	fn_dev_raise(dev, FN_EVENT_LINK);
	fn_dev_raise(dev, FN_EVENT_ANNOUNCE);
	cb_locks = true;
	assert_nowait(&port.ctx->lock, 1, true);
	cb_locks = false;
	assert_nowait(NULL, 1, false);
	assert_int_equal(heard, 3);
	assert_int_equal(fn_dev_close(dev), 0);
	assert_int_equal(fn_ctx_destroy(port.ctx), 0);
	port.ctx = NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(release_request, setup, teardown),
		cmocka_unit_test_setup_teardown(gone_after_a_release_request, setup, teardown),
		cmocka_unit_test_setup_teardown(close_beside_a_stuck_device, setup, teardown),
		cmocka_unit_test_setup_teardown(device_error, setup, teardown),
		cmocka_unit_test_setup_teardown(gone_at_the_start_of_a_reset, setup, teardown),
		cmocka_unit_test_setup_teardown(mended_is_no_news, setup, teardown),
		cmocka_unit_test_setup_teardown(asked_back_comes_before_broken, setup, teardown),
		cmocka_unit_test_setup_teardown(link_change, setup, teardown),
		cmocka_unit_test_setup_teardown(gone, setup, teardown),
		cmocka_unit_test_setup_teardown(news_without_a_wake, setup, teardown),
		cmocka_unit_test_setup_teardown(several_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(closed_from_a_callback, setup, teardown),
		cmocka_unit_test_setup_teardown(nowait_and_nobody_there, setup, teardown),
		cmocka_unit_test_setup_teardown(nowait_beside_a_control_call, setup, teardown),
		cmocka_unit_test_setup_teardown(nowait_beside_an_open, setup, teardown),
		cmocka_unit_test_setup_teardown(nowait_and_many_descriptors, setup, teardown),
		cmocka_unit_test_setup_teardown(nowait_and_another_one_is_at_it, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
