/* SPDX-License-Identifier: BSD-3-Clause */
/* A tree of files in a temporary directory, shaped like sysfs, /dev/vfio and /proc. */
#ifndef FN_TESTS_UNIT_FAKE_TREE_H
#define FN_TESTS_UNIT_FAKE_TREE_H

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define TREE_PATH 256

struct tree {
	char root[64];
};

static inline void tree_path(const struct tree *t, char path[TREE_PATH], const char *name)
{
	assert_true(snprintf(path, TREE_PATH, "%s/%s", t->root, name) < TREE_PATH);
}

/* All directories on the way to @path. */
static inline void tree_parents(char *path)
{
	for (char *p = strchr(path + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		(void)mkdir(path, 0755);
		*p = '/';
	}
}

static inline void tree_dir(const struct tree *t, const char *name)
{
	char path[TREE_PATH];

	tree_path(t, path, name);
	tree_parents(path);
	(void)mkdir(path, 0755);
}

static inline void tree_file(const struct tree *t, const char *name, const char *text)
{
	char path[TREE_PATH];
	FILE *file;

	tree_path(t, path, name);
	tree_parents(path);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static inline void tree_link(const struct tree *t, const char *name, const char *target)
{
	char path[TREE_PATH];

	tree_path(t, path, name);
	tree_parents(path);
	(void)unlink(path);
	assert_int_equal(symlink(target, path), 0);
}

static inline void tree_remove_one(const struct tree *t, const char *name)
{
	char path[TREE_PATH];

	tree_path(t, path, name);
	assert_int_equal(remove(path), 0);
}

static inline int tree_remove_entry(const char *path, const struct stat *st, int type,
				    struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void tree_new(struct tree *t)
{
	strcpy(t->root, "/tmp/fastnic-test-XXXXXX");
	assert_non_null(mkdtemp(t->root));
}

static inline void tree_free(const struct tree *t)
{
	assert_int_equal(nftw(t->root, tree_remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
}

/* A function on the bus: class as sysfs writes it ("0x020000"), driver or "", group or -1. */
static inline void tree_pci(const struct tree *t, const char *bdf, const char *vendor,
			    const char *device, const char *class, const char *driver, int group)
{
	char name[TREE_PATH];
	char target[TREE_PATH];

#define TREE_ATTR(attr, text)                                                           \
	do {                                                                            \
		(void)snprintf(name, sizeof(name), "bus/pci/devices/%s/%s", bdf, attr); \
		tree_file(t, name, text);                                               \
	} while (0)

	TREE_ATTR("vendor", vendor);
	TREE_ATTR("device", device);
	TREE_ATTR("class", class);
	TREE_ATTR("numa_node", "-1\n");
#undef TREE_ATTR
	if (driver[0]) {
		(void)snprintf(name, sizeof(name), "bus/pci/devices/%s/driver", bdf);
		(void)snprintf(target, sizeof(target), "../../../bus/pci/drivers/%s", driver);
		tree_link(t, name, target);
	}
	if (group >= 0) {
		(void)snprintf(name, sizeof(name), "bus/pci/devices/%s/iommu_group", bdf);
		(void)snprintf(target, sizeof(target), "../../../kernel/iommu_groups/%d", group);
		tree_link(t, name, target);
		(void)snprintf(name, sizeof(name), "kernel/iommu_groups/%d/devices/%s", group, bdf);
		(void)snprintf(target, sizeof(target), "../../../../bus/pci/devices/%s", bdf);
		tree_link(t, name, target);
	}
}

#endif
