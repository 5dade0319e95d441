// SPDX-License-Identifier: BSD-3-Clause
/*
 * Which delay of a ladder a vector's interrupts get. After each sample of 64 interrupts it takes a
 * step, goes on that way as long as it gets better, turns when it does not, and parks where it was
 * best, until the load changes.
 */
#include <string.h>

#include "base/bits.h"
#include "poll/dim.h"

#define NS_PER_S 1000000000u

/* The delays of Linux's profile for receive completions. */
static const uint32_t delays_ns[] = { 2000, 8000, 16000, 32000, 64000 };

#define LEVELS FN_ARRAY_LEN(delays_ns)

/* It gives up looking for a better level after so many steps, for as many samples. */
#define TIRED (2 * LEVELS)

/* Packets of a sample that are counted: their rate fits into 64 bits for any time. */
#define PACKETS_MAX UINT32_MAX

enum verdict {
	WORSE,
	SAME,
	BETTER,
};

void fn_dim_init(struct fn_dim *dim)
{
	memset(dim, 0, sizeof(*dim));
	dim->up = true;
}

uint32_t fn_dim_delay_ns(const struct fn_dim *dim)
{
	return delays_ns[dim->level];
}

/* More is better; what differs by a tenth or less is the same. */
static enum verdict compare(uint64_t now, uint64_t last)
{
	const uint64_t by = now > last ? now - last : last - now;

	if (by <= last / 10)
		return SAME;
	return now > last ? BETTER : WORSE;
}

/* A rate that changed says most; at the same rate, packets an interrupt. */
static enum verdict judge(const struct fn_dim *dim, uint64_t pps, uint64_t packets)
{
	const enum verdict rate = compare(pps, dim->last_pps);

	return rate != SAME ? rate : compare(packets, dim->last_packets);
}

static void park(struct fn_dim *dim, uint8_t rest)
{
	dim->parked = true;
	dim->rest = rest;
	dim->steps = 0;
	dim->before = 0;
	dim->tired = 0;
}

static void turn(struct fn_dim *dim)
{
	dim->up = !dim->up;
	dim->before = dim->steps;
	dim->steps = 0;
}

/* One level further, or none at an end of the ladder or after too many: it parks there. */
static void step(struct fn_dim *dim)
{
	if (dim->tired == TIRED) {
		park(dim, TIRED);
	} else if (dim->level == (dim->up ? LEVELS - 1 : 0)) {
		park(dim, 0);
	} else {
		dim->level = (uint8_t)(dim->up ? dim->level + 1 : dim->level - 1);
		dim->steps++;
		dim->tired++;
	}
}

/* Look for a better level again, a shorter delay first: it may have been needed no more. */
static void unpark(struct fn_dim *dim)
{
	dim->parked = false;
	dim->up = dim->level == 0;
	step(dim);
}

/*
 * A step back after more than one the other way led to where it was best. A longer delay has to be
 * better than the shorter one. A shorter one only must not be worse: a delay that gives nothing
 * costs time nevertheless, so that a load of few packets ends at the shortest one. (Linux turns
 * there too, and stays somewhere when it has become tired.)
 */
static void climb(struct fn_dim *dim, enum verdict verdict)
{
	if (verdict == WORSE || (verdict == SAME && dim->up))
		turn(dim);
	if (dim->before > 1 && dim->steps == 1)
		park(dim, 0);
	else
		step(dim);
}

static void decide(struct fn_dim *dim, uint64_t pps, uint64_t packets)
{
	/* The first sample is compared with nothing, and any level is as good as another. */
	const enum verdict verdict = dim->known ? judge(dim, pps, packets) : BETTER;
	const bool was_parked = dim->parked;

	if (!dim->parked)
		climb(dim, verdict);
	else if (dim->rest ? --dim->rest == 0 : verdict != SAME)
		unpark(dim);
	/* While it is parked the load at that time is what counts, or it could drift away. */
	if (was_parked && dim->parked && !dim->rest)
		return;
	dim->known = true;
	dim->last_pps = pps;
	dim->last_packets = packets;
}

static void start(struct fn_dim *dim, uint64_t now_ns)
{
	dim->started = true;
	dim->start_ns = now_ns;
	dim->packets = 0;
	dim->events = 0;
}

uint32_t fn_dim_event(struct fn_dim *dim, uint64_t now_ns, uint64_t packets)
{
	const uint64_t ns = now_ns - dim->start_ns;
	const uint8_t level = dim->level;

	/* A clock that was set back makes the sample worthless, and nothing else. */
	if (!dim->started || ns > INT64_MAX) {
		start(dim, now_ns);
		return UINT32_MAX;
	}
	dim->packets += packets < PACKETS_MAX ? packets : PACKETS_MAX;
	if (dim->packets > PACKETS_MAX)
		dim->packets = PACKETS_MAX;
	if (++dim->events < FN_DIM_EVENTS)
		return UINT32_MAX;
	if (ns)
		decide(dim, dim->packets * NS_PER_S / ns, dim->packets);
	start(dim, now_ns);
	return dim->level == level ? UINT32_MAX : delays_ns[dim->level];
}
