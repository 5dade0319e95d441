// SPDX-License-Identifier: BSD-3-Clause
/*
 * From reset to packets and back: the order of virtio 1.2 3.1.1, what is refused and how, what is
 * left.
 */
#include <limits.h>

#include "virtio_port.h"

/*
 * Opening fails with @code and a sentence that says @why; nothing is left, and a good device opens.
 */
static void refused(struct port *p, int code, const char *why)
{
	assert_int_equal(port_open(p), code);
	if (!strstr(p->err.text, why))
		fail_msg("\"%s\" does not say \"%s\"", p->err.text, why);
	assert_non_null(strstr(p->err.text, "0000:00:03.0"));
	assert_int_equal(p->vd.status, 0);
	port_end(p);
}

/* Where a step stands in the trace from @from on; the test fails when it is not there. */
static unsigned find(const struct port *p, unsigned from, enum virtio_dev_step step, uint32_t value)
{
	for (unsigned i = from; i < p->vd.trace_n; i++)
		if (p->vd.trace[i].step == step && p->vd.trace[i].value == value)
			return i;
	fail_msg("no step %d with %u from %u on", (int)step, value, from);
	return 0;
}

/* virtio 1.2 3.1.1, each step after the one before. */
static void bring_up_order(void **state)
{
	const uint32_t ack = VIRTIO_STATUS_ACKNOWLEDGE;
	const uint32_t driver = ack | VIRTIO_STATUS_DRIVER;
	const uint32_t features = driver | VIRTIO_STATUS_FEATURES_OK;
	struct port p;
	unsigned at;

	(void)state;
	port_init(&p);
	assert_int_equal(port_open(&p), 0);
	assert_int_equal(p.vd.status, 0);
	p.vd.trace_n = 0;
	port_start(&p, (struct fn_dev_conf){ .rxqs = 2, .txqs = 2 });
	at = find(&p, 0, VIRTIO_DEV_STATUS, 0);
	assert_int_equal(at, 0);
	at = find(&p, at, VIRTIO_DEV_READ_STATUS, 0);
	at = find(&p, at, VIRTIO_DEV_STATUS, ack);
	at = find(&p, at, VIRTIO_DEV_STATUS, driver);
	at = find(&p, at, VIRTIO_DEV_READ_FEATURES, 0);
	at = find(&p, at, VIRTIO_DEV_READ_FEATURES, 1);
	at = find(&p, at, VIRTIO_DEV_WRITE_FEATURES, 0);
	at = find(&p, at, VIRTIO_DEV_WRITE_FEATURES, 1);
	at = find(&p, at, VIRTIO_DEV_STATUS, features);
	at = find(&p, at, VIRTIO_DEV_READ_STATUS, features);
	for (unsigned q = 0; q < 5; q++)
		at = find(&p, at, VIRTIO_DEV_ENABLE, q);
	at = find(&p, at, VIRTIO_DEV_STATUS, features | VIRTIO_STATUS_DRIVER_OK);
	at = find(&p, at, VIRTIO_DEV_COMMAND, VIRTIO_NET_CTRL_MQ << 8);
	at = find(&p, at, VIRTIO_DEV_COMMAND, VIRTIO_NET_CTRL_RX << 8);
	at = find(&p, at, VIRTIO_DEV_KICK, 0);
	(void)find(&p, at, VIRTIO_DEV_KICK, 2);
	assert_int_equal(p.vd.accepted, p.vd.offered);
	p.vd.trace_n = 0;
	assert_int_equal(fn_dev_close(p.dev), 0);
	p.dev = NULL;
	at = find(&p, 0, VIRTIO_DEV_STATUS, 0);
	(void)find(&p, at, VIRTIO_DEV_READ_STATUS, 0);
	assert_int_equal(p.vd.status, 0);
	assert_false(p.vd.master);
	port_end(&p);
}

/* After a kill -9 a device without a function-level reset is as its driver left it. */
static void left_running(void **state)
{
	struct port p;

	(void)state;
	port_init(&p);
	p.vd.status = 0x0f;
	p.vd.queues[0].enabled = true;
	p.vd.queues[0].desc = 0x1000;
	port_start(&p, (struct fn_dev_conf){ 0 });
	assert_int_equal(port_receive(&p), 0);
	port_end(&p);
}

static void limits_and_defaults(void **state)
{
	struct fn_dev_info info = { .sz = sizeof(info) };
	struct port p;

	(void)state;
	port_init(&p);
	p.vd.queues[2].size_max = 512;
	p.vd.queues[3].size_max = 64;
	p.vd.config.mtu = fn_cpu_to_le16(1400);
	assert_int_equal(port_open(&p), 0);
	fn_dev_get_info(p.dev, &info);
	assert_string_equal(info.driver, "virtio-net");
	assert_int_equal(info.max_rxqs, 2);
	assert_int_equal(info.max_txqs, 2);
	assert_int_equal(info.rx_ring_max, 512);
	assert_int_equal(info.tx_ring_max, 64);
	assert_int_equal(info.rx_ring_min, 8);
	assert_int_equal(info.mtu_min, 68);
	assert_int_equal(info.mtu_max, 1400);
	assert_int_equal(info.max_tx_segs, 32);
	assert_int_equal(info.vectors, 5);
	assert_memory_equal(info.mac, p.vd.config.mac, 6);
	port_start(&p, (struct fn_dev_conf){ 0 });
	fn_dev_get_info(p.dev, &info);
	assert_int_equal(info.mtu, 1400);
	assert_int_equal(p.vd.queues[0].size, 256);
	assert_int_equal(p.vd.queues[1].size, 64);
	assert_string_equal(info.rx_variant, "split event-idx");
	assert_string_equal(info.tx_variant, "split event-idx");
	port_end(&p);

	/*
	 * Hardly any feature: one pair, no control queue, an address that is made up, no
	 * interrupts.
	 */
	port_init(&p);
	p.vd.offered = VIRTIO_F_VERSION_1 | VIRTIO_F_ACCESS_PLATFORM | VIRTIO_F_IN_ORDER |
		       VIRTIO_NET_F_MQ | VIRTIO_NET_F_CTRL_RX;
	p.vd.num_queues = 2;
	p.vd.busdev.irqs = 0;
	port_start(&p, (struct fn_dev_conf){ 0 });
	assert_int_equal(p.vd.accepted,
			 VIRTIO_F_VERSION_1 | VIRTIO_F_ACCESS_PLATFORM | VIRTIO_F_IN_ORDER);
	fn_dev_get_info(p.dev, &info);
	assert_int_equal(info.max_rxqs, 1);
	assert_int_equal(info.vectors, 0);
	assert_int_equal(info.mtu_max, 65517);
	assert_int_equal(info.mac[0] & 3, 2);
	assert_string_equal(info.rx_variant, "split in-order");
	assert_string_equal(info.tx_variant, "split in-order");
	assert_int_equal(p.vd.config_vector, VIRTIO_MSI_NO_VECTOR);
	assert_int_equal(p.vd.queues[0].vector, VIRTIO_MSI_NO_VECTOR);
	assert_int_equal(port_receive(&p), 0);
	port_end(&p);
}

/*
 * 5.1.4.2: VIRTIO_NET_F_MTU is a promise of large enough buffers, and is left out when there are
 * none.
 */
static void mtu_feature(void **state)
{
	struct port p;

	(void)state;
	port_init(&p);
	p.vd.config.mtu = fn_cpu_to_le16(9000);
	port_start(&p, (struct fn_dev_conf){ 0 });
	assert_false(p.vd.accepted & VIRTIO_NET_F_MTU);
	port_end(&p);
	port_init(&p);
	p.vd.config.mtu = fn_cpu_to_le16(9000);
	p.pool_opts.room_bytes = 9018;
	port_start(&p, (struct fn_dev_conf){ 0 });
	assert_true(p.vd.accepted & VIRTIO_NET_F_MTU);
	port_end(&p);
	/* An MTU below 68 is none. */
	port_init(&p);
	p.vd.config.mtu = fn_cpu_to_le16(67);
	port_start(&p, (struct fn_dev_conf){ 0 });
	assert_false(p.vd.accepted & VIRTIO_NET_F_MTU);
	port_end(&p);
}

static void features_missing(void **state)
{
	struct port p;

	(void)state;
	port_init(&p);
	p.vd.offered &= ~VIRTIO_F_ACCESS_PLATFORM;
	refused(&p, -ENOTSUP, "VIRTIO_F_ACCESS_PLATFORM");
	port_init(&p);
	p.vd.offered &= ~VIRTIO_F_ACCESS_PLATFORM;
	refused(&p, -ENOTSUP, "iommu_platform=on");
	port_init(&p);
	p.vd.offered &= ~VIRTIO_F_VERSION_1;
	refused(&p, -ENOTSUP, "disable-legacy=on");
	port_init(&p);
	p.vd.refuse_features = true;
	refused(&p, -EIO, "refuses the features");
	/* What was offered at open is not any more at start. */
	port_init(&p);
	assert_int_equal(port_open(&p), 0);
	assert_int_equal(port_configure(&p, (struct fn_dev_conf){ 0 }), 0);
	p.vd.offered &= ~VIRTIO_NET_F_MAC;
	assert_int_equal(fn_dev_start(p.dev), -EIO);
	assert_non_null(strstr(fn_error_last(), "any more"));
	assert_int_equal(p.vd.status, 0);
	port_end(&p);
}

/* 0x1000 is driven when it offers the modern interface, and refused with the remedy when not. */
static void transitional(void **state)
{
	struct port p;

	(void)state;
	port_init(&p);
	p.vd.cfg[2] = 0x00;
	port_start(&p, (struct fn_dev_conf){ 0 });
	port_end(&p);
	port_init(&p);
	p.vd.cfg[2] = 0x00;
	p.vd.cfg[0x34] = 0;
	refused(&p, -ENOTSUP, "disable-legacy=on");
}

static void le32_put(struct port *p, unsigned at, uint32_t value)
{
	const fn_le32 raw = fn_cpu_to_le32(value);

	memcpy(p->vd.cfg + at, &raw, sizeof(raw));
}

static void bad_capabilities(void **state)
{
	struct port p;

	(void)state;
	/* A structure is missing. */
	for (unsigned at = VIRTIO_DEV_CAP_COMMON; at <= VIRTIO_DEV_CAP_NOTIFY; at += 16) {
		if (at == VIRTIO_DEV_CAP_ISR)
			continue;
		port_init(&p);
		p.vd.cfg[at + 3] = VIRTIO_PCI_CAP_PCI_CFG;
		refused(&p, -ENOTSUP, "no usable capability");
		/* Its BAR is reserved: as if it were not there (4.1.4.1). */
		port_init(&p);
		p.vd.cfg[at + 4] = 6;
		refused(&p, -ENOTSUP, "no usable capability");
		/* It is too short to say where. */
		port_init(&p);
		p.vd.cfg[at + 2] = 15;
		refused(&p, -ENOTSUP, "no usable capability");
		/* It lies outside of its BAR, or its end does, or wraps round. */
		port_init(&p);
		le32_put(&p, at + 8, VIRTIO_DEV_BAR_BYTES);
		refused(&p, -EINVAL, "no such window");
		port_init(&p);
		le32_put(&p, at + 8, 0xfffffff0);
		refused(&p, -EINVAL, "no such window");
		/* A BAR that the device does not have. */
		port_init(&p);
		p.vd.cfg[at + 4] = 2;
		refused(&p, -EINVAL, "no such window");
		/* Not aligned. */
		port_init(&p);
		le32_put(&p, at + 8, 0x101);
		refused(&p, -EIO, "not a multiple");
		/* No room in it. */
		port_init(&p);
		le32_put(&p, at + 12, 0);
		refused(&p, -EIO, "bytes where virtio");
	}
	port_init(&p);
	le32_put(&p, VIRTIO_DEV_CAP_COMMON + 12, 55);
	refused(&p, -EIO, "55 bytes where virtio 1.2 needs 56");
	/* The configuration ends before a field that a feature promises. */
	port_init(&p);
	le32_put(&p, VIRTIO_DEV_CAP_CONFIG + 12, 10);
	refused(&p, -EIO, "the features that it offers need 12");
	port_init(&p);
	le32_put(&p, VIRTIO_DEV_CAP_NOTIFY + 12, 0x2000);
	refused(&p, -EINVAL, "no such window");
	/* Doorbells 3 bytes apart, and doorbells beyond the window. */
	port_init(&p);
	le32_put(&p, VIRTIO_DEV_CAP_NOTIFY + 16, 3);
	refused(&p, -EIO, "no even power of two");
	port_init(&p);
	le32_put(&p, VIRTIO_DEV_CAP_NOTIFY + 16, 0x80000000);
	assert_int_equal(port_open(&p), 0);
	assert_int_equal(port_configure(&p, (struct fn_dev_conf){ 0 }), 0);
	assert_int_equal(fn_dev_start(p.dev), -EIO);
	assert_non_null(strstr(fn_error_last(), "doorbell of queue 1"));
	port_end(&p);
	/* A list that runs in a circle ends; what was found by then is enough. */
	port_init(&p);
	p.vd.cfg[VIRTIO_DEV_CAP_NOTIFY + 1] = VIRTIO_DEV_CAP_COMMON;
	port_start(&p, (struct fn_dev_conf){ 0 });
	port_end(&p);
	/* Of two of a type the first counts. */
	port_init(&p);
	memcpy(p.vd.cfg + 0x90, p.vd.cfg + VIRTIO_DEV_CAP_NOTIFY, 20);
	p.vd.cfg[VIRTIO_DEV_CAP_NOTIFY + 1] = 0x90;
	le32_put(&p, 0x90 + 8, 0x101);
	port_start(&p, (struct fn_dev_conf){ 0 });
	port_end(&p);
}

static void bad_queues(void **state)
{
	struct port p;

	(void)state;
	port_init(&p);
	p.vd.queues[1].size_max = p.vd.queues[1].size = 100;
	refused(&p, -EIO, "no power of two");
	port_init(&p);
	p.vd.queues[0].size_max = p.vd.queues[0].size = 65536;
	refused(&p, -EIO, "fastnic needs 8");
	port_init(&p);
	p.vd.queues[3].size_max = 0;
	refused(&p, -EIO, "fastnic needs 8");
	port_init(&p);
	p.vd.queues[3].size_max = 4;
	refused(&p, -EIO, "fastnic needs 8");
	port_init(&p);
	p.vd.num_queues = 4;
	refused(&p, -EIO, "2 pairs and a control queue");
	port_init(&p);
	p.vd.config.max_virtqueue_pairs = fn_cpu_to_le16(0);
	refused(&p, -EIO, "0 pairs");
	port_init(&p);
	p.vd.config.max_virtqueue_pairs = fn_cpu_to_le16(0x8001);
	refused(&p, -EIO, "32769 pairs");
	port_init(&p);
	p.vd.queues[4].size_max = 2;
	assert_int_equal(port_open(&p), 0);
	assert_int_equal(port_configure(&p, (struct fn_dev_conf){ 0 }), 0);
	assert_int_equal(fn_dev_start(p.dev), -EIO);
	assert_non_null(strstr(fn_error_last(), "control queue has 2 entries"));
	assert_int_equal(port_pool(&p).outside, 0);
	port_end(&p);
	/* The rings shrink between open and start. */
	port_init(&p);
	assert_int_equal(port_open(&p), 0);
	assert_int_equal(port_configure(&p, (struct fn_dev_conf){ .rxqs = 2, .txqs = 2 }), 0);
	p.vd.queues[3].size_max = 128;
	assert_int_equal(fn_dev_start(p.dev), -EIO);
	assert_non_null(strstr(fn_error_last(), "only 128 entries"));
	assert_int_equal(port_pool(&p).outside, 0);
	port_end(&p);
}

static struct port *cut_off;
static uint32_t outside_at_cut_off;

/* Bus mastering goes off: where are the buffers by then? */
static int cut_off_write(struct fn_busdev *busdev, uint16_t off, const void *buf, size_t len)
{
	if (cut_off->vd.master)
		outside_at_cut_off = port_pool(cut_off).outside;
	return virtio_dev_bus.cfg_write(busdev, off, buf, len);
}

/* 2.4, 4.1.4.3.2: a reset takes its time, but not for ever. */
static void reset_deadline(void **state)
{
	struct fn_bus_ops ops = virtio_dev_bus;
	struct port p;
	uint64_t start_ns;

	(void)state;
	port_init(&p);
	p.vd.reset_polls = 1000;
	port_start(&p, (struct fn_dev_conf){ 0 });
	port_end(&p);
	port_init(&p);
	p.vd.reset_polls = UINT_MAX;
	refused(&p, -EIO, "did not finish its reset within 5 s");
	assert_in_range(p.vd.now_ns, FN_MS(5000), FN_MS(5010));

	/* One that cannot be reset is cut off from memory, and then all buffers come back. */
	port_init(&p);
	port_start(&p, (struct fn_dev_conf){ 0 });
	ops.cfg_write = cut_off_write;
	p.vd.busdev.ops = &ops;
	cut_off = &p;
	p.vd.reset_polls = UINT_MAX;
	start_ns = p.vd.now_ns;
	assert_int_equal(fn_dev_stop(p.dev), -EIO);
	assert_in_range(p.vd.now_ns - start_ns, FN_MS(5000), FN_MS(5120));
	assert_false(p.vd.master);
	assert_int_equal(outside_at_cut_off, 256);
	assert_int_equal(port_pool(&p).outside, 0);
	assert_int_equal(fn_dev_close(p.dev), -EIO);
	p.dev = NULL;
	port_end(&p);
}

/* A device that vanishes is noticed where it is touched; stop and close work on it. */
static void gone(void **state)
{
	struct fn_link link = { .sz = sizeof(link) };
	struct fn_pkt *pkt;
	struct port p;
	uint64_t start_ns;

	(void)state;
	port_init(&p);
	p.vd.gone = true;
	assert_int_equal(port_open(&p), -ENOTSUP);
	port_end(&p);

	port_init(&p);
	port_start(&p, (struct fn_dev_conf){ 0 });
	for (unsigned i = 0; i < 10; i++) {
		pkt = port_pkt(&p, i);
		assert_int_equal(fn_tx_burst(p.tx, &pkt, 1), 1);
	}
	p.vd.gone = true;
	start_ns = p.vd.now_ns;
	assert_int_equal(fn_rx_burst(p.rx, &pkt, 1), 0);
	assert_int_equal(fn_dev_link(p.dev, &link), -ENODEV);
	assert_int_equal(fn_rxq_status(p.rx), -ENODEV);
	assert_int_equal(fn_txq_status(p.tx), -ENODEV);
	assert_int_equal(fn_ctx_process_events(p.ctx), 1);
	assert_int_equal(p.events[FN_EVENT_GONE], 1);
	assert_int_equal(fn_dev_stop(p.dev), -ENODEV);
	assert_int_equal(tx_counter(&p, FN_TX_DROP_BROKEN), 10);
	assert_int_equal(tx_counter(&p, FN_TX_DROP_STOPPED), 0);
	assert_int_equal(port_pool(&p).outside, 0);
	assert_int_equal(fn_dev_start(p.dev), -ENODEV);
	assert_int_equal(fn_dev_close(p.dev), -ENODEV);
	p.dev = NULL;
	/* Nobody waited for it. */
	assert_in_range(p.vd.now_ns - start_ns, 0, FN_MS(1));
	port_end(&p);

	/* Between configure and start. */
	port_init(&p);
	assert_int_equal(port_open(&p), 0);
	assert_int_equal(port_configure(&p, (struct fn_dev_conf){ 0 }), 0);
	p.vd.gone = true;
	assert_int_equal(fn_dev_start(p.dev), -ENODEV);
	assert_int_equal(port_pool(&p).outside, 0);
	port_end(&p);
}

/*
 * The device vanishes after each number of register accesses in turn: start fails cleanly or works.
 */
static unsigned accesses_left;

static uint64_t vanishing_read(struct fn_busdev *busdev, unsigned idx, uint64_t off, unsigned width)
{
	struct virtio_dev *vd = fn_container_of(busdev, struct virtio_dev, busdev);

	if (!accesses_left)
		vd->gone = true;
	else
		accesses_left--;
	return virtio_dev_bus.bar_read(busdev, idx, off, width);
}

static void gone_at_any_time(void **state)
{
	struct fn_bus_ops ops = virtio_dev_bus;
	unsigned tries = 0;
	bool ran = false;

	(void)state;
	ops.bar_read = vanishing_read;
	for (; !ran && tries < 500; tries++) {
		struct port p;
		int ret;

		port_init(&p);
		assert_int_equal(port_open(&p), 0);
		assert_int_equal(port_configure(&p, (struct fn_dev_conf){ .rxqs = 2, .txqs = 2 }),
				 0);
		p.vd.busdev.ops = &ops;
		accesses_left = tries;
		ret = fn_dev_start(p.dev);
		ran = !p.vd.gone;
		if (ret)
			assert_int_equal(port_pool(&p).outside, 0);
		if (!p.vd.gone)
			assert_int_equal(ret, 0);
		else if (ret)
			assert_int_equal(ret, -ENODEV);
		port_end(&p);
	}
	assert_in_range(tries, 20, 400);
}

static void vectors_refused(void **state)
{
	struct port p;

	(void)state;
	for (uint16_t from = 0; from < 5; from++) {
		port_init(&p);
		assert_int_equal(port_open(&p), 0);
		assert_int_equal(port_configure(&p, (struct fn_dev_conf){ .rxqs = 2, .txqs = 2 }),
				 0);
		p.vd.vectors_refused = from;
		assert_int_equal(fn_dev_start(p.dev), -EIO);
		assert_non_null(strstr(fn_error_last(), "no room for MSI-X entry"));
		assert_int_equal(p.vd.status, 0);
		assert_int_equal(port_pool(&p).outside, 0);
		p.vd.vectors_refused = 5;
		assert_int_equal(fn_dev_start(p.dev), 0);
		port_end(&p);
	}
}

static void config_never_still(void **state)
{
	struct port p;

	(void)state;
	port_init(&p);
	p.vd.generation_runs = true;
	refused(&p, -EIO, "faster than it can be read");
}

/* Configurations that lib/dev allows and this device cannot. */
static void configurations(void **state)
{
	struct port p;

	(void)state;
	port_init(&p);
	assert_int_equal(port_open(&p), 0);
	assert_int_equal(port_configure(&p, (struct fn_dev_conf){ .rxqs = 1, .txqs = 2 }), -EINVAL);
	assert_non_null(strstr(p.err.text, "in pairs"));
	assert_int_equal(port_configure(&p, (struct fn_dev_conf){ .rxqs = 2, .txqs = 1 }), 0);
	assert_int_equal(port_configure(&p, (struct fn_dev_conf){ .rxqs = 3 }), -EINVAL);
	port_end(&p);

	/* A frame fits the room, but not with virtio's header in it. */
	port_init(&p);
	p.pool_opts.headroom = FN_POOL_NO_HEADROOM;
	p.pool_opts.room_bytes = 1518 + 11;
	assert_int_equal(port_open(&p), 0);
	assert_int_equal(port_configure(&p, (struct fn_dev_conf){ 0 }), -EINVAL);
	assert_non_null(strstr(p.err.text, "room_bytes 1530"));
	assert_int_equal(port_configure(&p, (struct fn_dev_conf){ .mtu = 1499 }), 0);
	port_end(&p);
}

/* Two receive queues on one transmit queue: the spare one exists and rests. */
static void spare_transmit_queue(void **state)
{
	struct port p;

	(void)state;
	port_init(&p);
	port_start(&p, (struct fn_dev_conf){ .rxqs = 2, .txqs = 1 });
	assert_int_equal(p.vd.pairs, 2);
	assert_true(p.vd.queues[3].enabled);
	assert_int_equal(virtio_dev_posted(&p.vd, 2), 256);
	assert_int_equal(fn_txq_status(fn_dev_txq(p.dev, 1)), -ENETDOWN);
	port_end(&p);
}

/* The pool has enough for the sum, but somebody holds what the rings need. */
static void pool_cannot_fill(void **state)
{
	struct fn_pkt *held[4096];
	struct port p;
	unsigned n = 0;

	(void)state;
	port_init(&p);
	assert_int_equal(port_open(&p), 0);
	assert_int_equal(port_configure(&p, (struct fn_dev_conf){ .rx_ring = 1024 }), 0);
	while (n < 4096 && (held[n] = fn_pkt_alloc(p.pool)))
		n++;
	fn_pkt_free_bulk(held, 500);
	assert_int_equal(fn_dev_start(p.dev), -ENOBUFS);
	assert_non_null(strstr(fn_error_last(), "needs 1024"));
	assert_int_equal(p.vd.status, 0);
	assert_int_equal(port_pool(&p).outside, n - 500);
	fn_pkt_free_bulk(held + 500, n - 500);
	assert_int_equal(fn_dev_start(p.dev), 0);
	port_end(&p);
}

/* Whatever the order of calls, nothing is lost. */
static void again_and_again(void **state)
{
	struct fn_pkt *pkt;
	struct port p;

	(void)state;
	port_init(&p);
	for (unsigned i = 0; i < 30; i++) {
		port_start(&p, (struct fn_dev_conf){ .rx_ring = 8u << i % 8, .rxqs = 1 + i % 2 });
		assert_int_equal(port_receive(&p), 0);
		assert_int_equal(port_receive(&p), 0);
		assert_int_equal(fn_rx_burst(p.rx, &pkt, 1), 1);
		fn_pkt_free(pkt);
		pkt = port_pkt(&p, p.sent);
		assert_int_equal(fn_tx_burst(p.tx, &pkt, 1), 1);
		assert_int_equal(virtio_dev_transmit(&p.vd, 0, 1), 1);
		if (i % 3 == 0)
			assert_int_equal(fn_dev_reset(p.dev), 0);
		assert_int_equal(fn_dev_stop(p.dev), 0);
		assert_int_equal(port_pool(&p).outside, 0);
		if (i % 5 == 0) {
			assert_int_equal(fn_dev_close(p.dev), 0);
			p.dev = NULL;
		}
	}
	port_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bring_up_order),       cmocka_unit_test(left_running),
		cmocka_unit_test(limits_and_defaults),  cmocka_unit_test(mtu_feature),
		cmocka_unit_test(features_missing),     cmocka_unit_test(transitional),
		cmocka_unit_test(bad_capabilities),     cmocka_unit_test(bad_queues),
		cmocka_unit_test(reset_deadline),       cmocka_unit_test(gone),
		cmocka_unit_test(gone_at_any_time),     cmocka_unit_test(vectors_refused),
		cmocka_unit_test(config_never_still),   cmocka_unit_test(configurations),
		cmocka_unit_test(spare_transmit_queue), cmocka_unit_test(pool_cannot_fill),
		cmocka_unit_test(again_and_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
