import { parsePortList } from '../../base/config/port-list.ts';
import type { Config } from '../../base/config/schema.ts';

/** RFC 8314 and the IMAPS port of before it. */
const STANDARD_TLS_PORTS = [585, 993, 995];

/** The ports on which TLS is opened: the standard ones, those of the port lists, and those of TLS listeners. */
export function tlsPortsOf({ imapsPorts, pop3sPorts, listeners = [] }: Config): ReadonlySet<number> {
  const listed = [imapsPorts, pop3sPorts].flatMap((list) => parsePortList(list ?? '') ?? []);
  const own = listeners.filter(({ protocol }) => protocol === 'imaps' || protocol === 'pop3s');
  return new Set([...STANDARD_TLS_PORTS, ...listed, ...own.map(({ port }) => port)]);
}
