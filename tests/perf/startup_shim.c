// SPDX-License-Identifier: BSD-3-Clause
/*
 * Preloaded into l2fwd by the start-up benchmark: notes when the library's control calls and
 * ioctl() begin and end, and writes the notes to the file that STARTUP_NOTES names at the end.
 *
 * A line is "NAME BEGIN END" with CLOCK_MONOTONIC in nanoseconds, or "memory WHICH KIB". A note
 * costs two readings of the clock and no system call.
 */
#include <dlfcn.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include <linux/vfio.h>

#include <fastnic/fastnic.h>

#define NOTES 1024u

static struct note {
	const char *name;
	uint64_t begin_ns;
	uint64_t end_ns;
} notes[NOTES];

static unsigned n_notes;
static uint64_t loaded_ns;
static uint64_t mapped_bytes;
static char memory[2][64];

static uint64_t now_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* Only the main thread makes the calls that are noted. */
static void note(const char *name, uint64_t begin_ns)
{
	if (n_notes < NOTES)
		notes[n_notes++] = (struct note){ name, begin_ns, now_ns() };
}

/* The function that the caller would have reached without this file. */
static void *real(const char *name)
{
	void *function = dlsym(RTLD_NEXT, name);

	if (!function) {
		(void)fprintf(stderr, "startup_shim: no %s behind me\n", name);
		_Exit(127);
	}
	return function;
}

static const char *ioctl_name(unsigned long request)
{
	static const struct {
		unsigned long request;
		const char *name;
	} names[] = {
		{ VFIO_GROUP_GET_DEVICE_FD, "VFIO_GROUP_GET_DEVICE_FD" },
		{ VFIO_DEVICE_RESET, "VFIO_DEVICE_RESET" },
		{ VFIO_GROUP_SET_CONTAINER, "VFIO_GROUP_SET_CONTAINER" },
		{ VFIO_SET_IOMMU, "VFIO_SET_IOMMU" },
		{ VFIO_IOMMU_MAP_DMA, "VFIO_IOMMU_MAP_DMA" },
		{ VFIO_IOMMU_UNMAP_DMA, "VFIO_IOMMU_UNMAP_DMA" },
		{ VFIO_DEVICE_SET_IRQS, "VFIO_DEVICE_SET_IRQS" },
	};

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].request == request)
			return names[i].name;
	return "other_ioctl";
}

/* Like everything in this tree it would be hidden, and stand in front of nobody. */
__attribute__((visibility("default"))) int ioctl(int fd, unsigned long request, ...)
{
	static int (*next)(int fd, unsigned long request, void *arg);
	const uint64_t begin = now_ns();
	va_list ap;
	void *arg;
	int ret;

	if (!next)
		*(void **)&next = real("ioctl");
	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	ret = next(fd, request, arg);
	if (request == VFIO_IOMMU_MAP_DMA && ret == 0)
		mapped_bytes += ((const struct vfio_iommu_type1_dma_map *)arg)->size;
	note(ioctl_name(request), begin);
	return ret;
}

int fn_ctx_create(const struct fn_ctx_opts *opts, struct fn_ctx **ctx)
{
	int (*next)(const struct fn_ctx_opts *opts, struct fn_ctx **ctx);
	const uint64_t begin = now_ns();
	int ret;

	*(void **)&next = real("fn_ctx_create");
	ret = next(opts, ctx);
	note("fn_ctx_create", begin);
	return ret;
}

int fn_dev_open(struct fn_ctx *ctx, const char *name, const struct fn_dev_opts *opts,
		struct fn_dev **dev)
{
	int (*next)(struct fn_ctx * ctx, const char *name, const struct fn_dev_opts *opts,
		    struct fn_dev **dev);
	const uint64_t begin = now_ns();
	int ret;

	*(void **)&next = real("fn_dev_open");
	ret = next(ctx, name, opts, dev);
	note("fn_dev_open", begin);
	return ret;
}

int fn_pool_create(struct fn_ctx *ctx, const struct fn_pool_opts *opts, struct fn_pool **pool)
{
	int (*next)(struct fn_ctx * ctx, const struct fn_pool_opts *opts, struct fn_pool **pool);
	const uint64_t begin = now_ns();
	int ret;

	*(void **)&next = real("fn_pool_create");
	ret = next(ctx, opts, pool);
	note("fn_pool_create", begin);
	return ret;
}

int fn_dev_configure(struct fn_dev *dev, const struct fn_dev_conf *conf)
{
	int (*next)(struct fn_dev * dev, const struct fn_dev_conf *conf);
	const uint64_t begin = now_ns();
	int ret;

	*(void **)&next = real("fn_dev_configure");
	ret = next(dev, conf);
	note("fn_dev_configure", begin);
	return ret;
}

int fn_dev_start(struct fn_dev *dev)
{
	int (*next)(struct fn_dev * dev);
	const uint64_t begin = now_ns();
	int ret;

	*(void **)&next = real("fn_dev_start");
	ret = next(dev);
	note("fn_dev_start", begin);
	return ret;
}

/* Lines of /proc/self/status, while the DMA memory is there. */
static void memory_read(void)
{
	static const char *const keys[] = { "VmHWM:", "HugetlbPages:" };
	FILE *status = fopen("/proc/self/status", "re");
	char line[128];

	while (status && fgets(line, sizeof(line), status))
		for (unsigned i = 0; i < 2; i++)
			if (strncmp(line, keys[i], strlen(keys[i])) == 0)
				(void)snprintf(memory[i], sizeof(memory[i]), "memory %.*s %lu",
					       (int)strlen(keys[i]) - 1, keys[i],
					       strtoul(line + strlen(keys[i]), NULL, 10));
	if (status)
		(void)fclose(status);
}

/* The first call after frames have passed. */
int fn_dev_stop(struct fn_dev *dev)
{
	int (*next)(struct fn_dev * dev);

	if (!memory[0][0])
		memory_read();
	*(void **)&next = real("fn_dev_stop");
	return next(dev);
}

static __attribute__((constructor)) void loaded(void)
{
	loaded_ns = now_ns();
}

static __attribute__((destructor)) void write_notes(void)
{
	const char *path = getenv("STARTUP_NOTES");
	FILE *f = path ? fopen(path, "we") : NULL;

	if (!f)
		return;
	(void)fprintf(f, "loaded %" PRIu64 " %" PRIu64 "\n", loaded_ns, loaded_ns);
	for (unsigned i = 0; i < n_notes; i++)
		(void)fprintf(f, "%s %" PRIu64 " %" PRIu64 "\n", notes[i].name, notes[i].begin_ns,
			      notes[i].end_ns);
	for (unsigned i = 0; i < 2; i++)
		if (memory[i][0])
			(void)fprintf(f, "%s\n", memory[i]);
	(void)fprintf(f, "memory mapped %" PRIu64 "\n", mapped_bytes / 1024);
	(void)fclose(f);
}
