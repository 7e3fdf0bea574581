// Spheres cut out of a sphere: few operations on a large mesh.
$fn = 64;

difference() {
    sphere(r = 30);
    for (a = [0 : 72 : 359]) rotate(a) translate([30, 0, 0]) sphere(r = 11);
    translate([0, 0, 30]) sphere(r = 16);
}
