/* SPDX-License-Identifier: BSD-3-Clause */
/* What the tests of the models have in common. */
#ifndef FN_TESTS_MODEL_TEST_H
#define FN_TESTS_MODEL_TEST_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Microsoft's key of the published RSS test vectors. */
static const uint8_t rss_key[40] = {
	0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
	0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
	0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};

/* The model has seen exactly this mistake; forget it. */
#define assert_violation(md, part)                              \
	do {                                                    \
		assert_non_null((md)->violation);               \
		assert_non_null(strstr((md)->violation, part)); \
		(md)->violation = NULL;                         \
	} while (0)

#define assert_no_violation(md)                          \
	do {                                             \
		if ((md)->violation)                     \
			fail_msg("%s", (md)->violation); \
	} while (0)

#endif
