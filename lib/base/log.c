// SPDX-License-Identifier: BSD-3-Clause
/* Log lines on their way to the application's sink. */
#include <stdarg.h>
#include <stdio.h>

#include "base/ctx.h"

void fn_log(const struct fn_ctx *ctx, enum fn_log_level level, const char *fmt, ...)
{
	char line[FN_ERROR_TEXT_BYTES + 64];
	va_list args;

	if (!ctx->opts.log || level > ctx->opts.log_level)
		return;
	va_start(args, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	ctx->opts.log(ctx->opts.log_arg, level, line);
}
