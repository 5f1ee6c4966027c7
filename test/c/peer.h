/*
 * What the C reference clients share: a program that is driven over stdin and stdout, one command per line, one answer per
 * line. An answer begins with "=", bytes are in hex, "-" is the empty string of bytes and "null" a NULL pointer.
 *
 * A client includes this once, names its commands, and calls peer_run(). Beside its own it has these, which go past the C
 * library, for requests that the library cannot be made to send:
 *
 *   raw_connect               = RESULT ERRNO               (a connection of libqb's to the same service)
 *   raw REQUEST               = RESULT RESPONSE            (bytes received, or a negative errno)
 *
 * Lines that come without a command:
 *   lost CODE                 dispatching failed; events end here
 *   held                      with PEER_HOLD set: about to disconnect, goes on at the next line
 */
#ifndef PEER_H
#define PEER_H

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include <corosync/corotypes.h>
#include <qb/qbipc_common.h>
#include <qb/qbipcc.h>

#define LINE_MAX_BYTES (4u << 20)
#define RAW_BUFFER_BYTES (1u << 20)
#define RAW_TIMEOUT_MS 5000

struct peer_command {
	const char *name;
	void (*run)(void); /* prints the answer, without its newline */
};

struct peer {
	const char *service;
	const struct peer_command *commands;
	size_t command_count;
	int (*fd_get)(void);
	cs_error_t (*dispatch)(void);
};

static bool peer_connected, peer_lost;
static char peer_line[LINE_MAX_BYTES];
static size_t peer_line_used;

static inline void print_hex(const void *data, size_t length)
{
	const uint8_t *bytes = data;

	if (length == 0)
		putchar('-');
	for (size_t i = 0; i < length; i++)
		printf("%02x", bytes[i]);
}

/* As 1,2,3; the empty list is "-". */
static inline void print_ids(const uint32_t *ids, size_t count)
{
	if (count == 0)
		putchar('-');
	for (size_t i = 0; i < count; i++)
		printf("%s%" PRIu32, i == 0 ? "" : ",", ids[i]);
}

static inline void end_line(void)
{
	putchar('\n');
	fflush(stdout);
}

static inline char *next_word(void)
{
	return strtok(NULL, " ");
}

static inline uint64_t next_number(void)
{
	char *word = next_word();

	return word == NULL ? 0 : strtoull(word, NULL, 0);
}

/* Decodes in place, which is safe because two digits become one byte. A NUL is put behind the last one. */
static inline char *next_bytes(size_t *length)
{
	char *text = next_word();
	size_t count = 0;

	*length = 0;
	if (text == NULL || strcmp(text, "null") == 0)
		return NULL;
	if (strcmp(text, "-") == 0) {
		text[0] = '\0';
		return text;
	}
	for (unsigned int byte; sscanf(text + 2 * count, "%2x", &byte) == 1; count++) {
		text[count] = (char)byte;
		if (text[2 * count + 1] == '\0')
			break;
	}
	text[count] = '\0';
	*length = count;
	return text;
}

static inline char *next_string(void)
{
	size_t length;

	return next_bytes(&length);
}

/* The library's own calls come here first. Holding one keeps the ring files of a connection that it gave up. */
void qb_ipcc_disconnect(qb_ipcc_connection_t *connection)
{
	static void (*real)(qb_ipcc_connection_t *);
	char byte = 0;

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "qb_ipcc_disconnect");
	if (getenv("PEER_HOLD") != NULL) {
		printf("held");
		end_line();
		while (byte != '\n' && read(STDIN_FILENO, &byte, 1) == 1)
			;
	}
	real(connection);
}

static inline void peer_raw_connect(const char *service, qb_ipcc_connection_t **raw)
{
	errno = 0;
	*raw = qb_ipcc_connect(service, RAW_BUFFER_BYTES);
	printf("= %d %d", *raw == NULL ? -errno : 0, *raw == NULL ? errno : 0);
}

static inline void peer_raw(qb_ipcc_connection_t *raw)
{
	static uint8_t response[RAW_BUFFER_BYTES];
	size_t length;
	char *request = next_bytes(&length);
	struct iovec part = { .iov_base = request, .iov_len = length };
	ssize_t got = qb_ipcc_sendv_recv(raw, &part, 1, response, sizeof(response), RAW_TIMEOUT_MS);

	printf("= %zd ", got);
	print_hex(response, got > 0 ? (size_t)got : 0);
}

static inline void peer_run_command(const struct peer *peer, char *text)
{
	static qb_ipcc_connection_t *raw;
	char *name = strtok(text, " ");
	size_t i = 0;

	if (name == NULL)
		return;
	while (i < peer->command_count && strcmp(name, peer->commands[i].name) != 0)
		i++;
	if (i < peer->command_count)
		peer->commands[i].run();
	else if (strcmp(name, "raw_connect") == 0)
		peer_raw_connect(peer->service, &raw);
	else if (strcmp(name, "raw") == 0)
		peer_raw(raw);
	else
		printf("? unknown command");
	end_line();
}

static inline bool peer_read_lines(const struct peer *peer)
{
	ssize_t got = read(STDIN_FILENO, peer_line + peer_line_used, sizeof(peer_line) - 1 - peer_line_used);
	char *end;

	if (got <= 0)
		return got < 0 && errno == EINTR;
	peer_line_used += (size_t)got;
	peer_line[peer_line_used] = '\0';
	while ((end = memchr(peer_line, '\n', peer_line_used)) != NULL) {
		size_t used = (size_t)(end - peer_line) + 1;

		*end = '\0';
		peer_run_command(peer, peer_line);
		memmove(peer_line, peer_line + used, peer_line_used - used);
		peer_line_used -= used;
	}
	return true;
}

static inline void peer_dispatch(const struct peer *peer)
{
	cs_error_t code = peer->dispatch();

	if (code == CS_OK)
		return;
	peer_lost = true;
	printf("lost %d", (int)code);
	end_line();
}

/* Until stdin ends. Commands set peer_connected. */
static inline int peer_run(const struct peer *peer)
{
	for (;;) {
		struct pollfd watched[2] = { { .fd = STDIN_FILENO, .events = POLLIN }, { .fd = -1, .events = POLLIN } };

		if (peer_connected && !peer_lost)
			watched[1].fd = peer->fd_get();
		if (poll(watched, 2, -1) < 0 && errno != EINTR)
			return 1;
		if (watched[1].revents != 0)
			peer_dispatch(peer);
		if (watched[0].revents != 0 && !peer_read_lines(peer))
			return 0;
	}
}

#endif
