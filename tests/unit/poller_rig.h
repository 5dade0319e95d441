/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * For tests of the poller: a context with NICs of any kind on the model bus, and a poller whose
 * back end counts what the worker asks it for. A test may do something between two steps of the
 * worker.
 */
#ifndef FN_TESTS_UNIT_POLLER_RIG_H
#define FN_TESTS_UNIT_POLLER_RIG_H

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <fastnic/fastnic.h>

#include "dev/dev.h"
#include "model/intel_dev.h"
#include "model/virtio_dev.h"
#include "poll/poller.h"

#define RIG_NICS 4u
#define RIG_FRAME 60u
#define RIG_SAFETY_NS 20000000u
/* Longer than any test: what ends by it fails by the counts, or by the program's deadline. */
#define RIG_LONG_NS 100000000000u

enum nic_kind {
	NIC_VIRTIO,       /* with event indices */
	NIC_VIRTIO_FLAGS, /* without */
	NIC_82574,
	NIC_82576,
};
#define NIC_KINDS 4u

/**
 * struct nic - a device, and a callback's view of it
 * @ops: what its driver does
 * @step_ops: the same with steps (nic_hook())
 * @got: packets that nic_take() had
 * @bursts: how often it was called
 * @in: frames that came in by nic_receive()
 * @out: frames that the device sent
 */
struct nic {
	enum nic_kind kind;
	union {
		struct virtio_dev vd;
		struct intel_dev id;
	};
	struct fn_dev *dev;
	struct fn_rxq *rxq;
	struct fn_txq *txq;
	struct fn_poller_rx *rx;
	struct fn_poller_tx *tx;
	struct fn_driver drv;
	struct fn_driver_ops ops;
	struct fn_driver_ops step_ops;
	unsigned got;
	unsigned bursts;
	unsigned in;
	unsigned out;
};

/**
 * struct rig - all of a test
 * @backend: what the poller waits by, below @wait_ops
 * @waits: looks at the back end that do not wait
 * @blocks: those that do
 * @hook: called between any two steps of a worker that goes to sleep; or NULL
 * @on_event: receives the context's events; or NULL
 * @log: the last line of the log
 * @events: events by type
 */
static struct rig {
	struct fn_ctx *ctx;
	struct fn_pool *pool;
	struct fn_poller *poller;
	struct nic nics[RIG_NICS];
	unsigned nics_n;
	const struct fn_wait_ops *backend;
	struct fn_wait_ops wait_ops;
	unsigned waits;
	unsigned blocks;
	void (*hook)(void);
	void (*on_event)(const struct fn_event *event);
	char log[640];
	unsigned events[16];
	struct fn_error err;
	pthread_t thread;
} rig;

static inline void rig_step(void)
{
	if (rig.hook)
		rig.hook();
}

static inline void rig_log(void *arg, enum fn_log_level level, const char *line)
{
	(void)arg;
	(void)level;
	(void)snprintf(rig.log, sizeof(rig.log), "%s", line);
}

static inline void rig_event(void *arg, const struct fn_event *event)
{
	(void)arg;
	if (rig.on_event)
		rig.on_event(event);
	__atomic_fetch_add(&rig.events[event->type], 1, __ATOMIC_SEQ_CST);
}

static inline void nic_sent(void *arg, unsigned queue, const uint8_t *frame, uint32_t len)
{
	struct nic *nic = arg;

	(void)queue;
	(void)frame;
	assert_int_equal(len, RIG_FRAME);
	nic->out++;
}

/* A pool and a context. 0: so many packets as any test needs. */
static inline void rig_begin_pool(uint32_t packets)
{
	const struct fn_ctx_opts ctx = { .sz = sizeof(ctx),
					 .log = rig_log,
					 .log_level = FN_LOG_WARN,
					 .event = rig_event,
					 .page_bytes = 4096 };
	const struct fn_pool_opts pool = {
		.sz = sizeof(pool), .count = packets ? packets : 8192, .cache = 32, .max_threads = 1
	};

	memset(&rig, 0, sizeof(rig));
	rig.err = (struct fn_error)FN_ERROR_INIT;
	assert_int_equal(fn_ctx_create(&ctx, &rig.ctx), 0);
	assert_int_equal(fn_pool_create(rig.ctx, &pool, &rig.pool), 0);
}

static inline bool nic_is_virtio(const struct nic *nic)
{
	return nic->kind == NIC_VIRTIO || nic->kind == NIC_VIRTIO_FLAGS;
}

static inline struct model_dev *nic_md(struct nic *nic)
{
	return nic_is_virtio(nic) ? &nic->vd.md : &nic->id.md;
}

static inline void nic_plug(struct nic *nic)
{
	if (nic_is_virtio(nic)) {
		virtio_dev_init(&nic->vd);
		if (nic->kind == NIC_VIRTIO_FLAGS)
			nic->vd.offered &= ~VDEV_F_EVENT_IDX;
		nic->vd.sent = nic_sent;
		nic->vd.sent_arg = nic;
	} else {
		intel_dev_init(&nic->id, nic->kind == NIC_82574 ? INTEL_82574 : INTEL_82576);
		nic->id.auto_tx = false;
		nic->id.sent = nic_sent;
		nic->id.sent_arg = nic;
	}
	nic_md(nic)->events = true;
	model_dev_plug(nic_md(nic), rig.nics_n++);
}

static inline struct nic *nic_open(enum nic_kind kind)
{
	struct nic *nic = &rig.nics[rig.nics_n];

	nic->kind = kind;
	nic_plug(nic);
	assert_int_equal(
		fn_dev_open_on(rig.ctx, &model_bus, nic_md(nic)->busdev.name, NULL, &nic->dev), 0);
	return nic;
}

static inline int nic_configure(struct nic *nic, struct fn_dev_conf conf)
{
	conf.sz = sizeof(conf);
	conf.pool = rig.pool;
	conf.promisc = true;
	conf.err = &rig.err;
	return fn_dev_configure(nic->dev, &conf);
}

static inline void nic_start(struct nic *nic)
{
	assert_int_equal(fn_dev_start(nic->dev), 0);
	if (!nic_is_virtio(nic))
		model_bus.delay_ns(&nic->id.md.busdev, 2 * nic->id.link_ns);
	nic->rxq = fn_dev_rxq(nic->dev, 0);
	nic->txq = fn_dev_txq(nic->dev, 0);
}

static inline struct nic *nic_up(enum nic_kind kind)
{
	struct nic *nic = nic_open(kind);

	assert_int_equal(nic_configure(nic, (struct fn_dev_conf){ 0 }), 0);
	nic_start(nic);
	return nic;
}

/* A frame comes in: what the device says, 0 for yes. */
static inline int nic_receive(struct nic *nic)
{
	uint8_t frame[RIG_FRAME] = { 2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 8, 0x88, 0xb5 };
	int ret;

	memcpy(frame + 14, &nic->in, sizeof(nic->in));
	ret = nic_is_virtio(nic) ? virtio_dev_receive(&nic->vd, 0, frame, sizeof(frame)) :
				   intel_dev_receive(&nic->id, frame, sizeof(frame));
	if (ret >= 0)
		nic->in++;
	return ret < 0 ? ret : 0;
}

static inline void nic_receive_n(struct nic *nic, unsigned n)
{
	while (n-- > 0)
		assert_int_equal(nic_receive(nic), 0);
}

/* The device sends up to @most of what it has: how many descriptors. */
static inline unsigned nic_transmit(struct nic *nic, unsigned most)
{
	return nic_is_virtio(nic) ? virtio_dev_transmit(&nic->vd, 0, most) :
				    intel_dev_transmit(&nic->id, 0, most);
}

/* Doorbells of its transmit queue. */
static inline unsigned nic_kicks(const struct nic *nic)
{
	assert_true(nic_is_virtio(nic));
	return nic->vd.queues[1].kicks;
}

/* Each packet comes once and in its order. */
static inline void nic_check(struct nic *nic, const struct fn_pkt *pkt)
{
	unsigned seq;

	memcpy(&seq, (const uint8_t *)pkt->data + 14, sizeof(seq));
	assert_int_equal(seq, nic->got);
	nic->got++;
}

/* A callback that takes what comes, and gives it back. */
static inline void nic_take(void *arg, struct fn_pkt **pkts, unsigned n)
{
	struct nic *nic = arg;

	nic->bursts++;
	for (unsigned i = 0; i < n; i++)
		nic_check(nic, pkts[i]);
	fn_pkt_free_bulk(pkts, n);
}

static inline void nic_add_rx(struct nic *nic, struct fn_poller *poller, fn_poller_rx_fn *fn)
{
	struct fn_poller_rx_opts opts = { .sz = sizeof(opts), .fn = fn, .arg = nic };

	assert_int_equal(fn_poller_add_rxq(poller, nic->rxq, &opts, &nic->rx), 0);
}

static inline void nic_add_tx(struct nic *nic, struct fn_poller *poller, uint32_t batch,
			      uint32_t waiting)
{
	struct fn_poller_tx_opts opts = { .sz = sizeof(opts), .batch = batch, .waiting = waiting };

	assert_int_equal(fn_poller_add_txq(poller, nic->txq, &opts, &nic->tx), 0);
}

static inline struct fn_pkt *rig_pkt(void)
{
	struct fn_pkt *pkt = fn_pkt_alloc(rig.pool);

	assert_non_null(pkt);
	memset(fn_pkt_append(pkt, RIG_FRAME), 0x11, RIG_FRAME);
	return pkt;
}

/* What a driver's operations do, and a step before and behind each. */
static inline const struct fn_driver_ops *rig_ops(const struct fn_queue *queue)
{
	for (unsigned i = 0; i < rig.nics_n; i++)
		if (rig.nics[i].dev == queue->dev)
			return &rig.nics[i].ops;
	return NULL;
}

static inline int step_rx_arm(struct fn_rxq *q)
{
	int ret;

	rig_step();
	ret = rig_ops(fn_rxq_queue(q))->rx_arm(q);
	rig_step();
	return ret;
}

static inline bool step_rx_pending(struct fn_rxq *q)
{
	bool is;

	rig_step();
	is = rig_ops(fn_rxq_queue(q))->rx_pending(q);
	rig_step();
	return is;
}

static inline void step_rx_disarm(struct fn_rxq *q)
{
	rig_step();
	rig_ops(fn_rxq_queue(q))->rx_disarm(q);
	rig_step();
}

static inline void step_tx_arm(struct fn_txq *q)
{
	rig_step();
	rig_ops(fn_txq_queue(q))->tx_arm(q);
	rig_step();
}

static inline bool step_tx_pending(struct fn_txq *q)
{
	bool is;

	rig_step();
	is = rig_ops(fn_txq_queue(q))->tx_pending(q);
	rig_step();
	return is;
}

static inline void step_tx_disarm(struct fn_txq *q)
{
	rig_step();
	rig_ops(fn_txq_queue(q))->tx_disarm(q);
	rig_step();
}

static inline unsigned step_tx_reclaim(struct fn_txq *q)
{
	unsigned n;

	rig_step();
	n = rig_ops(fn_txq_queue(q))->tx_reclaim(q);
	rig_step();
	return n;
}

/* From here on the worker's steps with this device are told of. */
static inline void nic_hook(struct nic *nic)
{
	nic->ops = *nic->dev->drv->ops;
	nic->step_ops = nic->ops;
	nic->step_ops.rx_arm = step_rx_arm;
	nic->step_ops.rx_pending = step_rx_pending;
	nic->step_ops.rx_disarm = step_rx_disarm;
	nic->step_ops.tx_arm = step_tx_arm;
	nic->step_ops.tx_pending = step_tx_pending;
	nic->step_ops.tx_disarm = step_tx_disarm;
	nic->step_ops.tx_reclaim = step_tx_reclaim;
	nic->drv = *nic->dev->drv;
	nic->drv.ops = &nic->step_ops;
	nic->dev->drv = &nic->drv;
}

static inline unsigned rig_wait(struct fn_wait *wait, int64_t timeout_ns,
				struct fn_wait_mark **ready, unsigned *cqes)
{
	unsigned n;

	rig_step();
	if (timeout_ns)
		__atomic_fetch_add(&rig.blocks, 1, __ATOMIC_SEQ_CST);
	else
		__atomic_fetch_add(&rig.waits, 1, __ATOMIC_SEQ_CST);
	n = rig.backend->wait(wait, timeout_ns, ready, cqes);
	rig_step();
	return n;
}

/* By epoll, unless it is to be an io_uring: all of a test by the same. */
static inline struct fn_poller *rig_poller_new(struct fn_poller_opts opts)
{
	struct fn_poller *poller;

	opts.sz = sizeof(opts);
	opts.err = &rig.err;
	if (!opts.safety_ns)
		opts.safety_ns = RIG_SAFETY_NS;
	if (opts.wait != FN_POLLER_WAIT_URING)
		opts.wait = FN_POLLER_WAIT_EPOLL;
	assert_int_equal(fn_poller_create(rig.ctx, &opts, &poller), 0);
	rig.backend = poller->wait_ops;
	rig.wait_ops = *poller->wait_ops;
	rig.wait_ops.wait = rig_wait;
	poller->wait_ops = &rig.wait_ops;
	return poller;
}

/* The kernel, or who runs this, may forbid io_uring: whether it does, with a sentence. */
static inline bool rig_uring_is_forbidden(void)
{
	const struct fn_poller_opts opts = { .sz = sizeof(opts), .wait = FN_POLLER_WAIT_URING };
	struct fn_poller *poller = NULL;
	struct fn_ctx *ctx;
	int ret;

	assert_int_equal(fn_ctx_create(NULL, &ctx), 0);
	ret = fn_poller_create(ctx, &opts, &poller);
	if (ret)
		print_message("%s\n", fn_error_last());
	assert_true(!ret || ret == -ENOSYS || ret == -EPERM);
	assert_int_equal(fn_poller_destroy(poller), 0);
	assert_int_equal(fn_ctx_destroy(ctx), 0);
	return ret;
}

static inline void rig_poller(struct fn_poller_opts opts)
{
	rig.poller = rig_poller_new(opts);
}

static inline void nic_close(struct nic *nic)
{
	struct model_dev *md = nic_md(nic);

	if (nic->dev)
		(void)fn_dev_close(nic->dev);
	nic->dev = NULL;
	if (md->violation)
		fail_msg("the driver: %s", md->violation);
	model_dev_unplug(md);
}

static inline uint32_t rig_outside(void)
{
	struct fn_pool_info info = { .sz = sizeof(info) };

	fn_pool_get_info(rig.pool, &info);
	return info.outside;
}

/* Whatever was done, each packet is back and nothing is left. */
static inline void rig_end(void)
{
	rig.hook = NULL;
	assert_int_equal(fn_poller_destroy(rig.poller), 0);
	for (unsigned i = 0; i < rig.nics_n; i++)
		nic_close(&rig.nics[i]);
	assert_int_equal(rig_outside(), 0);
	assert_int_equal(fn_pool_destroy(rig.pool), 0);
	assert_int_equal(fn_ctx_destroy(rig.ctx), 0);
}

/* One NIC with both queues in a poller. */
static inline struct nic *rig_begin(enum nic_kind kind, struct fn_poller_opts opts)
{
	struct nic *nic;

	rig_begin_pool(0);
	nic = nic_up(kind);
	rig_poller(opts);
	nic_add_tx(nic, rig.poller, 0, 0);
	nic_add_rx(nic, rig.poller, nic_take);
	return nic;
}

static inline struct fn_poller_stats stats_of(struct fn_poller *poller)
{
	struct fn_poller_stats s = { .sz = sizeof(s) };

	fn_poller_get_stats(poller, &s);
	return s;
}

static inline struct fn_poller_stats stats(void)
{
	return stats_of(rig.poller);
}

static inline bool readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

/* Until there is nothing to do and all is armed. */
static inline void settle(void)
{
	unsigned times = 0;

	while (fn_poller_run_once(rig.poller, 0))
		assert_in_range(times++, 0, 1000000);
}

static inline void *rig_run(void *arg)
{
	return (void *)(intptr_t)fn_poller_run(arg);
}

static inline void on_worker(void *arg)
{
	*(pthread_t *)arg = pthread_self();
}

/* A thread that is the worker, and is so by now. */
static inline pthread_t worker_start(struct fn_poller *poller)
{
	pthread_t thread;
	pthread_t ran;

	assert_int_equal(pthread_create(&thread, NULL, rig_run, poller), 0);
	do
		fn_poller_call(poller, on_worker, &ran);
	while (!pthread_equal(ran, thread));
	return thread;
}

static inline void worker_join(pthread_t thread)
{
	void *ret;

	assert_int_equal(pthread_join(thread, &ret), 0);
	assert_null(ret);
}

static inline void worker_stop(struct fn_poller *poller, pthread_t thread)
{
	fn_poller_stop(poller);
	worker_join(thread);
}

/* Until a counter that another thread counts is at @n. */
static inline void wait_for(const unsigned *counter, unsigned n)
{
	while (__atomic_load_n(counter, __ATOMIC_SEQ_CST) < n)
		(void)sched_yield();
}

#endif
