// Drawing on x: a canvas over its picture, with the brushes that the lesson names. While a stroke is
// drawn, the server is asked for a look at it whenever none is on its way; its end is asked for at
// once. `element` holds what the server says of that; parts of the page come one after the other, so
// all are looked for when needed.
function easel(element, trigger, watch) {
  const MOST = 60, LEAP = 8; // Strokes that can be undone, and pixels of a step with the Shift key.
  const PATIENCE = 5000, TIMES = 5; // Milliseconds after which it is asked once more, and how often.
  const WAYS = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]};

  const part = (id) => document.getElementById(id);
  const tools = () => part('easel')?.querySelector('.easel');
  const button = () => part('draw')?.querySelector('button');
  const x = () => part('result')?.querySelector('[data-view=original] figure > img');
  const isOn = () => part('results')?.classList.contains('draws');

  const made = (tag, className, ...children) => {
    const one = document.createElement(tag);
    one.className = className;
    one.append(...children);
    return one;
  };
  const canvas = made('canvas', ''), ring = made('i', 'ring'), paper = made('div', 'drawing-sheet', canvas, ring);
  const context = canvas.getContext('2d', {alpha: false, willReadFrequently: true});
  const help = made('div', 'unseen'), status = made('div', 'unseen');
  Object.assign(canvas, {tabIndex: 0, role: 'application'});
  help.id = 'easel-help';
  help.textContent = 'Arrow keys move the brush, with Shift by eight pixels. It paints while the space '
    + 'bar is held, or between one press of Enter and the next. Control Z undoes a stroke, Escape ends.';
  canvas.setAttribute('aria-describedby', help.id);
  status.role = 'status';
  paper.hidden = true;
  const say = (words) => { status.textContent = words; };
  // Where the visitor sees it, and hears it.
  const tell = (words) => {
    const line = tools()?.querySelector('.said');
    if (line) line.textContent = words || line.dataset.hint;
  };

  // What is drawn: the pictures before each stroke, the first of them bare; what was asked, by its
  // number; and the last few pictures that were sent, by which an answer is known.
  let before = [], asked = new Set(), sent = [], count = 0, isNew = false;
  let pen = null, held = '', cursor = [0, 0], shown = null;

  const pixels = () => context.getImageData(0, 0, canvas.width, canvas.height);
  const alike = (a, b) => a.width === b.width && a.data.length === b.data.length
    && a.data.every((value, i) => value === b.data[i]);

  function text({data}) {
    const bytes = new Uint8Array((data.length / 4) * 3);
    for (let from = 0, to = 0; from < data.length; from += 4) {
      for (let c = 0; c < 3; c++) bytes[to++] = data[from + c];
    }
    let letters = '';
    for (let i = 0; i < bytes.length; i += 8192) letters += String.fromCharCode(...bytes.subarray(i, i + 8192));
    return btoa(letters);
  }

  function ask(isLast) {
    const picture = pixels(), number = ++count;
    isNew = false;
    asked.add(number);
    sent = [...sent.slice(-3), picture];
    const {width: wide, height: high} = canvas;
    insist('input', {number, width: wide, height: high, pixels: text(picture), last: isLast}, TIMES);
  }
  // The library loses an answer where it closes its stream just when somebody asks.
  function insist(event, what, times) {
    if (!asked.has(what.number)) return;
    if (what.number < count || !times) {
      asked.delete(what.number);
      if (!times) tell('No answer has come. Draw on to ask again.');
      return;
    }
    trigger(event, what);
    setTimeout(insist, PATIENCE, event, what, times - 1);
  }
  function startOver() {
    sent = [];
    asked.add(++count);
    insist('clear', {number: count}, TIMES);
  }

  function answered() {
    const {number, said: sentence} = element.querySelector('[data-number]').dataset;
    for (const one of asked) if (one <= Number(number)) asked.delete(one);
    if (Number(number) !== count) return;
    tell(sentence && `${sentence} The rows still show the picture before that.`);
    if (pen && isNew && !sentence) ask(false);
  }

  // From a picture that is not what was drawn here, it begins anew.
  function adopt(img) {
    if (asked.size) startOver(); // Something else was chosen: what is on its way comes too late.
    const {naturalWidth: wide, naturalHeight: high} = img, most = Number(tools().dataset.largest);
    const scale = Math.min(1, most / Math.max(wide, high));
    canvas.width = Math.max(1, Math.round(wide * scale));
    canvas.height = Math.max(1, Math.round(high * scale));
    context.imageSmoothingQuality = 'high';
    context.drawImage(img, 0, 0, canvas.width, canvas.height);
    before = [];
    sent = [];
    pen = null;
    cursor = [canvas.width / 2, canvas.height / 2].map(Math.floor);
    tell(scale < 1 ? `It is drawn at ${canvas.width}×${canvas.height} pixels, so that the rows can follow.` : '');
    dress();
  }
  function follow() {
    const img = x();
    if (!isOn()) return;
    paper.hidden = !tools() || !img; // Until there is something again.
    if (paper.hidden || !img.complete || !img.naturalWidth) return; // It is on its way.
    if (img.src !== shown) {
      shown = img.src;
      const probe = Object.assign(document.createElement('canvas'), {width: img.naturalWidth, height: img.naturalHeight});
      const looked = probe.getContext('2d', {willReadFrequently: true});
      looked.drawImage(img, 0, 0);
      const seen = looked.getImageData(0, 0, probe.width, probe.height);
      if (!sent.some((picture) => alike(picture, seen))) adopt(img);
    }
    place();
  }

  // Over x, wherever that is now.
  function place() {
    const img = x();
    if (!isOn() || !img) return;
    const at = img.getBoundingClientRect(), base = paper.offsetParent?.getBoundingClientRect();
    if (!base) return;
    const zoom = Math.round((100 * at.width) / img.offsetWidth) / 100 || 1; // Beside what was rounded.
    Object.assign(paper.style, {
      left: `${(at.left - base.left) / zoom}px`, top: `${(at.top - base.top) / zoom}px`,
      width: `${at.width / zoom}px`, height: `${at.height / zoom}px`,
    });
  }

  // The brush.
  const brush = () => tools().querySelector('input[name=brush]:checked') ?? tools().querySelector('input[name=brush]');
  const width = () => Math.max(1, (tools().querySelector('.width input').value / 100) * Math.max(canvas.width, canvas.height));
  function stroke([left, top], [right, bottom]) {
    const paint = context.createPattern(brush().closest('label').querySelector('img'), 'repeat');
    Object.assign(context, {fillStyle: paint, strokeStyle: paint, lineWidth: width(), lineCap: 'round'});
    context.beginPath();
    context.arc(right, bottom, width() / 2, 0, 2 * Math.PI);
    context.fill();
    context.beginPath();
    context.moveTo(left, top);
    context.lineTo(right, bottom);
    context.stroke();
    isNew = true;
  }
  function begin(at) {
    before.push(pixels());
    if (before.length > MOST) before.splice(1, 1);
    pen = at;
    draw(at);
  }
  function draw(to) {
    stroke(pen, to);
    pen = to;
    if (!asked.size) ask(false);
  }
  function lift() {
    if (!pen) return;
    pen = null;
    held = '';
    ask(true);
    dress();
  }
  function undo() {
    if (pen || !before.length) return;
    context.putImageData(before.pop(), 0, 0);
    if (before.length) ask(true); else startOver();
    say(before.length ? 'The last stroke is undone.' : 'Nothing is drawn any more.');
    dress();
  }
  function bare() {
    if (pen || !before.length) return;
    context.putImageData(before[0], 0, 0);
    before = [];
    startOver();
    say('Nothing is drawn any more.');
    dress();
  }

  // On and off.
  function dress() {
    const words = tools();
    if (button()) button().ariaPressed = String(isOn());
    if (!words) return;
    for (const act of ['undo', 'back']) words.querySelector(`[data-act=${act}]`).disabled = !before.length;
    canvas.ariaLabel = `${words.dataset.symbol}, a ${words.dataset.source} picture to draw on`;
  }
  function start() {
    part('easel').append(paper, help, status); // After the brushes, for the Tab key.
    part('results').classList.add('draws');
    follow();
    dress();
    part('easel').scrollIntoView({block: 'start', behavior: 'smooth'});
    canvas.focus({preventScroll: true});
  }
  function end() {
    lift();
    part('results').classList.remove('draws');
    paper.hidden = true;
    dress();
    button()?.focus({preventScroll: true});
  }

  // By pointer: mouse, pen or finger.
  const spot = ({clientX, clientY}) => {
    const {left, top, width: wide, height: high} = canvas.getBoundingClientRect();
    return [((clientX - left) / wide) * canvas.width, ((clientY - top) / high) * canvas.height];
  };
  function mark([left, top]) {
    const side = (100 * width()) / canvas.width;
    Object.assign(ring.style, {
      left: `${(100 * left) / canvas.width}%`, top: `${(100 * top) / canvas.height}%`, width: `${side}%`,
    });
    ring.hidden = false;
  }
  canvas.addEventListener('pointerdown', (event) => {
    if (event.button || !event.isPrimary || pen) return;
    event.preventDefault(); // No second event of a mouse, and nothing is selected.
    canvas.focus({preventScroll: true});
    canvas.setPointerCapture(event.pointerId);
    held = 'pointer';
    begin(spot(event));
  });
  canvas.addEventListener('pointermove', (event) => {
    if (!event.isPrimary) return;
    mark(spot(event));
    if (held !== 'pointer') return;
    const passed = event.getCoalescedEvents?.() ?? [];
    for (const one of passed.length ? passed : [event]) draw(spot(one));
  });
  for (const name of ['pointerup', 'pointercancel', 'lostpointercapture'])
    canvas.addEventListener(name, () => { if (held === 'pointer') lift(); });
  canvas.addEventListener('pointerleave', () => { if (document.activeElement !== canvas) ring.hidden = true; });
  canvas.addEventListener('contextmenu', (event) => event.preventDefault());

  // By keys.
  const where = () => `column ${cursor[0] + 1}, line ${cursor[1] + 1}`;
  const middle = () => cursor.map((value) => value + 0.5);
  canvas.addEventListener('keydown', (event) => {
    const way = WAYS[event.key];
    if (event.altKey || event.ctrlKey || event.metaKey || held === 'pointer') return;
    if (way) {
      const by = event.shiftKey ? LEAP : 1, sides = [canvas.width, canvas.height];
      cursor = cursor.map((value, i) => Math.min(sides[i] - 1, Math.max(0, value + by * way[i])));
      if (pen) draw(middle());
      say(`${pen ? `${brush().value}, ` : ''}${where()}`);
    } else if (event.key === ' ' || event.key === 'Enter') {
      if (event.repeat) return event.preventDefault();
      if (pen) {
        lift();
        say(`Brush up, ${where()}`);
      } else {
        begin(middle());
        held = event.key;
        say(`${brush().value} from ${where()}`);
      }
    } else if (event.key === 'Escape') end();
    else return;
    mark(middle());
    event.preventDefault();
    event.stopPropagation(); // Before a class, arrow keys are the story's.
  });
  canvas.addEventListener('keyup', (event) => {
    if (event.key !== ' ' || held !== ' ') return;
    lift();
    say(`Brush up, ${where()}`);
  });
  canvas.addEventListener('focus', () => { if (canvas.matches(':focus-visible')) mark(middle()); });
  canvas.addEventListener('blur', () => {
    lift();
    ring.hidden = true;
  });
  document.addEventListener('keydown', (event) => {
    if (!isOn() || event.key.toLowerCase() !== 'z' || event.shiftKey || !(event.ctrlKey || event.metaKey)) return;
    if (event.target.closest('textarea, input:not([type=radio], [type=range])')) return;
    event.preventDefault();
    undo();
  });

  document.addEventListener('click', ({target}) => {
    if (target.closest('#draw button')) return isOn() ? end() : start();
    const act = target.closest('#easel [data-act]')?.dataset.act;
    if (act) ({undo, back: bare, done: end})[act]();
  });

  // Whatever else is chosen: x is another picture, its brushes are others, or there is none.
  document.addEventListener('load', ({target}) => { if (target === x()) follow(); }, true);
  new MutationObserver(() => { follow(); dress(); }).observe(part('easel'), {childList: true, subtree: true});
  const layout = new ResizeObserver(place);
  layout.observe(part('result'));
  new MutationObserver(() => { if (!x() || paper.hidden) follow(); place(); })
    .observe(part('result'), {childList: true, subtree: true});
  addEventListener('resize', place);
  watch('value', answered);
}
