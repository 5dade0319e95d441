/* SPDX-License-Identifier: BSD-3-Clause */
/* The virtio-net driver: what its files share. */
#ifndef VIRTIO_NET_H
#define VIRTIO_NET_H

#include "dev/driver.h"
#include "drivers/virtio/virtio_net_spec.h"
#include "drivers/virtio/virtio_pci.h"
#include "drivers/virtio/virtio_ring.h"

extern const struct fn_driver fn_driver_virtio_net;

/*
 * Smallest ring; and the longest chain of segments, where the transmit ring has room for it: 64 KiB
 * to be segmented in buffers of 2 KiB, and the headers in one of their own.
 */
#define VIRTIO_NET_RING_MIN 8u
#define VIRTIO_NET_TX_SEGS_MAX 64u

/*
 * A packet takes at most two descriptors beside its segments: virtio_net_hdr in front, padding
 * behind.
 */
#define VIRTIO_NET_TX_EXTRA_DESCS 2u

/* A packet has no more segments (&fn_pkt.extra_segs). */
#define VIRTIO_NET_RX_SEGS_MAX 256u

/*
 * Addresses beside its own that the device is given. virtio knows no number: a device that finds
 * them too many may let in all frames without a word (5.1.6.5.2). QEMU does so above 64, group
 * addresses included, and no device is known that takes fewer.
 */
#define VIRTIO_NET_MAC_FILTERS_MAX 64u

/* MSI-X entry 0 is the configuration's, the queues' come behind it. */
#define VIRTIO_NET_CONFIG_VECTOR 0u
#define VIRTIO_NET_FIRST_VECTOR 1u

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
 * @last_len: length of the last of @skipped
 * @skipped: buffers of a batch of an in-order device that are still to be taken, the last included
 * @hdr_bytes: bytes of virtio_net_hdr
 * @event_idx: VIRTIO_F_RING_EVENT_IDX is in use
 * @in_order: VIRTIO_F_IN_ORDER is in use
 * @inner: the burst, also when rx_burst_shifted() stands in front of it
 * @lied: the device was caught in a lie: what it had received by then is counted
 * @slots: by descriptor: the slot it is posted at; the inverse of @ids
 * @vq: its memory
 *
 * Slot and position: slot = position & mask. A descriptor stays at its slot as long as the device
 * hands buffers back in order; what comes out of order changes places (rx_reorder()), so that @ids
 * between @used_pos and @avail_pos always is what the device has.
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
	uint32_t last_len;
	uint16_t skipped;
	uint16_t hdr_bytes;
	bool event_idx;
	bool in_order;

	uint16_t *slots __attribute__((aligned(FN_CACHE_LINE)));
	unsigned (*inner)(struct fn_rxq *q, struct fn_pkt **pkts, unsigned n);
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

/* virtio_txq.tso: what is on. */
#define VIRTIO_TX_TSO4 0x01u
#define VIRTIO_TX_TSO6 0x02u
#define VIRTIO_TX_TSO_ECN 0x04u

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
 * @csum_asks: FN_PKT_TX_TCP_CSUM and its like that a packet may ask for which is sent whole
 * @event_idx: VIRTIO_F_RING_EVENT_IDX is in use
 * @in_order: VIRTIO_F_IN_ORDER is in use
 * @states: by slot: VIRTIO_TX_SLOW and its sisters
 * @asks: flags of FN_PKT_TX_MASK that a packet may have
 * @hdr_bytes: bytes of virtio_net_hdr
 * @tso: VIRTIO_TX_TSO4 and its sisters
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
	uint16_t csum_asks;
	bool event_idx;
	bool in_order;

	uint8_t *states __attribute__((aligned(FN_CACHE_LINE)));
	uint16_t asks;
	uint8_t hdr_bytes;
	uint8_t tso;
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
 * @desc: the descriptor that is used next
 * @broken: a command was not answered; the device still has its buffers
 */
struct virtio_net_ctrl {
	struct virtq vq;
	struct fn_doorbell db;
	uint16_t pos;
	uint16_t desc;
	bool broken;
};

/**
 * struct virtio_net - a device
 * @pci: the transport
 * @features: what can be used of what the device offered at open: virtio_net_features()
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

/* The MSI-X entry that a queue's vector of the configuration is. */
uint16_t virtio_net_entry(const struct fn_dev *dev, const struct fn_queue *queue);

/* 5.1.6: bytes of virtio_net_hdr with these features. */
static inline uint16_t virtio_net_hdr_bytes(uint64_t features)
{
	return features & VIRTIO_NET_F_HASH_REPORT ? VIRTIO_NET_HDR_HASH_BYTES :
						     VIRTIO_NET_HDR_BYTES;
}

/* virtio_net_open.c: what the device can, and which configurations it can. */
int virtio_net_open(struct fn_dev *dev);
int virtio_net_check(struct fn_dev *dev, const struct fn_dev_conf *conf);
/* The features that a configuration needs, of those in &virtio_net.features. */
uint64_t virtio_net_features(const struct fn_dev *dev, const struct fn_dev_conf *conf);

/* virtio_net_rx_queue.c */
/* The headroom of a pool's packets can take a virtio_net_hdr of @hdr_bytes. */
bool virtio_net_headroom_fits(const struct fn_pool *pool, uint32_t hdr_bytes);
/* The longest frame that one packet of the pool can receive. */
uint32_t virtio_net_rx_room(const struct fn_pool *pool, uint32_t hdr_bytes);
int virtio_net_rx_create(struct fn_dev *dev, uint16_t idx);
int virtio_net_rx_fill(struct fn_dev *dev, uint16_t idx);
/* Post what the pool has; returns the buffers that the device has then. */
uint16_t virtio_net_rx_post(struct virtio_rxq *q);
/*
 * Only once the device is reset, or cannot reach memory. What it has received and nobody has taken
 * is dropped: FN_RX_DROP_BROKEN when the device is @lost, or when the queue is broken, which may be
 * found now; else FN_RX_DROP_STOPPED.
 */
void virtio_net_rx_destroy(struct fn_dev *dev, uint16_t idx, bool lost);

/* virtio_net_rx.c, virtio_net_tx.c: the burst that fits what was negotiated. */
void virtio_net_rx_enable(struct fn_dev *dev, uint16_t idx);
void virtio_net_tx_enable(struct fn_dev *dev, uint16_t idx);

/* virtio_net_tx_queue.c */
int virtio_net_tx_create(struct fn_dev *dev, uint16_t idx);
/* As virtio_net_rx_destroy(), for what the device still had to send. */
void virtio_net_tx_destroy(struct fn_dev *dev, uint16_t idx, bool lost);

/* virtio_net_reclaim.c */
/*
 * Give finished packets back: how many, or -EIO when the device lied and the queue is broken now.
 */
int virtio_net_tx_done(struct virtio_txq *q);
unsigned virtio_net_tx_reclaim(struct fn_txq *txq);

/* virtio_net_ctrl.c */
int virtio_net_ctrl_create(struct fn_dev *dev);
void virtio_net_ctrl_destroy(struct fn_dev *dev);
/* Most data of a command. */
#define VIRTIO_NET_CTRL_DATA_MAX 1208u
/* Give a command, and wait for its answer: -EIO when it is a refusal to @what. */
int virtio_net_command(struct fn_dev *dev, const char *what, uint8_t class, uint8_t command,
		       const void *data, uint32_t len);

/*
 * A setting of @dev takes several commands, and failed at a later one with @ret: @undo puts back
 * what those before changed. Returns @ret, whose sentence stays; when the device does not put @what
 * back, that is added, and it is broken.
 */
int virtio_net_undo(struct fn_dev *dev, int ret, const char *what, int (*undo)(struct fn_dev *dev));

/* virtio_net_filter.c */
int virtio_net_set_promisc(struct fn_dev *dev, bool on);
int virtio_net_set_allmulti(struct fn_dev *dev, bool on);
int virtio_net_set_mac(struct fn_dev *dev, const uint8_t mac[6]);
int virtio_net_set_mac_filters(struct fn_dev *dev, const uint8_t (*macs)[6], unsigned n);
int virtio_net_set_vlan_filter(struct fn_dev *dev, uint16_t vid, bool on);
/* All of it as @dev has it, on a device that was reset. */
int virtio_net_filter_start(struct fn_dev *dev);

/* virtio_net_rss.c */
int virtio_net_rss_open(struct fn_dev *dev);
int virtio_net_set_rss(struct fn_dev *dev, const struct fn_rss *rss);
int virtio_net_rss_start(struct fn_dev *dev);

/* virtio_net_coalesce.c */
void virtio_net_coalesce_open(struct fn_dev *dev);
int virtio_net_set_coalesce(struct fn_dev *dev, const struct fn_coalesce *c);
int virtio_net_coalesce_start(struct fn_dev *dev);

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
