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
	enum fn_poller_mode mode;
	enum fn_poller_policy policy;
	enum fn_poller_wait wait;
	bool mac_rewrite;
	bool json;
};

/* options.c: returns 0, or the exit status: 2 after an error message, -1 after --help. */
int options_parse(int argc, char **argv, struct options *opts);

/* options.c: the word of the command line for a value. */
const char *mode_name(enum fn_poller_mode mode);
const char *policy_name(enum fn_poller_policy policy);
const char *wait_name(enum fn_poller_wait wait);

struct report;

struct port {
	const char *name;
	const char *outcome; /* "up", "released" (the kernel asked for it), "gone" or "failed" */
	struct fn_dev *dev;
	struct fn_dev_info info;
	bool lost; /* about to be closed for good */
};

/*
 * One direction of one queue: what arrives on queue @queue of @in leaves by the same queue of @out.
 * A lane belongs to one worker, and so do its two queues: only on the worker, or while it does not
 * run, is anything written here. Aligned, so that no two workers write one cache line.
 */
struct lane {
	struct port *in;
	struct port *out;
	unsigned queue;
	unsigned worker;
	struct fn_poller_tx *tx; /* NULL: frames cannot leave any more */
	bool rewrite;
	atomic_ulong no_peer;  /* dropped: the other port was released or is gone */
	atomic_ulong tx_down;  /* dropped: the other port was being reset, or its queue was down */
	atomic_ulong at_exit;  /* dropped: l2fwd ended while they waited for room */
	atomic_ulong first_ns; /* CLOCK_MONOTONIC of the first received frame; 0: none yet */
} __attribute__((aligned(64)));

struct worker {
	struct l2fwd *app;
	struct fn_poller *poller;
	pthread_t thread;
	int core; /* -1: not pinned */
	unsigned index;
};

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
	atomic_bool worker_failed;
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

/* lanes.c: who feeds whom, of ports that are open and workers that are known. */
void lanes_make(struct l2fwd *app);

/* The vectors of a port's queues. */
struct vector_map {
	uint16_t rx[MAX_QUEUES];
	uint16_t tx[MAX_QUEUES];
};

/*
 * lanes.c: all queues of a port that one worker has get one of the port's @vectors, and no two
 * workers share one. Returns how many workers receive from the port and got none: they have to
 * poll.
 */
unsigned lanes_vectors(const struct l2fwd *app, const struct port *port, unsigned vectors,
		       struct vector_map *map);

/* lanes.c: the queues of ports that are started go to the workers: 0, or -1 after a message. */
int lanes_attach(struct l2fwd *app);

/*
 * lanes.c: frames cannot leave by a port any more, or by any. Those that wait, and for a lost port
 * those that are still to come, are dropped: "no_peer"; at the end "at_exit".
 */
void lanes_lose(struct l2fwd *app, const struct port *port);
void lanes_end(struct l2fwd *app);

/* lanes.c: frames that l2fwd itself dropped on their way to a port. */
struct own_drops {
	uint64_t no_peer;
	uint64_t tx_down;
	uint64_t at_exit;
};

struct own_drops lanes_drops(const struct l2fwd *app, const struct port *port);

/* workers.c; the functions that can fail return 0, or -1 after a message. */
int workers_create(struct l2fwd *app);
int workers_start(struct l2fwd *app);
/* They do not run any more, and what they had not sent is dropped; what they did stays readable. */
void workers_stop(struct l2fwd *app);
void workers_destroy(struct l2fwd *app);

/* load.c: what a worker did, now and at the screen before. */
struct load {
	struct fn_poller_stats now;
	struct fn_poller_stats before;
};

/* Read it; of a worker without a poller nothing changes. */
void load_sample(const struct worker *worker, struct load *load);

/* load.c: a line a worker, of the @ns since the screen before, or (@totals) of all time. */
void load_print(FILE *out, const struct l2fwd *app, const struct load *loads, uint64_t ns,
		bool totals);

struct json_object;
struct json_object *load_to_json(const struct worker *worker, const struct load *load);

/* started.c: of ports as they were started. */
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

/* forward.c: takes what the worker of the &struct lane @arg has received. */
void forward(void *arg, struct fn_pkt **pkts, unsigned n);

/* Counters have one writer at a time, the lane's worker; the main thread reads them. */
static inline void count(atomic_ulong *counter, unsigned long by)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + by,
			      memory_order_relaxed);
}

static inline uint64_t now_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

#endif
