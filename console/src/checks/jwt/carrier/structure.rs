//! Forms that are no token, made of the parts of one.

use crate::checks::jwt::ask::{Forgery, of_a, refused};
use crate::checks::{Checked, Context};

/// Forms that are not a JWS in compact serialisation (RFC 7515, 7.1), made of the parts of a good token.
pub(in crate::checks::jwt) async fn structure(cx: Context) -> Checked {
    let token = of_a(&cx)?;
    let structures = structures(&token.header, &token.payload, &token.signature);
    refused(&cx, "broken structures", cx.telling(structures, 6)).await
}

fn structures(header: &str, payload: &str, signature: &str) -> Vec<Forgery> {
    let flattened = format!(r#"{{"protected":"{header}","payload":"{payload}","signature":"{signature}"}}"#);
    let general = format!(r#"{{"payload":"{payload}","signatures":[{{"protected":"{header}","signature":"{signature}"}}]}}"#);
    let none = format!(r#"{{"payload":"{payload}","signatures":[]}}"#);
    let (h, p, s) = (header, payload, signature);
    vec![
        Forgery::fatal("the payload alone", p),
        Forgery::fatal("two dots", ".."),
        Forgery::fatal("a detached payload (RFC 7515, appendix F)", format!("{h}..{s}")),
        Forgery::fatal("an empty header", format!(".{p}.{s}")),
        Forgery::fatal("JSON serialisation without any signature", none),
        Forgery::lenient("a fourth part", format!("{h}.{p}.{s}.{s}")),
        Forgery::lenient("a trailing dot", format!("{h}.{p}.{s}.")),
        Forgery::lenient("flattened JSON serialisation", flattened),
        Forgery::fatal("the header alone", h),
        Forgery::fatal("one dot", "."),
        Forgery::fatal("four dots", "...."),
        Forgery::fatal("a signature alone", format!("..{s}")),
        Forgery::lenient("a fourth and a fifth part", format!("{h}.{p}.{s}.{s}.{s}")),
        Forgery::lenient("a leading dot", format!(".{h}.{p}.{s}")),
        Forgery::lenient("general JSON serialisation", general),
    ]
}
