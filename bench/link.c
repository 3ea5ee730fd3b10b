// A long line between two network namespaces: a TUN device in each, and between them delay, a rate, a queue, and packets that get lost
// on the way from the second to the first. For kernels without netem. Ends when its standard input does.
// link NAMESPACE_A NAMESPACE_B ONE_WAY_MS LOSS_SHARE BYTES_PER_SECOND SEED
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { PACKET_BYTES = 2048, SLOTS = 1 << 15 };

struct packet {
  int64_t due_ns;
  int bytes;
  char data[PACKET_BYTES];
};

struct direction {
  int from, to;
  double loss;
  uint64_t random;
  int64_t free_ns;
  struct packet *ring;
  volatile uint64_t written, read;
  pthread_mutex_t mutex;
  pthread_cond_t some;
};

static int64_t delay_ns;
static double ns_per_byte, queue_ns;

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static int64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static int open_tun(const char *namespace) {
  char path[256];
  snprintf(path, sizeof path, "/var/run/netns/%s", namespace);
  int at = open(path, O_RDONLY);
  if (at < 0 || setns(at, CLONE_NEWNET) != 0) fail(path);
  close(at);
  int fd = open("/dev/net/tun", O_RDWR);
  struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
  strcpy(request.ifr_name, "line0");
  if (fd < 0 || ioctl(fd, TUNSETIFF, &request) != 0) fail("/dev/net/tun");
  return fd;
}

static int is_lost(struct direction *d) {
  d->random ^= d->random << 13, d->random ^= d->random >> 7, d->random ^= d->random << 17;
  return (d->random >> 11) * 0x1.0p-53 < d->loss;
}

// Takes packets as they come, decides their fate, and when they would arrive.
static void *take(void *argument) {
  struct direction *d = argument;
  for (;;) {
    struct packet *slot = &d->ring[d->written % SLOTS];
    ssize_t bytes = read(d->from, slot->data, PACKET_BYTES);
    if (bytes <= 0) return NULL;
    int64_t now = now_ns();
    if (d->free_ns < now) d->free_ns = now;
    // A full queue drops what comes last; so does a full ring.
    if (d->free_ns - now > queue_ns || d->written - d->read >= SLOTS - 1) continue;
    d->free_ns += (int64_t)(bytes * ns_per_byte);
    if (is_lost(d)) continue;
    slot->bytes = (int)bytes;
    slot->due_ns = d->free_ns + delay_ns;
    pthread_mutex_lock(&d->mutex);
    d->written++;
    pthread_cond_signal(&d->some);
    pthread_mutex_unlock(&d->mutex);
  }
}

static void *give(void *argument) {
  struct direction *d = argument;
  for (;;) {
    pthread_mutex_lock(&d->mutex);
    while (d->read == d->written) pthread_cond_wait(&d->some, &d->mutex);
    pthread_mutex_unlock(&d->mutex);
    struct packet *slot = &d->ring[d->read % SLOTS];
    int64_t wait = slot->due_ns - now_ns();
    if (wait > 20000) {
      struct timespec t = {.tv_sec = slot->due_ns / 1000000000, .tv_nsec = slot->due_ns % 1000000000};
      clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
    }
    // A device that is down takes nothing; that is no reason to stop.
    if (write(d->to, slot->data, slot->bytes) < 0) usleep(1);
    d->read++;
  }
}

static void start(struct direction *d, int from, int to, double loss, uint64_t seed) {
  *d = (struct direction){.from = from, .to = to, .loss = loss, .random = seed * 0x9e3779b97f4a7c15u + 1};
  d->ring = calloc(SLOTS, sizeof *d->ring);
  pthread_mutex_init(&d->mutex, NULL);
  pthread_cond_init(&d->some, NULL);
  pthread_t thread;
  pthread_create(&thread, NULL, take, d);
  pthread_create(&thread, NULL, give, d);
}

int main(int count, char **args) {
  if (count != 7) return 2;
  int a = open_tun(args[1]), b = open_tun(args[2]);
  delay_ns = (int64_t)(atof(args[3]) * 1e6);
  ns_per_byte = 1e9 / atof(args[5]);
  // A router that holds as much as a round trip brings.
  queue_ns = 2.0 * delay_ns;
  static struct direction up, down;
  start(&up, a, b, 0, 1);
  start(&down, b, a, atof(args[4]), strtoull(args[6], NULL, 10));
  puts("ready"), fflush(stdout);
  char byte;
  while (read(0, &byte, 1) > 0);
  return 0;
}
