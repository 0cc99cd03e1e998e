import type { CommandQueue } from './command-queue.ts';
import { type FetchPlan, planFetch, type PlannedFetch } from './fetch-plan.ts';
import type { KeptMessage, KeptMessages } from './kept-messages.ts';
import type { FetchItem } from './wire/fetch-item.ts';
import { type FetchRequest, readFetchRequest } from './wire/fetch-request.ts';
import type { UnitPart } from './wire/nodes.ts';
import { WireError } from './wire/wire-error.ts';

/** A FETCH or UID FETCH as the client gave it. */
export interface FetchCommand {
  readonly tag: string;
  /** `FETCH` or `UID FETCH`. */
  readonly name: string;
  readonly parts: readonly UnitPart[];
}

/** Turns what a client fetches into what the server is asked, at the moment it is sent: then it is known what is kept. */
export class FetchDesk {
  readonly #queue: CommandQueue;
  readonly #kept: KeptMessages;

  constructor(queue: CommandQueue, kept: KeptMessages) {
    this.#queue = queue;
    this.#kept = kept;
  }

  /** False when it is malformed or asks for what is never served; then nothing was queued. */
  add({ tag, name, parts }: FetchCommand): boolean {
    const request = readRequest(parts);
    if (request === undefined || !request.items.every(isServed)) {
      return false;
    }
    const isUid = name === 'UID FETCH';
    const needsPlan = request.items.some((item) => item.class === 'slice' || item.class === 'decoded');
    let planned: PlannedFetch | undefined;
    const plan = () => (planned ??= this.#plan(request, isUid));
    this.#queue.add({
      tag,
      name,
      segments: () => [{ kind: 'text', text: `${tag} ${name} ${plan().text}\r\n` }],
      isExclusive: needsPlan,
      isReady: true,
      isBulk: request.single === undefined,
      get plan(): FetchPlan | undefined {
        return needsPlan ? plan().plan : undefined;
      },
      onTagged: () => setPinned(planned, false),
    });
    return true;
  }

  #plan(request: FetchRequest, isUid: boolean): PlannedFetch {
    const planned = planFetch(request, isUid, this.#keptFor(request.single, isUid));
    setPinned(planned, true);
    return planned;
  }

  #keptFor(single: number | undefined, isUid: boolean): KeptMessage | undefined {
    return single === undefined ? undefined : this.#kept.find(isUid ? 'uid' : 'number', single);
  }
}

function isServed({ class: kind }: FetchItem): boolean {
  return kind !== 'hidden' && kind !== 'unknown';
}

function setPinned(planned: PlannedFetch | undefined, isPinned: boolean): void {
  if (planned?.plan?.spliced !== undefined) {
    planned.plan.spliced.kept.isPinned = isPinned;
  }
}

function readRequest(parts: readonly UnitPart[]): FetchRequest | undefined {
  try {
    return readFetchRequest(parts);
  } catch (error) {
    if (error instanceof WireError) {
      return undefined;
    }
    throw error;
  }
}
