/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Devices that run on threads of their own beside the shipped drivers, so that arming, doorbells
 * and interrupts race at full speed.
 *
 *   threaded_open()     context, pool and device, configured and started
 *   threaded_start()    a thread that is the device, or several devices
 *   threaded_load()     what comes in on a receive queue
 *   threaded_stop(), threaded_close()
 *
 * Set-up and control calls go through the stepped models (tests/model) on the caller's thread; what
 * is in the rings, and the registers of tails and interrupts, are this model's. Functions may be
 * called from any thread unless they say otherwise.
 */
#ifndef FN_TESTS_THREADED_THREADED_H
#define FN_TESTS_THREADED_THREADED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <fastnic/fastnic.h>

#include "poll/cost.h"

#define THREADED_PORTS 8u   /* open at a time, and of one thread */
#define THREADED_QUEUES 16u /* of each kind */
#define THREADED_FRAME_BYTES 64u

enum threaded_kind {
	THREADED_VIRTIO, /* split rings */
	THREADED_E1000E, /* 82574: extended descriptors, a cause a queue */
	THREADED_IGB,    /* 82576: advanced descriptors, a cause a vector */
};

/**
 * struct threaded_opts - a port; zero means the default
 * @kind: the device
 * @event_idx: virtio: offers VIRTIO_F_EVENT_IDX
 * @no_doorbells: virtio: the device asks for no doorbell and looks at the rings all the time. Else
 *	it looks no more at a ring that it found empty before the doorbell is rung
 * @rxqs: receive queues; 1
 * @txqs: transmit queues; 1
 * @rx_ring: receive descriptors a queue; 256
 * @tx_ring: transmit descriptors a queue; 256
 * @rx_vectors: as &fn_dev_conf.rx_vectors
 * @tx_vectors: as &fn_dev_conf.tx_vectors
 * @pkts: packets of the port's own pool; 4096 for each queue
 * @max_threads: threads with a cache in that pool; 4
 * @ctx: a context of the caller's; NULL: one of the port's own
 * @pool: a pool of the caller's, in @ctx; NULL: one of the port's own
 * @late_ns: Intel: writes of tails and of interrupt registers land within this time, in their
 *	order, or when a register is read; 0: at once. Writes of other registers push them too
 * @no_flush: Intel: reading STATUS pushes none of them, as if the driver had not read it
 * @events: the kernel can ask for the device's release: threaded_ask_release()
 * @stays_down: configured, not started
 */
struct threaded_opts {
	enum threaded_kind kind;
	bool event_idx;
	bool no_doorbells;
	uint16_t rxqs;
	uint16_t txqs;
	uint32_t rx_ring;
	uint32_t tx_ring;
	const uint16_t *rx_vectors;
	const uint16_t *tx_vectors;
	uint32_t pkts;
	unsigned max_threads;
	struct fn_ctx *ctx;
	struct fn_pool *pool;
	uint64_t late_ns;
	bool no_flush;
	bool events;
	bool stays_down;
};

struct threaded_model;

/**
 * struct threaded_port - a device and what the library has of it
 * @ctx: the context
 * @pool: where its buffers come from
 * @dev: the device
 * @rx: receive queue 0; others by fn_dev_rxq()
 * @tx: transmit queue 0
 * @model: the device's side
 */
struct threaded_port {
	struct fn_ctx *ctx;
	struct fn_pool *pool;
	struct fn_dev *dev;
	struct fn_rxq *rx;
	struct fn_txq *tx;
	struct threaded_model *model;
};

/* 0, or -errno with the sentence in fn_error_last(), or -ENOSPC with none: too many ports. */
int threaded_open(const struct threaded_opts *opts, struct threaded_port **port);

/*
 * Close the device, and what the port has of its own. No thread runs it any more. Returns NULL, or
 * what somebody did that he may not: the driver, or a test that left packets outside.
 */
const char *threaded_close(struct threaded_port *port);

/**
 * struct threaded_run - how a thread runs its devices; zero means the default
 * @core_plus_1: on this core, plus 1; 0: on any
 * @deadline_ns: the thread ends by itself after that; 60 s
 * @gap_ns: it was off the core when two of its looks at the clock are this far apart; 20 us
 * @rests: it sleeps while there is nothing to do, until a load is set or a doorbell is rung (which
 *	is then a system call of the driver's thread); else it spins
 */
struct threaded_run {
	unsigned core_plus_1;
	uint64_t deadline_ns;
	uint64_t gap_ns;
	bool rests;
};

struct threaded_thread;

/*
 * @run may be NULL. 0, or -errno. A port belongs to one thread at a time. A device that rests may
 * be stopped only when nobody is within a call for one of its queues.
 */
int threaded_start(struct threaded_port *const *ports, unsigned n, const struct threaded_run *run,
		   struct threaded_thread **thread);
void threaded_stop(struct threaded_thread *thread);

/* Whether it runs still: false when its deadline has come. */
bool threaded_alive(const struct threaded_thread *thread);

/**
 * struct threaded_gaps - when a thread was off its core
 * @n: how often
 * @ticks: for how long, all together
 * @longest: the longest
 */
struct threaded_gaps {
	uint64_t n;
	uint64_t ticks;
	uint64_t longest;
};

void threaded_gaps(const struct threaded_thread *thread, struct threaded_gaps *gaps);

/*
 * Whether the thread was off its core at any time between two readings of fn_ticks(). It remembers
 * the last 4,096 gaps; one that goes on still is one, and so is the time from a resting thread's
 * wake-up until it runs.
 */
bool threaded_gap_between(const struct threaded_thread *thread, uint64_t from, uint64_t to);

enum threaded_arrivals {
	THREADED_NONE,
	THREADED_EVEN,  /* one frame after the other, at a rate */
	THREADED_FULL,  /* as many as there are buffers, always */
	THREADED_BURST, /* some frames at once, every so often */
	THREADED_PING,  /* some frames at once a while after threaded_consumed() of all before */
	THREADED_ONOFF, /* THREADED_FULL for a while, then nothing for a while */
};

/**
 * struct threaded_load - what comes in on a receive queue
 * @kind: how frames arrive
 * @rate: THREADED_EVEN: frames a second
 * @burst: THREADED_BURST, _PING: frames at once; 1
 * @period_ns: THREADED_BURST: from one to the next
 * @from_ns: THREADED_PING: the shortest delay
 * @to_ns: THREADED_PING: the delays stay below
 * @step_ns: THREADED_PING: each is so much longer than the one before; 50
 * @on_ns: THREADED_ONOFF
 * @off_ns: THREADED_ONOFF
 * @most: it ends after so many frames; 0: never
 * @catch_up: what was due while the device was off its core comes all the same, all at once, with
 *	the times at which it was due. Else it never comes (&threaded_counts.skipped)
 */
struct threaded_load {
	enum threaded_arrivals kind;
	uint64_t rate;
	unsigned burst;
	uint64_t period_ns;
	uint64_t from_ns;
	uint64_t to_ns;
	uint64_t step_ns;
	uint64_t on_ns;
	uint64_t off_ns;
	uint64_t most;
	bool catch_up;
};

/* From now on. A NULL load is none. Sequence numbers go on. */
void threaded_load(struct threaded_port *port, unsigned queue, const struct threaded_load *load);

/* Whether a load with an end has come to it, or there is none. */
bool threaded_load_done(const struct threaded_port *port, unsigned queue);

/* THREADED_PING: so many frames of the queue have been consumed, all in all. */
void threaded_consumed(struct threaded_port *port, unsigned queue, uint64_t n);

/**
 * struct threaded_sink - what becomes of frames to be sent
 * @stopped: none is taken
 * @frame_ns: time that the device takes for each; 0: none of its own
 */
struct threaded_sink {
	bool stopped;
	uint64_t frame_ns;
};

void threaded_sink(struct threaded_port *port, unsigned queue, const struct threaded_sink *sink);

/**
 * struct threaded_counts - what a device has seen
 * @arrived: frames that came in
 * @delivered: those of them that were put into a buffer, which alone have sequence numbers
 * @no_buffer: those that found none
 * @skipped: what did not come while the device was off its core
 * @sent: frames that the driver sent
 * @sent_missing: sequence numbers that were left out between two of them
 * @sent_disorder: frames that came behind a later one
 * @interrupts: messages
 * @suppressed: events that were not to be told: no wish, masked, or the vector's throttle runs
 * @doorbells: of data queues: virtio's notifications, Intel's tails
 * @bad: things that the driver's side may not do: the ring's shape, a descriptor twice
 */
struct threaded_counts {
	uint64_t arrived;
	uint64_t delivered;
	uint64_t no_buffer;
	uint64_t skipped;
	uint64_t sent;
	uint64_t sent_missing;
	uint64_t sent_disorder;
	uint64_t interrupts;
	uint64_t suppressed;
	uint64_t doorbells;
	uint64_t bad;
};

/* Since threaded_open(), of all queues; and of one, whose interrupts are 0 on an Intel device. */
void threaded_counts(const struct threaded_port *port, struct threaded_counts *counts);
void threaded_queue_counts(const struct threaded_port *port, bool tx, unsigned queue,
			   struct threaded_counts *counts);

/* A control operation that the device holds. */
enum threaded_op {
	THREADED_ANY,     /* the next access of a register that is not of the data path */
	THREADED_RESET,   /* the next reset */
	THREADED_COMMAND, /* the next command of virtio's control queue, or write of an address */
};

/* Held until threaded_let_go(). */
#define THREADED_UNTIL_LET_GO UINT64_MAX

/*
 * The next such operation takes @ns longer, in real time, on the thread that calls for it; the data
 * path goes on.
 */
void threaded_hold(struct threaded_port *port, enum threaded_op op, uint64_t ns);
void threaded_let_go(struct threaded_port *port);

/* Whether an operation is being held just now. */
bool threaded_holding(const struct threaded_port *port);

/* The link goes up or down, and the driver is told; frames come and go all the same. */
void threaded_link(struct threaded_port *port, bool up);

/* The kernel wants the device back: FN_EVENT_RELEASE_REQUESTED. */
void threaded_ask_release(struct threaded_port *port);

/**
 * struct threaded_frame - a frame of the model, without its end
 * @dst: 52:54:00:12:34:56, the address of all model devices
 * @src: 02:00:00:00:00:99
 * @type: 88b5, for local experiments
 * @queue: the queue on which it came in
 * @seq: number of the frame on this queue, from 0 on
 * @ticks: fn_ticks() at its arrival: when it was due, of a load with a schedule
 * @late: it came later than it was due by a gap of the device's thread
 * @check: made of @queue and @seq, so that a frame that is another's is known
 */
struct threaded_frame {
	uint8_t dst[6];
	uint8_t src[6];
	uint8_t type[2];
	uint16_t queue;
	uint64_t seq;
	uint64_t ticks;
	uint64_t late;
	uint64_t check;
	uint64_t rest[2];
};

_Static_assert(sizeof(struct threaded_frame) == THREADED_FRAME_BYTES, "a short frame");

/* What is in a packet, copied; false when it is no whole frame of the model's. */
bool threaded_frame_read(const struct fn_pkt *pkt, struct threaded_frame *frame);

/* Make an empty packet frame number @seq of a transmit queue. False: it has no room. */
bool threaded_frame_write(struct fn_pkt *pkt, unsigned queue, uint64_t seq);

/* fn_ticks() in nanoseconds and back, as measured once. */
uint64_t threaded_ns(uint64_t ticks);
uint64_t threaded_ticks(uint64_t ns);

#endif
