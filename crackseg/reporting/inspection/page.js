// What all photographs of the page say together, anew whenever the scale of one changes.
(() => {
const { photographs, reword, parsed, inUnit, classIndex, sumWords, widthDigits, drawn, niceAbove, ticks } = crackseg;
const $ = (id) => document.getElementById(id);
const table = document.querySelector("table.worst"), more = $("more");
// Steps of the histogram in a factor of ten.
const BINS = 12;
const NOTHING = { value: 0, low: 0, high: 0, resolved: true };
const CANNOT_TELL = "cannot tell", NOT_RESOLVED = "not resolved", NOT_MEASURED = "no width taken";

// ---- The table of the worst cracks ------------------------------------------------------------

const photographOf = (row) => crackseg.of(row.dataset.of);

// Of a row's length: whether it is resolved, whether in millimetres, and how much it is.
function rank(row, column) {
  const span = row.cells[column].querySelector("[data-px]");
  if (!span) return [2, 1, 0];
  const { scale } = photographOf(row), length = inUnit(parsed(span.dataset.px), scale);
  return [length.resolved ? 0 : 1, scale ? 0 : 1, length.resolved ? length.value : length.high];
}

function order() {
  const heading = table.querySelector("[aria-sort]"), column = heading.cellIndex, body = table.tBodies[0];
  const sign = heading.getAttribute("aria-sort") === "descending" ? -1 : 1;
  const ranked = [...body.rows].map((row) => ({ row, rank: rank(row, column) }));
  ranked.sort((one, other) => one.rank[0] - other.rank[0] || one.rank[1] - other.rank[1] || sign * (one.rank[2] - other.rank[2]));
  body.append(...ranked.map(({ row }) => row));
  shorten();
}

function shorten() {
  const first = Number(more.dataset.first), all = more.dataset.all;
  [...table.tBodies[0].rows].forEach((row, at) => { row.hidden = !all && at >= first; });
  more.hidden = table.tBodies[0].rows.length <= first;
}

if (table) {
  for (const button of table.querySelectorAll("[data-sort]"))
    button.addEventListener("click", () => {
      const heading = button.closest("th"), was = heading.getAttribute("aria-sort");
      for (const other of table.querySelectorAll("[aria-sort]")) other.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", was === "descending" ? "ascending" : "descending");
      order();
    });
  const words = more.textContent;
  more.addEventListener("click", () => {
    more.dataset.all = more.dataset.all ? "" : "yes";
    more.textContent = more.dataset.all ? `Show the first ${more.dataset.first}` : words;
    shorten();
  });
  shorten();
}

// ---- Totals -----------------------------------------------------------------------------------

const added = (lengths) => lengths.reduce((sum, one) => ({ value: sum.value + one.value, low: sum.low + one.low, high: sum.high + one.high, resolved: true }), NOTHING);
const total = (which) => document.querySelector(`[data-total="${which}"]`);

function totals() {
  const all = photographs(), scaled = all.filter((one) => one.scale);
  const lengths = (some) => added(some.map((one) => [one, one.root.querySelector(".facts [data-px]")]).filter(([, span]) => span)
    .map(([one, span]) => inUnit(parsed(span.dataset.px), one.scale)));
  const [value, ends] = sumWords(lengths(scaled), "mm");
  const [pixels] = sumWords(lengths(all.filter((one) => !one.scale)), "px");
  const parts = [...(scaled.length ? [value] : []), ...(scaled.length < all.length ? [pixels] : [])];
  total("value").textContent = parts.join(" and ");
  total("ends").textContent = scaled.length ? `${ends} ${value.split(" ")[1]}` : "no photograph has a scale";
  total("scaled").textContent = `${scaled.length.toLocaleString("en")} of ${all.length.toLocaleString("en")}`;
}

function worst() {
  if (!table) return;
  for (const row of table.tBodies[0].rows) reword(row, photographOf(row));
  order();
  const first = [...table.tBodies[0].rows].sort((one, other) => {
    const [a, b] = [rank(one, 3), rank(other, 3)];
    return a[0] - b[0] || a[1] - b[1] || b[2] - a[2];
  })[0];
  const link = first.cells[0].querySelector("a");
  total("worst").replaceChildren(first.cells[3].firstElementChild.cloneNode(true));
  total("link").href = link.getAttribute("href");
  total("link").textContent = link.textContent;
}

// ---- Classes and histogram --------------------------------------------------------------------

// Every place with a width in millimetres, or in pixels where no photograph has a scale.
function* widths(some) {
  for (const one of some)
    for (const branch of one.branches)
      for (let at = 0; at < branch.count; at++) {
        const length = branch.step * (one.scale ? one.scale[0] : 1);
        yield Number.isNaN(branch.width[at]) ? { length } : { length, ...inUnit(one.measured(branch, at), one.scale) };
      }
}

function classes(scaled) {
  const lengths = new Map();
  for (const { length, value, low, high, resolved } of widths(scaled)) {
    const { limits, labels } = scaled[0].data, one = classIndex(low, limits);
    const label = value === undefined ? NOT_MEASURED : !resolved ? NOT_RESOLVED : one === classIndex(high, limits) ? labels[one] : CANNOT_TELL;
    lengths.set(label, (lengths.get(label) || 0) + length);
  }
  const whole = [...lengths.values()].reduce((sum, one) => sum + one, 0) || 1;
  for (const row of $("classes").rows) {
    const length = lengths.get(row.dataset.label) || 0;
    row.cells[1].textContent = sumWords({ ...NOTHING, value: length }, "mm")[0];
    row.cells[2].textContent = percent(length / whole);
  }
}

function percent(share) {
  return `${Number((100 * share).toPrecision(2))}\u00a0%`;
}

function histogram(some, unit) {
  const sure = new Map(), blind = new Map();
  for (const { length, value, resolved } of widths(some)) {
    if (!(value > 0)) continue;
    const bins = resolved ? sure : blind, bin = Math.floor(BINS * Math.log10(value));
    bins.set(bin, (bins.get(bin) || 0) + length);
  }
  const used = [...sure.keys(), ...blind.keys()], figure = $("histogram");
  if (!used.length) return figure.replaceChildren();
  const limits = unit === "mm" ? some[0].data.limits : [];
  const first = Math.min(...used) - 1, last = Math.max(...used) + 2;
  const wide = Math.max(Math.min(figure.clientWidth, 720), 300), high = 300, left = 56, right = 12, top = 60, bottom = 44;
  const sum = (bin) => (sure.get(bin) || 0) + (blind.get(bin) || 0);
  const peak = used.reduce((best, bin) => (sum(bin) > sum(best) ? bin : best));
  const isLong = unit === "mm" && sum(peak) >= 1000, per = isLong ? 1000 : 1;
  const most = niceAbove(sum(peak) / per);
  const x = (bin) => left + ((wide - left - right) * (bin - first)) / (last - first), y = (length) => high - bottom - ((high - top - bottom) * length) / per / most;
  const at = (width) => x(BINS * Math.log10(width));
  const bar = (bin, from, length, name) => drawn("rect", { class: name, x: x(bin) + 1, width: Math.max(x(bin + 1) - x(bin) - 2, 1), y: y(from + length), height: Math.max(y(from) - y(from + length), 0) });
  const text = (right, down, words, name) => drawn("text", { x: right, y: down, class: name }, words);
  const edge = (bin) => 10 ** (bin / BINS);
  const marks = decades(edge(first), edge(last), wide);
  const shown = limits.filter((limit) => limit > edge(first) && limit < edge(last));
  let row = 0, past = -Infinity;
  const flags = shown.flatMap((limit) => {
    row = at(limit) - past < 34 ? (row + 1) % 3 : 0;
    past = at(limit);
    return [drawn("path", { class: "limit", d: `M${at(limit)} ${14 + 12 * row}V${high - bottom}` }), text(at(limit) + 3, 12 + 12 * row, String(limit), "start flag")];
  });
  const says = `Histogram: length of cracks by their width in ${unit}; most of it is between ${widthDigits(edge(peak))} and ${widthDigits(edge(peak + 1))} ${unit}`;
  figure.replaceChildren(
    drawn("svg", { viewBox: `0 0 ${wide} ${high}`, role: "img", "aria-label": says, style: `max-width: ${wide}px` },
      ...ticks(most).map((tick) => drawn("path", { class: "grid", d: `M${left} ${y(tick * per)}H${wide - right}` })),
      ...[...sure].map(([bin, length]) => bar(bin, 0, length, "sure")),
      ...[...blind].map(([bin, length]) => bar(bin, sure.get(bin) || 0, length, "blind")),
      ...flags,
      ...ticks(most).map((tick) => text(left - 6, y(tick * per) + 4, String(tick), "end")),
      ...marks.map((mark) => text(at(mark), high - bottom + 18, String(mark), "middle")),
      text((left + wide - right) / 2, high - 6, `width in ${unit}`, "middle"),
      text(left + 4, top - 4, isLong ? "m of crack" : `${unit} of crack`, "start")),
    Object.assign(document.createElement("figcaption"), {
      textContent: "Filled: resolved widths. Dashed outlines: widths that are not resolved, at their best guess." +
        (limits.length ? " Vertical lines: the limits between classes, in mm." : " In pixels, as no photograph has a scale.") +
        (some.length < photographs().length ? " Photographs without a scale are left out: set it at their cards." : ""),
    }));
}

// Widths of 1, 2 and 5 times powers of ten, fewer on a narrow page.
function decades(low, high, wide) {
  const factors = wide / Math.log10(high / low) > 160 ? [1, 2, 5] : [1];
  const powers = Array.from({ length: 8 }, (_, at) => at - 4);
  return powers.flatMap((power) => factors.map((factor) => Number((factor * 10 ** power).toPrecision(3)))).filter((one) => one >= low && one <= high);
}

function update() {
  const all = photographs(), scaled = all.filter((one) => one.scale);
  totals();
  worst();
  classes(scaled);
  histogram(scaled.length ? scaled : all, scaled.length ? "mm" : "px");
}

// ---- The page -----------------------------------------------------------------------------------

let waiting = 0;
function soon() {
  cancelAnimationFrame(waiting);
  waiting = requestAnimationFrame(update);
}

document.addEventListener("crackseg:scale", ({ target, detail }) => {
  const { scale } = photographs().find((one) => one.root === target);
  if (detail.everywhere) for (const other of photographs()) if (other.root !== target) other.setScale(scale);
  soon();
});

function openTarget() {
  const target = location.hash && $(decodeURIComponent(location.hash.slice(1))), details = target && target.closest("details");
  if (details && !details.open) { details.open = true; target.scrollIntoView(); }
}

addEventListener("hashchange", openTarget);
openTarget();
const scaledAtFirst = photographs().filter((one) => one.scale);
histogram(scaledAtFirst.length ? scaledAtFirst : photographs(), scaledAtFirst.length ? "mm" : "px");
})();
