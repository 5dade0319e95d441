// SPDX-License-Identifier: BSD-3-Clause
/*
 * guest_nicstate BDF...: what state a virtio NIC was left in, read without claiming it: bus
 * mastering from the command register, and device_status through virtio's window in the
 * configuration space.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* PCI 3.0 6.1 */
#define PCI_COMMAND 0x04
#define PCI_COMMAND_MASTER 0x0004
#define PCI_CAPABILITIES 0x34
#define PCI_CAP_ID_VENDOR 0x09

/*
 * virtio 1.2 4.1.4: capability types, and where device_status is in the common structure (4.1.4.3)
 */
#define CAP_COMMON_CFG 1
#define CAP_PCI_CFG 5
#define DEVICE_STATUS 20

/* struct virtio_pci_cap (4.1.4): places of its members */
#define CAP_TYPE 3
#define CAP_BAR 4
#define CAP_OFFSET 8
#define CAP_LENGTH 12
#define CAP_DATA 16

static int get(int fd, unsigned off, void *buf, size_t len)
{
	return pread(fd, buf, len, (off_t)off) == (ssize_t)len ? 0 : -1;
}

static int put(int fd, unsigned off, const void *buf, size_t len)
{
	return pwrite(fd, buf, len, (off_t)off) == (ssize_t)len ? 0 : -1;
}

/* The place of the first virtio capability of a type, or 0. */
static unsigned find_cap(int fd, uint8_t type)
{
	uint8_t pos = 0;

	(void)get(fd, PCI_CAPABILITIES, &pos, 1);
	for (int i = 0; pos && i < 48; i++) {
		uint8_t cap[4] = { 0 };

		(void)get(fd, pos, cap, sizeof(cap));
		if (cap[0] == PCI_CAP_ID_VENDOR && cap[CAP_TYPE] == type)
			return pos;
		pos = cap[1];
	}
	return 0;
}

/* 4.1.4.9: say which BAR, where and how many bytes; the data then stands behind the capability. */
static int status_read(int fd, uint8_t *status)
{
	unsigned common = find_cap(fd, CAP_COMMON_CFG);
	unsigned window = find_cap(fd, CAP_PCI_CFG);
	const uint32_t one = 1;
	uint32_t offset;
	uint8_t bar;

	if (!common || !window)
		return -1;
	if (get(fd, common + CAP_BAR, &bar, sizeof(bar)) ||
	    get(fd, common + CAP_OFFSET, &offset, sizeof(offset)))
		return -1;
	offset += DEVICE_STATUS;
	if (put(fd, window + CAP_BAR, &bar, sizeof(bar)) ||
	    put(fd, window + CAP_OFFSET, &offset, sizeof(offset)) ||
	    put(fd, window + CAP_LENGTH, &one, sizeof(one)))
		return -1;
	return get(fd, window + CAP_DATA, status, sizeof(*status));
}

static int show(const char *bdf)
{
	char path[128];
	uint16_t command;
	uint8_t status;
	int ret = -1;
	int fd;

	(void)snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/config", bdf);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		(void)printf("%s cannot be opened: %s\n", path, strerror(errno));
		return -1;
	}
	if (get(fd, PCI_COMMAND, &command, sizeof(command)) == 0 && status_read(fd, &status) == 0) {
		(void)printf("%s master %s status 0x%02x\n", bdf,
			     command & PCI_COMMAND_MASTER ? "on" : "off", status);
		ret = 0;
	} else {
		(void)printf("%s cannot be read as a modern virtio device\n", bdf);
	}
	(void)close(fd);
	return ret;
}

int main(int argc, char **argv)
{
	int status = 0;

	for (int i = 1; i < argc; i++)
		if (show(argv[i]))
			status = 1;
	return status;
}
