// A scanned part, imported and drilled.
hole = 6;

difference() {
    import("part.stl");
    for (a = [0 : 45 : 315]) rotate(a) translate([22, 0, -50]) cylinder(d = 5, h = 100, $fn = 32);
    translate([0, 0, -50]) cylinder(d = 20, h = 100, $fn = 64);
}
translate([80, 0, 0]) difference() {
    cube([30, 30, 10], center = true);
    cylinder(d = hole, h = 20, center = true, $fn = 64);
}
