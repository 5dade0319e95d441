// SPDX-License-Identifier: BSD-3-Clause
/*
 * The VFIO bus against a kernel that lives in this file: nodes are plain files, and ioctl() answers
 * as vfio-pci would, with faults on demand. What must hold on each way: nothing leaked, nothing
 * half done.
 */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include "bus/vfio/vfio.h"
#include "tests/unit/fake_tree.h"

#define FDS 256
#define REGION_SHIFT 16
#define BAR_BYTES 0x4000u
#define CONFIG_BYTES 256u
#define MSIX_ENTRIES 5u

/* BAR 0 can be mapped, 1 is I/O, 2 keeps pages 1 and 2 for itself; there are no others. */
enum { BAR_WHOLE, BAR_IO, BAR_SPARSE };

struct fake_container {
	bool iommu;
	unsigned groups;
	unsigned maps;
};

static struct kernel {
	/* what it is like */
	int api_version;
	bool no_type1;
	bool not_viable;
	bool alone;   /* no second group in a container */
	bool narrows; /* a second group narrows the ranges */
	int set_iommu_errno;
	int join_errno; /* a second group is refused, with more than EINVAL */
	int map_errno;
	int positive_irqs; /* SET_IRQS wants fewer vectors */
	bool no_err_irq;
	bool no_reset;
	unsigned fail_at; /* this call fails, counted from 1 */
	/* what it has seen */
	unsigned calls;
	unsigned maps_lost;  /* still there when the last group left */
	unsigned unset_busy; /* a group left while a device of it was open or mapped */
	unsigned resets;
	unsigned msix_calls;
	unsigned msix_n;
	int msix_fds[MSIX_ENTRIES];
	int req_fd;
	int err_fd;
	int group_container[16]; /* descriptor, or 0 */
	struct fake_container containers[FDS];
} kernel;

static struct {
	struct tree tree;
	char dev[TREE_PATH];
	struct fn_vfio_roots roots;
	struct fn_ctx ctx;
} env;

static int fail_with(int err)
{
	errno = err;
	return -1;
}

/* ---- the domain: one page at 4 GiB, mapped in each target ---- */

static struct fn_dma_target *targets[4];
static int attach_ret;
static char memory[4096] __attribute__((aligned(4096)));

int fn_dma_domain_attach(struct fn_dma_domain *domain, struct fn_dma_target *target)
{
	(void)domain;
	if (attach_ret)
		return fn_fail(attach_ret, "memory lies where the IOMMU cannot see it");
	for (unsigned i = 0; i < FN_ARRAY_LEN(targets); i++) {
		if (!targets[i]) {
			const int ret =
				target->ops->map(target, memory, (fn_iova_t){ UINT64_C(1) << 32 },
						 sizeof(memory));

			targets[i] = ret ? NULL : target;
			return ret;
		}
	}
	return fn_fail(-ENOMEM, "too many targets");
}

void fn_dma_domain_detach(struct fn_dma_domain *domain, struct fn_dma_target *target)
{
	(void)domain;
	for (unsigned i = 0; i < FN_ARRAY_LEN(targets); i++) {
		if (targets[i] == target) {
			target->ops->unmap(target, (fn_iova_t){ UINT64_C(1) << 32 },
					   sizeof(memory));
			targets[i] = NULL;
			return;
		}
	}
	fail_msg("a target that was never attached");
}

static unsigned targets_n(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < FN_ARRAY_LEN(targets); i++)
		n += targets[i] != NULL;
	return n;
}

/* ---- the kernel ---- */

/* The node of the fake tree that a descriptor is of, or "". */
static void node_of(int fd, char name[TREE_PATH])
{
	char path[64];
	char target[TREE_PATH];
	const size_t chars = strlen(env.dev);
	ssize_t n;

	name[0] = '\0';
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	n = readlink(path, target, sizeof(target) - 1);
	target[n > 0 ? n : 0] = '\0';
	if (chars && strncmp(target, env.dev, chars) == 0 && target[chars] == '/')
		strcpy(name, target + chars + 1);
}

/*
 * All but @first bytes of an answer that has capabilities; 0 when the caller's room is too small.
 */
static bool room_for(void *answer, uint32_t need, uint32_t *flags, uint32_t caps_flag)
{
	uint32_t argsz;

	memcpy(&argsz, answer, sizeof(argsz));
	*flags |= caps_flag;
	memcpy(answer, &need, sizeof(need));
	return argsz >= need;
}

static int iommu_get_info(const struct fake_container *c, struct vfio_iommu_type1_info *info)
{
	const struct vfio_iommu_type1_info_cap_iova_range cap = {
		.header = { .id = VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE, .version = 1 },
		.nr_iovas = 2,
	};
	struct vfio_iova_range r[] = { { 0, 0xfedfffff }, { 0xfef00000, (UINT64_C(1) << 39) - 1 } };
	const uint32_t at = sizeof(*info);

	if (!c->iommu)
		return fail_with(EINVAL);
	if (kernel.narrows && c->groups > 1)
		r[1].end = (UINT64_C(1) << 38) - 1;
	info->flags = VFIO_IOMMU_INFO_PGSIZES;
	info->iova_pgsizes = 4096;
	if (room_for(info, at + (uint32_t)(sizeof(cap) + sizeof(r)), &info->flags,
		     VFIO_IOMMU_INFO_CAPS)) {
		info->cap_offset = at;
		memcpy((char *)info + at, &cap, sizeof(cap));
		memcpy((char *)info + at + sizeof(cap), r, sizeof(r));
	}
	return 0;
}

static int iommu_map(struct fake_container *c, const struct vfio_iommu_type1_dma_map *map)
{
	if (kernel.map_errno)
		return fail_with(kernel.map_errno);
	if (!c->iommu || map->argsz != sizeof(*map) || map->size != sizeof(memory) ||
	    map->vaddr != (uintptr_t)memory || map->iova != UINT64_C(1) << 32 ||
	    map->flags != (VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE))
		return fail_with(EINVAL);
	c->maps++;
	return 0;
}

static int iommu_unmap(struct fake_container *c, const struct vfio_iommu_type1_dma_unmap *unmap)
{
	if (!c->iommu || unmap->argsz != sizeof(*unmap) || unmap->size != sizeof(memory) ||
	    !c->maps)
		return fail_with(EINVAL);
	c->maps--;
	return 0;
}

static int container_call(int fd, unsigned long request, void *arg)
{
	struct fake_container *c = &kernel.containers[fd];

	switch (request) {
	case VFIO_GET_API_VERSION:
		return kernel.api_version;
	case VFIO_CHECK_EXTENSION:
		return (uintptr_t)arg == VFIO_TYPE1v2_IOMMU && !kernel.no_type1;
	case VFIO_SET_IOMMU:
		if (kernel.set_iommu_errno)
			return fail_with(kernel.set_iommu_errno);
		if (!c->groups || c->iommu || (uintptr_t)arg != VFIO_TYPE1v2_IOMMU)
			return fail_with(EINVAL);
		c->iommu = true;
		return 0;
	case VFIO_IOMMU_GET_INFO:
		return iommu_get_info(c, arg);
	case VFIO_IOMMU_MAP_DMA:
		return iommu_map(c, arg);
	case VFIO_IOMMU_UNMAP_DMA:
		return iommu_unmap(c, arg);
	default:
		return fail_with(ENOTTY);
	}
}

/* Whether this process has a device of the tree open, or a mapping of one. */
static bool devices_in_use(void)
{
	char line[512];
	bool found = false;
	FILE *maps = fopen("/proc/self/maps", "re");

	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps))
		found = found || (strstr(line, env.dev) && strstr(line, "/device-"));
	assert_int_equal(fclose(maps), 0);
	for (int fd = 0; fd < FDS; fd++) {
		node_of(fd, line);
		found = found || strncmp(line, "device-", 7) == 0;
	}
	return found;
}

static int group_call(int id, unsigned long request, void *arg)
{
	struct vfio_group_status *status = arg;
	struct fake_container *c = &kernel.containers[kernel.group_container[id]];
	char path[TREE_PATH];

	switch (request) {
	case VFIO_GROUP_GET_STATUS:
		status->flags = kernel.not_viable ? 0 : VFIO_GROUP_FLAGS_VIABLE;
		return 0;
	case VFIO_GROUP_SET_CONTAINER:
		c = &kernel.containers[*(int *)arg];
		if (kernel.group_container[id] || (c->groups && kernel.alone))
			return fail_with(EINVAL);
		if (c->groups && kernel.join_errno)
			return fail_with(kernel.join_errno);
		kernel.group_container[id] = *(int *)arg;
		c->groups++;
		return 0;
	case VFIO_GROUP_UNSET_CONTAINER:
		if (!kernel.group_container[id])
			return fail_with(EINVAL);
		/*
		 * The other groups' devices may be open: only the last group to leave is checked.
		 */
		if (c->groups == 1 && devices_in_use() && targets_n() == 0)
			kernel.unset_busy++;
		kernel.group_container[id] = 0;
		if (--c->groups == 0) {
			kernel.maps_lost += c->maps;
			memset(c, 0, sizeof(*c));
		}
		return 0;
	case VFIO_GROUP_GET_DEVICE_FD:
		if (!kernel.group_container[id] || !c->iommu)
			return fail_with(EINVAL);
		assert_true(snprintf(path, sizeof(path), "%s/device-%s", env.dev, (char *)arg) <
			    (int)sizeof(path));
		return open(path, O_RDWR | O_CLOEXEC);
	default:
		return fail_with(ENOTTY);
	}
}

static int region_info(struct vfio_region_info *info)
{
	static const struct vfio_region_sparse_mmap_area areas[] = { { 0, 0x1000 },
								     { 0x3000, 0x1000 } };
	struct vfio_region_info_cap_sparse_mmap cap = {
		.header = { .id = VFIO_REGION_INFO_CAP_SPARSE_MMAP, .version = 1 }, .nr_areas = 2
	};
	const uint32_t at = sizeof(*info);

	info->offset = (uint64_t)info->index << REGION_SHIFT;
	info->flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
	info->size = 0;
	if (info->index == BAR_IO)
		info->size = 0x20;
	if (info->index == VFIO_PCI_CONFIG_REGION_INDEX)
		info->size = CONFIG_BYTES;
	if (info->index == BAR_WHOLE || info->index == BAR_SPARSE) {
		info->size = BAR_BYTES;
		info->flags |= VFIO_REGION_INFO_FLAG_MMAP;
	}
	if (info->index == BAR_SPARSE &&
	    room_for(info, at + (uint32_t)(sizeof(cap) + sizeof(areas)), &info->flags,
		     VFIO_REGION_INFO_FLAG_CAPS)) {
		info->cap_offset = at;
		memcpy((char *)info + at, &cap, sizeof(cap));
		memcpy((char *)info + at + sizeof(cap), areas, sizeof(areas));
	}
	return 0;
}

static int irq_info(struct vfio_irq_info *info)
{
	info->flags = VFIO_IRQ_INFO_EVENTFD;
	info->count = 1;
	if (info->index == VFIO_PCI_MSIX_IRQ_INDEX)
		info->count = MSIX_ENTRIES;
	if (info->index == VFIO_PCI_ERR_IRQ_INDEX && kernel.no_err_irq)
		return fail_with(EINVAL);
	return 0;
}

/* MSI-X as vfio-pci has it: what is on must be switched off before its size changes. */
static int msix_set(const struct vfio_irq_set *set)
{
	kernel.msix_calls++;
	if (!set->count) {
		if (!kernel.msix_n || !(set->flags & VFIO_IRQ_SET_DATA_NONE))
			return fail_with(EINVAL);
		kernel.msix_n = 0;
		return 0;
	}
	if (kernel.msix_n || set->start || set->count > MSIX_ENTRIES ||
	    set->argsz != sizeof(*set) + set->count * sizeof(int32_t) ||
	    set->flags != (VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER))
		return fail_with(EINVAL);
	if (kernel.positive_irqs)
		return kernel.positive_irqs;
	memcpy(kernel.msix_fds, set->data, set->count * sizeof(int32_t));
	kernel.msix_n = set->count;
	return 0;
}

static int irq_set(const struct vfio_irq_set *set)
{
	int *fd = set->index == VFIO_PCI_REQ_IRQ_INDEX ? &kernel.req_fd : &kernel.err_fd;

	if (set->index == VFIO_PCI_MSIX_IRQ_INDEX)
		return msix_set(set);
	if (set->count != 1)
		return fail_with(EINVAL);
	memcpy(fd, set->data, sizeof(*fd));
	return 0;
}

static int device_call(unsigned long request, void *arg)
{
	struct vfio_device_info *info = arg;

	switch (request) {
	case VFIO_DEVICE_GET_INFO:
		info->flags = VFIO_DEVICE_FLAGS_PCI;
		if (!kernel.no_reset)
			info->flags |= VFIO_DEVICE_FLAGS_RESET;
		info->num_regions = VFIO_PCI_NUM_REGIONS;
		info->num_irqs = VFIO_PCI_NUM_IRQS;
		return 0;
	case VFIO_DEVICE_GET_REGION_INFO:
		return region_info(arg);
	case VFIO_DEVICE_GET_IRQ_INFO:
		return irq_info(arg);
	case VFIO_DEVICE_SET_IRQS:
		return irq_set(arg);
	case VFIO_DEVICE_RESET:
		kernel.resets++;
		return 0;
	default:
		return fail_with(ENOTTY);
	}
}

int ioctl(int fd, unsigned long request, ...)
{
	char name[TREE_PATH];
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	node_of(fd, name);
	if (!name[0])
		return (int)syscall(SYS_ioctl, fd, request, arg);
	if (++kernel.calls == kernel.fail_at)
		return fail_with(EIO);
	if (strcmp(name, "vfio") == 0)
		return container_call(fd, request, arg);
	if (strncmp(name, "device-", 7) == 0)
		return device_call(request, arg);
	return group_call(atoi(name), request, arg);
}

/* ---- the machine ---- */

static const struct fn_pci_addr nic_a = { 0, 0, 3, 0 };  /* group 3 */
static const struct fn_pci_addr nic_a2 = { 0, 0, 3, 1 }; /* group 3 as well */
static const struct fn_pci_addr nic_b = { 0, 0, 4, 0 };  /* group 4 */

static const uint8_t config_head[] = { 0xf4, 0x1a, 0x41, 0x10, 0x04, 0x05, 0x10, 0x00, 0x07 };

static void device_add(const char *bdf, int group)
{
	char name[TREE_PATH];
	char path[TREE_PATH];
	int fd;

	tree_pci(&env.tree, bdf, "0x1af4\n", "0x1041\n", "0x020000\n", "vfio-pci", group);
	(void)snprintf(name, sizeof(name), "dev/device-%s", bdf);
	tree_file(&env.tree, name, "");
	tree_path(&env.tree, path, name);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(
		ftruncate(fd, (VFIO_PCI_CONFIG_REGION_INDEX << REGION_SHIFT) + CONFIG_BYTES), 0);
	assert_int_equal(pwrite(fd, config_head, sizeof(config_head),
				VFIO_PCI_CONFIG_REGION_INDEX << REGION_SHIFT),
			 sizeof(config_head));
	assert_int_equal(close(fd), 0);
}

static void device_vanish(const char *bdf)
{
	char name[TREE_PATH];
	char path[TREE_PATH];

	(void)snprintf(name, sizeof(name), "dev/device-%s", bdf);
	tree_path(&env.tree, path, name);
	assert_int_equal(truncate(path, 0), 0);
}

static unsigned fds_open(void)
{
	unsigned n = 0;
	DIR *dir = opendir("/proc/self/fd");

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	assert_int_equal(closedir(dir), 0);
	return n;
}

static unsigned fds_before;

static int setup(void **state)
{
	(void)state;
	memset(&kernel, 0, sizeof(kernel));
	memset(targets, 0, sizeof(targets));
	attach_ret = 0;
	tree_new(&env.tree);
	tree_path(&env.tree, env.dev, "dev");
	tree_file(&env.tree, "dev/vfio", "");
	tree_file(&env.tree, "dev/3", "");
	tree_file(&env.tree, "dev/4", "");
	device_add("0000:00:03.0", 3);
	device_add("0000:00:03.1", 3);
	device_add("0000:00:04.0", 4);
	env.roots = (struct fn_vfio_roots){ env.tree.root, env.dev, "/proc" };
	memset(&env.ctx, 0, sizeof(env.ctx));
	assert_int_equal(pthread_mutex_init(&env.ctx.lock, NULL), 0);
	fds_before = fds_open();
	return 0;
}

/* Whatever a test did, after the last close nothing of it is left. */
static void nothing_left(void)
{
	assert_null(env.ctx.vfio);
	assert_int_equal(targets_n(), 0);
	assert_int_equal(kernel.maps_lost, 0);
	assert_int_equal(kernel.unset_busy, 0);
	assert_int_equal(kernel.group_container[3], 0);
	assert_int_equal(kernel.group_container[4], 0);
	assert_int_equal(fds_open(), fds_before);
	assert_false(devices_in_use());
	assert_int_equal(pthread_mutex_trylock(&env.ctx.lock), 0);
	assert_int_equal(pthread_mutex_unlock(&env.ctx.lock), 0);
}

static int teardown(void **state)
{
	(void)state;
	nothing_left();
	assert_int_equal(pthread_mutex_destroy(&env.ctx.lock), 0);
	tree_free(&env.tree);
	env.dev[0] = '\0';
	return 0;
}

static struct fn_busdev *opened(const struct fn_pci_addr *addr)
{
	struct fn_busdev *busdev = NULL;

	if (fn_vfio_open_at(&env.ctx, &env.roots, addr, &busdev))
		fail_msg("%s", fn_error_last());
	return busdev;
}

static void closed(struct fn_busdev *busdev)
{
	busdev->ops->close(busdev);
}

static void refused(const struct fn_pci_addr *addr, int ret, const char *words)
{
	struct fn_busdev *busdev = NULL;

	(void)fn_fail(0, "no sentence");
	assert_int_equal(fn_vfio_open_at(&env.ctx, &env.roots, addr, &busdev), ret);
	assert_null(busdev);
	if (!strstr(fn_error_last(), words))
		fail_msg("\"%s\" is not in \"%s\"", words, fn_error_last());
}

/* ---- the tests ---- */

static void what_open_finds_and_leaves(void **state)
{
	struct fn_busdev *busdev = opened(&nic_a);

	(void)state;
	assert_ptr_equal(busdev->ops, &fn_bus_vfio);
	assert_ptr_equal(busdev->ctx, &env.ctx);
	assert_string_equal(busdev->name, "0000:00:03.0");
	assert_true(fn_pci_addr_equal(&busdev->addr, &nic_a));
	assert_int_equal(busdev->vendor_id, 0x1af4);
	assert_int_equal(busdev->device_id, 0x1041);
	assert_int_equal(busdev->revision, 7);
	assert_int_equal(busdev->iommu_group, 3);
	assert_int_equal(busdev->numa_node, -1);
	assert_int_equal(busdev->irqs, MSIX_ENTRIES);
	/*
	 * The command was 0x0504: memory decoding comes on, bus mastering goes off, the rest stays.
	 */
	assert_int_equal(fn_cfg_read16(busdev, 4), 0x0502);
	/* The kernel has reset it a moment ago: a second time would cost 0.1 s for nothing. */
	assert_int_equal(kernel.resets, 0);
	assert_int_equal(targets_n(), 1);
	assert_int_equal(fn_busdev_set_master(busdev, true), 0);
	closed(busdev);

	busdev = opened(&nic_a);
	assert_int_equal(fn_cfg_read16(busdev, 4), 0x0502);
	closed(busdev);
}

static void close_switches_off(void **state)
{
	struct fn_busdev *busdev = opened(&nic_a);
	char path[TREE_PATH];
	int fds[2] = { eventfd(0, EFD_CLOEXEC), eventfd(0, EFD_CLOEXEC) };
	uint8_t command = 0xff;
	int fd;

	(void)state;
	assert_int_equal(busdev->ops->irq_set(busdev, fds, 2), 0);
	assert_int_equal(fn_busdev_set_master(busdev, true), 0);
	closed(busdev);
	assert_int_equal(kernel.msix_n, 0);
	tree_path(&env.tree, path, "dev/device-0000:00:03.0");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(pread(fd, &command, 1, (VFIO_PCI_CONFIG_REGION_INDEX << REGION_SHIFT) + 4),
			 1);
	assert_int_equal(command, 0x02);
	(void)close(fd);
	(void)close(fds[0]);
	(void)close(fds[1]);
}

static void signals_of_the_kernel(void **state)
{
	struct fn_busdev *busdev = opened(&nic_a);
	struct pollfd p = { .events = POLLIN };

	(void)state;
	assert_true(busdev->req_fd >= 0 && busdev->req_fd == kernel.req_fd);
	assert_true(busdev->err_fd >= 0 && busdev->err_fd == kernel.err_fd);
	assert_int_not_equal(busdev->req_fd, busdev->err_fd);
	for (int i = 0; i < 2; i++) {
		const int fd = i ? busdev->err_fd : busdev->req_fd;

		assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
		assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
		p.fd = fd;
		assert_int_equal(poll(&p, 1, 0), 0);
		assert_int_equal(eventfd_write(fd, 1), 0);
		assert_int_equal(poll(&p, 1, 0), 1);
	}
	closed(busdev);
	kernel.no_err_irq = true;
	busdev = opened(&nic_a);
	assert_int_equal(busdev->err_fd, -1);
	assert_true(busdev->req_fd >= 0);
	closed(busdev);
}

static void mapped_windows(void **state)
{
	struct fn_busdev *busdev = opened(&nic_a);
	struct fn_bar bar;
	struct fn_bar again;

	(void)state;
	assert_int_equal(busdev->ops->map(busdev, BAR_WHOLE, 0x1010, 0x20, &bar), 0);
	assert_non_null((const void *)(uintptr_t)bar.va);
	assert_int_equal(bar.idx, BAR_WHOLE);
	assert_true(bar.off == 0x1010 && bar.len == 0x20);
	assert_ptr_equal(bar.busdev, busdev);
	/* Through memory and through calls it is the same register. */
	fn_bar_write32(&bar, 4, 0x11223344);
	assert_true(busdev->ops->bar_read(busdev, BAR_WHOLE, 0x1014, 4) == 0x11223344);
	busdev->ops->bar_write(busdev, BAR_WHOLE, 0x1018, 2, 0xabcd);
	assert_int_equal(fn_bar_read16(&bar, 8), 0xabcd);
	/* Windows of one page are independent. */
	assert_int_equal(busdev->ops->map(busdev, BAR_WHOLE, 0x1014, 4, &again), 0);
	assert_true(fn_bar_read32(&again, 0) == 0x11223344);
	busdev->ops->unmap(busdev, &bar);
	assert_null((const void *)(uintptr_t)bar.va);
	assert_true(fn_bar_read32(&again, 0) == 0x11223344);
	busdev->ops->unmap(busdev, &bar); /* a second time does no harm */
	busdev->ops->unmap(busdev, &again);
	assert_true(fn_list_empty(&fn_vfio_dev(busdev)->mappings));
	/* What a driver forgets, close finds: teardown looks. */
	assert_int_equal(busdev->ops->map(busdev, BAR_WHOLE, 0, BAR_BYTES, &bar), 0);
	assert_int_equal(busdev->ops->map(busdev, BAR_WHOLE, 0x2000, 8, &again), 0);
	closed(busdev);
}

static void windows_that_cannot_be_mapped(void **state)
{
	struct fn_busdev *busdev = opened(&nic_a);
	struct fn_bar bar;

	(void)state;
	assert_int_equal(busdev->ops->map(busdev, BAR_IO, 0x10, 0x10, &bar), 0);
	assert_null((const void *)(uintptr_t)bar.va);
	fn_bar_write16(&bar, 2, 0x1234);
	assert_int_equal(fn_bar_read16(&bar, 2), 0x1234);
	assert_true(busdev->ops->bar_read(busdev, BAR_IO, 0x12, 2) == 0x1234);

	assert_int_equal(busdev->ops->map(busdev, BAR_SPARSE, 0x0ff0, 0x10, &bar), 0);
	assert_non_null((const void *)(uintptr_t)bar.va);
	assert_int_equal(busdev->ops->map(busdev, BAR_SPARSE, 0x0ff0, 0x20, &bar), 0);
	assert_null((const void *)(uintptr_t)bar.va);
	assert_int_equal(busdev->ops->map(busdev, BAR_SPARSE, 0x2000, 0x100, &bar), 0);
	assert_null((const void *)(uintptr_t)bar.va);
	fn_bar_write32(&bar, 0x10, 0xcafe0001);
	assert_true(fn_bar_read32(&bar, 0x10) == 0xcafe0001);
	closed(busdev);
}

static void no_such_window(void **state)
{
	struct fn_busdev *busdev = opened(&nic_a);
	static const struct {
		unsigned idx;
		uint64_t off;
		uint64_t len;
		const char *words;
	} bad[] = {
		{ 3, 0, 4, "has no BAR 3" },
		{ 6, 0, 4, "has no BAR 6" },
		{ 7, 0, 4, "has no BAR 7" },
		{ UINT32_MAX, 0, 4, "has no BAR" },
		{ BAR_WHOLE, 0, 0, "outside of BAR 0" },
		{ BAR_WHOLE, 0, BAR_BYTES + 1, "outside of BAR 0 (0x4000 bytes)" },
		{ BAR_WHOLE, BAR_BYTES, 1, "outside of BAR 0" },
		{ BAR_WHOLE, UINT64_MAX, 2, "outside of BAR 0" },
		{ BAR_WHOLE, 4, UINT64_MAX, "outside of BAR 0" },
	};

	(void)state;
	for (unsigned i = 0; i < FN_ARRAY_LEN(bad); i++) {
		struct fn_bar bar;

		assert_int_equal(busdev->ops->map(busdev, bad[i].idx, bad[i].off, bad[i].len, &bar),
				 -EINVAL);
		assert_non_null(strstr(fn_error_last(), bad[i].words));
	}
	closed(busdev);
}

static void accesses_that_are_none(void **state)
{
	struct fn_busdev *busdev = opened(&nic_a);
	const struct fn_bus_ops *ops = busdev->ops;

	(void)state;
	ops->bar_write(busdev, BAR_WHOLE, 0x100, 8, UINT64_C(0x1122334455667788));
	assert_true(ops->bar_read(busdev, BAR_WHOLE, 0x100, 8) == UINT64_C(0x1122334455667788));
	assert_true(ops->bar_read(busdev, BAR_WHOLE, 0x100, 4) == 0x55667788);
	assert_true(ops->bar_read(busdev, BAR_WHOLE, 0x100, 2) == 0x7788);
	assert_true(ops->bar_read(busdev, BAR_WHOLE, 0x101, 1) == 0x77);

	assert_true(ops->bar_read(busdev, BAR_WHOLE, 0x100, 3) == UINT64_MAX);
	assert_true(ops->bar_read(busdev, BAR_WHOLE, BAR_BYTES - 2, 4) == UINT64_MAX);
	assert_true(ops->bar_read(busdev, BAR_WHOLE, UINT64_MAX, 4) == UINT64_MAX);
	assert_true(ops->bar_read(busdev, 3, 0, 4) == UINT64_MAX);
	assert_true(ops->bar_read(busdev, 6, 0, 4) == UINT64_MAX);
	/* Behind BAR 0 in the file BAR 1 begins, which a write over the end must not reach. */
	ops->bar_write(busdev, BAR_IO, 0, 1, 0x5a);
	ops->bar_write(busdev, BAR_WHOLE, 1u << REGION_SHIFT, 1, 0);
	ops->bar_write(busdev, BAR_WHOLE, 0x100, 3, 0);
	assert_true(ops->bar_read(busdev, BAR_IO, 0, 1) == 0x5a);
	assert_true(ops->bar_read(busdev, BAR_WHOLE, 0x100, 2) == 0x7788);
	closed(busdev);
}

static void configuration_space_has_an_end(void **state)
{
	struct fn_busdev *busdev = opened(&nic_a);
	uint8_t buf[8];

	(void)state;
	assert_int_equal(busdev->ops->cfg_read(busdev, 0, buf, 4), 0);
	assert_memory_equal(buf, config_head, 4);
	memset(buf, 0, sizeof(buf));
	assert_int_equal(busdev->ops->cfg_read(busdev, 252, buf, 8), -EINVAL);
	assert_memory_equal(buf, "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
	assert_true(busdev->ops->cfg_read(busdev, 0xfff, buf, 4) < 0);
	assert_int_equal(busdev->ops->cfg_write(busdev, 254, buf, 4), -EINVAL);
	assert_int_equal(fn_cfg_write16(busdev, 254, 0x1234), 0);
	assert_int_equal(fn_cfg_read16(busdev, 254), 0x1234);
	closed(busdev);
}

static void vectors_again_and_again(void **state)
{
	struct fn_busdev *busdev = opened(&nic_a);
	int fds[MSIX_ENTRIES + 1] = { 101, 102, -1, 104, 105, 106 };

	(void)state;
	assert_int_equal(busdev->ops->irq_set(busdev, NULL, 0), 0);
	assert_int_equal(kernel.msix_calls, 0);
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned n = 0; n <= MSIX_ENTRIES; n++) {
			assert_int_equal(busdev->ops->irq_set(busdev, fds, n), 0);
			assert_int_equal(kernel.msix_n, n);
			assert_memory_equal(kernel.msix_fds, fds, n * sizeof(int));
		}
	}
	kernel.msix_calls = 0;
	assert_int_equal(busdev->ops->irq_set(busdev, fds, MSIX_ENTRIES + 1), -EINVAL);
	assert_non_null(strstr(fn_error_last(), "has 5 MSI-X entries, and 6 are asked for"));
	assert_int_equal(kernel.msix_calls, 0);
	assert_int_equal(kernel.msix_n, MSIX_ENTRIES);

	/* The machine has fewer vectors than the device has entries. */
	kernel.positive_irqs = 2;
	assert_int_equal(busdev->ops->irq_set(busdev, fds, 3), -ENOSPC);
	assert_int_equal(kernel.msix_n, 0);
	kernel.positive_irqs = 0;
	assert_int_equal(busdev->ops->irq_set(busdev, fds, 2), 0);
	assert_int_equal(kernel.msix_n, 2);
	closed(busdev);
}

static void reset_where_there_is_one(void **state)
{
	struct fn_busdev *busdev = opened(&nic_a);

	(void)state;
	assert_int_equal(busdev->ops->reset(busdev), 0);
	assert_int_equal(kernel.resets, 1);
	closed(busdev);
	kernel.no_reset = true;
	busdev = opened(&nic_a);
	assert_int_equal(busdev->ops->reset(busdev), -ENOTTY);
	assert_int_equal(kernel.resets, 1);
	closed(busdev);
}

static void three_devices_two_groups_one_container(void **state)
{
	static const unsigned orders[][3] = { { 0, 1, 2 }, { 2, 1, 0 }, { 1, 2, 0 }, { 0, 2, 1 } };

	(void)state;
	for (unsigned i = 0; i < FN_ARRAY_LEN(orders); i++) {
		struct fn_busdev *d[] = { opened(&nic_a), opened(&nic_b), opened(&nic_a2) };
		unsigned n = 3;

		assert_int_equal(targets_n(), 1);
		assert_int_equal(kernel.group_container[3], kernel.group_container[4]);
		for (unsigned j = 0; j < 3; j++) {
			closed(d[orders[i][j]]);
			assert_int_equal(targets_n(), --n ? 1 : 0);
		}
		nothing_left();
	}
}

static void a_group_that_needs_its_own_container(void **state)
{
	struct fn_busdev *a;
	struct fn_busdev *b;

	(void)state;
	for (int narrows = 0; narrows < 2; narrows++) {
		kernel.alone = !narrows;
		kernel.narrows = narrows;
		a = opened(&nic_a);
		b = opened(&nic_b);
		assert_int_equal(targets_n(), 2);
		assert_int_not_equal(kernel.group_container[3], kernel.group_container[4]);
		assert_string_equal(targets[0]->name, "IOMMU container of 0000:00:03.0");
		assert_string_equal(targets[1]->name, "IOMMU container of 0000:00:04.0");
		closed(a);
		assert_int_equal(targets_n(), 1);
		/* The one that is left takes no harm, and the other comes again. */
		a = opened(&nic_a2);
		assert_int_equal(targets_n(), 2);
		closed(b);
		closed(a);
		nothing_left();
	}
}

static void what_the_domain_sees_of_a_container(void **state)
{
	struct fn_busdev *busdev = opened(&nic_a);

	(void)state;
	assert_int_equal(targets[0]->ranges_n, 2);
	assert_true(targets[0]->ranges[0].last == 0xfedfffff);
	assert_true(targets[0]->ranges[1].first == 0xfef00000);
	assert_true(targets[0]->ranges[1].last == (UINT64_C(1) << 39) - 1);
	closed(busdev);
}

static void the_second_device_is_refused_the_first_goes_on(void **state)
{
	struct fn_busdev *a = opened(&nic_a);

	(void)state;
	/* Only a domain that does not fit is a reason to try another container. */
	kernel.join_errno = EPERM;
	refused(&nic_b, -ENODEV, "allow_unsafe_interrupts");
	kernel.join_errno = 0;
	kernel.not_viable = true;
	refused(&nic_b, -ENODEV, "IOMMU group 4 is not viable");
	kernel.not_viable = false;
	kernel.alone = true;
	attach_ret = -ERANGE;
	refused(&nic_b, -ERANGE, "memory lies where the IOMMU cannot see it");
	assert_int_equal(targets_n(), 1);
	assert_int_equal(kernel.group_container[4], 0);
	assert_int_equal(fn_cfg_read16(a, 0), 0x1af4);
	closed(a);
}

static void the_kernel_refuses(void **state)
{
	(void)state;
	kernel.api_version = 7;
	refused(&nic_a, -ENOTSUP, "VFIO has version 7, and fastnic knows 0 only");
	kernel.api_version = 0;
	kernel.no_type1 = true;
	refused(&nic_a, -ENODEV, "modprobe vfio_iommu_type1");
	kernel.no_type1 = false;
	kernel.set_iommu_errno = EPERM;
	refused(&nic_a, -ENODEV, "does not remap interrupts");
	kernel.set_iommu_errno = EBUSY;
	refused(&nic_a, -EBUSY, "does not take the device's group");
	kernel.set_iommu_errno = 0;
	kernel.map_errno = ENOMEM;
	refused(&nic_a, -ENOMEM,
		"IOMMU container of 0000:00:03.0: the kernel does not lock 4096 more");
	kernel.map_errno = ENOSPC;
	refused(&nic_a, -ENOSPC, "dma_entry_limit");
	kernel.map_errno = EFAULT;
	refused(&nic_a, -EFAULT, "as IOVA 0x100000000: Bad address");
	kernel.map_errno = 0;
	tree_remove_one(&env.tree, "dev/vfio");
	refused(&nic_a, -ENODEV, "modprobe vfio-pci");
	tree_file(&env.tree, "dev/vfio", "");
	closed(opened(&nic_a));
}

/* Each call into the kernel fails once: open either does without it, or leaves nothing behind. */
static void any_call_may_fail(void **state)
{
	unsigned n = 1;
	unsigned failed = 0;

	(void)state;
	for (;; n++) {
		struct fn_busdev *busdev = NULL;
		int ret;

		kernel.calls = 0;
		kernel.fail_at = n;
		(void)fn_fail(0, "no sentence");
		ret = fn_vfio_open_at(&env.ctx, &env.roots, &nic_a, &busdev);
		if (kernel.calls < n) {
			kernel.fail_at = 0;
			closed(busdev);
			break;
		}
		kernel.fail_at = 0;
		if (ret) {
			failed++;
			assert_string_not_equal(fn_error_last(), "no sentence");
			assert_null(busdev);
		} else {
			closed(busdev);
		}
		nothing_left();
	}
	assert_true(n > 15);
	/* It does without REQ, ERR and MSI-X only. */
	assert_int_equal(failed, n - 1 - 3);
}

static void a_device_that_vanished(void **state)
{
	struct fn_busdev *busdev = opened(&nic_a);
	struct fn_bar bar;
	int fds[2] = { -1, -1 };

	(void)state;
	assert_int_equal(busdev->ops->map(busdev, BAR_WHOLE, 0, 0x1000, &bar), 0);
	assert_int_equal(busdev->ops->irq_set(busdev, fds, 2), 0);
	assert_false(fn_busdev_is_gone(busdev));
	device_vanish("0000:00:03.0");
	assert_true(fn_busdev_is_gone(busdev));
	assert_true(busdev->ops->bar_read(busdev, BAR_WHOLE, 0, 4) == UINT64_MAX);
	closed(busdev);
	refused(&nic_a, -ENODEV, "does not answer");
}

static void time_passes(void **state)
{
	static const uint64_t waits[] = { 0, 1, 5000, 200000, 3000000 };
	struct fn_busdev *busdev = opened(&nic_a);

	(void)state;
	for (unsigned i = 0; i < FN_ARRAY_LEN(waits); i++) {
		const uint64_t before = busdev->ops->now_ns(busdev);
		uint64_t passed;

		busdev->ops->delay_ns(busdev, waits[i]);
		passed = busdev->ops->now_ns(busdev) - before;
		assert_true(passed >= waits[i]);
		assert_true(passed < waits[i] + UINT64_C(5000000000));
	}
	closed(busdev);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(what_open_finds_and_leaves),
		TEST(close_switches_off),
		TEST(signals_of_the_kernel),
		TEST(mapped_windows),
		TEST(windows_that_cannot_be_mapped),
		TEST(no_such_window),
		TEST(accesses_that_are_none),
		TEST(configuration_space_has_an_end),
		TEST(vectors_again_and_again),
		TEST(reset_where_there_is_one),
		TEST(three_devices_two_groups_one_container),
		TEST(a_group_that_needs_its_own_container),
		TEST(what_the_domain_sees_of_a_container),
		TEST(the_second_device_is_refused_the_first_goes_on),
		TEST(the_kernel_refuses),
		TEST(any_call_may_fail),
		TEST(a_device_that_vanished),
		TEST(time_passes),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
