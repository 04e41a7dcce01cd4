// A click on a step tells which, and of which story.
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-index]');
  if (!button) return;
  const {story} = button.closest('[data-story]').dataset;
  trigger('click', {index: Number(button.dataset.index), story});
});
