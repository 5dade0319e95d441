// SPDX-License-Identifier: BSD-3-Clause
/* Behaviours that go wrong in every way there is, for self.sh to see that the runner says so. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "conform/conform.h"
#include "conform/places/host.h"

static int in_use;

static void self_begin(struct conform *c)
{
	c->world = &in_use;
}

/* A place that saw something wrong says so when it is judged, and not before. */
static void self_end(struct conform *c, bool judge)
{
	const int seen = in_use;

	c->world = NULL;
	in_use = 0;
	if (judge && seen)
		conform_fail(c, __FILE__, __LINE__, "the place saw %d", seen);
}

static uint64_t self_now_ns(struct conform *c)
{
	struct timespec ts;

	(void)c;
	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static const struct place_ops ops = { .begin = self_begin, .end = self_end, .now_ns = self_now_ns };

const struct conform_place places[] = { { .name = "self/none", .ops = &ops, .deadline_s = 2 },
					{ .name = NULL } };

BEHAVIOUR(passes, 0, "It passes.");
static void passes(struct conform *c)
{
	check_eq(1 + 1, 2);
	check_ok(0);
	check_mem("abc", "abd", 2);
}

BEHAVIOUR(fails, 0, "It fails, with the values.");
static void fails(struct conform *c)
{
	const int three = 3;

	check_eq(three, 4);
}

BEHAVIOUR(fails_bytes, 0, "It fails, with the byte.");
static void fails_bytes(struct conform *c)
{
	check_mem("abc", "abd", 3);
}

BEHAVIOUR(fails_call, 0, "It fails, with the library's sentence.");
static void fails_call(struct conform *c)
{
	const struct fn_ctx_opts opts = { .sz = sizeof(opts), .page_bytes = 12345 };

	check_ok(fn_ctx_create(&opts, &c->ctx));
}

BEHAVIOUR(skips, 0, "It skips, with the reason.");
static void skips(struct conform *c)
{
	conform_skip(c, "no %s here", "thing");
}

BEHAVIOUR(needs, NEED_LINK, "It needs what is not there.");
static void needs(struct conform *c)
{
	check(!c->place);
}

BEHAVIOUR(crashes, 0, "It crashes.");
static void crashes(struct conform *c)
{
	(void)c;
	abort();
}

BEHAVIOUR(exits, 0, "It ends the process.");
static void exits(struct conform *c)
{
	(void)c;
	exit(0);
}

BEHAVIOUR(hangs, 0, "It hangs.");
static void hangs(struct conform *c)
{
	(void)c;
	for (;;)
		(void)pause();
}

BEHAVIOUR(leaks_fd, 0, "It leaves a file descriptor open.");
static void leaks_fd(struct conform *c)
{
	check(open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0);
}

BEHAVIOUR(leaks_packet, 0, "It keeps a packet.");
static void leaks_packet(struct conform *c)
{
	const struct fn_ctx_opts opts = { .sz = sizeof(opts), .page_bytes = 4096 };

	check_ok(fn_ctx_create(&opts, &c->ctx));
	check_ok(fn_pool_create(c->ctx, NULL, &c->pool));
	check(fn_pkt_alloc(c->pool));
}

BEHAVIOUR(leaks_memory, 0, "It leaves memory behind; a sanitizer tells.");
static void leaks_memory(struct conform *c)
{
	static void *volatile lost;

	lost = malloc(1000);
	check(lost);
	lost = NULL;
}

BEHAVIOUR(place_saw, 0, "It passes, and the place has seen something wrong.");
static void place_saw(struct conform *c)
{
	check_eq(in_use, 0);
	in_use = 5;
}

BEHAVIOUR(passes_again, 0, "It passes, whatever happened before it.");
static void passes_again(struct conform *c)
{
	check_eq(in_use, 0);
}

BEHAVIOUR(asks_host, 0, "Of the host's answers it takes the one to what it asked itself.");
static void asks_host(struct conform *c)
{
	static const char answers[] = "41 done\ndone\n4 done\n42 it is late\n43 done\n";
	const int from = memfd_create("answers", MFD_CLOEXEC);
	const int to = memfd_create("asked", MFD_CLOEXEC);
	char path[64];
	char text[64] = "";

	check(write(from, answers, strlen(answers)) == (ssize_t)strlen(answers));
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", from);
	check(host_ask(to, path, 42, "link off", text, sizeof(text)));
	check_mem(text, "it is late", sizeof("it is late"));
	check(!host_ask(to, path, 44, "link on", text, sizeof(text)));
	check_eq(pread(to, text, sizeof(text) - 1, 0), 35);
	check_mem(text, "@host 42 link off\n@host 44 link on\n", 35);
	(void)close(from);
	(void)close(to);
}

static const struct behaviour *const self_behaviours[] = {
	&behaviour_passes,       &behaviour_fails,
	&behaviour_fails_bytes,  &behaviour_fails_call,
	&behaviour_skips,        &behaviour_needs,
	&behaviour_crashes,      &behaviour_exits,
	&behaviour_hangs,        &behaviour_leaks_fd,
	&behaviour_leaks_packet, &behaviour_leaks_memory,
	&behaviour_place_saw,    &behaviour_passes_again,
	&behaviour_asks_host,    NULL,
};

const struct subject subjects[] = { { "self", self_behaviours }, { NULL, NULL } };
