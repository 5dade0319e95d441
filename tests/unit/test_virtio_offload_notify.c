// SPDX-License-Identifier: BSD-3-Clause
/* When virtio-net interrupts (coalescing), and what it asks the application for (announcements). */
#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include "virtio_offload.h"

static bool fires(struct port *p)
{
	struct pollfd fd = { .fd = fn_rxq_event_fd(p->rx), .events = POLLIN };
	uint64_t count;

	if (poll(&fd, 1, 0) != 1)
		return false;
	assert_int_equal(read(fd.fd, &count, sizeof(count)), sizeof(count));
	return true;
}

/* @n frames come in one by one, on an armed queue; whether there was an interrupt by then. */
static bool receive(struct port *p, unsigned n)
{
	uint8_t frame[256];
	struct fn_pkt *pkts[64];

	(void)fn_rx_burst(p->rx, pkts, 64);
	assert_int_equal(fn_rxq_arm(p->rx), 0);
	while (n--)
		assert_int_equal(virtio_dev_receive(&p->vd, 0, frame, 60), 0);
	return fires(p);
}

static void drain(struct port *p)
{
	struct fn_pkt *pkts[64];
	unsigned n;

	while ((n = fn_rx_burst(p->rx, pkts, 64)) != 0)
		fn_pkt_free_bulk(pkts, n);
}

static void set(struct port *p, uint32_t rx_ns, uint32_t rx_n, uint32_t tx_ns, uint32_t tx_n)
{
	const struct fn_coalesce c = { .sz = sizeof(c),
				       .err = &p->err,
				       .rx_delay_ns = rx_ns,
				       .rx_packets = rx_n,
				       .tx_delay_ns = tx_ns,
				       .tx_packets = tx_n };

	assert_int_equal(fn_dev_set_coalesce(p->dev, &c), 0);
}

static void assert_device(const struct port *p, uint32_t rx_us, uint32_t rx_n, uint32_t tx_us,
			  uint32_t tx_n)
{
	assert_int_equal(p->vd.coal_rx.max_usecs, rx_us);
	assert_int_equal(p->vd.coal_rx.max_packets, rx_n);
	assert_int_equal(p->vd.coal_tx.max_usecs, tx_us);
	assert_int_equal(p->vd.coal_tx.max_packets, tx_n);
}

static void coalescing(void **state)
{
	struct fn_dev_info info = { .sz = sizeof(info) };
	struct port p;
	struct fn_coalesce c = { .sz = sizeof(c), .err = &p.err };

	(void)state;
	offload_init(&p, 0);
	port_start(&p, (struct fn_dev_conf){ .rx_ring = 64, .tx_ring = 32 });
	fn_dev_get_info(p.dev, &info);
	assert_true((info.caps & FN_CAP_COALESCE) != 0);
	assert_int_equal(info.coalesce_unit_ns, 1000);
	assert_int_equal(info.coalesce_max_ns, 4294967000u);
	assert_int_equal(info.coalesce_max_packets, 1024);
	assert_device(&p, 0, 0, 0, 0);
	assert_true(receive(&p, 1));
	drain(&p);
	/* Up to the next microsecond; a number, or as many as the ring has. */
	set(&p, 50001, 8, 7000, 0);
	assert_device(&p, 51, 8, 7, 32);
	assert_int_equal(fn_dev_get_coalesce(p.dev, &c), 0);
	assert_int_equal(c.rx_delay_ns, 51000);
	assert_int_equal(c.rx_packets, 8);
	assert_ptr_equal(c.err, &p.err);
	assert_false(receive(&p, 7));
	drain(&p);
	/* It outlives resets, and a start after a change while stopped. */
	assert_int_equal(fn_dev_reset(p.dev), 0);
	assert_device(&p, 51, 8, 7, 32);
	assert_true(receive(&p, 8));
	drain(&p);
	assert_int_equal(fn_dev_stop(p.dev), 0);
	set(&p, 1000, 0, 0, 1);
	assert_int_equal(fn_dev_start(p.dev), 0);
	assert_device(&p, 1, 64, 0, 0);
	set(&p, 0, 1, 0, 0);
	assert_device(&p, 0, 0, 0, 0);
	assert_true(receive(&p, 1));
	drain(&p);
	port_end(&p);
}

/* Packets to wait for without a delay would be waited for by nobody: refused, not ignored. */
static void packets_without_a_delay(void **state)
{
	struct port p;
	struct fn_coalesce c = { .sz = sizeof(c), .err = &p.err };

	(void)state;
	offload_init(&p, 0);
	port_start(&p, (struct fn_dev_conf){ .rx_ring = 64, .tx_ring = 32 });
	set(&p, 5000, 4, 5000, 4);
	for (unsigned tx = 0; tx < 2; tx++) {
		c.rx_packets = tx ? 0 : 16;
		c.tx_packets = tx ? 2 : 0;
		assert_int_equal(fn_dev_set_coalesce(p.dev, &c), -EINVAL);
		assert_int_equal(p.err.code, -EINVAL);
		assert_says(p.err.text, tx ? "tx_packets of 2 without a delay" :
					     "rx_packets of 16 without a delay");
		assert_device(&p, 5, 4, 5, 4);
	}
	port_end(&p);
}

/* Refused by the device, wholly or half: what was in force is in force. */
static void refused(void **state)
{
	const struct fn_coalesce c = { .sz = sizeof(c), .rx_delay_ns = 9000, .tx_delay_ns = 9000 };
	struct port p;
	struct fn_coalesce got = { .sz = sizeof(got), .err = &p.err };

	(void)state;
	offload_init(&p, 0);
	port_start(&p, (struct fn_dev_conf){ .rx_ring = 64, .tx_ring = 32 });
	set(&p, 5000, 4, 5000, 4);
	p.vd.ctrl_ack = VDEV_ERR;
	assert_int_equal(fn_dev_set_coalesce(p.dev, &c), -EIO);
	p.vd.ctrl_ack = VDEV_OK;
	assert_device(&p, 5, 4, 5, 4);
	/* The receive side obeyed before the transmit side was refused. */
	offload_answers(&p, "=r");
	assert_int_equal(fn_dev_set_coalesce(p.dev, &c), -EIO);
	assert_non_null(strstr(fn_error_last(), "transmit"));
	assert_device(&p, 5, 4, 5, 4);
	assert_int_equal(fn_dev_reset(p.dev), 0);
	assert_device(&p, 5, 4, 5, 4);
	assert_int_equal(fn_dev_set_coalesce(p.dev, &(struct fn_coalesce){ .sz = sizeof(c),
									   .rx_packets = 1025 }),
			 -ERANGE);
	port_end(&p);

	offload_init(&p, VDEV_F_NOTF_COAL);
	port_start(&p, (struct fn_dev_conf){ 0 });
	assert_int_equal(fn_dev_set_coalesce(p.dev, &c), -ENOTSUP);
	assert_int_equal(fn_dev_get_coalesce(p.dev, &got), -ENOTSUP);
	assert_int_equal(p.err.code, -ENOTSUP);
	assert_says(p.err.text, "hold interrupts back");
	port_end(&p);
}

static unsigned acks(const struct port *p)
{
	unsigned n = 0;

	for (unsigned i = 0; i < p->vd.trace_n; i++)
		n += p->vd.trace[i].step == VIRTIO_DEV_COMMAND &&
		     p->vd.trace[i].value == VDEV_CMD_ANNOUNCE_ACK;
	return n;
}

static void announcements(void **state)
{
	struct port p;

	(void)state;
	offload_init(&p, 0);
	port_start(&p, (struct fn_dev_conf){ 0 });
	assert_true((p.vd.accepted & VDEV_F_GUEST_ANNOUNCE) != 0);
	/* A change of another kind is none. */
	virtio_dev_link(&p.vd, false);
	(void)fn_ctx_process_events(p.ctx);
	assert_int_equal(p.events[FN_EVENT_LINK], 1);
	assert_int_equal(p.events[FN_EVENT_ANNOUNCE], 0);
	for (unsigned i = 1; i < 4; i++) {
		virtio_dev_announce(&p.vd);
		(void)fn_ctx_process_events(p.ctx);
		assert_int_equal(p.events[FN_EVENT_ANNOUNCE], i);
		assert_int_equal(acks(&p), i);
		/* The device has taken its call back. */
		assert_int_equal(fn_le16_to_cpu(p.vd.config.status) & VDEV_S_ANNOUNCE, 0);
	}
	/* An interrupt that is handled after a stop finds no queue to answer on. */
	virtio_dev_announce(&p.vd);
	assert_int_equal(fn_dev_stop(p.dev), 0);
	(void)fn_ctx_process_events(p.ctx);
	assert_int_equal(p.events[FN_EVENT_ANNOUNCE], 3);
	assert_int_equal(acks(&p), 3);
	port_end(&p);

	/* Nor one after a stop whose reset the device did not finish. */
	offload_init(&p, 0);
	port_start(&p, (struct fn_dev_conf){ 0 });
	virtio_dev_announce(&p.vd);
	p.vd.reset_polls = UINT_MAX;
	assert_int_equal(fn_dev_stop(p.dev), -EIO);
	(void)fn_ctx_process_events(p.ctx);
	assert_int_equal(p.events[FN_EVENT_ANNOUNCE], 0);
	p.vd.reset_polls = 0;
	p.vd.resetting = 0;
	port_end(&p);

	/* Nobody would hear of it without an interrupt; one is enough. */
	for (unsigned irqs = 0; irqs < 2; irqs++) {
		offload_init(&p, 0);
		p.vd.md.busdev.irqs = irqs;
		port_start(&p, (struct fn_dev_conf){ 0 });
		assert_int_equal((p.vd.accepted & VDEV_F_GUEST_ANNOUNCE) != 0, irqs);
		virtio_dev_announce(&p.vd);
		(void)fn_ctx_process_events(p.ctx);
		assert_int_equal(p.events[FN_EVENT_ANNOUNCE], irqs);
		port_end(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(coalescing),
		cmocka_unit_test(packets_without_a_delay),
		cmocka_unit_test(refused),
		cmocka_unit_test(announcements),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
