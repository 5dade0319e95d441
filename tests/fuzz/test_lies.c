// SPDX-License-Identifier: BSD-3-Clause
/*
 * A virtio-net device that lies where tests/unit/test_virtio_hostile.c does not look: headers,
 * configuration space, the control queue, interrupts, and each single register read.
 */
#include <stdlib.h>

#include "unit/virtio_port.h"

#define OFFLOADS (FN_OFFLOAD_RX_CSUM | FN_OFFLOAD_RX_HASH | FN_OFFLOAD_RX_SCATTER)

static void init(struct port *p)
{
	port_init(p);
	p->pool_opts.count = 1024;
	p->vd.offered |= VIRTIO_DEV_F_ALL;
}

static void start(struct port *p)
{
	init(p);
	port_start(p, (struct fn_dev_conf){ .rx_ring = 64, .tx_ring = 64, .offloads = OFFLOADS });
}

static int status_of(const struct port *p)
{
	struct fn_dev_info info = { .sz = sizeof(info) };

	fn_dev_get_info(p->dev, &info);
	return info.status;
}

/* Packets pass, and all comes back in the end. */
static void well(struct port *p)
{
	assert_int_equal(fn_rxq_status(p->rx), 0);
	assert_int_equal(fn_txq_status(p->tx), 0);
	port_receive_one(p);
	port_send_one(p);
	port_end(p);
}

/* The receive queue is broken, said so with @why, and a reset mends it. */
static void broken(struct port *p, const char *why)
{
	assert_int_equal(fn_rxq_status(p->rx), -EIO);
	assert_says(p->log, why);
	assert_int_equal(fn_ctx_process_events(p->ctx), 1);
	assert_int_equal(p->events[FN_EVENT_QUEUE_BROKEN], 1);
	port_send_one(p);
	assert_int_equal(fn_dev_reset(p->dev), 0);
	well(p);
}

/* A frame of 100 bytes behind a header; what the application gets. */
static unsigned lie(struct port *p, const struct virtio_dev_hdr *hdr, struct fn_pkt **pkt)
{
	uint8_t frame[100];

	memset(frame, 0x11, sizeof(frame));
	assert_int_equal(virtio_dev_receive_hdr(&p->vd, 0, hdr, frame, sizeof(frame)), 0);
	return fn_rx_burst(p->rx, pkt, 1);
}

/* More buffers than are posted, or none. */
static void num_buffers(void **state)
{
	static const uint16_t counts[] = { 65, 66, 255, 256, 257, 0x7fff, 0x8000, 0xffff };
	struct fn_pkt *pkt;
	struct port p;

	(void)state;
	for (unsigned i = 0; i < FN_ARRAY_LEN(counts); i++) {
		const struct virtio_dev_hdr hdr = { .num_buffers = fn_cpu_to_le16(counts[i]) };

		start(&p);
		assert_int_equal(lie(&p, &hdr, &pkt), 0);
		broken(&p, "buffers, where 1 to 64 are possible");
	}
	/* None: the model fills a 0 in, so that it is written behind its back. */
	start(&p);
	assert_int_equal(port_receive(&p), 0);
	p.received = 0;
	memset(virtio_dev_at(&p.vd,
			     fn_le64_to_cpu(((struct virtio_dev_desc *)virtio_dev_at(
						     &p.vd, p.vd.queues[0].desc, 16))
						    ->addr),
			     12),
	       0, 12);
	assert_int_equal(fn_rx_burst(p.rx, &pkt, 1), 0);
	broken(&p, "fills 0 buffers");
}

/* A frame whose further buffers are not the device's to give, or have a length that cannot be. */
static void further_buffers(void **state)
{
	static const struct {
		uint32_t id;
		uint32_t len;
		const char *why;
	} seconds[] = {
		{ 0, 100, "which it did not have" },    { 64, 100, "of a ring of 64" },
		{ UINT32_MAX, 100, "of a ring of 64" }, { 1, 0, "bytes where 1 to" },
		{ 1, UINT32_MAX, "bytes where 1 to" },  { 1, 0x10001, "bytes where 1 to" },
	};

	(void)state;
	for (unsigned i = 0; i < FN_ARRAY_LEN(seconds); i++) {
		const struct virtio_dev_hdr hdr = { .num_buffers = fn_cpu_to_le16(2) };
		struct fn_pkt *pkt;
		struct port p;

		start(&p);
		/* The first alone is no frame yet, and no lie. */
		assert_int_equal(lie(&p, &hdr, &pkt), 0);
		assert_int_equal(fn_rxq_status(p.rx), 0);
		virtio_dev_used(&p.vd, 0, seconds[i].id, seconds[i].len);
		virtio_dev_publish(&p.vd, 0);
		assert_int_equal(fn_rx_burst(p.rx, &pkt, 1), 0);
		broken(&p, seconds[i].why);
	}
}

/* A frame that never gets its other buffers is dropped by a stop, and nothing is lost. */
static void never_complete(void **state)
{
	const struct virtio_dev_hdr hdr = { .num_buffers = fn_cpu_to_le16(3) };
	struct fn_pkt *pkt;
	struct port p;

	(void)state;
	start(&p);
	assert_int_equal(lie(&p, &hdr, &pkt), 0);
	assert_int_equal(fn_dev_stop(p.dev), 0);
	assert_int_equal(port_pool(&p).outside, 0);
	assert_int_equal(fn_dev_start(p.dev), 0);
	well(&p);
}

/* Where a checksum is to be put that lies outside of the frame, or just within. */
static void csum_places(void **state)
{
	static const struct {
		uint16_t start;
		uint16_t offset;
		bool good;
	} places[] = {
		{ 0, 0, true },
		{ 98, 0, true },
		{ 0, 98, true },
		{ 99, 0, false },
		{ 0, 99, false },
		{ 50, 49, false },
		{ 0xffff, 0, false },
		{ 0, 0xffff, false },
		{ 0xffff, 0xffff, false },
		{ 0x8000, 0x8000, false },
	};

	(void)state;
	for (unsigned i = 0; i < FN_ARRAY_LEN(places); i++) {
		const struct virtio_dev_hdr hdr = {
			.flags = VDEV_HDR_F_NEEDS_CSUM,
			.csum_start = fn_cpu_to_le16(places[i].start),
			.csum_offset = fn_cpu_to_le16(places[i].offset),
		};
		struct fn_pkt *pkt;
		struct port p;

		start(&p);
		assert_int_equal(lie(&p, &hdr, &pkt), 1);
		assert_int_equal(pkt->len, 100);
		assert_int_equal(!!(pkt->flags & FN_PKT_RX_L4_GOOD), places[i].good);
		assert_int_equal(!!(pkt->flags & FN_PKT_RX_L4_BAD), !places[i].good);
		/* A bad place changes nothing. */
		for (unsigned k = 0; !places[i].good && k < 100; k++)
			assert_int_equal(pkt->data[k], 0x11);
		fn_pkt_free(pkt);
		well(&p);
	}
}

/* All other fields of the header, all ones: a packet of its own length, and nothing else. */
static void header_all_ones(void **state)
{
	struct virtio_dev_hdr hdr;
	struct fn_pkt *pkt;
	struct port p;

	(void)state;
	memset(&hdr, 0xff, sizeof(hdr));
	hdr.num_buffers = fn_cpu_to_le16(1);
	start(&p);
	assert_int_equal(lie(&p, &hdr, &pkt), 1);
	assert_int_equal(pkt->len, 100);
	assert_int_equal(pkt->extra_segs, 0);
	assert_int_equal(pkt->flags & FN_PKT_TX_MASK, 0);
	fn_pkt_free(pkt);
	well(&p);
}

/* A command that is answered with what is no answer is refused, and nothing is broken. */
static void odd_answers(void **state)
{
	static const uint8_t acks[] = { 1, 2, 0x80, 0xfe, 0xff };

	(void)state;
	for (unsigned i = 0; i < FN_ARRAY_LEN(acks); i++) {
		struct port p;

		start(&p);
		p.vd.ctrl_ack = acks[i];
		assert_int_equal(fn_dev_set_promisc(p.dev, true), -EIO);
		assert_says(fn_error_last(), "refuses");
		assert_int_equal(status_of(&p), 0);
		p.vd.ctrl_ack = VDEV_OK;
		assert_int_equal(fn_dev_set_promisc(p.dev, true), 0);
		well(&p);
	}
}

/*
 * A control queue that answers what nobody asked, too much, or with another buffer: the device says
 * that it is broken, with the reason, and a reset mends it.
 */
static void control_queue(void **state)
{
	static const struct {
		uint32_t id;
		uint16_t ahead;
	} answers[] = { { 1, 1 }, { 3, 1 },      { UINT32_MAX, 1 }, { 0, 2 },
			{ 0, 4 }, { 0, 0x8000 }, { 0, 0xffff } };

	(void)state;
	for (unsigned i = 0; i < FN_ARRAY_LEN(answers); i++) {
		struct port p;
		unsigned queue;

		start(&p);
		queue = virtio_dev_ctrl_queue(&p.vd);
		p.vd.ctrl_dumb = true;
		virtio_dev_used(&p.vd, queue, answers[i].id, 1);
		virtio_dev_used_idx(&p.vd, queue,
				    (uint16_t)(p.vd.queues[queue].published + answers[i].ahead));
		assert_int_equal(fn_dev_set_allmulti(p.dev, true), -EIO);
		assert_says(fn_error_last(), "control queue");
		assert_int_equal(status_of(&p), -EIO);
		assert_int_equal(fn_rxq_status(p.rx), -EIO);
		assert_int_equal(fn_ctx_process_events(p.ctx), 1);
		assert_int_equal(p.events[FN_EVENT_DEVICE_ERROR], 1);
		p.vd.ctrl_dumb = false;
		assert_int_equal(fn_dev_reset(p.dev), 0);
		assert_int_equal(status_of(&p), 0);
		assert_int_equal(fn_dev_set_allmulti(p.dev, true), 0);
		well(&p);
	}
}

/* The link as no specification knows it. */
static void link_state(void **state)
{
	static const uint8_t bytes[] = { 0x00, 0x7f, 0x80, 0xff };

	(void)state;
	for (unsigned i = 0; i < FN_ARRAY_LEN(bytes); i++) {
		struct fn_link link = { .sz = sizeof(link) };
		struct port p;

		start(&p);
		memset(&p.vd.config.status, bytes[i], sizeof(p.vd.config.status));
		memset(&p.vd.config.speed, bytes[i], sizeof(p.vd.config.speed));
		memset(&p.vd.config.duplex, bytes[i], sizeof(p.vd.config.duplex));
		assert_int_equal(fn_dev_get_link(p.dev, &link), 0);
		assert_int_equal(link.up, bytes[i] & 1);
		assert_false(link.full_duplex);
		/* 5.1.4: up to 0x7fffffff it is a speed; all ones is "not known". */
		assert_int_equal(link.speed_mbps, bytes[i] < 0x80 ? bytes[i] * 0x01010101u : 0);
		virtio_dev_config_changed(&p.vd);
		assert_true(fn_ctx_process_events(p.ctx) >= 0);
		well(&p);
	}
}

/* What the device says of its hash: used within the library's bounds, or not at all. */
static void hash_limits(void **state)
{
	static const uint8_t keys[] = { 0, 1, 39, 40, 52, 53, 255 };
	static const uint16_t tables[] = { 0, 1, 3, 127, 512, 513, 0xffff };

	(void)state;
	for (unsigned i = 0; i < FN_ARRAY_LEN(keys) * FN_ARRAY_LEN(tables); i++) {
		struct fn_dev_info info = { .sz = sizeof(info) };
		struct port p;

		init(&p);
		p.vd.config.rss_max_key_size = keys[i % FN_ARRAY_LEN(keys)];
		p.vd.config.rss_max_indirection_table_length =
			fn_cpu_to_le16(tables[i / FN_ARRAY_LEN(keys)]);
		p.vd.config.supported_hash_types = fn_cpu_to_le32(i % 2 ? UINT32_MAX : 0x3f);
		assert_int_equal(port_open(&p), 0);
		fn_dev_get_info(p.dev, &info);
		assert_in_range(info.rss_key_bytes, 0, FN_RSS_KEY_MAX);
		assert_in_range(info.rss_reta_entries, 0, FN_RSS_RETA_MAX);
		if (info.caps & FN_CAP_RSS) {
			assert_in_range(info.rss_key_bytes, 40, FN_RSS_KEY_MAX);
			assert_true(fn_is_pow2(info.rss_reta_entries));
			assert_true(info.rss_reta_entries <= tables[i / FN_ARRAY_LEN(keys)]);
		}
		assert_int_equal(port_configure(&p, (struct fn_dev_conf){ .rxqs = 2,
									  .txqs = 2,
									  .rx_ring = 64,
									  .tx_ring = 64 }),
				 0);
		assert_int_equal(fn_dev_start(p.dev), 0);
		port_end(&p);
	}
}

/* Every interrupt at any time, also those of entries that nobody has set up. */
static void spurious_interrupts(void **state)
{
	struct port p;

	(void)state;
	start(&p);
	for (unsigned i = 0; i < 64; i++) {
		model_dev_signal(&p.vd.md, i);
		(void)fn_ctx_process_events(p.ctx);
	}
	well(&p);
}

/* One register read of a call lies; the others are right. */
static struct {
	unsigned n;
	unsigned at;
	uint64_t lie;
} reads;

static uint64_t lying_bar_read(struct fn_busdev *busdev, unsigned idx, uint64_t off, unsigned width)
{
	const uint64_t value = model_bus.bar_read(busdev, idx, off, width);

	return ++reads.n == reads.at ? reads.lie : value;
}

/* All calls of a device's life. What they return matters when the device is honest. */
static void live(struct port *p, bool honest)
{
	struct fn_link link = { .sz = sizeof(link) };
	struct fn_pkt *pkt;
	int ret;

	if (port_configure(p, (struct fn_dev_conf){ .rxqs = 2,
						    .txqs = 2,
						    .rx_ring = 64,
						    .tx_ring = 64,
						    .offloads = OFFLOADS }))
		return;
	if (!fn_dev_start(p->dev)) {
		p->rx = fn_dev_rxq(p->dev, 0);
		(void)virtio_dev_receive(&p->vd, 0, frame_data(1), 60);
		if (fn_rx_burst(p->rx, &pkt, 1))
			fn_pkt_free(pkt);
		virtio_dev_config_changed(&p->vd);
		(void)fn_ctx_process_events(p->ctx);
	}
	ret = fn_dev_get_link(p->dev, &link);
	ret |= fn_dev_set_promisc(p->dev, true);
	ret |= fn_dev_reset(p->dev);
	ret |= fn_dev_stop(p->dev);
	assert_true(!ret || !honest);
}

/* Each read of a whole life once; returns how many there are. */
static unsigned lie_at_each_read(uint64_t value)
{
	static struct fn_bus_ops ops;
	unsigned all = 0;

	ops = model_bus;
	ops.bar_read = lying_bar_read;
	/* The first life is an honest one, for their number. */
	for (unsigned at = 0; at <= all; at++) {
		struct port p;

		init(&p);
		p.vd.md.busdev.ops = &ops;
		reads.n = 0;
		reads.at = at;
		reads.lie = value;
		if (!port_open(&p))
			live(&p, !at);
		else
			assert_true(p.err.text[0] != '\0');
		all = at ? all : reads.n;
		reads.at = 0;
		(void)fn_dev_close(p.dev);
		p.dev = NULL;
		p.vd.md.busdev.ops = &model_bus;
		assert_int_equal(port_pool(&p).outside, 0);
		/* Nobody can do right by a device whose registers lie. */
		p.vd.md.violation = NULL;
		port_start(&p, (struct fn_dev_conf){ 0 });
		p.received = 0;
		p.sent = 0;
		well(&p);
	}
	return all;
}

/*
 * All ones, none, another: whatever comes of it, the calls end, all buffers come back, and the next
 * one who opens the device has a good one.
 */
static void each_register_read(void **state)
{
	static const uint64_t values[] = { UINT64_MAX, 0, 0x5555555555555555u };

	(void)state;
	for (unsigned i = 0; i < FN_ARRAY_LEN(values); i++)
		assert_in_range(lie_at_each_read(values[i]), 80, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(num_buffers),        cmocka_unit_test(further_buffers),
		cmocka_unit_test(never_complete),     cmocka_unit_test(csum_places),
		cmocka_unit_test(header_all_ones),    cmocka_unit_test(odd_answers),
		cmocka_unit_test(control_queue),      cmocka_unit_test(link_state),
		cmocka_unit_test(hash_limits),        cmocka_unit_test(spurious_interrupts),
		cmocka_unit_test(each_register_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
