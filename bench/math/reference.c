/*
 * Math functions in multiple precision, by GNU MPFR: the truth that results are held against.
 *
 *   reference check  FUNCTION ARITY COLUMNS   records of ARITY arguments and COLUMNS results, all doubles, on stdin;
 *                                             on stdout one line of JSON with an entry for each column of results
 *   reference values FUNCTION ARITY           records of ARITY arguments on stdin, correctly rounded results on stdout
 *
 * An error is |result - true| in units of the last place (ulp) that a double of the true value's binade has:
 * 2^-1074 below the normal numbers, 2^971 for what is beyond the largest. Results that have no neighbours (NaN,
 * infinities that are exact or beyond all numbers, zeros that are exact) are right or wrong, sign included; so is the
 * sign of every other result.
 */

#include <math.h>
#include <mpfr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Far more than twice a double's 53 bits: a rounding of this is the true value's, ties that are exact included. */
#define PRECISION 160
#define MOST_ARGUMENTS 4
#define MOST_COLUMNS 4
#define BATCH 4096

typedef int (*Unary)(mpfr_t, const mpfr_t, mpfr_rnd_t);
typedef int (*Binary)(mpfr_t, const mpfr_t, const mpfr_t, mpfr_rnd_t);

static const struct {
  const char *name;
  Unary unary;
  Binary binary;
} FUNCTIONS[] = {
    {"exp", mpfr_exp, 0},     {"expm1", mpfr_expm1, 0}, {"log", mpfr_log, 0},     {"log2", mpfr_log2, 0},
    {"log10", mpfr_log10, 0}, {"log1p", mpfr_log1p, 0}, {"sin", mpfr_sin, 0},     {"cos", mpfr_cos, 0},
    {"tan", mpfr_tan, 0},     {"asin", mpfr_asin, 0},   {"acos", mpfr_acos, 0},   {"atan", mpfr_atan, 0},
    {"sinh", mpfr_sinh, 0},   {"cosh", mpfr_cosh, 0},   {"tanh", mpfr_tanh, 0},   {"asinh", mpfr_asinh, 0},
    {"acosh", mpfr_acosh, 0}, {"atanh", mpfr_atanh, 0}, {"cbrt", mpfr_cbrt, 0},   {"atan2", 0, mpfr_atan2},
    {"pow", 0, mpfr_pow},     {"hypot", 0, mpfr_hypot},
};

typedef struct {
  double worst;
  double where[MOST_ARGUMENTS];
  double gave;
  long points;
  long wrong;
  double wrongWhere[MOST_ARGUMENTS];
  double wrongGave;
  long rounded;
} Column;

static int chosen = -1;
static int arity;

/* The true value of the function in `result`. */
static void evaluate(mpfr_t result, mpfr_t *arguments, const double *given) {
  if (FUNCTIONS[chosen].unary) {
    FUNCTIONS[chosen].unary(result, arguments[0], MPFR_RNDN);
    return;
  }
  Binary binary = FUNCTIONS[chosen].binary;
  /* Where ECMAScript's pow is not C's: no number is to the power of NaN, nor 1 and -1 to an infinite one. */
  if (binary == mpfr_pow && (isnan(given[1]) || (fabs(given[0]) == 1 && isinf(given[1])))) {
    mpfr_set_nan(result);
    return;
  }
  binary(result, arguments[0], arguments[1], MPFR_RNDN);
  /* hypot of more, one after the other. */
  for (int k = 2; k < arity; k++) binary(result, result, arguments[k], MPFR_RNDN);
}

static int same(double a, double b) {
  return (isnan(a) && isnan(b)) || (a == b && signbit(a) == signbit(b));
}

static void judge(Column *column, const mpfr_t truth, const double *arguments, double result, mpfr_t scratch) {
  double rounded = mpfr_get_d(truth, MPFR_RNDN);
  column->points++;
  if (same(result, rounded)) {
    column->rounded++;
    return;
  }
  int special = mpfr_nan_p(truth) || mpfr_inf_p(truth) || mpfr_zero_p(truth);
  if (special || isnan(result) || !signbit(result) != !mpfr_signbit(truth)) {
    if (column->wrong++ == 0) {
      memcpy(column->wrongWhere, arguments, sizeof column->wrongWhere);
      column->wrongGave = result;
    }
    return;
  }
  if (isinf(result)) {
    mpfr_set_si_2exp(scratch, result > 0 ? 1 : -1, 1024, MPFR_RNDN);
  } else {
    mpfr_set_d(scratch, result, MPFR_RNDN);
  }
  mpfr_sub(scratch, scratch, truth, MPFR_RNDN);
  mpfr_exp_t exponent = mpfr_get_exp(truth);
  if (exponent > 1024) exponent = 1024;
  mpfr_exp_t last = exponent - 53 < -1074 ? -1074 : exponent - 53;
  mpfr_mul_2si(scratch, scratch, -last, MPFR_RNDN);
  double error = fabs(mpfr_get_d(scratch, MPFR_RNDN));
  if (error > column->worst) {
    column->worst = error;
    memcpy(column->where, arguments, sizeof column->where);
    column->gave = result;
  }
}

/* JSON has no NaN and no infinities: bits travel as hexadecimal text. */
static void print_double(double value) {
  unsigned long long bits;
  memcpy(&bits, &value, 8);
  printf("\"%016llx\"", bits);
}

static void print_doubles(const double *values) {
  printf("[");
  for (int k = 0; k < arity; k++) {
    if (k > 0) printf(",");
    print_double(values[k]);
  }
  printf("]");
}

static void print_columns(const Column *columns, int count) {
  printf("[");
  for (int c = 0; c < count; c++) {
    printf("%s{\"points\":%ld,\"worst\":%.6g,\"where\":", c > 0 ? "," : "", columns[c].points, columns[c].worst);
    print_doubles(columns[c].where);
    printf(",\"gave\":");
    print_double(columns[c].gave);
    printf(",\"rounded\":%ld,\"wrong\":%ld,\"wrongWhere\":", columns[c].rounded, columns[c].wrong);
    print_doubles(columns[c].wrongWhere);
    printf(",\"wrongGave\":");
    print_double(columns[c].wrongGave);
    printf("}");
  }
  printf("]\n");
}

static void fail(const char *message) {
  fprintf(stderr, "reference: %s\n", message);
  exit(2);
}

int main(int argc, char **argv) {
  if (argc < 4) fail("check FUNCTION ARITY COLUMNS | values FUNCTION ARITY");
  int checking = strcmp(argv[1], "check") == 0;
  for (unsigned k = 0; k < sizeof FUNCTIONS / sizeof *FUNCTIONS; k++) {
    if (strcmp(FUNCTIONS[k].name, argv[2]) == 0) chosen = (int)k;
  }
  if (chosen < 0) fail("no such function");
  arity = atoi(argv[3]);
  int columns = checking && argc > 4 ? atoi(argv[4]) : 0;
  if (arity < 1 || arity > MOST_ARGUMENTS || columns > MOST_COLUMNS) fail("too many arguments or columns");
  if ((FUNCTIONS[chosen].unary != 0) != (arity == 1)) fail("the function has another number of arguments");
  if (arity > 2 && FUNCTIONS[chosen].binary != mpfr_hypot) fail("only hypot has more than two arguments");

  Column found[MOST_COLUMNS];
  memset(found, 0, sizeof found);
  mpfr_t arguments[MOST_ARGUMENTS], truth, scratch;
  for (int k = 0; k < MOST_ARGUMENTS; k++) mpfr_init2(arguments[k], 53);
  mpfr_init2(truth, PRECISION);
  mpfr_init2(scratch, PRECISION);

  static double records[BATCH * (MOST_ARGUMENTS + MOST_COLUMNS)];
  static double values[BATCH];
  size_t width = (size_t)(arity + columns);
  size_t count;
  while ((count = fread(records, 8 * width, BATCH, stdin)) > 0) {
    for (size_t r = 0; r < count; r++) {
      double given[MOST_ARGUMENTS] = {0};
      memcpy(given, records + r * width, 8 * (size_t)arity);
      for (int k = 0; k < arity; k++) mpfr_set_d(arguments[k], given[k], MPFR_RNDN);
      evaluate(truth, arguments, given);
      for (int c = 0; c < columns; c++) {
        judge(found + c, truth, given, records[r * width + (size_t)arity + (size_t)c], scratch);
      }
      values[r] = mpfr_get_d(truth, MPFR_RNDN);
    }
    if (!checking) fwrite(values, 8, count, stdout);
  }
  if (checking) print_columns(found, columns);
  return 0;
}
