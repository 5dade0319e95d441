/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the qtest harness share. */
#ifndef FN_TESTS_QTEST_QTEST_PRIV_H
#define FN_TESTS_QTEST_QTEST_PRIV_H

#include <pthread.h>
#include <sys/types.h>

#include "base/ctx.h"
#include "base/error.h"
#include "mem/domain.h"
#include "mem/ranges.h"
#include "qtest/qtest.h"

/* How long QEMU may take for an answer before the test gives up. Never reached when all is well. */
#define QTEST_DEADLINE_MS 20000

/* PCI domains of the QEMUs: above what real machines have. */
#define QTEST_DOMAIN 0x1000u
#define QTEST_MAX 16u

#define QTEST_PAGE UINT64_C(4096)

/*
 * Guest-physical addresses. RAM is a file whose offsets are these addresses; nothing of it takes
 * memory before it is used. In front lie the tables of the IOMMU, behind them the slices that
 * memory of contexts moves into.
 */
#define QTEST_RAM_MB 1024u
#define QTEST_RAM_BYTES ((uint64_t)QTEST_RAM_MB << 20)
#define QTEST_TABLES UINT64_C(0x00100000)
#define QTEST_SLICES UINT64_C(0x02000000)
#define QTEST_ECAM UINT64_C(0xb0000000)
#define QTEST_MMIO UINT64_C(0xc0000000)
#define QTEST_MMIO_EACH UINT64_C(0x02000000)
#define QTEST_DOORBELL UINT64_C(0xfe000000)
#define QTEST_VTD UINT64_C(0xfed90000)

/* PCI 3.0 6.1 and 6.2 */
#define PCI_COMMAND 0x04
#define PCI_COMMAND_MEMORY 0x0002
#define PCI_COMMAND_MASTER 0x0004
#define PCI_COMMAND_INTX_OFF 0x0400
#define PCI_BAR0 0x10
#define PCI_CAPABILITIES 0x34
#define PCI_CAP_EXPRESS 0x10
#define PCI_CAP_MSIX 0x11

#define PCI_BARS 6u

/* Queue pairs that a tap may have. */
#define QTEST_QUEUES 16u

struct qtest_busdev;

/**
 * struct qtest_wire - the test's end of a cable
 * @kind: what it is
 * @fd: the test's end; -1 for a hub
 * @qemu_fd: QEMU's ends, until it has them
 * @qemu_fds: how many
 * @out: what of a framed stream did not fit into the socket
 * @out_bytes: how much of it there is
 * @out_done: how much of it is sent
 * @in: what of a framed stream is read and not taken
 * @in_bytes: how much
 * @in_done: how much of it is taken
 * @drops: frames that the kernel could not hand to the test
 */
struct qtest_wire {
	enum qtest_wire_kind kind;
	int fd;
	int qemu_fd[QTEST_QUEUES];
	unsigned qemu_fds;
	uint8_t *out;
	size_t out_bytes;
	size_t out_done;
	uint8_t *in;
	size_t in_bytes;
	size_t in_done;
	unsigned drops;
};

/**
 * struct qtest_nic - a NIC
 * @opts: what was asked for
 * @wire: what it is connected to
 * @name: PCI address in words
 * @addr: PCI address
 * @bdf: bus << 8 | device << 3 | function
 * @port_bdf: its root port, or 0
 * @bar: where its BARs are
 * @bar_bytes: how large they are; 0: none, or one for I/O ports
 * @irqs: MSI-X entries
 * @msix_cap: offset of the capability
 * @msix_table: address of the table
 * @removed: it was unplugged
 * @open: who claimed it, or NULL
 */
struct qtest_nic {
	struct qtest_nic_opts opts;
	struct qtest_wire wire;
	char name[FN_PCI_ADDR_CHARS];
	struct fn_pci_addr addr;
	uint16_t bdf;
	uint16_t port_bdf;
	uint64_t bar[PCI_BARS];
	uint64_t bar_bytes[PCI_BARS];
	unsigned irqs;
	uint16_t msix_cap;
	uint64_t msix_table;
	bool removed;
	struct qtest_busdev *open;
};

#define QTEST_FAULTS 64u

/* A page that a device is expected to reach for. */
struct qtest_expected {
	struct qtest_fault fault;
	bool seen;
};

/**
 * struct qtest - a QEMU
 * @open_lock: serialises open and close, and guards @spaces; taken before the lock of a DMA domain
 * @lock: guards all else but wires; recursive, and taken last
 * @slot: its place among those of the process
 * @opts: what was asked for
 * @nics: the NICs
 * @nics_n: how many
 * @pid: the process, or 0
 * @version: of QEMU
 * @dead: it does not answer; nothing is sent any more
 * @why_dead: in words
 * @proto_fd: the qtest protocol
 * @in: what was read of it
 * @in_bytes: how much
 * @in_done: how much of it is used
 * @posted: writes whose OK was not read yet
 * @qmp_fd: QMP
 * @qmp_ready: it was greeted
 * @qmp_in: what was read of it, and not used
 * @qmp_bytes: how much
 * @deleted: the device that QEMU last told to have let go, by id
 * @ivshm_fd: the socket of the ivshmem device, which distributes eventfds
 * @fence_fd: eventfd to see that QEMU has taken in all that were sent before
 * @peer: the last number that was given to an eventfd
 * @ram_fd: the guest's RAM
 * @ram: all of it
 * @tables: pages of @ram used for tables of the IOMMU
 * @slices: parts of @ram used for memory of contexts
 * @root: the IOMMU's root table
 * @spaces: address spaces (iommu.c)
 * @next_domain: the number that the next address space gets in the IOMMU
 * @virtual_ns: the bus's clock when time jumps
 * @log_fd: QEMU's log
 * @log_done: bytes of it that were looked at
 * @err_fd: what QEMU printed
 * @faults: faults that were not taken
 * @faults_n: how many
 * @faults_lost: there were more
 * @fault_seen: there was one
 * @fault_page: where the last one was
 * @expected: faults that may happen
 * @expected_n: how many
 * @entries: accesses to unknown registers that are not allowed
 * @entry: the first of them
 */
struct qtest {
	pthread_mutex_t open_lock;
	pthread_mutex_t lock;
	unsigned slot;
	struct qtest_opts opts;
	struct qtest_nic nics[QTEST_NICS];
	unsigned nics_n;
	pid_t pid;
	char version[32];
	bool dead;
	char why_dead[256];
	int proto_fd;
	char in[16384];
	size_t in_bytes;
	size_t in_done;
	unsigned posted;
	int qmp_fd;
	bool qmp_ready;
	char qmp_in[65536];
	size_t qmp_bytes;
	char deleted[16];
	int ivshm_fd;
	int fence_fd;
	uint16_t peer;
	int ram_fd;
	uint8_t *ram;
	struct fn_ranges tables;
	struct fn_ranges slices;
	uint64_t root;
	struct fn_list spaces;
	uint16_t next_domain;
	uint64_t virtual_ns;
	int log_fd;
	off_t log_done;
	int err_fd;
	struct qtest_fault faults[QTEST_FAULTS];
	unsigned faults_n;
	bool faults_lost;
	bool fault_seen;
	uint64_t fault_page;
	struct qtest_expected expected[QTEST_FAULTS];
	unsigned expected_n;
	unsigned entries;
	char entry[256];
};

void qtest_lock(struct qtest *q);
void qtest_unlock(struct qtest *q);

/* process.c: QEMU's life. */
int qtest_process_start(struct qtest *q, int bios_fd, int proto_fd, int qmp_fd, int ivshm_fd);
void qtest_process_end(struct qtest *q, struct qtest_report *report);
int qtest_memfd(const char *name, uint64_t bytes);
uint64_t qtest_wall_ns(void);

/*
 * choose.c: the words of the command that runs a QEMU with these models, ended by NULL, and
 * its version.
 */
int qtest_choose(const struct qtest_opts *opts, char *const **words, char *version, size_t bytes);

/*
 * proto.c: the guest's address space. Reads of a QEMU that does not answer give all ones, writes
 * are dropped. Writes are posted, as on PCI Express: they arrive in order, before the next read.
 */
uint64_t qtest_read(struct qtest *q, uint64_t addr, unsigned width);
void qtest_write(struct qtest *q, uint64_t addr, unsigned width, uint64_t value);
void qtest_out32(struct qtest *q, uint16_t port, uint32_t value);
void qtest_flush(struct qtest *q);
void qtest_die(struct qtest *q, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* qmp.c: wait until QEMU has told that it let go of a device: 0, -ETIMEDOUT or -EPIPE. */
int qtest_qmp_wait_deleted(struct qtest *q, const char *id);

/* pci.c: configuration space by bus number, and what firmware would set up. */
uint32_t qtest_cfg_read(struct qtest *q, uint16_t bdf, uint16_t off, unsigned width);
void qtest_cfg_write(struct qtest *q, uint16_t bdf, uint16_t off, unsigned width, uint32_t value);
uint16_t qtest_cfg_cap(struct qtest *q, uint16_t bdf, uint8_t id);
int qtest_pci_setup(struct qtest *q);
void qtest_bars_write(struct qtest *q, const struct qtest_nic *nic);

/* irq.c: eventfds that MSI-X messages reach. */
int qtest_ivshm_greet(struct qtest *q);
int qtest_irq_setup(struct qtest *q);
int qtest_peer_add(struct qtest *q, int fd, uint16_t *peer);
void qtest_peer_del(struct qtest *q, uint16_t peer);
int qtest_peers_settle(struct qtest *q);
void qtest_msix_entry(struct qtest *q, const struct qtest_nic *nic, unsigned entry, uint16_t peer);
void qtest_msix_control(struct qtest *q, const struct qtest_nic *nic, bool on);

/* iommu.c: VT-d, and an address space for each context that has a device open. */
struct qtest_space;
int qtest_iommu_setup(struct qtest *q);
int qtest_space_get(struct qtest *q, struct fn_ctx *ctx, struct qtest_space **space);
void qtest_space_put(struct qtest *q, struct qtest_space *space);
void qtest_space_bind(struct qtest *q, struct qtest_space *space, uint16_t bdf);
int qtest_pages_map(struct qtest *q, struct qtest_space *space, uint64_t iova, uint64_t gpa,
		    uint64_t len, unsigned access);
void qtest_pages_unmap(struct qtest *q, struct qtest_space *space, uint64_t iova, uint64_t len);
bool qtest_iommu_faulted(struct qtest *q);

/* memory.c: memory of the process as a part of the guest's RAM, and back. */
int qtest_memory_lend(struct qtest *q, void *va, size_t len, uint64_t *gpa);
void qtest_memory_return(struct qtest *q, void *va, size_t len, uint64_t gpa);

/* log.c: what QEMU logged and printed. */
void qtest_log_scan(struct qtest *q);
void qtest_log_judge(struct qtest *q, struct qtest_report *report);
void qtest_problem(struct qtest_report *report, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* wire.c and tap.c */
int qtest_wire_make(struct qtest_wire *wire, const struct qtest_nic_opts *opts);
void qtest_wire_qemu_has(struct qtest_wire *wire);
void qtest_wire_free(struct qtest_wire *wire);
int qtest_tap_make(struct qtest_wire *wire, unsigned queues);
int qtest_tap_send(const struct qtest_wire *wire, const struct wire_request *request,
		   const void *frame, size_t len);
size_t qtest_tap_recv(const struct qtest_wire *wire, struct wire_request *request, void *buf,
		      size_t bytes);
unsigned qtest_tap_drops(struct qtest_wire *wire);

/* bus.c: which QEMU and NIC are at an address. */
struct qtest_nic *qtest_find(const struct fn_pci_addr *addr, struct qtest **q);

/* qtest.c: the QEMU in a slot, or NULL. */
struct qtest *qtest_at(unsigned slot);

#endif
