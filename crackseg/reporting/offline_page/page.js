"use strict";

const TILE = 1024, MOST_WORKERS = 4, ROWS = 256;
const $ = (id) => document.getElementById(id);
const info = JSON.parse($("info").textContent);

// ---- Content of the page -------------------------------------------------------------------

async function content(id) {
  const text = atob($(id).textContent.trim());
  $(id).remove();
  const packed = Uint8Array.from(text, (character) => character.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}

// ---- Workers --------------------------------------------------------------------------------

// Asks a worker, which does one thing at a time.
const ask = (worker, message, handed = []) =>
  new Promise((done, failed) => {
    worker.onmessage = ({ data }) => (data.fault ? failed(new Error(data.fault)) : done(data.found));
    worker.onerror = (event) => failed(new Error(event.message || "the worker did not start"));
    worker.postMessage(message, handed);
  });

async function startWorkers() {
  const parts = { program: await content("program"), code: await content("code"), model: await content("model") };
  const address = URL.createObjectURL(new Blob([$("worker").textContent], { type: "text/javascript" }));
  const count = Math.min(navigator.hardwareConcurrency || 1, MOST_WORKERS);
  const workers = Array.from({ length: count }, () => new Worker(address));
  await Promise.all(workers.map((worker) => ask(worker, parts)));
  return workers;
}

// ---- Sizes ----------------------------------------------------------------------------------

// For outputs [start, stop) of a side that is resized: the inputs of each and their weights.
function taps(length, size, how, start, stop) {
  const places = [], weights = [], ends = [];
  const step = length / size;
  for (let place = start; place < stop; place++) {
    if (how === "area" && step > 1) {
      const from = place * step, to = Math.min(from + step, length);
      for (let input = Math.floor(from); input < to - 1e-6; input++) {
        places.push(input);
        weights.push((Math.min(input + 1, to) - Math.max(input, from)) / (to - from));
      }
    } else {
      const centre = Math.min(Math.max((place + 0.5) * step - 0.5, 0), length - 1);
      const low = Math.floor(centre), high = Math.min(low + 1, length - 1);
      places.push(low, high);
      weights.push(1 - (centre - low), centre - low);
    }
    ends.push(places.length);
  }
  const first = places.reduce((a, b) => Math.min(a, b)), last = places.reduce((a, b) => Math.max(a, b));
  return {
    first, count: last - first + 1,
    places: Int32Array.from(places, (input) => input - first),
    weights: Float32Array.from(weights), ends: Int32Array.from(ends),
  };
}

// Spans of a side: what is kept of each, and what is seen, which is wider by the network's radius.
// All start on the grid of its poolings, so that the result does not depend on them.
function spans(length) {
  const margin = Math.ceil(info.radius / info.stride) * info.stride;
  const tile = Math.max(TILE, 4 * margin);
  const count = length <= tile ? 1 : Math.ceil(length / (tile - 2 * margin));
  const step = Math.ceil(length / count / info.stride) * info.stride;
  const found = [];
  for (let from = 0; from < length; from += step) {
    const to = Math.min(from + step, length);
    found.push({ from, to, start: Math.max(from - margin, 0), stop: Math.min(to + margin, length) });
  }
  return found;
}

// ---- Finding cracks -------------------------------------------------------------------------

const photo = $("photo"), marks = $("marks");
const pen = photo.getContext("2d", { willReadFrequently: true });
let workers = [], job = 0, name = "photograph", result = null;
let running = startWorkers().then((started) => { workers = started; show("ready"); }).catch(report);

// Finds cracks anew; what runs still ends with its tiles of the moment.
function begin() {
  if (!photo.width) return;
  const mine = ++job;
  const able = () => job === mine && workers.length;
  running = running.then(() => able() && find(mine, $("scale").value.split(",").map(Number))).catch(report);
}

// What the network sees at one scale, and the logits that it will have found there.
function look(scale) {
  const columns = Math.max(Math.round(photo.width * scale), 1), rows = Math.max(Math.round(photo.height * scale), 1);
  return { columns, rows, logits: new Float32Array(columns * rows), across: taps(columns, photo.width, "area", 0, photo.width) };
}

async function find(mine, scales) {
  const began = performance.now(), { width, height } = photo;
  const looks = scales.map(look);
  const tiles = looks.flatMap((at) =>
    spans(at.rows).flatMap((down) => spans(at.columns).map((right) => ({ at, down, right }))));
  const total = tiles.length;
  let done = 0, seeThrough = false;
  show("working");
  $("progress").value = 0;
  await Promise.all(workers.map(async (worker) => {
    for (let tile; job === mine && (tile = tiles.shift()); ) {
      const { at, down, right } = tile, wide = right.to - right.from;
      const across = taps(width, at.columns, info.resize, right.start, right.stop);
      const along = taps(height, at.rows, info.resize, down.start, down.stop);
      const { data } = pen.getImageData(across.first, along.first, across.count, along.count);
      seeThrough ||= data.some((value, index) => index % 4 === 3 && value < 128);
      const keep = { left: right.from - right.start, columns: wide, top: down.from - down.start, rows: down.to - down.from };
      const found = await ask(worker, { pixels: data.buffer, width: across.count, across, down: along, keep }, [data.buffer]);
      for (let y = 0; y < keep.rows; y++)
        at.logits.set(found.subarray(y * wide, (y + 1) * wide), (down.from + y) * at.columns + right.from);
      $("progress").value = ++done / total;
    }
  }));
  if (job !== mine) return;
  result = { looks, seeThrough, seconds: (performance.now() - began) / 1000 };
  show("done");
  draw();
}

// ---- The mask -------------------------------------------------------------------------------

// Rows of one look at the photograph's own size, one after another from `top`.
function rowsOf({ columns, rows, logits, across }, top, height) {
  const down = taps(rows, photo.height, "area", top, top + height);
  const narrow = new Float32Array(columns), wide = new Float32Array(photo.width);
  let tapDown = 0;
  return (y) => {
    narrow.fill(0);
    for (; tapDown < down.ends[y]; tapDown++) {
      const from = (down.first + down.places[tapDown]) * columns, weight = down.weights[tapDown];
      for (let x = 0; x < columns; x++) narrow[x] += weight * logits[from + x];
    }
    for (let x = 0, tap = 0; x < wide.length; x++) {
      let sum = 0;
      for (; tap < across.ends[x]; tap++) sum += across.weights[tap] * narrow[across.places[tap]];
      wide[x] = sum;
    }
    return wide;
  };
}

// Paints cracks and the rest (colours as 0xAABBGGRR) over the whole photograph; counts crack pixels.
function paint(context, crack, other) {
  const { width, height } = photo, { looks, seeThrough } = result;
  const threshold = Number($("threshold").value);
  // Logits are interpolated and averaged, not probabilities, between which thin cracks would break.
  const limit = looks.length * Math.log(threshold / (1 - threshold));
  const sums = new Float32Array(width);
  let count = 0;
  for (let top = 0; top < height; top += ROWS) {
    const strip = new ImageData(width, Math.min(ROWS, height - top));
    const colours = new Uint32Array(strip.data.buffer).fill(other);
    const all = looks.map((one) => rowsOf(one, top, strip.height));
    const shown = seeThrough && pen.getImageData(0, top, width, strip.height).data;
    for (let y = 0, at = 0; y < strip.height; y++) {
      sums.fill(0);
      for (const row of all) row(y).forEach((logit, x) => { sums[x] += logit; });
      for (let x = 0; x < width; x++, at++)
        if (sums[x] > limit && !(shown && shown[4 * at + 3] < 128)) { colours[at] = crack; count++; }
    }
    context.putImageData(strip, 0, top);
  }
  return count;
}

function draw() {
  $("chosen").textContent = Number($("threshold").value).toFixed(3).replace(/0$/, "");
  if (!result) return;
  const share = paint(marks.getContext("2d"), 0xa86e1fff, 0) / (photo.width * photo.height);
  $("share").textContent = `${(100 * share).toPrecision(2)} % of the pixels are crack`;
  const size = (columns, rows) => `${columns}\u00a0×\u00a0${rows}`;
  const seen = result.looks.map(({ columns, rows }) => size(columns, rows)).join(", ");
  $("how").textContent = `${size(photo.width, photo.height)} pixels, seen by the network as ` +
    `${seen}, in ${result.seconds.toFixed(1)}\u00a0s`;
}

async function save() {
  const canvas = Object.assign(document.createElement("canvas"), { width: photo.width, height: photo.height });
  paint(canvas.getContext("2d"), 0xffffffff, 0xff000000);
  const picture = await new Promise((done) => canvas.toBlob(done, "image/png"));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(picture);
  link.download = `${name}_mask.png`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

// ---- The window -----------------------------------------------------------------------------

function show(state) {
  document.body.dataset.state = state;
  $("save").disabled = state !== "done";
}

function report(error) {
  $("fault").textContent = error.message || String(error);
  show("failed");
}

async function open(file) {
  let bitmap;
  try {
    // Upright, and with the colours as they are stored, as in training.
    bitmap = await createImageBitmap(file, { imageOrientation: "from-image", colorSpaceConversion: "none", premultiplyAlpha: "none" });
  } catch {
    return report(new Error(`${file.name}: this browser does not read it as a picture; save it as JPEG or PNG`));
  }
  result = null;
  name = file.name.replace(/\.[^.]*$/, "");
  for (const canvas of [photo, marks]) Object.assign(canvas, { width: bitmap.width, height: bitmap.height });
  // A canvas that is too large takes no colour, and says nothing of it.
  const corner = [photo.width - 1, photo.height - 1, 1, 1];
  pen.fillRect(...corner);
  if (!pen.getImageData(...corner).data[3])
    return report(new Error(`${file.name}: too large for this browser; cut it into parts`));
  pen.clearRect(...corner);
  pen.drawImage(bitmap, 0, 0);
  bitmap.close();
  $("name").textContent = file.name;
  begin();
}

let drawing = 0;
$("threshold").oninput = () => { cancelAnimationFrame(drawing); drawing = requestAnimationFrame(draw); };
$("scale").onchange = begin;
$("save").onclick = save;
$("marked").onchange = ({ target }) => { marks.hidden = !target.checked; };
$("full").onchange = ({ target }) => { $("view").classList.toggle("full", target.checked); };
$("file").onchange = ({ target }) => { if (target.files[0]) open(target.files[0]).catch(report); target.value = ""; };
addEventListener("dragover", (event) => { event.preventDefault(); document.body.classList.add("over"); });
addEventListener("dragleave", () => document.body.classList.remove("over"));
addEventListener("drop", (event) => {
  event.preventDefault();
  document.body.classList.remove("over");
  if (event.dataTransfer.files[0]) open(event.dataTransfer.files[0]).catch(report);
});
