// SPDX-License-Identifier: BSD-3-Clause
/* The thread's last error sentence, and the one way to hand it to the application. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/ctx.h"
#include "base/error.h"

static _Thread_local char last_text[FN_ERROR_TEXT_BYTES];

const char *fn_error_last(void)
{
	return last_text;
}

int fn_fail(int ret, const char *fmt, ...)
{
	char text[FN_ERROR_TEXT_BYTES];
	va_list args;

	/* An argument may point into last_text. */
	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	memcpy(last_text, text, sizeof(text));
	return ret;
}

int fn_fail_add(int ret, const char *fmt, ...)
{
	size_t used = strlen(last_text);
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(last_text + used, sizeof(last_text) - used, fmt, args);
	va_end(args);
	return ret;
}

void fn_first_error_note(struct fn_first_error *first, int ret)
{
	if (!ret || first->ret)
		return;
	first->ret = ret;
	memcpy(first->text, last_text, sizeof(first->text));
}

int fn_first_error_fail(const struct fn_first_error *first)
{
	return first->ret ? fn_fail(first->ret, "%s", first->text) : 0;
}

const char *fn_strerror(int err)
{
	const char *words = strerrordesc_np(err);

	return words ? words : "unknown error";
}

static void error_fill(struct fn_error *err, int ret)
{
	const size_t text_at = offsetof(struct fn_error, text);

	if (err->sz < text_at)
		return;
	err->code = ret;
	if (err->sz > text_at)
		(void)snprintf(err->text,
			       err->sz - text_at < sizeof(err->text) ? err->sz - text_at :
								       sizeof(err->text),
			       "%s", last_text);
}

int fn_report(struct fn_ctx *ctx, struct fn_error *err, int ret)
{
	if (ret >= 0)
		return ret;
	if (err)
		error_fill(err, ret);
	if (ctx)
		fn_log(ctx, FN_LOG_ERROR, "%s", last_text);
	return ret;
}
