// SPDX-License-Identifier: BSD-3-Clause
/* Receive queues of Intel's controllers as objects: made, filled, given back. */
#include <errno.h>
#include <stdlib.h>

#include "drivers/intel/intel_rx.h"
#include "mem/domain.h"

/*
 * RCTL.BSIZE with 256 and 512 bytes, and whole KiB: FLXBUF up to 15 on the 82574 (10.2.5.1),
 * SRRCTL.BSIZEPACKET up to 127 on the 82576 (8.10.2), of which a frame is no more than 16 KiB.
 */
uint32_t intel_rx_buf_bytes(const struct fn_pool *pool)
{
	const uint32_t room = fn_pool_room_bytes(pool);
	const uint32_t most = 15u << 10;

	if (room < 1024)
		return room < 512 ? room & 0x100u : 512;
	return room < most ? room & ~0x3ffu : most;
}

static uint32_t headroom_of(const struct fn_pool *pool)
{
	struct fn_pool_info info = { .sz = sizeof(info) };

	fn_pool_get_info(pool, &info);
	return info.headroom;
}

/* The device takes tags out when it is to put tags in: one bit is for both (CTRL.VME). */
static bool needs_untag(uint64_t offloads)
{
	return (offloads & FN_OFFLOAD_TX_VLAN) && !(offloads & FN_OFFLOAD_RX_VLAN);
}

int intel_rx_check(const struct fn_dev *dev, const struct fn_dev_conf *conf)
{
	const uint32_t buf = intel_rx_buf_bytes(conf->pool);
	const uint32_t need = conf->mtu + fn_link_header_bytes(conf);

	if (!buf || (need > buf && !(conf->offloads & FN_OFFLOAD_RX_SCATTER)))
		return fn_fail(
			-EINVAL,
			"%s: a frame of MTU %u needs %u bytes, and of the %u bytes that a buffer "
			"of %s has the device can use %u (256, 512 or whole KiB up to 15): "
			"create the pool with room_bytes %u and the headroom on top, use a "
			"smaller MTU, or ask for FN_OFFLOAD_RX_SCATTER",
			dev->bus->name, conf->mtu, need, fn_pool_room_bytes(conf->pool),
			fn_pool_name(conf->pool), buf, (need + 1023) & ~1023u);
	if (needs_untag(conf->offloads) && headroom_of(conf->pool) < INTEL_TAG_BYTES)
		return fn_fail(
			-EINVAL,
			"%s: this device takes received VLAN tags out when it is to put tags in, "
			"and %s has no headroom to put them back: create the pool with headroom "
			"%u, or ask for FN_OFFLOAD_RX_VLAN too",
			dev->bus->name, fn_pool_name(conf->pool), INTEL_TAG_BYTES);
	return 0;
}

/* Index: bits 6:2 of the status, then L4E and IPE; see intel_rx_flags(). */
static uint8_t table_entry(unsigned idx, bool csum, bool vlan)
{
	const uint64_t hi = (uint64_t)(idx & 0x1f) << 2 | (uint64_t)(idx & 0x60) << 24;
	unsigned flags = 0;

	if (vlan && (hi & INTEL_RXD_VP))
		flags |= FN_PKT_VLAN;
	if (!csum || (hi & INTEL_RXD_IXSM))
		return (uint8_t)flags;
	if (hi & INTEL_RXD_IPCS)
		flags |= hi & INTEL_RXD_IPE ? FN_PKT_RX_IP_BAD : FN_PKT_RX_IP_GOOD;
	if (hi & (INTEL_RXD_L4CS | INTEL_RXD_UDPCS))
		flags |= hi & INTEL_RXD_L4E ? FN_PKT_RX_L4_BAD : FN_PKT_RX_L4_GOOD;
	return (uint8_t)flags;
}

static void table_fill(struct intel_rxq *q, uint64_t offloads)
{
	for (unsigned i = 0; i < INTEL_RX_TABLE; i++)
		q->table[i] = table_entry(i, offloads & FN_OFFLOAD_RX_CSUM,
					  offloads & (FN_OFFLOAD_RX_VLAN | FN_OFFLOAD_TX_VLAN));
}

static void rx_init(struct intel_rxq *q, const struct fn_dev *dev)
{
	const struct fn_dev_conf *conf = &dev->conf;
	const uint32_t size = conf->rx_ring;

	q->desc = q->ring.va;
	q->pos = 0;
	q->avail_pos = 0;
	q->mask = (uint16_t)(size - 1);
	q->batch = (uint16_t)(size / 2 < INTEL_RX_BATCH ? size / 2 : INTEL_RX_BATCH);
	q->full_mark = (uint16_t)(size - q->batch);
	q->judge = INTEL_RX_WHOLE | intel_port_of(dev)->chip->rx_errors | 0xffffull << 32;
	q->plain = fn_pool_plain_word(conf->pool);
	q->len_max = intel_rx_buf_bytes(conf->pool);
	q->cache = fn_rxq_queue(&q->pub)->cache;
	q->untag = !needs_untag(conf->offloads)           ? 0 :
		   conf->offloads & FN_OFFLOAD_VLAN_OUTER ? INTEL_ETH_ADDRS + INTEL_TAG_BYTES :
							    INTEL_ETH_ADDRS;
	q->hash = conf->offloads & FN_OFFLOAD_RX_HASH;
	q->lied = false;
	table_fill(q, conf->offloads);
}

static void rx_free(struct intel_rxq *q, struct fn_ctx *ctx)
{
	fn_dma_free(ctx, &q->ring);
	free(q->bufs);
	q->bufs = NULL;
}

int intel_rx_create(struct fn_dev *dev, uint16_t idx)
{
	struct intel_rxq *q = intel_rxq_of(dev->rxqs[idx]);
	struct intel_port *port = intel_port_of(dev);
	const uint32_t size = dev->conf.rx_ring;
	int ret;

	q->bufs = calloc(size, sizeof(struct fn_pkt *));
	if (!q->bufs)
		return fn_fail(-ENOMEM, "%s: out of memory for receive queue %u", dev->bus->name,
			       idx);
	ret = fn_dma_alloc_for(dev->ctx, FN_DMA_PRIVATE, size * sizeof(*q->desc), INTEL_RING_ALIGN,
			       dev->bus->numa_node, &q->ring);
	if (ret) {
		rx_free(q, dev->ctx);
		return ret;
	}
	rx_init(q, dev);
	q->db = fn_doorbell_at(&port->regs, intel_rxq_reg(port, idx, INTEL_Q_TAIL));
	return 0;
}

bool intel_rx_post(struct intel_rxq *q)
{
	const uint16_t posted = fn_ring_used(q->avail_pos, q->pos);

	if (posted <= q->full_mark)
		intel_rx_refill(q, posted);
	return fn_ring_used(q->avail_pos, q->pos) > 1;
}

int intel_rx_fill(struct fn_dev *dev, uint16_t idx)
{
	struct intel_rxq *q = intel_rxq_of(dev->rxqs[idx]);

	if (intel_rx_post(q) && fn_ring_used(q->avail_pos, q->pos) == intel_rx_ring_size(q))
		return 0;
	return fn_fail(-ENOBUFS,
		       "%s: %s has %u packets left for receive queue %u, which needs %u: free "
		       "packets, or create the pool with more",
		       dev->bus->name, fn_pool_name(dev->conf.pool), q->avail_pos, idx,
		       intel_rx_ring_size(q));
}

/* Frames that the device has received and nobody has taken, as far as it can be believed. */
static uint64_t rx_untaken(const struct intel_rxq *q)
{
	const uint16_t have = q->avail_pos == q->pos ? 0 : intel_rx_have(q);
	uint64_t frames = 0;

	/* Of a queue that broke by a lie they are counted already. */
	for (uint16_t i = 0; !q->lied && i < have; i++) {
		const uint64_t hi = fn_read_le64(&q->desc[fn_ring_advance(q->pos, i) & q->mask].hi);

		if (!(hi & INTEL_RXD_DD))
			break;
		frames += (hi & INTEL_RXD_EOP) != 0;
	}
	return frames;
}

void intel_rx_destroy(struct fn_dev *dev, uint16_t idx, enum fn_rx_counter counter)
{
	struct intel_rxq *q = intel_rxq_of(dev->rxqs[idx]);

	fn_queue_count(fn_rxq_queue(&q->pub), counter, rx_untaken(q));
	/* They were never handed out, so they are as plain as they came. */
	for (; q->pos != q->avail_pos; q->pos = fn_ring_advance(q->pos, 1))
		fn_pool_cache_give(q->cache, &q->bufs[q->pos & q->mask], 1);
	rx_free(q, dev->ctx);
}

bool intel_rx_pending(struct fn_rxq *rxq)
{
	const struct intel_rxq *q = intel_rxq_of(rxq);

	return intel_rx_have(q) && intel_rx_is_done(q, q->pos);
}
