// SPDX-License-Identifier: BSD-3-Clause
/* The context's beginning and end. */
#include <errno.h>
#include <stdlib.h>

#include "base/opts.h"
#include "dev/dev.h"
#include "dev/events.h"
#include "mem/domain.h"

static bool page_bytes_ok(size_t bytes)
{
	return bytes == 0 || bytes == 4096 || bytes == (size_t)2 << 20 || bytes == (size_t)1 << 30;
}

static void locks_destroy(struct fn_ctx *ctx)
{
	(void)pthread_cond_destroy(&ctx->poll_cond);
	(void)pthread_mutex_destroy(&ctx->poll_lock);
	(void)pthread_mutex_destroy(&ctx->lock);
}

int fn_ctx_create(const struct fn_ctx_opts *opts, struct fn_ctx **out)
{
	struct fn_ctx_opts o;
	struct fn_ctx *ctx;
	int ret;

	if (!fn_opts_get(&o, sizeof(o), opts))
		return fn_report(NULL, fn_opts_err(opts), fn_opts_fail("fn_ctx_opts"));
	if (!page_bytes_ok(o.page_bytes))
		return fn_report(NULL, o.err,
				 fn_fail(-EINVAL, "page size %zu: use 0, 4096, 2 MiB or 1 GiB",
					 o.page_bytes));
	ctx = calloc(1, sizeof(*ctx));
	if (!ctx)
		return fn_report(NULL, o.err, fn_fail(-ENOMEM, "out of memory for a context"));
	ctx->opts = o;
	fn_list_init(&ctx->devs);
	fn_list_init(&ctx->pools);
	fn_list_init(&ctx->pollers);
	ctx->next_dev_id = 1;
#if defined(__x86_64__)
	ctx->avx2 = __builtin_cpu_supports("avx2");
#endif
	(void)pthread_mutex_init(&ctx->lock, NULL);
	(void)pthread_mutex_init(&ctx->poll_lock, NULL);
	(void)pthread_cond_init(&ctx->poll_cond, NULL);
	ret = fn_events_create(&ctx->events);
	if (ret)
		goto free_ctx;
	ret = fn_dma_domain_create(ctx, o.page_bytes, &ctx->dma);
	if (ret)
		goto destroy_events;
	/* It belongs to this call alone. */
	ctx->opts.err = NULL;
	*out = ctx;
	return 0;

destroy_events:
	fn_events_destroy(ctx->events);
free_ctx:
	locks_destroy(ctx);
	free(ctx);
	return fn_report(NULL, o.err, ret);
}

/* Who still hangs from the context: 0, or -EBUSY with a sentence that names the first. */
static int ctx_in_use(struct fn_ctx *ctx)
{
	char name[FN_PCI_ADDR_CHARS];
	int ret = 0;
	bool pollers;

	(void)pthread_mutex_lock(&ctx->poll_lock);
	pollers = !fn_list_empty(&ctx->pollers);
	(void)pthread_mutex_unlock(&ctx->poll_lock);
	if (pollers)
		return fn_fail(-EBUSY,
			       "the context still has a poller: fn_poller_destroy() it first");
	(void)pthread_mutex_lock(&ctx->lock);
	if (!fn_list_empty(&ctx->devs)) {
		fn_pci_addr_format(&fn_container_of(ctx->devs.next, struct fn_dev, node)->addr,
				   name);
		ret = fn_fail(-EBUSY, "the context still has device %s: fn_dev_close() it first",
			      name);
	} else if (!fn_list_empty(&ctx->pools)) {
		ret = fn_fail(-EBUSY, "the context still has pool %s: fn_pool_destroy() it first",
			      fn_pool_first_name(ctx));
	}
	(void)pthread_mutex_unlock(&ctx->lock);
	return ret;
}

int fn_ctx_destroy(struct fn_ctx *ctx)
{
	int ret;

	if (!ctx)
		return 0;
	ret = ctx_in_use(ctx);
	if (!ret)
		ret = fn_dma_domain_destroy(ctx->dma);
	if (ret)
		return fn_report(ctx, NULL, ret);
	fn_events_destroy(ctx->events);
	locks_destroy(ctx);
	free(ctx);
	return 0;
}
