// SPDX-License-Identifier: BSD-3-Clause
/* The virtio model, on split and on packed rings: filters, and what it tells by itself. */
#include <unistd.h>

#include "model/virtio_standin_port.h"

static bool comes_in(const uint8_t *dst, uint16_t vlan)
{
	struct model_build b = { .vlan = vlan };
	struct virtio_dev_hdr hdr;
	uint32_t len;

	memcpy(b.dst, dst, 6);
	len = model_build(frame, &b);
	if (virtio_dev_wire_in(&vd, frame, len) == -EPERM) {
		assert_int_equal(standin_recv(&si, 0, &hdr, got), -EAGAIN);
		return false;
	}
	assert_int_equal(standin_recv(&si, 0, &hdr, got), len);
	return true;
}

static void receive_modes(void **state)
{
	static const uint8_t own[6] = { 0x52, 0x54, 0x00, 0x12, 0x34, 0x56 };
	static const uint8_t uni[6] = { 0x02, 1, 1, 1, 1, 1 };
	static const uint8_t multi[6] = { 0x01, 0, 0x5e, 1, 1, 1 };
	static const uint8_t bcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

	(void)state;
	up(VIRTIO_DEV_F_FILTERS);
	/* After a reset it is promiscuous (the specification leaves it open; so is QEMU). */
	assert_true(comes_in(uni, 0) && comes_in(multi, 0));
	mode(VDEV_CMD_PROMISC, false);
	assert_true(comes_in(own, 0) && comes_in(bcast, 0));
	assert_false(comes_in(uni, 0) || comes_in(multi, 0));
	mode(VDEV_CMD_ALLMULTI, true);
	assert_true(comes_in(multi, 0) && !comes_in(uni, 0));
	mode(VDEV_CMD_NOMULTI, true);
	assert_true(!comes_in(multi, 0) && comes_in(bcast, 0));
	mode(VDEV_CMD_NOBCAST, true);
	assert_false(comes_in(bcast, 0));
	mode(VDEV_CMD_ALLUNI, true);
	assert_true(comes_in(uni, 0));
	mode(VDEV_CMD_NOUNI, true);
	assert_false(comes_in(uni, 0) || comes_in(own, 0));
	mode(VDEV_CMD_PROMISC, true);
	assert_true(comes_in(uni, 0) && comes_in(multi, 0) && comes_in(bcast, 0));
	assert_int_equal(standin_ctrl(&si, VDEV_CMD_PROMISC, "\2", 1), VDEV_ERR);
	assert_violation(&vd.md, "0 or 1");
	down();
	/* Without the feature, no command. */
	up(VDEV_F_CTRL_VQ | VDEV_F_CTRL_RX);
	assert_int_equal(standin_ctrl(&si, VDEV_CMD_NOUNI, "\1", 1), VDEV_ERR);
	assert_violation(&vd.md, "feature was not negotiated");
	down();
}

static void mac_and_vlan(void **state)
{
	static const uint8_t table[] = { 2, 0, 0, 0, 2, 1, 1, 1, 1, 1,    2, 1, 1,
					 1, 1, 2, 1, 0, 0, 0, 1, 0, 0x5e, 1, 1, 1 };
	static const uint8_t both[6] = { 0x02, 9, 9, 9, 9, 9 };
	static uint8_t many[8 + 65 * 6];

	(void)state;
	up(VIRTIO_DEV_F_FILTERS | VDEV_F_MAC);
	mode(VDEV_CMD_PROMISC, false);
	assert_int_equal(standin_ctrl(&si, VDEV_CMD_MAC_TABLE, table, sizeof(table)), VDEV_OK);
	assert_true(comes_in(table + 4, 0) && comes_in(table + 10, 0) && comes_in(table + 20, 0));
	assert_false(comes_in(both, 0));
	assert_int_equal(standin_ctrl(&si, VDEV_CMD_MAC_ADDR, both, 6), VDEV_OK);
	assert_true(comes_in(both, 0));
	assert_memory_equal(vd.config.mac, both, 6);
	/* The wrong kind of address, and less than is said. */
	assert_int_equal(standin_ctrl(&si, VDEV_CMD_MAC_TABLE, table, 15), VDEV_ERR);
	assert_violation(&vd.md, "cut off");
	many[0] = 1;
	many[4] = 1;
	assert_int_equal(standin_ctrl(&si, VDEV_CMD_MAC_TABLE, many, 14), VDEV_ERR);
	assert_violation(&vd.md, "wrong MAC table");
	/* More than the table holds: all of that kind are let in. */
	memset(many, 0, sizeof(many));
	many[0] = 65;
	assert_int_equal(standin_ctrl(&si, VDEV_CMD_MAC_TABLE, many, sizeof(many)), VDEV_OK);
	assert_true(comes_in(table + 4, 0));
	assert_false(comes_in(table + 20, 0));
	/* VLANs: untagged always, tagged when its id is in. */
	assert_true(comes_in(both, 0));
	assert_false(comes_in(both, 0x2005));
	assert_int_equal(standin_ctrl(&si, VDEV_CMD_VLAN_ADD, "\5\0", 2), VDEV_OK);
	assert_true(comes_in(both, 0x2005));
	assert_false(comes_in(both, 0x2006));
	assert_int_equal(standin_ctrl(&si, VDEV_CMD_VLAN_DEL, "\5\0", 2), VDEV_OK);
	assert_false(comes_in(both, 0x2005));
	assert_int_equal(standin_ctrl(&si, VDEV_CMD_VLAN_ADD, "\0\x10", 2), VDEV_ERR);
	assert_violation(&vd.md, "VLAN id");
	down();
	assert_int_equal(vd.config.mac[0], 0x52); /* a reset gives its own address back */
}

static void announce(void **state)
{
	uint64_t n = 0;

	(void)state;
	up(VIRTIO_DEV_F_FILTERS | VDEV_F_STATUS);
	virtio_dev_announce(&vd);
	assert_int_equal(read(si.fds[0], &n, sizeof(n)), sizeof(n));
	assert_int_equal(fn_bar_read16(&si.bar, VIRTIO_DEV_CONFIG + 6), 3);
	assert_int_equal(standin_ctrl(&si, VDEV_CMD_ANNOUNCE_ACK, NULL, 0), VDEV_OK);
	assert_int_equal(fn_bar_read16(&si.bar, VIRTIO_DEV_CONFIG + 6), 1);
	virtio_dev_link(&vd, false);
	assert_int_equal(read(si.fds[0], &n, sizeof(n)), sizeof(n));
	assert_int_equal(fn_bar_read16(&si.bar, VIRTIO_DEV_CONFIG + 6), 0);
	down();
}

/* Features that need others (5.1.3.1), and a late answer on the control queue. */
static void bring_up(void **state)
{
	(void)state;
	up(VDEV_F_HOST_TSO4);
	assert_violation(&vd.md, "without the one that it needs");
	down();
	up(VIRTIO_DEV_F_FILTERS);
	vd.md.late_min_ns = 20000;
	vd.md.late_max_ns = 40000;
	mode(VDEV_CMD_ALLMULTI, true);
	assert_true(vd.filter.allmulti);
	vd.md.stuck = true;
	assert_int_equal(standin_ctrl(&si, VDEV_CMD_ALLMULTI, "\0", 1), -ETIMEDOUT);
	assert_true(vd.filter.allmulti);
	down();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(receive_modes),
		BOTH(mac_and_vlan),
		BOTH(announce),
		BOTH(bring_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
