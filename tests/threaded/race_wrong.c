// SPDX-License-Identifier: BSD-3-Clause
/*
 * The poller without its fences: the same races lose a wake-up within seconds, or they would prove
 * nothing. The files that fence are compiled anew for this program (race_wrong_*.c), as fast as
 * those that are shipped: what stands between a store and a load otherwise hides it.
 */
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "threaded/race.h"
#include "threaded/race_wrong.h"

#define SOUND_COUNT 2000u
#define WIDE_COUNT 500u
#define WRONG_COUNT 10000000u
/* It has to show within this, or the case passes, and the program fails. */
#define WRONG_NS 10000000000u

bool race_no_fence;

static uint64_t count;
static uint64_t limit_ns;
static uint64_t case_ns;

uint64_t race_count(uint64_t usual)
{
	(void)usual;
	return count;
}

uint64_t race_wide(uint64_t wanted)
{
	(void)wanted;
	return WIDE_COUNT;
}

void race_case(void)
{
	case_ns = race_now_ns();
}

bool race_is_over(void)
{
	return limit_ns && race_now_ns() - case_ns > limit_ns;
}

static const struct CMUnitTest *find(const char *name)
{
	for (size_t i = 0; i < race_ping_n; i++)
		if (strcmp(race_ping_tests[i].name, name) == 0)
			return &race_ping_tests[i];
	return NULL;
}

enum outcome {
	PASSES,
	LOSES, /* a wake-up */
	FAILS, /* for something else */
};

/* In a process of its own: a case that fails leaves its worker and its device behind. */
static enum outcome outcome_of(const char *name)
{
	struct CMUnitTest test = *find(name);
	int status = 0;
	pid_t pid;

	(void)fflush(stdout);
	pid = fork();
	if (!pid) {
		const int failed = _cmocka_run_group_tests(name, &test, 1, NULL, NULL);

		(void)fflush(stdout);
		_exit(failed ? race_lost ? LOSES : FAILS : PASSES);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return FAILS;
	return (enum outcome)WEXITSTATUS(status);
}

/* Sound it passes; without its fence it loses a wake-up, and fails for nothing else. */
static int check(const char *name)
{
	enum outcome sound;
	enum outcome lost;

	count = SOUND_COUNT;
	limit_ns = 0;
	sound = outcome_of(name);
	count = WRONG_COUNT;
	limit_ns = WRONG_NS;
	race_no_fence = true;
	lost = outcome_of(name);
	race_no_fence = false;
	(void)printf("%s: %s, and without its fence %s\n", name,
		     sound == PASSES ? "sound" : "NOT SOUND",
		     lost == LOSES ? "it loses a wake-up" : "IT LOSES NONE");
	return sound != PASSES || lost != LOSES;
}

int main(void)
{
	int bad = check("ping_virtio_event_epoll");

	bad += check("ping_virtio_flags_epoll");
	return bad != 0;
}
