/** Arrays of initial values, as PolyBench's init_array functions fill them. */

/** `value(i)` for i from 0 to n. */
export const vector = (n: number, value: (i: number) => number): Float64Array =>
  Float64Array.from({ length: n }, (_, i) => value(i))

/** Row-major, `value(i, j)` in row i and column j. */
export function matrix(rows: number, columns: number, value: (i: number, j: number) => number): Float64Array {
  const filled = new Float64Array(rows * columns)
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) filled[i * columns + j] = value(i, j)
  return filled
}
