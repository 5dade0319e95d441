// SPDX-License-Identifier: BSD-3-Clause
/* What both back ends say of a descriptor that cannot be waited for. */
#include <errno.h>

#include "base/error.h"
#include "poll/wait.h"

int fn_wait_add_failed(const struct fn_wait_mark *mark, int err)
{
	switch (err) {
	case EBADF:
		return fn_fail(-err, "cannot watch descriptor %d: it is not open", mark->fd);
	case EPERM:
		return fn_fail(
			-err,
			"cannot watch descriptor %d: a file of that kind is always ready and cannot be "
			"waited for; read and write it as it is",
			mark->fd);
	case EEXIST:
		return fn_fail(-err,
			       "cannot watch descriptor %d: the poller watches it already; watch it "
			       "once, for all events, or a dup(2) of it",
			       mark->fd);
	case ENOSPC:
		return fn_fail(-err,
			       "cannot watch descriptor %d: the user watches as many as may be; "
			       "raise fs.epoll.max_user_watches (sysctl)",
			       mark->fd);
	default:
		return fn_fail(-err, "cannot watch descriptor %d: %s", mark->fd, fn_strerror(err));
	}
}
