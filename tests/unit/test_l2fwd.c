// SPDX-License-Identifier: BSD-3-Clause
/* What l2fwd says of loss, in words and as JSON, when frames come faster than it takes them. */
#include "intel_ring_port.h"

#include <unistd.h>

#include <json-c/json.h>

/* The port of the tests has this name too. */
#define port l2fwd_port
#include "apps/l2fwd/l2fwd.h"
#undef port

#define BURST 32u

static struct l2fwd app;

/* The worker ends behind each round: the test's turns are its own. */
static unsigned one_round(void *arg)
{
	(void)arg;
	fn_poller_stop(app.workers[0].poller);
	return 0;
}

static bool never(void *arg)
{
	(void)arg;
	return false;
}

/* l2fwd as its main() has it, with one port, whose frames go back, and the test's turns. */
static void l2fwd_start(void)
{
	/* A turn of it is one burst: the rest has to wait for the next one. */
	const struct fn_poller_opts opts = {
		.sz = sizeof(opts), .burst = BURST, .budget = BURST, .own_events = true
	};
	const struct fn_poller_source_opts source = { .sz = sizeof(source),
						      .run = one_round,
						      .pending = never };

	ring_start((struct fn_dev_conf){ .rx_ring = 256, .tx_ring = 256 });
	app = (struct l2fwd){
		.opts = { .queues = 1, .burst = BURST, .json = true, .stats = 1 },
		.n_ports = 1,
		.n_workers = 1,
	};
	app.ports[0] = (struct l2fwd_port){ .name = "the port", .outcome = "up", .dev = p.dev };
	app.ports[0].info.sz = sizeof(app.ports[0].info);
	fn_dev_get_info(p.dev, &app.ports[0].info);
	lanes_make(&app);
	assert_int_equal(fn_poller_create(p.ctx, &opts, &app.workers[0].poller), 0);
	assert_int_equal(lanes_attach(&app), 0);
	assert_int_equal(fn_poller_add_source(app.workers[0].poller, &source, NULL), 0);
	app.report = report_create(&app);
	assert_non_null(app.report);
}

/* @rounds turns, @each frames before each; how many of all of them the device lost. */
static unsigned turns(unsigned rounds, unsigned each)
{
	const uint8_t frame[60] = { 2 };
	unsigned lost = 0;

	for (unsigned i = 0; i < rounds; i++) {
		for (unsigned k = 0; k < each; k++)
			lost += intel_dev_receive(&p.id, frame, sizeof(frame)) != 0;
		assert_int_equal(fn_poller_run(app.workers[0].poller), 0);
		sent_n = 0;
		(void)ring_transmit(UINT32_MAX);
	}
	return lost;
}

/* The end, with its text in @text. */
static void l2fwd_end(char *text, size_t size)
{
	FILE *const out = tmpfile();
	const int before = dup(STDOUT_FILENO);
	size_t len;

	assert_non_null(out);
	lanes_end(&app);
	report_sample(app.report);
	assert_int_equal(fn_poller_destroy(app.workers[0].poller), 0);
	ring_flush();
	ring_end();
	/* The port is closed by now. */
	app.ports[0].dev = NULL;
	(void)fflush(stdout);
	assert_true(dup2(fileno(out), STDOUT_FILENO) >= 0);
	assert_int_equal(report_end(app.report, true), 0);
	assert_true(dup2(before, STDOUT_FILENO) >= 0);
	(void)close(before);
	rewind(out);
	len = fread(text, 1, size - 1, out);
	text[len] = '\0';
	(void)fclose(out);
}

static uint64_t number(struct json_object *obj, const char *name)
{
	struct json_object *value = NULL;

	assert_true(json_object_object_get_ex(obj, name, &value));
	return json_object_get_uint64(value);
}

static struct json_object *inner(struct json_object *obj, const char *name)
{
	struct json_object *value = NULL;

	assert_true(json_object_object_get_ex(obj, name, &value));
	return value;
}

static char text[16384];

/* Three frames come for each that l2fwd takes, out of a ring that is eight bursts long. */
static void overload(void **state)
{
	struct json_object *obj;
	struct json_object *one;
	unsigned lost;

	(void)state;
	l2fwd_start();
	lost = turns(100, 3 * BURST);
	assert_true(lost > 0);
	l2fwd_end(text, sizeof(text));
	assert_null(strstr(text, "nothing dropped"));
	assert_non_null(strstr(text, "rx_missed_errors       dropped "));
	assert_non_null(strstr(text, "rx_ring_dry            perhaps "));
	assert_non_null(strchr(text, '{'));
	obj = json_tokener_parse(strchr(text, '{'));
	assert_non_null(obj);
	one = json_object_array_get_idx(inner(obj, "ports"), 0);
	assert_int_equal(number(one, "rx_packets"), 100 * BURST);
	assert_int_equal(number(inner(one, "drops"), "rx_missed_errors"), lost);
	assert_int_equal(number(obj, "dropped"), lost);
	/* All but the first turns, whose frames the ring has room for. */
	assert_in_range(number(inner(one, "possible_loss"), "rx_ring_dry"), 90, 100);
	(void)json_object_put(obj);
}

/* As many frames as l2fwd takes: nothing is lost, and nothing is said of loss. */
static void keeps_up(void **state)
{
	(void)state;
	l2fwd_start();
	assert_int_equal(turns(100, BURST), 0);
	l2fwd_end(text, sizeof(text));
	assert_non_null(strstr(text, "nothing dropped"));
	assert_non_null(strstr(text, "\"dropped\":0,\"possible_loss\":0,"));
}

int main(void)
{
	const struct CMUnitTest tests[] = { ALL(overload), ALL(keeps_up) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
