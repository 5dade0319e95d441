// SPDX-License-Identifier: BSD-3-Clause
/* A worker that sleeps: woken for each frame, for room and for news, and by nothing else. */
#include <time.h>

#include "conform/conform.h"
#include "conform/worker.h"

/* Longer than what a body waits for. */
#define LONG_SLEEP_NS (3 * CONFORM_WAIT_NS)

#define QUEUES 4u
#define FLOWS 64u

/*
 * Ping-pong: when the next frame is sent, seen from the worker, which goes from the first of them
 * to its sleep. The last one is the body's to send, the others the worker's own.
 */
enum point {
	AT_PACKET, /* in the callback of the one before */
	AT_ROUND,  /* in the round behind that, which finds nothing: it arms next */
	AT_LOOK,   /* all is armed and looked at: it blocks next */
	AT_REST,   /* it sleeps */
	POINTS
};

/* And then it takes this much longer to get on, so that the frame arrives ever elsewhere. */
#define STEPS 32u
#define STEP_MODEL_NS 200u
#define STEP_NS 4000u

/* As many between two looks at what came back as every wire and ring holds. */
#define PINGS 48u

/**
 * struct ping - ping-pong; the worker's while frames are under way, else the body's
 * @last: the number behind the last frame that the worker sends by itself
 * @due: where the next one is sent
 * @skip: rounds until then
 * @refused: the wire did not take one, which it is asked again
 */
static struct ping {
	unsigned last;
	enum point due;
	unsigned skip;
	bool refused;
} ping;

static enum point point_of(unsigned seq)
{
	return (enum point)(seq % POINTS);
}

static uint64_t wall_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* The body of a model's place sees itself what is lost, if nothing else ends the sleep before. */
static uint64_t safety_ns(const struct conform *c)
{
	return c->place->ops->virtual_time ? LONG_SLEEP_NS : WORKER_SAFETY_NS;
}

/* No sleep is as short as this: on the wall's time the caller is busy. */
static void linger(unsigned seq)
{
	const struct place_ops *ops = worker.c->place->ops;
	const unsigned step = seq / POINTS % STEPS;
	uint64_t until_ns;

	if (ops->virtual_time) {
		ops->wait(worker.c, step * STEP_MODEL_NS);
		return;
	}
	until_ns = wall_ns() + step * STEP_NS;
	while (wall_ns() < until_ns)
		continue;
}

static void ping_send(void)
{
	const struct place_ops *ops = worker.c->place->ops;
	uint8_t frame[WORKER_LEN];

	frame_fill(frame, worker.next, WORKER_LEN, worker.mac, false);
	ping.refused = ops->send(worker.c, NULL, frame, WORKER_LEN) != 0;
	if (!ping.refused) {
		ping.due = AT_REST;
		linger(worker.next);
	}
}

static void ping_took(unsigned seq)
{
	if (seq + 1 == ping.last)
		return;
	ping.due = point_of(seq + 1);
	ping.skip = 1;
	if (ping.due == AT_PACKET)
		ping_send();
}

/* A source of the worker's: its turn in a round, and its look before the sleep. */
static unsigned ping_round(void *arg)
{
	(void)arg;
	if (ping.due == AT_REST || (ping.due == AT_LOOK && !ping.refused))
		return 0;
	if (ping.skip)
		ping.skip--;
	else
		ping_send();
	return ping.refused;
}

static bool ping_look(void *arg)
{
	(void)arg;
	if (ping.due == AT_LOOK)
		ping_send();
	return ping.refused;
}

/* Frames @seq up to @last, of which each is sent when the one before was taken. */
static void ping_lap(struct conform *c, unsigned seq, unsigned last)
{
	ping.last = last;
	ping.due = AT_REST;
	for (unsigned i = seq; i < last; i++) {
		if (i == seq || point_of(i) == AT_REST) {
			worker_rest(c);
			if (!c->place->ops->virtual_time)
				linger(i);
			worker_send(c, i, 1);
			if (c->place->ops->virtual_time)
				linger(i);
		}
		worker_until(worker_got() > i);
	}
	worker_expect_stream(c, seq, last - seq);
}

static void ping_pong(struct conform *c, enum fn_poller_wait wait, unsigned sleeps)
{
	const struct fn_poller_source_opts source = {
		.sz = sizeof(source), .err = &c->err, .run = ping_round, .pending = ping_look
	};
	unsigned seq = 0;

	worker_make(c, (struct fn_poller_opts){
			       .wait = wait, .safety_ns = safety_ns(c), .wake_latency_ns = 1000 });
	worker.took = ping_took;
	ping = (struct ping){ .due = AT_REST };
	worker_add_pair(c);
	check_ok(fn_poller_add_source(worker.poller, &source, NULL));
	worker_begin(c);
	while (worker_stats(c).sleeps < sleeps && worker_has_time()) {
		/* Half of them at least are such that it has to sleep. */
		check(seq < 8 * sleeps);
		ping_lap(c, seq, seq + PINGS);
		seq += PINGS;
	}
	check(wait == FN_POLLER_WAIT_AUTO || worker_stats(c).wait == wait);
	check_eq(worker.refused, 0);
	worker_counted(c, "sleeps", worker_stats(c).sleeps, sleeps);
	worker_end(c);
}

BEHAVIOUR(poller_ping_pong, 0,
	  "A worker that goes to sleep behind each frame is woken by the next one, wherever on its "
	  "way to sleep that arrives, and its answer has left by then.");
static void poller_ping_pong(struct conform *c)
{
	const bool is_guest = c->place->ops->settle != NULL;

	port_start(c, (struct fn_dev_conf){ 0 });
	ping_pong(c, FN_POLLER_WAIT_AUTO,
		  worker_count("CONFORM_POLLER_SLEEPS", is_guest ? 200 : 500));
}

/* The kernel, or who runs this, may forbid io_uring. */
static void need_uring(struct conform *c)
{
	const struct fn_poller_opts opts = { .sz = sizeof(opts),
					     .err = &c->err,
					     .wait = FN_POLLER_WAIT_URING };
	struct fn_poller *poller = NULL;
	const int ret = fn_poller_create(c->ctx, &opts, &poller);

	if (ret == -ENOSYS || ret == -EPERM)
		conform_skip(c, "%s", fn_error_last());
	check_ok(ret);
	check_ok(fn_poller_destroy(poller));
}

BEHAVIOUR(poller_back_end, 0, "A worker is woken by each frame, whatever it waits by.");
static void poller_back_end(struct conform *c)
{
	port_start(c, (struct fn_dev_conf){ 0 });
	ping_pong(c, FN_POLLER_WAIT_EPOLL, 50);
	need_uring(c);
	ping_pong(c, FN_POLLER_WAIT_URING, 100);
}

/* Queues on one vector: how many frames came in on each, and of each flow. */
static struct {
	unsigned came[QUEUES];
	unsigned next[FLOWS];
} many;

static void many_take(void *arg, struct fn_pkt **pkts, unsigned n)
{
	unsigned *came = arg;

	for (unsigned i = 0; i < n; i++) {
		static uint8_t buf[FRAME_MAX];
		const uint32_t len = pkt_copy(pkts[i], buf, sizeof(buf));
		const struct layout at = layout_of(buf, len);
		const uint8_t *tcp = buf + at.l2_len + at.l3_len;
		const unsigned id = (get16(tcp) - 20000u) / 7;

		if (at.proto != PROTO_TCP || id >= FLOWS || get32(tcp + 4) != many.next[id])
			worker.bad++;
		else
			many.next[id]++;
		fn_pkt_free(pkts[i]);
		(*came)++;
		__atomic_store_n(&worker.got, worker.got + 1, __ATOMIC_RELEASE);
	}
}

static unsigned many_begin(struct conform *c)
{
	static const uint16_t zeros[QUEUES];
	struct fn_poller_tx *tx;
	unsigned pairs;

	need_queues(c, 2, 2);
	pairs = c->info.max_rxqs < c->info.max_txqs ? c->info.max_rxqs : c->info.max_txqs;
	pairs = pairs < QUEUES ? pairs : QUEUES;
	port_start(c, (struct fn_dev_conf){ .rxqs = (uint16_t)pairs,
					    .txqs = (uint16_t)pairs,
					    .rx_ring = 64,
					    .rx_vectors = zeros,
					    .tx_vectors = zeros });
	memset(&many, 0, sizeof(many));
	worker_make(c,
		    (struct fn_poller_opts){ .safety_ns = safety_ns(c), .wake_latency_ns = 1000 });
	for (unsigned i = 0; i < pairs; i++) {
		const struct fn_poller_rx_opts rx = {
			.sz = sizeof(rx), .err = &c->err, .fn = many_take, .arg = &many.came[i]
		};

		check_ok(fn_poller_add_rxq(worker.poller, fn_dev_rxq(c->dev, i), &rx, NULL));
		check_ok(fn_poller_add_txq(worker.poller, fn_dev_txq(c->dev, i), NULL, &tx));
	}
	worker_begin(c);
	return pairs;
}

BEHAVIOUR(poller_all_queues, NEED_QUEUES,
	  "Queues that share a vector share a worker: a frame on any of them wakes it, and flows "
	  "keep their order.");
static void poller_all_queues(struct conform *c)
{
	const unsigned pairs = many_begin(c);

	for (unsigned i = 0; i < 3 * FLOWS; i++) {
		struct flow flow = flow_make(i & 1, PROTO_TCP, i % FLOWS);

		flow.tcp_seq = i / FLOWS;
		worker_rest(c);
		wire_send_flow(c, &flow);
		worker_until(worker_got() > i);
	}
	for (unsigned i = 0; i < FLOWS; i++)
		check_eq(many.next[i], 3);
	for (unsigned i = 0; i < pairs; i++)
		if (!many.came[i])
			conform_fail(c, __FILE__, __LINE__, "no frame came in on queue %u", i);
	/* Few of them met a sleep that had just come to its end. */
	check(worker_stats(c).wakes_interrupt >= 2 * FLOWS);
}

/* Sending from the worker's thread: frames from @seq on, until no more are taken. */
struct send_call {
	struct conform *c;
	unsigned seq;
	unsigned most;
	unsigned waiting;
};

static void send_on_worker(void *arg)
{
	struct send_call *call = arg;

	for (; call->most; call->most--) {
		uint8_t frame[WORKER_LEN];
		struct fn_pkt *pkt = fn_pkt_alloc(call->c->pool);

		if (!pkt)
			break;
		frame_fill(frame, call->seq, WORKER_LEN, worker.mac, true);
		memcpy(fn_pkt_append(pkt, WORKER_LEN), frame, WORKER_LEN);
		if (fn_poller_send(worker.tx, &pkt, 1) != 1) {
			fn_pkt_free(pkt);
			break;
		}
		call->seq++;
	}
	call->waiting = fn_poller_tx_waiting(worker.tx);
}

/* As many as ring, wire and poller hold. Returns how many. */
static unsigned fill(struct conform *c)
{
	struct send_call call = { .c = c };
	uint64_t still_ns = 0;
	unsigned before;

	do {
		before = call.seq;
		call.most = 256;
		fn_poller_call(worker.poller, send_on_worker, &call);
		worker_turn(c);
		check(call.seq < 20000);
	} while (!conform_still(c, &still_ns, call.seq != before));
	check(call.waiting > 0);
	return call.seq;
}

BEHAVIOUR(poller_tx_room, NEED_STALL | NEED_HOLD,
	  "Packets that wait for room leave in order when there is some: that wakes the worker, "
	  "and none is lost.");
static void poller_tx_room(struct conform *c)
{
	uint64_t interrupts;
	unsigned sent;

	port_start(c, (struct fn_dev_conf){ .tx_ring = 32 });
	worker_make(c,
		    (struct fn_poller_opts){ .safety_ns = LONG_SLEEP_NS, .wake_latency_ns = 1000 });
	worker_add_pair(c);
	worker_begin(c);
	c->place->ops->stall(c, true);
	sent = fill(c);
	worker_rest(c);
	interrupts = worker_stats(c).wakes_interrupt;
	c->place->ops->stall(c, false);
	worker_expect_stream(c, 0, sent);
	check(worker_stats(c).wakes_interrupt > interrupts);
	check_eq(fn_poller_tx_dropped(worker.tx), 0);
	(void)worker_check_passes(c, 0);
}

/* In the wall's time, which is the poller's: the place's stands still where the body turns. */
static void nap(struct conform *c)
{
	const struct timespec pause = { .tv_nsec = 1000000 };

	(void)nanosleep(&pause, NULL);
	worker_turn(c);
	conform_wait(c);
}

BEHAVIOUR(poller_tx_reclaim, 0,
	  "Buffers that were on their way when the worker went to sleep are back in the pool when "
	  "its longest sleep is over, without any traffic.");
static void poller_tx_reclaim(struct conform *c)
{
	const bool stalls = c->place->ops->stall && !(c->place->cannot & NEED_STALL);
	struct send_call call = { .c = c, .most = 16 };
	uint64_t timeouts;
	unsigned before;

	port_start(c, (struct fn_dev_conf){ 0 });
	worker_make(c, (struct fn_poller_opts){ .safety_ns = WORKER_SAFETY_NS });
	worker_add_pair(c);
	worker_begin(c);
	before = pool_info(c).outside;
	if (stalls)
		c->place->ops->stall(c, true);
	fn_poller_call(worker.poller, send_on_worker, &call);
	check_eq(call.seq, 16);
	worker_rest(c);
	if (stalls)
		c->place->ops->stall(c, false);
	worker_expect_stream(c, 0, 16);
	/* One sleep may have begun before the device was done with them. */
	timeouts = worker_stats(c).wakes_timeout;
	for (unsigned i = 0; i < 10000 && pool_info(c).outside > before; i++)
		nap(c);
	check_eq(pool_info(c).outside, before);
	check(worker_stats(c).wakes_timeout <= timeouts + 2);
}

static const enum fn_poller_mode modes[] = { FN_POLLER_INTERRUPT, FN_POLLER_POLL,
					     FN_POLLER_ADAPTIVE };
static const enum fn_poller_policy policies[] = { FN_POLLER_POWER, FN_POLLER_BALANCED,
						  FN_POLLER_LATENCY };

/*
 * Time between two frames of a load that has a rate: what every place can keep up with, of which an
 * emulated guest takes milliseconds for a wake. The threaded model has ten times the rate.
 */
#define RATE_NS 1000000u

/* Switches in a row with the same load. */
#define SAME_LOAD 10u

/**
 * struct traffic - what is on its way while the worker's mode changes
 * @send: put the frame with this number on the wire
 * @came: take what has come through by now: how many did in all, of which @n are known
 * @sent: how many were sent
 * @through: how many came through
 * @due_ns: when the next one is due, of a load that has a rate
 */
struct traffic {
	void (*send)(struct conform *c, unsigned seq);
	unsigned (*came)(struct conform *c, unsigned n);
	unsigned sent;
	unsigned through;
	uint64_t due_ns;
};

static bool all_came(struct conform *c, struct traffic *t)
{
	t->through = t->came(c, t->through);
	return t->through == t->sent;
}

static void send_next(struct conform *c, struct traffic *t)
{
	t->send(c, t->sent++);
	worker_turn(c);
	t->through = t->came(c, t->through);
}

/* The wire has as many as it holds, until so many more came through. */
static bool saturated(struct conform *c, struct traffic *t, unsigned last)
{
	while (t->sent - t->through < PINGS)
		send_next(c, t);
	t->through = t->came(c, t->through);
	return t->through >= last;
}

static void at_rate(struct conform *c, struct traffic *t, unsigned n)
{
	for (; n; n--) {
		worker_until(conform_now_ns(c) >= t->due_ns);
		t->due_ns = conform_now_ns(c) + RATE_NS;
		send_next(c, t);
	}
}

/* The @i-th mode, under load; some switches meet a worker that has nothing to do. */
static void switch_mode(struct conform *c, struct traffic *t, unsigned i)
{
	const enum fn_poller_mode mode = modes[i % 3];
	uint64_t sleeps;

	check_ok(fn_poller_set_mode(worker.poller, mode, policies[i / 3 % 3]));
	sleeps = worker_stats(c).sleeps;
	if (i / SAME_LOAD % 2)
		at_rate(c, t, 1 + i % 4);
	else
		worker_until(saturated(c, t, t->through + 8 + i * 7 % 16));
	if (i % 5 == 0)
		worker_until(all_came(c, t));
	if (mode == FN_POLLER_POLL && worker.has_thread)
		check_eq(worker_stats(c).sleeps, sleeps);
	else if (i % 5 == 0)
		worker_rest(c);
}

static void switch_modes(struct conform *c, struct traffic *t)
{
	const unsigned switches = worker_count("CONFORM_POLLER_SWITCHES", 50);
	unsigned i = 0;

	for (; i < switches && worker_has_time(); i++)
		switch_mode(c, t, i);
	worker_until(all_came(c, t));
	/* The last one is counted behind its answer. */
	worker_until(worker_got() == t->sent);
	worker_counted(c, "switches", i, switches);
}

static void send_one(struct conform *c, unsigned seq)
{
	worker_send(c, seq, 1);
}

static unsigned came_back(struct conform *c, unsigned n)
{
	while (worker_expect_next(c, n))
		n++;
	return n;
}

BEHAVIOUR(poller_modes, 0,
	  "The mode and the policy change under traffic as often as one likes, no frame is lost or "
	  "overtaken, and a worker that is to poll does not sleep.");
static void poller_modes(struct conform *c)
{
	struct traffic t = { .send = send_one, .came = came_back };

	port_start(c, (struct fn_dev_conf){ 0 });
	worker_make(c, (struct fn_poller_opts){ .safety_ns = safety_ns(c) });
	worker_add_pair(c);
	worker_begin(c);
	switch_modes(c, &t);
	check_eq(worker.refused, 0);
}

static void send_flow(struct conform *c, unsigned seq)
{
	struct flow flow = flow_make(seq & 1, PROTO_TCP, seq % FLOWS);

	flow.tcp_seq = seq / FLOWS;
	wire_send_flow(c, &flow);
}

static unsigned came_in(struct conform *c, unsigned n)
{
	(void)c;
	(void)n;
	return worker_got();
}

BEHAVIOUR(poller_modes_queues, NEED_QUEUES,
	  "The same with several queues on a vector: each flow keeps its order over all switches.");
static void poller_modes_queues(struct conform *c)
{
	struct traffic t = { .send = send_flow, .came = came_in };
	const unsigned pairs = many_begin(c);
	unsigned used = 0;

	switch_modes(c, &t);
	for (unsigned i = 0; i < FLOWS; i++)
		check_eq(many.next[i], t.sent / FLOWS + (i < t.sent % FLOWS));
	for (unsigned i = 0; i < pairs; i++)
		used += many.came[i] > 0;
	check(used > 1);
}

/* Frame @seq, behind whatever else is still on the wire. */
static void expect_mark(struct conform *c, unsigned seq)
{
	static uint8_t buf[FRAME_MAX];
	struct wire_request request;

	worker_until(c->place->ops->recv(c, &request, buf, sizeof(buf)) && frame_seq(buf) == seq);
}

/* What an administrator does with a device whose worker nobody asked. */
static void change(struct conform *c, unsigned how)
{
	static const uint16_t zero;
	static const uint16_t one = 1;
	static const uint32_t sizes[] = { 128, 64, 256 };
	struct fn_dev_conf conf = { .rx_ring = sizes[how % 3], .tx_ring = sizes[(how + 1) % 3] };

	if (how % 3 == 0) {
		check_ok(fn_dev_reset(c->dev));
		return;
	}
	if (how % 2) {
		/* By default it is the other way round. */
		conf.rx_vectors = c->info.vectors > 1 ? &one : &zero;
		conf.tx_vectors = &zero;
	}
	check_ok(fn_dev_stop(c->dev));
	if (how % 3 == 1)
		check_ok(port_configure(c, conf));
	check_ok(fn_dev_start(c->dev));
}

BEHAVIOUR(poller_restart, 0,
	  "A device is stopped, started, reset and configured anew while its worker polls or "
	  "sleeps, and each time traffic flows again.");
static void poller_restart(struct conform *c)
{
	unsigned seq = 0;

	port_start(c, (struct fn_dev_conf){ 0 });
	worker_make(c, (struct fn_poller_opts){ .safety_ns = safety_ns(c) });
	worker.loose = true;
	worker_add_pair(c);
	worker_begin(c);
	for (unsigned i = 0; i < 12; i++) {
		check_ok(fn_poller_set_mode(worker.poller, modes[i / 2 % 3], FN_POLLER_BALANCED));
		/* Some are on their way then. */
		worker_send(c, seq, i % 4);
		seq += i % 4;
		change(c, i);
		worker_until(port_link_up(c));
		worker_send(c, seq, 1);
		expect_mark(c, seq++);
		seq = worker_check_passes(c, seq);
	}
}

/* The application closes its device when it is told that it has to. */
static struct {
	enum fn_event_type on;
	int ret;
	bool done;
} closes;

static void close_it(struct conform *c, const struct fn_event *event)
{
	struct fn_dev *dev = c->dev;

	if (event->type != closes.on || !dev || event->dev != dev)
		return;
	c->dev = NULL;
	closes.ret = fn_dev_close(dev);
	__atomic_store_n(&closes.done, true, __ATOMIC_RELEASE);
}

static bool is_closed(void)
{
	return __atomic_load_n(&closes.done, __ATOMIC_ACQUIRE);
}

static void begin_to_lose(struct conform *c, enum fn_event_type on)
{
	port_start(c, (struct fn_dev_conf){ 0 });
	/* A sleep so long that nothing but the news ends it. */
	worker_make(c, (struct fn_poller_opts){ .safety_ns = LONG_SLEEP_NS });
	worker_add_pair(c);
	memset(&closes, 0, sizeof(closes));
	closes.on = on;
	c->on_event = close_it;
	worker_begin(c);
	(void)worker_check_passes(c, 0);
	worker_rest(c);
}

static void check_lost(struct conform *c)
{
	worker_until(is_closed());
	worker_end(c);
	check_eq(pool_info(c).outside, 0);
}

/* Who watches the link finds out: nothing else tells of a device that was pulled. */
static void look_on_worker(void *arg)
{
	struct conform *c = arg;
	struct fn_link link = { .sz = sizeof(link) };

	if (c->dev)
		(void)fn_dev_get_link(c->dev, &link);
}

BEHAVIOUR(poller_gone, NEED_UNPLUG,
	  "A device vanishes while its worker sleeps: the worker runs the event's callback, which "
	  "closes the device, and all is back.");
static void poller_gone(struct conform *c)
{
	begin_to_lose(c, FN_EVENT_GONE);
	c->place->ops->unplug(c);
	fn_poller_call(worker.poller, look_on_worker, c);
	check_lost(c);
	check_eq(c->events[FN_EVENT_GONE], 1);
}

BEHAVIOUR(poller_release, NEED_RELEASE,
	  "The kernel asks for a device back while its worker sleeps: that wakes the worker, which "
	  "runs the event's callback, which closes the device, and all is back.");
static void poller_release(struct conform *c)
{
	begin_to_lose(c, FN_EVENT_RELEASE_REQUESTED);
	c->place->ops->release(c);
	check_lost(c);
	check_eq(closes.ret, 0);
	check_eq(c->events[FN_EVENT_RELEASE_REQUESTED], 1);
}

BEHAVIOUR(poller_idle, 0,
	  "A worker without traffic wakes twice a second at most, and goes round its queues a few "
	  "times for each of them.");
static void poller_idle(struct conform *c)
{
	const struct timespec pause = { .tv_sec = 1, .tv_nsec = 200000000 };
	struct fn_poller_stats before;
	struct fn_poller_stats after;
	uint64_t begin_ns;
	uint64_t sleeps;

	port_start(c, (struct fn_dev_conf){ 0 });
	worker_make(c, (struct fn_poller_opts){ 0 });
	worker_add_pair(c);
	worker_begin(c);
	(void)worker_check_passes(c, 0);
	worker_rest(c);
	if (!worker.has_thread)
		worker_begin_apart(c);
	begin_ns = wall_ns();
	before = worker_stats(c);
	(void)nanosleep(&pause, NULL);
	after = worker_stats(c);
	sleeps = after.sleeps - before.sleeps;
	/* As long as this took, on a busy machine. */
	check(sleeps <= 2 * ((wall_ns() - begin_ns) / 1000000000u + 1));
	check(after.rounds - before.rounds <= 4 * (sleeps + 1));
	check(after.arms - before.arms <= 2 * (sleeps + 1));
	check_eq(after.packets, before.packets);
}

const struct behaviour *const poller_behaviours[] = {
	&behaviour_poller_ping_pong,    &behaviour_poller_back_end,   &behaviour_poller_all_queues,
	&behaviour_poller_tx_room,      &behaviour_poller_tx_reclaim, &behaviour_poller_modes,
	&behaviour_poller_modes_queues, &behaviour_poller_restart,    &behaviour_poller_gone,
	&behaviour_poller_release,      &behaviour_poller_idle,       NULL,
};
