/* SPDX-License-Identifier: BSD-3-Clause */
/* The VFIO bus inside: containers hold groups, groups hold devices, devices hold windows. */
#ifndef FN_BUS_VFIO_VFIO_H
#define FN_BUS_VFIO_VFIO_H

#include <linux/vfio.h>

#include "base/ctx.h"
#include "base/error.h"
#include "bus/bus.h"
#include "bus/pci/scan.h"
#include "mem/domain.h"

#define FN_VFIO_BARS 6

/* Where the kernel is found; tests bring trees of their own. */
struct fn_vfio_roots {
	const char *sys;  /* "/sys" */
	const char *dev;  /* "/dev/vfio" */
	const char *proc; /* "/proc" */
};

extern const struct fn_vfio_roots fn_vfio_roots;

/**
 * struct fn_vfio - the VFIO state of a context
 * @containers: of struct fn_vfio_container
 * @groups: of struct fn_vfio_group
 *
 * Exists while a device is open; &fn_ctx.lock guards it and the counts of what it lists.
 */
struct fn_vfio {
	struct fn_list containers;
	struct fn_list groups;
};

/**
 * struct fn_vfio_container - one IOMMU address space of the kernel
 * @node: in &fn_vfio.containers
 * @target: what the DMA domain of the context sees of it
 * @ctx: the context
 * @fd: of /dev/vfio/vfio
 * @groups: groups in it
 * @maps: mappings in it; the kernel limits their number (dma_entry_limit)
 * @ranges: the target's
 * @name: the target's
 */
struct fn_vfio_container {
	struct fn_list node;
	struct fn_dma_target target;
	struct fn_ctx *ctx;
	int fd;
	unsigned groups;
	unsigned maps;
	struct fn_dma_range *ranges;
	char name[64];
};

/**
 * struct fn_vfio_group - an IOMMU group that this context holds
 * @node: in &fn_vfio.groups
 * @container: what it is in
 * @id: its number
 * @fd: of /dev/vfio/@id
 * @devices: devices of it that are open
 */
struct fn_vfio_group {
	struct fn_list node;
	struct fn_vfio_container *container;
	int id;
	int fd;
	unsigned devices;
};

/**
 * struct fn_vfio_region - a BAR, or the configuration space
 * @offset: where it starts in the device's descriptor
 * @size: bytes; 0 when there is none
 * @mappable: parts of it can be mapped
 * @sparse: only @areas can
 * @areas: offsets in the region
 * @areas_n: how many
 */
struct fn_vfio_region {
	uint64_t offset;
	uint64_t size;
	bool mappable;
	bool sparse;
	struct vfio_region_sparse_mmap_area *areas;
	unsigned areas_n;
};

/**
 * struct fn_vfio_dev - an open device
 * @busdev: what drivers see
 * @roots: where the kernel is found
 * @group: what it is in
 * @fd: of the device
 * @bars: BARs
 * @config: configuration space
 * @mappings: live mappings of BAR windows
 * @has_reset: VFIO_DEVICE_RESET works
 * @irqs_on: MSI-X is on
 */
struct fn_vfio_dev {
	struct fn_busdev busdev;
	const struct fn_vfio_roots *roots;
	struct fn_vfio_group *group;
	int fd;
	struct fn_vfio_region bars[FN_VFIO_BARS];
	struct fn_vfio_region config;
	struct fn_list mappings;
	bool has_reset;
	bool irqs_on;
};

static inline struct fn_vfio_dev *fn_vfio_dev(struct fn_busdev *busdev)
{
	return fn_container_of(busdev, struct fn_vfio_dev, busdev);
}

/* info.c: the variable-sized answers of VFIO's information calls. */

/**
 * fn_vfio_info - an information call with its chain of capabilities
 * @fd: descriptor
 * @request: VFIO_*_GET_*INFO
 * @head: the fixed part: its first member is argsz, others are filled in as the call wants them
 * @head_bytes: bytes of @head
 * @info: receives the whole answer, malloc'ed
 * @bytes: receives its size
 *
 * Return: 0 or -errno, without words.
 */
int fn_vfio_info(int fd, unsigned long request, const void *head, size_t head_bytes, void **info,
		 size_t *bytes);

/**
 * fn_vfio_cap - find a capability in an answer
 * @info: the answer
 * @bytes: its size
 * @first: offset of the first capability, or 0
 * @id: capability ID
 * @cap_bytes: receives how many bytes there are from the capability to the end of the answer
 *
 * A chain that leaves the answer or does not run forward ends.
 *
 * Return: offset of the capability; 0 when there is none.
 */
size_t fn_vfio_cap(const void *info, size_t bytes, uint32_t first, uint16_t id, size_t *cap_bytes);

/* container.c */

/*
 * Put a group into a container: one that there is when the kernel allows it, else a new one. @bdf
 * is for messages. The caller holds &fn_ctx.lock.
 */
int fn_vfio_container_join(struct fn_ctx *ctx, const struct fn_vfio_roots *roots, int group_fd,
			   const char *bdf, struct fn_vfio_container **container);
void fn_vfio_container_leave(struct fn_vfio_container *container, int group_fd);

/* The IOVA ranges in an answer of VFIO_IOMMU_GET_INFO; a cautious guess when it has none. */
int fn_vfio_ranges(const void *info, size_t bytes, struct fn_dma_range **ranges, unsigned *n);

/* group.c */

/*
 * Claim the group that @info names, or share it with the devices that hold it. Takes &fn_ctx.lock.
 */
int fn_vfio_group_get(struct fn_ctx *ctx, const struct fn_vfio_roots *roots,
		      const struct fn_pci_info *info, struct fn_vfio_group **group);
void fn_vfio_group_put(struct fn_ctx *ctx, struct fn_vfio_group *group);

/* obstacles.c: why a device cannot be claimed, in words. */

/* What sysfs tells before anything is opened: existence, IOMMU group, driver. Fills @info. */
int fn_vfio_check(const struct fn_vfio_roots *roots, const struct fn_pci_addr *addr,
		  struct fn_pci_info *info);

/* The group's node cannot be opened: -@err with the reason. */
int fn_vfio_no_node(const struct fn_vfio_roots *roots, const struct fn_pci_info *info, int err);

/* The group is not viable: -ENODEV, naming the devices in the way. */
int fn_vfio_not_viable(const struct fn_vfio_roots *roots, const struct fn_pci_info *info);

/* device.c */

/* fn_bus_vfio.open over another kernel. */
int fn_vfio_open_at(struct fn_ctx *ctx, const struct fn_vfio_roots *roots,
		    const struct fn_pci_addr *addr, struct fn_busdev **busdev);

/* bar.c */

int fn_vfio_region_get(struct fn_vfio_dev *dev, unsigned idx, struct fn_vfio_region *region);
void fn_vfio_region_clear(struct fn_vfio_region *region);

/**
 * fn_vfio_window - can a window of a region be mapped, and as which pages
 * @region: the region
 * @page: page size
 * @off: first byte of the window
 * @len: bytes; the window lies in the region
 * @first: receives the offset of the first page
 * @bytes: receives the size of the pages
 *
 * Return: false when the kernel would refuse, or one of the pages is none that may be mapped.
 */
bool fn_vfio_window(const struct fn_vfio_region *region, uint64_t page, uint64_t off, uint64_t len,
		    uint64_t *first, uint64_t *bytes);

int fn_vfio_map(struct fn_busdev *busdev, unsigned idx, uint64_t off, uint64_t len,
		struct fn_bar *bar);
void fn_vfio_unmap(struct fn_busdev *busdev, struct fn_bar *bar);
void fn_vfio_unmap_all(struct fn_vfio_dev *dev);
uint64_t fn_vfio_bar_read(struct fn_busdev *busdev, unsigned idx, uint64_t off, unsigned width);
void fn_vfio_bar_write(struct fn_busdev *busdev, unsigned idx, uint64_t off, unsigned width,
		       uint64_t value);

/* irq.c */

/* How many MSI-X entries there are, and the descriptors for release requests and errors. */
int fn_vfio_irq_init(struct fn_vfio_dev *dev);
void fn_vfio_irq_exit(struct fn_vfio_dev *dev);
int fn_vfio_irq_set(struct fn_busdev *busdev, const int *fds, unsigned n);

/* affinity.c */

/* fn_bus_ops.irq_affinity() of the device @bdf, over another kernel. */
int fn_vfio_irq_move(const struct fn_vfio_roots *roots, const char *bdf, unsigned entry,
		     unsigned cpu);
int fn_vfio_irq_affinity(struct fn_busdev *busdev, unsigned entry, unsigned cpu);

#endif
