//! Every way we know to get past a verifier, beside the tokens that must work.

use proptest::prelude::*;
use rstest::rstest;
use serde_json::{Value, json};

use super::*;

use crate::token::{self, HEADER, PREVIOUS, SECRET, b64, signed};

/// The clock of these tests.
const NOW: u64 = 1_800_000_000;

fn verifier() -> Verifier {
    let leeway = std::time::Duration::from_secs(5);
    Verifier::new([&SECRET.into(), &PREVIOUS.into()], Expectations { leeway, ..Expectations::default() })
}

fn verify(token: &str) -> Result<String, Refusal> {
    verifier().verify(token, NOW).map(|owner| owner.as_str().to_owned())
}

/// Claims that work, with some replaced; `null` takes one away.
fn claims(changes: &Value) -> Value {
    let mut claims = json!({ "sub": "ann", "iat": NOW - 10, "exp": NOW + 900 });
    for (name, value) in changes.as_object().unwrap() {
        if value == "absent" {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
    claims
}

fn good() -> String {
    token::with(&claims(&json!({})))
}

#[test]
fn a_good_token_names_its_owner() {
    assert_eq!(verify(&good()), Ok("ann".into()));
}

#[test]
fn the_previous_secret_verifies_and_no_other_does() {
    let payload = claims(&json!({})).to_string();
    assert_eq!(verify(&signed(HEADER, &payload, PREVIOUS)), Ok("ann".into()));
    for wrong in ["", "secret", "another-secret-of-sufficient-length-here", &SECRET[1..], &SECRET.to_lowercase()] {
        assert_eq!(verify(&signed(HEADER, &payload, wrong)), Err(Refusal::Signature), "{wrong:?}");
    }
}

#[rstest]
#[case::no_typ(r#"{"alg":"HS256"}"#)]
#[case::lower_typ(r#"{"alg":"HS256","typ":"jwt"}"#)]
#[case::kid(r#"{"alg":"HS256","typ":"JWT","kid":"2026-11"}"#)]
#[case::spaces(r#" { "typ" : "JWT" , "alg" : "HS256" } "#)]
fn a_plain_header_is_accepted(#[case] header: &str) {
    assert_eq!(verify(&signed(header, &claims(&json!({})).to_string(), SECRET)), Ok("ann".into()));
}

/// All of these are signed with our own key: only the header is wrong.
#[rstest]
#[case::none(r#"{"alg":"none"}"#)]
#[case::none_capital(r#"{"alg":"None"}"#)]
#[case::none_upper(r#"{"alg":"NONE"}"#)]
#[case::none_mixed(r#"{"alg":"nOnE"}"#)]
#[case::none_space(r#"{"alg":"none "}"#)]
#[case::none_nul(r#"{"alg":"none\u0000"}"#)]
#[case::empty(r#"{"alg":""}"#)]
#[case::absent(r#"{"typ":"JWT"}"#)]
#[case::null(r#"{"alg":null}"#)]
#[case::array(r#"{"alg":["HS256"]}"#)]
#[case::object(r#"{"alg":{"HS256":1}}"#)]
#[case::number(r#"{"alg":256}"#)]
#[case::lower(r#"{"alg":"hs256"}"#)]
#[case::space(r#"{"alg":"HS256 "}"#)]
#[case::hs384(r#"{"alg":"HS384"}"#)]
#[case::hs512(r#"{"alg":"HS512"}"#)]
#[case::rs256(r#"{"alg":"RS256"}"#)]
#[case::es256(r#"{"alg":"ES256"}"#)]
#[case::eddsa(r#"{"alg":"EdDSA"}"#)]
#[case::unknown(r#"{"alg":"XS999"}"#)]
#[case::duplicate(r#"{"alg":"none","alg":"HS256"}"#)]
#[case::duplicate_escaped(r#"{"alg":"HS256","\u0061lg":"none"}"#)]
#[case::access_token_typ(r#"{"alg":"HS256","typ":"at+jwt"}"#)]
#[case::null_typ(r#"{"alg":"HS256","typ":null}"#)]
#[case::refresh_typ(r#"{"alg":"HS256","typ":"refresh"}"#)]
#[case::jwe_typ(r#"{"alg":"HS256","typ":"JWE"}"#)]
#[case::jwk(r#"{"alg":"HS256","jwk":{"kty":"oct","k":"AA"}}"#)]
#[case::jku(r#"{"alg":"HS256","jku":"http://127.0.0.1:1/"}"#)]
#[case::x5u(r#"{"alg":"HS256","x5u":"http://127.0.0.1:1/"}"#)]
#[case::x5c(r#"{"alg":"HS256","x5c":["AA"]}"#)]
#[case::x5t(r#"{"alg":"HS256","x5t":"AA"}"#)]
#[case::crit(r#"{"alg":"HS256","crit":["exp"],"exp":1}"#)]
#[case::crit_empty(r#"{"alg":"HS256","crit":[]}"#)]
#[case::b64(r#"{"alg":"HS256","b64":false,"crit":["b64"]}"#)]
#[case::b64_true(r#"{"alg":"HS256","b64":true}"#)]
#[case::zip(r#"{"alg":"HS256","zip":"DEF"}"#)]
#[case::cty(r#"{"alg":"HS256","cty":"JWT"}"#)]
#[case::enc(r#"{"alg":"HS256","enc":"A256GCM"}"#)]
#[case::kid_empty(r#"{"alg":"HS256","kid":""}"#)]
#[case::kid_null(r#"{"alg":"HS256","kid":null}"#)]
#[case::kid_array(r#"{"alg":"HS256","kid":["a"]}"#)]
#[case::kid_device(r#"{"alg":"HS256","kid":"/dev/null"}"#)]
#[case::kid_traversal(r#"{"alg":"HS256","kid":"../../../../etc/hostname"}"#)]
#[case::kid_dots(r#"{"alg":"HS256","kid":".."}"#)]
#[case::kid_sql(r#"{"alg":"HS256","kid":"' UNION SELECT 'a"}"#)]
#[case::kid_command(r#"{"alg":"HS256","kid":"|id"}"#)]
#[case::kid_url(r#"{"alg":"HS256","kid":"https://evil.example/k"}"#)]
#[case::kid_nul(r#"{"alg":"HS256","kid":"a\u0000"}"#)]
#[case::not_object(r#"["HS256"]"#)]
#[case::string(r#""HS256""#)]
#[case::empty_object("{}")]
#[case::trailing(r#"{"alg":"HS256"}x"#)]
#[case::two(r#"{"alg":"HS256"}{"alg":"HS256"}"#)]
#[case::byte_order_mark("\u{feff}{\"alg\":\"HS256\"}")]
#[case::not_json("alg=HS256")]
fn a_header_that_we_never_issue_is_refused_even_when_signed_by_us(#[case] header: &str) {
    assert_eq!(verify(&signed(header, &claims(&json!({})).to_string(), SECRET)), Err(Refusal::Header));
}

#[test]
fn a_long_kid_is_refused() {
    let header = json!({ "alg": "HS256", "kid": "a".repeat(129) }).to_string();
    assert_eq!(verify(&signed(&header, &claims(&json!({})).to_string(), SECRET)), Err(Refusal::Header));
}

#[rstest]
#[case::expired(json!({ "exp": NOW - 6 }), Refusal::Expired)]
#[case::expired_at_the_edge(json!({ "exp": NOW - 5 }), Refusal::Expired)]
#[case::expired_long_ago(json!({ "exp": 1 }), Refusal::Expired)]
#[case::zero_exp(json!({ "exp": 0 }), Refusal::Expired)]
#[case::no_exp(json!({ "exp": "absent" }), Refusal::Claims)]
#[case::null_exp(json!({ "exp": null }), Refusal::Claims)]
#[case::text_exp(json!({ "exp": (NOW + 900).to_string() }), Refusal::Claims)]
#[case::float_exp(json!({ "exp": 1_800_000_900.5 }), Refusal::Claims)]
#[case::whole_float_exp(json!({ "exp": 1_800_000_900.0 }), Refusal::Claims)]
#[case::negative_exp(json!({ "exp": -1 }), Refusal::Claims)]
#[case::array_exp(json!({ "exp": [NOW + 900] }), Refusal::Claims)]
#[case::boolean_exp(json!({ "exp": true }), Refusal::Claims)]
#[case::exp_in_milliseconds_beyond_9999(json!({ "exp": 253_402_300_800_u64 }), Refusal::Claims)]
#[case::largest_exp(json!({ "exp": u64::MAX }), Refusal::Claims)]
#[case::nbf_ahead(json!({ "nbf": NOW + 6 }), Refusal::NotYet)]
#[case::nbf_text(json!({ "nbf": "0" }), Refusal::Claims)]
#[case::nbf_null(json!({ "nbf": null }), Refusal::Claims)]
#[case::nbf_float(json!({ "nbf": 1.5 }), Refusal::Claims)]
#[case::iat_ahead(json!({ "iat": NOW + 6 }), Refusal::NotYet)]
#[case::iat_text(json!({ "iat": "now" }), Refusal::Claims)]
#[case::iat_negative(json!({ "iat": -5 }), Refusal::Claims)]
#[case::no_sub(json!({ "sub": "absent" }), Refusal::Claims)]
#[case::null_sub(json!({ "sub": null }), Refusal::Claims)]
#[case::empty_sub(json!({ "sub": "" }), Refusal::Claims)]
#[case::number_sub(json!({ "sub": 1 }), Refusal::Claims)]
#[case::array_sub(json!({ "sub": ["ann"] }), Refusal::Claims)]
#[case::object_sub(json!({ "sub": { "ann": 1 } }), Refusal::Claims)]
#[case::padded_sub(json!({ "sub": " ann" }), Refusal::Claims)]
#[case::trailing_sub(json!({ "sub": "ann\n" }), Refusal::Claims)]
#[case::spaced_sub(json!({ "sub": "a nn" }), Refusal::Claims)]
#[case::nul_sub(json!({ "sub": "ann\u{0}" }), Refusal::Claims)]
#[case::lookalike_sub(json!({ "sub": "\u{430}nn" }), Refusal::Claims)]
#[case::bidi_sub(json!({ "sub": "ann\u{202e}" }), Refusal::Claims)]
#[case::long_sub(json!({ "sub": "a".repeat(256) }), Refusal::Claims)]
#[case::number_jti(json!({ "jti": 1 }), Refusal::Claims)]
#[case::number_iss(json!({ "iss": 1 }), Refusal::Claims)]
#[case::aud_without_ours(json!({ "aud": "somebody" }), Refusal::NotForUs)]
#[case::empty_aud_without_ours(json!({ "aud": [] }), Refusal::NotForUs)]
#[case::null_aud(json!({ "aud": null }), Refusal::Claims)]
#[case::number_aud(json!({ "aud": 1 }), Refusal::Claims)]
#[case::mixed_aud(json!({ "aud": ["a", 1] }), Refusal::Claims)]
#[case::refresh(json!({ "token_use": "refresh" }), Refusal::WrongKind)]
#[case::identity(json!({ "token_use": "id" }), Refusal::WrongKind)]
#[case::refresh_type(json!({ "token_type": "refresh" }), Refusal::WrongKind)]
#[case::keycloak_refresh(json!({ "typ": "Refresh" }), Refusal::WrongKind)]
#[case::bound_to_a_key(json!({ "cnf": { "jkt": "x" } }), Refusal::WrongKind)]
fn claims_that_do_not_hold_are_refused(#[case] changes: Value, #[case] refusal: Refusal) {
    assert_eq!(verify(&token::with(&claims(&changes))), Err(refusal));
}

#[rstest]
#[case::just_in_time(json!({ "exp": NOW - 4 }))]
#[case::nbf_within_leeway(json!({ "nbf": NOW + 5 }))]
#[case::iat_within_leeway(json!({ "iat": NOW + 5 }))]
#[case::no_iat(json!({ "iat": "absent" }))]
#[case::end_of_time(json!({ "exp": 253_402_300_799_u64 }))]
#[case::issuer_that_nobody_asked_for(json!({ "iss": "https://auth.example" }))]
#[case::better_auth_user(json!({ "email": "ann@example.com", "user": { "name": "Ann", "roles": ["a"] } }))]
#[case::access(json!({ "token_use": "access" }))]
#[case::bearer(json!({ "token_type": "Bearer", "jti": "1" }))]
fn claims_that_hold_are_accepted(#[case] changes: Value) {
    assert_eq!(verify(&token::with(&claims(&changes))), Ok("ann".into()));
}

#[rstest]
#[case::exponent(r#"{"sub":"ann","exp":1e400}"#)]
#[case::not_a_number(r#"{"sub":"ann","exp":NaN}"#)]
#[case::two_to_the_63(r#"{"sub":"ann","exp":9223372036854775808}"#)]
#[case::beyond_u64(r#"{"sub":"ann","exp":99999999999999999999}"#)]
#[case::two_subs(r#"{"sub":"bob","sub":"ann","exp":1800000900}"#)]
#[case::two_exps(r#"{"sub":"ann","exp":1,"exp":1800000900}"#)]
#[case::escaped_twin(r#"{"sub":"ann","s\u0075b":"bob","exp":1800000900}"#)]
#[case::twins_in_an_unknown_claim(r#"{"sub":"ann","exp":1800000900,"user":{"id":1,"id":2}}"#)]
#[case::lone_surrogate(r#"{"sub":"\ud800","exp":1800000900}"#)]
#[case::byte_order_mark("\u{feff}{\"sub\":\"ann\",\"exp\":1800000900}")]
#[case::list(r#"["ann",1800000900]"#)]
#[case::text(r#""ann""#)]
#[case::nothing(" ")]
fn claims_that_are_not_strict_json_are_refused(#[case] payload: &str) {
    assert_eq!(verify(&signed(HEADER, payload, SECRET)), Err(Refusal::Claims));
}

#[test]
fn claims_in_other_encodings_are_refused() {
    let message = |payload: &[u8]| format!("{}.{}", b64(HEADER), b64(payload));
    let utf16: Vec<u8> = claims(&json!({})).to_string().encode_utf16().flat_map(u16::to_le_bytes).collect();
    for payload in [&utf16[..], b"{\"sub\":\"\xff\",\"exp\":1800000900}"] {
        let message = message(payload);
        let key = jsonwebtoken::EncodingKey::from_secret(SECRET.as_bytes());
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::HS256).unwrap();
        assert_eq!(verify(&format!("{message}.{signature}")), Err(Refusal::Claims));
    }
}

#[test]
fn ten_thousand_levels_of_claims_are_refused() {
    let payload = format!(r#"{{"sub":"ann","exp":1800000900,"x":{}{}}}"#, "[".repeat(1000), "]".repeat(1000));
    assert_eq!(verify(&signed(HEADER, &payload, SECRET)), Err(Refusal::Claims));
}

#[rstest]
#[case::right(json!({ "iss": "https://auth.example", "aud": "tasks" }), true)]
#[case::one_of_many(json!({ "iss": "https://auth.example", "aud": ["other", "tasks"] }), true)]
#[case::no_iss(json!({ "aud": "tasks" }), false)]
#[case::no_aud(json!({ "iss": "https://auth.example" }), false)]
#[case::slash(json!({ "iss": "https://auth.example/", "aud": "tasks" }), false)]
#[case::iss_case(json!({ "iss": "https://AUTH.example", "aud": "tasks" }), false)]
#[case::iss_prefix(json!({ "iss": "https://auth.example.evil", "aud": "tasks" }), false)]
#[case::aud_case(json!({ "iss": "https://auth.example", "aud": "Tasks" }), false)]
#[case::aud_prefix(json!({ "iss": "https://auth.example", "aud": "tasks2" }), false)]
#[case::aud_list_in_text(json!({ "iss": "https://auth.example", "aud": "other tasks" }), false)]
#[case::empty_list(json!({ "iss": "https://auth.example", "aud": [] }), false)]
#[case::wrong_list(json!({ "iss": "https://auth.example", "aud": ["other"] }), false)]
fn a_configured_issuer_and_audience_must_match_exactly(#[case] changes: Value, #[case] accepted: bool) {
    let expectations =
        Expectations { issuer: Some("https://auth.example".into()), audience: Some("tasks".into()), ..Expectations::default() };
    let verifier = Verifier::new([&SECRET.into()], expectations);
    let verdict = verifier.verify(&token::with(&claims(&changes)), NOW);
    assert_eq!(verdict.is_ok(), accepted, "{verdict:?}");
}

/// Every way to damage the text of a good token; each is another token, and none is ours.
#[rstest]
#[case::no_signature(|t: &str| t.rsplit_once('.').unwrap().0.to_owned())]
#[case::empty_signature(|t: &str| format!("{}.", t.rsplit_once('.').unwrap().0))]
#[case::cut_by_one(|t: &str| t[..t.len() - 1].to_owned())]
#[case::cut_by_four(|t: &str| t[..t.len() - 4].to_owned())]
#[case::half_a_signature(|t: &str| t[..t.len() - 21].to_owned())]
#[case::zero_signature(|t: &str| format!("{}.{}", t.rsplit_once('.').unwrap().0, "A".repeat(43)))]
#[case::padded(|t: &str| format!("{t}="))]
#[case::newline(|t: &str| format!("{t}\n"))]
#[case::leading_space(|t: &str| format!(" {t}"))]
#[case::trailing_dot(|t: &str| format!("{t}."))]
#[case::leading_dot(|t: &str| format!(".{t}"))]
#[case::four_segments(|t: &str| format!("{t}.{}", "A".repeat(43)))]
#[case::five_segments(|t: &str| format!("{t}.a.b"))]
#[case::empty_payload(|t: &str| format!("{}..{}", t.split('.').next().unwrap(), t.rsplit('.').next().unwrap()))]
#[case::detached(|t: &str| { let p: Vec<&str> = t.split('.').collect(); format!("{}.{}", p[0], p[2]) })]
#[case::one_segment(|t: &str| t.replace('.', ""))]
#[case::standard_alphabet(|t: &str| format!("{}+", &t[..t.len() - 1]))]
#[case::percent(|t: &str| format!("{t}%00"))]
#[case::flattened(|t: &str| { let p: Vec<&str> = t.split('.').collect(); json!({ "protected": p[0], "payload": p[1], "signature": p[2] }).to_string() })]
#[case::other_payload(|t: &str| { let p: Vec<&str> = t.split('.').collect(); format!("{}.{}.{}", p[0], b64(r#"{"sub":"bob","exp":1800000900}"#), p[2]) })]
#[case::empty(|_: &str| String::new())]
#[case::null(|_: &str| "null".to_owned())]
#[case::dots(|_: &str| "..".to_owned())]
fn a_damaged_token_is_refused(#[case] damage: fn(&str) -> String) {
    assert!(verify(&damage(&good())).is_err());
}

#[test]
fn a_session_token_is_named_in_the_log() {
    assert_eq!(verify("kq3Jr8sVb2.Yc5n"), Err(Refusal::SessionToken));
}

#[test]
fn one_token_has_one_spelling() {
    // 32 bytes are 43 characters with two unused bits in the last one: four spellings for a lenient decoder.
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let good = good();
    let spellings = ALPHABET.chars().filter(|last| verify(&format!("{}{last}", &good[..good.len() - 1])).is_ok());
    assert_eq!(spellings.count(), 1);
}

proptest! {
    #[test]
    fn no_text_is_a_token_and_none_panics(text in ".{0,200}") {
        prop_assert!(verify(&text).is_err());
    }

    #[test]
    fn one_flipped_bit_anywhere_makes_it_another_token(at in 0..100_usize, bit in 0..7_u32) {
        let mut bytes = good().into_bytes();
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        prop_assert!(verify(&String::from_utf8_lossy(&bytes)).is_err());
    }

    #[test]
    fn headers_and_claims_of_any_json_never_panic(header in "\\PC{0,60}", payload in "\\PC{0,60}") {
        prop_assert!(verify(&signed(&header, &payload, SECRET)).is_err());
    }
}

#[rstest]
#[case::the_longest_that_is_allowed(NOW + 3_600 + 5, true)]
#[case::a_second_longer(NOW + 3_600 + 6, false)]
fn a_token_that_lives_longer_than_allowed_is_refused(#[case] exp: u64, #[case] accepted: bool) {
    let expectations = Expectations {
        leeway: std::time::Duration::from_secs(5),
        max_lifetime: Some(std::time::Duration::from_hours(1)),
        ..Expectations::default()
    };
    let verifier = Verifier::new([&SECRET.into()], expectations);
    let token = signed(HEADER, &claims(&json!({ "exp": exp })).to_string(), SECRET);
    assert_eq!(verifier.verify(&token, NOW).is_ok(), accepted);
    assert!(verify(&token).is_ok(), "without a limit any lifetime will do");
}
