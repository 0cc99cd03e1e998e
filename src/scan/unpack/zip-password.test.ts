import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createUnpackers } from './index.ts';
import { openAll, yields, type Opened } from './open-all.ts';
import { MAX_PASSWORD_TRIES, MIN_PASSWORD_TRIES } from './password-tries.ts';

const unpackers = createUnpackers();
/** Made once, each with the text POSTERN-TEST-MARK after some filler and the password `secret`. */
const FIXTURES = {
  // zip -e -P secret zc.zip m.txt
  'ZipCrypto, deflated':
    'UEsDBBQACQAIACW5dV3CQDD9MwAAAGoCAAAFABwAbS50eHRVVAkAA5YkAmuWJAJrdXgLAAEEAAAAAAQAAAAAqXQJThsS4Hqi' +
    'sdJ6xv+rSjWT4q26arRqcmS7Lo3NRoPSaMxI4Yqlk45BQQaq0SA/Q/27UEsHCMJAMP0zAAAAagIAAFBLAQIeAxQACQAIACW5' +
    'dV3CQDD9MwAAAGoCAAAFABgAAAAAAAEAAACkgQAAAABtLnR4dFVUBQADliQCa3V4CwABBAAAAAAEAAAAAFBLBQYAAAAAAQAB' +
    'AEsAAACCAAAAAAA=',
  // zip -0 -e -P secret zc0.zip m.txt
  'ZipCrypto, stored':
    'UEsDBAoACQAAACW5dV3CQDD9dgIAAGoCAAAFABwAbS50eHRVVAkAA5YkAmuWJAJrdXgLAAEEAAAAAAQAAAAAxoHskQXERM04' +
    '04sC4HlG6y1gV/hpkftSf6qpJ1R3nlnREZj2j8F9JZv7loVkKcuhvnXj++VnT+KzFCJ4dhGRbwANZG4OCnrGg9/jDpQDncHp' +
    'TOcj4G3PyHahH3SgijDhvSfhzf1OQ0AfrXHQcyEGIPbMoKw2a0958xzPW52dv2LAh5lO49K7oRg/IG5FOf/I1w41L2gb6p4c' +
    '8qy3SDZEfOB7GlF9+q0C4MPlNHXccO2o9FuQg7awFTecXvOwtwF0P3biTog6aP8tIJyWQvtRHko2X0PK33138ypV4BTIgpQ+' +
    'Nk5bzL9JmgHHF+8dDQQ1P94yl5Kyvo2d1qMp56oeHhLkqnu5gcHHqe9PYbK/4ZCZ3auO+f20yijBG0/nxTijjhcx0tLDW02Y' +
    'Kin6fdjMUjDz21IfscXnXyuCOePIgLRxJBtK0kIvA6TekO5AfdSYk4vWQ1N7d+bM2RrFTMpv9JaYb1jsOvA6Y0kTUy003GFk' +
    'qvuvGb5CW3qOuRGvbBawqzym0kdPi+KNXigosdjdy8d/51CmEiS8VciaApW1HulYL+gpW+LBke4BwiZkUbQJUQwbcbOY+7Bp' +
    'hMOxgMRxdfACFm9BB15x6+ODtYShsTUkmIGn7PhgPq/aiiavBYfaD3ijhweTB2KoZYQvWfPomrzUKEFd0HM6wMZSZX+nJBex' +
    'IpKjkmj9N15/Ek8kIn0/4Qv5E3pAbAtoeBUrUpyVhbHhHykQiUs9KGmyQbm+oYqFfK1MoDrnvdT7hKR1gFAGpInGtmc+CQZU' +
    'Keahh8xKoFCNUNZIrgHj2U7sQ6lflHJ5z6hmsweifnp1HHKTNp9MlrHkgK3FUEsHCMJAMP12AgAAagIAAFBLAQIeAwoACQAA' +
    'ACW5dV3CQDD9dgIAAGoCAAAFABgAAAAAAAAAAACkgQAAAABtLnR4dFVUBQADliQCa3V4CwABBAAAAAAEAAAAAFBLBQYAAAAA' +
    'AQABAEsAAADFAgAAAAA=',
  // 7z a -tzip -mem=AES256 -psecret
  'AES-256':
    'UEsDBDMAAQBjACa5dV0AAAAATwAAAGoCAAAFAAsAbS50eHQBmQcAAgBBRQMIAOfnOexXMaPj6upQvU7jkiPOAlWMdmM3yMdH' +
    'xPWNvuXcYamnUc5iR+RwsZXesK9EFPiU+thOhF8CknIJ6MOHGjEM9pArwTfvqjL2cbLuBeBQSwECPwMzAAEAYwAmuXVdAAAA' +
    'AE8AAABqAgAABQAvAAAAAAAAACCApIEAAAAAbS50eHQKACAAAAAAAAEAGABBU95QDXrdAQAAAAAAAAAAAAAAAAAAAAABmQcA' +
    'AgBBRQMIAFBLBQYAAAAAAQABAGIAAAB9AAAAAAA=',
  // 7z a -tzip -mem=AES128 -mm=lzma -psecret
  'AES-128 over LZMA':
    'UEsDBD8AAwBjACa5dV0AAAAATAAAAGoCAAAFAAsAbS50eHQBmQcAAgBBRQEOAHzP7JzN10ePdzul0Xy45aLHj6dRv/bO/Vye' +
    'fIjgoNq1jU1/GP+Lqa33c5094+5i+ZWVIAr5JFmDFip9/zUWN/NNWIVRhnj1Ad5MpzlQSwECPwM/AAMAYwAmuXVdAAAAAEwA' +
    'AABqAgAABQAvAAAAAAAAACCApIEAAAAAbS50eHQKACAAAAAAAAEAGABBU95QDXrdAQAAAAAAAAAAAAAAAAAAAAABmQcAAgBB' +
    'RQEOAFBLBQYAAAAAAQABAGIAAAB6AAAAAAA=',
  // 7z a -psecret
  '7z':
    'N3q8ryccAAQ7g/5LMAAAAAAAAABiAAAAAAAAAJQGcjEqbqDxzH2cBEqcbmF5gd7K5dqIDz9iKxd75SGQCnSU2bIdQfPZOsHf' +
    'NC+HuryROA0BBAYAAQkwAAcLAQACJAbxBwESUw9V8JSsTpqw63dd64dGQr3YISEBAAEADDCCagAICgHCQDD9AAAFARkAEQ0A' +
    'bQAuAHQAeAB0AAAAFAoBAEFT3lANet0BFQYBACCApIEAAA==',
  // 7z a -psecret -mhe=on
  '7z with encrypted names':
    'N3q8ryccAASkYJWfoAAAAAAAAAAuAAAAAAAAANbEO3YO4UvhF74yMfH+cAZHZ2nBxSLhzaE8qqvXXL4rGWIjsc5o9HQRxRDX' +
    '4QAp9FWf6MDdEa2W378pvcpk+xn+VFKIKj8ASE9Fnla1pQeDXO3rvv+dH5skF4wtuYXWatxBX5o3YZM/9kkfYnGssRlVaMUN' +
    '11h4o/ljtdYWlAZhQkLCHGNMhYl7UBsbsGFck6qVfTw+0niflKr9uA4asAA4xRUCFwYwAQlwAAcLAQABJAbxBwESUw/WfUOs' +
    'SNOkAHxVPrhvbIrdDGIKAaTKVPIAAA==',
};

function open(name: keyof typeof FIXTURES, passwords: readonly string[]): Promise<Opened> {
  return openAll(Buffer.from(FIXTURES[name], 'base64'), { unpackers, passwords, now: () => 0 });
}

function noise(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `no${i}`);
}

describe('encrypted archives', () => {
  for (const name of Object.keys(FIXTURES) as (keyof typeof FIXTURES)[]) {
    it(`opens ${name} with a password of the mail`, async () => {
      const opened = await open(name, ['wrong', 'other', 'secret']);
      assert.equal(yields(opened, 'POSTERN-TEST-MARK'), true);
      assert.deepEqual(opened.causes, []);
    });

    it(`calls ${name} encrypted when no candidate fits`, async () => {
      const opened = await open(name, ['wrong']);
      assert.equal(yields(opened, 'POSTERN-TEST-MARK'), false);
      assert.deepEqual(opened.causes, ['encrypted']);
    });
  }

  it('tries no more than the limit', async () => {
    const wrong = noise(MAX_PASSWORD_TRIES - 1);
    assert.equal(yields(await open('ZipCrypto, deflated', [...wrong, 'secret']), 'POSTERN-TEST-MARK'), true);
    const opened = await open('ZipCrypto, deflated', [...wrong, 'one-more', 'secret']);
    assert.deepEqual(opened.causes, ['encrypted']);
  });

  it('stops when its time is over, but not before the likeliest were tried', async () => {
    let time = 0;
    const slow = (): number => (time += 500);
    const tryAll = (passwords: string[]): Promise<Opened> =>
      openAll(Buffer.from(FIXTURES['ZipCrypto, deflated'], 'base64'), {
        unpackers,
        passwords,
        now: slow,
        limits: { timeMs: 1_000_000 },
      });
    const [within, over] = [MIN_PASSWORD_TRIES - 1, MIN_PASSWORD_TRIES];
    assert.equal(yields(await tryAll([...noise(within), 'secret']), 'POSTERN-TEST-MARK'), true);
    assert.deepEqual((await tryAll([...noise(over), 'secret'])).causes, ['encrypted']);
  });
});
