// SPDX-License-Identifier: BSD-3-Clause
/* Structs that start with their size and may be older or newer than this library. */
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/opts.h"

bool fn_opts_get(void *ours, size_t ours_bytes, const void *theirs)
{
	const unsigned char *bytes = theirs;
	size_t sz;

	memset(ours, 0, ours_bytes);
	if (theirs) {
		memcpy(&sz, theirs, sizeof(sz));
		if (sz < sizeof(sz))
			return false;
		for (size_t i = ours_bytes; i < sz; i++)
			if (bytes[i])
				return false;
		memcpy(ours, theirs, sz < ours_bytes ? sz : ours_bytes);
	}
	memcpy(ours, &ours_bytes, sizeof(ours_bytes));
	return true;
}

int fn_opts_fail(const char *name)
{
	return fn_fail(-EINVAL,
		       "%s.sz is wrong, or the struct asks for something newer than this library "
		       "(version %u.%u.%u): clear the struct, then set sz to sizeof(struct %s)",
		       name, FN_VERSION_MAJOR, FN_VERSION_MINOR, FN_VERSION_PATCH, name);
}

struct fn_error *fn_opts_err(const void *theirs)
{
	struct {
		size_t sz;
		struct fn_error *err;
	} head;

	if (!theirs)
		return NULL;
	memcpy(&head.sz, theirs, sizeof(head.sz));
	if (head.sz < sizeof(head))
		return NULL;
	memcpy(&head, theirs, sizeof(head));
	return head.err;
}

bool fn_info_ok(const void *theirs)
{
	size_t sz = 0;

	if (theirs)
		memcpy(&sz, theirs, sizeof(sz));
	return sz >= sizeof(sz);
}

/* Fill all behind the first @head bytes. */
static void put_behind(void *theirs, const void *ours, size_t ours_bytes, size_t head)
{
	size_t sz;
	size_t known;

	memcpy(&sz, theirs, sizeof(sz));
	if (sz <= head)
		return;
	known = sz < ours_bytes ? sz : ours_bytes;
	memcpy((char *)theirs + head, (const char *)ours + head, known - head);
	memset((char *)theirs + known, 0, sz - known);
}

void fn_info_put(void *theirs, const void *ours, size_t ours_bytes)
{
	put_behind(theirs, ours, ours_bytes, sizeof(size_t));
}

void fn_info_put_err(void *theirs, const void *ours, size_t ours_bytes)
{
	put_behind(theirs, ours, ours_bytes, sizeof(size_t) + sizeof(struct fn_error *));
}
