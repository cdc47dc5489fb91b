/** Checked JavaScript: every index is looked at, typed arrays are themselves, and it runs at the plain function's speed. */

import type { Fn, Local, Module } from '../../ir/ir.ts'
import { visitStmts } from '../../ir/walk.ts'
import type { JsArtifact, Target } from '../target.ts'
import { helpersFor } from './helpers.ts'
import { Names } from './names.ts'
import { emptyArray, printFunction } from './statement.ts'

export const js: Target<JsArtifact> = { name: 'js', emit }

function emit(module: Module): JsArtifact {
  const names = new Names()
  // Functions first: a local that has a function's name yields to it.
  for (const fn of module.functions) names.of(fn.name, fn.name)
  const launches = launched(module)
  const empties = new Map<string, string>()
  const around = {
    names,
    threads: launches.length > 0,
    empty(local: Local): string {
      const { wish, text } = emptyArray(local)
      const name = names.of(text, wish)
      empties.set(name, text)
      return name
    },
    ordinal: (name: string) => launches.indexOf(name),
  }
  // The constants' names must be known before any local's is chosen.
  for (const fn of module.functions) {
    for (const local of fn.locals) if (local.type.kind === 'array') around.empty(local)
  }
  empties.clear()
  const functions = module.functions.map((fn) => printFunction(fn, around).join('\n'))
  const identifier = (name: string) => names.of(name, name)
  const constants = [...empties].map(([name, text]) => `const ${name} = ${text}\n`).join('')
  const entry = byName(module, module.entry)
  const text = [
    `'use strict'\n${constants}${helpersFor(functions)}`,
    ...functions.map((code) => `${code}\n`),
    `return { entry: ${identifier(module.entry)}, launches: [${launches.map(identifier).join(', ')}] }\n`,
  ].join('\n')
  return {
    kind: 'js',
    text,
    entry: { params: entry.params.map((p) => p.type), results: entry.results },
    launches,
    launchParams: launches.map((name) =>
      byName(module, name)
        .params.slice(2)
        .map((p) => p.type),
    ),
  }
}

function byName(module: Module, name: string): Fn {
  const fn = module.functions.find((candidate) => candidate.name === name)
  if (!fn) throw new Error(`module ${module.name} has no function ${name}`)
  return fn
}

/** Names of the launched functions, in the order in which the module mentions them. */
function launched(module: Module): readonly string[] {
  const found = new Set<string>()
  for (const fn of module.functions) {
    visitStmts(fn.body, {
      stmt: (s) => {
        if (s.kind === 'launch') found.add(s.fn)
      },
    })
  }
  return [...found]
}
