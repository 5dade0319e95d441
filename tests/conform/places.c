// SPDX-License-Identifier: BSD-3-Clause
/* The places: a row for each device on each bus. */
#include "conform/conform.h"
#include "conform/places/model.h"
#include "conform/places/qtest.h"

/* All that the driver knows, and fewer vectors than queues. */
static const struct model_virtio model_virtio = { .more = VIRTIO_DEV_F_ALL | VDEV_F_HOST_ECN,
						  .pairs = 4,
						  .irqs = 6,
						  .late_ns = 5000,
						  .mtu = 9216 };

/* The same, but in order, an element of the used ring for several buffers where one is enough. */
static const struct model_virtio model_in_order = { .more = VIRTIO_DEV_F_ALL | VDEV_F_HOST_ECN |
							    VDEV_F_IN_ORDER,
						    .pairs = 4,
						    .irqs = 6,
						    .late_ns = 5000,
						    .returns = VIRTIO_DEV_BATCHES,
						    .mtu = 9216 };

/* And one that uses and hands back in whatever order. */
static const struct model_virtio model_any_order = { .more = VIRTIO_DEV_F_ALL | VDEV_F_HOST_ECN,
						     .pairs = 4,
						     .irqs = 6,
						     .late_ns = 5000,
						     .returns = VIRTIO_DEV_ANY_ORDER,
						     .mtu = 9216 };

/*
 * As little as a device may offer: no control queue, no event indices, one pair, nothing told of
 * the link but its MTU, which is what most have; and as hardware does it loses what finds no
 * buffer.
 */
static const struct model_virtio model_bare = { .less = VDEV_F_CTRL_VQ | VDEV_F_CTRL_RX |
							VDEV_F_CTRL_MAC_ADDR | VDEV_F_MQ |
							VDEV_F_EVENT_IDX | VDEV_F_STATUS |
							VDEV_F_SPEED_DUPLEX,
						.pairs = 1,
						.irqs = 3,
						.drops = true,
						.mtu = 1500 };

static const struct qtest_device qtest_virtio = { .model = "virtio-net-pci",
						  .props = "rx_queue_size=1024",
						  .tap_props = "rx_queue_size=1024,rss=on,hash=on",
						  .queues = 4 };

/* Nothing but device_status tells that it is gone: there is no status, and no control queue. */
#define QTEST_BARE "ctrl_vq=off,event_idx=off,mrg_rxbuf=off,status=off"
static const struct qtest_device qtest_bare = { .model = "virtio-net-pci",
						.props = QTEST_BARE,
						.tap_props = QTEST_BARE };

static const struct model_intel model_e1000e = { .family = INTEL_82574,
						 .late_ns = 5000,
						 .posted_ns = 2000 };
static const struct model_intel model_e1000e_scalar = { .family = INTEL_82574, .scalar = true };
static const struct model_intel model_igb = { .family = INTEL_82576,
					      .late_ns = 5000,
					      .posted_ns = 2000 };

static const struct model_intel model_igb_by_page = { .family = INTEL_82576, .by_page = true };
static const struct model_intel model_igb_scalar = { .family = INTEL_82576, .scalar = true };

static const struct qtest_device qtest_e1000e = { .model = "e1000e", .does_all = true };
static const struct qtest_device qtest_igb = { .model = "igb",
					       .does_all = true,
					       .root_port = true };

/* What no Intel controller has. */
#define INTEL_CANNOT (NEED_ANNOUNCE | NEED_VOUCH | NEED_LIAR_TX)

/*
 * QEMU's Intel models finish a transmission within the doorbell's write, whatever the wire
 * does. The other end of their links is always the same, igb has no link after a reset unless
 * it negotiates, and they do not know pause frames. Igb puts a tag in front of an outer one, which
 * the driver refuses.
 */
#define QEMU_INTEL_CANNOT (INTEL_CANNOT | NEED_STALL | NEED_PARTNER | NEED_BEHIND)

/*
 * QEMU's Intel models let nobody switch their reports of errors on (Device Control's enable bits,
 * PCI Express 3.0 7.8.4, read 0). How long an interrupt is held back by an emulated clock on an
 * emulated processor, beside other guests, tells nothing.
 */
#define VFIO_INTEL_CANNOT (QEMU_INTEL_CANNOT | NEED_ERROR | NEED_REALTIME)

const struct conform_place places[] = {
	{ .name = "model/virtio-net",
	  .ops = &place_model_virtio,
	  .arg = &model_virtio,
	  .cannot = NEED_CSUM_LOOK,
	  .deadline_s = 30 },
	{ .name = "model/virtio-net-in-order",
	  .ops = &place_model_virtio,
	  .arg = &model_in_order,
	  .cannot = NEED_CSUM_LOOK,
	  .deadline_s = 30 },
	{ .name = "model/virtio-net-any-order",
	  .ops = &place_model_virtio,
	  .arg = &model_any_order,
	  .cannot = NEED_CSUM_LOOK,
	  .deadline_s = 30 },
	{ .name = "model/virtio-net-bare",
	  .ops = &place_model_virtio,
	  .arg = &model_bare,
	  .cannot = NEED_CSUM_LOOK | NEED_LINK | NEED_ANNOUNCE | NEED_QUEUES | NEED_AUTOMASK |
		    NEED_HOLD,
	  .deadline_s = 30 },
	{ .name = "model/e1000e",
	  .ops = &place_model_intel,
	  .arg = &model_e1000e,
	  .cannot = INTEL_CANNOT,
	  .deadline_s = 30 },
	{ .name = "model/igb",
	  .ops = &place_model_intel,
	  .arg = &model_igb,
	  .cannot = INTEL_CANNOT,
	  .deadline_s = 30 },
	{ .name = "model/e1000e-scalar",
	  .ops = &place_model_intel,
	  .arg = &model_e1000e_scalar,
	  .cannot = INTEL_CANNOT,
	  .deadline_s = 30 },
	{ .name = "model/igb-scalar",
	  .ops = &place_model_intel,
	  .arg = &model_igb_scalar,
	  .cannot = INTEL_CANNOT,
	  .deadline_s = 30 },
	{ .name = "model/igb-by-page",
	  .ops = &place_model_intel,
	  .arg = &model_igb_by_page,
	  .cannot = INTEL_CANNOT | NEED_BEHIND,
	  .deadline_s = 30 },
	{ .name = "qtest/virtio-net",
	  .ops = &place_qtest,
	  .arg = &qtest_virtio,
	  .cannot = NEED_CSUM_LOOK | NEED_VOUCH,
	  .deadline_s = 60 },
	{ .name = "qtest/virtio-net-bare",
	  .ops = &place_qtest,
	  .arg = &qtest_bare,
	  .cannot = NEED_CSUM_LOOK | NEED_VOUCH | NEED_LINK | NEED_ANNOUNCE | NEED_QUEUES |
		    NEED_AUTOMASK,
	  .deadline_s = 60 },
	{ .name = "vfio/virtio-net",
	  .ops = &place_vfio,
	  .cannot = NEED_CSUM_LOOK | NEED_VOUCH,
	  .deadline_s = 120 },
	{ .name = "qtest/e1000e",
	  .ops = &place_qtest,
	  .arg = &qtest_e1000e,
	  .cannot = QEMU_INTEL_CANNOT,
	  .deadline_s = 60 },
	{ .name = "qtest/igb",
	  .ops = &place_qtest,
	  .arg = &qtest_igb,
	  .cannot = QEMU_INTEL_CANNOT,
	  .deadline_s = 60 },
	/*
	 * Once QEMU's e1000e (7.2) has held an interrupt back, it tells of each later one a second
	 * time when that one's throttle is over (128 us): it never forgets that there was one. Seen
	 * in 25 of 300 interrupts behind some with a throttle of 2 ms, as a second signal where the
	 * first had been taken by then.
	 */
	{ .name = "vfio/e1000e",
	  .ops = &place_vfio,
	  .cannot = VFIO_INTEL_CANNOT,
	  .echoes = true,
	  .deadline_s = 120 },
	{ .name = "vfio/igb", .ops = &place_vfio, .cannot = VFIO_INTEL_CANNOT, .deadline_s = 120 },
	{ .name = NULL },
};
