import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RecordedIo } from './recorded-io.ts';
import { runCli } from './run-cli.ts';
import { ScriptedRoof } from './scripted-roof.ts';

async function nft(
  listeners: readonly object[],
  args: readonly string[] = [],
  more: Record<string, string> = {},
) {
  const env = { POSTERN_UPSTREAM_HOST: 'x.example', POSTERN_LISTENERS: JSON.stringify(listeners), ...more };
  const io = new RecordedIo({ env });
  const code = await runCli(['nft', ...args], io, new ScriptedRoof());
  return { code, out: io.output, err: io.errors };
}

async function ports(listeners: readonly object[], more?: Record<string, string>): Promise<unknown> {
  const answer: unknown = JSON.parse((await nft(listeners, ['--json'], more)).out);
  return typeof answer === 'object' && answer !== null ? Reflect.get(answer, 'redirections') : undefined;
}

const AUTO = { protocol: 'auto', port: 10_143, transparent: true };

describe('postern nft', () => {
  it('redirects the ports of the protocol, of the port lists, or those that are listed', async () => {
    assert.deepEqual(await ports([AUTO], { POSTERN_IMAPS_PORTS: '1993' }), [
      { ports: [110, 143, 585, 993, 995, 1993], to: 10_143 },
    ]);
    const imap = { protocol: 'imap', port: 11_143, transparent: true };
    assert.deepEqual(await ports([imap, AUTO]), [
      { ports: [143], to: 11_143 },
      { ports: [110, 585, 993, 995], to: 10_143 },
    ]);
    assert.deepEqual(await ports([{ ...AUTO, interceptPorts: '2143, 993' }]), [
      { ports: [993, 2143], to: 10_143 },
    ]);
  });

  it('says that no listener is transparent', async () => {
    const { code, err } = await nft([{ protocol: 'imap', port: 143 }]);
    assert.equal(code, 1);
    assert.match(err, /transparent: true/);
  });

  it('takes interfaces and the user of the gateway, and nothing that is neither', async () => {
    const { out } = await nft([AUTO], ['--interface', 'eth1', '--local-except', 'postern']);
    assert.match(
      out,
      /^ {4}iifname \{ "eth1" \} tcp dport \{ 110, 143, 585, 993, 995 \} redirect to :10143$/m,
    );
    assert.match(out, /^ {4}meta skuid postern return$/m);
    for (const args of [
      ['--interface', 'a"; drop'],
      ['--local-except', 'x return'],
    ]) {
      assert.equal((await nft([AUTO], args)).code, 2);
    }
  });
});
