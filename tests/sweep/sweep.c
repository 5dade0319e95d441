// SPDX-License-Identifier: BSD-3-Clause
/*
 * The fault sweep: each control call is made once for every call of the bus, of DMA, of memory and
 * of the system that it makes, and each time that one fails; then with all behind it failing; then
 * with the device gone from each access on; then with the answer to each read of a register lost,
 * where the driver is one that asks again. What has to hold then is said in sweep.h.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "sweep/fault.h"
#include "sweep/sweep.h"

/* What is said of one call at most; the rest is counted. */
#define SAID_MAX 6u

/* A call that takes longer hangs: the whole sweep is a few seconds. */
#define WATCHDOG_S 60u

static const char *const mode_words[] = { "alone", "and all behind it", "and the device gone",
					  "of its answer" };

/**
 * struct run - where the sweep is
 * @call: the call
 * @mode: what fails
 * @n: from which point on; 0: nothing fails
 * @what: the call that failed
 * @said: what was said of @call
 * @wrongs: what does not hold, in all
 * @good: the state behind @call when nothing fails
 * @caps: what the device can
 */
static struct run {
	const struct sweep_call *call;
	enum fault_mode mode;
	unsigned n;
	const char *what;
	unsigned said;
	unsigned wrongs;
	char good[SWEEP_TEXT];
	uint64_t caps;
} run;

const struct sweep_subject *sweep_subject;

void sweep_wrong(const char *fmt, ...)
{
	char text[2 * SWEEP_TEXT + 256];
	va_list args;

	run.wrongs++;
	if (run.said++ >= SAID_MAX)
		return;
	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	printf("%s: ", sweep_subject->name);
	if (!run.n)
		printf("%s: nothing fails: %s\n", run.call->name, text);
	else
		printf("%s: point %u (%s) fails %s: %s\n", run.call->name, run.n,
		       run.what ? run.what : "not yet", mode_words[run.mode], text);
}

/* Where two texts part, from the start of the word. */
static const char *difference(const char *a, const char *b)
{
	const char *word = a;

	for (const char *p = a; *p && *p == b[p - a]; p++)
		if (*p == ' ' || *p == '\n')
			word = p;
	return word;
}

static bool same(const char *text, const char *expected, const char *when)
{
	const char *from = difference(text, expected);

	if (strcmp(text, expected) == 0)
		return true;
	sweep_wrong("%s:%.160s\n\tand it was:%.160s", when, from, expected + (from - text));
	return false;
}

static bool state_is(struct sweep *s, const char *expected, const char *when)
{
	char text[SWEEP_TEXT];

	sweep_state(s, text);
	return same(text, expected, when);
}

static struct fn_dev_info info_of(struct sweep *s)
{
	struct fn_dev_info info = { .sz = sizeof(info) };

	fn_dev_get_info(s->dev, &info);
	return info;
}

/* The device may say that it is broken instead of being as before; a reset brings it back then. */
static bool reported_broken(struct sweep *s)
{
	return s->dev && info_of(s).status == -EIO;
}

/* The call failed: nothing has changed, and the next time it succeeds. */
static void judge_kept(struct sweep *s, const char *before)
{
	int ret;

	if (reported_broken(s))
		SWEEP_OK(fn_dev_reset(s->dev));
	if (!state_is(s, before, "the state after the failure is"))
		return;
	ret = run.call->call(s);
	if (ret && reported_broken(s)) {
		SWEEP_OK(fn_dev_reset(s->dev));
		ret = run.call->call(s);
	}
	if (ret)
		sweep_wrong("the same call without the fault is %d: %s", ret, fn_error_last());
	else
		(void)state_is(s, run.good, "the state after the second try is");
}

/*
 * The code of the call that failed, and the sentence that names it, are what is returned. That the
 * device is gone by all signs is a better answer than any.
 */
static void judge_first_error(int ret, const struct fault_report *report)
{
	if (report->shown && ret && ret != -ENODEV &&
	    (ret != -FAULT_FIRST_CODE || !strstr(fn_error_last(), report->what)))
		sweep_wrong("it returns %d, which is not the first error: %s", ret,
			    fn_error_last());
}

/* The call cannot fail: all is as without the fault, and the return value tells of it. */
static void judge_completed(struct sweep *s, int ret, const struct fault_report *report)
{
	if (report->shown && !ret)
		sweep_wrong("it returns 0");
	judge_first_error(ret, report);
	if (reported_broken(s))
		SWEEP_OK(fn_dev_reset(s->dev));
	(void)state_is(s, run.good, "the state afterwards is");
}

/* The call failed: the device is stopped and says that it is broken; a further one mends it. */
static void judge_reset(struct sweep *s, int ret, const struct fault_report *report)
{
	judge_first_error(ret, report);
	if (ret) {
		if (info_of(s).state != FN_DEV_CONFIGURED)
			sweep_wrong("it failed, and the device is not stopped");
		if (!reported_broken(s))
			sweep_wrong("it failed, and the device is not reported broken");
		SWEEP_OK(fn_dev_reset(s->dev));
	}
	(void)state_is(s, run.good, "the state afterwards is");
}

static bool is_lost(struct sweep *s)
{
	return s->dev && info_of(s).status == -ENODEV;
}

/* The device is gone: whatever the call returned, close completes, and the next one works. */
static void judge_gone(struct sweep *s, int ret)
{
	if (ret > 0)
		sweep_wrong("it returns %d", ret);
	if (s->dev && fn_dev_close(s->dev) > 0)
		sweep_wrong("fn_dev_close() is positive");
	s->dev = NULL;
	sweep_replug(s);
	if (s->pool)
		SWEEP_OK(sweep_dev_open(s));
}

static void judge(struct sweep *s, const char *before, int ret, const struct fault_report *report)
{
	if (ret < 0 && !fn_error_last()[0])
		sweep_wrong("it is %d without a sentence", ret);
	if (ret > 0)
		sweep_wrong("it is %d, which is no error", ret);
	/* A device whose configuration space cannot be read for good is gone. */
	if (run.mode == FAULT_GONE || (run.mode == FAULT_FROM && is_lost(s)))
		judge_gone(s, ret);
	else if (run.call->kind == SWEEP_COMPLETES)
		judge_completed(s, ret, report);
	else if (run.call->kind == SWEEP_RESETS)
		judge_reset(s, ret, report);
	else if (ret)
		judge_kept(s, before);
	else
		(void)state_is(s, run.good, "it succeeds in spite of it, and the state is");
}

/* A reset drops packets that were on their way: the pools, at the end of the text, have them. */
static void check_brought_back(const char *before)
{
	char was[SWEEP_TEXT];
	char is[SWEEP_TEXT];

	(void)snprintf(was, sizeof(was), "%.*s", (int)strcspn(before, SWEEP_POOLS), before);
	(void)snprintf(is, sizeof(is), "%.*s", (int)strcspn(run.good, SWEEP_POOLS), run.good);
	(void)same(is, was, "the state behind it is");
}

/* Nothing fails: this is how it has to be. */
static void learn(struct sweep *s, const char *before, int ret)
{
	if (ret)
		sweep_wrong("it is %d: %s", ret, fn_error_last());
	sweep_state(s, run.good);
	if (run.call->kind == SWEEP_RESETS)
		check_brought_back(before);
}

static void compare_held(const struct sweep_held *before)
{
	const struct sweep_held now = sweep_held();

	if (now.fds != before->fds)
		sweep_wrong("%ld file descriptors are left", now.fds - before->fds);
	if (now.maps != before->maps)
		sweep_wrong("%ld mappings are left", now.maps - before->maps);
	if (now.windows != before->windows)
		sweep_wrong("%ld windows of BARs are left", now.windows - before->windows);
	if (now.allocs != before->allocs)
		sweep_wrong("%ld pieces of memory are left", now.allocs - before->allocs);
}

/* Make the call once in a world of its own. */
static struct fault_report point(enum fault_mode mode, unsigned n)
{
	static struct sweep s;
	const struct sweep_held held = sweep_held();
	struct fault_report report;
	char before[SWEEP_TEXT];
	int ret;

	run.mode = mode;
	run.n = n;
	run.what = NULL;
	(void)alarm(WATCHDOG_S);
	run.call->prepare(&s);
	sweep_state(&s, before);
	(void)fn_fail(0, "%s", "");
	fault_arm(mode, n);
	ret = run.call->call(&s);
	report = fault_disarm();
	run.what = report.what;
	if (!n)
		learn(&s, before, ret);
	else if (report.fired)
		judge(&s, before, ret, &report);
	if (s.dev && (report.fired || !n))
		sweep_works(&s);
	sweep_end(&s);
	compare_held(&held);
	return report;
}

/* All points of a mode; returns how many there are. */
static unsigned sweep_mode(enum fault_mode mode)
{
	const unsigned points = point(mode, 0).points;
	unsigned n = 0;

	/* A fault may open ways with points of their own: until the n-th is not reached. */
	while (point(mode, n + 1).fired)
		n++;
	if (n < points)
		sweep_wrong("only %u of its %u points were reached", n, points);
	return n;
}

/* A sweep of a call that nothing can befall would show nothing. */
static void check_points(const struct sweep_call *call, unsigned points)
{
	const bool may_have_none = call->setting && !sweep_subject->answers;

	run.n = 0;
	if (!points && call->kind != SWEEP_NO_FAULTS && !may_have_none)
		sweep_wrong("it has no call that can fail: this sweep shows nothing");
	if (points && call->kind == SWEEP_NO_FAULTS)
		sweep_wrong("it has %u calls that can fail: say what holds then", points);
}

static void sweep_call(const struct sweep_call *call)
{
	const unsigned wrongs = run.wrongs;
	unsigned points;
	unsigned accesses;
	unsigned reads = 0;

	run.call = call;
	run.said = 0;
	points = sweep_mode(FAULT_ONCE);
	check_points(call, points);
	(void)sweep_mode(FAULT_FROM);
	accesses = sweep_mode(FAULT_GONE);
	if (sweep_subject->asks_again)
		reads = sweep_mode(FAULT_LOST);
	printf("%s: %s: %u points, %u accesses and %u reads, ", sweep_subject->name, call->name,
	       points, accesses, reads);
	if (wrongs == run.wrongs)
		printf("all held\n");
	else
		printf("%u times something did not hold\n", run.wrongs - wrongs);
}

/*
 * What the first packet of a thread takes, the thread has to its end: no leftover of a call. The
 * world also tells what the device can.
 */
static void warm_up(void)
{
	static const struct sweep_call first = { .name = "the world itself",
						 .prepare = sweep_at_busy };
	struct fn_dev_info info = { .sz = sizeof(info) };
	struct sweep *s = calloc(1, sizeof(*s));

	run.call = &first;
	run.n = 0;
	run.said = 0;
	run.caps = 0;
	if (s) {
		first.prepare(s);
		fn_dev_get_info(s->dev, &info);
		run.caps = info.caps;
		sweep_works(s);
		sweep_end(s);
	}
	free(s);
}

static const struct sweep_subject *const subjects[] = { &sweep_virtio_net, &sweep_e1000e,
							&sweep_igb };

static bool is_wanted(const char *name, char **names, int n)
{
	for (int i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return !n;
}

/* Those of a table that are named, or all. Returns how many there were. */
static unsigned sweep_table(const struct sweep_call *table, char **names, int n)
{
	unsigned calls = 0;

	for (const struct sweep_call *call = table; call->name; call++) {
		if (!is_wanted(call->name, names, n))
			continue;
		calls++;
		if ((run.caps & call->cap) == call->cap)
			sweep_call(call);
		else
			printf("%s: %s: left out, the device has no such thing (FN_CAP bit %d)\n",
			       sweep_subject->name, call->name,
			       __builtin_ctzll(call->cap & ~run.caps));
	}
	return calls;
}

static unsigned sweep_device(const struct sweep_subject *subject, char **names, int n)
{
	sweep_subject = subject;
	warm_up();
	return sweep_table(sweep_calls, names, n) + sweep_table(sweep_port_calls, names, n);
}

/* sweep [--device NAME] [CALL...]: without a device all of them, without a call all as well. */
int main(int argc, char **argv)
{
	const bool one = argc > 2 && strcmp(argv[1], "--device") == 0;
	const int skip = one ? 3 : 1;
	unsigned calls = 0;

	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	sweep_calls_begin();
	for (unsigned i = 0; i < FN_ARRAY_LEN(subjects); i++)
		if (!one || strcmp(argv[2], subjects[i]->name) == 0)
			calls += sweep_device(subjects[i], argv + skip, argc - skip);
	sweep_calls_end();
	if (!calls)
		fprintf(stderr, "sweep: no such device or call; without names all are swept\n");
	return calls && !run.wrongs ? EXIT_SUCCESS : EXIT_FAILURE;
}
