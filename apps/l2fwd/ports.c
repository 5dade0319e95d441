// SPDX-License-Identifier: BSD-3-Clause
/* l2fwd's ports: claimed, started, and given back when their time comes. */
#include <stdio.h>

#include "l2fwd.h"

static int failed(void)
{
	(void)fprintf(stderr, "l2fwd: %s\n", fn_error_last());
	return -1;
}

static void port_close(struct port *port)
{
	if (port->dev && fn_dev_close(port->dev))
		(void)failed();
	port->dev = NULL;
}

/* A port goes, the others go on: frames for it count as "no_peer" from now on. */
static void port_lost(struct l2fwd *app, struct port *port, const char *fate)
{
	port->fate = fate;
	(void)fprintf(stderr, "l2fwd: port %s is %s\n", port->name, fate);
	atomic_store_explicit(&port->stop, true, memory_order_release);
	wait_for_workers(app);
	(void)fn_dev_stop(port->dev);
	report_sample(app->report);
	port_close(port);
}

static void port_reset(struct l2fwd *app, struct port *port)
{
	atomic_store_explicit(&port->stop, true, memory_order_release);
	wait_for_workers(app);
	if (fn_dev_reset(port->dev)) {
		(void)fprintf(stderr, "l2fwd: %s\n", fn_error_last());
		port_lost(app, port, "failed");
		return;
	}
	atomic_store_explicit(&port->stop, false, memory_order_release);
}

static void on_event(const struct fn_event *event, void *arg)
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

static void on_log(void *arg, enum fn_log_level level, const char *line)
{
	(void)arg;
	/* Errors also come back to the caller, who prints them. */
	if (level == FN_LOG_WARN)
		(void)fprintf(stderr, "l2fwd: %s\n", line);
}

/* Enough for all rings, all caches, and what the workers hold. */
static unsigned default_buffers(const struct options *opts)
{
	const unsigned cache = 256;
	unsigned queues = opts->n_ports * opts->queues;
	unsigned threads = opts->n_cores + 2;
	unsigned need = 2 * queues * (opts->ring + cache) + queues * opts->burst +
			threads * (cache + opts->burst);

	return need > 8192 ? need : 8192;
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
	struct fn_pool_opts pool_opts = {
		.sz = sizeof(pool_opts),
		.count = opts->buffers ? opts->buffers : default_buffers(opts),
		.max_threads = opts->n_cores + 2,
	};

	if (fn_ctx_create(&ctx_opts, &app->ctx))
		return failed();
	for (; app->n_ports < opts->n_ports; app->n_ports++) {
		struct port *port = &app->ports[app->n_ports];

		port->name = opts->ports[app->n_ports];
		port->fate = "up";
		if (fn_dev_open(app->ctx, port->name, NULL, &port->dev))
			return failed();
	}
	return fn_pool_create(app->ctx, &pool_opts, &app->pool) ? failed() : 0;
}

int ports_start(struct l2fwd *app)
{
	struct fn_dev_conf conf = {
		.sz = sizeof(conf),
		.rxqs = (uint16_t)app->opts.queues,
		.txqs = (uint16_t)app->opts.queues,
		.rx_ring = app->opts.ring,
		.tx_ring = app->opts.ring,
		.pool = app->pool,
		.promisc = true,
	};

	for (unsigned i = 0; i < app->n_ports; i++)
		if (fn_dev_configure(app->ports[i].dev, &conf))
			return failed();
	for (unsigned i = 0; i < app->n_ports; i++) {
		if (fn_dev_start(app->ports[i].dev))
			return failed();
		app->ports[i].info.sz = sizeof(app->ports[i].info);
		fn_dev_get_info(app->ports[i].dev, &app->ports[i].info);
	}
	return 0;
}

/* What is still queued is sent, or counted; the counters stay readable. */
void ports_stop(struct l2fwd *app)
{
	for (unsigned i = 0; i < app->n_ports; i++)
		if (app->ports[i].dev && fn_dev_stop(app->ports[i].dev))
			(void)failed();
}

void ports_close(struct l2fwd *app)
{
	for (unsigned i = 0; i < app->n_ports; i++)
		port_close(&app->ports[i]);
	if (fn_pool_destroy(app->pool) || fn_ctx_destroy(app->ctx))
		(void)failed();
}
