import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MAX_DIFFERENCES_BYTES } from './pdf-differences.ts';
import { PdfFonts } from './pdf-fonts.ts';
import { PdfObjects } from './pdf-objects.ts';

/** The map with this number: every code of `count` from zero on means `character`. */
function range(character: string, count: number): string {
  const last = (count - 1).toString(16).padStart(4, '0');
  const lines = `<0000> <${last}> <${Buffer.from(character, 'utf16le').swap16().toString('hex')}>`;
  return `beginbfrange ${lines} endbfrange`;
}

/** `<61> <0041>`, ... */
function characters(...lines: readonly string[]): string {
  return `beginbfchar ${lines.join(' ')} endbfchar`;
}

interface Document {
  /** Objects by number, without `obj` and `endobj`. */
  readonly objects?: Readonly<Record<number, string>>;
  /** What streams hold, by number. */
  readonly maps?: Readonly<Record<number, string>>;
  /** The text that names the fonts. */
  readonly names: string;
  readonly pages: readonly string[];
}

function said({ objects = {}, maps = {}, names, pages }: Document): string[] {
  const text = Object.entries(objects).map(([number, body]) => `${number} 0 obj\n${body}\nendobj\n`);
  const found = new PdfObjects(Buffer.from(text.join('')), () => []);
  const fonts = new PdfFonts(found, (object) => Buffer.from(maps[object] ?? ''));
  fonts.look(names);
  for (const page of pages) fonts.add(Buffer.from(page));
  return Array.from(fonts.texts(), (bytes) => bytes.toString());
}

const font = (map: number): string => `<< /Type /Font /ToUnicode ${map} 0 R >>`;
const show = (name: string, string = '(ab)'): string => `BT /${name} 12 Tf ${string} Tj`;

describe('the fonts of a PDF document', () => {
  it('say what the strings of a page mean, each its own', () => {
    const objects = { 1: font(11), 2: font(12) };
    const maps = {
      11: characters('<61> <0058>', '<62> <0059>'),
      12: characters('<61> <0031>', '<62> <0032>'),
    };
    const names = '<< /F1 1 0 R /F2 2 0 R >>';
    assert.deepEqual(said({ objects, maps, names, pages: [`${show('F1')} ${show('F2')}`] }), ['XY12']);
  });

  it('may share a map, and a name may be that of several fonts', () => {
    const maps = { 11: characters('<61> <0058>'), 12: characters('<61> <0059>') };
    const shared = { 1: font(11), 2: font(11) };
    const both = [`${show('F1', '(a)')} ${show('F2', '(a)')}`];
    assert.deepEqual(said({ objects: shared, maps, names: '/F1 1 0 R /F2 2 0 R', pages: both }), ['XX']);
    const names = '<< /F1 1 0 R >> << /F1 2 0 R >>';
    const pages = [show('F1', '(a)')];
    assert.deepEqual(said({ objects: { 1: font(11), 2: font(12) }, maps, names, pages }), ['X', 'Y']);
    assert.deepEqual(said({ objects: shared, maps, names, pages }), ['X']);
  });

  it('may say it by the names of their glyphs, in themselves or in an object of its own', () => {
    const encoding = '<< /Type /Encoding /Differences [97 /X /Y] >>';
    const names = '/F1 1 0 R /F2 2 0 R';
    const pages = [`${show('F1')} ${show('F2')}`];
    const objects = {
      1: `<< /Type /Font /Encoding ${encoding} >>`,
      2: '<< /Type /Font /Encoding 3 0 R >>',
      3: '<< /Type /Encoding /Differences [97 /one /two] >>',
    };
    assert.deepEqual(said({ objects, names, pages }), ['XY12']);
    const mapped = { 1: `<< /Encoding ${encoding} /ToUnicode 11 0 R >>` };
    const maps = { 11: characters('<61> <0031>', '<62> <0032>') };
    assert.deepEqual(said({ objects: mapped, maps, names: '/F1 1 0 R', pages: [show('F1')] }), ['12']);
  });

  it('have names of glyphs of up to 16 KiB', () => {
    const names = '/F1 1 0 R';
    const pages = [show('F1')];
    const list = '<< /Differences [97 /X /Y';
    const padded = (bytes: number): string => `${list.padEnd(bytes - 2)}]`;
    const encoded = (bytes: number) => ({ 1: '<< /Encoding 3 0 R >>', 3: padded(bytes) });
    assert.deepEqual(said({ objects: encoded(MAX_DIFFERENCES_BYTES), names, pages }), ['XY']);
    assert.deepEqual(said({ objects: encoded(MAX_DIFFERENCES_BYTES + 1), names, pages }), []);
  });

  it('give up to four readings of one name', () => {
    const numbers = [1, 2, 3, 4, 5];
    const objects = Object.fromEntries(numbers.map((number) => [number, font(10 + number)]));
    const maps = Object.fromEntries(
      numbers.map((number) => [10 + number, characters(`<61> <003${number}>`)]),
    );
    const names = (count: number): string =>
      numbers
        .slice(0, count)
        .map((number) => `/F1 ${number} 0 R`)
        .join(' ');
    const pages = [show('F1', '(a)')];
    assert.deepEqual(said({ objects, maps, names: names(4), pages }), ['1', '2', '3', '4']);
    assert.deepEqual(said({ objects, maps, names: names(5), pages }), ['1', '2', '3', '4']);
  });

  it('say nothing where they are missing, have no map, or an empty one', () => {
    const pages = [show('F1')];
    const names = '/F1 1 0 R';
    assert.deepEqual(said({ names: '', pages }), []);
    assert.deepEqual(said({ names, pages }), []);
    assert.deepEqual(said({ objects: { 1: '<< /Type /Font >>' }, names, pages }), []);
    assert.deepEqual(said({ objects: { 1: font(11) }, names, pages }), []);
    assert.deepEqual(said({ objects: { 1: font(11) }, maps: { 11: 'begincmap' }, names, pages }), []);
    const readable = { 1: font(11), 2: '<< /Type /Font >>' };
    const mixed = [`${show('F2')} ${show('F1')}`];
    const maps = { 11: characters('<61> <0058>', '<62> <0059>') };
    assert.deepEqual(said({ objects: readable, maps, names: `${names} /F2 2 0 R`, pages: mixed }), ['abXY']);
  });

  it('may refer to themselves and in circles', () => {
    const pages = [show('F1')];
    const names = '/F1 1 0 R /F2 2 0 R';
    assert.deepEqual(said({ objects: { 1: font(1) }, names, pages }), []);
    const own = { 1: characters('<61> <0058>', '<62> <0059>') };
    assert.deepEqual(said({ objects: { 1: font(1) }, maps: own, names, pages }), ['XY']);
    const circle = { 1: `<< /F1 2 0 R ${font(2)}`, 2: `<< /F2 1 0 R ${font(1)}` };
    const maps = { 1: own[1], 2: own[1] };
    assert.deepEqual(said({ objects: circle, maps, names: `${names} /F1 2 0 R`, pages }), ['XY', 'XY']);
  });

  it('map 131072 codes of one document together, and not one more', () => {
    const objects = { 1: font(11), 2: font(12), 3: font(13) };
    const names = '/F1 1 0 R /F2 2 0 R /F3 3 0 R';
    const last = (second: number): string[] => {
      const maps = { 11: range('A', 65_536), 12: range('A', second), 13: characters('<0061> <0058>') };
      const all = ['F1', 'F2', 'F3'].map((name) => show(name, '<0061>'));
      return said({ objects, maps, names, pages: [all.join(' '), show('F3', '<0061>')] });
    };
    const code = String.fromCharCode(0x41 + 0x61);
    assert.deepEqual(last(65_535), [`${code}${code}X`, 'X']);
    assert.deepEqual(last(65_536), [`${code}${code}\0a`]);
  });

  it('are looked up up to 256 times', () => {
    const objects = { 1: font(11) };
    const maps = { 11: characters('<61> <0058>') };
    const saidBehind = (before: number): string[] => {
      const missing = Array.from({ length: before }, (_, index) => `F${index}`);
      const names = [...missing.map((name, index) => `/${name} ${index + 1000} 0 R`), '/Last 1 0 R'];
      const pages = [`${missing.map((name) => show(name, '(-)')).join(' ')} ${show('Last', '(a)')}`];
      return said({ objects, maps, names: names.join(' '), pages });
    };
    assert.deepEqual(saidBehind(255), [`${'-'.repeat(255)}X`]);
    assert.deepEqual(saidBehind(256), []);
  });

  it('are of pages of 8 MiB together', () => {
    const objects = { 1: font(11) };
    const maps = { 11: characters('<61> <0058>') };
    const page = show('F1', '(a)');
    const pages = (bytes: number): string[] => [' '.repeat(bytes - page.length) + page, page];
    const names = '/F1 1 0 R';
    const most = 8 * 1024 * 1024;
    assert.deepEqual(said({ objects, maps, names, pages: pages(most - page.length) }), ['X', 'X']);
    assert.deepEqual(said({ objects, maps, names, pages: pages(most - page.length + 1) }), ['X']);
  });
});
