/* SPDX-License-Identifier: BSD-3-Clause */
/* The locked-memory limit: whether it is what made a mapping fail, and what to type then. */
#ifndef FN_MEM_MEMLOCK_H
#define FN_MEM_MEMLOCK_H

#include <stdint.h>

/**
 * fn_memlock_explain - say that the locked-memory limit is too small, if it is
 * @ret: the -ENOMEM that a target's map gave, whose sentence the thread's last one is
 * @want: bytes that this context would lock if the call went through, all targets together
 * @have: bytes of those that are locked now
 *
 * VFIO counts mapped memory, hugepages included, once per container against RLIMIT_MEMLOCK,
 * unless the process has CAP_IPC_LOCK. What else the process has locked counts too.
 *
 * Return: @ret.
 */
int fn_memlock_explain(int ret, uint64_t want, uint64_t have);

#endif
