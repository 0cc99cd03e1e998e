import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Daemon, run, runOk, type RunResult } from './harness/program.ts';

const PROJECT = join(import.meta.dirname, '../..');
/** Kept between runs: the base takes a minute to make. Owned by deploy/container/build.sh. */
const STORE = join(tmpdir(), 'postern-image-store');
const BUILD_TIMEOUT_MS = 900_000;
const IMAGE = 'postern:system-test';

/** What an image says about how it is run. */
export interface ImageConfig {
  readonly User: string;
  readonly Env: readonly string[];
  readonly Entrypoint: readonly string[];
  readonly Cmd: readonly string[];
  readonly WorkingDir: string;
  readonly StopSignal: string;
  readonly Volumes: Readonly<Record<string, unknown>>;
  readonly Healthcheck?: { readonly Test: readonly string[] };
}

function buildah(...args: readonly string[]): Promise<RunResult> {
  const storage = ['--storage-driver', 'vfs', '--root', `${STORE}/storage`, '--runroot', `${STORE}/run`];
  return runOk('buildah', [...storage, ...args], { env: { BUILDAH_ISOLATION: 'chroot' } });
}

/** The product's image, really built, with one container of it on disk. */
export class ContainerImage {
  readonly config: ImageConfig;
  /** Where the container's root file system is mounted. */
  readonly root: string;
  readonly #container: string;

  private constructor(config: ImageConfig, root: string, container: string) {
    this.config = config;
    this.root = root;
    this.#container = container;
  }

  static async build(): Promise<ContainerImage> {
    const names = ['NODE_EXTRA_CA_CERTS', 'HOME'] as const;
    const env = Object.fromEntries(names.map((name) => [name, process.env[name] ?? '']));
    const script = join(PROJECT, 'deploy/container/build.sh');
    await runOk('bash', [script, STORE, IMAGE], { cwd: PROJECT, env, timeoutMs: BUILD_TIMEOUT_MS });
    const text = (await buildah('inspect', '--type', 'image', `localhost/${IMAGE}`)).stdout.toString('utf8');
    const { Docker } = JSON.parse(text) as { readonly Docker: { readonly config: ImageConfig } };
    const container = (await buildah('from', '--pull-never', `localhost/${IMAGE}`)).stdout
      .toString('utf8')
      .trim();
    const root = (await buildah('mount', container)).stdout.toString('utf8').trim();
    return new ContainerImage(Docker.config, root, container);
  }

  async stop(): Promise<void> {
    await buildah('rm', this.#container);
  }

  /**
   * Runs the image as a runtime would: its user, environment, directory and command; root file system read-only,
   * a tmpfs on /tmp, the volume writable, `etc` at /etc/postern. The network is the machine's.
   */
  async start(
    etc: string,
    env: Readonly<Record<string, string>>,
    command = this.config.Cmd,
  ): Promise<Daemon> {
    const volumes = Object.keys(this.config.Volumes).map(
      (path) => `mount -t tmpfs -o mode=755,uid=1000,gid=1000 tmpfs "$root${path}"`,
    );
    const script = join(etc, '../start.sh');
    const variables = [...this.config.Env, ...Object.entries(env).map((pair) => pair.join('='))];
    const words = [...variables, ...this.config.Entrypoint, ...command].map((word) => `'${word}'`);
    await mkdir(join(etc, '..'), { recursive: true });
    await writeFile(
      script,
      [
        `set -e; root=${this.root}`,
        'mount --bind "$root" "$root"',
        `mount --bind ${etc} "$root/etc/postern"`,
        'mount -t proc proc "$root/proc"',
        'mount --rbind /dev "$root/dev"',
        'mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"',
        ...volumes,
        'mount -o remount,bind,ro "$root"',
        'mount -o remount,bind,ro "$root/etc/postern"',
        `exec chroot --userspec=${this.config.User} "$root" env -i -C ${this.config.WorkingDir} ${words.join(' ')}`,
      ].join('\n'),
    );
    return new Daemon('unshare', ['--mount', '--propagation', 'private', 'bash', script]);
  }

  /** Runs a command inside a container that runs. */
  inside(
    daemon: Daemon,
    command: readonly string[],
    env: Readonly<Record<string, string>>,
  ): Promise<RunResult> {
    const variables = [...this.config.Env, ...Object.entries(env).map((pair) => pair.join('='))];
    const enter = [
      '--target',
      String(daemon.pid),
      '--mount',
      '--root',
      '--wd',
      '--setuid',
      '1000',
      '--setgid',
      '1000',
    ];
    return run('nsenter', [...enter, 'env', '-i', ...variables, ...command]);
  }
}
