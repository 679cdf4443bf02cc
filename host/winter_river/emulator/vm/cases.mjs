// Runs case files in the real MicroPython VM: `node cases.mjs JOB.json`, one JSON line out per case and per printed line.
//
// JOB: {module, heap_bytes, heap_capped, mounts: [[host path, VM path], ...], preload: [modules], case_file, only: [names] or null}
// Out: {"out": text} | {"case": name, "ok": bool, "error": traceback, "steps": n, "heap_bytes": live after the case}
//
// A case is a function `case_*` of the file, called without arguments. One that yields is stepped from here:
// this VM collects garbage only while no Python is running, as a board would do between two turns of its loop.
import fs from 'node:fs';
import { capHeap, loadVm, mount } from './vm.mjs';

const job = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
const say = (line) => fs.writeSync(1, JSON.stringify(line) + '\n');
const mp = await loadVm({ moduleFile: job.module, heapBytes: job.heap_bytes, print: (text) => say({ out: text }) });

for (const [source, target] of job.mounts) mount(mp, source, target);
mount(mp, job.case_file, '/cases.py');
if (job.heap_capped) capHeap(mp);

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

for (const name of job.preload ?? []) mp.runPython(`import ${name}; gc.collect()`); // one at a time: garbage goes in between
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
