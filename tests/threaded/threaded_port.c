// SPDX-License-Identifier: BSD-3-Clause
/* Ports of the threaded model: opened, loaded, counted, closed. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dev/dev.h"
#include "threaded/threaded_priv.h"

/* Measured once: ticks of 2^20 nanoseconds. */
static uint64_t ticks_per_mi;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static uint64_t clock_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* Both clocks at one time: the closest of some looks. */
static uint64_t both(uint64_t *ns)
{
	uint64_t best = UINT64_MAX;
	uint64_t ticks = 0;

	for (unsigned i = 0; i < 10; i++) {
		const uint64_t before = fn_ticks();
		const uint64_t now = clock_ns();
		const uint64_t after = fn_ticks();

		if (after - before < best) {
			best = after - before;
			ticks = before + best / 2;
			*ns = now;
		}
	}
	return ticks;
}

static void measure(void)
{
	const struct timespec ts = { 0, 20000000 };
	uint64_t ns0 = 0;
	uint64_t ns1 = 0;
	const uint64_t ticks0 = both(&ns0);
	uint64_t ticks1;

	(void)nanosleep(&ts, NULL);
	ticks1 = both(&ns1);
	ticks_per_mi = ((ticks1 - ticks0) << 20) / (ns1 - ns0);
}

/* In two parts, so that days do not overflow. */
uint64_t threaded_ticks(uint64_t ns)
{
	(void)pthread_once(&once, measure);
	return (ns >> 20) * ticks_per_mi + ((ns & 0xfffff) * ticks_per_mi >> 20);
}

uint64_t threaded_ns(uint64_t ticks)
{
	(void)pthread_once(&once, measure);
	return (ticks / ticks_per_mi << 20) + ((ticks % ticks_per_mi) << 20) / ticks_per_mi;
}

static uint16_t or_one(uint16_t n)
{
	return n ? n : 1;
}

static int virtio_make(struct threaded_model *m)
{
	const unsigned pairs = m->opts.rxqs > m->opts.txqs ? m->opts.rxqs : m->opts.txqs;
	struct virtio_dev *vd;

	if (pairs > 8)
		return -EINVAL;
	vd = malloc(sizeof(*vd));
	if (!vd)
		return -ENOMEM;
	virtio_dev_init(vd);
	vd->offered &= ~VDEV_F_EVENT_IDX;
	if (m->opts.event_idx)
		vd->offered |= VDEV_F_EVENT_IDX;
	if (pairs > 2) {
		vd->config.max_virtqueue_pairs = fn_cpu_to_le16((uint16_t)pairs);
		vd->num_queues = (uint16_t)(2 * pairs + 1);
		vd->md.busdev.irqs = 2 * pairs + 2;
	}
	m->vd = vd;
	m->md = &vd->md;
	return 0;
}

static int intel_make(struct threaded_model *m)
{
	struct intel_dev *id = malloc(sizeof(*id));

	if (!id)
		return -ENOMEM;
	intel_dev_init(id, m->opts.kind == THREADED_IGB ? INTEL_82576 : INTEL_82574);
	id->auto_tx = false;
	m->id = id;
	m->md = &id->md;
	thr_irq_reset(m);
	return 0;
}

static void queues_make(struct threaded_model *m)
{
	for (unsigned i = 0; i < THREADED_QUEUES; i++) {
		m->rx[i].model = m;
		m->rx[i].idx = i;
		m->rx[i].done = true;
		m->tx[i].model = m;
		m->tx[i].idx = i;
		m->tx[i].tx = true;
	}
	for (unsigned i = 0; i < THR_VECTORS; i++)
		m->fds[i] = -1;
}

static void model_free(struct threaded_model *m)
{
	free(m->vd);
	free(m->id);
	(void)pthread_mutex_destroy(&m->posted.lock);
	free(m);
}

static int model_make(const struct threaded_opts *opts, struct threaded_model **out)
{
	struct threaded_model *m = aligned_alloc(64, sizeof(*m));
	int ret;

	if (!m)
		return -ENOMEM;
	memset(m, 0, sizeof(*m));
	m->opts = *opts;
	m->opts.rxqs = or_one(opts->rxqs);
	m->opts.txqs = or_one(opts->txqs);
	(void)pthread_mutex_init(&m->posted.lock, NULL);
	m->posted.random = 1;
	queues_make(m);
	ret = opts->kind == THREADED_VIRTIO ? virtio_make(m) : intel_make(m);
	if (!ret) {
		m->md->busdev.ops = &thr_bus;
		m->md->events = opts->events;
		/* The driver's fences are looked at by a thread that is not the device's. */
		m->md->barriers = false;
		m->port.model = m;
		ret = thr_plug(m);
	}
	if (ret)
		model_free(m);
	else
		*out = m;
	return ret;
}

static int memory_make(struct threaded_model *m)
{
	const unsigned queues = (unsigned)m->opts.rxqs + m->opts.txqs;
	const struct fn_ctx_opts ctx_opts = { .sz = sizeof(ctx_opts), .page_bytes = 4096 };
	const struct fn_pool_opts pool_opts = {
		.sz = sizeof(pool_opts),
		.count = m->opts.pkts ? m->opts.pkts : 4096 * queues,
		.max_threads = m->opts.max_threads ? m->opts.max_threads : 4,
	};
	int ret;

	m->port.ctx = m->opts.ctx;
	m->port.pool = m->opts.pool;
	if (!m->port.ctx) {
		ret = fn_ctx_create(&ctx_opts, &m->port.ctx);
		if (ret)
			return ret;
		m->own_ctx = true;
	}
	if (m->port.pool)
		return 0;
	ret = fn_pool_create(m->port.ctx, &pool_opts, &m->port.pool);
	m->own_pool = !ret;
	return ret;
}

/* The stepped model's clock stands still by itself: the link is negotiated in no time. */
static void link_settle(struct threaded_model *m)
{
	thr_lock();
	if (m->id)
		model_clock_advance(m->md->clock, 2 * m->id->link_ns);
	thr_follow(m);
	thr_unlock();
}

static int device_make(struct threaded_model *m)
{
	const struct fn_dev_conf conf = { .sz = sizeof(conf),
					  .rxqs = m->opts.rxqs,
					  .txqs = m->opts.txqs,
					  .rx_ring = m->opts.rx_ring,
					  .tx_ring = m->opts.tx_ring,
					  .rx_vectors = m->opts.rx_vectors,
					  .tx_vectors = m->opts.tx_vectors,
					  .pool = m->port.pool };
	struct threaded_port *port = &m->port;
	int ret;

	ret = fn_dev_open_on(port->ctx, &thr_bus, m->md->busdev.name, NULL, &port->dev);
	if (ret)
		return ret;
	port->rx = fn_dev_rxq(port->dev, 0);
	port->tx = fn_dev_txq(port->dev, 0);
	ret = fn_dev_configure(port->dev, &conf);
	if (!ret && !m->opts.stays_down)
		ret = fn_dev_start(port->dev);
	link_settle(m);
	return ret;
}

int threaded_open(const struct threaded_opts *opts, struct threaded_port **port)
{
	struct threaded_model *m;
	int ret;

	(void)threaded_ticks(0);
	ret = model_make(opts, &m);
	if (ret)
		return ret;
	ret = memory_make(m);
	if (!ret)
		ret = device_make(m);
	if (ret)
		(void)threaded_close(&m->port);
	else
		*port = &m->port;
	return ret;
}

const char *threaded_close(struct threaded_port *port)
{
	struct threaded_model *m = port->model;
	struct threaded_counts counts;
	const char *wrong = NULL;

	if (port->dev && fn_dev_close(port->dev))
		wrong = "the device was not closed in peace";
	if (m->own_pool && fn_pool_destroy(port->pool))
		wrong = "packets are outside of the pool";
	if (m->own_ctx && fn_ctx_destroy(port->ctx))
		wrong = wrong ? wrong : "the context has something left";
	threaded_counts(port, &counts);
	if (counts.bad)
		wrong = "the driver did in a ring, or with its registers, what it may not";
	if (m->md->violation)
		wrong = m->md->violation;
	thr_unplug(m);
	model_free(m);
	return wrong;
}

void threaded_load(struct threaded_port *port, unsigned queue, const struct threaded_load *load)
{
	struct threaded_model *m = port->model;

	thr_hold_off(m);
	thr_gen_begin(&m->rx[queue], load, fn_ticks());
	thr_let_in(m);
	thr_wake(m);
}

bool threaded_load_done(const struct threaded_port *port, unsigned queue)
{
	return __atomic_load_n(&port->model->rx[queue].done, __ATOMIC_ACQUIRE);
}

void threaded_consumed(struct threaded_port *port, unsigned queue, uint64_t n)
{
	__atomic_store_n(&port->model->rx[queue].said, n, __ATOMIC_RELEASE);
}

void threaded_sink(struct threaded_port *port, unsigned queue, const struct threaded_sink *sink)
{
	struct thr_queue *q = &port->model->tx[queue];

	__atomic_store_n(&q->frame_ticks, threaded_ticks(sink->frame_ns), __ATOMIC_RELAXED);
	__atomic_store_n(&q->stopped, sink->stopped, __ATOMIC_RELEASE);
	thr_wake(port->model);
}

static void counts_add(struct threaded_counts *to, const struct thr_queue *q)
{
	to->arrived += thr_read(&q->counts.arrived);
	to->delivered += thr_read(&q->counts.delivered);
	to->no_buffer += thr_read(&q->counts.no_buffer);
	to->skipped += thr_read(&q->counts.skipped);
	to->sent += thr_read(&q->counts.sent);
	to->sent_missing += thr_read(&q->counts.sent_missing);
	to->sent_disorder += thr_read(&q->counts.sent_disorder);
	to->interrupts += thr_read(&q->counts.interrupts);
	to->suppressed += thr_read(&q->counts.suppressed);
	to->doorbells += thr_read(&q->kicks);
	to->bad += thr_read(&q->counts.bad);
}

void threaded_queue_counts(const struct threaded_port *port, bool tx, unsigned queue,
			   struct threaded_counts *counts)
{
	const struct threaded_model *m = port->model;

	memset(counts, 0, sizeof(*counts));
	counts_add(counts, tx ? &m->tx[queue] : &m->rx[queue]);
}

void threaded_counts(const struct threaded_port *port, struct threaded_counts *counts)
{
	const struct threaded_model *m = port->model;

	memset(counts, 0, sizeof(*counts));
	for (unsigned i = 0; i < THREADED_QUEUES; i++) {
		counts_add(counts, &m->rx[i]);
		counts_add(counts, &m->tx[i]);
	}
	counts->interrupts = thr_read(&m->interrupts);
	counts->suppressed += thr_read(&m->suppressed);
	counts->bad += thr_read(&m->bad_regs);
}

void threaded_hold(struct threaded_port *port, enum threaded_op op, uint64_t ns)
{
	__atomic_store_n(&port->model->let_go, false, __ATOMIC_RELEASE);
	__atomic_store_n(&port->model->hold_op, op, __ATOMIC_RELEASE);
	__atomic_store_n(&port->model->hold_ns, ns, __ATOMIC_RELEASE);
}

void threaded_let_go(struct threaded_port *port)
{
	__atomic_store_n(&port->model->let_go, true, __ATOMIC_RELEASE);
}

bool threaded_holding(const struct threaded_port *port)
{
	return __atomic_load_n(&port->model->held_ops, __ATOMIC_ACQUIRE) != 0;
}

void threaded_link(struct threaded_port *port, bool up)
{
	struct threaded_model *m = port->model;

	thr_lock();
	if (m->vd)
		virtio_dev_link(m->vd, up);
	else
		intel_dev_cable(m->id, up);
	thr_unlock();
	link_settle(m);
}

void threaded_ask_release(struct threaded_port *port)
{
	thr_lock();
	model_dev_request(port->model->md);
	thr_unlock();
}
