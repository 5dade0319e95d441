/* SPDX-License-Identifier: BSD-3-Clause */
/* The body of the receive bursts of Intel's controllers, compiled by each variant its own way. */
#ifndef INTEL_RX_H
#define INTEL_RX_H

#include "base/barrier.h"
#include "drivers/intel/intel_rx_run.h"

/* What needs the descriptor's status to be looked at (@meta). */
#define INTEL_RX_META (FN_OFFLOAD_RX_CSUM | FN_OFFLOAD_RX_VLAN | FN_OFFLOAD_TX_VLAN)

/**
 * struct intel_rx_variant - a burst
 * @needs: offloads that must be on
 * @forbids: offloads that must be off
 * @name: as people see it
 * @burst: the function
 */
struct intel_rx_variant {
	uint64_t needs;
	uint64_t forbids;
	const char *name;
	unsigned (*burst)(struct fn_rxq *q, struct fn_pkt **pkts, unsigned n);
};

/* intel_rx_avx2.c: the first that fits is the best. */
#define INTEL_RX_VARIANTS_AVX2 2u
extern const struct intel_rx_variant intel_rx_variants_avx2[INTEL_RX_VARIANTS_AVX2];

/* Most buffers that are posted at once: what helped is a bulk that never wraps the ring. */
#define INTEL_RX_BATCH 32u

/* intel_rx_slow.c: what is rare. */
/* Buffers for the next batch out of the pool, in a row; how many. */
uint16_t intel_rx_refill_take(struct intel_rxq *q, uint16_t pos, uint16_t posted);
/* Nothing was received, and the ring is not full: the pool was empty before. */
void intel_rx_starved(struct intel_rxq *q);
/*
 * A frame that is not whole in one buffer, or that is not to be handed out; the device has handed
 * back the descriptor of position @pos, and may have handed back @have from there on. Returns the
 * descriptors that it took, with @pkt or, when it was dropped, NULL; 0 when the rest of it is not
 * there yet; -EIO when the device lied and the queue is broken now.
 */
int intel_rx_frame(struct intel_rxq *q, uint16_t pos, uint16_t have, struct fn_pkt **pkt);
/* Put the tags that the device took out back into the data; by how many bytes it grew. */
unsigned intel_rx_untag(struct fn_pkt *const *pkts, unsigned n, unsigned at);
/* Count those of @n packets whose checksum is wrong, less what the device says so of by mistake. */
void intel_rx_count_bad(struct intel_rxq *q, struct fn_pkt *const *pkts, unsigned n);

static inline uint32_t intel_rx_ring_size(const struct intel_rxq *q)
{
	return q->mask + 1u;
}

/* Descriptors that the device may have handed back: all that it has. */
static inline uint16_t intel_rx_have(const struct intel_rxq *q)
{
	return (uint16_t)(fn_ring_used(q->avail_pos, q->pos) - 1);
}

/* The device has handed back the descriptor of position @pos. */
static inline bool intel_rx_is_done(const struct intel_rxq *q, uint16_t pos)
{
	return (fn_read_le64(&q->desc[pos & q->mask].hi) & INTEL_RXD_DD) != 0;
}

/*
 * Of those that the device has, of which there are some, it has handed back the last: what comes
 * now finds no buffer. The driver wrote that descriptor when it posted it, so that its status is no
 * old one, and the line seldom a cache miss.
 */
static inline bool intel_rx_is_dry(const struct intel_rxq *q)
{
	return intel_rx_is_done(q, fn_ring_back(q->avail_pos, 2));
}

/* A descriptor given to the device: the buffer's address, and a status of zero. */
typedef uint64_t intel_rx_pair __attribute__((vector_size(16), may_alias));

static inline __attribute__((always_inline)) void intel_rx_give(struct intel_rx_desc *desc,
								const struct fn_pkt *pkt)
{
	*(intel_rx_pair *)desc = (intel_rx_pair){ htole64(pkt->iova.v), 0 };
}

/* A row of them; in fours, because the loop itself costs as much as one. */
static inline __attribute__((always_inline)) void intel_rx_give_row(struct intel_rx_desc *desc,
								    struct fn_pkt *const *pkts,
								    unsigned n)
{
	for (; n >= 4; n -= 4, desc += 4, pkts += 4) {
		intel_rx_give(&desc[0], pkts[0]);
		intel_rx_give(&desc[1], pkts[1]);
		intel_rx_give(&desc[2], pkts[2]);
		intel_rx_give(&desc[3], pkts[3]);
	}
	for (; n; n--)
		intel_rx_give(desc++, *pkts++);
}

/* As intel_rx_refill_take(), when the batch is a whole one and the cache has it. */
static inline __attribute__((always_inline)) uint16_t intel_rx_take(struct intel_rxq *q,
								    uint16_t pos, uint16_t posted)
{
	if (fn_likely(!(pos & (INTEL_RX_BATCH - 1)) && q->batch == INTEL_RX_BATCH &&
		      q->cache->n >= INTEL_RX_BATCH))
		return (uint16_t)fn_pool_cache_take(q->cache, &q->bufs[pos & q->mask],
						    INTEL_RX_BATCH);
	return intel_rx_refill_take(q, pos, posted);
}

/* Post buffers while a whole batch is missing; one write of the tail. */
static inline __attribute__((always_inline)) void intel_rx_refill(struct intel_rxq *q,
								  uint16_t posted)
{
	const uint16_t old_pos = q->avail_pos;
	uint16_t pos = old_pos;

	do {
		const uint16_t n = intel_rx_take(q, pos, posted);

		if (fn_unlikely(!n))
			break;
		intel_rx_give_row(&q->desc[pos & q->mask], &q->bufs[pos & q->mask], n);
		pos = fn_ring_advance(pos, n);
		posted = fn_ring_advance(posted, n);
	} while (fn_unlikely(posted <= q->full_mark));
	if (fn_unlikely(pos == old_pos))
		return;
	q->avail_pos = pos;
	/* Pairs with the device's read of the descriptors, which the tail lets it fetch. */
	fn_wmb_dma();
	fn_doorbell_ring32(&q->db, fn_ring_back(pos, 1) & q->mask);
}

/*
 * Behind the first @got packets, in as many descriptors, a run has ended before there were @n: go
 * on at the ring's start, or with a frame that is not whole in its buffer, as long as there are
 * some. Sets @took to the descriptors of all.
 */
static inline __attribute__((always_inline)) unsigned rx_go_on(struct intel_rxq *q,
							       struct fn_pkt **pkts, unsigned n,
							       uint16_t have, unsigned got,
							       const struct rx_mode mode,
							       uint16_t *took, struct rx_sum *sum)
{
	uint16_t done = (uint16_t)got;

	while (got < n && done < have && intel_rx_is_done(q, fn_ring_advance(q->pos, done))) {
		const uint16_t pos = fn_ring_advance(q->pos, done);
		unsigned run = intel_rx_ring_size(q) - (pos & q->mask);
		unsigned taken;
		int used;

		run = n - got < run ? n - got : run;
		run = (unsigned)(have - done) < run ? (unsigned)(have - done) : run;
		taken = rx_run(q, pos & q->mask, pkts + got, run, mode, sum);
		got += taken;
		done = (uint16_t)(done + taken);
		if (taken)
			continue;
		used = intel_rx_frame(q, pos, (uint16_t)(have - done), &pkts[got]);
		if (used <= 0)
			break;
		done = (uint16_t)(done + used);
		if (pkts[got]) {
			sum->bytes += fn_pkt_len(pkts[got]);
			sum->flags |= pkts[got++]->flags;
		}
	}
	*took = done;
	return got;
}

#define RX_CSUM_BAD (FN_PKT_RX_IP_BAD | FN_PKT_RX_L4_BAD)

/*
 * The parts of a burst that are functions of their own, so that the common way has registers
 * left.
 */
struct rx_parts {
	unsigned (*go_on)(struct intel_rxq *q, struct fn_pkt **pkts, unsigned n, uint16_t have,
			  unsigned got, uint16_t *took, struct rx_sum *sum);
	void (*refill)(struct intel_rxq *q, uint16_t posted);
};

/* rx_go_on(), where nothing more may have come; a function of its own. */
static inline __attribute__((always_inline)) unsigned rx_rest(struct intel_rxq *q,
							      struct fn_pkt **pkts, unsigned n,
							      unsigned got, unsigned *took,
							      struct rx_sum *sum,
							      const struct rx_parts parts)
{
	struct rx_sum all = *sum;
	uint16_t done = 0;

	got = parts.go_on(q, pkts, n, intel_rx_have(q), got, &done, &all);
	*took = done;
	*sum = all;
	return got;
}

/* @got frames were taken out of @took descriptors: what all bursts do then. */
static inline __attribute__((always_inline)) unsigned rx_end(struct intel_rxq *q,
							     struct fn_pkt **pkts, unsigned got,
							     unsigned took, struct rx_sum sum,
							     const struct rx_mode mode,
							     const struct rx_parts parts)
{
	struct fn_queue *queue = fn_rxq_queue(&q->pub);
	const uint16_t have = intel_rx_have(q);

	/*
	 * Pairs with the device's write of DD (82574 7.1, 82576 7.1.5): a frame is in its buffer
	 * before that.
	 */
	fn_rmb_dma();
	if (fn_unlikely(intel_rx_is_dry(q)))
		fn_queue_count(queue, FN_RX_RING_DRY, 1);
	q->pos = fn_ring_advance(q->pos, (uint16_t)took);
	if (mode.meta && fn_unlikely(sum.flags & RX_CSUM_BAD))
		intel_rx_count_bad(q, pkts, got);
	if (mode.meta && (sum.flags & FN_PKT_VLAN) && q->untag)
		sum.bytes += intel_rx_untag(pkts, got, q->untag);
	fn_queue_count(queue, FN_RX_PACKETS, got);
	fn_queue_count(queue, FN_RX_BYTES, sum.bytes);
	fn_queue_count(queue, FN_RX_BURSTS, got != 0);
	if (have - took < q->full_mark && fn_likely(!q->lied))
		parts.refill(q, (uint16_t)(have - took + 1));
	return got;
}

/* A poll that found something; kept apart, so that an empty one saves no registers. */
static inline __attribute__((always_inline)) unsigned rx_receive(struct intel_rxq *q,
								 struct fn_pkt **pkts, unsigned n,
								 const struct rx_mode mode,
								 const struct rx_parts parts)
{
	const uint16_t slot = q->pos & q->mask;
	const unsigned to_end = intel_rx_ring_size(q) - slot;
	const unsigned have = intel_rx_have(q);
	const unsigned most = n < have ? n : have;
	struct rx_sum sum = { 0 };
	unsigned got = rx_run(q, slot, pkts, most < to_end ? most : to_end, mode, &sum);
	unsigned took = got;

	if (fn_unlikely(got < most))
		got = rx_rest(q, pkts, n, got, &took, &sum, parts);
	return rx_end(q, pkts, got, took, sum, mode, parts);
}

/* Fewer frames have come than a run is made for. */
#define RX_FEW 4u

/* rx_receive() for @most of them, a literal, without what a run prepares. */
static inline __attribute__((always_inline)) unsigned rx_receive_few(
	struct intel_rxq *q, struct fn_pkt **pkts, unsigned n, const struct rx_mode mode,
	const struct rx_parts parts, unsigned most)
{
	const struct rx_judge judge = { q->judge, q->len_max, q->plain + 1 };
	const unsigned have = intel_rx_have(q);
	struct rx_sum sum = { 0 };
	unsigned got = 0;
	unsigned took;

	do {
		const uint16_t slot = fn_ring_advance(q->pos, (uint16_t)got) & q->mask;

		pkts[got] = q->bufs[slot];
		if (!rx_one(q, &q->desc[slot], pkts[got], &judge, mode, &sum))
			break;
		got++;
	} while (got < n && got < have && got < most);
	sum.bytes += got;
	took = got;
	if (fn_unlikely(!got))
		got = rx_rest(q, pkts, n, got, &took, &sum, parts);
	return rx_end(q, pkts, got, took, sum, mode, parts);
}

/* A burst: functions of which the inner ones are compiled for @mode. */
#define INTEL_RX_BURST(name, ...)                                                                \
	static __attribute__((noinline)) unsigned rx_go_on_##name(                               \
		struct intel_rxq *q, struct fn_pkt **pkts, unsigned n, uint16_t have,            \
		unsigned got, uint16_t *took, struct rx_sum *sum)                                \
	{                                                                                        \
		return rx_go_on(q, pkts, n, have, got, (const struct rx_mode)__VA_ARGS__, took,  \
				sum);                                                            \
	}                                                                                        \
                                                                                                 \
	static __attribute__((noinline)) void rx_refill_##name(struct intel_rxq *q,              \
							       uint16_t posted)                  \
	{                                                                                        \
		intel_rx_refill(q, posted);                                                      \
	}                                                                                        \
                                                                                                 \
	static __attribute__((noinline)) unsigned rx_receive_##name(struct intel_rxq *q,         \
								    struct fn_pkt **pkts,        \
								    unsigned n)                  \
	{                                                                                        \
		return rx_receive(q, pkts, n, (const struct rx_mode)__VA_ARGS__,                 \
				  (const struct rx_parts){ rx_go_on_##name, rx_refill_##name }); \
	}                                                                                        \
                                                                                                 \
	static __attribute__((noinline)) unsigned rx_receive_few_##name(struct intel_rxq *q,     \
									struct fn_pkt **pkts,    \
									unsigned n)              \
	{                                                                                        \
		return rx_receive_few(                                                           \
			q, pkts, n, (const struct rx_mode)__VA_ARGS__,                           \
			(const struct rx_parts){ rx_go_on_##name, rx_refill_##name }, RX_FEW);   \
	}                                                                                        \
                                                                                                 \
	static __attribute__((noinline)) unsigned rx_receive_one_##name(struct intel_rxq *q,     \
									struct fn_pkt **pkts,    \
									unsigned n)              \
	{                                                                                        \
		return rx_receive_few(                                                           \
			q, pkts, n, (const struct rx_mode)__VA_ARGS__,                           \
			(const struct rx_parts){ rx_go_on_##name, rx_refill_##name }, 1);        \
	}                                                                                        \
                                                                                                 \
	static unsigned rx_burst_##name(struct fn_rxq *rxq, struct fn_pkt **pkts, unsigned n)    \
	{                                                                                        \
		struct intel_rxq *q = intel_rxq_of(rxq);                                         \
		const struct intel_rx_desc *desc = &q->desc[q->pos & q->mask];                   \
                                                                                                 \
		if (fn_likely(fn_read_le64(&desc->hi) & INTEL_RXD_DD) &&                         \
		    fn_likely(intel_rx_have(q)) && fn_likely(n)) {                               \
			if (intel_rx_is_done(q, fn_ring_advance(q->pos, RX_FEW - 1)))            \
				return rx_receive_##name(q, pkts, n);                            \
			if (intel_rx_is_done(q, fn_ring_advance(q->pos, 1)))                     \
				return rx_receive_few_##name(q, pkts, n);                        \
			return rx_receive_one_##name(q, pkts, n);                                \
		}                                                                                \
		if (fn_unlikely(intel_rx_have(q) < q->full_mark))                                \
			intel_rx_starved(q);                                                     \
		return 0;                                                                        \
	}

#endif
