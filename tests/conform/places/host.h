/* SPDX-License-Identifier: BSD-3-Clause */
/* What a program in the lab's guest asks the host to do, and its answer. */
#ifndef FN_TESTS_CONFORM_PLACES_HOST_H
#define FN_TESTS_CONFORM_PLACES_HOST_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Asks on @to, in a line, for @what, and waits on the file @from for the answer to @number: "done",
 * or why not. What answers other numbers was asked for by somebody who was killed before he read
 * it, and is dropped. False: there is no answer.
 */
bool host_ask(int to, const char *from, unsigned long number, const char *what, char *answer,
	      size_t bytes);

#endif
