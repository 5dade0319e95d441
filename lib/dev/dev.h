/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of lib/dev share; drivers see driver.h alone. */
#ifndef FN_DEV_DEV_H
#define FN_DEV_DEV_H

#include <errno.h>

#include "dev/driver.h"

/* fn_dev_open() on any bus: what tests call to bring their own. */
int fn_dev_open_on(struct fn_ctx *ctx, const struct fn_bus_ops *bus, const char *name,
		   const struct fn_dev_opts *opts, struct fn_dev **dev);

/* registry.c: the driver for a function, or NULL. */
const struct fn_driver *fn_registry_find(uint16_t vendor_id, uint16_t device_id);

/* registry.c: all functions that have a driver, in words, for a message. */
void fn_registry_describe(char *text, size_t bytes);

/* queue.c: the queues of a device, stopped, made after its driver's open has set the limits. */
int fn_queues_create(struct fn_dev *dev);
void fn_queues_destroy(struct fn_dev *dev);

/*
 * queue.c: no burst of the application reaches the driver any more; a queue that ran gets @status.
 */
void fn_queues_stub(struct fn_dev *dev, int status);

/*
 * queue.c: the driver has stopped; a queue that was broken is stopped like the others, and that it
 * was is no news any more.
 */
void fn_queues_down(struct fn_dev *dev);

/* claim.c: what is zero becomes the default, or less where the device has less. */
void fn_conf_defaults(uint32_t rx_ring_max, uint32_t tx_ring_max, uint32_t mtu_max,
		      struct fn_dev_conf *conf);

/*
 * claim.c: a pool that runs dry with nothing wrong is the worst of errors: it shows under load
 * only. So all that can hold packets is added up when a device is configured, where it can still be
 * mended: -ENOSPC with the sum. On success @dev has its claim; the caller puts @former back with
 * fn_claim_set() when the rest of the configuration fails.
 */
int fn_claim_pool(struct fn_dev *dev, const struct fn_dev_conf *conf, struct fn_pool_claim *former);
void fn_claim_set(struct fn_dev *dev, struct fn_pool_claim claim);

/* config.c: the device signals no eventfd of its configuration any more. Always completes. */
int fn_config_silence(struct fn_dev *dev);

/* config.c: let go of the caches and eventfds of a configuration; the bus may be closed by now. */
void fn_config_release(struct fn_dev *dev);

/* config.c: wire MSI-X to the eventfds of the configuration in force once more. */
int fn_config_rewire(struct fn_dev *dev);

/* rss.c: a key of the device's own, at open; and flows spread evenly over @rxqs queues. */
int fn_rss_init(struct fn_dev *dev);
void fn_rss_spread(struct fn_dev *dev, unsigned rxqs);

/* offload.c: the device has all of @wanted, or an error that names what it has not. */
int fn_dev_check_offloads(const struct fn_dev *dev, uint64_t wanted);

/* The device is gone, or asked back. */
static inline bool fn_dev_is_lost(const struct fn_dev *dev)
{
	return __atomic_load_n(&dev->status, __ATOMIC_ACQUIRE) == -ENODEV;
}

/* dev.c: whether control calls make sense: 0, or -ENODEV with a sentence. */
int fn_dev_check_present(struct fn_dev *dev);

/* cap.c: -ENOTSUP, with a sentence, when the device lacks a capability (FN_CAP_*). */
int fn_dev_check_cap(const struct fn_dev *dev, uint64_t cap);

/* cap.c: the device is there and has the capability: 0, -ENODEV or -ENOTSUP with a sentence. */
int fn_dev_check_can(struct fn_dev *dev, uint64_t cap);

/*
 * call.c: the whole of a public call that takes a struct of the caller's, called @name: @set has it
 * as @ours, of @ours_bytes.
 */
int fn_dev_take_in(struct fn_dev *dev, const char *name, const void *theirs, void *ours,
		   size_t ours_bytes, int (*set)(struct fn_dev *dev, void *ours));

/*
 * call.c: the whole of a public call that fills a struct of the caller's, called @name, which has a
 * place for a sentence: @get does so when it does not fail, with fn_info_put_err().
 */
int fn_dev_hand_out(struct fn_dev *dev, const char *name, void *theirs,
		    int (*get)(struct fn_dev *dev, void *theirs));

/* cap.c: 0, or -EINVAL with a sentence when the device is not configured. */
int fn_dev_check_configured(const struct fn_dev *dev);

/* dev.c: fn_dev_start() and fn_dev_stop() for who holds the device's lock. */
int fn_dev_start_held(struct fn_dev *dev);
int fn_dev_stop_held(struct fn_dev *dev);

/*
 * dev.c: a device that is stopped, and mended first where it is broken, may reach memory and send
 * MSI-X messages, and may no longer.
 */
int fn_dev_master_on(struct fn_dev *dev);
int fn_dev_master_off(struct fn_dev *dev);

/* loopback.c: the test, on a device that is configured and not started, and is so afterwards. */
enum fn_selftest_verdict fn_loopback_test(struct fn_dev *dev, char text[FN_SELFTEST_TEXT_BYTES]);

/* diag.c: the driver has reset the device: a LED that is to blink does so again. */
void fn_identify_again(struct fn_dev *dev);

#endif
