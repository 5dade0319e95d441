// SPDX-License-Identifier: BSD-3-Clause
/* How much of a worker's busy time its packets need. */
#include <stdbool.h>

#include "poll/need.h"

/*
 * The cost of a round is the shortest of so many empty ones. One of them may have lost the
 * processor, have served an interrupt or looked at timers, or be the first one, whose code was in
 * no cache: a mean would take that for the cost of each round, and need for nothing. All of eight
 * in a row are not like that. And as each eight begin anew, it follows a poller that gets queues or
 * loses some, which the shortest round ever would not.
 */
#define ROUNDS 8u

/*
 * What is learned follows what is seen, by such a part of itself at a time. Up only slowly: what a
 * round takes when it is not full is nearly all for want of others, so that a tenth too much leaves
 * no need, and one that lost the processor takes ten times too much.
 */
#define UP 64u
#define DOWN 8u

void fn_need_empty(struct fn_need *n, uint64_t time)
{
	if (!n->seen || time < n->least)
		n->least = time;
	if (++n->seen < ROUNDS)
		return;
	n->round = n->least;
	n->seen = 0;
}

static void follow(uint64_t *learned, uint64_t seen)
{
	const uint64_t most = *learned + *learned / UP + 1;
	const uint64_t least = *learned - *learned / DOWN;

	if (!*learned || seen < most)
		*learned = seen > least ? seen : least;
	else
		*learned = most;
	/* 0: not known. */
	if (!*learned)
		*learned = 1;
}

/* Of rounds that are less than half full. */
static unsigned level_of(uint64_t rounds, uint64_t packets, uint64_t most)
{
	uint64_t part = rounds * most / packets / 2;
	unsigned level = 0;

	for (; part > 1 && level < FN_NEED_LEVELS - 1; part /= 2)
		level++;
	return level;
}

/* What so many rounds cost above as many packets in full ones, of which it is known by now. */
static uint64_t spare(struct fn_need *n, const struct fn_need_sums *did, uint64_t most, bool fresh)
{
	uint64_t *each = &n->spare[level_of(did->rounds, did->packets, most)];
	const uint64_t needed = n->full * did->packets / FN_NEED_PARTS;

	if (fresh)
		follow(each, did->busy > needed ? (did->busy - needed) / did->rounds : 0);
	return *each * did->rounds;
}

static uint64_t less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

uint64_t fn_need_settle(struct fn_need *n, const struct fn_need_sums *sums, uint64_t most,
			uint64_t fresh)
{
	struct fn_need_sums did = {
		.busy = sums->busy - n->settled.busy,
		.rounds = sums->rounds - n->settled.rounds,
		.packets = sums->packets - n->settled.packets,
	};

	n->settled = *sums;
	if (!did.packets || !did.rounds)
		return did.busy;
	did.busy = less(did.busy, less(n->round * did.rounds, n->round * did.packets / most));
	if (did.packets >= did.rounds * most / 2) {
		follow(&n->full, did.busy * FN_NEED_PARTS / did.packets);
		n->full_at = sums->busy;
		return did.busy;
	}
	return less(did.busy, spare(n, &did, most, n->full && sums->busy - n->full_at < fresh));
}
