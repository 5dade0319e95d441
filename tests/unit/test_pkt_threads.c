// SPDX-License-Identifier: BSD-3-Clause
/* Packets and many threads: they cross them, and several drop the same one at once. */
#include <sched.h>
#include <stdlib.h>

#include "pool_fixture.h"

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
	struct fn_pool *pool[2] = { pool_make_shared(600, 2), pool_make_shared(600, 2) };
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
		threads_start(&thread[i], 1, work, &worker[i]);
	for (unsigned i = 0; i < 200; i++) {
		struct fn_pool_info info = pool_info(pool[i % 2]);

		/* Looked at while caches change: never more than there are. */
		assert_true(info.outside <= 600 && info.in_caches <= 2 * 64);
		(void)sched_yield();
	}
	for (unsigned i = 0; i < 4; i++) {
		threads_join(&thread[i], 1, NULL);
		assert_int_equal(worker[i].bad, 0);
	}
	for (unsigned i = 0; i < 4; i++)
		(void)pthread_mutex_destroy(&box[i].lock);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(pool_info(pool[i]).outside, 0);
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
	struct fn_pool *pool = pool_make_shared(1000, 4);
	struct droppers d = { .idx = 0 };
	pthread_t thread[4];
	struct fn_dma dma;

	(void)state;
	assert_int_equal(fn_dma_alloc(ctx, 64, NULL, &dma), 0);
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
		threads_start(thread, 4, drop, &d);
		threads_join(thread, 4, &d);
		assert_int_equal(told, 128);
		assert_int_equal(pool_info(pool).outside, 0);
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
	struct fn_pool *pool = pool_make_shared(600, 4);

	(void)state;
	for (unsigned round = 0; round < 30; round++) {
		struct lockstep l = { .turns = 0 };
		pthread_t thread[2];

		assert_int_equal(fn_pkt_alloc_bulk(pool, l.pkts, 512), 512);
		for (unsigned i = 0; i < 512; i++)
			assert_int_equal(fn_pkt_ref(l.pkts[i]), 0);
		threads_start(thread, 2, drop_in_lockstep, &l);
		threads_join(thread, 2, &l);
		assert_int_equal(pool_info(pool).outside, 0);
	}
	assert_int_equal(fn_pool_destroy(pool), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		POOL_TEST(packets_cross_threads),
		POOL_TEST(references_are_dropped_at_once),
		POOL_TEST(last_two_references),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
