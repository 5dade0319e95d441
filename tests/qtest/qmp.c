// SPDX-License-Identifier: BSD-3-Clause
/* QMP, a JSON object a line: commands, and the one event that the harness waits for. */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "qtest/qtest_priv.h"

/* Read more, until @until. 0; -ETIMEDOUT; -EPIPE when QEMU has ended. */
static int fill(struct qtest *q, uint64_t until)
{
	struct pollfd pfd = { .fd = q->qmp_fd, .events = POLLIN };
	const uint64_t now = qtest_wall_ns();
	ssize_t n;

	if (q->qmp_bytes == sizeof(q->qmp_in))
		return fn_fail(-EIO, "QEMU sends a QMP line of more than %zu bytes",
			       sizeof(q->qmp_in));
	if (now >= until || poll(&pfd, 1, (int)((until - now) / 1000000u) + 1) == 0)
		return fn_fail(-ETIMEDOUT, "QEMU does not answer on QMP");
	n = recv(q->qmp_fd, q->qmp_in + q->qmp_bytes, sizeof(q->qmp_in) - q->qmp_bytes,
		 MSG_DONTWAIT);
	if (n > 0)
		q->qmp_bytes += (size_t)n;
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		return fn_fail(-EPIPE, "QEMU has ended: no answer on QMP");
	return 0;
}

/* What an event tells that somebody may wait for. */
static void note_event(struct qtest *q, const char *line)
{
	static const char key[] = "\"device\": \"";
	const char *id;

	if (!strstr(line, "\"DEVICE_DELETED\""))
		return;
	id = strstr(line, key);
	if (!id)
		return;
	id += sizeof(key) - 1;
	(void)snprintf(q->deleted, sizeof(q->deleted), "%.*s", (int)strcspn(id, "\""), id);
}

/* The next line. Events are noted; they come out too. */
static int next_line(struct qtest *q, char *line, size_t bytes, uint64_t until)
{
	char *end;
	size_t len;

	while (!(end = memchr(q->qmp_in, '\n', q->qmp_bytes))) {
		int ret = fill(q, until);

		if (ret)
			return ret;
	}
	*end = 0;
	len = (size_t)(end + 1 - q->qmp_in);
	/* Nobody looks at the end of a line that is longer than @bytes. */
	memcpy(line, q->qmp_in, len < bytes ? len : bytes);
	line[bytes - 1] = 0;
	q->qmp_bytes -= len;
	memmove(q->qmp_in, end + 1, q->qmp_bytes);
	note_event(q, line);
	return 0;
}

static int send_all(struct qtest *q, const char *text, size_t bytes)
{
	while (bytes) {
		const ssize_t n = send(q->qmp_fd, text, bytes, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			return fn_fail(-EPIPE, "QEMU has ended: QMP does not take a command");
		if (n > 0) {
			text += n;
			bytes -= (size_t)n;
		}
	}
	return 0;
}

static int execute(struct qtest *q, const char *text, char *answer, size_t bytes, uint64_t until)
{
	int ret = send_all(q, text, strlen(text));

	while (!ret) {
		ret = next_line(q, answer, bytes, until);
		if (ret || strncmp(answer, "{\"return\"", 9) == 0)
			return ret;
		if (strncmp(answer, "{\"error\"", 8) == 0)
			return fn_fail(-EIO, "QEMU refuses %.*s: %s", (int)strcspn(text, "\n"),
				       text, answer);
	}
	return ret;
}

static int greet(struct qtest *q, char *line, size_t bytes, uint64_t until)
{
	int ret;

	if (q->qmp_ready)
		return 0;
	ret = next_line(q, line, bytes, until);
	if (!ret)
		ret = execute(q, "{\"execute\": \"qmp_capabilities\"}\n", line, bytes, until);
	q->qmp_ready = !ret;
	return ret;
}

int qtest_qmp(struct qtest *q, char *answer, size_t bytes, const char *fmt, ...)
{
	const uint64_t until = qtest_wall_ns() + QTEST_DEADLINE_MS * UINT64_C(1000000);
	char line[4096];
	char text[2048];
	va_list args;
	int len;
	int ret;

	va_start(args, fmt);
	len = vsnprintf(text, sizeof(text) - 1, fmt, args);
	va_end(args);
	if (len < 0 || (size_t)len >= sizeof(text) - 1)
		return fn_fail(-EINVAL, "a QMP command of %d bytes is too long", len);
	text[len] = '\n';
	text[len + 1] = 0;
	qtest_lock(q);
	ret = greet(q, line, sizeof(line), until);
	if (!ret)
		ret = execute(q, text, line, sizeof(line), until);
	qtest_unlock(q);
	if (!ret && answer)
		(void)snprintf(answer, bytes, "%s", line);
	return ret;
}

int qtest_qmp_wait_deleted(struct qtest *q, const char *id)
{
	const uint64_t until = qtest_wall_ns() + QTEST_DEADLINE_MS * UINT64_C(1000000);
	char line[4096];
	int ret = 0;

	while (!ret && strcmp(q->deleted, id) != 0)
		ret = next_line(q, line, sizeof(line), until);
	q->deleted[0] = 0;
	return ret;
}

int qtest_set_link(struct qtest *q, unsigned nic, bool up)
{
	return qtest_qmp(q, NULL, 0,
			 "{\"execute\": \"set_link\", \"arguments\": "
			 "{\"name\": \"nic%u\", \"up\": %s}}",
			 nic, up ? "true" : "false");
}
