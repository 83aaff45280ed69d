"use strict";
// SHA-256 (FIPS 180-4) of a file, piece by piece: the browser's own is there only on pages that came over TLS.
const PIECE = 4 << 20;
const PRIMES = [];
for (let n = 2; PRIMES.length < 64; n += 1) if (PRIMES.every((p) => n % p)) PRIMES.push(n);
const K = Uint32Array.from(PRIMES, (p) => fraction(Math.cbrt(p)));

function fraction(root) {
  return Math.floor((root - Math.floor(root)) * 2 ** 32);
}

function compress(state, words, view, at) {
  for (let i = 0; i < 16; i += 1) words[i] = view.getUint32(at + 4 * i);
  for (let i = 16; i < 64; i += 1) {
    const x = words[i - 15], y = words[i - 2];
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    words[i] = words[i - 16] + s0 + words[i - 7] + s1;
  }
  let [a, b, c, d, e, f, g, h] = state;
  for (let i = 0; i < 64; i += 1) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + K[i] + words[i]) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g; g = f; f = e; e = (d + t1) | 0; d = c; c = b; b = a; a = (t1 + t2) | 0;
  }
  [a, b, c, d, e, f, g, h].forEach((value, i) => { state[i] += value; });
}

async function sha256(file, progress) {
  const state = Uint32Array.from(PRIMES.slice(0, 8), (p) => fraction(Math.sqrt(p)));
  const words = new Uint32Array(64);
  let rest = new Uint8Array(0);
  for (let start = 0; start < file.size; start += PIECE) {
    rest = new Uint8Array(await file.slice(start, start + PIECE).arrayBuffer());
    const view = new DataView(rest.buffer);
    const whole = rest.length - (rest.length % 64);
    for (let at = 0; at < whole; at += 64) compress(state, words, view, at);
    rest = rest.slice(whole);
    progress(Math.min(start + PIECE, file.size));
  }
  const end = new Uint8Array(rest.length < 56 ? 64 : 128);
  end.set(rest);
  end[rest.length] = 0x80;
  const view = new DataView(end.buffer);
  view.setUint32(end.length - 8, Math.floor(file.size / 2 ** 29));
  view.setUint32(end.length - 4, (file.size * 8) % 2 ** 32);
  for (let at = 0; at < end.length; at += 64) compress(state, words, view, at);
  return Array.from(state, (word) => word.toString(16).padStart(8, "0")).join("");
}
