/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Drives QEMU's own NIC models from an ordinary process: no guest, no KVM, no root. QEMU's virtual
 * processor is halted; the test plays processor, firmware and IOMMU through QEMU's qtest protocol,
 * and the library's drivers work on a bus of their own (qtest_bus) at native speed.
 *
 *	struct qtest *q;
 *	struct fn_dev *dev;
 *
 *	qtest_start(&(struct qtest_opts){ .nics = { { .model = "virtio-net-pci" } } }, &q);
 *	fn_dev_open_on(ctx, &qtest_bus, qtest_name(q, 0), NULL, &dev);
 *	...
 *	qtest_send(q, 0, frame, sizeof(frame));
 *	...
 *	qtest_stop(q, &report);
 *
 * Memory of the context moves into the guest's RAM when its first device is opened, and back when
 * its last one is closed: addresses in the process stay, and so do contents. Devices reach it
 * through QEMU's VT-d only, at the addresses of the context's DMA domain; whatever else they reach
 * for is a fault, and fails qtest_stop().
 *
 * Failures are told as in the library: a negative errno, and the sentence in fn_error_last().
 * -EOPNOTSUPP from qtest_start() means that this machine lacks something, and is a skip.
 */
#ifndef FN_TESTS_QTEST_QTEST_H
#define FN_TESTS_QTEST_QTEST_H

#include <fastnic/ctx.h>

#include "bus/bus.h"
#include "qtest/request.h"

#define QTEST_NICS 4u

struct qtest;

/* What is at the other end of a NIC's cable. */
enum qtest_wire_kind {
	QTEST_SOCKET, /* the test; fast, but QEMU may lose frames when a receive ring overflows */
	QTEST_DGRAM,  /* the test; never loses a frame, slower */
	QTEST_HUB,    /* all NICs of the same hub number */
	QTEST_TAP, /* the test, through a tap device: with checksum and TSO requests, and queues */
};

/**
 * struct qtest_nic_opts - a NIC
 * @model: QEMU's name of it, for example "virtio-net-pci" or "igb"; NULL: no NIC
 * @props: more properties of QEMU's device, "name=value,..", or NULL
 * @wire: what it is connected to
 * @hub: for QTEST_HUB: which one
 * @queues: for QTEST_TAP and virtio: queue pairs, default 1
 * @root_port: it sits behind a PCIe root port of its own, from which it can be unplugged; else on
 *	the root bus
 */
struct qtest_nic_opts {
	const char *model;
	const char *props;
	enum qtest_wire_kind wire;
	unsigned hub;
	unsigned queues;
	bool root_port;
};

/* How time passes for the NICs, and on the bus's clock. */
enum qtest_time {
	QTEST_TIME_JUMPS, /* to the next timer, whenever QEMU has nothing else to do */
	QTEST_TIME_REAL,  /* as on the wall: for tests of interrupt moderation */
};

/**
 * struct qtest_opts - what to start; zero means the default
 * @nics: the NICs; those in front count, up to the first without a model
 * @time: how time passes
 * @aw_bits: address width of the IOMMU: 39 or 48 (default)
 * @args: more words for QEMU's command line, ended by NULL; or NULL
 * @allow: file with the registers that may be accessed though the model does not know them, instead
 *	of the one in the tree; for the tests of this harness
 */
struct qtest_opts {
	struct qtest_nic_opts nics[QTEST_NICS];
	enum qtest_time time;
	unsigned aw_bits;
	const char *const *args;
	const char *allow;
};

/**
 * qtest_start - start a QEMU with NICs whose BARs are assigned
 * @opts: what to start
 * @q: receives it
 *
 * The QEMU is the one in the environment's FASTNIC_QEMU, or the one that tools/lab finds for the
 * models. It ends when the calling thread does, however that ends.
 *
 * Return: 0; -EOPNOTSUPP when something is missing on this machine; -EINVAL, -EIO, -ENOMEM.
 */
int qtest_start(const struct qtest_opts *opts, struct qtest **q);

/**
 * struct qtest_report - what was wrong
 * @problems: how many things; 0 is what a test wants
 * @text: one line each
 */
struct qtest_report {
	unsigned problems;
	char text[4096];
};

/**
 * qtest_stop - end QEMU and judge what it saw
 * @q: the QEMU, or NULL; gone afterwards
 * @report: filled; or NULL
 *
 * Problems are: a DMA fault that was neither taken nor expected, an expected one that did not come,
 * an access to a register that the model does not know and tests/qtest/allow.txt does not list,
 * anything that QEMU printed, a device that is still open, a QEMU that had ended by itself.
 *
 * Return: @report->problems.
 */
unsigned qtest_stop(struct qtest *q, struct qtest_report *report);

/* The bus of all QEMUs of this process. */
extern const struct fn_bus_ops qtest_bus;

/* Address of a NIC for fn_dev_open_on(): its PCI domain tells the QEMUs of a process apart. */
const char *qtest_name(const struct qtest *q, unsigned nic);

/* Source id of a NIC: bus << 8 | device << 3 | function. */
uint16_t qtest_source_id(const struct qtest *q, unsigned nic);

/* QEMU's process id. */
int qtest_pid(const struct qtest *q);

/*
 * All that was written to devices has arrived there, and QEMU has had a turn at what it puts off.
 */
void qtest_settle(struct qtest *q);

/*
 * Wires. The functions about one belong to one thread at a time.
 */

/**
 * qtest_send - put a frame on a NIC's wire
 * @q: the QEMU
 * @nic: the NIC that will receive it
 * @frame: the frame, without CRC
 * @len: bytes
 *
 * Return: 0; -EAGAIN: no room now (let the NIC receive, and try again); -EINVAL for a hub;
 * -EMSGSIZE; -EPIPE: QEMU has ended.
 */
int qtest_send(struct qtest *q, unsigned nic, const void *frame, size_t len);

/* As qtest_send() on a QTEST_TAP, with what is to be done with the frame on its way. */
int qtest_send_request(struct qtest *q, unsigned nic, const struct wire_request *request,
		       const void *frame, size_t len);

/**
 * qtest_recv - take a frame that a NIC has sent
 * @q: the QEMU
 * @nic: the NIC
 * @buf: receives the frame
 * @bytes: room in @buf
 * @ms: how long to wait for one; 0: only look
 *
 * Return: length of the frame, also where it was longer than @buf; 0: none came.
 */
size_t qtest_recv(struct qtest *q, unsigned nic, void *buf, size_t bytes, unsigned ms);

/* As qtest_recv() on a QTEST_TAP, with what the NIC asked to be done with the frame. */
size_t qtest_recv_request(struct qtest *q, unsigned nic, struct wire_request *request, void *buf,
			  size_t bytes, unsigned ms);

/* Take and count frames until none has come for @ms, or @most have. */
unsigned qtest_count(struct qtest *q, unsigned nic, unsigned most, unsigned ms);

/* Frames that the test's end of a tap lost for want of room: see conservation laws. */
unsigned qtest_wire_drops(struct qtest *q, unsigned nic);

/*
 * Events. 0, or a negative errno with a sentence.
 */

/* Pull a NIC's cable out, or put it in. */
int qtest_set_link(struct qtest *q, unsigned nic, bool up);

/*
 * Take a NIC that is behind a root port away, as the machine's owner would. From its return on the
 * device reads all ones.
 */
int qtest_unplug(struct qtest *q, unsigned nic);

/* The kernel asks for the device back; the NIC must be open. */
int qtest_request_release(struct qtest *q, unsigned nic);

/* The PCI bus reports an error of the device that it does not recover from. */
int qtest_raise_error(struct qtest *q, unsigned nic);

/* Mask or unmask an MSI-X entry in the device's table. */
int qtest_irq_mask(struct qtest *q, unsigned nic, unsigned entry, bool masked);

/* Send a QMP command, all of it in JSON; its answer goes to @answer (one line), unless NULL. */
int qtest_qmp(struct qtest *q, char *answer, size_t bytes, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/*
 * DMA faults
 */

/**
 * struct qtest_fault - a device reached for what was not mapped for it
 * @iova: the address
 * @source_id: who
 * @write: it wanted to write
 */
struct qtest_fault {
	uint64_t iova;
	uint16_t source_id;
	bool write;
};

/* The oldest fault that was neither taken nor expected; false: none. */
bool qtest_fault_take(struct qtest *q, struct qtest_fault *fault);

/*
 * Declare that a device will reach for the page of @iova, once or several times: qtest_stop()
 * objects when it does not.
 */
int qtest_fault_expect(struct qtest *q, uint64_t iova, uint16_t source_id);

/*
 * Accesses to unknown registers so far, the allowed ones not counted. @text, unless NULL, receives
 * the first. qtest_stop() counts each of them as a problem, unless qtest_log_clear() was called.
 */
unsigned qtest_log_entries(struct qtest *q, char *text, size_t bytes);

/* Forget them. */
void qtest_log_clear(struct qtest *q);

#endif
