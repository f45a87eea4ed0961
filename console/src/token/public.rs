//! What is public of a key, in the forms in which a careless verifier would use it as an HMAC secret.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, SubjectPublicKeyInfoDer};
use serde_json::Value;

use super::decode;

/// A public key in every form that is known of it, each a name and bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    forms: Vec<(&'static str, Vec<u8>)>,
    /// The key id that a verifier would look it up by.
    kid: Option<String>,
}

impl PublicKey {
    /// Reads PEM (a public key or a certificate), or a JWK. `None` for anything else.
    pub fn read(text: &str) -> Option<Self> {
        if let Ok(jwk) = serde_json::from_str::<Value>(text) {
            return jwk.get("kty").is_some().then(|| Self::of_jwk(&jwk));
        }
        let lines = text.replace("\\n", "\n");
        let mut forms = vec![("as the given text", text.as_bytes().to_vec()), ("as the given text, trimmed", text.trim().into())];
        if let Ok(der) = SubjectPublicKeyInfoDer::from_pem_slice(lines.as_bytes()) {
            forms.extend(of_der(&der));
        } else {
            let der = CertificateDer::from_pem_slice(lines.as_bytes()).ok()?;
            forms.extend(of_certificate(&der));
        }
        Some(Self { forms: distinct(forms), kid: None })
    }

    /// The key of a JWK (RFC 7517), and its certificate where it has one.
    pub fn of_jwk(jwk: &Value) -> Self {
        let mut forms = vec![("as JWK text", jwk.to_string().into_bytes())];
        forms.extend(subject_public_key_info(jwk).into_iter().flat_map(|der| of_der(&der)));
        if let Some(chain) = jwk.pointer("/x5c/0").and_then(Value::as_str) {
            forms.push(("as certificate text", chain.as_bytes().to_vec()));
            forms.extend(STANDARD.decode(chain).ok().into_iter().flat_map(|der| of_certificate(&der)));
        }
        forms.extend(["x", "n"].iter().filter_map(|name| member(jwk, name)).map(|bytes| ("as its bare number", bytes)));
        let text = |name: &&str| Some(jwk.get(*name)?.as_str()?.as_bytes().to_vec());
        forms.extend(["x", "n"].iter().filter_map(text).map(|bytes| ("as the text of its number", bytes)));
        Self { forms: distinct(forms), kid: jwk.get("kid").and_then(Value::as_str).map(str::to_owned) }
    }

    /// Each form: its name and its bytes.
    pub fn forms(&self) -> &[(&'static str, Vec<u8>)] {
        &self.forms
    }

    /// The key id, where the key has one.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }
}

fn distinct(forms: Vec<(&'static str, Vec<u8>)>) -> Vec<(&'static str, Vec<u8>)> {
    let mut kept: Vec<(&'static str, Vec<u8>)> = Vec::new();
    for form in forms {
        if !kept.iter().any(|(_, bytes)| *bytes == form.1) {
            kept.push(form);
        }
    }
    kept
}

/// The spellings of a `SubjectPublicKeyInfo`: variables and files lose newlines, gain carriage returns, or begin with a space.
fn of_der(der: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let pem = pem("PUBLIC KEY", der);
    let plain = vec![
        ("as PEM", pem.clone().into_bytes()),
        ("as PEM without the last newline", pem.trim_end().as_bytes().to_vec()),
        ("as PEM with CRLF", pem.replace('\n', "\r\n").into_bytes()),
        ("as PEM with a space before", format!(" {pem}").into_bytes()),
        ("as PEM in one line", pem.trim_end().replace('\n', "\\n").into_bytes()),
        ("as DER", der.to_vec()),
        ("as the base64 of its DER", STANDARD.encode(der).into_bytes()),
    ];
    let point = der.strip_prefix(OF_P256).map(|point| ("as its uncompressed point", point.to_vec()));
    [plain, of_ssh(der), point.into_iter().collect()].concat()
}

/// How the `SubjectPublicKeyInfo` of an Ed25519 and of a P-256 key begin; the key itself follows.
const OF_ED25519: &[u8] = &[0x30, 0x2a, 0x30, 5, 0x06, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0];
const OF_P256: &[u8] = &[
    0x30, 0x59, 0x30, 0x13, 0x06, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7, 3, 0x42, 0,
];

/// A line of OpenSSH (RFC 5656, 3.1; RFC 8709, 4): libraries that refuse PEM and RSA keys as the secret of an HMAC took these
/// (CVE-2022-29217, CVE-2024-33663).
fn of_ssh(der: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let framed = |part: &[u8]| [&u32::try_from(part.len()).unwrap_or_default().to_be_bytes(), part].concat();
    let known = [("ssh-ed25519", OF_ED25519, None), ("ecdsa-sha2-nistp256", OF_P256, Some("nistp256"))];
    let lines = known.into_iter().filter_map(|(kind, beginning, curve)| {
        let key = der.strip_prefix(beginning)?;
        let parts = [Some(kind.as_bytes()), curve.map(str::as_bytes), Some(key)];
        let blob: Vec<u8> = parts.into_iter().flatten().flat_map(framed).collect();
        Some(format!("{kind} {}", STANDARD.encode(blob)))
    });
    let forms = |line: String| {
        let with_its_end = format!("{line}\n").into_bytes();
        [("in OpenSSH's form", line.into_bytes()), ("in OpenSSH's form, with a newline", with_its_end)]
    };
    lines.flat_map(forms).collect()
}

fn of_certificate(der: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let pem = pem("CERTIFICATE", der);
    vec![
        ("as certificate PEM", pem.clone().into_bytes()),
        ("as certificate PEM without the last newline", pem.trim_end().as_bytes().to_vec()),
        ("as certificate DER", der.to_vec()),
    ]
}

fn member(jwk: &Value, name: &str) -> Option<Vec<u8>> {
    decode(jwk.get(name)?.as_str()?)
}

/// `SubjectPublicKeyInfo` (RFC 5280, 4.1; RFC 3279, 2.3.1; RFC 5480, 2; RFC 8410, 4).
fn subject_public_key_info(jwk: &Value) -> Option<Vec<u8>> {
    const RSA: &[u8] = &[0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0];
    const P256: &[u8] = &[0x06, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
    const ED25519: &[u8] = &[0x06, 3, 0x2b, 0x65, 0x70];
    let (algorithm, key) = match (jwk.get("kty")?.as_str()?, jwk.get("crv").and_then(Value::as_str)) {
        ("RSA", _) => (RSA, element(0x30, &[integer(&member(jwk, "n")?), integer(&member(jwk, "e")?)].concat())),
        ("EC", Some("P-256")) => (P256, [vec![4], member(jwk, "x")?, member(jwk, "y")?].concat()),
        ("OKP", Some("Ed25519")) => (ED25519, member(jwk, "x")?),
        _ => return None,
    };
    let bits = [vec![0], key].concat();
    Some(element(0x30, &[element(0x30, algorithm), element(0x03, &bits)].concat()))
}

/// One DER element (X.690, 8.1): tag, length, content.
pub(super) fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let significant: Vec<u8> = length.into_iter().skip_while(|byte| *byte == 0).collect();
    let mut out = vec![tag];
    match u8::try_from(content.len()) {
        Ok(short) if short < 0x80 => out.push(short),
        _ => {
            out.push(0x80 | u8::try_from(significant.len()).unwrap_or_default());
            out.extend(significant);
        }
    }
    out.extend(content);
    out
}

/// A DER INTEGER of an unsigned big-endian number.
fn integer(number: &[u8]) -> Vec<u8> {
    let sign: &[u8] = if number.first().is_some_and(|byte| *byte >= 0x80) { &[0] } else { &[] };
    element(0x02, &[sign, number].concat())
}

/// RFC 7468, 64 characters a line.
pub(super) fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut out = format!("-----BEGIN {label}-----\n");
    let mut rest = text.as_str();
    while let Some((line, more)) = rest.split_at_checked(64) {
        out.push_str(&format!("{line}\n"));
        rest = more;
    }
    if !rest.is_empty() {
        out.push_str(&format!("{rest}\n"));
    }
    out + &format!("-----END {label}-----\n")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::token::{Algorithm, Encoding, Key};

    fn form(key: &PublicKey, name: &str) -> Vec<u8> {
        key.forms().iter().find(|(form, _)| *form == name).unwrap().1.clone()
    }

    #[rstest]
    #[case::rsa(Algorithm::Rs256)]
    #[case::ec(Algorithm::Es256)]
    #[case::okp(Algorithm::EdDsa)]
    fn a_public_key_becomes_the_pem_that_verifiers_read(#[case] algorithm: Algorithm) {
        let private = crate::token::key::tests::pem_of(algorithm);
        let key = Key::read(algorithm, &private.into(), Encoding::Text).unwrap();
        let public = PublicKey::of_jwk(&key.public().unwrap());
        let pem = form(&public, "as PEM");
        let read = match algorithm {
            Algorithm::Rs256 => jsonwebtoken::DecodingKey::from_rsa_pem(&pem),
            Algorithm::Es256 => jsonwebtoken::DecodingKey::from_ec_pem(&pem),
            _ => jsonwebtoken::DecodingKey::from_ed_pem(&pem),
        };
        assert!(read.is_ok());
        let given = PublicKey::read(std::str::from_utf8(&pem).unwrap()).unwrap();
        assert_eq!(form(&given, "as DER"), form(&public, "as DER"));
    }

    #[rstest]
    #[case::ec(
        r#"{"kty":"EC","crv":"P-256","x":"ERERERERERERERERERERERERERERERERERERERERERE","y":"IiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiI"}"#,
        "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBBERERERERERERERERERERERERERERERERERERERERERIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiI="
    )]
    #[case::okp(
        r#"{"kty":"OKP","crv":"Ed25519","x":"ERERERERERERERERERERERERERERERERERERERERERE"}"#,
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBERERERERERERERERERERERERERERERERERERERERER"
    )]
    fn a_public_key_becomes_the_line_that_openssh_writes(#[case] jwk: &str, #[case] line: &str) {
        assert_eq!(String::from_utf8(form(&PublicKey::read(jwk).unwrap(), "in OpenSSH's form")).unwrap(), line);
    }

    #[test]
    fn a_key_on_a_curve_becomes_the_point_that_it_is() {
        let private = crate::token::key::tests::pem_of(Algorithm::Es256);
        let public = Key::read(Algorithm::Es256, &private.into(), Encoding::Text).unwrap().public().unwrap();
        let point = form(&PublicKey::of_jwk(&public), "as its uncompressed point");
        let coordinates = [member(&public, "x").unwrap(), member(&public, "y").unwrap()].concat();
        assert_eq!(point, [vec![4], coordinates].concat());
    }

    #[test]
    fn what_is_no_public_key_is_none() {
        assert_eq!(PublicKey::read("secret"), None);
        assert_eq!(PublicKey::read("{}"), None);
    }
}
