// SPDX-License-Identifier: BSD-3-Clause
/* The registers of an 82576 and its successors, for people who look at them. */
#include "drivers/intel/igb/igb_regs.h"
#include "drivers/intel/intel_reg_fields.h"
#include "drivers/intel/intel_regtable.h"

static const struct fn_reg_field rctl_82576[] = { RCTL_LOW, RCTL_HIGH };
static const struct fn_reg_field ctrl_ext_82576[] = {
	{ "EE_RST", 13, 1 },
	{ "SPD_BYPS", 15, 1 },
	{ "RO_DIS", 17, 1 },
	{ "LINK_MODE", 22, 2 },
	{ "EIAME", 24, 1 },
	BITS("EXT_VLAN", INTEL_CTRL_EXT_EXT_VLAN),
	BITS("DRV_LOAD", INTEL_CTRL_EXT_DRV_LOAD),
};
static const struct fn_reg_field vet_82576[] = {
	{ "VET", 0, 16 },
	{ "VET_EXT", 16, 16 },
};
static const struct fn_reg_field ledctl_82576[] = {
	{ "LED0_MODE", 0, 4 },   { "GLOBAL_BLINK", 5, 1 }, { "LED0_IVRT", 6, 1 },
	{ "LED0_BLINK", 7, 1 },  { "LED1_MODE", 8, 4 },    { "LED1_IVRT", 14, 1 },
	{ "LED1_BLINK", 15, 1 }, { "LED2_MODE", 16, 4 },   { "LED2_IVRT", 22, 1 },
	{ "LED2_BLINK", 23, 1 }, { "LED3_MODE", 24, 4 },   { "LED3_IVRT", 30, 1 },
	{ "LED3_BLINK", 31, 1 },
};
static const struct fn_reg_field causes_82576[] = {
	{ "TXDW", 0, 1 },           BITS("LSC", INTEL_ICR_LSC), { "RXDMT0", 4, 1 },
	BITS("RXO", INTEL_ICR_RXO), { "RXDW", 7, 1 },           { "VMMB", 8, 1 },
	{ "SWD", 12, 1 },           { "MNG", 18, 1 },           { "TIME_SYNC", 19, 1 },
	{ "FER", 22, 1 },           { "DOUTSYNC", 28, 1 },      { "DRSTA", 30, 1 },
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
static const struct fn_reg_field eitr_82576[] = {
	BITS("INTERVAL", IGB_EITR_US(IGB_EITR_US_MAX)),
	{ "LLI_EN", 15, 1 },
	{ "LL_COUNTER", 16, 5 },
	{ "COUNTER", 21, 10 },
	{ "CNT_INGR", 31, 1 },
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
static const struct fn_reg_field srrctl[] = {
	{ "BSIZEPACKET", 0, 7 },
	{ "BSIZEHEADER", 8, 4 },
	{ "RDMTS", 20, 5 },
	{ "DESCTYPE", 25, 3 },
	BITS("DROP_EN", IGB_SRRCTL_DROP_EN),
};
static const struct fn_reg_field dctl_82576[] = {
	BITS("PTHRESH", INTEL_DCTL_PTHRESH(0x1fu)),
	BITS("HTHRESH", INTEL_DCTL_HTHRESH(0x1fu)),
	BITS("WTHRESH", INTEL_DCTL_WTHRESH(0x1fu)),
	BITS("ENABLE", IGB_DCTL_ENABLE),
	{ "SWFLUSH", 26, 1 },
};
static const struct fn_reg_field dvmolr[] = {
	BITS("STRCRC", IGB_DVMOLR_STRCRC),
};
static const struct fn_reg_field tdwbal[] = {
	{ "HEAD_WB_EN", 0, 1 },
	{ "WB_ON_EITR", 1, 1 },
	{ "HEADWB_LOW", 2, 30 },
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

/* A queue's register. */
#define RXQ_76(n, reg) (IGB_RXQ + IGB_QUEUE_STRIDE * (n) + (reg))
#define TXQ_76(n, reg) (IGB_TXQ + IGB_QUEUE_STRIDE * (n) + (reg))

#define RX_ADDRESS_82576(n) RX_ADDRESS(n, "82576 8.10")
#define RETA_82576(n) REG_N("RETA", n, INTEL_RETA + 4 * (n), "82576 8.10", NUMBER)
#define RSSRK_82576(n) REG_N("RSSRK", n, INTEL_RSSRK + 4 * (n), "82576 8.10", NUMBER)
#define EITR_82576(n) REG_N("EITR", n, IGB_EITR(n), "82576 8.8", FIELDS(eitr_82576))
#define IVAR_82576(n) REG_N("IVAR", n, IGB_IVAR(n), "82576 8.8", FIELDS(ivar_82576))

#define DVMOLR_I350(n) REG_N("DVMOLR", n, IGB_DVMOLR(n), "I210 8.10.23", FIELDS(dvmolr))

#define RXQ_82576(n)                                                                         \
	REG_N("RDBAL", n, RXQ_76(n, INTEL_Q_BAL), "82576 8.10", NUMBER),                     \
		REG_N("RDBAH", n, RXQ_76(n, INTEL_Q_BAH), "82576 8.10", NUMBER),             \
		REG_N("RDLEN", n, RXQ_76(n, INTEL_Q_LEN), "82576 8.10", NUMBER),             \
		REG_N("SRRCTL", n, RXQ_76(n, IGB_Q_SRRCTL), "82576 8.10.2", FIELDS(srrctl)), \
		REG_N("RDH", n, RXQ_76(n, INTEL_Q_HEAD), "82576 8.10", NUMBER),              \
		REG_N("RDT", n, RXQ_76(n, INTEL_Q_TAIL), "82576 8.10", NUMBER),              \
		REG_N("RXDCTL", n, RXQ_76(n, INTEL_Q_CTL), "82576 8.10", FIELDS(dctl_82576))
#define TXQ_82576(n)                                                                          \
	REG_N("TDBAL", n, TXQ_76(n, INTEL_Q_BAL), "82576 8.12", NUMBER),                      \
		REG_N("TDBAH", n, TXQ_76(n, INTEL_Q_BAH), "82576 8.12", NUMBER),              \
		REG_N("TDLEN", n, TXQ_76(n, INTEL_Q_LEN), "82576 8.12", NUMBER),              \
		REG_N("TDH", n, TXQ_76(n, INTEL_Q_HEAD), "82576 8.12", NUMBER),               \
		REG_N("TDT", n, TXQ_76(n, INTEL_Q_TAIL), "82576 8.12", NUMBER),               \
		REG_N("TXDCTL", n, TXQ_76(n, INTEL_Q_CTL), "82576 8.12", FIELDS(dctl_82576)), \
		REG_N("TDWBAL", n, TXQ_76(n, 0x38u), "82576 8.12", FIELDS(tdwbal)),           \
		REG_N("TDWBAH", n, TXQ_76(n, 0x3cu), "82576 8.12", NUMBER)

/*
 * Their registers differ in how many they are of vectors, of pairs of queues, of queues and of
 * addresses; and the successors have DVMOLR. Sections are the 82576's, as in intel_regs.h.
 */
#define GENERAL                                                                         \
	REG("CTRL", INTEL_CTRL, "82576 8.2.1", FIELDS(ctrl)),                           \
		REG("STATUS", INTEL_STATUS, "82576 8.2.2", FIELDS(status)),             \
		REG("CTRL_EXT", INTEL_CTRL_EXT, "82576 8.2.3", FIELDS(ctrl_ext_82576)), \
		REG("MDIC", 0x00020, "82576 8.2.4", FIELDS(mdic)),                      \
		REG("VET", INTEL_VET, "82576 8.2", FIELDS(vet_82576)),                  \
		REG("LEDCTL", 0x00e00, "82576 8.2", FIELDS(ledctl_82576)),              \
		REG("RXPBS", 0x02404, "82576 8.3", NUMBER),                             \
		REG("TXPBS", 0x03404, "82576 8.3", NUMBER),                             \
		REG("EECD", INTEL_EECD, "82576 8.4", FIELDS(eecd)),                     \
		REG("EERD", INTEL_EERD, "82576 8.4", FIELDS(eerd)),                     \
		REG("FCAL", 0x00028, "82576 8.5", NUMBER),                              \
		REG("FCAH", 0x0002c, "82576 8.5", NUMBER),                              \
		REG("FCT", 0x00030, "82576 8.5", NUMBER),                               \
		REG("FCTTV", 0x00170, "82576 8.5", NUMBER),                             \
		REG("FCRTL0", 0x02160, "82576 8.5", FIELDS(fcrtl)),                     \
		REG("FCRTH0", 0x02168, "82576 8.5", NUMBER),                            \
		REG("GCR", 0x05b00, "82576 8.6", NUMBER),                               \
		REG("FACTPS", 0x05b30, "82576 8.6", NUMBER),                            \
		REG("FWSM", 0x05b54, "82576 8.7", FIELDS(fwsm)),                        \
		REG("SW_FW_SYNC", 0x05b5c, "82576 8.7", FIELDS(sw_fw_sync))
#define INTERRUPTS(vectors, ivars)                                               \
	REG("IMS", INTEL_IMS, "82576 8.8", FIELDS(causes_82576)),                \
		REG("IAM", INTEL_IAM, "82576 8.8", FIELDS(causes_82576)),        \
		REG("GPIE", IGB_GPIE, "82576 8.8", FIELDS(gpie)),                \
		REG("EIMS", IGB_EIMS, "82576 8.8", NUMBER),                      \
		REG("EIAC", IGB_EIAC, "82576 8.8", NUMBER),                      \
		REG("EIAM", IGB_EIAM, "82576 8.8", NUMBER), vectors(EITR_82576), \
		ivars(IVAR_82576), REG("IVAR_MISC", IGB_IVAR_MISC, "82576 8.8", FIELDS(ivar_misc))
#define RECEIVE(queues, addresses)                                                      \
	REG("RCTL", INTEL_RCTL, "82576 8.10.1", FIELDS(rctl_82576)), queues(RXQ_82576), \
		REG("RXCSUM", INTEL_RXCSUM, "82576 8.10", FIELDS(rxcsum)),              \
		REG("RLPML", IGB_RLPML, "82576 8.10", NUMBER),                          \
		REG("RFCTL", INTEL_RFCTL, "82576 8.10", FIELDS(rfctl)),                 \
		REG("MRQC", INTEL_MRQC, "82576 8.10", FIELDS(mrqc_82576)),              \
		addresses(RX_ADDRESS_82576), TIMES_32(RETA_82576), TIMES_10(RSSRK_82576)
#define TRANSMIT(queues)                                          \
	REG("TCTL", INTEL_TCTL, "82576 8.12.1", FIELDS(tctl)),    \
		REG("TCTL_EXT", 0x00404, "82576 8.12", NUMBER),   \
		REG("TIPG", 0x00410, "82576 8.12", FIELDS(tipg)), \
		REG("DTXCTL", 0x03590, "82576 8.12.5", NUMBER), queues(TXQ_82576)
#define WAKE                                                                                    \
	REG("WUC", INTEL_WUC, "82576 8", FIELDS(wuc)), REG("WUFC", 0x05808, "82576 8", NUMBER), \
		REG("MANC", 0x05820, "82576 8", NUMBER)

#define ROWS(vectors, ivars, queues, addresses) \
	GENERAL, INTERRUPTS(vectors, ivars), RECEIVE(queues, addresses), TRANSMIT(queues), WAKE

static const struct fn_reg_desc descs_82576[] = { ROWS(TIMES_25, TIMES_8, TIMES_16, TIMES_24) };
static const struct fn_reg_desc descs_i350[] = { ROWS(TIMES_25, TIMES_4, TIMES_8, TIMES_32),
						 TIMES_8(DVMOLR_I350) };
static const struct fn_reg_desc descs_i210[] = { ROWS(TIMES_5, TIMES_2, TIMES_4, TIMES_16),
						 TIMES_4(DVMOLR_I350) };
static const struct fn_reg_desc descs_i211[] = { ROWS(TIMES_5, TIMES_1, TIMES_2, TIMES_16),
						 TIMES_2(DVMOLR_I350) };

const struct intel_regs intel_regs_82576 = { descs_82576, FN_ARRAY_LEN(descs_82576) };
const struct intel_regs intel_regs_i350 = { descs_i350, FN_ARRAY_LEN(descs_i350) };
const struct intel_regs intel_regs_i210 = { descs_i210, FN_ARRAY_LEN(descs_i210) };
const struct intel_regs intel_regs_i211 = { descs_i211, FN_ARRAY_LEN(descs_i211) };
