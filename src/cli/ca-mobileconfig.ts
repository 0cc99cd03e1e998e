import { createHash, X509Certificate } from 'node:crypto';

/** A stable identifier in the form of a UUID: the same certificate installs over itself. */
function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  const parts = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ];
  return parts.join('-');
}

function string(key: string, value: string): string {
  return `<key>${key}</key><string>${value}</string>`;
}

function payload(pem: string): string {
  const { raw, fingerprint256 } = new X509Certificate(pem);
  const uuid = uuidOf(fingerprint256);
  return [
    '<dict>',
    string('PayloadType', 'com.apple.security.root'),
    '<key>PayloadVersion</key><integer>1</integer>',
    string('PayloadIdentifier', `postern.authority.${uuid}`),
    string('PayloadUUID', uuid),
    string('PayloadDisplayName', 'Postern mail protection'),
    `<key>PayloadContent</key><data>${raw.toString('base64')}</data>`,
    '</dict>',
  ].join('');
}

/** A configuration profile of Apple with these roots; the user still has to trust them. */
export function mobileConfig(roots: readonly string[]): string {
  const uuid = uuidOf(roots.join(''));
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">',
    '<plist version="1.0"><dict>',
    string('PayloadType', 'Configuration'),
    '<key>PayloadVersion</key><integer>1</integer>',
    string('PayloadIdentifier', 'postern.authority'),
    string('PayloadUUID', uuid),
    string('PayloadDisplayName', 'Postern mail protection'),
    `<key>PayloadContent</key><array>${roots.map(payload).join('')}</array>`,
    '</dict></plist>',
    '',
  ].join('\n');
}
