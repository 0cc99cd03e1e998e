import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import { describe, it } from 'node:test';
import { alternativeNames, writeCertificate } from './certificate-writer.ts';
import { namesOf, problemOf } from './server-certificate.ts';

const DAY_MS = 86_400_000;
const SIGNER = generateKeyPairSync('ec', { namedCurve: 'P-256' });

function certificate(publicKey = SIGNER.publicKey, fromDays = -1, toDays = 1): X509Certificate {
  const fields = {
    subject: 'mail.example',
    issuer: 'mail.example',
    serial: '41',
    notBefore: new Date(Date.now() + fromDays * DAY_MS),
    notAfter: new Date(Date.now() + toDays * DAY_MS),
    extensions: [alternativeNames(['mail.example', '192.0.2.1'])],
  };
  return new X509Certificate(writeCertificate(fields, publicKey, SIGNER.privateKey));
}

function rsa(modulusLength: number): KeyObject {
  return generateKeyPairSync('rsa', { modulusLength }).publicKey;
}

const GOOD = { certificate: certificate(), chainError: '', name: 'mail.example', isRevoked: false };

describe('the certificate of a server', () => {
  it('has no problem when chain, time, key and name are right', () => {
    assert.equal(problemOf(GOOD), undefined);
    assert.equal(problemOf({ ...GOOD, name: '192.0.2.1' }), undefined);
    assert.equal(problemOf({ ...GOOD, name: '' }), undefined);
  });

  it('has the worst of its problems', () => {
    assert.equal(problemOf({ ...GOOD, certificate: certificate(rsa(2048)) }), undefined);
    assert.equal(problemOf({ ...GOOD, certificate: certificate(rsa(2040)) }), 'weak');
    assert.equal(problemOf({ ...GOOD, chainError: 'CA_MD_TOO_WEAK' }), 'weak');
    assert.equal(problemOf({ ...GOOD, certificate: certificate(undefined, -3, -1) }), 'expired');
    assert.equal(problemOf({ ...GOOD, certificate: certificate(undefined, 1, 3) }), 'expired');
    assert.equal(problemOf({ ...GOOD, chainError: 'CERT_HAS_EXPIRED' }), 'expired');
    assert.equal(problemOf({ ...GOOD, chainError: 'DEPTH_ZERO_SELF_SIGNED_CERT' }), 'untrusted');
    assert.equal(problemOf({ ...GOOD, name: 'mail.example.evil' }), 'wrongHost');
    assert.equal(problemOf({ ...GOOD, name: '192.0.2.2' }), 'wrongHost');
    assert.equal(problemOf({ ...GOOD, isRevoked: true, chainError: 'CERT_HAS_EXPIRED' }), 'revoked');
  });

  it('gives its names', () => {
    assert.deepEqual(namesOf(GOOD.certificate), ['mail.example', '192.0.2.1']);
  });
});
