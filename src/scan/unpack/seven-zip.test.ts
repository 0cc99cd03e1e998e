import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inflateSync } from 'node:zlib';
import { ar, cab, cpio, lzh, szdd } from '../../../test/corpus/container-bytes.ts';
import { createUnpackers } from './index.ts';
import { openAll, yields, type Opened } from './open-all.ts';
import { SEVEN_ZIP_FORMATS } from './seven-zip-format.ts';

const MARKER = 'POSTERN-TEST-MARK';
const content = Buffer.from(`harmless ${MARKER}\n`.repeat(20));
const unpackers = createUnpackers();

function open(bytes: Buffer): Promise<Opened> {
  return openAll(bytes, { unpackers });
}

/** Made once with the command named, of a file with the marker; deflated and encoded to be short here. */
const FIXTURES = {
  // 7z a s.7z
  '7z':
    'eNozr9qzXl2GgeVk4babOgwQEASl5ddaXn/AJM2gEstgIuG1un/Sy5qChpsWitt3TP66b/HP82wrLp9WOWe2v+KAW/IEoHpGFjYG' +
    'Rk4dBnZuRgZGRUVGBp4mGQYOLsZ70XWhDAysjJLcDAggyMuQy6DHUMJQAcQMDCJcjAy6xkIFYlV3GUXZGBkUGpY0MjAAALAGJaY=',
  // 7z a -m0=ppmd
  '7z with PPMd':
    'eNozr9qzXl2GgWVbRvEZVQYICILSJYt+BTOkf1+wxuMx94fnFvWVU+9kNHx4PHvFWkvG7n13GLyOQxUysrAxMHKqMrBzMzIwKjOz' +
    'MLKyAQUZeJpkGDi4GO9F14UyMLAySrKCFQvyMuQy6DGUMFQAMQODCBcjg66xUIFY1V1GUTZGBoWGJY0MDADz4iHp',
  // 7z a -tzip -mm=Deflate64
  'zip with deflate64':
    'eNoL8GZmEWVgYOBkOMdYFnsvui7UCMiTYWJgYAXSuXolFSVPT67mZVDgYXU4L6JzQVEgtMX/1naGJhbGtnfzSybM27v53+7bOucX' +
    'JrxkCQvQDgr+0RXHF+DNyGTPjMtYFQYIUGhY0sgAs4SLQQEsyMggwaBrLFQgVnWXkQENBHizskHUMDKEA+lQsCgAjAMpuA==',
  // 7z a -tzip -mm=LZMA
  'zip with LZMA':
    'eNoL8GZmsWdgYuBjOMdYFnsvui7UmIGBQYaJgYEVSOfqlVSUSDGxMsQyCAC5JhJeq/snvawpaLhpobh9x+Sv+xb/PM+24vJplXNm' +
    '+ysOuF3vNP7//+TOBQwB3oxM9sy4zFVhgACFhiWNDDBbuBgUwIKMDBIMusZCBWJVdxkZ0ECANysbRA0jQziQDgOLAgBqsyvr',
  // 7z a -tzip -mm=BZip2
  'zip with bzip2':
    'eNoL8GZm0WNgYOBhOMdYFnsvui40CsiTYWJgYAXSuXolFSVOURmWho6RasGRj++VNjAwXApvYBBwYFLivsOg5CbBoMBQEMBwgGFp' +
    'COMrW8VZczsX5fgIszxT83wyp3NSwrzONz6TE22EP5qrXyrwFW7K8xX+sXuS5qGWdrnPaxgCvBmZ7JlxWa/CAAEKDUsaGWCO4QLa' +
    'BwKMDBIMusZCBWJVdxkZ0ECANysbRA0jQziQrgWLAgCEkjaN',
  // genisoimage -J -r
  'ISO with Joliet':
    'eNrt3U1r3EYYAOBZQ4lxaU4llNRJhpJCAs1m12kdTE+qVraV7EqLJAf7FHJo6aG+NKHkVMip7R/qsf8o9Ce0o12bfNUxhZAE53lk' +
    'rUYzr2a0eMyLtGYVAgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAwyCej0XgQpmW1tx9Plk+aevaa9uP+/nxh85px00+/' +
    'htXVsLasWvv0WfOF/uWLsL7cWw+r/WY1/PrxhfDJN2Hl+PjIO7VTVGVbl7Nsp4ipELc2N0c3d7fbuF1Oi/ag7YpZzJsi6+omXsuv' +
    'x/HW1q1YDA/qvWpnkk2L48rbNzZGo814Zzgvsqatq5t3hm2+W07TrNxZxPTNfcztfiLeLbvYFdnsrb/djdHG5ni8kc5j/PXG7dEo' +
    'vFIxesmrESbth07S4b2xcpT/wzSUoQp7YT/E/1zyMAlNqMPshPaX8v+XN4v/nf8/e9Z8cZn/Ly33Lp2U/084F8vbWnZCkWZNGdo0' +
    'M8o0N7JFTTyqiWErbKZlFO6H3bCd6mJ6LdNcK1L5IK1dKs0Ws6tJpSzt16kUw7VUcz1tx6mHrXArlYowTEfUaYZWaYxJip0uRjp9' +
    'eXNB8j/yP2fIP8f5HwAAADizBovP2F3/AwAAwNm+/g/9/9e7AQAAAABn+vr/UvD5PwAAAJz16//Qf7+OGwAAAABwhv1+6nfst/Nz' +
    'g7/+Dk3z0eDJfP/q4DDr47LDleVxKy/32G1fHJw/6uTFTV6sDy4vgy4fRz892vxw2nkM3sAJhF/ClWXMlfXFYSvrfcv5z/tyP8q5' +
    '2bDb774d92P9Uc3WBuFw+Ojxo37Uq0/6oCdXj+6UDE4cNfX23KjLvgHg/XL6d+yfGjH46pSsuhYOwzA8Co/TCgC8e0XzdLDW/Zau' +
    'rsv5/fHW1jjrdovY1Pnd2JST/rFuVVc0+W5WpfK8qbs6r6d94V45KdrY7s3nddPF7bqJ87ot9xdPfotHj35ri1lWdWXezqdF1hYx' +
    'r6suy7s4Kds8zve+m5btbtEsDm7nRV5ul3nWlXUV23qvyYthTD0UzwWmIVN322VfrNJJlLOsOYj36unerIjpdPL0JvpHzfUdHo9V' +
    'Vmlvtuh26NcNAAs/Pvj58KfvHz7ss3dK9NWNrmi7Gymv3l3T9IE3+esAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' +
    'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' +
    'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' +
    'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' +
    'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAN4n/wKJ4lOA',
  // wimcapture --compress=LZX
  WIM:
    'eNrzDQ739GVgYLgAxAy8jAxNDCwMDA0MDKnKye2PX0oslQz9tlTs3cMXjAwgyMCQwgAGTJsYIQwon+EPE0RcjAmFT3egqMBwCESb' +
    'MBkznPNK4naID56iftIhgsFJcsv+/QxLQHJpQD/KKfLVvP/tcAyiy4Hht8K+97nby9eXzy6Yd2kB75Mox8jOfBOGA/wKDM0MDKwM' +
    'rKKqDEX8KXq+GqqbO12YJDVYJDtyhDc33s1V3DzXyXTT/BWKwVEKAjdBYQcMQYZDPBOCnp/r9c3p/a9u+R8kysAwgZFJcEG9YNLf' +
    'upe/JevPWFvEMWTuOiP1TcpI9b+1dlvJoe83u6+USRQt/1fv5yke7ZW4g89pZtTq7MtBzhFHy5vYmxT8GRrsJkGczKYAjYEfUJ9D' +
    '4ueA1rYF3/LaKueH3P4mWLtI+LHCic4AiAKWC1CVMkzIOuyuxn5l+L9NPeWxrYCf83WPufdKxP//s2EIZ/Bk8GWwY7AB044M7gyu' +
    'DApAth+DC5AVwWDLoMRgCMQgFX5AeV+gqB1DJkMxQz5QRB9JzAaow5MhiMGZwZ8hFCgeAhQzBKvBFLdhcAOK+QD1YarGJmMDJP2B' +
    '2BEo48QQCWS5MgQDxU0ZTBgMwLqwy9sweADFgoAu8AH7yRtFFqITnwoboCuCgGxHoIgn0AY/MA3zrweQ7Q4kA8AmhIBNrABiQ6Bp' +
    'LgzmQFFDBjOoHegqbYD2+QNDH1WvOVi3K1AXCLqC9aKrA4nhc5UPUDwYKOILlAGFPCg8nQfAB04MxkB7cfmAFFfqI6VNfGnBGJga' +
    '8KUFfXhq52IAACdL4QA=',
  // arj a
  ARJ:
    'eNpLeKXJoMTNyCTAwHTuiTFTNggzYIAsvcSiLAYG7aglZgwMCa9MGfRAWhgZnjwGKtcCKpBhYmC4F10XysCwRBCiBSTzGGpYrl5J' +
    'RQlQatu7UiBPzjmos769glno8QOBtaHTTzaUNSxIX7eC++z/uxVd2TqCBYkSsq+2aa5clPCKgQEAAAksUw==',
  // mkfs.fat -C 160; mcopy
  'FAT image':
    'eNrt3DFrU1EUB/CbhyBEWjuJguDFzaEP7KpIM8RFkpb2KYJUeKUvNiTNC3mPQqCDH8HPIY5ugvgF4qdwy+LYyfhUHJwFHfL7ceAc' +
    '+G/ncNe7fPjmbDSo0kFeh+RKKyQh2W1dtsJWM/32Oty7eLD7qL8X+51eNzYed7L7O03fvPPxxcW7u5/qa8/eb364GhZbL5dfd74s' +
    'bixuLb9lp8MqNjUp65jH47Ks8+NxEU+G1SiNcX9c5FURh5OqmP2RD8bldDqP+eRkoz2dFVXVjPM4KuaxLmM9a5JX+XAS0zSNG+3A' +
    '33j69nK1Wl23iLXl/uutF3/JnmfxZvjcOj86Pwo/exJuJ/YDAAAAAAAAAAAAAAAAAAAA/8JpPjsb//hkZX/vMOse9Lez7mG23esc' +
    'PGmL1jzyOgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' +
    'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA4P/6' +
    'Dprb9GU=',
  // dpkg-deb -b
  deb:
    'eNpTtEksSs6w40pJTcpMzNNNysxLLKpUUFAwNLc0NTYwMzGzUFAwUAABCGloABQ0UVAwUYCBBC4jPQOu5Py8kqL8HL2SxCK9iirC' +
    '+o1AElD9f82rIqIYGFieXdvixnLgJGNDgCKjGAMEsLtslXig/p/hYCyDOPcemVrGqQdkvewqRQ+dUVucLJN/17cimMvy9u41O9Qn' +
    'P9ux12jxY29dpg2aaqYKv3ITrjwSezglwaYsPmZNjrPq7EmB/3Uc957tzl22VqDjVORan2DJR1oyV06+/i5zdf43NRH3CEelpo7M' +
    'lYr39M9OzN7YIW59eYfapjVvlJSOyV/LWHlnZ+x3K/kMnUXZ2llMte23dXjCDrS3+B19mvfS9dBr2eLrzr0iDH5zjWe777F9YfHg' +
    'zh7BiK4Kxz+e85IidN8faLmdCvbPA9ZT8+Ye2yjCwPgU6E8GhuvvIy03Hkn/zQSSZImMSkksSYQHIhHxYGRigiMcN6OE403dtwqg' +
    'cFxNfjjWTza5n1l31in0292PlrZPlXPlb111X1XdXr9axdj3dtZsBfOSU7r8C78qe7d36k4SfjFr+dcYnUnP1v5Ikpnw57t/5udr' +
    'LZ3ereos0tNfnmzK8mK88S/MtHvV35OLdieurDnCEGX78WqZsiZ/iZw198Q6Fd9nz18sYmDwXMcQ5nh+qxMD43lweLWfzJuPHF4A' +
    'xcAGIw==',
};

describe('formats that 7-Zip opens', () => {
  const built = {
    cpio: cpio(content),
    ar: ar(content),
    szdd: szdd(content),
    cab: cab(content),
    lzh: lzh(content),
  };
  const fixtures = Object.entries(FIXTURES).map(
    ([name, text]) => [name, inflateSync(Buffer.from(text, 'base64'))] as const,
  );
  for (const [name, bytes] of [...Object.entries(built), ...fixtures]) {
    it(`opens ${name}`, async () => {
      const opened = await open(bytes);
      assert.equal(
        opened.pieces.some((piece) => Buffer.from(piece.bytes).equals(content)),
        true,
      );
      assert.deepEqual(opened.causes, []);
    });
  }

  it('keeps what a cut archive gives and calls it malformed', async () => {
    const opened = await open(cpio(content).subarray(0, -140));
    assert.equal(yields(opened, 'harmless'), true);
    assert.deepEqual(opened.causes, ['malformed']);
  });

  it('leaves the exit code of the process alone', async () => {
    const before = process.exitCode;
    await open(Buffer.concat([Buffer.from('377abcaf271c', 'hex'), Buffer.alloc(100)]));
    assert.equal(process.exitCode, before);
  });

  it('ends on the mark of every format followed by zeros or noise', async () => {
    for (const { name } of SEVEN_ZIP_FORMATS) {
      for (const fill of [0, 0xa5]) {
        const bytes = Buffer.alloc(70_000, fill);
        bytes.write(MARKS[name] ?? '', 0, 'latin1');
        const opened = await open(bytes);
        assert.equal(opened.stopped, undefined, name);
      }
    }
  });
});

const MARKS: Readonly<Record<string, string>> = {
  '7z': '7z\u00bc\u00af\u0027\u001c',
  rar: 'Rar!\u001a\u0007\u0000',
  rar5: 'Rar!\u001a\u0007\u0001\u0000',
  xz: '\u00fd7zXZ\u0000',
  bzip2: 'BZh91AY&SY',
  compress: '\u001f\u009d',
  cpio: '070701',
  ar: '!<arch>\n',
  cab: 'MSCF\u0000\u0000\u0000\u0000',
  wim: 'MSWIM\u0000\u0000\u0000',
  chm: 'ITSF',
  rpm: '\u00ed\u00ab\u00ee\u00db',
  squashfs: 'hsqs',
  swf: 'CWS',
};
