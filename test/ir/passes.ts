/** Passes under test: what they are told, and what they left checked. */

import type { Module } from '../../src/ir/ir.ts'
import { visitStmts } from '../../src/ir/walk.ts'
import type { Note, PassContext } from '../../src/passes/pass.ts'

export function passContext(more: Partial<PassContext> = {}): PassContext & { readonly notes: Note[] } {
  const notes: Note[] = []
  return {
    target: 'wasm',
    parallel: true,
    reassociate: false,
    independent: [],
    boundscheck: true,
    note: (span, text) => notes.push({ span, text }),
    ...more,
    notes,
  }
}

/** The user's text of each access that is still checked, in the order of the module. */
export function checkedSites(module: Module): string[] {
  const found: number[] = []
  for (const fn of module.functions) {
    visitStmts(fn.body, {
      stmt: (s) => {
        if ((s.kind === 'store' || s.kind === 'do') && s.bounds === 'checked') found.push(s.site)
      },
      expr: (e) => {
        if (e.kind === 'load' && e.bounds === 'checked') found.push(e.site)
      },
    })
  }
  return found.map((site) => {
    const { span } = module.sites[site]!
    return module.sources[span.source]!.text.slice(span.start, span.end)
  })
}
