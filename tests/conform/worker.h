/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A poller for the behaviours of the subject "poller", and whom it works for: frames come in,
 * are held against their numbers, and go back to the peer.
 *
 * Where time passes as on the wall it runs on a thread of its own. Elsewhere device and wire are in
 * this process, and the body is its loop: it turns when its descriptor says so, and never else.
 */
#ifndef FN_TESTS_CONFORM_WORKER_H
#define FN_TESTS_CONFORM_WORKER_H

#include <pthread.h>

#include "conform/conform.h"

/* Frames of the behaviours have this many bytes, on the wire as well. */
#define WORKER_LEN 100u

/*
 * A busy machine holds QEMU up between a packet and its interrupt: no less is taken for lost. One
 * that is lost never comes, so that a long wait hides nothing. What is counted all the same says
 * whether it came later (lost.h), which a shorter time, by CONFORM_POLLER_LOST_MS, shows.
 */
#define WORKER_LOST_MS 500u
#define WORKER_SAFETY_NS 50000000ull

/**
 * struct worker - the poller of a body
 * @c: the run
 * @poller: the poller
 * @rx: its receive queue 0
 * @tx: its transmit queue 0
 * @mac: the device's address: control calls write c->info
 * @thread: its thread
 * @has_thread: there is one
 * @armed: without one: its turn is over until the descriptor is readable
 * @loose: frames may be missing: a number only has to be above the one before
 * @took: called on the worker behind each frame, with its number; or NULL
 * @got: frames that came; atomic
 * @next: number of the next frame; with @loose the lowest that it may have; atomic
 * @bad: frames that were another one than this, or changed; atomic
 * @bad_seq: number of the first of them
 * @bad_next: @next then
 * @refused: frames that could not go back; atomic
 */
struct worker {
	struct conform *c;
	struct fn_poller *poller;
	struct fn_poller_rx *rx;
	struct fn_poller_tx *tx;
	uint8_t mac[6];
	pthread_t thread;
	bool has_thread;
	bool armed;
	bool loose;
	void (*took)(unsigned seq);
	unsigned got;
	unsigned next;
	unsigned bad;
	unsigned bad_seq;
	unsigned bad_next;
	unsigned refused;
};

/* One a process at a time. */
extern struct worker worker;

/* Make the poller, with these options; the device is started. The body's end ends it. */
void worker_make(struct conform *c, struct fn_poller_opts opts);

/* Give it receive and transmit queue 0: what comes in goes back. */
void worker_add_pair(struct conform *c);

/* From here on it works, on a thread of its own where it has one. */
void worker_begin(struct conform *c);

/* The same, with a thread everywhere: the body leaves the device alone until worker_end(). */
void worker_begin_apart(struct conform *c);

/*
 * The end of it: the thread and the poller are gone. Checks what holds always: no wake-up was lost
 * (lost.h says what was seen), no frame was another one than the next.
 */
void worker_end(struct conform *c);

/* The body is the worker for a moment, if there is something to do and no thread to do it. */
void worker_turn(struct conform *c);

struct fn_poller_stats worker_stats(const struct conform *c);

/* Wait until a condition holds, and let the worker work meanwhile. */
#define worker_until(cond) wait_until((worker_turn(c), (cond)))

/* Wait until it sleeps. */
void worker_rest(struct conform *c);

/* Frames that came; the worker has done with each of them. */
unsigned worker_got(void);

/* Send frames @seq and on to it. */
void worker_send(struct conform *c, unsigned seq, unsigned n);

/* Frame @seq, which it or the body sent, is the next on the wire; false: none is there now. */
bool worker_expect_next(struct conform *c, unsigned seq);

/* Frames @seq and on, likewise: waits for them. */
void worker_expect_stream(struct conform *c, unsigned seq, unsigned n);

/* Frames from @seq on come in one by one and go back. Returns the number behind them. */
unsigned worker_check_passes(struct conform *c, unsigned seq);

/* A number that an environment variable may give instead. */
unsigned worker_count(const char *variable, unsigned standard);

/*
 * A long run ends by itself when its time is over: false after CONFORM_POLLER_SECONDS in this
 * process. Without that variable there is as much as it takes.
 */
bool worker_has_time(void);

/* How far it came: a line in the file that CONFORM_COUNTS names. The worker has not ended. */
void worker_counted(struct conform *c, const char *what, uint64_t n, uint64_t of);

#endif
