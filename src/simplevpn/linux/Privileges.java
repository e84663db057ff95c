package simplevpn.linux;

import java.util.zip.Adler32;
import simplevpn.base.Failure;

/** What this process may do, and what it gives up of that (credentials(7), capabilities(7)). */
public final class Privileges {
    /** Words of the two structures of capset(2): version and process; effective, permitted, inheritable, twice each. */
    private static final int CAPABILITIES = 8 * Integer.BYTES;
    private static final int EFFECTIVE = 2 * Integer.BYTES;
    private static final int PERMITTED = 3 * Integer.BYTES;
    private static final int INHERITABLE = 4 * Integer.BYTES;
    /** More capabilities than there are. */
    private static final int LAST = 63;

    private Privileges() {
    }

    /** The number of the user that this process runs as (geteuid(2)): 0 for root. */
    public static long uid() {
        return Libc.once("geteuid", 0, 0, 0, 0) & 0xffff_ffffL;
    }

    /**
     * Becomes another user, with his group and no others: libc changes all threads (nptl(7)). The calling thread, and
     * those that it will start, keep the capability CAP_NET_ADMIN, if root has it here; the others have none.
     *
     * @param clock whether they keep CAP_SYS_TIME too
     * @throws Failure from a process that must not go on: half of it may be done
     */
    public static void become(User user, boolean clock) throws Failure {
        for (int capability = 0; capability <= LAST; capability++) {
            if (capability != Abi.CAP_NET_ADMIN && !(clock && capability == Abi.CAP_SYS_TIME)) {
                Libc.once("prctl", Abi.PR_CAPBSET_DROP, capability, 0, 0);
            }
        }
        Libc.once("prctl", Abi.PR_SET_KEEPCAPS, 1, 0, 0);
        check("setgroups", Libc.once("setgroups", 0, 0, 0, 0), user);
        check("setresgid " + user.gid, Libc.once("setresgid", user.gid, user.gid, user.gid, 0), user);
        openLast(user);
        check("setresuid " + user.uid, Libc.once("setresuid", user.uid, user.uid, user.uid, 0), user);
        int time = clock ? 1 << Abi.CAP_SYS_TIME : 0;
        if (keep(1 << Abi.CAP_NET_ADMIN | time, 0) < 0 && keep(1 << Abi.CAP_NET_ADMIN, 0) < 0) {
            check("capset", keep(0, 0), user);
        }
        // The change of the user has set it to what the system's fs.suid_dumpable says.
        Libc.once("prctl", Abi.PR_SET_DUMPABLE, 0, 0, 0);
    }

    /**
     * The VM's last file is a library that it unpacks classes with. Where its folder is closed to the user it is loaded
     * now, for a class that test/recorder keeps out of the archive; elsewhere that would be time and memory for
     * nothing. Whose files a thread may open is told for each thread (setfsuid(2)).
     */
    private static void openLast(User user) {
        int fd = open(System.getProperty("java.home") + "/lib/libzip.so", Abi.O_CLOEXEC, user);
        if (fd >= 0) {
            Libc.close(fd);
        } else {
            new Adler32().update(0);
        }
    }

    /** Opens a file as a user whom root will become, who owns what is made: it may lead where he may go himself. */
    public static int open(String path, int flags, User user) {
        Libc.once("setfsuid", user.uid, 0, 0, 0);
        int fd = Libc.open(path, flags);
        Libc.once("setfsuid", 0, 0, 0, 0);
        return fd;
    }

    /**
     * What the calling thread starts has its capability CAP_NET_ADMIN too, if it has it, as under a systemd unit with
     * AmbientCapabilities.
     *
     * @param clock whether the calling thread has kept CAP_SYS_TIME, which is nothing for others
     */
    public static void passOn(boolean clock) {
        int passed = 1 << Abi.CAP_NET_ADMIN;
        int time = clock ? 1 << Abi.CAP_SYS_TIME : 0;
        if (keep(passed | time, passed) >= 0 || keep(passed, passed) >= 0) {
            Libc.once("prctl", Abi.PR_CAP_AMBIENT, Abi.PR_CAP_AMBIENT_RAISE, Abi.CAP_NET_ADMIN, 0);
        }
    }

    private static int keep(int capabilities, int inheritable) {
        Buffer sets = Buffer.temporary(CAPABILITIES);
        sets.nativeOrder.putInt(0, Abi.CAPABILITY_VERSION_3);
        sets.nativeOrder.putInt(EFFECTIVE, capabilities);
        sets.nativeOrder.putInt(PERMITTED, capabilities);
        sets.nativeOrder.putInt(INHERITABLE, inheritable);
        int result = Libc.once("capset", sets.address, sets.address + EFFECTIVE, 0, 0);
        sets.free();
        return result;
    }

    private static void check(String call, int result, User user) throws Failure {
        if (result < 0) {
            throw Errno.failure(call, result, (result == -Errno.EINVAL ? "there is no such user in this container"
                    : "this container does not let root become " + user) + "; --user root stays root");
        }
    }

    /**
     * Whatever this process executes from now on has no more rights than it has itself (PR_SET_NO_NEW_PRIVS, prctl(2)),
     * in all threads where the kernel has seccomp(2), otherwise in the calling one.
     */
    public static void forbidNew() {
        if (Libc.once("prctl", Abi.PR_GET_NO_NEW_PRIVS, 0, 0, 0) == 1) {
            // Whoever started this process saw to it, before there were threads.
            return;
        }
        Libc.once("prctl", Abi.PR_SET_NO_NEW_PRIVS, 1, 0, 0);
        // A filter of system calls that lets all pass is what carries this over to the threads of the VM.
        // A struct sock_fprog, how many instructions there are and where, and behind it one struct sock_filter.
        int instruction = 2 * Abi.WORD;
        Buffer program = Buffer.temporary(instruction + Long.BYTES);
        program.nativeOrder.putShort(0, (short) 1);
        program.word(Abi.WORD, program.address + instruction);
        program.nativeOrder.putShort(instruction, (short) Abi.BPF_RET);
        program.nativeOrder.putInt(instruction + Integer.BYTES, Abi.SECCOMP_RET_ALLOW);
        Libc.once("syscall", Abi.SYS_SECCOMP, Abi.SECCOMP_SET_MODE_FILTER,
                Abi.SECCOMP_FILTER_FLAG_TSYNC | Abi.SECCOMP_FILTER_FLAG_SPEC_ALLOW, program.address);
        program.free();
    }

    /** From now on nobody but root sees the memory of this process, and it leaves no copy of it when it crashes. */
    public static void hideMemory() {
        Libc.once("prctl", Abi.PR_SET_DUMPABLE, 0, 0, 0);
        Buffer none = Buffer.temporary(Abi.RLIM_SIZE);
        Libc.setrlimit(Abi.RLIMIT_CORE, none);
        none.free();
    }
}
