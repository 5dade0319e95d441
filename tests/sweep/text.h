/* SPDX-License-Identifier: BSD-3-Clause */
/* A text that grows: what can be seen of a thing, in words that are compared. */
#ifndef FN_TESTS_SWEEP_TEXT_H
#define FN_TESTS_SWEEP_TEXT_H

#include <stddef.h>
#include <stdint.h>

/**
 * struct sweep_text - where the next word goes
 * @at: there
 * @room: bytes that are left
 */
struct sweep_text {
	char *at;
	size_t room;
};

void sweep_put(struct sweep_text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void sweep_put_mac(struct sweep_text *t, const char *name, const uint8_t mac[6]);

/* Long things by their sum. */
uint64_t sweep_sum(const void *data, size_t bytes);

#endif
