/* SPDX-License-Identifier: BSD-3-Clause */
/* In front of forward.c (-include) for l2fwd-dropper: its fn_poller_send() is dropper.c's. */
#ifndef DROPPER_H
#define DROPPER_H

#include <fastnic/fastnic.h>

unsigned dropper_send(struct fn_poller_tx *tx, struct fn_pkt **pkts, unsigned n);

/* fastnic's own declaration stands above and is not touched by this. */
#define fn_poller_send dropper_send

#endif
