import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseMetrics, quantileOf, rateOf } from './web/metrics-text.ts';

const scrape = (at: number, messages: number, fast: number, slow: number) =>
  parseMetrics(
    [
      '# HELP m Messages',
      `m{protocol="imap",verdict="clean"} ${messages}`,
      `m{protocol="pop3",verdict="clean"} 1`,
      `h_bucket{le="0.01",protocol="imap"} ${fast}`,
      `h_bucket{le="0.5",protocol="imap"} ${fast + slow}`,
      `h_bucket{le="+Inf",protocol="imap"} ${fast + slow}`,
      'g 7',
    ].join('\n'),
    at,
  );

describe('the metrics that the console shows', () => {
  it('are summed over labels', () => {
    assert.equal(scrape(0, 4, 0, 0).total('m'), 5);
    assert.equal(scrape(0, 4, 0, 0).total('g'), 7);
    assert.equal(scrape(0, 4, 0, 0).total('unknown'), 0);
  });

  it('become a rate for each second, and zero after a restart', () => {
    assert.equal(rateOf('m', scrape(1_000, 10, 0, 0), scrape(3_000, 30, 0, 0)), 10);
    assert.equal(rateOf('m', scrape(1_000, 10, 0, 0), scrape(3_000, 0, 0, 0)), 0);
  });

  it('become quantiles of what happened in between', () => {
    const [before, now] = [scrape(0, 0, 100, 0), scrape(1, 0, 110, 10)];
    assert.equal(quantileOf('h', 0.5, before, now), 0.01);
    assert.equal(quantileOf('h', 0.95, before, now), 0.5);
    assert.equal(quantileOf('h', 0.5, now, now), undefined);
  });
});
