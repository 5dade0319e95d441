// SPDX-License-Identifier: BSD-3-Clause
/*
 * A real claim through VFIO, in the lab's guest (tests/vm/conform_guest.sh). The wire's other end
 * is a second NIC of the guest, run by the kernel's own driver and used through a packet socket.
 * What only the machine's owner can do (a cable) is asked of the host on standard output.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "conform/conform.h"
#include "qtest/packet.h"

#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23
#endif

#define SOCKET_BYTES (32 << 20)
#define PEER_MTU 9216

struct world {
	int wire;
	int kmsg;
	pid_t unbinder;
	bool linked_down;
};

static struct world world;
static int host_fd = -1;
static const char *device;
static const char *peer;

/* The device and the interface are the script's to name. */
static int vfio_prepare(const struct conform_place *place, char *why, size_t bytes)
{
	(void)place;
	device = getenv("CONFORM_DEVICE");
	peer = getenv("CONFORM_PEER");
	if (!device || !peer || strlen(peer) >= IFNAMSIZ) {
		(void)snprintf(why, bytes,
			       "CONFORM_DEVICE and CONFORM_PEER do not name a PCI address and an "
			       "interface: tests/vm/conform.sh runs it in the lab's guest");
		return -EINVAL;
	}
	host_fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	return host_fd < 0 ? -errno : 0;
}

/* Ask the host, and wait until it has done it. */
static void host(struct conform *c, const char *what)
{
	const char *from = getenv("LAB_FROM_HOST");
	FILE *answer = fopen(from ? from : "/dev/null", "re");
	char line[64] = "";

	check(answer);
	check(dprintf(host_fd, "@host %s\n", what) > 0);
	if (!fgets(line, sizeof(line), answer))
		line[0] = '\0';
	(void)fclose(answer);
	if (strcmp(line, "done\n") != 0)
		conform_fail(c, __FILE__, __LINE__, "the host cannot do \"%s\": %s", what, line);
}

static void peer_flags(struct conform *c, bool up)
{
	struct ifreq ifr = { .ifr_mtu = PEER_MTU };

	(void)snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", peer);
	if (up)
		check(!ioctl(world.wire, SIOCSIFMTU, &ifr));
	check(!ioctl(world.wire, SIOCGIFFLAGS, &ifr));
	if (up)
		ifr.ifr_flags = (short)(ifr.ifr_flags | IFF_UP | IFF_PROMISC);
	else
		ifr.ifr_flags = (short)(ifr.ifr_flags & ~IFF_UP);
	check(!ioctl(world.wire, SIOCSIFFLAGS, &ifr));
}

static void wire_open(struct conform *c)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET,
				  .sll_protocol = htons(ETH_P_ALL),
				  .sll_ifindex = (int)if_nametoindex(peer) };
	const int bytes = SOCKET_BYTES;
	const int on = 1;

	world.wire = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	check(world.wire >= 0);
	check(!setsockopt(world.wire, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on)));
	check(!setsockopt(world.wire, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)));
	check(!setsockopt(world.wire, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)));
	check(!setsockopt(world.wire, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)));
	peer_flags(c, true);
	check(at.sll_ifindex > 0);
	check(!bind(world.wire, (const struct sockaddr *)&at, sizeof(at)));
}

static void vfio_begin(struct conform *c)
{
	static uint8_t buf[FRAME_MAX];
	struct wire_request request;

	world = (struct world){ .wire = -1 };
	c->world = &world;
	world.kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	check(world.kmsg >= 0);
	check(lseek(world.kmsg, 0, SEEK_END) >= 0);
	wire_open(c);
	/* What the device before this one still had in the hub. */
	conform_wait_ns(c, CONFORM_QUIET_NS / 4);
	while (c->place->ops->recv(c, &request, buf, sizeof(buf)))
		;
}

/* The kernel's line about a fault of the IOMMU since the beginning, if any. */
static bool faulted(char *line, size_t bytes)
{
	ssize_t n;

	while ((n = read(world.kmsg, line, bytes - 1)) > 0 || (n < 0 && errno == EPIPE)) {
		line[n > 0 ? n : 0] = '\0';
		if (strstr(line, "DMAR: [") || strstr(line, "fault addr"))
			return true;
	}
	return false;
}

/* The device was taken from VFIO: give it back. */
static void rebind(struct conform *c)
{
	int fd;
	bool bound;

	(void)waitpid(world.unbinder, NULL, 0);
	world.unbinder = 0;
	fd = open("/sys/bus/pci/drivers/vfio-pci/bind", O_WRONLY | O_CLOEXEC);
	bound = fd >= 0 && write(fd, device, strlen(device)) == (ssize_t)strlen(device);
	if (fd >= 0)
		(void)close(fd);
	check(bound);
}

static void vfio_end(struct conform *c, bool judge)
{
	char line[2048] = "";
	bool fault;

	if (world.linked_down)
		c->place->ops->link(c, true);
	if (world.unbinder)
		rebind(c);
	fault = faulted(line, sizeof(line));
	(void)close(world.kmsg);
	(void)close(world.wire);
	c->world = NULL;
	if (judge && fault)
		conform_fail(c, __FILE__, __LINE__, "an IOMMU fault: %s", line);
}

static int vfio_open(struct conform *c, struct fn_dev **dev)
{
	const struct fn_dev_opts opts = { .sz = sizeof(opts), .err = &c->err };

	return fn_dev_open(c->ctx, device, &opts, dev);
}

static int vfio_send(struct conform *c, const struct wire_request *request, const void *frame,
		     size_t len)
{
	struct qtest_offload offload = { 0 };
	int ret;

	(void)c;
	_Static_assert(sizeof(offload) == sizeof(*request), "both are what the kernel knows");
	if (request)
		memcpy(&offload, request, sizeof(offload));
	ret = packet_send(world.wire, &offload, frame, len);
	return ret == -ENETDOWN ? -EAGAIN : ret;
}

static size_t vfio_recv(struct conform *c, struct wire_request *request, void *buf, size_t bytes)
{
	struct qtest_offload offload = { 0 };
	const size_t len = packet_recv(world.wire, &offload, buf, bytes);

	(void)c;
	memcpy(request, &offload, sizeof(offload));
	return len;
}

static uint64_t vfio_now_ns(struct conform *c)
{
	struct timespec ts;

	(void)c;
	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void vfio_wait(struct conform *c, uint64_t ns)
{
	const struct timespec pause = { .tv_nsec = (long)ns };

	(void)c;
	(void)nanosleep(&pause, NULL);
}

/* A peer that is down takes no frame out of its ring: soon there is no room. */
static void vfio_stall(struct conform *c, bool on)
{
	peer_flags(c, !on);
}

static void vfio_link(struct conform *c, bool up)
{
	host(c, up ? "link on" : "link off");
	world.linked_down = !up;
}

/*
 * The write ends when the device was given back: another process, and another program too, which
 * holds none of this one's descriptors.
 */
static void vfio_release(struct conform *c)
{
	char command[128];

	(void)snprintf(command, sizeof(command), "echo %s >/sys/bus/pci/drivers/vfio-pci/unbind",
		       device);
	world.unbinder = fork();
	check(world.unbinder >= 0);
	if (world.unbinder == 0) {
		(void)execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
}

static void vfio_announce(struct conform *c)
{
	host(c, "announce");
}

const struct place_ops place_vfio = {
	.prepare = vfio_prepare,
	.begin = vfio_begin,
	.end = vfio_end,
	.open = vfio_open,
	.send = vfio_send,
	.recv = vfio_recv,
	.now_ns = vfio_now_ns,
	.wait = vfio_wait,
	.stall = vfio_stall,
	.link = vfio_link,
	.release = vfio_release,
	.announce = vfio_announce,
};
