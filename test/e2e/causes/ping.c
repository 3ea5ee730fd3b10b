// What the tests have for `ping` where none is installed: real ICMP echoes over IPv4, told as iputils tells them.
// ping [-n] [-q] [-c COUNT] [-i SECONDS] [-W SECONDS] [-t TTL] ADDRESS
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static uint16_t sum_of(const void *data, int bytes) {
  const uint16_t *at = data;
  uint32_t sum = 0;
  for (; bytes > 1; bytes -= 2) sum += *at++;
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return (uint16_t)~sum;
}

int main(int count, char **args) {
  int packets = 5, ttl = 64, quiet = 0, option;
  double interval = 1, wait = 1;
  while ((option = getopt(count, args, "nqc:i:W:t:")) != -1) {
    if (option == 'q') quiet = 1;
    if (option == 'c') packets = atoi(optarg);
    if (option == 'i') interval = atof(optarg);
    if (option == 'W') wait = atof(optarg);
    if (option == 't') ttl = atoi(optarg);
  }
  struct sockaddr_in to = {.sin_family = AF_INET};
  int fd = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
  if (optind >= count || inet_pton(AF_INET, args[optind], &to.sin_addr) != 1 || fd < 0) return 2;
  setsockopt(fd, IPPROTO_IP, IP_TTL, &ttl, sizeof ttl);
  uint16_t id = htons((uint16_t)getpid());
  int sent = 0, came = 0, errors = 0;
  double least = 1e9, most = 0, sum = 0, started = now(), *times = calloc(packets, sizeof *times);
  printf("PING %s (%s) 56(84) bytes of data.\n", args[optind], args[optind]);
  while (came + errors < packets) {
    double next = sent < packets ? started + sent * interval : times[packets - 1] + wait, left = next - now();
    if (left <= 0 && sent == packets) break;
    if (left <= 0) {
      struct { struct icmphdr head; char data[56]; } echo = {.head = {.type = ICMP_ECHO}};
      echo.head.un.echo.id = id, echo.head.un.echo.sequence = htons((uint16_t)(sent + 1));
      echo.head.checksum = sum_of(&echo, sizeof echo);
      times[sent++] = now();
      sendto(fd, &echo, sizeof echo, 0, (struct sockaddr *)&to, sizeof to);
      continue;
    }
    struct pollfd some = {.fd = fd, .events = POLLIN};
    if (poll(&some, 1, (int)(left * 1000) + 1) <= 0) continue;
    unsigned char data[2048];
    ssize_t bytes = recv(fd, data, sizeof data, 0);
    struct iphdr *ip = (struct iphdr *)data;
    struct icmphdr *head = (struct icmphdr *)(data + ip->ihl * 4);
    if (bytes < 28) continue;
    char from[64];
    inet_ntop(AF_INET, &ip->saddr, from, sizeof from);
    if (head->type == ICMP_TIME_EXCEEDED && bytes >= ip->ihl * 4 + 36) {
      struct icmphdr *own = (struct icmphdr *)((char *)(head + 1) + 20);
      if (own->un.echo.id != id) continue;
      errors++;
      if (!quiet) printf("From %s icmp_seq=%d Time to live exceeded\n", from, ntohs(own->un.echo.sequence));
    } else if (head->type == ICMP_ECHOREPLY && head->un.echo.id == id) {
      int sequence = ntohs(head->un.echo.sequence);
      if (sequence < 1 || sequence > sent) continue;
      double ms = (now() - times[sequence - 1]) * 1000;
      came++, sum += ms, least = ms < least ? ms : least, most = ms > most ? ms : most;
      if (!quiet) printf("64 bytes from %s: icmp_seq=%d ttl=%d time=%.3f ms\n", from, sequence, ip->ttl, ms);
    }
  }
  printf("\n--- %s ping statistics ---\n%d packets transmitted, %d received, ", args[optind], sent, came);
  printf("%d%% packet loss, time %.0fms\n", (sent - came) * 100 / sent, (now() - started) * 1000);
  if (came > 0) printf("rtt min/avg/max/mdev = %.3f/%.3f/%.3f/%.3f ms\n", least, sum / came, most, (most - least) / 2);
  return came == 0;
}
