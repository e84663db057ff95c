/*
 * classic SERVER ADDRESS INTERFACE
 *
 * A classic client, as the simplevpn of 2013 was: it asks the server (an IPv4 address, port 2002) for the static
 * ADDRESS with the 20 bytes that a classic client sends, brings up a TUN device without offloads, and then sends
 * one packet per send. Unlike that program it finds frames by their total length, so that it measures the server's
 * path to classic peers and not its own losses. It ends with its standard input.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEADER = 20, PORT = 2002, BUFFER = 1 << 17 };

static void die(const char *what) {
    fprintf(stderr, "classic: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int connect_to(const char *server) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    int s = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    if (inet_pton(AF_INET, server, &to.sin_addr) != 1) die(server);
    if (s < 0 || connect(s, (struct sockaddr *)&to, sizeof to) < 0) die("connect");
    if (setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0) die("TCP_NODELAY");
    return s;
}

static void send_whole(int s, const unsigned char *p, size_t n) {
    while (n > 0) {
        ssize_t sent = send(s, p, n, 0);
        if (sent < 0) die("send");
        p += sent;
        n -= sent;
    }
}

static void ask_for(int s, struct in_addr address) {
    unsigned char frame[HEADER] = {0x45};
    memcpy(frame + 12, &address, 4);
    send_whole(s, frame, HEADER);
    if (recv(s, frame, HEADER, MSG_WAITALL) != HEADER) die("no answer to the address request");
    if (memcmp(frame + 16, &address, 4) != 0) {
        fprintf(stderr, "classic: the server assigned another address\n");
        exit(1);
    }
}

static int open_tun(const char *name, struct in_addr address) {
    int tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
    struct ifreq ifr = {.ifr_flags = IFF_TUN | IFF_NO_PI};
    snprintf(ifr.ifr_name, IFNAMSIZ, "%s", name);
    if (tun < 0 || ioctl(tun, TUNSETIFF, &ifr) < 0) die("TUNSETIFF");

    int s = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in *in = (struct sockaddr_in *)&ifr.ifr_addr;
    *in = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = address};
    if (ioctl(s, SIOCSIFADDR, &ifr) < 0) die("SIOCSIFADDR");
    in->sin_addr.s_addr = htonl(0xffff0000);
    if (ioctl(s, SIOCSIFNETMASK, &ifr) < 0) die("SIOCSIFNETMASK");
    ifr.ifr_flags = IFF_UP | IFF_RUNNING;
    if (ioctl(s, SIOCSIFFLAGS, &ifr) < 0) die("SIOCSIFFLAGS");
    close(s);
    return tun;
}

/* Writes every whole frame of the buffer to the device and returns how many bytes of an unfinished one remain. */
static size_t deliver(int tun, unsigned char *buffer, size_t n) {
    size_t at = 0;
    while (n - at >= HEADER) {
        const unsigned char *frame = buffer + at;
        size_t length = frame[2] << 8 | frame[3];
        int for_me = length > HEADER && frame[16] != 0; /* not a keepalive, nor the answer sent twice */
        if (length < HEADER) length = HEADER;
        if (n - at < length) break;
        if (for_me && write(tun, frame, length) < 0 && errno != EINVAL && errno != EAGAIN) die("write to TUN");
        at += length;
    }
    memmove(buffer, buffer + at, n - at);
    return n - at;
}

int main(int argc, char **argv) {
    static unsigned char packet[65536], buffer[BUFFER];
    struct in_addr address;
    if (argc != 4 || inet_pton(AF_INET, argv[2], &address) != 1) {
        fprintf(stderr, "usage: classic SERVER ADDRESS INTERFACE\n");
        return 2;
    }
    int s = connect_to(argv[1]);
    ask_for(s, address);
    int tun = open_tun(argv[3], address);

    size_t kept = 0;
    struct pollfd fds[] = {{tun, POLLIN, 0}, {s, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
    for (;;) {
        if (poll(fds, 3, -1) < 0) die("poll");
        if (fds[2].revents) return 0;
        if (fds[0].revents) {
            ssize_t n = read(tun, packet, sizeof packet);
            if (n > 0) send_whole(s, packet, n);
        }
        if (fds[1].revents) {
            ssize_t n = recv(s, buffer + kept, sizeof buffer - kept, 0);
            if (n <= 0) die("the server closed the connection");
            kept = deliver(tun, buffer, kept + n);
        }
    }
}
