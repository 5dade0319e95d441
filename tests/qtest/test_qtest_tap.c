// SPDX-License-Identifier: BSD-3-Clause
/* The tap wire: frames with their offload requests both ways, VLAN tags, and several queues. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "qtest/qtest_priv.h"
#include "qtest/rig.h"

/* virtio 1.2 5.1.6.2 */

#define ETH_BYTES 14u
#define IP_BYTES 20u
#define TCP_BYTES 20u
#define PAYLOAD 3000u

static const struct fn_dev_conf conf;

/* A wire without a QEMU, whose part the test plays; skips where there are no taps. */
static void wire_make(struct qtest_wire *wire, unsigned queues)
{
	const struct qtest_nic_opts opts = { .wire = QTEST_TAP, .queues = queues };
	const int ret = qtest_wire_make(wire, &opts);

	if (ret == -EOPNOTSUPP) {
		print_message("skipped: %s\n", fn_error_last());
		rig_skips++;
		skip();
	}
	assert_ok(ret);
}

static uint16_t sum16(const uint8_t *data, size_t len, uint32_t sum)
{
	for (size_t i = 0; i < len; i++)
		sum += (uint32_t)data[i] << (i % 2 ? 0 : 8);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/* The part of a TCP checksum that comes from addresses, protocol and length. */
static uint16_t pseudo(const uint8_t *ip, size_t tcp_len)
{
	return sum16(ip + 12, 8, (uint32_t)(6 + tcp_len));
}

/* A TCP segment over IPv4, with the checksum of the pseudo header in its place. */
static size_t tcp_frame(uint8_t *f, size_t payload)
{
	const size_t tcp_len = TCP_BYTES + payload;
	const size_t ip_len = IP_BYTES + tcp_len;
	uint8_t *ip = f + ETH_BYTES;
	uint8_t *tcp = ip + IP_BYTES;
	uint16_t sum;

	(void)rig_frame(f, 1);
	memset(f, 0xff, 6);
	f[12] = 0x08;
	f[13] = 0x00;
	memset(ip, 0, IP_BYTES + TCP_BYTES);
	ip[0] = 0x45;
	ip[2] = (uint8_t)(ip_len >> 8);
	ip[3] = (uint8_t)ip_len;
	ip[8] = 64;
	ip[9] = 6;
	memcpy(ip + 12, (const uint8_t[]){ 10, 9, 8, 7, 10, 9, 8, 6 }, 8);
	sum = (uint16_t)~sum16(ip, IP_BYTES, 0);
	ip[10] = (uint8_t)(sum >> 8);
	ip[11] = (uint8_t)sum;
	tcp[12] = 0x50;
	tcp[13] = 0x10;
	for (size_t i = 0; i < payload; i++)
		tcp[TCP_BYTES + i] = (uint8_t)(i * 7 + 1);
	sum = pseudo(ip, tcp_len);
	tcp[16] = (uint8_t)(sum >> 8);
	tcp[17] = (uint8_t)sum;
	return ETH_BYTES + ip_len;
}

static const struct wire_request csum_only = {
	.flags = WIRE_NEEDS_CSUM,
	.csum_start = ETH_BYTES + IP_BYTES,
	.csum_offset = 16,
};

/* What a NIC asks of a frame is what the test sees, also with a VLAN tag; QEMU is played here. */
static void requests_of_the_nic(void **state)
{
	const struct wire_request tso = { .flags = WIRE_NEEDS_CSUM,
					  .gso_type = WIRE_GSO_TCP4,
					  .hdr_len = ETH_BYTES + IP_BYTES + TCP_BYTES,
					  .gso_size = 1000,
					  .csum_start = ETH_BYTES + IP_BYTES,
					  .csum_offset = 16 };
	struct qtest q = { .nics_n = 1 };
	uint8_t sent[8192];
	uint8_t got[8192];
	struct wire_request seen;
	size_t len;

	(void)state;
	wire_make(&q.nics[0].wire, 1);
	for (unsigned lap = 0; lap < 3; lap++) {
		struct wire_request want = lap ? tso : csum_only;
		const unsigned tag = lap == 2 ? 4 : 0;
		struct iovec io[2] = { { &want, sizeof(want) }, { sent, 0 } };

		len = tcp_frame(sent, lap ? PAYLOAD : 100);
		if (tag) {
			memmove(sent + 16, sent + 12, len - 12);
			memcpy(sent + 12, (const uint8_t[]){ 0x81, 0x00, 0x60, 0x2a }, 4);
			len += 4;
			want.csum_start = (uint16_t)(want.csum_start + tag);
			want.hdr_len = (uint16_t)(want.hdr_len + tag);
		}
		io[1].iov_len = len;
		assert_int_equal(writev(q.nics[0].wire.qemu_fd[0], io, 2), len + sizeof(want));
		assert_int_equal(
			qtest_recv_request(&q, 0, &seen, got, sizeof(got), RIG_DEADLINE_MS), len);
		assert_memory_equal(got, sent, len);
		assert_int_equal(seen.flags, want.flags);
		assert_int_equal(seen.gso_type, want.gso_type);
		assert_int_equal(seen.csum_start, want.csum_start);
		assert_int_equal(seen.csum_offset, want.csum_offset);
		if (lap)
			assert_int_equal(seen.gso_size, want.gso_size);
	}
	/* And nothing else is on this wire. */
	assert_int_equal(qtest_count(&q, 0, 1, 50), 0);
	assert_int_equal(qtest_wire_drops(&q, 0), 0);
	qtest_wire_free(&q.nics[0].wire);
}

/* What the test asks of a frame is done for a NIC that did not say it can do it itself. */
static void requests_of_the_test(void **state)
{
	struct qtest q = { .nics_n = 1 };
	uint8_t sent[8192];
	uint8_t got[8192 + sizeof(struct wire_request)];
	const uint8_t *tcp = got + sizeof(struct wire_request) + ETH_BYTES + IP_BYTES;
	const uint64_t until = rig_ms() + RIG_DEADLINE_MS;
	size_t len;
	ssize_t n;

	(void)state;
	wire_make(&q.nics[0].wire, 1);
	len = tcp_frame(sent, 100);
	assert_ok(qtest_send_request(&q, 0, &csum_only, sent, len));
	while ((n = read(q.nics[0].wire.qemu_fd[0], got, sizeof(got))) < 0)
		assert_true(rig_ms() < until);
	assert_int_equal(n, len + sizeof(struct wire_request));
	/* The kernel filled the checksum in. */
	assert_int_equal(sum16(tcp, TCP_BYTES + 100,
			       pseudo(got + sizeof(struct wire_request) + ETH_BYTES,
				      TCP_BYTES + 100)),
			 0xffff);
	qtest_wire_free(&q.nics[0].wire);
}

/* The driver's frames, both ways. */
static void frames_both_ways(void **state)
{
	const struct qtest_opts opts = {
		.nics = { { .model = "virtio-net-pci", .wire = QTEST_TAP } },
	};
	struct rig rig;

	(void)state;
	rig_init(&rig, &opts);
	rig_start(&rig, 0, conf);
	for (unsigned seq = 0; seq < 300; seq++) {
		rig_tx(&rig, 0, seq);
		rig_wire_expect(&rig, 0, seq);
		rig_wire_send(&rig, 0, seq);
		rig_rx_stream(&rig, 0, seq, 1);
	}
	assert_int_equal(qtest_count(rig.q, 0, 1, 50), 0);
	assert_null(rig_rx(&rig, 0, 0));
	rig_end(&rig);
}

/*
 * The namespace has no IPv6, which would talk by itself after a while. Who must not look into it
 * (that takes an administrator) sees the same in the tests above.
 */
static void wire_is_quiet(void **state)
{
	struct qtest_wire wire;
	int status = 0;
	pid_t pid;

	(void)state;
	wire_make(&wire, 1);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		const int ns = ioctl(wire.fd, SIOCGSKNS);
		char text[1024] = "";
		FILE *f;

		if (ns < 0 || setns(ns, CLONE_NEWNET))
			_exit(errno == EPERM ? 0 : 1);
		f = fopen("/proc/thread-self/net/dev", "re");
		if (!f || fread(text, 1, sizeof(text) - 1, f) == 0 || !strstr(text, "fn0"))
			_exit(2);
		f = fopen("/proc/thread-self/net/if_inet6", "re");
		memset(text, 0, sizeof(text));
		if (f && fread(text, 1, sizeof(text) - 1, f) && strstr(text, "fn0"))
			_exit(3);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	qtest_wire_free(&wire);
}

/* Four queue pairs: each of them sends, and what comes in comes in on one of them. */
static void several_queues(void **state)
{
	const struct qtest_opts opts = {
		.nics = { { .model = "virtio-net-pci", .wire = QTEST_TAP, .queues = 4 } },
	};
	struct fn_dev_info info = { .sz = sizeof(info) };
	struct rig rig;

	(void)state;
	rig_init(&rig, &opts);
	rig_open(&rig, 0);
	fn_dev_get_info(rig.devs[0], &info);
	assert_int_equal(info.max_rxqs, 4);
	rig_start(&rig, 0,
		  (struct fn_dev_conf){ .rxqs = 4, .txqs = 4, .rx_ring = 64, .tx_ring = 64 });
	for (unsigned i = 0; i < 4; i++) {
		rig.tx[0] = fn_dev_txq(rig.devs[0], i);
		rig_tx(&rig, 0, i);
		rig_wire_expect(&rig, 0, i);
	}
	for (unsigned seq = 0; seq < 20; seq++) {
		struct fn_pkt *pkt = NULL;
		const uint64_t until = rig_ms() + RIG_DEADLINE_MS;

		rig_wire_send(&rig, 0, seq);
		for (unsigned i = 0; !pkt; i = (i + 1) % 4) {
			if (!fn_rx_burst(fn_dev_rxq(rig.devs[0], i), &pkt, 1))
				pkt = NULL;
			assert_true(rig_ms() < until);
		}
		rig_check(pkt->data, pkt->len, seq);
		fn_pkt_free(pkt);
	}
	rig_end(&rig);
}

static void too_many_queues(void **state)
{
	struct qtest_wire wire;

	(void)state;
	assert_int_equal(qtest_wire_make(&wire, &(struct qtest_nic_opts){ .wire = QTEST_TAP,
									  .queues = 17 }),
			 -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_of_the_nic), cmocka_unit_test(requests_of_the_test),
		cmocka_unit_test(frames_both_ways),    cmocka_unit_test(several_queues),
		cmocka_unit_test(too_many_queues),     cmocka_unit_test(wire_is_quiet),
	};

	return rig_exit(cmocka_run_group_tests(tests, NULL, NULL));
}
