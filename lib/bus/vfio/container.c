// SPDX-License-Identifier: BSD-3-Clause
/* VFIO containers: one IOMMU address space each, a target of the context's DMA domain. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "bus/vfio/vfio.h"

/*
 * For kernels that do not report ranges (before 5.4): what every x86 IOMMU translates, less the
 * window that interrupts are written to.
 */
static const struct fn_dma_range guess[] = {
	{ 0, UINT64_C(0xfedfffff) },
	{ UINT64_C(0xfef00000), (UINT64_C(1) << 39) - 1 },
};

static int ranges_copy(const struct fn_dma_range *from, unsigned n, struct fn_dma_range **ranges)
{
	*ranges = calloc(n, sizeof(*from));
	if (!*ranges)
		return -ENOMEM;
	memcpy(*ranges, from, n * sizeof(*from));
	return 0;
}

static unsigned info_cap_offset(const void *info, size_t bytes)
{
	struct vfio_iommu_type1_info head = { 0 };

	memcpy(&head, info, bytes < sizeof(head) ? bytes : sizeof(head));
	return head.flags & VFIO_IOMMU_INFO_CAPS ? head.cap_offset : 0;
}

int fn_vfio_ranges(const void *info, size_t bytes, struct fn_dma_range **ranges, unsigned *n)
{
	const size_t head_bytes = sizeof(struct vfio_iommu_type1_info_cap_iova_range);
	struct vfio_iommu_type1_info_cap_iova_range cap;
	struct fn_dma_range *out;
	size_t cap_bytes = 0;
	const size_t pos = fn_vfio_cap(info, bytes, info_cap_offset(info, bytes),
				       VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE, &cap_bytes);
	unsigned used = 0;

	if (!pos || cap_bytes < head_bytes) {
		*n = FN_ARRAY_LEN(guess);
		return ranges_copy(guess, *n, ranges);
	}
	memcpy(&cap, (const char *)info + pos, head_bytes);
	if (!cap.nr_iovas ||
	    cap.nr_iovas > (cap_bytes - head_bytes) / sizeof(struct vfio_iova_range))
		return -EIO;
	out = calloc(cap.nr_iovas, sizeof(*out));
	if (!out)
		return -ENOMEM;
	for (unsigned i = 0; i < cap.nr_iovas; i++) {
		struct vfio_iova_range r;

		memcpy(&r, (const char *)info + pos + head_bytes + i * sizeof(r), sizeof(r));
		/* The domain wants them ascending, which is how the kernel lists them. */
		if (r.start > r.end || (used && r.start <= out[used - 1].last)) {
			free(out);
			return -EIO;
		}
		out[used++] = (struct fn_dma_range){ r.start, r.end };
	}
	*ranges = out;
	*n = used;
	return 0;
}

/* What the kernel says of a container now. */
static int container_info(int fd, struct fn_dma_range **ranges, unsigned *n)
{
	const struct vfio_iommu_type1_info head = { .argsz = sizeof(head) };
	size_t bytes;
	void *info;
	int ret = fn_vfio_info(fd, VFIO_IOMMU_GET_INFO, &head, sizeof(head), &info, &bytes);

	if (ret)
		return ret;
	ret = fn_vfio_ranges(info, bytes, ranges, n);
	free(info);
	return ret;
}

static struct fn_vfio_container *target_container(struct fn_dma_target *target)
{
	return fn_container_of(target, struct fn_vfio_container, target);
}

/* The domain's lock guards the count of mappings. */
static int container_map(struct fn_dma_target *target, void *va, fn_iova_t iova, size_t len)
{
	struct fn_vfio_container *c = target_container(target);
	const struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)va,
		.iova = iova.v,
		.size = len,
	};
	int err;

	if (ioctl(c->fd, VFIO_IOMMU_MAP_DMA, &map) == 0) {
		c->maps++;
		return 0;
	}
	err = errno;
	if (err == ENOMEM)
		return fn_fail(-ENOMEM, "%s: the kernel does not lock %zu more bytes for DMA",
			       c->name, len);
	if (err == ENOSPC)
		return fn_fail(-ENOSPC,
			       "%s: all %u DMA mappings are in use; use larger pages or pools, or "
			       "raise /sys/module/vfio_iommu_type1/parameters/dma_entry_limit",
			       c->name, c->maps);
	return fn_fail(-err, "%s: cannot map %zu bytes at %p as IOVA 0x%llx: %s", c->name, len, va,
		       (unsigned long long)iova.v, fn_strerror(err));
}

static void container_unmap(struct fn_dma_target *target, fn_iova_t iova, size_t len)
{
	struct fn_vfio_container *c = target_container(target);
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.iova = iova.v,
		.size = len,
	};

	if (ioctl(c->fd, VFIO_IOMMU_UNMAP_DMA, &unmap) == 0) {
		c->maps--;
		return;
	}
	/* EINVAL: the kernel took the last group away by itself, and all mappings with it. */
	fn_log(c->ctx, errno == EINVAL ? FN_LOG_DEBUG : FN_LOG_WARN,
	       "%s: cannot unmap IOVA 0x%llx: %s", c->name, (unsigned long long)iova.v,
	       fn_strerror(errno));
}

static const struct fn_dma_target_ops target_ops = { container_map, container_unmap };

/* VFIO_GROUP_SET_CONTAINER on a container in use and VFIO_SET_IOMMU on a new one fail alike. */
static int refused(const char *bdf, int err)
{

	if (err == EPERM)
		return fn_fail(-ENODEV,
			       "%s: the IOMMU does not remap interrupts, so VFIO keeps the device; "
			       "switch interrupt remapping on in the firmware and kernel (no "
			       "intremap=off), or trust all devices with: echo 1 > "
			       "/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts",
			       bdf);
	return fn_fail(-err,
		       "%s: the IOMMU does not take the device's group: %s; the kernel's log "
		       "(dmesg) has the reason",
		       bdf, fn_strerror(err));
}

static bool range_inside(const struct fn_dma_range *r, const struct fn_dma_range *of, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (of[i].first <= r->first && r->last <= of[i].last)
			return true;
	return false;
}

/*
 * A group with reserved addresses of its own narrows the container that it joins. The domain has
 * given out addresses from the wider ranges and goes on doing so, therefore such a group gets its
 * own container.
 */
static bool still_as_wide(const struct fn_vfio_container *c)
{
	struct fn_dma_range *now;
	unsigned n;
	bool ok = true;

	if (container_info(c->fd, &now, &n))
		return false;
	for (unsigned i = 0; i < c->target.ranges_n; i++)
		ok = ok && range_inside(&c->target.ranges[i], now, n);
	free(now);
	return ok;
}

/* 0: the group is in @c now; 1: it needs another container. */
static int container_share(struct fn_vfio_container *c, int group_fd, const char *bdf)
{
	if (ioctl(group_fd, VFIO_GROUP_SET_CONTAINER, &c->fd) < 0)
		return errno == EINVAL ? 1 : refused(bdf, errno);
	if (!still_as_wide(c)) {
		(void)ioctl(group_fd, VFIO_GROUP_UNSET_CONTAINER);
		return 1;
	}
	c->groups++;
	return 0;
}

static int no_container(const char *path, int err)
{

	if (err == ENOENT || err == ENODEV || err == ENXIO)
		return fn_fail(-ENODEV,
			       "no VFIO: %s is not there; load the module: modprobe vfio-pci",
			       path);
	return fn_fail(-err, "cannot open %s: %s; every user may open it by default: chmod 666 %s",
		       path, fn_strerror(err), path);
}

static int container_open(const struct fn_vfio_roots *roots, int *fd)
{
	char path[128];
	int version;
	int ret;

	(void)snprintf(path, sizeof(path), "%s/vfio", roots->dev);
	*fd = open(path, O_RDWR | O_CLOEXEC);
	if (*fd < 0)
		return no_container(path, errno);
	version = ioctl(*fd, VFIO_GET_API_VERSION);
	if (version != VFIO_API_VERSION) {
		ret = fn_fail(-ENOTSUP,
			      "the kernel's VFIO has version %d, and fastnic knows %d only; use a "
			      "newer fastnic",
			      version, VFIO_API_VERSION);
	} else if (ioctl(*fd, VFIO_CHECK_EXTENSION, (unsigned long)VFIO_TYPE1v2_IOMMU) <= 0) {
		ret = fn_fail(-ENODEV,
			      "the kernel's VFIO has no type 1 IOMMU (version 2); load the module: "
			      "modprobe vfio_iommu_type1");
	} else {
		return 0;
	}
	(void)close(*fd);
	return ret;
}

/* The group is in the container @c->fd already: make an IOMMU of it and tell the domain. */
static int container_start(struct fn_vfio_container *c, const char *bdf)
{
	unsigned n = 0;
	int ret;

	if (ioctl(c->fd, VFIO_SET_IOMMU, (unsigned long)VFIO_TYPE1v2_IOMMU) < 0)
		return refused(bdf, errno);
	ret = container_info(c->fd, &c->ranges, &n);
	if (ret)
		return fn_fail(ret,
			       "%s: VFIO does not say which addresses the IOMMU translates: %s",
			       bdf, fn_strerror(-ret));
	(void)snprintf(c->name, sizeof(c->name), "IOMMU container of %s", bdf);
	c->target = (struct fn_dma_target){
		.ops = &target_ops, .name = c->name, .ranges = c->ranges, .ranges_n = n
	};
	fn_list_init(&c->target.node);
	return fn_dma_domain_attach(c->ctx->dma, &c->target);
}

static void container_free(struct fn_vfio_container *c)
{
	(void)close(c->fd);
	free(c->ranges);
	free(c);
}

static int container_new(struct fn_ctx *ctx, const struct fn_vfio_roots *roots, int group_fd,
			 const char *bdf, struct fn_vfio_container **container)
{
	struct fn_vfio_container *c = calloc(1, sizeof(*c));
	int ret;

	if (!c)
		return fn_fail(-ENOMEM, "%s: out of memory", bdf);
	c->ctx = ctx;
	c->groups = 1;
	ret = container_open(roots, &c->fd);
	if (ret) {
		free(c);
		return ret;
	}
	if (ioctl(group_fd, VFIO_GROUP_SET_CONTAINER, &c->fd) < 0) {
		ret = refused(bdf, errno);
		goto free_container;
	}
	ret = container_start(c, bdf);
	if (ret)
		goto unset;
	fn_list_add_tail(&ctx->vfio->containers, &c->node);
	*container = c;
	return 0;

unset:
	(void)ioctl(group_fd, VFIO_GROUP_UNSET_CONTAINER);
free_container:
	container_free(c);
	return ret;
}

int fn_vfio_container_join(struct fn_ctx *ctx, const struct fn_vfio_roots *roots, int group_fd,
			   const char *bdf, struct fn_vfio_container **container)
{
	struct fn_list *pos;

	fn_list_for_each(pos, &ctx->vfio->containers) {
		struct fn_vfio_container *c = fn_container_of(pos, struct fn_vfio_container, node);
		const int ret = container_share(c, group_fd, bdf);

		if (ret <= 0) {
			*container = c;
			return ret;
		}
	}
	return container_new(ctx, roots, group_fd, bdf, container);
}

void fn_vfio_container_leave(struct fn_vfio_container *container, int group_fd)
{
	const bool last = --container->groups == 0;

	/* The kernel forgets all mappings with the last group, so they are taken out before. */
	if (last)
		fn_dma_domain_detach(container->ctx->dma, &container->target);
	(void)ioctl(group_fd, VFIO_GROUP_UNSET_CONTAINER);
	if (!last)
		return;
	fn_list_del(&container->node);
	container_free(container);
}
