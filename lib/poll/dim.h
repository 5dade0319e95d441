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
 * ... (the rest is private to dim.c)
 */
struct fn_dim {
	uint8_t level;
	int8_t direction;
	uint8_t steps;
	uint8_t tired;
	uint16_t events;
	bool parked;
	uint64_t start_ns;
	uint64_t packets;
	uint64_t bytes_unused;
	uint64_t last_pps;
	uint64_t last_eps;
};

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
