/* SPDX-License-Identifier: BSD-3-Clause */
/* The context, from which everything hangs: log, events, DMA memory, devices and pools. */
#ifndef FASTNIC_CTX_H
#define FASTNIC_CTX_H

#include <fastnic/base.h>
#include <fastnic/error.h>

FN_BEGIN_DECLS

struct fn_ctx;
struct fn_dev;

/* Severity of a log line, most severe first. */
enum fn_log_level {
	FN_LOG_ERROR,
	FN_LOG_WARN,
	FN_LOG_INFO,
	FN_LOG_DEBUG,
};

/**
 * typedef fn_log_fn - receives the library's log lines
 * @arg: the value given in &struct fn_ctx_opts
 * @level: severity
 * @line: one line of text without a newline; valid during the call only
 *
 * Called on the thread that made the library call, so perhaps on several at once, within a burst,
 * and with locks of the library held: it must not call the library, and should be quick.
 */
typedef void fn_log_fn(void *arg, enum fn_log_level level, const char *line);

/* What an event tells. The list only grows: ignore what you do not know. */
enum fn_event_type {
	FN_EVENT_LINK = 1,              /* link state may have changed: fn_dev_get_link() */
	FN_EVENT_RELEASE_REQUESTED = 2, /* the kernel wants the device back: fn_dev_close() soon */
	FN_EVENT_GONE = 3,              /* the device vanished: fn_dev_close() */
	FN_EVENT_QUEUE_BROKEN = 4,      /* the device lied to a queue: fn_dev_reset() mends it */
	FN_EVENT_DEVICE_ERROR = 5, /* the device reported a failure: fn_dev_reset() or close it */
	FN_EVENT_ANNOUNCE =
		6, /* the network needs to learn anew where this port is: send something */
};

/**
 * struct fn_event - something happened to a device
 * @sz: bytes that this library filled; an older one than the program was built for fills fewer
 * @dev: the device
 * @type: what happened
 * @queue: for FN_EVENT_QUEUE_BROKEN: the queue's index; else 0
 * @queue_is_tx: for FN_EVENT_QUEUE_BROKEN: a transmit queue
 */
struct fn_event {
	size_t sz;
	struct fn_dev *dev;
	enum fn_event_type type;
	uint16_t queue;
	bool queue_is_tx;
};

/**
 * typedef fn_event_fn - receives events
 * @arg: the value given in &struct fn_ctx_opts
 * @event: valid during the call only
 *
 * Runs on the thread that called fn_ctx_process_events(), or of a poller (unless
 * &fn_poller_opts.own_events), one call at a time. Every control call is allowed in it, also
 * fn_dev_close() of the device that the event is about. An application that closes devices on other
 * threads too sees to it that this does not happen while the callback uses them.
 */
typedef void fn_event_fn(void *arg, const struct fn_event *event);

/**
 * struct fn_ctx_opts - options of fn_ctx_create(); zero means the default
 * @sz: sizeof(struct fn_ctx_opts)
 * @err: where the sentence of a failure goes, or NULL
 * @log: receives log lines; NULL: none are produced
 * @log_arg: handed to @log
 * @log_level: the least severe level that is produced; FN_LOG_ERROR (0) by default
 * @event: receives events; NULL: they are dropped (statuses still change)
 * @event_arg: handed to @event
 * @page_bytes: page size of DMA memory: 0 (2 MiB hugepages, else 4 KiB), 4096, 2 MiB or 1 GiB.
 *	Other than with 0, memory that is not to be had in this size is an error and not replaced.
 */
struct fn_ctx_opts {
	size_t sz;
	struct fn_error *err;
	fn_log_fn *log;
	void *log_arg;
	enum fn_log_level log_level;
	fn_event_fn *event;
	void *event_arg;
	size_t page_bytes;
};

/**
 * fn_ctx_create - make a context
 * @opts: options, or NULL for the defaults
 * @ctx: receives the context
 *
 * Any thread; several contexts may exist. A context and all that hangs from it is not usable after
 * fork() in the child.
 *
 * Return: 0; -EINVAL for an option out of range; -ENOMEM; -EMFILE or -ENFILE when no file
 * descriptor is to be had.
 */
FN_API int fn_ctx_create(const struct fn_ctx_opts *opts, struct fn_ctx **ctx);

/**
 * fn_ctx_destroy - give a context back
 * @ctx: the context, or NULL; no other thread may use it any more
 *
 * Return: 0; -EBUSY while pollers, devices, pools or DMA memory of it exist (nothing is changed
 * then, and fn_error_last() names the first of them).
 */
FN_API int fn_ctx_destroy(struct fn_ctx *ctx);

/**
 * fn_ctx_event_fd - a file descriptor that is readable while events wait
 * @ctx: the context
 *
 * Any thread. For poll, select, epoll or io_uring; do not read it. It belongs to the context.
 *
 * Return: the descriptor; it cannot fail.
 */
FN_API int fn_ctx_event_fd(const struct fn_ctx *ctx);

/**
 * fn_ctx_process_events - run the event callback for what has happened
 * @ctx: the context
 *
 * Any thread. It does not wait for events, though for a control call that another thread makes at
 * the same time. One caller at a time handles events, a second one returns 0 at once. What happened
 * several times before the call is delivered once.
 *
 * Return: events delivered, 0 or more; it cannot fail.
 */
FN_API int fn_ctx_process_events(struct fn_ctx *ctx);

FN_END_DECLS

#endif
