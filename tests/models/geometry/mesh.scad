// Few operations on large meshes.
bore = 10;

difference() {
    sphere(r = 30, $fn = 400);
    translate([20, 0, 0]) sphere(r = 22, $fn = 400);
}
translate([70, 0, 0]) difference() {
    sphere(r = 20, $fn = 48);
    cylinder(d = bore, h = 50, center = true, $fn = 48);
}
