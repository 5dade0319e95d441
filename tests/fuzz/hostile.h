/* SPDX-License-Identifier: BSD-3-Clause */
/* A run against a device that lies: what its two sides, the application and the device, share. */
#ifndef FN_TESTS_FUZZ_HOSTILE_H
#define FN_TESTS_FUZZ_HOSTILE_H

#include <fastnic/fastnic.h>

#include "base/error.h"
#include "model/model_bus.h"

#define HOSTILE_PKTS 2048u /* packets of a pool */
#define HOSTILE_POOLS 2u   /* the first one is the device's too */
#define HOSTILE_HELD 64u   /* most references that the application keeps */
#define HOSTILE_QUEUES 16u /* most queues of a kind that any device has */
#define HOSTILE_SLOTS 16u  /* pieces of the application's own memory that packets carry */
#define HOSTILE_SLOT_BYTES 4096u

struct hostile;

/**
 * struct hostile_kind - a device that lies
 * @name: as --device has it
 * @begin: it is there, as on its first day, and on the bus: sets @md of the session
 * @deed: it does one thing, honest or not, at random
 * @honest: it is as new, apart from what the driver told it
 * @receive: a frame that every port takes comes in, of flow @flow: returns the queue that has it,
 *	or a negative code
 * @transmit: it sends what a queue has
 */
struct hostile_kind {
	const char *name;
	void (*begin)(struct hostile *h);
	void (*deed)(struct hostile *h);
	void (*honest)(struct hostile *h);
	int (*receive)(struct hostile *h, unsigned flow);
	void (*transmit)(struct hostile *h, unsigned queue);
};

extern const struct hostile_kind hostile_virtio_net;
extern const struct hostile_kind hostile_e1000e;
extern const struct hostile_kind hostile_igb;

/**
 * struct hostile_pool - a pool, and where its packets are for the application
 * @pool: the pool
 * @refs: by packet: the application's references, to it or to a clone of it
 * @owned: packets that the application has references to
 */
struct hostile_pool {
	struct fn_pool *pool;
	uint16_t refs[HOSTILE_PKTS];
	unsigned owned;
};

/**
 * struct hostile_slot - a piece of the application's own memory
 * @h: whose
 * @va: where it is
 * @pkt: the packet that carries it, or NULL
 */
struct hostile_slot {
	struct hostile *h;
	uint8_t *va;
	struct fn_pkt *pkt;
};

/**
 * struct hostile - one session: a device from open to close
 * @kind: what device
 * @random: state of the random numbers; the session's seed at first
 * @trace: sum of all that was done and seen
 * @step: steps done
 * @md: the device
 * @reg_lies: of 256 register reads so many lie
 * @reg_ones: all of them are all ones, as of a device that is gone
 * @desc_lies: what it writes to its rings may be lies
 * @lied: its configuration or its registers are not what they were at first
 * @opened_lied: they were not when the device was opened, so that what the library knows of it is
 *	wrong
 * @clean: no register lied and nothing was written to memory behind the rings' back since the
 *	device was started, so that it is known which lie must break a queue
 * @ctx: the context
 * @pools: the pools
 * @memory: the application's own memory, that packets carry
 * @slots: its pieces
 * @dev: the device as the library has it, or NULL
 * @rxqs: receive queues in use
 * @txqs: transmit queues in use
 * @started: it was started, and not stopped
 * @held: references that the application keeps
 * @held_n: how many
 * @hoard: packets that it keeps so that the pool is empty
 * @hoarded: how many
 * @said_rx: by queue: the log has told why it broke
 * @said_tx: the same of transmit queues
 * @said_dev: the log has told that the device is broken
 * @breaks: queues that broke
 * @resets: resets
 * @received: packets
 * @sent: packets
 */
struct hostile {
	const struct hostile_kind *kind;
	uint64_t random;
	uint64_t trace;
	uint64_t step;
	struct model_dev *md;
	unsigned reg_lies;
	bool reg_ones;
	bool desc_lies;
	bool lied;
	bool opened_lied;
	bool clean;
	struct fn_ctx *ctx;
	struct hostile_pool pools[HOSTILE_POOLS];
	struct fn_dma memory;
	struct hostile_slot slots[HOSTILE_SLOTS];
	struct fn_dev *dev;
	unsigned rxqs;
	unsigned txqs;
	bool started;
	struct fn_pkt *held[HOSTILE_HELD];
	unsigned held_n;
	struct fn_pkt *hoard[HOSTILE_PKTS];
	unsigned hoarded;
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

/* What the library says of the device now. */
void hostile_app_look(struct hostile *h);

/* Make all that a session needs; the device is closed. And give it back, the pools whole. */
void hostile_app_begin(struct hostile *h);
void hostile_app_end(struct hostile *h);

/* The device is honest again: a reset mends all, and packets pass. */
void hostile_app_mended(struct hostile *h);

/* What holds at any time. */
void hostile_app_check(struct hostile *h);

/* Whether a queue works, and is in use. */
bool hostile_app_runs(const struct hostile *h, bool tx, unsigned queue);

/* All packets of the running queues are taken: what the device has told so far is known. */
void hostile_app_drain(struct hostile *h);

/* A receive queue has nothing, whatever the device has written into its ring. */
void hostile_app_takes_nothing(struct hostile *h, unsigned queue);

/* The device has just told a lie that a queue cannot overlook: it is broken. */
void hostile_app_must_be_broken(struct hostile *h, bool tx, unsigned queue);

/* hostile_codes.c: a call has returned a code, which must be one of its header's, and said why. */
int hostile_known(struct hostile *h, const char *call, int ret);

/* The sentence of a call before is gone: what is there behind this one is its own. */
#define KNOWN(call) ((void)fn_fail(0, "%s", ""), hostile_known(h, #call, call))

/* hostile_ctrl.c: filters, steering, the link, the port's body, counters; one thing at random. */
void hostile_ctrl(struct hostile *h);

/* hostile_pkts.c: what it does with packets. */

void hostile_pkts_begin(struct hostile *h);
void hostile_pkts_end(struct hostile *h);

/* One came in: it is what the pool made it, and the application's own from now on. */
void hostile_pkts_received(struct hostile *h, struct fn_pkt *pkt);

/* A new one: fresh, with the application's own memory, shared, of either pool; or NULL. */
struct fn_pkt *hostile_pkts_make(struct hostile *h);

/* One of those that are kept, or NULL. */
struct fn_pkt *hostile_pkts_take(struct hostile *h);

/* Keep one, or free it; and keep one that is kept a second time: another reference, or a clone. */
void hostile_pkts_keep(struct hostile *h, struct fn_pkt *pkt);
void hostile_pkts_share(struct hostile *h);

/* Take all that the device's pool still has, and give it back; and whether it has plenty. */
void hostile_pkts_hoard(struct hostile *h);
void hostile_pkts_unhoard(struct hostile *h);
bool hostile_pkts_plenty(const struct hostile *h);

/* The library has it from now on. */
void hostile_pkts_give(struct hostile *h, const struct fn_pkt *pkt);

/* The library has none: outside of the pools are the application's. */
void hostile_pkts_whole(struct hostile *h, const char *when);

/* hostile_lies.c: what all devices have in common that mean harm. */

/* It is as new, apart from what the driver told it. */
void hostile_honest(struct hostile *h);

/* A number that is right, at an edge, or anything. */
uint32_t hostile_number(struct hostile *h, uint32_t right);

/* A frame of any kind; @frame has room for MODEL_FRAME_MAX. Returns its bytes. */
uint32_t hostile_frame(struct hostile *h, uint8_t *frame);

/* It writes wherever memory is mapped: rings, the data of packets. */
void hostile_scribble(struct hostile *h);

/* Its registers lie from now on, or no longer. */
void hostile_registers(struct hostile *h);

/* An interrupt that nobody asked for; and a device that is pulled out, or asked back. */
void hostile_interrupt(struct hostile *h);
void hostile_vanish(struct hostile *h);

/* hostile_bus.c: the model bus, with lies of @reg_lies. Its device is that of the session. */
extern const struct fn_bus_ops hostile_bus;

/* hostile_bus.c: whose lies they are. */
void hostile_bus_of(struct hostile *h);

#endif
