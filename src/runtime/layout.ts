/**
 * Where things stand in the shared wasm memory, in bytes. Compiled code, the allocator and every thread agree on this
 * file alone.
 */

export const PAGE = 65536

/** Addresses below this are never handed out: handle 0 is the empty array, address 0 is never valid. */
export const CONTROL = 64
/** The thread pool's control words (int32, spread over cache lines); see threads.ts. */
export const CONTROL_BYTES = 4096
/** The allocator's state; see allocator.ts. */
export const HEAP_STATE = CONTROL + CONTROL_BYTES
export const HEAP_STATE_BYTES = 4096
/** Where the first block may begin. */
export const HEAP_START = PAGE

/**
 * One array's header: what a handle points to.
 * base: u32 byte address of element 0; length: u32 elements; refs: i32 references held by running code and by views;
 * dtype: the position in DTYPES.
 */
export const HEADER = { base: 0, length: 4, refs: 8, dtype: 12, bytes: 16 } as const
/** A header with at least so many references belongs to the caller and is never freed by compiled code. */
export const BORROWED = 1 << 30

/**
 * Each thread's own area; compiled code finds it by the imported global `tls`.
 * A failure is recorded here before a function returns its non-zero status.
 */
export const TLS = {
  /** i32, the position in Module.sites. */
  site: 0,
  /** f64: see Site for what the two values are. */
  value0: 8,
  value1: 16,
  /** The stack of launch arguments and local arrays grows upwards from here. */
  stack: 64,
  bytes: 262144,
} as const
/** Arguments of a launch are slots of this many bytes: f64, i32 (low half), or an array: a handle. */
export const SLOT = 8
