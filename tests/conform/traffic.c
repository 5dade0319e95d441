// SPDX-License-Identifier: BSD-3-Clause
/* Packets on the device's side, frames on the wire's, and streams of them. */
#include <string.h>

#include "conform/conform.h"
#include "conform/ref_csum.h"

/* Old memory: what must not leave the machine. */
#define OLD_BYTE 0xa5

struct fn_pkt *pkt_bytes(struct conform *c, const void *data, uint32_t len)
{
	struct fn_pkt *pkt = fn_pkt_alloc(c->pool);

	check(pkt);
	memset(pkt->data, OLD_BYTE, fn_pkt_tailroom(pkt));
	check(fn_pkt_append(pkt, (uint16_t)len));
	memcpy(pkt->data, data, len);
	return pkt;
}

struct fn_pkt *pkt_frame(struct conform *c, unsigned seq, uint32_t len)
{
	uint8_t frame[FRAME_MAX];

	frame_fill(frame, seq, len, c->info.mac, true);
	return pkt_bytes(c, frame, len);
}

uint32_t pkt_copy(const struct fn_pkt *pkt, uint8_t *buf, size_t bytes)
{
	uint32_t len = 0;

	for (; pkt; pkt = pkt->next) {
		if (len + pkt->len <= bytes)
			memcpy(buf + len, pkt->data, pkt->len);
		len += pkt->len;
	}
	return len;
}

void tx_send(struct conform *c, struct fn_txq *q, struct fn_pkt *pkt)
{
	wait_until(fn_tx_burst(q, &pkt, 1) == 1 || fn_txq_status(q) != 0);
	check_eq(fn_txq_status(q), 0);
}

void tx_send_stream(struct conform *c, struct fn_txq *q, unsigned seq, unsigned n, uint32_t len)
{
	for (unsigned i = 0; i < n; i++)
		tx_send(c, q, pkt_frame(c, seq + i, len));
}

struct fn_pkt *rx_next(struct conform *c, struct fn_rxq *q)
{
	struct fn_pkt *pkt = NULL;

	wait_until(fn_rx_burst(q, &pkt, 1) == 1);
	return pkt;
}

void check_frame(struct conform *c, const uint8_t *data, size_t len, unsigned seq, uint32_t own)
{
	static uint8_t want[FRAME_MAX];
	const size_t padded = own < FRAME_PADDED ? FRAME_PADDED : own;
	/* Which way it went stands in the frame: the peer's frames come from another sender. */
	const bool to_peer = len > 7 && data[7] == 0xd0;

	memset(want, 0, padded);
	frame_fill(want, seq, own, c->info.mac, to_peer);
	if (len != own)
		check_eq(len, padded);
	check_eq(frame_seq(data), seq);
	check_mem(data, want, len);
}

/* What a device did not set is zero, and the application's word too. */
static void check_clean(struct conform *c, const struct fn_pkt *pkt)
{
	check_eq(pkt->user, 0);
	check_eq(pkt->mss, 0);
	check_eq(pkt->extra_refs, 0);
	check_eq(pkt->flags & FN_PKT_TX_MASK & ~FN_PKT_VLAN, 0);
	if (!(pkt->flags & FN_PKT_VLAN))
		check_eq(pkt->vlan_tci, 0);
	if (!(pkt->flags & FN_PKT_HASH))
		check_eq(pkt->hash, 0);
}

void rx_expect_stream(struct conform *c, struct fn_rxq *q, unsigned seq, unsigned n, uint32_t len)
{
	static uint8_t buf[FRAME_MAX];

	for (unsigned i = 0; i < n; i++) {
		struct fn_pkt *pkt = rx_next(c, q);
		const uint32_t bytes = pkt_copy(pkt, buf, sizeof(buf));

		check_clean(c, pkt);
		check_frame(c, buf, bytes, seq + i, len);
		/* What an application leaves in a header is not there the next time. */
		pkt->user = seq + i + 1;
		pkt->vlan_tci = 7;
		pkt->hash = 9;
		fn_pkt_free(pkt);
	}
}

void rx_expect_none(struct conform *c, struct fn_rxq *q)
{
	const uint64_t until_ns = conform_now_ns(c) + CONFORM_QUIET_NS;
	struct fn_pkt *pkt;

	while (conform_now_ns(c) < until_ns) {
		check_eq(fn_rx_burst(q, &pkt, 1), 0);
		conform_wait(c);
	}
}

unsigned rx_take_all(struct conform *c, struct fn_pkt **held, unsigned most)
{
	const uint64_t until_ns = conform_now_ns(c) + CONFORM_WAIT_NS;
	uint8_t frame[100];
	struct fn_pkt *pkt;
	unsigned n = 0;

	while (n < most && (pkt = fn_pkt_alloc(c->pool)) != NULL)
		held[n++] = pkt;
	frame_fill(frame, 0, sizeof(frame), c->info.mac, false);
	for (unsigned idle = 0; idle < 20; idle++) {
		(void)c->place->ops->send(c, NULL, frame, sizeof(frame));
		conform_wait(c);
		while (n < most && fn_rx_burst(c->rx, &pkt, 1) == 1) {
			held[n++] = pkt;
			idle = 0;
		}
		if (!rx_counter(c->rx, FN_RX_POOL_EMPTY) && conform_now_ns(c) < until_ns)
			idle = 0;
	}
	check(n < most);
	return n;
}

void wire_send_request(struct conform *c, const struct wire_request *request, const void *frame,
		       size_t len)
{
	int ret = -EAGAIN;

	wait_until((ret = c->place->ops->send(c, request, frame, len)) != -EAGAIN);
	check_ok(ret);
}

void wire_send(struct conform *c, const void *frame, size_t len)
{
	wire_send_request(c, NULL, frame, len);
}

void wire_send_stream(struct conform *c, unsigned seq, unsigned n, uint32_t len)
{
	uint8_t frame[FRAME_MAX];

	for (unsigned i = 0; i < n; i++) {
		frame_fill(frame, seq + i, len, c->info.mac, false);
		wire_send(c, frame, len);
	}
}

unsigned wire_flood(struct conform *c, unsigned most, uint32_t len)
{
	uint8_t frame[FRAME_MAX];
	uint64_t still_ns = 0;
	unsigned n = 0;
	bool moved;

	do {
		frame_fill(frame, n, len, c->info.mac, false);
		moved = c->place->ops->send(c, NULL, frame, len) == 0;
		n += moved;
	} while (n < most && !conform_still(c, &still_ns, moved));
	return n;
}

size_t wire_recv_request(struct conform *c, struct wire_request *request, void *buf, size_t bytes)
{
	size_t len = 0;

	wait_until((len = c->place->ops->recv(c, request, buf, bytes)) != 0);
	check(len <= bytes);
	return len;
}

size_t wire_recv(struct conform *c, void *buf, size_t bytes)
{
	struct wire_request request = { 0 };
	const size_t len = wire_recv_request(c, &request, buf, bytes);

	check_eq(request.flags & WIRE_NEEDS_CSUM, 0);
	check_eq(request.gso_type, 0);
	return len;
}

void wire_expect_stream(struct conform *c, unsigned seq, unsigned n, uint32_t len)
{
	static uint8_t buf[FRAME_MAX];

	for (unsigned i = 0; i < n; i++) {
		const size_t bytes = wire_recv(c, buf, sizeof(buf));

		check_eq(bytes, len < FRAME_PADDED ? FRAME_PADDED : len);
		check_frame(c, buf, bytes, seq + i, len);
	}
}

void wire_expect_none(struct conform *c)
{
	const uint64_t until_ns = conform_now_ns(c) + CONFORM_QUIET_NS;
	static uint8_t buf[FRAME_MAX];
	struct wire_request request;

	while (conform_now_ns(c) < until_ns) {
		check_eq(c->place->ops->recv(c, &request, buf, sizeof(buf)), 0);
		conform_wait(c);
	}
}

unsigned wire_discard(struct conform *c)
{
	static uint8_t buf[FRAME_MAX];
	struct wire_request request;
	uint64_t still_ns = 0;
	unsigned n = 0;
	bool moved;

	do {
		moved = c->place->ops->recv(c, &request, buf, sizeof(buf)) != 0;
		n += moved;
	} while (!conform_still(c, &still_ns, moved));
	return n;
}

unsigned wire_recv_finished(struct conform *c, struct ref_segment *out, unsigned most)
{
	static uint8_t buf[FRAME_MAX];
	struct wire_request request = { 0 };
	const size_t len = wire_recv_request(c, &request, buf, sizeof(buf));
	const struct layout at = layout_of(buf, len);
	unsigned n;

	if (!request.gso_type) {
		check(ref_csum_request(buf, len, &request));
		check(len <= sizeof(out->data));
		memcpy(out->data, buf, len);
		out->len = (uint32_t)len;
		return 1;
	}
	/* Segmentation needs the checksum (virtio 1.2 5.1.6.2), of the TCP header that there is. */
	check(request.flags & WIRE_NEEDS_CSUM);
	check_eq(request.csum_start, at.l2_len + at.l3_len);
	check_eq(request.csum_offset, 16);
	check_eq(request.gso_type & 0x7f, at.ipv6 ? WIRE_GSO_TCP6 : WIRE_GSO_TCP4);
	/* Somebody may receive it in one piece: its own headers are right, too. */
	check(ref_whole_good(buf, len));
	n = ref_tso(buf, len, request.gso_size, out, most);
	check(n > 0);
	return n;
}

/* A piece that is shorter than Ethernet allows may be padded, with zeros. */
static void check_segment(struct conform *c, const struct ref_segment *got,
			  const struct ref_segment *want)
{
	static const uint8_t zeros[FRAME_PADDED];

	if (want->len >= FRAME_PADDED || got->len != FRAME_PADDED)
		check_eq(got->len, want->len);
	check_mem(got->data, want->data, want->len);
	check_mem(got->data + want->len, zeros, got->len - want->len);
}

void wire_expect_segments(struct conform *c, const struct ref_segment *want, unsigned n)
{
	static struct ref_segment got[REF_TSO_SEGMENTS];
	unsigned at = 0;

	while (at < n) {
		const unsigned m = wire_recv_finished(c, got, REF_TSO_SEGMENTS);

		check(m <= n - at);
		for (unsigned i = 0; i < m; i++, at++)
			check_segment(c, &got[i], &want[at]);
	}
}

/* A marker behind it tells that it was not let in: order is kept. */
bool lets_in(struct conform *c, const uint8_t *frame, uint32_t len)
{
	static unsigned marks;
	static uint8_t buf[FRAME_MAX];
	const unsigned mark = 3000000 + marks++;
	struct fn_pkt *pkt;
	bool first;

	wire_send(c, frame, len);
	wire_send_stream(c, mark, 1, 80);
	pkt = rx_next(c, c->rx);
	(void)pkt_copy(pkt, buf, sizeof(buf));
	fn_pkt_free(pkt);
	first = frame_seq(buf) != mark;
	if (first) {
		check_mem(buf, frame, ETH_ADDRS);
		rx_expect_stream(c, c->rx, mark, 1, 80);
	}
	return first;
}

bool comes_in(struct conform *c, const uint8_t *dst)
{
	uint8_t frame[100];

	frame_fill(frame, 77, sizeof(frame), c->info.mac, false);
	memcpy(frame, dst, 6);
	return lets_in(c, frame, sizeof(frame));
}

bool comes_in_tagged(struct conform *c, const uint8_t *dst, uint16_t tci)
{
	uint8_t frame[100];

	frame_fill(frame, 78, sizeof(frame), c->info.mac, false);
	memcpy(frame, dst, 6);
	put16(frame + 12, 0x8100);
	put16(frame + 14, tci);
	put16(frame + 16, ETH_TYPE_TEST);
	return lets_in(c, frame, sizeof(frame));
}

void wire_send_flow(struct conform *c, const struct flow *flow)
{
	static uint8_t frame[FRAME_MAX];

	wire_send(c, frame, flow_frame(flow, frame, c->info.mac, peer_mac));
}

static bool rx_poll_any(struct conform *c, struct fn_pkt **pkt, unsigned *queue)
{
	for (unsigned i = 0; i < c->info.rxqs; i++) {
		if (fn_rx_burst(fn_dev_rxq(c->dev, i), pkt, 1) == 1) {
			*queue = i;
			return true;
		}
	}
	return false;
}

unsigned rx_next_any(struct conform *c, struct fn_pkt **pkt)
{
	unsigned queue = 0;

	wait_until(rx_poll_any(c, pkt, &queue));
	return queue;
}

void check_passes(struct conform *c)
{
	tx_send_stream(c, c->tx, 900001, 1, 100);
	wire_expect_stream(c, 900001, 1, 100);
	wire_send_stream(c, 900002, 1, 100);
	rx_expect_stream(c, c->rx, 900002, 1, 100);
}
