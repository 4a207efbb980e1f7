"""From a video of a performer to a motion clip: landmarks, a solve for ARKit-52 and head pose."""
