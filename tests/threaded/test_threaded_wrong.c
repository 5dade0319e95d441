// SPDX-License-Identifier: BSD-3-Clause
/*
 * The same loop written wrong loses wake-ups on the threaded model, within seconds: else the model
 * would prove nothing. The fences of virtio's arming are calls here, so that they can be left out.
 */
#include "base/barrier.h"
#include "sleeper.h"

#define LIMIT_MS 10000u
#define LATE_NS 3000u

static bool no_fence;

void fn_rmb_dma(void)
{
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
}

void fn_wmb_dma(void)
{
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

void fn_mb_dma(void)
{
	if (!no_fence)
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* What is wrong with the loop. */
enum wrong {
	NOTHING,
	BLIND,    /* no second look */
	NO_FENCE, /* nor anything else between arming and the second look */
	NO_FLUSH, /* the registers of arming are on their way still at the second look */
};

/* As long as it takes until a wake-up is lost, or for some seconds; how often it slept. */
static void lose(const char *name, struct threaded_opts opts, enum wrong wrong, uint64_t most)
{
	const uint64_t limit = now_ms() + LIMIT_MS;
	struct sleeper s = { .blind = wrong == BLIND };

	opts.no_flush = wrong == NO_FLUSH;
	no_fence = wrong == NO_FENCE;
	sleeper_open(&s, &opts);
	sleeper_sweep(&s, 0, 2 * SPIN_NS);
	while (!s.lost && s.sleeps < most && now_ms() < limit)
		sleeper_turn(&s);
	no_fence = false;
	print_message("%s: lost %llu of %llu sleeps\n", name, (unsigned long long)s.lost,
		      (unsigned long long)s.sleeps);
	assert_int_equal(s.lost, wrong != NOTHING);
	sleeper_close(&s);
}

static const struct threaded_opts event_index = { .kind = THREADED_VIRTIO, .event_idx = true };
static const struct threaded_opts flags = { .kind = THREADED_VIRTIO };
static const struct threaded_opts e1000e = { .kind = THREADED_E1000E, .late_ns = LATE_NS };
static const struct threaded_opts igb = { .kind = THREADED_IGB, .late_ns = LATE_NS };

static void no_second_look(void **state)
{
	(void)state;
	lose("virtio, event index", event_index, BLIND, UINT64_MAX);
	lose("virtio, flags", flags, BLIND, UINT64_MAX);
	lose("e1000e", e1000e, BLIND, UINT64_MAX);
	lose("igb", igb, BLIND, UINT64_MAX);
}

static void no_full_fence(void **state)
{
	(void)state;
	lose("virtio, event index", event_index, NO_FENCE, UINT64_MAX);
	lose("virtio, flags", flags, NO_FENCE, UINT64_MAX);
}

static void no_flush(void **state)
{
	(void)state;
	lose("e1000e", e1000e, NO_FLUSH, UINT64_MAX);
	lose("igb", igb, NO_FLUSH, UINT64_MAX);
}

/*
 * What is lost is lost by a frame that comes close to the arming. Of later ones hardly any is: only
 * when this thread was off its core in front of it.
 */
static void no_flush_long_before(void **state)
{
	static const struct threaded_opts *const opts[] = { &e1000e, &igb };

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		const uint64_t limit = now_ms() + LIMIT_MS;
		struct threaded_opts own = *opts[i];
		struct sleeper s = { 0 };

		own.no_flush = true;
		sleeper_open(&s, &own);
		sleeper_sweep(&s, 20 * LATE_NS, 25 * LATE_NS);
		while (s.sleeps < 1000 && now_ms() < limit)
			sleeper_turn(&s);
		assert_true(s.lost * 20 < s.sleeps);
		sleeper_close(&s);
	}
}

/* In this very program, with nothing wrong, none is lost. */
static void none_without(void **state)
{
	(void)state;
	lose("virtio, event index", event_index, NOTHING, 5000);
	lose("virtio, flags", flags, NOTHING, 5000);
	lose("e1000e, late writes", e1000e, NOTHING, 5000);
	lose("igb, late writes", igb, NOTHING, 5000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_second_look), cmocka_unit_test(no_full_fence),
		cmocka_unit_test(no_flush),       cmocka_unit_test(no_flush_long_before),
		cmocka_unit_test(none_without),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
