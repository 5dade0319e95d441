// SPDX-License-Identifier: BSD-3-Clause
/* The virtio transport over PCI: capabilities found and checked, status, features, queue set-up. */
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "drivers/virtio/virtio_pci.h"

#define COMMON(member) offsetof(struct virtio_pci_common_cfg, member)

/*
 * virtio gives a reset no limit; hardware that has to drain its DMA first takes up to about a
 * second.
 */
#define RESET_DEADLINE_NS 5000000000ull
#define RESET_DELAY_MIN_NS 10000ull
#define RESET_DELAY_MAX_NS 1000000ull

/* How often a configuration that changes while it is read is read again. */
#define CONFIG_READS_MAX 16

#define QEMU_REMEDY "start QEMU with -device virtio-net-pci,disable-legacy=on,iommu_platform=on"

/* One structure of the device, as its capability describes it. */
struct window {
	uint8_t bar;
	uint32_t offset;
	uint32_t length;
	uint32_t multiplier;
	bool found;
};

static int gone(const struct virtio_pci *vp)
{
	return fn_fail(-ENODEV, "%s: the device does not answer any more", vp->busdev->name);
}

/* 4.1.4: read a capability at @pos. False for one that is to be skipped. */
static bool cap_read(struct fn_busdev *busdev, uint16_t pos, uint8_t *type, struct window *w)
{
	uint8_t cap_len = fn_cfg_read8(busdev, (uint16_t)(pos + 2));
	size_t need = sizeof(struct virtio_pci_cap);

	*type = fn_cfg_read8(busdev, (uint16_t)(pos + 3));
	if (*type == VIRTIO_PCI_CAP_NOTIFY_CFG)
		need = sizeof(struct virtio_pci_notify_cap);
	if (cap_len < need || pos + need > 256)
		return false;
	memset(w, 0, sizeof(*w));
	w->bar = fn_cfg_read8(busdev, (uint16_t)(pos + 4));
	w->offset = fn_cfg_read32(busdev, (uint16_t)(pos + 8));
	w->length = fn_cfg_read32(busdev, (uint16_t)(pos + 12));
	if (*type == VIRTIO_PCI_CAP_NOTIFY_CFG)
		w->multiplier = fn_cfg_read32(busdev, (uint16_t)(pos + 16));
	w->found = true;
	/* 4.1.4.1: a driver ignores a capability with a reserved BAR value. */
	return w->bar <= VIRTIO_PCI_BAR_MAX;
}

/* 4.1.4.1: of several capabilities of a type the first that can be used is meant. */
static void caps_find(struct fn_busdev *busdev, struct window *common, struct window *notify,
		      struct window *device)
{
	for (uint16_t pos = fn_busdev_next_cap(busdev, VIRTIO_PCI_CAP_ID, 0); pos;
	     pos = fn_busdev_next_cap(busdev, VIRTIO_PCI_CAP_ID, pos)) {
		struct window w;
		uint8_t type;

		if (!cap_read(busdev, pos, &type, &w))
			continue;
		if (type == VIRTIO_PCI_CAP_COMMON_CFG && !common->found)
			*common = w;
		else if (type == VIRTIO_PCI_CAP_NOTIFY_CFG && !notify->found)
			*notify = w;
		else if (type == VIRTIO_PCI_CAP_DEVICE_CFG && !device->found)
			*device = w;
	}
}

static int window_check(struct fn_busdev *busdev, const char *what, const struct window *w,
			uint32_t align, uint32_t need)
{
	if (w->offset % align)
		return fn_fail(-EIO,
			       "%s: the device puts its %s structure at offset 0x%x of BAR %u, "
			       "which is not a multiple of %u (virtio 1.2 4.1.4)",
			       busdev->name, what, w->offset, w->bar, align);
	if (w->length < need)
		return fn_fail(-EIO,
			       "%s: the device's %s structure has %u bytes where virtio 1.2 needs "
			       "%u",
			       busdev->name, what, w->length, need);
	return 0;
}

static int windows_check(const struct virtio_pci *vp, const struct window *common,
			 const struct window *notify, const struct window *device)
{
	struct fn_busdev *busdev = vp->busdev;
	int ret;

	if (!common->found || !notify->found || !device->found) {
		if (fn_busdev_is_gone(busdev))
			return gone(vp);
		return fn_fail(
			-ENOTSUP,
			"%s: the device has only virtio's legacy interface (no usable capability "
			"for its %s structure), and fastnic drives the modern one; " QEMU_REMEDY,
			busdev->name,
			!common->found ? "common" :
			!notify->found ? "notification" :
					 "device");
	}
	ret = window_check(busdev, "common", common, 4, sizeof(struct virtio_pci_common_cfg));
	if (!ret)
		ret = window_check(busdev, "notification", notify, 2, 2);
	if (!ret)
		ret = window_check(busdev, "device", device, 4, 1);
	if (ret)
		return ret;
	/* 4.1.4.4.1: an even power of two, or 0 for one doorbell for all queues. */
	if (notify->multiplier && (!fn_is_pow2(notify->multiplier) || notify->multiplier < 2))
		return fn_fail(-EIO,
			       "%s: the device spaces its doorbells by %u bytes, which is no even "
			       "power of two (virtio 1.2 4.1.4.4.1)",
			       busdev->name, notify->multiplier);
	return 0;
}

int virtio_pci_open(struct virtio_pci *vp, struct fn_busdev *busdev, uint32_t device_bytes)
{
	struct window common = { 0 };
	struct window notify = { 0 };
	struct window device = { 0 };
	int ret;

	memset(vp, 0, sizeof(*vp));
	vp->busdev = busdev;
	caps_find(busdev, &common, &notify, &device);
	ret = windows_check(vp, &common, &notify, &device);
	if (ret)
		return ret;
	/* What lies behind the structures that this driver knows is not needed. */
	common.length = sizeof(struct virtio_pci_common_cfg);
	if (device.length > device_bytes)
		device.length = device_bytes;
	vp->notify_multiplier = notify.multiplier;
	ret = fn_busdev_map(busdev, common.bar, common.offset, common.length, &vp->common);
	if (ret)
		return ret;
	ret = fn_busdev_map(busdev, notify.bar, notify.offset, notify.length, &vp->notify);
	if (ret)
		goto unmap_common;
	ret = fn_busdev_map(busdev, device.bar, device.offset, device.length, &vp->device);
	if (ret)
		goto unmap_notify;
	return 0;

unmap_notify:
	busdev->ops->unmap(busdev, &vp->notify);
unmap_common:
	busdev->ops->unmap(busdev, &vp->common);
	return ret;
}

void virtio_pci_close(struct virtio_pci *vp)
{
	vp->busdev->ops->unmap(vp->busdev, &vp->device);
	vp->busdev->ops->unmap(vp->busdev, &vp->notify);
	vp->busdev->ops->unmap(vp->busdev, &vp->common);
}

uint8_t virtio_pci_status(const struct virtio_pci *vp)
{
	return fn_bar_read8(&vp->common, COMMON(device_status));
}

/* 2.1.1: bits are only added; a reset is the one way to take them back. */
static void status_add(struct virtio_pci *vp, uint8_t bits)
{
	fn_bar_write8(&vp->common, COMMON(device_status), virtio_pci_status(vp) | bits);
}

void virtio_pci_abandon(struct virtio_pci *vp)
{
	fn_bar_write8(&vp->common, COMMON(device_status), 0);
}

int virtio_pci_reset(struct virtio_pci *vp)
{
	const struct fn_bus_ops *bus = vp->busdev->ops;
	const uint64_t start_ns = bus->now_ns(vp->busdev);
	uint64_t delay_ns = RESET_DELAY_MIN_NS;
	uint8_t status;

	/* 4.1.4.3.2: 0 is written, and then read back once the reset is done. */
	virtio_pci_abandon(vp);
	while ((status = virtio_pci_status(vp)) != 0) {
		if (status == UINT8_MAX && fn_busdev_is_gone(vp->busdev))
			return gone(vp);
		if (bus->now_ns(vp->busdev) - start_ns >= RESET_DEADLINE_NS)
			return fn_fail(-EIO,
				       "%s: the device did not finish its reset within %u s "
				       "(device_status 0x%02x); power-cycle it, or restart the "
				       "virtual machine",
				       vp->busdev->name,
				       (unsigned)(RESET_DEADLINE_NS / 1000000000u), status);
		bus->delay_ns(vp->busdev, delay_ns);
		if (delay_ns < RESET_DELAY_MAX_NS)
			delay_ns *= 2;
	}
	vp->features = 0;
	return 0;
}

int virtio_pci_begin(struct virtio_pci *vp)
{
	uint64_t offered;
	int ret;

	ret = virtio_pci_reset(vp);
	if (ret)
		return ret;
	status_add(vp, VIRTIO_STATUS_ACKNOWLEDGE);
	status_add(vp, VIRTIO_STATUS_DRIVER);
	fn_bar_write32(&vp->common, COMMON(device_feature_select), 0);
	offered = fn_bar_read32(&vp->common, COMMON(device_feature));
	fn_bar_write32(&vp->common, COMMON(device_feature_select), 1);
	offered |= (uint64_t)fn_bar_read32(&vp->common, COMMON(device_feature)) << 32;
	if (offered == UINT64_MAX && fn_busdev_is_gone(vp->busdev))
		return gone(vp);
	vp->offered = offered;
	return 0;
}

static int features_required(const struct virtio_pci *vp)
{
	if (!(vp->offered & VIRTIO_F_VERSION_1))
		return fn_fail(
			-ENOTSUP,
			"%s: the device does not offer VIRTIO_F_VERSION_1, so it has only virtio's "
			"legacy interface, and fastnic drives the modern one; " QEMU_REMEDY,
			vp->busdev->name);
	/* 6: without it the device takes addresses as physical ones, past the IOMMU. */
	if (!(vp->offered & VIRTIO_F_ACCESS_PLATFORM))
		return fn_fail(
			-ENOTSUP,
			"%s: the device does not offer VIRTIO_F_ACCESS_PLATFORM, so its DMA would "
			"go past the IOMMU; " QEMU_REMEDY,
			vp->busdev->name);
	return 0;
}

int virtio_pci_accept(struct virtio_pci *vp, uint64_t features)
{
	uint8_t status;
	int ret;

	ret = features_required(vp);
	if (ret)
		return ret;
	features |= VIRTIO_F_VERSION_1 | VIRTIO_F_ACCESS_PLATFORM;
	if (features & ~vp->offered)
		return fn_fail(-EIO,
			       "%s: the device does not offer features any more that it offered "
			       "when it was opened (0x%llx)",
			       vp->busdev->name, (unsigned long long)(features & ~vp->offered));
	fn_bar_write32(&vp->common, COMMON(driver_feature_select), 0);
	fn_bar_write32(&vp->common, COMMON(driver_feature), fn_lower_32(features));
	fn_bar_write32(&vp->common, COMMON(driver_feature_select), 1);
	fn_bar_write32(&vp->common, COMMON(driver_feature), fn_upper_32(features));
	status_add(vp, VIRTIO_STATUS_FEATURES_OK);
	/* 3.1.1 step 6: the device takes the bit back when it cannot work with this set. */
	status = virtio_pci_status(vp);
	if (status == UINT8_MAX && fn_busdev_is_gone(vp->busdev))
		return gone(vp);
	if (!(status & VIRTIO_STATUS_FEATURES_OK))
		return fn_fail(
			-EIO, "%s: the device refuses the features 0x%llx, though it offers 0x%llx",
			vp->busdev->name, (unsigned long long)features,
			(unsigned long long)vp->offered);
	vp->features = features;
	return 0;
}

void virtio_pci_driver_ok(struct virtio_pci *vp)
{
	status_add(vp, VIRTIO_STATUS_DRIVER_OK);
}

int virtio_pci_set_config_vector(struct virtio_pci *vp, uint16_t entry)
{
	uint16_t got;

	fn_bar_write16(&vp->common, COMMON(config_msix_vector), entry);
	got = fn_bar_read16(&vp->common, COMMON(config_msix_vector));
	if (got != entry)
		return fn_fail(-EIO,
			       "%s: the device has no room for MSI-X entry %u as its configuration "
			       "interrupt (it reads back 0x%04x)",
			       vp->busdev->name, entry, got);
	return 0;
}

uint16_t virtio_pci_num_queues(const struct virtio_pci *vp)
{
	return fn_bar_read16(&vp->common, COMMON(num_queues));
}

static uint32_t queue_select(struct virtio_pci *vp, uint16_t queue)
{
	fn_bar_write16(&vp->common, COMMON(queue_select), queue);
	return fn_bar_read16(&vp->common, COMMON(queue_size));
}

int virtio_pci_queue_size_max(struct virtio_pci *vp, uint16_t queue, uint32_t *size)
{
	*size = queue_select(vp, queue);
	if (*size && (!fn_is_pow2(*size) || *size > VIRTQ_SIZE_MAX))
		return fn_fail(-EIO,
			       "%s: the device gives queue %u a size of %u, which is no power of "
			       "two up to %u (virtio 1.2 2.7)",
			       vp->busdev->name, queue, *size, VIRTQ_SIZE_MAX);
	return 0;
}

static void common_write_iova(struct virtio_pci *vp, size_t off, fn_iova_t iova)
{
	fn_bar_write32(&vp->common, off, fn_lower_32(iova.v));
	fn_bar_write32(&vp->common, off + 4, fn_upper_32(iova.v));
}

/* 4.1.4.4: where the selected queue's doorbell is. */
static int queue_doorbell(struct virtio_pci *vp, uint16_t queue, struct fn_doorbell *db)
{
	uint16_t notify_off = fn_bar_read16(&vp->common, COMMON(queue_notify_off));
	uint64_t off = (uint64_t)notify_off * vp->notify_multiplier;

	if (off + sizeof(uint16_t) > vp->notify.len)
		return fn_fail(-EIO,
			       "%s: the device puts the doorbell of queue %u at offset 0x%llx of a "
			       "window of %llu bytes",
			       vp->busdev->name, queue, (unsigned long long)off,
			       (unsigned long long)vp->notify.len);
	*db = fn_doorbell_at(&vp->notify, off);
	return 0;
}

int virtio_pci_queue_enable(struct virtio_pci *vp, uint16_t queue, const struct virtq *vq,
			    uint16_t entry, struct fn_doorbell *db)
{
	uint32_t size_max = queue_select(vp, queue);
	uint16_t got;
	int ret;

	if (vq->size > size_max)
		return fn_fail(-EIO, "%s: the device allows queue %u only %u entries now, not %u",
			       vp->busdev->name, queue, size_max, vq->size);
	ret = queue_doorbell(vp, queue, db);
	if (ret)
		return ret;
	fn_bar_write16(&vp->common, COMMON(queue_size), (uint16_t)vq->size);
	fn_bar_write16(&vp->common, COMMON(queue_msix_vector), entry);
	got = fn_bar_read16(&vp->common, COMMON(queue_msix_vector));
	if (got != entry)
		return fn_fail(-EIO,
			       "%s: the device has no room for MSI-X entry %u on queue %u (it "
			       "reads back 0x%04x); use fewer vectors",
			       vp->busdev->name, entry, queue, got);
	common_write_iova(vp, COMMON(queue_desc), vq->desc_iova);
	common_write_iova(vp, COMMON(queue_driver), vq->avail_iova);
	common_write_iova(vp, COMMON(queue_device), vq->used_iova);
	/* 4.1.4.3.2: last of all, when everything else of the queue is set. */
	fn_bar_write16(&vp->common, COMMON(queue_enable), 1);
	return 0;
}

static int config_bounds(const struct virtio_pci *vp, uint32_t off, uint32_t len)
{
	if ((uint64_t)off + len > vp->device.len)
		return fn_fail(-EIO,
			       "%s: the device's configuration has %llu bytes, but the features "
			       "that it offers need %u",
			       vp->busdev->name, (unsigned long long)vp->device.len, off + len);
	return 0;
}

int virtio_pci_config_read8(struct virtio_pci *vp, uint32_t off, uint8_t *buf, uint32_t len)
{
	int ret = config_bounds(vp, off, len);

	if (ret)
		return ret;
	/*
	 * 2.5.1: fields that are read in several pieces belong together if the generation stayed.
	 */
	for (int i = 0; i < CONFIG_READS_MAX; i++) {
		uint8_t before = fn_bar_read8(&vp->common, COMMON(config_generation));

		for (uint32_t k = 0; k < len; k++)
			buf[k] = fn_bar_read8(&vp->device, off + k);
		if (fn_bar_read8(&vp->common, COMMON(config_generation)) != before)
			continue;
		if (before == UINT8_MAX && fn_busdev_is_gone(vp->busdev))
			return gone(vp);
		return 0;
	}
	return fn_fail(-EIO, "%s: the device's configuration changes faster than it can be read",
		       vp->busdev->name);
}

int virtio_pci_config_read16(struct virtio_pci *vp, uint32_t off, uint16_t *value)
{
	int ret = config_bounds(vp, off, sizeof(*value));

	if (ret)
		return ret;
	*value = fn_bar_read16(&vp->device, off);
	if (*value == UINT16_MAX && fn_busdev_is_gone(vp->busdev))
		return gone(vp);
	return 0;
}

int virtio_pci_config_read32(struct virtio_pci *vp, uint32_t off, uint32_t *value)
{
	int ret = config_bounds(vp, off, sizeof(*value));

	if (ret)
		return ret;
	*value = fn_bar_read32(&vp->device, off);
	if (*value == UINT32_MAX && fn_busdev_is_gone(vp->busdev))
		return gone(vp);
	return 0;
}
