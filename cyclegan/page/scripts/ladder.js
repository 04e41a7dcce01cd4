// A slider over rungs: their pictures, which lie over each other, are faded from one into the next, and a
// dot moves on the curve. Between two rungs no network stands: what is let go of comes to rest on one.
const GLIDE = 64, FRAME = 16; // Milliseconds from one to the next, and of the first step on the way.
const isStill = matchMedia('(prefers-reduced-motion: reduce)');
let pressed = false, frame = 0;
const kept = new Map(); // Where each ladder stands, for when another picture takes its place.

const show = (ladder, value) => {
  const lower = Math.floor(value), share = value - lower, nearest = Math.round(value);
  for (const stack of ladder.querySelectorAll('.stack')) {
    [...stack.children].forEach((image, i) => {
      image.hidden = i !== lower && !(i === lower + 1 && share);
      image.style.opacity = i > lower ? share : 1;
      image.ariaHidden = String(i !== nearest);
    });
  }
  for (const words of ladder.querySelectorAll('.of-rung'))
    [...words.children].forEach((one, i) => { one.hidden = i !== nearest; });
  const stops = [...ladder.querySelectorAll('.stops span')];
  stops.forEach((one, i) => one.classList.toggle('now', i === nearest));
  const way = ladder.querySelector('.plane .way')?.points;
  if (!way) return;
  const a = way.getItem(lower), b = way.getItem(Math.min(lower + 1, way.numberOfItems - 1));
  const x = a.x + share * (b.x - a.x), y = a.y + share * (b.y - a.y);
  ladder.querySelector('.plane .now').setAttribute('d', `M${x},${y}h0`);
};
// Where a ladder is drawn, and the rung that is meant, to which it may be on its way.
const drawn = new WeakMap(), meant = new WeakMap();
const place = (range, value) => {
  drawn.set(range, value);
  show(range.closest('.ladder'), value);
};
const mean = (range, stop) => {
  cancelAnimationFrame(frame);
  meant.set(range, stop);
  kept.set([...element.querySelectorAll('.ladder input')].indexOf(range), stop);
  const ladder = range.closest('.ladder'), {name} = ladder.querySelectorAll('.stops span')[stop].dataset;
  range.setAttribute('aria-valuetext', name);
  ladder.querySelector('output').textContent = name;
};
const settle = (range, stop) => {
  mean(range, stop);
  range.value = stop;
  const from = drawn.get(range), started = performance.now() - FRAME;
  const step = () => {
    const way = isStill.matches ? 1 : Math.min(1, (performance.now() - started) / GLIDE);
    place(range, from + (stop - from) * way);
    if (way < 1) frame = requestAnimationFrame(step);
  };
  step();
};
element.addEventListener('pointerdown', ({target}) => { pressed = target.matches('.ladder input'); });
const release = () => setTimeout(() => { pressed = false; });
document.addEventListener('pointerup', release);
document.addEventListener('pointercancel', release);
element.addEventListener('keydown', () => { pressed = false; });
element.addEventListener('input', ({target}) => {
  if (!target.matches('.ladder input')) return;
  const value = Number(target.value), last = Number(target.max);
  if (pressed) {
    mean(target, Math.round(value));
    return place(target, value);
  }
  // By a key, or by whatever reads the page out: one rung, however little that moved it.
  const now = meant.get(target), isEnd = value === 0 || value === last;
  settle(target, isEnd ? value : now + Math.sign(value - now));
});
element.addEventListener('change', ({target}) => {
  if (target.matches('.ladder input')) settle(target, Math.round(Number(target.value)));
});
// Another answer, in the place of the one before or in its very elements: each ladder stays where it was.
const stay = () => {
  element.querySelectorAll('.ladder input').forEach((range, i) => {
    const stop = Math.min(kept.get(i) ?? 0, Number(range.max)), ladder = range.closest('.ladder');
    const {name} = ladder.querySelectorAll('.stops span')[stop].dataset;
    if (drawn.has(range) && ladder.querySelector('output').textContent === name) return;
    mean(range, stop);
    range.value = stop;
    place(range, stop);
  });
};
new MutationObserver(stay).observe(element, {childList: true, subtree: true, characterData: true});
stay();
