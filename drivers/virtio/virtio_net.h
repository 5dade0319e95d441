/* SPDX-License-Identifier: BSD-3-Clause */
/* The virtio-net driver: what its files share. */
#ifndef VIRTIO_NET_H
#define VIRTIO_NET_H

#include "dev/driver.h"
#include "drivers/virtio/virtio_net_spec.h"
#include "drivers/virtio/virtio_pci.h"
#include "drivers/virtio/virtio_ring.h"

extern const struct fn_driver fn_driver_virtio_net;

/* Smallest ring; and the longest chain of segments, where the transmit ring has room for it. */
#define VIRTIO_NET_RING_MIN 8u
#define VIRTIO_NET_TX_SEGS_MAX 32u

/*
 * A packet takes at most two descriptors beside its segments: virtio_net_hdr in front, padding
 * behind.
 */
#define VIRTIO_NET_TX_EXTRA_DESCS 2u

/* Queue pairs that are used at most; a device may have up to 0x8000. */
#define VIRTIO_NET_PAIRS_USED_MAX 256u

/**
 * struct virtio_rxq - a receive queue
 * @pub: burst and &struct fn_queue
 * @used: what the device hands back
 * @bufs: by slot: the packet posted there
 * @ids: by slot: the descriptor posted there
 * @used_pos: next buffer that the device hands back
 * @avail_pos: next buffer to post; between both are the buffers that the device has
 * @mask: slots - 1
 * @batch: buffers that are posted at once, a power of two
 * @full_mark: no batch is due while more buffers than this are posted
 * @hdr_back: how far in front of a packet's data its virtio_net_hdr is written; 0: it takes the
 *	data's first bytes
 * @len_max: longest frame that was posted for
 * @plain: fn_pool_plain_word() of the pool
 * @desc: the descriptor table
 * @avail: what the driver hands to the device
 * @cache: where buffers come from
 * @db: its doorbell
 * @skipped: buffers of a batch of an in-order device that are still to be taken, the last included
 * @last_len: length of the last of them
 * @inner: the burst, also when rx_burst_shifted() stands in front of it
 * @lied: the device was caught in a lie: what it had received by then is counted
 * @slots: by descriptor: the slot it is posted at; the inverse of @ids
 * @vq: its memory
 *
 * Slot and position: slot = position & mask. A descriptor stays at its slot as long as the device
 * hands buffers back in order; what comes out of order changes places (rx_reorder()), so that @ids
 * between
 * @used_pos and @avail_pos always is what the device has.
 */
struct virtio_rxq {
	struct fn_rxq pub;
	struct virtq_used *used;
	struct fn_pkt **bufs;
	uint16_t *ids;
	uint16_t used_pos;
	uint16_t avail_pos;
	uint16_t mask;
	uint16_t batch;
	uint16_t full_mark;
	uint16_t hdr_back;
	uint32_t len_max;
	uint64_t plain;

	struct virtq_desc *desc __attribute__((aligned(FN_CACHE_LINE)));
	struct virtq_avail *avail;
	struct fn_pool_cache *cache;
	struct fn_doorbell db;
	uint16_t skipped;
	uint32_t last_len;
	unsigned (*inner)(struct fn_rxq *q, struct fn_pkt **pkts, unsigned n);

	uint16_t *slots __attribute__((aligned(FN_CACHE_LINE)));
	bool event_idx;
	bool in_order;
	bool lied;
	struct virtq vq;
};

_Static_assert(offsetof(struct virtio_rxq, desc) == FN_CACHE_LINE,
	       "an empty poll touches one line");
_Static_assert(offsetof(struct virtio_rxq, slots) == (size_t)2 * FN_CACHE_LINE,
	       "a burst touches two lines");

/*
 * virtio_txq.states: what a descriptor is, apart from the plain case of a packet in one descriptor.
 */
#define VIRTIO_TX_PLAIN 0x00u
#define VIRTIO_TX_SLOW \
	0x01u /* head of a packet in several descriptors, or one that is freed singly */
#define VIRTIO_TX_CONT 0x02u /* a further descriptor of a packet */
#define VIRTIO_TX_DONE 0x04u /* head: the device handed it back before one that was sent earlier */

/**
 * struct virtio_txq - a transmit queue
 * @pub: burst and &struct fn_queue
 * @desc: the descriptor table; descriptor and slot are the same here
 * @bufs: by slot: the packet whose head it is
 * @plain: fn_pool_plain_word() of the pool that @cache belongs to; ~0 when the headroom is too
 *	small
 * @desc_head: position of the next free descriptor
 * @desc_tail: position of the oldest descriptor in use
 * @avail_pos: packets handed to the device
 * @used_pos: packets that came back; fewer than @avail_pos by what the device has
 * @mask: slots - 1
 * @slow: packets in use with VIRTIO_TX_SLOW
 * @ahead: packets in use with VIRTIO_TX_DONE
 * @reclaim_mark: finished packets are looked for when this many descriptors are in use
 * @len_span: longest frame less shortest that needs no padding
 * @avail: what the driver hands to the device
 * @used: what the device hands back
 * @cache: where plain packets go back to
 * @db: its doorbell
 * @segs_max: most segments of a packet
 * @len_max: longest frame
 * @zeros_iova: zeros for headers and for padding
 * @states: by slot: VIRTIO_TX_SLOW and its sisters
 * @vq: its memory
 */
struct virtio_txq {
	struct fn_txq pub;
	struct virtq_desc *desc;
	struct fn_pkt **bufs;
	uint64_t plain;
	uint16_t desc_head;
	uint16_t desc_tail;
	uint16_t avail_pos;
	uint16_t used_pos;
	uint16_t mask;
	uint16_t slow;
	uint16_t ahead;
	uint16_t reclaim_mark;
	uint32_t len_span;
	uint32_t len_max;

	struct virtq_avail *avail;
	struct virtq_used *used;
	struct fn_pool_cache *cache;
	struct fn_doorbell db;
	fn_iova_t zeros_iova;
	uint16_t segs_max;
	bool event_idx;
	bool in_order;

	uint8_t *states __attribute__((aligned(FN_CACHE_LINE)));
	struct virtq vq;
};

_Static_assert(offsetof(struct virtio_txq, avail) == FN_CACHE_LINE, "layout by use");
_Static_assert(offsetof(struct virtio_txq, states) == (size_t)2 * FN_CACHE_LINE,
	       "a burst touches two lines");

/**
 * struct virtio_net_ctrl - the control queue
 * @vq: its memory
 * @db: its doorbell
 * @pos: commands given so far
 * @broken: a command was not answered; the device still has its buffers
 */
struct virtio_net_ctrl {
	struct virtq vq;
	struct fn_doorbell db;
	uint16_t pos;
	bool broken;
};

/**
 * struct virtio_net - a device
 * @pci: the transport
 * @features: what is used of what the device offered at open
 * @ctrl_queue: number of the control queue
 * @mtu: what the device says, or 0
 * @pairs: queue pairs that are set up now
 * @ctrl: the control queue, while started
 */
struct virtio_net {
	struct virtio_pci pci;
	uint64_t features;
	uint16_t ctrl_queue;
	uint16_t mtu;
	uint16_t pairs;
	struct virtio_net_ctrl ctrl;
};

static inline struct virtio_net *virtio_net_of(const struct fn_dev *dev)
{
	return dev->priv;
}

static inline struct virtio_rxq *virtio_rxq_of(struct fn_rxq *q)
{
	return fn_container_of(q, struct virtio_rxq, pub);
}

static inline struct virtio_txq *virtio_txq_of(struct fn_txq *q)
{
	return fn_container_of(q, struct virtio_txq, pub);
}

/*
 * Most segments of a packet on a ring of @size, which must take the longest packet while it is
 * empty.
 */
static inline uint16_t virtio_net_tx_segs(uint32_t size)
{
	const uint32_t fit = size - VIRTIO_NET_TX_EXTRA_DESCS;

	return (uint16_t)(fit < VIRTIO_NET_TX_SEGS_MAX ? fit : VIRTIO_NET_TX_SEGS_MAX);
}

/* The MSI-X entry that a queue's vector of the configuration is. */
uint16_t virtio_net_entry(const struct fn_dev *dev, const struct fn_queue *queue);

/* virtio_net_rx.c */
/* The headroom of a pool's packets can take virtio_net_hdr. */
bool virtio_net_headroom_fits(const struct fn_pool *pool);
/* The longest frame that a packet of the pool can receive. */
uint32_t virtio_net_rx_room(const struct fn_pool *pool);
int virtio_net_rx_create(struct fn_dev *dev, uint16_t idx);
int virtio_net_rx_fill(struct fn_dev *dev, uint16_t idx);
/* Post what the pool has; returns the buffers that the device has then. */
uint16_t virtio_net_rx_post(struct virtio_rxq *q);
void virtio_net_rx_enable(struct fn_dev *dev, uint16_t idx);
/*
 * Only once the device is reset, or cannot reach memory. Frames that it has received and nobody has
 * taken are dropped under @counter.
 */
void virtio_net_rx_destroy(struct fn_dev *dev, uint16_t idx, enum fn_rx_counter counter);

/* virtio_net_tx.c */
int virtio_net_tx_create(struct fn_dev *dev, uint16_t idx);
void virtio_net_tx_enable(struct fn_dev *dev, uint16_t idx);
/* As virtio_net_rx_destroy(); what the device still had is dropped under @counter. */
void virtio_net_tx_destroy(struct fn_dev *dev, uint16_t idx, enum fn_tx_counter counter);

/* virtio_net_reclaim.c */
/*
 * Give finished packets back: how many, or -EIO when the device lied and the queue is broken now.
 */
int virtio_net_tx_done(struct virtio_txq *q);
unsigned virtio_net_tx_reclaim(struct fn_txq *txq);

/* virtio_net_ctrl.c */
int virtio_net_ctrl_create(struct fn_dev *dev);
void virtio_net_ctrl_destroy(struct fn_dev *dev);
int virtio_net_ctrl_set_pairs(struct fn_dev *dev, uint16_t pairs);
int virtio_net_ctrl_set_promisc(struct fn_dev *dev, bool on);
int virtio_net_ctrl_set_mac(struct fn_dev *dev, const uint8_t mac[6]);

/* virtio_net_link.c */
int virtio_net_link(struct fn_dev *dev, struct fn_link *link);
void virtio_net_config_irq(struct fn_dev *dev);

/* virtio_net_irq.c */
int virtio_net_rx_arm(struct fn_rxq *rxq);
void virtio_net_rx_disarm(struct fn_rxq *rxq);
bool virtio_net_rx_pending(struct fn_rxq *rxq);
void virtio_net_tx_arm(struct fn_txq *txq);
void virtio_net_tx_disarm(struct fn_txq *txq);
bool virtio_net_tx_pending(struct fn_txq *txq);

#endif
