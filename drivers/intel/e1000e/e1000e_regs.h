/* SPDX-License-Identifier: BSD-3-Clause */
/* Registers and fields that the 82574 has alone, or in its own way. Sections are 82574's. */
#ifndef E1000E_REGS_H
#define E1000E_REGS_H

#include "drivers/intel/intel_regs.h"

/* Blocks of the queues: 10.2.5, 10.2.6. */
#define E1000E_RXQ 0x02800u
#define E1000E_TXQ 0x03800u
#define E1000E_QUEUE_STRIDE 0x100u

/* 10.2.2.5: of INTEL_CTRL_EXT. */
#define E1000E_CTRL_EXT_EIAME (1u << 24)   /* a message masks what IAM says */
#define E1000E_CTRL_EXT_PBA_CLR (1u << 31) /* letting a cause through clears its pending bit */

/* Reserved bits, which have to be cleared and set. */
#define E1000E_CTRL_EXT_RESERVED_0 (1u << 23)
#define E1000E_CTRL_EXT_RESERVED_1 (1u << 22)

/* PCIe control: 10.2 (GCR, GCR2). */
#define E1000E_GCR 0x05b00u
#define E1000E_GCR_WORKAROUND (1u << 22)
#define E1000E_GCR2 0x05b64u
#define E1000E_GCR2_WORKAROUND (1u << 0)

/* 10.2.4: of INTEL_ICR and its sisters, with MSI-X. */
#define E1000E_ICR_CAUSE(n) (1u << (20 + (n))) /* in IVAR's order */
#define E1000E_ICR_RXQ(n) E1000E_ICR_CAUSE(E1000E_IVAR_RXQ(n))
#define E1000E_ICR_TXQ(n) E1000E_ICR_CAUSE(E1000E_IVAR_TXQ(n))
#define E1000E_ICR_QUEUES (0xfu << 20)
#define E1000E_ICR_OTHER E1000E_ICR_CAUSE(E1000E_IVAR_OTHER)

/* 10.2.4: which causes a message clears. */
#define E1000E_EIAC 0x000dcu

/* 10.2.4.9: which vector a cause has: four bits each for the causes from RXQ(0) to OTHER. */
#define E1000E_IVAR 0x000e4u
#define E1000E_IVAR_ENTRY(cause, vector) ((8u | (vector)) << (4u * (cause)))
#define E1000E_IVAR_RXQ(n) (0u + (n))
#define E1000E_IVAR_TXQ(n) (2u + (n))
#define E1000E_IVAR_OTHER 4u
#define E1000E_IVAR_TX_EACH (1u << 31) /* each transmit descriptor that is written back counts */

/* 10.2.4.3: least time between two messages of a vector, in 256 ns. */
#define E1000E_EITR(n) (0x000e8u + 4u * (n))
#define E1000E_EITR_NS 256u
#define E1000E_EITR_MAX 0xffffu

/*
 * 10.2.5: how long a receive interrupt waits, in 1024 ns: from the last frame, and from the first.
 */
#define E1000E_RDTR 0x02820u
#define E1000E_RADV 0x0282cu
#define E1000E_RDTR_NS 1024u

/* 10.2.6: the same of a transmit interrupt, of descriptors with IDE. */
#define E1000E_TIDV 0x03820u
#define E1000E_TADV 0x0382cu
#define E1000E_TIDV_NS 1024u

/* 10.2.5: of INTEL_RFCTL. */
#define E1000E_RFCTL_ACK_DIS (1u << 12) /* acknowledgments interrupt like all else */
#define E1000E_RFCTL_EXSTEN (1u << 15)  /* extended descriptors */

/* 10.2.5, 10.2.6: of INTEL_Q_CTL. */
#define E1000E_TXDCTL_COUNT (1u << 22) /* reserved, must be set */
#define E1000E_DCTL_GRAN (1u << 24)    /* thresholds count descriptors, not cache lines */

/* 4.6.6: of INTEL_TCTL: byte times in which a collision is no late one. */
#define E1000E_TCTL_COLD_MASK (0x3ffu << 12)
#define E1000E_TCTL_COLD (63u << 12)

/* Gaps between frames: 10.2.6. */
#define E1000E_TIPG 0x00410u
#define E1000E_TIPG_COPPER (8u | 8u << 10 | 6u << 20)

/* How the two transmit queues share: 10.2.6. */
#define E1000E_TARC(n) (0x03840u + 0x100u * (n))
#define E1000E_TARC_ENABLE (1u << 10)
#define E1000E_TARC_RESERVED_0 (0xfu << 27)
#define E1000E_TARC0_RESERVED_1 (1u << 26)

/* 10.2.5: of INTEL_MRQC; queue by bit 7 of an entry. */
#define E1000E_MRQC_RSS (1u << 0)
#define E1000E_MRQC_TCP6 (1u << 18)
#define E1000E_RETA_SHIFT 7u

#endif
