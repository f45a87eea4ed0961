//! The forms in which a secret may lie about: as it is, URL-encoded, in base64 at any alignment, in hexadecimal, escaped for JSON.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// A value shorter than this many bytes is not searched for: it would be found in every dictionary.
pub(super) const SHORTEST: usize = 8;

/// One form of one value.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Needle {
    /// What to say of it: `base64`.
    pub(super) form: &'static str,
    /// The bytes to look for.
    pub(super) bytes: Vec<u8>,
}

/// Every distinct form of `value` and, where it is a URL, of its password, at least [`SHORTEST`] bytes each.
pub(super) fn forms(value: &str) -> Vec<Needle> {
    let trimmed = value.trim();
    let mut all = of_text(trimmed, "as it is");
    if let Some(password) = password(trimmed) {
        all.extend(of_text(&password, "its password"));
    }
    let mut distinct: Vec<Needle> = Vec::new();
    for needle in all {
        if needle.bytes.len() >= SHORTEST && distinct.iter().all(|other| other.bytes != needle.bytes) {
            distinct.push(needle);
        }
    }
    distinct
}

fn of_text(text: &str, plain: &'static str) -> Vec<Needle> {
    if text.len() < SHORTEST {
        return Vec::new();
    }
    let named = |form: &'static str| move |text: String| Needle { form, bytes: text.into_bytes() };
    let mut all = vec![named(plain)(text.to_owned())];
    all.extend([percent(text, false), percent(text, true)].map(named("URL-encoded")));
    all.extend(base64_inside(text).map(named("base64")));
    let hex = text.bytes().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    all.extend([hex.to_uppercase(), hex].map(named("hexadecimal")));
    let json = serde_json::to_string(text).unwrap_or_default();
    all.push(named("JSON-escaped")(json.trim_matches('"').to_owned()));
    all
}

/// The password of a URL, percent-decoded, if it has one that is long enough to look for.
fn password(value: &str) -> Option<String> {
    let url = url::Url::parse(value).ok()?;
    let encoded = url.password()?;
    let decoded = url::form_urlencoded::parse(format!("p={}", encoded.replace('+', "%2B")).as_bytes()).next()?.1.into_owned();
    (decoded.len() >= SHORTEST).then_some(decoded)
}

/// Every byte but the unreserved ones of RFC 3986 as `%XX`, in capital or small digits.
fn percent(text: &str, small: bool) -> String {
    let one = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ if small => format!("%{byte:02x}"),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(one).collect()
}

/// The base64 characters that depend on `text` alone, for each of the three places that it can begin at within a longer encoded text
/// (`user:secret` of Basic authentication, a whole encoded file), in both alphabets.
fn base64_inside(text: &str) -> [String; 6] {
    let at = |offset: usize, url_safe: bool| {
        let padded = ["\0".repeat(offset), text.to_owned()].concat();
        let encoded = if url_safe { URL_SAFE_NO_PAD.encode(&padded) } else { STANDARD_NO_PAD.encode(&padded) };
        // Leading characters carry bits of what stands before, the last one bits of what follows.
        let skip = [0, 2, 3].get(offset).copied().unwrap_or_default();
        let partial = usize::from(padded.len() % 3 != 0);
        encoded.get(skip..encoded.len().saturating_sub(partial)).unwrap_or_default().to_owned()
    };
    [at(0, false), at(1, false), at(2, false), at(0, true), at(1, true), at(2, true)]
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn found(value: &str, text: &[u8]) -> Option<&'static str> {
        let hit = |needle: &&Needle| text.windows(needle.bytes.len()).any(|window| window == needle.bytes);
        forms(value).iter().find(hit).map(|needle| needle.form)
    }

    #[rstest]
    #[case::plain("key = p4ss/w0rd+ok!", Some("as it is"))]
    #[case::url("?k=p4ss%2Fw0rd%2Bok%21", Some("URL-encoded"))]
    #[case::small_url("?k=p4ss%2fw0rd%2bok%21", Some("URL-encoded"))]
    #[case::hexadecimal("703473732f773072642b6f6b21", Some("hexadecimal"))]
    #[case::other("p4ss/w0rd", None)]
    fn a_value_is_found_in_each_form(#[case] text: &str, #[case] form: Option<&str>) {
        assert_eq!(found("p4ss/w0rd+ok!", text.as_bytes()), form);
    }

    #[test]
    fn the_password_of_a_url_is_a_secret_of_its_own() {
        let url = "postgresql://app:s3cr%2Ftpw9@db.example.com/app";
        assert_eq!(found(url, b"PGPASSWORD=s3cr/tpw9"), Some("its password"));
        assert_eq!(found(url, url.as_bytes()), Some("as it is"));
    }

    #[test]
    fn a_short_value_has_no_forms() {
        assert!(forms("abc1234").is_empty());
    }

    proptest! {
        #[test]
        fn base64_of_any_surroundings_gives_a_value_away(before in ".{0,7}", value in "[!-~]{12,40}", after in ".{0,7}") {
            let encoded = STANDARD.encode(format!("{before}{value}{after}"));
            prop_assert!(found(&value, encoded.as_bytes()).is_some());
        }
    }
}
