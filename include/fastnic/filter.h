/* SPDX-License-Identifier: BSD-3-Clause */
/* Which frames a device lets in: station addresses, groups, VLANs. */
#ifndef FASTNIC_FILTER_H
#define FASTNIC_FILTER_H

#include <fastnic/base.h>

FN_BEGIN_DECLS

struct fn_dev;

/*
 * How exactly a device filters the addresses of fn_dev_set_mac_filters(). What its modes let in
 * (fn_dev_set_promisc(), fn_dev_set_allmulti()) comes on top. The list only grows.
 */
enum fn_filter_mode {
	FN_FILTER_NONE, /* it is not started: nothing comes in */
	/* One by one: they let in no other address. Of virtio-net a guess: it may be coarser. */
	FN_FILTER_EXACT,
	FN_FILTER_HASH,      /* some by a hash, which some other addresses share */
	FN_FILTER_ALL_MULTI, /* too many groups: all group addresses come in */
	FN_FILTER_ALL,       /* too many: all addresses come in */
};

/*
 * A device receives frames for its own address, for all (broadcast), and what these calls add.
 * Each may come in any state, and holds over stop, start and reset. On failure the former setting
 * holds.
 */

/**
 * fn_dev_set_mac - change the station address
 * @dev: the device
 * @mac: six bytes, not a group address and not zero
 *
 * Any thread.
 *
 * Return: 0; -EINVAL for the address; -ENOTSUP without FN_CAP_SET_MAC; -EIO; -ENODEV.
 */
FN_API int fn_dev_set_mac(struct fn_dev *dev, const uint8_t mac[6]);

/**
 * fn_dev_set_promisc - receive frames for any address, or for the chosen ones only
 * @dev: the device
 * @on: any address
 *
 * Any thread. It holds until the next fn_dev_configure(), which sets the mode as
 * &fn_dev_conf.promisc says.
 *
 * A device that has no such mode, because it always lets all frames in, says so with
 * &fn_dev_info.promisc: it takes on, and refuses off.
 *
 * Return: 0; -ENOTSUP without FN_CAP_PROMISC; -EIO; -ENODEV.
 */
FN_API int fn_dev_set_promisc(struct fn_dev *dev, bool on);

/**
 * fn_dev_set_allmulti - receive frames for any group address, or for the chosen ones only
 * @dev: the device
 * @on: any group address
 *
 * Any thread.
 *
 * Return: 0; -ENOTSUP without FN_CAP_ALLMULTI; -EIO; -ENODEV.
 */
FN_API int fn_dev_set_allmulti(struct fn_dev *dev, bool on);

/**
 * fn_dev_set_mac_filters - receive frames for more addresses
 * @dev: the device
 * @macs: all of them, @n times six bytes in a row, group addresses and others mixed; copied
 * @n: how many; 0: none but the station address and broadcast
 *
 * Any thread. The list takes the place of the former one. Addresses that the device cannot filter
 * one by one, because it has no table for them or because they are more than
 * &fn_dev_info.max_mac_exact, are let in more coarsely, up to all frames:
 * &fn_dev_info.mac_filter_mode tells.
 *
 * Return: 0; -EINVAL for an address that is zero; -ENOTSUP without FN_CAP_MAC_FILTERS; -ENOSPC when
 * the device takes fewer (&fn_dev_info.max_mac_filters); -ENOMEM; -EIO; -ENODEV.
 */
FN_API int fn_dev_set_mac_filters(struct fn_dev *dev, const uint8_t (*macs)[6], unsigned n);

/**
 * fn_dev_add_vlan - let in the frames of a VLAN
 * @dev: the device, configured with FN_OFFLOAD_VLAN_FILTER
 * @vid: VLAN, 0 to 4095; one that is let in already stays so
 *
 * Any thread. Frames without a tag always come in; of tagged ones, with the offload on, only those
 * of the VLANs that were let in. With FN_OFFLOAD_VLAN_OUTER the tag is the inner one (offload.h).
 * The choice is forgotten when the offload is configured off.
 *
 * Return: 0; -EINVAL for the VLAN; -ENOTSUP without the offload; -EIO; -ENODEV.
 */
FN_API int fn_dev_add_vlan(struct fn_dev *dev, uint16_t vid);

/**
 * fn_dev_del_vlan - let in the frames of a VLAN no longer
 * @dev: the device, configured with FN_OFFLOAD_VLAN_FILTER
 * @vid: VLAN, 0 to 4095; one that is not let in stays so
 *
 * Any thread.
 *
 * Return: as fn_dev_add_vlan().
 */
FN_API int fn_dev_del_vlan(struct fn_dev *dev, uint16_t vid);

FN_END_DECLS

#endif
