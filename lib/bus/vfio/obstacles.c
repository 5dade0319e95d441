// SPDX-License-Identifier: BSD-3-Clause
/*
 * Why a device cannot be claimed: which driver, process or neighbour is in the way, and what helps.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bus/pci/sysfs.h"
#include "bus/vfio/vfio.h"

/* PCI class codes, as sysfs writes them: base class, subclass, interface. */
#define CLASS_BRIDGE_SHIFT 8
#define CLASS_PCI_BRIDGE 0x0604
#define CLASS_SHIFT 16
#define CLASS_NETWORK 0x02

/* vfio-pci, or one of its kind for a certain device (mlx5_vfio_pci). */
static bool is_vfio_driver(const char *driver)
{
	static const char *const ends[] = { "-vfio-pci", "_vfio_pci", "-vfio_pci", "_vfio-pci" };
	const size_t chars = strlen(driver);
	const size_t end_chars = strlen(ends[0]);

	if (strcmp(driver, "vfio-pci") == 0)
		return true;
	for (unsigned i = 0; i < FN_ARRAY_LEN(ends); i++)
		if (chars > end_chars && strcmp(driver + chars - end_chars, ends[i]) == 0)
			return true;
	return false;
}

int fn_vfio_check(const struct fn_vfio_roots *roots, const struct fn_pci_addr *addr,
		  struct fn_pci_info *info)
{
	const int ret = fn_pci_find_at(roots->sys, addr, info);

	if (ret)
		return ret;
	if (info->iommu_group < 0)
		return fn_fail(-ENODEV,
			       "%s is in no IOMMU group: the IOMMU is off; switch it on in the "
			       "firmware (VT-d or AMD-Vi) and, on Intel, boot with the kernel "
			       "argument intel_iommu=on",
			       info->bdf);
	if (!info->kernel_driver[0])
		return fn_fail(-ENODEV,
			       "%s is not bound to vfio-pci (no driver has it); run: fastnic-bind "
			       "bind %s",
			       info->bdf, info->bdf);
	if (!is_vfio_driver(info->kernel_driver))
		return fn_fail(-ENODEV,
			       "%s is not bound to vfio-pci (the kernel's driver %s has it); run: "
			       "fastnic-bind bind %s",
			       info->bdf, info->kernel_driver, info->bdf);
	return 0;
}

/* Whether a process has @node open, as far as we may see that. */
static bool process_holds(const char *proc, long pid, const char *node)
{
	char dir[64];
	char name[128];
	const struct dirent *entry;
	bool found = false;
	DIR *fds;

	(void)snprintf(dir, sizeof(dir), "%s/%ld/fd", proc, pid);
	fds = opendir(dir);
	if (!fds)
		return false;
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): glibc's is safe for a stream of one thread. */
	while (!found && (entry = readdir(fds))) {
		const ssize_t n = readlinkat(dirfd(fds), entry->d_name, name, sizeof(name) - 1);

		name[n > 0 ? n : 0] = '\0';
		found = strcmp(name, node) == 0;
	}
	(void)closedir(fds);
	return found;
}

/* The process that has @node open; 0 when it cannot be seen. */
static long holder_find(const char *proc, const char *node)
{
	const struct dirent *entry;
	DIR *processes = opendir(proc);
	long pid = 0;

	if (!processes)
		return 0;
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): glibc's is safe for a stream of one thread. */
	while (!pid && (entry = readdir(processes))) {
		/* What is no process begins with no digit and gives 0. */
		pid = strtol(entry->d_name, NULL, 10);
		if (pid && !process_holds(proc, pid, node))
			pid = 0;
	}
	(void)closedir(processes);
	return pid;
}

static void program_name(const char *proc, long pid, char *name, size_t chars)
{
	char path[64];
	ssize_t n = 0;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%ld/comm", proc, pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, name, chars - 1);
		(void)close(fd);
	}
	name[n > 0 ? n : 0] = '\0';
	name[strcspn(name, "\n")] = '\0';
}

static int group_busy(const struct fn_vfio_roots *roots, const struct fn_pci_info *info,
		      const char *node)
{
	const long pid = holder_find(roots->proc, node);
	char name[32];

	if (!pid)
		return fn_fail(-EBUSY,
			       "%s: another process holds IOMMU group %d; as root, fastnic-bind "
			       "status names it: stop it first",
			       info->bdf, info->iommu_group);
	if (pid == (long)getpid())
		return fn_fail(-EBUSY,
			       "%s: this process holds IOMMU group %d in another context; open its "
			       "devices in one context",
			       info->bdf, info->iommu_group);
	program_name(roots->proc, pid, name, sizeof(name));
	return fn_fail(-EBUSY, "%s: process %ld (%s) holds IOMMU group %d; stop it first",
		       info->bdf, pid, name, info->iommu_group);
}

int fn_vfio_no_node(const struct fn_vfio_roots *roots, const struct fn_pci_info *info, int err)
{
	char node[128];

	(void)snprintf(node, sizeof(node), "%s/noiommu-%d", roots->dev, info->iommu_group);
	if (err == ENOENT && access(node, F_OK) == 0)
		return fn_fail(-ENODEV,
			       "%s is in VFIO's no-IOMMU mode, where a device may write to any "
			       "memory and which fastnic does not use; switch the machine's IOMMU "
			       "on",
			       info->bdf);
	(void)snprintf(node, sizeof(node), "%s/%d", roots->dev, info->iommu_group);
	switch (err) {
	case EBUSY:
		return group_busy(roots, info, node);
	case EACCES:
	case EPERM:
		return fn_fail(-EACCES,
			       "%s: no permission to open %s; run: sudo fastnic-bind bind --user "
			       "$USER %s",
			       info->bdf, node, info->bdf);
	case ENOENT:
	case ENODEV:
	case ENXIO:
		return fn_fail(-ENODEV,
			       "%s: there is no %s; load VFIO (modprobe vfio-pci), and in a "
			       "container let it see /dev/vfio",
			       info->bdf, node);
	default:
		return fn_fail(-err, "%s: cannot use %s: %s", info->bdf, node, fn_strerror(err));
	}
}

/*
 * The kernel's own rule (vfio: a group is viable): PCI bridges, devices without a driver and those
 * of pci-stub and of VFIO do no DMA that could hurt.
 */
static bool in_the_way(const char *dir, char *driver, size_t chars)
{
	if (fn_sysfs_number(dir, "class", 0) >> CLASS_BRIDGE_SHIFT == CLASS_PCI_BRIDGE)
		return false;
	if (!fn_sysfs_link(dir, "driver", driver, chars))
		return false;
	return strcmp(driver, "pci-stub") != 0 && strcmp(driver, "pcieport") != 0 &&
	       !is_vfio_driver(driver);
}

/* Put words behind a text as long as they fit. */
static void append(char *text, size_t chars, const char *before, const char *words)
{
	const size_t used = strlen(text);

	if (used + strlen(before) + strlen(words) < chars)
		(void)snprintf(text + used, chars - used, "%s%s", before, words);
}

/* Devices in the way, and what is to be typed about them. */
struct neighbours {
	char who[256];
	char bdfs[128];
	bool force; /* one of them is no NIC: fastnic-bind wants to be told twice */
};

static void neighbours_find(const char *group_dir, DIR *devices, struct neighbours *found)
{
	char dir[FN_SYSFS_PATH_CHARS];
	char words[128];
	char driver[32];
	const struct dirent *entry;

	/* NOLINTNEXTLINE(concurrency-mt-unsafe): glibc's is safe for a stream of one thread. */
	while ((entry = readdir(devices))) {
		const int n = snprintf(dir, sizeof(dir), "%s/%s", group_dir, entry->d_name);

		if (entry->d_name[0] == '.' || n < 0 || n >= (int)sizeof(dir) ||
		    !in_the_way(dir, driver, sizeof(driver)))
			continue;
		(void)snprintf(words, sizeof(words), "%.64s (driver %s)", entry->d_name, driver);
		append(found->who, sizeof(found->who), found->who[0] ? ", " : "", words);
		append(found->bdfs, sizeof(found->bdfs), " ", entry->d_name);
		if (fn_sysfs_number(dir, "class", 0) >> CLASS_SHIFT != CLASS_NETWORK)
			found->force = true;
	}
}

int fn_vfio_not_viable(const struct fn_vfio_roots *roots, const struct fn_pci_info *info)
{
	char dir[FN_SYSFS_PATH_CHARS / 2];
	struct neighbours found = { 0 };
	DIR *devices;

	(void)snprintf(dir, sizeof(dir), "%s/kernel/iommu_groups/%d/devices", roots->sys,
		       info->iommu_group);
	devices = opendir(dir);
	if (devices) {
		neighbours_find(dir, devices, &found);
		(void)closedir(devices);
	}
	if (!found.who[0])
		return fn_fail(-ENODEV,
			       "%s: IOMMU group %d is not viable: another device of it is in use; "
			       "bind all devices in %s to vfio-pci",
			       info->bdf, info->iommu_group, dir);
	return fn_fail(-ENODEV,
		       "%s: IOMMU group %d also holds %s, and a group has one user only; bind all "
		       "of it to vfio-pci: fastnic-bind bind%s%s",
		       info->bdf, info->iommu_group, found.who, found.force ? " --force" : "",
		       found.bdfs);
}
