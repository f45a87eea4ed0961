//! The id of A's object in other clothes, and in a query that it is pasted into.

use crate::checks::isolation::listing::leak_free;
use crate::checks::isolation::owner::encoded;
use crate::checks::isolation::plain::{Detours, To};
use crate::checks::isolation::stage::Victim;
use crate::checks::isolation::whose::id_field;
use crate::checks::{Act, Case, Checked, Context};
use crate::http::Probe;
use serde_json::Value;

pub(in crate::checks::isolation) async fn id_forms(cx: Context) -> Checked {
    let victim = Victim::shared(&cx).await?;
    let b = cx.b()?;
    let (id, column) = (&victim.object.id, id_field(&cx));
    let forms = [cx.telling(forms(id), 9), other_names(&cx, &victim), cx.telling(injections(id, &column), 2)].concat();
    let named = forms.iter().filter_map(|(name, id)| Some((name, Act::Get.paths(&cx, id).ok()?)));
    let cases = named.flat_map(|(name, ways)| {
        ways.into_iter()
            .map(move |(way, path)| Case::new(format!("B: {way} {name}"), Probe::get(path).bearer(&b.token)).of_an_odd_form())
    });
    let detours = Detours { cx: &cx, victim: &victim, query: "", to: To::Object };
    detours.ask("forms of A's id", cases.collect(), |_, answer| leak_free(&victim, answer)).await
}

/// Members by which services name an object beside its id.
const NAMES: [&str; 11] =
    ["slug", "uuid", "guid", "public_id", "publicId", "short_id", "shortId", "number", "code", "key", "external_id"];

/// What else names the object, where it shows that: a route may look the other name up without a look at the owner.
fn other_names(cx: &Context, victim: &Victim) -> Vec<(&'static str, String)> {
    let read = victim.read.json();
    let object = read.as_ref().and_then(|read| cx.target.resource.object(read));
    let word = |value: &Value| value.as_str().map(str::to_owned).or_else(|| value.as_u64().map(|number| number.to_string()));
    let told = |name: &'static str| Some((name, word(object?.get(name)?)?));
    let is_another = |(_, value): &(&str, String)| *value != victim.object.id && !value.is_empty() && !value.contains('/');
    NAMES.into_iter().filter_map(told).filter(is_another).map(|(name, value)| (name, encoded(&value))).take(2).collect()
}

/// The same id in other clothes.
fn forms(id: &str) -> Vec<(&'static str, String)> {
    vec![
        ("in upper case", id.to_ascii_uppercase()),
        ("as .json", format!("{id}.json")),
        ("with an encoded NUL behind", format!("{id}%00")),
        ("with a path parameter", format!("{id};x=1")),
        ("with a slash behind", format!("{id}/")),
        ("with a second slash before", format!("/{id}")),
        ("without dashes", id.replace('-', "")),
        ("with an encoded space behind", format!("{id}%20")),
        ("behind an encoded dot segment", format!("x%2F..%2F{id}")),
        ("behind zeros", format!("000{id}")),
        ("in percent escapes", escaped(id)),
        ("with a wildcard", format!("{}*", id.get(..id.len().saturating_sub(1)).unwrap_or_default())),
        ("with an encoded slash behind", format!("{id}%2F")),
        ("as one of two", format!("{id},{id}")),
        ("in braces", format!("%7B{id}%7D")),
        ("as a URN", format!("urn:uuid:{id}")),
        ("with two slashes behind", format!("{id}//")),
        ("with a dot behind", format!("{id}.")),
        ("with an encoded space before", format!("%20{id}")),
        ("with an encoded tab behind", format!("{id}%09")),
        ("with an encoded newline behind", format!("{id}%0A")),
        ("as .xml", format!("{id}.xml")),
        ("with an encoded slash before", format!("%2F{id}")),
        ("behind a dot segment with a backslash", format!("x%5C..%5C{id}")),
        ("behind a plus sign", format!("+{id}")),
        ("with a decimal point", format!("{id}.0")),
        ("with an encoded question mark", format!("{id}%3Fx=1")),
        ("in quotes", format!("%22{id}%22")),
    ]
}

/// Conditions that reach A's object, and only that one, where the id is pasted into a query (CWE-89). They only read.
fn injections(id: &str, column: &str) -> Vec<(&'static str, String)> {
    vec![
        ("behind OR, before a comment", format!("0%20OR%20{column}={id}%20--%20")),
        ("behind OR, in quotes and before a comment", format!("0%27%20OR%20{column}=%27{id}%27%20--%20")),
        ("behind OR", format!("0%20OR%20{column}={id}")),
        ("behind OR, in quotes", format!("0%27%20OR%20{column}=%27{id}")),
    ]
}

/// Every byte as `%xx`.
fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |escapes, byte| escapes + &format!("%{byte:02X}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_an_id_is_a_valid_path_and_another_text_than_the_id() {
        for (name, form) in forms("0199f5c4-8e2b-7d31-9c1a-5b6f0e7a4d21") {
            assert_ne!(form, "0199f5c4-8e2b-7d31-9c1a-5b6f0e7a4d21", "{name}");
            assert!(form.bytes().all(|byte| byte.is_ascii_graphic()), "{name}");
        }
    }
}
