// SPDX-License-Identifier: BSD-3-Clause
/* How much of a worker's busy time its packets need. */
#include <stdbool.h>
#include <string.h>

#include "poll/need.h"

/*
 * The cost of a round is the shortest of so many empty ones. One of them may have lost the
 * processor, have served an interrupt or looked at timers, or be the first one, whose code was in
 * no cache: of a mean that would be a part, and a worker's busy time would pass for the cost of its
 * rounds. All of eight in a row are not like that. And as each eight begin anew, it follows a
 * poller that gets queues or loses some, which the shortest round ever would not.
 */
#define ROUNDS 8u

/*
 * What is learned follows what is seen by such a part of itself at a time, up as down: so it comes
 * to the median, and one that lost the processor and took ten times as long moves it no further
 * than any other. What a round takes when it is not full is nearly all for want of others: a tenth
 * too much would leave no need.
 */
#define STEP 64u

/*
 * For so many whole stretches of work in a row queues have used up their budget when the worker is
 * believed to be saturated. Fewer, or shorter ones with sleeps between, are bursts that had piled
 * up: cheaper than what a steady flow costs.
 */
#define SATURATED 32u

void fn_need_empty(struct fn_need *n, uint64_t time)
{
	if (!n->seen || time < n->least)
		n->least = time;
	if (++n->seen < ROUNDS)
		return;
	n->round = n->least;
	n->seen = 0;
}

static uint64_t less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

static void follow(uint64_t *learned, uint64_t seen)
{
	const uint64_t most = *learned + *learned / STEP + 1;
	const uint64_t least = less(*learned, *learned / STEP + 1);

	if (!*learned || seen < most)
		*learned = seen > least ? seen : least;
	else
		*learned = most;
	/* 0: not known. */
	if (!*learned)
		*learned = 1;
}

static unsigned level_of(uint64_t rounds, uint64_t packets, uint64_t most)
{
	uint64_t part = rounds * most / packets;
	unsigned level = 0;

	for (; part > 1 && level < FN_NEED_LEVELS - 1; part /= 2)
		level++;
	return level;
}

/*
 * What so many rounds cost above as many packets in full ones, of which it is known by now. Two
 * callbacks of one worker may differ by any time, cache lines do not: no more than their cost is
 * believed, which is also what keeps one round that lost the processor from being learned as the
 * first of its level.
 */
static uint64_t spare(struct fn_need *n, const struct fn_need_sums *did, uint64_t cap, bool fresh)
{
	uint64_t *each = &n->spare[level_of(did->rounds, did->packets, n->most)];
	const uint64_t needed = n->full * did->packets / FN_NEED_PARTS;
	const uint64_t seen = less(did->busy, needed) / did->rounds;

	if (fresh)
		follow(each, seen < cap ? seen : cap);
	return *each * did->rounds;
}

/* What was learned of full rounds is of other ones. */
static void set_most(struct fn_need *n, uint64_t most)
{
	if (n->most == most)
		return;
	n->most = most;
	n->full = 0;
	n->hits = 0;
	memset(n->spare, 0, sizeof(n->spare));
}

static void learn_full(struct fn_need *n, const struct fn_need_sums *did)
{
	follow(&n->full, did->busy * FN_NEED_PARTS / did->packets);
	n->full_at = n->settled.busy;
}

/* Of what was done in rounds with packets. */
static uint64_t judge(struct fn_need *n, struct fn_need_sums *did,
		      const struct fn_need_terms *terms)
{
	const bool fresh = n->full && n->settled.busy - n->full_at < terms->fresh;

	/* One queue may be all that the worker gets done: empty ones cost it next to nothing. */
	if (did->full_rounds >= did->rounds - did->rounds / 2) {
		if (n->hits < SATURATED)
			n->hits = did->busy < terms->whole ? 0 : n->hits + 1;
		learn_full(n, did);
		return did->busy;
	}
	did->busy =
		less(did->busy, less(n->round * did->rounds, n->round * did->packets / n->most));
	if (n->hits < SATURATED) {
		n->hits = 0;
		/* The fullest that it has had. */
		if (did->packets >= did->rounds * n->most / 2) {
			learn_full(n, did);
			return did->busy;
		}
	}
	return less(did->busy, spare(n, did, terms->spare, fresh));
}

uint64_t fn_need_settle(struct fn_need *n, const struct fn_need_sums *sums,
			const struct fn_need_terms *terms)
{
	struct fn_need_sums did = {
		.busy = sums->busy - n->settled.busy,
		.rounds = sums->rounds - n->settled.rounds,
		.packets = sums->packets - n->settled.packets,
		.full_rounds = sums->full_rounds - n->settled.full_rounds,
		.source_rounds = sums->source_rounds - n->settled.source_rounds,
	};

	n->settled = *sums;
	set_most(n, terms->most);
	if (!did.packets || !did.rounds || did.source_rounds)
		return did.busy;
	return judge(n, &did, terms);
}
