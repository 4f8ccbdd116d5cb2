// Length of cracks by their width, on a logarithmic axis, with the limits between classes.
const { parsed, photographs, reword, inUnit, classIndex, sumWords, widthDigits, drawn, drawnText, niceAbove, ticks, alone } = crackseg;

// Steps in a factor of ten.
const BINS = 12;
const PANEL = { high: 300, left: 56, right: 12, top: 60, bottom: 44 };
const edge = (bin) => 10 ** (bin / BINS);

// Every place with a width in millimetres, or in pixels of a photograph without a scale.
function* widths(some) {
  for (const one of some)
    for (const branch of one.branches)
      for (let at = 0; at < branch.count; at++) {
        const length = branch.step * (one.scale ? one.scale[0] : 1);
        yield Number.isNaN(branch.width[at]) ? { length } : { length, ...inUnit(one.measured(branch, at), one.scale) };
      }
}

function binned(some) {
  const sure = new Map(), blind = new Map();
  for (const { length, value, resolved } of widths(some)) {
    if (!(value > 0)) continue;
    const bins = resolved ? sure : blind, bin = Math.floor(BINS * Math.log10(value));
    bins.set(bin, (bins.get(bin) || 0) + length);
  }
  const used = [...sure.keys(), ...blind.keys()], sum = (bin) => (sure.get(bin) || 0) + (blind.get(bin) || 0);
  const peak = used.reduce((best, bin) => (sum(bin) > sum(best) ? bin : best), used[0]);
  return { sure, blind, peak, most: sum(peak), first: Math.min(...used) - 1, last: Math.max(...used) + 2 };
}

function drawHistogram(figure) {
  const all = photographs(), scaled = all.filter((one) => one.scale);
  const some = scaled.length ? scaled : all, unit = scaled.length ? "mm" : "px", bins = binned(some);
  if (bins.peak === undefined) return figure.replaceChildren();
  const limits = scaled.length ? scaled[0].data.limits : [];
  figure.replaceChildren(histogram(bins, limits, unit, Math.max(Math.min(figure.clientWidth, 720), 300)), caption(limits, some.length < all.length));
}

function histogram(bins, limits, unit, wide) {
  const { high, left, right, top, bottom } = PANEL, { first, last, peak } = bins;
  const per = unit === "mm" && bins.most >= 1000 ? 1000 : 1, most = niceAbove(bins.most / per);
  const x = (width) => left + ((wide - left - right) * (BINS * Math.log10(width) - first)) / (last - first);
  const y = (length) => high - bottom - ((high - top - bottom) * length) / per / most;
  const inside = (width) => width > edge(first) && width < edge(last);
  const says = `Histogram: length of cracks by their width in ${unit}; most of it is between ${widthDigits(edge(peak))} and ${widthDigits(edge(peak + 1))} ${unit}`;
  return drawn("svg", { viewBox: `0 0 ${wide} ${high}`, role: "img", "aria-label": says, style: `max-width: ${wide}px` },
    ...ticks(most).map((tick) => drawn("path", { class: "grid", d: `M${left} ${y(tick * per)}H${wide - right}` })),
    ...bars(bins, x, y), ...flags(limits.filter(inside), x),
    ...ticks(most).map((tick) => drawnText(left - 6, y(tick * per) + 4, String(tick), "end")),
    ...decades(wide / (last - first)).filter(inside).map((mark) => drawnText(x(mark), high - bottom + 18, String(mark), "middle")),
    drawnText((left + wide - right) / 2, high - 6, `width in ${unit}`, "middle"),
    drawnText(left + 4, top - 6, `${per > 1 ? "m" : unit} of crack`, "start"));
}

// What is not resolved stands on what is.
function bars({ sure, blind }, x, y) {
  const bar = (bin, from, length, name) => drawn("rect", {
    class: name, x: x(edge(bin)) + 1, width: Math.max(x(edge(bin + 1)) - x(edge(bin)) - 2, 1), y: y(from + length), height: Math.max(y(from) - y(from + length), 0),
  });
  return [
    ...Array.from(sure, ([bin, length]) => bar(bin, 0, length, "sure")),
    ...Array.from(blind, ([bin, length]) => bar(bin, sure.get(bin) || 0, length, "blind")),
  ];
}

// Limits that stand close together are named one below the other.
function flags(limits, x) {
  let row = 0, last = -Infinity;
  return limits.flatMap((limit) => {
    row = x(limit) - last < 34 ? (row + 1) % 3 : 0;
    last = x(limit);
    return [
      drawn("path", { class: "limit", d: `M${last} ${4 + 13 * row}V${PANEL.high - PANEL.bottom}` }),
      drawnText(last + 3, 12 + 13 * row, String(limit), "start flag"),
    ];
  });
}

// Widths of 1, 2 and 5 times powers of ten, fewer where a step is narrow.
function decades(wide) {
  const factors = wide > 13 ? [1, 2, 5] : [1];
  return Array.from({ length: 8 }, (_, at) => at - 4).flatMap((power) => factors.map((factor) => Number((factor * 10 ** power).toPrecision(3))));
}

function caption(limits, isPart) {
  const made = document.createElement("figcaption");
  made.textContent = "Filled: resolved widths. Dashed outlines: widths that are not resolved, at their best guess." +
    (limits.length ? " Vertical lines: the limits between classes, in mm." : " In pixels, as no photograph has a scale.") +
    (isPart ? " Photographs without a scale are left out: set it at their cards." : "");
  return made;
}
