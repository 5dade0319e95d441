// SPDX-License-Identifier: BSD-3-Clause
/*
 * guest_load: the host's side of tests/perf/guest. It has the forwarders of the guest take turns,
 * sends as many frames of 64 bytes into NIC 0 as QEMU takes, and counts those that come out of NIC
 * 1 in a window of each turn.
 *
 * It tells the guest a forwarder's name, "stop" or "quit"; tests/perf/guest_turns.sh there answers:
 *	@mark		in 0.2 s that forwarder starts; until then the guest is idle
 *	@ended TEXT	it has ended by itself, or could not be started
 *	@stopped US [FILL LOST]	all is as before; it started US microseconds behind @mark, and
 *			got so many frames a burst and lost so many wake-ups, if it is one that
 *			says it
 * Time is that of this side, so it makes no difference how the guest's clocks go: but for those 0.2
 * s, which begin when the mark has arrived. Its own lines are what tests/perf/guest reads.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "guest_frames.h"
#include "guest_qemu.h"
#include "vm/wire.h"

#define SECOND 1000000000u
#define LOOK_NS 20000000u /* how often the guest's output is looked at while frames flow */
#define TURNS_MAX 1000

struct load {
	struct stream stream;
	bool deep; /* a socket takes so many frames that QEMU need not wait for this side */
	pid_t qemu;
	int nice; /* priority of QEMU and of this side while frames flow */
	uint64_t warmup_ns;
	uint64_t window_ns;
	uint64_t limit_ns; /* for each answer of the guest, and for a first frame */
	int said;          /* the guest's output so far */
	FILE *to_guest;
	char line[256]; /* the guest's last line that is for us */
	char part[256];
	size_t part_len;
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * SECOND + (uint64_t)ts.tv_nsec;
}

/* The next line of the guest that is for us, in load->line; false: none yet. */
static bool guest_line(struct load *load)
{
	char c;

	/* A byte at a time: a few lines a turn. */
	while (read(load->said, &c, 1) == 1) {
		if (c != '\n') {
			if (load->part_len < sizeof(load->part) - 1)
				load->part[load->part_len++] = c;
			continue;
		}
		memcpy(load->line, load->part, load->part_len);
		load->line[load->part_len] = '\0';
		load->part_len = 0;
		if (load->line[0] == '@')
			return true;
	}
	return false;
}

/* Why there is no result, in load->line. */
static bool none(struct load *load, const char *why)
{
	(void)snprintf(load->line, sizeof(load->line), "%s", why);
	return false;
}

/* Has the forwarder ended by itself? Then load->line is the reason. */
static bool ended(struct load *load)
{
	static const char word[] = "@ended ";

	if (strncmp(load->line, word, strlen(word)) != 0)
		return false;
	memmove(load->line, load->line + strlen(word), sizeof(load->line) - strlen(word));
	return true;
}

static void guest_tell(struct load *load, const char *word)
{
	if (fprintf(load->to_guest, "%s\n", word) < 0 || fflush(load->to_guest))
		err(2, "LAB_TO_GUEST");
}

/* What the guest said, or that it did not. */
enum answer { SAID, ENDED, SILENT };

/* Waits for a line that begins with @word. Behind ENDED and SILENT, load->line says why. */
static enum answer guest_says(struct load *load, const char *word)
{
	const uint64_t end = now_ns() + load->limit_ns;

	while (now_ns() < end) {
		while (guest_line(load)) {
			if (strncmp(load->line, word, strlen(word)) == 0)
				return SAID;
			if (ended(load))
				return ENDED;
		}
		stream_wait(&load->stream, false, 1);
		(void)stream_receive(&load->stream);
	}
	(void)none(load, "the guest does not answer");
	return SILENT;
}

/* A frame each millisecond, until one has come through. */
static bool first_frame(struct load *load)
{
	const uint64_t end = now_ns() + load->limit_ns;
	uint64_t due = now_ns();

	while (!load->stream.counts.received) {
		if (now_ns() > end)
			return none(load, "no frame came through");
		if (guest_line(load) && ended(load))
			return false;
		if (now_ns() >= due) {
			(void)stream_send(&load->stream, 1);
			due = now_ns() + SECOND / 1000;
		}
		stream_wait(&load->stream, false, 1);
		(void)stream_receive(&load->stream);
	}
	return true;
}

/* As many frames as are taken, for @ns; false when the forwarder has ended meanwhile. */
static bool flood(struct load *load, uint64_t ns)
{
	/* QEMU takes longer for the frames that wait, and need wake nobody for each. */
	static const struct timespec nap = { .tv_nsec = 500000 };
	const uint64_t end = now_ns() + ns;
	uint64_t look = 0;

	for (uint64_t now = now_ns(); now < end; now = now_ns()) {
		unsigned moved = stream_send(&load->stream, STREAM_BURST);

		moved += stream_receive(&load->stream);
		if (!moved && load->deep)
			(void)clock_nanosleep(CLOCK_MONOTONIC, 0, &nap, NULL);
		else if (!moved)
			stream_wait(&load->stream, true, 1);
		if (now < look)
			continue;
		look = now + LOOK_NS;
		if (guest_line(load) && ended(load))
			return false;
	}
	return true;
}

struct result {
	uint64_t first_ns; /* from the guest's mark to the first frame */
	uint64_t window_ns;
	struct stream_counts counts; /* in the window */
	struct qemu_time time;       /* in the window */
};

/* Counts what happens in a window. */
static bool window(struct load *load, struct result *result)
{
	const struct qemu_time time = qemu_time(load->qemu);
	const struct stream_counts counts = load->stream.counts;
	const uint64_t start = now_ns();

	if (!flood(load, load->window_ns))
		return false;
	result->window_ns = now_ns() - start;
	result->counts.sent = load->stream.counts.sent - counts.sent;
	result->counts.received = load->stream.counts.received - counts.received;
	result->counts.held = load->stream.counts.held - counts.held;
	result->time = qemu_time(load->qemu);
	result->time.loop_ms -= time.loop_ms;
	result->time.others_ms -= time.others_ms;
	return true;
}

static void set_priorities(const struct load *load, int nice)
{
	if (!load->nice)
		return;
	priority_set(load->qemu, nice);
	priority_set(getpid(), nice);
}

static bool measure(struct load *load, const char *forwarder, struct result *result)
{
	uint64_t start;
	bool measured;

	guest_tell(load, forwarder);
	if (guest_says(load, "@mark") != SAID)
		return false;
	start = now_ns();
	if (!first_frame(load))
		return false;
	result->first_ns = now_ns() - start;
	set_priorities(load, load->nice);
	measured = flood(load, load->warmup_ns) && window(load, result);
	set_priorities(load, 0);
	return measured;
}

/* @stopped: what the guest says behind that word. */
static void print_window(int number, const char *forwarder, const struct result *result,
			 const char *stopped)
{
	const struct stream_counts *counts = &result->counts;
	char *fill;
	const int64_t start_us = strtoll(stopped, &fill, 10);

	(void)printf("@window %d %s %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRId64
		     " %" PRIu64 " %" PRIu64 "%s\n",
		     number, forwarder, counts->sent, counts->received, counts->held,
		     result->window_ns / 1000, (int64_t)(result->first_ns / 1000) - start_us,
		     result->time.loop_ms, result->time.others_ms, fill);
}

/* One turn of @forwarder, and a line about it. Returns false when there is no point in another. */
static bool turn(struct load *load, int number, const char *forwarder)
{
	struct result result = { 0 };
	enum answer answer;
	bool measured;

	stream_begin(&load->stream, (uint16_t)number);
	measured = measure(load, forwarder, &result);
	if (!measured)
		(void)printf("@none %d %s %s\n", number, forwarder, load->line);
	guest_tell(load, "stop");
	while ((answer = guest_says(load, "@stopped ")) != SAID)
		if (answer == SILENT)
			errx(2, "turn %d, %s: %s", number, forwarder, load->line);
	if (measured)
		print_window(number, forwarder, &result, load->line + strlen("@stopped "));
	return measured;
}

static int wrong_usage(void)
{
	(void)fprintf(stderr,
		      "Usage: guest_load [--warmup MS] [--window MS] [--limit MS] [--nice N]\n"
		      "                  NIC,MINE NIC,MINE FORWARDER...\n"
		      "\n"
		      "Lines: @window TURN FORWARDER SENT RECEIVED HELD US FIRST-FRAME-US\n"
		      "       LOOP-MS REST-MS [FILL LOST], @none TURN FORWARDER REASON,\n"
		      "       @strange FRAMES.\n");
	return 2;
}

static int parse(int argc, char **argv, struct load *load)
{
	static const struct option longs[] = {
		{ "warmup", required_argument, NULL, 'a' },
		{ "window", required_argument, NULL, 'w' },
		{ "limit", required_argument, NULL, 'l' },
		{ "nice", required_argument, NULL, 'n' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		uint64_t ns = optarg ? strtoull(optarg, NULL, 10) * (SECOND / 1000) : 0;

		if (c == 'a')
			load->warmup_ns = ns;
		else if (c == 'w')
			load->window_ns = ns;
		else if (c == 'l')
			load->limit_ns = ns;
		else if (c == 'n')
			load->nice = atoi(optarg);
		else
			return wrong_usage();
	}
	if (argc < optind + 3 || argc > optind + 2 + TURNS_MAX || !load->window_ns)
		return wrong_usage();
	load->stream.in = wire_socket(argv[optind]);
	load->stream.out = wire_socket(argv[optind + 1]);
	return 0;
}

/* The limit of this network namespace, which both sides' sockets have. */
static bool sockets_are_deep(void)
{
	FILE *file = fopen("/proc/sys/net/unix/max_dgram_qlen", "re");
	int frames = 0;

	if (!file)
		return false;
	if (fscanf(file, "%d", &frames) != 1)
		frames = 0;
	(void)fclose(file);
	return frames >= 256;
}

static void guest_open(struct load *load)
{
	const char *said = getenv("LAB_STDOUT");
	const char *to = getenv("LAB_TO_GUEST");

	if (!said || !to)
		errx(2,
		     "LAB_STDOUT, LAB_TO_GUEST: not there; this is a --host program of tools/lab");
	load->said = open(said, O_RDONLY | O_CLOEXEC);
	load->to_guest = fopen(to, "ae");
	if (load->said < 0 || !load->to_guest)
		err(2, "%s, %s", said, to);
}

int main(int argc, char **argv)
{
	struct load load = {
		.warmup_ns = SECOND,
		.window_ns = 3ull * SECOND,
		.limit_ns = 60ull * SECOND,
	};
	int ret = parse(argc, argv, &load);
	const char *hopeless[TURNS_MAX];
	int hopeless_count = 0;

	if (ret)
		return ret;
	guest_open(&load);
	load.qemu = qemu_find();
	load.deep = sockets_are_deep();
	for (int i = optind + 2; i < argc; i++) {
		int j = 0;

		while (j < hopeless_count && strcmp(hopeless[j], argv[i]) != 0)
			j++;
		if (j == hopeless_count && !turn(&load, i - optind - 1, argv[i]))
			hopeless[hopeless_count++] = argv[i];
		(void)fflush(stdout);
	}
	(void)printf("@strange %" PRIu64 "\n", load.stream.strange);
	guest_tell(&load, "quit");
	return 0;
}
