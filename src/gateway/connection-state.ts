/** One open connection, for administrators. Names are what the client sent, bounded. */
export interface ConnectionState {
  readonly id: string;
  readonly protocol: string;
  readonly client: string;
  /** Login name; empty before login and in tunnels. */
  readonly user: string;
  readonly application: string;
  /** ISO 8601 UTC. */
  readonly startedAt: string;
  readonly isTunnel: boolean;
}
