// SPDX-License-Identifier: BSD-3-Clause
/*
 * Shows that programs hold the very driver objects that ship: same_objects ARCHIVE MEMBER... --
 * PROGRAM... Run by tests/perf/objects.sh.
 *
 * Each section of code and data of a MEMBER of ARCHIVE is looked for in each PROGRAM (or shared
 * library) by its symbols, and compared byte by byte, apart from what the linker fills in. So it
 * does not matter how a program came by its drivers: compiled again, with one define more, they are
 * other objects. A program without any driver is passed over.
 */
#include <ar.h>
#include <elf.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SKIPPED 77

/**
 * struct elf - an object, a program or a library
 * @name: for messages
 * @bytes: its bytes
 * @len: how many
 * @sections: section headers
 * @sections_n: how many
 * @names: names of sections
 * @symbols: the symbol table
 * @symbols_n: how many
 * @strings: names of symbols
 */
struct elf {
	const char *name;
	const uint8_t *bytes;
	size_t len;
	const Elf64_Shdr *sections;
	size_t sections_n;
	const char *names;
	const Elf64_Sym *symbols;
	size_t symbols_n;
	const char *strings;
};

/* A mask of a section: 0 where the linker writes. */
static uint8_t mask[1u << 20];

static __attribute__((noreturn, format(printf, 2, 3))) void fail(const char *name, const char *fmt,
								 ...)
{
	va_list ap;

	(void)fprintf(stderr, "same_objects: %s: ", name);
	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	(void)fputc('\n', stderr);
	exit(1); /* NOLINT(concurrency-mt-unsafe): one thread */
}

static const uint8_t *map_file(const char *path, size_t *len)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *bytes;

	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode) || !st.st_size)
		fail(path, "not a file that can be read");
	*len = (size_t)st.st_size;
	bytes = mmap(NULL, *len, PROT_READ, MAP_PRIVATE, fd, 0);
	(void)close(fd);
	if (bytes == MAP_FAILED)
		fail(path, "cannot be mapped");
	return bytes;
}

static const void *part(const struct elf *elf, uint64_t off, uint64_t len)
{
	if (off > elf->len || len > elf->len - off)
		fail(elf->name, "damaged: bytes %" PRIu64 " and on are missing", off);
	return elf->bytes + off;
}

static bool is_elf(const uint8_t *bytes, size_t len)
{
	return len >= sizeof(Elf64_Ehdr) && memcmp(bytes, ELFMAG, SELFMAG) == 0 &&
	       bytes[EI_CLASS] == ELFCLASS64;
}

static struct elf elf_open(const char *name, const uint8_t *bytes, size_t len)
{
	struct elf elf = { .name = name, .bytes = bytes, .len = len };
	Elf64_Ehdr head;

	memcpy(&head, bytes, sizeof(head));
	if (head.e_machine != EM_X86_64) {
		(void)printf("skipped: same_objects knows the relocations of x86-64 only\n");
		exit(SKIPPED); /* NOLINT(concurrency-mt-unsafe): one thread */
	}
	elf.sections_n = head.e_shnum;
	elf.sections = part(&elf, head.e_shoff, elf.sections_n * sizeof(Elf64_Shdr));
	elf.names = part(&elf, elf.sections[head.e_shstrndx].sh_offset, 1);
	for (size_t i = 0; i < elf.sections_n; i++) {
		const Elf64_Shdr *s = &elf.sections[i];

		if (s->sh_type != SHT_SYMTAB)
			continue;
		elf.symbols = part(&elf, s->sh_offset, s->sh_size);
		elf.symbols_n = s->sh_size / sizeof(Elf64_Sym);
		elf.strings = part(&elf, elf.sections[s->sh_link].sh_offset, 1);
	}
	if (!elf.symbols)
		fail(name, "has no symbol table; build it without strip");
	return elf;
}

static bool is_code_or_data(const Elf64_Sym *sym)
{
	return ELF64_ST_TYPE(sym->st_info) == STT_FUNC || ELF64_ST_TYPE(sym->st_info) == STT_OBJECT;
}

/* The source that the symbols of an object come from. */
static const char *object_source(const struct elf *object)
{
	for (size_t i = 0; i < object->symbols_n; i++)
		if (ELF64_ST_TYPE(object->symbols[i].st_info) == STT_FILE)
			return object->strings + object->symbols[i].st_name;
	fail(object->name, "does not say what source it comes from");
}

/*
 * A symbol of an object in a program. Local ones stand behind the name of their source; global ones
 * that a library hides are local there too, without it. NULL when there is none, or more than one.
 */
static const Elf64_Sym *find(const struct elf *program, const struct elf *object,
			     const Elf64_Sym *wanted)
{
	const bool local = ELF64_ST_BIND(wanted->st_info) == STB_LOCAL;
	const char *const source = object_source(object);
	const char *const name = object->strings + wanted->st_name;
	const Elf64_Sym *found = NULL;
	const char *file = "";

	for (size_t i = 0; i < program->symbols_n; i++) {
		const Elf64_Sym *sym = &program->symbols[i];
		const char *text = program->strings + sym->st_name;

		if (ELF64_ST_TYPE(sym->st_info) == STT_FILE)
			file = text;
		if (sym->st_shndx == SHN_UNDEF ||
		    ELF64_ST_TYPE(sym->st_info) != ELF64_ST_TYPE(wanted->st_info) ||
		    strcmp(text, name) != 0 || (local && strcmp(file, source) != 0))
			continue;
		if (found)
			return NULL;
		found = sym;
	}
	return found;
}

/* The bytes of a program at an address. */
static const uint8_t *at(const struct elf *program, uint64_t addr, uint64_t len)
{
	for (size_t i = 0; i < program->sections_n; i++) {
		const Elf64_Shdr *s = &program->sections[i];

		if ((s->sh_flags & SHF_ALLOC) && s->sh_type == SHT_PROGBITS && addr >= s->sh_addr &&
		    addr - s->sh_addr <= s->sh_size && len <= s->sh_size - (addr - s->sh_addr))
			return part(program, s->sh_offset + (addr - s->sh_addr), len);
	}
	return NULL;
}

/* What the linker writes for a relocation: bytes in front of its place and from there on. */
static void reloc_extent(const struct elf *object, uint64_t type, uint64_t *before, uint64_t *len)
{
	*before = 0;
	*len = 4;
	switch (type) {
	case R_X86_64_64:
		*len = 8;
		break;
	case R_X86_64_PC32:
	case R_X86_64_PLT32:
	case R_X86_64_32:
	case R_X86_64_32S:
	case R_X86_64_GOTPCREL:
		break;
	case R_X86_64_GOTPCRELX:
	case R_X86_64_REX_GOTPCRELX:
		/* The linker may make the load of an address one without memory: psABI B.2. */
		*before = 3;
		break;
	default:
		fail(object->name, "relocation type %" PRIu64 ": teach same_objects its width",
		     type);
	}
}

static void mask_make(const struct elf *object, size_t section)
{
	const uint64_t size = object->sections[section].sh_size;

	if (size > sizeof(mask))
		fail(object->name, "a section of more than %zu bytes", sizeof(mask));
	memset(mask, 0xff, size);
	for (size_t i = 0; i < object->sections_n; i++) {
		const Elf64_Shdr *s = &object->sections[i];
		const Elf64_Rela *rela;

		if (s->sh_type != SHT_RELA || s->sh_info != section)
			continue;
		rela = part(object, s->sh_offset, s->sh_size);
		for (uint64_t k = 0; k < s->sh_size / sizeof(*rela); k++) {
			const uint64_t off = rela[k].r_offset;
			uint64_t before;
			uint64_t len;

			reloc_extent(object, ELF64_R_TYPE(rela[k].r_info), &before, &len);
			before = before < off ? before : off;
			if (len > size || off > size - len)
				fail(object->name, "damaged: a relocation outside of its section");
			memset(mask + (off - before), 0, len + before);
		}
	}
}

/* What is compared: code, and data that the linker leaves in one piece. */
static bool is_compared(const struct elf *object, size_t section)
{
	const Elf64_Shdr *s = &object->sections[section];

	return s->sh_type == SHT_PROGBITS && (s->sh_flags & SHF_ALLOC) &&
	       !(s->sh_flags & SHF_MERGE) && s->sh_size &&
	       strcmp(object->names + s->sh_name, ".eh_frame") != 0;
}

/*
 * Where a section of an object lies in a program: false when no symbol tells. All that tell must
 * agree.
 */
static bool find_section(const struct elf *program, const struct elf *object, size_t section,
			 uint64_t *addr)
{
	bool found = false;

	for (size_t i = 0; i < object->symbols_n; i++) {
		const Elf64_Sym *wanted = &object->symbols[i];
		const Elf64_Sym *sym;

		if (wanted->st_shndx != section || !is_code_or_data(wanted))
			continue;
		sym = find(program, object, wanted);
		if (!sym)
			continue;
		if (found && *addr != sym->st_value - wanted->st_value)
			fail(program->name,
			     "%s is not what ships: %s lies elsewhere in it than in the library's",
			     object->name, object->strings + wanted->st_name);
		*addr = sym->st_value - wanted->st_value;
		found = true;
	}
	return found;
}

/* The function that an offset of a section is in. */
static const char *function_at(const struct elf *object, size_t section, uint64_t off)
{
	for (size_t i = 0; i < object->symbols_n; i++) {
		const Elf64_Sym *sym = &object->symbols[i];

		if (sym->st_shndx == section && is_code_or_data(sym) && off >= sym->st_value &&
		    off - sym->st_value < sym->st_size)
			return object->strings + sym->st_name;
	}
	return object->names + object->sections[section].sh_name;
}

/* A section of an object is in a program as it is in the archive. Returns bytes compared. */
static uint64_t compare_section(const struct elf *program, const struct elf *object, size_t section)
{
	const Elf64_Shdr *s = &object->sections[section];
	const uint8_t *ours = part(object, s->sh_offset, s->sh_size);
	const uint8_t *theirs;
	uint64_t addr = 0;

	if (!find_section(program, object, section, &addr)) {
		/* Tables of switches have no name; functions do. */
		if (s->sh_flags & SHF_EXECINSTR)
			fail(program->name, "%s is not what ships: its %s is not there",
			     object->name, object->names + s->sh_name);
		return 0;
	}
	theirs = at(program, addr, s->sh_size);
	if (!theirs)
		fail(program->name, "%s is not what ships: its %s lies in several sections",
		     object->name, object->names + s->sh_name);
	mask_make(object, section);
	for (uint64_t i = 0; i < s->sh_size; i++)
		if ((ours[i] ^ theirs[i]) & mask[i])
			fail(program->name,
			     "%s is not what ships: byte %" PRIu64 " of %s differs, in %s",
			     object->name, i, object->names + s->sh_name,
			     function_at(object, section, i));
	return s->sh_size;
}

/* Nothing was compiled into the program from the same source that the library does not have. */
static void no_more_functions(const struct elf *program, const struct elf *object)
{
	const char *const source = object_source(object);
	const char *file = "";

	for (size_t i = 0; i < program->symbols_n; i++) {
		const Elf64_Sym *sym = &program->symbols[i];
		const char *name = program->strings + sym->st_name;
		bool known = false;

		if (ELF64_ST_TYPE(sym->st_info) == STT_FILE)
			file = name;
		if (ELF64_ST_TYPE(sym->st_info) != STT_FUNC || strcmp(file, source) != 0 ||
		    ELF64_ST_BIND(sym->st_info) != STB_LOCAL)
			continue;
		for (size_t k = 0; k < object->symbols_n && !known; k++)
			known = strcmp(object->strings + object->symbols[k].st_name, name) == 0;
		if (!known)
			fail(program->name, "%s is not what ships: %s() is not in the library's",
			     object->name, name);
	}
}

/* The program holds an object of this name: one of its global functions. */
static bool holds(const struct elf *program, const struct elf *object)
{
	for (size_t i = 0; i < object->symbols_n; i++) {
		const Elf64_Sym *sym = &object->symbols[i];

		if (ELF64_ST_BIND(sym->st_info) == STB_GLOBAL && is_code_or_data(sym) &&
		    sym->st_shndx != SHN_UNDEF && find(program, object, sym))
			return true;
	}
	return false;
}

/* FNV-1a, of what is compared: for the reader's eye, and for a log. */
static uint64_t checksum(const struct elf *object)
{
	uint64_t sum = 0xcbf29ce484222325;

	for (size_t i = 0; i < object->sections_n; i++) {
		const Elf64_Shdr *s = &object->sections[i];
		const uint8_t *bytes;

		if (!is_compared(object, i))
			continue;
		bytes = part(object, s->sh_offset, s->sh_size);
		mask_make(object, i);
		for (uint64_t k = 0; k < s->sh_size; k++)
			sum = (sum ^ (bytes[k] & mask[k])) * 0x100000001b3;
	}
	return sum;
}

/*
 * A member of an archive: ar's format, with GNU's long names. It is copied to where it is aligned,
 * and stays until the end.
 */
static struct elf member_open(const char *archive, const uint8_t *bytes, size_t len,
			      const char *wanted)
{
	const char *long_names = "";
	size_t off = SARMAG;
	struct ar_hdr head;

	while (off + sizeof(head) <= len) {
		const char *name = (const char *)bytes + off;
		size_t size;

		memcpy(&head, name, sizeof(head));
		size = strtoul(head.ar_size, NULL, 10);
		off += sizeof(head);
		if (size > len - off)
			fail(archive, "damaged: its last member is cut");
		if (name[0] == '/' && name[1] == '/')
			long_names = (const char *)bytes + off;
		else if (name[0] == '/' && name[1] >= '0' && name[1] <= '9')
			name = long_names + strtoul(name + 1, NULL, 10);
		if (strncmp(name, wanted, strlen(wanted)) == 0 && name[strlen(wanted)] == '/') {
			uint8_t *copy = malloc(size);

			if (!copy || !is_elf(bytes + off, size))
				fail(archive, "%s is not an object", wanted);
			memcpy(copy, bytes + off, size);
			/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): freed by the exit */
			return elf_open(wanted, copy, size);
		}
		off += size + size % 2;
	}
	fail(archive, "has no member %s", wanted);
}

/* Returns whether the program holds any of the objects; then it must hold them as they are. */
static bool check_program(const char *path, const struct elf *objects, unsigned n)
{
	size_t len;
	const uint8_t *bytes = map_file(path, &len);
	unsigned held = 0;
	uint64_t compared = 0;
	struct elf program;

	if (!is_elf(bytes, len))
		return false;
	program = elf_open(path, bytes, len);
	for (unsigned i = 0; i < n; i++) {
		if (!holds(&program, &objects[i]))
			continue;
		held++;
		for (size_t k = 0; k < objects[i].sections_n; k++)
			if (is_compared(&objects[i], k))
				compared += compare_section(&program, &objects[i], k);
		no_more_functions(&program, &objects[i]);
	}
	if (held)
		(void)printf("%s: %u objects of drivers, %" PRIu64 " bytes as they ship\n", path,
			     held, compared);
	return held != 0;
}

int main(int argc, char **argv)
{
	static struct elf objects[256];
	unsigned with_drivers = 0;
	const uint8_t *archive;
	unsigned n = 0;
	size_t len;
	int i;

	if (argc < 5)
		fail("usage", "same_objects ARCHIVE MEMBER... -- PROGRAM...");
	archive = map_file(argv[1], &len);
	if (len < SARMAG || memcmp(archive, ARMAG, SARMAG) != 0)
		fail(argv[1], "not an archive");
	for (i = 2; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (n == sizeof(objects) / sizeof(objects[0]))
			fail(argv[1], "more than %u members to compare", n);
		objects[n] = member_open(argv[1], archive, len, argv[i]);
		(void)printf("%s: checksum %016" PRIx64 "\n", argv[i], checksum(&objects[n]));
		n++;
	}
	for (i++; i < argc; i++)
		with_drivers += check_program(argv[i], objects, n);
	if (!n || !with_drivers)
		fail(argv[1], "no driver was compared");
	return 0;
}
