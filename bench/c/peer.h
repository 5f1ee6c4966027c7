/*
 * What the C side of the benchmarks has in common. Each program reads commands from stdin, one per line, and answers
 * each with one line of JSON; bench/peers/ours.mjs speaks the same for our client.
 */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include <stdint.h>

/* The keys of the get and latency commands, bench.get.000000 to bench.get.000063, and the room that our client asks for. */
#define GET_KEYS 64
#define KEY_BYTES 64
#define VALUE_ROOM 256

struct command {
	const char *name;
	int arguments;
	void (*run)(char **arguments);
};

/* The time and the processor time that something took. */
struct stopwatch {
	int64_t started_ns;
	int64_t started_cpu_ns;
};

/* Serves commands until the end of stdin. The last entry of `commands` has no name. */
void serve(const struct command *commands);

int64_t now_ns(void);
struct stopwatch start_watch(void);

/* Prints { count, ns, cpuNs }. */
void report(struct stopwatch watch, int64_t count);

/* The deadline of a command that runs for a time, from its argument in seconds. */
int64_t deadline_after(const char *seconds);

/* The name of entry `index` below a prefix: PREFIX and six digits. */
void entry_key(char key[KEY_BYTES], const char *prefix, int64_t index);

const char *get_key(int64_t index);

/* Ends the program unless code is CS_OK. */
void check(const char *call, int code);

/* Latencies, sorted when they are reported as { count, p50Ns, p99Ns, maxNs }. */
void note_latency(int64_t ns);
void report_latencies(void);

#endif
