// SPDX-License-Identifier: BSD-3-Clause
/* apps/l2fwd's own loop for tests/perf/instructions: its state of two ports, a worker's turn. */
#include "apps/l2fwd/l2fwd.h"
#include "perf/instructions.h"

static struct l2fwd app;

void perf_l2fwd_lane(struct perf_queue rx, struct perf_queue tx, struct fn_dev *out, unsigned burst,
		     bool rewrite)
{
	struct lane *lane = &app.lanes[0];

	app.ports[1].info.sz = sizeof(app.ports[1].info);
	fn_dev_get_info(out, &app.ports[1].info);
	lane->in = &app.ports[0];
	lane->out = &app.ports[1];
	lane->rx = rx.rx;
	lane->tx = tx.tx;
	lane->rewrite = rewrite;
	app.opts.burst = burst;
	app.n_lanes = 1;
	app.n_workers = 1;
	app.workers[0].app = &app;
}

unsigned perf_l2fwd(void)
{
	static unsigned long rounds;

	rounds = forward_round(&app.workers[0], rounds);
	return app.lanes[0].held;
}
