// SPDX-License-Identifier: BSD-3-Clause
/*
 * l2fwd itself, from main() on, between two NICs of QEMU: test_qtest_l2fwd MODEL MODEL FRAMES.
 *
 * The program holds the objects of the l2fwd that ships. The linker lets three of its names end
 * here: main(), which becomes a thread; fn_dev_open(), which opens on the qtest bus; and
 * fn_dev_start(), which returns when the link is up.
 *
 * The test is both wires' far ends. It sends numbered frames of all lengths both ways at once, and
 * requires that each comes out of the other NIC, in order and byte by byte the same, and that
 * nothing else does; then it ends l2fwd by a signal and looks at what that says of itself. No more
 * frames are under way than QEMU keeps of what a NIC has sent, and the wire is one that holds back
 * what a full ring has no room for, so that none may be missing.
 */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>

#include <fastnic/fastnic.h>

#include "conform/frames.h"
#include "dev/dev.h"
#include "qtest/qtest.h"

#define LEN_MAX 1514u
/* Four times a ring of l2fwd: the rings run full. */
#define WINDOW 1024u
/* Without any progress; reached only when something is wrong. */
#define DEADLINE_MS 20000u
/* How long to look for frames that should not come. */
#define QUIET_MS 200u
#define SKIPPED 77

/* One direction: into NIC @in, out of NIC @out. */
struct way {
	unsigned in;
	unsigned out;
	unsigned sent;
	unsigned received;
};

/* The thread that l2fwd is, and what it printed. */
struct app {
	pthread_t thread;
	char *argv[8];
	int argc;
	int status;
	bool ended;
	int out_fd;
};

/* Posted at each port that is started with its link up, and when l2fwd ends. */
static sem_t news;

/* The linker's names: NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
int __wrap_main(int argc, char **argv);
int __real_main(int argc, char **argv);
int __wrap_fn_dev_open(struct fn_ctx *ctx, const char *name, const struct fn_dev_opts *opts,
		       struct fn_dev **dev);
int __real_fn_dev_start(struct fn_dev *dev);
int __wrap_fn_dev_start(struct fn_dev *dev);

__attribute__((format(printf, 1, 2), noreturn)) static void die(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)fprintf(stderr, "test_qtest_l2fwd: ");
	(void)vfprintf(stderr, fmt, args);
	(void)fprintf(stderr, "\n");
	va_end(args);
	/* l2fwd's threads run: no exit handlers, and QEMU ends with this one. */
	_exit(1);
}

static uint64_t now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000u + (uint64_t)ts.tv_nsec / 1000000u;
}

int __wrap_fn_dev_open(struct fn_ctx *ctx, const char *name, const struct fn_dev_opts *opts,
		       struct fn_dev **dev)
{
	return fn_dev_open_on(ctx, &qtest_bus, name, opts, dev);
}

/* As an operator would plug the cable in and wait: a frame sent without a link may be lost. */
int __wrap_fn_dev_start(struct fn_dev *dev)
{
	const uint64_t until = now_ms() + DEADLINE_MS;
	struct fn_link link = { .sz = sizeof(link) };
	const int ret = __real_fn_dev_start(dev);

	if (ret)
		return ret;
	while (fn_dev_get_link(dev, &link) || !link.up) {
		if (now_ms() > until)
			die("no link after %u s", DEADLINE_MS / 1000);
		(void)usleep(1000);
	}
	(void)sem_post(&news);
	return 0;
}

static void *l2fwd(void *arg)
{
	struct app *app = arg;

	app->status = __real_main(app->argc, app->argv);
	__atomic_store_n(&app->ended, true, __ATOMIC_RELEASE);
	(void)sem_post(&news);
	return NULL;
}

/* What l2fwd prints goes to a file from here on. Its signals are for its thread alone. */
static void app_start(struct app *app, const struct qtest *q)
{
	static char json[] = "--json";
	static char name[] = "l2fwd";
	sigset_t set;

	app->out_fd = memfd_create("l2fwd", MFD_CLOEXEC);
	if (app->out_fd < 0 || dup2(app->out_fd, STDOUT_FILENO) < 0)
		die("no file for l2fwd's output: %s", strerror(errno));
	app->argv[app->argc++] = name;
	app->argv[app->argc++] = json;
	for (unsigned i = 0; i < 2; i++)
		app->argv[app->argc++] = strdup(qtest_name(q, i));
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGINT);
	(void)pthread_sigmask(SIG_BLOCK, &set, NULL);
	if (sem_init(&news, 0, 0) || pthread_create(&app->thread, NULL, l2fwd, app))
		die("no thread for l2fwd");
	for (unsigned i = 0; i < 2; i++) {
		while (sem_wait(&news) && errno == EINTR)
			;
		if (__atomic_load_n(&app->ended, __ATOMIC_ACQUIRE))
			die("l2fwd ended with status %d before its ports were up", app->status);
	}
}

static void app_stop(struct app *app)
{
	(void)pthread_kill(app->thread, SIGINT);
	(void)pthread_join(app->thread, NULL);
	for (int i = 2; i < app->argc; i++)
		free(app->argv[i]);
	if (app->status)
		die("l2fwd ended with status %d", app->status);
}

/* Frame @n of a direction: all others differ in its number, its neighbours in length too. */
static uint32_t frame_make(const struct way *way, unsigned n, uint8_t *frame)
{
	static const uint8_t mac[6] = { 0x02, 0x11, 0x22, 0x33, 0x44, 0x55 };
	const uint32_t len = FRAME_PADDED + n * 37u % (LEN_MAX - FRAME_PADDED + 1);

	frame_fill(frame, n, len, mac, way->in == 1);
	return len;
}

/* As many frames as the window and the wire have room for; how many that were. */
static unsigned send_some(struct qtest *q, struct way *way, unsigned frames)
{
	const unsigned before = way->sent;

	while (way->sent < frames && way->sent - way->received < WINDOW) {
		uint8_t frame[LEN_MAX];
		const uint32_t len = frame_make(way, way->sent, frame);
		const int ret = qtest_send(q, way->in, frame, len);

		if (ret == -EAGAIN)
			break;
		if (ret)
			die("NIC %u: frame %u cannot be sent: %s", way->in, way->sent,
			    fn_error_last());
		way->sent++;
	}
	return way->sent - before;
}

static void check_frame(const struct way *way, const uint8_t *got, size_t len)
{
	uint8_t want[LEN_MAX];
	const uint32_t want_len = frame_make(way, way->received, want);
	size_t i = 0;

	if (way->received == way->sent)
		die("NIC %u to NIC %u: a frame of %zu bytes is too many, after all %u", way->in,
		    way->out, len, way->sent);
	if (len == want_len && memcmp(got, want, len) == 0)
		return;
	while (i < len && i < want_len && got[i] == want[i])
		i++;
	die("NIC %u to NIC %u: in place of frame %u of %u bytes comes number %u of %zu bytes, "
	    "wrong from byte %zu on",
	    way->in, way->out, way->received, want_len, len >= FRAME_MIN ? frame_seq(got) : 0, len,
	    i);
}

/* All that has come out, the first within @ms; how many that were. */
static unsigned receive_some(struct qtest *q, struct way *way, unsigned ms)
{
	const unsigned before = way->received;
	uint8_t frame[LEN_MAX + 1];
	size_t len;

	while ((len = qtest_recv(q, way->out, frame, sizeof(frame), ms)) > 0) {
		check_frame(way, frame, len < sizeof(frame) ? len : sizeof(frame));
		way->received++;
		ms = 0;
	}
	return way->received - before;
}

static void exchange(struct qtest *q, struct way ways[2], unsigned frames)
{
	uint64_t until = now_ms() + DEADLINE_MS;
	unsigned wait_ms = 0;

	while (ways[0].received < frames || ways[1].received < frames) {
		unsigned moved = 0;

		for (unsigned i = 0; i < 2; i++) {
			moved += send_some(q, &ways[i], frames);
			moved += receive_some(q, &ways[i], wait_ms);
		}
		/* Without work the processor is for QEMU and l2fwd. */
		wait_ms = moved ? 0 : 1;
		if (moved)
			until = now_ms() + DEADLINE_MS;
		else if (now_ms() > until)
			die("nothing moves any more: %u of %u frames came from NIC 0 to NIC 1, "
			    "%u of %u back",
			    ways[0].received, ways[0].sent, ways[1].received, ways[1].sent);
	}
	for (unsigned i = 0; i < 2; i++)
		(void)receive_some(q, &ways[i], QUIET_MS);
}

/* The last line of what l2fwd printed. */
static struct json_object *totals(const struct app *app)
{
	static char text[65536];
	const ssize_t len = pread(app->out_fd, text, sizeof(text) - 1, 0);
	struct json_object *obj = NULL;

	if (len > 0 && text[len - 1] == '\n') {
		const char *line;

		text[len - 1] = '\0';
		line = strrchr(text, '\n');
		obj = json_tokener_parse(line ? line + 1 : text);
	}
	if (!obj)
		die("l2fwd printed no JSON but: %s", text);
	return obj;
}

static uint64_t number(struct json_object *obj, const char *name)
{
	struct json_object *value;

	if (!json_object_object_get_ex(obj, name, &value))
		die("l2fwd does not tell %s in: %s", name, json_object_to_json_string(obj));
	return json_object_get_uint64(value);
}

/* l2fwd's own account agrees with the wires'. */
static void check_totals(const struct app *app, unsigned frames)
{
	struct json_object *obj = totals(app);
	struct json_object *ports;

	if (number(obj, "dropped") || number(obj, "forwarded") != 2 * (uint64_t)frames)
		die("l2fwd's account is not that of the wires: %s",
		    json_object_to_json_string(obj));
	(void)number(obj, "ports");
	(void)json_object_object_get_ex(obj, "ports", &ports);
	for (unsigned i = 0; i < 2; i++) {
		struct json_object *port = json_object_array_get_idx(ports, i);

		if (number(port, "rx_packets") != frames || number(port, "tx_packets") != frames)
			die("port %u of l2fwd did not count %u frames both ways: %s", i, frames,
			    json_object_to_json_string(port));
	}
	(void)json_object_put(obj);
}

static void run(struct qtest *q, const char *const *models, unsigned frames)
{
	struct way ways[2] = { { .in = 0, .out = 1 }, { .in = 1, .out = 0 } };
	const int stdout_fd = dup(STDOUT_FILENO);
	struct app app = { .argc = 0 };
	struct qtest_report report;
	uint64_t start;

	app_start(&app, q);
	start = now_ms();
	exchange(q, ways, frames);
	start = now_ms() - start - 2 * (uint64_t)QUIET_MS;
	app_stop(&app);
	for (unsigned i = 0; i < 2; i++)
		(void)receive_some(q, &ways[i], 0);
	check_totals(&app, frames);
	if (qtest_stop(q, &report))
		die("%s", report.text);
	(void)dup2(stdout_fd, STDOUT_FILENO);
	(void)close(stdout_fd);
	(void)close(app.out_fd);
	(void)printf("%s and %s: %u frames each way, all of them right; %llu frames a second\n",
		     models[0], models[1], frames, 2ull * frames * 1000 / (start ? start : 1));
}

int __wrap_main(int argc, char **argv)
{
	const unsigned long frames = argc == 4 ? strtoul(argv[3], NULL, 10) : 0;
	struct qtest_opts opts = { .time = QTEST_TIME_JUMPS };
	struct qtest *q;
	int ret;

	if (!frames || frames > 100000000) {
		(void)fprintf(stderr, "usage: test_qtest_l2fwd MODEL MODEL FRAMES\n");
		return 2;
	}
	for (unsigned i = 0; i < 2; i++)
		opts.nics[i] = (struct qtest_nic_opts){ .model = argv[1 + i],
							.wire = QTEST_DGRAM,
							.root_port = true };
	ret = qtest_start(&opts, &q);
	if (ret == -EOPNOTSUPP) {
		(void)printf("skipped: %s\n", fn_error_last());
		return SKIPPED;
	}
	if (ret)
		die("no QEMU: %s", fn_error_last());
	run(q, (const char *const *)argv + 1, (unsigned)frames);
	return 0;
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
