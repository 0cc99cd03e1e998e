import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isAdded, planFetch, responseKey, sectionKey } from './fetch-plan.ts';
import type { KeptMessage } from './kept-messages.ts';
import { readFetchItem } from './wire/fetch-item.ts';
import { readFetchRequest } from './wire/fetch-request.ts';

function keptWith(sections: Record<string, readonly [number, number]>): KeptMessage {
  const places = Object.entries(sections).map(([key, [start, length]]) => [key, { start, length }] as const);
  return {
    message: 1,
    size: 1_000,
    action: 'deliver',
    uid: 7,
    number: 2,
    sections: new Map(places),
    partSizes: new Map([['2', 500]]),
    keptAt: 0,
    isPinned: false,
  };
}

function plan(text: string, kept?: KeptMessage, isUid = true) {
  return planFetch(readFetchRequest([text]), isUid, kept);
}

const item = (text: string) => readFetchItem(text, 0).item;

describe('planFetch', () => {
  it('leaves alone what needs no whole', () => {
    for (const text of [
      '1:* FLAGS',
      '7 BODY.PEEK[]',
      '7 (UID RFC822 BODY[HEADER])',
      '1 ALL',
      '$ (UID) (PARTIAL -1:-9)',
    ]) {
      assert.deepEqual(plan(text), { text, plan: undefined });
    }
  });

  it('adds the whole message and the UID to a part', () => {
    const { text, plan: made } = plan('2 BODY.PEEK[TEXT]', undefined, false);
    assert.equal(text, '2 (BODY.PEEK[TEXT] UID BODY.PEEK[])');
    assert.deepEqual(made?.strips, { uid: true, whole: true, structure: false, seenProbe: false });
    assert.equal(made?.keeps, true);
  });

  it('takes out nothing that was asked for', () => {
    const { text, plan: made } = plan('7:9 (UID BODY[1] BODY[]) (CHANGEDSINCE 5)');
    assert.equal(text, '7:9 (UID BODY[1] BODY[]) (CHANGEDSINCE 5)');
    assert.deepEqual(made?.strips, { uid: false, whole: false, structure: false, seenProbe: false });
    assert.equal(made?.keeps, false);
  });

  it('cuts ranges of the whole itself, and asks as the client would have been seen', () => {
    const { text, plan: made } = plan('7 (BODY[]<0.5> body.peek[]<5.5>)');
    assert.equal(text, '7 (UID BODY[])');
    assert.deepEqual(made?.wholeCuts, [
      { label: 'BODY[]<0>', origin: 0, length: 5 },
      { label: 'BODY[]<5>', origin: 5, length: 5 },
    ]);
  });

  it('asks for the size of a part that is read in ranges', () => {
    assert.equal(plan('7 BODY.PEEK[2]<0.5>').text, '7 (BODY.PEEK[2]<0.5> UID BODYSTRUCTURE BODY.PEEK[])');
    assert.equal(plan('7:8 BODY.PEEK[2]<0.5>').text, '7:8 (BODY.PEEK[2]<0.5> UID BODY.PEEK[])');
    assert.equal(plan('7 (BODY.PEEK[2]<0.5> BODYSTRUCTURE)').plan?.strips.structure, false);
  });

  it('serves known places from a kept message', () => {
    const { text, plan: made } = plan(
      '7 (FLAGS BODY.PEEK[]<990.20> BODY.PEEK[2]<10.5>)',
      keptWith({ 2: [100, 500] }),
    );
    assert.equal(text, '7 (FLAGS UID)');
    assert.deepEqual(made?.spliced?.cuts, [
      { label: 'BODY[]<990>', origin: 990, length: 10 },
      { label: 'BODY[2]<10>', origin: 110, length: 5 },
    ]);
  });

  it('asks only for what is not known of a kept message', () => {
    const { text, plan: made } = plan('7 (BODY.PEEK[]<0.1> BODY.PEEK[3] BINARY.PEEK[2])', keptWith({}));
    assert.equal(text, '7 (BODY.PEEK[3] BINARY.PEEK[2] UID)');
    assert.equal(made?.spliced?.cuts.length, 1);
  });

  it('sets the flag that the client would have set', () => {
    const { text, plan: made } = plan('7 BODY[]<0.1>', keptWith({}));
    assert.equal(text, '7 (UID BODY[]<0.1>)');
    assert.equal(made?.strips.seenProbe, true);
    assert.equal(isAdded(item('BODY[]<0>'), made), true);
  });

  it('names sections and answers alike', () => {
    assert.equal(sectionKey(item('BODY[1.2]')), '1.2');
    assert.equal(sectionKey(item('RFC822.TEXT')), 'TEXT');
    assert.equal(sectionKey(item('BODY[]')), '');
    assert.equal(responseKey(item('body.peek[1]<5.9>')), responseKey(item('BODY[1]<5>')));
  });
});
