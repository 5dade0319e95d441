// SPDX-License-Identifier: BSD-3-Clause
/* Every public function links, is found by dlsym (inline ones too), and is in the symbol map. */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include <fastnic/fastnic.h>

/* Taking the address makes the linker prove that it exists. */
#define X(name) { #name, (void (*)(void))(name) },
static const struct {
	const char *name;
	void (*linked)(void);
} functions[] = {
#include "functions.inc"
};
#undef X

static bool in_map(const char *map_file, const char *name)
{
	FILE *f = fopen(map_file, "re");
	char line[256];
	char wanted[256];
	bool found = false;

	if (!f)
		return false;
	(void)snprintf(wanted, sizeof(wanted), "\t%s;\n", name);
	while (!found && fgets(line, sizeof(line), f))
		found = strcmp(line, wanted) == 0;
	(void)fclose(f);
	return found;
}

int main(int argc, char **argv)
{
	void *lib = dlopen("libfastnic.so.0.1", RTLD_NOW | RTLD_NOLOAD);
	const unsigned n = sizeof(functions) / sizeof(functions[0]);
	int bad = 0;

	if (argc != 2 || !lib) {
		(void)fprintf(stderr, "usage: test_symbols MAP, linked with libfastnic.so.0.1\n");
		return 2;
	}
	for (unsigned i = 0; i < n; i++) {
		if (!functions[i].linked || !dlsym(lib, functions[i].name)) {
			(void)printf("%s is declared and not exported\n", functions[i].name);
			bad = 1;
		}
		if (!in_map(argv[1], functions[i].name)) {
			(void)printf("%s is not in lib/fastnic.map\n", functions[i].name);
			bad = 1;
		}
	}
	/* A symbol that no header declares must stay inside. */
	if (dlsym(lib, "fn_fail")) {
		(void)printf("fn_fail is exported: hidden visibility does not work\n");
		bad = 1;
	}
	if (n < 60) {
		(void)printf("only %u functions found: mend functions.sh\n", n);
		bad = 1;
	}
	(void)dlclose(lib);
	(void)printf("%u functions\n", n);
	return bad;
}
