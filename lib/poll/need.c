// SPDX-License-Identifier: BSD-3-Clause
/* How much of a worker's busy time its packets need. */
#include "poll/need.h"

/*
 * The cost of a round is the shortest of so many empty ones. One of them may have lost the
 * processor, have served an interrupt or looked at timers, or be the first one, whose code was in
 * no cache: a mean would take that for the cost of each round, and need for nothing. All of eight in
 * a row are not like that. And as each eight begin anew, it follows a poller that gets queues or
 * loses some, which the shortest round ever would not.
 */
#define ROUNDS 8u

void fn_need_empty(struct fn_need *n, uint64_t time)
{
	if (!n->seen || time < n->least)
		n->least = time;
	if (++n->seen < ROUNDS)
		return;
	n->round = n->least;
	n->seen = 0;
}

uint64_t fn_need_settle(struct fn_need *n, const struct fn_need_sums *sums, uint64_t full)
{
	const uint64_t busy = sums->busy - n->settled.busy;
	const uint64_t rounds = sums->rounds - n->settled.rounds;
	const uint64_t packets = sums->packets - n->settled.packets;
	uint64_t own;
	uint64_t needed;

	n->settled = *sums;
	if (!packets)
		return busy;
	/* More than in full rounds: queues were taken out meanwhile. */
	own = n->round * rounds;
	needed = n->round * packets / full;
	if (own <= needed)
		return busy;
	return busy > own - needed ? busy - (own - needed) : 0;
}
