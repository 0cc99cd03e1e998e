import { createCipheriv, hash, pbkdf2Sync } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { buildZip } from './zip-for-test.ts';

export interface OdfSeal {
  readonly password: string;
  readonly rounds?: number;
  readonly algorithm?: string;
  /** Entries beside the one with the content. */
  readonly others?: number;
  /** How the manifest writes a name; default: as it is. */
  readonly spells?: (name: string) => string;
}

interface SealedEntry {
  readonly name: string;
  readonly content: Buffer;
  readonly described: string;
}

function sealEntry(name: string, content: Buffer, seal: OdfSeal): SealedEntry {
  const { password, rounds = 10, algorithm = 'http://www.w3.org/2001/04/xmlenc#aes256-cbc' } = seal;
  const salt = hash('md5', `salt of ${name}`, 'buffer');
  const iv = hash('md5', `vector of ${name}`, 'buffer');
  const key = pbkdf2Sync(hash('sha256', password, 'buffer'), salt, rounds, 32, 'sha1');
  const packed = deflateRawSync(content);
  const padding = Buffer.alloc(16 - (packed.length % 16), 0xa5);
  padding[padding.length - 1] = padding.length;
  const cipher = createCipheriv('aes-256-cbc', key, iv).setAutoPadding(false);
  const checksum = hash('sha256', packed.subarray(0, 1024), 'base64');
  const described =
    `<manifest:file-entry manifest:full-path="${seal.spells?.(name) ?? name}" manifest:size="${content.length}">` +
    `<manifest:encryption-data manifest:checksum-type="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0#sha256-1k" manifest:checksum="${checksum}">` +
    `<manifest:algorithm manifest:algorithm-name="${algorithm}" manifest:initialisation-vector="${iv.toString('base64')}"/>` +
    `<manifest:start-key-generation manifest:start-key-generation-name="http://www.w3.org/2000/09/xmldsig#sha256" manifest:key-size="32"/>` +
    `<manifest:key-derivation manifest:key-derivation-name="PBKDF2" manifest:key-size="32" manifest:iteration-count="${rounds}" manifest:salt="${salt.toString('base64')}"/>` +
    `</manifest:encryption-data></manifest:file-entry>`;
  return { name, content: Buffer.concat([cipher.update(packed), cipher.update(padding)]), described };
}

/** An OpenDocument text whose entries are encrypted as LibreOffice does it. */
export function lockedOdt(content: Buffer, seal: OdfSeal): Buffer {
  const names = Array.from({ length: seal.others ?? 1 }, (_, index) => `Pictures/${index}.png`);
  const entries = [
    ...names.map((name) => sealEntry(name, Buffer.from(`picture ${name}`), seal)),
    sealEntry('content.xml', content, seal),
  ];
  const manifest =
    '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">' +
    `${entries.map(({ described }) => described).join('')}</manifest:manifest>`;
  return buildZip([
    { name: 'mimetype', content: Buffer.from('application/vnd.oasis.opendocument.text'), method: 0 as const },
    ...entries.map((entry) => ({ name: entry.name, content: entry.content, method: 0 as const })),
    { name: 'META-INF/manifest.xml', content: Buffer.from(manifest) },
  ]);
}
