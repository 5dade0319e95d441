/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Registers and descriptors of 82574 and 82576, as far as the model has them: in words of its own,
 * apart from the drivers' headers, so that a wrong number there does not agree with itself.
 *
 * Sections: 82574 10.2 and 82576 8 have the registers; 82574 7.1 and 82576 7.1.5 the receive
 * descriptors; 82574 7.2 and 82576 7.2.2 those for sending.
 */
#ifndef FN_TESTS_MODEL_INTEL_DEV_SPEC_H
#define FN_TESTS_MODEL_INTEL_DEV_SPEC_H

/* General. */
#define IDEV_CTRL 0x00000u
#define IDEV_STATUS 0x00008u
#define IDEV_EECD 0x00010u
#define IDEV_EERD 0x00014u
#define IDEV_CTRL_EXT 0x00018u
#define IDEV_MDIC 0x00020u
#define IDEV_FCAL 0x00028u
#define IDEV_FCAH 0x0002cu
#define IDEV_FCT 0x00030u
#define IDEV_VET 0x00038u
#define IDEV_FCTTV 0x00170u
#define IDEV_LEDCTL 0x00e00u
#define IDEV_EXTCNF_CTRL 0x00f00u
#define IDEV_PBA 0x01000u
#define IDEV_PBS 0x01008u
#define IDEV_EEMNGCTL 0x01010u
#define IDEV_FRTIMER 0x01048u
#define IDEV_FCRTL 0x02160u
#define IDEV_FCRTH 0x02168u
#define IDEV_FCRTV_76 0x02460u
#define IDEV_FCRTV_74 0x05f40u
#define IDEV_SWSM 0x05b50u
#define IDEV_FWSM 0x05b54u
#define IDEV_SW_FW_SYNC 0x05b5cu
#define IDEV_GCR 0x05b00u
#define IDEV_FACTPS 0x05b30u
#define IDEV_GCR2 0x05b64u /* 82574 */
#define IDEV_MANC 0x05820u
#define IDEV_WUC 0x05800u
#define IDEV_WUFC 0x05808u

/* Interrupts; the 82576 has the first five at 0x1500 too. */
#define IDEV_ICR 0x000c0u
#define IDEV_ITR 0x000c4u
#define IDEV_ICS 0x000c8u
#define IDEV_IMS 0x000d0u
#define IDEV_IMC 0x000d8u
#define IDEV_EIAC_74 0x000dcu
#define IDEV_IAM 0x000e0u
#define IDEV_IVAR_74 0x000e4u
#define IDEV_IVAR_TX_EACH (1u << 31) /* each transmit descriptor written back interrupts */
#define IDEV_EITR_74 0x000e8u        /* 5 of them */
#define IDEV_ICR_76 0x01500u
#define IDEV_ICS_76 0x01504u
#define IDEV_IMS_76 0x01508u
#define IDEV_IMC_76 0x0150cu
#define IDEV_IAM_76 0x01510u
#define IDEV_GPIE 0x01514u
#define IDEV_EICS 0x01520u
#define IDEV_EIMS 0x01524u
#define IDEV_EIMC 0x01528u
#define IDEV_EIAC 0x0152cu
#define IDEV_EIAM 0x01530u
#define IDEV_EICR 0x01580u
#define IDEV_EITR_76 0x01680u /* 25 of them */
#define IDEV_IVAR_76 0x01700u /* 8 of them */
#define IDEV_IVAR_MISC 0x01740u

/* Receive. */
#define IDEV_RCTL 0x00100u
#define IDEV_PSRCTL 0x02170u
#define IDEV_RDTR 0x02820u
#define IDEV_RADV 0x0282cu
#define IDEV_RXCSUM 0x05000u
#define IDEV_RLPML 0x05004u
#define IDEV_RFCTL 0x05008u
#define IDEV_MTA 0x05200u
#define IDEV_RAL(n) ((n) < 16 ? 0x05400u + 8u * (n) : 0x054e0u + 8u * ((n)-16u))
#define IDEV_RAH(n) (IDEV_RAL(n) + 4u)
#define IDEV_PSRTYPE 0x05480u
#define IDEV_VFTA 0x05600u
#define IDEV_MRQC 0x05818u
#define IDEV_RETA 0x05c00u
#define IDEV_RSSRK 0x05c80u
#define IDEV_VMOLR 0x05ad0u
#define IDEV_UTA 0x0a000u
#define IDEV_RXPBS 0x02404u

/* Sending. */
#define IDEV_TCTL 0x00400u
#define IDEV_TCTL_EXT 0x00404u
#define IDEV_TIPG 0x00410u
#define IDEV_TXPBS 0x03404u
#define IDEV_DTXCTL 0x03590u
#define IDEV_TIDV 0x03820u
#define IDEV_TADV 0x0382cu
#define IDEV_TARC(q) (0x03840u + 0x100u * (q))

/* A queue's, from its base: 0x2800 + 0x100 n, and on the 82576 0xc000 + 0x40 n (0x3800, 0xe000). */
#define IDEV_Q_BAL 0x00u
#define IDEV_Q_BAH 0x04u
#define IDEV_Q_LEN 0x08u
#define IDEV_Q_SRRCTL 0x0cu
#define IDEV_Q_HEAD 0x10u
#define IDEV_Q_DCA 0x14u
#define IDEV_Q_TAIL 0x18u
#define IDEV_Q_CTL 0x28u
#define IDEV_Q_DROPS 0x30u /* receive: RQDPC, of the 82576 no more than 0xfff */
#define IDEV_DROPS_MAX_76 0xfffu
#define IDEV_Q_WBAL 0x38u   /* sending: TDWBAL */
#define IDEV_Q_DVMOLR 0x38u /* receiving: I350, I210, I211 */
#define IDEV_Q_WBAH 0x3cu
#define IDEV_RXQ_74 0x02800u
#define IDEV_TXQ_74 0x03800u
#define IDEV_RXQ_76 0x0c000u
#define IDEV_TXQ_76 0x0e000u

/* Statistics: all are cleared by reading. */
#define IDEV_STATS 0x04000u
#define IDEV_STATS_END_74 0x04128u
#define IDEV_STATS_END_76 0x0413cu
#define IDEV_SCVPC 0x04228u /* 82576 */
#define IDEV_MPC 0x04010u
#define IDEV_RLEC 0x04040u
#define IDEV_XONRXC 0x04048u
#define IDEV_XOFFRXC 0x04050u
#define IDEV_FCRUC 0x04058u
#define IDEV_PRC64 0x0405cu
#define IDEV_GPRC 0x04074u
#define IDEV_BPRC 0x04078u
#define IDEV_MPRC 0x0407cu
#define IDEV_GPTC 0x04080u
#define IDEV_GORCL 0x04088u
#define IDEV_GORCH 0x0408cu
#define IDEV_GOTCL 0x04090u
#define IDEV_GOTCH 0x04094u
#define IDEV_RNBC 0x040a0u
#define IDEV_ROC 0x040acu
#define IDEV_TORL 0x040c0u
#define IDEV_TORH 0x040c4u
#define IDEV_TOTL 0x040c8u
#define IDEV_TOTH 0x040ccu
#define IDEV_TPR 0x040d0u
#define IDEV_TPT 0x040d4u
#define IDEV_PTC64 0x040d8u
#define IDEV_MPTC 0x040f0u
#define IDEV_BPTC 0x040f4u
#define IDEV_TSCTC 0x040f8u
/* 82576: a queue's own, 0x100 apart. */
#define IDEV_PQGPRC(q) (0x10010u + 0x100u * (q))
#define IDEV_PQGPTC(q) (0x10014u + 0x100u * (q))
#define IDEV_PQGORC(q) (0x10018u + 0x100u * (q))
#define IDEV_PQGOTC(q) (0x10034u + 0x100u * (q))

#define IDEV_CTRL_FD (1u << 0)
#define IDEV_CTRL_GIO_MASTER_DISABLE (1u << 2)
#define IDEV_CTRL_SLU (1u << 6)
#define IDEV_CTRL_SPEED(ctrl) ((ctrl) >> 8 & 3u) /* 0: 10, 1: 100, 2: 1000 Mbit/s */
#define IDEV_CTRL_FRCSPD (1u << 11)
#define IDEV_CTRL_FRCDPX (1u << 12)
#define IDEV_CTRL_RST (1u << 26)
#define IDEV_CTRL_RFCE (1u << 27)
#define IDEV_CTRL_TFCE (1u << 28)
#define IDEV_CTRL_VME (1u << 30)
#define IDEV_CTRL_PHY_RST (1u << 31)

#define IDEV_STATUS_FD (1u << 0)
#define IDEV_STATUS_LU (1u << 1)
#define IDEV_STATUS_LAN_ID(port) ((port) << 2)
#define IDEV_STATUS_SPEED_SHIFT 6u
#define IDEV_STATUS_SPEED_1000 (2u << IDEV_STATUS_SPEED_SHIFT)
#define IDEV_STATUS_SPEED_MASK (3u << IDEV_STATUS_SPEED_SHIFT)
#define IDEV_STATUS_PHYRA (1u << 10)
#define IDEV_STATUS_GIO_MASTER (1u << 19)

#define IDEV_EECD_REQ (1u << 6)
#define IDEV_EECD_GNT (1u << 7)
#define IDEV_EECD_PRES (1u << 8)
#define IDEV_EECD_AUTO_RD (1u << 9)

#define IDEV_EERD_START (1u << 0)
#define IDEV_EERD_DONE (1u << 1)

#define IDEV_CTRL_EXT_RESERVED_74 (1u << 22) /* 82574: to be set */
#define IDEV_CTRL_EXT_EIAME (1u << 24)
#define IDEV_CTRL_EXT_EXT_VLAN (1u << 26) /* 82576 */
#define IDEV_NVM_INIT_CONTROL_3 0x24u
#define IDEV_CTRL_EXT_IAME (1u << 27)

#define IDEV_MDIC_WRITE (1u << 26)
#define IDEV_MDIC_READ (2u << 26)
#define IDEV_MDIC_READY (1u << 28)
#define IDEV_MDIC_INT (1u << 29)
#define IDEV_MDIC_ERROR (1u << 30)

/* RDTR, TIDV: tell at once what is held back. */
#define IDEV_DELAY_FPD (1u << 31)

#define IDEV_SWSM_SMBI (1u << 0)
#define IDEV_SWSM_SWESMBI (1u << 1)

/* 82574: who may use MDIC and the NVM. */
#define IDEV_EXTCNF_MDIO_SW (1u << 5)
#define IDEV_EXTCNF_MDIO_HW (1u << 6)

/* 82576: what software owns, a PHY for each port; the firmware's bits are 16 above. */
#define IDEV_SYNC_SW_PHY0 (1u << 1)
#define IDEV_SYNC_SW_PHY1 (1u << 2)
#define IDEV_SYNC_SW_PHY2 (1u << 5)
#define IDEV_SYNC_SW_PHY3 (1u << 6)
#define IDEV_SYNC_SW_MASK 0xffffu

#define IDEV_ICR_TXDW (1u << 0)
#define IDEV_ICR_TXQE (1u << 1)
#define IDEV_ICR_LSC (1u << 2)
#define IDEV_ICR_RXDMT0 (1u << 4)
#define IDEV_ICR_RXO (1u << 6)
#define IDEV_ICR_RXT0 (1u << 7)
#define IDEV_ICR_MDAC (1u << 9)
#define IDEV_ICR_RXQ0 (1u << 20) /* 82574, as the next four */
#define IDEV_ICR_TXQ0 (1u << 22)
#define IDEV_ICR_OTHER (1u << 24)
#define IDEV_ICR_ASSERTED (1u << 31)
/* What counts as "other" with MSI-X on the 82574. */
#define IDEV_ICR_OTHERS (IDEV_ICR_LSC | IDEV_ICR_RXO | IDEV_ICR_MDAC)

#define IDEV_GPIE_NSICR (1u << 0)
#define IDEV_GPIE_MSIX (1u << 4)
#define IDEV_GPIE_EIAME (1u << 30)
#define IDEV_GPIE_PBA (1u << 31)

#define IDEV_RCTL_EN (1u << 1)
#define IDEV_RCTL_UPE (1u << 3)
#define IDEV_RCTL_MPE (1u << 4)
#define IDEV_RCTL_LPE (1u << 5)
#define IDEV_RCTL_LBM_MASK (3u << 6)
#define IDEV_RCTL_LBM_MAC (1u << 6)
#define IDEV_RCTL_DTYP_MASK (3u << 10)
#define IDEV_RCTL_BAM (1u << 15)
#define IDEV_RCTL_VFE (1u << 18)
#define IDEV_RCTL_BSEX (1u << 25)
#define IDEV_RCTL_SECRC (1u << 26)

#define IDEV_TCTL_EN (1u << 1)
#define IDEV_TCTL_PSP (1u << 3)

#define IDEV_QCTL_ENABLE (1u << 25) /* 82576: RXDCTL, TXDCTL */

#define IDEV_SRRCTL_TYPE_MASK (7u << 25)
#define IDEV_SRRCTL_TYPE_ADV (1u << 25)
#define IDEV_SRRCTL_DROP_EN (1u << 31)

#define IDEV_RXCSUM_IPOFL (1u << 8)
#define IDEV_RXCSUM_TUOFL (1u << 9)
#define IDEV_RXCSUM_CRCOFL (1u << 11) /* 82576: SCTP */
#define IDEV_RXCSUM_PCSD (1u << 13)

#define IDEV_RFCTL_EXSTEN (1u << 15)

#define IDEV_RAH_AV (1u << 31)

#define IDEV_TXDCTL_COUNT (1u << 22) /* 82574: is to be set */

#define IDEV_TARC_ENABLE (1u << 10) /* 82574 */

#define IDEV_MRQC_TCPV4 (1u << 16)
#define IDEV_MRQC_IPV4 (1u << 17)
#define IDEV_MRQC_TCPV6EX (1u << 18) /* 82574: TCP over IPv6 */
#define IDEV_MRQC_IPV6EX (1u << 19)
#define IDEV_MRQC_IPV6 (1u << 20)
#define IDEV_MRQC_TCPV6 (1u << 21) /* 82576, as the next two */
#define IDEV_MRQC_UDPV4 (1u << 22)
#define IDEV_MRQC_UDPV6 (1u << 23)

/* Written back: type of the hash, in bits 3:0 of the first double word. */
#define IDEV_RSS_NONE 0u
#define IDEV_RSS_TCPV4 1u
#define IDEV_RSS_IPV4 2u
#define IDEV_RSS_TCPV6 3u
#define IDEV_RSS_IPV6EX 4u
#define IDEV_RSS_IPV6 5u
#define IDEV_RSS_UDPV4 7u
#define IDEV_RSS_UDPV6 8u

/* Status and errors of a received descriptor, its third double word. */
#define IDEV_RXD_DD (1u << 0)
#define IDEV_RXD_EOP (1u << 1)
#define IDEV_RXD_IXSM (1u << 2) /* 82574 */
#define IDEV_RXD_VP (1u << 3)
#define IDEV_RXD_UDPCS (1u << 4)
#define IDEV_RXD_L4CS (1u << 5)
#define IDEV_RXD_IPCS (1u << 6)
#define IDEV_RXD_PIF (1u << 7)
#define IDEV_RXD_L4E (1u << 29)
#define IDEV_RXD_IPE (1u << 30)
#define IDEV_RXD_RXE (1u << 31)

/* 82576: types of packets, from bit 4 of the first double word. */
#define IDEV_PTYPE_IPV4 (1u << 4)
#define IDEV_PTYPE_IPV6 (1u << 6)
#define IDEV_PTYPE_TCP (1u << 8)
#define IDEV_PTYPE_UDP (1u << 9)
#define IDEV_PTYPE_SCTP (1u << 10)

/* Third double word of a descriptor to be sent. */
#define IDEV_TXD_EOP (1u << 24)
#define IDEV_TXD_IFCS (1u << 25)
#define IDEV_TXD_IC (1u << 26)     /* 82574, legacy */
#define IDEV_TXD_TSE_74 (1u << 26) /* 82574, extended */
#define IDEV_TXD_RS (1u << 27)
#define IDEV_TXD_DEXT (1u << 29)
#define IDEV_TXD_VLE (1u << 30)
#define IDEV_TXD_IDE (1u << 31) /* 82574 */
#define IDEV_TXD_TSE_76 (1u << 31)
#define IDEV_TXD_TYPE(dw) ((dw) >> 20 & 15u)
#define IDEV_TXD_CONTEXT_74 0u
#define IDEV_TXD_DATA_74 1u
#define IDEV_TXD_CONTEXT_76 2u
#define IDEV_TXD_DATA_76 3u
/* Of an 82574's context. */
#define IDEV_TXC_TCP (1u << 24)
#define IDEV_TXC_IPV4_74 (1u << 25)
#define IDEV_TXC_TSE (1u << 26)
/* Of an 82576's context. */
#define IDEV_TXC_IPV4_76 (1u << 10)
#define IDEV_TXC_L4(dw) ((dw) >> 11 & 3u)
#define IDEV_TXC_L4_UDP 0u
#define IDEV_TXC_L4_TCP 1u
#define IDEV_TXC_L4_SCTP 2u

/* Fourth double word. */
#define IDEV_TXD_DD (1u << 0)
#define IDEV_TXD_IXSM (1u << 8)
#define IDEV_TXD_TXSM (1u << 9)

#endif
