// SPDX-License-Identifier: BSD-3-Clause
/*
 * Runs each driver's bursts on the in-process model bus, for callgrind to count: started by
 * tests/perf/instructions.sh and seam.sh. Collecting is on within perf_rx(), perf_tx() and
 * perf_forward() only, and perf_mark() ends a figure; the names are options of callgrind in
 * tests/perf/callgrind.sh. Output: a line a figure, in the order of the marks.
 *
 * One thread, a clock of the model, and no address, time or random number on any path that is
 * counted: a figure is the same each time.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dev/dev.h"
#include "perf/instructions.h"

/* 64 bytes on the wire are 60 and a CRC, which the library's lengths leave out. */
#define FRAME_BYTES 60u

/* Twice the longest burst: so that it is a burst and no ring that ran full. */
#define RING 512u

/*
 * Packets of a figure: whole laps of the ring, and whole rounds of a pool's cache of the default
 * size, which goes to the shared stack each 160 packets when 32 are taken or given at once. As many
 * are moved before, uncounted, for caches and lazily bound symbols to become what they stay.
 */
#define PACKETS 2560u

/* What is in a doorbell's memory as long as nobody rings. */
#define NOT_RUNG 0xdeadbeefu

static const unsigned bursts[] = { 1, 8, 32, 256 };
#define BURST_MAX 256u

static const struct perf_device *const devices[] = {
	&perf_virtio_net,
	&perf_e1000e,
	&perf_igb,
};

static const char *const kinds[PERF_KINDS] = { "rx", "tx", "forward", "empty" };

/**
 * struct bench - two ports and what is moved between them
 * @device: their kind
 * @ring: their rings
 * @ctx: the context
 * @pool: the pool, one for both as in l2fwd
 * @ports: the ports; receive on the first, send on the second
 * @rx: the first one's
 * @tx: the second one's
 * @doorbells: the memory behind the doorbells of @rx and @tx
 * @rings_rung: how often a doorbell was rung
 */
struct bench {
	const struct perf_device *device;
	const struct perf_ring *ring;
	struct fn_ctx *ctx;
	struct fn_pool *pool;
	struct fn_dev *ports[2];
	struct perf_queue rx;
	struct perf_queue tx;
	volatile uint32_t *doorbells[2];
	unsigned rings_rung;
};

static __attribute__((noreturn, format(printf, 1, 2))) void fail(const char *fmt, ...)
{
	va_list ap;

	(void)fputs("instructions: ", stderr);
	va_start(ap, fmt);
	/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): it is not */
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	(void)fputc('\n', stderr);
	exit(1); /* NOLINT(concurrency-mt-unsafe): one thread */
}

/*
 * The functions that callgrind knows by name. What perf_rx() and perf_tx() cost themselves,
 * tests/perf/callgrind.sh takes off again. The empty asm keeps their call from becoming a jump.
 */
unsigned perf_rx(struct fn_rxq *q, struct fn_pkt **pkts, unsigned n);
unsigned perf_tx(struct fn_txq *q, struct fn_pkt **pkts, unsigned n);
unsigned perf_forward(struct fn_rxq *rx, struct fn_txq *tx, struct fn_pkt **pkts, unsigned n);
void perf_mark(void);

__attribute__((noinline)) unsigned perf_rx(struct fn_rxq *q, struct fn_pkt **pkts, unsigned n)
{
	const unsigned got = fn_rx_burst(q, pkts, n);

	__asm__ volatile("" ::: "memory");
	return got;
}

__attribute__((noinline)) unsigned perf_tx(struct fn_txq *q, struct fn_pkt **pkts, unsigned n)
{
	const unsigned sent = fn_tx_burst(q, pkts, n);

	__asm__ volatile("" ::: "memory");
	return sent;
}

/* What an application does as a whole: all of it counts. */
__attribute__((noinline)) unsigned perf_forward(struct fn_rxq *rx, struct fn_txq *tx,
						struct fn_pkt **pkts, unsigned n)
{
	const unsigned got = fn_rx_burst(rx, pkts, n);
	unsigned sent;

	for (unsigned i = 0; i < got; i++)
		pkts[i]->data[6] ^= 1;
	sent = fn_tx_burst(tx, pkts, got);
	if (fn_unlikely(sent < got))
		fn_pkt_free_bulk(pkts + sent, got - sent);
	return sent;
}

__attribute__((noinline)) void perf_mark(void)
{
	__asm__ volatile("" ::: "memory");
}

/* Those of two ports, a cache line each. */
static uint32_t doorbells[8][16] __attribute__((aligned(64)));
static unsigned doorbells_n;

volatile uint8_t *perf_doorbell_memory(void)
{
	uint32_t *memory;

	if (doorbells_n == FN_ARRAY_LEN(doorbells))
		fail("more than %u doorbells: make room for them here", doorbells_n);
	memory = doorbells[doorbells_n++];
	*memory = NOT_RUNG;
	return (volatile uint8_t *)memory;
}

/* What a queue's doorbell got since the last look goes to the device. */
static void look_at_doorbell(struct bench *b, unsigned slot)
{
	volatile uint32_t *memory = b->doorbells[slot];
	const uint32_t value = *memory;

	if (value == NOT_RUNG)
		return;
	if (!b->device->rung(slot, slot ? b->tx : b->rx, value))
		fail("%s, %s: %u was written to the doorbell of %s", b->device->name,
		     b->ring->variant, value, slot ? "transmit queue 0" : "receive queue 0");
	*memory = NOT_RUNG;
	b->rings_rung++;
}

static void expect(const struct bench *b, enum perf_kind kind, unsigned got, unsigned n)
{
	if (got != n)
		fail("%s, %s: %s moved %u packets of %u: %s", b->device->name, b->ring->variant,
		     kinds[kind], got, n, fn_error_last());
}

static void come_in(struct bench *b, enum perf_kind kind, unsigned n)
{
	static const uint8_t frame[FRAME_BYTES] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8 };

	if (!b->device->receive(0, n, frame, sizeof(frame)))
		expect(b, kind, 0, n);
}

static void go_out(struct bench *b, enum perf_kind kind, unsigned n)
{
	look_at_doorbell(b, 1);
	expect(b, kind, b->device->transmit(1), n);
}

static void make(struct bench *b, struct fn_pkt **pkts, unsigned n)
{
	expect(b, PERF_TX, fn_pkt_alloc_bulk(b->pool, pkts, n), n);
	for (unsigned i = 0; i < n; i++)
		memset(fn_pkt_append(pkts[i], FRAME_BYTES), 0, FRAME_BYTES);
}

/* One round of @n packets. */
static void turn(struct bench *b, enum perf_kind kind, unsigned n)
{
	struct fn_pkt *pkts[BURST_MAX];

	switch (kind) {
	case PERF_RX:
		come_in(b, kind, n);
		expect(b, kind, perf_rx(b->rx.rx, pkts, n), n);
		fn_pkt_free_bulk(pkts, n);
		break;
	case PERF_TX:
		make(b, pkts, n);
		expect(b, kind, perf_tx(b->tx.tx, pkts, n), n);
		go_out(b, kind, n);
		break;
	case PERF_FORWARD:
		come_in(b, kind, n);
		expect(b, kind, perf_forward(b->rx.rx, b->tx.tx, pkts, n), n);
		go_out(b, kind, n);
		break;
	case PERF_EMPTY:
		expect(b, kind, perf_rx(b->rx.rx, pkts, n), 0);
		break;
	case PERF_KINDS:
	default:
		break;
	}
	look_at_doorbell(b, 0);
}

/* A figure, and the line that tells what it is. */
static void figure(struct bench *b, enum perf_kind kind, unsigned n)
{
	const struct perf_goal *goal = &b->ring->goals[kind];
	const unsigned turns = PACKETS / n;
	const bool has_goal = n == 32;

	for (unsigned i = 0; i < turns; i++)
		turn(b, kind, n);
	perf_mark();
	b->rings_rung = 0;
	for (unsigned i = 0; i < turns; i++)
		turn(b, kind, n);
	perf_mark();
	(void)printf("%s|%s|%s|%u|%u|%u|%u|%u|%u|%s\n", b->device->name, b->ring->variant,
		     kinds[kind], n, turns, b->rings_rung, has_goal ? goal->goal : 0,
		     has_goal ? goal->stretch : 0, has_goal ? goal->rival : 0,
		     goal->rival ? goal->rival_name : "");
}

/*
 * The driver believes its doorbell to lie in a mapped BAR. Compiled without the seam it has always
 * done so, and what it wrote at start is waiting for the device.
 */
static void map_doorbell(struct bench *b, unsigned slot, struct perf_queue queue)
{
	struct fn_doorbell *db = b->device->doorbell(queue);

	if (!db->va)
		db->va = perf_doorbell_memory();
	b->doorbells[slot] = (volatile uint32_t *)db->va;
	look_at_doorbell(b, slot);
}

static void start(struct bench *b, unsigned slot, const char *addr)
{
	const struct fn_dev_conf conf = {
		.sz = sizeof(conf), .rx_ring = RING, .tx_ring = RING, .pool = b->pool
	};
	struct fn_dev_info info = { .sz = sizeof(info) };

	if (fn_dev_open_on(b->ctx, b->device->bus, addr, NULL, &b->ports[slot]) ||
	    fn_dev_configure(b->ports[slot], &conf) || fn_dev_start(b->ports[slot]))
		fail("%s, %s: %s", b->device->name, b->ring->variant, fn_error_last());
	fn_dev_get_info(b->ports[slot], &info);
	if (strcmp(info.rx_variant, b->ring->variant) != 0 ||
	    strcmp(info.tx_variant, b->ring->variant) != 0)
		fail("%s: the driver chose \"%s\" and \"%s\" where \"%s\" is to be measured",
		     b->device->name, info.rx_variant, info.tx_variant, b->ring->variant);
}

static void bench_open(struct bench *b, const struct perf_device *device,
		       const struct perf_ring *ring)
{
	/* Ordinary pages: what the machine has of hugepages must not matter. */
	const struct fn_ctx_opts ctx_opts = { .sz = sizeof(ctx_opts), .page_bytes = 4096 };
	const struct fn_pool_opts pool_opts = { .sz = sizeof(pool_opts), .max_threads = 1 };

	memset(b, 0, sizeof(*b));
	doorbells_n = 0;
	b->device = device;
	b->ring = ring;
	if (fn_ctx_create(&ctx_opts, &b->ctx) || fn_pool_create(b->ctx, &pool_opts, &b->pool))
		fail("%s", fn_error_last());
	for (unsigned slot = 0; slot < 2; slot++)
		start(b, slot, device->plug(slot, ring));
	b->rx.rx = fn_dev_rxq(b->ports[0], 0);
	b->tx.tx = fn_dev_txq(b->ports[1], 0);
	map_doorbell(b, 0, b->rx);
	map_doorbell(b, 1, b->tx);
}

static void bench_close(struct bench *b)
{
	for (unsigned slot = 0; slot < 2; slot++) {
		const char *violation;

		if (fn_dev_close(b->ports[slot]))
			fail("%s", fn_error_last());
		violation = b->device->unplug(slot);
		if (violation)
			fail("%s, %s: the driver did what it must not: %s", b->device->name,
			     b->ring->variant, violation);
	}
	if (fn_pool_destroy(b->pool) || fn_ctx_destroy(b->ctx))
		fail("%s", fn_error_last());
}

static void measure(const struct perf_device *device, const struct perf_ring *ring)
{
	static struct bench b;

	bench_open(&b, device, ring);
	for (enum perf_kind kind = PERF_RX; kind < PERF_EMPTY; kind++)
		for (size_t i = 0; i < FN_ARRAY_LEN(bursts); i++)
			figure(&b, kind, bursts[i]);
	figure(&b, PERF_EMPTY, 32);
	bench_close(&b);
}

int main(void)
{
	for (size_t i = 0; i < FN_ARRAY_LEN(devices); i++)
		for (unsigned k = 0; k < devices[i]->rings_n; k++)
			measure(devices[i], &devices[i]->rings[k]);
	return 0;
}
