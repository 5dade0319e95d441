/* SPDX-License-Identifier: BSD-3-Clause */
/* What virtio 1.2 section 5.1 defines for network cards. */
#ifndef VIRTIO_NET_SPEC_H
#define VIRTIO_NET_SPEC_H

#include <stddef.h>

#include "base/le.h"

/* 5.1.3: features. NOTF_COAL came with the last revision of 1.2. */
#define VIRTIO_NET_F_CSUM (1ull << 0)
#define VIRTIO_NET_F_GUEST_CSUM (1ull << 1)
#define VIRTIO_NET_F_MTU (1ull << 3)
#define VIRTIO_NET_F_MAC (1ull << 5)
#define VIRTIO_NET_F_HOST_TSO4 (1ull << 11)
#define VIRTIO_NET_F_HOST_TSO6 (1ull << 12)
#define VIRTIO_NET_F_HOST_ECN (1ull << 13)
#define VIRTIO_NET_F_MRG_RXBUF (1ull << 15)
#define VIRTIO_NET_F_STATUS (1ull << 16)
#define VIRTIO_NET_F_CTRL_VQ (1ull << 17)
#define VIRTIO_NET_F_CTRL_RX (1ull << 18)
#define VIRTIO_NET_F_CTRL_VLAN (1ull << 19)
#define VIRTIO_NET_F_GUEST_ANNOUNCE (1ull << 21)
#define VIRTIO_NET_F_MQ (1ull << 22)
#define VIRTIO_NET_F_CTRL_MAC_ADDR (1ull << 23)
#define VIRTIO_NET_F_NOTF_COAL (1ull << 53)
#define VIRTIO_NET_F_HASH_REPORT (1ull << 57)
#define VIRTIO_NET_F_GUEST_HDRLEN (1ull << 59)
#define VIRTIO_NET_F_RSS (1ull << 60)
#define VIRTIO_NET_F_SPEED_DUPLEX (1ull << 63)

/* 5.1.4: the device configuration structure, as far as it is used. */
struct virtio_net_config {
	uint8_t mac[6];
	fn_le16 status;
	fn_le16 max_virtqueue_pairs;
	fn_le16 mtu;
	fn_le32 speed;
	uint8_t duplex;
	uint8_t rss_max_key_size;
	fn_le16 rss_max_indirection_table_length;
	fn_le32 supported_hash_types;
};

_Static_assert(offsetof(struct virtio_net_config, status) == 6, "5.1.4");
_Static_assert(offsetof(struct virtio_net_config, max_virtqueue_pairs) == 8, "5.1.4");
_Static_assert(offsetof(struct virtio_net_config, mtu) == 10, "5.1.4");
_Static_assert(offsetof(struct virtio_net_config, speed) == 12, "5.1.4");
_Static_assert(offsetof(struct virtio_net_config, duplex) == 16, "5.1.4");
_Static_assert(offsetof(struct virtio_net_config, rss_max_key_size) == 17, "5.1.4");
_Static_assert(offsetof(struct virtio_net_config, supported_hash_types) == 20, "5.1.4");

#define VIRTIO_NET_S_LINK_UP 1u
#define VIRTIO_NET_S_ANNOUNCE 2u

/* 5.1.4.1: a device's hash key has no fewer bytes: what TCP over IPv6 needs. */
#define VIRTIO_NET_RSS_KEY_MIN 40u

/* 5.1.4: speed is unknown above this, and duplex is unknown when it is neither 0 nor 1. */
#define VIRTIO_NET_SPEED_MAX 0x7fffffffu
#define VIRTIO_NET_DUPLEX_FULL 1u

/* 5.1.4.1: an MTU that a device gives is no smaller. */
#define VIRTIO_NET_MTU_MIN 68u

/*
 * 5.1.6: in front of each frame; under VIRTIO_F_VERSION_1 num_buffers is always there. On transmit
 * all of it is zero but where an offload is asked for.
 */
struct virtio_net_hdr {
	uint8_t flags;
	uint8_t gso_type;
	fn_le16 hdr_len;
	fn_le16 gso_size;
	fn_le16 csum_start;
	fn_le16 csum_offset;
	fn_le16 num_buffers;
};

_Static_assert(sizeof(struct virtio_net_hdr) == 12, "5.1.6");

#define VIRTIO_NET_HDR_BYTES 12u

/* 5.1.6: with VIRTIO_NET_F_HASH_REPORT the header is longer, both ways. */
struct virtio_net_hdr_hash {
	struct virtio_net_hdr hdr;
	fn_le32 hash_value;
	fn_le16 hash_report;
	fn_le16 padding;
};

_Static_assert(sizeof(struct virtio_net_hdr_hash) == 20, "5.1.6");

#define VIRTIO_NET_HDR_HASH_BYTES 20u

/* 5.1.6: virtio_net_hdr.flags and gso_type. */
#define VIRTIO_NET_HDR_F_NEEDS_CSUM 1u
#define VIRTIO_NET_HDR_F_DATA_VALID 2u
#define VIRTIO_NET_HDR_GSO_TCPV4 1u
#define VIRTIO_NET_HDR_GSO_TCPV6 4u
#define VIRTIO_NET_HDR_GSO_ECN 0x80u

/* 5.1.6.4.3: what a hash is computed over. */
#define VIRTIO_NET_HASH_TYPE_IPV4 0x01u
#define VIRTIO_NET_HASH_TYPE_TCPV4 0x02u
#define VIRTIO_NET_HASH_TYPE_UDPV4 0x04u
#define VIRTIO_NET_HASH_TYPE_IPV6 0x08u
#define VIRTIO_NET_HASH_TYPE_TCPV6 0x10u
#define VIRTIO_NET_HASH_TYPE_UDPV6 0x20u

/*
 * 5.1.2: queue numbers of pair @pair. The control queue comes behind all pairs that the device has.
 */
#define VIRTIO_NET_RXQ(pair) ((uint16_t)(2u * (pair)))
#define VIRTIO_NET_TXQ(pair) ((uint16_t)(2u * (pair) + 1u))

/* 5.1.6.5: a command on the control queue. */
struct virtio_net_ctrl_hdr {
	uint8_t class;
	uint8_t command;
};

_Static_assert(sizeof(struct virtio_net_ctrl_hdr) == 2, "5.1.6.5");

#define VIRTIO_NET_CTRL_OK 0u

/* 5.1.6.5.1 */
#define VIRTIO_NET_CTRL_RX 0u
#define VIRTIO_NET_CTRL_RX_PROMISC 0u
#define VIRTIO_NET_CTRL_RX_ALLMULTI 1u

/* 5.1.6.5.2 */
#define VIRTIO_NET_CTRL_MAC 1u
#define VIRTIO_NET_CTRL_MAC_TABLE_SET 0u
#define VIRTIO_NET_CTRL_MAC_ADDR_SET 1u

/* 5.1.6.5.3 */
#define VIRTIO_NET_CTRL_VLAN 2u
#define VIRTIO_NET_CTRL_VLAN_ADD 0u
#define VIRTIO_NET_CTRL_VLAN_DEL 1u

/* 5.1.6.5.4 */
#define VIRTIO_NET_CTRL_ANNOUNCE 3u
#define VIRTIO_NET_CTRL_ANNOUNCE_ACK 0u

/* 5.1.6.5.5 */
#define VIRTIO_NET_CTRL_MQ 4u
#define VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET 0u
#define VIRTIO_NET_CTRL_MQ_RSS_CONFIG 1u
#define VIRTIO_NET_CTRL_MQ_HASH_CONFIG 2u

/* Notification coalescing. */
#define VIRTIO_NET_CTRL_NOTF_COAL 6u
#define VIRTIO_NET_CTRL_NOTF_COAL_TX_SET 0u
#define VIRTIO_NET_CTRL_NOTF_COAL_RX_SET 1u

/* The data of both commands. */
struct virtio_net_ctrl_coal {
	fn_le32 max_packets;
	fn_le32 usecs;
};

_Static_assert(sizeof(struct virtio_net_ctrl_coal) == 8, "notification coalescing");

#endif
