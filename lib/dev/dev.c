// SPDX-License-Identifier: BSD-3-Clause
/* The life of a device from open to close. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/opts.h"
#include "bus/pci/scan.h"
#include "dev/attach.h"
#include "dev/dev.h"
#include "dev/events.h"

int fn_dev_check_present(struct fn_dev *dev)
{
	if (!fn_dev_is_lost(dev))
		return 0;
	return fn_fail(-ENODEV, "%s is gone or the kernel wants it back: fn_dev_close() it",
		       dev->bus->name);
}

int fn_dev_mark_gone(struct fn_dev *dev)
{
	__atomic_store_n(&dev->status, -ENODEV, __ATOMIC_RELEASE);
	/* Also of one that was asked back before, and has the status already. */
	if (!__atomic_exchange_n(&dev->gone, true, __ATOMIC_ACQ_REL))
		fn_dev_raise(dev, FN_EVENT_GONE);
	if (dev->rxqs && dev->txqs)
		fn_queues_stub(dev, -ENODEV);
	return fn_fail(-ENODEV,
		       "%s does not answer any more: it was removed or has failed; close it",
		       dev->bus->name);
}

void fn_dev_mark_broken(struct fn_dev *dev, const char *fmt, ...)
{
	int here = 0;
	char why[256];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(why, sizeof(why), fmt, args);
	va_end(args);
	/* A device that is gone is worse off than a broken one. */
	if (!__atomic_compare_exchange_n(&dev->status, &here, -EIO, false, __ATOMIC_ACQ_REL,
					 __ATOMIC_ACQUIRE))
		return;
	fn_log(dev->ctx, FN_LOG_ERROR, "%s is broken: %s; fn_dev_reset() mends it", dev->bus->name,
	       why);
	if (dev->state == FN_DEV_STARTED)
		fn_queues_stub(dev, -EIO);
	fn_dev_raise(dev, FN_EVENT_DEVICE_ERROR);
}

/* Put the device into the context's list; -EBUSY when its address is there already. */
static int list_enter(struct fn_dev *dev, const char *name)
{
	struct fn_ctx *ctx = dev->ctx;
	struct fn_list *pos;
	int ret = 0;

	(void)pthread_mutex_lock(&ctx->lock);
	fn_list_for_each(pos, &ctx->devs)
		if (fn_pci_addr_equal(&fn_container_of(pos, struct fn_dev, node)->addr, &dev->addr))
			ret = fn_fail(-EBUSY, "%s is open already: name each port once", name);
	if (!ret) {
		dev->id = ctx->next_dev_id++;
		fn_list_add_tail(&ctx->devs, &dev->node);
	}
	(void)pthread_mutex_unlock(&ctx->lock);
	return ret;
}

static void list_ready(struct fn_dev *dev, bool ready)
{
	(void)pthread_mutex_lock(&dev->ctx->lock);
	dev->ready = ready;
	(void)pthread_mutex_unlock(&dev->ctx->lock);
}

/* The address is free again: the last step of close, when nothing of the device is left. */
static void list_leave(struct fn_dev *dev)
{
	(void)pthread_mutex_lock(&dev->ctx->lock);
	fn_list_del(&dev->node);
	(void)pthread_mutex_unlock(&dev->ctx->lock);
}

static int no_driver(const char *name, uint16_t vendor_id, uint16_t device_id)
{
	char known[FN_ERROR_TEXT_BYTES / 2];

	fn_registry_describe(known, sizeof(known));
	return fn_fail(-ENOTSUP, "%s (%04x:%04x) has no driver in fastnic, which drives: %s", name,
		       vendor_id, device_id, known);
}

/* The driver's part of open, and what needs to know its limits. */
static int dev_probe(struct fn_dev *dev)
{
	int ret;

	dev->priv = calloc(1, dev->drv->dev_bytes);
	if (!dev->priv)
		return fn_fail(-ENOMEM, "%s: out of memory", dev->bus->name);
	ret = dev->drv->ops->open(dev);
	if (ret)
		goto free_priv;
	memcpy(dev->mac, dev->limits.mac, sizeof(dev->mac));
	dev->promisc = dev->limits.always_promisc;
	dev->coalesce.sz = sizeof(dev->coalesce);
	dev->link_conf.sz = sizeof(dev->link_conf);
	dev->link_conf.advertise = dev->limits.link_modes;
	ret = fn_rss_init(dev);
	if (!ret)
		ret = fn_queues_create(dev);
	if (ret)
		goto close_drv;
	ret = fn_events_watch(dev, FN_SOURCE_REQUEST, dev->bus->req_fd);
	if (ret)
		goto destroy_queues;
	ret = fn_events_watch(dev, FN_SOURCE_ERROR, dev->bus->err_fd);
	if (ret)
		goto unwatch;
	return 0;

unwatch:
	fn_events_unwatch(dev, dev->bus->req_fd);
destroy_queues:
	fn_queues_destroy(dev);
close_drv:
	(void)dev->drv->ops->close(dev);
free_priv:
	free(dev->priv);
	return ret;
}

/* A device that is in the list already: claim it and bring it up. */
static int dev_bring_up(struct fn_dev *dev, const struct fn_bus_ops *bus)
{
	int ret = bus->open(dev->ctx, &dev->addr, &dev->bus);

	if (ret)
		return ret;
	dev->drv = fn_registry_find(dev->bus->vendor_id, dev->bus->device_id);
	if (!dev->drv)
		ret = no_driver(dev->bus->name, dev->bus->vendor_id, dev->bus->device_id);
	else
		ret = dev_probe(dev);
	if (ret)
		bus->close(dev->bus);
	return ret;
}

static int dev_open(struct fn_ctx *ctx, const struct fn_bus_ops *bus, const char *name,
		    struct fn_dev **out)
{
	struct fn_dev *dev = calloc(1, sizeof(*dev));
	int ret;

	if (!dev)
		return fn_fail(-ENOMEM, "%s: out of memory", name ? name : "");
	dev->ctx = ctx;
	(void)pthread_mutex_init(&dev->lock, NULL);
	if (!name || !fn_pci_addr_parse(name, &dev->addr))
		ret = fn_fail(-EINVAL, "\"%s\" is no PCI address such as 0000:00:03.0",
			      name ? name : "");
	else
		ret = list_enter(dev, name);
	if (ret)
		goto free_dev;
	ret = dev_bring_up(dev, bus);
	if (ret)
		goto leave;
	list_ready(dev, true);
	fn_log(ctx, FN_LOG_INFO, "%s: open (%s, %s)", dev->bus->name, dev->drv->name, bus->name);
	*out = dev;
	return 0;

leave:
	list_leave(dev);
free_dev:
	(void)pthread_mutex_destroy(&dev->lock);
	free(dev);
	return ret;
}

int fn_dev_open_on(struct fn_ctx *ctx, const struct fn_bus_ops *bus, const char *name,
		   const struct fn_dev_opts *opts, struct fn_dev **dev)
{
	struct fn_dev_opts o;

	if (!fn_opts_get(&o, sizeof(o), opts))
		return fn_report(ctx, fn_opts_err(opts), fn_opts_fail("fn_dev_opts"));
	return fn_report(ctx, o.err, dev_open(ctx, bus, name, dev));
}

/*
 * A NIC without a driver here should be told so before its owner is asked to bind it to vfio-pci
 * for nothing. What does not even exist is the bus's to say.
 */
static int check_supported(const char *name)
{
	struct fn_pci_info info;
	struct fn_pci_addr addr;

	if (!name || !fn_pci_addr_parse(name, &addr) || fn_pci_find(&addr, &info))
		return 0;
	if (fn_registry_find(info.vendor_id, info.device_id))
		return 0;
	return no_driver(info.bdf, info.vendor_id, info.device_id);
}

int fn_dev_open(struct fn_ctx *ctx, const char *name, const struct fn_dev_opts *opts,
		struct fn_dev **dev)
{
	int ret = check_supported(name);

	if (ret)
		return fn_report(ctx, fn_opts_err(opts), ret);
	return fn_dev_open_on(ctx, &fn_bus_vfio, name, opts, dev);
}

static bool is_broken(const struct fn_dev *dev)
{
	return __atomic_load_n(&dev->status, __ATOMIC_ACQUIRE) == -EIO;
}

/*
 * A reset mends what is broken; what is gone or asked back stays so, also if that happens this
 * moment.
 */
static void mark_mended(struct fn_dev *dev)
{
	int broken = -EIO;

	(void)__atomic_compare_exchange_n(&dev->status, &broken, 0, false, __ATOMIC_ACQ_REL,
					  __ATOMIC_ACQUIRE);
	fn_events_mended(dev);
}

/* The device reaches no memory any more: what a stop could not give back is given back now. */
static void give_back(struct fn_dev *dev)
{
	if (!dev->kept)
		return;
	dev->kept = false;
	dev->drv->ops->give_back(dev);
}

int fn_dev_cut_off(struct fn_dev *dev, int ret)
{
	struct fn_first_error first = { 0 };

	fn_first_error_note(&first, ret);
	if (!fn_busdev_set_master(dev->bus, false)) {
		fn_log(dev->ctx, FN_LOG_WARN, "%s: bus mastering is off, because the reset failed",
		       dev->bus->name);
		return ret;
	}
	if (fn_busdev_is_gone(dev->bus))
		return fn_dev_mark_gone(dev);
	dev->kept = true;
	fn_dev_mark_broken(dev, "neither can it be reset, nor can its bus mastering be turned off, "
				"so that its buffers cannot be given back");
	return fn_first_error_fail(&first);
}

/*
 * From here on the device reaches no memory. Its driver has reset it, so that it should not in any
 * case; but one that could is not as it should be.
 */
int fn_dev_master_off(struct fn_dev *dev)
{
	const int ret = fn_busdev_set_master(dev->bus, false);

	if (!ret) {
		give_back(dev);
		return 0;
	}
	if (fn_busdev_is_gone(dev->bus))
		return fn_dev_mark_gone(dev);
	fn_dev_mark_broken(dev, "its bus mastering cannot be turned off");
	return ret;
}

/* A device that is stopped, and perhaps broken: what the bus would not do is done now. */
static int dev_mend(struct fn_dev *dev)
{
	int ret;

	if (!is_broken(dev))
		return 0;
	ret = fn_busdev_set_master(dev->bus, false);
	if (ret)
		return ret;
	give_back(dev);
	ret = fn_config_rewire(dev);
	if (!ret)
		mark_mended(dev);
	return ret;
}

/*
 * What was broken before a start that failed is so still, and what a reset could not start again
 * is; unless it is gone by now.
 */
static void mark_unmended(struct fn_dev *dev)
{
	int mended = 0;

	(void)__atomic_compare_exchange_n(&dev->status, &mended, -EIO, false, __ATOMIC_ACQ_REL,
					  __ATOMIC_ACQUIRE);
}

/* A register that reads all ones is a suspicion; whether the device is gone, word 0 decides. */
int fn_dev_master_on(struct fn_dev *dev)
{
	const bool broken = is_broken(dev);
	int ret = dev_mend(dev);

	if (ret)
		return ret;
	ret = fn_busdev_set_master(dev->bus, true);
	if (ret == -ENODEV) {
		if (fn_busdev_is_gone(dev->bus))
			return fn_dev_mark_gone(dev);
		ret = fn_fail(-EIO, "%s: its PCI command register cannot be read: try again",
			      dev->bus->name);
	}
	if (ret && broken)
		mark_unmended(dev);
	return ret;
}

int fn_dev_start_held(struct fn_dev *dev)
{
	const bool broken = is_broken(dev);
	struct fn_first_error first = { 0 };
	int ret = fn_dev_check_present(dev);

	if (ret)
		return ret;
	if (dev->state == FN_DEV_STARTED)
		return 0;
	ret = fn_dev_check_configured(dev);
	if (!ret)
		ret = fn_dev_master_on(dev);
	if (ret)
		return ret;
	ret = dev->drv->ops->start(dev);
	if (ret) {
		fn_first_error_note(&first, ret);
		if (broken)
			mark_unmended(dev);
		fn_queues_down(dev);
		fn_identify_again(dev);
		fn_first_error_note(&first, fn_dev_master_off(dev));
		return fn_first_error_fail(&first);
	}
	dev->state = FN_DEV_STARTED;
	fn_identify_again(dev);
	fn_log(dev->ctx, FN_LOG_INFO, "%s: started, receive \"%s\", transmit \"%s\"",
	       dev->bus->name, dev->rx_variant, dev->tx_variant);
	return 0;
}

int fn_dev_stop_held(struct fn_dev *dev)
{
	struct fn_first_error first = { 0 };

	if (dev->state != FN_DEV_STARTED)
		return 0;
	fn_queues_stub(dev, -ENETDOWN);
	fn_first_error_note(&first, dev->drv->ops->stop(dev));
	fn_queues_down(dev);
	dev->state = FN_DEV_CONFIGURED;
	fn_identify_again(dev);
	fn_first_error_note(&first, fn_dev_master_off(dev));
	return fn_first_error_fail(&first);
}

int fn_dev_start(struct fn_dev *dev)
{
	int ret;

	fn_attach_let_go(dev);
	(void)pthread_mutex_lock(&dev->lock);
	ret = fn_dev_start_held(dev);
	(void)pthread_mutex_unlock(&dev->lock);
	fn_attach_take_back(dev);
	return fn_report(dev->ctx, NULL, ret);
}

int fn_dev_stop(struct fn_dev *dev)
{
	int ret;

	fn_attach_let_go(dev);
	(void)pthread_mutex_lock(&dev->lock);
	dev->starts_by_reset = false;
	ret = fn_dev_stop_held(dev);
	(void)pthread_mutex_unlock(&dev->lock);
	fn_attach_take_back(dev);
	return fn_report(dev->ctx, NULL, ret);
}

/*
 * Stop, and start again. One that does not start is broken, so that nobody takes it for one that
 * was never started, whom a reset leaves stopped. The caller is told by the call: no
 * event of it is left behind.
 */
static int dev_restart(struct fn_dev *dev)
{
	const uint64_t drain_ns = dev->conf.stop_drain_ns;
	int ret;

	/* Nobody waits for a device that is about to be reset. */
	dev->conf.stop_drain_ns = 0;
	(void)fn_dev_stop_held(dev);
	dev->conf.stop_drain_ns = drain_ns;
	ret = fn_dev_start_held(dev);
	dev->starts_by_reset = ret != 0;
	if (ret) {
		mark_unmended(dev);
		fn_events_mended(dev);
	}
	return ret;
}

int fn_dev_reset(struct fn_dev *dev)
{
	int ret;

	fn_attach_let_go(dev);
	(void)pthread_mutex_lock(&dev->lock);
	ret = fn_dev_check_present(dev);
	if (!ret && (dev->state == FN_DEV_STARTED || dev->starts_by_reset))
		ret = dev_restart(dev);
	else if (!ret)
		ret = dev_mend(dev);
	(void)pthread_mutex_unlock(&dev->lock);
	fn_attach_take_back(dev);
	return fn_report(dev->ctx, NULL, ret);
}

/* What is left when the bus has the function back; its name stays, for sentences. */
static void dev_free(struct fn_dev *dev)
{
	struct fn_busdev after = *dev->bus;

	fn_log(dev->ctx, FN_LOG_INFO, "%s: closed", dev->bus->name);
	dev->bus->ops->close(dev->bus);
	dev->bus = &after;
	give_back(dev);
	fn_config_release(dev);
	fn_queues_destroy(dev);
	list_leave(dev);
	(void)pthread_mutex_destroy(&dev->lock);
	free(dev->mac_filters);
	free(dev->priv);
	free(dev);
}

int fn_dev_close(struct fn_dev *dev)
{
	struct fn_first_error first = { 0 };
	struct fn_ctx *ctx;

	if (!dev)
		return 0;
	ctx = dev->ctx;
	fn_attach_forget(dev);
	list_ready(dev, false);
	fn_events_unwatch(dev, dev->bus->req_fd);
	fn_events_unwatch(dev, dev->bus->err_fd);
	fn_events_settle(dev);

	(void)pthread_mutex_lock(&dev->lock);
	fn_first_error_note(&first, fn_dev_stop_held(dev));
	fn_first_error_note(&first, fn_config_silence(dev));
	fn_first_error_note(&first, dev->drv->ops->close(dev));
	(void)pthread_mutex_unlock(&dev->lock);

	dev_free(dev);
	return fn_report(ctx, NULL, fn_first_error_fail(&first));
}
