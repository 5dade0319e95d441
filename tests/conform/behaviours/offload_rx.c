// SPDX-License-Identifier: BSD-3-Clause
/*
 * Receive offloads: what a device says of a checksum is true; frames in several buffers are
 * whole.
 */
#include "conform/conform.h"
#include "conform/ref_csum.h"
#include "conform/ref_sctp.h"

#define RX_FLAGS (FN_PKT_RX_IP_GOOD | FN_PKT_RX_IP_BAD | FN_PKT_RX_L4_GOOD | FN_PKT_RX_L4_BAD)

struct kind {
	bool ipv6;
	uint8_t proto;
};

static const struct kind kinds[] = {
	{ false, PROTO_TCP }, { false, PROTO_UDP }, { true, PROTO_TCP },
	{ true, PROTO_UDP },  { false, 50 },        { true, 50 },
};

static uint32_t make(struct conform *c, unsigned i, uint8_t *frame)
{
	struct flow flow = flow_make(kinds[i].ipv6, kinds[i].proto, i);

	flow.payload = (uint16_t)(200 + i);
	return flow_frame(&flow, frame, c->info.mac, peer_mac);
}

/* The flags of the packet that comes in, whose bytes are these. */
static unsigned flags_of(struct conform *c, const uint8_t *frame, uint32_t len)
{
	static uint8_t buf[FRAME_MAX];
	struct fn_pkt *pkt = rx_next(c, c->rx);
	const unsigned flags = pkt->flags;

	check_eq(pkt_copy(pkt, buf, sizeof(buf)), len);
	check_mem(buf, frame, len);
	fn_pkt_free(pkt);
	check((flags & FN_PKT_RX_IP_GOOD) == 0 || (flags & FN_PKT_RX_IP_BAD) == 0);
	check((flags & FN_PKT_RX_L4_GOOD) == 0 || (flags & FN_PKT_RX_L4_BAD) == 0);
	return flags & RX_FLAGS;
}

static void rx_start(struct conform *c)
{
	need_offload(c, FN_OFFLOAD_RX_CSUM);
	port_start(c, (struct fn_dev_conf){ .offloads = FN_OFFLOAD_RX_CSUM });
}

BEHAVIOUR(rx_csum_true, NEED_REQUESTS,
	  "A good checksum is never called bad and a bad one never good, for IP, TCP and UDP "
	  "over IPv4 and IPv6, and a packet without one is called neither.");
static void rx_csum_true(struct conform *c)
{
	static uint8_t frame[2048];

	rx_start(c);
	for (unsigned i = 0; i < FN_ARRAY_LEN(kinds); i++) {
		uint32_t len = make(c, i, frame);
		unsigned flags;

		wire_send(c, frame, len);
		flags = flags_of(c, frame, len);
		check_eq(flags & (FN_PKT_RX_IP_BAD | FN_PKT_RX_L4_BAD), 0);
		if (kinds[i].ipv6)
			check_eq(flags & FN_PKT_RX_IP_GOOD, 0);
		if (kinds[i].proto == 50)
			check_eq(flags & FN_PKT_RX_L4_GOOD, 0);
		frame[len - 1] ^= 1;
		wire_send(c, frame, len);
		flags = flags_of(c, frame, len);
		check_eq(flags & (FN_PKT_RX_IP_BAD | FN_PKT_RX_L4_GOOD), 0);
		if (kinds[i].ipv6)
			continue;
		frame[len - 1] ^= 1;
		/* The time to live alone: it is in no pseudo header. */
		frame[14 + 8] ^= 1;
		wire_send(c, frame, len);
		flags = flags_of(c, frame, len);
		check_eq(flags & (FN_PKT_RX_IP_GOOD | FN_PKT_RX_L4_BAD), 0);
	}
	wire_send_stream(c, 1, 1, 200);
	rx_expect_stream(c, c->rx, 1, 1, 200);
}

BEHAVIOUR(rx_csum_looked, NEED_CSUM_LOOK,
	  "A device that adds checksums up says good of good ones and bad of bad ones, for IP, "
	  "TCP and UDP over IPv4 and IPv6, and the bad ones are counted.");
static void rx_csum_looked(struct conform *c)
{
	static uint8_t frame[2048];
	uint64_t bad = 0;

	rx_start(c);
	for (unsigned i = 0; i < 4; i++) {
		const unsigned ip = kinds[i].ipv6 ? 0 : FN_PKT_RX_IP_GOOD;
		const uint32_t len = make(c, i, frame);

		wire_send(c, frame, len);
		check_eq(flags_of(c, frame, len), ip | FN_PKT_RX_L4_GOOD);
		frame[len - 1] ^= 1;
		wire_send(c, frame, len);
		check_eq(flags_of(c, frame, len), ip | FN_PKT_RX_L4_BAD);
		check_eq(rx_counter(c->rx, FN_RX_CSUM_BAD), ++bad);
		if (kinds[i].ipv6)
			continue;
		frame[len - 1] ^= 1;
		frame[14 + 8] ^= 1;
		wire_send(c, frame, len);
		check(flags_of(c, frame, len) & FN_PKT_RX_IP_BAD);
		check_eq(rx_counter(c->rx, FN_RX_CSUM_BAD), ++bad);
	}
}

BEHAVIOUR(rx_csum_sctp, NEED_CSUM_LOOK,
	  "A good checksum of SCTP is never called bad and a bad one never good, and a device that "
	  "does not know SCTP says nothing of it.");
static void rx_csum_sctp(struct conform *c)
{
	static uint8_t frame[2048];
	const struct flow next = flow_make(false, PROTO_UDP, 1);

	rx_start(c);
	for (unsigned i = 0; i < 20; i++) {
		const unsigned ip = i & 1 ? 0 : FN_PKT_RX_IP_GOOD;
		uint32_t l4;
		const uint32_t len = ref_sctp_frame(i & 1, i, (uint16_t)(40 + i * 33), frame,
						    c->info.mac, peer_mac, &l4);
		unsigned flags;

		wire_send(c, frame, len);
		flags = flags_of(c, frame, len);
		check_eq(flags & ~FN_PKT_RX_L4_GOOD, ip);
		frame[l4 + 9] ^= 0x10;
		wire_send(c, frame, len);
		check_eq(flags_of(c, frame, len),
			 ip | (flags & FN_PKT_RX_L4_GOOD ? FN_PKT_RX_L4_BAD : 0));
		/* What it knows it says all the same of the one behind. */
		wire_send_flow(c, &next);
		fn_pkt_free(rx_next(c, c->rx));
	}
}

BEHAVIOUR(rx_csum_off, NEED_REQUESTS,
	  "Without the offload a packet says nothing of its checksums, whatever the wire says.");
static void rx_csum_off(struct conform *c)
{
	static const struct wire_request valid = { .flags = WIRE_DATA_VALID };
	static uint8_t frame[2048];

	port_start(c, (struct fn_dev_conf){ 0 });
	for (unsigned i = 0; i < FN_ARRAY_LEN(kinds); i++) {
		const uint32_t len = make(c, i, frame);

		wire_send(c, frame, len);
		check_eq(flags_of(c, frame, len), 0);
		wire_send_request(c, &valid, frame, len);
		check_eq(flags_of(c, frame, len), 0);
	}
}

BEHAVIOUR(rx_csum_vouched, NEED_REQUESTS | NEED_VOUCH,
	  "A checksum that the wire vouches for is called good, and not that of the packet "
	  "behind it.");
static void rx_csum_vouched(struct conform *c)
{
	static const struct wire_request valid = { .flags = WIRE_DATA_VALID };
	static uint8_t frame[2048];

	rx_start(c);
	for (unsigned i = 0; i < 4; i++) {
		const uint32_t len = make(c, i, frame);

		wire_send_request(c, &valid, frame, len);
		check_eq(flags_of(c, frame, len) & (FN_PKT_RX_L4_GOOD | FN_PKT_RX_L4_BAD),
			 FN_PKT_RX_L4_GOOD);
		frame[len - 1] ^= 1;
		wire_send(c, frame, len);
		check_eq(flags_of(c, frame, len) & FN_PKT_RX_L4_GOOD, 0);
	}
	check_eq(rx_counter(c->rx, FN_RX_CSUM_BAD), 0);
}

/* A frame with a checksum that is not filled in, as a neighbour on the same machine sends it. */
static struct wire_request partial(uint8_t *frame, uint32_t len)
{
	const struct layout at = layout_of(frame, len);
	const uint16_t start = (uint16_t)(at.l2_len + at.l3_len);
	const uint16_t offset = at.proto == PROTO_TCP ? 16 : 6;

	put16(frame + start + offset, ref_fold(ref_pseudo_sum(frame, &at, len - start)));
	return (struct wire_request){ .flags = WIRE_NEEDS_CSUM,
				      .csum_start = start,
				      .csum_offset = offset };
}

static void receive_partial(struct conform *c, unsigned i, bool with_offload)
{
	static uint8_t frame[2048];
	static uint8_t whole[2048];
	const uint32_t len = make(c, i, whole);
	struct wire_request request;
	unsigned flags;

	memcpy(frame, whole, len);
	request = partial(frame, len);
	check(!ref_l4_csum_good(frame, len));
	wire_send_request(c, &request, frame, len);
	flags = flags_of(c, whole, len);
	check_eq(flags & FN_PKT_RX_L4_BAD, 0);
	if (with_offload)
		check(flags & FN_PKT_RX_L4_GOOD);
}

BEHAVIOUR(rx_csum_partial, NEED_REQUESTS,
	  "A packet whose checksum was never filled in comes in complete: the application need "
	  "not know.");
static void rx_csum_partial(struct conform *c)
{
	rx_start(c);
	for (unsigned i = 0; i < 4; i++)
		receive_partial(c, i, true);
	port_restart(c, (struct fn_dev_conf){ 0 });
	for (unsigned i = 0; i < 4; i++)
		receive_partial(c, i, false);
}

/* A UDP frame whose checksum adds up to zero, and is sent as 0xffff. */
static uint32_t zero_sum(struct conform *c, bool ipv6, uint8_t *frame)
{
	struct flow flow = flow_make(ipv6, PROTO_UDP, 3);
	struct layout at;
	uint32_t len;
	uint8_t *udp;

	flow.payload = 100;
	len = flow_frame(&flow, frame, c->info.mac, peer_mac);
	at = layout_of(frame, len);
	udp = frame + at.l2_len + at.l3_len;
	/* Add what is missing to the first word of payload. */
	put16(udp + 8, ref_fold((uint32_t)get16(udp + 8) + get16(udp + 6)));
	ref_csum_fill(frame, len);
	check_eq(get16(udp + 6), 0xffff);
	return len;
}

BEHAVIOUR(rx_csum_partial_zero, NEED_REQUESTS,
	  "A UDP checksum that adds up to zero is completed as 0xffff: zero means that there is "
	  "none.");
static void rx_csum_partial_zero(struct conform *c)
{
	static uint8_t whole[2048];
	static uint8_t frame[2048];
	static uint8_t got[2048];

	need_offload(c, FN_OFFLOAD_RX_CSUM);
	port_start(c, (struct fn_dev_conf){ .offloads = FN_OFFLOAD_RX_CSUM });
	for (unsigned v6 = 0; v6 < 2; v6++) {
		const uint32_t len = zero_sum(c, v6, whole);
		const struct layout at = layout_of(whole, len);
		const uint16_t start = (uint16_t)(at.l2_len + at.l3_len);
		const struct wire_request request = { .flags = WIRE_NEEDS_CSUM,
						      .csum_start = start,
						      .csum_offset = 6 };
		struct fn_pkt *pkt;

		memcpy(frame, whole, len);
		put16(frame + start + 6, ref_fold(ref_pseudo_sum(frame, &at, len - start)));
		wire_send_request(c, &request, frame, len);
		pkt = rx_next(c, c->rx);
		check_eq(pkt_copy(pkt, got, sizeof(got)), len);
		fn_pkt_free(pkt);
		check_mem(got, whole, len);
	}
}

BEHAVIOUR(rx_scattered_forwarded, 0,
	  "A frame that came in as a chain says how many segments it has, and leaves again as it "
	  "came.");
static void rx_scattered_forwarded(struct conform *c)
{
	static uint8_t buf[FRAME_MAX];

	need_offload(c, FN_OFFLOAD_RX_SCATTER);
	if (c->info.mtu_max < 9000)
		conform_skip(c, "the device takes no long frames");
	port_start(c, (struct fn_dev_conf){ .mtu = 9000, .offloads = FN_OFFLOAD_RX_SCATTER });
	for (unsigned seq = 0; seq < 30; seq++) {
		const uint32_t len = 1500 + seq * 250;
		struct fn_pkt *pkt;
		unsigned segs = 0;

		wire_send_stream(c, seq, 1, len);
		pkt = rx_next(c, c->rx);
		for (const struct fn_pkt *seg = pkt; seg; seg = seg->next)
			segs++;
		check_eq(pkt->extra_segs + 1u, segs);
		tx_send(c, c->tx, pkt);
		check_eq(wire_recv(c, buf, sizeof(buf)), len);
		check_frame(c, buf, len, seq, len);
	}
}

BEHAVIOUR(rx_scattered_in_a_row, 0,
	  "Frames of all lengths around the end of a chain's last buffer come in whole and in "
	  "order among short ones, several at a time.");
static void rx_scattered_in_a_row(struct conform *c)
{
	uint32_t room;
	unsigned seq = 0;

	need_offload(c, FN_OFFLOAD_RX_SCATTER);
	if (c->info.mtu_max < 9000)
		conform_skip(c, "the device takes no long frames");
	port_start(c, (struct fn_dev_conf){
			      .mtu = 9000, .rx_ring = 64, .offloads = FN_OFFLOAD_RX_SCATTER });
	room = pool_info(c).room_bytes;
	for (unsigned more = 0; more < 48; more++, seq += 4) {
		for (unsigned i = 0; i < 4; i++)
			wire_send_stream(c, seq + i, 1, i == 3 ? 60 : (i + 1) * room + more);
		for (unsigned i = 0; i < 4; i++)
			rx_expect_stream(c, c->rx, seq + i, 1, i == 3 ? 60 : (i + 1) * room + more);
	}
	check_eq(fn_rxq_status(c->rx), 0);
	check_eq(rx_counter(c->rx, FN_RX_PACKETS), seq);
}

const struct behaviour *const offload_rx_behaviours[] = {
	&behaviour_rx_csum_true,          &behaviour_rx_csum_looked,
	&behaviour_rx_csum_sctp,          &behaviour_rx_csum_off,
	&behaviour_rx_csum_vouched,       &behaviour_rx_csum_partial,
	&behaviour_rx_csum_partial_zero,  &behaviour_rx_scattered_forwarded,
	&behaviour_rx_scattered_in_a_row, NULL,
};
