// SPDX-License-Identifier: BSD-3-Clause
/* What a port of the Intel drivers counts itself: by name, cleared by reading, and never lost. */
#include "drivers/intel/intel_stats.h"
#include "intel_diag_port.h"

struct row {
	const char *name;
	uint32_t reg;
};

/* Apart from the driver's table: 82574 10.2, I210 8.18. */
static const struct row rows[] = {
	{ "rx_crc_errors", 0x4000 },        { "rx_align_errors", 0x4004 },
	{ "rx_symbol_errors", 0x4008 },     { "rx_phy_errors", 0x400c },
	{ "rx_missed_errors", 0x4010 },     { "tx_single_coll_ok", 0x4014 },
	{ "tx_aborted_errors", 0x4018 },    { "tx_multi_coll_ok", 0x401c },
	{ "tx_window_errors", 0x4020 },     { "collisions", 0x4028 },
	{ "tx_deferred_ok", 0x4030 },       { "tx_carrier_errors", 0x4034 },
	{ "rx_length_errors", 0x4040 },     { "rx_flow_control_xon", 0x4048 },
	{ "tx_flow_control_xon", 0x404c },  { "rx_flow_control_xoff", 0x4050 },
	{ "tx_flow_control_xoff", 0x4054 }, { "rx_flow_control_unsupported", 0x4058 },
	{ "rx_size_64", 0x405c },           { "rx_size_65_to_127", 0x4060 },
	{ "rx_size_128_to_255", 0x4064 },   { "rx_size_256_to_511", 0x4068 },
	{ "rx_size_512_to_1023", 0x406c },  { "rx_size_1024_to_max", 0x4070 },
	{ "rx_packets", 0x4074 },           { "rx_broadcast", 0x4078 },
	{ "rx_multicast", 0x407c },         { "tx_packets", 0x4080 },
	{ "rx_no_buffer_count", 0x40a0 },   { "rx_short_length_errors", 0x40a4 },
	{ "rx_fragments", 0x40a8 },         { "rx_long_length_errors", 0x40ac },
	{ "rx_jabbers", 0x40b0 },           { "rx_smbus", 0x40b4 },
	{ "dropped_smbus", 0x40b8 },        { "tx_smbus", 0x40bc },
	{ "rx_total_packets", 0x40d0 },     { "tx_total_packets", 0x40d4 },
	{ "tx_size_64", 0x40d8 },           { "tx_size_65_to_127", 0x40dc },
	{ "tx_size_128_to_255", 0x40e0 },   { "tx_size_256_to_511", 0x40e4 },
	{ "tx_size_512_to_1023", 0x40e8 },  { "tx_size_1024_to_max", 0x40ec },
	{ "tx_multicast", 0x40f0 },         { "tx_broadcast", 0x40f4 },
	{ "tx_tcp_seg_good", 0x40f8 },      { "interrupts", 0x4100 },
};

static const struct row pairs[] = { { "rx_bytes", 0x4088 },
				    { "tx_bytes", 0x4090 },
				    { "rx_total_bytes", 0x40c0 },
				    { "tx_total_bytes", 0x40c8 } };

/* In front of open: the member that counts most. */
static void be_i350(void)
{
	p.id.successor = true;
	p.id.queues = 8;
	p.id.md.cfg[2] = 0x21;
	p.id.md.cfg[3] = 0x15;
}

/* Each register under its name, and none of it twice. */
static void by_name(void **state)
{
	(void)state;
	port_up();
	for (unsigned lap = 1; lap < 3; lap++) {
		for (unsigned i = 0; i < FN_ARRAY_LEN(rows); i++)
			REG(rows[i].reg) = 1000 + i;
		for (unsigned i = 0; i < FN_ARRAY_LEN(pairs); i++) {
			REG(pairs[i].reg) = 0xfffffff0 + i;
			REG(pairs[i].reg + 4) = i + 1;
		}
		/* Read once: what is looked up by name afterwards reads more, of nothing. */
		(void)fn_dev_counters(p.dev, NULL, 0);
		for (unsigned i = 0; i < FN_ARRAY_LEN(rows); i++) {
			assert_int_equal(REG(rows[i].reg), 0);
			assert_int_equal(counter(rows[i].name), lap * (1000 + i));
		}
		for (unsigned i = 0; i < FN_ARRAY_LEN(pairs); i++)
			assert_int_equal(counter(pairs[i].name),
					 lap * (((uint64_t)(i + 1) << 32) + 0xfffffff0 + i));
	}
	assert_no_violation(&p.id.md);
	if (family == INTEL_82574) {
		REG(0x4038) = 1;
		REG(0x403c) = 2;
		REG(0x40fc) = 3;
		assert_int_equal(counter("rx_sequence_errors"), 1);
		assert_int_equal(counter("rx_carrier_ext_errors"), 2);
		assert_int_equal(counter("tx_tcp_seg_failed"), 3);
	} else {
		REG(0x403c) = 2;
		assert_int_equal(counter("tx_dropped"), 2);
	}
	port_end();
}

/* What is no mere information. */
static const struct {
	const char *name;
	enum fn_counter_kind kind;
} losses[] = {
	{ "rx_overrun", FN_COUNTER_POSSIBLE_LOSS },
	{ "rx_missed_errors", FN_COUNTER_DROP },
	{ "rx_crc_errors", FN_COUNTER_DROP },
	{ "rx_align_errors", FN_COUNTER_DROP },
	{ "rx_phy_errors", FN_COUNTER_DROP },
	{ "rx_short_length_errors", FN_COUNTER_DROP },
	{ "rx_fragments", FN_COUNTER_DROP },
	{ "rx_long_length_errors", FN_COUNTER_DROP },
	{ "rx_jabbers", FN_COUNTER_DROP },
	{ "tx_aborted_errors", FN_COUNTER_DROP },
	{ "tx_window_errors", FN_COUNTER_DROP },
	{ "tx_tcp_seg_failed", FN_COUNTER_POSSIBLE_LOSS },
	{ "tx_dropped", FN_COUNTER_DROP },
};

static enum fn_counter_kind kind_of(const char *name)
{
	unsigned queue;
	int end = 0;

	for (unsigned i = 0; i < FN_ARRAY_LEN(losses); i++)
		if (!strcmp(name, losses[i].name))
			return losses[i].kind;
	if (sscanf(name, "rx_queue_%u_drops%n", &queue, &end) == 1 && end)
		return FN_COUNTER_DROP;
	return FN_COUNTER_INFO;
}

static void described(void **state)
{
	const struct fn_counter_desc *d;

	(void)state;
	port_init();
	port_open();
	for (unsigned i = 0; (d = fn_dev_counter_desc(p.dev, i)); i++) {
		assert_true(d->name[0] && d->help[0]);
		for (unsigned k = 0; k < i; k++)
			assert_string_not_equal(d->name, fn_dev_counter_desc(p.dev, k)->name);
		if (d->kind != kind_of(d->name))
			fail_msg("%s is of kind %d", d->name, d->kind);
	}
	assert_string_equal(fn_dev_counter_desc(p.dev, INTEL_COUNTER_RX_OVERRUN)->name,
			    "rx_overrun");
	port_end();
}

/* Traffic is counted over stop, start and reset; and what a reset leaves in registers is not. */
static void nothing_lost(void **state)
{
	(void)state;
	port_init();
	p.id.stale_stats = true;
	port_open();
	for (unsigned i = 0; fn_dev_counter_desc(p.dev, i); i++)
		assert_int_equal(counter(fn_dev_counter_desc(p.dev, i)->name), 0);
	port_start((struct fn_dev_conf){ 0 });
	port_receive(5);
	port_send(3);
	assert_int_equal(fn_dev_reset(p.dev), 0);
	pass_ns(2 * p.id.link_ns);
	port_receive(2);
	port_send(4);
	assert_int_equal(fn_dev_stop(p.dev), 0);
	assert_int_equal(counter("rx_packets"), 7);
	port_start((struct fn_dev_conf){ 0 });
	port_receive(1);
	assert_int_equal(counter("rx_packets"), 8);
	assert_int_equal(counter("tx_packets"), 7);
	assert_int_equal(counter("rx_bytes"), 8 * 64);
	assert_int_equal(counter("tx_bytes"), 7 * 64);
	assert_int_equal(counter("rx_size_64"), 8);
	assert_int_equal(counter("rx_crc_errors"), 0);
	port_end();
}

/* Successors of the 82576: those of the queues run on in their registers, and round. */
static void of_queues(void **state)
{
	(void)state;
	if (family == INTEL_82574)
		return;
	port_init();
	be_i350();
	port_start((struct fn_dev_conf){ .rxqs = 3, .txqs = 2 });
	REG(IDEV_PQGPRC(0)) = 0xfffffffe;
	REG(IDEV_PQGPTC(1)) = 7;
	assert_int_equal(counter("rx_queue_0_packets"), 0xfffffffe);
	port_receive(5);
	assert_int_equal(REG(IDEV_PQGPRC(0)), 3);
	assert_int_equal(counter("rx_queue_0_packets"), 0x100000003);
	assert_int_equal(counter("rx_queue_0_packets"), 0x100000003);
	assert_int_equal(counter("tx_queue_1_packets"), 7);
	REG(0xc030 + 0x40 * 2) = 9;
	assert_int_equal(counter("rx_queue_2_drops"), 9);
	assert_int_equal(counter("rx_queue_2_drops"), 9);
	/* A queue that is not in use is not asked. */
	REG(0xc030 + 0x40 * 3) = 9;
	assert_int_equal(counter("rx_queue_3_drops"), 0);
	assert_int_equal(fn_dev_reset(p.dev), 0);
	pass_ns(2 * p.id.link_ns);
	port_receive(2);
	assert_int_equal(counter("rx_queue_0_packets"), 0x100000005);
	assert_int_equal(counter("rx_queue_7_packets"), 0);
	port_end();
}

/* RQDPC: the 82576 has 12 bits of it, which stop; the others have 32. */
static void drops(void **state)
{
	static const uint8_t to_all[60] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

	(void)state;
	if (family == INTEL_82574)
		return;
	for (unsigned successor = 0; successor < 2; successor++) {
		port_init();
		if (successor)
			be_i350();
		port_start((struct fn_dev_conf){ .rxqs = 2, .rx_ring = 32 });
		REG(0xc030 + 0x40) = 0xabc00009;
		assert_int_equal(counter("rx_queue_1_drops"), successor ? 0xabc00009 : 9);
		REG(0xc030) = 0xffe;
		for (unsigned i = 0; i < 31 + 3; i++)
			(void)intel_dev_receive(&p.id, to_all, sizeof(to_all));
		assert_int_equal(counter("rx_queue_0_drops"), successor ? 0x1001 : 0xfff);
		port_end();
	}
}

static void overruns(void **state)
{
	(void)state;
	port_up();
	assert_true(fn_ctx_process_events(p.ctx) >= 0);
	assert_int_equal(counter("rx_overrun"), 0);
	for (unsigned i = 1; i < 4; i++) {
		intel_dev_starved(&p.id);
		pass_ns(FN_MS(1));
		assert_true(fn_ctx_process_events(p.ctx) >= 0);
		assert_int_equal(counter("rx_overrun"), i);
	}
	port_end();
}

static unsigned reads_left;
static uint64_t (*real_read)(struct model_dev *md, unsigned idx, uint64_t off, unsigned width);

/* The device is pulled in the middle. */
static uint64_t pulled_read(struct model_dev *md, unsigned idx, uint64_t off, unsigned width)
{
	if (!reads_left--)
		md->gone = true;
	return md->gone ? UINT64_MAX : real_read(md, idx, off, width);
}

/* All ones are no counts: of a device that went away what was read before stays. */
static void gone(void **state)
{
	struct model_dev_ops ops;

	(void)state;
	for (unsigned after = 0; after < 60; after += 7) {
		port_up();
		port_receive(4);
		assert_int_equal(counter("rx_packets"), 4);
		port_receive(1);
		real_read = p.id.md.ops->bar_read;
		ops = *p.id.md.ops;
		ops.bar_read = pulled_read;
		p.id.md.ops = &ops;
		reads_left = after;
		assert_int_equal(counter("rx_packets"), 4);
		assert_int_equal(counter("rx_bytes"), 4 * 64);
		assert_int_equal(counter("rx_size_64"), 4);
		assert_int_equal(counter("rx_crc_errors"), 0);
		assert_int_equal(counter("rx_total_bytes"), 4 * 64);
		assert_int_equal(fn_rxq_status(fn_dev_rxq(p.dev, 0)), -ENODEV);
		port_end();
	}
}

/* The answer to the read that is due is lost: before the device saw it, or behind that. */
static bool reached;

static uint64_t lossy_read(struct model_dev *md, unsigned idx, uint64_t off, unsigned width)
{
	if (reads_left--)
		return real_read(md, idx, off, width);
	if (reached)
		(void)real_read(md, idx, off, width);
	return UINT64_MAX;
}

/*
 * An answer that got lost adds nothing: what had not reached the device is told by the next one,
 * what had may be missing.
 */
static void lost_read(bool was_reached, unsigned at)
{
	uint64_t before[FN_DEV_COUNTERS];
	uint64_t after[FN_DEV_COUNTERS];
	struct model_dev_ops ops;
	unsigned n;

	n = fn_dev_counters(p.dev, before, FN_DEV_COUNTERS);
	for (uint32_t off = IDEV_STATS; off < IDEV_STATS_END_74; off += 4)
		REG(off) = 3;
	for (unsigned i = 0; family == INTEL_82576 && i < 2; i++) {
		REG(IDEV_PQGPRC(i)) += 3;
		REG(IDEV_PQGPTC(i)) += 3;
		REG(0xc030 + 0x40 * i) = 3;
	}
	real_read = p.id.md.ops->bar_read;
	ops = *p.id.md.ops;
	ops.bar_read = lossy_read;
	p.id.md.ops = &ops;
	reads_left = at;
	reached = was_reached;
	(void)fn_dev_counters(p.dev, after, FN_DEV_COUNTERS);
	reads_left = UINT32_MAX;
	(void)fn_dev_counters(p.dev, after, FN_DEV_COUNTERS);
	for (unsigned i = 0; i < n; i++) {
		const uint64_t grown = after[i] - before[i];

		if (grown != 0 && grown != 3 && grown != (3ull << 32 | 3))
			fail_msg("read %u lost: %s grew by %llu", at,
				 fn_dev_counter_desc(p.dev, i)->name, (unsigned long long)grown);
	}
}

static void lost_reads(void **state)
{
	const struct model_dev_ops *ops;

	(void)state;
	port_init();
	if (family == INTEL_82576)
		be_i350();
	port_start((struct fn_dev_conf){ .rxqs = 2, .txqs = 2 });
	ops = p.id.md.ops;
	for (unsigned at = 0; at < (family == INTEL_82576 ? 70u : 60u); at++) {
		lost_read(false, at);
		p.id.md.ops = ops;
		lost_read(true, at);
		p.id.md.ops = ops;
	}
	port_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(by_name),  BOTH(described), BOTH(nothing_lost), BOTH(of_queues),
		BOTH(overruns), BOTH(gone),      BOTH(lost_reads),   BOTH(drops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
