/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The models' time: a clock that only the test and the driver's own waiting move, timers on it, and
 * random numbers of a seed, so that what happened once happens again.
 */
#ifndef FN_TESTS_MODEL_CLOCK_H
#define FN_TESTS_MODEL_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define MODEL_TIMERS 512u

/**
 * struct model_timer - something that happens later
 * @at_ns: when
 * @serial: timers of one time fire in the order in which they were set
 * @fire: what happens
 * @arg: handed to @fire
 * @value: handed to @fire
 */
struct model_timer {
	uint64_t at_ns;
	uint64_t serial;
	void (*fire)(void *arg, uint64_t value);
	void *arg;
	uint64_t value;
};

/**
 * struct model_clock - a clock, which devices may share
 * @now_ns: what it shows
 * @random: state of the random numbers
 * @timers: in no order
 * @timers_n: how many
 * @serial: timers set so far
 * @firing: a timer's function runs: time stands still but for its own steps
 * @lost: timers that there was no room for
 */
struct model_clock {
	uint64_t now_ns;
	uint64_t random;
	struct model_timer timers[MODEL_TIMERS];
	unsigned timers_n;
	uint64_t serial;
	bool firing;
	unsigned lost;
};

void model_clock_init(struct model_clock *clock, uint64_t seed);

/* Let time pass; what falls due on the way happens at its own time. */
void model_clock_advance(struct model_clock *clock, uint64_t ns);

/* Go to the next timer, and to those that it sets for the same time. False: there is none. */
bool model_clock_next(struct model_clock *clock);

/* Let all timers fire that are set now, and those that they set. Returns how many fired. */
unsigned model_clock_drain(struct model_clock *clock);

/* @fire happens @ns from now, not at once even when @ns is 0. */
void model_clock_after(struct model_clock *clock, uint64_t ns,
		       void (*fire)(void *arg, uint64_t value), void *arg, uint64_t value);

/* Forget the timers of @arg; @fire NULL: of any function. Returns how many. */
unsigned model_clock_cancel(struct model_clock *clock, void (*fire)(void *arg, uint64_t value),
			    const void *arg);

/* Whether a timer of this function and argument is set. */
bool model_clock_pending(const struct model_clock *clock, void (*fire)(void *arg, uint64_t value),
			 const void *arg);

uint64_t model_clock_random(struct model_clock *clock);

/* 0 to @n - 1; @n is at least 1. */
uint64_t model_clock_random_below(struct model_clock *clock, uint64_t n);

#endif
