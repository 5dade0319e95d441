// SPDX-License-Identifier: BSD-3-Clause
/* The order of going to sleep, with a fence that a test leaves out. */
#include "threaded/race_wrong.h"

#define fn_mb_dma() race_fence()

#include "lib/poll/sleep.c" /* NOLINT(bugprone-suspicious-include) */
