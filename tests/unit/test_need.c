// SPDX-License-Identifier: BSD-3-Clause
/*
 * How much of a worker's busy time its packets need: the state call by call, and what comes of it
 * for rounds whose costs are known.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bits.h"
#include "poll/need.h"

#define MOST 64u
#define FRESH 1000000u
#define SPARE 2000u
#define WHOLE 100000u

static const struct fn_need_terms terms = {
	.most = MOST, .fresh = FRESH, .spare = SPARE, .whole = WHOLE
};

/* Of three queues. */
static const struct fn_need_terms terms_of_3 = {
	.most = 3 * MOST, .fresh = FRESH, .spare = SPARE, .whole = WHOLE
};

/* What so many rounds needed: packets and busy time are each one's, the others all of them. */
static uint64_t did(struct fn_need *n, const struct fn_need_terms *t, struct fn_need_sums each)
{
	struct fn_need_sums sums = n->settled;

	sums.busy += each.rounds * each.busy;
	sums.rounds += each.rounds;
	sums.packets += each.rounds * each.packets;
	sums.full_rounds += each.full_rounds;
	sums.source_rounds += each.source_rounds;
	return fn_need_settle(n, &sums, t);
}

/* Rounds of @packets each, which take @time each; what they needed. */
static uint64_t rounds(struct fn_need *n, uint64_t many, uint64_t packets, uint64_t time)
{
	return did(n, &terms,
		   (struct fn_need_sums){ .rounds = many, .packets = packets, .busy = time });
}

static void empty(struct fn_need *n, unsigned many, uint64_t time)
{
	while (many-- > 0)
		fn_need_empty(n, time);
}

/* One that lost the processor, or was cold, is not what rounds cost; and eight others are news. */
static void shortest_of_eight(void **state)
{
	struct fn_need n = { 0 };

	(void)state;
	empty(&n, 1, 5000000);
	empty(&n, 6, 70);
	assert_int_equal(n.round, 0);
	empty(&n, 1, 60);
	assert_int_equal(n.round, 60);
	empty(&n, 7, 90);
	assert_int_equal(n.round, 60);
	empty(&n, 1, 5000000);
	assert_int_equal(n.round, 90);
}

/* Nothing is known, or there was no packet, or nothing at all. */
static void all_of_it(void **state)
{
	struct fn_need n = { 0 };

	(void)state;
	assert_int_equal(rounds(&n, 10, 1, 120), 1200);
	empty(&n, 8, 60);
	assert_int_equal(rounds(&n, 10, 0, 120), 1200);
	assert_int_equal(rounds(&n, 0, 0, 0), 0);
}

/* A round of 64 is full: less of it costs as much as its packets are part of that. */
static void as_if_rounds_were_full(void **state)
{
	struct fn_need n = { 0 };

	(void)state;
	empty(&n, 8, 64);
	assert_int_equal(rounds(&n, 1000, 1, 64 + 40), 1000 * (40 + 1));
	assert_int_equal(rounds(&n, 1000, 32, 64 + 32 * 40), 1000 * 32 * (40 + 1));
	assert_int_equal(rounds(&n, 1000, 64, 64 + 64 * 40), 1000 * 64 * (40 + 1));
	/* Queues went: rounds with more than a full one has. */
	assert_int_equal(rounds(&n, 1000, 100, 64 + 100 * 40), 1000 * (64 + 100 * 40));
	/* Time that was not counted, as of a clock that is set back. */
	assert_int_equal(rounds(&n, 1000, 1, 10), 0);
}

/*
 * Rounds of the threaded model in cycles, by their packets: the first one of a round pays for what
 * others share, and two or three share little.
 */
static const struct {
	uint64_t packets;
	uint64_t time;
} real[] = { { 1, 700 }, { 2, 1100 }, { 3, 1300 }, { 6, 1530 }, { 16, 1900 } };

#define FULL_TIME 4544u /* 71 a packet */

static void assert_near(uint64_t need, uint64_t packets, uint64_t busy)
{
	const uint64_t load = packets * FULL_TIME / MOST;

	/* Points of a core whose time is busy, which is the worst case. */
	assert_in_range(need, load > busy / 20 ? load - busy / 20 : 0, load + busy / 20);
}

static void costs_that_many_share(void **state)
{
	struct fn_need n = { 0 };

	(void)state;
	empty(&n, 8, 20);
	assert_in_range(rounds(&n, 100, MOST, FULL_TIME), 100 * FULL_TIME - 100 * 20,
			100 * FULL_TIME);
	for (unsigned i = 0; i < FN_ARRAY_LEN(real); i++)
		for (unsigned k = 0; k < 10; k++)
			assert_near(rounds(&n, 10, real[i].packets, real[i].time),
				    10 * real[i].packets, 10 * real[i].time);
	/* It is kept, and then packets that take 500 longer each need that. */
	for (unsigned k = 0; k < 20; k++)
		(void)rounds(&n, 100, 1, 700);
	n.full_at = n.settled.busy - FRESH;
	assert_near(rounds(&n, 100, 1, 700), 100, 100 * 700u);
	assert_near(rounds(&n, 100, 1, 1200) - 100u * 500, 100, 100 * 700u);
	for (unsigned k = 0; k < 50; k++)
		assert_near(rounds(&n, 100, 1, 1200) - 100u * 500, 100, 100 * 700u);
	assert_near(rounds(&n, 100, 3, 1300 + 3 * 500) - 300u * 500, 300, 100 * 1300u);
}

/* What a round takes varies: neither the shortest nor the longest is believed. */
static void median_of_many(void **state)
{
	static const uint64_t time[] = { 600, 700, 800 };
	struct fn_need n = { 0 };
	uint64_t need = 0;

	(void)state;
	(void)rounds(&n, 100, MOST, FULL_TIME);
	for (unsigned i = 0; i < 150; i++)
		(void)rounds(&n, 5, 1, time[i % 3]);
	for (unsigned i = 0; i < 30; i++)
		need += rounds(&n, 5, 1, time[i % 3]);
	assert_near(need, 150, 150 * 700u);
	/* Few cycles too: they are more than a part of them is. */
	for (unsigned i = 0; i < 1000; i++)
		(void)rounds(&n, 1, 1, 72);
	assert_int_equal(n.spare[6], 1);
}

/* Of one queue that uses up its budget in each of so many rounds. */
static uint64_t rounds_hit(struct fn_need *n, uint64_t many, uint64_t time)
{
	return did(n, &terms,
		   (struct fn_need_sums){
			   .rounds = many, .packets = MOST, .busy = time, .full_rounds = many });
}

static uint64_t hit(struct fn_need *n, unsigned times, uint64_t time)
{
	uint64_t need = 0;

	while (times-- > 0)
		need = rounds_hit(n, 100, time);
	return need;
}

/*
 * Half a round's packets come in a steady flow that costs more than what has piled up: that is the
 * fullest which some workers ever have, and not full for one that has been saturated.
 */
static void saturated_or_a_burst(void **state)
{
	struct fn_need n = { 0 };

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(hit(&n, 31, FULL_TIME), 100 * FULL_TIME);
		assert_int_equal(rounds(&n, 100, 40, 40 * 100), 100 * 40 * 100);
	}
	/* However many bursts there are, with sleeps between. */
	for (unsigned i = 0; i < 1000; i++)
		assert_int_equal(rounds_hit(&n, 10, FULL_TIME), 10 * FULL_TIME);
	assert_int_equal(rounds(&n, 100, 40, 40 * 100), 100 * 40 * 100);
	assert_int_equal(hit(&n, 100, FULL_TIME), 100 * FULL_TIME);
	for (unsigned i = 0; i < 3; i++)
		assert_near(rounds(&n, 100, 40, 40 * 100), 100 * 40, 100 * 40 * 100);
	/* It stays so, also when a burst now and then is all that is full; */
	assert_int_equal(hit(&n, 1, FULL_TIME), 100 * FULL_TIME);
	n.full_at = n.settled.busy - FRESH;
	assert_near(rounds(&n, 100, 40, 40 * 100), 100 * 40, 100 * 40 * 100);
	/* and the worker of other queues has to be saturated by them. */
	(void)did(&n, &terms_of_3,
		  (struct fn_need_sums){ .rounds = 100, .packets = 100, .busy = 10000 });
	assert_int_equal(n.hits, 0);
}

/* Rounds as those that were never seen while there was something to compare with. */
static void not_learned_too_late(void **state)
{
	struct fn_need n = { 0 };

	(void)state;
	(void)rounds(&n, 100, MOST, FULL_TIME);
	n.full_at = n.settled.busy - FRESH;
	assert_int_equal(rounds(&n, 1000, 1, 700), 700000);
}

/* A worker that lost its processor in one of them learns from it neither that rounds cost that, */
static void one_that_lasts(void **state)
{
	struct fn_need n = { 0 };
	uint64_t before;

	(void)state;
	(void)rounds(&n, 100, MOST, FULL_TIME);
	before = rounds(&n, 100, 1, 700);
	(void)rounds(&n, 100, 1, 7000);
	n.full_at = n.settled.busy - FRESH;
	assert_in_range(rounds(&n, 100, 1, 700), before * 3 / 4, before);
	/* nor that packets do. */
	(void)rounds(&n, 100, MOST, 10 * FULL_TIME);
	(void)rounds(&n, 100, MOST, FULL_TIME);
	assert_int_equal(n.full, FULL_TIME * FN_NEED_PARTS / MOST);
}

#define CHEAP 40u
#define DEAR 700u

/*
 * One of three queues uses up its budget, and the others are empty: the worker gets no more
 * done, and what this one's callback takes longer than theirs is not learned as anything else.
 */
static void one_queue_of_three(void **state)
{
	const struct fn_need_sums all = {
		.rounds = 100, .packets = 3 * MOST, .busy = 3 * MOST * CHEAP, .full_rounds = 100
	};
	struct fn_need_sums one = {
		.rounds = 100, .packets = MOST, .busy = MOST * DEAR, .full_rounds = 50
	};
	struct fn_need n = { 0 };

	(void)state;
	empty(&n, 8, 60);
	assert_int_equal(did(&n, &terms_of_3, all), 100 * all.busy);
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(did(&n, &terms_of_3, one), 100 * one.busy);
	for (unsigned i = 0; i < FN_NEED_LEVELS; i++)
		assert_int_equal(n.spare[i], 0);
	/* It has what full rounds take, as far as one round is believed at once. */
	assert_true(n.full > CHEAP * FN_NEED_PARTS);
	/* Fewer of them are a burst now and then. */
	one.full_rounds = 49;
	assert_true(did(&n, &terms_of_3, one) < 100 * one.busy);
}

/* Cheap packets in full rounds, and then dear ones one a round: no more than the cap is learned. */
static void dear_packets_are_need(void **state)
{
	const uint64_t dear = 20 * SPARE;
	struct fn_need n = { 0 };

	(void)state;
	(void)rounds(&n, 1000, MOST, MOST * CHEAP);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(rounds(&n, 1, 1, dear), dear - SPARE);
	/* One round of a level that lost the processor is its first: the next ones show no less. */
	assert_int_equal(rounds(&n, 1, 4, 10 * dear), 10 * dear - SPARE);
	assert_in_range(rounds(&n, 1, 4, dear), dear - SPARE, dear);
}

/* Queues come or go: full rounds are other ones, and nothing is known of these. */
static void other_queues(void **state)
{
	struct fn_need n = { 0 };

	(void)state;
	(void)rounds(&n, 100, MOST, FULL_TIME);
	assert_true(rounds(&n, 100, 1, 700) < 100 * 700u);
	assert_int_equal(did(&n, &terms_of_3,
			     (struct fn_need_sums){ .rounds = 100, .packets = 1, .busy = 700 }),
			 100 * 700u);
	assert_int_equal(n.full, 0);
	assert_int_equal(rounds(&n, 100, 1, 700), 100 * 700u);
}

/* What sources did is in the rounds' time: all of that is need, and tells nothing of packets. */
static void sources_beside_packets(void **state)
{
	struct fn_need_sums each = { .rounds = 100, .packets = 1, .busy = 900, .source_rounds = 1 };
	struct fn_need n = { 0 };

	(void)state;
	empty(&n, 8, 60);
	(void)rounds(&n, 100, MOST, FULL_TIME);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(did(&n, &terms, each), 100 * 900);
	for (unsigned i = 0; i < FN_NEED_LEVELS; i++)
		assert_int_equal(n.spare[i], 0);
	each.packets = MOST;
	each.full_rounds = 100;
	assert_int_equal(did(&n, &terms, each), 100 * 900);
	assert_int_equal(n.full, FULL_TIME * FN_NEED_PARTS / MOST);
	/* Behind it the packets are judged by themselves again. */
	assert_true(rounds(&n, 100, 1, 700) < 100 * 640u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shortest_of_eight),      cmocka_unit_test(all_of_it),
		cmocka_unit_test(as_if_rounds_were_full), cmocka_unit_test(costs_that_many_share),
		cmocka_unit_test(not_learned_too_late),   cmocka_unit_test(one_that_lasts),
		cmocka_unit_test(one_queue_of_three),     cmocka_unit_test(dear_packets_are_need),
		cmocka_unit_test(other_queues),           cmocka_unit_test(sources_beside_packets),
		cmocka_unit_test(median_of_many),         cmocka_unit_test(saturated_or_a_burst),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
