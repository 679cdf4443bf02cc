// Runs case files in the real MicroPython VM: `node vm.mjs JOB.json`, one JSON line out per case and per printed line.
//
// JOB: {heap_bytes, heap_capped, mounts: [[host path, VM path], ...], case_file, only: [names] or null}
// Out: {"out": text} | {"case": name, "ok": bool, "error": traceback, "steps": n, "heap_bytes": live after the case}
//
// A case is a function `case_*` of the file, called without arguments. One that yields is stepped from here:
// this VM collects garbage only while no Python is running, as a board would do between two turns of its loop.
import fs from 'node:fs';
import path from 'node:path';
import { loadMicroPython } from '@micropython/micropython-webassembly-pyscript/micropython.mjs';

const job = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
const say = (line) => fs.writeSync(1, JSON.stringify(line) + '\n');

const mp = await loadMicroPython({
  heapsize: job.heap_bytes,
  pystack: 4096, // words; the default of 2048 is less than the C stack of an ESP32 allows
  linebuffer: true,
  stdout: (text) => say({ out: text }),
  stderr: (text) => say({ out: text }),
});

function mount(source, target) {
  if (!fs.statSync(source).isDirectory()) return mp.FS.writeFile(target, fs.readFileSync(source));
  mp.FS.mkdirTree(target);
  for (const name of fs.readdirSync(source)) {
    if (name !== '__pycache__') mount(path.join(source, name), `${target}/${name}`);
  }
}

for (const [source, target] of job.mounts) mount(source, target);
mount(job.case_file, '/cases.py');

// `heapsize` alone is no limit in this build: the heap grows by itself. Refusing growth, and taking what is
// left of the first memory, makes it one.
if (job.heap_capped) {
  WebAssembly.Memory.prototype.grow = () => { throw new Error('heap capped'); };
  for (let bytes = 1 << 20; bytes >= 1 << 13; bytes >>= 1) while (mp._module._malloc(bytes)) ;
}

mp.runPython(`
import gc, io, json, sys
sys.path[:] = ['', '/lib', '/firmware']

def _failed(error):
    text = io.StringIO()
    sys.print_exception(error, text)
    return text.getvalue()

class _Bench:
    def load(self):
        try:
            import cases
        except Exception as error:
            return json.dumps({'error': _failed(error)})
        self.cases = cases
        return json.dumps({'names': sorted(n for n in dir(cases) if n.startswith('case_'))})

    def start(self, name):
        return self._guard(lambda: getattr(self.cases, name)())

    def step(self):
        return self._guard(lambda: next(self.running))

    def _guard(self, act):
        try:
            value = act()
            if hasattr(value, '__next__'):
                self.running = value
                return 'more'
            return 'more' if self.running else ''
        except StopIteration:
            return ''
        except Exception as error:
            return _failed(error)

    def end(self):
        self.running = None
        gc.collect()
        return gc.mem_alloc()

_bench = _Bench()
_bench.running = None
`);

const call = (text) => mp.runPython(`_result = ${text}`) ?? mp.globals.get('_result');
const loaded = JSON.parse(call('_bench.load()'));
if (loaded.error) {
  say({ case: 'import', ok: false, error: loaded.error, steps: 0, heap_bytes: 0 });
  process.exit(0);
}
for (const name of loaded.names) {
  if (job.only && !job.only.includes(name)) continue;
  let result = call(`_bench.start('${name}')`);
  let steps = 1;
  while (result === 'more') {
    result = call('_bench.step()');
    steps += 1;
  }
  say({ case: name, ok: result === '', error: result, steps, heap_bytes: call('_bench.end()') });
}
