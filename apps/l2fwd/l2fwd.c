// SPDX-License-Identifier: BSD-3-Clause
/*
 * l2fwd: forwards Ethernet frames between pairs of NICs.
 *
 * Read it from main() up: ports.c claims the NICs, lanes_make() says which queue feeds which,
 * forward.c is what happens to a packet, and run() is what the main thread does meanwhile.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "l2fwd.h"

/*
 * Two rounds of every worker from now on, it has seen what was stored before the call, and is done
 * with whatever it did before. Sequentially consistent on both sides: a store to a port's use and
 * the look at the rounds must not change places, nor a round and the look at the use.
 */
void wait_for_workers(struct l2fwd *app)
{
	for (unsigned i = 0; i < app->n_running; i++) {
		const atomic_ulong *rounds = &app->workers[i].rounds;
		unsigned long seen = atomic_load(rounds);

		while (atomic_load(rounds) - seen < 2)
			(void)usleep(100);
	}
}

/* Ports 0 and 1 are a pair, 2 and 3 are the next one; a single port is its own peer. */
static void lanes_make(struct l2fwd *app)
{
	for (unsigned i = 0; i < app->n_ports; i++) {
		struct port *in = &app->ports[i];
		struct port *out = &app->ports[app->n_ports == 1 ? 0 : i ^ 1];

		for (unsigned q = 0; q < app->opts.queues; q++) {
			struct lane *lane = &app->lanes[app->n_lanes++];

			lane->in = in;
			lane->out = out;
			lane->rx = fn_dev_rxq(in->dev, q);
			lane->tx = fn_dev_txq(out->dev, q);
			lane->rewrite = app->opts.mac_rewrite;
		}
	}
}

static void worker_failed(const struct worker *worker, int err)
{
	if (worker->core >= 0)
		(void)fprintf(stderr,
			      "l2fwd: no worker on core %d: %s; name cores that taskset -p shows\n",
			      worker->core, strerrordesc_np(err));
	else
		(void)fprintf(stderr,
			      "l2fwd: no thread for the worker: %s; raise the limit (ulimit -u)\n",
			      strerrordesc_np(err));
}

static int worker_start(struct worker *worker)
{
	pthread_attr_t attr;
	cpu_set_t set;
	int ret;

	(void)pthread_attr_init(&attr);
	if (worker->core >= 0) {
		CPU_ZERO(&set);
		CPU_SET((unsigned)worker->core, &set);
		(void)pthread_attr_setaffinity_np(&attr, sizeof(set), &set);
	}
	ret = pthread_create(&worker->thread, &attr, forward_work, worker);
	(void)pthread_attr_destroy(&attr);
	if (ret)
		worker_failed(worker, ret);
	return ret ? -1 : 0;
}

static int workers_start(struct l2fwd *app)
{
	const struct options *opts = &app->opts;

	app->n_workers = opts->n_cores ? opts->n_cores : 1;
	for (; app->n_running < app->n_workers; app->n_running++) {
		struct worker *worker = &app->workers[app->n_running];

		worker->app = app;
		worker->index = app->n_running;
		worker->core = opts->n_cores ? (int)opts->cores[app->n_running] : -1;
		if (worker_start(worker))
			return -1;
	}
	return 0;
}

static void workers_stop(struct l2fwd *app)
{
	atomic_store_explicit(&app->quit, true, memory_order_release);
	for (unsigned i = 0; i < app->n_running; i++)
		(void)pthread_join(app->workers[i].thread, NULL);
	app->n_running = 0;
}

static bool any_port_up(const struct l2fwd *app)
{
	for (unsigned i = 0; i < app->n_ports; i++)
		if (app->ports[i].dev)
			return true;
	return false;
}

/* Milliseconds until @when, for poll(): at least 0, rounded up, and no more than an int holds. */
static int ms_until(uint64_t when)
{
	uint64_t now = now_ns();
	uint64_t ms = when > now ? (when - now - 1) / 1000000 + 1 : 0;

	return ms < INT_MAX ? (int)ms : INT_MAX;
}

/* The main thread: screens and events, until a signal, the end of the time, or of the last port. */
static void run(struct l2fwd *app, int signal_fd)
{
	const uint64_t period = (uint64_t)(app->opts.stats * 1e9);
	const uint64_t start = now_ns();
	const uint64_t end =
		app->opts.duration > 0 ? start + (uint64_t)(app->opts.duration * 1e9) : UINT64_MAX;
	uint64_t screen = period ? start + period : UINT64_MAX;
	struct pollfd fds[] = {
		{ .fd = signal_fd, .events = POLLIN },
		{ .fd = fn_ctx_event_fd(app->ctx), .events = POLLIN },
	};

	while (now_ns() < end && any_port_up(app)) {
		if (poll(fds, 2, ms_until(screen < end ? screen : end)) < 0 && errno != EINTR)
			return;
		if (fds[0].revents)
			return;
		(void)fn_ctx_process_events(app->ctx);
		if (now_ns() >= screen) {
			report_sample(app->report);
			report_screen(app->report);
			/* After a pause of the whole program the next one is due once, too. */
			screen = now_ns() + period;
		}
	}
}

static int exit_status(const struct l2fwd *app)
{
	for (unsigned i = 0; i < app->n_ports; i++)
		if (strcmp(app->ports[i].outcome, "failed") == 0)
			return 1;
	for (unsigned i = 0; i < app->n_ports; i++)
		if (!app->ports[i].dev)
			return 3;
	return 0;
}

int main(int argc, char **argv)
{
	static struct l2fwd app;
	bool ran = false;
	int signal_fd;
	int status = options_parse(argc, argv, &app.opts);

	if (status)
		return status < 0 ? 0 : status;
	signal_fd = signals_to_fd();
	if (signal_fd < 0) {
		(void)fprintf(stderr, "l2fwd: no descriptor for signals: %s\n",
			      strerrordesc_np(errno));
		return 1;
	}
	nowait_open();
	status = 1;
	if (ports_open(&app) || ports_start(&app))
		goto close;
	lanes_make(&app);
	app.report = report_create(&app);
	if (!app.report || workers_start(&app))
		goto close;
	run(&app, signal_fd);
	status = exit_status(&app);
	ran = true;

close:
	workers_stop(&app);
	ports_stop(&app);
	if (app.report)
		report_sample(app.report);
	ports_close(&app);
	/* The ports are free by now, so whoever reads the totals may take his time. */
	signals_take(signal_fd);
	(void)close(signal_fd);
	/* Of a start that failed there is nothing to tell. */
	if (report_end(app.report, ran))
		status = 1;
	return status;
}
