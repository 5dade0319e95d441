// SPDX-License-Identifier: BSD-3-Clause
/* Wires: frames in and out of a socket that is QEMU's network back end. tap.c has the taps. */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "qtest/qtest_priv.h"

/* A frame as long as a TSO segment of 64 KiB with its headers. */
#define FRAME_MAX 0x11000u
#define LENGTH_BYTES 4u
#define IN_BYTES ((size_t)2 * (LENGTH_BYTES + FRAME_MAX))

/* What the kernel holds for one direction: some hundred large frames. */
#define SOCKET_BYTES (4 << 20)

static int socket_make(struct qtest_wire *wire, int type)
{
	const int bytes = SOCKET_BYTES;
	int fds[2];

	if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds))
		return fn_fail(-errno, "no socket to be had: %s", fn_strerror(errno));
	/* As much as the system allows. */
	for (unsigned i = 0; i < 2; i++)
		(void)setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	wire->fd = fds[0];
	wire->qemu_fd[0] = fds[1];
	wire->qemu_fds = 1;
	return 0;
}

static int stream_make(struct qtest_wire *wire)
{
	wire->out = malloc(LENGTH_BYTES + FRAME_MAX);
	wire->in = malloc(IN_BYTES);
	if (wire->out && wire->in)
		return socket_make(wire, SOCK_STREAM);
	free(wire->out);
	free(wire->in);
	return fn_fail(-ENOMEM, "out of memory for a wire");
}

int qtest_wire_make(struct qtest_wire *wire, const struct qtest_nic_opts *opts)
{
	*wire = (struct qtest_wire){ .kind = opts->wire, .fd = -1 };
	if (opts->queues > 1 && opts->wire != QTEST_TAP)
		return fn_fail(-EINVAL, "%u queues need a tap: QEMU has one on any other wire",
			       opts->queues);
	switch (opts->wire) {
	case QTEST_SOCKET:
		return stream_make(wire);
	case QTEST_DGRAM:
		return socket_make(wire, SOCK_DGRAM);
	case QTEST_TAP:
		return qtest_tap_make(wire, opts->queues ? opts->queues : 1);
	case QTEST_HUB:
		break;
	}
	return 0;
}

void qtest_wire_qemu_has(struct qtest_wire *wire)
{
	for (unsigned i = 0; i < wire->qemu_fds; i++)
		(void)close(wire->qemu_fd[i]);
	wire->qemu_fds = 0;
}

void qtest_wire_free(struct qtest_wire *wire)
{
	qtest_wire_qemu_has(wire);
	if (wire->fd >= 0)
		(void)close(wire->fd);
	free(wire->out);
	free(wire->in);
}

static int send_failed(void)
{
	if (errno == EAGAIN || errno == ENOBUFS)
		return -EAGAIN;
	if (errno == EMSGSIZE)
		return fn_fail(-EMSGSIZE, "the frame is too long for the wire");
	return fn_fail(-EPIPE, "the wire takes no frame: %s", fn_strerror(errno));
}

/* The rest of a frame that did not fit: it has to be out before the next one. */
static int stream_flush(struct qtest_wire *wire)
{
	while (wire->out_done < wire->out_bytes) {
		const ssize_t n =
			send(wire->fd, wire->out + wire->out_done, wire->out_bytes - wire->out_done,
			     MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0)
			return send_failed();
		wire->out_done += (size_t)n;
	}
	return 0;
}

/*
 * QEMU wants each frame's length in front of it, 4 bytes, big-endian. A frame that does not fit is
 * kept here, and is on its way all the same; only the one after it has to wait.
 */
static int stream_send(struct qtest_wire *wire, const void *frame, size_t len)
{
	const uint32_t head = htonl((uint32_t)len);
	int ret = stream_flush(wire);

	if (ret)
		return ret;
	memcpy(wire->out, &head, LENGTH_BYTES);
	memcpy(wire->out + LENGTH_BYTES, frame, len);
	wire->out_bytes = LENGTH_BYTES + len;
	wire->out_done = 0;
	ret = stream_flush(wire);
	return ret == -EAGAIN ? 0 : ret;
}

int qtest_send_request(struct qtest *q, unsigned nic, const struct wire_request *request,
		       const void *frame, size_t len)
{
	struct qtest_wire *wire = &q->nics[nic].wire;

	if (wire->kind == QTEST_HUB || (request && wire->kind != QTEST_TAP))
		return fn_fail(-EINVAL, "%s: this wire does not take %s", q->nics[nic].name,
			       request ? "requests" : "frames from the test");
	if (len > FRAME_MAX)
		return fn_fail(-EMSGSIZE, "a frame of %zu bytes is too long for the wire", len);
	/* Writes go to QEMU by another way: no frame overtakes what the driver wrote before. */
	qtest_flush(q);
	if (wire->kind == QTEST_TAP)
		return qtest_tap_send(wire, request, frame, len);
	if (wire->kind == QTEST_SOCKET)
		return stream_send(wire, frame, len);
	return send(wire->fd, frame, len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? send_failed() : 0;
}

int qtest_send(struct qtest *q, unsigned nic, const void *frame, size_t len)
{
	return qtest_send_request(q, nic, NULL, frame, len);
}

/* What is read and not taken moves to the front, and more is read behind it. */
static void stream_fill(struct qtest_wire *wire)
{
	ssize_t n;

	wire->in_bytes -= wire->in_done;
	memmove(wire->in, wire->in + wire->in_done, wire->in_bytes);
	wire->in_done = 0;
	n = recv(wire->fd, wire->in + wire->in_bytes, IN_BYTES - wire->in_bytes, MSG_DONTWAIT);
	if (n > 0)
		wire->in_bytes += (size_t)n;
}

static size_t stream_take(struct qtest_wire *wire, void *buf, size_t bytes)
{
	for (unsigned again = 0; again < 2; again++) {
		const uint8_t *at = wire->in + wire->in_done;
		const size_t have = wire->in_bytes - wire->in_done;
		uint32_t head = 0;
		size_t len;

		if (have >= LENGTH_BYTES)
			memcpy(&head, at, LENGTH_BYTES);
		len = ntohl(head);
		if (have >= LENGTH_BYTES && have - LENGTH_BYTES >= len) {
			memcpy(buf, at + LENGTH_BYTES, len < bytes ? len : bytes);
			wire->in_done += LENGTH_BYTES + len;
			return len;
		}
		if (!again)
			stream_fill(wire);
	}
	return 0;
}

/* Look for a frame, and do not wait. */
static size_t take(struct qtest_wire *wire, struct wire_request *request, void *buf, size_t bytes)
{
	ssize_t n;

	switch (wire->kind) {
	case QTEST_SOCKET:
		(void)stream_flush(wire);
		return stream_take(wire, buf, bytes);
	case QTEST_DGRAM:
		n = recv(wire->fd, buf, bytes, MSG_DONTWAIT | MSG_TRUNC);
		return n > 0 ? (size_t)n : 0;
	case QTEST_TAP:
		return qtest_tap_recv(wire, request, buf, bytes);
	case QTEST_HUB:
		break;
	}
	return 0;
}

size_t qtest_recv_request(struct qtest *q, unsigned nic, struct wire_request *request, void *buf,
			  size_t bytes, unsigned ms)
{
	struct qtest_wire *wire = &q->nics[nic].wire;
	const uint64_t until = qtest_wall_ns() + ms * UINT64_C(1000000);
	struct wire_request unused;
	struct pollfd pfd = { .fd = wire->fd, .events = POLLIN };

	for (;;) {
		const size_t len = take(wire, request ? request : &unused, buf, bytes);
		const uint64_t now = qtest_wall_ns();

		if (len || now >= until || wire->fd < 0)
			return len;
		/* An end of file is readable for ever: look now and then. */
		if (poll(&pfd, 1, (int)((until - now) / 1000000u) + 1) > 0 &&
		    (pfd.revents & (POLLHUP | POLLERR)))
			(void)poll(NULL, 0, 1);
	}
}

size_t qtest_recv(struct qtest *q, unsigned nic, void *buf, size_t bytes, unsigned ms)
{
	return qtest_recv_request(q, nic, NULL, buf, bytes, ms);
}

unsigned qtest_count(struct qtest *q, unsigned nic, unsigned most, unsigned ms)
{
	uint8_t frame[64];
	unsigned n = 0;

	while (n < most && qtest_recv(q, nic, frame, sizeof(frame), ms))
		n++;
	return n;
}

unsigned qtest_wire_drops(struct qtest *q, unsigned nic)
{
	struct qtest_wire *wire = &q->nics[nic].wire;

	return wire->kind == QTEST_TAP ? qtest_tap_drops(wire) : 0;
}
