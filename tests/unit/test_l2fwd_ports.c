// SPDX-License-Identifier: BSD-3-Clause
/*
 * l2fwd between two virtio-net devices of the model, whose workers the test turns by hand: what
 * becomes of frames when a port is reset, lost or closed, who wakes whom, and what is said of it.
 */
#include <getopt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "apps/l2fwd/l2fwd.h"
#include "dev/dev.h"
#include "model/virtio_dev.h"

/* A ring of 64 and a burst of 32: as many frames may be under way in one direction, and no more. */
#define RING 64u
#define BURST 32u

static struct l2fwd app;
static struct virtio_dev nics[2];
static unsigned came_out[2];

/* The linker's names: NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
int __wrap_fn_dev_open(struct fn_ctx *ctx, const char *name, const struct fn_dev_opts *opts,
		       struct fn_dev **dev);
int __wrap_fn_pool_destroy(struct fn_pool *pool);
int __real_fn_pool_destroy(struct fn_pool *pool);

int __wrap_fn_dev_open(struct fn_ctx *ctx, const char *name, const struct fn_dev_opts *opts,
		       struct fn_dev **dev)
{
	return fn_dev_open_on(ctx, &model_bus, name, opts, dev);
}

/* All packets are back at the end, whatever happened. */
int __wrap_fn_pool_destroy(struct fn_pool *pool)
{
	const int ret = __real_fn_pool_destroy(pool);

	assert_int_equal(ret, 0);
	return ret;
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

static void sent(void *arg, unsigned pair, const uint8_t *frame, uint32_t len)
{
	(void)pair;
	(void)frame;
	(void)len;
	(*(unsigned *)arg)++;
}

/* A command line, in one string; the result of options_parse(). */
static int parse(const char *line)
{
	static char text[512];
	char *argv[16];
	int argc = 0;

	(void)snprintf(text, sizeof(text), "l2fwd %s", line);
	for (char *at = strtok(text, " "); at; at = strtok(NULL, " "))
		argv[argc++] = at;
	argv[argc] = NULL;
	optind = 0;
	return options_parse(argc, argv, &app.opts);
}

/* As main() does it, but for signals and the workers' threads. */
static void start(const char *mode)
{
	char line[256];

	memset(&app, 0, sizeof(app));
	for (unsigned i = 0; i < 2; i++) {
		virtio_dev_init(&nics[i]);
		model_dev_plug(&nics[i].md, 3 + i);
		nics[i].sent = sent;
		nics[i].sent_arg = &came_out[i];
		nics[i].auto_tx = false;
		came_out[i] = 0;
	}
	(void)snprintf(line, sizeof(line), "--ring %u --mode %s %s %s", RING, mode,
		       nics[0].md.busdev.name, nics[1].md.busdev.name);
	assert_int_equal(parse(line), 0);
	assert_int_equal(ports_open(&app), 0);
	assert_int_equal(workers_create(&app), 0);
	lanes_make(&app);
	assert_int_equal(ports_start(&app), 0);
	assert_int_equal(lanes_attach(&app), 0);
	app.report = report_create(&app);
	assert_non_null(app.report);
}

static void turn(void)
{
	while (fn_poller_run_once(app.workers[0].poller, 0))
		;
}

/* Frames for a port, one by one while it has buffers; returns how many it took. */
static unsigned come_in(unsigned port, unsigned n)
{
	const uint8_t frame[60] = { 2 };
	unsigned took = 0;

	while (took < n && virtio_dev_receive(&nics[port], 0, frame, sizeof(frame)) == 0)
		took++;
	return took;
}

static void go_out(unsigned port)
{
	(void)virtio_dev_transmit(&nics[port], 0, UINT32_MAX);
}

static uint64_t waiting(unsigned lane)
{
	return app.lanes[lane].tx ? fn_poller_tx_waiting(app.lanes[lane].tx) : 0;
}

/* As main() ends it. */
static struct own_drops end(void)
{
	struct own_drops drops;

	workers_stop(&app);
	ports_stop(&app);
	report_sample(app.report);
	drops = lanes_drops(&app, &app.ports[1]);
	workers_destroy(&app);
	ports_close(&app);
	assert_int_equal(report_end(app.report, false), 0);
	for (unsigned i = 0; i < 2; i++) {
		if (nics[i].md.violation)
			fail_msg("the driver: %s", nics[i].md.violation);
		model_dev_unplug(&nics[i].md);
	}
	return drops;
}

/*
 * The second port's ring is full and a burst waits for room. More is not received then: what piles
 * up does so in the first NIC.
 */
static void fill_up(void)
{
	unsigned in = 0;

	for (unsigned i = 0; i < 20; i++) {
		in += come_in(0, BURST);
		turn();
	}
	assert_true(waiting(0) > 0 && waiting(0) <= BURST);
	assert_int_equal(came_out[1], 0);
	assert_true(in >= 2 * RING);
}

static uint64_t received(void)
{
	uint64_t values[FN_RX_COUNTERS];

	(void)fn_rxq_counters(fn_dev_rxq(app.ports[0].dev, 0), values, FN_RX_COUNTERS);
	return values[FN_RX_PACKETS];
}

/* What waits is sent when there is room, in whatever mode. */
static void waits_for_room(void **state)
{
	static const char *const modes[] = { "adaptive", "poll", "interrupt" };
	struct own_drops drops;
	uint64_t all;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		start(modes[i]);
		fill_up();
		for (unsigned k = 0; k < 10; k++) {
			go_out(1);
			turn();
		}
		all = received();
		assert_int_equal(came_out[1], all);
		drops = end();
		assert_int_equal(drops.no_peer + drops.tx_down + drops.at_exit, 0);
	}
}

/* What waits when l2fwd ends is counted, and what is in the ring is not l2fwd's any more. */
static void ends(void **state)
{
	struct own_drops drops;
	uint64_t left;

	(void)state;
	start("adaptive");
	fill_up();
	left = waiting(0);
	drops = end();
	assert_int_equal(drops.at_exit, left);
	assert_int_equal(drops.no_peer + drops.tx_down, 0);
}

/* A port that is reset loses what is in its ring, which the driver counts; the rest goes on. */
static void resets(void **state)
{
	uint64_t values[FN_TX_COUNTERS];
	struct own_drops drops;
	uint64_t in_ring;
	uint64_t all;

	(void)state;
	start("adaptive");
	fill_up();
	in_ring = received() - waiting(0);
	virtio_dev_needs_reset(&nics[1]);
	assert_true(fn_ctx_process_events(app.ctx) > 0);
	assert_string_equal(app.ports[1].outcome, "up");
	for (unsigned i = 0; i < 10; i++) {
		(void)come_in(0, BURST);
		turn();
		go_out(1);
	}
	turn();
	all = received();
	(void)fn_txq_counters(fn_dev_txq(app.ports[1].dev, 0), values, FN_TX_COUNTERS);
	drops = lanes_drops(&app, &app.ports[1]);
	assert_int_equal(values[FN_TX_DROP_STOPPED] + values[FN_TX_DROP_BROKEN], in_ring);
	assert_int_equal(all, came_out[1] + in_ring + waiting(0) + drops.tx_down);
	assert_true(came_out[1] > 0);
	assert_int_equal(drops.no_peer, 0);
	(void)end();
}

/* A reset that does not help: the port has failed, and frames for it are counted from then on. */
static void lost(const char *how)
{
	struct own_drops drops;
	uint64_t in_ring;
	uint64_t all;

	start("adaptive");
	fill_up();
	in_ring = received() - waiting(0);
	if (strcmp(how, "gone") == 0) {
		nics[1].md.gone = true;
		(void)fn_dev_reset(app.ports[1].dev);
	} else {
		fn_dev_raise(app.ports[1].dev, FN_EVENT_RELEASE_REQUESTED);
	}
	/* Whichever is first: the worker may find the queue down before the event is there. */
	turn();
	assert_true(fn_ctx_process_events(app.ctx) > 0);
	assert_string_equal(app.ports[1].outcome, how);
	assert_null(app.ports[1].dev);
	/* What had piled up in the first port. */
	turn();
	for (unsigned i = 0; i < 10; i++) {
		assert_int_equal(come_in(0, BURST), BURST);
		turn();
	}
	all = received();
	drops = lanes_drops(&app, &app.ports[1]);
	assert_int_equal(all, in_ring + drops.no_peer + drops.tx_down);
	assert_true(drops.no_peer >= 10ull * BURST);
	drops = end();
	assert_int_equal(all, in_ring + drops.no_peer + drops.tx_down);
	assert_int_equal(drops.at_exit, 0);
}

static void vanishes(void **state)
{
	(void)state;
	lost("gone");
}

static void released(void **state)
{
	(void)state;
	lost("released");
}

/* Ports, queues and workers as said. */
static void make(unsigned ports, unsigned queues, unsigned workers)
{
	memset(&app, 0, sizeof(app));
	app.n_ports = ports;
	app.n_workers = workers;
	app.opts.queues = queues;
	lanes_make(&app);
	assert_int_equal(app.n_lanes, ports * queues);
}

/* While there are enough, queues have one vector exactly if they have one worker. */
static void vectors_enough(void **state)
{
	struct vector_map map;

	(void)state;
	for (unsigned workers = 1; workers <= 5; workers++) {
		make(4, 3, workers);
		for (unsigned port = 0; port < 4; port++) {
			unsigned of[MAX_CORES];

			memset(of, 0xff, sizeof(of));
			assert_int_equal(lanes_vectors(&app, &app.ports[port], 6, &map), 0);
			for (unsigned q = 0; q < 3; q++) {
				const unsigned rx = (port * 3 + q) % workers;
				const unsigned tx = ((port ^ 1) * 3 + q) % workers;

				if (of[rx] == ~0u)
					of[rx] = map.rx[q];
				if (of[tx] == ~0u)
					of[tx] = map.tx[q];
				assert_int_equal(map.rx[q], of[rx]);
				assert_int_equal(map.tx[q], of[tx]);
				assert_in_range(map.rx[q], 0, 5);
				assert_in_range(map.tx[q], 0, 5);
			}
			for (unsigned a = 0; a < workers; a++)
				for (unsigned b = 0; b < a; b++)
					assert_true(of[a] == ~0u || of[a] != of[b]);
		}
	}
}

/* Too few: who receives comes first, nobody shares, and who has to poll is counted. */
static void vectors_few(void **state)
{
	struct vector_map map;

	(void)state;
	make(2, 1, 2);
	assert_int_equal(lanes_vectors(&app, &app.ports[1], 1, &map), 0);
	assert_int_equal(map.rx[0], 0);
	assert_int_equal(map.tx[0], FN_NO_VECTOR);
	make(1, 4, 3);
	assert_int_equal(lanes_vectors(&app, &app.ports[0], 2, &map), 1);
	for (unsigned q = 0; q < 4; q++) {
		assert_int_equal(map.rx[q], q % 3 == 2 ? FN_NO_VECTOR : q % 3);
		assert_int_equal(map.tx[q], map.rx[q]);
	}
	assert_int_equal(lanes_vectors(&app, &app.ports[0], 0, &map), 3);
	assert_int_equal(map.rx[0], FN_NO_VECTOR);
}

/* The words of the command line, and what is none. */
static void words(void **state)
{
	(void)state;
	assert_int_equal(parse("a"), 0);
	assert_int_equal(app.opts.mode, FN_POLLER_ADAPTIVE);
	assert_int_equal(app.opts.policy, FN_POLLER_BALANCED);
	assert_int_equal(app.opts.wait, FN_POLLER_WAIT_EPOLL);
	assert_int_equal(parse("--mode interrupt --policy power --wait uring a"), 0);
	assert_int_equal(app.opts.mode, FN_POLLER_INTERRUPT);
	assert_int_equal(app.opts.policy, FN_POLLER_POWER);
	assert_int_equal(app.opts.wait, FN_POLLER_WAIT_URING);
	assert_int_equal(parse("--mode poll --policy latency a"), 0);
	assert_int_equal(app.opts.mode, FN_POLLER_POLL);
	assert_int_equal(app.opts.policy, FN_POLLER_LATENCY);
	assert_int_equal(parse("--mode pol a"), 2);
	assert_int_equal(parse("--policy polls a"), 2);
	assert_int_equal(parse("--wait auto a"), 2);
	assert_string_equal(mode_name(FN_POLLER_INTERRUPT), "interrupt");
	assert_string_equal(policy_name(FN_POLLER_BALANCED), "balanced");
	assert_string_equal(wait_name(FN_POLLER_WAIT_URING), "uring");
}

/* Two workers: one half busy and at 1,000 sleeps a second, one that only polls. */
static struct load loads[2] = {
	{
		.before = { .elapsed_ns = 5000000000u,
			    .busy_ns = 4000000000u,
			    .need_ns = 4005000000u,
			    .sleeps = 500 },
		.now = { .mode = FN_POLLER_ADAPTIVE,
			 .elapsed_ns = 7000000000u,
			 .busy_ns = 5000000000u,
			 .spin_ns = 200000000u,
			 .asleep_ns = 800000000u,
			 .need_ns = 5025000000u,
			 .off_cpu_ns = 10000000u,
			 .sleeps = 2500,
			 .interrupts = 3000,
			 .window_ns = 45000,
			 .wake_cpu_ns = 10000 },
	},
	{
		.before = { .elapsed_ns = 1000000000u, .busy_ns = 500u, .asleep_ns = 7 },
		.now = { .mode = FN_POLLER_POLL,
			 .elapsed_ns = 3000000000u,
			 .busy_ns = 500u,
			 .spin_ns = 2000000000u,
			 .asleep_ns = 6 },
	},
};

static void assert_loads(bool totals, uint64_t ns, const char *want)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	load_print(out, &app, loads, ns, totals);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(text, want);
	for (const char *line = text; *line; line = strchr(line, '\n') + 1)
		assert_in_range(strcspn(line, "\n"), 1, 100);
	free(text);
}

#define HEAD                                                                                   \
	"  worker core  mode         need    busy  spinning  asleep  off CPU  interrupts/s   " \
	"wakes/s  window\n"

static void load_lines(void **state)
{
	(void)state;
	memset(&app, 0, sizeof(app));
	app.n_workers = 2;
	app.workers[0].core = -1;
	app.workers[1].core = 13;
	app.workers[1].index = 1;
	assert_loads(false, 2000000000u,
		     HEAD "  0       any  adaptive    51.0%   50.0%     10.0%   40.0%     0.5%"
			  "          1500      1000    45us\n"
			  "  1        13  poll         0.0%    0.0%    100.0%    0.0%     0.0%"
			  "             0         0       -\n");
	loads[1].now.lost_wakeups = 2;
	assert_loads(true, 7000000000u,
		     HEAD "  0       any  adaptive    71.8%   71.4%      2.9%   11.4%     0.1%"
			  "           429       357    45us\n"
			  "  1        13  poll         0.0%    0.0%     66.7%    0.0%     0.0%"
			  "             0         0       -\n"
			  "  worker 1 slept over packets 2 times: the interrupt did not come\n");
	loads[1].now.lost_wakeups = 0;
}

static void load_json(void **state)
{
	struct worker worker = { .core = -1 };
	struct json_object *obj = load_to_json(&worker, &loads[0]);
	struct json_object *value;

	(void)state;
	assert_true(json_object_object_get_ex(obj, "sleeps", &value));
	assert_int_equal(json_object_get_uint64(value), 2500);
	assert_true(json_object_object_get_ex(obj, "busy_ns", &value));
	assert_int_equal(json_object_get_uint64(value), 5000000000u);
	assert_true(json_object_object_get_ex(obj, "mode", &value));
	assert_string_equal(json_object_get_string(value), "adaptive");
	assert_true(json_object_object_get_ex(obj, "core", &value));
	assert_null(value);
	(void)json_object_put(obj);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waits_for_room), cmocka_unit_test(ends),
		cmocka_unit_test(resets),         cmocka_unit_test(vanishes),
		cmocka_unit_test(released),       cmocka_unit_test(vectors_enough),
		cmocka_unit_test(vectors_few),    cmocka_unit_test(words),
		cmocka_unit_test(load_lines),     cmocka_unit_test(load_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
