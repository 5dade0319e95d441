// SPDX-License-Identifier: BSD-3-Clause
/*
 * QEMU's log and what it printed: DMA faults, accesses to registers that a model does not know, and
 * whatever else it complains of.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "qtest/qtest_priv.h"

#define ALLOW_FILE FASTNIC_SOURCE_DIR "/tests/qtest/allow.txt"
#define LINE_BYTES 512

void qtest_problem(struct qtest_report *report, const char *fmt, ...)
{
	const size_t used = strlen(report->text);
	va_list args;
	int n;

	report->problems++;
	va_start(args, fmt);
	n = vsnprintf(report->text + used, sizeof(report->text) - used, fmt, args);
	va_end(args);
	if (n > 0 && used + (size_t)n + 1 < sizeof(report->text))
		memcpy(report->text + used + n, "\n", 2);
}

/*
 * All lines of a file from @from on through @line; how far that was. QEMU writes a message at once,
 * but not each of them has a newline at its end: what is there is taken as it is.
 */
static off_t each_line(struct qtest *q, int fd, off_t from,
		       void (*line)(struct qtest *q, const char *text, void *arg), void *arg)
{
	char buf[4 * LINE_BYTES] = "";
	size_t have = 0;
	ssize_t n;

	while ((n = pread(fd, buf + have, sizeof(buf) - 1 - have, from + (off_t)have)) > 0) {
		char *at = buf;
		char *end;

		have += (size_t)n;
		buf[have] = 0;
		/* A line that is longer than the buffer counts as several. */
		if (have == sizeof(buf) - 1 && !memchr(buf, '\n', have))
			buf[have - 1] = '\n';
		while ((end = memchr(at, '\n', have - (size_t)(at - buf)))) {
			*end = 0;
			line(q, at, arg);
			at = end + 1;
		}
		from += at - buf;
		have -= (size_t)(at - buf);
		memmove(buf, at, have + 1);
	}
	if (have)
		line(q, buf, arg);
	return from + (off_t)have;
}

/* The number behind a word of the line. */
static bool number_after(const char *line, const char *word, uint64_t *value)
{
	const char *at = strstr(line, word);
	char *end;

	if (!at)
		return false;
	at += strlen(word);
	*value = strtoull(at, &end, 0);
	return end != at;
}

static bool number_from(const char *line, uint64_t *value)
{
	const char *at = strcasestr(line, "0x");

	return at && number_after(at, "", value);
}

/* The first number of a line is the register, and its first word the event. */
static bool is_about(const char *entry, const char *event, const char *reg)
{
	uint64_t want;
	uint64_t is;

	return strncmp(entry, event, strlen(event)) == 0 && entry[strlen(event)] == ' ' &&
	       number_after(reg, "", &want) && number_from(entry, &is) && want == is;
}

/* -EINVAL for a line that does not say why; 1 when @entry is allowed. */
static int allowed(const struct qtest *q, const char *entry)
{
	const char *path = q->opts.allow ? q->opts.allow : ALLOW_FILE;
	FILE *f = fopen(path, "re");
	char text[LINE_BYTES];
	int ret = 0;

	if (!f)
		return fn_fail(-errno, "cannot read %s: %s", path, fn_strerror(errno));
	while (ret == 0 && fgets(text, sizeof(text), f)) {
		char word[4][64];

		if (text[0] == '#' || text[0] == '\n')
			continue;
		if (sscanf(text, "%63s %63s %63s %63s", word[0], word[1], word[2], word[3]) != 4 ||
		    strncmp(word[1], "0x", 2) != 0)
			ret = fn_fail(-EINVAL, "%s: \"%.*s\" is not EVENT REGISTER SECTION REASON",
				      path, (int)strcspn(text, "\n"), text);
		else if (is_about(entry, word[0], word[1]))
			ret = 1;
	}
	(void)fclose(f);
	return ret;
}

static void add_entry(struct qtest *q, const char *text)
{
	const int ret = allowed(q, text);

	if (ret > 0)
		return;
	if (!q->entries++)
		(void)snprintf(q->entry, sizeof(q->entry), "%s", ret < 0 ? fn_error_last() : text);
}

static void add_fault(struct qtest *q, const struct qtest_fault *fault)
{
	q->fault_seen = true;
	q->fault_page = fault->iova;
	for (unsigned i = 0; i < q->expected_n; i++) {
		struct qtest_expected *e = &q->expected[i];

		if (e->fault.source_id == fault->source_id &&
		    e->fault.iova / QTEST_PAGE == fault->iova / QTEST_PAGE) {
			e->seen = true;
			return;
		}
	}
	if (q->faults_n == QTEST_FAULTS)
		q->faults_lost = true;
	else
		q->faults[q->faults_n++] = *fault;
}

/*
 * An access to nowhere is logged as such, too, right behind the fault that it was. The region of a
 * wrong access to a device has a name.
 */
static bool is_last_fault(const struct qtest *q, const char *text)
{
	uint64_t addr;

	return q->fault_seen && strncmp(text, "Invalid ", 8) == 0 && strstr(text, "'(null)'") &&
	       number_after(text, "at addr ", &addr) &&
	       addr / QTEST_PAGE == q->fault_page / QTEST_PAGE;
}

static void log_line(struct qtest *q, const char *text, void *arg)
{
	uint64_t sid;
	uint64_t addr;
	uint64_t write;

	(void)arg;
	if (!strstr(text, "vtd_dmar_fault")) {
		if (*text && !is_last_fault(q, text))
			add_entry(q, text);
		return;
	}
	if (number_after(text, "sid ", &sid) && number_after(text, "addr ", &addr) &&
	    number_after(text, "write ", &write))
		add_fault(q, &(struct qtest_fault){ addr, (uint16_t)sid, write != 0 });
	else
		add_entry(q, text);
}

void qtest_log_scan(struct qtest *q)
{
	qtest_lock(q);
	q->log_done = each_line(q, q->log_fd, q->log_done, log_line, NULL);
	qtest_unlock(q);
}

/* What QEMU says of a fault besides its record, and of how it was started: no news. */
static bool is_known(const char *text)
{
	static const char *const known[] = {
		": vtd_",
		"New fault is not recorded due to compression of faults",
		"Interrupt Mask set, irq is not generated",
		"warning: icount sleep disabled and no active timers",
		"is not connected to host network",
		/* RSS is done in software where the kernel does not take QEMU's program. */
		"Can't load eBPF RSS",
		"libbpf: ",
	};

	for (size_t i = 0; i < FN_ARRAY_LEN(known); i++)
		if (strstr(text, known[i]))
			return true;
	return false;
}

static void err_line(struct qtest *q, const char *text, void *arg)
{
	struct qtest_report *report = arg;

	(void)q;
	if (*text && !is_known(text))
		qtest_problem(report, "QEMU printed: %s", text);
}

void qtest_log_judge(struct qtest *q, struct qtest_report *report)
{
	for (unsigned i = 0; i < q->faults_n; i++)
		qtest_problem(report, "DMA fault: %02x:%02x.%x wanted to %s 0x%llx",
			      q->faults[i].source_id >> 8, q->faults[i].source_id >> 3 & 0x1f,
			      q->faults[i].source_id & 7, q->faults[i].write ? "write" : "read",
			      (unsigned long long)q->faults[i].iova);
	if (q->faults_lost)
		qtest_problem(report, "more DMA faults than %u", QTEST_FAULTS);
	for (unsigned i = 0; i < q->expected_n; i++)
		if (!q->expected[i].seen)
			qtest_problem(report, "no DMA fault at 0x%llx, which was expected",
				      (unsigned long long)q->expected[i].fault.iova);
	if (q->entries)
		qtest_problem(report, "%u entries in QEMU's log, the first: %s", q->entries,
			      q->entry);
	(void)each_line(q, q->err_fd, 0, err_line, report);
}

bool qtest_fault_take(struct qtest *q, struct qtest_fault *fault)
{
	bool found;

	qtest_lock(q);
	qtest_settle(q);
	qtest_log_scan(q);
	(void)qtest_iommu_faulted(q);
	found = q->faults_n > 0;
	if (found) {
		*fault = q->faults[0];
		q->faults_n--;
		memmove(&q->faults[0], &q->faults[1], q->faults_n * sizeof(q->faults[0]));
	}
	qtest_unlock(q);
	return found;
}

int qtest_fault_expect(struct qtest *q, uint64_t iova, uint16_t source_id)
{
	int ret = 0;

	qtest_lock(q);
	if (q->expected_n == QTEST_FAULTS)
		ret = fn_fail(-ENOSPC, "more than %u expected faults", QTEST_FAULTS);
	else
		q->expected[q->expected_n++] =
			(struct qtest_expected){ .fault = { iova, source_id, false } };
	qtest_unlock(q);
	return ret;
}

unsigned qtest_log_entries(struct qtest *q, char *text, size_t bytes)
{
	unsigned n;

	qtest_lock(q);
	qtest_settle(q);
	qtest_log_scan(q);
	n = q->entries;
	if (text)
		(void)snprintf(text, bytes, "%s", n ? q->entry : "");
	qtest_unlock(q);
	return n;
}

void qtest_log_clear(struct qtest *q)
{
	qtest_lock(q);
	qtest_settle(q);
	qtest_log_scan(q);
	q->entries = 0;
	qtest_unlock(q);
}
