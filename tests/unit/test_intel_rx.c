// SPDX-License-Identifier: BSD-3-Clause
/*
 * Receive queues of the Intel drivers: rings of every size and at every position, doorbells, pools
 * that run dry, frames in several buffers, and what the device says of a frame.
 */
#include "intel_ring_port.h"

#define LAPS 3u

/* Frame @seq of the stream comes in; what the device says. */
static int come(unsigned seq)
{
	return intel_dev_receive(&p.id, frame_data(seq), frame_len(seq));
}

/* A frame of the stream, padded to 60 bytes. */
static void assert_stream(struct fn_pkt *pkt, unsigned seq)
{
	const uint32_t own = frame_len(seq);

	assert_int_equal(pkt->len, own < 60 ? 60 : own);
	assert_frame(pkt->data, pkt->len, seq);
	assert_int_equal(pkt->flags, 0);
	assert_int_equal(pkt->vlan_tci, 0);
	assert_int_equal(pkt->hash, 0);
	assert_int_equal(pkt->user, 0);
	assert_null(pkt->next);
	/* For the next owner it is as if this had never been there. */
	pkt->user = 0x5555;
	pkt->hash = 0x5555;
	pkt->vlan_tci = 0x5555;
}

/* Take @n frames from number @seq on, in bursts of @burst. */
static void take(unsigned seq, unsigned n, unsigned burst)
{
	struct fn_pkt *pkts[256];

	while (n) {
		const unsigned got = fn_rx_burst(rx, pkts, burst);

		assert_in_range(got, 1, n < burst ? n : burst);
		for (unsigned i = 0; i < got; i++)
			assert_stream(pkts[i], seq++);
		fn_pkt_free_bulk(pkts, got);
		n -= got;
	}
	assert_int_equal(fn_rx_burst(rx, pkts, burst), 0);
}

static void laps(uint32_t ring, unsigned burst)
{
	uint64_t bytes = 0;
	unsigned seq = 0;

	ring_start((struct fn_dev_conf){ .rx_ring = ring, .tx_ring = 32 });
	while (seq < LAPS * ring) {
		const unsigned n = 1 + seq * 13 % (ring / 2);

		for (unsigned i = 0; i < n; i++) {
			assert_int_equal(come(seq + i), 0);
			bytes += frame_len(seq + i) < 60 ? 60 : frame_len(seq + i);
		}
		take(seq, n, burst);
		seq += n;
	}
	assert_int_equal(rx_counter(FN_RX_PACKETS), seq);
	assert_int_equal(rx_counter(FN_RX_BYTES), bytes);
	assert_int_equal(rx_counter(FN_RX_POOL_EMPTY), 0);
	assert_int_equal(rx_counter(FN_RX_RING_DRY), 0);
	ring_end();
}

static void each_ring(void **state)
{
	static const unsigned bursts[] = { 1, 3, 8, 32, 256 };

	(void)state;
	for (uint32_t ring = 32; ring <= 2048; ring *= 4)
		for (unsigned i = 0; i < FN_ARRAY_LEN(bursts); i++)
			laps(ring, bursts[i]);
	for (unsigned burst = 2; burst < 40; burst += 3)
		laps(64, burst);
}

/* All of a full ring at once, wherever it stands; one more finds no room. */
static void wraps_anywhere(void **state)
{
	unsigned seq = 0;

	(void)state;
	ring_start((struct fn_dev_conf){ .rx_ring = 32, .tx_ring = 32 });
	for (unsigned at = 0; at < 70; at++) {
		unsigned n = 0;

		while (intel_dev_rx_free(&p.id, 0)) {
			assert_int_equal(come(seq + n), 0);
			n++;
		}
		/* The batch that is missing is never more than half of the ring. */
		assert_in_range(n, 15, 31);
		assert_int_equal(come(seq + n), -ENOBUFS);
		take(seq, n, 256);
		seq += n;
		assert_int_equal(come(seq), 0);
		take(seq, 1, 1);
		seq++;
	}
	ring_end();
}

/* One write of the tail for a batch of buffers, and no register read. */
static void doorbells(void **state)
{
	unsigned seq = 0;
	unsigned reads;

	(void)state;
	ring_start((struct fn_dev_conf){ .rx_ring = 256, .tx_ring = 32 });
	reads = p.id.reads;
	for (unsigned burst = 1; burst <= 32; burst *= 2) {
		const unsigned tails = p.id.tails[0][0];

		for (unsigned i = 0; i < 640; i += 32) {
			for (unsigned k = 0; k < 32; k++)
				assert_int_equal(come(seq + k), 0);
			take(seq, 32, burst);
			seq += 32;
		}
		assert_int_equal(p.id.tails[0][0] - tails, 20);
	}
	assert_int_equal(p.id.reads, reads);
	ring_end();
}

/* The application takes all packets of the pool. */
static unsigned take_pool(struct fn_pkt **pkts, unsigned most)
{
	unsigned n = 0;

	while (n < most && (pkts[n] = fn_pkt_alloc(p.pool)) != NULL)
		n++;
	return n;
}

static struct fn_pkt *held[PORT_PKTS];
static struct fn_pkt *came[PORT_PKTS];

/* A ring that ran dry with its pool says so, and takes up what comes back, a few or many. */
static void pool_empty(void **state)
{
	unsigned seq = 0;

	(void)state;
	/* The thread's own cache keeps 256 of them. */
	for (unsigned back = 257; back < 330; back += 17) {
		unsigned held_n;
		unsigned got = 0;

		ring_start((struct fn_dev_conf){ .rx_ring = 64, .tx_ring = 32 });
		held_n = take_pool(held, FN_ARRAY_LEN(held));
		while (come(seq) == 0) {
			assert_in_range(got, 0, FN_ARRAY_LEN(came) - 1);
			assert_int_equal(fn_rx_burst(rx, &came[got], 1), 1);
			assert_stream(came[got++], seq++);
		}
		/* With what the queue's own cache still had. */
		assert_true(got >= 31);
		assert_int_equal(fn_rx_burst(rx, &came[got], 1), 0);
		assert_true(rx_counter(FN_RX_POOL_EMPTY) > 0);
		assert_true(rx_counter(FN_RX_RING_DRY) > 0);
		assert_int_equal(fn_rxq_status(rx), 0);
		fn_pkt_free_bulk(held, back);
		for (unsigned i = 0; i < 4; i++)
			assert_int_equal(fn_rx_burst(rx, &came[got], 1), 0);
		for (unsigned i = 0; i < 20; i++, seq++) {
			assert_int_equal(come(seq), 0);
			take(seq, 1, 1);
		}
		fn_pkt_free_bulk(held + back, held_n - back);
		fn_pkt_free_bulk(came, got);
		ring_end();
	}
}

/* Frames of any number of buffers, at all positions; also while their end is not written yet. */
static void scattered(void **state)
{
	static uint8_t data[9300];
	static uint8_t got[9300];
	struct fn_pkt *pkt;

	(void)state;
	ring_start((struct fn_dev_conf){
		.rx_ring = 64, .tx_ring = 32, .mtu = 9212, .offloads = FN_OFFLOAD_RX_SCATTER });
	for (unsigned late = 0; late < 2; late++) {
		p.id.md.late_min_ns = p.id.md.late_max_ns = late ? 5000 : 0;
		for (unsigned n = 0; n < 300; n++) {
			const uint32_t len =
				n % 3 ? 60 + n * 31 % 9100 : 2048 * (1 + n % 4) + n % 2;
			uint32_t at = 0;
			unsigned segs = 0;

			numbered(data, n, len);
			assert_int_equal(intel_dev_receive(&p.id, data, len), 0);
			if (late && len > 2048) {
				assert_int_equal(fn_rx_burst(rx, &pkt, 1), 0);
				assert_int_equal(fn_rxq_status(rx), 0);
				pass_ns(5000);
			}
			assert_int_equal(fn_rx_burst(rx, &pkt, 1), 1);
			for (const struct fn_pkt *seg = pkt; seg; seg = seg->next, segs++) {
				assert_int_equal(seg->len, len - at < 2048 ? len - at : 2048);
				memcpy(got + at, seg->data, seg->len);
				at += seg->len;
			}
			assert_int_equal(pkt->extra_segs + 1, segs);
			assert_numbered(got, at, n, len);
			fn_pkt_free(pkt);
		}
	}
	ring_end();
}

/* A frame longer than a buffer, where nobody asked for chains: it is counted, and no other. */
static void too_long(void **state)
{
	struct fn_pkt *pkts[4];
	uint8_t data[2200];
	uint32_t dw[4];

	(void)state;
	ring_start((struct fn_dev_conf){ .rx_ring = 64, .tx_ring = 32 });
	for (unsigned i = 0; i < 50; i++) {
		const uint32_t head = *intel_dev_qreg(&p.id, false, 0, IDEV_Q_HEAD);

		/* The device has it as two frames; the first is made to go on in the second. */
		numbered(data, i, 2000);
		assert_int_equal(intel_dev_receive(&p.id, data, 1500), 0);
		assert_int_equal(intel_dev_receive(&p.id, data, 100), 0);
		numbered(data, 77, 80);
		assert_int_equal(intel_dev_receive(&p.id, data, 80), 0);
		assert_true(intel_dev_desc_read(&p.id, false, 0, head, dw));
		dw[2] &= ~IDEV_RXD_EOP;
		intel_dev_desc_write(&p.id, false, 0, head, dw);
		assert_int_equal(fn_rx_burst(rx, pkts, 4), 1);
		assert_numbered(pkts[0]->data, pkts[0]->len, 77, 80);
		fn_pkt_free(pkts[0]);
		assert_int_equal(rx_counter(FN_RX_DROP_TOO_LONG), i + 1);
	}
	ring_end();
}

/* Flags of a packet by what the descriptor says, in words of the test's own. */
static unsigned flags_of(uint32_t status, bool csum, bool vlan)
{
	unsigned flags = 0;

	if (vlan && (status & IDEV_RXD_VP))
		flags |= FN_PKT_VLAN;
	if (!csum || (family == INTEL_82574 && (status & IDEV_RXD_IXSM)))
		return flags;
	if (status & IDEV_RXD_IPCS)
		flags |= status & IDEV_RXD_IPE ? FN_PKT_RX_IP_BAD : FN_PKT_RX_IP_GOOD;
	if (status & (IDEV_RXD_L4CS | IDEV_RXD_UDPCS))
		flags |= status & IDEV_RXD_L4E ? FN_PKT_RX_L4_BAD : FN_PKT_RX_L4_GOOD;
	return flags;
}

static uint32_t said;

static void say(void *arg, struct intel_wb *wb)
{
	(void)arg;
	wb->dw[2] = said | IDEV_RXD_DD | IDEV_RXD_EOP;
	wb->dw[3] = (wb->dw[3] & 0xffff) | (0x6700 + wb->idx) << 16;
}

/* Status and errors number @i of 128; bit 2 is reserved on the 82576. */
static uint32_t said_of(unsigned i)
{
	const uint32_t dw = (i & 31) << 2 | (uint32_t)(i >> 5) << 29;

	return family == INTEL_82576 ? dw & ~IDEV_RXD_IXSM : dw;
}

/* Frames number @from on, received by one burst; returns how many have a wrong checksum. */
static unsigned statuses_burst(unsigned from, unsigned n, uint64_t offloads)
{
	struct fn_pkt *pkts[16];
	unsigned bad = 0;

	for (unsigned i = from; i < from + n; i++) {
		said = said_of(i);
		assert_int_equal(come(46), 0);
	}
	assert_int_equal(fn_rx_burst(rx, pkts, n), n);
	for (unsigned i = 0; i < n; i++) {
		const unsigned want = flags_of(said_of(from + i), offloads & FN_OFFLOAD_RX_CSUM,
					       offloads & FN_OFFLOAD_RX_VLAN);

		assert_int_equal(pkts[i]->flags, want);
		assert_int_equal(pkts[i]->vlan_tci,
				 want & FN_PKT_VLAN ? 0x6700 + (from + i) % 64 : 0);
		bad += (want & (FN_PKT_RX_IP_BAD | FN_PKT_RX_L4_BAD)) != 0;
	}
	fn_pkt_free_bulk(pkts, n);
	return bad;
}

/* Every combination of status and errors of checksums, with and without the offloads. */
static void statuses(void **state)
{
	static const uint64_t offloads[] = { 0, FN_OFFLOAD_RX_CSUM, FN_OFFLOAD_RX_VLAN,
					     FN_OFFLOAD_RX_CSUM | FN_OFFLOAD_RX_VLAN,
					     FN_OFFLOAD_RX_HASH | FN_OFFLOAD_RX_CSUM };
	/* One at a time, and more than variants take together. */
	static const unsigned bursts[] = { 1, 16 };

	(void)state;
	for (unsigned k = 0; k < FN_ARRAY_LEN(offloads) * FN_ARRAY_LEN(bursts); k++) {
		const uint64_t on = offloads[k / FN_ARRAY_LEN(bursts)];
		const unsigned n = bursts[k % FN_ARRAY_LEN(bursts)];
		uint64_t bad = 0;

		ring_start((struct fn_dev_conf){ .rx_ring = 64, .tx_ring = 32, .offloads = on });
		p.id.writeback = say;
		for (unsigned i = 0; i < 128; i += n)
			bad += statuses_burst(i, n, on);
		assert_int_equal(rx_counter(FN_RX_CSUM_BAD), bad);
		ring_end();
	}
}

/* A wrong checksum, as the device says: of SCTP, UDP or TCP, behind IPv4, IPv6 or a tag. */
static void short_sctp(void **state)
{
	static const struct {
		uint16_t type;
		uint8_t at;
		uint8_t proto;
		uint32_t len;
		bool forgiven;
	} rows[] = {
		{ 0x0800, 23, 132, 60, true },  { 0x86dd, 20, 132, 60, true },
		{ 0x0800, 23, 17, 60, false },  { 0x86dd, 20, 6, 60, false },
		{ 0x0800, 23, 132, 61, false }, { 0x0806, 23, 132, 60, false },
		{ 0x8100, 27, 132, 60, true },  { 0x8100, 27, 17, 60, false },
	};
	uint64_t bad = 0;

	(void)state;
	ring_start((struct fn_dev_conf){
		.rx_ring = 64, .tx_ring = 32, .offloads = FN_OFFLOAD_RX_CSUM });
	p.id.writeback = say;
	said = IDEV_RXD_L4CS | IDEV_RXD_L4E | IDEV_RXD_IPCS;
	for (unsigned i = 0; i < FN_ARRAY_LEN(rows); i++) {
		const bool forgiven = rows[i].forgiven && family == INTEL_82576;
		uint8_t frame[64] = { 0 };
		struct fn_pkt *pkt;

		memset(frame, 0xff, 6);
		frame[12] = (uint8_t)(rows[i].type >> 8);
		frame[13] = (uint8_t)rows[i].type;
		if (rows[i].type == 0x8100)
			frame[16] = 0x08;
		frame[rows[i].at] = rows[i].proto;
		assert_int_equal(intel_dev_receive(&p.id, frame, rows[i].len), 0);
		assert_int_equal(fn_rx_burst(rx, &pkt, 1), 1);
		assert_int_equal(pkt->len, rows[i].len);
		assert_int_equal(pkt->flags, FN_PKT_RX_IP_GOOD | (forgiven ? 0 : FN_PKT_RX_L4_BAD));
		fn_pkt_free(pkt);
		bad += !forgiven;
	}
	assert_int_equal(rx_counter(FN_RX_CSUM_BAD), bad);
	ring_end();
}

/* The hash of a descriptor, and none where its type says that there is none. */
static void say_hash(void *arg, struct intel_wb *wb)
{
	(void)arg;
	wb->dw[0] = said;
	wb->dw[1] = 0x12345678;
}

static void hashes(void **state)
{
	(void)state;
	ring_start((struct fn_dev_conf){
		.rx_ring = 64, .tx_ring = 32, .offloads = FN_OFFLOAD_RX_HASH });
	p.id.writeback = say_hash;
	for (unsigned type = 0; type < 16; type++) {
		struct fn_pkt *pkt;

		/* Above the type stands what else the device knows of the frame. */
		said = type | 0xfff0;
		assert_int_equal(come(46), 0);
		assert_int_equal(fn_rx_burst(rx, &pkt, 1), 1);
		assert_int_equal(pkt->flags, type ? FN_PKT_HASH : 0);
		assert_int_equal(pkt->hash, type ? 0x12345678 : 0);
		fn_pkt_free(pkt);
	}
	ring_end();
}

/* What is in the ring when the queue stops is counted, and all buffers come back. */
static void stopped(void **state)
{
	(void)state;
	for (unsigned n = 0; n < 40; n += 13) {
		ring_start((struct fn_dev_conf){ .rx_ring = 64, .tx_ring = 32 });
		for (unsigned i = 0; i < n; i++)
			assert_int_equal(come(i), 0);
		assert_int_equal(fn_dev_stop(p.dev), 0);
		assert_int_equal(rx_counter(FN_RX_DROP_STOPPED), n);
		assert_int_equal(ring_outside(p.pool), 0);
		ring_end();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ALL(each_ring), ALL(wraps_anywhere), ALL(doorbells), ALL(pool_empty),
		ALL(scattered), ALL(too_long),       ALL(statuses),  ALL(short_sctp),
		ALL(hashes),    ALL(stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
