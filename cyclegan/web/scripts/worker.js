// Runs networks, one after the other. It stands behind onnxruntime-web in one script, as a page that
// was opened from a folder lets no worker read another.
const sessions = new Map();

const tasks = {
  async start({module, wasm, threads}) {
    const source = new Blob([module], {type: 'text/javascript'});
    ort.env.wasm.wasmPaths = {mjs: URL.createObjectURL(source)};
    ort.env.wasm.wasmBinary = wasm;
    ort.env.wasm.numThreads = threads;
    ort.env.logLevel = 'error';
    const adapter = await navigator.gpu?.requestAdapter();
    // One that a processor plays is many times slower than WebAssembly.
    self.hasGpu = Boolean(adapter) && !(adapter.info?.isFallbackAdapter ?? adapter.isFallbackAdapter);
    return self.hasGpu;
  },

  async open({name, network}) {
    const executionProviders = self.hasGpu ? ['webgpu', 'wasm'] : ['wasm'];
    sessions.set(name, await ort.InferenceSession.create(network, {executionProviders}));
  },

  async run({name, data, shape}) {
    const session = sessions.get(name);
    const given = {[session.inputNames[0]]: new ort.Tensor('float32', data, shape)};
    const made = (await session.run(given))[session.outputNames[0]];
    return {data: new Float32Array(await made.getData()), shape: made.dims};
  },
};

onmessage = async ({data: {id, task, ...given}}) => {
  try {
    postMessage({id, answer: await tasks[task](given)});
  } catch (error) {
    postMessage({id, error: String(error?.message ?? error)});
  }
};
