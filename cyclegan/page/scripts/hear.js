// Of all players one plays at a time, a line goes over its spectrogram, and a click there leads to it.
function hear(element) {
  const figure = (player) => player.closest('figure.heard');
  const follow = (player) => {
    const at = player.duration ? player.currentTime / player.duration : 0;
    figure(player)?.style.setProperty('--at', at.toFixed(4));
    if (!player.paused && player.isConnected) requestAnimationFrame(() => follow(player));
  };
  element.addEventListener('play', ({target}) => {
    for (const other of document.querySelectorAll('audio')) if (other !== target) other.pause();
    figure(target)?.classList.add('begun');
    follow(target);
  }, true);
  for (const moved of ['pause', 'seeked', 'ended'])
    element.addEventListener(moved, ({target}) => follow(target), true);
  element.addEventListener('click', (event) => {
    const player = event.target.closest('.heard .seen')?.parentElement.querySelector('audio');
    if (!player?.duration) return;
    const {left, width} = event.target.getBoundingClientRect();
    player.currentTime = player.duration * Math.min(1, Math.max(0, (event.clientX - left) / width));
    player.play();
  });
}
