// SPDX-License-Identifier: BSD-3-Clause
/* The registers of a port, for people who look at them. */
#include "drivers/intel/intel_regtable.h"
#include "drivers/intel/intel.h"
#include "drivers/intel/intel_reg_fields.h"

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

#define EITR_82574(n) REG_N("EITR", n, E1000E_EITR(n), "82574 10.2.4.3", FIELDS(eitr_82574))
#define EITR_82576(n) REG_N("EITR", n, IGB_EITR(n), "82576 8.8", FIELDS(eitr_82576))
#define IVAR_82576(n) REG_N("IVAR", n, IGB_IVAR(n), "82576 8.8", FIELDS(ivar_82576))

/* A queue's, of either kind. */
#define RXQ_74(n, reg) (E1000E_RXQ + E1000E_QUEUE_STRIDE * (n) + (reg))
#define TXQ_74(n, reg) (E1000E_TXQ + E1000E_QUEUE_STRIDE * (n) + (reg))
#define RXQ_76(n, reg) (IGB_RXQ + IGB_QUEUE_STRIDE * (n) + (reg))
#define TXQ_76(n, reg) (IGB_TXQ + IGB_QUEUE_STRIDE * (n) + (reg))

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

const struct fn_reg_desc intel_regs_82574[] = {
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
	REG("RCTL", INTEL_RCTL, "82574 10.2.5.1", FIELDS(rctl)),
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
	REG("TIDV", 0x03820, "82574 10.2.6", NUMBER),
	REG("TADV", 0x0382c, "82574 10.2.6", NUMBER),
	TIMES_2(TXQ_82574),
	REG("WUC", INTEL_WUC, "82574 10.2", FIELDS(wuc)),
	REG("WUFC", 0x05808, "82574 10.2", NUMBER),
	REG("MANC", 0x05820, "82574 10.2", NUMBER),
};

const struct fn_reg_desc intel_regs_82576[] = {
	REG("CTRL", INTEL_CTRL, "82576 8.2.1", FIELDS(ctrl)),
	REG("STATUS", INTEL_STATUS, "82576 8.2.2", FIELDS(status)),
	REG("CTRL_EXT", INTEL_CTRL_EXT, "82576 8.2.3", FIELDS(ctrl_ext_82576)),
	REG("MDIC", 0x00020, "82576 8.2.4", FIELDS(mdic)),
	REG("VET", INTEL_VET, "82576 8.2", FIELDS(vet_82576)),
	REG("LEDCTL", 0x00e00, "82576 8.2", FIELDS(ledctl_82576)),
	REG("RXPBS", 0x02404, "82576 8.3", NUMBER),
	REG("TXPBS", 0x03404, "82576 8.3", NUMBER),
	REG("EECD", INTEL_EECD, "82576 8.4", FIELDS(eecd)),
	REG("EERD", INTEL_EERD, "82576 8.4", FIELDS(eerd)),
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
	REG("IMS", INTEL_IMS, "82576 8.8", FIELDS(causes_82576)),
	REG("IAM", INTEL_IAM, "82576 8.8", FIELDS(causes_82576)),
	REG("GPIE", IGB_GPIE, "82576 8.8", FIELDS(gpie)),
	REG("EIMS", IGB_EIMS, "82576 8.8", NUMBER),
	REG("EIAC", IGB_EIAC, "82576 8.8", NUMBER),
	REG("EIAM", IGB_EIAM, "82576 8.8", NUMBER),
	TIMES_24(EITR_82576),
	EITR_82576(24),
	TIMES_8(IVAR_82576),
	REG("IVAR_MISC", IGB_IVAR_MISC, "82576 8.8", FIELDS(ivar_misc)),
	REG("RCTL", INTEL_RCTL, "82576 8.10.1", FIELDS(rctl)),
	TIMES_16(RXQ_82576),
	REG("RXCSUM", INTEL_RXCSUM, "82576 8.10", FIELDS(rxcsum)),
	REG("RLPML", IGB_RLPML, "82576 8.10", NUMBER),
	REG("RFCTL", INTEL_RFCTL, "82576 8.10", FIELDS(rfctl)),
	REG("MRQC", INTEL_MRQC, "82576 8.10", FIELDS(mrqc_82576)),
	TIMES_24(RX_ADDRESS_82576),
	TIMES_32(RETA_82576),
	TIMES_10(RSSRK_82576),
	REG("TCTL", INTEL_TCTL, "82576 8.12.1", FIELDS(tctl)),
	REG("TCTL_EXT", 0x00404, "82576 8.12", NUMBER),
	REG("TIPG", 0x00410, "82576 8.12", FIELDS(tipg)),
	REG("DTXCTL", 0x03590, "82576 8.12.5", NUMBER),
	TIMES_16(TXQ_82576),
	REG("WUC", INTEL_WUC, "82576 8", FIELDS(wuc)),
	REG("WUFC", 0x05808, "82576 8", NUMBER),
	REG("MANC", 0x05820, "82576 8", NUMBER),
};

_Static_assert(FN_ARRAY_LEN(intel_regs_82574) == INTEL_REGS_82574, "as the header says");
_Static_assert(FN_ARRAY_LEN(intel_regs_82576) == INTEL_REGS_82576, "as the header says");

uint32_t intel_read_reg(struct fn_dev *dev, uint32_t offset)
{
	return intel_read(intel_port_of(dev), offset);
}
