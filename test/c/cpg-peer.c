/*
 * A libcpg client for tests; peer.h says how it is driven. Names are bytes.
 *
 *   connect FLAGS             = CODE ERRNO                (cpg_model_initialize; -1 is cpg_initialize)
 *   join|leave NAME           = CODE
 *   mcast GUARANTEE BYTES     = CODE
 *   mcast_fill LENGTH BYTE    = CODE                      (LENGTH times the number BYTE)
 *   mcast_pattern LENGTH SEED = CODE                      (LENGTH bytes that tell where they belong)
 *   mcast_many COUNT LENGTH BYTE = CODE                   (the same COUNT times, each until there is room for it)
 *   membership NAME           = CODE NODEID:PID:REASON,...
 *   local                     = CODE NODEID
 *   iter_init TYPE NAME       = CODE HANDLE               (NAME "null" for types without)
 *   iter_next HANDLE          = CODE NAME NODEID PID
 *   iter_finalize HANDLE      = CODE
 *   finalize                  = CODE
 *
 * Lines that come without a command:
 *   deliver NAME NODEID PID BYTES             (BYTES: "NUMBER*LENGTH" where there are more than 64, all the same;
 *                                              "#HASH*LENGTH" where there are more than 1 MiB)
 *   confchg NAME MEMBERS LEFT JOINED          (each as membership prints it)
 *   totem NODEID SEQ MEMBERS
 */
#include "peer.h"

#include <corosync/cpg.h>

#define SHORT_BYTES 64
#define LONG_BYTES (1u << 20)
#define MAX_MEMBERS 128

static cpg_handle_t handle;

static void print_addresses(const struct cpg_address *list, size_t count)
{
	if (count == 0)
		putchar('-');
	for (size_t i = 0; i < count; i++)
		printf("%s%" PRIu32 ":%" PRIu32 ":%" PRIu32, i == 0 ? "" : ",", list[i].nodeid, list[i].pid, list[i].reason);
}

static bool all_the_same(const uint8_t *bytes, size_t length)
{
	return length > SHORT_BYTES && memcmp(bytes, bytes + 1, length - 1) == 0;
}

/* FNV-1a */
static uint32_t hash_of(const uint8_t *bytes, size_t length)
{
	uint32_t hash = 0x811c9dc5;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ bytes[i]) * 0x01000193;
	return hash;
}

static void on_deliver(cpg_handle_t unused, const struct cpg_name *group, uint32_t nodeid, uint32_t pid, void *message,
		       size_t length)
{
	(void)unused;
	printf("deliver ");
	print_hex(group->value, group->length);
	printf(" %" PRIu32 " %" PRIu32 " ", nodeid, pid);
	if (all_the_same(message, length))
		printf("%u*%zu", *(const uint8_t *)message, length);
	else if (length > LONG_BYTES)
		printf("#%08" PRIx32 "*%zu", hash_of(message, length), length);
	else
		print_hex(message, length);
	end_line();
}

static void on_confchg(cpg_handle_t unused, const struct cpg_name *group, const struct cpg_address *members,
		       size_t member_count, const struct cpg_address *left, size_t left_count,
		       const struct cpg_address *joined, size_t joined_count)
{
	(void)unused;
	printf("confchg ");
	print_hex(group->value, group->length);
	putchar(' ');
	print_addresses(members, member_count);
	putchar(' ');
	print_addresses(left, left_count);
	putchar(' ');
	print_addresses(joined, joined_count);
	end_line();
}

static void on_totem(cpg_handle_t unused, struct cpg_ring_id ring, uint32_t count, const uint32_t *members)
{
	(void)unused;
	printf("totem %" PRIu32 " %" PRIu64 " ", ring.nodeid, ring.seq);
	print_ids(members, count);
	end_line();
}

static cs_error_t initialize(int flags)
{
	cpg_callbacks_t callbacks = { .cpg_deliver_fn = on_deliver, .cpg_confchg_fn = on_confchg };
	cpg_model_v1_data_t v1 = { .model = CPG_MODEL_V1,
				   .cpg_deliver_fn = on_deliver,
				   .cpg_confchg_fn = on_confchg,
				   .cpg_totem_confchg_fn = on_totem,
				   .flags = (unsigned int)flags };

	if (flags < 0)
		return cpg_initialize(&handle, &callbacks);
	return cpg_model_initialize(&handle, CPG_MODEL_V1, (cpg_model_data_t *)&v1, NULL);
}

static void do_connect(void)
{
	const char *flags = next_word();
	cs_error_t code;

	errno = 0;
	code = initialize(flags == NULL ? 0 : atoi(flags));
	peer_connected = code == CS_OK;
	peer_lost = false;
	printf("= %d %d", (int)code, peer_connected ? 0 : errno);
}

/* libcpg sends all 128 bytes of a name. */
static const struct cpg_name *next_name(void)
{
	static struct cpg_name name;
	size_t length;
	const char *bytes = next_bytes(&length);

	if (bytes == NULL)
		return NULL;
	memset(&name, 0, sizeof(name));
	name.length = (uint32_t)length;
	memcpy(name.value, bytes, length < sizeof(name.value) ? length : sizeof(name.value));
	return &name;
}

static void do_join(void)
{
	printf("= %d", (int)cpg_join(handle, next_name()));
}

static void do_leave(void)
{
	printf("= %d", (int)cpg_leave(handle, next_name()));
}

static void do_mcast(void)
{
	cpg_guarantee_t guarantee = (cpg_guarantee_t)next_number();
	struct iovec part;
	cs_error_t code;
	int tries = 5000;

	part.iov_base = next_bytes(&part.iov_len);
	/* While the nodes of a new ring come to terms, corosync takes nothing, on each node for as long as it takes there. */
	do
		code = cpg_mcast_joined(handle, guarantee, &part, 1);
	while (code == CS_ERR_TRY_AGAIN && tries-- > 0 && poll(NULL, 0, 1) == 0);
	printf("= %d", (int)code);
}

static void do_mcast_fill(void)
{
	struct iovec part = { .iov_len = (size_t)next_number() };

	part.iov_base = malloc(part.iov_len + 1);
	memset(part.iov_base, (int)next_number(), part.iov_len);
	printf("= %d", (int)cpg_mcast_joined(handle, CPG_TYPE_AGREED, &part, 1));
	free(part.iov_base);
}

static void do_mcast_many(void)
{
	uint64_t count = next_number();
	struct iovec part = { .iov_len = (size_t)next_number() };
	cs_error_t code = CS_OK;

	part.iov_base = malloc(part.iov_len + 1);
	memset(part.iov_base, (int)next_number(), part.iov_len);
	while (count > 0 && code == CS_OK) {
		code = cpg_mcast_joined(handle, CPG_TYPE_AGREED, &part, 1);
		if (code == CS_OK)
			count--;
		else if (code == CS_ERR_TRY_AGAIN && poll(NULL, 0, 1) == 0)
			code = CS_OK;
	}
	printf("= %d", (int)code);
	free(part.iov_base);
}

static void do_mcast_pattern(void)
{
	struct iovec part = { .iov_len = (size_t)next_number() };
	size_t seed = (size_t)next_number();
	uint8_t *bytes = malloc(part.iov_len + 1);

	for (size_t i = 0; i < part.iov_len; i++)
		bytes[i] = (uint8_t)(i * 31 + (i >> 8) + (i >> 16) + seed);
	part.iov_base = bytes;
	printf("= %d", (int)cpg_mcast_joined(handle, CPG_TYPE_AGREED, &part, 1));
	free(bytes);
}

static void do_membership(void)
{
	struct cpg_address members[MAX_MEMBERS];
	struct cpg_name name = *next_name();
	int count = MAX_MEMBERS;
	cs_error_t code = cpg_membership_get(handle, &name, members, &count);

	printf("= %d ", (int)code);
	print_addresses(members, code == CS_OK ? (size_t)count : 0);
}

static void do_local(void)
{
	unsigned int nodeid = 0;
	cs_error_t code = cpg_local_get(handle, &nodeid);

	printf("= %d %u", (int)code, nodeid);
}

static void do_iter_init(void)
{
	cpg_iteration_type_t type = (cpg_iteration_type_t)next_number();
	cpg_iteration_handle_t iteration = 0;
	cs_error_t code = cpg_iteration_initialize(handle, type, next_name(), &iteration);

	printf("= %d %" PRIu64, (int)code, (uint64_t)iteration);
}

static void do_iter_next(void)
{
	struct cpg_iteration_description_t description;
	cs_error_t code;

	memset(&description, 0, sizeof(description));
	code = cpg_iteration_next(next_number(), &description);
	printf("= %d ", (int)code);
	print_hex(description.group.value, code == CS_OK ? description.group.length : 0);
	printf(" %" PRIu32 " %" PRIu32, description.nodeid, description.pid);
}

static void do_iter_finalize(void)
{
	printf("= %d", (int)cpg_iteration_finalize(next_number()));
}

static void do_finalize(void)
{
	peer_connected = false;
	printf("= %d", (int)cpg_finalize(handle));
}

static int fd_get(void)
{
	int fd = -1;

	cpg_fd_get(handle, &fd);
	return fd;
}

static cs_error_t dispatch(void)
{
	return cpg_dispatch(handle, CS_DISPATCH_ALL);
}

static const struct peer_command commands[] = {
	{ "connect", do_connect },
	{ "join", do_join },
	{ "leave", do_leave },
	{ "mcast", do_mcast },
	{ "mcast_fill", do_mcast_fill },
	{ "mcast_many", do_mcast_many },
	{ "mcast_pattern", do_mcast_pattern },
	{ "membership", do_membership },
	{ "local", do_local },
	{ "iter_init", do_iter_init },
	{ "iter_next", do_iter_next },
	{ "iter_finalize", do_iter_finalize },
	{ "finalize", do_finalize },
};

int main(void)
{
	const struct peer peer = { "cpg", commands, sizeof(commands) / sizeof(commands[0]), fd_get, dispatch };

	return peer_run(&peer);
}
