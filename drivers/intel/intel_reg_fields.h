/* SPDX-License-Identifier: BSD-3-Clause */
/* For the families' tables of registers: how a row is written, and fields that both have. */
#ifndef INTEL_REG_FIELDS_H
#define INTEL_REG_FIELDS_H

#include "drivers/intel/intel.h"
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
static const struct fn_reg_field mdic[] = {
	{ "DATA", 0, 16 }, { "REGADD", 16, 5 }, { "PHYADD", 21, 5 }, { "OP", 26, 2 },
	{ "R", 28, 1 },    { "I", 29, 1 },      { "E", 30, 1 },
};
/* RCTL: those up to RDMTS, and those from MO on that both have. */
#define RCTL_LOW                                                                           \
	BITS("EN", INTEL_RCTL_EN), { "SBP", 2, 1 }, BITS("UPE", INTEL_RCTL_UPE),           \
		BITS("MPE", INTEL_RCTL_MPE), BITS("LPE", INTEL_RCTL_LPE), { "LBM", 6, 2 }, \
	{                                                                                  \
		"RDMTS", 8, 2                                                              \
	}
#define RCTL_HIGH                                                                  \
	{ "MO", 12, 2 }, BITS("BAM", INTEL_RCTL_BAM), { "BSIZE", 16, 2 },          \
		BITS("VFE", INTEL_RCTL_VFE), { "CFIEN", 19, 1 }, { "CFI", 20, 1 }, \
		{ "DPF", 22, 1 }, { "PMCF", 23, 1 }, { "BSEX", 25, 1 },            \
		BITS("SECRC", INTEL_RCTL_SECRC)
static const struct fn_reg_field rxcsum[] = {
	{ "PCSS", 0, 8 },
	BITS("IPOFLD", INTEL_RXCSUM_IPOFLD),
	BITS("TUOFLD", INTEL_RXCSUM_TUOFLD),
	{ "CRCOFL", 11, 1 },
	{ "IPPCSE", 12, 1 },
	BITS("PCSD", INTEL_RXCSUM_PCSD),
};
static const struct fn_reg_field rfctl[] = {
	BITS("ISCSI_DIS", INTEL_RFCTL_ISCSI_DIS),
	BITS("NFSW_DIS", INTEL_RFCTL_NFSW_DIS),
	BITS("NFSR_DIS", INTEL_RFCTL_NFSR_DIS),
	{ "NFS_VER", 8, 2 },
	{ "IPV6_DIS", 10, 1 },
	{ "ACKDIS", 12, 1 },
	{ "ACKD_DIS", 13, 1 },
	{ "IPFRSP_DIS", 14, 1 },
	{ "EXSTEN", 15, 1 },
	BITS("IPV6_EX_DIS", INTEL_RFCTL_IPV6_EX_DIS),
};
static const struct fn_reg_field fcrtl[] = {
	{ "RTL", 3, 13 },
	{ "XONE", 31, 1 },
};
static const struct fn_reg_field rah[] = {
	{ "RAH", 0, 16 },
	{ "AS", 16, 2 },
	{ "POOL", 18, 8 },
	BITS("AV", INTEL_RAH_AV),
};
static const struct fn_reg_field tctl[] = {
	BITS("EN", INTEL_TCTL_EN), BITS("PSP", INTEL_TCTL_PSP), BITS("CT", INTEL_TCTL_CT_MASK),
	{ "COLD", 12, 10 },        { "SWXOFF", 22, 1 },         BITS("RTLC", INTEL_TCTL_RTLC),
};
static const struct fn_reg_field tipg[] = {
	{ "IPGT", 0, 10 },
	{ "IPGR1", 10, 10 },
	{ "IPGR2", 20, 10 },
};
static const struct fn_reg_field wuc[] = {
	{ "APME", 0, 1 },
	{ "PME_EN", 1, 1 },
	{ "PME_STATUS", 2, 1 },
};

#define NUMBER NULL, 0
#define FIELDS(array) array, FN_ARRAY_LEN(array)
#define REG(name, offset, section, ...)             \
	{                                           \
		name, section, __VA_ARGS__, offset, \
	}

/* One of several: its number stands in the source as it stands in the name. */
#define REG_N(name, n, offset, section, ...) REG(name #n, offset, section, __VA_ARGS__)

#define TIMES_1(X) X(0)
#define TIMES_2(X) TIMES_1(X), X(1)
#define TIMES_4(X) TIMES_2(X), X(2), X(3)
#define TIMES_5(X) TIMES_4(X), X(4)
#define TIMES_8(X) TIMES_5(X), X(5), X(6), X(7)
#define TIMES_10(X) TIMES_8(X), X(8), X(9)
#define TIMES_16(X) TIMES_10(X), X(10), X(11), X(12), X(13), X(14), X(15)
#define TIMES_24(X) TIMES_16(X), X(16), X(17), X(18), X(19), X(20), X(21), X(22), X(23)
#define TIMES_25(X) TIMES_24(X), X(24)
#define TIMES_32(X) TIMES_25(X), X(25), X(26), X(27), X(28), X(29), X(30), X(31)

/* Tables that both have: addresses. */
#define RX_ADDRESS(n, section)                          \
	REG_N("RAL", n, INTEL_RAL(n), section, NUMBER), \
		REG_N("RAH", n, INTEL_RAH(n), section, FIELDS(rah))

#endif
