// SPDX-License-Identifier: BSD-3-Clause
/* What a session asks of the system, answered so that it is its seed's alone, and quick. */
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

/* Newer than the C library of the oldest distribution that we build on. */
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

/* The linker's names: NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
ssize_t __wrap_getrandom(void *buf, size_t len, unsigned flags);
int __real_madvise(void *va, size_t len, int advice);
int __wrap_madvise(void *va, size_t len, int advice);

/* The same bytes each time. */
ssize_t __wrap_getrandom(void *buf, size_t len, unsigned flags)
{
	(void)flags;
	memset(buf, 0x3c, len);
	return (ssize_t)len;
}

/* Pages come when they are touched: most of a session's are not. */
int __wrap_madvise(void *va, size_t len, int advice)
{
	return advice == MADV_POPULATE_WRITE ? 0 : __real_madvise(va, len, advice);
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
