/** Where a fault line is looked for; it is a header field. */
const HEAD_BYTES = 8 * 1024;
const FAULT_LINE = /^X-Postern-Fault: (delay|loop|heap|throw|exit|kill)(?:=(\d{1,7}))?\r?$/m;

/** Waits without burning processor time and without giving the thread back. */
function delay(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

function fillHeap(): never {
  const hoard: unknown[] = [];
  for (;;) {
    hoard.push({ index: hoard.length, text: `item ${hoard.length}` });
  }
}

function loop(): never {
  for (;;) {
    // The thread is lost until somebody ends it.
  }
}

function fail(): never {
  throw new Error('fault asked for by the message');
}

const FAULTS: Readonly<Record<string, (argument: number) => void>> = {
  delay,
  loop,
  heap: fillHeap,
  throw: fail,
  exit: () => process.exit(1),
  // As native code that crashes, or a heap that fills inside one call of the engine: no thread survives it.
  kill: () => process.kill(process.pid, 'SIGKILL'),
};

/**
 * Does to this thread (`kill`: to the process) what a header line
 * `X-Postern-Fault: delay=MS | loop | heap | throw | exit | kill` of the message asks for. Only for tests of what the gateway does when a worker fails; never called otherwise.
 */
export function obeyFault(message: Uint8Array): void {
  const head = Buffer.from(message.subarray(0, HEAD_BYTES)).toString('latin1');
  const [, fault, argument] = FAULT_LINE.exec(head) ?? [];
  if (fault !== undefined) {
    FAULTS[fault]?.(Number(argument ?? 0));
  }
}
