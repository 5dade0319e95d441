// SPDX-License-Identifier: BSD-3-Clause
/*
 * A tap in a network namespace of its own. QEMU has its queues; the test sits on the other side of
 * the interface with a packet socket that shows, and takes, the requests of virtio_net_hdr. The
 * namespace lives as long as these descriptors do.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "qtest/packet.h"
#include "qtest/qtest_priv.h"

#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23
#endif

#define TAP_NAME "fn0"
#define TAP_MTU 16110
#define TAP_FRAMES 4096
#define SOCKET_BYTES (32 << 20)

/* What the child tells: 0, or the step that failed and why. */
struct tap_result {
	int err;
	char step[48];
};

static int failed(struct tap_result *result, const char *step)
{
	result->err = errno ? errno : EIO;
	(void)snprintf(result->step, sizeof(result->step), "%s", step);
	return -1;
}

static int write_file(const char *path, const char *text)
{
	const int fd = open(path, O_WRONLY | O_CLOEXEC);
	int ret = -1;

	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	if (write(fd, text, strlen(text)) == (ssize_t)strlen(text))
		ret = 0;
	(void)close(fd);
	return ret;
}

static int namespace_enter(struct tap_result *result)
{
	if (unshare(CLONE_NEWNET) && unshare(CLONE_NEWUSER | CLONE_NEWNET))
		return failed(result, "make a network namespace");
	/* The wire is quiet: IPv6 would announce itself. A kernel without it has no such file. */
	if (write_file("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1") ||
	    write_file("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1"))
		return failed(result, "switch IPv6 off");
	return 0;
}

static int queue_open(struct tap_result *result, unsigned queues, int *fd)
{
	struct ifreq ifr = { .ifr_name = TAP_NAME };
	const int flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | (queues > 1 ? IFF_MULTI_QUEUE : 0);

	ifr.ifr_flags = (short)flags;
	*fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (*fd < 0)
		return failed(result, "open /dev/net/tun");
	return ioctl(*fd, TUNSETIFF, &ifr) ? failed(result, "make a tap") : 0;
}

/* Large frames and many of them, and up. */
static int interface_up(struct tap_result *result, int fd)
{
	struct ifreq ifr = { .ifr_name = TAP_NAME };
	socklen_t bytes = sizeof(int);
	int old;

	ifr.ifr_mtu = TAP_MTU;
	if (ioctl(fd, SIOCSIFMTU, &ifr))
		return failed(result, "set the tap's MTU");
	/* A plain user has to live with the kernel's 1000 frames. */
	ifr.ifr_qlen = TAP_FRAMES;
	(void)ioctl(fd, SIOCSIFTXQLEN, &ifr);
	if (ioctl(fd, SIOCGIFFLAGS, &ifr))
		return failed(result, "read the tap's flags");
	ifr.ifr_flags = (short)(ifr.ifr_flags | IFF_UP | IFF_PROMISC);
	if (ioctl(fd, SIOCSIFFLAGS, &ifr))
		return failed(result, "set the tap up");
	/* The socket remembers that the interface was down when it was bound: no news any more. */
	(void)getsockopt(fd, SOL_SOCKET, SO_ERROR, &old, &bytes);
	return 0;
}

static int packet_open(struct tap_result *result, int *fd)
{
	struct ifreq ifr = { .ifr_name = TAP_NAME };
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	const int bytes = SOCKET_BYTES;
	const int on = 1;

	*fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (*fd < 0)
		return failed(result, "open a packet socket");
	if (setsockopt(*fd, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on)) ||
	    setsockopt(*fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)))
		return failed(result, "set a packet socket up");
	/* Older kernels cannot; the namespace is quiet all the same. */
	(void)setsockopt(*fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on));
	if (setsockopt(*fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)))
		(void)setsockopt(*fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	if (ioctl(*fd, SIOCGIFINDEX, &ifr))
		return failed(result, "find the tap");
	at.sll_ifindex = ifr.ifr_ifindex;
	return bind(*fd, (const struct sockaddr *)&at, sizeof(at)) ?
		       failed(result, "bind a packet socket") :
		       0;
}

/* @fds: the queues, and the packet socket behind them. */
static int make_all(struct tap_result *result, unsigned queues, int *fds)
{
	int ret = namespace_enter(result);

	for (unsigned i = 0; i < queues && !ret; i++)
		ret = queue_open(result, queues, &fds[i]);
	/* The socket is there before the interface is: no frame passes unseen. */
	if (!ret)
		ret = packet_open(result, &fds[queues]);
	if (!ret)
		ret = interface_up(result, fds[queues]);
	return ret;
}

union control {
	struct cmsghdr head;
	char room[CMSG_SPACE((QTEST_QUEUES + 1) * sizeof(int))];
};

/* The child's life. */
static void child(int channel, unsigned queues)
{
	struct tap_result result = { .err = 0 };
	struct iovec io = { .iov_base = &result, .iov_len = sizeof(result) };
	struct msghdr msg = { .msg_iov = &io, .msg_iovlen = 1 };
	union control control = { .room = { 0 } };
	int fds[QTEST_QUEUES + 1];
	const size_t bytes = (queues + 1) * sizeof(int);

	if (!make_all(&result, queues, fds)) {
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(bytes);
		control.head = (struct cmsghdr){ .cmsg_len = CMSG_LEN(bytes),
						 .cmsg_level = SOL_SOCKET,
						 .cmsg_type = SCM_RIGHTS };
		memcpy(CMSG_DATA(&control.head), fds, bytes);
	}
	_exit(sendmsg(channel, &msg, MSG_NOSIGNAL) < 0);
}

static int take_over(struct qtest_wire *wire, int channel, unsigned queues)
{
	struct tap_result result = { .err = 0 };
	struct iovec io = { .iov_base = &result, .iov_len = sizeof(result) };
	union control control = { .room = { 0 } };
	struct msghdr msg = { .msg_iov = &io,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	const struct cmsghdr *head;

	if (recvmsg(channel, &msg, MSG_CMSG_CLOEXEC) != (ssize_t)sizeof(result))
		return fn_fail(-EIO, "the process that makes a tap ended");
	if (result.err)
		return fn_fail(-EOPNOTSUPP, "no tap here: cannot %s: %s", result.step,
			       fn_strerror(result.err));
	head = CMSG_FIRSTHDR(&msg);
	if (!head || head->cmsg_len != CMSG_LEN((queues + 1) * sizeof(int)))
		return fn_fail(-EMFILE, "no file descriptors left for a tap");
	memcpy(wire->qemu_fd, CMSG_DATA(head), queues * sizeof(int));
	memcpy(&wire->fd, CMSG_DATA(head) + queues * sizeof(int), sizeof(int));
	wire->qemu_fds = queues;
	return 0;
}

/* In a child, so that the test stays in its own namespaces. */
int qtest_tap_make(struct qtest_wire *wire, unsigned queues)
{
	int ends[2];
	pid_t pid;
	int ret;

	if (queues > QTEST_QUEUES)
		return fn_fail(-EINVAL, "%u queues: a tap of this harness has up to %u", queues,
			       QTEST_QUEUES);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return fn_fail(-errno, "no socket to be had: %s", fn_strerror(errno));
	pid = fork();
	if (pid == 0)
		child(ends[1], queues);
	(void)close(ends[1]);
	if (pid < 0) {
		ret = fn_fail(-errno, "no process to make a tap: %s", fn_strerror(errno));
	} else {
		ret = take_over(wire, ends[0], queues);
		(void)waitpid(pid, NULL, 0);
	}
	(void)close(ends[0]);
	return ret;
}

int qtest_tap_send(const struct qtest_wire *wire, const struct wire_request *request,
		   const void *frame, size_t len)
{
	const int ret = packet_send(wire->fd, request, frame, len);

	if (!ret || ret == -EAGAIN)
		return ret;
	return fn_fail(ret == -EMSGSIZE ? -EMSGSIZE : -EPIPE, "the tap takes no frame: %s",
		       fn_strerror(-ret));
}

size_t qtest_tap_recv(const struct qtest_wire *wire, struct wire_request *request, void *buf,
		      size_t bytes)
{
	return packet_recv(wire->fd, request, buf, bytes);
}

unsigned qtest_tap_drops(struct qtest_wire *wire)
{
	struct tpacket_stats stats;
	socklen_t bytes = sizeof(stats);

	/* Reading sets it back to 0. */
	if (!getsockopt(wire->fd, SOL_PACKET, PACKET_STATISTICS, &stats, &bytes))
		wire->drops += stats.tp_drops;
	return wire->drops;
}
