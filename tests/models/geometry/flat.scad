// Outlines: booleans, offsets and shadows in 2D, extruded at the end.
gap = 0.6;

module tile(g)
    difference() {
        offset(1, $fn = 32) offset(delta = -1) union() {
            square(9, center = true);
            for (a = [0 : 60 : 300]) rotate(a) translate([4, 0]) circle(1.6, $fn = 40);
        }
        circle(2, $fn = 48);
        for (a = [0 : 30 : 330]) rotate(a) translate([3, 0]) circle(g / 2, $fn = 24);
    }

linear_extrude(2) {
    tile(gap);
    for (x = [0 : 11], y = [0 : 11]) if (x + y > 0) translate([12 * x, 12 * y]) rotate(5 * x) tile(0.5 + y / 50);
}
translate([0, -60, 0]) linear_extrude(1) projection() rotate([30, 20, 0]) difference() {
    cube(30, center = true);
    cylinder(d = 14, h = 60, center = true, $fn = 64);
}
