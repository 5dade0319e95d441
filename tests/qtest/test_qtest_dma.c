// SPDX-License-Identifier: BSD-3-Clause
/* Memory behind the IOMMU: devices reach what is mapped for them, and all else is a fault. */
#include <sys/mman.h>

#include "qtest/qtest_priv.h"
#include "qtest/rig.h"

#define PAGE ((size_t)4096)

static const struct fn_dev_conf conf;
static const struct qtest_opts one_nic = {
	.nics = { { .model = "virtio-net-pci", .root_port = true } },
};

/* The device is told to send from a page where nothing is mapped; its header lies there too. */
static void send_from(struct rig *rig, uint64_t page)
{
	struct fn_pkt *pkt = fn_pkt_alloc(rig->pool);
	const uint64_t until = rig_ms() + RIG_DEADLINE_MS;
	const fn_iova_t own = pkt->iova;

	assert_non_null(fn_pkt_append(pkt, 100));
	pkt->iova.v = page + 64;
	assert_int_equal(fn_tx_burst(rig->tx[0], &pkt, 1), 1);
	/* QEMU completes it, as a real device might. */
	while (!fn_tx_reclaim(rig->tx[0])) {
		assert_true(rig_ms() < until);
		qtest_settle(rig->q);
	}
	pkt->iova = own;
}

/* A page that was mapped, and is not any more. */
static uint64_t stale_iova(struct rig *rig)
{
	void *va = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct fn_dma dma;
	uint64_t iova;

	assert_ptr_not_equal(va, MAP_FAILED);
	assert_ok(fn_dma_map(rig->ctx, va, PAGE, NULL, &dma));
	iova = dma.iova.v;
	fn_dma_unmap(rig->ctx, &dma);
	(void)munmap(va, PAGE);
	return iova;
}

/* A fault is seen with address and source, whoever asks takes it, and QEMU has no other. */
static void fault_is_taken(void **state)
{
	struct qtest_fault fault;
	struct rig rig;
	uint64_t iova;

	(void)state;
	rig_init(&rig, &one_nic);
	rig_start(&rig, 0, conf);
	iova = stale_iova(&rig);
	assert_false(qtest_fault_take(rig.q, &fault));
	send_from(&rig, iova);
	assert_true(qtest_fault_take(rig.q, &fault));
	assert_int_equal(fault.iova / PAGE, iova / PAGE);
	assert_int_equal(fault.source_id, qtest_source_id(rig.q, 0));
	assert_int_equal(fault.source_id, 0x0100);
	assert_false(fault.write);
	while (qtest_fault_take(rig.q, &fault))
		assert_int_equal(fault.iova / PAGE, iova / PAGE);
	rig_end(&rig);
}

/* The guest's RAM is not reachable by its own addresses. */
static void physical_address_faults(void **state)
{
	struct qtest_fault fault;
	struct rig rig;

	(void)state;
	rig_init(&rig, &one_nic);
	rig_start(&rig, 0, conf);
	send_from(&rig, QTEST_SLICES);
	assert_true(qtest_fault_take(rig.q, &fault));
	assert_int_equal(fault.iova / PAGE, QTEST_SLICES / PAGE);
	while (qtest_fault_take(rig.q, &fault))
		;
	rig_end(&rig);
}

/* A fault that the test does not know of fails it. */
static void undeclared_fault_fails(void **state)
{
	struct qtest_report report;
	char name[64];
	struct rig rig;
	uint64_t iova;

	(void)state;
	rig_init(&rig, &one_nic);
	rig_start(&rig, 0, conf);
	iova = stale_iova(&rig);
	send_from(&rig, iova);
	rig_close(&rig);
	assert_int_not_equal(qtest_stop(rig.q, &report), 0);
	(void)snprintf(name, sizeof(name), "01:00.0 wanted to read 0x%llx",
		       (unsigned long long)(iova + 64 - 12));
	assert_non_null(strstr(report.text, name));
}

/* A declared one does not; one of another device or page does, and so does one that never comes. */
static void declared_fault(void **state)
{
	struct qtest_report report;
	struct rig rig;
	uint64_t iova;

	(void)state;
	rig_init(&rig, &one_nic);
	rig_start(&rig, 0, conf);
	iova = stale_iova(&rig);
	assert_ok(qtest_fault_expect(rig.q, iova, qtest_source_id(rig.q, 0)));
	send_from(&rig, iova);
	rig_end(&rig);

	for (unsigned wrong = 0; wrong < 3; wrong++) {
		rig_init(&rig, &one_nic);
		rig_start(&rig, 0, conf);
		iova = stale_iova(&rig);
		assert_ok(qtest_fault_expect(rig.q, iova + (wrong == 0 ? PAGE : 0),
					     (uint16_t)(wrong == 1 ? 0x10 : 0x100)));
		if (wrong < 2)
			send_from(&rig, iova);
		rig_close(&rig);
		assert_true(qtest_stop(rig.q, &report) >= (wrong < 2 ? 2u : 1u));
		assert_non_null(strstr(report.text, "which was expected"));
	}
}

/* The application's own memory goes to the device and comes back, with what is in it. */
static void application_memory(void **state)
{
	uint8_t *va =
		mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct fn_dma dma;
	struct fn_pkt *pkt;
	struct rig rig;
	size_t len;

	(void)state;
	assert_ptr_not_equal(va, MAP_FAILED);
	rig_init(&rig, &one_nic);
	va[0] = 0x5a;
	va[3 * PAGE + 1] = 0xa5;
	/* Before the device is there, and after it has gone. */
	assert_ok(fn_dma_map(rig.ctx, va, 4 * PAGE, NULL, &dma));
	rig_start(&rig, 0, conf);
	assert_int_equal(va[0], 0x5a);
	assert_int_equal(va[3 * PAGE + 1], 0xa5);
	len = rig_frame(va + 2 * PAGE - 16, 5);
	pkt = fn_pkt_alloc(rig.pool);
	assert_ok(fn_pkt_attach(pkt, va + 2 * PAGE - 16, len, NULL, NULL));
	assert_int_equal(fn_tx_burst(rig.tx[0], &pkt, 1), 1);
	rig_wire_expect(&rig, 0, 5);
	assert_ok(fn_dev_close(rig.devs[0]));
	rig.devs[0] = NULL;
	rig_check(va + 2 * PAGE - 16, len, 5);
	fn_dma_unmap(rig.ctx, &dma);
	rig_check(va + 2 * PAGE - 16, len, 5);
	assert_int_equal(va[0], 0x5a);
	rig_end(&rig);
	(void)munmap(va, 4 * PAGE);
}

/* The IOMMU forgets at once what it has translated a moment ago. */
static void used_and_gone(void **state)
{
	uint8_t *va = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct qtest_fault fault;
	struct fn_dma dma;
	struct fn_pkt *pkt;
	struct rig rig;
	uint64_t iova;
	size_t len;

	(void)state;
	assert_ptr_not_equal(va, MAP_FAILED);
	rig_init(&rig, &one_nic);
	rig_start(&rig, 0, conf);
	assert_ok(fn_dma_map(rig.ctx, va, PAGE, NULL, &dma));
	len = rig_frame(va, 7);
	pkt = fn_pkt_alloc(rig.pool);
	assert_non_null(pkt);
	assert_ok(fn_pkt_attach(pkt, va, len, NULL, NULL));
	assert_int_equal(fn_tx_burst(rig.tx[0], &pkt, 1), 1);
	rig_wire_expect(&rig, 0, 7);
	assert_false(qtest_fault_take(rig.q, &fault));
	while (!fn_tx_reclaim(rig.tx[0]))
		qtest_settle(rig.q);
	iova = dma.iova.v;
	fn_dma_unmap(rig.ctx, &dma);
	send_from(&rig, iova);
	assert_true(qtest_fault_take(rig.q, &fault));
	assert_int_equal(fault.iova / PAGE, iova / PAGE);
	while (qtest_fault_take(rig.q, &fault))
		;
	rig_end(&rig);
	(void)munmap(va, PAGE);
}

/*
 * Let an 82574 fetch a transmit descriptor: 82574 10.2.6, TCTL.EN, base, length, head and tail. Its
 * registers are reached past the bus, for the bus is closed.
 */
static void fetch_from(struct rig *rig, unsigned nic, uint64_t iova)
{
	const uint64_t bar = rig->q->nics[nic].bar[0];

	qtest_cfg_write(rig->q, qtest_source_id(rig->q, nic), PCI_COMMAND, 2,
			PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	qtest_write(rig->q, bar + 0x400, 4, 2);
	qtest_write(rig->q, bar + 0x3800, 4, fn_lower_32(iova));
	qtest_write(rig->q, bar + 0x3804, 4, fn_upper_32(iova));
	qtest_write(rig->q, bar + 0x3808, 4, PAGE);
	qtest_write(rig->q, bar + 0x3810, 4, 0);
	qtest_write(rig->q, bar + 0x3818, 4, 1);
	qtest_settle(rig->q);
}

/*
 * A device that writes to where nothing is mapped: an 82574 with a receive descriptor that names
 * such an address (82574 10.2.5: RCTL.EN and BAM, base, length, head and tail).
 */
static void write_fault(void **state)
{
	const struct qtest_opts opts = { .nics = { { .model = "e1000e" } } };
	struct qtest_fault fault;
	struct fn_pci_addr addr;
	struct fn_busdev *busdev;
	struct fn_dma ring;
	struct rig rig;
	uint64_t iova;

	(void)state;
	rig_init(&rig, &opts);
	assert_true(fn_pci_addr_parse(qtest_name(rig.q, 0), &addr));
	assert_ok(qtest_bus.open(rig.ctx, &addr, &busdev));
	assert_ok(fn_dma_alloc(rig.ctx, PAGE, NULL, &ring));
	iova = stale_iova(&rig);
	for (size_t i = 0; i < PAGE / 16; i++)
		memcpy((uint8_t *)ring.va + 16 * i, &iova, sizeof(iova));
	assert_ok(fn_busdev_set_master(busdev, true));
	qtest_bus.bar_write(busdev, 0, 0x2800, 4, fn_lower_32(ring.iova.v));
	qtest_bus.bar_write(busdev, 0, 0x2804, 4, fn_upper_32(ring.iova.v));
	qtest_bus.bar_write(busdev, 0, 0x2808, 4, PAGE);
	qtest_bus.bar_write(busdev, 0, 0x2818, 4, 8);
	qtest_bus.bar_write(busdev, 0, 0x100, 4, 2u | 1u << 15);
	assert_int_equal(qtest_log_entries(rig.q, NULL, 0), 0);
	rig_wire_send(&rig, 0, 1);
	for (const uint64_t until = rig_ms() + RIG_DEADLINE_MS; !qtest_fault_take(rig.q, &fault);)
		assert_true(rig_ms() < until);
	assert_int_equal(fault.iova / PAGE, iova / PAGE);
	assert_int_equal(fault.source_id, qtest_source_id(rig.q, 0));
	assert_true(fault.write);
	while (qtest_fault_take(rig.q, &fault))
		assert_int_equal(fault.iova / PAGE, iova / PAGE);
	qtest_bus.close(busdev);
	fn_dma_free(rig.ctx, &ring);
	rig_end(&rig);
}

/* Who is closed reaches nothing, though the memory is mapped for another device still. */
static void closed_device_reaches_nothing(void **state)
{
	const struct qtest_opts opts = {
		.nics = { { .model = "virtio-net-pci" }, { .model = "e1000e" } },
	};
	struct qtest_fault fault;
	struct fn_pci_addr addr;
	struct fn_busdev *busdev;
	struct fn_pkt *pkt;
	struct rig rig;

	(void)state;
	rig_init(&rig, &opts);
	rig_start(&rig, 0, conf);
	pkt = fn_pkt_alloc(rig.pool);
	assert_non_null(pkt);
	memset(pkt->data, 0, PAGE / 4);
	assert_true(fn_pci_addr_parse(qtest_name(rig.q, 1), &addr));
	assert_ok(qtest_bus.open(rig.ctx, &addr, &busdev));
	fetch_from(&rig, 1, pkt->iova.v & ~(uint64_t)15);
	assert_false(qtest_fault_take(rig.q, &fault));
	qtest_bus.close(busdev);
	fetch_from(&rig, 1, pkt->iova.v & ~(uint64_t)15);
	assert_true(qtest_fault_take(rig.q, &fault));
	assert_int_equal(fault.iova / PAGE, pkt->iova.v / PAGE);
	assert_int_equal(fault.source_id, qtest_source_id(rig.q, 1));
	while (qtest_fault_take(rig.q, &fault))
		assert_int_equal(fault.source_id, qtest_source_id(rig.q, 1));
	fn_pkt_free(pkt);
	rig_end(&rig);
}

/* A packet that the application keeps over the close of its device stays what it is. */
static void packet_outlives_device(void **state)
{
	struct fn_pkt *pkt;
	struct rig rig;

	(void)state;
	rig_init(&rig, &one_nic);
	rig_start(&rig, 0, conf);
	rig_wire_send(&rig, 0, 3);
	pkt = rig_rx(&rig, 0, RIG_DEADLINE_MS);
	assert_non_null(pkt);
	assert_ok(fn_dev_close(rig.devs[0]));
	rig.devs[0] = NULL;
	rig_check(pkt->data, pkt->len, 3);
	/* And the next device sends it. */
	rig_start(&rig, 0, conf);
	assert_int_equal(fn_tx_burst(rig.tx[0], &pkt, 1), 1);
	rig_wire_expect(&rig, 0, 3);
	rig_end(&rig);
}

/* Two contexts on one QEMU: a device of one does not reach the memory of the other. */
static void contexts_are_apart(void **state)
{
	const struct qtest_opts opts = {
		.nics = { { .model = "virtio-net-pci" }, { .model = "virtio-net-pci" } },
	};
	const size_t large = (size_t)64 << 20;
	struct qtest_fault fault;
	struct fn_ctx *other;
	struct fn_dev *dev;
	struct fn_dma dma;
	struct rig rig;
	void *va;

	(void)state;
	rig_init(&rig, &opts);
	assert_ok(fn_ctx_create(NULL, &other));
	/* So large that its last page lies beyond all that the first context has. */
	va = mmap(NULL, large, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(va, MAP_FAILED);
	assert_ok(fn_dma_map(other, va, large, NULL, &dma));
	assert_ok(fn_dev_open_on(other, &qtest_bus, qtest_name(rig.q, 1), NULL, &dev));
	rig_start(&rig, 0, conf);
	send_from(&rig, dma.iova.v + large - PAGE);
	assert_true(qtest_fault_take(rig.q, &fault));
	assert_int_equal(fault.iova / PAGE, (dma.iova.v + large - PAGE) / PAGE);
	assert_int_equal(fault.source_id, qtest_source_id(rig.q, 0));
	while (qtest_fault_take(rig.q, &fault))
		;
	assert_ok(fn_dev_close(dev));
	fn_dma_unmap(other, &dma);
	(void)munmap(va, large);
	assert_ok(fn_ctx_destroy(other));
	rig_end(&rig);
}

/* What was lent before leaves nothing behind for who is lent memory next. */
static void memory_is_zero(void **state)
{
	struct rig rig;
	uint8_t *va;

	(void)state;
	rig_init(&rig, &one_nic);
	rig_start(&rig, 0, conf);
	for (unsigned lap = 0; lap < 2; lap++) {
		struct fn_dma dma;

		va = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		assert_ptr_not_equal(va, MAP_FAILED);
		assert_ok(fn_dma_map(rig.ctx, va, PAGE, NULL, &dma));
		for (size_t i = 0; i < PAGE; i++)
			assert_int_equal(va[i], 0);
		memset(va, 0xa5, PAGE);
		fn_dma_unmap(rig.ctx, &dma);
		assert_int_equal(va[PAGE - 1], 0xa5);
		(void)munmap(va, PAGE);
	}
	rig_end(&rig);
}

/* More than the RAM has is an error with words, and changes nothing. */
static void no_room(void **state)
{
	struct rig rig;
	uint64_t gpa;

	(void)state;
	rig_init(&rig, &one_nic);
	rig_start(&rig, 0, conf);
	/* fn_dma_map() would make all of it present first. */
	assert_int_equal(qtest_memory_lend(rig.q, NULL, QTEST_RAM_BYTES, &gpa), -ENOMEM);
	assert_non_null(strstr(fn_error_last(), "use smaller pools"));
	rig_tx(&rig, 0, 1);
	rig_wire_expect(&rig, 0, 1);
	rig_end(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {

		cmocka_unit_test(fault_is_taken),
		cmocka_unit_test(physical_address_faults),
		cmocka_unit_test(undeclared_fault_fails),
		cmocka_unit_test(declared_fault),
		cmocka_unit_test(application_memory),
		cmocka_unit_test(packet_outlives_device),
		cmocka_unit_test(contexts_are_apart),
		cmocka_unit_test(no_room),
		cmocka_unit_test(used_and_gone),
		cmocka_unit_test(write_fault),
		cmocka_unit_test(closed_device_reaches_nothing),
		cmocka_unit_test(memory_is_zero),
	};

	return rig_exit(cmocka_run_group_tests(tests, NULL, NULL));
}
