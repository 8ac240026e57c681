// A function that computes: the Mandelbrot set, as a PNG image or, when the path ends in .txt, as text.
// ?x=, ?y= and ?zoom= move about in it. The module's top level is what runs: the build exports it as `_start`.

import { queryNumber, variable, writeBytes, writeText } from './cgi';
import { encodePng } from './png';

const iterationsMax: i32 = 96;
const shades = ".'`:;+*oxOX%#@M";

/** The iterations after which the point escapes, or `iterationsMax` for a point of the set. */
function iterationsAt(x: f64, y: f64): i32 {
  let re: f64 = 0;
  let im: f64 = 0;
  for (let count = 0; count < iterationsMax; count++) {
    const reSquared = re * re;
    const imSquared = im * im;
    if (reSquared + imSquared > 4) return count;
    im = 2 * re * im + y;
    re = reSquared - imSquared + x;
  }
  return iterationsMax;
}

/** The part of the plane that is looked at, on a grid of width × height points that are `aspect` times as high as wide. */
class View {
  left: f64;
  top: f64;
  step: f64;
  width: i32;
  height: i32;
  aspect: f64;

  constructor(width: i32, height: i32, aspect: f64) {
    const step = 3 / queryNumber('zoom', 1, 0.1, 1e12) / width;
    this.left = queryNumber('x', -0.6, -4, 4) - (step * width) / 2;
    this.top = queryNumber('y', 0, -4, 4) - (step * aspect * height) / 2;
    this.step = step;
    this.width = width;
    this.height = height;
    this.aspect = aspect;
  }

  at(column: i32, row: i32): i32 {
    return iterationsAt(this.left + column * this.step, this.top + row * this.step * this.aspect);
  }
}

function writeImage(): void {
  const view = new View(360, 240, 1);
  const rows = new Uint8Array((view.width + 1) * view.height);
  let at = 0;
  for (let row = 0; row < view.height; row++) {
    at++; // the row's filter, 0
    for (let column = 0; column < view.width; column++) rows[at++] = view.at(column, row) as u8;
  }

  const palette = new Uint8Array((iterationsMax + 1) * 3);
  for (let count = 0; count < iterationsMax; count++) {
    palette[count * 3] = min(255, count * 4) as u8;
    palette[count * 3 + 1] = min(255, count * 6) as u8;
    palette[count * 3 + 2] = min(255, 48 + count * 9) as u8;
  }

  const png = encodePng(view.width, view.height, rows, palette);
  writeText('Content-Type: image/png\nContent-Length: ' + png.length.toString() + '\n\n');
  writeBytes(png, png.length);
}

function writePicture(): void {
  const view = new View(96, 36, 2);
  const text = new Uint8Array((view.width + 1) * view.height);
  let at = 0;
  for (let row = 0; row < view.height; row++) {
    for (let column = 0; column < view.width; column++) {
      const count = view.at(column, row);
      text[at++] = (count == iterationsMax ? 0x20 : shades.charCodeAt(count % shades.length)) as u8;
    }
    text[at++] = 0x0a;
  }
  writeText('Content-Type: text/plain\n\n');
  writeBytes(text, at);
}

if (variable('PATH_INFO').endsWith('.txt')) writePicture();
else writeImage();
