// SPDX-License-Identifier: BSD-3-Clause
/* What a program in the lab's guest asks the host to do: tests/vm/conform_host.pl answers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conform/places/host.h"

/* The text of "NUMBER TEXT"; NULL when the number is another's. */
static const char *text_for(const char *line, unsigned long number)
{
	char *end;

	return strtoul(line, &end, 10) == number && end != line && *end == ' ' ? end + 1 : NULL;
}

bool host_ask(int to, const char *from, unsigned long number, const char *what, char *answer,
	      size_t bytes)
{
	FILE *file = fopen(from, "re");
	const char *text = NULL;
	char line[256];

	if (!file)
		return false;
	if (dprintf(to, "@host %lu %s\n", number, what) > 0)
		while (!text && fgets(line, sizeof(line), file))
			text = text_for(line, number);
	(void)snprintf(answer, bytes, "%.*s", (int)strcspn(text ? text : "", "\n"),
		       text ? text : "");
	(void)fclose(file);
	return text != NULL;
}
