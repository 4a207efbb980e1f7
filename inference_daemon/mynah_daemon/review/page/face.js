// The head: blended here from its 52 shapes, drawn with three.js.
"use strict";

mynahReview.face = (() => {
  const app = mynahReview;
  const CENTRE = [0, 0.05, 0.02];
  const DISTANCE = 0.64;
  const FIELD_DEGREES = 24;
  const ANGLES = { front: 0, half: 40, side: 88 };
  let three = null;
  let head = null;
  let isDrawing = false;

  function start(asset) {
    const canvas = app.element("face");
    try {
      const renderer = new THREE.WebGLRenderer({ canvas, antialias: true, alpha: true });
      head = unpack(asset);
      three = build(renderer, canvas);
    } catch {
      canvas.hidden = true;
      const told = app.element("no-face");
      told.textContent = "This browser shows no 3-D (WebGL is off). Sound and curves work.";
      told.hidden = false;
      document.querySelector(".views").hidden = true;
      return;
    }
    for (const button of document.querySelectorAll("[data-view]")) {
      button.addEventListener("click", () => look(button.dataset.view));
    }
    new ResizeObserver(resize).observe(canvas.parentElement);
    look("front");
  }

  function unpack(asset) {
    const numbers = (Kind, text) => new Kind(app.bytes(text).buffer);
    const toMetres = (steps) => Float32Array.from(steps, (step) => step * asset.step_m);
    const moves = toMetres(numbers(Int16Array, asset.moves));
    const n = moves.length / 3;
    const rest = toMetres(numbers(Int16Array, asset.positions));
    return {
      rest,
      triangles: numbers(Uint16Array, asset.triangles),
      colours: Float32Array.from(app.bytes(asset.colours), (byte) => toLinear(byte / 255)),
      shapes: asset.shapes,
      ends: asset.shape_ends,
      vertices: numbers(Uint16Array, asset.moved_vertices),
      moves: [moves.subarray(0, n), moves.subarray(n, 2 * n), moves.subarray(2 * n)],
      positions: rest.slice(),
      normals: new Float32Array(rest.length),
    };
  }

  function toLinear(value) {
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  }

  function build(renderer, canvas) {
    const geometry = new THREE.BufferGeometry();
    const attribute = (values) => new THREE.BufferAttribute(values, 3);
    geometry.setAttribute("position", attribute(head.positions));
    geometry.setAttribute("normal", attribute(head.normals));
    geometry.setAttribute("color", attribute(head.colours));
    geometry.setIndex(new THREE.BufferAttribute(head.triangles, 1));
    const material = new THREE.MeshStandardMaterial({ vertexColors: true, roughness: 0.7 });
    const mesh = new THREE.Mesh(geometry, material);
    mesh.frustumCulled = false; // its bounds would have to follow every frame
    mesh.rotation.order = "YXZ";
    const scene = new THREE.Scene();
    scene.add(mesh, new THREE.HemisphereLight(0xffffff, 0x8a8078, 1.3));
    for (const [x, y, z, strength] of [[-0.55, 0.6, 0.75, 2.2], [0.9, 0.1, 0.5, 0.7]]) {
      const light = new THREE.DirectionalLight(0xffffff, strength);
      light.position.set(x, y, z);
      scene.add(light);
    }
    const camera = new THREE.PerspectiveCamera(FIELD_DEGREES, 1, 0.05, 5);
    const controls = new THREE.OrbitControls(camera, canvas);
    controls.target.set(...CENTRE);
    controls.enablePan = false;
    controls.minDistance = 0.3;
    controls.maxDistance = 1.5;
    controls.addEventListener("change", draw);
    return { renderer, scene, camera, controls, mesh, geometry };
  }

  function look(name) {
    const angle = (ANGLES[name] * Math.PI) / 180;
    const [x, y, z] = CENTRE;
    three.camera.position.set(
      x + DISTANCE * Math.sin(angle), y, z + DISTANCE * Math.cos(angle));
    three.controls.update();
    draw();
  }

  function resize() {
    const { clientWidth: width, clientHeight: height } = app.element("face").parentElement;
    if (!width || !height) return;
    three.renderer.setPixelRatio(Math.min(window.devicePixelRatio, 2));
    three.renderer.setSize(width, height, false);
    three.camera.aspect = width / height;
    three.camera.updateProjectionMatrix();
    draw();
  }

  /** Shows the pose at a time of a line, between two frames a mix of both. */
  function show(line, time) {
    if (!three) return;
    const place = Math.min(Math.max(time * line.fps, 0), line.frames - 1);
    const frame = Math.floor(place);
    const next = Math.min(frame + 1, line.frames - 1);
    const share = place - frame;
    const at = (channel) =>
      line.values[frame * line.width + channel] * (1 - share) +
      line.values[next * line.width + channel] * share;
    pose(at, line.width);
    draw();
  }

  function pose(at, width) {
    const { positions, rest, moves, vertices, ends, shapes } = head;
    positions.set(rest);
    for (let shape = 0; shape < ends.length; shape++) {
      const weight = at(shapes[shape]);
      if (!weight) continue;
      for (let k = shape ? ends[shape - 1] : 0; k < ends[shape]; k++) {
        const vertex = 3 * vertices[k];
        positions[vertex] += weight * moves[0][k];
        positions[vertex + 1] += weight * moves[1][k];
        positions[vertex + 2] += weight * moves[2][k];
      }
    }
    turnNormals();
    const [pitch, yaw, roll] = [at(width - 3), at(width - 2), at(width - 1)];
    three.mesh.rotation.set(pitch, yaw, roll, "YXZ");
    three.geometry.attributes.position.needsUpdate = true;
    three.geometry.attributes.normal.needsUpdate = true;
  }

  /** Outward normals of a surface without edges; the shader makes them unit long. */
  function turnNormals() {
    const { positions: p, normals, triangles } = head;
    normals.fill(0);
    for (let k = 0; k < triangles.length; k += 3) {
      const a = 3 * triangles[k];
      const b = 3 * triangles[k + 1];
      const c = 3 * triangles[k + 2];
      const ux = p[b] - p[a], uy = p[b + 1] - p[a + 1], uz = p[b + 2] - p[a + 2];
      const vx = p[c] - p[a], vy = p[c + 1] - p[a + 1], vz = p[c + 2] - p[a + 2];
      const x = uy * vz - uz * vy, y = uz * vx - ux * vz, z = ux * vy - uy * vx;
      for (const vertex of [a, b, c]) {
        normals[vertex] += x;
        normals[vertex + 1] += y;
        normals[vertex + 2] += z;
      }
    }
    // in metres they are so short that shaders lose them
    for (let k = 0; k < normals.length; k += 3) {
      const long = Math.hypot(normals[k], normals[k + 1], normals[k + 2]) || 1;
      normals[k] /= long;
      normals[k + 1] /= long;
      normals[k + 2] /= long;
    }
  }

  function draw() {
    if (isDrawing) return;
    isDrawing = true;
    requestAnimationFrame(() => {
      isDrawing = false;
      three.renderer.render(three.scene, three.camera);
    });
  }

  return {
    start,
    show,
    clear() {
      if (!three) return;
      pose(() => 0, 3);
      draw();
    },
    /** Where the vertices are now, in metres [3 V]. */
    positions: () => head.positions,
  };
})();
