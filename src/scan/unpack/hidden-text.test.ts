import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { brokenLines, shownText } from './hidden-text.ts';

const WORD = 'POSTERN-TEST';

function shown(page: string): string {
  return shownText(Buffer.from(page)).toString();
}

function between(what: string): string {
  return `<div>${Array.from(WORD).join(what)}</div>`;
}

describe('what a page shows', () => {
  const hidden = [
    '<span style="display:none">x</span>',
    "<span style='font-size:0'>x</span>",
    '<i style="color:red; font-size: 0px;">lorem</i>',
    '<b style=display:none>x</b>',
    '<i style="display : none !important">x<b>y</b></i>',
    '<b hidden>x</b>',
    '<b hidden="hidden">x</b>',
    '<i style="font-size:1px;color:#fefefe">x</i>',
    '<i style="height:0;overflow:hidden">x</i>',
    '<i style="visibility:hidden;width:0">x</i>',
    '<font color="#ffffff">x</font>',
    '<span style="color:white">x</span>',
    '<span style="mso-hide:all">x<span>y</span>z</span>',
    '<b></b><span style="opacity:0">x</span><!-- y --><b></b>',
  ];
  for (const what of hidden) {
    it(`has nothing of ${what}`, () => {
      assert.ok(shown(between(what)).includes(WORD));
    });
  }

  it('has nothing of the classes that its style sheet hides', () => {
    const sheet = '<style type="text/css">\r\n.a{color:red}\r\nspan.k, .m { font-size:0; }\r\n</style>';
    assert.ok(shown(sheet + between('<span class="a k">zz</span>')).includes(WORD));
    assert.ok(shown(sheet + between('<span class=m>zz</span>')).includes(WORD));
    assert.deepEqual(shownText(Buffer.from(sheet + between('<span class=a>zz</span>'))), []);
  });

  it('is no reading of its own where whole lines are hidden', () => {
    const pages = [
      '<div style="display:none">A preview of it</div><p>Dear reader</p>',
      '<p>Dear</p><div style="display:none">A preview of it</div><p>reader</p>',
      'Dear <span style="display:none">x</span> reader',
      '<p style="font-size:0.9em">Dear<b>x</b></p>',
      '<table><tr><td style="font-size:0">x</td><td>y</td></tr></table>',
    ];
    for (const page of pages) {
      assert.deepEqual(shownText(Buffer.from(page)), [], page);
    }
  });

  it('ends with an element that is never closed', () => {
    assert.deepEqual(shownText(Buffer.from('a<b hidden>x')), []);
    assert.equal(shown('a<b hidden>x</b>b<b hidden>y<i>z'), 'ab');
  });
});

describe('broken lines of a page', () => {
  it('are lines of a text, with their brackets', () => {
    const page = '<p>The file:</p>begin 644 a<br>\r\nM&lt;P&gt;&amp;&nbsp;<br>\r\nend<br>';
    assert.equal(
      brokenLines(Buffer.from(page)).toString(),
      '\r\nThe file:\r\nbegin 644 a\r\nM<P>& \r\nend\r\n',
    );
  });
});
