// SPDX-License-Identifier: BSD-3-Clause
/* Receive-side scaling, against a Toeplitz hash of the tests' own. */
#include <stdio.h>

#include "conform/conform.h"
#include "conform/ref_toeplitz.h"

#define QUEUES 2u

BEHAVIOUR(rss_vectors, 0,
	  "The library's Toeplitz hash, like the tests' own, gives what Microsoft published.");
static void rss_vectors(struct conform *c)
{
	for (unsigned i = 0; i < ref_rss_vectors_n; i++) {
		const struct ref_vector *v = &ref_rss_vectors[i];
		const struct flow flow = ref_vector_flow(v);
		const unsigned bytes = flow.ipv6 ? 16 : 4;
		uint8_t in[36];

		memcpy(in, flow.saddr, bytes);
		memcpy(in + bytes, flow.daddr, bytes);
		put16(in + 2 * bytes, flow.sport);
		put16(in + 2 * bytes + 2, flow.dport);
		check_eq(ref_toeplitz_flow(ref_rss_key, 40, &flow, false), v->addrs);
		check_eq(ref_toeplitz_flow(ref_rss_key, 40, &flow, true), v->ports);
		check_eq(fn_rss_hash(ref_rss_key, 40, in, 2 * bytes), v->addrs);
		check_eq(fn_rss_hash(ref_rss_key, 40, in, 2 * bytes + 4), v->ports);
	}
	check_eq(fn_rss_hash(ref_rss_key, 11, "abcdefgh", 8), 0);
}

/* Start with some queues and Microsoft's key over what the device hashes. */
static struct fn_rss start_queues(struct conform *c, uint16_t queues, struct fn_dev_conf conf,
				  uint32_t types)
{
	struct fn_rss rss = { .sz = sizeof(rss) };

	conf.rxqs = queues;
	conf.txqs = c->info.max_txqs < queues ? c->info.max_txqs : queues;
	port_start(c, conf);
	check(c->info.rss_key_bytes >= 40 && fn_is_pow2(c->info.rss_reta_entries));
	rss.types = types & c->info.rss_types;
	rss.key_bytes = c->info.rss_key_bytes;
	rss.reta_entries = c->info.rss_reta_entries;
	memcpy(rss.key, ref_rss_key, sizeof(ref_rss_key));
	for (unsigned i = 0; i < rss.reta_entries; i++)
		rss.reta[i] = (uint16_t)(i % queues);
	check_ret(fn_dev_set_rss(c->dev, &rss), 0);
	return rss;
}

static struct fn_rss start_rss(struct conform *c, uint32_t types, uint64_t offloads)
{
	need_cap(c, FN_CAP_RSS);
	need_queues(c, QUEUES, 1);
	return start_queues(c, QUEUES, (struct fn_dev_conf){ .offloads = offloads }, types);
}

#define ALL_TYPES \
	(FN_RSS_IPV4 | FN_RSS_TCP4 | FN_RSS_UDP4 | FN_RSS_IPV6 | FN_RSS_TCP6 | FN_RSS_UDP6)

/* Whether a flow is hashed with its ports, without, or not at all (-1). */
static int hashed_with_ports(const struct fn_rss *rss, const struct flow *flow)
{
	const uint32_t tcp = flow->ipv6 ? FN_RSS_TCP6 : FN_RSS_TCP4;
	const uint32_t udp = flow->ipv6 ? FN_RSS_UDP6 : FN_RSS_UDP4;
	const uint32_t ip = flow->ipv6 ? FN_RSS_IPV6 : FN_RSS_IPV4;

	if (rss->types & (flow->proto == PROTO_TCP ? tcp : flow->proto == PROTO_UDP ? udp : 0))
		return 1;
	return rss->types & ip ? 0 : -1;
}

static uint32_t hash_of(const struct fn_rss *rss, const struct flow *flow)
{
	const int ports = hashed_with_ports(rss, flow);

	return ports < 0 ? 0 : ref_toeplitz_flow(rss->key, rss->key_bytes, flow, ports == 1);
}

/* A flow comes in where the hash says, and says the hash when that was asked for. */
static void check_flow(struct conform *c, const struct fn_rss *rss, const struct flow *flow,
		       bool report)
{
	const uint32_t hash = hash_of(rss, flow);
	const unsigned entry = hash & (rss->reta_entries - 1u);
	struct fn_pkt *pkt;
	unsigned queue;

	wire_send_flow(c, flow);
	queue = rx_next_any(c, &pkt);
	if (queue != rss->reta[entry] && !(hashed_with_ports(rss, flow) < 0 && queue == 0))
		conform_fail(c, __FILE__, __LINE__,
			     "%s proto %u of ports %u, %u, hash 0x%08x, entry %u: came in on queue "
			     "%u, not %u",
			     flow->ipv6 ? "IPv6" : "IPv4", flow->proto, flow->sport, flow->dport,
			     hash, entry, queue, rss->reta[entry]);
	if (report && hashed_with_ports(rss, flow) >= 0) {
		check(pkt->flags & FN_PKT_HASH);
		check_eq(pkt->hash, hash);
	} else if (!report) {
		check_eq(pkt->flags & FN_PKT_HASH, 0);
		check_eq(pkt->hash, 0);
	}
	fn_pkt_free(pkt);
}

static void check_flows(struct conform *c, const struct fn_rss *rss, bool report)
{
	static const uint8_t protos[] = { PROTO_TCP, PROTO_UDP, 50 };

	for (unsigned i = 0; i < 96; i++) {
		const struct flow flow = flow_make(i & 1, protos[i / 2 % 3], i);

		check_flow(c, rss, &flow, report);
	}
}

BEHAVIOUR(rss_queue, NEED_QUEUES,
	  "Each flow comes in on the queue that the Toeplitz hash and the table say, "
	  "Microsoft's vectors included.");
static void rss_queue(struct conform *c)
{
	struct fn_rss rss = start_rss(c, ALL_TYPES, 0);

	for (unsigned i = 0; i < ref_rss_vectors_n; i++) {
		const struct flow flow = ref_vector_flow(&ref_rss_vectors[i]);

		check_flow(c, &rss, &flow, false);
	}
	check_flows(c, &rss, false);
}

BEHAVIOUR(rss_hash_reported, NEED_QUEUES,
	  "The hash that comes with a packet is the Toeplitz hash of its flow.");
static void rss_hash_reported(struct conform *c)
{
	struct fn_rss rss;

	need_offload(c, FN_OFFLOAD_RX_HASH);
	rss = start_rss(c, ALL_TYPES, FN_OFFLOAD_RX_HASH);
	for (unsigned i = 0; i < ref_rss_vectors_n; i++) {
		const struct flow flow = ref_vector_flow(&ref_rss_vectors[i]);

		check_flow(c, &rss, &flow, true);
	}
	check_flows(c, &rss, true);
}

BEHAVIOUR(rss_types, NEED_QUEUES,
	  "Only what was chosen is hashed: ports where they were asked for, addresses alone "
	  "where not, and what is not hashed comes to the queue of entry 0 or to queue 0.");
static void rss_types(struct conform *c)
{
	static const uint32_t chosen[] = { FN_RSS_IPV4 | FN_RSS_IPV6, FN_RSS_TCP4 | FN_RSS_TCP6,
					   FN_RSS_UDP4 | FN_RSS_IPV6, ALL_TYPES };
	struct fn_rss rss = start_rss(c, ALL_TYPES, 0);
	struct fn_rss now = { .sz = sizeof(now) };

	rss.reta[0] = 1;
	for (unsigned i = 0; i < FN_ARRAY_LEN(chosen); i++) {
		rss.types = chosen[i] & c->info.rss_types;
		check_ok(fn_dev_set_rss(c->dev, &rss));
		check_ok(fn_dev_get_rss(c->dev, &now));
		check_eq(now.types, rss.types);
		check_flows(c, &rss, false);
	}
}

/* A flow that leads to an entry of the table. */
static struct flow flow_to_entry(struct conform *c, const struct fn_rss *rss, unsigned entry)
{
	struct flow flow =
		flow_make(false, rss->types & FN_RSS_TCP4 ? PROTO_TCP : PROTO_UDP, entry);

	for (unsigned tries = 0; tries < 65536; tries++) {
		flow.sport = (uint16_t)(1024 + tries);
		if ((hash_of(rss, &flow) & (rss->reta_entries - 1u)) == entry)
			return flow;
	}
	conform_fail(c, __FILE__, __LINE__, "no flow leads to entry %u", entry);
}

BEHAVIOUR(rss_reta_live, NEED_QUEUES,
	  "Every entry of the redirection table can be changed on a running device, and its flow "
	  "moves, it alone.");
static void rss_reta_live(struct conform *c)
{
	struct fn_rss rss = start_rss(c, ALL_TYPES, 0);

	if (!(rss.types & (FN_RSS_TCP4 | FN_RSS_UDP4)))
		conform_skip(c, "the device hashes no ports");
	for (unsigned i = 0; i < rss.reta_entries; i++) {
		const struct flow flow = flow_to_entry(c, &rss, i);
		const struct flow next = flow_to_entry(c, &rss, (i + 1) % rss.reta_entries);

		check_flow(c, &rss, &flow, false);
		rss.reta[i] = (uint16_t)(rss.reta[i] ^ 1);
		check_ok(fn_dev_set_rss(c->dev, &rss));
		check_flow(c, &rss, &flow, false);
		check_flow(c, &rss, &next, false);
	}
}

/* All the queues that the device has, of a kind whose flows have ports in the hash. */
static struct fn_rss start_all(struct conform *c, uint64_t offloads)
{
	struct fn_dev_conf conf = { .rx_ring = 64, .tx_ring = 64, .offloads = offloads };
	struct fn_rss rss;

	c->pool_opts.count = CONFORM_POOL_MANY;
	need_cap(c, FN_CAP_RSS);
	need_queues(c, QUEUES, QUEUES);
	conf.offloads &= c->info.offloads_max;
	rss = start_queues(c, c->info.max_rxqs, conf, ALL_TYPES);
	if (!(rss.types & (FN_RSS_TCP4 | FN_RSS_UDP4)))
		conform_skip(c, "the device hashes no ports");
	return rss;
}

BEHAVIOUR(rss_reta_all, NEED_QUEUES,
	  "Every entry of the redirection table leads to every queue that the device has.");
static void rss_reta_all(struct conform *c)
{
	struct fn_rss rss = start_all(c, 0);

	for (unsigned lap = 0; lap < c->info.rxqs; lap++) {
		for (unsigned i = 0; i < rss.reta_entries; i++)
			rss.reta[i] = (uint16_t)((i + lap) % c->info.rxqs);
		check_ok(fn_dev_set_rss(c->dev, &rss));
		for (unsigned i = 0; i < rss.reta_entries; i++) {
			const struct flow flow = flow_to_entry(c, &rss, i);

			check_flow(c, &rss, &flow, false);
		}
	}
}

/* Its flow comes in on a queue, which says so by its interrupt, its hash and its counters alone. */
static struct fn_pkt *comes_to(struct conform *c, const struct fn_rss *rss, const struct flow *flow,
			       unsigned queue)
{
	struct fn_rxq *q = fn_dev_rxq(c->dev, queue);
	const int fd = fn_rxq_event_fd(q);
	struct fn_pkt *pkt = NULL;

	(void)irq_signals(fd);
	check_ok(fn_rxq_arm(q));
	wire_send_flow(c, flow);
	irq_expect(c, fd);
	check_eq(rx_next_any(c, &pkt), queue);
	if (c->info.offloads & FN_OFFLOAD_RX_HASH) {
		check(pkt->flags & FN_PKT_HASH);
		check_eq(pkt->hash, hash_of(rss, flow));
	}
	return pkt;
}

/* What came in goes out of the queue's own sister, which says so too. */
static void goes_out(struct conform *c, struct fn_pkt *pkt, unsigned queue)
{
	struct fn_txq *q = fn_dev_txq(c->dev, queue);
	const int fd = fn_txq_event_fd(q);
	static uint8_t want[FRAME_MAX];
	static uint8_t got[FRAME_MAX];
	const uint32_t len = pkt_copy(pkt, want, sizeof(want));

	(void)fn_tx_reclaim(q);
	(void)irq_signals(fd);
	check_ok(fn_txq_arm(q));
	pkt->flags = 0;
	tx_send(c, q, pkt);
	check_eq(wire_recv(c, got, sizeof(got)), len);
	check_mem(got, want, len);
	irq_expect(c, fd);
}

BEHAVIOUR(rss_queues_all, NEED_QUEUES,
	  "As many queues as the device has carry each its own flow, both ways: hash, interrupt "
	  "and counters of each are those of its flow alone.");
static void rss_queues_all(struct conform *c)
{
	struct fn_rss rss = start_all(c, FN_OFFLOAD_RX_HASH);
	const unsigned n = c->info.rxqs < c->info.txqs ? c->info.rxqs : c->info.txqs;
	uint32_t len = 0;

	for (unsigned lap = 1; lap <= 3; lap++) {
		for (unsigned i = 0; i < n; i++) {
			const struct flow flow = flow_to_entry(c, &rss, i);
			struct fn_pkt *pkt = comes_to(c, &rss, &flow, i);

			len = fn_pkt_len(pkt);
			goes_out(c, pkt, i);
		}
		for (unsigned i = 0; i < n; i++) {
			check_eq(rx_counter(fn_dev_rxq(c->dev, i), FN_RX_PACKETS), lap);
			check_eq(rx_counter(fn_dev_rxq(c->dev, i), FN_RX_BYTES),
				 (uint64_t)lap * len);
			check_eq(tx_counter(fn_dev_txq(c->dev, i), FN_TX_PACKETS), lap);
			check_eq(tx_counter(fn_dev_txq(c->dev, i), FN_TX_BYTES),
				 (uint64_t)lap * len);
		}
	}
}

BEHAVIOUR(rss_key_changed, NEED_QUEUES,
	  "A new key takes effect at once: flows go where it says, and the table stays.");
static void rss_key_changed(struct conform *c)
{
	struct fn_rss rss = start_rss(c, ALL_TYPES, 0);
	struct fn_rss now = { .sz = sizeof(now) };

	for (unsigned key = 0; key < 8; key++) {
		struct fn_rss only_key = rss;

		for (unsigned i = 0; i < rss.key_bytes; i++)
			rss.key[i] = (uint8_t)(i * 59 + key * 101 + 3);
		memcpy(only_key.key, rss.key, sizeof(rss.key));
		only_key.reta_entries = 0;
		check_ok(fn_dev_set_rss(c->dev, &only_key));
		check_ok(fn_dev_get_rss(c->dev, &now));
		check_mem(now.key, rss.key, rss.key_bytes);
		check_mem(now.reta, rss.reta, 2u * rss.reta_entries);
		check_flows(c, &rss, false);
	}
}

BEHAVIOUR(rss_holds, NEED_QUEUES,
	  "Key, table and types hold over a reset, over a stop and a start, and over a new "
	  "configuration with as many queues.");
static void rss_holds(struct conform *c)
{
	struct fn_rss rss = start_rss(c, ALL_TYPES & ~FN_RSS_IPV6, 0);
	struct fn_rss now = { .sz = sizeof(now) };

	for (unsigned i = 0; i < rss.reta_entries; i++)
		rss.reta[i] = (uint16_t)(i / 3 % QUEUES);
	rss.key[7] = 0x99;
	check_ok(fn_dev_set_rss(c->dev, &rss));
	check_ok(fn_dev_reset(c->dev));
	wait_until(port_link_up(c));
	check_flows(c, &rss, false);
	check_ok(fn_dev_stop(c->dev));
	check_ok(fn_dev_start(c->dev));
	wait_until(port_link_up(c));
	check_flows(c, &rss, false);
	port_restart(c, (struct fn_dev_conf){ .rxqs = QUEUES, .txqs = c->info.txqs });
	check_ok(fn_dev_get_rss(c->dev, &now));
	check_eq(now.types, rss.types);
	check_mem(now.key, rss.key, rss.key_bytes);
	check_mem(now.reta, rss.reta, 2u * rss.reta_entries);
	check_flows(c, &rss, false);
}

/* 64 flows come in: how many of them on queue 1. */
static unsigned on_queue_1(struct conform *c)
{
	unsigned n = 0;

	for (unsigned i = 0; i < 64; i++) {
		const struct flow flow = flow_make(i & 1, i & 2 ? PROTO_TCP : PROTO_UDP, i);
		struct fn_pkt *pkt;

		wire_send_flow(c, &flow);
		n += rx_next_any(c, &pkt);
		fn_pkt_free(pkt);
	}
	return n;
}

BEHAVIOUR(rss_fewer_queues, NEED_QUEUES,
	  "With fewer queues than the table knew all flows come in on those that there are, and "
	  "with more again they are spread anew.");
static void rss_fewer_queues(struct conform *c)
{
	struct fn_rss rss = start_rss(c, ALL_TYPES, 0);

	for (unsigned i = 0; i < rss.reta_entries; i++)
		rss.reta[i] = 1;
	check_ok(fn_dev_set_rss(c->dev, &rss));
	check_eq(on_queue_1(c), 64);
	port_restart(c, (struct fn_dev_conf){ .rxqs = 1 });
	check_eq(on_queue_1(c), 0);
	port_restart(c, (struct fn_dev_conf){ .rxqs = QUEUES, .txqs = QUEUES });
	check(on_queue_1(c) < 64);
}

BEHAVIOUR(rss_off, NEED_QUEUES,
	  "Without types the table steers no flow any more, also after a reset, and a stop and a "
	  "start, and with types it does again; a device that spreads by its hash or not at all "
	  "refuses that, and steers on.");
static void rss_off(struct conform *c)
{
	struct fn_rss rss = start_rss(c, ALL_TYPES, 0);
	const struct fn_rss off = { .sz = sizeof(off) };
	struct fn_rss now = { .sz = sizeof(now) };
	int ret;

	for (unsigned i = 0; i < rss.reta_entries; i++)
		rss.reta[i] = 1;
	check_ok(fn_dev_set_rss(c->dev, &rss));
	check_eq(on_queue_1(c), 64);
	ret = fn_dev_set_rss(c->dev, &off);
	if (ret == -ENOTSUP) {
		check_eq(on_queue_1(c), 64);
		return;
	}
	check_ok(ret);
	check_ok(fn_dev_get_rss(c->dev, &now));
	check_eq(now.types, 0);
	check(on_queue_1(c) < 64);
	check_ok(fn_dev_reset(c->dev));
	wait_until(port_link_up(c));
	check(on_queue_1(c) < 64);
	check_ok(fn_dev_stop(c->dev));
	check_ok(fn_dev_start(c->dev));
	wait_until(port_link_up(c));
	check(on_queue_1(c) < 64);
	rss.reta_entries = rss.key_bytes = 0;
	check_ok(fn_dev_set_rss(c->dev, &rss));
	check_eq(on_queue_1(c), 64);
}

BEHAVIOUR(rss_spreads_by_itself, NEED_QUEUES,
	  "A device with several queues and RSS spreads flows over all of them before anybody "
	  "chose, as it says that it does.");
static void rss_spreads_by_itself(struct conform *c)
{
	struct fn_rss rss = { .sz = sizeof(rss) };
	unsigned seen[QUEUES] = { 0 };

	need_cap(c, FN_CAP_RSS);
	need_queues(c, QUEUES, 1);
	port_start(c, (struct fn_dev_conf){ .rxqs = QUEUES,
					    .txqs = c->info.max_txqs < QUEUES ? 1 : QUEUES });
	check_ok(fn_dev_get_rss(c->dev, &rss));
	if (!rss.types)
		conform_skip(c, "the device spreads by a rule of its own");
	check_flows(c, &rss, false);
	for (unsigned i = 0; i < rss.reta_entries; i++)
		if (rss.reta[i] < QUEUES)
			seen[rss.reta[i]]++;
	check_eq(seen[0], rss.reta_entries / QUEUES);
	check_eq(seen[1], rss.reta_entries / QUEUES);
}

BEHAVIOUR(rss_refuses, NEED_QUEUES,
	  "A table that names a queue that is not in use, a wrong size or an unknown type is "
	  "refused, and what was set stays.");
static void rss_refuses(struct conform *c)
{
	struct fn_rss rss = start_rss(c, ALL_TYPES, 0);
	struct fn_rss bad = rss;

	bad.reta[5] = QUEUES;
	check_ret(fn_dev_set_rss(c->dev, &bad), -EINVAL);
	bad = rss;
	bad.reta_entries = (uint16_t)(rss.reta_entries / 2);
	check_ret(fn_dev_set_rss(c->dev, &bad), -EINVAL);
	bad = rss;
	bad.key_bytes = 39;
	check_ret(fn_dev_set_rss(c->dev, &bad), -EINVAL);
	bad = rss;
	bad.types |= 1u << 30;
	check_ret(fn_dev_set_rss(c->dev, &bad), -EINVAL);
	bad = rss;
	bad.types = ALL_TYPES;
	check_ret(fn_dev_set_rss(c->dev, &bad), c->info.rss_types == ALL_TYPES ? 0 : -ENOTSUP);
	if (c->info.rss_types == ALL_TYPES)
		check_ok(fn_dev_set_rss(c->dev, &rss));
	check_flows(c, &rss, false);
}

BEHAVIOUR(rx_hash_of_nothing, NEED_QUEUES, "A frame that is not IP comes without a hash.");
static void rx_hash_of_nothing(struct conform *c)
{
	struct fn_pkt *pkt;

	need_offload(c, FN_OFFLOAD_RX_HASH);
	port_start(c, (struct fn_dev_conf){ .offloads = FN_OFFLOAD_RX_HASH });
	wire_send_stream(c, 1, 1, 100);
	pkt = rx_next(c, c->rx);
	check_eq(pkt->flags & FN_PKT_HASH, 0);
	fn_pkt_free(pkt);
}

const struct behaviour *const rss_behaviours[] = {
	&behaviour_rss_vectors,
	&behaviour_rss_queue,
	&behaviour_rss_hash_reported,
	&behaviour_rss_types,
	&behaviour_rss_reta_live,
	&behaviour_rss_reta_all,
	&behaviour_rss_queues_all,
	&behaviour_rss_key_changed,
	&behaviour_rss_holds,
	&behaviour_rss_fewer_queues,
	&behaviour_rss_off,
	&behaviour_rss_spreads_by_itself,
	&behaviour_rss_refuses,
	&behaviour_rx_hash_of_nothing,
	NULL,
};
