/*
 * The limit of what a C client can do: cmap's messages on libqb's own client, sending many before receiving as many.
 *
 *   pipelined-get WINDOW SECONDS
 *   pipelined-set PREFIX COUNT WINDOW FIRST     sets PREFIX000000 to PREFIX000063 in turn; every set changes the value
 */
#include "peer.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <qb/qbipcc.h>

#define BUFFER_BYTES (1024 * 1024)
#define NAME_BYTES 256
#define UINT32_TYPE 6
#define SET_ID 0
#define GET_ID 2

/* req_lib_cmap_get: 288 bytes */
struct get_request {
	struct qb_ipc_request_header header;
	uint16_t name_length;
	char name[NAME_BYTES] __attribute__((aligned(8)));
	uint64_t value_length __attribute__((aligned(8)));
};

/* req_lib_cmap_set with a uint32 behind its 296 bytes */
struct set_request {
	struct qb_ipc_request_header header;
	uint16_t name_length;
	char name[NAME_BYTES] __attribute__((aligned(8)));
	uint64_t value_length __attribute__((aligned(8)));
	uint8_t type;
	uint32_t value __attribute__((aligned(8)));
};

_Static_assert(sizeof(struct get_request) == 288, "req_lib_cmap_get");
_Static_assert(offsetof(struct get_request, name_length) == 16, "req_lib_cmap_get.key_name");
_Static_assert(offsetof(struct set_request, type) == 288, "req_lib_cmap_set.type");
_Static_assert(offsetof(struct set_request, value) == 296, "req_lib_cmap_set.value");

static qb_ipcc_connection_t *connection;

static void fail(const char *call, ssize_t result)
{
	fprintf(stderr, "%s: %s\n", call, strerror((int)-result));
	exit(1);
}

static void send_message(const void *message, size_t length)
{
	ssize_t sent;

	do
		sent = qb_ipcc_send(connection, message, length);
	while (sent == -EAGAIN);
	if (sent < 0)
		fail("qb_ipcc_send", sent);
}

static void receive_answers(int64_t count)
{
	static union {
		struct qb_ipc_response_header header;
		char bytes[BUFFER_BYTES];
	} answer;

	for (int64_t i = 0; i < count; i++) {
		ssize_t received = qb_ipcc_recv(connection, &answer, sizeof(answer), -1);

		if (received < 0)
			fail("qb_ipcc_recv", received);
		check("answer", answer.header.error);
	}
}

static void send_get(const char *key)
{
	struct get_request request = {
		.header = { .id = GET_ID, .size = sizeof(request) },
		.value_length = VALUE_ROOM,
	};

	request.name_length = (uint16_t)strlen(key);
	memcpy(request.name, key, request.name_length);
	send_message(&request, sizeof(request));
}

static void send_set(const char *key, uint32_t value)
{
	struct set_request request = {
		.header = { .id = SET_ID, .size = offsetof(struct set_request, value) + sizeof(value) },
		.value_length = sizeof(value),
		.type = UINT32_TYPE,
		.value = value,
	};

	request.name_length = (uint16_t)strlen(key);
	memcpy(request.name, key, request.name_length);
	send_message(&request, (size_t)request.header.size);
}

static void pipelined_get(char **arguments)
{
	int64_t window = atoll(arguments[0]);
	int64_t deadline = deadline_after(arguments[1]);
	int64_t count = 0;
	struct stopwatch watch = start_watch();

	while (now_ns() < deadline) {
		for (int64_t i = 0; i < window; i++)
			send_get(get_key(i));
		receive_answers(window);
		count += window;
	}
	report(watch, count);
}

static void pipelined_set(char **arguments)
{
	int64_t count = atoll(arguments[1]);
	int64_t window = atoll(arguments[2]);
	uint32_t first = (uint32_t)atoll(arguments[3]);
	char keys[GET_KEYS][KEY_BYTES];
	struct stopwatch watch = start_watch();

	for (int i = 0; i < GET_KEYS; i++)
		entry_key(keys[i], arguments[0], i);
	for (int64_t done = 0; done < count; done += window) {
		int64_t sent = count - done < window ? count - done : window;

		for (int64_t i = done; i < done + sent; i++)
			send_set(keys[i % GET_KEYS], first + (uint32_t)i);
		receive_answers(sent);
	}
	report(watch, count);
}

static const struct command COMMANDS[] = {
	{ "pipelined-get", 2, pipelined_get },
	{ "pipelined-set", 4, pipelined_set },
	{ NULL, 0, NULL },
};

int main(void)
{
	connection = qb_ipcc_connect("cmap", BUFFER_BYTES);
	if (connection == NULL)
		fail("qb_ipcc_connect", -errno);
	serve(COMMANDS);
	qb_ipcc_disconnect(connection);
	return 0;
}
