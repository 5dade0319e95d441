// SPDX-License-Identifier: BSD-3-Clause
/* The host's end of a NIC of tools/lab with --wire socket. */
#include <err.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "wire.h"

static struct sockaddr_un address(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(addr.sun_path))
		errx(2, "%s: too long for a socket's name", path);
	strcpy(addr.sun_path, path);
	return addr;
}

int wire_socket(char *paths)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char *comma = strchr(paths, ',');
	struct sockaddr_un nic;
	struct sockaddr_un mine;

	if (fd < 0)
		err(2, "socket");
	if (!comma)
		errx(2, "%s: not NIC,MINE", paths);
	*comma = '\0';
	nic = address(paths);
	mine = address(comma + 1);
	/* One that ran before may have left it. */
	(void)unlink(mine.sun_path);
	if (bind(fd, (struct sockaddr *)&mine, sizeof(mine)) < 0)
		err(2, "%s", mine.sun_path);
	if (connect(fd, (struct sockaddr *)&nic, sizeof(nic)) < 0)
		err(2, "%s", nic.sun_path);
	return fd;
}
