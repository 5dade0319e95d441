/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames on their way between the test and a device in its process, in order. */
#ifndef FN_TESTS_CONFORM_PLACES_FIFO_H
#define FN_TESTS_CONFORM_PLACES_FIFO_H

#include "conform/place.h"

#define FIFO_FRAMES 4096u

/**
 * struct held - a frame
 * @len: bytes
 * @request: what its sender asks for
 * @data: the bytes
 */
struct held {
	uint32_t len;
	struct wire_request request;
	uint8_t *data;
};

struct fifo {
	struct held at[FIFO_FRAMES];
	unsigned head;
	unsigned n;
};

/* False: there is no room. */
bool fifo_put(struct fifo *f, const struct wire_request *request, const void *frame, size_t len);

/* The frame at the front, which there is. */
static inline struct held *fifo_front(struct fifo *f)
{
	return &f->at[f->head];
}

void fifo_drop(struct fifo *f);

/*
 * Take the frame at the front: its length, whatever room there is for it, or 0 when there is
 * none.
 */
size_t fifo_take(struct fifo *f, struct wire_request *request, void *buf, size_t bytes);

void fifo_clear(struct fifo *f);

#endif
