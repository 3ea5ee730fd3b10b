// Touches so many bytes of memory and gives them back. On a virtual machine free memory may not be backed by the host, and the first
// use of it costs more than the transfer to be measured.
#include <stdlib.h>
#include <sys/mman.h>

int main(int count, char **args) {
  size_t bytes = count == 2 ? strtoull(args[1], NULL, 10) : 0;
  char *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) return 1;
  for (size_t i = 0; i < bytes; i += 4096) at[i] = 1;
  return 0;
}
