/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * For tests of the harness: the library as an application sees it, with virtio-net devices of a
 * QEMU, and frames that tell each other apart.
 */
#ifndef FN_TESTS_QTEST_RIG_H
#define FN_TESTS_QTEST_RIG_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <fastnic/fastnic.h>

#include "dev/dev.h"
#include "qtest/qtest.h"

/* However slow the machine is: reached only when something is wrong. */
#define RIG_DEADLINE_MS 20000u
#define RIG_FRAME_MAX 2048u
#define RIG_EVENTS 16u

/* A test that could not run says why; then the program's exit status is that of a skip. */
static unsigned rig_skips;

/**
 * struct rig - a QEMU, a context, a pool and devices
 * @q: the QEMU
 * @ctx: the context
 * @pool: the pool
 * @devs: a device for each NIC that was opened
 * @rx: its receive queue 0
 * @tx: its transmit queue 0
 * @events: events by type
 * @log: the last line of the library's log
 */
struct rig {
	struct qtest *q;
	struct fn_ctx *ctx;
	struct fn_pool *pool;
	struct fn_dev *devs[QTEST_NICS];
	struct fn_rxq *rx[QTEST_NICS];
	struct fn_txq *tx[QTEST_NICS];
	unsigned events[RIG_EVENTS];
	char log[640];
};

static inline void rig_log(void *arg, enum fn_log_level level, const char *line)
{
	struct rig *rig = arg;

	(void)level;
	(void)snprintf(rig->log, sizeof(rig->log), "%s", line);
}

static inline void rig_event(void *arg, const struct fn_event *event)
{
	struct rig *rig = arg;

	assert_true((unsigned)event->type < RIG_EVENTS);
	rig->events[event->type]++;
}

#define assert_ok(call)                                             \
	do {                                                        \
		if (call)                                           \
			fail_msg("%s: %s", #call, fn_error_last()); \
	} while (0)

/* Start a QEMU; skips the test, by name, where this machine cannot. */
static inline struct qtest *rig_qemu(const struct qtest_opts *opts)
{
	struct qtest *q;
	const int ret = qtest_start(opts, &q);

	if (ret == -EOPNOTSUPP) {
		print_message("skipped: %s\n", fn_error_last());
		rig_skips++;
		skip();
	}
	if (ret)
		fail_msg("no QEMU: %s", fn_error_last());
	return q;
}

static inline void rig_init(struct rig *rig, const struct qtest_opts *opts)
{
	const struct fn_ctx_opts ctx_opts = { .sz = sizeof(ctx_opts),
					      .log = rig_log,
					      .log_arg = rig,
					      .log_level = FN_LOG_WARN,
					      .event = rig_event,
					      .event_arg = rig,
					      .page_bytes = 4096 };
	const struct fn_pool_opts pool_opts = {
		.sz = sizeof(pool_opts), .count = 2048, .cache = 32, .max_threads = 1
	};

	memset(rig, 0, sizeof(*rig));
	rig->q = rig_qemu(opts);
	assert_ok(fn_ctx_create(&ctx_opts, &rig->ctx));
	assert_ok(fn_pool_create(rig->ctx, &pool_opts, &rig->pool));
}

static inline void rig_open(struct rig *rig, unsigned nic)
{
	assert_ok(fn_dev_open_on(rig->ctx, &qtest_bus, qtest_name(rig->q, nic), NULL,
				 &rig->devs[nic]));
}

static inline void rig_start(struct rig *rig, unsigned nic, struct fn_dev_conf conf)
{
	if (!rig->devs[nic])
		rig_open(rig, nic);
	conf.sz = sizeof(conf);
	conf.pool = rig->pool;
	assert_ok(fn_dev_configure(rig->devs[nic], &conf));
	assert_ok(fn_dev_start(rig->devs[nic]));
	rig->rx[nic] = fn_dev_rxq(rig->devs[nic], 0);
	rig->tx[nic] = fn_dev_txq(rig->devs[nic], 0);
}

/* Close the library's part: every buffer is back. */
static inline void rig_close(struct rig *rig)
{
	struct fn_pool_info info = { .sz = sizeof(info) };

	for (unsigned i = 0; i < QTEST_NICS; i++)
		if (rig->devs[i])
			(void)fn_dev_close(rig->devs[i]);
	memset(rig->devs, 0, sizeof(rig->devs));
	fn_pool_get_info(rig->pool, &info);
	assert_int_equal(info.outside, 0);
	assert_ok(fn_pool_destroy(rig->pool));
	assert_ok(fn_ctx_destroy(rig->ctx));
}

/* And QEMU's: it has nothing to complain of. */
static inline void rig_end(struct rig *rig)
{
	struct qtest_report report;

	rig_close(rig);
	if (qtest_stop(rig->q, &report))
		fail_msg("%s", report.text);
}

/* Frame @seq of a stream, 60 to 1514 bytes: each length, with bytes that tell all frames apart. */
static inline size_t rig_frame(uint8_t *buf, unsigned seq)
{
	const size_t len = 60 + (size_t)seq * 37 % 1455;

	for (size_t i = 0; i < len; i++)
		buf[i] = (uint8_t)(1 + ((size_t)seq * 131 + i * 7) % 255);
	/* To everybody, from a unicast address, of a type that nobody knows. */
	memset(buf, 0xff, 6);
	memset(buf + 6, 0x02, 6);
	buf[12] = 0x88;
	buf[13] = 0xb5;
	return len;
}

static inline void rig_check(const uint8_t *data, size_t len, unsigned seq)
{
	uint8_t want[RIG_FRAME_MAX];

	assert_int_equal(len, rig_frame(want, seq));
	assert_memory_equal(data, want, len);
}

static inline uint64_t rig_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000u + (uint64_t)ts.tv_nsec / 1000000u;
}

/* Send frame @seq from a NIC. */
static inline void rig_tx(struct rig *rig, unsigned nic, unsigned seq)
{
	const uint64_t until = rig_ms() + RIG_DEADLINE_MS;
	struct fn_pkt *pkt = fn_pkt_alloc(rig->pool);
	uint8_t buf[RIG_FRAME_MAX];
	const size_t len = rig_frame(buf, seq);

	assert_non_null(pkt);
	assert_non_null(fn_pkt_append(pkt, (uint16_t)len));
	memcpy(pkt->data, buf, len);
	while (!fn_tx_burst(rig->tx[nic], &pkt, 1)) {
		assert_int_equal(fn_txq_status(rig->tx[nic]), 0);
		assert_true(rig_ms() < until);
	}
}

/* Wait for one frame at a NIC; NULL when none comes within @ms. */
static inline struct fn_pkt *rig_rx(struct rig *rig, unsigned nic, unsigned ms)
{
	const uint64_t until = rig_ms() + ms;
	struct fn_pkt *pkt;

	do {
		if (fn_rx_burst(rig->rx[nic], &pkt, 1))
			return pkt;
	} while (rig_ms() < until);
	return NULL;
}

/* Frames @first to @first + @n - 1 arrive at a NIC, in this order. */
static inline void rig_rx_stream(struct rig *rig, unsigned nic, unsigned first, unsigned n)
{
	for (unsigned seq = first; seq < first + n; seq++) {
		struct fn_pkt *pkt = rig_rx(rig, nic, RIG_DEADLINE_MS);

		if (!pkt)
			fail_msg("frame %u did not arrive", seq);
		rig_check(pkt->data, pkt->len, seq);
		fn_pkt_free(pkt);
	}
}

/* The test puts frame @seq on a NIC's wire. */
static inline void rig_wire_send(struct rig *rig, unsigned nic, unsigned seq)
{
	const uint64_t until = rig_ms() + RIG_DEADLINE_MS;
	uint8_t buf[RIG_FRAME_MAX];
	const size_t len = rig_frame(buf, seq);
	int ret;

	while ((ret = qtest_send(rig->q, nic, buf, len)) == -EAGAIN)
		assert_true(rig_ms() < until);
	assert_int_equal(ret, 0);
}

/* Frame @seq comes out of a NIC. */
static inline void rig_wire_expect(struct rig *rig, unsigned nic, unsigned seq)
{
	uint8_t buf[RIG_FRAME_MAX];
	const size_t len = qtest_recv(rig->q, nic, buf, sizeof(buf), RIG_DEADLINE_MS);

	if (!len)
		fail_msg("frame %u did not come out", seq);
	rig_check(buf, len, seq);
}

/* The exit status of a program of tests. */
static inline int rig_exit(int failed)
{
	if (failed)
		return 1;
	return rig_skips ? 77 : 0;
}

#endif
