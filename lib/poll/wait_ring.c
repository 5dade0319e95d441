// SPDX-License-Identifier: BSD-3-Clause
/* Making an io_uring that the kernel will have, or saying what forbids it. */
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <unistd.h>

#include "base/error.h"
#include "poll/wait_ring.h"

/* Waits with a time-out, no completion lost; the kernel that has the last has multishot polls. */
#define FEATURES (IORING_FEAT_EXT_ARG | IORING_FEAT_NODROP | IORING_FEAT_RSRC_TAGS)

static int sysctl_io_uring_disabled(void)
{
	char text[8] = "";
	int fd = open("/proc/sys/kernel/io_uring_disabled", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		(void)close(fd);
	return n > 0 ? text[0] - '0' : 0;
}

static int is_forbidden(void)
{
	int disabled = sysctl_io_uring_disabled();

	if (disabled == 1)
		return fn_fail(-EPERM, "the kernel lets only some use io_uring: sysctl -w "
				       "kernel.io_uring_disabled=0, join the group of "
				       "kernel.io_uring_group, or wait by epoll");
	if (disabled)
		return fn_fail(-EPERM, "the kernel lets nobody use io_uring: sysctl -w "
				       "kernel.io_uring_disabled=0, or wait by epoll");
	return fn_fail(-EPERM,
		       "a filter of system calls (seccomp; containers have one) forbids io_uring: "
		       "have it allow io_uring_setup, io_uring_enter and io_uring_register, or "
		       "wait by epoll");
}

static int ring_failed(int ret, uint32_t entries)
{
	switch (-ret) {
	case ENOSYS:
		return fn_fail(
			ret, "no io_uring here: the kernel is older than 5.14 or made without it, "
			     "or a filter of system calls (seccomp; containers have one) hides it: "
			     "have that allow io_uring_setup, io_uring_enter and "
			     "io_uring_register, or wait by epoll");
	case EPERM:
		return is_forbidden();
	case ENOMEM:
		return fn_fail(ret,
			       "out of memory for an io_uring of %u entries: ask for fewer "
			       "(ring_entries), or raise the limit of locked memory (ulimit -l)",
			       entries);
	case EMFILE:
	case ENFILE:
		return fn_fail(ret,
			       "no file descriptor for an io_uring: %s; raise the limit "
			       "(ulimit -n)",
			       fn_strerror(-ret));
	case EINVAL:
		return fn_fail(ret,
			       "the kernel makes no io_uring of %u entries: ask for fewer "
			       "(ring_entries)",
			       entries);
	default:
		return fn_fail(ret, "cannot make an io_uring of %u entries: %s", entries,
			       fn_strerror(-ret));
	}
}

int fn_wait_ring_make(struct io_uring *ring, uint32_t entries)
{
	/* Without the flag a worker that only looks would not know when to enter the kernel. */
	struct io_uring_params params = {
		.flags = IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG,
	};
	int ret = io_uring_queue_init_params(entries, ring, &params);

	if (ret == -EINVAL) {
		/* Kernels before 5.19. */
		params = (struct io_uring_params){ 0 };
		ret = io_uring_queue_init_params(entries, ring, &params);
	}
	if (ret)
		return ring_failed(ret, entries);
	if ((params.features & FEATURES) == FEATURES)
		return 0;
	io_uring_queue_exit(ring);
	return ring_failed(-ENOSYS, entries);
}
