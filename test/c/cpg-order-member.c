/*
 * A member of a group on libcpg that sends messages of all sizes, and writes down what it is told: order-member-main.ts does the same
 * with our client. order-history.ts says what the lines of a history mean.
 *
 *   cpg-order-member HISTORY GROUP SEED LARGEST
 *
 * It prints "connected", then "joined". The line "leave" on stdin has it leave its group, and end when that has been ordered. It ends with corosync, too.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <corosync/cpg.h>

#define HEADER_BYTES 12
#define MOST_BYTES (8u << 20)
#define CONNECT_PAUSE_US 100000

static cpg_handle_t handle;
static struct cpg_name group;
static FILE *history;
static uint32_t us;
static bool has_joined, has_left;
static uint32_t sent;
static uint32_t random_state;
static uint8_t outgoing[MOST_BYTES];
static size_t outgoing_length;

static uint32_t next_random(uint32_t below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return random_state % below;
}

static void print_addresses(const struct cpg_address *list, size_t count)
{
	fputs(count == 0 ? " -" : " ", history);
	for (size_t i = 0; i < count; i++)
		fprintf(history, "%s%" PRIu32 ":%" PRIu32 ":%" PRIu32, i == 0 ? "" : ",", list[i].nodeid, list[i].pid,
			list[i].reason);
}

/* What its sender has put into it: order-message.ts has the layout. */
static bool is_intact(const uint8_t *bytes, size_t length, uint32_t pid, uint32_t *number)
{
	uint32_t header[3];

	if (length < HEADER_BYTES)
		return false;
	memcpy(header, bytes, sizeof(header));
	*number = header[1];
	if (header[0] != pid || header[2] != length)
		return false;
	return length == HEADER_BYTES ||
	       (bytes[HEADER_BYTES] == (uint8_t)header[1] &&
		memcmp(bytes + HEADER_BYTES, bytes + HEADER_BYTES + 1, length - HEADER_BYTES - 1) == 0);
}

static void on_deliver(cpg_handle_t unused, const struct cpg_name *name, uint32_t nodeid, uint32_t pid, void *message,
		       size_t length)
{
	uint32_t number = 0;
	bool intact = is_intact(message, length, pid, &number);

	(void)unused, (void)name;
	/* Corosync goes on delivering to who has left. */
	if (has_left)
		return;
	fprintf(history, "m %" PRIu32 " %" PRIu32 " %" PRIu32 " %zu %s\n", nodeid, pid, number, length,
		intact ? "whole" : "torn");
}

static void on_confchg(cpg_handle_t unused, const struct cpg_name *name, const struct cpg_address *members,
		       size_t member_count, const struct cpg_address *left, size_t left_count,
		       const struct cpg_address *joined, size_t joined_count)
{
	(void)unused, (void)name;
	if (has_left)
		return;
	fputc('v', history);
	print_addresses(members, member_count);
	print_addresses(joined, joined_count);
	print_addresses(left, left_count);
	fputc('\n', history);
	for (size_t i = 0; i < joined_count; i++)
		has_joined = has_joined || joined[i].pid == us;
	for (size_t i = 0; i < left_count; i++)
		has_left = has_left || left[i].pid == us;
}

static void on_totem(cpg_handle_t unused, struct cpg_ring_id ring, uint32_t count, const uint32_t *members)
{
	(void)unused, (void)count, (void)members;
	if (has_left)
		return;
	fprintf(history, "r %" PRIu32 ".%" PRIu64 "\n", ring.nodeid, ring.seq);
}

static void say(const char *stage)
{
	puts(stage);
	fflush(stdout);
}

static void end_with(const char *how)
{
	fprintf(history, "a %" PRIu32 "\ne %s\n", sent, how);
	fclose(history);
	exit(0);
}

/* Both wait while corosync starts or nodes come and go. */
static void join(void)
{
	cpg_model_v1_data_t callbacks = { .model = CPG_MODEL_V1,
					  .cpg_deliver_fn = on_deliver,
					  .cpg_confchg_fn = on_confchg,
					  .cpg_totem_confchg_fn = on_totem,
					  .flags = CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF };

	while (cpg_model_initialize(&handle, CPG_MODEL_V1, (cpg_model_data_t *)&callbacks, NULL) != CS_OK)
		usleep(CONNECT_PAUSE_US);
	say("connected");
	if (cpg_join(handle, &group) != CS_OK)
		end_with("lost");
}

static void dispatch(void)
{
	cs_error_t code = cpg_dispatch(handle, CS_DISPATCH_ALL);

	fflush(history);
	if (code != CS_OK)
		end_with("lost");
}

static size_t next_length(uint32_t largest)
{
	uint32_t kind = next_random(400);

	if (kind == 0 && largest > MOST_BYTES / 8)
		return largest - next_random(100000);
	if (kind < 6)
		return 20000 + next_random(180000);
	return HEADER_BYTES + next_random(kind < 100 ? 4000 : 200);
}

static void make_message(uint32_t largest)
{
	uint32_t header[3] = { us, sent + 1, 0 };

	outgoing_length = next_length(largest);
	header[2] = (uint32_t)outgoing_length;
	memcpy(outgoing, header, sizeof(header));
	memset(outgoing + HEADER_BYTES, (uint8_t)header[1], outgoing_length - HEADER_BYTES);
}

/* The same message again as long as corosync does not take it: nothing may overtake it. */
static void send_some(uint32_t largest)
{
	uint32_t count = 1 + next_random(8);

	while (count-- > 0) {
		struct iovec part = { .iov_base = outgoing };

		if (outgoing_length == 0)
			make_message(largest);
		part.iov_len = outgoing_length;
		if (cpg_mcast_joined(handle, CPG_TYPE_AGREED, &part, 1) != CS_OK)
			return;
		sent++;
		outgoing_length = 0;
	}
}

static void leave(void)
{
	cs_error_t code = cpg_leave(handle, &group);

	if (code != CS_OK)
		end_with("lost");
	while (!has_left) {
		struct pollfd watched = { .fd = -1, .events = POLLIN };

		cpg_fd_get(handle, &watched.fd);
		poll(&watched, 1, 1000);
		dispatch();
	}
	end_with("left");
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void take_part(uint32_t largest)
{
	int64_t next_ms = now_ms();

	for (;;) {
		struct pollfd watched[2] = { { .fd = STDIN_FILENO, .events = POLLIN }, { .fd = -1, .events = POLLIN } };
		int64_t wait_ms = next_ms - now_ms();

		cpg_fd_get(handle, &watched[1].fd);
		poll(watched, 2, wait_ms < 0 ? 0 : (int)wait_ms);
		if (watched[1].revents != 0)
			dispatch();
		if (watched[0].revents != 0 && has_joined)
			leave();
		if (now_ms() < next_ms)
			continue;
		next_ms = now_ms() + 5 + next_random(70);
		if (has_joined)
			send_some(largest);
	}
}

int main(int argc, char **argv)
{
	if (argc != 5)
		return 2;
	history = fopen(argv[1], "w");
	if (history == NULL)
		return 1;
	group.length = (uint32_t)strlen(argv[2]);
	memcpy(group.value, argv[2], group.length);
	random_state = (uint32_t)strtoul(argv[3], NULL, 10) | 1;
	us = (uint32_t)getpid();
	join();
	say("joined");
	take_part((uint32_t)strtoul(argv[4], NULL, 10));
	return 0;
}
