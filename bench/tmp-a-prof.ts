import { openDecideWorld } from './benches/decide/world.ts';
import { decide } from '@surety/decision/decide';
const n=+(process.argv[2]??10);
const t0=performance.now();const w=openDecideWorld(n);console.log('open',(performance.now()-t0).toFixed(0),'ms rss',(process.memoryUsage().rss/1e6).toFixed(0));
const f=Array.from({length:n},(_, i)=>w.facts(i,'within'));
const run=(k:number)=>{for(let i=0;i<k;i++){if(decide(f[(i*7919)%n]!,w.engine).outcome!=='permit')throw 1}};
run(20000);
for(let r=0;r<5;r++){const t=performance.now();run(50000);console.log(((performance.now()-t)/50).toFixed(2),'us');}
