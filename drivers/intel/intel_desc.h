/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Descriptors of the rings: extended ones of the 82574 (7.1, 7.2), advanced ones of the 82576
 * (7.1.5, 7.2.2). Both write received frames back alike, but for what they say of the frame's type.
 */
#ifndef INTEL_DESC_H
#define INTEL_DESC_H

#include "base/le.h"

/**
 * struct intel_rx_desc - a receive descriptor
 * @lo: given: address of the buffer. Handed back: type of the hash in bits 3:0, hash in bits 63:32
 * @hi: given: 0. Handed back: status in bits 19:0, errors in bits 31:20, length in bits 47:32, VLAN
 *	tag in bits 63:48
 */
struct intel_rx_desc {
	fn_le64 lo;
	fn_le64 hi;
} __attribute__((aligned(16)));

/* Of @hi: status. */
#define INTEL_RXD_DD (1ull << 0)    /* the device is done with it */
#define INTEL_RXD_EOP (1ull << 1)   /* a frame ends here */
#define INTEL_RXD_IXSM (1ull << 2)  /* 82574: what is said of checksums means nothing */
#define INTEL_RXD_VP (1ull << 3)    /* a VLAN tag was taken out */
#define INTEL_RXD_UDPCS (1ull << 4) /* a UDP checksum was looked at */
#define INTEL_RXD_L4CS (1ull << 5)  /* TCP, UDP or SCTP checksum was looked at */
#define INTEL_RXD_IPCS (1ull << 6)  /* the IPv4 header checksum was looked at */
/* Errors. */
#define INTEL_RXD_CE (1ull << 24)  /* 82574: CRC or alignment */
#define INTEL_RXD_SE (1ull << 25)  /* 82574: symbol */
#define INTEL_RXD_SEQ (1ull << 26) /* 82574: sequence */
#define INTEL_RXD_CXE (1ull << 28) /* 82574: carrier extension */
#define INTEL_RXD_L4E (1ull << 29) /* TCP, UDP or SCTP checksum is wrong */
#define INTEL_RXD_IPE (1ull << 30) /* the IPv4 header checksum is wrong */
#define INTEL_RXD_RXE (1ull << 31) /* error while it was received */
#define INTEL_RXD_LEN(hi) ((uint16_t)((hi) >> 32))
#define INTEL_RXD_VLAN(hi) ((uint16_t)((hi) >> 48))
/* Of @lo: the hash's type; 0: it was not computed. */
#define INTEL_RXD_RSS_TYPE 0xfull

/**
 * struct intel_tx_desc - a transmit descriptor
 * @addr: of the data; of a context descriptor: its first two double words
 * @ctl: what it is and what to do; the device writes INTEL_TXD_DD into it
 */
struct intel_tx_desc {
	fn_le64 addr;
	fn_le64 ctl;
} __attribute__((aligned(16)));

_Static_assert(sizeof(struct intel_rx_desc) == 16 && sizeof(struct intel_tx_desc) == 16,
	       "82574 7.1, 7.2; 82576 7.1.5, 7.2.2");

/* Of @ctl, of both kinds: bytes in its low bits, then type and command. */
#define INTEL_TXD_EOP (1ull << 24)  /* the packet ends here */
#define INTEL_TXD_IFCS (1ull << 25) /* append the CRC */
#define INTEL_TXD_RS (1ull << 27)   /* report when it is done */
#define INTEL_TXD_DEXT (1ull << 29) /* no legacy descriptor */
#define INTEL_TXD_VLE (1ull << 30)  /* put a VLAN tag in */
#define INTEL_TXD_DD (1ull << 32)   /* done */
#define INTEL_TXD_IXSM (1ull << 40) /* put the IP checksum in */
#define INTEL_TXD_TXSM (1ull << 41) /* put the L4 checksum in */

/* Extended: 82574 7.2.11 (data), 7.2.10 (context). */
#define INTEL_TXD_EXT_DATA (1ull << 20)
#define INTEL_TXD_EXT_TSE (1ull << 26)
#define INTEL_TXD_EXT_IDE (1ull << 31) /* its interrupt waits for TIDV and TADV */
#define INTEL_TXD_EXT_VLAN(tci) ((uint64_t)(tci) << 48)
#define INTEL_TXC_EXT_TCP (1ull << 24)
#define INTEL_TXC_EXT_IP4 (1ull << 25)
#define INTEL_TXC_EXT_TSE (1ull << 26)

/* Advanced: 82576 7.2.2.3 (data), 7.2.2.2 (context). */
#define INTEL_TXD_ADV_DATA (3ull << 20)
#define INTEL_TXD_ADV_CONTEXT (2ull << 20)
#define INTEL_TXD_ADV_TSE (1ull << 31)
#define INTEL_TXD_ADV_PAYLEN(bytes) ((uint64_t)(bytes) << 46)
#define INTEL_TXC_ADV_IP4 (1ull << 10)
#define INTEL_TXC_ADV_L4_UDP (0ull << 11)
#define INTEL_TXC_ADV_L4_TCP (1ull << 11)
#define INTEL_TXC_ADV_L4_SCTP (2ull << 11)

#endif
