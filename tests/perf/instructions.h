/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What tests/perf/instructions measures: kinds of devices on the in-process model bus, their rings,
 * and the goals. A new ring is one entry of its device's table; a new device is one struct
 * perf_device, in a file of its own and in the list of instructions.c.
 */
#ifndef FN_TESTS_PERF_INSTRUCTIONS_H
#define FN_TESTS_PERF_INSTRUCTIONS_H

#include <fastnic/fastnic.h>

#include "bus/bus.h"

/* What is counted: the driver's burst alone, or a loop around two. */
enum perf_kind {
	PERF_RX,      /* receive n packets, refill included */
	PERF_TX,      /* send n packets, reclaim included */
	PERF_FORWARD, /* receive, touch one byte of each, send: the least of a forwarder */
	PERF_L2FWD,   /* fn_poller_run() with a lane of apps/l2fwd, which touches no frame */
	PERF_REWRITE, /* the same with --mac-rewrite, which touches each */
	PERF_POLL,    /* the same as PERF_L2FWD with --mode poll, not the default, adaptive */
	PERF_EMPTY,   /* a receive burst that finds nothing */
	PERF_KINDS
};

/**
 * struct perf_goal - a goal and a rival, a packet each (PERF_EMPTY: a call)
 * @goal: instructions at most; 0: no goal is set
 * @stretch: what would be better still
 * @rival: instructions of @rival_name, for orientation; 0: not known
 * @rival_name: whose
 */
struct perf_goal {
	unsigned goal;
	unsigned stretch;
	unsigned rival;
	const char *rival_name;
};

/**
 * struct perf_ring - a ring of a device, and so a variant of its driver's bursts
 * @variant: &fn_dev_info.rx_variant and @tx_variant; what is measured must be what is named
 * @features: what the device offers for it, in the device's own terms
 * @scalar: as on a processor without AVX2
 * @goals: by &enum perf_kind, at bursts of 32 packets
 * @forward_one: of the loop that finds one packet a poll
 */
struct perf_ring {
	const char *variant;
	uint64_t features;
	bool scalar;
	struct perf_goal goals[PERF_KINDS];
	struct perf_goal forward_one;
};

/**
 * struct perf_load - packets that are more than plain ones
 * @name: as in the report
 * @kinds: what is counted: bits 1 << &enum perf_kind
 * @ring: that it is counted on; NULL: the device's last one
 * @burst_max: longest burst
 * @offloads: that the ports are configured with
 * @mtu: that they are configured with; 0: the default
 * @pool_a_port: each port has a pool of its own, so that what is forwarded is of another one
 * @frame: what comes in: fill it, and return its length
 * @fill: make of an empty packet what is to be sent; @pool is for what it takes beside it
 * @ask: flags of what an application's packets ask for, also in the loop
 * @frames: frames that a packet leaves as
 * @goals: by &enum perf_kind, at bursts of 32 packets
 */
struct perf_load {
	const char *name;
	unsigned kinds;
	const struct perf_ring *ring;
	unsigned burst_max;
	uint64_t offloads;
	uint32_t mtu;
	bool pool_a_port;
	uint32_t (*frame)(uint8_t *frame);
	void (*fill)(struct fn_pool *pool, struct fn_pkt *pkt);
	uint32_t ask;
	unsigned frames;
	struct perf_goal goals[PERF_KINDS];
};

/* A queue: a receive queue of a port, or a transmit queue. */
struct perf_queue {
	struct fn_rxq *rx;
	struct fn_txq *tx;
};

/**
 * struct perf_device - a device of the model bus and its driver
 * @name: as in the report
 * @bus: the bus that it is found on
 * @rings: its rings
 * @rings_n: how many
 * @loads: what is counted beside plain packets
 * @loads_n: how many
 * @plug: put one on the bus in a slot, 0 or 1, that offers what a ring needs; returns its address
 * @unplug: take it away; returns what the driver did that it may not do, or NULL
 * @doorbell: where the driver keeps a queue's doorbell. The measurement puts plain memory there,
 *	as a mapped BAR is for the driver, so that the model costs nothing within a burst
 * @rung: the driver wrote @value to a queue's doorbell: what the device does then. False: not a
 *	value that this queue's doorbell takes
 * @receive: @n frames come in; false when there were fewer buffers
 * @transmit: send all that is queued and hand it back; returns how many frames
 *
 * The device is stepped between bursts, by @rung, @receive and @transmit, and never within one.
 */
struct perf_device {
	const char *name;
	const struct fn_bus_ops *bus;
	const struct perf_ring *rings;
	unsigned rings_n;
	const struct perf_load *loads;
	unsigned loads_n;
	const char *(*plug)(unsigned slot, const struct perf_ring *ring);
	const char *(*unplug)(unsigned slot);
	struct fn_doorbell *(*doorbell)(struct perf_queue queue);
	bool (*rung)(unsigned slot, struct perf_queue queue, uint32_t value);
	bool (*receive)(unsigned slot, unsigned n, const uint8_t *frame, uint32_t len);
	unsigned (*transmit)(unsigned slot);
};

extern const struct perf_device perf_virtio_net;
extern const struct perf_device perf_e1000e;
extern const struct perf_device perf_igb;

/* instructions_frames.c: 64 bytes of TCP over IPv4 on the wire, with right checksums. */
#define PERF_L2_BYTES 14u
#define PERF_TCP_BYTES 60u

/* The headers in front of a frame of @len bytes, zeros behind. */
void perf_tcp_headers(uint8_t *frame, uint32_t len);
uint32_t perf_tcp_frame(uint8_t *frame);
void perf_tcp_fill(struct fn_pool *pool, struct fn_pkt *pkt);

/**
 * struct perf_steps - what happens behind a round of a worker
 * @step: called with @arg, and how many packets wait for room; false: the worker is to stop
 * @arg: handed to @step
 */
struct perf_steps {
	bool (*step)(void *arg, unsigned waiting);
	void *arg;
};

/*
 * instructions_l2fwd.c: l2fwd with one worker and one lane, from a queue to one of @out, in bursts
 * of @burst; then bursts that one round of it has when it is loaded, and fn_poller_run().
 */
int perf_l2fwd_open(struct fn_ctx *ctx, struct perf_queue rx, struct perf_queue tx,
		    struct fn_dev *out, unsigned burst, enum perf_kind kind);
unsigned perf_l2fwd_round(void);
int perf_l2fwd_run(const struct perf_steps *what);
void perf_l2fwd_close(void);

/* Memory for one more doorbell; only drivers that are compiled without the seam ask for it. */
volatile uint8_t *perf_doorbell_memory(void);

#endif
