// The limit: N threads ask one server for ranges of one file by HTTP/1.1 and write them into preallocated space. Nothing is proven.
// limit HOST PORT PATH SIZE_BYTES THREADS OUT
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BLOCK_BYTES = 1 << 20, HEAD_BYTES = 16 << 10 };
static const long long RANGE_BYTES = 16ll << 20;

static const char *host, *path;
static int port, out;
static long long size, next_offset;

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static int dial(void) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
  inet_pton(AF_INET, host, &to.sin_addr);
  int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) < 0) fail("connect");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return fd;
}

static size_t receive(int fd, char *at, size_t most) {
  ssize_t got;
  do got = recv(fd, at, most, 0);
  while (got < 0 && errno == EINTR);
  if (got <= 0) fail("recv");
  return (size_t)got;
}

static void put(const char *from, size_t count, long long at) {
  while (count > 0) {
    ssize_t put = pwrite(out, from, count, at);
    if (put < 0) fail("pwrite");
    from += put, count -= put, at += put;
  }
}

static void fetch(int fd, char *block, long long start, long long end) {
  char head[HEAD_BYTES];
  int asked = snprintf(head, sizeof head, "GET %s HTTP/1.1\r\nHost: %s:%d\r\nRange: bytes=%lld-%lld\r\n\r\n", path, host,
                       port, start, end - 1);
  if (send(fd, head, asked, 0) != asked) fail("send");
  size_t have = 0;
  char *body;
  do have += receive(fd, head + have, sizeof head - 1 - have), head[have] = 0;
  while ((body = strstr(head, "\r\n\r\n")) == NULL && have < sizeof head - 1);
  if (body == NULL || strncmp(head, "HTTP/1.1 206", 12) != 0) fail(head);
  body += 4;
  size_t filled = head + have - body;
  memcpy(block, body, filled);
  while (start < end) {
    size_t want = end - start < BLOCK_BYTES ? end - start : BLOCK_BYTES;
    while (filled < want) filled += receive(fd, block + filled, want - filled);
    put(block, filled, start);
    start += filled;
    filled = 0;
  }
}

static void *work(void *nothing) {
  int fd = dial();
  char *block = aligned_alloc(4096, BLOCK_BYTES);
  for (;;) {
    long long start = __atomic_fetch_add(&next_offset, RANGE_BYTES, __ATOMIC_RELAXED);
    if (start >= size) return nothing;
    fetch(fd, block, start, start + RANGE_BYTES < size ? start + RANGE_BYTES : size);
  }
}

int main(int count, char **args) {
  if (count != 7) return 2;
  host = args[1], port = atoi(args[2]), path = args[3], size = atoll(args[4]);
  int threads = atoi(args[5]);
  out = open(args[6], O_CREAT | O_WRONLY | O_TRUNC, 0644);
  if (out < 0) fail("open");
  if (posix_fallocate(out, 0, size) != 0) fail("fallocate");
  pthread_t all[64];
  if (threads < 1 || threads > 64) return 2;
  for (int i = 0; i < threads; i++) pthread_create(&all[i], NULL, work, NULL);
  for (int i = 0; i < threads; i++) pthread_join(all[i], NULL);
  return close(out) == 0 ? 0 : 1;
}
