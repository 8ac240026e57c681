//! What std Rust does that C does not: a seeded HashMap, panics with a message on stderr, an allocator that aborts, f64 as text.
//!
//!     ?hash           the hash of a constant by a new RandomState: differs between requests
//!     ?panic          panics                      ?result     main returns an Err (exit 1)
//!     ?alloc=MIB      allocates and touches that much, which aborts past the limit
//!     ?sort=N         sorts N numbers: CPU work   ?thread     starts a thread, which WASI has not
//!     ?sleep=MS       thread::sleep               ?time       an Instant and a SystemTime
//!     ?file           writes, reads a file        ?args       the arguments, as Rust reads them

use std::collections::hash_map::{HashMap, RandomState};
use std::error::Error;
use std::hash::{BuildHasher, Hasher};
use std::time::{Duration, Instant, SystemTime};
use std::{env, fs, thread};

/// A number from a constant seed, so that every run sorts the same.
fn next_number(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
    *state >> 33
}

fn answer(name: &str, value: &str) -> Result<String, Box<dyn Error>> {
    Ok(match name {
        "hash" => {
            let mut hasher = RandomState::new().build_hasher();
            hasher.write(b"constant");
            let map: HashMap<u32, u32> = (0..20).map(|number| (number, number)).collect();
            let order: Vec<String> = map.keys().map(u32::to_string).collect();
            format!("{:016x} {}", hasher.finish(), order.join(","))
        }
        "panic" => panic!("asked to panic"),
        "result" => return Err("asked to fail".into()),
        "alloc" => {
            let mut blocks = Vec::new();
            for _ in 0..value.parse::<u32>()? {
                blocks.push(vec![1u8; 1 << 20]);
            }
            format!("{} MiB", blocks.len())
        }
        "sort" => {
            let mut state = 1;
            let mut numbers: Vec<u64> = (0..value.parse()?).map(|_| next_number(&mut state)).collect();
            numbers.sort_unstable();
            format!("{:?}..{:?}", numbers.first(), numbers.last())
        }
        "thread" => format!("{:?}", thread::Builder::new().spawn(|| ()).map(|_| ()).map_err(|error| error.kind())),
        "sleep" => {
            let start = Instant::now();
            thread::sleep(Duration::from_millis(value.parse()?));
            format!("{:.3} ms", start.elapsed().as_secs_f64() * 1000.0)
        }
        "time" => format!("{:?} {:?}", Instant::now(), SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?),
        "file" => {
            fs::write("file.txt", "written")?;
            fs::read_to_string("file.txt")?
        }
        "args" => format!("{:?}", env::args().collect::<Vec<_>>()),
        _ => "hello".into(),
    })
}

fn main() -> Result<(), Box<dyn Error>> {
    let query = env::var("QUERY_STRING").unwrap_or_default();
    let (name, value) = query.split_once('=').unwrap_or((&query, ""));
    let text = answer(name, value)?;
    println!("Content-Type: text/plain\n\n{text}");
    Ok(())
}
