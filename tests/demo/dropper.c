// SPDX-License-Identifier: BSD-3-Clause
/* A way to send that loses one packet in 10,000 and tells nobody: the demo must notice. */
#include "dropper.h"

#undef fn_poller_send

#define DROP_EVERY 10000

/* Packets sent since the last that was lost, on all queues: l2fwd must run with one worker. */
static unsigned sent_since;

static unsigned min(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

unsigned dropper_send(struct fn_poller_tx *tx, struct fn_pkt **pkts, unsigned n)
{
	unsigned taken = 0;

	while (taken < n) {
		unsigned want = min(n - taken, DROP_EVERY - 1 - sent_since);
		unsigned sent = want ? fn_poller_send(tx, pkts + taken, want) : 0;

		sent_since += sent;
		taken += sent;
		if (sent < want)
			break;
		if (taken < n) {
			fn_pkt_free(pkts[taken]);
			taken++;
			sent_since = 0;
		}
	}
	return taken;
}
