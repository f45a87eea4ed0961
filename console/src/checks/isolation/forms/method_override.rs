//! Requests that ask to be taken for another method than they have.

use crate::checks::isolation::judge;
use crate::checks::isolation::plain::{Detours, To};
use crate::checks::isolation::stage::attacked;
use crate::checks::paging::asking;
use crate::checks::{Case, Checked, Context, Role, User};
use crate::http::{Answer, Probe};

/// Headers and parameters by which some frameworks let a client rename the method of a request.
const OVERRIDES: [&str; 4] = ["x-http-method-override", "x-method-override", "x-http-method", "x-original-method"];

pub(in crate::checks::isolation) async fn method_override(cx: Context) -> Checked {
    let (cx, a, b) = (&cx, cx.a()?, cx.b()?);
    let title = &cx.objects.attempted(b).await?;
    attacked(cx, Role::Contested, |victim| async move {
        let item = cx.item_path(a, &victim.object.id);
        let mut cases: Vec<_> = ["GET", "POST"].iter().flat_map(|method| overridden(cx, b, method, &item, title)).collect();
        // A's own POST may be renamed where a framework offers that; a safe request may not, since browsers send those on their own.
        cases.extend(overridden(cx, a, "GET", &item, title));
        let detours = Detours { cx, victim: &victim, query: "", to: To::Object };
        let judge =
            |case: &Case, answer: &Answer| judge::harmless(answer.status, case.name.starts_with('B') && victim.leaks_in(answer));
        detours.ask("requests with an overridden method", cases, judge).await
    })
    .await
}

fn overridden(cx: &Context, user: &User, method: &str, item: &str, title: &str) -> Vec<Case> {
    let sent = |path: String| {
        let probe = Probe::new(method, path).bearer(&user.token);
        if method == "POST" { probe.json(&cx.target.resource.body(title)) } else { probe }
    };
    let by_header = cx.at_once(OVERRIDES).into_iter().flat_map(|names| {
        let renamed = |verb| names.iter().fold(sent(item.to_owned()), |probe, name| probe.header(name, verb));
        // A GET has no body that a PUT could set.
        let verbs = if method == "POST" || cx.exhaustive { vec!["DELETE", "PUT"] } else { vec!["DELETE"] };
        let case = |verb| Case::new(format!("{}: {method} with {}: {verb}", user.name, names.join(", ")), renamed(verb));
        verbs.into_iter().map(case).collect::<Vec<_>>()
    });
    let by_query = cx
        .telling(["_method=DELETE", "_method=PATCH", "method=DELETE"], 1)
        .into_iter()
        .map(|query| Case::new(format!("{}: {method} with ?{query}", user.name), sent(asking(item, query))));
    let form = (method == "POST").then(|| {
        let probe = Probe::new("POST", item).bearer(&user.token);
        let form = probe.body(Some("application/x-www-form-urlencoded"), "_method=DELETE");
        Case::new(format!("{}: POST of the form _method=DELETE", user.name), form)
    });
    by_header.chain(by_query).chain(form).collect()
}
