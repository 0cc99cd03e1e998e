import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parse, parseAllDocuments } from 'yaml';
import { parseConfig } from '../../src/base/config/load.ts';
import { createMetrics } from '../../src/base/metrics.ts';
import { Registry } from 'prom-client';
import { runOk } from './harness/program.ts';
import { Cleanup, removeFolder, scratchFolder } from './harness/scratch.ts';

const PROJECT = join(import.meta.dirname, '../..');
const KUBERNETES = join(PROJECT, 'deploy/kubernetes');

function loadConfig(name: string, text: string) {
  return parseConfig({ name, text }, { env: {}, checkFiles: false });
}

/** What `steps` lead to in parsed YAML; undefined when there is nothing. */
function at(value: unknown, ...steps: readonly (string | number)[]): unknown {
  return steps.reduce<unknown>(
    (inner, step) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, step) : undefined),
    value,
  );
}

describe('manifests of Kubernetes', () => {
  let objects: unknown[] = [];
  const ofKind = (kind: string) => objects.filter((object) => at(object, 'kind') === kind);
  const container = () => at(ofKind('StatefulSet')[0], 'spec', 'template', 'spec', 'containers', 0);

  before(async () => {
    const { stdout } = await runOk('kubectl', ['kustomize', KUBERNETES]);
    objects = parseAllDocuments(stdout.toString('utf8')).map((document) => document.toJS());
  });

  it('select the same pods everywhere', () => {
    const label = { 'app.kubernetes.io/name': 'postern' };
    const [set] = ofKind('StatefulSet');
    assert.deepEqual(at(set, 'spec', 'selector', 'matchLabels'), label);
    assert.deepEqual(at(set, 'spec', 'template', 'metadata', 'labels'), label);
    assert.deepEqual(at(ofKind('PodDisruptionBudget')[0], 'spec', 'selector', 'matchLabels'), label);
    assert.deepEqual(at(ofKind('NetworkPolicy')[0], 'spec', 'podSelector', 'matchLabels'), label);
    const services = ofKind('Service');
    assert.equal(services.length, 2);
    services.forEach((service) => assert.deepEqual(at(service, 'spec', 'selector'), label));
  });

  it('hold a configuration that is valid and listens where the container says', () => {
    const text = at(ofKind('ConfigMap')[0], 'data', 'gateway.yaml');
    assert.ok(typeof text === 'string');
    const config = loadConfig('gateway.yaml', text);
    const listens = config.listeners?.map(({ protocol, port }) => ({ name: protocol, containerPort: port }));
    assert.deepEqual(at(container(), 'ports'), [...(listens ?? []), { name: 'admin', containerPort: 9090 }]);
  });

  it('point every service port at a port of the container', () => {
    const ports = at(container(), 'ports');
    const names = new Set(Array.isArray(ports) ? ports.map((port) => at(port, 'name')) : []);
    const targets = ofKind('Service').flatMap((service) => at(service, 'spec', 'ports') as unknown[]);
    assert.ok(targets.length >= 5);
    targets.forEach((port) => assert.ok(names.has(at(port, 'targetPort')), String(at(port, 'name'))));
  });

  it('scale on metrics that the product has', async () => {
    const registry = new Registry();
    createMetrics(registry);
    const names = new Set((await registry.getMetricsAsJSON()).map(({ name }) => name));
    const metrics = at(ofKind('HorizontalPodAutoscaler')[0], 'spec', 'metrics') as unknown[];
    assert.ok(metrics.length > 0);
    metrics.forEach((metric) => {
      const name = String(at(metric, 'pods', 'metric', 'name'));
      assert.ok(names.has(name), name);
    });
  });

  it('run without root, privileges and a writable root file system, and mount what is written', () => {
    const security = at(container(), 'securityContext');
    assert.equal(at(security, 'readOnlyRootFilesystem'), true);
    assert.equal(at(security, 'allowPrivilegeEscalation'), false);
    assert.deepEqual(at(security, 'capabilities', 'drop'), ['ALL']);
    const mounts = at(container(), 'volumeMounts') as unknown[];
    const paths = mounts.map((mount) => at(mount, 'mountPath'));
    assert.ok(paths.includes('/tmp') && paths.includes('/var/lib/postern'));
  });

  it('ask the paths that the admin port serves', () => {
    const probes = ['startupProbe', 'readinessProbe', 'livenessProbe'];
    const paths = probes.map((probe) => at(container(), probe, 'httpGet', 'path'));
    assert.deepEqual(paths, ['/readyz', '/readyz', '/healthz']);
  });
});

describe('compose.yaml', () => {
  let composition: unknown;
  before(async () => {
    composition = parse(await readFile(join(PROJECT, 'compose.yaml'), 'utf8'));
  });

  it('gives the gateway a valid configuration whose ports it publishes', async () => {
    const config = loadConfig(
      'gateway.yaml',
      await readFile(join(PROJECT, 'deploy/compose/gateway.yaml'), 'utf8'),
    );
    const published = at(composition, 'services', 'gateway', 'ports') as string[];
    assert.deepEqual(
      published.map((entry) => Number(entry.split(':').at(-1))),
      config.listeners?.map(({ port }) => port),
    );
  });

  it('mounts only files and folders that exist', async () => {
    const services = Object.values(at(composition, 'services') as Record<string, unknown>);
    const mounts = services.flatMap((service) => (at(service, 'volumes') ?? []) as string[]);
    const paths = mounts.map((mount) => mount.split(':')[0] ?? '').filter((path) => path.startsWith('./'));
    assert.ok(paths.length >= 6);
    await runOk('ls', ['-d', ...paths], { cwd: PROJECT });
  });

  it('gives Dovecot a configuration that Dovecot reads', async () => {
    await runOk('doveconf', ['-c', join(PROJECT, 'deploy/compose/dovecot.conf'), '-n']);
  });
});

describe('a systemd unit', () => {
  const cleanup = new Cleanup();
  after(() => cleanup.run());

  for (const [unit, instance] of [
    ['postern.service', 'postern.service'],
    ['postern@.service', 'postern@1.service'],
  ] as const) {
    it(`${unit} is verified by systemd, with the programs of this checkout`, async () => {
      const folder = await scratchFolder('unit');
      cleanup.add(() => removeFolder(folder));
      const text = await readFile(join(PROJECT, 'deploy/systemd', unit), 'utf8');
      const file = join(folder, instance);
      await writeFile(file, text.replaceAll('/opt/postern', PROJECT));
      const { transcript } = await runOk('systemd-analyze', ['verify', '--man=no', file]);
      assert.equal(transcript.trim(), '');
    });
  }
});

describe('YAML of the project', () => {
  it('is clean for yamllint', async () => {
    const places = ['compose.yaml', 'deploy', 'config/prometheus', 'grafana'];
    await runOk('yamllint', ['--strict', '-c', 'deploy/yamllint.yaml', ...places], { cwd: PROJECT });
  });
});
