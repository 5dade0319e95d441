// SPDX-License-Identifier: BSD-3-Clause
/* How frames are spread, as lib/dev keeps it: long keys and tables, and structs of any size. */
#include "fake_driver.h"

#define HEAD offsetof(struct fn_rss, key)
#define TO_RETA offsetof(struct fn_rss, reta)

/* A device with as long a key and table as there is room for. */
static void open_longest(void)
{
	fake.limits.caps |= FN_CAP_RSS;
	fake.limits.rss_types = FN_RSS_IPV4 | FN_RSS_TCP4;
	fake.limits.rss_key_bytes = FN_RSS_KEY_MAX;
	fake.limits.rss_reta_entries = FN_RSS_RETA_MAX;
	fake_open();
	fake_configure();
}

static struct fn_rss longest(void)
{
	struct fn_rss rss = { .sz = sizeof(rss),
			      .err = &fake.err,
			      .types = FN_RSS_TCP4,
			      .key_bytes = FN_RSS_KEY_MAX,
			      .reta_entries = FN_RSS_RETA_MAX };

	for (unsigned i = 0; i < FN_RSS_KEY_MAX; i++)
		rss.key[i] = (uint8_t)(i + 1);
	for (unsigned i = 0; i < FN_RSS_RETA_MAX; i++)
		rss.reta[i] = i % 3 == 0;
	return rss;
}

/* How it is; all of it. */
static struct fn_rss now(void)
{
	struct fn_rss rss = { .sz = sizeof(rss) };

	assert_int_equal(fn_dev_get_rss(fake.dev, &rss), 0);
	return rss;
}

static void assert_same(const struct fn_rss *a, const struct fn_rss *b)
{
	assert_int_equal(a->types, b->types);
	assert_int_equal(a->key_bytes, b->key_bytes);
	assert_int_equal(a->reta_entries, b->reta_entries);
	assert_memory_equal(a->key, b->key, sizeof(a->key));
	assert_memory_equal(a->reta, b->reta, sizeof(a->reta));
}

/* To the last byte and the last entry. */
static void longest_key_and_table(void **state)
{
	struct fn_rss rss = longest();
	struct fn_rss got;

	(void)state;
	open_longest();
	got = now();
	assert_int_equal(got.key_bytes, FN_RSS_KEY_MAX);
	assert_int_equal(got.reta[FN_RSS_RETA_MAX - 1],
			 (FN_RSS_RETA_MAX - 1) % fake.dev->conf.rxqs);
	assert_int_equal(fn_dev_set_rss(fake.dev, &rss), 0);
	got = now();
	assert_same(&got, &rss);
	rss.reta[FN_RSS_RETA_MAX - 1] = FAKE_QUEUES;
	assert_int_equal(fn_dev_set_rss(fake.dev, &rss), -EINVAL);
	fake_says(&fake.err, -EINVAL, "entry 2047 of the redirection table is queue 2");
}

/* What a caller's struct does not have is not taken to be zero, and not written. */
static void shorter_structs(void **state)
{
	const struct fn_rss rss = longest();
	struct fn_rss c = rss;
	struct fn_rss before;
	struct fn_rss got;

	(void)state;
	open_longest();
	before = now();
	c.sz = sizeof(c) - 1;
	assert_int_equal(fn_dev_set_rss(fake.dev, &c), -EINVAL);
	fake_says(&fake.err, -EINVAL, "no room for a key of 128 bytes and a table of 2048 entries");
	assert_int_equal(fn_dev_get_rss(fake.dev, &c), -ENOSPC);
	fake_says(&fake.err, -ENOSPC, "no room for a key of 128 bytes and a table of 2048 entries");
	assert_memory_equal(c.reta, rss.reta, sizeof(c.reta));
	c.reta_entries = 0;
	c.sz = TO_RETA - 1;
	assert_int_equal(fn_dev_set_rss(fake.dev, &c), -EINVAL);
	got = now();
	assert_same(&got, &before);
	/* A key without a table, and neither of them. */
	c.sz = TO_RETA;
	assert_int_equal(fn_dev_set_rss(fake.dev, &c), 0);
	got = now();
	assert_memory_equal(got.key, rss.key, sizeof(got.key));
	assert_memory_equal(got.reta, before.reta, sizeof(got.reta));
	c.types = FN_RSS_IPV4;
	c.key_bytes = 0;
	c.sz = HEAD;
	assert_int_equal(fn_dev_set_rss(fake.dev, &c), 0);
	got = now();
	assert_int_equal(got.types, FN_RSS_IPV4);
	assert_memory_equal(got.key, rss.key, sizeof(got.key));
}

/* One that is longer than the library knows: zeros behind are fine, and stay so. */
static void longer_structs(void **state)
{
	struct {
		struct fn_rss rss;
		uint64_t more;
	} newer = { .rss = longest() };

	(void)state;
	open_longest();
	newer.rss.sz = sizeof(newer);
	assert_int_equal(fn_dev_set_rss(fake.dev, &newer.rss), 0);
	newer.more = 7;
	assert_int_equal(fn_dev_set_rss(fake.dev, &newer.rss), -EINVAL);
	assert_int_equal(fn_dev_get_rss(fake.dev, &newer.rss), 0);
	assert_int_equal(newer.more, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(longest_key_and_table, setup, teardown),
		cmocka_unit_test_setup_teardown(shorter_structs, setup, teardown),
		cmocka_unit_test_setup_teardown(longer_structs, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
