/*
 * A libquorum client for tests; peer.h says how it is driven.
 *
 *   connect MODEL             = CODE ERRNO TYPE            (MODEL: v0 is quorum_model_initialize V0, v1 V1, old quorum_initialize)
 *   getquorate                = CODE QUORATE
 *   trackstart FLAGS          = CODE
 *   trackstop                 = CODE
 *   finalize                  = CODE
 *
 * Lines that come without a command:
 *   v0 QUORATE SEQ MEMBERS
 *   quorum QUORATE NODEID SEQ MEMBERS
 *   nodelist NODEID SEQ MEMBERS JOINED LEFT
 */
#include "peer.h"

#include <corosync/quorum.h>

static quorum_handle_t handle;

static void on_v0(quorum_handle_t unused, uint32_t quorate, uint64_t seq, uint32_t count, uint32_t *members)
{
	(void)unused;
	printf("v0 %" PRIu32 " %" PRIu64 " ", quorate, seq);
	print_ids(members, count);
	end_line();
}

static void on_quorum(quorum_handle_t unused, uint32_t quorate, struct quorum_ring_id ring, uint32_t count,
		      const uint32_t *members)
{
	(void)unused;
	printf("quorum %" PRIu32 " %" PRIu32 " %" PRIu64 " ", quorate, ring.nodeid, ring.seq);
	print_ids(members, count);
	end_line();
}

static void on_nodelist(quorum_handle_t unused, struct quorum_ring_id ring, uint32_t member_count, const uint32_t *members,
			uint32_t joined_count, const uint32_t *joined, uint32_t left_count, const uint32_t *left)
{
	(void)unused;
	printf("nodelist %" PRIu32 " %" PRIu64 " ", ring.nodeid, ring.seq);
	print_ids(members, member_count);
	putchar(' ');
	print_ids(joined, joined_count);
	putchar(' ');
	print_ids(left, left_count);
	end_line();
}

static cs_error_t initialize(const char *model, uint32_t *type)
{
	quorum_callbacks_t callbacks = { .quorum_notify_fn = on_v0 };
	quorum_model_v0_data_t v0 = { .model = QUORUM_MODEL_V0, .quorum_notify_fn = on_v0 };
	quorum_model_v1_data_t v1 = {
		.model = QUORUM_MODEL_V1, .quorum_notify_fn = on_quorum, .nodelist_notify_fn = on_nodelist
	};

	if (strcmp(model, "old") == 0)
		return quorum_initialize(&handle, &callbacks, type);
	if (strcmp(model, "v0") == 0)
		return quorum_model_initialize(&handle, QUORUM_MODEL_V0, (quorum_model_data_t *)&v0, type, NULL);
	return quorum_model_initialize(&handle, QUORUM_MODEL_V1, (quorum_model_data_t *)&v1, type, NULL);
}

static void do_connect(void)
{
	uint32_t type = 0;
	const char *model = next_word();
	cs_error_t code;

	errno = 0;
	code = initialize(model == NULL ? "v1" : model, &type);
	peer_connected = code == CS_OK;
	peer_lost = false;
	printf("= %d %d %" PRIu32, (int)code, peer_connected ? 0 : errno, type);
}

static void do_getquorate(void)
{
	int quorate = 0;
	cs_error_t code = quorum_getquorate(handle, &quorate);

	printf("= %d %d", (int)code, quorate);
}

static void do_trackstart(void)
{
	printf("= %d", (int)quorum_trackstart(handle, (unsigned int)next_number()));
}

static void do_trackstop(void)
{
	printf("= %d", (int)quorum_trackstop(handle));
}

static void do_finalize(void)
{
	peer_connected = false;
	printf("= %d", (int)quorum_finalize(handle));
}

static int fd_get(void)
{
	int fd = -1;

	quorum_fd_get(handle, &fd);
	return fd;
}

static cs_error_t dispatch(void)
{
	return quorum_dispatch(handle, CS_DISPATCH_ALL);
}

static const struct peer_command commands[] = {
	{ "connect", do_connect },
	{ "getquorate", do_getquorate },
	{ "trackstart", do_trackstart },
	{ "trackstop", do_trackstop },
	{ "finalize", do_finalize },
};

int main(void)
{
	const struct peer peer = { "quorum", commands, sizeof(commands) / sizeof(commands[0]), fd_get, dispatch };

	return peer_run(&peer);
}
