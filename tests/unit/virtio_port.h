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

#define PORT_FRAME_MAX 1518u
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

/*
 * Frame number @seq of a stream: 14 to 1514 bytes, each length, with bytes that tell all frames
 * apart.
 */
static inline uint32_t frame_len(unsigned seq)
{
	return 14 + seq * 37 % 1501;
}

static inline uint8_t frame_byte(unsigned seq, unsigned i)
{
	return (uint8_t)(1 + (seq * 131 + i * 7) % 255);
}

static inline uint32_t frame_fill(uint8_t *buf, unsigned seq)
{
	const uint32_t len = frame_len(seq);

	for (unsigned i = 0; i < len; i++)
		buf[i] = frame_byte(seq, i);
	return len;
}

/* Bytes of the first @n frames of a stream. */
static inline uint64_t frames_bytes(unsigned n)
{
	uint64_t bytes = 0;

	for (unsigned seq = 0; seq < n; seq++)
		bytes += frame_len(seq);
	return bytes;
}

/* @data is frame @seq, padded with zeros to @len where @len is more. */
static inline void assert_frame(const uint8_t *data, uint32_t len, unsigned seq)
{
	uint8_t want[PORT_FRAME_MAX] = { 0 };
	const uint32_t own = frame_fill(want, seq);

	assert_in_range(len, own, PORT_FRAME_MAX);
	assert_memory_equal(data, want, len);
}

static inline void port_log(void *arg, enum fn_log_level level, const char *line)
{
	struct port *p = arg;

	(void)level;
	(void)snprintf(p->log, sizeof(p->log), "%s", line);
}

static inline void port_event(const struct fn_event *event, void *arg)
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
	virtio_dev_plug(&p->vd, 3);
	p->vd.sent = port_sent;
	p->vd.sent_arg = p;
	p->pool_opts = (struct fn_pool_opts){ .sz = sizeof(p->pool_opts),
					      .err = &p->err,
					      .count = 4096,
					      .cache = 64,
					      .max_threads = 1 };
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
	ret = fn_dev_open_on(p->ctx, &virtio_dev_bus, p->vd.busdev.name, &dev_opts, &p->dev);
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
	assert_int_equal(p->vd.maps_n, 0);
	if (p->vd.violation)
		fail_msg("the driver: %s", p->vd.violation);
	virtio_dev_unplug(&p->vd);
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

/* Frame @seq of the stream as a packet. */
static inline struct fn_pkt *port_pkt(struct port *p, unsigned seq)
{
	struct fn_pkt *pkt = fn_pkt_alloc(p->pool);

	assert_non_null(pkt);
	assert_non_null(fn_pkt_append(pkt, (uint16_t)frame_len(seq)));
	(void)frame_fill(pkt->data, seq);
	return pkt;
}

#endif
