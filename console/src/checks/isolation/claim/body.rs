//! Claims in the body of a write.

use serde_json::{Value, json};

use crate::checks::{Case, Checked, Context, Judgement, Role, User, battery};
use crate::http::Probe;

use super::claimed;
use crate::checks::isolation::judge;
use crate::checks::isolation::owner::owner_fields;
use crate::checks::isolation::stage::{attacked, deletion_of_nothing};
use crate::checks::isolation::tenancy;

/// B writes to A's object and says in the body that it is A who writes.
pub(in crate::checks::isolation) async fn body(cx: Context) -> Checked {
    let (cx, a, b) = (&cx, cx.a()?, cx.b()?);
    let (title, accepted) = (&cx.objects.attempted(b).await?, &cx.target.policy.no_such());
    attacked(cx, Role::Contested, |victim| async move {
        let name = claimed(cx, a, &victim);
        let (subject, nested) = (json!(name), json!({ "id": name, "_id": name }));
        let item = cx.item_path(a, &victim.object.id);
        let fields = owner_fields(cx, &victim);
        let (first, others) = fields.split_at(1);
        let mut cases: Vec<_> = first.iter().flat_map(|field| claims(cx, b, &item, title, field, &subject)).collect();
        for field in cx.telling(others, 3) {
            cases.extend(cx.telling(claims(cx, b, &item, title, field, &subject), 1));
        }
        // Where a middleware keeps who asks, the body may already hold somebody.
        cases.extend(cx.telling(claims(cx, b, &item, title, "user", &nested), 1));
        // An object that comes to be in what is B's is B's.
        for place in tenancy::places(cx, &victim).await? {
            cases.extend(cx.telling(claims(cx, b, &item, title, &place.name, &place.of_b), 1));
        }
        let missing = deletion_of_nothing(cx, &victim.object.id).await?;
        battery(cx, "bodies that claim to be A", cases, |case, answer| match answer.status {
            // Unknown fields may be refused before anything is looked up.
            400 | 422 if !victim.leaks_in(answer) => Judgement::held(format!("{}", answer.status)),
            status if case.probe.method() == "DELETE" => judge::deletion(accepted, status, victim.leaks_in(answer), missing),
            status => judge::refusal(accepted, status, victim.leaks_in(answer)),
        })
        .await
    })
    .await
}

fn claims(cx: &Context, b: &User, item: &str, title: &str, field: &str, subject: &Value) -> Vec<Case> {
    let resource = &cx.target.resource;
    let claimed = |body: Value| resource.with(body, field, subject.clone());
    let mut bodies = [("PATCH", resource.patch(title)), ("PUT", resource.full(title)), ("DELETE", json!({}))];
    if !resource.update.patches() {
        bodies.swap(0, 1);
    }
    let case = |(method, body)| {
        // A deletion that was carried out shows in A's object, however often it is asked for.
        let probe = Probe::new(method, item).json(&claimed(body)).bearer(&b.token).repeatable();
        let whole = if subject.is_object() { " as an object" } else { "" };
        Case::new(format!("B: {method} of A's object with `{field}`{whole} in the body"), probe)
    };
    bodies.map(case).into()
}
