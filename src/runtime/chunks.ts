/**
 * Fork and join over words of shared memory: one thread publishes a range, every thread of the team claims chunks of it.
 *
 * Laws
 * 1. Chunks are claimed in increasing order. After a failure none is claimed any more, so that everything before the
 *    lowest failing chunk has run.
 * 2. A worker says `inside` before it looks whether a launch is open; the publisher closes the launch before it looks
 *    who is inside. All of these are sequentially consistent: nobody touches the arrays after the publisher returns, and
 *    nobody reads a launch's description while the next one is being written.
 * 3. Nobody waits for a worker that has not come in: a launch takes part of those who are there.
 * 4. Hot words stand on cache lines of their own.
 *
 * `createForkJoin` travels to other threads as source text: it refers to nothing outside itself, and its functions are
 * methods, because tools that keep the names of functions wrap all others in a helper of their own.
 */

/** A team's words: positions of int32s in its block. Sixteen to a cache line. */
export const TEAM = {
  /** 1 while somebody publishes; whoever else wants to runs alone. */
  lock: 0,
  /** The first iteration that nobody has claimed. */
  next: 16,
  /** 0 closed, 1 chunks may be claimed, 2 the publisher waits for those inside. */
  open: 32,
  program: 48,
  ordinal: 49,
  hi: 50,
  args: 51,
  threads: 52,
  /** Iterations of a first chunk. */
  chunk: 53,
  /** Microseconds that an idle worker spins before it sleeps. */
  spin: 54,
  /** Workers that came up and died since; any makes the team unusable. */
  deaths: 64,
  /** Workers that died before they came up. */
  stillborn: 65,
  /** Workers that have come up. */
  up: 66,
  /** Slots in use: workers that somebody has asked for. */
  spawned: 67,
  /** Counts the supervisor's answers to `ping`. */
  pong: 68,
  /** The first death's cause, or why a program could not be loaded: a length and UTF-16 units, one a word. */
  causeLength: 79,
  cause: 80,
  causeMax: 160,
  /** The workers' slots. */
  slots: 256,
  slotWords: 16,
  maxWorkers: 255,
  /** Positions in a slot. */
  wake: 0,
  asleep: 1,
  /** 0 starting, 1 up, 2 dead. */
  state: 2,
  inside: 3,
  /** 0 no failure, 1 a recorded one, 2 an exception whose text stands at the start of the thread's stack. */
  failed: 4,
  failedAt: 5,
  /** The address of the thread's own area. */
  area: 6,
  /** Counts the messages sent to the worker's port. */
  mail: 7,
  quit: 8,
} as const

export const TEAM_WORDS = TEAM.slots + TEAM.slotWords * TEAM.maxWorkers
export type TeamWords = typeof TEAM

export interface Job {
  readonly program: number
  readonly ordinal: number
  readonly lo: number
  readonly hi: number
  readonly args: number
  readonly threads: number
  /** Milliseconds a single iteration took so far. */
  readonly pace: number
  readonly spin: number
}

/** What `createForkJoin` says of a launch besides the statuses of compiled code, which are positive. */
export const OUTCOME = { died: -1, exception: -2, busy: -3 } as const

export interface ForkJoin {
  /** Why the last launch ended with `died` or `exception`. */
  reason: string
  /** `length` elements of `size` bytes at an address, which may come as a signed i32. */
  view<A>(ctor: new (b: ArrayBufferLike, o: number, n: number) => A, size: number, address: number, length: number): A
  team(address: number): Int32Array
  writeText(words: Int32Array, at: number, max: number, text: string): void
  readText(words: Int32Array, at: number): string
  solo(lo: number, hi: number, budget: number, here: (lo: number, hi: number) => number): number
  soloAt: number
  soloPace: number
  claim(w: Int32Array, threads: number, hi: number, size: number, here: (lo: number, hi: number) => number): number
  claimedAt: number
  publish(w: Int32Array, job: Job, area: number, here: (lo: number, hi: number) => number, ask: Ask): number
  join(w: Int32Array, spin: number, ask: Ask): boolean
}

/** A message to the supervisor: `kill` ends all workers, `ping` asks for a sign of life. False: there is no way to it. */
export type Ask = (what: 'kill' | 'ping') => boolean

export interface ForkJoinLayout {
  readonly team: TeamWords
  readonly teamWords: number
  readonly outcome: typeof OUTCOME
  /** Offset of the record's bytes that a failure copies, and of the stack: layout.ts. */
  readonly recordBytes: number
  readonly stack: number
}

export function createForkJoin(memory: WebAssembly.Memory, layout: ForkJoinLayout): ForkJoin {
  const T = layout.team
  /** Milliseconds a chunk should take: long against the claim (below 1 µs), short against a turn of the scheduler. */
  const short = 0.1
  const long = 0.4
  /** Milliseconds that survivors of a death get to finish their chunks before they are ended too. */
  const grace = 1000
  /** Milliseconds without a sign of the supervisor after which it counts as dead, and all its workers with it. */
  const silence = 10000
  const self: ForkJoin = {
    reason: '',
    soloAt: 0,
    soloPace: 0,
    claimedAt: 0,

    view(ctor, size, signed, length) {
      const address = signed >>> 0
      // Another thread may have grown the memory; growing by nothing makes the new length visible here.
      if (address + size * length > memory.buffer.byteLength) memory.grow(0)
      return new ctor(memory.buffer, address, length)
    },

    team(address) {
      return self.view(Int32Array, 4, address, layout.teamWords)
    },

    writeText(words, at, max, text) {
      const n = Math.min(text.length, max)
      for (let i = 0; i < n; i++) words[at + 1 + i] = text.charCodeAt(i)
      Atomics.store(words, at, n)
    },

    readText(words, at) {
      let text = ''
      for (let i = 0; i < Atomics.load(words, at); i++) text += String.fromCharCode(words[at + 1 + i]!)
      return text
    },

    /**
     * Runs from lo on alone, in growing chunks (code that is called again picks up its optimised tier), until `budget` milliseconds have passed and more than that is left by
     * the pace so far. `soloAt` is where it stopped. Returns a status.
     */
    solo(lo, hi, budget, here) {
      const began = performance.now()
      // Small against the whole, so that little is lost where the others could have helped from the start.
      let size = Math.max(1, Math.floor((hi - lo) / 2048))
      let at = lo
      for (;;) {
        const end = Math.min(hi, at + size)
        const chunkBegan = performance.now()
        const status = here(at, end)
        if (status !== 0) return status
        at = end
        self.soloAt = at
        if (at >= hi) return 0
        const now = performance.now()
        const elapsed = now - began
        self.soloPace = elapsed / (at - lo)
        if (elapsed >= budget) {
          if (self.soloPace * (hi - at) > 2 * budget) return 0
          size = Math.max(1, Math.ceil((hi - at) / 4))
        } else if (now - chunkBegan < long) size *= 2
      }
    },

    /** Claims and runs chunks until there are none. `claimedAt` is the start of the last one. Returns a status. */
    claim(w, threads, hi, size, here) {
      for (;;) {
        const lo = Atomics.load(w, T.next)
        if (lo >= hi || Atomics.load(w, T.deaths) !== 0) return 0
        // Towards the end chunks shrink, so that no thread is left with a long one while the others idle.
        const left = hi - lo
        const fair = Math.floor(left / (4 * threads))
        const take = Math.min(left, Math.max(1, size >> 3, Math.min(size, fair)))
        if (Atomics.compareExchange(w, T.next, lo, lo + take) !== lo) continue
        self.claimedAt = lo
        const began = performance.now()
        const status = here(lo, lo + take)
        if (status !== 0) {
          Atomics.store(w, T.next, hi)
          return status
        }
        const took = performance.now() - began
        if (took < short) {
          if (take === size && size < 0x20000000) size *= 2
        } else if (took > long && size > 1) size >>= 1
      }
    },

    /**
     * Runs [job.lo, job.hi) with the team; `area` is the caller's thread area, which gets the record of a failure.
     * Returns a status or an OUTCOME.
     */
    publish(w, job, area, here, ask) {
      if (Atomics.compareExchange(w, T.lock, 0, 1) !== 0) return layout.outcome.busy
      const spawned = Atomics.load(w, T.spawned)
      const helpers = Math.min(job.threads - 1, spawned)
      for (let i = 0; i < spawned; i++) w[T.slots + i * T.slotWords + T.failed] = 0
      const size = Math.max(1, Math.min(0x20000000, Math.floor(short / job.pace)))
      w[T.program] = job.program
      w[T.ordinal] = job.ordinal
      w[T.hi] = job.hi
      w[T.args] = job.args
      w[T.threads] = job.threads
      w[T.chunk] = size
      w[T.spin] = job.spin
      Atomics.store(w, T.next, job.lo)
      Atomics.store(w, T.open, 1)
      for (let i = 0; i < helpers; i++) {
        const slot = T.slots + i * T.slotWords
        Atomics.add(w, slot + T.wake, 1)
        if (Atomics.load(w, slot + T.asleep) !== 0) Atomics.notify(w, slot + T.wake)
      }
      let status = 0
      let thrown: { error: unknown } | undefined
      try {
        status = self.claim(w, job.threads, job.hi, size, here)
      } catch (error) {
        thrown = { error }
        Atomics.store(w, T.next, job.hi)
      }
      Atomics.store(w, T.open, 2)
      const whole = self.join(w, job.spin, ask)
      Atomics.store(w, T.open, 0)
      // A team with a death keeps its lock: nobody uses it again.
      if (whole) Atomics.store(w, T.lock, 0)
      if (!whole) {
        self.reason = self.readText(w, T.causeLength)
        return layout.outcome.died
      }
      let lowest = status === 0 && !thrown ? job.hi : self.claimedAt
      let failing = -1
      for (let i = 0; i < spawned; i++) {
        const slot = T.slots + i * T.slotWords
        if (w[slot + T.failed] !== 0 && w[slot + T.failedAt]! < lowest) {
          lowest = w[slot + T.failedAt]!
          failing = slot
        }
      }
      if (failing < 0) {
        if (thrown) throw thrown.error
        return status
      }
      const from = w[failing + T.area]!
      if (w[failing + T.failed] === 2) {
        self.reason = self.readText(self.view(Int32Array, 4, from + layout.stack, T.causeMax + 1), 0)
        return layout.outcome.exception
      }
      const bytes = layout.recordBytes
      self.view(Uint8Array, 1, area, bytes).set(self.view(Uint8Array, 1, from, bytes))
      return 1
    },

    /** Waits until nobody is inside. False when a worker died, which may have left its chunk half done. */
    join(w, spin, ask) {
      const spawned = Atomics.load(w, T.spawned)
      const until = performance.now() + spin / 1000
      let deathSeen = 0
      let killed = false
      let pong = Atomics.load(w, T.pong)
      let heard = 0
      for (let i = 0; i < spawned; i++) {
        const slot = T.slots + i * T.slotWords
        while (Atomics.load(w, slot + T.inside) !== 0 && Atomics.load(w, slot + T.state) !== 2) {
          const now = performance.now()
          if (now < until) continue
          if (Atomics.load(w, T.deaths) !== 0) {
            if (deathSeen === 0) deathSeen = now
            if (!killed && now - deathSeen > grace) {
              killed = true
              ask('kill')
            }
          }
          if (Atomics.wait(w, slot + T.inside, 1, 100) !== 'timed-out') continue
          const answer = Atomics.load(w, T.pong)
          if (heard === 0 || answer !== pong) {
            pong = answer
            heard = ask('ping') ? now : 0
          } else if (now - heard > silence) {
            self.writeText(w, T.causeLength, T.causeMax, 'the thread that supervises the pool stopped answering')
            Atomics.add(w, T.deaths, 1)
            return false
          }
        }
      }
      return Atomics.load(w, T.deaths) === 0
    },
  }
  return self
}
