// SPDX-License-Identifier: BSD-3-Clause
/* The registers that the Intel drivers show: well named, and none that a look changes. */
#include <stdlib.h>

#include "intel_diag_port.h"
#include "reg_table.h"

#define REGS_MAX 512u

static const struct fn_reg_desc *find(const char *name, unsigned *at)
{
	for (*at = 0; *at < fn_dev_reg_count(p.dev); ++*at)
		if (!strcmp(fn_dev_reg_desc(p.dev, *at)->name, name))
			return fn_dev_reg_desc(p.dev, *at);
	fail_msg("no register %s", name);
	return NULL;
}

static uint32_t field(const struct fn_reg_desc *desc, uint32_t value, const char *name)
{
	for (unsigned i = 0; i < desc->fields_n; i++)
		if (!strcmp(desc->fields[i].name, name))
			return fn_reg_field_get(&desc->fields[i], value);
	fail_msg("no field %s in %s", name, desc->name);
	return 0;
}

static void well_formed(void **state)
{
	const char *wrong;
	unsigned at;

	(void)state;
	port_init();
	port_open();
	wrong = reg_table_wrong(p.dev->limits.regs, p.dev->limits.regs_n, &at);
	if (wrong)
		fail_msg("%s: %s", p.dev->limits.regs[at].name, wrong);
	for (unsigned i = 0; i < fn_dev_reg_count(p.dev); i++)
		assert_int_equal(strncmp(fn_dev_reg_desc(p.dev, i)->section,
					 family == INTEL_82576 ? "82576 8" : "82574 10.2",
					 family == INTEL_82576 ? 7 : 10),
				 0);
	port_end();
}

/**
 * struct place - where a register is, in the model's words and apart from the driver's table
 * @name: as the data sheet has it; of several, without their number
 * @at: of the 82574, of the 82576; 0: it has none, but for CTRL
 * @step: from one to the next
 * @n: how many; 0: one, whose name has no number
 */
struct place {
	const char *name;
	uint32_t at[2];
	uint32_t step[2];
	unsigned n[2];
};

#define ONE(name, at)                       \
	{                                   \
		name, { at, at }, { 0, 0 }, \
		{                           \
			0, 0                \
		}                           \
	}
#define ONE_74(name, at)                   \
	{                                  \
		name, { at, 0 }, { 0, 0 }, \
		{                          \
			0, 0               \
		}                          \
	}
#define ONE_76(name, at)                   \
	{                                  \
		name, { 0, at }, { 0, 0 }, \
		{                          \
			0, 0               \
		}                          \
	}
#define RXQ(name, reg)                                                               \
	{                                                                            \
		name, { IDEV_RXQ_74 + (reg), IDEV_RXQ_76 + (reg) }, { 0x100, 0x40 }, \
		{                                                                    \
			2, 16                                                        \
		}                                                                    \
	}
#define TXQ(name, reg)                                                               \
	{                                                                            \
		name, { IDEV_TXQ_74 + (reg), IDEV_TXQ_76 + (reg) }, { 0x100, 0x40 }, \
		{                                                                    \
			2, 16                                                        \
		}                                                                    \
	}
#define RXQ_76(name, reg)                                      \
	{                                                      \
		name, { 0, IDEV_RXQ_76 + (reg) }, { 0, 0x40 }, \
		{                                              \
			0, 16                                  \
		}                                              \
	}
#define TXQ_76(name, reg)                                      \
	{                                                      \
		name, { 0, IDEV_TXQ_76 + (reg) }, { 0, 0x40 }, \
		{                                              \
			0, 16                                  \
		}                                              \
	}

/* clang-format off */
static const struct place places[] = {
	ONE("CTRL", IDEV_CTRL), ONE("STATUS", IDEV_STATUS), ONE("EECD", IDEV_EECD),
	ONE("EERD", IDEV_EERD), ONE("CTRL_EXT", IDEV_CTRL_EXT), ONE("MDIC", IDEV_MDIC),
	ONE("FCAL", IDEV_FCAL), ONE("FCAH", IDEV_FCAH), ONE("FCT", IDEV_FCT),
	ONE("VET", IDEV_VET), ONE("FCTTV", IDEV_FCTTV), ONE("LEDCTL", IDEV_LEDCTL),
	ONE("GCR", IDEV_GCR), ONE("FACTPS", IDEV_FACTPS), ONE("WUC", IDEV_WUC),
	ONE("WUFC", IDEV_WUFC), ONE("MANC", IDEV_MANC), ONE("IMS", IDEV_IMS),
	ONE("IAM", IDEV_IAM), ONE("RCTL", IDEV_RCTL), ONE("RXCSUM", IDEV_RXCSUM),
	ONE("RFCTL", IDEV_RFCTL), ONE("MRQC", IDEV_MRQC), ONE("TCTL", IDEV_TCTL),
	ONE("TIPG", IDEV_TIPG),
	ONE_74("EXTCNF_CTRL", IDEV_EXTCNF_CTRL), ONE_74("PBA", IDEV_PBA), ONE_74("PBS", IDEV_PBS),
	ONE_74("GCR2", IDEV_GCR2), ONE_74("ITR", IDEV_ITR), ONE_74("FCRTL", IDEV_FCRTL),
	ONE_74("FCRTH", IDEV_FCRTH), ONE_74("PSRCTL", IDEV_PSRCTL), ONE_74("RDTR", IDEV_RDTR),
	ONE_74("RADV", IDEV_RADV), ONE_74("TIDV", IDEV_TIDV), ONE_74("TADV", IDEV_TADV),
	ONE_76("RXPBS", IDEV_RXPBS), ONE_76("TXPBS", IDEV_TXPBS), ONE_76("FCRTL0", IDEV_FCRTL),
	ONE_76("FCRTH0", IDEV_FCRTH), ONE_76("FWSM", IDEV_FWSM),
	ONE_76("SW_FW_SYNC", IDEV_SW_FW_SYNC), ONE_76("GPIE", IDEV_GPIE),
	ONE_76("EIMS", IDEV_EIMS), ONE_76("EIAM", IDEV_EIAM),
	ONE_76("IVAR_MISC", IDEV_IVAR_MISC), ONE_76("RLPML", IDEV_RLPML),
	ONE_76("TCTL_EXT", IDEV_TCTL_EXT), ONE_76("DTXCTL", IDEV_DTXCTL),
	{ "EIAC", { IDEV_EIAC_74, IDEV_EIAC }, { 0, 0 }, { 0, 0 } },
	{ "IVAR", { IDEV_IVAR_74, IDEV_IVAR_76 }, { 0, 4 }, { 0, 8 } },
	{ "EITR", { IDEV_EITR_74, IDEV_EITR_76 }, { 4, 4 }, { 5, 25 } },
	{ "RETA", { IDEV_RETA, IDEV_RETA }, { 4, 4 }, { 32, 32 } },
	{ "RSSRK", { IDEV_RSSRK, IDEV_RSSRK }, { 4, 4 }, { 10, 10 } },
	{ "TARC", { IDEV_TARC(0), 0 }, { 0x100, 0 }, { 2, 0 } },
	RXQ("RDBAL", IDEV_Q_BAL), RXQ("RDBAH", IDEV_Q_BAH), RXQ("RDLEN", IDEV_Q_LEN),
	RXQ("RDH", IDEV_Q_HEAD), RXQ("RDT", IDEV_Q_TAIL), RXQ("RXDCTL", IDEV_Q_CTL),
	TXQ("TDBAL", IDEV_Q_BAL), TXQ("TDBAH", IDEV_Q_BAH), TXQ("TDLEN", IDEV_Q_LEN),
	TXQ("TDH", IDEV_Q_HEAD), TXQ("TDT", IDEV_Q_TAIL), TXQ("TXDCTL", IDEV_Q_CTL),
	RXQ_76("SRRCTL", IDEV_Q_SRRCTL), TXQ_76("TDWBAL", IDEV_Q_WBAL),
	TXQ_76("TDWBAH", IDEV_Q_WBAH),
};
/* clang-format on */

/* The first 16 addresses stand apart from the others. */
static uint32_t address_at(const char *name, unsigned i)
{
	return name[2] == 'L' ? IDEV_RAL(i) : IDEV_RAH(i);
}

/* Where the register of a name is; fails the test when there is none. */
static uint32_t place_of(const char *name)
{
	const unsigned f = family == INTEL_82576;
	const size_t len = strcspn(name, "0123456789");
	const unsigned number = (unsigned)strtoul(name + len, NULL, 10);

	if (!strncmp(name, "RAL", len) || !strncmp(name, "RAH", len))
		return address_at(name, number);
	for (unsigned i = 0; i < FN_ARRAY_LEN(places); i++) {
		const struct place *at = &places[i];

		if (!at->n[f] && !strcmp(name, at->name) && (at->at[f] || !strcmp(name, "CTRL")))
			return at->at[f];
		if (number < at->n[f] && name[len] && strlen(at->name) == len &&
		    !strncmp(name, at->name, len))
			return at->at[f] + at->step[f] * number;
	}
	fail_msg("%s is no register of the model's", name);
	return 0;
}

/* Each name stands for the register that it is, as the model has it. */
static void named(void **state)
{
	(void)state;
	port_init();
	port_open();
	for (unsigned i = 0; i < fn_dev_reg_count(p.dev); i++) {
		const struct fn_reg_desc *desc = fn_dev_reg_desc(p.dev, i);

		if (desc->offset != place_of(desc->name))
			fail_msg("%s is at 0x%05x, and not at 0x%05x", desc->name,
				 place_of(desc->name), desc->offset);
	}
	port_end();
}

/* Each of them exists on the model, and reads as it is there. */
static void values(void **state)
{
	uint32_t v[REGS_MAX];
	const struct fn_reg_desc *desc;
	unsigned at;

	(void)state;
	port_up();
	REG(IDEV_LEDCTL) = 0x12345678;
	memset(v, 0xee, sizeof(v));
	assert_int_equal(fn_dev_read_regs(p.dev, v, REGS_MAX), 0);
	assert_no_violation(&p.id.md);
	for (unsigned i = 0; i < fn_dev_reg_count(p.dev); i++)
		assert_int_equal(v[i], REG(place_of(fn_dev_reg_desc(p.dev, i)->name)));
	for (unsigned i = fn_dev_reg_count(p.dev); i < REGS_MAX; i++)
		assert_int_equal(v[i], 0);
	desc = find("STATUS", &at);
	assert_int_equal(field(desc, v[at], "LU"), 1);
	assert_int_equal(field(desc, v[at], "FD"), 1);
	assert_int_equal(field(desc, v[at], "SPEED"), 2);
	desc = find("RCTL", &at);
	assert_int_equal(field(desc, v[at], "EN"), 1);
	assert_int_equal(field(desc, v[at], "BAM"), 1);
	if (family == INTEL_82574)
		assert_int_equal(field(desc, v[at], "FLXBUF"), 2);
	desc = find("RAH0", &at);
	assert_int_equal(field(desc, v[at], "AV"), 1);
	assert_int_equal(field(desc, v[at], "RAH"), 0x5634);
	(void)find(family == INTEL_82576 ? "RDT15" : "RDT1", &at);
	assert_int_equal(fn_dev_reg_desc(p.dev, at)->offset,
			 family == INTEL_82576 ? 0x0c3d8 : 0x02918);
	port_end();
}

/* Nothing of the device is another after a look, whatever its registers hold. */
static void harmless(void **state)
{
	static uint32_t before[INTEL_DEV_BAR_BYTES / 4];
	uint32_t v[REGS_MAX];

	(void)state;
	port_up();
	port_receive(3);
	port_send(2);
	/* What a read would clear or take: causes, counters, the semaphore. */
	REG(IDEV_ICR) |= 0x00000081;
	for (uint32_t off = IDEV_STATS; off < IDEV_STATS_END_74; off += 4)
		REG(off) |= 1;
	if (family == INTEL_82576) {
		REG(IDEV_EICR) |= 2;
		for (unsigned i = 0; i < 16; i++)
			REG(0xc030 + 0x40 * i) = 5;
	}
	memcpy(before, p.id.reg, sizeof(before));
	assert_int_equal(fn_dev_read_regs(p.dev, v, REGS_MAX), 0);
	assert_memory_equal(before, p.id.reg, sizeof(before));
	port_end();
}

static void gone(void **state)
{
	uint32_t v[REGS_MAX];

	(void)state;
	port_up();
	p.id.md.gone = true;
	assert_int_equal(fn_dev_read_regs(p.dev, v, REGS_MAX), -ENODEV);
	port_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = { BOTH(well_formed), BOTH(named), BOTH(values),
					    BOTH(harmless), BOTH(gone) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
