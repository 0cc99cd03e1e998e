/**
 * `scan-hostile.ts [KIND]`: CPU time and memory of one scan of each message of the hostile list, each in a process of
 * its own. Ends with 1 when one goes over the memory or the time that a scan may take.
 */
import { spawnSync } from 'node:child_process';
import { gzipSync } from 'node:zlib';
import { createTypeMismatchEngine } from '../src/scan/engines/type-mismatch-engine.ts';
import { compileRules } from '../src/scan/engines/yara-compiler.ts';
import { createYaraEngine } from '../src/scan/engines/yara-engine.ts';
import { createPipeline } from '../src/scan/pipeline.ts';
import { TEST_LIMITS } from '../src/scan/test-limits.ts';
import { unpackingParts } from '../src/scan/unpack/index.ts';
import { ruleCorpus } from './rule-corpus.ts';

const MESSAGE_BYTES = 10_000_000;
/** A worker beside the main thread, in the smallest container that is recommended. */
const MAX_RSS_MB = 512;

const PLAIN = 'Content-Type: text/plain\r\n\r\n';
const HTML = 'Content-Type: text/html\r\n\r\n';
const QUOTED = 'Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n';
const BASE64 = 'Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n';

const PAGE = '<p class="a">text &amp; more text %41 "a" + "b" 12, 13</p>\r\n';
const SEPARATE = 'Content-Type: multipart/mixed; boundary=a\r\n\r\n';

/** A header and what is repeated behind it. */
const KINDS: Readonly<Record<string, readonly [header: string, unit: string]>> = {
  'a web page': [HTML, PAGE],
  'equals signs': [QUOTED, '= '],
  'equals signs in text': [PLAIN, '= '],
  'soft breaks': [QUOTED, '=\r\n'],
  'one letter': [PLAIN, 'a'],
  'open tags': [HTML, '<'],
  'joined literals': [HTML, '"+'],
  entities: [HTML, '&#6'],
  numbers: [PLAIN, '1,'],
  escapes: [PLAIN, '%41'],
  'zip records': [PLAIN, 'PK\u0003\u0004'],
  'uuencode marks': [PLAIN, 'begin 644 a\n'],
  delimiters: [SEPARATE, '--a\r\n'],
  'closing delimiters': [SEPARATE, '--a--\r\n'],
  parts: [SEPARATE, '--a\r\n\r\nx\r\n'],
  'shifts of UTF-7': ['Content-Type: text/html; charset=utf-7\r\n\r\n', '+AEE-'],
  'slashes and line ends': [HTML, '//\n'],
  'appended literals': [`${HTML}<script>a="x";`, 'a+="b";'],
  'controls of RTF': [`${PLAIN}{\\rtf1`, '\\a'],
  'run lengths of a PDF': [`${PLAIN}%PDF-1.4\n1 0 obj<</Filter/RL>>stream\n`, '\u00ffa'],
  'partial lengths of OpenPGP': [`${PLAIN}\u00cb`, '\u00e0a'],
  'a shortcut': [`${PLAIN}L\0\0\0\u0001\u0014\u0002\0`, '\u00ff\0'],
  'data URIs': [HTML, `<a href="data:;base64,${'QUJD'.repeat(20)}">`],
};

function repeated([header, unit]: readonly [string, string]): Buffer {
  const top = Buffer.from(`From: a@example.org\r\nMIME-Version: 1.0\r\n${header}`, 'latin1');
  return Buffer.concat([top, Buffer.alloc(MESSAGE_BYTES, unit, 'latin1')]);
}

function bomb(): Buffer {
  const packed = gzipSync(Buffer.alloc(200_000_000)).toString('base64').replaceAll(/.{76}/gu, '$&\r\n');
  return Buffer.from(`From: a@example.org\r\nMIME-Version: 1.0\r\n${BASE64}${packed}\r\n`, 'latin1');
}

const now = (): number => performance.now();

async function scanOne(kind: string): Promise<void> {
  const unit = KINDS[kind];
  const message = unit === undefined ? bomb() : repeated(unit);
  const compiled = compileRules([{ path: 'bench.yar', source: ruleCorpus(500), namespace: 'bench' }]);
  if (compiled.kind === 'refused') {
    throw new Error('the rules of the benchmark are refused');
  }
  const engines = [createTypeMismatchEngine(), createYaraEngine(compiled.serialised)];
  const pipeline = createPipeline({ engines, ...unpackingParts(), limits: TEST_LIMITS, now });
  const before = process.cpuUsage();
  const { verdict } = await pipeline.scan(message, 'message');
  const { user, system } = process.cpuUsage(before);
  const cause = verdict.kind === 'unscannable' ? `: ${verdict.cause}` : '';
  const said = { verdict: `${verdict.kind}${cause}`, cpu: (user + system) / 1e6 };
  console.log(JSON.stringify({ ...said, rssMb: process.resourceUsage().maxRSS / 1024 }));
}

/** False when it took too much. */
function report(kind: string): boolean {
  const { stdout } = spawnSync(process.execPath, [import.meta.filename, kind], { encoding: 'utf8' });
  const { verdict, cpu, rssMb } = JSON.parse(stdout) as { verdict: string; cpu: number; rssMb: number };
  console.log(
    `${kind.padEnd(22)}${cpu.toFixed(2).padStart(7)} CPU-s${rssMb.toFixed(0).padStart(6)} MB  ${verdict}`,
  );
  return cpu * 1000 < TEST_LIMITS.timeMs && rssMb < MAX_RSS_MB;
}

const only = process.argv[2];
if (only === undefined) {
  const passed = [...Object.keys(KINDS), 'gzip bomb'].map(report);
  process.exitCode = passed.every(Boolean) ? 0 : 1;
} else {
  await scanOne(only);
}
