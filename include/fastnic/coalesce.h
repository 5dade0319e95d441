/* SPDX-License-Identifier: BSD-3-Clause */
/* Interrupt coalescing: how long a device holds an interrupt back to tell of more at once. */
#ifndef FASTNIC_COALESCE_H
#define FASTNIC_COALESCE_H

#include <fastnic/error.h>

FN_BEGIN_DECLS

struct fn_dev;

/**
 * struct fn_coalesce - when a device interrupts
 * @sz: sizeof(struct fn_coalesce); set by the caller also of a call that fills the rest
 * @err: where the sentence of a failure goes, or NULL; set by the caller likewise
 * @rx_delay_ns: longest wait after a received packet; 0: none
 * @tx_delay_ns: longest wait after a finished packet; 0: none
 * @rx_packets: do not wait any longer when that many packets are there; 0 or 1: the delay alone
 *	holds. More needs @rx_delay_ns, which is what bounds the wait
 * @tx_packets: the same for finished packets
 */
struct fn_coalesce {
	size_t sz;
	struct fn_error *err;
	uint32_t rx_delay_ns;
	uint32_t tx_delay_ns;
	uint32_t rx_packets;
	uint32_t tx_packets;
};

/**
 * fn_dev_set_coalesce - change when a device interrupts
 * @dev: the device, with FN_CAP_COALESCE
 * @c: the choice; copied
 *
 * Any thread, in any state; it holds over stop, start and reset. Delays are rounded up to what the
 * device can do (&fn_dev_info.coalesce_unit_ns): fn_dev_get_coalesce() tells to what.
 *
 * Return: 0; -EINVAL for packets to wait for without a delay, or for a struct that is newer than
 * the library; -ERANGE for more than the device can do (the sentence says what it can); -ENOTSUP
 * without FN_CAP_COALESCE, or for a limit of packets that it does not have; -EIO; -ENODEV.
 */
FN_API int fn_dev_set_coalesce(struct fn_dev *dev, const struct fn_coalesce *c);

/**
 * fn_dev_get_coalesce - when a device interrupts
 * @dev: the device, with FN_CAP_COALESCE
 * @c: filled but for @sz and @err, which the caller sets
 *
 * Any thread.
 *
 * Return: 0; -EINVAL for no struct; -ENOTSUP without FN_CAP_COALESCE; -ENODEV.
 */
FN_API int fn_dev_get_coalesce(struct fn_dev *dev, struct fn_coalesce *c);

FN_END_DECLS

#endif
