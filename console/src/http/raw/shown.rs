//! How a raw request is shown: its lines with every secret replaced by its name, and a shell line that repeats it.

use std::fmt::Write as _;
use std::time::Duration;

use super::{Part, Raw, own_agent};
use crate::http::{clean, record};
use crate::run::RequestRecord;
use crate::target::Target;

/// Bytes that a shell line still spells out.
const SPELT: usize = 4 * 1024;

/// The parts as they may be shown: bytes, or the name of what is secret.
enum Shown {
    Bytes(Vec<u8>),
    Name(String),
    Pause(Duration),
}

fn shown(raw: &Raw, target: &Target, agent: &str) -> Vec<Shown> {
    let bytes = |text: String| Shown::Bytes(text.into_bytes());
    let each = |part: Part| match part {
        Part::Plain(plain) => Shown::Bytes(plain),
        Part::Secret(credential) => Shown::Name(credential.name().to_owned()),
        Part::Usual => {
            let extra = target.headers.iter().map(|(name, _)| format!("{name}: <from postflight.toml>\r\n"));
            let own = own_agent(target, agent).map_or_else(String::new, |agent| format!("user-agent: {agent}\r\n"));
            bytes(extra.fold(own, |lines, line| lines + &line))
        }
        Part::Pause(pause) => Shown::Pause(pause),
    };
    raw.parts(target).map(each).collect()
}

/// The request as a record: what stands where the line, the header lines and the body would be, whether or not they are.
pub(super) fn request(raw: &Raw, target: &Target, agent: &str) -> RequestRecord {
    let mut text = Vec::new();
    for part in shown(raw, target, agent) {
        match part {
            Shown::Bytes(bytes) => text.extend(bytes),
            Shown::Name(name) => text.extend(name.into_bytes()),
            Shown::Pause(pause) => text.extend(format!("<{} s of silence>", pause.as_secs_f64()).into_bytes()),
        }
    }
    let end = text.windows(4).position(|window| window == b"\r\n\r\n");
    let (head, body) = text.split_at(end.map_or(text.len(), |end| end + 4));
    let head = String::from_utf8_lossy(head);
    let mut lines = head.trim_end_matches("\r\n").split("\r\n");
    let line = lines.next().unwrap_or_default();
    let (method, rest) = line.split_once(' ').unwrap_or((line, ""));
    let at = rest.strip_suffix(" HTTP/1.1").unwrap_or(rest);
    let url =
        if at.starts_with('/') { format!("{}{at}", target.base.origin()) } else { format!("{} <{at}>", target.base.origin()) };
    let cut = |text: &str, cap: usize| record::excerpt(text.as_bytes(), cap).0;
    let field = |line: &str| {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        (cut(name, record::HEADER_VALUE), cut(value.strip_prefix(' ').unwrap_or(value), record::HEADER_VALUE))
    };
    RequestRecord {
        method: cut(method, record::HEADER_VALUE),
        url: cut(&url, record::REQUEST_BODY),
        headers: lines.take(64).map(field).collect(),
        body: (!body.is_empty()).then(|| record::excerpt(body, record::REQUEST_BODY).0),
    }
}

/// A shell line that repeats the request: `printf` makes the bytes, `nc` or `openssl s_client` sends them. What is too long for a line
/// says so instead.
pub(super) fn line(raw: &Raw, target: &Target, agent: &str) -> String {
    let parts = shown(raw, target, agent);
    let length: usize = parts.iter().map(|part| if let Shown::Bytes(bytes) = part { bytes.len() } else { 0 }).sum();
    if length > SPELT {
        return format!("# no shell line repeats this: it sends {length} bytes");
    }
    let (mut commands, mut format, mut arguments) = (Vec::new(), String::new(), String::new());
    for part in parts {
        match part {
            Shown::Bytes(bytes) => bytes.into_iter().for_each(|byte| escape(&mut format, byte)),
            Shown::Name(name) => {
                format.push_str("%s");
                arguments.push_str(&format!(" {}", record::quote(&clean(&name))));
            }
            Shown::Pause(pause) => {
                commands.push(format!("printf '{format}'{arguments}"));
                commands.push(format!("sleep {}", pause.as_secs_f64()));
                (format, arguments) = (String::new(), String::new());
            }
        }
    }
    commands.push(format!("printf '{format}'{arguments}"));
    let sent = if commands.len() > 1 { format!("{{ {}; }}", commands.join("; ")) } else { commands.join("") };
    let (host, port) = (target.base.host().trim_matches(['[', ']']), target.base.port());
    if target.base.is_https() {
        return format!("{sent} | openssl s_client -quiet -servername {host} -connect {}:{port}", target.base.host());
    }
    format!("{sent} | nc {host} {port}")
}

/// One byte as `printf` makes it from a format in single quotes.
fn escape(format: &mut String, byte: u8) {
    match byte {
        b'\r' => format.push_str(r"\r"),
        b'\n' => format.push_str(r"\n"),
        b'\\' => format.push_str(r"\\"),
        b'%' => format.push_str("%%"),
        b'\'' => format.push_str(r"\047"),
        b' '..=b'~' => format.push(char::from(byte)),
        _ => {
            let _ = write!(format, r"\{byte:03o}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Credential;
    use crate::target::BaseUrl;

    fn target(url: &str) -> Target {
        let mut target = Target::new(BaseUrl::parse(url).unwrap());
        target.headers.push(("x-bypass".into(), "let-me-in".to_owned().into()));
        target
    }

    fn raw() -> Raw {
        let token = Credential::new("$POSTFLIGHT_TOKEN_A", "eyJ-very-secret");
        Raw::line("GET", "/a/../b%00'").usual().bearer(&token, None).bytes(b"x: \x0b\xff\r\n").end().bytes("{}")
    }

    #[test]
    fn a_request_is_shown_line_by_line_without_its_secrets() {
        let shown = request(&raw(), &target("http://127.0.0.1:8080"), "postflight");
        let fields: Vec<_> = shown.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        let text = format!("{} {}\n{}\n{}", shown.method, shown.url, fields.join("\n"), shown.body.unwrap_or_default());
        let expected = "GET http://127.0.0.1:8080/a/../b%00'\nuser-agent: postflight\nx-bypass: <from postflight.toml>\n\
            authorization: Bearer $POSTFLIGHT_TOKEN_A\nx: \\u{b}\u{fffd}\n{}";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_shell_line_makes_the_same_bytes_and_the_token_is_a_variable() {
        insta::assert_snapshot!(line(&raw(), &target("http://127.0.0.1:8080"), "postflight"), @r#"printf 'GET /a/../b%%00\047 HTTP/1.1\r\nuser-agent: postflight\r\nx-bypass: <from postflight.toml>\r\nauthorization: Bearer %s\r\nx: \013\377\r\n\r\n{}' "$POSTFLIGHT_TOKEN_A" | nc 127.0.0.1 8080"#);
        let slow = Raw::line("GET", "/").pause(Duration::from_secs(5)).end();
        insta::assert_snapshot!(line(&slow, &target("https://api.example"), "postflight"), @r"{ printf 'GET / HTTP/1.1\r\n'; sleep 5; printf '\r\n'; } | openssl s_client -quiet -servername api.example -connect api.example:443");
        let dribbled = Raw::new().bytes("a").pause(Duration::from_millis(400)).bytes("b");
        let dribbled = line(&dribbled, &target("http://127.0.0.1"), "postflight");
        assert_eq!(dribbled, "{ printf 'a'; sleep 0.4; printf 'b'; } | nc 127.0.0.1 80");
        let long = line(&Raw::new().bytes("x".repeat(5000)), &target("http://127.0.0.1"), "postflight");
        assert_eq!(long, "# no shell line repeats this: it sends 5000 bytes");
    }
}
