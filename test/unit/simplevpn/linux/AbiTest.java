package simplevpn.linux;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class AbiTest {
    /** TUN_F_USO4, TUN_F_USO6 and GSO_UDP_L4 came with Linux 6.2; distributions with older headers are still in use. */
    private static final String HEADERS = """
            #include <fcntl.h>
            #include <net/if.h>
            #include <netdb.h>
            #include <poll.h>
            #include <signal.h>
            #include <spawn.h>
            #include <time.h>
            #include <unistd.h>
            #include <netinet/in.h>
            #include <linux/tcp.h>
            #include <sys/epoll.h>
            #include <sys/eventfd.h>
            #include <sys/file.h>
            #include <sys/inotify.h>
            #include <sys/prctl.h>
            #include <sys/stat.h>
            #include <sys/ioctl.h>
            #include <sys/resource.h>
            #include <sys/socket.h>
            #include <sys/syscall.h>
            #include <sys/un.h>
            #include <sys/wait.h>
            #include <linux/capability.h>
            #include <linux/filter.h>
            #include <linux/if_tun.h>
            #include <linux/limits.h>
            #include <linux/netconf.h>
            #include <linux/netlink.h>
            #include <linux/rtnetlink.h>
            #include <linux/seccomp.h>
            #include <linux/sockios.h>
            #include <linux/virtio_net.h>
            #ifndef TUN_F_USO4
            #define TUN_F_USO4 0x20
            #define TUN_F_USO6 0x40
            #endif
            #ifndef VIRTIO_NET_HDR_GSO_UDP_L4
            #define VIRTIO_NET_HDR_GSO_UDP_L4 5
            #endif
            """;

    /** The fields that are no constants of the same name in C, but where a structure's field lies, or a size. */
    private static final Map<String, String> STRUCTURES = structures();

    private static Map<String, String> structures() {
        Map<String, String> c = new LinkedHashMap<>();
        filesAndSignals(c);
        netlink(c);
        c.put("WORD", "sizeof(size_t) == sizeof(long) && sizeof(long) == sizeof(void *) ? sizeof(size_t) : -1");
        c.put("SYS_SECCOMP", "SYS_seccomp");
        c.put("CAPABILITY_VERSION_3", "_LINUX_CAPABILITY_VERSION_3");
        offset(c, "SIN_FAMILY", "sockaddr_in", "sin_family");
        offset(c, "SIN_PORT", "sockaddr_in", "sin_port");
        offset(c, "SIN_ADDR", "sockaddr_in", "sin_addr");
        c.put("SIN_SIZE", "sizeof(struct sockaddr_in)");
        offset(c, "SIN6_ADDR", "sockaddr_in6", "sin6_addr");
        c.put("SIN6_SIZE", "sizeof(struct sockaddr_in6)");
        offset(c, "SUN_FAMILY", "sockaddr_un", "sun_family");
        offset(c, "SUN_PATH", "sockaddr_un", "sun_path");
        c.put("SUN_SIZE", "sizeof(struct sockaddr_un)");
        offset(c, "IFR_NAME", "ifreq", "ifr_name");
        offset(c, "IFR_UNION", "ifreq", "ifr_flags");
        c.put("IFR_SIZE", "sizeof(struct ifreq) <= 40 ? 40 : -1");
        c.put("SIG_IGN", "(long) SIG_IGN");
        offset(c, "POLL_FD", "pollfd", "fd");
        offset(c, "POLL_EVENTS", "pollfd", "events");
        offset(c, "POLL_REVENTS", "pollfd", "revents");
        c.put("POLL_SIZE", "sizeof(struct pollfd)");
        offset(c, "EPOLL_EVENTS", "epoll_event", "events");
        offset(c, "EPOLL_DATA", "epoll_event", "data");
        c.put("EPOLL_SIZE", "sizeof(struct epoll_event)");
        offset(c, "AI_FLAGS", "addrinfo", "ai_flags");
        offset(c, "AI_FAMILY", "addrinfo", "ai_family");
        offset(c, "AI_SOCKTYPE", "addrinfo", "ai_socktype");
        offset(c, "AI_ADDRLEN", "addrinfo", "ai_addrlen");
        offset(c, "AI_ADDR", "addrinfo", "ai_addr");
        offset(c, "AI_NEXT", "addrinfo", "ai_next");
        c.put("AI_SIZE", "sizeof(struct addrinfo)");
        offset(c, "TV_SEC", "timespec", "tv_sec");
        offset(c, "TV_NSEC", "timespec", "tv_nsec");
        c.put("TIMESPEC_SIZE", "sizeof(struct timespec)");
        offset(c, "RLIM_CUR", "rlimit", "rlim_cur");
        offset(c, "RLIM_MAX", "rlimit", "rlim_max");
        c.put("RLIM_SIZE", "sizeof(struct rlimit)");
        offset(c, "VNET_FLAGS", "virtio_net_hdr", "flags");
        offset(c, "VNET_GSO_TYPE", "virtio_net_hdr", "gso_type");
        offset(c, "VNET_HDR_LEN", "virtio_net_hdr", "hdr_len");
        offset(c, "VNET_GSO_SIZE", "virtio_net_hdr", "gso_size");
        offset(c, "VNET_CSUM_START", "virtio_net_hdr", "csum_start");
        offset(c, "VNET_CSUM_OFFSET", "virtio_net_hdr", "csum_offset");
        c.put("VNET_SIZE", "sizeof(struct virtio_net_hdr)");
        tcpInfo(c);
        return c;
    }

    private static void tcpInfo(Map<String, String> c) {
        offset(c, "TCPI_RETRANSMITS", "tcp_info", "tcpi_retransmits");
        offset(c, "TCPI_RTT", "tcp_info", "tcpi_rtt");
        offset(c, "TCPI_TOTAL_RETRANS", "tcp_info", "tcpi_total_retrans");
        offset(c, "TCPI_BYTES_ACKED", "tcp_info", "tcpi_bytes_acked");
        offset(c, "TCPI_NOTSENT_BYTES", "tcp_info", "tcpi_notsent_bytes");
        offset(c, "TCPI_MIN_RTT", "tcp_info", "tcpi_min_rtt");
        offset(c, "TCPI_DELIVERY_RATE", "tcp_info", "tcpi_delivery_rate");
        c.put("TCPI_SIZE", "offsetof(struct tcp_info, tcpi_min_rtt) + sizeof(__u32)");
    }

    private static void filesAndSignals(Map<String, String> c) {
        offset(c, "SA_FLAGS", "sigaction", "sa_flags");
        c.put("SIGACTION_SIZE", "sizeof(struct sigaction)");
        c.put("SYS_PIDFD_OPEN", "SYS_pidfd_open");
        c.put("CS_GNU_LIBC_VERSION", "_CS_GNU_LIBC_VERSION");
        c.put("SIGSET_SIZE", "sizeof(sigset_t)");
        c.put("SPAWNATTR_SIZE", "sizeof(posix_spawnattr_t)");
        c.put("SPAWN_FILE_ACTIONS_SIZE", "sizeof(posix_spawn_file_actions_t)");
        offset(c, "STX_UID", "statx", "stx_uid");
        offset(c, "STX_GID", "statx", "stx_gid");
        offset(c, "STX_MODE", "statx", "stx_mode");
        offset(c, "STX_INO", "statx", "stx_ino");
        offset(c, "STX_SIZE", "statx", "stx_size");
        offset(c, "STX_CTIME", "statx", "stx_ctime");
        c.put("STATX_SIZE", "sizeof(struct statx)");
    }

    private static void netlink(Map<String, String> c) {
        offset(c, "NL_FAMILY", "sockaddr_nl", "nl_family");
        offset(c, "NL_GROUPS", "sockaddr_nl", "nl_groups");
        c.put("NL_SIZE", "sizeof(struct sockaddr_nl)");
        offset(c, "NLH_LEN", "nlmsghdr", "nlmsg_len");
        offset(c, "NLH_TYPE", "nlmsghdr", "nlmsg_type");
        offset(c, "NLH_FLAGS", "nlmsghdr", "nlmsg_flags");
        c.put("NLH_SIZE", "NLMSG_ALIGN(sizeof(struct nlmsghdr))");
        offset(c, "RTM_FAMILY", "rtmsg", "rtm_family");
        offset(c, "RTM_DST_LEN", "rtmsg", "rtm_dst_len");
        offset(c, "RTM_TABLE", "rtmsg", "rtm_table");
        offset(c, "RTM_PROTOCOL", "rtmsg", "rtm_protocol");
        offset(c, "RTM_SCOPE", "rtmsg", "rtm_scope");
        offset(c, "RTM_TYPE", "rtmsg", "rtm_type");
        offset(c, "RTM_FLAGS", "rtmsg", "rtm_flags");
        c.put("RTM_SIZE", "NLMSG_ALIGN(sizeof(struct rtmsg))");
        offset(c, "RTA_LEN", "rtattr", "rta_len");
        offset(c, "RTA_TYPE", "rtattr", "rta_type");
        c.put("RTA_SIZE", "RTA_LENGTH(0)");
        offset(c, "RTNH_FLAGS", "rtnexthop", "rtnh_flags");
        offset(c, "RTNH_IFINDEX", "rtnexthop", "rtnh_ifindex");
        c.put("RTNH_SIZE", "RTNH_LENGTH(0)");
        offset(c, "IFA_PREFIXLEN", "ifaddrmsg", "ifa_prefixlen");
        offset(c, "IFA_INDEX", "ifaddrmsg", "ifa_index");
        c.put("IFA_SIZE", "NLMSG_ALIGN(sizeof(struct ifaddrmsg))");
        c.put("NCM_SIZE", "NLMSG_ALIGN(sizeof(struct netconfmsg))");
        offset(c, "IFI_INDEX", "ifinfomsg", "ifi_index");
    }

    private static void offset(Map<String, String> c, String name, String structure, String field) {
        c.put(name, "offsetof(struct " + structure + ", " + field + ")");
    }

    /**
     * Every constant, offset and size is the C compiler's on this machine. The fields are found by reflection, so one
     * added later is checked too: it has to be a constant of C, or to stand in the table above.
     */
    @Test
    void everyNumberIsTheCompilers() throws Exception {
        assertCompilers(AbiNumbers.all(), "cc");
    }

    /**
     * Compares with what a compiler says.
     *
     * @param emulator what runs the compiler's programs, if they are not for this machine
     */
    static void assertCompilers(Map<String, Integer> numbers, String compiler, String... emulator) throws Exception {
        assertTrue(numbers.keySet().containsAll(STRUCTURES.keySet()), "a row of the table is of no use any more");
        Map<String, String> expressions = new LinkedHashMap<>();
        numbers.keySet().forEach(name -> expressions.put(name, STRUCTURES.getOrDefault(name, name)));
        Map<String, Integer> actual = CProgram.evaluate(HEADERS, expressions, compiler, emulator);
        assertAll(numbers.entrySet().stream().map(field -> (Executable) () ->
                assertEquals(actual.get(field.getKey()), field.getValue(), field.getKey())));
    }
}
