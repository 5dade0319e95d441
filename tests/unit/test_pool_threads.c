// SPDX-License-Identifier: BSD-3-Clause
/* Pools and many threads: caches come and go with threads, and pools end under them. */
#include "pool_fixture.h"

static void run(void *(*body)(void *), void *arg)
{
	pthread_t thread;

	threads_start(&thread, 1, body, arg);
	threads_join(&thread, 1, arg);
}

static void *touch(void *arg)
{
	struct fn_pkt *pkt = fn_pkt_alloc(arg);

	fn_pkt_free(pkt);
	return pkt ? arg : NULL;
}

/* What a thread has in its cache comes back when it ends, and its cache goes to the next thread. */
static void end_of_a_thread(void **state)
{
	struct fn_pool *pool = pool_make_shared(64, 1);

	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		run(touch, pool);
		assert_int_equal(pool_info(pool).in_caches, 0);
		assert_int_equal(pool_info(pool).outside, 0);
	}
	/* One cache, and it is free: this thread gets it. */
	(void)touch(pool);
	assert_true(pool_info(pool).in_caches > 0);
	assert_int_equal(fn_pool_destroy(pool), 0);
}

/* A pool, and the steps that threads which use it take together. */
struct meeting {
	struct fn_pool *pool;
	pthread_barrier_t step;
};

static void *meet(void *arg)
{
	struct meeting *m = arg;

	(void)touch(m->pool);
	(void)pthread_barrier_wait(&m->step);
	(void)pthread_barrier_wait(&m->step);
	(void)touch(m->pool);
	return NULL;
}

/* Those that find no cache wait for no one: their packets are the stack's. */
static void more_threads_than_caches(void **state)
{
	struct meeting m = { .pool = pool_make_shared(1000, 2) };
	pthread_t thread[5];

	(void)state;
	(void)pthread_barrier_init(&m.step, NULL, 6);
	threads_start(thread, 5, meet, &m);
	(void)pthread_barrier_wait(&m.step);
	/* Two caches half full; the packets of the others went to the stack. */
	assert_in_range(pool_info(m.pool).in_caches, 2 * 32, 2 * 33);
	assert_int_equal(pool_info(m.pool).outside, 0);
	(void)pthread_barrier_wait(&m.step);
	threads_join(thread, 5, NULL);
	assert_int_equal(pool_info(m.pool).in_caches, 0);
	(void)pthread_barrier_destroy(&m.step);
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
	struct fn_pool *pool = pool_make_shared(40, 1);

	(void)state;
	(void)touch(pool);
	assert_int_equal(pool_info(pool).empty, 0);
	run(ask_for_too_many, pool);
	assert_int_equal(pool_info(pool).empty, 1);
	assert_int_equal(fn_pool_destroy(pool), 0);
}

static void *late_comer(void *arg)
{
	struct meeting *m = arg;

	(void)touch(m->pool);
	(void)pthread_barrier_wait(&m->step);
	(void)pthread_barrier_wait(&m->step);
	(void)touch(m->pool);
	(void)pthread_barrier_wait(&m->step);
	(void)pthread_barrier_wait(&m->step);
	return NULL;
}

static void *first_comer(void *arg)
{
	struct meeting *m = arg;
	pthread_t late;

	(void)touch(m->pool);
	if (pthread_create(&late, NULL, late_comer, m))
		return NULL;
	(void)pthread_barrier_wait(&m->step);
	return (void *)late;
}

/* A thread that found no cache takes one as soon as one is free. */
static void cache_of_one_that_ended(void **state)
{
	struct meeting m = { .pool = pool_make_shared(1000, 1) };
	pthread_t first;
	void *late = NULL;

	(void)state;
	(void)pthread_barrier_init(&m.step, NULL, 2);
	assert_int_equal(pthread_create(&first, NULL, first_comer, &m), 0);
	(void)pthread_join(first, &late);
	assert_non_null(late);
	assert_int_equal(pool_info(m.pool).in_caches, 0);
	(void)pthread_barrier_wait(&m.step);
	(void)pthread_barrier_wait(&m.step);
	assert_true(pool_info(m.pool).in_caches > 0);
	(void)pthread_barrier_wait(&m.step);
	(void)pthread_join((pthread_t)late, NULL);
	assert_int_equal(pool_info(m.pool).in_caches, 0);
	(void)pthread_barrier_destroy(&m.step);
	assert_int_equal(fn_pool_destroy(m.pool), 0);
}

static void *outlive(void *arg)
{
	struct meeting *m = arg;

	for (unsigned i = 0; i < 30; i++) {
		(void)pthread_barrier_wait(&m->step);
		(void)touch(m->pool);
		(void)pthread_barrier_wait(&m->step);
		(void)pthread_barrier_wait(&m->step);
	}
	return NULL;
}

/* Pools end while threads that used them live on, and new ones get their numbers. */
static void threads_outlive_pools(void **state)
{
	struct meeting m = { .pool = NULL };
	pthread_t thread[2];

	(void)state;
	(void)pthread_barrier_init(&m.step, NULL, 3);
	threads_start(thread, 2, outlive, &m);
	for (unsigned i = 0; i < 30; i++) {
		m.pool = pool_make_shared(200, 4);
		(void)pthread_barrier_wait(&m.step);
		(void)pthread_barrier_wait(&m.step);
		assert_true(pool_info(m.pool).in_caches >= 2 * 32);
		assert_int_equal(fn_pool_destroy(m.pool), 0);
		(void)pthread_barrier_wait(&m.step);
	}
	/* They end only now, and find that none of the pools is left. */
	threads_join(thread, 2, NULL);
	(void)pthread_barrier_destroy(&m.step);
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
	return pthread_setspecific(late_key, fn_pkt_alloc(arg)) ? NULL : arg;
}

static void free_in_a_destructor(void **state)
{
	struct fn_pool *pool = pool_make_shared(200, 1);

	(void)state;
	/* The library's key is older here, so its destructor runs first. */
	(void)touch(pool);
	assert_int_equal(pthread_key_create(&late_key, free_late), 0);
	assert_int_equal(fn_pool_destroy(pool), 0);
	pool = pool_make_shared(200, 1);
	for (unsigned i = 0; i < 10; i++) {
		run(leave_a_packet, pool);
		assert_int_equal(pool_info(pool).outside, 0);
		assert_int_equal(pool_info(pool).in_caches, 0);
	}
	(void)pthread_key_delete(late_key);
	assert_int_equal(fn_pool_destroy(pool), 0);
}

/* Threads end while pools are made and destroyed. */
static void *churn(void *arg)
{
	struct fn_pool *pool = pool_make_shared(64, 2);

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

		threads_start(thread, 4, churn, ctx);
		threads_join(thread, 4, ctx);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		POOL_TEST(end_of_a_thread),
		POOL_TEST(more_threads_than_caches),
		POOL_TEST(empty_without_a_cache),
		POOL_TEST(cache_of_one_that_ended),
		POOL_TEST(threads_outlive_pools),
		POOL_TEST(free_in_a_destructor),
		POOL_TEST(pools_and_threads_end_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
