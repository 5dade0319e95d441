// SPDX-License-Identifier: BSD-3-Clause
/* Which frames virtio-net lets in: modes, addresses, VLANs; kept over stop, start and reset. */
#include "virtio_offload.h"

#define MACS 64u

static const uint8_t broadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
static const uint8_t other[6] = { 0x02, 9, 9, 9, 9, 9 };
static const uint8_t group[6] = { 0x01, 0, 0x5e, 1, 2, 3 };
static const uint8_t other_group[6] = { 0x33, 0x33, 0, 1, 2, 3 };

/* A frame to @dst comes by the wire; whether the application gets it. */
static bool comes_in(struct port *p, const uint8_t dst[6], uint16_t vlan)
{
	uint8_t frame[256];
	struct model_build b = { .ip = 4, .proto = MODEL_PROTO_UDP, .payload = 50, .vlan = vlan };
	struct fn_pkt *pkt;
	uint32_t len;

	memcpy(b.dst, dst, 6);
	len = model_build(frame, &b);
	(void)virtio_dev_wire_in(&p->vd, frame, len);
	if (!fn_rx_burst(p->rx, &pkt, 1))
		return false;
	assert_int_equal(pkt->len, len);
	assert_memory_equal(pkt->data, frame, len);
	fn_pkt_free(pkt);
	return true;
}

static void again(struct port *p, unsigned how)
{
	if (how == 1) {
		assert_int_equal(fn_dev_reset(p->dev), 0);
	} else if (how == 2) {
		assert_int_equal(fn_dev_stop(p->dev), 0);
		assert_int_equal(fn_dev_start(p->dev), 0);
	}
}

static void modes(void **state)
{
	struct fn_dev_info info = { .sz = sizeof(info) };
	struct port p;

	(void)state;
	offload_init(&p, 0);
	port_start(&p, (struct fn_dev_conf){ 0 });
	fn_dev_get_info(p.dev, &info);
	assert_int_equal(info.caps & (FN_CAP_PROMISC | FN_CAP_ALLMULTI | FN_CAP_MAC_FILTERS |
				      FN_CAP_SET_MAC),
			 FN_CAP_PROMISC | FN_CAP_ALLMULTI | FN_CAP_MAC_FILTERS | FN_CAP_SET_MAC);
	for (unsigned how = 0; how < 3; how++) {
		assert_int_equal(fn_dev_set_promisc(p.dev, false), 0);
		assert_int_equal(fn_dev_set_allmulti(p.dev, false), 0);
		again(&p, how);
		assert_true(comes_in(&p, p.vd.mac, 0));
		assert_true(comes_in(&p, broadcast, 0));
		assert_false(comes_in(&p, other, 0));
		assert_false(comes_in(&p, group, 0));
		assert_int_equal(fn_dev_set_allmulti(p.dev, true), 0);
		again(&p, how);
		assert_true(comes_in(&p, group, 0));
		assert_false(comes_in(&p, other, 0));
		assert_int_equal(fn_dev_set_promisc(p.dev, true), 0);
		assert_int_equal(fn_dev_set_allmulti(p.dev, false), 0);
		again(&p, how);
		assert_true(comes_in(&p, group, 0));
		assert_true(comes_in(&p, other, 0));
	}
	port_end(&p);
}

static void addresses(void **state)
{
	uint8_t filled[MACS + 1][6];
	const uint8_t(*const macs)[6] = (const uint8_t(*)[6])filled;
	struct fn_dev_info info = { .sz = sizeof(info) };
	struct port p;

	(void)state;
	for (unsigned i = 0; i <= MACS; i++) {
		memcpy(filled[i], i % 3 ? other : group, 6);
		filled[i][5] = (uint8_t)(100 + i);
	}
	offload_init(&p, 0);
	port_start(&p, (struct fn_dev_conf){ 0 });
	fn_dev_get_info(p.dev, &info);
	assert_int_equal(info.max_mac_filters, MACS);
	assert_int_equal(info.max_mac_exact, MACS);
	for (unsigned how = 0; how < 3; how++) {
		assert_int_equal(fn_dev_set_mac_filters(p.dev, macs, MACS), 0);
		again(&p, how);
		fn_dev_get_info(p.dev, &info);
		assert_int_equal(info.mac_filters_n, MACS);
		assert_int_equal(info.mac_filter_mode, FN_FILTER_EXACT);
		assert_int_equal(p.vd.filter.uni_n + p.vd.filter.multi_n, MACS);
		for (unsigned i = 0; i < MACS; i++)
			assert_true(comes_in(&p, macs[i], 0));
		assert_true(comes_in(&p, p.vd.mac, 0));
		assert_false(comes_in(&p, macs[MACS], 0));
		assert_false(comes_in(&p, other, 0));
		assert_false(comes_in(&p, other_group, 0));
		/* The next list takes the place of this one. */
		assert_int_equal(fn_dev_set_mac_filters(p.dev, macs + 1, 1), 0);
		again(&p, how);
		assert_true(comes_in(&p, macs[1], 0));
		assert_false(comes_in(&p, macs[2], 0));
		assert_int_equal(fn_dev_set_mac_filters(p.dev, NULL, 0), 0);
		again(&p, how);
		assert_false(comes_in(&p, macs[1], 0));
		assert_int_equal(p.vd.filter.uni_n + p.vd.filter.multi_n, 0);
	}
	assert_int_equal(fn_dev_set_mac_filters(p.dev, macs, MACS + 1), -ENOSPC);
	/* What the device refuses is not in force after a reset either. */
	assert_int_equal(fn_dev_set_mac_filters(p.dev, macs, 2), 0);
	p.vd.ctrl_ack = VDEV_ERR;
	assert_int_equal(fn_dev_set_mac_filters(p.dev, macs + 2, 2), -EIO);
	assert_non_null(strstr(fn_error_last(), "refuses"));
	p.vd.ctrl_ack = VDEV_OK;
	assert_int_equal(fn_dev_reset(p.dev), 0);
	assert_true(comes_in(&p, macs[0], 0));
	assert_false(comes_in(&p, macs[3], 0));
	assert_int_equal(fn_dev_stop(p.dev), 0);
	fn_dev_get_info(p.dev, &info);
	assert_int_equal(info.mac_filters_n, 2);
	assert_int_equal(info.mac_filter_mode, FN_FILTER_NONE);
	port_end(&p);
}

/* The station address among the filters, which it outlives. */
static void own_address(void **state)
{
	struct port p;

	(void)state;
	offload_init(&p, 0);
	port_start(&p, (struct fn_dev_conf){ 0 });
	assert_int_equal(fn_dev_set_mac(p.dev, other), 0);
	assert_int_equal(fn_dev_set_mac_filters(p.dev, &group, 1), 0);
	for (unsigned how = 0; how < 3; how++) {
		again(&p, how);
		assert_true(comes_in(&p, other, 0));
		assert_true(comes_in(&p, group, 0));
	}
	port_end(&p);
}

static void vlans(void **state)
{
	static const uint16_t vids[] = { 1, 5, 63, 64, 1000, 4095 };
	struct port p;

	(void)state;
	offload_init(&p, 0);
	port_start(&p, (struct fn_dev_conf){ .offloads = FN_OFFLOAD_VLAN_FILTER });
	assert_true((p.vd.accepted & VDEV_F_CTRL_VLAN) != 0);
	for (unsigned how = 0; how < 3; how++) {
		assert_true(comes_in(&p, p.vd.mac, 0));
		for (unsigned i = 0; i < FN_ARRAY_LEN(vids); i++) {
			assert_false(comes_in(&p, p.vd.mac, vids[i]));
			assert_int_equal(fn_dev_add_vlan(p.dev, vids[i]), 0);
		}
		again(&p, how);
		for (unsigned i = 0; i < FN_ARRAY_LEN(vids); i++)
			assert_true(comes_in(&p, p.vd.mac, (uint16_t)(0x2000 | vids[i])));
		assert_false(comes_in(&p, p.vd.mac, 2));
		for (unsigned i = 0; i < FN_ARRAY_LEN(vids); i++)
			assert_int_equal(fn_dev_del_vlan(p.dev, vids[i]), 0);
		again(&p, how);
	}
	/* Chosen while stopped, and forgotten with the offload. */
	assert_int_equal(fn_dev_stop(p.dev), 0);
	assert_int_equal(fn_dev_add_vlan(p.dev, 7), 0);
	assert_int_equal(fn_dev_start(p.dev), 0);
	assert_true(comes_in(&p, p.vd.mac, 7));
	assert_int_equal(fn_dev_add_vlan(p.dev, 4096), -EINVAL);
	assert_int_equal(fn_dev_stop(p.dev), 0);
	port_start(&p, (struct fn_dev_conf){ 0 });
	assert_int_equal(p.vd.accepted & VDEV_F_CTRL_VLAN, 0);
	assert_true(comes_in(&p, p.vd.mac, 9));
	assert_int_equal(fn_dev_add_vlan(p.dev, 7), -ENOTSUP);
	assert_int_equal(fn_dev_stop(p.dev), 0);
	port_start(&p, (struct fn_dev_conf){ .offloads = FN_OFFLOAD_VLAN_FILTER });
	assert_false(comes_in(&p, p.vd.mac, 7));
	port_end(&p);
}

/* A device without the commands: each call says what is missing, and start gives none of them. */
static void not_there(void **state)
{
	struct port p;

	(void)state;
	offload_init(&p, VDEV_F_CTRL_RX | VDEV_F_CTRL_VLAN | VDEV_F_CTRL_MAC_ADDR);
	port_start(&p, (struct fn_dev_conf){ 0 });
	assert_int_equal(fn_dev_set_promisc(p.dev, false), -ENOTSUP);
	assert_int_equal(fn_dev_set_allmulti(p.dev, true), -ENOTSUP);
	assert_int_equal(fn_dev_set_mac_filters(p.dev, &other, 1), -ENOTSUP);
	assert_int_equal(fn_dev_set_mac(p.dev, other), -ENOTSUP);
	assert_int_equal(fn_dev_stop(p.dev), 0);
	assert_int_equal(port_configure(&p,
					(struct fn_dev_conf){ .offloads = FN_OFFLOAD_VLAN_FILTER }),
			 -ENOTSUP);
	assert_non_null(strstr(p.err.text, "vlan_filter"));
	port_end(&p);
	/* Without a control queue nothing of it is there, whatever else is offered. */
	offload_init(&p, VDEV_F_CTRL_VQ);
	port_start(&p, (struct fn_dev_conf){ 0 });
	assert_int_equal(p.vd.accepted &
				 (VIRTIO_DEV_F_FILTERS | VIRTIO_DEV_F_STEERING | VDEV_F_NOTF_COAL),
			 0);
	assert_int_equal(fn_dev_set_promisc(p.dev, false), -ENOTSUP);
	port_end(&p);
}

/* A start that the device refuses half-way leaves it stopped, and the wishes as they were. */
static void refused_at_start(void **state)
{
	struct port p;

	(void)state;
	offload_init(&p, 0);
	port_start(&p, (struct fn_dev_conf){ 0 });
	assert_int_equal(fn_dev_set_mac_filters(p.dev, &other, 1), 0);
	assert_int_equal(fn_dev_stop(p.dev), 0);
	p.vd.ctrl_ack = VDEV_ERR;
	assert_int_equal(fn_dev_start(p.dev), -EIO);
	assert_int_equal(port_pool(&p).outside, 0);
	assert_int_equal(fn_rxq_status(p.rx), -ENETDOWN);
	p.vd.ctrl_ack = VDEV_OK;
	assert_int_equal(fn_dev_start(p.dev), 0);
	assert_true(comes_in(&p, other, 0));
	port_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(modes),       cmocka_unit_test(addresses),
		cmocka_unit_test(own_address), cmocka_unit_test(vlans),
		cmocka_unit_test(not_there),   cmocka_unit_test(refused_at_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
