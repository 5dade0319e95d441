// SPDX-License-Identifier: BSD-3-Clause
/*
 * uring_loop: a NIC, a UDP socket and a timer in one wait, with one io_uring for all three.
 *
 * It counts what a NIC receives, prints the counts once a second, and tells them to whoever sends a
 * datagram to its port: `echo | nc -u -w1 127.0.0.1 4950`. Nothing here reads an eventfd or has a
 * second thread: while nothing happens the process sleeps in one system call, and the poller
 * sees to it that no packet is slept over.
 *
 * Read it from main(), at the end, up: port_start() and poller_start() make the port and the
 * poller, ask_for() puts a request into the poller's ring, and on_completion() is told of its end.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <liburing.h>

#include <fastnic/fastnic.h>

/* What a request is, in its user_data: numbers below 4096 are the application's. */
enum request {
	REQUEST_QUERY = 1, /* a datagram comes in */
	REQUEST_ANSWER,    /* one went out */
	REQUEST_SECOND,    /* the timer */
};

struct app {
	struct fn_ctx *ctx;
	struct fn_pool *pool;
	struct fn_dev *dev;
	struct fn_poller *poller;
	uint64_t packets;
	uint64_t bytes;
	uint64_t answers;
	unsigned seconds_left; /* 0: until a signal */
	bool failed;
	int socket;
	struct sockaddr_in peer;
	struct iovec query_at;
	struct iovec answer_at;
	struct msghdr query_msg;
	struct msghdr answer_msg;
	struct __kernel_timespec second;
	char query[512];
	char answer[128];
};

static struct app app = { .second = { .tv_sec = 1 } };

/* What happens to a packet: it is counted. */
static void on_packets(void *arg, struct fn_pkt **pkts, unsigned n)
{
	(void)arg;
	for (unsigned i = 0; i < n; i++)
		app.bytes += fn_pkt_len(pkts[i]);
	app.packets += n;
	fn_pkt_free_bulk(pkts, n);
}

/* The poller submits it before it looks for completions, or sleeps. */
static void ask_for(enum request request)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(fn_poller_ring(app.poller));

	/* Never: there are three requests at most, and room for 64. */
	if (!sqe)
		return;
	if (request == REQUEST_QUERY)
		io_uring_prep_recvmsg(sqe, app.socket, &app.query_msg, 0);
	else if (request == REQUEST_ANSWER)
		io_uring_prep_sendmsg(sqe, app.socket, &app.answer_msg, 0);
	else
		io_uring_prep_timeout(sqe, &app.second, 0, 0);
	io_uring_sqe_set_data64(sqe, request);
}

static void answer_query(void)
{
	const int len = snprintf(app.answer, sizeof(app.answer),
				 "{\"packets\":%" PRIu64 ",\"bytes\":%" PRIu64 "}\n", app.packets,
				 app.bytes);

	app.answer_at = (struct iovec){ app.answer, (size_t)len };
	app.answer_msg = (struct msghdr){
		.msg_name = &app.peer,
		.msg_namelen = sizeof(app.peer),
		.msg_iov = &app.answer_at,
		.msg_iovlen = 1,
	};
	app.answers++;
	ask_for(REQUEST_ANSWER);
}

static void next_query(void)
{
	app.query_at = (struct iovec){ app.query, sizeof(app.query) };
	app.query_msg = (struct msghdr){
		.msg_name = &app.peer,
		.msg_namelen = sizeof(app.peer),
		.msg_iov = &app.query_at,
		.msg_iovlen = 1,
	};
	ask_for(REQUEST_QUERY);
}

static void a_second_later(void)
{
	struct fn_poller_stats stats = { .sz = sizeof(stats) };

	fn_poller_get_stats(app.poller, &stats);
	(void)printf("%" PRIu64 " packets, %" PRIu64 " bytes, %" PRIu64 " queries answered; asleep "
		     "for %.1f %% of the time\n",
		     app.packets, app.bytes, app.answers,
		     stats.elapsed_ns ? 100 * (double)stats.asleep_ns / (double)stats.elapsed_ns :
					0.0);
	(void)fflush(stdout);
	if (app.seconds_left && --app.seconds_left == 0)
		fn_poller_stop(app.poller);
	else
		ask_for(REQUEST_SECOND);
}

static void on_completion(void *arg, struct io_uring_cqe *cqe)
{
	(void)arg;
	switch ((enum request)cqe->user_data) {
	case REQUEST_QUERY:
		/* The next query is taken when this one is answered: @peer is one. */
		if (cqe->res >= 0)
			answer_query();
		else
			next_query();
		break;
	case REQUEST_ANSWER:
		next_query();
		break;
	case REQUEST_SECOND:
		a_second_later();
		break;
	}
}

static void on_event(void *arg, const struct fn_event *event)
{
	(void)arg;
	switch (event->type) {
	case FN_EVENT_GONE:
	case FN_EVENT_RELEASE_REQUESTED:
		(void)fprintf(stderr, "uring_loop: the NIC is gone, or the kernel wants it back\n");
		(void)fn_dev_close(app.dev);
		app.dev = NULL;
		app.failed = true;
		fn_poller_stop(app.poller);
		break;
	case FN_EVENT_QUEUE_BROKEN:
	case FN_EVENT_DEVICE_ERROR:
		(void)fprintf(stderr, "uring_loop: the NIC failed and is reset\n");
		if (fn_dev_reset(app.dev)) {
			(void)fprintf(stderr, "uring_loop: %s\n", fn_error_last());
			app.failed = true;
			fn_poller_stop(app.poller);
		}
		break;
	default:
		break;
	}
}

static void on_signal(int number)
{
	(void)number;
	fn_poller_stop(app.poller);
}

static int port_start(const char *name)
{
	const struct fn_ctx_opts ctx_opts = { .sz = sizeof(ctx_opts), .event = on_event };
	struct fn_dev_conf conf = { .sz = sizeof(conf), .promisc = true };

	if (fn_ctx_create(&ctx_opts, &app.ctx) || fn_pool_create(app.ctx, NULL, &app.pool) ||
	    fn_dev_open(app.ctx, name, NULL, &app.dev))
		return -1;
	conf.pool = app.pool;
	return fn_dev_configure(app.dev, &conf) || fn_dev_start(app.dev) ? -1 : 0;
}

static int poller_start(void)
{
	const struct fn_poller_opts opts = {
		.sz = sizeof(opts),
		.wait = FN_POLLER_WAIT_URING,
		.cqe = on_completion,
	};
	const struct fn_poller_rx_opts rx = { .sz = sizeof(rx), .fn = on_packets };

	if (fn_poller_create(app.ctx, &opts, &app.poller))
		return -1;
	return fn_poller_add_rxq(app.poller, fn_dev_rxq(app.dev, 0), &rx, NULL);
}

static int socket_open(const char *port)
{
	const struct sockaddr_in here = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
	};

	app.socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (app.socket >= 0 && bind(app.socket, (const struct sockaddr *)&here, sizeof(here)) == 0)
		return 0;
	(void)fprintf(stderr, "uring_loop: UDP port %s of 127.0.0.1: %s\n", port,
		      strerrordesc_np(errno));
	return -1;
}

/* That nothing was slept over is what the poller is there for. */
static void print_sleeps(void)
{
	struct fn_poller_stats stats = { .sz = sizeof(stats) };

	fn_poller_get_stats(app.poller, &stats);
	(void)printf("slept %" PRIu64 " times, lost wake-ups: %" PRIu64 "\n", stats.sleeps,
		     stats.lost_wakeups);
}

/* In the reverse order; what is not there is NULL. */
static void end(void)
{
	(void)fn_poller_destroy(app.poller);
	(void)fn_dev_close(app.dev);
	if (app.pool && fn_pool_destroy(app.pool) == 0)
		(void)fn_ctx_destroy(app.ctx);
	if (app.socket >= 0)
		(void)close(app.socket);
}

int main(int argc, char **argv)
{
	const struct sigaction action = { .sa_handler = on_signal };
	char *rest = NULL;
	int ret;

	if (argc == 4)
		app.seconds_left = (unsigned)strtoul(argv[3], &rest, 10);
	if (argc < 3 || argc > 4 || (rest && *rest)) {
		(void)fprintf(stderr, "Usage: uring_loop NIC UDP-PORT [SECONDS]\n");
		return 2;
	}
	app.socket = -1;
	ret = socket_open(argv[2]);
	if (!ret && (port_start(argv[1]) || poller_start())) {
		(void)fprintf(stderr, "uring_loop: %s\n", fn_error_last());
		ret = -1;
	}
	if (!ret) {
		(void)sigaction(SIGINT, &action, NULL);
		(void)sigaction(SIGTERM, &action, NULL);
		next_query();
		ask_for(REQUEST_SECOND);
		ret = fn_poller_run(app.poller);
		(void)signal(SIGINT, SIG_DFL);
		(void)signal(SIGTERM, SIG_DFL);
		print_sleeps();
	}
	end();
	return ret || app.failed ? 1 : 0;
}
