/* SPDX-License-Identifier: BSD-3-Clause */
/* hold GROUP-NODE BDF: holds a PCI function by its VFIO device descriptor alone, until killed. */
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int container, group, device;

	if (argc != 3)
		return 2;
	container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	group = open(argv[1], O_RDWR | O_CLOEXEC);
	if (container < 0 || group < 0 || ioctl(group, VFIO_GROUP_SET_CONTAINER, &container) ||
	    ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU)) {
		perror(argv[1]);
		return 1;
	}
	device = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, argv[2]);
	if (device < 0) {
		perror(argv[2]);
		return 1;
	}
	close(group);
	close(container);
	puts("held");
	fflush(stdout);
	for (;;)
		pause();
}
