/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The non-volatile memory of a port: words by EERD, their checksum, the station address.
 *
 * All controllers read it alike. The I210 without a flash, and the I211, have fuses (iNVM) instead,
 * which are no words: of these fastnic knows the station address, which the device puts into its
 * receive address register by itself, and nothing more.
 */
#ifndef INTEL_NVM_H
#define INTEL_NVM_H

#include <stdint.h>

struct fn_dev;

/* 82574 10.2.2.3, 82576 8.4: control. */
#define INTEL_EECD 0x00010u
#define INTEL_EECD_PRES (1u << 8)
#define INTEL_EECD_AUTO_RD (1u << 9)
#define INTEL_EECD_SIZE_SHIFT 11
#define INTEL_EECD_SIZE_MASK 0xfu
#define INTEL_EECD_TYPE_82574 (3u << 15)
#define INTEL_EECD_FLASH_82574 (3u << 15)
#define INTEL_EECD_FLASH_I210 (1u << 19)

/* 82574 10.2.2.4, 82576 8.4: read a word. */
#define INTEL_EERD 0x00014u
#define INTEL_EERD_START (1u << 0)
#define INTEL_EERD_DONE (1u << 1)
#define INTEL_EERD_ADDR_SHIFT 2
#define INTEL_EERD_DATA_SHIFT 16

/* How many words there are; 0: it has none (iNVM), or none is there. */
uint32_t intel_nvm_words(struct fn_dev *dev);

/* As in &struct fn_driver_ops. */
int intel_nvm_read(struct fn_dev *dev, uint32_t offset, uint16_t *words, unsigned n);

/* The words that the device sets itself up by add up to what they shall: 0, or -EIO, -ENODEV. */
int intel_nvm_check(struct fn_dev *dev);

/*
 * The station address that the port was made with, after a reset: the alternate one, if the NVM has
 * it, else that of the receive address register, else the NVM's. -EIO when none has one.
 */
int intel_mac_address(struct fn_dev *dev, uint8_t mac[6]);

#endif
