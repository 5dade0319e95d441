/* SPDX-License-Identifier: BSD-3-Clause */
/* The link of a copper port: negotiated, forced or looped back, and its flow control. */
#ifndef INTEL_LINK_H
#define INTEL_LINK_H

#include <fastnic/link.h>

/*
 * What all members can; half duplex at 1 Gb/s none, as the features say on their papers' first
 * pages. 1000BASE-T negotiates who is the master, so that it cannot be forced (802.3 40.5.1).
 */
#define INTEL_LINK_MODES                                                           \
	(FN_LINK_10_HALF | FN_LINK_10_FULL | FN_LINK_100_HALF | FN_LINK_100_FULL | \
	 FN_LINK_1000_FULL)
#define INTEL_LINK_FORCED_MODES \
	(FN_LINK_10_HALF | FN_LINK_10_FULL | FN_LINK_100_HALF | FN_LINK_100_FULL)

/*
 * Bring the link up behind a reset, as &fn_dev.link_conf says or looped back; does not wait for it.
 * 0, -EIO, -ENODEV.
 */
int intel_link_start(struct fn_dev *dev);

/* In front of a reset that ends all: the PHY is out of loopback. */
void intel_link_stop(struct fn_dev *dev);

/* The link went down or came up: read and apply what negotiation brought. */
void intel_link_changed(struct fn_dev *dev);

/* As in &struct fn_driver_ops. */
int intel_link(struct fn_dev *dev, struct fn_link *link);
int intel_set_link_conf(struct fn_dev *dev, const struct fn_link_conf *c);

#endif
