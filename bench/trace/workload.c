/* SPDX-License-Identifier: MIT */
/*
 * What the benchmark of the tracer has traced:
 *   workload tick MS    starts /bin/true every MS milliseconds, until it is ended
 *   workload pairs N    opens and closes a file N times and prints what one time took, in ns: by the clock, of the CPU
 */
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WARM_UP 2000

static long long now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static int tick(int ms)
{
	char *argv[] = { "/bin/true", NULL }, *envp[] = { NULL };
	pid_t pid;

	prctl(PR_SET_PDEATHSIG, SIGKILL);	/* it never outlives the benchmark */
	for (;;) {
		if (posix_spawn(&pid, argv[0], NULL, NULL, argv, envp))
			return 1;
		waitpid(pid, NULL, 0);
		usleep(ms * 1000);
	}
}

static void open_and_close(long count)
{
	while (count-- > 0)
		close(open("/etc/hostname", O_RDONLY));
}

static int pairs(long count)
{
	long long wall, cpu;

	open_and_close(WARM_UP);
	wall = now_ns(CLOCK_MONOTONIC);
	cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID);
	open_and_close(count);
	cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	wall = now_ns(CLOCK_MONOTONIC) - wall;
	printf("%.1f %.1f\n", (double)wall / count, (double)cpu / count);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "tick"))
		return tick(atoi(argv[2]));
	if (argc == 3 && !strcmp(argv[1], "pairs"))
		return pairs(atol(argv[2]));
	return 2;
}
