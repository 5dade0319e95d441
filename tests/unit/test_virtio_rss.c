// SPDX-License-Identifier: BSD-3-Clause
/* How virtio-net spreads received frames over queues, and the hash that it hands over. */
#include "virtio_offload.h"

#define QUEUES 4u

/* Microsoft's key of the published RSS test vectors. */
static const uint8_t ms_key[40] = {
	0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
	0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
	0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};

static void rss_init(struct port *p, uint64_t less)
{
	offload_init(p, less);
	p->vd.config.max_virtqueue_pairs = fn_cpu_to_le16(QUEUES);
	p->vd.num_queues = 2 * QUEUES + 1;
	p->vd.md.busdev.irqs = 10;
}

static struct fn_rss get(struct port *p)
{
	struct fn_rss rss = { .sz = sizeof(rss) };

	assert_int_equal(fn_dev_get_rss(p->dev, &rss), 0);
	return rss;
}

/* The key of each device is random, and now and then spreads few flows badly: one that does not. */
static void fix_key(struct port *p)
{
	struct fn_rss rss = get(p);

	for (unsigned i = 0; i < rss.key_bytes; i++)
		rss.key[i] = (uint8_t)(0x6d + 0x3b * i * i);
	assert_int_equal(fn_dev_set_rss(p->dev, &rss), 0);
}

/* The frame comes by the wire; the queue that the application finds it on, with its packet. */
static unsigned queue_of(struct port *p, const uint8_t *frame, uint32_t len, struct fn_pkt **pkt)
{
	unsigned found = QUEUES;

	assert_true(virtio_dev_wire_in(&p->vd, frame, len) >= 0);
	for (unsigned i = 0; i < QUEUES; i++)
		if (fn_dev_rxq(p->dev, i) && fn_rx_burst(fn_dev_rxq(p->dev, i), pkt, 1))
			found = i;
	assert_true(found < QUEUES);
	assert_memory_equal((*pkt)->data, frame, len);
	return found;
}

/* What the library says of a frame's hash with these types and this key. 0: it has none. */
static bool hash_of(const struct fn_rss *rss, const uint8_t *frame, uint32_t len, uint32_t *hash)
{
	const struct model_frame f = model_frame_parse(frame, len);
	const unsigned shift = f.ip == 6 ? 3 : 0;
	bool ports = false;
	uint8_t in[36];

	if (!f.ip)
		return false;
	if (f.l4_hdr && f.proto == MODEL_PROTO_TCP)
		ports = rss->types >> (shift + 1) & 1;
	else if (f.l4_hdr && f.proto == MODEL_PROTO_UDP)
		ports = rss->types >> (shift + 2) & 1;
	if (!ports && !(rss->types >> shift & 1))
		return false;
	*hash = fn_rss_hash(rss->key, rss->key_bytes, in,
			    (unsigned)model_rss_input(frame, &f, ports, in));
	return true;
}

static uint32_t flow(uint8_t *frame, unsigned i)
{
	return model_build(frame, &(struct model_build){ .ip = i % 9 == 8 ? 0 :
							       i & 1      ? 6 :
									    4,
							 .proto = i & 2 ? MODEL_PROTO_UDP :
									  MODEL_PROTO_TCP,
							 .sport = (uint16_t)(7 + 13 * i),
							 .dport = 443,
							 .payload = 40,
							 .seq = i });
}

/* Flows go where hash and table say, and carry the hash when it was asked for. */
static void assert_spread(struct port *p, bool report)
{
	const struct fn_rss rss = get(p);
	unsigned per_queue[QUEUES] = { 0 };
	uint8_t frame[256];
	struct fn_pkt *pkt;

	for (unsigned i = 0; i < 120; i++) {
		const uint32_t len = flow(frame, i);
		uint32_t hash = 0;
		const bool hashed = hash_of(&rss, frame, len, &hash);
		const unsigned queue = queue_of(p, frame, len, &pkt);

		assert_int_equal(queue, rss.reta[hashed ? hash & (rss.reta_entries - 1u) : 0]);
		assert_int_equal(pkt->flags, report && hashed ? FN_PKT_HASH : 0);
		assert_int_equal(pkt->hash, report && hashed ? hash : 0);
		per_queue[queue]++;
		fn_pkt_free(pkt);
	}
	for (unsigned i = 0; i < rss.reta_entries; i++)
		per_queue[rss.reta[i]] += 1000;
	for (unsigned i = 0; i < QUEUES; i++)
		assert_true(per_queue[i] < 1000 || per_queue[i] % 1000 > 0);
}

static void spread(void **state)
{
	struct fn_dev_info info = { .sz = sizeof(info) };
	struct port p;

	(void)state;
	for (unsigned report = 0; report < 2; report++) {
		struct fn_rss rss;

		rss_init(&p, 0);
		port_start(&p, (struct fn_dev_conf){ .rxqs = QUEUES,
						     .txqs = QUEUES,
						     .rx_ring = 32,
						     .tx_ring = 32,
						     .offloads = report ? FN_OFFLOAD_RX_HASH : 0 });
		fn_dev_get_info(p.dev, &info);
		assert_true((info.caps & FN_CAP_RSS) != 0);
		assert_int_equal(info.rss_types, VDEV_HASH_ALL);
		assert_int_equal(info.rss_key_bytes, 40);
		assert_int_equal(info.rss_reta_entries, 128);
		/* Before anybody chooses: all queues, by all types. */
		assert_true(p.vd.rss.steer);
		assert_int_equal(get(&p).types, VDEV_HASH_ALL);
		assert_spread(&p, report);
		/* Another key, at once and after a reset. */
		rss = get(&p);
		memcpy(rss.key, ms_key, sizeof(ms_key));
		assert_int_equal(fn_dev_set_rss(p.dev, &rss), 0);
		assert_memory_equal(p.vd.rss.key, ms_key, sizeof(ms_key));
		assert_spread(&p, report);
		assert_int_equal(fn_dev_reset(p.dev), 0);
		assert_memory_equal(p.vd.rss.key, ms_key, sizeof(ms_key));
		assert_spread(&p, report);
		/* Fewer types: the rest goes by the addresses alone, or to entry 0. */
		rss.types = FN_RSS_IPV4 | FN_RSS_TCP6;
		rss.reta[0] = 2;
		assert_int_equal(fn_dev_set_rss(p.dev, &rss), 0);
		assert_int_equal(p.vd.rss.unclassified, 2);
		assert_spread(&p, report);
		port_end(&p);
	}
}

/* Each entry of the table, changed live, moves the traffic that it stands for, and no other. */
static void each_entry(void **state)
{
	uint8_t frame[256];
	struct fn_pkt *pkt;
	struct fn_rss rss;
	struct port p;

	(void)state;
	rss_init(&p, 0);
	port_start(&p, (struct fn_dev_conf){ .rxqs = QUEUES, .rx_ring = 32, .tx_ring = 32 });
	rss = get(&p);
	memcpy(rss.key, ms_key, sizeof(ms_key));
	memset(rss.reta, 0, sizeof(rss.reta));
	assert_int_equal(fn_dev_set_rss(p.dev, &rss), 0);
	for (unsigned entry = 0; entry < rss.reta_entries; entry++) {
		uint32_t hash;
		uint32_t len;
		unsigned i = 0;

		/* A flow of this entry. */
		do {
			len = model_build(frame, &(struct model_build){ .ip = 4,
									.proto = MODEL_PROTO_TCP,
									.sport = (uint16_t)i++,
									.dport = 80,
									.payload = 20 });
			assert_true(hash_of(&rss, frame, len, &hash));
		} while ((hash & 127) != entry);
		assert_int_equal(queue_of(&p, frame, len, &pkt), 0);
		fn_pkt_free(pkt);
		rss.reta[entry] = 3;
		assert_int_equal(fn_dev_set_rss(p.dev, &rss), 0);
		assert_int_equal(queue_of(&p, frame, len, &pkt), 3);
		fn_pkt_free(pkt);
		for (unsigned k = 0; k < 128; k++)
			assert_int_equal(p.vd.rss.table[k], k <= entry ? 3 : 0);
	}
	port_end(&p);
}

/* Types 0: the device's own rule, which is where a flow is sent from. */
static void automatic(void **state)
{
	uint8_t frame[256];
	struct fn_pkt *pkt;
	struct fn_rss rss;
	struct port p;

	(void)state;
	for (unsigned report = 0; report < 2; report++) {
		rss_init(&p, 0);
		port_start(&p, (struct fn_dev_conf){ .rxqs = QUEUES,
						     .txqs = QUEUES,
						     .rx_ring = 32,
						     .tx_ring = 32,
						     .offloads = report ? FN_OFFLOAD_RX_HASH : 0 });
		rss = get(&p);
		rss.types = 0;
		assert_int_equal(fn_dev_set_rss(p.dev, &rss), -EINVAL);
		assert_says(fn_error_last(), "a key or a table for a hash of no types");
		assert_true(p.vd.rss.steer);
		rss.key_bytes = rss.reta_entries = 0;
		for (unsigned how = 0; how < 2; how++) {
			assert_int_equal(fn_dev_set_rss(p.dev, &rss), 0);
			if (how)
				assert_int_equal(fn_dev_reset(p.dev), 0);
			assert_false(p.vd.rss.steer);
			assert_int_equal(p.vd.pairs, QUEUES);
			for (unsigned i = 0; i < 20; i++) {
				const uint32_t len = flow(frame, 9 * i);
				const unsigned pair = i % QUEUES;

				pkt = offload_pkt(p.pool, frame, len, 2000, 0);
				assert_int_equal(fn_tx_burst(fn_dev_txq(p.dev, pair), &pkt, 1), 1);
				assert_int_equal(virtio_dev_transmit(&p.vd, pair, 1), 1);
				assert_int_equal(queue_of(&p, frame, len, &pkt), pair);
				assert_int_equal(pkt->flags, report ? FN_PKT_HASH : 0);
				fn_pkt_free(pkt);
			}
		}
		rss.types = FN_RSS_TCP4;
		assert_int_equal(fn_dev_set_rss(p.dev, &rss), 0);
		assert_true(p.vd.rss.steer);
		fix_key(&p);
		assert_spread(&p, report);
		port_end(&p);
	}
	/* A device without RSS has nothing else. */
	rss_init(&p, VDEV_F_RSS);
	port_start(&p, (struct fn_dev_conf){ .rxqs = QUEUES, .rx_ring = 32, .tx_ring = 32 });
	assert_int_equal(p.vd.pairs, QUEUES);
	assert_int_equal(fn_dev_set_rss(p.dev, &rss), -ENOTSUP);
	/* But the hash that it reports has a key, and applications may ask for it. */
	assert_int_equal(get(&p).key_bytes, 40);
	assert_int_equal(get(&p).types, 0);
	port_end(&p);
	rss_init(&p, VDEV_F_RSS | VDEV_F_HASH_REPORT);
	port_start(&p, (struct fn_dev_conf){ .rxqs = QUEUES, .rx_ring = 32, .tx_ring = 32 });
	/* The caller's struct is told also by the call that would fill it, and keeps its place. */
	rss.err = &p.err;
	assert_int_equal(fn_dev_get_rss(p.dev, &rss), -ENOTSUP);
	assert_int_equal(p.err.code, -ENOTSUP);
	assert_says(p.err.text, "spread received frames");
	assert_ptr_equal(rss.err, &p.err);
	port_end(&p);
	/* And one without the automatic rule has nothing but RSS. */
	rss_init(&p, VDEV_F_MQ);
	port_start(&p, (struct fn_dev_conf){ .rxqs = QUEUES, .rx_ring = 32, .tx_ring = 32 });
	assert_spread(&p, false);
	rss = get(&p);
	rss.types = 0;
	rss.key_bytes = rss.reta_entries = 0;
	assert_int_equal(fn_dev_set_rss(p.dev, &rss), -ENOTSUP);
	assert_int_equal(get(&p).types, VDEV_HASH_ALL);
	assert_spread(&p, false);
	port_end(&p);
}

/* One queue: the hash is reported by whichever command the device has for it (5.1.6.4.3). */
static void hash_alone(void **state)
{
	static const uint64_t less[] = { 0, VDEV_F_RSS, VDEV_F_MQ, VDEV_F_MQ | VDEV_F_RSS };
	uint8_t frame[256];
	struct fn_pkt *pkt;
	struct port p;

	(void)state;
	for (unsigned v = 0; v < FN_ARRAY_LEN(less); v++) {
		rss_init(&p, less[v]);
		if ((less[v] & (VDEV_F_MQ | VDEV_F_RSS)) == (VDEV_F_MQ | VDEV_F_RSS))
			p.vd.num_queues = 3;
		port_start(&p, (struct fn_dev_conf){ .offloads = FN_OFFLOAD_RX_HASH });
		assert_true((p.vd.accepted & VDEV_F_HASH_REPORT) != 0);
		assert_int_equal(p.vd.rss.steer, !(less[v] & VDEV_F_RSS));
		for (unsigned i = 0; i < 60; i++) {
			const uint32_t len = flow(frame, i);
			struct fn_rss rss = { .types = VDEV_HASH_ALL,
					      .key_bytes = p.vd.rss.key_len };
			uint32_t hash = 0;
			bool hashed;

			memcpy(rss.key, p.vd.rss.key, rss.key_bytes);
			hashed = hash_of(&rss, frame, len, &hash);
			assert_int_equal(queue_of(&p, frame, len, &pkt), 0);
			assert_int_equal(pkt->flags, hashed ? FN_PKT_HASH : 0);
			assert_int_equal(pkt->hash, hash);
			fn_pkt_free(pkt);
		}
		port_end(&p);
	}
}

/* What the device says of itself is read with care, and what it refuses is as it was. */
static void odd_devices(void **state)
{
	struct fn_dev_info info = { .sz = sizeof(info) };
	struct fn_rss rss;
	struct port p;

	(void)state;
	/* A long table of no power of two, and a long key. */
	rss_init(&p, 0);
	p.vd.config.rss_max_key_size = 255;
	p.vd.config.rss_max_indirection_table_length = fn_cpu_to_le16(300);
	port_start(&p, (struct fn_dev_conf){ .rxqs = QUEUES, .rx_ring = 32, .tx_ring = 32 });
	fn_dev_get_info(p.dev, &info);
	assert_int_equal(info.rss_reta_entries, 256);
	assert_int_equal(info.rss_key_bytes, FN_RSS_KEY_MAX);
	assert_spread(&p, false);
	/* It refuses: nothing is changed, on it and in what we say. */
	rss = get(&p);
	rss.types = FN_RSS_IPV4;
	p.vd.ctrl_ack = VDEV_ERR;
	assert_int_equal(fn_dev_set_rss(p.dev, &rss), -EIO);
	p.vd.ctrl_ack = VDEV_OK;
	assert_int_equal(get(&p).types, VDEV_HASH_ALL);
	assert_spread(&p, false);
	port_end(&p);
	/* It obeys the first of two commands, and refuses the second. */
	rss_init(&p, 0);
	port_start(&p, (struct fn_dev_conf){ .rxqs = QUEUES,
					     .rx_ring = 32,
					     .tx_ring = 32,
					     .offloads = FN_OFFLOAD_RX_HASH });
	rss = get(&p);
	rss.types = 0;
	rss.key_bytes = rss.reta_entries = 0;
	offload_answers(&p, "=r");
	assert_int_equal(fn_dev_set_rss(p.dev, &rss), -EIO);
	assert_non_null(strstr(fn_error_last(), "hash"));
	assert_true(p.vd.rss.steer);
	assert_int_equal(get(&p).types, VDEV_HASH_ALL);
	assert_spread(&p, true);
	port_end(&p);
	/* Too short a key, or nothing to hash: it is used without, and the log says so. */
	for (unsigned i = 0; i < 2; i++) {
		rss_init(&p, 0);
		if (i)
			p.vd.config.rss_max_key_size = 39;
		else
			p.vd.config.supported_hash_types = fn_cpu_to_le32(0x1c0);
		port_start(&p,
			   (struct fn_dev_conf){ .rxqs = QUEUES, .rx_ring = 32, .tx_ring = 32 });
		fn_dev_get_info(p.dev, &info);
		assert_int_equal(info.caps & FN_CAP_RSS, 0);
		assert_int_equal(info.offloads_max & FN_OFFLOAD_RX_HASH, 0);
		assert_non_null(strstr(p.log, "hash"));
		assert_int_equal(p.vd.pairs, QUEUES);
		port_end(&p);
	}
	/* Then, without MQ, there is one pair, and the control queue comes behind that one. */
	rss_init(&p, VDEV_F_MQ);
	p.vd.config.rss_max_key_size = 39;
	port_start(&p, (struct fn_dev_conf){ .rx_ring = 32, .tx_ring = 32 });
	fn_dev_get_info(p.dev, &info);
	assert_int_equal(info.max_rxqs, 1);
	assert_int_equal(fn_dev_set_promisc(p.dev, true), 0);
	port_end(&p);
}

/* A caller with room for half of the table gets none, and hears how long it is. */
static void shorter_table(void **state)
{
	struct fn_rss rss = { .sz = sizeof(rss) };
	struct port p;
	char entries[40];
	size_t need;

	(void)state;
	rss_init(&p, 0);
	port_start(&p, (struct fn_dev_conf){ .rxqs = QUEUES, .rx_ring = 32, .tx_ring = 32 });
	rss = get(&p);
	need = offsetof(struct fn_rss, reta) + rss.reta_entries * sizeof(rss.reta[0]);
	(void)snprintf(entries, sizeof(entries), "table of %u entries", rss.reta_entries);
	memset(&rss, 0, sizeof(rss));
	rss.err = &p.err;
	rss.sz = need - 1;
	assert_int_equal(fn_dev_get_rss(p.dev, &rss), -ENOSPC);
	assert_int_equal(p.err.code, -ENOSPC);
	assert_says(p.err.text, entries);
	assert_int_equal(rss.reta_entries, 0);
	rss.sz = need;
	assert_int_equal(fn_dev_get_rss(p.dev, &rss), 0);
	assert_int_not_equal(rss.reta_entries, 0);
	port_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spread),      cmocka_unit_test(each_entry),
		cmocka_unit_test(automatic),   cmocka_unit_test(hash_alone),
		cmocka_unit_test(odd_devices), cmocka_unit_test(shorter_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
