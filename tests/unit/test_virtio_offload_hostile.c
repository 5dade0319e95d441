// SPDX-License-Identifier: BSD-3-Clause
/*
 * A virtio-net device whose headers, numbers of buffers and lengths are at random, among right
 * ones: no memory error, no hang, each broken queue says so, and all buffers come home.
 */
#include "drivers/virtio/virtio_net.h"
#include "virtio_offload.h"

#define RING 32u

static uint32_t seed;

static unsigned random_next(unsigned below)
{
	seed = seed * 1103515245u + 12345u;
	return (seed >> 8) % below;
}

/* Mostly @right, and now and then something else. */
static uint32_t perhaps(uint32_t right, uint32_t below)
{
	return random_next(24) ? right : random_next(below);
}

/* Up to @n buffers hold a header of any content and a frame; all of them are handed back. */
static void receive_any(struct port *p, unsigned n)
{
	const uint32_t hdr_bytes = virtio_dev_hdr_bytes(&p->vd);
	static struct virtio_dev_buf buf;

	for (unsigned i = 0; i < n; i++) {
		struct virtio_dev_hdr hdr = {
			.flags = (uint8_t)random_next(4),
			.gso_type = (uint8_t)random_next(256),
			.csum_start = fn_cpu_to_le16((uint16_t)perhaps(14, 65536)),
			.csum_offset = fn_cpu_to_le16((uint16_t)perhaps(16, 65536)),
			.num_buffers = fn_cpu_to_le16((uint16_t)perhaps(n, 300)),
			.hash_value = fn_cpu_to_le32(random_next(1u << 24)),
			.hash_report = fn_cpu_to_le16((uint16_t)random_next(20)),
		};
		uint8_t *to;

		if (virtio_dev_take(&p->vd, 0, &buf))
			return;
		to = virtio_dev_at(&p->vd, buf.seg[0].iova, buf.seg[0].len);
		assert_non_null(to);
		memset(to, (int)random_next(256), buf.seg[0].len);
		if (!i)
			memcpy(to, &hdr, hdr_bytes);
		virtio_dev_used(&p->vd, 0, perhaps(buf.id, 40),
				perhaps(i + 1 < n ? buf.seg[0].len : hdr_bytes + random_next(64),
					200));
	}
}

/* Take all that there is, and write all over it: it is ours. */
static void take_all(struct port *p)
{
	struct fn_pkt *pkts[8];
	unsigned n;

	while ((n = fn_rx_burst(p->rx, pkts, 1 + random_next(8))) != 0) {
		for (unsigned i = 0; i < n; i++) {
			unsigned segs = 0;

			for (struct fn_pkt *seg = pkts[i]; seg; seg = seg->next, segs++) {
				assert_true(seg->headroom + seg->len <= seg->buf_len);
				memset(seg->data, 0, seg->len);
			}
			assert_int_equal(segs, pkts[i]->extra_segs + 1u);
			assert_int_equal(pkts[i]->flags & FN_PKT_TX_MASK, 0);
		}
		fn_pkt_free_bulk(pkts, n);
	}
}

static unsigned run(uint64_t features, uint64_t offloads, uint32_t headroom)
{
	unsigned breaks = 0;
	struct port p;

	offload_init(&p, VDEV_F_EVENT_IDX | VDEV_F_MTU);
	p.vd.offered |= features;
	p.pool_opts.headroom = headroom;
	p.pool_opts.room_bytes = 128;
	p.pool_opts.count = 512;
	port_start(&p, (struct fn_dev_conf){
			       .rx_ring = RING, .tx_ring = 8, .mtu = 80, .offloads = offloads });
	for (unsigned i = 0; i < 1500; i++) {
		receive_any(&p, 1 + random_next(offloads & FN_OFFLOAD_RX_SCATTER ? 6 : 1));
		virtio_dev_publish(&p.vd, 0);
		take_all(&p);
		if (!fn_rxq_status(p.rx))
			continue;
		assert_int_equal(fn_rxq_status(p.rx), -EIO);
		assert_non_null(strstr(p.log, "is broken"));
		breaks++;
		assert_int_equal(fn_dev_reset(p.dev), 0);
		assert_int_equal(port_pool(&p).outside, RING);
	}
	port_end(&p);
	return breaks;
}

static void random_headers(void **state)
{
	static const uint64_t offloads[] = {
		FN_OFFLOAD_RX_CSUM,
		FN_OFFLOAD_RX_HASH,
		FN_OFFLOAD_RX_SCATTER,
		FN_OFFLOAD_RX_SCATTER | FN_OFFLOAD_RX_CSUM,
		FN_OFFLOAD_RX_SCATTER | FN_OFFLOAD_RX_CSUM | FN_OFFLOAD_RX_HASH,
	};

	(void)state;
	seed = 20261123;
	for (unsigned i = 0; i < 4 * FN_ARRAY_LEN(offloads); i++) {
		const unsigned breaks = run(i & 1 ? VDEV_F_IN_ORDER : 0, offloads[i / 4],
					    i & 2 ? FN_POOL_NO_HEADROOM : 0);

		/* Often enough to matter, and seldom enough that right ones come in between. */
		assert_in_range(breaks, 20, 1200);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_headers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
