// SPDX-License-Identifier: BSD-3-Clause
/* The count of calls that can fail, and the wrappers of memory and system calls. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sweep/fault.h"

/* Newer than the C library of the oldest distribution that we build on. */
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

static struct {
	bool armed;
	enum fault_mode mode;
	unsigned at;
	struct fault_report report;
} now;

static struct fault_live live;

void fault_arm(enum fault_mode mode, unsigned n)
{
	now.mode = mode;
	now.at = n;
	now.report = (struct fault_report){ 0 };
	now.armed = true;
}

struct fault_report fault_disarm(void)
{
	now.armed = false;
	return now.report;
}

bool fault_is_armed(void)
{
	return now.armed;
}

struct fault_live fault_live(void)
{
	return live;
}

void fault_window(int by)
{
	live.windows += by;
}

static bool count(const char *what, bool shown)
{
	const unsigned at = now.at;
	bool hit;

	now.report.points++;
	hit = now.mode == FAULT_FROM ? at && now.report.points >= at : now.report.points == at;
	if (hit && !now.report.fired) {
		now.report.fired = true;
		now.report.what = what;
		now.report.shown = shown;
	}
	return hit;
}

static bool calls_fail(void)
{
	return now.mode == FAULT_ONCE || now.mode == FAULT_FROM;
}

bool fault_here(const char *what)
{
	return now.armed && calls_fail() && count(what, false);
}

int fault_bus_here(const char *what)
{
	const bool first = !now.report.fired;

	if (!now.armed || !calls_fail() || !count(what, true))
		return 0;
	return first ? -FAULT_FIRST_CODE : -FAULT_LATER_CODE;
}

bool fault_access_here(const char *what)
{
	return now.armed && now.mode == FAULT_GONE && count(what, false);
}

bool fault_read_here(const char *what)
{
	return now.armed && now.mode == FAULT_LOST && count(what, false);
}

/*
 * The wrappers. The linker names them: a call of malloc() in any object of the program comes to
 * __wrap_malloc(), and __real_malloc() is the C library's. The names are its choice.
 */
/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
#define WRAP(type, name, ...)            \
	type __real_##name(__VA_ARGS__); \
	type __wrap_##name(__VA_ARGS__); \
	type __wrap_##name(__VA_ARGS__)

/* errno is set as the call would. */
static bool fails(const char *what, int err)
{
	if (!fault_here(what))
		return false;
	errno = err;
	return true;
}

static void *given(void *mem)
{
	live.allocs += mem != NULL;
	return mem;
}

WRAP(void *, malloc, size_t bytes)
{
	return fails("malloc", ENOMEM) ? NULL : given(__real_malloc(bytes));
}

WRAP(void *, calloc, size_t n, size_t bytes)
{
	return fails("calloc", ENOMEM) ? NULL : given(__real_calloc(n, bytes));
}

WRAP(void *, realloc, void *old, size_t bytes)
{
	void *mem = fails("realloc", ENOMEM) ? NULL : __real_realloc(old, bytes);

	return old ? mem : given(mem);
}

WRAP(void *, aligned_alloc, size_t align, size_t bytes)
{
	return fails("aligned_alloc", ENOMEM) ? NULL : given(__real_aligned_alloc(align, bytes));
}

WRAP(char *, strdup, const char *text)
{
	return fails("strdup", ENOMEM) ? NULL : given(__real_strdup(text));
}

WRAP(void, free, void *mem)
{
	live.allocs -= mem != NULL;
	__real_free(mem);
}

WRAP(void *, mmap, void *va, size_t len, int prot, int flags, int fd, off_t off)
{
	void *mem;

	if (fails("mmap", ENOMEM))
		return MAP_FAILED;
	mem = __real_mmap(va, len, prot, flags, fd, off);
	live.maps += mem != MAP_FAILED;
	return mem;
}

WRAP(int, munmap, void *va, size_t len)
{
	live.maps--;
	return __real_munmap(va, len);
}

/*
 * Pages are not made present before they are touched: of the 800 of a world few are, and to make
 * the others was most of the sweep's time.
 */
WRAP(int, madvise, void *va, size_t len, int advice)
{
	if (fails("madvise", ENOMEM))
		return -1;
	return advice == MADV_POPULATE_WRITE ? 0 : __real_madvise(va, len, advice);
}

WRAP(int, memfd_create, const char *name, unsigned flags)
{
	return fails("memfd_create", EMFILE) ? -1 : __real_memfd_create(name, flags);
}

WRAP(int, ftruncate, int fd, off_t len)
{
	return fails("ftruncate", ENOSPC) ? -1 : __real_ftruncate(fd, len);
}

WRAP(int, eventfd, unsigned count_at_first, int flags)
{
	return fails("eventfd", EMFILE) ? -1 : __real_eventfd(count_at_first, flags);
}

WRAP(int, epoll_create1, int flags)
{
	return fails("epoll_create1", EMFILE) ? -1 : __real_epoll_create1(flags);
}

/* To take a descriptor out of the set never fails when it is in there. */
WRAP(int, epoll_ctl, int epfd, int op, int fd, struct epoll_event *event)
{
	if (op == EPOLL_CTL_ADD && fails("epoll_ctl", ENOMEM))
		return -1;
	return __real_epoll_ctl(epfd, op, fd, event);
}

/* The same bytes each time: what is made of them must not differ between two runs. */
ssize_t __wrap_getrandom(void *buf, size_t len, unsigned flags);

ssize_t __wrap_getrandom(void *buf, size_t len, unsigned flags)
{
	(void)flags;
	if (fails("getrandom", ENOSYS))
		return -1;
	memset(buf, 0x3c, len);
	return (ssize_t)len;
}

WRAP(FILE *, fopen, const char *path, const char *mode)
{
	return fails("fopen", EMFILE) ? NULL : __real_fopen(path, mode);
}

WRAP(DIR *, opendir, const char *path)
{
	return fails("opendir", EMFILE) ? NULL : __real_opendir(path);
}

WRAP(int, access, const char *path, int mode)
{
	return fails("access", EACCES) ? -1 : __real_access(path, mode);
}

WRAP(ssize_t, readlink, const char *path, char *buf, size_t bytes)
{
	return fails("readlink", ENOENT) ? -1 : __real_readlink(path, buf, bytes);
}

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);

int __wrap_open(const char *path, int flags, ...)
{
	unsigned mode = 0;
	va_list args;

	if (flags & O_CREAT) {
		va_start(args, flags);
		mode = va_arg(args, unsigned);
		va_end(args);
	}
	return fails("open", EMFILE) ? -1 : __real_open(path, flags, mode);
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
