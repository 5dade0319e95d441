// SPDX-License-Identifier: BSD-3-Clause
/* Transmit checksums: what a packet asks for is filled in, and nothing else is changed. */
#include "conform/conform.h"
#include "conform/ref_csum.h"
#include "conform/ref_sctp.h"

struct kind {
	bool ipv6;
	uint8_t proto;
	uint8_t ip_options;
	uint8_t tcp_options;
	int vlan;
};

static const struct kind kinds[] = {
	{ false, PROTO_TCP, 0, 0, -1 },  { false, PROTO_UDP, 0, 0, -1 },
	{ true, PROTO_TCP, 0, 0, -1 },   { true, PROTO_UDP, 0, 0, -1 },
	{ false, PROTO_TCP, 12, 0, -1 }, { false, PROTO_UDP, 40, 0, -1 },
	{ false, PROTO_TCP, 0, 20, -1 }, { true, PROTO_TCP, 0, 40, -1 },
	{ false, PROTO_TCP, 0, 0, 100 }, { true, PROTO_UDP, 0, 0, 100 },
};

static const uint16_t payloads[] = { 0, 1, 2, 17, 100, 1001, 1380 };

static struct flow flow_of(const struct kind *kind, uint16_t payload, unsigned n)
{
	struct flow flow = flow_make(kind->ipv6, kind->proto, n);

	flow.ip_options = kind->ip_options;
	flow.tcp_options = kind->tcp_options;
	flow.vlan = kind->vlan;
	flow.payload = payload;
	return flow;
}

/* Ask for checksums of a frame's headers. */
static void ask(struct fn_pkt *pkt, const uint8_t *frame, uint32_t len, bool ip)
{
	const struct layout at = layout_of(frame, len);

	pkt->l2_len = (uint8_t)at.l2_len;
	pkt->l3_len = at.l3_len;
	pkt->l4_len = (uint8_t)at.l4_len;
	if (at.proto == PROTO_TCP)
		pkt->flags |= FN_PKT_TX_TCP_CSUM;
	if (at.proto == PROTO_UDP)
		pkt->flags |= FN_PKT_TX_UDP_CSUM;
	if (at.ipv6)
		pkt->flags |= FN_PKT_TX_IPV6;
	else if (ip)
		pkt->flags |= FN_PKT_TX_IP_CSUM;
}

/* A packet of a frame with wrong checksums where the device shall fill them in. */
static struct fn_pkt *unfilled(struct conform *c, const uint8_t *frame, uint32_t len, bool ip)
{
	const struct layout at = layout_of(frame, len);
	struct fn_pkt *pkt = pkt_bytes(c, frame, len);
	uint8_t *l4 = pkt->data + at.l2_len + at.l3_len;

	put16(l4 + (at.proto == PROTO_TCP ? 16 : 6), 0xdead);
	if (ip && !at.ipv6)
		put16(pkt->data + at.l2_len + 10, 0xbeef);
	ask(pkt, frame, len, ip);
	return pkt;
}

static void expect(struct conform *c, const uint8_t *frame, uint32_t len)
{
	static struct ref_segment want;

	memset(&want, 0, sizeof(want));
	want.len = len;
	memcpy(want.data, frame, len);
	wire_expect_segments(c, &want, 1);
}

static void send_kinds(struct conform *c, bool ip)
{
	static uint8_t frame[2048];
	unsigned n = 0;

	for (unsigned i = 0; i < FN_ARRAY_LEN(kinds); i++) {
		for (unsigned j = 0; j < FN_ARRAY_LEN(payloads); j++, n++) {
			const struct flow flow = flow_of(&kinds[i], payloads[j], n);
			const uint32_t len = flow_frame(&flow, frame, peer_mac, c->info.mac);

			tx_send(c, c->tx, unfilled(c, frame, len, ip));
			expect(c, frame, len);
		}
	}
	check_eq(tx_counter(c->tx, FN_TX_PACKETS), n);
}

BEHAVIOUR(tx_l4_csum, NEED_REQUESTS,
	  "TCP and UDP checksums over IPv4 and IPv6 are filled in right, with options and tags, "
	  "at odd and even lengths, and no other byte changes.");
static void tx_l4_csum(struct conform *c)
{
	need_offload(c, FN_OFFLOAD_TX_L4_CSUM);
	port_start(c, (struct fn_dev_conf){ .offloads = FN_OFFLOAD_TX_L4_CSUM });
	send_kinds(c, false);
}

BEHAVIOUR(tx_ip_csum, NEED_REQUESTS,
	  "The IPv4 header checksum is filled in together with the transport's, and alone.");
static void tx_ip_csum(struct conform *c)
{
	static uint8_t frame[2048];
	struct flow flow = flow_make(false, 50, 1);
	struct fn_pkt *pkt;
	uint32_t len;

	need_offload(c, FN_OFFLOAD_TX_IP_CSUM | FN_OFFLOAD_TX_L4_CSUM);
	port_start(c, (struct fn_dev_conf){ .offloads = FN_OFFLOAD_TX_IP_CSUM |
							FN_OFFLOAD_TX_L4_CSUM });
	send_kinds(c, true);
	for (flow.ip_options = 0; flow.ip_options <= 40; flow.ip_options += 4) {
		len = flow_frame(&flow, frame, peer_mac, c->info.mac);
		pkt = pkt_bytes(c, frame, len);
		put16(pkt->data + 24, 0xbeef);
		ask(pkt, frame, len, true);
		tx_send(c, c->tx, pkt);
		expect(c, frame, len);
	}
}

BEHAVIOUR(tx_udp_csum_zero, NEED_REQUESTS,
	  "A UDP checksum that adds up to zero is sent as 0xffff: zero means that there is "
	  "none.");
static void tx_udp_csum_zero(struct conform *c)
{
	static uint8_t frame[2048];

	need_offload(c, FN_OFFLOAD_TX_L4_CSUM);
	port_start(c, (struct fn_dev_conf){ .offloads = FN_OFFLOAD_TX_L4_CSUM });
	for (unsigned v6 = 0; v6 < 2; v6++) {
		struct flow flow = flow_make(v6, PROTO_UDP, 3);
		uint32_t len = flow_frame(&flow, frame, peer_mac, c->info.mac);
		const struct layout at = layout_of(frame, len);
		uint8_t *udp = frame + at.l2_len + at.l3_len;
		const uint16_t csum = get16(udp + 6);

		/* Add what is missing to the first word of payload. */
		put16(udp + 8, ref_fold((uint32_t)get16(udp + 8) + csum));
		ref_csum_fill(frame, len);
		check_eq(get16(udp + 6), 0xffff);
		tx_send(c, c->tx, unfilled(c, frame, len, false));
		expect(c, frame, len);
	}
}

BEHAVIOUR(tx_csum_chained, NEED_REQUESTS,
	  "Checksums are filled in where headers and payload lie in different segments.");
static void tx_csum_chained(struct conform *c)
{
	static uint8_t frame[2048];

	need_offload(c, FN_OFFLOAD_TX_L4_CSUM);
	port_start(c, (struct fn_dev_conf){ .offloads = FN_OFFLOAD_TX_L4_CSUM });
	for (unsigned i = 0; i < 4; i++) {
		const struct flow flow = flow_of(&kinds[i], 501, i);
		const uint32_t len = flow_frame(&flow, frame, peer_mac, c->info.mac);
		const struct layout at = layout_of(frame, len);
		const uint32_t headers = (uint32_t)at.l2_len + at.l3_len + at.l4_len;
		struct fn_pkt *pkt = unfilled(c, frame, headers, false);

		check_ok(fn_pkt_chain(pkt, pkt_bytes(c, frame + headers, 200)));
		check_ok(fn_pkt_chain(pkt, pkt_bytes(c, frame + headers + 200, 301)));
		tx_send(c, c->tx, pkt);
		expect(c, frame, len);
	}
}

BEHAVIOUR(tx_csum_not_asked, NEED_REQUESTS,
	  "With the offload on, a packet that asks for nothing leaves as it is, wrong checksums "
	  "included.");
static void tx_csum_not_asked(struct conform *c)
{
	static uint8_t frame[2048];

	need_offload(c, FN_OFFLOAD_TX_L4_CSUM);
	port_start(c, (struct fn_dev_conf){ .offloads = FN_OFFLOAD_TX_L4_CSUM });
	for (unsigned i = 0; i < 4; i++) {
		const struct flow flow = flow_of(&kinds[i], 300, i);
		const uint32_t len = flow_frame(&flow, frame, peer_mac, c->info.mac);

		frame[len - 1] ^= 0xff;
		tx_send(c, c->tx, pkt_bytes(c, frame, len));
		expect(c, frame, len);
		/* And the one behind one that does ask: what it asked for is not kept. */
		frame[len - 1] ^= 0xff;
		tx_send(c, c->tx, unfilled(c, frame, len, false));
		expect(c, frame, len);
	}
}

BEHAVIOUR(tx_csum_shared, NEED_REQUESTS,
	  "A checksum asked for in data that others hold too is dropped and counted, and the "
	  "data is not touched.");
static void tx_csum_shared(struct conform *c)
{
	static uint8_t frame[2048];
	static uint8_t before[2048];
	const struct flow flow = flow_make(false, PROTO_TCP, 1);
	struct fn_pkt *pkt;
	uint32_t len;

	need_offload(c, FN_OFFLOAD_TX_L4_CSUM);
	port_start(c, (struct fn_dev_conf){ .offloads = FN_OFFLOAD_TX_L4_CSUM });
	len = flow_frame(&flow, frame, peer_mac, c->info.mac);
	pkt = unfilled(c, frame, len, false);
	memcpy(before, pkt->data, len);
	check_ok(fn_pkt_ref(pkt));
	tx_send(c, c->tx, pkt);
	check_eq(tx_counter(c->tx, FN_TX_DROP_SHARED), 1);
	check_mem(pkt->data, before, len);
	tx_send(c, c->tx, pkt);
	expect(c, frame, len);
	check_eq(tx_counter(c->tx, FN_TX_DROP_SHARED), 1);
}

BEHAVIOUR(
	tx_ip_csum_alone, NEED_REQUESTS,
	"The IPv4 header checksum is filled in where the device was asked for that one alone, with "
	"options and tags, and transport checksums stay as they are.");
static void tx_ip_csum_alone(struct conform *c)
{
	static uint8_t frame[2048];

	need_offload(c, FN_OFFLOAD_TX_IP_CSUM);
	port_start(c, (struct fn_dev_conf){ .offloads = FN_OFFLOAD_TX_IP_CSUM });
	for (unsigned i = 0; i < FN_ARRAY_LEN(kinds) * 3; i++) {
		const struct kind *kind = &kinds[i % FN_ARRAY_LEN(kinds)];
		const struct flow flow = flow_of(kind, (uint16_t)(70 + i * 31), i);
		const uint32_t len = flow_frame(&flow, frame, peer_mac, c->info.mac);
		struct fn_pkt *pkt;

		if (kind->ipv6)
			continue;
		/* A wrong one is the sender's business. */
		frame[len - 1] ^= 0xff;
		pkt = pkt_bytes(c, frame, len);
		put16(pkt->data + layout_of(frame, len).l2_len + 10, 0xbeef);
		ask(pkt, frame, len, true);
		pkt->flags &= (uint16_t) ~(FN_PKT_TX_TCP_CSUM | FN_PKT_TX_UDP_CSUM);
		tx_send(c, c->tx, pkt);
		expect(c, frame, len);
	}
}

BEHAVIOUR(tx_sctp_csum, NEED_REQUESTS,
	  "The checksum of SCTP, which is a CRC, is filled in over IPv4 and IPv6, at every length, "
	  "in one segment or several.");
static void tx_sctp_csum(struct conform *c)
{
	static uint8_t frame[2048];

	need_offload(c, FN_OFFLOAD_TX_SCTP_CSUM);
	port_start(c, (struct fn_dev_conf){ .offloads = FN_OFFLOAD_TX_SCTP_CSUM });
	for (unsigned i = 0; i < 40; i++) {
		uint32_t l4;
		const uint32_t len = ref_sctp_frame(i & 1, i, (uint16_t)(20 + i * 33), frame,
						    peer_mac, c->info.mac, &l4);
		const uint32_t first = i % 3 ? len : l4 + REF_SCTP_HEADER;
		struct fn_pkt *pkt = pkt_bytes(c, frame, first);

		if (first < len)
			check_ok(fn_pkt_chain(pkt, pkt_bytes(c, frame + first, len - first)));
		put32(pkt->data + l4 + REF_SCTP_CSUM_AT, 0xdeadbeef);
		ask(pkt, frame, len, false);
		pkt->flags |= FN_PKT_TX_SCTP_CSUM;
		tx_send(c, c->tx, pkt);
		expect(c, frame, len);
	}
}

const struct behaviour *const offload_tx_behaviours[] = {
	&behaviour_tx_l4_csum,       &behaviour_tx_ip_csum,        &behaviour_tx_udp_csum_zero,
	&behaviour_tx_csum_chained,  &behaviour_tx_csum_not_asked, &behaviour_tx_csum_shared,
	&behaviour_tx_ip_csum_alone, &behaviour_tx_sctp_csum,      NULL,
};
