// SPDX-License-Identifier: BSD-3-Clause
/*
 * Runs each driver's bursts on the in-process model bus, for callgrind to count: started by
 * tests/perf/instructions.sh, limits.sh and seam.sh; with "all" beside plain packets others too,
 * with "limits" only what has a limit. Collecting is on within perf_rx(), perf_tx(),
 * perf_forward() and fn_poller_run() only, not in perf_step(), and perf_mark() ends a figure; the
 * names are options of callgrind in tests/perf/callgrind.sh. Output: a line a figure, in the order
 * of the marks.
 *
 * One thread, a clock of the model, and no address, time or random number on any path that is
 * counted: a figure is the same each time.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ctx.h"
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

static const char *const kinds[PERF_KINDS] = {
	"rx", "tx", "forward", "l2fwd", "l2fwd rewrite", "l2fwd poll", "empty",
};

/* The longest frame that comes in. */
#define FRAME_MAX 9100u

static uint32_t plain_frame(uint8_t *frame)
{
	static const uint8_t header[] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8 };

	memset(frame, 0, FRAME_BYTES);
	memcpy(frame, header, sizeof(header));
	return FRAME_BYTES;
}

static void plain_fill(struct fn_pool *pool, struct fn_pkt *pkt)
{
	(void)pool;
	memset(fn_pkt_append(pkt, FRAME_BYTES), 0, FRAME_BYTES);
}

/* Sixty-four bytes on the wire, and nothing else. */
static const struct perf_load plain = {
	.kinds = (1u << PERF_KINDS) - 1,
	.burst_max = BURST_MAX,
	.frame = plain_frame,
	.fill = plain_fill,
	.frames = 1,
};

/**
 * struct bench - two ports and what is moved between them
 * @device: their kind
 * @ring: their rings
 * @load: the packets
 * @frame: one that comes in
 * @frame_bytes: its length
 * @ctx: the context
 * @pools: the pool, one for both ports as in l2fwd, and another one that is in use too
 * @ports: the ports; receive on the first, send on the second
 * @rx: the first one's
 * @tx: the second one's
 * @doorbells: the memory behind the doorbells of @rx and @tx
 * @rings_rung: how often a doorbell was rung
 */
struct bench {
	const struct perf_device *device;
	const struct perf_ring *ring;
	const struct perf_load *load;
	uint8_t frame[FRAME_MAX];
	uint32_t frame_bytes;
	struct fn_ctx *ctx;
	struct fn_pool *pools[2];
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
unsigned perf_forward(struct fn_rxq *rx, struct fn_txq *tx, struct fn_pkt **pkts, unsigned n,
		      uint32_t ask);
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

/* Checksums of TCP over IPv4. */
static inline void ask_csum(struct fn_pkt *pkt, uint32_t ask)
{
	pkt->flags = (uint16_t)ask;
	pkt->l2_len = PERF_L2_BYTES;
	pkt->l3_len = 20;
}

/* What an application does as a whole: all of it counts. */
__attribute__((noinline)) unsigned perf_forward(struct fn_rxq *rx, struct fn_txq *tx,
						struct fn_pkt **pkts, unsigned n, uint32_t ask)
{
	const unsigned got = fn_rx_burst(rx, pkts, n);
	unsigned sent;

	for (unsigned i = 0; i < got; i++)
		pkts[i]->data[6] ^= 1;
	for (unsigned i = 0; ask && i < got; i++)
		ask_csum(pkts[i], ask);
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
	if (!b->device->receive(0, n, b->frame, b->frame_bytes))
		expect(b, kind, 0, n);
}

static void go_out(struct bench *b, enum perf_kind kind, unsigned n)
{
	look_at_doorbell(b, 1);
	expect(b, kind, b->device->transmit(1), n * b->load->frames);
}

/* The pool of a port. */
static struct fn_pool *pool_of(const struct bench *b, unsigned slot)
{
	return b->pools[b->load->pool_a_port ? slot : 0];
}

static void make(struct bench *b, struct fn_pool *pool, struct fn_pkt **pkts, unsigned n)
{
	expect(b, PERF_TX, fn_pkt_alloc_bulk(pool, pkts, n), n);
	for (unsigned i = 0; i < n; i++) {
		b->load->fill(pool, pkts[i]);
		if (b->load->ask)
			ask_csum(pkts[i], b->load->ask);
	}
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
		make(b, pool_of(b, 1), pkts, n);
		expect(b, kind, perf_tx(b->tx.tx, pkts, n), n);
		go_out(b, kind, n);
		break;
	case PERF_FORWARD:
		come_in(b, kind, n);
		expect(b, kind, perf_forward(b->rx.rx, b->tx.tx, pkts, n, b->load->ask), n);
		go_out(b, kind, n);
		break;
	case PERF_EMPTY:
		expect(b, kind, perf_rx(b->rx.rx, pkts, n), 0);
		break;
	case PERF_L2FWD:
	case PERF_REWRITE:
	case PERF_POLL:
	case PERF_KINDS:
	default:
		break;
	}
	look_at_doorbell(b, 0);
}

static struct perf_goal goal_of(const struct bench *b, enum perf_kind kind, unsigned n)
{
	if (n == 32)
		return b->load == &plain ? b->ring->goals[kind] : b->load->goals[kind];
	if (n == 1 && kind == PERF_FORWARD && b->load == &plain)
		return b->ring->forward_one;
	return (struct perf_goal){ 0 };
}

/* What is measured: the variant that was chosen, and the load. */
static void describe(const struct bench *b)
{
	struct fn_dev_info rx = { .sz = sizeof(rx) };
	struct fn_dev_info tx = { .sz = sizeof(tx) };

	fn_dev_get_info(b->ports[0], &rx);
	fn_dev_get_info(b->ports[1], &tx);
	(void)printf("%s|%s", b->device->name, rx.rx_variant);
	if (strcmp(rx.rx_variant, tx.tx_variant) != 0)
		(void)printf(" / %s", tx.tx_variant);
	if (b->load->name)
		(void)printf(": %s", b->load->name);
}

static bool is_l2fwd(enum perf_kind kind)
{
	return kind >= PERF_L2FWD && kind <= PERF_POLL;
}

/**
 * struct worker_run - l2fwd's worker at work
 * @b: between these ports
 * @kind: what is counted
 * @n: packets of a round
 * @rounds: in half of its rounds
 * @done: rounds so far
 */
struct worker_run {
	struct bench *b;
	enum perf_kind kind;
	unsigned n;
	unsigned rounds;
	unsigned done;
};

/* Behind a round: out with what it sent, in with what the next one finds. */
static bool worker_step(void *arg, unsigned waiting)
{
	struct worker_run *run = arg;
	struct bench *b = run->b;

	expect(b, run->kind, run->n - waiting, run->n);
	go_out(b, run->kind, run->n);
	look_at_doorbell(b, 0);
	run->done++;
	if (run->done == run->rounds) {
		perf_mark();
		b->rings_rung = 0;
	} else if (run->done == 2 * run->rounds) {
		perf_mark();
		return false;
	}
	come_in(b, run->kind, run->n);
	return true;
}

static void worker_rounds(struct bench *b, enum perf_kind kind, unsigned n)
{
	struct worker_run run = { .b = b, .kind = kind };
	const struct perf_steps steps = { worker_step, &run };

	if (perf_l2fwd_open(b->ctx, b->rx, b->tx, b->ports[1], n, kind))
		fail("%s", fn_error_last());
	run.n = n * perf_l2fwd_round();
	run.rounds = PACKETS / run.n;
	come_in(b, kind, run.n);
	if (perf_l2fwd_run(&steps))
		fail("%s", fn_error_last());
	perf_l2fwd_close();
}

static void bursts_twice(struct bench *b, enum perf_kind kind, unsigned n)
{
	const unsigned turns = PACKETS / n;

	for (unsigned i = 0; i < turns; i++)
		turn(b, kind, n);
	perf_mark();
	b->rings_rung = 0;
	for (unsigned i = 0; i < turns; i++)
		turn(b, kind, n);
	perf_mark();
}

/* A figure, and the line that tells what it is. */
static void figure(struct bench *b, enum perf_kind kind, unsigned n)
{
	const struct perf_goal goal = goal_of(b, kind, n);
	const unsigned turns = PACKETS / n;

	if (is_l2fwd(kind))
		worker_rounds(b, kind, n);
	else
		bursts_twice(b, kind, n);
	describe(b);
	(void)printf("|%s|%u|%u|%u|%u|%u|%u|%s\n", kinds[kind], n, turns, b->rings_rung, goal.goal,
		     goal.stretch, goal.rival, goal.rival ? goal.rival_name : "");
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
	const struct fn_dev_conf conf = { .sz = sizeof(conf),
					  .rx_ring = RING,
					  .tx_ring = RING,
					  .pool = pool_of(b, slot),
					  .mtu = b->load->mtu,
					  .offloads = b->load->offloads };
	struct fn_dev_info info = { .sz = sizeof(info) };

	if (fn_dev_open_on(b->ctx, b->device->bus, addr, NULL, &b->ports[slot]) ||
	    fn_dev_configure(b->ports[slot], &conf) || fn_dev_start(b->ports[slot]))
		fail("%s, %s: %s", b->device->name, b->ring->variant, fn_error_last());
	fn_dev_get_info(b->ports[slot], &info);
	if (b->load != &plain)
		return;
	if (strcmp(info.rx_variant, b->ring->variant) != 0 ||
	    strcmp(info.tx_variant, b->ring->variant) != 0)
		fail("%s: the driver chose \"%s\" and \"%s\" where \"%s\" is to be measured",
		     b->device->name, info.rx_variant, info.tx_variant, b->ring->variant);
}

/*
 * Packets of the other pool go out of the queue that is measured, once: so two pools are in
 * use, and the driver does not know otherwise.
 */
static void use_other_pool(struct bench *b)
{
	struct fn_pkt *pkts[8];

	make(b, b->pools[1], pkts, FN_ARRAY_LEN(pkts));
	expect(b, PERF_TX, fn_tx_burst(b->tx.tx, pkts, FN_ARRAY_LEN(pkts)), FN_ARRAY_LEN(pkts));
	go_out(b, PERF_TX, FN_ARRAY_LEN(pkts));
}

static void bench_open(struct bench *b, const struct perf_device *device,
		       const struct perf_ring *ring, const struct perf_load *load)
{
	/* Ordinary pages: what the machine has of hugepages must not matter. */
	const struct fn_ctx_opts ctx_opts = { .sz = sizeof(ctx_opts), .page_bytes = 4096 };
	const struct fn_pool_opts pool_opts = { .sz = sizeof(pool_opts), .max_threads = 1 };

	memset(b, 0, sizeof(*b));
	doorbells_n = 0;
	b->device = device;
	b->ring = ring;
	b->load = load;
	b->frame_bytes = load->frame(b->frame);
	if (fn_ctx_create(&ctx_opts, &b->ctx) || fn_pool_create(b->ctx, &pool_opts, &b->pools[0]) ||
	    fn_pool_create(b->ctx, &pool_opts, &b->pools[1]))
		fail("%s", fn_error_last());
	b->ctx->avx2 = b->ctx->avx2 && !ring->scalar;
	for (unsigned slot = 0; slot < 2; slot++)
		start(b, slot, device->plug(slot, ring));
	b->rx.rx = fn_dev_rxq(b->ports[0], 0);
	b->tx.tx = fn_dev_txq(b->ports[1], 0);
	map_doorbell(b, 0, b->rx);
	map_doorbell(b, 1, b->tx);
	use_other_pool(b);
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
	if (fn_pool_destroy(b->pools[0]) || fn_pool_destroy(b->pools[1]) || fn_ctx_destroy(b->ctx))
		fail("%s", fn_error_last());
}

/* Which of the figures: in main(). */
enum choice {
	PLAIN,
	ALL,
	LIMITS,
};

/*
 * Limits are at the goals' burst: of plain packets, and of what is only forwarded. For the seam
 * l2fwd shows no more than the bench's own loop.
 */
static bool chosen(enum choice choice, const struct perf_load *load, enum perf_kind kind,
		   unsigned burst)
{
	if (choice == PLAIN)
		return !is_l2fwd(kind);
	if (choice == ALL)
		return true;
	return burst == 32 && (load == &plain) == (kind != PERF_FORWARD);
}

static void measure(const struct perf_device *device, const struct perf_ring *ring,
		    const struct perf_load *load, enum choice choice)
{
	static struct bench b;

	bench_open(&b, device, ring, load);
	for (enum perf_kind kind = PERF_RX; kind < PERF_EMPTY; kind++)
		for (size_t i = 0; (load->kinds & 1u << kind) && i < FN_ARRAY_LEN(bursts); i++)
			if (bursts[i] <= load->burst_max && chosen(choice, load, kind, bursts[i]))
				figure(&b, kind, bursts[i]);
	if (load->kinds & 1u << PERF_EMPTY)
		figure(&b, PERF_EMPTY, 32);
	bench_close(&b);
}

/* The best ring is a device's last one: that is where limits are kept. */
static void measure_device(const struct perf_device *device, enum choice choice)
{
	const struct perf_ring *last = &device->rings[device->rings_n - 1];

	for (unsigned k = choice == LIMITS ? device->rings_n - 1 : 0; k < device->rings_n; k++)
		measure(device, &device->rings[k], &plain, choice);
	for (unsigned k = 0; choice != PLAIN && k < device->loads_n; k++) {
		const struct perf_load *load = &device->loads[k];

		if (choice == ALL || ((load->kinds & 1u << PERF_FORWARD) && !load->ask))
			measure(device, load->ring ? load->ring : last, load, choice);
	}
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "plain";
	enum choice choice = PLAIN;

	if (strcmp(what, "all") == 0)
		choice = ALL;
	else if (strcmp(what, "limits") == 0)
		choice = LIMITS;
	else if (strcmp(what, "plain") != 0)
		fail("unknown argument %s; there are plain, all and limits", what);
	for (size_t i = 0; i < FN_ARRAY_LEN(devices); i++)
		if (choice != LIMITS || devices[i] != &perf_virtio_net)
			measure_device(devices[i], choice);
	return 0;
}
