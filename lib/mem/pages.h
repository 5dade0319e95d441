/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory files: hugepages without a mount, on a NUMA node, present from the start. */
#ifndef FN_MEM_PAGES_H
#define FN_MEM_PAGES_H

#include <fastnic/ctx.h>

/**
 * struct fn_pages - a run of memory of its own file
 * @va: where it is mapped
 * @len: bytes, whole pages
 * @page_bytes: the size of its pages
 * @fd: the file, sealed: nobody who gets the descriptor can take pages away from under a user
 */
struct fn_pages {
	void *va;
	size_t len;
	size_t page_bytes;
	int fd;
};

/**
 * struct fn_pages_source - where a context's pages come from
 * @ctx: whose log gets the warnings
 * @page_bytes: as &fn_ctx_opts.page_bytes
 * @warned_size: the one warning about ordinary pages is out
 * @warned_node: the one warning about memory on another node is out
 */
struct fn_pages_source {
	struct fn_ctx *ctx;
	size_t page_bytes;
	bool warned_size;
	bool warned_node;
};

/* What @len bytes will occupy if hugepages can be had: whole pages. */
size_t fn_pages_round(const struct fn_pages_source *source, size_t len);

/**
 * fn_pages_alloc - make zeroed memory, all of it present
 * @source: where from
 * @len: bytes, at least 1, at most PTRDIFF_MAX
 * @soon: bytes that will be asked for next, so that a remedy names enough
 * @numa_node: the node that it shall lie on, or -1
 * @pages: receives the memory
 *
 * No child of fork() inherits it: a child that wrote to it would write where devices do.
 *
 * Return: 0; -EINVAL when there is no such node; -ENOMEM; -EMFILE or -ENFILE. With a sentence.
 */
int fn_pages_alloc(struct fn_pages_source *source, size_t len, size_t soon, int numa_node,
		   struct fn_pages *pages);

void fn_pages_free(struct fn_pages *pages);

/* The node that the page at @va lies on, or -1 when the kernel does not say. */
int fn_pages_node(void *va);

/* Ask for the memory at @va, whole pages and not touched yet, to lie on a node; best effort. */
void fn_pages_prefer_node(void *va, size_t len, int numa_node);

/* Whether the process can read and write all of it, which becomes present: 0 or -EFAULT. */
int fn_pages_check(void *va, size_t len);

/* Bytes of an ordinary page. */
size_t fn_page_bytes(void);

#endif
