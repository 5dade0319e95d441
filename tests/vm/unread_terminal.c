// SPDX-License-Identifier: BSD-3-Clause
/*
 * unread_terminal COMMAND ARG...: runs COMMAND on a terminal that nobody reads, says its process
 * id, and waits for it. Whoever ends this program hangs up.
 */
#include <pty.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int terminal;
	int status;
	pid_t pid;

	if (argc < 2)
		return 2;
	pid = forkpty(&terminal, NULL, NULL, NULL);
	if (pid < 0) {
		perror("forkpty");
		return 1;
	}
	if (!pid) {
		(void)execvp(argv[1], argv + 1);
		_exit(127);
	}
	(void)printf("%d\n", (int)pid);
	(void)fflush(stdout);
	return waitpid(pid, &status, 0) == pid ? 0 : 1;
}
