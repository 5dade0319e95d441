/* SPDX-License-Identifier: BSD-3-Clause */
/* A stream of equal frames of 64 bytes into one NIC of tools/lab and out of another, counted. */
#ifndef GUEST_FRAMES_H
#define GUEST_FRAMES_H

#include <stdbool.h>
#include <stdint.h>

/* What went in and came out since stream_begin(). */
struct stream_counts {
	uint64_t sent;
	uint64_t received;
	uint64_t held; /* the NIC took no frame just then: it has all that it can take */
};

struct stream {
	int in;  /* frames go into this NIC, */
	int out; /* and are to come out of this one */
	struct stream_counts counts;
	uint64_t strange; /* frames that nobody sent here; those of an earlier stream are none */
};

/* Later frames carry another @number, so that those of the stream before are told from them. */
void stream_begin(struct stream *stream, uint16_t number);

/* Sends up to @frames, at most STREAM_BURST, as many as there is room for. */
#define STREAM_BURST 32u
unsigned stream_send(struct stream *stream, unsigned frames);

/* Takes what has come, both ways; returns how many frames of this stream have. */
unsigned stream_receive(struct stream *stream);

/* Waits up to @ms until a frame has come, or with @room until one can be sent. */
void stream_wait(const struct stream *stream, bool room, int ms);

#endif
