// Two numbers choose a place on the plane of z; so does a click on it. All its pictures are there.
const dial = (name) => element.querySelector(`.noise .dials input[name="${name}"]`);
const place = () => {
  const plane = element.querySelector('.noise .plane');
  if (!plane) return;
  const values = plane.querySelector('.dials').dataset.written.split(' ');
  for (const name of ['a', 'b']) {
    const input = dial(name), words = values[Number(input.value)];
    input.setAttribute('aria-valuetext', words);
    input.closest('label').querySelector('output').textContent = words;
  }
  plane.style.setProperty('--column', dial('a').value);
  plane.style.setProperty('--line', values.length - 1 - Number(dial('b').value));
};
element.addEventListener('input', (event) => {
  if (event.target.closest('.noise .dials')) place();
});
element.addEventListener('click', (event) => {
  const map = event.target.closest('.noise .map');
  if (!map) return;
  const box = map.getBoundingClientRect(), last = Number(dial('a').max);
  const at = (part) => Math.max(0, Math.min(last, Math.floor(part * (last + 1))));
  dial('a').value = at((event.clientX - box.left) / box.width);
  dial('b').value = last - at((event.clientY - box.top) / box.height);
  place();
});
