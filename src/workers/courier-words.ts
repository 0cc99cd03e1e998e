import type { CrewState, TaskEnd } from './thread-pool.ts';

/** What is said to the courier. */
export type Order<J> =
  | { readonly kind: 'run'; readonly id: number; readonly job: J }
  | { readonly kind: 'abort'; readonly id: number }
  | { readonly kind: 'destroy' };

/** What the courier says. */
export type Notice<R> =
  | { readonly kind: 'changed'; readonly state: CrewState }
  | { readonly kind: 'ended'; readonly id: number; readonly end: TaskEnd<R>; readonly state: CrewState };
