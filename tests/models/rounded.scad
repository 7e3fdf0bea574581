// An enclosure with rounded edges: Minkowski sum and hull.
$fn = 32;

module shell(size, r) {
    minkowski() {
        cube(size - 2 * [r, r, r], center = true);
        sphere(r);
    }
}

difference() {
    shell([60, 40, 24], 4);
    shell([56, 36, 20], 3);
    translate([0, 0, 20]) cube([80, 60, 24], center = true);
    for (side = [-1, 1])
        hull() for (z = [-4, 2]) translate([side * 30, 0, z]) rotate([0, 90, 0]) cylinder(d = 8, h = 10, center = true);
}
