/* SPDX-License-Identifier: BSD-3-Clause */
/* The fields of the registers that intel_regtable.c shows. */
#ifndef INTEL_REG_FIELDS_H
#define INTEL_REG_FIELDS_H

#include "drivers/intel/e1000e/e1000e_regs.h"
#include "drivers/intel/igb/igb_regs.h"
#include "drivers/intel/intel_nvm.h"

#include <fastnic/regs.h>

/* A field that the drivers have a mask of. */
#define BITS(name, mask)                                            \
	{                                                           \
		name, __builtin_ctz(mask), __builtin_popcount(mask) \
	}

/* Fields, by the names that the data sheets have for them; what is reserved is left out. */
static const struct fn_reg_field ctrl[] = {
	BITS("FD", INTEL_CTRL_FD),
	BITS("GIO_MASTER_DISABLE", INTEL_CTRL_MASTER_DISABLE),
	{ "ASDE", 5, 1 },
	BITS("SLU", INTEL_CTRL_SLU),
	BITS("ILOS", INTEL_CTRL_ILOS),
	BITS("SPEED", INTEL_CTRL_SPEED_MASK),
	BITS("FRCSPD", INTEL_CTRL_FRCSPD),
	BITS("FRCDPX", INTEL_CTRL_FRCDPX),
	{ "ADVD3WUC", 20, 1 },
	BITS("RST", INTEL_CTRL_RST),
	BITS("RFCE", INTEL_CTRL_RFCE),
	BITS("TFCE", INTEL_CTRL_TFCE),
	BITS("VME", INTEL_CTRL_VME),
	{ "PHY_RST", 31, 1 },
};
static const struct fn_reg_field status[] = {
	BITS("FD", INTEL_STATUS_FD),
	BITS("LU", INTEL_STATUS_LU),
	BITS("LAN_ID", INTEL_STATUS_LAN_ID_MASK << INTEL_STATUS_LAN_ID_SHIFT),
	{ "TXOFF", 4, 1 },
	BITS("SPEED", INTEL_STATUS_SPEED_MASK),
	{ "ASDV", 8, 2 },
	{ "PHYRA", 10, 1 },
	BITS("GIO_MASTER_ENABLE", INTEL_STATUS_MASTER),
};
static const struct fn_reg_field eecd[] = {
	{ "SK", 0, 1 },
	{ "CS", 1, 1 },
	{ "DI", 2, 1 },
	{ "DO", 3, 1 },
	{ "REQ", 6, 1 },
	{ "GNT", 7, 1 },
	BITS("PRES", INTEL_EECD_PRES),
	BITS("AUTO_RD", INTEL_EECD_AUTO_RD),
	BITS("SIZE", INTEL_EECD_SIZE_MASK << INTEL_EECD_SIZE_SHIFT),
};
static const struct fn_reg_field eerd[] = {
	BITS("START", INTEL_EERD_START),
	BITS("DONE", INTEL_EERD_DONE),
	{ "ADDR", 2, 14 },
	{ "DATA", 16, 16 },
};
static const struct fn_reg_field ctrl_ext_82574[] = {
	{ "ASDCHK", 12, 1 },
	{ "EE_RST", 13, 1 },
	{ "SPD_BYPS", 15, 1 },
	BITS("EIAME", E1000E_CTRL_EXT_EIAME),
	{ "IAME", 27, 1 },
	BITS("DRV_LOAD", INTEL_CTRL_EXT_DRV_LOAD),
	BITS("PBA_CLR", E1000E_CTRL_EXT_PBA_CLR),
};
static const struct fn_reg_field ctrl_ext_82576[] = {
	{ "EE_RST", 13, 1 },    { "SPD_BYPS", 15, 1 }, { "RO_DIS", 17, 1 },
	{ "LINK_MODE", 22, 2 }, { "EIAME", 24, 1 },    BITS("DRV_LOAD", INTEL_CTRL_EXT_DRV_LOAD),
};
static const struct fn_reg_field mdic[] = {
	{ "DATA", 0, 16 }, { "REGADD", 16, 5 }, { "PHYADD", 21, 5 }, { "OP", 26, 2 },
	{ "R", 28, 1 },    { "I", 29, 1 },      { "E", 30, 1 },
};
static const struct fn_reg_field vet_82576[] = {
	{ "VET", 0, 16 },
	{ "VET_EXT", 16, 16 },
};
static const struct fn_reg_field ledctl_82574[] = {
	{ "LED0_MODE", 0, 4 },   { "GLOBAL_BLINK", 5, 1 }, { "LED0_IVRT", 6, 1 },
	{ "LED0_BLINK", 7, 1 },  { "LED1_MODE", 8, 4 },    { "LED1_IVRT", 14, 1 },
	{ "LED1_BLINK", 15, 1 }, { "LED2_MODE", 16, 4 },   { "LED2_IVRT", 22, 1 },
	{ "LED2_BLINK", 23, 1 },
};
static const struct fn_reg_field ledctl_82576[] = {
	{ "LED0_MODE", 0, 4 },   { "GLOBAL_BLINK", 5, 1 }, { "LED0_IVRT", 6, 1 },
	{ "LED0_BLINK", 7, 1 },  { "LED1_MODE", 8, 4 },    { "LED1_IVRT", 14, 1 },
	{ "LED1_BLINK", 15, 1 }, { "LED2_MODE", 16, 4 },   { "LED2_IVRT", 22, 1 },
	{ "LED2_BLINK", 23, 1 }, { "LED3_MODE", 24, 4 },   { "LED3_IVRT", 30, 1 },
	{ "LED3_BLINK", 31, 1 },
};
static const struct fn_reg_field extcnf_ctrl[] = {
	{ "MDIO_SW", 5, 1 },
	{ "MDIO_HW", 6, 1 },
	{ "MDIO_MNG", 7, 1 },
};
static const struct fn_reg_field pba[] = {
	{ "RXA", 0, 16 },
	{ "TXA", 16, 16 },
};
static const struct fn_reg_field causes_82574[] = {
	{ "TXDW", 0, 1 },
	{ "TXQE", 1, 1 },
	BITS("LSC", INTEL_ICR_LSC),
	{ "RXDMT0", 4, 1 },
	BITS("RXO", INTEL_ICR_RXO),
	{ "RXT0", 7, 1 },
	{ "MDAC", 9, 1 },
	{ "TXD_LOW", 15, 1 },
	{ "SRPD", 16, 1 },
	{ "ACK", 17, 1 },
	{ "MNG", 18, 1 },
	BITS("RXQ0", E1000E_ICR_RXQ(0)),
	BITS("RXQ1", E1000E_ICR_RXQ(1)),
	BITS("TXQ0", E1000E_ICR_TXQ(0)),
	BITS("TXQ1", E1000E_ICR_TXQ(1)),
	BITS("OTHER", E1000E_ICR_OTHER),
};
static const struct fn_reg_field causes_82576[] = {
	{ "TXDW", 0, 1 },           BITS("LSC", INTEL_ICR_LSC), { "RXDMT0", 4, 1 },
	BITS("RXO", INTEL_ICR_RXO), { "RXDW", 7, 1 },           { "VMMB", 8, 1 },
	{ "SWD", 12, 1 },           { "MNG", 18, 1 },           { "TIME_SYNC", 19, 1 },
	{ "FER", 22, 1 },           { "DOUTSYNC", 28, 1 },      { "DRSTA", 30, 1 },
};
static const struct fn_reg_field ivar_82574[] = {
	{ "RXQ0", 0, 4 },  { "RXQ1", 4, 4 },   { "TXQ0", 8, 4 },
	{ "TXQ1", 12, 4 }, { "OTHER", 16, 4 }, BITS("TX_EACH", E1000E_IVAR_TX_EACH),
};
static const struct fn_reg_field ivar_82576[] = {
	{ "RX_LOW", 0, 5 },        { "RX_LOW_VALID", 7, 1 },   { "TX_LOW", 8, 5 },
	{ "TX_LOW_VALID", 15, 1 }, { "RX_HIGH", 16, 5 },       { "RX_HIGH_VALID", 23, 1 },
	{ "TX_HIGH", 24, 5 },      { "TX_HIGH_VALID", 31, 1 },
};
static const struct fn_reg_field ivar_misc[] = {
	{ "TCP_TIMER", 0, 5 },
	{ "TCP_TIMER_VALID", 7, 1 },
	{ "OTHER", 8, 5 },
	{ "OTHER_VALID", 15, 1 },
};
static const struct fn_reg_field gpie[] = {
	BITS("NSICR", IGB_GPIE_NSICR),     BITS("MULTIPLE_MSIX", IGB_GPIE_MSIX),
	{ "LL_INTERVAL", 7, 5 },           BITS("EIAME", IGB_GPIE_EIAME),
	BITS("PBA_SUPPORT", IGB_GPIE_PBA),
};
static const struct fn_reg_field eitr_82574[] = {
	BITS("INTERVAL", E1000E_EITR_MAX),
};
static const struct fn_reg_field eitr_82576[] = {
	BITS("INTERVAL", IGB_EITR_US(IGB_EITR_US_MAX)),
	{ "LLI_EN", 15, 1 },
	{ "LL_COUNTER", 16, 5 },
	{ "COUNTER", 21, 10 },
	{ "CNT_INGR", 31, 1 },
};
static const struct fn_reg_field rctl[] = {
	BITS("EN", INTEL_RCTL_EN),
	{ "SBP", 2, 1 },
	BITS("UPE", INTEL_RCTL_UPE),
	BITS("MPE", INTEL_RCTL_MPE),
	BITS("LPE", INTEL_RCTL_LPE),
	{ "LBM", 6, 2 },
	{ "RDMTS", 8, 2 },
	{ "MO", 12, 2 },
	BITS("BAM", INTEL_RCTL_BAM),
	{ "BSIZE", 16, 2 },
	BITS("VFE", INTEL_RCTL_VFE),
	{ "CFIEN", 19, 1 },
	{ "CFI", 20, 1 },
	{ "DPF", 22, 1 },
	{ "PMCF", 23, 1 },
	{ "BSEX", 25, 1 },
	BITS("SECRC", INTEL_RCTL_SECRC),
};
static const struct fn_reg_field rxcsum[] = {
	{ "PCSS", 0, 8 },
	BITS("IPOFLD", INTEL_RXCSUM_IPOFL),
	BITS("TUOFLD", INTEL_RXCSUM_TUOFL),
	BITS("CRCOFL", IGB_RXCSUM_CRCOFL),
	{ "IPPCSE", 12, 1 },
	BITS("PCSD", INTEL_RXCSUM_PCSD),
};
static const struct fn_reg_field rfctl[] = {
	BITS("ISCSI_DIS", INTEL_RFCTL_ISCSI_DIS),
	BITS("NFSW_DIS", INTEL_RFCTL_NFSW_DIS),
	BITS("NFSR_DIS", INTEL_RFCTL_NFSR_DIS),
	{ "NFS_VER", 8, 2 },
	{ "IPV6_DIS", 10, 1 },
	BITS("ACKDIS", E1000E_RFCTL_ACK_DIS),
	{ "ACKD_DIS", 13, 1 },
	{ "IPFRSP_DIS", 14, 1 },
	BITS("EXSTEN", E1000E_RFCTL_EXSTEN),
	BITS("IPV6_EX_DIS", INTEL_RFCTL_IPV6_EX_DIS),
};
static const struct fn_reg_field fcrtl[] = {
	{ "RTL", 3, 13 },
	{ "XONE", 31, 1 },
};
static const struct fn_reg_field mrqc_82574[] = {
	{ "ENABLE", 0, 2 },
	BITS("TCPIPV4", INTEL_MRQC_TCP4),
	BITS("IPV4", INTEL_MRQC_IPV4),
	BITS("TCPIPV6", E1000E_MRQC_TCP6),
	{ "IPV6EX", 19, 1 },
	BITS("IPV6", INTEL_MRQC_IPV6),
};
static const struct fn_reg_field mrqc_82576[] = {
	{ "ENABLE", 0, 3 },
	{ "DEF_Q", 3, 3 },
	BITS("TCPIPV4", INTEL_MRQC_TCP4),
	BITS("IPV4", INTEL_MRQC_IPV4),
	BITS("TCPIPV6EX", IGB_MRQC_TCP6_EX),
	{ "IPV6EX", 19, 1 },
	BITS("IPV6", INTEL_MRQC_IPV6),
	BITS("TCPIPV6", IGB_MRQC_TCP6),
	BITS("UDPIPV4", IGB_MRQC_UDP4),
	BITS("UDPIPV6", IGB_MRQC_UDP6),
};
static const struct fn_reg_field rah[] = {
	{ "RAH", 0, 16 },
	{ "AS", 16, 2 },
	{ "POOL", 18, 8 },
	BITS("AV", INTEL_RAH_AV),
};
static const struct fn_reg_field srrctl[] = {
	{ "BSIZEPACKET", 0, 7 },
	{ "BSIZEHEADER", 8, 4 },
	{ "RDMTS", 20, 5 },
	{ "DESCTYPE", 25, 3 },
	BITS("DROP_EN", IGB_SRRCTL_DROP_EN),
};
static const struct fn_reg_field dctl_82574[] = {
	BITS("PTHRESH", E1000E_DCTL_PTHRESH(0x3fu)),
	BITS("HTHRESH", E1000E_DCTL_HTHRESH(0x3fu)),
	BITS("WTHRESH", E1000E_DCTL_WTHRESH(0x3fu)),
	BITS("GRAN", E1000E_DCTL_GRAN),
};
static const struct fn_reg_field dctl_82576[] = {
	BITS("PTHRESH", IGB_DCTL_PTHRESH(0x1fu)),
	BITS("HTHRESH", IGB_DCTL_HTHRESH(0x1fu)),
	BITS("WTHRESH", IGB_DCTL_WTHRESH(0x1fu)),
	BITS("ENABLE", IGB_DCTL_ENABLE),
	{ "SWFLUSH", 26, 1 },
};
static const struct fn_reg_field tctl[] = {
	BITS("EN", INTEL_TCTL_EN),
	BITS("PSP", INTEL_TCTL_PSP),
	BITS("CT", INTEL_TCTL_CT_MASK),
	BITS("COLD", E1000E_TCTL_COLD_MASK),
	{ "SWXOFF", 22, 1 },
	BITS("RTLC", INTEL_TCTL_RTLC),
};
static const struct fn_reg_field tipg[] = {
	{ "IPGT", 0, 10 },
	{ "IPGR1", 10, 10 },
	{ "IPGR2", 20, 10 },
};
static const struct fn_reg_field tarc[] = {
	{ "COUNT", 0, 7 },
	BITS("ENABLE", E1000E_TARC_ENABLE),
};
static const struct fn_reg_field tdwbal[] = {
	{ "HEAD_WB_EN", 0, 1 },
	{ "WB_ON_EITR", 1, 1 },
	{ "HEADWB_LOW", 2, 30 },
};
static const struct fn_reg_field wuc[] = {
	{ "APME", 0, 1 },
	{ "PME_EN", 1, 1 },
	{ "PME_STATUS", 2, 1 },
};
static const struct fn_reg_field fwsm[] = {
	{ "MODE", 1, 3 },
	{ "VALID", 15, 1 },
};
static const struct fn_reg_field sw_fw_sync[] = {
	{ "SW_EEP_SM", 0, 1 },     { "SW_PHY_SM0", 1, 1 },     { "SW_PHY_SM1", 2, 1 },
	{ "SW_MAC_CSR_SM", 3, 1 }, { "FW_EEP_SM", 16, 1 },     { "FW_PHY_SM0", 17, 1 },
	{ "FW_PHY_SM1", 18, 1 },   { "FW_MAC_CSR_SM", 19, 1 },
};

#endif
