import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { bootstrapPair, createBootstrapPair, positiveSerial } from './bootstrap-certificate.ts';

describe('a bootstrap certificate', () => {
  it('is an EC certificate, signed by its own key, for the names it was made for', () => {
    const pair = createBootstrapPair(['mail.example', '127.0.0.1', '::1']);
    const certificate = new X509Certificate(pair.cert);
    assert.ok(certificate.verify(certificate.publicKey));
    assert.ok(certificate.checkPrivateKey(createPrivateKey(pair.key)));
    assert.equal(certificate.publicKey.asymmetricKeyType, 'ec');
    assert.equal(certificate.checkHost('mail.example'), 'mail.example');
    assert.equal(certificate.checkIP('127.0.0.1'), '127.0.0.1');
    assert.equal(certificate.checkIP('::1'), '::1');
    assert.equal(certificate.ca, false);
    assert.ok(certificate.validToDate.getTime() > Date.now());
  });

  it('has a serial number of its own', () => {
    const serials = [1, 2].map(() => new X509Certificate(createBootstrapPair(['a']).cert).serialNumber);
    assert.notEqual(serials[0], serials[1]);
  });

  it('never has a serial number with a sign bit or a padding octet', () => {
    assert.equal(positiveSerial(new Uint8Array([0x00, 0x01])), '4001');
    assert.equal(positiveSerial(new Uint8Array([0xff, 0x01])), '7f01');
  });

  it('is kept where it is told to, with a key that only its owner reads', (t) => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'postern-test-'));
    t.after(() => fs.rmSync(folder, { recursive: true }));
    const kept = path.join(folder, 'tls');
    const first = bootstrapPair(kept, ['localhost']);
    assert.deepEqual(bootstrapPair(kept, ['localhost']), first);
    assert.equal(fs.statSync(path.join(kept, 'bootstrap-key.pem')).mode & 0o777, 0o600);
  });

  it('fails with its code when the folder is unusable', (t) => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'postern-test-'));
    t.after(() => fs.rmSync(folder, { recursive: true }));
    fs.writeFileSync(path.join(folder, 'file'), '');
    const unusable = path.join(folder, 'file', 'tls');
    assert.throws(() => bootstrapPair(unusable, ['localhost']), { code: 'CERTIFICATE_INVALID' });
  });
});
