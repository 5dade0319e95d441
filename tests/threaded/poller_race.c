// SPDX-License-Identifier: BSD-3-Clause
/*
 * The poller against devices that run beside it: frames, wake-ups, room, switches, releases and
 * control calls come at every moment of going to sleep. A run of the test suite is short; a soak
 * asks for more (tests/soak).
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "threaded/race.h"

#define CASES_MOST 64u

static uint64_t count;
#if defined(FN_BARRIER_CALLS)
/* The build for mutations: what a case has not seen by then it passes, and they survive. */
static uint64_t limit_ns = 10000000000u;
#else
static uint64_t limit_ns;
#endif
static uint64_t case_ns;
static bool is_cut;

uint64_t race_count(uint64_t usual)
{
	return count ? count : usual;
}

uint64_t race_wide(uint64_t wanted)
{
	return wanted / 4;
}

void race_case(void)
{
	case_ns = race_now_ns();
	is_cut = false;
}

bool race_is_over(void)
{
	if (!limit_ns || race_now_ns() - case_ns <= limit_ns)
		return false;
	/* tests/soak/run takes it from this. */
	if (!is_cut && count)
		print_message("counted fewer than %llu: the %llu s of a case are over\n",
			      (unsigned long long)count,
			      (unsigned long long)(limit_ns / 1000000000u));
	is_cut = true;
	return true;
}

static const struct CMUnitTest others[] = {
	cmocka_unit_test(race_burst),         cmocka_unit_test(race_wake),
	cmocka_unit_test(race_wake_alone),    cmocka_unit_test(race_room_stops),
	cmocka_unit_test(race_room_slow),     cmocka_unit_test(race_room_back),
	cmocka_unit_test(race_room_smallest), cmocka_unit_test(race_modes_saturated),
	cmocka_unit_test(race_modes_even),    cmocka_unit_test(race_release),
	cmocka_unit_test(race_control_held),  cmocka_unit_test(race_control_answer),
};

#define OTHERS (sizeof(others) / sizeof(others[0]))

static int usage(int status)
{
	FILE *to = status ? stderr : stdout;

	(void)fputs(
		"usage: test_poller_race [--only CASES] [--count N] [--seconds S] [--list]\n"
		"--only     cases of this name, with * and ?\n"
		"--count    sleeps, bursts, wake-ups, turns or switches of each, and not the few "
		"of a usual run\n"
		"--seconds  a case ends after that, however few they were\n"
		"--list     print the cases\n",
		to);
	return status;
}

static void list(const struct CMUnitTest *tests, size_t n)
{
	for (size_t i = 0; i < n; i++)
		(void)puts(tests[i].name);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "only", required_argument, NULL, 'o' },
		{ "count", required_argument, NULL, 'c' },
		{ "seconds", required_argument, NULL, 's' },
		{ "list", no_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct CMUnitTest tests[CASES_MOST];
	int option;

	assert_true(race_ping_n + OTHERS <= CASES_MOST);
	memset(tests, 0, sizeof(tests));
	memcpy(tests, race_ping_tests, race_ping_n * sizeof(tests[0]));
	memcpy(tests + race_ping_n, others, sizeof(others));
	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		if (option == 'o')
			cmocka_set_test_filter(optarg);
		else if (option == 'c')
			count = strtoull(optarg, NULL, 10);
		else if (option == 's')
			limit_ns = strtoull(optarg, NULL, 10) * 1000000000u;
		else if (option == 'l')
			list(tests, race_ping_n + OTHERS);
		else
			return usage(option == 'h' ? 0 : 2);
		if (option == 'l')
			return 0;
	}
	return _cmocka_run_group_tests("poller_race", tests, race_ping_n + OTHERS, NULL, NULL);
}
