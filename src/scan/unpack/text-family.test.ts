import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ReadingAllowance } from '../reading-allowance.ts';
import { MarkIndex } from './mark-search.ts';
import { TextFamily } from './text-family.ts';

function namesOf(text: string): string[] {
  const views = new TextFamily(new MarkIndex()).views(
    Buffer.from(text),
    new ReadingAllowance(text.length),
    () => undefined,
  );
  return Array.from(views, ({ name }) => name);
}

function commandsIn(text: string): number {
  return namesOf(text).filter((name) => name === 'command').length;
}

describe('the readings of a text', () => {
  it('are from its end as well where it turns something round', () => {
    const calls = [
      'x.split("").reverse()',
      '[array]::Reverse($a)',
      'StrReverse( x )',
      'a["reverse"]',
      'reverse $x',
    ];
    const others = [
      'const {reverse} = [];',
      'reverse.call(a)',
      '(reverse of characters',
      'reverse split //, x',
    ];
    for (const text of [...calls, ...others, 'x = reversed(y)']) {
      assert.ok(namesOf(text).includes('reversed'), text);
    }
  });

  it('are from its end where a page turns what it shows, and not where a word only begins as that tag', () => {
    for (const text of ['<p><bdo dir="rtl">abc</bdo>', '<BDO\ndir=rtl>abc', '<bdo/dir=rtl>abc']) {
      assert.ok(namesOf(text).includes('reversed'), text);
    }
    assert.ok(!namesOf('<bdoc>abc</bdoc>').includes('reversed'));
  });

  it('are not from its end where the word is one of prose or of a style sheet', () => {
    const styles = [
      'flex-direction: row-reverse;',
      '<p style="flex-direction:column-reverse">',
      'wrap-reverse}',
    ];
    for (const text of [
      ...styles,
      'Please reverse the charge.',
      'reversed and paid',
      'in reverse - or not',
    ]) {
      assert.ok(!namesOf(text).includes('reversed'), text);
    }
  });

  it('are the same bytes when they are made once more', () => {
    const text = Buffer.from('<p>a &#65; "b" + "c" %41%42 </p>\nx = "\\x41\\x42";');
    const views = [
      ...new TextFamily(new MarkIndex()).views(text, new ReadingAllowance(text.length), () => undefined),
    ];
    const again = views.filter((view) => view.again !== undefined);
    assert.ok(again.length >= 3, `${again.length}`);
    for (const { name, bytes, again: make } of again) {
      assert.deepEqual(make?.(), bytes, name);
    }
  });

  it('are one without all signs that shells pass over, not one without each, of a long text', () => {
    const command = 'p^ow^er^sh^el^l cm`d p^o^w^e^r`s`h`e`l`l\n';
    const repeat = (bytes: number): string => command.repeat(bytes / command.length);
    assert.equal(commandsIn(repeat(2 * 1024 * 1024)), 3);
    assert.equal(commandsIn(`${repeat(2 * 1024 * 1024)}${command}`), 1);
  });
});
