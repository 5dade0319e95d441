/* SPDX-License-Identifier: BSD-3-Clause */
/* A run against a device that lies: what its two sides, the application and the device, share. */
#ifndef FN_TESTS_FUZZ_HOSTILE_H
#define FN_TESTS_FUZZ_HOSTILE_H

#include <fastnic/fastnic.h>

#include "model/virtio_dev.h"

#define HOSTILE_PKTS 1024u /* packets of the pool */
#define HOSTILE_HELD 64u   /* most packets that the application keeps */
#define HOSTILE_QUEUES 4u  /* queue pairs of the device */

/* Packets of the pool, and where they are for the application. */
enum hostile_owner {
	HOSTILE_LIBRARY, /* free, or with a queue */
	HOSTILE_APP,
};

/**
 * struct hostile - one session: a device from open to close
 * @random: state of the random numbers; the session's seed at first
 * @trace: sum of all that was done and seen
 * @step: steps done
 * @vd: the device
 * @honest: the device as it was at first
 * @reg_lies: of 256 register reads so many lie
 * @lied: its configuration or its registers are not those of @honest
 * @opened_lied: they were not when the device was opened, so that what the library knows of it is
 *	wrong
 * @clean: no register lied and nothing was written to memory behind the rings' back since the
 *	device was started, so that it is known which lie must break a queue
 * @ctx: the context
 * @pool: the pool
 * @dev: the device as the library has it, or NULL
 * @rxqs: receive queues in use
 * @txqs: transmit queues in use
 * @started: it was started, and not stopped
 * @owners: by packet: who has it
 * @held: packets that the application keeps
 * @held_n: how many
 * @owned: packets and segments that the application has
 * @said_rx: by queue: the log has told why it broke
 * @said_tx: the same of transmit queues
 * @said_dev: the log has told that the device is broken
 * @breaks: queues that broke
 * @resets: resets
 * @received: packets
 * @sent: packets
 */
struct hostile {
	uint64_t random;
	uint64_t trace;
	uint64_t step;
	struct virtio_dev vd;
	struct virtio_dev honest;
	unsigned reg_lies;
	bool lied;
	bool opened_lied;
	bool clean;
	struct fn_ctx *ctx;
	struct fn_pool *pool;
	struct fn_dev *dev;
	unsigned rxqs;
	unsigned txqs;
	bool started;
	uint8_t owners[HOSTILE_PKTS];
	struct fn_pkt *held[HOSTILE_HELD];
	unsigned held_n;
	unsigned owned;
	bool said_rx[HOSTILE_QUEUES];
	bool said_tx[HOSTILE_QUEUES];
	bool said_dev;
	uint64_t breaks;
	uint64_t resets;
	uint64_t received;
	uint64_t sent;
};

/* hostile.c */

uint64_t hostile_random(struct hostile *h);

/* 0 to @n - 1. */
static inline unsigned hostile_below(struct hostile *h, unsigned n)
{
	return (unsigned)(hostile_random(h) % n);
}

/* Something was done or seen: it goes into the sum. */
void hostile_note(struct hostile *h, uint64_t what);

/* It does not hold: say what and how to see it again, and end the process. */
void hostile_fail(struct hostile *h, const char *fmt, ...)
	__attribute__((noreturn, format(printf, 2, 3)));

#define HOSTILE_ASSERT(h, what)                                 \
	do {                                                    \
		if (!(what))                                    \
			hostile_fail(h, "not true: %s", #what); \
	} while (0)

/* hostile_app.c: what the application does. */

/* One thing that an application may do, at random. */
void hostile_app(struct hostile *h);

/* Make all that a session needs; the device is closed. And give it back, the pool whole. */
void hostile_app_begin(struct hostile *h);
void hostile_app_end(struct hostile *h);

/* All packets of the running queues are taken: what the device has told so far is known. */
void hostile_app_drain(struct hostile *h);

/* The device is honest again: a reset mends all, and packets pass. */
void hostile_app_mended(struct hostile *h);

/* What holds at any time. */
void hostile_app_check(struct hostile *h);

/* hostile_device.c: what the device does. */

/* One thing, honest or not, at random. */
void hostile_device(struct hostile *h);

void hostile_device_begin(struct hostile *h);

/* It is as new, apart from what the driver told it. */
void hostile_device_honest(struct hostile *h);

/* hostile_bus.c: the model bus, with lies of @reg_lies. Its device is that of the session. */
extern const struct fn_bus_ops hostile_bus;

/* hostile_bus.c: whose lies they are. */
void hostile_bus_of(struct hostile *h);

#endif
