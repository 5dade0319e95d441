/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What virtio 1.2 defines for every device on PCI: capabilities, registers, status, features,
 * rings.
 */
#ifndef VIRTIO_SPEC_H
#define VIRTIO_SPEC_H

#include <stddef.h>

#include "base/le.h"

/* 4.1.2.1: PCI IDs. A transitional network card has 0x1000, a modern one 0x1040 + 1 (5.1.1). */
#define VIRTIO_PCI_VENDOR 0x1af4u
#define VIRTIO_PCI_DEVICE_NET_TRANSITIONAL 0x1000u
#define VIRTIO_PCI_DEVICE_NET 0x1041u

/* 4.1.4: a vendor-specific PCI capability (ID 9) says where a structure lies. */
#define VIRTIO_PCI_CAP_ID 0x09u

struct virtio_pci_cap {
	uint8_t cap_vndr;
	uint8_t cap_next;
	uint8_t cap_len;
	uint8_t cfg_type;
	uint8_t bar;
	uint8_t id;
	uint8_t padding[2];
	fn_le32 offset;
	fn_le32 length;
};

_Static_assert(sizeof(struct virtio_pci_cap) == 16, "4.1.4");
_Static_assert(offsetof(struct virtio_pci_cap, offset) == 8, "4.1.4");

/* 4.1.4.4: the notification capability is longer by this. */
struct virtio_pci_notify_cap {
	struct virtio_pci_cap cap;
	fn_le32 notify_off_multiplier;
};

_Static_assert(sizeof(struct virtio_pci_notify_cap) == 20, "4.1.4.4");

/* 4.1.4: virtio_pci_cap.cfg_type. */
#define VIRTIO_PCI_CAP_COMMON_CFG 1u
#define VIRTIO_PCI_CAP_NOTIFY_CFG 2u
#define VIRTIO_PCI_CAP_ISR_CFG 3u
#define VIRTIO_PCI_CAP_DEVICE_CFG 4u
#define VIRTIO_PCI_CAP_PCI_CFG 5u

/* 4.1.4: higher values of virtio_pci_cap.bar are reserved. */
#define VIRTIO_PCI_BAR_MAX 5u

/* 4.1.4.3: the common configuration structure. 64-bit fields are accessed as two 32-bit halves. */
struct virtio_pci_common_cfg {
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

_Static_assert(offsetof(struct virtio_pci_common_cfg, config_msix_vector) == 0x10, "4.1.4.3");
_Static_assert(offsetof(struct virtio_pci_common_cfg, device_status) == 0x14, "4.1.4.3");
_Static_assert(offsetof(struct virtio_pci_common_cfg, queue_select) == 0x16, "4.1.4.3");
_Static_assert(offsetof(struct virtio_pci_common_cfg, queue_desc) == 0x20, "4.1.4.3");
_Static_assert(sizeof(struct virtio_pci_common_cfg) == 0x38, "4.1.4.3");

/*
 * 4.1.5.1.2: "no vector"; read back after a vector was written, it says that the device has none
 * left.
 */
#define VIRTIO_MSI_NO_VECTOR 0xffffu

/* 2.1: device_status. */
#define VIRTIO_STATUS_ACKNOWLEDGE 0x01u
#define VIRTIO_STATUS_DRIVER 0x02u
#define VIRTIO_STATUS_DRIVER_OK 0x04u
#define VIRTIO_STATUS_FEATURES_OK 0x08u
#define VIRTIO_STATUS_DEVICE_NEEDS_RESET 0x40u

/* Clause 6: features of every device. */
#define VIRTIO_F_RING_EVENT_IDX (1ull << 29)
#define VIRTIO_F_VERSION_1 (1ull << 32)
#define VIRTIO_F_ACCESS_PLATFORM (1ull << 33)
#define VIRTIO_F_IN_ORDER (1ull << 35)
#define VIRTIO_F_ORDER_PLATFORM (1ull << 36)

/*
 * 2.7.5: a descriptor. The specification has len (32 bits), flags and next (16 bits each) where
 * @ctl is: one store instead of three. VIRTQ_CTL() composes it.
 */
struct virtq_desc {
	fn_le64 addr;
	fn_le64 ctl;
};

_Static_assert(sizeof(struct virtq_desc) == 16, "2.7.5");

#define VIRTQ_DESC_F_NEXT 1u
#define VIRTQ_DESC_F_WRITE 2u

#define VIRTQ_CTL(len, flags, next) \
	((uint64_t)(uint32_t)(len) | (uint64_t)(flags) << 32 | (uint64_t)(uint16_t)(next) << 48)

/* 2.7.6: the available ring. Behind its entries lies used_event (2.7.7). */
struct virtq_avail {
	fn_le16 flags;
	fn_le16 idx;
	fn_le16 ring[];
};

_Static_assert(offsetof(struct virtq_avail, ring) == 4, "2.7.6");

#define VIRTQ_AVAIL_F_NO_INTERRUPT 1u

/*
 * 2.7.8: the head of the used ring. Its elements follow at once, each an id (32 bits) and a len (32
 * bits), read here as one fn_le64: VIRTQ_USED_ID(), VIRTQ_USED_LEN(). Behind them lies avail_event.
 */
struct virtq_used {
	fn_le16 flags;
	fn_le16 idx;
};

_Static_assert(sizeof(struct virtq_used) == 4, "2.7.8");

#define VIRTQ_USED_F_NO_NOTIFY 1u

#define VIRTQ_USED_ID(elem) ((uint32_t)(elem))
#define VIRTQ_USED_LEN(elem) ((uint32_t)((elem) >> 32))

/* 2.7: most entries that a split ring may have. */
#define VIRTQ_SIZE_MAX 32768u

#endif
