/*
 * cmap-load KEY COUNT: sets KEY to the u32 values 1 to COUNT, one libcmap call after the other, as fast as they go.
 * Prints the microseconds it took. Every set changes the value, so each of them notifies every tracker of KEY.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <corosync/cmap.h>

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int check(const char *call, cs_error_t code)
{
	if (code != CS_OK)
		fprintf(stderr, "cmap-load: %s: error %d\n", call, (int)code);
	return code != CS_OK;
}

int main(int argc, char **argv)
{
	cmap_handle_t handle;

	if (argc != 3) {
		fprintf(stderr, "usage: cmap-load KEY COUNT\n");
		return 2;
	}
	if (check("cmap_initialize", cmap_initialize(&handle)))
		return 1;

	uint32_t count = (uint32_t)strtoul(argv[2], NULL, 10);
	int64_t start = now_us();

	for (uint32_t i = 1; i <= count; i++) {
		if (check("cmap_set_uint32", cmap_set_uint32(handle, argv[1], i)))
			return 1;
	}
	printf("%" PRId64 "\n", now_us() - start);
	cmap_finalize(handle);
	return 0;
}
