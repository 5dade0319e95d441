/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of l2fwd share. */
#ifndef L2FWD_H
#define L2FWD_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include <fastnic/fastnic.h>

#define MAX_PORTS 16
#define MAX_QUEUES 16
#define MAX_CORES 63 /* and the main thread: as many as a pool has caches for */
#define MAX_BURST 512

struct options {
	const char *ports[MAX_PORTS];
	unsigned n_ports;
	unsigned cores[MAX_CORES];
	unsigned n_cores; /* 0: one worker, on whichever core the kernel likes */
	unsigned queues;
	unsigned burst;
	unsigned ring;
	unsigned buffers;
	double duration; /* seconds; 0: until a signal */
	double stats;    /* seconds between two screens; 0: none */
	bool mac_rewrite;
	bool json;
};

/* options.c: returns 0, or the exit status: 2 after an error message, -1 after --help. */
int options_parse(int argc, char **argv, struct options *opts);

struct report;

/* What the main thread says to the workers of a port: they look before each burst. */
enum port_use {
	PORT_RUNS,
	PORT_PAUSED, /* for a reset: frames for it are dropped, "tx_down" */
	PORT_LOST,   /* for good: frames for it are dropped, "no_peer" */
};

struct port {
	const char *name;
	const char *outcome; /* "up", "released" (the kernel asked for it), "gone" or "failed" */
	struct fn_dev *dev;
	struct fn_dev_info info;
	atomic_int use; /* what workers may do with it: enum port_use */
};

/*
 * One direction of one queue: what arrives on queue @queue of @in leaves by the same queue of @out.
 * A lane belongs to one worker, and so do its two queues. Aligned, so that no two workers write one
 * cache line.
 */
struct lane {
	struct port *in;
	struct port *out;
	struct fn_rxq *rx;
	struct fn_txq *tx;
	bool rewrite;
	unsigned held;         /* packets that did not fit the ring yet, at the front of @pkts */
	atomic_ulong no_peer;  /* dropped: the other port was released or is gone */
	atomic_ulong tx_down;  /* dropped: the other port was being reset, or its queue was down */
	atomic_ulong at_exit;  /* dropped: l2fwd ended while they waited for room */
	atomic_ulong first_ns; /* CLOCK_MONOTONIC of the first received frame; 0: none yet */
	struct fn_pkt *pkts[MAX_BURST];
} __attribute__((aligned(64)));

struct worker {
	struct l2fwd *app;
	pthread_t thread;
	int core; /* -1: not pinned */
	unsigned index;
	atomic_ulong rounds; /* grows by one each time round the lanes: see wait_for_workers() */
} __attribute__((aligned(64)));

struct l2fwd {
	struct lane lanes[MAX_PORTS * MAX_QUEUES];
	struct worker workers[MAX_CORES];
	unsigned n_lanes;
	struct options opts;
	struct fn_ctx *ctx;
	struct fn_pool *pool;
	struct port ports[MAX_PORTS];
	unsigned n_ports;
	unsigned n_workers;
	unsigned n_running; /* workers whose thread exists */
	atomic_bool quit;
	struct report *report;
};

/* ports.c; the functions that can fail return 0, or -1 after a message. */
int ports_open(struct l2fwd *app);
int ports_start(struct l2fwd *app);
void ports_stop(struct l2fwd *app);
void ports_close(struct l2fwd *app);

/* nowait.c: once open, writing to standard output and standard error waits for nobody. */
void nowait_open(void);
void show(const char *text, size_t len);
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* signals.c: SIGINT, SIGTERM and SIGHUP become readable here, -1: errno says why not. */
int signals_to_fd(void);
/* Take those that came; the next one ends the program at once. */
void signals_take(int signal_fd);

/* l2fwd.c: every worker has seen what was stored before the call. */
void wait_for_workers(struct l2fwd *app);

/* modes.c: of ports as they were started. */
struct json_object;
void modes_print(FILE *out, const struct port *ports, unsigned n);
void modes_to_json(struct json_object *to, const struct fn_dev_info *info);

/* report.c */
struct report *report_create(const struct l2fwd *app);
/* Read the counters of the ports that are open; a closed port keeps its last ones. */
void report_sample(struct report *report);
void report_screen(struct report *report);
/*
 * The totals as of the last sample, in words or as JSON, if they are to be shown; and the end of
 * the report, which may be NULL. 0, or -1 after a message when they could not be written.
 */
int report_end(struct report *report, bool show);

/* forward.c */
/* A worker's turn: each of its lanes once. @rounds: how many turns it has had; returns one more. */
unsigned long forward_round(struct worker *worker, unsigned long rounds);
/* A worker's thread, of the &struct worker @arg, until the program quits. */
void *forward_work(void *arg);

static inline uint64_t now_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

#endif
