// SPDX-License-Identifier: BSD-3-Clause
/* What stands in the way of claiming a device gets one sentence: the cause, and what helps. */
#include <errno.h>

#include "bus/vfio/vfio.h"
#include "tests/unit/fake_tree.h"

static const struct fn_pci_addr nic = { 0, 0, 3, 0 };

struct env {
	struct tree tree;
	char dev[TREE_PATH];
	char proc[TREE_PATH];
	struct fn_vfio_roots roots;
	struct fn_ctx ctx;
};

static int setup(void **state)
{
	struct env *env = calloc(1, sizeof(*env));

	assert_non_null(env);
	tree_new(&env->tree);
	tree_dir(&env->tree, "bus/pci/devices");
	tree_dir(&env->tree, "dev");
	tree_dir(&env->tree, "proc");
	tree_path(&env->tree, env->dev, "dev");
	tree_path(&env->tree, env->proc, "proc");
	env->roots = (struct fn_vfio_roots){ env->tree.root, env->dev, env->proc };
	assert_int_equal(pthread_mutex_init(&env->ctx.lock, NULL), 0);
	*state = env;
	return 0;
}

static int teardown(void **state)
{
	struct env *env = *state;

	/* Nothing half done: the context is as it was. */
	assert_null(env->ctx.vfio);
	assert_int_equal(pthread_mutex_destroy(&env->ctx.lock), 0);
	tree_free(&env->tree);
	free(env);
	return 0;
}

static void nic_add(const struct env *env, const char *driver, int group)
{
	tree_pci(&env->tree, "0000:00:03.0", "0x1af4\n", "0x1041\n", "0x020000\n", driver, group);
}

/* Opening fails so, with these words in the sentence. */
static void refused(struct env *env, int ret, const char *words)
{
	struct fn_busdev *busdev = NULL;

	(void)fn_fail(0, "no sentence");
	assert_int_equal(fn_vfio_open_at(&env->ctx, &env->roots, &nic, &busdev), ret);
	assert_null(busdev);
	if (!strstr(fn_error_last(), words))
		fail_msg("\"%s\" is not in \"%s\"", words, fn_error_last());
}

static void no_sysfs(void **state)
{
	struct env *env = *state;

	tree_remove_one(&env->tree, "bus/pci/devices");
	refused(env, -ENOENT, "no usable sysfs");
}

static void no_such_device(void **state)
{
	refused(*state, -ENOENT, "0000:00:03.0: no such PCI device");
}

static void iommu_off(void **state)
{
	nic_add(*state, "virtio-pci", -1);
	refused(*state, -ENODEV, "the IOMMU is off");
	refused(*state, -ENODEV, "intel_iommu=on");
}

static void no_driver(void **state)
{
	nic_add(*state, "", 3);
	refused(*state, -ENODEV, "no driver has it");
	refused(*state, -ENODEV, "fastnic-bind bind 0000:00:03.0");
}

static void another_driver(void **state)
{
	nic_add(*state, "virtio-pci", 3);
	refused(*state, -ENODEV, "the kernel's driver virtio-pci has it");
	refused(*state, -ENODEV, "fastnic-bind bind 0000:00:03.0");
}

/* Past the driver's check, up to the node, which is not there in this tree. */
static void vfio_drivers_are_let_through(void **state)
{
	static const char *const drivers[] = { "vfio-pci", "mlx5_vfio_pci", "hisi-acc-vfio-pci" };
	struct env *env = *state;

	for (unsigned i = 0; i < FN_ARRAY_LEN(drivers); i++) {
		nic_add(env, drivers[i], 3);
		refused(env, -ENODEV, "/dev/3; load VFIO");
	}
	nic_add(env, "xvfio-pcix", 3);
	refused(env, -ENODEV, "the kernel's driver xvfio-pcix has it");
}

static void no_iommu_mode(void **state)
{
	struct env *env = *state;

	nic_add(env, "vfio-pci", 3);
	tree_file(&env->tree, "dev/noiommu-3", "");
	refused(env, -ENODEV, "no-IOMMU mode");
}

/* A node that is no VFIO: the call on it fails, and the sentence has the kernel's word for it. */
static void a_node_that_is_something_else(void **state)
{
	struct env *env = *state;

	nic_add(env, "vfio-pci", 3);
	tree_file(&env->tree, "dev/3", "");
	refused(env, -ENOTTY, "Inappropriate ioctl");
}

static void no_permission(void **state)
{
	struct env *env = *state;
	struct fn_pci_info info;

	nic_add(env, "vfio-pci", 3);
	assert_int_equal(fn_vfio_check(&env->roots, &nic, &info), 0);
	assert_int_equal(fn_vfio_no_node(&env->roots, &info, EACCES), -EACCES);
	assert_non_null(strstr(fn_error_last(), "/dev/3; run: sudo fastnic-bind bind --user $USER "
						"0000:00:03.0"));
}

static void busy(struct env *env, const char *words)
{
	struct fn_pci_info info;

	assert_int_equal(fn_vfio_check(&env->roots, &nic, &info), 0);
	(void)fn_fail(0, "no sentence");
	assert_int_equal(fn_vfio_no_node(&env->roots, &info, EBUSY), -EBUSY);
	if (!strstr(fn_error_last(), words))
		fail_msg("\"%s\" is not in \"%s\"", words, fn_error_last());
}

static void held_by_a_process(void **state)
{
	struct env *env = *state;
	char node[TREE_PATH];

	nic_add(env, "vfio-pci", 3);
	busy(env, "another process holds IOMMU group 3");

	/* Neighbours that must not be named: another group, a longer number, no process at all. */
	tree_path(&env->tree, node, "dev/4");
	tree_link(&env->tree, "proc/77/fd/0", node);
	tree_path(&env->tree, node, "dev/33");
	tree_link(&env->tree, "proc/78/fd/0", node);
	tree_path(&env->tree, node, "dev/3");
	tree_link(&env->tree, "proc/self/fd/0", node);
	tree_link(&env->tree, "proc/12x/fd/0", node);
	busy(env, "another process holds IOMMU group 3");

	tree_link(&env->tree, "proc/4711/fd/0", "/dev/null");
	tree_link(&env->tree, "proc/4711/fd/12", node);
	tree_file(&env->tree, "proc/4711/comm", "l2fwd\n");
	busy(env, "process 4711 (l2fwd) holds IOMMU group 3; stop it first");
}

static void held_by_this_process(void **state)
{
	struct env *env = *state;
	char name[TREE_PATH];
	char node[TREE_PATH];

	nic_add(env, "vfio-pci", 3);
	(void)snprintf(name, sizeof(name), "proc/%d/fd/9", (int)getpid());
	tree_path(&env->tree, node, "dev/3");
	tree_link(&env->tree, name, node);
	busy(env, "this process holds IOMMU group 3 in another context");
}

static void not_viable(struct env *env)
{
	struct fn_pci_info info;

	assert_int_equal(fn_vfio_check(&env->roots, &nic, &info), 0);
	assert_int_equal(fn_vfio_not_viable(&env->roots, &info), -ENODEV);
}

static void the_group_is_shared(void **state)
{
	struct env *env = *state;

	nic_add(env, "vfio-pci", 3);
	tree_pci(&env->tree, "0000:00:01.0", "0x8086", "0x0001", "0x060400", "pcieport", 3);
	tree_pci(&env->tree, "0000:00:01.1", "0x8086", "0x0001", "0x060400", "shpchp", 3);
	tree_pci(&env->tree, "0000:00:03.1", "0x8086", "0x0002", "0x010601", "pci-stub", 3);
	tree_pci(&env->tree, "0000:00:03.2", "0x8086", "0x0002", "0x020000", "", 3);
	tree_pci(&env->tree, "0000:00:03.3", "0x8086", "0x0002", "0x020000", "ixgbe", 4);
	not_viable(env);
	assert_non_null(strstr(fn_error_last(), "IOMMU group 3 is not viable"));
	assert_null(strstr(fn_error_last(), "driver"));

	tree_pci(&env->tree, "0000:00:03.4", "0x8086", "0x0002", "0x020000", "e1000e", 3);
	not_viable(env);
	assert_non_null(strstr(fn_error_last(), "also holds 0000:00:03.4 (driver e1000e),"));
	assert_non_null(strstr(fn_error_last(), ": fastnic-bind bind 0000:00:03.4"));
	assert_null(strstr(fn_error_last(), "--force"));
	assert_null(strstr(fn_error_last(), "03.1"));
	assert_null(strstr(fn_error_last(), "01.0"));
	assert_null(strstr(fn_error_last(), "01.1"));
	assert_null(strstr(fn_error_last(), "03.2"));
	assert_null(strstr(fn_error_last(), "03.3"));

	tree_pci(&env->tree, "0000:00:03.5", "0x8086", "0x0002", "0x010601", "ahci", 3);
	not_viable(env);
	assert_non_null(strstr(fn_error_last(), "0000:00:03.4 (driver e1000e)"));
	assert_non_null(strstr(fn_error_last(), "0000:00:03.5 (driver ahci)"));
	/* fastnic-bind takes what is no NIC only when it is told twice. */
	assert_non_null(strstr(fn_error_last(), ": fastnic-bind bind --force 0000:00:03."));
}

/* Of bridges the kernel lets those between PCI buses pass, and no others. */
static void an_isa_bridge_is_in_the_way(void **state)
{
	struct env *env = *state;

	nic_add(env, "vfio-pci", 3);
	tree_pci(&env->tree, "0000:00:1f.0", "0x8086", "0x2918", "0x060100", "lpc_ich", 3);
	not_viable(env);
	assert_non_null(strstr(fn_error_last(), "also holds 0000:00:1f.0 (driver lpc_ich),"));
	assert_non_null(strstr(fn_error_last(), "fastnic-bind bind --force 0000:00:1f.0"));
}

/* A group that is too full for a sentence: whole names as far as they fit. */
static void a_crowded_group(void **state)
{
	struct env *env = *state;
	const char *last;

	nic_add(env, "vfio-pci", 3);
	for (unsigned i = 0; i < 32; i++) {
		char bdf[16];

		(void)snprintf(bdf, sizeof(bdf), "0000:05:%02x.0", i);
		tree_pci(&env->tree, bdf, "0x8086", "0x0002", "0x020000", "a-driver-of-long-name",
			 3);
	}
	not_viable(env);
	assert_true(strlen(fn_error_last()) < FN_ERROR_TEXT_BYTES - 1);
	last = strrchr(fn_error_last(), ' ');
	assert_non_null(last);
	assert_int_equal(strlen(last + 1), 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(no_sysfs),
		TEST(no_such_device),
		TEST(iommu_off),
		TEST(no_driver),
		TEST(another_driver),
		TEST(vfio_drivers_are_let_through),
		TEST(no_iommu_mode),
		TEST(a_node_that_is_something_else),
		TEST(no_permission),
		TEST(held_by_a_process),
		TEST(held_by_this_process),
		TEST(the_group_is_shared),
		TEST(an_isa_bridge_is_in_the_way),
		TEST(a_crowded_group),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
