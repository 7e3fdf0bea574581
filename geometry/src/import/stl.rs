//! STL, text and binary. Normals and names are passed over: the winding says where outside is.

use super::soup::Soup;
use super::{Problem, number, text_of};
use crate::mesh::{Mesh, Paint};

/// Text in front of a binary file's count.
const HEADER: usize = 80;

/// A binary facet: normal, three corners, attribute.
const FACET: usize = 50;

pub(super) fn read(bytes: &[u8]) -> Result<Mesh, Problem> {
    let counted = bytes.get(HEADER..HEADER + 4).map(|count| {
        u32::from_le_bytes(count.try_into().expect("the slice has four bytes")) as usize
    });
    // Many binary files begin with "solid" as well; their size gives them away.
    let fits = counted.is_some_and(|count| {
        count.checked_mul(FACET).and_then(|size| size.checked_add(HEADER + 4)) == Some(bytes.len())
    });
    if bytes.trim_ascii_start().starts_with(b"solid") && !fits {
        read_text(&text_of(bytes))
    } else {
        match counted {
            Some(count) => read_binary(&bytes[HEADER + 4..], count),
            None if bytes.trim_ascii().is_empty() => Ok(Mesh::default()),
            None => {
                Err("it is neither text that begins with \"solid\" nor long enough to be binary"
                    .into())
            }
        }
    }
}

fn read_binary(facets: &[u8], count: usize) -> Result<Mesh, Problem> {
    let mut soup = Soup::default();
    let (whole, _) = facets.as_chunks::<FACET>();
    if whole.len() < count {
        return Err(format!("it announces {count} facets and holds {}", whole.len()));
    }
    for facet in &whole[..count] {
        let number = |index: usize| {
            let at = 4 * index;
            let bytes = facet[at..at + 4].try_into().expect("the slice has four bytes");
            f64::from(f32::from_le_bytes(bytes))
        };
        // The normal comes first.
        let corners = [3, 6, 9].map(|first| [number(first), number(first + 1), number(first + 2)]);
        add(&mut soup, corners);
    }
    Ok(soup.finish())
}

fn read_text(text: &str) -> Result<Mesh, Problem> {
    let mut soup = Soup::default();
    let mut corners: Vec<[f64; 3]> = Vec::new();
    for (line, content) in (1..).zip(text.lines()) {
        let mut words = content.split_ascii_whitespace();
        match words.next().map(str::to_ascii_lowercase).as_deref() {
            Some("vertex") => {
                let numbers: Vec<f64> = words.filter_map(number).collect();
                let Ok(corner) = <[f64; 3]>::try_from(numbers) else {
                    return Err(format!("line {line}: a vertex needs three numbers"));
                };
                corners.push(corner);
            }
            Some("outer") => corners.clear(),
            Some("endloop") => match <[[f64; 3]; 3]>::try_from(std::mem::take(&mut corners)) {
                Ok(facet) => add(&mut soup, facet),
                Err(other) => {
                    let found = other.len();
                    return Err(format!("line {line}: a facet needs three vertices, not {found}"));
                }
            },
            _ => {}
        }
    }
    Ok(soup.finish())
}

fn add(soup: &mut Soup, corners: [[f64; 3]; 3]) {
    let ring = corners.map(|corner| soup.shared_vertex(corner));
    soup.face(&ring, Paint::Default);
}
