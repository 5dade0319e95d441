/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the test program cycles share. */
#ifndef CYCLES_H
#define CYCLES_H

#include <fastnic/fastnic.h>

/**
 * struct holdings - what this process holds of the things that a leak would eat up
 * @fds: descriptors
 * @maps: lines of /proc/self/maps
 * @hugepages: hugepages that the machine has free
 * @locked_kb: locked memory of this process, which VFIO's pinned pages count as
 */
struct holdings {
	unsigned fds;
	unsigned maps;
	unsigned hugepages;
	unsigned locked_kb;
};

/* Two NICs that face each other. */
struct rig {
	const char *name[2];
	struct fn_ctx *ctx;
	struct fn_pool *pool;
	struct fn_dev *dev[2];
};

/*
 * Prints "ok: " or "FAIL: " and the sentence. Returns @ok; a failure makes the program's status 1.
 */
bool check(bool ok, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool any_failure(void);

struct holdings holdings_now(void);
/* Prints what differs. */
bool holdings_same(const struct holdings *a, const struct holdings *b);

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

/* The command register's bus mastering bit, as the kernel shows it. */
bool is_bus_master(const char *bdf);

/*
 * Sends a frame from NIC @from to the other one; returns the received packet, or NULL after a
 * message.
 */
struct fn_pkt *send_one(struct rig *rig, unsigned from, uint8_t mark);

/* cycles_order.c */
void test_order(struct rig *rig);
void test_random_order(struct rig *rig);

#endif
