// Asks for one path over and over, on so many connections, for so many seconds, and takes what comes: `drain PORT PATH CONNECTIONS SECONDS`.
// Prints JSON: seconds, bytes of bodies, whole answers, faults, and milliseconds to the head of an answer (median, 99 %). With -DTLS -lssl -lcrypto
// over TLS, believing any certificate.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#ifdef TLS
#include <openssl/ssl.h>
#endif

enum { BUFFER = 256 * 1024, MOST_TIMES = 1 << 20 };

static struct sockaddr_in to;
static const char *path;
static double endAt;
static atomic_llong bytes, whole, faults, timed;
static float times[MOST_TIMES];

// A connection: plain, or TLS on it.
struct line {
  int fd;
#ifdef TLS
  SSL *tls;
#endif
};

#ifdef TLS
static SSL_CTX *context;
static ssize_t take(struct line *line, void *buffer, size_t most) { return SSL_read(line->tls, buffer, most); }
static ssize_t give(struct line *line, const void *bytes, size_t count) { return SSL_write(line->tls, bytes, count); }
#else
static ssize_t take(struct line *line, void *buffer, size_t most) { return recv(line->fd, buffer, most, 0); }
static ssize_t give(struct line *line, const void *bytes, size_t count) { return write(line->fd, bytes, count); }
#endif

static double now(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return at.tv_sec + at.tv_nsec / 1e9;
}

static void hang_up(struct line *line) {
  if (line->fd < 0) return;
#ifdef TLS
  SSL_free(line->tls);
#endif
  close(line->fd);
  line->fd = -1;
}

static int dial(struct line *line) {
  int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (connect(fd, (void *)&to, sizeof to) != 0) {
    close(fd);
    return -1;
  }
  line->fd = fd;
#ifdef TLS
  line->tls = SSL_new(context);
  SSL_set_fd(line->tls, fd);
  if (SSL_connect(line->tls) != 1) {
    hang_up(line);
    return -1;
  }
#endif
  return 0;
}

// One answer. Gives 1 when the connection goes on, 0 when it ended with it, -1 when the answer was none.
static int ask(struct line *line, char *buffer, const char *request, int length) {
  double began = now();
  if (give(line, request, length) != length) return -1;
  size_t have = 0;
  char *end = NULL;
  while (!end) {
    ssize_t got = take(line, buffer + have, BUFFER - 1 - have);
    if (got <= 0) return -1;
    have += got;
    buffer[have] = 0;
    end = memmem(buffer, have, "\r\n\r\n", 4);
  }
  long long index = atomic_fetch_add(&timed, 1);
  if (index < MOST_TIMES) times[index] = (now() - began) * 1e3;
  *end = 0;
  char *field = strcasestr(buffer, "content-length:");
  if (!field || strncmp(buffer + 9, "200", 3)) return -1;
  long long size = atoll(field + 15), taken = have - (end + 4 - buffer);
  int goesOn = strcasestr(buffer, "connection: close") == NULL;
  atomic_fetch_add(&bytes, taken);
  while (taken < size && now() < endAt) {
    ssize_t got = take(line, buffer, BUFFER);
    if (got <= 0) return -1;
    taken += got;
    atomic_fetch_add(&bytes, got);
  }
  if (taken < size) return 0;
  atomic_fetch_add(&whole, 1);
  return goesOn;
}

static void *client(void *unused) {
  (void)unused;
  char *buffer = malloc(BUFFER), request[2048];
  int length = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: bench\r\n\r\n", path);
  struct line line = {.fd = -1};
  while (now() < endAt) {
    if (line.fd < 0) dial(&line);
    int goesOn = line.fd < 0 ? -1 : ask(&line, buffer, request, length);
    if (goesOn < 0) atomic_fetch_add(&faults, 1);
    if (goesOn == 1) continue;
    hang_up(&line);
    if (goesOn < 0) usleep(1000);
  }
  hang_up(&line);
  return NULL;
}

static int ascending(const void *a, const void *b) {
  return *(const float *)a < *(const float *)b ? -1 : *(const float *)a > *(const float *)b;
}

int main(int count, char **args) {
  if (count != 5) return 2;
  to = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(atoi(args[1]))};
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  path = args[2];
#ifdef TLS
  context = SSL_CTX_new(TLS_client_method());
#endif
  int clients = atoi(args[3]);
  double began = now();
  endAt = began + atof(args[4]);
  pthread_t *threads = calloc(clients, sizeof *threads);
  for (int i = 0; i < clients; i++) pthread_create(&threads[i], NULL, client, NULL);
  for (int i = 0; i < clients; i++) pthread_join(threads[i], NULL);
  double seconds = now() - began;
  size_t heads = timed < MOST_TIMES ? timed : MOST_TIMES;
  qsort(times, heads, sizeof *times, ascending);
  printf("{\"seconds\":%.3f,\"bytes\":%lld,\"whole\":%lld,\"faults\":%lld,\"headMs\":%.3f,\"headMs99\":%.3f}\n", seconds,
         (long long)bytes, (long long)whole, (long long)faults, heads ? times[heads / 2] : 0.0, heads ? times[heads * 99 / 100] : 0.0);
  return 0;
}
