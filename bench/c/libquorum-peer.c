/*
 * libquorum and libvotequorum as they are meant to be used: one call after the other.
 *
 *   get-quorate SECONDS           quorum_getquorate, one at a time
 *   get-info SECONDS              votequorum_getinfo, one at a time
 *   event-times COUNT             answers {} when the tracking is there; then quorum_dispatch until COUNT events of quorum have come,
 *                                 and reports when each came
 *   paced-polls COUNT US          polls as a quorum device once in US microseconds, whose vote comes and goes, which makes and ends
 *                                 quorum each time; reports when each poll was made
 */
#include "peer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>

#include <corosync/quorum.h>
#include <corosync/votequorum.h>

#define DEVICE "bench"
#define MOST_TIMES 100000

static quorum_handle_t quorum;
static votequorum_handle_t votequorum;
static votequorum_ring_id_t ring_id;
static int64_t times[MOST_TIMES];
static int64_t time_count;

static void note_time(void)
{
	if (time_count < MOST_TIMES)
		times[time_count++] = now_ns();
}

static void report_times(void)
{
	printf("{\"times\":[");
	for (int64_t i = 0; i < time_count; i++)
		printf("%s%" PRId64, i == 0 ? "" : ",", times[i]);
	puts("]}");
	fflush(stdout);
	time_count = 0;
}

static void on_quorum(quorum_handle_t unused, uint32_t quorate, struct quorum_ring_id ring, uint32_t count,
		      const uint32_t *members)
{
	(void)unused, (void)quorate, (void)ring, (void)count, (void)members;
	note_time();
}

static void on_nodelist(votequorum_handle_t unused, uint64_t context, votequorum_ring_id_t ring, uint32_t count,
			uint32_t nodes[])
{
	(void)unused, (void)context, (void)count, (void)nodes;
	ring_id = ring;
}

static void get_quorate(char **arguments)
{
	int64_t deadline = deadline_after(arguments[0]);
	int64_t count = 0;
	struct stopwatch watch = start_watch();

	for (; now_ns() < deadline; count++) {
		int quorate;

		check("quorum_getquorate", (int)quorum_getquorate(quorum, &quorate));
	}
	report(watch, count);
}

static void get_info(char **arguments)
{
	int64_t deadline = deadline_after(arguments[0]);
	int64_t count = 0;
	struct stopwatch watch = start_watch();

	for (; now_ns() < deadline; count++) {
		struct votequorum_info info;

		check("votequorum_getinfo", (int)votequorum_getinfo(votequorum, 0, &info));
	}
	report(watch, count);
}

static void event_times(char **arguments)
{
	int64_t count = atoll(arguments[0]);

	check("quorum_trackstart", (int)quorum_trackstart(quorum, CS_TRACK_CHANGES_ONLY));
	puts("{}");
	fflush(stdout);
	while (time_count < count)
		check("quorum_dispatch", (int)quorum_dispatch(quorum, CS_DISPATCH_ONE));
	report_times();
	check("quorum_trackstop", (int)quorum_trackstop(quorum));
}

static void paced_polls(char **arguments)
{
	int64_t count = atoll(arguments[0]);
	int64_t interval_ns = atoll(arguments[1]) * 1000;
	int64_t at = now_ns();

	/* A sleep of 200 us must not take 250. */
	prctl(PR_SET_TIMERSLACK, 1UL);
	check("votequorum_trackstart", (int)votequorum_trackstart(votequorum, 0, CS_TRACK_CURRENT));
	check("votequorum_dispatch", (int)votequorum_dispatch(votequorum, CS_DISPATCH_ALL));
	check("votequorum_qdevice_register", (int)votequorum_qdevice_register(votequorum, DEVICE));
	for (int64_t i = 0; i < count; i++) {
		struct timespec until = { .tv_sec = at / 1000000000, .tv_nsec = at % 1000000000 };

		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
		note_time();
		check("votequorum_qdevice_poll",
		      (int)votequorum_qdevice_poll(votequorum, DEVICE, i % 2 == 0, ring_id));
		at += interval_ns;
	}
	report_times();
	check("votequorum_qdevice_unregister", (int)votequorum_qdevice_unregister(votequorum, DEVICE));
}

static const struct command COMMANDS[] = {
	{ "get-quorate", 1, get_quorate },
	{ "get-info", 1, get_info },
	{ "event-times", 1, event_times },
	{ "paced-polls", 2, paced_polls },
	{ NULL, 0, NULL },
};

int main(void)
{
	quorum_model_v1_data_t callbacks = { .model = QUORUM_MODEL_V1, .quorum_notify_fn = on_quorum };
	votequorum_callbacks_t votequorum_callbacks = { .votequorum_nodelist_notify_fn = on_nodelist };
	uint32_t type;

	check("quorum_model_initialize", (int)quorum_model_initialize(&quorum, QUORUM_MODEL_V1,
								      (quorum_model_data_t *)&callbacks, &type, NULL));
	check("votequorum_initialize", (int)votequorum_initialize(&votequorum, &votequorum_callbacks));
	serve(COMMANDS);
	quorum_finalize(quorum);
	votequorum_finalize(votequorum);
	return 0;
}
