// SPDX-License-Identifier: BSD-3-Clause
/* l2fwd's signals: read from a descriptor by the main thread, so that no handler interrupts. */
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "l2fwd.h"

int signals_to_fd(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGHUP);
	(void)pthread_sigmask(SIG_BLOCK, &set, NULL);
	/* Who reads the screen may go: the frames need no reader. */
	(void)signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Take the signals that came: whoever sends another one from now on does not want to wait. */
void signals_take(int signal_fd)
{
	struct signalfd_siginfo info;
	sigset_t set;

	while (read(signal_fd, &info, sizeof(info)) == sizeof(info))
		;
	(void)sigfillset(&set);
	(void)pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}
