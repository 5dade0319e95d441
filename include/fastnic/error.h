/* SPDX-License-Identifier: BSD-3-Clause */
/* Errors: a negative errno as the return value, and a sentence that says what to do. */
#ifndef FASTNIC_ERROR_H
#define FASTNIC_ERROR_H

#include <fastnic/base.h>

FN_BEGIN_DECLS

#define FN_ERROR_TEXT_BYTES 500

/**
 * struct fn_error - one failure, in words
 * @sz: set by the caller to sizeof(struct fn_error); the library writes no further
 * @code: the negative errno that the failed call returned
 * @text: one sentence: what failed, on which device, and what to do about it
 *
 * Owned by the caller, who points to it from the struct that a call takes or fills. It is written
 * only when that call fails. FN_ERROR_INIT sets @sz.
 */
struct fn_error {
	size_t sz;
	int code;
	char text[FN_ERROR_TEXT_BYTES];
};

#define FN_ERROR_INIT                       \
	{                                   \
		sizeof(struct fn_error), 0, \
		{                           \
			0                   \
		}                           \
	}

/**
 * fn_error_last - the sentence of the calling thread's last failed call
 *
 * Any thread. Works without a context too, and for calls that take no option struct. The text stays
 * until the thread's next failing call of the library and must not be freed. What runs in the data
 * path has no sentence and leaves the last one as it is: fn_rxq_arm(), fn_txq_arm() and the
 * statuses of queues return a code alone.
 *
 * Return: the sentence; an empty string when no call has failed on this thread.
 */
FN_API const char *fn_error_last(void);

FN_END_DECLS

#endif
