package simplevpn.linux;

/**
 * What the kernel's and libc's headers say: constants, and where the fields of structures lie on this processor.
 *
 * <p>A structure's offsets follow from its fields' sizes in order, by C's rule of natural alignment; a test holds them
 * against a C compiler's {@code offsetof}. Constants are those of {@code asm-generic}, which x86, ARM and RISC-V share.
 */
public final class Abi {
    /** Bytes of {@code size_t}, {@code long} and a pointer: 8, or 4 on armhf. */
    public static final int WORD = Linking.WORD;

    /* linux/limits.h */
    public static final int PATH_MAX = 4096;

    /* bits/socket.h, netinet/in.h */
    public static final int AF_UNIX = 1;
    public static final int AF_INET = 2;
    public static final int AF_INET6 = 10;
    public static final int AF_NETLINK = 16;
    public static final int SOCK_STREAM = 1;
    public static final int SOCK_DGRAM = 2;
    public static final int SOCK_RAW = 3;
    public static final int SOCK_NONBLOCK = 0x800;
    public static final int SOCK_CLOEXEC = 0x80000;
    public static final int SOMAXCONN = 4096;
    public static final int MSG_DONTWAIT = 0x40;
    public static final int MSG_EOR = 0x80;
    public static final int MSG_NOSIGNAL = 0x4000;
    public static final int IPPROTO_IP = 0;
    public static final int IPPROTO_TCP = 6;
    public static final int IPPROTO_IPV6 = 41;
    public static final int IPV6_V6ONLY = 26;
    public static final int IP_MTU_DISCOVER = 10;
    public static final int IP_PMTUDISC_DONT = 0;
    public static final int IP_FREEBIND = 15;

    /* asm-generic/socket.h */
    public static final int SOL_SOCKET = 1;
    public static final int SO_REUSEADDR = 2;
    public static final int SO_ERROR = 4;
    public static final int SO_LINGER = 13;
    public static final int SO_BINDTODEVICE = 25;
    public static final int SO_MARK = 36;
    public static final int SO_MAX_PACING_RATE = 47;

    /* netinet/tcp.h */
    public static final int TCP_NODELAY = 1;
    public static final int TCP_MAXSEG = 2;
    public static final int TCP_INFO = 11;
    public static final int TCP_CONGESTION = 13;
    public static final int TCP_USER_TIMEOUT = 18;
    public static final int TCP_NOTSENT_LOWAT = 25;

    /* unistd.h, with an underscore before it */
    public static final int CS_GNU_LIBC_VERSION = 2;

    /* netdb.h */
    public static final int AI_PASSIVE = 1;
    public static final int AI_NUMERICHOST = 4;
    public static final int EAI_NONAME = -2;
    public static final int EAI_AGAIN = -3;
    public static final int EAI_NODATA = -5;

    /* bits/fcntl-linux.h, sys/file.h */
    public static final int O_WRONLY = 1;
    public static final int O_RDWR = 2;
    public static final int O_CREAT = 0x40;
    public static final int O_EXCL = 0x80;
    public static final int O_NOCTTY = 0x100;
    public static final int O_APPEND = 0x400;
    public static final int O_NONBLOCK = 0x800;
    public static final int O_CLOEXEC = 0x80000;
    public static final int F_SETFL = 4;
    public static final int LOCK_EX = 2;
    public static final int LOCK_NB = 4;

    /* sys/epoll.h, sys/eventfd.h */
    public static final int EPOLLIN = 1;
    public static final int EPOLLOUT = 4;
    public static final int EPOLLERR = 8;
    public static final int EPOLLHUP = 16;
    public static final int EPOLL_CTL_ADD = 1;
    public static final int EPOLL_CTL_DEL = 2;
    public static final int EPOLL_CTL_MOD = 3;
    public static final int EPOLL_CLOEXEC = 0x80000;
    public static final int EFD_NONBLOCK = 0x800;
    public static final int EFD_CLOEXEC = 0x80000;

    /* bits/poll.h, bits/signum-generic.h, bits/types/__sigset_t.h */
    public static final int POLLIN = 1;
    public static final int POLLOUT = 4;
    public static final int SIGHUP = 1;
    public static final int SIGQUIT = 3;
    public static final int SIGKILL = 9;
    public static final int SIG_IGN = 1;
    public static final int SIGSET_SIZE = 128;
    public static final int SA_SIGINFO = 4;
    public static final int SA_RESTART = 0x10000000;

    /* spawn.h, bits/waitflags.h; the number of pidfd_open(2) is the same on each processor */
    public static final int POSIX_SPAWN_SETSIGDEF = 0x04;
    public static final int POSIX_SPAWN_SETSIGMASK = 0x08;
    public static final int POSIX_SPAWN_SETSID = 0x80;
    public static final int SPAWNATTR_SIZE = 2 * 4 + 2 * SIGSET_SIZE + 2 * 4 + 16 * 4;
    public static final int SPAWN_FILE_ACTIONS_SIZE = 2 * 4 + WORD + 16 * 4;
    public static final int WNOHANG = 1;
    public static final int SYS_PIDFD_OPEN = 434;

    /* bits/resource.h, bits/time.h */
    public static final int RLIMIT_CORE = 4;
    public static final int RLIMIT_NOFILE = 7;
    public static final int PRIO_PROCESS = 0;
    public static final int CLOCK_REALTIME = 0;
    public static final int CLOCK_BOOTTIME = 7;

    /* sys/prctl.h, linux/capability.h */
    public static final int PR_SET_DUMPABLE = 4;
    public static final int PR_SET_KEEPCAPS = 8;
    public static final int PR_CAPBSET_DROP = 24;
    public static final int PR_SET_NO_NEW_PRIVS = 38;
    public static final int PR_GET_NO_NEW_PRIVS = 39;
    public static final int PR_CAP_AMBIENT = 47;
    public static final int PR_CAP_AMBIENT_RAISE = 2;
    public static final int CAP_NET_ADMIN = 12;
    public static final int CAP_SYS_TIME = 25;
    public static final int CAPABILITY_VERSION_3 = 0x20080522;

    /* linux/seccomp.h, linux/bpf_common.h; the number of seccomp(2) is another one on each processor */
    public static final int SYS_SECCOMP;
    public static final int SECCOMP_SET_MODE_FILTER = 1;
    public static final int SECCOMP_FILTER_FLAG_TSYNC = 1;
    public static final int SECCOMP_FILTER_FLAG_SPEC_ALLOW = 4;
    public static final int SECCOMP_RET_ALLOW = 0x7fff0000;
    public static final int BPF_RET = 6;

    /* linux/if_tun.h */
    public static final int TUNSETIFF = 0x400454ca;
    public static final int TUNGETIFF = 0x800454d2;
    public static final int TUNSETOFFLOAD = 0x400454d0;
    public static final int TUNSETVNETHDRSZ = 0x400454d8;
    public static final int IFF_TUN = 0x0001;
    public static final int IFF_NO_PI = 0x1000;
    public static final int IFF_VNET_HDR = 0x4000;
    public static final int TUN_F_CSUM = 0x01;
    public static final int TUN_F_TSO4 = 0x02;
    public static final int TUN_F_TSO6 = 0x04;
    public static final int TUN_F_USO4 = 0x20;
    public static final int TUN_F_USO6 = 0x40;

    /* linux/sockios.h, linux/if.h */
    public static final int SIOCGIFNAME = 0x8910;
    public static final int SIOCGIFFLAGS = 0x8913;
    public static final int SIOCSIFFLAGS = 0x8914;
    public static final int SIOCGIFADDR = 0x8915;
    public static final int SIOCSIFADDR = 0x8916;
    public static final int SIOCGIFNETMASK = 0x891b;
    public static final int SIOCSIFNETMASK = 0x891c;
    public static final int SIOCGIFMTU = 0x8921;
    public static final int SIOCSIFMTU = 0x8922;
    public static final int SIOCGIFINDEX = 0x8933;
    public static final int SIOCSIFTXQLEN = 0x8943;
    public static final int IFF_UP = 0x1;
    public static final int IFNAMSIZ = 16;

    /* linux/netlink.h */
    public static final int NETLINK_ROUTE = 0;
    public static final int NLM_F_REQUEST = 1;
    public static final int NLM_F_ACK = 4;
    public static final int NLM_F_EXCL = 0x200;
    public static final int NLM_F_DUMP = 0x300;
    public static final int NLM_F_CREATE = 0x400;
    public static final int NLMSG_ERROR = 2;

    /* linux/rtnetlink.h */
    public static final int RTM_NEWLINK = 16;
    public static final int RTM_NEWADDR = 20;
    public static final int RTM_DELADDR = 21;
    public static final int RTM_GETADDR = 22;
    public static final int RTM_NEWROUTE = 24;
    public static final int RTM_DELROUTE = 25;
    public static final int RTM_GETROUTE = 26;
    public static final int RTM_NEWNETCONF = 80;
    public static final int RTM_GETNETCONF = 82;
    public static final int RTN_UNICAST = 1;
    public static final int RTN_UNREACHABLE = 7;
    public static final int RTPROT_KERNEL = 2;
    public static final int RTPROT_BOOT = 3;
    public static final int RT_SCOPE_UNIVERSE = 0;
    public static final int RT_SCOPE_LINK = 253;
    public static final int RT_SCOPE_NOWHERE = 255;
    public static final int RT_TABLE_MAIN = 254;
    public static final int RTM_F_CLONED = 0x200;
    public static final int RTM_F_LOOKUP_TABLE = 0x1000;
    public static final int RTNH_F_DEAD = 1;
    public static final int RTNH_F_ONLINK = 4;
    public static final int RTA_DST = 1;
    public static final int RTA_OIF = 4;
    public static final int RTA_GATEWAY = 5;
    public static final int RTA_PRIORITY = 6;
    public static final int RTA_PREFSRC = 7;
    public static final int RTA_MULTIPATH = 9;
    public static final int RTA_TABLE = 15;
    public static final int RTA_MARK = 16;
    public static final int RTA_VIA = 18;
    public static final int IFA_ADDRESS = 1;
    public static final int IFA_LOCAL = 2;
    public static final int RTMGRP_LINK = 1;
    public static final int RTMGRP_IPV4_IFADDR = 0x10;
    public static final int RTMGRP_IPV4_ROUTE = 0x40;
    public static final int RTMGRP_IPV6_IFADDR = 0x100;
    public static final int RTMGRP_IPV6_ROUTE = 0x400;

    /** {@code struct sockaddr_nl} (linux/netlink.h). */
    public static final int NL_FAMILY = 0;
    public static final int NL_GROUPS = 8;
    public static final int NL_SIZE = 12;

    /** {@code struct nlmsghdr}, and behind it what a {@code struct nlmsgerr} begins with (linux/netlink.h). */
    public static final int NLH_LEN = 0;
    public static final int NLH_TYPE = 4;
    public static final int NLH_FLAGS = 6;
    public static final int NLH_SIZE = 16;

    /** {@code struct rtmsg} (linux/rtnetlink.h), whose fields but the flags are a byte each. */
    public static final int RTM_FAMILY = 0;
    public static final int RTM_DST_LEN = 1;
    public static final int RTM_TABLE = 4;
    public static final int RTM_PROTOCOL = 5;
    public static final int RTM_SCOPE = 6;
    public static final int RTM_TYPE = 7;
    public static final int RTM_FLAGS = 8;
    public static final int RTM_SIZE = 12;

    /** {@code struct ifaddrmsg} (linux/if_addr.h): a byte each, the family first; then the interface's number. */
    public static final int IFA_PREFIXLEN = 1;
    public static final int IFA_INDEX = 4;
    public static final int IFA_SIZE = 8;

    /** {@code struct netconfmsg}, the family alone, and what its attributes are (linux/netconf.h). */
    public static final int NCM_SIZE = 4;
    public static final int NETCONFA_IFINDEX = 1;
    public static final int NETCONFA_FORWARDING = 2;
    public static final int NETCONFA_IFINDEX_ALL = -1;

    /** {@code struct rtattr}, {@code struct rtnexthop} and {@code struct ifinfomsg} (linux/rtnetlink.h). */
    public static final int RTA_LEN = 0;
    public static final int RTA_TYPE = 2;
    public static final int RTA_SIZE = 4;
    public static final int RTNH_FLAGS = 2;
    public static final int RTNH_IFINDEX = 4;
    public static final int RTNH_SIZE = 8;
    public static final int IFI_INDEX = 4;

    /** {@code struct sockaddr_in} (netinet/in.h): port and address are big-endian, the family is not. */
    public static final int SIN_FAMILY = 0;
    public static final int SIN_PORT = 2;
    public static final int SIN_ADDR = 4;
    public static final int SIN_SIZE = 16;

    /** {@code struct sockaddr_in6} (netinet/in.h). */
    public static final int SIN6_ADDR = 8;
    public static final int SIN6_SIZE = 28;

    /** {@code struct sockaddr_un} (sys/un.h). */
    public static final int SUN_FAMILY = 0;
    public static final int SUN_PATH = 2;
    public static final int SUN_SIZE = 110;

    /** {@code struct tcp_info} (linux/tcp.h): its beginning, times in microseconds. */
    public static final int TCPI_RETRANSMITS = 2;
    public static final int TCPI_RTT = 68;
    public static final int TCPI_TOTAL_RETRANS = 100;
    public static final int TCPI_BYTES_ACKED = 120;
    public static final int TCPI_NOTSENT_BYTES = 144;
    public static final int TCPI_MIN_RTT = 148;
    public static final int TCPI_SIZE = TCPI_MIN_RTT + 4;
    /** Since Linux 4.9. */
    public static final int TCPI_DELIVERY_RATE = 160;

    /** {@code struct pollfd} (sys/poll.h). */
    public static final int POLL_FD = 0;
    public static final int POLL_EVENTS = 4;
    public static final int POLL_REVENTS = 6;
    public static final int POLL_SIZE = 8;

    /** {@code struct ifreq} (linux/if.h): name, then a union; 40 bytes serve every processor. */
    public static final int IFR_NAME = 0;
    public static final int IFR_UNION = IFNAMSIZ;
    public static final int IFR_SIZE = 40;

    /** {@code struct virtio_net_hdr} (linux/virtio_net.h), its integers in the processor's byte order. */
    public static final int VNET_FLAGS = 0;
    public static final int VNET_GSO_TYPE = 1;
    public static final int VNET_HDR_LEN = 2;
    public static final int VNET_GSO_SIZE = 4;
    public static final int VNET_CSUM_START = 6;
    public static final int VNET_CSUM_OFFSET = 8;
    public static final int VNET_SIZE = 10;
    public static final int VIRTIO_NET_HDR_F_NEEDS_CSUM = 1;
    public static final int VIRTIO_NET_HDR_GSO_NONE = 0;
    public static final int VIRTIO_NET_HDR_GSO_TCPV4 = 1;
    public static final int VIRTIO_NET_HDR_GSO_TCPV6 = 4;
    public static final int VIRTIO_NET_HDR_GSO_UDP_L4 = 5;

    /** {@code struct epoll_event} (sys/epoll.h): packed on x86_64 alone. */
    public static final int EPOLL_EVENTS = 0;
    public static final int EPOLL_DATA;
    public static final int EPOLL_SIZE;

    /** {@code struct addrinfo} (netdb.h). */
    public static final int AI_FLAGS;
    public static final int AI_FAMILY;
    public static final int AI_SOCKTYPE;
    public static final int AI_ADDRLEN;
    public static final int AI_ADDR;
    public static final int AI_NEXT;
    public static final int AI_SIZE;

    /** {@code struct timespec} of the call named clock_gettime, whatever others there are: two words. */
    public static final int TV_SEC = 0;
    public static final int TV_NSEC = WORD;
    public static final int TIMESPEC_SIZE = 2 * WORD;

    /* sys/inotify.h */
    public static final int IN_CLOSE_WRITE = 8;
    public static final int IN_MOVED_FROM = 0x40;
    public static final int IN_MOVED_TO = 0x80;
    public static final int IN_CREATE = 0x100;
    public static final int IN_DELETE = 0x200;
    public static final int IN_NONBLOCK = 0x800;
    public static final int IN_CLOEXEC = 0x80000;

    /** {@code struct statx} (linux/stat.h), the same on all processors; {@link #STX_MODE} is 2 bytes. */
    public static final int STATX_BASIC_STATS = 0x7ff;
    public static final int AT_FDCWD = -100;
    public static final int AT_EMPTY_PATH = 0x1000;
    public static final int S_IFMT = 0xf000;
    public static final int S_IFREG = 0x8000;
    public static final int STX_UID = 20;
    public static final int STX_GID = 24;
    public static final int STX_MODE = 28;
    public static final int STX_INO = 32;
    public static final int STX_SIZE = 40;
    public static final int STX_CTIME = 96;
    public static final int STATX_SIZE = 256;

    /** {@code struct sigaction} (bits/sigaction.h): the handler comes first. */
    public static final int SA_FLAGS = WORD + 128;
    public static final int SIGACTION_SIZE = SA_FLAGS + 2 * WORD;

    /** {@code struct rlimit} (bits/resource.h): soft, then hard limit, a word each. */
    public static final int RLIM_CUR = 0;
    public static final int RLIM_MAX = WORD;
    public static final int RLIM_SIZE = 2 * WORD;

    static {
        String processor = System.getProperty("os.arch");
        boolean packed = processor.equals("amd64");
        SYS_SECCOMP = packed ? 317 : processor.equals("arm") ? 383 : 277;
        EPOLL_DATA = packed ? 4 : 8;
        EPOLL_SIZE = EPOLL_DATA + 8;

        Struct info = new Struct();
        AI_FLAGS = info.field(4);
        AI_FAMILY = info.field(4);
        AI_SOCKTYPE = info.field(4);
        info.field(4);
        AI_ADDRLEN = info.field(4);
        AI_ADDR = info.field(WORD);
        info.field(WORD);
        AI_NEXT = info.field(WORD);
        AI_SIZE = info.size();
    }

    private Abi() {
    }

    /** Lays fields out one after the other as a C compiler does. */
    private static final class Struct {
        private int end;
        private int alignment = 1;

        /** A number or pointer of {@code size} bytes, aligned to its size; returns its offset. */
        int field(int size) {
            end = (end + size - 1) / size * size + size;
            alignment = Math.max(alignment, size);
            return end - size;
        }

        /** The structure's size, its tail padded for an array of it. */
        int size() {
            return (end + alignment - 1) / alignment * alignment;
        }
    }
}
