// SPDX-License-Identifier: BSD-3-Clause
/*
 * Where a worker runs when nobody says: on the processors of its first device's node, as far as its
 * thread may use them. The nodes are this test's.
 */
#include "poller_rig.h"

FILE *__real_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode);

/**
 * struct sysfs - a machine's nodes
 * @node: the one that there is
 * @list: its processors, as the kernel writes them
 * @asked: files of nodes that were opened
 */
static struct sysfs {
	int node;
	char list[128];
	unsigned asked;
} sysfs;

FILE *__wrap_fopen(const char *path, const char *mode)
{
	int node;

	/* NOLINTNEXTLINE(cert-err34-c) */
	if (sscanf(path, "/sys/devices/system/node/node%d/cpulist", &node) != 1)
		return __real_fopen(path, mode);
	sysfs.asked++;
	return node == sysfs.node ? fmemopen(sysfs.list, strlen(sysfs.list), "r") : NULL;
}

/* Where the worker ran. */
static cpu_set_t ran_on;

static unsigned note_place(void *arg)
{
	(void)arg;
	assert_int_equal(pthread_getaffinity_np(pthread_self(), sizeof(ran_on), &ran_on), 0);
	fn_poller_stop(rig.poller);
	return 0;
}

static bool nothing_pending(void *arg)
{
	(void)arg;
	return false;
}

static cpu_set_t allowed;
/* Two of them, and what the thread may not use. */
static unsigned one;
static unsigned two;
static unsigned none;

static bool has_two(void)
{
	unsigned n = 0;

	assert_int_equal(pthread_getaffinity_np(pthread_self(), sizeof(allowed), &allowed), 0);
	for (unsigned core = 0; core < CPU_SETSIZE; core++) {
		if (!CPU_ISSET(core, &allowed)) {
			none = core;
			continue;
		}
		one = n == 0 ? core : one;
		two = n == 1 ? core : two;
		n++;
	}
	if (n < 2)
		print_message("one processor: a worker has no choice\n");
	return n >= 2;
}

static void begin(struct fn_poller_opts opts)
{
	const struct fn_poller_source_opts source = { .sz = sizeof(source),
						      .run = note_place,
						      .pending = nothing_pending };

	rig_begin_pool(0);
	rig_poller(opts);
	assert_int_equal(fn_poller_add_source(rig.poller, &source, NULL), 0);
	sysfs = (struct sysfs){ .node = 3 };
}

static struct nic *nic_on(int node)
{
	struct nic *nic = nic_up(NIC_VIRTIO);

	nic_md(nic)->busdev.numa_node = node;
	return nic;
}

/* It runs once, and the thread is where it was afterwards: whether it ran on these alone. */
static bool runs_on(const cpu_set_t *where)
{
	cpu_set_t before;
	cpu_set_t after;

	assert_int_equal(pthread_getaffinity_np(pthread_self(), sizeof(before), &before), 0);
	CPU_ZERO(&ran_on);
	assert_int_equal(fn_poller_run(rig.poller), 0);
	assert_int_equal(pthread_getaffinity_np(pthread_self(), sizeof(after), &after), 0);
	assert_true(CPU_EQUAL(&before, &after));
	return CPU_EQUAL(&ran_on, where);
}

static bool runs_on_core(unsigned core)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(core, &set);
	return runs_on(&set);
}

static void node_is(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void node_is(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(sysfs.list, sizeof(sysfs.list), format, args);
	va_end(args);
}

/* Of the node it uses what its thread may; ranges, single ones and others beside. */
static void on_the_node(void **state)
{
	(void)state;
	if (!has_two())
		skip();
	begin((struct fn_poller_opts){ 0 });
	nic_add_rx(nic_on(3), rig.poller, nic_take);
	node_is("%u\n", two);
	assert_true(runs_on_core(two));
	node_is("%u-%u\n", one, one);
	assert_true(runs_on_core(one));
	node_is("%u,%u\n", none, two);
	assert_true(runs_on_core(two));
	node_is("%u-%u,%u\n", none, none, one);
	assert_true(runs_on_core(one));
	node_is("%u,%u\n", one, two);
	CPU_ZERO(&ran_on);
	{
		cpu_set_t both;

		CPU_ZERO(&both);
		CPU_SET(one, &both);
		CPU_SET(two, &both);
		assert_true(runs_on(&both));
	}
	assert_int_equal(sysfs.asked, 5);
	rig_end();
}

/* What it may not use, or what says nothing, changes nothing. */
static void stays_where_it_is(void **state)
{
	static const char *const bad[] = { "\n", "x\n", "0-\n", "1-0\n", "0,99999\n", "0-1,y\n" };

	(void)state;
	if (!has_two())
		skip();
	begin((struct fn_poller_opts){ 0 });
	nic_add_rx(nic_on(3), rig.poller, nic_take);
	for (unsigned i = 0; i < FN_ARRAY_LEN(bad); i++) {
		node_is("%s", bad[i]);
		if (!runs_on(&allowed))
			fail_msg("a node with the processors %s", bad[i]);
	}
	node_is("%u\n", none);
	assert_true(runs_on(&allowed));
	/* No such node. */
	node_is("%u\n", one);
	sysfs.node = 4;
	assert_true(runs_on(&allowed));
	assert_int_equal(sysfs.asked, FN_ARRAY_LEN(bad) + 2);
	rig_end();
}

/* Where the thread was put before by somebody who knows better. */
static void within_its_mask(void **state)
{
	cpu_set_t set;

	(void)state;
	if (!has_two())
		skip();
	begin((struct fn_poller_opts){ 0 });
	nic_add_rx(nic_on(3), rig.poller, nic_take);
	CPU_ZERO(&set);
	CPU_SET(one, &set);
	assert_int_equal(pthread_setaffinity_np(pthread_self(), sizeof(set), &set), 0);
	node_is("%u,%u\n", one, two);
	assert_true(runs_on_core(one));
	node_is("%u\n", two);
	assert_true(runs_on_core(one));
	assert_int_equal(pthread_setaffinity_np(pthread_self(), sizeof(allowed), &allowed), 0);
	rig_end();
}

/* The first device decides, be it for its receive queue or for what is sent by it alone. */
static void of_the_first_device(void **state)
{
	(void)state;
	if (!has_two())
		skip();
	for (unsigned tx = 0; tx < 2; tx++) {
		begin((struct fn_poller_opts){ 0 });
		if (tx)
			nic_add_tx(nic_on(3), rig.poller, 0, 0);
		else
			nic_add_rx(nic_on(3), rig.poller, nic_take);
		(void)nic_on(4);
		if (tx)
			nic_add_tx(&rig.nics[1], rig.poller, 0, 0);
		else
			nic_add_rx(&rig.nics[1], rig.poller, nic_take);
		node_is("%u\n", two);
		assert_true(runs_on_core(two));
		rig_end();
	}
}

/* A core that was asked for, a device that is on no node, no device: nobody asks for nodes. */
static void no_node(void **state)
{
	(void)state;
	if (!has_two())
		skip();
	begin((struct fn_poller_opts){ .core_plus_1 = one + 1 });
	nic_add_rx(nic_on(3), rig.poller, nic_take);
	node_is("%u\n", two);
	assert_true(runs_on_core(one));
	rig_end();
	begin((struct fn_poller_opts){ 0 });
	assert_true(runs_on(&allowed));
	nic_add_rx(nic_on(-1), rig.poller, nic_take);
	assert_true(runs_on(&allowed));
	assert_int_equal(sysfs.asked, 0);
	rig_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(on_the_node),     cmocka_unit_test(stays_where_it_is),
		cmocka_unit_test(within_its_mask), cmocka_unit_test(of_the_first_device),
		cmocka_unit_test(no_node),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
