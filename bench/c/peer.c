#include "peer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define LINE_BYTES 1024
#define MAX_ARGUMENTS 8
#define MAX_LATENCIES 2000000

static int64_t latencies[MAX_LATENCIES];
static int64_t latency_count;

int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int64_t cpu_ns(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return ((int64_t)usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000000 +
	       ((int64_t)usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000;
}

struct stopwatch start_watch(void)
{
	return (struct stopwatch){ .started_ns = now_ns(), .started_cpu_ns = cpu_ns() };
}

void report(struct stopwatch watch, int64_t count)
{
	int64_t ns = now_ns() - watch.started_ns;
	int64_t cpu = cpu_ns() - watch.started_cpu_ns;

	printf("{\"count\":%" PRId64 ",\"ns\":%" PRId64 ",\"cpuNs\":%" PRId64 "}\n", count, ns, cpu);
	fflush(stdout);
}

int64_t deadline_after(const char *seconds)
{
	return now_ns() + (int64_t)(strtod(seconds, NULL) * 1e9);
}

void entry_key(char key[KEY_BYTES], const char *prefix, int64_t index)
{
	snprintf(key, KEY_BYTES, "%s%06" PRId64, prefix, index);
}

const char *get_key(int64_t index)
{
	static char keys[GET_KEYS][KEY_BYTES];

	if (keys[0][0] == '\0') {
		for (int i = 0; i < GET_KEYS; i++)
			entry_key(keys[i], "bench.get.", i);
	}
	return keys[index % GET_KEYS];
}

void check(const char *call, int code)
{
	if (code == 1)
		return;
	fprintf(stderr, "%s: error %d\n", call, code);
	exit(1);
}

void note_latency(int64_t ns)
{
	if (latency_count < MAX_LATENCIES)
		latencies[latency_count++] = ns;
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a;
	int64_t y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

void report_latencies(void)
{
	int64_t n = latency_count;

	if (n == 0) {
		fprintf(stderr, "no latency was measured\n");
		exit(1);
	}
	qsort(latencies, (size_t)n, sizeof(latencies[0]), compare);
	printf("{\"count\":%" PRId64 ",\"p50Ns\":%" PRId64 ",\"p99Ns\":%" PRId64 ",\"maxNs\":%" PRId64 "}\n", n,
	       latencies[n / 2], latencies[n * 99 / 100], latencies[n - 1]);
	fflush(stdout);
	latency_count = 0;
}

static void run_command(const struct command *commands, char *line)
{
	char *words[MAX_ARGUMENTS + 1] = { 0 };
	int count = 0;

	for (char *word = strtok(line, " \n"); word != NULL && count < MAX_ARGUMENTS; word = strtok(NULL, " \n"))
		words[count++] = word;
	for (const struct command *command = commands; command->name != NULL; command++) {
		if (count == command->arguments + 1 && strcmp(command->name, words[0]) == 0) {
			command->run(words + 1);
			return;
		}
	}
	fprintf(stderr, "no such command: %s with %d arguments\n", count > 0 ? words[0] : "", count - 1);
	exit(2);
}

void serve(const struct command *commands)
{
	char line[LINE_BYTES];

	while (fgets(line, sizeof(line), stdin) != NULL)
		run_command(commands, line);
}
