/* SPDX-License-Identifier: BSD-3-Clause */
/* The link: its state, and how it comes about: speeds, negotiation, flow control. */
#ifndef FASTNIC_LINK_H
#define FASTNIC_LINK_H

#include <fastnic/error.h>

FN_BEGIN_DECLS

struct fn_dev;

/**
 * struct fn_link - the state of the link
 * @sz: set by the caller to sizeof(struct fn_link); the library writes no further
 * @err: where the sentence of a failure goes, or NULL; set by the caller
 * @up: frames can pass
 * @full_duplex: both directions at once
 * @speed_mbps: megabits per second, or 0 when the device does not say
 * @autoneg: both ends negotiated it; false also when the device does not say
 * @rx_pause: the port stops sending when the other end asks it to (802.3 annex 31B)
 * @tx_pause: the port asks the other end to stop when its receive memory fills up
 */
struct fn_link {
	size_t sz;
	struct fn_error *err;
	bool up;
	bool full_duplex;
	uint32_t speed_mbps;
	bool autoneg;
	bool rx_pause;
	bool tx_pause;
};

/**
 * fn_dev_get_link - ask for the state of the link
 * @dev: the device
 * @link: filled but for @sz and @err, which the caller sets
 *
 * Any thread; reads the device.
 *
 * Return: 0; -EINVAL for no struct; -EIO when the device does not say; -ENODEV.
 */
FN_API int fn_dev_get_link(struct fn_dev *dev, struct fn_link *link);

/*
 * Link modes: bits of &fn_link_conf.advertise, &fn_dev_info.link_modes and
 * &fn_dev_info.link_forced_modes. The list only grows.
 */
#define FN_LINK_10_HALF (1u << 0)
#define FN_LINK_10_FULL (1u << 1)
#define FN_LINK_100_HALF (1u << 2)
#define FN_LINK_100_FULL (1u << 3)
#define FN_LINK_1000_HALF (1u << 4)
#define FN_LINK_1000_FULL (1u << 5)
#define FN_LINK_2500_FULL (1u << 6)
#define FN_LINK_5000_FULL (1u << 7)
#define FN_LINK_10000_FULL (1u << 8)

/**
 * struct fn_link_conf - how the link comes about; zero means the default
 * @sz: sizeof(struct fn_link_conf); set by the caller also of a call that fills the rest
 * @err: where the sentence of a failure goes, or NULL; set by the caller likewise
 * @forced: do not negotiate: @speed_mbps and @full_duplex hold, and the other end must be set to
 *	the same by hand. Default: negotiate
 * @full_duplex: of a forced link: both directions at once
 * @pause_forced: @rx_pause and @tx_pause hold whatever the other end says. Default: they are
 *	offered to it, and what both ends agree on holds (802.3 annex 28B)
 * @rx_pause: stop sending when the other end asks for it; default no
 * @tx_pause: ask the other end to stop when receive memory fills up, so that frames wait there and
 *	are not dropped here; default no
 * @speed_mbps: of a forced link: megabits per second; else 0
 * @advertise: of a negotiated link: FN_LINK_10_HALF and its sisters that may come about; default
 *	all of &fn_dev_info.link_modes
 *
 * Flow control is of full duplex: a link that comes up with half duplex has none.
 */
struct fn_link_conf {
	size_t sz;
	struct fn_error *err;
	bool forced;
	bool full_duplex;
	bool pause_forced;
	bool rx_pause;
	bool tx_pause;
	uint32_t speed_mbps;
	uint32_t advertise;
};

/**
 * fn_dev_set_link_conf - choose how the link comes about
 * @dev: the device, with FN_CAP_LINK_CONF
 * @conf: the choice; copied
 *
 * Any thread, in any state; it holds over stop, start and reset. On a started device the link goes
 * down and comes back as chosen, which takes seconds when it is negotiated: FN_EVENT_LINK tells. On
 * failure the former choice holds.
 *
 * Return: 0; -EINVAL for a choice that contradicts itself, for a mode that no link has, or for a
 * struct that is newer than the library; -ENOTSUP without FN_CAP_LINK_CONF, for a mode that the
 * device does not have or cannot be forced to (the sentence names it), or for flow control without
 * FN_CAP_PAUSE; -EIO; -ENODEV.
 */
FN_API int fn_dev_set_link_conf(struct fn_dev *dev, const struct fn_link_conf *conf);

/**
 * fn_dev_get_link_conf - how the link comes about
 * @dev: the device, with FN_CAP_LINK_CONF
 * @conf: filled but for @sz and @err, which the caller sets; @advertise names the modes also where
 *	the default was chosen
 *
 * Any thread. What came about, fn_dev_get_link() tells.
 *
 * Return: 0; -EINVAL for no struct; -ENOTSUP without FN_CAP_LINK_CONF; -ENODEV.
 */
FN_API int fn_dev_get_link_conf(struct fn_dev *dev, struct fn_link_conf *conf);

FN_END_DECLS

#endif
