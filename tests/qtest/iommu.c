// SPDX-License-Identifier: BSD-3-Clause
/*
 * The IOMMU: QEMU's VT-d with real tables in the guest's RAM. Each context of the library that has
 * a device open is an address space of its own, a target of its DMA domain; a device that nobody
 * has open reaches nothing.
 *
 * Sections are those of the Intel VT-d specification 3.3, legacy mode.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "qtest/qtest_priv.h"

/* 11.4: registers */
#define VTD_CAP (QTEST_VTD + 0x08)
#define VTD_ECAP (QTEST_VTD + 0x10)
#define VTD_GCMD (QTEST_VTD + 0x18)
#define VTD_GSTS (QTEST_VTD + 0x1c)
#define VTD_RTADDR (QTEST_VTD + 0x20)
#define VTD_CCMD (QTEST_VTD + 0x28)
#define VTD_FSTS (QTEST_VTD + 0x34)
#define VTD_GCMD_TE (UINT32_C(1) << 31)
#define VTD_GCMD_SRTP (UINT32_C(1) << 30)
#define VTD_CCMD_ALL (UINT64_C(1) << 63 | UINT64_C(1) << 61)
#define VTD_IOTLB_ALL (UINT64_C(1) << 63 | UINT64_C(1) << 60 | UINT64_C(3) << 48)
#define VTD_FSTS_ANY 0x03u
#define VTD_FAULT (UINT64_C(1) << 63)

/* 9.1, 9.3, 9.8: entries */
#define PRESENT UINT64_C(1)
#define ACCESS_READ 1u
#define ACCESS_WRITE 2u
#define ADDR_MASK UINT64_C(0x0000fffffffff000)
#define ENTRIES 512u

/**
 * struct qtest_lent - memory of a context that lies in the guest's RAM
 * @va: where the process has it
 * @iova: where devices have it
 * @gpa: where in the RAM it lies
 * @len: bytes
 */
struct qtest_lent {
	void *va;
	uint64_t iova;
	uint64_t gpa;
	size_t len;
};

/**
 * struct qtest_space - what the devices of one context reach
 * @q: the QEMU
 * @ctx: the context
 * @target: in the domain of @ctx
 * @ranges: addresses that can be translated, and are not the doorbell's or those of interrupts
 * @top: the table at the top
 * @domain: its number in the IOMMU
 * @users: devices that are open
 * @lent: all that is mapped for the context
 * @lent_n: how many
 * @lent_cap: places of @lent
 * @node: in &qtest.spaces
 */
struct qtest_space {
	struct qtest *q;
	struct fn_ctx *ctx;
	struct fn_dma_target target;
	struct fn_dma_range ranges[3];
	uint64_t top;
	uint16_t domain;
	unsigned users;
	struct qtest_lent *lent;
	size_t lent_n;
	size_t lent_cap;
	struct fn_list node;
};

/* A table of the IOMMU, in the guest's RAM. */
static uint64_t *table_at(struct qtest *q, uint64_t gpa)
{
	return (uint64_t *)(void *)(q->ram + (gpa & ADDR_MASK));
}

/* QEMU looks at the tables whenever it wants, so entries change as a whole. */
static void entry_set(uint64_t *entry, uint64_t value)
{
	__atomic_store_n(entry, value, __ATOMIC_RELEASE);
}

static int table_new(struct qtest *q, uint64_t *gpa)
{
	const struct fn_dma_range window = { QTEST_TABLES, QTEST_SLICES - 1 };

	if (fn_ranges_take(&q->tables, window, QTEST_PAGE, QTEST_PAGE, gpa))
		return fn_fail(-ENOMEM, "no room left for tables of the IOMMU");
	memset(table_at(q, *gpa), 0, QTEST_PAGE);
	return 0;
}

static unsigned levels(const struct qtest *q)
{
	return q->opts.aw_bits == 39 ? 3 : 4;
}

static void table_free(struct qtest *q, uint64_t gpa, unsigned level)
{
	uint64_t *table = table_at(q, gpa);

	for (unsigned i = 0; level > 1 && i < ENTRIES; i++)
		if (table[i])
			table_free(q, table[i] & ADDR_MASK, level - 1);
	(void)fn_ranges_give(&q->tables, gpa & ADDR_MASK);
}

/* 6.5.1: all that the IOMMU remembers of contexts and pages is forgotten. */
static void invalidate(struct qtest *q)
{
	const uint64_t ecap = qtest_read(q, VTD_ECAP, 8);

	qtest_write(q, VTD_CCMD, 8, VTD_CCMD_ALL);
	qtest_write(q, QTEST_VTD + (ecap >> 8 & 0x3ff) * 16 + 8, 8, VTD_IOTLB_ALL);
	qtest_flush(q);
}

/* The last entry on the way to an address; NULL when a table is missing and not @make. */
static uint64_t *entry_of(struct qtest *q, const struct qtest_space *space, uint64_t iova,
			  bool make)
{
	uint64_t *table = table_at(q, space->top);

	for (unsigned level = levels(q); level > 1; level--) {
		uint64_t *entry = &table[iova >> (12 + 9 * (level - 1)) & (ENTRIES - 1)];
		uint64_t gpa;

		if (!*entry) {
			if (!make || table_new(q, &gpa))
				return NULL;
			entry_set(entry, gpa | ACCESS_READ | ACCESS_WRITE);
		}
		table = table_at(q, *entry & ADDR_MASK);
	}
	return &table[iova >> 12 & (ENTRIES - 1)];
}

int qtest_pages_map(struct qtest *q, struct qtest_space *space, uint64_t iova, uint64_t gpa,
		    uint64_t len, unsigned access)
{
	for (uint64_t off = 0; off < len; off += QTEST_PAGE) {
		uint64_t *entry = entry_of(q, space, iova + off, true);

		if (!entry) {
			qtest_pages_unmap(q, space, iova, off);
			return -ENOMEM;
		}
		entry_set(entry, (gpa + off) | access);
	}
	return 0;
}

void qtest_pages_unmap(struct qtest *q, struct qtest_space *space, uint64_t iova, uint64_t len)
{
	for (uint64_t off = 0; off < len; off += QTEST_PAGE) {
		uint64_t *entry = entry_of(q, space, iova + off, false);

		if (entry)
			entry_set(entry, 0);
	}
	invalidate(q);
}

static struct qtest_space *space_of(struct fn_dma_target *target)
{
	return fn_container_of(target, struct qtest_space, target);
}

static int lent_reserve(struct qtest_space *space)
{
	const size_t cap = space->lent_cap ? 2 * space->lent_cap : 16;
	struct qtest_lent *lent;

	if (space->lent_n < space->lent_cap)
		return 0;
	lent = realloc(space->lent, cap * sizeof(*lent));
	if (!lent)
		return fn_fail(-ENOMEM, "out of memory for a list of DMA memory");
	space->lent = lent;
	space->lent_cap = cap;
	return 0;
}

static int space_map(struct fn_dma_target *target, void *va, fn_iova_t iova, size_t len)
{
	struct qtest_space *space = space_of(target);
	struct qtest_lent lent = { va, iova.v, 0, len };
	struct qtest *q = space->q;
	int ret;

	qtest_lock(q);
	ret = lent_reserve(space);
	if (!ret)
		ret = qtest_memory_lend(q, va, len, &lent.gpa);
	if (ret)
		goto unlock;
	ret = qtest_pages_map(q, space, iova.v, lent.gpa, len, ACCESS_READ | ACCESS_WRITE);
	if (ret)
		qtest_memory_return(q, va, len, lent.gpa);
	else
		space->lent[space->lent_n++] = lent;
unlock:
	qtest_unlock(q);
	return ret;
}

static void space_unmap(struct fn_dma_target *target, fn_iova_t iova, size_t len)
{
	struct qtest_space *space = space_of(target);
	struct qtest *q = space->q;

	qtest_lock(q);
	for (size_t i = 0; i < space->lent_n; i++) {
		const struct qtest_lent lent = space->lent[i];

		if (lent.iova != iova.v || lent.len != len)
			continue;
		qtest_pages_unmap(q, space, lent.iova, lent.len);
		qtest_memory_return(q, lent.va, lent.len, lent.gpa);
		space->lent[i] = space->lent[--space->lent_n];
		break;
	}
	qtest_unlock(q);
}

static const struct fn_dma_target_ops target_ops = { space_map, space_unmap };

/*
 * What the address width allows, but for the page of the doorbell, which is mapped one to one, and
 * the window that an IOMMU takes for interrupts (3.14).
 */
static void space_ranges(struct qtest_space *space)
{
	const uint64_t last = (UINT64_C(1) << space->q->opts.aw_bits) - 1;

	space->ranges[0] = (struct fn_dma_range){ 0, QTEST_DOORBELL - 1 };
	space->ranges[1] =
		(struct fn_dma_range){ QTEST_DOORBELL + QTEST_PAGE, UINT64_C(0xfedfffff) };
	space->ranges[2] = (struct fn_dma_range){ UINT64_C(0xfef00000), last };
	space->target = (struct fn_dma_target){ .ops = &target_ops,
						.name = "QEMU's IOMMU",
						.ranges = space->ranges,
						.ranges_n = FN_ARRAY_LEN(space->ranges) };
	fn_list_init(&space->target.node);
}

/* The top one, and the way to the doorbell. */
static int space_tables(struct qtest *q, struct qtest_space *space)
{
	int ret;

	qtest_lock(q);
	ret = table_new(q, &space->top);
	if (!ret)
		ret = qtest_pages_map(q, space, QTEST_DOORBELL, QTEST_DOORBELL, QTEST_PAGE,
				      ACCESS_WRITE);
	qtest_unlock(q);
	return ret;
}

static void space_free(struct qtest *q, struct qtest_space *space)
{
	qtest_lock(q);
	if (space->top)
		table_free(q, space->top, levels(q));
	invalidate(q);
	qtest_unlock(q);
	free(space->lent);
	free(space);
}

static int space_new(struct qtest *q, struct fn_ctx *ctx, struct qtest_space **out)
{
	struct qtest_space *space = calloc(1, sizeof(*space));
	int ret;

	if (!space)
		return fn_fail(-ENOMEM, "out of memory for an address space");
	space->q = q;
	space->ctx = ctx;
	space->domain = ++q->next_domain;
	space_ranges(space);
	ret = space_tables(q, space);
	if (!ret)
		ret = fn_dma_domain_attach(ctx->dma, &space->target);
	if (ret) {
		space_free(q, space);
		return ret;
	}
	fn_list_add_tail(&q->spaces, &space->node);
	*out = space;
	return 0;
}

int qtest_space_get(struct qtest *q, struct fn_ctx *ctx, struct qtest_space **out)
{
	struct fn_list *pos;
	int ret = 0;

	*out = NULL;
	fn_list_for_each(pos, &q->spaces) {
		struct qtest_space *space = fn_container_of(pos, struct qtest_space, node);

		if (space->ctx == ctx)
			*out = space;
	}
	if (!*out)
		ret = space_new(q, ctx, out);
	if (!ret)
		(*out)->users++;
	return ret;
}

void qtest_space_put(struct qtest *q, struct qtest_space *space)
{
	if (--space->users)
		return;
	fn_dma_domain_detach(space->ctx->dma, &space->target);
	fn_list_del(&space->node);
	space_free(q, space);
}

void qtest_space_bind(struct qtest *q, struct qtest_space *space, uint16_t bdf)
{
	const uint64_t *root = table_at(q, q->root) + 2u * (size_t)(bdf >> 8);
	uint64_t *entry = table_at(q, *root & ADDR_MASK) + 2u * (size_t)(bdf & 0xff);
	/* 9.3: address width 1 is three levels, 2 is four. */
	const uint64_t width = levels(q) - 2;

	qtest_lock(q);
	if (space) {
		entry_set(entry + 1, width | (uint64_t)space->domain << 8);
		entry_set(entry, space->top | PRESENT);
	} else {
		entry_set(entry, 0);
	}
	invalidate(q);
	qtest_unlock(q);
}

/* A table of contexts for each bus that has a NIC; no context yet. */
static int tables_setup(struct qtest *q)
{
	int ret = table_new(q, &q->root);

	for (unsigned i = 0; i < q->nics_n && !ret; i++) {
		uint64_t *entry = table_at(q, q->root) + 2u * (size_t)(q->nics[i].bdf >> 8);
		uint64_t gpa;

		if (*entry)
			continue;
		ret = table_new(q, &gpa);
		if (!ret)
			entry_set(entry, gpa | PRESENT);
	}
	return ret;
}

int qtest_iommu_setup(struct qtest *q)
{
	int ret = tables_setup(q);

	if (ret)
		return ret;
	qtest_write(q, VTD_RTADDR, 8, q->root);
	qtest_write(q, VTD_GCMD, 4, VTD_GCMD_SRTP);
	invalidate(q);
	qtest_write(q, VTD_GCMD, 4, VTD_GCMD_TE);
	if (q->dead || !(qtest_read(q, VTD_GSTS, 4) & VTD_GCMD_TE))
		return fn_fail(-EIO, "QEMU's IOMMU does not switch on: %s",
			       q->dead ? q->why_dead : "no answer");
	return 0;
}

/* Whether the IOMMU has recorded a fault since the last look (11.4.9); the record is freed. */
bool qtest_iommu_faulted(struct qtest *q)
{
	const uint64_t record = QTEST_VTD + (qtest_read(q, VTD_CAP, 8) >> 24 & 0x3ff) * 16;
	const bool faulted = !q->dead && (qtest_read(q, VTD_FSTS, 4) & VTD_FSTS_ANY);

	if (!faulted)
		return false;
	qtest_write(q, record + 8, 8, VTD_FAULT);
	qtest_write(q, VTD_FSTS, 4, VTD_FSTS_ANY);
	qtest_flush(q);
	return true;
}
