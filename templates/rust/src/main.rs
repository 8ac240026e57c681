//! A function: the request is in the environment and on stdin, the response goes to stdout as headers, an empty line and the body.
//! This is CGI, RFC 3875. What goes to stderr is the function's log.

use std::env;
use std::io::{self, Write};

fn main() -> io::Result<()> {
    let method = variable("REQUEST_METHOD", "GET");
    let path = variable("PATH_INFO", "/");
    eprintln!("{method} {path}");
    match method.as_str() {
        "GET" | "HEAD" => greet(path.trim_start_matches('/')),
        "POST" => echo(),
        _ => refuse(&method),
    }
}

/// The value of an environment variable, or `fallback` when it is not set.
fn variable(name: &str, fallback: &str) -> String {
    env::var(name).unwrap_or_else(|_| fallback.to_string())
}

fn greet(name: &str) -> io::Result<()> {
    let greeting = variable("GREETING", "Hello");
    let name = if name.is_empty() { "world" } else { name };
    let mut response = respond("200 OK", &[])?;
    writeln!(response, "{greeting}, {name}!")
}

/// Sends the body back as it came, piece by piece.
fn echo() -> io::Result<()> {
    let mut response = respond("200 OK", &[])?;
    io::copy(&mut io::stdin().lock(), &mut response)?;
    response.flush()
}

fn refuse(method: &str) -> io::Result<()> {
    let mut response = respond("405 Method Not Allowed", &[("Allow", "GET, HEAD, POST")])?;
    writeln!(response, "{method} is not for this function")
}

/// Writes the head of the response. What follows is its body.
fn respond(status: &str, headers: &[(&str, &str)]) -> io::Result<impl Write> {
    let mut response = io::stdout().lock();
    writeln!(response, "Status: {status}\nContent-Type: text/plain; charset=utf-8")?;
    for (name, value) in headers {
        writeln!(response, "{name}: {value}")?;
    }
    writeln!(response)?;
    Ok(response)
}
