// SPDX-License-Identifier: BSD-3-Clause
/* The registers that the Intel drivers show: well named, and none that a look changes. */
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
	wrong = reg_table_wrong(p.dev->drv->regs, p.dev->drv->regs_n, &at);
	if (wrong)
		fail_msg("%s: %s", p.dev->drv->regs[at].name, wrong);
	for (unsigned i = 0; i < fn_dev_reg_count(p.dev); i++)
		assert_int_equal(strncmp(fn_dev_reg_desc(p.dev, i)->section,
					 family == INTEL_82576 ? "82576 8" : "82574 10.2",
					 family == INTEL_82576 ? 7 : 10),
				 0);
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
		assert_int_equal(v[i], REG(fn_dev_reg_desc(p.dev, i)->offset));
	for (unsigned i = fn_dev_reg_count(p.dev); i < REGS_MAX; i++)
		assert_int_equal(v[i], 0);
	desc = find("STATUS", &at);
	assert_int_equal(field(desc, v[at], "LU"), 1);
	assert_int_equal(field(desc, v[at], "FD"), 1);
	assert_int_equal(field(desc, v[at], "SPEED"), 2);
	desc = find("RCTL", &at);
	assert_int_equal(field(desc, v[at], "EN"), 1);
	assert_int_equal(field(desc, v[at], "BAM"), 1);
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
	const struct CMUnitTest tests[] = { BOTH(well_formed), BOTH(values), BOTH(harmless),
					    BOTH(gone) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
