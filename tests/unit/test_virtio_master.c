// SPDX-License-Identifier: BSD-3-Clause
/* Bus mastering of a virtio-net device: on while it runs, and at no other time. */
#include "virtio_port.h"

static void off_when_stopped(void **state)
{
	struct port p;

	(void)state;
	port_init(&p);
	assert_int_equal(port_open(&p), 0);
	assert_false(p.vd.md.master);
	port_start(&p, (struct fn_dev_conf){ 0 });
	assert_true(p.vd.md.master);
	assert_int_equal(fn_dev_stop(p.dev), 0);
	assert_false(p.vd.md.master);
	assert_int_equal(fn_dev_start(p.dev), 0);
	assert_true(p.vd.md.master);
	port_end(&p);
}

/* The device takes the features back: the start fails halfway. */
static void off_when_start_fails(void **state)
{
	struct port p;

	(void)state;
	port_init(&p);
	port_start(&p, (struct fn_dev_conf){ 0 });
	assert_int_equal(fn_dev_stop(p.dev), 0);
	p.vd.refuse_features = true;
	assert_int_equal(fn_dev_start(p.dev), -EIO);
	assert_false(p.vd.md.master);
	p.vd.refuse_features = false;
	assert_int_equal(fn_dev_start(p.dev), 0);
	port_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(off_when_stopped),
		cmocka_unit_test(off_when_start_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
