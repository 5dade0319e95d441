// SPDX-License-Identifier: BSD-3-Clause
/*
 * flows: one end of a wire of tools/lab. It sends numbered UDP frames to a second flows at the
 * other end, checks what comes from there, and says at the end what was sent, what arrived and what
 * is missing.
 *
 * Each frame says how many data frames its sender has received so far. So no more than --window
 * frames are ever under way, and nothing is lost merely because a machine was slow. Frames without
 * data ("hellos") carry this number, too, while there is nothing else to say. The last one is a
 * "bye": an end is done when all its frames arrived, all of the other's did, and nothing more can
 * come.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "wire.h"

#define FRAME_MIN 60
#define FRAME_MAX 1514
#define SEQ_MAX (1u << 22)
#define UNKNOWN UINT32_MAX
#define HELLO UINT32_MAX
#define BYE (UINT32_MAX - 1)
#define HELLO_MS 20
#define GIVE_UP_MS 10000

static const char magic[8] = "fnflow1";

/* What a frame carries behind its UDP header; both ends are this program on this machine. */
struct body {
	char magic[8];
	uint32_t seq;   /* number of the data frame, HELLO or BYE */
	uint32_t acked; /* data frames that the sender of this one has received */
	uint32_t total; /* data frames that the sender will have sent in all, or UNKNOWN */
} __attribute__((packed));

struct frame {
	struct ether_header eth;
	struct iphdr ip;
	struct udphdr udp;
	struct body body;
	uint8_t fill[];
} __attribute__((packed));

_Static_assert(sizeof(struct frame) >= FRAME_MIN, "nobody pads a frame: lengths are compared");
#define SHORTEST sizeof(struct frame)

struct end {
	int fd;
	uint8_t id;
	uint8_t peer;
	unsigned flows;
	unsigned rate;
	unsigned window;
	bool flood;
	uint32_t count; /* data frames to send; UNKNOWN: until SIGTERM */

	uint32_t sent;
	uint32_t acked;
	uint32_t received;
	uint32_t peer_total;
	uint64_t hellos_sent;
	uint64_t hellos_received;
	uint64_t duplicates;
	uint64_t spoilt;
	uint64_t strange;
	uint64_t send_failed;
	bool up;
	bool bye_sent;
	bool bye_received;
	uint8_t *seen;
};

static volatile sig_atomic_t stopped;

static void on_signal(int sig)
{
	(void)sig;
	stopped = 1;
}

static uint64_t now_us(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000u + (uint64_t)ts.tv_nsec / 1000u;
}

/* Lengths from the shortest to the longest frame, and bytes that tell one frame from the next. */
static size_t data_len(uint32_t seq)
{
	return SHORTEST + seq * 97u % (FRAME_MAX - SHORTEST + 1);
}

static uint8_t fill_byte(uint32_t seq, size_t i)
{
	return (uint8_t)(seq + i * 7);
}

static uint16_t ip_checksum(const void *header)
{
	uint16_t words[sizeof(struct iphdr) / 2];
	uint32_t sum = 0;

	memcpy(words, header, sizeof(words));
	for (unsigned i = 0; i < sizeof(words) / 2; i++)
		sum += words[i];
	sum = (sum & 0xffff) + (sum >> 16);
	sum += sum >> 16;
	return (uint16_t)(sum ^ 0xffff);
}

/*
 * Both directions of a flow have the same addresses and ports, swapped, as a conversation has. The
 * Ethernet addresses are nobody's, so that the stack behind a tap answers nothing.
 */
static size_t frame_fill(const struct end *end, struct frame *f, uint32_t seq)
{
	static const uint8_t mac[ETH_ALEN] = { 0x02, 'f', 'l', 0, 0, 0 };
	size_t len = seq >= SEQ_MAX ? SHORTEST : data_len(seq);
	unsigned flow = seq >= SEQ_MAX ? 0 : seq % end->flows;
	bool first = end->id < end->peer;

	memset(f, 0, SHORTEST);
	memcpy(f->eth.ether_dhost, mac, ETH_ALEN);
	memcpy(f->eth.ether_shost, mac, ETH_ALEN);
	f->eth.ether_dhost[5] = end->peer;
	f->eth.ether_shost[5] = end->id;
	f->eth.ether_type = htons(ETHERTYPE_IP);
	f->ip.version = 4;
	f->ip.ihl = 5;
	f->ip.tot_len = htons((uint16_t)(len - sizeof(f->eth)));
	f->ip.ttl = 64;
	f->ip.protocol = IPPROTO_UDP;
	f->ip.saddr = htonl(0x0a580001u + end->id);
	f->ip.daddr = htonl(0x0a580001u + end->peer);
	f->ip.check = ip_checksum((char *)f + offsetof(struct frame, ip));
	f->udp.source = htons((uint16_t)((first ? 10000u : 20000u) + flow));
	f->udp.dest = htons((uint16_t)((first ? 20000u : 10000u) + flow));
	f->udp.len = htons((uint16_t)(len - sizeof(f->eth) - sizeof(f->ip)));
	memcpy(f->body.magic, magic, sizeof(magic));
	f->body.seq = seq;
	f->body.acked = end->received;
	f->body.total = end->sent == end->count ? end->count : UNKNOWN;
	for (size_t i = 0; i < len - SHORTEST; i++)
		f->fill[i] = fill_byte(seq, i);
	return len;
}

/* False: no room now. */
static bool frame_send(struct end *end, uint32_t seq)
{
	static _Alignas(64) uint8_t buf[FRAME_MAX];
	size_t len = frame_fill(end, (struct frame *)buf, seq);

	if (send(end->fd, buf, len, MSG_DONTWAIT) < 0) {
		if (errno != EAGAIN && errno != ENOBUFS && errno != ECONNREFUSED && errno != EINTR)
			err(2, "send");
		end->send_failed++;
		return false;
	}
	return true;
}

static bool fill_is_right(const struct frame *f, size_t len)
{
	if (len != data_len(f->body.seq))
		return false;
	for (size_t i = 0; i < len - SHORTEST; i++)
		if (f->fill[i] != fill_byte(f->body.seq, i))
			return false;
	return true;
}

static void data_received(struct end *end, const struct frame *f, size_t len)
{
	uint32_t seq = f->body.seq;
	uint8_t bit = (uint8_t)(1u << seq % 8);

	if (seq >= SEQ_MAX || !fill_is_right(f, len)) {
		end->spoilt++;
	} else if (end->seen[seq / 8] & bit) {
		end->duplicates++;
	} else {
		end->seen[seq / 8] |= bit;
		end->received++;
	}
}

static void frame_received(struct end *end, const struct frame *f, size_t len)
{
	if (len < SHORTEST || memcmp(f->body.magic, magic, sizeof(magic)) != 0 ||
	    f->eth.ether_shost[5] != end->peer) {
		end->strange++;
		return;
	}
	if (!end->up) {
		end->up = true;
		(void)printf("flows %u is up\n", end->id);
		(void)fflush(stdout);
	}
	if (f->body.acked != UNKNOWN && f->body.acked > end->acked)
		end->acked = f->body.acked;
	if (f->body.total != UNKNOWN)
		end->peer_total = f->body.total;
	if (f->body.seq == HELLO || f->body.seq == BYE)
		end->hellos_received++;
	else
		data_received(end, f, len);
	end->bye_received |= f->body.seq == BYE;
}

static void drain(struct end *end)
{
	static _Alignas(64) uint8_t buf[65536];
	struct sockaddr_ll from = { 0 };
	socklen_t from_len = sizeof(from);
	ssize_t len;

	while ((len = recvfrom(end->fd, buf, sizeof(buf), MSG_DONTWAIT, (struct sockaddr *)&from,
			       &from_len)) >= 0) {
		/* A packet socket also sees what is sent. */
		if (from.sll_family != AF_PACKET || from.sll_pkttype != PACKET_OUTGOING)
			frame_received(end, (struct frame *)buf, (size_t)len);
		from_len = sizeof(from);
	}
	if (errno != EAGAIN && errno != EINTR && errno != ECONNREFUSED)
		err(2, "recv");
}

/* As many data frames as the clock and the window allow. */
static void send_due(struct end *end, uint64_t start_us)
{
	uint64_t due = (now_us() - start_us) * end->rate / 1000000u;

	while (end->sent < end->count && end->sent < SEQ_MAX && end->sent < due &&
	       (end->flood || end->sent - end->acked < end->window)) {
		if (!frame_send(end, end->sent))
			return;
		end->sent++;
	}
}

static bool all_done(const struct end *end)
{
	if (end->sent != end->count)
		return false;
	return end->flood || (end->acked >= end->sent && end->received == end->peer_total);
}

/* Returns whether all arrived, on both sides. */
static bool converse(struct end *end, uint64_t seconds)
{
	uint64_t give_up = now_us() + seconds * 1000000u;
	uint64_t start_us = 0;
	uint64_t hello_us = 0;

	while (now_us() < give_up) {
		struct pollfd pfd = { .fd = end->fd, .events = POLLIN };

		if (poll(&pfd, 1, 2) < 0 && errno != EINTR)
			err(2, "poll");
		drain(end);
		if (stopped && end->count == UNKNOWN) {
			end->count = end->sent;
			give_up = now_us() + GIVE_UP_MS * 1000u;
		}
		if (end->up && !start_us)
			start_us = now_us();
		if (start_us)
			send_due(end, start_us);
		if (all_done(end) && !end->bye_sent) {
			end->bye_sent = frame_send(end, BYE);
			end->hellos_sent += end->bye_sent;
		}
		if (all_done(end) && (end->flood || (end->bye_sent && end->bye_received)))
			return true;
		if (!end->bye_sent && now_us() - hello_us >= HELLO_MS * 1000u) {
			end->hellos_sent += frame_send(end, HELLO);
			hello_us = now_us();
		}
	}
	return false;
}

static int open_tap(const char *name)
{
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)if_nametoindex(name),
	};
	/*
	 * Without a protocol until it is bound: else it takes frames of all interfaces till
	 * then.
	 */
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	int bytes = 16 << 20;

	if (fd < 0 || !addr.sll_ifindex || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		err(2, "%s", name);
	/* What waits here for this program to be scheduled is not to be lost. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) < 0)
		err(2, "SO_RCVBUFFORCE");
	return fd;
}

static int wrong_usage(void)
{
	(void)fprintf(
		stderr,
		"Usage: flows --id N --peer N [--count N] [--flows N] [--rate N] [--window N]\n"
		"             [--flood] [--seconds N] tap:INTERFACE | socket:NIC,MINE\n"
		"\n"
		"Sends --count frames (default: until SIGTERM) of --flows UDP flows, --rate a\n"
		"second, once the other end was heard. --flood: neither ask nor wait for what\n"
		"arrived.\n"
		"Exit status: 0 when all arrived on both sides (with --flood always), 1 when not\n"
		"within --seconds, or 10 s after SIGTERM.\n");
	return 2;
}

static void print_end(const struct end *end)
{
	(void)printf(
		"{\"id\":%u,\"sent\":%u,\"hellos_sent\":%llu,\"acked\":%u,\"received\":%u,"
		"\"hellos_received\":%llu,\"expected\":%lld,\"duplicates\":%llu,\"spoilt\":%llu,"
		"\"strange\":%llu,\"send_failed\":%llu}\n",
		end->id, end->sent, (unsigned long long)end->hellos_sent, end->acked, end->received,
		(unsigned long long)end->hellos_received,
		end->peer_total == UNKNOWN ? -1LL : (long long)end->peer_total,
		(unsigned long long)end->duplicates, (unsigned long long)end->spoilt,
		(unsigned long long)end->strange, (unsigned long long)end->send_failed);
}

static int parse(int argc, char **argv, struct end *end, unsigned long *seconds)
{
	static const struct option longs[] = {
		{ "id", required_argument, NULL, 'i' },
		{ "peer", required_argument, NULL, 'p' },
		{ "count", required_argument, NULL, 'c' },
		{ "flows", required_argument, NULL, 'f' },
		{ "rate", required_argument, NULL, 'r' },
		{ "window", required_argument, NULL, 'w' },
		{ "flood", no_argument, NULL, 'F' },
		{ "seconds", required_argument, NULL, 's' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		unsigned long v = optarg ? strtoul(optarg, NULL, 10) : 1;

		switch (c) {
		case 'i':
			end->id = (uint8_t)v;
			break;
		case 'p':
			end->peer = (uint8_t)v;
			break;
		case 'c':
			end->count = (uint32_t)v;
			break;
		case 'f':
			end->flows = (unsigned)v;
			break;
		case 'r':
			end->rate = (unsigned)v;
			break;
		case 'w':
			end->window = (unsigned)v;
			break;
		case 'F':
			end->flood = true;
			break;
		case 's':
			*seconds = v;
			break;
		default:
			return wrong_usage();
		}
	}
	if (optind + 1 != argc || !end->flows || !end->rate || end->id == end->peer)
		return wrong_usage();
	if (strncmp(argv[optind], "tap:", 4) == 0)
		end->fd = open_tap(argv[optind] + 4);
	else if (strncmp(argv[optind], "socket:", 7) == 0)
		end->fd = wire_socket(argv[optind] + 7);
	else
		return wrong_usage();
	return 0;
}

int main(int argc, char **argv)
{
	struct end end = {
		.flows = 1,
		.rate = 2000,
		.window = 128,
		.count = UNKNOWN,
		.peer = 1,
		.peer_total = UNKNOWN,
	};
	unsigned long seconds = 60;
	int ret = parse(argc, argv, &end, &seconds);
	bool done;

	if (ret)
		return ret;
	end.seen = calloc(SEQ_MAX / 8, 1);
	if (!end.seen)
		err(2, "calloc");
	(void)signal(SIGTERM, on_signal);
	(void)signal(SIGINT, on_signal);
	(void)printf("flows %u is open\n", end.id);
	(void)fflush(stdout);
	done = converse(&end, seconds);
	print_end(&end);
	free(end.seen);
	(void)close(end.fd);
	return done || end.flood ? 0 : 1;
}
