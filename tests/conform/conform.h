/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a behaviour is made of: one body, run for every device in every place. rx_held_packets in
 * behaviours/rx.c is an example.
 *
 * A body says nothing of any device or bus. It asks for what it needs (NEED_LINK and its sisters)
 * in front of itself, and for what the device must offer with need_offload() and need_cap(): what
 * is not there is a skip with a reason. What a check finds wrong ends the body. Whatever the body
 * leaves is closed after it, and checked: the pool is whole, no file descriptor is left, and the
 * place has seen no fault.
 */
#ifndef FN_TESTS_CONFORM_CONFORM_H
#define FN_TESTS_CONFORM_CONFORM_H

#include <errno.h>
#include <setjmp.h>
#include <string.h>

#include <fastnic/fastnic.h>

#include "base/bits.h"
#include "conform/frames.h"
#include "conform/place.h"
#include "conform/ref_tso.h"

/* What a behaviour needs of its place; the runner skips it where that is not to be had. */
#define NEED_REQUESTS (1u << 0)  /* a wire that carries requests: checksums, segmentation */
#define NEED_QUEUES (1u << 1)    /* a device with several queue pairs in use of its wire */
#define NEED_STALL (1u << 2)     /* a wire that can be made to take nothing */
#define NEED_LINK (1u << 3)      /* a cable that can be pulled */
#define NEED_UNPLUG (1u << 4)    /* a device that can be pulled */
#define NEED_RELEASE (1u << 5)   /* a kernel, or who plays it, that asks for the device back */
#define NEED_LIAR (1u << 6)      /* a device that can be made to lie to a receive queue */
#define NEED_REALTIME (1u << 7)  /* time passes as on the wall: moderation */
#define NEED_CSUM_LOOK (1u << 8) /* a device that adds received checksums up itself */
#define NEED_ERROR (1u << 9)     /* a bus, or who plays it, that reports an error of the device */
#define NEED_ANNOUNCE (1u << 10) /* a network that wants to learn anew where the device is */
#define NEED_AUTOMASK (1u << 11) /* interrupts that mask themselves */
#define NEED_VOUCH (1u << 12)    /* a wire that vouches for checksums */
#define NEED_HOLD (1u << 13)     /* a wire that keeps what it cannot deliver, in order */
#define NEED_LIAR_TX (1u << 14)  /* a device whose lies about what it sent can be seen */
#define NEED_GSO (1u << 15)      /* a wire of long packets, or a device that cuts them right */
#define NEED_PARTNER (1u << 16)  /* a link partner as a real one is */
#define NEED_LOST (1u << 17)     /* a wire that tells which frames did not get to a buffer */
#define NEED_BEHIND (1u << 18)   /* a device that puts a tag in behind an outer one */
#define NEEDS 19u

/**
 * struct behaviour - a row of the table
 * @name: unique
 * @sentence: what holds
 * @needs: NEED_REQUESTS and its sisters
 * @run: the body
 */
struct behaviour {
	const char *name;
	const char *sentence;
	unsigned needs;
	void (*run)(struct conform *c);
};

/* Stands in front of a body; the file's table at its end names each of them. */
#define BEHAVIOUR(body, what_it_needs, what_holds)                                             \
	static void body(struct conform *c);                                                   \
	static const struct behaviour behaviour_##body = { #body, what_holds, (what_it_needs), \
							   body }

/**
 * struct subject - the behaviours of one file
 * @name: the file's name
 * @behaviours: its table, ended by NULL
 */
struct subject {
	const char *name;
	const struct behaviour *const *behaviours;
};

/* subjects.c: all of them, ended by a NULL name. */
extern const struct subject subjects[];

#define CONFORM_EVENTS 16u

/**
 * struct conform - a run of one behaviour in one place
 * @behaviour: which
 * @place: where
 * @world: the place's own
 * @ctx: the context
 * @pool_opts: how port_open() makes the pool
 * @pool: the pool
 * @dev: the device; NULL before port_open() and after fn_dev_close() when the body sets it so
 * @info: what the device said after the last control call of this library of helpers
 * @rx: receive queue 0, once started
 * @tx: transmit queue 0, once started
 * @events: events by type
 * @last_event: the last one
 * @on_event: called with each, behind what counts them, on whatever thread processes events; or
 *	NULL
 * @leave: ends what the body began beside the device (a thread); called once the body is over,
 *	however that was; or NULL
 * @err: for the error member of option structs
 * @log: the last line of the log
 * @reason: why the body ended
 */
struct conform {
	const struct behaviour *behaviour;
	const struct conform_place *place;
	void *world;
	struct fn_ctx *ctx;
	struct fn_pool_opts pool_opts;
	struct fn_pool *pool;
	struct fn_dev *dev;
	struct fn_dev_info info;
	struct fn_rxq *rx;
	struct fn_txq *tx;
	unsigned events[CONFORM_EVENTS];
	struct fn_event last_event;
	void (*on_event)(struct conform *c, const struct fn_event *event);
	void (*leave)(struct conform *c);
	struct fn_error err;
	char log[640];
	char reason[1024];
	jmp_buf ended;
};

/* Ways to end: jump out of the body, with a reason. */
void conform_fail(struct conform *c, const char *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 4, 5), noreturn));
void conform_skip(struct conform *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3), noreturn));

void conform_check_eq(struct conform *c, const char *file, int line, const char *what,
		      const char *wanted, long long got, long long want);
void conform_check_ret(struct conform *c, const char *file, int line, const char *call, int got,
		       int want);
void conform_check_mem(struct conform *c, const char *file, int line, const char *what,
		       const void *got, const void *want, size_t len);

/* Checks; the variable "c" is the run. */
#define check(cond)                                                       \
	do {                                                              \
		if (!(cond))                                              \
			conform_fail(c, __FILE__, __LINE__, "%s", #cond); \
	} while (0)
#define check_eq(got, want) \
	conform_check_eq(c, __FILE__, __LINE__, #got, #want, (long long)(got), (long long)(want))
#define check_ret(call, want) conform_check_ret(c, __FILE__, __LINE__, #call, (call), (want))
#define check_ok(call) check_ret(call, 0)
#define check_mem(got, want, len) conform_check_mem(c, __FILE__, __LINE__, #got, got, want, len)

/* Wait until a condition holds, in the place's time; a check that it does. */
#define wait_until(cond)                                                                       \
	do {                                                                                   \
		const uint64_t begin_ns_ = conform_now_ns(c);                                  \
		while (!(cond)) {                                                              \
			const uint64_t waited_ns_ = conform_now_ns(c) - begin_ns_;             \
			if (waited_ns_ > CONFORM_WAIT_NS)                                      \
				conform_fail(c, __FILE__, __LINE__, "%s: not within the time", \
					     #cond);                                           \
			conform_wait_more(c, waited_ns_);                                      \
		}                                                                              \
	} while (0)

/*
 * How long something that will happen may take at most; how long is watched for what must not
 * happen; and how long nothing happens before it is taken to be over, on a busy machine too.
 */
#define CONFORM_WAIT_NS 10000000000ull
#define CONFORM_QUIET_NS 20000000ull
#define CONFORM_STILL_NS 100000000ull

uint64_t conform_now_ns(struct conform *c);

/*
 * A little time passes, and the device and its wire do what they have to do. Who has waited for
 * long already may see what comes a little later.
 */
void conform_wait(struct conform *c);
void conform_wait_more(struct conform *c, uint64_t waited_ns);
void conform_wait_ns(struct conform *c, uint64_t ns);

/*
 * Whether nothing has moved for CONFORM_STILL_NS. A caller says after each of its looks whether
 * something @moved; when not, a little time passes. @still_ns begins with 0 and is kept here. A
 * time in which this process did not run is not taken for stillness.
 */
bool conform_still(struct conform *c, uint64_t *still_ns, bool moved);

/* port.c: the device and all around it. */

/* Packets for the longest rings or for all queues; by default there are fewer, mapped sooner. */
#define CONFORM_POOL_MANY 8192u

/* Context, pool and device; a body that wants another pool changes c->pool_opts before. */
void port_open(struct conform *c);

/* The result of fn_dev_configure(), with the pool; opens first where that is needed. */
int port_configure(struct conform *c, struct fn_dev_conf conf);

/* Open, configure and start, and wait for the link. */
void port_start(struct conform *c, struct fn_dev_conf conf);

/* Start again with another configuration. */
void port_restart(struct conform *c, struct fn_dev_conf conf);

/* Close it; all is checked that the framework checks at the end. */
void port_close(struct conform *c);

/* Look at the device again: c->info. */
void port_info(struct conform *c);

/* A ring of @n descriptors, or of as many as the device has at least; opens it where needed. */
uint32_t rx_ring_of(struct conform *c, uint32_t n);
uint32_t tx_ring_of(struct conform *c, uint32_t n);

bool port_link_up(struct conform *c);

/* Counters that the device keeps itself. */
#define CONFORM_DEV_COUNTERS 256u

/* The sum of those of a kind. */
uint64_t dev_counters_of(struct conform *c, enum fn_counter_kind kind);

struct fn_pool_info pool_info(const struct conform *c);
uint64_t rx_counter(const struct fn_rxq *q, enum fn_rx_counter counter);
uint64_t tx_counter(const struct fn_txq *q, enum fn_tx_counter counter);

/* Skip, with its name, what the device does not offer; opens it first where that is needed. */
void need_offload(struct conform *c, uint64_t offloads);
void need_cap(struct conform *c, uint64_t cap);
void need_queues(struct conform *c, unsigned rxqs, unsigned txqs);

/**
 * struct cap_call - a call that needs a capability (caps.c)
 * @cap: FN_CAP_SET_MAC or a sister; each has one call at least
 * @call: the call, of an open device; its result
 */
struct cap_call {
	uint64_t cap;
	int (*call)(struct conform *c);
};

/* All of them, ended by a NULL call. */
extern const struct cap_call cap_calls[];

/* Make the call; a check of its result. */
void cap_call_expect(struct conform *c, const struct cap_call *call, int want);

/* Run the callbacks of events that have come. */
void port_events(struct conform *c);

/* How often a queue's eventfd was signalled since it was read last. It does not block. */
uint64_t irq_signals(int fd);

/* Wait for a signal, and take it. */
void irq_expect(struct conform *c, int fd);

/* None comes for a while. */
void irq_expect_none(struct conform *c, int fd);

/*
 * port_start() for who counts signals. A device may signal the first frame after a start to be
 * sure, as QEMU's virtio does, which has not seen the driver's wish then: one frame each way goes
 * ahead on every queue.
 */
void irq_start(struct conform *c, struct fn_dev_conf conf);

/* traffic.c: packets on the device's side, frames on the wire's. */

/* A packet with @len bytes of frame @seq; the room behind it is filled with old memory. */
struct fn_pkt *pkt_frame(struct conform *c, unsigned seq, uint32_t len);

/* A packet with these bytes. */
struct fn_pkt *pkt_bytes(struct conform *c, const void *data, uint32_t len);

/* All of a packet's bytes in a row. Returns how many. */
uint32_t pkt_copy(const struct fn_pkt *pkt, uint8_t *buf, size_t bytes);

/* Send one packet, or a stream of @n frames from number @seq on; all of them are taken. */
void tx_send(struct conform *c, struct fn_txq *q, struct fn_pkt *pkt);
void tx_send_stream(struct conform *c, struct fn_txq *q, unsigned seq, unsigned n, uint32_t len);

/* The next packet out of a queue. */
struct fn_pkt *rx_next(struct conform *c, struct fn_rxq *q);

/* The next packets are frames @seq and on, @len bytes each on the wire. */
void rx_expect_stream(struct conform *c, struct fn_rxq *q, unsigned seq, unsigned n, uint32_t len);

/* No packet comes out of it for a while. */
void rx_expect_none(struct conform *c, struct fn_rxq *q);

/*
 * The application takes all packets of the pool, and those that queue 0 receives, until it has no
 * buffer left and no frame comes any more. Returns how many, fewer than @most.
 */
unsigned rx_take_all(struct conform *c, struct fn_pkt **held, unsigned most);

/* Put a frame on the wire; waits for room on it. */
void wire_send(struct conform *c, const void *frame, size_t len);
void wire_send_request(struct conform *c, const struct wire_request *request, const void *frame,
		       size_t len);
void wire_send_stream(struct conform *c, unsigned seq, unsigned n, uint32_t len);

/* Put up to @most frames on it, while it takes any: frames 0 and on. Returns how many. */
unsigned wire_flood(struct conform *c, unsigned most, uint32_t len);

/* The next frame on the wire: its length. */
size_t wire_recv(struct conform *c, void *buf, size_t bytes);
size_t wire_recv_request(struct conform *c, struct wire_request *request, void *buf, size_t bytes);
void wire_expect_stream(struct conform *c, unsigned seq, unsigned n, uint32_t len);

/* No frame comes on the wire for a while. */
void wire_expect_none(struct conform *c);

/* These bytes are frame @seq, which was sent with @own bytes; padded with zeros up to 60. */
void check_frame(struct conform *c, const uint8_t *data, size_t len, unsigned seq, uint32_t own);

/* Take off the wire what is still on it. Returns how many frames. */
unsigned wire_discard(struct conform *c);

/*
 * The next frame on the wire, with what it asks for done: as many frames as it stands for. A device
 * that does the work itself has them on the wire one by one.
 */
unsigned wire_recv_finished(struct conform *c, struct ref_segment *out, unsigned most);

/* Frames on the wire, finished, are these and no others. */
void wire_expect_segments(struct conform *c, const struct ref_segment *want, unsigned n);

/*
 * Whether a frame comes in, with the addresses that it had: one for the device itself is sent
 * behind it.
 */
bool lets_in(struct conform *c, const uint8_t *frame, uint32_t len);

/* The same of a frame for @dst; and of one with a tag. */
bool comes_in(struct conform *c, const uint8_t *dst);
bool comes_in_tagged(struct conform *c, const uint8_t *dst, uint16_t tci);

/* Put a flow's frame for the device on the wire. */
void wire_send_flow(struct conform *c, const struct flow *flow);

/* The queue on which the next packet comes in, and the packet: it is the caller's. */
unsigned rx_next_any(struct conform *c, struct fn_pkt **pkt);

/* A frame goes each way and arrives whole. */
void check_passes(struct conform *c);

#endif
