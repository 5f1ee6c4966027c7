/*
 * A libcfg client for tests; peer.h says how it is driven. Texts are bytes.
 *
 *   connect                   = CODE ERRNO
 *   ring_status               = CODE NAME:STATUS ...
 *   node_status NODEID        = CODE NODEID REACHABLE REMOTE EXTERNAL MIN MAX VERSION LINK ...
 *                               (LINK: ENABLED:CONNECTED:DYNCONNECTED:MTU:SOURCE:DESTINATION)
 *   addrs NODEID              = CODE FAMILY:ADDRESS ...
 *   local                     = CODE NODEID
 *   kill NODEID REASON        = CODE
 *   trackstart FLAGS          = CODE
 *   trackstop                 = CODE
 *   try_shutdown FLAGS        = CODE
 *   reply YES                 = CODE                      (libcfg says CS_OK whatever it is answered)
 *   reload|reopen             = CODE
 *   finalize                  = CODE
 *
 * Lines that come without a command:
 *   shutdown FLAGS
 */
#include "peer.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <corosync/cfg.h>

#define MAX_ADDRESSES 16

static corosync_cfg_handle_t handle;

static void on_shutdown(corosync_cfg_handle_t unused, corosync_cfg_shutdown_flags_t flags)
{
	(void)unused;
	printf("shutdown %d", (int)flags);
	end_line();
}

static void do_connect(void)
{
	static const corosync_cfg_callbacks_t callbacks = { .corosync_cfg_shutdown_callback = on_shutdown };
	cs_error_t code;

	errno = 0;
	code = corosync_cfg_initialize(&handle, &callbacks);
	peer_connected = code == CS_OK;
	peer_lost = false;
	printf("= %d %d", (int)code, peer_connected ? 0 : errno);
}

static void do_ring_status(void)
{
	char **names = NULL, **states = NULL;
	unsigned int count = 0;
	cs_error_t code = corosync_cfg_ring_status_get(handle, &names, &states, &count);

	printf("= %d", (int)code);
	for (unsigned int i = 0; code == CS_OK && i < count; i++) {
		putchar(' ');
		print_hex(names[i], strlen(names[i]));
		putchar(':');
		print_hex(states[i], strlen(states[i]));
	}
}

static void print_link(const struct corosync_knet_link_status_v1 *link)
{
	printf(" %u:%u:%u:%u:", link->enabled, link->connected, link->dynconnected, link->mtu);
	print_hex(link->src_ipaddr, strlen(link->src_ipaddr));
	putchar(':');
	print_hex(link->dst_ipaddr, strlen(link->dst_ipaddr));
}

static void do_node_status(void)
{
	struct corosync_cfg_node_status_v1 status;
	cs_error_t code;

	memset(&status, 0, sizeof(status));
	code = corosync_cfg_node_status_get(handle, (unsigned int)next_number(), CFG_NODE_STATUS_V1, &status);
	printf("= %d %u %u %u %u %u %u %u", (int)code, status.nodeid, status.reachable, status.remote, status.external,
	       status.onwire_min, status.onwire_max, status.onwire_ver);
	for (unsigned int i = 0; code == CS_OK && i < CFG_MAX_LINKS; i++)
		print_link(&status.link_status[i]);
}

static void do_addrs(void)
{
	corosync_cfg_node_address_t addresses[MAX_ADDRESSES];
	int count = 0;
	cs_error_t code = corosync_cfg_get_node_addrs(handle, (unsigned int)next_number(), MAX_ADDRESSES, &count, addresses);

	printf("= %d", (int)code);
	for (int i = 0; code == CS_OK && i < count; i++) {
		const struct sockaddr *any = (const struct sockaddr *)addresses[i].address;

		printf(" %d:", any->sa_family);
		if (any->sa_family == AF_INET)
			print_hex(&((const struct sockaddr_in *)any)->sin_addr, 4);
		else
			print_hex(&((const struct sockaddr_in6 *)any)->sin6_addr, 16);
	}
}

static void do_local(void)
{
	unsigned int nodeid = 0;
	cs_error_t code = corosync_cfg_local_get(handle, &nodeid);

	printf("= %d %u", (int)code, nodeid);
}

static void do_kill(void)
{
	unsigned int nodeid = (unsigned int)next_number();

	printf("= %d", (int)corosync_cfg_kill_node(handle, nodeid, next_string()));
}

static void do_trackstart(void)
{
	printf("= %d", (int)corosync_cfg_trackstart(handle, (uint8_t)next_number()));
}

static void do_trackstop(void)
{
	printf("= %d", (int)corosync_cfg_trackstop(handle));
}

static void do_try_shutdown(void)
{
	printf("= %d", (int)corosync_cfg_try_shutdown(handle, (corosync_cfg_shutdown_flags_t)next_number()));
}

static void do_reply(void)
{
	printf("= %d", (int)corosync_cfg_replyto_shutdown(handle, (corosync_cfg_shutdown_reply_flags_t)next_number()));
}

static void do_reload(void)
{
	printf("= %d", (int)corosync_cfg_reload_config(handle));
}

static void do_reopen(void)
{
	printf("= %d", (int)corosync_cfg_reopen_log_files(handle));
}

static void do_finalize(void)
{
	peer_connected = false;
	printf("= %d", (int)corosync_cfg_finalize(handle));
}

static int fd_get(void)
{
	int32_t fd = -1;

	corosync_cfg_fd_get(handle, &fd);
	return fd;
}

static cs_error_t dispatch(void)
{
	return corosync_cfg_dispatch(handle, CS_DISPATCH_ALL);
}

static const struct peer_command commands[] = {
	{ "connect", do_connect },
	{ "ring_status", do_ring_status },
	{ "node_status", do_node_status },
	{ "addrs", do_addrs },
	{ "local", do_local },
	{ "kill", do_kill },
	{ "trackstart", do_trackstart },
	{ "trackstop", do_trackstop },
	{ "try_shutdown", do_try_shutdown },
	{ "reply", do_reply },
	{ "reload", do_reload },
	{ "reopen", do_reopen },
	{ "finalize", do_finalize },
};

int main(void)
{
	const struct peer peer = { "cfg", commands, sizeof(commands) / sizeof(commands[0]), fd_get, dispatch };

	return peer_run(&peer);
}
