/*
 * libcmap as it is meant to be used: one call after the other.
 *
 *   get SECONDS                   gets one at a time
 *   latency SECONDS               the same, and reports what single gets took
 *   iterate PREFIX                cmap_iter_next and cmap_get of every key
 *   sets PREFIX COUNT FIRST       sets uint32 values FIRST, FIRST + 1, ...
 *   track PREFIX COUNT            answers {} when the tracker is there; then cmap_dispatch until COUNT have come
 *   paced-set KEY COUNT US        sets KEY to the time on the monotonic clock, in nanoseconds, once in US microseconds
 *   event-latency KEY COUNT       as track, and reports how long ago each value was set
 */
#include "peer.h"

#include <stdio.h>
#include <stdlib.h>

#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include <corosync/cmap.h>

static cmap_handle_t handle;
static int64_t notified;
static struct stopwatch since_first;

static void get_one(const char *key)
{
	uint8_t value[VALUE_ROOM];
	size_t length = sizeof(value);
	cmap_value_types_t type;

	check("cmap_get", (int)cmap_get(handle, key, value, &length, &type));
}

static void get(char **arguments)
{
	int64_t deadline = deadline_after(arguments[0]);
	int64_t count = 0;
	struct stopwatch watch = start_watch();

	while (now_ns() < deadline)
		get_one(get_key(count++));
	report(watch, count);
}

static void latency(char **arguments)
{
	int64_t deadline = deadline_after(arguments[0]);
	int64_t before = now_ns();

	for (int64_t i = 0; before < deadline; i++) {
		get_one(get_key(i));
		int64_t after = now_ns();
		note_latency(after - before);
		before = after;
	}
	report_latencies();
}

static void iterate(char **arguments)
{
	char key[CMAP_KEYNAME_MAXLEN + 1];
	cmap_iter_handle_t iter;
	cmap_value_types_t type;
	size_t length;
	int64_t count = 0;
	struct stopwatch watch = start_watch();

	check("cmap_iter_init", (int)cmap_iter_init(handle, arguments[0], &iter));
	while (cmap_iter_next(handle, iter, key, &length, &type) == CS_OK) {
		get_one(key);
		count++;
	}
	check("cmap_iter_finalize", (int)cmap_iter_finalize(handle, iter));
	report(watch, count);
}

static void sets(char **arguments)
{
	int64_t count = atoll(arguments[1]);
	uint32_t first = (uint32_t)atoll(arguments[2]);
	char key[KEY_BYTES];
	struct stopwatch watch = start_watch();

	for (int64_t i = 0; i < count; i++) {
		entry_key(key, arguments[0], i);
		check("cmap_set_uint32", (int)cmap_set_uint32(handle, key, first + (uint32_t)i));
	}
	report(watch, count);
}

static void on_notification(cmap_handle_t unused, cmap_track_handle_t track, int32_t event, const char *key,
			    struct cmap_notify_value new_value, struct cmap_notify_value old_value, void *data)
{
	(void)unused, (void)track, (void)event, (void)key, (void)new_value, (void)old_value, (void)data;
	if (notified++ == 0)
		since_first = start_watch();
}

static void paced_set(char **arguments)
{
	int64_t count = atoll(arguments[1]);
	int64_t interval_ns = atoll(arguments[2]) * 1000;
	int64_t at = now_ns();
	struct stopwatch watch = start_watch();

	/* A sleep of 200 us must not take 250. */
	prctl(PR_SET_TIMERSLACK, 1UL);
	for (int64_t i = 0; i < count; i++) {
		struct timespec until = { .tv_sec = at / 1000000000, .tv_nsec = at % 1000000000 };

		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
		check("cmap_set_uint64", (int)cmap_set_uint64(handle, arguments[0], (uint64_t)now_ns()));
		at += interval_ns;
	}
	report(watch, count);
}

static void on_timed_notification(cmap_handle_t unused, cmap_track_handle_t track, int32_t event, const char *key,
				  struct cmap_notify_value new_value, struct cmap_notify_value old_value, void *data)
{
	int64_t now = now_ns();
	uint64_t set_at;

	(void)unused, (void)track, (void)event, (void)key, (void)old_value, (void)data;
	memcpy(&set_at, new_value.data, sizeof(set_at));
	note_latency(now - (int64_t)set_at);
	notified++;
}

static void event_latency(char **arguments)
{
	cmap_track_handle_t track_handle;
	int64_t count = atoll(arguments[1]);

	notified = 0;
	check("cmap_track_add",
	      (int)cmap_track_add(handle, arguments[0], CMAP_TRACK_ADD | CMAP_TRACK_MODIFY, on_timed_notification, NULL,
				  &track_handle));
	puts("{}");
	fflush(stdout);
	while (notified < count) {
		int code = (int)cmap_dispatch(handle, CS_DISPATCH_ONE);

		/* So libcmap says that an event was for a tracker that it has deleted. */
		if (code != CS_ERR_BAD_HANDLE)
			check("cmap_dispatch", code);
	}
	report_latencies();
	check("cmap_track_delete", (int)cmap_track_delete(handle, track_handle));
}

static void track(char **arguments)
{
	cmap_track_handle_t track_handle;
	int64_t count = atoll(arguments[1]);

	notified = 0;
	check("cmap_track_add",
	      (int)cmap_track_add(handle, arguments[0], CMAP_TRACK_MODIFY | CMAP_TRACK_PREFIX, on_notification, NULL,
				  &track_handle));
	puts("{}");
	fflush(stdout);
	while (notified < count)
		check("cmap_dispatch", (int)cmap_dispatch(handle, CS_DISPATCH_ONE));
	report(since_first, notified);
	check("cmap_track_delete", (int)cmap_track_delete(handle, track_handle));
}

static const struct command COMMANDS[] = {
	{ "get", 1, get },   { "latency", 1, latency }, { "iterate", 1, iterate },
	{ "sets", 3, sets }, { "track", 2, track },     { "paced-set", 3, paced_set },
	{ "event-latency", 2, event_latency },          { NULL, 0, NULL },
};

int main(void)
{
	check("cmap_initialize", (int)cmap_initialize(&handle));
	serve(COMMANDS);
	cmap_finalize(handle);
	return 0;
}
