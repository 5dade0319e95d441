// SPDX-License-Identifier: BSD-3-Clause
/* l2fwd's command line. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "l2fwd.h"

static const char usage[] =
	"Usage: l2fwd [options] PORT [PORT ...]\n"
	"\n"
	"Forwards Ethernet frames between NICs that fastnic-bind has bound to vfio-pci. A PORT is\n"
	"a PCI address such as 0000:00:03.0. Ports forward in pairs: the first to the second and\n"
	"back, the third to the fourth, and so on. A single port sends each frame back out.\n"
	"\n"
	"  --duration SECONDS  stop by itself (default: at Ctrl-C)\n"
	"  --stats SECONDS     time between screens (default 1, with --json 0; 0: none)\n"
	"  --mac-rewrite       the sender's address becomes that of the port it leaves by\n"
	"  --queues N          receive and transmit queues a port (default 1)\n"
	"  --cores LIST        a worker on each core, as in 1,3-5 (default: one, anywhere)\n"
	"  --mode MODE         adaptive (default): a worker with nothing to do polls for a while\n"
	"                      and then sleeps; poll: never sleeps; interrupt: sleeps at once\n"
	"  --policy POLICY     for how long adaptive polls: balanced (default), latency or power\n"
	"  --wait WAY          what workers sleep by: epoll (default) or uring\n"
	"  --burst N           packets a burst at most, 1 to 512 (default 32)\n"
	"  --ring N            descriptors a ring, a power of two (default 256)\n"
	"  --buffers N         packets in the pool (default: 8192 or what rings and caches need)\n"
	"  --json              print one JSON object at the end, as the last line\n"
	"  --help              print this\n"
	"\n"
	"Exit status: 0 when it was stopped or its time was over, 1 when it could not start or a\n"
	"port failed, 2 for a wrong command line, 3 when a port was released or vanished.\n";

static int wrong(const char *option, const char *value, const char *wanted)
{
	(void)fprintf(stderr, "l2fwd: %s %s: wants %s; see l2fwd --help\n", option, value, wanted);
	return 2;
}

/* What getopt_long() gives for each option: no character, so that a letter is no option. */
enum {
	OPT_DURATION = 256,
	OPT_STATS,
	OPT_MAC_REWRITE,
	OPT_QUEUES,
	OPT_CORES,
	OPT_MODE,
	OPT_POLICY,
	OPT_WAIT,
	OPT_BURST,
	OPT_RING,
	OPT_BUFFERS,
	OPT_JSON,
	OPT_HELP,
};

/* @c is what getopt_long() gave: ':' when a value is missing. @word is what a long option was. */
static int wrong_option(const char *word, int c)
{
	const bool is_letter = optopt > 0 && optopt < OPT_DURATION;
	const char letter[] = { '-', (char)optopt, '\0' };
	const char *why = "no such option";

	if (c == ':')
		why = "needs a value";
	else if (optopt >= OPT_DURATION)
		why = "takes no value";
	(void)fprintf(stderr, "l2fwd: %s: %s; see l2fwd --help\n", is_letter ? letter : word, why);
	return 2;
}

static int parse_seconds(const char *option, const char *text, double *seconds)
{
	char *end;

	errno = 0;
	*seconds = strtod(text, &end);
	if (errno || end == text || *end || !(*seconds >= 0 && *seconds <= 1e9))
		return wrong(option, text, "a number of seconds");
	return 0;
}

/* A whole number from @least to @most, ended by one of @ends or by the end of the text. */
static bool parse_number(const char **text, unsigned least, unsigned most, const char *ends,
			 unsigned *number)
{
	unsigned long v;
	char *end;

	if (**text < '0' || **text > '9')
		return false;
	errno = 0;
	v = strtoul(*text, &end, 10);
	if (errno || v < least || v > most || (*end && !strchr(ends, *end)))
		return false;
	*number = (unsigned)v;
	*text = end;
	return true;
}

static int parse_count(const char *option, const char *text, unsigned least, unsigned most,
		       unsigned *count)
{
	const char *at = text;
	char wanted[64];

	if (parse_number(&at, least, most, "", count))
		return 0;
	(void)snprintf(wanted, sizeof(wanted), "a number from %u to %u", least, most);
	return wrong(option, text, wanted);
}

static int parse_cores(const char *option, const char *text, struct options *opts)
{
	static const char wanted[] = "core numbers, each once, as in 1,3-5";
	const char *at = text;
	unsigned first;
	unsigned last;

	opts->n_cores = 0;
	do {
		if (opts->n_cores && *at++ != ',')
			return wrong(option, text, wanted);
		if (!parse_number(&at, 0, 1023, ",-", &first))
			return wrong(option, text, wanted);
		last = first;
		if (*at == '-') {
			at++;
			if (!parse_number(&at, first, 1023, ",", &last))
				return wrong(option, text, wanted);
		}
		for (unsigned core = first; core <= last; core++) {
			for (unsigned i = 0; i < opts->n_cores; i++)
				if (opts->cores[i] == core)
					return wrong(option, text, wanted);
			if (opts->n_cores == MAX_CORES)
				return wrong(option, text, "63 cores at most");
			opts->cores[opts->n_cores++] = core;
		}
	} while (*at);
	return 0;
}

static const char *const modes[] = {
	[FN_POLLER_ADAPTIVE] = "adaptive",
	[FN_POLLER_POLL] = "poll",
	[FN_POLLER_INTERRUPT] = "interrupt",
};

static const char *const policies[] = {
	[FN_POLLER_BALANCED] = "balanced",
	[FN_POLLER_LATENCY] = "latency",
	[FN_POLLER_POWER] = "power",
};

/* What is no word of the command line has none. */
static const char *const waits[] = {
	[FN_POLLER_WAIT_EPOLL] = "epoll",
	[FN_POLLER_WAIT_URING] = "uring",
};

#define WORDS(words) (words), sizeof(words) / sizeof(*(words))

static const char *word_of(const char *const *words, size_t n, unsigned value)
{
	return value < n && words[value] ? words[value] : "unknown";
}

const char *mode_name(enum fn_poller_mode mode)
{
	return word_of(WORDS(modes), mode);
}

const char *policy_name(enum fn_poller_policy policy)
{
	return word_of(WORDS(policies), policy);
}

const char *wait_name(enum fn_poller_wait wait)
{
	return word_of(WORDS(waits), wait);
}

/* The value of a word, or -1. */
static int value_of(const char *const *words, size_t n, const char *text)
{
	for (size_t i = 0; i < n; i++)
		if (words[i] && strcmp(words[i], text) == 0)
			return (int)i;
	return -1;
}

static int parse_mode(const char *option, const char *text, enum fn_poller_mode *mode)
{
	const int value = value_of(WORDS(modes), text);

	if (value < 0)
		return wrong(option, text, "adaptive, poll or interrupt");
	*mode = (enum fn_poller_mode)value;
	return 0;
}

static int parse_policy(const char *option, const char *text, enum fn_poller_policy *policy)
{
	const int value = value_of(WORDS(policies), text);

	if (value < 0)
		return wrong(option, text, "balanced, latency or power");
	*policy = (enum fn_poller_policy)value;
	return 0;
}

static int parse_wait(const char *option, const char *text, enum fn_poller_wait *wait)
{
	const int value = value_of(WORDS(waits), text);

	if (value < 0)
		return wrong(option, text, "epoll or uring");
	*wait = (enum fn_poller_wait)value;
	return 0;
}

static int parse_ports(int n, char **names, struct options *opts)
{
	if (n == 0) {
		(void)fprintf(stderr, "l2fwd: no port named; see l2fwd --help\n");
		return 2;
	}
	if (n > MAX_PORTS || (n > 1 && n % 2)) {
		(void)fprintf(stderr,
			      "l2fwd: %d ports: name one, or pairs up to %d, since ports forward "
			      "in pairs; see l2fwd --help\n",
			      n, MAX_PORTS);
		return 2;
	}
	for (int i = 0; i < n; i++)
		opts->ports[i] = names[i];
	opts->n_ports = (unsigned)n;
	return 0;
}

static const struct option longs[] = {
	{ "duration", required_argument, NULL, OPT_DURATION },
	{ "stats", required_argument, NULL, OPT_STATS },
	{ "mac-rewrite", no_argument, NULL, OPT_MAC_REWRITE },
	{ "queues", required_argument, NULL, OPT_QUEUES },
	{ "cores", required_argument, NULL, OPT_CORES },
	{ "mode", required_argument, NULL, OPT_MODE },
	{ "policy", required_argument, NULL, OPT_POLICY },
	{ "wait", required_argument, NULL, OPT_WAIT },
	{ "burst", required_argument, NULL, OPT_BURST },
	{ "ring", required_argument, NULL, OPT_RING },
	{ "buffers", required_argument, NULL, OPT_BUFFERS },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "help", no_argument, NULL, OPT_HELP },
	{ 0 },
};

/* One option, as getopt_long() gave it; @word is what it was. */
static int take_option(int c, const char *word, struct options *opts)
{
	switch (c) {
	case OPT_DURATION:
		return parse_seconds("--duration", optarg, &opts->duration);
	case OPT_STATS:
		return parse_seconds("--stats", optarg, &opts->stats);
	case OPT_MAC_REWRITE:
		opts->mac_rewrite = true;
		return 0;
	case OPT_QUEUES:
		return parse_count("--queues", optarg, 1, MAX_QUEUES, &opts->queues);
	case OPT_CORES:
		return parse_cores("--cores", optarg, opts);
	case OPT_MODE:
		return parse_mode("--mode", optarg, &opts->mode);
	case OPT_POLICY:
		return parse_policy("--policy", optarg, &opts->policy);
	case OPT_WAIT:
		return parse_wait("--wait", optarg, &opts->wait);
	case OPT_BURST:
		return parse_count("--burst", optarg, 1, MAX_BURST, &opts->burst);
	case OPT_RING:
		return parse_count("--ring", optarg, 1, 32768, &opts->ring);
	case OPT_BUFFERS:
		return parse_count("--buffers", optarg, 1, 4194304, &opts->buffers);
	case OPT_JSON:
		opts->json = true;
		return 0;
	case OPT_HELP:
		(void)fputs(usage, stdout);
		return -1;
	default:
		return wrong_option(word, c);
	}
}

int options_parse(int argc, char **argv, struct options *opts)
{
	int ret = 0;
	int c;

	*opts = (struct options){
		.queues = 1,
		.burst = 32,
		.ring = 256,
		.stats = -1,
		.wait = FN_POLLER_WAIT_EPOLL,
	};
	opterr = 0; /* wrong_option() says it, in one sentence */
	/* There are no threads yet. NOLINTNEXTLINE(concurrency-mt-unsafe) */
	while (!ret && (c = getopt_long(argc, argv, ":", longs, NULL)) != -1)
		ret = take_option(c, argv[optind - 1], opts);
	if (opts->stats < 0)
		opts->stats = opts->json ? 0 : 1;
	return ret ? ret : parse_ports(argc - optind, argv + optind, opts);
}
