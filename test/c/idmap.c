/*
 * Runs a command in a mount namespace of its own, in which the owners of a directory's files are mapped (an idmapped mount):
 *
 *   idmap FILE-OF-A-USER-NAMESPACE DIRECTORY COMMAND...
 *
 * Exit status 77 where the kernel cannot do this: for a tmpfs it takes Linux 6.3.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <unistd.h>

static int checked(int result, const char *what)
{
	if (result < 0) {
		perror(what);
		exit(77);
	}
	return result;
}

int main(int argc, char **argv)
{
	if (argc < 4) {
		fprintf(stderr, "usage: idmap FILE DIRECTORY COMMAND...\n");
		return 2;
	}
	const char *directory = argv[2];
	struct mount_attr attributes = { .attr_set = MOUNT_ATTR_IDMAP };
	attributes.userns_fd = checked(open(argv[1], O_RDONLY | O_CLOEXEC), argv[1]);
	checked(unshare(CLONE_NEWNS), "unshare");
	checked(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "mount");
	int tree = checked(open_tree(AT_FDCWD, directory, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC), "open_tree");
	checked(mount_setattr(tree, "", AT_EMPTY_PATH, &attributes, sizeof attributes), "mount_setattr");
	checked(move_mount(tree, "", AT_FDCWD, directory, MOVE_MOUNT_F_EMPTY_PATH), "move_mount");
	execvp(argv[3], argv + 3);
	return checked(-1, argv[3]);
}
