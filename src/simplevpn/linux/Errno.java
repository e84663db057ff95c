package simplevpn.linux;

import simplevpn.base.Failure;

/**
 * Names of the error numbers that the calls in {@link Libc} can return, as {@code asm-generic/errno-base.h} and
 * {@code asm-generic/errno.h} number them: the same on x86, ARM and RISC-V.
 */
public final class Errno {
    public static final int EPERM = 1;
    public static final int ENOENT = 2;
    public static final int EINTR = 4;
    public static final int EIO = 5;
    public static final int ENXIO = 6;
    public static final int ENOEXEC = 8;
    public static final int EBADF = 9;
    public static final int EAGAIN = 11;
    public static final int ENOMEM = 12;
    public static final int EACCES = 13;
    public static final int EBUSY = 16;
    public static final int EEXIST = 17;
    public static final int ENODEV = 19;
    public static final int ENOTDIR = 20;
    public static final int EISDIR = 21;
    public static final int EINVAL = 22;
    public static final int ENFILE = 23;
    public static final int EMFILE = 24;
    public static final int ENOTTY = 25;
    public static final int ENOSPC = 28;
    public static final int EROFS = 30;
    public static final int EPIPE = 32;
    public static final int ENAMETOOLONG = 36;
    public static final int ENOSYS = 38;
    public static final int ELOOP = 40;
    public static final int EPROTO = 71;
    public static final int EBADFD = 77;
    public static final int EOPNOTSUPP = 95;
    public static final int EAFNOSUPPORT = 97;
    public static final int EADDRINUSE = 98;
    public static final int EADDRNOTAVAIL = 99;
    public static final int ENETDOWN = 100;
    public static final int ENETUNREACH = 101;
    public static final int ECONNABORTED = 103;
    public static final int ECONNRESET = 104;
    public static final int ENOBUFS = 105;
    public static final int ETIMEDOUT = 110;
    public static final int ECONNREFUSED = 111;
    public static final int EHOSTUNREACH = 113;
    public static final int EINPROGRESS = 115;

    private Errno() {
    }

    /**
     * The failure of a call, named with its object and errno: {@code TUNSETIFF tun0: EBUSY (Device or resource busy)}.
     *
     * @param call the call and its object
     * @param result the call's result, −errno
     * @param advice what to do about it, or an empty string
     */
    public static Failure failure(String call, int result, String advice) {
        String line = call + ": " + text(-result);
        return new Failure(Failure.SYSTEM, advice.isEmpty() ? line : line + ": " + advice);
    }

    /**
     * An error number for people: its name and meaning, as in {@code EBUSY (Device or resource busy)}, or the bare
     * number.
     *
     * @param errno a positive error number
     */
    public static String text(int errno) {
        return switch (errno) {
            case EPERM -> "EPERM (Operation not permitted)";
            case ENOENT -> "ENOENT (No such file or directory)";
            case EINTR -> "EINTR (Interrupted system call)";
            case EIO -> "EIO (Input/output error)";
            case ENXIO -> "ENXIO (No such device or address)";
            case ENOEXEC -> "ENOEXEC (Exec format error)";
            case EBADF -> "EBADF (Bad file descriptor)";
            case EAGAIN -> "EAGAIN (Resource temporarily unavailable)";
            case ENOMEM -> "ENOMEM (Cannot allocate memory)";
            case EACCES -> "EACCES (Permission denied)";
            case EBUSY -> "EBUSY (Device or resource busy)";
            case EEXIST -> "EEXIST (File exists)";
            case ENODEV -> "ENODEV (No such device)";
            case ENOTDIR -> "ENOTDIR (Not a directory)";
            case EISDIR -> "EISDIR (Is a directory)";
            case EINVAL -> "EINVAL (Invalid argument)";
            case ENFILE -> "ENFILE (Too many open files in system)";
            case EMFILE -> "EMFILE (Too many open files)";
            case ENOTTY -> "ENOTTY (Inappropriate ioctl for device)";
            case ENOSPC -> "ENOSPC (No space left on device)";
            case EROFS -> "EROFS (Read-only file system)";
            case EPIPE -> "EPIPE (Broken pipe)";
            case ENAMETOOLONG -> "ENAMETOOLONG (File name too long)";
            case ENOSYS -> "ENOSYS (Function not implemented)";
            case ELOOP -> "ELOOP (Too many levels of symbolic links)";
            case EPROTO -> "EPROTO (Protocol error)";
            case EBADFD -> "EBADFD (File descriptor in bad state)";
            case EOPNOTSUPP -> "EOPNOTSUPP (Operation not supported)";
            case EAFNOSUPPORT -> "EAFNOSUPPORT (Address family not supported)";
            case EADDRINUSE -> "EADDRINUSE (Address already in use)";
            case EADDRNOTAVAIL -> "EADDRNOTAVAIL (Cannot assign requested address)";
            case ENETDOWN -> "ENETDOWN (Network is down)";
            case ENETUNREACH -> "ENETUNREACH (Network is unreachable)";
            case ECONNABORTED -> "ECONNABORTED (Connection aborted)";
            case ECONNRESET -> "ECONNRESET (Connection reset by peer)";
            case ENOBUFS -> "ENOBUFS (No buffer space available)";
            case ETIMEDOUT -> "ETIMEDOUT (Connection timed out)";
            case ECONNREFUSED -> "ECONNREFUSED (Connection refused)";
            case EHOSTUNREACH -> "EHOSTUNREACH (No route to host)";
            case EINPROGRESS -> "EINPROGRESS (Operation in progress)";
            default -> "errno " + errno;
        };
    }
}
