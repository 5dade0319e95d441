// SPDX-License-Identifier: BSD-3-Clause
/* Frames on their way between the test and a device in its process. */
#include "conform/places/fifo.h"

#include <stdlib.h>
#include <string.h>

bool fifo_put(struct fifo *f, const struct wire_request *request, const void *frame, size_t len)
{
	struct held *held = &f->at[(f->head + f->n) % FIFO_FRAMES];

	if (f->n == FIFO_FRAMES)
		return false;
	held->data = malloc(len);
	if (!held->data)
		return false;
	memcpy(held->data, frame, len);
	held->len = (uint32_t)len;
	held->request = request ? *request : (struct wire_request){ 0 };
	f->n++;
	return true;
}

void fifo_drop(struct fifo *f)
{
	free(f->at[f->head].data);
	f->head = (f->head + 1) % FIFO_FRAMES;
	f->n--;
}

size_t fifo_take(struct fifo *f, struct wire_request *request, void *buf, size_t bytes)
{
	const struct held *held = fifo_front(f);
	size_t len;

	*request = (struct wire_request){ 0 };
	if (!f->n)
		return 0;
	len = held->len;
	memcpy(buf, held->data, len < bytes ? len : bytes);
	fifo_drop(f);
	return len;
}

void fifo_clear(struct fifo *f)
{
	while (f->n)
		fifo_drop(f);
}
