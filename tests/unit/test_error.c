// SPDX-License-Identifier: BSD-3-Clause
/* Errors: the thread's last sentence, the caller's struct, and one line in the log. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/ctx.h"
#include "base/error.h"

static void *another_thread(void *arg)
{
	assert_string_equal(fn_error_last(), "");
	(void)fn_fail(-EIO, "of the other thread");
	*(bool *)arg = strcmp(fn_error_last(), "of the other thread") == 0;
	return NULL;
}

static void last_is_per_thread(void **state)
{
	pthread_t thread;
	bool ok = false;

	(void)state;
	assert_int_equal(fn_fail(-EBUSY, "%s: %d", "mine", 7), -EBUSY);
	assert_int_equal(pthread_create(&thread, NULL, another_thread, &ok), 0);
	(void)pthread_join(thread, NULL);
	assert_true(ok);
	assert_string_equal(fn_error_last(), "mine: 7");
}

static void add_goes_behind(void **state)
{
	(void)state;
	(void)fn_fail(-EIO, "cause");
	assert_int_equal(fn_fail_add(-EIO, "; do %s", "this"), -EIO);
	assert_string_equal(fn_error_last(), "cause; do this");
}

/* A sentence may be built from the last one. */
static void last_as_argument(void **state)
{
	(void)state;
	(void)fn_fail(-EIO, "inner");
	(void)fn_fail(-EIO, "outer: %s", fn_error_last());
	assert_string_equal(fn_error_last(), "outer: inner");
}

static void long_sentences_are_cut(void **state)
{
	char text[2 * FN_ERROR_TEXT_BYTES];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	(void)fn_fail(-EIO, "%s", text);
	assert_int_equal(strlen(fn_error_last()), FN_ERROR_TEXT_BYTES - 1);
	(void)fn_fail_add(-EIO, "more");
	assert_int_equal(strlen(fn_error_last()), FN_ERROR_TEXT_BYTES - 1);
	(void)fn_fail(-EIO, "%.*s", FN_ERROR_TEXT_BYTES - 2, text);
	(void)fn_fail_add(-EIO, "%s", "yz");
	assert_int_equal(strlen(fn_error_last()), FN_ERROR_TEXT_BYTES - 1);
	assert_int_equal(fn_error_last()[FN_ERROR_TEXT_BYTES - 2], 'y');
}

struct sink {
	unsigned lines;
	enum fn_log_level level;
	char line[FN_ERROR_TEXT_BYTES];
};

static void take_line(void *arg, enum fn_log_level level, const char *line)
{
	struct sink *sink = arg;

	sink->lines++;
	sink->level = level;
	(void)snprintf(sink->line, sizeof(sink->line), "%s", line);
}

static void report_fills_and_logs_once(void **state)
{
	struct sink sink = { 0 };
	struct fn_ctx ctx = { .opts = { .log = take_line, .log_arg = &sink } };
	struct fn_error err = FN_ERROR_INIT;

	(void)state;
	assert_int_equal(fn_report(&ctx, &err, fn_fail(-EIO, "it broke")), -EIO);
	assert_int_equal(err.code, -EIO);
	assert_string_equal(err.text, "it broke");
	assert_int_equal(sink.lines, 1);
	assert_int_equal(sink.level, FN_LOG_ERROR);
	assert_string_equal(sink.line, "it broke");
}

static void success_reports_nothing(void **state)
{
	struct sink sink = { 0 };
	struct fn_ctx ctx = { .opts = { .log = take_line, .log_arg = &sink } };
	struct fn_error err = FN_ERROR_INIT;

	(void)state;
	err.code = 77;
	assert_int_equal(fn_report(&ctx, &err, 0), 0);
	assert_int_equal(fn_report(&ctx, &err, 3), 3);
	assert_int_equal(err.code, 77);
	assert_int_equal(sink.lines, 0);
	/* Nobody to tell is fine, too. */
	assert_int_equal(fn_report(NULL, NULL, -EIO), -EIO);
}

/* No byte behind the caller's size is written, and the text ends within it. */
static void report_to_an_older_struct(void **state)
{
	(void)state;
	for (size_t sz = 0; sz <= sizeof(struct fn_error); sz++) {
		union {
			struct fn_error err;
			char bytes[sizeof(struct fn_error)];
		} theirs;

		memset(&theirs, 0x5a, sizeof(theirs));
		theirs.err.sz = sz;
		(void)fn_report(NULL, &theirs.err, fn_fail(-EIO, "a sentence of some length"));
		for (size_t i = sz < sizeof(sz) ? sizeof(sz) : sz; i < sizeof(theirs); i++)
			assert_int_equal(theirs.bytes[i], 0x5a);
		if (sz >= offsetof(struct fn_error, text))
			assert_int_equal(theirs.err.code, -EIO);
		if (sz > offsetof(struct fn_error, text))
			assert_non_null(memchr(theirs.err.text, '\0',
					       sz - offsetof(struct fn_error, text)));
	}
}

static void levels(void **state)
{
	struct sink sink = { 0 };
	struct fn_ctx ctx = {
		.opts = { .log = take_line, .log_arg = &sink, .log_level = FN_LOG_WARN }
	};
	struct fn_ctx mute = { .opts = { .log_level = FN_LOG_DEBUG } };

	(void)state;
	fn_log(&ctx, FN_LOG_INFO, "too little");
	assert_int_equal(sink.lines, 0);
	fn_log(&ctx, FN_LOG_WARN, "number %d", 5);
	assert_int_equal(sink.lines, 1);
	assert_int_equal(sink.level, FN_LOG_WARN);
	assert_string_equal(sink.line, "number 5");
	fn_log(&mute, FN_LOG_ERROR, "nobody listens");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(last_is_per_thread),
		cmocka_unit_test(add_goes_behind),
		cmocka_unit_test(last_as_argument),
		cmocka_unit_test(long_sentences_are_cut),
		cmocka_unit_test(report_fills_and_logs_once),
		cmocka_unit_test(success_reports_nothing),
		cmocka_unit_test(report_to_an_older_struct),
		cmocka_unit_test(levels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
