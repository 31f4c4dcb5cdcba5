/** Small graphs by hand, as exporters would write the essential of them. */

/**
 * Three levels over two channels, height and width free: pooled twice on the way down, enlarged
 * twice on the way up; the timestep is added in the middle. Branches: 1 joins e1, 2 joins e2, 3
 * joins e3.
 */
export const TINY_UNET = `tiny (float[batch,2,height,width] x, float[batch] t) => (float[batch,2,height,width] eps)
<
  float[2,2,1,1] w1 = {1, 2, -1, 1}, float[2,2,1,1] w2 = {1, -1, 2, 1}, float[2,2,1,1] w3 = {-1, 1, 1, 1},
  float[2,2,1,1] wm = {2, 1, 1, -1},
  float[2,4,1,1] u3 = {1, 0, 1, -1, 0, 1, 1, 1}, float[2,4,1,1] u2 = {1, 1, 0, -1, -1, 0, 1, 1},
  float[2,4,1,1] u1 = {1, -1, 1, 0, 0, 1, 2, -1},
  int64[3] axes = {1, 2, 3}, float[4] twice = {1, 1, 2, 2}
> {
  [encode1] e1 = Conv (x, w1)
  [down1] p1 = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (e1)
  [encode2] e2 = Conv (p1, w2)
  [down2] p2 = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (e2)
  [encode3] e3 = Conv (p2, w3)
  [time] t4 = Unsqueeze (t, axes)
  [embed] h3 = Add (e3, t4)
  [middle] mid = Conv (h3, wm)
  [join3] j3 = Concat <axis = 1> (mid, e3)
  [decode3] d3 = Conv (j3, u3)
  [up2] r2 = Resize <mode = "nearest"> (d3, , twice)
  [join2] j2 = Concat <axis = 1> (r2, e2)
  [decode2] d2 = Conv (j2, u2)
  [up1] r1 = Resize <mode = "nearest"> (d2, , twice)
  [join1] j1 = Concat <axis = 1> (r1, e1)
  [decode1] eps = Conv (j1, u1)
}`;
