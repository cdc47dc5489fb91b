/** What a program does with its array parameters: so is decided what is copied in and out. */

import { overwrittenParams } from '../analysis/overwrites.ts'
import type { Fn, Local, Module, Stmt } from '../ir/ir.ts'
import { stmtBodies, visitExpr, visitStmts } from '../ir/walk.ts'
import type { ParamUse } from '../runtime/arrays-lend.ts'

const functionNamed = (module: Module, name: string): Fn => module.functions.find((fn) => fn.name === name)!

/**
 * By position of the entry's parameters. `asWritten`: the same program before its loops were cut up, where one can
 * still see that a loop covers a whole array.
 */
export function paramUses(module: Module, asWritten: Module): ParamUse[] {
  const reads = new Set<Local>()
  const writes = new Set<Local>()
  for (const fn of module.functions) {
    visitStmts(fn.body, {
      stmt: (s) => {
        if (s.kind === 'store' || s.kind === 'do') writes.add(s.array)
        if (s.kind === 'do') reads.add(s.array)
      },
      expr: (e) => {
        if (e.kind === 'load') reads.add(e.array)
      },
    })
  }
  const flows = arrayFlows(module)
  const written = functionNamed(asWritten, asWritten.entry)
  const whole = overwrittenParams(written)
  return functionNamed(module, module.entry).params.map((param, k) => {
    const names = [...reached([param], flows)]
    return {
      reads: names.some((l) => reads.has(l)),
      writes: names.some((l) => writes.has(l)),
      overwritten: whole.has(written.params[k]!),
    }
  })
}

type Flows = ReadonlyMap<Local, ReadonlySet<Local>>

/** Arrays flow from local to local by assignment, call, launch and result. */
function arrayFlows(module: Module): Flows {
  const flows = new Map<Local, Set<Local>>()
  const flow = (from: Local, to: Local) => {
    const known = flows.get(from)
    if (known) known.add(to)
    else flows.set(from, new Set([to]))
  }
  const returned = new Map<string, (Local | undefined)[][]>()
  for (const fn of module.functions) {
    const all: (Local | undefined)[][] = []
    visitStmts(fn.body, {
      stmt: (s) => {
        if (s.kind === 'return') all.push(s.values.map((e) => (e.kind === 'local' ? e.local : undefined)))
      },
    })
    returned.set(fn.name, all)
  }
  const visit = (s: Stmt) => {
    if (s.kind === 'assign' && s.local.type.kind === 'array') {
      visitExpr(s.value, (e) => {
        if (e.kind === 'local' && e.type.kind === 'array') flow(e.local, s.local)
      })
    }
    if (s.kind !== 'call' && s.kind !== 'launch') return
    const params = functionNamed(module, s.fn).params.slice(s.kind === 'launch' ? 2 : 0)
    s.args.forEach((arg, k) => {
      if (arg.kind === 'local' && arg.type.kind === 'array') flow(arg.local, params[k]!)
    })
    if (s.kind !== 'call') return
    for (const values of returned.get(s.fn)!) {
      s.results.forEach((to, k) => {
        const from = values[k]
        if (from && to.type.kind === 'array') flow(from, to)
      })
    }
  }
  for (const fn of module.functions) visitStmts(fn.body, { stmt: visit })
  return flows
}

function reached(from: readonly Local[], flows: Flows): Set<Local> {
  const found = new Set(from)
  for (const local of found) for (const to of flows.get(local) ?? []) found.add(to)
  return found
}

/** Whether a call may fail once it has written to its caller's arrays. */
export function failsAfterWriting(module: Module): boolean {
  const entry = functionNamed(module, module.entry)
  const given = reached(
    entry.params.filter((p) => p.type.kind === 'array'),
    arrayFlows(module),
  )
  return new LateFailures(module, given).run(entry)
}

class LateFailures {
  private readonly module: Module
  private readonly given: ReadonlySet<Local>
  /** Functions that write to the caller's arrays, themselves or by what they call. */
  private readonly writing = new Set<string>()
  private readonly visited = new Set<string>()
  private wrote = false
  private late = false

  constructor(module: Module, given: ReadonlySet<Local>) {
    this.module = module
    this.given = given
    for (let size = -1; size !== this.writing.size; ) {
      size = this.writing.size
      for (const fn of module.functions) if (this.anyWrites(fn.body)) this.writing.add(fn.name)
    }
  }

  run(fn: Fn): boolean {
    this.list(fn.body)
    return this.late
  }

  private list(stmts: readonly Stmt[]): void {
    for (const s of stmts) this.stmt(s)
  }

  private stmt(s: Stmt): void {
    switch (s.kind) {
      case 'store':
      case 'do':
        if (s.bounds === 'checked') this.mayFail()
        if (this.given.has(s.array)) this.wrote = true
        return
      case 'assign':
        if (s.value.kind === 'load' && s.value.bounds === 'checked') this.mayFail()
        return
      case 'alloc':
      case 'fail':
        this.mayFail()
        return
      case 'launch':
        // A worker may die in the middle of it.
        if (this.writing.has(s.fn)) this.wrote = true
        this.mayFail()
        this.call(s.fn)
        return
      case 'call':
        this.call(s.fn)
        return
      case 'for':
      case 'while':
        // What one turn writes is written when the next one fails.
        if (this.anyWrites(s.body)) this.wrote = true
        this.list(s.body)
        return
      case 'if':
      case 'block':
        for (const body of stmtBodies(s)) this.list(body)
        return
      case 'break':
      case 'continue':
      case 'return':
      case 'barrier':
        return
      default:
        s satisfies never
    }
  }

  private mayFail(): void {
    if (this.wrote) this.late = true
  }

  private call(name: string): void {
    const key = `${name} ${this.wrote}`
    if (!this.visited.has(key)) {
      this.visited.add(key)
      this.list(functionNamed(this.module, name).body)
    }
    if (this.writing.has(name)) this.wrote = true
  }

  private anyWrites(stmts: readonly Stmt[]): boolean {
    let found = false
    visitStmts(stmts, {
      stmt: (s) => {
        if ((s.kind === 'store' || s.kind === 'do') && this.given.has(s.array)) found = true
        if ((s.kind === 'call' || s.kind === 'launch') && this.writing.has(s.fn)) found = true
      },
    })
    return found
  }
}
