// SPDX-License-Identifier: BSD-3-Clause
/* Which processor an MSI-X entry interrupts: found in /proc/interrupts, and set in /proc/irq. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bus/vfio/vfio.h"

#define PATH_CHARS 256
#define NAME_CHARS 64

/* One entry of one device, for messages too. */
struct entry {
	const char *bdf;
	unsigned idx;
	unsigned cpu;
	unsigned long irq;
	char path[PATH_CHARS]; /* of its smp_affinity_list, or of what is looked into before */
};

/* The whole name is @name: that of entry 1 is no part of that of entry 11. */
static bool names(const char *line, const char *name)
{
	const char *at = strstr(line, name);

	return at && at > line && at[-1] == ' ' && strchr(",\n ", at[strlen(name)]);
}

static int find_in(FILE *file, struct entry *e)
{
	char name[NAME_CHARS];
	char *line = NULL;
	size_t room = 0;
	bool found = false;

	/* As vfio-pci names it, in all versions since it came to be. */
	(void)snprintf(name, sizeof(name), "vfio-msix[%u](%s)", e->idx, e->bdf);
	while (!found && getline(&line, &room, file) > 0) {
		char *end;

		/* Interrupts of processors ("NMI:") have no number. */
		e->irq = strtoul(line, &end, 10);
		found = *end == ':' && names(end, name);
	}
	free(line);
	if (found)
		return 0;
	return fn_fail(-ENOENT,
		       "%s: MSI-X entry %u has no interrupt: %s has no \"%s\"; it has one while a "
		       "configuration that uses the entry is in force",
		       e->bdf, e->idx, e->path, name);
}

static int find(const struct fn_vfio_roots *roots, struct entry *e)
{
	FILE *file;
	int ret;

	(void)snprintf(e->path, sizeof(e->path), "%s/interrupts", roots->proc);
	file = fopen(e->path, "re");
	if (!file)
		return fn_fail(errno == EACCES ? -EACCES : -ENOENT,
			       "%s: cannot tell which interrupt MSI-X entry %u has: %s: %s; let "
			       "the program see the machine's /proc",
			       e->bdf, e->idx, e->path, fn_strerror(errno));
	ret = find_in(file, e);
	(void)fclose(file);
	if (!ret)
		(void)snprintf(e->path, sizeof(e->path), "%s/irq/%lu/smp_affinity_list",
			       roots->proc, e->irq);
	return ret;
}

static int refused(const struct fn_vfio_roots *roots, const struct entry *e, int err)
{
	switch (err) {
	case EACCES:
	case EPERM:
	case EROFS:
		return fn_fail(-EACCES,
			       "%s: interrupt %lu (MSI-X entry %u) stays where it is: %s: %s; as "
			       "root run: echo %u > %s (and irqbalance, where it runs, with "
			       "--banirq=%lu, or it moves it again)",
			       e->bdf, e->irq, e->idx, e->path, fn_strerror(err), e->cpu, e->path,
			       e->irq);
	case ENOENT:
		return fn_fail(-ENOENT, "%s: interrupt %lu (MSI-X entry %u) has no %s: try again",
			       e->bdf, e->irq, e->idx, e->path);
	case EINVAL:
	case ERANGE:
	case EOVERFLOW:
		return fn_fail(-EINVAL,
			       "%s: interrupt %lu (MSI-X entry %u) cannot go to processor %u: %s; "
			       "name one of those in %s/devices/system/cpu/online",
			       e->bdf, e->irq, e->idx, e->cpu, fn_strerror(err), roots->sys);
	default:
		return fn_fail(
			-EIO,
			"%s: the kernel does not move interrupt %lu (MSI-X entry %u) to "
			"processor %u: %s; some interrupts it keeps for itself to place: let "
			"the worker run where it is, see %s/irq/%lu/effective_affinity_list",
			e->bdf, e->irq, e->idx, e->cpu, fn_strerror(err), roots->proc, e->irq);
	}
}

int fn_vfio_irq_move(const struct fn_vfio_roots *roots, const char *bdf, unsigned entry,
		     unsigned cpu)
{
	struct entry e = { .bdf = bdf, .idx = entry, .cpu = cpu };
	char text[16];
	ssize_t done;
	int err = 0;
	int fd;
	int n;
	const int ret = find(roots, &e);

	if (ret)
		return ret;
	fd = open(e.path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return refused(roots, &e, errno);
	n = snprintf(text, sizeof(text), "%u\n", cpu);
	done = write(fd, text, (size_t)n);
	if (done != n)
		err = done < 0 ? errno : EIO;
	(void)close(fd);
	return err ? refused(roots, &e, err) : 0;
}

int fn_vfio_irq_affinity(struct fn_busdev *busdev, unsigned entry, unsigned cpu)
{
	return fn_vfio_irq_move(fn_vfio_dev(busdev)->roots, busdev->name, entry, cpu);
}
