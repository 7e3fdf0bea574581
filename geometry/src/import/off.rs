//! OFF, with colours of vertices passed over and colours of faces kept.

use super::soup::Soup;
use super::{Problem, number, text_of};
use crate::mesh::{Mesh, Paint};

pub(super) fn read(bytes: &[u8]) -> Result<Mesh, Problem> {
    let text = text_of(bytes);
    let content = |line: &'_ str| -> Option<String> {
        let line = line.split('#').next().unwrap_or_default().trim();
        (!line.is_empty()).then(|| line.to_owned())
    };
    let mut lines = (1..).zip(text.lines()).filter_map(|(n, line)| Some((n, content(line)?)));
    let (_, first) = lines.next().ok_or("it is empty")?;
    let (kind, rest) = first.split_once(char::is_whitespace).unwrap_or((&first, ""));
    if !matches!(kind, "OFF" | "COFF" | "NOFF" | "CNOFF" | "STOFF") {
        return Err("it does not begin with OFF".into());
    }
    let counts = if rest.trim().is_empty() {
        lines.next().map(|(_, line)| line).unwrap_or_default()
    } else {
        rest.to_owned()
    };
    let counts: Vec<usize> = counts.split_whitespace().map_while(|w| w.parse().ok()).collect();
    let [vertices, faces, ..] = counts[..] else { return Err("its counts are missing".into()) };

    let mut soup = Soup::default();
    for _ in 0..vertices {
        let (line, content) = lines.next().ok_or("it ends among the vertices")?;
        let mut numbers = content.split_whitespace().map_while(number);
        let (Some(x), Some(y), Some(z)) = (numbers.next(), numbers.next(), numbers.next()) else {
            return Err(format!("line {line}: a vertex needs three numbers"));
        };
        soup.vertex([x, y, z]);
    }
    for _ in 0..faces {
        let (line, content) = lines.next().ok_or("it ends among the faces")?;
        let mut words = content.split_whitespace();
        let count: usize = words
            .next()
            .and_then(|word| word.parse().ok())
            .ok_or_else(|| format!("line {line}: a face begins with its number of vertices"))?;
        let ring: Vec<u32> = words
            .by_ref()
            .take(count)
            .map_while(|word| word.parse().ok())
            .filter(|index| (*index as usize) < vertices)
            .collect();
        if ring.len() != count {
            return Err(format!("line {line}: a face names vertices that there are not"));
        }
        soup.face(&ring, colour(&words.collect::<Vec<_>>()));
    }
    Ok(soup.finish())
}

/// Whole numbers are out of 255, others out of 1.
fn colour(words: &[&str]) -> Paint {
    if !(3..=4).contains(&words.len()) {
        return Paint::Default;
    }
    let whole = words.iter().all(|word| word.parse::<u32>().is_ok());
    let parts: Vec<f32> = words
        .iter()
        .map_while(|word| number(word))
        .map(|part| (if whole { part / 255.0 } else { part }).clamp(0.0, 1.0) as f32)
        .collect();
    match parts[..] {
        [red, green, blue] => Paint::Color([red, green, blue, 1.0]),
        [red, green, blue, alpha] => Paint::Color([red, green, blue, alpha]),
        _ => Paint::Default,
    }
}
