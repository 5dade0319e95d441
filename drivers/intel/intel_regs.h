/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Registers that the 82574 and the 82576 with its successors have in common, and their fields.
 * What one family has alone is in its own folder. Registers are 32 bits wide and are read and
 * written whole.
 *
 * Sections: the 82574's are of its 10.2. Of the 82576's chapter 8 there is the group (8.8:
 * interrupts), in which the register is found by its name; groups up to 8.13 have the same numbers
 * in the I210's paper, and where more of a number is told, it is that paper's.
 */
#ifndef INTEL_REGS_H
#define INTEL_REGS_H

/* BAR 0, which has them all. */
#define INTEL_REGS_BAR 0u
#define INTEL_REGS_BYTES 0x20000u

/* Device control: 82574 10.2.2.1, 82576 8.2.1. */
#define INTEL_CTRL 0x00000u
#define INTEL_CTRL_FD (1u << 0)
#define INTEL_CTRL_MASTER_DISABLE (1u << 2) /* no new requests on PCIe */
#define INTEL_CTRL_SLU (1u << 6)            /* let the link come up */
#define INTEL_CTRL_ILOS (1u << 7)
#define INTEL_CTRL_SPEED_MASK (3u << 8)
#define INTEL_CTRL_SPEED_10 (0u << 8)
#define INTEL_CTRL_SPEED_100 (1u << 8)
#define INTEL_CTRL_SPEED_1000 (2u << 8)
#define INTEL_CTRL_FRCSPD (1u << 11)
#define INTEL_CTRL_FRCDPX (1u << 12)
#define INTEL_CTRL_RST (1u << 26) /* clears itself */
#define INTEL_CTRL_RFCE (1u << 27)
#define INTEL_CTRL_TFCE (1u << 28)
#define INTEL_CTRL_VME (1u << 30) /* VLAN tags are taken out, and put in where asked */

/* Device status: 82574 10.2.2.2, 82576 8.2.2. All ones is no legal value. */
#define INTEL_STATUS 0x00008u
#define INTEL_STATUS_FD (1u << 0)
#define INTEL_STATUS_LU (1u << 1)
#define INTEL_STATUS_LAN_ID_SHIFT 2u
#define INTEL_STATUS_LAN_ID_MASK 3u
#define INTEL_STATUS_SPEED_SHIFT 6u
#define INTEL_STATUS_SPEED_MASK (3u << 6) /* 10, 100, 1000, 1000 */
#define INTEL_STATUS_MASTER (1u << 19)    /* requests on PCIe are allowed, or still on their way */

/* Extended device control: 82574 10.2.2.5, 82576 8.2.3. */
#define INTEL_CTRL_EXT 0x00018u
#define INTEL_CTRL_EXT_EXT_VLAN (1u << 26) /* 82576: tags are those behind an outer one */
#define INTEL_CTRL_EXT_DRV_LOAD (1u << 28) /* tells the firmware that there is a driver */

/* EtherType of a VLAN tag: 82574 10.2.2, 82576 8.2; of an outer one in the 82576's upper half. */
#define INTEL_VET 0x00038u
#define INTEL_VET_8021Q 0x8100u
#define INTEL_VET_EXT(type) ((type) << 16)

/*
 * Interrupts: 82574 10.2.4, 82576 8.8. The 82576 has these at 0x1500 too; at the addresses of its
 * forerunners QEMU's model has them as well.
 */
#define INTEL_ICR 0x000c0u /* read: which; write ones: clear these */
#define INTEL_ICS 0x000c8u /* raise */
#define INTEL_IMS 0x000d0u /* let through */
#define INTEL_IMC 0x000d8u /* no longer let through */
#define INTEL_IAM 0x000e0u
#define INTEL_ICR_LSC (1u << 2) /* the link went up or down */
#define INTEL_ICR_RXO (1u << 6) /* frames found no buffer */

/* Receive control: 82574 10.2.5.1, 82576 8.10.1. */
#define INTEL_RCTL 0x00100u
#define INTEL_RCTL_EN (1u << 1)
#define INTEL_RCTL_UPE (1u << 3)             /* any unicast address */
#define INTEL_RCTL_MPE (1u << 4)             /* any group address */
#define INTEL_RCTL_LPE (1u << 5)             /* frames of more than 1522 bytes, CRC included */
#define INTEL_RCTL_BAM (1u << 15)            /* broadcast */
#define INTEL_RCTL_BSIZE_512 (2u << 16)      /* buffers of 512 bytes */
#define INTEL_RCTL_BSIZE_256 (3u << 16)      /* buffers of 256 bytes */
#define INTEL_RCTL_VFE (1u << 18)            /* VLANs of the table only */
#define INTEL_RCTL_SECRC (1u << 26)          /* the CRC stays out of memory */
#define INTEL_RCTL_FLXBUF(kib) ((kib) << 27) /* 82574: buffers of 1 to 15 KiB */

/* Receive checksums: 82574 10.2.5, 82576 8.10. */
#define INTEL_RXCSUM 0x05000u
#define INTEL_RXCSUM_IPOFLD (1u << 8)
#define INTEL_RXCSUM_TUOFLD (1u << 9)
#define INTEL_RXCSUM_PCSD (1u << 13) /* the hash stands in the descriptor, not a sum */

/* Receive filters of upper layers: 82574 10.2.5, 82576 8.10. Those for iSCSI and NFS are off. */
#define INTEL_RFCTL 0x05008u
#define INTEL_RFCTL_ISCSI_DIS (1u << 0)
#define INTEL_RFCTL_NFSW_DIS (1u << 6)
#define INTEL_RFCTL_NFSR_DIS (1u << 7)
#define INTEL_RFCTL_NO_FILTERS (INTEL_RFCTL_ISCSI_DIS | INTEL_RFCTL_NFSW_DIS | INTEL_RFCTL_NFSR_DIS)
#define INTEL_RFCTL_IPV6_EX_DIS (1u << 16) /* extension headers of IPv6 are not looked at */

/*
 * Address filters: 82574 10.2.5, 82576 8.10. The first exact entry is the station's own, which a
 * reset loads from the NVM.
 */
#define INTEL_MTA 0x05200u
#define INTEL_MTA_WORDS 128u
#define INTEL_RAL(n) ((n) < 16 ? 0x05400u + 8u * (n) : 0x054e0u + 8u * ((n)-16u))
#define INTEL_RAH(n) (INTEL_RAL(n) + 4u)
#define INTEL_RAH_AV (1u << 31)
#define INTEL_VFTA 0x05600u
#define INTEL_VFTA_WORDS 128u

/* Receive-side scaling: 82574 10.2.5, 82576 8.10. */
#define INTEL_MRQC 0x05818u
#define INTEL_MRQC_TCP4 (1u << 16)
#define INTEL_MRQC_IPV4 (1u << 17)
#define INTEL_MRQC_IPV6 (1u << 20)
#define INTEL_RETA 0x05c00u
#define INTEL_RETA_ENTRIES 128u
#define INTEL_RSSRK 0x05c80u
#define INTEL_RSSRK_BYTES 40u

/* Transmit control: 82574 10.2.6, 82576 8.12. */
#define INTEL_TCTL 0x00400u
#define INTEL_TCTL_EN (1u << 1)
#define INTEL_TCTL_PSP (1u << 3)        /* pad short frames */
#define INTEL_TCTL_CT_MASK (0xffu << 4) /* how often a frame is tried again after a collision */
#define INTEL_TCTL_CT (15u << 4)        /* 802.3 4.4.2: 15 times */
#define INTEL_TCTL_RTLC (1u << 24)      /* also after a late one */

/* Wake-up control: 82574 10.2, 82576 8. */
#define INTEL_WUC 0x05800u

/*
 * Registers of a queue, from its base: 82574 10.2.5 and 10.2.6, 82576 8.10 and 8.12. The base is
 * the family's.
 */
#define INTEL_Q_BAL 0x00u  /* RDBAL, TDBAL: address of the ring, 128-byte aligned */
#define INTEL_Q_BAH 0x04u  /* RDBAH, TDBAH: its upper half */
#define INTEL_Q_LEN 0x08u  /* RDLEN, TDLEN: bytes of the ring, a multiple of 128 */
#define INTEL_Q_HEAD 0x10u /* RDH, TDH: the device's */
#define INTEL_Q_TAIL 0x18u /* RDT, TDT: the driver's */
#define INTEL_Q_CTL 0x28u  /* RXDCTL, TXDCTL: when descriptors are fetched and written back */
#define INTEL_DCTL_PTHRESH(n) (n)         /* fetch when the device has fewer than so many, */
#define INTEL_DCTL_HTHRESH(n) ((n) << 8)  /* and there are so many to be fetched */
#define INTEL_DCTL_WTHRESH(n) ((n) << 16) /* write back so many at once */

#endif
