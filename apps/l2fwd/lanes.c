// SPDX-License-Identifier: BSD-3-Clause
/* l2fwd's lanes: which queue feeds which, on which worker and by which interrupt; and their end. */
#include "l2fwd.h"

/* Ports 0 and 1 are a pair, 2 and 3 are the next one; a single port is its own peer. */
void lanes_make(struct l2fwd *app)
{
	for (unsigned i = 0; i < app->n_ports; i++) {
		struct port *in = &app->ports[i];
		struct port *out = &app->ports[app->n_ports == 1 ? 0 : i ^ 1];

		for (unsigned q = 0; q < app->opts.queues; q++) {
			struct lane *lane = &app->lanes[app->n_lanes];

			lane->in = in;
			lane->out = out;
			lane->queue = q;
			lane->worker = app->n_lanes++ % app->n_workers;
			lane->rewrite = app->opts.mac_rewrite;
		}
	}
}

/* Vectors of a port, given to workers as they come. */
struct giving {
	unsigned vectors;
	unsigned given;
	unsigned wanting; /* workers that got none */
	bool seen[MAX_CORES];
	uint16_t of[MAX_CORES];
};

static uint16_t vector_of(struct giving *g, unsigned worker)
{
	if (!g->seen[worker]) {
		g->seen[worker] = true;
		g->of[worker] = FN_NO_VECTOR;
		if (g->given < g->vectors)
			g->of[worker] = (uint16_t)g->given++;
		else
			g->wanting++;
	}
	return g->of[worker];
}

unsigned lanes_vectors(const struct l2fwd *app, const struct port *port, unsigned vectors,
		       struct vector_map *map)
{
	struct giving g = { .vectors = vectors };
	unsigned deaf;

	/* Who receives first: who only sends needs an interrupt while its ring is full. */
	for (unsigned i = 0; i < app->n_lanes; i++)
		if (app->lanes[i].in == port)
			map->rx[app->lanes[i].queue] = vector_of(&g, app->lanes[i].worker);
	deaf = g.wanting;
	for (unsigned i = 0; i < app->n_lanes; i++)
		if (app->lanes[i].out == port)
			map->tx[app->lanes[i].queue] = vector_of(&g, app->lanes[i].worker);
	return deaf;
}

static int lane_attach(struct l2fwd *app, struct lane *lane)
{
	struct fn_poller *poller = app->workers[lane->worker].poller;
	const struct fn_poller_tx_opts tx = {
		.sz = sizeof(tx),
		/* What a burst leaves over; more are not received meanwhile. */
		.waiting = app->opts.burst,
	};
	struct fn_poller_rx_opts rx = { .sz = sizeof(rx), .fn = forward, .arg = lane };

	if (fn_poller_add_txq(poller, fn_dev_txq(lane->out->dev, lane->queue), &tx, &lane->tx))
		return -1;
	rx.feeds = lane->tx;
	return fn_poller_add_rxq(poller, fn_dev_rxq(lane->in->dev, lane->queue), &rx, NULL) ? -1 :
											      0;
}

int lanes_attach(struct l2fwd *app)
{
	for (unsigned i = 0; i < app->n_lanes; i++)
		if (lane_attach(app, &app->lanes[i]))
			return -1;
	return 0;
}

/* For a worker: nothing leaves by a lane any more. */
struct leaving {
	struct lane *lane;
	atomic_ulong *counter;
};

static void leave_on_worker(void *arg)
{
	const struct leaving *leaving = arg;
	struct lane *lane = leaving->lane;

	count(&lane->tx_down, fn_poller_tx_dropped(lane->tx));
	count(leaving->counter, fn_poller_del_txq(lane->tx));
	lane->tx = NULL;
}

static void lane_leave(struct l2fwd *app, struct lane *lane, atomic_ulong *counter)
{
	struct leaving leaving = { lane, counter };

	if (lane->tx)
		fn_poller_call(app->workers[lane->worker].poller, leave_on_worker, &leaving);
}

void lanes_lose(struct l2fwd *app, const struct port *port)
{
	for (unsigned i = 0; i < app->n_lanes; i++)
		if (app->lanes[i].out == port)
			lane_leave(app, &app->lanes[i], &app->lanes[i].no_peer);
}

void lanes_end(struct l2fwd *app)
{
	for (unsigned i = 0; i < app->n_lanes; i++)
		lane_leave(app, &app->lanes[i], &app->lanes[i].at_exit);
}

struct own_drops lanes_drops(const struct l2fwd *app, const struct port *port)
{
	struct own_drops sum = { 0 };

	for (unsigned i = 0; i < app->n_lanes; i++) {
		const struct lane *lane = &app->lanes[i];

		if (lane->out != port)
			continue;
		sum.no_peer += atomic_load_explicit(&lane->no_peer, memory_order_relaxed);
		sum.tx_down += atomic_load_explicit(&lane->tx_down, memory_order_relaxed);
		sum.at_exit += atomic_load_explicit(&lane->at_exit, memory_order_relaxed);
		if (lane->tx)
			sum.tx_down += fn_poller_tx_dropped(lane->tx);
	}
	return sum;
}
