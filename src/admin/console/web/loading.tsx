import type { ComponentChildren } from 'preact';
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';

export interface Loading<T> {
  readonly value: T | undefined;
  readonly error: string;
  readonly reload: () => void;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : 'it failed');

/** Loads when `key` changes and when asked to. What arrives after something newer was asked for is dropped. */
export function useLoading<T>(key: string, load: () => Promise<T>): Loading<T> {
  const [state, setState] = useState<{ value: T | undefined; error: string }>({
    value: undefined,
    error: '',
  });
  const latest = useRef({ run: 0, load });
  latest.current.load = load;
  const reload = useCallback(() => {
    latest.current.run += 1;
    const { run } = latest.current;
    const isLatest = () => run === latest.current.run;
    latest.current.load().then(
      (value) => isLatest() && setState({ value, error: '' }),
      (error: unknown) => isLatest() && setState((old) => ({ ...old, error: messageOf(error) })),
    );
  }, []);
  useEffect(reload, [key]);
  return { ...state, reload };
}

/** Runs what a button does; one at a time. */
export function useAction(): {
  readonly isBusy: boolean;
  readonly error: string;
  readonly run: (action: () => Promise<unknown>) => void;
} {
  const [state, setState] = useState({ isBusy: false, error: '' });
  const run = (action: () => Promise<unknown>): void => {
    setState({ isBusy: true, error: '' });
    action().then(
      () => setState({ isBusy: false, error: '' }),
      (error: unknown) => setState({ isBusy: false, error: messageOf(error) }),
    );
  };
  return { ...state, run };
}

/** Calls `task` every so often while the page is looked at. */
export function useEvery(intervalMs: number, task: () => void): void {
  const latest = useRef(task);
  latest.current = task;
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) latest.current();
    }, intervalMs);
    return () => clearInterval(timer);
  }, [intervalMs]);
}

export function Failure({ text }: { readonly text: string }) {
  return text === '' ? null : (
    <p class="failure" role="alert">
      {text}
    </p>
  );
}

/** What was loaded, or that it is not there yet. */
export function Loaded<T>({
  loading,
  children,
}: {
  readonly loading: Loading<T>;
  readonly children: (value: T) => ComponentChildren;
}) {
  const { value, error } = loading;
  return (
    <>
      <Failure text={error} />
      {value === undefined ? error === '' && <p class="quiet">Loading …</p> : children(value)}
    </>
  );
}
