/* SPDX-License-Identifier: BSD-3-Clause */
/* The registers of a device, by name, for people who look for what is wrong. */
#ifndef FASTNIC_REGS_H
#define FASTNIC_REGS_H

#include <fastnic/base.h>

FN_BEGIN_DECLS

struct fn_dev;

/**
 * struct fn_reg_field - bits of a register that mean something together
 * @name: as the data sheet has it, for example "LU"
 * @shift: its lowest bit
 * @width: how many bits, 1 to 32
 *
 * The struct keeps its size.
 */
struct fn_reg_field {
	const char *name;
	uint8_t shift;
	uint8_t width;
};

/**
 * struct fn_reg_desc - what a register is
 * @name: as the data sheet has it, for example "STATUS"
 * @section: where it is described, for example "82576 8.2.2"
 * @fields: its fields, lowest first; NULL when it is one number
 * @fields_n: how many
 * @offset: where it is, bytes
 *
 * The struct keeps its size.
 */
struct fn_reg_desc {
	const char *name;
	const char *section;
	const struct fn_reg_field *fields;
	unsigned fields_n;
	uint32_t offset;
};

/**
 * fn_dev_reg_count - how many registers of a device can be shown
 * @dev: the device
 *
 * Any thread. Registers that change when they are read are not among them.
 *
 * Return: 0 without FN_CAP_REGS.
 */
FN_API unsigned fn_dev_reg_count(const struct fn_dev *dev);

/**
 * fn_dev_reg_desc - describe a register
 * @dev: the device
 * @idx: its place, 0 to fn_dev_reg_count() - 1
 *
 * Any thread.
 *
 * Return: the description, which lasts for ever; NULL when the device has no such register.
 */
FN_API const struct fn_reg_desc *fn_dev_reg_desc(const struct fn_dev *dev, unsigned idx);

/**
 * fn_dev_read_regs - read the registers of a device
 * @dev: the device, with FN_CAP_REGS
 * @values: receives them, in the order of fn_dev_reg_desc()
 * @n: entries of @values, commonly fn_dev_reg_count(); more than the device has are set to 0
 *
 * Any thread, in any state; reads the device, one register after the other, so that they need not
 * be of the same moment.
 *
 * Return: 0; -ENOTSUP without FN_CAP_REGS; -ENODEV.
 */
FN_API int fn_dev_read_regs(struct fn_dev *dev, uint32_t *values, unsigned n);

/**
 * fn_reg_field_get - a field's value in a register's
 * @field: the field
 * @reg: the register's value
 *
 * Any thread.
 *
 * Return: the value, from bit 0 on.
 */
FN_INLINE uint32_t fn_reg_field_get(const struct fn_reg_field *field, uint32_t reg)
{
	return reg >> field->shift & UINT32_MAX >> (32 - field->width);
}

FN_END_DECLS

#endif
