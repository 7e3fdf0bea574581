//! Wavefront OBJ: vertices and faces. Normals, textures, groups and materials are passed over.

use super::soup::Soup;
use super::{Problem, number, text_of};
use crate::mesh::{Mesh, Paint};

pub(super) fn read(bytes: &[u8]) -> Result<Mesh, Problem> {
    let mut soup = Soup::default();
    for (line, content) in (1..).zip(text_of(bytes).lines()) {
        let mut words = content.split('#').next().unwrap_or_default().split_whitespace();
        match words.next() {
            Some("v") => {
                let mut numbers = words.map_while(number);
                let (Some(x), Some(y), Some(z)) = (numbers.next(), numbers.next(), numbers.next())
                else {
                    return Err(format!("line {line}: a vertex needs three numbers"));
                };
                soup.vertex([x, y, z]);
            }
            Some("f") => {
                let ring: Option<Vec<u32>> = words.map(|w| vertex(w, soup.vertices())).collect();
                let Some(ring) = ring else {
                    return Err(format!("line {line}: a face names vertices that there are not"));
                };
                soup.face(&ring, Paint::Default);
            }
            _ => {}
        }
    }
    Ok(soup.finish())
}

/// The vertex of `7/1/2`, counted from 1, or of `-1`, counted back from the last.
fn vertex(word: &str, count: usize) -> Option<u32> {
    let index: i64 = word.split('/').next()?.parse().ok()?;
    let from_zero = if index > 0 { index - 1 } else { count as i64 + index };
    let inside = index != 0 && (0..count as i64).contains(&from_zero);
    inside.then_some(from_zero as u32)
}
