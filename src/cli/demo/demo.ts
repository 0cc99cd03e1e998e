import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../base/clock.ts';
import type { Config } from '../../base/config/schema.ts';
import { silentLogger } from '../../base/log.ts';
import { openQuarantine } from '../../quarantine/open-quarantine.ts';
import { HELP, parseDemoArguments, type DemoArguments } from './arguments.ts';
import { readMailbox, type Observation } from './client/mailbox-reader.ts';
import type { Endpoint } from './client/wire-connection.ts';
import { compare, type Row } from './comparison.ts';
import { processEnvironment, type DemoEnvironment, type DemoGateway } from './environment.ts';
import { demoConfig } from './gateway-config.ts';
import { createDemoMessages, type DemoMessage } from './messages.ts';
import { ANY_PORTS, choosePorts, type PortChoice } from './ports.ts';
import { rowJson, summaryLine, tableLines } from './report.ts';
import { createDemoServer, type DemoServer } from './server/demo-server.ts';
import { MAIL_PROTOCOLS, type MailProtocol } from './server/traffic.ts';

const USER = 'demo';
const PASSWORD = 'demo';

/** Exit code: 0 when all was as it must be, 1 when it was not, 2 for wrong arguments. */
export async function runDemo(
  argv: readonly string[],
  environment: DemoEnvironment = processEnvironment(),
): Promise<number> {
  const parsed = readArguments(argv);
  if (typeof parsed === 'string') {
    environment.printError(`demo: ${parsed}`);
    return 2;
  }
  if (parsed.help) {
    environment.print(HELP);
    return 0;
  }
  const folder = await mkdtemp(join(tmpdir(), 'postern-demo-'));
  try {
    return await runIn(folder, parsed, environment);
  } catch (error) {
    environment.printError(`demo: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

function readArguments(argv: readonly string[]): DemoArguments | string {
  try {
    return parseDemoArguments(argv);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function runIn(folder: string, options: DemoArguments, environment: DemoEnvironment): Promise<number> {
  const stopRequested = environment.stopRequested(); // also with --once: Ctrl-C must not leave the folder behind
  const choice = options.once ? ANY_PORTS : await choosePorts(options.portBase, environment.usualPortBase);
  const messages = createDemoMessages();
  const server = await createDemoServer({ users: { [USER]: PASSWORD } });
  try {
    for (const message of messages) {
      server.deliver(USER, message.bytes, { flags: message.flags });
    }
    const quarantine = join(folder, 'quarantine');
    const config = await configure(folder, quarantine, server, choice);
    const gateway = await environment.createGateway(config);
    return await runGateway(gateway, async () => {
      const rows = await readEverything(messages, server, gateway, config);
      report(rows, options, environment);
      if (!options.once) {
        invite({ server, gateway, quarantine, remark: choice.remark }, options, environment);
        await stopRequested;
      }
      return rows.every((row) => row.problems.length === 0) ? 0 : 1;
    });
  } finally {
    await server.close();
  }
}

async function configure(
  folder: string,
  quarantine: string,
  server: DemoServer,
  choice: PortChoice,
): Promise<Config> {
  const upstreamCertificate = join(folder, 'server.pem');
  await mkdir(quarantine);
  await writeFile(upstreamCertificate, server.certificate);
  return demoConfig(server, choice.ports, { quarantine, upstreamCertificate });
}

async function runGateway(gateway: DemoGateway, use: () => Promise<number>): Promise<number> {
  try {
    await gateway.start();
    return await use();
  } finally {
    await gateway.stop('the demo ends');
  }
}

async function readEverything(
  messages: readonly DemoMessage[],
  server: DemoServer,
  gateway: DemoGateway,
  config: Config,
): Promise<readonly Row[]> {
  await readMailbox('imap', endpointOf('imap', server.address, server.ports.imap)); // warms the code up
  const seen: { protocol: MailProtocol; direct: readonly Observation[]; through: readonly Observation[] }[] =
    [];
  for (const protocol of MAIL_PROTOCOLS) {
    const kind = protocol.startsWith('imap') ? 'imap' : 'pop3';
    const direct = await readMailbox(kind, endpointOf(protocol, server.address, server.ports[protocol]));
    const through = await readMailbox(kind, gatewayEndpoint(gateway, protocol));
    seen.push({ protocol, direct, through });
  }
  const rules = await findings(config);
  return messages.flatMap((message, index) =>
    seen.flatMap(({ protocol, direct, through }) => {
      const original = direct[index];
      const rule = rules.get(sha256(message.bytes)) ?? '';
      return original === undefined ? [] : [compare(message, protocol, original, through[index], rule)];
    }),
  );
}

function gatewayEndpoint(gateway: DemoGateway, protocol: MailProtocol): Endpoint {
  const found = gateway.endpoints.find((endpoint) => endpoint.protocol === protocol);
  if (found === undefined) {
    throw new Error(`the gateway does not listen for ${protocol}`);
  }
  return endpointOf(protocol, found.address, found.port);
}

function endpointOf(protocol: MailProtocol, host: string, port: number): Endpoint {
  const tls = protocol === 'imaps' || protocol === 'pop3s' ? 'implicit' : 'starttls';
  return { host, port, tls, user: USER, password: PASSWORD };
}

/** The demo has fewer messages than fit on a page. */
const MAX_RECORDS = 200;

/** First matching rule by digest of the message, as the quarantine recorded it. */
async function findings({ quarantine }: Config): Promise<ReadonlyMap<string, string>> {
  const { archive } = openQuarantine(quarantine, systemClock, silentLogger);
  try {
    const { items } = await archive.search({ limit: MAX_RECORDS });
    return new Map(
      items.map(({ id, verdict }) => [id, 'findings' in verdict ? (verdict.findings[0]?.rule ?? '') : '']),
    );
  } finally {
    await archive.close();
  }
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function report(rows: readonly Row[], options: DemoArguments, environment: DemoEnvironment): void {
  if (options.json) {
    rows.forEach((row) => environment.print(rowJson(row)));
    return;
  }
  tableLines(rows).forEach((line) => environment.print(line));
  environment.print(`  ${summaryLine(rows)}`);
  LEGEND.forEach((line) => environment.print(line));
}

const LEGEND = [
  '  added ms: through the gateway less straight from the server. The first protocol pays for the scan,',
  '  then the verdict is known; what is infected is also noted in the quarantine each time.',
];

interface Running {
  readonly server: DemoServer;
  readonly gateway: DemoGateway;
  readonly quarantine: string;
  readonly remark: string;
}

function invite(running: Running, options: DemoArguments, environment: DemoEnvironment): void {
  for (const line of invitationLines(running)) {
    if (options.json) {
      environment.printError(line); // what reads the rows must not trip over it
    } else {
      environment.print(line);
    }
  }
}

function invitationLines({ server, gateway, quarantine, remark }: Running): string[] {
  const port = (protocol: MailProtocol) => String(gatewayEndpoint(gateway, protocol).port).padEnd(6);
  const { adminPort } = gateway;
  const admin = `http://${server.address}:${adminPort}`;
  return [
    '',
    ...(remark === '' ? [] : [remark]),
    'Connect your own mail client to the gateway:',
    `  server ${server.address}   user ${USER}   password ${PASSWORD}`,
    `  IMAP  ${port('imap')} STARTTLS       IMAPS ${port('imaps')} SSL/TLS`,
    `  POP3  ${port('pop3')} STARTTLS       POP3S ${port('pop3s')} SSL/TLS`,
    '  The certificate is made at start and signed by nobody: let the client accept it.',
    `  Unprotected, for comparison: the server itself on IMAP ${server.ports.imap}, POP3 ${server.ports.pop3}.`,
    ...(adminPort === undefined ? [] : [`Metrics     ${admin}/metrics   (health: /healthz, /readyz)`]),
    `Quarantine  ${quarantine}   (removed at the end)`,
    'Ctrl-C ends the demo.',
  ];
}
