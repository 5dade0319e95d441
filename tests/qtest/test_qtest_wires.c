// SPDX-License-Identifier: BSD-3-Clause
/* Frames pass both ways over each kind of wire, whole and in order, wherever the NIC sits. */
#include <arpa/inet.h>
#include <sys/socket.h>

#include "qtest/qtest_priv.h"
#include "qtest/rig.h"

#define FRAMES 300u

static const struct fn_dev_conf conf;

/* Out of the NIC, and into it. */
static void both_ways(struct rig *rig, unsigned nic)
{
	for (unsigned seq = 0; seq < FRAMES; seq++) {
		rig_tx(rig, nic, seq);
		rig_wire_expect(rig, nic, seq);
	}
	for (unsigned seq = 0; seq < FRAMES; seq++) {
		rig_wire_send(rig, nic, seq);
		rig_rx_stream(rig, nic, seq, 1);
	}
	assert_int_equal(qtest_count(rig->q, nic, 1, 0), 0);
	assert_null(rig_rx(rig, nic, 0));
}

static void one_nic(enum qtest_wire_kind wire, bool root_port, unsigned aw_bits)
{
	const struct qtest_opts opts = {
		.nics = { { .model = "virtio-net-pci", .wire = wire, .root_port = root_port } },
		.aw_bits = aw_bits,
	};
	struct rig rig;

	rig_init(&rig, &opts);
	rig_start(&rig, 0, conf);
	both_ways(&rig, 0);
	rig_end(&rig);
}

static void socket_both_ways(void **state)
{
	(void)state;
	one_nic(QTEST_SOCKET, false, 0);
}

static void dgram_both_ways(void **state)
{
	(void)state;
	one_nic(QTEST_DGRAM, false, 0);
}

static void behind_a_root_port(void **state)
{
	(void)state;
	one_nic(QTEST_SOCKET, true, 0);
}

static void narrow_iommu(void **state)
{
	(void)state;
	one_nic(QTEST_SOCKET, false, 39);
}

/* Two NICs of one QEMU, one of them behind a root port, joined by a cable. */
static void hub_joins_two(void **state)
{
	const struct qtest_opts opts = {
		.nics = { { .model = "virtio-net-pci", .wire = QTEST_HUB, .hub = 7 },
			  { .model = "virtio-net-pci",
			    .wire = QTEST_HUB,
			    .hub = 7,
			    .root_port = true } },
	};
	struct rig rig;

	(void)state;
	rig_init(&rig, &opts);
	rig_start(&rig, 0, conf);
	rig_start(&rig, 1, conf);
	for (unsigned seq = 0; seq < FRAMES; seq++) {
		rig_tx(&rig, 0, seq);
		rig_rx_stream(&rig, 1, seq, 1);
		rig_tx(&rig, 1, seq + 1000);
		rig_rx_stream(&rig, 0, seq + 1000, 1);
	}
	rig_end(&rig);
}

/* Four NICs, and each has its own wire. */
static void nics_are_apart(void **state)
{
	struct qtest_opts opts = { .time = QTEST_TIME_REAL };
	struct rig rig;

	(void)state;
	for (unsigned i = 0; i < QTEST_NICS; i++)
		opts.nics[i] = (struct qtest_nic_opts){ .model = "virtio-net-pci",
							.wire = i % 2 ? QTEST_DGRAM : QTEST_SOCKET,
							.root_port = i > 1 };
	rig_init(&rig, &opts);
	for (unsigned i = 0; i < QTEST_NICS; i++)
		rig_start(&rig, i, (struct fn_dev_conf){ .rx_ring = 64, .tx_ring = 64 });
	for (unsigned i = 0; i < QTEST_NICS; i++) {
		rig_tx(&rig, i, 100 + i);
		rig_wire_send(&rig, i, 200 + i);
	}
	for (unsigned i = 0; i < QTEST_NICS; i++) {
		rig_wire_expect(&rig, i, 100 + i);
		rig_rx_stream(&rig, i, 200 + i, 1);
		assert_int_equal(qtest_count(rig.q, i, 1, 0), 0);
		assert_null(rig_rx(&rig, i, 0));
	}
	rig_end(&rig);
}

/* A datagram wire that nobody drains holds frames back; none is lost when it is drained. */
static void dgram_loses_nothing(void **state)
{
	const struct qtest_opts opts = {
		.nics = { { .model = "virtio-net-pci", .wire = QTEST_DGRAM } },
	};
	struct rig rig;
	unsigned seq = 0;

	(void)state;
	rig_init(&rig, &opts);
	rig_start(&rig, 0, (struct fn_dev_conf){ .rx_ring = 64 });
	while (seq < 10000) {
		uint8_t buf[RIG_FRAME_MAX];
		const size_t len = rig_frame(buf, seq);

		if (qtest_send(rig.q, 0, buf, len))
			break;
		seq++;
	}
	assert_in_range(seq, 64, 9999);
	rig_rx_stream(&rig, 0, 0, seq);
	rig_end(&rig);
}

/* All that is in a socket; how much that is. */
static size_t drain(int fd, uint8_t *buf, size_t bytes)
{
	size_t have = 0;
	ssize_t n;

	while ((n = recv(fd, buf + have, bytes - have, MSG_DONTWAIT)) > 0)
		have += (size_t)n;
	return have;
}

/*
 * A framed wire that nobody drains fills up in the middle of a frame, and then says so. What it
 * took arrives whole and in order, the last frame's rest at the next look. QEMU is played here.
 */
static void socket_fills_up(void **state)
{
	enum { LEN = 60000 };
	const size_t room = (size_t)64 << 20;
	struct qtest q = { .nics_n = 1 };
	struct qtest_wire *wire = &q.nics[0].wire;
	uint8_t *frame = malloc(LEN);
	uint8_t *all = malloc(room);
	size_t have;
	unsigned n = 0;

	(void)state;
	assert_true(frame && all);
	assert_ok(qtest_wire_make(wire, &(struct qtest_nic_opts){ .wire = QTEST_SOCKET }));
	for (int ret = 0; ret == 0; n += !ret) {
		assert_true(n < 1000);
		memset(frame, (int)n + 1, LEN);
		ret = qtest_send(&q, 0, frame, LEN);
		assert_true(ret == 0 || ret == -EAGAIN);
	}
	have = drain(wire->qemu_fd[0], all, room);
	/* It stopped in the middle, or this test shows nothing. */
	assert_int_not_equal(have, n * (size_t)(LEN + 4));
	assert_int_equal(qtest_recv(&q, 0, frame, LEN, 0), 0);
	have += drain(wire->qemu_fd[0], all + have, room - have);
	assert_int_equal(have, n * (size_t)(LEN + 4));
	for (unsigned i = 0; i < n; i++) {
		const uint8_t *at = all + i * (size_t)(LEN + 4);
		const uint32_t len = htonl(LEN);

		assert_memory_equal(at, &len, 4);
		memset(frame, (int)i + 1, LEN);
		assert_memory_equal(at + 4, frame, LEN);
	}
	qtest_wire_free(wire);
	free(frame);
	free(all);
}

/* Ten times open to close on one QEMU, which finds the memory of the context again each time. */
static void opened_again(void **state)
{
	const struct qtest_opts opts = {
		.nics = { { .model = "virtio-net-pci", .root_port = true } },
	};
	struct rig rig;

	(void)state;
	rig_init(&rig, &opts);
	for (unsigned i = 0; i < 10; i++) {
		rig_start(&rig, 0, conf);
		rig_tx(&rig, 0, i);
		rig_wire_expect(&rig, 0, i);
		rig_wire_send(&rig, 0, i);
		rig_rx_stream(&rig, 0, i, 1);
		assert_ok(fn_dev_close(rig.devs[0]));
		rig.devs[0] = NULL;
	}
	rig_end(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(socket_both_ways),    cmocka_unit_test(dgram_both_ways),
		cmocka_unit_test(behind_a_root_port),  cmocka_unit_test(narrow_iommu),
		cmocka_unit_test(hub_joins_two),       cmocka_unit_test(nics_are_apart),
		cmocka_unit_test(dgram_loses_nothing), cmocka_unit_test(socket_fills_up),
		cmocka_unit_test(opened_again),
	};

	return rig_exit(cmocka_run_group_tests(tests, NULL, NULL));
}
