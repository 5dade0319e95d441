/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The bus seam: all that a driver needs of the world to reach its device. VFIO is the bus of the
 * product; tests bring others, and the drivers cannot tell.
 */
#ifndef FN_BUS_BUS_H
#define FN_BUS_BUS_H

#include <fastnic/base.h>

#include "base/bits.h"
#include "base/le.h"
#include "bus/pci/addr.h"

struct fn_busdev;
struct fn_ctx;

/**
 * struct fn_bar - a window of a BAR
 * @va: where it is mapped; NULL: every access is a call of the bus (VFIO forbids mapping some
 *	pages, and other buses have no mapping at all)
 * @busdev: the device
 * @off: where the window starts in the BAR, bytes
 * @len: bytes
 * @idx: the BAR, 0 to 5
 *
 * Registers are little-endian. Offsets of the accessors below count from the window's start.
 */
struct fn_bar {
	volatile uint8_t *va;
	struct fn_busdev *busdev;
	uint64_t off;
	uint64_t len;
	uint8_t idx;
};

/**
 * struct fn_bus_ops - one kind of bus
 * @name: "vfio"
 * @open: claim the device at an address; on success bus mastering is off, memory decoding is on,
 *	and all memory of the context is mapped for the device. Fails with fn_fail()
 * @close: give the device back; bus mastering is off afterwards. Always completes
 * @cfg_read: read configuration space; bytes that cannot be read are 0xff
 * @cfg_write: write configuration space
 * @map: map a window of a BAR; &fn_bar.va stays NULL when it cannot be mapped. Fails for a window
 *	that lies outside of the BAR
 * @unmap: undo @map
 * @bar_read: read 1, 2, 4 or 8 bytes of a BAR; all ones when the device does not answer
 * @bar_write: write 1, 2, 4 or 8 bytes of a BAR
 * @irq_set: make MSI-X entry i signal the eventfd fds[i], for all entries in one call; -1 leaves an
 *	entry without one; @n 0 turns MSI-X off
 * @irq_affinity: let MSI-X entry @entry, which signals an eventfd, interrupt on processor @cpu;
 *	best effort, any thread. -EACCES, -EINVAL, -EIO and -ENOENT as fn_queue_irq_affinity(),
 *	with fn_fail(); NULL when the bus has no say in it
 * @reset: the bus's own reset of the function; -ENOTTY when it has none, which is normal. For
 *	drivers to come: those that there are reset their device by its registers
 * @now_ns: the bus's clock, nanoseconds
 * @delay_ns: wait on the bus's clock
 */
struct fn_bus_ops {
	const char *name;
	int (*open)(struct fn_ctx *ctx, const struct fn_pci_addr *addr, struct fn_busdev **busdev);
	void (*close)(struct fn_busdev *busdev);
	int (*cfg_read)(struct fn_busdev *busdev, uint16_t off, void *buf, size_t len);
	int (*cfg_write)(struct fn_busdev *busdev, uint16_t off, const void *buf, size_t len);
	int (*map)(struct fn_busdev *busdev, unsigned idx, uint64_t off, uint64_t len,
		   struct fn_bar *bar);
	void (*unmap)(struct fn_busdev *busdev, struct fn_bar *bar);
	uint64_t (*bar_read)(struct fn_busdev *busdev, unsigned idx, uint64_t off, unsigned width);
	void (*bar_write)(struct fn_busdev *busdev, unsigned idx, uint64_t off, unsigned width,
			  uint64_t value);
	int (*irq_set)(struct fn_busdev *busdev, const int *fds, unsigned n);
	int (*irq_affinity)(struct fn_busdev *busdev, unsigned entry, unsigned cpu);
	int (*reset)(struct fn_busdev *busdev);
	uint64_t (*now_ns)(struct fn_busdev *busdev);
	void (*delay_ns)(struct fn_busdev *busdev, uint64_t ns);
};

/**
 * struct fn_busdev - a claimed device
 * @ops: its bus
 * @ctx: the context
 * @addr: PCI address
 * @name: the address in words
 * @vendor_id: configuration word 0
 * @device_id: configuration word 1
 * @revision: configuration byte 8
 * @numa_node: NUMA node, or -1
 * @iommu_group: IOMMU group, or -1
 * @irqs: MSI-X entries, 0 when it has none
 * @req_fd: eventfd that the kernel signals to have the device back, or -1
 * @err_fd: eventfd that the kernel signals when the device failed beyond repair, or -1
 *
 * Filled by @ops->open; embedded in the bus's own struct.
 */
struct fn_busdev {
	const struct fn_bus_ops *ops;
	struct fn_ctx *ctx;
	struct fn_pci_addr addr;
	char name[FN_PCI_ADDR_CHARS];
	uint16_t vendor_id;
	uint16_t device_id;
	uint8_t revision;
	int numa_node;
	int iommu_group;
	unsigned irqs;
	int req_fd;
	int err_fd;
};

/* The bus that claims real devices. */
extern const struct fn_bus_ops fn_bus_vfio;

/* Configuration space, through the bus. All ones when the device does not answer. */
uint8_t fn_cfg_read8(struct fn_busdev *busdev, uint16_t off);
uint16_t fn_cfg_read16(struct fn_busdev *busdev, uint16_t off);
uint32_t fn_cfg_read32(struct fn_busdev *busdev, uint16_t off);
int fn_cfg_write16(struct fn_busdev *busdev, uint16_t off, uint16_t value);

/* Turn bus mastering on or off (PCI 3.0 6.2.2, command bit 2): without it no DMA and no MSI-X. */
int fn_busdev_set_master(struct fn_busdev *busdev, bool on);

/* Whether the device is gone: configuration word 0 reads all ones (PCI 3.0 6.2.1). */
bool fn_busdev_is_gone(struct fn_busdev *busdev);

/*
 * A part of a bus's open: fill in who the device is, turn memory decoding on and bus mastering off.
 * -ENODEV when it does not answer.
 */
int fn_busdev_identify(struct fn_busdev *busdev);

/**
 * fn_busdev_next_cap - walk the list of capabilities
 * @busdev: the device
 * @id: capability ID to look for
 * @after: offset of the one found before, or 0 to begin
 *
 * PCI 3.0 6.7. A list that runs in a circle ends.
 *
 * Return: offset of the next capability with that ID; 0 when there is none.
 */
uint16_t fn_busdev_next_cap(struct fn_busdev *busdev, uint8_t id, uint16_t after);

/*
 * fn_bus_ops.map() of a window that the device or its data sheet names: -EIO, and not -EINVAL, when
 * it lies outside of the BAR. It is not the application's to mend.
 */
int fn_busdev_map(struct fn_busdev *busdev, unsigned idx, uint64_t off, uint64_t len,
		  struct fn_bar *bar);

/*
 * The cold way of a register access: not mapped, so the bus is asked. Defined out of line on
 * purpose.
 */
uint64_t fn_bar_read_slow(const struct fn_bar *bar, uint64_t off, unsigned width);
void fn_bar_write_slow(const struct fn_bar *bar, uint64_t off, unsigned width, uint64_t value);

static inline uint8_t fn_bar_read8(const struct fn_bar *bar, uint64_t off)
{
	if (fn_unlikely(!bar->va))
		return (uint8_t)fn_bar_read_slow(bar, off, 1);
	return bar->va[off];
}

static inline uint16_t fn_bar_read16(const struct fn_bar *bar, uint64_t off)
{
	if (fn_unlikely(!bar->va))
		return (uint16_t)fn_bar_read_slow(bar, off, 2);
	return le16toh(*(volatile uint16_t *)(bar->va + off));
}

static inline uint32_t fn_bar_read32(const struct fn_bar *bar, uint64_t off)
{
	if (fn_unlikely(!bar->va))
		return (uint32_t)fn_bar_read_slow(bar, off, 4);
	return le32toh(*(volatile uint32_t *)(bar->va + off));
}

static inline void fn_bar_write8(const struct fn_bar *bar, uint64_t off, uint8_t value)
{
	if (fn_unlikely(!bar->va))
		fn_bar_write_slow(bar, off, 1, value);
	else
		bar->va[off] = value;
}

static inline void fn_bar_write16(const struct fn_bar *bar, uint64_t off, uint16_t value)
{
	if (fn_unlikely(!bar->va))
		fn_bar_write_slow(bar, off, 2, value);
	else
		*(volatile uint16_t *)(bar->va + off) = htole16(value);
}

static inline void fn_bar_write32(const struct fn_bar *bar, uint64_t off, uint32_t value)
{
	if (fn_unlikely(!bar->va))
		fn_bar_write_slow(bar, off, 4, value);
	else
		*(volatile uint32_t *)(bar->va + off) = htole32(value);
}

/**
 * struct fn_doorbell - the one register that a queue writes in the data path
 * @va: its address, or NULL when it is not mapped
 * @bar: its window, for the cold way
 * @off: its offset in the window
 *
 * Lies in the queue's hot cache line.
 */
struct fn_doorbell {
	volatile uint8_t *va;
	const struct fn_bar *bar;
	uint64_t off;
};

static inline struct fn_doorbell fn_doorbell_at(const struct fn_bar *bar, uint64_t off)
{
	return (struct fn_doorbell){ bar->va ? bar->va + off : NULL, bar, off };
}

static inline void fn_doorbell_ring16(const struct fn_doorbell *db, uint16_t value)
{
	if (fn_unlikely(!db->va))
		fn_bar_write_slow(db->bar, db->off, 2, value);
	else
		*(volatile uint16_t *)db->va = htole16(value);
}

static inline void fn_doorbell_ring32(const struct fn_doorbell *db, uint32_t value)
{
	if (fn_unlikely(!db->va))
		fn_bar_write_slow(db->bar, db->off, 4, value);
	else
		*(volatile uint32_t *)db->va = htole32(value);
}

/* The cold way of fn_doorbell_ring32_last(). */
unsigned fn_doorbell_ring32_cold(const struct fn_doorbell *db, uint32_t value, unsigned result);

/*
 * The same as a burst's last act, which returns @result: a call that ends a function needs no
 * register to be kept over it, where fn_doorbell_ring32() costs the burst some.
 */
static inline unsigned fn_doorbell_ring32_last(const struct fn_doorbell *db, uint32_t value,
					       unsigned result)
{
	if (fn_unlikely(!db->va))
		return fn_doorbell_ring32_cold(db, value, result);
	*(volatile uint32_t *)db->va = htole32(value);
	return result;
}

#endif
