// Asks for one path over and over, on so many connections, for so many seconds, and takes what comes: `drain PORT PATH CONNECTIONS SECONDS`.
// Prints JSON: seconds, bytes of bodies, whole answers, faults, and milliseconds to the head of an answer (median, 99 %).
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

enum { BUFFER = 256 * 1024, MOST_TIMES = 1 << 20 };

static struct sockaddr_in to;
static const char *path;
static double endAt;
static atomic_llong bytes, whole, faults, timed;
static float times[MOST_TIMES];

static double now(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return at.tv_sec + at.tv_nsec / 1e9;
}

static int dial(void) {
  int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (connect(fd, (void *)&to, sizeof to) == 0) return fd;
  close(fd);
  return -1;
}

// One answer. Gives 1 when the connection goes on, 0 when it ended with it, -1 when the answer was none.
static int ask(int fd, char *buffer, const char *request, int length) {
  double began = now();
  if (write(fd, request, length) != length) return -1;
  size_t have = 0;
  char *end = NULL;
  while (!end) {
    ssize_t got = recv(fd, buffer + have, BUFFER - 1 - have, 0);
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
    ssize_t got = recv(fd, buffer, BUFFER, 0);
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
  int length = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: bench\r\n\r\n", path), fd = -1;
  while (now() < endAt) {
    if (fd < 0) fd = dial();
    int goesOn = fd < 0 ? -1 : ask(fd, buffer, request, length);
    if (goesOn < 0) atomic_fetch_add(&faults, 1);
    if (goesOn == 1) continue;
    if (fd >= 0) close(fd);
    fd = -1;
    if (goesOn < 0) usleep(1000);
  }
  if (fd >= 0) close(fd);
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
