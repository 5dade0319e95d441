/* SPDX-License-Identifier: BSD-3-Clause */
/* Two NICs that face each other, and checks that say what they check: for tests in a guest. */
#ifndef RIG_H
#define RIG_H

#include <fastnic/fastnic.h>

/**
 * struct rig - two NICs that face each other
 * @page_bytes: as &fn_ctx_opts.page_bytes
 */
struct rig {
	const char *name[2];
	size_t page_bytes;
	struct fn_ctx *ctx;
	struct fn_pool *pool;
	struct fn_dev *dev[2];
};

/*
 * Prints "ok: " or "FAIL: " and the sentence. Returns @ok; a failure makes the program's status 1.
 */
bool check(bool ok, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool any_failure(void);

/*
 * Each prints the library's sentence and ends the program when it fails: what follows makes no
 * sense then.
 */
void rig_create(struct rig *rig);
void rig_destroy(struct rig *rig);
void rig_open(struct rig *rig);
void rig_configure(struct rig *rig);
void rig_start(struct rig *rig);
void rig_stop(struct rig *rig);
void rig_close(struct rig *rig);
void must(int ret, const char *what);

/*
 * Sends a frame from NIC @from to the other one; returns the received packet, or NULL after a
 * message.
 */
struct fn_pkt *send_one(struct rig *rig, unsigned from, uint8_t mark);

#endif
