// SPDX-License-Identifier: BSD-3-Clause
/* What l2fwd shows: a live screen, totals in words, or one JSON object. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include "l2fwd.h"

/* Counters of a queue, or of all queues of a port. */
struct sample {
	uint64_t rx[FN_RX_COUNTERS];
	uint64_t tx[FN_TX_COUNTERS];
};

/* Of what a NIC counts itself: more than any driver of fastnic has. */
#define MAX_DEV_COUNTERS 256

/*
 * A port: its queues' counters, their sums now and at the screen before, and what its NIC counts
 * itself: the descriptions outlive the device.
 */
struct port_sample {
	struct sample queues[MAX_QUEUES];
	struct sample now;
	struct sample before;
	unsigned dev_n;
	uint64_t dev[MAX_DEV_COUNTERS];
	const struct fn_counter_desc *dev_descs[MAX_DEV_COUNTERS];
	bool no_link;
};

struct report {
	const struct l2fwd *app;
	uint64_t start_ns;
	uint64_t now_ns;
	uint64_t before_ns;
	struct port_sample ports[MAX_PORTS];
	struct load loads[MAX_CORES];
	bool redraw;
	FILE *out; /* where the tables go */
};

struct report *report_create(const struct l2fwd *app)
{
	struct report *report = calloc(1, sizeof(*report));
	/* The workers do not run yet. NOLINTNEXTLINE(concurrency-mt-unsafe) */
	const char *term = getenv("TERM");

	if (!report) {
		(void)fprintf(stderr, "l2fwd: out of memory\n");
		return NULL;
	}
	report->app = app;
	report->redraw = isatty(STDOUT_FILENO) && term && strcmp(term, "dumb") != 0;
	report->start_ns = now_ns();
	report->before_ns = report->start_ns;
	report->now_ns = report->start_ns;
	return report;
}

static void add(uint64_t *sum, const uint64_t *values, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		sum[i] += values[i];
}

static void sample_device(struct fn_dev *dev, struct port_sample *ps)
{
	const unsigned n = fn_dev_counters(dev, ps->dev, MAX_DEV_COUNTERS);

	ps->dev_n = n < MAX_DEV_COUNTERS ? n : MAX_DEV_COUNTERS;
	for (unsigned c = 0; c < ps->dev_n; c++)
		ps->dev_descs[c] = fn_dev_counter_desc(dev, c);
}

static void sample_port(const struct report *report, unsigned i, struct port_sample *ps)
{
	struct fn_dev *dev = report->app->ports[i].dev;
	struct fn_link link = { .sz = sizeof(link) };

	ps->before = ps->now;
	ps->no_link = false;
	if (!dev)
		return;
	ps->now = (struct sample){ 0 };
	for (unsigned q = 0; q < report->app->opts.queues; q++) {
		struct sample *queue = &ps->queues[q];

		(void)fn_rxq_counters(fn_dev_rxq(dev, q), queue->rx, FN_RX_COUNTERS);
		(void)fn_txq_counters(fn_dev_txq(dev, q), queue->tx, FN_TX_COUNTERS);
		add(ps->now.rx, queue->rx, FN_RX_COUNTERS);
		add(ps->now.tx, queue->tx, FN_TX_COUNTERS);
	}
	sample_device(dev, ps);
	/* A port that is about to be closed is not asked any more. */
	ps->no_link = !report->app->ports[i].lost && !(fn_dev_get_link(dev, &link) == 0 && link.up);
}

void report_sample(struct report *report)
{
	report->before_ns = report->now_ns;
	report->now_ns = now_ns();
	for (unsigned i = 0; i < report->app->n_ports; i++)
		sample_port(report, i, &report->ports[i]);
	for (unsigned i = 0; i < report->app->n_workers; i++)
		load_sample(&report->app->workers[i], &report->loads[i]);
}

typedef void each_loss_fn(void *arg, const char *name, const char *help, bool certain,
			  uint64_t value);

/* One counter, if it means loss. */
static void one_loss(const struct fn_counter_desc *desc, uint64_t value, each_loss_fn *each,
		     void *arg)
{
	if (desc->kind != FN_COUNTER_INFO)
		each(arg, desc->name, desc->help, desc->kind == FN_COUNTER_DROP, value);
}

/*
 * Calls @each for every counter of a port that means loss: of its queues, of its NIC, which counts
 * what never came to a queue or left one and was not sent, and l2fwd's own.
 */
static void each_loss(const struct report *report, unsigned i, each_loss_fn *each, void *arg)
{
	const struct port *port = &report->app->ports[i];
	const struct port_sample *ps = &report->ports[i];
	const struct own_drops own = lanes_drops(report->app, port);

	for (unsigned c = 0; c < FN_RX_COUNTERS; c++)
		one_loss(fn_rx_counter_desc(c), ps->now.rx[c], each, arg);
	for (unsigned c = 0; c < FN_TX_COUNTERS; c++)
		one_loss(fn_tx_counter_desc(c), ps->now.tx[c], each, arg);
	for (unsigned c = 0; c < ps->dev_n; c++)
		one_loss(ps->dev_descs[c], ps->dev[c], each, arg);
	each(arg, "no_peer", "the port that they should leave by was released or is gone", true,
	     own.no_peer);
	each(arg, "tx_down", "the port that they should leave by was being reset or is down", true,
	     own.tx_down);
	each(arg, "at_exit", "l2fwd ended while they waited for room", true, own.at_exit);
}

struct loss_sum {
	uint64_t certain;
	uint64_t possible;
};

static void loss_add(void *arg, const char *name, const char *help, bool certain, uint64_t value)
{
	struct loss_sum *sum = arg;

	(void)name;
	(void)help;
	if (certain)
		sum->certain += value;
	else
		sum->possible += value;
}

struct loss_table {
	FILE *out;
	const char *port;
};

static void loss_line(void *arg, const char *name, const char *help, bool certain, uint64_t value)
{
	const struct loss_table *table = arg;

	if (value)
		(void)fprintf(table->out, "  %-14s %-22s %-8s %12" PRIu64 "  %s\n", table->port,
			      name, certain ? "dropped" : "perhaps", value, help);
}

static double rate(uint64_t now, uint64_t before, uint64_t ns)
{
	return ns ? (double)(now - before) * 1e9 / (double)ns : 0;
}

static double ratio(uint64_t part, uint64_t whole)
{
	return whole ? (double)part / (double)whole : 0;
}

static void direction_print(const struct report *report, const uint64_t *now,
			    const uint64_t *before, uint64_t ns, unsigned packets, unsigned bytes,
			    unsigned bursts)
{
	(void)fprintf(report->out, " %12.0f %10.1f %5.1f", rate(now[packets], before[packets], ns),
		      rate(now[bytes], before[bytes], ns) * 8 / 1e6,
		      ratio(now[packets] - before[packets], now[bursts] - before[bursts]));
}

/* The time that a table is of. */
static uint64_t table_ns(const struct report *report, bool totals)
{
	return report->now_ns - (totals ? report->start_ns : report->before_ns);
}

/* One table: of the time since the screen before, or (@totals) of all the time. */
static void table_print(const struct report *report, bool totals)
{
	static const struct sample zero;
	const uint64_t ns = table_ns(report, totals);

	(void)fprintf(report->out, "  %-14s %-8s %29s %29s\n", "", "",
		      "-------- receive ---------- ", "---------- send -----------");
	(void)fprintf(report->out, "  %-14s %-8s %12s %10s %5s %12s %10s %5s %9s\n", "port",
		      "state", "packets/s", "Mbit/s", "fill", "packets/s", "Mbit/s", "fill",
		      "dropped");
	for (unsigned i = 0; i < report->app->n_ports; i++) {
		const struct port *port = &report->app->ports[i];
		const struct port_sample *ps = &report->ports[i];
		const struct sample *before = totals ? &zero : &ps->before;
		struct loss_sum loss = { 0 };

		each_loss(report, i, loss_add, &loss);
		(void)fprintf(report->out, "  %-14s %-8s", port->name,
			      ps->no_link ? "no link" : port->outcome);
		direction_print(report, ps->now.rx, before->rx, ns, FN_RX_PACKETS, FN_RX_BYTES,
				FN_RX_BURSTS);
		direction_print(report, ps->now.tx, before->tx, ns, FN_TX_PACKETS, FN_TX_BYTES,
				FN_TX_BURSTS);
		(void)fprintf(report->out, " %9" PRIu64 "\n", loss.certain);
	}
}

static void losses_print(const struct report *report)
{
	struct loss_sum loss = { 0 };

	for (unsigned i = 0; i < report->app->n_ports; i++)
		each_loss(report, i, loss_add, &loss);
	if (!loss.certain && !loss.possible) {
		(void)fprintf(report->out, "  nothing dropped\n");
		return;
	}
	(void)fprintf(report->out, "  %-14s %-22s %-8s %12s\n", "port", "loss", "", "count");
	for (unsigned i = 0; i < report->app->n_ports; i++) {
		struct loss_table table = { report->out, report->app->ports[i].name };

		each_loss(report, i, loss_line, &table);
	}
}

static uint64_t forwarded(const struct report *report)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < report->app->n_ports; i++)
		sum += report->ports[i].now.tx[FN_TX_PACKETS];
	return sum;
}

static void heading_print(const struct report *report, const char *what)
{
	const struct options *opts = &report->app->opts;
	unsigned long seconds = (unsigned long)((report->now_ns - report->start_ns) / 1000000000u);

	(void)fprintf(report->out,
		      "  l2fwd %s %02lu:%02lu:%02lu  %u port%s, %u queue%s each, %u worker%s  "
		      "%" PRIu64 " frames forwarded\n\n",
		      what, seconds / 3600, seconds / 60 % 60, seconds % 60, report->app->n_ports,
		      report->app->n_ports == 1 ? "" : "s", opts->queues,
		      opts->queues == 1 ? "" : "s", report->app->n_workers,
		      report->app->n_workers == 1 ? "" : "s", forwarded(report));
}

void report_screen(struct report *report)
{
	char *text = NULL;
	size_t len = 0;

	report->out = open_memstream(&text, &len);
	if (!report->out)
		return;
	/* On a terminal that can, each screen takes the place of the one before. */
	if (report->redraw)
		(void)fputs("\033[H\033[2J", report->out);
	heading_print(report, "after");
	table_print(report, false);
	(void)fputc('\n', report->out);
	load_print(report->out, report->app, report->loads, table_ns(report, false), false);
	(void)fputc('\n', report->out);
	losses_print(report);
	(void)fputc('\n', report->out);
	if (fclose(report->out) == 0)
		show(text, len);
	free(text);
}

static void counters_to_json(struct json_object *to, const struct sample *sample)
{
	for (unsigned c = 0; c < FN_RX_COUNTERS; c++)
		if (fn_rx_counter_desc(c)->kind == FN_COUNTER_INFO)
			json_object_object_add(to, fn_rx_counter_desc(c)->name,
					       json_object_new_uint64(sample->rx[c]));
	for (unsigned c = 0; c < FN_TX_COUNTERS; c++)
		if (fn_tx_counter_desc(c)->kind == FN_COUNTER_INFO)
			json_object_object_add(to, fn_tx_counter_desc(c)->name,
					       json_object_new_uint64(sample->tx[c]));
}

struct loss_json {
	struct json_object *drops;
	struct json_object *possible;
};

static void loss_to_json(void *arg, const char *name, const char *help, bool certain,
			 uint64_t value)
{
	struct loss_json *to = arg;

	(void)help;
	json_object_object_add(certain ? to->drops : to->possible, name,
			       json_object_new_uint64(value));
}

static struct json_object *port_to_json(const struct report *report, unsigned i, double seconds)
{
	const struct port *port = &report->app->ports[i];
	const struct port_sample *ps = &report->ports[i];
	const uint64_t *rx = ps->now.rx;
	const uint64_t *tx = ps->now.tx;
	struct json_object *obj = json_object_new_object();
	struct json_object *queues = json_object_new_array();
	struct loss_json loss = { json_object_new_object(), json_object_new_object() };

	json_object_object_add(obj, "name", json_object_new_string(port->name));
	json_object_object_add(obj, "state", json_object_new_string(port->outcome));
	modes_to_json(obj, &port->info);
	counters_to_json(obj, &ps->now);
	json_object_object_add(obj, "rx_packets_per_s",
			       json_object_new_double((double)rx[FN_RX_PACKETS] / seconds));
	json_object_object_add(obj, "tx_packets_per_s",
			       json_object_new_double((double)tx[FN_TX_PACKETS] / seconds));
	json_object_object_add(obj, "rx_mbit_per_s",
			       json_object_new_double((double)rx[FN_RX_BYTES] * 8e-6 / seconds));
	json_object_object_add(obj, "tx_mbit_per_s",
			       json_object_new_double((double)tx[FN_TX_BYTES] * 8e-6 / seconds));
	json_object_object_add(obj, "rx_burst_fill",
			       json_object_new_double(ratio(rx[FN_RX_PACKETS], rx[FN_RX_BURSTS])));
	json_object_object_add(obj, "tx_burst_fill",
			       json_object_new_double(ratio(tx[FN_TX_PACKETS], tx[FN_TX_BURSTS])));
	each_loss(report, i, loss_to_json, &loss);
	json_object_object_add(obj, "drops", loss.drops);
	json_object_object_add(obj, "possible_loss", loss.possible);
	for (unsigned q = 0; q < report->app->opts.queues; q++) {
		struct json_object *queue = json_object_new_object();

		counters_to_json(queue, &ps->queues[q]);
		json_object_array_add(queues, queue);
	}
	json_object_object_add(obj, "queues", queues);
	return obj;
}

static uint64_t first_frame_ns(const struct l2fwd *app)
{
	uint64_t first = UINT64_MAX;

	for (unsigned i = 0; i < app->n_lanes; i++) {
		uint64_t ns = atomic_load_explicit(&app->lanes[i].first_ns, memory_order_relaxed);

		if (ns && ns < first)
			first = ns;
	}
	return first == UINT64_MAX ? 0 : first;
}

static void json_print(const struct report *report)
{
	double seconds = (double)(report->now_ns - report->start_ns) * 1e-9;
	struct json_object *obj = json_object_new_object();
	struct json_object *ports = json_object_new_array();
	struct json_object *workers = json_object_new_array();
	struct loss_sum loss = { 0 };

	for (unsigned i = 0; i < report->app->n_workers; i++)
		json_object_array_add(workers,
				      load_to_json(&report->app->workers[i], &report->loads[i]));
	for (unsigned i = 0; i < report->app->n_ports; i++) {
		json_object_array_add(ports, port_to_json(report, i, seconds));
		each_loss(report, i, loss_add, &loss);
	}
	json_object_object_add(obj, "seconds", json_object_new_double(seconds));
	json_object_object_add(obj, "forwarded", json_object_new_uint64(forwarded(report)));
	json_object_object_add(obj, "dropped", json_object_new_uint64(loss.certain));
	json_object_object_add(obj, "possible_loss", json_object_new_uint64(loss.possible));
	json_object_object_add(obj, "first_frame_monotonic_ns",
			       json_object_new_uint64(first_frame_ns(report->app)));
	json_object_object_add(obj, "ports", ports);
	json_object_object_add(obj, "workers", workers);
	(void)puts(json_object_to_json_string_ext(obj, JSON_C_TO_STRING_PLAIN));
	(void)json_object_put(obj);
	(void)fflush(stdout);
}

int report_end(struct report *report, bool show)
{
	const struct options *opts;
	bool written = true;

	if (!report)
		return 0;
	opts = &report->app->opts;
	report->out = stdout;
	if (show && (!opts->json || opts->stats > 0)) {
		heading_print(report, "ran for");
		table_print(report, true);
		(void)putchar('\n');
		load_print(report->out, report->app, report->loads, table_ns(report, true), true);
		(void)putchar('\n');
		modes_print(report->out, report->app->ports, report->app->n_ports);
		(void)putchar('\n');
		losses_print(report);
	}
	if (show && opts->json)
		json_print(report);
	free(report);
	if (show)
		written = fflush(stdout) == 0 && !ferror(stdout);
	if (!written)
		(void)fprintf(stderr,
			      "l2fwd: the totals could not be written to the standard output\n");
	return written ? 0 : -1;
}
