/* SPDX-License-Identifier: BSD-3-Clause */
/* The virtio transport over PCI (virtio 1.2 4.1): windows, status, features and queue set-up. */
#ifndef VIRTIO_PCI_H
#define VIRTIO_PCI_H

#include "bus/bus.h"
#include "drivers/virtio/virtio_ring.h"
#include "drivers/virtio/virtio_spec.h"

/**
 * struct virtio_pci - a virtio function
 * @busdev: the claimed function
 * @common: window of the common configuration structure
 * @notify: window of the notification structure
 * @device: window of the device's own configuration structure
 * @notify_multiplier: bytes between two queues' doorbells
 * @offered: the features that the device offered last
 * @features: the features that were accepted last
 *
 * All functions fail with a sentence. None knows what kind of virtio device it is, or of struct
 * fn_dev.
 */
struct virtio_pci {
	struct fn_busdev *busdev;
	struct fn_bar common;
	struct fn_bar notify;
	struct fn_bar device;
	uint32_t notify_multiplier;
	uint64_t offered;
	uint64_t features;
};

/**
 * virtio_pci_open - find the device's structures and map them
 * @vp: filled
 * @busdev: the function
 * @device_bytes: how much of the device's own configuration structure the driver knows
 *
 * Return: 0; -ENOTSUP for a device without the modern interface; -EIO for capabilities that cannot
 * be right; -ENODEV when it is gone.
 */
int virtio_pci_open(struct virtio_pci *vp, struct fn_busdev *busdev, uint32_t device_bytes);

/* Unmap; the device is left as it is. */
void virtio_pci_close(struct virtio_pci *vp);

/**
 * virtio_pci_reset - reset the device and wait until it is (2.4, 4.1.4.3.2)
 *
 * Return: 0: the device uses no memory any more. -ENODEV: it is gone. -EIO: it did not finish in
 * time; it can still reach memory until bus mastering is off.
 */
int virtio_pci_reset(struct virtio_pci *vp);

/* Begin a reset and do not wait for it: for a device that was given no memory yet. */
void virtio_pci_abandon(struct virtio_pci *vp);

/*
 * 3.1.1 steps 1 to 4, first half: reset, notice the device, and see what it offers
 * (&virtio_pci.offered).
 */
int virtio_pci_begin(struct virtio_pci *vp);

/**
 * virtio_pci_accept - 3.1.1 steps 4 to 6: settle the features
 * @features: those to use; VIRTIO_F_VERSION_1 and VIRTIO_F_ACCESS_PLATFORM are added and required
 *
 * Return: 0; -ENOTSUP when the device lacks one that it must have; -EIO when it refuses the set.
 */
int virtio_pci_accept(struct virtio_pci *vp, uint64_t features);

/* 3.1.1 step 8: the device is live. */
void virtio_pci_driver_ok(struct virtio_pci *vp);

/* device_status; 0xff, which is no legal value, when the device does not answer. */
uint8_t virtio_pci_status(const struct virtio_pci *vp);

/* 4.1.5.1.2: the MSI-X entry that changes of the configuration signal, or VIRTIO_MSI_NO_VECTOR. */
int virtio_pci_set_config_vector(struct virtio_pci *vp, uint16_t entry);

/* Queues that the device has. */
uint16_t virtio_pci_num_queues(const struct virtio_pci *vp);

/* 4.1.5.1.3: most entries of a queue's ring, a power of two; 0 when there is no such queue. */
int virtio_pci_queue_size_max(struct virtio_pci *vp, uint16_t queue, uint32_t *size);

/**
 * virtio_pci_queue_enable - give a queue its ring (4.1.5.1.3)
 * @queue: its number
 * @vq: its memory
 * @entry: the MSI-X entry that it signals, or VIRTIO_MSI_NO_VECTOR
 * @db: receives its doorbell
 */
int virtio_pci_queue_enable(struct virtio_pci *vp, uint16_t queue, const struct virtq *vq,
			    uint16_t entry, struct fn_doorbell *db);

/**
 * virtio_pci_config_read8 - read bytes of the device's own configuration structure that belong
 * together
 * @off: first byte
 * @buf: receives the bytes
 * @len: how many
 *
 * 4.1.3.1: fields are read in their own width: this one is for arrays of bytes.
 *
 * Return: 0; -ENODEV when the device is gone; -EIO when it never holds still (2.5.1), or when the
 * structure is shorter.
 */
int virtio_pci_config_read8(struct virtio_pci *vp, uint32_t off, uint8_t *buf, uint32_t len);

/* As virtio_pci_config_read8() for a field of 16 bits. */
int virtio_pci_config_read16(struct virtio_pci *vp, uint32_t off, uint16_t *value);

/* As virtio_pci_config_read8() for a field of 32 bits. */
int virtio_pci_config_read32(struct virtio_pci *vp, uint32_t off, uint32_t *value);

#endif
