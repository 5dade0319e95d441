/* SPDX-License-Identifier: BSD-3-Clause */
/* For tests that run once for each family of Intel's controllers: BOTH(test) in cmocka's table. */
#ifndef FN_TESTS_MODEL_INTEL_FAMILY_H
#define FN_TESTS_MODEL_INTEL_FAMILY_H

#include "model/intel_dev.h"

static enum intel_family family;

static inline int e1000e(void **state)
{
	(void)state;
	family = INTEL_82574;
	return 0;
}

static inline int igb(void **state)
{
	(void)state;
	family = INTEL_82576;
	return 0;
}

#define BOTH(test)                                     \
	{ #test ", 82574", test, e1000e, NULL, NULL }, \
	{                                              \
#test ", 82576", test, igb, NULL, NULL \
	}

#endif
