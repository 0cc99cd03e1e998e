import { Rate, Trend } from 'k6/metrics';

const limits = JSON.parse(open('../thresholds.json'));

export const loginMs = new Trend('postern_login_ms', true);
export const firstByteMs = new Trend('postern_first_byte_ms', true);
export const fetchMs = new Trend('postern_fetch_ms', true);
export const noopMs = new Trend('postern_noop_ms', true);
export const failed = new Rate('postern_failed');

/** From thresholds.json; `slack` for scenarios that are meant to hurt. A metric without a sample is no pass. */
export function thresholds(slack = 1) {
  return {
    postern_login_ms: [`p(95)<${limits.loginP95Ms.value * slack}`],
    postern_first_byte_ms: [`p(95)<${limits.firstByteP95Ms.value * slack}`],
    postern_fetch_ms: [`p(95)<${limits.fetchP95Ms.value * slack}`],
    postern_noop_ms: [`p(99)<${limits.noopP99Ms.value * slack}`],
    postern_failed: [`rate<=${limits.failedShare.value}`],
    iterations: ['count>0'],
  };
}

export const common = {
  insecureSkipTLSVerify: true,
  summaryTrendStats: ['med', 'p(95)', 'p(99)', 'max', 'count'],
};
