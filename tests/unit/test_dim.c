// SPDX-License-Identifier: BSD-3-Clause
/* Interrupt moderation: where it goes and stays under loads that answer to the delay it sets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "poll/dim.h"

/* Samples within which it must have found its level: up the ladder, back, and some. */
#define SETTLE 16u

/**
 * struct load - packets that arrive at an even rate, and a device that holds its interrupt back
 * @gap_ns: between two packets
 * @most: packets after which the device raises it whatever the delay; 0: never
 * @loop: packets that a peer has outstanding, and some more the longer it waits; it sends anew when
 *	they have been taken, @gap_ns and four delays later; 0: an even rate
 * @now_ns: time
 * @part_ns: since the last packet that arrived
 */
struct load {
	uint64_t gap_ns;
	uint64_t most;
	uint64_t loop;
	uint64_t now_ns;
	uint64_t part_ns;
};

/* Time goes on to the next interrupt; returns the packets behind it. */
static uint64_t load_next(struct load *load, uint64_t delay_ns)
{
	uint64_t ns = delay_ns;
	uint64_t packets;

	if (load->loop) {
		load->now_ns += load->gap_ns + 4 * delay_ns;
		return load->loop + delay_ns / 1000;
	}
	if (load->part_ns + ns < load->gap_ns)
		ns = load->gap_ns - load->part_ns;
	if (load->most && (load->part_ns + ns) / load->gap_ns > load->most)
		ns = load->most * load->gap_ns - load->part_ns;
	packets = (load->part_ns + ns) / load->gap_ns;
	load->part_ns = (load->part_ns + ns) % load->gap_ns;
	load->now_ns += ns;
	return packets;
}

/* Some samples of a load; sees that only changes are reported, and returns how many there were. */
static unsigned run(struct fn_dim *dim, struct load *load, unsigned samples)
{
	unsigned changes = 0;

	for (unsigned i = 0; i < samples * FN_DIM_EVENTS; i++) {
		const uint64_t packets = load_next(load, fn_dim_delay_ns(dim));
		const uint32_t was = fn_dim_delay_ns(dim);
		const uint32_t to = fn_dim_event(dim, load->now_ns, packets);

		assert_int_equal(to,
				 fn_dim_delay_ns(dim) == was ? UINT32_MAX : fn_dim_delay_ns(dim));
		changes += to != UINT32_MAX;
	}
	return changes;
}

static void begins_with_the_shortest_delay(void **state)
{
	struct fn_dim dim;

	(void)state;
	memset(&dim, 0xff, sizeof(dim));
	fn_dim_init(&dim);
	assert_int_equal(fn_dim_delay_ns(&dim), 2000);
}

/* A decision is made for 64 interrupts, the first of which only begins the sample. */
static void decides_once_a_sample(void **state)
{
	struct load load = { .gap_ns = 500 };
	struct fn_dim dim;

	(void)state;
	fn_dim_init(&dim);
	for (unsigned i = 0; i < FN_DIM_EVENTS; i++)
		assert_int_equal(fn_dim_event(&dim, load.now_ns += 2000, 4), UINT32_MAX);
	assert_int_equal(fn_dim_event(&dim, load.now_ns += 2000, 4), 8000);
	for (unsigned i = 1; i < FN_DIM_EVENTS; i++)
		assert_int_equal(fn_dim_event(&dim, load.now_ns += 8000, 16), UINT32_MAX);
	assert_int_equal(fn_dim_event(&dim, load.now_ns += 8000, 16), 16000);
}

/* Each longer delay saves interrupts: to the top, and there it stays. */
static void flood_goes_to_the_longest(void **state)
{
	struct load load = { .gap_ns = 500 };
	struct fn_dim dim;

	(void)state;
	fn_dim_init(&dim);
	assert_int_equal(run(&dim, &load, SETTLE), 4);
	assert_int_equal(fn_dim_delay_ns(&dim), 64000);
	assert_true(dim.parked);
	assert_int_equal(run(&dim, &load, 1000), 0);
}

/* A device that raises its interrupt after 16 packets anyway gets no delay beyond that. */
static void no_longer_than_it_helps(void **state)
{
	struct load load = { .gap_ns = 1000, .most = 16 };
	struct fn_dim dim;

	(void)state;
	fn_dim_init(&dim);
	(void)run(&dim, &load, SETTLE);
	assert_int_equal(fn_dim_delay_ns(&dim), 16000);
	assert_true(dim.parked);
	assert_int_equal(run(&dim, &load, 1000), 0);
}

/* A peer that waits for answers sends less the longer they are held back, though more at once. */
static void never_at_the_price_of_packets(void **state)
{
	struct load load = { .gap_ns = 10000, .loop = 4 };
	struct fn_dim dim;

	(void)state;
	fn_dim_init(&dim);
	(void)run(&dim, &load, SETTLE);
	assert_int_equal(fn_dim_delay_ns(&dim), 2000);
	assert_int_equal(run(&dim, &load, 1000), 0);
}

/* A packet an interrupt whatever the delay: it is not held back, wherever the load was before. */
static void few_packets_fall_to_the_shortest(void **state)
{
	struct load few = { .gap_ns = 1000000 };
	struct load flood = { .gap_ns = 500 };
	struct fn_dim dim;

	(void)state;
	fn_dim_init(&dim);
	(void)run(&dim, &few, SETTLE);
	assert_int_equal(fn_dim_delay_ns(&dim), 2000);
	assert_int_equal(run(&dim, &few, 1000), 0);

	(void)run(&dim, &flood, SETTLE);
	assert_int_equal(fn_dim_delay_ns(&dim), 64000);
	few.now_ns = flood.now_ns;
	(void)run(&dim, &few, SETTLE);
	assert_int_equal(fn_dim_delay_ns(&dim), 2000);
	assert_int_equal(run(&dim, &few, 1000), 0);
}

/* A tenth more or less is the same load; a little more than that is another. */
static void only_another_load_ends_parking(void **state)
{
	struct load load = { .gap_ns = 1000 };
	struct fn_dim dim;

	(void)state;
	fn_dim_init(&dim);
	(void)run(&dim, &load, SETTLE);
	assert_true(dim.parked);
	load.gap_ns = 920;
	assert_int_equal(run(&dim, &load, 100), 0);
	load.gap_ns = 1090;
	assert_int_equal(run(&dim, &load, 100), 0);
	load.gap_ns = 850;
	assert_true(run(&dim, &load, SETTLE) > 0);
	assert_true(dim.parked);
	assert_int_equal(fn_dim_delay_ns(&dim), 64000);
}

/* Changes of less than a tenth each add up: what counts is the load when it parked. */
static void slow_drift_ends_parking(void **state)
{
	struct load load = { .gap_ns = 1000 };
	struct fn_dim dim;
	unsigned changes = 0;

	(void)state;
	fn_dim_init(&dim);
	(void)run(&dim, &load, SETTLE);
	for (load.gap_ns = 1000; load.gap_ns > 850; load.gap_ns -= 25)
		changes += run(&dim, &load, 2);
	assert_true(changes > 0);
}

/* One sample of @packets an interrupt and @gap_ns between two. */
static uint32_t sample(struct fn_dim *dim, uint64_t *now_ns, uint64_t gap_ns, uint64_t packets)
{
	uint32_t to = UINT32_MAX;

	for (unsigned i = 0; i < FN_DIM_EVENTS; i++)
		to = fn_dim_event(dim, *now_ns += gap_ns, packets);
	return to;
}

/* When each step makes it worse it rests for ten samples after ten steps, whatever comes. */
static void tires_and_rests(void **state)
{
	uint64_t packets = 10000000;
	uint64_t now_ns = 0;
	struct fn_dim dim;
	unsigned steps = 0;

	(void)state;
	fn_dim_init(&dim);
	(void)fn_dim_event(&dim, now_ns, 0);
	while (sample(&dim, &now_ns, 10000, packets) != UINT32_MAX) {
		packets = packets * 4 / 5;
		assert_in_range(++steps, 1, 10);
	}
	assert_int_equal(steps, 10);
	for (unsigned i = 0; i < 9; i++)
		assert_int_equal(sample(&dim, &now_ns, 10000, i * 1000), UINT32_MAX);
	assert_int_not_equal(sample(&dim, &now_ns, 10000, packets), UINT32_MAX);
}

/* Whatever the clock shows at first, its end included, the decisions are the same. */
static void clock_wraps(void **state)
{
	struct load loads[2] = { { .gap_ns = 500 }, { .gap_ns = 500 } };
	struct fn_dim dims[2];

	(void)state;
	loads[1].now_ns = UINT64_MAX - 300000;
	for (unsigned i = 0; i < 2; i++)
		fn_dim_init(&dims[i]);
	for (unsigned i = 0; i < SETTLE * FN_DIM_EVENTS; i++) {
		uint32_t to[2];

		for (unsigned k = 0; k < 2; k++) {
			const uint64_t packets = load_next(&loads[k], fn_dim_delay_ns(&dims[k]));

			to[k] = fn_dim_event(&dims[k], loads[k].now_ns, packets);
		}
		assert_int_equal(to[0], to[1]);
	}
	assert_int_equal(fn_dim_delay_ns(&dims[1]), 64000);
	assert_true(loads[1].now_ns < loads[0].now_ns);
}

/* A clock that is set back costs a sample, one that stands still decides nothing. */
static void clock_misbehaves(void **state)
{
	struct load load = { .gap_ns = 1000, .most = 16, .now_ns = 5000000000 };
	struct fn_dim dim;

	(void)state;
	fn_dim_init(&dim);
	(void)run(&dim, &load, SETTLE);
	assert_true(dim.parked);
	for (unsigned i = 0; i < 10; i++) {
		load.now_ns -= 100000000;
		assert_int_equal(run(&dim, &load, 3), 0);
	}
	for (unsigned i = 0; i < 10 * FN_DIM_EVENTS; i++)
		assert_int_equal(fn_dim_event(&dim, load.now_ns, 1), UINT32_MAX);
	assert_int_equal(fn_dim_delay_ns(&dim), 16000);
}

/* Any numbers lead to a delay of the ladder; interrupts without packets to the shortest. */
static void any_packets(void **state)
{
	static const uint64_t counts[] = { UINT64_MAX, 0, UINT32_MAX, 1, UINT64_MAX / 2 };
	uint64_t now_ns = 0;
	struct fn_dim dim;

	(void)state;
	fn_dim_init(&dim);
	for (unsigned i = 0; i < 200; i++) {
		(void)sample(&dim, &now_ns, i % 3 ? 1 : 1000000000, counts[i % 5]);
		assert_in_range(fn_dim_delay_ns(&dim), 2000, 64000);
	}
	/* As many packets as there can be are as many as there can be: no sum runs over. */
	fn_dim_init(&dim);
	for (unsigned i = 0; i < SETTLE; i++)
		(void)sample(&dim, &now_ns, 1000, UINT64_MAX / 2);
	assert_int_equal(dim.last_packets, UINT32_MAX);
	for (unsigned i = 0; i < SETTLE; i++)
		(void)sample(&dim, &now_ns, 1000, 0);
	assert_int_equal(fn_dim_delay_ns(&dim), 2000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(begins_with_the_shortest_delay),
		cmocka_unit_test(decides_once_a_sample),
		cmocka_unit_test(flood_goes_to_the_longest),
		cmocka_unit_test(no_longer_than_it_helps),
		cmocka_unit_test(never_at_the_price_of_packets),
		cmocka_unit_test(few_packets_fall_to_the_shortest),
		cmocka_unit_test(only_another_load_ends_parking),
		cmocka_unit_test(slow_drift_ends_parking),
		cmocka_unit_test(tires_and_rests),
		cmocka_unit_test(clock_wraps),
		cmocka_unit_test(clock_misbehaves),
		cmocka_unit_test(any_packets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
