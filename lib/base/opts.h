/* SPDX-License-Identifier: BSD-3-Clause */
/* Structs that start with their size and may be older or newer than this library. */
#ifndef FN_BASE_OPTS_H
#define FN_BASE_OPTS_H

#include <stdbool.h>
#include <stddef.h>

/**
 * fn_opts_get - take over an option struct of the caller
 * @ours: receives the options, zero where the caller's struct is shorter; its size becomes
 *	@ours_bytes
 * @ours_bytes: bytes of the struct that this library knows
 * @theirs: the caller's struct, which starts with its size as a size_t; or NULL for all defaults
 *
 * Return: true; false when the size is impossible, or when a newer caller asks for something that
 * this library does not know (bytes beyond ours that are not zero).
 */
bool fn_opts_get(void *ours, size_t ours_bytes, const void *theirs);

/* The sentence for a caller whose struct @name fn_opts_get() refused; returns -EINVAL. */
int fn_opts_fail(const char *name);

struct fn_error;

/*
 * Where the sentence of a failure goes by a struct of the caller that has its place for it behind
 * its size: what it holds beside does not matter, be it that the struct is to be filled, or that
 * fn_opts_get() refused it. NULL when it is too short, or NULL itself.
 */
struct fn_error *fn_opts_err(const void *theirs);

/**
 * fn_info_put - fill an information struct of the caller
 * @theirs: the caller's struct, which starts with its size as a size_t; that member stays
 * @ours: what to fill it with
 * @ours_bytes: bytes of @ours
 *
 * Writes no further than the caller's size; what the caller knows and this library does not is
 * zero.
 */
void fn_info_put(void *theirs, const void *ours, size_t ours_bytes);

/* The same for a struct with the place for a sentence behind its size: that member stays too. */
void fn_info_put_err(void *theirs, const void *ours, size_t ours_bytes);

/* There is a struct to fill, with a size that it can have. */
bool fn_info_ok(const void *theirs);

#endif
