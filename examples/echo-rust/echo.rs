//! Echo: a body sent comes back byte for byte, each chunk as soon as it is there, so a client can read the first part before it
//! has sent the last. The headers of the request come back as `X-Echo-…` headers; without a body they are the body, as text.

use std::env;
use std::io::{self, Read, Write};
use std::os::wasi::ffi::OsStrExt;

/// Bytes copied at a time, at most. A read answers with what is there, which may be less.
const CHUNK_BYTES: usize = 16 * 1024;

/// The request's headers, from the environment: HTTP_USER_AGENT is ("User-Agent", …). Values need not be UTF-8.
fn request_headers() -> Vec<(String, Vec<u8>)> {
    let mut headers: Vec<(String, Vec<u8>)> = env::vars_os()
        .filter_map(|(name, value)| {
            let name = name.to_str()?.strip_prefix("HTTP_")?;
            Some((header_name(name), value.as_bytes().to_vec()))
        })
        .collect();
    headers.sort();
    headers
}

/// USER_AGENT → User-Agent.
fn header_name(variable: &str) -> String {
    let mut name = String::with_capacity(variable.len());
    for (index, part) in variable.split('_').enumerate() {
        if index > 0 {
            name.push('-');
        }
        let (first, rest) = part.split_at(part.len().min(1));
        name.push_str(first);
        name.push_str(&rest.to_ascii_lowercase());
    }
    name
}

/// A chunked body has no CONTENT_LENGTH, but then the method says that there is one.
fn has_body() -> bool {
    match env::var("CONTENT_LENGTH") {
        Ok(length) if !length.is_empty() => length != "0",
        _ => matches!(env::var("REQUEST_METHOD").as_deref(), Ok("POST" | "PUT" | "PATCH")),
    }
}

fn write_headers_as_text(output: &mut impl Write) -> io::Result<()> {
    output.write_all(b"Content-Type: text/plain; charset=utf-8\n\nSend a body and it comes back. Your headers:\n")?;
    for (name, value) in request_headers() {
        write!(output, "{name}: ")?;
        output.write_all(&value)?;
        output.write_all(b"\n")?;
    }
    output.flush()
}

fn echo_body(input: &mut impl Read, output: &mut impl Write) -> io::Result<()> {
    let content_type = env::var_os("CONTENT_TYPE").filter(|value| !value.is_empty());
    output.write_all(b"Content-Type: ")?;
    output.write_all(content_type.as_deref().map_or(b"application/octet-stream", OsStrExt::as_bytes))?;
    for (name, value) in request_headers() {
        write!(output, "\nX-Echo-{name}: ")?;
        output.write_all(&value)?;
    }
    output.write_all(b"\n\n")?;
    output.flush()?;

    let mut chunk = [0; CHUNK_BYTES];
    loop {
        let bytes = input.read(&mut chunk)?;
        if bytes == 0 {
            return Ok(());
        }
        output.write_all(&chunk[..bytes])?;
        output.flush()?;
    }
}

fn main() -> io::Result<()> {
    let mut output = io::stdout().lock();
    if has_body() {
        echo_body(&mut io::stdin().lock(), &mut output)
    } else {
        write_headers_as_text(&mut output)
    }
}
