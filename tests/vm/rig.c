// SPDX-License-Identifier: BSD-3-Clause
/* Two NICs that face each other, and checks that say what they check: for tests in a guest. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rig.h"

#define FRAME_BYTES 200

static bool failed;

bool check(bool ok, const char *fmt, ...)
{
	va_list args;

	(void)fputs(ok ? "ok: " : "FAIL: ", stdout);
	va_start(args, fmt);
	(void)vprintf(fmt, args);
	va_end(args);
	(void)putchar('\n');
	(void)fflush(stdout);
	failed |= !ok;
	return ok;
}

bool any_failure(void)
{
	return failed;
}

void must(int ret, const char *what)
{
	if (!ret)
		return;
	(void)check(false, "%s returns %d: %s", what, ret, fn_error_last());
	exit(1);
}

void rig_create(struct rig *rig)
{
	struct fn_ctx_opts opts = { .sz = sizeof(opts), .page_bytes = rig->page_bytes };

	must(fn_ctx_create(&opts, &rig->ctx), "fn_ctx_create");
	must(fn_pool_create(rig->ctx, NULL, &rig->pool), "fn_pool_create");
}

void rig_destroy(struct rig *rig)
{
	must(fn_pool_destroy(rig->pool), "fn_pool_destroy");
	must(fn_ctx_destroy(rig->ctx), "fn_ctx_destroy");
}

void rig_open(struct rig *rig)
{
	for (unsigned i = 0; i < 2; i++)
		must(fn_dev_open(rig->ctx, rig->name[i], NULL, &rig->dev[i]), "fn_dev_open");
}

void rig_configure(struct rig *rig)
{
	struct fn_dev_conf conf = { .sz = sizeof(conf), .pool = rig->pool, .promisc = true };

	for (unsigned i = 0; i < 2; i++)
		must(fn_dev_configure(rig->dev[i], &conf), "fn_dev_configure");
}

void rig_start(struct rig *rig)
{
	for (unsigned i = 0; i < 2; i++)
		must(fn_dev_start(rig->dev[i]), "fn_dev_start");
}

void rig_stop(struct rig *rig)
{
	for (unsigned i = 0; i < 2; i++)
		must(fn_dev_stop(rig->dev[i]), "fn_dev_stop");
}

void rig_close(struct rig *rig)
{
	for (unsigned i = 0; i < 2; i++) {
		must(fn_dev_close(rig->dev[i]), "fn_dev_close");
		rig->dev[i] = NULL;
	}
}

static bool frame_is(const struct fn_pkt *pkt, uint8_t mark)
{
	for (unsigned i = 12; i < FRAME_BYTES; i++)
		if (pkt->data[i] != (uint8_t)(mark + i))
			return false;
	return pkt->len == FRAME_BYTES;
}

static struct fn_pkt *receive_one(struct fn_rxq *rxq, uint8_t mark)
{
	const struct timespec pause = { 0, 1000000 };
	struct fn_pkt *pkt;

	for (int ms = 0; ms < 2000; ms++) {
		if (fn_rx_burst(rxq, &pkt, 1)) {
			if (frame_is(pkt, mark))
				return pkt;
			(void)check(false, "a frame of %u bytes came that nobody sent", pkt->len);
			fn_pkt_free(pkt);
			return NULL;
		}
		(void)nanosleep(&pause, NULL);
	}
	(void)check(false, "no frame came within 2 s");
	return NULL;
}

struct fn_pkt *send_one(struct rig *rig, unsigned from, uint8_t mark)
{
	struct fn_pkt *pkt = fn_pkt_alloc(rig->pool);
	uint8_t *data = pkt ? fn_pkt_append(pkt, FRAME_BYTES) : NULL;

	if (!data) {
		(void)check(false, "the pool has a packet of %u bytes", FRAME_BYTES);
		return NULL;
	}
	memset(data, 0xff, 12);
	for (unsigned i = 12; i < FRAME_BYTES; i++)
		data[i] = (uint8_t)(mark + i);
	if (fn_tx_burst(fn_dev_txq(rig->dev[from], 0), &pkt, 1) != 1) {
		(void)check(false, "the transmit queue takes a frame");
		fn_pkt_free(pkt);
		return NULL;
	}
	return receive_one(fn_dev_rxq(rig->dev[!from], 0), mark);
}
