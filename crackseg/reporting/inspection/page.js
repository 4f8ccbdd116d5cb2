// What all photographs of the page say together, anew whenever the scale of one changes.
const $ = (id) => document.getElementById(id);
const table = document.querySelector("table.worst"), more = $("more");
const CANNOT_TELL = "cannot tell", NOT_RESOLVED = "not resolved", NOT_MEASURED = "no width taken";

// ---- The table of the worst cracks ------------------------------------------------------------

const photographOf = (row) => crackseg.of(row.dataset.of);

// Of a row's length: whether it is in millimetres, how much it surely is, and how much at most.
function rank(row, column) {
  const span = row.cells[column].querySelector("[data-px]");
  if (!span) return [2, 0, 0];
  const { scale } = photographOf(row), length = inUnit(parsed(span.dataset.px), scale);
  return [scale ? 0 : 1, length.low, length.high];
}

// Sorts what has a rank: those in millimetres first, and of these the smallest first for a sign of 1.
const bySign = (sign) => ({ rank: one }, { rank: other }) =>
  one[0] - other[0] || sign * (one[1] - other[1] || one[2] - other[2]);
const ranked = (column) => [...table.tBodies[0].rows].map((row) => ({ row, rank: rank(row, column) }));

function order() {
  const heading = table.querySelector("[aria-sort]"), column = heading.cellIndex, body = table.tBodies[0];
  const sign = heading.getAttribute("aria-sort") === "descending" ? -1 : 1;
  body.append(...ranked(column).sort(bySign(sign)).map(({ row }) => row));
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

const added = (lengths) => lengths.reduce((sum, one) => ({ value: sum.value + one.value, low: sum.low + one.low, high: sum.high + one.high, resolved: true }), alone(0));
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
  const first = ranked(3).sort(bySign(-1))[0].row;
  const link = first.cells[0].querySelector("a");
  total("worst").replaceChildren(first.cells[3].firstElementChild.cloneNode(true));
  total("link").href = link.getAttribute("href");
  total("link").textContent = link.textContent;
}

// ---- Classes ----------------------------------------------------------------------------------

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
    row.cells[1].textContent = sumWords(alone(length), "mm")[0];
    row.cells[2].textContent = percent(length / whole);
  }
}

function percent(share) {
  return `${Number((100 * share).toPrecision(2))}\u00a0%`;
}

function update() {
  totals();
  worst();
  classes(photographs().filter((one) => one.scale));
  drawHistogram($("histogram"));
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
drawHistogram($("histogram"));
