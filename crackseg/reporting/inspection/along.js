// The width along one crack: its intervals as a band, and what is not resolved as dashes between bounds.
const FRAME = { high: 132, left: 44, right: 8, top: 14, bottom: 30 };

function alongPlot(photograph, number, wide) {
  const crack = alongCrack(photograph, number);
  const known = crack.widths.filter(Boolean);
  if (!known.length) return null;
  const { high, left, right, top, bottom } = FRAME, most = niceAbove(Math.max(...known.map((one) => one.high)));
  const x = (along) => left + ((wide - left - right) * along) / crack.whole, y = (width) => high - bottom - ((high - top - bottom) * width) / most;
  const across = (name) => (width) => drawn("path", { class: name, d: `M${left} ${y(width)}H${wide - right}` });
  const limits = photograph.scale ? photograph.data.limits.filter((limit) => limit < most) : [];
  const plot = drawn("svg", { viewBox: `0 0 ${wide} ${high}`, role: "img", "aria-label": alongWords(crack, known) },
    ...ticks(most).map(across("grid")), ...limits.map(across("limit")),
    ...crack.joints.map((along) => drawn("path", { class: "joint", d: `M${x(along)} ${top}V${high - bottom}` })),
    ...runsOf(crack).flatMap((run) => drawnRun(run, crack, x, y)), drawn("path", { class: "cursor", d: "" }),
    ...ticks(most).map((tick) => drawnText(left - 5, y(tick) + 4, String(tick), "end")),
    ...alongLabels(crack, wide));
  plot.crack = { first: crack.first, count: crack.places.length, at: crack.along.map(x), top, foot: high - bottom };
  plot.addEventListener("pointermove", (event) => photograph.pointAlong(plot, event));
  return plot;
}

// The places of a crack, one branch after the other, with their widths and how far along they are.
function alongCrack(photograph, number) {
  const { scale } = photograph, parts = photograph.branches.filter((branch) => branch.crack === number);
  const places = parts.flatMap((branch) => Array.from(branch.x, (_, at) => ({ branch, at })));
  const unit = scale ? scale[0] : 1, whole = parts.reduce((sum, branch) => sum + branch.length, 0);
  return {
    number, places, whole: unit * whole, parts: parts.length, unit: scale ? "mm" : "px",
    along: places.map(({ branch, at }) => unit * (branch.start + branch.along[at])),
    joints: parts.slice(1).map((branch) => unit * branch.start),
    first: photograph.places.findIndex((place) => place.branch.crack === number),
    widths: places.map(({ branch, at }) => (Number.isNaN(branch.width[at]) ? null : inUnit(photograph.measured(branch, at), scale))),
  };
}

// Runs of places that are all resolved or all not; within a branch each begins where the last ends.
function runsOf({ places, widths }) {
  const runs = [];
  widths.forEach((width, at) => {
    const last = places[at].at ? runs.at(-1) : null;
    if (!width) runs.push(null);
    else if (last && last.resolved === width.resolved) last.at.push(at);
    else runs.push({ resolved: width.resolved, at: last ? [at - 1, at] : [at] });
  });
  return runs.filter(Boolean);
}

function drawnRun({ resolved, at }, { along, widths }, x, y) {
  const points = (list, part) => list.map((one) => `${x(along[one]).toFixed(1)} ${y(widths[one][part]).toFixed(1)}`).join("L");
  const line = (name, part) => drawn("path", { class: name, d: `M${points(at, part)}` });
  if (!resolved) return [line("bound", "low"), line("bound", "high"), line("guess", "value")];
  const band = `M${points(at, "high")}L${points([...at].reverse(), "low")}Z`;
  return [drawn("path", { class: "band", d: band }), line("curve", "value")];
}

function alongLabels({ whole, parts, unit }, wide) {
  const { high, left, right } = FRAME, foot = high - 12;
  return [
    drawnText(left + 4, 10, unit, "start"), drawnText(left, foot, "0", "start"),
    drawnText(wide - right, foot, sumWords(alone(whole), unit)[0], "end"),
    drawnText((left + wide - right) / 2, foot, parts > 1 ? `along its ${parts} branches` : "along the crack", "middle"),
  ];
}

function alongWords({ number, whole, unit }, known) {
  const values = known.map((one) => one.value), share = known.filter((one) => one.resolved).length / known.length;
  return `Width along crack ${number}: ${widthDigits(Math.min(...values))} to ${widthDigits(Math.max(...values))} ${unit} ` +
    `over ${sumWords(alone(whole), unit)[0]}; ${Math.round(100 * share)} % of the places are resolved`;
}
