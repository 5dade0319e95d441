// SPDX-License-Identifier: BSD-3-Clause
/* What the kernel shows, past the library, of this process and of a NIC: for tests in a guest. */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel_view.h"

#define PCI_COMMAND 0x04
#define PCI_COMMAND_MASTER 0x0004

static void unreadable(const char *what)
{
	(void)printf("FAIL: cannot read %s\n", what);
	exit(1);
}

static unsigned count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned n = 0;

	if (!dir)
		unreadable("/proc/self/fd");
	while (readdir(dir))
		n++;
	(void)closedir(dir);
	return n;
}

static void maps_text(char *text, size_t chars)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[512];
	size_t used = 0;

	if (!maps)
		unreadable("/proc/self/maps");
	text[0] = '\0';
	while (fgets(line, sizeof(line), maps)) {
		if (strstr(line, "[heap]") || strstr(line, "[stack]"))
			continue;
		if (used + strlen(line) >= chars)
			unreadable("all of /proc/self/maps");
		strcpy(text + used, line);
		used += strlen(line);
	}
	(void)fclose(maps);
}

bool number_behind(const char *path, const char *key, unsigned *number)
{
	FILE *file = fopen(path, "re");
	bool found = false;
	char line[512];

	while (file && fgets(line, sizeof(line), file)) {
		if (strncmp(line, key, strlen(key)) != 0)
			continue;
		*number = (unsigned)strtoul(line + strlen(key), NULL, 10);
		found = true;
	}
	if (file)
		(void)fclose(file);
	return found;
}

struct holdings holdings_now(void)
{
	struct holdings h = { .fds = count_fds() };

	maps_text(h.maps, sizeof(h.maps));
	if (!number_behind("/proc/meminfo", "HugePages_Free:", &h.hugepages))
		unreadable("/proc/meminfo");
	if (!number_behind("/proc/self/status", "VmLck:", &h.locked_kb))
		unreadable("/proc/self/status");
	return h;
}

static void print(const char *when, const struct holdings *h, bool maps)
{
	(void)printf("    %s %u descriptors, %u free hugepages, %u KiB locked%s%s", when, h->fds,
		     h->hugepages, h->locked_kb, maps ? ", mapped:\n" : "\n", maps ? h->maps : "");
}

bool holdings_same(const struct holdings *a, const struct holdings *b)
{
	const bool maps = strcmp(a->maps, b->maps) != 0;

	if (a->fds == b->fds && a->hugepages == b->hugepages && a->locked_kb == b->locked_kb &&
	    !maps)
		return true;
	print("before:", a, maps);
	print("now:   ", b, maps);
	return false;
}

bool is_bus_master(const char *bdf)
{
	uint16_t command = 0;
	char path[128];
	int fd;

	(void)snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/config", bdf);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || pread(fd, &command, sizeof(command), PCI_COMMAND) != sizeof(command))
		unreadable(path);
	(void)close(fd);
	return command & PCI_COMMAND_MASTER;
}
