//! AMF: all volumes of all objects, with their colours. Constellations are passed over, as OpenSCAD does.

use std::collections::HashMap;

use roxmltree::{Document, Node};

use super::soup::Soup;
use super::{Problem, number, text_of, threemf};
use crate::mesh::{Mesh, Paint};

pub(super) fn read(bytes: &[u8]) -> Result<Mesh, Problem> {
    // Large files come as an archive of one.
    let unpacked = if bytes.starts_with(b"PK") { Some(threemf::only_entry(bytes)?) } else { None };
    let text = text_of(unpacked.as_deref().unwrap_or(bytes));
    let document = super::xml::parse_xml(&text)?;
    let materials = materials(&document);
    let mut soup = Soup::default();
    for mesh in named(document.root(), "mesh") {
        let first = soup.vertices() as u32;
        for coordinates in named(mesh, "coordinates") {
            let axis =
                |name: &str| child(coordinates, name)?.text().map(str::trim).and_then(number);
            let (Some(x), Some(y), Some(z)) = (axis("x"), axis("y"), axis("z")) else {
                return Err(at(&document, coordinates, "a vertex needs x, y and z"));
            };
            soup.vertex([x, y, z]);
        }
        let count = soup.vertices() as u32 - first;
        let of_object = mesh.parent().and_then(|object| child(object, "color")).map(colour);
        for volume in named(mesh, "volume") {
            let material = volume.attribute("materialid").and_then(|id| materials.get(id)).copied();
            let own = child(volume, "color").map(colour);
            let paint = own.or(material).or(of_object).unwrap_or_default();
            for triangle in named(volume, "triangle") {
                let corner = |name: &str| {
                    let index: u32 = child(triangle, name)?.text()?.trim().parse().ok()?;
                    (index < count).then_some(first + index)
                };
                let (Some(a), Some(b), Some(c)) = (corner("v1"), corner("v2"), corner("v3")) else {
                    return Err(at(
                        &document,
                        triangle,
                        "a triangle names vertices that there are not",
                    ));
                };
                let own = child(triangle, "color").map(colour);
                soup.face(&[a, b, c], own.unwrap_or(paint));
            }
        }
    }
    Ok(soup.finish())
}

fn materials<'a>(document: &'a Document<'_>) -> HashMap<&'a str, Paint> {
    named(document.root(), "material")
        .filter_map(|material| Some((material.attribute("id")?, colour(child(material, "color")?))))
        .collect()
}

fn colour(node: Node<'_, '_>) -> Paint {
    let part = |name: &str| child(node, name)?.text().map(str::trim).and_then(number);
    match (part("r"), part("g"), part("b")) {
        (Some(red), Some(green), Some(blue)) => {
            let parts = [red, green, blue, part("a").unwrap_or(1.0)];
            Paint::Color(parts.map(|part| part.clamp(0.0, 1.0) as f32))
        }
        _ => Paint::Default,
    }
}

fn named<'a, 'i: 'a>(node: Node<'a, 'i>, name: &'a str) -> impl Iterator<Item = Node<'a, 'i>> {
    node.descendants().filter(move |n| n.is_element() && n.tag_name().name() == name)
}

fn child<'a, 'i>(node: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    node.children().find(|n| n.is_element() && n.tag_name().name() == name)
}

fn at(document: &Document<'_>, node: Node<'_, '_>, problem: &str) -> Problem {
    format!("line {}: {problem}", document.text_pos_at(node.range().start).row)
}
