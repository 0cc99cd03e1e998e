import type { Clock } from '../base/clock.ts';

/** A host that failed is asked last for this long, unless a health check finds it up before. */
const DOWN_MS = 30_000;

/** The hosts of one mail server in the order in which they are tried: those that answered last come first. */
export class UpstreamHosts {
  readonly #hosts: readonly string[];
  readonly #clock: Clock;
  readonly #downUntil = new Map<string, number>();

  constructor(hosts: readonly string[], clock: Clock) {
    this.#hosts = hosts;
    this.#clock = clock;
  }

  get inOrder(): readonly string[] {
    const up = this.#hosts.filter((host) => this.isUp(host));
    return up.length === this.#hosts.length ? up : [...up, ...this.#hosts.filter((host) => !this.isUp(host))];
  }

  get upCount(): number {
    return this.#hosts.filter((host) => this.isUp(host)).length;
  }

  get all(): readonly string[] {
    return this.#hosts;
  }

  isUp(host: string): boolean {
    return (this.#downUntil.get(host) ?? 0) <= this.#clock.monotonic();
  }

  answered(host: string): void {
    this.#downUntil.delete(host);
  }

  failed(host: string): void {
    this.#downUntil.set(host, this.#clock.monotonic() + DOWN_MS);
  }
}
