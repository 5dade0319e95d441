// SPDX-License-Identifier: BSD-3-Clause
/* When frames arrive on a queue of the threaded model. */
#include <string.h>

#include "threaded/threaded_priv.h"

#define PART 16u /* bits of a tick's fraction, for even rates */

/* Ticks of a second, as often as that is asked for: from its measured nanoseconds. */
static uint64_t even_interval(uint64_t rate)
{
	const uint64_t second = threaded_ticks(1000000000u);

	return rate ? (second << PART) / rate : 0;
}

static uint64_t scheduled(const struct thr_gen *gen)
{
	return gen->base + (gen->load.kind == THREADED_EVEN ? gen->due >> PART : gen->due);
}

void thr_gen_begin(struct thr_queue *q, const struct threaded_load *load, uint64_t now)
{
	struct thr_gen *gen = &q->gen;

	memset(gen, 0, sizeof(*gen));
	if (load)
		gen->load = *load;
	if (!gen->load.burst)
		gen->load.burst = 1;
	if (gen->load.burst > THR_BATCH_MAX && gen->load.kind == THREADED_PING)
		gen->load.burst = THR_BATCH_MAX;
	if (!gen->load.step_ns)
		gen->load.step_ns = 50;
	gen->left = gen->load.most ? gen->load.most : UINT64_MAX;
	gen->base = now;
	gen->interval = even_interval(gen->load.rate);
	gen->delay = gen->load.from_ns;
	__atomic_store_n(&q->done, gen->load.kind == THREADED_NONE, __ATOMIC_RELEASE);
}

/* The device was off its core: what was due meanwhile does not come, or it comes late. */
static void make_up(struct thr_queue *q, uint64_t now, uint64_t gap)
{
	struct thr_gen *gen = &q->gen;
	const uint64_t due = scheduled(gen);
	uint64_t n;

	if (gen->load.catch_up || due + gap >= now)
		return;
	n = ((now - due) << PART) / gen->interval;
	gen->due += n * gen->interval;
	thr_add(&q->counts.skipped, n);
}

static unsigned even_due(struct thr_queue *q, uint64_t now, uint64_t gap)
{
	struct thr_gen *gen = &q->gen;
	uint64_t n;

	if (!gen->interval || scheduled(gen) > now)
		return 0;
	make_up(q, now, gap);
	if (scheduled(gen) > now)
		return 0;
	/* What is due within the tick of @now has come; else the difference may be below 0. */
	n = (((now - gen->base + 1) << PART) - 1 - gen->due) / gen->interval + 1;
	return n < THR_BATCH ? (unsigned)n : THR_BATCH;
}

static unsigned burst_due(struct thr_gen *gen, uint64_t now)
{
	if (!gen->pending && scheduled(gen) <= now) {
		gen->pending = gen->load.burst;
		gen->stamp = scheduled(gen);
		gen->due += threaded_ticks(gen->load.period_ns);
		/* One that was missed all together is not made up for. */
		if (scheduled(gen) <= now)
			gen->due = now - gen->base + threaded_ticks(gen->load.period_ns);
	}
	return gen->pending < THR_BATCH_MAX ? gen->pending : THR_BATCH_MAX;
}

/* The next delay begins when the device sees that everything before was consumed. */
static unsigned ping_due(struct thr_queue *q, uint64_t now)
{
	struct thr_gen *gen = &q->gen;

	if (gen->pending)
		return gen->pending;
	if (!gen->set) {
		if (__atomic_load_n(&q->said, __ATOMIC_ACQUIRE) < q->seq)
			return 0;
		gen->set = true;
		gen->due = now - gen->base + threaded_ticks(gen->delay);
		gen->delay += gen->load.step_ns;
		if (gen->delay >= gen->load.to_ns)
			gen->delay = gen->load.from_ns;
	}
	if (scheduled(gen) > now)
		return 0;
	gen->set = false;
	gen->stamp = scheduled(gen);
	gen->pending = gen->load.burst;
	return gen->pending;
}

static bool is_on(const struct thr_gen *gen, uint64_t now)
{
	const uint64_t on = threaded_ticks(gen->load.on_ns);
	const uint64_t all = on + threaded_ticks(gen->load.off_ns);

	return !all || (now - gen->base) % all < on;
}

unsigned thr_gen_due(struct thr_queue *q, uint64_t now, uint64_t gap)
{
	struct thr_gen *gen = &q->gen;
	unsigned n = 0;

	if (!gen->left)
		return 0;
	switch (gen->load.kind) {
	case THREADED_EVEN:
		n = even_due(q, now, gap);
		break;
	case THREADED_BURST:
		n = burst_due(gen, now);
		break;
	case THREADED_PING:
		n = ping_due(q, now);
		break;
	case THREADED_FULL:
		n = THR_BATCH;
		break;
	case THREADED_ONOFF:
		n = is_on(gen, now) ? THR_BATCH : 0;
		break;
	case THREADED_NONE:
		break;
	}
	return n < gen->left ? n : (unsigned)gen->left;
}

uint64_t thr_gen_next(struct thr_queue *q, uint64_t now)
{
	struct thr_gen *gen = &q->gen;
	uint64_t stamp = now;

	if (gen->load.kind == THREADED_EVEN) {
		stamp = scheduled(gen);
		gen->due += gen->interval;
	} else if (gen->load.kind == THREADED_BURST || gen->load.kind == THREADED_PING) {
		stamp = gen->stamp;
		gen->pending--;
	}
	gen->left--;
	return stamp;
}

bool thr_gen_waits_for_room(const struct thr_gen *gen)
{
	return gen->load.kind != THREADED_EVEN && gen->load.kind != THREADED_BURST;
}

bool thr_gen_rests(const struct thr_queue *q)
{
	return !q->on || !q->gen.left || q->gen.load.kind == THREADED_NONE;
}
