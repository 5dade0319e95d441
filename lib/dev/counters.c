// SPDX-License-Identifier: BSD-3-Clause
/* Counters: what they are called and how they are read. */
#include "dev/dev.h"

static const struct fn_counter_desc rx_descs[FN_RX_COUNTERS] = {
	[FN_RX_PACKETS] = { "rx_packets", "packets handed to the application", FN_COUNTER_INFO },
	[FN_RX_BYTES] = { "rx_bytes", "bytes of these packets, without CRC", FN_COUNTER_INFO },
	[FN_RX_BURSTS] = { "rx_bursts", "burst calls that returned packets", FN_COUNTER_INFO },
	[FN_RX_RING_DRY] = { "rx_ring_dry",
			     "polls that found no buffer posted: the device may have dropped",
			     FN_COUNTER_POSSIBLE_LOSS },
	[FN_RX_POOL_EMPTY] = { "rx_pool_empty", "refills that found the pool empty",
			       FN_COUNTER_INFO },
	[FN_RX_DROP_BROKEN] = { "rx_drop_broken",
				"received and not taken when the queue broke; behind the device's "
				"lie each buffer counts",
				FN_COUNTER_DROP },
	[FN_RX_DROP_STOPPED] = { "rx_drop_stopped",
				 "received and not taken when a sound queue was stopped",
				 FN_COUNTER_DROP },
	[FN_RX_CSUM_BAD] = { "rx_csum_bad",
			     "handed over with a checksum that is wrong or cannot be filled in",
			     FN_COUNTER_INFO },
	[FN_RX_DROP_ERROR] = { "rx_drop_error",
			       "the device found an error in the frame (CRC, symbol)",
			       FN_COUNTER_DROP },
	[FN_RX_DROP_TOO_LONG] = { "rx_drop_too_long",
				  "longer than a buffer, and frames are not scattered",
				  FN_COUNTER_DROP },
};

static const struct fn_counter_desc tx_descs[FN_TX_COUNTERS] = {
	[FN_TX_PACKETS] = { "tx_packets", "packets given to the device", FN_COUNTER_INFO },
	[FN_TX_BYTES] = { "tx_bytes", "bytes of these packets, without CRC", FN_COUNTER_INFO },
	[FN_TX_BURSTS] = { "tx_bursts", "burst calls that took packets", FN_COUNTER_INFO },
	[FN_TX_RING_FULL] = { "tx_ring_full", "burst calls that could not take all packets",
			      FN_COUNTER_INFO },
	[FN_TX_DOORBELLS] = { "tx_doorbells", "doorbells rung", FN_COUNTER_INFO },
	[FN_TX_DROP_EMPTY] = { "tx_drop_empty", "a packet without bytes", FN_COUNTER_DROP },
	[FN_TX_DROP_TOO_LONG] = { "tx_drop_too_long", "longer than the MTU allows",
				  FN_COUNTER_DROP },
	[FN_TX_DROP_SEGMENTS] = { "tx_drop_segments", "more segments than the device takes",
				  FN_COUNTER_DROP },
	[FN_TX_DROP_OFFLOAD] = { "tx_drop_offload",
				 "asks for an offload that is not on, or that does not fit it",
				 FN_COUNTER_DROP },
	[FN_TX_DROP_UNREACHABLE] = { "tx_drop_unreachable", "memory that the device cannot reach",
				     FN_COUNTER_DROP },
	[FN_TX_DROP_STOPPED] = { "tx_drop_stopped", "still queued when a sound queue was stopped",
				 FN_COUNTER_DROP },
	[FN_TX_DROP_BROKEN] = { "tx_drop_broken", "still queued when the queue broke",
				FN_COUNTER_DROP },
	[FN_TX_DROP_SHARED] = { "tx_drop_shared",
				"a checksum asked for in data that others read too",
				FN_COUNTER_DROP },
};

const struct fn_counter_desc *fn_rx_counter_desc(unsigned idx)
{
	return idx < FN_RX_COUNTERS ? &rx_descs[idx] : NULL;
}

const struct fn_counter_desc *fn_tx_counter_desc(unsigned idx)
{
	return idx < FN_TX_COUNTERS ? &tx_descs[idx] : NULL;
}

static unsigned counters_read(const struct fn_queue *queue, unsigned known, uint64_t *values,
			      unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		values[i] = i < known ? __atomic_load_n(&queue->counters[i], __ATOMIC_RELAXED) : 0;
	return known;
}

unsigned fn_rxq_counters(const struct fn_rxq *q, uint64_t *values, unsigned n)
{
	return counters_read(fn_rxq_queue(q), FN_RX_COUNTERS, values, n);
}

unsigned fn_txq_counters(const struct fn_txq *q, uint64_t *values, unsigned n)
{
	return counters_read(fn_txq_queue(q), FN_TX_COUNTERS, values, n);
}

unsigned fn_dev_counters(struct fn_dev *dev, uint64_t *values, unsigned n)
{
	const unsigned known = dev->limits.counters_n;

	(void)pthread_mutex_lock(&dev->lock);
	if (dev->drv->ops->read_counters && !fn_dev_is_lost(dev))
		dev->drv->ops->read_counters(dev);
	for (unsigned i = 0; i < n; i++)
		values[i] = i < known ? dev->counters[i] : 0;
	(void)pthread_mutex_unlock(&dev->lock);
	return known;
}

const struct fn_counter_desc *fn_dev_counter_desc(const struct fn_dev *dev, unsigned idx)
{
	return idx < dev->limits.counters_n ? &dev->limits.counters[idx] : NULL;
}
