// SPDX-License-Identifier: BSD-3-Clause
/* virtio-net for tests/perf/instructions: the model's device, its rings, the goals. */
#include "drivers/virtio/virtio_net.h"
#include "model/virtio_dev.h"
#include "perf/instructions.h"

#define DPDK_IN_ORDER "DPDK 25.11 split in-order"
#define DPDK_VECTOR "DPDK 25.11 split vectorized RX"
#define DPDK_MERGE "DPDK 25.11 split mergeable"
#define DPDK_PACKED "DPDK 22.11 packed in-order io"
#define DPDK_ANY "DPDK 25.11, its cheapest"

/* A split ring with VIRTIO_F_IN_ORDER has goals for both directions, one without has none. */
#define SPLIT_GOALS                                                                   \
	{                                                                             \
		{ 0, 0, 55, DPDK_VECTOR }, { 0, 0, 261, DPDK_VECTOR },                \
			{ 105, 85, 375, DPDK_PACKED }, { 105, 85, 375, DPDK_PACKED }, \
			{ 105, 85, 375, DPDK_PACKED }, { 105, 85, 375, DPDK_PACKED }, \
			{ 20, 14, 57, DPDK_ANY },                                     \
	}
#define IN_ORDER_GOALS                                                                \
	{                                                                             \
		{ 50, 40, 150, DPDK_IN_ORDER }, { 45, 35, 196, DPDK_IN_ORDER },       \
			{ 105, 85, 375, DPDK_PACKED }, { 105, 85, 375, DPDK_PACKED }, \
			{ 105, 85, 375, DPDK_PACKED }, { 105, 85, 375, DPDK_PACKED }, \
			{ 20, 14, 57, DPDK_ANY },                                     \
	}

static const struct perf_ring rings[] = {
	{ .variant = "split", .goals = SPLIT_GOALS },
	{ .variant = "split event-idx", .features = VIRTIO_F_RING_EVENT_IDX, .goals = SPLIT_GOALS },
	{ .variant = "split in-order", .features = VIRTIO_F_IN_ORDER, .goals = IN_ORDER_GOALS },
	{ .variant = "split in-order event-idx",
	  .features = VIRTIO_F_IN_ORDER | VIRTIO_F_RING_EVENT_IDX,
	  .goals = IN_ORDER_GOALS },
};

/*
 * What every ring is offered beside its entry of the table. No control queue: its doorbell is not
 * mapped, and instructions_no_seam has no other way to ring one.
 */
#define FEATURES                                                                          \
	(VIRTIO_NET_F_MTU | VIRTIO_NET_F_MAC | VIRTIO_NET_F_STATUS | VIRTIO_F_VERSION_1 | \
	 VIRTIO_F_ACCESS_PLATFORM | VIRTIO_F_ORDER_PLATFORM)

/* RX 70, TX 65: with the variant that takes frames in several buffers. */
static const struct perf_ring merge_ring = {
	.features = VIRTIO_NET_F_MRG_RXBUF | VIRTIO_NET_F_CSUM | VIRTIO_NET_F_GUEST_CSUM,
};

static const struct perf_load loads[] = {
	{ .name = "mergeable buffers, checksum of TCP both ways",
	  .kinds = 1u << PERF_RX | 1u << PERF_TX | 1u << PERF_FORWARD,
	  .ring = &merge_ring,
	  .burst_max = 256,
	  .offloads = FN_OFFLOAD_RX_SCATTER | FN_OFFLOAD_RX_CSUM | FN_OFFLOAD_TX_L4_CSUM,
	  .frame = perf_tcp_frame,
	  .fill = perf_tcp_fill,
	  .ask = FN_PKT_TX_TCP_CSUM,
	  .frames = 1,
	  .goals = { { 70, 0, 177, DPDK_MERGE }, { 65, 0, 261, DPDK_MERGE } } },
};

static struct virtio_dev devs[2];

static const char *plug(unsigned slot, const struct perf_ring *ring)
{
	struct virtio_dev *vd = &devs[slot];

	virtio_dev_init(vd);
	vd->offered = FEATURES | ring->features;
	model_dev_plug(&vd->md, slot);
	return vd->md.busdev.name;
}

static const char *unplug(unsigned slot)
{
	model_dev_unplug(&devs[slot].md);
	return devs[slot].md.violation;
}

static struct fn_doorbell *doorbell(struct perf_queue queue)
{
	return queue.rx ? &virtio_rxq_of(queue.rx)->db : &virtio_txq_of(queue.tx)->db;
}

/* 4.1.5.2: the queue's number. The model looks at the rings whether it was rung or not. */
static bool rung(unsigned slot, struct perf_queue queue, uint32_t value)
{
	const unsigned number = queue.rx ? VIRTIO_NET_RXQ(0) : VIRTIO_NET_TXQ(0);

	devs[slot].queues[number].kicks++;
	return (uint16_t)value == number;
}

static bool receive(unsigned slot, unsigned n, const uint8_t *frame, uint32_t len)
{
	for (unsigned i = 0; i < n; i++)
		if (virtio_dev_receive(&devs[slot], 0, frame, len))
			return false;
	return true;
}

static unsigned transmit(unsigned slot)
{
	return virtio_dev_transmit(&devs[slot], 0, devs[slot].queues[VIRTIO_NET_TXQ(0)].size);
}

const struct perf_device perf_virtio_net = {
	.name = "virtio-net",
	.bus = &model_bus,
	.rings = rings,
	.rings_n = FN_ARRAY_LEN(rings),
	.loads = loads,
	.loads_n = FN_ARRAY_LEN(loads),
	.plug = plug,
	.unplug = unplug,
	.doorbell = doorbell,
	.rung = rung,
	.receive = receive,
	.transmit = transmit,
};
