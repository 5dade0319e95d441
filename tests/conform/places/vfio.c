// SPDX-License-Identifier: BSD-3-Clause
/*
 * A real claim through VFIO, in the lab's guest (tests/vm/conform_guest.sh). The wire's other end
 * is a second NIC of the guest, run by the kernel's own driver and used through a packet socket.
 * What only the machine's owner can do (a cable) is asked of the host on standard output.
 *
 * Between the two are taps and a bridge of the host (tools/lab --wire bridge). That wire carries
 * requests and keeps the order: the peer has one queue, each tap is a queue, and the bridge hands a
 * frame on before it takes the next. What the device does not take waits in its tap.
 *
 * No device is pulled here: QEMU reads a register of one that is gone as 0, where a bus reads all
 * ones, and the guest's kernel asks for a device back before it lets go of it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "conform/conform.h"
#include "conform/places/host.h"
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
	bool held;
};

/*
 * A device, and the interface of its peer. @settled: nothing is left on their wire; shared by all
 * processes of this program.
 */
struct port {
	const char *device;
	const char *peer;
	bool *settled;
};

static struct world world;
static int host_fd = -1;
/* On the root bus; and below a root port, which reports errors, and where each open is slow. */
static struct port on_root;
static struct port below;
static const struct port *port;

/* @settled: the place is given a page, of which this is its byte. */
static bool port_named(struct port *which, const char *device, const char *peer, bool *settled)
{
	which->device = getenv(device);
	which->peer = getenv(peer);
	which->settled = settled;
	return which->device && which->peer && strlen(which->peer) < IFNAMSIZ;
}

/* The devices and the interfaces are the script's to name. */
static int vfio_prepare(const struct conform_place *place, char *why, size_t bytes)
{
	bool *settled = mmap(NULL, 2, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	(void)place;
	if (settled == MAP_FAILED) {
		(void)snprintf(why, bytes, "out of memory");
		return -ENOMEM;
	}
	if (!port_named(&on_root, "CONFORM_DEVICE", "CONFORM_PEER", &settled[0]) ||
	    !port_named(&below, "CONFORM_BELOW", "CONFORM_BELOW_PEER", &settled[1])) {
		(void)snprintf(why, bytes,
			       "CONFORM_DEVICE and CONFORM_PEER, CONFORM_BELOW and "
			       "CONFORM_BELOW_PEER do not name PCI addresses and interfaces: "
			       "tests/vm/conform.sh runs it in the lab's guest");
		return -EINVAL;
	}
	host_fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	return host_fd < 0 ? -errno : 0;
}

/*
 * Ask the host, and wait until it has done it. No other process of this guest asks by that
 * number.
 */
static void ask_host(struct conform *c, const char *what, char *answer, size_t bytes)
{
	static unsigned asked;
	const char *from = getenv("LAB_FROM_HOST");
	const unsigned long number = (unsigned long)getpid() * 1000 + asked++;

	check(host_ask(host_fd, from ? from : "/dev/null", number, what, answer, bytes));
}

static void host(struct conform *c, const char *what)
{
	char answer[200];

	ask_host(c, what, answer, sizeof(answer));
	if (strcmp(answer, "done") != 0)
		conform_fail(c, __FILE__, __LINE__, "the host cannot do \"%s\": %s", what, answer);
}

/* What not every host or model of QEMU's can. */
static void host_or_skip(struct conform *c, const char *what, const char *need)
{
	char answer[200];

	ask_host(c, what, answer, sizeof(answer));
	if (strcmp(answer, "done") != 0)
		conform_skip(c, "there is not here: %s: %s", need, answer);
}

/* Up, for long frames to anybody, and each as it came: no two of a flow put together. */
static void peer_up(struct conform *c)
{
	struct ethtool_value gro = { .cmd = ETHTOOL_SGRO };
	struct ifreq ifr = { .ifr_mtu = PEER_MTU };

	(void)snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", port->peer);
	check(!ioctl(world.wire, SIOCSIFMTU, &ifr));
	ifr.ifr_data = (char *)&gro;
	check(!ioctl(world.wire, SIOCETHTOOL, &ifr));
	check(!ioctl(world.wire, SIOCGIFFLAGS, &ifr));
	ifr.ifr_flags = (short)(ifr.ifr_flags | IFF_UP | IFF_PROMISC);
	check(!ioctl(world.wire, SIOCSIFFLAGS, &ifr));
}

static void wire_open(struct conform *c)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET,
				  .sll_protocol = htons(ETH_P_ALL),
				  .sll_ifindex = (int)if_nametoindex(port->peer) };
	const int bytes = SOCKET_BYTES;
	const int on = 1;

	world.wire = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	check(world.wire >= 0);
	check(!setsockopt(world.wire, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on)));
	check(!setsockopt(world.wire, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)));
	check(!setsockopt(world.wire, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)));
	check(!setsockopt(world.wire, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)));
	peer_up(c);
	check(at.sll_ifindex > 0);
	check(!bind(world.wire, (const struct sockaddr *)&at, sizeof(at)));
}

/* Take what has come on either side; whether the mark was among it. */
static bool mark_out(struct conform *c, unsigned mark)
{
	static uint8_t buf[FRAME_MAX];
	struct wire_request request;

	while (c->place->ops->recv(c, &request, buf, sizeof(buf)))
		if (frame_seq(buf) == mark)
			return true;
	return false;
}

static bool mark_in(struct conform *c, unsigned mark)
{
	static uint8_t buf[FRAME_MAX];
	struct fn_pkt *pkt;

	while (fn_rx_burst(c->rx, &pkt, 1) == 1) {
		(void)pkt_copy(pkt, buf, sizeof(buf));
		fn_pkt_free(pkt);
		if (frame_seq(buf) == mark)
			return true;
	}
	return false;
}

/*
 * The wire keeps what the device before this one did not take. Order is kept: behind a frame that
 * went all the way nothing old is left. (That is on queue 0; Linux empties the other queues of a
 * tap when QEMU gives them up, at the start with one.) Afterwards all is as if there had been no
 * device yet.
 */
static void wire_clear(struct conform *c)
{
	/* No other process's. */
	const unsigned mark = 0xff000000u ^ (unsigned)getpid();

	c->pool_opts.count = 512;
	port_start(c, (struct fn_dev_conf){ .rx_ring = 64, .tx_ring = 64 });
	wire_send_stream(c, mark, 1, 100);
	wait_until(mark_in(c, mark));
	tx_send_stream(c, c->tx, mark, 1, 100);
	wait_until(mark_out(c, mark));
	port_close(c);
	c->rx = NULL;
	c->tx = NULL;
	memset(&c->pool_opts, 0, sizeof(c->pool_opts));
	memset(&c->info, 0, sizeof(c->info));
	memset(c->events, 0, sizeof(c->events));
	memset(&c->last_event, 0, sizeof(c->last_event));
	memset(c->log, 0, sizeof(c->log));
}

/* Where wire_clear()'s wait is not worth it: it gives up after so many looks. */
#define SETTLE_LOOKS 200u

static bool settles(struct conform *c, bool (*mark_came)(struct conform *c, unsigned mark),
		    unsigned mark)
{
	for (unsigned i = 0; i < SETTLE_LOOKS; i++) {
		if (mark_came(c, mark))
			return true;
		conform_wait(c);
	}
	return false;
}

/*
 * A device that works clears its wire itself, and the next body needs no wire_clear(), which is
 * most of what a short one takes.
 */
static void vfio_settle(struct conform *c)
{
	const unsigned mark = 0xfe000000u ^ (unsigned)getpid();
	struct fn_pkt *pkt;

	if (!c->rx || !c->tx || fn_rxq_status(c->rx) || fn_txq_status(c->tx))
		return;
	wire_send_stream(c, mark, 1, 100);
	if (!settles(c, mark_in, mark))
		return;
	pkt = pkt_frame(c, mark, 100);
	if (fn_tx_burst(c->tx, &pkt, 1) != 1)
		fn_pkt_free(pkt);
	else
		*port->settled = settles(c, mark_out, mark);
}

static void vfio_begin(struct conform *c)
{
	world = (struct world){ .wire = -1 };
	port = c->behaviour->needs & NEED_ERROR ? &below : &on_root;
	c->world = &world;
	world.kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	check(world.kmsg >= 0);
	check(lseek(world.kmsg, 0, SEEK_END) >= 0);
	wire_open(c);
	if (!*port->settled)
		wire_clear(c);
	*port->settled = false;
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
	bound = fd >= 0 &&
		write(fd, port->device, strlen(port->device)) == (ssize_t)strlen(port->device);
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
	if (world.held)
		c->place->ops->stall(c, false);
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

	return fn_dev_open(c->ctx, port->device, &opts, dev);
}

static int vfio_send(struct conform *c, const struct wire_request *request, const void *frame,
		     size_t len)
{
	const int ret = packet_send(world.wire, request, frame, len);

	(void)c;
	return ret == -ENETDOWN ? -EAGAIN : ret;
}

static size_t vfio_recv(struct conform *c, struct wire_request *request, void *buf, size_t bytes)
{
	(void)c;
	*request = (struct wire_request){ 0 };
	return packet_recv(world.wire, request, buf, bytes);
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

/* Frames wait behind the peer's tap, until the device's takes no more. */
static void vfio_stall(struct conform *c, bool on)
{
	if (on)
		host_or_skip(c, "hold on", "a wire that takes nothing");
	else
		host(c, "hold off");
	world.held = on;
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
		       port->device);
	world.unbinder = fork();
	check(world.unbinder >= 0);
	if (world.unbinder == 0) {
		(void)execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
}

static void vfio_error(struct conform *c)
{
	host_or_skip(c, "error", "a report of an error of the device");
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
	.error = vfio_error,
	.announce = vfio_announce,
	.settle = vfio_settle,
};
