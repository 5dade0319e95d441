// SPDX-License-Identifier: BSD-3-Clause
/* Where the interrupts of a pinned poller's queues come to, as the bus is told; or refuses. */
#include "poller_rig.h"

/* Workers do not run here, so that it need not be there. */
#define CORE 5u

/* MSI-X entries of vectors of an Intel device: the first one is the driver's own. */
#define ENTRY(vector) ((vector) + 1u)

static struct fn_bus_ops refusing;
static int refusal;
static unsigned asked;

static int refuse(struct fn_busdev *busdev, unsigned entry, unsigned cpu)
{
	asked++;
	return fn_fail(refusal, "%s: entry %u stays away from %u", busdev->name, entry, cpu);
}

/* From here on the bus refuses. */
static void refuse_all(struct nic *nic, int ret)
{
	refusing = model_bus;
	refusing.irq_affinity = refuse;
	refusal = ret;
	asked = 0;
	nic_md(nic)->busdev.ops = &refusing;
}

static void begin(void)
{
	rig_begin_pool(0);
}

static void end(void)
{
	for (unsigned i = 0; i < rig.nics_n; i++)
		nic_md(&rig.nics[i])->busdev.ops = &model_bus;
	rig_end();
}

/* Lines about interrupts that come elsewhere since the last call. */
static unsigned warnings(void)
{
	const bool is = strstr(rig.log, "interrupts come to other processors") != NULL;

	rig.log[0] = '\0';
	return is;
}

static struct fn_poller_opts pinned(uint32_t core_plus_1)
{
	return (struct fn_poller_opts){ .core_plus_1 = core_plus_1,
					.wake_latency_ns = 10000,
					.wake_cpu_ns = 10000 };
}

static unsigned cpu_of(struct nic *nic, unsigned vector)
{
	return nic_md(nic)->cpus[ENTRY(vector)];
}

static void forget(struct nic *nic)
{
	memset(nic_md(nic)->cpus, 0, sizeof(nic_md(nic)->cpus));
}

static void assert_none(struct nic *nic)
{
	for (unsigned i = 0; i < MODEL_VECTORS; i++)
		assert_int_equal(nic_md(nic)->cpus[i], 0);
}

/* Each queue's vector when the queue comes, and that of no other. */
static void when_added(void **state)
{
	(void)state;
	for (enum nic_kind kind = NIC_VIRTIO; kind <= NIC_82576; kind++) {
		struct nic *nic;

		begin();
		nic = nic_up(kind);
		rig_poller(pinned(CORE + 1));
		assert_none(nic);
		nic_add_rx(nic, rig.poller, nic_take);
		assert_int_equal(cpu_of(nic, 0), CORE + 1);
		assert_int_equal(cpu_of(nic, 1), 0);
		nic_add_tx(nic, rig.poller, 0, 0);
		assert_int_equal(cpu_of(nic, 1), CORE + 1);
		/* Not the driver's own. */
		assert_int_equal(nic_md(nic)->cpus[0], 0);
		assert_int_equal(warnings(), 0);
		end();
	}
}

/* A poller that may run anywhere leaves them where the kernel has them. */
static void not_pinned(void **state)
{
	(void)state;
	begin();
	rig_poller(pinned(0));
	for (enum nic_kind kind = NIC_VIRTIO; kind <= NIC_82576; kind++) {
		struct nic *nic = nic_up(kind);

		refuse_all(nic, -EACCES);
		nic_add_rx(nic, rig.poller, nic_take);
		nic_add_tx(nic, rig.poller, 0, 0);
		assert_int_equal(fn_dev_stop(nic->dev), 0);
		assert_int_equal(nic_configure(nic, (struct fn_dev_conf){ 0 }), 0);
		nic_start(nic);
		assert_int_equal(asked, 0);
	}
	end();
}

/* A configuration makes the vectors anew, and may give the queues other ones. */
static void when_configured(void **state)
{
	static const uint16_t two[] = { 2 };
	static const uint16_t none[] = { FN_NO_VECTOR };
	struct nic *nic;

	(void)state;
	begin();
	nic = nic_up(NIC_82576);
	rig_poller(pinned(CORE + 1));
	nic_add_tx(nic, rig.poller, 0, 0);
	nic_add_rx(nic, rig.poller, nic_take);
	assert_int_equal(fn_dev_stop(nic->dev), 0);
	forget(nic);
	assert_int_equal(nic_configure(nic, (struct fn_dev_conf){ .rx_vectors = two }), 0);
	nic_start(nic);
	assert_int_equal(cpu_of(nic, 2), CORE + 1);
	assert_int_equal(cpu_of(nic, fn_txq_queue(nic->txq)->vector), CORE + 1);
	assert_int_equal(fn_dev_stop(nic->dev), 0);
	forget(nic);
	assert_int_equal(nic_configure(nic, (struct fn_dev_conf){ .rx_vectors = none,
								  .tx_vectors = none }),
			 0);
	nic_start(nic);
	assert_none(nic);
	assert_int_equal(warnings(), 0);
	end();
}

/* Two workers with a queue each: each one's vector goes to its own processor. */
static void of_each_worker(void **state)
{
	static const uint16_t vectors[] = { 0, 1, 2 };
	const struct fn_dev_conf conf = { .rxqs = 3, .rx_ring = 64, .rx_vectors = vectors };
	struct fn_poller_rx_opts rx = { .sz = sizeof(rx), .fn = nic_take };
	struct fn_poller *others[2];
	struct nic *nic;

	(void)state;
	begin();
	nic = nic_open(NIC_82576);
	assert_int_equal(nic_configure(nic, conf), 0);
	nic_start(nic);
	rx.arg = nic;
	rig_poller(pinned(CORE + 1));
	others[0] = rig_poller_new(pinned(CORE + 2));
	others[1] = rig_poller_new(pinned(0));
	assert_int_equal(fn_poller_add_rxq(rig.poller, nic->rxq, &rx, NULL), 0);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(
			fn_poller_add_rxq(others[i], fn_dev_rxq(nic->dev, 1 + i), &rx, NULL), 0);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(cpu_of(nic, 0), CORE + 1);
		assert_int_equal(cpu_of(nic, 1), CORE + 2);
		assert_int_equal(cpu_of(nic, 2), 0);
		assert_int_equal(fn_dev_stop(nic->dev), 0);
		forget(nic);
		assert_int_equal(nic_configure(nic, conf), 0);
		nic_start(nic);
	}
	nic_close(nic);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(fn_poller_destroy(others[i]), 0);
	rig.nics_n = 0;
	end();
}

/* A worker says once that it is refused, with the reason; another one says it for itself. */
static void refused_once(void **state)
{
	struct fn_poller *other;
	struct nic *nic;

	(void)state;
	begin();
	nic = nic_up(NIC_82576);
	refuse_all(nic, -EACCES);
	rig_poller(pinned(CORE + 1));
	nic_add_rx(nic, rig.poller, nic_take);
	assert_non_null(
		strstr(rig.log, "poller: interrupts come to other processors than its own"));
	assert_non_null(strstr(rig.log, "entry 1 stays away from 5"));
	assert_int_equal(asked, 1);
	assert_int_equal(warnings(), 1);
	nic_add_tx(nic, rig.poller, 0, 0);
	assert_int_equal(fn_dev_stop(nic->dev), 0);
	assert_int_equal(nic_configure(nic, (struct fn_dev_conf){ 0 }), 0);
	nic_start(nic);
	/* For each queue behind each call, and not before it too. */
	assert_int_equal(asked, 1 + 2 + 3 * 2);
	assert_int_equal(warnings(), 0);
	/* It works all the same. */
	settle();
	nic_receive_n(nic, 3);
	settle();
	assert_int_equal(nic->got, 3);

	fn_poller_del_rxq(nic->rx);
	other = rig_poller_new(pinned(CORE + 2));
	nic_add_rx(nic, other, nic_take);
	assert_int_equal(warnings(), 1);
	nic_close(nic);
	rig.nics_n = 0;
	assert_int_equal(fn_poller_destroy(other), 0);
	end();
}

/* Where there is nothing to choose nobody needs to know. */
static void not_possible(void **state)
{
	struct nic *nic;

	(void)state;
	begin();
	nic = nic_up(NIC_82576);
	refuse_all(nic, -ENOTSUP);
	rig_poller(pinned(CORE + 1));
	nic_add_rx(nic, rig.poller, nic_take);
	refusing.irq_affinity = NULL;
	nic_add_tx(nic, rig.poller, 0, 0);
	assert_int_equal(asked, 1);
	assert_int_equal(warnings(), 0);
	end();
}

/* The thread's last sentence is of what it called for, and not of an interrupt's way. */
static void sentence_kept(void **state)
{
	struct nic *nic;

	(void)state;
	begin();
	nic = nic_up(NIC_82576);
	refuse_all(nic, -EACCES);
	rig_poller(pinned(CORE + 1));
	(void)fn_fail(-EIO, "what went wrong before");
	nic_add_rx(nic, rig.poller, nic_take);
	assert_int_equal(asked, 1);
	assert_string_equal(fn_error_last(), "what went wrong before");
	/* Of a call that fails, too, behind which the worker has its queues again. */
	assert_int_equal(fn_dev_stop(nic->dev), 0);
	asked = 0;
	nic->id.md.calls = 0;
	nic->id.md.fail_call = 1;
	assert_true(nic_configure(nic, (struct fn_dev_conf){ .rx_ring = 128 }) < 0);
	nic->id.md.fail_call = 0;
	assert_true(asked > 0);
	assert_null(strstr(fn_error_last(), "stays away"));
	assert_null(strstr(rig.err.text, "stays away"));
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(when_added),      cmocka_unit_test(not_pinned),
		cmocka_unit_test(when_configured), cmocka_unit_test(of_each_worker),
		cmocka_unit_test(refused_once),    cmocka_unit_test(not_possible),
		cmocka_unit_test(sentence_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
