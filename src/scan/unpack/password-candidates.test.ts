import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  announcedAmong,
  MAX_PASSWORD_CANDIDATES,
  passwordCandidates,
  passwordsInName,
} from './password-candidates.ts';

describe('password candidates', () => {
  const told: Record<string, string> = {
    'The password is 4711.': '4711',
    'Password: Tr0ub4dor&3': 'Tr0ub4dor&3',
    'password for the archive is "correct horse"': 'correct horse',
    'The attached file is protected (pw = abc!)': 'abc!',
    'Das Passwort lautet Geheim99': 'Geheim99',
    'Mot de passe : été2026': 'été2026',
    'пароль: секрет': 'секрет',
    'パスワード:x9y8z7': 'x9y8z7',
    'Use code 88231 to open it': '88231',
    'invoice_P4ss-w0rd.zip': 'invoice_P4ss-w0rd.zip',
    'open it with swordfish': 'swordfish',
    'The password is\r\n\r\n  <b>Zx81</b>': 'Zx81',
    'password: hello!': 'hello!',
    '<p>Password:&nbsp;<b>K9</b><b>x2</b></p>': 'K9x2',
    '<p>Password: a&lt;b&amp;c&gt;1</p>': 'a<b&c>1',
    'パスワードは「himitsu8」です。': 'himitsu8',
    'パスワードはhimitsu8です。': 'himitsu8',
    '密码：mima2026，请查收': 'mima2026',
    'Use "two words" to open': 'two words',
    'pass:R5t6Z7;bye': 'R5t6Z7',
    'Password:R5t6Z7(case sensitive)': 'R5t6Z7',
    'Documents (password blue horse)': 'blue horse',
    'the password is blue horse\r\nBye': 'blue horse',
    '<p>The password for the file: <b>blue horse</b></p>': 'blue horse',
    '<p>as in the picture <img src="cid:a" alt="q8Zt4"></p>': 'q8Zt4',
  };
  for (const [text, password] of Object.entries(told)) {
    it(`finds ${password} in ${JSON.stringify(text.slice(0, 40))}`, () => {
      assert.ok(passwordCandidates(['', text]).includes(password));
    });
  }

  const named: Record<string, string> = {
    'invoice_secret4711.zip': 'secret4711',
    'secret4711-a.zip': 'secret4711',
    'secret4711.7z': 'secret4711',
    'invoice_P4ss-w0rd.zip': 'P4ss-w0rd',
    'a/b/Invoice.2026.secret4711.7z.001': 'secret4711',
    'my file (Zx81).rar': 'Zx81',
  };
  for (const [name, password] of Object.entries(named)) {
    it(`finds ${password} in the name ${name}, before the customary ones`, () => {
      const found = passwordCandidates(['nothing to say'], [name]);
      assert.ok(found.includes(password) && found.indexOf(password) < found.indexOf('infected'));
    });
  }

  it('puts words with letters and digits of a name first', () => {
    assert.equal(passwordsInName('my_new_invoice_secret4711.zip')[0], 'secret4711');
  });

  it('leaves room for the text when there are many names', () => {
    const names = Array.from({ length: 200 }, (_, i) => `photo${i}_of_the_day.jpg`);
    assert.ok(passwordCandidates(['see you there, Kx77'], names).includes('Kx77'));
  });

  it('puts announced passwords first', () => {
    const text = `${'word '.repeat(100)} the password is qwertz ${'other '.repeat(100)}`;
    assert.ok(passwordCandidates([text]).indexOf('qwertz') < 3);
  });

  it('puts first what stands behind other words of the announcement, or in quotes', () => {
    const first = [
      ["Le mot de passe de l'archive est le suivant :\r\n\r\n    Kx9!fern\r\n", 'Kx9!fern'],
      ['Das Kennwort für die Datei lautet wie folgt: regenwald', 'regenwald'],
      ['Please use "blue horse" to open the attachment.', 'blue horse'],
    ] as const;
    for (const [text, password] of first) {
      const found = passwordCandidates([text], ['order-368.7z']);
      assert.ok(found.indexOf(password) >= 0 && found.indexOf(password) < 3, text);
    }
  });

  it('tries two texts in quotes before the names of files and others after them', () => {
    const found = passwordCandidates(['"one two", "three four", "five six"'], ['order.7z']);
    const places = ['one two', 'three four', 'order', 'five six'].map((word) => found.indexOf(word));
    assert.deepEqual(
      places,
      places.toSorted((a, b) => a - b),
    );
  });

  it('knows which of them the mail tells as a password', () => {
    const told = passwordCandidates(['some words; the password: Zx81'], ['invoice.zip']);
    assert.deepEqual(announcedAmong(told), ['Zx81', 'invoice']);
    assert.deepEqual(announcedAmong(passwordCandidates(['password: infected'], [])), ['infected']);
    assert.deepEqual(announcedAmong(['one', 'two']), ['one', 'two']);
  });

  it('is not flooded by transport fields or a long text', () => {
    const fields = Array.from(
      { length: 60 },
      (_, i) => `Received: from a${i} by b${i}; id x${i}y; 12:00:${i}`,
    ).join('\r\n');
    const header = `${fields}\r\nSubject: your\r\n invoice 9Q7\r\nTo: a@b\r\n`;
    const long = Array.from({ length: 300 }, (_, i) => `n${i}`).join(' ');
    const found = passwordCandidates([header, long, 'see you there, Kx77']);
    assert.ok(found.includes('9Q7') && found.includes('Kx77'));
    assert.ok(!found.includes('a3'));
  });

  it('takes nothing from the encoded bodies of a message, but what people wrote around them', () => {
    const encoded = Buffer.from(Array.from({ length: 3000 }, (_, i) => `${i}`).join('')).toString('base64');
    const lines = encoded.replace(/.{76}/g, '$&\r\n');
    const part = `Content-Type: a/b; name="x.zip"\r\nContent-Transfer-Encoding: base64\r\n\r\npw${lines}\r\n`;
    const message = `From: a@b\r\nSubject: Q17\r\n\r\nsee R18\r\n--=_x1\r\n${part}--=_x1--\r\nand S19\r\n`;
    const found = passwordCandidates([message]).filter((word) => /\d/.test(word));
    assert.deepEqual(found, ['1234', '12345', '123456', 'Q17', 'R18', 'S19']);
    const whole = `From: a@b\r\n${part}`;
    assert.deepEqual(
      passwordCandidates([whole]).filter((word) => !passwordCandidates([]).includes(word)),
      [],
    );
  });

  it('knows the customary ones without any text', () => {
    assert.ok(passwordCandidates([]).includes('infected'));
  });

  it('gives no more than the limit, and none twice', () => {
    const many = Array.from({ length: 5000 }, (_, i) => `word${i}`).join(' ');
    const found = passwordCandidates([many, many]);
    assert.equal(found.length, MAX_PASSWORD_CANDIDATES);
    assert.equal(new Set(found).size, found.length);
  });

  it('takes words of the longest length and none longer', () => {
    const [at, over] = ['1'.repeat(64), '2'.repeat(65)];
    const found = passwordCandidates([`${at} ${over}`]);
    assert.deepEqual([found.includes(at), found.includes(over)], [true, false]);
  });

  it('stays linear on text made to be slow', () => {
    for (const unit of ['password ', '"', 'pass pass ', 'is '.repeat(30), '<']) {
      assert.ok(passwordCandidates([unit.repeat(50_000)]).length <= MAX_PASSWORD_CANDIDATES);
    }
  });
});
