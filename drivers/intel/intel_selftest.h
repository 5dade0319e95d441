/* SPDX-License-Identifier: BSD-3-Clause */
/* The self-test of a port. */
#ifndef INTEL_SELFTEST_H
#define INTEL_SELFTEST_H

#include <fastnic/selftest.h>

/* Which tests it has: for &fn_dev_limits.selftests, which counts the words of the NVM too. */
uint32_t intel_selftests(const struct fn_dev *dev);

/* As in &struct fn_driver_ops. */
enum fn_selftest_verdict intel_selftest(struct fn_dev *dev, enum fn_selftest_test test,
					char text[FN_SELFTEST_TEXT_BYTES]);

#endif
