const $ = (name) => element.querySelector(name);
const viewer = $(".viewer"), stage = $(".stage"), canvas = $("canvas");
const pen = canvas.getContext("2d"), marks = document.createElement("canvas").getContext("2d");
const CRACK = [255, 40, 90], SMOOTH_BELOW = 2, MOST_ZOOM = 40, STEP = 1.25;

let shown = {};            // what the server says of the photograph
let picture = null;        // its pixels
let levels = [];           // its probability, each level half as large as the one before
let place = { x: 0, y: 0, zoom: 1 };   // photograph pixel at the stage's upper left, screen pixels each
let chosen = null;         // number of the crack that is marked

// ---- Content -------------------------------------------------------------------------------

const loaded = (address) => new Promise((done, failed) => {
  const image = new Image();
  image.onload = () => done(image);
  image.onerror = () => failed(new Error("The photograph did not arrive: reload the page, and drop it again."));
  image.src = address;
});

async function unpacked(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error("The probabilities did not arrive: reload the page, and drop the photograph again.");
  const stream = answer.body.pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// A pixel of a level has the largest probability of the four below it, so that thin cracks stay.
function halved({ width, height, values }) {
  const columns = Math.ceil(width / 2), rows = Math.ceil(height / 2);
  const half = new Uint8Array(columns * rows);
  for (let y = 0, at = 0; y < height; y++)
    for (let x = 0, row = (y >> 1) * columns; x < width; x++, at++)
      if (values[at] > half[row + (x >> 1)]) half[row + (x >> 1)] = values[at];
  return { width: columns, height: rows, values: half };
}

async function show(view) {
  const other = view.key !== shown.key;
  shown = view;
  if (!view.key) return clear();
  if (other) {
    viewer.dataset.state = "loading";
    status("Loading the photograph …");
    chosen = null;
    const [image, values] = await Promise.all([loaded(view.photograph), unpacked(view.probability)]);
    if (shown.key !== view.key) return;
    picture = image;
    levels = [{ width: view.width, height: view.height, values }];
    while (Math.max(levels.at(-1).width, levels.at(-1).height) > 512) levels.push(halved(levels.at(-1)));
    viewer.dataset.state = "ready";
    fit();
  }
  $(".threshold").value = shown.threshold;
  describe();
  draw();
}

function clear() {
  picture = null;
  levels = [];
  viewer.dataset.state = "empty";
  $(".found").hidden = true;
  status("");
}

// ---- Drawing -------------------------------------------------------------------------------

const threshold = () => Number($(".threshold").value);
const opacity = () => Number($(".opacity").value);
let waiting = false;

function draw() {
  $(".chosen").textContent = threshold().toFixed(3).replace(/0$/, "");
  $(".opaque").textContent = `${Math.round(100 * opacity())} %`;
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => { waiting = false; if (picture) paint(); });
}

function paint() {
  const ratio = window.devicePixelRatio || 1;
  const width = Math.round(stage.clientWidth * ratio), height = Math.round(stage.clientHeight * ratio);
  // Nothing is seen of it behind another tab.
  if (!width || !height) return;
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const zoom = place.zoom * ratio;
  pen.setTransform(1, 0, 0, 1, 0, 0);
  pen.clearRect(0, 0, width, height);
  pen.setTransform(zoom, 0, 0, zoom, -place.x * zoom, -place.y * zoom);
  pen.imageSmoothingEnabled = zoom < SMOOTH_BELOW;
  pen.imageSmoothingQuality = "high";
  pen.drawImage(picture, 0, 0, shown.width, shown.height);
  pen.setTransform(1, 0, 0, 1, 0, 0);
  paintCracks(width, height, zoom);
  paintMarks(zoom, ratio);
}

// Colours the screen's pixels, not the photograph's: that takes the same time at every size.
function paintCracks(width, height, zoom) {
  const strength = Math.round(255 * opacity()), limit = 255 * threshold();
  if (!strength) return;
  const level = Math.min(Math.max(Math.floor(Math.log2(1 / zoom)), 0), levels.length - 1);
  const { width: columns, height: rows, values } = levels[level], step = 1 / zoom / 2 ** level;
  const left = place.x / 2 ** level, top = place.y / 2 ** level;
  const overlay = new ImageData(width, height);
  const colours = new Uint32Array(overlay.data.buffer);
  const colour = ((strength << 24) | (CRACK[2] << 16) | (CRACK[1] << 8) | CRACK[0]) >>> 0;
  const across = Int32Array.from({ length: width }, (_, x) => Math.floor(left + (x + 0.5) * step));
  for (let y = 0; y < height; y++) {
    const row = Math.floor(top + (y + 0.5) * step);
    if (row < 0 || row >= rows) continue;
    for (let x = 0; x < width; x++) {
      const column = across[x];
      if (column >= 0 && column < columns && values[row * columns + column] > limit) colours[y * width + x] = colour;
    }
  }
  Object.assign(marks.canvas, { width, height });
  marks.putImageData(overlay, 0, 0);
  pen.drawImage(marks.canvas, 0, 0);
}

function paintMarks(zoom, ratio) {
  const crack = shown.cracks.find((one) => one.number === chosen);
  if (!crack) return;
  const at = (x, y) => [(x + 0.5 - place.x) * zoom, (y + 0.5 - place.y) * zoom];
  const [left, top] = at(crack.box[0] - 6, crack.box[1] - 6), [right, bottom] = at(crack.box[2] + 6, crack.box[3] + 6);
  for (const [colour, width] of [["#000", 5], ["#fff", 2]]) {
    pen.strokeStyle = colour;
    pen.lineWidth = width * ratio;
    pen.strokeRect(left, top, right - left, bottom - top);
  }
}

// ---- Moving --------------------------------------------------------------------------------

const least = () => Math.min(stage.clientWidth / shown.width, stage.clientHeight / shown.height);

function look(x, y, zoom) {
  const wide = stage.clientWidth / zoom, high = stage.clientHeight / zoom;
  const kept = (from, seen, all) => (seen >= all ? (all - seen) / 2 : Math.min(Math.max(from, 0), all - seen));
  place = { x: kept(x, wide, shown.width), y: kept(y, high, shown.height), zoom };
  draw();
}

function fit() { look(0, 0, least()); }

// Zooms about a place on the stage, its middle if there is none.
function zoomBy(factor, x = stage.clientWidth / 2, y = stage.clientHeight / 2) {
  if (!picture) return;
  const zoom = Math.min(Math.max(place.zoom * factor, least()), MOST_ZOOM);
  look(place.x + x / place.zoom - x / zoom, place.y + y / place.zoom - y / zoom, zoom);
}

function lookAt([left, top, right, bottom]) {
  const margin = 40, wide = right - left + 2 * margin, high = bottom - top + 2 * margin;
  const zoom = Math.min(Math.max(Math.min(stage.clientWidth / wide, stage.clientHeight / high), least()), 4);
  look((left + right) / 2 - stage.clientWidth / zoom / 2, (top + bottom) / 2 - stage.clientHeight / zoom / 2, zoom);
}

const pointers = new Map();

stage.addEventListener("pointerdown", (event) => {
  if (!picture || event.button) return;
  stage.setPointerCapture(event.pointerId);
  pointers.set(event.pointerId, [event.clientX, event.clientY]);
});
stage.addEventListener("pointermove", (event) => {
  const before = pointers.get(event.pointerId);
  if (!before) return;
  const other = [...pointers].find(([id]) => id !== event.pointerId);
  const now = [event.clientX, event.clientY], from = stage.getBoundingClientRect();
  if (other) {
    const apart = (one) => Math.hypot(one[0] - other[1][0], one[1] - other[1][1]);
    zoomBy(apart(now) / Math.max(apart(before), 1), (now[0] + other[1][0]) / 2 - from.left, (now[1] + other[1][1]) / 2 - from.top);
  } else {
    look(place.x - (now[0] - before[0]) / place.zoom, place.y - (now[1] - before[1]) / place.zoom, place.zoom);
  }
  pointers.set(event.pointerId, now);
});
for (const end of ["pointerup", "pointercancel"])
  stage.addEventListener(end, (event) => pointers.delete(event.pointerId));
stage.addEventListener("wheel", (event) => {
  if (!picture) return;
  event.preventDefault();
  const from = stage.getBoundingClientRect();
  zoomBy(Math.exp(-event.deltaY / 400), event.clientX - from.left, event.clientY - from.top);
}, { passive: false });
stage.addEventListener("keydown", (event) => {
  const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const step = (event.shiftKey ? 8 : 64) / place.zoom;
  if (!picture || event.ctrlKey || event.metaKey || event.altKey) return;
  if (ways[event.key]) look(place.x + step * ways[event.key][0], place.y + step * ways[event.key][1], place.zoom);
  else if (event.key === "+" || event.key === "=") zoomBy(STEP);
  else if (event.key === "-") zoomBy(1 / STEP);
  else if (event.key === "0") fit();
  else return;
  event.preventDefault();
});
new ResizeObserver(() => { if (picture && stage.clientWidth) look(place.x, place.y, Math.max(place.zoom, least())); }).observe(stage);

$(".in").onclick = () => zoomBy(STEP);
$(".out").onclick = () => zoomBy(1 / STEP);
$(".fit").onclick = () => picture && fit();
$(".full").onclick = () => zoomBy(1 / place.zoom);

// ---- Threshold, opacity, scale -------------------------------------------------------------

$(".opacity").oninput = draw;
$(".threshold").oninput = draw;
$(".threshold").onchange = () => {
  if (!picture) return;
  status("Measuring the cracks at this threshold …");
  trigger("rethreshold", { key: shown.key, threshold: threshold() });
};

$(".scale").onsubmit = (event) => {
  event.preventDefault();
  if (!picture) return;
  const [mm, uncertainty] = [".mm", ".uncertainty"].map((name) => Number($(name).value));
  trigger("rescale", { key: shown.key, mm, uncertainty, for_all: $(".all").checked });
};

// ---- Words ---------------------------------------------------------------------------------

function status(words) { $(".status").textContent = words; }

function cell(row, kind, words, more) {
  const made = row.appendChild(document.createElement(kind));
  made.textContent = words;
  if (more) made.appendChild(document.createElement("small")).textContent = more;
  return made;
}

function describe() {
  const { cracks } = shown;
  $(".found").hidden = false;
  $(".mm").value = shown.mm ?? "";
  $(".uncertainty").value = shown.uncertainty || "";
  $(".name").textContent = shown.name;
  const count = cracks.length === 1 ? "1 crack" : `${cracks.length || "No"} cracks`;
  $(".summary").textContent = `${count} at threshold ${shown.threshold.toFixed(3).replace(/0$/, "")}. ${shown.scale}.`;
  $(".note").textContent = shown.limits;
  $(".classes").hidden = !shown.limits;
  $(".scroll").hidden = !cracks.length;
  const rows = cracks.map((crack) => {
    const row = document.createElement("tr");
    const button = cell(row, "th", "").appendChild(document.createElement("button"));
    button.type = "button";
    button.textContent = crack.number;
    button.setAttribute("aria-label", `Show crack ${crack.number}`);
    button.onclick = () => { chosen = crack.number; lookAt(crack.box); mark(); stage.scrollIntoView({ block: "nearest" }); };
    for (const part of ["length", "mean", "most"]) cell(row, "td", ...crack[part]);
    if (shown.limits) cell(row, "td", crack.class);
    row.dataset.number = crack.number;
    return row;
  });
  $("tbody").replaceChildren(...rows);
  mark();
  status("");
}

function mark() {
  for (const row of $("tbody").rows) row.toggleAttribute("data-chosen", Number(row.dataset.number) === chosen);
}

// ---- Beginning -----------------------------------------------------------------------------

let told = "";

// What is said again changes nothing, above all no number that is being typed.
function taken() {
  const words = JSON.stringify(props.value || {});
  if (words !== told) show(JSON.parse(words)).catch((error) => status(error.message));
  else if (picture) status("");
  told = words;
}
watch("value", taken);
taken();
