//! JSON (RFC 8259), as much as an API needs: text to values and strings to JSON. Numbers stay text, so that whoever wants one
//! says which kind; that also keeps the tables of float parsing out of the program.

pub enum Value {
    Null,
    Bool(bool),
    /// As it was written.
    Number(String),
    String(String),
    Array(Vec<Value>),
    /// In the order of the text; a key that comes twice is there twice.
    Object(Vec<(String, Value)>),
}

/// Why a text is not JSON, and where.
pub struct Mistake {
    pub what: &'static str,
    pub at: usize,
}

/// Arrays and objects inside one another: a text of nothing but `[` must not overflow the stack.
const DEPTH_MAX: usize = 64;

/// Reads a whole text.
pub fn parse(text: &str) -> Result<Value, Mistake> {
    let mut parser = Parser { text, at: 0 };
    let value = parser.value(0)?;
    parser.skip_space();
    match parser.peek() {
        None => Ok(value),
        Some(_) => Err(parser.mistake("more after the value")),
    }
}

/// A string as JSON, quotes and all.
pub fn escape(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 2);
    json.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => json.extend(['\\', character]),
            '\u{0}'..='\u{1f}' => json.push_str(&format!("\\u{:04x}", character as u32)),
            _ => json.push(character),
        }
    }
    json.push('"');
    json
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl Parser<'_> {
    fn mistake(&self, what: &'static str) -> Mistake {
        Mistake { what, at: self.at }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Goes past `byte` when it is next.
    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn value(&mut self, depth: usize) -> Result<Value, Mistake> {
        if depth > DEPTH_MAX {
            return Err(self.mistake("too deep"));
        }
        self.skip_space();
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => self.string().map(Value::String),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            _ => Err(self.mistake("a value is wanted")),
        }
    }

    fn word(&mut self, word: &'static str, value: Value) -> Result<Value, Mistake> {
        if !self.text[self.at..].starts_with(word) {
            return Err(self.mistake("a value is wanted"));
        }
        self.at += word.len();
        Ok(value)
    }

    fn array(&mut self, depth: usize) -> Result<Value, Mistake> {
        self.at += 1;
        let mut values = Vec::new();
        self.skip_space();
        if self.take(b']') {
            return Ok(Value::Array(values));
        }
        loop {
            values.push(self.value(depth + 1)?);
            self.skip_space();
            if self.take(b']') {
                return Ok(Value::Array(values));
            }
            if !self.take(b',') {
                return Err(self.mistake("a comma or ] is wanted"));
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, Mistake> {
        self.at += 1;
        let mut members = Vec::new();
        self.skip_space();
        if self.take(b'}') {
            return Ok(Value::Object(members));
        }
        loop {
            self.skip_space();
            if self.peek() != Some(b'"') {
                return Err(self.mistake("a key is wanted"));
            }
            let key = self.string()?;
            self.skip_space();
            if !self.take(b':') {
                return Err(self.mistake("a colon is wanted"));
            }
            members.push((key, self.value(depth + 1)?));
            self.skip_space();
            if self.take(b'}') {
                return Ok(Value::Object(members));
            }
            if !self.take(b',') {
                return Err(self.mistake("a comma or } is wanted"));
            }
        }
    }

    fn digits(&mut self) -> Result<(), Mistake> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start { Err(self.mistake("a digit is wanted")) } else { Ok(()) }
    }

    fn number(&mut self) -> Result<Value, Mistake> {
        let start = self.at;
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            let _ = self.take(b'+') || self.take(b'-');
            self.digits()?;
        }
        Ok(Value::Number(self.text[start..self.at].to_string()))
    }

    fn string(&mut self) -> Result<String, Mistake> {
        self.at += 1;
        let mut string = String::new();
        loop {
            let plain = self.at;
            while !matches!(self.peek(), None | Some(b'"' | b'\\' | 0..=0x1f)) {
                self.at += 1;
            }
            string.push_str(&self.text[plain..self.at]);
            if self.take(b'"') {
                return Ok(string);
            }
            if !self.take(b'\\') {
                return Err(self.mistake("a string does not end, or has a control character"));
            }
            string.push(self.escaped()?);
        }
    }

    /// The character that an escape stands for; the backslash is behind us.
    fn escaped(&mut self) -> Result<char, Mistake> {
        let kind = self.peek();
        self.at += 1;
        Ok(match kind {
            Some(plain @ (b'"' | b'\\' | b'/')) => plain as char,
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => self.code_point()?,
            _ => return Err(self.mistake("not an escape")),
        })
    }

    fn four_hex_digits(&mut self) -> Result<u32, Mistake> {
        let digits = self.text.get(self.at..self.at + 4).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let unit = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let unit = unit.ok_or_else(|| self.mistake("four hex digits are wanted"))?;
        self.at += 4;
        Ok(unit)
    }

    fn code_point(&mut self) -> Result<char, Mistake> {
        let high = self.four_hex_digits()?;
        if !(0xd800..0xdc00).contains(&high) {
            return char::from_u32(high).ok_or_else(|| self.mistake("half of a surrogate pair"));
        }
        let low = if self.take(b'\\') && self.take(b'u') { self.four_hex_digits()? } else { 0 };
        if !(0xdc00..0xe000).contains(&low) {
            return Err(self.mistake("half of a surrogate pair"));
        }
        char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00)).ok_or_else(|| self.mistake("not a character"))
    }
}
