/* SPDX-License-Identifier: BSD-3-Clause */
/* Making the io_uring that a worker waits by. */
#ifndef FN_POLL_WAIT_RING_H
#define FN_POLL_WAIT_RING_H

#include <stdint.h>

struct io_uring;

/**
 * fn_wait_ring_make - make a ring that any thread may use, one after the other
 * @ring: filled
 * @entries: submission entries
 *
 * Return: 0; -ENOSYS, -EPERM, -ENOMEM, -EMFILE, -ENFILE or -EINVAL, with fn_fail().
 */
int fn_wait_ring_make(struct io_uring *ring, uint32_t entries);

#endif
