/*
 * Runs a program of PolyBench/C again and again in one process, whose own main has been renamed to polybench_main. A
 * line "5" on standard input is five runs; each prints the time of its kernel, and a line "." ends the answer. So every
 * kernel but the first finds memory that is mapped already, as the kernels of the other languages do.
 */
#undef main
#undef fprintf
#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int polybench_main(int argc, char **argv);

/*
 * Stands for fprintf where a program dumps its arrays: PolyBench prints two decimals, of which rounding to two decimals
 * hides most; 17 significant digits give a double back as it was.
 */
int write_exactly(FILE *file, const char *format, ...) {
  va_list values;
  va_start(values, format);
  int written;
  if (strcmp(format, "%0.2lf ") == 0 || strcmp(format, "%0.2f ") == 0)
    written = fprintf(file, " %.17g ", va_arg(values, double));
  else if (strcmp(format, "%d ") == 0)
    written = fprintf(file, " %d ", va_arg(values, int));
  else
    written = vfprintf(file, format, values);
  va_end(values);
  return written;
}

int main(void) {
  char *argv[] = {"polybench", 0};
  long runs;
#ifdef M_MMAP_MAX
  /* glibc: large blocks come from the heap too, and freed memory stays with the process. */
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, -1);
#endif
  while (scanf("%ld", &runs) == 1) {
    while (runs-- > 0) polybench_main(1, argv);
    puts(".");
    fflush(stdout);
  }
  return 0;
}
