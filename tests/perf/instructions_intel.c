// SPDX-License-Identifier: BSD-3-Clause
/* e1000e and igb for tests/perf/instructions: the model's devices, their rings, the goals. */
#include <string.h>

#include "drivers/intel/intel_ring.h"
#include "model/intel_dev.h"
#include "perf/instructions.h"

#define DPDK_FAST "DPDK 25.11 iavf AVX2 + MBUF_FAST_FREE, its best on any Intel NIC"

#define DPDK_BEST "DPDK 25.11's best loop"
#define DPDK_IGB "DPDK 25.11 igb, its only path"

static const struct perf_ring rings[] = {
	{ .variant = "scalar", .scalar = true },
	{ .variant = "AVX2",
	  .goals = { { 22, 17, 25, DPDK_FAST },
		     { 18, 15, 19, DPDK_FAST },
		     { 46, 38, 50, DPDK_FAST },
		     { 46, 38, 50, DPDK_FAST },
		     { 46, 38, 50, DPDK_FAST },
		     { 46, 38, 50, DPDK_FAST },
		     { 20, 14, 39, DPDK_FAST } },
	  .forward_one = { 120, 90, 359, DPDK_BEST } },
};

#define HEADERS_BYTES 54u

#define TSO_MSS 1448u
#define TSO_SEGMENT 1810u
#define TSO_SEGMENTS 16u /* 20 frames together */

/* Headers and payload in one segment, and 15 segments of payload behind. */
static void tso_fill(struct fn_pool *pool, struct fn_pkt *pkt)
{
	if (!fn_pkt_append(pkt, HEADERS_BYTES + TSO_SEGMENT))
		return;
	perf_tcp_headers(pkt->data, HEADERS_BYTES + TSO_SEGMENT);
	for (unsigned i = 1; i < TSO_SEGMENTS; i++) {
		struct fn_pkt *segment = fn_pkt_alloc(pool);

		if (!segment || !fn_pkt_append(segment, TSO_SEGMENT) || fn_pkt_chain(pkt, segment))
			return;
	}
	pkt->flags = FN_PKT_TX_TSO | FN_PKT_TX_TCP_CSUM;
	pkt->l2_len = PERF_L2_BYTES;
	pkt->l3_len = 20;
	pkt->l4_len = 20;
	pkt->mss = TSO_MSS;
}

/* Five buffers. */
static uint32_t jumbo_frame(uint8_t *frame)
{
	memset(frame, 3, 9014);
	return 9014;
}

#define CSUMS (FN_OFFLOAD_RX_CSUM | FN_OFFLOAD_TX_IP_CSUM | FN_OFFLOAD_TX_L4_CSUM)
#define RX (1u << PERF_RX)
#define TX (1u << PERF_TX)
#define FORWARD (1u << PERF_FORWARD)

static const struct perf_load loads[] = {
	{ .name = "checksums of TCP and IP both ways",
	  .kinds = RX | TX | FORWARD,
	  .burst_max = 256,
	  .offloads = CSUMS,
	  .frame = perf_tcp_frame,
	  .fill = perf_tcp_fill,
	  .ask = FN_PKT_TX_IP_CSUM | FN_PKT_TX_TCP_CSUM,
	  .frames = 1,
	  .goals = { [PERF_FORWARD] = { 65, 55, 220, DPDK_IGB } } },
	{ .name = "checksums looked at on receive",
	  .kinds = RX | FORWARD,
	  .burst_max = 256,
	  .offloads = FN_OFFLOAD_RX_CSUM,
	  .frame = perf_tcp_frame,
	  .fill = perf_tcp_fill,
	  .frames = 1 },
	{ .name = "hash handed over on receive",
	  .kinds = RX | FORWARD,
	  .burst_max = 256,
	  .offloads = FN_OFFLOAD_RX_HASH,
	  .frame = perf_tcp_frame,
	  .fill = perf_tcp_fill,
	  .frames = 1 },
	{ .name = "packets of another pool",
	  .kinds = FORWARD,
	  .burst_max = 32,
	  .pool_a_port = true,
	  .frame = perf_tcp_frame,
	  .fill = perf_tcp_fill,
	  .frames = 1 },
	{ .name = "TSO, 16 segments that leave as 20 frames",
	  .kinds = TX,
	  .burst_max = 8,
	  .offloads = CSUMS | FN_OFFLOAD_TX_TSO4,
	  .frame = perf_tcp_frame,
	  .fill = tso_fill,
	  .frames = TSO_SEGMENT * TSO_SEGMENTS / TSO_MSS },
	{ .name = "frames of 9014 bytes in 5 buffers",
	  .kinds = RX,
	  .burst_max = 32,
	  .offloads = FN_OFFLOAD_RX_SCATTER,
	  .mtu = 9000,
	  .frame = jumbo_frame,
	  .fill = perf_tcp_fill,
	  .frames = 1 },
};

static struct intel_dev devs[2];

static const char *plug(unsigned slot, enum intel_family family)
{
	struct intel_dev *id = &devs[slot];

	intel_dev_init(id, family);
	/* The bench sends by hand, between bursts. */
	id->auto_tx = false;
	model_dev_plug(&id->md, slot);
	return id->md.busdev.name;
}

static const char *plug_74(unsigned slot, const struct perf_ring *ring)
{
	(void)ring;
	return plug(slot, INTEL_82574);
}

static const char *plug_76(unsigned slot, const struct perf_ring *ring)
{
	(void)ring;
	return plug(slot, INTEL_82576);
}

static const char *unplug(unsigned slot)
{
	model_dev_unplug(&devs[slot].md);
	return devs[slot].md.violation;
}

static struct fn_doorbell *doorbell(struct perf_queue queue)
{
	return queue.rx ? &intel_rxq_of(queue.rx)->db : &intel_txq_of(queue.tx)->db;
}

/* The tail goes to the device as if its BAR were memory. */
static bool rung(unsigned slot, struct perf_queue queue, uint32_t value)
{
	const uint32_t size = intel_dev_ring_size(&devs[slot], !queue.rx, 0);

	*intel_dev_qreg(&devs[slot], !queue.rx, 0, IDEV_Q_TAIL) = value;
	return value < size;
}

/* Autonegotiation takes its time. */
static void come_up(unsigned slot)
{
	while (!intel_dev_link_up(&devs[slot]) && model_clock_next(devs[slot].md.clock))
		;
}

static bool receive(unsigned slot, unsigned n, const uint8_t *frame, uint32_t len)
{
	static uint8_t to_all[MODEL_FRAME_MAX];

	/* Its filters let in what is for it or for all. */
	memcpy(to_all, frame, len);
	memset(to_all, 0xff, 6);
	come_up(slot);
	for (unsigned i = 0; i < n; i++)
		if (intel_dev_receive(&devs[slot], to_all, len) < 0)
			return false;
	return true;
}

static unsigned transmit(unsigned slot)
{
	const unsigned before = devs[slot].txq[0].sent;

	come_up(slot);
	(void)intel_dev_transmit(&devs[slot], 0, UINT32_MAX);
	return devs[slot].txq[0].sent - before;
}

const struct perf_device perf_e1000e = {
	.name = "e1000e",
	.bus = &model_bus,
	.rings = rings,
	.rings_n = FN_ARRAY_LEN(rings),
	.loads = loads,
	.loads_n = FN_ARRAY_LEN(loads),
	.plug = plug_74,
	.unplug = unplug,
	.doorbell = doorbell,
	.rung = rung,
	.receive = receive,
	.transmit = transmit,
};

const struct perf_device perf_igb = {
	.name = "igb",
	.bus = &model_bus,
	.rings = rings,
	.rings_n = FN_ARRAY_LEN(rings),
	.loads = loads,
	.loads_n = FN_ARRAY_LEN(loads),
	.plug = plug_76,
	.unplug = unplug,
	.doorbell = doorbell,
	.rung = rung,
	.receive = receive,
	.transmit = transmit,
};
