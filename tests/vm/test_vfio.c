// SPDX-License-Identifier: BSD-3-Clause
/*
 * The VFIO bus on real VFIO, in a guest:
 *
 * test_vfio BDF...
 *	claims the devices 20 times over and uses all that the bus offers; then the refusals that a
 *	bound device can meet, and the kernel asking for the device back
 * test_vfio --expect WORDS BDF [BYTES]
 *	opening fails with a sentence that has these words, in a context that has so much DMA memory
 *	already
 *
 * Exit status 0: as it should be; 1: not; 77: no device named.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bus/vfio/vfio.h"
#include "kernel_view.h"

#define CYCLES 20
#define PORTS_MAX 8
#define IRQS_MAX 64

#define CAP_VENDOR 0x09
#define CAP_MSIX 0x11

/*
 * virtio 1.2 4.1.4: struct virtio_pci_cap, and the registers used here of the common configuration.
 */
#define VIRTIO_VENDOR 0x1af4
#define INTEL_VENDOR 0x8086
#define VIRTIO_CAP_TYPE 3
#define VIRTIO_CAP_BAR 4
#define VIRTIO_CAP_OFFSET 8
#define VIRTIO_CAP_LENGTH 12
#define VIRTIO_COMMON 1
#define VIRTIO_NUM_QUEUES 0x12
#define VIRTIO_STATUS 0x14

static unsigned failures;

static void check(bool ok, const char *what, const char *on)
{
	if (ok)
		return;
	failures++;
	printf("FAILED: %s: %s\n", on, what);
}

static void log_line(void *arg, enum fn_log_level level, const char *line)
{
	(void)arg;
	(void)level;
	printf("log: %s\n", line);
}

static void ctx_make(struct fn_ctx *ctx)
{
	memset(ctx, 0, sizeof(*ctx));
	ctx->opts.log = log_line;
	ctx->opts.log_level = FN_LOG_WARN;
	(void)pthread_mutex_init(&ctx->lock, NULL);
	fn_list_init(&ctx->devs);
	fn_list_init(&ctx->pools);
	if (fn_dma_domain_create(ctx, 4096, &ctx->dma)) {
		printf("FAILED: %s\n", fn_error_last());
		exit(1);
	}
}

static void ctx_end(struct fn_ctx *ctx)
{
	check(!ctx->vfio, "VFIO state is left after the last close", "context");
	check(fn_dma_domain_destroy(ctx->dma) == 0, fn_error_last(), "context");
	(void)pthread_mutex_destroy(&ctx->lock);
}

/* ---- one device ---- */

static void check_identity(struct fn_busdev *d)
{
	struct fn_pci_info info;
	const uint16_t command = fn_cfg_read16(d, 4);

	check(fn_pci_find(&d->addr, &info) == 0, "not in sysfs", d->name);
	check(info.vendor_id == d->vendor_id && info.device_id == d->device_id,
	      "sysfs and VFIO differ on what it is", d->name);
	check(info.iommu_group == d->iommu_group, "another IOMMU group", d->name);
	check(command & 2, "memory decoding is off after open", d->name);
	check(!(command & 4), "bus mastering is on after open", d->name);
	check(!fn_busdev_is_gone(d), "taken for gone", d->name);
}

static void check_caps(struct fn_busdev *d, bool say)
{
	const uint16_t msix = fn_busdev_next_cap(d, CAP_MSIX, 0);
	unsigned n = 0;

	for (unsigned id = 1; id < 0x20; id++)
		for (uint16_t at = 0; (at = fn_busdev_next_cap(d, (uint8_t)id, at));)
			n++;
	check(n > 0, "no capabilities found", d->name);
	check(!msix == !d->irqs, "MSI-X capability and VFIO's count of entries differ", d->name);
	if (msix)
		check((fn_cfg_read16(d, (uint16_t)(msix + 2)) & 0x7ffu) + 1 == d->irqs,
		      "number of MSI-X entries", d->name);
	if (say)
		printf("%s: %04x:%04x rev %u, group %d, %u capabilities, %u MSI-X entries, req %s, "
		       "err %s\n",
		       d->name, d->vendor_id, d->device_id, d->revision, d->iommu_group, n, d->irqs,
		       d->req_fd >= 0 ? "yes" : "no", d->err_fd >= 0 ? "yes" : "no");
}

static void check_bars(struct fn_busdev *d, bool say)
{
	for (unsigned i = 0; i < FN_VFIO_BARS; i++) {
		const struct fn_vfio_region *region = &fn_vfio_dev(d)->bars[i];
		struct fn_bar bar;

		if (!region->size) {
			check(d->ops->map(d, i, 0, 4, &bar) == -EINVAL, "maps a BAR that is none",
			      d->name);
			continue;
		}
		check(d->ops->map(d, i, 0, region->size, &bar) == 0, fn_error_last(), d->name);
		if (say)
			printf("%s: BAR %u: 0x%llx bytes, %s, word 0 is 0x%08x\n", d->name, i,
			       (unsigned long long)region->size, bar.va ? "mapped" : "calls",
			       fn_bar_read32(&bar, 0));
		d->ops->unmap(d, &bar);
		check(d->ops->map(d, i, region->size, 1, &bar) == -EINVAL,
		      "maps beyond the end of a BAR", d->name);
	}
}

static bool virtio_common(struct fn_busdev *d, struct fn_bar *bar)
{
	if (d->vendor_id != VIRTIO_VENDOR)
		return false;
	for (uint16_t at = 0; (at = fn_busdev_next_cap(d, CAP_VENDOR, at));) {
		if (fn_cfg_read8(d, (uint16_t)(at + VIRTIO_CAP_TYPE)) != VIRTIO_COMMON)
			continue;
		check(d->ops->map(d, fn_cfg_read8(d, (uint16_t)(at + VIRTIO_CAP_BAR)),
				  fn_cfg_read32(d, (uint16_t)(at + VIRTIO_CAP_OFFSET)),
				  fn_cfg_read32(d, (uint16_t)(at + VIRTIO_CAP_LENGTH)), bar) == 0,
		      fn_error_last(), d->name);
		return true;
	}
	check(false, "no common configuration", d->name);
	return false;
}

/* The same registers through memory and through calls. */
static void check_registers(struct fn_busdev *d, bool say)
{
	struct fn_bar bar;
	struct fn_bar calls;
	uint16_t queues;

	if (!virtio_common(d, &bar))
		return;
	check(bar.va != NULL, "the common configuration is not mapped", d->name);
	calls = bar;
	calls.va = NULL;
	queues = fn_bar_read16(&bar, VIRTIO_NUM_QUEUES);
	check(queues >= 2 && queues != UINT16_MAX, "number of queues", d->name);
	check(fn_bar_read16(&calls, VIRTIO_NUM_QUEUES) == queues, "number of queues by call",
	      d->name);
	fn_bar_write8(&bar, VIRTIO_STATUS, 0);
	fn_bar_write8(&bar, VIRTIO_STATUS, 1);
	check(fn_bar_read8(&calls, VIRTIO_STATUS) == 1, "a mapped write is not read by a call",
	      d->name);
	fn_bar_write8(&calls, VIRTIO_STATUS, 3);
	check(fn_bar_read8(&bar, VIRTIO_STATUS) == 3, "a written call is not read mapped", d->name);
	fn_bar_write8(&calls, VIRTIO_STATUS, 0);
	check(fn_bar_read8(&bar, VIRTIO_STATUS) == 0, "reset by call", d->name);
	if (say)
		printf("%s: %u queues; registers agree mapped and by call\n", d->name, queues);
	/* The window is left mapped: close must find it. */
}

/* Let the kernel signal an interrupt as if the device had raised it. */
static int raise_irq(struct fn_busdev *d, unsigned index, unsigned entry)
{
	const struct vfio_irq_set set = {
		.argsz = sizeof(set),
		.flags = VFIO_IRQ_SET_ACTION_TRIGGER | VFIO_IRQ_SET_DATA_NONE,
		.index = index,
		.start = entry,
		.count = 1,
	};

	return ioctl(fn_vfio_dev(d)->fd, VFIO_DEVICE_SET_IRQS, &set);
}

static bool signalled(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	eventfd_t value;

	if (poll(&p, 1, 0) != 1)
		return false;
	return eventfd_read(fd, &value) == 0;
}

static void check_vectors(struct fn_busdev *d, int *fds, unsigned n)
{
	check(d->ops->irq_set(d, fds, n) == 0, fn_error_last(), d->name);
	for (unsigned i = 0; i < n; i++) {
		check(raise_irq(d, VFIO_PCI_MSIX_IRQ_INDEX, i) == 0, "cannot raise", d->name);
		for (unsigned j = 0; j < n; j++)
			check(signalled(fds[j]) == (i == j), "a vector signals another descriptor",
			      d->name);
	}
	if (n < d->irqs)
		check(raise_irq(d, VFIO_PCI_MSIX_IRQ_INDEX, n) < 0,
		      "a vector is there that was not asked for", d->name);
}

/* The list of processors that the kernel has for an MSI-X entry, by a look of the test's own. */
static void cpus_of(const struct fn_busdev *d, unsigned entry, char list[32])
{
	char name[64];
	char line[512];
	char path[64];
	FILE *file = fopen("/proc/interrupts", "re");

	list[0] = '\0';
	path[0] = '\0';
	(void)snprintf(name, sizeof(name), " vfio-msix[%u](%s)\n", entry, d->name);
	while (file && fgets(line, sizeof(line), file))
		if (strstr(line, name))
			(void)snprintf(path, sizeof(path), "/proc/irq/%d/smp_affinity_list",
				       atoi(line));
	if (file)
		(void)fclose(file);
	file = path[0] ? fopen(path, "re") : NULL;
	if (file && fgets(list, 32, file))
		list[strcspn(list, "\n")] = '\0';
	if (file)
		(void)fclose(file);
}

/* A plain user may not, and is told who may. */
static void check_affinity_right(struct fn_busdev *d)
{
	int status = 1;
	pid_t pid;

	(void)fflush(stdout);
	pid = fork();
	if (pid == 0) {
		if (setgroups(0, NULL) || setgid(65534) || setuid(65534))
			_exit(1);
		_exit(d->ops->irq_affinity(d, 0, 0) != -EACCES ||
		      !strstr(fn_error_last(), "as root run: echo 0 > /proc/irq/"));
	}
	(void)waitpid(pid, &status, 0);
	check(WIFEXITED(status) && WEXITSTATUS(status) == 0, "affinity by a plain user", d->name);
}

/* Each entry can be moved to each processor; the kernel says where it is, and what is wrong. */
static void check_affinity(struct fn_busdev *d, unsigned entries)
{
	const unsigned cpus = (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
	char want[32];
	char list[32];

	for (unsigned i = 0; i < entries * cpus; i++) {
		const unsigned entry = i % entries;
		const unsigned cpu = (i / entries + entry) % cpus;

		(void)snprintf(want, sizeof(want), "%u", cpu);
		check(d->ops->irq_affinity(d, entry, cpu) == 0, fn_error_last(), d->name);
		cpus_of(d, entry, list);
		check(strcmp(list, want) == 0, "the kernel has the entry on other processors",
		      d->name);
	}
	check(d->ops->irq_affinity(d, 0, 100000) == -EINVAL &&
		      strstr(fn_error_last(), "cannot go to processor 100000"),
	      "affinity to a processor that there is not", d->name);
	if (geteuid() == 0)
		check_affinity_right(d);
	printf("%s: %u MSI-X entries go to each of %u processors\n", d->name, entries, cpus);
}

static void check_irqs(struct fn_busdev *d, bool say)
{
	const unsigned most = d->irqs < IRQS_MAX ? d->irqs : IRQS_MAX;
	int fds[IRQS_MAX + 1];

	for (unsigned i = 0; i <= most && i <= IRQS_MAX; i++)
		fds[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	for (unsigned n = 2; n <= most; n++)
		check_vectors(d, fds, n);
	for (unsigned n = most; n > 0; n--)
		check_vectors(d, fds, n);
	check(d->ops->irq_set(d, fds, d->irqs + 1) == -EINVAL, "more vectors than there are",
	      d->name);
	check(d->ops->irq_set(d, NULL, 0) == 0, fn_error_last(), d->name);
	check(d->ops->irq_set(d, NULL, 0) == 0, fn_error_last(), d->name);
	check(d->ops->irq_affinity(d, 0, 0) == -ENOENT, "affinity of an entry that is off",
	      d->name);
	/* Close has to switch them off. */
	if (most)
		check(d->ops->irq_set(d, fds, most) == 0, fn_error_last(), d->name);
	if (most && say)
		check_affinity(d, most);
	for (unsigned i = 0; i <= most && i <= IRQS_MAX; i++)
		(void)close(fds[i]);
	check(d->req_fd >= 0, "no release request", d->name);
	check(!signalled(d->req_fd), "release requested by nobody", d->name);
	check(raise_irq(d, VFIO_PCI_REQ_IRQ_INDEX, 0) == 0 && signalled(d->req_fd),
	      "release request does not signal", d->name);
}

static void close_checked(struct fn_busdev *d)
{
	char name[FN_PCI_ADDR_CHARS];

	strcpy(name, d->name);
	check(fn_busdev_set_master(d, true) == 0, fn_error_last(), d->name);
	check(is_bus_master(name), "bus mastering does not come on", name);
	d->ops->close(d);
	check(!is_bus_master(name), "bus mastering is on after close", name);
}

/* ---- all devices ---- */

static unsigned containers(struct fn_ctx *ctx)
{
	struct fn_list *pos;
	unsigned n = 0;

	fn_list_for_each(pos, &ctx->vfio->containers)
		n++;
	return n;
}

/* Memory before the first device, between two and after the last. */
static void cycle(struct fn_ctx *ctx, const struct fn_pci_addr *addrs, unsigned n, bool say)
{
	struct fn_busdev *d[PORTS_MAX] = { NULL };
	struct fn_dma dma[PORTS_MAX + 1];
	unsigned i;

	memset(dma, 0, sizeof(dma));
	for (i = 0; i < n; i++) {
		check(fn_dma_alloc(ctx, 100000, NULL, &dma[i]) == 0, fn_error_last(), "memory");
		if (fn_bus_vfio.open(ctx, &addrs[i], &d[i])) {
			check(false, fn_error_last(), "open");
			break;
		}
		check_identity(d[i]);
		check_caps(d[i], say);
		check_bars(d[i], say);
		check_registers(d[i], say);
		check_irqs(d[i], say);
	}
	if (i == n) {
		check(fn_dma_alloc(ctx, 300000, NULL, &dma[n]) == 0, fn_error_last(), "memory");
		check(fn_dma_mapped_bytes(ctx) >= 400000, "memory is not mapped", "memory");
		check(containers(ctx) == 1, "more than one container", "devices");
	}
	for (i = 0; i < n; i++)
		if (d[i])
			close_checked(d[i]);
	for (i = 0; i <= n; i++)
		fn_dma_free(ctx, &dma[i]);
}

static void cycles(const struct fn_pci_addr *addrs, unsigned n)
{
	struct holdings before = { 0 };
	struct holdings after;
	struct fn_ctx ctx;

	for (unsigned i = 0; i <= CYCLES; i++) {
		/* The first one may load what stays: C library, message tables. */
		if (i == 1)
			before = holdings_now();
		ctx_make(&ctx);
		cycle(&ctx, addrs, n, i == 0);
		cycle(&ctx, addrs, n, false);
		ctx_end(&ctx);
	}
	after = holdings_now();
	check(holdings_same(&before, &after), "something is left", "process");
	printf("%u cycles of %u devices, twice each: %s\n", CYCLES, n, failures ? "bad" : "good");
}

/* ---- refusals ---- */

static int open_once(const struct fn_pci_addr *addr, size_t bytes)
{
	struct fn_busdev *d = NULL;
	struct fn_dma dma = { 0 };
	struct fn_ctx ctx;
	int ret;

	ctx_make(&ctx);
	if (bytes)
		check(fn_dma_alloc(&ctx, bytes, NULL, &dma) == 0, fn_error_last(), "memory");
	ret = fn_bus_vfio.open(&ctx, addr, &d);
	if (!ret)
		d->ops->close(d);
	fn_dma_free(&ctx, &dma);
	ctx_end(&ctx);
	return ret;
}

static void expect(const struct fn_pci_addr *addr, size_t bytes, int want, const char *words)
{
	const unsigned fds = holdings_now().fds;
	int ret;

	(void)fn_fail(0, "no sentence");
	ret = open_once(addr, bytes);
	printf("open: %d: %s\n", ret, ret ? fn_error_last() : "no failure");
	check(ret < 0 && (!want || ret == want), "not the errno that was expected", words);
	check(strstr(fn_error_last(), words) != NULL, "not in the sentence", words);
	check(holdings_now().fds == fds, "descriptors are left", words);
}

/* A child that claims the device, says so, and keeps it until it is killed. */
static pid_t holder(const struct fn_pci_addr *addr)
{
	int ready[2];
	char c = 'n';
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC))
		exit(1);
	(void)fflush(stdout);
	pid = fork();
	if (pid == 0) {
		struct fn_busdev *d;
		struct fn_ctx ctx;

		ctx_make(&ctx);
		if (fn_bus_vfio.open(&ctx, addr, &d))
			_exit(1);
		(void)fn_busdev_set_master(d, true);
		if (write(ready[1], "y", 1) != 1)
			_exit(1);
		for (;;)
			(void)pause();
	}
	(void)close(ready[1]);
	check(read(ready[0], &c, 1) == 1 && c == 'y', "the child cannot claim it", "holder");
	(void)close(ready[0]);
	return pid;
}

static void held_by_another(const struct fn_pci_addr *addr)
{
	const pid_t pid = holder(addr);
	char words[64];
	char name[FN_PCI_ADDR_CHARS];

	(void)snprintf(words, sizeof(words), "process %d (test_vfio) holds IOMMU group", (int)pid);
	expect(addr, 0, -EBUSY, words);
	/* Killed in the middle, it leaves the device usable. */
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	fn_pci_addr_format(addr, name);
	check(!is_bus_master(name), "bus mastering is on after the holder was killed", name);
	check(open_once(addr, 0) == 0, fn_error_last(), "after the holder was killed");
}

static void held_by_another_context(const struct fn_pci_addr *addr)
{
	struct fn_busdev *d;
	struct fn_ctx ctx;

	ctx_make(&ctx);
	if (fn_bus_vfio.open(&ctx, addr, &d)) {
		check(false, fn_error_last(), "open");
	} else {
		expect(addr, 0, -EBUSY, "in another context");
		d->ops->close(d);
	}
	ctx_end(&ctx);
}

static void no_permission(const struct fn_pci_addr *addr)
{
	int status = 1;
	pid_t pid;

	if (geteuid() != 0) {
		printf("not root: permission is not tested here\n");
		return;
	}
	(void)fflush(stdout);
	pid = fork();
	if (pid == 0) {
		failures = 0;
		if (setgroups(0, NULL) || setgid(65534) || setuid(65534))
			_exit(1);
		expect(addr, 0, -EACCES, "fastnic-bind bind --user $USER");
		(void)fflush(stdout);
		_exit(failures ? 1 : 0);
	}
	(void)waitpid(pid, &status, 0);
	check(WIFEXITED(status) && WEXITSTATUS(status) == 0, "plain user", "no permission");
}

static bool sysfs_write(const char *file, const char *text)
{
	const int fd = open(file, O_WRONLY | O_CLOEXEC);
	const bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		(void)close(fd);
	return ok;
}

/*
 * Unbinding waits in the kernel until the device is given back; the request interrupt asks for
 * that.
 */
static void asked_back(const struct fn_pci_addr *addr)
{
	struct pollfd p = { .events = POLLIN };
	char name[FN_PCI_ADDR_CHARS];
	struct fn_busdev *d;
	struct fn_ctx ctx;
	int status = 1;
	pid_t pid;

	if (geteuid() != 0)
		return;
	fn_pci_addr_format(addr, name);
	ctx_make(&ctx);
	if (fn_bus_vfio.open(&ctx, addr, &d)) {
		check(false, fn_error_last(), "open");
		ctx_end(&ctx);
		return;
	}
	(void)fflush(stdout);
	/* The child closes what it has inherited, or it would wait for itself. */
	pid = fork();
	if (pid == 0) {
		(void)close_range(3, ~0u, 0);
		_exit(sysfs_write("/sys/bus/pci/drivers/vfio-pci/unbind", name) ? 0 : 1);
	}
	p.fd = d->req_fd;
	check(poll(&p, 1, 5000) == 1, "no release request within 5 s", name);
	d->ops->close(d);
	check(waitpid(pid, &status, 0) == pid && status == 0, "unbind did not succeed", name);
	ctx_end(&ctx);
	expect(addr, 0, -ENODEV, "is not bound to vfio-pci");
	check(sysfs_write("/sys/bus/pci/drivers_probe", name), "cannot bind it again", name);
	check(open_once(addr, 0) == 0, fn_error_last(), "bound again");
	printf("asked back, given back, bound again\n");
}

/* The public list names the function, the driver it is bound to, and fastnic's driver for it. */
static void listed(const struct fn_pci_addr *addr)
{
	struct fn_pci_info info = { .sz = sizeof(info) };
	char name[FN_PCI_ADDR_CHARS];
	struct fn_pci_list *list = NULL;
	const char *want;
	bool found = false;

	fn_pci_addr_format(addr, name);
	if (fn_pci_list_create(NULL, &list)) {
		check(false, fn_error_last(), "fn_pci_list_create");
		return;
	}
	for (unsigned i = 0; !found && i < fn_pci_list_count(list); i++)
		found = fn_pci_list_get(list, i, &info) == 0 && strcmp(info.bdf, name) == 0;
	check(found, "is not in the list", name);
	check(strcmp(info.kernel_driver, "vfio-pci") == 0, info.kernel_driver, "kernel's driver");
	check(info.iommu_group >= 0, "no IOMMU group", name);
	/* The models that this test is run on; vmxnet3 has no driver yet. */
	want = info.vendor_id == VIRTIO_VENDOR ? "virtio-net" :
	       info.vendor_id == INTEL_VENDOR  ? "e1000e" :
						 "none";
	check(strcmp(info.fn_driver ? info.fn_driver : "none", want) == 0, "fastnic's driver",
	      name);
	check(fn_pci_list_get(list, fn_pci_list_count(list), &info) == -EINVAL,
	      "gives an entry behind the end", "fn_pci_list_get");
	fn_pci_list_destroy(list);
}

int main(int argc, char **argv)
{
	struct fn_pci_addr addrs[PORTS_MAX];
	const bool expecting = argc >= 4 && strcmp(argv[1], "--expect") == 0;
	const size_t bytes = expecting && argc > 4 ? strtoul(argv[4], NULL, 0) : 0;
	const int end = expecting ? 4 : argc;
	unsigned n = 0;

	for (int i = expecting ? 3 : 1; i < end && n < PORTS_MAX; i++) {
		if (!fn_pci_addr_parse(argv[i], &addrs[n++])) {
			fprintf(stderr, "usage: test_vfio BDF... | --expect WORDS BDF [BYTES]\n");
			return 1;
		}
	}
	if (!n) {
		printf("skipped: no device named\n");
		return 77;
	}
	if (expecting) {
		expect(&addrs[0], bytes, 0, argv[2]);
	} else {
		for (unsigned i = 0; i < n; i++)
			listed(&addrs[i]);
		cycles(addrs, n);
		held_by_another(&addrs[0]);
		held_by_another_context(&addrs[0]);
		no_permission(&addrs[0]);
		asked_back(&addrs[0]);
	}
	printf("test_vfio: %s\n", failures ? "FAILED" : "passed");
	return failures ? 1 : 0;
}
