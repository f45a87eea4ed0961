//! Secrets made of joined words, as tutorials and templates write them: `super_secret_jwt_key`, `your-secret-key-change-in-production`.
//! Owns the words and how they are joined; what is done with a guess is not known here. Nothing is sent.

/// What stands in front.
const FRONTS: [&[&str]; 15] = [
    &[],
    &["my"],
    &["your"],
    &["super"],
    &["my", "super"],
    &["your", "super"],
    &["dev"],
    &["test"],
    &["default"],
    &["fallback"],
    &["app"],
    &["api"],
    &["node"],
    &["express"],
    &["fastapi"],
];

/// What the secret is for; one to three of them, each once, in any order.
const NOUNS: [&str; 5] = ["jwt", "auth", "secret", "token", "key"];

/// What stands behind, joined as the rest.
const ENDS: [&[&str]; 7] = [
    &[],
    &["here"],
    &["dev"],
    &["change", "me"],
    &["change", "this"],
    &["change", "in", "production"],
    &["change", "this", "in", "production"],
];

/// What is put behind without a separator.
const YEARS: [&str; 5] = ["", "123", "2024", "2025", "2026"];

/// Names of stacks and occasions that stand as a secret by themselves.
const NAMES: [&str; 10] =
    ["hackathon", "mern", "mernstack", "meanstack", "fullstack", "todoapp", "taskmanager", "bootcamp", "tutorial", "capstone"];

/// Every secret of joined words; about forty thousand.
pub(super) fn joined() -> impl Iterator<Item = String> {
    let names = NAMES.iter().flat_map(|name| YEARS.map(|year| format!("{name}{year}")));
    names.chain(["-", "_", ""].into_iter().flat_map(joined_by))
}

fn joined_by(separator: &str) -> impl Iterator<Item = String> {
    let nouns = nouns();
    FRONTS
        .into_iter()
        .flat_map(move |front| nouns.clone().into_iter().flat_map(move |nouns| endings(&[front, &nouns].concat(), separator)))
}

/// The words with every ending, and in capitals as the name of a variable is written.
fn endings(words: &[&str], separator: &str) -> Vec<String> {
    let bare = words.join(separator);
    let ended = ENDS.iter().map(|end| [words, end].concat().join(separator));
    let dated = YEARS.iter().skip(1).map(|year| format!("{bare}{year}"));
    ended.chain(dated).chain([bare.to_uppercase()]).collect()
}

/// One to three nouns, each once.
fn nouns() -> Vec<Vec<&'static str>> {
    let one: Vec<_> = NOUNS.iter().map(|noun| vec![*noun]).collect();
    let two = longer(&one);
    let three = longer(&two);
    [one, two, three].concat()
}

fn longer(phrases: &[Vec<&'static str>]) -> Vec<Vec<&'static str>> {
    let with = |phrase: &Vec<&'static str>, noun: &'static str| [phrase.as_slice(), &[noun]].concat();
    phrases
        .iter()
        .flat_map(|phrase| NOUNS.into_iter().filter(|noun| !phrase.contains(noun)).map(move |noun| with(phrase, noun)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::joined;

    #[test]
    fn secrets_of_tutorials_are_among_the_joined_words() {
        let all: std::collections::HashSet<_> = joined().collect();
        let seen = [
            "hackathon2025",
            "mernstack",
            "jwt_secret_key",
            "super_secret_jwt_key",
            "fallback_secret_key",
            "node-auth-secret",
            "your-super-secret-jwt-key-change-this-in-production",
            "JWT_SECRET_KEY",
        ];
        let missed: Vec<_> = seen.into_iter().filter(|secret| !all.contains(*secret)).collect();
        assert!(missed.is_empty(), "{missed:?}");
        assert!(all.len() < 50_000, "{} guesses take too long", all.len());
    }
}
