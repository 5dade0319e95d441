// SPDX-License-Identifier: BSD-3-Clause
/* A worker on the stepped model, in a virtual time. */
#include <stdlib.h>
#include <string.h>

#include "dev/dev.h"
#include "model/model_bus.h"
#include "perf/adaptive_step.h"
#include "poll/poller.h"

/* The virtual clock counts nanoseconds. */
#define TICKS_PER_MS 1000000u
#define FRAME_BYTES 60u
#define APART_NS 1000u
#define NOT_RUNG 0xdeadbeefu

/**
 * struct step - one run
 * @conf: where
 * @load: what arrives
 * @res: what happened
 * @ctx: the context
 * @pool: the pool
 * @dev: the device
 * @rx: its queue
 * @poller: the worker
 * @md: the model's device, whose clock is the only one
 * @real: the back end
 * @ops: the back end, but that blocking is time that passes
 * @due_ns: when the next packet arrives
 * @arrived: packets so far
 * @sleeps: sleeps then
 * @charged: packets whose time has passed
 * @marks: calls of perf_mark()
 * @came_ns: when the last packets arrived, by their number
 * @samples: latencies
 * @samples_n: how many
 * @frame: what arrives
 */
struct step {
	const struct step_conf *conf;
	const struct step_load *load;
	struct step_result *res;
	struct fn_ctx *ctx;
	struct fn_pool *pool;
	struct fn_dev *dev;
	struct fn_rxq *rx;
	struct fn_poller *poller;
	struct model_dev *md;
	const struct fn_wait_ops *real;
	struct fn_wait_ops ops;
	uint64_t due_ns;
	uint64_t arrived;
	uint64_t sleeps;
	uint64_t charged;
	unsigned marks;
	uint64_t came_ns[2 * STEP_RING];
	uint64_t samples[STEP_SAMPLES];
	unsigned samples_n;
	uint8_t frame[FRAME_BYTES];
};

/* There is one run at a time: the library's clock and its back end have no argument of ours. */
static struct step *the_step;
static uint32_t doorbell[16] __attribute__((aligned(64)));

uint64_t fn_ticks(void)
{
	return the_step->md->clock->now_ns;
}

__attribute__((noinline)) void perf_mark(void)
{
	__asm__ volatile("" ::: "memory");
}

static void find(struct model_dev *md, unsigned slot)
{
	(void)slot;
	the_step->md = md;
}

static uint64_t signals(const struct step *s)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < MODEL_VECTORS; i++)
		sum += s->md->signals[i];
	return sum;
}

static uint64_t sleeps(const struct step *s)
{
	return s->poller->counts.sleeps;
}

/* What was written to the mapped doorbell goes to the device. */
static void look_at_doorbell(struct step *s)
{
	const struct perf_queue queue = { .rx = s->rx };

	if (!s->conf->mapped || *(volatile uint32_t *)doorbell == NOT_RUNG)
		return;
	if (!s->conf->device->rung(0, queue, doorbell[0]))
		model_dev_violation(s->md, "a wrong value was written to the doorbell");
	doorbell[0] = NOT_RUNG;
}

static void arrive(struct step *s, unsigned n)
{
	look_at_doorbell(s);
	for (; n; n--) {
		s->came_ns[s->arrived % FN_ARRAY_LEN(s->came_ns)] = s->md->clock->now_ns;
		if (s->conf->device->receive(0, 1, s->frame, FRAME_BYTES))
			s->arrived++;
		else
			s->res->dropped++;
	}
}

/* Time passes, and what is due on the way arrives at its own time. */
static void pass(struct step *s, uint64_t ns)
{
	struct model_clock *clock = s->md->clock;
	const uint64_t until_ns = clock->now_ns + ns;

	while (s->load->interval_ns && s->due_ns <= until_ns) {
		if (s->due_ns > clock->now_ns)
			model_clock_advance(clock, s->due_ns - clock->now_ns);
		if (s->arrived < s->load->apart) {
			s->due_ns += APART_NS;
			arrive(s, 1);
			continue;
		}
		s->due_ns += s->load->interval_ns;
		arrive(s, s->load->at_once ? s->load->at_once : 1);
	}
	if (until_ns > clock->now_ns)
		model_clock_advance(clock, until_ns - clock->now_ns);
}

static void mark(struct step *s)
{
	if (!s->load->marked || s->marks == 2)
		return;
	if (s->res->packets < (s->marks + 1) * (s->load->packets / 2))
		return;
	s->marks++;
	perf_mark();
}

/* The source: called once a round, behind the queues. It has no work for the worker itself. */
__attribute__((noinline)) unsigned perf_step(void *arg)
{
	struct step *s = arg;
	const uint64_t packets = s->res->packets - s->charged;

	s->charged = s->res->packets;
	mark(s);
	pass(s, s->load->round_ns + packets * s->load->packet_ns +
			(packets ? 0 : s->poller->adapt.pauses * s->load->pause_ns));
	if (!s->load->interval_ns && s->md->clock->now_ns >= s->due_ns)
		arrive(s, s->load->a_round);
	if (s->res->packets >= s->load->packets)
		fn_poller_stop(s->poller);
	return 0;
}

static bool pending(void *arg)
{
	(void)arg;
	return false;
}

/* How long they have waited. */
static void keep(struct step *s, unsigned n)
{
	for (unsigned i = 0; i < n && s->samples_n < STEP_SAMPLES; i++)
		s->samples[s->samples_n++] =
			fn_ticks() - s->came_ns[(s->res->packets + i) % FN_ARRAY_LEN(s->came_ns)];
}

static void take(void *arg, struct fn_pkt **pkts, unsigned n)
{
	struct step *s = arg;

	if (!s->res->packets) {
		s->res->first = signals(s);
		s->sleeps = sleeps(s);
	}
	/* What is counted is the worker's, and not ours. */
	if (!s->load->marked)
		keep(s, n);
	s->res->packets += n;
	fn_pkt_free_bulk(pkts, n);
}

/* As the kernel's: it returns when a descriptor is ready, a wake's time behind that, or in time. */
static unsigned wait(struct fn_wait *wait, int64_t timeout_ns, struct fn_wait_mark **ready,
		     unsigned *cqes)
{
	struct step *s = the_step;
	struct model_clock *clock = s->md->clock;
	const uint64_t end_ns = timeout_ns < 0 ? UINT64_MAX : clock->now_ns + (uint64_t)timeout_ns;
	unsigned n = s->real->wait(wait, 0, ready, cqes);

	if (n || !timeout_ns)
		return n;
	while (!n && s->due_ns <= end_ns) {
		if (!s->load->interval_ns && s->due_ns <= clock->now_ns)
			break;
		pass(s, s->due_ns > clock->now_ns ? s->due_ns - clock->now_ns : 0);
		if (!s->load->interval_ns)
			arrive(s, s->load->a_round);
		n = s->real->wait(wait, 0, ready, cqes);
	}
	if (n)
		pass(s, s->conf->latency_ns);
	else if (end_ns > clock->now_ns)
		pass(s, end_ns - clock->now_ns);
	return n;
}

static int device_open(struct step *s)
{
	/* Ordinary pages: what the machine has of hugepages must not matter. */
	const struct fn_ctx_opts ctx_opts = { .sz = sizeof(ctx_opts), .page_bytes = 4096 };
	const struct fn_pool_opts pool_opts = { .sz = sizeof(pool_opts), .max_threads = 1 };
	struct fn_dev_conf conf = { .sz = sizeof(conf), .rx_ring = STEP_RING };
	const char *addr = s->conf->device->plug(0, s->conf->ring);
	int ret;

	ret = fn_ctx_create(&ctx_opts, &s->ctx);
	if (ret)
		return ret;
	s->ctx->avx2 = s->ctx->avx2 && !s->conf->ring->scalar;
	ret = fn_pool_create(s->ctx, &pool_opts, &s->pool);
	if (!ret)
		ret = fn_dev_open_on(s->ctx, s->conf->device->bus, addr, NULL, &s->dev);
	if (!ret)
		model_bus_each(find, 0);
	conf.pool = s->pool;
	if (!ret)
		ret = fn_dev_configure(s->dev, &conf);
	if (!ret)
		ret = fn_dev_start(s->dev);
	if (!ret)
		s->rx = fn_dev_rxq(s->dev, 0);
	return ret;
}

static void doorbell_map(struct step *s)
{
	struct fn_doorbell *db;

	if (!s->conf->mapped)
		return;
	db = s->conf->device->doorbell((struct perf_queue){ .rx = s->rx });
	doorbell[0] = NOT_RUNG;
	db->va = (volatile uint8_t *)doorbell;
}

/* The costs of a wake are the model's, and so is the rate of its clock. */
static int worker_open(struct step *s)
{
	const struct fn_poller_opts opts = {
		.sz = sizeof(opts),
		.wait = FN_POLLER_WAIT_EPOLL,
		.burst = s->conf->burst,
		.wake_latency_ns = s->conf->latency_ns,
		.wake_cpu_ns = s->conf->latency_ns,
	};
	const struct fn_poller_rx_opts rx = { .sz = sizeof(rx), .fn = take, .arg = s };
	const struct fn_poller_source_opts source = {
		.sz = sizeof(source), .run = perf_step, .pending = pending, .arg = s
	};
	int ret = fn_poller_create(s->ctx, &opts, &s->poller);

	if (ret)
		return ret;
	s->real = s->poller->wait_ops;
	s->ops = *s->real;
	s->ops.wait = wait;
	s->poller->wait_ops = &s->ops;
	s->poller->cost.ticks_per_ms = TICKS_PER_MS;
	ret = fn_poller_add_rxq(s->poller, s->rx, &rx, NULL);
	if (!ret)
		ret = fn_poller_add_source(s->poller, &source, NULL);
	if (!ret)
		ret = fn_poller_set_mode(s->poller, s->conf->mode, s->conf->policy);
	return ret;
}

static int compare(const void *a, const void *b)
{
	const uint64_t *x = a;
	const uint64_t *y = b;

	return (*x > *y) - (*x < *y);
}

static int run(struct step *s)
{
	int ret;

	s->due_ns = s->md->clock->now_ns + s->load->first_ns;
	ret = fn_poller_run(s->poller);
	s->res->interrupts = signals(s) - s->res->first;
	s->res->sleeps = sleeps(s) - s->sleeps;
	s->res->spurious = s->poller->counts.spurious;
	s->res->lost = s->poller->counts.lost_wakeups;
	s->res->busy_ns = s->poller->counts.busy_ticks;
	s->res->need_ns = s->poller->counts.need_ticks;
	s->res->elapsed_ns =
		s->res->busy_ns + s->poller->counts.spin_ticks + s->poller->counts.asleep_ticks;
	s->res->asleep_ns = s->poller->counts.asleep_ticks;
	qsort(s->samples, s->samples_n, sizeof(s->samples[0]), compare);
	s->res->p50_ns = s->samples_n ? s->samples[s->samples_n / 2] : 0;
	return ret;
}

static int step_close(struct step *s, int ret)
{
	int end = fn_poller_destroy(s->poller);

	if (!ret)
		ret = end;
	if (s->dev) {
		end = fn_dev_close(s->dev);
		ret = ret ? ret : end;
	}
	s->res->wrong = s->conf->device->unplug(0);
	if (s->pool) {
		end = fn_pool_destroy(s->pool);
		ret = ret ? ret : end;
	}
	if (s->ctx) {
		end = fn_ctx_destroy(s->ctx);
		ret = ret ? ret : end;
	}
	return ret;
}

int step_run(const struct step_conf *conf, const struct step_load *load, struct step_result *res)
{
	static struct step s;
	int ret;

	memset(&s, 0, sizeof(s));
	*res = (struct step_result){ 0 };
	s.conf = conf;
	s.load = load;
	s.res = res;
	memset(s.frame, 0xff, 6);
	s.frame[6] = 2;
	the_step = &s;
	ret = device_open(&s);
	if (!ret) {
		doorbell_map(&s);
		ret = worker_open(&s);
	}
	if (!ret)
		ret = run(&s);
	return step_close(&s, ret);
}
