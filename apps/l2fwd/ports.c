// SPDX-License-Identifier: BSD-3-Clause
/* l2fwd's ports: claimed, started, and given back when their time comes. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "l2fwd.h"

/* The other ports' events wait meanwhile, and a release has to be through within a second. */
#define RESET_TRIES 3u
#define RESET_PAUSE_MS 100u
#define RESET_PATIENCE_MS 300u

static void port_close(struct port *port)
{
	(void)fn_dev_close(port->dev);
	port->dev = NULL;
}

/* A port goes, the others go on: frames for it count as "no_peer" from now on. */
static void port_lost(struct l2fwd *app, struct port *port, const char *outcome)
{
	port->outcome = outcome;
	say("l2fwd: port %s is %s\n", port->name, outcome);
	port->lost = true;
	lanes_lose(app, port);
	(void)fn_dev_stop(port->dev);
	report_sample(app->report);
	port_close(port);
}

/* What keeps a device from starting may pass, such as memory that others hold just now. */
static int reset_patiently(struct port *port)
{
	const struct timespec pause = { .tv_nsec = RESET_PAUSE_MS * 1000000L };
	const uint64_t end_ns = now_ns() + RESET_PATIENCE_MS * 1000000ull;
	int ret = fn_dev_reset(port->dev);

	for (unsigned i = 1; ret && ret != -ENODEV && i < RESET_TRIES && now_ns() < end_ns; i++) {
		say("l2fwd: port %s does not start again: reset %u of %u follows in %u ms\n",
		    port->name, i + 1, RESET_TRIES, RESET_PAUSE_MS);
		(void)nanosleep(&pause, NULL);
		ret = fn_dev_reset(port->dev);
	}
	return ret;
}

static void port_reset(struct l2fwd *app, struct port *port)
{
	const int ret = reset_patiently(port);

	/* Gone, or asked back: an event of its own tells which, and comes next. */
	if (ret && ret != -ENODEV)
		port_lost(app, port, "failed");
}

static void on_event(void *arg, const struct fn_event *event)
{
	struct l2fwd *app = arg;
	struct port *port = NULL;

	for (unsigned i = 0; i < app->n_ports; i++)
		if (app->ports[i].dev == event->dev)
			port = &app->ports[i];
	if (!port)
		return;
	switch (event->type) {
	case FN_EVENT_RELEASE_REQUESTED:
		port_lost(app, port, "released");
		break;
	case FN_EVENT_GONE:
		port_lost(app, port, "gone");
		break;
	case FN_EVENT_QUEUE_BROKEN:
	case FN_EVENT_DEVICE_ERROR:
		port_reset(app, port);
		break;
	case FN_EVENT_LINK:
	default:
		break;
	}
}

/* Warnings, and the sentence of whatever fails: of a call, or of a device by itself. */
static void on_log(void *arg, enum fn_log_level level, const char *line)
{
	(void)arg;
	(void)level;
	say("l2fwd: %s\n", line);
}

static struct fn_dev_conf port_conf(const struct l2fwd *app)
{
	return (struct fn_dev_conf){
		.sz = sizeof(struct fn_dev_conf),
		.rxqs = (uint16_t)app->opts.queues,
		.txqs = (uint16_t)app->opts.queues,
		.rx_ring = app->opts.ring,
		.tx_ring = app->opts.ring,
		.pool = app->pool,
		.promisc = true,
	};
}

/* The workers and this thread each have a cache; what a lane holds comes on top. */
static int pool_create(struct l2fwd *app)
{
	const struct options *opts = &app->opts;
	const struct fn_dev_conf conf = port_conf(app);
	struct fn_pool_opts pool_opts = {
		.sz = sizeof(pool_opts),
		.max_threads = opts->n_cores ? opts->n_cores + 1 : 2,
	};
	struct fn_dev_info first = { .sz = sizeof(first) };
	uint64_t need = fn_pool_need(&pool_opts, &conf, opts->n_ports) +
			(uint64_t)opts->n_ports * opts->queues * opts->burst;

	if (opts->buffers && opts->buffers < need) {
		(void)fprintf(
			stderr,
			"l2fwd: --buffers %u: these ports, queues, rings and workers need %" PRIu64
			" at least\n",
			opts->buffers, need);
		return -1;
	}
	/* On the first port's node: who has ports on several runs one l2fwd a node. */
	fn_dev_get_info(app->ports[0].dev, &first);
	pool_opts.numa_node_plus_1 = (uint32_t)(first.numa_node + 1);
	pool_opts.count = need > 8192 ? (uint32_t)need : 8192;
	if (opts->buffers)
		pool_opts.count = opts->buffers;
	return fn_pool_create(app->ctx, &pool_opts, &app->pool);
}

/*
 * What a port cannot do is said before memory is asked for, whose limits would be the sentence
 * else.
 */
static int check_port(const struct options *opts, const struct port *port)
{
	struct fn_dev_info info = { .sz = sizeof(info) };

	fn_dev_get_info(port->dev, &info);
	if (opts->queues > info.max_rxqs || opts->queues > info.max_txqs) {
		(void)fprintf(stderr, "l2fwd: --queues %u: port %s has %u\n", opts->queues,
			      port->name,
			      info.max_rxqs < info.max_txqs ? info.max_rxqs : info.max_txqs);
		return -1;
	}
	if ((opts->ring & (opts->ring - 1)) != 0 || opts->ring < info.rx_ring_min ||
	    opts->ring < info.tx_ring_min || opts->ring > info.rx_ring_max ||
	    opts->ring > info.tx_ring_max) {
		(void)fprintf(stderr,
			      "l2fwd: --ring %u: port %s takes powers of two, %u to %u to receive "
			      "and %u to %u to send\n",
			      opts->ring, port->name, info.rx_ring_min, info.rx_ring_max,
			      info.tx_ring_min, info.tx_ring_max);
		return -1;
	}
	return 0;
}

int ports_open(struct l2fwd *app)
{
	const struct options *opts = &app->opts;
	struct fn_ctx_opts ctx_opts = {
		.sz = sizeof(ctx_opts),
		.log = on_log,
		.log_level = FN_LOG_WARN,
		.event = on_event,
		.event_arg = app,
	};

	/* Without a context there is no log yet. */
	if (fn_ctx_create(&ctx_opts, &app->ctx)) {
		(void)fprintf(stderr, "l2fwd: %s\n", fn_error_last());
		return -1;
	}
	for (; app->n_ports < opts->n_ports; app->n_ports++) {
		struct port *port = &app->ports[app->n_ports];

		port->name = opts->ports[app->n_ports];
		port->outcome = "up";
		if (fn_dev_open(app->ctx, port->name, NULL, &port->dev))
			return -1;
		if (check_port(opts, port)) {
			app->n_ports++;
			return -1;
		}
	}
	return pool_create(app);
}

static int port_configure(const struct l2fwd *app, const struct port *port)
{
	struct fn_dev_info info = { .sz = sizeof(info) };
	struct fn_dev_conf conf = port_conf(app);
	struct vector_map map;
	unsigned deaf;

	fn_dev_get_info(port->dev, &info);
	deaf = lanes_vectors(app, port, info.vectors, &map);
	if (deaf && app->opts.mode != FN_POLLER_POLL)
		(void)fprintf(stderr,
			      "l2fwd: port %s has %u interrupt vector%s, too few for its workers: "
			      "%u of them will poll and never sleep; name fewer --cores, or take "
			      "--mode poll\n",
			      port->name, info.vectors, info.vectors == 1 ? "" : "s", deaf);
	conf.rx_vectors = map.rx;
	conf.tx_vectors = map.tx;
	return fn_dev_configure(port->dev, &conf);
}

int ports_start(struct l2fwd *app)
{
	for (unsigned i = 0; i < app->n_ports; i++)
		if (port_configure(app, &app->ports[i]))
			return -1;
	for (unsigned i = 0; i < app->n_ports; i++) {
		if (fn_dev_start(app->ports[i].dev))
			return -1;
		app->ports[i].info.sz = sizeof(app->ports[i].info);
		fn_dev_get_info(app->ports[i].dev, &app->ports[i].info);
	}
	return 0;
}

/* What is still queued is sent, or counted; the counters stay readable. */
void ports_stop(struct l2fwd *app)
{
	for (unsigned i = 0; i < app->n_ports; i++)
		if (app->ports[i].dev)
			(void)fn_dev_stop(app->ports[i].dev);
}

void ports_close(struct l2fwd *app)
{
	for (unsigned i = 0; i < app->n_ports; i++)
		port_close(&app->ports[i]);
	if (fn_pool_destroy(app->pool) == 0)
		(void)fn_ctx_destroy(app->ctx);
}
