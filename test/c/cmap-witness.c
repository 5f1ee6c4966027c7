/*
 * corosync's other client: gets one key again and again, and knows the longest time that it had to wait for an answer.
 *
 *   cmap-witness INTERVAL_MS
 *
 * Each line on stdin is answered with "GETS FAILED WORST_US" since the last one; it ends with its stdin.
 */
#include <inttypes.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <corosync/cmap.h>

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int main(int argc, char **argv)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	int interval_ms = argc > 1 ? atoi(argv[1]) : 1;
	int64_t worst_us = 0;
	uint64_t gets = 0, failed = 0;
	cmap_handle_t handle;

	if (cmap_initialize(&handle) != CS_OK)
		return 1;
	printf("ready\n");
	fflush(stdout);
	for (;;) {
		int64_t start = now_us();
		uint32_t version;
		char command[64];

		failed += cmap_get_uint32(handle, "totem.version", &version) != CS_OK || version != 2;
		gets++;
		if (now_us() - start > worst_us)
			worst_us = now_us() - start;
		if (poll(&input, 1, interval_ms) <= 0)
			continue;
		if (read(STDIN_FILENO, command, sizeof(command)) <= 0)
			break;
		printf("%" PRIu64 " %" PRIu64 " %" PRId64 "\n", gets, failed, worst_us);
		fflush(stdout);
		gets = failed = 0;
		worst_us = 0;
	}
	cmap_finalize(handle);
	return 0;
}
