/*
 * micro SERVER PORT PIN KEY CERTIFICATE SECONDS
 *
 * All that a small device does to join a server with keys, here with wolfSSL: TLS 1.3 with its own key, the server
 * known by its PIN alone, the 20 bytes of a request of 2013, and frames. Of packets it knows pings, which it answers.
 * KEY and CERTIFICATE are PEM files. After so many SECONDS of silence it sends a keepalive: 15, unless the server's
 * timeout is below 60. It ends when its connection does; a device would begin anew.
 */
#include <wolfssl/options.h> /* has to be the first */

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <wolfssl/ssl.h>
#include <wolfssl/wolfcrypt/asn.h>
#include <wolfssl/wolfcrypt/coding.h>

enum { HEADER = 20, HASH = 32, SILENCES = 4 };
static const byte request[HEADER] = {0x45};
static const byte keepalive[HEADER] = {0x45, [12] = 255, 255, 255, 255, 255, 255, 255, 255};
static byte pin[HASH + 1]; /* wolfSSL counts the padding */
static WOLFSSL *tls;

static void die(const char *what) {
    int error = tls ? wolfSSL_get_error(tls, 0) : 0;
    fprintf(stderr, "micro: %s: %s\n", what, error ? wolfSSL_ERR_reason_error_string(error) : "failed");
    exit(1);
}

/* Whether the server's key has the pin: SHA-256 of its SubjectPublicKeyInfo. Nothing else in a certificate matters. */
static int has_pin(int by_an_authority, WOLFSSL_X509_STORE_CTX *shown) {
    static const byte ed25519[12] = {0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0};
    byte key[1024], *bare = key + sizeof ed25519, hash[HASH];
    word32 n = sizeof key - sizeof ed25519;
    struct DecodedCert cert;
    (void)by_an_authority;
    wc_InitDecodedCert(&cert, shown->certs[0].buffer, shown->certs[0].length, NULL);
    int failed = wc_ParseCert(&cert, CERT_TYPE, NO_VERIFY, NULL) || wc_GetPubKeyDerFromCert(&cert, bare, &n);
    wc_FreeDecodedCert(&cert);
    /* What comes before it is cut off by wolfSSL for Ed25519, not for P-256. */
    int cut = n == 32;
    memcpy(key, ed25519, sizeof ed25519);
    failed = failed || wc_Sha256Hash(cut ? key : bare, cut ? n + sizeof ed25519 : n, hash);
    return !failed && memcmp(hash, pin, HASH) == 0;
}

static void join(char **argument) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(argument[2]))};
    struct timeval silence = {.tv_sec = atoi(argument[6])};
    int s = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    inet_pton(AF_INET, argument[1], &to.sin_addr);
    if (connect(s, (struct sockaddr *)&to, sizeof to) < 0) die("connect");
    setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &silence, sizeof silence);

    wolfSSL_Init();
    WOLFSSL_CTX *own = wolfSSL_CTX_new(wolfTLSv1_3_client_method());
    if (wolfSSL_CTX_use_PrivateKey_file(own, argument[4], SSL_FILETYPE_PEM) != SSL_SUCCESS) die(argument[4]);
    if (wolfSSL_CTX_use_certificate_file(own, argument[5], SSL_FILETYPE_PEM) != SSL_SUCCESS) die(argument[5]);
    wolfSSL_CTX_set_verify(own, SSL_VERIFY_PEER, has_pin);
    tls = wolfSSL_new(own);
    wolfSSL_set_fd(tls, s);
    if (wolfSSL_connect(tls) != SSL_SUCCESS) die("TLS");
}

static void transmit(const byte *frame, int length) {
    if (wolfSSL_write(tls, frame, length) != length) die("write");
}

/* Waits for so many bytes. In a long silence a keepalive asks whether anybody is there. */
static void receive(byte *to, int length) {
    for (int silences = 0; length > 0;) {
        int got = wolfSSL_read(tls, to, length);
        if (got > 0) {
            silences = 0;
            to += got;
            length -= got;
        } else if (wolfSSL_want_read(tls) && silences++ < SILENCES) {
            transmit(keepalive, HEADER);
        } else {
            die("read");
        }
    }
}

/* Makes the answer of a ping. The sums stay right: addresses change places, and type 8 becomes 0. */
static int answers(byte *packet, int length) {
    byte source[4], *icmp = packet + (packet[0] & 15) * 4;
    int fragment = packet[6] & 0x3f || packet[7];
    if (packet[9] != IPPROTO_ICMP || fragment || icmp + 8 > packet + length || icmp[0] != 8) return 0;
    memcpy(source, packet + 12, 4);
    memcpy(packet + 12, packet + 16, 4);
    memcpy(packet + 16, source, 4);
    int sum = (icmp[2] << 8 | icmp[3]) + 0x0800;
    sum += sum >> 16;
    icmp[0] = 0;
    icmp[2] = sum >> 8;
    icmp[3] = sum;
    return 1;
}

int main(int count, char **argument) {
    static byte frame[HEADER + 65536];
    word32 n = sizeof pin;
    if (count != 7 || strncmp(argument[3], "sha256:", 7) != 0 ||
        Base64_Decode((byte *)argument[3] + 7, strlen(argument[3]) - 7, pin, &n) != 0 || n != HASH) {
        fprintf(stderr, "usage: micro SERVER PORT sha256:PIN KEY CERTIFICATE SECONDS\n");
        return 2;
    }
    join(argument);
    transmit(request, HEADER);
    receive(frame, HEADER);
    printf("address %d.%d.%d.%d\n", frame[16], frame[17], frame[18], frame[19]);
    fflush(stdout);

    for (;;) {
        receive(frame, HEADER);
        int length = frame[2] << 8 | frame[3];
        if (length == 0 || memcmp(frame + 12, keepalive + 12, 8) == 0) continue; /* a keepalive comes back */
        if (frame[0] >> 4 != 4 || length < HEADER) die("neither a keepalive nor IPv4");
        receive(frame + HEADER, length - HEADER);
        if (answers(frame, length)) transmit(frame, length);
    }
}
