/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How much of a worker's busy time its packets need: a state without a clock. Times are numbers of
 * the caller's clock, in any unit.
 *
 * A round has a cost beside its packets', and a worker that is not saturated takes fewer packets a
 * round: the same packets take more time than they need. So each round that is not full is taken
 * for full, and its own cost counts for as much as its packets are part of a full one.
 */
#ifndef FN_POLL_NEED_H
#define FN_POLL_NEED_H

#include <stdint.h>

/**
 * struct fn_need_sums - what a worker did, of all its time
 * @busy: time of rounds that did something
 * @rounds: how many those were
 * @packets: packets that they took
 */
struct fn_need_sums {
	uint64_t busy;
	uint64_t rounds;
	uint64_t packets;
};

/**
 * struct fn_need - the state of one worker; all zero at first
 * @round: what a round costs beside its packets; 0: not known yet
 * @least: the shortest empty round since then
 * @seen: of how many
 * @settled: up to where fn_need_settle() has been
 */
struct fn_need {
	uint64_t round;
	uint64_t least;
	unsigned seen;
	struct fn_need_sums settled;
};

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
 * @full: packets of a round that is full
 *
 * Return: the time, at most what it took. All of it as long as the cost of a round is not known,
 * and when there was no packet: what sources do need not become less when there is more of it.
 */
uint64_t fn_need_settle(struct fn_need *n, const struct fn_need_sums *sums, uint64_t full);

#endif
