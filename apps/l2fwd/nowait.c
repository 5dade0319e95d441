// SPDX-License-Identifier: BSD-3-Clause
/*
 * Writing while ports run. Whoever reads the screens and messages may stop reading, or never have
 * begun: frames, signals and events do not wait for him, and what he does not take at once is lost.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "l2fwd.h"

/* By number of the standard descriptor: the one to write to. */
static int fds[] = { -1, STDOUT_FILENO, STDERR_FILENO };

/*
 * The terminal or pipe once more: as long as it is opened again, not to wait is the property of
 * this program alone, and not of everybody who shares the descriptor.
 */
static int open_again(int fd)
{
	struct stat st;
	char path[32];
	int again = -1;

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (fstat(fd, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode)))
		again = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return again >= 0 ? again : fd;
}

void nowait_open(void)
{
	fds[STDOUT_FILENO] = open_again(STDOUT_FILENO);
	fds[STDERR_FILENO] = open_again(STDERR_FILENO);
}

static void write_now(int to, const char *text, size_t len)
{
	const int fd = fds[to];
	/* It could not be opened again, for example after su: only for this moment, then. */
	const int flags = fd == to ? fcntl(fd, F_GETFL) : -1;
	ssize_t done;

	if (flags >= 0)
		(void)fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	while (len && (done = write(fd, text, len)) > 0) {
		text += done;
		len -= (size_t)done;
	}
	if (flags >= 0)
		(void)fcntl(fd, F_SETFL, flags);
}

void show(const char *text, size_t len)
{
	write_now(STDOUT_FILENO, text, len);
}

void say(const char *fmt, ...)
{
	char text[FN_ERROR_TEXT_BYTES + 64];
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (len > 0)
		write_now(STDERR_FILENO, text,
			  (size_t)len < sizeof(text) ? (size_t)len : sizeof(text) - 1);
}
