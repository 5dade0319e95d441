// SPDX-License-Identifier: BSD-3-Clause
/*
 * The members of the two Intel families, most of which nobody here has: the model is the one that
 * it has of the family, with the traits of the member's data sheet.
 */
/* For sixteen queues of each kind. */
#define PORT_PKTS 12288
#include "drivers/intel/intel_pause.h"
#include "intel_diag_port.h"
#include "reg_table.h"

#include <fastnic/rss.h>

/**
 * struct member - a chip by its data sheet
 * @id: device id
 * @driver: whose it is
 * @successor: of the 82576
 * @queues: of each kind
 * @entries: MSI-X entries
 * @macs: addresses that it compares with, its own included
 * @vlan_writes: how often an entry of the VLAN table is written
 */
struct member {
	uint16_t id;
	const char *driver;
	bool successor;
	unsigned queues;
	unsigned entries;
	unsigned macs;
	unsigned vlan_writes;
};

static const struct member members[] = {
	{ 0x10d3, "e1000e", false, 2, 5, 16, 1 }, /* 82574L */
	{ 0x10f6, "e1000e", false, 2, 5, 16, 1 }, /* 82574LA */
	{ 0x10c9, "igb", false, 16, 10, 24, 1 },  /* 82576 */
	{ 0x10e8, "igb", false, 16, 10, 24, 1 },  /* 82576, four ports */
	{ 0x1526, "igb", false, 16, 10, 24, 1 },  /* 82576, ET2 */
	{ 0x150a, "igb", false, 16, 10, 24, 1 },  /* 82576NS */
	{ 0x1521, "igb", true, 8, 10, 32, 10 },   /* I350 */
	{ 0x1533, "igb", true, 4, 5, 16, 1 },     /* I210 */
	{ 0x1534, "igb", true, 4, 5, 16, 1 },     /* I210, of other makers */
	{ 0x1535, "igb", true, 4, 5, 16, 1 },     /* I210-IT */
	{ 0x157b, "igb", true, 4, 5, 16, 1 },     /* I210 without flash */
	{ 0x1539, "igb", true, 2, 5, 16, 1 },     /* I211 */
};

/* Writes of a register, and which one. */
static uint64_t watched;
static unsigned writes;

static void watch_write(struct fn_busdev *busdev, unsigned idx, uint64_t off, unsigned width,
			uint64_t value)
{
	writes += off == watched;
	model_bus.bar_write(busdev, idx, off, width, value);
}

static struct fn_bus_ops watching;

static void member_init(const struct member *m)
{
	family = strcmp(m->driver, "igb") ? INTEL_82574 : INTEL_82576;
	port_init();
	p.id.successor = m->successor;
	p.id.queues = m->queues;
	p.id.md.cfg[2] = (uint8_t)m->id;
	p.id.md.cfg[3] = (uint8_t)(m->id >> 8);
	p.id.md.busdev.irqs = m->entries;
	watching = model_bus;
	watching.bar_write = watch_write;
	p.id.md.busdev.ops = &watching;
}

static void member_open(const struct member *m)
{
	member_init(m);
	port_open();
}

static void traits(void **state)
{
	(void)state;
	for (const struct member *m = members; m < members + FN_ARRAY_LEN(members); m++) {
		struct fn_dev_info info = { .sz = sizeof(info) };

		member_open(m);
		fn_dev_get_info(p.dev, &info);
		assert_string_equal(info.driver, m->driver);
		assert_int_equal(info.max_rxqs, m->queues);
		assert_int_equal(info.max_txqs, m->queues);
		assert_int_equal(info.vectors, m->entries - 1);
		assert_int_equal(info.max_mac_exact, m->macs - 1);
		assert_int_equal(!!(info.offloads_max & FN_OFFLOAD_TX_SCTP_CSUM),
				 family == INTEL_82576);
		assert_int_equal(!!(info.rss_types & FN_RSS_UDP4), family == INTEL_82576);
		port_end();
	}
}

/* Each entry of the table lets its frames in, and nothing else comes in. */
static void exact_addresses(void **state)
{
	uint8_t frame[60] = { 0x02, 0, 0, 0, 1 };
	uint8_t macs[32][6] = { { 0 } };

	(void)state;
	for (unsigned i = 0; i < FN_ARRAY_LEN(macs); i++) {
		memcpy(macs[i], frame, 5);
		macs[i][5] = (uint8_t)i;
	}
	for (const struct member *m = members; m < members + FN_ARRAY_LEN(members); m++) {
		struct fn_dev_info info = { .sz = sizeof(info) };

		member_open(m);
		port_start((struct fn_dev_conf){ .rx_ring = 64, .tx_ring = 64 });
		assert_int_equal(
			fn_dev_set_mac_filters(p.dev, (const uint8_t(*)[6])macs, m->macs - 1), 0);
		fn_dev_get_info(p.dev, &info);
		assert_int_equal(info.mac_filter_mode, FN_FILTER_EXACT);
		for (unsigned i = 0; i < FN_ARRAY_LEN(macs); i++) {
			frame[5] = (uint8_t)i;
			assert_int_equal(intel_dev_receive(&p.id, frame, sizeof(frame)) == 0,
					 i < m->macs - 1);
		}
		port_end();
	}
}

/* Whether a member with a subsystem, and with an NVM that says so of itself, is QEMU's. */
static bool is_qemu(const struct member *m, const uint8_t subsystem[4], uint32_t eecd)
{
	bool is;

	member_init(m);
	memcpy(p.id.md.cfg + 0x2c, subsystem, 4);
	p.id.eecd = eecd;
	intel_dev_auto_read(&p.id);
	port_open();
	is = intel_port_of(p.dev)->is_qemu;
	port_end();
	return is;
}

/* A card whose maker gave it no number is none of QEMU's models, which have none either. */
static void boards(void **state)
{
	/* Vendor and device (PCI 3.0 6.2.4), little-endian. */
	static const uint8_t intels[] = { 0x86, 0x80, 0x00, 0x00 };
	static const uint8_t qemus[] = { 0xf4, 0x1a, 0x00, 0x11 };
	/* 82574 10.2.2.3: a serial EEPROM of either size, a flash. */
	static const uint32_t cards[] = { 2u << 15, 2u << 15 | 1u << 11, 3u << 15 };

	(void)state;
	for (const struct member *m = members; m < members + FN_ARRAY_LEN(members); m++) {
		assert_true(is_qemu(m, qemus, 0));
		assert_int_equal(is_qemu(m, intels, 0), !strcmp(m->driver, "e1000e"));
		for (unsigned i = 0; i < FN_ARRAY_LEN(cards); i++)
			assert_false(is_qemu(m, intels, cards[i]));
	}
}

static void start_all(const struct member *m)
{
	member_open(m);
	port_start((struct fn_dev_conf){ .rxqs = (uint16_t)m->queues,
					 .txqs = (uint16_t)m->queues,
					 .rx_ring = 64,
					 .tx_ring = 64,
					 .offloads = FN_OFFLOAD_VLAN_FILTER });
}

static void assert_signals(unsigned entry, unsigned before)
{
	pass_ns(FN_MS(1));
	assert_int_equal(p.id.md.signals[entry], before + 1);
}

/* Each queue sends and tells its own vector, and so does what comes in. */
static void vectors(void **state)
{
	(void)state;
	for (const struct member *m = members; m < members + FN_ARRAY_LEN(members); m++) {
		unsigned before;

		start_all(m);
		for (unsigned q = 0; q < m->queues; q++) {
			const unsigned entry = 1 + (m->queues + q) % (m->entries - 1);
			struct fn_pkt *pkt = fn_pkt_alloc(p.pool);

			memset(fn_pkt_append(pkt, 60), 0x55, 60);
			before = p.id.md.signals[entry];
			assert_int_equal(fn_txq_arm(fn_dev_txq(p.dev, (uint16_t)q)), 0);
			assert_int_equal(fn_tx_burst(fn_dev_txq(p.dev, (uint16_t)q), &pkt, 1), 1);
			assert_signals(entry, before);
		}
		before = p.id.md.signals[1];
		assert_int_equal(fn_rxq_arm(fn_dev_rxq(p.dev, 0)), 0);
		port_receive(1);
		assert_signals(1, before);
		port_end();
	}
}

/* Two lists: all that have an entry of their own, and one more. */
static void addresses(void **state)
{
	uint8_t macs[32][6];

	(void)state;
	for (unsigned i = 0; i < 32; i++)
		memcpy(macs[i], (const uint8_t[]){ 0x02, 0, 0, 0, 1, (uint8_t)i }, 6);
	for (const struct member *m = members; m < members + FN_ARRAY_LEN(members); m++) {
		start_all(m);
		assert_int_equal(
			fn_dev_set_mac_filters(p.dev, (const uint8_t(*)[6])macs, m->macs - 1), 0);
		assert_int_equal(p.dev->mac_filter_mode, FN_FILTER_EXACT);
		assert_int_equal(REG(IDEV_RAL(m->macs - 1)), 0x00000002);
		assert_int_equal(REG(IDEV_RAH(m->macs - 1)), IDEV_RAH_AV | 1 | (m->macs - 2) << 8);
		assert_int_equal(fn_dev_set_mac_filters(p.dev, (const uint8_t(*)[6])macs, m->macs),
				 0);
		assert_int_equal(p.dev->mac_filter_mode, FN_FILTER_ALL);
		port_end();
	}
}

/* The I350 may lose a write of the VLAN table. */
static void vlans(void **state)
{
	(void)state;
	for (const struct member *m = members; m < members + FN_ARRAY_LEN(members); m++) {
		start_all(m);
		watched = IDEV_VFTA + 4 * (77 / 32);
		writes = 0;
		assert_int_equal(fn_dev_add_vlan(p.dev, 77), 0);
		assert_int_equal(REG(watched), 1u << 77 % 32);
		assert_int_equal(writes, m->vlan_writes);
		port_end();
	}
}

/* The successors strip the CRC where a queue says so too; those before have no such register. */
static void crc(void **state)
{
	(void)state;
	for (const struct member *m = members; m < members + FN_ARRAY_LEN(members); m++) {
		start_all(m);
		for (unsigned q = 0; m->successor && q < m->queues; q++)
			assert_int_equal(*intel_dev_qreg(&p.id, false, q, IDEV_Q_DVMOLR), 1u << 31);
		port_end();
	}
}

/* Frames that a queue dropped count once, whether its register is cleared by reading or by hand. */
static void drops(void **state)
{
	(void)state;
	for (const struct member *m = members; m < members + FN_ARRAY_LEN(members); m++) {
		uint32_t *reg = intel_dev_qreg(&p.id, false, 1, IDEV_Q_DROPS);

		if (strcmp(m->driver, "igb"))
			continue;
		start_all(m);
		*reg = 7;
		assert_int_equal(counter("rx_queue_1_drops"), 7);
		assert_int_equal(counter("rx_queue_1_drops"), 7);
		*reg += 2;
		assert_int_equal(counter("rx_queue_1_drops"), 9);
		/* What is there from before a start is nobody's. */
		*reg = 5;
		assert_int_equal(fn_dev_stop(p.dev), 0);
		assert_int_equal(counter("rx_queue_1_drops"), 14);
		*reg = 3;
		assert_int_equal(fn_dev_start(p.dev), 0);
		assert_int_equal(counter("rx_queue_1_drops"), 14);
		port_end();
	}
}

/* Frames of a flow come in for a queue, and what came goes out of its sister. */
static void queue_carries(unsigned queue, unsigned n)
{
	struct fn_rss rss = { .sz = sizeof(rss), .types = FN_RSS_TCP4, .reta_entries = 128 };
	uint8_t frame[60];
	struct fn_pkt *pkt;

	port_tcp_frame(frame);
	for (unsigned i = 0; i < rss.reta_entries; i++)
		rss.reta[i] = (uint16_t)queue;
	assert_int_equal(fn_dev_set_rss(p.dev, &rss), 0);
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(intel_dev_receive(&p.id, frame, sizeof(frame)), queue);
		assert_int_equal(fn_rx_burst(fn_dev_rxq(p.dev, (uint16_t)queue), &pkt, 1), 1);
		pkt->flags = 0;
		assert_int_equal(fn_tx_burst(fn_dev_txq(p.dev, (uint16_t)queue), &pkt, 1), 1);
	}
}

static bool has_counter(const char *name)
{
	const struct fn_counter_desc *desc;

	for (unsigned i = 0; (desc = fn_dev_counter_desc(p.dev, i)); i++)
		if (!strcmp(desc->name, name))
			return true;
	return false;
}

static void assert_counted(char way, unsigned queue, bool is_there, unsigned n)
{
	char name[32];

	(void)snprintf(name, sizeof(name), "%cx_queue_%u_packets", way, queue);
	assert_int_equal(has_counter(name), is_there);
	if (is_there)
		assert_int_equal(counter(name), n);
}

/*
 * I210 8.19: what the wire saw of each queue stands in its own counters, both ways; what the 82576
 * has at their places counts something else, and is not shown as if it were that.
 */
static void queue_counters(void **state)
{
	(void)state;
	for (const struct member *m = members; m < members + FN_ARRAY_LEN(members); m++) {
		if (strcmp(m->driver, "igb"))
			continue;
		start_all(m);
		for (unsigned lap = 1; lap <= 2; lap++) {
			for (unsigned q = 0; q < m->queues; q++)
				queue_carries(q, 1 + q);
			for (unsigned q = 0; q < 16; q++) {
				const bool is_there = m->successor && q < m->queues;

				assert_counted('r', q, is_there, lap * (1 + q));
				assert_counted('t', q, is_there, lap * (1 + q));
			}
		}
		port_end();
	}
}

/* How many registers there are of a name that is followed by a number. */
static unsigned registers_of(const char *name)
{
	const size_t len = strlen(name);
	unsigned n = 0;

	for (unsigned i = 0; i < fn_dev_reg_count(p.dev); i++) {
		const char *is = fn_dev_reg_desc(p.dev, i)->name;

		n += !strncmp(is, name, len) && is[len] >= '0' && is[len] <= '9';
	}
	return n;
}

/* Those that a member does not have are neither shown nor read. */
static void registers(void **state)
{
	(void)state;
	for (const struct member *m = members; m < members + FN_ARRAY_LEN(members); m++) {
		const bool small = m->successor && m->id != 0x1521;
		const struct fn_dev_limits *limits;
		unsigned at;

		member_open(m);
		limits = &p.dev->limits;
		assert_null(reg_table_wrong(limits->regs, limits->regs_n, &at));
		assert_int_equal(registers_of("RDT"), m->queues);
		assert_int_equal(registers_of("SRRCTL"), family == INTEL_82576 ? m->queues : 0);
		assert_int_equal(registers_of("TDBAL"), m->queues);
		assert_int_equal(registers_of("RAL"), m->macs);
		assert_int_equal(registers_of("DVMOLR"), m->successor ? m->queues : 0);
		if (family == INTEL_82576) {
			assert_int_equal(registers_of("IVAR"), m->successor ? m->queues / 2 : 8);
			assert_int_equal(registers_of("EITR"), small ? 5 : 25);
		}
		port_end();
	}
}

/* I210: 34 KiB are for receiving, and 1 for what the board's management sends. I350: a code. */
static void pause_marks(void **state)
{
	(void)state;
	for (const struct member *m = members; m < members + FN_ARRAY_LEN(members); m++) {
		const uint32_t code = m->id == 0x1521 ? 0 : m->successor ? 34 | 1u << 6 : 64;
		const uint32_t kib = m->id == 0x1521 ? 36 : code & 0x3f ? 34 : 64;

		if (strcmp(m->driver, "igb"))
			continue;
		member_open(m);
		REG(IDEV_RXPBS) = code;
		port_configure((struct fn_dev_conf){ 0 });
		intel_pause_start(p.dev);
		assert_in_range(REG(IDEV_FCRTH), 8192, kib * 1024 - 48);
		port_end();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(traits),    cmocka_unit_test(exact_addresses),
		cmocka_unit_test(vectors),   cmocka_unit_test(addresses),
		cmocka_unit_test(vlans),     cmocka_unit_test(crc),
		cmocka_unit_test(drops),     cmocka_unit_test(queue_counters),
		cmocka_unit_test(boards),    cmocka_unit_test(pause_marks),
		cmocka_unit_test(registers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
