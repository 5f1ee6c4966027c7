/*
 * libcpg as it is meant to be used: messages are sent one after the other, and dispatched in between.
 *
 *   libcpg-peer GROUP             joins, and takes commands
 *   libcpg-peer GROUP drain       joins, prints {}, and dispatches for ever
 *
 *   send SIZE EVERY SECONDS       messages of SIZE bytes, with a dispatch behind each EVERY of them, until all have come back
 *   round-trips SIZE SECONDS      one message at a time, each until it has come back
 *   receive GROUP COUNT           answers {} when it has joined another group; then dispatches until COUNT messages have come there
 */
#include "peer.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <corosync/cpg.h>

#define LARGEST (1024 * 1024)

struct member {
	cpg_handle_t handle;
	int64_t delivered;
	int joined;
};

static struct member own;
static struct stopwatch since_first;
static char message[LARGEST];

static struct member *member_of(cpg_handle_t handle)
{
	void *context = NULL;

	check("cpg_context_get", (int)cpg_context_get(handle, &context));
	return context;
}

static void on_deliver(cpg_handle_t handle, const struct cpg_name *group, uint32_t node, uint32_t pid, void *bytes,
		       size_t length)
{
	struct member *member = member_of(handle);

	(void)group, (void)node, (void)pid, (void)bytes, (void)length;
	if (member->delivered++ == 0)
		since_first = start_watch();
}

static void on_change(cpg_handle_t handle, const struct cpg_name *group, const struct cpg_address *members,
		      size_t member_count, const struct cpg_address *left, size_t left_count,
		      const struct cpg_address *joined, size_t joined_count)
{
	(void)group, (void)members, (void)member_count, (void)left, (void)left_count, (void)joined, (void)joined_count;
	member_of(handle)->joined = 1;
}

static void dispatch(struct member *member, cs_dispatch_flags_t how)
{
	check("cpg_dispatch", (int)cpg_dispatch(member->handle, how));
}

static void join(struct member *member, const char *name)
{
	cpg_model_v1_data_t callbacks = { .cpg_deliver_fn = on_deliver, .cpg_confchg_fn = on_change };
	struct cpg_name group = { .length = (uint32_t)strlen(name) };

	memcpy(group.value, name, group.length);
	check("cpg_model_initialize",
	      (int)cpg_model_initialize(&member->handle, CPG_MODEL_V1, (cpg_model_data_t *)&callbacks, member));
	check("cpg_join", (int)cpg_join(member->handle, &group));
	while (!member->joined)
		dispatch(member, CS_DISPATCH_ONE);
}

/* The same message again while corosync cannot take it: another one would overtake it. */
static void mcast(size_t size)
{
	struct iovec part = { .iov_base = message, .iov_len = size };
	cs_error_t code;

	while ((code = cpg_mcast_joined(own.handle, CPG_TYPE_AGREED, &part, 1)) == CS_ERR_TRY_AGAIN)
		dispatch(&own, CS_DISPATCH_ALL);
	check("cpg_mcast_joined", (int)code);
}

static void send_many(char **arguments)
{
	size_t size = (size_t)atoll(arguments[0]);
	int64_t every = atoll(arguments[1]);
	int64_t deadline = deadline_after(arguments[2]);
	int64_t before = own.delivered;
	int64_t count = 0;
	struct stopwatch watch = start_watch();

	while (now_ns() < deadline) {
		mcast(size);
		if (++count % every == 0)
			dispatch(&own, CS_DISPATCH_ALL);
	}
	while (own.delivered < before + count)
		dispatch(&own, CS_DISPATCH_ONE);
	report(watch, count);
}

static void round_trips(char **arguments)
{
	size_t size = (size_t)atoll(arguments[0]);
	int64_t deadline = deadline_after(arguments[1]);

	for (int64_t before = now_ns(); before < deadline; before = now_ns()) {
		int64_t wanted = own.delivered + 1;

		mcast(size);
		while (own.delivered < wanted)
			dispatch(&own, CS_DISPATCH_ONE);
		note_latency(now_ns() - before);
	}
	report_latencies();
}

static void receive(char **arguments)
{
	struct member guest = { 0 };
	struct pollfd watched = { .events = POLLIN };
	int64_t count = atoll(arguments[1]);

	join(&guest, arguments[0]);
	check("cpg_fd_get", (int)cpg_fd_get(guest.handle, &watched.fd));
	puts("{}");
	fflush(stdout);
	while (guest.delivered < count) {
		poll(&watched, 1, -1);
		dispatch(&guest, CS_DISPATCH_ALL);
	}
	report(since_first, count);
	cpg_finalize(guest.handle);
}

static const struct command COMMANDS[] = {
	{ "send", 3, send_many },
	{ "round-trips", 2, round_trips },
	{ "receive", 2, receive },
	{ NULL, 0, NULL },
};

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	join(&own, argv[1]);
	if (argc > 2) {
		puts("{}");
		fflush(stdout);
		for (;;)
			dispatch(&own, CS_DISPATCH_ONE);
	}
	serve(COMMANDS);
	cpg_finalize(own.handle);
	return 0;
}
