// SPDX-License-Identifier: BSD-3-Clause
/*
 * Which windows of a BAR may be mapped, and as which pages: no page that the kernel keeps for
 * itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bus/vfio/vfio.h"

#define PAGE 4096u

struct expect {
	uint64_t off;
	uint64_t len;
	bool ok;
	uint64_t first;
	uint64_t bytes;
};

static void check(const struct fn_vfio_region *region, uint64_t page, const struct expect *e,
		  unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		uint64_t first = 0;
		uint64_t bytes = 0;
		const bool ok = fn_vfio_window(region, page, e[i].off, e[i].len, &first, &bytes);

		if (ok != e[i].ok)
			fail_msg("window 0x%llx+0x%llx: %d", (unsigned long long)e[i].off,
				 (unsigned long long)e[i].len, ok);
		if (ok) {
			assert_true(first == e[i].first);
			assert_true(bytes == e[i].bytes);
		}
	}
}

static void a_whole_region(void **state)
{
	const struct fn_vfio_region region = { .offset = 4ull << 40,
					       .size = 0x4000,
					       .mappable = true };
	static const struct expect e[] = {
		{ 0, 0x4000, true, 0, 0x4000 },           { 0, 1, true, 0, 0x1000 },
		{ 0x3000, 0x1000, true, 0x3000, 0x1000 }, { 0x0fff, 2, true, 0, 0x2000 },
		{ 0x0fff, 1, true, 0, 0x1000 },           { 0x2004, 0x38, true, 0x2000, 0x1000 },
		{ 0x3fff, 1, true, 0x3000, 0x1000 },
	};

	(void)state;
	check(&region, PAGE, e, FN_ARRAY_LEN(e));
}

static void not_offered_by_the_kernel(void **state)
{
	const struct fn_vfio_region closed = { .size = 0x4000 };
	const struct fn_vfio_region askew = { .offset = 0x800, .size = 0x4000, .mappable = true };
	const struct fn_vfio_region absurd = { .size = UINT64_MAX, .mappable = true };
	static const struct expect e[] = { { 0, 0x1000, false, 0, 0 }, { 0x1000, 4, false, 0, 0 } };
	static const struct expect end[] = { { UINT64_MAX - 8, 8, false, 0, 0 } };

	(void)state;
	check(&closed, PAGE, e, FN_ARRAY_LEN(e));
	check(&askew, PAGE, e, FN_ARRAY_LEN(e));
	check(&absurd, PAGE, end, FN_ARRAY_LEN(end));
}

/* Smaller than a page: the kernel offers the mapping only if nothing else lies in the page. */
static void a_region_of_less_than_a_page(void **state)
{
	const struct fn_vfio_region region = { .size = 0x100, .mappable = true };
	static const struct expect e[] = { { 0, 0x100, true, 0, 0x1000 },
					   { 0x40, 4, true, 0, 0x1000 } };

	(void)state;
	check(&region, PAGE, e, FN_ARRAY_LEN(e));
}

/* The MSI-X table in page 2 of 5, left out by the kernel. */
static void around_the_msix_table(void **state)
{
	struct vfio_region_sparse_mmap_area areas[] = { { 0, 0x2000 }, { 0x3000, 0x2000 } };
	const struct fn_vfio_region region = {
		.size = 0x5000, .mappable = true, .sparse = true, .areas = areas, .areas_n = 2
	};
	static const struct expect e[] = {
		{ 0, 0x2000, true, 0, 0x2000 },
		{ 0, 0x2001, false, 0, 0 },
		{ 0x1fff, 1, true, 0x1000, 0x1000 },
		{ 0x1fff, 2, false, 0, 0 },
		{ 0x2000, 4, false, 0, 0 },
		{ 0x2ffc, 4, false, 0, 0 },
		{ 0x2fff, 2, false, 0, 0 },
		{ 0x3000, 4, true, 0x3000, 0x1000 },
		{ 0x3000, 0x2000, true, 0x3000, 0x2000 },
		{ 0x4ffc, 4, true, 0x4000, 0x1000 },
		{ 0, 0x5000, false, 0, 0 },
	};

	(void)state;
	check(&region, PAGE, e, FN_ARRAY_LEN(e));
}

/* Areas that end inside a page: rounding a window up must not take the rest of the page. */
static void areas_that_are_no_whole_pages(void **state)
{
	struct vfio_region_sparse_mmap_area areas[] = { { 0x800, 0x1800 }, { 0x3000, 0x1800 } };
	const struct fn_vfio_region region = {
		.size = 0x6000, .mappable = true, .sparse = true, .areas = areas, .areas_n = 2
	};
	static const struct expect e[] = {
		{ 0x900, 4, false, 0, 0 },
		{ 0x1000, 0x1000, true, 0x1000, 0x1000 },
		{ 0x3000, 0x1000, true, 0x3000, 0x1000 },
		{ 0x4000, 4, false, 0, 0 },
	};

	(void)state;
	check(&region, PAGE, e, FN_ARRAY_LEN(e));
}

/* The last page is mapped whole where the region itself ends within it. */
static void an_area_up_to_the_end_of_the_region(void **state)
{
	struct vfio_region_sparse_mmap_area areas[] = { { 0x1000, 0x800 } };
	const struct fn_vfio_region region = {
		.size = 0x1800, .mappable = true, .sparse = true, .areas = areas, .areas_n = 1
	};
	static const struct expect e[] = {
		{ 0x1000, 0x800, true, 0x1000, 0x1000 },
		{ 0x17fc, 4, true, 0x1000, 0x1000 },
		{ 0x0ffc, 8, false, 0, 0 },
	};

	(void)state;
	check(&region, PAGE, e, FN_ARRAY_LEN(e));
}

static void nothing_listed_nothing_mapped(void **state)
{
	struct vfio_region_sparse_mmap_area absurd[] = { { UINT64_MAX - 0xfff, 0x2000 },
							 { 0x8000, 0x1000 } };
	const struct fn_vfio_region none = { .size = 0x4000, .mappable = true, .sparse = true };
	const struct fn_vfio_region wild = {
		.size = 0x4000, .mappable = true, .sparse = true, .areas = absurd, .areas_n = 2
	};
	static const struct expect e[] = { { 0, 4, false, 0, 0 }, { 0x3000, 0x1000, false, 0, 0 } };

	(void)state;
	check(&none, PAGE, e, FN_ARRAY_LEN(e));
	check(&wild, PAGE, e, FN_ARRAY_LEN(e));
}

static void larger_pages(void **state)
{
	struct vfio_region_sparse_mmap_area areas[] = { { 0, 0x8000 }, { 0x10000, 0x10000 } };
	const struct fn_vfio_region region = {
		.size = 0x20000, .mappable = true, .sparse = true, .areas = areas, .areas_n = 2
	};
	static const struct expect e[] = {
		{ 0, 4, false, 0, 0 },
		{ 0x12345, 4, true, 0x10000, 0x10000 },
	};

	(void)state;
	check(&region, 65536, e, FN_ARRAY_LEN(e));
}

/*
 * Against the plain definition: every page that is mapped lies in the region's pages and in one
 * area.
 */
static void every_window_of_a_small_region(void **state)
{
	struct vfio_region_sparse_mmap_area areas[] = { { 0, 8 }, { 10, 14 }, { 28, 9 } };
	const struct fn_vfio_region region = {
		.size = 37, .mappable = true, .sparse = true, .areas = areas, .areas_n = 3
	};

	(void)state;
	for (uint64_t off = 0; off < region.size; off++) {
		for (uint64_t len = 1; len <= region.size - off; len++) {
			const uint64_t from = off / 4 * 4;
			const uint64_t to = (off + len + 3) / 4 * 4;
			uint64_t first = 0;
			uint64_t bytes = 0;
			bool inside = false;
			bool ok;

			for (unsigned a = 0; a < 3; a++) {
				uint64_t end = areas[a].offset + areas[a].size;

				end = end == 37 ? 40 : end;
				inside = inside || (from >= areas[a].offset && to <= end);
			}
			ok = fn_vfio_window(&region, 4, off, len, &first, &bytes);
			assert_int_equal(ok, inside);
			if (ok) {
				assert_true(first == from);
				assert_true(first + bytes == to);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_region),
		cmocka_unit_test(not_offered_by_the_kernel),
		cmocka_unit_test(a_region_of_less_than_a_page),
		cmocka_unit_test(around_the_msix_table),
		cmocka_unit_test(areas_that_are_no_whole_pages),
		cmocka_unit_test(an_area_up_to_the_end_of_the_region),
		cmocka_unit_test(nothing_listed_nothing_mapped),
		cmocka_unit_test(larger_pages),
		cmocka_unit_test(every_window_of_a_small_region),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
