//! A small JSON API: a shop's items, and quotes for them. It routes, parses and validates by hand, so that the whole of it can be
//! read; a real one would use serde. Nothing is kept between requests: every request has a sandbox of its own.
//!
//!     GET  /items              all items; ?maxPriceCents=N leaves out dearer ones
//!     GET  /items/ID           one item
//!     POST /quotes             {"item": ID, "quantity": N} → 201 and what it costs

mod json;

use json::{escape, Value};
use std::env;
use std::io::{self, Read, Write};

/// A body longer than this is refused: nobody's order is.
const BODY_BYTES_MAX: u64 = 16 * 1024;
const QUANTITY_MAX: u64 = 10_000;

struct Item {
    id: &'static str,
    name: &'static str,
    price_cents: u64,
}

const ITEMS: [Item; 4] = [
    Item { id: "bolt-m6", name: "Bolt M6 × 20", price_cents: 12 },
    Item { id: "nut-m6", name: "Nut M6", price_cents: 5 },
    Item { id: "bearing-608", name: "Bearing 608ZZ", price_cents: 149 },
    Item { id: "motor-nema17", name: "Stepper motor NEMA 17", price_cents: 1890 },
];

/// What is answered: a status line, headers beside Content-Type, and JSON.
struct Response {
    status: &'static str,
    headers: &'static str,
    body: String,
}

impl Response {
    fn ok(body: String) -> Self {
        Response { status: "200 OK", headers: "", body }
    }

    fn failure(status: &'static str, detail: &str) -> Self {
        Response { status, headers: "", body: format!("{{\"error\":{}}}", escape(detail)) }
    }

    fn method_not_allowed(headers: &'static str) -> Self {
        Response { headers, ..Response::failure("405 Method Not Allowed", "This method is not for this path") }
    }
}

fn item_as_json(item: &Item) -> String {
    format!("{{\"id\":{},\"name\":{},\"priceCents\":{}}}", escape(item.id), escape(item.name), item.price_cents)
}

fn list_items(query: &str) -> Response {
    let mut price_cents_max = u64::MAX;
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some(("maxPriceCents", text)) => match text.parse() {
                Ok(cents) => price_cents_max = cents,
                Err(_) => return Response::failure("400 Bad Request", "maxPriceCents is not a whole number"),
            },
            _ => return Response::failure("400 Bad Request", "The only parameter is maxPriceCents"),
        }
    }
    let found: Vec<String> = ITEMS.iter().filter(|item| item.price_cents <= price_cents_max).map(item_as_json).collect();
    Response::ok(format!("{{\"items\":[{}]}}", found.join(",")))
}

fn show_item(id: &str) -> Response {
    match ITEMS.iter().find(|item| item.id == id) {
        Some(item) => Response::ok(item_as_json(item)),
        None => Response::failure("404 Not Found", "There is no such item"),
    }
}

fn make_quote(body: &[u8]) -> Response {
    match read_order(body) {
        Ok((item, quantity)) => {
            // Ten percent off from a hundred pieces on.
            let full_cents = item.price_cents * quantity;
            let total_cents = if quantity >= 100 { full_cents * 9 / 10 } else { full_cents };
            let body = format!("{{\"item\":{},\"quantity\":{quantity},\"totalCents\":{total_cents}}}", escape(item.id));
            Response { status: "201 Created", headers: "", body }
        }
        Err(detail) => Response::failure("400 Bad Request", &detail),
    }
}

/// What an order asks for, or what is wrong with it.
fn read_order(body: &[u8]) -> Result<(&'static Item, u64), String> {
    let text = std::str::from_utf8(body).map_err(|_| "The body is not UTF-8".to_string())?;
    let order = json::parse(text).map_err(|mistake| format!("The body is not JSON: {} at byte {}", mistake.what, mistake.at))?;
    let members = match order {
        Value::Object(members) => members,
        _ => return Err("The body is not an object".into()),
    };

    let (mut item, mut quantity) = (None, None);
    for (key, value) in &members {
        match (key.as_str(), value) {
            ("item", Value::String(id)) => item = ITEMS.iter().find(|item| item.id == id),
            ("quantity", Value::Number(digits)) => quantity = digits.parse().ok(),
            ("item" | "quantity", _) => return Err(format!("{key} is of the wrong type")),
            _ => return Err(format!("{key} is not known here")),
        }
    }
    let item = item.ok_or("item must name one of /items")?;
    let quantity = quantity.filter(|count| (1..=QUANTITY_MAX).contains(count));
    let quantity = quantity.ok_or_else(|| format!("quantity must be a whole number from 1 to {QUANTITY_MAX}"))?;
    Ok((item, quantity))
}

fn respond() -> io::Result<Response> {
    let method = env::var("REQUEST_METHOD").unwrap_or_default();
    let path = env::var("PATH_INFO").unwrap_or_default();
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    Ok(match (method.as_str(), parts.as_slice()) {
        ("GET" | "HEAD", ["items"]) => list_items(&env::var("QUERY_STRING").unwrap_or_default()),
        ("GET" | "HEAD", ["items", id]) => show_item(id),
        ("POST", ["quotes"]) => {
            let mut body = Vec::new();
            io::stdin().lock().take(BODY_BYTES_MAX + 1).read_to_end(&mut body)?;
            if body.len() as u64 > BODY_BYTES_MAX {
                Response::failure("413 Content Too Large", "An order has at most 16 KiB")
            } else {
                make_quote(&body)
            }
        }
        (_, ["items"] | ["items", _]) => Response::method_not_allowed("Allow: GET, HEAD\n"),
        (_, ["quotes"]) => Response::method_not_allowed("Allow: POST\n"),
        _ => Response::failure("404 Not Found", "Try /items, /items/ID or POST /quotes"),
    })
}

fn main() -> io::Result<()> {
    let response = respond()?;
    write!(
        io::stdout().lock(),
        "Status: {}\nContent-Type: application/json\nContent-Length: {}\n{}\n{}\n",
        response.status,
        response.body.len() + 1,
        response.headers,
        response.body
    )
}
