// SPDX-License-Identifier: BSD-3-Clause
/* Option and information structs between callers and libraries of different age. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/opts.h"

/* What this library knows, and what a newer caller has behind it. */
struct now {
	size_t sz;
	uint64_t a;
	uint64_t b;
};

struct newer {
	size_t sz;
	uint64_t a;
	uint64_t b;
	uint64_t c;
};

static void none_means_defaults(void **state)
{
	struct now ours;

	(void)state;
	memset(&ours, 0xff, sizeof(ours));
	assert_true(fn_opts_get(&ours, sizeof(ours), NULL));
	assert_int_equal(ours.sz, sizeof(ours));
	assert_int_equal(ours.a, 0);
	assert_int_equal(ours.b, 0);
}

static void same_age(void **state)
{
	const struct now theirs = { sizeof(theirs), 1, 2 };
	struct now ours;

	(void)state;
	assert_true(fn_opts_get(&ours, sizeof(ours), &theirs));
	assert_memory_equal(&ours, &theirs, sizeof(ours));
}

/* What lies behind an older caller's struct is not read. */
static void older_caller(void **state)
{
	const struct now theirs = { offsetof(struct now, b), 1, 2 };
	struct now ours;

	(void)state;
	memset(&ours, 0xff, sizeof(ours));
	assert_true(fn_opts_get(&ours, sizeof(ours), &theirs));
	assert_int_equal(ours.sz, sizeof(ours));
	assert_int_equal(ours.a, 1);
	assert_int_equal(ours.b, 0);
}

/* A newer caller who asks for nothing new is served, one who does is refused. */
static void newer_caller(void **state)
{
	struct newer theirs = { sizeof(theirs), 1, 2, 0 };
	struct now ours;

	(void)state;
	assert_true(fn_opts_get(&ours, sizeof(ours), &theirs));
	assert_int_equal(ours.sz, sizeof(ours));
	assert_int_equal(ours.b, 2);
	theirs.c = 1ull << 56;
	assert_false(fn_opts_get(&ours, sizeof(ours), &theirs));
}

static void forgotten_size(void **state)
{
	const struct now theirs = { 0, 1, 2 };
	const struct now tiny = { sizeof(size_t) - 1, 1, 2 };
	struct now ours;

	(void)state;
	assert_false(fn_opts_get(&ours, sizeof(ours), &theirs));
	assert_false(fn_opts_get(&ours, sizeof(ours), &tiny));
}

static void info_same_age(void **state)
{
	const struct now ours = { sizeof(ours), 1, 2 };
	struct now theirs = { sizeof(theirs), 8, 9 };

	(void)state;
	fn_info_put(&theirs, &ours, sizeof(ours));
	assert_memory_equal(&theirs, &ours, sizeof(ours));
}

/* No byte behind the size that the caller gave is written, and that size stays. */
static void info_older_caller(void **state)
{
	const struct now ours = { sizeof(ours), 1, 2 };

	(void)state;
	for (size_t sz = 0; sz <= sizeof(ours); sz++) {
		unsigned char theirs[sizeof(ours)];

		memset(theirs, 0xee, sizeof(theirs));
		memcpy(theirs, &sz, sizeof(sz));
		fn_info_put(theirs, &ours, sizeof(ours));
		assert_memory_equal(theirs, &sz, sizeof(sz));
		for (size_t i = sizeof(sz); i < sizeof(theirs); i++)
			assert_int_equal(theirs[i],
					 i < sz ? ((const unsigned char *)&ours)[i] : 0xee);
	}
}

/* What this library does not know reads as zero. */
static void info_newer_caller(void **state)
{
	const struct now ours = { sizeof(ours), 1, 2 };
	struct newer theirs = { sizeof(theirs), 7, 8, 9 };

	(void)state;
	fn_info_put(&theirs, &ours, sizeof(ours));
	assert_int_equal(theirs.sz, sizeof(theirs));
	assert_int_equal(theirs.a, 1);
	assert_int_equal(theirs.b, 2);
	assert_int_equal(theirs.c, 0);
}

/* The place for a sentence is the caller's also in a struct that is still to be filled. */
static void err_of_a_struct_to_fill(void **state)
{
	struct fn_error err = FN_ERROR_INIT;
	struct {
		size_t sz;
		struct fn_error *err;
		unsigned char rest[16];
	} theirs;

	(void)state;
	memset(&theirs, 0xee, sizeof(theirs));
	theirs.err = &err;
	assert_null(fn_opts_err(NULL));
	for (size_t sz = 0; sz <= sizeof(theirs); sz++) {
		theirs.sz = sz;
		assert_ptr_equal(fn_opts_err(&theirs),
				 sz < sizeof(theirs.sz) + sizeof(theirs.err) ? NULL : &err);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(none_means_defaults),
		cmocka_unit_test(same_age),
		cmocka_unit_test(older_caller),
		cmocka_unit_test(newer_caller),
		cmocka_unit_test(forgotten_size),
		cmocka_unit_test(info_same_age),
		cmocka_unit_test(info_older_caller),
		cmocka_unit_test(info_newer_caller),
		cmocka_unit_test(err_of_a_struct_to_fill),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
