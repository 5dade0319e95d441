// SPDX-License-Identifier: BSD-3-Clause
/* Pools and many threads: caches come and go with threads, packets cross them. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "fake_ctx.h"
#include "pkt/pool.h"

static struct fake_ctx fake;
static struct fn_ctx *ctx;

static int start(void **state)
{
	(void)state;
	ctx = fake_ctx_start(&fake, 4096);
	return 0;
}

static int end(void **state)
{
	(void)state;
	fake_ctx_end(&fake);
	return 0;
}

static struct fn_pool_info info_of(const struct fn_pool *pool)
{
	struct fn_pool_info info = { .sz = sizeof(info) };

	fn_pool_get_info(pool, &info);
	return info;
}

static struct fn_pool *make(uint32_t count, uint32_t max_threads)
{
	const struct fn_pool_opts opts = {
		.sz = sizeof(opts), .count = count, .cache = 64, .max_threads = max_threads
	};
	struct fn_pool *pool = NULL;

	assert_int_equal(fn_pool_create(ctx, &opts, &pool), 0);
	return pool;
}

static void run(void *(*body)(void *), void *arg)
{
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, body, arg), 0);
	(void)pthread_join(thread, NULL);
}

static void *touch(void *arg)
{
	struct fn_pkt *pkt = fn_pkt_alloc(arg);

	fn_pkt_free(pkt);
	return pkt;
}

/* What a thread has in its cache comes back when it ends, and its cache goes to the next thread. */
static void end_of_a_thread(void **state)
{
	struct fn_pool *pool = make(64, 1);

	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		run(touch, pool);
		assert_int_equal(info_of(pool).in_caches, 0);
		assert_int_equal(info_of(pool).outside, 0);
	}
	/* One cache, and it is free: this thread gets it. */
	(void)touch(pool);
	assert_true(info_of(pool).in_caches > 0);
	assert_int_equal(fn_pool_destroy(pool), 0);
}

/* Two more threads than caches, one after the other: the third waits for no one. */
struct meeting {
	struct fn_pool *pool;
	pthread_barrier_t all;
	uint32_t in_caches;
};

static void *meet(void *arg)
{
	struct meeting *m = arg;

	(void)touch(m->pool);
	(void)pthread_barrier_wait(&m->all);
	(void)pthread_barrier_wait(&m->all);
	(void)touch(m->pool);
	return NULL;
}

static void more_threads_than_caches(void **state)
{
	struct meeting m = { .pool = make(1000, 2) };
	pthread_t thread[5];

	(void)state;
	(void)pthread_barrier_init(&m.all, NULL, 6);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, meet, &m), 0);
	(void)pthread_barrier_wait(&m.all);
	/* Two caches half full; the packets of the others went to the stack. */
	assert_in_range(info_of(m.pool).in_caches, 2 * 32, 2 * 33);
	assert_int_equal(info_of(m.pool).outside, 0);
	(void)pthread_barrier_wait(&m.all);
	for (unsigned i = 0; i < 5; i++)
		(void)pthread_join(thread[i], NULL);
	assert_int_equal(info_of(m.pool).in_caches, 0);
	(void)pthread_barrier_destroy(&m.all);
	assert_int_equal(fn_pool_destroy(m.pool), 0);
}

static void *ask_for_too_many(void *arg)
{
	struct fn_pkt *pkts[100];

	return fn_pkt_alloc_bulk(arg, pkts, 100) == 0 ? arg : NULL;
}

/* Without a cache, too, a pool that is empty is counted. */
static void empty_without_a_cache(void **state)
{
	struct fn_pool *pool = make(40, 1);
	pthread_t thread;
	void *ok = NULL;

	(void)state;
	(void)touch(pool);
	assert_int_equal(info_of(pool).empty, 0);
	assert_int_equal(pthread_create(&thread, NULL, ask_for_too_many, pool), 0);
	(void)pthread_join(thread, &ok);
	assert_ptr_equal(ok, pool);
	assert_int_equal(info_of(pool).empty, 1);
	assert_int_equal(fn_pool_destroy(pool), 0);
}

/* A thread that found no cache takes one as soon as one is free. */
struct relay {
	struct fn_pool *pool;
	pthread_barrier_t step;
};

static void *late_comer(void *arg)
{
	struct relay *r = arg;

	(void)touch(r->pool);
	(void)pthread_barrier_wait(&r->step);
	(void)pthread_barrier_wait(&r->step);
	(void)touch(r->pool);
	(void)pthread_barrier_wait(&r->step);
	(void)pthread_barrier_wait(&r->step);
	return NULL;
}

static void *first_comer(void *arg)
{
	struct relay *r = arg;
	pthread_t late;

	(void)touch(r->pool);
	if (pthread_create(&late, NULL, late_comer, r))
		return NULL;
	(void)pthread_barrier_wait(&r->step);
	return (void *)late;
}

static void cache_of_one_that_ended(void **state)
{
	struct relay r = { .pool = make(1000, 1) };
	pthread_t first;
	void *late = NULL;

	(void)state;
	(void)pthread_barrier_init(&r.step, NULL, 2);
	assert_int_equal(pthread_create(&first, NULL, first_comer, &r), 0);
	(void)pthread_join(first, &late);
	assert_non_null(late);
	assert_int_equal(info_of(r.pool).in_caches, 0);
	(void)pthread_barrier_wait(&r.step);
	(void)pthread_barrier_wait(&r.step);
	assert_true(info_of(r.pool).in_caches > 0);
	(void)pthread_barrier_wait(&r.step);
	(void)pthread_join((pthread_t)late, NULL);
	assert_int_equal(info_of(r.pool).in_caches, 0);
	(void)pthread_barrier_destroy(&r.step);
	assert_int_equal(fn_pool_destroy(r.pool), 0);
}

/* Pools end while threads that used them live on, and new ones get their numbers. */
struct survivor {
	struct fn_pool *pool;
	pthread_barrier_t step;
};

static void *outlive(void *arg)
{
	struct survivor *s = arg;

	for (unsigned i = 0; i < 30; i++) {
		(void)pthread_barrier_wait(&s->step);
		(void)touch(s->pool);
		(void)pthread_barrier_wait(&s->step);
		(void)pthread_barrier_wait(&s->step);
	}
	return NULL;
}

static void threads_outlive_pools(void **state)
{
	struct survivor s = { .pool = NULL };
	pthread_t thread[2];

	(void)state;
	(void)pthread_barrier_init(&s.step, NULL, 3);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, outlive, &s), 0);
	for (unsigned i = 0; i < 30; i++) {
		s.pool = make(200, 4);
		(void)pthread_barrier_wait(&s.step);
		(void)pthread_barrier_wait(&s.step);
		assert_true(info_of(s.pool).in_caches >= 2 * 32);
		assert_int_equal(fn_pool_destroy(s.pool), 0);
		(void)pthread_barrier_wait(&s.step);
	}
	/* They end only now, and find that none of the pools is left. */
	for (unsigned i = 0; i < 2; i++)
		(void)pthread_join(thread[i], NULL);
	(void)pthread_barrier_destroy(&s.step);
}

/* An application's own destructor may still free packets, before or after the library's. */
static pthread_key_t late_key;

static void free_late(void *pkt)
{
	fn_pkt_free(pkt);
}

static void *leave_a_packet(void *arg)
{
	(void)touch(arg);
	(void)pthread_setspecific(late_key, fn_pkt_alloc(arg));
	return NULL;
}

static void free_in_a_destructor(void **state)
{
	struct fn_pool *pool = make(200, 1);

	(void)state;
	/* The library's key is older here, so its destructor runs first. */
	(void)touch(pool);
	assert_int_equal(pthread_key_create(&late_key, free_late), 0);
	assert_int_equal(fn_pool_destroy(pool), 0);
	pool = make(200, 1);
	for (unsigned i = 0; i < 10; i++) {
		run(leave_a_packet, pool);
		assert_int_equal(info_of(pool).outside, 0);
		assert_int_equal(info_of(pool).in_caches, 0);
	}
	(void)pthread_key_delete(late_key);
	assert_int_equal(fn_pool_destroy(pool), 0);
}

/* Packets that are handed from thread to thread through a mailbox, with what is in them. */
#define ROUNDS 3000u

struct mailbox {
	pthread_mutex_t lock;
	struct fn_pkt *pkts[256];
	unsigned n;
	unsigned closed;
};

struct worker {
	struct fn_pool *pool[2];
	struct mailbox *out;
	struct mailbox *in;
	unsigned seed;
	unsigned bad;
};

static void post(struct mailbox *box, struct fn_pkt *pkt)
{
	(void)pthread_mutex_lock(&box->lock);
	if (box->n < FN_ARRAY_LEN(box->pkts)) {
		box->pkts[box->n++] = pkt;
		pkt = NULL;
	}
	(void)pthread_mutex_unlock(&box->lock);
	fn_pkt_free(pkt);
}

static unsigned collect(struct mailbox *box, struct fn_pkt **pkts)
{
	unsigned n;

	(void)pthread_mutex_lock(&box->lock);
	n = box->n;
	memcpy(pkts, box->pkts, n * sizeof(struct fn_pkt *));
	box->n = 0;
	(void)pthread_mutex_unlock(&box->lock);
	return n;
}

static void check_and_free(struct worker *w, struct fn_pkt **pkts, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		const struct fn_pkt *seg = pkts[i];

		for (; seg; seg = seg->next)
			for (unsigned k = 0; k < seg->len; k++)
				w->bad += seg->data[k] != seg->len;
	}
	fn_pkt_free_bulk(pkts, n);
}

static struct fn_pkt *filled(struct worker *w)
{
	struct fn_pkt *pkt = fn_pkt_alloc(w->pool[rand_r(&w->seed) % 2]);
	uint16_t len = (uint16_t)(1 + rand_r(&w->seed) % 200);
	uint8_t *data;

	if (!pkt)
		return NULL;
	w->bad += pkt->len != 0 || pkt->next || pkt->user || pkt->hash || pkt->headroom != 128;
	data = fn_pkt_append(pkt, len);
	if (data)
		memset(data, len, len);
	pkt->user = 1;
	pkt->hash = 1;
	return pkt;
}

/*
 * Plain ones, chains, several references, clones: to the other thread, and some kept and freed
 * here.
 */
static void send_one(struct worker *w)
{
	struct fn_pkt *pkt = filled(w);
	struct fn_pkt *second;

	if (!pkt)
		return;
	switch (rand_r(&w->seed) % 4) {
	case 0:
		second = filled(w);
		if (second)
			w->bad += fn_pkt_chain(pkt, second) != 0;
		post(w->out, pkt);
		break;
	case 1:
		w->bad += fn_pkt_ref(pkt) != 0;
		post(w->out, pkt);
		fn_pkt_free(pkt);
		break;
	case 2:
		second = fn_pkt_clone(w->pool[0], pkt);
		post(w->out, pkt);
		if (second)
			check_and_free(w, &second, 1);
		break;
	default:
		post(w->out, pkt);
		break;
	}
}

static void *work(void *arg)
{
	struct worker *w = arg;
	struct fn_pkt *pkts[256];

	for (unsigned round = 0; round < ROUNDS; round++) {
		for (int i = rand_r(&w->seed) % 8; i > 0; i--)
			send_one(w);
		check_and_free(w, pkts, collect(w->in, pkts));
	}
	(void)__atomic_store_n(&w->out->closed, 1, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&w->in->closed, __ATOMIC_ACQUIRE)) {
		check_and_free(w, pkts, collect(w->in, pkts));
		(void)sched_yield();
	}
	check_and_free(w, pkts, collect(w->in, pkts));
	return NULL;
}

static void packets_cross_threads(void **state)
{
	struct fn_pool *pool[2] = { make(600, 2), make(600, 2) };
	struct mailbox box[4];
	struct worker worker[4];
	pthread_t thread[4];

	(void)state;
	memset(box, 0, sizeof(box));
	for (unsigned i = 0; i < 4; i++) {
		(void)pthread_mutex_init(&box[i].lock, NULL);
		worker[i] = (struct worker){
			{ pool[0], pool[1] }, &box[i], &box[(i + 3) % 4], i + 1, 0
		};
	}
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, work, &worker[i]), 0);
	for (unsigned i = 0; i < 200; i++) {
		struct fn_pool_info info = info_of(pool[i % 2]);

		/* Looked at while caches change: never more than there are. */
		assert_true(info.outside <= 600 && info.in_caches <= 2 * 64);
		(void)sched_yield();
	}
	for (unsigned i = 0; i < 4; i++) {
		(void)pthread_join(thread[i], NULL);
		assert_int_equal(worker[i].bad, 0);
	}
	for (unsigned i = 0; i < 4; i++)
		(void)pthread_mutex_destroy(&box[i].lock);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(info_of(pool[i]).outside, 0);
		assert_int_equal(fn_pool_destroy(pool[i]), 0);
	}
}

/* All at once drop their references of the same packets: each is freed exactly once. */
struct droppers {
	pthread_barrier_t go;
	struct fn_pkt *pkts[128];
	struct fn_pkt *clones[4][128];
	unsigned idx;
};

static unsigned told;

static void count_told(void *arg, void *va)
{
	(void)arg;
	(void)va;
	__atomic_fetch_add(&told, 1, __ATOMIC_RELAXED);
}

static void *drop(void *arg)
{
	struct droppers *d = arg;
	unsigned me = __atomic_fetch_add(&d->idx, 1, __ATOMIC_RELAXED);
	unsigned sum = 0;

	(void)pthread_barrier_wait(&d->go);
	for (unsigned i = 0; i < 128; i++) {
		sum += d->clones[me][i]->data[0];
		fn_pkt_free(d->clones[me][i]);
		sum += d->pkts[i]->data[0];
		fn_pkt_free(d->pkts[i]);
	}
	return sum == 256 * 7u ? arg : NULL;
}

static void references_are_dropped_at_once(void **state)
{
	struct fn_pool *pool = make(1000, 4);
	struct droppers d = { .idx = 0 };
	pthread_t thread[4];
	struct fn_dma dma;

	(void)state;
	assert_int_equal(fn_dma_alloc(ctx, 64, 0, -1, &dma), 0);
	memset(dma.va, 7, 64);
	(void)pthread_barrier_init(&d.go, NULL, 4);
	for (unsigned round = 0; round < 20; round++) {
		__atomic_store_n(&told, 0, __ATOMIC_RELAXED);
		d.idx = 0;
		for (unsigned i = 0; i < 128; i++) {
			d.pkts[i] = fn_pkt_alloc(pool);
			assert_int_equal(fn_pkt_attach(d.pkts[i], dma.va, 64, count_told, NULL), 0);
			for (unsigned k = 0; k < 4; k++) {
				d.clones[k][i] = fn_pkt_clone(pool, d.pkts[i]);
				if (k)
					assert_int_equal(fn_pkt_ref(d.pkts[i]), 0);
			}
		}
		for (unsigned i = 0; i < 4; i++)
			assert_int_equal(pthread_create(&thread[i], NULL, drop, &d), 0);
		for (unsigned i = 0; i < 4; i++) {
			void *ok = NULL;

			(void)pthread_join(thread[i], &ok);
			assert_non_null(ok);
		}
		assert_int_equal(told, 128);
		assert_int_equal(info_of(pool).outside, 0);
	}
	(void)pthread_barrier_destroy(&d.go);
	fn_dma_free(ctx, &dma);
	assert_int_equal(fn_pool_destroy(pool), 0);
}

/*
 * Two threads drop the last two references in lockstep, so that each finds the other's still
 * there: one of the two frees the packet.
 */
struct lockstep {
	struct fn_pkt *pkts[512];
	unsigned turns;
};

static void *drop_in_lockstep(void *arg)
{
	struct lockstep *l = arg;

	for (unsigned i = 0; i < 512; i++) {
		/* Each packet is begun by both at once. */
		__atomic_fetch_add(&l->turns, 1, __ATOMIC_ACQ_REL);
		for (unsigned spin = 0; __atomic_load_n(&l->turns, __ATOMIC_ACQUIRE) < 2 * (i + 1);)
			if (++spin % 1024 == 0)
				(void)sched_yield();
		fn_pkt_free(l->pkts[i]);
	}
	return arg;
}

static void last_two_references(void **state)
{
	struct fn_pool *pool = make(600, 4);

	(void)state;
	for (unsigned round = 0; round < 30; round++) {
		struct lockstep l = { .turns = 0 };
		pthread_t thread[2];

		assert_int_equal(fn_pkt_alloc_bulk(pool, l.pkts, 512), 512);
		for (unsigned i = 0; i < 512; i++)
			assert_int_equal(fn_pkt_ref(l.pkts[i]), 0);
		for (unsigned i = 0; i < 2; i++)
			assert_int_equal(pthread_create(&thread[i], NULL, drop_in_lockstep, &l), 0);
		for (unsigned i = 0; i < 2; i++)
			(void)pthread_join(thread[i], NULL);
		assert_int_equal(info_of(pool).outside, 0);
	}
	assert_int_equal(fn_pool_destroy(pool), 0);
}

/* Threads end while pools are made and destroyed. */
static void *churn(void *arg)
{
	struct fn_pool *pool = make(64, 2);

	(void)arg;
	run(touch, pool);
	(void)touch(pool);
	return fn_pool_destroy(pool) ? NULL : arg;
}

static void pools_and_threads_end_together(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 50; round++) {
		pthread_t thread[4];

		for (unsigned i = 0; i < 4; i++)
			assert_int_equal(pthread_create(&thread[i], NULL, churn, ctx), 0);
		for (unsigned i = 0; i < 4; i++) {
			void *ok = NULL;

			(void)pthread_join(thread[i], &ok);
			assert_ptr_equal(ok, ctx);
		}
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, start, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(end_of_a_thread),       TEST(more_threads_than_caches),
		TEST(empty_without_a_cache), TEST(cache_of_one_that_ended),
		TEST(threads_outlive_pools), TEST(free_in_a_destructor),
		TEST(packets_cross_threads), TEST(references_are_dropped_at_once),
		TEST(last_two_references),   TEST(pools_and_threads_end_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
