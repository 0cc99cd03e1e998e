import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { calendarText } from './calendar-text.ts';

function readings(text: string): string[] {
  return calendarText(Buffer.from(text)).map((reading) => reading.toString());
}

describe('the text of a calendar', () => {
  it('has its commas and semicolons without backslashes, and the references that end in them', () => {
    assert.deepEqual(readings(String.raw`X-ALT-DESC:a\, b\; &#80\;O<b></b>ST\\\, c`), [
      String.raw`X-ALT-DESC:a, b; POST\\, c`,
    ]);
  });

  it('is read once when nothing in it is escaped', () => {
    assert.deepEqual(readings(String.raw`DESCRIPTION:a\nb\\c`), []);
  });
});
