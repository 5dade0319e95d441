// SPDX-License-Identifier: BSD-3-Clause
/*
 * BARs on the VFIO bus: what they are, windows mapped where the kernel lets us, and calls where
 * not.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bus/vfio/vfio.h"

/* One mmap; a window each, since they are few and pages may be mapped twice. */
struct mapping {
	struct fn_list node;
	char *va;
	size_t bytes;
};

static int areas_get(const void *info, size_t bytes, uint32_t first, struct fn_vfio_region *region)
{
	const size_t head_bytes = sizeof(struct vfio_region_info_cap_sparse_mmap);
	struct vfio_region_info_cap_sparse_mmap cap;
	size_t cap_bytes = 0;
	const size_t pos =
		fn_vfio_cap(info, bytes, first, VFIO_REGION_INFO_CAP_SPARSE_MMAP, &cap_bytes);

	if (!pos)
		return 0;
	/*
	 * From here on only what is listed may be mapped, and nothing if the list makes no sense.
	 */
	region->sparse = true;
	if (cap_bytes < head_bytes)
		return 0;
	memcpy(&cap, (const char *)info + pos, head_bytes);
	if (!cap.nr_areas || cap.nr_areas > (cap_bytes - head_bytes) / sizeof(*region->areas))
		return 0;
	region->areas = calloc(cap.nr_areas, sizeof(*region->areas));
	if (!region->areas)
		return -ENOMEM;
	memcpy(region->areas, (const char *)info + pos + head_bytes,
	       cap.nr_areas * sizeof(*region->areas));
	region->areas_n = cap.nr_areas;
	return 0;
}

int fn_vfio_region_get(struct fn_vfio_dev *dev, unsigned idx, struct fn_vfio_region *region)
{
	const uint32_t usable = VFIO_REGION_INFO_FLAG_MMAP | VFIO_REGION_INFO_FLAG_READ |
				VFIO_REGION_INFO_FLAG_WRITE;
	const struct vfio_region_info head = { .argsz = sizeof(head), .index = idx };
	struct vfio_region_info r;
	size_t bytes;
	void *info;
	int ret = fn_vfio_info(dev->fd, VFIO_DEVICE_GET_REGION_INFO, &head, sizeof(head), &info,
			       &bytes);

	if (ret)
		return fn_fail(ret, "%s: VFIO does not describe region %u: %s", dev->busdev.name,
			       idx, fn_strerror(-ret));
	memcpy(&r, info, sizeof(r));
	region->offset = r.offset;
	region->size = r.size;
	region->mappable = (r.flags & usable) == usable;
	ret = areas_get(info, bytes, r.flags & VFIO_REGION_INFO_FLAG_CAPS ? r.cap_offset : 0,
			region);
	free(info);
	return ret ? fn_fail(ret, "%s: out of memory", dev->busdev.name) : 0;
}

void fn_vfio_region_clear(struct fn_vfio_region *region)
{
	free(region->areas);
	memset(region, 0, sizeof(*region));
}

static bool area_holds(const struct vfio_region_sparse_mmap_area *area, uint64_t region_size,
		       uint64_t page, uint64_t first, uint64_t bytes)
{
	uint64_t size = area->size;

	/*
	 * The last page of a region is the region's, also where the region ends in the middle of
	 * it.
	 */
	if (area->offset <= region_size && size == region_size - area->offset)
		size = fn_align_up(region_size, page) - area->offset;
	return first >= area->offset && first - area->offset <= size &&
	       bytes <= size - (first - area->offset);
}

bool fn_vfio_window(const struct fn_vfio_region *region, uint64_t page, uint64_t off, uint64_t len,
		    uint64_t *first, uint64_t *bytes)
{
	if (!region->mappable || region->size > UINT64_MAX - page || region->offset % page)
		return false;
	*first = fn_align_down(off, page);
	*bytes = fn_align_up(off + len, page) - *first;
	if (!region->sparse)
		return true;
	for (unsigned i = 0; i < region->areas_n; i++)
		if (area_holds(&region->areas[i], region->size, page, *first, *bytes))
			return true;
	return false;
}

static struct mapping *mapping_new(const struct fn_vfio_dev *dev, uint64_t offset, uint64_t bytes)
{
	struct mapping *m = calloc(1, sizeof(*m));
	void *va;

	if (!m)
		return NULL;
	va = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, dev->fd, (off_t)offset);
	if (va == MAP_FAILED) {
		free(m);
		return NULL;
	}
	/* In a child it would keep the device from being given back. */
	(void)madvise(va, bytes, MADV_DONTFORK);
	m->va = va;
	m->bytes = bytes;
	return m;
}

static void mapping_free(struct mapping *m)
{
	(void)munmap(m->va, m->bytes);
	free(m);
}

int fn_vfio_map(struct fn_busdev *busdev, unsigned idx, uint64_t off, uint64_t len,
		struct fn_bar *bar)
{
	struct fn_vfio_dev *dev = fn_vfio_dev(busdev);
	const struct fn_vfio_region *region;
	struct mapping *m;
	uint64_t first;
	uint64_t bytes;

	if (idx >= FN_VFIO_BARS || !dev->bars[idx].size)
		return fn_fail(-EINVAL, "%s has no BAR %u", busdev->name, idx);
	region = &dev->bars[idx];
	if (!len || off > region->size || len > region->size - off)
		return fn_fail(-EINVAL,
			       "%s: bytes 0x%llx to 0x%llx lie outside of BAR %u (0x%llx bytes)",
			       busdev->name, (unsigned long long)off,
			       (unsigned long long)(off + len - 1), idx,
			       (unsigned long long)region->size);
	*bar = (struct fn_bar){ .busdev = busdev, .off = off, .len = len, .idx = (uint8_t)idx };
	if (!fn_vfio_window(region, (uint64_t)sysconf(_SC_PAGESIZE), off, len, &first, &bytes))
		return 0;
	/* What cannot be mapped, for want of memory say, is reached by calls. */
	m = mapping_new(dev, region->offset + first, bytes);
	if (!m) {
		fn_log(busdev->ctx, FN_LOG_WARN,
		       "%s: BAR %u at 0x%llx cannot be mapped; calls are slow", busdev->name, idx,
		       (unsigned long long)off);
		return 0;
	}
	fn_list_add_tail(&dev->mappings, &m->node);
	bar->va = (volatile uint8_t *)m->va + (off - first);
	return 0;
}

void fn_vfio_unmap(struct fn_busdev *busdev, struct fn_bar *bar)
{
	const uintptr_t va = (uintptr_t)bar->va;
	struct fn_list *pos;

	bar->va = NULL;
	if (!va)
		return;
	fn_list_for_each(pos, &fn_vfio_dev(busdev)->mappings) {
		struct mapping *m = fn_container_of(pos, struct mapping, node);

		if (va >= (uintptr_t)m->va && va - (uintptr_t)m->va < m->bytes) {
			fn_list_del(pos);
			mapping_free(m);
			return;
		}
	}
}

void fn_vfio_unmap_all(struct fn_vfio_dev *dev)
{
	struct fn_list *next;

	for (struct fn_list *pos = dev->mappings.next; pos != &dev->mappings; pos = next) {
		next = pos->next;
		mapping_free(fn_container_of(pos, struct mapping, node));
	}
	fn_list_init(&dev->mappings);
}

static bool access_ok(const struct fn_vfio_dev *dev, unsigned idx, uint64_t off, unsigned width)
{
	return (width == 1 || width == 2 || width == 4 || width == 8) && idx < FN_VFIO_BARS &&
	       off <= dev->bars[idx].size && width <= dev->bars[idx].size - off;
}

uint64_t fn_vfio_bar_read(struct fn_busdev *busdev, unsigned idx, uint64_t off, unsigned width)
{
	const struct fn_vfio_dev *dev = fn_vfio_dev(busdev);
	uint64_t raw = 0;

	/* The file is little-endian like the device: the first bytes are the low ones. */
	if (!access_ok(dev, idx, off, width) ||
	    pread(dev->fd, &raw, width, (off_t)(dev->bars[idx].offset + off)) != (ssize_t)width)
		return UINT64_MAX;
	return le64toh(raw);
}

void fn_vfio_bar_write(struct fn_busdev *busdev, unsigned idx, uint64_t off, unsigned width,
		       uint64_t value)
{
	const struct fn_vfio_dev *dev = fn_vfio_dev(busdev);
	const uint64_t raw = htole64(value);
	ssize_t n;

	if (!access_ok(dev, idx, off, width))
		return;
	n = pwrite(dev->fd, &raw, width, (off_t)(dev->bars[idx].offset + off));
	(void)n; /* a write never fails: a device that is gone shows when it is read */
}
