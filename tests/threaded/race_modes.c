// SPDX-License-Identifier: BSD-3-Clause
/* A worker's mode changes under traffic, and nothing is lost or put out of order. */
#include "threaded/race.h"

static const enum fn_poller_mode modes[] = { FN_POLLER_INTERRUPT, FN_POLLER_POLL,
					     FN_POLLER_ADAPTIVE };
static const enum fn_poller_policy policies[] = { FN_POLLER_POWER, FN_POLLER_BALANCED,
						  FN_POLLER_LATENCY };

/* The moment of a switch, behind the one before. */
#define SWEEP_NS 200000u

static const struct {
	const char *name;
	enum threaded_kind kind;
} kinds[] = {
	{ "virtio: modes", THREADED_VIRTIO },
	{ "e1000e: modes", THREADED_E1000E },
	{ "igb: modes", THREADED_IGB },
};

/* While none sends back what it cannot: what finds no room stays in the device. */
static void switches(unsigned kind, const struct threaded_load *load, uint64_t times)
{
	struct race_watch watch = { 0 };
	struct race r;
	uint64_t got;

	race_case();
	race_open(&r, kinds[kind].name,
		  &(struct race_opts){ .port = { .kind = kinds[kind].kind, .event_idx = true },
				       .mode = FN_POLLER_ADAPTIVE,
				       .feeds = true });
	threaded_load(r.port, 0, load);
	for (uint64_t i = 0; i < times && !race_is_over(); i++) {
		assert_int_equal(fn_poller_set_mode(r.poller, modes[i % 3], policies[i / 3 % 3]),
				 0);
		race_spin(race_delay(i * 97, SWEEP_NS));
		if (i % 8)
			continue;
		/* Some more frames have to come between two switches. */
		got = __atomic_load_n(&r.got, __ATOMIC_ACQUIRE);
		while (__atomic_load_n(&r.got, __ATOMIC_ACQUIRE) < got + 16)
			race_goes_on(&r, &watch, __atomic_load_n(&r.got, __ATOMIC_ACQUIRE),
				     "frames between two switches");
	}
	race_until_got_all(&r);
	assert_int_equal(r.refused, 0);
	race_report(&r, NULL);
	race_close(&r);
}

static void all_kinds(const struct threaded_load *load)
{
	const uint64_t times = race_count(100);

	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		switches(i, load, times);
}

void race_modes_saturated(void **state)
{
	(void)state;
	all_kinds(&(struct threaded_load){ .kind = THREADED_FULL });
}

void race_modes_even(void **state)
{
	(void)state;
	all_kinds(&(struct threaded_load){ .kind = THREADED_EVEN, .rate = 10000 });
}
