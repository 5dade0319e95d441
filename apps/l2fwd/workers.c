// SPDX-License-Identifier: BSD-3-Clause
/* l2fwd's workers: a poller and a thread each. */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "l2fwd.h"

static int worker_create(struct l2fwd *app, struct worker *worker)
{
	const struct options *opts = &app->opts;
	char name[32];
	const struct fn_poller_opts poller = {
		.sz = sizeof(poller),
		.mode = opts->mode,
		.policy = opts->policy,
		.wait = opts->wait,
		.burst = opts->burst,
		.core_plus_1 = (uint32_t)(worker->core + 1),
		/* The main thread does: what a port's loss takes is not to hold up the others. */
		.own_events = true,
		.name = name,
	};

	(void)snprintf(name, sizeof(name), "worker %u", worker->index);
	return fn_poller_create(app->ctx, &poller, &worker->poller) ? -1 : 0;
}

int workers_create(struct l2fwd *app)
{
	const struct options *opts = &app->opts;

	app->n_workers = opts->n_cores ? opts->n_cores : 1;
	for (unsigned i = 0; i < app->n_workers; i++) {
		struct worker *worker = &app->workers[i];

		worker->app = app;
		worker->index = i;
		worker->core = opts->n_cores ? (int)opts->cores[i] : -1;
		if (worker_create(app, worker))
			return -1;
	}
	return 0;
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

/* Until fn_poller_stop(). If it cannot work, whose sentence is out, the program ends. */
static void *work(void *arg)
{
	struct worker *worker = arg;
	char name[16];

	/* For top -H and its sisters: which thread is whose. */
	(void)snprintf(name, sizeof(name), "worker %u", worker->index);
	(void)pthread_setname_np(pthread_self(), name);
	if (fn_poller_run(worker->poller)) {
		atomic_store(&worker->app->worker_failed, true);
		(void)kill(getpid(), SIGTERM);
	}
	return NULL;
}

/* On its core from the beginning, so that one that there is not is known here. */
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
	ret = pthread_create(&worker->thread, &attr, work, worker);
	(void)pthread_attr_destroy(&attr);
	if (ret)
		worker_failed(worker, ret);
	return ret ? -1 : 0;
}

int workers_start(struct l2fwd *app)
{
	for (; app->n_running < app->n_workers; app->n_running++)
		if (worker_start(&app->workers[app->n_running]))
			return -1;
	return 0;
}

void workers_stop(struct l2fwd *app)
{
	for (unsigned i = 0; i < app->n_running; i++)
		fn_poller_stop(app->workers[i].poller);
	for (unsigned i = 0; i < app->n_running; i++)
		(void)pthread_join(app->workers[i].thread, NULL);
	app->n_running = 0;
	lanes_end(app);
}

void workers_destroy(struct l2fwd *app)
{
	for (unsigned i = 0; i < app->n_workers; i++) {
		(void)fn_poller_destroy(app->workers[i].poller);
		app->workers[i].poller = NULL;
	}
}
