// The real MicroPython VM, loaded the same way for boards and for test cases.
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const PYSTACK_WORDS = 4096; // the default of 2048 is less than the C stack of an ESP32 allows
const WASM_FILE = 'micropython.wasm';
const HEAP_NOTE = /grow the heap|grow heap/; // what the build says each time its heap would like to grow

// The VM's machine code, to be compiled once for many threads.
export const compileVm = (moduleFile) => WebAssembly.compile(fs.readFileSync(path.join(path.dirname(moduleFile), WASM_FILE)));

// A VM. moduleFile: micropython.mjs of the npm package. wasm: from compileVm, where it is at hand.
// print, complain: told each line (or, without lineBuffer, each byte) of stdout and stderr. Its `memory` is where Python's buffers lie.
export async function loadVm({ moduleFile, wasm, heapBytes, print, complain = print, lineBuffer = true }) {
  const { loadMicroPython } = await import(pathToFileURL(moduleFile).href);
  const { error } = console, { instantiate } = WebAssembly;
  let memory;
  console.error = (text) => { if (!HEAP_NOTE.test(text)) error(text); }; // the build binds it while it is loaded
  WebAssembly.instantiate = async (binary, imports) => { // and keeps its memory to itself
    const made = wasm ? { module: wasm, instance: await instantiate(wasm, imports) } : await instantiate(binary, imports);
    memory = Object.values(made.instance.exports).find((each) => each instanceof WebAssembly.Memory);
    return made;
  };
  try {
    const mp = await loadMicroPython({
      heapsize: heapBytes, pystack: PYSTACK_WORDS, linebuffer: lineBuffer, stdout: print, stderr: complain,
    });
    return Object.assign(mp, { memory });
  } finally {
    console.error = error;
    WebAssembly.instantiate = instantiate;
  }
}

// `heapsize` alone is no limit in this build: the heap grows by itself. Refusing growth, and taking what is left of the
// first memory, makes it one. It holds for the whole thread, so one capped VM a thread.
export function capHeap(mp) {
  WebAssembly.Memory.prototype.grow = () => { throw new Error('the heap is capped'); };
  for (let bytes = 1 << 20; bytes >= 1 << 13; bytes >>= 1) while (mp._module._malloc(bytes)) ;
}

// Copies a file or a folder of this machine into the VM's own file system.
export function mount(mp, source, target) {
  if (!fs.statSync(source).isDirectory()) {
    mp.FS.mkdirTree(path.posix.dirname(target));
    mp.FS.writeFile(target, fs.readFileSync(source));
    return;
  }
  mp.FS.mkdirTree(target);
  for (const name of fs.readdirSync(source)) {
    // .upy: Python of the VM only, so that no tool for CPython reads it.
    if (name !== '__pycache__') mount(mp, path.join(source, name), `${target}/${name.replace(/\.upy$/, '.py')}`);
  }
}
