// The real MicroPython VM, loaded the same way for boards and for test cases.
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const PYSTACK_WORDS = 4096; // the default of 2048 is less than the C stack of an ESP32 allows
const GROWTH_ALLOWANCE_BYTES = 134217728; // gc.mem_free() of this build counts what its heap might still grow by

// A VM. moduleFile: micropython.mjs of the npm package. print: told each line (or, without lineBuffer, each chunk).
export async function loadVm({ moduleFile, heapBytes, print, lineBuffer = true }) {
  const { loadMicroPython } = await import(pathToFileURL(moduleFile).href);
  return loadMicroPython({
    heapsize: heapBytes, pystack: PYSTACK_WORDS, linebuffer: lineBuffer, stdout: print,
    stderr: (text) => { if (!/memory|grow|enlarge/i.test(text)) print(text); }, // the port's own notes about its heap
  });
}

// `heapsize` alone is no limit in this build: the heap grows by itself. Refusing growth, and taking what is left of the
// first memory, makes it one. It holds for the whole thread, so one capped VM a thread.
export function capHeap(mp) {
  WebAssembly.Memory.prototype.grow = () => { throw new Error('the heap is capped'); };
  for (let bytes = 1 << 20; bytes >= 1 << 13; bytes >>= 1) while (mp._module._malloc(bytes)) ;
  mp.globals.set('_growth_allowance_bytes', GROWTH_ALLOWANCE_BYTES);
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
    if (name !== '__pycache__') mount(mp, path.join(source, name), `${target}/${name}`);
  }
}
