import { INVISIBLE_RANGES } from '../invisible-characters.ts';
import type { Piece } from '../piece.ts';
import type { Finding, Severity } from '../verdict.ts';
import type { Engine } from './engine.ts';

/** What runs when it is opened on a common desktop. */
const RUNS =
  'exe|scr|com|pif|cpl|dll|sys|msi|msp|bat|cmd|ps1|psm1|vbs|vbe|js|jse|wsf|wsh|hta|lnk|url|scf|jar|jnlp|reg|chm|xll|appx|msix|iso|img|vhd|elf|sh|desktop|app|dmg';
/** What people take for a harmless document. */
const LOOKS_HARMLESS =
  'pdf|docx?|docm|xlsx?|xlsm|pptx?|rtf|odt|ods|txt|csv|log|xml|html?|jpe?g|png|gif|bmp|tiff?|webp|svg|mp[34]|wav|avi|mov|mkv|zip|rar|7z|gz|eml|msg|ics|vcf';

const ENDS_HARMLESS = new RegExp(`\\.(?:${LOOKS_HARMLESS})$`, 'i');
const DOUBLE = new RegExp(`\\.(?:${LOOKS_HARMLESS})[\\s_\\u00a0]{0,200}\\.(?:${RUNS})$`, 'i');
const HARMLESS_TYPE =
  /^(?:image|text|audio|video|font)\/|^application\/(?:pdf|rtf|msword|zip|json|xml|vnd\.(?:openxml|oasis|ms-(?:excel|powerpoint)))/;

/** Characters that turn the reading direction: `exe.fdp` is shown as `pdf.exe` turned round (U+202D, U+202E). */
const DIRECTION_OVERRIDE = /[\u202d\u202e]/u;

/** Names longer than this are judged by their end, which is what the desktop goes by. */
const MAX_NAME_LENGTH = 512;

/** True for a program that an operating system loads, by its own header. */
function isExecutable(bytes: Buffer): boolean {
  const magic = bytes.toString('latin1', 0, 4);
  if (magic === '\x7fELF') {
    return true;
  }
  if (/^(?:\xfe\xed\xfa[\xce\xcf]|[\xce\xcf]\xfa\xed\xfe)/.test(magic)) {
    return true; // Mach-O
  }
  return magic.startsWith('MZ') && isPortableExecutable(bytes);
}

function isPortableExecutable(bytes: Buffer): boolean {
  if (bytes.length < 0x40) {
    return false;
  }
  const at = bytes.readUInt32LE(0x3c);
  return at + 4 <= bytes.length && bytes.toString('latin1', at, at + 4) === 'PE\0\0';
}

const SHORTCUT = Buffer.from('4c0000000114020000000000c000000000000046', 'hex');

function isShortcut(bytes: Buffer): boolean {
  return bytes.subarray(0, SHORTCUT.length).equals(SHORTCUT);
}

/** Not shown, and dropped by some clients: controls, and what has no width. */
const UNSEEN = new RegExp(
  `[\\0-\\x1f\\x7f\\u00ad\\u034f${INVISIBLE_RANGES.map(([from, to]) => `${escaped(from)}-${escaped(to)}`).join('')}]+`,
  'gu',
);

function escaped(code: number): string {
  return `\\u{${code.toString(16)}}`;
}

/** The stream of a file (NTFS), which opens the file itself when it is the main one. */
const STREAM = /:[^:\\/]{0,40}(?::[^:\\/]{0,20})?$/;

/**
 * The name as the desktop takes it: without folders, stream, quotes, and what is not seen; blanks and dots at its end
 * do not count.
 */
function effectiveName(name: string): string {
  const last = name.slice(-MAX_NAME_LENGTH).replace(UNSEEN, '').replace(STREAM, '');
  return last.replace(/[\s."']+$/u, '').replace(/^.*[\\/]/s, '');
}

/** The name, and what is left of it where it is taken for a string that ends at NUL. */
function namesOf(name: string): string[] {
  const end = name.indexOf('\0');
  return end > 0 ? [effectiveName(name), effectiveName(name.slice(0, end))] : [effectiveName(name)];
}

interface Suspicion {
  readonly rule: string;
  readonly severity: Severity;
}

function nameSuspicions(name: string): Suspicion[] {
  const found: Suspicion[] = [];
  if (DIRECTION_OVERRIDE.test(name)) {
    found.push({ rule: 'direction-override-in-name', severity: 'high' });
  }
  if (namesOf(name).some((one) => DOUBLE.test(one))) {
    found.push({ rule: 'double-extension', severity: 'high' });
  }
  return found;
}

function contentSuspicions(piece: Piece, names: readonly string[]): Suspicion[] {
  const bytes = Buffer.from(piece.bytes.buffer, piece.bytes.byteOffset, piece.bytes.byteLength);
  const runs = isExecutable(bytes) || isShortcut(bytes);
  const isDisguised =
    names.flatMap(namesOf).some((name) => ENDS_HARMLESS.test(name)) ||
    (names.length === 0 && HARMLESS_TYPE.test(piece.type ?? ''));
  return runs && isDisguised ? [{ rule: 'executable-under-other-name', severity: 'high' }] : [];
}

const RUNS_WHEN_OPENED = new RegExp(`\\.(?:${RUNS})(?:[?#]|$)`, 'i');
/** Of an address: what stands there ends in `.com` without being a program. */
const HOST = /^[a-z]{2,10}:\/\/[^/]*/i;
/** A file on another host that Windows fetches by itself, with the credentials of the user. */
const NETWORK_FILE = /^(?:\\\\|\/\/|file:)/i;

/**
 * A body elsewhere (RFC 2046 5.2.3) is nothing by itself: announcements of standards and mailing lists refer to
 * documents like that. What it refers to may be a program.
 */
function externalSuspicions(piece: Piece, names: readonly string[]): Suspicion[] {
  const isDangerous =
    piece.type === 'message/external-body' &&
    names.some((name) => RUNS_WHEN_OPENED.test(name.replace(HOST, '')) || NETWORK_FILE.test(name));
  return isDangerous ? [{ rule: 'external-body', severity: 'medium' }] : [];
}

/** Reports content that pretends to be something else. Suspicious, never malicious: it knows names, not intentions. */
export function createTypeMismatchEngine(): Engine {
  return {
    name: 'type-mismatch',
    asksDigest: false,
    asksNames: true,
    inspect: (piece, sha256): Finding[] => {
      const names = [piece.name, ...(piece.otherNames ?? [])].filter((name) => name !== undefined);
      const suspicions = [
        ...names.flatMap(nameSuspicions),
        ...contentSuspicions(piece, names),
        ...externalSuspicions(piece, names),
      ];
      const rules = new Map(suspicions.map(({ rule, severity }) => [rule, severity]));
      return [...rules].map(([rule, severity]) => ({
        engine: 'type-mismatch',
        rule,
        namespace: 'built-in',
        class: 'suspicious',
        severity,
        part: piece.path,
        sha256,
      }));
    },
  };
}
