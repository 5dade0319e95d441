// SPDX-License-Identifier: BSD-3-Clause
/* Work that is no NIC's: sources, which a worker asks each round. */
#include <errno.h>
#include <stdlib.h>

#include "base/opts.h"
#include "poll/poller.h"

struct source_call {
	struct fn_poller_source *source;
	int ret;
};

static void add_on_worker(void *arg)
{
	struct source_call *call = arg;

	call->ret = fn_poll_list_add(&call->source->poller->sources, call->source);
}

static void del_on_worker(void *arg)
{
	struct fn_poller_source *source = arg;

	source->dead = true;
	source->poller->has_dead = true;
	fn_poll_bury(source->poller);
}

static int source_add(struct fn_poller *p, const struct fn_poller_source_opts *o,
		      struct fn_poller_source **out)
{
	struct source_call call;

	if (!o->run || !o->pending)
		return fn_fail(-EINVAL, "fn_poller_source_opts: run and pending are both required");
	call.source = calloc(1, sizeof(*call.source));
	if (!call.source)
		return fn_fail(-ENOMEM, "out of memory for a source of %s", p->name);
	*call.source = (struct fn_poller_source){
		.poller = p,
		.run = o->run,
		.pending = o->pending,
		.arg = o->arg,
	};
	fn_poller_call(p, add_on_worker, &call);
	if (call.ret) {
		free(call.source);
		return fn_fail(call.ret, "out of memory for a source of %s", p->name);
	}
	if (out)
		*out = call.source;
	return 0;
}

int fn_poller_add_source(struct fn_poller *p, const struct fn_poller_source_opts *opts,
			 struct fn_poller_source **source)
{
	struct fn_poller_source_opts o;

	if (!fn_opts_get(&o, sizeof(o), opts))
		return fn_report(p->ctx, fn_opts_err(opts), fn_opts_fail("fn_poller_source_opts"));
	return fn_report(p->ctx, o.err, source_add(p, &o, source));
}

void fn_poller_del_source(struct fn_poller_source *source)
{
	if (source)
		fn_poller_call(source->poller, del_on_worker, source);
}
