// SPDX-License-Identifier: BSD-3-Clause
/* How a body ends: what was wrong, where, and with which values. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conform/conform.h"
#include "conform/runner.h"

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

void conform_fail(struct conform *c, const char *file, int line, const char *fmt, ...)
{
	char *to = c->reason;
	size_t room = sizeof(c->reason);
	va_list args;
	int n = snprintf(to, room, "%s:%d: ", base_name(file), line);

	va_start(args, fmt);
	(void)vsnprintf(to + n, room - (size_t)n, fmt, args);
	va_end(args);
	longjmp(c->ended, CONFORM_FAILED);
}

void conform_skip(struct conform *c, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(c->reason, sizeof(c->reason), fmt, args);
	va_end(args);
	longjmp(c->ended, CONFORM_SKIPPED);
}

void conform_check_eq(struct conform *c, const char *file, int line, const char *what,
		      const char *wanted, long long got, long long want)
{
	if (got != want)
		conform_fail(c, file, line, "%s is %lld (0x%llx), not %s, %lld (0x%llx)", what, got,
			     (unsigned long long)got, wanted, want, (unsigned long long)want);
}

void conform_check_ret(struct conform *c, const char *file, int line, const char *call, int got,
		       int want)
{
	if (got == want)
		return;
	conform_fail(c, file, line, "%s gave %d (%s), not %d%s%s", call, got,
		     got ? strerror(abs(got)) : "success", want, got ? ": " : "",
		     got ? fn_error_last() : "");
}

void conform_check_mem(struct conform *c, const char *file, int line, const char *what,
		       const void *got, const void *want, size_t len)
{
	const uint8_t *a = got;
	const uint8_t *b = want;

	for (size_t i = 0; i < len; i++)
		if (a[i] != b[i])
			conform_fail(c, file, line, "%s: byte %zu of %zu is 0x%02x, not 0x%02x",
				     what, i, len, a[i], b[i]);
}
