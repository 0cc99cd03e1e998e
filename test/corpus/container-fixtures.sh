#!/usr/bin/env bash
# Writes container-fixtures.json: containers that only their own programs write, each once around a harmless marker
# and once around a harmless word of the same length. Deflated and in base64, so that images of zeros stay short.
# Needs: 7z xz lzip lz4 compress bzip2 genisoimage mkfs.fat mcopy wimcapture arj rpmbuild dpkg-deb zip qpdf python3.
set -euo pipefail
out=$(cd "$(dirname "$0")" && pwd)/container-fixtures.json
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

make_all() {
  local word=$1
  mkdir -p "$work/$word" && cd "$work/$word"
  for _ in $(seq 20); do echo "harmless $word in a container"; done >a.txt
  echo 'something else' >b.txt
  7z a -bd -y 7z-lzma2.7z a.txt
  7z a -bd -y -m0=lzma 7z-lzma.7z a.txt
  7z a -bd -y -m0=bzip2 7z-bzip2.7z a.txt
  7z a -bd -y -m0=deflate 7z-deflate.7z a.txt
  7z a -bd -y -m0=ppmd 7z-ppmd.7z a.txt
  7z a -bd -y -mhc=on 7z-packed-header.7z a.txt b.txt
  7z a -bd -y -tzip -mm=Deflate64 zip-deflate64.zip a.txt
  7z a -bd -y -tzip -mm=BZip2 zip-bzip2.zip a.txt
  7z a -bd -y -tzip -mm=LZMA zip-lzma.zip a.txt
  7z a -bd -y -tzip -mm=PPMd zip-ppmd.zip a.txt
  7z a -bd -y -tzip -mem=AES256 -psecret4711 locked-aes.zip a.txt
  zip -q -X -e -P secret4711 locked-zipcrypto.zip a.txt
  7z a -bd -y -psecret4711 locked.7z a.txt
  7z a -bd -y -psecret4711 -mhe=on locked-names.7z a.txt
  xz -k -c a.txt >a.xz
  (xz -c b.txt; xz -c a.txt) >second-stream.xz
  xz --format=lzma -c a.txt >a.lzma
  bzip2 -k -c a.txt >a.bz2
  (bzip2 -c b.txt; bzip2 -c a.txt) >second-stream.bz2
  lzip -k -c a.txt >a.lz
  lz4 -q -c a.txt >a.lz4
  compress -c a.txt >a.Z
  tar --owner=0 --group=0 -cJf a.tar.xz a.txt
  arj a -y a.arj a.txt
  mkdir -p folder && cp a.txt folder/ && wimcapture --compress=LZX folder a.wim
  genisoimage -quiet -o iso9660.iso a.txt
  genisoimage -quiet -J -hide a.txt -o joliet-only.iso a.txt
  genisoimage -quiet -udf -o udf.iso a.txt
  mkfs.fat -C fat.img 160 && mcopy -i fat.img a.txt ::a.txt
  mkdir -p pkg/DEBIAN pkg/opt && cp a.txt pkg/opt/ &&
    printf 'Package: a\nVersion: 1\nArchitecture: all\nMaintainer: a <a@example.org>\nDescription: a\n' >pkg/DEBIAN/control &&
    dpkg-deb -b pkg a.deb
  mkdir -p rpm && printf 'Name: a\nVersion: 1\nRelease: 1\nSummary: a\nLicense: none\nBuildArch: noarch\n%%description\na\n%%install\nmkdir -p %%{buildroot}/opt; cp %s %%{buildroot}/opt/\n%%files\n/opt/a.txt\n' "$PWD/a.txt" >rpm/a.spec &&
    rpmbuild -bb --define "_topdir $PWD/rpm" rpm/a.spec && cp rpm/RPMS/noarch/*.rpm a.rpm
  python3 - <<'PY'
import zlib
content = b'BT /F1 12 Tf 10 10 Td (' + open('a.txt','rb').read(200).replace(b'\n', b' ') + b') Tj ET'
objects = [b'<< /Type /Catalog /Pages 2 0 R >>', b'<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
  b'<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Contents 4 0 R >>',
  b'<< /Length %d >>\nstream\n' % len(content) + content + b'\nendstream']
out, places = b'%PDF-1.5\n', []
for number, text in enumerate(objects, 1):
  places.append(len(out)); out += b'%d 0 obj\n' % number + text + b'\nendobj\n'
at = len(out)
out += b'xref\n0 5\n0000000000 65535 f \n' + b''.join(b'%010d 00000 n \n' % place for place in places)
out += b'trailer << /Size 5 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n' % at
open('plain.source', 'wb').write(out)
PY
  qpdf --object-streams=generate --compress-streams=y plain.source object-streams.pdf
  qpdf --allow-weak-crypto --encrypt '' o 40 -- plain.source empty-password-rc4.pdf
  qpdf --encrypt '' o 256 -- plain.source empty-password-aes.pdf
  qpdf --encrypt secret4711 o 256 -- plain.source locked.pdf
}

for word in POSTERN-TEST POSTERN-CALM; do
  make_all "$word" >"$work/log" 2>&1 || { tail -5 "$work/log" >&2; exit 1; }
done
python3 - "$work" "$out" <<'PY'
import base64, json, os, sys, zlib
work, out = sys.argv[1:]
skip = {'a.txt', 'b.txt', 'plain.source'}
names = sorted(n for n in os.listdir(f'{work}/POSTERN-TEST') if n not in skip and os.path.isfile(f'{work}/POSTERN-TEST/{n}'))
pack = lambda word, name: base64.b64encode(zlib.compress(open(f'{work}/{word}/{name}', 'rb').read(), 9)).decode()
json.dump({n: {'marked': pack('POSTERN-TEST', n), 'calm': pack('POSTERN-CALM', n)} for n in names}, open(out, 'w'), indent=1)
PY
