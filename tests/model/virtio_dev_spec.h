/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What virtio 1.2 defines and the model needs, in words of its own: taken from the specification
 * and not from the driver's headers, so that a wrong number there does not agree with itself.
 */
#ifndef FN_TESTS_MODEL_VIRTIO_DEV_SPEC_H
#define FN_TESTS_MODEL_VIRTIO_DEV_SPEC_H

#include <stddef.h>

#include "base/le.h"

/* 4.1.2.1, 5.1.1: PCI IDs of a network card that is not transitional. */
#define VDEV_PCI_VENDOR 0x1af4u
#define VDEV_PCI_DEVICE_NET 0x1041u

/* 4.1.4, 4.1.4.4: a capability; the multiplier is there in that of notifications only. */
struct virtio_dev_cap {
	uint8_t id;
	uint8_t next;
	uint8_t len;
	uint8_t type;
	uint8_t bar;
	uint8_t instance;
	uint8_t padding[2];
	fn_le32 offset;
	fn_le32 length;
	fn_le32 notify_multiplier;
};

_Static_assert(offsetof(struct virtio_dev_cap, offset) == 8, "4.1.4");
_Static_assert(sizeof(struct virtio_dev_cap) == 20, "4.1.4.4");

#define VDEV_CAP_ID 9u
#define VDEV_CAP_BYTES 16u
#define VDEV_CAP_NOTIFY_BYTES 20u
#define VDEV_CAP_COMMON_CFG 1u
#define VDEV_CAP_NOTIFY_CFG 2u
#define VDEV_CAP_ISR_CFG 3u
#define VDEV_CAP_DEVICE_CFG 4u
#define VDEV_CAP_PCI_CFG 5u

/* 4.1.4.3: the common configuration structure. */
struct virtio_dev_common {
	fn_le32 device_feature_select;
	fn_le32 device_feature;
	fn_le32 driver_feature_select;
	fn_le32 driver_feature;
	fn_le16 config_msix_vector;
	fn_le16 num_queues;
	uint8_t device_status;
	uint8_t config_generation;
	fn_le16 queue_select;
	fn_le16 queue_size;
	fn_le16 queue_msix_vector;
	fn_le16 queue_enable;
	fn_le16 queue_notify_off;
	fn_le64 queue_desc;
	fn_le64 queue_driver;
	fn_le64 queue_device;
};

_Static_assert(offsetof(struct virtio_dev_common, device_status) == 0x14, "4.1.4.3");
_Static_assert(offsetof(struct virtio_dev_common, queue_desc) == 0x20, "4.1.4.3");
_Static_assert(sizeof(struct virtio_dev_common) == 0x38, "4.1.4.3");

/* 4.1.5.1.2: entries of the MSI-X table, or none. */
#define VDEV_VECTOR_MAX 0x7ffu
#define VDEV_NO_VECTOR 0xffffu

/* 2.1: bits of device_status. */
#define VDEV_STATUS_ACKNOWLEDGE 1u
#define VDEV_STATUS_DRIVER 2u
#define VDEV_STATUS_DRIVER_OK 4u
#define VDEV_STATUS_FEATURES_OK 8u
#define VDEV_STATUS_DEVICE_NEEDS_RESET 64u

/* Clause 6: features of every device. */
#define VDEV_F_INDIRECT_DESC (1ull << 28)
#define VDEV_F_EVENT_IDX (1ull << 29)
#define VDEV_F_VERSION_1 (1ull << 32)
#define VDEV_F_ACCESS_PLATFORM (1ull << 33)
#define VDEV_F_RING_PACKED (1ull << 34)
#define VDEV_F_IN_ORDER (1ull << 35)
#define VDEV_F_ORDER_PLATFORM (1ull << 36)

/* 5.1.3: features of network cards. */
#define VDEV_F_CSUM (1ull << 0)
#define VDEV_F_GUEST_CSUM (1ull << 1)
#define VDEV_F_MTU (1ull << 3)
#define VDEV_F_MAC (1ull << 5)
#define VDEV_F_GUEST_TSO4 (1ull << 7)
#define VDEV_F_GUEST_TSO6 (1ull << 8)
#define VDEV_F_HOST_TSO4 (1ull << 11)
#define VDEV_F_HOST_TSO6 (1ull << 12)
#define VDEV_F_HOST_ECN (1ull << 13)
#define VDEV_F_MRG_RXBUF (1ull << 15)
#define VDEV_F_STATUS (1ull << 16)
#define VDEV_F_CTRL_VQ (1ull << 17)
#define VDEV_F_CTRL_RX (1ull << 18)
#define VDEV_F_CTRL_VLAN (1ull << 19)
#define VDEV_F_CTRL_RX_EXTRA (1ull << 20)
#define VDEV_F_GUEST_ANNOUNCE (1ull << 21)
#define VDEV_F_MQ (1ull << 22)
#define VDEV_F_CTRL_MAC_ADDR (1ull << 23)
#define VDEV_F_NOTF_COAL (1ull << 53) /* virtio 1.3 5.1.3 */
#define VDEV_F_HASH_REPORT (1ull << 57)
#define VDEV_F_RSS (1ull << 60)
#define VDEV_F_SPEED_DUPLEX (1ull << 63)

/* 5.1.2: queues of a pair. */
#define VDEV_RXQ(pair) (2u * (pair))
#define VDEV_TXQ(pair) (2u * (pair) + 1u)

/* 5.1.4: the device configuration structure. */
struct virtio_dev_config {
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

_Static_assert(offsetof(struct virtio_dev_config, rss_max_key_size) == 17, "5.1.4");
_Static_assert(offsetof(struct virtio_dev_config, supported_hash_types) == 20, "5.1.4");
_Static_assert(sizeof(struct virtio_dev_config) == 24, "5.1.4");

#define VDEV_S_LINK_UP 1u
#define VDEV_S_ANNOUNCE 2u

/* 5.1.6: the header of each frame. The last three fields are there with VDEV_F_HASH_REPORT only. */
struct virtio_dev_hdr {
	uint8_t flags;
	uint8_t gso_type;
	fn_le16 hdr_len;
	fn_le16 gso_size;
	fn_le16 csum_start;
	fn_le16 csum_offset;
	fn_le16 num_buffers;
	fn_le32 hash_value;
	fn_le16 hash_report;
	fn_le16 padding;
};

_Static_assert(offsetof(struct virtio_dev_hdr, hash_value) == 12, "5.1.6");
_Static_assert(sizeof(struct virtio_dev_hdr) == 20, "5.1.6");

#define VDEV_HDR_F_NEEDS_CSUM 1u
#define VDEV_HDR_F_DATA_VALID 2u
#define VDEV_HDR_GSO_NONE 0u
#define VDEV_HDR_GSO_TCPV4 1u
#define VDEV_HDR_GSO_TCPV6 4u
#define VDEV_HDR_GSO_ECN 0x80u

/* 5.1.6.4.3.1: types of hashes; the report of type 1 << n is n + 1 (5.1.6.4.4). */
#define VDEV_HASH_IPV4 (1u << 0)
#define VDEV_HASH_TCPV4 (1u << 1)
#define VDEV_HASH_UDPV4 (1u << 2)
#define VDEV_HASH_IPV6 (1u << 3)
#define VDEV_HASH_TCPV6 (1u << 4)
#define VDEV_HASH_UDPV6 (1u << 5)
#define VDEV_HASH_ALL 0x3fu

/* 5.1.6.5: commands, class and command in one number as the trace has them. */
#define VDEV_CMD(class, command) ((class) << 8 | (command))
#define VDEV_CMD_PROMISC VDEV_CMD(0u, 0u)
#define VDEV_CMD_ALLMULTI VDEV_CMD(0u, 1u)
#define VDEV_CMD_ALLUNI VDEV_CMD(0u, 2u)
#define VDEV_CMD_NOMULTI VDEV_CMD(0u, 3u)
#define VDEV_CMD_NOUNI VDEV_CMD(0u, 4u)
#define VDEV_CMD_NOBCAST VDEV_CMD(0u, 5u)
#define VDEV_CMD_MAC_TABLE VDEV_CMD(1u, 0u)
#define VDEV_CMD_MAC_ADDR VDEV_CMD(1u, 1u)
#define VDEV_CMD_VLAN_ADD VDEV_CMD(2u, 0u)
#define VDEV_CMD_VLAN_DEL VDEV_CMD(2u, 1u)
#define VDEV_CMD_ANNOUNCE_ACK VDEV_CMD(3u, 0u)
#define VDEV_CMD_MQ_PAIRS VDEV_CMD(4u, 0u)
#define VDEV_CMD_MQ_RSS VDEV_CMD(4u, 1u)
#define VDEV_CMD_MQ_HASH VDEV_CMD(4u, 2u)
#define VDEV_CMD_COAL_TX VDEV_CMD(6u, 0u)
#define VDEV_CMD_COAL_RX VDEV_CMD(6u, 1u)

#define VDEV_OK 0u
#define VDEV_ERR 1u

/* 2.7.5, 2.8: flags of descriptors. */
#define VDEV_DESC_F_NEXT 1u
#define VDEV_DESC_F_WRITE 2u
#define VDEV_DESC_F_INDIRECT 4u
#define VDEV_DESC_F_AVAIL (1u << 7)
#define VDEV_DESC_F_USED (1u << 15)

/* 2.7.5: a descriptor of a split ring. */
struct virtio_dev_desc {
	fn_le64 addr;
	fn_le32 len;
	fn_le16 flags;
	fn_le16 next;
};

_Static_assert(sizeof(struct virtio_dev_desc) == 16, "2.7.5");

/* 2.7.6: the available ring; used_event is behind its entries (2.7.7). */
struct virtio_dev_avail {
	fn_le16 flags;
	fn_le16 idx;
	fn_le16 ring[];
};

#define VDEV_AVAIL_F_NO_INTERRUPT 1u
#define VDEV_USED_F_NO_NOTIFY 1u /* 2.7.8 */

/* 2.8.13: a descriptor of a packed ring. */
struct virtio_dev_pdesc {
	fn_le64 addr;
	fn_le32 len;
	fn_le16 id;
	fn_le16 flags;
};

_Static_assert(sizeof(struct virtio_dev_pdesc) == 16, "2.8.13");

/* 2.8.14: event suppression. */
struct virtio_dev_event {
	fn_le16 desc; /* offset, and the wrap counter in bit 15 */
	fn_le16 flags;
};

#define VDEV_EVENT_ENABLE 0u
#define VDEV_EVENT_DISABLE 1u
#define VDEV_EVENT_DESC 2u

#endif
