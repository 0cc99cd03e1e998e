import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createBootstrapPair } from '../../src/gateway/tls/bootstrap-certificate.ts';
import { eicar } from '../corpus/eicar.ts';
import { Daemon, runOk } from './harness/program.ts';
import { Cleanup, removeFolder, scratchFolder } from './harness/scratch.ts';
import { eventually } from './harness/wait.ts';
import { Network } from './placement/network.ts';
import { loadRules, node, PROJECT, READY_MS, startGateway } from './placement/transparent-gateway.ts';

const NAME = 'mail.test.example';
const SERVICES = ['imap:143', 'imaps:993', 'pop3:110', 'pop3s:995', 'imap:2143', 'pop3s:4995'];
/** The server expects to hear from the gateway whom it speaks for, and closes on whoever begins with TLS. */
const DIRECT = /ECONNRESET|closed before|disconnected before/;
/** Nobody, on every Linux. */
const NOBODY = 65_534;

const cleanup = new Cleanup();
after(() => cleanup.run());

interface Scene {
  readonly network: Network;
  readonly server: Daemon;
  readonly roots: string;
  readonly config: string;
}

async function startServer(network: Network, folder: string): Promise<Daemon> {
  const pair = createBootstrapPair([NAME]);
  const [cert, key] = [join(folder, 'server.pem'), join(folder, 'server.key')];
  await writeFile(cert, pair.cert);
  await writeFile(key, pair.key);
  const script = join(PROJECT, 'test/system/placement/mail-server.ts');
  const server = cleanup.owns(new Daemon('ip', node(network, 'server', [script, cert, key, ...SERVICES])));
  await eventually(
    'the mail server listens',
    READY_MS,
    async () => (SERVICES.every((one) => server.output.includes(`${one} listens`)) ? true : undefined),
    () => server.output,
  );
  return server;
}

/** JSON is YAML. */
function configuration(folder: string): string {
  const listener = { protocol: 'auto', port: 10_143, transparent: true };
  return JSON.stringify({
    upstream: {
      host: 'upstream.invalid',
      tls: { mode: 'off', ca: join(folder, 'server.pem') },
      proxyProtocol: 'v2',
    },
    listeners: [{ ...listener, interceptPorts: '110,143,585,993,995,2143,4995' }],
    tlsFilter: { ca: join(folder, 'ca') },
    rules: ['config/rules'],
    quarantine: { path: join(folder, 'quarantine') },
    exclusions: {
      clients: [{ addresses: '10.91.1.99', owner: 'ann', reason: 'somebody else' }],
    },
  });
}

let scene: Scene | undefined;

before(async () => {
  const folder = await scratchFolder('placement');
  cleanup.add(() => removeFolder(folder));
  const network = await Network.create();
  cleanup.add(() => network.remove());
  const config = join(folder, 'gateway.yaml');
  await writeFile(config, configuration(folder));
  const server = await startServer(network, folder);
  await startGateway(network, folder, config, cleanup);
  scene = { network, server, roots: join(folder, 'roots.pem'), config };
});

async function fetchMessage(service: string, address: string): Promise<string> {
  assert.ok(scene !== undefined);
  const { stdout } = await runOk('ip', scene.network.inside('client', mailClient(scene, service, address)));
  return stdout.toString();
}

function mailClient({ roots }: Scene, service: string, address: string): string[] {
  const script = join(PROJECT, 'test/system/placement/mail-client.ts');
  return [process.execPath, script, service, address, NAME, roots];
}

/** The same by a program on the router, where the gateway runs as root. */
async function fetchOnRouter(service: string, address: string, isGatewayUser: boolean): Promise<string> {
  assert.ok(scene !== undefined);
  const user = isGatewayUser ? [] : ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];
  const command = [...user, ...mailClient(scene, service, address)];
  const { stdout } = await runOk('ip', scene.network.inside('router', command));
  return stdout.toString();
}

describe('a client that dials a server in another network, with no change to it', () => {
  const { client, server } = Network.addresses;

  for (const [family, from, to] of [
    ['IPv4', client.v4, server.v4],
    ['IPv6', client.v6, server.v6],
  ] as const) {
    for (const service of ['imap:143', 'imaps:993', 'pop3:110', 'pop3s:995', 'imap:2143']) {
      it(`gets scanned mail over ${family} from ${service}, and the server sees its address`, async () => {
        const message = await fetchMessage(service, to);
        assert.match(message, /Subject: test/);
        assert.ok(!message.includes(eicar().toString()));
        assert.ok(scene?.server.output.includes(`${service} ${from} for ${to}`), scene?.server.output);
      });
    }
  }

  it('is refused nothing, but its TLS is not opened on a port that is not listed', async () => {
    // The client trusts our authority only: it meets the server's own certificate.
    await assert.rejects(fetchMessage('pop3s:4995', server.v4), /self-signed certificate/);
  });
});

describe('programs on the router itself', () => {
  const { server, router } = Network.addresses;

  it('go to the server untouched as long as only traffic in passing is redirected', async () => {
    await assert.rejects(fetchOnRouter('imaps:993', server.v4, false), DIRECT);
  });

  describe('with --local-except', () => {
    before(async () => {
      assert.ok(scene !== undefined);
      await loadRules(scene.network, scene.config, ['--local-except', 'root']);
    });

    for (const [service, from, to] of [
      ['imap:143', router.v4, server.v4],
      ['imaps:993', router.v4, server.v4],
      ['pop3s:995', router.v6, server.v6],
    ] as const) {
      it(`are scanned: ${service} to ${to}`, async () => {
        const message = await fetchOnRouter(service, to, false);
        assert.match(message, /Subject: test/);
        assert.ok(!message.includes(eicar().toString()));
        assert.ok(scene?.server.output.includes(`${service} ${from} for ${to}`), scene?.server.output);
      });
    }

    it('but not those of the user that the gateway runs as, so that it reaches the servers', async () => {
      await assert.rejects(fetchOnRouter('imaps:993', server.v4, true), DIRECT);
    });

    it('and traffic in passing still is', async () => {
      assert.ok(!(await fetchMessage('imap:143', server.v4)).includes(eicar().toString()));
    });

    it('until the rules are loaded without it', async () => {
      assert.ok(scene !== undefined);
      await loadRules(scene.network, scene.config);
      await assert.rejects(fetchOnRouter('imaps:993', server.v4, false), DIRECT);
    });
  });
});
