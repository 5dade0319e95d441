// SPDX-License-Identifier: BSD-3-Clause
/* What both back ends say of a descriptor that cannot be waited for. */
#include <errno.h>

#include "base/error.h"
#include "poll/wait.h"

static const char *words(int err)
{
	switch (err) {
	case EBADF:
		return "it is not open";
	case EPERM:
		return "a file of its kind is always ready: read and write it as it is";
	case EEXIST:
		return "the poller watches it already: watch it once, for all events, or a dup(2) "
		       "of it";
	case ENOSPC:
		return "this user watches as many as may be: raise fs.epoll.max_user_watches "
		       "(sysctl)";
	case EMFILE:
	case ENFILE:
		return "that takes one more for a moment: raise the limit (ulimit -n)";
	default:
		return fn_strerror(err);
	}
}

int fn_wait_add_failed(const struct fn_wait_mark *mark, int err)
{
	return fn_fail(-err, "cannot watch descriptor %d: %s", mark->fd, words(err));
}
