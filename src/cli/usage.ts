/** The command line is wrong; the text says what is possible. The process ends with status 2. */
export class UsageError extends Error {
  override name = 'UsageError'
}
