import { useState } from 'preact/hooks';
import type { ApiClient } from './api-client.ts';
import type { Page } from './answers.ts';
import { type Loading, useLoading } from './loading.tsx';

export interface Paged<T> {
  readonly loading: Loading<Page<T>>;
  readonly pager: {
    readonly next: string | null;
    readonly depth: number;
    go(cursor: string): void;
    back(): void;
  };
}

/** One page of a list at a time; other conditions begin at the first one. */
export function usePaged<T>(api: ApiClient, path: string, query: Readonly<Record<string, string>>): Paged<T> {
  const conditions = JSON.stringify(query);
  const [place, setPlace] = useState<{ conditions: string; cursors: readonly string[] }>({
    conditions,
    cursors: [],
  });
  const cursors = place.conditions === conditions ? place.cursors : [];
  const cursor = cursors.at(-1) ?? '';
  const loading = useLoading(`${path} ${conditions} ${cursor}`, () =>
    api.get<Page<T>>(path, { ...query, cursor }),
  );
  const go = (next: readonly string[]): void => setPlace({ conditions, cursors: next });
  return {
    loading,
    pager: {
      next: loading.value?.next ?? null,
      depth: cursors.length,
      go: (next) => go([...cursors, next]),
      back: () => go(cursors.slice(0, -1)),
    },
  };
}

export function Pager({ pager }: { readonly pager: Paged<unknown>['pager'] }) {
  const { next, depth } = pager;
  if (next === null && depth === 0) return null;
  return (
    <p class="pager">
      <button type="button" disabled={depth === 0} onClick={() => pager.back()}>
        Newer
      </button>
      <button type="button" disabled={next === null} onClick={() => next !== null && pager.go(next)}>
        Older
      </button>
    </p>
  );
}
