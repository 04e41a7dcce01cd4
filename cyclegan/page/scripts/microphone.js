// Why there is no microphone: the recorder of the page's library keeps that to itself.
const say = (why) => {
  const known = [...document.querySelectorAll('#microphone [data-why]')];
  const chosen = known.find(({dataset}) => dataset.why === why) ?? known.find(({dataset}) => dataset.why === 'other');
  for (const one of known) one.hidden = !why || one !== chosen;
};
const devices = navigator.mediaDevices;
if (!devices?.getUserMedia) {
  say('insecure');
} else if (!devices.isTold) {
  const ask = devices.getUserMedia.bind(devices);
  devices.isTold = true;
  devices.getUserMedia = async (wanted) => {
    const isHeard = wanted?.audio && !wanted.video;
    try {
      const stream = await ask(wanted);
      if (isHeard) say('');
      return stream;
    } catch (error) {
      if (isHeard) say(error.name);
      throw error;
    }
  };
}
