// SPDX-License-Identifier: BSD-3-Clause
/* What l2fwd shows of its workers: how loaded they are, which a core at 100 % does not tell. */
#include <inttypes.h>
#include <stdio.h>

#include <json-c/json.h>

#include "l2fwd.h"

void load_sample(const struct worker *worker, struct load *load)
{
	if (!worker->poller)
		return;
	load->before = load->now;
	load->now.sz = sizeof(load->now);
	fn_poller_get_stats(worker->poller, &load->now);
}

static double percent(uint64_t part_ns, uint64_t whole_ns)
{
	return whole_ns ? (double)part_ns * 100 / (double)whole_ns : 0;
}

static double per_second(uint64_t n, uint64_t ns)
{
	return ns ? (double)n * 1e9 / (double)ns : 0;
}

/* What grew since then; nothing, should a number go back: as a difference that were 2^64. */
static uint64_t grown(uint64_t now, uint64_t before)
{
	return now > before ? now - before : 0;
}

/* The share of a core that the work needs, sleeping and waking included. */
static double need_percent(const struct fn_poller_stats *now, const struct fn_poller_stats *before)
{
	return percent(grown(now->need_ns, before->need_ns),
		       grown(now->elapsed_ns, before->elapsed_ns));
}

static void core_print(FILE *out, const struct worker *worker)
{
	if (worker->core < 0)
		(void)fprintf(out, "  %-6u %4s", worker->index, "any");
	else
		(void)fprintf(out, "  %-6u %4d", worker->index, worker->core);
}

static void line_print(FILE *out, const struct fn_poller_stats *now,
		       const struct fn_poller_stats *before, uint64_t ns)
{
	const uint64_t elapsed = grown(now->elapsed_ns, before->elapsed_ns);

	(void)fprintf(out, "  %-9s %6.1f%% %6.1f%% %8.1f%% %6.1f%% %7.1f%% %13.0f %9.0f",
		      mode_name(now->mode), need_percent(now, before),
		      percent(grown(now->busy_ns, before->busy_ns), elapsed),
		      percent(grown(now->spin_ns, before->spin_ns), elapsed),
		      percent(grown(now->asleep_ns, before->asleep_ns), elapsed),
		      percent(grown(now->off_cpu_ns, before->off_cpu_ns), elapsed),
		      per_second(grown(now->interrupts, before->interrupts), ns),
		      per_second(grown(now->sleeps, before->sleeps), ns));
	/* Others poll for nothing for ever, or not at all. */
	if (now->mode == FN_POLLER_ADAPTIVE)
		(void)fprintf(out, " %5.0fus\n", (double)now->window_ns / 1e3);
	else
		(void)fprintf(out, " %7s\n", "-");
}

void load_print(FILE *out, const struct l2fwd *app, const struct load *loads, uint64_t ns,
		bool totals)
{
	static const struct fn_poller_stats zero;

	(void)fprintf(out, "  %-6s %4s  %-9s %7s %7s %9s %7s %8s %13s %9s %7s\n", "worker", "core",
		      "mode", "need", "busy", "spinning", "asleep", "off CPU", "interrupts/s",
		      "wakes/s", "window");
	for (unsigned i = 0; i < app->n_workers; i++) {
		core_print(out, &app->workers[i]);
		line_print(out, &loads[i].now, totals ? &zero : &loads[i].before, ns);
	}
	for (unsigned i = 0; i < app->n_workers; i++)
		if (loads[i].now.lost_wakeups)
			(void)fprintf(out,
				      "  worker %u slept over packets %" PRIu64
				      " times: the interrupt did not come\n",
				      i, loads[i].now.lost_wakeups);
}

struct json_object *load_to_json(const struct worker *worker, const struct load *load)
{
	const struct fn_poller_stats *now = &load->now;
	const struct {
		const char *name;
		uint64_t value;
	} counters[] = {
		{ "rounds", now->rounds },
		{ "empty_rounds", now->empty_rounds },
		{ "packets", now->packets },
		{ "budget_hits", now->budget_hits },
		{ "caught", now->caught },
		{ "arms", now->arms },
		{ "second_looks", now->second_looks },
		{ "sleeps", now->sleeps },
		{ "wakes_interrupt", now->wakes_interrupt },
		{ "wakes_control", now->wakes_control },
		{ "wakes_event", now->wakes_event },
		{ "wakes_timer", now->wakes_timer },
		{ "wakes_timeout", now->wakes_timeout },
		{ "spurious", now->spurious },
		{ "interrupts", now->interrupts },
		{ "lost_wakeups", now->lost_wakeups },
		{ "elapsed_ns", now->elapsed_ns },
		{ "busy_ns", now->busy_ns },
		{ "spin_ns", now->spin_ns },
		{ "asleep_ns", now->asleep_ns },
		{ "need_ns", now->need_ns },
		{ "off_cpu_ns", now->off_cpu_ns },
		{ "window_ns", now->window_ns },
		{ "wake_latency_ns", now->wake_latency_ns },
		{ "wake_cpu_ns", now->wake_cpu_ns },
		{ "need_ppm", now->need_ppm },
	};
	struct json_object *obj = json_object_new_object();

	json_object_object_add(obj, "core",
			       worker->core < 0 ? NULL : json_object_new_int(worker->core));
	json_object_object_add(obj, "mode", json_object_new_string(mode_name(now->mode)));
	json_object_object_add(obj, "policy", json_object_new_string(policy_name(now->policy)));
	json_object_object_add(obj, "wait", json_object_new_string(wait_name(now->wait)));
	for (size_t i = 0; i < sizeof(counters) / sizeof(*counters); i++)
		json_object_object_add(obj, counters[i].name,
				       json_object_new_uint64(counters[i].value));
	return obj;
}
