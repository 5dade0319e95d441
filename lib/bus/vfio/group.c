// SPDX-License-Identifier: BSD-3-Clause
/* IOMMU groups: claimed with their first device, given back with their last. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "bus/vfio/vfio.h"

static int group_open(const struct fn_vfio_roots *roots, const struct fn_pci_info *info, int *fd)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };
	char path[128];
	int ret;

	(void)snprintf(path, sizeof(path), "%s/%d", roots->dev, info->iommu_group);
	*fd = open(path, O_RDWR | O_CLOEXEC);
	if (*fd < 0)
		return fn_vfio_no_node(roots, info, errno);
	if (ioctl(*fd, VFIO_GROUP_GET_STATUS, &status) < 0)
		ret = fn_vfio_no_node(roots, info, errno);
	else if (!(status.flags & VFIO_GROUP_FLAGS_VIABLE))
		ret = fn_vfio_not_viable(roots, info);
	else
		return 0;
	(void)close(*fd);
	return ret;
}

static int state_get(struct fn_ctx *ctx)
{
	if (ctx->vfio)
		return 0;
	ctx->vfio = calloc(1, sizeof(*ctx->vfio));
	if (!ctx->vfio)
		return fn_fail(-ENOMEM, "out of memory");
	fn_list_init(&ctx->vfio->containers);
	fn_list_init(&ctx->vfio->groups);
	return 0;
}

static void state_put(struct fn_ctx *ctx)
{
	if (!ctx->vfio || !fn_list_empty(&ctx->vfio->groups))
		return;
	free(ctx->vfio);
	ctx->vfio = NULL;
}

static struct fn_vfio_group *group_find(struct fn_ctx *ctx, int id)
{
	struct fn_list *pos;

	fn_list_for_each(pos, &ctx->vfio->groups) {
		struct fn_vfio_group *g = fn_container_of(pos, struct fn_vfio_group, node);

		if (g->id == id)
			return g;
	}
	return NULL;
}

static int group_new(struct fn_ctx *ctx, const struct fn_vfio_roots *roots,
		     const struct fn_pci_info *info, struct fn_vfio_group **group)
{
	struct fn_vfio_group *g = calloc(1, sizeof(*g));
	int ret;

	if (!g)
		return fn_fail(-ENOMEM, "%s: out of memory", info->bdf);
	g->id = info->iommu_group;
	g->devices = 1;
	ret = group_open(roots, info, &g->fd);
	if (ret)
		goto free_group;
	ret = fn_vfio_container_join(ctx, roots, g->fd, info->bdf, &g->container);
	if (ret)
		goto close_fd;
	fn_list_add_tail(&ctx->vfio->groups, &g->node);
	*group = g;
	return 0;

close_fd:
	(void)close(g->fd);
free_group:
	free(g);
	return ret;
}

int fn_vfio_group_get(struct fn_ctx *ctx, const struct fn_vfio_roots *roots,
		      const struct fn_pci_info *info, struct fn_vfio_group **group)
{
	int ret;

	(void)pthread_mutex_lock(&ctx->lock);
	ret = state_get(ctx);
	if (ret)
		goto unlock;
	*group = group_find(ctx, info->iommu_group);
	if (*group)
		(*group)->devices++;
	else
		ret = group_new(ctx, roots, info, group);
	state_put(ctx);
unlock:
	(void)pthread_mutex_unlock(&ctx->lock);
	return ret;
}

void fn_vfio_group_put(struct fn_ctx *ctx, struct fn_vfio_group *group)
{
	(void)pthread_mutex_lock(&ctx->lock);
	if (--group->devices == 0) {
		fn_list_del(&group->node);
		fn_vfio_container_leave(group->container, group->fd);
		(void)close(group->fd);
		free(group);
		state_put(ctx);
	}
	(void)pthread_mutex_unlock(&ctx->lock);
}
