// SPDX-License-Identifier: BSD-3-Clause
/*
 * l2fwd: forwards Ethernet frames between pairs of NICs.
 *
 * Read it from main() up: ports.c claims the NICs, lanes.c says which queue feeds which, workers.c
 * has a poller and a thread for each core, forward.c is what happens to a packet, and run() is what
 * the main thread does meanwhile.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "l2fwd.h"

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
	if (atomic_load(&app->worker_failed))
		return 1;
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
	if (ports_open(&app) || workers_create(&app))
		goto close;
	lanes_make(&app);
	if (ports_start(&app) || lanes_attach(&app))
		goto close;
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
	workers_destroy(&app);
	ports_close(&app);
	/* The ports are free by now, so whoever reads the totals may take his time. */
	signals_take(signal_fd);
	(void)close(signal_fd);
	/* Of a start that failed there is nothing to tell. */
	if (report_end(app.report, ran))
		status = 1;
	return status;
}
