// SPDX-License-Identifier: BSD-3-Clause
/* A text that grows. */
#include <stdarg.h>
#include <stdio.h>

#include "sweep/sweep.h"

void sweep_put(struct sweep_text *t, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(t->at, t->room, fmt, args);
	va_end(args);
	/* What is cut off is compared with nothing. */
	if (n < 0 || (size_t)n >= t->room) {
		sweep_wrong("the state does not fit: raise SWEEP_TEXT");
		n = (int)t->room - 1;
	}
	t->at += n;
	t->room -= (size_t)n;
}

void sweep_put_mac(struct sweep_text *t, const char *name, const uint8_t mac[6])
{
	sweep_put(t, " %s=%02x%02x%02x%02x%02x%02x", name, mac[0], mac[1], mac[2], mac[3], mac[4],
		  mac[5]);
}

/* FNV-1a. */
uint64_t sweep_sum(const void *data, size_t bytes)
{
	const uint8_t *byte = data;
	uint64_t hash = 0xcbf29ce484222325u;

	for (size_t i = 0; i < bytes; i++)
		hash = (hash ^ byte[i]) * 0x100000001b3u;
	return hash;
}
