/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a wake-up that was counted as lost looked like: the rings, the interrupts, the machine, and
 * whether it came at last. Taken on the worker, where fn_rxq_disarm() is called for the first time
 * behind the count, while everything is still armed.
 */
#ifndef FN_TESTS_CONFORM_LOST_H
#define FN_TESTS_CONFORM_LOST_H

#include <fastnic/poller.h>

/* From here on the poller's lost wake-ups are looked at; it has not run yet. */
void lost_begin(struct fn_poller *poller);

/* No more: the poller does not run, and is about to be destroyed. */
void lost_end(void);

/* What was seen of the first one, once it is told; NULL: there was none yet. Any thread. */
const char *lost_said(void);

#endif
