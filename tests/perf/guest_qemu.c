// SPDX-License-Identifier: BSD-3-Clause
/* The QEMU that a --host program of tools/lab belongs to: its processor time and its priority. */
#include "guest_qemu.h"

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

pid_t qemu_find(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	const char *path = getenv("LAB_QMP");
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (!path || strlen(path) >= sizeof(addr.sun_path))
		errx(2, "LAB_QMP: not there; this is a --host program of tools/lab");
	strcpy(addr.sun_path, path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		err(2, "%s", path);
	(void)close(fd);
	return peer.pid;
}

/* Fields 14 and 15 of proc(5)'s stat, user and system time in ticks. */
static uint64_t thread_ms(const char *path)
{
	FILE *file = fopen(path, "re");
	unsigned long user = 0;
	unsigned long system = 0;

	if (!file)
		return 0;
	if (fscanf(file, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
		   &system) != 2)
		user = system = 0;
	(void)fclose(file);
	return (user + system) * 1000u / (unsigned long)sysconf(_SC_CLK_TCK);
}

/* Calls @each for every thread of the process; none when it has ended. */
static void each_thread(pid_t process, void (*each)(pid_t process, pid_t thread, void *arg),
			void *arg)
{
	char path[64];
	struct dirent *entry;
	DIR *dir;

	(void)snprintf(path, sizeof(path), "/proc/%d/task", (int)process);
	dir = opendir(path);
	if (!dir)
		return;
	while ((entry = readdir(dir)))
		if (atoi(entry->d_name) > 0)
			each(process, atoi(entry->d_name), arg);
	(void)closedir(dir);
}

static void add_time(pid_t process, pid_t thread, void *arg)
{
	struct qemu_time *time = arg;
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", (int)process, (int)thread);
	if (thread == process)
		time->loop_ms += thread_ms(path);
	else
		time->others_ms += thread_ms(path);
}

struct qemu_time qemu_time(pid_t qemu)
{
	struct qemu_time time = { 0 };

	each_thread(qemu, add_time, &time);
	return time;
}

static void set_nice(pid_t process, pid_t thread, void *arg)
{
	(void)process;
	if (setpriority(PRIO_PROCESS, (id_t)thread, *(int *)arg) < 0 && errno != ESRCH)
		err(2, "priority %d", *(int *)arg);
}

void priority_set(pid_t process, int nice)
{
	char path[64];
	FILE *file;

	each_thread(process, set_nice, &nice);
	/* sched(7): with autogroups a nice value counts only within a session. */
	(void)snprintf(path, sizeof(path), "/proc/%d/autogroup", (int)process);
	file = fopen(path, "we");
	if (!file)
		return;
	(void)fprintf(file, "%d\n", nice);
	(void)fclose(file);
}
