// SPDX-License-Identifier: BSD-3-Clause
/* QEMU's process: it ends with its parent, its end is noticed, its time passes as was asked for. */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "qtest/rig.h"

static const struct fn_dev_conf conf;
static const struct qtest_opts one_nic = { .nics = { { .model = "virtio-net-pci" } } };

/* A test that is killed leaves no QEMU behind. */
static void ends_with_its_parent(void **state)
{
	const uint64_t until = rig_ms() + RIG_DEADLINE_MS;
	int status = 0;
	int ends[2];
	pid_t pids[2] = { 0, 0 };
	pid_t got;

	(void)state;
	/* An orphan becomes our child, so that its end is ours to see. */
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	assert_int_equal(pipe(ends), 0);
	pids[0] = fork();
	assert_true(pids[0] >= 0);
	if (!pids[0]) {
		struct qtest *q = NULL;
		int pid = qtest_start(&one_nic, &q) ? 0 : qtest_pid(q);

		if (write(ends[1], &pid, sizeof(pid)) == (ssize_t)sizeof(pid))
			(void)pause();
		_exit(1);
	}
	assert_int_equal(read(ends[0], &pids[1], sizeof(pids[1])), sizeof(pids[1]));
	(void)close(ends[0]);
	(void)close(ends[1]);
	if (pids[1] > 0)
		assert_int_equal(kill(pids[1], 0), 0);
	assert_int_equal(kill(pids[0], SIGKILL), 0);
	assert_int_equal(waitpid(pids[0], &status, 0), pids[0]);
	assert_true(pids[1] > 0);
	while ((got = waitpid(pids[1], &status, WNOHANG)) == 0 ||
	       (got < 0 && errno == ECHILD && kill(pids[1], 0) == 0)) {
		if (rig_ms() >= until) {
			(void)kill(pids[1], SIGKILL);
			fail_msg("QEMU outlives the process that started it");
		}
		(void)usleep(1000);
	}
	assert_int_equal(got, pids[1]);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	(void)prctl(PR_SET_CHILD_SUBREAPER, 0);
}

/* A QEMU that ends by itself is a device that is gone, and a problem of the test. */
static void end_is_noticed(void **state)
{
	struct fn_link link = { .sz = sizeof(link) };
	struct qtest_report report;
	struct rig rig;
	uint8_t buf[64];

	(void)state;
	rig_init(&rig, &one_nic);
	rig_start(&rig, 0, conf);
	assert_int_equal(kill(qtest_pid(rig.q), SIGKILL), 0);
	assert_int_equal(qtest_recv(rig.q, 0, buf, sizeof(buf), 20), 0);
	assert_int_equal(fn_dev_get_link(rig.devs[0], &link), -ENODEV);
	assert_int_equal(fn_txq_status(rig.tx[0]), -ENODEV);
	assert_int_equal(qtest_set_link(rig.q, 0, false), -EPIPE);
	rig_close(&rig);
	assert_int_not_equal(qtest_stop(rig.q, &report), 0);
	assert_non_null(strstr(report.text, "QEMU has ended"));
	assert_non_null(strstr(report.text, "signal 9"));
}

/* Who forgets to close a device is told, and can still do it. */
static void still_open(void **state)
{
	struct qtest_report report;
	struct rig rig;

	(void)state;
	rig_init(&rig, &one_nic);
	rig_start(&rig, 0, conf);
	assert_int_equal(qtest_stop(rig.q, &report), 1);
	assert_non_null(strstr(report.text, "is still open"));
	rig_close(&rig);
}

/* What QEMU does not understand comes back in its own words. */
static void words_of_qemu(void **state)
{
	const struct qtest_opts bad_prop = {
		.nics = { { .model = "virtio-net-pci", .props = "nonsense=1" } },
	};
	const struct qtest_opts bad_queues = {
		.nics = { { .model = "virtio-net-pci", .queues = 2 } },
	};
	const struct qtest_opts bad_name = { .nics = { { .model = "a;b" } } };
	const struct qtest_opts bad_width = { .aw_bits = 57 };
	struct qtest *q = NULL;

	(void)state;
	assert_int_equal(qtest_start(&bad_prop, &q), -EIO);
	assert_non_null(strstr(fn_error_last(), "nonsense"));
	assert_int_equal(qtest_start(&bad_queues, &q), -EINVAL);
	assert_int_equal(qtest_start(&bad_name, &q), -EINVAL);
	assert_int_equal(qtest_start(&bad_width, &q), -EINVAL);
	assert_null(q);
}

/* A machine without QEMU is a skip, with the reason. */
static void no_qemu(void **state)
{
	const struct qtest_opts opts = {
		.nics = { { .model = "vmxnet3" }, { .model = "virtio-net-pci" } },
	};
	const char *old = getenv("FASTNIC_QEMU");
	char *keep = old ? strdup(old) : NULL;
	struct qtest *q = NULL;

	(void)state;
	assert_int_equal(setenv("FASTNIC_QEMU", "/nonexistent/qemu", 1), 0);
	assert_int_equal(qtest_start(&opts, &q), -EOPNOTSUPP);
	assert_non_null(strstr(fn_error_last(), "no QEMU"));
	/* And where the lab finds none. */
	assert_int_equal(unsetenv("FASTNIC_QEMU"), 0);
	assert_int_equal(setenv("LAB_QEMU", "/nonexistent/lab-qemu", 1), 0);
	assert_int_equal(qtest_start(&opts, &q), -EOPNOTSUPP);
	assert_non_null(strstr(fn_error_last(), "no QEMU"));
	assert_non_null(strstr(fn_error_last(), "/nonexistent/lab-qemu: no such program"));
	assert_int_equal(unsetenv("LAB_QEMU"), 0);
	if (keep)
		assert_int_equal(setenv("FASTNIC_QEMU", keep, 1), 0);
	else
		assert_int_equal(unsetenv("FASTNIC_QEMU"), 0);
	free(keep);
}

/*
 * A device that waits 4 s of its time before it sends, at least each second time (a second doorbell
 * ends the wait). When time jumps, twenty frames are out long before ten such waits could be over;
 * in real time a wait is a wait.
 */
static void time_jumps(void **state)
{
	const struct qtest_opts opts = {
		.nics = { { .model = "virtio-net-pci", .props = "tx=timer,x-txtimer=4000000000" } },
	};
	const uint64_t until = rig_ms() + RIG_DEADLINE_MS;
	const struct fn_bus_ops *bus = &qtest_bus;
	struct rig rig;
	uint64_t start_ns;

	(void)state;
	rig_init(&rig, &opts);
	rig_start(&rig, 0, conf);
	for (unsigned seq = 0; seq < 20; seq++) {
		qtest_settle(rig.q);
		rig_tx(&rig, 0, seq);
		rig_wire_expect(&rig, 0, seq);
	}
	start_ns = bus->now_ns(rig.devs[0]->bus);
	bus->delay_ns(rig.devs[0]->bus, UINT64_C(3600000000000));
	assert_true(bus->now_ns(rig.devs[0]->bus) - start_ns >= UINT64_C(3600000000000));
	assert_true(rig_ms() < until);
	rig_end(&rig);
}

static void time_is_real(void **state)
{
	const struct qtest_opts opts = {
		.nics = { { .model = "virtio-net-pci", .props = "tx=timer,x-txtimer=300000000" } },
		.time = QTEST_TIME_REAL,
	};
	const struct fn_bus_ops *bus = &qtest_bus;
	struct rig rig;
	uint64_t longest_ms = 0;
	uint64_t start_ms;
	uint64_t start_ns;

	(void)state;
	rig_init(&rig, &opts);
	rig_start(&rig, 0, conf);
	for (unsigned seq = 0; seq < 4; seq++) {
		/* While QEMU is busy sending it takes the next frame at once. */
		qtest_settle(rig.q);
		start_ms = rig_ms();
		rig_tx(&rig, 0, seq);
		rig_wire_expect(&rig, 0, seq);
		if (rig_ms() - start_ms > longest_ms)
			longest_ms = rig_ms() - start_ms;
	}
	assert_true(longest_ms >= 290);
	start_ms = rig_ms();
	start_ns = bus->now_ns(rig.devs[0]->bus);
	bus->delay_ns(rig.devs[0]->bus, 20000000);
	assert_true(rig_ms() - start_ms >= 19);
	assert_true(bus->now_ns(rig.devs[0]->bus) - start_ns >= 20000000);
	rig_end(&rig);
}

/* Several at a time in one process, each with its own addresses. */
static void several(void **state)
{
	struct rig rigs[3];

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		rig_init(&rigs[i], &one_nic);
		rig_start(&rigs[i], 0, conf);
	}
	assert_string_not_equal(qtest_name(rigs[0].q, 0), qtest_name(rigs[1].q, 0));
	for (unsigned i = 0; i < 3; i++) {
		rig_tx(&rigs[i], 0, i);
		rig_wire_expect(&rigs[i], 0, i);
	}
	for (unsigned i = 0; i < 3; i++)
		rig_end(&rigs[i]);
}

/* How long a test takes at least; reported, and no verdict. */
static void start_to_stop(void **state)
{
	uint64_t us[4] = { 0 };
	const unsigned laps = 4;

	(void)state;
	for (unsigned i = 0; i < laps; i++) {
		struct timespec t[5];
		struct rig rig;

		(void)clock_gettime(CLOCK_MONOTONIC, &t[0]);
		rig_init(&rig, &one_nic);
		(void)clock_gettime(CLOCK_MONOTONIC, &t[1]);
		rig_start(&rig, 0, conf);
		(void)clock_gettime(CLOCK_MONOTONIC, &t[2]);
		for (unsigned seq = 0; seq < 1000; seq++) {
			rig_tx(&rig, 0, seq);
			rig_wire_expect(&rig, 0, seq);
			rig_wire_send(&rig, 0, seq);
			rig_rx_stream(&rig, 0, seq, 1);
		}
		(void)clock_gettime(CLOCK_MONOTONIC, &t[3]);
		rig_end(&rig);
		(void)clock_gettime(CLOCK_MONOTONIC, &t[4]);
		for (unsigned k = 0; k < 4; k++)
			us[k] += (uint64_t)(t[k + 1].tv_sec - t[k].tv_sec) * 1000000u +
				 (uint64_t)((t[k + 1].tv_nsec - t[k].tv_nsec) / 1000);
	}
	print_message(
		"ms: start %.1f, port up %.1f, 1000 frames each way %.1f, close and quit %.1f\n",
		(double)us[0] / 1000.0 / laps, (double)us[1] / 1000.0 / laps,
		(double)us[2] / 1000.0 / laps, (double)us[3] / 1000.0 / laps);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ends_with_its_parent),
		cmocka_unit_test(end_is_noticed),
		cmocka_unit_test(still_open),
		cmocka_unit_test(words_of_qemu),
		cmocka_unit_test(no_qemu),
		cmocka_unit_test(time_jumps),
		cmocka_unit_test(time_is_real),
		cmocka_unit_test(several),
		cmocka_unit_test(start_to_stop),
	};

	return rig_exit(cmocka_run_group_tests(tests, NULL, NULL));
}
