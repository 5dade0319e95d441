// SPDX-License-Identifier: BSD-3-Clause
/* Writing to whoever reads l2fwd's screens, without ever waiting for him. */
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "l2fwd.h"

/*
 * A descriptor for the screens that never waits: the terminal or pipe of standard output once more,
 * because the flag would be everybody's who shares it. A file takes what it gets.
 */
int screen_open(void)
{
	struct stat st;
	int fd = -1;

	if (fstat(STDOUT_FILENO, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode)))
		fd = open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return fd >= 0 ? fd : STDOUT_FILENO;
}

/*
 * Whoever reads the screen may stop reading, or never have begun: frames, signals and events do not
 * wait for him. What he does not take at once of a screen is left out.
 */
void screen_write(int fd, const char *text, size_t len)
{
	struct pollfd out = { .fd = fd, .events = POLLOUT };

	while (len) {
		/* A pipe that can be written at all takes as much as this. */
		const size_t part = len < PIPE_BUF ? len : PIPE_BUF;
		ssize_t done;

		if (poll(&out, 1, 0) != 1 || !(out.revents & POLLOUT))
			return;
		done = write(fd, text, part);
		if (done <= 0)
			return;
		text += done;
		len -= (size_t)done;
	}
}

void screen_close(int fd)
{
	if (fd != STDOUT_FILENO)
		(void)close(fd);
}
