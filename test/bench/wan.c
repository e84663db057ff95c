/*
 * wan NETNS-A NETNS-B MBIT DELAY-MS QUEUE-BYTES LOSS-PERCENT
 *
 * A long, narrow line between two network namespaces: a TUN device "wan0" in each (198.51.100.1 in A, 198.51.100.2
 * in B), and this process between them. Each direction is a sender's queue, a serialiser of MBIT Mbit/s, a fibre
 * of DELAY-MS milliseconds, and a dice that loses LOSS-PERCENT of what left the queue. It ends with its standard
 * input, so that it never outlives the program that started it.
 *
 * A packet's whole fate is known when it arrives: it leaves the queue when all before it have left, and lands one
 * delay later. So a direction is one ring of packets in the order of their landing, and the loop only waits for the
 * earliest one. The dice starts from a fixed seed: every run with the same traffic loses the same packets.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { MTU = 1500, SLOTS = 1 << 13 }; /* SLOTS: a power of two, and more than queue and fibre hold of small packets */

struct packet {
    int64_t leaves, lands; /* nanoseconds of CLOCK_MONOTONIC */
    int lost, length;
    unsigned char bytes[MTU];
};

struct direction {
    struct packet *ring;
    uint32_t head, left, tail; /* head..left: in the fibre; left..tail: in the queue; they only grow */
    int64_t queued;            /* bytes in the queue */
    int64_t free_at;           /* when the serialiser has sent all that is queued */
    int from, to;              /* TUN descriptors */
};

static double bits_per_ns, loss;
static int64_t delay, queue_limit;
static uint64_t dice = 0x9e3779b97f4a7c15; /* xorshift64: any seed but 0 */

static void die(const char *what) {
    fprintf(stderr, "wan: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static int throw_dice(void) {
    dice ^= dice << 13;
    dice ^= dice >> 7;
    dice ^= dice << 17;
    return (dice >> 11) * 0x1p-53 < loss;
}

/* Opens wan0 in the named namespace; the descriptor keeps working after this process has gone to another one. */
static int open_wan0(const char *netns, const char *own, const char *peer) {
    char path[256];
    snprintf(path, sizeof path, "/run/netns/%s", netns);
    int ns = open(path, O_RDONLY | O_CLOEXEC);
    if (ns < 0 || setns(ns, CLONE_NEWNET) < 0) die(path);
    close(ns);

    int tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    struct ifreq ifr = {.ifr_name = "wan0", .ifr_flags = IFF_TUN | IFF_NO_PI};
    if (tun < 0 || ioctl(tun, TUNSETIFF, &ifr) < 0) die("TUNSETIFF wan0");

    int s = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in *address = (struct sockaddr_in *)&ifr.ifr_addr;
    *address = (struct sockaddr_in){.sin_family = AF_INET};
    inet_pton(AF_INET, own, &address->sin_addr);
    if (ioctl(s, SIOCSIFADDR, &ifr) < 0) die("SIOCSIFADDR wan0");
    inet_pton(AF_INET, peer, &address->sin_addr);
    if (ioctl(s, SIOCSIFDSTADDR, &ifr) < 0) die("SIOCSIFDSTADDR wan0");
    ifr.ifr_flags = IFF_UP | IFF_RUNNING | IFF_POINTOPOINT;
    if (ioctl(s, SIOCSIFFLAGS, &ifr) < 0) die("SIOCSIFFLAGS wan0");
    close(s);
    return tun;
}

/* Moves what has left the queue into the fibre, and hands over what has landed. */
static void advance(struct direction *d, int64_t t) {
    for (; d->left != d->tail && d->ring[d->left % SLOTS].leaves <= t; d->left++)
        d->queued -= d->ring[d->left % SLOTS].length;
    for (; d->head != d->left && d->ring[d->head % SLOTS].lands <= t; d->head++) {
        struct packet *p = &d->ring[d->head % SLOTS];
        if (!p->lost && write(d->to, p->bytes, p->length) < 0 && errno != EAGAIN) die("write wan0");
    }
}

static void accept_packets(struct direction *d) {
    for (;;) {
        struct packet spare, *p = d->tail - d->head < SLOTS ? &d->ring[d->tail % SLOTS] : &spare;
        ssize_t n = read(d->from, p->bytes, MTU);
        if (n < 0 && errno == EAGAIN) return;
        if (n < 0) die("read wan0");
        if (p == &spare || d->queued + n > queue_limit) continue; /* tail drop */

        int64_t t = now();
        if (d->free_at < t) d->free_at = t;
        d->free_at += n * 8 / bits_per_ns;
        p->leaves = d->free_at;
        p->lands = d->free_at + delay;
        p->length = n;
        p->lost = throw_dice();
        d->queued += n;
        d->tail++;
    }
}

/* The next moment at which something lands, or 0. What leaves a queue before that only matters to an arrival. */
static int64_t next_landing(struct direction d[2]) {
    int64_t next = 0;
    for (int i = 0; i < 2; i++) {
        int64_t lands = d[i].head != d[i].tail ? d[i].ring[d[i].head % SLOTS].lands : 0;
        if (lands && (!next || lands < next)) next = lands;
    }
    return next;
}

int main(int argc, char **argv) {
    if (argc != 7) {
        fprintf(stderr, "usage: wan NETNS-A NETNS-B MBIT DELAY-MS QUEUE-BYTES LOSS-PERCENT\n");
        return 2;
    }
    bits_per_ns = atof(argv[3]) / 1e3;
    delay = atof(argv[4]) * 1e6;
    queue_limit = atoll(argv[5]);
    loss = atof(argv[6]) / 100;

    int a = open_wan0(argv[1], "198.51.100.1", "198.51.100.2");
    int b = open_wan0(argv[2], "198.51.100.2", "198.51.100.1");
    struct direction d[2] = {{.from = a, .to = b}, {.from = b, .to = a}};
    for (int i = 0; i < 2; i++)
        if (!(d[i].ring = calloc(SLOTS, sizeof *d[i].ring))) die("calloc");

    /* A timer descriptor, because poll's own timeout counts in milliseconds: more than a packet takes here. */
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    struct pollfd fds[] = {{a, POLLIN, 0}, {b, POLLIN, 0}, {timer, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
    for (;;) {
        int64_t next = next_landing(d);
        struct itimerspec at = {.it_value = {next / 1000000000, next % 1000000000}}; /* 0 disarms it */
        timerfd_settime(timer, TFD_TIMER_ABSTIME, &at, NULL);
        if (poll(fds, 4, -1) < 0 && errno != EINTR) die("poll");
        if (fds[3].revents) return 0;
        for (int i = 0; i < 2; i++) {
            advance(&d[i], now());
            accept_packets(&d[i]);
        }
    }
}
