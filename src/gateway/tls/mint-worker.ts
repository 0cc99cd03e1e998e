/** Thread entry: signs certificates for clients, so that the thread that moves bytes does not have to. */
import type { KeyObject } from 'node:crypto';
import { parentPort } from 'node:worker_threads';
import { Authority, type LeafRequest } from './authority.ts';

/** What the thread is told. An authority is named by number from then on. */
export type MintTask =
  | {
      readonly kind: 'authority';
      readonly authority: number;
      readonly cert: string;
      readonly key: KeyObject;
    }
  | {
      readonly kind: 'mint';
      readonly id: number;
      readonly authority: number;
      readonly request: LeafRequest;
    };

/** Without a pair it could not be made. */
export interface MintAnswer {
  readonly id: number;
  readonly pair?: { readonly cert: string; readonly key: string };
}

const authorities = new Map<number, Authority>();

function perform(task: MintTask): void {
  if (task.kind === 'authority') {
    authorities.set(task.authority, new Authority({ cert: task.cert, key: task.key }));
    return;
  }
  answer({ id: task.id, ...pairFor(task) });
}

function pairFor({ authority, request }: MintTask & { kind: 'mint' }): Pick<MintAnswer, 'pair'> {
  try {
    const pair = authorities.get(authority)?.mint(request);
    return pair === undefined ? {} : { pair };
  } catch {
    return {};
  }
}

function answer(made: MintAnswer): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origins
  parentPort?.postMessage(made);
}

parentPort?.on('message', perform);
