import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { Budget } from '../scan/budget.ts';
import type { Engine } from '../scan/engines/engine.ts';
import { compileRules } from '../scan/engines/yara-compiler.ts';
import { createYaraEngine } from '../scan/engines/yara-engine.ts';
import type { Finding } from '../scan/verdict.ts';
import { LIMITS } from '../workers/pool-fixture.ts';
import { loadRules } from './rule-loader.ts';
import type { RuleSet } from './rule-set.ts';

/** Joined at run time, so that this file holds nothing that a scanner reports. */
const join = (...parts: readonly string[]) => parts.join('');
const EICAR = join('X5O!P%@AP[4', '\\PZX54(P^)7CC)7}', '$EICAR-STAND', 'ARD-ANTIVIRUS', '-TEST-FILE!$H+H*');
const LNK_MAGIC = Buffer.from('4c0000000114020000000000c000000000000046', 'hex');
const RTF = '{\\rtf1 {\\object\\objemb';
const SAVE = 'a.download = "report.pdf"; a.click();';
const DECODER = 'const bytes = Uint8Array(atob(text)); const b = new Blob([bytes]);';
const HIDDEN_SHELL = join('power', 'shell.exe -nop -w hid', 'den -enc ');
const FETCHER = join('new ActiveXObject("MSXML2.XML', 'HTTP"); new ActiveXObject("ADODB.', 'Stream")');

const header = (name: string) =>
  `Subject: x\r\nContent-Disposition: attachment;\r\n filename="${name}"\r\n\r\nbody`;
const wide = (text: string) => Buffer.from(text, 'utf16le');
const shortcut = (...content: readonly Buffer[]) => Buffer.concat([LNK_MAGIC, ...content]);
const macro = (...lines: readonly string[]) =>
  ['Attribute VB_Name = "ThisDocument"', ...lines, 'End Sub'].join('\r\n');

interface Case {
  readonly rule: string;
  readonly guilty: Readonly<Record<string, string | Buffer>>;
  /** Legal mail that looks alike. */
  readonly innocent: Readonly<Record<string, string | Buffer>>;
}

const CASES: readonly Case[] = [
  {
    rule: 'Eicar_Test_File',
    guilty: { alone: EICAR, 'in a text': `See:\r\n${EICAR}\r\nBye` },
    innocent: {
      'one character off': EICAR.replace('4', '5'),
      'its name': 'the EICAR-STANDARD-ANTIVIRUS-TEST-FILE',
    },
  },
  {
    rule: 'Attachment_Double_Extension',
    guilty: {
      plain: header('invoice.pdf.exe'),
      'with blanks between': header('scan.jpg            .scr'),
      'in a content type': 'A: b\r\nContent-Type: application/x; name=report.docx.js\r\n\r\n',
    },
    innocent: {
      'a document with dots': header('report.v2.final.pdf'),
      'an archive': header('source.tar.gz'),
      'an honest program': header('setup.exe'),
      'an honest program with a version': header('tool-1.2.msi'),
      'a signed document': header('contract.pdf.p7s'),
      'talk about it': 'Subject: x\r\n\r\nBeware of files like invoice.pdf.exe, they are programs.',
    },
  },
  {
    rule: 'Attachment_Reversed_Name',
    guilty: {
      'as it is': Buffer.from(header('invoice_\u202Efdp.exe')),
      'percent-encoded': "A: b\r\nContent-Disposition: attachment; filename*=utf-8''a%E2%80%AEfdp.exe\r\n",
    },
    innocent: {
      'an override in a document': Buffer.from(header('\u202Eחשבונית\u202C.pdf')),
      'a program with an honest name': header('setup.exe'),
    },
  },
  {
    rule: 'Shortcut_Runs_Interpreter',
    guilty: {
      powershell: shortcut(wide('..\\system32\\WindowsPowerShell\\powershell.exe -c x')),
      'a command that fetches': shortcut(Buffer.from('cmd.exe /c start https://example.invalid/a')),
    },
    innocent: {
      'a program': shortcut(wide('C:\\Program Files\\Editor\\editor.exe')),
      'a command that stays here': shortcut(Buffer.from('cmd.exe /c dir')),
      'talk about it': 'Start powershell.exe -c x from the menu.',
    },
  },
  {
    rule: 'Office_Macro_Starts_Program',
    guilty: {
      shell: macro('Sub AutoOpen()', '  x = Shell("notepad.exe", 1)'),
      download: macro('Private Sub Workbook_Open()', '  URLDownloadToFile 0, u, f, 0, 0'),
    },
    innocent: {
      'a macro that formats': macro('Sub Workbook_Open()', '  Cells(1, 1).Font.Bold = True'),
      'a macro that is started by hand': macro('Sub Export()', '  x = Shell("notepad.exe", 1)'),
      'talk about it': 'Sub Workbook_Open() may call Shell("notepad.exe"), says the manual.',
    },
  },
  {
    rule: 'Rtf_Self_Updating_Equation',
    guilty: {
      'by its class': `${RTF}\\objupdate{\\*\\objclass Equation.3}{\\*\\objdata 0105}}`,
      'by its data': `${RTF}\\objupdate{\\*\\objdata 0b0000004571756174696f6e2e33}}`,
    },
    innocent: {
      'an equation': `${RTF}{\\*\\objclass Equation.3}{\\*\\objdata 0105}}`,
      'another object': `${RTF}\\objupdate{\\*\\objclass Excel.Sheet.8}{\\*\\objdata 0105}}`,
    },
  },
  {
    rule: 'Html_Builds_Download',
    guilty: { page: `<html><script>${DECODER}${SAVE}</script></html>` },
    innocent: {
      'a page with a link': '<a href="report.pdf" download>report</a><script>track()</script>',
      'a page that decodes for display': `<script>${DECODER} img.src = URL.createObjectURL(b);</script>`,
      'source code in a text': `${DECODER}${SAVE}`,
    },
  },
  {
    rule: 'Script_Fetches_And_Runs',
    guilty: { script: `${FETCHER}; s.SaveToFile(p); new ActiveXObject("WScript.Shell").Run(p)` },
    innocent: {
      'a logon script': 'Set s = CreateObject("WScript.Shell")\r\ns.Run "notepad"',
      'a download without a run': `${FETCHER}; s.SaveToFile(p)`,
    },
  },
  {
    rule: 'PowerShell_Encoded_Command',
    guilty: {
      ascii: HIDDEN_SHELL + 'QQBB'.repeat(20),
      wide: wide(HIDDEN_SHELL + 'QQBB'.repeat(20)),
    },
    innocent: {
      'a short value': HIDDEN_SHELL + 'QQBB'.repeat(19),
      'a file to run': 'powershell.exe -NoProfile -File C:\\scripts\\backup.ps1',
      'an encoding': 'powershell -nop -c "Get-Content a.txt -Encoding UTF8 | Out-File b.txt"',
    },
  },
  {
    rule: 'Executable_Inside_Script',
    guilty: { script: join('[Convert]::FromBase64', 'String("TVqQAAMA', 'AAAEAAAA//8AALg")') },
    innocent: {
      'an attached program': join('Content-Transfer-Encoding: base64\r\n\r\nTVqQAAMA', 'AAAEAAAA//8AALg'),
      'a picture in a script': 'img.src = atob("iVBORw0KGgoAAAANSUhEUg")',
    },
  },
];

describe('starter rules', () => {
  let set: RuleSet;
  let engine: Engine;
  before(async () => {
    set = await loadRules([new URL('../../config/rules', import.meta.url).pathname]);
    const compiled = compileRules(set.files);
    assert.equal(compiled.kind, 'compiled');
    engine = createYaraEngine(compiled.serialised);
  });

  const inspect = async (content: string | Buffer): Promise<readonly Finding[]> => {
    const bytes = typeof content === 'string' ? Buffer.from(content, 'latin1') : content;
    return await engine.inspect({ path: 'p', bytes, depth: 0 }, 'd', new Budget(LIMITS, () => 0));
  };
  const rulesIn = async (content: string | Buffer): Promise<string[]> =>
    (await inspect(content)).map(({ rule }) => rule);

  for (const { rule, guilty, innocent } of CASES) {
    for (const [name, content] of Object.entries(guilty)) {
      it(`${rule} finds: ${name}`, async () => {
        assert.deepEqual(await rulesIn(content), [rule]);
      });
    }
    for (const [name, content] of Object.entries(innocent)) {
      it(`${rule} lets pass: ${name}`, async () => {
        assert.deepEqual(await rulesIn(content), []);
      });
    }
  }

  it('have a case each', () => {
    const declared = set.files.flatMap(({ source }) =>
      [...source.matchAll(/^rule (\w+)/gm)].map(([, name]) => name),
    );
    assert.deepEqual(new Set(declared), new Set(CASES.map(({ rule }) => rule)));
  });

  it('find nothing in their own files', async () => {
    assert.ok(set.files.length > 0);
    for (const { source, path } of set.files) {
      assert.deepEqual(await rulesIn(source), [], path);
    }
  });

  it('call only the test file malicious', async () => {
    const findings = await Promise.all(
      CASES.flatMap(({ guilty }) => Object.values(guilty)).map(async (content) => await inspect(content)),
    );
    const malicious = findings.flat().filter((finding) => finding.class === 'malicious');
    assert.deepEqual([...new Set(malicious.map(({ rule }) => rule))], ['Eicar_Test_File']);
  });
});
