import { effectiveListeners } from './listeners.ts';
import type { Config } from './schema.ts';

type Row = readonly [applies: boolean, key: string, text: string];

function isLoopback(host: string): boolean {
  return /^(?:127\.|::1$|localhost$)/iu.test(host);
}

function scanningOff(config: Config): Row[] {
  return [
    [!config.protection, 'protection', 'is off: nothing is scanned'],
    [config.mode === 'monitor', 'mode', 'is monitor: infected messages are delivered'],
    ...Object.entries(config.protocols).map(([name, on]): Row => [
      !on,
      `protocols.${name}`,
      'is off: this protocol is forwarded without a scan',
    ]),
    [!config.scan.uploads, 'scan.uploads', 'is off: what clients upload is not scanned'],
    [
      !config.tlsFilter.enabled,
      'tlsFilter.enabled',
      'is false: connections that begin with TLS are forwarded without a scan',
    ],
    ...Object.entries(config.exclusions).map(([kind, { length }]): Row => [
      length > 0,
      `exclusions.${kind}`,
      `lets ${length === 1 ? 'one thing' : `${length} things`} through without a scan`,
    ]),
  ];
}

function weakTls(config: Config): Row[] {
  const { upstream } = config;
  const { host = '' } = upstream;
  const clear = upstream.tls.mode === 'off' && !isLoopback(host);
  const open = effectiveListeners(config).filter(({ tls }) => tls === 'off');
  return [
    [
      !upstream.tls.verify,
      'upstream.tls.verify',
      'is false: anyone between gateway and server can read every password and message',
    ],
    [clear, 'upstream.tls.mode', 'is off: passwords and mail travel to the server in clear text'],
    [
      !upstream.tls.verify && upstream.tls.ca !== undefined,
      'upstream.tls.ca',
      'is not used while verify is false',
    ],
    [upstream.allowPreauth, 'upstream.allowPreauth', 'is true: a PREAUTH greeting logs in whoever connects'],
    ...open.map(({ protocol, address, port }): Row => [
      !isLoopback(address),
      'listeners',
      `${protocol} on ${address} port ${port} has tls off: passwords travel in clear text`,
    ]),
  ];
}

function weakPolicy({ policy, mode }: Config): Row[] {
  const protect = mode === 'protect';
  const open = (['timeout', 'engine-failed', 'overloaded', 'bomb', 'too-deep', 'malformed'] as const).filter(
    (cause) => policy.unscannable[cause] === 'deliver',
  );
  return [
    [
      protect && policy.malicious === 'deliver',
      'policy.malicious',
      'is deliver: infected messages are delivered',
    ],
    ...open.map((cause): Row => [
      protect,
      `policy.unscannable.${cause}`,
      'is deliver: who can cause it can get anything past the scanner',
    ]),
  ];
}

/** What is valid but weakens the protection; to be logged at start and shown by `postern check`. */
export function configWarnings(config: Config): readonly string[] {
  return [...scanningOff(config), ...weakTls(config), ...weakPolicy(config)]
    .filter(([applies]) => applies)
    .map(([, key, text]) => `${key} ${text}`);
}
