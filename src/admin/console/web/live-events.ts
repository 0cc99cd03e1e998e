import { useEffect, useRef } from 'preact/hooks';

/** Browsers try again by themselves only after some failures; a restart of the gateway is not one of them. */
const RETRY_MS = 5_000;

/** What happened is in the history a second later; a storm of events is one look at it. */
const SETTLE_MS = 1_300;

/**
 * Calls `onChange` soon after something was found, the status changed or the connection came back. What events carry
 * is not used: the API knows who may see what.
 */
export function useLiveEvents(onChange: () => void): void {
  const latest = useRef(onChange);
  latest.current = onChange;
  useEffect(() => {
    const watch = new Watch(() => latest.current());
    return () => watch.stop();
  }, []);
}

class Watch {
  readonly #onChange: () => void;
  #source: EventSource | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #settling: ReturnType<typeof setTimeout> | undefined;
  #wasOpen = false;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
    this.#open();
  }

  stop(): void {
    clearTimeout(this.#retry);
    clearTimeout(this.#settling);
    this.#source?.close();
  }

  #open(): void {
    const source = new EventSource('/api/v1/events');
    this.#source = source;
    for (const type of ['detection', 'status', 'lost']) source.addEventListener(type, () => this.#soon());
    source.addEventListener('open', () => {
      if (this.#wasOpen) this.#soon();
      this.#wasOpen = true;
    });
    source.addEventListener('error', () => {
      if (source.readyState === EventSource.CLOSED) this.#retry = setTimeout(() => this.#open(), RETRY_MS);
    });
  }

  #soon(): void {
    this.#settling ??= setTimeout(() => {
      this.#settling = undefined;
      this.#onChange();
    }, SETTLE_MS);
  }
}
