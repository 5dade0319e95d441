// SPDX-License-Identifier: BSD-3-Clause
/* A stream of equal frames of 64 bytes into one NIC of tools/lab and out of another, counted. */
#include "guest_frames.h"

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <net/ethernet.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#define FRAME_LEN 60u /* and the CRC, which no socket carries */
#define ROOM 2048u
#define ETHERTYPE_EXPERIMENTAL 0x88b5

struct frame {
	struct ether_header eth;
	char magic[6];
	uint16_t stream;
	uint8_t zero[FRAME_LEN - sizeof(struct ether_header) - 8];
} __attribute__((packed));

_Static_assert(sizeof(struct frame) == FRAME_LEN, "a frame of 64 bytes, less the CRC");

/* Addresses of nobody: a forwarder takes every frame. */
static struct frame frame = {
	.eth = { { 0x02, 'f', 'n', 0, 0, 1 }, { 0x02, 'f', 'n', 0, 0, 2 }, 0 },
	.magic = "fnload",
};

void stream_begin(struct stream *stream, uint16_t number)
{
	frame.eth.ether_type = htons(ETHERTYPE_EXPERIMENTAL);
	frame.stream = htons(number);
	memset(&stream->counts, 0, sizeof(stream->counts));
}

/* No room, or nobody there: the socket of a QEMU that has ended. */
static void check_errno(const char *call)
{
	if (errno != EAGAIN && errno != ENOBUFS && errno != ECONNREFUSED && errno != EINTR)
		err(2, "%s", call);
}

unsigned stream_send(struct stream *stream, unsigned frames)
{
	struct iovec iov = { .iov_base = &frame, .iov_len = sizeof(frame) };
	struct mmsghdr msgs[STREAM_BURST];
	int sent;

	memset(msgs, 0, sizeof(msgs));
	for (unsigned i = 0; i < STREAM_BURST; i++) {
		msgs[i].msg_hdr.msg_iov = &iov;
		msgs[i].msg_hdr.msg_iovlen = 1;
	}
	sent = sendmmsg(stream->in, msgs, frames, MSG_DONTWAIT);
	if (sent < 0) {
		check_errno("sendmmsg");
		sent = 0;
	}
	stream->counts.sent += (unsigned)sent;
	stream->counts.held += (unsigned)sent < frames;
	return (unsigned)sent;
}

static void frame_received(struct stream *stream, const uint8_t *got, size_t len)
{
	struct frame other = frame;

	if (len == FRAME_LEN && memcmp(got, &frame, FRAME_LEN) == 0) {
		stream->counts.received++;
		return;
	}
	if (len == FRAME_LEN)
		memcpy(&other.stream, got + offsetof(struct frame, stream), sizeof(other.stream));
	stream->strange += len != FRAME_LEN || memcmp(got, &other, FRAME_LEN) != 0;
}

static unsigned receive_burst(struct stream *stream, int fd)
{
	static uint8_t room[STREAM_BURST][ROOM];
	struct iovec iov[STREAM_BURST];
	struct mmsghdr msgs[STREAM_BURST];
	int got;

	memset(msgs, 0, sizeof(msgs));
	for (unsigned i = 0; i < STREAM_BURST; i++) {
		iov[i] = (struct iovec){ .iov_base = room[i], .iov_len = ROOM };
		msgs[i].msg_hdr.msg_iov = &iov[i];
		msgs[i].msg_hdr.msg_iovlen = 1;
	}
	got = recvmmsg(fd, msgs, STREAM_BURST, MSG_DONTWAIT, NULL);
	if (got < 0) {
		check_errno("recvmmsg");
		return 0;
	}
	for (int i = 0; i < got; i++) {
		if (fd == stream->out)
			frame_received(stream, room[i], msgs[i].msg_len);
		else
			stream->strange++;
	}
	return (unsigned)got;
}

unsigned stream_receive(struct stream *stream)
{
	const uint64_t before = stream->counts.received;

	while (receive_burst(stream, stream->out) == STREAM_BURST)
		;
	/* Nothing is sent to this NIC's other side; what came all the same would block it. */
	(void)receive_burst(stream, stream->in);
	return (unsigned)(stream->counts.received - before);
}

void stream_wait(const struct stream *stream, bool room, int ms)
{
	struct pollfd pfds[] = {
		{ .fd = stream->out, .events = POLLIN },
		{ .fd = stream->in, .events = (short)(room ? POLLIN | POLLOUT : POLLIN) },
	};

	if (poll(pfds, 2, ms) < 0 && errno != EINTR)
		err(2, "poll");
}
