/* SPDX-License-Identifier: BSD-3-Clause */
/* What holds for each driver's table of registers: for the tests of the drivers. */
#ifndef FN_TESTS_UNIT_REG_TABLE_H
#define FN_TESTS_UNIT_REG_TABLE_H

#include <stdio.h>
#include <string.h>

#include <fastnic/regs.h>

static inline const char *reg_fields_wrong(const struct fn_reg_desc *reg)
{
	unsigned next = 0;

	if (!reg->fields != !reg->fields_n)
		return "fields without a number, or a number without fields";
	for (unsigned i = 0; i < reg->fields_n; i++) {
		const struct fn_reg_field *field = &reg->fields[i];

		if (!field->name || !field->name[0])
			return "a field without a name";
		if (!field->width || field->shift + field->width > 32)
			return "a field outside of the register";
		if (field->shift < next)
			return "fields that overlap, or are not lowest first";
		next = (unsigned)field->shift + field->width;
	}
	return NULL;
}

/* What is wrong with a table, and @at which register; NULL when nothing is. */
static inline const char *reg_table_wrong(const struct fn_reg_desc *regs, unsigned n, unsigned *at)
{
	for (*at = 0; *at < n; ++*at) {
		const struct fn_reg_desc *reg = &regs[*at];
		const char *why = reg_fields_wrong(reg);

		if (why)
			return why;
		if (!reg->name || !reg->name[0] || !reg->section || !reg->section[0])
			return "no name, or no section";
		if (reg->offset % 4)
			return "an offset that is no multiple of 4";
		for (unsigned i = 0; i < *at; i++)
			if (regs[i].offset == reg->offset || !strcmp(regs[i].name, reg->name))
				return "a name or an offset that another has";
	}
	return NULL;
}

#endif
