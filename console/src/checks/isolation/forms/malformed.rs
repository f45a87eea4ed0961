//! Requests about A's object that no service can make sense of: what their error texts tell.

use serde_json::json;

use crate::checks::isolation::listing::leak_free;
use crate::checks::isolation::page::list;
use crate::checks::isolation::plain::{Detours, To};
use crate::checks::isolation::stage::attacked;
use crate::checks::{Case, Checked, Context, Role};
use crate::http::{Probe, Trouble};

/// Malformed requests of B on A's object: error texts hold nothing of it.
pub(in crate::checks::isolation) async fn errors(cx: Context) -> Checked {
    let (cx, b) = (&cx, cx.b()?);
    attacked(cx, Role::Contested, |victim| async move {
        let probes = cx.telling(malformed(cx, &victim.object.id)?, 5);
        let as_b = |(name, probe): (&str, Probe)| Case::new(format!("B sends {name}"), probe.bearer(&b.token));
        let detours = Detours { cx, victim: &victim, query: "", to: To::Either };
        detours.ask("errors", probes.into_iter().map(as_b).collect(), |_, answer| leak_free(&victim, answer)).await
    })
    .await
}

/// Requests about an object of A's that no service can make sense of; those that most services answer with an error text first.
fn malformed(cx: &Context, id: &str) -> Result<[(&'static str, Probe); 13], Trouble> {
    let a = cx.a()?;
    let item = cx.item_path(a, id);
    let field = cx.target.resource.fields.title.clone();
    let json_type = Some("application/json");
    Ok([
        ("broken JSON", Probe::new("PUT", &item).body(json_type, "{\"title\":")),
        ("a number for the title", Probe::new("PATCH", &item).json(&json!({ (field.clone()): 7 }))),
        ("an empty title", Probe::new("PUT", &item).json(&json!({ (field.clone()): "" }))),
        ("null", Probe::new("PATCH", &item).json(&json!(null))),
        ("no media type", Probe::new("PUT", &item).body(None, "title=x")),
        ("a method that no route has", Probe::new("PROPFIND", &item)),
        ("POST on the object", Probe::new("POST", &item).json(&json!({}))),
        ("XML", Probe::new("PUT", &item).body(Some("application/xml"), "<task/>")),
        ("an endless title", Probe::new("PATCH", &item).json(&json!({ (field.clone()): "x".repeat(70_000) }))),
        ("an array for an object", Probe::new("PUT", &item).json(&json!([]))),
        ("an unreadable precondition", Probe::new("PUT", &item).json(&json!({ (field): "" })).header("if-match", "\"")),
        ("an unacceptable type asked for", Probe::get(&item).header("accept", "application/x-nothing")),
        ("a list of A's by a wrong sort", list(cx, a, "sort=no_such_field").header("accept", "text/html")),
    ])
}
