/* deny-clock ERRNO COMMAND...: runs it where nobody sets the machine's clock: clock_settime(2) and its kind do nothing, and say
 * ERRNO, 0 for that it was done. For the machine that it is compiled on. */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int count, char **argument) {
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clock_settime, 4, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_settimeofday, 3, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_adjtimex, 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clock_adjtime, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (count < 2 ? 0 : atoi(argument[1]))),
    };
    struct sock_fprog program = {.len = sizeof filter / sizeof *filter, .filter = filter};

    /* Without PR_SET_NO_NEW_PRIVS, which is for the programs themselves to set: this is run by root. */
    if (count < 3 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) {
        perror("deny-clock");
        return 1;
    }
    execv(argument[2], argument + 2);
    perror(argument[2]);
    return 1;
}
