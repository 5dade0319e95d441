// SPDX-License-Identifier: BSD-3-Clause
/* QEMU's own models through tests/qtest: each behaviour has a QEMU of its own. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "conform/conform.h"
#include "conform/places/qtest.h"
#include "conform/ref_csum.h"
#include "dev/dev.h"
#include "qtest/qtest.h"

/* Of all QEMUs of this process there is one at a time. */
struct world {
	struct qtest *q;
	bool tap;
};

static struct world world;

static struct qtest_opts opts_for(const struct conform_place *place, unsigned needs)
{
	const struct qtest_device *device = place->arg;
	const bool queues = (needs & NEED_QUEUES) && !device->does_all;
	const bool tap = queues || (needs & (device->does_all ? NEED_GSO : NEED_REQUESTS));

	return (struct qtest_opts){
		.nics = { { .model = device->model,
			    .props = tap ? device->tap_props : device->props,
			    .wire = tap ? QTEST_TAP : QTEST_DGRAM,
			    .queues = queues ? device->queues : 1,
			    .root_port = (needs & NEED_UNPLUG) || device->root_port } },
		.time = needs & NEED_REALTIME ? QTEST_TIME_REAL : QTEST_TIME_JUMPS,
	};
}

/* Which QEMU takes longer to find than to start, and what is found is kept: once for all. */
static int q_prepare(const struct conform_place *place, char *why, size_t bytes)
{
	const struct qtest_opts opts = opts_for(place, 0);
	struct qtest *q;
	const int ret = qtest_start(&opts, &q);

	if (ret)
		(void)snprintf(why, bytes, "%s", fn_error_last());
	else
		(void)qtest_stop(q, NULL);
	return ret;
}

static void q_begin(struct conform *c)
{
	const struct qtest_opts opts = opts_for(c->place, c->behaviour->needs);
	const int ret = qtest_start(&opts, &world.q);

	if (ret == -EOPNOTSUPP)
		conform_skip(c, "%s", fn_error_last());
	check_ok(ret);
	world.tap = opts.nics[0].wire == QTEST_TAP;
	c->world = &world;
}

static void q_end(struct conform *c, bool judge)
{
	struct qtest_report report;

	c->world = NULL;
	if (!qtest_stop(world.q, &report))
		return;
	if (judge)
		conform_fail(c, __FILE__, __LINE__, "%s", report.text);
	/* The body has failed, and this may be why: QEMU's last words, for example. */
	(void)fprintf(stderr, "%s\n", report.text);
}

static int q_open(struct conform *c, struct fn_dev **dev)
{
	const struct fn_dev_opts opts = { .sz = sizeof(opts), .err = &c->err };

	return fn_dev_open_on(c->ctx, &qtest_bus, qtest_name(world.q, 0), &opts, dev);
}

/* On a cable there are whole frames only: what a sender leaves to others is done before. */
static int q_send_done(struct conform *c, const struct wire_request *request, const void *frame,
		       size_t len)
{
	static uint8_t done[FRAME_MAX];

	check(len <= sizeof(done));
	memcpy(done, frame, len);
	check(ref_csum_request(done, len, request));
	return qtest_send(world.q, 0, done, len);
}

static int q_send(struct conform *c, const struct wire_request *request, const void *frame,
		  size_t len)
{
	if (!request)
		return qtest_send(world.q, 0, frame, len);
	if (!world.tap)
		return q_send_done(c, request, frame, len);
	return qtest_send_request(world.q, 0, request, frame, len);
}

static size_t q_recv(struct conform *c, struct wire_request *request, void *buf, size_t bytes)
{
	(void)c;
	*request = (struct wire_request){ 0 };
	if (!world.tap)
		return qtest_recv(world.q, 0, buf, bytes, 0);
	return qtest_recv_request(world.q, 0, request, buf, bytes, 0);
}

static uint64_t q_now_ns(struct conform *c)
{
	struct timespec ts;

	(void)c;
	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void q_wait(struct conform *c, uint64_t ns)
{
	const struct timespec pause = { .tv_nsec = (long)ns };

	(void)c;
	(void)nanosleep(&pause, NULL);
}

/* While the test takes no frame there is soon no room, and the device has to wait. */
static void q_stall(struct conform *c, bool on)
{
	(void)c;
	(void)on;
}

static void q_link(struct conform *c, bool up)
{
	check_ok(qtest_set_link(world.q, 0, up));
}

static void q_unplug(struct conform *c)
{
	check_ok(qtest_unplug(world.q, 0));
}

static void q_release(struct conform *c)
{
	check_ok(qtest_request_release(world.q, 0));
}

static void q_error(struct conform *c)
{
	check_ok(qtest_raise_error(world.q, 0));
}

static void q_announce(struct conform *c)
{
	check_ok(qtest_qmp(world.q, NULL, 0,
			   "{\"execute\":\"announce-self\",\"arguments\":{\"initial\":50,"
			   "\"max\":50,\"rounds\":1,\"step\":10}}"));
}

const struct place_ops place_qtest = {
	.prepare = q_prepare,
	.begin = q_begin,
	.end = q_end,
	.open = q_open,
	.send = q_send,
	.recv = q_recv,
	.now_ns = q_now_ns,
	.wait = q_wait,
	.stall = q_stall,
	.link = q_link,
	.unplug = q_unplug,
	.release = q_release,
	.error = q_error,
	.announce = q_announce,
};
