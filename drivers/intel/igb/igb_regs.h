/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Registers and fields that the 82576 and its successors (I350, I210, I211) have alone, or in their
 * own way. Sections are the 82576's, as intel_regs.h says.
 */
#ifndef IGB_REGS_H
#define IGB_REGS_H

#include "drivers/intel/intel_regs.h"

/* Blocks of the queues: 8.10, 8.12. The first four are at 0x2800 and 0x3800 as well. */
#define IGB_RXQ 0x0c000u
#define IGB_TXQ 0x0e000u
#define IGB_QUEUE_STRIDE 0x40u

/* 8.8: general purpose interrupt enable. Says what the other registers mean: it comes first. */
#define IGB_GPIE 0x01514u
#define IGB_GPIE_NSICR (1u << 0)  /* reading ICR clears it */
#define IGB_GPIE_MSIX (1u << 4)   /* many vectors */
#define IGB_GPIE_EIAME (1u << 30) /* a message masks what EIAM says */
#define IGB_GPIE_PBA (1u << 31)   /* letting a vector through clears its pending bit */

/* 8.8: a bit a vector. */
#define IGB_EICS 0x01520u /* raise */
#define IGB_EIMS 0x01524u /* let through */
#define IGB_EIMC 0x01528u /* no longer let through */
#define IGB_EIAC 0x0152cu /* cleared by its message */
#define IGB_EIAM 0x01530u /* masked by its message */
#define IGB_EICR 0x01580u /* write ones: clear these */
#define IGB_EICR_ALL 0x01ffffffu

/* 8.8: least time between two messages of a vector: microseconds in bits 14:2. */
#define IGB_EITR(n) (0x01680u + 4u * (n))
#define IGB_EITR_US(us) ((us) << 2)
#define IGB_EITR_US_MAX 0x1fffu
#define IGB_EITR_CNT_INGR (1u << 31) /* 8.8.14: what runs now ends as it would have */
#define IGB_EITR_UNIT_NS 1000u

/* 8.8.15: vectors of queues, a byte each, four to a register; 8.8.16: of the other causes. */
#define IGB_IVAR(n) (0x01700u + 4u * (n))
#define IGB_IVAR_REGS 8u
#define IGB_IVAR_MISC 0x01740u
#define IGB_IVAR_VALID 0x80u
#define IGB_IVAR_MISC_OTHER(entry) ((IGB_IVAR_VALID | (entry)) << 8)

/* 8.10.2: of a receive queue: its buffers and descriptors. */
#define IGB_Q_SRRCTL 0x0cu
#define IGB_SRRCTL_BSIZE(kib) (kib)    /* 0: RCTL says the size */
#define IGB_SRRCTL_ADVANCED (1u << 25) /* one buffer, advanced descriptors */
#define IGB_SRRCTL_DROP_EN (1u << 31)  /* full: drop, and hold nobody up */

/* 8.10, 8.12: of INTEL_Q_CTL. */
#define IGB_DCTL_ENABLE (1u << 25)

/* I350, I210, I211: what is done to frames of a queue: I210 8.10.23. */
#define IGB_DVMOLR(n) (0x0c038u + 0x40u * (n))
#define IGB_DVMOLR_STRCRC (1u << 31)

/* 8.10, I210 7.1.1.4: longest frame with RCTL.LPE, CRC included. */
#define IGB_RLPML 0x05004u

/* 8.10: of INTEL_RXCSUM: SCTP. */
#define IGB_RXCSUM_CRCOFL (1u << 11)

/* 8.10: of INTEL_MRQC. */
#define IGB_MRQC_RSS (2u << 0)
#define IGB_MRQC_TCP6_EX (1u << 18)
#define IGB_MRQC_TCP6 (1u << 21)
#define IGB_MRQC_UDP4 (1u << 22)
#define IGB_MRQC_UDP6 (1u << 23)

#endif
