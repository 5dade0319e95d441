// SPDX-License-Identifier: BSD-3-Clause
/* The list of network functions over trees that are shaped like sysfs, also damaged ones. */
#include <errno.h>

#include <sys/types.h>
#include <sys/wait.h>

#include "base/error.h"
#include "bus/pci/scan.h"
#include "tests/unit/fake_tree.h"

static const char ids[] = "1af4  Red Hat, Inc.\n"
			  "\t1041  Virtio 1.0 network device\n"
			  "8086  Intel Corporation\n"
			  "\t10c9  82576 Gigabit Network Connection\n";

static int setup(void **state)
{
	struct tree *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	tree_new(t);
	tree_dir(t, "bus/pci/devices");
	tree_file(t, "pci.ids", ids);
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	struct tree *t = *state;

	tree_free(t);
	free(t);
	return 0;
}

static int scan(const struct tree *t, struct fn_pci_info **list, unsigned *n)
{
	char path[TREE_PATH];

	tree_path(t, path, "pci.ids");
	return fn_pci_scan_at(t->root, path, list, n);
}

static void fill(const struct tree *t)
{
	tree_pci(t, "0000:00:00.0", "0x8086\n", "0x29c0\n", "0x060000\n", "", 0);
	tree_pci(t, "0000:04:00.1", "0x8086\n", "0x10c9\n", "0x020000\n", "igb", 14);
	tree_file(t, "bus/pci/devices/0000:04:00.1/net/enp4s0f1/address", "x\n");
	tree_file(t, "bus/pci/devices/0000:04:00.1/numa_node", "1\n");
	tree_pci(t, "0000:00:03.0", "0x1af4\n", "0x1041\n", "0x020000\n", "vfio-pci", 3);
	tree_pci(t, "0001:00:02.0", "0xabcd\n", "0xef01\n", "0x028000\n", "", -1);
	tree_pci(t, "0000:00:1f.2", "0x8086\n", "0x2922\n", "0x010601\n", "ahci", 9);
}

static void network_functions_sorted_by_address(void **state)
{
	const struct tree *t = *state;
	struct fn_pci_info *list = NULL;
	unsigned n = 0;

	fill(t);
	assert_int_equal(scan(t, &list, &n), 0);
	assert_int_equal(n, 3);

	assert_string_equal(list[0].bdf, "0000:00:03.0");
	assert_int_equal(list[0].vendor_id, 0x1af4);
	assert_int_equal(list[0].device_id, 0x1041);
	assert_string_equal(list[0].name, "Red Hat, Inc. Virtio 1.0 network device");
	assert_string_equal(list[0].kernel_driver, "vfio-pci");
	assert_string_equal(list[0].netdev, "");
	assert_int_equal(list[0].iommu_group, 3);
	assert_int_equal(list[0].numa_node, -1);
	assert_null(list[0].fn_driver);

	assert_string_equal(list[1].bdf, "0000:04:00.1");
	assert_string_equal(list[1].name, "Intel Corporation 82576 Gigabit Network Connection");
	assert_string_equal(list[1].kernel_driver, "igb");
	assert_string_equal(list[1].netdev, "enp4s0f1");
	assert_int_equal(list[1].iommu_group, 14);
	assert_int_equal(list[1].numa_node, 1);

	assert_string_equal(list[2].bdf, "0001:00:02.0");
	assert_string_equal(list[2].name, "abcd:ef01");
	assert_string_equal(list[2].kernel_driver, "");
	assert_int_equal(list[2].iommu_group, -1);
	free(list);
}

static void a_virtio_netdev_hangs_one_device_further_down(void **state)
{
	const struct tree *t = *state;
	struct fn_pci_info info;

	fill(t);
	tree_file(t, "bus/pci/devices/0000:00:03.0/virtio7/net/eth5/address", "x\n");
	assert_int_equal(fn_pci_find_at(t->root, &(struct fn_pci_addr){ 0, 0, 3, 0 }, &info), 0);
	assert_string_equal(info.netdev, "eth5");
}

static void an_empty_bus_is_an_empty_list(void **state)
{
	struct fn_pci_info *list = NULL;
	unsigned n = 9;

	assert_int_equal(scan(*state, &list, &n), 0);
	assert_int_equal(n, 0);
	free(list);
}

/*
 * libpci calls a missing attribute a fatal error; here it costs that function its place in the
 * list.
 */
static void a_function_that_vanishes_is_left_out(void **state)
{
	const struct tree *t = *state;
	struct fn_pci_info *list = NULL;
	unsigned n = 0;

	fill(t);
	tree_remove_one(t, "bus/pci/devices/0000:00:03.0/class");
	assert_int_equal(scan(t, &list, &n), 0);
	assert_int_equal(n, 2);
	assert_string_equal(list[0].bdf, "0000:04:00.1");
	assert_string_equal(list[1].bdf, "0001:00:02.0");
	free(list);
}

/*
 * Domains beyond 16 bits (Intel VMD) have no address in fastnic, which must not become another one.
 */
static void a_domain_that_is_too_large_is_left_out(void **state)
{
	const struct tree *t = *state;
	struct fn_pci_info *list = NULL;
	unsigned n = 0;

	fill(t);
	tree_pci(t, "10000:00:03.0", "0x1af4\n", "0x1041\n", "0x020000\n", "", -1);
	assert_int_equal(scan(t, &list, &n), 0);
	assert_int_equal(n, 3);
	free(list);
}

/* libpci also calls a damaged ids file a fatal error; here it costs names. */
static void a_damaged_ids_file_costs_names_only(void **state)
{
	const struct tree *t = *state;
	struct fn_pci_info *list = NULL;
	unsigned n = 0;

	fill(t);
	tree_file(t, "pci.ids", "no such line in this format\n");
	assert_int_equal(scan(t, &list, &n), 0);
	assert_int_equal(n, 3);
	assert_string_equal(list[0].name, "1af4:1041");
	assert_string_equal(list[1].name, "8086:10c9");
	free(list);
}

static void no_ids_file_costs_names_only(void **state)
{
	const struct tree *t = *state;
	struct fn_pci_info *list = NULL;
	unsigned n = 0;

	fill(t);
	tree_remove_one(t, "pci.ids");
	assert_int_equal(scan(t, &list, &n), 0);
	assert_int_equal(n, 3);
	assert_string_equal(list[0].name, "1af4:1041");
	free(list);
}

static void a_long_name_is_cut(void **state)
{
	const struct tree *t = *state;
	struct fn_pci_info *list = NULL;
	char text[400];
	unsigned n = 0;

	fill(t);
	(void)snprintf(text, sizeof(text), "1af4  %0200d\n\t1041  x\n", 7);
	tree_file(t, "pci.ids", text);
	assert_int_equal(scan(t, &list, &n), 0);
	assert_true(strlen(list[0].name) < sizeof(list[0].name));
	assert_true(strlen(list[0].name) > 100);
	free(list);
}

static void no_sysfs_is_a_sentence(void **state)
{
	const struct tree *t = *state;
	struct fn_pci_info *list = NULL;
	struct fn_pci_info info;
	unsigned n = 0;

	tree_remove_one(t, "bus/pci/devices");
	assert_int_equal(scan(t, &list, &n), -ENOENT);
	assert_non_null(strstr(fn_error_last(), "no usable sysfs"));
	assert_non_null(strstr(fn_error_last(), "mount -t sysfs"));
	assert_null(list);
	(void)fn_fail(0, "nothing");
	assert_int_equal(fn_pci_find_at(t->root, &(struct fn_pci_addr){ 0, 0, 3, 0 }, &info),
			 -ENOENT);
	assert_non_null(strstr(fn_error_last(), "no usable sysfs"));
}

/*
 * An entry that is no PCI address makes libpci's scan fail while it holds a directory, which it
 * then leaks: a child process takes that with it.
 */
static void what_libpci_cannot_read_is_a_sentence(void **state)
{
	const struct tree *t = *state;
	int status = -1;
	pid_t pid;

	fill(t);
	tree_dir(t, "bus/pci/devices/nonsense");
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		struct fn_pci_info *list = NULL;
		unsigned n = 0;
		const int ret = scan(t, &list, &n);

		_exit(ret == -ENOENT && strstr(fn_error_last(), "nonsense") ? 42 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 42);
}

static void one_function_of_any_class(void **state)
{
	const struct tree *t = *state;
	struct fn_pci_info info;

	fill(t);
	assert_int_equal(fn_pci_find_at(t->root, &(struct fn_pci_addr){ 0, 0, 0x1f, 2 }, &info), 0);
	assert_string_equal(info.bdf, "0000:00:1f.2");
	assert_int_equal(info.device_id, 0x2922);
	assert_string_equal(info.kernel_driver, "ahci");
	assert_int_equal(info.iommu_group, 9);
	assert_string_equal(info.name, "8086:2922");
	assert_int_equal(fn_pci_find_at(t->root, &(struct fn_pci_addr){ 0, 9, 0, 0 }, &info),
			 -ENOENT);
	assert_string_equal(fn_error_last(),
			    "0000:09:00.0: no such PCI device; fastnic-bind status lists the NICs");
}

/* The same in the machine's own tree, as far as it has one: each function found is found again. */
static void this_machine(void **state)
{
	struct fn_pci_info *list = NULL;
	unsigned n = 0;

	(void)state;
	if (access("/sys/bus/pci/devices", R_OK))
		skip();
	assert_int_equal(fn_pci_scan(&list, &n), 0);
	for (unsigned i = 0; i < n; i++) {
		struct fn_pci_addr addr;
		struct fn_pci_info info;

		assert_true(fn_pci_addr_parse(list[i].bdf, &addr));
		assert_int_equal(fn_pci_find(&addr, &info), 0);
		assert_int_equal(info.vendor_id, list[i].vendor_id);
		assert_int_equal(info.device_id, list[i].device_id);
		assert_string_equal(info.kernel_driver, list[i].kernel_driver);
		assert_int_equal(info.iommu_group, list[i].iommu_group);
	}
	free(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(network_functions_sorted_by_address),
		TEST(a_virtio_netdev_hangs_one_device_further_down),
		TEST(an_empty_bus_is_an_empty_list),
		TEST(a_function_that_vanishes_is_left_out),
		TEST(a_domain_that_is_too_large_is_left_out),
		TEST(a_damaged_ids_file_costs_names_only),
		TEST(no_ids_file_costs_names_only),
		TEST(a_long_name_is_cut),
		TEST(no_sysfs_is_a_sentence),
		TEST(what_libpci_cannot_read_is_a_sentence),
		TEST(one_function_of_any_class),
		TEST(this_machine),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
