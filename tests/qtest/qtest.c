// SPDX-License-Identifier: BSD-3-Clause
/* Start and stop: all that belongs to a QEMU, made in order, judged and given back. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "qtest/qtest_priv.h"

static struct qtest *running[QTEST_MAX];
static pthread_mutex_t running_lock = PTHREAD_MUTEX_INITIALIZER;

struct qtest *qtest_at(unsigned slot)
{
	struct qtest *q;

	(void)pthread_mutex_lock(&running_lock);
	q = running[slot];
	(void)pthread_mutex_unlock(&running_lock);
	return q;
}

void qtest_lock(struct qtest *q)
{
	(void)pthread_mutex_lock(&q->lock);
}

void qtest_unlock(struct qtest *q)
{
	(void)pthread_mutex_unlock(&q->lock);
}

static int slot_take(struct qtest *q)
{
	int ret = fn_fail(-ENOSPC, "a process has at most %u QEMUs at a time", QTEST_MAX);

	(void)pthread_mutex_lock(&running_lock);
	for (unsigned i = 0; i < QTEST_MAX && ret; i++) {
		if (running[i])
			continue;
		running[i] = q;
		q->slot = i;
		ret = 0;
	}
	(void)pthread_mutex_unlock(&running_lock);
	return ret;
}

/*
 * NICs have every second slot: the virtual functions of an igb on the root bus take two slots, 16
 * above its own. Behind a root port a NIC has a bus for itself.
 */
static void place(struct qtest *q, unsigned i)
{
	struct qtest_nic *nic = &q->nics[i];
	const uint8_t slot = (uint8_t)(2 + 2 * i);
	const bool port = nic->opts.root_port;

	nic->addr = (struct fn_pci_addr){ .domain = (uint16_t)(QTEST_DOMAIN + q->slot),
					  .bus = port ? (uint8_t)(i + 1) : 0,
					  .device = port ? 0 : slot };
	nic->bdf = (uint16_t)(nic->addr.bus << 8 | nic->addr.device << 3);
	nic->port_bdf = (uint16_t)(port ? slot << 3 : 0);
	fn_pci_addr_format(&nic->addr, nic->name);
}

static int nics_make(struct qtest *q)
{
	int ret = 0;

	while (!ret && q->nics_n < QTEST_NICS && q->opts.nics[q->nics_n].model) {
		struct qtest_nic *nic = &q->nics[q->nics_n];

		nic->opts = q->opts.nics[q->nics_n];
		place(q, q->nics_n);
		ret = qtest_wire_make(&nic->wire, &nic->opts);
		q->nics_n += !ret;
	}
	return ret;
}

/* A processor that starts here halts for ever: cli; hlt; jmp. Real firmware would place BARs. */
static int bios_make(void)
{
	static const uint8_t code[] = { 0xfa, 0xf4, 0xeb, 0xfd };
	const int fd = qtest_memfd("bios", 0x10000);

	if (fd < 0 || pwrite(fd, code, sizeof(code), 0xfff0) == (ssize_t)sizeof(code))
		return fd;
	(void)close(fd);
	return fn_fail(-EIO, "a memory file cannot be written");
}

static int files_make(struct qtest *q)
{
	q->ram_fd = qtest_memfd("ram", QTEST_RAM_BYTES);
	q->log_fd = qtest_memfd("log", 0);
	q->err_fd = qtest_memfd("err", 0);
	if (q->ram_fd < 0 || q->log_fd < 0 || q->err_fd < 0)
		return -ENOMEM;
	q->fence_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (q->fence_fd < 0)
		return fn_fail(-errno, "no eventfd to be had: %s", fn_strerror(errno));
	q->ram = mmap(NULL, QTEST_RAM_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, q->ram_fd, 0);
	if (q->ram != MAP_FAILED)
		return 0;
	q->ram = NULL;
	return fn_fail(-errno, "QEMU's RAM cannot be mapped: %s", fn_strerror(errno));
}

/* A socket with one end for QEMU. */
static int channel(int *ours, int *theirs)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds))
		return fn_fail(-errno, "no socket to be had: %s", fn_strerror(errno));
	*ours = fds[0];
	*theirs = fds[1];
	return 0;
}

static void close_all(int *fds, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (fds[i] >= 0)
			(void)close(fds[i]);
}

/* Start the process. QEMU's ends of all channels are closed here once it has them. */
static int launch(struct qtest *q)
{
	int theirs[4] = { -1, -1, -1, -1 };
	int ret = channel(&q->proto_fd, &theirs[0]);

	if (!ret)
		ret = channel(&q->qmp_fd, &theirs[1]);
	if (!ret)
		ret = channel(&q->ivshm_fd, &theirs[2]);
	if (!ret) {
		theirs[3] = bios_make();
		ret = theirs[3] < 0 ? theirs[3] : qtest_ivshm_greet(q);
	}
	if (!ret)
		ret = qtest_process_start(q, theirs[3], theirs[0], theirs[1], theirs[2]);
	close_all(theirs, FN_ARRAY_LEN(theirs));
	for (unsigned i = 0; i < q->nics_n; i++)
		qtest_wire_qemu_has(&q->nics[i].wire);
	return ret;
}

static void q_free(struct qtest *q)
{
	int fds[] = { q->proto_fd, q->qmp_fd, q->ivshm_fd, q->fence_fd,
		      q->ram_fd,   q->log_fd, q->err_fd };

	for (unsigned i = 0; i < q->nics_n; i++)
		qtest_wire_free(&q->nics[i].wire);
	if (q->ram)
		(void)munmap(q->ram, QTEST_RAM_BYTES);
	close_all(fds, FN_ARRAY_LEN(fds));
	fn_ranges_clear(&q->tables);
	fn_ranges_clear(&q->slices);
	(void)pthread_mutex_lock(&running_lock);
	if (running[q->slot] == q)
		running[q->slot] = NULL;
	(void)pthread_mutex_unlock(&running_lock);
	(void)pthread_mutex_destroy(&q->lock);
	(void)pthread_mutex_destroy(&q->open_lock);
	free(q);
}

static struct qtest *q_new(const struct qtest_opts *opts)
{
	struct qtest *q = calloc(1, sizeof(*q));
	pthread_mutexattr_t attr;

	if (!q)
		return NULL;
	q->opts = *opts;
	if (!q->opts.aw_bits)
		q->opts.aw_bits = 48;
	q->proto_fd = q->qmp_fd = q->ivshm_fd = q->fence_fd = -1;
	q->ram_fd = q->log_fd = q->err_fd = -1;
	fn_list_init(&q->spaces);
	(void)pthread_mutex_init(&q->open_lock, NULL);
	(void)pthread_mutexattr_init(&attr);
	(void)pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
	(void)pthread_mutex_init(&q->lock, &attr);
	(void)pthread_mutexattr_destroy(&attr);
	return q;
}

static int setup(struct qtest *q)
{
	struct qtest_report report = { 0 };
	int ret = qtest_pci_setup(q);

	if (!ret)
		ret = qtest_irq_setup(q);
	if (!ret)
		ret = qtest_iommu_setup(q);
	if (!ret || !q->dead)
		return ret;
	/* It has ended: what it said is the better sentence. */
	qtest_log_judge(q, &report);
	if (report.problems)
		ret = fn_fail(ret, "QEMU %s does not start: %s", q->version, report.text);
	return ret;
}

int qtest_start(const struct qtest_opts *opts, struct qtest **out)
{
	struct qtest *q;
	int ret;

	if (opts->aw_bits && opts->aw_bits != 39 && opts->aw_bits != 48)
		return fn_fail(-EINVAL, "an IOMMU with %u address bits: use 39 or 48",
			       opts->aw_bits);
	q = q_new(opts);
	if (!q)
		return fn_fail(-ENOMEM, "out of memory");
	ret = slot_take(q);
	if (!ret)
		ret = files_make(q);
	if (!ret)
		ret = nics_make(q);
	if (!ret)
		ret = launch(q);
	if (!ret)
		ret = setup(q);
	if (!ret) {
		*out = q;
		return 0;
	}
	qtest_die(q, "it was not started to the end");
	qtest_process_end(q, &(struct qtest_report){ 0 });
	q_free(q);
	return ret;
}

static void judge(struct qtest *q, struct qtest_report *report)
{
	bool open = false;

	for (unsigned i = 0; i < q->nics_n; i++) {
		if (!q->nics[i].open)
			continue;
		open = true;
		qtest_problem(report, "%s is still open", q->nics[i].name);
	}
	/* Now, and not when it has ended: some models touch memory when QEMU takes them down. */
	qtest_settle(q);
	qtest_log_scan(q);
	if (qtest_iommu_faulted(q) && !q->faults_n && !q->expected_n)
		qtest_problem(report, "the IOMMU has a fault on record that is not in QEMU's log");
	qtest_process_end(q, report);
	qtest_log_judge(q, report);
	qtest_die(q, "it was stopped");
	/* Whoever has a device open will close it, and finds it gone. */
	if (!open)
		q_free(q);
}

unsigned qtest_stop(struct qtest *q, struct qtest_report *out)
{
	struct qtest_report report = { 0 };

	if (q)
		judge(q, &report);
	if (out)
		*out = report;
	return report.problems;
}

const char *qtest_name(const struct qtest *q, unsigned nic)
{
	return q->nics[nic].name;
}

uint16_t qtest_source_id(const struct qtest *q, unsigned nic)
{
	return q->nics[nic].bdf;
}

int qtest_pid(const struct qtest *q)
{
	return q->pid;
}

void qtest_settle(struct qtest *q)
{
	/*
	 * Reads of what has no side effect. The first waits for all that was posted before; what
	 * QEMU puts off to the next turns of its main loop is done before the last is answered.
	 */
	for (unsigned i = 0; i < 3; i++)
		(void)qtest_cfg_read(q, 0, 0, 4);
}
