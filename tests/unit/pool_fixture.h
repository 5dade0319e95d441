/* SPDX-License-Identifier: BSD-3-Clause */
/* For tests of pools and packets: a context a test, pools in it, and threads that use them. */
#ifndef FN_TESTS_UNIT_POOL_FIXTURE_H
#define FN_TESTS_UNIT_POOL_FIXTURE_H

#include <pthread.h>

#include "fake_ctx.h"
#include "pkt/pool.h"

static struct fake_ctx fake;
static struct fn_ctx *ctx;

static inline int pool_fixture_start(void **state)
{
	(void)state;
	ctx = fake_ctx_start(&fake, 4096);
	return 0;
}

static inline int pool_fixture_end(void **state)
{
	(void)state;
	fake_ctx_end(&fake);
	return 0;
}

#define POOL_TEST(f) cmocka_unit_test_setup_teardown(f, pool_fixture_start, pool_fixture_end)

static inline struct fn_pool *pool_make(struct fn_pool_opts opts)
{
	struct fn_pool *pool = NULL;

	opts.sz = sizeof(opts);
	assert_int_equal(fn_pool_create(ctx, &opts, &pool), 0);
	return pool;
}

/* One that threads share: small caches, as many as @max_threads threads can have. */
static inline struct fn_pool *pool_make_shared(uint32_t count, uint32_t max_threads)
{
	return pool_make(
		(struct fn_pool_opts){ .count = count, .cache = 64, .max_threads = max_threads });
}

static inline struct fn_pool_info pool_info(const struct fn_pool *pool)
{
	struct fn_pool_info info = { .sz = sizeof(info) };

	fn_pool_get_info(pool, &info);
	return info;
}

static inline void threads_start(pthread_t *thread, unsigned n, void *(*body)(void *), void *arg)
{
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, body, arg), 0);
}

/* Wait for all; each must have returned @want. */
static inline void threads_join(const pthread_t *thread, unsigned n, const void *want)
{
	for (unsigned i = 0; i < n; i++) {
		void *got = NULL;

		assert_int_equal(pthread_join(thread[i], &got), 0);
		assert_ptr_equal(got, want);
	}
}

#endif
