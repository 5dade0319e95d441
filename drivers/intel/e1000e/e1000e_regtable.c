// SPDX-License-Identifier: BSD-3-Clause
/* The registers of an 82574, for people who look at them. */
#include "drivers/intel/e1000e/e1000e_regs.h"
#include "drivers/intel/intel_reg_fields.h"
#include "drivers/intel/intel_regtable.h"

static const struct fn_reg_field ctrl_ext_82574[] = {
	{ "ASDCHK", 12, 1 },
	{ "EE_RST", 13, 1 },
	{ "SPD_BYPS", 15, 1 },
	BITS("EIAME", E1000E_CTRL_EXT_EIAME),
	{ "IAME", 27, 1 },
	BITS("DRV_LOAD", INTEL_CTRL_EXT_DRV_LOAD),
	BITS("PBA_CLR", E1000E_CTRL_EXT_PBA_CLR),
};
static const struct fn_reg_field ledctl_82574[] = {
	{ "LED0_MODE", 0, 4 },   { "GLOBAL_BLINK", 5, 1 }, { "LED0_IVRT", 6, 1 },
	{ "LED0_BLINK", 7, 1 },  { "LED1_MODE", 8, 4 },    { "LED1_IVRT", 14, 1 },
	{ "LED1_BLINK", 15, 1 }, { "LED2_MODE", 16, 4 },   { "LED2_IVRT", 22, 1 },
	{ "LED2_BLINK", 23, 1 },
};
static const struct fn_reg_field rctl_82574[] = {
	RCTL_LOW,
	{ "DTYP", 10, 2 },
	RCTL_HIGH,
	BITS("FLXBUF", INTEL_RCTL_FLXBUF(0xfu)),
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
static const struct fn_reg_field ivar_82574[] = {
	{ "RXQ0", 0, 4 },  { "RXQ1", 4, 4 },   { "TXQ0", 8, 4 },
	{ "TXQ1", 12, 4 }, { "OTHER", 16, 4 }, BITS("TX_EACH", E1000E_IVAR_TX_EACH),
};
static const struct fn_reg_field eitr_82574[] = {
	BITS("INTERVAL", E1000E_EITR_MAX),
};
static const struct fn_reg_field mrqc_82574[] = {
	{ "ENABLE", 0, 2 },
	BITS("TCPIPV4", INTEL_MRQC_TCP4),
	BITS("IPV4", INTEL_MRQC_IPV4),
	BITS("TCPIPV6", E1000E_MRQC_TCP6),
	{ "IPV6EX", 19, 1 },
	BITS("IPV6", INTEL_MRQC_IPV6),
};
static const struct fn_reg_field dctl_82574[] = {
	BITS("PTHRESH", INTEL_DCTL_PTHRESH(0x3fu)),
	BITS("HTHRESH", INTEL_DCTL_HTHRESH(0x3fu)),
	BITS("WTHRESH", INTEL_DCTL_WTHRESH(0x3fu)),
	BITS("GRAN", E1000E_DCTL_GRAN),
};
static const struct fn_reg_field tarc[] = {
	{ "COUNT", 0, 7 },
	BITS("ENABLE", E1000E_TARC_ENABLE),
};

/* A queue's register. */
#define RXQ_74(n, reg) (E1000E_RXQ + E1000E_QUEUE_STRIDE * (n) + (reg))
#define TXQ_74(n, reg) (E1000E_TXQ + E1000E_QUEUE_STRIDE * (n) + (reg))

#define RX_ADDRESS_82574(n) RX_ADDRESS(n, "82574 10.2.5")
#define RETA_82574(n) REG_N("RETA", n, INTEL_RETA + 4 * (n), "82574 10.2.5", NUMBER)
#define RSSRK_82574(n) REG_N("RSSRK", n, INTEL_RSSRK + 4 * (n), "82574 10.2.5", NUMBER)
#define EITR_82574(n) REG_N("EITR", n, E1000E_EITR(n), "82574 10.2.4.3", FIELDS(eitr_82574))

#define RXQ_82574(n)                                                               \
	REG_N("RDBAL", n, RXQ_74(n, INTEL_Q_BAL), "82574 10.2.5", NUMBER),         \
		REG_N("RDBAH", n, RXQ_74(n, INTEL_Q_BAH), "82574 10.2.5", NUMBER), \
		REG_N("RDLEN", n, RXQ_74(n, INTEL_Q_LEN), "82574 10.2.5", NUMBER), \
		REG_N("RDH", n, RXQ_74(n, INTEL_Q_HEAD), "82574 10.2.5", NUMBER),  \
		REG_N("RDT", n, RXQ_74(n, INTEL_Q_TAIL), "82574 10.2.5", NUMBER),  \
		REG_N("RXDCTL", n, RXQ_74(n, INTEL_Q_CTL), "82574 10.2.5", FIELDS(dctl_82574))
#define TXQ_82574(n)                                                                            \
	REG_N("TDBAL", n, TXQ_74(n, INTEL_Q_BAL), "82574 10.2.6", NUMBER),                      \
		REG_N("TDBAH", n, TXQ_74(n, INTEL_Q_BAH), "82574 10.2.6", NUMBER),              \
		REG_N("TDLEN", n, TXQ_74(n, INTEL_Q_LEN), "82574 10.2.6", NUMBER),              \
		REG_N("TDH", n, TXQ_74(n, INTEL_Q_HEAD), "82574 10.2.6", NUMBER),               \
		REG_N("TDT", n, TXQ_74(n, INTEL_Q_TAIL), "82574 10.2.6", NUMBER),               \
		REG_N("TXDCTL", n, TXQ_74(n, INTEL_Q_CTL), "82574 10.2.6", FIELDS(dctl_82574)), \
		REG_N("TARC", n, E1000E_TARC(n), "82574 10.2.6", FIELDS(tarc))

static const struct fn_reg_desc descs[] = {
	REG("CTRL", INTEL_CTRL, "82574 10.2.2.1", FIELDS(ctrl)),
	REG("STATUS", INTEL_STATUS, "82574 10.2.2.2", FIELDS(status)),
	REG("EECD", INTEL_EECD, "82574 10.2.2.3", FIELDS(eecd)),
	REG("EERD", INTEL_EERD, "82574 10.2.2.4", FIELDS(eerd)),
	REG("CTRL_EXT", INTEL_CTRL_EXT, "82574 10.2.2.5", FIELDS(ctrl_ext_82574)),
	REG("MDIC", 0x00020, "82574 10.2.2.7", FIELDS(mdic)),
	REG("FCAL", 0x00028, "82574 10.2.2", NUMBER),
	REG("FCAH", 0x0002c, "82574 10.2.2", NUMBER),
	REG("FCT", 0x00030, "82574 10.2.2", NUMBER),
	REG("VET", INTEL_VET, "82574 10.2.2", NUMBER),
	REG("FCTTV", 0x00170, "82574 10.2", NUMBER),
	REG("LEDCTL", 0x00e00, "82574 10.2", FIELDS(ledctl_82574)),
	REG("EXTCNF_CTRL", 0x00f00, "82574 10.2", FIELDS(extcnf_ctrl)),
	REG("PBA", 0x01000, "82574 10.2", FIELDS(pba)),
	REG("PBS", 0x01008, "82574 10.2", NUMBER),
	REG("GCR", E1000E_GCR, "82574 10.2", NUMBER),
	REG("FACTPS", 0x05b30, "82574 10.2", NUMBER),
	REG("GCR2", E1000E_GCR2, "82574 10.2", NUMBER),
	REG("ITR", 0x000c4, "82574 10.2.4.2", FIELDS(eitr_82574)),
	REG("IMS", INTEL_IMS, "82574 10.2.4", FIELDS(causes_82574)),
	REG("EIAC", E1000E_EIAC, "82574 10.2.4", FIELDS(causes_82574)),
	REG("IAM", INTEL_IAM, "82574 10.2.4", FIELDS(causes_82574)),
	REG("IVAR", E1000E_IVAR, "82574 10.2.4.9", FIELDS(ivar_82574)),
	TIMES_2(EITR_82574),
	EITR_82574(2),
	EITR_82574(3),
	EITR_82574(4),
	REG("RCTL", INTEL_RCTL, "82574 10.2.5.1", FIELDS(rctl_82574)),
	REG("FCRTL", 0x02160, "82574 10.2.5", FIELDS(fcrtl)),
	REG("FCRTH", 0x02168, "82574 10.2.5", NUMBER),
	REG("PSRCTL", 0x02170, "82574 10.2.5", NUMBER),
	TIMES_2(RXQ_82574),
	REG("RDTR", E1000E_RDTR, "82574 10.2.5", NUMBER),
	REG("RADV", E1000E_RADV, "82574 10.2.5", NUMBER),
	REG("RXCSUM", INTEL_RXCSUM, "82574 10.2.5", FIELDS(rxcsum)),
	REG("RFCTL", INTEL_RFCTL, "82574 10.2.5", FIELDS(rfctl)),
	REG("MRQC", INTEL_MRQC, "82574 10.2.5", FIELDS(mrqc_82574)),
	TIMES_16(RX_ADDRESS_82574),
	TIMES_32(RETA_82574),
	TIMES_10(RSSRK_82574),
	REG("TCTL", INTEL_TCTL, "82574 10.2.6.1", FIELDS(tctl)),
	REG("TIPG", E1000E_TIPG, "82574 10.2.6", FIELDS(tipg)),
	REG("TIDV", E1000E_TIDV, "82574 10.2.6", NUMBER),
	REG("TADV", E1000E_TADV, "82574 10.2.6", NUMBER),
	TIMES_2(TXQ_82574),
	REG("WUC", INTEL_WUC, "82574 10.2", FIELDS(wuc)),
	REG("WUFC", 0x05808, "82574 10.2", NUMBER),
	REG("MANC", 0x05820, "82574 10.2", NUMBER),
};

const struct intel_regs intel_regs_82574 = { descs, FN_ARRAY_LEN(descs) };
