/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * For tests of what the Intel drivers have beside their queues: a port of either family on the
 * model, as an application sees it, and its registers, as the model has them. Tests of the queues
 * have intel_ring_port.h, which adds to this.
 */
#ifndef FN_TESTS_UNIT_INTEL_DIAG_PORT_H
#define FN_TESTS_UNIT_INTEL_DIAG_PORT_H

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
#include "drivers/intel/intel.h"
#include "model/intel_dev.h"
#include "model/intel_family.h"
#include "model/model_test.h"

/* Packets of the pool. */
#ifndef PORT_PKTS
#define PORT_PKTS 4096
#endif

static struct port {
	struct intel_dev id;
	struct fn_ctx *ctx;
	struct fn_pool *pool;
	struct fn_dev *dev;
	struct fn_error err;
	unsigned link_events;
	unsigned broken_events;
	char log[640];
	unsigned sent;
} p;

/* A register as the model has it: a look of the test changes nothing. */
#define REG(off) p.id.reg[(off) / 4]

static inline void port_log(void *arg, enum fn_log_level level, const char *line)
{
	(void)arg;
	(void)level;
	(void)snprintf(p.log, sizeof(p.log), "%s", line);
}

static inline void port_event(void *arg, const struct fn_event *event)
{
	(void)arg;
	p.link_events += event->type == FN_EVENT_LINK;
	p.broken_events += event->type == FN_EVENT_QUEUE_BROKEN;
}

static inline void port_sent(void *arg, unsigned queue, const uint8_t *frame, uint32_t len)
{
	(void)arg;
	(void)queue;
	(void)frame;
	(void)len;
	p.sent++;
}

/* The device, plugged in and not opened: a test changes it now. */
static inline void port_init(void)
{
	memset(&p, 0, sizeof(p));
	p.err = (struct fn_error)FN_ERROR_INIT;
	intel_dev_init(&p.id, family);
	p.id.sent = port_sent;
	model_dev_plug(&p.id.md, 4);
}

static inline void port_open(void)
{
	const struct fn_ctx_opts opts = { .sz = sizeof(opts),
					  .log = port_log,
					  .log_level = FN_LOG_WARN,
					  .event = port_event,
					  .page_bytes = 4096 };
	const struct fn_pool_opts pool = { .sz = sizeof(pool),
					   .count = PORT_PKTS,
					   .max_threads = 1 };
	const struct fn_dev_opts dev = { .sz = sizeof(dev), .err = &p.err };

	assert_int_equal(fn_ctx_create(&opts, &p.ctx), 0);
	assert_int_equal(fn_pool_create(p.ctx, &pool, &p.pool), 0);
	assert_int_equal(fn_dev_open_on(p.ctx, &model_bus, p.id.md.busdev.name, &dev, &p.dev), 0);
}

static inline void port_configure(struct fn_dev_conf conf)
{
	conf.sz = sizeof(conf);
	conf.pool = p.pool;
	assert_int_equal(fn_dev_configure(p.dev, &conf), 0);
}

static inline void pass_ns(uint64_t ns)
{
	model_bus.delay_ns(&p.id.md.busdev, ns);
}

static inline struct fn_link port_link(void)
{
	struct fn_link link = { .sz = sizeof(link) };

	assert_int_equal(fn_dev_get_link(p.dev, &link), 0);
	return link;
}

/* Open where needed, start, and let negotiation end. */
static inline void port_start(struct fn_dev_conf conf)
{
	if (!p.dev)
		port_open();
	port_configure(conf);
	assert_int_equal(fn_dev_start(p.dev), 0);
	pass_ns(2 * p.id.link_ns);
}

static inline void port_up(void)
{
	port_init();
	port_start((struct fn_dev_conf){ 0 });
}

static inline void port_end(void)
{
	assert_int_equal(fn_dev_close(p.dev), p.id.md.gone ? -ENODEV : 0);
	assert_int_equal(fn_pool_destroy(p.pool), 0);
	assert_int_equal(fn_ctx_destroy(p.ctx), 0);
	intel_dev_check_left(&p.id);
	assert_no_violation(&p.id.md);
	model_dev_unplug(&p.id.md);
}

/* A frame of 60 bytes for the port comes in, or one goes out: the library and the device agree. */
static inline void port_receive(unsigned n)
{
	uint8_t frame[60] = { 0 };
	struct fn_pkt *pkt;

	memcpy(frame, p.dev->mac, 6);
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(intel_dev_receive(&p.id, frame, sizeof(frame)), 0);
		assert_int_equal(fn_rx_burst(fn_dev_rxq(p.dev, 0), &pkt, 1), 1);
		fn_pkt_free(pkt);
	}
}

static inline void port_send(unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct fn_pkt *pkt = fn_pkt_alloc(p.pool);
		const unsigned before = p.sent;

		assert_non_null(pkt);
		memset(fn_pkt_append(pkt, 60), 0x55, 60);
		assert_int_equal(fn_tx_burst(fn_dev_txq(p.dev, 0), &pkt, 1), 1);
		assert_int_equal(p.sent, before + 1);
	}
}

/* A frame of TCP over IPv4 for the port, between address and port 0 and themselves. */
static inline void port_tcp_frame(uint8_t frame[60])
{
	static const uint8_t ip[] = { 0x08, 0x00, 0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6 };

	memset(frame, 0, 60);
	memcpy(frame, p.dev->mac, 6);
	memcpy(frame + 12, ip, sizeof(ip));
	frame[26] = frame[30] = 10; /* 10.0.0.0 both */
	frame[46] = 0x50;
}

/* A counter of the device by its name. */
static inline uint64_t counter(const char *name)
{
	uint64_t values[FN_DEV_COUNTERS];
	const unsigned n = fn_dev_counters(p.dev, values, FN_DEV_COUNTERS);

	for (unsigned i = 0; i < n; i++)
		if (!strcmp(fn_dev_counter_desc(p.dev, i)->name, name))
			return values[i];
	fail_msg("no counter %s", name);
	return 0;
}

static inline bool says(const char *words)
{
	return strstr(fn_error_last(), words) != NULL;
}

#endif
