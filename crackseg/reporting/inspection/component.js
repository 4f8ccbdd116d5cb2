// One photograph to look at closely; all that come into the page are looked after.
// Distance at which the pointer finds a crack, in pixels of the screen; the most that one pixel is enlarged.
const NEAR = 16, MOST_ZOOM = 12, STEP = 1.3;
const SHADES = 6;
// Bands of widths in pixels, which stand for classes where the scale is not known.
const PIXEL_BANDS = [2, 4, 8, 16];
const PIXEL_LABELS = ["up to 2 px", "2 to 4 px", "4 to 8 px", "8 to 16 px", "above 16 px"];

// ---- A photograph ---------------------------------------------------------------------------

function unpacked(branch) {
  const summed = (steps) => { let at = 0; return steps.map((step) => (at += step) / 10); };
  const hundredths = (list) => list.map((one) => (one < 0 ? NaN : one / 100));
  const count = branch.x.length, x = summed(branch.x), y = summed(branch.y);
  return {
    crack: branch.crack, count, step: branch.length / count, length: branch.length,
    x, y, along: alongOf(x, y, branch.length),
    width: hundredths(branch.width), low: hundredths(branch.low), high: hundredths(branch.high),
    resolved: Array.from(branch.resolved, (one) => one === "1"),
  };
}

// Lengths from a branch's begin to each of its places; the last two may be closer than the others.
function alongOf(x, y, length) {
  let sum = 0;
  const along = x.map((_, at) => (sum += at ? Math.hypot(x[at] - x[at - 1], y[at] - y[at - 1]) : 0));
  return along.map((one) => (one * length) / (sum || 1));
}

// Where each branch begins along its crack, whose branches count one after the other.
function chained(branches) {
  const ends = new Map();
  for (const branch of branches) {
    branch.start = ends.get(branch.crack) || 0;
    ends.set(branch.crack, branch.start + branch.length);
  }
  return branches;
}

class Photograph {
  constructor(root) {
    this.root = root;
    this.data = JSON.parse(root.querySelector(".data").textContent);
    this.branches = chained(this.data.branches.map(unpacked));
    this.places = this.branches.flatMap((branch) => Array.from(branch.x, (_, at) => ({ branch, at })));
    this.scale = this.stored = this.data.scale && [...this.data.scale, this.data.coverage];
    this.stage = root.querySelector(".stage");
    this.picture = this.stage.querySelector("img");
    this.view = { x: 0, y: 0, zoom: 1 };
    this.marked = null;
    this.scaling = null;
    this.isDrawn = false;
    this.numbers = [];
    this.listen();
  }

  do(name) { return this.root.querySelector(`[data-do="${name}"]`); }
  get height() { return this.data.size[0]; }
  get width() { return this.data.size[1]; }
  get limits() { return this.scale ? this.data.limits : PIXEL_BANDS; }
  get labels() { return this.scale ? this.data.labels : PIXEL_LABELS; }
  // Pixels of the screen for each of the photograph.
  get fit() { return Math.min(this.stage.clientWidth / this.width, this.stage.clientHeight / this.height) || 1; }
  get k() { return this.fit * this.view.zoom; }

  // ---- Drawing

  draw() {
    if (this.isDrawn) return;
    this.isDrawn = true;
    this.lines = drawn("g", { class: "lines" });
    this.marks = drawn("g", { class: "marks" });
    this.overlay = drawn("svg", { "aria-hidden": "true" }, drawn("g", { transform: "translate(.5 .5)" }, this.lines, this.marks));
    this.bubble = element("div", { class: "bubble", hidden: "" });
    this.stage.append(this.overlay, this.bubble);
    this.place();
    new ResizeObserver(() => this.place()).observe(this.stage);
    let wide = this.root.clientWidth;
    new ResizeObserver(() => { if (wide !== (wide = this.root.clientWidth)) this.drawAlong(); }).observe(this.root);
    for (const details of this.root.querySelectorAll("details")) details.addEventListener("toggle", () => this.drawAlong());
    this.redraw();
  }

  redraw() {
    if (!this.isDrawn) return;
    this.drawLines();
    this.drawAlong();
    this.drawKey();
    this.label();
    this.show(this.marked);
  }

  kind(branch, at) {
    if (Number.isNaN(branch.width[at])) return "none";
    if (!branch.resolved[at]) return "blind";
    return `shade${this.shade(classIndex(inUnit(this.measured(branch, at), this.scale).value, this.limits))}`;
  }

  shade(index) { return Math.round((index * (SHADES - 1)) / Math.max(this.limits.length, 1)); }

  measured(branch, at) {
    return { value: branch.width[at], low: branch.low[at], high: branch.high[at], resolved: branch.resolved[at] };
  }

  drawLines() {
    const paths = new Map();
    let casing = "";
    for (const branch of this.branches) {
      let last = null;
      for (let at = 0; at < branch.count; at++) {
        const here = `${branch.x[at]} ${branch.y[at]}`;
        casing += `${at ? "L" : "M"}${here}`;
        const kind = this.kind(branch, Math.min(at, branch.count - 1));
        if (last) paths.set(last, `${paths.get(last)}L${here}`);
        if (kind !== last) paths.set(kind, `${paths.get(kind) || ""}M${here}`);
        last = kind;
      }
    }
    this.lines.replaceChildren(drawn("path", { class: "casing", d: casing }),
      ...Array.from(paths, ([kind, d]) => drawn("path", { class: kind, d })));
    // Too many numbers hide what they stand for.
    this.numbers = this.branches.filter((one, at, all) => at === all.findIndex((other) => other.crack === one.crack)).slice(0, 40)
      .map((branch) => {
        const at = branch.count >> 1;
        const text = drawn("text", { x: branch.x[at], y: branch.y[at] }, String(branch.crack));
        this.lines.append(text);
        return text;
      });
  }

  // Numbers keep their size on the screen, and stay inside the photograph. None covers another: the shorter crack's is left out.
  label() {
    const { k } = this, taken = [];
    for (const text of this.numbers) {
      const [x, y] = ["x", "y"].map((name) => k * text.getAttribute(name));
      const isFree = taken.every(([left, top]) => Math.abs(x - left) > 24 || Math.abs(y - top) > 16);
      if (isFree) taken.push([x, y]);
      const isLast = x > k * this.width - 32;
      text.style.display = isFree ? "" : "none";
      text.classList.toggle("end", isLast);
      text.setAttribute("font-size", 14 / k);
      text.setAttribute("stroke-width", 3 / k);
      text.setAttribute("dx", (isLast ? -8 : 8) / k);
      text.setAttribute("dy", (y < 24 ? 20 : -8) / k);
    }
  }

  drawKey() {
    const swatch = (kind) => drawn("svg", { class: "swatch", width: 34, height: 16, viewBox: "0 0 34 16", "aria-hidden": "true" },
      drawn("g", { class: "lines" }, drawn("path", { class: "casing", d: "M3 8h28" }), drawn("path", { class: kind, d: "M3 8h28" })));
    const entries = this.labels.map((label, index) => [`shade${this.shade(index)}`, label]);
    entries.push(["blind", "not resolved"], ["none", "no width taken"]);
    this.root.querySelector("[data-key]").replaceChildren(
      ...(this.places.length ? entries : []).map(([kind, label]) => element("li", {}, swatch(kind), ` ${label}`)));
  }

  // ---- The view

  place() {
    const { clientWidth: wide, clientHeight: high } = this.stage, k = this.k;
    if (!this.isDrawn || !wide) return;
    const clamped = (at, size, shown) => (size <= shown ? (size - shown) / 2 : Math.min(Math.max(at, 0), size - shown));
    const view = this.view;
    view.x = clamped(view.x, this.width, wide / k);
    view.y = clamped(view.y, this.height, high / k);
    // On paper CSS places the picture, and whole: in a stage of another size than the window's.
    const shown = onPaper ? [0, 0, this.width, this.height] : [view.x, view.y, wide / k, high / k];
    this.overlay.setAttribute("viewBox", shown.join(" "));
    Object.assign(this.picture.style, {
      width: `${this.width * k}px`, height: `${this.height * k}px`, maxWidth: "none", objectFit: "fill",
      left: `${-view.x * k}px`, top: `${-view.y * k}px`,
      imageRendering: k > 4 * this.data.shown ? "pixelated" : "auto",
    });
    this.stage.classList.toggle("zoomed", view.zoom > 1);
    this.label();
    this.drawMarks();
  }

  // Zooms about a place of the stage, in pixels of the screen.
  zoom(factor, x = this.stage.clientWidth / 2, y = this.stage.clientHeight / 2) {
    const view = this.view, before = this.k;
    view.zoom = Math.min(Math.max(view.zoom * factor, 1), Math.max(MOST_ZOOM / this.fit, 1));
    view.x += x / before - x / this.k;
    view.y += y / before - y / this.k;
    this.place();
  }

  move(x, y) {
    this.view.x += x / this.k;
    this.view.y += y / this.k;
    this.place();
  }

  whole() {
    this.view = { x: 0, y: 0, zoom: 1 };
    this.place();
  }

  prepareForPaper() {
    this.draw();
    this.picture.decoding = "sync";
    this.whole();
  }

  // Position in the photograph; whole numbers are the middles of pixels.
  at(event) {
    const box = this.stage.getBoundingClientRect();
    return {
      x: this.view.x + (event.clientX - box.left - this.stage.clientLeft) / this.k - 0.5,
      y: this.view.y + (event.clientY - box.top - this.stage.clientTop) / this.k - 0.5,
    };
  }

  lookAt(x, y, wide) {
    this.view.zoom = Math.max(Math.min(this.stage.clientWidth / (wide * this.fit), MOST_ZOOM / this.fit), 1);
    this.view.x = x - this.stage.clientWidth / this.k / 2;
    this.view.y = y - this.stage.clientHeight / this.k / 2;
    this.place();
  }

  showCrack(number) {
    const parts = this.branches.filter((branch) => branch.crack === number);
    const x = parts.flatMap((branch) => branch.x), y = parts.flatMap((branch) => branch.y);
    const [left, right, top, bottom] = [Math.min(...x), Math.max(...x), Math.min(...y), Math.max(...y)];
    const span = Math.max(right - left, ((bottom - top) * this.stage.clientWidth) / this.stage.clientHeight, 60);
    this.lookAt((left + right) / 2, (top + bottom) / 2, 1.25 * span);
    this.stage.scrollIntoView({ block: "nearest" });
    this.stage.focus({ preventScroll: true });
  }

  // ---- The width at a place

  nearest({ x, y }) {
    let best = NEAR / this.k, found = null;
    this.places.forEach((place, index) => {
      const distance = Math.hypot(place.branch.x[place.at] - x, place.branch.y[place.at] - y);
      if (distance < best) [best, found] = [distance, index];
    });
    return found;
  }

  words(index) {
    const { branch, at } = this.places[index];
    const along = lengthWords(alone(branch.start + branch.along[at]), this.scale)[0];
    const where = `Crack ${branch.crack}, ${along} along`;
    if (Number.isNaN(branch.width[at])) return [where, "no width taken", "too close to an end, or branches meet"];
    const width = this.measured(branch, at), [value, ends] = widthWords(width, this.scale);
    const name = this.scale ? classWords(width, this.scale, this.data) : "";
    return [where, width.resolved ? `${value} (${ends})` : `${value}: ${ends}`, name && `class: ${name}`];
  }

  // Shows the width at a place; none hides it.
  show(index) {
    this.marked = index;
    const range = this.do("place");
    if (index !== null && range) {
      range.value = index;
      range.setAttribute("aria-valuetext", this.words(index).filter(Boolean).join(": "));
    }
    this.drawMarks();
    this.root.dispatchEvent(new CustomEvent("crackseg:place"));
  }

  drawMarks() {
    if (!this.isDrawn) return;
    const shown = [];
    if (this.marked !== null) shown.push(...this.acrossCrack());
    if (this.scaling) shown.push(...this.scaleMarks());
    this.marks.replaceChildren(...shown);
    this.placeBubble();
    for (const plot of this.root.querySelectorAll(".along svg")) this.cursor(plot);
  }

  // The width as a bar across the crack, and its upper end as ticks.
  acrossCrack() {
    const { branch, at } = this.places[this.marked];
    const x = branch.x[at], y = branch.y[at], before = Math.max(at - 1, 0), after = Math.min(at + 1, branch.count - 1);
    const along = [branch.x[after] - branch.x[before], branch.y[after] - branch.y[before]];
    const norm = Math.hypot(...along) || 1, across = [-along[1] / norm, along[0] / norm];
    const to = (distance) => `${x + distance * across[0]} ${y + distance * across[1]}`;
    const ring = drawn("circle", { class: "ring", cx: x, cy: y, r: 7 / this.k });
    const half = branch.width[at] / 2;
    return Number.isNaN(half) ? [ring] : [ring, drawn("path", { class: "across", d: `M${to(-half)}L${to(half)}` })];
  }

  placeBubble() {
    this.bubble.hidden = this.marked === null;
    if (this.bubble.hidden) return;
    const { branch, at } = this.places[this.marked], [where, value, name] = this.words(this.marked);
    this.bubble.replaceChildren(element("span", {}, where), element("b", {}, value), ...(name ? [element("span", {}, name)] : []));
    const x = (branch.x[at] + 0.5 - this.view.x) * this.k, y = (branch.y[at] + 0.5 - this.view.y) * this.k;
    const { offsetWidth: wide, offsetHeight: high } = this.bubble;
    this.bubble.style.left = `${Math.min(Math.max(x - wide / 2, 2), this.stage.clientWidth - wide - 2)}px`;
    this.bubble.style.top = `${y > high + 18 ? y - high - 14 : y + 16}px`;
  }

  // Moves the view where a place is out of it.
  reveal(index) {
    const { branch, at } = this.places[index], x = branch.x[at], y = branch.y[at];
    const wide = this.stage.clientWidth / this.k, high = this.stage.clientHeight / this.k;
    const inside = x > this.view.x && x < this.view.x + wide && y > this.view.y && y < this.view.y + high;
    if (!inside) Object.assign(this.view, { x: x - wide / 2, y: y - high / 2 });
    this.place();
  }

  // ---- The width along a crack

  drawAlong() {
    if (!this.isDrawn) return;
    for (const holder of this.root.querySelectorAll("[data-along]"))
      if (holder.clientWidth) this.drawPlot(holder, Number(holder.closest("[data-crack]").dataset.crack));
  }

  drawPlot(holder, number) {
    const plot = alongPlot(this, number, holder.clientWidth);
    holder.replaceChildren(...(plot ? [plot] : []));
    if (plot) this.cursor(plot);
  }

  // Shows the place of a crack that the pointer is above in its plot.
  pointAlong(plot, event) {
    const box = plot.getBoundingClientRect(), { first, at } = plot.crack;
    const here = ((event.clientX - box.left) * plot.viewBox.baseVal.width) / box.width;
    const best = at.reduce((found, one, index) => (Math.abs(one - here) < Math.abs(at[found] - here) ? index : found), 0);
    this.show(first + best);
    this.reveal(first + best);
  }

  cursor(plot) {
    const { first, count, at, top, foot } = plot.crack, here = this.marked === null ? -1 : this.marked - first;
    plot.querySelector(".cursor").setAttribute("d", here >= 0 && here < count ? `M${at[here]} ${top}V${foot}` : "");
  }

  // ---- The scale

  begin() {
    this.scaling = { points: [], cross: { x: this.view.x + this.stage.clientWidth / this.k / 2, y: this.view.y + this.stage.clientHeight / this.k / 2 } };
    this.root.querySelector(".scaling").hidden = false;
    this.root.querySelector(".everywhere").hidden = photographs().length < 2;
    this.do("scale").setAttribute("aria-expanded", "true");
    this.stage.focus({ preventScroll: true });
    this.askForPoint();
  }

  end() {
    this.scaling = null;
    this.root.querySelector(".scaling").hidden = true;
    this.do("scale").setAttribute("aria-expanded", "false");
    this.drawMarks();
  }

  addPoint(point) {
    const { points } = this.scaling;
    if (points.length === 2) points.length = 0;
    // By hand nobody is surer than half a pixel of what is on the screen.
    points.push({ ...point, error: Math.max(0.5, 0.5 / this.data.shown, 0.5 / this.k) });
    this.askForPoint();
  }

  askForPoint() {
    const { points } = this.scaling, form = this.root.querySelector(".scaling");
    const apart = points.length === 2 ? Math.hypot(points[0].x - points[1].x, points[0].y - points[1].y) : 0;
    form.querySelector("[data-step]").textContent = [
      "Click one end of a length that you know: a ruler, a joint, a brick. By keyboard: arrow keys move the cross, with Shift by one pixel, and Enter sets the point.",
      "Now its other end; the further away, the surer the scale.",
      apart ? `The points are ${apart.toFixed(1)} pixels apart. How many millimetres is that? A third click begins anew.` : "Both points are at the same place: click again, and then far from it.",
    ][points.length];
    form.querySelector('[type="submit"]').disabled = !apart;
    if (apart) form.elements.distance.focus({ preventScroll: true });
    this.drawMarks();
  }

  scaleMarks() {
    const { points, cross } = this.scaling, arm = 12 / this.k;
    const at = ({ x, y }, name) => drawn("path", { class: name, d: `M${x - arm} ${y}H${x + arm}M${x} ${y - arm}V${y + arm}` });
    const between = points.length === 2 ? [drawn("path", { class: "measure", d: `M${points[0].x} ${points[0].y}L${points[1].x} ${points[1].y}` })] : [];
    return [...between, ...points.map((point) => at(point, "point")), at(cross, "cross")];
  }

  apply(event) {
    event.preventDefault();
    const form = event.target, [one, other] = this.scaling.points;
    const number = (name) => Number(form.elements[name].value.trim().replace(",", "."));
    const length = number("distance"), error = number("error");
    const wrong = !(length > 0 && Number.isFinite(length)) ? "distance" : !(error >= 0 && Number.isFinite(error)) ? "error" : null;
    for (const name of ["distance", "error"]) form.elements[name].setAttribute("aria-invalid", String(name === wrong));
    if (wrong) {
      form.querySelector("[data-step]").textContent = wrong === "distance" ? "The distance is a number of millimetres greater than 0." : "The uncertainty of the distance is a number of millimetres, at least 0.";
      return form.elements[wrong].focus();
    }
    const apart = Math.hypot(one.x - other.x, one.y - other.y), s = length / apart;
    const share = Math.hypot(Math.hypot(one.error, other.error) / apart, error / length);
    this.end();
    this.setScale([s, s * share, this.data.coverage], form.elements.everywhere.checked);
    this.do("scale").focus();
  }

  setScale(scale, everywhere = false) {
    this.scale = scale;
    this.do("reset").hidden = scale === this.stored;
    this.root.querySelector("[data-scale]").textContent = scaleWords(scale);
    reword(this.root, this);
    this.redraw();
    this.root.dispatchEvent(new CustomEvent("crackseg:scale", { bubbles: true, detail: { everywhere } }));
  }

  // ---- Hands

  listen() {
    const on = (name, act) => this.do(name)?.addEventListener("click", act);
    on("in", () => this.zoom(STEP * STEP));
    on("out", () => this.zoom(1 / STEP / STEP));
    on("fit", () => this.whole());
    on("lines", () => this.toggleLines());
    on("scale", () => (this.scaling ? this.end() : this.begin()));
    on("cancel", () => { this.end(); this.do("scale").focus(); });
    on("reset", () => { this.setScale(this.stored); this.do("scale").focus(); });
    for (const button of this.root.querySelectorAll('[data-do="show"]'))
      button.addEventListener("click", () => this.showCrack(Number(button.closest("[data-crack]").dataset.crack)));
    const range = this.do("place");
    if (range) {
      range.max = this.places.length - 1;
      const choose = () => { this.draw(); this.show(Number(range.value)); this.reveal(this.marked); };
      range.addEventListener("input", choose);
      range.addEventListener("focus", choose);
    }
    this.root.querySelector(".scaling").addEventListener("submit", (event) => this.apply(event));
    this.stage.addEventListener("keydown", (event) => this.key(event));
    this.stage.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    this.listenToPointers();
  }

  toggleLines() {
    const hidden = this.stage.classList.toggle("bare");
    this.do("lines").setAttribute("aria-pressed", String(!hidden));
  }

  key(event) {
    const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const acts = {
      "+": () => this.zoom(STEP), "=": () => this.zoom(STEP), "-": () => this.zoom(1 / STEP), 0: () => this.whole(),
      l: () => this.toggleLines(), Escape: () => (this.scaling ? this.end() : this.show(null)),
      Enter: () => this.scaling && this.addPoint(this.scaling.cross),
    };
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const arrow = arrows[event.key];
    if (arrow && this.scaling) this.moveCross(arrow, event.shiftKey ? 1 : 10 / this.k);
    else if (arrow) this.move(60 * arrow[0], 60 * arrow[1]);
    else if (acts[event.key]) acts[event.key]();
    else return;
    event.preventDefault();
  }

  moveCross([right, down], pixels) {
    const { cross } = this.scaling;
    cross.x = Math.min(Math.max(cross.x + right * pixels, 0), this.width - 1);
    cross.y = Math.min(Math.max(cross.y + down * pixels, 0), this.height - 1);
    this.drawMarks();
  }

  wheel(event) {
    // Elsewhere the wheel moves the page.
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const box = this.stage.getBoundingClientRect();
    this.zoom(Math.exp(-event.deltaY / 300), event.clientX - box.left, event.clientY - box.top);
  }

  listenToPointers() {
    const held = new Map();
    let moved = false;
    this.stage.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      held.set(event.pointerId, event);
      moved = held.size > 1;
      this.stage.setPointerCapture(event.pointerId);
    });
    this.stage.addEventListener("pointermove", (event) => {
      const last = held.get(event.pointerId);
      if (!last) return held.size || this.show(this.nearest(this.at(event)));
      const other = [...held.values()].find((one) => one.pointerId !== event.pointerId);
      const right = event.clientX - last.clientX, down = event.clientY - last.clientY;
      if (!other && !moved && Math.hypot(right, down) < 5) return;
      moved = true;
      if (other) this.pinch(last, event, other);
      else this.move(-right, -down);
      held.set(event.pointerId, event);
    });
    const release = (event) => {
      const was = held.delete(event.pointerId);
      if (was && event.type === "pointerup" && !moved) this.press(this.at(event));
    };
    this.stage.addEventListener("pointerup", release);
    this.stage.addEventListener("pointercancel", release);
    this.stage.addEventListener("pointerleave", () => held.size || this.show(null));
  }

  pinch(before, now, other) {
    const box = this.stage.getBoundingClientRect();
    const apart = (one) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY) || 1;
    this.zoom(apart(now) / apart(before), (now.clientX + other.clientX) / 2 - box.left, (now.clientY + other.clientY) / 2 - box.top);
    this.move((before.clientX - now.clientX) / 2, (before.clientY - now.clientY) / 2);
  }

  press(point) {
    this.stage.focus({ preventScroll: true });
    const inside = point.x >= -0.5 && point.y >= -0.5 && point.x < this.width && point.y < this.height;
    if (!this.scaling) this.show(this.nearest(point));
    else if (inside) this.addPoint(point);
  }
}

// ---- All photographs --------------------------------------------------------------------------

const started = new Map();
let onPaper = false;

function photographs() {
  for (const root of started.keys()) if (!root.isConnected) started.delete(root);
  return [...started.values()];
}

// Drawn when they come near the window: hundreds at once would take long.
const near = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries)
    if (isIntersecting) { near.unobserve(target); started.get(target)?.draw(); }
}, { rootMargin: "600px" });

function start() {
  for (const root of document.querySelectorAll(".inspect"))
    if (!started.has(root)) { started.set(root, new Photograph(root)); near.observe(root); }
}

start();
new MutationObserver(start).observe(document, { childList: true, subtree: true });
addEventListener("beforeprint", () => { onPaper = true; for (const one of photographs()) one.prepareForPaper(); });
addEventListener("afterprint", () => { onPaper = false; for (const one of photographs()) one.place(); });

return { photographs, reword, parsed, inUnit, classIndex, sumWords, widthWords, lengthWords, widthDigits, drawn, drawnText, niceAbove, ticks, alone, of: (key) => started.get(document.getElementById(key)) };
