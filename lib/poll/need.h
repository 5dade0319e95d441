/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How much of a worker's busy time its packets need, an estimate: a state without a clock. Times
 * are numbers of the caller's clock, in any unit. docs/adaptive.md ("How loaded is a worker") calls
 * &fn_need.round c0 and &fn_need.spare e.
 *
 * A worker that is not saturated takes few packets a round, and each of them costs more: the round
 * has a cost of its own, and what many packets share, as the cache lines that device and driver
 * write by turns, few pay for alone. A worker saves that by itself when more packets come. So it is
 * no part of what packets need: that is the time which they would take in full rounds.
 */
#ifndef FN_POLL_NEED_H
#define FN_POLL_NEED_H

#include <stdint.h>

/* Levels of how full rounds are: half full and more, half to a quarter, and so on. */
#define FN_NEED_LEVELS 17u

/**
 * struct fn_need_sums - what a worker did, of all its time
 * @busy: time of rounds that did something
 * @rounds: how many of them took packets
 * @packets: packets that they took
 * @full_rounds: rounds in which a queue used up its budget
 * @source_rounds: times that a source did something
 */
struct fn_need_sums {
	uint64_t busy;
	uint64_t rounds;
	uint64_t packets;
	uint64_t full_rounds;
	uint64_t source_rounds;
};

/**
 * struct fn_need_terms - what a worker's time is judged by
 * @most: packets of a round that is full
 * @fresh: busy time for which the cost of full rounds is one to compare with
 * @spare: most that a round costs, beside an empty one, because it is not full
 * @whole: busy time between two calls of fn_need_settle() when there was no sleep, or nearly that
 */
struct fn_need_terms {
	uint64_t most;
	uint64_t fresh;
	uint64_t spare;
	uint64_t whole;
};

/**
 * struct fn_need - the state of one worker; all zero at first
 * @round: what a round costs that finds nothing (c0); 0: not known yet
 * @least: the shortest empty round since then
 * @seen: of how many
 * @full: what a packet takes in full rounds, by FN_NEED_PARTS; 0: there were none yet
 * @full_at: the worker's busy time when rounds were full last
 * @hits: whole stretches of work in a row, half of whose rounds used up a queue's budget; enough of
 *	these make a worker one that has been saturated, which it stays
 * @spare: what a round of a level takes above @full for each of its packets, beside @round (e); 0:
 *	not known
 * @most: packets of a full round for which those were learned
 * @settled: up to where fn_need_settle() has been
 */
struct fn_need {
	uint64_t round;
	uint64_t least;
	unsigned seen;
	unsigned hits;
	uint64_t full;
	uint64_t full_at;
	uint64_t spare[FN_NEED_LEVELS];
	uint64_t most;
	struct fn_need_sums settled;
};

/* Parts of the clock's unit that &fn_need.full counts: a packet takes tens of units. */
#define FN_NEED_PARTS 256u

/**
 * fn_need_empty - a round that found nothing, right behind one that did: no pause was in it
 * @n: the state
 * @time: what it took
 */
void fn_need_empty(struct fn_need *n, uint64_t time);

/**
 * fn_need_settle - time that the work since the last call would have needed in full rounds
 * @n: the state
 * @sums: what the worker did
 * @terms: what it is judged by
 *
 * Full are rounds in which a queue used up its budget. Until a worker has been saturated, rounds
 * that are half full are taken for full, but for &fn_need.round, which is taken off them all the
 * same. What others cost is learned while there were full ones a short time ago, of the same
 * packets as far as that can be known, and kept until full rounds have another number of packets.
 * So a callback that takes longer from then on shows in the need at once; and as no more than
 * &fn_need_terms.spare is learned, one that took longer before does but for that much a round.
 *
 * Return: the time, at most what it took. All of it as long as nothing is known; when a queue
 * used up its budget in half of the rounds, be the others empty; when a source did something,
 * which takes no less when there is more of it; and when there was no packet.
 */
uint64_t fn_need_settle(struct fn_need *n, const struct fn_need_sums *sums,
			const struct fn_need_terms *terms);

#endif
