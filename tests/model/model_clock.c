// SPDX-License-Identifier: BSD-3-Clause
/* The models' time. */
#include <string.h>

#include "model/model_clock.h"

void model_clock_init(struct model_clock *clock, uint64_t seed)
{
	memset(clock, 0, sizeof(*clock));
	clock->random = seed;
}

/* SplitMix64: any state is a good one, the seed 0 too. */
uint64_t model_clock_random(struct model_clock *clock)
{
	uint64_t z = clock->random += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

uint64_t model_clock_random_below(struct model_clock *clock, uint64_t n)
{
	return model_clock_random(clock) % n;
}

static struct model_timer *earliest(struct model_clock *clock)
{
	struct model_timer *first = NULL;

	for (unsigned i = 0; i < clock->timers_n; i++) {
		struct model_timer *t = &clock->timers[i];

		if (!first || t->at_ns < first->at_ns ||
		    (t->at_ns == first->at_ns && t->serial < first->serial))
			first = t;
	}
	return first;
}

static void fire(struct model_clock *clock, struct model_timer *slot)
{
	const struct model_timer t = *slot;

	*slot = clock->timers[--clock->timers_n];
	if (t.at_ns > clock->now_ns)
		clock->now_ns = t.at_ns;
	clock->firing = true;
	t.fire(t.arg, t.value);
	clock->firing = false;
}

void model_clock_advance(struct model_clock *clock, uint64_t ns)
{
	const uint64_t until_ns = clock->now_ns + ns;
	struct model_timer *t;

	if (clock->firing) {
		clock->now_ns = until_ns;
		return;
	}
	while ((t = earliest(clock)) && t->at_ns <= until_ns)
		fire(clock, t);
	if (clock->now_ns < until_ns)
		clock->now_ns = until_ns;
}

bool model_clock_next(struct model_clock *clock)
{
	const struct model_timer *t = earliest(clock);

	if (!t || clock->firing)
		return false;
	model_clock_advance(clock, t->at_ns > clock->now_ns ? t->at_ns - clock->now_ns : 0);
	return true;
}

unsigned model_clock_drain(struct model_clock *clock)
{
	struct model_timer *t;
	unsigned n = 0;

	if (clock->firing)
		return 0;
	/* A device whose timers set each other for ever is a mistake of the model. */
	for (; n < 1000000 && (t = earliest(clock)); n++)
		fire(clock, t);
	return n;
}

void model_clock_after(struct model_clock *clock, uint64_t ns,
		       void (*fire_fn)(void *arg, uint64_t value), void *arg, uint64_t value)
{
	if (clock->timers_n == MODEL_TIMERS) {
		clock->lost++;
		return;
	}
	clock->timers[clock->timers_n++] = (struct model_timer){
		.at_ns = clock->now_ns + ns,
		.serial = clock->serial++,
		.fire = fire_fn,
		.arg = arg,
		.value = value,
	};
}

unsigned model_clock_cancel(struct model_clock *clock, void (*fire_fn)(void *arg, uint64_t value),
			    const void *arg)
{
	unsigned n = 0;

	for (unsigned i = 0; i < clock->timers_n;) {
		struct model_timer *t = &clock->timers[i];

		if (t->arg == arg && (!fire_fn || t->fire == fire_fn)) {
			*t = clock->timers[--clock->timers_n];
			n++;
		} else {
			i++;
		}
	}
	return n;
}

bool model_clock_pending(const struct model_clock *clock,
			 void (*fire_fn)(void *arg, uint64_t value), const void *arg)
{
	for (unsigned i = 0; i < clock->timers_n; i++)
		if (clock->timers[i].arg == arg && clock->timers[i].fire == fire_fn)
			return true;
	return false;
}
