/* SPDX-License-Identifier: BSD-3-Clause */
/* Receive and transmit queues of Intel's controllers: what a burst touches, laid out by use. */
#ifndef INTEL_RING_H
#define INTEL_RING_H

#include <fastnic/dma.h>

#include "drivers/intel/intel.h"
#include "drivers/intel/intel_desc.h"

/*
 * Sizes of rings. The length registers count in 128 bytes, 8 descriptors (82574 10.2.5.7, 82576
 * group 8.10); below a batch of buffers a ring is always about to run dry.
 */
#define INTEL_RING_MIN 32u
#define INTEL_RING_MAX 4096u
#define INTEL_RING_ALIGN 128u

/* Segments of a packet to be sent, where the ring has room; and what it takes beside them. */
#define INTEL_TX_SEGS_MAX 64u
/* A context in front, padding behind, and the one that stays free (INTEL_Q_HEAD, INTEL_Q_TAIL). */
#define INTEL_TX_EXTRA_DESCS 3u
/*
 * Where a descriptor may not reach across a page (&intel_port.is_qemu): a segment may begin in
 * one page and end in the next, and a packet's bytes (64 KiB, IP's most) fill so many pages.
 */
#define INTEL_TX_PAGE 4096u
#define INTEL_TX_PAGE_SEG_DESCS 2u
#define INTEL_TX_PAGE_EXTRA_DESCS (INTEL_TX_EXTRA_DESCS + 17u)

/* Bits 6:2 of a received descriptor's status, and both errors of checksums. */
#define INTEL_RX_TABLE 128u

/**
 * struct intel_rxq - a receive queue
 * @pub: burst and &struct fn_queue
 * @desc: the ring
 * @bufs: by descriptor: the packet posted there
 * @pos: next descriptor that the device hands back
 * @avail_pos: next descriptor to give a buffer to. The device has those from @pos on but the last
 *	one: head and tail alike would say that the ring is empty (82574 7.1.8, 82576 7.1.4)
 * @mask: descriptors - 1
 * @batch: buffers that are posted at once, a power of two
 * @full_mark: no batch is due while more buffers than this are posted
 * @judge: of a descriptor: what is looked at before it is taken; see rx_one()
 * @plain: fn_pool_plain_word() of the pool
 * @len_max: bytes of a buffer
 * @table: flags of a packet by what the device says of it; see intel_rx_flags()
 * @cache: where buffers come from
 * @db: its doorbell, the tail
 * @untag: the device takes VLAN tags out though nobody asked, and they are put back so far into the
 *	frame; 0: it does not
 * @hash: the hash is asked for
 * @lied: the device was caught in a lie
 * @ring: memory of the descriptors
 */
struct intel_rxq {
	struct fn_rxq pub;
	struct intel_rx_desc *desc;
	struct fn_pkt **bufs;
	uint16_t pos;
	uint16_t avail_pos;
	uint16_t mask;
	uint16_t batch;
	uint16_t full_mark;
	uint64_t judge;
	uint64_t plain;

	uint32_t len_max __attribute__((aligned(FN_CACHE_LINE)));
	uint8_t untag;
	bool hash;
	bool lied;
	struct fn_pool_cache *cache;
	struct fn_doorbell db;

	uint8_t table[INTEL_RX_TABLE] __attribute__((aligned(FN_CACHE_LINE)));
	struct fn_dma ring;
};

_Static_assert(offsetof(struct intel_rxq, len_max) == FN_CACHE_LINE,
	       "an empty poll touches one line");
_Static_assert(offsetof(struct intel_rxq, table) == (size_t)2 * FN_CACHE_LINE,
	       "a burst without offloads touches two lines");

/* The two formats of transmit descriptors. */
enum intel_tx_kind {
	INTEL_TX_EXTENDED, /* 82574 */
	INTEL_TX_ADVANCED, /* 82576 and its successors */
};

/**
 * struct intel_txq - a transmit queue
 * @pub: burst and &struct fn_queue
 * @desc: the ring
 * @bufs: by descriptor: the packet that ends there; NULL: none does
 * @plain: fn_pool_plain_word() of the pool that @cache belongs to; 0, which no packet has, when
 *	that pool's packets have to be looked at one by one (&intel_port.is_qemu)
 * @reports: positions behind descriptors that are reported, oldest first
 * @head: next free descriptor
 * @tail: oldest descriptor in use
 * @reports_head: next free entry of @reports
 * @reports_tail: oldest entry of @reports
 * @mask: descriptors - 1, and entries of @reports - 1
 * @reclaim_mark: finished packets are looked for when this many descriptors are in use
 * @run_max: longest frame that goes into one descriptor
 * @least2: &struct tx_judge2's @least, for bursts with AVX2
 * @most2: its @most
 * @cache: where plain packets go back to
 * @db: its doorbell, the tail
 * @report: what a descriptor says that is reported; another thread may change it:
 *	intel_tx_set_report()
 * @mixed_pos: up to this position there is more than plain packets of one descriptor
 * @mixed: there is something up to @mixed_pos
 * @kind: which descriptors
 * @context: what the context that the device has was made for; see intel_tx_plan.c
 * @context_ctl: what a descriptor says that uses it
 * @asks: flags of FN_PKT_TX_MASK that a packet may have
 * @segs_max: most segments of a packet
 * @seg_bytes: most bytes of a descriptor, a power of two
 * @seg_shift: which one
 * @seg_mask: &intel_port.is_qemu: bytes of a descriptor end where these bits of the address are
 *	0 again; else 0
 * @len_max: longest frame
 * @ring: memory of the descriptors, and zeros for padding behind them
 */
struct intel_txq {
	struct fn_txq pub;
	struct intel_tx_desc *desc;
	struct fn_pkt **bufs;
	uint64_t plain;
	uint16_t *reports;
	uint16_t head;
	uint16_t tail;
	uint16_t reports_head;
	uint16_t reports_tail;
	uint16_t mask;
	uint16_t reclaim_mark;
	uint32_t run_max;

	uint64_t least2[4] __attribute__((aligned(FN_CACHE_LINE)));
	uint64_t most2[4];

	struct fn_pool_cache *cache __attribute__((aligned(FN_CACHE_LINE)));
	struct fn_doorbell db;
	uint64_t context;
	uint64_t context_ctl;
	uint32_t report;
	uint16_t mixed_pos;
	uint16_t asks;
	uint16_t segs_max;
	bool mixed;
	uint8_t kind;

	uint32_t seg_bytes __attribute__((aligned(FN_CACHE_LINE)));
	uint32_t seg_mask;
	uint32_t seg_shift;
	uint32_t len_max;
	struct fn_dma ring;
};

_Static_assert(offsetof(struct intel_txq, least2) == FN_CACHE_LINE, "layout by use");
_Static_assert(offsetof(struct intel_txq, cache) == (size_t)2 * FN_CACHE_LINE, "layout by use");
_Static_assert(offsetof(struct intel_txq, seg_bytes) == (size_t)3 * FN_CACHE_LINE,
	       "a burst touches three lines");

static inline struct intel_rxq *intel_rxq_of(struct fn_rxq *q)
{
	return fn_container_of(q, struct intel_rxq, pub);
}

static inline struct intel_txq *intel_txq_of(struct fn_txq *q)
{
	return fn_container_of(q, struct intel_txq, pub);
}

/* intel_rx_queue.c: queues as objects; the registers are the family's to write. */
/* Bytes of a buffer of the pool that the device is told of: whole KiB, or 512, or 256. */
uint32_t intel_rx_buf_bytes(const struct fn_pool *pool);
/* Refuse what a receive queue cannot: part of &fn_driver_ops.check. */
int intel_rx_check(const struct fn_dev *dev, const struct fn_dev_conf *conf);
int intel_rx_create(struct fn_dev *dev, uint16_t idx);
/* Give it its buffers; the queue is enabled. -ENOBUFS with a sentence. */
int intel_rx_fill(struct fn_dev *dev, uint16_t idx);
/* Post what the pool has; whether the device has a buffer then. */
bool intel_rx_post(struct intel_rxq *q);
/*
 * Only once the device is reset, or cannot reach memory. Frames that it has received and nobody has
 * taken are dropped under @counter.
 */
void intel_rx_destroy(struct fn_dev *dev, uint16_t idx, enum fn_rx_counter counter);
bool intel_rx_pending(struct fn_rxq *rxq);

/* intel_rx.c: the burst that fits the configuration. */
void intel_rx_enable(struct fn_dev *dev, uint16_t idx);

/* intel_tx_queue.c */
int intel_tx_create(struct fn_dev *dev, uint16_t idx, enum intel_tx_kind kind);
/* As intel_rx_destroy(); what the device still had is dropped under @counter. */
void intel_tx_destroy(struct fn_dev *dev, uint16_t idx, enum fn_tx_counter counter);

/* What is said from now on in descriptors that are reported; any thread may. */
static inline void intel_tx_set_report(struct fn_txq *q, uint64_t report)
{
	__atomic_store_n(&intel_txq_of(q)->report, (uint32_t)report, __ATOMIC_RELAXED);
}

/* intel_tx.c */
void intel_tx_enable(struct fn_dev *dev, uint16_t idx);

/* intel_tx_reclaim.c: give finished packets back: how many. */
unsigned intel_tx_done(struct intel_txq *q);
unsigned intel_tx_reclaim(struct fn_txq *txq);
bool intel_tx_pending(struct fn_txq *txq);

/* The device has sent all that it was given. */
static inline bool intel_tx_idle(const struct intel_txq *q)
{
	return q->head == q->tail;
}

#endif
