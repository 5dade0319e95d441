// SPDX-License-Identifier: BSD-3-Clause
/* Which QEMU: the one that the environment names, or the one that the lab finds for the models. */
#include <ctype.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "qtest/qtest_priv.h"

#define WORDS_MAX 32u
#define CHOICES_MAX 8u

/**
 * struct choice - a QEMU that was found; kept until the process ends, because finding takes longer
 *	than starting
 * @models: for which models
 * @text: the words, ended by a newline each, and then the version
 * @words: the same, apart
 * @version: its version
 */
struct choice {
	char models[256];
	char text[4096];
	char *words[WORDS_MAX];
	const char *version;
};

static struct choice choices[CHOICES_MAX];
static unsigned choices_n;
static pthread_mutex_t choices_lock = PTHREAD_MUTEX_INITIALIZER;

/* The models, each once, as words of a command; -EINVAL for what a shell would take apart. */
static int models_of(const struct qtest_opts *opts, char *text, size_t bytes)
{
	size_t used = 0;

	text[0] = 0;
	for (unsigned i = 0; i < QTEST_NICS && opts->nics[i].model; i++) {
		const char *model = opts->nics[i].model;

		for (const char *p = model; *p; p++)
			if (!isalnum((unsigned char)*p) && *p != '-')
				return fn_fail(-EINVAL, "\"%s\" is no name of a NIC model", model);
		if (strstr(text, model))
			continue;
		used += (size_t)snprintf(text + used, bytes - used, " %s", model);
		if (used >= bytes)
			return fn_fail(-EINVAL, "the names of the NIC models are too long");
	}
	return 0;
}

/* The whole output of a command; its last words say why it failed. */
static int output_of(const char *command, char *text, size_t bytes)
{
	FILE *f =
		popen(command, "re"); /* NOLINT(cert-env33-c): the tree's own tool, checked words */
	size_t used = 0;
	size_t n;
	int status;

	if (!f)
		return fn_fail(-errno, "cannot run %s: %s", command, fn_strerror(errno));
	while ((n = fread(text + used, 1, bytes - 1 - used, f)) > 0)
		used += n;
	text[used] = 0;
	status = pclose(f);
	if (status == 0)
		return 0;
	while (used && text[used - 1] == '\n')
		text[--used] = 0;
	return fn_fail(-EOPNOTSUPP, "no QEMU for this test: %s",
		       used ? text : "the command that looks for one failed");
}

/* Lines become words; the last one is the version. */
static int take_apart(struct choice *c)
{
	unsigned n = 0;
	char *save;

	for (char *line = strtok_r(c->text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		if (n == WORDS_MAX - 1)
			return fn_fail(-EINVAL, "the command for QEMU has more than %u words", n);
		c->words[n++] = line;
	}
	if (n < 2)
		return fn_fail(-EOPNOTSUPP, "no QEMU for this test: it does not tell its version");
	c->version = c->words[n - 1];
	c->words[n - 1] = NULL;
	return 0;
}

static int choose(struct choice *c, const char *models)
{
	const char *own = getenv("FASTNIC_QEMU"); /* NOLINT(concurrency-mt-unsafe): read only */
	char command[1024];
	int ret;

	if (own && *own)
		(void)snprintf(command, sizeof(command),
			       "printf '%%s\\n' \"$FASTNIC_QEMU\" && "
			       "\"$FASTNIC_QEMU\" --version 2>&1 | "
			       "sed -n '1s/.*version \\([^ ]*\\).*/\\1/p'");
	else
		(void)snprintf(command, sizeof(command), "'%s/tools/lab' qemu%s 2>&1",
			       FASTNIC_SOURCE_DIR, models);
	ret = output_of(command, c->text, sizeof(c->text));
	if (!ret)
		ret = take_apart(c);
	if (!ret)
		(void)snprintf(c->models, sizeof(c->models), "%s", models);
	return ret;
}

int qtest_choose(const struct qtest_opts *opts, char *const **words, char *version, size_t bytes)
{
	struct choice *c = NULL;
	char models[256];
	int ret = models_of(opts, models, sizeof(models));

	if (ret)
		return ret;
	(void)pthread_mutex_lock(&choices_lock);
	for (unsigned i = 0; i < choices_n && !c; i++)
		if (strcmp(choices[i].models, models) == 0)
			c = &choices[i];
	if (!c && choices_n == CHOICES_MAX) {
		ret = fn_fail(-EINVAL, "one process tests at most %u sets of models", CHOICES_MAX);
	} else if (!c) {
		c = &choices[choices_n];
		ret = choose(c, models);
		choices_n += !ret;
	}
	(void)pthread_mutex_unlock(&choices_lock);
	if (ret)
		return ret;
	*words = c->words;
	(void)snprintf(version, bytes, "%s", c->version);
	return 0;
}
