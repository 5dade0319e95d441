// SPDX-License-Identifier: BSD-3-Clause
/* Interrupts of QEMU's devices in the driver's own eventfds, and events that the harness makes. */
#include <poll.h>
#include <sys/eventfd.h>

#include "qtest/rig.h"

static const struct fn_dev_conf conf;
static const struct qtest_opts one_nic = {
	.nics = { { .model = "virtio-net-pci", .root_port = true } },
};

static bool readable(int fd, unsigned ms)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	return poll(&pfd, 1, (int)ms) == 1;
}

static uint64_t consume(int fd)
{
	uint64_t count = 0;

	return read(fd, &count, sizeof(count)) == (ssize_t)sizeof(count) ? count : 0;
}

/* Wait for an event of the context. */
static void expect_event(struct rig *rig, enum fn_event_type type)
{
	const uint64_t until = rig_ms() + RIG_DEADLINE_MS;

	while (!rig->events[type]) {
		assert_true(rig_ms() < until);
		(void)readable(fn_ctx_event_fd(rig->ctx), 100);
		(void)fn_ctx_process_events(rig->ctx);
	}
	rig->events[type] = 0;
}

/*
 * A frame that arrives signals the queue's eventfd once, and only when it is armed. The first one
 * after a start always does: QEMU has signalled nothing yet that an index could be compared with.
 */
static void receive_interrupt(void **state)
{
	struct rig rig;
	int fd;

	(void)state;
	rig_init(&rig, &one_nic);
	rig_start(&rig, 0, conf);
	fd = fn_rxq_event_fd(rig.rx[0]);
	assert_true(fd >= 0);
	rig_wire_send(&rig, 0, 1);
	rig_rx_stream(&rig, 0, 1, 1);
	qtest_settle(rig.q);
	(void)consume(fd);
	rig_wire_send(&rig, 0, 2);
	rig_rx_stream(&rig, 0, 2, 1);
	qtest_settle(rig.q);
	assert_false(readable(fd, 0));
	for (unsigned seq = 3; seq < 6; seq++) {
		assert_ok(fn_rxq_arm(rig.rx[0]));
		assert_false(fn_rxq_pending(rig.rx[0]));
		rig_wire_send(&rig, 0, seq);
		assert_true(readable(fd, RIG_DEADLINE_MS));
		assert_int_equal(consume(fd), 1);
		assert_true(fn_rxq_pending(rig.rx[0]));
		rig_rx_stream(&rig, 0, seq, 1);
	}
	rig_end(&rig);
}

/* The transmit queue has its own vector, and it does not signal the receive queue's eventfd. */
static void transmit_interrupt(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig, &one_nic);
	rig_start(&rig, 0, conf);
	assert_int_not_equal(fn_txq_event_fd(rig.tx[0]), fn_rxq_event_fd(rig.rx[0]));
	assert_ok(fn_txq_arm(rig.tx[0]));
	rig_tx(&rig, 0, 1);
	assert_true(readable(fn_txq_event_fd(rig.tx[0]), RIG_DEADLINE_MS));
	assert_int_equal(consume(fn_txq_event_fd(rig.tx[0])), 1);
	assert_false(readable(fn_rxq_event_fd(rig.rx[0]), 0));
	rig_wire_expect(&rig, 0, 1);
	rig_end(&rig);
}

/* A masked entry keeps its interrupt pending until it is unmasked (PCI 3.0 6.8.2.9). */
static void masked_entry_waits(void **state)
{
	struct rig rig;
	int fd;

	(void)state;
	rig_init(&rig, &one_nic);
	rig_start(&rig, 0, conf);
	fd = fn_rxq_event_fd(rig.rx[0]);
	/* Entry 0 is the configuration's, 1 that of the first receive queue. */
	assert_ok(qtest_irq_mask(rig.q, 0, 1, true));
	assert_ok(fn_rxq_arm(rig.rx[0]));
	rig_wire_send(&rig, 0, 1);
	rig_rx_stream(&rig, 0, 1, 1);
	qtest_settle(rig.q);
	assert_false(readable(fd, 0));
	assert_ok(qtest_irq_mask(rig.q, 0, 1, false));
	assert_true(readable(fd, RIG_DEADLINE_MS));
	assert_int_equal(consume(fd), 1);
	assert_int_equal(qtest_irq_mask(rig.q, 0, 1000, true), -EINVAL);
	rig_end(&rig);
}

/* After a second configuration the new eventfds are signalled. */
static void new_eventfds(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig, &one_nic);
	for (unsigned seq = 0; seq < 5; seq++) {
		rig_start(&rig, 0, conf);
		assert_ok(fn_rxq_arm(rig.rx[0]));
		rig_wire_send(&rig, 0, seq);
		assert_true(readable(fn_rxq_event_fd(rig.rx[0]), RIG_DEADLINE_MS));
		rig_rx_stream(&rig, 0, seq, 1);
		assert_ok(fn_dev_stop(rig.devs[0]));
	}
	rig_end(&rig);
}

/* The bus itself: an entry without an eventfd is silent, more entries than there are an error. */
static void entries_of_the_bus(void **state)
{
	struct fn_busdev *busdev;
	struct rig rig;
	int fds[64];

	(void)state;
	rig_init(&rig, &one_nic);
	rig_start(&rig, 0, conf);
	busdev = rig.devs[0]->bus;
	/* Configuration, receive, transmit, and perhaps control. */
	assert_in_range(busdev->irqs, 3, 63);
	for (unsigned i = 0; i < 64; i++)
		fds[i] = -1;
	assert_int_equal(qtest_bus.irq_set(busdev, fds, busdev->irqs + 1), -EINVAL);
	assert_int_equal(qtest_bus.irq_set(busdev, fds, busdev->irqs), 0);
	assert_ok(fn_rxq_arm(rig.rx[0]));
	rig_wire_send(&rig, 0, 1);
	rig_rx_stream(&rig, 0, 1, 1);
	qtest_settle(rig.q);
	assert_false(readable(fn_rxq_event_fd(rig.rx[0]), 0));
	/* What was pending comes to whom it is given now, and so does what follows. */
	fds[1] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	assert_int_equal(qtest_bus.irq_set(busdev, fds, 2), 0);
	assert_int_equal(consume(fds[1]), 1);
	assert_ok(fn_rxq_arm(rig.rx[0]));
	rig_wire_send(&rig, 0, 2);
	assert_true(readable(fds[1], RIG_DEADLINE_MS));
	rig_rx_stream(&rig, 0, 2, 1);
	(void)close(fds[1]);
	rig_end(&rig);
}

/* The cable is pulled out and put in: an event each time, and the state is seen. */
static void link_change(void **state)
{
	struct fn_link link = { .sz = sizeof(link) };
	struct rig rig;

	(void)state;
	rig_init(&rig, &one_nic);
	rig_start(&rig, 0, conf);
	assert_ok(fn_dev_get_link(rig.devs[0], &link));
	assert_true(link.up);
	for (unsigned i = 0; i < 4; i++) {
		assert_ok(qtest_set_link(rig.q, 0, i % 2));
		expect_event(&rig, FN_EVENT_LINK);
		assert_ok(fn_dev_get_link(rig.devs[0], &link));
		assert_int_equal(link.up, i % 2);
	}
	rig_tx(&rig, 0, 9);
	rig_wire_expect(&rig, 0, 9);
	assert_int_equal(qtest_set_link(rig.q, 3, true), -EIO);
	rig_end(&rig);
}

/* The kernel's part: a release request, and an error of the bus, which a reset mends. */
static void request_and_error(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig, &one_nic);
	assert_int_equal(qtest_request_release(rig.q, 0), -EINVAL);
	rig_start(&rig, 0, conf);
	assert_ok(qtest_raise_error(rig.q, 0));
	expect_event(&rig, FN_EVENT_DEVICE_ERROR);
	assert_int_equal(fn_rxq_status(rig.rx[0]), -EIO);
	assert_ok(fn_dev_reset(rig.devs[0]));
	rig_tx(&rig, 0, 1);
	rig_wire_expect(&rig, 0, 1);
	assert_ok(qtest_request_release(rig.q, 0));
	expect_event(&rig, FN_EVENT_RELEASE_REQUESTED);
	rig_tx(&rig, 0, 2);
	rig_wire_expect(&rig, 0, 2);
	rig_end(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(receive_interrupt),  cmocka_unit_test(transmit_interrupt),
		cmocka_unit_test(masked_entry_waits), cmocka_unit_test(new_eventfds),
		cmocka_unit_test(entries_of_the_bus), cmocka_unit_test(link_change),
		cmocka_unit_test(request_and_error),
	};

	return rig_exit(cmocka_run_group_tests(tests, NULL, NULL));
}
