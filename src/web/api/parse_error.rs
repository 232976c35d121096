//! What is wrong with a text that is no JSON, in the words that the predecessor's clients know: those of Python's
//! parser. Only texts that were refused already come here.

/// Deeper than this no body is read.
const DEPTH_MAX: usize = 127;

/// The fault and its place, as `Expecting value: line 1 column 1 (char 0)`.
#[must_use]
pub fn fault(text: &str) -> String {
    let mut scanner = Scanner {
        chars: text.chars().collect(),
        at: 0,
    };
    let found = scanner.document();
    let Err(Fault { what, at }) = found else {
        // Well-formed for Python, and still refused: half of a character written as an escape.
        return "Surrogate characters are not allowed".to_owned();
    };
    let before: Vec<char> = scanner.chars.iter().take(at).copied().collect();
    let line = before.iter().filter(|c| **c == '\n').count() + 1;
    let column = before.iter().rev().take_while(|c| **c != '\n').count() + 1;
    format!("{what}: line {line} column {column} (char {at})")
}

struct Fault {
    what: &'static str,
    at: usize,
}

struct Scanner {
    chars: Vec<char>,
    at: usize,
}

impl Scanner {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn blanks(&mut self) {
        while self.peek().is_some_and(|c| " \t\n\r".contains(c)) {
            self.at += 1;
        }
    }

    fn fail<T>(&self, what: &'static str) -> Result<T, Fault> {
        Err(Fault { what, at: self.at })
    }

    fn document(&mut self) -> Result<(), Fault> {
        self.blanks();
        self.value(0)?;
        self.blanks();
        if self.at == self.chars.len() {
            Ok(())
        } else {
            self.fail("Extra data")
        }
    }

    fn value(&mut self, depth: usize) -> Result<(), Fault> {
        if depth > DEPTH_MAX {
            return self.fail("Nested too deeply");
        }
        match self.peek() {
            Some('"') => self.string(),
            Some('{') => self.object(depth),
            Some('[') => self.array(depth),
            Some(c) if c == '-' || c.is_ascii_digit() => self.number(),
            _ => {
                for word in ["null", "true", "false"] {
                    if self
                        .chars
                        .iter()
                        .skip(self.at)
                        .take(word.len())
                        .eq(word.chars().collect::<Vec<_>>().iter())
                    {
                        self.at += word.len();
                        return Ok(());
                    }
                }
                self.fail("Expecting value")
            }
        }
    }

    fn number(&mut self) -> Result<(), Fault> {
        let begun = self.at;
        if self.peek() == Some('-') {
            self.at += 1;
        }
        match self.peek() {
            Some('0') => self.at += 1,
            Some(c) if c.is_ascii_digit() => self.digits(),
            _ => {
                self.at = begun;
                return self.fail("Expecting value");
            }
        }
        let whole = self.at;
        if self.peek() == Some('.') {
            self.at += 1;
            if !self.peek().is_some_and(|c| c.is_ascii_digit()) {
                self.at = whole;
                return Ok(());
            }
            self.digits();
        }
        let before = self.at;
        if matches!(self.peek(), Some('e' | 'E')) {
            self.at += 1;
            if matches!(self.peek(), Some('+' | '-')) {
                self.at += 1;
            }
            if self.peek().is_some_and(|c| c.is_ascii_digit()) {
                self.digits();
            } else {
                self.at = before;
            }
        }
        Ok(())
    }

    fn digits(&mut self) {
        while self.peek().is_some_and(|c| c.is_ascii_digit()) {
            self.at += 1;
        }
    }

    fn string(&mut self) -> Result<(), Fault> {
        let begun = self.at;
        self.at += 1;
        loop {
            match self.peek() {
                None => {
                    self.at = begun;
                    return self.fail("Unterminated string starting at");
                }
                Some('"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some('\\') => self.escape(begun)?,
                Some(c) if c < ' ' => return self.fail("Invalid control character at"),
                Some(_) => self.at += 1,
            }
        }
    }

    fn escape(&mut self, begun: usize) -> Result<(), Fault> {
        match self.chars.get(self.at + 1) {
            None => {
                self.at = begun;
                self.fail("Unterminated string starting at")
            }
            Some('u') => {
                let digits = self.chars.iter().skip(self.at + 2).take(4);
                if digits.filter(|c| c.is_ascii_hexdigit()).count() < 4 {
                    self.at += 1;
                    return self.fail("Invalid \\uXXXX escape");
                }
                self.at += 6;
                Ok(())
            }
            Some('"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't') => {
                self.at += 2;
                Ok(())
            }
            Some(_) => self.fail("Invalid \\escape"),
        }
    }

    fn object(&mut self, depth: usize) -> Result<(), Fault> {
        self.at += 1;
        self.blanks();
        if self.peek() == Some('}') {
            self.at += 1;
            return Ok(());
        }
        loop {
            if self.peek() != Some('"') {
                return self.fail("Expecting property name enclosed in double quotes");
            }
            self.string()?;
            self.blanks();
            if self.peek() != Some(':') {
                return self.fail("Expecting ':' delimiter");
            }
            self.at += 1;
            self.blanks();
            self.value(depth + 1)?;
            self.blanks();
            match self.peek() {
                Some('}') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(',') => self.at += 1,
                _ => return self.fail("Expecting ',' delimiter"),
            }
            self.blanks();
        }
    }

    fn array(&mut self, depth: usize) -> Result<(), Fault> {
        self.at += 1;
        self.blanks();
        if self.peek() == Some(']') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.value(depth + 1)?;
            self.blanks();
            match self.peek() {
                Some(']') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(',') => self.at += 1,
                _ => return self.fail("Expecting ',' delimiter"),
            }
            self.blanks();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::fault;

    #[test]
    fn faults_are_told_as_python_tells_them() {
        for (text, told) in [
            (
                "{bad",
                "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
            ),
            ("nope", "Expecting value: line 1 column 1 (char 0)"),
            (" ", "Expecting value: line 1 column 2 (char 1)"),
            (r#"{"a" 1}"#, "Expecting ':' delimiter: line 1 column 6 (char 5)"),
            (r#"{"a": }"#, "Expecting value: line 1 column 7 (char 6)"),
            ("[1 2]", "Expecting ',' delimiter: line 1 column 4 (char 3)"),
            ("{}x", "Extra data: line 1 column 3 (char 2)"),
            (
                "{\n\"a",
                "Unterminated string starting at: line 2 column 1 (char 2)",
            ),
            ("[1,\n \"\\x\"]", "Invalid \\escape: line 2 column 3 (char 6)"),
            ("\"\\ud800\"", "Surrogate characters are not allowed"),
        ] {
            assert_eq!(fault(text), told, "{text}");
        }
        let deep = "[".repeat(100_000);
        assert!(fault(&deep).starts_with("Nested too deeply"));
    }
}
