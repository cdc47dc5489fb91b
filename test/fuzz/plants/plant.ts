/**
 * Compiler bugs put in on purpose, to know that the fuzzer would find ones like them. Nothing in the product knows of
 * them: a plant changes the tables of a running compiler, or a line of its text before it is bundled.
 */

export interface Plant {
  readonly name: string
  /** What a person would have got wrong. */
  readonly story: string
  /** What it takes to see it: plain JavaScript against WebAssembly alone, or everything (threads, checked JavaScript). */
  readonly depth: 'quick' | 'full'
  readonly bug: Change | Edit
}

/** Changes tables and objects of this process for good. */
export interface Change {
  readonly kind: 'change'
  readonly plant: () => void
}

/** Another text in a source file, in the only place where that stands. */
export interface Edit {
  readonly kind: 'edit'
  /** From the root of the repository. */
  readonly file: string
  readonly from: string
  readonly to: string
}

/** The text with the edit made. */
export function edited(text: string, { file, from, to }: Edit): string {
  const parts = text.split(from)
  if (parts.length !== 2) {
    throw new Error(
      `a planted bug replaces a line of ${file} that is there ${parts.length - 1} times:\n  ${from}\n` +
        'Remedy: write in test/fuzz/plants what the line is called now, or plant the bug elsewhere.',
    )
  }
  return parts.join(to)
}
