import { readdirSync, readFileSync } from 'node:fs';

/** The kernel counts process time in hundredths of a second on every Linux that we know (USER_HZ). */
const TICKS_PER_SECOND = 100;
/** Fields of /proc/PID/stat behind the parenthesised name, counted from `state` (proc(5)). */
const PARENT = 1;
const TIMES = [11, 12, 13, 14] as const; // utime, stime, and those of children that were waited for

function statFields(pid: number | 'self'): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined; // it ended between the listing and now
  }
}

/** The process and all its descendants that are alive. */
export function processTree(root: number): number[] {
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger);
  const children = new Map<number, number[]>();
  for (const pid of pids) {
    const parent = Number(statFields(pid)?.[PARENT]);
    children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const tree = [root];
  for (const pid of tree) {
    tree.push(...(children.get(pid) ?? []));
  }
  return tree;
}

function secondsOf(fields: readonly string[] | undefined, columns: readonly number[]): number {
  return columns.reduce((sum, column) => sum + Number(fields?.[column] ?? 0), 0) / TICKS_PER_SECOND;
}

/** CPU seconds that a process tree has used, user and system, with what its ended children used. */
export function treeCpuSeconds(root: number): number {
  return processTree(root).reduce((sum, pid) => sum + secondsOf(statFields(pid), TIMES), 0);
}

/** CPU seconds of the children of this process that have ended. */
export function endedChildrenCpuSeconds(): number {
  return secondsOf(statFields('self'), TIMES.slice(2));
}

/** Proportional set size of a process tree in bytes: shared pages count once. */
export function treeMemoryBytes(root: number): number {
  return processTree(root).reduce((sum, pid) => {
    try {
      const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
      return sum + Number(/^Pss:\s+(\d+) kB/mu.exec(text)?.[1] ?? 0) * 1024;
    } catch {
      return sum;
    }
  }, 0);
}
