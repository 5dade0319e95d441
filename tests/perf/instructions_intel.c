// SPDX-License-Identifier: BSD-3-Clause
/* e1000e and igb for tests/perf/instructions: the model's devices, their rings, the goals. */
#include <string.h>

#include "drivers/intel/intel_ring.h"
#include "model/intel_dev.h"
#include "perf/instructions.h"

#define DPDK_FAST "DPDK 25.11 iavf AVX2 + MBUF_FAST_FREE, its best on any Intel NIC"

static const struct perf_ring rings[] = {
	{ "AVX2",
	  0,
	  { { 22, 17, 25, DPDK_FAST },
	    { 18, 15, 19, DPDK_FAST },
	    { 46, 38, 50, DPDK_FAST },
	    { 20, 14, 39, DPDK_FAST } } },
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
	static uint8_t to_all[64];

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
	.plug = plug_76,
	.unplug = unplug,
	.doorbell = doorbell,
	.rung = rung,
	.receive = receive,
	.transmit = transmit,
};
