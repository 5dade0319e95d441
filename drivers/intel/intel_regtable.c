// SPDX-License-Identifier: BSD-3-Clause
/* The registers of a port, for people who look at them. */
#include "drivers/intel/intel_regtable.h"
#include "drivers/intel/intel.h"

/* Fields, by the names that the data sheets have for them; what is reserved is left out. */
static const struct fn_reg_field ctrl[] = {
	{ "FD", 0, 1 },        { "GIO_MASTER_DISABLE", 2, 1 },
	{ "ASDE", 5, 1 },      { "SLU", 6, 1 },
	{ "ILOS", 7, 1 },      { "SPEED", 8, 2 },
	{ "FRCSPD", 11, 1 },   { "FRCDPX", 12, 1 },
	{ "ADVD3WUC", 20, 1 }, { "RST", 26, 1 },
	{ "RFCE", 27, 1 },     { "TFCE", 28, 1 },
	{ "VME", 30, 1 },      { "PHY_RST", 31, 1 },
};
static const struct fn_reg_field status[] = {
	{ "FD", 0, 1 },    { "LU", 1, 1 },   { "LAN_ID", 2, 2 }, { "TXOFF", 4, 1 },
	{ "SPEED", 6, 2 }, { "ASDV", 8, 2 }, { "PHYRA", 10, 1 }, { "GIO_MASTER_ENABLE", 19, 1 },
};
static const struct fn_reg_field eecd[] = {
	{ "SK", 0, 1 },  { "CS", 1, 1 },   { "DI", 2, 1 },      { "DO", 3, 1 },    { "REQ", 6, 1 },
	{ "GNT", 7, 1 }, { "PRES", 8, 1 }, { "AUTO_RD", 9, 1 }, { "SIZE", 11, 4 },
};
static const struct fn_reg_field eerd[] = {
	{ "START", 0, 1 },
	{ "DONE", 1, 1 },
	{ "ADDR", 2, 14 },
	{ "DATA", 16, 16 },
};
static const struct fn_reg_field ctrl_ext_82574[] = {
	{ "ASDCHK", 12, 1 }, { "EE_RST", 13, 1 },   { "SPD_BYPS", 15, 1 }, { "EIAME", 24, 1 },
	{ "IAME", 27, 1 },   { "DRV_LOAD", 28, 1 }, { "PBA_CLR", 31, 1 },
};
static const struct fn_reg_field ctrl_ext_82576[] = {
	{ "EE_RST", 13, 1 }, { "SPD_BYPS", 15, 1 }, { "RO_DIS", 17, 1 },   { "LINK_MODE", 22, 2 },
	{ "EIAME", 24, 1 },  { "EXT_VLAN", 26, 1 }, { "DRV_LOAD", 28, 1 },
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
	{ "TXDW", 0, 1 },  { "TXQE", 1, 1 },  { "LSC", 2, 1 },   { "RXDMT0", 4, 1 },
	{ "RXO", 6, 1 },   { "RXT0", 7, 1 },  { "MDAC", 9, 1 },  { "TXD_LOW", 15, 1 },
	{ "SRPD", 16, 1 }, { "ACK", 17, 1 },  { "MNG", 18, 1 },  { "RXQ0", 20, 1 },
	{ "RXQ1", 21, 1 }, { "TXQ0", 22, 1 }, { "TXQ1", 23, 1 }, { "OTHER", 24, 1 },
};
static const struct fn_reg_field causes_82576[] = {
	{ "TXDW", 0, 1 },       { "LSC", 2, 1 },  { "RXDMT0", 4, 1 },    { "RXO", 6, 1 },
	{ "RXDW", 7, 1 },       { "VMMB", 8, 1 }, { "SWD", 12, 1 },      { "MNG", 18, 1 },
	{ "TIME_SYNC", 19, 1 }, { "FER", 22, 1 }, { "DOUTSYNC", 28, 1 }, { "DRSTA", 30, 1 },
};
static const struct fn_reg_field ivar_82574[] = {
	{ "RXQ0", 0, 4 },  { "RXQ1", 4, 4 },   { "TXQ0", 8, 4 },
	{ "TXQ1", 12, 4 }, { "OTHER", 16, 4 }, { "TX_EACH", 31, 1 },
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
	{ "NSICR", 0, 1 },  { "MULTIPLE_MSIX", 4, 1 }, { "LL_INTERVAL", 7, 5 },
	{ "EIAME", 30, 1 }, { "PBA_SUPPORT", 31, 1 },
};
static const struct fn_reg_field eitr_82574[] = {
	{ "INTERVAL", 0, 16 },
};
static const struct fn_reg_field eitr_82576[] = {
	{ "INTERVAL", 2, 13 }, { "LLI_EN", 15, 1 },   { "LL_COUNTER", 16, 5 },
	{ "COUNTER", 21, 10 }, { "CNT_INGR", 31, 1 },
};
static const struct fn_reg_field rctl[] = {
	{ "EN", 1, 1 },     { "SBP", 2, 1 },    { "UPE", 3, 1 },   { "MPE", 4, 1 },
	{ "LPE", 5, 1 },    { "LBM", 6, 2 },    { "RDMTS", 8, 2 }, { "MO", 12, 2 },
	{ "BAM", 15, 1 },   { "BSIZE", 16, 2 }, { "VFE", 18, 1 },  { "CFIEN", 19, 1 },
	{ "CFI", 20, 1 },   { "DPF", 22, 1 },   { "PMCF", 23, 1 }, { "BSEX", 25, 1 },
	{ "SECRC", 26, 1 },
};
static const struct fn_reg_field rxcsum[] = {
	{ "PCSS", 0, 8 },    { "IPOFLD", 8, 1 },  { "TUOFLD", 9, 1 },
	{ "CRCOFL", 11, 1 }, { "IPPCSE", 12, 1 }, { "PCSD", 13, 1 },
};
static const struct fn_reg_field rfctl[] = {
	{ "ISCSI_DIS", 0, 1 },    { "NFSW_DIS", 6, 1 },    { "NFSR_DIS", 7, 1 },
	{ "NFS_VER", 8, 2 },      { "IPV6_DIS", 10, 1 },   { "ACKDIS", 12, 1 },
	{ "ACKD_DIS", 13, 1 },    { "IPFRSP_DIS", 14, 1 }, { "EXSTEN", 15, 1 },
	{ "IPV6_EX_DIS", 16, 1 },
};
static const struct fn_reg_field fcrtl[] = {
	{ "RTL", 3, 13 },
	{ "XONE", 31, 1 },
};
static const struct fn_reg_field mrqc_82574[] = {
	{ "ENABLE", 0, 2 },   { "TCPIPV4", 16, 1 }, { "IPV4", 17, 1 },
	{ "TCPIPV6", 18, 1 }, { "IPV6EX", 19, 1 },  { "IPV6", 20, 1 },
};
static const struct fn_reg_field mrqc_82576[] = {
	{ "ENABLE", 0, 3 },     { "DEF_Q", 3, 3 },    { "TCPIPV4", 16, 1 }, { "IPV4", 17, 1 },
	{ "TCPIPV6EX", 18, 1 }, { "IPV6EX", 19, 1 },  { "IPV6", 20, 1 },    { "TCPIPV6", 21, 1 },
	{ "UDPIPV4", 22, 1 },   { "UDPIPV6", 23, 1 },
};
static const struct fn_reg_field rah[] = {
	{ "RAH", 0, 16 },
	{ "AS", 16, 2 },
	{ "POOL", 18, 8 },
	{ "AV", 31, 1 },
};
static const struct fn_reg_field srrctl[] = {
	{ "BSIZEPACKET", 0, 7 }, { "BSIZEHEADER", 8, 4 }, { "RDMTS", 20, 5 },
	{ "DESCTYPE", 25, 3 },   { "DROP_EN", 31, 1 },
};
static const struct fn_reg_field dctl_82574[] = {
	{ "PTHRESH", 0, 6 },
	{ "HTHRESH", 8, 6 },
	{ "WTHRESH", 16, 6 },
	{ "GRAN", 24, 1 },
};
static const struct fn_reg_field dctl_82576[] = {
	{ "PTHRESH", 0, 5 }, { "HTHRESH", 8, 5 },  { "WTHRESH", 16, 5 },
	{ "ENABLE", 25, 1 }, { "SWFLUSH", 26, 1 },
};
static const struct fn_reg_field tctl[] = {
	{ "EN", 1, 1 },     { "PSP", 3, 1 },     { "CT", 4, 8 },
	{ "COLD", 12, 10 }, { "SWXOFF", 22, 1 }, { "RTLC", 24, 1 },
};
static const struct fn_reg_field tipg[] = {
	{ "IPGT", 0, 10 },
	{ "IPGR1", 10, 10 },
	{ "IPGR2", 20, 10 },
};
static const struct fn_reg_field tarc[] = {
	{ "COUNT", 0, 7 },
	{ "ENABLE", 10, 1 },
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

#define NUMBER NULL, 0
#define FIELDS(array) array, FN_ARRAY_LEN(array)
#define REG(name, offset, section, ...)             \
	{                                           \
		name, section, __VA_ARGS__, offset, \
	}

/* One of several: its number stands in the source as it stands in the name. */
#define REG_N(name, n, offset, section, ...) REG(name #n, offset, section, __VA_ARGS__)

#define TIMES_2(X) X(0), X(1)
#define TIMES_8(X) TIMES_2(X), X(2), X(3), X(4), X(5), X(6), X(7)
#define TIMES_10(X) TIMES_8(X), X(8), X(9)
#define TIMES_16(X) TIMES_10(X), X(10), X(11), X(12), X(13), X(14), X(15)
#define TIMES_24(X) TIMES_16(X), X(16), X(17), X(18), X(19), X(20), X(21), X(22), X(23)
#define TIMES_32(X) TIMES_24(X), X(24), X(25), X(26), X(27), X(28), X(29), X(30), X(31)

/* Tables that both have: addresses, and RSS. */
#define RX_ADDRESS(n, section)                          \
	REG_N("RAL", n, INTEL_RAL(n), section, NUMBER), \
		REG_N("RAH", n, INTEL_RAH(n), section, FIELDS(rah))
#define RX_ADDRESS_82574(n) RX_ADDRESS(n, "82574 10.2.5")
#define RX_ADDRESS_82576(n) RX_ADDRESS(n, "82576 8.10")
#define RETA_82574(n) REG_N("RETA", n, INTEL_RETA + 4 * (n), "82574 10.2.5", NUMBER)
#define RETA_82576(n) REG_N("RETA", n, INTEL_RETA + 4 * (n), "82576 8.10", NUMBER)
#define RSSRK_82574(n) REG_N("RSSRK", n, INTEL_RSSRK + 4 * (n), "82574 10.2.5", NUMBER)
#define RSSRK_82576(n) REG_N("RSSRK", n, INTEL_RSSRK + 4 * (n), "82576 8.10", NUMBER)

#define EITR_82574(n) REG_N("EITR", n, 0x000e8 + 4 * (n), "82574 10.2.4.3", FIELDS(eitr_82574))
#define EITR_82576(n) REG_N("EITR", n, 0x01680 + 4 * (n), "82576 8.8", FIELDS(eitr_82576))
#define IVAR_82576(n) REG_N("IVAR", n, 0x01700 + 4 * (n), "82576 8.8", FIELDS(ivar_82576))

#define RXQ_82574(n)                                                              \
	REG_N("RDBAL", n, 0x02800 + 0x100 * (n), "82574 10.2.5", NUMBER),         \
		REG_N("RDBAH", n, 0x02804 + 0x100 * (n), "82574 10.2.5", NUMBER), \
		REG_N("RDLEN", n, 0x02808 + 0x100 * (n), "82574 10.2.5", NUMBER), \
		REG_N("RDH", n, 0x02810 + 0x100 * (n), "82574 10.2.5", NUMBER),   \
		REG_N("RDT", n, 0x02818 + 0x100 * (n), "82574 10.2.5", NUMBER),   \
		REG_N("RXDCTL", n, 0x02828 + 0x100 * (n), "82574 10.2.5", FIELDS(dctl_82574))
#define TXQ_82574(n)                                                                           \
	REG_N("TDBAL", n, 0x03800 + 0x100 * (n), "82574 10.2.6", NUMBER),                      \
		REG_N("TDBAH", n, 0x03804 + 0x100 * (n), "82574 10.2.6", NUMBER),              \
		REG_N("TDLEN", n, 0x03808 + 0x100 * (n), "82574 10.2.6", NUMBER),              \
		REG_N("TDH", n, 0x03810 + 0x100 * (n), "82574 10.2.6", NUMBER),                \
		REG_N("TDT", n, 0x03818 + 0x100 * (n), "82574 10.2.6", NUMBER),                \
		REG_N("TXDCTL", n, 0x03828 + 0x100 * (n), "82574 10.2.6", FIELDS(dctl_82574)), \
		REG_N("TARC", n, 0x03840 + 0x100 * (n), "82574 10.2.6", FIELDS(tarc))
#define RXQ_82576(n)                                                                      \
	REG_N("RDBAL", n, 0x0c000 + 0x40 * (n), "82576 8.10", NUMBER),                    \
		REG_N("RDBAH", n, 0x0c004 + 0x40 * (n), "82576 8.10", NUMBER),            \
		REG_N("RDLEN", n, 0x0c008 + 0x40 * (n), "82576 8.10", NUMBER),            \
		REG_N("SRRCTL", n, 0x0c00c + 0x40 * (n), "82576 8.10.2", FIELDS(srrctl)), \
		REG_N("RDH", n, 0x0c010 + 0x40 * (n), "82576 8.10", NUMBER),              \
		REG_N("RDT", n, 0x0c018 + 0x40 * (n), "82576 8.10", NUMBER),              \
		REG_N("RXDCTL", n, 0x0c028 + 0x40 * (n), "82576 8.10", FIELDS(dctl_82576))
#define TXQ_82576(n)                                                                        \
	REG_N("TDBAL", n, 0x0e000 + 0x40 * (n), "82576 8.12", NUMBER),                      \
		REG_N("TDBAH", n, 0x0e004 + 0x40 * (n), "82576 8.12", NUMBER),              \
		REG_N("TDLEN", n, 0x0e008 + 0x40 * (n), "82576 8.12", NUMBER),              \
		REG_N("TDH", n, 0x0e010 + 0x40 * (n), "82576 8.12", NUMBER),                \
		REG_N("TDT", n, 0x0e018 + 0x40 * (n), "82576 8.12", NUMBER),                \
		REG_N("TXDCTL", n, 0x0e028 + 0x40 * (n), "82576 8.12", FIELDS(dctl_82576)), \
		REG_N("TDWBAL", n, 0x0e038 + 0x40 * (n), "82576 8.12", FIELDS(tdwbal)),     \
		REG_N("TDWBAH", n, 0x0e03c + 0x40 * (n), "82576 8.12", NUMBER)

const struct fn_reg_desc intel_regs_82574[] = {
	REG("CTRL", 0x00000, "82574 10.2.2.1", FIELDS(ctrl)),
	REG("STATUS", 0x00008, "82574 10.2.2.2", FIELDS(status)),
	REG("EECD", 0x00010, "82574 10.2.2.3", FIELDS(eecd)),
	REG("EERD", 0x00014, "82574 10.2.2.4", FIELDS(eerd)),
	REG("CTRL_EXT", 0x00018, "82574 10.2.2.5", FIELDS(ctrl_ext_82574)),
	REG("MDIC", 0x00020, "82574 10.2.2.7", FIELDS(mdic)),
	REG("FCAL", 0x00028, "82574 10.2.2", NUMBER),
	REG("FCAH", 0x0002c, "82574 10.2.2", NUMBER),
	REG("FCT", 0x00030, "82574 10.2.2", NUMBER),
	REG("VET", 0x00038, "82574 10.2.2", NUMBER),
	REG("FCTTV", 0x00170, "82574 10.2", NUMBER),
	REG("LEDCTL", 0x00e00, "82574 10.2", FIELDS(ledctl_82574)),
	REG("EXTCNF_CTRL", 0x00f00, "82574 10.2", FIELDS(extcnf_ctrl)),
	REG("PBA", 0x01000, "82574 10.2", FIELDS(pba)),
	REG("PBS", 0x01008, "82574 10.2", NUMBER),
	REG("GCR", 0x05b00, "82574 10.2", NUMBER),
	REG("FACTPS", 0x05b30, "82574 10.2", NUMBER),
	REG("GCR2", 0x05b64, "82574 10.2", NUMBER),
	REG("ITR", 0x000c4, "82574 10.2.4.2", FIELDS(eitr_82574)),
	REG("IMS", 0x000d0, "82574 10.2.4", FIELDS(causes_82574)),
	REG("EIAC", 0x000dc, "82574 10.2.4", FIELDS(causes_82574)),
	REG("IAM", 0x000e0, "82574 10.2.4", FIELDS(causes_82574)),
	REG("IVAR", 0x000e4, "82574 10.2.4.9", FIELDS(ivar_82574)),
	TIMES_2(EITR_82574),
	EITR_82574(2),
	EITR_82574(3),
	EITR_82574(4),
	REG("RCTL", 0x00100, "82574 10.2.5.1", FIELDS(rctl)),
	REG("FCRTL", 0x02160, "82574 10.2.5", FIELDS(fcrtl)),
	REG("FCRTH", 0x02168, "82574 10.2.5", NUMBER),
	REG("PSRCTL", 0x02170, "82574 10.2.5", NUMBER),
	TIMES_2(RXQ_82574),
	REG("RDTR", 0x02820, "82574 10.2.5", NUMBER),
	REG("RADV", 0x0282c, "82574 10.2.5", NUMBER),
	REG("RXCSUM", 0x05000, "82574 10.2.5", FIELDS(rxcsum)),
	REG("RFCTL", 0x05008, "82574 10.2.5", FIELDS(rfctl)),
	REG("MRQC", 0x05818, "82574 10.2.5", FIELDS(mrqc_82574)),
	TIMES_16(RX_ADDRESS_82574),
	TIMES_32(RETA_82574),
	TIMES_10(RSSRK_82574),
	REG("TCTL", 0x00400, "82574 10.2.6.1", FIELDS(tctl)),
	REG("TIPG", 0x00410, "82574 10.2.6", FIELDS(tipg)),
	REG("TIDV", 0x03820, "82574 10.2.6", NUMBER),
	REG("TADV", 0x0382c, "82574 10.2.6", NUMBER),
	TIMES_2(TXQ_82574),
	REG("WUC", 0x05800, "82574 10.2", FIELDS(wuc)),
	REG("WUFC", 0x05808, "82574 10.2", NUMBER),
	REG("MANC", 0x05820, "82574 10.2", NUMBER),
};

const struct fn_reg_desc intel_regs_82576[] = {
	REG("CTRL", 0x00000, "82576 8.2.1", FIELDS(ctrl)),
	REG("STATUS", 0x00008, "82576 8.2.2", FIELDS(status)),
	REG("CTRL_EXT", 0x00018, "82576 8.2.3", FIELDS(ctrl_ext_82576)),
	REG("MDIC", 0x00020, "82576 8.2.4", FIELDS(mdic)),
	REG("VET", 0x00038, "82576 8.2", FIELDS(vet_82576)),
	REG("LEDCTL", 0x00e00, "82576 8.2", FIELDS(ledctl_82576)),
	REG("RXPBS", 0x02404, "82576 8.3", NUMBER),
	REG("TXPBS", 0x03404, "82576 8.3", NUMBER),
	REG("EECD", 0x00010, "82576 8.4", FIELDS(eecd)),
	REG("EERD", 0x00014, "82576 8.4", FIELDS(eerd)),
	REG("FCAL", 0x00028, "82576 8.5", NUMBER),
	REG("FCAH", 0x0002c, "82576 8.5", NUMBER),
	REG("FCT", 0x00030, "82576 8.5", NUMBER),
	REG("FCTTV", 0x00170, "82576 8.5", NUMBER),
	REG("FCRTL0", 0x02160, "82576 8.5", FIELDS(fcrtl)),
	REG("FCRTH0", 0x02168, "82576 8.5", NUMBER),
	REG("GCR", 0x05b00, "82576 8.6", NUMBER),
	REG("FACTPS", 0x05b30, "82576 8.6", NUMBER),
	REG("FWSM", 0x05b54, "82576 8.7", FIELDS(fwsm)),
	REG("SW_FW_SYNC", 0x05b5c, "82576 8.7", FIELDS(sw_fw_sync)),
	REG("IMS", 0x000d0, "82576 8.8", FIELDS(causes_82576)),
	REG("IAM", 0x000e0, "82576 8.8", FIELDS(causes_82576)),
	REG("GPIE", 0x01514, "82576 8.8", FIELDS(gpie)),
	REG("EIMS", 0x01524, "82576 8.8", NUMBER),
	REG("EIAC", 0x0152c, "82576 8.8", NUMBER),
	REG("EIAM", 0x01530, "82576 8.8", NUMBER),
	TIMES_24(EITR_82576),
	EITR_82576(24),
	TIMES_8(IVAR_82576),
	REG("IVAR_MISC", 0x01740, "82576 8.8", FIELDS(ivar_misc)),
	REG("RCTL", 0x00100, "82576 8.10.1", FIELDS(rctl)),
	TIMES_16(RXQ_82576),
	REG("RXCSUM", 0x05000, "82576 8.10", FIELDS(rxcsum)),
	REG("RLPML", 0x05004, "82576 8.10", NUMBER),
	REG("RFCTL", 0x05008, "82576 8.10", FIELDS(rfctl)),
	REG("MRQC", 0x05818, "82576 8.10", FIELDS(mrqc_82576)),
	TIMES_24(RX_ADDRESS_82576),
	TIMES_32(RETA_82576),
	TIMES_10(RSSRK_82576),
	REG("TCTL", 0x00400, "82576 8.12.1", FIELDS(tctl)),
	REG("TCTL_EXT", 0x00404, "82576 8.12", NUMBER),
	REG("TIPG", 0x00410, "82576 8.12", FIELDS(tipg)),
	REG("DTXCTL", 0x03590, "82576 8.12.5", NUMBER),
	TIMES_16(TXQ_82576),
	REG("WUC", 0x05800, "82576 8", FIELDS(wuc)),
	REG("WUFC", 0x05808, "82576 8", NUMBER),
	REG("MANC", 0x05820, "82576 8", NUMBER),
};

_Static_assert(FN_ARRAY_LEN(intel_regs_82574) == INTEL_REGS_82574, "as the header says");
_Static_assert(FN_ARRAY_LEN(intel_regs_82576) == INTEL_REGS_82576, "as the header says");

uint32_t intel_read_reg(struct fn_dev *dev, uint32_t offset)
{
	return intel_read(intel_port_of(dev), offset);
}
