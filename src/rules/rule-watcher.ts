import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { MAX_RULE_DEPTH, MAX_RULE_FILES } from './rule-loader.ts';

/** Looking costs at most this share of the time: a huge tree is looked at less often. */
const MAX_SHARE = 0.02;

interface Looks {
  readonly seen: string[];
  left: number;
}

/** Appends what would change with the content of `path`. What cannot be read is a state like any other. */
async function look(path: string, depth: number, looks: Looks): Promise<void> {
  if (looks.left <= 0 || depth > MAX_RULE_DEPTH) {
    return;
  }
  looks.left -= 1;
  const info = await stat(path, { bigint: true }).catch(() => undefined);
  if (info?.isDirectory() === true) {
    const names = await readdir(path).catch(() => []);
    for (const name of names.filter((entry) => !entry.startsWith('.')).toSorted()) {
      await look(join(path, name), depth + 1, looks);
    }
    return;
  }
  const state = info === undefined ? 'gone' : `${info.ino} ${info.size} ${info.mtimeNs}`;
  looks.seen.push(`${path}\0${state}`);
}

/** Changes when a file below `paths` is written, added, removed or replaced through a link. */
export async function fingerprint(paths: readonly string[]): Promise<string> {
  const looks: Looks = { seen: [], left: 2 * MAX_RULE_FILES };
  for (const path of paths) {
    await look(path, 0, looks);
  }
  return createHash('sha256').update(looks.seen.join('\n')).digest('hex');
}

export interface RuleWatcherOptions {
  /** Asked anew at each look: fetched sources come and go. */
  readonly paths: () => readonly string[];
  /** Milliseconds between two looks. */
  readonly everyMs: number;
  readonly clock: Clock;
  /** Something changed and has been still for one look. Never rejects. */
  readonly onChange: () => Promise<void>;
}

/**
 * Looks at files again and again instead of asking the system to tell: that works on network disks, through
 * links that are swapped, and after a folder was replaced. A change is reported when two looks in a row saw the
 * same, so that a file that is being written is not read half.
 */
export class RuleWatcher {
  readonly #options: RuleWatcherOptions;
  #reported = '';
  #last = '';
  #cancel = (): void => undefined;
  #isStopped = false;

  constructor(options: RuleWatcherOptions) {
    this.#options = options;
  }

  /** What is there now counts as known. */
  async start(): Promise<void> {
    this.#reported = await fingerprint(this.#options.paths());
    this.#last = this.#reported;
    this.#schedule(this.#options.everyMs);
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel();
  }

  /** One look; runs by itself while started. */
  async look(): Promise<void> {
    const { clock, everyMs, paths, onChange } = this.#options;
    const started = clock.monotonic();
    const seen = await fingerprint(paths());
    const tookMs = clock.monotonic() - started;
    const isStill = seen === this.#last;
    this.#last = seen;
    if (isStill && seen !== this.#reported && !this.#isStopped) {
      this.#reported = seen;
      await onChange();
    }
    this.#schedule(Math.max(everyMs, tookMs / MAX_SHARE));
  }

  #schedule(delayMs: number): void {
    this.#cancel();
    if (!this.#isStopped) {
      this.#cancel = this.#options.clock.after(delayMs, () => void this.look());
    }
  }
}
