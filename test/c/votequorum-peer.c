/*
 * A libvotequorum client for tests; peer.h says how it is driven. Names are bytes.
 *
 *   connect                   = CODE ERRNO
 *   getinfo NODEID            = CODE NODEID STATE VOTES EXPECTED HIGHEST TOTAL QUORUM FLAGS QDEVICEVOTES NAME
 *   setexpected VOTES         = CODE
 *   setvotes NODEID VOTES     = CODE
 *   trackstart CONTEXT FLAGS  = CODE
 *   trackstop                 = CODE
 *   register|unregister NAME  = CODE
 *   update OLDNAME NEWNAME    = CODE
 *   poll NAME CAST NODEID SEQ = CODE
 *   master_wins NAME ALLOW    = CODE
 *   finalize                  = CODE
 *
 * Lines that come without a command:
 *   quorum CONTEXT QUORATE NODEID:STATE,...
 *   nodelist CONTEXT NODEID SEQ MEMBERS
 *   expected CONTEXT VOTES
 */
#include "peer.h"

#include <corosync/votequorum.h>

static votequorum_handle_t handle;

static void on_quorum(votequorum_handle_t unused, uint64_t context, uint32_t quorate, uint32_t count, votequorum_node_t nodes[])
{
	(void)unused;
	printf("quorum %" PRIu64 " %" PRIu32 " ", context, quorate);
	for (uint32_t i = 0; i < count; i++)
		printf("%s%" PRIu32 ":%" PRIu32, i == 0 ? "" : ",", nodes[i].nodeid, nodes[i].state);
	end_line();
}

static void on_nodelist(votequorum_handle_t unused, uint64_t context, votequorum_ring_id_t ring, uint32_t count,
			uint32_t members[])
{
	(void)unused;
	printf("nodelist %" PRIu64 " %" PRIu32 " %" PRIu64 " ", context, ring.nodeid, ring.seq);
	print_ids(members, count);
	end_line();
}

static void on_expected(votequorum_handle_t unused, uint64_t context, uint32_t votes)
{
	(void)unused;
	printf("expected %" PRIu64 " %" PRIu32, context, votes);
	end_line();
}

static void do_connect(void)
{
	votequorum_callbacks_t callbacks = { .votequorum_quorum_notify_fn = on_quorum,
					     .votequorum_nodelist_notify_fn = on_nodelist,
					     .votequorum_expectedvotes_notify_fn = on_expected };
	cs_error_t code;

	errno = 0;
	code = votequorum_initialize(&handle, &callbacks);
	peer_connected = code == CS_OK;
	peer_lost = false;
	printf("= %d %d", (int)code, peer_connected ? 0 : errno);
}

static void do_getinfo(void)
{
	struct votequorum_info info;
	cs_error_t code;

	memset(&info, 0, sizeof(info));
	code = votequorum_getinfo(handle, (unsigned int)next_number(), &info);
	printf("= %d %u %u %u %u %u %u %u %u %u ", (int)code, info.node_id, info.node_state, info.node_votes,
	       info.node_expected_votes, info.highest_expected, info.total_votes, info.quorum, info.flags,
	       info.qdevice_votes);
	print_hex(info.qdevice_name, code == CS_OK ? strlen(info.qdevice_name) : 0);
}

static void do_setexpected(void)
{
	printf("= %d", (int)votequorum_setexpected(handle, (unsigned int)next_number()));
}

static void do_setvotes(void)
{
	unsigned int nodeid = (unsigned int)next_number();

	printf("= %d", (int)votequorum_setvotes(handle, nodeid, (unsigned int)next_number()));
}

static void do_trackstart(void)
{
	uint64_t context = next_number();

	printf("= %d", (int)votequorum_trackstart(handle, context, (unsigned int)next_number()));
}

static void do_trackstop(void)
{
	printf("= %d", (int)votequorum_trackstop(handle));
}

static void do_register(void)
{
	printf("= %d", (int)votequorum_qdevice_register(handle, next_string()));
}

static void do_unregister(void)
{
	printf("= %d", (int)votequorum_qdevice_unregister(handle, next_string()));
}

static void do_update(void)
{
	const char *old_name = next_string();

	printf("= %d", (int)votequorum_qdevice_update(handle, old_name, next_string()));
}

static void do_poll(void)
{
	const char *name = next_string();
	unsigned int cast_vote = (unsigned int)next_number();
	votequorum_ring_id_t ring;

	memset(&ring, 0, sizeof(ring));
	ring.nodeid = (uint32_t)next_number();
	ring.seq = next_number();
	printf("= %d", (int)votequorum_qdevice_poll(handle, name, cast_vote, ring));
}

static void do_master_wins(void)
{
	const char *name = next_string();

	printf("= %d", (int)votequorum_qdevice_master_wins(handle, name, (unsigned int)next_number()));
}

static void do_finalize(void)
{
	peer_connected = false;
	printf("= %d", (int)votequorum_finalize(handle));
}

static int fd_get(void)
{
	int fd = -1;

	votequorum_fd_get(handle, &fd);
	return fd;
}

static cs_error_t dispatch(void)
{
	return votequorum_dispatch(handle, CS_DISPATCH_ALL);
}

static const struct peer_command commands[] = {
	{ "connect", do_connect },
	{ "getinfo", do_getinfo },
	{ "setexpected", do_setexpected },
	{ "setvotes", do_setvotes },
	{ "trackstart", do_trackstart },
	{ "trackstop", do_trackstop },
	{ "register", do_register },
	{ "unregister", do_unregister },
	{ "update", do_update },
	{ "poll", do_poll },
	{ "master_wins", do_master_wins },
	{ "finalize", do_finalize },
};

int main(void)
{
	const struct peer peer = { "votequorum", commands, sizeof(commands) / sizeof(commands[0]), fd_get, dispatch };

	return peer_run(&peer);
}
