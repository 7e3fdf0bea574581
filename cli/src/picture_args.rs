//! Options of pictures: OpenSCAD's, which together with `--camera` say from where and how large.

use clap::{Args, ValueEnum};
use scadstream_eval::Camera;
use scadstream_geometry::export::png::{
    MOST_PIXELS, Options, Projection, SCHEMES, Scheme, Show, View,
};

/// How PNG pictures are taken.
#[derive(Debug, Args)]
pub(crate) struct PictureArgs {
    /// Size of a PNG picture in pixels
    #[arg(long, value_name = "WIDTH,HEIGHT", value_parser = parse_size, default_value = "512,512")]
    imgsize: [u32; 2],

    /// Let a picture show the whole model, whatever distance the camera has; so without --camera
    #[arg(long)]
    viewall: bool,

    /// Let a picture show the middle of the model, wherever the camera looks; so without --camera
    #[arg(long)]
    autocenter: bool,

    /// How distances show in a picture
    #[arg(long, value_name = "PROJECTION", value_enum, default_value = "perspective")]
    projection: ProjectionArg,

    /// What a picture shows beside faces
    #[arg(long, value_name = "WHAT,..", value_enum, value_delimiter = ',')]
    view: Vec<ShowArg>,

    /// The colours of a picture
    #[arg(
        long, value_name = "NAME", value_parser = parse_scheme, default_value = "Cornfield",
        long_help = scheme_help()
    )]
    colorscheme: Scheme,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ShowArg {
    /// Axes
    Axes,
    /// Diagonals through the point looked at
    Crosshairs,
    /// Edges between faces
    Edges,
    /// Numbers along the axes
    Scales,
    /// Edges instead of faces
    Wireframe,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ProjectionArg {
    /// They do not
    #[value(aliases = ["o", "orthogonal"])]
    Ortho,
    /// Things get smaller
    #[value(alias = "p")]
    Perspective,
}

impl PictureArgs {
    /// How a picture is taken by this camera, or by OpenSCAD's default one.
    pub(crate) fn options(&self, camera: Option<Camera>) -> Options {
        let Camera { target, rotation, distance, field_of_view } = camera.unwrap_or_default();
        let view = View {
            target,
            rotation,
            distance,
            field_of_view,
            projection: match self.projection {
                ProjectionArg::Ortho => Projection::Orthographic,
                ProjectionArg::Perspective => Projection::Perspective,
            },
            view_all: self.viewall || camera.is_none(),
            auto_center: self.autocenter || camera.is_none(),
        };
        let shows = |what| self.view.contains(&what);
        let show = Show {
            axes: shows(ShowArg::Axes),
            crosshairs: shows(ShowArg::Crosshairs),
            edges: shows(ShowArg::Edges),
            scales: shows(ShowArg::Scales),
            wireframe: shows(ShowArg::Wireframe),
        };
        Options { size: self.imgsize, view, scheme: self.colorscheme, show }
    }
}

fn parse_size(text: &str) -> Result<[u32; 2], String> {
    let numbers: Vec<u32> = text.split([',', 'x']).map_while(|n| n.trim().parse().ok()).collect();
    match numbers[..] {
        [width, height] if [width, height].iter().all(|n| (1..=MOST_PIXELS).contains(n)) => {
            Ok([width, height])
        }
        _ => Err(format!("two numbers from 1 to {MOST_PIXELS} are needed, such as 800,600")),
    }
}

fn parse_scheme(name: &str) -> Result<Scheme, String> {
    Scheme::named(name).ok_or_else(|| format!("not one of {}", scheme_names()))
}

fn scheme_help() -> String {
    format!("The colours of a picture: {}", scheme_names())
}

fn scheme_names() -> String {
    SCHEMES.map(|scheme| scheme.name).join(", ")
}
