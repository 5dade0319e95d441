// SPDX-License-Identifier: BSD-3-Clause
/* What the Intel drivers set before frames come in, and what a stop leaves. */
#define PORT_PKTS 3072
#include "intel_diag_port.h"

#include <fastnic/filter.h>
#include <fastnic/rss.h>

#include "mem/domain.h"

/* The hash is for the application too: a single queue has it, when it was asked for. */
static void hash_of_one_queue(void **state)
{
	(void)state;
	for (unsigned on = 0; on < 2; on++) {
		uint8_t frame[60];
		struct fn_pkt *pkt;

		port_init();
		port_start(
			(struct fn_dev_conf){ .rxqs = 1, .offloads = on ? FN_OFFLOAD_RX_HASH : 0 });
		port_tcp_frame(frame);
		assert_int_equal(intel_dev_receive(&p.id, frame, sizeof(frame)), 0);
		assert_int_equal(fn_rx_burst(fn_dev_rxq(p.dev, 0), &pkt, 1), 1);
		assert_int_equal(!!(pkt->flags & FN_PKT_HASH), on);
		fn_pkt_free(pkt);
		port_end();
	}
}

/* 82574 4.6.5, 4.6.6: what a start leaves in TCTL, RXDCTL and TXDCTL. */
static void setup_82574(void **state)
{
	(void)state;
	port_init();
	port_start((struct fn_dev_conf){ .rxqs = 2, .rx_ring = 64, .tx_ring = 64 });
	assert_int_equal(REG(IDEV_TCTL) >> 12 & 0x3ff, 63);
	assert_int_equal(REG(IDEV_TCTL) >> 4 & 0xff, 15);
	/* The first receive queue's is written into the second one's too (10.2.5.11). */
	assert_int_equal(*intel_dev_qreg(&p.id, false, 0, IDEV_Q_CTL),
			 *intel_dev_qreg(&p.id, false, 1, IDEV_Q_CTL));
	assert_int_equal(*intel_dev_qreg(&p.id, true, 0, IDEV_Q_CTL) >> 22 & 5, 5);
	port_end();
}

/**
 * struct wanted - what a start or a stop has to leave in a register
 * @reg: its place
 * @mask: these bits of it
 * @value: as the papers want them
 */
struct wanted {
	uint32_t reg;
	uint32_t mask;
	uint32_t value;
};

/* Numbers of the papers, apart from the drivers' headers. 82574: 10.2, and 4.6.5, 4.6.6. */
static const struct wanted start_82574[] = {
	{ IDEV_CTRL_EXT, 0x91c00000, 0x91400000 }, /* DRV_LOAD, EIAME, PBA_CLR; 23:22 are 01b */
	{ IDEV_GCR, 1u << 22, 1u << 22 },          /* against lost completions, as GCR2 */
	{ IDEV_GCR2, 1u << 0, 1u << 0 },           /* specification update */
	{ IDEV_VET, UINT32_MAX, 0x8100 },          /* 802.1Q */
	{ IDEV_TIPG, UINT32_MAX, 0x00602008 },     /* copper: 8, 8, 6 */
	{ IDEV_TCTL, 0x013ffffa, 0x0103f0fa },     /* EN, PSP, CT 15, COLD 63, RTLC */
	{ IDEV_TARC(0), 0x7c000400, 0x04000400 },  /* ENABLE; 30:27 are 0, bit 26 is 1 */
	{ IDEV_TARC(1), 0x78000400, 0x00000400 },  /* ENABLE; 30:27 are 0 */
	{ IDEV_RFCTL, UINT32_MAX, 0x000090c1 },    /* no iSCSI, no NFS, ACK_DIS, EXSTEN */
	{ IDEV_RXQ_74 + 0x028, ~0u, 0x01010420 },  /* RXDCTL: 32, 4, 1 descriptors */
	{ IDEV_TXQ_74 + 0x028, ~0u, 0x0141011f },  /* TXDCTL: 31, 1, 1, and bit 22 */
	{ IDEV_TXQ_74 + 0x128, ~0u, 0x0141011f },  { IDEV_WUC, UINT32_MAX, 0 }, { 0 },
};

/* 82576 8; I210 4.5.9, 4.5.10. */
static const struct wanted start_82576[] = {
	{ IDEV_CTRL_EXT, 1u << 28, 1u << 28 },   /* DRV_LOAD */
	{ IDEV_TCTL, 0x01000ffa, 0x010000fa },   /* EN, PSP, CT 15, RTLC */
	{ IDEV_RFCTL, UINT32_MAX, 0x000100c1 },  /* no iSCSI, no NFS, IPV6_EX_DIS */
	{ IDEV_RXQ_76 + 0x28, ~0u, 0x02010808 }, /* RXDCTL: 8, 8, 1, ENABLE */
	{ IDEV_RXQ_76 + 0x68, ~0u, 0x02010808 },
	{ IDEV_TXQ_76 + 0x28, ~0u, 0x02010108 }, /* TXDCTL: 8, 1, 1, ENABLE */
	{ IDEV_TXQ_76 + 0x68, ~0u, 0x02010108 },
	{ IDEV_WUC, UINT32_MAX, 0 },
	{ 0 },
};

/* The firmware learns that there is no driver any more. */
static const struct wanted after_stop[] = { { IDEV_CTRL_EXT, 1u << 28, 0 }, { 0 } };

static const struct wanted *after_reset;
static bool was_reset;

/* A chip in which every reset leaves all those bits the other way round. */
static void contrary_write(struct fn_busdev *busdev, unsigned idx, uint64_t off, unsigned width,
			   uint64_t value)
{
	model_bus.bar_write(busdev, idx, off, width, value);
	was_reset |= off == IDEV_CTRL && (value & IDEV_CTRL_RST);
	/* Behind the reset all interrupts are turned off, and the last one's register is this. */
	if (!was_reset || off != IDEV_ICR)
		return;
	was_reset = false;
	for (const struct wanted *w = after_reset; w->mask; w++)
		REG(w->reg) = (REG(w->reg) & ~w->mask) | (~w->value & w->mask);
}

static void assert_wanted(void)
{
	for (const struct wanted *w = after_reset; w->mask; w++)
		if ((REG(w->reg) & w->mask) != w->value)
			fail_msg("register 0x%05x is 0x%08x: of 0x%08x there should be 0x%08x",
				 w->reg, REG(w->reg), w->mask, w->value);
	assert_false(was_reset);
}

/* What the papers want to be otherwise than a reset leaves it, or to be so in any case. */
static void by_the_papers(void **state)
{
	static struct fn_bus_ops contrary;

	(void)state;
	port_init();
	contrary = model_bus;
	contrary.bar_write = contrary_write;
	p.id.md.busdev.ops = &contrary;
	after_reset = family == INTEL_82574 ? start_82574 : start_82576;
	port_start((struct fn_dev_conf){ .rxqs = 2, .txqs = 2, .rx_ring = 64, .tx_ring = 64 });
	assert_wanted();
	after_reset = after_stop;
	assert_int_equal(fn_dev_stop(p.dev), 0);
	assert_wanted();
	port_end();
}

/* 82576: of several queues a full one drops, so that the others go on; a single one may wait. */
static void full_queue_drops(void **state)
{
	(void)state;
	for (uint16_t n = 1; n <= 2; n++) {
		port_init();
		port_start((struct fn_dev_conf){ .rxqs = n, .rx_ring = 64, .tx_ring = 64 });
		for (uint16_t q = 0; q < n; q++)
			assert_int_equal(!!(*intel_dev_qreg(&p.id, false, q, IDEV_Q_SRRCTL) &
					    IDEV_SRRCTL_DROP_EN),
					 n > 1);
		port_end();
	}
}

/* 82576: one byte more than the MTU and its tag do not come in at all. */
static void longest_frame(void **state)
{
	uint8_t frame[1600] = { 0 };
	struct fn_pkt *pkt;

	(void)state;
	for (unsigned mtu = 500; mtu <= 1500; mtu += 1000) {
		port_init();
		port_start((struct fn_dev_conf){ .mtu = mtu });
		memcpy(frame, p.dev->mac, 6);
		assert_int_equal(intel_dev_receive(&p.id, frame, mtu + 19), -EPERM);
		assert_int_equal(intel_dev_receive(&p.id, frame, mtu + 18), 0);
		assert_int_equal(fn_rx_burst(fn_dev_rxq(p.dev, 0), &pkt, 1), 1);
		fn_pkt_free(pkt);
		port_end();
	}
}

/* A port that is open, and a pool beside its own whose rooms are of another size. */
static struct fn_pool *open_with_rooms(uint32_t room_bytes)
{
	const struct fn_pool_opts opts = {
		.sz = sizeof(opts), .count = PORT_PKTS, .room_bytes = room_bytes, .max_threads = 1
	};
	struct fn_pool *pool;

	port_init();
	port_open();
	assert_int_equal(fn_pool_create(p.ctx, &opts, &pool), 0);
	return pool;
}

static void close_with(struct fn_pool *pool)
{
	assert_int_equal(fn_dev_close(p.dev), 0);
	assert_int_equal(fn_pool_destroy(pool), 0);
	assert_int_equal(fn_pool_destroy(p.pool), 0);
	assert_int_equal(fn_ctx_destroy(p.ctx), 0);
	assert_no_violation(&p.id.md);
	model_dev_unplug(&p.id.md);
}

/* A frame has to fit into half of a ring, which may be all that the device has of it. */
static void scattered_over_a_ring(void **state)
{
	struct fn_dev_conf conf = {
		.sz = sizeof(conf), .mtu = 9000, .offloads = FN_OFFLOAD_RX_SCATTER, .rx_ring = 32
	};
	struct fn_pool *small;

	(void)state;
	small = open_with_rooms(512);
	conf.pool = small;
	/* 9018 bytes are 18 buffers of 512. */
	assert_int_equal(fn_dev_configure(p.dev, &conf), -EINVAL);
	assert_true(says("a frame of MTU 9000 fills 18 buffers"));
	assert_true(says("16 is the most in a receive ring of 32"));
	conf.rx_ring = 64;
	assert_int_equal(fn_dev_configure(p.dev, &conf), 0);
	conf.rx_ring = 32;
	conf.mtu = 16 * 512 - 18;
	assert_int_equal(fn_dev_configure(p.dev, &conf), family == INTEL_82576 ? 0 : -EINVAL);
	conf.mtu++;
	assert_int_equal(fn_dev_configure(p.dev, &conf), -EINVAL);
	close_with(small);
}

/*
 * The 82574 lets in what is longer than the MTU, once it lets in anything above 1522 bytes: that
 * has to end in the ring too, and is no lie.
 */
static void longer_than_the_mtu(void **state)
{
	struct fn_dev_conf conf = {
		.sz = sizeof(conf), .mtu = 2000, .offloads = FN_OFFLOAD_RX_SCATTER, .rx_ring = 32
	};
	static uint8_t frame[9000];
	struct fn_pool *small;
	struct fn_pkt *pkt;

	(void)state;
	small = open_with_rooms(256);
	memset(frame, 0xff, 6);
	conf.pool = small;
	if (family == INTEL_82574) {
		assert_int_equal(fn_dev_configure(p.dev, &conf), -EINVAL);
		assert_true(says("with MTU 2000 it lets in frames of up to 16384 bytes"));
		assert_true(says("64 buffers"));
		assert_true(says("or use an MTU of 1500 or less"));
		conf.mtu = 1500;
		assert_int_equal(fn_dev_configure(p.dev, &conf), 0);
		conf.mtu = 2000;
		conf.rx_ring = 128;
	}
	assert_int_equal(fn_dev_configure(p.dev, &conf), 0);
	assert_int_equal(fn_dev_start(p.dev), 0);
	pass_ns(2 * p.id.link_ns);
	for (unsigned i = 0; i < 8; i++) {
		const int ret = intel_dev_receive(&p.id, frame, sizeof(frame));

		assert_int_equal(ret, family == INTEL_82574 ? 0 : -EPERM);
		assert_int_equal(fn_rx_burst(fn_dev_rxq(p.dev, 0), &pkt, 1), !ret);
		if (!ret) {
			assert_int_equal(fn_pkt_len(pkt), sizeof(frame));
			fn_pkt_free(pkt);
		}
		assert_int_equal(fn_rxq_status(fn_dev_rxq(p.dev, 0)), 0);
	}
	close_with(small);
}

/* The device fills a room to its end, and goes on in the next one. */
static void rooms_filled(void **state)
{
	static uint8_t frame[4096];

	(void)state;
	memset(frame, 0xff, 6);
	for (uint32_t room = 256; room <= 2048; room *= 2) {
		struct fn_dev_conf conf = { .sz = sizeof(conf),
					    .mtu = 2 * room - 18,
					    .offloads = FN_OFFLOAD_RX_SCATTER,
					    .rx_ring = 128 };
		struct fn_pool *pool = open_with_rooms(room);
		struct fn_pkt *pkt;

		conf.pool = pool;
		assert_int_equal(fn_dev_configure(p.dev, &conf), 0);
		assert_int_equal(fn_dev_start(p.dev), 0);
		pass_ns(2 * p.id.link_ns);
		assert_int_equal(intel_dev_receive(&p.id, frame, 2 * room), 0);
		assert_int_equal(fn_rx_burst(fn_dev_rxq(p.dev, 0), &pkt, 1), 1);
		assert_int_equal(pkt->len, room);
		assert_non_null(pkt->next);
		assert_int_equal(pkt->next->len, room);
		assert_null(pkt->next->next);
		fn_pkt_free(pkt);
		close_with(pool);
	}
}

/* A capability of PCI Express alone, whose link control says @aspm. */
static void open_with_aspm(uint8_t aspm)
{
	port_init();
	p.id.md.cfg[0x06] = 0x10;
	p.id.md.cfg[0x34] = 0x40;
	p.id.md.cfg[0x40] = 0x10;
	p.id.md.cfg[0x50] = (uint8_t)(0x40 | aspm);
	port_open();
}

/* An 82574 on a link that saves power works, and whoever has it is told what to do. */
static void saves_power(void **state)
{
	(void)state;
	for (uint8_t aspm = 0; aspm < 4; aspm++) {
		const bool told = aspm && family == INTEL_82574;

		open_with_aspm(aspm);
		assert_int_equal(strstr(p.log, "(ASPM), with which an 82574 may stop") != NULL,
				 told);
		port_start((struct fn_dev_conf){ 0 });
		port_receive(1);
		port_end();
	}
}

/* Letting a VLAN in or out leaves those beside it in the table. */
static void neighbour_vlans(void **state)
{
	(void)state;
	port_init();
	port_start((struct fn_dev_conf){ .offloads = FN_OFFLOAD_VLAN_FILTER });
	assert_int_equal(fn_dev_add_vlan(p.dev, 70), 0);
	assert_int_equal(fn_dev_add_vlan(p.dev, 71), 0);
	assert_int_equal(REG(IDEV_VFTA + 8), 3u << 6);
	assert_int_equal(fn_dev_del_vlan(p.dev, 70), 0);
	assert_int_equal(REG(IDEV_VFTA + 8), 2u << 6);
	port_end();
}

/* A list of groups, each with a bit of its own in the hash table (RCTL.MO 00b). */
static void set_groups(unsigned n)
{
	static uint8_t macs[3000][6];

	for (unsigned i = 0; i < n; i++) {
		const uint8_t mac[6] = { 0x03, 0, 0, 0, (uint8_t)(i << 4), (uint8_t)(i >> 4) };

		memcpy(macs[i], mac, 6);
	}
	assert_int_equal(fn_dev_set_mac_filters(p.dev, (const uint8_t(*)[6])macs, n), 0);
}

/*
 * Groups have exact entries, then bits of the hash table; where half of its 4096 are set it would
 * let in more than it keeps out, and all groups come in. Back again likewise.
 */
static void many_groups(void **state)
{
	static const uint8_t none_of_them[6] = { 0x01, 0, 0x5e, 0, 0xf0, 0xff };
	const unsigned exact = family == INTEL_82574 ? 15 : 23;
	const struct {
		unsigned n;
		enum fn_filter_mode mode;
	} lists[] = { { exact, FN_FILTER_EXACT },       { exact + 1, FN_FILTER_HASH },
		      { exact + 2048, FN_FILTER_HASH }, { exact + 2049, FN_FILTER_ALL_MULTI },
		      { 3000, FN_FILTER_ALL_MULTI },    { exact + 2048, FN_FILTER_HASH },
		      { 3000, FN_FILTER_ALL_MULTI },    { 1, FN_FILTER_EXACT } };
	uint8_t frame[60] = { 0 };

	(void)state;
	port_up();
	for (unsigned i = 0; i < FN_ARRAY_LEN(lists); i++) {
		const bool all = lists[i].mode == FN_FILTER_ALL_MULTI;
		struct fn_dev_info info = { .sz = sizeof(info) };

		set_groups(lists[i].n);
		fn_dev_get_info(p.dev, &info);
		assert_int_equal(info.mac_filter_mode, lists[i].mode);
		assert_false(REG(IDEV_RCTL) & IDEV_RCTL_UPE);
		assert_int_equal(!!(REG(IDEV_RCTL) & IDEV_RCTL_MPE), all);
		/* QEMU's models would let in who is no group and has a bit there. */
		for (unsigned k = 0; all && k < 128; k++)
			assert_int_equal(REG(IDEV_MTA + 4 * k), 0);
		memcpy(frame, none_of_them, 6);
		assert_int_equal(intel_dev_receive(&p.id, frame, sizeof(frame)), all ? 0 : -EPERM);
	}
	port_end();
}

/* QEMU's e1000e before 8.0: its reset leaves what the program before had set in CTRL. */
static void stale_stripping(void **state)
{
	(void)state;
	port_init();
	p.id.stale_ctrl = IDEV_CTRL_VME;
	port_start((struct fn_dev_conf){ 0 });
	assert_int_equal(REG(IDEV_CTRL) & IDEV_CTRL_VME, 0);
	port_end();
}

#define HOG_BYTES 65536u
#define RING_BYTES 1024u
#define HOGS_MAX 64u

static struct fn_dma hogs[HOGS_MAX];
static unsigned hogs_n;

/* Whether there was room for it in what is mapped: the next call of the bus fails. */
static bool hog(size_t len)
{
	assert_true(hogs_n < HOGS_MAX);
	p.id.md.fail_call = p.id.md.calls + 1;
	if (fn_dma_alloc_for(p.ctx, FN_DMA_PRIVATE, len, 0, -1, &hogs[hogs_n]))
		return false;
	hogs_n++;
	return true;
}

/* Take all that rings are made of but @left bytes. */
static void hog_all(size_t left)
{
	while (hog(HOG_BYTES))
		continue;
	if (!left)
		return;
	fn_dma_free(p.ctx, &hogs[--hogs_n]);
	assert_true(hog(HOG_BYTES - left));
}

/* I210 7.4.5: a NVM may have the mode of two tags on, which is for who asked for it alone. */
static void outer_by_default(void **state)
{
	(void)state;
	for (unsigned on = 0; on < 2; on++) {
		port_init();
		p.id.nvm[IDEV_NVM_INIT_CONTROL_3] |= 2;
		port_start((struct fn_dev_conf){ .offloads = on ? FN_OFFLOAD_VLAN_OUTER : 0 });
		assert_int_equal(!!(REG(IDEV_CTRL_EXT) & IDEV_CTRL_EXT_EXT_VLAN), on);
		port_end();
	}
}

/* QEMU's model puts a tag in where it is another's: it is not offered beside an outer one. */
static void outer_on_qemu(void **state)
{
	struct fn_error err = FN_ERROR_INIT;
	struct fn_dev_conf conf = { .sz = sizeof(conf), .err = &err };

	(void)state;
	port_init();
	intel_dev_by_page(&p.id);
	port_open();
	conf.pool = p.pool;
	conf.offloads = FN_OFFLOAD_VLAN_OUTER | FN_OFFLOAD_TX_VLAN;
	assert_int_equal(fn_dev_configure(p.dev, &conf), -ENOTSUP);
	assert_non_null(strstr(err.text, "tx_vlan"));
	assert_non_null(strstr(err.text, "vlan_outer"));
	conf.offloads = FN_OFFLOAD_VLAN_OUTER | FN_OFFLOAD_RX_VLAN;
	assert_int_equal(fn_dev_configure(p.dev, &conf), 0);
	conf.offloads = FN_OFFLOAD_TX_VLAN;
	assert_int_equal(fn_dev_configure(p.dev, &conf), 0);
	port_end();
}

/* A frame with its second tag has to fit a buffer. */
static void outer_needs_room(void **state)
{
	struct fn_dev_conf conf = { .sz = sizeof(conf), .mtu = 1024 - 18 };
	struct fn_pool *small;

	(void)state;
	small = open_with_rooms(1024);
	conf.pool = small;
	assert_int_equal(fn_dev_configure(p.dev, &conf), 0);
	conf.offloads = FN_OFFLOAD_VLAN_OUTER;
	assert_int_equal(fn_dev_configure(p.dev, &conf), -EINVAL);
	conf.mtu -= 4;
	assert_int_equal(fn_dev_configure(p.dev, &conf), 0);
	close_with(small);
}

/* No memory for a ring: the receive queue's, and the transmit queue's behind one that has it. */
static void no_ring_memory(void **state)
{
	(void)state;
	port_init();
	port_open();
	port_configure((struct fn_dev_conf){ .rx_ring = 64, .tx_ring = 64 });
	for (size_t left = 0; left <= RING_BYTES; left += RING_BYTES) {
		int ret = -EIO;

		hogs_n = 0;
		hog_all(left);
		/* One of the calls within is the map. */
		for (unsigned at = 1; ret != -ENOMEM; at++) {
			p.id.md.fail_call = p.id.md.calls + at;
			ret = fn_dev_start(p.dev);
			assert_true(ret < 0);
		}
		p.id.md.fail_call = 0;
		while (hogs_n)
			fn_dma_free(p.ctx, &hogs[--hogs_n]);
		assert_int_equal(fn_dev_start(p.dev), 0);
		assert_int_equal(fn_dev_stop(p.dev), 0);
	}
	port_end();
}

/* A stop is a reset: the device has no memory of the port's any more, and takes nothing. */
static void stopped(void **state)
{
	uint8_t frame[60] = { 0 };

	(void)state;
	port_up();
	memcpy(frame, p.dev->mac, 6);
	assert_int_equal(fn_dev_stop(p.dev), 0);
	pass_ns(2 * p.id.link_ns);
	assert_int_equal(intel_dev_receive(&p.id, frame, sizeof(frame)), -ENETDOWN);
	for (unsigned t = 0; t < 2; t++)
		assert_int_equal(*intel_dev_qreg(&p.id, t, 0, IDEV_Q_LEN), 0);
	port_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(hash_of_one_queue),
		BOTH(scattered_over_a_ring),
		BOTH(longer_than_the_mtu),
		BOTH(rooms_filled),
		BOTH(saves_power),
		BOTH(neighbour_vlans),
		BOTH(by_the_papers),
		BOTH(many_groups),
		BOTH(stale_stripping),
		BOTH(no_ring_memory),
		BOTH(stopped),
		{ "setup_82574", setup_82574, e1000e, NULL, NULL },
		{ "full_queue_drops, 82576", full_queue_drops, igb, NULL, NULL },
		{ "longest_frame, 82576", longest_frame, igb, NULL, NULL },
		{ "outer_by_default, 82576", outer_by_default, igb, NULL, NULL },
		{ "outer_on_qemu, 82576", outer_on_qemu, igb, NULL, NULL },
		{ "outer_needs_room, 82576", outer_needs_room, igb, NULL, NULL },
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
