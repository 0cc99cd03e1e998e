import { useEffect, useRef } from 'preact/hooks';

/** Browsers try again by themselves only after some failures; a restart of the gateway is not one of them. */
const RETRY_MS = 5_000;

type Listener = (type: 'detection' | 'status') => void;

/** Tells of server-sent events. What they carry is read through the API, which knows who may see it. */
export function useLiveEvents(listener: Listener): void {
  const latest = useRef(listener);
  latest.current = listener;
  useEffect(() => {
    const watch = new Watch((type) => latest.current(type));
    return () => watch.stop();
  }, []);
}

class Watch {
  readonly #listener: Listener;
  #source: EventSource | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(listener: Listener) {
    this.#listener = listener;
    this.#open();
  }

  stop(): void {
    clearTimeout(this.#retry);
    this.#source?.close();
  }

  #open(): void {
    const source = new EventSource('/api/v1/events');
    this.#source = source;
    source.addEventListener('detection', () => this.#listener('detection'));
    source.addEventListener('status', () => this.#listener('status'));
    source.addEventListener('lost', () => this.#listener('detection'));
    source.addEventListener('error', () => {
      if (source.readyState === EventSource.CLOSED) this.#retry = setTimeout(() => this.#open(), RETRY_MS);
    });
  }
}
