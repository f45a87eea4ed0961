//! How values and names arrive when people paste them: judged once, before any value is read.
//!
//! A platform's form keeps what `.env` files and shells would remove. Repairing it here would hide that the value is also
//! wrong wherever else it was pasted.

use super::reader::Reader;
use super::variables::VARIABLES;

/// The process-wide variables of libpq that sqlx reads and that cannot be unset again through its options.
const LIBPQ: [&str; 4] = ["PGOPTIONS", "PGSSLROOTCERT", "PGSSLCERT", "PGSSLKEY"];

impl Reader<'_> {
    /// Names and values as a copy-and-paste leaves them: stray spaces, quotes, line breaks, nothing at all.
    pub(super) fn hygiene(&mut self) {
        for (name, value) in self.vars {
            let trimmed = name.trim();
            if VARIABLES.iter().any(|variable| variable.name == trimmed) {
                if trimmed != name {
                    self.wrong(trimmed, "has spaces around its name, so it would not be read: remove them");
                } else if let Some(message) = untidy(value) {
                    self.wrong(name, message);
                }
            }
        }
        for name in LIBPQ.into_iter().filter(|name| self.vars.contains_key(*name)) {
            self.wrong(name, "would change every database connection behind DATABASE_URL's back: unset it");
        }
    }
}

/// What is untidy about a value, if anything.
fn untidy(value: &str) -> Option<&'static str> {
    let quoted = |quote: char| value.starts_with(quote) || value.ends_with(quote);
    if value.trim().is_empty() {
        Some("is set but empty: give it a value or remove it")
    } else if value.contains(char::REPLACEMENT_CHARACTER) {
        Some("is not UTF-8 text")
    } else if value.contains(char::is_control) {
        Some("contains a line break or another control character: remove it")
    } else if value.trim() != value {
        Some("has spaces around its value: remove them")
    } else if quoted('"') || quoted('\'') || quoted('`') {
        Some("has quotes around its value: the platform does not remove them, so leave them out")
    } else {
        None
    }
}
