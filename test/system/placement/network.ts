import { run, runOk } from '../harness/program.ts';

/** Three machines in a row: a client, a router on which the gateway runs, and a server in another network. */
export class Network {
  readonly client: string;
  readonly router: string;
  readonly server: string;

  private constructor(suffix: string) {
    this.client = `pst-c-${suffix}`;
    this.router = `pst-r-${suffix}`;
    this.server = `pst-s-${suffix}`;
  }

  static readonly addresses = {
    client: { v4: '10.91.1.2', v6: '2001:db8:91::2' },
    /** On the side of the server. */
    router: { v4: '203.0.113.1', v6: '2001:db8:113::1' },
    server: { v4: '203.0.113.25', v6: '2001:db8:113::25' },
  } as const;

  static async create(): Promise<Network> {
    const network = new Network(String(process.pid));
    for (const name of network.#names) {
      await ip(['netns', 'add', name]);
      await ip(['-n', name, 'link', 'set', 'lo', 'up']);
    }
    await network.#connect(
      'client',
      ['10.91.1.1/24', '2001:db8:91::1/64'],
      ['10.91.1.2/24', '2001:db8:91::2/64'],
    );
    await network.#connect(
      'server',
      ['203.0.113.1/24', '2001:db8:113::1/64'],
      ['203.0.113.25/24', '2001:db8:113::25/64'],
    );
    await network.#route('client', '10.91.1.1', '2001:db8:91::1');
    await network.#route('server', '203.0.113.1', '2001:db8:113::1');
    for (const key of ['net.ipv4.ip_forward', 'net.ipv6.conf.all.forwarding']) {
      await run('ip', network.inside('router', ['sysctl', '-qw', `${key}=1`]));
    }
    return network;
  }

  get #names(): readonly string[] {
    return [this.client, this.router, this.server];
  }

  /** Arguments of `ip` that run a program on one of the machines. */
  inside(where: 'client' | 'router' | 'server', command: readonly string[]): string[] {
    return ['netns', 'exec', this[where], ...command];
  }

  async remove(): Promise<void> {
    for (const name of this.#names) await run('ip', ['netns', 'del', name]);
  }

  async #connect(to: 'client' | 'server', near: readonly string[], far: readonly string[]): Promise<void> {
    const cable = `to-${to}`;
    await ip([
      '-n',
      this.router,
      'link',
      'add',
      cable,
      'type',
      'veth',
      'peer',
      'name',
      'uplink',
      'netns',
      this[to],
    ]);
    await setUp(this.router, cable, near);
    await setUp(this[to], 'uplink', far);
  }

  async #route(from: 'client' | 'server', v4: string, v6: string): Promise<void> {
    await ip(['-n', this[from], 'route', 'add', 'default', 'via', v4]);
    await ip(['-n', this[from], '-6', 'route', 'add', 'default', 'via', v6]);
  }
}

async function setUp(namespace: string, link: string, addresses: readonly string[]): Promise<void> {
  for (const address of addresses) {
    const withoutProbe = address.includes(':') ? ['nodad'] : [];
    await ip(['-n', namespace, 'address', 'add', address, 'dev', link, ...withoutProbe]);
  }
  await ip(['-n', namespace, 'link', 'set', link, 'up']);
}

async function ip(args: readonly string[]): Promise<void> {
  await runOk('ip', args);
}
