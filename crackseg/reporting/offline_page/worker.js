// Finds cracks in one tile after another, beside the page.
"use strict";

let ort, session;

// Logits that float32 tells apart from those of 0 and 1.
const logit = (p) => {
  const limited = Math.min(Math.max(p, 1e-7), 1 - 6e-8);
  return Math.log(limited) - Math.log1p(-limited);
};

// Sums up pixels (RGBA, rows of `width`) with the weights of the page, into planes R, G and B.
function resized(pixels, width, across, down) {
  const columns = across.ends.length, rows = down.ends.length;
  const narrow = new Float32Array((pixels.length / 4 / width) * columns * 3);
  for (let row = 0, at = 0; at < narrow.length; row += 4 * width) {
    for (let x = 0, tap = 0; x < columns; x++, at += 3) {
      for (; tap < across.ends[x]; tap++) {
        const from = row + 4 * across.places[tap], weight = across.weights[tap];
        narrow[at] += weight * pixels[from];
        narrow[at + 1] += weight * pixels[from + 1];
        narrow[at + 2] += weight * pixels[from + 2];
      }
    }
  }
  // Rounds to the nearest whole number, and halves to the even one.
  const planes = new Uint8ClampedArray(3 * rows * columns);
  const sums = new Float32Array(3 * columns);
  for (let y = 0, tap = 0; y < rows; y++) {
    sums.fill(0);
    for (; tap < down.ends[y]; tap++) {
      const from = down.places[tap] * sums.length, weight = down.weights[tap];
      for (let i = 0; i < sums.length; i++) sums[i] += weight * narrow[from + i];
    }
    for (let x = 0; x < columns; x++)
      for (let band = 0; band < 3; band++)
        planes[(band * rows + y) * columns + x] = sums[3 * x + band];
  }
  return new Uint8Array(planes.buffer);
}

async function start({ program, code, model }) {
  const address = URL.createObjectURL(new Blob([program], { type: "text/javascript" }));
  ort = await import(address);
  URL.revokeObjectURL(address);
  // Pages from a file have no shared memory, which threads need; there are several workers instead.
  Object.assign(ort.env.wasm, { numThreads: 1, wasmBinary: code });
  session = await ort.InferenceSession.create(new Uint8Array(model), { executionProviders: ["wasm"] });
}

async function find({ pixels, width, across, down, keep }) {
  const columns = across.ends.length, rows = down.ends.length;
  const seen = resized(new Uint8ClampedArray(pixels), width, across, down);
  const image = new ort.Tensor("uint8", seen, [1, 3, rows, columns]);
  const { probability } = await session.run({ image });
  const found = new Float32Array(keep.rows * keep.columns);
  for (let y = 0, at = 0; y < keep.rows; y++)
    for (let x = 0; x < keep.columns; x++)
      found[at++] = logit(probability.data[(keep.top + y) * columns + keep.left + x]);
  probability.dispose();
  return found;
}

onmessage = async ({ data }) => {
  try {
    if (data.program) {
      await start(data);
      postMessage({});
    } else {
      const found = await find(data);
      postMessage({ found }, [found.buffer]);
    }
  } catch (error) {
    postMessage({ fault: String(error && error.message || error) });
  }
};
