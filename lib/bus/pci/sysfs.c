// SPDX-License-Identifier: BSD-3-Clause
/* What sysfs says of one PCI function, and the small readers that find it out. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "bus/pci/scan.h"
#include "bus/pci/sysfs.h"

static bool path_make(char path[FN_SYSFS_PATH_CHARS], const char *dir, const char *name)
{
	const int n = snprintf(path, FN_SYSFS_PATH_CHARS, "%s/%s", dir, name);

	return n > 0 && n < FN_SYSFS_PATH_CHARS;
}

int fn_sysfs_check(const char *sys)
{
	char path[FN_SYSFS_PATH_CHARS];

	if (path_make(path, sys, "bus/pci/devices") && access(path, R_OK | X_OK) == 0)
		return 0;
	return fn_fail(-ENOENT,
		       "no usable sysfs: cannot look into %s/bus/pci/devices; mount it: mount -t "
		       "sysfs sysfs /sys",
		       sys);
}

long fn_sysfs_number(const char *dir, const char *file, long otherwise)
{
	char path[FN_SYSFS_PATH_CHARS];
	char text[32];
	char *end;
	ssize_t n;
	long value;
	int fd;

	if (!path_make(path, dir, file))
		return otherwise;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return otherwise;
	n = read(fd, text, sizeof(text) - 1);
	(void)close(fd);
	if (n <= 0)
		return otherwise;
	text[n] = '\0';
	errno = 0;
	value = strtol(text, &end, 0);
	return end == text || errno ? otherwise : value;
}

bool fn_sysfs_link(const char *dir, const char *link, char *name, size_t chars)
{
	char path[FN_SYSFS_PATH_CHARS];
	char target[FN_SYSFS_PATH_CHARS];
	const char *last;
	ssize_t n;

	name[0] = '\0';
	if (!path_make(path, dir, link))
		return false;
	n = readlink(path, target, sizeof(target) - 1);
	if (n <= 0)
		return false;
	target[n] = '\0';
	last = strrchr(target, '/');
	(void)snprintf(name, chars, "%.*s", (int)chars - 1, last ? last + 1 : target);
	return true;
}

/* The alphabetically first entry of a directory that begins with @prefix. */
static bool first_entry(const char *dir, const char *sub, const char *prefix, char *name,
			size_t chars)
{
	char path[FN_SYSFS_PATH_CHARS];
	const struct dirent *entry;
	bool found = false;
	DIR *d;

	if (!path_make(path, dir, sub))
		return false;
	d = opendir(path);
	if (!d)
		return false;
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): glibc's is safe for a stream of one thread. */
	while ((entry = readdir(d))) {
		if (entry->d_name[0] == '.' || strncmp(entry->d_name, prefix, strlen(prefix)) != 0)
			continue;
		if (found && strcmp(entry->d_name, name) >= 0)
			continue;
		(void)snprintf(name, chars, "%.*s", (int)chars - 1, entry->d_name);
		found = true;
	}
	(void)closedir(d);
	return found;
}

/* The kernel's interface on a function; that of a virtio device hangs one device further down. */
static void netdev_find(const char *dir, char *name, size_t chars)
{
	char virtio[32];
	char sub[sizeof(virtio) + sizeof("/net")];

	if (first_entry(dir, "net", "", name, chars))
		return;
	if (first_entry(dir, ".", "virtio", virtio, sizeof(virtio))) {
		(void)snprintf(sub, sizeof(sub), "%s/net", virtio);
		if (first_entry(dir, sub, "", name, chars))
			return;
	}
	name[0] = '\0';
}

int fn_sysfs_pci(const char *sys, const struct fn_pci_addr *addr, struct fn_pci_info *info)
{
	char dir[FN_SYSFS_PATH_CHARS];
	char bdf[FN_PCI_ADDR_CHARS];
	char group[16];
	long vendor;
	long device;
	int n;

	fn_pci_addr_format(addr, bdf);
	n = snprintf(dir, sizeof(dir), "%s/bus/pci/devices/%s", sys, bdf);
	if (n < 0 || n >= (int)sizeof(dir))
		return -ENOENT;
	vendor = fn_sysfs_number(dir, "vendor", -1);
	device = fn_sysfs_number(dir, "device", -1);
	if (vendor < 0 || device < 0)
		return -ENOENT;
	memset(info, 0, sizeof(*info));
	(void)snprintf(info->bdf, sizeof(info->bdf), "%s", bdf);
	info->vendor_id = (uint16_t)vendor;
	info->device_id = (uint16_t)device;
	(void)snprintf(info->name, sizeof(info->name), "%04x:%04x", info->vendor_id,
		       info->device_id);
	(void)fn_sysfs_link(dir, "driver", info->kernel_driver, sizeof(info->kernel_driver));
	netdev_find(dir, info->netdev, sizeof(info->netdev));
	info->iommu_group = -1;
	if (fn_sysfs_link(dir, "iommu_group", group, sizeof(group)))
		info->iommu_group = (int)strtol(group, NULL, 10);
	info->numa_node = (int)fn_sysfs_number(dir, "numa_node", -1);
	return 0;
}

int fn_pci_find_at(const char *sys, const struct fn_pci_addr *addr, struct fn_pci_info *info)
{
	char bdf[FN_PCI_ADDR_CHARS];
	int ret = fn_sysfs_check(sys);

	if (ret)
		return ret;
	ret = fn_sysfs_pci(sys, addr, info);
	if (!ret)
		return 0;
	fn_pci_addr_format(addr, bdf);
	return fn_fail(ret, "%s: no such PCI device; fastnic-bind status lists the NICs", bdf);
}

int fn_pci_find(const struct fn_pci_addr *addr, struct fn_pci_info *info)
{
	return fn_pci_find_at("/sys", addr, info);
}
