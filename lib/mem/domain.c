// SPDX-License-Identifier: BSD-3-Clause
/* Regions of memory, the IOMMUs that they are mapped in, and the table to look them up. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/ctx.h"
#include "base/error.h"
#include "mem/iova.h"
#include "mem/memlock.h"
#include "mem/region.h"

static const struct fn_dma_range everything = { 0, UINT64_MAX };

static uintptr_t region_end(const struct fn_dma_region *region)
{
	return (uintptr_t)region->pages.va + region->pages.len;
}

/* Where in the table the first region is that ends above @va. */
static size_t table_lower(const struct fn_dma_domain *domain, uintptr_t va)
{
	size_t low = 0;
	size_t high = domain->regions_n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (region_end(domain->table[mid]) > va)
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

struct fn_dma_region *fn_dma_region_after(const struct fn_dma_domain *domain, const void *va)
{
	size_t at = table_lower(domain, (uintptr_t)va);

	return at < domain->regions_n ? domain->table[at] : NULL;
}

struct fn_dma_region *fn_dma_region_at(const struct fn_dma_domain *domain, const void *va)
{
	struct fn_dma_region *region = fn_dma_region_after(domain, va);

	return region && (uintptr_t)region->pages.va <= (uintptr_t)va ? region : NULL;
}

/* A place for one more region, before anything is changed. */
static int table_reserve(struct fn_dma_domain *domain)
{
	struct fn_dma_region **table;
	size_t cap = domain->table_cap ? 2 * domain->table_cap : 16;

	if (domain->regions_n < domain->table_cap)
		return 0;
	(void)pthread_rwlock_wrlock(&domain->table_lock);
	table = realloc(domain->table, cap * sizeof(struct fn_dma_region *));
	if (table) {
		domain->table = table;
		domain->table_cap = cap;
	}
	(void)pthread_rwlock_unlock(&domain->table_lock);
	return table ? 0 : fn_fail(-ENOMEM, "out of memory for the table of DMA regions");
}

static void table_insert(struct fn_dma_domain *domain, struct fn_dma_region *region)
{
	size_t at = table_lower(domain, (uintptr_t)region->pages.va);

	(void)pthread_rwlock_wrlock(&domain->table_lock);
	memmove(&domain->table[at + 1], &domain->table[at],
		(domain->regions_n - at) * sizeof(struct fn_dma_region *));
	domain->table[at] = region;
	domain->regions_n++;
	(void)pthread_rwlock_unlock(&domain->table_lock);
}

static void table_remove(struct fn_dma_domain *domain, const struct fn_dma_region *region)
{
	size_t at = table_lower(domain, (uintptr_t)region->pages.va);

	(void)pthread_rwlock_wrlock(&domain->table_lock);
	domain->regions_n--;
	memmove(&domain->table[at], &domain->table[at + 1],
		(domain->regions_n - at) * sizeof(struct fn_dma_region *));
	(void)pthread_rwlock_unlock(&domain->table_lock);
}

/* The largest page that may lie behind a run of memory, so that the IOMMU can map it as one. */
static uint64_t iova_align(const struct fn_pages *pages)
{
	static const uint64_t sizes[] = { (uint64_t)1 << 30, (uint64_t)2 << 20 };

	for (size_t i = 0; i < FN_ARRAY_LEN(sizes); i++)
		if (pages->len >= sizes[i] && (uintptr_t)pages->va % sizes[i] == 0)
			return sizes[i];
	return fn_page_bytes();
}

static void unmap_from(struct fn_dma_target *target, const struct fn_dma_region *region)
{
	target->ops->unmap(target, region->iova, region->pages.len);
}

/* In all targets or in none. */
static int map_everywhere(struct fn_dma_domain *domain, const struct fn_dma_region *region)
{
	struct fn_list *pos;
	int ret;

	fn_list_for_each(pos, &domain->targets) {
		struct fn_dma_target *target = fn_container_of(pos, struct fn_dma_target, node);

		ret = target->ops->map(target, region->pages.va, region->iova, region->pages.len);
		if (ret)
			goto undo;
	}
	return 0;

undo:
	for (pos = pos->prev; pos != &domain->targets; pos = pos->prev)
		unmap_from(fn_container_of(pos, struct fn_dma_target, node), region);
	return ret;
}

int fn_dma_region_add(struct fn_dma_domain *domain, struct fn_dma_region *region, uint64_t soon)
{
	size_t len = region->pages.len;
	int ret = table_reserve(domain);

	if (ret)
		return ret;
	ret = fn_iova_take(&domain->iovas, domain->allowed, domain->allowed_n, len,
			   iova_align(&region->pages), &region->iova);
	if (ret == -ENOSPC)
		return fn_fail(-ENOMEM,
			       "no device addresses left for %zu bytes: the IOMMUs of all open "
			       "devices together translate too few; use smaller pools or a context "
			       "of its own for each device",
			       len);
	if (ret)
		return fn_fail(ret, "out of memory for the list of device addresses");
	ret = map_everywhere(domain, region);
	if (ret) {
		(void)fn_ranges_give(&domain->iovas, region->iova.v);
		if (ret == -ENOMEM)
			ret = fn_memlock_explain(ret,
						 (domain->bytes + len + soon) * domain->targets_n,
						 domain->bytes * domain->targets_n);
		return ret;
	}
	table_insert(domain, region);
	fn_list_add_tail(&domain->regions, &region->node);
	domain->bytes += len;
	return 0;
}

void fn_dma_region_remove(struct fn_dma_domain *domain, struct fn_dma_region *region)
{
	struct fn_list *pos;

	table_remove(domain, region);
	fn_list_del(&region->node);
	fn_list_for_each(pos, &domain->targets)
		unmap_from(fn_container_of(pos, struct fn_dma_target, node), region);
	(void)fn_ranges_give(&domain->iovas, region->iova.v);
	domain->bytes -= region->pages.len;
}

int fn_dma_domain_create(struct fn_ctx *ctx, size_t page_bytes, struct fn_dma_domain **out)
{
	struct fn_dma_domain *domain = calloc(1, sizeof(*domain));

	if (domain)
		domain->allowed = malloc(sizeof(everything));
	if (!domain || !domain->allowed) {
		free(domain);
		return fn_fail(-ENOMEM, "out of memory for a DMA domain");
	}
	domain->source.ctx = ctx;
	domain->source.page_bytes = page_bytes;
	domain->allowed[0] = everything;
	domain->allowed_n = 1;
	fn_list_init(&domain->regions);
	fn_list_init(&domain->targets);
	(void)pthread_mutex_init(&domain->lock, NULL);
	(void)pthread_rwlock_init(&domain->table_lock, NULL);
	*out = domain;
	return 0;
}

/*
 * An arena of private memory stays when its last piece is freed; all else is in use while it
 * exists.
 */
static int domain_in_use(const struct fn_dma_domain *domain)
{
	struct fn_list *pos;

	fn_list_for_each(pos, &domain->regions) {
		const struct fn_dma_region *region =
			fn_container_of(pos, struct fn_dma_region, node);

		if (region->pages.fd < 0)
			return fn_fail(-EBUSY,
				       "the context still has %zu bytes of the application's "
				       "memory at %p: fn_dma_unmap() them first",
				       region->pages.len, region->pages.va);
		if (region->use != FN_DMA_PRIVATE || region->pieces.n)
			return fn_fail(-EBUSY,
				       "the context still has DMA memory in use (%zu piece%s of a "
				       "region of %zu bytes): fn_dma_free() it first",
				       region->pieces.n ? region->pieces.n : 1,
				       region->pieces.n > 1 ? "s" : "", region->pages.len);
	}
	return 0;
}

int fn_dma_domain_destroy(struct fn_dma_domain *domain)
{
	int ret;

	if (!domain)
		return 0;
	ret = domain_in_use(domain);
	if (ret)
		return ret;
	while (!fn_list_empty(&domain->regions)) {
		struct fn_dma_region *region =
			fn_container_of(domain->regions.next, struct fn_dma_region, node);

		fn_dma_region_remove(domain, region);
		fn_pages_free(&region->pages);
		fn_ranges_clear(&region->pieces);
		free(region);
	}
	while (!fn_list_empty(&domain->targets))
		fn_list_del(domain->targets.next);
	fn_ranges_clear(&domain->iovas);
	(void)pthread_rwlock_destroy(&domain->table_lock);
	(void)pthread_mutex_destroy(&domain->lock);
	free(domain->allowed);
	free(domain->table);
	free(domain);
	return 0;
}

/*
 * What @now (@n entries) and a target have in common, in a new array; @n becomes its length. Or
 * NULL.
 */
static struct fn_dma_range *allowed_with(const struct fn_dma_range *now, size_t *n,
					 const struct fn_dma_target *target)
{
	struct fn_dma_range *both = malloc((*n + target->ranges_n + 1) * sizeof(*both));

	if (both)
		*n = fn_iova_intersect(now, *n, target->ranges, target->ranges_n, both);
	return both;
}

/*
 * What the targets that are left have in common. Without memory for it the old list stays: it
 * allows less than it could.
 */
static void allowed_renew(struct fn_dma_domain *domain)
{
	struct fn_dma_range *allowed = malloc(sizeof(*allowed));
	size_t n = 1;
	struct fn_list *pos;

	if (!allowed)
		return;
	allowed[0] = everything;
	fn_list_for_each(pos, &domain->targets) {
		struct fn_dma_range *next =
			allowed_with(allowed, &n, fn_container_of(pos, struct fn_dma_target, node));

		free(allowed);
		if (!next)
			return;
		allowed = next;
	}
	free(domain->allowed);
	domain->allowed = allowed;
	domain->allowed_n = n;
}

static bool target_covers(const struct fn_dma_target *target, const struct fn_dma_region *region)
{
	uint64_t first = region->iova.v;
	uint64_t last = first + (region->pages.len - 1);

	for (unsigned i = 0; i < target->ranges_n; i++)
		if (target->ranges[i].first <= first && target->ranges[i].last >= last)
			return true;
	return false;
}

static int check_ranges(const struct fn_dma_domain *domain, const struct fn_dma_target *target)
{
	struct fn_list *pos;

	fn_list_for_each(pos, &domain->regions) {
		const struct fn_dma_region *region =
			fn_container_of(pos, struct fn_dma_region, node);

		if (!target_covers(target, region))
			return fn_fail(
				-ERANGE,
				"%s cannot translate 0x%" PRIx64 " to 0x%" PRIx64
				", where memory of the context lies already: open this device "
				"before pools and DMA memory are made, or in a context of its own",
				target->name, region->iova.v,
				region->iova.v + (region->pages.len - 1));
	}
	return 0;
}

static int map_all(struct fn_dma_domain *domain, struct fn_dma_target *target)
{
	struct fn_list *pos;
	int ret;

	fn_list_for_each(pos, &domain->regions) {
		struct fn_dma_region *region = fn_container_of(pos, struct fn_dma_region, node);

		ret = target->ops->map(target, region->pages.va, region->iova, region->pages.len);
		if (ret)
			goto undo;
	}
	return 0;

undo:
	for (pos = pos->prev; pos != &domain->regions; pos = pos->prev)
		unmap_from(target, fn_container_of(pos, struct fn_dma_region, node));
	if (ret == -ENOMEM)
		ret = fn_memlock_explain(ret, domain->bytes * (domain->targets_n + 1),
					 domain->bytes * domain->targets_n);
	return ret;
}

int fn_dma_domain_attach(struct fn_dma_domain *domain, struct fn_dma_target *target)
{
	struct fn_dma_range *allowed;
	size_t allowed_n;
	int ret;

	(void)pthread_mutex_lock(&domain->lock);
	ret = check_ranges(domain, target);
	if (ret)
		goto unlock;
	allowed_n = domain->allowed_n;
	allowed = allowed_with(domain->allowed, &allowed_n, target);
	if (!allowed) {
		ret = fn_fail(-ENOMEM, "out of memory for the list of device addresses");
		goto unlock;
	}
	ret = map_all(domain, target);
	if (ret) {
		free(allowed);
		goto unlock;
	}
	free(domain->allowed);
	domain->allowed = allowed;
	domain->allowed_n = allowed_n;
	fn_list_add_tail(&domain->targets, &target->node);
	domain->targets_n++;
unlock:
	(void)pthread_mutex_unlock(&domain->lock);
	return ret;
}

void fn_dma_domain_detach(struct fn_dma_domain *domain, struct fn_dma_target *target)
{
	struct fn_list *pos;

	(void)pthread_mutex_lock(&domain->lock);
	fn_list_for_each(pos, &domain->regions)
		unmap_from(target, fn_container_of(pos, struct fn_dma_region, node));
	fn_list_del(&target->node);
	domain->targets_n--;
	allowed_renew(domain);
	(void)pthread_mutex_unlock(&domain->lock);
}

int fn_dma_find(struct fn_ctx *ctx, const void *va, size_t len, fn_iova_t *iova)
{
	struct fn_dma_domain *domain = ctx->dma;
	const struct fn_dma_region *region;
	bool found = false;

	(void)pthread_rwlock_rdlock(&domain->table_lock);
	region = fn_dma_region_at(domain, va);
	if (region && region_end(region) - (uintptr_t)va >= len) {
		iova->v = region->iova.v + ((uintptr_t)va - (uintptr_t)region->pages.va);
		found = true;
	}
	(void)pthread_rwlock_unlock(&domain->table_lock);
	return found ? 0 :
		       fn_fail(-EFAULT,
			       "devices cannot reach all of the %zu bytes at %p: they must lie in "
			       "one piece of fn_dma_alloc() or fn_dma_map() of the same context",
			       len, va);
}

size_t fn_dma_page_bytes(struct fn_ctx *ctx, const void *va)
{
	struct fn_dma_domain *domain = ctx->dma;
	size_t bytes;

	(void)pthread_rwlock_rdlock(&domain->table_lock);
	bytes = fn_dma_region_at(domain, va)->pages.page_bytes;
	(void)pthread_rwlock_unlock(&domain->table_lock);
	return bytes;
}

uint64_t fn_dma_mapped_bytes(struct fn_ctx *ctx)
{
	struct fn_dma_domain *domain = ctx->dma;
	uint64_t bytes;

	(void)pthread_mutex_lock(&domain->lock);
	bytes = domain->bytes;
	(void)pthread_mutex_unlock(&domain->lock);
	return bytes;
}
