/* SPDX-License-Identifier: BSD-3-Clause */
/* Flow control by PAUSE frames (802.3 annex 31B): what is offered, agreed on and done. */
#ifndef INTEL_PAUSE_H
#define INTEL_PAUSE_H

#include <fastnic/link.h>

/* What this end does. */
#define INTEL_PAUSE_RX 1u
#define INTEL_PAUSE_TX 2u

/* What the advertisement says of it: INTEL_ADVERTISE_PAUSE, INTEL_ADVERTISE_ASYM. */
uint16_t intel_pause_advertised(const struct fn_link_conf *c);

/* What both advertisements come to: INTEL_PAUSE_RX, INTEL_PAUSE_TX. */
unsigned intel_pause_agreed(uint16_t own, uint16_t partner);

/* Behind a reset: how PAUSE frames look, and when they are sent if they are. */
void intel_pause_start(struct fn_dev *dev);

/* The link is up: do what was agreed on, or what @c forces. 0, -EIO, -ENODEV. */
int intel_pause_apply(struct fn_dev *dev, const struct fn_link_conf *c, bool full_duplex,
		      unsigned agreed);

#endif
