// SPDX-License-Identifier: BSD-3-Clause
/* QEMU's process: its command line, its birth with the descriptors that it inherits, its end. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "qtest/qtest_priv.h"

#define ARGS_MAX 160u
#define KEEP_MAX 64u

/**
 * struct command - how QEMU is started
 * @v: the words, ended by NULL
 * @n: how many
 * @keep: descriptors that it inherits
 * @keep_n: how many
 * @failed: there was no memory or no room for one
 */
struct command {
	char *v[ARGS_MAX];
	unsigned n;
	int keep[KEEP_MAX];
	unsigned keep_n;
	bool failed;
};

uint64_t qtest_wall_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * UINT64_C(1000000000) + (uint64_t)ts.tv_nsec;
}

int qtest_memfd(const char *name, uint64_t bytes)
{
	const int fd = memfd_create(name, MFD_CLOEXEC);

	if (fd >= 0 && ftruncate(fd, (off_t)bytes) == 0)
		return fd;
	if (fd >= 0)
		(void)close(fd);
	return fn_fail(-errno, "no memory file of %llu bytes to be had: %s",
		       (unsigned long long)bytes, fn_strerror(errno));
}

__attribute__((format(printf, 2, 3))) static void word(struct command *c, const char *fmt, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, fmt);
	if (c->n + 1 >= ARGS_MAX || vasprintf(&text, fmt, args) < 0)
		c->failed = true;
	else
		c->v[c->n++] = text;
	va_end(args);
}

/* The number of a descriptor as a word of the command line will have it. */
static int keep(struct command *c, int fd)
{
	if (c->keep_n == KEEP_MAX)
		c->failed = true;
	else
		c->keep[c->keep_n++] = fd;
	return fd;
}

static void command_free(struct command *c)
{
	for (unsigned i = 0; i < c->n; i++)
		free(c->v[i]);
}

static void machine_words(struct command *c, const struct qtest *q, int bios_fd)
{
	word(c, "-machine");
	word(c, "q35,hpet=off,pit=off,sata=off,smbus=off,vmport=off,memory-backend=ram");
	word(c, "-m");
	word(c, "size=%uM", QTEST_RAM_MB);
	word(c, "-object");
	word(c, "memory-backend-file,id=ram,size=%uM,mem-path=/proc/self/fd/%d,share=on",
	     QTEST_RAM_MB, keep(c, q->ram_fd));
	word(c, "-accel");
	word(c, "tcg,thread=single,tb-size=1");
	/* Without sleep, time jumps to the next timer when the processor is halted, as it is. */
	if (q->opts.time == QTEST_TIME_JUMPS) {
		word(c, "-icount");
		word(c, "shift=0,sleep=off");
	}
	word(c, "-bios");
	word(c, "/proc/self/fd/%d", keep(c, bios_fd));
	word(c, "-nodefaults");
	word(c, "-no-user-config");
	word(c, "-display");
	word(c, "none");
	/* The harness unplugs the way PCI Express does it. */
	word(c, "-global");
	word(c, "ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off");
}

static void channel_words(struct command *c, const struct qtest *q, int proto_fd, int qmp_fd,
			  int ivshm_fd)
{
	word(c, "-chardev");
	word(c, "socket,id=qtest,fd=%d", keep(c, proto_fd));
	word(c, "-qtest");
	word(c, "chardev:qtest");
	word(c, "-qtest-log");
	word(c, "none");
	word(c, "-chardev");
	word(c, "socket,id=qmp,fd=%d", keep(c, qmp_fd));
	word(c, "-mon");
	word(c, "chardev=qmp,mode=control");
	/* In front of all devices: it does not translate for those that were there before. */
	word(c, "-device");
	word(c, "intel-iommu,intremap=off,aw-bits=%u", q->opts.aw_bits);
	word(c, "-chardev");
	word(c, "socket,id=ivshmem,fd=%d", keep(c, ivshm_fd));
	word(c, "-device");
	word(c, "ivshmem-doorbell,chardev=ivshmem,vectors=1,ioeventfd=off,bus=pcie.0,addr=0x1e");
	word(c, "-D");
	word(c, "/proc/self/fd/%d", keep(c, q->log_fd));
	word(c, "-d");
	word(c, "guest_errors,unimp");
	for (const char *const *event = (const char *const[]){ "*_wrn_*", "virtio_net_rss_error",
							       "vtd_dmar_fault", NULL };
	     *event; event++) {
		word(c, "-trace");
		word(c, "enable=%s", *event);
	}
}

static void wire_words(struct command *c, const struct qtest_nic *nic, unsigned i)
{
	const struct qtest_wire *wire = &nic->wire;
	char fds[128] = "";
	size_t used = 0;

	for (unsigned k = 0; k < wire->qemu_fds; k++)
		used += (size_t)snprintf(fds + used, sizeof(fds) - used, "%s%d", k ? ":" : "",
					 keep(c, wire->qemu_fd[k]));
	word(c, "-netdev");
	switch (wire->kind) {
	case QTEST_SOCKET:
		word(c, "socket,id=wire%u,fd=%s", i, fds);
		break;
	case QTEST_DGRAM:
		word(c, "dgram,id=wire%u,local.type=fd,local.str=%s", i, fds);
		break;
	case QTEST_HUB:
		word(c, "hubport,id=wire%u,hubid=%u", i, nic->opts.hub);
		break;
	case QTEST_TAP:
		word(c, "tap,id=wire%u,%s=%s,vhost=off", i, wire->qemu_fds > 1 ? "fds" : "fd", fds);
		break;
	}
}

static void nic_words(struct command *c, const struct qtest_nic *nic, unsigned i)
{
	const bool is_virtio = strncmp(nic->opts.model, "virtio-", 7) == 0;
	char bus[16] = "pcie.0";
	char queues[64] = "";

	if (nic->port_bdf) {
		(void)snprintf(bus, sizeof(bus), "port%u", i);
		word(c, "-device");
		word(c, "pcie-root-port,id=port%u,bus=pcie.0,addr=0x%x,chassis=%u,slot=%u", i,
		     nic->port_bdf >> 3, i + 1, i + 1);
	}
	wire_words(c, nic, i);
	if (is_virtio && nic->opts.queues > 1)
		(void)snprintf(queues, sizeof(queues), ",mq=on,vectors=%u",
			       2 * nic->opts.queues + 2);
	word(c, "-device");
	word(c, "%s,id=nic%u,netdev=wire%u,bus=%s,addr=0x%x%s%s%s%s", nic->opts.model, i, i, bus,
	     nic->bdf >> 3 & 0x1f,
	     /* Else its DMA would go past the IOMMU. */
	     is_virtio ? ",iommu_platform=on,disable-legacy=on" : "", queues,
	     nic->opts.props ? "," : "", nic->opts.props ? nic->opts.props : "");
}

static int command_make(struct command *c, const struct qtest *q, char *const *qemu, int bios_fd,
			int proto_fd, int qmp_fd, int ivshm_fd)
{
	for (; *qemu; qemu++)
		word(c, "%s", *qemu);
	machine_words(c, q, bios_fd);
	channel_words(c, q, proto_fd, qmp_fd, ivshm_fd);
	for (unsigned i = 0; i < q->nics_n; i++)
		nic_words(c, &q->nics[i], i);
	for (const char *const *more = q->opts.args; more && *more; more++)
		word(c, "%s", *more);
	return c->failed ? fn_fail(-ENOMEM, "QEMU's command line is too long") : 0;
}

/* The child's part: only what may be called between fork and exec. */
static void become_qemu(const struct command *c, pid_t parent, int null_fd, int err_fd)
{
	/* Also when the test is killed: no QEMU stays behind. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != parent)
		_exit(127);
	if (dup2(null_fd, 0) < 0 || dup2(err_fd, 1) < 0 || dup2(err_fd, 2) < 0)
		_exit(127);
	for (unsigned i = 0; i < c->keep_n; i++)
		if (fcntl(c->keep[i], F_SETFD, 0))
			_exit(127);
	(void)execvp(c->v[0], c->v);
	_exit(127);
}

static int spawn(struct qtest *q, const struct command *c)
{
	const int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	const pid_t parent = getpid();

	if (null_fd < 0)
		return fn_fail(-errno, "cannot open /dev/null: %s", fn_strerror(errno));
	q->pid = fork();
	if (q->pid == 0)
		become_qemu(c, parent, null_fd, q->err_fd);
	(void)close(null_fd);
	if (q->pid > 0)
		return 0;
	q->pid = 0;
	return fn_fail(-errno, "no process for QEMU: %s", fn_strerror(errno));
}

int qtest_process_start(struct qtest *q, int bios_fd, int proto_fd, int qmp_fd, int ivshm_fd)
{
	struct command c = { .n = 0 };
	char *const *words;
	int ret = qtest_choose(&q->opts, &words, q->version, sizeof(q->version));

	if (ret)
		return ret;
	ret = command_make(&c, q, words, bios_fd, proto_fd, qmp_fd, ivshm_fd);
	if (!ret)
		ret = spawn(q, &c);
	command_free(&c);
	return ret;
}

/* Wait for the end; false when it does not come in time. */
static bool reap(pid_t pid, int *status, unsigned ms)
{
	const uint64_t until = qtest_wall_ns() + ms * UINT64_C(1000000);
	struct timespec ts = { 0, 100000 };

	for (;;) {
		const pid_t got = waitpid(pid, status, WNOHANG);

		if (got == pid || (got < 0 && errno == ECHILD))
			return true;
		if (qtest_wall_ns() > until)
			return false;
		(void)nanosleep(&ts, NULL);
		if (ts.tv_nsec < 5000000)
			ts.tv_nsec *= 2;
	}
}

void qtest_process_end(struct qtest *q, struct qtest_report *report)
{
	int status = 0;

	if (!q->pid)
		return;
	if (!q->dead && qtest_qmp(q, NULL, 0, "{\"execute\": \"quit\"}"))
		qtest_die(q, "QEMU does not answer on QMP");
	if (q->dead)
		qtest_problem(report, "%s", q->why_dead);
	if (!reap(q->pid, &status, q->dead ? 100 : QTEST_DEADLINE_MS)) {
		if (!q->dead)
			qtest_problem(report, "QEMU did not end when it was told to quit");
		(void)kill(q->pid, SIGKILL);
		(void)waitpid(q->pid, &status, 0);
	}
	if (WIFSIGNALED(status))
		qtest_problem(report, "QEMU was ended by signal %d", WTERMSIG(status));
	else if (WIFEXITED(status) && WEXITSTATUS(status))
		qtest_problem(report, "QEMU ended with status %d", WEXITSTATUS(status));
	q->pid = 0;
}
