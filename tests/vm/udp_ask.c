// SPDX-License-Identifier: BSD-3-Clause
/* udp_ask PORT: sends a datagram to that port of 127.0.0.1 and prints what comes back. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	const struct timeval patience = { .tv_sec = 10 };
	struct sockaddr_in there = { .sin_family = AF_INET };
	char answer[512];
	ssize_t n;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (argc != 2 || fd < 0)
		return 2;
	there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	there.sin_port = htons((uint16_t)strtoul(argv[1], NULL, 10));
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) ||
	    sendto(fd, "?", 1, 0, (struct sockaddr *)&there, sizeof(there)) != 1) {
		perror("udp_ask");
		return 1;
	}
	n = recv(fd, answer, sizeof(answer), 0);
	if (n < 0)
		perror("udp_ask");
	else
		(void)fwrite(answer, 1, (size_t)n, stdout);
	(void)close(fd);
	return n < 0;
}
