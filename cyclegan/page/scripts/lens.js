// The lens: what the pointer, or the arrow keys, are at on one picture of a comparison is shown
// enlarged on all of them, with the values of its pixel, and on the way back how far F(G(x)) is from
// x there. A click shows one picture as large as the window, and F(G(x)) with a wipe to x. All of it
// in the browser, in a container whose comparison is replaced whenever there is another answer.
function lens(element) {
  const SIDE = 11, LEAP = 8; // In pixels of x: what is enlarged, and a step with the Shift key.
  const WAYS = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]};
  const PICTURE = '[data-view] figure > img[src^="data:image/png"]';
  const HELP = 'Arrow keys move a lens over all pictures, Enter shows this one as large as the window.';

  const made = (tag, className, ...children) => {
    const one = document.createElement(tag);
    one.className = className;
    one.append(...children);
    return one;
  };

  // What there is: x and its truth are of every row. Along a row the columns are in their order.
  const rows = () => [...element.querySelectorAll('section.row:has(img)')];
  const loaded = () => [...element.querySelectorAll(PICTURE)].filter((img) => img.naturalWidth);
  const pictures = () => loaded().map((img) => {
    const holder = img.closest('[data-view]');
    const column = Number(holder.style.getPropertyValue('--column'));
    return {img, column, key: holder.dataset.view, row: img.closest('section.row')};
  }).sort((a, b) => a.column - b.column);
  const along = (row) => pictures().filter((one) => !one.row || one.row === row);
  const head = ({img}) => img.closest('figure').querySelector('.small-head');
  const formula = (one) => head(one).firstElementChild.textContent;
  const title = (row) => row.querySelector('h3').textContent;

  // The pixels of a picture as they are, decoded once.
  const read = new WeakMap();
  const pixels = (img) => {
    if (!read.has(img)) {
      const {naturalWidth: width, naturalHeight: height} = img;
      const canvas = Object.assign(document.createElement('canvas'), {width, height});
      const context = canvas.getContext('2d', {willReadFrequently: true});
      context.drawImage(img, 0, 0);
      read.set(img, {context, width, height});
    }
    return read.get(img);
  };
  // Where a pixel of x lies in parts of width and height, and the value that another has there.
  const middleOf = ({column, line}, {width, height}) => [(column + 0.5) / width, (line + 0.5) / height];
  const valueAt = ({context, width, height}, [across, down]) => {
    const {data} = context.getImageData(Math.floor(across * width), Math.floor(down * height), 1, 1);
    return [...data.slice(0, 3)].join(' ');
  };
  // The mean over channels and pixels of what is enlarged, as the cycle error has it over all.
  const apart = (a, b, {column, line}) => {
    if (a.width !== b.width || a.height !== b.height) return null;
    const reach = (SIDE - 1) / 2, box = [column - reach, line - reach, SIDE, SIDE];
    const [those, these] = [a, b].map(({context}) => context.getImageData(...box).data);
    let sum = 0, count = 0;
    for (let i = 0; i < those.length; i += 4) {
      if (!those[i + 3]) continue; // Beyond the edge.
      for (let c = i; c < i + 3; c++, count++) sum += Math.abs(those[c] - these[c]);
    }
    return (sum / count).toFixed(1);
  };

  // Where the lens is, in parts of the width and the height, so that it is one spot on pictures of
  // any size; null where it is away.
  let spot = null, last = [0.5, 0.5], right = true, below = true, frame = 0;
  const drawn = new Map();

  const original = () => pictures().find(({key}) => key === 'original');
  // The pixel of x that is meant.
  const centre = ([across, down], {width, height}) => ({
    column: Math.min(width - 1, Math.max(0, Math.floor(across * width))),
    line: Math.min(height - 1, Math.max(0, Math.floor(down * height))),
  });

  const look = (at) => {
    spot = last = at;
    frame ||= requestAnimationFrame(draw);
  };
  const hide = () => {
    spot = null;
    for (const one of drawn.values()) one.box.remove();
    for (const one of element.querySelectorAll('.here')) one.remove();
    drawn.clear();
  };

  const boxOf = (img) => {
    const canvas = made('canvas', ''), value = made('span', 'value'), mark = made('i', 'mark');
    const box = made('div', 'lens', mark, value, made('span', 'glass', canvas));
    box.ariaHidden = 'true';
    img.after(box);
    return {box, canvas, value, mark};
  };

  // Of the window, on both sides of a picture: beyond it the page would grow wider.
  const roomBeside = (img) => {
    const {left, right, width} = img.getBoundingClientRect(), zoom = width / img.offsetWidth;
    return [left / zoom, (document.documentElement.clientWidth - right) / zoom];
  };

  function draw() {
    frame = 0;
    const listed = pictures(), x = spot && listed.find(({key}) => key === 'original');
    if (!x) return hide();
    const rooms = listed.map(({img}) => roomBeside(img)); // Before anything is laid out anew.
    const ofX = pixels(x.img), at = centre(spot, ofX);
    for (const [img, {box}] of drawn) if (!img.isConnected) { box.remove(); drawn.delete(img); }
    const middle = middleOf(at, ofX), [across, down] = middle;
    // In the corner that is farthest from the spot; not to and fro in the middle.
    if (Math.abs(across - 0.5) > 0.1) right = across < 0.5;
    if (Math.abs(down - 0.5) > 0.1) below = down < 0.5;
    const [wide, high] = [SIDE / ofX.width, SIDE / ofX.height];
    for (const [i, one] of listed.entries()) {
      const of = pixels(one.img);
      if (!drawn.has(one.img)) drawn.set(one.img, boxOf(one.img));
      const {box, canvas, value, mark} = drawn.get(one.img);
      box.style.aspectRatio = `${of.width} / ${of.height}`;
      box.classList.toggle('right', right);
      box.classList.toggle('below', below);
      box.style.setProperty('--before', `${rooms[i][0]}px`);
      box.style.setProperty('--behind', `${rooms[i][1]}px`);
      mark.style.inset = [
        down - high / 2, 1 - across - wide / 2, 1 - down - high / 2, across - wide / 2,
      ].map((part) => `${100 * Math.max(0, part)}%`).join(' ');
      const [columns, lines] = [wide * of.width, high * of.height].map((n) => Math.max(1, Math.round(n)));
      if (canvas.width !== columns || canvas.height !== lines)
        Object.assign(canvas, {width: columns, height: lines});
      const [left, top] = [across * of.width - columns / 2, down * of.height - lines / 2].map(Math.round);
      const part = of.context.getImageData(left, top, columns, lines);
      canvas.getContext('2d').putImageData(part, 0, 0);
      value.textContent = valueAt(of, middle);
      if (one.key === 'back') tellHere(one, apart(of, ofX, at), value);
    }
  }

  // Beside what the whole picture is off by, on the arc; without one, below the picture.
  function tellHere({row}, error, value) {
    if (error === null) return;
    const arc = row.querySelector('.arc span') ?? value;
    const words = arc.querySelector('.here') ?? arc.appendChild(made('b', 'here'));
    words.textContent = ` · here ${error} of 255`;
  }

  // What is drawn, for whoever listens: of the row that has the focus, or of all from x.
  function told(row) {
    const x = original(), ofX = pixels(x.img), at = centre(spot, ofX);
    const say = (one) => `${formula(one)} ${valueAt(pixels(one.img), middleOf(at, ofX))}`;
    const ofRow = (one) => {
      const own = along(one).filter((picture) => picture.row), said = own.map(say);
      const back = own.find(({key}) => key === 'back');
      const error = back && apart(pixels(back.img), ofX, at);
      if (error) said.push(`here ${error} of 255`);
      return `${title(one)}: ${said.join(', ')}.`;
    };
    const shared = pictures().filter((one) => !one.row).map(say).join(', ');
    return [`${shared}.`, ...(row ? [row] : rows()).map(ofRow)].join(' ');
  }

  // Full size.
  const heading = made('h2', ''), of = made('span', 'of');
  const button = (sign, name, act) => {
    const one = made('button', '', sign);
    Object.assign(one, {type: 'button', ariaLabel: name, onclick: act});
    return one;
  };
  const before = button('←', '', () => step([-1, 0]));
  const after = button('→', '', () => step([1, 0]));
  const close = button('×', 'Close', () => dialog.close());
  const base = made('img', ''), over = made('img', 'over');
  const stage = made('div', 'stage', base, over);
  const range = Object.assign(made('input', ''), {type: 'range', min: 0, max: 100, value: 50});
  const ends = [made('span', ''), made('span', '')];
  const wipe = made('label', 'wipe', ends[0], range, ends[1]);
  const hint = made('p', 'hint', '← → along the row, ↑ ↓ between rows, Esc back to the page');
  const names = made('div', 'names', heading, of);
  const dialog = made('dialog', 'full-size', made('div', 'bar', names, before, after, close), stage,
    wipe, hint);
  names.role = 'status';
  close.autofocus = true;
  let shown = null, opener = null;

  // The picture that is shown, of what the container holds now.
  function at() {
    const all = rows(), row = all[Math.min(shown.number, all.length - 1)], listed = along(row);
    return {row, listed, one: listed.find(({key}) => key === shown.key) ?? listed[0]};
  }

  function show() {
    const {row, listed, one} = at();
    if (!one) return dialog.close();
    shown.key = one.key;
    heading.replaceChildren(...head(one).cloneNode(true).childNodes);
    of.textContent = one.row ? title(row) : '';
    dialog.ariaLabel = one.img.alt;
    Object.assign(base, {src: one.img.src, alt: one.img.alt});
    const {width, height} = pixels(one.img), x = original();
    stage.style.setProperty('--ratio', width / height);
    stage.classList.toggle('reduced', width > innerWidth * devicePixelRatio);
    const place = listed.indexOf(one), count = listed.length;
    before.ariaLabel = listed[(place - 1 + count) % count].img.alt;
    after.ariaLabel = listed[(place + 1) % count].img.alt;
    wipe.hidden = over.hidden = one.key !== 'back' || !x;
    stage.classList.toggle('wiped', !wipe.hidden);
    if (wipe.hidden) return;
    Object.assign(over, {src: x.img.src, alt: x.img.alt});
    [one, x].forEach((end, i) => ends[i].replaceChildren(head(end).firstElementChild.cloneNode(true)));
    range.ariaLabel = `Wipe between ${formula(one)} and ${formula(x)}`;
    wiped();
  }

  function wiped() {
    stage.style.setProperty('--wipe', `${range.value}%`);
    range.ariaValueText = `${ends[0].textContent} on the left ${range.value} percent`;
  }

  function step([along_, between]) {
    const {listed, one} = at(), count = rows().length;
    shown.number = (shown.number + between + count) % count;
    shown.key = listed[(listed.indexOf(one) + along_ + listed.length) % listed.length]?.key;
    show();
  }

  function open(img) {
    hide();
    const {key, row} = pictures().find((one) => one.img === img);
    shown = {key, number: Math.max(0, rows().indexOf(row))};
    opener = document.activeElement;
    dialog.showModal();
    show();
  }

  const drag = ({clientX}) => {
    const {left, width} = stage.getBoundingClientRect();
    range.value = (100 * (clientX - left)) / width;
    wiped();
  };
  stage.addEventListener('pointerdown', (event) => {
    if (wipe.hidden || event.button) return;
    event.preventDefault(); // No picture is dragged away.
    stage.setPointerCapture(event.pointerId);
    drag(event);
  });
  stage.addEventListener('pointermove', (event) => {
    if (stage.hasPointerCapture(event.pointerId)) drag(event);
  });
  range.addEventListener('input', wiped);
  dialog.addEventListener('click', ({target}) => { if (target === dialog) dialog.close(); });
  dialog.addEventListener('close', () => { // It is told late: who has moved on stays there.
    if ([opener, document.body].includes(document.activeElement)) at().one?.img.focus();
  });
  dialog.addEventListener('keydown', (event) => {
    event.stopPropagation(); // What is behind has keys of its own.
    if (!WAYS[event.key] || event.target === range) return;
    event.preventDefault();
    step(WAYS[event.key]);
  });

  // What a visitor does.
  const pictureOf = ({target}) => (target.matches?.(PICTURE) ? target : null);
  const whereOf = (img, {clientX, clientY}) => {
    const {left, top, width, height} = img.getBoundingClientRect();
    return [(clientX - left) / width, (clientY - top) / height];
  };
  let pressed = null;
  element.addEventListener('pointerdown', (event) => {
    const img = pictureOf(event);
    pressed = img && {x: event.clientX, isDrag: false};
    if (img && event.pointerType === 'touch') look(whereOf(img, event));
  });
  element.addEventListener('pointermove', (event) => {
    const img = pictureOf(event);
    if (!img) return spot && hide();
    if (pressed && Math.abs(event.clientX - pressed.x) > 8) pressed.isDrag = true;
    look(whereOf(img, event));
  });
  for (const name of ['pointerup', 'pointercancel'])
    element.addEventListener(name, ({pointerType}) => { if (pointerType === 'touch') hide(); });
  element.addEventListener('pointerleave', hide);
  element.addEventListener('contextmenu', (event) => {
    if (pictureOf(event) && event.pointerType === 'touch') event.preventDefault();
  });
  element.addEventListener('click', (event) => {
    const img = pictureOf(event);
    if (img && !pressed?.isDrag) open(img);
    pressed = null;
  });
  element.addEventListener('focusin', (event) => {
    if (pictureOf(event)?.matches(':focus-visible')) look(last);
  });
  element.addEventListener('focusout', (event) => { if (pictureOf(event)) hide(); });
  element.addEventListener('keydown', (event) => {
    const img = pictureOf(event), way = WAYS[event.key];
    if (!img || event.altKey || event.ctrlKey || event.metaKey) return;
    if (way) {
      const {width, height} = pixels(original().img), {column, line} = centre(last, {width, height});
      const by = event.shiftKey ? LEAP : 1;
      const clamped = (value, size) => (Math.min(size - 1, Math.max(0, value)) + 0.5) / size;
      look([clamped(column + by * way[0], width), clamped(line + by * way[1], height)]);
      status.textContent = told(img.closest('section.row'));
    } else if (event.key === 'Enter' || event.key === ' ') open(img);
    else if (event.key === 'Escape' && spot) hide();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });

  const status = made('div', 'unseen'), help = made('div', 'unseen', HELP);
  status.role = 'status';
  help.id = 'lens-help';
  help.hidden = true;
  element.after(help, status, dialog);

  const soon = self.requestIdleCallback ?? setTimeout; // Not every browser has the first.
  function prepare() {
    for (const {img} of pictures()) {
      Object.assign(img, {tabIndex: 0, role: 'button', ariaHasPopup: 'dialog'});
      img.setAttribute('aria-describedby', help.id);
      soon(() => img.isConnected && pixels(img)); // So that the first look waits for nothing.
    }
  }
  // Whatever is answered: its pictures load.
  element.addEventListener('load', ({target}) => {
    read.delete(target);
    prepare();
    if (spot) look(spot);
    if (dialog.open) show();
  }, true);
  prepare();
}
