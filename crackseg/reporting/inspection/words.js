// Elements, lengths in words, and axes: what photographs and plots share.
const SVG = "http://www.w3.org/2000/svg";

// ---- Elements -------------------------------------------------------------------------------

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function drawn(name, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

const drawnText = (x, y, words, name) => drawn("text", { x, y, class: name }, words);

// ---- Lengths, as wording.py words them, and classes, as classes.py has them --------------------

// u² = (s u_px)² + (w u_s / s)², for each side; bounds take the ends of the scale's own interval.
function inUnit(length, scale) {
  if (!scale) return length;
  const { value, low, high, resolved } = length;
  const [s, uncertainty, coverage] = scale, error = coverage * uncertainty, byScale = error * value;
  if (!resolved) return { value: s * value, low: low * Math.max(s - error, 0), high: high * (s + error), resolved };
  return {
    value: s * value,
    low: Math.max(s * value - Math.hypot(s * (value - low), byScale), 0),
    high: s * value + Math.hypot(s * (high - value), byScale),
    resolved,
  };
}

// A number without an interval.
const alone = (value) => ({ value, low: value, high: value, resolved: true });

const WIDTH_DIGITS = [[1e-4, 2], [0.01, 4], [0.1, 3], [10, 2], [100, 1], [Infinity, 0]];
const widthDigits = (width) => width.toFixed(WIDTH_DIGITS.find(([bound]) => width < bound)[1]);

function worded(length, unit, write) {
  const ends = `${write(length.low)} to ${write(length.high)}`;
  return length.resolved ? [`${write(length.value)} ${unit}`, ends] : ["not resolved", `${ends} ${unit}`];
}

function widthWords(pixels, scale) {
  return worded(inUnit(pixels, scale), scale ? "mm" : "px", widthDigits);
}

function sumWords(length, unit) {
  const isLong = unit === "mm" && length.value >= 1000;
  const digits = length.value < 100 ? 1 : 0;
  return worded(length, isLong ? "m" : unit, isLong ? (one) => (one / 1000).toFixed(2) : (one) => one.toFixed(digits));
}

const lengthWords = (pixels, scale) => sumWords(inUnit(pixels, scale), scale ? "mm" : "px");

function scaleWords(scale) {
  if (!scale) return "not known: widths are in pixels";
  return `${Number(scale[0].toPrecision(4))} ± ${Number(scale[1].toPrecision(2))} mm per pixel`;
}

function parsed(text) {
  const [value, low, high, resolved] = text.split(" ").map(Number);
  return { value, low, high, resolved: resolved === 1 };
}

const classIndex = (width, limits) => limits.filter((limit) => width > limit).length;

function classWords(width, scale, data) {
  if (!scale) return "-";
  const { low, high } = inUnit(width, scale);
  const one = classIndex(low, data.limits), other = classIndex(high, data.limits);
  return one === other ? data.labels[one] : "cannot tell";
}

// Words every length and class below an element anew.
function reword(root, photograph) {
  const { scale, data } = photograph;
  for (const span of root.querySelectorAll("[data-px]")) {
    const words = span.dataset.kind === "width" ? widthWords : lengthWords;
    const [value, ends] = words(parsed(span.dataset.px), scale);
    span.querySelector("b").textContent = value;
    span.querySelector("small").textContent = ends;
  }
  for (const span of root.querySelectorAll("[data-class]"))
    span.textContent = span.dataset.class ? classWords(parsed(span.dataset.class), scale, data) : "-";
}

// ---- Axes -----------------------------------------------------------------------------------

function niceStep(most, count) {
  const power = 10 ** Math.floor(Math.log10(most / count));
  return [1, 2, 5, 10].map((one) => one * power).find((step) => step * count >= most);
}

const niceAbove = (most) => { const step = niceStep(most, 4); return step * Math.ceil(most / step); };

function ticks(most) {
  const step = niceStep(most, 4);
  return Array.from({ length: Math.floor(most / step + 1e-9) + 1 }, (_, at) => Number((at * step).toPrecision(6)));
}
