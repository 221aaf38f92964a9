/*
 * Does what it is told, so many times: the tests of the tracer know what must be seen. It begins on one CPU and stays there
 * if the environment names it (EVENTPIPE_TEST_CPU). With EVENTPIPE_TEST_WAIT it begins when a byte comes on standard input,
 * and lives on until its end.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Each of them n times: openat, unlinkat, kill, dup, a child that executes /bin/true. */
static void mix(int n)
{
	signal(SIGUSR1, SIG_IGN);
	for (int i = 0; i < n; i++) {
		close(openat(AT_FDCWD, "/dev/null", O_WRONLY | O_NOCTTY, 0));
		unlinkat(AT_FDCWD, "/no/such/file", 0);
		kill(getpid(), SIGUSR1);
		close(dup(0));
		if (fork() == 0) {
			execl("/bin/true", "true", (char *)NULL);
			_exit(9);
		}
		wait(NULL);
	}
}

/* dup(0), dup(1), ...: the argument numbers the calls, whatever comes of them. */
static void count(int n)
{
	for (int i = 0; i < n; i++)
		syscall(SYS_dup, 1000000 + i);
}

/* Opens each of the given names. */
static void names(char **name)
{
	for (; *name; name++)
		close(openat(AT_FDCWD, *name, O_RDONLY));
}

/* Opens the name that stands in a file, through a mapping that nobody has touched, and one at an address without memory. */
static void untouched(const char *file)
{
	int fd = open(file, O_RDONLY);
	const char *name = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);

	openat(AT_FDCWD, name, O_RDONLY);
	openat(AT_FDCWD, (const char *)8, O_RDONLY);
}

int main(int argc, char **argv)
{
	const char *cpu = getenv("EVENTPIPE_TEST_CPU");
	const char *what = argc > 1 ? argv[1] : "";
	const int waits = getenv("EVENTPIPE_TEST_WAIT") != NULL;
	char byte;

	if (cpu) {
		cpu_set_t set;

		CPU_ZERO(&set);
		CPU_SET(atoi(cpu), &set);
		if (sched_setaffinity(0, sizeof(set), &set))
			return 8;
	}
	if (waits && read(0, &byte, 1) != 1)
		return 0;
	if (!strcmp(what, "mix"))
		mix(atoi(argv[2]));
	else if (!strcmp(what, "count"))
		count(atoi(argv[2]));
	else if (!strcmp(what, "forever"))
		for (;;)
			count(1);
	else if (!strcmp(what, "paced"))
		for (;; usleep(200))
			count(1);
	else if (!strcmp(what, "names"))
		names(argv + 2);
	else if (!strcmp(what, "untouched"))
		untouched(argv[2]);
	else
		return 7;
	while (waits && read(0, &byte, 1) > 0)
		;
	return 0;
}
