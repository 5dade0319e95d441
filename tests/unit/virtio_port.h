/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * For tests of the virtio-net driver: the library as an application sees it, on a device of the
 * model.
 */
#ifndef FN_TESTS_UNIT_VIRTIO_PORT_H
#define FN_TESTS_UNIT_VIRTIO_PORT_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <fastnic/fastnic.h>

#include "dev/dev.h"
#include "model/virtio_dev.h"
#include "stream.h"

#define PORT_EVENT_TYPES 16u

/**
 * struct port - one device and all around it
 * @vd: the device; a test changes it before port_open()
 * @ctx: the context
 * @pool_opts: how the pool is made; a test changes it before port_open()
 * @pool: the pool
 * @dev: the device as the library has it
 * @rx: receive queue 0
 * @tx: transmit queue 0
 * @err: the sentence of the last failure
 * @events: events by type
 * @log: the last line of the log
 * @sent: frames that the device sent; port_sent() counts and checks them
 * @received: frames that port_receive() put in
 */
struct port {
	struct virtio_dev vd;
	struct fn_ctx *ctx;
	struct fn_pool_opts pool_opts;
	struct fn_pool *pool;
	struct fn_dev *dev;
	struct fn_rxq *rx;
	struct fn_txq *tx;
	struct fn_error err;
	unsigned events[PORT_EVENT_TYPES];
	char log[640];
	unsigned sent;
	unsigned received;
};

static inline void port_log(void *arg, enum fn_log_level level, const char *line)
{
	struct port *p = arg;

	(void)level;
	(void)snprintf(p->log, sizeof(p->log), "%s", line);
}

static inline void port_event(void *arg, const struct fn_event *event)
{
	struct port *p = arg;

	assert_ptr_equal(event->dev, p->dev);
	assert_true((unsigned)event->type < PORT_EVENT_TYPES);
	p->events[event->type]++;
}

/* What comes out of the device is the stream of frames in order, padded to 60 bytes. */
static inline void port_sent(void *arg, unsigned pair, const uint8_t *frame, uint32_t len)
{
	struct port *p = arg;
	const uint32_t own = frame_len(p->sent);

	(void)pair;
	assert_int_equal(len, own < 60 ? 60 : own);
	assert_frame(frame, len, p->sent);
	p->sent++;
}

static inline void port_init(struct port *p)
{
	memset(p, 0, sizeof(*p));
	p->err = (struct fn_error)FN_ERROR_INIT;
	virtio_dev_init(&p->vd);
	model_dev_plug(&p->vd.md, 3);
	p->vd.sent = port_sent;
	p->vd.sent_arg = p;
	p->pool_opts = (struct fn_pool_opts){ .sz = sizeof(p->pool_opts),
					      .err = &p->err,
					      .count = 4096,
					      .cache = 64,
					      .max_threads = 1 };
}

/* Of what a split ring can, the device offers @features and no more. */
static inline void port_init_ring(struct port *p, uint64_t features)
{
	port_init(p);
	p->vd.offered &= ~(VDEV_F_EVENT_IDX | VDEV_F_IN_ORDER);
	p->vd.offered |= features;
}

/* The result of fn_dev_open(). */
static inline int port_open(struct port *p)
{
	const struct fn_ctx_opts opts = { .sz = sizeof(opts),
					  .log = port_log,
					  .log_arg = p,
					  .log_level = FN_LOG_WARN,
					  .event = port_event,
					  .event_arg = p,
					  .page_bytes = 4096 };
	const struct fn_dev_opts dev_opts = { .sz = sizeof(dev_opts), .err = &p->err };
	int ret;

	if (!p->ctx) {
		assert_int_equal(fn_ctx_create(&opts, &p->ctx), 0);
		assert_int_equal(fn_pool_create(p->ctx, &p->pool_opts, &p->pool), 0);
	}
	ret = fn_dev_open_on(p->ctx, &model_bus, p->vd.md.busdev.name, &dev_opts, &p->dev);
	if (ret)
		p->dev = NULL;
	return ret;
}

/* The result of fn_dev_configure(); what @conf leaves out is the test's default. */
static inline int port_configure(struct port *p, struct fn_dev_conf conf)
{
	conf.sz = sizeof(conf);
	conf.err = &p->err;
	conf.pool = p->pool;
	return fn_dev_configure(p->dev, &conf);
}

static inline void port_start(struct port *p, struct fn_dev_conf conf)
{
	if (!p->dev)
		assert_int_equal(port_open(p), 0);
	assert_int_equal(port_configure(p, conf), 0);
	assert_int_equal(fn_dev_start(p->dev), 0);
	p->rx = fn_dev_rxq(p->dev, 0);
	p->tx = fn_dev_txq(p->dev, 0);
}

static inline struct fn_pool_info port_pool(const struct port *p)
{
	struct fn_pool_info info = { .sz = sizeof(info) };

	fn_pool_get_info(p->pool, &info);
	return info;
}

static inline uint64_t rx_counter(const struct port *p, enum fn_rx_counter counter)
{
	uint64_t values[FN_RX_COUNTERS];

	(void)fn_rxq_counters(p->rx, values, FN_RX_COUNTERS);
	return values[counter];
}

static inline uint64_t tx_counter(const struct port *p, enum fn_tx_counter counter)
{
	uint64_t values[FN_TX_COUNTERS];

	(void)fn_txq_counters(p->tx, values, FN_TX_COUNTERS);
	return values[counter];
}

/* Close all: every buffer is back, and the driver did nothing that the model objects to. */
static inline void port_end(struct port *p)
{
	if (p->dev)
		(void)fn_dev_close(p->dev);
	if (p->ctx) {
		assert_int_equal(port_pool(p).outside, 0);
		assert_int_equal(fn_pool_destroy(p->pool), 0);
		assert_int_equal(fn_ctx_destroy(p->ctx), 0);
	}
	assert_int_equal(p->vd.md.maps_n, 0);
	if (p->vd.md.violation)
		fail_msg("the driver: %s", p->vd.md.violation);
	model_dev_unplug(&p->vd.md);
}

/* The next frame of the stream comes in on pair 0: what the device says. */
static inline int port_receive(struct port *p)
{
	uint8_t buf[PORT_FRAME_MAX];
	const uint32_t len = frame_fill(buf, p->received);
	const int ret = virtio_dev_receive(&p->vd, 0, buf, len);

	if (!ret)
		p->received++;
	return ret;
}

/* The next frame of the stream comes in, and the application takes it. */
static inline void port_receive_one(struct port *p)
{
	struct fn_pkt *pkt;

	assert_int_equal(port_receive(p), 0);
	assert_int_equal(fn_rx_burst(p->rx, &pkt, 1), 1);
	assert_frame(pkt->data, pkt->len, p->received - 1);
	fn_pkt_free(pkt);
}

/* Frame @seq of the stream as a packet. */
static inline struct fn_pkt *port_pkt(struct port *p, unsigned seq)
{
	struct fn_pkt *pkt = fn_pkt_alloc(p->pool);

	assert_non_null(pkt);
	assert_non_null(fn_pkt_append(pkt, (uint16_t)frame_len(seq)));
	(void)frame_fill(pkt->data, seq);
	return pkt;
}

/* A packet of @segs segments that together are frame @seq. */
static inline struct fn_pkt *port_chain(struct port *p, unsigned seq, unsigned segs)
{
	uint8_t buf[PORT_FRAME_MAX];
	const uint32_t len = frame_fill(buf, seq);
	struct fn_pkt *head = NULL;
	uint32_t at = 0;

	for (unsigned i = 0; i < segs; i++) {
		const uint32_t part = i + 1 == segs ? len - at : len / segs;
		struct fn_pkt *pkt = fn_pkt_alloc(p->pool);

		assert_non_null(pkt);
		memcpy(fn_pkt_append(pkt, (uint16_t)part), buf + at, part);
		at += part;
		if (!head)
			head = pkt;
		else
			assert_int_equal(fn_pkt_chain(head, pkt), 0);
	}
	return head;
}

/* The queue takes one packet, and the device finds that one to send and no other. */
static inline void port_send(struct port *p, struct fn_pkt *pkt)
{
	assert_int_equal(fn_tx_burst(p->tx, &pkt, 1), 1);
	assert_int_equal(virtio_dev_transmit(&p->vd, 0, 2), 1);
}

/* The next frame of the stream goes out. */
static inline void port_send_one(struct port *p)
{
	port_send(p, port_pkt(p, p->sent));
}

/*
 * Run @lap on rings and with bursts of many lengths, each time on a fresh device with @features
 * (see port_init_ring()). @lap starts the port.
 */
static inline void port_rings(uint64_t features, uint32_t headroom,
			      void (*lap)(struct port *p, uint32_t ring, unsigned burst))
{
	static const unsigned bursts[] = { 1, 7, 32, 256 };

	for (uint32_t ring = 8; ring <= 1024; ring *= 2) {
		for (unsigned i = 0; i < FN_ARRAY_LEN(bursts); i++) {
			struct port p;

			port_init_ring(&p, features);
			p.pool_opts.headroom = headroom;
			lap(&p, ring, bursts[i]);
			port_end(&p);
		}
	}
}

/* The same with each set of features of a split ring. */
static inline void port_all_rings(void (*lap)(struct port *p, uint32_t ring, unsigned burst))
{
	port_rings(0, 0, lap);
	port_rings(VDEV_F_EVENT_IDX, 0, lap);
	port_rings(VDEV_F_IN_ORDER, 0, lap);
	port_rings(VDEV_F_EVENT_IDX | VDEV_F_IN_ORDER, 0, lap);
}

/* A sentence, of an error or of the log, contains @why. */
static inline void assert_says(const char *sentence, const char *why)
{
	if (!strstr(sentence, why))
		fail_msg("\"%s\" does not say \"%s\"", sentence, why);
}

/*
 * Opening fails with @code and a sentence that says @why and which device; nothing is left. Ends
 * the port.
 */
static inline void port_refused(struct port *p, int code, const char *why)
{
	assert_int_equal(port_open(p), code);
	assert_says(p->err.text, why);
	assert_non_null(strstr(p->err.text, "0000:00:03.0"));
	assert_int_equal(p->vd.status, 0);
	port_end(p);
}

#endif
