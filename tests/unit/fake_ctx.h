/* SPDX-License-Identifier: BSD-3-Clause */
/* A context without devices, and IOMMUs that note what is mapped in them. */
#ifndef FN_TESTS_UNIT_FAKE_CTX_H
#define FN_TESTS_UNIT_FAKE_CTX_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/ctx.h"
#include "base/error.h"
#include "mem/domain.h"

struct fake_ctx {
	struct fn_ctx ctx;
	unsigned warnings;
	char warning[640];
};

static inline void fake_log(void *arg, enum fn_log_level level, const char *line)
{
	struct fake_ctx *fake = arg;

	if (level != FN_LOG_WARN)
		return;
	fake->warnings++;
	(void)snprintf(fake->warning, sizeof(fake->warning), "%s", line);
}

static inline struct fn_ctx *fake_ctx_start(struct fake_ctx *fake, size_t page_bytes)
{
	memset(fake, 0, sizeof(*fake));
	fake->ctx.opts = (struct fn_ctx_opts){ .sz = sizeof(fake->ctx.opts),
					       .log = fake_log,
					       .log_arg = fake,
					       .log_level = FN_LOG_WARN,
					       .page_bytes = page_bytes };
	fn_list_init(&fake->ctx.devs);
	fn_list_init(&fake->ctx.pools);
	(void)pthread_mutex_init(&fake->ctx.lock, NULL);
	assert_int_equal(fn_dma_domain_create(&fake->ctx, page_bytes, &fake->ctx.dma), 0);
	return &fake->ctx;
}

static inline void fake_ctx_end(struct fake_ctx *fake)
{
	assert_true(fn_list_empty(&fake->ctx.pools));
	assert_int_equal(fn_dma_domain_destroy(fake->ctx.dma), 0);
	(void)pthread_mutex_destroy(&fake->ctx.lock);
}

#define FAKE_MAPS 64u

/* An IOMMU. It fails the test when it is asked for what a real one would refuse. */
struct fake_iommu {
	struct fn_dma_target target;
	struct {
		char *va;
		uint64_t iova;
		size_t len;
	} maps[FAKE_MAPS];
	unsigned n;
	/* The map that makes this 0 fails with @fail; -1: none. */
	int fail_at;
	int fail;
	/* Accounting as VFIO's, over all that share the counter; NULL: no limit. */
	uint64_t *locked;
	uint64_t limit;
};

static inline int fake_map(struct fn_dma_target *target, void *va, fn_iova_t iova, size_t len)
{
	struct fake_iommu *iommu = fn_container_of(target, struct fake_iommu, target);
	bool inside = false;

	assert_true(len > 0 && len % 4096 == 0);
	assert_true(iova.v % 4096 == 0 && (uintptr_t)va % 4096 == 0);
	for (unsigned i = 0; i < target->ranges_n; i++)
		inside = inside || (target->ranges[i].first <= iova.v &&
				    iova.v + (len - 1) <= target->ranges[i].last);
	assert_true(inside);
	for (unsigned i = 0; i < iommu->n; i++)
		assert_true(iommu->maps[i].iova + iommu->maps[i].len <= iova.v ||
			    iova.v + len <= iommu->maps[i].iova);
	if (iommu->fail_at >= 0 && iommu->fail_at-- == 0)
		return fn_fail(iommu->fail, "%s: told to fail", target->name);
	if (iommu->locked && *iommu->locked + len > iommu->limit)
		return fn_fail(-ENOMEM, "%s: no more", target->name);
	if (iommu->locked)
		*iommu->locked += len;
	assert_true(iommu->n < FAKE_MAPS);
	iommu->maps[iommu->n].va = va;
	iommu->maps[iommu->n].iova = iova.v;
	iommu->maps[iommu->n].len = len;
	iommu->n++;
	return 0;
}

static inline void fake_unmap(struct fn_dma_target *target, fn_iova_t iova, size_t len)
{
	struct fake_iommu *iommu = fn_container_of(target, struct fake_iommu, target);

	for (unsigned i = 0; i < iommu->n; i++) {
		if (iommu->maps[i].iova != iova.v)
			continue;
		assert_int_equal(iommu->maps[i].len, len);
		if (iommu->locked)
			*iommu->locked -= len;
		iommu->maps[i] = iommu->maps[--iommu->n];
		return;
	}
	fail_msg("unmapped what is not mapped");
}

static const struct fn_dma_target_ops fake_iommu_ops = { fake_map, fake_unmap };

static inline void fake_iommu_init(struct fake_iommu *iommu, const char *name,
				   const struct fn_dma_range *ranges, unsigned n)
{
	memset(iommu, 0, sizeof(*iommu));
	iommu->target = (struct fn_dma_target){
		.ops = &fake_iommu_ops, .name = name, .ranges = ranges, .ranges_n = n
	};
	fn_list_init(&iommu->target.node);
	iommu->fail_at = -1;
}

/* What a device behind the IOMMU finds at an address, or NULL: a fault. */
static inline char *fake_iommu_at(const struct fake_iommu *iommu, uint64_t iova)
{
	for (unsigned i = 0; i < iommu->n; i++)
		if (iova >= iommu->maps[i].iova && iova - iommu->maps[i].iova < iommu->maps[i].len)
			return iommu->maps[i].va + (iova - iommu->maps[i].iova);
	return NULL;
}

#endif
