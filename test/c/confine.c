/*
 * Runs a command that the kernel refuses something:
 *
 *   confine socket ERRNO COMMAND...    to make unix sockets, as systemd's RestrictAddressFamilies= does (a seccomp filter)
 *   confine connect ERRNO COMMAND...   to connect any socket
 *   confine write ERRNO COMMAND...     to write at a position of a file
 *   confine chown ERRNO COMMAND...     to give files to another user
 *   confine open 0 COMMAND...          to open files for writing (Landlock)
 *   confine abstract 0 COMMAND...      to connect to abstract names of processes outside (Landlock)
 *
 * Exit status 77 where the kernel has no Landlock, or one that is too old.
 */
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Debian 12's headers do not know the last two fields yet. */
struct ruleset {
	uint64_t handled_access_fs;
	uint64_t handled_access_net;
	uint64_t scoped;
};
#define SCOPE_ABSTRACT_UNIX_SOCKET 1
#define ABI_WITH_SCOPES 6

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void refuse_call(int number, int only_unix, int error)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned int)number, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_UNIX, 0, only_unix ? 1 : 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned int)error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(filter) / sizeof(filter[0]), filter };

	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) die("seccomp");
}

static void restrict_to(const struct ruleset *rules)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	int fd;

	if (abi < ABI_WITH_SCOPES) exit(77);
	fd = (int)syscall(SYS_landlock_create_ruleset, rules, sizeof(*rules), 0);
	if (fd < 0) die("landlock_create_ruleset");
	if (syscall(SYS_landlock_restrict_self, fd, 0)) die("landlock_restrict_self");
	close(fd);
}

int main(int argc, char **argv)
{
	const struct ruleset no_writing = { LANDLOCK_ACCESS_FS_WRITE_FILE, 0, 0 };
	const struct ruleset no_abstract = { 0, 0, SCOPE_ABSTRACT_UNIX_SOCKET };
	const char *what = argc > 3 ? argv[1] : "";
	int error = argc > 3 ? atoi(argv[2]) : 0;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) die("no_new_privs");
	if (!strcmp(what, "socket")) refuse_call(SYS_socket, 1, error);
	else if (!strcmp(what, "connect")) refuse_call(SYS_connect, 0, error);
	else if (!strcmp(what, "write")) refuse_call(SYS_pwrite64, 0, error);
	else if (!strcmp(what, "chown")) {
		refuse_call(SYS_chown, 0, error);
		refuse_call(SYS_fchown, 0, error);
		refuse_call(SYS_fchownat, 0, error);
	}
	else if (!strcmp(what, "open")) restrict_to(&no_writing);
	else if (!strcmp(what, "abstract")) restrict_to(&no_abstract);
	else return 2;
	execvp(argv[3], argv + 3);
	die(argv[3]);
}
