// SPDX-License-Identifier: BSD-3-Clause
/*
 * The life of a device: configuration that is validated whole, calls in any order, nothing leaked.
 */
#include <dirent.h>
#include <stdlib.h>

#include "model/intel_dev.h"
#include "virtio_port.h"

static struct port port;

static int setup(void **state)
{
	(void)state;
	port_init(&port);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	port_end(&port);
	return 0;
}

static unsigned open_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	(void)closedir(d);
	return n;
}

static struct fn_dev_info info_of(struct fn_dev *dev)
{
	struct fn_dev_info info = { .sz = sizeof(info) };

	fn_dev_get_info(dev, &info);
	return info;
}

/* Each value out of range is refused with its errno and a sentence, and the former one stays. */
static void configure_refuses(void **state)
{
	static const uint16_t bad_vector[] = { 500 };
	static const struct {
		struct fn_dev_conf conf;
		const char *words;
		int ret;
	} cases[] = {
		{ { .rxqs = 3 }, "3 receive queues asked for, and it has 2", -EINVAL },
		{ { .txqs = 3 }, "3 transmit queues asked for, and it has 2", -EINVAL },
		{ { .rx_ring = 100 },
		  "receive ring of 100 descriptors: use a power of two from 8",
		  -EINVAL },
		{ { .tx_ring = 100 },
		  "transmit ring of 100 descriptors: use a power of two from 8",
		  -EINVAL },
		{ { .rx_ring = 4 }, "use a power of two from 8 to 1024", -EINVAL },
		{ { .rx_ring = 2048 }, "use a power of two from 8 to 1024", -EINVAL },
		{ { .mtu = 30 }, "MTU 30: use 68 to", -EINVAL },
		{ { .mtu = 65536 }, "MTU 65536: use 68 to", -EINVAL },
		{ { .mtu = 2040 }, "needs 2058 bytes and a buffer of pool has 2048", -EINVAL },
		{ { .rx_vectors = bad_vector }, "vector 500 for receive queue 0", -EINVAL },
		{ { .tx_vectors = bad_vector }, "vector 500 for transmit queue 0", -EINVAL },
	};
	struct fn_dev_info info;
	unsigned fds;

	(void)state;
	port.vd.offered &= ~VDEV_F_MTU;
	assert_int_equal(port_open(&port), 0);
	assert_int_equal(port_configure(&port, (struct fn_dev_conf){ .rx_ring = 64, .mtu = 1400 }),
			 0);
	fds = open_fds();
	for (size_t i = 0; i < FN_ARRAY_LEN(cases); i++) {
		assert_int_equal(port_configure(&port, cases[i].conf), cases[i].ret);
		assert_int_equal(port.err.code, cases[i].ret);
		if (!strstr(port.err.text, cases[i].words))
			fail_msg("\"%s\" is not in \"%s\"", cases[i].words, port.err.text);
		assert_non_null(strstr(port.err.text, "0000:00:03.0"));
		assert_string_equal(port.err.text, fn_error_last());
		info = info_of(port.dev);
		assert_int_equal(info.rx_ring, 64);
		assert_int_equal(info.mtu, 1400);
		assert_int_equal(info.state, FN_DEV_CONFIGURED);
	}
	assert_int_equal(open_fds(), fds);
}

static void configure_needs_a_pool_and_a_size(void **state)
{
	struct fn_dev_conf conf = { .sz = sizeof(conf) };

	(void)state;
	assert_int_equal(port_open(&port), 0);
	assert_int_equal(fn_dev_configure(port.dev, &conf), -EINVAL);
	assert_non_null(strstr(fn_error_last(), "fn_dev_conf.pool is missing"));
	conf.sz = 0;
	assert_int_equal(fn_dev_configure(port.dev, &conf), -EINVAL);
	assert_int_equal(fn_dev_configure(port.dev, NULL), -EINVAL);
	assert_int_equal(info_of(port.dev).state, FN_DEV_OPEN);
}

/* The count that the sentence states is enough, and one less is not. */
static void pool_too_small(void **state)
{
	const struct fn_dev_conf conf = { .rx_ring = 256, .tx_ring = 256 };
	const char *count;
	unsigned long need;

	(void)state;
	port.pool_opts.count = 512;
	assert_int_equal(port_open(&port), 0);
	assert_int_equal(port_configure(&port, conf), -ENOSPC);
	assert_non_null(strstr(port.err.text, "pool has 512 packets"));
	count = strstr(port.err.text, "create it with count ");
	assert_non_null(count);
	need = strtoul(count + strlen("create it with count "), NULL, 10);
	/*
	 * Rings of 256 + 256, 2 queue caches of 64, and for one thread a cache and a burst of 32.
	 */
	assert_int_equal(need, 512 + 128 + 64 + 32);
	assert_int_equal(fn_pool_destroy(port.pool), 0);

	port.pool_opts.count = (uint32_t)need - 1;
	assert_int_equal(fn_pool_create(port.ctx, &port.pool_opts, &port.pool), 0);
	assert_int_equal(port_configure(&port, conf), -ENOSPC);
	assert_int_equal(fn_pool_destroy(port.pool), 0);

	port.pool_opts.count = (uint32_t)need;
	assert_int_equal(fn_pool_create(port.ctx, &port.pool_opts, &port.pool), 0);
	assert_int_equal(port_configure(&port, conf), 0);
	assert_int_equal(fn_dev_start(port.dev), 0);
}

/* The rings of another device that uses the pool count too. */
static void pool_too_small_for_two(void **state)
{
	static struct virtio_dev second;
	struct fn_dev_conf conf = { .sz = sizeof(conf) };
	struct fn_dev *dev;

	(void)state;
	port.pool_opts.count = 512 + 128 + 64 + 32;
	virtio_dev_init(&second);
	model_dev_plug(&second.md, 1);
	assert_int_equal(port_open(&port), 0);
	assert_int_equal(port_configure(&port, (struct fn_dev_conf){ 0 }), 0);
	assert_int_equal(fn_dev_open_on(port.ctx, &model_bus, "0000:00:01.0", NULL, &dev), 0);
	conf.pool = port.pool;
	assert_int_equal(fn_dev_configure(dev, &conf), -ENOSPC);
	assert_non_null(strstr(fn_error_last(), "640 for other devices"));
	assert_int_equal(fn_dev_close(port.dev), 0);
	port.dev = NULL;
	assert_int_equal(fn_dev_configure(dev, &conf), 0);
	assert_int_equal(fn_dev_close(dev), 0);
	model_dev_unplug(&second.md);
}

/* fn_pool_need() states what fn_dev_configure() insists on. */
static void pool_need(void **state)
{
	const struct fn_dev_conf conf = { .sz = sizeof(conf), .rxqs = 2, .txqs = 1, .rx_ring = 64 };

	(void)state;
	assert_int_equal(fn_pool_need(NULL, NULL, 1), 512 + 2 * 256 + 4 * (256 + FN_POOL_BURST));
	port.pool_opts.count = 0;
	port.pool_opts.count = (uint32_t)fn_pool_need(&port.pool_opts, &conf, 1) - 1;
	assert_int_equal(port_open(&port), 0);
	assert_int_equal(port_configure(&port, conf), -ENOSPC);
	assert_int_equal(fn_pool_destroy(port.pool), 0);
	port.pool_opts.count++;
	assert_int_equal(fn_pool_create(port.ctx, &port.pool_opts, &port.pool), 0);
	assert_int_equal(port_configure(&port, conf), 0);
}

/* IOVAs of another context are other memory here: its pool is refused, its packets are dropped. */
static void another_context(void **state)
{
	const struct fn_ctx_opts opts = { .sz = sizeof(opts), .page_bytes = 4096 };
	struct fn_pool *mine;
	struct fn_pool *foreign;
	struct fn_ctx *ctx;
	struct fn_pkt *pkt;

	(void)state;
	port_start(&port, (struct fn_dev_conf){ 0 });
	assert_int_equal(fn_ctx_create(&opts, &ctx), 0);
	assert_int_equal(fn_pool_create(ctx, NULL, &foreign), 0);
	pkt = fn_pkt_alloc(foreign);
	assert_non_null(fn_pkt_append(pkt, 100));
	assert_null(fn_pkt_clone(port.pool, pkt));
	assert_int_equal(fn_tx_burst(port.tx, &pkt, 1), 1);
	assert_int_equal(tx_counter(&port, FN_TX_DROP_UNREACHABLE), 1);
	assert_int_equal(tx_counter(&port, FN_TX_PACKETS), 0);
	assert_int_equal(fn_dev_stop(port.dev), 0);
	mine = port.pool;
	port.pool = foreign;
	assert_int_equal(port_configure(&port, (struct fn_dev_conf){ 0 }), -EINVAL);
	assert_non_null(strstr(port.err.text, "belongs to another context"));
	port.pool = mine;
	assert_int_equal(fn_pool_destroy(foreign), 0);
	assert_int_equal(fn_ctx_destroy(ctx), 0);
}

static void calls_in_any_order(void **state)
{
	struct fn_rxq *rx;
	struct fn_pkt *pkt;
	struct fn_dev *again;

	(void)state;
	assert_int_equal(port_open(&port), 0);
	rx = fn_dev_rxq(port.dev, 0);
	assert_int_equal(fn_rx_burst(rx, &pkt, 1), 0);
	assert_int_equal(fn_rxq_status(rx), -ENETDOWN);
	assert_int_equal(fn_rxq_event_fd(rx), -1);
	assert_int_equal(fn_rxq_arm(rx), -ENETDOWN);
	assert_false(fn_rxq_pending(rx));
	assert_int_equal(fn_tx_reclaim(fn_dev_txq(port.dev, 0)), 0);

	assert_int_equal(fn_dev_start(port.dev), -EINVAL);
	assert_non_null(strstr(fn_error_last(), "fn_dev_configure() first"));
	assert_int_equal(fn_dev_set_mtu(port.dev, 1400), -EINVAL);
	assert_int_equal(fn_dev_stop(port.dev), 0);
	assert_int_equal(fn_dev_reset(port.dev), 0);
	assert_int_equal(fn_dev_open_on(port.ctx, &model_bus, "00:03.0", NULL, &again), -EBUSY);
	assert_non_null(strstr(fn_error_last(), "open already"));
	assert_int_equal(fn_ctx_destroy(port.ctx), -EBUSY);
	assert_non_null(strstr(fn_error_last(), "0000:00:03.0"));

	port_start(&port, (struct fn_dev_conf){ 0 });
	assert_ptr_equal(port.rx, rx);
	assert_int_equal(fn_rxq_status(rx), 0);
	assert_int_equal(fn_dev_start(port.dev), 0);
	assert_int_equal(port_configure(&port, (struct fn_dev_conf){ 0 }), -EBUSY);
	assert_int_equal(fn_dev_set_mtu(port.dev, 1400), -EBUSY);
	assert_int_equal(fn_pool_destroy(port.pool), -EBUSY);
	assert_int_equal(fn_dev_stop(port.dev), 0);
	assert_int_equal(fn_dev_stop(port.dev), 0);
	assert_int_equal(fn_rxq_status(rx), -ENETDOWN);
	assert_int_equal(port_pool(&port).outside, 0);
	assert_int_equal(fn_dev_set_mtu(port.dev, 1400), 0);
	assert_int_equal(info_of(port.dev).mtu, 1400);
	assert_int_equal(fn_dev_set_mtu(port.dev, 9000), -EINVAL);
	assert_int_equal(fn_dev_start(port.dev), 0);
	assert_int_equal(fn_dev_reset(port.dev), 0);
	assert_int_equal(fn_rxq_status(rx), 0);
	/* Closed while started, by port_end(). */
}

static void names_that_are_none(void **state)
{
	struct fn_dev *dev = NULL;

	(void)state;
	assert_int_equal(port_open(&port), 0);
	assert_int_equal(fn_dev_open(port.ctx, "eth0", NULL, &dev), -EINVAL);
	assert_non_null(strstr(fn_error_last(), "\"eth0\" is no PCI address"));
	assert_int_equal(fn_dev_open(port.ctx, NULL, NULL, &dev), -EINVAL);
	assert_null(dev);
}

/* A NIC that nobody drives: what is driven stands in the sentence, to the last of the list. */
static void no_driver(void **state)
{
	static const struct model_dev_ops ops;
	struct fn_dev *dev = NULL;
	char driven[4096];
	struct model_dev md;

	(void)state;
	assert_int_equal(port_open(&port), 0);
	model_dev_init(&md, &ops, 0x8086, 0xfa4e);
	model_dev_plug(&md, 5);
	assert_int_equal(fn_dev_open_on(port.ctx, &model_bus, "00:05.0", NULL, &dev), -ENOTSUP);
	model_dev_unplug(&md);
	assert_null(dev);
	assert_says(fn_error_last(), "8086:fa4e");
	fn_registry_describe(driven, sizeof(driven));
	assert_says(fn_error_last(), driven);
	assert_says(driven, "10d3");
}

/* Registers where the data sheet has them, in a BAR that ends before. */
static void bar_too_small(void **state)
{
	static struct intel_dev id;
	struct fn_dev *dev = NULL;

	(void)state;
	assert_int_equal(port_open(&port), 0);
	intel_dev_init(&id, INTEL_82574);
	id.md.bar_bytes[0] = 0x1000;
	model_dev_plug(&id.md, 4);
	assert_int_equal(fn_dev_open_on(port.ctx, &model_bus, "00:04.0", NULL, &dev), -EIO);
	model_dev_unplug(&id.md);
	assert_null(dev);
	assert_null(id.md.violation);
}

/* 100 lives of a device: descriptors and packets are as before, and traffic passed each time. */
static void a_hundred_lives(void **state)
{
	struct fn_pkt *pkt;
	unsigned fds = 0;

	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		assert_int_equal(port_open(&port), 0);
		port_start(&port, (struct fn_dev_conf){ .rxqs = 2, .txqs = 2 });
		assert_int_equal(port_receive(&port), 0);
		assert_int_equal(fn_rx_burst(port.rx, &pkt, 1), 1);
		assert_frame(pkt->data, pkt->len, i);
		fn_pkt_free(pkt);
		assert_int_equal(fn_dev_close(port.dev), 0);
		port.dev = NULL;
		assert_int_equal(port_pool(&port).outside, 0);
		if (i == 0)
			fds = open_fds();
		assert_int_equal(open_fds(), fds);
		assert_false(port.vd.md.master);
		assert_int_equal(port.vd.status, 0);
	}
}

/* Vectors: one each while they last and shared above; the caller's map; none at all. */
static void vectors(void **state)
{
	static const uint16_t shared[] = { 0, 0 };
	static const uint16_t none[] = { FN_NO_VECTOR, FN_NO_VECTOR };
	int fd;

	(void)state;
	assert_int_equal(port_open(&port), 0);
	assert_int_equal(port_configure(&port, (struct fn_dev_conf){ .rxqs = 2, .txqs = 2 }), 0);
	fd = fn_rxq_event_fd(fn_dev_rxq(port.dev, 0));
	assert_true(fd >= 0);
	assert_int_not_equal(fd, fn_rxq_event_fd(fn_dev_rxq(port.dev, 1)));
	assert_int_not_equal(fd, fn_txq_event_fd(fn_dev_txq(port.dev, 0)));
	assert_int_equal(port.vd.md.fds[1], fd);

	assert_int_equal(port_configure(&port, (struct fn_dev_conf){ .rxqs = 2,
								     .txqs = 2,
								     .rx_vectors = shared,
								     .tx_vectors = none }),
			 0);
	fd = fn_rxq_event_fd(fn_dev_rxq(port.dev, 0));
	assert_int_equal(fd, fn_rxq_event_fd(fn_dev_rxq(port.dev, 1)));
	assert_int_equal(fn_txq_event_fd(fn_dev_txq(port.dev, 0)), -1);
	assert_int_equal(port.vd.md.fds_n, 2);
	assert_int_equal(fn_dev_start(port.dev), 0);
	assert_int_equal(fn_rxq_arm(fn_dev_rxq(port.dev, 0)), 0);
	assert_int_equal(fn_txq_arm(fn_dev_txq(port.dev, 0)), -ENOTSUP);
}

/* Fewer vectors than queues: the last ones share. */
static void vectors_shared_above(void **state)
{
	(void)state;
	port.vd.md.busdev.irqs = 3;
	assert_int_equal(port_open(&port), 0);
	assert_int_equal(info_of(port.dev).vectors, 2);
	assert_int_equal(port_configure(&port, (struct fn_dev_conf){ .rxqs = 2, .txqs = 2 }), 0);
	assert_int_equal(fn_rxq_event_fd(fn_dev_rxq(port.dev, 0)),
			 fn_txq_event_fd(fn_dev_txq(port.dev, 0)));
	assert_int_equal(fn_rxq_event_fd(fn_dev_rxq(port.dev, 1)),
			 fn_txq_event_fd(fn_dev_txq(port.dev, 1)));
	assert_int_equal(fn_dev_start(port.dev), 0);
}

/*
 * An older program's shorter struct is filled as far as it goes, a newer one's longer one with
 * zeros.
 */
static void info_grows(void **state)
{
	struct {
		struct fn_dev_info info;
		uint64_t more;
	} newer;
	struct fn_dev_info older;

	(void)state;
	assert_int_equal(port_open(&port), 0);
	memset(&newer, 0xff, sizeof(newer));
	newer.info.sz = sizeof(newer);
	fn_dev_get_info(port.dev, &newer.info);
	assert_int_equal(newer.more, 0);
	assert_int_equal(newer.info.sz, sizeof(newer));
	assert_int_equal(newer.info.max_rxqs, 2);

	memset(&older, 0x5a, sizeof(older));
	older.sz = offsetof(struct fn_dev_info, vendor_id);
	fn_dev_get_info(port.dev, &older);
	assert_string_equal(older.driver, "virtio-net");
	assert_int_equal(older.vendor_id, 0x5a5a);
}

static void mac_and_promisc(void **state)
{
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 9 };
	static const uint8_t group[6] = { 1, 0, 0, 0, 0, 9 };
	static const uint8_t zero[6];

	(void)state;
	assert_int_equal(port_open(&port), 0);
	assert_int_equal(fn_dev_set_mac(port.dev, group), -EINVAL);
	assert_int_equal(fn_dev_set_mac(port.dev, zero), -EINVAL);
	assert_int_equal(fn_dev_set_mac(port.dev, mac), 0);
	port_start(&port, (struct fn_dev_conf){ 0 });
	assert_memory_equal(port.vd.mac, mac, 6);
	assert_memory_equal(info_of(port.dev).mac, mac, 6);
	assert_false(port.vd.filter.promisc);
	assert_int_equal(fn_dev_set_promisc(port.dev, true), 0);
	assert_true(port.vd.filter.promisc);
	/* Both stay over a reset. */
	assert_int_equal(fn_dev_reset(port.dev), 0);
	assert_true(port.vd.filter.promisc);
	assert_memory_equal(port.vd.mac, mac, 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(configure_refuses, setup, teardown),
		cmocka_unit_test_setup_teardown(configure_needs_a_pool_and_a_size, setup, teardown),
		cmocka_unit_test_setup_teardown(pool_too_small, setup, teardown),
		cmocka_unit_test_setup_teardown(pool_too_small_for_two, setup, teardown),
		cmocka_unit_test_setup_teardown(pool_need, setup, teardown),
		cmocka_unit_test_setup_teardown(another_context, setup, teardown),
		cmocka_unit_test_setup_teardown(calls_in_any_order, setup, teardown),
		cmocka_unit_test_setup_teardown(names_that_are_none, setup, teardown),
		cmocka_unit_test_setup_teardown(no_driver, setup, teardown),
		cmocka_unit_test_setup_teardown(bar_too_small, setup, teardown),
		cmocka_unit_test_setup_teardown(a_hundred_lives, setup, teardown),
		cmocka_unit_test_setup_teardown(vectors, setup, teardown),
		cmocka_unit_test_setup_teardown(vectors_shared_above, setup, teardown),
		cmocka_unit_test_setup_teardown(info_grows, setup, teardown),
		cmocka_unit_test_setup_teardown(mac_and_promisc, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
