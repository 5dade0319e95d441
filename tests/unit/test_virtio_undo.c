// SPDX-License-Identifier: BSD-3-Clause
/*
 * Settings of virtio-net that take two commands, and fail at the second: what was in force is put
 * back, and what went wrong first is what the caller is told.
 */
#include "virtio_offload.h"

/* A setting: what is in force before, and what fails. */
struct setting {
	const char *refusal;
	const char *what;
	int (*set)(struct port *p, bool other);
	bool (*is)(struct port *p, bool other);
};

static int set_coalesce(struct port *p, bool other)
{
	const uint32_t ns = other ? 9000 : 5000;
	const struct fn_coalesce c = {
		.sz = sizeof(c), .err = &p->err, .rx_delay_ns = ns, .tx_delay_ns = ns
	};

	return fn_dev_set_coalesce(p->dev, &c);
}

static bool is_coalesce(struct port *p, bool other)
{
	const uint32_t us = other ? 9 : 5;

	return p->vd.coal_rx.max_usecs == us && p->vd.coal_tx.max_usecs == us;
}

/* Of the rules for spreading, the device's own takes two commands. */
static int set_rss(struct port *p, bool other)
{
	const struct fn_rss rss = { .sz = sizeof(rss),
				    .err = &p->err,
				    .types = other ? 0 : FN_RSS_IPV4 };

	return fn_dev_set_rss(p->dev, &rss);
}

static bool is_rss(struct port *p, bool other)
{
	return p->vd.rss.steer == !other && (other || p->vd.rss.types == FN_RSS_IPV4);
}

static const struct setting settings[] = {
	{ "refuses to hold transmit interrupts back like this", "its coalescing", set_coalesce,
	  is_coalesce },
	{ "refuses to report its receive hash", "its steering", set_rss, is_rss },
};

static void start(struct port *p, const struct setting *s, const char *letters)
{
	offload_init(p, 0);
	port_start(p, (struct fn_dev_conf){ .rxqs = 2,
					    .rx_ring = 32,
					    .tx_ring = 32,
					    .offloads = FN_OFFLOAD_RX_HASH });
	assert_int_equal(s->set(p, false), 0);
	assert_true(s->is(p, false));
	offload_answers(p, letters);
}

static int status_of(struct port *p)
{
	struct fn_dev_info info = { .sz = sizeof(info) };

	fn_dev_get_info(p->dev, &info);
	return info.status;
}

/* A reset brings the device back with what was in force; the letters are at their end. */
static void assert_mends(struct port *p, const struct setting *s)
{
	assert_int_equal(status_of(p), -EIO);
	assert_int_equal(fn_ctx_process_events(p->ctx), 1);
	assert_int_equal(p->events[FN_EVENT_DEVICE_ERROR], 1);
	assert_int_equal(fn_dev_reset(p->dev), 0);
	assert_true(s->is(p, false));
}

/* Refused: all is as before. */
static void put_back(void **state)
{
	(void)state;
	for (unsigned i = 0; i < FN_ARRAY_LEN(settings); i++) {
		const struct setting *s = &settings[i];
		struct port p;

		start(&p, s, "=r");
		assert_int_equal(s->set(&p, true), -EIO);
		assert_says(p.err.text, s->refusal);
		assert_null(strstr(p.err.text, "fn_dev_reset()"));
		assert_true(s->is(&p, false));
		assert_int_equal(status_of(&p), 0);
		assert_int_equal(s->set(&p, true), 0);
		assert_true(s->is(&p, true));
		port_end(&p);
	}
}

/* Refused, and so is the way back, or it gets no answer: the refusal is the sentence. */
static void not_put_back(void **state)
{
	static const char *const letters[] = { "=rr", "=r." };

	(void)state;
	for (unsigned i = 0; i < FN_ARRAY_LEN(settings) * FN_ARRAY_LEN(letters); i++) {
		const struct setting *s = &settings[i / 2];
		struct port p;

		start(&p, s, letters[i % 2]);
		assert_int_equal(s->set(&p, true), -EIO);
		assert_says(p.err.text, s->refusal);
		assert_says(p.err.text, "nor does it put ");
		assert_says(p.err.text, s->what);
		assert_says(p.err.text, "fn_dev_reset() it");
		assert_null(strstr(p.err.text, "did not answer"));
		if (letters[i % 2][2] == 'r') {
			assert_mends(&p, s);
		} else {
			assert_int_equal(status_of(&p), -EIO);
			assert_int_equal(fn_dev_reset(p.dev), 0);
			assert_true(s->is(&p, false));
		}
		port_end(&p);
	}
}

/* Gone on the way back: that is worse, and has its own event; the refusal was first. */
static void gone_on_the_way_back(void **state)
{
	(void)state;
	for (unsigned i = 0; i < FN_ARRAY_LEN(settings); i++) {
		const struct setting *s = &settings[i];
		struct port p;

		start(&p, s, "=rx");
		assert_int_equal(s->set(&p, true), -EIO);
		assert_says(p.err.text, s->refusal);
		assert_null(strstr(p.err.text, "fn_dev_reset()"));
		assert_int_equal(status_of(&p), -ENODEV);
		port_end(&p);
	}
}

/* Who does not answer is not asked again: the sentence is that, and a reset mends it. */
static void no_answer(void **state)
{
	(void)state;
	for (unsigned i = 0; i < FN_ARRAY_LEN(settings); i++) {
		const struct setting *s = &settings[i];
		struct port p;

		start(&p, s, "=.");
		assert_int_equal(s->set(&p, true), -EIO);
		assert_says(p.err.text, "did not answer a command");
		assert_null(strstr(p.err.text, "nor does it"));
		assert_int_equal(status_of(&p), -EIO);
		assert_int_equal(fn_ctx_process_events(p.ctx), 1);
		assert_int_equal(fn_dev_reset(p.dev), 0);
		assert_true(s->is(&p, false));
		port_end(&p);
	}
}

static void gone(void **state)
{
	(void)state;
	for (unsigned i = 0; i < FN_ARRAY_LEN(settings); i++) {
		const struct setting *s = &settings[i];
		uint64_t start_ns;
		struct port p;

		start(&p, s, "=x");
		start_ns = p.vd.md.clock->now_ns;
		assert_int_equal(s->set(&p, true), -ENODEV);
		assert_says(p.err.text, "does not answer any more");
		/* One command was waited for. */
		assert_in_range(p.vd.md.clock->now_ns - start_ns, 0, FN_MS(2500));
		port_end(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(put_back),
		cmocka_unit_test(not_put_back),
		cmocka_unit_test(gone_on_the_way_back),
		cmocka_unit_test(no_answer),
		cmocka_unit_test(gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
