/*
 * A libcmap client for tests; peer.h says how it is driven.
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
 *
 * Keys, prefixes and values are bytes. Lines that come without a command:
 *   notify HANDLE EVENT KEY NEWTYPE NEWVALUE OLDTYPE OLDVALUE
 */
#include "peer.h"

#include <corosync/cmap.h>

static cmap_handle_t handle;

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
	end_line();
}

static void do_connect(void)
{
	cs_error_t code;

	errno = 0;
	code = cmap_initialize_map(&handle, (cmap_map_t)next_number());
	peer_connected = code == CS_OK;
	peer_lost = false;
	printf("= %d %d", (int)code, peer_connected ? 0 : errno);
}

static void do_get(void)
{
	char *key = next_string();
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
	char *key = next_string();
	cmap_value_types_t type = (cmap_value_types_t)next_number();
	size_t length;
	char *value = next_bytes(&length);

	printf("= %d", (int)cmap_set(handle, key, value, length, type));
}

static void do_iter(void)
{
	char name[CMAP_KEYNAME_MAXLEN + 1];
	cmap_iter_handle_t iter;
	cmap_value_types_t type;
	size_t length;
	cs_error_t code = cmap_iter_init(handle, next_string(), &iter);

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
	cs_error_t code = cmap_iter_init(handle, next_string(), &iter);

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
	char *key = next_string();
	int32_t type = (int32_t)next_number();
	cmap_track_handle_t track = 0;
	cs_error_t code = cmap_track_add(handle, key, type, on_notification, NULL, &track);

	printf("= %d %" PRIu64, (int)code, (uint64_t)track);
}

static void do_finalize(void)
{
	peer_connected = false;
	printf("= %d", (int)cmap_finalize(handle));
}

static void do_delete(void)
{
	printf("= %d", (int)cmap_delete(handle, next_string()));
}

static void do_inc(void)
{
	printf("= %d", (int)cmap_inc(handle, next_string()));
}

static void do_dec(void)
{
	printf("= %d", (int)cmap_dec(handle, next_string()));
}

static void do_iter_finalize(void)
{
	printf("= %d", (int)cmap_iter_finalize(handle, next_number()));
}

static void do_track_delete(void)
{
	printf("= %d", (int)cmap_track_delete(handle, next_number()));
}

static int fd_get(void)
{
	int fd = -1;

	cmap_fd_get(handle, &fd);
	return fd;
}

static cs_error_t dispatch(void)
{
	return cmap_dispatch(handle, CS_DISPATCH_ALL);
}

static const struct peer_command commands[] = {
	{ "connect", do_connect },
	{ "get", do_get },
	{ "set", do_set },
	{ "delete", do_delete },
	{ "inc", do_inc },
	{ "dec", do_dec },
	{ "iter", do_iter },
	{ "iter_init", do_iter_init },
	{ "iter_next", do_iter_next },
	{ "iter_finalize", do_iter_finalize },
	{ "track_add", do_track_add },
	{ "track_delete", do_track_delete },
	{ "finalize", do_finalize },
};

int main(void)
{
	const struct peer peer = { "cmap", commands, sizeof(commands) / sizeof(commands[0]), fd_get, dispatch };

	return peer_run(&peer);
}
