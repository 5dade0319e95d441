/* SPDX-License-Identifier: BSD-3-Clause */
/* The context as the library sees it: one struct that holds what each layer hangs from it. */
#ifndef FN_BASE_CTX_H
#define FN_BASE_CTX_H

#include <pthread.h>

#include <fastnic/ctx.h>

#include "base/list.h"

struct fn_attach_ops;
struct fn_dma_domain;
struct fn_events;
struct fn_vfio;

/**
 * struct fn_ctx - what everything hangs from
 * @opts: what fn_ctx_create() was given, completed
 * @lock: guards the lists, @next_dev_id and @vfio
 * @devs: open devices (dev/driver.h), in the order of their ids
 * @next_dev_id: the id of the device that is opened next
 * @pools: pools (pkt/pool.h)
 * @dma: DMA memory and the IOMMU domains that it is mapped in (mem/domain.h); has a lock of its own
 * @events: what wakes fn_ctx_process_events() (dev/events.h); has a lock of its own
 * @vfio: VFIO containers of this context (bus/vfio/), made when the first device is opened
 * @poll_lock: guards @pollers, @attach, and what lib/poll says; no other lock is taken under it
 * @poll_cond: goes with it: a worker or a mailbox changed its state
 * @pollers: pollers (poll/poller.h)
 * @attach: how to reach them (dev/attach.h); NULL before the first one
 * @avx2: drivers may use AVX2: the processor has it, and the operating system keeps its registers
 */
struct fn_ctx {
	struct fn_ctx_opts opts;
	pthread_mutex_t lock;
	struct fn_list devs;
	uint64_t next_dev_id;
	struct fn_list pools;
	struct fn_dma_domain *dma;
	struct fn_events *events;
	struct fn_vfio *vfio;
	pthread_mutex_t poll_lock;
	pthread_cond_t poll_cond;
	struct fn_list pollers;
	const struct fn_attach_ops *attach;
	bool avx2;
};

/* One line for the application's log sink; without a sink nothing is formatted. */
void fn_log(const struct fn_ctx *ctx, enum fn_log_level level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
