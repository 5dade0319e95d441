/* SPDX-License-Identifier: BSD-3-Clause */
/* A port's body: its LED, its PHY and its non-volatile memory. */
#ifndef FASTNIC_DIAG_H
#define FASTNIC_DIAG_H

#include <fastnic/base.h>

FN_BEGIN_DECLS

struct fn_dev;

/**
 * fn_dev_identify - let a port's LED blink, so that somebody in front of it finds it
 * @dev: the device, with FN_CAP_IDENTIFY
 * @on: blink, or show the link again
 *
 * Any thread, in any state; it blinks over stop, start and reset until it is told to end, or the
 * device is closed.
 *
 * Return: 0; -ENOTSUP without FN_CAP_IDENTIFY; -EIO; -ENODEV.
 */
FN_API int fn_dev_identify(struct fn_dev *dev, bool on);

/* Registers of a PHY (802.3 22.2.4). */
#define FN_PHY_REGS 32u

/**
 * fn_dev_phy_read - read a register of the PHY
 * @dev: the device, with FN_CAP_PHY
 * @reg: 0 to 31 (802.3 22.2.4); pages are chosen as the PHY's own data sheet says
 * @value: receives it
 *
 * Any thread, in any state; reads the device, which takes some 100 us. Bits that a read clears, as
 * the latched link status (802.3 22.2.4.2), are cleared.
 *
 * Return: 0; -EINVAL for the register; -ENOTSUP without FN_CAP_PHY; -EIO when the PHY does not
 * answer; -ENODEV.
 */
FN_API int fn_dev_phy_read(struct fn_dev *dev, unsigned reg, uint16_t *value);

/**
 * fn_dev_phy_write - write a register of the PHY
 * @dev: the device, with FN_CAP_PHY
 * @reg: as of fn_dev_phy_read()
 * @value: what to write
 *
 * As fn_dev_phy_read(). The library does not know what it means: it may end the link, and
 * fn_dev_reset() brings a started device back to what it was told with fn_dev_set_link_conf().
 *
 * Return: as fn_dev_phy_read().
 */
FN_API int fn_dev_phy_write(struct fn_dev *dev, unsigned reg, uint16_t value);

/**
 * fn_dev_nvm_read - read words of a port's non-volatile memory (EEPROM or flash)
 * @dev: the device, with FN_CAP_NVM
 * @offset: the first word; words have 16 bits
 * @words: receives them, in the processor's byte order
 * @n: how many; with @offset at most &fn_dev_info.nvm_words
 *
 * Any thread, in any state; reads the device, which may take milliseconds.
 *
 * Return: 0; -EINVAL when there are fewer words; -ENOTSUP without FN_CAP_NVM; -EIO when the memory
 * does not answer, and @words may be filled in part; -ENODEV.
 */
FN_API int fn_dev_nvm_read(struct fn_dev *dev, uint32_t offset, uint16_t *words, unsigned n);

FN_END_DECLS

#endif
