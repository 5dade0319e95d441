/* SPDX-License-Identifier: BSD-3-Clause */
/* Offloads: work on packets that a device does instead of the processor, and who may ask for it. */
#ifndef FASTNIC_OFFLOAD_H
#define FASTNIC_OFFLOAD_H

#include <fastnic/base.h>

FN_BEGIN_DECLS

/*
 * Offloads of a device, in &fn_dev_conf.offloads (asked for), &fn_dev_info.offloads (on) and
 * &fn_dev_info.offloads_max (there are). What was asked for and is not there is an error of
 * fn_dev_configure() that names it. The list only grows: who shows what there is goes over all 64
 * bits, and leaves out those without a name.
 */
#define FN_OFFLOAD_RX_CSUM (1ull << 0)       /* check checksums of IP and L4: FN_PKT_RX_* */
#define FN_OFFLOAD_RX_VLAN (1ull << 1)       /* take the VLAN tag out of the data: FN_PKT_VLAN */
#define FN_OFFLOAD_RX_HASH (1ull << 2)       /* hand over the receive hash: FN_PKT_HASH */
#define FN_OFFLOAD_RX_SCATTER (1ull << 3)    /* a frame may fill several buffers: a chain */
#define FN_OFFLOAD_VLAN_FILTER (1ull << 4)   /* tagged frames of chosen VLANs only */
#define FN_OFFLOAD_VLAN_OUTER (1ull << 5)    /* QinQ: the tags meant are inner ones, see below */
#define FN_OFFLOAD_TX_IP_CSUM (1ull << 8)    /* FN_PKT_TX_IP_CSUM */
#define FN_OFFLOAD_TX_L4_CSUM (1ull << 9)    /* FN_PKT_TX_TCP_CSUM, FN_PKT_TX_UDP_CSUM */
#define FN_OFFLOAD_TX_SCTP_CSUM (1ull << 10) /* FN_PKT_TX_SCTP_CSUM */
#define FN_OFFLOAD_TX_TSO4 (1ull << 11)      /* FN_PKT_TX_TSO of TCP over IPv4 */
#define FN_OFFLOAD_TX_TSO6 (1ull << 12)      /* FN_PKT_TX_TSO of TCP over IPv6 */
#define FN_OFFLOAD_TX_VLAN (1ull << 13)      /* FN_PKT_VLAN on transmit: put the tag in */

/*
 * FN_OFFLOAD_VLAN_OUTER: frames carry an outer tag (802.1ad, type 0x88a8) in front of the one of
 * 802.1Q (0x8100). The outer tag stays in the data both ways; FN_OFFLOAD_RX_VLAN,
 * FN_OFFLOAD_VLAN_FILTER and FN_OFFLOAD_TX_VLAN mean the inner one; checksums, segmentation and the
 * receive hash are those behind both tags, and @l2_len of a packet counts the tags in its data.
 * Alone it is for these, and for the frame of an MTU that is longer by a tag: as much must fit a
 * buffer of the pool.
 *
 * - Received without an outer tag: the frame comes in as it is, whatever its VLAN, and nothing is
 *   said of its checksums. With an outer tag alone it has no VLAN: the filter lets it in.
 * - Sent without an outer tag in the first segment: a packet that asks for an offload, a tag
 *   included, is dropped and counted (FN_TX_DROP_OFFLOAD); others go out as they are.
 *
 * Without this offload a frame with an outer tag is one without a VLAN.
 *
 * fn_dev_configure() says -ENOTSUP when the device has no such mode, or when it has it but cannot
 * put a tag in behind another and FN_OFFLOAD_TX_VLAN is asked for too; -EINVAL when the MTU leaves
 * no room for the tag.
 */

/* Bits from here on are of no offload that this header knows. */
#define FN_OFFLOADS 14u

/**
 * fn_offload_name - what an offload is called
 * @bit: its bit number, for example 0 for FN_OFFLOAD_RX_CSUM
 *
 * Any thread.
 *
 * Return: for example "rx_csum", which lasts for ever; NULL when the library knows no such bit.
 */
FN_API const char *fn_offload_name(unsigned bit);

FN_END_DECLS

#endif
