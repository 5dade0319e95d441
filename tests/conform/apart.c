// SPDX-License-Identifier: BSD-3-Clause
/*
 * Runs in processes of their own: a crash or a hang is a failure with a name, and hides no other.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "conform/runner.h"

#define JOBS_MAX 16u
#define OUTPUT_BYTES 8192u

/* How often is looked whether one is late, or the whole run is to end. */
#define LOOK_MS 50

struct job {
	struct result *result;
	pid_t pid;
	int pidfd;
	int fd;
	FILE *output;
	uint64_t start_ms;
	bool late;
};

/* SIGTERM came: what runs is ended as what hangs, and nothing more is begun. */
static volatile sig_atomic_t run_ended;

static void end_run(int sig)
{
	(void)sig;
	run_ended = 1;
}

static uint64_t wall_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* The place's, unless long counts (CONFORM_POLLER_SLEEPS, for example) need more. */
static unsigned deadline_s(const struct job *job)
{
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): read only */
	const char *said = getenv("CONFORM_DEADLINE_S");
	const unsigned long s = said ? strtoul(said, NULL, 10) : 0;

	return s ? (unsigned)s : job->result->place->deadline_s;
}

/*
 * The process of one run. What it prints (a sanitizer's report, commonly) goes to a file. exit()
 * and not _exit(), so that leaks are looked for; after a failure there is nothing to look for.
 */
static void child(struct job *job, int fd, pid_t parent)
{
	struct result *result = job->result;

	(void)signal(SIGTERM, SIG_DFL);
	(void)setpgid(0, 0);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	(void)dup2(fileno(job->output), STDOUT_FILENO);
	(void)dup2(fileno(job->output), STDERR_FILENO);
	run_here(result);
	if (write(fd, result, sizeof(*result)) != (ssize_t)sizeof(*result))
		_exit(1);
	if (result->kind == RESULT_FAIL)
		_exit(0);
	(void)close(fd);
	exit(0);
}

static int job_start(struct job *job, struct result *result)
{
	const pid_t parent = getpid();
	int fds[2];

	*job = (struct job){ .result = result, .start_ms = wall_ms(), .output = tmpfile() };
	if (!job->output || pipe2(fds, O_CLOEXEC))
		return -errno;
	(void)fflush(NULL);
	job->pid = fork();
	if (job->pid == 0)
		child(job, fds[1], parent);
	(void)close(fds[1]);
	job->fd = fds[0];
	if (job->pid < 0)
		return -errno;
	/* By number: the C library has no function for it before 2.36. */
	job->pidfd = (int)syscall(SYS_pidfd_open, job->pid, 0);
	return job->pidfd < 0 ? -errno : 0;
}

/* What a process printed, on one line: the first lines of a sanitizer's report say it all. */
static void output_of(struct job *job, char *text, size_t bytes)
{
	char raw[OUTPUT_BYTES];
	size_t n;
	size_t at = 0;

	rewind(job->output);
	n = fread(raw, 1, sizeof(raw), job->output);
	for (size_t i = 0; i < n && at + 1 < bytes; i++) {
		const bool blank = raw[i] == '\n' || raw[i] == '\t' || raw[i] == '=';

		if (!blank || (at && text[at - 1] != ' '))
			text[at++] = blank ? ' ' : raw[i];
	}
	text[at] = '\0';
}

static void fail(struct job *job, const char *what, int number)
{
	char said[600];

	output_of(job, said, sizeof(said));
	(void)snprintf(job->result->reason, sizeof(job->result->reason), "%s %d%s%s", what, number,
		       *said ? ": " : "", said);
	job->result->kind = RESULT_FAIL;
}

static void job_end(struct job *job)
{
	struct result result;
	const bool told = read(job->fd, &result, sizeof(result)) == (ssize_t)sizeof(result);
	int status = 0;

	while (waitpid(job->pid, &status, 0) < 0 && errno == EINTR)
		;
	/* Whatever it started ends with it. */
	(void)kill(-job->pid, SIGKILL);
	if (told) {
		job->result->kind = result.kind;
		memcpy(job->result->reason, result.reason, sizeof(result.reason));
	}
	if (job->late && run_ended)
		fail(job, "it hangs: killed with the whole run, after s:",
		     (int)((wall_ms() - job->start_ms) / 1000));
	else if (job->late)
		fail(job, "it hangs: killed after the deadline, s:", (int)deadline_s(job));
	else if (WIFSIGNALED(status))
		fail(job, "it crashed: signal", WTERMSIG(status));
	else if (!told || (WEXITSTATUS(status) && job->result->kind != RESULT_FAIL))
		fail(job, "it ended with exit status", WEXITSTATUS(status));
	job->result->ms = (unsigned)(wall_ms() - job->start_ms);
	(void)close(job->fd);
	(void)close(job->pidfd);
	(void)fclose(job->output);
	job->pid = 0;
}

/* A process has ended, or is late. */
static bool job_over(struct job *job)
{
	const uint64_t age_ms = wall_ms() - job->start_ms;
	siginfo_t info = { 0 };

	if (waitid(P_PID, (id_t)job->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid)
		return true;
	if (age_ms < deadline_s(job) * 1000ull && !run_ended)
		return false;
	job->late = true;
	(void)kill(-job->pid, SIGKILL);
	(void)kill(job->pid, SIGKILL);
	return true;
}

/* Wait until one of them is over, and say which result that is. */
static struct result *jobs_wait(struct job *jobs, unsigned n)
{
	struct pollfd at[JOBS_MAX] = { 0 };

	for (;;) {
		for (unsigned i = 0; i < n; i++) {
			at[i] = (struct pollfd){ .fd = jobs[i].pid ? jobs[i].pidfd : -1,
						 .events = POLLIN };
			if (!jobs[i].pid || !job_over(&jobs[i]))
				continue;
			job_end(&jobs[i]);
			return jobs[i].result;
		}
		(void)poll(at, n, LOOK_MS);
	}
}

/* The first of all that are not over. */
static unsigned oldest_of(const struct job *jobs, unsigned n, const struct result *results,
			  unsigned started)
{
	unsigned oldest = started;

	for (unsigned i = 0; i < n; i++)
		if (jobs[i].pid && (unsigned)(jobs[i].result - results) < oldest)
			oldest = (unsigned)(jobs[i].result - results);
	return oldest;
}

unsigned run_apart(struct result *results, unsigned n, unsigned jobs_n,
		   void (*over)(const struct result *result),
		   void (*in_order)(const struct result *result))
{
	struct job jobs[JOBS_MAX] = { 0 };
	unsigned started = 0;
	unsigned told = 0;

	if (jobs_n > JOBS_MAX)
		jobs_n = JOBS_MAX;
	(void)signal(SIGTERM, end_run);
	while (told < started || (started < n && !run_ended)) {
		unsigned oldest;

		for (unsigned i = 0; i < jobs_n && started < n && !run_ended; i++) {
			if (jobs[i].pid)
				continue;
			if (job_start(&jobs[i], &results[started])) {
				perror("conform: cannot start a process");
				exit(2);
			}
			started++;
		}
		if (told == started)
			break;
		over(jobs_wait(jobs, jobs_n));
		oldest = oldest_of(jobs, jobs_n, results, started);
		while (told < oldest)
			in_order(&results[told++]);
	}
	return told;
}
