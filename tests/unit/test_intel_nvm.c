// SPDX-License-Identifier: BSD-3-Clause
/* The NVM of the Intel drivers: words, checksum, station address. */
#include "drivers/intel/intel_nvm.h"
#include "intel_diag_port.h"

static struct fn_dev_info info(void)
{
	struct fn_dev_info i = { .sz = sizeof(i) };

	fn_dev_get_info(p.dev, &i);
	return i;
}

static void words(void **state)
{
	uint16_t w[200];
	uint16_t one;

	(void)state;
	port_init();
	p.id.nvm[63] = 0xffff;
	port_open();
	assert_int_equal(info().nvm_words, 64);
	assert_true(info().caps & FN_CAP_NVM);
	assert_int_equal(fn_dev_nvm_read(p.dev, 0, w, 64), 0);
	assert_memory_equal(w, p.id.nvm, sizeof(uint16_t) * 64);
	assert_int_equal(fn_dev_nvm_read(p.dev, 63, &one, 1), 0);
	assert_int_equal(one, 0xffff);
	assert_int_equal(fn_dev_nvm_read(p.dev, 64, &one, 1), -EINVAL);
	/* A device that takes its time; and more than is read at once. */
	p.id.md.late_min_ns = p.id.md.late_max_ns = 20000;
	p.dev->limits.nvm_words = 256;
	p.id.nvm[199] = 0x1234;
	assert_int_equal(fn_dev_nvm_read(p.dev, 0, w, 200), 0);
	assert_memory_equal(w, p.id.nvm, sizeof(w));
	port_end();
}

static void no_answer(void **state)
{
	uint64_t start_ns;
	uint16_t w[4];

	(void)state;
	port_up();
	p.id.md.late_min_ns = p.id.md.late_max_ns = FN_MS(500);
	start_ns = p.id.md.clock->now_ns;
	assert_int_equal(fn_dev_nvm_read(p.dev, 1, w, 4), -EIO);
	assert_true(says("word 1 of its NVM is not there within 100 ms (EERD.DONE)"));
	assert_in_range(p.id.md.clock->now_ns - start_ns, FN_MS(100), FN_MS(110));
	pass_ns(FN_MS(500));
	p.id.md.late_min_ns = p.id.md.late_max_ns = 0;
	assert_int_equal(fn_dev_nvm_read(p.dev, 1, w, 4), 0);
	assert_int_equal(w[0], 0x1200);
	p.id.md.gone = true;
	assert_int_equal(fn_dev_nvm_read(p.dev, 1, w, 4), -ENODEV);
	port_end();
}

static void checksum(void **state)
{
	(void)state;
	port_init();
	port_open();
	assert_int_equal(intel_nvm_check(p.dev), 0);
	for (unsigned i = 0; i < 64; i += 21) {
		p.id.nvm[i] ^= 0x0100;
		assert_int_equal(intel_nvm_check(p.dev), -EIO);
		assert_true(says("and not to 0xbaba"));
		p.id.nvm[i] ^= 0x0100;
	}
	/* What lies behind is no part of it. */
	p.id.nvm[64] ^= 1;
	assert_int_equal(intel_nvm_check(p.dev), 0);
	port_end();
}

/* How many there are: by EECD. */
static void sizes(void **state)
{
	(void)state;
	port_init();
	port_open();
	for (unsigned code = 0; code < 16; code++) {
		REG(IDEV_EECD) = IDEV_EECD_PRES | IDEV_EECD_AUTO_RD | code << 11;
		assert_int_equal(intel_nvm_words(p.dev), code < 8 ? 64u << code : 16384);
	}
	/* The 82574's is a flash when both of these say so: its size is not told. */
	for (unsigned type = 0; type < 4; type++) {
		const bool flash = family == INTEL_82574 && type == 3;

		REG(IDEV_EECD) = IDEV_EECD_PRES | IDEV_EECD_AUTO_RD | type << 15 | 1u << 11;
		assert_int_equal(intel_nvm_words(p.dev), flash ? 2048 : 128);
	}
	REG(IDEV_EECD) = IDEV_EECD_AUTO_RD | 3u << 15;
	assert_int_equal(intel_nvm_words(p.dev), 0);
	REG(IDEV_EECD) = IDEV_EECD_AUTO_RD;
	assert_int_equal(intel_nvm_words(p.dev), 0);
	port_end();
}

/* A successor of the 82576 by its id. */
static void successor_open(uint16_t id, unsigned queues)
{
	port_init();
	p.id.successor = true;
	p.id.queues = queues;
	p.id.md.cfg[2] = (uint8_t)id;
	p.id.md.cfg[3] = (uint8_t)(id >> 8);
	port_open();
}

/* An I210 whose id does not say so may have no flash; the others here have fuses. */
static void i210_sizes(void **state)
{
	static const struct {
		uint16_t id;
		uint32_t words;
	} parts[] = {
		{ 0x1533, 2048 }, { 0x1534, 2048 }, { 0x1535, 2048 }, { 0x157b, 0 }, { 0x1539, 0 },
	};

	(void)state;
	for (unsigned i = 0; i < FN_ARRAY_LEN(parts); i++) {
		successor_open(parts[i].id, 2);
		REG(IDEV_EECD) = IDEV_EECD_AUTO_RD | IDEV_EECD_PRES | 1u << 19;
		assert_int_equal(intel_nvm_words(p.dev), parts[i].words);
		REG(IDEV_EECD) = IDEV_EECD_AUTO_RD | IDEV_EECD_PRES;
		assert_int_equal(intel_nvm_words(p.dev), 0);
		port_end();
	}
}

static void station_address(void **state)
{
	static const uint8_t own[6] = { 0x52, 0x54, 0x00, 0x12, 0x34, 0x56 };
	static const uint8_t other[6] = { 0x02, 0x99, 0, 0, 0, 1 };
	uint8_t mac[6];

	(void)state;
	port_init();
	port_open();
	assert_memory_equal(info().mac, own, 6);
	REG(IDEV_RAL(0)) = 0x00009902;
	REG(IDEV_RAH(0)) = IDEV_RAH_AV | 0x0100;
	assert_int_equal(intel_mac_address(p.dev, mac), 0);
	assert_memory_equal(mac, other, 6);
	/* Not valid, a group's, all zeros: the NVM has it. */
	REG(IDEV_RAH(0)) = 0x0100;
	assert_int_equal(intel_mac_address(p.dev, mac), 0);
	assert_memory_equal(mac, own, 6);
	REG(IDEV_RAL(0)) = 0x00009903;
	REG(IDEV_RAH(0)) = IDEV_RAH_AV | 0x0100;
	assert_int_equal(intel_mac_address(p.dev, mac), 0);
	assert_memory_equal(mac, own, 6);
	REG(IDEV_RAL(0)) = 0;
	REG(IDEV_RAH(0)) = IDEV_RAH_AV;
	memset(mac, 0xee, sizeof(mac));
	assert_int_equal(intel_mac_address(p.dev, mac), 0);
	assert_memory_equal(mac, own, 6);
	/* Nor has the NVM one. */
	memset(p.id.nvm, 0xff, 6);
	memset(mac, 0xee, sizeof(mac));
	assert_int_equal(intel_mac_address(p.dev, mac), -EIO);
	assert_true(says("no station address"));
	assert_int_equal(mac[0], 0xee);
	memset(p.id.nvm, 0x02, 6);
	assert_int_equal(intel_mac_address(p.dev, mac), 0);
	port_end();
}

static void write_mac(unsigned at, uint8_t last)
{
	p.id.nvm[at] = 0x9902;
	p.id.nvm[at + 1] = 0;
	p.id.nvm[at + 2] = (uint16_t)(last << 8);
}

static void assert_mac(uint8_t last)
{
	const uint8_t want[6] = { 0x02, 0x99, 0, 0, 0, last };
	uint8_t mac[6];

	assert_int_equal(intel_mac_address(p.dev, mac), 0);
	assert_memory_equal(mac, want, 6);
}

static void become_port(unsigned port)
{
	REG(IDEV_STATUS) = (REG(IDEV_STATUS) & ~(3u << 2)) | port << 2;
}

/* The register has none, and the port is not the first: the 82576's two share the words. */
static void further_ports(void **state)
{
	uint8_t mac[6];

	(void)state;
	port_init();
	port_open();
	write_mac(0, 0x10);
	REG(IDEV_RAH(0)) = 0;
	assert_mac(0x10);
	if (family == INTEL_82576) {
		become_port(1);
		assert_mac(0x11);
		write_mac(0, 0x11);
		assert_mac(0x10);
		become_port(0);
	}
	port_end();
	if (family == INTEL_82574)
		return;
	successor_open(0x1521, 8);
	REG(IDEV_EECD) |= 3u << 11;
	REG(IDEV_RAH(0)) = 0;
	for (unsigned port = 0; port < 4; port++) {
		static const unsigned base[] = { 0, 0x80, 0xc0, 0x100 };

		write_mac(base[port], (uint8_t)(0x20 + 2 * port));
		become_port(port);
		assert_mac((uint8_t)(0x20 + 2 * port));
	}
	/* An NVM that ends before them. */
	REG(IDEV_EECD) &= ~(1u << 11);
	assert_int_equal(intel_nvm_words(p.dev), 256);
	assert_int_equal(intel_mac_address(p.dev, mac), -EIO);
	become_port(2);
	assert_mac(0x24);
	become_port(0);
	port_end();
}

/* The board's own is replaced: by the driver of an 82576 alone. */
static void alternate_address(void **state)
{
	const bool has = family == INTEL_82576;
	uint8_t mac[6];

	(void)state;
	port_init();
	write_mac(0, 0x10);
	write_mac(0x38, 0x30);
	p.id.nvm[0x37] = 0x38;
	intel_dev_auto_read(&p.id);
	port_open();
	assert_int_equal(info().mac[5], has ? 0x30 : 0x10);
	assert_mac(has ? 0x30 : 0x10);
	if (has) {
		REG(IDEV_EECD) |= 1u << 11;
		write_mac(0x3b, 0x40);
		become_port(1);
		assert_mac(0x40);
		become_port(0);
	}
	/* A group's is none, nor one where the NVM has no words, nor one that nothing tells of. */
	p.id.nvm[0x38] |= 1;
	assert_mac(0x10);
	p.id.nvm[0x38] &= 0xfffe;
	REG(IDEV_EECD) &= ~(1u << 11);
	for (unsigned i = 0; i < 3; i++) {
		p.id.nvm[0x37] = ((uint16_t[]){ 0, 0xffff, 0x3e })[i];
		assert_mac(0x10);
	}
	port_end();
	if (!has)
		return;
	successor_open(0x1521, 8);
	write_mac(0x38, 0x30);
	p.id.nvm[0x37] = 0x38;
	assert_int_equal(intel_mac_address(p.dev, mac), 0);
	assert_int_equal(mac[0], 0x52);
	port_end();
}

/* The firmware keeps the NVM, so nobody knows of one: the port has its own, and says why. */
static void alternate_unknown(void **state)
{
	uint8_t mac[6];

	(void)state;
	if (family == INTEL_82574)
		return;
	port_init();
	p.id.nvm[0x37] = 0x38;
	port_open();
	write_mac(0x38, 0x30);
	assert_mac(0x30);
	p.id.fw_holds = true;
	assert_int_equal(intel_mac_address(p.dev, mac), 0);
	assert_int_equal(mac[0], 0x52);
	assert_non_null(strstr(p.log, "firmware"));
	p.id.fw_holds = false;
	p.id.md.gone = true;
	assert_true(intel_mac_address(p.dev, mac) < 0);
	port_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(words),
		BOTH(no_answer),
		BOTH(checksum),
		BOTH(sizes),
		{ "i210_sizes", i210_sizes, igb, NULL, NULL },
		BOTH(station_address),
		BOTH(further_ports),
		BOTH(alternate_address),
		BOTH(alternate_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
