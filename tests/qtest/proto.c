// SPDX-License-Identifier: BSD-3-Clause
/* The qtest protocol: reads and posted writes of the guest's address space, a line each. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "qtest/qtest_priv.h"

/* Writes whose OK may wait to be read: few enough that the OKs fit into the socket. */
#define POSTED_MAX 128u

/* An answer mostly comes so soon that a sleep would take longer than it. */
#define SPIN_NS 30000u

static uint64_t ones(unsigned width)
{
	return width >= 8 ? UINT64_MAX : (UINT64_C(1) << (width * 8)) - 1;
}

void qtest_die(struct qtest *q, const char *fmt, ...)
{
	va_list args;

	if (q->dead)
		return;
	q->dead = true;
	va_start(args, fmt);
	(void)vsnprintf(q->why_dead, sizeof(q->why_dead), fmt, args);
	va_end(args);
}

/* Read more of the answers. False, and the QEMU is dead, when none come. */
static bool fill(struct qtest *q)
{
	const uint64_t spin_until = qtest_wall_ns() + SPIN_NS;
	struct pollfd pfd = { .fd = q->proto_fd, .events = POLLIN };
	ssize_t n;

	if (q->in_done) {
		memmove(q->in, q->in + q->in_done, q->in_bytes - q->in_done);
		q->in_bytes -= q->in_done;
		q->in_done = 0;
	}
	do
		n = recv(q->proto_fd, q->in + q->in_bytes, sizeof(q->in) - q->in_bytes,
			 MSG_DONTWAIT);
	while (n < 0 && errno == EAGAIN && qtest_wall_ns() < spin_until);
	if (n < 0 && errno == EAGAIN) {
		if (poll(&pfd, 1, QTEST_DEADLINE_MS) == 0) {
			qtest_die(q, "QEMU has not answered for %d s", QTEST_DEADLINE_MS / 1000);
			return false;
		}
		n = recv(q->proto_fd, q->in + q->in_bytes, sizeof(q->in) - q->in_bytes,
			 MSG_DONTWAIT);
	}
	if (n > 0) {
		q->in_bytes += (size_t)n;
		return true;
	}
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	qtest_die(q, "QEMU has ended");
	return false;
}

/* The next answer, without its newline; NULL when there is none. */
static char *answer(struct qtest *q)
{
	for (;;) {
		char *line = q->in + q->in_done;
		char *end = memchr(line, '\n', q->in_bytes - q->in_done);

		if (end) {
			*end = 0;
			q->in_done = (size_t)(end + 1 - q->in);
			/* Lines of interrupt pins: nobody asked for them. */
			if (strncmp(line, "IRQ ", 4) != 0)
				return line;
			continue;
		}
		if (q->in_bytes - q->in_done == sizeof(q->in)) {
			qtest_die(q, "QEMU sends a line without an end");
			return NULL;
		}
		if (!fill(q))
			return NULL;
	}
}

/* The OKs of writes down to @left of them. */
static void collect(struct qtest *q, unsigned left)
{
	while (!q->dead && q->posted > left) {
		const char *line = answer(q);

		if (!line)
			return;
		q->posted--;
		if (strncmp(line, "OK", 2) != 0)
			qtest_die(q, "QEMU refuses a write: %s", line);
	}
}

static void command(struct qtest *q, const char *line, size_t bytes)
{
	while (bytes && !q->dead) {
		const ssize_t n = send(q->proto_fd, line, bytes, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			qtest_die(q, "QEMU has ended");
			return;
		}
		line += n;
		bytes -= (size_t)n;
	}
}

static char width_letter(unsigned width)
{
	return "?bw?l???q"[width <= 8 ? width : 0];
}

static void post(struct qtest *q, const char *line, int bytes)
{
	qtest_lock(q);
	if (q->posted >= POSTED_MAX)
		collect(q, POSTED_MAX / 2);
	command(q, line, (size_t)bytes);
	q->posted++;
	qtest_unlock(q);
}

void qtest_write(struct qtest *q, uint64_t addr, unsigned width, uint64_t value)
{
	char line[80];
	const int n = snprintf(line, sizeof(line), "write%c 0x%" PRIx64 " 0x%" PRIx64 "\n",
			       width_letter(width), addr, value & ones(width));

	post(q, line, n);
}

void qtest_out32(struct qtest *q, uint16_t port, uint32_t value)
{
	char line[80];
	const int n = snprintf(line, sizeof(line), "outl 0x%x 0x%" PRIx32 "\n", port, value);

	post(q, line, n);
}

uint64_t qtest_read(struct qtest *q, uint64_t addr, unsigned width)
{
	uint64_t value = ones(width);
	const char *line;
	char text[80];
	const int n =
		snprintf(text, sizeof(text), "read%c 0x%" PRIx64 "\n", width_letter(width), addr);

	qtest_lock(q);
	collect(q, 0);
	command(q, text, (size_t)n);
	line = q->dead ? NULL : answer(q);
	if (line && strncmp(line, "OK 0x", 5) == 0)
		value = strtoull(line + 3, NULL, 16) & ones(width);
	else if (line)
		qtest_die(q, "QEMU refuses a read: %s", line);
	qtest_unlock(q);
	return value;
}

void qtest_flush(struct qtest *q)
{
	qtest_lock(q);
	collect(q, 0);
	qtest_unlock(q);
}
