import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inflateSync } from 'node:zlib';
import { createUnpackers } from './index.ts';
import { openAll, yields, type Opened } from './open-all.ts';

const MARKER = 'POSTERN-TEST-MARK';
const unpackers = createUnpackers();

/**
 * A page whose content stream holds the marker, encrypted once with `qpdf --encrypt USER o BITS`, then deflated and
 * encoded to be short here. The user password is empty.
 */
const EMPTY_PASSWORD = {
  '40-bit RC4':
    'eNqFUj2LE0EYttBmf8XbBKtz5+udmYWYwuQConIhUZvjitmdmRjJ7R6bES529wMUC0E4sLGUw8ZSOKurBMEf4G+wFBtxdu+85Ijg' +
    'TrHwzPMx88zbGQ2GW/SWSjqff777nVAgUOVPk24X0pGZugWwiIwhfbg8cJD2TTDzagq9XuJK2xDZmqBfPSsDUEjvzewCdoG30r2/' +
    '4nO/lZRfkZbBlWEB4jzugbMzc6c6jC4kriyuvcahjqSrR2pc10zFmulwNg+ujv+5CW7gispG/n1XTsMTENiIFqF2Zj85uvbpx/6N' +
    '968/LPtvv98cHv263js5pq9eTE6Pb59+fHlmzkbu6/TLtxOs3rgYdCG7iMR/RE6CKa2p7SqPQLoDXauNpp55hTIn3BOnlORKSqJs' +
    'IVVBMo2cmoI7pF46LDzxBRWK57RwJFPYixeGLQHpOLaQPoJujkZImTtvnCjQRj8khOfEOlQso5oV1lJEpZWR0miDilrKfCYl09Iz' +
    'Gw0fxydbFXhYO58QkAm5/EAicgQPlxiNd253yhUmxQZGGd/AGNEbGF/nhdrM5rHDps5xVTUD1T73ZPbcgYT07gB2u5wKihmT8Vw6' +
    'U1k00EIyKTjXnKkMe/9nxHnaLot6eRAA24R2Hkwd2gaQZUmns70zTP4AqBTbEQ==',
  '128-bit RC4':
    'eNqFUrtuE0EU7aen5jYWogg7z50ZyXJBHEs8okQO0EQpZndmHYPZtdaDlAdNJIr8AC0FQkJUNDSRkGj4Bgp+AipoUODuJtiOjMRO' +
    'saMz95wz98ztbPcHa+yWJp1PP1+fEwYUquwx6XYh2XajMAOOyBCSB4fTAMm6i25SjaDXI6H0TSFfIqxXz8oIDJJ7Yz+DXRAtde8v' +
    '+UJvQRVXqGUMZZyBvLDbDH7sblcHqEJxWVx7jUKNRVev1Kguicol0cF4EkON/4mLoR/yymP9/VCO4j5I1ZBmsQ7uKTm6xs7Fj49n' +
    '5PeXD6ffT96/jL++Hj//dvfNyZPP9gZJp/Xbd6cvrt98dbZ/jHx/Sbu0VP+w3Imu9K72cz/GDSRb0NU6M0VGraGce+EyIbnQwalU' +
    'ipwazSjuGRdFrgpjssJa4VKT504VjGeSFj3sGNYkJEOMN3kI3cxonWrjGc89tS4oaWgQWsncea0yRxnnUqXOsgwPGfpplPQZ7nKj' +
    'c4mCjzDRRYIHdSgIhZTQ+QepUkJBAXOMYdPtSbnAUrmCYScrGKdmBRPLdbF24wmG2OQ5rKpmotr33hkfBUghudOH3a5gkinLU7yX' +
    'sdqigJEpxxSFEVxb1ft/BQ7URpnXh9MIqnVoB8LVsU1ACUo6nY2tAfkDPVzbbQ==',
  '128-bit AES':
    'eNqFUr9rFEEUBhthURIEC8Hgaw6xiDs/d2bhONDcHYiJF3KaIkeU2d3Z5OSye+xNYiLYCIIW/hOivcFCO5v8A/Yq2Ala2QRSBN9e' +
    'kruLKdxdmNlv3vu+7715lcV6c5beVF7l8/6bQ48CgTx67FWr4C+aNTsAhsgS+Pd3+hb8OeNML1+DWs2zWVIGsomEuXwzc0DBv9tN' +
    'BtABPkxdPUk+4hun8lOpmbOZG4A4kluwSdfczreRheAb4rtaMhQYdNpSyTpBKiZIm92eswWuPeNs3cZ5gvHzNltz6xCIMmngCms2' +
    'vN29wfln+w9npn7SGytfnxz8uXhIX56beftht/ODX52/MvV6evrR9XsH32Sn/uqd+XVtb+vThe/PV95f+vLxcufFb9Q+Zjp2ISdL' +
    'a0K5tF1yvLu16dYbW2Uhfj2PW32blUELeNBoL7ORQxqgw/Ib1dF2JktMkYxDmAa/BVWlIp1GJNSEsYSbiAvGlTUyEDwmWlGCe8p4' +
    'GstU6ygNQ24CHcdGppRFgqSosQizAvwl7D/KbDRP/OJSjH8eQDXSSgVKJ5TFCQmNlUITy5UUsUmUjAyhjAkZmJBGeEjRiUKxJMJd' +
    'rFUsUGoZxMSFbRc29QgEHhk9EEjJJaQwwig2dHiSjTG8wX8xrPEMxog+g6GrMeYK0+1he8urWcrzcoCH49XuPrUQgH+nDp0qp4LK' +
    'kAXoS4cq5IxrETDsL9ecqVDW/h+B89vI4mKn70AOFYbzZwo37EAgqFepNFpN7y+T1/rw',
  '256-bit AES':
    'eNqFUztvXEUUFhQUKyQ6ioSQaSwUpGTndWbmSCuLOLsrodhayyYusCw0jzPORut7rbvXlkMQBQUoqfIbqPgJUFFGqdJBiUSBRE1B' +
    'gxBzN/Z6IxfcuZrHeXznvbY9HN8Wd2xv7ee/v/+3JxhndXjUGwxYf3TWUjWf1tWcdc+7w43R4rLh57RHTcdh/aK6IrlJpzRjjq2v' +
    'd39/2x/SnMmCucP6nz0+Jta/51s/qw8Lu0dV6kzJFZP36pOqZYL170/TnO0ztVA9uFB+jXepqt5QrYoT7Zzp1+a2KE39Rn1WUHhZ' +
    'WNZBh9AUoTdd6lBXQPUK6Hg6a6kp58y3NKRYpyK/SdVh+5AZ3SnN24b8UU99/rG4NvngxT9//frLDzfp5tPtg+cv/9j/8dZ3R+++' +
    '+urJjVePnn3z07VP/rx15+3T99/Zuv7yxbcnJ+99dOOtL77e2Pz9tw+L7XOkcy9gNbTxIu+7bTq/3T1pH45Ou0D6wzpOjqnqhLYK' +
    'Y7S7p5YeKnlRiIs4dltfJd+kpYgEw/oTNuDOIcqkwCRjYjIeNOfojNciOwrAowJrbRbOpISaY5Qa0edoogkOvdWJQiIkCEr5KAxy' +
    'G62KlkBln3XxYVK6R0XvrKIkHYhISWchDaDBDFmacmTvtMcsHQqINkYZoBAUTyKD4pl3PcVu67JTc1TaMpukMQhKIYeACZxUjkdt' +
    'DJEiZ12R32Gmi/tofJHAcjSXjwdsYLSXaL1PYD0YNB6jD5xrzZWUSA4lQYwi6KzJhayT4JyXVFgsKbAZdChBiuwhhcBRB8eDi8Wd' +
    'EkIkEzsnHpTYkxSFpX02WmAOkNGh0ZRAeRXJ+iwxhuwjVxq4JaN0BC6zCrrUxaZUYPYYrDTqWUO5x5np8eXHDIACltmSJkojLTjV' +
    'kiYUv0pzeIUmrb5C09xd0trGT2elrbqW3KnrbnAXY7U7/ZK6rH86ZPsDJbQALGVW4NCiKhXSRhqtlFPSIqz/v0SZ21EVm8fHLYOF' +
    'hcXc+aZdZAABemtro8m49x8kEFHR',
};

/** The same with the user password `secret`. */
const LOCKED = {
  '128-bit RC4':
    'eNqFUj1rFEEYthO2E1vBF8IVFnF3vmfkvMJcDsSPhIvahAizO7Pnyrmb7I1wEQUbS0srwcJfoVj4BwSxyx8QK0ErMYj47ibeXTjB' +
    'nWKHZ5+PmWffzmZ/sEouqqjz/sfr3xGBBKr0ftTtQrxpR34CFJEhxLf2dz3EazbYcTWCXi/ypWuIdEGwVj0sAxCIrxVuAtvAWunO' +
    'X/GR31zKTkjL4MswAX4Ud8O7wl6ppuiS4DK4dhqHGkknj9S4LpjyBdNBMQ6+xvfYBt/3WeWQf92Xo3APuGhEk1B7+yC6++nrt4PL' +
    'T/TTVx/fPD73vfqwsvfy+eHP6PCt7l04+HLp1Nnzz05/frFyc3rm1zsMOpYdR4p/RG4FWzpbu1keoRriDejSTFInqbApZYoIQbxy' +
    'ymtJiFbSKSO9c94pRrjRJhUqzUiWC5ElIiM5VaaHN4ZVDvEQ641vo2HOcpVKYYyzzDOXO8dypoRwPOdS64RQyoW0hqTWC8I4VcxK' +
    'l+Iu0yrjaHgHG503OK19HiUgo2T2gBSCCchhhhG8dPulnGOSL2GEsiWMJnoJY4u8UNtijCU2fQ6rqpmo9n9vFY88SIiv9mG7iwUR' +
    'YajEc2mjDBpoLqnkjGmGNYne/xk4UOtlVu/vBhBtQjsQtg5tA4IlUaezvjGI/gBLldr2',
  '256-bit AES':
    'eNqFU82LHEUUR7xI48WL4MFQl7kldn1XPVgXspkZiCZs2E1WIaxQH682I7PdS08n7IiiRw+CR+8eRM+eBGERQRD/AC/iHxAQPAh6' +
    'El9Pdmcn7MGupqvqffze771+b3RvPL0h3nDV6OzvL/+tBOOsje9XW1usnpz22CxmbbNgw/XmeGeyOuyEBR5gN2hYTa4blnfwCc6Z' +
    'Z9vbw1vfC0e4YJIw91h9f3mCrL4V+jBvj0hdYZOHUHIj5K32cdMzweq3Z3nBHjK1cj28cH6Gd+mqnnNtiES/YPpZuLuYZ2GnPSUU' +
    'TgtoHQ4IHRk9T2lA3QDVG6DT2bzHjvZ56HGMqc1kfwebo/4Rs3pwWvQdhuPq5W8/rv45e7X//frXb97+/Gn+4r3Prr/0wk/X6vHo' +
    're+W8NdvL777yoc7y/TO2afLw5Nfrr32yc+vP/3+xz+++uFX8c1H9/+k2OdI5yzMZmrTVd33+3x+uvm4fzR5MiRSj9u0e4LNYHSX' +
    'FJP9A7VmqOTFj7jIY78PTQ5dXptIY1m9y7a4jlkX8NFE5Y3zATFhjgg2JBFtxJijEjwb8BgtB6Mx2RikkjyEnMmEF+mjs5pjTOBK' +
    'zDaLAF7n5JwvxGGXuke7KErQJHAeJCZTIHFXUgyF86KDF8Ippb01WVhujAZlFXBnFFIkDUNPsRuavtgdU1ta5RFUgFQ8L1kJEXh0' +
    'CCKpqItRiuz3mB3yPp5eFJC27vLygECiUxC9TNECCMRsfSpRS4ySchNEyxYOpPUZVXLZhRKF4z7EYI1OwqXkhLIcVTZWhpTAAJho' +
    'SIA2K0kkHlDuxUUMQXEQVqEz4HRKXoG3ggN5YnbSYEDhIbjoCUY5SIkHTQcugiOYA2Y2GvW0w1JxZiu+fpg1RhlW2FomqJFWmmYt' +
    'E4pflXm4IpNOX5Fp7i9lfRdmc2qroSX32nYY3NVY7c8+wKHqt8fs4ZYSWhiQlnh5cKCk8tpKq5XySjow2/9vQXM7aVK3POmZWUVY' +
    'zV3o+lUFwJhqNJrsTqv/AL9iVa4=',
};

function open(fixture: string, passwords: readonly string[]): Promise<Opened> {
  return openAll(inflateSync(Buffer.from(fixture, 'base64')), { unpackers, passwords, now: () => 0 });
}

describe('encrypted PDF', () => {
  for (const [scheme, fixture] of Object.entries(EMPTY_PASSWORD)) {
    it(`opens ${scheme} under the empty password`, async () => {
      const opened = await open(fixture, []);
      assert.equal(yields(opened, MARKER), true);
      assert.deepEqual(opened.causes, []);
    });
  }

  for (const [scheme, fixture] of Object.entries(LOCKED)) {
    it(`opens ${scheme} with a password of the mail`, async () => {
      const opened = await open(fixture, ['wrong', 'secret']);
      assert.equal(yields(opened, MARKER), true);
      assert.deepEqual(opened.causes, []);
    });

    it(`calls ${scheme} encrypted when no candidate fits`, async () => {
      const opened = await open(fixture, ['wrong']);
      assert.equal(yields(opened, MARKER), false);
      assert.deepEqual(opened.causes, ['encrypted']);
    });
  }
});
