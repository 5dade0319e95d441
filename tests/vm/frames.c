// SPDX-License-Identifier: BSD-3-Clause
/*
 * frames: sends a frame of every length into a NIC with --wire socket of tools/lab, and requires
 * that each comes out of the same NIC, or of another, in order and with the same bytes, but for the
 * source address where --source names one.
 *
 * The guest's program is stopped (SIGSTOP, by LAB_CTL) while the first frames go in: so they wait
 * in the NIC together, and a program that takes all it can get takes many at once.
 */
#include <err.h>
#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "wire.h"

#define LEN_MIN 60u /* QEMU pads what is shorter */
#define LEN_MAX 1514u
#define FRAMES (LEN_MAX - LEN_MIN + 1)
#define WINDOW 64u
#define PROBE UINT32_MAX
#define PROBE_LEN 100u
#define GIVE_UP_MS 30000u

struct run {
	int in;  /* frames are sent here */
	int out; /* and come back here */
	const uint8_t *source;
	unsigned sent;
	unsigned received;
	unsigned probes_sent;
	unsigned probes_received;
};

static uint64_t now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000u + (uint64_t)ts.tv_nsec / 1000000u;
}

/*
 * Noise (xorshift) of frame @n in all bytes, the addresses included; but from nobody's source
 * address, and to one station.
 */
static unsigned frame_make(uint32_t n, uint8_t *frame)
{
	unsigned len = n == PROBE ? PROBE_LEN : LEN_MIN + n;
	uint32_t x = n * 2654435761u + 88172645u;

	for (unsigned i = 0; i < len; i++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		frame[i] = (uint8_t)(x >> 24);
	}
	frame[0] = (uint8_t)((frame[0] & 0xfc) | 2);
	frame[6] = (uint8_t)((frame[6] & 0xfc) | 2);
	return len;
}

/* False: no room now. */
static bool frame_send(const struct run *run, uint32_t n)
{
	uint8_t frame[LEN_MAX];
	unsigned len = frame_make(n, frame);

	if (send(run->in, frame, len, MSG_DONTWAIT) == (ssize_t)len)
		return true;
	if (errno != EAGAIN && errno != ENOBUFS && errno != EINTR)
		err(2, "send");
	return false;
}

static void probe_send(struct run *run)
{
	run->probes_sent += frame_send(run, PROBE);
}

static bool frame_is(const struct run *run, uint32_t n, const uint8_t *got, size_t len)
{
	uint8_t want[LEN_MAX];
	unsigned want_len = frame_make(n, want);

	if (run->source)
		memcpy(want + 6, run->source, 6);
	return len == want_len && memcmp(got, want, len) == 0;
}

static void frame_show(const char *what, const uint8_t *frame, size_t len)
{
	(void)fprintf(stderr, "    %s: %4zu bytes:", what, len);
	for (size_t i = 0; i < len && i < 24; i++)
		(void)fprintf(stderr, " %02x", frame[i]);
	(void)fprintf(stderr, "\n");
}

static void wrong_frame(const struct run *run, const uint8_t *got, size_t len)
{
	/* Nothing tells a probe but its contents, and its length. */
	const bool probe = len == PROBE_LEN && LEN_MIN + run->received != PROBE_LEN;
	const uint32_t n = probe ? PROBE : run->received;
	uint8_t want[LEN_MAX];
	unsigned want_len = frame_make(n, want);
	size_t i = 0;

	if (run->source)
		memcpy(want + 6, run->source, 6);
	while (i < len && i < want_len && got[i] == want[i])
		i++;
	(void)fprintf(stderr, "frames: after %u right ones came a wrong frame, from byte %zu on\n",
		      run->received, i);
	frame_show("expected", want, want_len);
	frame_show("came", got, len);
	exit(1);
}

/* One frame within @ms; false: none came. */
static bool receive(struct run *run, int ms)
{
	static uint8_t got[65536];
	struct pollfd pfd = { .fd = run->out, .events = POLLIN };
	ssize_t len;

	if (poll(&pfd, 1, ms) <= 0)
		return false;
	len = recv(run->out, got, sizeof(got), 0);
	if (len < 0)
		err(2, "recv");
	if (run->received < run->sent && frame_is(run, run->received, got, (size_t)len))
		run->received++;
	else if (frame_is(run, PROBE, got, (size_t)len))
		run->probes_received++;
	else
		wrong_frame(run, got, (size_t)len);
	return true;
}

static void signal_send(const char *line)
{
	const char *ctl = getenv("LAB_CTL");
	FILE *file = ctl ? fopen(ctl, "we") : NULL;

	if (!file || fputs(line, file) < 0 || fclose(file))
		err(2, "LAB_CTL");
}

static void give_up(const struct run *run, const char *waiting_for)
{
	(void)fprintf(stderr, "frames: waited %u s for %s; %u of %u frames came back\n",
		      GIVE_UP_MS / 1000, waiting_for, run->received, run->sent);
	exit(1);
}

/* Until somebody in the guest sends back what comes. */
static void wait_until_up(struct run *run)
{
	const uint64_t end = now_ms() + GIVE_UP_MS;

	while (!run->probes_received) {
		if (now_ms() > end)
			give_up(run, "the first frame");
		probe_send(run);
		(void)receive(run, 20);
	}
}

/* The guest's program is stopped when it leaves a probe unanswered. */
static void stop_guest(struct run *run)
{
	const uint64_t end = now_ms() + GIVE_UP_MS;
	bool answered = true;

	signal_send("SIGNAL STOP\n");
	while (answered) {
		if (now_ms() > end)
			give_up(run, "SIGSTOP to have its effect");
		while (receive(run, 0))
			;
		probe_send(run);
		answered = receive(run, 500);
	}
}

/* All that was sent is with the NIC when QEMU has taken it from the socket. */
static void pile_up(struct run *run)
{
	const uint64_t end = now_ms() + GIVE_UP_MS;
	int queued = 1;

	while (run->sent < WINDOW || queued) {
		if (now_ms() > end)
			give_up(run, "QEMU to take the frames");
		if (run->sent < WINDOW && frame_send(run, run->sent)) {
			run->sent++;
			continue;
		}
		if (ioctl(run->in, SIOCOUTQ, &queued))
			err(2, "SIOCOUTQ");
		(void)usleep(1000);
	}
}

static void exchange(struct run *run)
{
	uint64_t end = now_ms() + GIVE_UP_MS;

	while (run->received < FRAMES) {
		while (run->sent < FRAMES && run->sent - run->received < WINDOW &&
		       frame_send(run, run->sent))
			run->sent++;
		if (receive(run, 10))
			end = now_ms() + GIVE_UP_MS;
		else if (now_ms() > end)
			give_up(run, "the next frame");
	}
	/* Order is kept: what still comes is too much, and wrong_frame() says so. */
	while (receive(run, 300))
		;
}

static bool mac_parse(const char *text, uint8_t *mac)
{
	char end;

	return sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%c", &mac[0], &mac[1], &mac[2],
		      &mac[3], &mac[4], &mac[5], &end) == 6;
}

int main(int argc, char **argv)
{
	struct run run = { 0 };
	uint8_t mac[6];
	int at = 1;

	if (argc > 3 && strcmp(argv[1], "--source") == 0 && mac_parse(argv[2], mac)) {
		run.source = mac;
		at = 3;
	}
	if (argc != at + 1 && argc != at + 2) {
		(void)fprintf(stderr,
			      "Usage: frames [--source MAC] NIC,MINE [NIC,MINE]\n"
			      "Exit status: 0 when all came back as they should, 1 when not.\n");
		return 2;
	}
	run.in = wire_socket(argv[at]);
	run.out = argc == at + 2 ? wire_socket(argv[at + 1]) : run.in;
	wait_until_up(&run);
	stop_guest(&run);
	pile_up(&run);
	signal_send("SIGNAL CONT\n");
	exchange(&run);
	(void)printf("{\"sent\":%u,\"probes_sent\":%u,\"received\":%u,\"probes_received\":%u}\n",
		     run.sent, run.probes_sent, run.received, run.probes_received);
	return 0;
}
