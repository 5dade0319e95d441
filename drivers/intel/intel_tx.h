/* SPDX-License-Identifier: BSD-3-Clause */
/* The body of the transmit bursts of Intel's controllers, compiled by each variant its own way. */
#ifndef INTEL_TX_H
#define INTEL_TX_H

#include "base/barrier.h"
#include "drivers/intel/intel_tx_run.h"

/*
 * Plain packets that are posted at once. The last of them is reported, so that a burst of this size
 * is reported once, and comes back to the pool in one piece.
 */
#define INTEL_TX_RUN 32u

/* &intel_txq.context when the device has none. */
#define INTEL_TX_NO_CONTEXT UINT64_MAX

/* A burst and what it is called. */
struct intel_tx_variant {
	const char *name;
	unsigned (*burst)(struct fn_txq *q, struct fn_pkt **pkts, unsigned n);
};

/* intel_tx_avx2.c: by &enum intel_tx_kind. */
extern const struct intel_tx_variant intel_tx_variants_avx2[2];

/* What became of a packet that is not plain. */
enum tx_outcome {
	TX_OUT_TAKEN,
	TX_OUT_DROPPED,
	TX_OUT_NO_ROOM,
};

/* intel_tx_slow.c: a packet of any kind: check it, and post it if there is room. */
enum tx_outcome intel_tx_slow(struct intel_txq *q, struct fn_pkt *pkt);

/**
 * struct intel_tx_plan - what a packet needs that asks for an offload
 * @key: what its context is made for: INTEL_TX_NO_CONTEXT: it needs none
 * @ctl: what its descriptors say beside that of a plain one; of advanced ones the first alone says
 *	the upper half
 * @context: the context's first double words, as &intel_tx_desc.addr has them
 * @context_ctl: the context's last double words
 * @payload: TSO: bytes behind the headers; 0: no TSO
 * @seed: what stands in the L4 checksum's place before the device does it
 * @field: where that is, from the packet's first byte on
 * @field_bytes: of it; 0: it stays as it is
 * @ip_csum_at: where the IPv4 header's checksum is, which is 0 before the device does it; 0: it
 *	stays as it is
 * @ip_len_at: where the IP header's length is; 0: it stays as it is
 * @ip_len: what goes there
 * @trail: bytes behind the IP packet, which are left out: the device would count them in
 * @outer: it has an outer VLAN tag
 */
struct intel_tx_plan {
	uint64_t key;
	uint64_t ctl;
	uint64_t context;
	uint64_t context_ctl;
	uint32_t payload;
	uint32_t seed;
	uint32_t field;
	uint32_t field_bytes;
	uint32_t ip_csum_at;
	uint32_t ip_len_at;
	uint16_t ip_len;
	uint32_t trail;
	bool outer;
};

/*
 * intel_tx_plan.c: judge a packet of @len bytes that asks for @asked, without changing it:
 * FN_TX_COUNTERS when it can be sent, else the counter under which it is dropped.
 */
enum fn_tx_counter intel_tx_plan(const struct intel_txq *q, const struct fn_pkt *pkt, uint32_t len,
				 uint32_t asked, struct intel_tx_plan *plan);

/* Do to the packet's data what @plan says. */
void intel_tx_apply(const struct fn_pkt *pkt, const struct intel_tx_plan *plan);

static inline uint32_t intel_tx_ring_size(const struct intel_txq *q)
{
	return q->mask + 1u;
}

/* Free descriptors: one less than the ring has (INTEL_Q_TAIL alike INTEL_Q_HEAD: it is empty). */
static inline uint16_t intel_tx_room(const struct intel_txq *q)
{
	return (uint16_t)(fn_ring_free(q->head, q->tail, intel_tx_ring_size(q)) - 1);
}

/* intel_tx_reclaim.c: give back packets of any kind up to a position; how many. */
unsigned intel_tx_give_mixed(struct intel_txq *q, uint16_t end);

/* The oldest descriptor that is to be reported is. */
static inline bool intel_tx_report_done(const struct intel_txq *q)
{
	const uint16_t behind = q->reports[q->reports_tail & q->mask];
	const uint16_t slot = fn_ring_back(behind, 1) & q->mask;

	return (fn_read_le64(&q->desc[slot].ctl) & INTEL_TXD_DD) != 0;
}

/* Plain packets, one a descriptor; they are given in one copy, or two where the ring wraps. */
static inline __attribute__((always_inline)) void tx_give_plain(struct intel_txq *q, uint16_t end)
{
	while (q->tail != end) {
		const uint16_t slot = q->tail & q->mask;
		const uint16_t to_end = (uint16_t)(q->mask + 1 - slot);
		const uint16_t left = fn_ring_used(end, q->tail);
		const uint16_t n = left < to_end ? left : to_end;

		if (fn_likely(n == INTEL_TX_RUN))
			fn_pool_cache_give(q->cache, &q->bufs[slot], INTEL_TX_RUN);
		else
			fn_pool_cache_give(q->cache, &q->bufs[slot], n);
		q->tail = fn_ring_advance(q->tail, n);
	}
}

/* intel_tx_done(), compiled into a burst. */
static inline __attribute__((always_inline)) unsigned tx_done(struct intel_txq *q)
{
	const uint16_t tail = q->tail;
	uint16_t end = tail;

	while (q->reports_tail != q->reports_head && intel_tx_report_done(q)) {
		end = q->reports[q->reports_tail & q->mask];
		q->reports_tail = fn_ring_advance(q->reports_tail, 1);
	}
	/* Pairs with the device's write of DD: it has read the buffers before. */
	fn_rmb_dma();
	if (fn_unlikely(q->mixed))
		return intel_tx_give_mixed(q, end);
	tx_give_plain(q, end);
	return fn_ring_used(end, tail);
}

/* The descriptor before position @pos is to be reported. */
static inline __attribute__((always_inline)) void intel_tx_report(struct intel_txq *q, uint16_t pos)
{
	fn_le64 *ctl = &q->desc[fn_ring_back(pos, 1) & q->mask].ctl;

	fn_write_le64(ctl, fn_read_le64(ctl) | __atomic_load_n(&q->report, __ATOMIC_RELAXED));
	q->reports[q->reports_head & q->mask] = pos;
	q->reports_head = fn_ring_advance(q->reports_head, 1);
}

static inline unsigned min_of(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/**
 * struct tx_sum - what a burst has done so far
 * @sent: packets posted
 * @bytes: of those that tx_run() posted
 */
struct tx_sum {
	unsigned sent;
	uint64_t bytes;
};

/* Of @n packets as many as are posted at once: there is room for them, in a row. */
static inline __attribute__((always_inline)) unsigned tx_run_max(const struct intel_txq *q,
								 unsigned n)
{
	const unsigned run = min_of(n, intel_tx_room(q));

	return min_of(min_of(run, intel_tx_ring_size(q) - (q->head & q->mask)), INTEL_TX_RUN);
}

/* A run of at most @n packets. Returns how many were posted. */
static inline __attribute__((always_inline)) unsigned tx_post_run(struct intel_txq *q,
								  struct fn_pkt **pkts, unsigned n,
								  const struct tx_mode mode,
								  struct tx_sum *sum)
{
	const unsigned run = tx_run_max(q, n);
	unsigned done = 0;

	if (fn_likely(run))
		done = mode.offload ? tx_run_alike(q, pkts, run, mode, &sum->bytes) :
				      tx_run_plain(q, pkts, run, mode, &sum->bytes);
	if (fn_likely(done)) {
		sum->sent += done;
		q->head = fn_ring_advance(q->head, (uint16_t)done);
		intel_tx_report(q, q->head);
	}
	return done;
}

/* Of a packet's word: what is 0 in a plain one of any pool; and the pool's number. */
#define TX_WORD_UNPLAIN 0x0000ff00ffff0000ull
#define TX_WORD_POOL 0x000000ff00000000ull

/*
 * The same for packets that are plain but of another pool, if this context's, as where each port
 * has a pool of its own: only their way back is longer.
 */
static inline __attribute__((always_inline)) unsigned tx_post_other(struct intel_txq *q,
								    struct fn_pkt **pkts,
								    unsigned n,
								    const struct tx_mode mode,
								    struct tx_sum *sum)
{
	const uint64_t word = fn_pkt_word(pkts[0]);
	const struct tx_judge judge = { .plain = word & TX_WORD_POOL,
					.least = INTEL_TX_FRAME_MIN,
					.span = q->run_max - INTEL_TX_FRAME_MIN };
	const struct tx_mode one_by_one = { .kind = mode.kind };
	const unsigned run = tx_run_max(q, n);
	unsigned done = 0;

	if ((word & TX_WORD_UNPLAIN) || (q->seg_mask && fn_pool_in_small_pages(pkts[0]->pool)) ||
	    fn_pool_ctx(pkts[0]->pool) != fn_txq_queue(&q->pub)->dev->ctx)
		return 0;
	if (run)
		done = tx_run(q, pkts, run, judge, one_by_one, 0, &sum->bytes);
	if (!done)
		return 0;
	sum->sent += done;
	q->head = fn_ring_advance(q->head, (uint16_t)done);
	q->mixed_pos = q->head;
	q->mixed = true;
	intel_tx_report(q, q->head);
	return done;
}

/*
 * Post packets from number @i on, up to the first that finds no room; returns how many are
 * taken.
 */
static inline __attribute__((always_inline)) unsigned tx_post(struct intel_txq *q,
							      struct fn_pkt **pkts, unsigned n,
							      unsigned i, const struct tx_mode mode,
							      struct tx_sum *sum)
{
	while (i < n) {
		unsigned done = tx_post_run(q, pkts + i, n - i, mode, sum);

		if (!done)
			done = tx_post_other(q, pkts + i, n - i, mode, sum);
		i += done;
		if (done)
			continue;
		/* One that is not plain, or a full ring: some packets are dropped for all that. */
		switch (intel_tx_slow(q, pkts[i])) {
		case TX_OUT_NO_ROOM:
			return i;
		case TX_OUT_TAKEN:
			sum->sent++;
			break;
		case TX_OUT_DROPPED:
		default:
			break;
		}
		i++;
	}
	return i;
}

/* The rest of a burst that was not one run of packets of a kind. */
static inline __attribute__((always_inline)) unsigned tx_go_on(struct intel_txq *q,
							       struct fn_pkt **pkts, unsigned n,
							       unsigned taken,
							       const struct tx_mode mode,
							       struct tx_sum *sum)
{
	struct fn_queue *queue = fn_txq_queue(&q->pub);

	taken = tx_post(q, pkts, n, taken, mode, sum);
	/*
	 * Below the mark finished packets are left alone: a long chain in a short ring needs
	 * theirs.
	 */
	if (taken < n && intel_tx_done(q))
		taken = tx_post(q, pkts, n, taken, mode, sum);
	if (taken < n)
		fn_queue_count(queue, FN_TX_RING_FULL, 1);
	/* What was taken and is not sent counts here, what is sent at the burst's end. */
	if (taken && !sum->sent)
		fn_queue_count(queue, FN_TX_BURSTS, 1);
	return taken;
}

/* The burst; called with literals, a variant each. @go_on: a function of its own, as it is rare. */
static inline __attribute__((always_inline)) unsigned tx_burst(
	struct intel_txq *q, struct fn_pkt **pkts, unsigned n, const struct tx_mode mode,
	unsigned (*go_on)(struct intel_txq *q, struct fn_pkt **pkts, unsigned n, unsigned taken,
			  struct tx_sum *sum))
{
	struct fn_queue *queue = fn_txq_queue(&q->pub);
	struct tx_sum sum = { 0 };
	unsigned taken;

	if (fn_unlikely(fn_ring_used(q->head, q->tail) >= q->reclaim_mark))
		(void)tx_done(q);
	taken = tx_post_run(q, pkts, n, mode, &sum);
	if (fn_unlikely(taken < n)) {
		struct tx_sum all = sum;

		taken = go_on(q, pkts, n, taken, &all);
		sum = all;
	}
	fn_queue_count(queue, FN_TX_PACKETS, sum.sent);
	fn_queue_count(queue, FN_TX_BYTES, sum.bytes);
	if (fn_likely(sum.sent)) {
		fn_queue_count(queue, FN_TX_BURSTS, 1);
		fn_queue_count(queue, FN_TX_DOORBELLS, 1);
		/* Pairs with the device's read of the descriptors, which the tail lets it fetch. */
		fn_wmb_dma();
		return fn_doorbell_ring32_last(&q->db, q->head & q->mask, taken);
	}
	return taken;
}

/* A burst: functions that are compiled for @mode. */
#define INTEL_TX_BURST(name, ...)                                                              \
	static __attribute__((noinline)) unsigned tx_go_on_##name(struct intel_txq *q,         \
								  struct fn_pkt **pkts,        \
								  unsigned n, unsigned taken,  \
								  struct tx_sum *sum)          \
	{                                                                                      \
		return tx_go_on(q, pkts, n, taken, (const struct tx_mode)__VA_ARGS__, sum);    \
	}                                                                                      \
                                                                                               \
	static unsigned tx_burst_##name(struct fn_txq *txq, struct fn_pkt **pkts, unsigned n)  \
	{                                                                                      \
		return tx_burst(intel_txq_of(txq), pkts, n, (const struct tx_mode)__VA_ARGS__, \
				tx_go_on_##name);                                              \
	}

#endif
