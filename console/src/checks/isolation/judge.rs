//! The rules by which an answer to the wrong user is judged. Pure: status and leak in, judgement out.

use crate::checks::Judgement;
use crate::target::Statuses;

/// An attempt on a declared route: it must be refused in one of the ways that the policy accepts. A success that neither leaked nor
/// changed anything (the caller looks for changes) is a promise that was not kept, but no flaw.
pub(super) fn refusal(accepted: &Statuses, status: u16, leaked: bool) -> Judgement {
    match status {
        _ if leaked => Judgement::broken(format!("{status} with what is A's in it")),
        200..=299 => Judgement::weak(format!("{status} instead of a refusal, though nothing of A's is in it")),
        // RFC 9110, 15.5.6 and 15.6.2.
        405 | 501 => Judgement::held(format!("{status}, the method is not offered")),
        500.. => Judgement::weak(format!("{status}: an error of the service instead of a refusal")),
        _ if accepted.contains(status) => Judgement::held(format!("{status}")),
        _ => Judgement::weak(format!("{status} instead of {}", accepted.words())),
    }
}

/// A deletion, beside the status of one of an id that nothing has: DELETE is idempotent (RFC 9110, 9.2.2), and a service that answers 204 for
/// whatever is not there, or not B's, tells nothing by it.
pub(super) fn deletion(accepted: &Statuses, status: u16, leaked: bool, missing: u16) -> Judgement {
    match status {
        200..=299 if !leaked && status == missing => Judgement::held(format!("{status}, as for an id that nothing has")),
        _ => refusal(accepted, status, leaked),
    }
}

/// A roundabout attempt (odd ids, guessed routes, overriding headers): many answers are right, as long as nothing of A's is in them.
pub(super) fn harmless(status: u16, leaked: bool) -> Judgement {
    match status {
        _ if leaked => Judgement::broken(format!("{status} with what is A's in it")),
        500 | 502.. => Judgement::weak(format!("{status}: an error of the service")),
        _ => Judgement::held(format!("{status}, nothing of A's in it")),
    }
}

/// `HEAD` has no body to leak, so its status is compared with that for an id that nothing has.
pub(super) fn head(accepted: &Statuses, foreign: u16, missing: u16) -> Judgement {
    match foreign {
        200..=299 if (200..=299).contains(&missing) => {
            Judgement::weak(format!("{foreign}, as for an id that nothing has: HEAD says nothing here"))
        }
        200..=299 => Judgement::broken(format!("{foreign}, but {missing} for an id that nothing has: A's object answers to B")),
        _ => refusal(accepted, foreign, false),
    }
}

/// A conditional or partial request by B: 304 and 206 admit that the representation is A's, 412 that the object exists.
pub(super) fn conditional(foreign: u16, missing: u16, leaked: bool) -> Judgement {
    match foreign {
        _ if leaked => Judgement::broken(format!("{foreign} with what is A's in it")),
        304 | 206 => Judgement::broken(format!("{foreign}: the condition was tried against A's object")),
        412 if missing != 412 => {
            Judgement::broken(format!("412, but {missing} for an id that nothing has: the condition is looked at before the owner"))
        }
        200..=299 if foreign == missing => Judgement::held(format!("{foreign}, as for an id that nothing has")),
        200..=299 => Judgement::weak(format!("{foreign} instead of a refusal, though nothing of A's is in it")),
        500 | 502.. => Judgement::weak(format!("{foreign}: an error of the service")),
        _ => Judgement::held(format!("{foreign}")),
    }
}

/// What a shared cache may do with an answer to a request with a token, by its `Cache-Control` directives (lower case).
/// RFC 9111, 3.5: `public` and `s-maxage` (and `must-revalidate`) allow a shared cache to keep it.
/// A private cache serves whoever sits at the browser: what it may keep for a while must name the header that says who asks in `Vary`, so that
/// the next user is not served the last one's.
pub(super) fn cache_control(directives: &[String], vary: &[String], carrier: &str) -> Judgement {
    let has = |name: &str| directives.iter().any(|directive| directive == name || directive.starts_with(&format!("{name}=")));
    let kept = directives.iter().find_map(|directive| directive.strip_prefix("max-age=")).is_some_and(|age| age != "0");
    let varies = vary.iter().any(|name| name == "*" || name == carrier);
    let shown = directives.join(", ");
    if has("private") && !has("no-store") && !has("no-cache") && kept && !varies {
        Judgement::weak(format!(
            "Cache-Control: {shown} without Vary: {carrier}: the browser serves it to the next user who signs in"
        ))
    } else if has("no-store") || has("private") {
        Judgement::held(format!("Cache-Control: {shown}"))
    } else if has("public") || has("s-maxage") {
        Judgement::broken(format!("Cache-Control: {shown} lets shared caches keep one user's data"))
    } else if directives.is_empty() {
        Judgement::weak("no Cache-Control: nothing tells caches to keep their hands off")
    } else {
        Judgement::weak(format!("Cache-Control: {shown} names neither no-store nor private"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::Finding;
    use rstest::rstest;

    #[rstest]
    #[case::missing_like(404, false, Finding::Held)]
    #[case::forbidden(403, false, Finding::Held)]
    #[case::not_offered(405, false, Finding::Held)]
    #[case::other_refusal(400, false, Finding::Weak)]
    #[case::not_implemented(501, false, Finding::Held)]
    #[case::error(500, false, Finding::Weak)]
    #[case::empty_success(204, false, Finding::Weak)]
    #[case::leak(200, true, Finding::Broken)]
    #[case::leak_in_a_refusal(404, true, Finding::Broken)]
    #[case::leak_in_an_error(500, true, Finding::Broken)]
    fn a_foreign_object_must_be_refused_and_never_shown(#[case] status: u16, #[case] leaked: bool, #[case] finding: Finding) {
        assert_eq!(refusal(&Statuses::of([403, 404]), status, leaked).finding, finding);
    }

    #[rstest]
    #[case(404, 404, Finding::Held)]
    #[case(405, 405, Finding::Held)]
    #[case(200, 404, Finding::Broken)]
    #[case(200, 200, Finding::Weak)]
    fn head_is_judged_beside_an_id_that_nothing_has(#[case] foreign: u16, #[case] missing: u16, #[case] finding: Finding) {
        assert_eq!(head(&Statuses::of([404]), foreign, missing).finding, finding);
    }

    #[rstest]
    #[case::idempotent(204, false, 204, Finding::Held)]
    #[case::told_apart(204, false, 404, Finding::Weak)]
    #[case::leak(200, true, 200, Finding::Broken)]
    #[case::refused(404, false, 204, Finding::Held)]
    fn a_deletion_is_judged_beside_an_id_that_nothing_has(
        #[case] foreign: u16,
        #[case] leaked: bool,
        #[case] missing: u16,
        #[case] finding: Finding,
    ) {
        assert_eq!(deletion(&Statuses::of([404]), foreign, leaked, missing).finding, finding);
    }

    #[rstest]
    #[case(304, 404, Finding::Broken)]
    #[case(206, 404, Finding::Broken)]
    #[case(412, 404, Finding::Broken)]
    #[case(412, 412, Finding::Held)]
    #[case(404, 404, Finding::Held)]
    #[case(500, 404, Finding::Weak)]
    fn a_condition_never_speaks_of_somebody_elses_object(#[case] foreign: u16, #[case] missing: u16, #[case] finding: Finding) {
        assert_eq!(conditional(foreign, missing, false).finding, finding);
    }

    #[rstest]
    #[case(&["no-store"], Finding::Held)]
    #[case(&["private", "max-age=60"], Finding::Held)]
    #[case(&["public", "max-age=60"], Finding::Broken)]
    #[case(&["s-maxage=60"], Finding::Broken)]
    #[case(&["max-age=60"], Finding::Weak)]
    #[case(&["no-cache"], Finding::Weak)]
    #[case(&[], Finding::Weak)]
    fn only_no_store_and_private_keep_answers_out_of_shared_caches(#[case] directives: &[&str], #[case] finding: Finding) {
        let directives: Vec<_> = directives.iter().map(|directive| (*directive).to_owned()).collect();
        assert_eq!(cache_control(&directives, &["authorization".to_owned()], "authorization").finding, finding);
    }

    #[rstest]
    #[case::for_the_next_user(&["private", "max-age=60"], &["origin"], Finding::Weak)]
    #[case::for_each_user(&["private", "max-age=60"], &["origin", "authorization"], Finding::Held)]
    #[case::asked_again(&["private", "no-cache", "max-age=60"], &[], Finding::Held)]
    #[case::at_once_stale(&["private", "max-age=0"], &[], Finding::Held)]
    fn what_a_browser_keeps_is_told_apart_by_who_asks(
        #[case] directives: &[&str],
        #[case] vary: &[&str],
        #[case] finding: Finding,
    ) {
        let owned = |all: &[&str]| all.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
        assert_eq!(cache_control(&owned(directives), &owned(vary), "authorization").finding, finding);
    }
}
