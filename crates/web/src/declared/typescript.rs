//! How what is declared here is written in TypeScript.

use live_keypoints_pipeline::topology::Connection;

use super::package::PackageOptions;
use super::{Check, Key};

macro_rules! line {
    ($out:expr, $($text:tt)+) => {{
        $out.push_str(&format!($($text)+));
        $out.push('\n');
    }};
}
pub(super) use line;

/// A comment of the lines of a doc comment, indented.
pub(super) fn comment(out: &mut String, indent: &str, doc: &str) {
    let lines: Vec<&str> = doc.trim_end().lines().map(|line| line.trim_end()).collect();
    if let [line] = lines[..] {
        line!(out, "{indent}/**{line} */");
        return;
    }
    line!(out, "{indent}/**");
    for line in lines {
        line!(out, "{indent} *{line}");
    }
    line!(out, "{indent} */");
}

pub(super) fn quoted(words: impl IntoIterator<Item = impl AsRef<str>>, between: &str) -> String {
    let words = words.into_iter();
    let words: Vec<String> = words.map(|word| format!("{:?}", word.as_ref())).collect();
    words.join(between)
}

pub(super) fn interface(out: &mut String, name: &str, doc: &str, keys: &[Key]) {
    comment(out, "", doc);
    line!(out, "export interface {name} {{");
    for key in keys {
        comment(out, "  ", key.doc);
        let mark = if key.is_optional { "?" } else { "" };
        line!(out, "  readonly {}{mark}: {};", key.name, key.type_name);
    }
    out.push_str("}\n\n");
}

pub(super) fn words(out: &mut String, name: &str, doc: &str, words: &[String]) {
    comment(out, "", doc);
    line!(out, "export type {name} = {};\n", words.join(" | "));
}

/// A value as JavaScript's source has it, for people.
fn default_in_words(source: &str) -> String {
    match source {
        r#"["pose", "hands", "face"]"# => "all".to_owned(),
        number if number.len() > 4 && number.bytes().all(|byte| byte.is_ascii_digit()) => {
            let digits = number.char_indices().flat_map(|(at, digit)| {
                let comma = at > 0 && (number.len() - at).is_multiple_of(3);
                comma.then_some(',').into_iter().chain([digit])
            });
            digits.collect()
        }
        word => word.replace('"', "`"),
    }
}

fn option_type(check: &Check) -> String {
    match check {
        Check::Boolean => "boolean".to_owned(),
        Check::Whole(_) | Check::Limit(_) | Check::Number(_) | Check::Above0(_) => {
            "number".to_owned()
        }
        Check::Word(Some(name), _) => (*name).to_owned(),
        Check::Word(None, words) => quoted(*words, " | "),
        Check::OneOf(numbers) => numbers
            .iter()
            .map(u32::to_string)
            .collect::<Vec<_>>()
            .join(" | "),
        Check::Parts => "readonly Part[]".to_owned(),
        Check::Secret => "string".to_owned(),
        Check::Nested(name) => format!("false | {name}"),
        Check::Package(type_name, _) => (*type_name).to_owned(),
    }
}

fn option_check(check: &Check) -> String {
    match check {
        Check::Boolean => r#"kind: "boolean""#.to_owned(),
        Check::Whole(range) => {
            let (least, most) = range.clone().into_inner();
            format!(r#"kind: "whole", least: {least}, most: {most}"#)
        }
        Check::Limit(range) => {
            let (least, most) = range.clone().into_inner();
            format!(r#"kind: "whole", least: {least}, most: {most}, orInfinity: true"#)
        }
        Check::Number(range) => {
            let (least, most) = range.clone().into_inner();
            format!(r#"kind: "number", least: {least}, most: {most}"#)
        }
        Check::Above0(most) => format!(r#"kind: "number", above: 0, most: {most}"#),
        Check::Word(_, words) => format!(r#"kind: "word", words: [{}]"#, quoted(*words, ", ")),
        Check::OneOf(numbers) => format!(r#"kind: "word", words: {numbers:?}"#),
        Check::Parts => r#"kind: "words", words: ["pose", "hands", "face"]"#.to_owned(),
        Check::Secret => r#"kind: "secret""#.to_owned(),
        Check::Nested(name) => {
            format!(
                r#"kind: "nested", options: {}, or: "false""#,
                table_name(name)
            )
        }
        Check::Package(_, check) => (*check).to_owned(),
    }
}

/// A type's name in upper case, its words with `_` between them.
fn table_name(name: &str) -> String {
    let words = name.char_indices().flat_map(|(at, letter)| {
        let gap = at > 0 && letter.is_uppercase();
        let letters = letter.to_uppercase();
        gap.then_some('_').into_iter().chain(letters)
    });
    words.collect()
}

pub(super) fn options(out: &mut String, options: &PackageOptions) {
    let name = options.name;
    let extends = options.extends;
    let base = extends.map_or_else(String::new, |base| format!(" extends {base}"));
    comment(out, "", options.doc);
    line!(out, "export interface {name}{base} {{");
    for key in &options.keys {
        let mut doc = key.doc.trim_end().to_owned();
        if let Some(default) = &key.default {
            let default = default_in_words(default);
            let colon = if default == "all" { ":" } else { "" };
            doc.push_str(&format!(" Default{colon} {default}."));
        }
        comment(out, "  ", &doc);
        let type_name = option_type(&key.check);
        match key.is_required {
            true => line!(out, "  {}: {type_name};", key.name),
            false => line!(out, "  {}?: {type_name} | undefined;", key.name),
        }
    }
    out.push_str("}\n\n");
    line!(out, "/** What each of `{name}` may be. */");
    line!(out, "export const {} = {{", table_name(name));
    if let Some(base) = extends {
        line!(out, "  ...{},", table_name(base));
    }
    for key in &options.keys {
        let default = key.default.as_ref();
        let default = default.map_or_else(String::new, |value| format!(", default: {value}"));
        let check = option_check(&key.check);
        line!(out, "  {}: {{ {check}{default} }},", key.name);
    }
    line!(out, "}} as const satisfies Checks<{name}>;\n");
}

pub(super) fn url(out: &mut String, name: &str, path: &str) {
    line!(
        out,
        "  {name}: () => new URL(\"./{path}\", import.meta.url),"
    );
}

pub(super) fn list<'a>(
    out: &mut String,
    name: &str,
    doc: &str,
    words: impl Iterator<Item = &'a str>,
) {
    comment(out, "", doc);
    line!(out, "export const {name} = [");
    for word in words {
        line!(out, "  {word:?},");
    }
    out.push_str("] as const;\n\n");
}

pub(super) fn lines(out: &mut String, name: &str, what: &str, connections: &[Connection]) {
    line!(out, "/** The {} {what}. */", connections.len());
    line!(out, "export const {name}: readonly Connection[] = [");
    for eight in connections.chunks(8) {
        let pairs: Vec<String> = eight
            .iter()
            .map(|[from, to]| format!("[{from}, {to}]"))
            .collect();
        line!(out, "  {},", pairs.join(", "));
    }
    out.push_str("];\n\n");
}
