"""The style sheet of the debrief: quiet, the same on paper and on a projector, light and dark."""

STYLE = """
:root{color-scheme:light dark;--paper:#fff;--sheet:#f5f7f9;--ink:#18222c;--soft:#5b6875;--line:#d8dee4;--accent:#0f6c8f;
--good:#1a7f4b;--warn:#9a5b00;--bad:#b42318;--good-bg:#e6f4ec;--warn-bg:#fdf1de;--bad-bg:#fdecea;
--c0:#0f6c8f;--c1:#c2571a;--c2:#6b4fa3;--c3:#1a7f4b;--c4:#8f2d56;--c5:#5b6875}
@media (prefers-color-scheme:dark){:root{--paper:#12181e;--sheet:#1a222a;--ink:#e7edf2;--soft:#9aa8b5;--line:#303b45;
--accent:#5cc0e6;--good:#58c98b;--warn:#f0b357;--bad:#ff8a7a;--good-bg:#15301f;--warn-bg:#33270f;--bad-bg:#3a1b17;
--c0:#5cc0e6;--c1:#f59a5f;--c2:#b39ceb;--c3:#58c98b;--c4:#f08bb2;--c5:#9aa8b5}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
main{max-width:1060px;margin:0 auto;padding:40px 28px 72px}
h1{font-size:30px;line-height:1.2;margin:0 0 6px;letter-spacing:-.01em;text-wrap:balance}
h2{font-size:19px;margin:44px 0 12px;padding-top:14px;border-top:1px solid var(--line)}
h3{font-size:16px;margin:0}
p{margin:0 0 10px;max-width:72ch}.soft{color:var(--soft)}
.kicker{color:var(--soft);font-size:13px;letter-spacing:.08em;text-transform:uppercase;margin-bottom:8px}
.head{display:grid;grid-template-columns:1fr auto;gap:28px;align-items:start}
.verdict{text-align:right;white-space:nowrap}
.verdict b{display:inline-block;padding:5px 16px;border-radius:99px;font-size:17px;border:1.5px solid currentColor}
.verdict .points{font-size:40px;font-weight:700;line-height:1.1;margin-top:10px;font-variant-numeric:tabular-nums}
.verdict .points small{font-size:18px;font-weight:500;color:var(--soft)}
.good{color:var(--good)}.warn{color:var(--warn)}.bad{color:var(--bad)}
b.good{background:var(--good-bg)}b.bad{background:var(--bad-bg)}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;margin:26px 0 0;padding:0;list-style:none}
.cards li{background:var(--sheet);border-radius:10px;padding:12px 14px}
.cards b{display:block;font-size:23px;line-height:1.25;font-variant-numeric:tabular-nums}
.cards span{color:var(--soft);font-size:13px}
.note{max-width:none;background:var(--bad-bg);border-left:4px solid var(--bad);border-radius:6px;padding:12px 16px;margin-top:22px}
.sheet{border:1px solid var(--line);border-radius:10px;overflow:hidden}
.row{display:grid;grid-template-columns:1fr 190px;gap:4px 22px;padding:14px 18px;border-top:1px solid var(--line)}
.row:first-child{border-top:0}
.row>div:first-child{min-width:0}
.bar{height:7px;border-radius:4px;background:var(--line);overflow:hidden;margin-top:7px}
.bar i{display:block;height:100%;background:currentColor}
.score{text-align:right;font-variant-numeric:tabular-nums;font-weight:600}
.score small{color:var(--soft);font-weight:400}
.row p{margin:3px 0 0;color:var(--soft);font-size:14px}
ol.deeds{list-style:none;margin:10px 0 0;padding:0;font-size:15px}
ol.deeds li{display:grid;grid-template-columns:24px 1fr auto;gap:8px;padding:3px 0}
.row>div>ol.deeds:first-child{margin-top:0}
ol.deeds em{font-style:normal;color:var(--soft);font-size:14px;font-variant-numeric:tabular-nums}
.sign{font-weight:700;text-align:center}
code,.mono{font-family:ui-monospace,SFMono-Regular,Menlo,"DejaVu Sans Mono",monospace;font-size:.92em}
table{border-collapse:collapse;width:100%;font-size:14.5px}
th{text-align:left;color:var(--soft);font-weight:500;font-size:13px}
th,td{padding:6px 10px 6px 0;border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}
td.t{white-space:nowrap;font-variant-numeric:tabular-nums;color:var(--soft);width:64px}
td.k{white-space:nowrap;color:var(--soft);width:110px}
details{margin-top:14px}summary{cursor:pointer;color:var(--accent);padding:4px 0}
figure{margin:0 0 16px}figcaption{color:var(--soft);font-size:14px;margin-top:6px}
svg{display:block;width:100%;height:auto}
svg.chart text,svg.lanes text{fill:var(--soft);font-size:12px;font-family:inherit}
svg.chart .name{fill:var(--ink);font-weight:600;font-size:13px}
svg .label{fill:var(--ink)!important}
svg .end{text-anchor:end}svg .middle{text-anchor:middle}
svg .grid{stroke:var(--line);stroke-width:1}
svg .line{fill:none;stroke-width:2;stroke-linejoin:round}
.line-0{stroke:var(--c0)}.line-1{stroke:var(--c1);stroke-dasharray:6 4}.line-2{stroke:var(--c2);stroke-dasharray:2 3}
.line-3{stroke:var(--c3);stroke-dasharray:10 3 2 3}.line-4{stroke:var(--c4);stroke-dasharray:1 4}.line-5{stroke:var(--c5)}
svg.chart .mark{stroke:var(--accent);stroke-width:1;stroke-dasharray:2 3;opacity:.7}
svg.chart .mark.bounds{stroke:var(--bad);stroke-dasharray:none}
svg.lanes .mark{fill:var(--accent);stroke:var(--paper);stroke-width:1}
svg.lanes path.mark{stroke:var(--soft);stroke-width:1.4}
svg.lanes rect.mark{fill:var(--soft)}
svg.lanes .mark.refused,svg.lanes .mark.bounds{fill:var(--bad)}
svg.lanes .window{fill:var(--accent);opacity:.16}
svg.lanes .deed{stroke:var(--paper);stroke-width:1.5;fill:var(--good)}
svg.lanes .deed.late{fill:var(--warn)}svg.lanes .deed.out_of_order{fill:var(--bad)}
.diagram{background:var(--paper);border:1px solid var(--line);border-radius:10px;padding:14px;overflow-x:auto;
--wr-ink:var(--ink);--wr-paper:var(--paper);--wr-dead:var(--soft);--wr-fault:var(--bad);--wr-warn:var(--warn);--wr-live:var(--ink)}
.diagram svg{min-width:760px}
footer{margin-top:48px;padding-top:14px;border-top:1px solid var(--line);color:var(--soft);font-size:13px}
@media (max-width:640px){main{padding:24px 16px}.head,.row{grid-template-columns:1fr}.verdict,.score{text-align:left}}
@media print{@page{margin:14mm}:root{--paper:#fff;--sheet:#f3f5f7;--ink:#000;--soft:#444;--line:#bbb;--good:#0b5c33;--warn:#7a4700;
--bad:#9c1c12;--good-bg:#fff;--warn-bg:#fff;--bad-bg:#fff;--accent:#0b5573;--c0:#0b5573;--c1:#a04410;--c2:#553b86}
body{font-size:11pt}main{max-width:none;padding:0}h2{break-after:avoid}.row,figure,.cards li{break-inside:avoid}
details.long{display:none}}
"""
