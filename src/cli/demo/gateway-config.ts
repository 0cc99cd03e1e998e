import { configSchema, type Config } from '../../base/config/schema.ts';
import { STARTER_RULES } from '../starter-rules.ts';
import { LOOPBACK, type GatewayPorts } from './ports.ts';
import type { DemoServer } from './server/demo-server.ts';
import { MAIL_PROTOCOLS } from './server/traffic.ts';

export interface DemoFolders {
  readonly quarantine: string;
  /** PEM file with the demo server's certificate. */
  readonly upstreamCertificate: string;
}

/** The gateway before the demo server: everything else as by default. */
export function demoConfig(server: DemoServer, ports: GatewayPorts, folders: DemoFolders): Config {
  return configSchema.parse({
    upstream: {
      host: server.address,
      ports: server.ports,
      tls: { ca: folders.upstreamCertificate, serverName: 'localhost' },
    },
    listeners: MAIL_PROTOCOLS.map((protocol) => ({
      protocol,
      address: LOOPBACK,
      port: ports.mail[protocol],
    })),
    rules: [STARTER_RULES],
    quarantine: { path: folders.quarantine },
    admin: { address: LOOPBACK, port: ports.admin },
    log: { level: 'error' },
  });
}
