// SPDX-License-Identifier: BSD-3-Clause
/*
 * Interrupts: the test is the server of an ivshmem-doorbell device, whose doorbell register turns a
 * write into a signal of an eventfd. Pointed there, an MSI-X message of a NIC reaches the driver's
 * own eventfd, from QEMU's process, without any code of the test in between.
 */
#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "qtest/qtest_priv.h"

/* ivshmem specification, "PCI device registers": Doorbell. Peer << 16 | vector. */
#define IVSHM_DOORBELL (QTEST_DOORBELL + 12)
#define IVSHM_BDF (0x1e << 3)
#define IVSHM_VERSION 0

/* PCI 3.0 6.8.2 */
#define MSIX_CONTROL 2
#define MSIX_ENABLE 0x8000
#define MSIX_ENTRY_BYTES 16u
#define MSIX_ENTRY_MASKED 1u

/* ivshmem client-server protocol: 8 bytes, little-endian, perhaps with a descriptor. */
static int ivshm_send(struct qtest *q, int64_t number, int fd)
{
	int64_t raw = (int64_t)htole64((uint64_t)number);
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .room = { 0 } };
	struct iovec io = { .iov_base = &raw, .iov_len = sizeof(raw) };
	struct msghdr msg = { .msg_iov = &io, .msg_iovlen = 1 };

	if (fd >= 0) {
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control);
		control.head = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)),
						 .cmsg_level = SOL_SOCKET,
						 .cmsg_type = SCM_RIGHTS };
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&msg)), &fd, sizeof(fd));
	}
	if (sendmsg(q->ivshm_fd, &msg, MSG_NOSIGNAL) == (ssize_t)sizeof(raw))
		return 0;
	return fn_fail(-errno, "QEMU's ivshmem device takes no message: %s", fn_strerror(errno));
}

int qtest_ivshm_greet(struct qtest *q)
{
	int shared = qtest_memfd("ivshmem", QTEST_PAGE);
	int ret;

	if (shared < 0)
		return shared;
	/* The version, its own number, and a piece of memory that nobody uses. */
	ret = ivshm_send(q, IVSHM_VERSION, -1);
	if (!ret)
		ret = ivshm_send(q, 0, -1);
	if (!ret)
		ret = ivshm_send(q, -1, shared);
	(void)close(shared);
	return ret;
}

int qtest_irq_setup(struct qtest *q)
{
	qtest_cfg_write(q, IVSHM_BDF, PCI_BAR0, 4, (uint32_t)QTEST_DOORBELL);
	qtest_cfg_write(q, IVSHM_BDF, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	if (qtest_cfg_read(q, IVSHM_BDF, PCI_BAR0, 4) != QTEST_DOORBELL)
		return fn_fail(-EIO, "QEMU's ivshmem device is not there: %s",
			       q->dead ? q->why_dead : "no answer");
	return 0;
}

int qtest_peer_add(struct qtest *q, int fd, uint16_t *peer)
{
	if (q->peer == UINT16_MAX)
		return fn_fail(-ENOSPC, "one QEMU takes %u eventfds: use more of them", q->peer);
	*peer = ++q->peer;
	return ivshm_send(q, *peer, fd);
}

void qtest_peer_del(struct qtest *q, uint16_t peer)
{
	(void)ivshm_send(q, peer, -1);
}

/*
 * QEMU takes eventfds in whenever it gets to it, in their order: when a last one of our own can be
 * rung, all before it can.
 */
int qtest_peers_settle(struct qtest *q)
{
	const uint64_t until = qtest_wall_ns() + QTEST_DEADLINE_MS * UINT64_C(1000000);
	struct pollfd pfd = { .fd = q->fence_fd, .events = POLLIN };
	uint64_t count;
	uint16_t peer = 0;
	int ret = qtest_peer_add(q, q->fence_fd, &peer);

	if (ret)
		return ret;
	do {
		qtest_write(q, IVSHM_DOORBELL, 4, (uint32_t)peer << 16);
		qtest_flush(q);
		if (q->dead || qtest_wall_ns() > until)
			return fn_fail(-EIO, "QEMU does not take eventfds in: %s",
				       q->dead ? q->why_dead : "the time is up");
	} while (poll(&pfd, 1, 0) != 1);
	if (read(q->fence_fd, &count, sizeof(count)) != (ssize_t)sizeof(count))
		return fn_fail(-EIO, "an eventfd cannot be read");
	qtest_peer_del(q, peer);
	return 0;
}

void qtest_msix_entry(struct qtest *q, const struct qtest_nic *nic, unsigned entry, uint16_t peer)
{
	const uint64_t at = nic->msix_table + (uint64_t)entry * MSIX_ENTRY_BYTES;

	qtest_write(q, at + 12, 4, MSIX_ENTRY_MASKED);
	if (!peer)
		return;
	qtest_write(q, at, 4, (uint32_t)IVSHM_DOORBELL);
	qtest_write(q, at + 4, 4, 0);
	qtest_write(q, at + 8, 4, (uint32_t)peer << 16);
	qtest_write(q, at + 12, 4, 0);
}

void qtest_msix_control(struct qtest *q, const struct qtest_nic *nic, bool on)
{
	if (nic->msix_cap)
		qtest_cfg_write(q, nic->bdf, nic->msix_cap + MSIX_CONTROL, 2, on ? MSIX_ENABLE : 0);
}

int qtest_irq_mask(struct qtest *q, unsigned idx, unsigned entry, bool masked)
{
	const struct qtest_nic *nic = &q->nics[idx];

	if (entry >= nic->irqs)
		return fn_fail(-EINVAL, "%s has %u MSI-X entries, and no number %u", nic->name,
			       nic->irqs, entry);
	qtest_write(q, nic->msix_table + (uint64_t)entry * MSIX_ENTRY_BYTES + 12, 4,
		    masked ? MSIX_ENTRY_MASKED : 0);
	qtest_flush(q);
	return 0;
}
