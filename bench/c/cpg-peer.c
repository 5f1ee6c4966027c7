/*
 * A client of another service, to see whether it suffers while cmap is busy.
 *
 *   latency SECONDS       round trips of a cpg message to oneself, one at a time, a millisecond apart
 */
#include "peer.h"

#include <time.h>

#include <corosync/cpg.h>

static cpg_handle_t handle;
static int64_t delivered;

static void on_deliver(cpg_handle_t unused, const struct cpg_name *group, uint32_t node, uint32_t pid, void *message,
		       size_t length)
{
	(void)unused, (void)group, (void)node, (void)pid, (void)message, (void)length;
	delivered++;
}

static void on_change(cpg_handle_t unused, const struct cpg_name *group, const struct cpg_address *members,
		      size_t member_count, const struct cpg_address *left, size_t left_count,
		      const struct cpg_address *joined, size_t joined_count)
{
	(void)unused, (void)group, (void)members, (void)member_count;
	(void)left, (void)left_count, (void)joined, (void)joined_count;
}

static void round_trip(void)
{
	char text[] = "bench";
	struct iovec message = { .iov_base = text, .iov_len = sizeof(text) };
	int64_t wanted = delivered + 1;
	cs_error_t code;

	do
		code = cpg_mcast_joined(handle, CPG_TYPE_AGREED, &message, 1);
	while (code == CS_ERR_TRY_AGAIN);
	check("cpg_mcast_joined", (int)code);
	while (delivered < wanted)
		check("cpg_dispatch", (int)cpg_dispatch(handle, CS_DISPATCH_ONE));
}

static void latency(char **arguments)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	int64_t deadline = deadline_after(arguments[0]);

	for (int64_t before = now_ns(); before < deadline; before = now_ns()) {
		round_trip();
		note_latency(now_ns() - before);
		nanosleep(&pause, NULL);
	}
	report_latencies();
}

static const struct command COMMANDS[] = { { "latency", 1, latency }, { NULL, 0, NULL } };

int main(void)
{
	cpg_model_v1_data_t callbacks = { .cpg_deliver_fn = on_deliver, .cpg_confchg_fn = on_change };
	struct cpg_name group = { .length = 5, .value = "bench" };

	check("cpg_model_initialize",
	      (int)cpg_model_initialize(&handle, CPG_MODEL_V1, (cpg_model_data_t *)&callbacks, NULL));
	check("cpg_join", (int)cpg_join(handle, &group));
	serve(COMMANDS);
	cpg_finalize(handle);
	return 0;
}
