// The stage: frames of a training that the browser has already, under one scrubber. The scrubber,
// the curves' cursor, the weights λ and the values beside the curves are all of the step that is
// shown, and players of the last one before it that can be heard. What the page sends, new frames,
// sounds and longer curves, is taken in as it comes; who looks at the newest frame goes along with
// it, and who looks back stays where he is.
function stage(element) {
  const EACH = 140; // Milliseconds of a frame.
  const FAR = 10; // Frames that Page Up and Page Down go.

  // What is kept of a training: its frames by step, each a part of a picture.
  const kept = new Map();
  const sounds = new Map(); // Of the same training: addresses of sounds by step and name.
  let id = null, input = 0, timer = null;
  let at = null; // The step that is looked at; null: the newest.
  let pointed = null; // The one under the pointer, for as long as it is there.

  const part = (selector) => element.querySelector(selector);
  const all = (selector) => [...element.querySelectorAll(selector)];
  const frames = () => kept.get(id) ?? new Map();
  const steps = () => [...frames().keys()].sort((a, b) => a - b);
  const end = () => Math.max(1, Number(part('.tracks')?.dataset.last ?? 0), steps().at(-1) ?? 0);
  const words = (step) => step.toLocaleString('en');

  function takeIn() {
    const feed = part('.feed');
    if (!feed) return;
    const numbers = (text) => (text ? text.split(' ').map(Number) : []);
    if (!kept.has(feed.dataset.id)) {
      kept.clear(); // Of another training all is sent again.
      sounds.clear();
      kept.set(feed.dataset.id, new Map());
    }
    const own = kept.get(feed.dataset.id);
    for (const sent of feed.querySelectorAll('img')) {
      const those = numbers(sent.dataset.steps), across = Number(sent.dataset.across);
      if (own.get(those[0])?.img.src === sent.src) continue;
      // A copy: the page may show another picture in the same element next time.
      const img = Object.assign(new Image(), {onload: () => show(), src: sent.src});
      const down = Math.ceil(those.length / across);
      those.forEach((step, i) => own.set(step, {
        img, across, down, column: i % across, line: Math.floor(i / across),
      }));
    }
    for (const {dataset} of feed.querySelectorAll('[data-sound]')) {
      const step = Number(dataset.step);
      if (!sounds.has(step)) sounds.set(step, {});
      sounds.get(step)[dataset.name] = dataset.sound;
    }
    for (const [known, those] of [[own, feed.dataset.steps], [sounds, feed.dataset.heard]]) {
      const there = new Set(numbers(those));
      for (const step of known.keys()) if (!there.has(step)) known.delete(step);
    }
  }

  // Whatever was replaced on the page: taken in, and drawn at the same step as before.
  function refresh() {
    takeIn();
    const now = part('.stage')?.dataset.id ?? null;
    if (now !== id) { id = now; at = pointed = null; input = 0; stop(); }
    show();
  }

  const nearest = (list, step) => list.reduce(
    (best, one, i) => (Math.abs(one - step) < Math.abs(list[best] - step) ? i : best), 0);

  function place() {
    const list = steps(), wanted = pointed ?? at;
    return wanted === null ? list.length - 1 : nearest(list, wanted);
  }

  function show() {
    const list = steps(), index = place(), step = list[index];
    if (part('.stage') && step !== undefined) {
      draw(frames().get(step));
      tell(step);
      tune(step);
      scrub(list, index);
    }
    observer.takeRecords(); // Those were of this.
  }

  // A picture of many frames is decoded once, and not anew for each of them.
  const decoded = new WeakMap();
  const pixels = (img) => {
    if (!decoded.has(img)) {
      const {naturalWidth: width, naturalHeight: height} = img;
      const canvas = Object.assign(document.createElement('canvas'), {width, height});
      canvas.getContext('2d', {willReadFrequently: true}).drawImage(img, 0, 0);
      decoded.set(img, canvas);
    }
    return decoded.get(img);
  };

  function draw({img, across, down, column, line}) {
    if (!img.complete || !img.naturalWidth) return;
    const source = across > 1 ? pixels(img) : img;
    const rows = Number(part('.stage').dataset.rows), views = all('.arm.a canvas').length;
    const width = Math.floor(img.naturalWidth / (across * 2 * views));
    const height = Math.floor(img.naturalHeight / (down * rows));
    all('.arm').forEach((arm, number) => arm.querySelectorAll('canvas').forEach((canvas, view) => {
      if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, {width, height});
      const left = (column * 2 * views + number * views + view) * width;
      const top = (line * rows + input) * height;
      canvas.getContext('2d', {willReadFrequently: true}).drawImage(
        source, left, top, width, height, 0, 0, width, height);
    }));
    for (const given of all('.given [data-input]')) given.hidden = Number(given.dataset.input) !== input;
    for (const one of all('[data-choose]')) one.ariaPressed = String(Number(one.dataset.choose) === input);
  }

  // Text is set only where it changes: what is read out is not read again.
  const set = (node, text) => { if (node && node.textContent !== text) node.textContent = text; };
  const before = (list, step, key) => list.findLast((one) => one[key] <= step);

  function tell(step) {
    for (const arm of all('.arm')) {
      const now = before(JSON.parse(arm.dataset.phases), step, 'from');
      if (!now) continue;
      set(arm.querySelector('h3'), now.title);
      set(arm.querySelector('.below'), now.below);
      arm.querySelectorAll('li').forEach((item, i) => {
        set(item.querySelector('b'), now.weights[i][1]);
        item.classList.toggle('off', now.weights[i][1] === '0');
      });
      for (const canvas of arm.querySelectorAll('canvas'))
        canvas.ariaLabel = `${now.title}: ${canvas.dataset.formula}, input ${input + 1}, step ${step}`;
    }
    for (const track of all('.track')) {
      for (const [kind, line] of Object.entries(JSON.parse(track.dataset.written)))
        set(track.querySelector(`figcaption .${kind}`), before(line, step, 0)?.[1] ?? '–');
      const svg = track.querySelector('svg'), x = ((100 * step) / end()).toFixed(2);
      const cursor = svg.querySelector('.cursor') ?? svg.appendChild(
        document.createElementNS('http://www.w3.org/2000/svg', 'polyline'));
      cursor.setAttribute('class', 'cursor');
      cursor.setAttribute('points', `${x},0 ${x},100`);
    }
  }

  // Players are of the first input, and what plays is left alone until it ends.
  function tune(step) {
    const last = [...sounds.keys()].filter((one) => one <= step).sort((a, b) => a - b).at(-1);
    part('.sight').classList.toggle('silent', input !== 0 || last === undefined);
    if (last === undefined) return;
    const said = `step ${words(last)}`;
    set(part('.listened b'), said);
    for (const player of all('.arm audio')) {
      const url = sounds.get(last)[player.dataset.name];
      if (!url || (player.src !== url && !player.paused)) continue;
      if (player.src !== url) player.src = url;
      player.ariaLabel = `${player.dataset.words}, ${said}`;
    }
  }

  function scrub(list, index) {
    const range = part('.time input'), step = list[index];
    range.max = end();
    range.value = step;
    const text = `step ${words(step)}, frame ${index + 1} of ${list.length}`;
    range.setAttribute('aria-valuetext', text);
    set(part('.time output'), `step ${words(step)}`);
    let free = -Infinity; // Where the words of the flag before it end.
    const way = part('.way').clientWidth;
    for (const flag of all('.flag')) {
      const share = Number(flag.dataset.step) / end();
      flag.hidden = share > 1;
      if (flag.hidden) continue;
      flag.style.left = `${100 * share}%`;
      flag.classList.toggle('turned', share > 0.7);
      const left = share * way - (share > 0.7 ? flag.scrollWidth : 0);
      flag.classList.toggle('mute', left < free);
      free = Math.max(free, left + flag.scrollWidth);
    }
  }

  function go(index) {
    const list = steps(), clamped = Math.min(list.length - 1, Math.max(0, index));
    at = clamped === list.length - 1 ? null : list[clamped];
    pointed = null;
    show();
  }

  function stop() {
    clearInterval(timer);
    timer = null;
    const button = part('.play');
    if (button) { set(button, '▶'); button.ariaLabel = 'Play the frames'; }
  }
  function play() {
    if (timer) return stop();
    if (place() === steps().length - 1) go(0);
    const button = part('.play');
    set(button, '❚❚');
    button.ariaLabel = 'Hold the frames';
    timer = setInterval(() => {
      go(place() + 1);
      if (at === null) stop();
    }, EACH);
  }

  // What a visitor does.
  const stepAt = ({clientX}) => {
    const {left, width} = part('.track svg').getBoundingClientRect();
    return Math.min(1, Math.max(0, (clientX - left) / width)) * end();
  };
  const over = ({target}) => target.closest?.('.tracks');
  const settle = (step) => { stop(); go(nearest(steps(), step)); };
  let pressed = false;
  element.addEventListener('input', ({target}) => {
    if (target.closest('.time input')) settle(Number(target.value));
  });
  element.addEventListener('click', ({target}) => {
    if (target.closest('.play')) return play();
    const flag = target.closest('.flag'), choice = target.closest('[data-choose]');
    if (flag) settle(Number(flag.dataset.step));
    if (choice) { input = Number(choice.dataset.choose); show(); }
  });
  element.addEventListener('pointerdown', (event) => {
    if (!over(event) || event.button) return;
    pressed = true;
    settle(stepAt(event));
  });
  element.addEventListener('pointermove', (event) => {
    const is = over(event);
    if (is && pressed) return settle(stepAt(event));
    if (event.pointerType !== 'mouse' || timer) return;
    const had = pointed;
    pointed = is ? stepAt(event) : null;
    if (pointed !== had) show();
  });
  for (const name of ['pointerup', 'pointercancel'])
    document.addEventListener(name, () => { pressed = false; });
  element.addEventListener('pointerleave', () => {
    if (pointed !== null) { pointed = null; show(); }
  });
  element.addEventListener('keydown', (event) => {
    const {target, key} = event;
    if (!target.closest('.time, .tracks') || event.altKey || event.ctrlKey || event.metaKey) return;
    const now = place(), last = steps().length - 1;
    const to = {
      ArrowLeft: now - 1, ArrowDown: now - 1, ArrowRight: now + 1, ArrowUp: now + 1,
      PageDown: now - FAR, PageUp: now + FAR, Home: 0, End: last,
    }[key];
    if (to === undefined && !(key === ' ' && target.matches('.tracks'))) return;
    event.preventDefault();
    event.stopPropagation(); // Before a class, the arrow keys are the story's.
    if (to === undefined) return play();
    stop();
    go(to);
  });

  for (const name of ['pause', 'ended']) element.addEventListener(name, show, true);

  const observer = new MutationObserver(refresh);
  // The page may put new values into elements that are there.
  const values = ['src', 'data-id', 'data-steps', 'data-phases', 'data-last', 'data-written'];
  values.push('data-heard', 'data-sound');
  observer.observe(element, {childList: true, subtree: true, attributeFilter: values});
  refresh();
}
