/* SPDX-License-Identifier: BSD-3-Clause */
/* What virtio 1.2 section 5.1 defines for network cards. */
#ifndef VIRTIO_NET_SPEC_H
#define VIRTIO_NET_SPEC_H

#include <stddef.h>

#include "base/le.h"

/* 5.1.3: features. */
#define VIRTIO_NET_F_MTU (1ull << 3)
#define VIRTIO_NET_F_MAC (1ull << 5)
#define VIRTIO_NET_F_STATUS (1ull << 16)
#define VIRTIO_NET_F_CTRL_VQ (1ull << 17)
#define VIRTIO_NET_F_CTRL_RX (1ull << 18)
#define VIRTIO_NET_F_MQ (1ull << 22)
#define VIRTIO_NET_F_CTRL_MAC_ADDR (1ull << 23)
#define VIRTIO_NET_F_SPEED_DUPLEX (1ull << 63)

/* 5.1.4: the device configuration structure, as far as it is used. */
struct virtio_net_config {
	uint8_t mac[6];
	fn_le16 status;
	fn_le16 max_virtqueue_pairs;
	fn_le16 mtu;
	fn_le32 speed;
	uint8_t duplex;
};

_Static_assert(offsetof(struct virtio_net_config, status) == 6, "5.1.4");
_Static_assert(offsetof(struct virtio_net_config, max_virtqueue_pairs) == 8, "5.1.4");
_Static_assert(offsetof(struct virtio_net_config, mtu) == 10, "5.1.4");
_Static_assert(offsetof(struct virtio_net_config, speed) == 12, "5.1.4");
_Static_assert(offsetof(struct virtio_net_config, duplex) == 16, "5.1.4");

#define VIRTIO_NET_S_LINK_UP 1u

/* 5.1.4: speed is unknown above this, and duplex is unknown when it is neither 0 nor 1. */
#define VIRTIO_NET_SPEED_MAX 0x7fffffffu
#define VIRTIO_NET_DUPLEX_FULL 1u

/* 5.1.4.1: an MTU that a device gives is no smaller. */
#define VIRTIO_NET_MTU_MIN 68u

/*
 * 5.1.6: in front of each frame; under VIRTIO_F_VERSION_1 num_buffers is always there. On transmit
 * all of it is zero as long as no offload is negotiated.
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

/* 5.1.6.5.2 */
#define VIRTIO_NET_CTRL_MAC 1u
#define VIRTIO_NET_CTRL_MAC_ADDR_SET 1u

/* 5.1.6.5.5 */
#define VIRTIO_NET_CTRL_MQ 4u
#define VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET 0u

#endif
