/*
 * A libcmap client for tests, driven over stdin and stdout: one command per line, one answer per line.
 *
 *   connect MAP               = CODE ERRNO
 *   get KEY LENGTH            = CODE LENGTH TYPE VALUE     (LENGTH: of the buffer; -1 asks with a NULL buffer)
 *   set KEY TYPE VALUE        = CODE
 *   delete|inc|dec KEY        = CODE
 *   iter PREFIX               = CODE KEY:LENGTH:TYPE ...   (a whole iteration)
 *   iter_init PREFIX          = CODE HANDLE
 *   iter_next HANDLE          = CODE KEY LENGTH TYPE
 *   iter_finalize HANDLE      = CODE
 *   track_add KEY TYPE        = CODE HANDLE
 *   track_delete HANDLE       = CODE
 *   finalize                  = CODE
 *   raw_connect               = RESULT ERRNO               (libqb alone, without libcmap)
 *   raw REQUEST               = RESULT RESPONSE            (bytes received, or a negative errno)
 *
 * CODE is a cs_error_t. Keys, prefixes and values are in hex, "-" is the empty one and "null" a NULL pointer.
 * Lines that come without a command:
 *   notify HANDLE EVENT KEY NEWTYPE NEWVALUE OLDTYPE OLDVALUE
 *   lost CODE                 cmap_dispatch failed; notifications end here
 *   held                      with CMAP_PEER_HOLD set: about to disconnect, goes on at the next line
 */
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

#include <corosync/cmap.h>
#include <qb/qbipc_common.h>
#include <qb/qbipcc.h>

#define LINE_MAX_BYTES (4u << 20)
#define RAW_BUFFER_BYTES (1u << 20)
#define RAW_TIMEOUT_MS 5000

static cmap_handle_t handle;
static qb_ipcc_connection_t *raw_connection;
static bool connected, lost;
static char line[LINE_MAX_BYTES];
static size_t line_used;

static void print_hex(const void *data, size_t length)
{
	const uint8_t *bytes = data;

	if (length == 0)
		putchar('-');
	for (size_t i = 0; i < length; i++)
		printf("%02x", bytes[i]);
}

/* Decodes in place, which is safe because two digits become one byte. A NUL is put behind the last one. */
static char *decode_hex(char *text, size_t *length)
{
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

static char *next_word(void)
{
	return strtok(NULL, " ");
}

static char *next_key(void)
{
	size_t length;

	return decode_hex(next_word(), &length);
}

static uint64_t next_number(void)
{
	char *word = next_word();

	return word == NULL ? 0 : strtoull(word, NULL, 0);
}

static void on_notification(cmap_handle_t unused, cmap_track_handle_t track, int32_t event, const char *key,
			    struct cmap_notify_value new_value, struct cmap_notify_value old_value, void *data)
{
	(void)unused;
	(void)data;
	printf("notify %" PRIu64 " %d ", (uint64_t)track, event);
	print_hex(key, strlen(key));
	printf(" %d ", (int)new_value.type);
	print_hex(new_value.data, new_value.len);
	printf(" %d ", (int)old_value.type);
	print_hex(old_value.data, old_value.len);
	putchar('\n');
	fflush(stdout);
}

static bool read_line(void)
{
	for (;;) {
		ssize_t got = read(STDIN_FILENO, line + line_used, sizeof(line) - 1 - line_used);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		line_used += (size_t)got;
		line[line_used] = '\0';
		if (memchr(line, '\n', line_used) != NULL)
			return true;
	}
}

/* libcmap's own calls come here first. Holding one keeps the ring files of a connection that libcmap gave up. */
void qb_ipcc_disconnect(qb_ipcc_connection_t *connection)
{
	static void (*real)(qb_ipcc_connection_t *);
	char byte = 0;

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "qb_ipcc_disconnect");
	if (getenv("CMAP_PEER_HOLD") != NULL) {
		puts("held");
		fflush(stdout);
		while (byte != '\n' && read(STDIN_FILENO, &byte, 1) == 1)
			;
	}
	real(connection);
}

static void do_connect(void)
{
	cs_error_t code;

	errno = 0;
	code = cmap_initialize_map(&handle, (cmap_map_t)next_number());
	connected = code == CS_OK;
	lost = false;
	printf("= %d %d", (int)code, connected ? 0 : errno);
}

static void do_get(void)
{
	char *key = next_key();
	int64_t wanted = (int64_t)next_number();
	size_t length = wanted < 0 ? 0 : (size_t)wanted;
	uint8_t *buffer = wanted < 0 ? NULL : calloc(1, length + 1);
	cmap_value_types_t type = 0;
	cs_error_t code = cmap_get(handle, key, buffer, &length, &type);

	printf("= %d %zu %d ", (int)code, length, (int)type);
	print_hex(buffer, code == CS_OK && buffer != NULL ? length : 0);
	free(buffer);
}

static void do_set(void)
{
	char *key = next_key();
	cmap_value_types_t type = (cmap_value_types_t)next_number();
	size_t length;
	char *value = decode_hex(next_word(), &length);

	printf("= %d", (int)cmap_set(handle, key, value, length, type));
}

static void do_iter(void)
{
	char name[CMAP_KEYNAME_MAXLEN + 1];
	cmap_iter_handle_t iter;
	cmap_value_types_t type;
	size_t length;
	cs_error_t code = cmap_iter_init(handle, next_key(), &iter);

	if (code != CS_OK) {
		printf("= %d", (int)code);
		return;
	}
	/* The code comes first in the answer but is known last, so the list is collected meanwhile. */
	char *list = NULL;
	size_t list_bytes = 0;
	FILE *out = open_memstream(&list, &list_bytes);

	while ((code = cmap_iter_next(handle, iter, name, &length, &type)) == CS_OK) {
		fputc(' ', out);
		for (const char *at = name; *at != '\0'; at++)
			fprintf(out, "%02x", (uint8_t)*at);
		fprintf(out, ":%zu:%d", length, (int)type);
	}
	fclose(out);
	cmap_iter_finalize(handle, iter);
	printf("= %d%s", code == CS_ERR_NO_SECTIONS ? (int)CS_OK : (int)code, list);
	free(list);
}

static void do_iter_init(void)
{
	cmap_iter_handle_t iter = 0;
	cs_error_t code = cmap_iter_init(handle, next_key(), &iter);

	printf("= %d %" PRIu64, (int)code, (uint64_t)iter);
}

static void do_iter_next(void)
{
	char name[CMAP_KEYNAME_MAXLEN + 1] = "";
	cmap_value_types_t type = 0;
	size_t length = 0;
	cs_error_t code = cmap_iter_next(handle, next_number(), name, &length, &type);

	printf("= %d ", (int)code);
	print_hex(name, strlen(name));
	printf(" %zu %d", length, (int)type);
}

static void do_track_add(void)
{
	char *key = next_key();
	int32_t type = (int32_t)next_number();
	cmap_track_handle_t track = 0;
	cs_error_t code = cmap_track_add(handle, key, type, on_notification, NULL, &track);

	printf("= %d %" PRIu64, (int)code, (uint64_t)track);
}

static void do_finalize(void)
{
	connected = false;
	printf("= %d", (int)cmap_finalize(handle));
}

static void do_raw_connect(void)
{
	errno = 0;
	raw_connection = qb_ipcc_connect("cmap", RAW_BUFFER_BYTES);
	printf("= %d %d", raw_connection == NULL ? -errno : 0, raw_connection == NULL ? errno : 0);
}

static void do_raw(void)
{
	static uint8_t response[RAW_BUFFER_BYTES];
	size_t length;
	char *request = decode_hex(next_word(), &length);
	struct iovec part = { .iov_base = request, .iov_len = length };
	ssize_t got = qb_ipcc_sendv_recv(raw_connection, &part, 1, response, sizeof(response), RAW_TIMEOUT_MS);

	printf("= %zd ", got);
	print_hex(response, got > 0 ? (size_t)got : 0);
}

static void run_command(char *text)
{
	char *command = strtok(text, " ");

	if (command == NULL)
		return;
	if (strcmp(command, "connect") == 0)
		do_connect();
	else if (strcmp(command, "get") == 0)
		do_get();
	else if (strcmp(command, "set") == 0)
		do_set();
	else if (strcmp(command, "delete") == 0)
		printf("= %d", (int)cmap_delete(handle, next_key()));
	else if (strcmp(command, "inc") == 0)
		printf("= %d", (int)cmap_inc(handle, next_key()));
	else if (strcmp(command, "dec") == 0)
		printf("= %d", (int)cmap_dec(handle, next_key()));
	else if (strcmp(command, "iter") == 0)
		do_iter();
	else if (strcmp(command, "iter_init") == 0)
		do_iter_init();
	else if (strcmp(command, "iter_next") == 0)
		do_iter_next();
	else if (strcmp(command, "iter_finalize") == 0)
		printf("= %d", (int)cmap_iter_finalize(handle, next_number()));
	else if (strcmp(command, "track_add") == 0)
		do_track_add();
	else if (strcmp(command, "track_delete") == 0)
		printf("= %d", (int)cmap_track_delete(handle, next_number()));
	else if (strcmp(command, "finalize") == 0)
		do_finalize();
	else if (strcmp(command, "raw_connect") == 0)
		do_raw_connect();
	else if (strcmp(command, "raw") == 0)
		do_raw();
	else
		printf("? unknown command");
	putchar('\n');
	fflush(stdout);
}

static void run_lines(void)
{
	char *end;

	while ((end = memchr(line, '\n', line_used)) != NULL) {
		size_t used = (size_t)(end - line) + 1;

		*end = '\0';
		run_command(line);
		memmove(line, line + used, line_used - used);
		line_used -= used;
	}
}

static void dispatch(void)
{
	cs_error_t code = cmap_dispatch(handle, CS_DISPATCH_ALL);

	if (code == CS_OK)
		return;
	lost = true;
	printf("lost %d\n", (int)code);
	fflush(stdout);
}

int main(void)
{
	for (;;) {
		struct pollfd watched[2] = { { .fd = STDIN_FILENO, .events = POLLIN }, { .fd = -1, .events = POLLIN } };

		if (connected && !lost)
			cmap_fd_get(handle, &watched[1].fd);
		if (poll(watched, 2, -1) < 0 && errno != EINTR)
			return 1;
		if (watched[1].revents != 0)
			dispatch();
		if (watched[0].revents == 0)
			continue;
		if (!read_line())
			return 0;
		run_lines();
	}
}
