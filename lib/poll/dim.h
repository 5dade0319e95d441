/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How long a vector holds its interrupts back: dynamic interrupt moderation, after Linux's net_dim.
 * A state machine without a clock or a register.
 */
#ifndef FN_POLL_DIM_H
#define FN_POLL_DIM_H

#include <stdbool.h>
#include <stdint.h>

/* Interrupts between two decisions. */
#define FN_DIM_EVENTS 64u

/**
 * struct fn_dim - the state of one vector
 * @level: index of the delay in force
 * @up: it goes to longer delays, else to shorter ones
 * @parked: it goes nowhere
 * @rest: parked for so many samples, and not until the load changes
 * @steps: steps that way in a row
 * @before: steps the other way, before it turned
 * @tired: steps since it was parked
 * @started: a sample is being taken
 * @known: @last_pps and @last_packets are of a sample
 * @events: interrupts of the sample so far
 * @start_ns: when it began
 * @packets: packets of it so far
 * @last_pps: packets a second of the sample that the next one is compared with
 * @last_packets: packets of that one, which is to say of FN_DIM_EVENTS interrupts
 */
struct fn_dim {
	uint8_t level;
	bool up;
	bool parked;
	uint8_t rest;
	uint8_t steps;
	uint8_t before;
	uint8_t tired;
	bool started;
	bool known;
	uint8_t events;
	uint64_t start_ns;
	uint64_t packets;
	uint64_t last_pps;
	uint64_t last_packets;
};

/* Begin, with the shortest delay: the caller sets fn_dim_delay_ns(). */
void fn_dim_init(struct fn_dim *dim);

/**
 * fn_dim_event - an interrupt came, and this is what was found behind it
 * @dim: the state
 * @now_ns: when, nanoseconds of any clock that grows
 * @packets: packets received since the last event
 *
 * Return: the delay to set from now on, nanoseconds; UINT32_MAX: as it is.
 */
uint32_t fn_dim_event(struct fn_dim *dim, uint64_t now_ns, uint64_t packets);

/* The delay in force, nanoseconds. */
uint32_t fn_dim_delay_ns(const struct fn_dim *dim);

#endif
