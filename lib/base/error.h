/* SPDX-License-Identifier: BSD-3-Clause */
/* How a function inside the library fails: one errno and one sentence. */
#ifndef FN_BASE_ERROR_H
#define FN_BASE_ERROR_H

#include <fastnic/error.h>

/**
 * fn_fail - record why a call fails
 * @ret: negative errno
 * @fmt: the sentence: what failed, on which device, what to do about it
 *
 * The sentence becomes the thread's last one (fn_error_last()). The public function at the top
 * copies it to the caller's &struct fn_error with fn_report(), so that nothing in between hands one
 * through.
 *
 * Return: @ret.
 */
int fn_fail(int ret, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/**
 * fn_fail_add - put words behind the sentence of a failure that is passed on
 * @ret: negative errno, which is passed on
 * @fmt: the words, for a caller that knows more than the callee did
 *
 * Return: @ret.
 */
int fn_fail_add(int ret, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/**
 * struct fn_first_error - the first error of a call that goes on in spite of errors
 * @ret: negative errno, or 0 while there is none
 * @text: its sentence
 *
 * Starts as zeros.
 */
struct fn_first_error {
	int ret;
	char text[FN_ERROR_TEXT_BYTES];
};

/* A step returned @ret: keep it, with the thread's last sentence, if it is the first error. */
void fn_first_error_note(struct fn_first_error *first, int ret);

/* Return: the first error, whose sentence is the thread's last one again; or 0. */
int fn_first_error_fail(const struct fn_first_error *first);

/* The words of an errno; lasts for ever, and any thread may ask. */
const char *fn_strerror(int err);

struct fn_ctx;

/**
 * fn_report - hand a failure to the application, at the top of a public call
 * @ctx: whose log gets the one line; or NULL
 * @err: the caller's, or NULL
 * @ret: what the call will return; 0 and above do nothing
 *
 * Return: @ret.
 */
int fn_report(struct fn_ctx *ctx, struct fn_error *err, int ret);

#endif
